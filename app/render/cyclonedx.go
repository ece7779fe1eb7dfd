package render

import (
	"encoding/base64"
	"encoding/hex"
	"io"
	"strconv"
	"strings"

	"github.com/CycloneDX/cyclonedx-go"
	"github.com/github/go-spdx/v2/spdxexp"
	"github.com/package-url/packageurl-go"

	"github.com/lockwarden/lockwarden/analyzer/vulnerability"
	"github.com/lockwarden/lockwarden/app/policy"
	"github.com/lockwarden/lockwarden/app/review"
	"github.com/lockwarden/lockwarden/lockfile"
	"github.com/lockwarden/lockwarden/templates"
)

// CycloneDX writes a review as a bill of materials of what came in: a component
// for each package version, its advisories as vulnerabilities, and everything
// else as properties: lockwarden:change, lockwarden:behavior, lockwarden:issue,
// lockwarden:accepted, lockwarden:not-scanned and lockwarden:unknown.
// Source: https://cyclonedx.org/docs/1.6/json/
func CycloneDX(w io.Writer, r *review.Review, v policy.Verdict, version string) error {
	b := bom{components: []cyclonedx.Component{}, refs: map[string]bool{}, vulnerabilities: map[string]int{}}
	for i := range r.Packages {
		b.component(&r.Packages[i], v.Findings)
	}
	out := cyclonedx.NewBOM()
	out.Metadata = &cyclonedx.Metadata{
		Tools: &cyclonedx.ToolsChoice{Components: &[]cyclonedx.Component{{Type: cyclonedx.ComponentTypeApplication, Name: "lockwarden",
			Version: version}}},
		Properties: &[]cyclonedx.Property{{Name: "lockwarden:conclusion", Value: string(v.Conclusion)}},
	}
	for _, gap := range r.Unknown {
		property := cyclonedx.Property{Name: "lockwarden:unknown", Value: clean(gap.What+": "+gap.Reason, 1000)}
		*out.Metadata.Properties = append(*out.Metadata.Properties, property)
	}
	out.Components = &b.components
	if len(b.found) > 0 {
		out.Vulnerabilities = &b.found
	}
	return cyclonedx.NewBOMEncoder(w, cyclonedx.BOMFileFormatJSON).SetPretty(true).SetEscapeHTML(false).EncodeVersion(out,
		cyclonedx.SpecVersion1_6)
}

// bom is a bill of materials in the making.
type bom struct {
	components      []cyclonedx.Component
	refs            map[string]bool
	found           []cyclonedx.Vulnerability
	vulnerabilities map[string]int
}

func (b *bom) component(p *review.Package, findings []policy.Finding) {
	c := &p.Change
	group, name := "", c.Name
	if scope, rest, ok := strings.Cut(c.Name, "/"); ok {
		group, name = scope, rest
	}
	purl := packageurl.NewPackageURL(packageurl.TypeNPM, group, name, c.To, nil, "").ToString()
	ref := purl
	for n := 2; b.refs[ref]; n++ { // the same version in two lockfiles
		ref = purl + "#" + strconv.Itoa(n)
	}
	b.refs[ref] = true
	one := cyclonedx.Component{BOMRef: ref, Type: cyclonedx.ComponentTypeLibrary, Group: group, Name: name, Version: c.To, PackageURL: purl,
		Scope: cyclonedx.ScopeRequired}
	if c.Dev || c.Optional {
		one.Scope = cyclonedx.ScopeOptional
	}
	if hashes := hashesOf(p.Report.Integrity); len(hashes) > 0 {
		one.Hashes = &hashes
	}
	if p.Report.License != "" {
		one.Licenses = &cyclonedx.Licenses{{License: &cyclonedx.License{Name: clean(p.Report.License, 200)}}}
		if _, err := spdxexp.ExtractLicenses(p.Report.License); err == nil {
			one.Licenses = &cyclonedx.Licenses{{Expression: p.Report.License}}
		}
	}
	properties := []cyclonedx.Property{{Name: "lockwarden:lockfile", Value: clean(c.File, 500)},
		{Name: "lockwarden:change", Value: changed(&c.Change)}}
	add := func(name, value string) {
		properties = append(properties, cyclonedx.Property{Name: "lockwarden:" + name, Value: clean(value, 1000)})
	}
	if p.Report.NotScanned != "" {
		add("not-scanned", p.Report.NotScanned)
	}
	for _, gap := range p.Report.Unknown {
		add("unknown", gap.What+": "+gap.Reason)
	}
	for _, behavior := range p.Report.Behaviors {
		add("behavior", behavior.ID+" ("+strings.Join(behavior.Contexts.Names(), ", ")+")")
	}
	for i := range findings {
		f := &findings[i]
		if f.Subject != c.Name+"@"+c.To || f.File != c.File {
			continue
		}
		if !f.NotKnown() { // it stands there as unknown
			add("issue", f.Issue.Severity.String()+" "+f.Issue.ID+": "+templates.Issue(f.Issue.ID, f.Issue.Detail).Title)
		}
		if f.Accepted != nil {
			add("accepted", f.Issue.ID+" by "+acceptedBy(f.Accepted))
		}
	}
	one.Properties = &properties
	b.components = append(b.components, one)
	for _, a := range p.Report.Vulnerabilities {
		b.vulnerability(a, ref)
	}
}

// changed says how a package came in.
func changed(c *lockfile.Change) string {
	if c.From == "" {
		return string(c.Kind)
	}
	return string(c.Kind) + " from " + c.From
}

// hashesOf turns an SRI string into CycloneDX's hashes.
func hashesOf(integrity string) (out []cyclonedx.Hash) {
	algorithms := map[string]cyclonedx.HashAlgorithm{"sha1": cyclonedx.HashAlgoSHA1, "sha256": cyclonedx.HashAlgoSHA256,
		"sha384": cyclonedx.HashAlgoSHA384, "sha512": cyclonedx.HashAlgoSHA512}
	for _, part := range strings.Fields(integrity) {
		name, value, _ := strings.Cut(part, "-")
		value, _, _ = strings.Cut(value, "?")
		sum, err := base64.StdEncoding.DecodeString(value)
		if algorithm, ok := algorithms[name]; ok && err == nil {
			out = append(out, cyclonedx.Hash{Algorithm: algorithm, Value: hex.EncodeToString(sum)})
		}
	}
	return out
}

// vulnerability adds an advisory once, for all packages that it covers.
func (b *bom) vulnerability(a vulnerability.Advisory, ref string) {
	at, ok := b.vulnerabilities[a.ID]
	if !ok {
		at = len(b.found)
		b.vulnerabilities[a.ID] = at
		severity := cyclonedx.Severity(a.Severity)
		if severity == "" {
			severity = cyclonedx.SeverityUnknown
		}
		rating := cyclonedx.VulnerabilityRating{Severity: severity}
		if a.Score > 0 {
			rating.Score = &a.Score
		}
		one := cyclonedx.Vulnerability{BOMRef: a.ID, ID: a.ID, Source: &cyclonedx.Source{Name: "OSV", URL: "https://osv.dev/vulnerability/" +
			a.ID}, Description: clean(a.Summary, 2000),
			Ratings: &[]cyclonedx.VulnerabilityRating{rating}, Affects: &[]cyclonedx.Affects{}}
		if len(a.Fixed) > 0 {
			one.Recommendation = "Update to " + clean(strings.Join(a.Fixed, " or "), 200) + "."
		}
		if !a.Published.IsZero() {
			one.Published = a.Published.UTC().Format("2006-01-02T15:04:05Z")
		}
		b.found = append(b.found, one)
	}
	affects := append(*b.found[at].Affects, cyclonedx.Affects{Ref: ref})
	b.found[at].Affects = &affects
}
