package render

import (
	"fmt"
	"strings"

	"github.com/lockwarden/lockwarden/analyzer/prevalence"
	"github.com/lockwarden/lockwarden/templates"
)

// prevalenceJSON says in how many of the scanned packages of each band
// something was found.
type prevalenceJSON struct {
	Top100    countJSON `json:"top100"`
	Top1k     countJSON `json:"top1k"`
	Top10k    countJSON `json:"top10k"`
	Community countJSON `json:"community"`
}

type countJSON struct {
	Found   int `json:"found"`
	Scanned int `json:"scanned"`
}

// surveyedIssue reports whether a survey of packages by themselves can find an
// issue: those of a lockfile, of an update or of what the registry says it
// cannot, and has no figure for.
func surveyedIssue(id string) bool {
	category, name, _ := strings.Cut(id, "/")
	switch category {
	case "lockfile", "project", "vulnerability", "scan", "policy":
		return false
	case "identity":
		return name == "no-repository" || name == "typosquat" || name == "confusable" || name == "bin-shadows-command"
	}
	switch id {
	case "malware/known", "install/script-added", "install/script-changed", "behavior/new-capability", "dependency/new-in-update",
		"dependency/deprecated", "dependency/unpublished", "license/changed", "license/denied":
		return false
	}
	return true
}

// prevalenceOf is nil where nothing is known.
func prevalenceOf(id string) *prevalenceJSON {
	s, ok := prevalence.Shipped().Share(id)
	if !ok {
		return nil
	}
	count := func(b prevalence.Band) countJSON { return countJSON{s.Found[b], s.Scanned[b]} }
	return &prevalenceJSON{count(prevalence.Top100), count(prevalence.Top1k), count(prevalence.Top10k), count(prevalence.Community)}
}

func issuePrevalence(id string) *prevalenceJSON {
	if !surveyedIssue(id) {
		return nil
	}
	return prevalenceOf(id)
}

// howCommon says in one phrase how common something is among all packages that
// were scanned: "in 3 % of packages", "rare: in 9 of 2,314 packages".
func howCommon(id string) string {
	s, ok := prevalence.Shipped().Share(id)
	if !ok {
		return ""
	}
	found, scanned := s.Found[prevalence.Community], s.Scanned[prevalence.Community]
	switch {
	case found == 0:
		return "in none of " + templates.Thousands(scanned) + " packages"
	case found*100 < scanned:
		return fmt.Sprintf("rare: in %s of %s packages", templates.Thousands(found), templates.Thousands(scanned))
	}
	return fmt.Sprintf("in %d %% of packages", (found*100+scanned/2)/scanned)
}

// bandLines says for each band in how many of the scanned packages something was
// found, with a bar.
func bandLines(id string) []string {
	s, ok := prevalence.Shipped().Share(id)
	if !ok {
		return nil
	}
	var out []string
	for b := prevalence.Top100; b <= prevalence.Community; b++ {
		of := fmt.Sprintf("the %s scanned of the %s most used packages", templates.Thousands(s.Scanned[b]), templates.Thousands(b.Size()))
		switch {
		case b == prevalence.Community:
			of = "all " + templates.Thousands(s.Scanned[b]) + " scanned packages"
		case s.Scanned[b] == b.Size():
			of = "the " + templates.Thousands(b.Size()) + " most used packages"
		}
		out = append(out, fmt.Sprintf("%-9s %s in %s of %s", b, meter(s.Found[b], s.Scanned[b]), templates.Thousands(s.Found[b]), of))
	}
	return out
}

// meter is a bar of ten characters; what is found at all shows.
func meter(found, scanned int) string {
	const width = 10
	n := 0
	if scanned > 0 {
		n = (found*width + scanned/2) / scanned
	}
	if n == 0 && found > 0 {
		n = 1
	}
	return strings.Repeat("█", n) + strings.Repeat("░", width-n)
}
