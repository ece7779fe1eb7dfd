package render

import (
	"fmt"
	"html/template"
	"path"
	"sort"
	"strings"

	"github.com/alecthomas/chroma/v2"
	"github.com/alecthomas/chroma/v2/lexers"

	"github.com/lockwarden/lockwarden/analyzer/behavior"
)

type evidenceView struct {
	Place, Contexts string
	Code            template.HTML
	Chain, Flow     []string
}

// exhibits are the evidence that a page shows: how often each file is named,
// and how many bytes of code it has still room for.
type exhibits struct {
	found map[string]int
	room  int
}

func newExhibits() *exhibits { return &exhibits{map[string]int{}, maxPageCode} }

// show shows the first places of a list; more is how many it leaves out.
func (x *exhibits) show(list []behavior.Evidence, limit int) (out []evidenceView, more int) {
	for i, e := range list {
		x.found[e.File]++
		if i >= limit {
			more++
			continue
		}
		v := evidenceView{Place: e.File, Contexts: strings.Join(e.Contexts.Names(), ", ")}
		if e.Line > 0 {
			v.Place = fmt.Sprintf("%s:%d", e.File, e.Line)
		}
		if x.room > 0 {
			v.Code = highlight(e.File, e.Snippet)
			if len(e.Chain) > 1 {
				v.Chain = e.Chain
			}
			if len(e.Flow) > 1 {
				v.Flow = e.Flow
			}
			x.room -= len(v.Code) + len(strings.Join(v.Chain, "<li></li>")) + len(strings.Join(v.Flow, "<li></li>"))
		}
		out = append(out, v)
	}
	return out, more
}

// classes are the stylesheet's, for kinds of tokens.
var classes = []struct {
	kind  chroma.TokenType
	class string
}{{chroma.Keyword, "k"}, {chroma.LiteralString, "s"}, {chroma.LiteralNumber, "m"}, {chroma.Comment, "c"}, {chroma.NameFunction, "n"},
	{chroma.NameOther, "n"}}

// Scripts, and the commands that package.json has for npm, have colours.
var javascriptLexer, shellLexer = lexers.Get("javascript"), lexers.Get("bash")

// highlight colours a line of code. Every token is escaped here: it is the
// package author's.
func highlight(file, snippet string) template.HTML {
	if snippet == "" {
		return ""
	}
	lexer := javascriptLexer
	switch path.Ext(file) {
	case ".js", ".cjs", ".mjs", ".jsx", ".ts", ".cts", ".mts", ".tsx", "":
	case ".json", ".sh":
		lexer = shellLexer
	default:
		return template.HTML(template.HTMLEscapeString(snippet))
	}
	tokens, err := lexer.Tokenise(nil, snippet)
	if err != nil {
		return template.HTML(template.HTMLEscapeString(snippet))
	}
	var b strings.Builder
	for _, t := range tokens.Tokens() {
		text := template.HTMLEscapeString(t.Value)
		class := ""
		for _, c := range classes {
			if t.Type.Category() == c.kind || t.Type.SubCategory() == c.kind || t.Type == c.kind {
				class = c.class
				break
			}
		}
		if class == "" {
			b.WriteString(text)
			continue
		}
		b.WriteString(`<span class="` + class + `">` + text + `</span>`)
	}
	return template.HTML(strings.TrimRight(b.String(), "\n"))
}

// tree puts files into folders, those with findings first.
func tree(inventory map[string]string, found map[string]int) (root *fileView, more int) {
	names := make([]string, 0, len(inventory))
	for name := range inventory {
		names = append(names, name)
	}
	sort.Slice(names, func(i, j int) bool {
		if a, b := found[names[i]] > 0, found[names[j]] > 0; a != b {
			return a
		}
		return names[i] < names[j]
	})
	if len(names) > maxPageFiles {
		more = len(names) - maxPageFiles
		names = names[:maxPageFiles]
	}
	root = &fileView{}
	folders := map[string]*fileView{"": root}
	var folder func(full string) *fileView
	folder = func(full string) *fileView {
		if f := folders[full]; f != nil {
			return f
		}
		parent, name := "", full
		if i := strings.LastIndexByte(full, '/'); i >= 0 {
			parent, name = full[:i], full[i+1:]
		}
		f := &fileView{Name: name}
		folders[full] = f
		above := folder(parent)
		above.Below = append(above.Below, f)
		return f
	}
	for _, name := range names {
		dir, base := "", name
		if i := strings.LastIndexByte(name, '/'); i >= 0 {
			dir, base = name[:i], name[i+1:]
		}
		f := folder(dir)
		f.Below = append(f.Below, &fileView{Name: base, Found: found[name], Count: 1})
		for at := dir; ; {
			above := folders[at]
			above.Found += found[name]
			above.Count++
			if at == "" {
				break
			}
			if i := strings.LastIndexByte(at, '/'); i >= 0 {
				at = at[:i]
			} else {
				at = ""
			}
		}
	}
	return root, more
}

// fileView is a file or folder with the number of findings in it.
type fileView struct {
	Name         string
	Below        []*fileView
	Found, Count int
}
