package app_test

import (
	"compress/gzip"
	"database/sql"
	"encoding/hex"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"os"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus/testutil/promlint"
	collector "go.opentelemetry.io/proto/otlp/collector/trace/v1"
	"google.golang.org/protobuf/proto"

	"github.com/lockwarden/lockwarden/app"
	"github.com/lockwarden/lockwarden/app/github/githubtest"
	"github.com/lockwarden/lockwarden/app/store"
	"github.com/lockwarden/lockwarden/app/store/storetest"
)

// ports counts those that freeAddress handed out: below those that the system
// gives to connections, and other ones for each process.
var ports atomic.Int32

// freeAddress is one on loopback that nobody listens on, and that no other test
// is given.
func freeAddress(t *testing.T) string {
	t.Helper()
	for range 1000 {
		address := fmt.Sprintf("127.0.0.1:%d", 10000+(os.Getpid()*97+int(ports.Add(1)))%20000)
		if l, err := net.Listen("tcp", address); err == nil {
			_ = l.Close()
			return address
		}
	}
	t.Fatal("no port is free")
	return ""
}

// settings are those of a server for that GitHub, with everything switched on.
func settings(t *testing.T, g *githubtest.GitHub, db string) app.Settings {
	t.Helper()
	address := freeAddress(t)
	return app.Settings{AppID: g.AppID, PrivateKey: g.PrivateKey, WebhookSecret: g.Secret, ClientID: g.ClientID, ClientSecret: g.ClientSecret, APIURL: g.URL(), Database: db,
		Address: address, PublicURL: "http://" + address, Operators: []string{"Olga"}, Metrics: freeAddress(t)}
}

// completed waits for a pull request's check run.
func completed(t *testing.T, p *githubtest.Pull) githubtest.CheckRun {
	t.Helper()
	for range 1000 {
		if run, ok := p.Repository().Latest(p.SHA()); ok && run.Status == "completed" {
			return run
		}
		time.Sleep(20 * time.Millisecond)
	}
	t.Fatal("there is no completed check run")
	return githubtest.CheckRun{}
}

// browser is a person's; requests end where no redirect leads on.
func browser(t *testing.T) *http.Client {
	t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	return &http.Client{Jar: jar, Timeout: 20 * time.Second}
}

func visit(t *testing.T, c *http.Client, address string) (int, string) {
	t.Helper()
	answer, err := c.Get(address)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(answer.Body)
	if err != nil {
		t.Fatal(err)
	}
	return answer.StatusCode, string(body)
}

// signedIn makes browsers of people who are signed in.
func signedIn(t *testing.T, g *githubtest.GitHub, base string) func(login string) *http.Client {
	return func(login string) *http.Client {
		t.Helper()
		g.SignedIn(login)
		c := browser(t)
		visit(t, c, base+"/signin?to=/healthz")
		return c
	}
}

// TestTenants: a page of a private repository is shown to who may read it now,
// and to nobody else: not to strangers, not to another organization's admin, not
// to who left, not to who has the login of somebody who left.
func TestTenants(t *testing.T) {
	t.Parallel()
	g := githubtest.New()
	defer g.Close()
	ours, theirs := g.Repository("acme/secret"), g.Repository("rival/other")
	ours.Private, theirs.Private = true, true
	ours.Allow("rita", "read")
	ours.Allow("mia", "maintain")
	theirs.Allow("ivan", "admin")
	o := settings(t, g, storetest.SQLite(t).URL)
	_, base, stop := serve(t, o)
	if base == "" {
		t.Fatal(stop())
	}
	defer func() { _ = stop() }()
	g.SendTo(base + "/webhook")
	for _, repo := range []*githubtest.Repository{ours, theirs} {
		repo.Commit("change", with("quiet@1.0.0"))
		run := completed(t, repo.Open("ann", repo, "change", "main"))
		if strings.Contains(run.Summary, "key=") {
			t.Errorf("an address that opens by itself, although people can sign in: %s", run.Summary)
		}
	}
	page := fmt.Sprintf("%s/decisions/%d", base, ours.ID)
	as := signedIn(t, g, base)
	rita, ivan, nobody := as("rita"), as("ivan"), browser(t)
	for range 2000 { // the audit is written after the check run is complete
		if _, text := visit(t, rita, page); strings.Contains(text, "posted") {
			break
		}
		time.Sleep(50 * time.Millisecond)
	}
	if status, text := visit(t, rita, page); status != http.StatusOK || !strings.Contains(text, "posted") {
		t.Errorf("a reader: %d %s", status, text)
	}
	_, missing := visit(t, ivan, base+"/decisions/999999999")
	if status, text := visit(t, ivan, page); status != http.StatusNotFound || text != missing {
		t.Errorf("another tenant's admin: %d %s", status, text)
	}
	if status, _ := visit(t, ivan, fmt.Sprintf("%s/decisions/%d", base, theirs.ID)); status != http.StatusOK {
		t.Errorf("their own page: %d", status)
	}
	g.SignedIn("")
	if status, _ := visit(t, nobody, page); status != http.StatusForbidden {
		t.Errorf("somebody who does not agree: %d", status)
	}
	// A session says who somebody is; what they may see is asked each time.
	ours.Allow("rita", "")
	if status, _ := visit(t, rita, page); status != http.StatusNotFound {
		t.Errorf("who left: %d", status)
	}
	ours.Allow("rita", "read")
	if status, _ := visit(t, rita, page); status != http.StatusOK {
		t.Errorf("who came back: %d", status)
	}
	// The person changes their login, and somebody else takes it.
	g.RenameUser("rita", "rita-2")
	ours.Allow("rita", "read")
	if status, _ := visit(t, rita, page); status != http.StatusNotFound {
		t.Errorf("a session of a login that changed hands: %d", status)
	}
	// The review's page is no more public than the decisions'.
	reviewed := fmt.Sprintf("%s/reviews/%d/pull/1", base, ours.ID)
	if status, text := visit(t, as("mia"), reviewed); status != http.StatusOK || !strings.Contains(text, "quiet") || !strings.Contains(text, "acme/secret") {
		t.Errorf("the review's page: %d %.300s", status, text)
	}
	if status, text := visit(t, ivan, reviewed); status != http.StatusNotFound || text != missing {
		t.Errorf("the review's page, to another tenant: %d %.300s", status, text)
	}
	// GitHub does not answer: nothing is shown.
	mia := as("mia")
	g.Fail(githubtest.Fault{Match: "/collaborators/mia/", Times: 1, Status: 500})
	if status, text := visit(t, mia, page); status != http.StatusServiceUnavailable || strings.Contains(text, "posted") {
		t.Errorf("while GitHub is ill: %d %s", status, text)
	}
	g.Fail(githubtest.Fault{Match: "GET /repos/acme/secret", Times: 1, Status: 404})
	if status, _ := visit(t, mia, page); status != http.StatusNotFound {
		t.Errorf("after the App was taken away: %d", status)
	}
	// Nobody makes a session by hand, or takes one from another server.
	u, _ := url.Parse(base)
	forger := browser(t)
	forger.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	for _, c := range rita.Jar.Cookies(u) {
		forger.Jar.SetCookies(u, []*http.Cookie{{Name: c.Name, Value: c.Value[:len(c.Value)-6] + "AAAAAA", Path: "/"}})
	}
	if status, _ := visit(t, forger, page); status != http.StatusFound {
		t.Errorf("a forged session: %d", status)
	}
	// The queue is the operators' alone.
	g.SignedIn("olga")
	olga := browser(t)
	if status, text := visit(t, olga, base+"/jobs/"); status != http.StatusOK || !strings.Contains(text, "River") {
		t.Errorf("an operator at the queue: %d %.200s", status, text)
	}
	seen := ""
	for range 2000 { // jobs are marked as completed a little later
		if _, seen = visit(t, olga, base+"/jobs/api/jobs?state=completed&limit=20"); strings.Contains(seen, "secret") {
			break
		}
		time.Sleep(50 * time.Millisecond)
	}
	if !strings.Contains(seen, "secret") {
		t.Errorf("an operator at the queue's data: %.200s", seen)
	}
	for _, c := range []*http.Client{mia, ivan} {
		if status, _ := visit(t, c, base+"/jobs/api/jobs?state=completed"); status != http.StatusNotFound {
			t.Errorf("who is no operator, at the queue: %d", status)
		}
	}
	answer, err := browser(t).Post(base+"/jobs/api/jobs/cancel", "application/json", strings.NewReader(`{"ids":["1"]}`))
	if err != nil || answer.StatusCode != http.StatusUnauthorized {
		t.Errorf("a form that nobody signed in for: %v %v", answer, err)
	}
	// Out, and nothing is left: not of a copy of the cookie either.
	copied := browser(t)
	copied.CheckRedirect = forger.CheckRedirect
	copied.Jar.SetCookies(u, olga.Jar.Cookies(u))
	if status, _ := visit(t, copied, base+"/jobs/"); status != http.StatusOK {
		t.Errorf("the copy, before: %d", status)
	}
	if answer, err := olga.Post(base+"/signout", "", nil); err != nil {
		t.Error(err)
	} else {
		_ = answer.Body.Close()
	}
	olga.CheckRedirect = forger.CheckRedirect
	if status, _ := visit(t, olga, base+"/jobs/"); status != http.StatusFound {
		t.Errorf("after signing out: %d", status)
	}
	if status, _ := visit(t, copied, base+"/jobs/"); status != http.StatusFound {
		t.Errorf("a copy of the cookie, after signing out: %d", status)
	}
	// The other sessions go on.
	if status, _ := visit(t, mia, base+"/"); status != http.StatusOK {
		t.Errorf("somebody else, after that: %d", status)
	}
}

// TestSignInGoesNowhereElse: the way back leads to this server, from a sign-in
// that this browser began.
func TestSignInGoesNowhereElse(t *testing.T) {
	t.Parallel()
	g := githubtest.New()
	defer g.Close()
	_, base, stop := serve(t, settings(t, g, storetest.SQLite(t).URL))
	if base == "" {
		t.Fatal(stop())
	}
	defer func() { _ = stop() }()
	g.SignedIn("mia")
	for _, to := range []string{"//evil.example/", "https://evil.example/", "/\\evil.example", "javascript:alert(1)", "evil", "/\t/evil.example"} {
		c := browser(t)
		var last string
		c.CheckRedirect = func(r *http.Request, _ []*http.Request) error {
			last = r.URL.String()
			if r.URL.Host != strings.TrimPrefix(base, "http://") && r.URL.Host != strings.TrimPrefix(g.URL(), "http://") {
				t.Errorf("%q leads to %s", to, r.URL)
				return http.ErrUseLastResponse
			}
			return nil
		}
		visit(t, c, base+"/signin?to="+url.QueryEscape(to))
		if last != base+"/" {
			t.Errorf("%q ends at %s", to, last)
		}
	}
	// Nor does an answer to another browser's sign-in, where this one began one too.
	for _, state := range []string{"x", ""} {
		c := browser(t)
		c.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
		visit(t, c, base+"/signin?to=/")
		if status, _ := visit(t, c, base+"/signin/callback?code=y&state="+state); status != http.StatusForbidden {
			t.Errorf("an answer to another sign-in: %d", status)
		}
	}
	// Somebody else's code does not sign this browser in.
	c := browser(t)
	if status, _ := visit(t, c, base+"/signin/callback?state=x&code=y"); status != http.StatusForbidden {
		t.Errorf("an answer that nobody asked for: %d", status)
	}
}

// TestMetrics: what operators watch, in Prometheus' format.
func TestMetrics(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, db storetest.Database) {
		g := githubtest.New()
		defer g.Close()
		repo := g.Repository("acme/web")
		o := settings(t, g, db.URL)
		_, base, stop := serve(t, o)
		if base == "" {
			t.Fatal(stop())
		}
		defer func() { _ = stop() }()
		g.SendTo(base + "/webhook")
		repo.Commit("change", with("shell@1.0.0"))
		completed(t, repo.Open("ann", repo, "change", "main"))
		var text string
		for range 2000 {
			_, text = visit(t, browser(t), "http://"+o.Metrics+"/metrics")
			if strings.Contains(text, "lockwarden_review_seconds_count 1") && strings.Contains(text, `lockwarden_job_seconds_count{kind="review",outcome="done"} 1`) {
				break
			}
			time.Sleep(50 * time.Millisecond)
		}
		for _, want := range []string{
			`lockwarden_deliveries_total{answer="queued",event="pull_request"} 1`,
			`lockwarden_job_seconds_count{kind="review",outcome="done"} 1`,
			`lockwarden_review_step_seconds_count{step="read lockfiles"} 1`, `step="scan packages"`, `step="judge"`, `step="post"`,
			`lockwarden_review_seconds_count 1`,
			`lockwarden_scans_total{outcome="scanned"} 1`,
			`lockwarden_findings_total{issue="install/shell-download",severity="critical"} 1`,
			`lockwarden_github_requests_total{method="POST",status="201"}`,
			`lockwarden_check_runs_total{conclusion="failure"} 1`,
			`lockwarden_github_budget_ratio 0.998`, `lockwarden_database_up 1`, `lockwarden_queue_jobs{queue="review",state="available"} 0`, `lockwarden_queue_jobs{queue="light",state="running"}`,
			"process_resident_memory_bytes", "go_goroutines",
		} {
			if !strings.Contains(text, want) {
				t.Errorf("no %s", want)
			}
		}
		if (db.Name == "PostgreSQL") != strings.Contains(text, "lockwarden_replicas 1") {
			t.Error("replicas are not counted")
		}
		for _, secret := range []string{"acme", "shell@", g.Secret} {
			if strings.Contains(text, secret) {
				t.Errorf("the metrics tell of %s", secret)
			}
		}
		problems, err := promlint.New(strings.NewReader(text)).Lint()
		if err != nil {
			t.Fatal(err)
		}
		for _, p := range problems {
			if strings.HasPrefix(p.Metric, "lockwarden") {
				t.Errorf("%s: %s", p.Metric, p.Text)
			}
		}
		if status, _ := visit(t, browser(t), base+"/metrics"); status != http.StatusNotFound {
			t.Errorf("the metrics are on the public address: %d", status)
		}
	})
}

// TestTraces: from the delivery to the check run, one trace.
func TestTraces(t *testing.T) {
	type span struct{ trace, id, parent, name string }
	var mu sync.Mutex
	var spans []span
	receiver := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body := io.Reader(r.Body)
		if r.Header.Get("Content-Encoding") == "gzip" {
			z, err := gzip.NewReader(body)
			if err != nil {
				t.Error(err)
				return
			}
			body = z
		}
		data, _ := io.ReadAll(body)
		var got collector.ExportTraceServiceRequest
		if err := proto.Unmarshal(data, &got); err != nil || r.URL.Path != "/v1/traces" {
			t.Errorf("%s: %v", r.URL.Path, err)
		}
		mu.Lock()
		defer mu.Unlock()
		for _, resource := range got.ResourceSpans {
			if !strings.Contains(resource.Resource.String(), "lockwarden") {
				t.Errorf("the service has no name: %s", resource.Resource)
			}
			for _, scope := range resource.ScopeSpans {
				for _, s := range scope.Spans {
					spans = append(spans, span{hex.EncodeToString(s.TraceId), hex.EncodeToString(s.SpanId), hex.EncodeToString(s.ParentSpanId), s.Name})
				}
			}
		}
	}))
	defer receiver.Close()
	t.Setenv("OTEL_EXPORTER_OTLP_ENDPOINT", receiver.URL)
	g := githubtest.New()
	defer g.Close()
	repo := g.Repository("acme/web")
	_, base, stop := serve(t, settings(t, g, storetest.SQLite(t).URL))
	if base == "" {
		t.Fatal(stop())
	}
	g.SendTo(base + "/webhook")
	repo.Commit("change", with("shell@1.0.0"))
	completed(t, repo.Open("ann", repo, "change", "main"))
	if err := stop(); err != nil { // which sends what is left
		t.Fatal(err)
	}
	mu.Lock()
	defer mu.Unlock()
	byID := map[string]span{}
	var review span
	for _, s := range spans {
		byID[s.id] = s
		if s.name == "review" {
			review = s
		}
	}
	if head := byID[review.parent]; review.trace == "" || head.name != "delivery" {
		t.Errorf("the review's job hangs on %q", head.name)
	}
	steps := ""
	for _, s := range spans {
		if s.trace == review.trace {
			steps += s.name + "; "
		}
	}
	for _, want := range []string{"delivery", "head", "review", "read lockfiles", "scan packages", "judge", "post"} {
		if !strings.Contains(steps, want+"; ") {
			t.Errorf("the trace lacks %q: %s", want, steps)
		}
	}
}

// listed is the first column of what a database answers.
func listed(t *testing.T, in storetest.Database, query string, args ...any) (out []string) {
	t.Helper()
	db, err := sql.Open("pgx", in.URL)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	rows, err := db.QueryContext(t.Context(), query, args...)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	for rows.Next() {
		var one string
		if err := rows.Scan(&one); err != nil {
			t.Fatal(err)
		}
		out = append(out, one)
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	return out
}

// TestRoles: one process takes webhooks, another one reviews.
func TestRoles(t *testing.T) {
	t.Parallel()
	g := githubtest.New()
	defer g.Close()
	repo := g.Repository("acme/web")
	db := storetest.PostgreSQL(t)
	// On an empty database, without credentials: who is set up first sets all up.
	key := store.NewKey()
	of := func(role app.Role) app.Settings {
		return app.Settings{APIURL: g.URL(), Database: db.URL, SecretKey: key, Role: role}
	}
	setup, web, stopWeb := serve(t, of(app.Web))
	if web == "" {
		t.Fatal(stopWeb())
	}
	defer func() { _ = stopWeb() }()
	also, worker, stopWorker := serve(t, of(app.Worker))
	if worker == "" {
		t.Fatal(stopWorker())
	}
	if setup == "" || also != "" {
		t.Errorf("set-up at %q and %q", setup, also)
	}
	_, token, _ := strings.Cut(setup, "?")
	_, text := fetch(t, web+"/setup?"+token)
	_, state, _ := strings.Cut(text, "state=")
	state, _, _ = strings.Cut(state, `"`)
	if status, text := fetch(t, web+"/setup/done?state="+state+"&code="+g.Code()); status != http.StatusOK {
		t.Fatalf("%d %s", status, text)
	}
	g.SendTo(web + "/webhook")
	repo.Commit("one", with("quiet@1.0.0"))
	completed(t, repo.Open("ann", repo, "one", "main"))
	// It begins to work a moment before it says that it does.
	ready := 0
	for range 6000 {
		if ready, _ = fetch(t, worker+"/readyz"); ready == http.StatusOK {
			break
		}
		time.Sleep(10 * time.Millisecond)
	}
	if ready != http.StatusOK {
		t.Errorf("a worker's /readyz: %d", ready)
	}
	if status, _ := fetch(t, worker+"/webhook"); status != http.StatusNotFound {
		t.Errorf("a worker takes webhooks: %d", status)
	}
	// Without a worker deliveries wait; with a new one they are done, by that one.
	first := listed(t, db, "SELECT id FROM replicas")
	if len(first) != 1 {
		t.Errorf("%d processes work: the web process, too", len(first))
	}
	if err := stopWorker(); err != nil {
		t.Fatal(err)
	}
	repo.Commit("two", with("quiet@1.0.0"))
	two := repo.Open("ann", repo, "two", "main")
	if _, ok := repo.Latest(two.SHA()); ok {
		t.Error("a web process reviews")
	}
	_, worker, stopWorker = serve(t, of(app.Worker))
	if worker == "" {
		t.Fatal(stopWorker())
	}
	completed(t, two)
	by := listed(t, db, "SELECT DISTINCT unnest(attempted_by) FROM river_job WHERE args->'job'->>'sha' = $1", two.SHA())
	if len(by) != 1 || by[0] == first[0] || !slices.Contains(listed(t, db, "SELECT id FROM replicas"), by[0]) {
		t.Errorf("it was done by %v, the worker before was %v", by, first)
	}
	if err := stopWorker(); err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		o    app.Settings
		want string
	}{
		{app.Settings{Role: "cook", Database: db.URL}, "none of all, web, worker"},
		{app.Settings{Role: app.Web, Database: storetest.SQLite(t).URL}, "set DATABASE_URL to a PostgreSQL database"},
		{app.Settings{Database: storetest.PostgreSQL(t).URL}, "SECRET_KEY is missing"},
		{app.Settings{Database: db.URL, SecretKey: store.NewKey()}, "SECRET_KEY is not the one"},
	} {
		test.o.APIURL = g.URL()
		_, _, stop := serve(t, test.o)
		if err := stop(); err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%v, want %s", err, test.want)
		}
	}
}
