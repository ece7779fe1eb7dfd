package main

import (
	"bytes"
	"context"
	"image"
	"image/png"
	"math"
	"os"
	"path/filepath"
	"testing"

	"github.com/chromedp/chromedp"
)

// alike is the least likeness of a page and its picture: fonts and dates differ
// between machines, the layout does not. Serif letters everywhere came to 0.81 at
// the least, one more paragraph at the top of a page to 0.64.
const alike = 0.7

// looks compares what the browser shows with the picture of that name in
// examples, which README.md and the documentation show. With
// LOCKWARDEN_PICTURES=1 it writes the picture instead.
func looks(t *testing.T, tab context.Context, name string) {
	t.Helper()
	file := filepath.Join("..", "..", "examples", name+".png")
	must(t, tab, emulate("light"))
	shot := must(t, tab, chromedp.CaptureScreenshot())
	if os.Getenv("LOCKWARDEN_PICTURES") != "" {
		if err := os.WriteFile(file, shot, 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	kept, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if is := likeness(ink(t, kept), ink(t, shot)); is < alike {
		other := filepath.Join(t.ArtifactDir(), name+".png")
		_ = os.WriteFile(other, shot, 0o600)
		t.Errorf("%s looks otherwise than its picture (likeness %.2f of %.2f wanted): see %s; if it should, run with LOCKWARDEN_PICTURES=1", name, is, alike, other)
	}
}

// inkCell is the size of a cell in pixels: about a line of text.
const inkCell = 24

// ink is how dark each cell of a picture is.
func ink(t *testing.T, data []byte) map[image.Point]float64 {
	t.Helper()
	picture, err := png.Decode(bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	out := map[image.Point]float64{}
	b := picture.Bounds()
	for y := b.Min.Y; y < b.Max.Y; y++ {
		for x := b.Min.X; x < b.Max.X; x++ {
			r, g, blue, _ := picture.At(x, y).RGBA()
			out[image.Pt(x/inkCell, y/inkCell)] += 1 - float64(r+g+blue)/(3*0xffff)
		}
	}
	return out
}

// likeness is the cosine between two pictures: 1 for the same, 0 for a blank
// page.
func likeness(a, b map[image.Point]float64) float64 {
	var both, aa, bb float64
	for p, n := range a {
		both += n * b[p]
		aa += n * n
	}
	for _, n := range b {
		bb += n * n
	}
	if aa == 0 || bb == 0 {
		return 0
	}
	return both / math.Sqrt(aa*bb)
}
