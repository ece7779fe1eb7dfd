package lockfile_test

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/lockwarden/lockwarden/lockfile"
	"github.com/lockwarden/lockwarden/lockfile/clienttest"
)

// knownBypasses are accepted ones, of which there are none: by client ("pnpm",
// "pnpm-12.21.0") and how the edit begins, its outcome first ("bytes", "link",
// "gone", "program"), each with its reason: "npm: program: key bin".
var knownBypasses = map[string]string{}

// TestFrozenEdits: an edit of a lockfile that changes what a client installs
// from it in its frozen mode is a change in Compare, or an error of Parse. Only
// edits that this package is silent about need to be shown to the client.
//
// LOCKWARDEN_NIGHTLY=1 tries all shapes, LOCKWARDEN_SEEDS edits of each (400);
// LOCKWARDEN_SEED says which ones.
func TestFrozenEdits(t *testing.T) {
	if testing.Short() {
		t.Skip("real package managers install from edited lockfiles in this test")
	}
	r := clienttest.NewRegistry(t, clienttest.Packages()...)
	for _, spec := range clienttest.Clients() {
		t.Run(strings.ReplaceAll(spec, "/", "-"), func(t *testing.T) {
			t.Parallel()
			c := r.Client(t, spec)
			for _, shape := range shapes {
				if !nightly && !slices.Contains(everyday(c), shape.name) {
					continue
				}
				if files := shape.files(c, r); files != nil {
					t.Run(shape.name, func(t *testing.T) { frozenEdits(t, c, r, files) })
				}
			}
		})
	}
}

// fast are the clients that answer in milliseconds: they need no Node.
func fast(c *clienttest.Client) bool { return c.Name == "bun" || is(c, "pnpm", 12) }

// everyday are the shapes that clients are asked about in each test run: some
// of those that are fast, one of the newest of each format.
func everyday(c *clienttest.Client) []string {
	switch {
	case fast(c):
		return []string{"plain", "workspaces"}
	case is(c, "npm", 12), is(c, "yarn", 4), c.Name == "yarn" && c.Major == 1, c.Name == "pnpm" && c.Major == 10:
		return []string{"plain"}
	}
	return nil
}

// tries is how many edits a client is shown.
func tries(c *clienttest.Client) int {
	if n, err := strconv.Atoi(os.Getenv("LOCKWARDEN_SEEDS")); err == nil {
		return n
	}
	switch {
	case nightly:
		return 400
	case fast(c):
		return 60
	}
	return 12
}

func frozenEdits(t *testing.T, c *clienttest.Client, r *clienttest.Registry, files project) {
	dir := t.TempDir()
	clienttest.Write(t, dir, files)
	if err := c.Lock(dir); err != nil {
		t.Fatalf("locking: %v", err)
	}
	data, err := os.ReadFile(filepath.Join(dir, c.Lockfile))
	if err != nil {
		t.Fatal(err)
	}
	text := string(data)
	before, err := frozen(t, c, files, text, c.Frozen)
	if err != nil {
		t.Fatalf("the lockfile as it is: %v", err)
	}
	project := t.TempDir()
	clienttest.Write(t, project, files)
	parse := func(text string) (*lockfile.Lockfile, error) {
		return lockfile.Parse(c.Lockfile, []byte(text), lockfile.Options{Project: os.DirFS(project)})
	}
	base, err := parse(text)
	if err != nil {
		t.Fatal(err)
	}
	all := edits(c, r, text)
	silent := slices.DeleteFunc(slices.Clone(all), func(x edit) bool {
		head, err := parse(x.text)
		return err != nil || len(lockfile.Compare(base, head)) > 0
	})
	shown := pick(silent, tries(c))
	refused, unchanged, found := 0, 0, map[string]int{}
	fork := c.Fork(t)
	for _, x := range shown {
		after, err := frozen(t, fork, files, x.text, fork.Frozen)
		// What a wrong lockfile puts into the cache must not help the next.
		if err == nil && !maps.Equal(before, after) || strings.Count(x.text, r.Foreign) != strings.Count(text, r.Foreign) {
			fork = c.Fork(t)
		}
		switch {
		case err != nil:
			refused++
		case maps.Equal(before, after):
			unchanged++
		default:
			worst, differences := outcome(before, after)
			found[worst]++
			if reason := bypass(c, worst+": "+x.what); reason != "" {
				t.Logf("known (%s): %s (%s)", worst, x.what, reason)
				continue
			}
			// One of a kind is enough to see the cause.
			if found[worst] <= 5 || nightly {
				t.Errorf("silent (%s): %.100s\nin the lockfile:\n%s\non disk:\n%s", worst, x.what, changed(text, x.text), differences)
			}
		}
	}
	t.Logf("%d edits, %d silent, %d shown to the client: %d refused, %d install the same, others do not: %v",
		len(all), len(silent), len(shown), refused, unchanged, found)
}

// pick takes some edits of each kind, the same ones in each run with one
// LOCKWARDEN_SEED.
func pick(all []edit, n int) []edit {
	seed, err := strconv.ParseUint(os.Getenv("LOCKWARDEN_SEED"), 10, 64)
	if err != nil {
		seed = 1
	}
	random := rand.New(rand.NewPCG(16, seed))
	random.Shuffle(len(all), func(i, j int) { all[i], all[j] = all[j], all[i] })
	rank, had := map[string]int{}, map[string]int{}
	for _, x := range all {
		rank[x.text] = had[x.kind()]
		had[x.kind()]++
	}
	slices.SortStableFunc(all, func(a, b edit) int { return rank[a.text] - rank[b.text] })
	return all[:min(len(all), n)]
}

func bypass(c *clienttest.Client, what string) string {
	for key, reason := range knownBypasses {
		client, words, _ := strings.Cut(key, ": ")
		if (client == c.Name || client == c.String()) && strings.HasPrefix(what, words) {
			return reason
		}
	}
	return ""
}

// outcome says what stands elsewhere or is other bytes, and the worst of it:
// "bytes" for a package that was not there, "link" for a name that leads
// elsewhere, "gone" for one that is left out, "program" for node_modules/.bin.
func outcome(before, after map[string]clienttest.Placed) (worst, differences string) {
	var out []string
	places := map[string]bool{}
	for place := range before {
		places[place] = true
	}
	for place := range after {
		places[place] = true
	}
	order := []string{"", "program", "gone", "link", "bytes"}
	for _, place := range slices.Sorted(maps.Keys(places)) {
		b, hadB := before[place]
		a, hasA := after[place]
		kind := "bytes"
		switch {
		case a == b:
			continue
		case strings.Contains(place, "/.bin/"):
			kind = "program"
		case !hasA:
			kind = "gone"
		case a.Link != "":
			kind = "link"
		}
		if slices.Index(order, kind) > slices.Index(order, worst) {
			worst = kind
		}
		switch {
		case !hasA:
			out = append(out, fmt.Sprintf("  gone: %s %s", place, b))
		case !hadB:
			out = append(out, fmt.Sprintf("  new: %s %s", place, a))
		default:
			out = append(out, fmt.Sprintf("  %s: %s, was %s", place, a, b))
		}
	}
	return worst, strings.Join(out, "\n")
}

// changed are the lines in which two texts differ.
func changed(old, text string) string {
	a, b := strings.Split(old, "\n"), strings.Split(text, "\n")
	for len(a) > 0 && len(b) > 0 && a[0] == b[0] {
		a, b = a[1:], b[1:]
	}
	for len(a) > 0 && len(b) > 0 && a[len(a)-1] == b[len(b)-1] {
		a, b = a[:len(a)-1], b[:len(b)-1]
	}
	var out []string
	for _, line := range a {
		out = append(out, "  - "+line)
	}
	for _, line := range b {
		out = append(out, "  + "+line)
	}
	return strings.Join(out, "\n")
}
