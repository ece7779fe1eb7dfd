package settings

import (
	"errors"
	"fmt"
	"strings"

	"github.com/pelletier/go-toml/v2"
	"github.com/pelletier/go-toml/v2/unstable"

	"github.com/lockwarden/lockwarden/lockfile/document"
)

// bunfig reads what bunfig.toml says of installing
// (https://bun.sh/docs/runtime/bunfig#package-manager).
func (r *reader) bunfig(text string) {
	root := readTOML(r.file, text)
	for _, at := range [][]string{{"preload"}, {"test", "preload"}, {"serve", "static", "plugins"}} {
		r.preload(root, at)
	}
	install := root.Get("install")
	install.Entries(func(k document.Key, value *document.Value) {
		switch k.Name {
		case "registry":
			r.bunRegistry("", "install.registry", value, k.Line)
		case "scopes":
			value.Entries(func(scope document.Key, inner *document.Value) {
				r.bunRegistry("@"+strings.TrimPrefix(scope.Name, "@"), "install.scopes."+scope.Name, inner, scope.Line)
			})
		case "cache":
			if value.Kind == document.String {
				r.rule(inBunfig, "cache.dir", "install.cache", value, k.Line)
				return
			}
			fallthrough
		case "security", "lockfile":
			value.Entries(func(field document.Key, inner *document.Value) {
				key := k.Name + "." + field.Name
				r.rule(inBunfig, key, "install."+key, inner, field.Line)
			})
		default:
			r.rule(inBunfig, k.Name, "install."+k.Name, value, k.Line)
			r.leftOut(inBunfig, k.Name, "install."+k.Name, value, k.Line)
		}
	})
}

// preload reads what Bun loads before each program, test, or page.
func (r *reader) preload(root *document.Value, at []string) {
	holder, value := root, root
	for _, key := range at {
		holder, value = value, value.Get(key)
	}
	if value == nil {
		return
	}
	for _, item := range append([]*document.Value{value}, value.Items...) {
		if item.IsScalar() && item.Text != "" {
			line := item.Line
			if item == value {
				line = holder.KeyLine(at[len(at)-1])
			}
			r.say(bun, "preload", item.Text, strings.Join(at, "."), item.Text, item.Text, line)
		}
	}
}

// bunRegistry is a URL, or a table with one and what to log in with.
func (r *reader) bunRegistry(scope, key string, v *document.Value, line int) {
	server := v
	if v.Kind == document.Map {
		if server = v.Get("url"); server == nil {
			return
		}
		if at := v.KeyLine("url"); at > 0 {
			line = at
		}
	}
	r.registry(bun, scope, key, server.Text, line)
	for _, field := range []string{"token", "password", "username"} {
		if value := v.Get(field); value.IsScalar() {
			r.say(bun, "credential", hostOf(server.Text), key+"."+field, "sent", secret(value.Text), v.KeyLine(field))
		}
	}
}

// maxBrackets keeps a file of brackets from nesting the reader without end.
const maxBrackets = 10_000

// readTOML reads a document whole. The strict reader says what is wrong and
// refuses keys that appear twice, as Bun's own does; the loose one below it
// knows positions of values, which the other Go reader of note does not give.
func readTOML(file, text string) *document.Value {
	if strings.Count(text, "[")+strings.Count(text, "{") > maxBrackets {
		document.Fail(file, 1, fmt.Sprintf("the file has more than %d brackets", maxBrackets))
	}
	text = strings.TrimPrefix(text, "\ufeff")
	var valid map[string]any
	if err := toml.Unmarshal([]byte(text), &valid); err != nil {
		line := 1
		var at *toml.DecodeError
		if errors.As(err, &at) {
			line, _ = at.Position()
		}
		document.Fail(file, line, "this is not TOML: "+document.Clip(err.Error()))
	}
	t := tomlReader{}
	t.Reset([]byte(text))
	t.lines = &document.Reader{Text: text}
	root := &document.Value{Kind: document.Map, Line: 1, End: 1}
	table := root
	for t.NextExpression() {
		switch n := t.Expression(); n.Kind {
		case unstable.Table, unstable.ArrayTable:
			table = t.table(root, n)
		case unstable.KeyValue:
			t.pair(table, n)
		}
	}
	if err := t.Error(); err != nil {
		document.Fail(file, 1, "this is not TOML: "+document.Clip(err.Error()))
	}
	return root
}

type tomlReader struct {
	unstable.Parser
	lines *document.Reader
	// line is of the expression, for values whose position is not kept.
	line int
}

func (t *tomlReader) at(n *unstable.Node) int {
	if n.Raw.Length > 0 {
		t.line = t.lines.Line(int(n.Raw.Offset))
	}
	return max(t.line, 1)
}

// table finds or makes the map that a header names; of an array of tables that
// is a new one.
func (t *tomlReader) table(root *document.Value, n *unstable.Node) *document.Value {
	into := root
	for keys := n.Key(); keys.Next(); {
		key := keys.Node()
		into = t.member(into, string(key.Data), t.at(key), n.Kind == unstable.ArrayTable && keys.IsLast())
	}
	return into
}

func (t *tomlReader) member(v *document.Value, name string, line int, another bool) *document.Value {
	next := v.Get(name)
	if next == nil {
		next = &document.Value{Kind: document.Map, Line: line, End: line}
		if another {
			next = &document.Value{Kind: document.List, Line: line, End: line}
		}
		v.Keys, v.Items = append(v.Keys, document.Key{Name: name, Line: line}), append(v.Items, next)
	}
	if next.Kind == document.List {
		if another || len(next.Items) == 0 {
			next.Items = append(next.Items, &document.Value{Kind: document.Map, Line: line, End: line})
		}
		return next.Items[len(next.Items)-1]
	}
	return next
}

// pair reads "a.b = value" into a map.
func (t *tomlReader) pair(into *document.Value, n *unstable.Node) {
	name, line := "", 0
	for keys := n.Key(); keys.Next(); {
		key := keys.Node()
		name, line = string(key.Data), t.at(key)
		if !keys.IsLast() {
			into = t.member(into, name, line, false)
		}
	}
	into.Keys = append(into.Keys, document.Key{Name: name, Line: line})
	into.Items = append(into.Items, t.value(n.Value()))
}

func (t *tomlReader) value(n *unstable.Node) *document.Value {
	v := &document.Value{Line: t.at(n), Text: string(n.Data)}
	v.End = v.Line
	switch n.Kind {
	case unstable.Array:
		v.Kind, v.Text = document.List, ""
		for items := n.Children(); items.Next(); {
			v.Items = append(v.Items, t.value(items.Node()))
		}
	case unstable.InlineTable:
		v.Kind, v.Text = document.Map, ""
		for items := n.Children(); items.Next(); {
			t.pair(v, items.Node())
		}
	case unstable.Bool:
		v.Kind = document.Bool
	case unstable.Integer, unstable.Float:
		v.Kind = document.Number
	default:
		v.Kind = document.String
	}
	return v
}
