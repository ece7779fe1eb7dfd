package settings

import (
	"math"
	"regexp"
	"strconv"
	"strings"
)

// form is how the values of a setting compare.
type form uint8

const (
	// level is one of a few words, in the rule's order from tight to loose.
	level form = iota
	// age is a time that a release must have been published for; longer is
	// tighter.
	age
	// list holds names and patterns that are let through.
	list
	// text is a path or command: what it names runs, or decides where packages
	// come from.
	text
)

// place is the kind of file that spells a setting.
type place uint8

const (
	inNpmrc     place = iota
	inWorkspace       // pnpm-workspace.yaml
	inManifest        // the "pnpm" key of package.json
	inYarnrc          // .yarnrc.yml
	inClassic         // .yarnrc
	inBunfig          // [install] of bunfig.toml
)

// spelling is the name of a setting in one kind of file, who reads it there,
// and how many minutes one unit of an age is.
type spelling struct {
	in   place
	key  string
	by   client
	unit float64
}

// standard is the value that clients use where nothing is said. A level may
// name a word that nobody can write, such as "automatic".
type standard struct {
	by    client
	value string
}

// rule is one setting: what a person knows as one thing, however files spell
// it. id is the issue of loosening it.
type rule struct {
	topic    string
	form     form
	id       string
	order    []string
	standard []standard
	spelled  []spelling
}

// The ids of changes; each is a file of templates/issue.
const (
	ScriptsAllowed    = "project/scripts-allowed"
	AllScripts        = "project/all-scripts-allowed"
	RegistryChanged   = "project/registry-changed"
	Credentials       = "project/credentials"
	ReleaseAge        = "project/release-age"
	ReleaseAgeExempt  = "project/release-age-exempt"
	TrustWeakened     = "project/trust-weakened"
	InstallsMore      = "project/installs-more"
	Runtime           = "project/runtime"
	AutoInstall       = "project/auto-install"
	CodeOnRun         = "project/code-on-run"
	WorkspacesJoined  = "project/workspaces"
	ExoticSources     = "project/exotic-sources"
	CodeOnInstall     = "project/code-on-install"
	OwnScript         = "project/own-script"
	Override          = "project/override"
	Patch             = "project/patch"
	ConfigDependency  = "project/config-dependency"
	PackageManagerSet = "project/package-manager"
	Unread            = "project/settings-unread"
	GuardClosed       = "project/guard-closed"
)

const minutesPerDay = 24 * 60

// guard and danger are flags, by whether true is the tight value.
var (
	guard  = []string{"true", "false"}
	danger = []string{"false", "true"}
)

// pnpmKeys are the spellings of a pnpm setting: kebab case in .npmrc, which
// pnpm 11 no longer reads for it, and camel case in YAML, which pnpm reads
// since 10.
func pnpmKeys(kebab, camel string) []spelling {
	return []spelling{{inNpmrc, kebab, pnpm9 | pnpm10, 1}, {inWorkspace, camel, pnpm10 | pnpm11, 1}}
}

// handed are settings that npm, pnpm and Yarn 1 hand to the scripts that they
// start, as npm_config_KEY.
func handed(keys ...string) (out []spelling) {
	for _, key := range keys {
		out = append(out, spelling{inNpmrc, key, npms | pnpm9 | pnpm10 | yarn1, 0}, spelling{inClassic, key, yarn1, 0})
	}
	return out
}

// yarnKey is the spelling of a setting that only Yarn 2 and later has.
func yarnKey(key string) []spelling { return []spelling{{inYarnrc, key, berries, 0}} }

// always is a value that all clients use where nothing is said.
func always(value string) []standard { return []standard{{everyone, value}} }

// rules are all settings that are one value or one list. Sources: the
// definitions inside npm 11.19 and 12.2, pnpm 9 to 12.21, Yarn 1.22, 3.8 and
// 4.9 to 4.18 as published, https://bun.sh/docs/runtime/bunfig, and the
// clients' documentation under https://docs.npmjs.com/cli/configuring-npm,
// https://pnpm.io/settings and https://yarnpkg.com/configuration/yarnrc.
var rules = []rule{
	{"ignore-scripts", level, AllScripts, guard, always("false"), []spelling{
		{inNpmrc, "ignore-scripts", npms | pnpm9 | pnpm10 | bun, 0}, {inWorkspace, "ignoreScripts", pnpm10 | pnpm11, 0},
		{inClassic, "ignore-scripts", yarn1, 0}, {inBunfig, "ignoreScripts", bun, 0}}},
	{"dangerously-allow-all", level, AllScripts, danger, always("false"), append(
		pnpmKeys("dangerously-allow-all-builds", "dangerouslyAllowAllBuilds"),
		spelling{inManifest, "dangerouslyAllowAllBuilds", pnpm9 | pnpm10, 0},
		spelling{inNpmrc, "dangerously-allow-all-scripts", npm12, 0})},
	{"enableScripts", level, AllScripts, danger, []standard{{yarn1 | yarn413, "true"}, {yarn414 | yarn415, "false"}}, yarnKey("enableScripts")},
	{"strict-builds", level, TrustWeakened, guard, []standard{{pnpm11, "true"}, {everyone, "false"}}, append(
		pnpmKeys("strict-dep-builds", "strictDepBuilds"), spelling{inNpmrc, "strict-allow-scripts", npm12, 0})},

	{"release-age", age, ReleaseAge, nil, []standard{{pnpm11 | yarn415, "1440"}, {everyone, "0"}}, append(
		pnpmKeys("minimum-release-age", "minimumReleaseAge"),
		spelling{inNpmrc, "min-release-age", npms, minutesPerDay},
		spelling{inYarnrc, "npmMinimalAgeGate", berries, 1},
		spelling{inBunfig, "minimumReleaseAge", bun, 1.0 / 60})},
	{"release-age-strict", level, TrustWeakened, guard, always("automatic"),
		pnpmKeys("minimum-release-age-strict", "minimumReleaseAgeStrict")},
	{"release-age-exempt", list, ReleaseAgeExempt, nil, nil, append(
		pnpmKeys("minimum-release-age-exclude", "minimumReleaseAgeExclude"),
		spelling{inNpmrc, "min-release-age-exclude", npms, 0},
		spelling{inYarnrc, "npmPreapprovedPackages", berries, 0},
		spelling{inBunfig, "minimumReleaseAgeExcludes", bun, 0})},

	{"trust-policy", level, TrustWeakened, []string{"no-downgrade", "off"}, always("off"), pnpmKeys("trust-policy", "trustPolicy")},
	{"trust-policy-exempt", list, TrustWeakened, nil, nil, pnpmKeys("trust-policy-exclude", "trustPolicyExclude")},
	{"trust-policy-ignore-after", text, TrustWeakened, nil, nil, pnpmKeys("trust-policy-ignore-after", "trustPolicyIgnoreAfter")},
	{"trust-lockfile", level, TrustWeakened, danger, always("false"), pnpmKeys("trust-lockfile", "trustLockfile")},
	{"verify-store", level, TrustWeakened, guard, always("true"), pnpmKeys("verify-store-integrity", "verifyStoreIntegrity")},
	{"verify-store-content", level, TrustWeakened, guard, always("true"),
		pnpmKeys("strict-store-pkg-content-check", "strictStorePkgContentCheck")},
	{"strict-tls", level, TrustWeakened, guard, always("true"), []spelling{
		{inNpmrc, "strict-ssl", npms | pnpms | yarn1, 0}, {inWorkspace, "strictSsl", pnpm10 | pnpm11, 0},
		{inClassic, "strict-ssl", yarn1, 0}, {inYarnrc, "enableStrictSsl", berries, 0}}},
	{"checksums", level, TrustWeakened, []string{"throw", "reset", "update", "ignore"},
		always("throw"), yarnKey("checksumBehavior")},
	{"hardened", level, TrustWeakened, []string{"true", "automatic", "false"},
		always("automatic"), yarnKey("enableHardenedMode")},
	{"plain-http", list, TrustWeakened, nil, nil, yarnKey("unsafeHttpWhitelist")},
	{"update-checksums", level, TrustWeakened, danger, always("false"), []spelling{{inClassic, "update-checksums", yarn1, 0}}},
	{"no-integrity-migration", level, TrustWeakened, danger, always("false"), []spelling{
		{inClassic, "unsafe-disable-integrity-migration", yarn1, 0}}},
	{"frozen-lockfile", level, TrustWeakened, []string{"true", "automatic", "false"},
		[]standard{{yarn1 | bun, "false"}, {everyone, "automatic"}}, append(
			pnpmKeys("frozen-lockfile", "frozenLockfile"), spelling{inBunfig, "frozenLockfile", bun, 0},
			spelling{inClassic, "frozen-lockfile", yarn1, 0}, spelling{inYarnrc, "enableImmutableInstalls", berries, 0})},
	{"prefer-frozen-lockfile", level, TrustWeakened, guard, always("true"), pnpmKeys("prefer-frozen-lockfile", "preferFrozenLockfile")},
	{"immutable-cache", level, TrustWeakened, guard, always("false"), yarnKey("enableImmutableCache")},
	// Yarn 2 and 3 read a file of another name, Yarn 1 begins in another folder.
	{"lockfile-dir", text, TrustWeakened, nil, nil, append(
		append(pnpmKeys("lockfile-dir", "lockfileDir"), pnpmKeys("lockfile-directory", "lockfileDirectory")...),
		spelling{inYarnrc, "lockfileFilename", yarn413, 0}, spelling{inClassic, "cwd", yarn1, 0})},
	{"use-lockfile", level, TrustWeakened, guard, always("true"), []spelling{
		{inNpmrc, "package-lock", npms | pnpm9 | pnpm10, 0}, {inNpmrc, "lockfile", pnpm9 | pnpm10, 0},
		{inNpmrc, "shrinkwrap", npms, 0}, // what npm called package-lock before
		{inWorkspace, "lockfile", pnpm10 | pnpm11, 0}, {inBunfig, "lockfile.save", bun, 0}}},
	{"audit", level, TrustWeakened, guard, always("true"), []spelling{{inNpmrc, "audit", npms, 0}}},
	{"authority", text, TrustWeakened, nil, nil, []spelling{
		{inNpmrc, "cafile", npms | pnpms | yarn1, 0}, {inNpmrc, "ca", npms | pnpms | yarn1, 0},
		{inWorkspace, "cafile", pnpm10 | pnpm11, 0}, {inWorkspace, "ca", pnpm10 | pnpm11, 0},
		{inYarnrc, "httpsCaFilePath", berries, 0}, {inYarnrc, "caFilePath", yarn413, 0}, {inClassic, "cafile", yarn1, 0}, {inBunfig, "cafile", bun, 0},
		{inBunfig, "ca", bun, 0}}},
	{"proxy", text, TrustWeakened, nil, nil, []spelling{
		{inNpmrc, "proxy", npms | pnpms | yarn1, 0}, {inNpmrc, "https-proxy", npms | pnpms | yarn1, 0}, {inNpmrc, "http-proxy", pnpms, 0},
		{inWorkspace, "httpsProxy", pnpm10 | pnpm11, 0}, {inWorkspace, "httpProxy", pnpm10 | pnpm11, 0},
		{inWorkspace, "proxy", pnpm10 | pnpm11, 0},
		{inYarnrc, "httpsProxy", berries, 0}, {inYarnrc, "httpProxy", berries, 0},
		{inClassic, "https-proxy", yarn1, 0}, {inClassic, "proxy", yarn1, 0}}},
	{"replace-host", text, TrustWeakened, nil, nil, []spelling{{inNpmrc, "replace-registry-host", npms, 0}}},

	// Files that are read as more settings: npm takes a whole .npmrc from them.
	{"user-settings", text, TrustWeakened, nil, nil, []spelling{
		{inNpmrc, "userconfig", npms | pnpm9 | pnpm10, 0}, {inWorkspace, "userconfig", pnpm10 | pnpm11, 0},
		{inWorkspace, "npmrcAuthFile", pnpm11, 0}}},
	{"global-settings", text, TrustWeakened, nil, nil, []spelling{
		{inNpmrc, "globalconfig", npms | pnpm9 | pnpm10, 0}, {inWorkspace, "globalconfig", pnpm10 | pnpm11, 0}}},
	{"prefix", text, TrustWeakened, nil, nil, []spelling{{inNpmrc, "prefix", npms | pnpm9 | pnpm10, 0}}},

	// Folders whose packages are taken as they lie there.
	{"cache-folder", text, TrustWeakened, nil, nil, []spelling{
		{inNpmrc, "cache", npms | bun, 0}, {inNpmrc, "cache-dir", pnpm9 | pnpm10, 0}, {inWorkspace, "cacheDir", pnpm10 | pnpm11, 0},
		{inNpmrc, "cache-folder", yarn1, 0}, {inClassic, "cache-folder", yarn1, 0}, {inClassic, "preferred-cache-folder", yarn1, 0},
		{inYarnrc, "cacheFolder", berries, 0}, {inBunfig, "cache.dir", bun, 0}}},
	{"offline-mirror", text, TrustWeakened, nil, nil, []spelling{
		{inNpmrc, "yarn-offline-mirror", yarn1, 0}, {inClassic, "yarn-offline-mirror", yarn1, 0}}},
	{"store-folder", text, TrustWeakened, nil, nil, append(
		pnpmKeys("store-dir", "storeDir"), spelling{inNpmrc, "store", pnpm9, 0},
		spelling{inYarnrc, "globalFolder", berries, 0})},
	{"virtual-store-folder", text, TrustWeakened, nil, nil, append(
		pnpmKeys("virtual-store-dir", "virtualStoreDir"), spelling{inYarnrc, "virtualFolder", berries, 0},
		spelling{inYarnrc, "pnpUnpluggedFolder", berries, 0})},
	{"modules-folder", text, TrustWeakened, nil, nil, append(
		pnpmKeys("modules-dir", "modulesDir"), spelling{inClassic, "modules-folder", yarn1, 0})},
	{"global-cache", level, TrustWeakened, guard, []standard{{yarn414 | yarn415, "true"}, {everyone, "false"}}, yarnKey("enableGlobalCache")},

	{"node-version", text, Runtime, nil, nil, pnpmKeys("use-node-version", "useNodeVersion")},
	{"runtime-on-fail", text, Runtime, nil, nil, []spelling{{inWorkspace, "runtimeOnFail", pnpm11, 0}}},
	{"auto-install", level, AutoInstall, []string{"disable", "auto", "fallback", "force"}, always("auto"), []spelling{{inBunfig, "auto", bun, 0}}},

	{"scanner", text, CodeOnInstall, nil, nil, []spelling{{inBunfig, "security.scanner", bun, 0}}},

	{"exotic-subdependencies", level, ExoticSources, guard, []standard{{pnpm11, "true"}, {everyone, "false"}}, append(
		pnpmKeys("block-exotic-subdeps", "blockExoticSubdeps"), spelling{inBunfig, "blockExoticSubdeps", bun, 0})},
	allowed("allow-git", "none"), allowed("allow-remote", "none"), allowed("allow-file", "all"), allowed("allow-directory", "all"),
	{"git-repositories", list, ExoticSources, nil, nil, yarnKey("approvedGitRepositories")},

	{"pnpmfile-off", level, CodeOnInstall, guard, always("false"), pnpmKeys("ignore-pnpmfile", "ignorePnpmfile")},
	{"extension-off", level, CodeOnInstall, guard, always("false"), []spelling{{inNpmrc, "ignore-extension", npm12, 0}}},
	{"pnpmfile", text, CodeOnInstall, nil, nil, pnpmKeys("pnpmfile", "pnpmfile")},
	{"global-pnpmfile", text, CodeOnInstall, nil, nil, pnpmKeys("global-pnpmfile", "globalPnpmfile")},
	{"extension-file", text, CodeOnInstall, nil, nil, []spelling{{inNpmrc, "extension-file", npm12, 0}}},
	{"yarn-path", text, CodeOnInstall, nil, nil, []spelling{
		{inYarnrc, "yarnPath", berries | yarn1, 0}, {inClassic, "yarn-path", yarn1, 0}, {inClassic, "yarnPath", yarn1, 0}}},
	{"script-shell", text, CodeOnInstall, nil, nil, []spelling{
		{inNpmrc, "script-shell", npms | pnpm9 | pnpm10 | yarn1, 0},
		{inWorkspace, "scriptShell", pnpm10 | pnpm11, 0}, {inClassic, "script-shell", yarn1, 0}}},
	{"node-options", text, CodeOnInstall, nil, nil, []spelling{
		{inNpmrc, "node-options", npms | pnpm9 | pnpm10, 0}, {inWorkspace, "nodeOptions", pnpm10 | pnpm11, 0}}},
	{"git", text, CodeOnInstall, nil, nil, []spelling{{inNpmrc, "git", npms, 0}}},
	{"onload-script", text, CodeOnInstall, nil, nil, []spelling{{inNpmrc, "onload-script", npm11, 0}}}, // npm to 6
	{"constraints", level, CodeOnInstall, danger, always("false"), yarnKey("enableConstraintsChecks")},
	{"node-gyp", text, CodeOnInstall, nil, nil, handed("node-gyp", "node_gyp")},
	{"python", text, CodeOnInstall, nil, nil, handed("python")},
	{"make", text, CodeOnInstall, nil, nil, handed("make")},
	// The headers of Node.js, and with them what node-gyp includes of build files.
	{"nodedir", text, CodeOnInstall, nil, nil, handed("nodedir", "devdir")},
	{"environment-files", list, CodeOnInstall, nil, nil, yarnKey("injectEnvironmentFiles")},
	{"other-yarnrc", text, CodeOnInstall, nil, nil, []spelling{{inClassic, "use-yarnrc", yarn1, 0}}},
}

// allowed is one of npm's settings for sources that are no registry; npm 12
// takes in.
func allowed(key, npm12Standard string) rule {
	return rule{
		key, level, ExoticSources, []string{"none", "root", "all"},
		[]standard{{npm11, "all"}, {npm12, npm12Standard}}, []spelling{{inNpmrc, key, npms, 0}},
	}
}

// spellings finds the rule of a key in one kind of file.
var spellings = func() map[place]map[string][]spelled {
	out := map[place]map[string][]spelled{}
	for i := range rules {
		for _, s := range rules[i].spelled {
			if out[s.in] == nil {
				out[s.in] = map[string][]spelled{}
			}
			out[s.in][s.key] = append(out[s.in][s.key], spelled{&rules[i], s})
		}
	}
	return out
}()

type spelled struct {
	rule *rule
	spelling
}

var ruleOf = func() map[string]*rule {
	out := map[string]*rule{}
	for i := range rules {
		out[rules[i].topic] = &rules[i]
	}
	return out
}()

// without is the value that a client uses where no file says one.
func (r *rule) without(c client) string {
	for _, s := range r.standard {
		if s.by&c != 0 {
			return s.value
		}
	}
	return ""
}

// looseness orders values; larger lets more through. A value that is not
// understood is the loosest.
func (r *rule) looseness(value string) float64 {
	if r.form == age {
		minutes, err := strconv.ParseFloat(value, 64)
		if err != nil {
			return math.Inf(1)
		}
		return -minutes
	}
	for i, word := range r.order {
		if word == value {
			return float64(i)
		}
	}
	if r.standard != nil && value == r.standard[len(r.standard)-1].value {
		return 0
	}
	return math.Inf(1)
}

// canonical makes one text of equal values.
func (s spelled) canonical(value string) string {
	value = strings.TrimSpace(value)
	switch {
	case s.rule.form == age:
		return minutes(value, s.unit, s.in == inYarnrc)
	case s.rule.form == level && isFlag(s.rule.order):
		return flag(value, s.in == inNpmrc)
	}
	return value
}

// typed reports whether only true and false themselves are flags there: .npmrc
// and .yarnrc have nothing but text, and Yarn reads text as flags.
func (s spelled) typed() bool {
	return s.rule.form == level && isFlag(s.rule.order) && (s.in == inWorkspace || s.in == inManifest || s.in == inBunfig)
}

func isFlag(order []string) bool { return order[0] == "true" || order[len(order)-1] == "true" }

func flag(value string, npmrc bool) string {
	switch value {
	case "true", "1":
		return "true"
	case "false", "null", "undefined":
		return "false"
	case "0":
		// Set, for npm 11.
		if !npmrc {
			return "false"
		}
	case "":
		// npm takes an empty value of a flag as set.
		if npmrc {
			return "true"
		}
	}
	return value
}

// yarnDuration is what Yarn reads as one: "3d", "1.5h", or a bare number.
var yarnDuration = regexp.MustCompile(`^(\d*\.?\d+)(ms|s|m|h|d|w)?$`)

var durationUnits = map[string]float64{
	"": 1, "ms": 1.0 / 60_000, "s": 1.0 / 60, "m": 1, "h": 60, "d": minutesPerDay, "w": 7 * minutesPerDay,
}

func minutes(value string, unit float64, yarn bool) string {
	if m := yarnDuration.FindStringSubmatch(value); yarn && m != nil {
		value, unit = m[1], durationUnits[m[2]]
	}
	if value == "" || value == "null" {
		return "0"
	}
	n, err := strconv.ParseFloat(strings.ReplaceAll(value, "_", ""), 64)
	if err != nil || math.IsNaN(n) || math.IsInf(n, 0) {
		return value
	}
	return strconv.FormatFloat(math.Round(n*unit*1e6)/1e6, 'f', -1, 64)
}
