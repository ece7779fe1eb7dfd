package settings_test

import (
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/lockwarden/lockwarden/lockfile/settings"
)

// line shows a change as the table has it.
func line(c settings.Change) string {
	where := fmt.Sprintf("%s:%d", c.File, c.Line)
	if c.InBase {
		where += " (base)"
	}
	value := func(s string) string {
		if s == "" {
			return "-"
		}
		return s
	}
	out := fmt.Sprintf("%s %s %s %s: %s → %s", where, strings.TrimPrefix(c.ID, "project/"), c.Direction, c.Key, value(c.From), value(c.To))
	if len(c.Packages) > 0 {
		out += " of " + strings.Join(c.Packages, ", ")
	}
	if c.Host != "" {
		out += " at " + c.Host
	}
	return out
}

func lines(changes []settings.Change) []string {
	var out []string
	for _, c := range changes {
		out = append(out, line(c))
	}
	return out
}

func read(t *testing.T, dir string, managers ...settings.Manager) settings.Settings {
	t.Helper()
	s, err := settings.Read(os.DirFS(dir), "", managers...)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// TestCases are pull requests that open guards, as a project's repository has
// them before and after.
func TestCases(t *testing.T) {
	npm, pnpm, bun := settings.Manager{Name: "npm", Lockfile: 3}, settings.Manager{Name: "pnpm", Lockfile: 9}, settings.Manager{Name: "bun", Lockfile: 1}
	for _, test := range []struct {
		name    string
		manager settings.Manager
		want    []string
	}{
		{"npmrc-registry", npm, []string{".npmrc:1 registry-changed opened registry: - → https://evil.example/ at evil.example"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			base, head := read(t, "testdata/"+test.name+"/base", test.manager), read(t, "testdata/"+test.name+"/head", test.manager)
			if diff := cmp.Diff(test.want, lines(settings.Compare(base, head))); diff != "" {
				t.Error(diff)
			}
		})
	}
	for _, c := range []string{"npmrc-registry", "npmrc-ignore-scripts-off", "npmrc-min-release-age-off", "npm12-allow-scripts", "pnpm-only-built-dependencies", "pnpmfile-added", "yarnrc-enable-scripts", "bun-lock-trusted-dependencies", "npmrc-guards-closed", "package-json-description", "guards-npm", "guards-pnpm", "guards-yarn", "guards-bun"} {
		m := npm
		if strings.Contains(c, "pnpm") {
			m = pnpm
		}
		if strings.Contains(c, "bun") {
			m = bun
		}
		ms := []settings.Manager{m}
		if strings.Contains(c, "yarn") {
			ms = nil
		}
		fmt.Println("==", c)
		base, head := read(t, "testdata/"+c+"/base", ms...), read(t, "testdata/"+c+"/head", ms...)
		for _, l := range lines(settings.Compare(base, head)) {
			fmt.Println(l)
		}
	}
}
