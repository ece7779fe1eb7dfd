package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"sort"
	"strings"
	"time"

	"github.com/lockwarden/lockwarden/lockfile"
)

const arboristVersion = "9.9.1"

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
