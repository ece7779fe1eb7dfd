package lockfile

import (
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"

	"github.com/lockwarden/lockwarden/lockfile/document"
)

// read opens a file of the project; what is not there is nil.
func (o Options) read(name string) ([]byte, error) {
	if o.Project == nil {
		return nil, nil
	}
	data, err := fs.ReadFile(o.Project, name)
	if errors.Is(err, fs.ErrNotExist) || errors.Is(err, fs.ErrInvalid) {
		return nil, nil
	}
	return data, err
}

// declarations reads what the project declares for a package manager.
func (o Options) declarations(lockfile string, format Format) (declared, error) {
	d := declared{format: format, parts: map[string]*Entry{}, catalogs: map[string]map[string]string{}}
	manifest, err := o.read("package.json")
	if err != nil {
		return d, err
	}
	if len(manifest) > 0 {
		if d.root, err = readManifest(lockfile, manifest); err != nil {
			return d, err
		}
		d.manifest(manifest, format)
	}
	settings := map[Format]string{Pnpm: "pnpm-workspace.yaml", Yarn: ".yarnrc.yml"}[format]
	if settings == "" {
		return d, nil
	}
	data, err := o.read(settings)
	if err != nil || len(data) == 0 || len(data) > maxSettings {
		return d, err
	}
	d.settings(data)
	if format == Pnpm && len(d.folders) == 0 {
		d.folders = []string{"**"} // as older versions of pnpm take it
	}
	return d, nil
}

// part reads the package.json of one of the project's folders, once.
func (o Options) part(lockfile, folder string, d *declared) (*Entry, error) {
	if e, done := d.parts[folder]; done {
		return e, nil
	}
	data, err := o.read(path.Join(folder, "package.json"))
	if err != nil || len(data) == 0 {
		return nil, err
	}
	e, err := readManifest(path.Join(path.Dir(lockfile), folder, "package.json"), data)
	if err == nil {
		d.parts[folder] = e
	}
	return e, err
}

// maxSettings is the largest settings file that is read, in bytes; those of
// large monorepos have some kilobytes.
const maxSettings = 1 << 20

// maxAliasParts is how many of a project's folders are asked whether they want
// packages under other names; each can be a request. A lockfile of more is an
// error: taking the rest on trust would let an undeclared package through.
const maxAliasParts = 1000

// aliasPart is part for a folder that asks for a package under another name.
func (o Options) aliasPart(lockfile, folder string, d *declared) (*Entry, error) {
	if d.aliasing++; d.aliasing > maxAliasParts {
		return nil, &document.Error{File: lockfile, Line: 1,
			Msg: fmt.Sprintf("more than %d folders of the project ask for packages under other names (limit)", maxAliasParts)}
	}
	return o.part(lockfile, folder, d)
}

// maxParts is how many of a project's folders are asked for their package.json,
// beside those that Options names; each can be a request. What the lockfile
// says of a folder beyond counts.
const maxParts = 100

// reads reports whether the package.json of a folder is read, which is one of
// those whose lockfile repeats what they ask for; n is how many were read.
func (o Options) reads(folder string, n int) bool {
	if o.Parts == nil {
		return n < maxParts
	}
	return slices.Contains(o.Parts, folder)
}

// adoptParts lets package.json say what the project's folders ask for, as npm
// and Bun do even where their lockfile may not change.
func (lock *Lockfile) adoptParts(d *declared, opts Options) error {
	n := 0
	for _, e := range lock.Entries {
		if e.Link || inModules(e.Location) || !opts.reads(e.Location, n) {
			continue
		}
		n++
		manifest, err := opts.part(lock.File, e.Location, d)
		if err != nil {
			return err
		}
		if manifest == nil {
			continue
		}
		if manifest.Package != "" && packageName.MatchString(manifest.Package) {
			e.Package = manifest.Package
		}
		lock.adopt(e, manifest)
	}
	return nil
}

// adopt gives a part of the project the dependencies of its package.json, and
// keeps the lockfile's own copy of them.
func (lock *Lockfile) adopt(e, manifest *Entry) {
	if lock.copies == nil {
		lock.copies = map[*Entry][]Dependency{}
	}
	lock.copies[e] = e.Dependencies
	lock.suspect = lock.suspect || !sameDependencies(lock.Format, e.Dependencies, manifest.Dependencies)
	e.Dependencies = manifest.Dependencies
}

// aliasParts reads the manifests of those folders of the project that ask for a
// package under another name: only package.json can say that they do.
func (lock *Lockfile) aliasParts(d *declared, opts Options) error {
	for _, e := range lock.Entries {
		if e.Link || !lock.isTop(e) || !slices.ContainsFunc(e.Dependencies, func(one Dependency) bool {
			to := lock.Resolve(e, one.Name)
			return to != nil && to.Package != one.Name && !to.Link && to.Source() != Local
		}) {
			continue
		}
		if _, err := opts.aliasPart(lock.File, e.Location, d); err != nil {
			return err
		}
	}
	return nil
}

// Options are what Parse may know beside the file.
type Options struct {
	// Project is the folder that the lockfile is in, at the same revision; nil
	// where nothing else is known. Parse opens in it what decides how the
	// lockfile is understood: package.json, those of workspaces, and the
	// package manager's own settings. What is not there (fs.ErrNotExist) is
	// taken as absent; any other error ends Parse.
	//
	// Version 1 lockfiles do not repeat the root's dependencies, so that direct
	// dependencies are known only from package.json; for others Arborist trusts
	// it over the lockfile's copy, and computes flags again where the two
	// disagree.
	Project fs.FS
	// Parts are the folders below the lockfile's whose package.json changed: it
	// is read where the lockfile itself repeats what a folder asks for. nil reads
	// those of all parts of the project, up to a limit.
	Parts []string
}
