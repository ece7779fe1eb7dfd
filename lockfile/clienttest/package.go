package clienttest

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"crypto/sha1"
	"crypto/sha512"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"maps"
	"path"
	"slices"
	"strings"
)

// Package is one version of a package that the registry serves.
type Package struct {
	Name, Version string
	// Fields are what its package.json has beside name and version, as JSON
	// without the braces.
	Fields string
	// Files are what its tarball holds beside package.json and index.js.
	Files map[string]string
}

// ID is name@version.
func (p Package) ID() string { return p.Name + "@" + p.Version }

// Manifest is the package.json.
func (p Package) Manifest() string {
	fields := ""
	if p.Fields != "" {
		fields = "," + p.Fields
	}
	return fmt.Sprintf(`{"name":%q,"version":%q%s}`, p.Name, p.Version, fields)
}

// Tarball packs the package. The marker is what its index.js says: where these
// bytes come from.
func (p Package) Tarball(marker string) []byte {
	files := maps.Clone(p.Files)
	if files == nil {
		files = map[string]string{}
	}
	files["package.json"] = p.Manifest()
	files["index.js"] = fmt.Sprintf("// %s from %s\n", p.ID(), marker)
	return Pack(files)
}

// Pack makes a tarball of files by their names, the same bytes each time.
func Pack(files map[string]string) []byte {
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	w := tar.NewWriter(z)
	for _, name := range slices.Sorted(maps.Keys(files)) {
		mode := int64(0o644)
		if strings.HasPrefix(files[name], "#!") {
			mode = 0o755
		}
		header := &tar.Header{Name: "package/" + name, Mode: mode, Size: int64(len(files[name])), Format: tar.FormatUSTAR}
		if err := w.WriteHeader(header); err != nil {
			panic(err) // memory does not fail
		}
		fmt.Fprint(w, files[name])
	}
	w.Close()
	z.Close()
	return b.Bytes()
}

// Integrity is the Subresource Integrity string of bytes.
func Integrity(data []byte) string {
	sum := sha512.Sum512(data)
	return "sha512-" + base64.StdEncoding.EncodeToString(sum[:])
}

// document is the entry of a packument for one version.
func (p Package) document(host string, tarball []byte) map[string]any {
	var m map[string]any
	if err := json.Unmarshal([]byte(p.Manifest()), &m); err != nil {
		panic(fmt.Sprintf("%s: %v", p.ID(), err))
	}
	if scripts, ok := m["scripts"].(map[string]any); ok && len(scripts) > 0 {
		m["hasInstallScript"] = true
	}
	sum := sha1.Sum(tarball)
	m["dist"] = map[string]any{
		"tarball":   host + tarballPath(p.Name, p.Version),
		"shasum":    hex.EncodeToString(sum[:]),
		"integrity": Integrity(tarball),
	}
	return m
}

func tarballPath(name, version string) string {
	return "/" + name + "/-/" + path.Base(name) + "-" + version + ".tgz"
}

// Packages are the small, inert packages that the tests lock: two majors of
// one, a scope, programs, optional packages of platforms, peers, a circle, a
// bundle, one with a script.
func Packages() []Package {
	program := map[string]string{"cli.js": "#!/usr/bin/env node\n"}
	return []Package{
		{Name: "alpha", Version: "1.0.0", Fields: `"dependencies":{"beta":"^1.0.0"}`},
		{Name: "alpha", Version: "1.1.0", Fields: `"dependencies":{"beta":"^1.0.0"}`},
		{Name: "alpha", Version: "2.0.0", Fields: `"dependencies":{"beta":"^2.0.0"}`},
		{Name: "beta", Version: "1.0.0"},
		{Name: "beta", Version: "1.1.0"},
		{Name: "beta", Version: "2.0.0"},
		{Name: "@scope/gamma", Version: "1.0.0", Fields: `"dependencies":{"beta":"^2.0.0"},"bin":{"gamma":"cli.js"}`, Files: program},
		{Name: "delta", Version: "1.0.0", Fields: `"dependencies":{"alpha":"^1.0.0","epsilon":"^1.0.0"}`},
		{Name: "epsilon", Version: "1.0.0", Fields: `"bin":{"epsilon":"cli.js"}`, Files: program},
		{Name: "epsilon", Version: "1.0.1", Fields: `"bin":{"epsilon":"cli.js"}`, Files: program},
		{Name: "zeta", Version: "1.0.0", Fields: `"optionalDependencies":{"native-linux":"1.0.0","native-windows":"1.0.0"}`},
		{Name: "native-linux", Version: "1.0.0", Fields: `"os":["linux"],"cpu":["x64","arm64"]`},
		{Name: "native-windows", Version: "1.0.0", Fields: `"os":["win32"],"cpu":["x64","arm64"]`},
		{Name: "plugin", Version: "1.0.0", Fields: `"peerDependencies":{"alpha":"1 || 2","iota":"1"},
"peerDependenciesMeta":{"iota":{"optional":true}}`},
		{Name: "theta", Version: "1.0.0", Fields: `"dependencies":{"iota":"^1.0.0"}`},
		{Name: "iota", Version: "1.0.0", Fields: `"dependencies":{"theta":"^1.0.0"}`},
		{Name: "kappa", Version: "1.0.0", Fields: `"dependencies":{"inside":"^1.0.0"},"bundleDependencies":["inside"]`,
			Files: map[string]string{"node_modules/inside/package.json": `{"name":"inside","version":"1.0.0"}`,
				"node_modules/inside/index.js": "// inside@1.0.0 from kappa\n"}},
		{Name: "inside", Version: "1.0.0"},
		{Name: "scripted", Version: "1.0.0", Fields: `"scripts":{"postinstall":"node -e 0"}`},
		{Name: "scripted", Version: "1.0.1", Fields: `"scripts":{"postinstall":"node -e 0"}`},
	}
}
