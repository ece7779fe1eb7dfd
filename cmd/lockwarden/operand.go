package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"

	"github.com/lockwarden/lockwarden/app/review"
	"github.com/lockwarden/lockwarden/lockfile"
)

const operandHelp = `BASE and HEAD are files, or REV:PATH in a git repository, or two revisions:
then every lockfile, package.json and setting that differs is taken. BASE...HEAD
compares HEAD with the merge base of the two, as a pull request does; BASE..HEAD
with BASE itself.`

// gathered is what the operands of diff and review mean.
type gathered struct {
	*review.Input
	// settings is the project's .npmrc: that of the base, which the author of a
	// change does not control.
	settings []byte
	// folder reads the .npmrc of the working folder, which does not count; nil
	// where both operands are revisions, whose folder it may not be.
	folder func() ([]byte, error)
	// close ends what reads the two revisions.
	close func()
}

// source finds the lockfile that an operand names; nil for /dev/null.
func (o *objects) source(ctx context.Context, arg string) (*review.Source, error) {
	if arg == os.DevNull {
		return nil, nil
	}
	info, err := os.Stat(arg)
	switch {
	case err == nil && info.IsDir():
		return nil, fmt.Errorf("%s is a folder; name the lockfile in it", arg)
	case err == nil && !info.Mode().IsRegular():
		return fromPipe(arg)
	case err == nil:
		return onDisk(arg)
	}
	if _, err := os.Lstat(arg); err == nil {
		return onDisk(arg) // a link to nothing
	}
	rev, name, ok := strings.Cut(arg, ":")
	if !ok || rev == "" {
		return nil, fmt.Errorf("%s: no such file, and no REV:PATH of a git repository", arg)
	}
	id, err := revision(ctx, rev)
	if err != nil {
		return nil, err
	}
	// Git takes a path that begins with a dot as relative to where it runs.
	if strings.HasPrefix(name, "./") || strings.HasPrefix(name, "../") {
		prefix, err := git(ctx, "rev-parse", "--show-prefix")
		if err != nil {
			return nil, err
		}
		name = path.Join(strings.TrimSpace(string(prefix)), name)
	}
	at := newCommit(o, id)
	if e, err := at.Entry(ctx, name); err != nil {
		return nil, err
	} else if e.Kind == review.Missing {
		return nil, fmt.Errorf("%s: revision %s has no file %s", arg, rev, name)
	}
	return &review.Source{Revision: at, Path: name, Shown: name}, nil
}

// fromPipe reads what is no file on disk, such as <(command).
func fromPipe(arg string) (*review.Source, error) {
	opened, err := os.Open(arg)
	if err != nil {
		return nil, err
	}
	defer opened.Close()
	data, err := io.ReadAll(io.LimitReader(opened, lockfile.MaxSize+1))
	if err != nil {
		return nil, err
	}
	name := path.Base(filepath.ToSlash(arg))
	return &review.Source{Revision: newLoose(name, data), Path: name, Shown: filepath.ToSlash(arg)}, nil
}

// readLockfile reads a file, or REV:PATH.
func readLockfile(ctx context.Context, arg string) (*lockfile.Lockfile, error) {
	o := &objects{ctx: ctx}
	defer o.close()
	source, err := o.source(ctx, arg)
	if err != nil {
		return nil, err
	}
	if source == nil {
		return nil, fmt.Errorf("%s is no lockfile", arg)
	}
	lock, ok, err := source.Lockfile(ctx)
	if err == nil && !ok {
		err = fmt.Errorf("%s: no such file", arg)
	}
	return lock, err
}

// revision is the commit that a name means.
func revision(ctx context.Context, name string) (string, error) {
	out, err := git(ctx, "rev-parse", "--verify", "--quiet", "--end-of-options", name+"^{commit}")
	if err != nil {
		return "", fmt.Errorf("%q is neither a file nor a revision of this git repository", name)
	}
	return strings.TrimSpace(string(out)), nil
}

// gather reads what the arguments of diff and review name. The caller closes
// what it gets.
func gather(ctx context.Context, args []string, ignored func(string) bool) (*gathered, error) {
	base, head, mergeBase, err := sides(args)
	if err != nil {
		return nil, err
	}
	if isFileOperand(base) || isFileOperand(head) {
		return gatherFiles(ctx, base, head)
	}
	baseCommit, err := revision(ctx, base)
	if err != nil {
		return nil, err
	}
	headCommit, err := revision(ctx, head)
	if err != nil {
		return nil, err
	}
	if mergeBase {
		out, err := git(ctx, "merge-base", baseCommit, headCommit)
		if err != nil {
			return nil, fmt.Errorf("%s and %s have no common ancestor (a shallow clone? fetch more history)", base, head)
		}
		baseCommit = strings.TrimSpace(string(out))
	}
	return gatherTrees(ctx, baseCommit, headCommit, ignored)
}

// gatherStaged compares the commit that is checked out with what git would
// commit now.
func gatherStaged(ctx context.Context, ignored func(string) bool) (*gathered, error) {
	out, err := git(ctx, "write-tree")
	if err != nil {
		return nil, fmt.Errorf("what is staged cannot be read: %w", err)
	}
	head := strings.TrimSpace(string(out))
	base, err := revision(ctx, "HEAD")
	if err != nil { // before the first commit
		if out, err = git(ctx, "mktree", "-z"); err != nil {
			return nil, err
		}
		base = strings.TrimSpace(string(out))
	}
	return gatherTrees(ctx, base, head, ignored)
}

// gatherTrees compares two commits, or trees.
func gatherTrees(ctx context.Context, base, head string, ignored func(string) bool) (*gathered, error) {
	changed, err := differing(ctx, base, head)
	if err != nil {
		return nil, err
	}
	o := &objects{ctx: ctx}
	before, after := newCommit(o, base), newCommit(o, head)
	in, err := review.Gather(ctx, before, after, changed, ignored)
	var settings []byte
	if err == nil {
		settings, err = npmrc(ctx, before)
	}
	// Where nothing but broken lockfiles changed, there is nothing to review.
	if err == nil && len(in.Pairs) == 0 && len(in.Broken) > 0 {
		err = in.Broken[0]
	}
	if err != nil {
		o.close()
		return nil, err
	}
	return &gathered{in, settings, nil, o.close}, nil
}

// npmrc is the base's .npmrc; one that is no file of the base counts as none.
func npmrc(ctx context.Context, base review.Revision) ([]byte, error) {
	data, _, err := review.Read(ctx, base, ".npmrc", maxSettings)
	var not *review.NotRead
	if errors.As(err, &not) {
		return nil, nil
	}
	return data, err
}

// npmrcOf is the .npmrc beside a lockfile of the base, as npm reads it there, or
// else the repository's.
func npmrcOf(ctx context.Context, base review.Revision, lock string) ([]byte, error) {
	if dir := path.Dir(lock); dir != "." {
		data, there, err := review.Read(ctx, base, dir+"/.npmrc", maxSettings)
		var not *review.NotRead
		if errors.As(err, &not) {
			return nil, nil
		}
		if there || err != nil {
			return data, err
		}
	}
	return npmrc(ctx, base)
}

// gatherFiles compares two files.
func gatherFiles(ctx context.Context, base, head string) (*gathered, error) {
	o := &objects{ctx: ctx}
	defer o.close()
	before, err := o.source(ctx, base)
	if err != nil {
		return nil, err
	}
	after, err := o.source(ctx, head)
	if err != nil {
		return nil, err
	}
	in, err := review.Single(ctx, before, after)
	if err != nil {
		return nil, err
	}
	var settings []byte
	if before != nil {
		if at, ok := before.Revision.(*commit); ok {
			if settings, err = npmrcOf(ctx, at, before.Path); err != nil {
				return nil, err
			}
		}
	}
	return &gathered{in, settings, folderSettings, func() {}}, nil
}

func sides(args []string) (base, head string, mergeBase bool, err error) {
	if len(args) == 2 {
		return args[0], args[1], false, nil
	}
	if b, h, ok := strings.Cut(args[0], "..."); ok {
		return orHead(b), orHead(h), true, nil
	}
	if b, h, ok := strings.Cut(args[0], ".."); ok {
		return orHead(b), orHead(h), false, nil
	}
	return "", "", false, fmt.Errorf("want BASE HEAD, or one range such as main...HEAD; got only %q", args[0])
}

func orHead(rev string) string {
	if rev == "" {
		return "HEAD"
	}
	return rev
}

func isFileOperand(arg string) bool {
	if _, err := os.Stat(arg); err == nil {
		return true
	} else if !errors.Is(err, fs.ErrNotExist) {
		return false
	}
	_, name, ok := strings.Cut(arg, ":")
	return ok && name != "" || strings.HasSuffix(arg, ".json") || lockfile.Classify(filepath.ToSlash(arg)).Role == lockfile.Locks
}
