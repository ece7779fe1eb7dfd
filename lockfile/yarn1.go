package lockfile

import (
	"path"
	"strconv"
	"strings"

	"github.com/lockwarden/lockwarden/lockfile/document"
)

// Yarn 1's lockfile, in a form of its own. npm 7 and later write one as well,
// beside Yarn's, and quote every key.

// classic reads version 1, line by line.
func (l *yarnLock) classic(file, text string) {
	l.graph = newGraph(file, Yarn, 1)
	l.lock.cacheKey = yarnClassic
	var e *Entry
	var descriptors []string
	section, own := "", ""
	ended := func() {
		if e == nil {
			return
		}
		name, _, _ := splitName(descriptors[0])
		e.Name, e.Package = name, name
		local := false
		for _, d := range descriptors {
			_, spec, _ := splitName(d)
			switch protocol, rest, _ := strings.Cut(spec, ":"); protocol {
			case "npm":
				e.Package, _, _ = splitName(rest)
			case "link":
				e.Link, e.Resolved, local = true, path.Clean(rest), true
			case "file":
				local = true
				if e.Resolved == "" {
					e.Resolved = "file:" + path.Clean(rest)
				}
			}
			if strings.HasPrefix(spec, "./") || strings.HasPrefix(spec, "../") || strings.HasPrefix(spec, "/") {
				if local = true; e.Resolved == "" {
					e.Resolved = "file:" + path.Clean(spec)
				}
			}
		}
		if own != "" {
			e.Package = own // several aliases share one entry
		}
		if address, fragment, ok := strings.Cut(e.Resolved, "#"); ok && !isGitURL(e.Resolved) {
			if sum := sriOfSHA1(fragment); sum != "" {
				e.Resolved, e.Checksum = address, yarnSHA1+fragment
				if e.Integrity == "" {
					e.Integrity = sum
				}
			}
		}
		if isGitURL(e.Resolved) && strings.HasPrefix(e.Integrity, "sha1-") {
			e.Integrity = ""
		}
		e.Location = "node_modules/" + e.Name + "@" + e.Version
		if local {
			e.Location = "node_modules/" + e.Name + "@local"
		}
		if e.Version == "" {
			l.fail(e.Line, "\""+document.Clip(descriptors[0])+"\" has no version (truncated?); run yarn install to write it again")
		}
		l.checkEntry(e)
		for _, d := range descriptors {
			l.describe(e, d, e.Line)
		}
		l.add(e)
		e = nil
	}
	var seen map[string]bool
	number := 0
	for line := range strings.Lines(text) {
		number++
		line = strings.TrimRight(line, "\r\n")
		content := strings.TrimLeft(line, " ")
		indent := len(line) - len(content)
		if content == "" || content[0] == '#' {
			continue
		}
		switch {
		case indent == 0:
			ended()
			list, ok := strings.CutSuffix(content, ":")
			if !ok {
				l.fail(number, "this line is neither a package nor part of one: \""+document.Clip(content)+"\"")
			}
			descriptors = l.descriptors(list, number)
			e, section, own, seen = &Entry{Line: number, EndLine: number}, "", "", map[string]bool{}
		case e == nil:
			l.fail(number, "an indented line before the first package")
		case indent == 2:
			e.EndLine = number
			key, value, _ := cutWord(content)
			if strings.HasSuffix(key, "\":") {
				key = strings.TrimSuffix(key, ":") // a section, as npm quotes it
				key = l.value(key, number) + ":"
			}
			section, key = "", l.value(key, number)
			if seen[key] {
				l.fail(number, "\""+document.Clip(key)+"\" appears twice in the same entry; readers would disagree on which counts")
			}
			seen[key] = true
			switch key {
			case "name":
				own = l.value(value, number)
			case "version":
				e.Version = l.value(value, number)
			case "resolved":
				e.Resolved = l.value(value, number)
			case "integrity":
				e.Integrity = l.value(value, number)
			case "dependencies:", "optionalDependencies:":
				section = key
			default:
				e.platform(document.Clip(key), []string{value})
			}
		case indent == 4 && section == "" && strings.HasPrefix(content, "\""), indent > 4 && indent%2 == 0:
			e.EndLine = number // a part of something that no version of Yarn reads
			e.platform(document.Clip(content), []string{"there"})
		case indent%2 != 0:
			l.fail(number, "the line is not indented as Yarn writes it: "+document.Clip(content))
		case indent == 4 && section != "":
			e.EndLine = number
			name, spec, ok := cutWord(content)
			if !ok {
				l.fail(number, "a dependency without a range: \""+document.Clip(content)+"\"")
			}
			kind := Prod
			if section == "optionalDependencies:" {
				kind = Optional
			}
			l.wants = append(l.wants, yarnWant{e, Dependency{Name: l.value(name, number), Spec: l.value(spec, number), Kind: kind}, number})
		default:
			e.EndLine = number
			e.platform(document.Clip(content), []string{"there"})
		}
	}
	ended()
}

// descriptors cuts the ranges in front of an entry: a@^1, "b@>=1 <2".
func (l *yarnLock) descriptors(list string, line int) []string {
	var out []string
	for list != "" {
		var one string
		if list[0] == '"' {
			end := strings.IndexByte(list[1:], '"')
			if end < 0 {
				l.fail(line, "a text without its end: "+document.Clip(list))
			}
			one, list = list[1:1+end], list[end+2:]
		} else {
			one, list, _ = strings.Cut(list, ",")
			out = append(out, strings.TrimSpace(one))
			list = strings.TrimLeft(list, " ")
			continue
		}
		out = append(out, one)
		list = strings.TrimLeft(strings.TrimPrefix(list, ","), " ")
	}
	for _, d := range out {
		if name, _, _ := splitName(d); !packageName.MatchString(name) {
			l.fail(line, "\""+document.Clip(d)+"\" is not a package and a range")
		}
	}
	if len(out) == 0 {
		l.fail(line, "an entry without a name")
	}
	return out
}

// cutWord cuts a line at the space after its first word, which may be quoted.
func cutWord(s string) (word, rest string, ok bool) {
	if strings.HasPrefix(s, "\"") {
		if end := strings.IndexByte(s[1:], '"'); end >= 0 {
			word, rest = s[:end+2], s[end+2:]
			if strings.HasPrefix(rest, ":") {
				word, rest = word+":", rest[1:]
			}
			return word, strings.TrimLeft(rest, " "), rest != ""
		}
	}
	return strings.Cut(s, " ")
}

func (l *yarnLock) value(s string, line int) string {
	if !strings.HasPrefix(s, "\"") {
		return s
	}
	text, err := strconv.Unquote(s)
	if err != nil {
		l.fail(line, "a text without its end: "+document.Clip(s))
	}
	return text
}
