package settings

import (
	"path"
	"strings"
)

// named compares things of which there are many, each with its own name.
func (c *comparison) named() {
	c.explained = map[string]bool{}
	order, by := c.pairs(func(s *Statement) bool {
		rule := ruleOf[s.Topic]
		return s.Topic != "before" && s.Topic != workspacesTopic && s.Topic != "scripts" && s.Topic != "scripts-list" &&
			(rule == nil || rule.form == list || rule.form == text)
	})
	for _, key := range order {
		c.thing(key, by[key])
	}
}

func has(statements []*Statement, value string) bool {
	for _, s := range statements {
		if s.Value == value {
			return true
		}
	}
	return false
}

// thing finds the values of one name that are new, or gone.
func (c *comparison) thing(key subject, both *sides) {
	if key.topic == "registry" {
		c.registry(key, both)
		return
	}
	from := ""
	if len(both.base) > 0 {
		from = both.base[0].Shown
	}
	told := map[string]bool{}
	for _, h := range both.head {
		added := len(both.base) == 0
		if key.topic == "own-script" && !c.ran(both.base, h) {
			// Another client than before runs it: it is new to that one.
			from, added = "", true
		} else if has(both.base, h.Value) {
			continue
		}
		if !told[h.Value] {
			told[h.Value] = true
			c.fresh(key, h, from, added)
			for _, b := range both.base {
				c.explain(b)
			}
		}
	}
	for _, b := range both.base {
		if len(both.head) == 0 && !told[b.Value] {
			told[b.Value] = true
			c.gone(key, b)
		}
	}
}

// ran reports whether every client that runs a script ran one of its name before.
func (c *comparison) ran(base []*Statement, s *Statement) bool {
	var before client
	for _, b := range base {
		before |= b.by
	}
	runs := s.by
	if c.used != 0 {
		runs &= c.used
	}
	return runs&^before == 0
}

// ownIDs are the issues of topics that are no rule.
var ownIDs = map[string]string{
	"runtime": Runtime, "preload": CodeOnRun,
	leftOutTopic: InstallsMore, takenInTopic: InstallsMore,
	"override": Override, "catalog": Override, "patch": Patch, "config-dependency": ConfigDependency, "credential": Credentials,
	"plugin": CodeOnInstall, "plugin-source": CodeOnInstall, "token-helper": CodeOnInstall, "environment-variable": CodeOnInstall,
	"own-script": OwnScript, "environment": Unread, "package-manager": PackageManagerSet, "scripts-file": AllScripts,
	nodeMirrorTopic: RegistryChanged, downloadTopic: RegistryChanged,
}

func idOf(topic string) string {
	if rule := ruleOf[topic]; rule != nil {
		return rule.id
	}
	return ownIDs[topic]
}

func (c *comparison) fresh(key subject, s *Statement, from string, added bool) {
	change := Change{ID: idOf(key.topic), Direction: Opened, From: from, To: s.Shown, Added: added}
	if key.name != "" {
		change.Packages = []string{subjectName(key)}
	}
	c.explain(s)
	switch key.topic {
	case "override", "catalog":
		if strings.HasPrefix(s.Value, "patch:") {
			// How Yarn 2 and later name a patch.
			change.ID = Patch
			break
		}
		change.Redirect = redirects(lastOf(key.name), s.Value)
		if !change.Redirect {
			change.Direction = Changed
			if key.topic == "catalog" {
				// A range in a catalog is what a range in package.json is.
				return
			}
		}
	case "credential":
		if c.knownHost(key.name) {
			return
		}
		change.Host = key.name
	case "own-script":
		if c.used != 0 && s.by&c.used == 0 {
			return // no client of this project runs it
		}
		change.Packages = nil
		if !added {
			change.Direction = Changed
		}
	case takenInTopic:
		if b := c.statement(c.base, leftOutTopic, s.Name, func(b *Statement) bool { return b.File == s.File && b.Key == s.Key }); b != nil {
			change.From = b.Shown
		}
	case leftOutTopic:
		change.Direction = Closed
	case leftInTopic:
		return
	case "config-dependency":
		if !added {
			change.Direction = Changed
		}
	case "package-manager":
		c.manager(&change, s)
	case nodeMirrorTopic, downloadTopic:
		if nodesOwn(s.Value) {
			return
		}
		change.Host = hostOf(s.Shown)
	case "runtime":
		change.Direction, change.Packages = Changed, nil
	case "runtime-on-fail":
		if s.Value != "download" {
			return
		}
	case "preload":
		change.Packages, change.From = nil, ""
	case "node-version":
		change.Direction, change.To = Changed, "Node.js "+s.Shown
		if from != "" {
			change.From = "Node.js " + from
		}
	case "user-settings", "global-settings", "prefix", "cache-folder", "offline-mirror", "store-folder", "virtual-store-folder", "modules-folder":
		if standardFolder(s) {
			return
		}
		if !inside(s.dir, s.Value) {
			// What lies there is not what a pull request brings.
			change.Direction = Changed
		}
	case "lockfile-dir":
		if path.Clean(s.Value) == "." || s.Value == "yarn.lock" {
			return // the file that is read anyway
		}
	case "replace-host", "git":
		if s.Value == "npmjs" || s.Value == "git" {
			return
		}
	case "scripts-file":
		// What the file lists is compared by itself.
		return
	case "environment":
		change.To = s.Key
	}
	if rule := ruleOf[key.topic]; rule != nil && rule.form == list {
		change.From, change.To = "", s.Name
	}
	c.add(change, s, false, c.readers(s.by))
}

func (c *comparison) gone(key subject, s *Statement) {
	change := Change{ID: idOf(key.topic), Direction: Closed, From: s.Shown}
	if key.name != "" {
		change.Packages = []string{subjectName(key)}
	}
	c.explain(s)
	switch key.topic {
	case "catalog", "credential", "environment", "scripts-file":
		return
	case "own-script":
		if c.used != 0 && s.by&c.used == 0 {
			return // no client of this project ran it
		}
		change.Packages = nil
	case "cache-folder", "store-folder", "virtual-store-folder", "modules-folder":
		if standardFolder(s) {
			return
		}
	case "override":
		change.Direction = Changed
	case "runtime", "preload":
		change.Packages = nil
	case "runtime-on-fail":
		if s.Value != "download" {
			return
		}
	case leftOutTopic:
		change.Direction = Opened
		c.comesBack(change, s)
		return
	case leftInTopic:
		return
	case nodeMirrorTopic, downloadTopic:
		if nodesOwn(s.Value) {
			return
		}
	case "scanner":
		// What it would have stopped is no longer stopped.
		change.ID, change.Direction = TrustWeakened, Opened
	case "package-manager":
		change.Direction = Changed
		if strings.Contains(s.Value, "+") {
			change.Direction = Opened
		}
	}
	if rule := ruleOf[key.topic]; rule != nil && rule.form == list {
		change.From = s.Name
	}
	c.add(change, s, true, c.readers(s.by))
}

// comesBack says that packages are no longer left out: on the line that now has
// another value, where there is one.
func (c *comparison) comesBack(change Change, s *Statement) {
	if c.statement(c.head, takenInTopic, s.Name, func(h *Statement) bool { return h.dir == s.dir && c.readers(h.by) != 0 }) != nil {
		return // said there
	}
	if h := c.statement(c.head, leftInTopic, s.Name, func(h *Statement) bool { return h.File == s.File && h.Key == s.Key }); h != nil {
		line := *h
		line.Topic, change.To = s.Topic, h.Shown
		c.add(change, &line, false, c.readers(s.by))
		return
	}
	c.add(change, s, true, c.readers(s.by))
}

// statement is the first of a topic and name that is wanted.
func (c *comparison) statement(in *Settings, topic, name string, wanted func(*Statement) bool) *Statement {
	for i := range in.Statements {
		if s := &in.Statements[i]; s.Topic == topic && s.Name == name && wanted(s) {
			return s
		}
	}
	return nil
}

// subjectName is what a reader takes for the name of a thing.
func subjectName(key subject) string {
	switch key.topic {
	case "override", "catalog":
		return lastOf(key.name)
	case "patch":
		return packageOf(key.name)
	}
	return key.name
}

// standardFolder reports whether a folder is the one that clients use anyway.
func standardFolder(s *Statement) bool {
	switch path.Join(s.dir, s.Value) {
	case path.Join(s.dir, "node_modules"):
		return s.Topic == "modules-folder"
	case path.Join(s.dir, "node_modules/.pnpm"):
		return s.Topic == "virtual-store-folder"
	case path.Join(s.dir, ".yarn/cache"):
		// Classify knows it.
		return s.Topic == "cache-folder" && s.by&^berries == 0
	case path.Join(s.dir, ".yarn/unplugged"), path.Join(s.dir, ".yarn/__virtual__"):
		return s.Topic == "virtual-store-folder"
	}
	return false
}

// explain keeps the file that a statement names from being told twice.
func (c *comparison) explain(s *Statement) {
	switch s.Topic {
	case "patch", "pnpmfile", "extension-file", "yarn-path", "plugin":
		c.explained[path.Join(s.dir, s.Value)] = true
	case "override":
		if file, ok := yarnPatch(s.Value); ok {
			c.explained[path.Join(s.dir, file)] = true
		}
	}
}

// lastOf is the package at the end of "above>below@range", which is how pnpm
// and this package write it, or of Yarn's "above/below". An arrow after a
// space, a bar or an @ belongs to a range.
func lastOf(name string) string {
	for i := len(name) - 1; i > 0; i-- {
		if name[i] == '>' && !strings.ContainsRune(" |@", rune(name[i-1])) {
			name = name[i+1:]
			break
		}
	}
	name = packageOf(name)
	parts := strings.Split(name, "/")
	last := parts[len(parts)-1]
	if len(parts) > 1 && strings.HasPrefix(parts[len(parts)-2], "@") {
		return parts[len(parts)-2] + "/" + last
	}
	return last
}

// redirects reports whether a specifier of an override leads elsewhere than to
// a version of the package itself.
func redirects(name, spec string) bool {
	spec = strings.TrimSpace(spec)
	if rest, ok := strings.CutPrefix(spec, "npm:"); ok {
		if strings.IndexAny(rest, "0123456789^~<>=*v") == 0 {
			return false // Yarn writes ranges so
		}
		return packageOf(rest) != name
	}
	for _, prefix := range []string{"catalog:", "workspace:", "$"} {
		if strings.HasPrefix(spec, prefix) {
			// A path of the repository, or what stands elsewhere in the same
			// files.
			return false
		}
	}
	// Ranges and tags have neither; URLs, git and paths do.
	return strings.ContainsAny(spec, ":/\\")
}

// knownHost reports whether base already sent secrets to the host or took
// packages from it.
func (c *comparison) knownHost(host string) bool {
	if host == "registry.npmjs.org" || host == "registry.yarnpkg.com" {
		return true
	}
	for i := range c.base.Statements {
		s := &c.base.Statements[i]
		if s.Topic == "credential" && s.Name == host || s.Topic == "registry" && hostOf(s.Value) == host {
			return true
		}
	}
	return false
}

// manager judges another package manager: one whose hash is gone, that comes
// from a URL, or that runs what the one before blocked.
func (c *comparison) manager(change *Change, s *Statement) {
	after, knownAfter := declared(s.Value)
	before, knownBefore := declared(change.From)
	change.Direction = Changed
	switch {
	case strings.Contains(s.Value, "://"), strings.Contains(change.From, "+") && !strings.Contains(s.Value, "+"):
		change.Direction = Opened
	case knownAfter && knownBefore && after.clients()&runByDefault != 0 && before.clients()&runByDefault == 0:
		change.Direction = Opened
	}
	if knownAfter {
		change.Packages = []string{after.String()}
	}
}

// registry compares where the packages of one scope come from. Without a word
// a scope's come from where all come from, and those from the public registry.
func (c *comparison) registry(key subject, both *sides) {
	none := "inherited"
	if key.name == "" {
		none = publicRegistry
	}
	told := map[string]bool{none: len(both.base) == 0}
	from := ""
	if len(both.base) > 0 {
		from = both.base[0].Shown
	}
	scope := []string(nil)
	if key.name != "" {
		scope = []string{key.name}
	}
	for _, h := range both.head {
		if has(both.base, h.Value) || told[h.Value] {
			continue
		}
		told[h.Value] = true
		if key.name != "" && len(both.base) == 0 && general(c.base, h).value == h.Value {
			continue // said aloud
		}
		c.add(Change{
			ID: RegistryChanged, Direction: Opened, From: from, To: h.Shown, Host: hostOf(h.Shown), Packages: scope, Added: len(both.base) == 0,
		}, h, false, c.readers(h.by))
	}
	if len(both.head) > 0 || told[none] || has(both.base, none) {
		return
	}
	b := both.base[0]
	now := general(c.head, b)
	if now.value == b.Value {
		return
	}
	change := Change{ID: RegistryChanged, Direction: Opened, From: b.Shown, Host: now.host, Packages: scope}
	if now.value != publicRegistry || publicMirrors[hostOf(b.Value)] {
		// Names that nobody but their owner could publish to so far stay so.
		change.Direction = Changed
	}
	c.add(change, b, true, c.readers(b.by))
}

// publicMirrors are hosts that serve what the public registry has, to
// everybody.
var publicMirrors = map[string]bool{
	"registry.npmjs.org": true, "registry.yarnpkg.com": true, "registry.npmmirror.com": true, "registry.npm.taobao.org": true,
	"mirrors.cloud.tencent.com": true, "repo.huaweicloud.com": true, "mirrors.huaweicloud.com": true, "registry.npmjs.cf": true,
}

// origin is where packages come from, canonical and as a host.
type origin struct{ value, host string }

// general is where packages come from where nothing special is said.
func general(in *Settings, s *Statement) origin {
	for i := range in.Statements {
		h := &in.Statements[i]
		if h.Topic == "registry" && h.Name == "" && h.dir == s.dir && h.by&s.by != 0 {
			return origin{h.Value, hostOf(h.Shown)}
		}
	}
	return origin{publicRegistry, "registry.npmjs.org"}
}
