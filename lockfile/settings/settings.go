package settings

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/lockwarden/lockwarden/lockfile/document"
)

// Read reads all settings files of a tree. prefix is put before their names:
// the folder of the repository that the tree is. managers are what the caller
// knows of the project, such as the format of its lockfile; what package.json
// declares goes before. An error is only of the tree itself (a file that cannot
// be opened): what is wrong with a file's contents is in Settings.Unread.
func Read(project fs.FS, prefix string, managers ...Manager) (Settings, error) {
	r := &reader{project: project, prefix: prefix, s: Settings{digests: map[string]digest{}}, builders: map[string]client{}}
	files := 0
	err := fs.WalkDir(project, ".", func(name string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && skipped(d.Name()):
			return fs.SkipDir
		case d.IsDir() || !d.Type().IsRegular():
			return nil
		}
		kind := kindOf(name)
		if kind == notSettings {
			return nil
		}
		if files++; files > maxFiles {
			r.unread(name, 1, fmt.Sprintf("the project has more than %d settings files; from here on they were not read", maxFiles))
			return fs.SkipAll
		}
		return r.read(name, kind)
	})
	if err != nil {
		return r.s, fmt.Errorf("settings: %w", err)
	}
	r.s.know(managers)
	r.forgetEnvironment()
	if err := r.named(); err != nil {
		return r.s, fmt.Errorf("settings: %w", err)
	}
	if err := r.load(); err != nil {
		return r.s, fmt.Errorf("settings: %w", err)
	}
	r.ownBuilds()
	slices.SortStableFunc(r.s.Statements, func(a, b Statement) int {
		if c := strings.Compare(a.File, b.File); c != 0 {
			return c
		}
		return a.Line - b.Line
	})
	return r.s, nil
}

// Named are the files that settings name, relative to the tree's prefix like
// every File: a pnpmfile, a Yarn release, patches. A change of one counts as
// a change of settings, whatever its name.
func (s Settings) Named() []string {
	out := slices.Clone(s.names)
	for name, d := range s.digests {
		if d.kind == codeFile || d.kind == patchFile || d.kind == buildsFile || d.kind == lockFile {
			out = append(out, name)
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// know settles which managers the project uses: what it declares, and of what
// the caller knows the families of which nothing is declared.
func (s *Settings) know(managers []Manager) {
	var declared client
	for _, m := range s.Managers {
		declared |= m.clients().widen()
	}
	for _, m := range managers {
		if m.clients()&declared == 0 {
			s.Managers = append(s.Managers, m)
		}
	}
}

// clients are those that the project may use; 0 where nothing says.
func (s *Settings) clients() client {
	var out client
	for _, m := range s.Managers {
		out |= m.clients()
	}
	return out
}

// open reads a file up to a limit.
func (r *reader) open(name string, limit int64) (data []byte, whole bool, err error) {
	f, err := r.project.Open(name)
	if err != nil {
		return nil, false, err
	}
	data, err = io.ReadAll(io.LimitReader(f, limit+1))
	if err = errors.Join(err, f.Close()); err != nil {
		return nil, false, fmt.Errorf("%s: %w", name, err)
	}
	return data, int64(len(data)) <= limit, nil
}

func (r *reader) read(name string, kind fileKind) error {
	limit := int64(maxFile)
	if kind.opaque() || kind == gypFile {
		limit = maxCode
	}
	data, whole, err := r.open(name, limit)
	if err != nil {
		return err
	}
	sum := sha256.Sum256(data)
	r.s.digests[path.Join(r.prefix, name)] = digest{hex.EncodeToString(sum[:]), kind}
	if !whole {
		r.unread(name, 1, fmt.Sprintf("the file has more than %d MiB, which is the limit here", limit>>20))
		return nil
	}
	if kind == codeFile && (len(data) <= maxFile || !strings.Contains("/"+name, "/.yarn/")) {
		r.loads(name, string(data))
	}
	if kind.opaque() || kind == gypFile {
		return nil
	}
	before := len(r.s.Statements)
	r.file, r.dir = path.Join(r.prefix, name), path.Dir(path.Join(r.prefix, name))
	if kind == manifest || kind == yamlManifest || kind == json5Manifest {
		r.builders[r.dir] = everyone
	}
	if err := r.parse(kind, data); err != nil {
		// What was said before the fault may not be what the client reads.
		r.s.Statements = r.s.Statements[:before]
		var known *document.Error
		if !errors.As(err, &known) {
			return err
		}
		r.s.Unread = append(r.s.Unread, known)
	}
	return nil
}

// loads notes what a program loads of the repository. What is not there, or not
// a file, is somebody else's: a package, or nothing.
func (r *reader) loads(name, text string) {
	specs := required(text)
	if len(specs) > maxSpecs {
		r.unread(name, 1, fmt.Sprintf("it names more than %d files that it may load; the rest was not looked at", maxSpecs))
		specs = specs[:maxSpecs]
	}
	for _, spec := range specs {
		for _, ext := range extension {
			file := path.Join(path.Dir(name), spec) + ext
			if fs.ValidPath(file) && mayLoad(file) && r.s.digests[path.Join(r.prefix, file)].sum == "" {
				r.pending = append(r.pending, file)
			}
		}
	}
}

// preloads notes the files that options of Node.js name: "--require ./x.js".
func (r *reader) preloads(s Statement) {
	dir := s.dir
	if r.prefix != "" {
		dir = relativeTo(path.Clean(r.prefix), s.dir)
	}
	for _, word := range strings.FieldsFunc(s.Value, func(c rune) bool { return strings.ContainsRune(" =\t\"'", c) }) {
		word = strings.TrimPrefix(strings.TrimPrefix(word, "${PWD}/"), "$PWD/")
		for _, ext := range extension {
			if file := path.Join(dir, word) + ext; !strings.HasPrefix(word, "-") && fs.ValidPath(file) && mayLoad(file) {
				r.pending = append(r.pending, file)
			}
		}
	}
}

// relativeTo is a folder as seen from one above it.
func relativeTo(top, dir string) string {
	if dir == top {
		return "."
	}
	return strings.TrimPrefix(dir, top+"/")
}

// load reads what programs load, and what that loads: it is the same code.
func (r *reader) load() error {
	seen := map[string]bool{}
	for read := 0; len(r.pending) > 0; {
		file := r.pending[0]
		r.pending = r.pending[1:]
		if seen[file] {
			continue
		}
		seen[file] = true
		info, err := fs.Stat(r.project, file)
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			// It lies where nobody can look.
			r.s.names = append(r.s.names, path.Join(r.prefix, file))
		}
		if err != nil || !info.Mode().IsRegular() {
			continue
		}
		if read++; read > maxLoaded {
			r.unread(file, 1, fmt.Sprintf(
				"the code that runs in the package manager loads more than %d files; from here on they were not read", maxLoaded))
			return nil
		}
		if err := r.read(file, codeFile); err != nil {
			return err
		}
	}
	return nil
}

// parse hands a file to the reader of its format.
func (r *reader) parse(kind fileKind, data []byte) (err error) {
	defer document.Catch(&err)
	if kind == environment {
		// Bun takes any bytes for one.
		r.environment(string(data))
		return nil
	}
	if line := document.ConflictLine(data); line > 0 {
		document.Fail(r.file, line, "a merge conflict is left in the file")
	}
	if bytes.IndexByte(data, 0) >= 0 || !utf8.Valid(data) {
		document.Fail(r.file, 1, "the file is not UTF-8 text")
	}
	text := string(data)
	switch kind {
	case npmrc:
		r.npmrc(text)
	case manifest:
		r.manifest(document.JSON(r.file, text))
	case yamlManifest:
		r.manifest(document.YAMLValue(r.file, text))
	case json5Manifest:
		document.Fail(r.file, 1, "package.json5 is not read here; pnpm reads it where there is no package.json")
	case pnpmWorkspace:
		r.workspace(document.YAMLValue(r.file, text))
	case yarnrc:
		r.yarnrc(text)
	case classicYarnrc:
		r.classic(text)
	case bunfig:
		r.bunfig(text)
	case buildsFile:
		for _, item := range document.JSON(r.file, text).Items {
			if item.IsScalar() {
				r.script(pnpm9|pnpm10, item.Text, true, "onlyBuiltDependenciesFile", item.Line)
			}
		}
	}
	return nil
}

// named reads the files that settings name, such as a pnpmfile of another
// name.
func (r *reader) named() error {
	for _, s := range r.s.Statements {
		if s.Topic == "node-options" || s.Topic == "environment-variable" && s.Name == "NODE_OPTIONS" {
			r.preloads(s)
			continue
		}
		kind, value := notSettings, s.Value
		switch s.Topic {
		case "pnpmfile", "extension-file", "yarn-path", "plugin", "environment-files", "other-yarnrc",
			"script-shell", "git", "node-gyp", "python", "make", "onload-script":
			kind = codeFile
		case "constraints":
			if s.Value != "false" {
				kind, value = codeFile, "yarn.config.cjs"
			}
		case "lockfile-dir":
			if s.Key == "lockfileFilename" && s.Value != "yarn.lock" {
				kind = lockFile
			}
		case "patch":
			kind = patchFile
		case "override":
			if file, ok := yarnPatch(s.Value); ok {
				kind, value = patchFile, file
			}
		case "scripts-file":
			kind = buildsFile
		case "user-settings", "global-settings", "prefix":
			kind = npmrc
		}
		if kind == notSettings {
			continue
		}
		if s.Topic == "environment-files" {
			value = strings.TrimSuffix(s.Name, "?")
		}
		if s.Topic == "prefix" {
			value = path.Join(value, "etc/npmrc") // npm's globalconfig
		}
		full := path.Join(s.dir, value)
		if path.IsAbs(value) || r.s.digests[full].sum != "" {
			continue
		}
		name, inside := full, true
		if r.prefix != "" {
			name, inside = strings.CutPrefix(full, path.Clean(r.prefix)+"/")
		}
		if !inside || !fs.ValidPath(name) {
			continue
		}
		r.s.names = append(r.s.names, full)
		if info, err := fs.Stat(r.project, name); err != nil || !info.Mode().IsRegular() {
			if kind == buildsFile {
				const why = "the file that lists what may run scripts was not found"
				r.s.Unread = append(r.s.Unread, &document.Error{File: s.File, Line: s.Line, Msg: why})
			}
			continue
		}
		before := len(r.s.Statements)
		if err := r.read(name, kind); err != nil {
			return err
		}
		for i := before; i < len(r.s.Statements); i++ {
			// It counts for the project, wherever it lies.
			r.s.Statements[i].dir = s.dir
		}
	}
	return nil
}

// forgetEnvironment drops what environment files say where nothing shows that
// the project uses Bun: to other package managers they are files like any other.
func (r *reader) forgetEnvironment() {
	s := &r.s
	if s.clients()&bun != 0 {
		return
	}
	for _, d := range s.digests {
		if d.kind == bunfig {
			return
		}
	}
	for _, lock := range []string{"bun.lock", "bun.lockb"} {
		if _, err := fs.Stat(r.project, lock); err == nil {
			return
		}
	}
	kept := s.Statements[:0]
	for _, statement := range s.Statements {
		if s.digests[statement.File].kind != environment {
			kept = append(kept, statement)
		}
	}
	s.Statements = kept
}
