package clienttest

import (
	_ "embed"
	"encoding/json"
	"os"
	"path/filepath"
)

// npmKind is npm. Source: https://docs.npmjs.com/cli/using-npm/config
type npmKind struct{}

//go:embed arborist.cjs
var arboristScript []byte

func (npmKind) environment(c *Client) []string {
	return []string{"npm_config_registry=" + c.registry.URL, "npm_config_cache=" + c.home + "/npm",
		"npm_config_userconfig=" + c.home + "/.npmrc", "npm_config_globalconfig=" + c.home + "/globalnpmrc", "npm_config_audit=false",
		"npm_config_fund=false", "npm_config_update_notifier=false", "npm_config_ignore_scripts=true", "npm_config_progress=false",
		"npm_config_loglevel=error", "npm_config_fetch_retries=0",
		// Since npm 12 other sources than a registry need permission.
		"npm_config_allow_git=all", "npm_config_allow_remote=all", "npm_config_allow_file=all", "npm_config_allow_directory=all"}
}

func (npmKind) lock(c *Client, dir string) error {
	_, err := c.run(dir, "install", "--package-lock-only")
	return err
}

func (npmKind) frozen(c *Client, dir string, production bool) error {
	args := []string{"ci"}
	switch {
	case production && c.Major < 7:
		args = append(args, "--only=production")
	case production:
		args = append(args, "--omit=dev")
	}
	_, err := c.run(dir, args...)
	return err
}

// list asks the Arborist that this npm brings along; npm 6 has none.
func (npmKind) list(c *Client, dir string) ([]Listed, error) {
	if c.Major < 7 {
		return nil, nil
	}
	script := filepath.Join(c.home, "arborist.cjs")
	if err := os.WriteFile(script, arboristScript, 0o644); err != nil {
		return nil, err
	}
	out, err := c.exec(dir, script, filepath.Join(c.modules, "npm/node_modules/@npmcli/arborist"), dir)
	if err != nil {
		return nil, err
	}
	var list []Listed
	return list, json.Unmarshal(out, &list)
}
