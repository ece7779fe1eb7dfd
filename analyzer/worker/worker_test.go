package worker_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/lockwarden/lockwarden/analyzer/worker"
)

// TestMain lets the test binary be a child.
func TestMain(m *testing.M) {
	if os.Getenv("WORKER_TEST_CHILD") == "1" {
		if err := worker.Serve(os.Stdin, os.Stdout, worker.Limits{Memory: 256 << 20, Stack: 16 << 20}, handle); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}
	os.Exit(m.Run())
}

// handle does what the header says, as code that went wrong would.
func handle(header []byte, body io.Reader, step func(string)) ([]byte, error) {
	step(string(header))
	switch string(header) {
	case "echo":
		return io.ReadAll(body)
	case "fail":
		return nil, errors.New("it went wrong")
	case "answer early":
		return []byte("early"), nil
	case "open a file":
		_, err := os.ReadFile("/etc/passwd")
		return nil, err
	case "write a file":
		return nil, os.WriteFile("/tmp/lockwarden-worker-test", nil, 0o600)
	case "dial":
		_, err := net.DialTimeout("tcp", "127.0.0.1:9", time.Second)
		return nil, err
	case "resolve a name":
		_, err := net.LookupHost("example.org")
		return nil, err
	case "start a program":
		return nil, exec.Command("/bin/true").Run()
	case "see the environment":
		return []byte(strings.Join(os.Environ(), " ")), nil
	case "take memory":
		var all [][]byte
		for {
			all = append(all, bytes.Repeat([]byte("x"), 1<<20))
			if len(all) > 1<<20 {
				return all[0], nil
			}
		}
	case "take the stack":
		return []byte(fmt.Sprint(deep(1 << 40))), nil
	case "never end":
		time.Sleep(time.Hour)
	case "work for a second":
		for from := worker.ProcessorTime(); worker.ProcessorTime()-from < time.Second; {
			burned++
		}
		return []byte("done"), nil
	case "when":
		from := time.Now()
		time.Sleep(30 * time.Millisecond)
		return fmt.Appendf(nil, "%d %d", from.UnixNano(), time.Now().UnixNano()), nil
	case "burn the processor":
		for n := 0; ; n++ {
			burned = n
		}
	case "die":
		os.Exit(7)
	}
	if do := further[string(header)]; do != nil {
		do()
	}
	return nil, nil
}

// further is what children do on some systems only.
var further = map[string]func(){}

var burned int

func deep(n int) int {
	if n == 0 {
		return 0
	}
	return deep(n-1) + 1
}

func pool(t *testing.T, size int) *worker.Pool {
	t.Helper()
	p := worker.NewPool(size, worker.Limits{Step: 3 * time.Second, Stuck: 6 * time.Second}, func() *exec.Cmd {
		cmd := exec.Command(os.Args[0])
		cmd.Env = []string{"WORKER_TEST_CHILD=1"}
		return cmd
	})
	t.Cleanup(p.Close)
	return p
}

// TestSandbox tries from inside what a child must not be able to do.
func TestSandbox(t *testing.T) {
	if _, err := os.Stat("/proc/self/status"); err != nil {
		t.Skip("the sandbox is Linux's")
	}
	if _, filter := worker.Support(); !filter {
		t.Skip("this kernel has no seccomp filters")
	}
	p := pool(t, 1)
	for _, request := range []string{"open a file", "write a file", "dial", "resolve a name", "start a program"} {
		_, err := p.Do(context.Background(), []byte(request), nil)
		var death *worker.DeathError
		if err == nil || errors.As(err, &death) {
			t.Errorf("%s: %v, want a refusal that the child survives", request, err)
		}
	}
	out, err := p.Do(context.Background(), []byte("see the environment"), nil)
	if err != nil || string(out) != "WORKER_TEST_CHILD=1" {
		t.Errorf("environment: %q %v", out, err)
	}
	if p.Restarts() != 0 {
		t.Errorf("%d children died", p.Restarts())
	}
}

// TestDeaths: whatever kills a child, the parent says in which step and why,
// and goes on with another one.
func TestDeaths(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("what a process uses is known on Linux only")
	}
	p := pool(t, 1)
	for request, want := range map[string]string{
		"take memory":        "more memory than its limit",
		"take the stack":     "the stack overflowed",
		"never end":          "did not go on for 6s (limit Stuck)",
		"burn the processor": "more than 3s of processor time (limit Step)",
		"die":                "exit status 7",
	} {
		_, err := p.Do(context.Background(), []byte(request), strings.NewReader("body"))
		var death *worker.DeathError
		if !errors.As(err, &death) || death.Step != request || !strings.Contains(death.Reason, want) {
			t.Errorf("%s: %v, want %s", request, err, want)
		} else if death.Slow != (request == "burn the processor") {
			t.Errorf("%s: slow is %v", request, death.Slow)
		}
		out, err := p.Do(context.Background(), []byte("echo"), strings.NewReader("still here"))
		if err != nil || string(out) != "still here" {
			t.Errorf("after %s: %q %v", request, out, err)
		}
	}
	if p.Restarts() != 5 {
		t.Errorf("%d restarts", p.Restarts())
	}
}

func TestExchange(t *testing.T) {
	p := pool(t, 2)
	big := bytes.Repeat([]byte("0123456789abcdef"), 1<<18) // 4 MB, many frames
	if out, err := p.Do(context.Background(), []byte("echo"), bytes.NewReader(big)); err != nil || !bytes.Equal(out, big) {
		t.Errorf("%d bytes, %v", len(out), err)
	}
	if _, err := p.Do(context.Background(), []byte("fail"), bytes.NewReader(big)); err == nil || err.Error() != "it went wrong" {
		t.Errorf("a handler's error: %v", err)
	}
	if out, err := p.Do(context.Background(), []byte("answer early"), bytes.NewReader(big)); err != nil || string(out) != "early" {
		t.Errorf("an early answer: %q %v", out, err)
	}
	broken := io.MultiReader(strings.NewReader("half"), &failing{})
	if _, err := p.Do(context.Background(), []byte("echo"), broken); err == nil || !strings.Contains(err.Error(), "the line went dead") {
		t.Errorf("a body that breaks off: %v", err)
	}
	ctx, cancel := context.WithTimeout(context.Background(), 100*time.Millisecond)
	defer cancel()
	start := time.Now()
	if _, err := p.Do(ctx, []byte("never end"), nil); !errors.Is(err, context.DeadlineExceeded) || time.Since(start) > 5*time.Second {
		t.Errorf("a context that ends: %v after %v", err, time.Since(start))
	}
}

// TestAlone: a request that is to run alone waits for the others, and they for
// it.
func TestAlone(t *testing.T) {
	p := pool(t, 3)
	type span struct{ from, to int64 }
	when := func() (s span) {
		out, err := p.Do(context.Background(), []byte("when"), nil)
		if err != nil {
			t.Error(err)
		}
		_, _ = fmt.Sscan(string(out), &s.from, &s.to)
		return s
	}
	var wait sync.WaitGroup
	others, lonely := make([]span, 12), make([]span, 3)
	for i := range others {
		wait.Go(func() { others[i] = when() })
	}
	for i := range lonely {
		wait.Go(func() {
			if err := p.Alone(context.Background(), func() error { lonely[i] = when(); return nil }); err != nil {
				t.Error(err)
			}
		})
	}
	wait.Wait()
	for i, a := range lonely {
		for _, b := range append(lonely[i+1:len(lonely):len(lonely)], others...) {
			if a.from < b.to && b.from < a.to {
				t.Errorf("%v ran beside %v", a, b)
			}
		}
	}
	ended, cancel := context.WithCancel(context.Background())
	cancel()
	if err := p.Alone(ended, func() error { return nil }); !errors.Is(err, context.Canceled) {
		t.Errorf("a context that ended: %v", err)
	}
	if out, err := p.Do(context.Background(), []byte("echo"), strings.NewReader("free")); err != nil || string(out) != "free" {
		t.Errorf("afterwards: %q %v", out, err)
	}
}

type failing struct{}

func (*failing) Read([]byte) (int, error) { return 0, errors.New("the line went dead") }
