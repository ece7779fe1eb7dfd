package main

import (
	"context"
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

// basePolicy is the policy on the base of a review of revisions, as the App reads
// it; the default where there is none, or where files are compared.
func basePolicy(ctx context.Context, args []string, staged bool) (policy.Policy, error) {
	base := "HEAD"
	if !staged {
		var err error
		if base, _, _, err = sides(args); err != nil || isFileOperand(base) {
			return policy.Default(), err
		}
	}
	commit, err := revision(ctx, base)
	if err != nil {
		return policy.Default(), nil // gathering says what is wrong with it
	}
	listed, err := git(ctx, "ls-tree", "--full-tree", commit, "--", policy.Path)
	if err != nil || len(listed) == 0 {
		return policy.Default(), err
	}
	data, err := git(ctx, "cat-file", "blob", commit+":"+policy.Path)
	if err != nil {
		return policy.Policy{}, err
	}
	return policy.Parse(base+":"+policy.Path, data, policy.Default())
}
