// Package github speaks with GitHub as the App: it reads pull requests,
// lockfiles, comments and permissions, and posts check runs and replies. With
// webhook it is the only package that knows GitHub's API.
package github

import (
	"context"
	"crypto/rsa"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/bradleyfalzon/ghinstallation/v2"
	"github.com/golang-jwt/jwt/v4"
	gh "github.com/google/go-github/v60/github"

	"github.com/lockwarden/lockwarden/reach"
)

// DefaultAPI is where github.com's API is.
const DefaultAPI = "https://api.github.com"

// Options make an App.
type Options struct {
	AppID int64
	// PrivateKey is the App's, in PEM.
	PrivateKey []byte
	// APIURL is the API's address: DefaultAPI, or https://HOST/api/v3 of an
	// Enterprise Server. Empty: DefaultAPI.
	APIURL string
	// Transport is the HTTP transport below everything; nil: http's own.
	Transport http.RoundTripper
	// Observe is told of every request, with the installation it is made for (0:
	// the App itself) and its answer, nil where none came; may be nil.
	Observe func(installation int64, r *http.Request, answer *http.Response)
}

// App is the GitHub App. It is safe for concurrent use.
type App struct {
	o   Options
	key *rsa.PrivateKey
	api *url.URL
	app *gh.Client

	memory, files *memory
	commits       *commits

	mu      sync.Mutex
	clients map[int64]*gh.Client
	budgets map[int64]*budget
}

// New makes an App; an error says in one sentence which setting is wrong.
func New(o Options) (*App, error) {
	if o.AppID <= 0 {
		return nil, errors.New("github: APP_ID is not the number of a GitHub App")
	}
	key, err := jwt.ParseRSAPrivateKeyFromPEM(o.PrivateKey)
	if err != nil {
		return nil, errors.New("github: PRIVATE_KEY is not an RSA private key in PEM; download a new one from the App's settings")
	}
	if o.APIURL == "" {
		o.APIURL = DefaultAPI
	}
	api, err := address(o.APIURL)
	if err != nil {
		return nil, err
	}
	if o.Transport == nil {
		// As http's own, but for connections that stay: a new one costs as much as
		// several requests where GitHub is far away and has no HTTP/2.
		t := http.DefaultTransport.(*http.Transport).Clone()
		t.MaxIdleConns, t.MaxIdleConnsPerHost = idleConnections, idleConnections
		o.Transport = t
	}
	a := &App{o: o, key: key, api: api, memory: newMemory(answerMemory), files: newMemory(fileMemory), commits: newCommits(),
		clients: map[int64]*gh.Client{}, budgets: map[int64]*budget{}}
	transport := ghinstallation.NewAppsTransportFromPrivateKey(a.base(0), o.AppID, key)
	transport.BaseURL = strings.TrimSuffix(o.APIURL, "/")
	a.app = a.client(transport)
	return a, nil
}

func loopback(host string) bool { return host == "127.0.0.1" || host == "::1" || host == "localhost" }

// idleConnections are kept to GitHub.
const idleConnections = 64

// timeout bounds one request.
const timeout = 60 * time.Second

// base is the transport below the credentials: no answer is followed to another
// host with them.
func (a *App) base(installation int64) http.RoundTripper {
	bounded := &limitedTransport{next: a.o.Transport, installation: installation, observe: a.o.Observe, budget: a.budget(installation)}
	return &conditional{next: bounded, memory: a.memory, installation: installation}
}

func (a *App) client(t http.RoundTripper) *gh.Client {
	c := gh.NewClient(&http.Client{Transport: t, Timeout: timeout, CheckRedirect: func(r *http.Request, via []*http.Request) error {
		if len(via) > 5 || r.URL.Host != via[0].URL.Host {
			return errors.New("a redirect to another host")
		}
		return nil
	}})
	c.BaseURL = a.api
	c.UserAgent = "lockwarden"
	return c
}

// limitedTransport bounds every answer.
type limitedTransport struct {
	next         http.RoundTripper
	installation int64
	observe      func(installation int64, r *http.Request, answer *http.Response)
	// budget is nil for what the App asks of GitHub for itself.
	budget *budget
}

// maxAnswer is the largest answer that is read: a blob may have 100 MB.
const maxAnswer = 101 << 20

// RoundTrip implements http.RoundTripper.
func (t *limitedTransport) RoundTrip(r *http.Request) (*http.Response, error) {
	if t.budget != nil && !strings.HasSuffix(r.URL.Path, "/access_tokens") {
		leave, err := t.budget.enter(r)
		if err != nil {
			return nil, err
		}
		defer leave()
	}
	answer, err := t.next.RoundTrip(r)
	if t.observe != nil {
		t.observe(t.installation, r, answer)
	}
	if err != nil {
		return nil, err
	}
	if t.budget != nil {
		t.budget.learn(answer, time.Now())
	}
	answer.Body = struct {
		io.Reader
		io.Closer
	}{io.LimitReader(answer.Body, maxAnswer), answer.Body}
	return answer, nil
}

// budget is what an installation may ask for: its client comes and goes with its
// token, its budget stays. a.mu is held.
func (a *App) budget(installation int64) *budget {
	if installation == 0 {
		return nil
	}
	b := a.budgets[installation]
	if b == nil {
		b = newBudget(!strings.HasPrefix(a.api.Path, "/api/v3"))
		a.budgets[installation] = b
	}
	return b
}

// Installation returns the client of an installation, which renews its tokens.
func (a *App) installation(id int64) *gh.Client {
	a.mu.Lock()
	defer a.mu.Unlock()
	c := a.clients[id]
	if c == nil {
		apps := ghinstallation.NewAppsTransportFromPrivateKey(a.base(id), a.o.AppID, a.key)
		apps.BaseURL = strings.TrimSuffix(a.o.APIURL, "/")
		transport := ghinstallation.NewFromAppsTransport(apps, id)
		transport.BaseURL = apps.BaseURL
		c = a.client(transport)
		a.clients[id] = c
	}
	return c
}

// forget drops an installation's token, which GitHub refused.
func (a *App) forget(id int64) {
	a.mu.Lock()
	defer a.mu.Unlock()
	delete(a.clients, id)
}

// Identity asks GitHub who the App is; an error says in one sentence what is
// wrong with the settings.
func (a *App) Identity(ctx context.Context) (slug string, err error) {
	app, _, err := a.app.Apps.Get(ctx, "")
	if err == nil {
		if app.GetID() != a.o.AppID {
			return "", fmt.Errorf("github: the key belongs to App %d, not to APP_ID %d", app.GetID(), a.o.AppID)
		}
		return app.GetSlug(), nil
	}
	var answer *gh.ErrorResponse
	if errors.As(err, &answer) && answer.Response != nil {
		switch answer.Response.StatusCode {
		case http.StatusUnauthorized:
			return "", fmt.Errorf("github: %s does not accept PRIVATE_KEY for APP_ID %d: take the key of this App, and check this machine's clock",
				a.api.Host, a.o.AppID)
		case http.StatusNotFound:
			return "", fmt.Errorf("github: %s is no GitHub API, or has no App %d: check GITHUB_API_URL and APP_ID", a.api, a.o.AppID)
		}
	}
	return "", fmt.Errorf("github: %w: %w", ErrSilent, cleaned(err))
}

// ErrSilent means that GitHub gave no answer that says anything of the App: it
// may be down, or out of reach, for a time.
var ErrSilent = errors.New("GitHub does not answer")

// Complete ends the manifest flow: GitHub gives the new App's credentials for
// the code, once.
// Source: https://docs.github.com/apps/sharing-github-apps/registering-a-github-app-from-a-manifest
func Complete(ctx context.Context, apiURL, code string, transport http.RoundTripper) (Credentials, error) {
	a := &App{o: Options{APIURL: apiURL, Transport: transport}}
	if a.o.Transport == nil {
		a.o.Transport = http.DefaultTransport
	}
	var err error
	if a.api, err = address(apiURL); err != nil {
		return Credentials{}, err
	}
	config, _, err := a.client(a.base(0)).Apps.CompleteAppManifest(ctx, url.PathEscape(code))
	if err != nil {
		return Credentials{}, fmt.Errorf("github: GitHub did not accept the code; begin again: %w", cleaned(err))
	}
	return Credentials{AppID: config.GetID(), Slug: config.GetSlug(), PrivateKey: config.GetPEM(), WebhookSecret: config.GetWebhookSecret(),
		ClientID: config.GetClientID(), ClientSecret: config.GetClientSecret(), Page: config.GetHTMLURL()}, nil
}

// Credentials are what GitHub gives for a new App.
type Credentials struct {
	AppID         int64  `json:"app_id"`
	Slug          string `json:"slug"`
	PrivateKey    string `json:"private_key"`
	WebhookSecret string `json:"webhook_secret"`
	// ClientID and ClientSecret are for people who sign in.
	ClientID     string `json:"client_id,omitempty"`
	ClientSecret string `json:"client_secret,omitempty"`
	// Page is where the App is installed from.
	Page string `json:"page"`
}

// String does not show secrets.
func (c Credentials) String() string { return fmt.Sprintf("App %d (%s)", c.AppID, c.Slug) }

// Web is where people read repositories: https://github.com, or the Enterprise
// Server's own address.
func (a *App) Web() string { return web(a.api) }

// AppPage is where people read about an App, and install it: /apps/SLUG, which on
// Enterprise Server is /github-apps/SLUG.
// Source: https://docs.github.com/enterprise-server/apps/sharing-github-apps
func (a *App) AppPage(slug string) string {
	folder := "/apps/"
	if strings.HasPrefix(a.api.Path, "/api/v3") {
		folder = "/github-apps/"
	}
	return a.Web() + folder + slug
}

// Web is the address for people that belongs to an API's.
func Web(apiURL string) (string, error) {
	u, err := address(apiURL)
	if err != nil {
		return "", err
	}
	return web(u), nil
}

func web(api *url.URL) string {
	// GHE.com has a host for each enterprise, as github.com has.
	if host, ok := strings.CutPrefix(api.Host, "api."); ok && (host == "github.com" || strings.HasSuffix(host, ".ghe.com")) {
		return "https://" + host
	}
	return api.Scheme + "://" + api.Host
}

func address(apiURL string) (*url.URL, error) {
	u, err := url.Parse(strings.TrimSuffix(apiURL, "/") + "/")
	if err != nil || u.Host == "" || u.Scheme != "https" && !loopback(u.Hostname()) {
		return nil, errors.New("github: GITHUB_API_URL is not an https address, such as https://api.github.com or " +
			"https://github.example.com/api/v3")
	}
	return u, nil
}

// Forbidden reports whether GitHub let the App see that something is there but
// not more.
func Forbidden(err error) bool {
	var f *forbidden
	return errors.As(err, &f)
}

type forbidden struct{ error }

func (f *forbidden) Unwrap() error { return f.error }

// Limited is a rate limit: try again After.
type Limited struct{ After time.Duration }

// Error implements error.
func (l *Limited) Error() string {
	return fmt.Sprintf("github: a rate limit ends in %s", l.After.Round(time.Second))
}

// ErrGone means that the repository, pull request or installation is no longer
// there, or no longer for the App to see.
var ErrGone = errors.New("github: it is gone, or the App may no longer see it")

// explain turns an error of the API into what callers act on.
func (r *Repository) explain(what string, err error) error {
	var primary *gh.RateLimitError
	var secondary *gh.AbuseRateLimitError
	var answer *gh.ErrorResponse
	var token *ghinstallation.HTTPError
	var limited *Limited
	switch {
	case err == nil:
		return nil
	case errors.As(err, &limited):
		return limited
	case errors.As(err, &primary):
		return &Limited{max(time.Until(primary.Rate.Reset.Time), time.Second)}
	case errors.As(err, &secondary):
		after := time.Minute
		if secondary.RetryAfter != nil {
			after = max(*secondary.RetryAfter, time.Second)
		}
		return &Limited{after}
	case errors.As(err, &token) && token.Response != nil:
		switch code := token.Response.StatusCode; {
		case code == http.StatusTooManyRequests, code == http.StatusForbidden && limits(token.Response):
			return &Limited{retryAfter(token.Response)}
		case code == http.StatusNotFound, code == http.StatusForbidden:
			return fmt.Errorf("%s: the installation: %w", what, ErrGone)
		}
	case errors.As(err, &answer) && answer.Response != nil:
		switch code := answer.Response.StatusCode; code {
		case http.StatusTooManyRequests:
			return &Limited{retryAfter(answer.Response)}
		case http.StatusUnauthorized:
			r.app.forget(r.installation)
		case http.StatusNotFound, http.StatusGone:
			return fmt.Errorf("%s: %w", what, ErrGone)
		case http.StatusForbidden:
			if limits(answer.Response) {
				return &Limited{retryAfter(answer.Response)}
			}
			if strings.Contains(answer.Message, "suspended") {
				return fmt.Errorf("%s: the installation is suspended: %w", what, ErrGone)
			}
			return fmt.Errorf("github: %s/%s: %s: %w", r.Owner, r.Name, what, &forbidden{cleaned(err)})
		}
	}
	return fmt.Errorf("github: %s/%s: %s: %w", r.Owner, r.Name, what, cleaned(err))
}

// limits reports whether a refusal is a rate limit's.
// Source: https://docs.github.com/rest/using-the-rest-api/rate-limits-for-the-rest-api#exceeding-the-rate-limit
func limits(r *http.Response) bool {
	return r.Header.Get("Retry-After") != "" || r.Header.Get("X-RateLimit-Remaining") == "0"
}

func retryAfter(r *http.Response) time.Duration {
	if n, err := strconv.Atoi(r.Header.Get("Retry-After")); err == nil && n > 0 {
		return time.Duration(n) * time.Second
	}
	if n, err := strconv.ParseInt(r.Header.Get("X-RateLimit-Reset"), 10, 64); err == nil && r.Header.Get("X-RateLimit-Remaining") == "0" {
		return max(time.Until(time.Unix(n, 0)), time.Second)
	}
	return time.Minute
}

// cleaned takes out of an error what may hold a token: URLs with queries, and
// what libraries dump of a request.
func cleaned(err error) error {
	var answer *gh.ErrorResponse
	if errors.As(err, &answer) && answer.Response != nil {
		message := answer.Message
		for _, e := range answer.Errors {
			if e.Message != "" {
				message += "; " + e.Message
			}
		}
		if len(message) > 500 {
			message = strings.ToValidUTF8(message[:500], "")
		}
		return fmt.Errorf("answered %d: %s", answer.Response.StatusCode, message)
	}
	var token *ghinstallation.HTTPError
	if errors.As(err, &token) {
		if token.RootCause == nil {
			return errors.New(token.Message)
		}
		return fmt.Errorf("the installation's token: %w", cleaned(token.RootCause))
	}
	var asked *url.Error
	if errors.As(err, &asked) {
		if u, bad := url.Parse(asked.URL); bad == nil && u.Host != "" {
			return fmt.Errorf("%s: %w", u.Host, reach.Plain(err))
		}
	}
	return reach.Plain(err)
}
