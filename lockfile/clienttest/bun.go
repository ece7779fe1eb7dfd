package clienttest

import (
	"bytes"
	"strings"
)

// bunKind is Bun. Source: https://bun.com/docs/install
type bunKind struct{}

func (bunKind) environment(c *Client) []string {
	return []string{"BUN_CONFIG_REGISTRY=" + c.registry.URL, "npm_config_registry=" + c.registry.URL,
		"BUN_INSTALL_CACHE_DIR=" + c.home + "/bun", "BUN_INSTALL=" + c.home + "/.bun", "BUN_CONFIG_MAX_HTTP_REQUESTS=8",
		"BUN_RUNTIME_TRANSPILER_CACHE_PATH=0"}
}

func (bunKind) lock(c *Client, dir string) error {
	_, err := c.run(dir, "install", "--lockfile-only", "--ignore-scripts")
	return err
}

func (bunKind) frozen(c *Client, dir string, production bool) error {
	args := []string{"install", "--frozen-lockfile", "--ignore-scripts", "--linker=hoisted", "--no-progress"}
	if production {
		args = append(args, "--production")
	}
	_, err := c.run(dir, args...)
	return err
}

// list reads the tree that bun pm ls draws; it names packages by their aliases.
func (bunKind) list(c *Client, dir string) ([]Listed, error) {
	out, err := c.run(dir, "pm", "ls", "--all")
	if err != nil {
		return nil, err
	}
	var list []Listed
	for line := range bytes.Lines(out) {
		_, id, ok := strings.Cut(strings.TrimSpace(string(line)), "── ")
		if !ok {
			continue
		}
		at := strings.IndexByte(id[1:], '@') + 1
		if at <= 0 {
			continue
		}
		l := Listed{Name: id[:at], Version: id[at+1:], Source: "registry"}
		switch reference := l.Version; {
		case strings.HasPrefix(reference, "workspace:"), strings.HasPrefix(reference, "link:"):
			continue
		case strings.HasPrefix(reference, "git"):
			l.Source, l.Version = "git", ""
		case strings.HasPrefix(reference, "http"):
			l.Source, l.Version = "remote", ""
		case strings.ContainsAny(reference, "/:"):
			l.Source, l.Version = "file", ""
		}
		list = append(list, l)
	}
	return list, nil
}
