package main

import (
	"context"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/lockwarden/lockwarden/analyzer"
	"github.com/lockwarden/lockwarden/analyzer/issue"
	"github.com/lockwarden/lockwarden/app/render"
)

func scanCommand(t *terminal) *cobra.Command {
	c := &cobra.Command{
		Use:   "scan NAME[@VERSION] | FILE.tgz | DIR",
		Short: "Report on one package",
		Long: `Report what one package version does and what is wrong with it: from the
registry, from a tarball, or from a folder. Nothing of it is executed.

Exit status: 0 passes, 1 an issue of at least the severity --fail-on was found,
2 wrong usage or input, 3 something could not be scanned.`,
		Example: "  lockwarden scan esbuild@0.20.1\n  lockwarden scan ./left-pad-1.3.0.tgz --format json\n  lockwarden scan esbuild --format html > esbuild.html\n  lockwarden scan .",
		Args:    cobra.ExactArgs(1),
	}
	o := scannerFlags(c)
	fails := failOnFlag(c, "high")
	allowIncomplete := c.Flags().Bool("allow-incomplete", false, "pass although something could not be scanned")
	c.Flags().BoolVar(&o.Git, "git", false, "scan as installed from a git repository: prepare scripts run too")
	var format *string
	c.RunE = func(c *cobra.Command, args []string) error {
		if _, err := fails(nil); err != nil {
			return err // before anything is fetched
		}
		o.ProjectSettings, _ = os.ReadFile(".npmrc")
		scanner, err := analyzer.Open(*o)
		if err != nil {
			return err
		}
		defer scanner.Close()
		e, err := examine(c.Context(), scanner, args[0])
		if err != nil {
			return err
		}
		report := e.Report()
		switch *format {
		case "json":
			err = render.ScanJSON(c.OutOrStdout(), report)
		case "html":
			err = render.HTML(c.OutOrStdout(), packagePage(c.Context(), scanner, e, report))
		default:
			err = render.Scan(c.OutOrStdout(), t.screen, report)
		}
		if err != nil {
			return err
		}
		if failed, _ := fails(report.Issues); failed {
			return exitCode(exitBlocked)
		}
		if !report.Complete && !*allowIncomplete {
			return exitCode(exitIncomplete)
		}
		return nil
	}
	format = formatFlag(c, "text", "json", "html")
	return c
}

// packagePage is a page of what was examined. Versions are told of where the
// registry knows it.
func packagePage(ctx context.Context, scanner *analyzer.Scanner, e *analyzer.Examination, report *analyzer.Report) render.PackagePage {
	p := render.PackagePage{Report: report, Contents: e.Scanned.Contents, Metadata: e.Input.Metadata, Scanned: time.Now()}
	if e.Input.Metadata.Exists {
		p.Releases, p.Versions, _ = scanner.Releases(ctx, report.Name, report.Version)
	}
	return p
}

// failOnFlag adds --fail-on; the function tells whether one of the issues is at
// least that severe. What was not scanned has an exit status of its own.
func failOnFlag(c *cobra.Command, fallback string) func([]issue.Issue) (bool, error) {
	name := c.Flags().String("fail-on", fallback, "least severity that fails: critical, high, medium, low, info, or none")
	return func(issues []issue.Issue) (bool, error) {
		if *name == "none" {
			return false, nil
		}
		least, err := issue.ParseSeverity(*name)
		if err != nil {
			return false, fmt.Errorf("--fail-on: %w", err)
		}
		return slices.ContainsFunc(issues, func(i issue.Issue) bool { return i.ID != "scan/incomplete" && i.Severity <= least }), nil
	}
}

// examine scans what the argument names.
func examine(ctx context.Context, scanner *analyzer.Scanner, arg string) (*analyzer.Examination, error) {
	info, err := os.Stat(arg)
	switch {
	case err == nil && info.IsDir():
		files, err := readFolder(arg)
		if err != nil {
			return nil, err
		}
		scanned, err := scanner.ScanFiles(ctx, files)
		return byManifest(scanned, filepath.Base(arg)), err
	case err == nil:
		scanned, err := scanner.ScanTarball(ctx, func() (io.ReadCloser, error) { return os.Open(arg) })
		return byManifest(scanned, filepath.Base(arg)), err
	case strings.HasSuffix(arg, ".tgz") || strings.HasPrefix(arg, "./") || strings.HasPrefix(arg, "/"):
		return nil, err
	}
	subject, err := scanner.Find(ctx, arg)
	if err != nil {
		return nil, err
	}
	return scanner.Examine(ctx, subject)
}

// byManifest names a package by its own package.json.
func byManifest(scanned analyzer.Scanned, fallback string) *analyzer.Examination {
	in := issue.Input{Name: fallback}
	if scanned.Contents != nil && scanned.Contents.Manifest.Name != "" {
		in.Name, in.Version = scanned.Contents.Manifest.Name, scanned.Contents.Manifest.Version
	}
	return &analyzer.Examination{Input: in, Scanned: scanned}
}

// Limits of a folder: it is a person's own, but may be a whole disk.
const (
	maxFolderFiles = 50_000
	maxFolderBytes = 1 << 30
)

// readFolder reads what npm would pack, roughly: no node_modules, no .git.
func readFolder(dir string) (map[string][]byte, error) {
	files := map[string][]byte{}
	total := int64(0)
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() {
			if path != dir && (d.Name() == "node_modules" || d.Name() == ".git") {
				return filepath.SkipDir
			}
			return nil
		}
		if !d.Type().IsRegular() {
			return nil
		}
		info, err := d.Info()
		if err != nil {
			return err
		}
		if total += info.Size(); total > maxFolderBytes || len(files) >= maxFolderFiles {
			return fmt.Errorf("%s has more than %d files or %d MB; name a package's folder", dir, maxFolderFiles, maxFolderBytes>>20)
		}
		data, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		name, err := filepath.Rel(dir, path)
		files[filepath.ToSlash(name)] = data
		return err
	})
	if err == nil && len(files) == 0 {
		err = fmt.Errorf("%s has no files", dir)
	}
	return files, err
}
