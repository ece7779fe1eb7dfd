package page

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"go.yaml.in/yaml/v4"
)

// TestManifest: app.yml and the set-up page ask GitHub for the same.
func TestManifest(t *testing.T) {
	data, err := os.ReadFile("../../app.yml")
	if err != nil {
		t.Fatal(err)
	}
	var m Manifest
	if err := yaml.Load(data, &m, yaml.WithKnownFields()); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(NewManifest(), m); diff != "" {
		t.Error(diff)
	}
}

func TestSetup(t *testing.T) {
	registered := ""
	s := &Setup{Token: "secret", State: "state", Web: "https://github.example", Register: func(_ *http.Request, code string) (string, error) {
		registered = code
		return "https://github.example/apps/lockwarden", nil
	}}
	get := func(path string) (int, string) {
		w := httptest.NewRecorder()
		s.ServeHTTP(w, httptest.NewRequest(http.MethodGet, path, nil))
		return w.Code, w.Body.String()
	}
	for path, want := range map[string]int{"/setup": 403, "/setup?token=guess": 403, "/setup?token=secret&public=javascript:x": 400, "/setup/done?code=1": 403, "/setup/done?state=state": 403, "/setup/x": 404} {
		if status, _ := get(path); status != want {
			t.Errorf("%s: %d, want %d", path, status, want)
		}
	}
	status, body := get("/setup?token=secret&public=https://lock.example/&organization=a%2Fb")
	for _, want := range []string{`action="https://github.example/organizations/a%2Fb/settings/apps/new?state=state"`, "https://lock.example/webhook", "&#34;checks&#34;:&#34;write&#34;"} {
		if status != 200 || !strings.Contains(body, want) {
			t.Errorf("%d: no %s in %s", status, want, body)
		}
	}
	if status, body := get("/setup/done?state=state&code=abc"); status != 200 || registered != "abc" || !strings.Contains(body, "https://github.example/apps/lockwarden") {
		t.Errorf("%d %s %s", status, registered, body)
	}
}

// TestCookies: where people come by https, browsers take the cookies from this
// host alone; one of another name is none.
func TestCookies(t *testing.T) {
	for secure, prefix := range map[bool]string{true: "__Host-", false: ""} {
		s := NewSignIn([64]byte{1})
		s.Secure, s.Site = secure, &Site{SignIn: s}
		s.Address = func(state, _ string) (string, error) { return "https://github.example?state=" + state, nil }
		s.Complete = func(context.Context, string, string) (Person, error) {
			return Person{ID: 5, Login: "mia"}, nil
		}
		w := httptest.NewRecorder()
		s.Begin(w, httptest.NewRequest(http.MethodGet, "/signin?to=/x", nil))
		began := w.Result().Cookies()[0]
		address, _ := url.Parse(w.Header().Get("Location"))
		r := httptest.NewRequest(http.MethodGet, "/signin/callback?code=c&state="+address.Query().Get("state"), nil)
		r.AddCookie(began)
		w = httptest.NewRecorder()
		s.Back(w, r)
		signedIn := w.Result().Cookies()[1]
		for _, c := range []*http.Cookie{began, signedIn} {
			if !strings.HasPrefix(c.Name, prefix+"lockwarden_") || c.Secure != secure || !c.HttpOnly || c.Path != "/" || c.Domain != "" || c.SameSite != http.SameSiteLaxMode {
				t.Errorf("%+v", c)
			}
		}
		as := func(name, value string) bool {
			r := httptest.NewRequest(http.MethodGet, "/", nil)
			r.AddCookie(&http.Cookie{Name: name, Value: value})
			p, ok := s.Person(r)
			return ok && p.Login == "mia"
		}
		if !as(signedIn.Name, signedIn.Value) {
			t.Error("the session is none")
		}
		if other := strings.TrimPrefix("__Host-"+signedIn.Name, "__Host-__Host-"); other != signedIn.Name && as(other, signedIn.Value) {
			t.Error("a cookie of another name is a session")
		}
		// One of which nobody knows whether it has ended is none.
		for _, ended := range []struct {
			is  bool
			err error
		}{{true, nil}, {false, errors.New("the database is away")}} {
			s.Ended = func(context.Context, string) (bool, error) { return ended.is, ended.err }
			if as(signedIn.Name, signedIn.Value) {
				t.Errorf("a session that %+v", ended)
			}
		}
	}
}
