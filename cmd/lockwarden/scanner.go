package main

import (
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/spf13/cobra"

	"github.com/lockwarden/lockwarden/analyzer"
)

// scannerFlags adds what decides how packages are fetched and scanned.
func scannerFlags(c *cobra.Command) *analyzer.Options {
	o := &analyzer.Options{}
	f := c.Flags()
	f.StringVar(&o.Registry, "registry", "", "default registry's URL (npm's setting of that name)")
	f.StringSliceVar(&o.AllowHosts, "allow-host", nil, "host that may have a private address, and be redirected to")
	f.StringVar(&o.CacheDir, "cache", "", "folder for tarballs and results (default: the user's cache folder)")
	f.BoolVar(&o.NoCache, "no-cache", false, "keep nothing on disk")
	f.StringVar(&o.OSV, "osv", "", "advisories: address of an OSV API, a local npm/all.zip, or none (default: OSV's public API)")
	f.IntVar(&o.Workers, "workers", 0, "processes that scan at the same time (default: one a processor)")
	return o
}

// npmrcFlag lets the user say whose .npmrc is trusted.
func npmrcFlag(c *cobra.Command, o *analyzer.Options) {
	c.Flags().StringVar(&o.Npmrc, "npmrc", "", "a project's .npmrc that you trust: its registries, tokens and ${VARIABLES} count")
}

// openScanner opens a scanner for somebody at a command line, and says once what
// they would not see in a result. folder is the .npmrc of the working folder,
// where nobody said that it is to be trusted: whoever wrote it, such as the
// author of the pull request that a job checked out, would choose where packages
// come from and who is sent the job's secrets.
func openScanner(c *cobra.Command, o analyzer.Options, folder func() ([]byte, error)) (*analyzer.Scanner, error) {
	s, err := analyzer.Open(o)
	if err != nil {
		return nil, err
	}
	saySandbox(c.ErrOrStderr(), analyzer.SandboxGaps())
	if folder != nil && o.Npmrc == "" {
		npmrc, err := folder()
		unused := s.Settings.Unused(npmrc)
		if o.Registry != "" { // a flag goes before any file
			unused = slices.DeleteFunc(unused, func(name string) bool { return name == "registry" })
		}
		sayUnused(c.ErrOrStderr(), unused, err)
	}
	return s, nil
}

// saySandbox says what the child processes lack.
func saySandbox(w io.Writer, gaps []string) {
	if len(gaps) > 0 {
		fmt.Fprintf(w, "lockwarden: the sandbox around what reads packages lacks %s on this system; "+
			"lockwarden doctor says what to do\n", strings.Join(gaps, " and "))
	}
}

// Of the settings that are named to a person.
const (
	maxNamed     = 8
	maxNamedText = 100
)

// sayUnused names what the folder's .npmrc says in vain, never its values.
func sayUnused(w io.Writer, names []string, err error) {
	const cure = "If you trust it: --npmrc .npmrc"
	if err != nil {
		fmt.Fprintf(w, "lockwarden: this folder's .npmrc is not used: %v. %s\n", err, cure)
		return
	}
	if len(names) == 0 {
		return
	}
	shown := names[:min(len(names), maxNamed)]
	for i, name := range shown {
		name = printable(strings.ToValidUTF8(name, "?"))
		if utf8.RuneCountInString(name) > maxNamedText {
			name = string([]rune(name)[:maxNamedText]) + "…"
		}
		shown[i] = name
	}
	list := strings.Join(shown, ", ")
	if left := len(names) - len(shown); left > 0 {
		list += fmt.Sprintf(" and %d more", left)
	}
	fmt.Fprintf(w, "lockwarden: this folder's .npmrc is not used (%s): "+
		"its author would choose the registry, and who gets your secrets. %s\n", list, cure)
}

// maxSettings is the largest .npmrc that is read, in bytes.
const maxSettings = 1 << 20

// settingsFor is the folder's .npmrc where an operand of scan or compare is a
// package of a registry; what lies on disk is fetched from nowhere.
func settingsFor(args ...string) func() ([]byte, error) {
	for _, arg := range args {
		if _, err := os.Stat(arg); err != nil {
			return folderSettings
		}
	}
	return nil
}

// folderSettings reads the working folder's .npmrc, nil where it has none.
func folderSettings() ([]byte, error) {
	info, err := os.Stat(".npmrc")
	switch {
	case os.IsNotExist(err):
		return nil, nil
	case err != nil:
		return nil, err
	case !info.Mode().IsRegular():
		return nil, fmt.Errorf("it is not a file") // a pipe would be waited for
	}
	f, err := os.Open(".npmrc")
	if err != nil {
		return nil, err
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, maxSettings+1))
	if err == nil && len(data) > maxSettings {
		err = fmt.Errorf("it is larger than %d bytes", maxSettings)
	}
	return data, err
}
