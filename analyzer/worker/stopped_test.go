//go:build linux

package worker_test

import (
	"context"
	"os"
	"os/exec"
	"syscall"
	"testing"
	"time"

	"github.com/lockwarden/lockwarden/analyzer/worker"
)

// TestStopped: a child that somebody stops for longer than a step may take, and
// that goes on then, gives its answer: what it used counts, not the clock.
func TestStopped(t *testing.T) {
	var child *exec.Cmd
	p := worker.NewPool(1, worker.Limits{Step: 2 * time.Second, Stuck: time.Minute}, func() *exec.Cmd {
		child = exec.Command(os.Args[0])
		child.Env = []string{"WORKER_TEST_CHILD=1"}
		return child
	})
	t.Cleanup(p.Close)
	if _, err := p.Do(context.Background(), []byte("echo"), nil); err != nil { // it is there now
		t.Fatal(err)
	}
	stopped := make(chan error, 1)
	go func() {
		time.Sleep(100 * time.Millisecond)
		err := child.Process.Signal(syscall.SIGSTOP)
		time.Sleep(3 * time.Second)
		if err == nil {
			err = child.Process.Signal(syscall.SIGCONT)
		}
		stopped <- err
	}()
	out, err := p.Do(context.Background(), []byte("work for a second"), nil)
	if failed := <-stopped; failed != nil {
		t.Fatal(failed)
	}
	if err != nil || string(out) != "done" {
		t.Errorf("%q %v", out, err)
	}
}

// TestProcessorTime: both ways to ask give the same clock.
func TestProcessorTime(t *testing.T) {
	before := worker.ProcessorTime()
	time.Sleep(50 * time.Millisecond)
	idle := worker.ProcessorTime() - before
	for from := worker.ProcessorTime(); worker.ProcessorTime()-from < 50*time.Millisecond; {
		burned++
	}
	if idle > 40*time.Millisecond {
		t.Errorf("asleep for 50 ms it used %v", idle)
	}
	if p := worker.ProcessorOf(os.Getpid()); p < worker.ProcessorTime()-time.Second || p > worker.ProcessorTime() {
		t.Errorf("%v from outside, %v from inside", p, worker.ProcessorTime())
	}
}
