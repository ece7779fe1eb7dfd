package github

import (
	"context"
	"fmt"
	"net/http"
	"time"

	gh "github.com/google/go-github/v60/github"
)

// About is what GitHub knows of the App, for an operator's check.
type About struct {
	Slug string
	// Permissions and Events are those that the App asks for.
	Permissions map[string]string
	Events      []string
	// HookURL is where GitHub sends events; empty where it does not say.
	HookURL string
	// HookType is "json" where events come as they must.
	HookType string
	// Delivered and Failed count the newest deliveries, at most 30; Failure is
	// the newest failed one's answer in words.
	Delivered, Failed int
	Failure           string
	// Installations and Suspended count those of the App, at most 100.
	Installations, Suspended int
	// Ahead is how far this machine's clock is ahead of GitHub's.
	Ahead time.Duration
}

// Examine asks GitHub about the App. A part that GitHub does not tell is left
// out; an error means that it does not know the App.
func (a *App) Examine(ctx context.Context) (About, error) {
	var about About
	slug, err := a.Identity(ctx)
	if err != nil {
		return about, err
	}
	about.Slug = slug
	// The library's type knows fewer permissions than there are.
	var app struct {
		Permissions map[string]string `json:"permissions"`
		Events      []string          `json:"events"`
	}
	request, err := a.app.NewRequest(http.MethodGet, "app", nil)
	if err != nil {
		return about, fmt.Errorf("github: the App: %w", err)
	}
	answer, err := a.app.Do(ctx, request, &app)
	if err != nil {
		return about, fmt.Errorf("github: the App: %w", cleaned(err))
	}
	if date, err := http.ParseTime(answer.Header.Get("Date")); err == nil {
		about.Ahead = time.Since(date)
	}
	about.Events, about.Permissions = app.Events, app.Permissions
	if hook, _, err := a.app.Apps.GetHookConfig(ctx); err == nil {
		about.HookURL, about.HookType = hook.GetURL(), hook.GetContentType()
	}
	if list, _, err := a.app.Apps.ListHookDeliveries(ctx, &gh.ListCursorOptions{PerPage: 30}); err == nil {
		for _, d := range list {
			if d.GetStatusCode()/100 == 2 {
				about.Delivered++
				continue
			}
			about.Failed++
			if about.Failure == "" {
				about.Failure = fmt.Sprintf("%s, %s: %d %s", d.GetEvent(), d.GetDeliveredAt().UTC().Format(time.DateTime), d.GetStatusCode(),
					d.GetStatus())
			}
		}
	}
	if list, _, err := a.app.Apps.ListInstallations(ctx, &gh.ListOptions{PerPage: 100}); err == nil {
		for _, i := range list {
			about.Installations++
			if i.SuspendedAt != nil {
				about.Suspended++
			}
		}
	}
	return about, nil
}
