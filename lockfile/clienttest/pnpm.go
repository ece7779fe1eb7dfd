package clienttest

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// pnpmKind is pnpm. Sources: https://pnpm.io/settings, https://pnpm.io/cli/list
type pnpmKind struct{}

func (pnpmKind) environment(c *Client) []string {
	var out []string
	// pnpm reads npm's variables up to 10, its own since 10.
	for _, prefix := range []string{"npm_config_", "pnpm_config_"} {
		out = append(out, prefix+"registry="+c.registry.URL, prefix+"store_dir="+c.home+"/store", prefix+"cache_dir="+c.home+"/cache/pnpm",
			prefix+"state_dir="+c.home+"/state/pnpm", prefix+"update_notifier=false", prefix+"fetch_retries=0", prefix+"ignore_scripts=true",
			prefix+"manage_package_manager_versions=false", prefix+"pm_on_fail=ignore", prefix+"minimum_release_age=0",
			prefix+"enable_global_virtual_store=false", prefix+"package_import_method=copy", prefix+"verify_store_integrity=true",
			prefix+"block_exotic_subdeps=false", prefix+"userconfig="+c.home+"/.npmrc")
	}
	return append(out, "PNPM_HOME="+c.home+"/pnpm")
}

func (pnpmKind) lock(c *Client, dir string) error {
	_, err := c.run(dir, "install", "--lockfile-only", "--no-frozen-lockfile", "--ignore-scripts")
	return err
}

func (pnpmKind) frozen(c *Client, dir string, production bool) error {
	args := []string{"install", "--frozen-lockfile", "--ignore-scripts"}
	if production {
		args = append(args, "--prod")
	}
	_, err := c.run(dir, args...)
	return err
}

// pnpmNode is one package as pnpm list prints it.
type pnpmNode struct {
	From, Version, Resolved                             string
	Dependencies, DevDependencies, OptionalDependencies map[string]pnpmNode
}

// list reads pnpm list. Before 10 it reads what is installed, so that a copy
// of the project is installed first.
func (pnpmKind) list(c *Client, dir string) ([]Listed, error) {
	args := []string{"list", "-r", "--depth", "Infinity", "--json"}
	if c.Major < 10 {
		if c.kind.frozen(c, dir, false) != nil {
			return nil, nil
		}
	} else {
		args = append(args, "--lockfile-only")
	}
	out, err := c.run(dir, args...)
	if err != nil {
		return nil, err
	}
	// It prints a list for each of the project's parts and each link.
	var projects []pnpmNode
	for d := json.NewDecoder(bytes.NewReader(out)); d.More(); {
		var some []pnpmNode
		if err := d.Decode(&some); err != nil {
			return nil, fmt.Errorf("%w in %s", err, out)
		}
		projects = append(projects, some...)
	}
	found := map[[2]string]string{}
	var walk func(m map[string]pnpmNode)
	walk = func(m map[string]pnpmNode) {
		for _, n := range m {
			version, source := n.Version, "registry"
			switch {
			case strings.HasPrefix(version, "link:"):
				walk(n.Dependencies)
				continue
			case strings.HasPrefix(n.Resolved, "git") || strings.HasPrefix(version, "git"):
				source = "git"
			case strings.HasPrefix(version, "file:"), strings.HasPrefix(n.Resolved, "file:"):
				source = "file"
			case strings.Contains(version, "://"), n.Resolved != "" && !strings.Contains(n.Resolved, "/-/"):
				source = "remote"
			case n.Resolved == "":
				source = ""
			}
			if strings.Contains(version, ":") {
				version = "" // an address stands in its place
			}
			found[[2]string{n.From, version}] = source
			walk(n.Dependencies)
			walk(n.OptionalDependencies)
		}
	}
	for _, p := range projects {
		walk(p.Dependencies)
		walk(p.DevDependencies)
		walk(p.OptionalDependencies)
	}
	var list []Listed
	for key, source := range found {
		list = append(list, Listed{Name: key[0], Version: key[1], Source: source})
	}
	return list, cleanModules(c, dir)
}

// cleanModules removes what a listing had to install.
func cleanModules(c *Client, dir string) error {
	if c.Major >= 10 {
		return nil
	}
	return os.RemoveAll(filepath.Join(dir, "node_modules"))
}
