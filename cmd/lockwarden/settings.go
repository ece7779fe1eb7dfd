package main

import (
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/lockwarden/lockwarden/analyzer"
	"github.com/lockwarden/lockwarden/app"
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

// serverVariables are the environment's names of the server's flags.
var serverVariables = map[string]string{
	"app-id": "APP_ID", "private-key-path": "PRIVATE_KEY_PATH", "webhook-secret": "WEBHOOK_SECRET", "client-id": "CLIENT_ID",
	"github-api-url": "GITHUB_API_URL",
	"database":       "DATABASE_URL", "port": "PORT", "public-url": "PUBLIC_URL", "log-level": "LOG_LEVEL", "log-format": "LOG_FORMAT",
	"role": "ROLE", "operators": "OPERATORS", "metrics-address": "METRICS_ADDRESS", "keep-reviews": "KEEP_REVIEWS",
	"secret-key-path": "SECRET_KEY_PATH", "redeliver-every": "REDELIVER_EVERY",
	"allow-unsandboxed": "ALLOW_UNSANDBOXED",
}

// serverFlags are what serve and doctor are told alike. read gives the settings
// when the command runs.
func serverFlags(c *cobra.Command) (scanner *analyzer.Options, read func() (app.Settings, error)) {
	scanner = scannerFlags(c)
	f := c.Flags()
	appID := f.String("app-id", "", "the App's number (APP_ID)")
	keyPath := f.String("private-key-path", "", "file with the App's private key (PRIVATE_KEY_PATH)")
	secret := f.String("webhook-secret", "", "the webhook's secret (WEBHOOK_SECRET); the environment keeps it out of the process list")
	clientID := f.String("client-id", "", "the App's client id, for people to sign in (CLIENT_ID; its secret is CLIENT_SECRET)")
	apiURL := f.String("github-api-url", "", "API of an Enterprise Server, https://HOST/api/v3 (GITHUB_API_URL)")
	database := f.String("database", "", "postgres://… or an SQLite file (DATABASE_URL; default: "+defaultDatabase()+")")
	secretKey := f.String("secret-key-path", "",
		"file with the key that encrypts credentials in the database (SECRET_KEY_PATH, or SECRET_KEY)")
	port := f.String("port", "8080", "port to listen on (PORT)")
	host := f.String("host", "", "address to listen on; empty: all")
	publicURL := f.String("public-url", "", "where GitHub and people reach this server (PUBLIC_URL)")
	role := f.String("role", "all", "all, web (takes webhooks) or worker (reviews) (ROLE)")
	operators := f.StringSlice("operators", nil,
		"GitHub logins of those who may see everything: the overview and the queue at /jobs (OPERATORS)")
	metrics := f.String("metrics-address", "", "address for Prometheus' /metrics, such as :9464 (METRICS_ADDRESS; empty: none)")
	keep := f.Int("keep-reviews", 90, "days to keep the reviews of closed pull requests (KEEP_REVIEWS)")
	chores := f.Duration("redeliver-every", 10*time.Minute, "how often GitHub is asked for deliveries that did not arrive (REDELIVER_EVERY)")
	f.BoolVar(&scanner.AllowUnsandboxed, "allow-unsandboxed", false,
		"start although the system lacks Landlock or seccomp, which the sandbox around what reads packages is made of (ALLOW_UNSANDBOXED)")
	level := f.String("log-level", "info", "debug, info, warn or error (LOG_LEVEL)")
	logFormat := f.String("log-format", "text", "text or json (LOG_FORMAT)")
	return scanner, func() (app.Settings, error) {
		none := app.Settings{}
		if err := fromEnvironment(c, serverVariables); err != nil {
			return none, err
		}
		log, err := newLog(c.ErrOrStderr(), *level, *logFormat)
		if err != nil {
			return none, err
		}
		var id int64
		if *appID != "" {
			if id, err = strconv.ParseInt(*appID, 10, 64); err != nil || id <= 0 {
				return none, fmt.Errorf("APP_ID: %q is not the number of a GitHub App", *appID)
			}
		}
		if n, err := strconv.Atoi(*port); err != nil || n < 0 || n > 65535 {
			return none, fmt.Errorf("PORT: %q is not a port", *port)
		}
		if *keep < 1 {
			return none, fmt.Errorf("KEEP_REVIEWS: %d is not a number of days", *keep)
		}
		if *database == "" {
			*database = defaultDatabase()
		}
		key := os.Getenv("SECRET_KEY")
		if *secretKey != "" {
			data, err := os.ReadFile(*secretKey)
			if err != nil {
				return none, fmt.Errorf("SECRET_KEY_PATH: %w", err)
			}
			key = strings.TrimSpace(string(data))
		}
		return app.Settings{
			AppID: id, PrivateKey: os.Getenv("PRIVATE_KEY"), PrivateKeyPath: *keyPath, WebhookSecret: *secret, ClientID: *clientID,
			ClientSecret: os.Getenv("CLIENT_SECRET"),
			APIURL:       *apiURL, Database: *database, SecretKey: key, Address: *host + ":" + *port, PublicURL: *publicURL, Role: app.Role(*role),
			Operators: *operators,
			Metrics:   *metrics, Chores: *chores, KeepReviews: time.Duration(*keep) * 24 * time.Hour, Version: version(), Log: log,
			Unsandboxed: analyzer.SandboxGaps(), AllowUnsandboxed: scanner.AllowUnsandboxed,
		}, nil
	}
}

func newLog(out io.Writer, level, format string) (*slog.Logger, error) {
	var least slog.Level
	if err := least.UnmarshalText([]byte(level)); err != nil {
		return nil, fmt.Errorf("LOG_LEVEL: %q is none of debug, info, warn, error", level)
	}
	o := &slog.HandlerOptions{Level: least}
	switch format {
	case "text":
		return slog.New(slog.NewTextHandler(out, o)), nil
	case "json":
		return slog.New(slog.NewJSONHandler(out, o)), nil
	}
	return nil, fmt.Errorf("LOG_FORMAT: %q is neither text nor json", format)
}
