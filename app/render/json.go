package render

import (
	"encoding/json"
	"io"
	"strings"

	"github.com/lockwarden/lockwarden/analyzer"
	"github.com/lockwarden/lockwarden/analyzer/behavior"
	"github.com/lockwarden/lockwarden/app/policy"
	"github.com/lockwarden/lockwarden/app/review"
	"github.com/lockwarden/lockwarden/known"
	"github.com/lockwarden/lockwarden/lockfile"
	"github.com/lockwarden/lockwarden/templates"
)

// The machine interface: other programs read these names. Adding fields is
// fine, renaming is not.
type (
	listJSON struct {
		Schema   string      `json:"schema"`
		Packages []entryJSON `json:"packages"`
	}
	entryJSON struct {
		Location    string `json:"location"`
		Name        string `json:"name"`
		PackageName string `json:"packageName"`
		Version     string `json:"version"`
		Resolved    string `json:"resolved"`
		Integrity   string `json:"integrity"`
		Dev         bool   `json:"dev"`
		Optional    bool   `json:"optional"`
		DevOptional bool   `json:"devOptional"`
		Peer        bool   `json:"peer"`
		Link        bool   `json:"link"`
		Bundled     bool   `json:"bundled"`
		Source      string `json:"source"`
		Registry    string `json:"registry,omitempty"`
		Patch       string `json:"patch,omitempty"`
		Purpose     string `json:"purpose,omitempty"`
		Line        int    `json:"line"`
		EndLine     int    `json:"endLine"`
	}
	diffJSON struct {
		Schema  string       `json:"schema"`
		Changes []changeJSON `json:"changes"`
	}
	changeJSON struct {
		Kind      lockfile.Kind `json:"kind"`
		Name      string        `json:"name"`
		From      string        `json:"from"`
		To        string        `json:"to"`
		Direct    bool          `json:"direct"`
		Dev       bool          `json:"dev"`
		Locations []string      `json:"locations"`
		Line      int           `json:"line"`
		EndLine   int           `json:"endLine"`
		Integrity string        `json:"integrity"`
		Resolved  string        `json:"resolved"`
		Why       []string      `json:"why"`
		Lockfile  string        `json:"lockfile,omitempty"`
		// Source is the kind of source, Purpose what the package is for other
		// than as a dependency.
		Source      string                `json:"source"`
		Purpose     string                `json:"purpose,omitempty"`
		Differences []lockfile.Difference `json:"differences,omitempty"`
	}
	packageJSON struct {
		Name      string `json:"name"`
		Version   string `json:"version"`
		Integrity string `json:"integrity"`
	}
	evidenceJSON struct {
		File      string   `json:"file"`
		Line      int      `json:"line"`
		Column    int      `json:"column"`
		Snippet   string   `json:"snippet"`
		Chain     []string `json:"chain"`
		Flow      []string `json:"flow,omitempty"`
		Contexts  []string `json:"contexts"`
		Certainty string   `json:"certainty"`
	}
	behaviorJSON struct {
		ID          string          `json:"id"`
		Category    string          `json:"category"`
		Description string          `json:"description"`
		Contexts    []string        `json:"contexts"`
		Certainty   string          `json:"certainty"`
		Evidence    []evidenceJSON  `json:"evidence"`
		Prevalence  *prevalenceJSON `json:"prevalence"`
	}
	issueJSON struct {
		ID         string          `json:"id"`
		Title      string          `json:"title"`
		Severity   string          `json:"severity"`
		Category   string          `json:"category"`
		Problem    string          `json:"problem"`
		NextSteps  string          `json:"next_steps"`
		Evidence   []evidenceJSON  `json:"evidence"`
		Prevalence *prevalenceJSON `json:"prevalence"`
	}
	vulnerabilityJSON struct {
		ID       string   `json:"id"`
		Aliases  []string `json:"aliases"`
		Severity string   `json:"severity"`
		Summary  string   `json:"summary"`
		Fixed    []string `json:"fixed"`
	}
	scriptsJSON struct {
		State   string `json:"state"`
		By      string `json:"by"`
		Allow   string `json:"allow"`
		AllowIn string `json:"allow_in"`
	}
	skippedJSON struct {
		File   string `json:"file"`
		Reason string `json:"reason"`
	}
	blindJSON struct {
		Kind    string   `json:"kind"`
		File    string   `json:"file"`
		Line    int      `json:"line"`
		Context []string `json:"context"`
		What    string   `json:"what"`
	}
	deltaJSON struct {
		Notable      bool         `json:"notable"`
		Gained       []gainJSON   `json:"gained"`
		Lost         []string     `json:"lost"`
		Hosts        turnoverJSON `json:"hosts"`
		Scripts      turnoverJSON `json:"scripts"`
		Dependencies turnoverJSON `json:"dependencies"`
		Commands     turnoverJSON `json:"commands"`
		Binaries     turnoverJSON `json:"binaries"`
		Files        turnoverJSON `json:"files"`
		FilesChanged int          `json:"files_changed"`
		License      *turnJSON    `json:"license"`
		Publisher    *turnJSON    `json:"publisher"`
		Size         [2]int64     `json:"size"`
		Entropy      [2]float64   `json:"entropy"`
	}
	turnoverJSON struct {
		Added []string `json:"added"`
		Gone  []string `json:"gone"`
	}
	turnJSON struct {
		From string `json:"from"`
		To   string `json:"to"`
	}
	compareJSON struct {
		Schema string      `json:"schema"`
		From   packageJSON `json:"from"`
		To     reportJSON  `json:"to"`
	}
	gainJSON struct {
		ID       string   `json:"id"`
		Contexts []string `json:"contexts"`
	}
	reportJSON struct {
		Schema          string              `json:"schema,omitempty"`
		Package         packageJSON         `json:"package"`
		Behaviors       []behaviorJSON      `json:"behaviors"`
		Issues          []issueJSON         `json:"issues"`
		Vulnerabilities []vulnerabilityJSON `json:"vulnerabilities"`
		Complete        bool                `json:"complete"`
		Skipped         []skippedJSON       `json:"skipped"`
		// Blind are the places where the engine stopped following.
		Blind   []blindJSON `json:"blind"`
		Unknown []known.Gap `json:"unknown"`
		Delta   *deltaJSON  `json:"delta"`
		// Scripts says whether the lifecycle scripts run in the project; null
		// where there are none, or where the project is not known.
		Scripts *scriptsJSON `json:"scripts,omitempty"`
	}
	annotationJSON struct {
		Path      string `json:"path"`
		StartLine int    `json:"start_line"`
		EndLine   int    `json:"end_line"`
		Level     string `json:"level"`
		Title     string `json:"title"`
		Message   string `json:"message"`
		Finding   string `json:"finding"`
	}
	reviewJSON struct {
		Schema      string           `json:"schema"`
		Conclusion  string           `json:"conclusion"`
		Title       string           `json:"title"`
		Changes     []changeJSON     `json:"changes"`
		Packages    []reportJSON     `json:"packages"`
		Annotations []annotationJSON `json:"annotations"`
		NotScanned  []string         `json:"not_scanned"`
		// NotKnown are those of which something is not known that the policy
		// wants known; Unknown is all that is not known.
		NotKnown []string      `json:"not_known"`
		Unknown  []unknownJSON `json:"unknown"`
	}
	unknownJSON struct {
		// Package is NAME@VERSION, empty where it is all of them.
		Package string `json:"package"`
		known.Gap
	}
)

func writeJSON(w io.Writer, v any) error {
	e := json.NewEncoder(w)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	return e.Encode(v)
}

// ListJSON writes lockwarden/list/v1.
func ListJSON(w io.Writer, lock *lockfile.Lockfile) error {
	out := listJSON{"lockwarden/list/v1", []entryJSON{}}
	for _, e := range lock.Entries {
		out.Packages = append(out.Packages, entryJSON{e.Location, e.Name, e.Package, e.Version, e.Resolved, e.Integrity,
			e.Dev, e.Optional, e.DevOptional, e.Peer, e.Link, e.Bundled,
			e.Source().String(), e.Registry, e.Patch, string(e.Purpose), e.Line, e.EndLine})
	}
	return writeJSON(w, out)
}

// DiffJSON writes lockwarden/diff/v1.
func DiffJSON(w io.Writer, changes []lockfile.Change) error {
	out := diffJSON{"lockwarden/diff/v1", []changeJSON{}}
	for i := range changes {
		out.Changes = append(out.Changes, change(&changes[i], ""))
	}
	return writeJSON(w, out)
}

func change(c *lockfile.Change, file string) changeJSON {
	why := c.Why
	if why == nil {
		why = []string{}
	}
	return changeJSON{c.Kind, c.Name, c.From, c.To, c.Direct, c.Dev, c.Locations, c.Line, c.EndLine, c.Integrity, c.Resolved, why, file,
		sourceOf(c), string(c.Purpose), c.Differences}
}

func sourceOf(c *lockfile.Change) string {
	if c.New != nil {
		return c.New.Source().String()
	}
	if c.Old != nil {
		return c.Old.Source().String()
	}
	return ""
}

// ScanJSON writes lockwarden/scan/v1.
func ScanJSON(w io.Writer, r *analyzer.Report) error {
	out := reportOf(r)
	out.Schema = "lockwarden/scan/v1"
	return writeJSON(w, out)
}

func category(id string) string {
	c, _, _ := strings.Cut(id, "/")
	return c
}

func evidenceOf(list []behavior.Evidence) []evidenceJSON {
	out := []evidenceJSON{}
	for _, e := range list {
		chain := e.Chain
		if chain == nil {
			chain = []string{}
		}
		out = append(out, evidenceJSON{e.File, e.Line, e.Column, e.Snippet, chain, e.Flow, e.Contexts.Names(), e.Certainty.String()})
	}
	return out
}

func reportOf(r *analyzer.Report) reportJSON {
	out := reportJSON{Package: packageJSON{r.Name, r.Version, r.Integrity}, Behaviors: []behaviorJSON{}, Issues: []issueJSON{},
		Vulnerabilities: []vulnerabilityJSON{}, Complete: r.Complete, Skipped: []skippedJSON{}, Blind: []blindJSON{},
		Unknown: append([]known.Gap{}, r.Unknown...)}
	for _, b := range r.Behaviors {
		out.Behaviors = append(out.Behaviors, behaviorJSON{b.ID, category(b.ID), templates.Behavior(b.ID).Title, b.Contexts.Names(),
			b.Certainty.String(), evidenceOf(b.Evidence), prevalenceOf(b.ID)})
	}
	for _, i := range r.Issues {
		t := templates.Issue(i.ID, i.Detail)
		out.Issues = append(out.Issues, issueJSON{i.ID, t.Title, i.Severity.String(), category(i.ID), t.Problem, t.NextSteps,
			evidenceOf(i.Evidence), issuePrevalence(i.ID)})
	}
	for _, s := range r.Skipped {
		out.Skipped = append(out.Skipped, skippedJSON{s.File, s.Reason})
	}
	for _, b := range r.Blind {
		out.Blind = append(out.Blind, blindJSON{string(b.Kind), b.File, b.Line, b.Contexts.Names(), b.What})
	}
	for _, a := range r.Vulnerabilities {
		out.Vulnerabilities = append(out.Vulnerabilities, vulnerabilityJSON{a.ID, append([]string{}, a.Aliases...), a.Severity, a.Summary,
			append([]string{}, a.Fixed...)})
	}
	if r.Delta != nil {
		out.Delta = deltaOf(r.Delta)
	}
	return out
}

func deltaOf(d *analyzer.Delta) *deltaJSON {
	list := func(t analyzer.Turnover) turnoverJSON {
		return turnoverJSON{append([]string{}, t.Added...), append([]string{}, t.Gone...)}
	}
	out := &deltaJSON{Notable: d.Notable(), Gained: []gainJSON{}, Lost: append([]string{}, d.Lost...), Hosts: list(d.Hosts),
		Scripts:      list(d.Scripts),
		Dependencies: list(d.Dependencies), Commands: list(d.Commands), Binaries: list(d.Binaries), Files: list(d.Files),
		FilesChanged: d.FilesChanged,
		License:      (*turnJSON)(d.License), Publisher: (*turnJSON)(d.Publisher), Size: [2]int64{d.SizeFrom, d.SizeTo},
		Entropy: [2]float64{d.EntropyFrom, d.EntropyTo}}
	for _, g := range d.Gained {
		out.Gained = append(out.Gained, gainJSON{g.ID, g.Contexts.Names()})
	}
	return out
}

// CompareJSON writes lockwarden/compare/v1.
func CompareJSON(w io.Writer, from, to *analyzer.Report) error {
	return writeJSON(w, compareJSON{"lockwarden/compare/v1", packageJSON{from.Name, from.Version, from.Integrity}, reportOf(to)})
}

// ReviewJSON writes lockwarden/review/v1.
func ReviewJSON(w io.Writer, r *review.Review, v policy.Verdict) error {
	out := reviewJSON{Schema: "lockwarden/review/v1", Conclusion: string(v.Conclusion), Title: Title(r, v), Changes: []changeJSON{},
		Packages: []reportJSON{}, Annotations: []annotationJSON{}, NotScanned: append([]string{}, v.NotScanned...),
		NotKnown: append([]string{}, v.NotKnown...), Unknown: []unknownJSON{}}
	for _, u := range r.NotKnown() {
		out.Unknown = append(out.Unknown, unknownJSON(u))
	}
	for i := range r.Packages {
		out.Changes = append(out.Changes, change(&r.Packages[i].Change.Change, r.Packages[i].Change.File))
		p := reportOf(&r.Packages[i].Report)
		if s := r.Packages[i].Scripts; s != nil {
			p.Scripts = &scriptsJSON{s.State.String(), s.By, s.Allow, s.AllowIn}
		}
		out.Packages = append(out.Packages, p)
	}
	for i := range r.Moved {
		out.Changes = append(out.Changes, change(&r.Moved[i].Change, r.Moved[i].File))
	}
	for i := range r.Removed {
		out.Changes = append(out.Changes, change(&r.Removed[i].Change, r.Removed[i].File))
	}
	for _, a := range Annotations(v) {
		out.Annotations = append(out.Annotations, annotationJSON(a))
	}
	return writeJSON(w, out)
}
