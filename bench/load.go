package main

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"math/rand/v2"
	"net"
	"net/http"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"regexp"
	"runtime/pprof"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"github.com/lockwarden/lockwarden/analyzer"
	"github.com/lockwarden/lockwarden/app"
	"github.com/lockwarden/lockwarden/app/github/githubtest"
)

// serveLoad is the server under load, in a process of its own so that its
// memory can be told from GitHub's.
func serveLoad(args []string) error {
	key, err := os.ReadFile(args[2])
	if err != nil {
		return err
	}
	id, err := strconv.ParseInt(args[1], 10, 64)
	if err != nil {
		return err
	}
	scanner, err := analyzer.Open(analyzer.Options{CacheDir: args[5], OSV: "none"})
	if err != nil {
		return err
	}
	defer scanner.Close()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if file := os.Getenv("LOCKWARDEN_PROFILE"); file != "" {
		// Of one server: the last one that ends.
		f, err := os.Create(file)
		if err != nil {
			return err
		}
		defer f.Close()
		if err := pprof.StartCPUProfile(f); err != nil {
			return err
		}
		defer pprof.StopCPUProfile()
	}
	return app.Serve(ctx, app.Settings{AppID: id, PrivateKey: string(key), WebhookSecret: args[3], APIURL: args[0], Database: args[4], Address: args[6],
		Log: slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelWarn}))}, scanner)
}

// loading is a load run: what is opened, how fast, and what works on it.
type loading struct {
	folder, database             string
	pulls, rate, repos, replicas int
	// latency is how long GitHub takes for each request.
	latency time.Duration
	// distance is how far away PostgreSQL is, in one direction.
	distance time.Duration
	// installations share the pull requests evenly; 0: half of them are of one noisy
	// installation, the others of 20 quiet ones.
	installations int
	// limits are github.com's, which the servers keep; without them their GitHub
	// is an Enterprise Server, which has none.
	limits bool
}

// change is how many packages a pull request brings in. Most bring one or a few;
// the large ones are what updates of frameworks look like.
func change(r *rand.Rand) int {
	switch n := r.IntN(100); {
	case n < 60:
		return 1
	case n < 85:
		return 2 + r.IntN(3)
	case n < 95:
		return 5 + r.IntN(10)
	}
	return 20 + r.IntN(30)
}

// application is a real lockfile into which pull requests bring packages of
// another one.
type application struct {
	base map[string]json.RawMessage
	pool []string
	from map[string]json.RawMessage
}

type lockfileJSON struct {
	Name     string                     `json:"name"`
	Version  int                        `json:"lockfileVersion"`
	Requires bool                       `json:"requires"`
	Packages map[string]json.RawMessage `json:"packages"`
}

func readLock(file string) (lockfileJSON, error) {
	var l lockfileJSON
	data, err := os.ReadFile(file)
	if err == nil {
		err = json.Unmarshal(data, &l)
	}
	return l, err
}

// openApplication reads the lockfiles of bench/corpus. The packages that come in
// are from one pool of 300, so that most of them are known after a while, as on
// a server that has run for a day.
func openApplication() (*application, error) {
	mine, err := readLock("bench/corpus/api.package-lock.json")
	if err != nil {
		return nil, err
	}
	other, err := readLock("bench/corpus/web-app.package-lock.json")
	if err != nil {
		return nil, err
	}
	a := &application{base: mine.Packages, from: other.Packages}
	for _, location := range slices.Sorted(maps.Keys(other.Packages)) {
		var e struct{ Integrity string }
		if mine.Packages[location] == nil && strings.Count(location, "node_modules/") == 1 && json.Unmarshal(other.Packages[location], &e) == nil && e.Integrity != "" && len(a.pool) < 300 {
			a.pool = append(a.pool, location)
		}
	}
	return a, nil
}

// files are package.json and lockfile with n more packages.
func (a *application) files(r *rand.Rand, n int) (map[string]string, error) {
	lock := lockfileJSON{Name: "load", Version: 3, Requires: true, Packages: maps.Clone(a.base)}
	var root map[string]any
	if err := json.Unmarshal(a.base[""], &root); err != nil {
		return nil, err
	}
	dependencies, _ := root["dependencies"].(map[string]any)
	dependencies = maps.Clone(dependencies)
	for i, k := range r.Perm(len(a.pool))[:n] {
		location := a.pool[k]
		lock.Packages[location] = a.from[location]
		if i == 0 {
			var e struct{ Version string }
			_ = json.Unmarshal(a.from[location], &e)
			dependencies[strings.TrimPrefix(location, "node_modules/")] = e.Version
		}
	}
	root["dependencies"] = dependencies
	encoded, err := json.Marshal(root)
	if err != nil {
		return nil, err
	}
	lock.Packages[""] = encoded
	text, err := json.MarshalIndent(lock, "", "  ")
	if err != nil {
		return nil, err
	}
	return map[string]string{"package.json": string(encoded), "package-lock.json": string(text)}, nil
}

// server is one process under load.
type server struct {
	cmd     *exec.Cmd
	address string
}

func (l *loading) start(g *githubtest.GitHub, key, database string) (*server, error) {
	free, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	address := free.Addr().String()
	_ = free.Close()
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	api := g.URL()
	if !l.limits {
		api += "/api/v3" // an Enterprise Server's
	}
	s := &server{exec.Command(self, "serve", api, strconv.FormatInt(g.AppID, 10), key, g.Secret, database, filepath.Join(l.folder, "packages"), address), address}
	s.cmd.Stderr = os.Stderr
	if err := s.cmd.Start(); err != nil {
		return nil, err
	}
	for range 200 {
		if answer, err := http.Get("http://" + address + "/readyz"); err == nil {
			_ = answer.Body.Close()
			if answer.StatusCode == http.StatusOK {
				return s, nil
			}
		}
		time.Sleep(50 * time.Millisecond)
	}
	return nil, errors.New("the server does not come up")
}

func (s *server) stop() { _ = s.cmd.Process.Signal(os.Interrupt); _ = s.cmd.Wait() }

// seconds is the processor time of the server and its children so far.
func (s *server) seconds() float64 {
	total := 0.0
	for _, pid := range append(s.children(), s.cmd.Process.Pid) {
		data, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
		if err != nil {
			continue
		}
		fields := strings.Fields(string(data[strings.LastIndexByte(string(data), ')')+1:]))
		for _, i := range []int{11, 12} { // utime and stime, in hundredths
			n, _ := strconv.ParseFloat(fields[i], 64)
			total += n / 100
		}
	}
	return total
}

func (s *server) children() (out []int) {
	tasks, _ := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/children", s.cmd.Process.Pid))
	for _, file := range tasks {
		data, _ := os.ReadFile(file)
		for _, text := range strings.Fields(string(data)) {
			if pid, err := strconv.Atoi(text); err == nil {
				out = append(out, pid)
			}
		}
	}
	return out
}

// run opens pull requests at a rate, and measures how fast the webhooks are
// answered and the check runs completed, and what that costs.
func (l *loading) run() error {
	dir, err := os.MkdirTemp("", "lockwarden-load")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	database, name := l.database, "PostgreSQL"
	if database == "" {
		database, name = filepath.Join(dir, "load.db"), "SQLite"
	}
	var asked atomic.Int64
	if l.distance > 0 {
		var end func()
		if database, end, err = far(database, l.distance, &asked); err != nil {
			return err
		}
		defer end()
		name += fmt.Sprintf(" %s away", milliseconds(l.distance))
	}
	app, err := openApplication()
	if err != nil {
		return err
	}
	g := githubtest.New()
	defer g.Close()
	key := filepath.Join(dir, "key.pem")
	if err := os.WriteFile(key, []byte(g.PrivateKey), 0o600); err != nil {
		return err
	}
	var servers []*server
	for range l.replicas {
		s, err := l.start(g, key, database)
		if err != nil {
			return err
		}
		defer s.stop()
		servers = append(servers, s)
	}
	g.SendTo("http://" + servers[0].address + "/webhook")
	g.Distance(l.latency)

	// A tenth of the repositories, all of one installation, have half of the pull
	// requests: the noisy one. The others are of 20 quiet installations.
	r := rand.New(rand.NewPCG(1, 2))
	var repos []*githubtest.Repository
	base, err := app.files(r, 0)
	if err != nil {
		return err
	}
	noisy := max(1, l.repos/10)
	for i := range l.repos {
		owner := "noisy"
		if l.installations > 0 {
			owner = fmt.Sprintf("even%d", i%l.installations)
		} else if i >= noisy {
			owner = fmt.Sprintf("quiet%d", i%20)
		}
		repo := g.Repository(fmt.Sprintf("%s/load%d", owner, i))
		repo.Commit("main", base)
		repos = append(repos, repo)
	}
	type opened struct {
		pull  *githubtest.Pull
		at    time.Time
		noisy bool
	}
	pulls := make([]opened, 0, l.pulls)
	brought := 0
	start := time.Now()
	for i := range l.pulls {
		repo, loud := repos[i%l.repos], l.installations == 0 && i%2 == 0
		switch {
		case loud:
			repo = repos[r.IntN(noisy)]
		case l.installations == 0:
			repo = repos[noisy+r.IntN(max(1, l.repos-noisy))%max(1, l.repos-noisy)]
		}
		n := change(r)
		brought += n
		files, err := app.files(r, n)
		if err != nil {
			return err
		}
		branch := fmt.Sprintf("change-%d", i)
		repo.Commit(branch, files)
		time.Sleep(time.Until(start.Add(time.Duration(i) * time.Second / time.Duration(l.rate))))
		at := time.Now()
		pulls = append(pulls, opened{repo.Open("ann", repo, branch, "main"), at, loud})
	}
	sent := time.Since(start)
	single := func(p *githubtest.Pull) (githubtest.CheckRun, bool) {
		runs := p.Repository().CheckRuns(p.SHA())
		if len(runs) == 1 && runs[0].Status == "completed" {
			return runs[0], true
		}
		return githubtest.CheckRun{}, false
	}
	completed := func() (n int) {
		for _, p := range pulls {
			if _, ok := single(p.pull); ok {
				n++
			}
		}
		return n
	}
	for range 2400 {
		if completed() == l.pulls {
			break
		}
		time.Sleep(250 * time.Millisecond)
	}
	var last time.Time
	var all, loud, quiet []time.Duration
	for _, p := range pulls {
		run, ok := single(p.pull)
		if !ok {
			continue
		}
		took := run.Settled.Sub(p.at)
		all = append(all, took)
		if p.noisy {
			loud = append(loud, took)
		} else {
			quiet = append(quiet, took)
		}
		if run.Settled.After(last) {
			last = run.Settled
		}
	}
	elapsed := last.Sub(start)
	cpu, memory := 0.0, int64(0)
	for _, s := range servers {
		cpu += s.seconds()
		memory = max(memory, statusBytes(strconv.Itoa(s.cmd.Process.Pid), "VmHWM:"))
	}
	time.Sleep(2 * time.Second) // nothing may come after
	done := completed()
	var answered []time.Duration
	refused := 0
	for _, d := range g.Deliveries() {
		if d.Event == "pull_request" {
			answered = append(answered, d.Took)
		}
		if d.Status/100 != 2 {
			refused++
		}
	}
	kinds, unchanged := map[string]int{}, 0
	for _, q := range g.Requests() {
		if q.Status == http.StatusNotModified {
			unchanged++
			continue
		}
		kinds[kindOf(q)]++
	}
	size, err := databaseSize(l.database, database)
	if err != nil {
		return err
	}
	spread, where := "half of them in one noisy installation", [2]string{"in the noisy installation", "in the quiet ones"}
	if l.installations > 0 {
		spread, where = fmt.Sprintf("evenly in %d installations", l.installations), [2]string{}
	}
	title := fmt.Sprintf("%s, %d server processes, %s a request to GitHub", name, l.replicas, milliseconds(l.latency))
	if l.limits {
		title += ", with github.com's limits"
	}
	fmt.Printf("## The App under load, %s\n\n%d pull requests over %d repositories, opened at %d a second, each with a lockfile of "+
		"%d packages of which %.1f came in; %s. Servers, their database and the GitHub they talk to share the same 2 processors.\n\n",
		title, l.pulls, l.repos, l.rate, len(app.base)-1, float64(brought)/float64(l.pulls), spread)
	row := func(what, value string, args ...any) { fmt.Printf("| "+what+" | "+value+" |\n", args...) }
	each := float64(l.pulls)
	row("", "")
	fmt.Print("|---|---|\n")
	row("webhook answered: median, p99, slowest", "%.1f, %.1f, %.1f ms", 1000*share(answered, 50), 1000*share(answered, 99),
		1000*share(answered, 100))
	row("deliveries refused", "%d", refused)
	row("sent within", "%.1f s", sent.Seconds())
	row("heads with exactly one completed check run", "%d of %d", done, l.pulls)
	row("all completed after", "%.1f s", elapsed.Seconds())
	row("reviews a minute", "%.0f", float64(done)/elapsed.Minutes())
	row("from delivery to completed check: p50, p99", "%.2f, %.2f s", share(all, 50), share(all, 99))
	for i, some := range [][]time.Duration{loud, quiet} {
		if where[i] != "" {
			row("… "+where[i], "%.2f, %.2f s", share(some, 50), share(some, 99))
		}
	}
	row("processor time of the servers, a review", "%.0f ms", cpu*1000/each)
	row("highest memory of a server", "%.0f MB", float64(memory)/1e6)
	row("database, a review", "%.1f kB", float64(size)/1000/each)
	row("requests to GitHub, a review", "%.1f, and %.1f that cost nothing of its rate limit (304)", float64(len(g.Requests())-unchanged)/each,
		float64(unchanged)/each)
	if l.distance > 0 {
		row("times that something was sent to the database, a review", "%.0f", float64(asked.Load())/each)
	}
	points, endpoint, creating := busiest(g.Requests())
	row("most points of one endpoint in any minute, of one installation (github.com takes 900)", "%d of %s", points, endpoint)
	row("most check runs and comments made in any minute, of one installation", "%d", creating)
	fmt.Println()
	fmt.Print("Requests that count, a review: ")
	for i, kind := range slices.SortedFunc(maps.Keys(kinds), func(a, b string) int { return kinds[b] - kinds[a] }) {
		if i > 0 {
			fmt.Print(", ")
		}
		fmt.Printf("%s %.2f", kind, float64(kinds[kind])/float64(l.pulls))
	}
	fmt.Print(".\n\n")
	if done != l.pulls {
		return fmt.Errorf("%d of %d heads have exactly one completed check run", done, l.pulls)
	}
	return nil
}

// busiest is the largest number of points that one installation used of one
// endpoint within a minute, and the largest number of what it made.
// Source: https://docs.github.com/rest/using-the-rest-api/rate-limits-for-the-rest-api#calculating-points-for-the-secondary-rate-limit
func busiest(requests []githubtest.Request) (points int, endpoint string, creating int) {
	type budget struct{ owner, kind string }
	type spent struct {
		at time.Time
		n  int
	}
	within, sums := map[budget][]spent{}, map[budget]int{}
	spend := func(b budget, at time.Time, n int) int {
		sums[b] += n
		list := append(within[b], spent{at, n})
		for at.Sub(list[0].at) > time.Minute {
			sums[b] -= list[0].n
			list = list[1:]
		}
		within[b] = list
		return sums[b]
	}
	slices.SortFunc(requests, func(a, b githubtest.Request) int { return a.At.Compare(b.At) })
	for _, q := range requests {
		steps := strings.Split(strings.TrimPrefix(q.Path, "/api/v3"), "/")
		if len(steps) < 3 || steps[1] != "repos" {
			continue
		}
		cost := 5
		if q.Method == http.MethodGet {
			cost = 1
		}
		kind := kindOf(q)
		if n := spend(budget{steps[2], kind}, q.At, cost); n > points {
			points, endpoint = n, kind
		}
		if q.Method == http.MethodPost {
			creating = max(creating, spend(budget{steps[2], "made"}, q.At, 1))
		}
	}
	return points, endpoint, creating
}

func milliseconds(d time.Duration) string { return fmt.Sprintf("%d ms", d.Milliseconds()) }

// share is a percentile in seconds.
func share(list []time.Duration, percent int) float64 {
	if len(list) == 0 {
		return 0
	}
	slices.Sort(list)
	return list[min(len(list)-1, len(list)*percent/100)].Seconds()
}

var numbers = regexp.MustCompile(`/[0-9a-f]{40}|/[0-9]+|/(noisy|quiet[0-9]*|even[0-9]*)/(load[0-9]+|\.github)`)

// kindOf names a request without what differs.
func kindOf(q githubtest.Request) string {
	path, _, _ := strings.Cut(q.Path, "?")
	path = numbers.ReplaceAllString(strings.TrimPrefix(path, "/api/v3"), "/…")
	if i := strings.Index(path, "/compare/"); i >= 0 {
		path = path[:i] + "/compare"
	}
	if i := strings.Index(path, "/contents/"); i >= 0 {
		path = path[:i] + "/contents"
	}
	return q.Method + " " + strings.TrimPrefix(path, "/repos")
}

// databaseSize is in bytes.
func databaseSize(url, file string) (int64, error) {
	if url == "" {
		total := int64(0)
		for _, suffix := range []string{"", "-wal"} {
			if info, err := os.Stat(file + suffix); err == nil {
				total += info.Size()
			}
		}
		return total, nil
	}
	db, err := sql.Open("pgx", url)
	if err != nil {
		return 0, err
	}
	defer db.Close()
	var size int64
	err = db.QueryRow("SELECT pg_database_size(current_database())").Scan(&size)
	return size, err
}
