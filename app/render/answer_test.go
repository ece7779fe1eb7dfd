package render

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/extension"
	"github.com/yuin/goldmark/renderer/html"

	"github.com/lockwarden/lockwarden/app/comment"
	"github.com/lockwarden/lockwarden/app/decide"
)

// helpWords are what Help says.
const helpWords = "Commands stand first in a line of a comment:\n\n" +
	"| Command | What it does |\n|---|---|\n" +
	"| `/lockwarden accept NAME@VERSION because …` | accept all findings of that version |\n" +
	"| `/lockwarden accept NAME@VERSION install/script for 30d because …` | accept some findings, for a time (`12h`, `30d`, `8w`, `1y`) |\n" +
	"| `/lockwarden accept NAME@VERSION in repository because …` | accept it in later pull requests too |\n" +
	"| `/lockwarden accept all because …` | accept every finding of this head |\n" +
	"| `/lockwarden revoke NAME@VERSION` | take an acceptance back |\n" +
	"| `/lockwarden rescan` | review this head again |\n" +
	"| `/lockwarden explain NAME` | say what a package does and what is wrong with it |\n\n" +
	"Accepting needs the permission `maintain` here, and is not for the author of the pull request; a reason is required for what is" +
	" critical or behaves like malware; an acceptance holds 30 days at most. An edited comment is void."

// TestEverySentenceIsSaid: no sentence of templates/answer.md is left over, and a
// name that is not there is found before somebody comments.
func TestEverySentenceIsSaid(t *testing.T) {
	text, err := os.ReadFile("../../templates/answer.md")
	if err != nil {
		t.Fatal(err)
	}
	var code strings.Builder
	for _, folder := range []string{"../comment", "../decide", "."} {
		files, _ := filepath.Glob(folder + "/*.go")
		for _, file := range files {
			data, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			if !strings.HasSuffix(file, "_test.go") {
				code.Write(data)
			}
		}
	}
	defined := map[string]bool{}
	for _, m := range regexp.MustCompile(`{{define "([^"]+)"}}`).FindAllStringSubmatch(string(text), -1) {
		defined[m[1]] = true
		if !strings.Contains(code.String(), `"`+m[1]+`"`) && !strings.Contains(string(text), `{{template "`+m[1]+`"`) {
			t.Errorf("nobody says %q", m[1])
		}
	}
	for _, m := range regexp.MustCompile(`(?:templates\.Answer|fail)\("([^"]+)"`).FindAllStringSubmatch(code.String(), -1) {
		if !defined[m[1]] {
			t.Errorf("there is no sentence %q", m[1])
		}
	}
}

// TestEffectsInWords renders every sentence of templates/answer.md.
func TestEffectsInWords(t *testing.T) {
	of := func(e decide.Effect) string { return Effect(&e) }
	missing := func(why decide.Why, more int, there ...string) string {
		return of(decide.Effect{What: "a@1.0.0", Missing: &decide.Missing{Why: why, There: there, More: more}})
	}
	for _, test := range [][2]string{
		{of(decide.Effect{Verb: comment.Accept, Line: 3, Refused: "it is void."}), "`accept` in line 3 does not count: it is void."},
		{of(decide.Effect{Verb: comment.Accept, Line: 3, Refused: "say which version", There: []string{"a@1.0.0", "a@2.0.0"}}),
			"`accept` in line 3 does not count: say which version. Here that can be `a@1.0.0`, `a@2.0.0`."},
		{of(decide.Effect{Verb: comment.Help, Line: 1, Refused: "did you mean `x`?"}), "The command in line 1 does not count: did you mean `x`?"},
		{missing(decide.Early, 0), "`a@1.0.0` accepts nothing: the check showed no result yet when it was written. Nobody accepts what they could not see: wait for the result, and write it again."},
		{missing(decide.Later, 0), "`a@1.0.0` accepts nothing: it came in after the result that was shown when this was written. Look at it, and write it again."},
		{missing(decide.Nothing, 0), "`a@1.0.0` accepts nothing: the check showed nothing to accept when it was written."},
		{missing(decide.NoPackage, 0, "b@1.0.0"), "`a@1.0.0` accepts nothing: the check showed no finding of it when it was written. There are findings of `b@1.0.0`."},
		{missing(decide.NoPackage, 7, "b@1.0.0", "c@1.0.0"),
			"`a@1.0.0` accepts nothing: the check showed no finding of it when it was written. There are findings of `b@1.0.0`, `c@1.0.0` and 7 more."},
		{missing(decide.NoFinding, 0, "x/y"), "`a@1.0.0` accepts nothing: none of these findings was known of it when it was written. It has `x/y`."},
		{of(decide.Effect{What: "a@1.0.0", Unknown: []string{"x/y", "x/z"}}), "`a@1.0.0` has no `x/y`, `x/z`; the rest of the command counts."},
		{of(decide.Effect{What: "a@1.0.0", Idle: true}), "`a@1.0.0` is not accepted here: there is nothing to take back."},
		{of(decide.Effect{What: "a@1.0.0", Idle: true, Lasting: true}),
			"`a@1.0.0` is accepted for the whole repository, and stays so. To end that everywhere, write `/lockwarden revoke a@1.0.0 in repository`."},
		{NeedsReason([]string{"a@1", "b@1", "c@1", "d@1", "e@1", "f@1"}), "What is critical or behaves like malware is not accepted without a reason: `a@1`, `b@1`, `c@1`, `d@1`, `e@1` and 1 more." +
			" Write the command again with `because` and why it is safe here."},
		{Help(comment.Rules{Least: comment.Maintain, All: true, WorstNeedReason: true, Longest: 30 * comment.Day}), helpWords},
		{NothingLeft(), "_Nothing is left to answer here: the check run has the result._\n"},
		{ButtonRefused("eve", "the review has not ended"), "The button **Accept all**, pressed by `eve`, does not count: the review has not ended."},
	} {
		if diff := cmp.Diff(test[1], test[0]); diff != "" {
			t.Error(diff)
		}
	}
	hostile := "a](https://evil.example) @all <img> `"
	for _, text := range []string{missing(decide.NoPackage, 0, hostile), of(decide.Effect{What: hostile, Unknown: []string{hostile}}), of(decide.Effect{What: hostile, Idle: true, Lasting: true})} {
		var page strings.Builder
		if err := goldmark.New(goldmark.WithExtensions(extension.GFM), goldmark.WithRendererOptions(html.WithUnsafe())).Convert([]byte(text), &page); err != nil {
			t.Fatal(err)
		}
		if strings.Contains(page.String(), "<a ") || strings.Contains(page.String(), "<img") {
			t.Errorf("%s", page.String())
		}
	}
}
