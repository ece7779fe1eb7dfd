// Command engine measures what one scan costs, package by package, and shows
// whether two engines say the same:
//
//	go run ./bench/engine [-json FOLDER] [-profile FILE] [-times N] TARBALL...
//
// It runs the engine as a worker does (the same settings of the garbage
// collector, without the sandbox), each tarball in a process of its own, and
// prints the processor time (user and system) of the fastest of N runs.
// -json writes each package's Contents into a folder: built from two commits,
// the folders must be equal where a change is to cost less and say the same.
package main

import (
	"bytes"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime/pprof"
	"strings"
	"time"

	"github.com/lockwarden/lockwarden/analyzer"
	"github.com/lockwarden/lockwarden/analyzer/worker"
)

func main() {
	folder := flag.String("json", "", "write the Contents of each package into this folder")
	profile := flag.String("profile", "", "write a processor profile to this file")
	heap := flag.String("heap", "", "write a profile of allocations to this file")
	times := flag.Int("times", 1, "measure so often, print the fastest")
	one := flag.Bool("one", false, "scan in this process")
	flag.Parse()
	var err error
	if *one {
		err = scan(flag.Arg(0), *folder, *profile, *heap)
	} else {
		err = all(flag.Args(), *folder, *profile, *heap, *times)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "engine:", err)
		os.Exit(1)
	}
}

// all measures each tarball in a process of its own.
func all(tarballs []string, folder, profile, heap string, times int) error {
	self, err := os.Executable()
	if err != nil {
		return err
	}
	for _, tarball := range tarballs {
		best, memory := time.Duration(0), int64(0)
		for range times {
			cmd := exec.Command(self, "-one", "-json", folder, "-profile", profile, "-heap", heap, tarball)
			cmd.Env = []string{"GOMAXPROCS=" + workerThreads}
			cmd.Stderr = os.Stderr
			out, err := cmd.Output()
			if err != nil {
				return fmt.Errorf("%s: %w", tarball, err)
			}
			if took := cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime(); best == 0 || took < best {
				best = took
			}
			var kB int64
			fmt.Sscan(string(out), &kB)
			memory = max(memory, kB)
		}
		fmt.Printf("%8.2f s %5d MB  %s\n", best.Seconds(), memory>>10, strings.TrimSuffix(filepath.Base(tarball), ".tgz"))
	}
	return nil
}

// workerThreads is GOMAXPROCS of a worker where as many run as there are
// processors.
const workerThreads = "1"

func scan(tarball, folder, profile, heap string) error {
	engine, err := analyzer.NewEngine()
	if err != nil {
		return err
	}
	data, err := os.ReadFile(tarball)
	if err != nil {
		return err
	}
	if profile != "" {
		out, err := os.Create(profile)
		if err != nil {
			return err
		}
		defer out.Close()
		if err := pprof.StartCPUProfile(out); err != nil {
			return err
		}
		defer pprof.StopCPUProfile()
	}
	worker.Tune(worker.Limits{})
	contents, err := engine.Handle([]byte("{}"), bytes.NewReader(data), func(string) {})
	if err != nil {
		return err
	}
	if heap != "" {
		out, err := os.Create(heap)
		if err != nil {
			return err
		}
		defer out.Close()
		if err := pprof.Lookup("allocs").WriteTo(out, 0); err != nil {
			return err
		}
	}
	// The highest memory, for the parent; Linux only.
	if status, err := os.ReadFile("/proc/self/status"); err == nil {
		_, line, _ := strings.Cut(string(status), "VmHWM:")
		line, _, _ = strings.Cut(line, "kB")
		fmt.Println(strings.TrimSpace(line))
	}
	if folder == "" {
		return nil
	}
	return os.WriteFile(filepath.Join(folder, strings.TrimSuffix(filepath.Base(tarball), ".tgz")+".json"), contents, 0o644)
}
