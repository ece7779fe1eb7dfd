package main

import (
	"context"
	"os"

	"github.com/spf13/cobra"

	"github.com/lockwarden/lockwarden/analyzer"
	"github.com/lockwarden/lockwarden/app/render"
	"github.com/lockwarden/lockwarden/lockfile"
)

func compareCommand(t *terminal) *cobra.Command {
	c := &cobra.Command{
		Use:   "compare NAME@A NAME@B",
		Short: "Tell what changes between two versions of a package",
		Long: `Tell what a new version of a package brings and drops: behaviors, hosts,
lifecycle scripts, dependencies, commands, compiled files, license, publisher,
size, files; then the new version's issues, those of an update among them. Each
side is a version in the registry, a tarball or a folder.

Exit status: 0 passes, 1 an issue of at least the severity --fail-on was found,
2 wrong usage or input, 3 something could not be scanned.`,
		Example: "  lockwarden compare axios@1.6.0 axios@1.7.9\n  lockwarden compare ./a-1.0.0.tgz ./a --format json",
		Args:    cobra.ExactArgs(2),
	}
	o := scannerFlags(c)
	fails := failOnFlag(c, "none")
	var format *string
	c.RunE = func(c *cobra.Command, args []string) error {
		if _, err := fails(nil); err != nil {
			return err
		}
		o.ProjectSettings, _ = os.ReadFile(".npmrc")
		scanner, err := analyzer.Open(*o)
		if err != nil {
			return err
		}
		defer scanner.Close()
		from, to, err := compare(c.Context(), scanner, args[0], args[1])
		if err != nil {
			return err
		}
		if *format == "json" {
			err = render.CompareJSON(c.OutOrStdout(), from, to)
		} else {
			err = render.Compare(c.OutOrStdout(), t.screen, from, to)
		}
		if err != nil {
			return err
		}
		if !from.Complete || !to.Complete {
			return exitCode(exitIncomplete)
		}
		if failed, _ := fails(to.Issues); failed {
			return exitCode(exitBlocked)
		}
		return nil
	}
	format = formatFlag(c, "text", "json")
	return c
}

// compare reports on both versions; the report on the new one has the
// difference.
func compare(ctx context.Context, scanner *analyzer.Scanner, a, b string) (from, to *analyzer.Report, err error) {
	old, scannedOld, known, err := scanOne(ctx, scanner, a)
	if err != nil {
		return nil, nil, err
	}
	from = reportOf(old, scannedOld, known)
	now, scannedNow, known, err := scanOne(ctx, scanner, b)
	if err != nil {
		return nil, nil, err
	}
	if now.Metadata.Known && old.Name == now.Name {
		if now.Metadata, err = scanner.Metadata(ctx, now.Name, now.Version, old.Version, true); err != nil {
			return nil, nil, err
		}
	}
	now.Old, now.OldAdvisories = scannedOld.Contents, old.Advisories
	now.Change = &lockfile.Change{Kind: lockfile.Upgraded, Name: now.Name, From: old.Version, To: now.Version,
		Old: &lockfile.Entry{Name: old.Name, Package: old.Name, Version: old.Version}, New: &lockfile.Entry{Name: now.Name, Package: now.Name, Version: now.Version}}
	return from, reportOf(now, scannedNow, known), nil
}
