package comment

import (
	"fmt"
	"slices"
	"sort"
	"strconv"
	"strings"
	"time"

	"github.com/lockwarden/lockwarden/templates"
)

// Permission is what a person may do in a repository, in GitHub's words.
// Source: https://docs.github.com/rest/collaborators/collaborators (role_name)
type Permission int

// The permissions, each of which includes those before it.
const (
	None Permission = iota
	Read
	Triage
	Write
	Maintain
	Admin
)

var permissionNames = []string{"none", "read", "triage", "write", "maintain", "admin"}

// String is GitHub's name of the permission.
func (p Permission) String() string { return permissionNames[p] }

// ParsePermission reads GitHub's name of a permission; an unknown one is an
// error, which callers treat as None.
func ParsePermission(s string) (Permission, error) {
	for i, name := range permissionNames {
		if s == name {
			return Permission(i), nil
		}
	}
	return None, fmt.Errorf("permission %q is none of %s", s, strings.Join(permissionNames, ", "))
}

// Kind is where a comment stands, in GitHub's words.
type Kind string

// The kinds.
const (
	// InConversation is an ordinary comment.
	InConversation Kind = ""
	// OnLine is one on a line of the diff.
	OnLine Kind = "review_comment"
	// InReview is the body of a review.
	InReview Kind = "review"
)

// Ref names a comment: GitHub numbers each kind by itself.
type Ref struct {
	Kind Kind
	ID   int64
}

// String is the number, with the kind before it where it has a name.
func (r Ref) String() string {
	if r.Kind == InConversation {
		return strconv.FormatInt(r.ID, 10)
	}
	return string(r.Kind) + "/" + strconv.FormatInt(r.ID, 10)
}

// ParseRef reads what String writes.
func ParseRef(s string) (r Ref, ok bool) {
	kind, id, named := strings.Cut(s, "/")
	if !named {
		kind, id = "", s
	}
	n, err := strconv.ParseInt(id, 10, 64)
	return Ref{Kind(kind), n}, err == nil && n > 0
}

// Comment is one comment of a pull request as GitHub has it now.
type Comment struct {
	ID   int64
	Kind Kind
	// Node is its id for GraphQL, Review the review that it was written in, 0 where
	// there is none.
	Node   string
	Review int64
	Author string
	// Bot is set for whoever is no person with an account. Via is the App that wrote it
	// in its author's name, empty where none did.
	Bot  bool
	Via  string
	Body string
	// Created is when it was written, Published when others could read it, where
	// that was later: comments of a review wait for its end.
	Created   time.Time
	Published time.Time
	// Updated is zero for a review, of which GitHub does not say it.
	Updated time.Time
	// LastEdited is when its text was changed, zero where it never was; EditKnown
	// is set where that is known.
	LastEdited time.Time
	EditKnown  bool
	URL        string
}

// Ref names the comment.
func (c *Comment) Ref() Ref { return Ref{c.Kind, c.ID} }

// published is when others could read it.
func (c *Comment) published() time.Time {
	if c.Published.After(c.Created) {
		return c.Published
	}
	return c.Created
}

// Edited reports whether somebody changed the comment. GitHub touches comments
// itself now and then; where it says when the text was last edited, that counts.
func (c *Comment) Edited() bool {
	if c.EditKnown {
		return !c.LastEdited.IsZero()
	}
	return !c.Updated.Equal(c.Created)
}

// Rules say who may accept, and how.
type Rules struct {
	// Least is the permission that accepting needs.
	Least Permission
	// Author lets the pull request's own author accept.
	Author bool
	// Longest is how long an acceptance holds at most; 0: without end.
	Longest time.Duration
	// ReasonRequired refuses acceptances without "because"; WorstNeedReason those
	// of what is critical or behaves like malware, which is for who knows the
	// findings to check.
	ReasonRequired, WorstNeedReason bool
	// All allows "accept all".
	All bool
}

// LeastForRepository is the permission that "in repository" needs, whatever
// the policy says.
const LeastForRepository = Maintain

// Acceptance is a decision that holds: who accepted what, when, until when and
// why. What it is bound to (integrity and findings) comes from the review that
// the person saw.
type Acceptance struct {
	// Comment, among those of its Kind, and URL are where it was written; Comment
	// is 0 for a button.
	Comment int64     `json:"comment,omitempty"`
	Kind    Kind      `json:"kind,omitempty"`
	URL     string    `json:"url,omitempty"`
	By      string    `json:"by"`
	At      time.Time `json:"at"`
	// Until is when it ends; zero: never.
	Until      time.Time `json:"until,omitzero"`
	Reason     string    `json:"reason,omitempty"`
	All        bool      `json:"all,omitempty"`
	Name       string    `json:"name,omitempty"`
	Version    string    `json:"version,omitempty"`
	Findings   []string  `json:"findings,omitempty"`
	Repository bool      `json:"repository,omitempty"`
	// Except is what was revoked of it later.
	Except []Exception `json:"except,omitempty"`
	// Line is the command's in its comment. Button is for whoever hands in buttons:
	// it tells them apart.
	Line   int `json:"-"`
	Button int `json:"-"`
}

// Ref names the comment that it was written in.
func (a *Acceptance) Ref() Ref { return Ref{a.Kind, a.Comment} }

// Button is an acceptance made with the check run's button.
type Button struct {
	Acceptance
	// After are the comments that are known to have come before the click, where
	// Ordered is set: a click has no time of GitHub's to compare. Where that is not
	// known, their times are compared.
	Ordered bool
	After   []Ref
}

// precedes reports whether the click came before a comment. One that is not known
// to have come before it came after it: a revocation counts.
func (b *Button) precedes(c *Comment) bool {
	if b.Ordered {
		return !slices.Contains(b.After, c.Ref())
	}
	return !b.At.After(c.published())
}

// Exception is a package, or some findings of one, that an acceptance no
// longer covers.
type Exception struct {
	Name     string   `json:"name"`
	Version  string   `json:"version"`
	Findings []string `json:"findings,omitempty"`
}

// Refusal is a command that does not count, and why.
type Refusal struct {
	Comment Ref
	Author  string
	Command Command
	Reason  string
}

// Folded is what the comments of a pull request come to.
type Folded struct {
	Acceptances []Acceptance
	// Made are all acceptances of comments, those that were revoked later too.
	Made     []Acceptance
	Refusals []Refusal
	// Revocations are the revokes that count, Idle those of them that took nothing
	// back.
	Revocations, Idle []Acceptance
}

// Thread is what Fold reads.
type Thread struct {
	// Slug is the App's, whose mention is a command and whose own comments are
	// none.
	Slug string
	// Author opened the pull request.
	Author string
	// Comments are all comments of the pull request.
	Comments []Comment
	// Revoked are revocations that counted before. They count whatever became of their
	// comments since: whoever may write can edit and delete those of others.
	Revoked []Acceptance
	// Buttons were authorised when they were pressed.
	Buttons []Button
	// Permissions are what the comments' authors may do now.
	Permissions map[string]Permission
	Rules       Rules
	Now         time.Time
	// Covers reports whether an acceptance is about anything that its author saw; one
	// that is not leaves nothing to take back. nil: all are.
	Covers func(a *Acceptance) bool `json:"-"`
}

// Deciders are the authors whose permission Fold needs: those of comments with
// a decision in them.
func (t *Thread) Deciders() []string {
	seen := map[string]bool{}
	var out []string
	for _, c := range t.Comments {
		if c.Bot || seen[c.Author] {
			continue
		}
		if Decides(c.Body, t.Slug) {
			seen[c.Author] = true
			out = append(out, c.Author)
		}
	}
	return out
}

// Decides reports whether a comment holds a decision.
func Decides(body, slug string) bool {
	return slices.ContainsFunc(Parse(body, slug), func(c Command) bool { return (c.Verb == Accept || c.Verb == Revoke) && c.Problem == "" })
}

// Fold goes through the comments in their order. Its result depends on nothing
// but what is handed in, so that a webhook that got lost loses nothing.
func Fold(t Thread) Folded {
	comments := append([]Comment(nil), t.Comments...)
	kept := map[Ref][]Acceptance{}
	for _, r := range t.Revoked {
		ref := r.Ref()
		if kept[ref] == nil && !slices.ContainsFunc(comments, func(c Comment) bool { return c.Ref() == ref }) {
			comments = append(comments, Comment{ID: ref.ID, Kind: ref.Kind, Created: r.At}) // it was deleted
		}
		kept[ref] = append(kept[ref], r)
	}
	sort.SliceStable(comments, func(i, j int) bool {
		a, b := &comments[i], &comments[j]
		if a, b := a.published(), b.published(); !a.Equal(b) {
			return a.Before(b)
		}
		if a.Kind != b.Kind {
			return a.Kind < b.Kind
		}
		return a.ID < b.ID
	})
	var out Folded
	buttons := slices.Clone(t.Buttons)
	for i := range comments {
		c := &comments[i]
		buttons = slices.DeleteFunc(buttons, func(b Button) bool {
			first := b.precedes(c)
			if first {
				out.Acceptances = append(out.Acceptances, b.Acceptance)
			}
			return first
		})
		if c.Bot {
			continue
		}
		for _, command := range Parse(c.Body, t.Slug) {
			if command.Verb != Accept && command.Verb != Revoke && command.Problem == "" {
				continue
			}
			if reason := t.refuse(c, &command); reason != "" {
				out.Refusals = append(out.Refusals, Refusal{c.Ref(), c.Author, command, reason})
				continue
			}
			decision := t.decision(c, &command)
			if command.Verb == Revoke {
				decision.At = c.published()
				rest, took := t.without(out.Acceptances, decision)
				out.Acceptances = rest
				kept[c.Ref()] = slices.DeleteFunc(kept[c.Ref()], decision.sameAs)
				out.Revocations = append(out.Revocations, decision)
				if !took {
					out.Idle = append(out.Idle, decision)
				}
				continue
			}
			out.Acceptances = append(out.Acceptances, decision)
			out.Made = append(out.Made, decision)
		}
		for _, revoked := range kept[c.Ref()] {
			out.Acceptances, _ = t.without(out.Acceptances, revoked)
		}
	}
	for _, b := range buttons {
		out.Acceptances = append(out.Acceptances, b.Acceptance)
	}
	held := out.Acceptances[:0]
	for _, a := range out.Acceptances {
		if a.Until.IsZero() || t.Now.Before(a.Until) {
			held = append(held, a)
		}
	}
	out.Acceptances = held
	return out
}

// sameAs reports whether two revocations of one comment name the same.
func (a *Acceptance) sameAs(b Acceptance) bool {
	return a.All == b.All && a.Name == b.Name && a.Version == b.Version && slices.Equal(a.Findings, b.Findings)
}

// detail is what a sentence of templates/answer.md about a command can speak of.
type detail struct {
	Verb, Word, Name, Version string
	Least, Who, Has           string
	Most, Deep                int
}

func (t *Thread) refuse(c *Comment, command *Command) string {
	if command.Problem != "" {
		return command.Problem
	}
	if c.Kind != InConversation && !c.EditKnown && !c.Updated.Equal(c.Created) {
		return templates.Answer("perhaps edited", nil)
	}
	if c.Edited() {
		return templates.Answer("edited", nil)
	}
	least := t.Rules.Least
	if command.Repository {
		least = max(least, LeastForRepository)
	}
	if have := t.Permissions[c.Author]; have < least {
		return templates.Answer("permission", detail{Least: least.String(), Who: Quote(c.Author), Has: have.String()})
	}
	if command.Verb == Revoke {
		return ""
	}
	if c.Via != "" {
		return templates.Answer("by an app", detail{Who: Quote(c.Via)})
	}
	if strings.EqualFold(c.Author, t.Author) && !t.Rules.Author {
		return templates.Answer("author", nil)
	}
	if command.All && !t.Rules.All {
		return templates.Answer("not all", nil)
	}
	if t.Rules.ReasonRequired && !Reasoned(command.Reason) {
		return templates.Answer("reasonless", nil)
	}
	if longest := t.Rules.Longest; longest > 0 && command.For > longest {
		return templates.Answer("too long", detail{Most: int(longest / Day)})
	}
	return ""
}

func (t *Thread) decision(c *Comment, command *Command) Acceptance {
	a := Acceptance{Comment: c.ID, Kind: c.Kind, Line: command.Line, URL: c.URL, By: c.Author, At: c.Created, Reason: command.Reason,
		All:  command.All,
		Name: command.Name, Version: command.Version, Findings: command.Findings, Repository: command.Repository}
	a.Until = t.Rules.Until(c.Created, command.For)
	return a
}

// Until is when an acceptance of that time ends; zero: never.
func (r Rules) Until(from time.Time, wanted time.Duration) time.Time {
	switch {
	case wanted > 0:
		return from.Add(wanted)
	case r.Longest > 0:
		return from.Add(r.Longest)
	}
	return time.Time{}
}

// without takes a revocation from acceptances: "revoke all" takes everything,
// another one what it names. took reports whether there was anything to take.
func (t *Thread) without(list []Acceptance, revoked Acceptance) (out []Acceptance, took bool) {
	for _, a := range list {
		if !revoked.All && !a.All && (a.Name != revoked.Name || a.Version != revoked.Version) {
			out = append(out, a)
			continue
		}
		took = took || t.Covers == nil || t.Covers(&a)
		if revoked.All || !a.All && len(revoked.Findings) == 0 {
			continue
		}
		// What else it accepted stays accepted.
		a.Except = append(slices.Clone(a.Except), Exception{revoked.Name, revoked.Version, revoked.Findings})
		out = append(out, a)
	}
	return out, took
}

// Covers reports whether the acceptance speaks of that finding of that package
// version. Whether it is the same package (its integrity) is the caller's to
// check.
func (a *Acceptance) Covers(name, version, finding string) bool {
	if !a.All && (a.Name != name || a.Version != version) {
		return false
	}
	if len(a.Findings) > 0 && !contains(a.Findings, finding) {
		return false
	}
	for _, e := range a.Except {
		if e.Name == name && e.Version == version && (len(e.Findings) == 0 || contains(e.Findings, finding)) {
			return false
		}
	}
	return true
}

func contains(list []string, s string) bool {
	for _, item := range list {
		if item == s {
			return true
		}
	}
	return false
}
