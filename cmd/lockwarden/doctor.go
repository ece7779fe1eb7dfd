package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"time"

	"github.com/spf13/cobra"

	"github.com/lockwarden/lockwarden/analyzer"
	"github.com/lockwarden/lockwarden/app"
)

func doctorCommand(t *terminal) *cobra.Command {
	c := &cobra.Command{
		Use:   "doctor",
		Short: "Check what a server needs, and say what to do",
		Long: `Check what lockwarden serve needs: credentials, permissions, webhook, database,
queue, registry, advisories, disk, child processes and their sandbox. Give it the
same flags and environment as the server; it changes nothing.

Exit status: 0 where everything works, 1 where something does not.`,
		Args: cobra.NoArgs,
	}
	o, read := serverFlags(c)
	var format *string
	c.RunE = func(c *cobra.Command, _ []string) error {
		settings, err := read()
		if err != nil {
			return err
		}
		ctx, cancel := context.WithTimeout(c.Context(), time.Minute)
		defer cancel()
		checks := app.Doctor(ctx, settings, func(ctx context.Context) []analyzer.Check {
			scanner, err := analyzer.Open(*o)
			if err != nil {
				return []analyzer.Check{{What: "scanner", Found: err.Error(), Wrong: true, Do: "fix this setting"}}
			}
			defer scanner.Close()
			return scanner.Checks(ctx)
		})
		if *format == "json" {
			err = doctorJSON(c.OutOrStdout(), checks)
		} else {
			err = doctorText(c.OutOrStdout(), checks, t.screen.Color)
		}
		for _, check := range checks {
			if check.Wrong && err == nil {
				return exitCode(exitBlocked)
			}
		}
		return err
	}
	format = formatFlag(c, "text", "json")
	return c
}

func doctorJSON(w io.Writer, checks []analyzer.Check) error {
	type shown struct {
		What  string `json:"what"`
		State string `json:"state"`
		Found string `json:"found"`
		Do    string `json:"do,omitempty"`
	}
	list := []shown{}
	for _, c := range checks {
		state := "fine"
		switch {
		case c.Wrong:
			state = "wrong"
		case c.Weak:
			state = "weak"
		}
		list = append(list, shown{c.What, state, c.Found, c.Do})
	}
	e := json.NewEncoder(w)
	e.SetIndent("", "  ")
	return e.Encode(map[string]any{"schema": "lockwarden/doctor/v1", "checks": list})
}

func doctorText(w io.Writer, checks []analyzer.Check, colours bool) error {
	paint := func(code, text string) string {
		if !colours {
			return text
		}
		return "\x1b[" + code + "m" + text + "\x1b[0m"
	}
	for _, c := range checks {
		mark := paint("32", "✓")
		switch {
		case c.Wrong:
			mark = paint("31", "✗")
		case c.Weak:
			mark = paint("33", "!")
		}
		if _, err := fmt.Fprintf(w, "%s %-16s %s\n", mark, c.What, printable(c.Found)); err != nil {
			return err
		}
		if c.Do != "" {
			if _, err := fmt.Fprintf(w, "  %-16s → %s\n", "", c.Do); err != nil {
				return err
			}
		}
	}
	return nil
}
