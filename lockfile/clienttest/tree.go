package clienttest

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// Placed is what stands at one place after an installation.
type Placed struct {
	// Name and Version are those of the package.json that stands there; empty
	// for a link and a program.
	Name    string `json:",omitempty"`
	Version string `json:",omitempty"`
	// Marker is the first line of its index.js, which says where the bytes came
	// from.
	Marker string `json:",omitempty"`
	// Hash is one of all its files.
	Hash string `json:",omitempty"`
	// Link is where a symbolic link leads, relative to the project.
	Link string `json:",omitempty"`
}

// String is what a person compares.
func (p Placed) String() string {
	switch {
	case p.Link != "" && p.Name == "":
		return "→ " + p.Link
	case p.Name == "":
		return "program " + p.Hash
	}
	return fmt.Sprintf("%s@%s %s (%s)", p.Name, p.Version, p.Hash, p.Marker)
}

// Tree reads what stands on disk below a project's node_modules folders, by
// place. Links and programs count: they decide what require and PATH find.
func Tree(dir string) (map[string]Placed, error) {
	out := map[string]Placed{}
	dir, err := filepath.EvalSymlinks(dir)
	if err != nil {
		return nil, err
	}
	err = filepath.WalkDir(dir, func(file string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		place, err := filepath.Rel(dir, file)
		if err != nil {
			return err
		}
		place = filepath.ToSlash(place)
		if !strings.Contains("/"+place, "/node_modules/") {
			return nil
		}
		switch parent := filepath.Base(filepath.Dir(file)); {
		case d.Type()&fs.ModeSymlink != 0:
			target, err := os.Readlink(file)
			if err != nil {
				return err
			}
			if !filepath.IsAbs(target) {
				target = filepath.Join(filepath.Dir(file), target)
			}
			if target, err = filepath.Rel(dir, target); err != nil {
				return err
			}
			p := Placed{Link: filepath.ToSlash(target)}
			if strings.HasPrefix(place, "node_modules/.pnpm/node_modules/") {
				// Which of a package's versions stands there for everybody is a race
				// in pnpm: one lockfile gives one or the other.
				p.Link = "one of its versions"
			}
			if strings.HasPrefix(target, "..") {
				// pnpm's store outside of the project; its name is made of hashes.
				if p, err = placed(file + string(filepath.Separator)); err != nil {
					return err
				}
				p.Link = "outside"
			}
			out[place] = p
		case parent == ".bin" && d.Type().IsRegular():
			text, err := os.ReadFile(file)
			if err != nil {
				return err
			}
			// A program of this kind names its project's folder.
			sum := sha256.Sum256([]byte(strings.ReplaceAll(string(text), dir, "")))
			out[place] = Placed{Hash: hex.EncodeToString(sum[:6])}
		case d.Name() == "package.json" && d.Type().IsRegular():
			p, err := placed(filepath.Dir(file))
			if err != nil {
				return err
			}
			if p.Name != "" {
				out[strings.TrimSuffix(place, "/package.json")] = p
			}
		}
		return nil
	})
	return out, err
}

func placed(dir string) (Placed, error) {
	var manifest struct{ Name, Version string }
	h := sha256.New()
	p := Placed{}
	err := filepath.WalkDir(dir, func(file string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && d.Name() == "node_modules" && file != dir:
			return fs.SkipDir
		case !d.Type().IsRegular():
			return nil
		}
		text, err := os.ReadFile(file)
		if err != nil {
			return err
		}
		name, _ := filepath.Rel(dir, file)
		switch name {
		case "package.json":
			if err := json.Unmarshal(text, &manifest); err != nil {
				return fmt.Errorf("%s: %w", file, err)
			}
			text = withoutNotes(text)
		case "index.js":
			p.Marker, _, _ = strings.Cut(strings.TrimPrefix(string(text), "// "), "\n")
		case ".bun-tag", ".yarn-metadata.json", ".yarn-tarball.tgz", ".bun-patch-tag":
			return nil // notes of the client
		}
		fmt.Fprintf(h, "%s %d %s\n", name, len(text), text)
		return nil
	})
	p.Name, p.Version, p.Hash = manifest.Name, manifest.Version, hex.EncodeToString(h.Sum(nil)[:6])
	return p, err
}

// withoutNotes drops what old npm writes into some installed manifests, and
// the order and spaces that it gives them.
func withoutNotes(text []byte) []byte {
	var m map[string]any
	if json.Unmarshal(text, &m) != nil {
		return text
	}
	for key := range m {
		if strings.HasPrefix(key, "_") || key == "deprecated" || key == "bundleDependencies" {
			delete(m, key)
		}
	}
	out, err := json.Marshal(m)
	if err != nil {
		return text
	}
	return out
}

// IDs are the packages of a tree as name@version, sorted, each once. Workspaces
// and folders of the project are links there and do not count.
func IDs(tree map[string]Placed) []string {
	var out []string
	for _, p := range tree {
		if p.Name != "" {
			out = append(out, p.Name+"@"+p.Version)
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}
