package render

import (
	"encoding/xml"
	"io"
	"strings"

	"github.com/jstemmer/go-junit-report/v2/junit"

	"github.com/lockwarden/lockwarden/app/policy"
	"github.com/lockwarden/lockwarden/app/review"
)

// JUnit writes a review as the XML that build servers show as tests: a suite
// for each lockfile, a case for each package that came in. What blocks is a
// failure, what was not scanned, or has to be known and is not, an error, and what only warns stands in the
// case's output.
// Source: https://github.com/testmoapp/junitxml
func JUnit(w io.Writer, r *review.Review, v policy.Verdict) error {
	suites := map[string]*junit.Testsuite{}
	var order []string
	suite := func(file string) *junit.Testsuite {
		if suites[file] == nil {
			suites[file] = &junit.Testsuite{Name: clean(file, 500), ID: len(order), Time: "0"}
			order = append(order, file)
		}
		return suites[file]
	}
	findings := map[[2]string][]*policy.Finding{}
	for i := range v.Findings {
		f := &v.Findings[i]
		key := [2]string{f.File, f.Subject}
		findings[key] = append(findings[key], f)
	}
	for _, file := range r.Lockfiles {
		suite(file)
	}
	for i := range r.Packages {
		c := &r.Packages[i].Change
		key := [2]string{c.File, c.Name + "@" + c.To}
		suite(c.File).AddTestcase(testcase(key, findings[key]))
		delete(findings, key)
	}
	// What is left is about lockfiles as a whole.
	for i := range v.Findings {
		key := [2]string{v.Findings[i].File, v.Findings[i].Subject}
		if list, ok := findings[key]; ok {
			suite(key[0]).AddTestcase(testcase(key, list))
			delete(findings, key)
		}
	}
	all := junit.Testsuites{Name: "lockwarden"}
	for _, file := range order {
		all.AddSuite(*suites[file])
	}
	if _, err := io.WriteString(w, xml.Header); err != nil {
		return err
	}
	return all.WriteXML(w)
}

// testcase is one package with what was found in it.
func testcase(key [2]string, list []*policy.Finding) junit.Testcase {
	c := junit.Testcase{Name: clean(key[1], 500), Classname: clean(key[0], 500)}
	var blocks, missing, rest []Annotation
	for _, f := range list {
		a := annotation(f)
		switch {
		case f.Blocks():
			blocks = append(blocks, a)
		case f.Open():
			missing = append(missing, a)
		case f.Action != policy.Silent:
			rest = append(rest, a)
		}
	}
	c.Failure, c.Error = result(blocks), result(missing)
	if out := result(rest); out != nil {
		c.SystemOut = &junit.Output{Data: out.Data}
	}
	return c
}

// result sums up findings; nil where there are none.
func result(list []Annotation) *junit.Result {
	if len(list) == 0 {
		return nil
	}
	var text []string
	for _, a := range list {
		text = append(text, a.Title+"  "+a.Finding+"\n\n"+a.Message)
	}
	// The end of CDATA would end it for readers of XML as well.
	return &junit.Result{Message: list[0].Title, Type: list[0].Finding, Data: strings.ReplaceAll(strings.Join(text, "\n\n"), "]]>", "]] >")}
}
