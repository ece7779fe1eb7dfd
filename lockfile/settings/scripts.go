package settings

import (
	_ "embed"
	"path"
	"strings"
)

// runByDefault are clients that run the scripts of packages that nobody
// mentions.
const runByDefault = npm11 | pnpm9 | yarn1 | yarn413

// ScriptState says whether something runs.
type ScriptState uint8

// The states.
const (
	// Unknown: it depends on a version that nobody states. Take it as running.
	Unknown ScriptState = iota
	// Runs: the lifecycle scripts run during an installation.
	Runs
	// Blocked: they do not.
	Blocked
)

// String is the lower-case word.
func (s ScriptState) String() string { return [...]string{"unknown", "runs", "blocked"}[s] }

// ScriptPolicy says whether the lifecycle scripts of an installed package run
// in a project.
type ScriptPolicy struct {
	State ScriptState
	// By is the package manager, such as "pnpm 10.1.0"; "npm" where its version
	// is not known; empty where the package manager is not.
	By string
	// Decided is the statement that decides, nil where the package manager
	// does so by itself.
	Decided *Statement
	// Allow is what would let the scripts run: a line for a settings file, or
	// a command. It is empty where they run or nobody knows what would.
	Allow string
	// AllowIn is the file that the line belongs into, relative to the project;
	// empty where Allow is a command.
	AllowIn string
}

// ruling is what one client does with the scripts of one package.
type ruling struct {
	state ScriptState
	by    *Statement
}

// policy is what the statements of one folder say to one client.
type policy struct {
	client client
	// off and all are switches; nil where nobody sets them.
	off, all *Statement
	// on is set where a file says that scripts are not ignored.
	on bool
	// lists are those that exist, by name.
	lists map[string]*Statement
	allow []*Statement
	deny  []*Statement
}

// policyOf reads the statements that one client acts on, leaving switches out
// where lists alone are asked for.
func policyOf(statements []*Statement, one client, switches bool) policy {
	p := policy{client: one, lists: map[string]*Statement{}}
	for _, s := range statements {
		if s.by&one == 0 {
			continue
		}
		switch s.Topic {
		case "scripts":
			if s.Value == "allow" {
				p.allow = append(p.allow, s)
			} else {
				p.deny = append(p.deny, s)
			}
		case "scripts-list":
			p.lists[s.Name] = s
		case "ignore-scripts":
			if switches {
				p.ignore(s)
			}
		case "dangerously-allow-all":
			if switches && s.Value != "false" {
				p.all = s
			}
		case "enableScripts":
			p.yarn(s)
		}
	}
	if one == npm12 {
		p.manifestFirst()
	}
	return p
}

// ignore takes ignore-scripts, which counts only where no file says otherwise:
// which of two goes before is not known.
func (p *policy) ignore(s *Statement) {
	if s.Value != "true" {
		p.off, p.on = nil, true
	} else if !p.on {
		p.off = s
	}
}

// yarn takes enableScripts, which is Yarn's default for all packages.
func (p *policy) yarn(s *Statement) {
	if s.Value == "false" {
		p.lists["enableScripts: false"] = s
	} else {
		p.lists["enableScripts: true"] = s
	}
}

// manifestFirst: npm reads allow-scripts of .npmrc only where package.json has
// no allowScripts.
func (p *policy) manifestFirst() {
	keep := func(list []*Statement) (out []*Statement) {
		for _, s := range list {
			if strings.HasPrefix(s.Key, "allowScripts") {
				out = append(out, s)
			}
		}
		return out
	}
	if allow, deny := keep(p.allow), keep(p.deny); len(allow)+len(deny) > 0 {
		p.allow, p.deny = allow, deny
	}
}

// decide is what the client does with one package. A denial goes before, but
// pnpm to 10 asks for those only where there is no list of what may run.
func (p *policy) decide(name, version string) ruling {
	deny, allow := matching(p.deny, name, version), matching(p.allow, name, version)
	switch {
	case p.off != nil:
		return ruling{Blocked, p.off}
	case p.all != nil:
		return ruling{Runs, p.all}
	case deny != nil && allow != nil && isPermission(allow) && !isPermission(deny):
		// pnpm 12 asks its permissions first.
		return ruling{Runs, allow}
	case deny != nil && p.client == npm11:
		// Denials are newer than npm 11.0.
		return ruling{Unknown, deny}
	case deny != nil && (allow == nil || p.client != pnpm10 && p.client != pnpm9):
		return ruling{Blocked, deny}
	case allow != nil:
		return ruling{Runs, allow}
	}
	return p.unlisted(name)
}

func isPermission(s *Statement) bool { return strings.HasPrefix(s.Key, "permissions.") }

// unlisted is what the client does with a package that no list names.
func (p *policy) unlisted(name string) ruling {
	switch p.client {
	case npm11, yarn1:
		return ruling{Runs, nil}
	case npm12, pnpm11:
		return ruling{Blocked, nil}
	case pnpm9, pnpm10:
		return p.pnpm()
	case bun:
		if s := p.lists["trustedDependencies"]; s != nil {
			return ruling{Blocked, s}
		}
		if bunTrusts[name] {
			return ruling{Runs, nil}
		}
		return ruling{Blocked, nil}
	}
	if s := p.lists["enableScripts: true"]; s != nil {
		return ruling{Runs, s}
	}
	if s := p.lists["enableScripts: false"]; s != nil {
		return ruling{Blocked, s}
	}
	if p.client == yarn413 {
		return ruling{Runs, nil}
	}
	return ruling{Blocked, nil}
}

// pnpm: a list of what may run blocks the rest; a list of what must not lets
// the rest run, in pnpm 10 too and even where it is empty; without a list pnpm 9
// runs all and pnpm 10 none. (pnpm 10.34.9, createAllowBuildFunction and its
// callers.)
func (p *policy) pnpm() ruling {
	for _, only := range []string{"onlyBuiltDependencies", "onlyBuiltDependenciesFile"} {
		if s := p.lists[only]; s != nil {
			return ruling{Blocked, s}
		}
	}
	if len(p.allow) > 0 {
		return ruling{Blocked, p.allow[0]}
	}
	if s := p.lists["neverBuiltDependencies"]; s != nil {
		return ruling{Runs, s}
	}
	if p.client == pnpm9 {
		return ruling{Runs, nil}
	}
	return ruling{Blocked, nil}
}

// matching is the first statement that names the package, whatever version or
// this one. No client takes wildcards here.
func matching(list []*Statement, name, version string) *Statement {
	for _, s := range list {
		if s.Name == name || version != "" && s.Name == name+"@"+version {
			return s
		}
	}
	return nil
}

//go:embed buntrusted.txt
var bunTrustedText string

// bunTrusts are names that Bun trusts by itself.
var bunTrusts = func() map[string]bool {
	out := map[string]bool{}
	for line := range strings.Lines(bunTrustedText) {
		if line = strings.TrimSpace(line); line != "" && line[0] != '#' {
			out[line] = true
		}
	}
	return out
}()

// Scripts reports whether the lifecycle scripts of an installed package of a
// registry run in this project. Packages of the repository itself (workspaces)
// are another matter: theirs run everywhere but under ignore-scripts.
func (s Settings) Scripts(name, version string) ScriptPolicy {
	clients, by := s.clients(), ""
	if len(s.Managers) == 1 {
		by = s.Managers[0].String()
	} else if clients != 0 {
		by = strings.Join(clients.names(), " or ")
	}
	if clients == 0 {
		clients = everyone
	}
	root := s.root()
	out := ScriptPolicy{By: by}
	first := true
	clients.each(func(one client) {
		p := policyOf(root, one, true)
		r := p.decide(name, version)
		if first {
			out.State, out.Decided, first = r.state, r.by, false
			return
		}
		if r.state != out.State {
			out.State, out.Decided = Unknown, nil
		}
		if out.Decided != nil && r.by != out.Decided {
			out.Decided = nil
		}
	})
	if out.State != Runs && by != "" {
		out.Allow, out.AllowIn = allowLine(clients, out.Decided, name)
	}
	return out
}

// root are the statements of the outermost folder that has any.
func (s *Settings) root() []*Statement {
	shortest := ""
	for i := range s.Statements {
		if dir := s.Statements[i].dir; i == 0 || depth(dir) < depth(shortest) {
			shortest = dir
		}
	}
	var out []*Statement
	for i := range s.Statements {
		if s.Statements[i].dir == shortest {
			out = append(out, &s.Statements[i])
		}
	}
	return out
}

func depth(dir string) int {
	if dir == "." {
		return 0
	}
	return 1 + strings.Count(dir, "/")
}

// allowLine is how the newest of the clients is told to run a package's
// scripts.
func allowLine(clients client, decided *Statement, name string) (line, file string) {
	if decided != nil && decided.Topic == "ignore-scripts" {
		return switchOff(decided), decided.File
	}
	switch {
	case clients&^npms == 0:
		return `"allowScripts": {"` + name + `": true}`, "package.json"
	case clients&^pnpm9 == 0:
		return `"pnpm": {"onlyBuiltDependencies": ["` + name + `"]}`, "package.json"
	case clients&^pnpm10 == 0:
		return "onlyBuiltDependencies: [" + quoted(name) + "]", "pnpm-workspace.yaml"
	case clients&^pnpms == 0:
		return "allowBuilds: {" + quoted(name) + ": true}", "pnpm-workspace.yaml"
	case clients&^(berries) == 0:
		return `"dependenciesMeta": {"` + name + `": {"built": true}}`, "package.json"
	case clients == bun:
		return `"trustedDependencies": ["` + name + `"]`, "package.json"
	}
	return "", ""
}

// switchOff is a line that takes back a flag, in the grammar of its file.
func switchOff(s *Statement) string {
	switch path.Base(s.File) {
	case "bunfig.toml":
		return s.Key + " = false"
	case ".yarnrc":
		return s.Key + " false"
	case ".npmrc":
		return s.Key + "=false"
	}
	return s.Key + ": false"
}

func quoted(name string) string {
	if strings.HasPrefix(name, "@") {
		return `"` + name + `"`
	}
	return name
}
