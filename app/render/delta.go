package render

import (
	"fmt"
	"strings"

	"github.com/lockwarden/lockwarden/analyzer"
)

// maxNamed is how many names of one kind a line about a difference holds.
const maxNamed = 8

// differences says in a line each what an update changes besides behaviors;
// all also tells what nobody need act on.
func differences(d *analyzer.Delta, all bool) []string {
	var out []string
	list := func(what string, t *analyzer.Turnover, gone bool) {
		var parts []string
		if len(t.Added) > 0 {
			parts = append(parts, "new "+named(t.Added))
		}
		if gone && len(t.Gone) > 0 {
			parts = append(parts, "gone "+named(t.Gone))
		}
		if len(parts) > 0 {
			out = append(out, what+": "+strings.Join(parts, "; "))
		}
	}
	list("lifecycle scripts", &d.Scripts, true)
	list("hosts", &d.Hosts, all)
	list("dependencies", &d.Dependencies, true)
	list("commands", &d.Commands, true)
	list("compiled files", &d.Binaries, all)
	turn := func(what string, t *analyzer.Turn) {
		if t != nil {
			out = append(out, fmt.Sprintf("%s: %s → %s", what, orNone(t.From), orNone(t.To)))
		}
	}
	turn("license", d.License)
	turn("published by", d.Publisher)
	if d.Grown() || all && d.SizeFrom != d.SizeTo {
		out = append(out, fmt.Sprintf("size: %s → %s", size(d.SizeFrom), size(d.SizeTo)))
	}
	if d.Denser() || all && d.EntropyFrom != d.EntropyTo {
		out = append(out, fmt.Sprintf("entropy of the scripts: %.2f → %.2f bits a byte", d.EntropyFrom, d.EntropyTo))
	}
	if all {
		list("files", &d.Files, true)
		if d.FilesChanged > 0 {
			out = append(out, plural(d.FilesChanged, "file")+" changed")
		}
	}
	return out
}

func orNone(s string) string {
	if s == "" {
		return "none"
	}
	return s
}

func named(names []string) string {
	if len(names) > maxNamed {
		return fmt.Sprintf("%s and %d more", strings.Join(names[:maxNamed], ", "), len(names)-maxNamed)
	}
	return strings.Join(names, ", ")
}

func size(n int64) string {
	switch {
	case n < 1000:
		return fmt.Sprintf("%d bytes", n)
	case n < 1_000_000:
		return fmt.Sprintf("%d kB", n/1000)
	}
	return fmt.Sprintf("%.1f MB", float64(n)/1e6)
}
