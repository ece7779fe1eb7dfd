package render

import (
	"encoding/json"
	"fmt"
	"io"
	"sort"

	"github.com/owenrumney/go-sarif/v3/pkg/report/v210/sarif"

	"github.com/lockwarden/lockwarden/app/policy"
	"github.com/lockwarden/lockwarden/templates"
)

// general fills a text's places where it speaks of no particular package.
func general(id string) map[string]string {
	detail := map[string]string{}
	for _, place := range templates.Places(id) {
		detail[place] = "…"
	}
	return detail
}

// SARIF writes a review as SARIF 2.1.0: a result for each issue, at the
// lockfile's lines of its package, with the places in the package as related
// locations by message.
// Source: https://docs.oasis-open.org/sarif/sarif/v2.1.0/sarif-v2.1.0.html
func SARIF(w io.Writer, v policy.Verdict, version string) error {
	report := sarif.NewReport()
	run := sarif.NewRunWithInformationURI("lockwarden", "https://github.com/lockwarden/lockwarden")
	run.Tool.Driver.WithVersion(version)
	annotations := Annotations(v)
	ids := map[string]bool{}
	for _, a := range annotations {
		ids[a.Finding] = true
	}
	sorted := make([]string, 0, len(ids))
	for id := range ids {
		sorted = append(sorted, id)
	}
	sort.Strings(sorted)
	for _, id := range sorted {
		t := templates.Issue(id, general(id))
		help := t.Problem + "\n\n" + t.NextSteps
		run.AddRule(id).WithName(id).WithShortDescription(&sarif.MultiformatMessageString{Text: &t.Title}).
			WithHelp(&sarif.MultiformatMessageString{Text: &help})
	}
	level := map[string]string{"failure": "error", "warning": "warning", "notice": "note"}
	for _, a := range annotations {
		location := sarif.NewLocationWithPhysicalLocation(sarif.NewPhysicalLocation().
			WithArtifactLocation(sarif.NewSimpleArtifactLocation(a.Path)).
			WithRegion(sarif.NewSimpleRegion(a.StartLine, a.EndLine)))
		run.CreateResultForRule(a.Finding).WithLevel(level[a.Level]).
			WithMessage(sarif.NewTextMessage(a.Title + "\n\n" + a.Message)).
			AddLocation(location).
			WithPartialFingerprints(map[string]string{"lockwarden/v1": a.Finding + "|" + a.Title})
	}
	report.AddRun(run)
	data, err := json.MarshalIndent(report, "", "  ")
	if err != nil {
		return fmt.Errorf("render: sarif: %w", err)
	}
	_, err = w.Write(append(data, '\n'))
	return err
}
