package analyzer

import (
	"slices"
	"sort"

	"github.com/lockwarden/lockwarden/analyzer/behavior"
	"github.com/lockwarden/lockwarden/analyzer/issue"
)

// Delta is what a new version of a package brings and drops, by what it is and
// does, not by line.
type Delta struct {
	// Gained are behaviors that are new, or newly run on install; Lost are ids
	// of behaviors that are gone.
	Gained []behavior.Gain
	Lost   []string
	// Hosts are those named in scripts that may run, Scripts the lifecycle
	// scripts, Dependencies their names, Commands what npm links into
	// node_modules/.bin, Binaries compiled files.
	Hosts, Scripts, Dependencies, Commands, Binaries Turnover
	// Files are the files by path; a changed one is in neither list.
	Files        Turnover
	FilesChanged int
	// License and Publisher are set where they differ; an empty side is "none"
	// or not known.
	License, Publisher *Turn
	// Sizes are those of the unpacked packages, in bytes; entropies those of
	// their scripts, in bits a byte.
	SizeFrom, SizeTo       int64
	EntropyFrom, EntropyTo float64
}

// Turnover is what is new in a list and what is gone from it, in order.
type Turnover struct{ Added, Gone []string }

// Empty reports whether nothing changed.
func (t *Turnover) Empty() bool { return len(t.Added) == 0 && len(t.Gone) == 0 }

// Turn is a value before and after.
type Turn struct{ From, To string }

// Notable reports whether a reader should know of the difference before they
// merge: a release that only changes its code is not.
func (d *Delta) Notable() bool {
	return len(d.Gained) > 0 || len(d.Hosts.Added) > 0 || !d.Scripts.Empty() || len(d.Dependencies.Added) > 0 || len(d.Commands.Added) > 0 ||
		len(d.Binaries.Added) > 0 || d.License != nil || d.Publisher != nil || d.Grown() || d.Denser()
}

// Grown reports whether the package is several times as large as before.
func (d *Delta) Grown() bool { return d.SizeTo > 3*d.SizeFrom && d.SizeTo-d.SizeFrom > 200_000 }

// Denser reports whether the scripts have become much harder to read: written
// code has about 4.5 to 5.3 bits a byte, encoded data about 6.
func (d *Delta) Denser() bool {
	return d.EntropyFrom > 0 && d.EntropyTo >= 5.5 && d.EntropyTo-d.EntropyFrom > 0.4
}

// Compare tells what changed between two versions of a package.
func Compare(old, now *issue.Contents) *Delta {
	d := &Delta{SizeFrom: old.Size, SizeTo: now.Size, EntropyFrom: old.Entropy, EntropyTo: now.Entropy}
	d.Gained, d.Lost = behavior.Compare(old.Behaviors, now.Behaviors)
	d.Hosts = turnover(old.Hosts(), now.Hosts())
	d.Scripts = turnover(scripts(old), scripts(now))
	d.Dependencies = turnover(dependencies(old), dependencies(now))
	d.Commands = turnover(commands(old), commands(now))
	d.Binaries = turnover(binaries(old), binaries(now))
	var before, after []string
	for path, sum := range old.Inventory {
		before = append(before, path)
		if other, ok := now.Inventory[path]; ok && other != sum {
			d.FilesChanged++
		}
	}
	for path := range now.Inventory {
		after = append(after, path)
	}
	d.Files = turnover(before, after)
	if a, b := old.Manifest.License, now.Manifest.License; !issue.SameLicense(a, b) {
		d.License = &Turn{a, b}
	}
	return d
}

func turnover(old, now []string) Turnover {
	sort.Strings(old)
	sort.Strings(now)
	old, now = slices.Compact(old), slices.Compact(now)
	var t Turnover
	for _, s := range now {
		if _, ok := slices.BinarySearch(old, s); !ok {
			t.Added = append(t.Added, s)
		}
	}
	for _, s := range old {
		if _, ok := slices.BinarySearch(now, s); !ok {
			t.Gone = append(t.Gone, s)
		}
	}
	return t
}

func scripts(c *issue.Contents) []string {
	out := c.LifecycleScripts()
	if c.ImplicitGyp {
		out = append(out, "node-gyp rebuild (binding.gyp)")
	}
	return out
}

func dependencies(c *issue.Contents) []string {
	var out []string
	for _, d := range c.Manifest.Dependencies {
		if d.Kind != "peerDependencies" {
			out = append(out, d.Name)
		}
	}
	return out
}

func commands(c *issue.Contents) []string {
	var out []string
	for name := range c.Manifest.Bin {
		out = append(out, name)
	}
	return out
}

func binaries(c *issue.Contents) []string {
	var out []string
	for i := range c.Behaviors {
		if id := c.Behaviors[i].ID; id == "payload/native-binary" || id == "payload/wasm-binary" {
			for _, e := range c.Behaviors[i].Evidence {
				out = append(out, e.File)
			}
		}
	}
	return out
}

// Find returns the behavior of a report, nil where it is absent.
func (r *Report) Find(id string) *behavior.Behavior {
	for i := range r.Behaviors {
		if r.Behaviors[i].ID == id {
			return &r.Behaviors[i]
		}
	}
	return nil
}
