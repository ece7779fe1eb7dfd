package templates

import (
	_ "embed"
	"strings"
	"sync"
	"text/template"
)

//go:embed answer.md
var answers string

var answer = sync.OnceValue(func() *template.Template {
	return template.Must(template.New("answer.md").Option("missingkey=error").Parse(answers))
})

// Answer is what a command is answered, by the name of its sentence in answer.md.
// Names in the detail are Markdown already.
func Answer(name string, detail any) string {
	var b strings.Builder
	if err := answer().ExecuteTemplate(&b, name, detail); err != nil {
		panic(err) // a test renders each of them
	}
	return b.String()
}
