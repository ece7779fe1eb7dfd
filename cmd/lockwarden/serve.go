package main

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"github.com/lockwarden/lockwarden/analyzer"
	"github.com/lockwarden/lockwarden/app"
	"github.com/lockwarden/lockwarden/app/comment"
	"github.com/lockwarden/lockwarden/app/page"
	"github.com/lockwarden/lockwarden/app/store"
)

func serveCommand() *cobra.Command {
	c := &cobra.Command{
		Use:   "serve",
		Short: "Run the GitHub App",
		Long: `Run the GitHub App: take webhooks, review pull requests, post check runs.

Without credentials it opens a set-up page that registers the App with one
click and keeps what GitHub gives. Flags are also read from the environment,
under the names in brackets; PRIVATE_KEY, CLIENT_SECRET and SECRET_KEY only there.
lockwarden doctor, told the same, checks that everything is in order.`,
		Example: "  lockwarden serve --public-url https://lockwarden.example.com\n  DATABASE_URL=postgres://… APP_ID=1 " +
			"PRIVATE_KEY_PATH=key.pem WEBHOOK_SECRET=… lockwarden serve",
		Args: cobra.NoArgs,
	}
	o, read := serverFlags(c)
	c.RunE = func(c *cobra.Command, _ []string) error {
		settings, err := read()
		if err != nil {
			return err
		}
		o.Log = settings.Log
		scanner, err := analyzer.Open(*o)
		if err != nil {
			return err
		}
		defer scanner.Close()
		errOut := c.ErrOrStderr()
		settings.Listening = func(address string) { fmt.Fprintf(errOut, "lockwarden listens on %s\n", address) }
		settings.Overview = func(address string) { fmt.Fprintf(errOut, "The overview is at %s\n", address) }
		settings.Setup = func(address string) {
			fmt.Fprintf(errOut, "lockwarden has no credentials yet. Register the App here:\n\n  %s\n\n", address)
		}
		return app.Serve(c.Context(), settings, scanner)
	}
	return c
}

// keyCommand makes what SECRET_KEY is to be.
func keyCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "key",
		Short: "Make a key that encrypts the App's credentials in the database (SECRET_KEY)",
		Args:  cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			_, err := fmt.Fprintln(c.OutOrStdout(), store.NewKey())
			return err
		},
	}
}

// readStore opens the database of --database, which a server may have open.
func readStore(c *cobra.Command) (*store.Store, error) {
	if err := fromEnvironment(c, map[string]string{"database": "DATABASE_URL"}); err != nil {
		return nil, err
	}
	file := c.Flag("database").Value.String()
	if file == "" {
		file = defaultDatabase()
	}
	return store.Open(c.Context(), store.Options{URL: file, ReadOnly: true})
}

func acceptancesCommand() *cobra.Command {
	c := &cobra.Command{
		Use:   "acceptances [OWNER/NAME]",
		Short: "List what was accepted for whole repositories",
		Long: `List the acceptances that hold for whole repositories ("accept … in
repository"), with who, when and why.`,
		Args: cobra.MaximumNArgs(1),
	}
	c.Flags().String("database", "", "postgres://… or an SQLite file (DATABASE_URL; default: the server's)")
	var format *string
	c.RunE = func(c *cobra.Command, args []string) error {
		s, err := readStore(c)
		if err != nil {
			return err
		}
		defer s.Close()
		wanted := ""
		if len(args) > 0 {
			wanted = args[0]
		}
		list, err := s.AllDecisions(c.Context(), 0)
		if err != nil {
			return err
		}
		type shown struct {
			Repository string             `json:"repository"`
			Thread     string             `json:"thread"`
			State      string             `json:"state"`
			Acceptance comment.Acceptance `json:"acceptance"`
		}
		out := []shown{}
		for _, d := range list {
			one := shown{Repository: d.Path, Thread: d.Thread, State: page.State(d, time.Now())}
			if wanted != "" && !strings.EqualFold(wanted, d.Path) || json.Unmarshal(d.Value, &one.Acceptance) != nil {
				continue
			}
			out = append(out, one)
		}
		if *format == "json" {
			e := json.NewEncoder(c.OutOrStdout())
			e.SetIndent("", "  ")
			return e.Encode(map[string]any{"schema": "lockwarden/acceptances/v1", "acceptances": out})
		}
		if len(out) == 0 {
			_, err := fmt.Fprintln(c.OutOrStdout(), "Nothing was accepted for a whole repository.")
			return err
		}
		w := tabwriter.NewWriter(c.OutOrStdout(), 0, 4, 2, ' ', 0)
		fmt.Fprintln(w, "REPOSITORY\tPACKAGE\tFINDINGS\tBY\tWHEN\tUNTIL\tSTATE\tWHY")
		for _, one := range out {
			a := one.Acceptance
			what, findings, until := a.Name+"@"+a.Version, "all", "–"
			if a.All {
				what = "all"
			}
			if len(a.Findings) > 0 {
				findings = strings.Join(a.Findings, " ")
			}
			if !a.Until.IsZero() {
				until = a.Until.Format("2006-01-02")
			}
			fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\n", one.Repository, what, findings, a.By, a.At.Format("2006-01-02"), until, one.State,
				printable(a.Reason))
		}
		return w.Flush()
	}
	format = formatFlag(c, "text", "json")
	return c
}

func backupCommand() *cobra.Command {
	c := &cobra.Command{
		Use:   "backup FILE",
		Short: "Copy the server's SQLite database to a new file, while it works",
		Long: `Copy the server's SQLite database to a new file, whole and consistent, while the
server works. To restore it, stop the server and put the file in the database's
place. The App's credentials in it are encrypted: keep SECRET_KEY, or the file
ending in .key beside the database, elsewhere. PostgreSQL is backed up with pg_dump.`,
		Args: cobra.ExactArgs(1),
	}
	c.Flags().String("database", "", "an SQLite file (DATABASE_URL; default: the server's)")
	c.RunE = func(c *cobra.Command, args []string) error {
		s, err := readStore(c)
		if err != nil {
			return err
		}
		defer s.Close()
		if err := s.Backup(c.Context(), args[0]); err != nil {
			return err
		}
		_, err = fmt.Fprintf(c.OutOrStdout(), "The database is copied to %s.\n", args[0])
		return err
	}
	return c
}

func jobsCommand() *cobra.Command {
	c := &cobra.Command{
		Use:   "jobs",
		Short: "Show the server's queue and the jobs that were given up",
		Args:  cobra.NoArgs,
	}
	c.Flags().String("database", "", "postgres://… or an SQLite file (DATABASE_URL; default: the server's)")
	c.RunE = func(c *cobra.Command, _ []string) error {
		s, err := readStore(c)
		if err != nil {
			return err
		}
		defer s.Close()
		counts, err := s.Counts(c.Context())
		if err != nil {
			return err
		}
		dead, err := s.DeadJobs(c.Context(), 100)
		if err != nil {
			return err
		}
		out := c.OutOrStdout()
		for _, state := range slices.Sorted(maps.Keys(counts)) {
			fmt.Fprintf(out, "%-10s %d\n", state, counts[state])
		}
		for _, d := range dead {
			fmt.Fprintf(out, "given up: %s of %s/%s %s after %d attempts: %s\n", d.Job.Kind, d.Job.Owner, d.Job.Name, d.Job.Thread(), d.Attempts,
				printable(d.Error))
		}
		return nil
	}
	return c
}

// printable takes control characters out of what people wrote.
func printable(s string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f || r >= 0x80 && r < 0xa0 || r >= 0x202a && r <= 0x202e || r >= 0x2066 && r <= 0x2069 {
			return ' '
		}
		return r
	}, s)
}
