package ir

import (
	"math"
	"strconv"

	esbuild "github.com/evanw/esbuild/lockwarden"

	"github.com/lockwarden/lockwarden/analyzer/javascript/builtin"
)

// lowering turns one syntax tree into a module.
type lowering struct {
	m       *Module
	tree    *esbuild.Tree
	strings *Strings
	// places are those of the nodes in the text.
	places  []int32
	current *Function
	// functions are the module's, so far.
	functions []*Function
	pending   []pendingFunction
	// free is where the next functions are made: side by side, apart from what
	// parsing leaves to the garbage collector.
	free []Function
	// symbols maps the parser's symbols to the module's, plus one; 0: none yet.
	symbols []int32
	// decoded are texts that stand where the script calls a decoder.
	decoded map[*esbuild.EString]bool
	// field is the function of the initializer of a class's field that is lowered.
	field *Function
	// scopes are the objects of the with statements around, in their functions.
	scopes []withScope
	// value is that of the last statement that is an expression.
	value NodeID
	// misread is where the tree is not what Node reads, 0 where it is.
	misread int32
}

// withScope is a with statement's object.
type withScope struct {
	f      *Function
	object NodeID
}

// Room is where modules are lowered before what they came to is copied.
type Room struct {
	nodes         []Node
	lists, places []int32
}

// mostRoom is of how many nodes room is kept for the next module.
const mostRoom = 1 << 16

// pendingFunction is a function whose body is lowered after the one around
// it, so that the nodes of a function stay together.
type pendingFunction struct {
	f     *Function
	args  []esbuild.Arg
	body  []esbuild.Stmt
	field esbuild.Expr
	// derived is set for the constructor of a class that has none of its own: it
	// calls that of the class which it extends.
	derived bool
}

// shift moves the places from the text that was parsed to the file's.
func (l *lowering) shift() {
	by := l.tree.Shift
	if by == 0 {
		return
	}
	for i, at := range l.places {
		if at > 0 {
			l.places[i] = max(at-by, 0)
		}
	}
	for _, f := range l.functions {
		f.Pos = max(f.Pos-by, 0)
	}
	if l.misread > 0 {
		l.misread = max(l.misread-by, 1)
	}
}

func (l *lowering) newFunction(name string, pos int32, outer *Function) *Function {
	if len(l.free) == 0 {
		l.free = make([]Function, min(max(len(l.functions), 4), 64))
	}
	f := &l.free[0]
	l.free = l.free[1:]
	*f = Function{Index: int32(len(l.functions)), Name: l.strings.share(name), Pos: pos, Outer: noFunction, Constructor: noFunction}
	if outer != nil {
		f.Outer = outer.Index
	}
	l.functions = append(l.functions, f)
	return f
}

func (l *lowering) add(kind Kind, pos int32, a, b int32) NodeID {
	l.m.Nodes = append(l.m.Nodes, Node{Kind: kind, A: a, B: b})
	l.places = append(l.places, pos)
	return NodeID(len(l.m.Nodes) - 1)
}

// meant is the symbol that a reference means: the name of a class within its body is
// one of its own, which the parser links to the one outside.
func (l *lowering) meant(ref esbuild.Ref) esbuild.Ref {
	for range l.tree.Symbols {
		link := l.tree.Symbols[ref.InnerIndex].Link
		if int(link.InnerIndex) >= len(l.tree.Symbols) || link == ref {
			break
		}
		ref = link
	}
	return ref
}

func (l *lowering) sym(ref esbuild.Ref) int32 {
	ref = l.meant(ref)
	i := l.symbols[ref.InnerIndex]
	if i == 0 {
		l.m.Symbols = append(l.m.Symbols, Symbol{Name: l.strings.name(l.tree.Symbols[ref.InnerIndex].OriginalName)})
		i = int32(len(l.m.Symbols))
		l.symbols[ref.InnerIndex] = i
	}
	return i - 1
}

func (l *lowering) read(ref esbuild.Ref, pos int32) NodeID {
	ref = l.meant(ref)
	symbol := &l.tree.Symbols[ref.InnerIndex]
	switch symbol.Kind {
	case esbuild.SymbolUnbound:
		if symbol.OriginalName == "arguments" {
			return l.arguments(pos) // of the function that a CommonJS module is the body of
		}
		name := l.strings.name(symbol.OriginalName)
		value := l.add(NGlobal, pos, name, 0)
		for i := len(l.scopes) - 1; i >= 0 && l.scopes[i].f == l.current; i-- {
			member := l.add(NMember, pos, int32(l.scopes[i].object), name)
			value = l.add(NJoin, pos, 0, l.m.addList(int32(value), int32(member)))
		}
		return value
	case esbuild.SymbolArguments:
		return l.arguments(pos)
	}
	if alias := symbol.NamespaceAlias; alias != nil {
		namespace := l.read(alias.NamespaceRef, pos)
		return l.add(NMember, pos, int32(namespace), l.strings.name(alias.Alias))
	}
	i := l.sym(ref)
	s := &l.m.Symbols[i]
	if s.Readers == 0 || l.m.Readers[s.Readers].Function != l.current.Index {
		l.m.Readers = append(l.m.Readers, Reader{l.current.Index, s.Readers, NodeID(len(l.m.Nodes))})
		s.Readers = int32(len(l.m.Readers) - 1)
	}
	return l.add(NSymbol, pos, i, 0)
}

func (l *lowering) arguments(pos int32) NodeID {
	f := l.current
	for f.Arrow && f.Outer >= 0 {
		f = l.functions[f.Outer]
	}
	f.UsesArgs = true
	return l.add(NArguments, pos, 0, 0)
}

func (l *lowering) addFunction(name string, pos int32, fn *esbuild.Fn) *Function {
	f := l.newFunction(name, pos, l.current)
	f.Async, f.Rest = fn.IsAsync || fn.IsGenerator, fn.HasRestArg
	l.pending = append(l.pending, pendingFunction{f: f, args: fn.Args, body: fn.Body.Block.Stmts})
	return f
}

func (l *lowering) assign(ref esbuild.Ref, value NodeID, pos int32) {
	l.add(NAssign, pos, l.sym(ref), int32(value))
}

// FormatNumber is a number as JavaScript writes it.
func FormatNumber(f float64) string {
	if f == math.Trunc(f) && math.Abs(f) < 1e15 {
		return strconv.FormatInt(int64(f), 10)
	}
	return builtin.FormatNumber(f)
}
