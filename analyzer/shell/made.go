package shell

import (
	"path"
	"strings"

	"mvdan.cc/sh/v3/syntax"
)

// madeFile is a file that a command makes, which another one may run.
type madeFile struct {
	// of is the file of the package that it is a copy of, empty where it is none;
	// text is what was written into it, where that is known.
	of, text string
	known    bool
}

// makes notes the file that the output of a statement goes to.
func (r *reader) makes(name string, s *syntax.Stmt, reads func() (string, bool)) {
	if r.pkg == nil || name == "" || strings.Contains(name, Hole) || name == "/dev/null" {
		return
	}
	inner := *s
	inner.Redirs = nil
	added := false
	for _, redirect := range s.Redirs {
		switch redirect.Op {
		case syntax.RdrIn, syntax.Hdoc, syntax.DashHdoc, syntax.WordHdoc:
			inner.Redirs = append(inner.Redirs, redirect)
		case syntax.AppOut, syntax.AppAll:
			added = true
		}
	}
	text, ok := r.printed(&inner, reads)
	if before, made := r.pkg.made[r.pkg.inside(r.dir, name)]; added && made {
		text, ok = before.text+text, ok && before.known && before.of == ""
	}
	r.make(name, madeFile{text: text, known: ok && len(text) <= maxText})
}

// copies notes the files that a command copies, moves or links.
func (r *reader) copies(words []string, reads func() (string, bool)) {
	if r.pkg == nil {
		return
	}
	var names []string
	for _, w := range words[1:] {
		if !strings.HasPrefix(w, "-") {
			names = append(names, w)
		}
	}
	switch Name(words[0]) {
	case "tee":
		for _, name := range names {
			made := madeFile{}
			if reads != nil {
				made.text, made.known = reads()
			}
			r.make(name, made)
		}
	case "cp", "gcp", "mv", "ln", "install", "copy", "move", "cpx", "copyfiles":
		if len(names) < 2 {
			return
		}
		to := names[len(names)-1]
		for _, from := range names[:len(names)-1] {
			for _, dir := range append([]string{r.dir, path.Join(r.dir, path.Dir(to)), ""}, r.dirs...) { // a link's is its own
				of := r.pkg.inside(dir, from)
				made := madeFile{of: of}
				if before, ok := r.pkg.made[of]; ok {
					made = before
				} else if _, ok := r.pkg.Read(of); !ok {
					continue
				}
				r.make(to, made)
				r.make(path.Join(to, path.Base(from)), made) // where it is a folder
				break
			}
		}
	}
}

func (r *reader) make(name string, made madeFile) {
	if r.pkg.made == nil {
		r.pkg.made = map[string]madeFile{}
	}
	if len(r.pkg.made) >= maxMade {
		r.cut("files that commands make: more than 1,000")
		return
	}
	r.pkg.made[r.pkg.inside(r.dir, name)] = made
}

// maxMade is how many files that commands make are remembered.
const maxMade = 1000

// madeScript follows a script that commands before made; it reports whether they
// did.
func (f *follower) madeScript(name string, in at) bool {
	for _, dir := range in.folders() {
		for _, end := range []string{"", ".js", "/index.js"} {
			made, ok := f.made[f.inside(dir, name)+end]
			switch {
			case !ok:
				continue
			case made.of != "":
				f.run.Scripts = append(f.run.Scripts, Script{File: made.of, Label: in.label, By: &in.by})
			case made.known:
				f.run.Scripts = append(f.run.Scripts, Script{Code: made.text, Label: in.label, By: &in.by})
			default:
				f.unknown(name, in)
			}
			return true
		}
	}
	return false
}

// unknown notes a file that runs and that a command made of what is not known.
func (f *follower) unknown(name string, in at) {
	f.cut(&in.by, CutOpen, "what is written into "+shown(name)+", which runs, is not known")
}

// madeExecutable follows a program that commands before made; it reports whether
// they did.
func (f *follower) madeExecutable(words []string, in at) bool {
	for _, dir := range in.folders() {
		made, ok := f.made[f.inside(dir, words[0])]
		if !ok {
			continue
		}
		if made.of != "" {
			in.by.Dir, in.by.dirs = "", nil
			return made.of != words[0] && f.executable(append([]string{made.of}, words[1:]...), in)
		}
		if role, _ := language(words[0], []byte(made.text)); made.known && role == RoleJavaScript {
			return f.madeScript(words[0], in)
		}
		return f.madeShell(words[0], RoleShell, in)
	}
	return false
}

// madeShell follows a shell's file that commands before made; it reports whether
// they did.
func (f *follower) madeShell(name string, role Role, in at) bool {
	for _, dir := range in.folders() {
		made, ok := f.made[f.inside(dir, name)]
		switch {
		case !ok:
			continue
		case made.of != "":
			if inner := f.inside("", made.of); inner != f.inside(dir, name) {
				in.by.Dir, in.by.dirs = "", nil
				return f.shellFile(inner, role, in)
			}
		case made.known:
			f.text(made.text, role, in.inline())
		default:
			f.unknown(name, in)
		}
		return true
	}
	return false
}
