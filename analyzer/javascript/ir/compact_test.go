package ir

import (
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
)

// TestPositions: places read as they were noted, near, far and none.
func TestPositions(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	var at []int32
	for pos := int32(0); len(at) < 10_000; pos += random.Int32N(40) {
		switch random.IntN(20) {
		case 0:
			at = append(at, -1)
		case 1:
			at = append(at, random.Int32N(24<<20))
		case 2:
			at = append(at, max(0, pos-1<<15), pos+1<<15-1, pos+1<<15)
		default:
			at = append(at, pos)
		}
	}
	m := &Module{Nodes: make([]Node, len(at))}
	m.place(at)
	for i, want := range at {
		if got := m.Position(NodeID(i)); got != want {
			t.Fatalf("node %d is at %d, want %d", i, got, want)
		}
	}
}

// TestStrings: what a module that was let go of brought is forgotten, and its
// mentions are its own.
func TestStrings(t *testing.T) {
	s := NewStrings()
	s.Begin()
	a, long := s.name("a"), s.Literal("a text that is longer than thirty-two bytes")
	kept := len(s.All)
	s.Begin()
	s.name("b")
	s.name("a")
	s.name("a")
	s.share("never mentioned")
	if got := []string{s.All[s.Mentions[0]], s.All[s.Mentions[1]]}; !slices.Equal(got, []string{"b", "a"}) || len(s.Mentions) != 2 {
		t.Errorf("mentions: %q", got)
	}
	s.Cut(kept)
	if len(s.All) != kept || s.name("a") != a || s.All[long][:6] != "a text" || s.name("c") != int32(kept) {
		t.Errorf("after the cut: %q", s.All)
	}
	if _, ok := s.index["b"]; ok {
		t.Error("a name is known that is gone")
	}
}

// TestWideGap: every gap that is wide enough is found, wherever it begins.
func TestWideGap(t *testing.T) {
	for _, gap := range []string{strings.Repeat(" ", wideSpaces-1), strings.Repeat(" ", wideSpaces), strings.Repeat("\t", wideTabs-1), strings.Repeat("\t", wideTabs), strings.Repeat(" ", 5000), strings.Repeat("\t", wideTabs) + "  "} {
		wide := len(gap) >= wideSpaces || gap[0] == '\t' && len(gap) >= wideTabs
		for before := range 130 {
			text := "\t" + strings.Repeat("x ", before/2) + strings.Repeat("x", before%2) + "y" + gap + "z"
			start, end, found := WideGap(text, 0)
			if found != wide || found && text[start:end] != gap {
				t.Fatalf("%d before %q: %d to %d, %v", before, gap[:1], start, end, found)
			}
			if _, _, found := WideGap(text, end); found && wide {
				t.Fatal("found twice")
			}
		}
	}
}
