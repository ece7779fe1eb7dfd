package analyzer_test

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/lockwarden/lockwarden/analyzer"
	"github.com/lockwarden/lockwarden/analyzer/issue"
	"github.com/lockwarden/lockwarden/analyzer/worker"
)

// TestCases scans packages whose payload npm unpacks and Node runs, and
// harmless look-alikes. testdata/cases/README.md has the form of the files;
// nothing in them is ever run.
func TestCases(t *testing.T) {
	s := open(t, worker.Limits{Step: 60 * time.Second})
	var expect map[string]expectation
	readCase(t, "expect.json", &expect)
	for _, name := range slices.Sorted(maps.Keys(expect)) {
		t.Run(name, func(t *testing.T) {
			scanned, err := s.ScanTarball(context.Background(), caseTarball(t, name))
			if err != nil {
				t.Fatal(err)
			}
			report := analyzer.NewReport(issue.Input{Name: "case", Version: "1.0.0"}, scanned)
			if wrong := expect[name].wrong(&report); wrong != "" {
				t.Errorf("%s (%s)", wrong, expect[name].Why)
			}
		})
	}
}

// expectation is what is right for a case.
type expectation struct {
	MustNotBeSilent bool   `json:"must_not_be_silent"`
	AtLeast         string `json:"at_least"`
	MustBeQuiet     bool   `json:"must_be_quiet"`
	MayBeIncomplete bool   `json:"may_be_incomplete"`
	Why             string
}

// wrong says what is not right about a report, "" where all is.
func (e expectation) wrong(r *analyzer.Report) string {
	worst, says := issue.Info, []string{}
	for _, i := range r.Issues {
		worst = min(worst, i.Severity)
		says = append(says, i.Severity.String()+" "+i.ID)
	}
	said := ": " + strings.Join(says, ", ")
	if r.NotScanned != "" {
		said += "; not scanned: " + r.NotScanned
	}
	needed := issue.Medium
	if e.AtLeast != "" {
		if err := needed.UnmarshalText([]byte(e.AtLeast)); err != nil {
			return err.Error()
		}
	}
	switch {
	case e.MustNotBeSilent && r.Complete && worst > needed:
		return "silent" + said
	case e.MustBeQuiet && !r.Complete && !e.MayBeIncomplete:
		return "not complete" + said
	case e.MustBeQuiet && worst < issue.Medium:
		return "not quiet" + said
	}
	return ""
}

func readCase(t *testing.T, name string, to any) {
	t.Helper()
	data, err := os.ReadFile(filepath.Join("testdata", "cases", name))
	if err == nil {
		err = json.Unmarshal(data, to)
	}
	if err != nil {
		t.Fatal(err)
	}
}

// caseTarball opens the tarball of KIND/NAME.
func caseTarball(t *testing.T, name string) func() (io.ReadCloser, error) {
	t.Helper()
	kind, short, _ := strings.Cut(name, "/")
	if kind == "tar" {
		data, err := os.ReadFile(filepath.Join("testdata", "cases", "tar", short+".tgz"))
		if err != nil {
			t.Fatal(err)
		}
		return func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(data)), nil }
	}
	var cases map[string]struct{ Files map[string]json.RawMessage }
	readCase(t, kind+".json", &cases)
	var files []string
	for _, file := range slices.Sorted(maps.Keys(cases[short].Files)) {
		files = append(files, file, string(expand(t, cases[short].Files[file])))
	}
	if len(files) == 0 {
		t.Fatal("there is no such case")
	}
	return tarball(t, files...)
}

// expand makes the content of a case's file.
func expand(t *testing.T, raw json.RawMessage) []byte {
	t.Helper()
	var text string
	if json.Unmarshal(raw, &text) == nil {
		return []byte(text)
	}
	var parts []json.RawMessage
	if json.Unmarshal(raw, &parts) == nil {
		var out []byte
		for _, p := range parts {
			out = append(out, expand(t, p)...)
		}
		return out
	}
	var o struct {
		Repeat   string
		From, To int
		Base64   []byte
	}
	if err := json.Unmarshal(raw, &o); err != nil {
		t.Fatal(err)
	}
	out := o.Base64
	for i := o.From; i < o.To; i++ {
		out = append(out, strings.ReplaceAll(o.Repeat, "{i}", strconv.Itoa(i))...)
	}
	return out
}
