package main

import (
	"encoding/json"
	"fmt"
	"log/slog"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
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

// fromEnvironment fills flags that were not given from the environment, under
// the names that GitHub Apps use.
func fromEnvironment(c *cobra.Command, names map[string]string) error {
	for flag, name := range names {
		if value := os.Getenv(name); value != "" && !c.Flags().Changed(flag) {
			if err := c.Flags().Set(flag, value); err != nil {
				return fmt.Errorf("%s: %q is not valid", name, value)
			}
		}
	}
	return nil
}

// defaultDatabase is where serve keeps its data without further word.
func defaultDatabase() string {
	dir, err := os.UserConfigDir()
	if err != nil {
		return "lockwarden.db"
	}
	return filepath.Join(dir, "lockwarden", "lockwarden.db")
}

func serveCommand() *cobra.Command {
	c := &cobra.Command{
		Use:   "serve",
		Short: "Run the GitHub App",
		Long: `Run the GitHub App: take webhooks, review pull requests, post check runs.

Without credentials it opens a set-up page that registers the App with one
click and keeps what GitHub gives. Every flag is also read from the environment:
APP_ID, PRIVATE_KEY or PRIVATE_KEY_PATH, WEBHOOK_SECRET, GITHUB_API_URL,
DATABASE_URL, PORT, PUBLIC_URL, LOG_LEVEL.`,
		Example: "  lockwarden serve --public-url https://lockwarden.example.com\n  DATABASE_URL=postgres://… APP_ID=1 PRIVATE_KEY_PATH=key.pem WEBHOOK_SECRET=… lockwarden serve",
		Args:    cobra.NoArgs,
	}
	o := scannerFlags(c)
	f := c.Flags()
	appID := f.String("app-id", "", "the App's number (APP_ID)")
	keyPath := f.String("private-key-path", "", "file with the App's private key (PRIVATE_KEY_PATH)")
	secret := f.String("webhook-secret", "", "the webhook's secret (WEBHOOK_SECRET); the environment keeps it out of the process list")
	apiURL := f.String("github-api-url", "", "API of an Enterprise Server, https://HOST/api/v3 (GITHUB_API_URL)")
	database := f.String("database", "", "postgres://… or an SQLite file (DATABASE_URL; default: "+defaultDatabase()+")")
	port := f.String("port", "8080", "port to listen on (PORT)")
	host := f.String("host", "", "address to listen on; empty: all")
	publicURL := f.String("public-url", "", "where GitHub and people reach this server (PUBLIC_URL)")
	level := f.String("log-level", "info", "debug, info, warn or error (LOG_LEVEL)")
	c.RunE = func(c *cobra.Command, _ []string) error {
		if err := fromEnvironment(c, map[string]string{"app-id": "APP_ID", "private-key-path": "PRIVATE_KEY_PATH", "webhook-secret": "WEBHOOK_SECRET", "github-api-url": "GITHUB_API_URL",
			"database": "DATABASE_URL", "port": "PORT", "public-url": "PUBLIC_URL", "log-level": "LOG_LEVEL"}); err != nil {
			return err
		}
		var least slog.Level
		if err := least.UnmarshalText([]byte(*level)); err != nil {
			return fmt.Errorf("LOG_LEVEL: %q is none of debug, info, warn, error", *level)
		}
		var id int64
		if *appID != "" {
			var err error
			if id, err = strconv.ParseInt(*appID, 10, 64); err != nil || id <= 0 {
				return fmt.Errorf("APP_ID: %q is not the number of a GitHub App", *appID)
			}
		}
		if n, err := strconv.Atoi(*port); err != nil || n < 0 || n > 65535 {
			return fmt.Errorf("PORT: %q is not a port", *port)
		}
		if *database == "" {
			*database = defaultDatabase()
		}
		scanner, err := analyzer.Open(*o)
		if err != nil {
			return err
		}
		defer scanner.Close()
		errOut := c.ErrOrStderr()
		return app.Serve(c.Context(), app.Settings{
			AppID: id, PrivateKey: os.Getenv("PRIVATE_KEY"), PrivateKeyPath: *keyPath, WebhookSecret: *secret, APIURL: *apiURL, Database: *database,
			Address: *host + ":" + *port, PublicURL: *publicURL, Log: slog.New(slog.NewTextHandler(errOut, &slog.HandlerOptions{Level: least})),
			Listening: func(address string) { fmt.Fprintf(errOut, "lockwarden listens on %s\n", address) },
			Setup: func(address string) {
				fmt.Fprintf(errOut, "lockwarden has no credentials yet. Register the App here:\n\n  %s\n\n", address)
			},
		}, scanner)
	}
	return c
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
			fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\n", one.Repository, what, findings, a.By, a.At.Format("2006-01-02"), until, one.State, printable(a.Reason))
		}
		return w.Flush()
	}
	format = formatFlag(c, "text", "json")
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
			fmt.Fprintf(out, "given up: %s of %s/%s %s after %d attempts: %s\n", d.Job.Kind, d.Job.Owner, d.Job.Name, d.Job.Thread(), d.Attempts, printable(d.Error))
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
