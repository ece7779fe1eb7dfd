package policy

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"math"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v4"
	"go.yaml.in/yaml/v4/plugin/loaderlimits"
)

// maxDepth is how many mappings and lists of a policy stand inside each other;
// the schema needs five.
const maxDepth = 20

// yamlError is what is wrong with a file, and on which line.
type yamlError struct {
	line int
	what string
}

var errTooDeep = fmt.Errorf("it is nested more than %d deep", maxDepth)

// readYAML reads a file's one document as a node, for lines, and as the value
// that JSON would have. Both are nil where the file says nothing. It does not
// use lockfile/document: that one stops at its first fault by a panic and
// speaks of package managers, while a person writes a policy.
func readYAML(data []byte) (*yaml.Node, any, *yamlError) {
	loader, err := yaml.NewLoader(bytes.NewReader(data), yaml.WithPlugin(loaderlimits.New(
		loaderlimits.DepthFunc(func(depth int, _ *loaderlimits.DepthContext) error {
			if depth > maxDepth {
				return errTooDeep
			}
			return nil
		}))))
	if err != nil {
		return nil, nil, &yamlError{1, err.Error()}
	}
	var doc, next yaml.Node
	if err := loader.Load(&doc); errors.Is(err, io.EOF) {
		return nil, nil, nil
	} else if err != nil {
		return nil, nil, loadError(data, err)
	}
	if err := loader.Load(&next); err == nil {
		return nil, nil, &yamlError{next.Line, "the file has more than one document"}
	} else if !errors.Is(err, io.EOF) {
		return nil, nil, loadError(data, err)
	}
	if len(doc.Content) == 0 {
		return nil, nil, nil
	}
	value, wrong := valueOf(doc.Content[0])
	return doc.Content[0], value, wrong
}

// loadError takes the line out of the library's error; one about a byte has an
// offset instead.
func loadError(data []byte, err error) *yamlError {
	var e *yaml.LoadError
	if !errors.As(err, &e) {
		first, _, _ := strings.Cut(err.Error(), "\n")
		return &yamlError{1, first}
	}
	what := e.Message
	if errors.Is(err, errTooDeep) {
		what = errTooDeep.Error()
	}
	line := max(e.Mark.Line, e.ContextMark.Line)
	if line == 0 {
		line = 1 + bytes.Count(data[:min(e.Mark.Index, len(data))], []byte("\n"))
	}
	return &yamlError{line, what}
}

// valueOf turns a node into the value that JSON would have, and refuses what a
// policy has no use for: what bombs are made of, and what two readers could
// understand in two ways.
func valueOf(n *yaml.Node) (any, *yamlError) {
	switch {
	case n.Kind == yaml.AliasNode || n.Anchor != "" || n.Tag == "!!merge":
		return nil, &yamlError{n.Line, "anchors, aliases and merge keys are not read"}
	case n.Style&yaml.TaggedStyle != 0 || n.Tag == "!":
		return nil, &yamlError{n.Line, "tags are not read"}
	}
	switch n.Kind {
	case yaml.MappingNode:
		return mappingOf(n)
	case yaml.SequenceNode:
		list := make([]any, len(n.Content))
		for i, one := range n.Content {
			value, wrong := valueOf(one)
			if wrong != nil {
				return nil, wrong
			}
			list[i] = value
		}
		return list, nil
	}
	return scalarOf(n)
}

func mappingOf(n *yaml.Node) (any, *yamlError) {
	m := make(map[string]any, len(n.Content)/2)
	for i := 0; i+1 < len(n.Content); i += 2 {
		key := n.Content[i]
		if _, wrong := valueOf(key); wrong != nil {
			return nil, wrong
		}
		if key.Kind != yaml.ScalarNode {
			return nil, &yamlError{key.Line, "a setting's name is not a text"}
		}
		if _, twice := m[key.Value]; twice {
			return nil, &yamlError{key.Line, fmt.Sprintf("the setting %q stands here twice", key.Value)}
		}
		value, wrong := valueOf(n.Content[i+1])
		if wrong != nil {
			return nil, wrong
		}
		m[key.Value] = value
	}
	return m, nil
}

// scalarOf reads words, numbers and texts. A date is a text here: a policy has
// none, but a package may be named so.
func scalarOf(n *yaml.Node) (value any, wrong *yamlError) {
	switch n.Tag {
	case "!!null", "!!bool", "!!int", "!!float":
	default:
		return n.Value, nil
	}
	if err := n.Decode(&value); err != nil {
		return nil, &yamlError{n.Line, fmt.Sprintf("%q is not read", n.Value)}
	}
	if f, ok := value.(float64); ok && (math.IsNaN(f) || math.IsInf(f, 0)) {
		return n.Value, nil // JSON has no such number
	}
	return value, nil
}

// lineOf is the line of a place in the file, or of the nearest one around it.
func lineOf(n *yaml.Node, where []string) int {
	line := n.Line
	for _, step := range where {
		switch n.Kind {
		case yaml.MappingNode:
			i := 0
			for i < len(n.Content) && n.Content[i].Value != step {
				i += 2
			}
			if i >= len(n.Content) {
				return line
			}
			line, n = n.Content[i].Line, n.Content[i+1]
		case yaml.SequenceNode:
			i, err := strconv.Atoi(step)
			if err != nil || i < 0 || i >= len(n.Content) {
				return line
			}
			n = n.Content[i]
			line = n.Line
		default:
			return line
		}
	}
	return line
}
