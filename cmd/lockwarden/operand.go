package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"strings"

	"github.com/lockwarden/lockwarden/app/review"
	"github.com/lockwarden/lockwarden/lockfile"
)

const operandHelp = `BASE and HEAD are files, or REV:PATH in a git repository, or two revisions:
then every lockfile that differs is taken. BASE...HEAD compares HEAD with the
merge base of the two, as a pull request does; BASE..HEAD with BASE itself.`

// operand is a lockfile as the command line names it.
type operand struct {
	file     string
	data     []byte
	manifest []byte
	// absent is set where the side has no such file.
	absent bool
}

func (o *operand) parse() (*lockfile.Lockfile, error) {
	if o.absent {
		return nil, nil
	}
	return lockfile.Parse(o.file, o.data, lockfile.Options{Project: lockfile.Beside(o.manifest)})
}

// manifestBeside is where the package.json of a lockfile is.
func manifestBeside(file string) string {
	dir := path.Dir(filepath.ToSlash(file))
	if path.Base(file) == ".package-lock.json" {
		dir = path.Dir(dir) // node_modules/.package-lock.json
	}
	return path.Join(dir, "package.json")
}

// readOperand reads a file, or REV:PATH.
func readOperand(ctx context.Context, arg string) (*operand, error) {
	if arg == os.DevNull {
		return &operand{file: arg, absent: true}, nil
	}
	info, err := os.Stat(arg)
	switch {
	case err == nil && info.IsDir():
		return nil, fmt.Errorf("%s is a folder; name the lockfile in it", arg)
	case err == nil && info.Size() > lockfile.MaxSize:
		return nil, fmt.Errorf("%s:1: the file has more than %d MiB, which is the limit; it was not read", arg, lockfile.MaxSize>>20)
	case err == nil:
		data, err := os.ReadFile(arg)
		if err != nil {
			return nil, err
		}
		manifest, _ := os.ReadFile(filepath.FromSlash(manifestBeside(arg)))
		return &operand{file: filepath.ToSlash(arg), data: data, manifest: manifest}, nil
	}
	rev, name, ok := strings.Cut(arg, ":")
	if !ok || rev == "" {
		return nil, fmt.Errorf("%s: no such file, and no REV:PATH of a git repository", arg)
	}
	commit, err := revision(ctx, rev)
	if err != nil {
		return nil, err
	}
	o, err := atRevision(ctx, commit, name)
	if err == nil && o.absent {
		return nil, fmt.Errorf("%s: revision %s has no file %s", arg, rev, name)
	}
	return o, err
}

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

// revision is the commit that a name means.
func revision(ctx context.Context, name string) (string, error) {
	out, err := git(ctx, "rev-parse", "--verify", "--quiet", "--end-of-options", name+"^{commit}")
	if err != nil {
		return "", fmt.Errorf("%q is neither a file nor a revision of this git repository", name)
	}
	return strings.TrimSpace(string(out)), nil
}

// atRevision reads a lockfile and its package.json in a commit.
func atRevision(ctx context.Context, commit, name string) (*operand, error) {
	data, ok, err := show(ctx, commit, name, lockfile.MaxSize)
	if err != nil {
		return nil, err
	}
	if !ok {
		return &operand{file: name, absent: true}, nil
	}
	manifest, _, err := show(ctx, commit, manifestBeside(name), 16<<20)
	return &operand{file: name, data: data, manifest: manifest}, err
}

// show reads a file of a commit; ok is false where the commit lacks it.
func show(ctx context.Context, commit, name string, limit int64) (data []byte, ok bool, err error) {
	object := commit + ":" + name
	size, err := git(ctx, "cat-file", "-s", object)
	if err != nil {
		return nil, false, ctx.Err()
	}
	var n int64
	fmt.Sscan(string(size), &n)
	if n > limit {
		return nil, false, fmt.Errorf("%s:1: the file has more than %d MiB, which is the limit; it was not read", name, limit>>20)
	}
	data, err = git(ctx, "cat-file", "blob", object)
	return data, err == nil, err
}

// readPairs turns the arguments of diff and review into lockfiles before and
// after, and the project's .npmrc: that of the base, which the author of a
// change does not control.
func readPairs(ctx context.Context, args []string) ([]review.Pair, []byte, error) {
	base, head, mergeBase, err := sides(args)
	if err != nil {
		return nil, nil, err
	}
	if isFileOperand(base) || isFileOperand(head) {
		pair, err := readPair(ctx, base, head)
		settings, _ := os.ReadFile(".npmrc")
		return pair, settings, err
	}
	baseCommit, err := revision(ctx, base)
	if err != nil {
		return nil, nil, err
	}
	headCommit, err := revision(ctx, head)
	if err != nil {
		return nil, nil, err
	}
	if mergeBase {
		out, err := git(ctx, "merge-base", baseCommit, headCommit)
		if err != nil {
			return nil, nil, fmt.Errorf("%s and %s have no common ancestor (a shallow clone? fetch more history)", base, head)
		}
		baseCommit = strings.TrimSpace(string(out))
	}
	pairs, err := differing(ctx, baseCommit, headCommit)
	if err != nil {
		return nil, nil, err
	}
	settings, _, err := show(ctx, baseCommit, ".npmrc", 1<<20)
	return pairs, settings, err
}

// readStaged compares the commit that is checked out with what git would commit
// now.
func readStaged(ctx context.Context) ([]review.Pair, []byte, error) {
	out, err := git(ctx, "write-tree")
	if err != nil {
		return nil, nil, fmt.Errorf("what is staged cannot be read: %w", err)
	}
	head := strings.TrimSpace(string(out))
	base, err := revision(ctx, "HEAD")
	if err != nil { // before the first commit
		if out, err = git(ctx, "mktree", "-z"); err != nil {
			return nil, nil, err
		}
		base = strings.TrimSpace(string(out))
	}
	pairs, err := differing(ctx, base, head)
	if err != nil {
		return nil, nil, err
	}
	settings, _, err := show(ctx, base, ".npmrc", 1<<20)
	return pairs, settings, err
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
	return ok && name != "" || strings.HasSuffix(arg, ".json") || lockfile.IsLockfile(arg)
}

func readPair(ctx context.Context, base, head string) ([]review.Pair, error) {
	b, err := readOperand(ctx, base)
	if err != nil {
		return nil, err
	}
	h, err := readOperand(ctx, head)
	if err != nil {
		return nil, err
	}
	pair, err := makePair(b, h)
	return []review.Pair{pair}, err
}

func makePair(base, head *operand) (review.Pair, error) {
	pair := review.Pair{File: head.file, Manifest: head.manifest}
	if head.absent {
		pair.File = base.file
	}
	var err error
	if pair.Base, err = base.parse(); err != nil {
		return pair, err
	}
	pair.Head, err = head.parse()
	return pair, err
}

// differing are the lockfiles that differ between two commits, anywhere in the
// repository; a renamed one is compared with what it was.
func differing(ctx context.Context, base, head string) ([]review.Pair, error) {
	out, err := git(ctx, "diff", "--name-status", "-z", "--find-renames", base, head)
	if err != nil {
		return nil, err
	}
	fields := strings.Split(string(out), "\x00")
	var pairs []review.Pair
	for i := 0; i+1 < len(fields); {
		status, from := fields[i], fields[i+1]
		to := from
		i += 2
		if status != "" && (status[0] == 'R' || status[0] == 'C') {
			if i >= len(fields) {
				break
			}
			to = fields[i]
			i++
			if !lockfile.IsLockfile(from) || status[0] == 'C' {
				from = to
			}
		}
		if !lockfile.IsLockfile(to) && !lockfile.IsLockfile(from) || strings.Contains("/"+to, "/node_modules/") {
			continue
		}
		b, err := atRevision(ctx, base, from)
		if err != nil {
			return nil, err
		}
		h, err := atRevision(ctx, head, to)
		if err != nil {
			return nil, err
		}
		pair, err := makePair(b, h)
		if err != nil {
			return nil, err
		}
		pairs = append(pairs, pair)
	}
	return pairs, nil
}
