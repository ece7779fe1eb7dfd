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
		if off := c.ahead - ahead; off < 0 || off > 150*time.Millisecond {
			t.Errorf("%v ahead: off by %v", ahead, off)
		}
		// A clock that was set is learned again.
		later := start.Add(time.Hour)
		c.learn(&http.Response{Header: http.Header{"Date": {later.Format(http.TimeFormat)}}}, later.Add(5*time.Second))
		if c.ahead != 5*time.Second {
			t.Errorf("set: %v", c.ahead)
		}
	}
	c := clock{}
	c.learn(&http.Response{Header: http.Header{"Date": {"yesterday"}}}, start)
	if c.ahead != 0 {
		t.Errorf("no date: %v", c.ahead)
	}
}
