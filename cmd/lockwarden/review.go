package main

import (
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"github.com/lockwarden/lockwarden/analyzer"
	"github.com/lockwarden/lockwarden/analyzer/issue"
	"github.com/lockwarden/lockwarden/app/policy"
	"github.com/lockwarden/lockwarden/app/render"
	"github.com/lockwarden/lockwarden/app/review"
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

func reviewCommand(t *terminal) *cobra.Command {
	c := &cobra.Command{
		Use:   "review BASE HEAD",
		Short: "Review what a lockfile change brings in",
		Long: `Scan every package version that was added or changed, and say what it does,
what is wrong with it and what to do next. Nothing of a package is executed.

` + operandHelp + `

Exit status: 0 passes, 1 an issue blocks, 2 wrong usage or input, 3 something
could not be scanned.`,
		Example: "  lockwarden review main...HEAD\n  lockwarden review old/package-lock.json package-lock.json\n  lockwarden review origin/main:web/package-lock.json web/package-lock.json --format markdown",
		Args:    cobra.RangeArgs(1, 2),
	}
	o := scannerFlags(c)
	failOn := c.Flags().String("fail-on", "", "least severity that blocks: critical, high, medium, low, info, or none (default: the policy's, which is high)")
	policyFile := c.Flags().String("policy", "", "policy file (.github/lockwarden.yml); default: blocks critical and high, warns of medium")
	allowIncomplete := c.Flags().Bool("allow-incomplete", false, "pass although something could not be scanned")
	var format *string
	c.RunE = func(c *cobra.Command, args []string) error {
		p := policy.Default()
		if *policyFile != "" {
			var err error
			if p, err = readPolicy(*policyFile); err != nil {
				return err
			}
		}
		p.FailClosed = p.FailClosed && !*allowIncomplete
		if *failOn == "none" {
			p.Production, p.Development = policy.Quietly(), policy.Quietly()
		} else if *failOn != "" {
			least, err := issue.ParseSeverity(*failOn)
			if err != nil {
				return fmt.Errorf("--fail-on: %w", err)
			}
			p.Production, p.Development = policy.At(least), policy.At(least)
		}
		pairs, settings, err := readPairs(c.Context(), args)
		if err != nil {
			return err
		}
		o.ProjectSettings = settings
		scanner, err := analyzer.Open(*o)
		if err != nil {
			return err
		}
		defer scanner.Close()
		show, done := t.bar()
		r, err := review.Run(c.Context(), pairs, scanner, show)
		done()
		if err != nil {
			return err
		}
		if len(pairs) == 0 {
			r.Lockfiles = []string{strings.Join(args, " ")}
		}
		v := policy.Judge(p, r, nil)
		if err := writeReview(c.OutOrStdout(), *format, t, r, v); err != nil {
			return err
		}
		switch v.Conclusion {
		case policy.Failure:
			return exitCode(exitBlocked)
		case policy.ActionRequired:
			return exitCode(exitIncomplete)
		}
		return nil
	}
	format = formatFlag(c, "text", "json", "markdown", "sarif")
	return c
}

func writeReview(w io.Writer, format string, t *terminal, r *review.Review, v policy.Verdict) error {
	switch format {
	case "json":
		return render.ReviewJSON(w, r, v)
	case "markdown":
		return render.Markdown(w, r, v)
	case "sarif":
		return render.SARIF(w, v, version())
	}
	return render.Review(w, t.screen, r, v)
}
