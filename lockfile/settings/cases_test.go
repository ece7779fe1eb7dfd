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
	yarn := settings.Manager{Name: "yarn", Lockfile: 8}
	for _, test := range []struct {
		name    string
		manager settings.Manager
		want    []string
	}{
		{"npmrc-registry", npm, []string{
			".npmrc:1 registry-changed opened registry: - → https://evil.example/ at evil.example"}},
		{"npmrc-ignore-scripts-off", npm, []string{
			".npmrc:1 all-scripts-allowed opened ignore-scripts: true → false"}},
		{"npmrc-min-release-age-off", npm, []string{
			".npmrc:1 release-age opened min-release-age: 7 days → -"}},
		{"npm12-allow-scripts", npm, []string{
			"package.json:9 scripts-allowed opened allowScripts.wrappy: - → allow of wrappy"}},
		{"pnpm-only-built-dependencies", pnpm, []string{
			"pnpm-workspace.yaml:4 scripts-allowed opened onlyBuiltDependencies: - → allow of ms"}},
		{"pnpmfile-added", pnpm, []string{
			".pnpmfile.cjs:1 code-on-install opened .pnpmfile.cjs: - → sha256 f0c01d72321f…"}},
		{"yarnrc-enable-scripts", yarn, []string{
			".yarnrc.yml:1 all-scripts-allowed opened enableScripts: false → true"}},
		{"bun-lock-trusted-dependencies", bun, []string{
			"package.json:9 scripts-allowed opened trustedDependencies: - → allow of wrappy"}},
		{"npmrc-guards-closed", npm, []string{
			".npmrc:1 guard-closed closed ignore-scripts: - → true",
			".npmrc:2 guard-closed closed min-release-age: - → 7 days"}},
		{"package-json-description", npm, nil},
		{"guards-npm", npm, []string{
			".npmrc:1 registry-changed opened registry: - → https://packages.example/ at packages.example",
			".npmrc:2 release-age opened min-release-age: 7 days → -",
			".npmrc:3 all-scripts-allowed opened ignore-scripts: true → false",
			"package.json:8 scripts-allowed opened allowScripts.left-pad: - → allow of left-pad",
			"package.json:9 scripts-allowed opened allowScripts.esbuild: - → allow of esbuild",
			"package.json:12 override changed overrides.left-pad: - → 1.3.0 of left-pad"}},
		{"guards-pnpm", pnpm, []string{
			".pnpmfile.cjs:1 code-on-install opened .pnpmfile.cjs: - → sha256 58d988c5bbbf…",
			"pnpm-workspace.yaml:1 release-age opened minimumReleaseAge: 7 days → -",
			"pnpm-workspace.yaml:2 exotic-sources opened blockExoticSubdeps: true → false",
			"pnpm-workspace.yaml:2 (base) trust-weakened opened trustPolicy: no-downgrade → -",
			"pnpm-workspace.yaml:4 scripts-allowed opened allowBuilds.esbuild: deny → allow of esbuild",
			"pnpm-workspace.yaml:5 scripts-allowed opened allowBuilds.is-odd: - → allow of is-odd"}},
		{"guards-yarn", yarn, []string{
			".yarnrc.yml:1 all-scripts-allowed opened enableScripts: false → true",
			".yarnrc.yml:2 release-age opened npmMinimalAgeGate: 7 days → -",
			".yarnrc.yml:3 registry-changed opened npmRegistryServer: - → https://packages.example/ at packages.example"}},
		{"guards-bun", bun, []string{
			"bunfig.toml:2 release-age opened install.minimumReleaseAge: 7 days → -",
			"bunfig.toml:3 registry-changed opened install.registry: - → https://packages.example/ at packages.example",
			"package.json:6 scripts-allowed opened trustedDependencies: - → allow of left-pad"}},
	} {
		for _, managers := range [][]settings.Manager{{test.manager}, nil} {
			t.Run(fmt.Sprint(test.name, managers), func(t *testing.T) {
				base, head := read(t, folder(test.name)+"/base", managers...), read(t, folder(test.name)+"/head", managers...)
				if diff := cmp.Diff(test.want, lines(settings.Compare(base, head))); diff != "" {
					t.Error(diff)
				}
			})
		}
	}
}

// folder is where a case lies: with those of the lockfiles, or of guards.
func folder(name string) string {
	for _, kind := range []string{"cases", "field"} {
		if dir := "../testdata/" + kind + "/" + name; exists(dir) {
			return dir
		}
	}
	return name
}

func exists(dir string) bool {
	_, err := os.Stat(dir)
	return err == nil
}
