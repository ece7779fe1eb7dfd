// Package decode reads what a script hides in itself: it evaluates pure
// expressions (tables of texts with their rotation, decoders, packers, code
// written in brackets) and puts what they give in their place, so that the
// analysis sees the texts and programs where they stood.
//
// Nothing of a script is executed: this is an evaluator of the pure part of
// the language over values of its own, without any access to a machine, bounded
// in steps and size. What is not pure ends it without a result.
package decode

import (
	"encoding/base64"
	neturl "net/url"
	"regexp"
	"strings"

	esbuild "github.com/evanw/esbuild/lockwarden"

	"github.com/lockwarden/lockwarden/analyzer/javascript/builtin"
)

// Budgets of one script.
const (
	// maxSize is the largest script that is looked at, in bytes.
	maxSize = 4 << 20
	// maxCallSteps bounds the evaluation of one expression, maxTurnSteps that
	// of putting the tables of a script in order, maxOrderSteps that of following
	// its statements. Whatever burns one leaves the others.
	maxCallSteps  = 1_500_000
	maxTurnSteps  = 25_000_000
	maxOrderSteps = 1_000_000
	// maxTableSteps bounds the statements that change lists.
	maxTableSteps = 2_000_000
	// maxScriptSteps is what one script may take, leastScriptSteps what it may take
	// where others have used up what the package may: no file takes another's share.
	maxScriptSteps   = 60_000_000
	leastScriptSteps = 2_000_000
	// maxText is the longest text that is made, in UTF-16 units.
	maxText = 2 << 20
	// maxPrograms is how many hidden programs of one script are read.
	maxPrograms = 200
)

// Budget is how many steps may be taken, for all scripts of a package together.
type Budget struct{ Steps int }

// NewBudget is what a package may take: a few seconds.
func NewBudget() *Budget { return &Budget{120_000_000} }

// Program is code that a script makes from a constant and runs.
type Program struct {
	Text string
	// Loc is where the script runs it, as a byte offset.
	Loc int32
}

// Result is what was decoded.
type Result struct {
	// Texts are the literals that now stand in the tree in the place of calls.
	Texts map[*esbuild.EString]bool
	// Programs are hidden programs.
	Programs []Program
	// Cuts are limits that were reached.
	Cuts []Cut
}

// Names of limits.
const (
	LimitSteps    = "steps of decoding"
	LimitPrograms = "hidden programs of one script"
)

// Cut is a limit that was reached, by its name; Loc is where, as a byte offset.
type Cut struct {
	Loc  int32
	What string
	Max  int
}

// Source is a script's text, and what is known beside it.
type Source struct {
	Text string
	// Has reports whether a word stands in the text.
	Has func(word string) bool
	// Load reads a file of the package, as the script names it; it may be nil.
	// List are the names in a folder of it. Folder is the script's own, in which it
	// names files, File its path.
	Load         func(name string) (string, bool)
	List         func(folder string) ([]string, bool)
	Folder, File string
	// Shift is how far places in the tree are from those in the text.
	Shift int32
}

// names of variables as obfuscators make them.
var scrambled = regexp.MustCompile(`_0x[0-9a-f]{2,}|\b[a-z]{1,2}0x[0-9a-f]+`)

// runsLiteral reports whether a text stands in what is called so.
func runsLiteral(text, call string) bool {
	for from := 0; ; {
		i := strings.Index(text[from:], call)
		if i < 0 {
			return false
		}
		from += i + len(call)
		if rest := strings.TrimLeft(text[from:min(len(text), from+20)], " \n\t"); rest != "" && strings.IndexByte("'\"`", rest[0]) >= 0 {
			return true
		}
	}
}

// worth reports whether a script may hide something: a decoder's tools beside
// something to do. It only saves time.
func worth(text string, has func(string) bool) bool {
	if len(text) > maxSize {
		return false
	}
	if has("_0x") && scrambled.MatchString(text) {
		return true
	}
	if has("data:text/javascript") || has("data:application/javascript") {
		return true
	}
	if has("Worker") && has("eval") {
		return true
	}
	if has("eval(function(") || has("[]+[]") || has("[![]]") {
		return true
	}
	if has("setTimeout(") && runsLiteral(text, "setTimeout(") || has("setInterval(") && runsLiteral(text, "setInterval(") {
		return true
	}
	if has("eval(") && runsLiteral(text, "eval(") || has("Function(") && runsLiteral(text, "Function(") {
		return true
	}
	acts := has("require") || has("eval") || has("Function") || has("import") || has("_compile")
	if !acts && has("setTimeout(") && (has("atob(") || has("fromCharCode")) {
		acts = true // a timer runs a text
	}
	if !acts {
		return false
	}
	for _, runner := range []string{"eval(", "Function(", "runInThisContext(", "runInNewContext(", "runInContext(", "_compile("} {
		if has(runner) && callInside(text, runner) {
			return true
		}
	}
	if has("eval(") || has("Function(") {
		for _, way := range []string{".json", "readFileSync", "readdirSync", "toString", ".join(", "+=",
			".map(", ".reduce(", ".replace(", "Buffer", "concat("} {
			if has(way) {
				return true
			}
		}
	}
	if has("require(") && callInside(text, "require(") || has("shift()") && strings.Contains(text, ".shift())") && has("push(") {
		return true
	}
	for _, tool := range []string{"fromCharCode", "fromCodePoint", "TextDecoder", "JSON.parse", ".reverse(", "latin1", "charCodeAt", "reverse()",
		"'base64'", "\"base64\"", "'hex'", "\"hex\"", "atob(", "unescape(", "['reverse']", "decodeURIComponent("} {
		if has(tool) {
			return true
		}
	}
	return false
}

// callInside reports whether something of one name is called in a call: require(f(1)).
func callInside(text, call string) bool {
	for from := 0; ; {
		i := strings.Index(text[from:], call)
		if i < 0 {
			return false
		}
		from += i + len(call)
		end := from
		for end < len(text) && end < from+40 && (text[end] == '$' || isWordByte(text[end])) {
			end++
		}
		if end > from && end+1 < len(text) && (text[end] == '(' && text[end+1] != ')' || text[end] == '.' && call != "require(") {
			return true
		}
	}
}

func isWordByte(c byte) bool {
	return c == '_' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9'
}

// tolerant is false in tests, which want to see mistakes.
var tolerant = true

// Script decodes a script in its syntax tree; what it takes is taken from the
// budget.
func Script(tree *esbuild.AST, source Source, budget *Budget) (r Result) {
	text, has := source.Text, source.Has
	if !worth(text, has) {
		return r
	}
	if tolerant {
		defer func() {
			// A mistake of the evaluator's costs what was not decoded yet.
			_ = recover()
		}()
	}
	d := &decoder{tree: tree, result: &r, machine: newMachine(tree, budget)}
	d.machine.load, d.machine.list, d.machine.folder, d.machine.file = source.Load, source.List, source.Folder, source.File
	d.machine.script, d.machine.shift = source.Text, source.Shift
	d.machine.share = min(maxScriptSteps, max(budget.Steps, leastScriptSteps))
	d.declare()
	d.rotations()
	d.tables()
	replacing := &walker{expr: d.replace}
	for i := range tree.Parts {
		replacing.stmts(tree.Parts[i].Stmts)
	}
	if d.run && d.data >= someData {
		d.inOrder()
	}
	return r
}

// decoder walks a tree.
type decoder struct {
	tree    *esbuild.AST
	result  *Result
	machine *machine
	// calls are the immediately called functions that may turn a table.
	calls []tableCall
	// runners are the functions that run a text; run is set where anything does.
	runners []*closure
	run     bool
	// turned are the calls that have turned a table.
	turned map[*esbuild.ECall]bool
	// turns is what is left for turning tables.
	turns int
	// data is how much there is in the script that may be a program: numbers in
	// lists, texts without spaces.
	data int
}

// someData is how much data a program is hidden in at least; longData is from how
// many bytes on a text is data, not a name.
const (
	someData = 64
	longData = 16
)

// tableCall is a call with its place.
type tableCall struct {
	*esbuild.ECall
	loc int32
}

// budget gives an evaluation its steps, of the script's share.
func (d *decoder) budget(steps int) {
	m := d.machine
	m.left, m.spent = max(min(steps, m.share), 0), false
}

// cut notes a limit that was reached.
func (d *decoder) cut(loc int32, what string, most int) {
	for _, c := range d.result.Cuts {
		if c.What == what {
			return
		}
	}
	d.result.Cuts = append(d.result.Cuts, Cut{loc, what, most})
}

// try runs an evaluation of at most so many steps; running out of them is noted.
func (d *decoder) try(loc int32, steps int, f func() any) (any, bool) {
	d.budget(steps)
	v, ok := d.machine.try(f)
	if d.machine.spent {
		d.cut(loc, LimitSteps, steps)
	}
	return v, ok
}

// declare notes what names are bound to: functions, and initial values of
// variables.
func (d *decoder) declare() {
	m := d.machine
	w := &walker{
		function: func(f *esbuild.Fn) {
			if f.Name != nil {
				m.functions[f.Name.Ref] = closureOf(f, nil)
			}
			d.runner(closureOf(f, nil))
		},
		classes: func(c *esbuild.Class) {
			if c.Name != nil {
				m.classes[c.Name.Ref] = c
				name := d.tree.Symbols[c.Name.Ref.InnerIndex].OriginalName
				if _, taken := m.classNames[name]; taken {
					m.classNames[name] = noRef
				} else {
					m.classNames[name] = c.Name.Ref
				}
			}
		},
		declaration: func(decl *esbuild.Decl) {
			if id, ok := decl.Binding.Data.(*esbuild.BIdentifier); ok && decl.ValueOrNil.Data != nil {
				m.initial[id.Ref] = decl.ValueOrNil
			}
		},
		expr: func(e *esbuild.Expr) bool {
			switch x := e.Data.(type) {
			case *esbuild.ENumber:
				d.data++
			case *esbuild.EString:
				switch {
				case len(x.Value) < longData && strings.HasSuffix(esbuild.String(x.Value), ".json"):
					d.data += someData // it may be in that file
				case len(x.Value) >= longData:
					d.data += len(x.Value)
				}
			case *esbuild.EArrow:
				d.runner(m.closure(*e, nil))
			case *esbuild.ENew:
				d.run = d.run || d.runsOpen(x.Target, x.Args)
			case *esbuild.ECall:
				d.run = d.run || d.runsOpen(x.Target, x.Args)
				if dot, ok := x.Target.Data.(*esbuild.EDot); ok && mutators[dot.Name] {
					if id, ok := dot.Target.Data.(*esbuild.EIdentifier); ok {
						m.mutated[id.Ref] = true
					}
				}
				if isFunction(x.Target) {
					d.calls = append(d.calls, tableCall{x, e.Loc.Start})
				}
			case *esbuild.EBinary:
				if x.Op < esbuild.BinOpAssign {
					break
				}
				switch left := x.Left.Data.(type) {
				case *esbuild.EIdentifier:
					m.assigned[left.Ref]++
				case *esbuild.EDot:
					if id, ok := left.Target.Data.(*esbuild.EIdentifier); ok {
						m.mutated[id.Ref] = true
					}
				case *esbuild.EIndex:
					if id, ok := left.Target.Data.(*esbuild.EIdentifier); ok {
						m.mutated[id.Ref] = true
					}
				}
			case *esbuild.EUnary:
				if id, ok := x.Value.Data.(*esbuild.EIdentifier); ok && x.Op >= esbuild.UnOpPreDec {
					m.assigned[id.Ref]++
				}
			}
			return true
		},
	}
	for i := range d.tree.Parts {
		w.stmts(d.tree.Parts[i].Stmts)
	}
}

// mutators are methods that change what they are called on.
var mutators = wordSet(`push pop shift unshift splice reverse sort fill copyWithin set write`)

// runner notes a function in which, itself, a text is run.
func (d *decoder) runner(f *closure) {
	found := false
	w := &walker{expr: func(e *esbuild.Expr) bool {
		switch x := e.Data.(type) {
		case *esbuild.EFunction, *esbuild.EArrow, *esbuild.EClass:
			return false
		case *esbuild.ECall:
			found = found || d.runsOpen(x.Target, x.Args)
		case *esbuild.ENew:
			found = found || d.runsOpen(x.Target, x.Args)
		}
		return !found
	}}
	w.stmts(f.body)
	if found && len(d.runners) < maxPrograms {
		d.runners = append(d.runners, f)
	}
}

func isFunction(e esbuild.Expr) bool {
	switch e.Data.(type) {
	case *esbuild.EFunction, *esbuild.EArrow:
		return true
	}
	return false
}

// rotations runs what turns a table of texts until it is in order: a function
// that is called where it stands, with the table and a number. Those that take long
// wait for the others, so that one without an end hides none that has one. A table
// that was not put in order is not known.
func (d *decoder) rotations() {
	d.turns, d.turned = maxTurnSteps, map[*esbuild.ECall]bool{}
	var waiting []tableCall
	for _, call := range d.calls {
		if d.mayTurn(call.ECall) {
			waiting = append(waiting, call)
		}
	}
	for _, most := range []int{maxTurnSteps / 50, maxTurnSteps / 5, maxTurnSteps} {
		var left []tableCall
		for _, call := range waiting {
			before := d.machine.share
			d.budget(min(most, d.turns))
			_, ok := d.machine.try(func() any { return d.machine.call(call.ECall, nil, call.loc) })
			d.turns -= before - d.machine.share
			switch {
			case ok:
				d.turned[call.ECall] = true
			case d.machine.spent:
				left = append(left, call)
			}
		}
		waiting = left
	}
	for _, call := range waiting {
		d.cut(call.loc, LimitSteps, maxTurnSteps)
		refs := map[esbuild.Ref]bool{}
		for _, a := range call.Args {
			if id, ok := a.Data.(*esbuild.EIdentifier); ok {
				refs[id.Ref] = true
			}
		}
		d.doubt(refs)
	}
}

// mayTurn reports whether a call may turn a table.
func (d *decoder) mayTurn(call *esbuild.ECall) bool {
	if len(call.Args) < 1 || len(call.Args) > 4 {
		return false
	}
	table, number := false, false
	for _, arg := range call.Args {
		switch a := arg.Data.(type) {
		case *esbuild.EIdentifier:
			table = table || d.machine.functions[a.Ref] != nil || d.machine.isArray(a.Ref)
		case *esbuild.ENumber, *esbuild.EUnary, *esbuild.EBinary:
			number = true
		}
	}
	return table && number
}

// replace puts what a pure call gives in its place.
func (d *decoder) replace(e *esbuild.Expr) bool {
	switch x := e.Data.(type) {
	case *esbuild.ECall:
		if d.runsText(x.Target) && len(x.Args) > 0 {
			d.program(x.Args[len(x.Args)-1], e.Loc.Start)
			return true
		}
		if d.isTimer(x.Target) && len(x.Args) > 0 && constant(x.Args[0], 0) {
			d.program(x.Args[0], e.Loc.Start)
		}
		if d.handsOn(x, e.Loc.Start) {
			return false
		}
		if d.candidate(x) {
			if text, ok := d.evaluate(*e); ok {
				d.put(e, text)
				return false
			}
		}
		if isBrackets(*e) {
			d.brackets(*e)
			return false
		}
	case *esbuild.ENew:
		switch {
		case d.runsText(x.Target) && len(x.Args) > 0:
			d.program(x.Args[len(x.Args)-1], e.Loc.Start)
		case len(x.Args) == 2 && isEvalOption(x.Args[1]):
			// new Worker(text, {eval: true})
			d.program(x.Args[0], e.Loc.Start)
		}
	case *esbuild.EImportCall:
		d.imported(x.Expr, e.Loc.Start)
	case *esbuild.EImportString:
		d.dataURL(d.tree.ImportRecords[x.ImportRecordIndex].Path.Text, e.Loc.Start)
	}
	return true
}

// handsOn notes the program of Function('r', 'r("fs")…')(require): its parameters
// are what it is called with.
func (d *decoder) handsOn(x *esbuild.ECall, loc int32) bool {
	var made []esbuild.Expr
	switch t := x.Target.Data.(type) {
	case *esbuild.ECall:
		if d.runsText(t.Target) {
			made = t.Args
		}
	case *esbuild.ENew:
		if d.runsText(t.Target) {
			made = t.Args
		}
	}
	if len(made) < 2 || len(x.Args) == 0 {
		return false
	}
	var parameters, arguments []string
	for _, arg := range made[:len(made)-1] {
		name, ok := arg.Data.(*esbuild.EString)
		if !ok {
			return false
		}
		parameters = append(parameters, esbuild.String(name.Value))
	}
	for _, arg := range x.Args {
		id, ok := arg.Data.(*esbuild.EIdentifier)
		if !ok || d.tree.Symbols[id.Ref.InnerIndex].Kind != esbuild.SymbolUnbound {
			return false
		}
		arguments = append(arguments, d.tree.Symbols[id.Ref.InnerIndex].OriginalName)
	}
	v, ok := d.try(loc, maxCallSteps, func() any { return d.machine.eval(made[len(made)-1], nil) })
	text, isText := v.(string)
	if !ok || !isText {
		return false
	}
	text = "(function (" + strings.Join(parameters, ", ") + ") {" + text + "\n})(" + strings.Join(arguments, ", ") + ")"
	d.add(text, loc)
	return true
}

// isTimer reports whether a callee runs a text later.
func (d *decoder) isTimer(target esbuild.Expr) bool {
	id, ok := target.Data.(*esbuild.EIdentifier)
	if !ok {
		return false
	}
	symbol := &d.tree.Symbols[id.Ref.InnerIndex]
	return symbol.Kind == esbuild.SymbolUnbound && (symbol.OriginalName == "setTimeout" || symbol.OriginalName == "setInterval")
}

// isEvalOption reports whether an expression is an object with eval: true.
func isEvalOption(e esbuild.Expr) bool {
	options, ok := e.Data.(*esbuild.EObject)
	if !ok {
		return false
	}
	for _, p := range options.Properties {
		key, isText := p.Key.Data.(*esbuild.EString)
		if isText && esbuild.String(key.Value) == "eval" {
			value, isBoolean := p.ValueOrNil.Data.(*esbuild.EBoolean)
			return isBoolean && value.Value
		}
	}
	return false
}

// imported notes the program that a dynamic import of a data: URL runs.
func (d *decoder) imported(arg esbuild.Expr, loc int32) {
	v, ok := d.try(loc, maxCallSteps, func() any { return d.machine.eval(arg, nil) })
	if text, isText := v.(string); ok && isText {
		d.dataURL(text, loc)
	}
}

// dataURL notes the script in a data: URL.
// Source: RFC 2397; Node.js, "ECMAScript modules: data: imports".
func (d *decoder) dataURL(url string, loc int32) {
	kind, body, found := strings.Cut(url, ",")
	if !found || !strings.HasPrefix(kind, "data:") || !strings.Contains(kind, "javascript") {
		return
	}
	text, err := neturl.PathUnescape(body)
	if err != nil {
		text = body
	}
	if strings.HasSuffix(kind, ";base64") {
		decoded, err := base64.StdEncoding.DecodeString(text)
		if err != nil {
			return
		}
		text = string(decoded)
	}
	d.add(text, loc)
}

func (d *decoder) put(e *esbuild.Expr, text string) {
	literal := &esbuild.EString{Value: esbuild.UTF16(text)}
	e.Data = literal
	if d.result.Texts == nil {
		d.result.Texts = map[*esbuild.EString]bool{}
	}
	d.result.Texts[literal] = true
}

// runsText reports whether a callee runs a text as code.
func (d *decoder) runsText(target esbuild.Expr) bool {
	if id, ok := target.Data.(*esbuild.EIdentifier); ok {
		symbol := &d.tree.Symbols[id.Ref.InnerIndex]
		return symbol.Kind == esbuild.SymbolUnbound && (symbol.OriginalName == "eval" || symbol.OriginalName == "Function")
	}
	return false
}

// runsOpen reports whether a call runs a text that does not stand there.
func (d *decoder) runsOpen(target esbuild.Expr, args []esbuild.Expr) bool {
	if len(args) == 0 {
		return false
	}
	switch {
	case d.runsText(target):
		return !constant(args[len(args)-1], 0)
	case d.isTimer(target):
		_, isName := args[0].Data.(*esbuild.EIdentifier)
		return isName && d.machine.functions[args[0].Data.(*esbuild.EIdentifier).Ref] == nil
	}
	return false
}

// candidate reports whether a call is of a decoder: of a function of the script
// with nothing but constants, or of a text's own methods.
func (d *decoder) candidate(call *esbuild.ECall) bool {
	switch t := call.Target.Data.(type) {
	case *esbuild.EIdentifier:
		f := d.machine.function(t.Ref)
		if f == nil || f.impure || f.failed > 2 || len(call.Args) == 0 {
			return false
		}
		if m := d.machine; m.assigned[t.Ref] > 0 && !strings.Contains(d.tree.Symbols[t.Ref.InnerIndex].OriginalName, "0x") {
			return false // it may be another function when it is called
		}
	case *esbuild.EFunction, *esbuild.EArrow:
		if len(call.Args) == 0 || d.textless(call) {
			return false
		}
	case *esbuild.EDot:
		return t.Name != "forEach" && d.chain(esbuild.Expr{Data: call}, 0) && callsBack(call)
	default:
		return false
	}
	for _, arg := range call.Args {
		if !constant(arg, 0) {
			return false
		}
	}
	return true
}

// textless reports whether a function that is called where it stands can give no text:
// it is handed numbers, and names nothing that texts are or are made of. Parsers unpack
// their tables in this way, which takes long.
func (d *decoder) textless(call *esbuild.ECall) bool {
	text := false
	w := &walker{expr: func(e *esbuild.Expr) bool {
		switch x := e.Data.(type) {
		case *esbuild.EString, *esbuild.ETemplate, *esbuild.ERegExp:
			text = true
		case *esbuild.EDot:
			text = text || builtin.IsTextMethod(x.Name) || textMakers[x.Name]
		case *esbuild.EIndex:
			_, isNumber := x.Index.Data.(*esbuild.EIdentifier)
			text = text || !isNumber && !isArithmetic(x.Index)
		case *esbuild.EIdentifier:
			symbol := &d.tree.Symbols[x.Ref.InnerIndex]
			_, declared := d.machine.initial[x.Ref]
			text = text || d.machine.functions[x.Ref] != nil || declared && d.machine.assigned[x.Ref] == 0 && d.isTable(x.Ref) ||
				symbol.Kind == esbuild.SymbolUnbound && textMakers[symbol.OriginalName]
		}
		return !text
	}}
	w.visit(&esbuild.Expr{Data: call})
	return !text
}

// textMakers are names of what makes texts of something else.
var textMakers = wordSet(`String atob unescape fromCharCode fromCodePoint join decode from raw stringify parse format constructor`)

// isArithmetic reports whether an index is counted: t[i++], t[i + 1], t[0].
func isArithmetic(e esbuild.Expr) bool {
	switch x := e.Data.(type) {
	case *esbuild.ENumber:
		return true
	case *esbuild.EUnary:
		return x.Op >= esbuild.UnOpPreDec || isArithmetic(x.Value)
	case *esbuild.EBinary:
		return x.Op < esbuild.BinOpAssign
	}
	return false
}

// chain reports whether an expression is a chain of methods of a constant, with
// functions or constants as arguments: [1, 2].map((c) => …).join(”).
func (d *decoder) chain(e esbuild.Expr, depth int) bool {
	if depth > 20 {
		return false
	}
	switch x := e.Data.(type) {
	case *esbuild.ECall:
		for _, arg := range x.Args {
			if !isFunction(arg) && !constant(arg, depth+1) && !d.chain(arg, depth+1) {
				return false
			}
		}
		if dot, ok := x.Target.Data.(*esbuild.EDot); ok {
			return d.chain(dot.Target, depth+1)
		}
		return false
	case *esbuild.EDot:
		return d.chain(x.Target, depth+1)
	case *esbuild.EIdentifier:
		if symbol := &d.tree.Symbols[x.Ref.InnerIndex]; symbol.Kind == esbuild.SymbolUnbound {
			switch symbol.OriginalName {
			case "Buffer", "String", "Array", "Object", "JSON", "Uint8Array":
				return true
			}
			return false
		}
		initial, ok := d.machine.initial[x.Ref]
		return ok && d.machine.assigned[x.Ref] == 0 && !d.machine.mutated[x.Ref] && constant(initial, depth+1)
	}
	return constant(e, depth+1)
}

// callsBack reports whether a chain has a function among its arguments: others
// are evaluated later, with the values that variables have.
func callsBack(call *esbuild.ECall) bool {
	for range 20 {
		for _, arg := range call.Args {
			if inner, is := arg.Data.(*esbuild.ECall); isFunction(arg) || is && callsBack(inner) {
				return true
			}
		}
		dot, ok := call.Target.Data.(*esbuild.EDot)
		if !ok {
			return false
		}
		if call, ok = dot.Target.Data.(*esbuild.ECall); !ok {
			return false
		}
	}
	return false
}

// constant reports whether an expression is made of literals alone.
func constant(e esbuild.Expr, depth int) bool {
	if depth > 20 {
		return false
	}
	switch x := e.Data.(type) {
	case *esbuild.EString, *esbuild.ENumber, *esbuild.EBoolean, *esbuild.ENull, *esbuild.EUndefined:
		return true
	case *esbuild.EArray:
		for _, item := range x.Items {
			if !constant(item, depth+1) {
				return false
			}
		}
		return true
	case *esbuild.EObject:
		return len(x.Properties) == 0
	case *esbuild.EUnary:
		return constant(x.Value, depth+1)
	case *esbuild.EBinary:
		return x.Op < esbuild.BinOpAssign && constant(x.Left, depth+1) && constant(x.Right, depth+1)
	case *esbuild.EDot:
		return constant(x.Target, depth+1)
	case *esbuild.ECall:
		// 'a|b'.split('|')
		if dot, ok := x.Target.Data.(*esbuild.EDot); ok && constant(dot.Target, depth+1) {
			for _, arg := range x.Args {
				if !constant(arg, depth+1) {
					return false
				}
			}
			return true
		}
	}
	return false
}

// evaluate is the text that an expression gives, where it is pure.
func (d *decoder) evaluate(e esbuild.Expr) (string, bool) {
	call, _ := e.Data.(*esbuild.ECall)
	v, ok := d.try(e.Loc.Start, maxCallSteps, func() any { return d.machine.eval(e, nil) })
	text, isText := v.(string)
	if !ok || !isText {
		if id, isID := call.Target.Data.(*esbuild.EIdentifier); isID {
			if f := d.machine.function(id.Ref); f != nil {
				f.failed++
			}
		}
		return "", false
	}
	return text, true
}

// program notes code that is run, where its text can be known.
func (d *decoder) program(arg esbuild.Expr, loc int32) {
	v, ok := d.try(loc, maxCallSteps, func() any { return d.machine.eval(arg, nil) })
	if text, isText := v.(string); ok && isText && len(text) >= 8 && strings.ContainsAny(text, "(=;.") {
		d.add(text, loc)
	}
}

// isBrackets reports whether an expression is written in nothing but brackets,
// exclamation marks and pluses.
func isBrackets(e esbuild.Expr) bool {
	call, ok := e.Data.(*esbuild.ECall)
	if !ok {
		return false
	}
	// [][…][…](…)(): what is called is a member of a member of an array.
	target := call.Target
	for range 4 {
		switch t := target.Data.(type) {
		case *esbuild.ECall:
			target = t.Target
		case *esbuild.EIndex:
			target = t.Target
		case *esbuild.EArray:
			return len(t.Items) == 0
		default:
			return false
		}
	}
	return false
}

// brackets evaluates such an expression; the code that it would run is what it
// hides.
func (d *decoder) brackets(e esbuild.Expr) {
	d.machine.hidden = nil
	_, _ = d.try(e.Loc.Start, maxCallSteps, func() any { return d.machine.eval(e, nil) })
	for _, text := range d.machine.hidden {
		if strings.ContainsAny(text, "(=;.") {
			d.add(text, e.Loc.Start)
		}
	}
}
