package lockfile_test

import (
	"encoding/json"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/lockwarden/lockwarden/lockfile"
)

// theCase is a row of testdata/cases/expect.json, whose README says what each
// field means. What a review must say stands in cmd/lockwarden's test.
type theCase struct {
	Case, Lockfile, Right string
	List                  *struct {
		Of                               string
		RC                               []int
		Says                             string
		SaysNot                          string `json:"says_not"`
		Packages, Dev, Prod, Local, Locs []string
		Locations                        []string
	}
	Diff *struct {
		Changes []struct {
			Kind, Name, From, To, At string
			Dev, Direct              *bool
			Why                      []string
		}
		Exact bool
	}
}

// TestCases holds list and diff against what the real clients say.
func TestCases(t *testing.T) {
	data, err := os.ReadFile("testdata/cases/expect.json")
	if err != nil {
		t.Fatal(err)
	}
	var cases []theCase
	if err := json.Unmarshal(data, &cases); err != nil || len(cases) < 70 {
		t.Fatalf("%d cases: %v", len(cases), err)
	}
	for _, c := range cases {
		t.Run(c.Case, func(t *testing.T) {
			c.list(t)
			c.diff(t)
		})
	}
}

func (c *theCase) parse(side string) (*lockfile.Lockfile, []string, error) {
	file := filepath.Join("testdata/cases", c.Case, side, c.Lockfile)
	data, err := os.ReadFile(file)
	if err != nil {
		return nil, nil, err
	}
	folder := path.Join(c.Case, side, path.Dir(c.Lockfile))
	project, _ := fs.Sub(os.DirFS("testdata/cases"), folder)
	lock, err := lockfile.Parse(c.Lockfile, data, lockfile.Options{Project: project})
	return lock, strings.Split(string(data), "\n"), err
}

func (c *theCase) list(t *testing.T) {
	want := c.List
	if want == nil {
		return
	}
	lock, _, err := c.parse(want.Of)
	rc := 0
	if err != nil {
		rc = 2
	}
	if len(want.RC) == 0 {
		want.RC = []int{0}
	}
	if !slices.Contains(want.RC, rc) {
		t.Fatalf("list: %v (%s)", err, c.Right)
	}
	if err != nil {
		if says := regexp.MustCompile(want.Says); !says.MatchString(err.Error()) {
			t.Errorf("list: %v, want %s", err, want.Says)
		}
		if want.SaysNot != "" && regexp.MustCompile(want.SaysNot).MatchString(err.Error()) {
			t.Errorf("list: %v, must not say %s", err, want.SaysNot)
		}
		return
	}
	var packages, dev, prod, locations []string
	for _, e := range lock.Entries {
		locations = append(locations, e.Location)
		if e.Link || !strings.Contains("/"+e.Location, "/node_modules/") || strings.HasPrefix(e.Resolved, "file:") {
			continue
		}
		if slices.Contains(want.Local, e.Package) {
			t.Errorf("list: %s counts as a package of a registry: %s", e.ID(), c.Right)
		}
		packages = append(packages, e.ID())
		if e.Dev {
			dev = append(dev, e.ID())
		} else {
			prod = append(prod, e.ID())
		}
	}
	same := func(what string, want, got []string) {
		if want == nil {
			return
		}
		slices.Sort(got)
		slices.Sort(want)
		if d := cmp.Diff(want, slices.Compact(got)); d != "" {
			t.Errorf("list, %s (%s): %s", what, c.Right, d)
		}
	}
	same("packages", want.Packages, packages)
	subset := func(what string, want, got []string) {
		for _, id := range want {
			if !slices.Contains(got, id) {
				t.Errorf("list: %s is not %s: %s", id, what, c.Right)
			}
		}
	}
	subset("dev", want.Dev, dev)
	subset("prod", want.Prod, prod)
	same("locations", want.Locations, locations)
}

func (c *theCase) diff(t *testing.T) {
	want := c.Diff
	if want == nil {
		return
	}
	base, _, err := c.parse("base")
	if err != nil {
		base = nil // everything is new then
	}
	head, lines, err := c.parse("head")
	if err != nil {
		t.Fatalf("diff: %v", err)
	}
	got := lockfile.Compare(base, head)
	var left []string
	for _, g := range got {
		left = append(left, fmt.Sprintf("%s %s %s→%s", g.Kind, g.Name, g.From, g.To))
	}
	for _, w := range want.Changes {
		i := slices.IndexFunc(got, func(g lockfile.Change) bool {
			return (w.Kind == "*" || w.Kind == string(g.Kind)) && w.Name == g.Name && (w.From == "*" || w.From == g.From) && (w.To == "*" || w.To == g.To)
		})
		if i < 0 {
			t.Errorf("diff: no %s %s %s→%s in %q: %s", w.Kind, w.Name, w.From, w.To, left, c.Right)
			continue
		}
		g := got[i]
		if w.Dev != nil && *w.Dev != g.Dev || w.Direct != nil && *w.Direct != g.Direct || w.Why != nil && !slices.Equal(w.Why, g.Why) {
			t.Errorf("diff: %s: dev %v direct %v why %v: %s", w.Name, g.Dev, g.Direct, g.Why, c.Right)
		}
		if w.At != "" && (g.Line < 1 || !strings.Contains(lines[g.Line-1], w.At)) {
			t.Errorf("diff: %s is at line %d", w.Name, g.Line)
		}
	}
	if want.Exact && len(got) != len(want.Changes) {
		t.Errorf("diff: %q, want %d: %s", left, len(want.Changes), c.Right)
	}
}
