package main

import (
	"context"
	"io"

	"github.com/spf13/cobra"

	"github.com/lockwarden/lockwarden/analyzer"
	"github.com/lockwarden/lockwarden/app/render"
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
2 wrong usage or input, 3 something could not be scanned, or the registry's
document could not be had.`,
		Example: "  lockwarden compare axios@1.6.0 axios@1.7.9\n  lockwarden compare ./a-1.0.0.tgz ./a --format json\n  lockwarden compare " +
			"axios@1.6.0 axios@1.7.9 --format html > axios.html",
		Args: cobra.ExactArgs(2),
	}
	o := scannerFlags(c)
	npmrcFlag(c, o)
	fails := failOnFlag(c, "none")
	var format *string
	c.RunE = func(c *cobra.Command, args []string) error {
		if _, err := fails(nil); err != nil {
			return err
		}
		scanner, err := openScanner(c, *o, settingsFor(args...))
		if err != nil {
			return err
		}
		defer scanner.Close()
		old, now, err := compare(c.Context(), scanner, args[0], args[1], c.ErrOrStderr())
		if err != nil {
			return err
		}
		from, to := old.Report(), now.Report()
		switch *format {
		case "json":
			err = render.CompareJSON(c.OutOrStdout(), from, to)
		case "html":
			p := packagePage(c.Context(), scanner, now, to)
			p.Before = from
			err = render.HTML(c.OutOrStdout(), p)
		default:
			err = render.Compare(c.OutOrStdout(), t.screen, from, to)
		}
		if err != nil {
			return err
		}
		if !settled(from) || !settled(to) {
			return exitCode(exitIncomplete)
		}
		if failed, _ := fails(to.Issues); failed {
			return exitCode(exitBlocked)
		}
		return nil
	}
	format = formatFlag(c, "text", "json", "html")
	return c
}

// compare reports on both versions; the report on the new one has the
// difference.
func compare(ctx context.Context, scanner *analyzer.Scanner, a, b string, says io.Writer) (from, to *analyzer.Examination, err error) {
	if from, err = examine(ctx, scanner, a, says); err != nil {
		return nil, nil, err
	}
	if to, err = examine(ctx, scanner, b, says); err != nil {
		return nil, nil, err
	}
	return from, to, scanner.Update(ctx, from, to)
}
