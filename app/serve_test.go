package app_test

import (
	"context"
	"encoding/base64"
	"html"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/lockwarden/lockwarden/analyzer"
	"github.com/lockwarden/lockwarden/app"
	"github.com/lockwarden/lockwarden/app/github/githubtest"
	"github.com/lockwarden/lockwarden/app/store/storetest"
)

// serve runs Serve and returns the set-up page's and the server's address, and
// how to stop it.
func serve(t *testing.T, o app.Settings) (setup, base string, stop func() error) {
	t.Helper()
	engine, err := analyzer.NewEngine()
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	listening, ended := make(chan string, 1), make(chan error, 1)
	if o.Address == "" {
		o.Address = "127.0.0.1:0"
	}
	o.Listening = func(address string) { listening <- address }
	o.Setup = func(address string) { setup = address }
	go func() { ended <- app.Serve(ctx, o, &scanner{engine: engine}) }()
	stop = func() error { cancel(); return <-ended }
	select {
	case address := <-listening:
		return setup, "http://" + address, stop
	case err := <-ended:
		cancel()
		return "", "", func() error { return err }
	case <-time.After(20 * time.Second):
		t.Fatal("it does not listen")
	}
	return
}

func fetch(t *testing.T, address string) (int, string) {
	t.Helper()
	return visit(t, http.DefaultClient, address)
}

// TestSetUp: from a server without credentials to a check run.
func TestSetUp(t *testing.T) {
	g := githubtest.New()
	defer g.Close()
	repo := g.Repository("acme/web")
	db := storetest.SQLite(t)
	setup, base, stop := serve(t, app.Settings{APIURL: g.URL(), Database: db.URL})
	if setup == "" {
		t.Fatal(stop())
	}
	if status, _ := fetch(t, base+"/webhook"); status != http.StatusServiceUnavailable {
		t.Errorf("/webhook before the set-up: %d", status)
	}
	_, token, _ := strings.Cut(setup, "?")
	status, page := fetch(t, base+"/setup?"+token)
	_, state, ok := strings.Cut(html.UnescapeString(page), "state=")
	if status != 200 || !ok {
		t.Fatalf("%d %s", status, page)
	}
	state, _, _ = strings.Cut(state, `"`)
	// A person presses the button there; GitHub sends them back with a code.
	status, page = fetch(t, base+"/setup/done?state="+state+"&code="+g.Code())
	if status != 200 || !strings.Contains(page, "/installations/new") {
		t.Fatalf("%d %s", status, page)
	}
	g.SendTo(base + "/webhook")
	completes := func(p *githubtest.Pull) {
		t.Helper()
		for range 6000 {
			if run, ok := repo.Latest(p.SHA()); ok && run.Status == "completed" {
				return
			}
			time.Sleep(20 * time.Millisecond)
		}
		t.Fatal("there is no check run")
	}
	repo.Commit("one", with("quiet@1.0.0"))
	completes(repo.Open("ann", repo, "one", "main"))
	if err := stop(); err != nil {
		t.Fatal(err)
	}
	// The next start needs no set-up, and no words.
	setup, base, stop = serve(t, app.Settings{APIURL: g.URL(), Database: db.URL})
	if setup != "" || base == "" {
		t.Fatalf("set up again: %s %v", setup, stop())
	}
	g.SendTo(base + "/webhook")
	repo.Commit("two", with("quiet@1.0.0"))
	completes(repo.Open("ann", repo, "two", "main"))
	if status, body := fetch(t, base+"/readyz"); status != 200 || body != "ready\n" {
		t.Errorf("/readyz: %d %q", status, body)
	}
	if err := stop(); err != nil {
		t.Fatal(err)
	}
	// Where the operator allows a kernel without a sandbox, it is said all the same.
	_, base, stop = serve(t, app.Settings{APIURL: g.URL(), Database: db.URL, Unsandboxed: []string{"Landlock"}, AllowUnsandboxed: true})
	if status, body := fetch(t, base+"/readyz"); status != 200 || body != "ready, with a sandbox that lacks Landlock\n" {
		t.Errorf("/readyz without a sandbox: %d %q", status, body)
	}
	if err := stop(); err != nil {
		t.Fatal(err)
	}
}

// TestWrongSettings: told in one sentence at start.
func TestWrongSettings(t *testing.T) {
	g, other := githubtest.New(), githubtest.New()
	defer g.Close()
	defer other.Close()
	key := filepath.Join(t.TempDir(), "key.pem")
	if err := os.WriteFile(key, []byte("nonsense"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		name string
		o    app.Settings
		want string
	}{
		{"no key", app.Settings{AppID: 1, WebhookSecret: "x"}, "PRIVATE_KEY or PRIVATE_KEY_PATH is missing"},
		{"no secret", app.Settings{AppID: 1, PrivateKey: g.PrivateKey}, "WEBHOOK_SECRET is missing"},
		{"no id", app.Settings{PrivateKey: g.PrivateKey, WebhookSecret: "x"}, "APP_ID is missing"},
		{"no file", app.Settings{AppID: 1, PrivateKeyPath: "/nowhere/key.pem", WebhookSecret: "x"}, "PRIVATE_KEY_PATH: open /nowhere/key.pem"},
		{"not a key", app.Settings{AppID: 1, PrivateKeyPath: key, WebhookSecret: "x"}, "not an RSA private key"},
		{"another App's key", app.Settings{AppID: 77, PrivateKey: g.PrivateKey, WebhookSecret: "x"}, "does not accept PRIVATE_KEY for APP_ID 77"},
		{"no sandbox", app.Settings{AppID: 1, PrivateKey: g.PrivateKey, WebhookSecret: "x", Unsandboxed: []string{"seccomp", "Landlock"}},
			"lacks seccomp and Landlock on this system; lockwarden doctor says what to do, --allow-unsandboxed"},
		{"not an address", app.Settings{AppID: 1, PrivateKey: g.PrivateKey, WebhookSecret: "x", APIURL: "github.example"}, "GITHUB_API_URL is not an https address"},
		{"not encrypted", app.Settings{AppID: 1, PrivateKey: g.PrivateKey, WebhookSecret: "x", APIURL: "http://github.example"}, "GITHUB_API_URL is not an https address"},
	} {
		if test.o.APIURL == "" {
			test.o.APIURL = g.URL()
		}
		test.o.Database = storetest.SQLite(t).URL
		_, _, stop := serve(t, test.o)
		err := stop()
		if err == nil || !strings.Contains(err.Error(), test.want) || strings.Contains(err.Error(), "\n") || strings.Contains(err.Error(), "BEGIN") {
			t.Errorf("%s: %v", test.name, err)
		}
	}
	// The key in one line, as many places keep it.
	inBase64 := base64.StdEncoding.EncodeToString([]byte(g.PrivateKey))
	for _, key := range []string{strings.ReplaceAll(g.PrivateKey, "\n", `\n`), inBase64, inBase64[:76] + "\n" + inBase64[76:] + "\n"} {
		_, base, stop := serve(t, app.Settings{AppID: g.AppID, PrivateKey: key, WebhookSecret: "x", APIURL: g.URL(), Database: storetest.SQLite(t).URL})
		if base == "" {
			t.Error(stop())
		} else if err := stop(); err != nil {
			t.Error(err)
		}
	}
}

// TestGitHubDownAtStart: what GitHub sends while it does not answer is kept.
func TestGitHubDownAtStart(t *testing.T) {
	t.Parallel()
	g := githubtest.New()
	defer g.Close()
	repo := g.Repository("acme/web")
	g.Fail(githubtest.Fault{Match: "GET /app", Times: 2, Status: http.StatusServiceUnavailable, Body: `{"message":"No server is available"}`})
	_, base, stop := serve(t, settings(t, g, storetest.SQLite(t).URL))
	if base == "" {
		t.Fatal(stop())
	}
	defer func() { _ = stop() }()
	if status, said := fetch(t, base+"/readyz"); status != http.StatusServiceUnavailable || !strings.Contains(said, "GitHub") {
		t.Errorf("/readyz: %d %s", status, said)
	}
	g.SendTo(base + "/webhook")
	repo.Commit("one", with("quiet@1.0.0"))
	pull := repo.Open("ann", repo, "one", "main")
	for range 1500 {
		if run, ok := repo.Latest(pull.SHA()); ok && run.Status == "completed" {
			return
		}
		time.Sleep(20 * time.Millisecond)
	}
	t.Error("there is no check run")
}
