package prevalence_test

import (
	"bytes"
	"slices"
	"testing"

	"github.com/lockwarden/lockwarden/analyzer/prevalence"
)

// TestShipped holds that the table that comes with the program covers what it
// claims, and that it can be read back as it is written.
func TestShipped(t *testing.T) {
	table := prevalence.Shipped()
	if table.Ranks != prevalence.RankSource {
		t.Errorf("the table was made with the ranks of %s, these are %s: build it again", table.Ranks, prevalence.RankSource)
	}
	if s := table.Scanned; s[prevalence.Top100] < 90 || s[prevalence.Top1k] < 500 || s[prevalence.Community] > 2500 || s[prevalence.Top100] > 100 || s[prevalence.Top1k] > 1000 {
		t.Errorf("scanned: %v", s)
	}
	for id, c := range table.Found {
		if c[prevalence.Top100] > c[prevalence.Top1k] || c[prevalence.Top1k] > c[prevalence.Top10k] || c[prevalence.Top10k] > c[prevalence.Community] {
			t.Errorf("%s: a band has more than the band around it: %v", id, c)
		}
	}
	s, ok := table.Share("file/read")
	if !ok || s.Found[prevalence.Community] == 0 || s.Found[prevalence.Community] == s.Scanned[prevalence.Community] {
		t.Errorf("file/read: %+v", s)
	}
	var b bytes.Buffer
	if err := table.Write(&b); err != nil {
		t.Fatal(err)
	}
	again, err := prevalence.Parse(b.Bytes())
	if err != nil || len(again.Found) != len(table.Found) || again.Found["file/read"] != table.Found["file/read"] {
		t.Errorf("written and read: %v", err)
	}
}

func TestBuild(t *testing.T) {
	top := prevalence.Ranked(100)
	table := prevalence.Build([]prevalence.Scan{
		{Name: top[0], Version: "1.0.0", Found: []string{"a/x", "a/y"}},
		{Name: top[0], Version: "1.10.0", Found: []string{"a/x", "a/x"}}, // the newest counts, once
		{Name: top[0], Version: "1.9.0", Found: []string{"a/y"}},
		{Name: "nobody-uses-this", Version: "1.0.0", Found: []string{"a/x"}},
	}, "2026-01-01", nil)
	if table.Scanned != (prevalence.Counts{1, 1, 1, 2}) || table.Found["a/x"] != (prevalence.Counts{1, 1, 1, 2}) || table.Found["a/y"] != (prevalence.Counts{}) {
		t.Errorf("%+v", table)
	}
	if _, ok := new(prevalence.Table).Share("a/x"); ok {
		t.Error("an empty table knows something")
	}
}

func TestParse(t *testing.T) {
	for _, bad := range []string{"", "{}", `{"schema":"other"}`, `{"schema":"lockwarden/prevalence/v1","scanned":[1,1,1,1],"found":{"a":[2,2,2,2]}}`, `{"schema":"lockwarden/prevalence/v1","scanned":[1,1,1,1],"found":{"a":[-1,0,0,0]}}`} {
		if _, err := prevalence.Parse([]byte(bad)); err == nil {
			t.Errorf("%s passes", bad)
		}
	}
	// All of npm: millions fit the format.
	table, err := prevalence.Parse([]byte(`{"schema":"lockwarden/prevalence/v1","scanned":[100,1000,10000,3500000],"found":{"file/read":[10,100,1000,700000]}}`))
	if err != nil || table.Found["file/read"][prevalence.Community] != 700_000 {
		t.Error(err)
	}
}

func TestRank(t *testing.T) {
	names := prevalence.Ranked(10_000)
	if len(names) != 10_000 || prevalence.Rank(names[0]) != 1 || prevalence.Rank(names[9_999]) != 10_000 || prevalence.Rank("nobody-uses-this") != 0 {
		t.Errorf("%d names", len(names))
	}
	sorted := slices.Clone(names)
	slices.Sort(sorted)
	if len(slices.Compact(sorted)) != len(names) {
		t.Error("a name has two ranks")
	}
}
