package templates

import (
	"crypto/sha256"
	"embed"
	"encoding/base64"
	"html/template"
	"strconv"
	"sync"
)

//go:embed page
var pageFiles embed.FS

// Style is the stylesheet of all pages.
func Style() template.CSS {
	data, err := pageFiles.ReadFile("page/style.css")
	if err != nil {
		panic(err) // it is part of the program
	}
	return template.CSS(data)
}

// Script is the little script of pages that a server shows; they work without.
func Script() []byte {
	data, err := pageFiles.ReadFile("page/page.js")
	if err != nil {
		panic(err) // it is part of the program
	}
	return data
}

// Thousands writes a number with commas, as English has them.
func Thousands(n int) string {
	s := strconv.Itoa(n)
	for i := len(s) - 3; i > 0 && s[i-1] != '-'; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}

// StyleHash is the stylesheet's hash for a Content-Security-Policy, which then
// lets no other style through.
// Source: https://www.w3.org/TR/CSP3/#framework-directive-source-list
func StyleHash() string {
	sum := sha256.Sum256([]byte(Style()))
	return base64.StdEncoding.EncodeToString(sum[:])
}

var parsed = sync.OnceValue(func() *template.Template {
	return template.Must(template.New("").Funcs(template.FuncMap{"thousands": Thousands}).ParseFS(pageFiles, "page/*.html"))
})

// Page is a page's template by the name of its file, such as "report.html".
func Page(name string) *template.Template { return parsed().Lookup(name) }
