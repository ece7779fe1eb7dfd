// Command bench measures lockwarden on real packages against its peers and
// against the floor, and writes a report in Markdown:
//
//	go run ./bench > bench/RESULTS.md
//
// It fetches the packages of bench/corpus into a cache of its own first; the
// peers (npm's Arborist, js-x-ray) come from npm into the same folder. All
// figures of one report are of one run on one machine; the ratios are what to
// compare.
package main

import (
	"archive/tar"
	"bufio"
	"bytes"
	"context"
	"crypto/sha512"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"sort"
	"strings"
	"sync"
	"time"

	"github.com/klauspost/compress/gzip"

	"github.com/lockwarden/lockwarden/analyzer"
	"github.com/lockwarden/lockwarden/analyzer/archive"
	"github.com/lockwarden/lockwarden/analyzer/worker"
	"github.com/lockwarden/lockwarden/lockfile"
)

const (
	arboristVersion = "9.9.1"
	// The newest js-x-ray that runs on Node 20.
	xrayVersion = "11.1.0"
)

func main() {
	if len(os.Args) > 1 && os.Args[1] == "worker" {
		if err := analyzer.ServeWorker(os.Stdin, os.Stdout); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}
	if len(os.Args) > 2 && os.Args[1] == "serve" {
		if err := serveLoad(os.Args[2:]); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}
	folder := flag.String("cache", "bench/out", "folder for packages and peers")
	limit := flag.Int("packages", 0, "measure only the first N packages")
	scans := flag.Bool("scans", true, "measure whole scans")
	peers := flag.Bool("peers", true, "compare with js-x-ray and Arborist (needs node and npm)")
	loaded := flag.Int("load", 0, "instead, open so many pull requests on the App (DATABASE_URL: on PostgreSQL)")
	rate := flag.Int("rate", 100, "pull requests a second for -load")
	repos := flag.Int("repos", 200, "repositories for -load")
	replicas := flag.Int("replicas", 1, "server processes for -load (more than one: PostgreSQL)")
	flag.Parse()
	if *loaded > 0 {
		l := loading{folder: *folder, database: os.Getenv("DATABASE_URL"), pulls: *loaded, rate: *rate, repos: *repos, replicas: *replicas}
		if err := l.run(); err != nil {
			fmt.Fprintln(os.Stderr, "bench:", err)
			os.Exit(1)
		}
		return
	}
	if err := run(*folder, *limit, *scans, *peers); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

func run(folder string, limit int, scans, peers bool) error {
	folder, err := filepath.Abs(folder)
	if err != nil {
		return err
	}
	c, err := fetch(folder, limit)
	if err != nil {
		return err
	}
	fmt.Printf("# Measurements\n\n`go run ./bench`, %s, %s, %d processors, %s\n\n", time.Now().Format("2006-01-02"), runtime.Version(), runtime.NumCPU(), runtime.GOARCH)
	fmt.Printf("Corpus: %d packages of %d ordinary applications (`bench/corpus`), %.1f MB of tarballs, %.1f MB unpacked.\n\n", len(c.tarballs), c.lockfiles, mb(c.packed), mb(c.unpacked))
	if scans {
		floor, err := c.floor()
		if err != nil {
			return err
		}
		if err := c.scans(folder, floor); err != nil {
			return err
		}
	}
	if peers {
		if err := c.xray(folder); err != nil {
			return err
		}
		return arborist(folder)
	}
	return nil
}

func mb(n int64) float64 { return float64(n) / 1e6 }

// corpus is what is measured: verified tarballs in memory.
type corpus struct {
	lockfiles        int
	subjects         []analyzer.Subject
	tarballs         [][]byte
	packed, unpacked int64
}

func fetch(folder string, limit int) (*corpus, error) {
	files, err := filepath.Glob("bench/corpus/*.package-lock.json")
	if err != nil || len(files) == 0 {
		return nil, fmt.Errorf("no lockfiles in bench/corpus; run it from the repository's root")
	}
	c := &corpus{lockfiles: len(files)}
	seen := map[string]bool{}
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			return nil, err
		}
		lock, err := lockfile.Parse(file, data, lockfile.Options{})
		if err != nil {
			return nil, err
		}
		for _, e := range lock.Entries {
			key := e.Package + "@" + e.Version
			if e.Source() == lockfile.Registry && !seen[key] && (limit == 0 || len(c.subjects) < limit) {
				seen[key] = true
				c.subjects = append(c.subjects, analyzer.Subject{Name: e.Package, Version: e.Version, Integrity: e.Integrity})
			}
		}
	}
	scanner, err := analyzer.Open(analyzer.Options{CacheDir: filepath.Join(folder, "packages")})
	if err != nil {
		return nil, err
	}
	defer scanner.Close()
	c.tarballs = make([][]byte, len(c.subjects))
	var wg sync.WaitGroup
	errs := make(chan error, len(c.subjects))
	slots := make(chan struct{}, 16)
	for i, s := range c.subjects {
		wg.Go(func() {
			slots <- struct{}{}
			defer func() { <-slots }()
			data, err := scanner.Tarball(context.Background(), s)
			if err != nil {
				errs <- fmt.Errorf("%s@%s: %w", s.Name, s.Version, err)
			}
			c.tarballs[i] = data
		})
	}
	wg.Wait()
	close(errs)
	if err := <-errs; err != nil {
		return nil, err
	}
	for _, data := range c.tarballs {
		c.packed += int64(len(data))
		n, err := walk(data, io.Discard)
		if err != nil {
			return nil, err
		}
		c.unpacked += n
	}
	return c, nil
}

// walk is the floor: gunzip, walk the tar, hash.
func walk(data []byte, w io.Writer) (int64, error) {
	h := sha512.New()
	z, err := gzip.NewReader(io.TeeReader(bytes.NewReader(data), h))
	if err != nil {
		return 0, err
	}
	t := tar.NewReader(z)
	var n int64
	for {
		if _, err := t.Next(); err == io.EOF {
			return n, nil
		} else if err != nil {
			return n, err
		}
		m, err := io.Copy(w, t)
		n += m
		if err != nil {
			return n, err
		}
	}
}

func (c *corpus) floor() (time.Duration, error) {
	previous := runtime.GOMAXPROCS(1)
	defer runtime.GOMAXPROCS(previous)
	start := time.Now()
	for _, data := range c.tarballs {
		if _, err := walk(data, io.Discard); err != nil {
			return 0, err
		}
	}
	return time.Since(start), nil
}

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

// npmInstall brings a peer.
func npmInstall(folder, name, version string) (string, error) {
	dir := filepath.Join(folder, strings.NewReplacer("@", "", "/", "-").Replace(name)+"-"+version)
	if _, err := os.Stat(filepath.Join(dir, "done")); err == nil {
		return dir, nil
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return "", err
	}
	cmd := exec.Command("npm", "install", "--ignore-scripts", "--no-save", "--no-audit", "--no-fund", "--prefix", dir, name+"@"+version)
	if out, err := cmd.CombinedOutput(); err != nil {
		return "", fmt.Errorf("npm install %s: %w\n%s", name, err, out)
	}
	return dir, os.WriteFile(filepath.Join(dir, "done"), nil, 0o644)
}

const xrayScript = `
import { readFileSync } from 'node:fs'
import { AstAnalyser } from '@nodesecure/js-x-ray'
const files = readFileSync(process.argv[2], 'utf8').split('\n').filter(Boolean)
const sources = files.map(f => readFileSync(f, 'utf8'))
const a = new AstAnalyser()
let bytes = 0, refused = 0
const start = process.hrtime.bigint()
for (const s of sources) { bytes += s.length; try { a.analyse(s) } catch { refused++ } }
console.log(JSON.stringify({ seconds: Number(process.hrtime.bigint() - start) / 1e9, bytes, refused, files: files.length }))
`

// xray compares with js-x-ray on the same script files: every 20th package, so
// that it ends; lockwarden reads the same packages' files in this process, one
// thread.
func (c *corpus) xray(folder string) error {
	peer, err := npmInstall(folder, "@nodesecure/js-x-ray", xrayVersion)
	if err != nil {
		return err
	}
	dir, err := os.MkdirTemp("", "lockwarden-bench")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	var names []string
	var packages []map[string][]byte
	n := 0
	for i := 0; i < len(c.tarballs); i += 20 {
		pkg, err := archive.Read(bytes.NewReader(c.tarballs[i]), archive.Limits{})
		if err != nil {
			return err
		}
		files := map[string][]byte{}
		for _, f := range pkg.Files {
			switch {
			case f.Path == "package.json":
				files[f.Path] = f.Data()
			case f.Kind == archive.Text && f.Skipped == "" && strings.HasSuffix(f.Path, ".js") && len(f.Data()) < 1<<20:
				files[f.Path] = f.Data()
				name := filepath.Join(dir, fmt.Sprintf("%d.js", n))
				n++
				if err := os.WriteFile(name, f.Data(), 0o644); err != nil {
					return err
				}
				names = append(names, name)
			}
		}
		packages = append(packages, files)
	}
	list := filepath.Join(dir, "list")
	script := filepath.Join(peer, "xray.mjs")
	if err := os.WriteFile(list, []byte(strings.Join(names, "\n")), 0o644); err != nil {
		return err
	}
	if err := os.WriteFile(script, []byte(xrayScript), 0o644); err != nil {
		return err
	}
	cmd := exec.Command("node", "--stack-size=4000", script, list)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		return fmt.Errorf("js-x-ray: %w\n%s", err, stderr.String())
	}
	var theirs struct {
		Seconds        float64
		Bytes          int64
		Refused, Files int
	}
	if err := json.Unmarshal(out, &theirs); err != nil {
		return err
	}
	engine, err := analyzer.NewEngine()
	if err != nil {
		return err
	}
	previous := runtime.GOMAXPROCS(1)
	debug.SetGCPercent(400) // as in a worker
	start := time.Now()
	for _, files := range packages {
		if _, err := engine.Contents(archive.New(files), false, nil, func(string) {}); err != nil {
			return err
		}
	}
	ours := time.Since(start).Seconds()
	runtime.GOMAXPROCS(previous)
	fmt.Printf("## Against js-x-ray %s\n\nThe same %d script files below 1 MB of every 20th package (%.1f MB), one thread each, in the same run.\n\n", xrayVersion, theirs.Files, mb(theirs.Bytes))
	fmt.Printf("| | time | MB/s | refused |\n|---|---|---|---|\n| js-x-ray (Node) | %.1f s | %.2f | %d |\n| lockwarden | %.2f s | %.1f | |\n\nlockwarden is **%.0f times** as fast; it resolves values across the whole package, js-x-ray looks at one file at a time.\n\n",
		theirs.Seconds, mb(theirs.Bytes)/theirs.Seconds, theirs.Refused, ours, mb(theirs.Bytes)/ours, theirs.Seconds/ours)
	return nil
}

const arboristScript = `
const Arborist = require(require('path').resolve(process.argv[2], 'node_modules/@npmcli/arborist'))
const load = () => new Arborist({ path: process.argv[3] }).loadVirtual()
;(async () => {
  await load()
  const times = []
  let size = 0
  for (let i = 0; i < 5; i++) { const start = process.hrtime.bigint(); const tree = await load(); size = tree.inventory.size; times.push(Number(process.hrtime.bigint() - start) / 1e6) }
  times.sort((a, b) => a - b)
  console.log(JSON.stringify({ milliseconds: times[2], size }))
})()
`

// arborist compares reading a lockfile of 10,000 entries, and comparing it
// with another one, with Arborist's loadVirtual of it.
func arborist(folder string) error {
	peer, err := npmInstall(folder, "@npmcli/arborist", arboristVersion)
	if err != nil {
		return err
	}
	dir, err := os.MkdirTemp("", "lockwarden-bench")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	data := generate(10_000)
	other := bytes.ReplaceAll(data, []byte(`"version": "1.1`), []byte(`"version": "1.2`))
	script := filepath.Join(dir, "arborist.cjs")
	for name, content := range map[string][]byte{"package-lock.json": data, "package.json": []byte(`{"name":"big","dependencies":{"package-0":"^1.0.0"}}`), "arborist.cjs": []byte(arboristScript)} {
		if err := os.WriteFile(filepath.Join(dir, name), content, 0o644); err != nil {
			return err
		}
	}
	out, err := exec.Command("node", script, peer, dir).Output()
	if err != nil {
		return fmt.Errorf("arborist: %w", err)
	}
	var theirs struct {
		Milliseconds float64
		Size         int
	}
	if err := json.Unmarshal(out, &theirs); err != nil {
		return err
	}
	var parse, both []float64
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	for i := range 21 {
		start := time.Now()
		base, err := lockfile.Parse("package-lock.json", data, lockfile.Options{})
		if err != nil {
			return err
		}
		parse = append(parse, float64(time.Since(start).Microseconds())/1000)
		if i == 0 {
			runtime.ReadMemStats(&after)
		}
		start = time.Now()
		head, err := lockfile.Parse("package-lock.json", other, lockfile.Options{})
		if err != nil {
			return err
		}
		lockfile.Compare(base, head)
		both = append(both, parse[i]+float64(time.Since(start).Microseconds())/1000)
	}
	sort.Float64s(parse)
	sort.Float64s(both)
	w := bufio.NewWriter(os.Stdout)
	defer w.Flush()
	fmt.Fprintf(w, "## Lockfiles, against Arborist %s\n\nA generated lockfile of %d entries, %.1f MB; medians of one run.\n\n| | time | MB/s | allocations |\n|---|---|---|---|\n", arboristVersion, theirs.Size-1, mb(int64(len(data))))
	fmt.Fprintf(w, "| Arborist loadVirtual, one file | %.0f ms | %.0f | |\n| lockfile.Parse, one file | %.1f ms (%.0f ns) | %.0f | %d (%.1f MB) |\n| Parse of two and Compare | %.1f ms (%.0f ns) | %.0f | |\n\n", theirs.Milliseconds, mb(int64(len(data)))/theirs.Milliseconds*1000,
		parse[10], parse[10]*1e6, mb(int64(len(data)))/parse[10]*1000, after.Mallocs-before.Mallocs, mb(int64(after.TotalAlloc-before.TotalAlloc)), both[10], both[10]*1e6, 2*mb(int64(len(data)))/both[10]*1000)
	fmt.Fprintf(w, "Parsing one is **%.0f times** as fast as loadVirtual; parsing two and comparing them **%.0f times**.\n", theirs.Milliseconds/parse[10], theirs.Milliseconds/both[10])
	return nil
}
