package lockfile

import (
	"bytes"
	"path"
	"slices"
	"strings"

	"github.com/lockwarden/lockwarden/lockfile/document"
)

// MaxSize is the largest lockfile that Parse reads, in bytes. The largest
// lockfiles of public monorepos are near 10 MB.
const MaxSize = 64 << 20

// formatOf says whose lockfile a file is: by its name, and where that is not
// one of a lockfile, by what it begins with.
func formatOf(file, text string) Format {
	base := path.Base(file)
	json := strings.HasPrefix(strings.TrimLeft(text, " \t\r\n"), "{")
	switch {
	case strings.HasSuffix(base, "bun.lock"):
		return Bun
	case strings.HasSuffix(base, "yarn.lock"):
		return Yarn
	case strings.HasSuffix(base, ".yaml"), strings.HasSuffix(base, ".yml"):
		return Pnpm
	case json, strings.HasSuffix(base, ".json"):
		return NPM
	case strings.Contains(text, "# yarn lockfile v1"), strings.Contains(text, "\n__metadata:"):
		return Yarn
	case strings.HasPrefix(text, "lockfileVersion:"), strings.Contains(text, "\nlockfileVersion:"):
		return Pnpm
	}
	return NPM
}

// Parse reads a lockfile of npm, pnpm, Yarn or Bun. The file's name says whose
// it is and stands in errors. Every error about the file is a *Error; other
// errors are of Options.Project.
func Parse(file string, data []byte, opts Options) (lock *Lockfile, err error) {
	defer func() {
		if err != nil {
			lock = nil
		}
	}()
	defer document.Catch(&err)
	format := formatOf(file, string(data[:min(len(data), 4096)]))
	if len(data) > MaxSize {
		line := 1 + bytes.Count(data[:MaxSize], []byte("\n"))
		document.Fail(file, line, "the file has more than 64 MiB, which is the limit; it was not read")
	}
	if problem := encoding(data); problem != "" {
		document.Fail(file, 1, problem+"; "+client[format]+" writes UTF-8: "+rewrite[format])
	}
	text := strings.TrimPrefix(string(data), "\ufeff")
	if strings.TrimSpace(text) == "" {
		document.Fail(file, 1, "the lockfile is empty; "+rewrite[format])
	}
	declared, err := opts.declarations(file, format)
	if err != nil {
		return nil, err
	}
	defer conflicts(file, data, format)
	switch format {
	case Pnpm:
		lock, err = parsePnpm(file, text, &declared, opts)
	case Yarn:
		lock, err = parseYarn(file, text, &declared, opts)
	case Bun:
		lock, err = parseBun(file, text, &declared, opts)
	default:
		lock, err = parseNPM(file, text, &declared, opts)
	}
	if err == nil {
		declared.index()
		lock.declared = declared
		for _, e := range lock.Entries {
			e.source = e.Source() // asked often; nothing changes any more
		}
		slices.SortStableFunc(lock.Oddities, func(a, b Oddity) int { return a.Line - b.Line })
	}
	return lock, err
}

// conflicts replaces what a reader stumbled over by the merge conflict that is
// the reason, and says otherwise whose file it is and what to run.
func conflicts(file string, data []byte, format Format) {
	problem := recover()
	if problem == nil {
		return
	}
	if line := document.ConflictLine(data); line > 0 {
		document.Fail(file, line, "the file has merge conflict markers; "+resolve[format])
	}
	// What the client itself would not write is written again by it; a version
	// of its format that is not known here is not.
	e, ok := problem.(*document.Error)
	if ok && !strings.Contains(e.Msg, "; run ") && !strings.Contains(e.Msg, "is not one this program knows") && !strings.Contains(e.Msg, "limit") {
		document.Fail(e.File, e.Line, e.Msg+" ("+client[format]+"'s lockfile; "+rewrite[format]+")")
	}
	panic(problem)
}

// encoding says what is wrong with a file that is no UTF-8.
func encoding(data []byte) string {
	switch {
	case bytes.HasPrefix(data, []byte{0xff, 0xfe}), bytes.HasPrefix(data, []byte{0xfe, 0xff}),
		len(data) > 1 && (data[0] == 0) != (data[1] == 0):
		return "the file is UTF-16, as PowerShell's > writes it"
	case bytes.IndexByte(data, 0) >= 0:
		return "the file has a zero byte in it: it is no text"
	}
	return ""
}
