package issue

import (
	"strings"

	"github.com/lockwarden/lockwarden/analyzer/javascript"
	"github.com/lockwarden/lockwarden/lockfile/settings"
)

// projectIssue is found on a project's settings, by Project.
func projectIssue(*Input) []Issue { return nil }

// projectSeverities are how bad it is that a change opens something: high
// where something then runs or comes from elsewhere. changed is where it is
// neither opened nor closed.
var projectSeverities = []struct {
	id              string
	opened, changed Severity
}{
	{settings.ScriptsAllowed, High, Medium},
	{settings.AllScripts, High, Medium},
	{settings.RegistryChanged, High, Medium},
	{settings.Credentials, High, Medium},
	{settings.ReleaseAge, Medium, Low},
	{settings.ReleaseAgeExempt, Medium, Low},
	{settings.TrustWeakened, Medium, Low},
	{settings.InstallsMore, Medium, Low},
	{settings.Runtime, Low, Low},
	{settings.WorkspacesJoined, Low, Info},
	{settings.AutoInstall, Medium, Low},
	{settings.CodeOnRun, Low, Low},
	{settings.ExoticSources, Medium, Low},
	{settings.OwnScript, Medium, Medium},
	{settings.CodeOnInstall, High, High},
	{settings.Override, High, Info},
	{settings.Patch, Medium, Medium},
	{settings.ConfigDependency, High, Medium},
	{settings.PackageManagerSet, High, Low},
	{settings.Unread, High, High},
	{settings.GuardClosed, Info, Info},
}

// topicSeverities are of checks that weigh more or less than others: those of
// the transport and the bytes, and those that only make a fault visible.
var topicSeverities = map[string]Severity{
	"strict-tls": High, "checksums": High, "plain-http": High, "use-lockfile": High, "verify-store": High, "scanner": High, "authority": High,
	"update-checksums": High, "lockfile-dir": High,
	"user-settings": High, "global-settings": High, "prefix": High,
	"cache-folder": High, "offline-mirror": High, "store-folder": High, "virtual-store-folder": High, "modules-folder": High,
	"audit": Low, "strict-builds": Low, "release-age-strict": Low,
}

const (
	localStore = "Packages are then taken from that folder. Where it lies in the repository, a pull request can bring what is installed: " +
		"this review does not read those files, and a package manager that finds a package in its own store does not always compare it with the lockfile's hash."
	moreSettings = "{client} reads more settings from {to} then, those among them that count for a whole user or machine."
)

// topicEffects say of some checks what follows where they are weaker.
var topicEffects = map[string]string{
	"cache-folder": localStore, "offline-mirror": localStore, "store-folder": localStore, "virtual-store-folder": localStore,
	"modules-folder": localStore, "global-cache": localStore,
	"user-settings": moreSettings, "global-settings": moreSettings,
	"use-lockfile":           "The lockfile is then not kept to, or not written.",
	"prefix":                 "npm reads more settings from {to}/etc/npmrc then, as those of the whole machine.",
	"frozen-lockfile":        "An installation may then rewrite the lockfile, and install what nobody reviewed.",
	"prefer-frozen-lockfile": "Packages are then resolved again, although the lockfile fits.",
	"immutable-cache":        "An installation may then add to the cache that the repository holds.",
	"update-checksums":       "Hashes that do not match are then replaced in the lockfile, and the packages are installed.",
	"lockfile-dir":           "Another lockfile than the one beside package.json then decides what is installed.",
}

const (
	registryEffect = "Whoever runs {host} decides what is installed under each name, unless the lockfile's hash says otherwise; new packages have no hash yet. " +
		"A private name that moves to a public registry can be taken there by anybody."
	downloadEffect = "Whoever runs {host} decides which programs are downloaded and run; no lockfile holds a hash of them."
)

// downloads are the topics of hosts that programs come from, and what those are
// called.
var downloads = map[string]string{"node-mirror": "releases of Node.js", "download": "downloads of install scripts"}

// Project is the issue of a change of what a project lets its package manager
// do.
func Project(c settings.Change) Issue {
	i := Issue{ID: c.ID, Severity: Info, Detail: map[string]string{
		"key":      clip(c.Key),
		"file":     clip(c.File),
		"from":     orWord(c.From, "not set"),
		"to":       orWord(c.To, "not set"),
		"packages": orWord(strings.Join(c.Packages, ", "), "packages"),
		"host":     orWord(c.Host, "another place"),
		"client":   orWord(series(c.Clients), "the package manager"),
	}}
	for _, p := range projectSeverities {
		if p.id != c.ID {
			continue
		}
		switch c.Direction {
		case settings.Opened:
			i.Severity = p.opened
			if s, ok := topicSeverities[c.Topic]; ok && c.ID == settings.TrustWeakened {
				i.Severity = s
			}
		case settings.Changed:
			i.Severity = p.changed
		}
	}
	switch c.ID {
	case settings.Override:
		// The key says for which versions, and below which package.
		for _, list := range []string{"pnpm.overrides.", "overrides.", "resolutions."} {
			if key, ok := strings.CutPrefix(c.Key, list); ok && key != "" {
				i.Detail["packages"] = clip(key)
				break
			}
		}
		if c.Direction == settings.Opened && strings.HasPrefix(c.To, "npm:") {
			i.Severity = Medium // another package, but of a registry: it is reviewed as any other
		}
	case settings.ScriptsAllowed:
		i.Detail["behaviors"] = "" // filled by LetsThrough, where the packages are known
	case settings.ReleaseAge:
		i.Detail["from"], i.Detail["to"] = orWord(c.From, "none"), orWord(c.To, "none")
	case settings.Unread:
		i.Detail["file"] = clip(c.Key)
	case settings.WorkspacesJoined:
		i.Detail["packages"] = clip(series(c.Packages))
	case settings.InstallsMore:
		if i.Detail["packages"] == "dev" || i.Detail["packages"] == "development" {
			i.Detail["packages"] = "devDependencies"
		} else {
			i.Detail["packages"] += " dependencies"
		}
	case settings.TrustWeakened:
		i.Detail["does"] = strings.NewReplacer("{client}", i.Detail["client"], "{to}", i.Detail["to"]).Replace(topicEffects[c.Topic])
	case settings.RegistryChanged:
		effect := registryEffect
		if what := downloads[c.Topic]; what != "" {
			effect, i.Detail["packages"] = downloadEffect, what
		} else if len(c.Packages) > 0 {
			i.Detail["packages"] = "packages of " + clip(c.Packages[0])
		}
		i.Detail["does"] = strings.ReplaceAll(effect, "{host}", i.Detail["host"])
	}
	return i
}

// series is a list in words: "npm", "npm and Bun", "npm, pnpm, and Bun".
func series(list []string) string {
	switch n := len(list); {
	case n < 2:
		return strings.Join(list, "")
	case n == 2:
		return list[0] + " and " + list[1]
	default:
		return strings.Join(list[:n-1], ", ") + ", and " + list[n-1]
	}
}

// orWord is a value of a text, or the word for its absence.
func orWord(value, absent string) string {
	if value == "" {
		return absent
	}
	return clip(value)
}

// LetThrough is a package whose install scripts a change of settings lets run.
type LetThrough struct {
	// Name is name@version; Contents is nil where Fetch says why.
	Name     string
	Contents *Contents
	Fetch    *FetchProblem
}

// LetsThrough adds what the install scripts do that are let through: the
// scripts are the evidence, their behaviors the detail.
func (i *Issue) LetsThrough(list []LetThrough) {
	seen := map[string]bool{}
	var ids []string
	for _, one := range list {
		if one.Contents == nil {
			continue
		}
		for _, e := range one.Contents.scriptsEvidence(one.Contents.LifecycleScripts()) {
			e.Snippet = one.Name + " " + e.Snippet
			i.Evidence = append(i.Evidence, e)
		}
		for _, b := range one.Contents.Behaviors {
			if b.Contexts&javascript.Install != 0 && !seen[b.ID] && len(ids) < maxLetThrough {
				seen[b.ID] = true
				ids = append(ids, b.ID)
			}
		}
	}
	i.Detail["behaviors"] = strings.Join(ids, ",")
}

// maxLetThrough is how many behaviors are named.
const maxLetThrough = 8
