package facts

import "github.com/lockwarden/lockwarden/analyzer/javascript/eval"

// blindSpot is a Blind whose contexts are known only at the end.
type blindSpot struct {
	kind eval.BlindKind
	what string
	Site
}

// blindAt notes a blind spot at a place in code.
func (g *gathering) blindAt(kind eval.BlindKind, site Site, what string) {
	g.blinds = append(g.blinds, blindSpot{kind, what, site})
}

// blindFile notes a blind spot of which the contexts are known, or the whole
// file's: those of the code that loads it are the caller's to find.
func (g *gathering) blindFile(kind eval.BlindKind, file string, line int, contexts eval.Context, what string) {
	g.facts.Blind = append(g.facts.Blind, Blind{kind, file, line, contexts, what})
}

// gathering makes the facts of what evaluations recorded.
type gathering struct {
	p     *eval.Solved
	facts *Facts
	// blinds are the blind spots found so far.
	blinds []blindSpot
	// alone is the module that is analyzed by itself.
	alone *eval.Module
}

// take adds what was recorded since it was called last.
func (g *gathering) take() {
	r, f := g.p.Take(), g.facts
	for i := range r.Uses {
		u := &r.Uses[i]
		f.Uses = append(f.Uses, Use{Kind: u.Kind, API: u.API, Args: u.Args, Certainty: u.Certainty, OneOf: u.OneOf, Loose: u.Loose,
			id: u.ID, Site: Site{u.Place}})
	}
	for _, t := range r.Texts {
		f.Texts = append(f.Texts, Text{t.Value, t.Folded, Site{t.Place}})
	}
	f.Files = appendFiles(f.Files, r.Files)
	f.Disguised = appendFiles(f.Disguised, r.Disguised)
	f.Tokens = append(f.Tokens, r.Tokens...)
	for _, s := range r.Stops {
		g.blindAt(s.Kind, Site{s.Place}, s.What)
	}
}

func appendFiles(list []FileUse, raw []eval.FileUse) []FileUse {
	for _, r := range raw {
		list = append(list, FileUse{r.Path, r.Started, Site{r.Place}})
	}
	return list
}

func (g *gathering) incomplete(file, reason string) {
	g.facts.Incomplete = append(g.facts.Incomplete, Problem{File: file, Line: 1, Reason: reason})
}
