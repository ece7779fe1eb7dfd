package policy

import (
	"bytes"
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/github/go-spdx/v2/spdxexp"
	"github.com/santhosh-tekuri/jsonschema/v6"
	"github.com/santhosh-tekuri/jsonschema/v6/kind"
	"golang.org/x/text/language"
	"golang.org/x/text/message"

	"github.com/lockwarden/lockwarden/analyzer/issue"
	"github.com/lockwarden/lockwarden/app/comment"
	"github.com/lockwarden/lockwarden/glob"
	"github.com/lockwarden/lockwarden/known"
)

// Path is where a repository keeps its policy, on the base branch.
const Path = ".github/lockwarden.yml"

// Schema is the policy file's JSON Schema.
//
//go:embed schema.json
var Schema []byte

// Example is a policy file to begin with. Its first line lets editors check it
// by Schema.
//
//go:embed example.yml
var Example []byte

// maxFile is the largest policy file, in bytes.
const maxFile = 64 << 10

// FileError is what is wrong with a policy file.
type FileError struct {
	File    string
	Line    int
	Message string
}

// Error is "FILE:LINE: message".
func (e *FileError) Error() string {
	return fmt.Sprintf("policy: %s:%d: %s", e.File, e.Line, e.Message)
}

var compiled = sync.OnceValues(func() (*jsonschema.Schema, error) {
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(Schema))
	if err != nil {
		return nil, err
	}
	c := jsonschema.NewCompiler()
	if err := c.AddResource("policy.json", doc); err != nil {
		return nil, err
	}
	return c.Compile("policy.json")
})

// fileLevels are severities by action as a file lists them; nil where it does
// not.
type fileLevels struct {
	Block  *[]issue.Severity `json:"block"`
	Warn   *[]issue.Severity `json:"warn"`
	Silent *[]issue.Severity `json:"silent"`
}

// unknown are words for actions by kinds of what is not known; one word stands
// for all of them but the downloads, which only make other issues milder.
type unknown map[string]string

// UnmarshalJSON implements json.Unmarshaler.
func (u *unknown) UnmarshalJSON(data []byte) error {
	var word string
	if json.Unmarshal(data, &word) != nil {
		return json.Unmarshal(data, (*map[string]string)(u))
	}
	*u = unknown{}
	for _, kind := range known.Kinds {
		if kind != known.Downloads {
			(*u)[kind] = word
		}
	}
	return nil
}

// on lays the words over a policy's actions.
func (u unknown) on(actions map[string]Action) map[string]Action {
	if len(u) == 0 {
		return actions
	}
	out := maps.Clone(actions)
	if out == nil {
		out = map[string]Action{}
	}
	for kind, word := range u {
		out[kind] = map[string]Action{"pass": Silent, "warn": Warn, "block": Block}[word]
	}
	return out
}

// file is a policy file as its schema describes it.
type file struct {
	fileLevels
	Development *fileLevels `json:"development"`
	Rules       []struct {
		Finding    string           `json:"finding"`
		Packages   []string         `json:"packages"`
		Contexts   []string         `json:"contexts"`
		Severities []issue.Severity `json:"severities"`
		Scope      string           `json:"scope"`
		Action     string           `json:"action"`
	} `json:"rules"`
	Registries []string `json:"registries"`
	Licenses   struct {
		Allow []string `json:"allow"`
		Deny  []string `json:"deny"`
	} `json:"licenses"`
	Packages struct {
		Allow []string `json:"allow"`
		Deny  []string `json:"deny"`
	} `json:"packages"`
	InstallScripts []string `json:"install-scripts"`
	Existing       string   `json:"existing"`
	NotScanned     string   `json:"not-scanned"`
	Unknown        unknown  `json:"unknown"`
	Accept         struct {
		Who         string `json:"who"`
		Author      *bool  `json:"author"`
		ForAtMost   string `json:"for-at-most"`
		Reason      string `json:"reason"`
		All         *bool  `json:"all"`
		NextVersion *bool  `json:"next-version"`
	} `json:"accept"`
	Paths struct {
		Ignore []string `json:"ignore"`
	} `json:"paths"`
}

// Parse reads a policy file on top of another policy: what the file does not
// say stays as it is. An error is a *FileError with the line to look at.
func Parse(name string, data []byte, on Policy) (Policy, error) {
	fail := func(line int, format string, args ...any) (Policy, error) {
		return on, &FileError{name, max(line, 1), fmt.Sprintf(format, args...)}
	}
	if len(data) > maxFile {
		return fail(1, "the file is larger than %d kB", maxFile>>10)
	}
	body, value, wrong := readYAML(data)
	if wrong != nil {
		return fail(wrong.line, "%s", wrong.what)
	}
	if value == nil {
		return on, nil // an empty file says nothing
	}
	// Through JSON, so that the schema and the decoder see the same.
	text, err := json.Marshal(value)
	if err != nil {
		return fail(1, "%v", err)
	}
	instance, err := jsonschema.UnmarshalJSON(bytes.NewReader(text))
	if err != nil {
		return fail(1, "%v", err)
	}
	schema, err := compiled()
	if err != nil {
		return on, err
	}
	if err := schema.Validate(instance); err != nil {
		where, what := explain(err)
		return fail(lineOf(body, where), "%s", what)
	}
	var f file
	if err := json.Unmarshal(text, &f); err != nil {
		return fail(1, "%v", err)
	}
	if where, what := f.contradiction(); what != "" {
		return fail(lineOf(body, where), "%s", what)
	}
	return f.on(on), nil
}

// explain picks the deepest cause of a schema error.
func explain(err error) (where []string, what string) {
	var v *jsonschema.ValidationError
	if !errors.As(err, &v) {
		return nil, err.Error()
	}
	for len(v.Causes) > 0 {
		deepest := v.Causes[0]
		for _, c := range v.Causes {
			if len(c.InstanceLocation) > len(deepest.InstanceLocation) {
				deepest = c
			}
		}
		v = deepest
	}
	where = v.InstanceLocation
	name := strings.Join(where, ".")
	if name == "" {
		name = "the file"
	}
	if extra, ok := v.ErrorKind.(*kind.AdditionalProperties); ok {
		return append(slices.Clone(where), extra.Properties[0]), fmt.Sprintf("there is no setting %q in %s", extra.Properties[0], name)
	}
	return where, name + ": " + v.ErrorKind.LocalizedString(message.NewPrinter(language.English))
}

// contradiction finds what the schema cannot say.
func (f *file) contradiction() (where []string, what string) {
	for _, l := range []struct {
		levels *fileLevels
		at     []string
	}{{&f.fileLevels, nil}, {f.Development, []string{"development"}}} {
		if l.levels == nil {
			continue
		}
		seen := map[issue.Severity]string{}
		for _, list := range []struct {
			name string
			list *[]issue.Severity
		}{{"block", l.levels.Block}, {"warn", l.levels.Warn}, {"silent", l.levels.Silent}} {
			if list.list == nil {
				continue
			}
			for _, s := range *list.list {
				if other := seen[s]; other != "" {
					return append(slices.Clone(l.at), list.name), fmt.Sprintf("%s stands under %s and under %s", s, other, list.name)
				}
				seen[s] = list.name
			}
		}
	}
	for _, list := range []struct {
		name string
		ids  []string
	}{{"allow", f.Licenses.Allow}, {"deny", f.Licenses.Deny}} {
		if ok, wrong := spdxexp.ValidateLicenses(list.ids); !ok {
			i := slices.Index(list.ids, wrong[0])
			return []string{"licenses", list.name, strconv.Itoa(i)}, fmt.Sprintf("%q is no SPDX license id", wrong[0])
		}
	}
	ids := append(issue.IDs(), "policy/package", "policy/registry", "license/denied")
	for _, kind := range known.Kinds {
		ids = append(ids, Unknown+kind)
	}
	for i, r := range f.Rules {
		if r.Finding != "" && !slices.ContainsFunc(ids, func(id string) bool { return glob.Text(r.Finding, id) }) {
			return []string{"rules", strconv.Itoa(i), "finding"}, fmt.Sprintf("%q is no finding; `install/script` is one, `install/*` a pattern",
				r.Finding)
		}
	}
	return nil, ""
}

// on lays the file over a policy.
func (f *file) on(p Policy) Policy {
	p.Production = f.fileLevels.on(p.Production)
	if f.Block != nil || f.Warn != nil || f.Silent != nil {
		// Without words of its own, development is judged as production is.
		p.Development = f.fileLevels.on(p.Development)
	}
	if f.Development != nil {
		p.Development = f.Development.on(p.Development)
	}
	// A repository's rules come before its organization's.
	var rules []Rule
	for _, r := range f.Rules {
		rules = append(rules, Rule{r.Finding, r.Packages, r.Contexts, r.Severities, r.Scope, action(r.Action)})
	}
	p.Rules = append(rules, p.Rules...)
	replace(&p.Registries, f.Registries)
	replace(&p.AllowLicenses, f.Licenses.Allow)
	replace(&p.DenyLicenses, f.Licenses.Deny)
	replace(&p.AllowPackages, f.Packages.Allow)
	replace(&p.DenyPackages, f.Packages.Deny)
	replace(&p.InstallScripts, f.InstallScripts)
	replace(&p.Ignore, f.Paths.Ignore)
	if f.Existing != "" {
		p.Existing = action(f.Existing)
	}
	if f.NotScanned != "" {
		p.FailClosed = f.NotScanned == "block"
	}
	p.Unknown = f.Unknown.on(p.Unknown)
	a := &f.Accept
	if a.Who != "" {
		p.Accept.Least, _ = comment.ParsePermission(a.Who)
	}
	set(&p.Accept.Author, a.Author)
	set(&p.Accept.All, a.All)
	set(&p.Accept.NextVersion, a.NextVersion)
	if a.ForAtMost != "" {
		p.Accept.Longest = duration(a.ForAtMost)
	}
	if a.Reason != "" {
		p.Accept.ReasonRequired, p.Accept.WorstNeedReason = a.Reason == "required", a.Reason == "worst"
	}
	return p
}

func (l *fileLevels) on(levels Levels) Levels {
	if l.Block == nil && l.Warn == nil && l.Silent == nil {
		return levels
	}
	// A list that is given is the whole of it: what it no longer names falls
	// back to a note.
	for _, list := range []struct {
		list   *[]issue.Severity
		action Action
	}{{l.Block, Block}, {l.Warn, Warn}, {l.Silent, Silent}} {
		if list.list == nil {
			continue
		}
		for s := range levels {
			if levels[s] == list.action {
				levels[s] = Note
			}
		}
	}
	for _, list := range []struct {
		list   *[]issue.Severity
		action Action
	}{{l.Silent, Silent}, {l.Warn, Warn}, {l.Block, Block}} {
		if list.list == nil {
			continue
		}
		for _, s := range *list.list {
			levels[s] = list.action
		}
	}
	return levels
}

func action(word string) Action {
	return Action(max(slices.Index(actionNames, word), 0))
}

func replace(to *[]string, from []string) {
	if from != nil {
		*to = from
	}
}

func set(to *bool, from *bool) {
	if from != nil {
		*to = *from
	}
}

// duration reads what the schema let through: 12h, 30d, 8w, 1y.
func duration(s string) time.Duration {
	n, _ := strconv.Atoi(s[:len(s)-1])
	return time.Duration(n) * map[byte]time.Duration{'h': time.Hour, 'd': comment.Day, 'w': 7 * comment.Day,
		'y': 365 * comment.Day}[s[len(s)-1]]
}
