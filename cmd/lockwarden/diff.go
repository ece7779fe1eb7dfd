package main

import (
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"github.com/lockwarden/lockwarden/app/policy"
	"github.com/lockwarden/lockwarden/app/render"
	"github.com/lockwarden/lockwarden/app/review"
	"github.com/lockwarden/lockwarden/lockfile"
)

func diffCommand(t *terminal) *cobra.Command {
	c := &cobra.Command{
		Use:   "diff BASE HEAD",
		Short: "Show which packages changed between two lockfiles",
		Long:  "Show which packages were added, removed, upgraded, downgraded or replaced.\n" + operandHelp,
		Args:  cobra.RangeArgs(1, 2),
	}
	var format *string
	c.RunE = func(c *cobra.Command, args []string) error {
		in, err := gather(c.Context(), args, nil)
		if err != nil {
			return err
		}
		in.close()
		var changes []lockfile.Change
		for _, pair := range in.Pairs {
			changes = append(changes, lockfile.Compare(pair.Base, pair.Head)...)
		}
		if *format == "json" {
			err = render.DiffJSON(c.OutOrStdout(), changes)
		} else {
			err = render.Diff(c.OutOrStdout(), t.screen, changes)
		}
		if err != nil {
			return err
		}
		return unread(c.ErrOrStderr(), in.Input)
	}
	format = formatFlag(c, "text", "json")
	return c
}

// unread says on standard error what the list of changes cannot hold: notes, and
// files that were not read, which make the exit status that of an incomplete
// review.
func unread(w io.Writer, in *review.Input) error {
	for _, note := range in.Notes {
		fmt.Fprintln(w, "lockwarden: "+note)
	}
	var err error
	for _, f := range in.Whole {
		if f.Issue.ID == policy.Incomplete {
			fmt.Fprintf(w, "lockwarden: %s:%d: not read: %s\n", f.File, f.Line, f.Issue.Detail["reason"])
			err = exitCode(exitIncomplete)
		}
	}
	return err
}
