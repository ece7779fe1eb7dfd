package github

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/http"
	"path"
	"sort"
	"strings"

	gh "github.com/google/go-github/v60/github"
)

// What a commit holds. Trees and blobs are named by their content: they cannot
// change, nor lag behind a webhook, as the list of a pull request's files can.

// TreeEntry is what lies at a path of a commit.
type TreeEntry struct {
	// Mode is git's: 100644 and 100755 for files, 120000 for links, 160000 for
	// submodules, 040000 for folders.
	Mode string
	// SHA is the object's; equal content has equal ones.
	SHA string
}

const folderMode = "040000"

// Tree is what a commit holds.
type Tree struct {
	repo *Repository
	root string
	// Entries are files, links and submodules by path; all of them where
	// Complete is set.
	Entries map[string]TreeEntry
	// Complete is unset where the commit has more than GitHub lists in one
	// answer (100,000 entries or 7 MB); Folder and Differing know the rest.
	Complete bool
}

// Tree lists a commit.
// Source: https://docs.github.com/rest/git/trees#get-a-tree
func (r *Repository) Tree(ctx context.Context, commit string) (*Tree, error) {
	list, root, complete, err := r.list(ctx, commit, true)
	if err != nil {
		return nil, err
	}
	t := &Tree{repo: r, root: root, Entries: make(map[string]TreeEntry, len(list)), Complete: complete}
	for _, e := range list {
		if e.Mode != folderMode {
			t.Entries[e.path] = e.TreeEntry
		}
	}
	return t, nil
}

type listedEntry struct {
	TreeEntry
	path string
}

// list asks for one tree, or remembers it.
func (r *Repository) list(ctx context.Context, sha string, recursive bool) (list []listedEntry, root string, complete bool, err error) {
	key := r.key("tree", sha, fmt.Sprint(recursive))
	if known, ok := r.app.files.get(key); ok && commitID(sha) {
		list, root, complete = readList(string(known.body))
		return list, root, complete, nil
	}
	t, _, err := r.client.Git.GetTree(ctx, r.Owner, r.Name, sha, recursive)
	if err != nil {
		return nil, "", false, r.explain("tree", err)
	}
	for _, e := range t.Entries {
		list = append(list, listedEntry{TreeEntry{e.GetMode(), e.GetSHA()}, e.GetPath()})
	}
	root, complete = t.GetSHA(), !t.GetTruncated()
	if commitID(sha) {
		r.app.files.put(key, remembered{body: writeList(list, root, complete)})
	}
	return list, root, complete, nil
}

func writeList(list []listedEntry, root string, complete bool) []byte {
	var b bytes.Buffer
	fmt.Fprintf(&b, "%t %s\x00", complete, root)
	for _, e := range list {
		fmt.Fprintf(&b, "%s %s %s\x00", e.Mode, e.SHA, e.path)
	}
	return b.Bytes()
}

func readList(text string) (list []listedEntry, root string, complete bool) {
	head, rest, _ := strings.Cut(text, "\x00")
	whole, root, _ := strings.Cut(head, " ")
	for line := range strings.SplitSeq(rest, "\x00") {
		if parts := strings.SplitN(line, " ", 3); len(parts) == 3 {
			list = append(list, listedEntry{TreeEntry{parts[0], parts[1]}, parts[2]})
		}
	}
	return list, root, whole == "true"
}

// Folder lists what lies directly in a folder, by name; "" is the top. Where
// there is no such folder, it is empty. It is for trees that are not Complete:
// each folder on the way is a request.
func (t *Tree) Folder(ctx context.Context, dir string) (map[string]TreeEntry, error) {
	sha := t.root
	for _, step := range strings.FieldsFunc(dir, func(r rune) bool { return r == '/' }) {
		in, err := t.repo.folder(ctx, sha)
		if err != nil {
			return nil, err
		}
		if in[step].Mode != folderMode {
			return nil, nil
		}
		sha = in[step].SHA
	}
	return t.repo.folder(ctx, sha)
}

func (r *Repository) folder(ctx context.Context, sha string) (map[string]TreeEntry, error) {
	list, _, _, err := r.list(ctx, sha, false)
	if err != nil {
		return nil, err
	}
	in := make(map[string]TreeEntry, len(list))
	for _, e := range list {
		in[e.path] = e.TreeEntry
	}
	return in, nil
}

// maxFolders bounds the folders in which two large commits are compared.
const maxFolders = 20_000

// Differing are the paths of files, links and submodules at which two commits
// of one repository differ, sorted. Of commits that are not Complete only the
// folders that differ are read.
func Differing(ctx context.Context, a, b *Tree) ([]string, error) {
	var out []string
	if a.Complete && b.Complete {
		for file, e := range a.Entries {
			if b.Entries[file] != e {
				out = append(out, file)
			}
		}
		for file := range b.Entries {
			if _, ok := a.Entries[file]; !ok {
				out = append(out, file)
			}
		}
		sort.Strings(out)
		return out, nil
	}
	c := comparison{ctx: ctx, repo: a.repo}
	err := c.folders(a.root, b.root, "")
	sort.Strings(c.out)
	return c.out, err
}

// comparison is one Differing of large commits.
type comparison struct {
	ctx     context.Context
	repo    *Repository
	folderN int
	out     []string
}

// folders compares two folders; an empty SHA is none.
func (c *comparison) folders(a, b, prefix string) error {
	if a == b {
		return nil
	}
	var sides [2]map[string]TreeEntry
	for i, sha := range []string{a, b} {
		if sha == "" {
			continue
		}
		if c.folderN++; c.folderN > maxFolders {
			return fmt.Errorf("github: %s/%s: the commits differ in more than %d folders", c.repo.Owner, c.repo.Name, maxFolders)
		}
		var err error
		if sides[i], err = c.repo.folder(c.ctx, sha); err != nil {
			return err
		}
	}
	names := map[string]bool{}
	for _, side := range sides {
		for name := range side {
			names[name] = true
		}
	}
	for name := range names {
		before, after := sides[0][name], sides[1][name]
		if before == after {
			continue
		}
		at := path.Join(prefix, name)
		for _, e := range []TreeEntry{before, after} {
			if e.Mode != "" && e.Mode != folderMode {
				c.out = append(c.out, at)
				break
			}
		}
		if name == "node_modules" {
			continue // nothing below it is looked at
		}
		if err := c.folders(folderOf(before), folderOf(after), at); err != nil {
			return err
		}
	}
	return nil
}

func folderOf(e TreeEntry) string {
	if e.Mode == folderMode {
		return e.SHA
	}
	return ""
}

// ErrTooLarge is the error for a file of more bytes than asked for, or than
// GitHub hands out (100 MB).
var ErrTooLarge = errors.New("github: the file is too large")

// Blob reads a file, or the text of a link, by its SHA. What is read once is
// kept for a while: a merge base's lockfile is many reviews'.
// Source: https://docs.github.com/rest/git/blobs#get-a-blob
func (r *Repository) Blob(ctx context.Context, sha string, limit int64) ([]byte, error) {
	key := r.key("blob", sha)
	known, ok := r.app.files.get(key)
	if !ok {
		req, err := r.client.NewRequest(http.MethodGet, fmt.Sprintf("repos/%s/%s/git/blobs/%s", r.Owner, r.Name, sha), nil)
		if err != nil {
			return nil, r.explain("blob", err)
		}
		req.Header.Set("Accept", "application/vnd.github.raw+json")
		b := &bounded{left: limit}
		_, err = r.client.Do(ctx, req, b)
		var answer *gh.ErrorResponse
		switch {
		case errors.Is(err, ErrTooLarge):
			return nil, ErrTooLarge
		case errors.As(err, &answer) && answer.Response != nil && answer.Response.StatusCode == http.StatusForbidden &&
			strings.Contains(answer.Message, "too large"):
			return nil, ErrTooLarge
		case err != nil:
			return nil, r.explain("blob", err)
		}
		known.body = b.Bytes()
		r.app.files.put(key, known)
	}
	if int64(len(known.body)) > limit {
		return nil, ErrTooLarge
	}
	return bytes.Clone(known.body), nil
}

// BlobAhead reads a file that Blob is going to be asked for, where it is small
// enough to be kept until then.
func (r *Repository) BlobAhead(ctx context.Context, sha string) { _, _ = r.Blob(ctx, sha, memoryItem) }

// bounded is a buffer that takes no more than so many bytes.
type bounded struct {
	bytes.Buffer
	left int64
}

// Write implements io.Writer.
func (b *bounded) Write(p []byte) (int, error) {
	if b.left -= int64(len(p)); b.left < 0 {
		return 0, ErrTooLarge
	}
	return b.Buffer.Write(p)
}
