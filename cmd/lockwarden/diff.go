package main

import (
	"github.com/spf13/cobra"

	"github.com/lockwarden/lockwarden/app/render"
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
		pairs, _, err := readPairs(c.Context(), args)
		if err != nil {
			return err
		}
		var changes []lockfile.Change
		for _, pair := range pairs {
			changes = append(changes, lockfile.Compare(pair.Base, pair.Head)...)
		}
		if *format == "json" {
			return render.DiffJSON(c.OutOrStdout(), changes)
		}
		return render.Diff(c.OutOrStdout(), t.screen, changes)
	}
	format = formatFlag(c, "text", "json")
	return c
}
