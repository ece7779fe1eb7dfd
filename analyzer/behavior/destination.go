package behavior

import (
	"regexp"
	"slices"
	"strings"

	"github.com/lockwarden/lockwarden/analyzer/javascript"
)

// Where data goes to.

var addressOfHost = regexp.MustCompile(`^(?:https?:|wss?:)?//([\w.-]+\.[\w-]+)(?:[:/?#]|$)`)

var hostName = regexp.MustCompile(`^[\w.-]+\.[\w-]+$`)

// thisMachine are addresses that lead nowhere else.
var thisMachine = regexp.MustCompile(`^(127\.|0\.0\.0\.0$)`)

// constantHosts are those that stand in what a request is made with.
func constantHosts(u *javascript.Use) []string {
	var out []string
	to := u.Arg(0)
	if u.API == "globalThis.XMLHttpRequest#open" {
		to = u.Arg(1)
	}
	for _, v := range []*javascript.Value{to, to.Property("url"), to.Property("baseURL")} {
		for _, text := range v.Texts() {
			if found := addressOfHost.FindStringSubmatch(text); found != nil && !thisMachine.MatchString(found[1]) {
				out = append(out, strings.ToLower(found[1]))
			}
		}
	}
	for _, name := range []string{"host", "hostname"} {
		for _, text := range to.Property(name).Texts() {
			if hostName.MatchString(text) && !thisMachine.MatchString(text) {
				out = append(out, strings.ToLower(text))
			}
		}
	}
	return out
}

// constantHost keeps what goes to a host that stands in the code, not to the
// page's own or one that a setting names.
func constantHost(m *matcher, u *javascript.Use) bool { return len(m.hostsOf(u)) > 0 }

// hostsOf are the constant hosts that a use sends to. Of a connection that was
// made before, they are those of all of the kind that the same file makes.
func (m *matcher) hostsOf(u *javascript.Use) []string {
	i := strings.IndexAny(u.API, "#@")
	if i < 0 || u.Kind == javascript.UseSet || strings.HasSuffix(u.API, "#open") {
		return constantHosts(u)
	}
	var out []string
	for j := range m.in.Facts.Uses {
		made := &m.in.Facts.Uses[j]
		if (made.API == u.API[:i] || made.API == u.API[:i]+"#open") && made.File() == u.File() {
			out = append(out, constantHosts(made)...)
		}
	}
	return out
}

// owners are the domains that a build's well-known secrets are for. What a
// package calls its own secrets tells nothing of where they belong.
var owners = []struct {
	variables, domains []string
}{
	{[]string{"NPM_TOKEN", "NODE_AUTH_TOKEN", "NPM_AUTH_TOKEN"}, []string{"npmjs.org", "npmjs.com", "npm.pkg.github.com", "yarnpkg.com", "jsr.io"}},
	{[]string{"GITHUB_TOKEN", "GH_TOKEN", "GITHUB_PAT", "ACTIONS_RUNTIME_TOKEN", "ACTIONS_ID_TOKEN_REQUEST_TOKEN"},
		[]string{"github.com", "githubusercontent.com", "githubcopilot.com", "github.ai", "ghcr.io", "ghe.com", "models.inference.ai.azure.com", "actions.githubusercontent.com"}},
	{[]string{"GITLAB_TOKEN", "CI_JOB_TOKEN"}, []string{"gitlab.com"}},
	// Services that take the same requests as S3 take the same variables.
	{[]string{"AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"}, []string{"amazonaws.com", "amazonaws.com.cn", "aws.amazon.com", "r2.cloudflarestorage.com",
		"digitaloceanspaces.com", "wasabisys.com", "backblazeb2.com", "storage.googleapis.com"}},
}

// sentToAnother reports whether a well-known secret goes to a host that stands in
// the code and is none of those that it is for.
func (m *matcher) sentToAnother(u *javascript.Use, variable string) bool {
	if strings.HasPrefix(u.API, "child_process.") {
		words := u.Arg(0).Texts()
		for _, arg := range u.Arg(1).Elements() {
			words = append(words, arg.Texts()...)
		}
		return foreign(variable, addressesIn(words))
	}
	return foreign(variable, m.hostsOf(u))
}

// foreign reports whether a variable holds a well-known secret that is for none of
// the hosts.
func foreign(variable string, hosts []string) bool {
	for _, o := range owners {
		if slices.Contains(o.variables, variable) {
			return len(hosts) > 0 && !slices.ContainsFunc(hosts, func(host string) bool {
				return slices.ContainsFunc(o.domains, func(domain string) bool { return namesHost(host, domain) })
			})
		}
	}
	return false
}
