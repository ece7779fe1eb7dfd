package shell

import (
	"cmp"
	"errors"
	"fmt"
	"path"
	"regexp"
	"strings"
)

// What building a native addon runs: the commands whose output the settings take,
// <!(…) and its like, actions, Python modules, tools named in place of a compiler.
// Source: https://gyp.gsrc.io/docs/InputFormatReference.md and node-gyp's
// lib/configure.js.

// gypValue is a value of a gyp file, which is a literal of Python.
type gypValue struct {
	text   string
	isText bool
	keys   []gypValue
	items  []gypValue
	line   int
	isDict bool
}

// maxGypDepth is how deep the values of a gyp file nest.
const maxGypDepth = 500

type gypReader struct {
	text     string
	at, line int
}

// readGyp reads a gyp file. An error names the line.
func readGyp(text string) (gypValue, error) {
	r := &gypReader{text: strings.TrimPrefix(text, "\ufeff"), line: 1}
	v, err := r.value(0)
	if err == nil {
		if r.space(); r.at < len(r.text) {
			err = errors.New("something follows the value")
		}
	}
	if err != nil {
		err = fmt.Errorf("line %d: %w", r.line, err)
	}
	return v, err
}

func (r *gypReader) space() {
	for ; r.at < len(r.text); r.at++ {
		switch c := r.text[r.at]; c {
		case '\n':
			r.line++
		case ' ', '\t', '\r', '\f', '\v':
		case '\\':
			if r.at+1 >= len(r.text) || r.text[r.at+1] != '\n' {
				return
			}
		case '#':
			for r.at+1 < len(r.text) && r.text[r.at+1] != '\n' {
				r.at++
			}
		default:
			return
		}
	}
}

// expression is a value, or several with operators between them, of which Python
// takes one: "a" and "b".
func (r *gypReader) expression(depth int) (gypValue, error) {
	first, err := r.value(depth)
	for n := 0; err == nil; n++ {
		r.space()
		word := gypOperator(r.text[r.at:])
		if word == "" {
			break
		}
		r.at += len(word)
		var next gypValue
		if next, err = r.value(depth); err != nil {
			break
		}
		if n == 0 {
			first = gypValue{items: []gypValue{first}, line: first.line}
		}
		first.items = append(first.items, next)
	}
	return first, err
}

func gypOperator(text string) string {
	for _, word := range []string{"and ", "or ", "if ", "else ", "in ", "not in ", "==", "!=", "%", "*"} {
		if strings.HasPrefix(text, word) {
			return word
		}
	}
	return ""
}

func (r *gypReader) value(depth int) (gypValue, error) {
	r.space()
	if depth > maxGypDepth {
		return gypValue{}, fmt.Errorf("values nest deeper than %d", maxGypDepth)
	}
	if r.at >= len(r.text) {
		return gypValue{}, errors.New("a value is missing")
	}
	v := gypValue{line: r.line}
	switch c := r.text[r.at]; {
	case c == '{' || c == '[' || c == '(':
		end := map[byte]byte{'{': '}', '[': ']', '(': ')'}[c]
		v.isDict = c == '{'
		r.at++
		for {
			if r.space(); r.at < len(r.text) && r.text[r.at] == end {
				r.at++
				return v, nil
			}
			item, err := r.expression(depth + 1)
			if err != nil {
				return v, err
			}
			r.space()
			if v.isDict {
				if r.at >= len(r.text) || r.text[r.at] != ':' {
					return v, errors.New("a key has no value")
				}
				r.at++
				v.keys = append(v.keys, item)
				if item, err = r.expression(depth + 1); err != nil {
					return v, err
				}
				r.space()
			}
			v.items = append(v.items, item)
			switch {
			case r.at < len(r.text) && r.text[r.at] == ',':
				r.at++
			case r.at < len(r.text) && r.text[r.at] == end:
			default:
				return v, errors.New("a comma or bracket is missing")
			}
		}
	case c == '\'' || c == '"' || isPrefixed(r.text[r.at:]):
		v.isText = true
		for { // 'a' 'b' is one text
			text, err := r.literal()
			if err != nil {
				return v, err
			}
			v.text += text
			r.space()
			if r.at < len(r.text) && r.text[r.at] == '+' {
				r.at++
				r.space()
			}
			if r.at >= len(r.text) || r.text[r.at] != '\'' && r.text[r.at] != '"' && !isPrefixed(r.text[r.at:]) {
				return v, nil
			}
		}
	default:
		begin := r.at
		for r.at < len(r.text) && strings.IndexByte(" \t\r\n,:]})#", r.text[r.at]) < 0 {
			r.at++
		}
		if v.text = r.text[begin:r.at]; v.text == "" {
			return v, errors.New("a value is missing")
		}
		return v, nil
	}
}

// isPrefixed reports whether a text begins with r'…', u"…" or the like.
func isPrefixed(text string) bool {
	for i := 0; i < len(text) && i < 3; i++ {
		switch text[i] {
		case 'r', 'R', 'u', 'U', 'b', 'B':
		case '\'', '"':
			return i > 0
		default:
			return false
		}
	}
	return false
}

func (r *gypReader) literal() (string, error) {
	raw := false
	for r.text[r.at] != '\'' && r.text[r.at] != '"' {
		raw = raw || r.text[r.at] == 'r' || r.text[r.at] == 'R'
		r.at++
	}
	quote := r.text[r.at : r.at+1]
	if strings.HasPrefix(r.text[r.at:], strings.Repeat(quote, 3)) {
		quote = strings.Repeat(quote, 3)
	}
	r.at += len(quote)
	begin := r.at
	for r.at < len(r.text) && !strings.HasPrefix(r.text[r.at:], quote) {
		switch c := r.text[r.at]; {
		case c == '\\':
			r.at++
			if r.at < len(r.text) && r.text[r.at] == '\n' {
				r.line++
			}
		case c == '\n':
			r.line++
			if len(quote) == 1 {
				return "", errors.New("a text does not end")
			}
		}
		r.at++
	}
	if r.at >= len(r.text) {
		return "", errors.New("a text does not end")
	}
	text := r.text[begin:r.at]
	r.at += len(quote)
	if !raw {
		text = unescape(strings.ReplaceAll(text, "\\\n", ""))
	}
	return text, nil
}

// gypWalk follows the values of one gyp file.
type gypWalk struct {
	f         *follower
	in        at
	file      string
	variables map[string]string
}

// gypFile follows what building the addon of a gyp file runs, and the files that
// it includes.
func (f *follower) gypFile(name string, in at) {
	if in.label == "" {
		in.label = name
	}
	f.gypOne(name, in)
	for _, extra := range []string{"config.gypi", "common.gypi"} { // node-gyp includes them itself
		f.gypOne(path.Join(path.Dir(name), extra), in)
	}
}

func (f *follower) gypOne(name string, in at) {
	data, ok := f.Read(name)
	key := f.memo + "\x00gyp\x00" + name
	if !ok || f.read[key] {
		return
	}
	f.read[key] = true
	in = in.inline()
	in.by = Command{Script: in.by.Script, File: name, Line: 1, Dir: path.Dir(name), gyp: cmp.Or(in.by.gyp, name)}
	if in.by.Dir == "." {
		in.by.Dir = ""
	}
	if f.work += len(data); len(data) > maxText || f.work > maxWork {
		f.cut(&in.by, CutLimit, name+": more than 8 MiB")
		return
	}
	text := string(data)
	v, err := readGyp(text)
	w := &gypWalk{f: f, in: in, file: name, variables: map[string]string{}}
	if err != nil {
		f.cut(&in.by, CutUnread, name+" is no literal of Python: "+err.Error())
		w.text(text, 1)
		return
	}
	w.names(&v)
	w.value(&v, "")
}

// names notes the variables.
func (w *gypWalk) names(v *gypValue) {
	for i := range v.items {
		if v.isDict && v.keys[i].text == "variables" && v.items[i].isDict {
			for j, key := range v.items[i].keys {
				if item := v.items[i].items[j]; !item.isDict && len(item.items) == 0 {
					w.variables[strings.TrimRight(key.text, "%?+=!/")] = item.text
				}
			}
		}
		w.names(&v.items[i])
	}
}

// value follows what stands in a value under a key.
func (w *gypWalk) value(v *gypValue, key string) {
	if v.isText {
		w.text(v.text, v.line)
		return
	}
	plain := strings.TrimRight(key, "%?+=!/")
	switch plain {
	case "action":
		w.action(v)
	case "includes":
		for _, item := range v.items {
			w.include(item.text)
		}
	case "dependencies", "export_dependent_settings":
		for _, item := range v.items {
			file, _, _ := strings.Cut(item.text, ":")
			w.include(file)
		}
	case "make_global_settings":
		for _, item := range v.items {
			if len(item.items) > 1 {
				w.run(strings.Fields(w.expand(item.items[1].text)), item.line)
			}
		}
	case "conditions", "target_conditions":
		for _, item := range v.items {
			if len(item.items) > 0 { // Python evaluates it
				w.at(item.line)
				w.f.foreignText(item.items[0].text, w.in)
			}
		}
	}
	for i := range v.items {
		inner := ""
		if v.isDict {
			inner = v.keys[i].text
			w.text(inner, v.keys[i].line)
		}
		w.value(&v.items[i], inner)
	}
}

func (w *gypWalk) at(line int) { w.in.by.Line = line }

func (w *gypWalk) include(name string) {
	name = w.expand(name)
	if strings.Contains(name, Hole) {
		return
	}
	if ext := path.Ext(name); ext == ".gyp" || ext == ".gypi" || ext != "" {
		w.f.gypOne(w.f.inside(w.in.by.Dir, name), w.in)
	}
}

// action follows the words of an action.
func (w *gypWalk) action(v *gypValue) {
	var words []string
	for _, item := range v.items {
		if len(item.items) == 0 {
			words = append(words, w.expand(item.text))
		}
	}
	w.run(words, v.line)
}

func (w *gypWalk) run(words []string, line int) {
	if len(words) == 0 {
		return
	}
	w.at(line)
	c := w.in.by
	c.Words = words
	w.f.command(c, w.in)
	// With a shell around it, as make puts one.
	for _, word := range words[1:] {
		if strings.ContainsAny(word, "|;&`") || strings.Contains(word, "$(") {
			w.f.text(strings.Join(words, " "), RoleShell, w.in)
			break
		}
	}
}

// gypReference is how a variable begins.
var gypReference = regexp.MustCompile(`^[<>^]@?\(`)

// expand puts variables in.
func (w *gypWalk) expand(text string) string {
	for range 8 {
		i := strings.IndexAny(text, "<>^")
		if i < 0 {
			break
		}
		var b strings.Builder
		changed := false
		for i := 0; i < len(text); i++ {
			rest := text[i:]
			if open := len(gypReference.FindString(rest)) - 1; open > 0 {
				if end := closing(rest[open+1:]); end >= 0 {
					name := rest[open+1 : open+1+end]
					value, ok := w.variables[name]
					switch {
					case name == "module_root_dir":
						value = "."
					case !ok || strings.Contains(value, "!(") || strings.Contains(value, "!@(") || b.Len()+len(value) > maxValue:
						value = Hole
					}
					b.WriteString(value)
					i += open + 1 + end
					changed = true
					continue
				}
			}
			b.WriteByte(text[i])
		}
		if text = b.String(); !changed {
			break
		}
	}
	return text
}

// text follows the commands whose output a text takes.
func (w *gypWalk) text(text string, line int) {
	for from := 0; from < len(text); {
		i := strings.IndexByte(text[from:], '!')
		if i < 0 {
			return
		}
		at := from + i
		from = at + 1
		if at == 0 || strings.IndexByte("<>^", text[at-1]) < 0 {
			continue
		}
		rest := strings.TrimPrefix(text[from:], "@")
		w.at(line + strings.Count(text[:at], "\n"))
		if body, ok := strings.CutPrefix(rest, "pymod_do_main("); ok {
			if end := closing(body); end >= 0 {
				w.module(w.expand(body[:end]))
			}
			continue
		}
		body, ok := strings.CutPrefix(rest, "(")
		if !ok {
			continue
		}
		if end := closing(body); end >= 0 {
			w.f.text(w.expand(body[:end]), RoleShell, w.in)
		}
	}
}

// module follows a module of Python that gyp loads and calls.
func (w *gypWalk) module(call string) {
	words := strings.Fields(call)
	if len(words) == 0 {
		return
	}
	c := w.in.by
	c.Words = append([]string{"python", "-m"}, words...)
	w.f.command(c, w.in)
}

// closing is where the bracket ends in which a text begins, -1 where it does not.
func closing(text string) int {
	depth := 1
	for i := 0; i < len(text); i++ {
		switch text[i] {
		case '(':
			depth++
		case ')':
			if depth--; depth == 0 {
				return i
			}
		}
	}
	return -1
}
