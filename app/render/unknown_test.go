package render

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/url"
	"strings"
	"testing"

	"github.com/lockwarden/lockwarden/analyzer"
	"github.com/lockwarden/lockwarden/analyzer/issue"
	"github.com/lockwarden/lockwarden/app/policy"
	"github.com/lockwarden/lockwarden/app/review"
	"github.com/lockwarden/lockwarden/known"
)

// TestEveryFormSaysWhatIsNotKnown: of one package, and of the whole review, with
// the reason; and nothing of the kind where all is known.
func TestEveryFormSaysWhatIsNotKnown(t *testing.T) {
	forms := map[string]func(w io.Writer, r *review.Review, v policy.Verdict) error{
		"terminal": func(w io.Writer, r *review.Review, v policy.Verdict) error {
			return Review(w, Screen{Width: 120}, r, v)
		},
		"json":      ReviewJSON,
		"markdown":  Markdown,
		"sarif":     func(w io.Writer, _ *review.Review, v policy.Verdict) error { return SARIF(w, v, "1") },
		"cyclonedx": func(w io.Writer, r *review.Review, v policy.Verdict) error { return CycloneDX(w, r, v, "1") },
		"junit":     JUnit,
		"check run": func(w io.Writer, r *review.Review, v policy.Verdict) error {
			c := Check(r, v, Place{AcceptAll: true})
			if len(r.Unknown) > 0 && len(c.Actions) != 2 {
				t.Errorf("what has to be known cannot be accepted: %+v", c.Actions)
			}
			_, err := fmt.Fprintln(w, c.Title, c.Summary, c.Annotations)
			return err
		},
		"page": func(w io.Writer, r *review.Review, v policy.Verdict) error {
			return ReviewHTML(w, ReviewPage{Repository: "a/b", Thread: "1", Conclusion: string(v.Conclusion), Review: r, Query: url.Values{}})
		},
		"page of the package": func(w io.Writer, r *review.Review, v policy.Verdict) error {
			return ReviewHTML(w, ReviewPage{Repository: "a/b", Thread: "1", Review: r, Query: url.Values{"package": {"p0@1.0.0"}}})
		},
		"reply": func(w io.Writer, r *review.Review, _ policy.Verdict) error {
			_, err := io.WriteString(w, Explain(r, "p0")+" OSV is silent")
			return err
		},
	}
	all, lacking := made(2, ""), made(2, "")
	for _, r := range []*review.Review{all, lacking} {
		for i := range r.Packages {
			r.Packages[i].Report.Issues = nil
		}
	}
	lacking.Unknown = []known.Gap{{What: known.Advisories, Reason: "OSV is silent", Asked: true}}
	lacking.Packages[0].Report.Unknown = []known.Gap{{What: known.Metadata, Reason: "the registry answers 503", Asked: true}}
	text := func(name string, r *review.Review) string {
		var b bytes.Buffer
		if err := forms[name](&b, r, policy.Judge(policy.Default(), r, nil)); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		return strings.Join(strings.Fields(b.String()), " ")
	}
	for name := range forms {
		said := text(name, lacking)
		for _, want := range []string{"the registry answers 503", "OSV is silent"} {
			if !strings.Contains(said, want) {
				t.Errorf("%s does not say %q:\n%s", name, want, said)
			}
		}
		if silent := text(name, all); strings.Contains(strings.ToLower(silent), "not known") || strings.Contains(silent, "as far as") {
			t.Errorf("%s: all is known, and it says\n%s", name, silent)
		}
	}
	for name, want := range map[string]string{"terminal": "2 packages without issues, as far as is known", "junit": `<error message="p0@1.0.0: The registry`} {
		if said := text(name, lacking); !strings.Contains(said, want) {
			t.Errorf("%s lacks %q:\n%s", name, want, said)
		}
	}
	v := policy.Judge(policy.Default(), lacking, nil)
	if got, want := Title(lacking, v), "2 new packages, nothing that blocks, the registry's document of p0@1.0.0 is not known, advisories are not known"; got != want {
		t.Errorf("the title: %q", got)
	}
	for _, a := range Annotations(v) {
		if a.Level != "warning" {
			t.Errorf("%s is a %s", a.Finding, a.Level)
		}
	}
	var out struct {
		Unknown []struct {
			Package, What, Reason string
			Asked                 bool
		}
		NotKnown []string `json:"not_known"`
	}
	var b bytes.Buffer
	if err := ReviewJSON(&b, lacking, v); err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(b.Bytes(), &out); err != nil || len(out.Unknown) != 2 || out.Unknown[0].Package != "" || out.Unknown[1].Package != "p0@1.0.0" ||
		out.Unknown[1].What != "metadata" || !out.Unknown[1].Asked || len(out.NotKnown) != 1 {
		t.Errorf("%v %+v", err, out)
	}
}

// TestManyUnknown: a thousand packages of which the same is not known do not
// push everything else out of a summary.
func TestManyUnknown(t *testing.T) {
	r := made(1000, "")
	for i := range r.Packages {
		r.Packages[i].Report.Issues = nil
		r.Packages[i].Report.Unknown = []known.Gap{{What: known.Metadata, Reason: "the registry answers 503", Asked: true}}
	}
	r.Packages[0].Report.Issues = []issue.Issue{{ID: "dependency/unpublished", Severity: issue.High}}
	v := policy.Judge(policy.Default(), r, nil)
	for _, want := range []string{"980 more packages", "**p0**", "What blocks"} {
		if c := Check(r, v, Place{}); !strings.Contains(c.Summary, want) || !strings.Contains(c.Title, "the registry's document of 1000 packages is not known") {
			t.Errorf("%s\n%.3000s", c.Title, c.Summary)
		}
	}
}

// TestReportSaysWhatIsNotKnown: no form of a report on one package is green
// without a word where something is not known; the header neither.
func TestReportSaysWhatIsNotKnown(t *testing.T) {
	report := func(gaps ...known.Gap) *analyzer.Report {
		return &analyzer.Report{Name: "a", Version: "1.0.0", Complete: true, Unknown: gaps, Delta: &analyzer.Delta{}}
	}
	forms := map[string]func(w io.Writer, r *analyzer.Report) error{
		"scan":    func(w io.Writer, r *analyzer.Report) error { return Scan(w, Screen{}, r) },
		"compare": func(w io.Writer, r *analyzer.Report) error { return Compare(w, Screen{}, r, r) },
		"json":    ScanJSON,
		"page":    func(w io.Writer, r *analyzer.Report) error { return HTML(w, PackagePage{Report: r}) },
	}
	for name, form := range forms {
		for _, kind := range known.Kinds {
			var b bytes.Buffer
			if err := form(&b, report(known.Gap{What: kind, Reason: "nobody answers", Asked: true})); err != nil {
				t.Fatal(err)
			}
			if said := b.String(); !strings.Contains(said, "nobody answers") && (name != "compare" || kind != known.Downloads) {
				t.Errorf("%s, %s:\n%s", name, kind, said)
			}
			for _, line := range strings.Split(b.String(), "\n") {
				if strings.HasPrefix(line, "✓") && kind != known.Downloads && !strings.Contains(line, "not known") {
					t.Errorf("%s, %s: the verdict's line says %s", name, kind, line)
				}
			}
		}
	}
	var b bytes.Buffer
	if err := HTML(&b, PackagePage{Report: report(known.Gap{What: known.Metadata, Reason: "503", Asked: true})}); err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(b.String(), `<header class="verdict unknown">`) || !strings.Contains(b.String(), "Not everything is known of it.") {
		t.Error("the page's header is green without the registry's document")
	}
}

// TestDownloadsAreToldWhereTheyMatter: how much used a package is stands in the
// title only where the policy wants it known.
func TestDownloadsAreToldWhereTheyMatter(t *testing.T) {
	r := made(1, "")
	r.Packages[0].Report.Unknown = []known.Gap{{What: known.Downloads, Reason: "it answers 502", Asked: true}}
	strict := policy.Default()
	strict.Unknown = map[string]policy.Action{known.Downloads: policy.Block}
	for want, p := range map[bool]policy.Policy{false: policy.Default(), true: strict} {
		if title := Title(r, policy.Judge(p, r, nil)); strings.Contains(title, "downloads of p0@1.0.0 are not known") != want {
			t.Errorf("wanted known %v: %s", want, title)
		}
	}
}
