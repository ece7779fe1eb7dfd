package issue

import (
	"fmt"

	"github.com/lockwarden/lockwarden/analyzer/behavior"
	"github.com/lockwarden/lockwarden/analyzer/javascript"
)

// Unscanned reports whether a blind spot makes the scan incomplete: what npm
// unpacks and what is loaded must have been read. Where only a value stays open,
// the rules on behaviors judge it, and a budget matters where what it cuts short
// runs by itself on installation.
func Unscanned(b javascript.Blind) bool {
	switch b.Kind {
	case javascript.BlindArchive:
		return true
	case javascript.BlindFile:
		return b.Contexts&^javascript.Unreachable != 0
	case javascript.BlindBudget:
		return b.Contexts == 0 || b.Contexts&javascript.Install != 0 && b.Certainly()
	}
	return false
}

// scanIncomplete: something was not analyzed, so that the absence of other
// issues says nothing.
func scanIncomplete(in *Input) []Issue {
	if in.Contents == nil {
		if in.Fetch == nil || in.Fetch.Kind == "not-found" && in.unpublished() {
			return nil // dependency/unpublished says why there is no tarball
		}
		return detailed(Medium, map[string]string{"what": "The package", "reason": clip(in.Fetch.Reason)})
	}
	if len(in.Contents.Incomplete) == 0 {
		return nil
	}
	first := in.Contents.Incomplete[0]
	what := first.File
	if len(in.Contents.Incomplete) > 1 {
		what = fmt.Sprintf("%s and %d more", first.File, len(in.Contents.Incomplete)-1)
	}
	if first.File == "" {
		what = "The package"
	}
	return detailed(Medium, map[string]string{"what": what, "reason": clip(first.Reason)}, problemEvidence(in.Contents.Incomplete)...)
}

func problemEvidence(problems []Problem) []behavior.Evidence {
	var out []behavior.Evidence
	for i, p := range problems {
		if i == 20 {
			break
		}
		if p.File != "" {
			out = append(out, behavior.Evidence{File: p.File, Line: max(p.Line, 1), Column: 1, Snippet: clip(p.Reason)})
		}
	}
	return out
}

// codeUnparsable: a script that no parser reads. It was searched as tokens.
func codeUnparsable(in *Input) []Issue {
	if in.Contents == nil || len(in.Contents.Unparsable) == 0 {
		return nil
	}
	return detailed(Low, map[string]string{"file": in.Contents.Unparsable[0].File}, problemEvidence(in.Contents.Unparsable)...)
}
