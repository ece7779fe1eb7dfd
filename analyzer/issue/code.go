package issue

import (
	"slices"
	"sort"
	"strings"

	"github.com/lockwarden/lockwarden/analyzer/behavior"
	"github.com/lockwarden/lockwarden/analyzer/javascript"
)

// files is an issue of a behavior that whole files show.
func (in *Input) files(severity Severity, id string) []Issue {
	b := in.Behavior(id)
	if b == nil {
		return nil
	}
	seen := map[string]bool{}
	var what []string
	for _, e := range b.Evidence {
		say := e.Snippet
		if e.Line > 0 {
			say = e.File
		}
		if !seen[say] && len(what) < 5 {
			seen[say] = true
			what = append(what, say)
		}
	}
	return detailed(severity, map[string]string{"what": clip(strings.Join(what, ", "))}, b.Evidence[:min(len(b.Evidence), 20)]...)
}

func codeNativeBinary(in *Input) []Issue { return in.files(Low, "payload/native-binary") }
func codeWasmBinary(in *Input) []Issue   { return in.files(Low, "payload/wasm-binary") }

// reached is an issue of a behavior's evidence in code that may run; code that
// nothing reaches, such as a test's fixture, is said two steps lower.
func (in *Input) reached(severity Severity, evidence []behavior.Evidence, detail map[string]string) []Issue {
	var kept, rest []behavior.Evidence
	for _, e := range evidence {
		if e.Contexts&^javascript.Unreachable != 0 && !isTestPath(e.File) {
			kept = append(kept, e)
		} else {
			rest = append(rest, e)
		}
	}
	if len(kept) == 0 {
		kept, severity = rest, min(severity+2, Info)
	}
	if len(kept) == 0 {
		return nil
	}
	return detailed(severity, detail, kept[:min(len(kept), 20)]...)
}

func (in *Input) evidenceOf(id string) []behavior.Evidence {
	if b := in.Behavior(id); b != nil {
		return b.Evidence
	}
	return nil
}

// codeObfuscated: a script whose writer did not want it read. Minified and
// bundled code is not meant.
func codeObfuscated(in *Input) []Issue {
	return in.reached(High, in.evidenceOf("packer/obfuscated"), nil)
}

// codeHiddenCharacters: characters that nobody sees, code off the screen.
func codeHiddenCharacters(in *Input) []Issue {
	return in.reached(High, append(in.evidenceOf("evasion/invisible-text"), in.evidenceOf("evasion/off-screen-code")...), nil)
}

// codeEncodedPayload: a script, encoded, as a text inside a script. Where it
// only stands in a function that somebody calls, it is mostly a worker that a
// bundler put in line.
func codeEncodedPayload(in *Input) []Issue {
	list := in.finds("code/encoded-payload")
	if len(list) == 0 {
		return nil
	}
	severity := Low
	for _, e := range list {
		switch {
		case e.Contexts&javascript.Install != 0:
			severity = High
		case e.Contexts&^javascript.Unreachable != 0 && !isTestPath(e.File):
			severity = min(severity, Medium)
		}
	}
	return one(severity, list...)
}

// harmlessModules tell nothing when their names are hidden: a bundler's way to
// keep a name from another bundler.
var harmlessModules = map[string]bool{"url": true, "path": true, "util": true, "assert": true, "buffer": true, "events": true, "querystring": true, "punycode": true, "string_decoder": true, "timers": true, "perf_hooks": true, "constants": true, "tty": true, "stream": true, "module": true}

// codeHiddenModuleLoad: a built-in module loaded under a hidden name.
func codeHiddenModuleLoad(in *Input) []Issue {
	var evidence []behavior.Evidence
	seen := map[string]bool{}
	var names []string
	for _, e := range in.evidenceOf("evasion/hidden-module-name") {
		root, _, _ := strings.Cut(strings.TrimPrefix(e.API, "globalThis."), ".")
		if harmlessModules[root] {
			continue
		}
		evidence = append(evidence, e)
		if api := behavior.Spoken(e.API); !seen[api] && len(names) < 5 {
			seen[api] = true
			names = append(names, api)
		}
	}
	sort.Strings(names)
	return in.reached(High, evidence, map[string]string{"names": strings.Join(names, ", ")})
}

// codeDecodeAndExecute: decoded data reaches an executor. What is decoded from
// a constant of the package was hidden in it; what a caller hands over may be
// anything.
func codeDecodeAndExecute(in *Input) []Issue {
	hidden := append(in.evidenceOf("trait/decoded-constant-run"), in.evidenceOf("trait/odd-file-run")...)
	hidden = slices.DeleteFunc(hidden, func(e behavior.Evidence) bool { return !followed(e) })
	if len(hidden) > 0 {
		severity := High
		if in.large() && !slices.ContainsFunc(hidden, isNear) {
			severity = Medium
		}
		return in.reached(severity, hidden, nil)
	}
	evidence := in.evidenceOf("evasion/decode-and-execute")
	severity := Low
	if burnt := in.undecoded(); len(burnt) > 0 {
		return in.reached(High, burnt, nil)
	}
	for _, e := range evidence {
		if e.Contexts&javascript.Install != 0 && e.Certainty == javascript.Certain {
			severity = High
		}
	}
	return in.reached(severity, evidence, nil)
}

// undecoded are the places at which decoding a script took more than it may, in
// code that runs by itself: whatever is hidden there would have been found.
func (in *Input) undecoded() []behavior.Evidence {
	if in.Contents == nil {
		return nil
	}
	var out []behavior.Evidence
	for _, b := range in.Contents.Blind {
		if b.Decoding() && b.Contexts&(javascript.Install|javascript.Launch) != 0 {
			out = append(out, behavior.Evidence{File: b.File, Line: b.Line, Column: 1, Snippet: clip(b.What), Contexts: b.Contexts})
		}
	}
	return out
}

// codeEmbeddedExecutable: a program in a text. An archive there may be no more
// than an empty document.
func codeEmbeddedExecutable(in *Input) []Issue {
	var programs, archives []behavior.Evidence
	for _, e := range in.evidenceOf("payload/embedded-executable") {
		if strings.HasPrefix(e.Snippet, "zip archive") {
			archives = append(archives, e)
		} else {
			programs = append(programs, e)
		}
	}
	if len(programs) == 0 {
		return in.reached(Low, archives, nil)
	}
	return in.reached(High, append(programs, archives...), nil)
}

// finds are the places of one kind that lie in the package's files.
func (in *Input) finds(kind string) []behavior.Evidence {
	if in.Contents == nil {
		return nil
	}
	var out []behavior.Evidence
	for i := range in.Contents.Finds {
		f := &in.Contents.Finds[i]
		if f.Kind == kind {
			out = append(out, behavior.Evidence{File: f.File, Line: f.Line, Column: 1, Snippet: f.What, Contexts: f.Contexts})
		}
	}
	return out
}

// found is an issue of what lies in the package's files; in its tests it is
// two steps less severe.
func (in *Input) found(kind string, severity Severity) []Issue {
	list := in.finds(kind)
	if len(list) > 0 && !slices.ContainsFunc(list, func(e behavior.Evidence) bool { return !isTestPath(e.File) }) {
		severity = min(severity+2, Info)
	}
	return named(severity, list)
}

// named is an issue that names some of its evidence.
func named(severity Severity, list []behavior.Evidence) []Issue {
	if len(list) == 0 {
		return nil
	}
	seen := map[string]bool{}
	var what []string
	for _, e := range list {
		if !seen[e.Snippet] && len(what) < 5 {
			seen[e.Snippet] = true
			what = append(what, e.Snippet)
		}
	}
	return detailed(severity, map[string]string{"what": clip(strings.Join(what, ", "))}, list...)
}

// codeTypeMismatch: a file that is not what its name says; code under a
// picture's name is there to be overlooked.
func codeTypeMismatch(in *Input) []Issue {
	severity := Low
	for _, e := range in.finds("code/type-mismatch") {
		if strings.HasPrefix(e.Snippet, "a script") {
			severity = Medium
		}
	}
	return in.found("code/type-mismatch", severity)
}

// codeNameCollision: files of which one replaces the other on macOS or Windows,
// or is found there under a name that it does not have here. Documents that
// nobody loads are that in a few ordinary packages.
func codeNameCollision(in *Input) []Issue {
	if loaded := in.finds("code/name-collision"); loaded != nil {
		return named(Medium, loaded)
	}
	return named(Low, in.finds("code/name-collision/idle"))
}

func codeOversized(in *Input) []Issue        { return in.found("code/oversized", Low) }
func secretToken(in *Input) []Issue          { return in.found("secret/token", High) }
func secretEnvFile(in *Input) []Issue        { return in.found("secret/env-file", High) }
func secretURLCredentials(in *Input) []Issue { return in.found("secret/url-credentials", Medium) }
func secretVCSArtifacts(in *Input) []Issue   { return in.found("secret/vcs-artifacts", Medium) }
