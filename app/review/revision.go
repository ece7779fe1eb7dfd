package review

import (
	"context"
	"fmt"
	"path"
	"sort"
	"strings"
	"sync"
)

// Revision is one side of a change: a commit, what is staged, or a folder on
// disk. Paths have forward slashes and start at its top. Every method may be
// asked for the same thing again and again, and by several goroutines: an
// implementation keeps what is expensive.
type Revision interface {
	// Entry says what lies at a path: a link itself, not what it points to.
	// Where nothing does, the kind is Missing; an error is that nobody knows.
	Entry(ctx context.Context, path string) (Entry, error)
	// Bytes reads a file, or the text of a link, that Entry or Folder named. More
	// bytes than limit are a *NotRead.
	Bytes(ctx context.Context, path string, limit int64) ([]byte, error)
	// Folder lists what lies directly in a folder, by name; "" is the top. Where
	// there is no such folder, it is empty.
	Folder(ctx context.Context, path string) (map[string]Entry, error)
	// Links lists all symbolic links. complete is false where there are too many
	// files to know all of them.
	Links(ctx context.Context) (paths []string, complete bool, err error)
}

// Kind is what an Entry is.
type Kind uint8

// The kinds of entries.
const (
	Missing Kind = iota
	File
	Link
	Folder
	// Submodule is another repository, which is not read.
	Submodule
)

// Entry is what lies at a path of a Revision.
type Entry struct {
	Kind Kind
	// ID is the same for the same content within one repository; empty where it
	// is not known.
	ID string
}

// NotRead is the error for what lies in the repository and is not read. It
// never means that nothing is there.
type NotRead struct{ Path, Reason string }

// Error implements error.
func (e *NotRead) Error() string { return e.Path + ": " + e.Reason }

// TooLarge is the error for a file of more than limit bytes.
func TooLarge(path string, limit int64) *NotRead {
	return &NotRead{path, fmt.Sprintf("the file has more than %d MiB, which is the limit; it was not read", limit>>20)}
}

// maxLinks is how many links one path may lead through: Linux follows as many.
const maxLinks = 40

// maxTarget is the longest text of a link, in bytes.
const maxTarget = 4096

// follow finds what a path means when links are followed, as a package manager
// does that opens it. final is where it lies, through are the links and the
// final path. A link that leaves the repository, or leads in circles, is a
// *NotRead: what it means on somebody's machine is not in the repository.
func follow(ctx context.Context, rev Revision, file string) (final string, e Entry, through []string, err error) {
	rest := strings.Split(file, "/")
	last := false // what is left is the text of a link at the path itself
	for len(rest) > 0 {
		step := rest[0]
		rest = rest[1:]
		switch step {
		case "", ".":
			continue
		case "..":
			if final == "" {
				return "", Entry{}, through, &NotRead{file, "it is a symbolic link that leaves the repository"}
			}
			if final = path.Dir(final); final == "." {
				final = ""
			}
			continue
		}
		at := path.Join(final, step)
		if e, err = rev.Entry(ctx, at); err != nil {
			return "", e, through, err
		}
		switch e.Kind {
		case Submodule:
			return "", e, append(through, at), &NotRead{file, "it lies in a submodule, which is not read"}
		case Link:
			if through = append(through, at); len(through) > maxLinks {
				return "", e, through, &NotRead{file, "it is a symbolic link that leads in circles"}
			}
			text, err := rev.Bytes(ctx, at, maxTarget)
			if err != nil {
				return "", e, through, err
			}
			target := string(text)
			if strings.HasPrefix(target, "/") || strings.ContainsAny(target, "\\\x00") || len(target) > 1 && target[1] == ':' {
				return "", e, through, &NotRead{file, "it is a symbolic link that leaves the repository"}
			}
			last = last || len(rest) == 0
			rest = append(strings.Split(target, "/"), rest...)
		default:
			final = at
		}
	}
	if last && e.Kind == Missing {
		return final, e, through, &NotRead{file, "it is a symbolic link to what is not there"}
	}
	if final == "" {
		e = Entry{Kind: Folder}
	}
	return final, e, append(through, final), nil
}

// Read reads a file of a revision, through links inside the repository. found
// is false where there is none, or a folder. What is there and cannot be had is
// a *NotRead; any other error means that nobody knows.
func Read(ctx context.Context, rev Revision, file string, limit int64) (data []byte, found bool, err error) {
	final, e, _, err := follow(ctx, rev, file)
	if err != nil || e.Kind != File {
		return nil, false, err
	}
	data, err = rev.Bytes(ctx, final, limit)
	return data, err == nil, err
}

// Listing is what lies in a revision whose files are all known: the Entry,
// Folder and Links of a Revision.
type Listing struct {
	entries  map[string]Entry
	children func() map[string]map[string]Entry
}

// NewListing makes a Listing of files, links and submodules by path; folders
// follow from them.
func NewListing(entries map[string]Entry) *Listing {
	return &Listing{entries, sync.OnceValue(func() map[string]map[string]Entry {
		all := map[string]map[string]Entry{"": {}}
		for file, e := range entries {
			for {
				dir, name := path.Split(file)
				dir = strings.TrimSuffix(dir, "/")
				in, known := all[dir]
				if !known {
					in = map[string]Entry{}
					all[dir] = in
				}
				in[name] = e
				if known || dir == "" {
					break
				}
				file, e = dir, Entry{Kind: Folder}
			}
		}
		return all
	})}
}

// Entry is what lies at a path.
func (l *Listing) Entry(file string) Entry {
	if e, ok := l.entries[file]; ok {
		return e
	}
	if _, ok := l.children()[file]; ok {
		return Entry{Kind: Folder}
	}
	return Entry{}
}

// Folder is what lies directly in a folder.
func (l *Listing) Folder(dir string) map[string]Entry { return l.children()[dir] }

// Links are the paths of all links, sorted.
func (l *Listing) Links() []string {
	var out []string
	for file, e := range l.entries {
		if e.Kind == Link {
			out = append(out, file)
		}
	}
	sort.Strings(out)
	return out
}

// Differing are the paths at which two listings differ, sorted.
func (l *Listing) Differing(other *Listing) []string {
	var out []string
	for file, e := range l.entries {
		if other.entries[file] != e {
			out = append(out, file)
		}
	}
	for file := range other.entries {
		if _, ok := l.entries[file]; !ok {
			out = append(out, file)
		}
	}
	sort.Strings(out)
	return out
}
