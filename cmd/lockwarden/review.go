package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/lockwarden/lockwarden/analyzer/issue"
	"github.com/lockwarden/lockwarden/app/policy"
	"github.com/lockwarden/lockwarden/app/render"
	"github.com/lockwarden/lockwarden/app/review"
)

func reviewCommand(t *terminal) *cobra.Command {
	c := &cobra.Command{
		Use:   "review BASE HEAD | --staged",
		Short: "Review what a lockfile change brings in",
		Long: `Scan every package version that was added or changed, and say what it does,
what is wrong with it and what to do next. Nothing of a package is executed.

` + operandHelp + `

The .npmrc of the base revision counts, and the user's own; that of the working
folder only where --npmrc names it: a pull request's author may have written it.

--staged compares HEAD with what git would commit now, for hooks. --write keeps
the result in further formats: one run writes a log, a SARIF file and a summary.

Exit status: 0 passes, 1 an issue blocks, 2 wrong usage or input, 3 something
could not be scanned, or is not known (the policy's "unknown" says which).`,
		Example: "  lockwarden review main...HEAD\n  lockwarden review old/package-lock.json package-lock.json\n  lockwarden review " +
			"origin/main:web/package-lock.json web/package-lock.json --format markdown\n  lockwarden review main...HEAD --write " +
			"sarif=lockwarden.sarif --write junit=lockwarden.xml\n  lockwarden review --staged",
		Args: cobra.MaximumNArgs(2),
	}
	staged := c.Flags().Bool("staged", false, "compare HEAD with what is staged")
	also := c.Flags().StringArray("write", nil, "FORMAT=FILE: write the result there as well; may be repeated")
	o := scannerFlags(c)
	npmrcFlag(c, o)
	failOn := c.Flags().String("fail-on", "",
		"least severity that blocks: critical, high, medium, low, info, or none (default: the policy's, which is high)")
	policyFile := c.Flags().String("policy", "",
		"policy file; default: .github/lockwarden.yml on BASE where BASE is a revision, else critical and high block and medium warns")
	allowIncomplete := c.Flags().Bool("allow-incomplete", false, "pass although something could not be scanned or is not known")
	var format *string
	c.RunE = func(c *cobra.Command, args []string) error {
		writes, err := parseWrites(*also)
		if err != nil {
			return err
		}
		if *staged == (len(args) > 0) {
			return errors.New("want BASE HEAD, or one range such as main...HEAD, or --staged alone")
		}
		p := policy.Default()
		if *policyFile != "" {
			if p, err = readPolicy(*policyFile); err != nil {
				return err
			}
		} else if !c.Flags().Changed("policy") { // --policy= wants none
			if p, err = basePolicy(c.Context(), args, *staged); err != nil {
				return err
			}
		}
		if *allowIncomplete {
			p.Lenient()
		}
		if *failOn == "none" {
			p.Production, p.Development = policy.Quietly(), policy.Quietly()
		} else if *failOn != "" {
			least, err := issue.ParseSeverity(*failOn)
			if err != nil {
				return fmt.Errorf("--fail-on: %w", err)
			}
			p.Production, p.Development = policy.At(least), policy.At(least)
		}
		var in *gathered
		if *staged {
			in, err = gatherStaged(c.Context(), p.Ignored)
		} else {
			in, err = gather(c.Context(), args, p.Ignored)
		}
		if err != nil {
			return err
		}
		defer in.close()
		o.ProjectSettings = in.settings
		scanner, err := openScanner(c, *o, in.folder)
		if err != nil {
			return err
		}
		defer scanner.Close()
		show, done := t.bar()
		r, err := review.Run(c.Context(), in.Input, scanner, show)
		done()
		if err != nil {
			return err
		}
		if len(r.Lockfiles) == 0 {
			r.Lockfiles = []string{strings.Join(args, " ")}
		}
		v := policy.Judge(p, r, nil)
		if err := writeReview(c.OutOrStdout(), *format, t, r, v); err != nil {
			return err
		}
		for _, w := range writes {
			if err := w.write(t, r, v); err != nil {
				return err
			}
		}
		switch v.Conclusion {
		case policy.Failure:
			return exitCode(exitBlocked)
		case policy.ActionRequired:
			return exitCode(exitIncomplete)
		}
		return nil
	}
	format = formatFlag(c, reviewFormats...)
	return c
}

var reviewFormats = []string{"text", "json", "markdown", "sarif", "cyclonedx", "junit"}

// output is a file that the result is written to in a format.
type output struct{ format, file string }

func parseWrites(list []string) (out []output, err error) {
	for _, one := range list {
		format, file, ok := strings.Cut(one, "=")
		if !ok || file == "" || !slices.Contains(reviewFormats, format) {
			return nil, fmt.Errorf("--write %q: want FORMAT=FILE, FORMAT one of %s", one, strings.Join(reviewFormats, ", "))
		}
		out = append(out, output{format, file})
	}
	return out, nil
}

func (o output) write(t *terminal, r *review.Review, v policy.Verdict) error {
	f, err := os.Create(o.file)
	if err != nil {
		return fmt.Errorf("--write: %w", err)
	}
	plain := *t // no colours in a file
	plain.screen.Color = false
	if err := writeReview(f, o.format, &plain, r, v); err != nil {
		_ = f.Close()
		return err
	}
	return f.Close()
}

func writeReview(w io.Writer, format string, t *terminal, r *review.Review, v policy.Verdict) error {
	switch format {
	case "json":
		return render.ReviewJSON(w, r, v)
	case "markdown":
		return render.Markdown(w, r, v)
	case "sarif":
		return render.SARIF(w, v, version())
	case "cyclonedx":
		return render.CycloneDX(w, r, v, version())
	case "junit":
		return render.JUnit(w, r, v)
	}
	return render.Review(w, t.screen, r, v)
}
