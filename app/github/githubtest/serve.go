package githubtest

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/golang-jwt/jwt/v4"
)

// object is a JSON object.
type object map[string]any

// call is one request with what is known of who makes it.
type call struct {
	g *GitHub
	r *http.Request
	// app is set for the App itself, installation for one of its tokens.
	app          bool
	installation *Installation
	// user is who signed in with the token.
	user *User
	repo *Repository
	body []byte
}

// answer is a status with a JSON value or raw bytes.
type answer struct {
	status int
	value  any
	raw    []byte
	header map[string]string
}

func refuse(status int, message string) answer {
	return answer{status: status, value: object{"message": message, "documentation_url": "https://docs.github.com/rest"}}
}

// route is one operation of the API.
type route struct {
	// need is the App's permission, such as "checks:write"; "installation" any
	// installation's token; "app" is the App's
	// own token, "" none.
	need string
	do   func(*call) answer
}

var routes = map[string]route{
	"GET /app": {"app", getApp},
	"POST /app/installations/{installation_id}/access_tokens":           {"app", createToken},
	"GET /app/hook/deliveries":                                          {"app", listDeliveries},
	"POST /app/hook/deliveries/{delivery_id}/attempts":                  {"app", redeliver},
	"POST /app-manifests/{code}/conversions":                            {"", convertManifest},
	"GET /app/hook/config":                                              {"app", getHookConfig},
	"GET /app/installations":                                            {"app", listInstallations},
	"GET /user":                                                         {"", getUser},
	"GET /repos/{owner}/{repo}":                                         {"metadata:read", getRepository},
	"GET /installation/repositories":                                    {"installation", listInstalled},
	"GET /repos/{owner}/{repo}/pulls":                                   {"pull_requests:read", listPulls},
	"GET /repos/{owner}/{repo}/pulls/{pull_number}":                     {"pull_requests:read", getPull},
	"GET /repos/{owner}/{repo}/pulls/{pull_number}/files":               {"pull_requests:read", listPullFiles},
	"GET /repos/{owner}/{repo}/commits/{commit_sha}/pulls":              {"pull_requests:read", commitPulls},
	"GET /repos/{owner}/{repo}/compare/{basehead}":                      {"contents:read", compare},
	"GET /repos/{owner}/{repo}/contents/{path...}":                      {"contents:read", getContents},
	"GET /repos/{owner}/{repo}/git/trees/{tree_sha}":                    {"contents:read", getTree},
	"GET /repos/{owner}/{repo}/git/blobs/{file_sha}":                    {"contents:read", getBlob},
	"GET /repos/{owner}/{repo}/issues/{issue_number}/comments":          {"issues:read", listComments},
	"POST /repos/{owner}/{repo}/issues/{issue_number}/comments":         {"issues:write", createComment},
	"GET /repos/{owner}/{repo}/issues/comments/{comment_id}":            {"issues:read", getComment},
	"PATCH /repos/{owner}/{repo}/issues/comments/{comment_id}":          {"issues:write", updateComment},
	"POST /repos/{owner}/{repo}/issues/comments/{comment_id}/reactions": {"issues:write", createReaction},
	"GET /repos/{owner}/{repo}/pulls/{pull_number}/comments":            {"pull_requests:read", listOnLines},
	"GET /repos/{owner}/{repo}/pulls/{pull_number}/reviews":             {"pull_requests:read", listReviews},
	"POST /repos/{owner}/{repo}/pulls/comments/{comment_id}/reactions":  {"pull_requests:write", createLineReaction},
	"GET /repos/{owner}/{repo}/collaborators/{username}/permission":     {"metadata:read", getPermission},
	"POST /repos/{owner}/{repo}/check-runs":                             {"checks:write", createRun},
	"PATCH /repos/{owner}/{repo}/check-runs/{check_run_id}":             {"checks:write", updateRun},
	"GET /repos/{owner}/{repo}/check-runs/{check_run_id}":               {"checks:read", getRun},
	"GET /repos/{owner}/{repo}/commits/{ref}/check-runs":                {"checks:read", listRuns},
}

// find returns the route of a request, the one with most literal steps first:
// GitHub's own paths overlap, which a ServeMux refuses.
func find(r *http.Request) (pattern string, values map[string]string) {
	have := strings.Split(strings.Trim(r.URL.Path, "/"), "/")
	best := -1
	for p := range routes {
		method, path, _ := strings.Cut(p, " ")
		if method != r.Method {
			continue
		}
		found, literal, ok := map[string]string{}, 0, true
		want := strings.Split(strings.Trim(path, "/"), "/")
		for i, step := range want {
			name, rest := strings.CutSuffix(strings.Trim(step, "{}"), "...")
			switch {
			case i >= len(have):
				ok = false
			case rest:
				found[name] = strings.Join(have[i:], "/")
			case strings.HasPrefix(step, "{"):
				found[name] = have[i]
			case step == have[i]:
				literal++
			default:
				ok = false
			}
		}
		if ok && (len(want) == len(have) || strings.HasSuffix(path, "...}")) && literal > best {
			best, pattern, values = literal, p, found
		}
	}
	return pattern, values
}

// ServeHTTP implements http.Handler.
func (g *GitHub) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	r.URL.Path = strings.TrimPrefix(r.URL.Path, "/api/v3")
	if strings.HasPrefix(r.URL.Path, "/login/oauth/") {
		g.oauth(w, r)
		return
	}
	time.Sleep(time.Duration(g.distance.Load()))
	if r.URL.Path == "/graphql" || r.URL.Path == "/api/graphql" {
		g.graphql(w, r)
		return
	}
	if g.sendOn(w, r) {
		return
	}
	if g.limited(w, r) {
		return
	}
	f := g.fault(r)
	if f != nil {
		time.Sleep(f.Delay)
		if f.Hold != nil {
			f.Hold()
		}
		if !f.Pass && !f.After {
			g.fail(w, r, f)
			return
		}
	}
	body, err := io.ReadAll(io.LimitReader(r.Body, 10<<20))
	if err != nil {
		return
	}
	// What the request changes is to be seen from now on, not from when its answer
	// is written.
	at := g.Now()
	a, pattern := g.answer(r, body)
	if f != nil && f.After && !f.Pass {
		g.fail(w, r, f)
		return
	}
	g.mu.Lock()
	checker := g.checker
	g.requests = append(g.requests, Request{r.Method, r.URL.RequestURI(), a.status, time.Now()})
	noted := len(g.requests) - 1
	g.mu.Unlock()
	payload := a.raw
	contentType := "application/vnd.github.raw+json; charset=utf-8"
	if a.raw == nil && a.value != nil {
		contentType = "application/json; charset=utf-8"
		payload, err = json.Marshal(a.value)
		if err != nil {
			panic(err)
		}
		if checker != nil && pattern != "" {
			var problems []string
			payload, problems = checker.Check(r, body, pattern, a.status, payload)
			g.mu.Lock()
			g.problems = append(g.problems, problems...)
			g.mu.Unlock()
		}
	}
	h := w.Header()
	h.Set("Content-Type", contentType)
	h.Set("Date", at.UTC().Format(http.TimeFormat))
	h.Set("X-GitHub-Media-Type", "github.v3; format=json")
	h.Set("X-RateLimit-Limit", "5000")
	h.Set("X-RateLimit-Remaining", "4990")
	h.Set("X-RateLimit-Reset", strconv.FormatInt(time.Now().Add(time.Hour).Unix(), 10))
	for k, v := range a.header {
		h.Set(k, v)
	}
	if r.Method == http.MethodGet && a.status == http.StatusOK {
		tag := `"` + hash("etag", payload) + `"`
		h.Set("ETag", tag)
		if r.Header.Get("If-None-Match") == tag {
			g.mu.Lock()
			g.requests[noted].Status = http.StatusNotModified
			g.mu.Unlock()
			w.WriteHeader(http.StatusNotModified)
			return
		}
	}
	w.WriteHeader(a.status)
	_, _ = w.Write(payload)
}

// sendOn answers requests for a name that a repository had before, and reads
// paths by number, to which it sends them.
// Source: https://docs.github.com/rest/using-the-rest-api/best-practices-for-using-the-rest-api#follow-redirects
func (g *GitHub) sendOn(w http.ResponseWriter, r *http.Request) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	steps := strings.SplitN(strings.TrimPrefix(r.URL.Path, "/"), "/", 4)
	switch {
	case steps[0] == "repositories" && len(steps) > 1:
		rest := strings.SplitN(r.URL.Path, "/", 4)
		for _, repo := range g.repositories {
			if strconv.FormatInt(repo.ID, 10) == steps[1] {
				r.URL.Path = "/repos/" + repo.Path()
				if len(rest) > 3 {
					r.URL.Path += "/" + rest[3]
				}
			}
		}
	case steps[0] == "repos" && len(steps) > 2:
		old := strings.ToLower(steps[1] + "/" + steps[2])
		to := g.moved[old]
		if to == nil || g.repositories[old] != nil {
			return false
		}
		target := *r.URL
		target.Path = fmt.Sprintf("/api/v3/repositories/%d", to.ID)
		if len(steps) > 3 {
			target.Path += "/" + steps[3]
		}
		status := http.StatusMovedPermanently
		if r.Method != http.MethodGet {
			status = http.StatusTemporaryRedirect
		}
		w.Header().Set("Location", g.server.URL+target.RequestURI())
		w.WriteHeader(status)
		return true
	}
	return false
}

func (g *GitHub) fail(w http.ResponseWriter, r *http.Request, f *Fault) {
	g.mu.Lock()
	g.requests = append(g.requests, Request{r.Method, r.URL.RequestURI(), f.Status, time.Now()})
	g.mu.Unlock()
	if f.Status == 0 {
		if c, _, err := http.NewResponseController(w).Hijack(); err == nil {
			_ = c.Close()
		}
		return
	}
	for k, v := range f.Header {
		w.Header().Set(k, v)
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(f.Status)
	text := f.Body
	if text == "" {
		text = `{"message":"the server is ill"}`
	}
	_, _ = io.WriteString(w, text)
}

// answer finds the route, checks who asks, and runs it.
func (g *GitHub) answer(r *http.Request, body []byte) (a answer, pattern string) {
	pattern, values := find(r)
	route, ok := routes[pattern]
	if !ok {
		return refuse(http.StatusNotFound, "Not Found"), ""
	}
	for name, value := range values {
		r.SetPathValue(name, value)
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	c := &call{g: g, r: r, body: body}
	if a, ok := c.authenticate(); !ok {
		return a, pattern
	}
	switch {
	case route.need == "":
	case route.need == "installation":
		if c.installation == nil {
			return refuse(http.StatusUnauthorized, "Requires authentication"), pattern
		}
	case route.need == "app":
		if !c.app {
			return refuse(http.StatusUnauthorized, "A JSON web token could not be decoded"), pattern
		}
	default:
		if a, ok := c.authorize(route.need); !ok {
			return a, pattern
		}
	}
	return route.do(c), pattern
}

func (c *call) authenticate() (answer, bool) {
	header := c.r.Header.Get("Authorization")
	if header == "" {
		return answer{}, true
	}
	_, credential, _ := strings.Cut(header, " ")
	if strings.HasPrefix(credential, "ghs_") {
		t, ok := c.g.tokens[credential]
		if !ok || c.g.Now().After(t.expires) {
			return refuse(http.StatusUnauthorized, "Bad credentials"), false
		}
		c.installation = c.g.installations[t.installation]
		if c.installation == nil {
			return refuse(http.StatusUnauthorized, "Bad credentials"), false
		}
		if c.installation.Suspended {
			return refuse(http.StatusForbidden, "This installation has been suspended"), false
		}
		return answer{}, true
	}
	if strings.HasPrefix(credential, "ghu_") {
		if c.user = c.g.people[credential]; c.user == nil {
			return refuse(http.StatusUnauthorized, "Bad credentials"), false
		}
		return answer{}, true
	}
	claims := jwt.RegisteredClaims{}
	_, err := jwt.ParseWithClaims(credential, &claims, func(t *jwt.Token) (any, error) {
		if t.Method != jwt.SigningMethodRS256 {
			return nil, fmt.Errorf("the algorithm is %s", t.Method.Alg())
		}
		return &c.g.key.PublicKey, nil
	})
	if err != nil || claims.Issuer != strconv.FormatInt(c.g.AppID, 10) {
		return refuse(http.StatusUnauthorized, "A JSON web token could not be decoded"), false
	}
	c.app = true
	return answer{}, true
}

// authorize finds the repository and asks for the permission.
func (c *call) authorize(need string) (answer, bool) {
	if c.installation == nil {
		return refuse(http.StatusUnauthorized, "Requires authentication"), false
	}
	c.repo = c.g.repositories[strings.ToLower(c.r.PathValue("owner")+"/"+c.r.PathValue("repo"))]
	if c.repo == nil || c.repo.Installation != c.installation && c.repo.Private {
		return refuse(http.StatusNotFound, "Not Found"), false
	}
	name, level, _ := strings.Cut(need, ":")
	have := c.installation.Permissions[name]
	if c.repo.Installation != c.installation {
		have = "read" // a public repository of others
	}
	if have == "" || level == "write" && have != "write" {
		return refuse(http.StatusForbidden, "Resource not accessible by integration"), false
	}
	return answer{}, true
}

// decode reads a body into value; fields that GitHub does not know are refused
// here, though GitHub is silent about them: they are mistakes.
func (c *call) decode(value any) error {
	d := json.NewDecoder(bytes.NewReader(c.body))
	d.DisallowUnknownFields()
	return d.Decode(value)
}

func (c *call) number(name string) int64 {
	n, _ := strconv.ParseInt(c.r.PathValue(name), 10, 64)
	return n
}

// page cuts a list as per_page and page say.
func page[T any](c *call, list []T) ([]T, map[string]string) {
	size, _ := strconv.Atoi(c.r.URL.Query().Get("per_page"))
	if size <= 0 || size > 100 {
		size = 30
		if c.r.URL.Query().Has("per_page") && size > 100 {
			size = 100
		}
	}
	n, _ := strconv.Atoi(c.r.URL.Query().Get("page"))
	n = max(n, 1)
	from, to := min((n-1)*size, len(list)), min(n*size, len(list))
	header := map[string]string{}
	if to < len(list) {
		next := *c.r.URL
		q := next.Query()
		q.Set("page", strconv.Itoa(n+1))
		next.RawQuery = q.Encode()
		header["Link"] = fmt.Sprintf(`<%s%s>; rel="next"`, c.g.server.URL, next.RequestURI())
	}
	return list[from:to], header
}

func ok(value any) answer { return answer{status: http.StatusOK, value: value} }
