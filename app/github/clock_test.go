package github

import (
	"net/http"
	"testing"
	"time"
)

// TestClock: dates are cut to seconds and answers take time; the difference of
// the clocks is known to a fraction of a second all the same.
func TestClock(t *testing.T) {
	start := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	for _, ahead := range []time.Duration{0, time.Minute, -time.Minute, 90 * time.Millisecond} {
		c := clock{}
		for i := range 40 {
			theirs := start.Add(time.Duration(i) * 370 * time.Millisecond)
			latency := time.Duration(i%7) * 30 * time.Millisecond
			c.learn(&http.Response{Header: http.Header{"Date": {theirs.Truncate(time.Second).Format(http.TimeFormat)}}}, theirs.Add(latency).Add(ahead))
		}
		if off := c.ahead() - ahead; off < 0 || off > 150*time.Millisecond {
			t.Errorf("%v ahead: off by %v", ahead, off)
		}
		at := func(after, off time.Duration) {
			theirs := start.Add(after)
			answer := &http.Response{Header: http.Header{"Date": {theirs.Truncate(time.Second).Format(http.TimeFormat)}}}
			c.learn(answer, theirs.Add(ahead).Add(off))
		}
		// One slow answer at the beginning of a window changes nothing.
		at(11*time.Minute, 20*time.Second)
		if off := c.ahead() - ahead; off > 150*time.Millisecond {
			t.Errorf("%v ahead: off by %v after a slow answer", ahead, off)
		}
		// A clock that was set is learned again: back at once, forward by the second
		// window.
		at(12*time.Minute, -time.Minute)
		if off := c.ahead() - ahead; off != -time.Minute {
			t.Errorf("set back: %v", off)
		}
		at(23*time.Minute, 0)
		at(34*time.Minute, 0)
		if off := c.ahead() - ahead; off != 0 {
			t.Errorf("set forward again: %v", off)
		}
	}
	c := clock{}
	c.learn(&http.Response{Header: http.Header{"Date": {"yesterday"}}}, start)
	if c.ahead() != 0 {
		t.Errorf("no date: %v", c.ahead())
	}
}
