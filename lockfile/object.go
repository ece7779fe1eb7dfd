package lockfile

import (
	"path"
	"slices"
	"strings"

	"github.com/lockwarden/lockwarden/lockfile/document"
)

// reader walks a document in JSON; its methods are the grammar of npm's.
type reader struct{ *document.Reader }

// checkLocation refuses locations that no npm writes and that would mean
// different folders to different readers.
func (r *reader) checkLocation(location string, pos int) {
	if len(location) > maxLocation {
		r.FailAt(pos, "%s", tooLong(location))
	}
	if strings.HasPrefix(location, "/") || strings.ContainsAny(location, "\\\x00\n") || path.Clean(location) != location {
		r.FailAt(pos, "%q is not a clean relative location", document.Clip(location))
	}
}

// entry reads one object of "packages".
func (r *reader) entry(e *Entry) {
	var optionalPeers map[string]bool
	r.Object(func(key string, keyPos int) {
		switch key {
		case "name":
			e.Package = r.StringOr()
		case "version":
			e.Version = r.StringOr()
		case "resolved":
			e.Resolved = r.source(key)
		case "integrity":
			e.Integrity = r.source(key)
			if e.Integrity != "" && !validSRI(e.Integrity) {
				r.FailAt(keyPos, "%q: \"integrity\" is not an SRI hash: %q", document.Clip(e.Location), document.Clip(e.Integrity))
			}
		case "dev":
			e.Dev = r.Truthy()
		case "optional":
			e.Optional = r.Truthy()
		case "devOptional":
			e.DevOptional = r.Truthy()
		case "peer":
			e.Peer = r.Truthy()
		case "link":
			e.Link = r.Truthy()
		case "inBundle":
			e.Bundled = r.Truthy()
		case "extraneous":
			e.Extraneous = r.Truthy()
		case "hasInstallScript":
			e.InstallScript = r.Truthy()
		case "deprecated":
			if e.Deprecated = r.StringOr(); e.Deprecated == "" {
				e.Deprecated = "deprecated"
			}
		case "dependencies":
			r.dependencies(e, Prod)
		case "devDependencies":
			r.dependencies(e, Dev)
		case "optionalDependencies":
			r.dependencies(e, Optional)
		case "peerDependencies":
			r.dependencies(e, Peer)
		case "peerDependenciesMeta":
			if r.Peek() != '{' {
				r.Skip()
				return
			}
			r.Object(func(name string, _ int) {
				if r.Peek() != '{' {
					r.Skip()
					return
				}
				r.Object(func(key string, _ int) {
					if key == "optional" && r.Truthy() {
						if optionalPeers == nil {
							optionalPeers = map[string]bool{}
						}
						optionalPeers[name] = true
					} else if key != "optional" {
						r.Skip()
					}
				})
			})
		case "bin":
			r.bin(e)
		case "os", "cpu", "libc":
			e.platform(key, r.strings())
		case "engines":
			if r.Peek() != '{' {
				r.Skip()
				return
			}
			// npm leaves out an optional package whose engines do not fit.
			var list []string
			r.Object(func(name string, _ int) { list = append(list, name+"@"+r.StringOr()) })
			e.platform(key, list)
		case "bundleDependencies", "bundledDependencies":
			if r.Peek() != '[' {
				r.Skip()
				return
			}
			r.Array(func() { e.Bundles = append(e.Bundles, r.StringOr()) })
		case "workspaces":
			r.workspaces(e)
		case "license", "funding", "requires", "ideallyInert", "description", "author", "homepage", "repository", "keywords", "files":
			r.Skip() // nothing is installed otherwise for it
		case "scripts":
			if e.Location != "" {
				r.FailAt(keyPos, "%q has \"scripts\", which npm runs in place of the package's own; no package manager writes them",
					document.Clip(e.Location))
			}
			r.Skip() // of package.json, or of the project's copy of it
		default:
			from := r.Pos
			r.Skip()
			if e.Location != "" {
				e.platform(document.Clip(key), []string{strings.TrimSpace(r.Text[from:r.Pos])})
			}
		}
	})
	if e.InstallScript {
		e.platform("scripts", []string{"its own"})
	}
	if len(e.Bundles) > 0 {
		e.platform("bundles", slices.Clone(e.Bundles))
	}
	e.optionalPeers(optionalPeers)
	if e.Location != "" && !e.Link {
		// Arborist: devOptional is also set where dev or optional is.
		e.DevOptional = e.DevOptional || e.Dev || e.Optional
	}
}

// optionalPeers marks the peers that need not be there.
func (e *Entry) optionalPeers(names map[string]bool) {
	for i := range e.Dependencies {
		if d := &e.Dependencies[i]; d.Kind == Peer && names[d.Name] {
			d.Kind = PeerOptional
		}
	}
}

func (r *reader) dependencies(e *Entry, kind DependencyKind) {
	if r.Peek() != '{' {
		r.Skip()
		return
	}
	r.Object(func(name string, _ int) {
		e.Dependencies = append(e.Dependencies, Dependency{Name: name, Spec: r.StringOr(), Kind: kind})
	})
}

// workspaces reads the array or {"packages": [...]} form.
func (r *reader) workspaces(e *Entry) {
	list := func() { r.Array(func() { e.workspaces = append(e.workspaces, r.StringOr()) }) }
	switch r.Peek() {
	case '[':
		list()
	case '{':
		r.Object(func(key string, _ int) {
			if key == "packages" && r.Peek() == '[' {
				list()
				return
			}
			r.Skip()
		})
	default:
		r.Skip()
	}
}

// source reads what says where a package's bytes come from. Other kinds of
// values than texts mean something to npm that they do not say: a list with one
// address is taken as that address.
func (r *reader) source(key string) string {
	switch r.Peek() {
	case '"':
		return r.Str()
	case 'n':
		r.Literal() // null
		return ""
	case 'f':
		if r.Literal() == "false" {
			return ""
		}
	}
	r.Fail("%q is not a text; readers would disagree on what it means", key)
	return ""
}

// bin reads the commands of a package: an object, or one file under the
// package's own name.
func (r *reader) bin(e *Entry) {
	switch r.Peek() {
	case '{':
		r.Object(func(name string, _ int) {
			if e.Bin == nil {
				e.Bin = map[string]string{}
			}
			e.Bin[name] = strings.TrimPrefix(r.StringOr(), "./") // as later releases of npm write it
		})
	case '"':
		e.Bin = map[string]string{"": r.Str()}
	default:
		r.Skip()
	}
}

// strings reads a text or a list of them.
func (r *reader) strings() []string {
	if r.Peek() != '[' {
		return []string{r.StringOr()}
	}
	var out []string
	r.Array(func() { out = append(out, r.StringOr()) })
	return out
}

// readManifest reads the package.json beside a lockfile.
func readManifest(lockfile string, manifest []byte) (declared *Entry, err error) {
	defer document.Catch(&err)
	r := &reader{&document.Reader{File: path.Join(path.Dir(lockfile), "package.json"), Text: strings.TrimPrefix(string(manifest), "\ufeff")}}
	if r.Peek() != '{' {
		r.Fail("package.json is not a JSON object")
	}
	declared = &Entry{Line: 1}
	r.entry(declared)
	return declared, nil
}
