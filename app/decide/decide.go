// Package decide says what people decided about a pull request: comments,
// buttons, what is kept for the whole repository, and permissions go in; what is
// accepted, what is to be kept or ended, and what each comment is answered come
// out. It is pure: it asks nobody, has no clock, and stores nothing. What it
// needs to know is asked for by People and Reviews, as values.
package decide

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/lockwarden/lockwarden/app/comment"
	"github.com/lockwarden/lockwarden/app/policy"
)

// Thread is everything that decisions about a pull request are made of.
type Thread struct {
	// Thread has the comments and the rules; the buttons are in Pressed.
	comment.Thread
	// Repository is its repository's number, Name how it is called there.
	Repository int64
	Name       string
	// Pressed are the buttons that were pressed here, Lasting what is kept for the
	// whole repository.
	Pressed, Lasting []Kept
	// Results are what the check showed, the oldest first; Seen what there was to
	// see in those that Reviews asks for, by generation.
	Results []Result
	Seen    map[int64][]policy.Seen
	// Current is what there is to see in the head that is judged, which need not have
	// been shown yet.
	Current []policy.Seen
	// Done are comments that were told before that they did what they say.
	Done map[comment.Ref]bool `json:"-"`
}

// Kept is a decision as it is kept.
type Kept struct {
	// ID is 0 for one that is not kept yet.
	ID int64 `json:"-"`
	// Thread is where it was made, Origin tells it apart from others.
	Thread string `json:"-"`
	Origin string `json:"-"`
	policy.Accepted
	// Ordered and After say which comments came before a button was pressed; see
	// comment.Button.
	Ordered bool     `json:"ordered,omitempty"`
	After   []string `json:"after,omitempty"`
}

// Result is a result that the check showed.
type Result struct {
	Generation int64
	// Since is from when on people could see it, by GitHub's clock.
	Since time.Time
	// Own is what the policy alone had found then, where OwnKnown is set; an older
	// version did not keep it.
	Own      []string
	OwnKnown bool
}

// Ended is a decision for the repository that holds no more.
type Ended struct {
	Kept
	// By is who ended it, or what did.
	By string
}

// Decisions are what people decided.
type Decisions struct {
	// Accepted is what holds here.
	Accepted []policy.Accepted
	// Keep are decisions for the repository that were made here, End those that
	// this thread ended.
	Keep []Kept
	End  []Ended
	// Revoked are revocations that count from now on, whatever becomes of their
	// comments. They are kept under RevokedIn.
	Revoked []Kept

	thread  *Thread
	effects []Effect
}

// People are those whose permission Decide needs.
func (t *Thread) People() []string {
	var out []string
	add := func(login string) {
		if login != "" && !slices.Contains(out, login) {
			out = append(out, login)
		}
	}
	for i := range t.Pressed {
		add(t.Pressed[i].By)
	}
	for _, login := range t.Deciders() {
		add(login)
	}
	for i := range t.Lasting {
		if k := &t.Lasting[i]; k.Thread != t.Name && !k.ended(t.Now) {
			add(k.By)
		}
	}
	return out
}

func (k *Kept) ended(now time.Time) bool { return !k.Until.IsZero() && !now.Before(k.Until) }

// Reviews are the generations whose findings Decide binds acceptances to.
func (t *Thread) Reviews() []int64 {
	var out []int64
	for _, a := range t.fold(nil).Made {
		if r := t.shown(&a); r != nil && !slices.Contains(out, r.Generation) {
			out = append(out, r.Generation)
		}
	}
	return out
}

// shown is the newest result that people could see when the acceptance was
// written, nil where there was none: nobody accepts what they could not see. What
// came in the comment's own second was not seen by its author: GitHub's times are
// whole seconds.
func (t *Thread) shown(a *comment.Acceptance) *Result {
	for i := range slices.Backward(t.Results) {
		if r := &t.Results[i]; r.Since.Before(a.At) {
			return r
		}
	}
	return nil
}

// bind adds what was seen to an acceptance; shown is false where that was nothing.
func (t *Thread) bind(a *comment.Acceptance) (bound policy.Accepted, shown bool) {
	bound.Acceptance = *a
	if a.Button > 0 {
		bound.Seen = t.Pressed[a.Button-1].Seen
		return bound, true
	}
	r := t.shown(a)
	if r != nil {
		bound.Seen = t.Seen[r.Generation]
		if r.OwnKnown {
			bound.Seen = policy.ShownAs(bound.Seen, r.Own)
		}
	}
	return bound, r != nil
}

// fold folds the comments and the buttons of those who may still decide.
func (t *Thread) fold(seen func(*comment.Acceptance) bool) comment.Folded {
	in := t.Thread
	in.Buttons, in.Covers = nil, seen
	for i := range t.Pressed {
		if k := &t.Pressed[i]; t.Permissions[k.By] >= t.Rules.Least {
			b := comment.Button{Acceptance: k.Acceptance, Ordered: k.Ordered}
			b.Button = i + 1
			for _, name := range k.After {
				if ref, ok := comment.ParseRef(name); ok {
					b.After = append(b.After, ref)
				}
			}
			in.Buttons = append(in.Buttons, b)
		}
	}
	return comment.Fold(in)
}

// Decide folds the comments and binds each acceptance to what its author saw.
func (t *Thread) Decide() Decisions {
	folded := t.fold(func(a *comment.Acceptance) bool {
		bound, _ := t.bind(a)
		return covers(&bound, bound.Seen)
	})
	d := Decisions{thread: t}
	for _, one := range folded.Refusals {
		d.effects = append(d.effects, refused(&one))
	}
	for _, a := range folded.Made {
		bound, shown := t.bind(&a)
		d.effects = append(d.effects, t.acceptance(&bound, shown))
	}
	for _, a := range folded.Acceptances {
		bound, _ := t.bind(&a)
		d.Accepted = append(d.Accepted, bound)
	}
	for _, r := range folded.Revocations {
		d.effects = append(d.effects, t.revocation(&r, slices.ContainsFunc(folded.Idle, func(idle comment.Acceptance) bool {
			return idle.Ref() == r.Ref() && idle.Line == r.Line
		})))
	}
	for _, r := range folded.Revocations {
		if idle := slices.ContainsFunc(folded.Idle, func(i comment.Acceptance) bool { return i.Ref() == r.Ref() && i.Line == r.Line }); !idle {
			d.Revoked = append(d.Revoked, Kept{Thread: t.Name, Accepted: policy.Accepted{Acceptance: r},
				Origin: fmt.Sprintf("comment/%d/%s/%d/revoked/%s", t.Repository, r.Ref(), r.Line, whatOf(&r))})
		}
	}
	d.lasting(folded.Revocations)
	return d
}

// RevokedIn is the scope under which a thread's revocations are kept.
func RevokedIn(thread string) string { return "revoked in " + thread }

// lasting adds what holds for the whole repository, and says which decisions
// this thread makes and ends.
func (d *Decisions) lasting(revocations []comment.Acceptance) {
	t := d.thread
	held := map[string]bool{}
	for _, a := range d.Accepted {
		if !a.Repository || a.Comment == 0 {
			continue
		}
		origin := fmt.Sprintf("comment/%d/%s/%s@%s/%s", t.Repository, a.Ref(), a.Name, a.Version, strings.Join(a.Findings, ","))
		held[origin] = true
		if len(a.Seen) > 0 { // or nothing was known when it was written
			d.Keep = append(d.Keep, Kept{Thread: t.Name, Origin: origin, Accepted: a})
		}
	}
	for _, k := range t.Lasting {
		if k.Thread == t.Name {
			if !held[k.Origin] && !k.ended(t.Now) {
				d.End = append(d.End, Ended{k, "its comment was revoked, edited or deleted"})
			}
			continue // its comment was folded
		}
		if by := revoker(&k, revocations); by != "" {
			d.End = append(d.End, Ended{k, by})
			continue
		}
		if !k.ended(t.Now) && t.Permissions[k.By] >= max(t.Rules.Least, comment.LeastForRepository) {
			d.Accepted = append(d.Accepted, k.Accepted)
		}
	}
}

// revoker is who revoked a decision for the repository here, empty where nobody
// did. That they may was asked of every revocation.
func revoker(k *Kept, revocations []comment.Acceptance) string {
	for _, r := range revocations {
		if r.Repository && (r.All || r.Name == k.Name && r.Version == k.Version) {
			return r.By
		}
	}
	return ""
}
