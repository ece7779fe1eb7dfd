// Package worker runs code that may crash, hang or fill the memory in child
// processes of the same program, and knows nothing of what that code does.
//
// A parent has a Pool of children and gives each one request after the other,
// as frames over pipes (frame.go); a child answers with Serve. The child has
// no network, no file system, no environment and no system calls but those of a
// scan (sandbox_linux.go, filter_linux.go), a limit on its memory and its stack,
// and a deadline for each step that it announces.
// When it dies, the parent learns in which step, and starts another one.
package worker

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"runtime/debug"
	"runtime/metrics"
	"strings"
	"sync"
	"time"
)

// Limits of a child process.
type Limits struct {
	// Memory is in bytes; 0 means 1 GiB.
	Memory int64
	// Stack is that of one goroutine, in bytes; 0 means 256 MiB.
	Stack int
	// Step is how much processor time a child may use without announcing another
	// step; 0 means 30 seconds. Where the system does not tell what a process uses,
	// it is time on the clock.
	Step time.Duration
	// Stuck is after how much time on the clock a child is given up that uses
	// hardly any processor time, though nothing keeps it waiting; 0 means 5 minutes.
	Stuck time.Duration
}

func (l Limits) withDefaults() Limits {
	if l.Memory == 0 {
		l.Memory = 1 << 30
	}
	if l.Stack == 0 {
		l.Stack = 256 << 20
	}
	if l.Step == 0 {
		l.Step = 30 * time.Second
	}
	if l.Stuck == 0 {
		l.Stuck = 5 * time.Minute
	}
	return l
}

// Handler answers one request: header says what to do with body, step
// announces what is done next.
type Handler func(header []byte, body io.Reader, step func(string)) ([]byte, error)

// Serve is the child's main function: it gives up its rights and answers
// requests from in on out until in ends.
func Serve(in io.Reader, out io.Writer, limits Limits, handle Handler) error {
	limits = limits.withDefaults()
	Tune(limits)
	if err := sandbox(limits); err != nil {
		return fmt.Errorf("worker: sandbox: %w", err)
	}
	go watchMemory(limits.Memory)
	w := &frameWriter{w: out}
	for {
		kind, header, err := readFrame(in)
		if err == io.EOF {
			return nil
		}
		if err != nil || kind != frameRequest {
			return fmt.Errorf("worker: bad request frame: %w", err)
		}
		body := &bodyReader{r: in}
		result, err := handle(header, body, func(step string) { w.write(frameStep, []byte(step)) })
		if _, copyErr := io.Copy(io.Discard, body); copyErr != nil {
			return copyErr
		}
		if err != nil {
			w.write(frameError, []byte(err.Error()))
		} else {
			w.write(frameResult, result)
		}
		if w.err != nil {
			return w.err
		}
		result = nil
		debug.FreeOSMemory()
	}
}

// Tune sets the limits of this process that Go's runtime keeps.
func Tune(limits Limits) {
	debug.SetMaxStack(limits.withDefaults().Stack)
	debug.SetGCPercent(400)
	debug.SetMemoryLimit(softMemory)
}

// Large lets the garbage collector of this process expect much that stays, until
// the function that it gives is called: where what lives comes near the soft
// limit, the collector runs without end and frees nothing. Then it keeps by the
// share of garbage to what lives instead, and the limit is further up.
func Large() (done func()) {
	percent := debug.SetGCPercent(largeGCPercent)
	limit := debug.SetMemoryLimit(largeMemory)
	return func() {
		debug.SetGCPercent(percent)
		debug.SetMemoryLimit(limit)
	}
}

// softMemory is from where on the garbage collector works harder, in bytes:
// nearly all packages stay below. largeMemory and largeGCPercent are those of the
// few largest: far enough above what lives that the collector does not run all the
// time, and far enough below the limit of a child. In next 16.4.6 430 MB live at once;
// with 640 MB and half as much garbage as what lives, collecting took twice the time for
// 70 MB less.
const (
	softMemory     = 300 << 20
	largeMemory    = 768 << 20
	largeGCPercent = 100
)

// outOfMemory is what a child writes before it ends itself.
const outOfMemory = "lockwarden worker: more memory than its limit"

func watchMemory(limit int64) {
	samples := []metrics.Sample{{Name: "/memory/classes/total:bytes"}, {Name: "/memory/classes/heap/released:bytes"}}
	for {
		metrics.Read(samples)
		if used := samples[0].Value.Uint64() - samples[1].Value.Uint64(); int64(used) > limit {
			fmt.Fprintln(os.Stderr, outOfMemory)
			os.Exit(3)
		}
		time.Sleep(20 * time.Millisecond)
	}
}

// DeathError says that the child died or was killed, and in which step.
type DeathError struct {
	// Step is the last one that the child announced.
	Step   string
	Reason string
	// Outside is set where somebody else ended the child, such as the kernel
	// or an operator: it need not be the request's fault.
	Outside bool
	// Slow is set where the child used up the processor time of a step.
	Slow bool
}

// Error formats as: worker: died in dist/x.js: REASON.
func (e *DeathError) Error() string {
	return fmt.Sprintf("worker: died in %s: %s", e.Step, e.Reason)
}

// Pool keeps child processes.
type Pool struct {
	command func() *exec.Cmd
	limits  Limits
	slots   chan *child
	// alone is held by whoever lets no other request run beside its own.
	alone chan struct{}
	// processor is what a process has used.
	processor func(pid int) (time.Duration, bool)
	// Restarts counts the children that had to be replaced.
	mu       sync.Mutex
	restarts int
	closed   bool
}

// NewPool makes a pool of size children, which are started when first needed.
// command makes the process to start; its Stdin, Stdout and Stderr are the
// pool's.
func NewPool(size int, limits Limits, command func() *exec.Cmd) *Pool {
	p := &Pool{command: command, limits: limits.withDefaults(), slots: make(chan *child, size), alone: make(chan struct{}, 1),
		processor: processorOf}
	for range size {
		p.slots <- nil
	}
	return p
}

// Restarts is how many children died so far.
func (p *Pool) Restarts() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.restarts
}

type child struct {
	cmd    *exec.Cmd
	in     io.WriteCloser
	out    io.ReadCloser
	stderr *tail
}

// start starts a child.
func (p *Pool) start() (*child, error) {
	cmd := p.command()
	in, err := cmd.StdinPipe()
	if err != nil {
		return nil, err
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	c := &child{cmd: cmd, in: in, out: out, stderr: &tail{}}
	cmd.Stderr = c.stderr
	if err := cmd.Start(); err != nil {
		return nil, fmt.Errorf("worker: %w", err)
	}
	return c, nil
}

// Do gives one request to a free child. An error of the child's handler comes
// back as it is; a *DeathError says that the child did not survive.
func (p *Pool) Do(ctx context.Context, header []byte, body io.Reader) ([]byte, error) {
	var c *child
	select {
	case <-ctx.Done():
		return nil, ctx.Err()
	case c = <-p.slots:
	}
	defer func() { p.slots <- c }()
	if c == nil {
		started, err := p.start()
		if err != nil {
			return nil, err
		}
		c = started
	}
	result, err, alive := p.exchange(ctx, c, header, body)
	if !alive {
		c.kill()
		c = nil
		p.mu.Lock()
		p.restarts++
		p.mu.Unlock()
	}
	return result, err
}

// Alone calls run once no other request is under way in the pool, and lets none
// begin beside what run asks of it until it returns.
func (p *Pool) Alone(ctx context.Context, run func() error) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	select {
	case <-ctx.Done():
		return ctx.Err()
	case p.alone <- struct{}{}:
	}
	defer func() { <-p.alone }()
	// All children but one are taken: whoever has that one is alone.
	for range cap(p.slots) - 1 {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case c := <-p.slots:
			defer func() { p.slots <- c }()
		}
	}
	return run()
}

func (c *child) kill() {
	_ = c.cmd.Process.Kill()
	_ = c.in.Close()
	_ = c.cmd.Wait()
}

type answer struct {
	kind byte
	data []byte
	err  error
}

// exchange sends a request and reads frames until the answer, with a deadline
// for each step. alive is false where the child cannot be used again.
func (p *Pool) exchange(ctx context.Context, c *child, header []byte, body io.Reader) (result []byte, err error, alive bool) {
	sent := make(chan error, 1)
	from := &source{Reader: body}
	if body == nil {
		from.Reader = strings.NewReader("")
	}
	go func() { sent <- send(c.in, header, from) }()
	answers := make(chan answer)
	stop := make(chan struct{})
	defer close(stop)
	go func() {
		for {
			kind, data, err := readFrame(c.out)
			select {
			case answers <- answer{kind, data, err}:
			case <-stop:
				return
			}
			if err != nil || kind != frameStep {
				return
			}
		}
	}()
	step := "(start)"
	left := &deadline{limits: p.limits, now: time.Now, processor: func() (time.Duration, bool) { return p.processor(c.cmd.Process.Pid) }}
	left.begin()
	timer := time.NewTimer(leastLook)
	defer timer.Stop()
	var sendErr error
	sending := sent
	for {
		select {
		case <-ctx.Done():
			c.kill()
			if sending != nil {
				<-sent
			}
			return nil, ctx.Err(), false
		case err := <-sending:
			sending = nil
			var source *sourceError
			if errors.As(err, &source) {
				sendErr = source.error // the body broke: the answer is worthless
			}
			left.begin()
		case <-timer.C:
			// A slow download is not the child's fault.
			death, again := left.look(sending != nil && from.reading.Load())
			if death == nil {
				timer.Reset(again)
				continue
			}
			c.kill()
			if sending != nil {
				<-sent
			}
			death.Step = step
			return nil, death, false
		case a := <-answers:
			switch {
			case a.err != nil:
				c.kill()
				if sending != nil {
					<-sent
				}
				if sendErr != nil {
					return nil, sendErr, false
				}
				reason, outside := c.cause()
				return nil, &DeathError{Step: step, Reason: reason, Outside: outside}, false
			case a.kind == frameStep:
				step = string(a.data)
				left.begin()
			case a.kind == frameError || a.kind == frameResult:
				if sending != nil {
					if err := <-sent; err != nil {
						var source *sourceError
						if errors.As(err, &source) {
							return nil, source.error, false
						}
						return nil, &DeathError{Step: step, Reason: err.Error()}, false
					}
				}
				if sendErr != nil {
					return nil, sendErr, false
				}
				if a.kind == frameError {
					return nil, errors.New(string(a.data)), true
				}
				return a.data, nil, true
			}
		}
	}
}

// cause reads from the child's last words why it died, and whether somebody else
// ended it.
func (c *child) cause() (reason string, outside bool) {
	words := c.stderr.String()
	switch {
	case strings.Contains(words, outOfMemory), strings.Contains(words, "out of memory"), strings.Contains(words, "failed to allocate"), strings.Contains(words, "annot allocate memory"), strings.Contains(words, "address space"):
		return "it needed more memory than its limit", false
	case strings.Contains(words, "stack overflow"), strings.Contains(words, "stack exceeds"):
		return "it nests so deep that the stack overflowed", false
	}
	state := "it ended"
	if s := c.cmd.ProcessState; s != nil {
		if endedByFilter(s) {
			return "it made a system call that no scan makes", false
		}
		// Without an exit code a signal ended it, and a crash has last words.
		state, outside = s.String(), s.ExitCode() < 0 && words == ""
	}
	if line, _, _ := strings.Cut(strings.TrimSpace(words), "\n"); line != "" {
		state += ": " + line
	}
	return state, outside
}

// Close ends the children that are idle. Call it when no Do is running.
func (p *Pool) Close() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed {
		return
	}
	p.closed = true
	for range cap(p.slots) {
		if c := <-p.slots; c != nil {
			_ = c.in.Close()
			_ = c.cmd.Process.Kill()
			_ = c.cmd.Wait()
		}
	}
}

// tail keeps the first bytes of what a child says on standard error.
type tail struct {
	mu   sync.Mutex
	data []byte
}

func (t *tail) Write(p []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if room := 4096 - len(t.data); room > 0 {
		t.data = append(t.data, p[:min(room, len(p))]...)
	}
	return len(p), nil
}

func (t *tail) String() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return string(t.data)
}
