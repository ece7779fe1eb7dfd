package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/lockwarden/lockwarden/analyzer"
	"github.com/lockwarden/lockwarden/app"
	"github.com/lockwarden/lockwarden/app/github/githubtest"
)

// serveLoad is the server under load, in a process of its own so that its
// memory can be told from GitHub's.
func serveLoad(args []string) error {
	key, err := os.ReadFile(args[2])
	if err != nil {
		return err
	}
	id, err := strconv.ParseInt(args[1], 10, 64)
	if err != nil {
		return err
	}
	scanner, err := analyzer.Open(analyzer.Options{CacheDir: args[5], OSV: "none"})
	if err != nil {
		return err
	}
	defer scanner.Close()
	return app.Serve(context.Background(), app.Settings{AppID: id, PrivateKey: string(key), WebhookSecret: args[3], APIURL: args[0], Database: args[4], Address: args[6],
		Log: slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelWarn}))}, scanner)
}

// loadPackages are what the pull requests add: small and real.
var loadPackages = []string{"ms@2.1.3", "once@1.4.0", "wrappy@1.0.2", "inherits@2.0.4", "is-number@7.0.0"}

func loadLock(list ...string) (manifest, lock string) {
	var deps, entries []string
	for _, p := range list {
		name, version, _ := strings.Cut(p, "@")
		deps = append(deps, fmt.Sprintf("%q: %q", name, version))
		entries = append(entries, fmt.Sprintf(",\n    \"node_modules/%s\": {\n      \"version\": %q\n    }", name, version))
	}
	d := strings.Join(deps, ", ")
	return fmt.Sprintf("{\"name\": \"load\", \"dependencies\": {%s}}\n", d), fmt.Sprintf("{\n  \"name\": \"load\",\n  \"lockfileVersion\": 3,\n  \"requires\": true,\n  \"packages\": {\n    \"\": {\"name\": \"load\", \"dependencies\": {%s}}%s\n  }\n}\n", d, strings.Join(entries, ""))
}

// load opens pull requests at a rate and measures how fast the webhooks are
// answered, and whether each ends in exactly one completed check run.
func load(folder, database string, count, rate int) error {
	dir, err := os.MkdirTemp("", "lockwarden-load")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	name := "PostgreSQL"
	if database == "" {
		database, name = filepath.Join(dir, "load.db"), "SQLite"
	}
	g := githubtest.New()
	defer g.Close()
	key := filepath.Join(dir, "key.pem")
	if err := os.WriteFile(key, []byte(g.PrivateKey), 0o600); err != nil {
		return err
	}
	free, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	address := free.Addr().String()
	_ = free.Close()
	self, err := os.Executable()
	if err != nil {
		return err
	}
	server := exec.Command(self, "serve", g.URL(), strconv.FormatInt(g.AppID, 10), key, g.Secret, database, filepath.Join(folder, "packages"), address)
	server.Stderr = os.Stderr
	if err := server.Start(); err != nil {
		return err
	}
	defer func() { _ = server.Process.Kill(); _ = server.Wait() }()
	up := false
	for range 200 {
		if answer, err := http.Get("http://" + address + "/readyz"); err == nil {
			_ = answer.Body.Close()
			if up = answer.StatusCode == http.StatusOK; up {
				break
			}
		}
		time.Sleep(50 * time.Millisecond)
	}
	if !up {
		return errors.New("the server does not come up")
	}
	g.SendTo("http://" + address + "/webhook")

	// Twenty installations, five of which have half of the pull requests.
	var repos []*githubtest.Repository
	for i := range 20 {
		repo := g.Repository(fmt.Sprintf("owner%d/load", i))
		manifest, lock := loadLock(loadPackages[0])
		repo.Commit("main", map[string]string{"package.json": manifest, "package-lock.json": lock})
		repos = append(repos, repo)
	}
	var pulls []*githubtest.Pull
	start := time.Now()
	for i := range count {
		repo := repos[i%20]
		if i%2 == 0 {
			repo = repos[i%5]
		}
		manifest, lock := loadLock(loadPackages[0], loadPackages[1+i%4])
		branch := fmt.Sprintf("change-%d", i)
		repo.Commit(branch, map[string]string{"package.json": manifest, "package-lock.json": lock})
		time.Sleep(time.Until(start.Add(time.Duration(i) * time.Second / time.Duration(rate))))
		pulls = append(pulls, repo.Open("ann", repo, branch, "main"))
	}
	sent := time.Since(start)
	completed := func() (n int) {
		for _, p := range pulls {
			runs := p.Repository().CheckRuns(p.SHA())
			if len(runs) == 1 && runs[0].Status == "completed" && runs[0].Conclusion == "success" {
				n++
			}
		}
		return n
	}
	for range 1200 {
		if completed() == count {
			break
		}
		time.Sleep(250 * time.Millisecond)
	}
	all := time.Since(start)
	time.Sleep(2 * time.Second) // nothing may come after
	done := completed()
	var took []time.Duration
	refused := 0
	for _, d := range g.Deliveries() {
		if d.Event == "pull_request" {
			took = append(took, d.Took)
		}
		if d.Status/100 != 2 {
			refused++
		}
	}
	slices.Sort(took)
	pid := strconv.Itoa(server.Process.Pid)
	fmt.Printf("## The App under load, %s\n\n%d pull requests opened at %d a second (twice as many deliveries: GitHub sends a check_suite with each), 20 installations, one server process on the same 2 processors as the GitHub it talks to.\n\n", name, count, rate)
	fmt.Printf("| | |\n|---|---|\n| webhook answered, median | %.1f ms |\n| p99 | %.1f ms |\n| slowest | %.1f ms |\n| deliveries refused | %d |\n| sent within | %.1f s |\n| heads with exactly one completed check run | %d of %d |\n| all completed after | %.1f s |\n| highest memory of the server | %.0f MB |\n\n",
		ms(took[len(took)/2]), ms(took[len(took)*99/100]), ms(took[len(took)-1]), refused, sent.Seconds(), done, count, all.Seconds(), float64(statusBytes(pid, "VmHWM:"))/1e6)
	if done != count {
		return fmt.Errorf("%d of %d heads have exactly one completed check run", done, count)
	}
	return nil
}

func ms(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }
