package analyzer_test

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/lockwarden/lockwarden/analyzer"
	"github.com/lockwarden/lockwarden/analyzer/issue"
	"github.com/lockwarden/lockwarden/analyzer/worker"
)

// tarball packs files in the order of their names' arguments.
func tarball(t testing.TB, files ...string) func() (io.ReadCloser, error) {
	t.Helper()
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	w := tar.NewWriter(z)
	for i := 0; i < len(files); i += 2 {
		if err := w.WriteHeader(&tar.Header{Name: "package/" + files[i], Mode: 0o644, Size: int64(len(files[i+1]))}); err != nil {
			t.Fatal(err)
		}
		io.WriteString(w, files[i+1])
	}
	w.Close()
	z.Close()
	return func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(b.Bytes())), nil }
}

// TestHostileFileCostsOneFile scans packages with one file that is made to
// break the analysis and one ordinary one. The ordinary one's findings must
// stand, the other must be named as not analyzed or analyzed within its
// budget, and the next package must be scanned as usual.
func TestHostileFileCostsOneFile(t *testing.T) {
	s := open(t, worker.Limits{Step: 20 * time.Second})
	const ordinary = "require('net').connect(80, 'example.org')\n"
	repeat := strings.Repeat
	for _, test := range []struct {
		name, code string
		// fine is set where the engine may well manage it.
		fine bool
	}{
		{"nested arrays", repeat("[", 200_000), false},
		{"nested arrays, closed", repeat("[", 100_000) + repeat("]", 100_000), false},
		{"nested objects", "x=" + repeat("{a:", 100_000) + "1" + repeat("}", 100_000), false},
		{"nested calls", repeat("f(", 100_000) + repeat(")", 100_000), false},
		{"nested blocks", repeat("{", 200_000), false},
		{"nested templates", repeat("`${", 100_000), false},
		{"arrows", repeat("a=>", 100_000) + "1", false},
		{"arrows that assign", repeat("a=>b=", 100_000) + "1", false},
		{"array defaults", repeat("([a=", 28) + "1" + repeat("])=>1", 28), true},
		{"unary operators", repeat("!", 300_000) + "1", false},
		{"typeof", repeat("typeof ", 200_000) + "1", false},
		{"await", "async()=>{" + repeat("await ", 200_000) + "1}", false},
		{"new", repeat("new ", 200_000) + "x", false},
		{"members", "a" + repeat(".b", 500_000), true},
		{"indexes", "a" + repeat("[0]", 300_000), true},
		{"calls in a row", "a" + repeat("()", 300_000), true},
		{"additions", "x=1" + repeat("+1", 300_000), true},
		{"commas", "x=1" + repeat(",1", 300_000), true},
		{"conditions", "x=" + repeat("1?1:", 100_000) + "1", false},
		{"powers", "x=" + repeat("2**", 100_000) + "1", false},
		{"assignments", repeat("a=", 200_000) + "1", false},
		{"else if", repeat("if(a){}else ", 50_000) + "{}", true},
		{"loops", repeat("for(;;)", 100_000) + ";", false},
		{"whiles", repeat("while(1)", 100_000) + ";", false},
		{"functions", repeat("function f(){", 50_000) + repeat("}", 50_000), false},
		{"classes", repeat("class A{static x=", 50_000) + "1" + repeat("}", 50_000), false},
		{"40,000 labels", labels(40_000), false},
		{"40,000 strings to fold", `x="a"` + repeat(`+"a"`, 40_000), true},
		{"40,000 strings to fold, TypeScript", `enum E { A = "a"` + repeat(`+"a"`, 40_000) + "}", true},
		{"a regular expression", "/" + repeat("(a", 100_000) + repeat(")", 100_000) + "/", true},
		{"JSX", repeat("<a>", 100_000), false},
		{"types", "type A = " + repeat("(", 100_000), false},
		{"generics", "let a: " + repeat("A<", 100_000), false},
		{"a string that grows", "let s='x';for(;;){s=s+s;eval(s)}", true},
		{"functions that pass each other on", passing(3000), true},
	} {
		t.Run(test.name, func(t *testing.T) {
			start := time.Now()
			scanned, err := s.ScanTarball(context.Background(), tarball(t, "package.json", `{"name":"x","version":"1.0.0"}`, "index.js", ordinary, "lib/hostile.ts", test.code))
			if err != nil {
				t.Fatal(err)
			}
			if scanned.Contents == nil {
				t.Fatalf("the whole package is lost: %+v", scanned.Fetch)
			}
			r := analyzer.NewReport(issue.Input{Name: "x"}, scanned)
			if r.Find("network/tcp-connect") == nil {
				t.Error("what index.js does is lost")
			}
			named := false
			for _, p := range append(scanned.Contents.Incomplete, scanned.Contents.Unparsable...) {
				named = named || p.File == "lib/hostile.ts"
			}
			if !named && !test.fine {
				t.Error("nothing says that lib/hostile.ts was not analyzed")
			}
			t.Logf("%v, incomplete: %v", time.Since(start).Round(time.Millisecond), scanned.Contents.Incomplete)
		})
	}
	scanned, err := s.ScanTarball(context.Background(), tarball(t, "package.json", `{"name":"y"}`, "index.js", ordinary))
	if err != nil || scanned.Contents == nil || len(scanned.Contents.Incomplete) > 0 {
		t.Errorf("the next package: %+v, %v", scanned, err)
	}
}

func labels(n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, "l%d:", i)
	}
	return b.String() + "{}"
}

func passing(n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, "function f%d(a){ f%d([a]); g[a]=f%d; return {a, x: f%d(a)} }\n", i, (i+1)%n, i, (i*7)%n)
	}
	return "const g={};" + b.String()
}

// TestHugeOneLineFile: 50 MB in one line are over the budget of one script and
// are said to be.
func TestHugeOneLineFile(t *testing.T) {
	s := open(t, worker.Limits{})
	scanned, err := s.ScanTarball(context.Background(), tarball(t, "package.json", `{"name":"x"}`, "index.js", "require('fs').unlinkSync('a')", "big.js", oneLine(50<<20)))
	if err != nil {
		t.Fatal(err)
	}
	if scanned.Contents == nil {
		t.Fatalf("lost: %+v", scanned.Fetch)
	}
	r := analyzer.NewReport(issue.Input{Name: "x"}, scanned)
	if r.Complete || r.Find("file/delete") == nil || !strings.Contains(r.Skipped[0].Reason, "more than 24 MiB") {
		t.Errorf("complete %v, skipped %v", r.Complete, r.Skipped)
	}
}

// oneLine is a script of n bytes in one line that does not compress too well.
func oneLine(n int) string {
	var b strings.Builder
	b.Grow(n + 32)
	b.WriteString("x=1")
	for i := 1; b.Len() < n; i++ {
		fmt.Fprintf(&b, ",f(%d)", i*2654435761%1_000_003)
	}
	return b.String()
}

// TestWorkerKilledFromOutside kills the child in the middle of a scan, as the
// kernel does that is short of memory: once costs nothing, for a tarball at hand
// and for a folder as for a registry's, again and again costs the package, and
// the pool goes on.
func TestWorkerKilledFromOutside(t *testing.T) {
	big := strings.Repeat("function a(b){return require('child_process').exec(b)}\n", 15_000)
	// A busy machine takes its time; no deadline is meant here.
	s, err := analyzer.Open(analyzer.Options{NoCache: true, Workers: 1, WorkerCommand: workerCommand, Limits: worker.Limits{Step: 10 * time.Minute}})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	ofTarball := func() (analyzer.Scanned, error) {
		return s.ScanTarball(context.Background(), tarball(t, "package.json", `{"name":"x"}`, "index.js", big))
	}
	ofFolder := func() (analyzer.Scanned, error) {
		return s.ScanFolder(context.Background(), &analyzer.Folder{Files: map[string][]byte{"package.json": []byte(`{"name":"x"}`), "index.js": []byte(big)}})
	}
	for _, test := range []struct {
		name     string
		scan     func() (analyzer.Scanned, error)
		kills    int
		complete bool
	}{
		{"a tarball, once", ofTarball, 1, true},
		{"a folder, once", ofFolder, 1, true},
		{"a tarball, always", ofTarball, 1000, false},
	} {
		done, ended := make(chan struct{}), make(chan int)
		go func() {
			killed := map[int]bool{}
			for {
				select {
				case <-done:
					ended <- len(killed)
					return
				case <-time.After(10 * time.Millisecond):
				}
				for _, pid := range children() {
					if killed[pid] || len(killed) == test.kills {
						continue
					}
					if p, err := os.FindProcess(pid); err == nil && p.Kill() == nil {
						killed[pid] = true
					}
				}
			}
		}()
		scanned, err := test.scan()
		close(done)
		killed := <-ended
		if err != nil {
			t.Fatal(err)
		}
		if killed == 0 || test.kills > 1 && killed < 3 {
			t.Logf("%s: the scan ended before a child could be found", test.name)
			continue
		}
		r := analyzer.NewReport(issue.Input{Name: "x"}, scanned)
		if r.Complete != test.complete || hasIssue(r, "scan/incomplete") == test.complete {
			t.Errorf("%s: complete %v, %+v, after %d kills", test.name, r.Complete, r.Issues, killed)
		}
	}
	again, err := s.ScanTarball(context.Background(), tarball(t, "package.json", `{"name":"y"}`, "index.js", "1"))
	if err != nil || again.Contents == nil {
		t.Errorf("the next package: %+v %v", again.Fetch, err)
	}
}

func hasIssue(r analyzer.Report, id string) bool {
	for _, i := range r.Issues {
		if i.ID == id {
			return true
		}
	}
	return false
}

// children are this process's child processes, on Linux.
func children() []int {
	var pids []int
	tasks, _ := filepath.Glob("/proc/self/task/*/children")
	for _, task := range tasks {
		data, err := os.ReadFile(task)
		if err != nil {
			continue
		}
		for _, field := range strings.Fields(string(data)) {
			if pid, err := strconv.Atoi(field); err == nil {
				pids = append(pids, pid)
			}
		}
	}
	return pids
}
