package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/lockwarden/lockwarden/analyzer"
	"github.com/lockwarden/lockwarden/analyzer/issue"
	"github.com/lockwarden/lockwarden/app/policy"
	"github.com/lockwarden/lockwarden/app/render"
	"github.com/lockwarden/lockwarden/known"
)

func scanCommand(t *terminal) *cobra.Command {
	c := &cobra.Command{
		Use:   "scan NAME[@VERSION] | FILE.tgz | DIR",
		Short: "Report on one package",
		Long: `Report what one package version does and what is wrong with it: from the
registry, from a tarball, or from a folder. Nothing of it is executed.

Of a folder, what npm would not pack is left out and named: .git, and
node_modules but for bundled dependencies. Links are followed inside the folder;
those that lead out of it are not scanned (status 3).

Exit status: 0 passes, 1 an issue of at least the severity --fail-on was found,
2 wrong usage or input, 3 something could not be scanned, or the registry's
document could not be had.`,
		Example: "  lockwarden scan esbuild@0.20.1\n  lockwarden scan ./left-pad-1.3.0.tgz --format json\n  lockwarden scan esbuild " +
			"--format html > esbuild.html\n  lockwarden scan .",
		Args: cobra.ExactArgs(1),
	}
	o := scannerFlags(c)
	npmrcFlag(c, o)
	fails := failOnFlag(c, "high")
	allowIncomplete := c.Flags().Bool("allow-incomplete", false, "pass although something could not be scanned or is not known")
	c.Flags().BoolVar(&o.Git, "git", false, "scan as installed from a git repository: prepare scripts run too")
	var format *string
	c.RunE = func(c *cobra.Command, args []string) error {
		if _, err := fails(nil); err != nil {
			return err // before anything is fetched
		}
		scanner, err := openScanner(c, *o, settingsFor(args[0]))
		if err != nil {
			return err
		}
		defer scanner.Close()
		e, err := examine(c.Context(), scanner, args[0], c.ErrOrStderr())
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
		if !settled(report) && !*allowIncomplete {
			return exitCode(exitIncomplete)
		}
		return nil
	}
	format = formatFlag(c, "text", "json", "html")
	return c
}

// settled reports whether enough is known of a package for a status of 0: what
// keeps a review from passing by default does so here.
func settled(r *analyzer.Report) bool {
	p := policy.Default()
	return r.Complete && !slices.ContainsFunc(r.Unknown, func(g known.Gap) bool {
		action, _ := p.OnUnknown(g)
		return action == policy.Block
	})
}

// packagePage is a page of what was examined. Versions are told of where the
// registry knows it.
func packagePage(ctx context.Context, scanner *analyzer.Scanner, e *analyzer.Examination, report *analyzer.Report) render.PackagePage {
	p := render.PackagePage{Report: report, Contents: e.Scanned.Contents, Metadata: e.Input.Metadata, Scanned: time.Now()}
	if e.Input.Metadata.OrZero().Exists {
		p.Releases, p.Versions, _ = scanner.Releases(ctx, report.Name, report.Version)
	}
	return p
}

// failOnFlag adds --fail-on; the function reports whether one of the issues is at
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

// examine scans what the argument names, and says what of a folder it leaves out.
func examine(ctx context.Context, scanner *analyzer.Scanner, arg string, says io.Writer) (*analyzer.Examination, error) {
	info, err := os.Stat(arg)
	switch {
	case err == nil && info.IsDir():
		folder, err := analyzer.ReadFolder(arg)
		if err != nil {
			return nil, err
		}
		if len(folder.LeftOut) > 0 {
			fmt.Fprintf(says, "left out of %s: %s\n", arg, strings.Join(folder.LeftOut, ", "))
		}
		scanned, err := scanner.ScanFolder(ctx, folder)
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
	return &analyzer.Examination{Input: in, Scanned: scanned, Unknown: analyzer.Unasked("nobody is asked about a file or folder")}
}
