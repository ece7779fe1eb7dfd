package javascript

import (
	"github.com/lockwarden/lockwarden/analyzer/javascript/decode"
)

// A module's syntax tree is lowered to a flat list of nodes and then dropped:
// the tree of a 10 MB bundle takes 300 MB, its nodes 45. The nodes of one
// function are contiguous and operands come before their users, so that
// evaluating a function is one pass over a slice, without recursion.

type nodeID int32

const noNode nodeID = -1

type nodeKind uint8

const (
	nUnknown    nodeKind = iota // a value that nothing is known of; a, b: operands whose marks it carries
	nString                     // a: index into program.strings
	nNumber                     // a: index into module.numbers
	nBool                       // a: 0 or 1
	nNull                       // null and undefined
	nRegExp                     // a: index into program.strings
	nSymbol                     // a: symbol
	nGlobal                     // a: index into program.strings, the name
	nMember                     // a: object, b: name in program.strings
	nIndex                      // a: object, b: key node
	nCall                       // a: callee, b: list of arguments
	nNew                        // a: callee, b: list of arguments
	nTagged                     // a: callee, b: list of arguments
	nFunction                   // a: function
	nClass                      // a: function of the constructor, b: list: extends, then (kind, key, value) triples
	nObject                     // b: list of (key, value) pairs, see property keys
	nArray                      // b: list
	nConcat                     // b: list
	nJoin                       // b: list: any of these (conditions, ||, ??, defaults)
	nAwait                      // a
	nSpread                     // a
	nThis                       //
	nSuper                      //
	nImport                     // import(a)
	nModule                     // a: import specifier in program.strings: a static import
	nMeta                       // import.meta
	nParam                      // a: index of the parameter
	nArguments                  //
	nRest                       // a: the value of which a pattern takes what is left
	nElement                    // a: one of the elements of a
	nKeys                       // a: for-in over a
	nAssign                     // a: symbol, b: value
	nSet                        // a: list: object, key node or noNode, name, value
	nDelete                     // a: operand
	nTypeof                     // a: operand
	nReturn                     // a: value
	nYield                      // a: value
	nExport                     // a: name in program.strings, b: value
	nExportAll                  // a: value of the module
	nEqual                      // a, b: compared
	nArithmetic                 // a, b: numbers; flags: the operator
	nNegate                     // a
	nJSX                        // b: list: tag, then attribute values
	nThrow                      // a
	nCaught                     // what the function and those that it calls throw
)

// Flags of a node.
const (
	flagOptional  uint8 = 1 << iota // the read is part of a longer chain or a test: not reported by itself
	flagSpread                      // a call has spread arguments
	flagHidden                      // the member's name is put together in the code
	flagDecoded                     // the text was not there as it is: a decoder of the script gave it
	flagStrict                      // a comparison or an operator that converts nothing
	flagNamespace                   // an object of "x || (x = {})", one for all places of the symbol a
)

type node struct {
	kind  nodeKind
	flags uint8
	// distance is from the node's first place in module.positions.
	distance int16
	a, b     int32
}

// Keys of object literals in a list: a name is its index in program.strings; a
// computed key is -2 minus its node; a spread is keySpread.
const keySpread = -1

// function is the code of one function, or of a module's top level.
type function struct {
	index int32
	pos   int32
	start nodeID
	end   nodeID

	module *module
	name   string
	parent *function
	// class is the constructor function of the class this is a member of.
	class *function

	params   uint16
	runs     uint16
	changes  uint16 // of what it reads
	rest     bool
	arrow    bool
	async    bool
	getter   bool
	setter   bool
	method   bool
	usesArgs bool
	queued   bool
	// loads is set where the function loads what its callers name: too many for
	// one value.
	loads bool
	// empty is set, in the end, where the function does nothing.
	empty    bool
	contexts Context // found by the reachability walk

	// state of the evaluation
	value       Value
	returned    *Value
	this        *Value
	prototype   *object
	paramValues []*Value
	// answers are what it returns for arguments, since the last change of what it
	// reads.
	answers map[[maxAnswered]*Value]*Value
	callers readers
	calls   []callEdge
	*functionExtra

	// via is how the walk came here, by context.
	via *[3]edge
}

// functionExtra is what few functions have; the others share noExtra.
type functionExtra struct {
	// superclass is what the class extends, for constructors.
	superclass *Value
	statics    *object
	pseudo     *pseudoModule
	lazy       *Value
	// thrown is what it throws, as far as that matters, or those that it calls.
	thrown *Value
}

var noExtra functionExtra

// extra is the function's own functionExtra, to change it.
func (f *function) extra() *functionExtra {
	if f.functionExtra == &noExtra {
		f.functionExtra = new(functionExtra)
	}
	return f.functionExtra
}

// symbol is a variable of a module that its code reads or assigns.
type symbol struct {
	value *Value
	name  int32 // in program.strings
	// readers is the first of the functions that read it, in module.readers.
	readers int32
}

// reader is a function that reads a symbol, at node first for the first time;
// next is the reader before it, 0 ends.
type reader struct {
	function, next int32
	first          nodeID
}

// module is one script.
type module struct {
	file      *sourceFile
	pkg       *program
	nodes     []node
	positions positions
	lists     []int32
	numbers   []float64
	symbols   []symbol
	readers   []reader
	// namespaces are the objects that "x || (x = {})" makes, by symbol:
	// TypeScript writes each part of a namespace so.
	namespaces map[int32]*object
	functions  []*function
	// unread is set where the script was not read, nil else.
	unread *unread
	// programs are those that the script makes from texts and runs.
	programs []decode.Program
	// mentions are its strings, until it is known which files they name.
	mentions []int32
	answers  *answers
	// size is that of the text, in bytes; gap is set where it has a wide one.
	size int
	gap  bool
	// made are the values that places in the code make, one for each.
	made map[nodeID]*Value
	esm  bool
	// exports and moduleObject are the CommonJS objects of the same names; a
	// module's value is moduleObject's property exports.
	exports, moduleObject *object
}

func (m *module) list(at int32) []int32 {
	n := m.lists[at]
	return m.lists[at+1 : at+1+n]
}

func (m *module) addList(items ...int32) int32 {
	at := int32(len(m.lists))
	m.lists = append(m.lists, int32(len(items)))
	m.lists = append(m.lists, items...)
	return at
}
