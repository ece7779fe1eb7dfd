package settings

import (
	"path"
	"regexp"
	"strings"
)

// nodeMirrorTopic is of hosts that releases of Node.js come from, downloadTopic
// of those from which install scripts fetch compiled programs.
const (
	nodeMirrorTopic = "node-mirror"
	downloadTopic   = "download"
)

// downloadKey is a setting that packages look for in the environment of their
// install scripts: "sharp_binary_host", "electron_mirror", "disturl",
// "chromedriver_cdnurl", "puppeteer_download_base_url", "sass_binary_path". No
// list of them can be complete, so the way they are called has to do.
var downloadKey = regexp.MustCompile(`^(?:dist_?url|.*_(?:host|site|mirror|cdn_?url|base_?url|download_?url|dist_?url|binary_?url|binary_path|local_prebuilds|filepath|install_binary|custom_dir))$`)

// address is a value that names a host.
var address = regexp.MustCompile(`^\s*(?i:https?:)?//`)

// noDownload are settings whose value is a URL that nothing is installed from.
var noDownload = map[string]bool{"init_author_url": true, "init.author.url": true, "metrics_registry": true, "replace_registry_host": true}

// download reads a setting of free name that only install scripts act on: one
// that is called like those that are known, or any other whose value is a URL.
func (r *reader) download(by client, in place, key, label, value string, line int) {
	if channel, ok := strings.CutPrefix(key, "node-mirror:"); ok {
		r.nodeMirror(by&pnpms, channel, label, value, line)
		return
	}
	// npm hands all of these on as the same variable.
	name := strings.ReplaceAll(strings.ToLower(key), "-", "_")
	if spellings[in][key] != nil || noDownload[name] || strings.Contains(key, "${") || value == "" ||
		!downloadKey.MatchString(name) && !address.MatchString(value) {
		return
	}
	canonical, shown := registryURL(value)
	r.say(by, downloadTopic, name, label, canonical, shown, line)
}

func (r *reader) nodeMirror(by client, channel, label, value string, line int) {
	if by == 0 {
		return
	}
	canonical, shown := registryURL(value)
	r.say(by, nodeMirrorTopic, channel, label, canonical, shown, line)
}

// nodesOwn reports whether a place is the one that Node.js publishes at.
func nodesOwn(value string) bool {
	return strings.HasPrefix(value, "https://nodejs.org/")
}

// inside reports whether a path that a file of the folder names lies in the
// repository: not where it starts at the top of the disk or at a home, or
// leaves by "..".
func inside(dir, value string) bool {
	value = strings.ReplaceAll(value, `\`, "/")
	if value == "" || value[0] == '/' || value[0] == '~' || value[0] == '$' || value[0] == '%' || len(value) > 1 && value[1] == ':' {
		return false
	}
	full := path.Join(dir, value)
	return full != ".." && !strings.HasPrefix(full, "../")
}
