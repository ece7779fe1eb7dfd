package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"github.com/lockwarden/lockwarden/analyzer"
	"github.com/lockwarden/lockwarden/analyzer/worker"
)

// memory is the highest of one process, in bytes: what is its own, and all that
// is resident, with the pages of the program's file that all processes share.
type memory struct{ own, resident int64 }

// watchMemory follows the memory of all child processes until done is closed.
// Linux only; 0 elsewhere. (The kernel's own figure for waited children begins
// with the parent's size.)
func watchMemory(done <-chan struct{}) <-chan memory {
	out := make(chan memory, 1)
	go func() {
		var highest memory
		for {
			for _, pid := range children() {
				highest.own = max(highest.own, statusBytes(pid, "RssAnon:"))
				highest.resident = max(highest.resident, statusBytes(pid, "VmHWM:"))
			}
			select {
			case <-done:
				out <- highest
				return
			case <-time.After(20 * time.Millisecond):
			}
		}
	}()
	return out
}

func children() []string {
	var pids []string
	tasks, _ := filepath.Glob("/proc/self/task/*/children")
	for _, task := range tasks {
		if data, err := os.ReadFile(task); err == nil {
			pids = append(pids, strings.Fields(string(data))...)
		}
	}
	return pids
}

// statusBytes reads one line of /proc/PID/status, which is in kB.
func statusBytes(pid, field string) int64 {
	data, err := os.ReadFile("/proc/" + pid + "/status")
	if err != nil {
		return 0
	}
	for _, line := range strings.Split(string(data), "\n") {
		if rest, ok := strings.CutPrefix(line, field); ok {
			var kB int64
			fmt.Sscan(rest, &kB)
			return kB * 1024
		}
	}
	return 0
}

// serviceMemory is the highest memory of `lockwarden review` itself on the
// largest lockfile of the corpus, with the packages in its cache.
func serviceMemory(folder string) (int64, error) {
	binary := filepath.Join(folder, "lockwarden")
	if out, err := exec.Command("go", "build", "-o", binary, "./cmd/lockwarden").CombinedOutput(); err != nil {
		return 0, fmt.Errorf("go build: %w\n%s", err, out)
	}
	cmd := exec.Command(binary, "review", os.DevNull, "bench/corpus/create-react-app.package-lock.json", "--cache", filepath.Join(folder, "packages"), "--format", "json")
	if err := cmd.Start(); err != nil {
		return 0, err
	}
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	var highest int64
	pid := fmt.Sprint(cmd.Process.Pid)
	for {
		select {
		case <-ended: // its exit status is the verdict
			return highest, nil
		case <-time.After(20 * time.Millisecond):
			highest = max(highest, statusBytes(pid, "VmHWM:"))
		}
	}
}

// scans measures whole scans through worker processes, one and two.
func (c *corpus) scans(folder string, floor time.Duration) error {
	fmt.Printf("## Scanning\n\n| | time | packages/s | unpacked MB/s | to the floor |\n|---|---|---|---|---|\n")
	fmt.Printf("| floor: gunzip, tar walk, sha512; one thread | %.1f s | %.0f | %.1f | 1.0 |\n", floor.Seconds(), float64(len(c.tarballs))/floor.Seconds(), mb(c.unpacked)/floor.Seconds())
	var scripts, parsed int
	var bytes int64
	var highest memory
	for workers := 1; workers <= 2; workers++ {
		done := make(chan struct{})
		watched := watchMemory(done)
		took, counts, err := c.scan(workers)
		close(done)
		one := <-watched
		highest = memory{max(highest.own, one.own), max(highest.resident, one.resident)}
		if err != nil {
			return err
		}
		scripts, parsed, bytes = counts.scripts, counts.parsed, counts.bytes
		word := "one worker process"
		if workers == 2 {
			word = "two worker processes"
		}
		fmt.Printf("| scan, %s | %.1f s | %.0f | %.1f | %.1f |\n", word, took.Seconds(), float64(len(c.tarballs))/took.Seconds(), mb(c.unpacked)/took.Seconds(), took.Seconds()/floor.Seconds())
		if len(counts.failed) > 0 {
			fmt.Fprintln(os.Stderr, "not scanned:", counts.failed)
		}
	}
	fmt.Printf("\nA worker has one thread for the analysis; Go's garbage collector uses another where one is idle. Scripts: %d files, %.1f MB, %.3f %% parsed.\n", scripts, mb(bytes), 100*float64(parsed)/float64(scripts))
	service, err := serviceMemory(folder)
	if err != nil {
		return err
	}
	fmt.Printf("Highest memory: %.0f MB of a worker process (in its largest package) are its own, %.0f MB with the pages of the program's file, which all processes share; %.0f MB of `lockwarden review` on 1,214 packages.\n\n", mb(highest.own), mb(highest.resident), mb(service))
	return nil
}

type scanCounts struct {
	scripts, parsed int
	bytes           int64
	failed          []string
}

func (c *corpus) scan(workers int) (time.Duration, scanCounts, error) {
	self, err := os.Executable()
	if err != nil {
		return 0, scanCounts{}, err
	}
	scanner, err := analyzer.Open(analyzer.Options{NoCache: true, Workers: workers, Limits: worker.Limits{},
		WorkerCommand: func() *exec.Cmd {
			cmd := exec.Command(self, "worker")
			cmd.Env = []string{"GOMAXPROCS=2"}
			if workers == 2 {
				cmd.Env = []string{"GOMAXPROCS=1"}
			}
			return cmd
		}})
	if err != nil {
		return 0, scanCounts{}, err
	}
	defer scanner.Close()
	var mu sync.Mutex
	var counts scanCounts
	start := time.Now()
	var wg sync.WaitGroup
	next := make(chan int)
	for range workers {
		wg.Go(func() {
			for i := range next {
				data := c.tarballs[i]
				s, err := scanner.ScanTarball(context.Background(), func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(data)), nil })
				mu.Lock()
				if err != nil || s.Contents == nil {
					counts.failed = append(counts.failed, fmt.Sprint(c.subjects[i].Name, s.Fetch, err))
				} else {
					counts.scripts += s.Contents.Scripted
					counts.parsed += s.Contents.Parsed
					counts.bytes += s.Contents.ScriptBytes
				}
				mu.Unlock()
			}
		})
	}
	for i := range c.tarballs {
		next <- i
	}
	close(next)
	wg.Wait()
	return time.Since(start), counts, nil
}
