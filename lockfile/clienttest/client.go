package clienttest

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"
)

// Client is one release of a package manager with a home of its own, which
// knows one registry.
type Client struct {
	// Spec is its package: "pnpm@10.34.9".
	Spec string
	// Name is npm, pnpm, yarn or bun; Version its release, Major the first
	// number of that.
	Name, Version string
	Major         int
	// Lockfile is the file's name that it writes.
	Lockfile string

	registry *Registry
	kind     kind
	program  []string
	path     string
	home     string
	modules  string
}

// kind is what differs between the package managers.
type kind interface {
	// environment is what tells the client its registry, and that it is alone.
	environment(c *Client) []string
	// lock writes the lockfile.
	lock(c *Client, dir string) error
	// frozen installs what the lockfile says, and leaves development out.
	frozen(c *Client, dir string, production bool) error
	// list is the client's own reading; nil where it has none without the
	// folders on disk.
	list(c *Client, dir string) ([]Listed, error)
}

// Listed is one package as a client lists it. Bun gives the alias for the name;
// no client tells the version of what comes from a folder or repository.
type Listed struct {
	Name, Version string
	// Source is registry, remote, git, file or local, empty where the client
	// does not say.
	Source string `json:",omitempty"`
	// Dev and Optional are the client's own flags; nil where it has none.
	Dev, Optional *bool `json:",omitempty"`
}

// Clients are the releases that the tests know: the package of each.
func Clients() []string {
	return []string{
		"npm@6.14.18", "npm@11.19.1", "npm@12.2.2",
		"pnpm@7.33.7", "pnpm@8.15.9", "pnpm@9.15.9", "pnpm@10.34.9", "pnpm@11.28.11", "pnpm@12.21.0",
		"yarn@1.22.22", "@yarnpkg/cli-dist@2.4.2", "@yarnpkg/cli-dist@3.8.7", "@yarnpkg/cli-dist@4.18.1",
		"@oven/bun-linux-x64@1.4.5",
	}
}

// Client installs a client, once per machine, and gives it a home.
func (r *Registry) Client(t testing.TB, spec string) *Client {
	t.Helper()
	at := strings.LastIndexByte(spec, '@')
	c := &Client{Spec: spec, Version: spec[at+1:], registry: r, home: t.TempDir()}
	c.Major, _ = strconv.Atoi(strings.SplitN(c.Version, ".", 2)[0])
	modules := filepath.Join(Install(t, spec), "node_modules")
	c.modules = modules
	switch name := spec[:at]; name {
	case "npm":
		c.Name, c.Lockfile, c.kind = "npm", "package-lock.json", npmKind{}
		c.path = node(t, c.Major > 11)
		c.program = []string{"node", filepath.Join(modules, "npm/bin/npm-cli.js")}
	case "pnpm":
		c.Name, c.Lockfile, c.kind = "pnpm", "pnpm-lock.yaml", pnpmKind{}
		c.path = node(t, c.Major > 10)
		c.program = []string{"node", filepath.Join(modules, "pnpm/bin/pnpm.cjs")}
		if c.Major > 11 {
			linux(t, "pnpm 12")
			c.program = []string{filepath.Join(modules, "@pnpm/exe.linux-x64/pnpm")}
		}
	case "yarn":
		c.Name, c.Lockfile, c.kind = "yarn", "yarn.lock", classicKind{}
		c.program = []string{"node", filepath.Join(modules, "yarn/bin/yarn.js")}
	case "@yarnpkg/cli-dist":
		c.Name, c.Lockfile, c.kind = "yarn", "yarn.lock", berryKind{}
		c.program = []string{"node", filepath.Join(modules, "@yarnpkg/cli-dist/bin/yarn.js")}
	case "@oven/bun-linux-x64":
		linux(t, "Bun")
		c.Name, c.Lockfile, c.kind = "bun", "bun.lock", bunKind{}
		c.program = []string{filepath.Join(modules, "@oven/bun-linux-x64/bin/bun")}
	default:
		t.Fatalf("%s is no client that is known here", name)
	}
	return c
}

// String is name and release: "pnpm-10.34.9".
func (c *Client) String() string { return c.Name + "-" + c.Version }

// Fork is the same client with a copy of its home, so that what it caches from
// now on is not seen by others.
func (c *Client) Fork(t testing.TB) *Client {
	t.Helper()
	other := *c
	other.home = t.TempDir()
	if err := os.CopyFS(other.home, os.DirFS(c.home)); err != nil {
		t.Fatal(err)
	}
	return &other
}

// Lock writes the lockfile of the project in a folder. Some clients also
// install; what stands there afterwards but the lockfile is not meant.
func (c *Client) Lock(dir string) error { return c.kind.lock(c, dir) }

// Frozen installs from the lockfile as a build server does: the client may
// refuse, but not change the lockfile. No script runs.
func (c *Client) Frozen(dir string) error { return c.kind.frozen(c, dir, false) }

// FrozenProduction is Frozen without development dependencies, and
// errors.ErrUnsupported where the client has no such mode.
func (c *Client) FrozenProduction(dir string) error { return c.kind.frozen(c, dir, true) }

// List is what the client says the lockfile holds; nil where the client cannot
// say it without installing, and the Tree has to do.
func (c *Client) List(dir string) ([]Listed, error) { return c.kind.list(c, dir) }

// nowhere is a proxy that refuses.
const nowhere = "http://127.0.0.1:9"

// limit bounds one run of a client.
const limit = 2 * time.Minute

// run runs the client in a folder and returns what it prints.
func (c *Client) run(dir string, args ...string) ([]byte, error) {
	return c.exec(dir, append(c.program[1:len(c.program):len(c.program)], args...)...)
}

// exec runs the first word of the client's program with other arguments.
func (c *Client) exec(dir string, args ...string) ([]byte, error) {
	ctx, cancel := context.WithTimeout(context.Background(), limit)
	defer cancel()
	program := c.program[0]
	if program == "node" && c.path != "" {
		program = filepath.Join(c.path, "node")
	}
	cmd := exec.CommandContext(ctx, program, args...)
	cmd.Dir = dir
	cmd.WaitDelay = time.Second
	search := os.Getenv("PATH")
	if c.path != "" {
		search = c.path + string(os.PathListSeparator) + search
	}
	// Nothing of the machine's own settings, proxies or tokens gets through.
	cmd.Env = append([]string{"PATH=" + search, "HOME=" + c.home, "TMPDIR=" + os.TempDir(), "LANG=C.UTF-8", "NO_COLOR=1",
		"XDG_CONFIG_HOME=" + c.home + "/config", "XDG_CACHE_HOME=" + c.home + "/cache", "XDG_DATA_HOME=" + c.home + "/data",
		"XDG_STATE_HOME=" + c.home + "/state", "GIT_CONFIG_SYSTEM=/dev/null", "GIT_TERMINAL_PROMPT=0", "NO_UPDATE_NOTIFIER=1",
		"DO_NOT_TRACK=1", "GIT_ALLOW_PROTOCOL=http:file",
		// What an edited lockfile may name beyond loopback ends at a proxy that
		// is not there.
		"HTTP_PROXY=" + nowhere, "http_proxy=" + nowhere, "HTTPS_PROXY=" + nowhere, "https_proxy=" + nowhere, "YARN_HTTPS_PROXY=" + nowhere,
		"NO_PROXY=127.0.0.1,localhost", "no_proxy=127.0.0.1,localhost"}, c.kind.environment(c)...)
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	if err := cmd.Run(); err != nil {
		return nil, fmt.Errorf("%s %s: %w\n%s%s", c, strings.Join(args, " "), err, stdout.Bytes(), stderr.Bytes())
	}
	return stdout.Bytes(), nil
}
