// Package comment reads what people write to lockwarden in a pull request:
// from a comment's text to Commands, and from all comments of a pull request
// to the acceptances that hold. It is pure: who may do what is handed in.
package comment

import (
	"cmp"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/Masterminds/semver/v3"

	"github.com/lockwarden/lockwarden/templates"
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

// Bounds of what is read of a comment.
const (
	maxCommands = 50
	maxReason   = 1000
)

// Parse finds the commands of a comment: the first word of a line is
// "/lockwarden" or "@" with the App's slug, and the line is the writer's own, as
// a reader sees it: quoted text, code, what HTML hides and what stands below the
// separator of a mail are not read. Commands beyond the 50th are ignored.
func Parse(body, slug string) []Command {
	if !Speaks(body, slug) {
		return nil
	}
	if tangled(body) {
		return []Command{{Line: 1, Verb: Help, Problem: templates.Answer("tangled", detail{Most: maxBrackets, Deep: maxQuotes})}}
	}
	var out []Command
	lines, unclear := ownLines(body, func(text string) bool { return addressed(firstWord(text), slug) })
	if unclear && len(lines) > 0 {
		return []Command{{Line: lines[0].number, Verb: Help, Problem: templates.Answer("mail", nil)}}
	}
	for _, l := range lines {
		if len(out) == maxCommands {
			break
		}
		c := parse(strings.Fields(visible(l.text))[1:])
		c.Line = l.number
		out = append(out, c)
	}
	return out
}

// Speaks reports whether a comment can hold a command at all, which few do.
func Speaks(body, slug string) bool {
	body = strings.ToLower(visible(body))
	return strings.Contains(body, "/lockwarden") || slug != "" && strings.Contains(body, "@"+strings.ToLower(slug))
}

func firstWord(text string) string {
	if words := strings.Fields(visible(text)); len(words) > 0 {
		return words[0]
	}
	return ""
}

func addressed(word, slug string) bool {
	word = strings.TrimRight(word, ",:")
	return strings.EqualFold(word, "/lockwarden") || slug != "" && strings.EqualFold(word, "@"+slug)
}

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
			c.Problem = templates.Answer("explain what", nil)
			return c
		}
		c.Name, c.Version = split(bare(words[0]))
		if !packageName.MatchString(c.Name) {
			c.Problem = templates.Answer("no name", detail{Word: Quote(words[0])})
		}
		return c
	case Accept, Revoke:
		return parseDecision(c, words)
	}
	c.Problem = templates.Answer("no command", detail{Word: Quote(string(c.Verb))})
	if meant := meant(string(c.Verb)); meant != "" {
		likely := strings.Join(append([]string{"/lockwarden", meant}, words[:min(1, len(words))]...), " ")
		c.Problem = templates.Answer("did you mean", detail{Word: Quote(string(c.Verb)), Name: Quote(likely)})
	}
	c.Verb = Help
	return c
}

// verbs are the commands, and what people write for them.
var verbs = map[Verb][]string{
	Accept:  {"approve", "allow", "ok", "okay", "ack", "acknowledge", "ignore", "dismiss", "suppress", "permit", "waive", "lgtm"},
	Revoke:  {"reject", "deny", "undo", "unaccept", "unapprove", "disallow", "cancel"},
	Rescan:  {"rerun", "retry", "recheck", "scan", "review", "recompute", "refresh"},
	Explain: {"why", "show", "info", "describe", "details"},
	Help:    {"?", "usage", "commands"},
}

// meant is the verb that a word is likely to stand for, empty where none is.
func meant(word string) string {
	all := []Verb{Accept, Revoke, Rescan, Explain, Help}
	for _, verb := range all {
		if slices.Contains(verbs[verb], word) {
			return string(verb)
		}
	}
	for _, verb := range all {
		if len(word) > 3 && distance(word, string(verb)) <= 2 {
			return string(verb)
		}
	}
	return ""
}

// bare is a word without the backticks of code around it.
func bare(word string) string {
	if inner, ok := strings.CutPrefix(word, "`"); ok {
		if inner, ok = strings.CutSuffix(strings.TrimRight(inner, ",."), "`"); ok && !strings.Contains(inner, "`") {
			return inner
		}
	}
	return word
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
	fail := func(sentence string, d detail) Command {
		d.Verb, d.Name = string(c.Verb), cmp.Or(d.Name, c.Name)
		return Command{Verb: c.Verb, Name: c.Name, Problem: templates.Answer(sentence, d)}
	}
	if len(words) == 0 {
		return fail("no package", detail{})
	}
	if strings.EqualFold(words[0], "all") {
		c.All = true
	} else {
		c.Name, c.Version = split(strings.TrimRight(bare(words[0]), ",:"))
		if !packageName.MatchString(c.Name) {
			c.Name = ""
			return fail("no name to decide", detail{Word: Quote(words[0])})
		}
		if _, err := semver.StrictNewVersion(c.Version); err != nil {
			_, tagged := semver.StrictNewVersion(strings.TrimPrefix(c.Version, "v"))
			switch {
			case tagged == nil:
				return fail("letter v", detail{Version: c.Version[1:]})
			case c.Version == "" && len(words) > 1 && isVersion(words[1]):
				return fail("no sign", detail{Version: strings.TrimPrefix(bare(words[1]), "v")})
			case c.Version == "":
				return fail("no version", detail{Word: Quote(c.Name)})
			case strings.ContainsAny(c.Version, "^~*<>=|x") || isNumberList(c.Version):
				return fail("a range", detail{Word: Quote(c.Version)})
			}
			return fail("a tag", detail{Word: Quote(c.Version)})
		}
	}
	words = words[1:]
	for len(words) > 0 {
		switch word := strings.ToLower(words[0]); {
		case word == "because" || word == "because:":
			c.Reason = strings.Join(words[1:], " ")
			if utf8.RuneCountInString(c.Reason) > maxReason {
				return fail("long reason", detail{Most: maxReason})
			}
			return c
		case word == "for":
			if len(words) < 2 {
				return fail("for what", detail{})
			}
			if len(words) > 2 && strings.Trim(words[1], "0123456789") == "" && units[strings.ToLower(words[2])] != "" {
				words = append([]string{"for", words[1] + units[strings.ToLower(words[2])]}, words[3:]...)
			}
			d, ok := parseTime(words[1])
			if !ok {
				return fail("no time", detail{Word: Quote(words[1])})
			}
			c.For = d
			words = words[2:]
		case word == "in" && len(words) > 1 && strings.EqualFold(strings.TrimRight(words[1], ".,"), "repository"):
			c.Repository = true
			words = words[2:]
		case word == "in" && len(words) > 1 && slices.Contains(repositories, strings.ToLower(strings.TrimRight(words[1], ".,"))):
			return fail("in what", detail{})
		case word == "until":
			return fail("until", detail{})
		case slices.Contains(reasons, strings.Trim(word, ":,")):
			return fail("because", detail{})
		case isPackage(words[0]):
			return fail("another package", detail{Name: strings.Trim(bare(words[0]), ",")})
		case findingID.MatchString(strings.TrimRight(word, ",")):
			c.Findings = append(c.Findings, strings.TrimRight(word, ","))
			words = words[1:]
		default:
			return fail("no word", detail{Word: Quote(words[0])})
		}
	}
	return c
}

// What people write for "repository" and "because".
var (
	repositories = []string{"repo", "the", "this"}
	reasons      = []string{"reason", "cause", "cuz", "since", "due", "as", "--", "-", "–", "—", "//", "#"}
)

func isVersion(word string) bool {
	_, err := semver.StrictNewVersion(strings.TrimPrefix(strings.Trim(bare(word), ","), "v"))
	return err == nil
}

// isPackage reports whether a word is NAME@VERSION.
func isPackage(word string) bool {
	name, version := split(strings.Trim(bare(word), ","))
	return packageName.MatchString(name) && version != "" && isVersion(version)
}

func isNumberList(s string) bool {
	return strings.Trim(s, "0123456789.") == ""
}

// units are times as people write them behind a number.
var units = map[string]string{"hour": "h", "hours": "h", "day": "d", "days": "d", "week": "w", "weeks": "w", "year": "y", "years": "y"}

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
		return templates.Answer("empty", nil)
	}
	return "`" + s + "`"
}
