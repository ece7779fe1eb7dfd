package behavior

import (
	"path"
	"regexp"
	"strings"

	"github.com/lockwarden/lockwarden/analyzer/javascript"
)

// Checks on the paths of files that code opens.

// isFileAPI reports whether an API takes the path of a file.
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

var credentialFiles = regexp.MustCompile(`(^|/|\x{fffc})(\.ssh(/(id_[a-z0-9]+|config|known_hosts|authorized_keys|.*\.pem|\x{fffc}.*)?)?|\.aws/(credentials|config)|\.aws|\.git-credentials|\.netrc|_netrc|\.docker/config\.json|\.kube/config|\.kube|\.config/gcloud(/.*)?|gcloud/(credentials\.db|application_default_credentials\.json)|\.azure/(accessTokens|azureProfile|msal_token_cache)\.json|\.pypirc|\.pgpass|\.my\.cnf|\.gnupg(/.*)?|\.vault-token|\.terraform\.d/credentials\.tfrc\.json|\.config/gh/hosts\.yml|\.m2/settings\.xml|\.cargo/credentials(\.toml)?|\.password-store(/.*)?|etc/shadow|proc/(self|thread-self|[0-9]+|\x{fffc})/environ)$`)

// credentialFile is a file in which a tool keeps its user's credentials. An
// .npmrc counts while the package is installed; npm's own clients read it at
// other times.
func credentialFile(_ *matcher, u *javascript.Use, p string) bool {
	if strings.HasSuffix(p, ".npmrc") {
		return u.Contexts()&javascript.Install != 0
	}
	return credentialFiles.MatchString(p)
}

// fromCredentialFile reports whether what a use sends was read from such a file,
// or from a browser's or a wallet's.
func fromCredentialFile(m *matcher, u *javascript.Use) bool {
	for i := range u.Flows {
		for _, text := range u.Flows[i].SourceTexts {
			p := strings.ReplaceAll(text, `\`, "/")
			if strings.HasSuffix(p, ".npmrc") || credentialFiles.MatchString(p) || browserFiles.MatchString(p) || walletFiles.MatchString(p) {
				return true
			}
		}
	}
	return false
}

// fromOddFile reports whether what is run was read from a file of a kind that
// holds no code.
func fromOddFile(m *matcher, u *javascript.Use) bool {
	file := m.c.marks["file"]
	if hasOwnWords(u) {
		return false
	}
	for i := range u.Flows {
		if u.Flows[i].Marks&file == 0 {
			continue
		}
		for _, text := range u.Flows[i].SourceTexts {
			switch strings.ToLower(path.Ext(text)) {
			case ".png", ".jpg", ".jpeg", ".gif", ".webp", ".ico", ".svg", ".bmp", ".woff", ".woff2", ".ttf", ".otf", ".map", ".md", ".css", ".dat", ".bin", ".log", ".mp3", ".mp4", ".pdf", ".lock":
				return true
			}
		}
	}
	return false
}

var browserFiles = regexp.MustCompile(`(^|/)(Login Data|Login Data For Account|Web Data|Local State|Cookies|key[34]\.db|logins\.json|cookies\.sqlite|places\.sqlite)$|(Google/Chrome|BraveSoftware/Brave-Browser|Microsoft/Edge|Chromium|Vivaldi|Yandex/YandexBrowser|Opera Software/Opera Stable|google-chrome)/(User Data|Default|Profile )|Firefox/Profiles|\.mozilla/firefox|Local Extension Settings|Application Support/(Google/Chrome|Firefox)/?$|Cookies\.binarycookies|(^|/)[Dd]iscord(canary|ptb|development)?/(Local Storage|leveldb)|Telegram Desktop/tdata|(Slack|Signal|WhatsApp)/(Local Storage|IndexedDB|sql|config\.json)`)

func browserFile(_ *matcher, _ *javascript.Use, p string) bool { return browserFiles.MatchString(p) }

var walletFiles = regexp.MustCompile(`(^|/)(wallet\.dat|\.electrum(/.*)?|Electrum/wallets(/.*)?|\.bitcoin|Exodus(/exodus\.wallet.*)?|exodus\.wallet(/.*)?|\.ethereum/keystore(/.*)?|Ethereum/keystore(/.*)?|\.config/solana/id\.json|solana/id\.json|atomic/Local Storage(/.*)?|Ledger Live(/.*)?|com\.liberty\.jaxx(/.*)?|Coinomi/.*wallets.*|\.sui/.*keystore.*|Guarda/Local Storage(/.*)?)$`)

func walletFile(_ *matcher, _ *javascript.Use, p string) bool { return walletFiles.MatchString(p) }

var memoryFiles = regexp.MustCompile(`^/proc/.+/mem$|^/dev/(mem|kmem)$`)

func processMemory(_ *matcher, _ *javascript.Use, p string) bool { return memoryFiles.MatchString(p) }

var startUpFiles = regexp.MustCompile(`(^|/|\x{fffc})(Library/Launch(Agents|Daemons)/.+|LaunchAgents/.+|etc/systemd/system/.+|\.config/systemd/user/.+|\.config/autostart/.+|etc/init\.d/.+|etc/cron[^/]*/.+|etc/rc\.local|Start Menu/Programs/Start[Uu]p/.+|var/spool/cron/.+)`)

func startUpFile(_ *matcher, _ *javascript.Use, p string) bool { return startUpFiles.MatchString(p) }

// shellFiles are read by every shell that a person opens.
var shellFiles = regexp.MustCompile(`(^|/|\x{fffc})(\.(bashrc|bash_profile|bash_login|profile|zshrc|zprofile|zshenv|zlogin|kshrc)|\.config/fish/.+|etc/(profile(\.d/.+)?|bash\.bashrc|zsh/.+|environment|ld\.so\.preload))$`)

func shellFile(_ *matcher, _ *javascript.Use, p string) bool { return shellFiles.MatchString(p) }

// workflowFiles are what build servers run.
var workflowFiles = regexp.MustCompile(`(^|/|\x{fffc})(\.github/workflows/.+\.ya?ml|\.gitlab-ci\.yml|\.circleci/config\.yml|Jenkinsfile|azure-pipelines\.yml|bitbucket-pipelines\.yml|\.drone\.yml|\.travis\.yml)$`)

func workflowFile(_ *matcher, _ *javascript.Use, p string) bool { return workflowFiles.MatchString(p) }

// otherPackages are files of other packages in the same installation.
var otherPackages = regexp.MustCompile(`(^|/|\x{fffc})(node_modules/[^/\x{fffc}]+/.+|(\.\./)+(@[^/]+/)?[a-z0-9][^/\x{fffc}]*/.+\.[cm]?js)$`)

// otherPackage keeps changes of other packages' files: not of this one's own
// folder, nor of its scope, where its parts are. What is only read from there, to
// be copied, does not change.
func otherPackage(m *matcher, u *javascript.Use) bool {
	last := u.API[strings.LastIndexAny(u.API, ".#")+1:]
	to := u.Arg(0)
	switch strings.TrimSuffix(last, "Sync") {
	case "copyFile", "cp", "copy", "symlink", "rename":
		to = u.Arg(1)
	}
	own := m.in.Manifest.Name
	if scope, _, scoped := strings.Cut(own, "/"); scoped {
		own = scope
	}
	for _, text := range to.Texts() {
		p := strings.ReplaceAll(text, `\`, "/")
		if isFileAPI(u.API) && len(p) < 512 && otherPackages.MatchString(p) && !strings.HasPrefix(p, javascript.PackageRoot) &&
			!strings.Contains(p, "node_modules/"+own+"/") && !strings.Contains(p, "node_modules/.") {
			return true
		}
	}
	return false
}

// accessFiles say who may enter a machine and what they may do there.
var accessFiles = regexp.MustCompile(`(^|/|\x{fffc})(\.ssh/authorized_keys2?|etc/(sudoers(\.d/.+)?|passwd|shadow|ssh/sshd_config))$`)

func accessFile(_ *matcher, _ *javascript.Use, p string) bool { return accessFiles.MatchString(p) }

// walletAddresses are those of Bitcoin and of Ethereum and its kin.
// Sources: BIP 173, EIP 55.
var walletAddresses = regexp.MustCompile(`^(0x[0-9a-fA-F]{40}|[13][1-9A-HJ-NP-Za-km-z]{25,34}|bc1[02-9ac-hj-np-z]{11,71}|T[1-9A-HJ-NP-Za-km-z]{33})$`)

// walletAddress keeps what hands on a constant address to pay to.
func walletAddress(_ *matcher, u *javascript.Use) bool {
	for _, text := range u.Arg(0).Texts() {
		if walletAddresses.MatchString(text) {
			return true
		}
	}
	return false
}

// writtenOver keeps writes of a constant, or of nothing, to files whose names came
// from a listing: what stood in them is lost. A file of a name of its own in each
// listed folder is none.
func writtenOver(m *matcher, u *javascript.Use) bool {
	if !strings.Contains(u.API, "truncate") && !u.Arg(1).Constant() {
		return false
	}
	p := u.Arg(0)
	if p.Carries()&m.c.marks["listed"] == 0 {
		return false
	}
	for _, text := range p.Texts() {
		if !strings.HasSuffix(text, hole) {
			return false
		}
	}
	return true
}

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
// deleted or written again.
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
