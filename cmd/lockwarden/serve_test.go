package main

import (
	"bytes"
	"context"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/lockwarden/lockwarden/app/github/githubtest"
	"github.com/lockwarden/lockwarden/app/record"
	"github.com/lockwarden/lockwarden/app/store"
	"github.com/lockwarden/lockwarden/app/webhook"
)

// TestAcceptancesAndJobs reads the database while a server has it open.
func TestAcceptancesAndJobs(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "server.db")
	ctx := context.Background()
	s, err := store.Open(ctx, store.Options{URL: file})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	job := webhook.Job{Kind: webhook.Head, Installation: 7, Repository: 1, Owner: "acme", Name: "web", Pull: 3, SHA: "a", Branch: "main"}
	if _, err := s.Enqueue(ctx, webhook.Delivery{ID: "1", Received: time.Now(), Jobs: []webhook.Job{job}}); err != nil {
		t.Fatal(err)
	}
	value := json.RawMessage(`{"by":"mia","at":"2026-01-02T03:04:05Z","name":"shell","version":"1.0.0","reason":"we host \u001b[31mit","repository":true}`)
	if err := s.Decide(ctx, record.Decision{Repository: 1, Thread: "pull/3", Scope: record.ForRepository, Comment: 9, Origin: "x", Value: value}); err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		args []string
		want []string
	}{
		{[]string{"acceptances"}, []string{"acme/web", "shell@1.0.0", "mia", "holds", "we host"}},
		{[]string{"acceptances", "acme/web", "--format", "json"}, []string{`"schema": "lockwarden/acceptances/v1"`, `"by": "mia"`}},
		{[]string{"acceptances", "acme/other"}, []string{"Nothing was accepted"}},
		{[]string{"jobs"}, []string{"available  1"}},
	} {
		var out, errOut bytes.Buffer
		if code := run(append(test.args, "--database", file), nil, &out, &errOut); code != 0 {
			t.Errorf("%v: %d %s", test.args, code, errOut.String())
		}
		for _, want := range test.want {
			if !strings.Contains(out.String(), want) || strings.Contains(out.String(), "\x1b") {
				t.Errorf("%v: no %q in %q", test.args, want, out.String())
			}
		}
	}
}

// TestKilledServer: the process is killed in the middle of a review. The next
// one finishes it, in the same check run.
func TestKilledServer(t *testing.T) {
	t.Parallel()
	registry := testRegistry(t)
	g := githubtest.New()
	defer g.Close()
	dir := t.TempDir()
	write := func(name string, data []byte) string {
		t.Helper()
		file := filepath.Join(dir, name)
		if err := os.WriteFile(file, data, 0o600); err != nil {
			t.Fatal(err)
		}
		return file
	}
	key := write("key.pem", []byte(g.PrivateKey))
	authority := write("ca.pem", pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: registry.Certificate().Raw}))
	settings := write("npmrc", []byte("registry="+registry.URL+"/\ncafile="+authority+"\n"))
	free, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	_, port, _ := net.SplitHostPort(free.Addr().String())
	_ = free.Close()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	link := filepath.Join(dir, "lockwarden") // TestMain runs main under that name
	if err := os.Link(self, link); err != nil {
		copyProgram(t, self, link)
	}
	var log bytes.Buffer
	start := func() *exec.Cmd {
		t.Helper()
		cmd := exec.Command(link, "serve", "--host", "127.0.0.1", "--allow-host", strings.TrimPrefix(registry.URL, "https://"), "--cache", filepath.Join(dir, "cache"))
		cmd.Env = []string{fmt.Sprintf("APP_ID=%d", g.AppID), "PRIVATE_KEY_PATH=" + key, "WEBHOOK_SECRET=" + g.Secret, "GITHUB_API_URL=" + g.URL() + "/api/v3",
			"DATABASE_URL=" + filepath.Join(dir, "server.db"), "PORT=" + port, "npm_config_userconfig=" + settings, "HOME=" + dir}
		cmd.Stderr = &log
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		for range 300 {
			if answer, err := http.Get("http://127.0.0.1:" + port + "/readyz"); err == nil {
				_ = answer.Body.Close()
				if answer.StatusCode == http.StatusOK {
					g.SendTo("http://127.0.0.1:" + port + "/webhook")
					return cmd
				}
			}
			time.Sleep(50 * time.Millisecond)
		}
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
		t.Fatalf("the server does not come up: %s", log.String())
		return nil
	}
	testPackages["tardy@1.0.0"].once.Store(false)
	server := start()
	repo := g.Repository("acme/web")
	lock := lockfileOf(registry.URL, []string{"tardy@1.0.0", "client@1.0.0"})
	manifest := `{"name":"app","dependencies":{"tardy":"1.0.0","client":"1.0.0"}}`
	repo.Commit("change", map[string]string{"package.json": manifest, "package-lock.json": lock})
	pull := repo.Open("ann", repo, "change", "main")
	wait := func(what string, condition func(githubtest.CheckRun) bool) githubtest.CheckRun {
		t.Helper()
		for range 1200 {
			if run, ok := repo.Latest(pull.SHA()); ok && condition(run) {
				return run
			}
			time.Sleep(50 * time.Millisecond)
		}
		t.Fatalf("%s: never", what)
		return githubtest.CheckRun{}
	}
	asked := testPackages["tardy@1.0.0"].once
	wait("the review is under way", func(r githubtest.CheckRun) bool { return r.Status == "in_progress" && asked.Load() })
	_ = server.Process.Kill()
	_ = server.Wait()
	server = start()
	run := wait("the review ends", func(r githubtest.CheckRun) bool { return r.Status == "completed" })
	if run.Conclusion != "success" || !strings.Contains(run.Title, "2 new packages") {
		t.Errorf("%s %s\n%s", run.Conclusion, run.Title, run.Summary)
	}
	if n := len(repo.CheckRuns(pull.SHA())); n != 1 {
		t.Errorf("%d check runs", n)
	}
	_ = server.Process.Signal(os.Interrupt)
	if err := server.Wait(); err != nil && server.ProcessState.ExitCode() != exitInterrupt {
		t.Errorf("after Ctrl-C: %v\n%s", err, log.String())
	}
	if strings.Contains(log.String(), g.Secret) || strings.Contains(log.String(), "ghs_") {
		t.Error("a secret stands in the log")
	}
}
