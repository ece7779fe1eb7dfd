package main

import (
	"github.com/spf13/cobra"

	"github.com/lockwarden/lockwarden/analyzer"
)

// workerCommand is what lockwarden starts to look into packages; it speaks
// frames, not text.
func workerCommand() *cobra.Command {
	return &cobra.Command{
		Use:    "worker",
		Short:  "Scan packages for a parent process",
		Hidden: true,
		Args:   cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			return analyzer.ServeWorker(c.InOrStdin(), c.OutOrStdout())
		},
	}
}
