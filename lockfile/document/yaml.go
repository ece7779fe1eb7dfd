package document

import (
	"errors"
	"fmt"
	"io"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v4"
)

// Mapping is a YAML mapping with the lines of its keys.
type Mapping struct {
	file string
	// Keys are in file order; At has their values, Line where they stand.
	Keys []string
	At   map[string]*yaml.Node
	Line map[string]int
	// First is the line of the first key.
	First int
}

// MaxYAML is the largest lockfile in YAML, in bytes: read, it takes fifty times
// as much memory. The largest ones of public monorepos are near 3 MB.
const MaxYAML = 16 << 20

var yamlLine = regexp.MustCompile(`line (\d+)`)

// maxDocuments bounds how many documents one file may have; pnpm writes two.
const maxDocuments = 16

// YAML reads the documents of a file, each of them a mapping. What only people
// write in YAML (anchors, aliases, tags, merge keys) is refused: two readers
// could understand it in two ways.
func YAML(file, text string) []*Mapping {
	if len(text) > MaxYAML {
		Fail(file, 1+strings.Count(text[:MaxYAML], "\n"), "the file has more than 16 MiB, which is the limit for YAML; it was not read")
	}
	var out []*Mapping
	for decoder := yaml.NewDecoder(strings.NewReader(text)); ; {
		var doc yaml.Node
		err := decoder.Decode(&doc)
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			line := 1
			if m := yamlLine.FindStringSubmatch(err.Error()); m != nil {
				line, _ = strconv.Atoi(m[1])
			}
			Fail(file, line, "this is not YAML as package managers write it (truncated?): "+Clip(err.Error()))
		}
		if len(out) == maxDocuments {
			Fail(file, doc.Line, fmt.Sprintf("the file has more than %d documents", maxDocuments))
		}
		if doc.Kind != yaml.DocumentNode || len(doc.Content) != 1 {
			Fail(file, doc.Line, "a document of the lockfile is empty")
		}
		out = append(out, ReadMapping(file, doc.Content[0], "the lockfile"))
	}
	if len(out) == 0 {
		Fail(file, 1, "the lockfile is empty")
	}
	return out
}

// Sequence are the elements of a list.
func Sequence(file string, n *yaml.Node, what string) []*yaml.Node {
	checkNode(file, n)
	if n.Kind != yaml.SequenceNode {
		Fail(file, n.Line, what+" is not a list")
	}
	return n.Content
}

// ReadMapping reads one mapping; keys that appear twice are refused.
func ReadMapping(file string, n *yaml.Node, what string) *Mapping {
	checkNode(file, n)
	if n.Kind != yaml.MappingNode {
		Fail(file, n.Line, what+" is not a mapping")
	}
	m := &Mapping{file: file, At: make(map[string]*yaml.Node, len(n.Content)/2), Line: make(map[string]int, len(n.Content)/2), First: n.Line}
	for i := 0; i+1 < len(n.Content); i += 2 {
		key, value := n.Content[i], n.Content[i+1]
		checkNode(file, key)
		checkNode(file, value)
		if key.Kind != yaml.ScalarNode {
			Fail(file, key.Line, "a key is not a text")
		}
		if key.Value == "<<" {
			// pnpm to 10 takes in what the value holds, as YAML 1.1 has it.
			Fail(file, key.Line, "merge keys (<<) are not written by package managers")
		}
		if _, twice := m.At[key.Value]; twice {
			Fail(file, key.Line, fmt.Sprintf("the key %q appears twice in the same mapping; readers would disagree on which counts", Clip(key.Value)))
		}
		m.Keys = append(m.Keys, key.Value)
		m.At[key.Value], m.Line[key.Value] = value, key.Line
	}
	return m
}

func checkNode(file string, n *yaml.Node) {
	if n.Kind == yaml.AliasNode || n.Anchor != "" {
		Fail(file, n.Line, "anchors and aliases are not written by package managers")
	}
	if n.Kind == yaml.ScalarNode && n.Style&yaml.TaggedStyle != 0 {
		Fail(file, n.Line, "tags are not written by package managers")
	}
}

// Text is the value of a key where that is a text, a number or a word.
func (m *Mapping) Text(key string) string {
	if n := m.At[key]; n != nil && n.Kind == yaml.ScalarNode && n.Tag != "!!null" {
		return n.Value
	}
	return ""
}

// Over is a copy of m in which some keys have the values that other has for
// them.
func (m *Mapping) Over(other *Mapping, keys []string) *Mapping {
	out := &Mapping{file: m.file, Keys: slices.Clone(m.Keys), At: maps.Clone(m.At), Line: maps.Clone(m.Line), First: m.First}
	for _, key := range keys {
		if n := other.At[key]; n != nil {
			if out.At[key] == nil {
				out.Keys = append(out.Keys, key)
			}
			out.At[key], out.Line[key] = n, other.Line[key]
		}
	}
	return out
}

// Flat is a node in one line, for comparison: {node: >=1}.
func Flat(n *yaml.Node) string {
	var b strings.Builder
	flat(&b, n)
	return b.String()
}

func flat(b *strings.Builder, n *yaml.Node) {
	if len(n.Content) == 0 {
		b.WriteString(n.Value)
		return
	}
	b.WriteByte('{')
	for i, c := range n.Content {
		if i > 0 {
			b.WriteByte(' ')
		}
		flat(b, c)
	}
	b.WriteByte('}')
}

// Scalar is Text for a key that must not be anything else: a list or a mapping
// there is an error.
func (m *Mapping) Scalar(key string) string {
	if n := m.At[key]; n != nil && n.Kind != yaml.ScalarNode {
		Fail(m.file, m.Line[key], fmt.Sprintf("%q is not a text; readers would disagree on what it means", key))
	}
	return m.Text(key)
}

// Mapping is the value of a key where that is a mapping, nil where it is
// missing.
func (m *Mapping) Mapping(key string) *Mapping {
	n := m.At[key]
	if n == nil || n.Kind == yaml.ScalarNode && n.Tag == "!!null" {
		return nil
	}
	return ReadMapping(m.file, n, fmt.Sprintf("%q", Clip(key)))
}

// Texts calls yield for each key with a text.
func (m *Mapping) Texts(yield func(key, value string)) {
	if m == nil {
		return
	}
	for _, key := range m.Keys {
		if n := m.At[key]; n.Kind == yaml.ScalarNode {
			yield(key, n.Value)
		}
	}
}

// EndOf is the last line of the value of a key.
func (m *Mapping) EndOf(key string) int { return max(lastLine(m.At[key]), m.Line[key]) }

func lastLine(n *yaml.Node) int {
	last := n.Line
	if len(n.Content) > 0 {
		last = max(last, lastLine(n.Content[len(n.Content)-1]))
	}
	return last
}
