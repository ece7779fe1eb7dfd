package issue

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/Masterminds/semver/v3"

	"github.com/lockwarden/lockwarden/analyzer/behavior"
	"github.com/lockwarden/lockwarden/analyzer/npm"
	"github.com/lockwarden/lockwarden/analyzer/prevalence"
	"github.com/lockwarden/lockwarden/analyzer/vulnerability"
	"github.com/lockwarden/lockwarden/lockfile"
)

// What a package says it is, and who says so. Rules that need what only the
// registry knows stay silent where it does not answer.

// Ages below which a package or version is new. A cool-down of three days is
// longer than most taken-over releases of recent years lived.
const (
	NewPackage = 30 * 24 * time.Hour
	NewVersion = 72 * time.Hour
)

// packageName is the name in the registry, which an alias hides.
func (in *Input) packageName() string {
	if in.Change != nil && in.Change.New != nil && in.Change.New.Package != "" {
		return in.Change.New.Package
	}
	return in.Name
}

// isNew reports whether the package comes in, rather than changes its version.
func (in *Input) isNew() bool {
	return in.Change == nil || in.Change.Kind == lockfile.Added || in.Change.Old != nil && in.Change.Old.Package != in.packageName()
}

// established reports whether a package is known to be old or much used: nobody
// is deceived by it today.
func (in *Input) established() bool {
	if prevalence.Rank(in.packageName()) > 0 {
		return true
	}
	if in.metadata().Downloads.OrZero() > 50_000 {
		return true
	}
	created := in.metadata().Created
	return !in.Now.IsZero() && !created.IsZero() && in.Now.Sub(created) > 3*365*24*time.Hour
}

// identityTyposquat: a new dependency whose name is a slip away from one of
// the most used ones.
func identityTyposquat(in *Input) []Issue {
	if !in.isNew() || in.established() {
		return nil
	}
	target, how := mistakenFor(in.packageName())
	if target == "" {
		return nil
	}
	return detailed(High, map[string]string{"target": target, "how": how})
}

// identityConfusable: a name that looks like another one on the screen.
func identityConfusable(in *Input) []Issue {
	name := in.packageName()
	if !in.isNew() || in.established() && isASCII(name) {
		return nil
	}
	target, ok := popular().skeletons[skeleton(name)]
	if !ok || target == name {
		return nil
	}
	return detailed(High, map[string]string{"target": target})
}

// identityScopeConfusion: a public package with the name of one of the
// project's own, without the scope that would keep it apart.
func identityScopeConfusion(in *Input) []Issue {
	name := in.packageName()
	if !in.isNew() || in.established() {
		return nil
	}
	for _, internal := range in.Internal {
		scope, bare, ok := strings.Cut(strings.TrimPrefix(internal, "@"), "/")
		if !ok || !strings.HasPrefix(internal, "@") || name == internal {
			continue
		}
		if name == bare && len(bare) >= 4 || name == scope+"-"+bare || name == scope+bare {
			return detailed(High, map[string]string{"target": internal})
		}
	}
	return nil
}

func identityNewPackage(in *Input) []Issue {
	if in.Now.IsZero() || in.metadata().Created.IsZero() {
		return nil
	}
	age := in.Now.Sub(in.metadata().Created)
	if age < 0 || age > NewPackage {
		return nil
	}
	return detailed(Medium, map[string]string{"age": ageWords(age)})
}

func identityNewVersion(in *Input) []Issue {
	if in.Now.IsZero() || in.metadata().Published.IsZero() {
		return nil
	}
	age := in.Now.Sub(in.metadata().Published)
	if age < 0 || age > NewVersion {
		return nil
	}
	return detailed(Low, map[string]string{"age": ageWords(age)})
}

func ageWords(age time.Duration) string {
	hours := int(age.Hours())
	switch {
	case hours < 2:
		return "an hour"
	case hours < 48:
		return strconv.Itoa(hours) + " hours"
	}
	return strconv.Itoa(hours/24) + " days"
}

// identityMaintainerChange: somebody publishes who did not belong to the
// package's maintainers at the version before.
func identityMaintainerChange(in *Input) []Issue {
	m := in.metadata()
	now, before := &m.Release, m.Before
	if before == nil || now.Publisher == "" || before.Publisher == "" || now.Publisher == before.Publisher || len(before.Maintainers) == 0 {
		return nil
	}
	for _, m := range before.Maintainers {
		if m.Name == now.Publisher {
			return nil
		}
	}
	if now.Trusted {
		return nil // a workflow that the maintainers named
	}
	return detailed(Medium, map[string]string{"who": clip(now.Publisher), "before": clip(before.Publisher)})
}

// lowPopularity is how many downloads a week a package has that hardly anybody
// uses: mirrors and robots alone make about as many.
const lowPopularity = 100

func identityLowPopularity(in *Input) []Issue {
	d, ok := in.metadata().Downloads.Get()
	if !in.isNew() || !ok || d >= lowPopularity {
		return nil
	}
	return detailed(Low, map[string]string{"downloads": strconv.FormatInt(d, 10)})
}

// identityVersionAnomaly: a version far above all before it, the way a public
// package outbids a private one of the same name.
func identityVersionAnomaly(in *Input) []Issue {
	if len(in.metadata().Versions) == 0 {
		return nil
	}
	v, err := semver.StrictNewVersion(in.Version)
	if err != nil || v.Major() < 20 || v.Major() > 1900 && v.Major() < 2200 {
		return nil
	}
	highest := uint64(0)
	for _, text := range in.metadata().Versions {
		o, err := semver.StrictNewVersion(text)
		if err == nil && o.LessThan(v) && o.Prerelease() == "" && o.Major() != v.Major() {
			highest = max(highest, o.Major())
		}
	}
	if highest == 0 && len(in.metadata().Versions) > 3 || v.Major()-highest < 20 {
		return nil
	}
	return detailed(Medium, map[string]string{"version": in.Version, "before": strconv.FormatUint(highest, 10)})
}

func identityNoRepository(in *Input) []Issue {
	if in.Contents == nil || in.Contents.Manifest.Name == "" || in.Contents.Manifest.Repository != "" {
		return nil
	}
	return one(Info)
}

// disposable are providers of mailboxes that anybody may read.
var disposable = []string{"mailinator.com", "guerrillamail.com", "guerrillamail.info", "sharklasers.com", "grr.la", "10minutemail.com", "temp-mail.org", "tempmail.com", "tempmail.plus", "yopmail.com", "trashmail.com",
	"getnada.com", "dispostable.com", "maildrop.cc", "mailnesia.com", "throwawaymail.com", "fakeinbox.com", "mintemail.com", "moakt.com", "emailondeck.com", "mohmal.com", "tempr.email", "discard.email", "spamgourmet.com", "mytemp.email", "burnermail.io", "inboxkitten.com", "33mail.com"}

func identityDisposableEmail(in *Input) []Issue {
	for _, m := range in.metadata().Maintainers {
		_, host, ok := strings.Cut(strings.ToLower(m.Email), "@")
		if ok && slices.ContainsFunc(disposable, func(d string) bool { return host == d || strings.HasSuffix(host, "."+d) }) {
			return detailed(Medium, map[string]string{"who": clip(m.Name), "host": host})
		}
	}
	return nil
}

// recent is how long an incident is worth a look.
const recent = 2 * 365 * 24 * time.Hour

// identityRecentIncident: another version of this package was malware within
// two years.
func identityRecentIncident(in *Input) []Issue {
	for i := range in.Incidents {
		a := &in.Incidents[i]
		if slices.ContainsFunc(in.Advisories, func(o vulnerability.Advisory) bool { return o.ID == a.ID }) {
			continue // malware/known says it
		}
		if in.Now.IsZero() || a.Published.IsZero() || in.Now.Sub(a.Published) > recent {
			continue
		}
		return detailed(Medium, map[string]string{"advisory": a.ID, "when": a.Published.Format("2006-01-02")})
	}
	return nil
}

// identityVersionRemoved: versions near this one were taken down.
func identityVersionRemoved(in *Input) []Issue {
	v, err := semver.StrictNewVersion(in.Version)
	if err != nil {
		return nil
	}
	var near []string
	for _, text := range in.metadata().Removed {
		o, err := semver.StrictNewVersion(text)
		if err == nil && o.Major() == v.Major() && (o.Minor() == v.Minor() || o.Minor()+1 == v.Minor() || o.Minor() == v.Minor()+1) && o.Prerelease() == "" && v.Prerelease() == "" {
			near = append(near, text)
		}
	}
	if len(near) == 0 {
		return nil
	}
	return detailed(Medium, map[string]string{"versions": strings.Join(near[:min(len(near), 5)], ", ")})
}

// commands are programs that a shell or a developer calls by name: a package
// that installs one of them runs in their place, in scripts and for npx.
var commands = func() map[string]bool {
	m := map[string]bool{}
	for _, name := range strings.Fields(`awk base64 bash brew bun bunx cargo cat cd chmod chown clear cmd cmp code cp curl cut date dd deno df diff dig dir docker dotnet du echo emacs env
		false find gcc gh git go gpg grep gunzip gzip head helm host hostname id ifconfig iptables java javac jq kill kubectl less ln ls lsof make man mkdir more mount mv nano nc netstat
		node nodejs npm npx nslookup openssl passwd pbcopy pbpaste perl php ping pip pip3 pkill pnpm pnpx powershell ps psql pwd pwsh python python3 rm rmdir rsync ruby rustc scp screen sed sh
		sleep sort ssh ssh-add ssh-keygen stat su sudo systemctl tail tar tee telnet terraform tmux top touch tr traceroute true uname uniq unzip vi vim watch wc wget whereis which who whoami xargs xcrun yarn zip zsh`) {
		m[name] = true
	}
	return m
}()

func identityBinShadows(in *Input) []Issue {
	if in.Contents == nil || prevalence.Rank(in.packageName()) > 0 {
		return nil
	}
	bare := in.packageName()
	if i := strings.LastIndexByte(bare, '/'); i >= 0 {
		bare = bare[i+1:]
	}
	var names []string
	for name := range in.Contents.Manifest.Bin {
		if commands[strings.TrimSuffix(strings.ToLower(name), ".cmd")] && name != bare {
			names = append(names, name)
		}
	}
	if len(names) == 0 {
		return nil
	}
	slices.Sort(names)
	return detailed(High, map[string]string{"names": strings.Join(names, ", ")}, behavior.Evidence{File: "package.json", Line: 1, Column: 1, Snippet: "bin: " + clip(strings.Join(names, ", "))})
}

// identityManifestConfusion: what the registry shows of the package, and
// package managers resolve by, is not what the tarball holds.
// Source: https://blog.vlt.sh/blog/the-massive-hole-in-the-npm-ecosystem
func identityManifestConfusion(in *Input) []Issue {
	stated := in.metadata().Stated
	if in.Contents == nil || stated == nil || in.Contents.Manifest.Name == "" {
		return nil
	}
	inside := &in.Contents.Manifest
	var what []string
	if stated.Name != inside.Name {
		what = append(what, fmt.Sprintf("the name (%s in the registry, %s inside)", clip(stated.Name), clip(inside.Name)))
	}
	if strings.TrimPrefix(strings.TrimSpace(inside.Version), "v") != stated.Version && !sameVersion(inside.Version, stated.Version) {
		what = append(what, fmt.Sprintf("the version (%s in the registry, %s inside)", clip(stated.Version), clip(inside.Version)))
	}
	if in.metadata().StatesScripts {
		for _, name := range npm.Lifecycle(false) {
			a, b := stated.Scripts[name].Command, inside.Scripts[name].Command
			if strings.TrimSpace(a) != strings.TrimSpace(b) && strings.TrimSpace(b) != "" {
				what = append(what, "the script "+name)
			}
		}
	}
	if names := dependencyNames(inside, stated); len(names) > 0 {
		what = append(what, "the dependencies ("+clip(strings.Join(names, ", "))+")")
	}
	if len(what) == 0 {
		return nil
	}
	return detailed(High, map[string]string{"what": clip(strings.Join(what, ", "))}, behavior.Evidence{File: "package.json", Line: 1, Column: 1})
}

func sameVersion(a, b string) bool {
	x, err1 := semver.NewVersion(a)
	y, err2 := semver.NewVersion(b)
	return err1 == nil && err2 == nil && x.Equal(y)
}

// dependencyNames are dependencies that one manifest has and the other lacks.
// Which of its lists a dependency is in does not matter: npm moves them.
func dependencyNames(a, b *npm.Manifest) []string {
	set := func(m *npm.Manifest) map[string]bool {
		names := map[string]bool{}
		for _, d := range m.Dependencies {
			if d.Kind != "peerDependencies" {
				names[d.Name] = true
			}
		}
		return names
	}
	x, y := set(a), set(b)
	var out []string
	for name := range x {
		if !y[name] {
			out = append(out, name)
		}
	}
	for name := range y {
		if !x[name] {
			out = append(out, name)
		}
	}
	slices.Sort(out)
	return out
}

func identityProvenanceLost(in *Input) []Issue {
	before := in.metadata().Before
	if before == nil || !before.Provenance || in.metadata().Provenance {
		return nil
	}
	return detailed(Medium, map[string]string{"before": before.Version})
}
