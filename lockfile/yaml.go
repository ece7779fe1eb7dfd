package lockfile

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v4"
)

// mapping is a YAML mapping with the lines of its keys.
type mapping struct {
	file string
	keys []string
	at   map[string]*yaml.Node
	line map[string]int
	// first is the line of the first key.
	first int
}

// MaxYAML is the largest lockfile in YAML, in bytes: read, it takes fifty times
// as much memory. The largest ones of public monorepos are near 3 MB.
const MaxYAML = 16 << 20

var yamlLine = regexp.MustCompile(`line (\d+)`)

// parseYAML reads a document that is a mapping. What only people write in YAML
// (anchors, aliases, tags, several documents) is refused: two readers could
// understand it in two ways.
func parseYAML(file, text string) *mapping {
	if len(text) > MaxYAML {
		panic(&Error{file, 1 + strings.Count(text[:MaxYAML], "\n"), "the file has more than 16 MiB, which is the limit for YAML; it was not read"})
	}
	var doc yaml.Node
	if err := yaml.Unmarshal([]byte(text), &doc); err != nil {
		line := 1
		if m := yamlLine.FindStringSubmatch(err.Error()); m != nil {
			line, _ = strconv.Atoi(m[1])
		}
		panic(&Error{file, max(line, 1), "this is not YAML as package managers write it (truncated?): " + clip(err.Error())})
	}
	if doc.Kind != yaml.DocumentNode || len(doc.Content) != 1 {
		panic(&Error{file, 1, "the lockfile is empty"})
	}
	return readMapping(file, doc.Content[0], "the lockfile")
}

// readMapping reads one mapping; keys that appear twice are refused.
func readMapping(file string, n *yaml.Node, what string) *mapping {
	checkNode(file, n)
	if n.Kind != yaml.MappingNode {
		panic(&Error{file, max(n.Line, 1), what + " is not a mapping"})
	}
	m := &mapping{file: file, at: make(map[string]*yaml.Node, len(n.Content)/2), line: make(map[string]int, len(n.Content)/2), first: n.Line}
	for i := 0; i+1 < len(n.Content); i += 2 {
		key, value := n.Content[i], n.Content[i+1]
		checkNode(file, key)
		checkNode(file, value)
		if key.Kind != yaml.ScalarNode {
			panic(&Error{file, key.Line, "a key is not a text"})
		}
		if _, twice := m.at[key.Value]; twice {
			panic(&Error{file, key.Line, fmt.Sprintf("the key %q appears twice in the same mapping; readers would disagree on which counts", clip(key.Value))})
		}
		m.keys = append(m.keys, key.Value)
		m.at[key.Value], m.line[key.Value] = value, key.Line
	}
	return m
}

func checkNode(file string, n *yaml.Node) {
	if n.Kind == yaml.AliasNode || n.Anchor != "" {
		panic(&Error{file, max(n.Line, 1), "anchors and aliases are not written by package managers"})
	}
	if n.Kind == yaml.ScalarNode && n.Style&yaml.TaggedStyle != 0 {
		panic(&Error{file, max(n.Line, 1), "tags are not written by package managers"})
	}
}

// text is the value of a key where that is a text, a number or a word.
func (m *mapping) text(key string) string {
	if n := m.at[key]; n != nil && n.Kind == yaml.ScalarNode && n.Tag != "!!null" {
		return n.Value
	}
	return ""
}

// mapping is the value of a key where that is a mapping, nil where it is
// missing.
func (m *mapping) mapping(key string) *mapping {
	n := m.at[key]
	if n == nil || n.Kind == yaml.ScalarNode && n.Tag == "!!null" {
		return nil
	}
	return readMapping(m.file, n, fmt.Sprintf("%q", clip(key)))
}

// texts calls yield for each key with a text.
func (m *mapping) texts(yield func(key, value string)) {
	if m == nil {
		return
	}
	for _, key := range m.keys {
		if n := m.at[key]; n.Kind == yaml.ScalarNode {
			yield(key, n.Value)
		}
	}
}

// endOf is the last line of the value of a key.
func (m *mapping) endOf(key string) int { return max(lastLine(m.at[key]), m.line[key]) }

func lastLine(n *yaml.Node) int {
	last := n.Line
	if len(n.Content) > 0 {
		last = max(last, lastLine(n.Content[len(n.Content)-1]))
	}
	return last
}
