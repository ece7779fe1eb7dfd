// Package comment reads what people write to lockwarden in a pull request:
// from a comment's text to Commands, and from all comments of a pull request
// to the acceptances that hold. It is pure: who may do what is handed in.
package comment

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/Masterminds/semver/v3"
)

// Verb is what a command asks for.
type Verb string

// The verbs.
const (
	Accept  Verb = "accept"
	Revoke  Verb = "revoke"
	Rescan  Verb = "rescan"
	Explain Verb = "explain"
	Help    Verb = "help"
)

// Command is one command of a comment.
type Command struct {
	// Line is its line in the comment, from 1.
	Line int
	Verb Verb
	// All is set for "accept all" and "revoke all".
	All bool
	// Name and Version are the package; explain may leave out the version.
	Name, Version string
	// Findings are the ids of the findings it is about; none means all of the
	// package.
	Findings []string
	// For is how long an acceptance holds; 0 leaves it to the policy.
	For time.Duration
	// Repository is set for an acceptance that holds for later pull requests too.
	Repository bool
	// Reason is what stands behind "because".
	Reason string
	// Problem says what is wrong with the command and how to write it; then
	// nothing else of it counts.
	Problem string
}

// Bounds of what is read of a comment. GitHub allows 65,536 characters.
const (
	maxBody     = 64 << 10
	maxCommands = 50
	maxReason   = 1000
)

// Parse finds the commands of a comment: the first word of a line is
// "/lockwarden" or "@" with the App's slug. Quoted text, code and HTML comments
// are not read. Commands beyond the 50th are ignored.
func Parse(body, slug string) []Command {
	if len(body) > maxBody {
		body = body[:maxBody]
	}
	var out []Command
	s := skipper{}
	for i, line := range strings.Split(body, "\n") {
		line = strings.TrimSuffix(line, "\r")
		if s.skip(line) || len(out) == maxCommands {
			continue
		}
		words := strings.Fields(line)
		if len(words) == 0 || !addressed(words[0], slug) {
			continue
		}
		c := parse(words[1:])
		c.Line = i + 1
		out = append(out, c)
	}
	return out
}

func addressed(word, slug string) bool {
	word = strings.TrimRight(word, ",:")
	return strings.EqualFold(word, "/lockwarden") || slug != "" && strings.EqualFold(word, "@"+slug)
}

// skipper knows which lines of a Markdown text are not the author's own words.
// It rather leaves out too much: a command can be written again.
// Source: https://spec.commonmark.org (fenced and indented code, block quotes)
type skipper struct {
	fence   string // of the open code block
	comment bool   // inside <!-- -->
	pre     bool   // inside <pre>
	quote   bool   // inside a block quote, which plain lines may go on with
}

func (s *skipper) skip(line string) bool {
	text := strings.TrimLeft(line, " \t")
	indent := len(line) - len(text)
	if s.fence != "" {
		run := fenceOf(text)
		if indent < 4 && run != "" && run[0] == s.fence[0] && len(run) >= len(s.fence) && strings.TrimSpace(text[len(run):]) == "" {
			s.fence = ""
		}
		return true
	}
	if s.comment {
		s.comment = !strings.Contains(line, "-->")
		return true
	}
	if s.pre {
		s.pre = !strings.Contains(strings.ToLower(line), "</pre")
		return true
	}
	if text == "" {
		s.quote = false
		return true
	}
	if strings.HasPrefix(text, ">") {
		s.quote = true
		return true
	}
	if s.quote {
		return true
	}
	if indent >= 4 || strings.HasPrefix(line, "\t") {
		return true
	}
	if run := fenceOf(text); run != "" {
		s.fence = run
		return true
	}
	if i := strings.LastIndex(line, "<!--"); i >= 0 {
		s.comment = !strings.Contains(line[i:], "-->")
		return true
	}
	if lower := strings.ToLower(line); strings.Contains(lower, "<pre") {
		s.pre = !strings.Contains(lower, "</pre")
		return true
	}
	return false
}

// fenceOf is the run of three or more backticks or tildes that a line begins
// with.
func fenceOf(text string) string {
	for _, mark := range []string{"`", "~"} {
		n := len(text) - len(strings.TrimLeft(text, mark))
		if n >= 3 && !(mark == "`" && strings.Contains(text[n:], "`")) {
			return text[:n]
		}
	}
	return ""
}

// usage is what a command that cannot be read is answered with.
const usage = "write `/lockwarden accept NAME@VERSION because …`; `/lockwarden help` lists all commands"

func parse(words []string) Command {
	if len(words) == 0 {
		return Command{Verb: Help}
	}
	c := Command{Verb: Verb(strings.ToLower(strings.TrimRight(words[0], ".,!")))}
	words = words[1:]
	switch c.Verb {
	case Rescan, Help:
		return c
	case Explain:
		if len(words) == 0 {
			c.Problem = "`explain` needs the name of a package: `/lockwarden explain NAME`"
			return c
		}
		c.Name, c.Version = split(words[0])
		if !packageName.MatchString(c.Name) {
			c.Problem = fmt.Sprintf("%s is not the name of an npm package", Quote(words[0]))
		}
		return c
	case Accept, Revoke:
		return parseDecision(c, words)
	}
	c.Problem = fmt.Sprintf("there is no command %s: %s", Quote(string(c.Verb)), usage)
	c.Verb = Help
	return c
}

// split takes NAME@VERSION apart; the @ of a scope is part of the name.
func split(word string) (name, version string) {
	if i := strings.LastIndexByte(word, '@'); i > 0 {
		return word[:i], word[i+1:]
	}
	return word, ""
}

// packageName is what npm lets a package be called, old names included.
// Source: https://docs.npmjs.com/cli/v11/configuring-npm/package-json#name
var packageName = regexp.MustCompile(`^(?:@[A-Za-z0-9~-][A-Za-z0-9._~-]*/)?[A-Za-z0-9._~!'()*-]{1,214}$`)

// findingID is an issue's or behavior's id.
var findingID = regexp.MustCompile(`^[a-z0-9-]+/[a-z0-9-]+$`)

func parseDecision(c Command, words []string) Command {
	fail := func(format string, args ...any) Command {
		return Command{Verb: c.Verb, Problem: fmt.Sprintf(format, args...)}
	}
	if len(words) == 0 {
		return fail("`%s` needs a package with its version: %s", c.Verb, usage)
	}
	if strings.EqualFold(words[0], "all") {
		c.All = true
	} else {
		c.Name, c.Version = split(words[0])
		if !packageName.MatchString(c.Name) {
			return fail("%s is not the name of an npm package: %s", Quote(words[0]), usage)
		}
		if _, err := semver.StrictNewVersion(c.Version); err != nil {
			switch {
			case c.Version == "":
				return fail("say which version of %s: `/lockwarden %s NAME@VERSION`", Quote(c.Name), c.Verb)
			case strings.ContainsAny(c.Version, "^~*<>=|x") || isNumberList(c.Version):
				return fail("%s is a range; an acceptance is for one version, such as `%s@1.2.3`", Quote(c.Version), c.Name)
			}
			return fail("%s is not a version; a dist-tag such as `latest` moves, so name the version", Quote(c.Version))
		}
	}
	words = words[1:]
	for len(words) > 0 {
		switch word := strings.ToLower(words[0]); {
		case word == "because" || word == "because:":
			c.Reason = strings.Join(words[1:], " ")
			if utf8.RuneCountInString(c.Reason) > maxReason {
				return fail("the reason is longer than %d characters", maxReason)
			}
			return c
		case word == "for":
			if len(words) < 2 {
				return fail("`for` needs a time, such as `for 30d`")
			}
			d, ok := parseTime(words[1])
			if !ok {
				return fail("%s is not a time; write `for 12h`, `for 30d`, `for 8w` or `for 1y`", Quote(words[1]))
			}
			c.For = d
			words = words[2:]
		case word == "in" && len(words) > 1 && strings.EqualFold(strings.TrimRight(words[1], ".,"), "repository"):
			c.Repository = true
			words = words[2:]
		case findingID.MatchString(strings.TrimRight(word, ",")):
			c.Findings = append(c.Findings, strings.TrimRight(word, ","))
			words = words[1:]
		default:
			return fail("%s is neither the id of a finding (such as `install/script`) nor `for`, `in repository` or `because`", Quote(words[0]))
		}
	}
	return c
}

func isNumberList(s string) bool {
	return strings.Trim(s, "0123456789.") == ""
}

// parseTime reads 12h, 30d, 8w and 1y; at most ten years.
func parseTime(s string) (time.Duration, bool) {
	s = strings.ToLower(strings.TrimRight(s, ".,"))
	if len(s) < 2 {
		return 0, false
	}
	n, err := strconv.Atoi(s[:len(s)-1])
	if err != nil || n <= 0 || n > 100_000 {
		return 0, false
	}
	unit, ok := map[byte]time.Duration{'h': time.Hour, 'd': Day, 'w': 7 * Day, 'y': 365 * Day}[s[len(s)-1]]
	d := time.Duration(n) * unit
	return d, ok && d <= 3650*Day
}

// Day is 24 hours: acceptances do not follow the clock changes of any place.
const Day = 24 * time.Hour

// Quote shows a stranger's word as Markdown code, shortened, in which nothing
// works as a link, a mention or markup.
func Quote(s string) string {
	s = strings.Map(func(r rune) rune {
		if r == '`' || r < ' ' || r == 0x7f {
			return -1
		}
		return r
	}, s)
	if r := []rune(s); len(r) > 80 {
		s = string(r[:80]) + "…"
	}
	if s == "" {
		return "an empty word"
	}
	return "`" + s + "`"
}
