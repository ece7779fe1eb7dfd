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
// page's own or one that a setting names. Of a connection that was made before
// the host is not asked.
func constantHost(_ *matcher, u *javascript.Use) bool {
	if strings.ContainsAny(u.API, "#@") && u.Kind != javascript.UseSet {
		return true
	}
	return len(constantHosts(u)) > 0
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
	{[]string{"AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"}, []string{"amazonaws.com", "amazonaws.com.cn", "aws.amazon.com"}},
}

// sentToAnother tells whether a well-known secret goes to a host that stands in
// the code and is none of those that it is for.
func sentToAnother(u *javascript.Use, variable string) bool {
	for _, o := range owners {
		if !slices.Contains(o.variables, variable) {
			continue
		}
		for _, host := range constantHosts(u) {
			if !slices.ContainsFunc(o.domains, func(domain string) bool { return namesHost(host, domain) }) {
				return true
			}
		}
	}
	return false
}
