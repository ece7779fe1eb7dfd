package page

import (
	"net/http"
	"net/http/httptest"
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
