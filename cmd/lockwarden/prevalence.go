package main

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"runtime"
	"slices"

	"github.com/spf13/cobra"

	"github.com/lockwarden/lockwarden/analyzer/prevalence"
	"github.com/lockwarden/lockwarden/app"
	"github.com/lockwarden/lockwarden/app/review"
	"github.com/lockwarden/lockwarden/app/store"
	"github.com/lockwarden/lockwarden/lockfile"
)

func prevalenceCommand(t *terminal) *cobra.Command {
	c := &cobra.Command{Use: "prevalence", Short: "Find out how common behaviors and issues are", Args: cobra.NoArgs}
	c.AddCommand(prevalenceBuildCommand(t))
	return c
}

func prevalenceBuildCommand(t *terminal) *cobra.Command {
	c := &cobra.Command{
		Use:   "build LOCKFILE…",
		Short: "Make a prevalence table of the packages of lockfiles",
		Long: `Scan every registry package of the lockfiles and count in how many of the 100,
1,000 and 10,000 most used packages, and of all, each behavior and issue is
found. The table is written to standard output.

An interrupted build goes on where it was. With --database postgres://…, every
"lockwarden serve" on that database helps.`,
		Example: "  lockwarden prevalence build a/package-lock.json b/package-lock.json > table.json",
		Args:    cobra.MinimumNArgs(1),
	}
	o := scannerFlags(c)
	npmrcFlag(c, o)
	database := c.Flags().String("database", "", "postgres://… or an SQLite file (DATABASE_URL; default: a file in the user's cache folder)")
	again := c.Flags().Bool("again", false, "scan everything again: after a change of the program")
	c.RunE = func(c *cobra.Command, args []string) error {
		if err := fromEnvironment(c, map[string]string{"database": "DATABASE_URL"}); err != nil {
			return err
		}
		if *database == "" {
			dir, err := os.UserCacheDir()
			if err != nil {
				return fmt.Errorf("no folder for the survey: %w; name a file with --database", err)
			}
			*database = filepath.Join(dir, "lockwarden", "prevalence.db")
		}
		packages, sources, err := surveyed(c, args)
		if err != nil {
			return err
		}
		scanner, err := openScanner(c, *o, folderSettings)
		if err != nil {
			return err
		}
		defer scanner.Close()
		show, end := t.bar()
		table, failed, err := app.Survey(c.Context(), packages, scanner, app.SurveyOptions{
			Database: *database, Workers: max(8, 2*runtime.GOMAXPROCS(0)), Again: *again, Sources: sources,
			Progress: func(done, failed, total int) {
				if show != nil {
					show(review.Progress{Done: done + failed, Total: total})
				}
			},
		})
		end()
		if err != nil {
			return err
		}
		for _, f := range failed {
			fmt.Fprintln(c.ErrOrStderr(), "not scanned, not counted:", f)
		}
		return table.Write(c.OutOrStdout())
	}
	return c
}

// surveyed lists the registry packages of lockfiles, each in the newest version
// that they have: a table counts packages, not versions.
func surveyed(c *cobra.Command, operands []string) (packages []store.Package, sources []string, err error) {
	newest := map[string]*lockfile.Entry{}
	for _, operand := range operands {
		lock, err := readLockfile(c.Context(), operand)
		if err != nil {
			return nil, nil, err
		}
		sources = append(sources, filepath.Base(operand))
		for _, e := range lock.Entries {
			if e.Source() != lockfile.Registry || e.Version == "" {
				continue
			}
			if had := newest[e.Package]; had == nil || prevalence.Newer(e.Version, had.Version) {
				newest[e.Package] = e
			}
		}
	}
	for _, name := range slices.Sorted(maps.Keys(newest)) {
		e := newest[name]
		packages = append(packages, store.Package{Name: e.Package, Version: e.Version, Resolved: e.Resolved, Integrity: e.Integrity})
	}
	return packages, sources, nil
}
