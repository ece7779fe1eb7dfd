package behavior

import (
	"path"
	"regexp"
	"strings"

	"github.com/lockwarden/lockwarden/analyzer/javascript"
)

// Checks on the paths of files that code opens.

// isFileAPI tells whether an API takes the path of a file.
func isFileAPI(api string) bool {
	for _, prefix := range []string{"fs.", "globalThis.Deno.", "globalThis.Bun.", "glob", "fast-glob", "write-file-atomic", "jsonfile"} {
		if strings.HasPrefix(api, prefix) {
			return true
		}
	}
	return false
}

// pathCheck makes a check of one on a path. Other uses of the same stanza
// count as they are.
func pathCheck(wanted func(m *matcher, u *javascript.Use, path string) bool) func(*matcher, *javascript.Use) bool {
	return func(m *matcher, u *javascript.Use) bool {
		if !isFileAPI(u.API) {
			return true
		}
		for i := range min(len(u.Args), 2) {
			for _, text := range u.Arg(i).Texts() {
				if len(text) < 512 && wanted(m, u, strings.ReplaceAll(text, `\`, "/")) {
					return true
				}
			}
		}
		return false
	}
}

var credentialFiles = regexp.MustCompile(`(^|/|\x{fffc})(\.ssh(/(id_[a-z0-9]+|config|known_hosts|authorized_keys|.*\.pem|\x{fffc}.*)?)?|\.aws/(credentials|config)|\.aws|\.git-credentials|\.netrc|_netrc|\.docker/config\.json|\.kube/config|\.kube|\.config/gcloud(/.*)?|gcloud/(credentials\.db|application_default_credentials\.json)|\.azure/(accessTokens|azureProfile|msal_token_cache)\.json|\.pypirc|\.pgpass|\.my\.cnf|\.gnupg(/.*)?|\.vault-token|\.terraform\.d/credentials\.tfrc\.json|\.config/gh/hosts\.yml|\.m2/settings\.xml|\.cargo/credentials(\.toml)?|\.password-store(/.*)?|etc/shadow)$`)

// credentialFile is a file in which a tool keeps its user's credentials. An
// .npmrc counts while the package is installed; npm's own clients read it at
// other times.
func credentialFile(_ *matcher, u *javascript.Use, p string) bool {
	if strings.HasSuffix(p, ".npmrc") {
		return u.Contexts()&javascript.Install != 0
	}
	return credentialFiles.MatchString(p)
}

// fromCredentialFile tells whether what a use sends was read from such a file,
// or from a browser's or a wallet's.
func fromCredentialFile(m *matcher, u *javascript.Use) bool {
	for i := range u.Flows {
		p := strings.ReplaceAll(u.Flows[i].SourceText, `\`, "/")
		if p == "" {
			continue
		}
		if strings.HasSuffix(p, ".npmrc") || credentialFiles.MatchString(p) || browserFiles.MatchString(p) || walletFiles.MatchString(p) {
			return true
		}
	}
	return false
}

// fromOddFile tells whether what is run was read from a file of a kind that
// holds no code.
func fromOddFile(m *matcher, u *javascript.Use) bool {
	file := m.c.marks["file"]
	for i := range u.Flows {
		if f := &u.Flows[i]; f.Marks&file != 0 {
			switch strings.ToLower(path.Ext(f.SourceText)) {
			case ".png", ".jpg", ".jpeg", ".gif", ".webp", ".ico", ".svg", ".bmp", ".woff", ".woff2", ".ttf", ".otf", ".map", ".md", ".css", ".dat", ".bin", ".log", ".mp3", ".mp4", ".pdf", ".lock":
				return true
			}
		}
	}
	return false
}

var browserFiles = regexp.MustCompile(`(^|/)(Login Data|Login Data For Account|Web Data|Local State|Cookies|key[34]\.db|logins\.json|cookies\.sqlite|places\.sqlite)$|(Google/Chrome|BraveSoftware/Brave-Browser|Microsoft/Edge|Chromium|Vivaldi|Yandex/YandexBrowser|Opera Software/Opera Stable|google-chrome)/(User Data|Default|Profile )|Firefox/Profiles|\.mozilla/firefox|Local Extension Settings|Application Support/(Google/Chrome|Firefox)/?$|Cookies\.binarycookies`)

func browserFile(_ *matcher, _ *javascript.Use, p string) bool { return browserFiles.MatchString(p) }

var walletFiles = regexp.MustCompile(`(^|/)(wallet\.dat|\.electrum(/.*)?|Electrum/wallets(/.*)?|\.bitcoin|Exodus(/exodus\.wallet.*)?|exodus\.wallet(/.*)?|\.ethereum/keystore(/.*)?|Ethereum/keystore(/.*)?|\.config/solana/id\.json|solana/id\.json|atomic/Local Storage(/.*)?|Ledger Live(/.*)?|com\.liberty\.jaxx(/.*)?|Coinomi/.*wallets.*|\.sui/.*keystore.*|Guarda/Local Storage(/.*)?)$`)

func walletFile(_ *matcher, _ *javascript.Use, p string) bool { return walletFiles.MatchString(p) }

var memoryFiles = regexp.MustCompile(`^/proc/.+/mem$|^/dev/(mem|kmem)$`)

func processMemory(_ *matcher, _ *javascript.Use, p string) bool { return memoryFiles.MatchString(p) }

var startUpFiles = regexp.MustCompile(`(^|/|\x{fffc})(Library/Launch(Agents|Daemons)/.+|LaunchAgents/.+|etc/systemd/system/.+|\.config/systemd/user/.+|\.config/autostart/.+|etc/init\.d/.+|etc/cron[^/]*/.+|etc/rc\.local|Start Menu/Programs/Start[Uu]p/.+|var/spool/cron/.+)`)

func startUpFile(_ *matcher, _ *javascript.Use, p string) bool { return startUpFiles.MatchString(p) }

var gitHookFiles = regexp.MustCompile(`(^|/|\x{fffc})(\.git/hooks/.+|\.husky/[^/]+)$`)

func gitHookFile(_ *matcher, _ *javascript.Use, p string) bool { return gitHookFiles.MatchString(p) }

var editorFiles = regexp.MustCompile(`(^|/|\x{fffc})(\.vscode/(tasks|settings|launch|extensions|mcp)\.json|\.cursor/.+|\.cursorrules|CLAUDE\.md|AGENTS\.md|GEMINI\.md|\.claude(/.+|\.json)|\.windsurf/.+|\.windsurfrules|\.codeium/.+|claude_desktop_config\.json|\.mcp\.json|copilot-instructions\.md|\.idea/.+|\.continue/.+)$`)

func editorFile(_ *matcher, _ *javascript.Use, p string) bool { return editorFiles.MatchString(p) }

// foreignManifest is a write of a package.json that is not the package's own.
func foreignManifest(m *matcher, u *javascript.Use) bool {
	return pathCheck(func(_ *matcher, u *javascript.Use, p string) bool {
		return path.Base(p) == "package.json" && !strings.HasPrefix(p, javascript.PackageRoot)
	})(m, u)
}

// ownFile is the script that runs, or the package's own package.json, that is
// deleted or written anew.
func ownFile(_ *matcher, u *javascript.Use) bool {
	for i := range min(len(u.Args), 2) {
		for _, text := range u.Arg(i).Texts() {
			if text == javascript.PackageRoot+"/"+u.File() {
				return true
			}
			if text == javascript.PackageRoot+"/package.json" && (i == 1 || !strings.Contains(u.API, "copy") && !strings.Contains(u.API, "rename")) {
				return true
			}
		}
	}
	return false
}
