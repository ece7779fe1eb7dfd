package lockfile

import (
	"net/url"
	"path"
	"regexp"
	"strconv"
	"strings"

	"github.com/lockwarden/lockwarden/lockfile/document"
)

// The lockfiles of Yarn 2 to 4, in YAML, and of Yarn 6, in JSON.
// Sources: https://yarnpkg.com/protocols, https://github.com/yarnpkg/zpm

// berryEntry is one entry, whatever it is written in.
type berryEntry struct {
	key                           string
	line, end                     int
	resolution, version, checksum string
	// conditional is set for packages of certain systems.
	conditional  bool
	platforms    string
	bin          map[string]string
	dependencies []Dependency
}

// berry reads the YAML form.
func (l *yarnLock) berry(file, text string) {
	documents := document.YAML(file, text)
	if len(documents) > 1 {
		document.Fail(file, documents[1].First, "the lockfile has more than one document; Yarn reads one")
	}
	doc := documents[0]
	metadata := doc.Mapping("__metadata")
	version, cacheKey := 0, ""
	if metadata != nil {
		version, _ = strconv.Atoi(metadata.Text("version"))
		cacheKey = metadata.Text("cacheKey")
	}
	l.begin(file, version, cacheKey, max(doc.Line["__metadata"], 1))
	for _, key := range doc.Keys {
		if key == "__metadata" {
			continue
		}
		of := doc.Mapping(key)
		if of == nil {
			l.fail(doc.Line[key], "\""+document.Clip(key)+"\" is not a mapping")
		}
		one := berryEntry{key: key, line: doc.Line[key], end: doc.EndOf(key), resolution: of.Scalar("resolution"), version: of.Scalar("version"),
			checksum: of.Scalar("checksum"), conditional: of.Text("conditions") != "", platforms: of.Text("conditions")}
		for _, field := range of.Keys {
			if usual, known := berryKeys[field]; !known || usual != "" && usual != of.Text(field) {
				one.platforms += " " + document.Clip(field) + "=" + document.Flat(of.At[field])
			}
		}
		one.platforms = strings.TrimSpace(one.platforms)
		of.Mapping("bin").Texts(func(name, file string) {
			if one.bin == nil {
				one.bin = map[string]string{}
			}
			one.bin[name] = file
		})
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
			one.dependencies = append(one.dependencies, Dependency{Name: name, Spec: spec, Kind: kind})
		})
		l.put(one)
	}
}

// berryKeys are the fields of an entry that are read elsewhere, and those with
// one usual value; any other counts as it stands.
var berryKeys = map[string]string{"version": "", "resolution": "", "checksum": "", "conditions": "", "dependencies": "", "dependenciesMeta": "",
	"bin": "", "languageName": "node", "linkType": "hard"}

func (l *yarnLock) begin(file string, version int, cacheKey string, line int) {
	if version < 4 || version > 20 {
		document.Fail(file, line, "the version of Yarn's lockfile is not one this program knows (4 and later are)")
	}
	l.graph = newGraph(file, Yarn, version)
	l.lock.cacheKey = cacheKey
}

// json reads the form of Yarn 6, which names no workspaces.
func (l *yarnLock) json(file, text string) {
	r := &reader{&document.Reader{File: file, Text: text, Rewrite: rewrite[Yarn]}}
	version, entriesAt := "", -1
	r.Object(func(key string, _ int) {
		switch {
		case key == "__metadata" && r.Peek() == '{':
			r.Object(func(key string, _ int) {
				if key == "version" && r.Peek() != '"' {
					version = r.Literal()
				} else if key == "version" {
					version = r.Str()
				} else {
					r.Skip()
				}
			})
		case key == "entries":
			entriesAt = r.Pos
			r.Skip()
		default:
			r.Skip()
		}
	})
	r.Space()
	if r.Pos < len(r.Text) {
		r.Fail("unexpected %s after the end of Yarn's lockfile", document.Describe(r.Text[r.Pos:]))
	}
	number, _ := strconv.Atoi(version)
	l.begin(file, number, "", 1)
	if entriesAt < 0 {
		return
	}
	r.Pos = entriesAt
	if r.Peek() != '{' {
		r.Fail("\"entries\" of Yarn's lockfile is not an object")
	}
	r.Object(func(key string, keyPos int) {
		one := berryEntry{key: key, line: r.Line(keyPos)}
		if r.Peek() != '{' {
			r.Fail("the entry %q is not an object", document.Clip(key))
		}
		r.Object(func(key string, _ int) {
			switch {
			case key == "checksum":
				one.checksum = r.StringOr()
			case key == "resolution" && r.Peek() == '{':
				l.jsonResolution(r, &one)
			default:
				r.Skip()
			}
		})
		one.end = r.Line(r.Pos)
		l.put(one)
	})
}

func (l *yarnLock) jsonResolution(r *reader, one *berryEntry) {
	var optional, platforms []string
	r.Object(func(key string, _ int) {
		switch {
		case key == "resolution":
			one.resolution = r.StringOr()
		case key == "version":
			one.version = r.StringOr()
		case key == "requirements" && r.Peek() == '{':
			one.conditional = true
			r.Object(func(kind string, _ int) { platforms = append(platforms, kind+"="+strings.Join(r.strings(), ",")+" ") })
			one.platforms = strings.Join(platforms, "")
		case (key == "dependencies" || key == "variants") && r.Peek() == '{':
			r.Object(func(name string, _ int) {
				one.dependencies = append(one.dependencies, Dependency{Name: name, Spec: r.StringOr(), Kind: Prod})
			})
		case key == "variants" && r.Peek() == '[':
			r.Array(func() {
				name, spec, _ := splitName(r.StringOr())
				one.dependencies = append(one.dependencies, Dependency{Name: name, Spec: spec, Kind: Optional})
			})
		case key == "optionalDependencies" && r.Peek() == '[':
			r.Array(func() { optional = append(optional, r.StringOr()) })
		default:
			r.Skip()
		}
	})
	isOptional := setOf(optional)
	for i := range one.dependencies {
		if isOptional(one.dependencies[i].Name) {
			one.dependencies[i].Kind = Optional
		}
	}
}

var descriptorComma = regexp.MustCompile(` *, *`)

// put adds an entry.
func (l *yarnLock) put(one berryEntry) {
	e := &Entry{Line: one.line, EndLine: one.end, Conditional: one.conditional, Platforms: one.platforms, Bin: one.bin}
	descriptors := descriptorComma.Split(one.key, -1)
	name, _, ok := splitName(descriptors[0])
	if !ok {
		l.fail(e.Line, "\""+document.Clip(one.key)+"\" is not a package and a range")
	}
	e.Name = name
	folder, isFolder := l.locator(e, one.resolution)
	if e.Version == "" && !isFolder {
		e.Version = one.version
	}
	if e.Checksum = one.checksum; e.Checksum != "" && !strings.Contains(e.Checksum, "/") {
		e.Checksum = l.lock.cacheKey + "/" + e.Checksum
	}
	switch {
	case isFolder && folder == "." && strings.Contains(one.resolution, "@workspace:"):
		e = l.lock.Root
		e.Line, e.EndLine, e.Package, e.Name = one.line, one.end, name, name
	case isFolder && strings.Contains(one.resolution, "@workspace:"):
		e.Location, e.source = folder, Local
		l.checkEntry(e)
		l.member(e)
	case isFolder:
		e.Location, e.Link, e.Resolved = "node_modules/"+e.Name+"@link", true, folder
		l.checkEntry(e)
		l.add(e)
	default:
		e.Location = "node_modules/" + e.Name + "@" + e.Version
		l.checkEntry(e)
		l.add(e)
	}
	for _, descriptor := range descriptors {
		if name, _, ok := splitName(descriptor); !isFolder && (!ok || !packageName.MatchString(name)) {
			l.fail(one.line, "\""+document.Clip(descriptor)+"\" is not a package and a range")
		}
		l.describe(e, descriptor, one.line)
		of, _ := patchOf(descriptor)
		l.patched = append(l.patched, yarnPatch{e, descriptor, of})
	}
	for _, d := range one.dependencies {
		l.wants = append(l.wants, yarnWant{e, d, one.line})
	}
}

// locator reads where a package comes from: "name@npm:1.0.0". It returns the
// folder of a workspace, a link or a portal.
func (l *yarnLock) locator(e *Entry, resolution string) (folder string, isFolder bool) {
	name, reference, ok := splitName(resolution)
	if !ok {
		l.fail(e.Line, "\""+document.Clip(resolution)+"\" is no resolution (truncated?); run yarn install to write it again")
	}
	e.Package = name
	protocol, rest, _ := strings.Cut(reference, ":")
	if at, _, bound := strings.Cut(reference, "::"); bound && protocol != "npm" && protocol != "patch" {
		reference = at
		_, rest, _ = strings.Cut(reference, ":")
	}
	switch protocol {
	case "npm":
		l.npm(e, rest)
	case "workspace", "link", "portal":
		return path.Clean(rest), true
	case "patch":
		l.patch(e, rest)
	case "file":
		rest, _, _ = strings.Cut(rest, "#")
		e.Resolved = "file:" + path.Clean(rest)
	case "exec":
		e.Resolved, e.source = "exec:"+rest, File
	case "builtin":
		e.Version, e.source = rest, Runtime
	default:
		e.Resolved = reference
		address, fragment, ok := strings.Cut(reference, "#")
		if commit, is := strings.CutPrefix(fragment, "commit="); ok && is {
			e.Resolved = address + "#" + commit
		} else if protocol == "http" || protocol == "https" {
			return "", false
		}
		if !isGitURL(e.Resolved) {
			e.Resolved = "git+" + e.Resolved
		}
	}
	return "", false
}

// npm reads a version of a registry, and the address that replaces the one
// that Yarn derives. A package of another name than the entry's has it in front
// of the version (Yarn 6).
func (l *yarnLock) npm(e *Entry, rest string) {
	version, parameters, _ := strings.Cut(rest, "::")
	if of, v, ok := splitName(version); ok {
		e.Package, version = of, v
	}
	e.Version = version
	values, err := url.ParseQuery(parameters)
	if err != nil {
		l.fail(e.Line, "the address of \""+document.Clip(e.Package)+"\" cannot be read: \""+document.Clip(parameters)+"\"")
	}
	if address := values.Get("__archiveUrl"); address != "" {
		e.Resolved = address
	} else if _, address, ok := strings.Cut(version, "#"); ok {
		e.Version, _, _ = strings.Cut(version, "#")
		e.Resolved = address
	}
}

// patch reads a package with a patch: patch:a@npm%3A1.0.0#./fix.patch::hash=….
// What is patched has a
// name and a source of its own.
func (l *yarnLock) patch(e *Entry, rest string) {
	inner, patches, _ := strings.Cut(rest, "#")
	if decoded, err := url.PathUnescape(inner); err == nil {
		if folder, isFolder := l.locator(e, decoded); isFolder {
			e.Resolved, e.source = "file:"+folder, File
		}
	}
	files, parameters, _ := strings.Cut(patches, "::")
	e.Patch = files
	if strings.Contains(files, "builtin<") { // spelled in several ways
		e.Patch = files[strings.Index(files, "builtin<"):]
	}
	if values, err := url.ParseQuery(parameters); err == nil && !strings.Contains(files, "builtin<") {
		e.Patch += " " + values.Get("hash")
	}
	e.Patch = strings.TrimSpace(e.Patch)
}
