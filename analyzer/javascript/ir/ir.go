// Package ir is the syntax of a package's scripts: what stands in them, and nothing
// of what it means. The other rooms work on its nodes and never on a parser's tree.
//
// A Source is a text with its name and lines (source.go). Read parses it as what
// Node loads it as (goal.go, by esbuild's parser), after a look at what would
// overflow the parser (parse.go); Lower makes a Module of the tree (lower.go, then
// lower_expr.go and lower_stmt.go): functions, variables, and nodes with their places
// (positions.go).
// Names and texts are kept once for all scripts of a package (strings.go). What no
// parser takes can still be read as a stream of words (tokens.go), and what has no
// script's name be asked whether it begins like one (begins.go).
//
// A module's syntax tree is lowered to a flat list of nodes and then dropped:
// the tree of a 10 MB bundle takes 300 MB, its nodes 45. The nodes of one
// function are contiguous and operands come before their users, so that
// evaluating a function is one pass over a slice, without recursion.
package ir

// Hole stands in a text for a part that is not known: "https://￼/collect".
const Hole = "\ufffc"

// NodeID is the number of a node in its module.
type NodeID int32

// NoNode is no node's number.
const NoNode NodeID = -1

// Kind is what a node is.
type Kind uint8

// The kinds of nodes, with what a and b of each are.
const (
	NUnknown    Kind = iota // a value that nothing is known of; a, b: operands whose marks it carries
	NString                 // a: index into Strings
	NNumber                 // a: index into Module.Numbers
	NBool                   // a: 0 or 1
	NNull                   // null and undefined
	NRegExp                 // a: index into Strings
	NSymbol                 // a: symbol
	NGlobal                 // a: index into Strings, the name
	NMember                 // a: object, b: name in Strings
	NIndex                  // a: object, b: key node
	NCall                   // a: callee, b: list of arguments
	NNew                    // a: callee, b: list of arguments
	NTagged                 // a: callee, b: list of arguments
	NFunction               // a: function
	NClass                  // a: function of the constructor, b: list: extends, then (kind, key, value) triples
	NObject                 // b: list of (key, value) pairs, see property keys
	NArray                  // b: list
	NConcat                 // b: list
	NJoin                   // b: list: any of these (conditions, ||, ??, defaults)
	NAwait                  // a
	NSpread                 // a
	NThis                   //
	NSuper                  //
	NImport                 // import(a)
	NModule                 // a: import specifier in Strings: a static import
	NMeta                   // import.meta
	NParam                  // a: index of the parameter
	NArguments              //
	NRest                   // a: the value of which a pattern takes what is left, b: how many elements of an array it has taken before
	NElement                // a: one of the elements of a
	NKeys                   // a: for-in over a
	NAssign                 // a: symbol, b: value
	NSet                    // a: list: object, key node or NoNode, name, value
	NDelete                 // a: operand
	NTypeof                 // a: operand
	NReturn                 // a: value
	NYield                  // a: value
	NExport                 // a: name in Strings, b: value
	NExportAll              // a: value of the module
	NEqual                  // a, b: compared
	NArithmetic             // a, b: numbers; flags: the operator
	NNegate                 // a
	NJSX                    // b: list: tag, then attribute values
	NThrow                  // a
	NCaught                 // what the function and those that it calls throw
)

// Flags of a node.
const (
	FlagOptional  uint8 = 1 << iota // the read is part of a longer chain or a test: not reported by itself
	FlagSpread                      // a call has spread arguments
	FlagHidden                      // the member's name is put together in the code
	FlagDecoded                     // the text was not there as it is: a decoder of the script gave it
	FlagStrict                      // a comparison or an operator that converts nothing
	FlagNamespace                   // an object of "x || (x = {})", one for all places of the symbol a
)

// Node is one step of a function: what a and b are depends on its kind.
type Node struct {
	// Kind says what it does, Flags what else is known of it.
	Kind  Kind
	Flags uint8
	// distance is from the node's first place in the module's positions.
	distance int16
	// A and B are its operands: nodes, or indexes.
	A, B int32
}

// KeySpread is the key of a spread in an object literal's list, where a name is its
// index in Strings, and a computed key -2 minus its node.
const KeySpread = -1

// Function is the code of one function, or of a module's top level, which is the
// first of its module. It is what is written there; what it does is found elsewhere.
type Function struct {
	// Index is the function's number in its module.
	Index int32
	// Pos is where it begins in the text, in bytes.
	Pos int32
	// Start is its first node, End the one behind its last.
	Start, End NodeID
	// Outer is the function around it, Constructor that of the class that it is a
	// member of; negative where there is none.
	Outer, Constructor int32
	// Name is what it is called, or what it is assigned to.
	Name string
	// Params is how many parameters it has; Rest is set where the last one takes
	// all others.
	Params uint16
	Rest   bool
	// Arrow is set for arrow functions, Getter, Setter and Method for members.
	Arrow bool
	// Async is set for generators too: neither returns what it says.
	Async  bool
	Getter bool
	Setter bool
	Method bool
	// Field is set for what computes the value of a class's field.
	Field bool
	// UsesArgs is set where it reads its arguments by that name.
	UsesArgs bool
}

// NoCode is a function of which nothing is written.
var NoCode = Function{Outer: noFunction, Constructor: noFunction}

// noFunction is no function's number.
const noFunction = -1

// Symbol is a variable of a module that its code reads or assigns.
type Symbol struct {
	// Name is that in Strings.
	Name int32
	// Readers is the first of the functions that read it, in Module.Readers.
	Readers int32
}

// Reader is a function that reads a symbol.
type Reader struct {
	// Function is its index, Next that of the reader before it, 0 for none.
	Function, Next int32
	// First is where it reads the symbol for the first time.
	First NodeID
}

// Module is one script.
type Module struct {
	// File is where it stands.
	File *Source
	// Nodes are those of all functions, function by function.
	Nodes     []Node
	positions positions
	lists     []int32
	// Numbers are the constants that are numbers.
	Numbers []float64
	// Symbols are the variables, Readers the functions that read them.
	Symbols []Symbol
	Readers []Reader
	// Code are the functions; the first is the top level.
	Code []Function
	// Mentions are its strings, until it is known which files they name.
	Mentions []int32
	// Size is that of the text, in bytes; Gap is set where it has a wide one.
	Size int
	Gap  bool
	// ESM is set where it has imports or exports.
	ESM bool
}

// positions are where a module's nodes stand in its text, in bytes: for each
// run of nodes the place of its first one, and for each node how far from that
// it is. Nodes that follow each other stand near each other; far are the few
// that do not.
type positions struct {
	first []int32
	far   map[NodeID]int32
}

// List is the list at an index that a node has.
func (m *Module) List(at int32) []int32 {
	n := m.lists[at]
	return m.lists[at+1 : at+1+n]
}

func (m *Module) addList(items ...int32) int32 {
	at := int32(len(m.lists))
	m.lists = append(m.lists, int32(len(items)))
	m.lists = append(m.lists, items...)
	return at
}

// EmptyModule is that of a script that was not parsed: it has a top level without
// nodes.
func EmptyModule(file *Source) Module {
	return Module{File: file, Size: len(file.Text()), Readers: make([]Reader, 1),
		Code: []Function{NoCode}}
}

// DoesNothing reports whether a function's code has no effect.
func (m *Module) DoesNothing(f *Function) bool {
	for id := f.Start; id < f.End; id++ {
		switch m.Nodes[id].Kind {
		case NParam, NAssign, NNull, NReturn, NBool, NNumber, NString:
		default:
			return false
		}
	}
	return true
}

// Forget frees the nodes and what they refer to; what the functions are stays.
func (m *Module) Forget() {
	m.Nodes, m.positions, m.lists, m.Symbols, m.Readers, m.Numbers = nil, positions{}, nil, nil, nil, nil
}
