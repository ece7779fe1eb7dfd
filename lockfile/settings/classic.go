package settings

import (
	"encoding/json"
	"regexp"
	"strings"

	"github.com/lockwarden/lockwarden/lockfile/document"
)

// classicLine is one line of Yarn 1's own grammar: a key, and after a space or
// colon a value. What stands between quotes is JSON.
var classicLine = regexp.MustCompile(`^( *)("(?:[^"\\]|\\.)*"|[A-Za-z/.\-@][^: ,]*)(?::? +|:$|$)(.*?) *$`)

// commandFlag is a key that stands for a command's flag: "--install.registry",
// or "--*.registry" of every command.
var commandFlag = regexp.MustCompile(`^--(?:[^.]+\.)?(.+)$`)

// classic reads Yarn 1's .yarnrc, in the grammar of its lockfiles.
func (r *reader) classic(text string) {
	inEnvironment := false
	for i, line := range strings.Split(text, "\n") {
		line = strings.TrimRight(line, "\r \t")
		bare := strings.TrimLeft(line, " \t\ufeff")
		if bare == "" || bare[0] == '#' {
			continue
		}
		m := classicLine.FindStringSubmatch(strings.TrimPrefix(line, "\ufeff"))
		if m == nil {
			document.Fail(r.file, i+1, "this is not a line of a .yarnrc")
		}
		key, value := r.classicText(m[2], i+1), r.classicText(firstToken(m[3]), i+1)
		if m[1] != "" {
			if inEnvironment {
				r.say(yarn1, "environment-variable", key, "env."+key, value, value, i+1)
			}
			continue
		}
		inEnvironment = key == "env"
		r.classicKey(key, value, i+1)
	}
}

var quotedToken = regexp.MustCompile(`^"(?:[^"\\]|\\.)*"`)

// firstToken is a value without the comment behind it.
func firstToken(text string) string {
	if q := quotedToken.FindString(text); q != "" {
		return q
	}
	text, _, _ = strings.Cut(text, " ")
	return text
}

func (r *reader) classicText(text string, line int) string {
	if !strings.HasPrefix(text, `"`) {
		return text
	}
	var s string
	if err := json.Unmarshal([]byte(text), &s); err != nil {
		document.Fail(r.file, line, "a quoted text does not end")
	}
	return s
}

func (r *reader) classicKey(label, value string, line int) {
	key := label
	if m := commandFlag.FindStringSubmatch(label); m != nil {
		key = m[1]
	}
	v := &document.Value{Kind: document.String, Text: value, Line: line, End: line}
	switch {
	case strings.HasPrefix(key, "//"):
		r.credential(key, value, line, yarn1)
	case key == "registry":
		r.registry(yarn1, "", label, value, line)
	case strings.HasPrefix(key, "@") && strings.HasSuffix(key, ":registry"):
		r.registry(yarn1, strings.TrimSuffix(key, ":registry"), label, value, line)
	case key == "no-lockfile" || key == "pure-lockfile":
		v.Text = map[string]string{"true": "false"}[value]
		if key == "no-lockfile" && v.Text != "" {
			r.say(yarn1, "use-lockfile", "", label, v.Text, value, line)
		}
	default:
		r.rule(inClassic, key, label, v, line)
		r.leftOut(inClassic, key, label, v, line)
		r.download(yarn1, inClassic, key, label, value, line)
	}
}
