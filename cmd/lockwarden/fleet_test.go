package main

import (
	"bytes"
	"context"
	"encoding/pem"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/lockwarden/lockwarden/app/github/githubtest"
	"github.com/lockwarden/lockwarden/app/store"
)

// nightly makes fault tests as long as issue D asks for: by hand, with
// LOCKWARDEN_NIGHTLY=1. CI runs shorter ones.
var nightly = os.Getenv("LOCKWARDEN_NIGHTLY") != ""

func often(ci, night int) int {
	if nightly {
		return night
	}
	return ci
}

// fleet is a number of real server processes, the GitHub and the registry that
// they talk to, and a load balancer in front of them.
type fleet struct {
	t        *testing.T
	github   *githubtest.GitHub
	registry *faultyRegistry
	dir      string
	database string
	// program is started; tests may change it between starts.
	program  string
	args     []string
	balancer *httptest.Server

	mu       sync.Mutex
	replicas []*replica
	next     int
	log      bytes.Buffer
	pulls    []expected
	// repositories are by path.
	repositories map[string]*githubtest.Repository
}

// replica is one process.
type replica struct {
	cmd *exec.Cmd
	at  atomic.Value // where it listens, once it says so
}

// port is empty until the process listens.
func (r *replica) port() string {
	port, _ := r.at.Load().(string)
	return port
}

// expected is a pull request and what its check is to come to.
type expected struct {
	pull       *githubtest.Pull
	conclusion string
	says       string
}

// logWriter collects what all processes log, and learns from each where it
// listens. A port that is chosen for a process may be another one's by the time
// it listens: of another test, whose server would take this one's deliveries.
type logWriter struct {
	f *fleet
	r *replica
	// line is what was written of a line so far.
	line []byte
}

func (w *logWriter) Write(p []byte) (int, error) {
	w.f.mu.Lock()
	defer w.f.mu.Unlock()
	for _, b := range p {
		if b != '\n' {
			w.line = append(w.line, b)
			continue
		}
		if address, ok := strings.CutPrefix(string(w.line), "lockwarden listens on "); ok {
			_, port, _ := net.SplitHostPort(address)
			w.r.at.Store(port)
		}
		w.line = w.line[:0]
	}
	return w.f.log.Write(p)
}

// serverSecret is a key for SECRET_KEY.
var serverSecret = store.NewKey()

// newFleet makes one; start starts processes.
func newFleet(t *testing.T, database string, args ...string) *fleet {
	t.Helper()
	f := &fleet{t: t, github: githubtest.New(), registry: newFaultyRegistry(t), dir: t.TempDir(), database: database, args: args, repositories: map[string]*githubtest.Repository{}}
	if database == "" {
		f.database = filepath.Join(f.dir, "server.db")
	}
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	// TestMain runs main under that name. A symbolic link would not do: the
	// server starts itself by its real name, which runs the tests.
	f.program = filepath.Join(f.dir, "lockwarden")
	if os.Link(self, f.program) != nil {
		copyProgram(t, self, f.program)
	}
	f.write("key.pem", []byte(f.github.PrivateKey))
	authority := f.write("ca.pem", pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: f.registry.Certificate().Raw}))
	f.write("npmrc", []byte("registry="+f.registry.URL+"/\ncafile="+authority+"\n"))
	f.balancer = httptest.NewServer(http.HandlerFunc(f.balance))
	f.github.SendTo(f.balancer.URL + "/webhook")
	t.Cleanup(func() {
		f.mu.Lock()
		running := f.replicas
		f.mu.Unlock()
		for _, r := range running {
			_ = r.cmd.Process.Kill()
			_ = r.cmd.Wait()
		}
		f.balancer.Close()
		f.github.Close()
		f.noSecrets()
		if t.Failed() {
			var jobs bytes.Buffer
			_ = run([]string{"jobs", "--database", f.database}, nil, &jobs, &jobs)
			t.Logf("the queue at the end:\n%s", jobs.String())
			text := f.log.String()
			t.Logf("the servers' log ends with:\n%s", text[max(0, len(text)-6000):])
		}
	})
	return f
}

// copyProgram copies one that is to be started. No other test may start a process
// meanwhile: it would have the file open for writing for a moment, and Linux starts
// no such file.
// Source: https://go.dev/issue/22315
func copyProgram(t *testing.T, from, to string) {
	t.Helper()
	data, err := os.ReadFile(from)
	if err != nil {
		t.Fatal(err)
	}
	syscall.ForkLock.RLock()
	defer syscall.ForkLock.RUnlock()
	if err := os.WriteFile(to, data, 0o700); err != nil {
		t.Fatal(err)
	}
}

// noSecrets greps the logs of everything that a scenario did.
func (f *fleet) noSecrets() {
	key := strings.Split(f.github.PrivateKey, "\n")[3]
	for name, secret := range map[string]string{"the webhook's secret": f.github.Secret, "a token": "ghs_", "the private key": key, "a JSON web token": "eyJ", "SECRET_KEY": serverSecret, "the client's secret": f.github.ClientSecret} {
		if strings.Contains(f.log.String(), secret) {
			f.t.Errorf("%s stands in the log", name)
		}
	}
}

func (f *fleet) write(name string, data []byte) string {
	f.t.Helper()
	file := filepath.Join(f.dir, name)
	if err := os.WriteFile(file, data, 0o600); err != nil {
		f.t.Fatal(err)
	}
	return file
}

// balance passes a request on to a replica that takes it.
func (f *fleet) balance(w http.ResponseWriter, r *http.Request) {
	f.mu.Lock()
	f.next++
	replicas := append(append([]*replica{}, f.replicas[min(len(f.replicas), f.next%max(1, len(f.replicas))):]...), f.replicas[:min(len(f.replicas), f.next%max(1, len(f.replicas)))]...)
	f.mu.Unlock()
	for _, one := range replicas {
		probe, err := net.DialTimeout("tcp", "127.0.0.1:"+one.port(), time.Second)
		if err != nil {
			continue
		}
		_ = probe.Close()
		proxy := httputil.NewSingleHostReverseProxy(&url.URL{Scheme: "http", Host: "127.0.0.1:" + one.port()})
		proxy.ErrorLog = nil
		proxy.ErrorHandler = func(w http.ResponseWriter, _ *http.Request, _ error) { w.WriteHeader(http.StatusBadGateway) }
		proxy.ServeHTTP(w, r)
		return
	}
	w.WriteHeader(http.StatusBadGateway)
}

// start starts a process and waits until it is ready.
func (f *fleet) start(args ...string) *replica {
	f.t.Helper()
	r := f.launch(args...)
	if !r.ready() {
		f.t.Fatalf("the server does not come up: %s", f.log.String())
	}
	return r
}

func (f *fleet) launch(args ...string) *replica {
	f.t.Helper()
	cmd := exec.Command(f.program, append(append([]string{"serve", "--host", "127.0.0.1", "--port", "0", "--osv", "none", "--allow-host", strings.TrimPrefix(f.registry.URL, "https://"),
		"--cache", filepath.Join(f.dir, "cache"), "--redeliver-every", "1s"}, f.args...), args...)...)
	cmd.Env = []string{fmt.Sprintf("APP_ID=%d", f.github.AppID), "PRIVATE_KEY_PATH=" + filepath.Join(f.dir, "key.pem"), "WEBHOOK_SECRET=" + f.github.Secret, "GITHUB_API_URL=" + f.github.URL() + "/api/v3",
		"CLIENT_ID=" + f.github.ClientID, "CLIENT_SECRET=" + f.github.ClientSecret, "SECRET_KEY=" + serverSecret,
		"DATABASE_URL=" + f.database, "npm_config_userconfig=" + filepath.Join(f.dir, "npmrc"), "HOME=" + f.dir}
	r := &replica{cmd: cmd}
	cmd.Stderr = &logWriter{f: f, r: r}
	if err := cmd.Start(); err != nil {
		f.t.Fatal(err)
	}
	f.mu.Lock()
	f.replicas = append(f.replicas, r)
	f.mu.Unlock()
	return r
}

func (r *replica) ready() bool {
	for range 600 {
		if answer, err := http.Get("http://127.0.0.1:" + r.port() + "/readyz"); err == nil {
			_ = answer.Body.Close()
			if answer.StatusCode == http.StatusOK {
				return true
			}
		}
		time.Sleep(25 * time.Millisecond)
	}
	return false
}

func (f *fleet) forget(r *replica) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for i, one := range f.replicas {
		if one == r {
			f.replicas = append(f.replicas[:i:i], f.replicas[i+1:]...)
			return
		}
	}
}

// kill is kill -9.
func (f *fleet) kill(r *replica) {
	_ = r.cmd.Process.Kill()
	_ = r.cmd.Wait()
	f.forget(r)
}

// stop is what a rolling restart does: the load balancer first, then Ctrl-C.
func (f *fleet) stop(r *replica) {
	f.t.Helper()
	f.forget(r)
	_ = r.cmd.Process.Signal(os.Interrupt)
	if err := r.cmd.Wait(); err != nil && r.cmd.ProcessState.ExitCode() != exitInterrupt {
		f.t.Errorf("after Ctrl-C: %v", err)
	}
}

// children are the processes that a replica started.
func (r *replica) children() []int {
	pid := strconv.Itoa(r.cmd.Process.Pid)
	var out []int
	tasks, _ := os.ReadDir("/proc/" + pid + "/task")
	for _, task := range tasks {
		data, _ := os.ReadFile("/proc/" + pid + "/task/" + task.Name() + "/children")
		for _, text := range strings.Fields(string(data)) {
			if child, err := strconv.Atoi(text); err == nil {
				out = append(out, child)
			}
		}
	}
	return out
}

// open opens a pull request that brings those packages into a repository.
func (f *fleet) open(repo string, conclusion, says string, ids ...string) *githubtest.Pull {
	f.mu.Lock()
	r := f.repositories[repo]
	if r == nil {
		r = f.github.Repository(repo)
		f.repositories[repo] = r
	}
	branch := fmt.Sprintf("change-%d", len(f.pulls))
	f.mu.Unlock()
	deps := ""
	for i, id := range ids {
		name, version, _ := strings.Cut(id, "@")
		if i > 0 {
			deps += ","
		}
		deps += fmt.Sprintf("%q:%q", name, version)
	}
	r.Commit(branch, map[string]string{"package.json": `{"name":"app","dependencies":{` + deps + `}}`, "package-lock.json": lockfileOf(f.registry.URL, ids)})
	p := r.Open("ann", r, branch, "main")
	f.mu.Lock()
	defer f.mu.Unlock()
	f.pulls = append(f.pulls, expected{p, conclusion, says})
	return p
}

// settle waits until every pull request has its result, and then checks that
// nothing is lost, nothing is there twice, and nothing is green that must not
// be.
// idle waits until no job is left to be done: whatever comes twice has come then.
func (f *fleet) idle(deadline time.Time) {
	f.t.Helper()
	s, err := store.Open(context.Background(), store.Options{URL: f.database, ReadOnly: true})
	if err != nil {
		f.t.Fatal(err)
	}
	defer s.Close()
	for {
		counts, err := s.Counts(context.Background())
		if err == nil && counts["available"]+counts["running"]+counts["scheduled"]+counts["retryable"] == 0 || time.Now().After(deadline) {
			return
		}
		time.Sleep(50 * time.Millisecond)
	}
}

func (f *fleet) settle(within time.Duration) {
	f.t.Helper()
	f.mu.Lock()
	pulls := f.pulls
	f.mu.Unlock()
	deadline := time.Now().Add(within)
	missing := 0
	for {
		missing = 0
		for _, e := range pulls {
			if run, ok := e.pull.Repository().Latest(e.pull.SHA()); !ok || run.Status != "completed" {
				missing++
			}
		}
		if missing == 0 || time.Now().After(deadline) {
			break
		}
		time.Sleep(100 * time.Millisecond)
	}
	f.idle(deadline)
	green, lost, twice := 0, 0, 0
	for _, e := range pulls {
		runs := e.pull.Repository().CheckRuns(e.pull.SHA())
		switch {
		case len(runs) == 0 || runs[len(runs)-1].Status != "completed":
			lost++
			f.t.Logf("lost: %s pull/%d %v", e.pull.Repository().Path(), e.pull.Number, runs)
			continue
		case len(runs) > 1:
			twice++
		}
		run := runs[0]
		if run.Conclusion == "success" {
			green++
		}
		if e.conclusion != "" && run.Conclusion != e.conclusion {
			f.t.Errorf("%s of %s is %s, want %s: %s\n%s", e.pull.SHA(), e.pull.Repository().Path(), run.Conclusion, e.conclusion, run.Title, run.Summary)
		}
		if !strings.Contains(run.Title+run.Summary, e.says) {
			f.t.Errorf("the check run does not say %q: %s\n%s", e.says, run.Title, run.Summary)
		}
		seen := map[string]bool{}
		for _, a := range run.Annotations {
			id := fmt.Sprint(a.Path, a.StartLine, a.Title)
			if seen[id] {
				f.t.Errorf("an annotation is there twice: %s", a.Title)
			}
			seen[id] = true
		}
	}
	opened, arrived, failed := 0, map[string]bool{}, 0
	for _, d := range f.github.Deliveries() {
		if d.Event != "pull_request" {
			continue
		}
		opened++
		if d.Status/100 == 2 {
			arrived[d.GUID] = true
		}
		if lost > 0 && (d.Attempts > 1 || d.Status/100 != 2) {
			f.t.Logf("delivery %d at %s: %d after %d attempts, took %s", d.ID, d.At.Format(time.TimeOnly), d.Status, d.Attempts, d.Took)
		}
		if d.Attempts > 1 || d.Status/100 != 2 {
			failed++
		}
	}
	f.t.Logf("pull requests %d, deliveries %d (%d failed at first), completed %d, green %d, lost %d, twice %d", len(pulls), opened, failed, len(pulls)-lost, green, lost, twice)
	if lost > 0 || twice > 0 {
		f.t.Errorf("%d lost, %d twice", lost, twice)
	}
}

// during opens pull requests at a pace while something happens.
func (f *fleet) during(count int, pace time.Duration, open func(i int), happens func(ctx context.Context)) {
	ctx, done := context.WithCancel(context.Background())
	var wait sync.WaitGroup
	wait.Add(1)
	go func() {
		defer wait.Done()
		happens(ctx)
	}()
	for i := range count {
		open(i)
		time.Sleep(pace)
	}
	done()
	wait.Wait()
}

// faultyRegistry is a registry that serves testPackages, and what goes wrong.
type faultyRegistry struct {
	*httptest.Server
	mu sync.Mutex
	// fault answers a request for a tarball in the registry's place, by name; it
	// returns false where the registry is to answer.
	fault map[string]func(n int, w http.ResponseWriter, whole []byte) bool
	asked map[string]int
}

func newFaultyRegistry(t *testing.T) *faultyRegistry {
	f := &faultyRegistry{fault: map[string]func(int, http.ResponseWriter, []byte) bool{}, asked: map[string]int{}}
	honest := testRegistry(t)
	handler := honest.Config.Handler
	f.Server = httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		name, _, tarball := strings.Cut(strings.TrimPrefix(r.URL.Path, "/"), "/-/")
		if tarball {
			f.mu.Lock()
			f.asked[name]++
			n, fault := f.asked[name], f.fault[name]
			f.mu.Unlock()
			if fault != nil {
				answer := httptest.NewRecorder()
				handler.ServeHTTP(answer, r)
				if fault(n, w, answer.Body.Bytes()) {
					return
				}
			}
		}
		handler.ServeHTTP(w, r)
	}))
	t.Cleanup(f.Server.Close)
	return f
}

func (f *faultyRegistry) when(name string, fault func(n int, w http.ResponseWriter, whole []byte) bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.fault[name] = fault
}

func (f *faultyRegistry) count(name string) int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.asked[name]
}
