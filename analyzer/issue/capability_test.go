package issue_test

import (
	"testing"

	"github.com/lockwarden/lockwarden/analyzer/behavior"
	"github.com/lockwarden/lockwarden/analyzer/issue"
	"github.com/lockwarden/lockwarden/analyzer/javascript"
	"github.com/lockwarden/lockwarden/lockfile"
)

// TestFarNews: in a large application, a way of data that is too long to be shown is
// less news, but for what runs on installation; in a small package it is all there is.
func TestFarNews(t *testing.T) {
	far, near := []string{"…", "b.js:9 fs.writeFile"}, []string{"a.js:1 https.get", "b.js:9 fs.writeFile"}
	for _, row := range []struct {
		name     string
		flow     []string
		contexts javascript.Context
		scripts  int
		want     issue.Severity
	}{
		{"far in a large application", far, javascript.Launch, 200, issue.Medium},
		{"far, and on installation", far, javascript.Install, 200, issue.High},
		{"near in a large application", near, javascript.Launch, 200, issue.High},
		{"far in a small package", far, javascript.Launch, 2, issue.High},
	} {
		e := behavior.Evidence{File: "b.js", Line: 9, Contexts: row.contexts, Chain: []string{"a.js"}, Flow: row.flow}
		in := &issue.Input{Name: "a", Version: "1.0.1", Change: &lockfile.Change{Kind: lockfile.Upgraded, From: "1.0.0", To: "1.0.1"},
			Old: &issue.Contents{}, Contents: &issue.Contents{Scripted: row.scripts, ScriptBytes: int64(row.scripts) * 4096}}
		in.Contents.Behaviors = []behavior.Behavior{{ID: "network/download-to-file", Contexts: row.contexts, Evidence: []behavior.Evidence{e}}}
		found := false
		for _, i := range issue.Judge(in) {
			if i.ID == "behavior/new-capability" {
				if found = true; i.Severity != row.want {
					t.Errorf("%s: %v, want %v", row.name, i.Severity, row.want)
				}
			}
		}
		if !found {
			t.Errorf("%s: not found", row.name)
		}
	}
}
