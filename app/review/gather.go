package review

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"path"
	"slices"
	"sort"
	"strings"

	"github.com/lockwarden/lockwarden/lockfile"
)

// Input is what a change brings to review, as values: Run does no more I/O
// than its scanner's.
type Input struct {
	// Pairs are the lockfiles that changed.
	Pairs []Pair
	// Whole are the issues that are found while files are read: what is not
	// read, and what a package.json asks for and no lockfile holds.
	Whole []WholeIssue
	// Notes are sentences about the review as a whole.
	Notes []string
	// Broken are the lockfiles of head that no package manager could read; each
	// is in Whole, too.
	Broken []*lockfile.Error
	// Settings are the changed files by which a project tells its package
	// manager what it may do, each package.json among them.
	Settings []string
	// Projects are the folders whose lockfile, package.json or settings changed:
	// where settings are to be compared. "." is the top.
	Projects []string
	// Base and Head are the two sides, for Project; nil where single files are
	// compared.
	Base, Head Revision
}

// Touched lists which of the paths that differ between two revisions Classify
// knows, and the ones that mean something else because a link on their way, or
// what it points to, is among those that differ. The result is sorted.
func Touched(ctx context.Context, base, head Revision, changed []string) ([]string, error) {
	touched, differs := map[string]bool{}, map[string]bool{}
	for _, file := range changed {
		differs[file] = true
		if lockfile.Classify(file).Role != lockfile.Nothing {
			touched[file] = true
		}
	}
	if len(changed) == 0 {
		return nil, nil
	}
	for _, rev := range []Revision{base, head} {
		links, _, err := linksOf(ctx, rev)
		if err != nil {
			return nil, err
		}
		for _, link := range links {
			if touched[link] {
				continue
			}
			through, err := way(ctx, rev, link)
			if err != nil {
				return nil, err
			}
			touched[link] = slices.ContainsFunc(through, func(file string) bool { return differs[file] })
		}
	}
	for _, file := range changed {
		if err := behind(ctx, base, head, file, touched); err != nil {
			return nil, err
		}
	}
	var out []string
	for file, yes := range touched {
		if yes {
			out = append(out, file)
		}
	}
	sort.Strings(out)
	return out, nil
}

// maxFollowed is how many links one revision is asked for: each may be a
// request.
const maxFollowed = 500

// linksOf lists the links of a revision that bear a name that Classify knows.
// all is false where there may be more.
func linksOf(ctx context.Context, rev Revision) (links []string, all bool, err error) {
	links, all, err = rev.Links(ctx)
	links = slices.DeleteFunc(slices.Clone(links), func(link string) bool { return lockfile.Classify(link).Role == lockfile.Nothing })
	if len(links) > maxFollowed {
		links, all = links[:maxFollowed], false
	}
	return links, all, err
}

// way lists the paths that a link leads through, as far as it goes.
func way(ctx context.Context, rev Revision, link string) ([]string, error) {
	_, _, through, err := follow(ctx, rev, link)
	var not *NotRead
	if errors.As(err, &not) {
		err = nil
	}
	return through, err
}

// maxBehind is how many files behind one folder's link are looked at.
const maxBehind = 1000

// behind adds the files that a link to a folder shows, where the link changed
// from one folder to another.
func behind(ctx context.Context, base, head Revision, link string, touched map[string]bool) error {
	for _, rev := range []Revision{base, head} {
		if e, err := rev.Entry(ctx, link); err != nil || e.Kind != Link {
			return err
		}
	}
	for _, rev := range []Revision{base, head} {
		n := 0
		var walk func(dir string, depth int) error
		walk = func(dir string, depth int) error {
			final, e, _, err := follow(ctx, rev, dir)
			var not *NotRead
			if errors.As(err, &not) || err == nil && e.Kind != Folder {
				return nil
			}
			if err != nil {
				return err
			}
			in, err := rev.Folder(ctx, final)
			if err != nil {
				return err
			}
			for name, e := range in {
				at := path.Join(dir, name)
				if n++; n > maxBehind {
					return nil
				}
				if e.Kind == Folder && name != "node_modules" && depth < 8 {
					if err := walk(at, depth+1); err != nil {
						return err
					}
				}
				if e.Kind == File && lockfile.Classify(at).Role != lockfile.Nothing {
					touched[at] = true
				}
			}
			return nil
		}
		if err := walk(link, 0); err != nil {
			return err
		}
	}
	return nil
}

// Gather reads what a change is about, the same for the App, the command line,
// the Action and hooks. changed are the paths that differ between the two
// revisions, in any order; a renamed file is both of its paths. ignored says
// which paths a policy leaves out; it may be nil.
//
// Every changed file that Classify knows ends in the Input: nothing that could
// not be read is left out silently. An error means that nobody knows (the
// network, the disk), and ends the review.
func Gather(ctx context.Context, base, head Revision, changed []string, ignored func(path string) bool) (*Input, error) {
	touched, err := Touched(ctx, base, head, changed)
	if err != nil {
		return nil, err
	}
	g := &gatherer{ctx: ctx, in: &Input{Base: base, Head: head},
		locks: map[string]*sideOf{}, settled: map[string]bool{}, grouped: map[string]bool{}}
	left := 0
	var lockfiles, manifests []string
	for _, file := range touched {
		if ignored != nil && ignored(file) {
			left++
			continue
		}
		c := lockfile.Classify(file)
		switch c.Role {
		case lockfile.Locks:
			lockfiles = append(lockfiles, file)
		case lockfile.Unread:
			if err := g.unread(file, c); err != nil {
				return nil, err
			}
		case lockfile.Manifest:
			manifests = append(manifests, file)
			g.in.Settings = append(g.in.Settings, file)
		case lockfile.Setting:
			g.in.Settings = append(g.in.Settings, file)
		}
		g.in.Projects = append(g.in.Projects, projectOf(file))
	}
	sort.Strings(g.in.Projects)
	g.in.Projects = slices.Compact(g.in.Projects)
	if left > 0 {
		g.note("%d changed files are left out by the policy (paths.ignore).", left)
	}
	if _, all, err := linksOf(ctx, head); err != nil {
		return nil, err
	} else if !all && len(changed) > 0 {
		g.note("The repository has more files or links than are looked at: links that did not change themselves were not all followed.")
	}
	if err := g.pairs(lockfiles, touched); err != nil {
		return nil, err
	}
	if err := g.manifests(manifests); err != nil {
		return nil, err
	}
	return g.in, nil
}

// projectOf is the folder of the project that a file belongs to.
func projectOf(file string) string {
	for _, below := range []string{"/.yarn/", "/patches/"} {
		if i := strings.LastIndex("/"+file, below); i >= 0 {
			return path.Clean(strings.TrimSuffix(file[:i], "/"))
		}
	}
	return path.Dir(file)
}

// gatherer is one Gather under way.
type gatherer struct {
	ctx context.Context
	in  *Input
	// locks are the lockfiles of head that were read.
	locks map[string]*sideOf
	// settled are the folders whose lockfile changed with them, or that are not
	// read: what their package.json asks for is part of that.
	settled map[string]bool
	grouped map[string]bool
}

func (g *gatherer) note(format string, args ...any) {
	g.in.Notes = append(g.in.Notes, fmt.Sprintf(format, args...))
}

func (g *gatherer) whole(w WholeIssue) {
	if !slices.ContainsFunc(g.in.Whole, func(o WholeIssue) bool {
		return o.File == w.File && o.Line == w.Line && o.Issue.Fingerprint() == w.Issue.Fingerprint()
	}) {
		g.in.Whole = append(g.in.Whole, w)
	}
}

// unread says that a file is not read. One that head no longer has decides
// nothing any more.
func (g *gatherer) unread(file string, c lockfile.Class) error {
	e, err := g.in.Head.Entry(g.ctx, file)
	if err != nil {
		return err
	}
	if e.Kind == Missing && !g.linked(file) {
		return nil
	}
	reason := c.Kind + " is not read"
	if c.Convert != "" {
		reason += "; a lockfile that is read is written by " + c.Convert
	}
	w := Unreadable(file, 1, reason)
	if c.Group != "" {
		if g.grouped[c.Group] {
			return nil
		}
		g.grouped[c.Group] = true
		w.Issue.Detail["what"] = c.Group
	}
	g.settled[path.Dir(file)] = true
	g.whole(w)
	return nil
}

// linked reports whether a path leads to something by way of a folder's link.
func (g *gatherer) linked(file string) bool {
	_, e, _, err := follow(g.ctx, g.in.Head, file)
	return err == nil && e.Kind != Missing
}

// sideOf is a lockfile on one side.
type sideOf struct {
	file string
	// shown is where its lines are: what a link points to.
	shown string
	// there is false where the side has no such file.
	there bool
	lock  *lockfile.Lockfile
	// data is what was read, whatever it is.
	data []byte
	// problem is set where the file is there and cannot be read.
	problem *WholeIssue
	broken  *lockfile.Error
}

// read reads a lockfile with what Parse wants to know of its project.
func read(ctx context.Context, rev Revision, file, shown string) (*sideOf, error) {
	s := &sideOf{file: file, shown: shown}
	data, found, err := Read(ctx, rev, file, lockfile.MaxSize)
	s.there, s.data = found || err != nil, data
	if err == nil && found {
		s.lock, err = parse(ctx, rev, file, shown, data)
	}
	var at *lockfile.Error
	var not *NotRead
	switch {
	case err == nil:
		return s, nil
	case errors.As(err, &at):
		s.broken = at
		w := Unreadable(at.File, at.Line, at.Msg)
		w.Issue.Detail["what"] = shown
		s.problem = &w
	case errors.As(err, &not):
		w := Unreadable(shown, 1, not.Reason)
		if not.Path != file {
			w.Issue.Detail["reason"] = not.Error()
		}
		s.problem = &w
	default:
		return nil, err
	}
	return s, nil
}

// lies is where a file's lines are: what it points to, where it is a link inside
// the repository.
func lies(ctx context.Context, rev Revision, file string) string {
	if final, e, _, err := follow(ctx, rev, file); err == nil && e.Kind == File {
		return final
	}
	return file
}

func parse(ctx context.Context, rev Revision, file, shown string, data []byte) (*lockfile.Lockfile, error) {
	if msg := noText(data); msg != "" {
		return nil, &lockfile.Error{File: shown, Line: 1, Msg: msg}
	}
	dir := path.Dir(file) // npm looks for package.json beside the link
	if path.Base(file) == ".package-lock.json" {
		dir = path.Dir(dir) // npm's hidden lockfile lies in node_modules
	}
	return lockfile.Parse(shown, data, lockfile.Options{Project: Project(ctx, rev, dir)})
}

// noText names what is no lockfile of any package manager, and happens.
func noText(data []byte) string {
	switch {
	case len(bytes.TrimSpace(data)) == 0:
		return "the file is empty; run your package manager's install to write it again"
	case bytes.HasPrefix(data, []byte("\xff\xfe")), bytes.HasPrefix(data, []byte("\xfe\xff")),
		len(data) > 1 && (data[0] == 0) != (data[1] == 0):
		return "the file is UTF-16, which package managers do not read; write it again as UTF-8"
	case bytes.HasPrefix(data, []byte("version https://git-lfs.github.com/spec/")):
		return "the file is a pointer of Git LFS; the lockfile itself is not in the repository"
	}
	return ""
}

// head reads a lockfile of head, once.
func (g *gatherer) head(file string) (*sideOf, error) {
	if s, ok := g.locks[file]; ok {
		return s, nil
	}
	s, err := read(g.ctx, g.in.Head, file, lies(g.ctx, g.in.Head, file))
	if err == nil {
		g.locks[file] = s
	}
	return s, err
}

// pairs reads the lockfiles that changed on both sides.
func (g *gatherer) pairs(files, touched []string) error {
	var gone, came []*sideOf
	for _, file := range files {
		if same, err := g.alias(file, touched); err != nil {
			return err
		} else if same {
			continue
		}
		head, err := g.head(file)
		if err != nil {
			return err
		}
		base, err := read(g.ctx, g.in.Base, file, lies(g.ctx, g.in.Base, file))
		if err != nil {
			return err
		}
		switch {
		case !head.there && base.there:
			gone = append(gone, base)
		case head.there && !base.there:
			came = append(came, head)
		case head.there:
			g.pair(base, head)
		}
		if strings.EqualFold(path.Base(file), "npm-shrinkwrap.json") && head.there {
			g.note("%s: npm 12 and later ignore it and take package-lock.json; older ones take it first.", file)
		}
	}
	moved := movedTo(gone, came)
	for _, head := range came {
		g.pair(moved[head], head)
	}
	taken := map[*sideOf]bool{}
	for _, base := range moved {
		taken[base] = true
	}
	for _, base := range gone {
		if !taken[base] {
			g.pair(base, nil)
		}
	}
	sort.SliceStable(g.in.Pairs, func(i, j int) bool { return g.in.Pairs[i].File < g.in.Pairs[j].File })
	return g.deleted(gone, taken)
}

// alias reports whether a path is a link, on both sides, to a lockfile that
// changed under its own name, and counts with that.
func (g *gatherer) alias(file string, touched []string) (bool, error) {
	target := ""
	for _, rev := range []Revision{g.in.Base, g.in.Head} {
		final, _, through, err := follow(g.ctx, rev, file)
		var not *NotRead
		if err != nil && !errors.As(err, &not) {
			return false, err
		}
		if err != nil || len(through) < 2 || target != "" && final != target {
			return false, nil
		}
		target = final
	}
	return lockfile.Classify(target).Role == lockfile.Locks && slices.Contains(touched, target), nil
}

// pair adds a lockfile before and after; either may be nil.
func (g *gatherer) pair(base, head *sideOf) {
	if head != nil {
		g.settled[path.Dir(head.file)] = true
		if head.problem != nil {
			g.whole(*head.problem)
			if head.broken != nil {
				g.in.Broken = append(g.in.Broken, head.broken)
			}
			return
		}
	}
	p := Pair{}
	if base != nil {
		p.File, p.Base = base.shown, base.lock
		if base.problem != nil {
			g.note("%s could not be read before the change, so that every package counts as new: %s",
				base.shown, base.problem.Issue.Detail["reason"])
		}
	}
	if head != nil {
		p.File, p.Head = head.shown, head.lock
	}
	if p.Base != nil || p.Head != nil {
		g.in.Pairs = append(g.in.Pairs, p)
	}
}

// deleted says where nothing is locked any more.
func (g *gatherer) deleted(gone []*sideOf, taken map[*sideOf]bool) error {
	for _, base := range gone {
		if taken[base] {
			continue
		}
		left, err := g.lockfilesIn(path.Dir(base.file))
		if err != nil {
			return err
		}
		if len(left) == 0 && !g.settled[path.Dir(base.file)] {
			g.note("%s is deleted and nothing takes its place: what the next install there brings is not fixed.", base.file)
		}
	}
	return nil
}

// movedTo finds for each lockfile that came the one that went and is most like
// it: a folder that was renamed brings nothing new.
func movedTo(gone, came []*sideOf) map[*sideOf]*sideOf {
	type match struct {
		from, to *sideOf
		score    float64
	}
	var matches []match
	many := len(gone)*len(came) > 400
	for _, to := range came {
		for _, from := range gone {
			score := 0.0
			switch {
			case bytes.Equal(from.data, to.data):
				score = 2
			case !many && from.lock != nil && to.lock != nil && from.lock.Format == to.lock.Format:
				score = alike(from.lock, to.lock)
			}
			if score >= 0.5 {
				matches = append(matches, match{from, to, score})
			}
		}
	}
	sort.SliceStable(matches, func(i, j int) bool { return matches[i].score > matches[j].score })
	out, taken := map[*sideOf]*sideOf{}, map[*sideOf]bool{}
	for _, m := range matches {
		if out[m.to] == nil && !taken[m.from] {
			out[m.to], taken[m.from] = m.from, true
		}
	}
	return out
}

// alike is the part of the packages that two lockfiles share.
func alike(a, b *lockfile.Lockfile) float64 {
	type id struct{ name, version string }
	in := map[id]bool{}
	for _, e := range a.Entries {
		in[id{e.Package, e.Version}] = true
	}
	shared := 0
	for _, e := range b.Entries {
		if in[id{e.Package, e.Version}] {
			shared++
		}
	}
	return float64(shared) / float64(max(len(a.Entries), len(b.Entries), 1))
}
