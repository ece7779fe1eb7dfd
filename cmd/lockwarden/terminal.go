package main

import (
	"fmt"
	"io"
	"os"
	"strconv"
	"time"

	"github.com/schollz/progressbar/v3"
	"golang.org/x/term"

	"github.com/lockwarden/lockwarden/app/render"
	"github.com/lockwarden/lockwarden/app/review"
)

// terminal decides colour, width and progress, for all commands.
type terminal struct {
	screen   render.Screen
	progress io.Writer // nil: none
}

func newTerminal(out, errOut io.Writer) *terminal {
	t := &terminal{screen: render.Screen{Width: 100}}
	if f, ok := out.(*os.File); ok && term.IsTerminal(int(f.Fd())) {
		t.screen.Color = os.Getenv("NO_COLOR") == "" && os.Getenv("TERM") != "dumb"
		if width, _, err := term.GetSize(int(f.Fd())); err == nil {
			t.screen.Width = width
		}
	}
	if os.Getenv("FORCE_COLOR") != "" && os.Getenv("NO_COLOR") == "" {
		t.screen.Color = true
	}
	if width, err := strconv.Atoi(os.Getenv("COLUMNS")); err == nil && width > 0 {
		t.screen.Width = width
	}
	if f, ok := errOut.(*os.File); ok && term.IsTerminal(int(f.Fd())) {
		t.progress = errOut
	}
	return t
}

// bar shows how far a review is: packages done, from the cache, bytes, time
// left.
func (t *terminal) bar() (show func(review.Progress), done func()) {
	if t.progress == nil {
		return nil, func() {}
	}
	b := progressbar.NewOptions(1,
		progressbar.OptionSetWriter(t.progress),
		progressbar.OptionSetPredictTime(true),
		progressbar.OptionSetWidth(24),
		progressbar.OptionClearOnFinish(),
		progressbar.OptionThrottle(80*time.Millisecond),
		progressbar.OptionShowCount(),
	)
	return func(p review.Progress) {
		b.ChangeMax(max(p.Total, 1))
		b.Describe(fmt.Sprintf("scanning packages (%d cached, %.1f MB)", p.Cached, float64(p.Bytes)/1e6))
		_ = b.Set(p.Done)
	}, func() { _ = b.Clear() }
}
