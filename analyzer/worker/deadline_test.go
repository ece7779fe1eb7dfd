package worker

import (
	"testing"
	"time"
)

// clocks are those of a child, as a test sets them.
type clocks struct {
	used, wall time.Duration
	unknown    bool
}

func (c *clocks) deadline() *deadline {
	d := &deadline{limits: Limits{Step: 30 * time.Second, Stuck: 5 * time.Minute},
		processor: func() (time.Duration, bool) { return c.used, !c.unknown },
		now:       func() time.Time { return time.Unix(1e9, 0).Add(c.wall) }}
	d.begin()
	return d
}

func (c *clocks) pass(wall, used time.Duration) { c.wall, c.used = c.wall+wall, c.used+used }

// TestBusyMachine: a child that gets little of the processor has as much of it for
// a step as one that gets all.
func TestBusyMachine(t *testing.T) {
	c := &clocks{}
	d := c.deadline()
	for range 29 * 60 { // a sixtieth of a processor, half an hour
		c.pass(time.Second, time.Second/60)
		if death, _ := d.look(false); death != nil {
			t.Fatalf("after %v of %v: %v", c.used, c.wall, death.Reason)
		}
	}
	c.pass(0, 2*time.Second)
	death, _ := d.look(false)
	if death == nil || !death.Slow || death.Outside || death.Reason != "it took more than 30s of processor time (limit Step)" {
		t.Fatalf("after %v: %+v", c.used, death)
	}
}

// TestStepsBeginAnew: what a step used is not the next one's.
func TestStepsBeginAnew(t *testing.T) {
	c := &clocks{}
	d := c.deadline()
	for range 10 {
		c.pass(29*time.Second, 29*time.Second)
		if death, _ := d.look(false); death != nil {
			t.Fatal(death)
		}
		d.begin()
	}
}

// TestStuck: a child that does not go on is given up in the end, unless it waits
// for us; a while of standing still is none.
func TestStuck(t *testing.T) {
	c := &clocks{}
	d := c.deadline()
	for range 100 { // stopped and continued
		c.pass(4*time.Minute, 0)
		if death, _ := d.look(false); death != nil {
			t.Fatal(death)
		}
		c.pass(time.Second, 3*time.Second)
		d.look(false)
		d.begin()
	}
	c.pass(time.Hour, 0)
	if death, _ := d.look(true); death != nil {
		t.Fatalf("while it waits: %v", death)
	}
	var death *DeathError
	for range 5 {
		c.pass(time.Minute, time.Second/10) // the watch over its memory
		if death != nil {
			t.Fatal("given up early")
		}
		death, _ = d.look(false)
	}
	if death == nil || !death.Outside || death.Slow || death.Reason != "it did not go on for 5m0s (limit Stuck)" {
		t.Fatalf("%+v", death)
	}
}

// TestWallClock: where nobody knows what a process uses, time passes on the clock,
// but not while the child waits for us.
func TestWallClock(t *testing.T) {
	c := &clocks{unknown: true}
	d := c.deadline()
	c.pass(time.Hour, 0)
	if death, again := d.look(true); death != nil || again != 30*time.Second {
		t.Fatal(death, again)
	}
	c.pass(29*time.Second, 0)
	if death, again := d.look(false); death != nil || again != time.Second {
		t.Fatal(death, again)
	}
	c.pass(time.Second, 0)
	if death, _ := d.look(false); death == nil || !death.Slow || death.Reason != "it took more than 30s (limit Step)" {
		t.Fatalf("%+v", death)
	}
}

// TestLooks: a look comes before the child can have used more than its step, with
// every processor at once.
func TestLooks(t *testing.T) {
	c := &clocks{}
	d := c.deadline()
	looks := 0
	for {
		looks++
		death, again := d.look(false)
		if death != nil {
			break
		}
		c.pass(again, again)
	}
	if c.used > 30*time.Second+leastLook || looks > 10_000 {
		t.Errorf("used %v in %d looks", c.used, looks)
	}
}
