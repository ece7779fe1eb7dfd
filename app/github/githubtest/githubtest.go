// Package githubtest is a GitHub in this process: repositories, commits, forks,
// pull requests, comments, reactions, check runs, permissions, installations
// and tokens, behind GitHub's REST API and with signed webhooks. Tests and
// `lockwarden demo` talk to it as production code talks to GitHub.
//
// It behaves as ../../../../shared/GITHUB.md describes GitHub; with a Checker
// every request and answer is also held against GitHub's OpenAPI description.
package githubtest

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha1"
	"crypto/x509"
	"encoding/hex"
	"encoding/pem"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"sort"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// GitHub is one GitHub with one App. All methods are safe for concurrent use.
type GitHub struct {
	lag time.Duration
	// AppID, Slug and Secret are the App's.
	AppID  int64
	Slug   string
	Secret string
	// ClientID and ClientSecret are the App's for people who sign in.
	ClientID, ClientSecret string
	// Permissions and Events are those that the App asks for; tests may change
	// them before anything happens.
	Permissions map[string]string
	Events      []string
	// PrivateKey is the App's, in PEM.
	PrivateKey string
	// ListedTree is how many entries of a tree are listed in one answer before it
	// is cut; tests may set it before anything happens.
	ListedTree int
	// Now is the clock; tests may set it before anything happens.
	Now func() time.Time

	mu            sync.Mutex
	server        *httptest.Server
	key           *rsa.PrivateKey
	hook          string
	ids           int64
	users         map[string]*User
	repositories  map[string]*Repository
	installations map[int64]*Installation
	tokens        map[string]token
	codes         map[string]bool
	grants        map[string]grant
	moved         map[string]*Repository
	people        map[string]*User
	browser       string
	deliveries    []*Delivery
	hold          func(event, action string) Fate
	faults        []*Fault
	distance      atomic.Int64
	secondary     secondary
	requests      []Request
	checker       Checker
	problems      []string
	wait          sync.WaitGroup
}

// User is a person, an organization or a bot.
type User struct {
	ID    int64
	Login string
	// Type is User, Organization or Bot.
	Type string
}

// Installation is the App on an account.
type Installation struct {
	ID      int64
	Account *User
	// Permissions are the App's, by name: read or write.
	Permissions map[string]string
	Suspended   bool
}

type token struct {
	installation int64
	expires      time.Time
}

// Repository is one repository; forks share its network of commits.
type Repository struct {
	github        *GitHub
	ID            int64
	Owner         *User
	Name          string
	Private       bool
	DefaultBranch string
	// Parent is what this is a fork of.
	Parent       *Repository
	Installation *Installation

	network  *network
	branches map[string]string
	roles    map[string]string
	pulls    map[int]*Pull
	numbers  int
	comments map[int64]*Comment
	// onLines and reviews are numbered by themselves, as GitHub numbers them.
	onLines, reviews map[int64]*Comment
	lined, reviewed  int64
	runs             map[int64]*CheckRun
}

// network is the store of objects that forks share.
type network struct {
	commits map[string]*Commit
	blobs   map[string][]byte
	trees   map[string]map[string]string
}

// Link is the content of a symbolic link to a path, for Commit and Push.
func Link(target string) string { return linkMark + target }

// linkMark begins the content of a link, and in a tree the blob of one.
const linkMark = "\x00link "

// blobOf is the blob of a tree's entry, and its mode.
func blobOf(entry string) (blob, mode string) {
	if blob, ok := strings.CutPrefix(entry, linkMark); ok {
		return blob, "120000"
	}
	return entry, "100644"
}

// Commit is one commit; its tree is flat: path to blob.
type Commit struct {
	SHA     string
	Tree    string
	Parents []string
	Message string
}

// Pull is a pull request.
type Pull struct {
	repo    *Repository
	ID      int64
	Number  int
	Title   string
	Author  *User
	Head    *Repository
	HeadRef string
	BaseRef string
	State   string
	Draft   bool
	Created time.Time
	locked  bool
	// before is the head before the last push, pushed when that was.
	before string
	pushed time.Time
}

// Comment is a comment of a pull request: one of the conversation, one on a line,
// or what stands above a review.
type Comment struct {
	ID   int64
	Pull int
	// Review is the one that a comment on a line belongs to.
	Review  int64
	User    *User
	Body    string
	Created time.Time
	Updated time.Time
	written time.Time
	// Edited is when the text was edited; GitHub may change Updated without.
	Edited time.Time
	// Reactions are by user and content.
	Reactions map[string]int64
}

// CheckRun is a check run of the App.
type CheckRun struct {
	ID          int64
	Name        string
	SHA         string
	Status      string
	Conclusion  string
	ExternalID  string
	DetailsURL  string
	Title       string
	Summary     string
	Text        string
	Annotations []Annotation
	Actions     []Action
	Started     time.Time
	Completed   time.Time
	// Settled is when the App completed it, by this machine's clock: GitHub's own
	// times are whole seconds.
	Settled time.Time
}

// Annotation is one annotation of a check run.
type Annotation struct {
	Path      string `json:"path"`
	StartLine int    `json:"start_line"`
	EndLine   int    `json:"end_line"`
	Level     string `json:"annotation_level"`
	Message   string `json:"message"`
	Title     string `json:"title"`
}

// Action is a button of a check run.
type Action struct {
	Label       string `json:"label"`
	Description string `json:"description"`
	Identifier  string `json:"identifier"`
}

// appKey is made once in a process.
var appKey = sync.OnceValue(func() *rsa.PrivateKey {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		panic(err)
	}
	return key
})

// New starts a GitHub on loopback.
func New() *GitHub {
	key := appKey()
	g := &GitHub{
		AppID: 4242, Slug: "lockwarden", Secret: "it is a secret", key: key, Now: time.Now,
		PrivateKey:    string(pem.EncodeToMemory(&pem.Block{Type: "RSA PRIVATE KEY", Bytes: x509.MarshalPKCS1PrivateKey(key)})),
		users:         map[string]*User{},
		repositories:  map[string]*Repository{},
		installations: map[int64]*Installation{},
		tokens:        map[string]token{},
		codes:         map[string]bool{},
		grants:        map[string]grant{},
		moved:         map[string]*Repository{},
		people:        map[string]*User{},
		Permissions: map[string]string{"checks": "write", "contents": "read", "issues": "write", "merge_queues": "read", "metadata": "read",
			"pull_requests": "write"},
		Events: []string{"check_run", "check_suite", "issue_comment", "merge_group", "pull_request", "pull_request_review",
			"pull_request_review_comment", "push"},
		ClientID:     "Iv1.lockwarden",
		ClientSecret: "a client's secret",
		ids:          1000,
		ListedTree:   100_000,
	}
	g.user(g.Slug+"[bot]", "Bot")
	g.server = httptest.NewServer(g)
	return g
}

// URL is the API's address.
func (g *GitHub) URL() string { return g.server.URL }

// Close ends the server after the deliveries under way.
func (g *GitHub) Close() {
	g.wait.Wait()
	g.server.Close()
}

// SendTo sets where webhooks go.
func (g *GitHub) SendTo(url string) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.hook = url
}

func (g *GitHub) id() int64 {
	g.ids++
	return g.ids
}

func (g *GitHub) now() time.Time { return g.Now().UTC().Truncate(time.Second) }

func (g *GitHub) user(login, kind string) *User {
	u := g.users[strings.ToLower(login)]
	if u == nil {
		u = &User{ID: g.id(), Login: login, Type: kind}
		g.users[strings.ToLower(login)] = u
	}
	return u
}

// Organization makes an organization.
func (g *GitHub) Organization(login string) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.user(login, "Organization")
}

// Repository makes a repository on which the App is installed; path is
// OWNER/NAME.
func (g *GitHub) Repository(path string) *Repository {
	g.mu.Lock()
	defer g.mu.Unlock()
	r := g.repository(path)
	r.network = &network{map[string]*Commit{}, map[string][]byte{}, map[string]map[string]string{}}
	r.Installation = g.install(r.Owner)
	r.branches["main"] = r.commit(nil, map[string]string{"README.md": "# " + r.Name + "\n"}, "first")
	return r
}

func (g *GitHub) repository(path string) *Repository {
	owner, name, _ := strings.Cut(path, "/")
	r := &Repository{github: g, ID: g.id(), Owner: g.user(owner, "User"), Name: name, DefaultBranch: "main",
		branches: map[string]string{}, roles: map[string]string{}, pulls: map[int]*Pull{}, comments: map[int64]*Comment{},
		onLines: map[int64]*Comment{}, reviews: map[int64]*Comment{}, runs: map[int64]*CheckRun{}}
	g.repositories[strings.ToLower(path)] = r
	return r
}

func (g *GitHub) install(account *User) *Installation {
	for _, i := range g.installations {
		if i.Account == account {
			return i
		}
	}
	i := &Installation{ID: g.id(), Account: account, Permissions: map[string]string{"checks": "write", "contents": "read",
		"pull_requests": "write", "issues": "write", "merge_queues": "read", "metadata": "read"}}
	g.installations[i.ID] = i
	return i
}

// Fork copies the repository to an account on which the App is not installed.
func (r *Repository) Fork(owner string) *Repository {
	g := r.github
	g.mu.Lock()
	defer g.mu.Unlock()
	f := g.repository(owner + "/" + r.Name)
	f.network, f.Parent = r.network, r
	maps.Copy(f.branches, r.branches)
	return f
}

// Path is OWNER/NAME.
func (r *Repository) Path() string { return r.Owner.Login + "/" + r.Name }

// Allow gives a user a role: read, triage, write, maintain, admin, or a custom
// one as "NAME+ROLE" of the role that it inherits.
func (r *Repository) Allow(login, role string) {
	r.github.mu.Lock()
	defer r.github.mu.Unlock()
	r.github.user(login, "User")
	r.roles[strings.ToLower(login)] = role
}

// Commit adds a commit to a branch, which is made from the default branch where
// it does not exist. An empty content deletes the file.
func (r *Repository) Commit(branch string, files map[string]string) string {
	r.github.mu.Lock()
	defer r.github.mu.Unlock()
	return r.push(branch, files)
}

func (r *Repository) push(branch string, files map[string]string) string {
	parent, ok := r.branches[branch]
	if !ok {
		parent = r.branches[r.DefaultBranch]
	}
	sha := r.commit([]string{parent}, files, "change")
	r.branches[branch] = sha
	return sha
}

// Branch lets a branch point to a commit.
func (r *Repository) Branch(name, sha string) {
	r.github.mu.Lock()
	defer r.github.mu.Unlock()
	r.branches[name] = sha
}

// Head is a branch's newest commit.
func (r *Repository) Head(branch string) string {
	r.github.mu.Lock()
	defer r.github.mu.Unlock()
	return r.branches[branch]
}

// Push is Commit with the push event that GitHub sends of it.
func (r *Repository) Push(branch string, files map[string]string) string {
	g := r.github
	g.mu.Lock()
	defer g.mu.Unlock()
	before := r.branches[branch]
	sha := r.push(branch, files)
	var added, modified, removed []string
	for _, path := range slices.Sorted(maps.Keys(files)) {
		switch _, had := r.files(before)[path]; {
		case files[path] == "":
			removed = append(removed, path)
		case had:
			modified = append(modified, path)
		default:
			added = append(added, path)
		}
	}
	g.deliver(r, "push", "", object{"ref": "refs/heads/" + branch, "before": before, "after": sha, "created": false, "deleted": false,
		"forced": false, "base_ref": nil,
		"compare": "", "commits": []any{object{"id": sha, "added": list(added), "modified": list(modified), "removed": list(removed)}},
		"head_commit": nil,
		"pusher":      object{"name": r.Owner.Login}}, r.Owner)
	return sha
}

func list(items []string) []any {
	out := []any{}
	for _, i := range items {
		out = append(out, i)
	}
	return out
}

func hash(kind string, data []byte) string {
	h := sha1.New()
	fmt.Fprintf(h, "%s %d\x00", kind, len(data))
	h.Write(data)
	return hex.EncodeToString(h.Sum(nil))
}

// commit makes a commit on top of the first parent.
func (r *Repository) commit(parents []string, files map[string]string, message string) string {
	n := r.network
	tree := map[string]string{}
	if len(parents) > 0 {
		maps.Copy(tree, n.trees[n.commits[parents[0]].Tree])
	}
	for path, content := range files {
		if content == "" {
			delete(tree, path)
			continue
		}
		target, link := strings.CutPrefix(content, linkMark)
		blob := hash("blob", []byte(target))
		n.blobs[blob] = []byte(target)
		if tree[path] = blob; link {
			tree[path] = linkMark + blob
		}
	}
	return r.commitTree(parents, tree, message)
}

func (r *Repository) commitTree(parents []string, tree map[string]string, message string) string {
	n := r.network
	treeSHA := n.tree(tree)
	sha := hash("commit", []byte(fmt.Sprintf("%s %v %s %d", treeSHA, parents, message, r.github.id())))
	n.commits[sha] = &Commit{sha, treeSHA, parents, message}
	return sha
}

// tree keeps a tree and returns its SHA.
func (n *network) tree(files map[string]string) string {
	var b strings.Builder
	for _, path := range slices.Sorted(maps.Keys(files)) {
		fmt.Fprintf(&b, "%s %s\n", path, files[path])
	}
	sha := hash("tree", []byte(b.String()))
	n.trees[sha] = files
	return sha
}

// files are a commit's, path to blob.
func (r *Repository) files(sha string) map[string]string {
	c := r.network.commits[sha]
	if c == nil {
		return nil
	}
	return r.network.trees[c.Tree]
}

// File is a file's content at a commit.
func (r *Repository) File(sha, path string) (string, bool) {
	r.github.mu.Lock()
	defer r.github.mu.Unlock()
	entry, ok := r.files(sha)[path]
	blob, _ := blobOf(entry)
	return string(r.network.blobs[blob]), ok
}

// mergeBase is the newest commit that both have.
func (r *Repository) mergeBase(a, b string) string {
	seen := map[string]bool{}
	for queue := []string{a}; len(queue) > 0; queue = queue[1:] {
		if c := r.network.commits[queue[0]]; c != nil && !seen[c.SHA] {
			seen[c.SHA] = true
			queue = append(queue, c.Parents...)
		}
	}
	visited := map[string]bool{}
	for queue := []string{b}; len(queue) > 0; queue = queue[1:] {
		if seen[queue[0]] {
			return queue[0]
		}
		if c := r.network.commits[queue[0]]; c != nil && !visited[c.SHA] {
			visited[c.SHA] = true
			queue = append(queue, c.Parents...)
		}
	}
	return ""
}

// change is one changed file.
type change struct {
	path, previous, status, blob string
}

// changes lists what differs, with renames of unchanged files.
func (r *Repository) changes(from, to string) []change {
	a, b := r.files(from), r.files(to)
	gone := map[string]string{}
	for path, blob := range a {
		if _, ok := b[path]; !ok {
			gone[blob] = path
		}
	}
	renamed := map[string]bool{}
	var out []change
	for path, blob := range b {
		old, had := a[path]
		switch previous := gone[blob]; {
		case had && old == blob:
		case had:
			out = append(out, change{path, "", "modified", blob})
		case previous != "" && !renamed[previous]:
			renamed[previous] = true
			out = append(out, change{path, previous, "renamed", blob})
		default:
			out = append(out, change{path, "", "added", blob})
		}
	}
	for path, blob := range a {
		if _, ok := b[path]; !ok && !renamed[path] {
			out = append(out, change{path, "", "removed", blob})
		}
	}
	sort.Slice(out, func(i, j int) bool { return out[i].path < out[j].path })
	for i := range out {
		out[i].blob, _ = blobOf(out[i].blob)
	}
	return out
}

// Checker looks at requests and answers; octokit.Checker does so with GitHub's
// own description. Check returns the answer as it is to be sent, and what
// GitHub would not have.
type Checker interface {
	Check(r *http.Request, body []byte, pattern string, status int, payload []byte) ([]byte, []string)
}

// Check lets a Checker look at every request and answer from now on.
func (g *GitHub) Check(c Checker) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.checker = c
}

// Request is one request that the App made.
type Request struct {
	Method, Path string
	Status       int
	// At is when it was answered.
	At time.Time
}

// Requests are all requests so far.
func (g *GitHub) Requests() []Request {
	g.mu.Lock()
	defer g.mu.Unlock()
	return slices.Clone(g.requests)
}

// Problems are requests and answers that GitHub's description does not allow,
// and what else no client should do.
func (g *GitHub) Problems() []string {
	g.mu.Lock()
	defer g.mu.Unlock()
	return slices.Clone(g.problems)
}

// Fault makes requests fail.
type Fault struct {
	// Match is a part of "METHOD /path"; empty matches all.
	Match string
	// Skip requests that match pass before Times of them fail.
	Skip, Times int
	// Status and Header are the answer; Status 0 breaks the connection.
	Status int
	Header map[string]string
	Body   string
	// Delay is how long the answer takes; with Pass the request then succeeds.
	Delay time.Duration
	Pass  bool
	// After lets the request take effect before it fails.
	After bool
	// Hold, where it is set, is called before the answer, which waits for it.
	Hold func()
}

// Fail adds a fault.
func (g *GitHub) Fail(f Fault) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.faults = append(g.faults, &f)
}

// secondary is a limit for writes.
type secondary struct {
	most           int
	window         time.Duration
	begun          time.Time
	used           int
	refused, times int
}

// Secondary lets so many writes through and then refuses all for a time, again and
// again: as GitHub's secondary limits do, but however slow this machine is.
func (g *GitHub) Secondary(most int, window time.Duration) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.secondary = secondary{most: most, window: window}
}

// Refused is how many writes were refused, and how often that began.
func (g *GitHub) Refused() (writes, times int) {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.secondary.refused, g.secondary.times
}

// limited refuses a write that is beyond the limit.
func (g *GitHub) limited(w http.ResponseWriter, r *http.Request) bool {
	if r.Method == http.MethodGet || strings.HasSuffix(r.URL.Path, "/access_tokens") {
		return false
	}
	g.mu.Lock()
	s, now := &g.secondary, time.Now()
	s.used++
	if s.used == s.most+1 {
		s.begun = now
		s.times++
	}
	if s.used > s.most && now.Sub(s.begun) >= s.window {
		s.used = 1
	}
	beyond := s.most > 0 && s.used > s.most
	if beyond {
		s.refused++
	}
	left := s.begun.Add(s.window).Sub(now)
	g.mu.Unlock()
	if beyond {
		w.Header().Set("Retry-After", strconv.Itoa(int(left/time.Second)+1))
		w.Header().Set("Content-Type", "application/json; charset=utf-8")
		w.WriteHeader(http.StatusForbidden)
		_, _ = io.WriteString(w, `{"message":"You have exceeded a secondary rate limit. Please wait a few minutes before you try again."}`)
	}
	return beyond
}

// Distance is how long each request to the API takes from now on, at least.
func (g *GitHub) Distance(d time.Duration) { g.distance.Store(int64(d)) }

func (g *GitHub) fault(r *http.Request) *Fault {
	g.mu.Lock()
	defer g.mu.Unlock()
	line := r.Method + " " + r.URL.Path
	for _, f := range g.faults {
		if f.Times <= 0 || !strings.Contains(line, f.Match) {
			continue
		}
		if f.Skip > 0 {
			f.Skip--
			continue
		}
		f.Times--
		return f
	}
	return nil
}
