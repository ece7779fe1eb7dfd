package issue

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"hash/crc32"
	"path"
	"regexp"
	"strings"
	"unicode/utf8"

	"github.com/lockwarden/lockwarden/analyzer/archive"
	"github.com/lockwarden/lockwarden/analyzer/javascript"
)

// Find is something that lies in a package's files, whatever its scripts do: a
// token, a repository's folder, a file that is not what its name says.
type Find struct {
	// Kind is the name of the issue that it makes, in its category:
	// "secret/token".
	Kind string
	File string
	Line int
	// What says what it is; it never holds a secret.
	What     string
	Contexts javascript.Context
}

// maxFinds bounds what is kept of one kind.
const maxFinds = 20

// finder collects what lies in a package.
type finder struct {
	contexts func(file string) javascript.Context
	counts   map[string]int
	out      []Find
}

func (d *finder) add(kind string, f *archive.File, offset int, what string) {
	if d.counts[kind]++; d.counts[kind] > maxFinds {
		return
	}
	line := 1
	if offset > 0 {
		line += bytes.Count(f.Data()[:offset], []byte("\n"))
	}
	d.out = append(d.out, Find{Kind: kind, File: f.Path, Line: line, What: what, Contexts: d.contexts(f.Path)})
}

// Inspect looks into all files of a package. contexts tells when a file's code
// can run.
// disguised are the scripts that are loaded by the name of something else.
func Inspect(pkg *archive.Package, contexts func(file string) javascript.Context, disguised []javascript.FileUse) []Find {
	d := &finder{contexts: contexts, counts: map[string]int{}}
	for i := range disguised {
		line, _ := disguised[i].Position()
		d.out = append(d.out, Find{Kind: "code/type-mismatch", File: disguised[i].File(), Line: line, Contexts: disguised[i].Contexts(),
			What: "a script under the name of another kind of file, loaded here: " + disguised[i].Path})
	}
	for _, f := range pkg.Files {
		d.leftovers(f)
		d.mismatch(f)
		if f.Kind != archive.Text || f.Len() == 0 {
			continue
		}
		d.tokens(f)
		d.credentials(f)
		if javascript.IsScript(f.Path) {
			d.payloads(f)
			if f.Size > oversizedScript {
				d.add("code/oversized", f, 0, fmt.Sprintf("a script of %d MB", f.Size/1e6))
			}
		}
	}
	d.collisions(pkg)
	if pkg.Expanded > oversizedPackage && len(pkg.Files) > 0 {
		d.out = append(d.out, Find{Kind: "code/oversized", File: "package.json", Line: 1, What: fmt.Sprintf("%d MB in %d files", pkg.Expanded/1e6, len(pkg.Files))})
	}
	return d.out
}

// collisions are files that have each other's name on some systems. Those that
// may be loaded come first, since not all are kept.
func (d *finder) collisions(pkg *archive.Package) {
	twins := pkg.Twins()
	for _, first := range []bool{true, false} {
		for _, t := range twins {
			contexts := d.contexts(t.File.Path) | d.contexts(t.Other)
			loads := contexts&^javascript.Unreachable != 0 || (mayLoad(t.File.Path) || mayLoad(t.Other)) && !isTestPath(t.File.Path)
			if loads != first {
				continue
			}
			kind := "code/name-collision"
			if !loads {
				kind += "/idle"
			}
			d.add(kind, t.File, 0, t.Other+" and "+t.File.Path)
		}
	}
}

// mayLoad tells by its name whether Node or npm may load a file without that a
// script names its extension.
func mayLoad(name string) bool {
	name = strings.ToLower(name)
	switch path.Ext(name) {
	case ".json", ".node", ".wasm", ".gyp", ".gypi", ".sh", ".bat", ".cmd", ".ps1", ".py":
		return true
	}
	return javascript.IsScript(name)
}

// What is unusually large, in bytes: the largest script of the 1,842 package
// versions in bench/corpus has 9.3 MB (typescript).
const (
	oversizedScript  = 20e6
	oversizedPackage = 300e6
)

// leftovers are files that belong to a developer's machine.
func (d *finder) leftovers(f *archive.File) {
	base := path.Base(f.Path)
	for _, folder := range []string{".git", ".svn", ".hg"} {
		_, inside, ok := strings.Cut("/"+f.Path, "/"+folder+"/")
		if !ok {
			continue
		}
		// Tests of git tools bring repositories of their own. One place is
		// enough to tell.
		if first := inside == "config" || inside == "hgrc" || inside == "wc.db"; first && !isTestPath(f.Path) {
			d.add("secret/vcs-artifacts", f, 0, "the folder "+folder+" of a repository")
		}
		return
	}
	if base == ".npmrc" {
		if i := bytes.Index(f.Data(), []byte("_authToken=")); i >= 0 {
			value, _, _ := bytes.Cut(f.Data()[i+len("_authToken="):], []byte("\n"))
			if !placeholder(strings.TrimSpace(string(value))) {
				d.add("secret/vcs-artifacts", f, i, "an .npmrc with a token")
			}
		}
	}
	if isEnvironmentFile(base) {
		d.environment(f)
	}
}

// isEnvironmentFile keeps .env and .env.production, not the examples beside
// them.
func isEnvironmentFile(base string) bool {
	if base != ".env" && !strings.HasPrefix(base, ".env.") {
		return false
	}
	for _, part := range strings.Split(strings.ToLower(base), ".") {
		switch part {
		case "example", "sample", "template", "dist", "defaults", "default", "schema", "vault", "test", "spec", "js", "ts", "mjs", "cjs", "json", "md":
			return false
		}
	}
	return true
}

var environmentLine = regexp.MustCompile(`(?m)^\s*(?:export\s+)?([A-Za-z_][A-Za-z0-9_]*)\s*=\s*["']?([^"'\n#]*)`)

func (d *finder) environment(f *archive.File) {
	data := f.Data()
	for _, m := range environmentLine.FindAllSubmatchIndex(data, 200) {
		name, value := string(data[m[2]:m[3]]), strings.TrimSpace(string(data[m[4]:m[5]]))
		if secretName(name) && len(value) >= 8 && !placeholder(value) {
			d.add("secret/env-file", f, m[2], "a value for "+name)
		}
	}
}

// secretName reports whether a variable's name says that its value is a secret.
func secretName(name string) bool {
	name = strings.ToUpper(name)
	for _, word := range []string{"PUBLIC", "PUBLISHABLE", "VITE_", "REACT_APP_"} {
		if strings.Contains(name, word) {
			return false
		}
	}
	for _, word := range []string{"SECRET", "TOKEN", "PASSWORD", "PASSWD", "API_KEY", "APIKEY", "ACCESS_KEY", "PRIVATE_KEY"} {
		if strings.Contains(name, word) {
			return true
		}
	}
	return false
}

// placeholder reports whether a value stands for one that the reader puts in.
func placeholder(value string) bool {
	lower := strings.ToLower(value)
	for _, word := range []string{"your", "xxx", "example", "changeme", "change_me", "change-me", "placeholder", "dummy", "fake", "sample", "todo", "replace", "insert", "test", "secret", "password", "token", "****", "...", "1234567890", "abcdef", "deadbeef", "foo", "bar"} {
		if strings.Contains(lower, word) {
			return true
		}
	}
	if value == "" || strings.ContainsAny(value, "<>{}$%") {
		return true
	}
	// One character again and again.
	return strings.Count(value, value[:1])*2 > len(value)
}

// token is a kind of access token with a form that can be checked.
type token struct {
	// prefix is in every such token, to find candidates fast.
	prefix string
	form   *regexp.Regexp
	what   string
	check  func(string) bool
}

// The forms of tokens, from their makers' documents.
// Sources: https://github.blog/engineering/platform-security/behind-githubs-new-authentication-token-formats/,
// https://docs.npmjs.com/about-access-tokens, https://docs.gitlab.com/security/tokens/,
// https://docs.stripe.com/keys, https://api.slack.com/concepts/token-types,
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_identifiers.html
var tokens = []token{
	{"npm_", regexp.MustCompile(`\bnpm_[A-Za-z0-9]{36}\b`), "an npm token", checksummed},
	{"ghp_", regexp.MustCompile(`\bghp_[A-Za-z0-9]{36}\b`), "a GitHub token", checksummed},
	{"gho_", regexp.MustCompile(`\bgho_[A-Za-z0-9]{36}\b`), "a GitHub OAuth token", checksummed},
	{"ghs_", regexp.MustCompile(`\bghs_[A-Za-z0-9]{36}\b`), "a GitHub App's token", checksummed},
	{"ghu_", regexp.MustCompile(`\bghu_[A-Za-z0-9]{36}\b`), "a GitHub user's token", checksummed},
	{"github_pat_", regexp.MustCompile(`\bgithub_pat_[A-Za-z0-9]{22}_[A-Za-z0-9]{59}\b`), "a GitHub fine-grained token", nil},
	{"glpat-", regexp.MustCompile(`\bglpat-[A-Za-z0-9_-]{20}\b`), "a GitLab token", nil},
	{"xox", regexp.MustCompile(`\bxox[bp]-[0-9]{10,13}-[0-9]{10,13}-[A-Za-z0-9-]{24,40}\b`), "a Slack token", nil},
	{"sk_live_", regexp.MustCompile(`\b[sr]k_live_[A-Za-z0-9]{24,99}\b`), "a Stripe live key", nil},
	{"rk_live_", regexp.MustCompile(`\brk_live_[A-Za-z0-9]{24,99}\b`), "a Stripe live key", nil},
	{"SG.", regexp.MustCompile(`\bSG\.[A-Za-z0-9_-]{22}\.[A-Za-z0-9_-]{43}\b`), "a SendGrid key", nil},
	{"sk-ant-", regexp.MustCompile(`\bsk-ant-(?:api|admin)[0-9]{2}-[A-Za-z0-9_-]{80,110}\b`), "an Anthropic key", nil},
	{"T3BlbkFJ", regexp.MustCompile(`\bsk-[A-Za-z0-9_-]{20,90}T3BlbkFJ[A-Za-z0-9_-]{20,90}\b`), "an OpenAI key", nil},
	{":AA", regexp.MustCompile(`\b[0-9]{8,10}:AA[A-Za-z0-9_-]{33}\b`), "a Telegram bot's token", nil},
	{"AKIA", regexp.MustCompile(`\bAKIA[A-Z2-7]{16}\b`), "an AWS access key with its secret", nil},
}

var amazonSecret = regexp.MustCompile(`["'=:\s]([A-Za-z0-9/+]{40})["'\s,;]`)

func (d *finder) tokens(f *archive.File) {
	for i := range tokens {
		t := &tokens[i]
		if !f.MayHave(t.prefix) {
			continue
		}
		data := f.Data()
		for from := 0; ; {
			at := bytes.Index(data[from:], []byte(t.prefix))
			if at < 0 {
				break
			}
			at += from
			from = at + len(t.prefix)
			// The form may begin before the prefix: 123456:AA…
			start := max(0, at-100)
			loc := t.form.FindIndex(data[start:min(len(data), at+220)])
			if loc == nil || start+loc[0] > at || start+loc[1] < from {
				continue
			}
			found := string(data[start+loc[0] : start+loc[1]])
			if t.check != nil && !t.check(found) || t.check == nil && placeholder(strings.TrimPrefix(found, t.prefix)) || !varied(found) {
				continue // a checksum says more than a word that happens to be in it
			}
			if t.prefix == "AKIA" && !amazonSecret.Match(data[at:min(len(data), at+400)]) {
				continue
			}
			d.add("secret/token", f, at, t.what)
			from = start + loc[1]
		}
	}
}

// varied reports whether a text looks drawn by chance: examples repeat
// themselves.
func varied(s string) bool {
	seen := map[rune]bool{}
	for _, r := range s {
		seen[r] = true
	}
	return len(seen) >= 14
}

const base62 = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"

// checksummed checks the last six characters of a GitHub or npm token: the
// CRC-32 of what stands between prefix and checksum, in base 62.
func checksummed(token string) bool {
	_, body, ok := strings.Cut(token, "_")
	if !ok || len(body) != 36 {
		return false
	}
	sum := crc32.ChecksumIEEE([]byte(body[:30]))
	var want [6]byte
	for i := 5; i >= 0; i-- {
		want[i] = base62[sum%62]
		sum /= 62
	}
	return string(want[:]) == body[30:]
}

var urlCredentials = regexp.MustCompile(`\b[a-z][a-z0-9+.-]{1,20}://([A-Za-z0-9._~%+-]{1,64}):([^\s/@"'` + "`" + `<>{}$\\]{4,128})@([A-Za-z0-9.-]+\.[A-Za-z]{2,})`)

// credentials are users and passwords in URLs, outside tests and documents.
func (d *finder) credentials(f *archive.File) {
	if isTestPath(f.Path) || !f.MayHave("://") || isTestFile(f.Path) {
		return
	}
	data := f.Data()
	for from := 0; ; {
		at := bytes.Index(data[from:], []byte("://"))
		if at < 0 {
			return
		}
		at += from
		from = at + 3
		rest := data[from:min(len(data), from+220)]
		if i := bytes.IndexAny(rest, "@/ \n\"'"); i < 0 || rest[i] != '@' {
			continue
		}
		start := max(0, at-21)
		m := urlCredentials.FindSubmatch(data[start:min(len(data), at+320)])
		if m == nil || isDocumentLine(data, at) {
			continue
		}
		user, password, host := strings.ToLower(string(m[1])), string(m[2]), strings.ToLower(string(m[3]))
		switch user {
		case "user", "username", "usr", "u", "foo", "name", "login", "me", "myuser", "admin", "root", "postgres", "john", "jane", "alice", "bob", "scott", "a", "auth", "key":
			continue
		}
		if placeholder(password) || password == user || len(password) < 6 || strings.HasPrefix(strings.ToLower(password), "pass") || strings.HasPrefix(strings.ToLower(password), "pwd") || isExampleHost(host) {
			continue
		}
		d.add("secret/url-credentials", f, at, "a user and a password for "+host)
	}
}

// isDocumentLine reports whether an offset is in a comment, as far as its line
// shows.
func isDocumentLine(data []byte, at int) bool {
	start := bytes.LastIndexByte(data[:at], '\n') + 1
	line := bytes.TrimSpace(data[start:at])
	return bytes.HasPrefix(line, []byte("*")) || bytes.HasPrefix(line, []byte("//")) || bytes.HasPrefix(line, []byte("/*")) || bytes.HasPrefix(line, []byte("#"))
}

func isExampleHost(host string) bool {
	for _, end := range []string{"example", "test", "invalid", "localhost", "local"} {
		if strings.HasSuffix(host, "."+end) {
			return true
		}
	}
	for _, word := range []string{"example.", "host.", "hostname", "server.", "domain.", "foo.", "bar.", "myserver", "proxy.", "mysite", "website", "company.", "corp."} {
		if strings.HasPrefix(host, word) || strings.Contains(host, "."+word) {
			return true
		}
	}
	return false
}

func isTestFile(file string) bool {
	base := strings.ToLower(path.Base(file))
	return strings.Contains(base, ".test.") || strings.Contains(base, ".spec.") || strings.HasPrefix(base, "test") || strings.HasPrefix(base, "spec")
}

// minPayload is the length of an encoded text that is worth decoding, in
// bytes.
const minPayload = 800

// payloads are scripts in base64 or hex inside a script. Source maps and data
// URLs of other types, pictures and WebAssembly are none.
func (d *finder) payloads(f *archive.File) {
	data := f.Data()
	for from := 0; from+minPayload <= len(data); {
		// A run that is long enough covers the whole window: from its end back,
		// the first other character shows where to go on.
		at := from + minPayload - 1
		for at >= from && isEncoded(data[at]) {
			at--
		}
		if at >= from {
			from = at + 1
			continue
		}
		start, end := from, from+minPayload
		for end < len(data) && isEncoded(data[end]) {
			end++
		}
		from = end + 1
		if bytes.HasSuffix(data[:start], []byte("base64,")) {
			continue
		}
		if text, ok := decodeText(data[start:min(end, start+1<<16)]); ok && looksLikeScript(text) {
			d.add("code/encoded-payload", f, start, fmt.Sprintf("%d characters that decode to a script", end-start))
		}
	}
}

func isEncoded(c byte) bool {
	return c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c == '+' || c == '/' || c == '='
}

// decodeText decodes base64 or hex to a text that people could read.
func decodeText(encoded []byte) ([]byte, bool) {
	encoded = bytes.TrimRight(encoded, "=")
	raw := make([]byte, hex.DecodedLen(len(encoded)))
	n, err := hex.Decode(raw, encoded[:len(encoded)/2*2])
	if err != nil {
		raw = make([]byte, base64.RawStdEncoding.DecodedLen(len(encoded)))
		if n, err = base64.RawStdEncoding.Decode(raw, encoded[:len(encoded)/4*4]); err != nil {
			return nil, false
		}
	}
	raw = raw[:n]
	// The end may be in the middle of a character.
	for cut := 0; cut < utf8.UTFMax && len(raw) > 0 && !utf8.Valid(raw); cut++ {
		raw = raw[:len(raw)-1]
	}
	if !utf8.Valid(raw) {
		return nil, false
	}
	for _, c := range raw {
		if c < 9 || c > 13 && c < 32 {
			return nil, false
		}
	}
	return raw, len(raw) > 0
}

func looksLikeScript(text []byte) bool {
	words := 0
	for _, word := range []string{"function", "require(", "=>", "const ", "var ", "return", "process.", "module", "eval(", "import "} {
		if bytes.Contains(text, []byte(word)) {
			words++
		}
	}
	return words >= 3 && bytes.ContainsAny(text, ";{")
}

// readable is the part of a file's end that people could read.
func readable(data []byte) []byte {
	start := len(data)
	for start > 0 {
		if c := data[start-1]; c >= 0x7f || c < 9 || c > 13 && c < 32 {
			break
		}
		start--
	}
	return data[start:]
}

// magics are how files of a kind begin, by extension.
var magics = map[string][]string{
	".png": {"\x89PNG"}, ".jpg": {"\xff\xd8\xff"}, ".jpeg": {"\xff\xd8\xff"}, ".gif": {"GIF8"}, ".webp": {"RIFF"}, ".ico": {"\x00\x00\x01\x00", "\x00\x00\x02\x00"},
	".woff": {"wOFF"}, ".woff2": {"wOF2"}, ".ttf": {"\x00\x01\x00\x00", "true", "OTTO", "ttcf"}, ".otf": {"OTTO", "\x00\x01\x00\x00"}, ".pdf": {"%PDF"}, ".wasm": {"\x00asm"},
	".mp3": {"ID3", "\xff\xfb", "\xff\xf3", "\xff\xf2"}, ".mp4": {"\x00\x00\x00"}, ".gz": {"\x1f\x8b"}, ".zip": {"PK"},
}

// mismatch is a file whose content is not what its name says: a program under
// a text's name, code under a picture's.
func (d *finder) mismatch(f *archive.File) {
	ext := strings.ToLower(path.Ext(f.Path))
	program := f.Kind == archive.ELF || f.Kind == archive.PE || f.Kind == archive.MachO
	switch ext {
	case ".js", ".mjs", ".cjs", ".ts", ".json", ".md", ".txt", ".css", ".html", ".yml", ".yaml", ".svg", ".map":
		if program || f.Kind == archive.Archive && !isTestPath(f.Path) {
			d.add("code/type-mismatch", f, 0, "a text by its name, a program or archive by its content")
		}
		return
	}
	begins, ok := magics[ext]
	if !ok || f.Len() < 16 {
		return
	}
	data := f.Data()
	for _, begin := range begins {
		if bytes.HasPrefix(data, []byte(begin)) {
			end := f.Tail
			if len(end) == 0 {
				end = data
			}
			if looksLikeScript(readable(end)) {
				d.add("code/type-mismatch", f, 0, "a script behind the end of a "+strings.TrimPrefix(ext, ".")+" file")
			}
			return
		}
	}
	switch {
	case program:
		d.add("code/type-mismatch", f, 0, "a program under the name of another kind of file")
	case f.Kind == archive.Text && looksLikeScript(data):
		d.add("code/type-mismatch", f, 0, "a script under the name of another kind of file")
	}
}
