package page

import (
	"context"
	"crypto/rand"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/gorilla/securecookie"
	"golang.org/x/oauth2"

	"github.com/lockwarden/lockwarden/app/render"
)

// Person is somebody on GitHub. The number stays when the login changes hands.
type Person struct {
	ID    int64  `json:"id"`
	Login string `json:"login"`
}

// Is reports whether somebody is the person of a login, as GitHub compares them.
func (p Person) Is(login string) bool { return strings.EqualFold(p.Login, login) }

// SignIn lets people sign in with GitHub. A session says who somebody is and
// nothing of what they may see: that is asked of GitHub each time.
type SignIn struct {
	// Address is where a person agrees on GitHub; Complete learns who came back.
	Address  func(state, verifier string) (string, error)
	Complete func(ctx context.Context, code, verifier string) (Person, error)
	// Secure is set where people reach this server by https.
	Secure bool
	// End notes for a time that a session has ended, Ended reports whether it has:
	// a cookie that somebody copied must not outlive the sign-out.
	End   func(ctx context.Context, session string, length time.Duration) error
	Ended func(ctx context.Context, session string) (bool, error)
	// Site has the pages that it answers with.
	Site *Site

	cookies *securecookie.SecureCookie
}

// session is what a cookie says.
type session struct {
	Person
	// Name tells sessions apart.
	Name string `json:"name"`
}

const (
	sessionCookie, stateCookie = "lockwarden_session", "lockwarden_signin"
	// sessionTime is how long a person stays signed in.
	sessionTime = 8 * time.Hour
)

// NewSignIn makes a SignIn whose cookies nobody can make without the key of 64
// bytes: 32 to sign and 32 to encrypt. Another key signs everybody out.
func NewSignIn(key [64]byte) *SignIn {
	s := &SignIn{cookies: securecookie.New(key[:32], key[32:])}
	s.cookies.MaxAge(int(sessionTime.Seconds()))
	s.cookies.SetSerializer(securecookie.JSONEncoder{})
	return s
}

// began is what a browser keeps while its owner is at GitHub.
type began struct {
	State, Verifier, To string
}

// named is a cookie's name as browsers know it. One that begins with __Host- they
// take from this very host alone, by https, and for all of its paths.
// Source: https://developer.mozilla.org/docs/Web/HTTP/Reference/Headers/Set-Cookie#cookie_prefixes
func (s *SignIn) named(name string) string {
	if s.Secure {
		return "__Host-" + name
	}
	return name
}

func (s *SignIn) cookie(name, value string, age time.Duration) *http.Cookie {
	// Lax: a form of another site cannot use the session, a link to a page can.
	return &http.Cookie{Name: s.named(name), Value: value, Path: "/", MaxAge: int(age.Seconds()), HttpOnly: true, Secure: s.Secure,
		SameSite: http.SameSiteLaxMode}
}

// local is an address of this server, whatever a link says.
func local(to string) string {
	u, err := url.Parse(to)
	if err != nil || u.Host != "" || u.Scheme != "" || !strings.HasPrefix(to, "/") || strings.HasPrefix(to, "//") ||
		strings.ContainsAny(to, "\\\r\n\t") {
		return "/"
	}
	return to
}

// Begin answers GET /signin: off to GitHub.
func (s *SignIn) Begin(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Cache-Control", "no-store")
	b := began{State: oauth2.GenerateVerifier(), Verifier: oauth2.GenerateVerifier(), To: local(r.URL.Query().Get("to"))}
	value, err := s.cookies.Encode(stateCookie, b)
	if err != nil {
		s.Site.say(w, r, http.StatusBadRequest, "The sign-in cannot begin", "The address of the page is too long.")
		return
	}
	address, err := s.Address(b.State, b.Verifier)
	if err != nil {
		s.Site.say(w, r, http.StatusInternalServerError, "The sign-in cannot begin", err.Error())
		return
	}
	http.SetCookie(w, s.cookie(stateCookie, value, 10*time.Minute))
	http.Redirect(w, r, address, http.StatusFound)
}

// Back answers GET /signin/callback, where GitHub sends people.
func (s *SignIn) Back(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Referrer-Policy", "no-referrer")
	w.Header().Set("Cache-Control", "no-store")
	q := r.URL.Query()
	var b began
	kept, err := r.Cookie(s.named(stateCookie))
	if err != nil || s.cookies.Decode(stateCookie, kept.Value, &b) != nil || !same(q.Get("state"), b.State) {
		s.Site.say(w, r, http.StatusForbidden, "You are not signed in",
			"This is not the answer to a sign-in that began in this browser. Open the page again.")
		return
	}
	http.SetCookie(w, s.cookie(stateCookie, "", -time.Second))
	if q.Get("code") == "" {
		s.Site.say(w, r, http.StatusForbidden, "You are not signed in", "GitHub did not sign you in. Open the page again, and agree there.")
		return
	}
	person, err := s.Complete(r.Context(), q.Get("code"), b.Verifier)
	if err != nil {
		s.Site.say(w, r, http.StatusBadGateway, "You are not signed in", err.Error())
		return
	}
	value, err := s.cookies.Encode(sessionCookie, session{person, rand.Text()})
	if err != nil {
		s.Site.say(w, r, http.StatusInternalServerError, "You are not signed in", "The session cannot be kept.")
		return
	}
	http.SetCookie(w, s.cookie(sessionCookie, value, sessionTime))
	http.Redirect(w, r, local(b.To), http.StatusFound)
}

// Out answers POST /signout.
func (s *SignIn) Out(w http.ResponseWriter, r *http.Request) {
	http.SetCookie(w, s.cookie(sessionCookie, "", -time.Second))
	if one, ok := s.session(r); ok && s.End != nil {
		if err := s.End(r.Context(), one.Name, sessionTime); err != nil {
			s.Site.failed(w, r, "the end of the session")
			return
		}
	}
	http.Redirect(w, r, "/signedout", http.StatusSeeOther)
}

// IsOut answers GET /signedout, which does not sign in again by itself.
func (s *SignIn) IsOut(w http.ResponseWriter, r *http.Request) {
	secure(w)
	_ = render.MessageHTML(w, render.Message{Frame: render.Frame{Served: true}, Title: "You are signed out",
		Text: "Of this server only: on GitHub you still are who you were.", Link: &render.Link{Text: "Sign in", Address: "/signin"}})
}

// Person is who signed in, ok false where nobody did.
func (s *SignIn) Person(r *http.Request) (p Person, ok bool) {
	one, ok := s.session(r)
	return one.Person, ok
}

// session is that of a request. One of which nobody knows whether it has ended is
// none.
func (s *SignIn) session(r *http.Request) (one session, ok bool) {
	c, err := r.Cookie(s.named(sessionCookie))
	if err != nil || s.cookies.Decode(sessionCookie, c.Value, &one) != nil || one.ID == 0 || one.Login == "" || one.Name == "" {
		return session{}, false
	}
	if s.Ended != nil {
		if ended, err := s.Ended(r.Context(), one.Name); err != nil || ended {
			return session{}, false
		}
	}
	return one, true
}

// Require shows a page to people who are signed in and whom may lets see it.
// Everybody else gets the sign-in, or the answer that a page that does not
// exist gets: what is not shown is not told of either.
func (s *SignIn) Require(may func(r *http.Request, p Person) (bool, error), show http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		p, ok := s.Person(r)
		if !ok {
			if r.Method != http.MethodGet {
				s.Site.say(w, r, http.StatusUnauthorized, "Sign in first", "The session has ended, or never began.")
				return
			}
			http.Redirect(w, r, "/signin?to="+url.QueryEscape(r.URL.RequestURI()), http.StatusFound)
			return
		}
		allowed, err := may(r, p)
		switch {
		case err != nil:
			s.Site.say(w, r, http.StatusServiceUnavailable, "GitHub does not answer",
				"It does not say whether you may see this page. Load it again in a moment.")
		case !allowed:
			s.Site.notFound(w, r)
		default:
			show.ServeHTTP(w, r)
		}
	})
}
