// Package flighttest lets a test wait until callers wait for one another.
package flighttest

import (
	"runtime"
	"strings"
	"testing"
	"time"
)

// Await waits until so many goroutines are inside of a flight.Group: they have a
// flight of their own, or wait for somebody's.
func Await(t testing.TB, n int) {
	t.Helper()
	stack := make([]byte, 4<<20)
	inside := 0
	for range 6000 {
		inside = 0
		for one := range strings.SplitSeq(string(stack[:runtime.Stack(stack, true)]), "\n\n") {
			if strings.Contains(one, "analyzer/flight.(*Group[") {
				inside++
			}
		}
		if inside >= n {
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
	t.Fatalf("%d goroutines wait for one another, not %d", inside, n)
}
