package render

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/lockwarden/lockwarden/app/review"
	"github.com/lockwarden/lockwarden/lockfile"
)

// maxMoved is how many packages are named that only moved; a lockfile that is
// sorted again moves hundreds.
const maxMoved = 20

// moved lists the packages that are the same as before at other places, each
// with the first respect in which its place differs. What many have in common
// is said once.
func moved(list []review.Change) []string {
	count, order := map[string]int{}, []string(nil)
	for i := range list {
		count[common(&list[i].Change)]++
	}
	var out []string
	named := 0
	for i := range list {
		c := &list[i].Change
		if shared := common(c); shared != "" && count[shared] > maxAlike {
			if !slices.Contains(order, shared) {
				order = append(order, shared)
			}
			continue
		}
		if named++; named <= maxMoved {
			out = append(out, nameAt(c.Name, c.To)+where(c))
		}
	}
	if rest := named - maxMoved; rest > 0 {
		out = append(out, fmt.Sprintf("%d more", rest))
	}
	for _, shared := range order {
		out = append(out, fmt.Sprintf("%d packages", count[shared])+shared)
	}
	return out
}

// maxAlike is how many packages are named that moved in the same way.
const maxAlike = 4

// common is what many packages may have in common that moved: another host, or
// other folders and nothing else.
func common(c *lockfile.Change) string {
	for _, d := range c.Differences {
		if d.What != "place" && d.What != "host" {
			return ""
		}
	}
	if len(c.Differences) > 0 && c.Differences[0].What == "place" {
		return " in other folders"
	}
	return where(c)
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

// nameAt is name@version, or the name alone.
func nameAt(name, version string) string {
	if version == "" {
		return name
	}
	return name + "@" + version
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
