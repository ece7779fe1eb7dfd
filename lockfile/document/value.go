package document

import (
	"errors"
	"io"
	"regexp"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v4"
)

// Kind is what a Value is.
type Kind uint8

// The kinds of values.
const (
	Null Kind = iota
	Bool
	Number
	String
	List
	Map
)

// Value is one value of a document, read as a whole: the small files that
// people write (package.json, pnpm-workspace.yaml) are asked for a few keys in
// any order, which a Reader that walks once cannot answer.
type Value struct {
	Kind Kind
	// Text is a scalar's text, without quotes; "true" and "false" of a Bool.
	Text string
	// Line is where the value begins, End where it ends; both 1-based.
	Line, End int
	// Keys are a Map's, in file order; Items their values, or a List's elements.
	Keys  []Key
	Items []*Value
}

// Key is a key of a Map and where it stands.
type Key struct {
	Name string
	Line int
}

// Get is the value of a key, nil where v is no Map or lacks it. A nil Value
// has no keys.
func (v *Value) Get(name string) *Value {
	if v == nil || v.Kind != Map {
		return nil
	}
	for i := range v.Keys {
		if v.Keys[i].Name == name {
			return v.Items[i]
		}
	}
	return nil
}

// KeyLine is the line of a key, 0 where v lacks it.
func (v *Value) KeyLine(name string) int {
	if v != nil && v.Kind == Map {
		for i := range v.Keys {
			if v.Keys[i].Name == name {
				return v.Keys[i].Line
			}
		}
	}
	return 0
}

// Entries calls yield for each key of a Map, in file order.
func (v *Value) Entries(yield func(key Key, value *Value)) {
	if v == nil || v.Kind != Map {
		return
	}
	for i := range v.Keys {
		yield(v.Keys[i], v.Items[i])
	}
}

// IsScalar reports whether v is a text, a number or a word.
func (v *Value) IsScalar() bool { return v != nil && v.Kind != List && v.Kind != Map }

// byteOrderMark is what editors put in front of UTF-8; npm strips it.
const byteOrderMark = "\ufeff"

// JSON reads a whole JSON document. It panics with an *Error, see Catch.
func JSON(file, text string) *Value {
	r := &Reader{File: file, Text: strings.TrimPrefix(text, byteOrderMark)}
	v := r.value()
	r.Space()
	if r.Pos < len(r.Text) {
		r.Fail("unexpected %s after the end of the document", Describe(r.Text[r.Pos:]))
	}
	return v
}

func (r *Reader) value() *Value {
	c := r.Peek()
	v := &Value{Line: r.Line(r.Pos)}
	switch c {
	case '{':
		v.Kind = Map
		r.Object(func(key string, keyPos int) {
			v.Keys = append(v.Keys, Key{key, r.Line(keyPos)})
			v.Items = append(v.Items, r.value())
		})
	case '[':
		v.Kind = List
		r.Array(func() { v.Items = append(v.Items, r.value()) })
	case '"':
		v.Kind, v.Text = String, r.Str()
	default:
		v.Text = r.Literal()
		switch v.Text {
		case "null":
			v.Kind, v.Text = Null, ""
		case "true", "false":
			v.Kind = Bool
		default:
			v.Kind = Number
		}
	}
	v.End = r.Line(r.Pos)
	return v
}

// maxAliased is how many values a YAML document may have once its aliases are
// followed. Nine nested aliases make a billion of a hundred bytes.
const maxAliased = 100_000

// YAMLValue reads a whole YAML document as people write it: anchors, aliases
// and merge keys are followed, because the package managers follow them. Keys
// that appear twice, tags and several documents are refused. An empty document
// is Null. It panics with an *Error, see Catch.
func YAMLValue(file, text string) *Value {
	text = strings.TrimPrefix(text, byteOrderMark)
	if i := strings.IndexAny(text, "\u0085\u2028\u2029"); i >= 0 {
		Fail(file, 1+strings.Count(text[:i], "\n"), "a character that only some readers of YAML take for the end of a line")
	}
	y := yamlReader{file: file, lines: editorLines(text)}
	decoder := yaml.NewDecoder(strings.NewReader(text))
	var doc, more yaml.Node
	if err := decoder.Decode(&doc); err != nil {
		if errors.Is(err, io.EOF) {
			return &Value{Line: 1, End: 1}
		}
		y.failed(err)
	}
	switch err := decoder.Decode(&more); {
	case err == nil:
		Fail(file, y.line(more.Line), "a second YAML document begins here; package managers would disagree on which counts")
	case !errors.Is(err, io.EOF):
		y.failed(err)
	}
	if doc.Kind != yaml.DocumentNode || len(doc.Content) != 1 {
		return &Value{Line: 1, End: 1}
	}
	return y.value(doc.Content[0], 0)
}

var lineInError = regexp.MustCompile(`line (\d+)`)

func (y *yamlReader) failed(err error) {
	line := 1
	if m := lineInError.FindStringSubmatch(err.Error()); m != nil {
		line, _ = strconv.Atoi(m[1])
	}
	Fail(y.file, y.line(line), "this is not YAML: "+Clip(err.Error()))
}

// editorLines maps the lines of YAML, which a lone carriage return ends too,
// to those that editors and reviews count.
func editorLines(text string) []int {
	lines := []int{1}
	count := 1
	for i := range len(text) {
		switch text[i] {
		case '\n':
			count++
		case '\r':
			if i+1 < len(text) && text[i+1] == '\n' {
				continue
			}
		default:
			continue
		}
		lines = append(lines, count)
	}
	return lines
}

// line is where a line of YAML stands for a reader; at most the last one.
func (y *yamlReader) line(n int) int { return y.lines[max(0, min(n-1, len(y.lines)-1))] }

type yamlReader struct {
	file  string
	lines []int
	// read counts values, so that aliases cannot multiply without end.
	read int
}

func (y *yamlReader) value(n *yaml.Node, depth int) *Value {
	if y.read++; y.read > maxAliased {
		Fail(y.file, y.line(n.Line), "aliases make more than 100,000 values of this document")
	}
	if depth > MaxDepth {
		Fail(y.file, y.line(n.Line), "nested too deeply (or an alias of itself)")
	}
	if n.Style&yaml.TaggedStyle != 0 {
		Fail(y.file, y.line(n.Line), "tags are not read here; package managers disagree on them")
	}
	v := &Value{Line: y.line(n.Line)}
	v.End = v.Line
	switch n.Kind {
	case yaml.AliasNode:
		aliased := *y.value(n.Alias, depth+1)
		aliased.Line, aliased.End = v.Line, v.End
		return &aliased
	case yaml.ScalarNode:
		v.Kind, v.Text = scalar(n)
		v.End += strings.Count(strings.TrimSuffix(n.Value, "\n"), "\n")
	case yaml.SequenceNode:
		v.Kind = List
		for _, item := range n.Content {
			v.Items = append(v.Items, y.value(item, depth+1))
		}
	case yaml.MappingNode:
		v.Kind = Map
		y.mapping(v, n, depth)
	default:
		Fail(y.file, y.line(n.Line), "this is not YAML as package managers read it")
	}
	for _, item := range v.Items {
		v.End = max(v.End, item.End)
	}
	return v
}

func (y *yamlReader) mapping(v *Value, n *yaml.Node, depth int) {
	seen := make(map[string]bool, len(n.Content)/2)
	var merged []*Value
	var mergedAt []int
	for i := 0; i+1 < len(n.Content); i += 2 {
		key := n.Content[i]
		for key.Kind == yaml.AliasNode {
			key = key.Alias
		}
		if key.Kind != yaml.ScalarNode || key.Style&yaml.TaggedStyle != 0 {
			Fail(y.file, y.line(n.Content[i].Line), "a key is not a text")
		}
		line := y.line(n.Content[i].Line)
		item := y.value(n.Content[i+1], depth+1)
		if key.Tag == "!!merge" {
			merged, mergedAt = append(merged, item), append(mergedAt, line)
			continue
		}
		if seen[key.Value] {
			const why = " appears twice in the same mapping; readers would disagree on which counts"
			Fail(y.file, line, "the key "+strconv.Quote(Clip(key.Value))+why)
		}
		seen[key.Value] = true
		v.Keys, v.Items = append(v.Keys, Key{key.Value, line}), append(v.Items, item)
	}
	for i, m := range merged {
		y.merge(v, m, mergedAt[i], seen)
	}
}

// merge adds what a merge key brings; what stands in the mapping itself wins,
// and of several sources the first.
func (y *yamlReader) merge(v, from *Value, line int, seen map[string]bool) {
	sources := []*Value{from}
	if from.Kind == List {
		sources = from.Items
	}
	for _, source := range sources {
		if source.Kind != Map {
			Fail(y.file, line, "a merge key does not name a mapping")
		}
		source.Entries(func(key Key, item *Value) {
			if !seen[key.Name] {
				seen[key.Name] = true
				v.Keys, v.Items = append(v.Keys, Key{key.Name, line}), append(v.Items, item)
			}
		})
	}
}

func scalar(n *yaml.Node) (Kind, string) {
	switch n.ShortTag() {
	case "!!null":
		return Null, ""
	case "!!bool":
		return Bool, strings.ToLower(n.Value)
	case "!!int", "!!float":
		return Number, n.Value
	}
	return String, n.Value
}
