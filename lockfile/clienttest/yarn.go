package clienttest

import (
	"bytes"
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// classicKind is Yarn 1. Source: https://classic.yarnpkg.com/docs/cli/install
type classicKind struct{}

func (classicKind) environment(c *Client) []string {
	return []string{"npm_config_registry=" + c.registry.URL, "YARN_REGISTRY=" + c.registry.URL, "YARN_CACHE_FOLDER=" + c.home + "/yarn",
		"YARN_IGNORE_PATH=1", "YARN_DISABLE_SELF_UPDATE_CHECK=true", "npm_config_userconfig=" + c.home + "/.npmrc"}
}

func (classicKind) lock(c *Client, dir string) error {
	_, err := c.run(dir, "install", "--ignore-scripts", "--non-interactive", "--no-progress")
	return err
}

func (classicKind) frozen(c *Client, dir string, production bool) error {
	args := []string{"install", "--frozen-lockfile", "--ignore-scripts", "--non-interactive", "--no-progress"}
	if production {
		args = append(args, "--production=true")
	}
	_, err := c.run(dir, args...)
	return err
}

// list is nil: yarn list of Yarn 1 reads the lockfile for names and folders for
// the rest, and tells neither source nor flags; the tree says more.
func (classicKind) list(*Client, string) ([]Listed, error) { return nil, nil }

// berryKind is Yarn 2 and later. Source: https://yarnpkg.com/configuration/yarnrc
type berryKind struct{}

func (berryKind) environment(c *Client) []string {
	out := []string{"YARN_NPM_REGISTRY_SERVER=" + strings.TrimSuffix(c.registry.URL, "/"), "YARN_UNSAFE_HTTP_WHITELIST=127.0.0.1",
		"YARN_GLOBAL_FOLDER=" + c.home + "/berry", "YARN_CACHE_FOLDER=" + c.home + "/berry/cache", "YARN_ENABLE_TELEMETRY=0",
		"YARN_NODE_LINKER=node-modules",
		"YARN_ENABLE_SCRIPTS=0", "YARN_IGNORE_PATH=1", "YARN_RC_FILENAME=.yarnrc.yml", "YARN_ENABLE_PROGRESS_BARS=0",
		"YARN_ENABLE_IMMUTABLE_INSTALLS=0", "YARN_HTTP_RETRY=0"}
	if c.Major > 3 {
		out = append(out, "YARN_ENABLE_HARDENED_MODE=0", "YARN_NPM_MINIMAL_AGE_GATE=0", "YARN_APPROVED_GIT_REPOSITORIES=**",
			"YARN_ENABLE_GLOBAL_CACHE=0")
	}
	return out
}

func (berryKind) lock(c *Client, dir string) error {
	// A yarn.lock makes the folder a project of its own, whatever lies in those
	// above it.
	file := filepath.Join(dir, c.Lockfile)
	if _, err := os.Stat(file); errors.Is(err, fs.ErrNotExist) {
		if err := os.WriteFile(file, nil, 0o600); err != nil {
			return err
		}
	}
	// Without its archives Yarn would write another key of its cache.
	args := []string{"install", "--mode=skip-build"}
	if c.Major < 3 {
		args = []string{"install", "--skip-builds"}
	}
	_, err := c.run(dir, args...)
	return err
}

func (berryKind) frozen(c *Client, dir string, production bool) error {
	args := []string{"install", "--immutable", "--mode=skip-build"}
	if c.Major < 3 {
		args = []string{"install", "--immutable", "--skip-builds"}
	}
	if production {
		if c.Major < 4 {
			return errors.ErrUnsupported // a plugin that is fetched from elsewhere
		}
		args = []string{"workspaces", "focus", "--all", "--production"}
	}
	_, err := c.run(dir, args...)
	return err
}

func (berryKind) list(c *Client, dir string) ([]Listed, error) {
	out, err := c.run(dir, "info", "-A", "-R", "--json")
	if err != nil {
		return nil, err
	}
	var list []Listed
	for line := range bytes.Lines(out) {
		var row struct {
			Value    string
			Children struct{ Version string }
		}
		if err := json.Unmarshal(line, &row); err != nil {
			return nil, err
		}
		at := strings.IndexByte(row.Value[1:], '@') + 1
		if at <= 0 {
			continue
		}
		name, reference := row.Value[:at], row.Value[at+1:]
		source := "registry"
		switch {
		case strings.HasPrefix(reference, "workspace:"), strings.HasPrefix(reference, "link:"), strings.HasPrefix(reference, "portal:"),
			strings.HasPrefix(reference, "virtual:"):
			continue
		case strings.Contains(reference, "#commit="):
			source = "git"
		case strings.HasPrefix(reference, "http"):
			source = "remote"
		case strings.HasPrefix(reference, "file:"):
			source = "file"
		case strings.HasPrefix(reference, "patch:"):
			source = ""
		}
		list = append(list, Listed{Name: name, Version: row.Children.Version, Source: source})
	}
	return list, nil
}
