package main

import (
	"fmt"
	"os"

	"github.com/spf13/cobra"

	"github.com/lockwarden/lockwarden/app/policy"
)

func policyCommand() *cobra.Command {
	c := &cobra.Command{Use: "policy", Short: "Check policy files"}
	c.AddCommand(&cobra.Command{
		Use:   "check FILE",
		Short: "Tell whether a policy file is valid",
		Long: `Read a policy file (.github/lockwarden.yml) and tell whether it is valid.

Exit status: 0 valid, 2 not valid or not readable.`,
		Example: "  lockwarden policy check .github/lockwarden.yml",
		Args:    cobra.ExactArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			if _, err := readPolicy(args[0]); err != nil {
				return err
			}
			_, err := fmt.Fprintf(c.OutOrStdout(), "%s is valid\n", args[0])
			return err
		},
	}, &cobra.Command{
		Use:   "schema",
		Short: "Print the JSON Schema of policy files",
		Args:  cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			_, err := c.OutOrStdout().Write(policy.Schema)
			return err
		},
	}, &cobra.Command{
		Use:   "example",
		Short: "Print a policy file to begin with",
		Long: `Print a policy file to begin with. Its first line tells editors with the YAML
language server where the schema is: they check and complete the file.`,
		Example: "  lockwarden policy example > .github/lockwarden.yml",
		Args:    cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			_, err := c.OutOrStdout().Write(policy.Example)
			return err
		},
	})
	return c
}

func readPolicy(file string) (policy.Policy, error) {
	data, err := os.ReadFile(file)
	if err != nil {
		return policy.Policy{}, err
	}
	return policy.Parse(file, data, policy.Default())
}
