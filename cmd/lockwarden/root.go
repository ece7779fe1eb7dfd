package main

import (
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"
)

// newRoot is the command line as a whole.
func newRoot(t *terminal, in io.Reader, out, errOut io.Writer) *cobra.Command {
	root := &cobra.Command{
		Use:           "lockwarden",
		Short:         "Review npm dependency changes: what came in, what it does, what is wrong with it",
		SilenceUsage:  true,
		SilenceErrors: true,
		Args:          cobra.NoArgs,
		RunE:          func(c *cobra.Command, _ []string) error { return c.Help() },
	}
	root.SetIn(in)
	root.SetOut(out)
	root.SetErr(errOut)
	root.SetFlagErrorFunc(func(c *cobra.Command, err error) error {
		return fmt.Errorf("%w; see lockwarden %s --help", err, c.Name())
	})
	root.AddCommand(listCommand(t), diffCommand(t), scanCommand(t), compareCommand(t), prevalenceCommand(t), reviewCommand(t),
		policyCommand(), serveCommand(), doctorCommand(t), keyCommand(), demoCommand(), acceptancesCommand(), jobsCommand(), backupCommand(),
		versionCommand(), workerCommand())
	return root
}

// formatFlag adds --format and checks its value before the command runs.
func formatFlag(c *cobra.Command, formats ...string) *string {
	format := c.Flags().StringP("format", "f", formats[0], "how to write the result: "+strings.Join(formats, ", "))
	check := c.RunE
	c.RunE = func(c *cobra.Command, args []string) error {
		for _, f := range formats {
			if f == *format {
				return check(c, args)
			}
		}
		return fmt.Errorf("--format %q: this command writes %v", *format, formats)
	}
	_ = c.RegisterFlagCompletionFunc("format", cobra.FixedCompletions(formats, cobra.ShellCompDirectiveNoFileComp))
	return format
}
