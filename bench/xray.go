package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"runtime/pprof"
	"strings"
	"time"

	"github.com/lockwarden/lockwarden/analyzer"
	"github.com/lockwarden/lockwarden/analyzer/archive"
)

// The newest js-x-ray that runs on Node 20.
const xrayVersion = "11.1.0"

// largeScript is where js-x-ray begins to take minutes for a file: above it
// files are compared apart, and it is stopped after a time.
const largeScript = 1 << 20

// xrayScript reads its list of files and says after each how long it took.
const xrayScript = `
import { readFileSync, writeSync } from 'node:fs'
import { AstAnalyser } from '@nodesecure/js-x-ray'
const files = readFileSync(process.argv[2], 'utf8').split('\n').filter(Boolean)
const sources = files.map(f => readFileSync(f, 'utf8'))
const a = new AstAnalyser()
for (const s of sources) {
  const start = process.hrtime.bigint()
  let refused = false
  try { a.analyse(s) } catch { refused = true }
  writeSync(1, JSON.stringify({ seconds: Number(process.hrtime.bigint() - start) / 1e9, refused }) + '\n')
}
`

// sample is the script files of some packages, all below or all above
// largeScript.
type sample struct {
	packages []map[string][]byte
	scripts  [][]byte
	bytes    int64
}

// every takes every nth package of the corpus.
func (c *corpus) every(n int, wanted func(size int) bool) (sample, error) {
	var s sample
	for i := 0; i < len(c.tarballs); i += n {
		pkg, err := archive.Read(bytes.NewReader(c.tarballs[i]), archive.Limits{})
		if err != nil {
			return s, err
		}
		files := map[string][]byte{}
		scripts := len(s.scripts)
		for _, f := range pkg.Files {
			switch {
			case f.Path == "package.json":
				files[f.Path] = f.Data()
			case f.Kind == archive.Text && f.Skipped == "" && strings.HasSuffix(f.Path, ".js") && wanted(len(f.Data())):
				files[f.Path] = f.Data()
				s.scripts = append(s.scripts, f.Data())
				s.bytes += int64(len(f.Data()))
			}
		}
		if len(s.scripts) > scripts {
			s.packages = append(s.packages, files)
		}
	}
	return s, nil
}

// measured is what one side took for a sample.
type measured struct {
	seconds  float64
	refused  int
	finished int // scripts; the last one begun counts with its time, not here
	bytes    int64
}

// theirs runs js-x-ray on a sample, for at most limit.
func (s sample) theirs(peer string, limit time.Duration) (measured, error) {
	var m measured
	dir, err := os.MkdirTemp("", "lockwarden-bench")
	if err != nil {
		return m, err
	}
	defer os.RemoveAll(dir)
	var names []string
	for i, data := range s.scripts {
		name := filepath.Join(dir, fmt.Sprintf("%d.js", i))
		if err := os.WriteFile(name, data, 0o644); err != nil {
			return m, err
		}
		names = append(names, name)
	}
	list := filepath.Join(dir, "list")
	script := filepath.Join(peer, "xray.mjs")
	if err := os.WriteFile(list, []byte(strings.Join(names, "\n")), 0o644); err != nil {
		return m, err
	}
	if err := os.WriteFile(script, []byte(xrayScript), 0o644); err != nil {
		return m, err
	}
	ctx, cancel := context.WithTimeout(context.Background(), limit)
	defer cancel()
	cmd := exec.CommandContext(ctx, "node", "--stack-size=4000", script, list)
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	err = cmd.Run()
	if err != nil && !errors.Is(ctx.Err(), context.DeadlineExceeded) {
		return m, fmt.Errorf("js-x-ray: %w\n%s", err, stderr.String())
	}
	for lines := bufio.NewScanner(&stdout); lines.Scan(); {
		var one struct {
			Seconds float64
			Refused bool
		}
		if err := json.Unmarshal(lines.Bytes(), &one); err != nil {
			return m, err
		}
		m.seconds += one.Seconds
		m.bytes += int64(len(s.scripts[m.finished]))
		m.finished++
		if one.Refused {
			m.refused++
		}
	}
	if m.finished < len(s.scripts) {
		m.seconds = limit.Seconds()
	}
	return m, nil
}

// ours runs the engine on a sample in this process, one thread, with the
// collector set as in a worker.
func (s sample) ours() (measured, error) {
	engine, err := analyzer.NewEngine()
	if err != nil {
		return measured{}, err
	}
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))
	defer debug.SetGCPercent(debug.SetGCPercent(400))
	runtime.GC()
	start := time.Now()
	for _, files := range s.packages {
		if _, err := engine.Contents(archive.New(files), false, nil, func(string) {}); err != nil {
			return measured{}, err
		}
	}
	return measured{seconds: time.Since(start).Seconds(), finished: len(s.scripts), bytes: s.bytes}, nil
}

// xray compares with js-x-ray on the same script files of every 20th package.
func (c *corpus) xray(folder string, limit time.Duration) error {
	peer, err := npmInstall(folder, "@nodesecure/js-x-ray", xrayVersion)
	if err != nil {
		return err
	}
	fmt.Printf("## Against js-x-ray %s\n\nThe same script files of every 20th package, one thread each, in the same run. lockwarden resolves values across the whole package, js-x-ray looks at one file at a time.\n\n", xrayVersion)
	fmt.Printf("| scripts | js-x-ray (Node) | lockwarden | |\n|---|---|---|---|\n")
	for _, class := range []struct {
		name   string
		wanted func(int) bool
	}{
		{"below 1 MB", func(size int) bool { return size < largeScript }},
		{"of 1 MB and more", func(size int) bool { return size >= largeScript }},
	} {
		s, err := c.every(20, class.wanted)
		if err != nil {
			return err
		}
		if len(s.scripts) == 0 {
			continue
		}
		theirs, err := s.theirs(peer, limit)
		if err != nil {
			return err
		}
		ours, err := s.ours()
		if err != nil {
			return err
		}
		said := fmt.Sprintf("%.1f s, %.2f MB/s, %d refused", theirs.seconds, mb(theirs.bytes)/theirs.seconds, theirs.refused)
		ratio := fmt.Sprintf("**%.0f times** as fast", theirs.seconds/ours.seconds)
		if theirs.finished < len(s.scripts) {
			said = fmt.Sprintf("stopped after %.0f s: %d of %d were done", theirs.seconds, theirs.finished, len(s.scripts))
			ratio = fmt.Sprintf("more than **%.0f times** as fast", theirs.seconds/ours.seconds)
		}
		fmt.Printf("| %d %s, %.1f MB | %s | %.2f s, %.1f MB/s | %s |\n", len(s.scripts), class.name, mb(s.bytes), said, ours.seconds, mb(ours.bytes)/ours.seconds, ratio)
	}
	fmt.Println()
	return nil
}

// profile writes what the engine's time goes to on the small scripts of every
// 20th package, again and again for some seconds.
func (c *corpus) profile(file string) error {
	s, err := c.every(20, func(size int) bool { return size < largeScript })
	if err != nil {
		return err
	}
	out, err := os.Create(file)
	if err != nil {
		return err
	}
	defer out.Close()
	if err := pprof.StartCPUProfile(out); err != nil {
		return err
	}
	defer pprof.StopCPUProfile()
	best := 0.0
	for begun := time.Now(); time.Since(begun) < 15*time.Second; {
		m, err := s.ours()
		if err != nil {
			return err
		}
		best = max(best, mb(m.bytes)/m.seconds)
	}
	fmt.Printf("At best %.1f MB/s of %.1f MB.\n", best, mb(s.bytes))
	return nil
}
