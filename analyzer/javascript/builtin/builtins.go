package builtin

import (
	_ "embed"
	"fmt"
	"strconv"
	"strings"
	"sync"
)

//go:embed builtins.map
var builtinsMap string

// Model is what a built-in of the language or of Node does with what it is given, as
// builtins.map says. Each is a set of its parameters.
type Model struct {
	// Calls are the functions that are called before it returns, Later those that are
	// called after that, Wraps those that are called by the function that it gives, Keeps
	// those that are called when something happens to the receiver.
	Calls, Later, Wraps, Keeps Parts
	// Reads are the objects whose properties are read, Converts those that are turned
	// into texts or numbers, Iterates those whose iterator is asked, JSON and Then those
	// whose toJSON and then are called: each can run code of the object.
	Reads, Converts, Iterates, JSON, Then Parts
	// Gives is what the result is, or what a promise comes to; Holds what the result has
	// in it; Made what a text of the result is made of.
	Gives, Holds, Made Parts
	// Puts is what is put into the receiver, or into the first argument where there is
	// none; Hands is what the functions that are called are given.
	Puts, Hands Parts
}

// Inert reports whether a built-in runs no code of what it is given: no function, no
// getter, no conversion.
func (m Model) Inert() bool {
	return m.Calls|m.Later|m.Wraps|m.Keeps|m.Reads|m.Converts|m.Iterates|m.JSON|m.Then == 0
}

// Parts is a set of parameters, their elements, the receiver, its elements, and what
// called functions return.
type Parts uint32

// Members of Parts that are no parameter.
const (
	Receiver Parts = 1 << (16 + iota)
	ReceiverElements
	// Returned is what a function that is called returns, WrappedReturn what one of
	// Wraps does.
	Returned
	WrappedReturn
	// Rest stands for the arguments behind those that the called function is bound to.
	Rest
)

// maxParameter is the last parameter that has a bit of its own; it stands for all that
// follow.
const maxParameter = 3

// Parameter is the set of one parameter.
func Parameter(i int) Parts { return 1 << min(i, maxParameter) }

// ElementsOfParameter is the set of a parameter's elements.
func ElementsOfParameter(i int) Parts { return 1 << (8 + min(i, maxParameter)) }

// Has reports whether all of a set are in another.
func (p Parts) Has(of Parts) bool { return p&of == of }

// First is the first parameter of a set, -1 where it has none.
func (p Parts) First() int {
	for i := range maxParameter + 1 {
		if p.Has(Parameter(i)) {
			return i
		}
	}
	return -1
}

var words = map[string]Parts{"this": Receiver, "this[]": ReceiverElements, "call": Returned, "wraps": WrappedReturn, "rest": Rest}

var models = sync.OnceValues(func() (map[string]Model, error) { return readModels(builtinsMap) })

// instances are what modules have classes of whose methods stand there by the class
// alone.
var instances = strings.NewReplacer("events.EventEmitter#", "EventEmitter#", "events#", "EventEmitter#", "buffer.Buffer#", "Buffer#")

// Of is what a built-in does, by the name of its API: "globalThis.Array.isArray",
// "util.promisify", "globalThis.Array#map", "events#on".
func Of(api string) (Model, bool) {
	all, err := models()
	if err != nil {
		return Model{}, false
	}
	name := strings.TrimPrefix(api, "globalThis.")
	m, ok := all[name]
	if !ok && strings.IndexByte(name, '#') > 0 {
		m, ok = all[instances.Replace(name)]
	}
	return m, ok
}

// readModels reads lines of names and what they do.
func readModels(text string) (map[string]Model, error) {
	out := map[string]Model{}
	for i, line := range strings.Split(text, "\n") {
		line, _, _ = strings.Cut(line, "# ")
		fields := strings.Fields(line)
		if len(fields) == 0 || fields[0] == "#" {
			continue
		}
		m, err := readModel(fields[1:])
		if err != nil {
			return nil, fmt.Errorf("builtins.map:%d: %s: %w", i+1, fields[0], err)
		}
		for _, name := range strings.Split(fields[0], ",") {
			if _, twice := out[name]; twice {
				return nil, fmt.Errorf("builtins.map:%d: %s stands twice", i+1, name)
			}
			out[name] = m
		}
	}
	return out, nil
}

func readModel(fields []string) (m Model, err error) {
	sets := m.sets()
	if len(fields) == 0 {
		return m, fmt.Errorf("a line is NAME and what it does, or inert")
	}
	for _, field := range fields {
		key, list, found := strings.Cut(field, "=")
		set := sets[key]
		if field == "inert" && len(fields) == 1 {
			break
		}
		if !found || set == nil {
			return m, fmt.Errorf("%q is none of the words", field)
		}
		for _, word := range strings.Split(list, ",") {
			part, ok := words[word]
			if !ok {
				name, elements := strings.CutSuffix(word, "[]")
				n, err := strconv.Atoi(name)
				if err != nil || n < 0 || n > maxParameter {
					return m, fmt.Errorf("%q is no parameter", word)
				}
				if part = Parameter(n); elements {
					part = ElementsOfParameter(n)
				}
			}
			*set |= part
		}
	}
	return m, nil
}

// sets are the sets of a model by their words.
func (m *Model) sets() map[string]*Parts {
	return map[string]*Parts{"calls": &m.Calls, "later": &m.Later, "wraps": &m.Wraps, "keeps": &m.Keeps,
		"reads": &m.Reads, "converts": &m.Converts, "iterates": &m.Iterates,
		"json": &m.JSON, "then": &m.Then, "gives": &m.Gives, "holds": &m.Holds, "made": &m.Made, "puts": &m.Puts, "hands": &m.Hands}
}
