package render

import (
	"bytes"
	"fmt"
	"html/template"
	"io"
	"strings"
	"unicode"

	"github.com/lockwarden/lockwarden/templates"
)

// Frame is what stands around a page. A file of its own has an empty one.
type Frame struct {
	// Served is set where a server shows the page: its script and links work.
	Served bool
	// Person is the login of who signed in, empty where nobody can.
	Person string
	// Overview is the address of the page above all others, empty where the
	// reader cannot open it; Trail are those between it and this one.
	Overview string
	Trail    []Link
}

// Link is a place to go to.
type Link struct{ Text, Address string }

// frame is a Frame with what every page needs.
type frame struct {
	Frame
	Title, StyleHash, Survey string
	Style                    template.CSS
	// Refresh is after how many seconds the browser looks again; 0: never.
	Refresh int
}

func framed(f Frame, title string) frame {
	return frame{Frame: f, Title: title, Style: templates.Style(), StyleHash: templates.StyleHash()}
}

// write writes a page once all of it is there.
func write(w io.Writer, name string, view any) error {
	var b bytes.Buffer
	if err := templates.Page(name).Execute(&b, view); err != nil {
		return fmt.Errorf("render: %w", err)
	}
	_, err := io.WriteString(w, strings.Map(shown, b.String()))
	return err
}

// shown shows characters that would turn text around, or hide, as what they are
// not: text.
func shown(r rune) rune {
	if r != '\n' && r != '\t' && (unicode.IsControl(r) || unicode.Is(unicode.Cf, r)) {
		return unicode.ReplacementChar
	}
	return r
}

// Message is a page that says one thing: that something is not there, does not
// work, or is on its way.
type Message struct {
	Frame
	Title, Text string
	// Link leads on; may be nil.
	Link *Link
	// Refresh is after how many seconds the browser looks again; 0: never.
	Refresh int
}

// MessageHTML writes a Message.
func MessageHTML(w io.Writer, m Message) error {
	view := struct {
		frame
		Text string
		Link *Link
	}{framed(m.Frame, m.Title), m.Text, m.Link}
	view.Refresh = m.Refresh
	return write(w, "message.html", view)
}

// SetupHTML writes the page that registers the App. local is set where GitHub
// cannot reach the public address.
func SetupHTML(w io.Writer, action, manifest, public, organization, token string, local bool) error {
	return write(w, "setup.html", struct {
		frame
		Action, Manifest, Public, Organization, Token string
		Local                                         bool
	}{framed(Frame{Served: true}, "Set up"), action, manifest, public, organization, token, local})
}

// DoneHTML writes the page that says that the App is registered, and where it
// is installed from.
func DoneHTML(w io.Writer, install string) error {
	return write(w, "done.html", struct {
		frame
		Install string
	}{framed(Frame{Served: true}, "Registered"), install})
}
