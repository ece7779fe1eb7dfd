// Package browse shows a githubtest.GitHub as a person sees GitHub: pull
// requests with their check run, annotations and comments, and forms to
// comment and to press buttons. `lockwarden demo` serves it.
package browse

import (
	"bytes"
	"embed"
	"fmt"
	"html/template"
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/microcosm-cc/bluemonday"
	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/extension"
	"github.com/yuin/goldmark/renderer/html"

	"github.com/lockwarden/lockwarden/app/github/githubtest"
)

//go:embed *.html
var files embed.FS

var pages = template.Must(template.New("").Funcs(template.FuncMap{"markdown": Markdown}).ParseFS(files, "*.html"))

var (
	markdown = goldmark.New(goldmark.WithExtensions(extension.GFM), goldmark.WithRendererOptions(html.WithUnsafe(), html.WithHardWraps()))
	// sanitized is about what GitHub lets through.
	sanitized = func() *bluemonday.Policy {
		p := bluemonday.UGCPolicy()
		p.AllowElements("details", "summary")
		return p
	}()
	alert = regexp.MustCompile(`(?m)^> \[!(NOTE|WARNING)\]$`)
)

// Markdown renders as GitHub does: GitHub's flavour, sanitized.
func Markdown(text string) template.HTML {
	var b bytes.Buffer
	if err := markdown.Convert([]byte(alert.ReplaceAllString(text, "> **Note**")), &b); err != nil {
		return template.HTML(template.HTMLEscapeString(text))
	}
	return template.HTML(sanitized.SanitizeBytes(b.Bytes()))
}

// Handler shows one repository to people who may act as each of Users.
type Handler struct {
	Repository *githubtest.Repository
	// Overview is the address of lockwarden's own overview.
	Overview string
	// Users are logins with a word about each.
	Users []User
}

// User is somebody as whom the reader may act.
type User struct{ Login, Word string }

// note is an annotation with the lines it stands on.
type note struct {
	githubtest.Annotation
	Lines []line
}

type line struct {
	Number int
	Text   string
}

type comment struct {
	githubtest.Comment
	Reactions []string
}

// ServeHTTP answers GET /, GET and POST /pull/NUMBER.
func (h *Handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Header().Set("Content-Security-Policy",
		"default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'")
	pulls := h.Repository.Pulls()
	if r.URL.Path == "/" {
		type row struct {
			*githubtest.Pull
			Run githubtest.CheckRun
		}
		var rows []row
		for _, p := range pulls {
			run, _ := h.Repository.Latest(p.SHA())
			rows = append(rows, row{p, run})
		}
		_ = pages.ExecuteTemplate(w, "index.html", map[string]any{"Repository": h.Repository, "Pulls": rows, "Overview": h.Overview})
		return
	}
	rest, ok := strings.CutPrefix(r.URL.Path, "/pull/")
	number, err := strconv.Atoi(rest)
	i := slices.IndexFunc(pulls, func(p *githubtest.Pull) bool { return p.Number == number })
	if !ok || err != nil || i < 0 {
		http.NotFound(w, r)
		return
	}
	if r.Method == http.MethodPost {
		h.act(w, r, pulls[i])
		return
	}
	h.pull(w, pulls[i])
}

func (h *Handler) act(w http.ResponseWriter, r *http.Request, p *githubtest.Pull) {
	r.Body = http.MaxBytesReader(w, r.Body, 1<<20)
	if site := r.Header.Get("Sec-Fetch-Site"); site != "" && site != "same-origin" {
		http.Error(w, "not from here", http.StatusForbidden)
		return
	}
	as := r.FormValue("as")
	if !slices.ContainsFunc(h.Users, func(u User) bool { return u.Login == as }) {
		http.Error(w, "nobody is called so", http.StatusBadRequest)
		return
	}
	if button := r.FormValue("button"); button != "" {
		run, err := strconv.ParseInt(r.FormValue("run"), 10, 64)
		if latest, ok := h.Repository.Latest(p.SHA()); err == nil && ok && latest.ID == run {
			h.Repository.Press(as, run, button)
		}
	} else if body := strings.TrimSpace(r.FormValue("body")); body != "" {
		p.Comment(as, body)
	}
	http.Redirect(w, r, r.URL.Path, http.StatusSeeOther)
}

func (h *Handler) pull(w http.ResponseWriter, p *githubtest.Pull) {
	sha := p.SHA()
	run, _ := h.Repository.Latest(sha)
	var notes []note
	for _, a := range run.Annotations {
		n := note{Annotation: a}
		if text, ok := h.Repository.File(sha, a.Path); ok {
			lines := strings.Split(text, "\n")
			for l := a.StartLine; l <= min(a.EndLine, a.StartLine+5, len(lines)); l++ {
				n.Lines = append(n.Lines, line{l, lines[l-1]})
			}
		}
		notes = append(notes, n)
	}
	signs := map[string]string{"+1": "👍", "-1": "👎", "confused": "😕", "eyes": "👀"}
	var comments []comment
	for _, c := range p.Comments() {
		one := comment{Comment: c}
		for _, content := range []string{"+1", "-1", "confused", "eyes"} {
			if c.Reactions[content] != 0 {
				one.Reactions = append(one.Reactions, signs[content])
			}
		}
		comments = append(comments, one)
	}
	_ = pages.ExecuteTemplate(w, "pull.html", map[string]any{"Repository": h.Repository, "Pull": p, "SHA": sha, "Run": run, "Notes": notes,
		"Comments": comments, "Users": h.Users,
		"Runs": len(h.Repository.CheckRuns(sha)), "Waiting": run.Status != "completed", "Address": fmt.Sprintf("/pull/%d", p.Number)})
}
