package githubtest

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"net/url"
	"time"
)

// grant is a code that GitHub gave for a person who agreed.
type grant struct {
	user      *User
	challenge string
	redirect  string
}

// SignedIn says who sits at the browser that comes to GitHub's sign-in; empty:
// nobody, who is refused.
func (g *GitHub) SignedIn(login string) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.browser = login
	if login != "" {
		g.user(login, "User")
	}
}

// RenameUser gives a person another login, so that somebody else may take the
// old one.
func (g *GitHub) RenameUser(from, to string) {
	g.mu.Lock()
	defer g.mu.Unlock()
	u := g.user(from, "User")
	delete(g.users, from)
	u.Login = to
	g.users[to] = u
}

// oauth answers the web flow: the page on which a person agrees, who always
// does here, and the exchange of the code.
func (g *GitHub) oauth(w http.ResponseWriter, r *http.Request) {
	g.mu.Lock()
	defer g.mu.Unlock()
	switch r.Method + " " + r.URL.Path {
	case "GET /login/oauth/authorize":
		q := r.URL.Query()
		back, err := url.Parse(q.Get("redirect_uri"))
		if q.Get("client_id") != g.ClientID || err != nil || back.Host == "" {
			http.Error(w, "GitHub does not know this App or its address", http.StatusNotFound)
			return
		}
		answer := url.Values{"state": {q.Get("state")}}
		if g.browser == "" {
			answer.Set("error", "access_denied")
		} else {
			code := hash("code", []byte(time.Now().String()))[:20]
			g.grants[code] = grant{g.user(g.browser, "User"), q.Get("code_challenge"), back.String()}
			answer.Set("code", code)
		}
		back.RawQuery = answer.Encode()
		http.Redirect(w, r, back.String(), http.StatusFound)
	case "POST /login/oauth/access_token":
		// GitHub answers mistakes with 200.
		w.Header().Set("Content-Type", "application/json; charset=utf-8")
		code := r.FormValue("code")
		have, ok := g.grants[code]
		delete(g.grants, code)
		sum := sha256.Sum256([]byte(r.FormValue("code_verifier")))
		if !ok || r.FormValue("client_id") != g.ClientID || r.FormValue("client_secret") != g.ClientSecret ||
			base64.RawURLEncoding.EncodeToString(sum[:]) != have.challenge || r.FormValue("redirect_uri") != have.redirect {
			_ = json.NewEncoder(w).Encode(object{"error": "bad_verification_code", "error_description": "The code passed is incorrect or expired."})
			return
		}
		token := "ghu_" + hash("user token", []byte(code))[:36]
		g.people[token] = have.user
		_ = json.NewEncoder(w).Encode(object{"access_token": token, "token_type": "bearer", "scope": "", "expires_in": 28800})
	default:
		http.NotFound(w, r)
	}
}

func getUser(c *call) answer {
	if c.user == nil {
		return refuse(http.StatusUnauthorized, "Requires authentication")
	}
	u := userJSON(c.user)
	for k, v := range (object{"name": c.user.Login, "company": nil, "blog": nil, "location": nil, "email": nil, "hireable": nil, "bio": nil,
		"public_repos": 0, "public_gists": 0, "followers": 0, "following": 0,
		"created_at": "2020-01-01T00:00:00Z", "updated_at": "2020-01-01T00:00:00Z"}) {
		u[k] = v
	}
	return ok(u)
}
