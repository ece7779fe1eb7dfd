package github

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"

	gh "github.com/google/go-github/v60/github"
	"golang.org/x/oauth2"

	"github.com/lockwarden/lockwarden/app/comment"
)

// Person is somebody on GitHub. The number stays when the login changes hands.
type Person struct {
	ID    int64  `json:"id"`
	Login string `json:"login"`
}

// SignIn is GitHub's web flow for the App's users. What it is used for is to
// learn who somebody is; the token that GitHub gives is forgotten at once.
// Source: https://docs.github.com/apps/creating-github-apps/authenticating-with-a-github-app/generating-a-user-access-token-for-a-github-app
type SignIn struct {
	ClientID, ClientSecret string
	// APIURL is GitHub's API, Callback the address that GitHub sends people back to.
	APIURL, Callback string
	// Transport may be nil.
	Transport http.RoundTripper
}

func (s *SignIn) config() (*oauth2.Config, *url.URL, error) {
	api, err := address(s.APIURL)
	if err != nil {
		return nil, nil, err
	}
	base := web(api) + "/login/oauth/"
	return &oauth2.Config{ClientID: s.ClientID, ClientSecret: s.ClientSecret, RedirectURL: s.Callback,
		Endpoint: oauth2.Endpoint{AuthURL: base + "authorize", TokenURL: base + "access_token", AuthStyle: oauth2.AuthStyleInParams}}, api, nil
}

// Address is where a person agrees. state comes back with them; verifier is
// PKCE's (RFC 7636), kept until then.
func (s *SignIn) Address(state, verifier string) (string, error) {
	c, _, err := s.config()
	if err != nil {
		return "", err
	}
	return c.AuthCodeURL(state, oauth2.S256ChallengeOption(verifier)), nil
}

// Complete learns who came back with a code.
func (s *SignIn) Complete(ctx context.Context, code, verifier string) (Person, error) {
	c, api, err := s.config()
	if err != nil {
		return Person{}, err
	}
	next := s.Transport
	if next == nil {
		next = http.DefaultTransport
	}
	client := &http.Client{Transport: &limitedTransport{next: next}, Timeout: timeout}
	token, err := c.Exchange(context.WithValue(ctx, oauth2.HTTPClient, client), code, oauth2.VerifierOption(verifier))
	if err != nil {
		// The library's error holds GitHub's answer, which may hold a token.
		return Person{}, errors.New("github: GitHub did not accept the code; sign in again")
	}
	user := gh.NewClient(client).WithAuthToken(token.AccessToken)
	user.BaseURL = api
	me, _, err := user.Users.Get(ctx, "")
	if err != nil {
		return Person{}, fmt.Errorf("github: GitHub does not say who signed in: %w", cleaned(err))
	}
	if me.GetID() == 0 || me.GetLogin() == "" {
		return Person{}, errors.New("github: GitHub does not say who signed in")
	}
	return Person{me.GetID(), me.GetLogin()}, nil
}

// MayRead reports whether a person may read the repository now, and is still who
// they were when they signed in.
func (r *Repository) MayRead(ctx context.Context, p Person) (bool, error) {
	permission, id, err := r.permission(ctx, p.Login)
	return permission >= comment.Read && id == p.ID, err
}
