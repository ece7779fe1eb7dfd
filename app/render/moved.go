package render

import (
	"cmp"
	"fmt"
	"strings"

	"github.com/lockwarden/lockwarden/app/review"
	"github.com/lockwarden/lockwarden/lockfile"
)

// maxMoved is how many packages are named that only moved; a lockfile that is
// sorted again moves hundreds.
const maxMoved = 20

// moved lists the packages that are the same as before at other places, each
// with the first respect in which its place differs.
func moved(list []review.Change) []string {
	var out []string
	for i := range list[:min(len(list), maxMoved)] {
		out = append(out, list[i].Name+"@"+list[i].To+where(&list[i].Change))
	}
	if rest := len(list) - maxMoved; rest > 0 {
		out = append(out, fmt.Sprintf("%d more", rest))
	}
	return out
}

// where says what is different about a package that only moved: " (for
// debug@4.3.4, was ms@2.0.0)".
func where(c *lockfile.Change) string {
	for _, d := range c.Differences {
		from, to := cut(d.From, 80), cut(d.To, 80)
		switch {
		case d.What == "user" && to != "" && from != "":
			return " (for " + to + ", was " + from + ")"
		case d.What == "user" && to != "":
			return " (for " + to + ")"
		case d.What == "user":
			return " (no longer for " + from + ")"
		case d.What == "place" && to != "":
			return " (in " + to + ")"
		case d.What == "place":
			return " (no longer in " + from + ")"
		case d.What == "platforms":
			return " (now for " + cmp.Or(to, "all systems") + ")"
		case d.What == "optional":
			return " (now " + to + ")"
		case d.What == "scope":
			return " (now in production)"
		case d.What == "host" || d.What == "transport" || d.What == "url":
			return " (from " + orDefault(to) + ", was " + orDefault(from) + ")"
		}
	}
	return ""
}

func orDefault(address string) string {
	if address == "" {
		return "the default registry"
	}
	return address
}

func cut(s string, limit int) string {
	if len(s) > limit {
		return strings.ToValidUTF8(s[:limit], "") + "…"
	}
	return s
}
