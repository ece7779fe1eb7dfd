package main

import (
	"bytes"
	"context"
	"encoding/json"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/lockwarden/lockwarden/app/store"
	"github.com/lockwarden/lockwarden/app/webhook"
)

// TestAcceptancesAndJobs reads the database while a server has it open.
func TestAcceptancesAndJobs(t *testing.T) {
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
	if err := s.Decide(ctx, store.Decision{Repository: 1, Thread: "pull/3", Scope: store.ForRepository, Comment: 9, Origin: "x", Value: value}); err != nil {
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
