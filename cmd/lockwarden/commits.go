package main

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"strings"
	"sync"

	"github.com/lockwarden/lockwarden/app/review"
)

// git runs git and gives its output; errors carry git's own words.
func git(ctx context.Context, args ...string) ([]byte, error) {
	cmd := exec.CommandContext(ctx, "git", args...)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		words := strings.TrimSpace(stderr.String())
		if errors.Is(err, exec.ErrNotFound) {
			words = "git is not installed"
		}
		return nil, fmt.Errorf("git %s: %s", args[0], words)
	}
	return out, nil
}

// objects reads git's objects through one git cat-file, which is started when
// the first one is asked for.
type objects struct {
	ctx context.Context
	mu  sync.Mutex
	cmd *exec.Cmd
	in  io.WriteCloser
	out *bufio.Reader
}

// close ends the process.
func (o *objects) close() {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.cmd != nil {
		_ = o.in.Close()
		_ = o.cmd.Wait()
		o.cmd = nil
	}
}

func (o *objects) start() error {
	cmd := exec.CommandContext(o.ctx, "git", "cat-file", "--batch")
	in, err := cmd.StdinPipe()
	if err != nil {
		return err
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		return err
	}
	if err := cmd.Start(); err != nil {
		return fmt.Errorf("git cat-file: %w", err)
	}
	o.cmd, o.in, o.out = cmd, in, bufio.NewReaderSize(out, 1<<16)
	return nil
}

// blob reads an object by its id.
func (o *objects) blob(id, file string, limit int64) ([]byte, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.cmd == nil {
		if err := o.start(); err != nil {
			return nil, err
		}
	}
	fail := func(err error) error {
		if o.ctx.Err() != nil {
			return o.ctx.Err()
		}
		return fmt.Errorf("git cat-file: %s: %w", file, err)
	}
	if _, err := fmt.Fprintln(o.in, id); err != nil {
		return nil, fail(err)
	}
	head, err := o.out.ReadString('\n')
	if err != nil {
		return nil, fail(err)
	}
	var name, kind string
	var size int64
	if n, _ := fmt.Sscan(head, &name, &kind, &size); n < 3 {
		return nil, fail(errors.New("the repository does not have the object; fetch it (a partial or shallow clone?)"))
	}
	if size > limit {
		if _, err := io.CopyN(io.Discard, o.out, size+1); err != nil {
			return nil, fail(err)
		}
		return nil, review.TooLarge(file, limit)
	}
	data := make([]byte, size+1) // a line break ends it
	if _, err := io.ReadFull(o.out, data); err != nil {
		return nil, fail(err)
	}
	return data[:size], nil
}

// commit is a commit, or a tree, as a review.Revision.
type commit struct {
	id      string
	objects *objects
	list    func() (*review.Listing, error)
}

func newCommit(o *objects, id string) *commit {
	return &commit{id, o, sync.OnceValues(func() (*review.Listing, error) { return listTree(o.ctx, id) })}
}

// listTree lists all files of a tree.
// Source: https://git-scm.com/docs/git-ls-tree#_output_format
func listTree(ctx context.Context, id string) (*review.Listing, error) {
	out, err := git(ctx, "ls-tree", "-r", "-z", "--full-tree", id)
	if err != nil {
		return nil, err
	}
	entries := make(map[string]review.Entry, bytes.Count(out, []byte{0}))
	for line := range strings.SplitSeq(string(out), "\x00") {
		about, file, ok := strings.Cut(line, "\t")
		if !ok {
			continue
		}
		mode, rest, _ := strings.Cut(about, " ")
		_, object, _ := strings.Cut(rest, " ")
		entries[file] = review.Entry{Kind: kindOf(mode), ID: object}
	}
	return review.NewListing(entries), nil
}

// kindOf reads git's mode of an entry.
func kindOf(mode string) review.Kind {
	switch mode {
	case "120000":
		return review.Link
	case "160000":
		return review.Submodule
	}
	return review.File
}

// Entry implements review.Revision.
func (c *commit) Entry(_ context.Context, file string) (review.Entry, error) {
	list, err := c.list()
	if err != nil {
		return review.Entry{}, err
	}
	return list.Entry(file), nil
}

// Bytes implements review.Revision.
func (c *commit) Bytes(_ context.Context, file string, limit int64) ([]byte, error) {
	list, err := c.list()
	if err != nil {
		return nil, err
	}
	return c.objects.blob(list.Entry(file).ID, file, limit)
}

// Folder implements review.Revision.
func (c *commit) Folder(_ context.Context, dir string) (map[string]review.Entry, error) {
	list, err := c.list()
	if err != nil {
		return nil, err
	}
	return list.Folder(dir), nil
}

// Links implements review.Revision.
func (c *commit) Links(context.Context) ([]string, bool, error) {
	list, err := c.list()
	if err != nil {
		return nil, false, err
	}
	return list.Links(), true, nil
}

// differing are the paths at which two trees differ. Git compares folder by
// folder, and does not read those that are the same.
func differing(ctx context.Context, base, head string) ([]string, error) {
	out, err := git(ctx, "diff-tree", "-r", "-z", "--name-only", "--no-renames", "--ignore-submodules=none", base, head)
	if err != nil {
		return nil, err
	}
	return strings.FieldsFunc(string(out), func(r rune) bool { return r == 0 }), nil
}
