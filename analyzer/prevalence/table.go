package prevalence

import (
	"bytes"
	_ "embed"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"slices"
	"sort"
	"sync"

	"github.com/lockwarden/lockwarden/analyzer/npm"
)

// Band is a group of packages by how much they are used; each holds the ones
// before it.
type Band uint8

// The bands, the most used first. Community is every package.
const (
	Top100 Band = iota
	Top1k
	Top10k
	Community
	bands
)

var bandNames = [bands]string{"Top 100", "Top 1k", "Top 10k", "community"}

// String is the band's name for readers.
func (b Band) String() string { return bandNames[b] }

// Size is how many packages there are in the band, 0 for the community, whose
// number nobody knows.
func (b Band) Size() int { return [bands]int{100, 1000, 10_000, 0}[b] }

// Counts are numbers of packages by band.
type Counts [bands]int

func (c *Counts) add(rank int) {
	for b := Top100; b < bands; b++ {
		if size := b.Size(); size == 0 || rank > 0 && rank <= size {
			c[b]++
		}
	}
}

// Schema names the table's format.
const Schema = "lockwarden/prevalence/v1"

// Table says in how many packages each behavior and issue was found. It is the
// same whether it covers a thousand packages or all of npm: only counts are in
// it.
type Table struct {
	Schema string `json:"schema"`
	// Ranks names the list that the bands come from, Made the day, Sources the
	// lockfiles.
	Ranks   string   `json:"ranks"`
	Made    string   `json:"made"`
	Sources []string `json:"sources"`
	// Scanned is how many packages were.
	Scanned Counts `json:"scanned"`
	// Found are counts by the id of a behavior or issue.
	Found map[string]Counts `json:"found"`
}

// Share is in how many of the scanned packages something was found, by band.
type Share struct{ Found, Scanned Counts }

// Share returns what is known of an id; ok is false where nothing was scanned.
// What was found nowhere has a share of zero.
func (t *Table) Share(id string) (s Share, ok bool) {
	return Share{t.Found[id], t.Scanned}, t.Scanned[Community] > 0
}

//go:embed table.json
var shipped []byte

// Shipped is the table that comes with the program.
var Shipped = sync.OnceValue(func() *Table {
	t, err := Parse(shipped)
	if err != nil {
		panic(err) // embedded data, held by a test
	}
	return t
})

// Parse reads a table.
func Parse(data []byte) (*Table, error) {
	var t Table
	if err := json.Unmarshal(data, &t); err != nil {
		return nil, fmt.Errorf("prevalence: %w", err)
	}
	if t.Schema != Schema {
		return nil, fmt.Errorf("prevalence: the schema is %q, not %q", t.Schema, Schema)
	}
	for id, counts := range t.Found {
		for b := range counts {
			if counts[b] > t.Scanned[b] || counts[b] < 0 {
				return nil, fmt.Errorf("prevalence: %s is found in more packages than were scanned", id)
			}
		}
	}
	return &t, nil
}

// Write writes the table as JSON, a line for each id.
func (t *Table) Write(w io.Writer) error {
	head := *t
	head.Found = nil
	data, err := json.Marshal(head)
	if err != nil {
		return fmt.Errorf("prevalence: %w", err)
	}
	var b bytes.Buffer
	b.Write(bytes.TrimSuffix(data, []byte("null}")))
	b.WriteString("{")
	for i, id := range slices.Sorted(maps.Keys(t.Found)) {
		counts, err := json.Marshal(t.Found[id])
		if err != nil {
			return fmt.Errorf("prevalence: %w", err)
		}
		if i > 0 {
			b.WriteByte(',')
		}
		fmt.Fprintf(&b, "\n%q:%s", id, counts)
	}
	b.WriteString("\n}}\n")
	_, err = w.Write(b.Bytes())
	return err
}

// Scan is what was found in one package version.
type Scan struct {
	Name    string   `json:"name"`
	Version string   `json:"version"`
	Found   []string `json:"found"`
}

// Build counts. Of a package with several versions the newest one counts.
func Build(scans []Scan, made string, sources []string) *Table {
	t := &Table{Schema: Schema, Ranks: RankSource, Made: made, Sources: sources, Found: map[string]Counts{}}
	newest := map[string]Scan{}
	for _, s := range scans {
		if other, ok := newest[s.Name]; !ok || Newer(s.Version, other.Version) {
			newest[s.Name] = s
		}
	}
	for name, s := range newest {
		rank := Rank(name)
		t.Scanned.add(rank)
		found := slices.Clone(s.Found)
		sort.Strings(found)
		for _, id := range slices.Compact(found) {
			c := t.Found[id]
			c.add(rank)
			t.Found[id] = c
		}
	}
	return t
}

// Newer reports whether a version comes after another one.
func Newer(a, b string) bool { return npm.CompareVersions(a, b) > 0 }
