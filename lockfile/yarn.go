package lockfile

import (
	"net/url"
	"path"
	"strconv"
	"strings"

	"github.com/lockwarden/lockwarden/lockfile/document"
)

// Yarn's lockfiles: version 1 in a form of its own, later ones in YAML. Both
// name each package by the ranges that led to it.
// Sources: https://classic.yarnpkg.com/docs/yarn-lock and
// https://yarnpkg.com/configuration/manifest

// yarnLock is what both have in common.
type yarnLock struct {
	*graph
	// byDescriptor are the entries by "name@range".
	byDescriptor map[string]*Entry
	wants        []yarnWant
	// patched are the packages that a patch changes, in file order.
	patched []yarnPatch
}

// yarnPatch is a patched package with its descriptor and that of what is
// patched.
type yarnPatch struct {
	e              *Entry
	descriptor, of string
}

// yarnWant is a dependency to be resolved when all entries are known.
type yarnWant struct {
	e *Entry
	d Dependency
}

func (l *yarnLock) describe(e *Entry, descriptor string, line int) {
	if l.byDescriptor[descriptor] != nil {
		l.fail(line, "\""+document.Clip(descriptor)+"\" is locked twice; readers would disagree on which counts")
	}
	l.byDescriptor[descriptor] = e
}

// find is the entry for a range; Yarn 2 and later write "npm:" before it.
func (l *yarnLock) find(name, spec string) *Entry {
	for _, descriptor := range []string{name + "@" + spec, name + "@npm:" + spec} {
		if e := l.byDescriptor[descriptor]; e != nil {
			return e
		}
	}
	// A patched package's descriptor has more behind it.
	if strings.HasPrefix(spec, "patch:") {
		for _, p := range l.patched {
			if strings.HasPrefix(p.descriptor, name+"@"+spec) {
				return p.e
			}
		}
	}
	return nil
}

// resolve links what entries ask for, and the project by its package.json.
func (l *yarnLock) resolve(manifest []byte) error {
	for _, w := range l.wants {
		l.depend(w.e, w.d, l.find(w.d.Name, w.d.Spec))
	}
	for _, p := range l.patched {
		if base := l.byDescriptor[p.of]; base != nil {
			l.depend(base, Dependency{Name: p.e.Location, Kind: Prod}, p.e)
		}
	}
	if len(manifest) == 0 {
		return nil
	}
	declared, err := readManifest(l.file, manifest)
	if err != nil {
		return err
	}
	root := l.lock.Root
	root.Name, root.Package, root.Version = declared.Package, declared.Package, declared.Version
	root.Dependencies = nil
	for _, d := range declared.Dependencies {
		if d.Kind != Peer && d.Kind != PeerOptional {
			l.depend(root, d, l.find(d.Name, d.Spec))
		}
	}
	return nil
}

func parseYarn(file, text string, manifest []byte) (*Lockfile, error) {
	l := &yarnLock{byDescriptor: map[string]*Entry{}}
	if strings.Contains(text, "\n__metadata:") || strings.HasPrefix(text, "__metadata:") {
		l.berry(file, text)
	} else {
		l.classic(file, text)
	}
	if err := l.resolve(manifest); err != nil {
		return nil, err
	}
	return l.finish(), nil
}

// classic reads version 1, line by line.
func (l *yarnLock) classic(file, text string) {
	l.graph = newGraph(file, Yarn, 1)
	var e *Entry
	var descriptors []string
	section := ""
	ended := func() {
		if e == nil {
			return
		}
		name, _, _ := splitName(descriptors[0])
		e.Name, e.Package = name, name
		if _, spec, _ := splitName(descriptors[0]); strings.HasPrefix(spec, "npm:") {
			if of, _, ok := splitName(strings.TrimPrefix(spec, "npm:")); ok || of != "" {
				e.Package = of
			}
		}
		if address, fragment, ok := strings.Cut(e.Resolved, "#"); ok && !isGitURL(e.Resolved) {
			if sum := sriOfSHA1(fragment); sum != "" {
				e.Resolved = address
				if e.Integrity == "" {
					e.Integrity = sum
				}
			}
		}
		e.Location = "node_modules/" + e.Name + "@" + e.Version
		if e.Version == "" {
			l.fail(e.Line, "\""+document.Clip(descriptors[0])+"\" has no version (truncated?); run yarn install to write it anew")
		}
		l.checkEntry(e)
		for _, d := range descriptors {
			l.describe(e, d, e.Line)
		}
		l.add(e)
		e = nil
	}
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
			e, section = &Entry{Line: number, EndLine: number}, ""
		case e == nil:
			l.fail(number, "an indented line before the first package")
		case indent == 2:
			e.EndLine = number
			key, value, _ := cutWord(content)
			section = ""
			switch key {
			case "version":
				e.Version = l.value(value, number)
			case "resolved":
				e.Resolved = l.value(value, number)
			case "integrity":
				e.Integrity = l.value(value, number)
			case "dependencies:", "optionalDependencies:":
				section = key
			}
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
			l.wants = append(l.wants, yarnWant{e, Dependency{Name: l.value(name, number), Spec: l.value(spec, number), Kind: kind}})
		default:
			e.EndLine = number
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
			return s[:end+2], strings.TrimLeft(s[end+2:], " "), len(s) > end+2
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

// notRecorded stands for a checksum that Yarn left out.
const notRecorded = "none"

// berry reads Yarn 2 and later.
func (l *yarnLock) berry(file, text string) {
	doc := document.YAML(file, text)
	metadata := doc.Mapping("__metadata")
	version := 0
	if metadata != nil {
		version, _ = strconv.Atoi(metadata.Text("version"))
	}
	if version < 4 || version > 20 {
		document.Fail(file, max(doc.Line["__metadata"], 1), "the version of Yarn's lockfile is not one this program knows (4 and later are)")
	}
	l.graph = newGraph(file, Yarn, version)
	for _, key := range doc.Keys {
		if key == "__metadata" {
			continue
		}
		of := doc.Mapping(key)
		if of == nil {
			l.fail(doc.Line[key], "\""+document.Clip(key)+"\" is not a mapping")
		}
		e := &Entry{Line: doc.Line[key], EndLine: doc.EndOf(key)}
		name, _, ok := splitName(key)
		if !ok {
			l.fail(e.Line, "\""+document.Clip(key)+"\" is not a package and a range")
		}
		e.Name = name
		workspace := l.locator(e, of.Text("resolution"))
		if e.Version == "" {
			e.Version = of.Text("version")
		}
		// Yarn leaves the checksum out where this machine has no use for the
		// package; it never records a tarball's hash.
		if e.Checksum = of.Text("checksum"); e.Checksum == "" {
			e.Checksum = notRecorded
		}
		switch {
		case workspace == ".":
			e = l.lock.Root
			e.Line, e.EndLine, e.Package, e.Name = doc.Line[key], doc.EndOf(key), name, name
		case workspace != "":
			e.Version = ""
			e.Location = path.Clean(workspace)
			l.checkEntry(e)
			l.member(e)
		default:
			e.Location = "node_modules/" + e.Name + "@" + e.Version
			l.checkEntry(e)
			l.add(e)
		}
		for _, descriptor := range strings.Split(key, ", ") {
			l.describe(e, descriptor, doc.Line[key])
			if of, ok := patchOf(descriptor); ok {
				l.patched = append(l.patched, yarnPatch{e, descriptor, of})
			}
		}
		optional := map[string]bool{}
		if meta := of.Mapping("dependenciesMeta"); meta != nil {
			for _, name := range meta.Keys {
				if m := meta.Mapping(name); m != nil && m.Text("optional") == "true" {
					optional[name] = true
				}
			}
		}
		of.Mapping("dependencies").Texts(func(name, spec string) {
			kind := Prod
			if optional[name] {
				kind = Optional
			}
			l.wants = append(l.wants, yarnWant{e, Dependency{Name: name, Spec: spec, Kind: kind}})
		})
	}
}

// patchOf is the descriptor of the package that another one patches:
// a@npm:^1 of a@patch:a@npm%3A^1#….
func patchOf(descriptor string) (of string, ok bool) {
	_, spec, _ := splitName(descriptor)
	inner, ok := strings.CutPrefix(spec, "patch:")
	if !ok {
		return "", false
	}
	inner, _, _ = strings.Cut(inner, "#")
	of, err := url.PathUnescape(inner)
	return of, err == nil
}

// locator reads where a package comes from: "name@npm:1.0.0". It returns the
// folder of a workspace.
func (l *yarnLock) locator(e *Entry, resolution string) (workspace string) {
	name, reference, ok := splitName(resolution)
	if !ok {
		l.fail(e.Line, "\""+document.Clip(resolution)+"\" is no resolution (truncated?); run yarn install to write it anew")
	}
	e.Package = name
	protocol, rest, _ := strings.Cut(reference, ":")
	switch protocol {
	case "npm":
		version, parameters, _ := strings.Cut(rest, "::")
		e.Version = version
		if values, err := url.ParseQuery(parameters); err == nil {
			e.Resolved = values.Get("__archiveUrl")
		}
	case "workspace", "link", "portal":
		return path.Clean(rest)
	case "patch":
		// The package from the registry, with a patch from the repository.
		if inner, err := url.PathUnescape(rest); err == nil {
			if _, spec, ok := splitName(inner); ok {
				spec, _, _ = strings.Cut(spec, "#")
				if decoded, err := url.PathUnescape(spec); err == nil {
					spec = decoded
				}
				e.Version = strings.TrimPrefix(spec, "npm:")
			}
		}
		if strings.ContainsAny(e.Version, " /:") {
			e.Version = ""
		}
	case "file":
		e.Resolved = "file:" + rest
	case "https", "http":
		e.Resolved = reference
		if address, fragment, ok := strings.Cut(reference, "#"); ok && strings.HasPrefix(fragment, "commit=") {
			e.Resolved = "git+" + address + "#" + strings.TrimPrefix(fragment, "commit=")
		}
	default:
		e.Resolved = reference
		if address, fragment, ok := strings.Cut(reference, "#"); ok && strings.HasPrefix(fragment, "commit=") {
			e.Resolved = address + "#" + strings.TrimPrefix(fragment, "commit=")
		}
		if !isGitURL(e.Resolved) {
			e.Resolved = "git+" + e.Resolved
		}
	}
	return ""
}
