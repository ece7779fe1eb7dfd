package behavior

import (
	"regexp"
	"strings"

	"github.com/lockwarden/lockwarden/analyzer/archive"
	"github.com/lockwarden/lockwarden/analyzer/javascript"
	"github.com/lockwarden/lockwarden/analyzer/shell"
)

// checks are the conditions that a map cannot say: true where the use counts.
var checks = map[string]func(*matcher, *javascript.Use) bool{
	"listed":                   listed,
	"npmrc-file":               npmrcFile,
	"home-or-root":             homeOrRoot,
	"not-return-this":          notReturnThis,
	"string-argument":          stringArgument,
	"direct-where-unreachable": directWhereUnreachable,
	"dns-name-with-data":       dnsNameWithData,
	"outside-package":          outsidePackage,
	"security-file":            securityFile,
	"credential-file":          pathCheck(credentialFile),
	"browser-file":             pathCheck(browserFile),
	"wallet-file":              pathCheck(walletFile),
	"process-memory":           pathCheck(processMemory),
	"start-up-file":            pathCheck(startUpFile),
	"git-hook-file":            pathCheck(gitHookFile),
	"editor-file":              pathCheck(editorFile),
	"foreign-manifest":         foreignManifest,
	"own-file":                 ownFile,
	"secrets-of-others":        secretsOfOthers,
	"key-not-from-environment": keyNotFromEnvironment,
	"traced":                   traced,
	"sends":                    sends,
	"constant-host":            constantHost,
	"more-than-home":           moreThanHome,
	"decoded-constant":         decodedConstant,
	"from-credential-file":     fromCredentialFile,
	"from-odd-file":            fromOddFile,
	"registry-put":             registryPut,
	"decoded-program":          decodedProgram,
	"decrypted-program":        decryptedProgram,
	"fetched-program":          fetchedProgram,
	"access-file":              pathCheck(accessFile),
	"shell-file":               pathCheck(shellFile),
	"workflow-file":            pathCheck(workflowFile),
	"other-package":            otherPackage,
	"wallet-address":           walletAddress,
	"written-over":             writtenOver,
	"not-a-callback":           notACallback,
	"against-debugger":         againstDebugger,
	"detached-too":             detachedToo,
	"silenced":                 silenced,
	"built-in-replaced":        builtInReplaced,
	"constant-place":           constantPlace,
	"on-install":               onInstall,
}

// listed is an enumeration that reads the values one by one, not the copy that
// is handed to a child process.
func listed(_ *matcher, u *javascript.Use) bool { return u.Arg(0).Is("list") }

// npmrcFile keeps reads of an .npmrc, and variables that hold a token.
func npmrcFile(_ *matcher, u *javascript.Use) bool {
	if u.Kind == javascript.UseRead {
		return true
	}
	for _, text := range u.Arg(0).Texts() {
		if strings.HasSuffix(text, ".npmrc") {
			return true
		}
	}
	return false
}

// homeOrRoot reports whether what is removed is somebody's home folder or the
// root of the disk itself, not something deep below it.
func homeOrRoot(_ *matcher, u *javascript.Use) bool {
	v := u.Arg(0)
	for _, api := range []string{"os.homedir#", "process.env.HOME", "process.env.USERPROFILE"} {
		if v.MayBeAPI(api) {
			return true
		}
	}
	for _, text := range v.Texts() {
		switch text {
		case "/", "/*", "/home", "/root", "/Users", "~", "~/", "C:\\", "C:/", "\ufffc/", "\ufffc/*":
			return true
		}
	}
	return false
}

// codes are behaviors found by Go.
var codes = map[string]func(*matcher, *stanza){
	"install-script":         installScript,
	"gated-destruction":      gatedDestruction,
	"gated-message":          gatedMessage,
	"lifecycle-runs-program": lifecycleRunsProgram,
	"bundled-binary-run":     bundledBinaryRun,
	"background":             background,
	"native-module":          nativeModule,
	"secret-patterns":        secretPatterns,
	"hidden-module-name":     hiddenModuleName,
	"virtual-machine-names":  virtualMachine,
	"gated-execution":        gatedExecution,
	"off-screen-code":        offScreenCode,
	"invisible-text":         invisibleText,
	"minified":               minified,
	"obfuscated":             obfuscated,
	"bundle":                 bundled,
	"native-binary":          nativeBinary,
	"wasm-binary":            wasmBinary,
	"shipped-archive":        shippedArchive,
	"other-script":           otherScript,
	"embedded-executable":    embeddedExecutable,
	"download-and-execute":   downloadAndExecute,
	"lifecycle-download":     lifecycleDownload,
	"shell-download":         shellDownload,
	"shell-data-sent":        shellDataSent,
	"foreign-network":        foreignNetwork,
	"decoded-by-shell":       decodedByShell,
	"macro-file":             macroFile,
	"macro-auto-run":         macroAutoRun,
}

// notReturnThis leaves out Function('return this')(), the old way to the
// global object.
func notReturnThis(_ *matcher, u *javascript.Use) bool {
	if len(u.Args) == 0 {
		return u.Certainty != javascript.Certain
	}
	last := u.Arg(len(u.Args) - 1)
	text, ok := last.Text()
	if !ok || !last.Constant() {
		return true
	}
	switch strings.TrimSuffix(strings.TrimSpace(text), ";") {
	case "return this", "return this()", "":
		return false
	}
	return true
}

// directWhereUnreachable leaves out aliases in files that nothing loads.
func directWhereUnreachable(_ *matcher, u *javascript.Use) bool {
	return u.Contexts() != javascript.Unreachable || u.Direct()
}

func stringArgument(_ *matcher, u *javascript.Use) bool {
	v := u.Arg(0)
	if timedByChance(u) && !v.Constant() {
		return false
	}
	return len(v.Texts()) > 0 && !v.IsFunction()
}

func dnsNameWithData(_ *matcher, u *javascript.Use) bool {
	for _, text := range u.Arg(0).Texts() {
		i := strings.LastIndex(text, "\ufffc")
		if i < 0 {
			continue
		}
		if domain := text[i+len("\ufffc"):]; strings.Count(strings.Trim(domain, "."), ".") >= 1 {
			return true
		}
	}
	return false
}

// outsidePackage reports whether a path leads out of the package and its
// temporary files: to the user's home, the system, or other packages.
func outsidePackage(m *matcher, u *javascript.Use) bool {
	arg := 0
	switch u.API {
	case "fs.copyFile", "fs.copyFileSync", "fs.symlink", "fs.symlinkSync", "fs.rename", "fs.renameSync":
		arg = 1
	}
	v := u.Arg(arg)
	if user, ok := m.c.marks["user"]; ok && v.Marks()&user != 0 {
		return true
	}
	for _, text := range v.Texts() {
		if strings.HasPrefix(text, "/") && !strings.HasPrefix(text, javascript.PackageRoot) && !strings.HasPrefix(text, "/tmp") &&
			!strings.HasPrefix(text, "/dev/") && !strings.HasPrefix(text, "/proc/") && len(text) > 1 {
			return true
		}
	}
	return false
}

var securityFiles = regexp.MustCompile(`(^|/)\.(npmrc|yarnrc|yarnrc\.yml|gitconfig|bashrc|zshrc|bash_profile|profile|zprofile|ssh/config|ssh/authorized_keys|netrc)$`)

func securityFile(_ *matcher, u *javascript.Use) bool {
	for _, text := range u.Arg(0).Texts() {
		if securityFiles.MatchString(text) {
			return true
		}
	}
	return false
}

// installScript is a script that npm runs when it installs the package, or
// node-gyp for a binding.gyp that no install script speaks of.
// Source: https://docs.npmjs.com/cli/using-npm/scripts#npm-install
func installScript(m *matcher, s *stanza) {
	for _, name := range []string{"preinstall", "install", "postinstall"} {
		if script, ok := m.in.Manifest.Scripts[name]; ok && strings.TrimSpace(script.Command) != "" {
			m.add(s, Evidence{File: "package.json", Line: script.Line, Column: 1, Snippet: clip(name+": "+script.Command, nil),
				Contexts: javascript.Install, Chain: []string{"package.json scripts." + name}})
		}
	}
	if ImplicitGyp(m.in) {
		m.add(s, Evidence{File: "binding.gyp", Line: 1, Column: 1, Snippet: "node-gyp rebuild", Contexts: javascript.Install, Chain: []string{"binding.gyp"}})
	}
}

// ImplicitGyp reports whether npm runs node-gyp rebuild of its own accord.
func ImplicitGyp(in Input) bool {
	_, install := in.Manifest.Scripts["install"]
	_, preinstall := in.Manifest.Scripts["preinstall"]
	return in.Package.File("binding.gyp") != nil && !install && !preinstall && in.Manifest.Gypfile
}

// lifecycleRunsProgram is any program in a lifecycle script beyond the
// shell's own words.
func lifecycleRunsProgram(m *matcher, s *stanza) {
	for _, c := range m.in.Facts.Commands {
		if c.Program() == "" || c.Is(shell.RolePlain) && c.Is(shell.RoleHidden) {
			continue // the shell's own words
		}
		m.add(s, Evidence{File: c.File, Line: c.Line, Column: 1, Snippet: clip(c.Text, c.Words), Contexts: javascript.Install,
			Chain: []string{c.Begins(), c.Program()}})
	}
	if ImplicitGyp(m.in) {
		m.add(s, Evidence{File: "binding.gyp", Line: 1, Column: 1, Snippet: "node-gyp rebuild", Contexts: javascript.Install, Chain: []string{"binding.gyp", "node-gyp"}})
	}
}

func isProgram(f *archive.File) bool {
	return f != nil && (f.Kind == archive.ELF || f.Kind == archive.PE || f.Kind == archive.MachO)
}

// bundledBinaryRun is a program of the package's own that its code starts.
func bundledBinaryRun(m *matcher, s *stanza) {
	for i := range m.in.Facts.Files {
		f := &m.in.Facts.Files[i]
		if f.Started && isProgram(m.in.Package.File(f.Path)) {
			m.add(s, evidence(&f.Site, javascript.Certain, ""))
		}
	}
	for _, c := range m.in.Facts.Commands {
		if len(c.Words) > 0 && isProgram(m.in.Package.File(strings.TrimPrefix(c.Words[0], "./"))) {
			m.add(s, Evidence{File: c.File, Line: c.Line, Column: 1, Snippet: clip(c.Text, c.Words), Contexts: javascript.Install, Chain: []string{c.Begins()}})
		}
	}
}

// background is a command that the shell leaves running.
func background(m *matcher, s *stanza) {
	for _, started := range m.programs {
		if started.Background {
			m.addStarted(s, &started)
		}
	}
}

// nativeModule is a require of a compiled addon, shipped or built at install.
func nativeModule(m *matcher, s *stanza) {
	for i := range m.in.Facts.Files {
		f := &m.in.Facts.Files[i]
		if strings.HasSuffix(f.Path, ".node") {
			m.add(s, evidence(&f.Site, javascript.Certain, ""))
		}
	}
}

// secretWords are beginnings of keys and tokens that a search for secrets
// looks for.
var secretWords = []string{"AKIA", "ghp_", "xox[", "xoxb", "sk_live", "PRIVATE KEY", "AIza", "npm_[", "glpat-"}

// maxPattern is the longest text that may be a pattern of secrets: longer ones
// are data, in which the beginning of a key stands by chance.
const maxPattern = 2000

// secretPatterns is a script that lists folders and knows the shapes of
// several kinds of secrets, itself or from a script that it loads.
func secretPatterns(m *matcher, s *stanza) {
	list := m.found["file/enumerate"]
	if list == nil {
		return
	}
	kinds := map[string]map[string]bool{}
	first := map[string]*javascript.Text{}
	for i := range m.in.Facts.Texts {
		t := &m.in.Facts.Texts[i]
		if len(t.Value) > maxPattern {
			continue
		}
		for _, word := range secretWords {
			if strings.Contains(t.Value, word) {
				if kinds[t.File()] == nil {
					kinds[t.File()] = map[string]bool{}
					first[t.File()] = t
				}
				kinds[t.File()][word] = true
			}
		}
	}
	lists := map[string]bool{}
	report := func(file string) {
		if len(kinds[file]) >= 3 {
			m.add(s, evidence(&first[file].Site, javascript.Likely, ""))
		}
	}
	for _, e := range list.Evidence {
		lists[e.File] = true
		report(e.File)
	}
	for _, file := range m.in.Facts.LoadedBy(lists) {
		report(file)
	}
}
