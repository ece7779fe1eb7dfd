package settings

import (
	"regexp"
	"strings"
)

// variable is a line of an environment file whose name decides something here.
// Bun takes a key at the start of a line, which a lone carriage return begins
// too, with "=" or ":" behind it, even on a later line. In texts of several
// lines this finds more than Bun does, never less.
var variable = regexp.MustCompile(`(?:^|[\r\n])[ \t]*(?:export[ \t]+)?(` +
	`(?i:npm_config_\w+)|BUN_(?:CONFIG_REGISTRY|OPTIONS|INSTALL|INSTALL_CACHE_DIR)|(?i:https?_proxy|all_proxy)|` +
	`NODE_(?:OPTIONS|EXTRA_CA_CERTS|TLS_REJECT_UNAUTHORIZED)|PATH|BASH_ENV|LD_\w+|DYLD_\w+|GIT_(?:SSH\w*|ASKPASS|EXEC_PATH|CONFIG\w*|PROXY_COMMAND|TEMPLATE_DIR))\s*[=:][ \t]*([^\r\n]*)`)

// environment reads a file of variables that Bun takes in before it reads any
// setting, and hands to the scripts that it starts. Variables of the program
// itself are left alone.
func (r *reader) environment(text string) {
	text = strings.TrimPrefix(text, "\ufeff")
	for _, at := range variable.FindAllStringSubmatchIndex(text, -1) {
		key, value := text[at[2]:at[3]], strings.TrimSpace(text[at[4]:at[5]])
		if len(value) > 1 && strings.ContainsRune("\"'`", rune(value[0])) {
			if end := strings.IndexByte(value[1:], value[0]); end >= 0 {
				value = value[1 : end+1]
			}
		}
		r.variable(key, value, 1+strings.Count(text[:at[2]], "\n"))
	}
}

// variable says what one of them decides.
func (r *reader) variable(key, value string, line int) {
	switch lower := strings.ToLower(key); {
	case lower == "npm_config_registry" || key == "BUN_CONFIG_REGISTRY":
		r.registry(bun, "", key, value, line)
	case strings.HasSuffix(lower, "_proxy"):
		r.say(bun, "proxy", "", key, value, value, line)
	case key == "BUN_INSTALL_CACHE_DIR" || key == "BUN_INSTALL":
		r.say(bun, "cache-folder", "", key, value, value, line)
	case key == "NODE_EXTRA_CA_CERTS":
		r.say(bun, "authority", "", key, value, value, line)
	case key == "NODE_TLS_REJECT_UNAUTHORIZED":
		if value != "1" {
			r.say(bun, "strict-tls", "", key, "false", value, line)
		}
	case lower == "npm_config_ignore_scripts":
		r.say(bun, "ignore-scripts", "", key, flag(value, true), value, line)
	case lower == "npm_config_userconfig":
		r.say(bun, "user-settings", "", key, value, value, line)
	case strings.HasPrefix(lower, "npm_config_"):
		// What a secret is among these is not known.
		r.say(bun, "environment-variable", key, key, value, secret(value), line)
	default:
		r.say(bun, "environment-variable", key, key, value, value, line)
	}
}
