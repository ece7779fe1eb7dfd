package githubtest

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"slices"
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
	repo         *Repository
	body         []byte
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
	// need is the App's permission, such as "checks:write"; "app" is the App's
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
	"GET /repos/{owner}/{repo}":                                         {"metadata:read", getRepository},
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
	f := g.fault(r)
	if f != nil {
		time.Sleep(f.Delay)
		if !f.Pass && !f.After {
			g.fail(w, r, f)
			return
		}
	}
	body, err := io.ReadAll(io.LimitReader(r.Body, 10<<20))
	if err != nil {
		return
	}
	a, pattern := g.answer(r, body)
	if f != nil && f.After && !f.Pass {
		g.fail(w, r, f)
		return
	}
	g.mu.Lock()
	checker := g.checker
	g.requests = append(g.requests, Request{r.Method, r.URL.RequestURI(), a.status})
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
			w.WriteHeader(http.StatusNotModified)
			return
		}
	}
	w.WriteHeader(a.status)
	_, _ = w.Write(payload)
}

func (g *GitHub) fail(w http.ResponseWriter, r *http.Request, f *Fault) {
	g.mu.Lock()
	g.requests = append(g.requests, Request{r.Method, r.URL.RequestURI(), f.Status})
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
		if c.installation == nil || c.installation.Suspended {
			return refuse(http.StatusForbidden, "This installation has been suspended"), false
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

func getApp(c *call) answer { return ok(c.g.appJSON()) }

func createToken(c *call) answer {
	i := c.g.installations[c.number("installation_id")]
	if i == nil {
		return refuse(http.StatusNotFound, "Not Found")
	}
	if i.Suspended {
		return refuse(http.StatusForbidden, "This installation has been suspended")
	}
	t := fmt.Sprintf("ghs_%032d", c.g.id())
	expires := c.g.Now().Add(time.Hour)
	c.g.tokens[t] = token{i.ID, expires}
	return answer{status: http.StatusCreated, value: object{"token": t, "expires_at": expires.UTC().Format(time.RFC3339)}}
}

// ExpireTokens lets all tokens end at once.
func (g *GitHub) ExpireTokens() {
	g.mu.Lock()
	defer g.mu.Unlock()
	clear(g.tokens)
}

func listDeliveries(c *call) answer {
	out := []any{}
	for _, d := range slices.Backward(c.g.deliveries) {
		if !d.Done {
			continue // under way
		}
		status := "OK"
		if d.Status/100 != 2 {
			status = "Invalid HTTP Response: " + strconv.Itoa(d.Status)
		}
		out = append(out, object{"id": d.ID, "guid": d.GUID, "delivered_at": d.At.Format(time.RFC3339), "redelivery": false, "duration": d.Took.Seconds(), "status": status, "status_code": d.Status,
			"event": d.Event, "action": nullable(d.Action), "installation_id": nil, "repository_id": nil})
		if len(out) == 100 {
			break
		}
	}
	return ok(out)
}

func nullable(s string) any {
	if s == "" {
		return nil
	}
	return s
}

func redeliver(c *call) answer {
	id := c.number("delivery_id")
	for _, d := range c.g.deliveries {
		if d.ID == id {
			c.g.wait.Add(1)
			go func() {
				defer c.g.wait.Done()
				c.g.send(d)
			}()
			return answer{status: http.StatusAccepted, value: object{}}
		}
	}
	return refuse(http.StatusNotFound, "Not Found")
}

// Code makes a code of the manifest flow, as GitHub does when a person presses
// the button there.
func (g *GitHub) Code() string {
	g.mu.Lock()
	defer g.mu.Unlock()
	code := fmt.Sprintf("code%d", g.id())
	g.codes[code] = true
	return code
}

func convertManifest(c *call) answer {
	code := c.r.PathValue("code")
	if !c.g.codes[code] {
		return refuse(http.StatusNotFound, "Not Found")
	}
	delete(c.g.codes, code)
	app := c.g.appJSON()
	maps.Copy(app, object{"client_id": "Iv1.x", "client_secret": "s", "webhook_secret": c.g.Secret, "pem": c.g.PrivateKey})
	return answer{status: http.StatusCreated, value: app}
}

func getRepository(c *call) answer { return ok(c.g.repositoryJSON(c.repo)) }

func listPulls(c *call) answer {
	state := c.r.URL.Query().Get("state")
	var list []any
	for _, n := range slices.Backward(slices.Sorted(maps.Keys(c.repo.pulls))) {
		if p := c.repo.pulls[n]; state == "all" || p.State == "open" && (state == "" || state == "open") || p.State == state {
			list = append(list, c.g.pullJSON(p))
		}
	}
	some, header := page(c, list)
	return answer{status: http.StatusOK, value: append([]any{}, some...), header: header}
}

func getPull(c *call) answer {
	p := c.repo.pulls[int(c.number("pull_number"))]
	if p == nil {
		return refuse(http.StatusNotFound, "Not Found")
	}
	full := c.g.pullJSON(p)
	maps.Copy(full, object{"changed_files": len(c.repo.changes(c.repo.mergeBase(c.repo.branches[p.BaseRef], p.sha()), p.sha())), "additions": 1, "deletions": 0, "commits": 1, "comments": 0,
		"review_comments": 0, "merged": false, "mergeable": true, "mergeable_state": "clean", "maintainer_can_modify": false, "merged_by": nil})
	return ok(full)
}

// maxFiles is how many files GitHub lists of a pull request before it stops
// without a word.
const maxFiles = 3000

func (g *GitHub) fileJSON(r *Repository, f change, sha string) object {
	o := object{"sha": f.blob, "filename": f.path, "status": f.status, "additions": 1, "deletions": 0, "changes": 1,
		"blob_url": "https://github.com/" + r.Path() + "/blob/" + sha + "/" + f.path, "raw_url": "https://github.com/" + r.Path() + "/raw/" + sha + "/" + f.path,
		"contents_url": g.server.URL + "/repos/" + r.Path() + "/contents/" + f.path + "?ref=" + sha}
	if f.previous != "" {
		o["previous_filename"] = f.previous
	}
	return o
}

func listPullFiles(c *call) answer {
	p := c.repo.pulls[int(c.number("pull_number"))]
	if p == nil {
		return refuse(http.StatusNotFound, "Not Found")
	}
	changes := c.repo.changes(c.repo.mergeBase(c.repo.branches[p.BaseRef], p.sha()), p.sha())
	some, header := page(c, changes[:min(len(changes), maxFiles)])
	out := []any{}
	for _, f := range some {
		out = append(out, c.g.fileJSON(c.repo, f, p.sha()))
	}
	return answer{status: http.StatusOK, value: out, header: header}
}

// commitPulls knows the pull requests of branches in the repository, not of
// forks.
func commitPulls(c *call) answer {
	out := []any{}
	for _, n := range slices.Sorted(maps.Keys(c.repo.pulls)) {
		if p := c.repo.pulls[n]; p.sha() == c.r.PathValue("commit_sha") && p.Head == c.repo {
			out = append(out, c.g.pullJSON(p))
		}
	}
	return ok(out)
}

// resolve finds the commit that a ref names.
func (r *Repository) resolve(ref string) string {
	if sha, ok := r.branches[strings.TrimPrefix(ref, "refs/heads/")]; ok {
		return sha
	}
	if ref == "HEAD" {
		return r.branches[r.DefaultBranch]
	}
	if r.network.commits[ref] != nil {
		return ref
	}
	if n, ok := strings.CutPrefix(ref, "refs/pull/"); ok {
		number, _ := strconv.Atoi(strings.TrimSuffix(n, "/head"))
		if p := r.pulls[number]; p != nil {
			return p.sha()
		}
	}
	return ""
}

func compare(c *call) answer {
	base, head, found := strings.Cut(c.r.PathValue("basehead"), "...")
	a, b := c.repo.resolve(base), c.repo.resolve(head)
	if !found || a == "" || b == "" {
		return refuse(http.StatusNotFound, "Not Found")
	}
	merge := c.repo.mergeBase(a, b)
	if merge == "" {
		return refuse(http.StatusNotFound, "No common ancestor between "+base+" and "+head+".")
	}
	files := []any{}
	for i, f := range c.repo.changes(merge, b) {
		if i == 300 {
			break
		}
		files = append(files, c.g.fileJSON(c.repo, f, b))
	}
	return ok(object{"status": "ahead", "ahead_by": 1, "behind_by": 0, "total_commits": 1, "base_commit": c.g.commitJSON(c.repo, a), "merge_base_commit": c.g.commitJSON(c.repo, merge), "commits": []any{}, "files": files})
}

// Sizes up to which contents come inline and at all.
const (
	inlineSize  = 1 << 20
	contentSize = 100 << 20
)

func getContents(c *call) answer {
	ref := c.r.URL.Query().Get("ref")
	if ref == "" {
		ref = c.repo.DefaultBranch
	}
	sha := c.repo.resolve(ref)
	if sha == "" {
		return refuse(http.StatusNotFound, "No commit found for the ref "+ref)
	}
	path := c.r.PathValue("path")
	blob, found := c.repo.files(sha)[path]
	if !found {
		return refuse(http.StatusNotFound, "Not Found")
	}
	data := c.repo.network.blobs[blob]
	if len(data) > contentSize {
		return refuse(http.StatusForbidden, "This API returns blobs up to 100 MB in size. The requested blob is too large to fetch via the API")
	}
	if strings.Contains(c.r.Header.Get("Accept"), "raw") {
		return answer{status: http.StatusOK, raw: data}
	}
	o := object{"type": "file", "size": len(data), "name": path[strings.LastIndexByte(path, '/')+1:], "path": path, "sha": blob, "encoding": "base64", "content": base64.StdEncoding.EncodeToString(data)}
	if len(data) > inlineSize {
		o["encoding"], o["content"] = "none", ""
	}
	return ok(o)
}

func getTree(c *call) answer {
	ref := c.r.PathValue("tree_sha")
	tree := c.repo.network.trees[ref]
	sha := ref
	if tree == nil {
		commit := c.repo.network.commits[c.repo.resolve(ref)]
		if commit == nil {
			return refuse(http.StatusNotFound, "Not Found")
		}
		tree, sha = c.repo.network.trees[commit.Tree], commit.Tree
	}
	const most = 100_000
	entries := []any{}
	for i, path := range slices.Sorted(maps.Keys(tree)) {
		if i == most {
			break
		}
		entries = append(entries, object{"path": path, "mode": "100644", "type": "blob", "sha": tree[path], "size": len(c.repo.network.blobs[tree[path]])})
	}
	return ok(object{"sha": sha, "url": c.g.server.URL + "/x", "tree": entries, "truncated": len(tree) > most})
}

func getBlob(c *call) answer {
	data, found := c.repo.network.blobs[c.r.PathValue("file_sha")]
	if !found {
		return refuse(http.StatusNotFound, "Not Found")
	}
	if len(data) > contentSize {
		return refuse(http.StatusForbidden, "This API returns blobs up to 100 MB in size. The requested blob is too large to fetch via the API")
	}
	return answer{status: http.StatusOK, raw: data}
}

func listComments(c *call) answer {
	var list []any
	for _, id := range slices.Sorted(maps.Keys(c.repo.comments)) {
		if comment := c.repo.comments[id]; int64(comment.Pull) == c.number("issue_number") {
			list = append(list, c.g.commentJSON(c.repo, comment))
		}
	}
	some, header := page(c, list)
	return answer{status: http.StatusOK, value: append([]any{}, some...), header: header}
}

// maxComment is the longest comment, in characters.
const maxComment = 65536

func (c *call) commentBody() (string, *answer) {
	var in struct {
		Body string `json:"body"`
	}
	if err := c.decode(&in); err != nil || in.Body == "" {
		a := refuse(http.StatusUnprocessableEntity, "Validation Failed")
		return "", &a
	}
	if len([]rune(in.Body)) > maxComment {
		a := refuse(http.StatusUnprocessableEntity, "body is too long (maximum is 65536 characters)")
		return "", &a
	}
	return in.Body, nil
}

func createComment(c *call) answer {
	text, failed := c.commentBody()
	if failed != nil {
		return *failed
	}
	p := c.repo.pulls[int(c.number("issue_number"))]
	if p == nil {
		return refuse(http.StatusNotFound, "Not Found")
	}
	comment := c.repo.comment(p.Number, c.g.user(c.g.Slug+"[bot]", "Bot"), text)
	c.g.commentEvent(p, comment, "created", comment.User, nil)
	return answer{status: http.StatusCreated, value: c.g.commentJSON(c.repo, comment)}
}

func getComment(c *call) answer {
	comment := c.repo.comments[c.number("comment_id")]
	if comment == nil {
		return refuse(http.StatusNotFound, "Not Found")
	}
	return ok(c.g.commentJSON(c.repo, comment))
}

func updateComment(c *call) answer {
	text, failed := c.commentBody()
	if failed != nil {
		return *failed
	}
	comment := c.repo.comments[c.number("comment_id")]
	if comment == nil {
		return refuse(http.StatusNotFound, "Not Found")
	}
	comment.Body, comment.Updated = text, c.g.now()
	return ok(c.g.commentJSON(c.repo, comment))
}

func createReaction(c *call) answer {
	var in struct {
		Content string `json:"content"`
	}
	comment := c.repo.comments[c.number("comment_id")]
	if comment == nil {
		return refuse(http.StatusNotFound, "Not Found")
	}
	if err := c.decode(&in); err != nil || !slices.Contains([]string{"+1", "-1", "laugh", "confused", "heart", "hooray", "rocket", "eyes"}, in.Content) {
		return refuse(http.StatusUnprocessableEntity, "Validation Failed")
	}
	status := http.StatusOK
	if comment.Reactions[in.Content] == 0 {
		comment.Reactions[in.Content] = c.g.id()
		status = http.StatusCreated
	}
	bot := c.g.user(c.g.Slug+"[bot]", "Bot")
	return answer{status: status, value: object{"id": comment.Reactions[in.Content], "node_id": "x", "user": userJSON(bot), "content": in.Content, "created_at": c.g.now().Format(time.RFC3339)}}
}

// getPermission answers as GitHub does: permission knows four words only,
// role_name tells maintain and custom roles apart.
func getPermission(c *call) answer {
	login := strings.ToLower(c.r.PathValue("username"))
	u := c.g.users[login]
	if u == nil {
		return refuse(http.StatusNotFound, "Not Found")
	}
	role := c.repo.roles[login]
	if u == c.repo.Owner {
		role = "admin"
	}
	permission := map[string]string{"": "none", "read": "read", "triage": "read", "write": "write", "maintain": "write", "admin": "admin"}[role]
	if role == "" {
		role = "none"
		if !c.repo.Private {
			role, permission = "read", "read"
		}
	}
	if permission == "" {
		permission = "write" // a custom role on top of write
	}
	return ok(object{"permission": permission, "role_name": role, "user": userJSON(u)})
}

// runInput is what may be written of a check run.
type runInput struct {
	Name        string  `json:"name"`
	HeadSHA     string  `json:"head_sha"`
	DetailsURL  *string `json:"details_url"`
	ExternalID  *string `json:"external_id"`
	Status      *string `json:"status"`
	Conclusion  *string `json:"conclusion"`
	StartedAt   *string `json:"started_at"`
	CompletedAt *string `json:"completed_at"`
	Output      *struct {
		Title       *string      `json:"title"`
		Summary     *string      `json:"summary"`
		Text        *string      `json:"text"`
		Annotations []Annotation `json:"annotations"`
	} `json:"output"`
	Actions []Action `json:"actions"`
}

// Limits of check runs.
// Source: https://docs.github.com/rest/checks/runs
const (
	maxOutput      = 65535
	maxAnnotations = 50
	maxActions     = 3
)

// problem is what GitHub would answer 422 for.
func (in *runInput) problem() string {
	if o := in.Output; o != nil {
		switch {
		case o.Title == nil || *o.Title == "" || o.Summary == nil:
			return "title and summary are wanted with every output"
		case len([]rune(*o.Summary)) > maxOutput || o.Text != nil && len([]rune(*o.Text)) > maxOutput:
			return "Only 65535 characters are allowed"
		case len(o.Annotations) > maxAnnotations:
			return "No more than 50 annotations"
		}
		for _, a := range o.Annotations {
			switch {
			case a.Path == "" || a.StartLine < 1 || a.EndLine < a.StartLine:
				return "an annotation is nowhere"
			case len([]rune(a.Title)) > 255:
				return "an annotation's title is too long"
			case a.Message == "" || len(a.Message) > 64<<10:
				return "an annotation's message is empty or too long"
			case !slices.Contains([]string{"notice", "warning", "failure"}, a.Level):
				return "an annotation's level is " + a.Level
			}
		}
	}
	if len(in.Actions) > maxActions {
		return "No more than 3 actions"
	}
	for _, a := range in.Actions {
		if len([]rune(a.Label)) > 20 || len([]rune(a.Description)) > 40 || len([]rune(a.Identifier)) > 20 {
			return "an action's words are too long"
		}
	}
	if in.Status != nil && *in.Status == "completed" && in.Conclusion == nil {
		return "completed needs a conclusion"
	}
	if in.Conclusion != nil && !slices.Contains([]string{"action_required", "cancelled", "failure", "neutral", "success", "skipped", "timed_out"}, *in.Conclusion) {
		return "the conclusion is " + *in.Conclusion
	}
	return ""
}

func (c *call) run(run *CheckRun, in *runInput) {
	set := func(to *string, from *string) {
		if from != nil {
			*to = *from
		}
	}
	set(&run.ExternalID, in.ExternalID)
	set(&run.DetailsURL, in.DetailsURL)
	set(&run.Status, in.Status)
	set(&run.Conclusion, in.Conclusion)
	if in.Conclusion != nil {
		run.Status, run.Completed = "completed", c.g.now()
	}
	if o := in.Output; o != nil {
		set(&run.Title, o.Title)
		set(&run.Summary, o.Summary)
		set(&run.Text, o.Text)
		run.Annotations = append(run.Annotations, o.Annotations...) // nothing can be removed
	}
	if in.Actions != nil {
		run.Actions = in.Actions
	}
}

func createRun(c *call) answer {
	var in runInput
	if err := c.decode(&in); err != nil {
		return refuse(http.StatusUnprocessableEntity, "Invalid request: "+err.Error())
	}
	if problem := in.problem(); problem != "" || in.Name == "" {
		c.g.problems = append(c.g.problems, "check run: "+problem)
		return refuse(http.StatusUnprocessableEntity, "Validation Failed: "+problem)
	}
	if c.repo.network.commits[in.HeadSHA] == nil {
		return refuse(http.StatusUnprocessableEntity, "No commit found for SHA: "+in.HeadSHA)
	}
	run := &CheckRun{ID: c.g.id(), Name: in.Name, SHA: in.HeadSHA, Status: "queued", Started: c.g.now()}
	c.run(run, &in)
	c.repo.runs[run.ID] = run
	return answer{status: http.StatusCreated, value: c.g.runJSON(c.repo, run)}
}

func updateRun(c *call) answer {
	run := c.repo.runs[c.number("check_run_id")]
	if run == nil {
		return refuse(http.StatusNotFound, "Not Found")
	}
	var in runInput
	if err := c.decode(&in); err != nil {
		return refuse(http.StatusUnprocessableEntity, "Invalid request: "+err.Error())
	}
	if problem := in.problem(); problem != "" {
		c.g.problems = append(c.g.problems, "check run: "+problem)
		return refuse(http.StatusUnprocessableEntity, "Validation Failed: "+problem)
	}
	c.run(run, &in)
	return ok(c.g.runJSON(c.repo, run))
}

func getRun(c *call) answer {
	run := c.repo.runs[c.number("check_run_id")]
	if run == nil {
		return refuse(http.StatusNotFound, "Not Found")
	}
	return ok(c.g.runJSON(c.repo, run))
}

func listRuns(c *call) answer {
	sha := c.repo.resolve(c.r.PathValue("ref"))
	name := c.r.URL.Query().Get("check_name")
	var list []any
	for _, id := range slices.Backward(slices.Sorted(maps.Keys(c.repo.runs))) {
		if run := c.repo.runs[id]; run.SHA == sha && (name == "" || run.Name == name) {
			list = append(list, c.g.runJSON(c.repo, run))
			if c.r.URL.Query().Get("filter") != "all" {
				break // the latest of each name
			}
		}
	}
	some, header := page(c, list)
	return answer{status: http.StatusOK, value: object{"total_count": len(list), "check_runs": append([]any{}, some...)}, header: header}
}
