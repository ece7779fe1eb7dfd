package main

import (
	"github.com/spf13/cobra"

	"github.com/lockwarden/lockwarden/app/render"
)

func listCommand(t *terminal) *cobra.Command {
	c := &cobra.Command{
		Use:   "list LOCKFILE",
		Short: "List the packages of a lockfile",
		Long: "List the packages of a lockfile, with npm's flags and the line of each entry.\nLOCKFILE is a file, or REV:PATH in a git " +
			"repository.",
		Args: cobra.ExactArgs(1),
	}
	var format *string
	c.RunE = func(c *cobra.Command, args []string) error {
		lock, err := readLockfile(c.Context(), args[0])
		if err != nil {
			return err
		}
		if *format == "json" {
			return render.ListJSON(c.OutOrStdout(), lock)
		}
		return render.List(c.OutOrStdout(), t.screen, lock)
	}
	format = formatFlag(c, "text", "json")
	return c
}
