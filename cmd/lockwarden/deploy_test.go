package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http/httptest"
	"os"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"go.yaml.in/yaml/v4"

	"github.com/lockwarden/lockwarden/app/telemetry"
)

func read(t *testing.T, file string) string {
	t.Helper()
	data, err := os.ReadFile("../../" + file)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

// documents are those of a YAML file.
func documents(t *testing.T, file string) []map[string]any {
	t.Helper()
	var out []map[string]any
	d := yaml.NewDecoder(strings.NewReader(read(t, file)))
	for {
		var one map[string]any
		err := d.Decode(&one)
		if errors.Is(err, io.EOF) {
			return out
		}
		if err != nil {
			t.Fatalf("%s: %v", file, err)
		}
		out = append(out, one)
	}
}

// walk calls visit for every value under a key, however deep.
func walk(value any, visit func(key string, value any)) {
	switch v := value.(type) {
	case map[string]any:
		for key, inner := range v {
			visit(key, inner)
			walk(inner, visit)
		}
	case []any:
		for _, inner := range v {
			walk(inner, visit)
		}
	}
}

// TestDeploy: what deploy/ tells people to run is what the program knows, and
// every image is pinned.
func TestDeploy(t *testing.T) {
	known := []string{"PRIVATE_KEY", "CLIENT_SECRET", "SECRET_KEY", "XDG_CACHE_HOME", "OTEL_EXPORTER_OTLP_ENDPOINT", "POSTGRES_USER", "POSTGRES_DB", "POSTGRES_PASSWORD"}
	for _, name := range serverVariables {
		known = append(known, name)
	}
	pinned := regexp.MustCompile(`^[a-z0-9./-]+:([0-9]+\.[0-9]+|local|nonroot-amd64)`)
	variable := regexp.MustCompile(`\b[A-Z][A-Z0-9]*_[A-Z0-9_]+\b`)
	for _, file := range []string{"deploy/compose.yaml", "deploy/kubernetes.yaml"} {
		images, roles := 0, ""
		for _, document := range documents(t, file) {
			walk(document, func(key string, value any) {
				text, _ := value.(string)
				switch key {
				case "image":
					images++
					if !pinned.MatchString(text) {
						t.Errorf("%s: the image %s is not pinned", file, text)
					}
				case "ROLE":
					roles += text + " "
				case "value":
					roles += text + " "
				}
			})
		}
		if images == 0 || !strings.Contains(roles, "web") || !strings.Contains(roles, "worker") {
			t.Errorf("%s: %d images, roles %q", file, images, roles)
		}
	}
	for _, file := range []string{"deploy/compose.yaml", "deploy/kubernetes.yaml", "deploy/env.example", "deploy/Dockerfile", "deploy/lockwarden.service"} {
		for _, name := range variable.FindAllString(read(t, file), -1) {
			if !slices.Contains(known, name) && name != "CGO_ENABLED" && name != "NET_BIND_SERVICE" && !strings.HasPrefix(name, "AF_") {
				t.Errorf("%s: nothing reads %s", file, name)
			}
		}
	}
	docker := read(t, "deploy/Dockerfile")
	if version := strings.TrimPrefix(runtime.Version(), "go"); !strings.Contains(docker, "golang:"+version+"-") {
		t.Logf("the Dockerfile has another Go than this machine's %s", version)
	}
	for _, line := range strings.Split(docker, "\n") {
		if image, ok := strings.CutPrefix(line, "FROM "); ok && !pinned.MatchString(image) {
			t.Errorf("the image %s is not pinned", image)
		}
	}
}

// TestNothingUnasked: metrics are served where somebody asks for them, as the
// threat model says: not by the image alone.
func TestNothingUnasked(t *testing.T) {
	for _, file := range []string{"deploy/Dockerfile", "deploy/compose.yaml", "deploy/lockwarden.service"} {
		for line := range strings.Lines(read(t, file)) {
			if !strings.HasPrefix(strings.TrimSpace(line), "#") && strings.Contains(line, "METRICS_ADDRESS") {
				t.Errorf("%s serves metrics: %s", file, line)
			}
		}
	}
}

// TestUnit: the systemd unit starts a command that there is, keeps its files where
// systemd makes folders for it, and does not forbid what the sandbox is made of.
func TestUnit(t *testing.T) {
	set := map[string][]string{}
	for line := range strings.Lines(read(t, "deploy/lockwarden.service")) {
		if name, value, ok := strings.Cut(strings.TrimSpace(line), "="); ok && !strings.HasPrefix(name, "#") {
			set[name] = append(set[name], strings.Fields(value)...)
		}
	}
	if got := set["ExecStart"]; len(got) != 2 || got[1] != serveCommand().Name() {
		t.Errorf("it starts %v", got)
	}
	for _, want := range []string{"DATABASE_URL=/var/lib/" + set["StateDirectory"][0] + "/lockwarden.db", "XDG_CACHE_HOME=/var/cache/" + set["CacheDirectory"][0]} {
		if !slices.Contains(set["Environment"], want) {
			t.Errorf("no %s in %v", want, set["Environment"])
		}
	}
	for _, call := range []string{"seccomp", "landlock_create_ruleset", "landlock_add_rule", "landlock_restrict_self"} {
		if !slices.Contains(set["SystemCallFilter"], call) {
			t.Errorf("it forbids %s", call)
		}
	}
	for _, name := range []string{"DynamicUser", "NoNewPrivileges", "PrivateTmp", "PrivateDevices"} {
		if got := set[name]; len(got) != 1 || got[0] != "yes" {
			t.Errorf("%s is %v", name, got)
		}
	}
}

// TestDashboard: every metric that Grafana is to show is one of ours.
func TestDashboard(t *testing.T) {
	m := telemetry.New(telemetry.Sources{
		Queues: func(context.Context) ([]telemetry.Queue, error) {
			return []telemetry.Queue{{Name: "review", State: "available", Jobs: 1}}, nil
		},
		Restarts: func() int { return 0 },
		Replicas: func(context.Context) (int, error) { return 1, nil },
	})
	m.Delivery("push", "queued")
	m.Job("head", "done", time.Second)
	m.Step("judge", time.Second)
	m.Review(time.Second)
	m.Scan("cached")
	m.Finding("install/script", "low")
	m.Posted("success")
	m.Request(0, httptest.NewRequest("GET", "/", nil), nil)
	answer := httptest.NewRecorder()
	m.Handler().ServeHTTP(answer, httptest.NewRequest("GET", "/metrics", nil))
	metrics := answer.Body.String()
	dashboard := read(t, "deploy/grafana.json")
	if !json.Valid([]byte(dashboard)) {
		t.Fatal("it is not JSON")
	}
	names := regexp.MustCompile(`lockwarden_[a-z_]+`).FindAllString(dashboard, -1)
	for _, name := range names {
		if !strings.Contains(metrics, "\n"+name+"{") && !strings.Contains(metrics, "\n"+name+" ") {
			t.Errorf("there is no metric %s", name)
		}
	}
	for _, line := range strings.Split(metrics, "\n") {
		name, _, _ := strings.Cut(strings.TrimPrefix(line, "# TYPE "), " ")
		if strings.HasPrefix(line, "# TYPE lockwarden_") && !strings.Contains(dashboard, name) {
			t.Errorf("the dashboard does not show %s", name)
		}
	}
	if len(names) < 15 || !bytes.Contains([]byte(dashboard), []byte("histogram_quantile(0.99")) {
		t.Errorf("it shows %d metrics", len(names))
	}
}
