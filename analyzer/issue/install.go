package issue

import (
	"path"
	"slices"
	"sort"
	"strings"

	"github.com/lockwarden/lockwarden/analyzer/behavior"
	"github.com/lockwarden/lockwarden/analyzer/javascript"
	"github.com/lockwarden/lockwarden/analyzer/npm"
	"github.com/lockwarden/lockwarden/analyzer/shell"
)

// LifecycleScripts are the scripts that installing the package runs, in order.
func (c *Contents) LifecycleScripts() []string {
	var out []string
	for _, name := range npm.Lifecycle(c.Git) {
		if s, ok := c.Manifest.Scripts[name]; ok && strings.TrimSpace(s.Command) != "" {
			out = append(out, name)
		}
	}
	return out
}

func (c *Contents) scriptEvidence(name string) behavior.Evidence {
	s := c.Manifest.Scripts[name]
	command := s.Command
	if len(command) > 180 {
		command = strings.ToValidUTF8(command[:180], "")
	}
	return behavior.Evidence{File: "package.json", Line: s.Line, Column: 1, Snippet: name + ": " + command,
		Chain: []string{"package.json scripts." + name}, Contexts: javascript.Install}
}

// commandEvidence is the script that a command belongs to, or where it is written.
func (c *Contents) commandEvidence(command *shell.Command) behavior.Evidence {
	if _, ok := c.Manifest.Scripts[command.Script]; ok {
		return c.scriptEvidence(command.Script)
	}
	return behavior.Evidence{File: command.File, Line: command.Line, Column: 1, Snippet: clip(strings.Join(command.Words, " ")),
		Chain: []string{command.Begins()}, Contexts: javascript.Install}
}

func (c *Contents) scriptsEvidence(names []string) []behavior.Evidence {
	var out []behavior.Evidence
	for _, name := range names {
		out = append(out, c.scriptEvidence(name))
	}
	return out
}

// inContext keeps the evidence of the behaviors that may run in a context.
func (in *Input) inContext(context javascript.Context, ids ...string) []behavior.Evidence {
	var out []behavior.Evidence
	seen := map[string]bool{}
	for _, id := range ids {
		b := in.Behavior(id)
		if b == nil || b.Contexts&context == 0 {
			continue
		}
		for _, e := range b.Evidence {
			key := e.File + "\x00" + e.Snippet
			if e.Contexts&context != 0 && !seen[key] && len(out) < 20 {
				seen[key] = true
				out = append(out, e)
			}
		}
	}
	sort.SliceStable(out, func(i, j int) bool {
		return out[i].File < out[j].File || out[i].File == out[j].File && out[i].Line < out[j].Line
	})
	return out
}

// installScriptAdded: an update brings a lifecycle script that the old
// version lacked. That is how most takeovers of npm packages ran their code.
func installScriptAdded(in *Input) []Issue {
	if in.Contents == nil || in.Old == nil {
		return nil
	}
	old := map[string]bool{}
	for _, name := range in.Old.LifecycleScripts() {
		old[name] = true
	}
	var added []string
	for _, name := range in.Contents.LifecycleScripts() {
		if !old[name] {
			added = append(added, name)
		}
	}
	evidence := in.Contents.scriptsEvidence(added)
	for _, s := range in.Contents.BundledScripts {
		if !slices.ContainsFunc(in.Old.BundledScripts, func(o javascript.BundledScript) bool { return o.File == s.File && o.Name == s.Name }) {
			added, evidence = append(added, s.Name+" of "+path.Dir(s.File)), append(evidence, bundledEvidence(s))
		}
	}
	switch {
	case len(added) > 0:
		return detailed(High, map[string]string{"scripts": strings.Join(added, ", ")}, evidence...)
	case in.Contents.ImplicitGyp && !in.Old.ImplicitGyp && len(old) == 0:
		return detailed(High, map[string]string{"scripts": "node-gyp rebuild (binding.gyp)"},
			behavior.Evidence{File: "binding.gyp", Line: 1, Column: 1, Chain: []string{"binding.gyp"}, Contexts: javascript.Install})
	}
	return nil
}

// installScriptChanged: its text or the files it runs changed.
func installScriptChanged(in *Input) []Issue {
	if in.Contents == nil || in.Old == nil {
		return nil
	}
	var changed, what []string
	for _, name := range in.Contents.LifecycleScripts() {
		before, ok := in.Old.Manifest.Scripts[name]
		if !ok {
			continue
		}
		if before.Command != in.Contents.Manifest.Scripts[name].Command {
			changed = append(changed, name)
			what = append(what, "scripts."+name)
		}
	}
	var evidence []behavior.Evidence
	evidence = append(evidence, in.Contents.scriptsEvidence(changed)...)
	files := make([]string, 0, len(in.Contents.LifecycleFiles))
	for file := range in.Contents.LifecycleFiles {
		files = append(files, file)
	}
	sort.Strings(files)
	for _, file := range files {
		if before, ok := in.Old.LifecycleFiles[file]; ok && before != in.Contents.LifecycleFiles[file] {
			what = append(what, file)
			evidence = append(evidence, behavior.Evidence{File: file, Line: 1, Column: 1, Contexts: javascript.Install})
		}
	}
	if len(what) == 0 {
		return nil
	}
	return detailed(Medium, map[string]string{"what": strings.Join(what, ", ")}, evidence...)
}

// installScript: a dependency has a lifecycle script. What it reaches is said
// by install/network, install/process and their like.
func installScript(in *Input) []Issue {
	if in.Contents == nil {
		return nil
	}
	names := in.Contents.LifecycleScripts()
	evidence := in.Contents.scriptsEvidence(names)
	for _, s := range in.Contents.BundledScripts {
		names, evidence = append(names, s.Name+" of "+path.Dir(s.File)), append(evidence, bundledEvidence(s))
	}
	if len(names) == 0 {
		return nil
	}
	severity := Low
	if in.Behavior("network/url-on-install") != nil && len(in.inContext(javascript.Install, networkBehaviors...)) > 0 {
		severity = Medium
	}
	return detailed(severity, map[string]string{"scripts": strings.Join(names, ", ")}, evidence...)
}

// bundledEvidence is the line of a script of a package in the tarball's
// node_modules.
func bundledEvidence(s javascript.BundledScript) behavior.Evidence {
	begins := s.File
	if path.Base(begins) == "package.json" {
		begins += " scripts." + s.Name
	}
	return behavior.Evidence{File: s.File, Line: s.Script.Line, Column: 1, Snippet: clip(s.Name + ": " + s.Script.Command), Chain: []string{begins}, Contexts: javascript.Install}
}

func installImplicitGyp(in *Input) []Issue {
	if in.Contents == nil || !in.Contents.ImplicitGyp {
		return nil
	}
	return one(Low, behavior.Evidence{File: "binding.gyp", Line: 1, Column: 1, Snippet: "node-gyp rebuild", Chain: []string{"binding.gyp"}, Contexts: javascript.Install})
}

var networkBehaviors = []string{"network/http-request", "network/tcp-connect", "network/tls-connect", "network/websocket", "network/http2", "network/udp",
	"network/dns-lookup", "network/dns-exfil", "network/download-to-file", "network/upload-file", "network/remote-session", "network/email-send", "network/browser-open"}

func installNetwork(in *Input) []Issue {
	evidence := in.inContext(javascript.Install, networkBehaviors...)
	if len(evidence) > 0 {
		hosts := in.installHosts(evidence)
		detail := map[string]string{"hosts": strings.Join(hosts, ", ")}
		if len(hosts) == 0 {
			detail["hosts"] = "an address put together at run time"
		}
		return detailed(Medium, detail, evidence...)
	}
	if in.Contents == nil {
		return nil
	}
	for _, c := range in.Contents.Commands {
		if c.Is(shell.RoleFetch) {
			return detailed(Low, map[string]string{"hosts": "the download location of " + c.Program()}, in.Contents.commandEvidence(&c))
		}
	}
	return nil
}

// installHosts are the hosts in URLs that install scripts hold, and in the
// commands among the evidence.
func (in *Input) installHosts(evidence []behavior.Evidence) []string {
	seen := map[string]bool{}
	var hosts []string
	add := func(url string) {
		if host := hostOf(url); host != "" && !seen[host] && len(hosts) < 5 {
			seen[host] = true
			hosts = append(hosts, host)
		}
	}
	for _, a := range in.Contents.Addresses {
		if a.Evidence.Contexts&javascript.Install != 0 {
			add(a.URL)
		}
	}
	for i := range evidence {
		if javascript.IsScript(evidence[i].File) {
			continue
		}
		for _, word := range strings.Fields(evidence[i].Snippet) {
			add(strings.Trim(word, `"'`))
		}
	}
	return hosts
}

// hostOf is the host of a URL, empty where it is put together at run time.
func hostOf(address string) string {
	_, rest, ok := strings.Cut(address, "://")
	if !ok {
		return ""
	}
	if i := strings.IndexAny(rest, "/?#"); i >= 0 {
		rest = rest[:i]
	}
	if i := strings.LastIndexByte(rest, '@'); i >= 0 {
		rest = rest[i+1:]
	}
	if strings.Contains(rest, "\ufffc") || rest == "" {
		return ""
	}
	host, _, _ := strings.Cut(rest, ":")
	return strings.ToLower(host)
}

func installProcess(in *Input) []Issue {
	evidence := in.inContext(javascript.Install, "execution/process-spawn", "execution/shell-command", "execution/bundled-binary-run")
	severity := Medium
	var programs []string
	seen := map[string]bool{}
	known := true
	if in.Contents != nil {
		for _, c := range in.Contents.Commands {
			program := c.Program()
			if program == "" || c.Is(shell.RoleHidden) {
				continue
			}
			if !seen[program] {
				seen[program] = true
				programs = append(programs, strings.ReplaceAll(program, shell.Hole, "…"))
				known = known && (c.Is(shell.RoleBuild) || c.InGyp() && !c.Is(shell.Interprets|shell.RoleDownload|shell.RoleSend))
				evidence = append(evidence, in.Contents.commandEvidence(&c))
			}
		}
	}
	if len(evidence) == 0 {
		return nil
	}
	if len(programs) > 0 && known && len(in.inContext(javascript.Install, "execution/process-spawn", "execution/shell-command")) == 0 {
		severity = Low
	}
	what := "other programs"
	if len(programs) > 0 {
		what = strings.Join(programs, ", ")
	}
	return detailed(severity, map[string]string{"programs": what}, evidence...)
}

// installShellDownload: a lifecycle script runs what it downloads: whoever
// controls the server runs code, today's or tomorrow's.
func installShellDownload(in *Input) []Issue {
	evidence := in.evidenceOf("trait/lifecycle-download")
	if len(evidence) == 0 {
		return nil
	}
	script := "install"
	if chain := evidence[0].Chain; len(chain) > 0 {
		script = strings.TrimPrefix(chain[0], "package.json scripts.") // or binding.gyp
	}
	return detailed(Critical, map[string]string{"script": script}, evidence...)
}

// installSensitiveRead: credential files, the whole environment one by one, or
// facts that identify the machine, read while the package is installed.
func installSensitiveRead(in *Input) []Issue {
	evidence := in.inContext(javascript.Install, "search/host-name", "search/network-interfaces", "search/hardware-id", "search/secrets-scan", "trait/environment-listed", "steal/credential-files")
	if len(evidence) == 0 {
		return nil
	}
	return one(Critical, evidence...)
}
