package render

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"encoding/xml"
	"io"
	"path"
	"strings"
	"testing"

	"github.com/CycloneDX/cyclonedx-go"
	"github.com/jstemmer/go-junit-report/v2/junit"
	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/lockwarden/lockwarden/analyzer"
	"github.com/lockwarden/lockwarden/analyzer/vulnerability"
	"github.com/lockwarden/lockwarden/app/policy"
	"github.com/lockwarden/lockwarden/app/review"
)

// cycloneDXSchema is CycloneDX 1.6's own, from its library in npm.
func cycloneDXSchema(t *testing.T) *jsonschema.Schema {
	t.Helper()
	if testing.Short() {
		t.Skip("it needs the schema from the registry")
	}
	scanner, err := analyzer.Open(analyzer.Options{OSV: "none"})
	if err != nil {
		t.Fatal(err)
	}
	defer scanner.Close()
	data, err := scanner.Tarball(context.Background(), analyzer.Subject{Name: "@cyclonedx/cyclonedx-library", Version: "10.3.0",
		Integrity: "sha512-RIT28sp1U0PCHaaeF3yNRwk6Jig/XJ8UsYAVOMYaHQ+0VVOvsjcp0PTWQFLUqJFF8XMud+Kdq6G+wtDAh+QJFA=="})
	if err != nil {
		t.Fatal(err)
	}
	z, err := gzip.NewReader(bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	c := jsonschema.NewCompiler()
	for r := tar.NewReader(z); ; {
		header, err := r.Next()
		if err == io.EOF {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		dir, file := path.Split(header.Name)
		if dir != "package/res/schema/" || path.Ext(file) != ".json" {
			continue
		}
		doc, err := jsonschema.UnmarshalJSON(r)
		if err != nil {
			t.Fatal(err)
		}
		if err := c.AddResource("http://cyclonedx.org/schema/"+file, doc); err != nil {
			t.Fatal(err)
		}
	}
	schema, err := c.Compile("http://cyclonedx.org/schema/bom-1.6.SNAPSHOT.schema.json")
	if err != nil {
		t.Fatal(err)
	}
	return schema
}

func TestCycloneDXIsValid(t *testing.T) {
	schema := cycloneDXSchema(t)
	vulnerable := made(3, hostile)
	for i := range vulnerable.Packages {
		p := &vulnerable.Packages[i]
		p.Report.Vulnerabilities = []vulnerability.Advisory{{ID: "GHSA-x", Summary: hostile, Severity: "high", Score: 7.5, Fixed: []string{"2.0.0"}}, {ID: "MAL-1"}}
		p.Report.License = []string{"MIT", "MIT OR Apache-2.0", hostile}[i%3]
		p.Report.Integrity = "sha512-" + strings.Repeat("A", 86) + "== sha1-" + strings.Repeat("A", 27) + "="
	}
	twice := made(2, "")
	twice.Packages[1].Change.Name, twice.Packages[1].Change.To, twice.Packages[1].Change.File = twice.Packages[0].Change.Name, twice.Packages[0].Change.To, "other/package-lock.json"
	for name, r := range map[string]*review.Review{"hostile": vulnerable, "nothing": {Lockfiles: []string{"x"}}, "the same in two lockfiles": twice} {
		var b bytes.Buffer
		v := policy.Judge(policy.Default(), r, nil)
		if err := CycloneDX(&b, r, v, "1.0.0"); err != nil {
			t.Fatal(err)
		}
		var doc any
		if err := json.Unmarshal(b.Bytes(), &doc); err != nil {
			t.Fatal(err)
		}
		if err := schema.Validate(doc); err != nil {
			t.Errorf("%s: %v\n%s", name, err, b.String())
		}
		var bom cyclonedx.BOM
		if err := cyclonedx.NewBOMDecoder(&b, cyclonedx.BOMFileFormatJSON).Decode(&bom); err != nil {
			t.Fatal(err)
		}
		components := 0
		if bom.Components != nil {
			components = len(*bom.Components)
		}
		if components != len(r.Packages) {
			t.Errorf("%s: %d components of %d packages", name, components, len(r.Packages))
		}
		if name == "hostile" {
			if len(*bom.Vulnerabilities) != 2 || len(*(*bom.Vulnerabilities)[0].Affects) != 3 {
				t.Errorf("the vulnerabilities: %+v", *bom.Vulnerabilities)
			}
		}
	}
}

func TestJUnit(t *testing.T) {
	r := made(3, hostile+"]]>")
	r.Packages[2].Report.NotScanned = "it is too large"
	v := policy.Judge(policy.Default(), r, nil)
	var b bytes.Buffer
	if err := JUnit(&b, r, v); err != nil {
		t.Fatal(err)
	}
	var read junit.Testsuites
	if err := xml.Unmarshal(b.Bytes(), &read); err != nil {
		t.Fatalf("%v\n%s", err, b.String())
	}
	blocked := map[string]bool{}
	for _, f := range v.Blocking() {
		blocked[f.File+f.Subject] = true
	}
	if read.Failures != len(blocked) || read.Tests < len(r.Packages) || read.Failures == 0 {
		t.Errorf("%d failures and %d tests of %d packages of which %d block", read.Failures, read.Tests, len(r.Packages), len(blocked))
	}
	for _, s := range read.Suites {
		for _, c := range s.Testcases {
			if c.Failure != nil && (c.Failure.Message == "" || !strings.Contains(c.Failure.Data, "Next:")) {
				t.Errorf("%s says %+v", c.Name, c.Failure)
			}
		}
	}
}
