// Package lockwarden opens esbuild's own JavaScript parser to
// github.com/lockwarden/lockwarden/analyzer/javascript, its only user.
//
// Go lets a package under github.com/evanw/esbuild/ import esbuild's internal
// packages, so this module's path begins there and the main module's replace
// directive points at this folder. esbuild itself (MIT licence) stays an
// ordinary pinned dependency. Nothing is here but aliases and Parse.
package lockwarden

import (
	"fmt"
	"strings"
	"sync"

	"github.com/evanw/esbuild/internal/ast"
	"github.com/evanw/esbuild/internal/config"
	"github.com/evanw/esbuild/internal/helpers"
	"github.com/evanw/esbuild/internal/js_ast"
	"github.com/evanw/esbuild/internal/js_parser"
	"github.com/evanw/esbuild/internal/logger"
)

// The syntax tree as esbuild names it, without the prefix of its package.
type (
	AST             = js_ast.AST
	Expr            = js_ast.Expr
	Stmt            = js_ast.Stmt
	Binding         = js_ast.Binding
	Fn              = js_ast.Fn
	FnBody          = js_ast.FnBody
	Class           = js_ast.Class
	Property        = js_ast.Property
	PropertyBinding = js_ast.PropertyBinding
	Arg             = js_ast.Arg
	Decorator       = js_ast.Decorator
	OpCode          = js_ast.OpCode
	Decl            = js_ast.Decl
	ClauseItem      = js_ast.ClauseItem
	Ref             = ast.Ref
	Symbol          = ast.Symbol
	ImportRecord    = ast.ImportRecord
	Loc             = logger.Loc
	LocRef          = ast.LocRef

	EArray                = js_ast.EArray
	EUnary                = js_ast.EUnary
	EBinary               = js_ast.EBinary
	EBoolean              = js_ast.EBoolean
	ESuper                = js_ast.ESuper
	ENull                 = js_ast.ENull
	EUndefined            = js_ast.EUndefined
	EThis                 = js_ast.EThis
	ENew                  = js_ast.ENew
	ENewTarget            = js_ast.ENewTarget
	EImportMeta           = js_ast.EImportMeta
	ECall                 = js_ast.ECall
	EDot                  = js_ast.EDot
	EIndex                = js_ast.EIndex
	EArrow                = js_ast.EArrow
	EFunction             = js_ast.EFunction
	EClass                = js_ast.EClass
	EIdentifier           = js_ast.EIdentifier
	EImportIdentifier     = js_ast.EImportIdentifier
	EPrivateIdentifier    = js_ast.EPrivateIdentifier
	EJSXElement           = js_ast.EJSXElement
	EMissing              = js_ast.EMissing
	ENumber               = js_ast.ENumber
	EObject               = js_ast.EObject
	ESpread               = js_ast.ESpread
	EString               = js_ast.EString
	ETemplate             = js_ast.ETemplate
	ERegExp               = js_ast.ERegExp
	EInlinedEnum          = js_ast.EInlinedEnum
	EAnnotation           = js_ast.EAnnotation
	EAwait                = js_ast.EAwait
	EYield                = js_ast.EYield
	EIf                   = js_ast.EIf
	ERequireString        = js_ast.ERequireString
	ERequireResolveString = js_ast.ERequireResolveString
	EImportString         = js_ast.EImportString
	EImportCall           = js_ast.EImportCall

	SBlock         = js_ast.SBlock
	SExportClause  = js_ast.SExportClause
	SExportFrom    = js_ast.SExportFrom
	SExportDefault = js_ast.SExportDefault
	SExportStar    = js_ast.SExportStar
	SExportEquals  = js_ast.SExportEquals
	SExpr          = js_ast.SExpr
	SEnum          = js_ast.SEnum
	SNamespace     = js_ast.SNamespace
	SFunction      = js_ast.SFunction
	SClass         = js_ast.SClass
	SLabel         = js_ast.SLabel
	SIf            = js_ast.SIf
	SFor           = js_ast.SFor
	SForIn         = js_ast.SForIn
	SForOf         = js_ast.SForOf
	SDoWhile       = js_ast.SDoWhile
	SWhile         = js_ast.SWhile
	SWith          = js_ast.SWith
	STry           = js_ast.STry
	SSwitch        = js_ast.SSwitch
	SImport        = js_ast.SImport
	SReturn        = js_ast.SReturn
	SThrow         = js_ast.SThrow
	SLocal         = js_ast.SLocal
	SBreak         = js_ast.SBreak
	SContinue      = js_ast.SContinue
	SEmpty         = js_ast.SEmpty
	SDirective     = js_ast.SDirective
	SComment       = js_ast.SComment
	Case           = js_ast.Case

	BMissing    = js_ast.BMissing
	BIdentifier = js_ast.BIdentifier
	BArray      = js_ast.BArray
	BObject     = js_ast.BObject
)

// Kinds of symbols, properties and operators that the analyzer tells apart.
const (
	SymbolUnbound   = ast.SymbolUnbound
	SymbolArguments = ast.SymbolArguments

	LocalVar = js_ast.LocalVar

	PropertyField            = js_ast.PropertyField
	PropertyMethod           = js_ast.PropertyMethod
	PropertyGetter           = js_ast.PropertyGetter
	PropertySetter           = js_ast.PropertySetter
	PropertySpread           = js_ast.PropertySpread
	PropertyClassStaticBlock = js_ast.PropertyClassStaticBlock
	PropertyIsComputed       = js_ast.PropertyIsComputed
	PropertyIsStatic         = js_ast.PropertyIsStatic

	BinOpAdd                     = js_ast.BinOpAdd
	BinOpSub                     = js_ast.BinOpSub
	BinOpMul                     = js_ast.BinOpMul
	BinOpDiv                     = js_ast.BinOpDiv
	BinOpRem                     = js_ast.BinOpRem
	BinOpPow                     = js_ast.BinOpPow
	BinOpLt                      = js_ast.BinOpLt
	BinOpLe                      = js_ast.BinOpLe
	BinOpGt                      = js_ast.BinOpGt
	BinOpGe                      = js_ast.BinOpGe
	BinOpIn                      = js_ast.BinOpIn
	BinOpInstanceof              = js_ast.BinOpInstanceof
	BinOpShl                     = js_ast.BinOpShl
	BinOpShr                     = js_ast.BinOpShr
	BinOpUShr                    = js_ast.BinOpUShr
	BinOpLooseEq                 = js_ast.BinOpLooseEq
	BinOpLooseNe                 = js_ast.BinOpLooseNe
	BinOpStrictEq                = js_ast.BinOpStrictEq
	BinOpStrictNe                = js_ast.BinOpStrictNe
	BinOpNullishCoalescing       = js_ast.BinOpNullishCoalescing
	BinOpLogicalOr               = js_ast.BinOpLogicalOr
	BinOpLogicalAnd              = js_ast.BinOpLogicalAnd
	BinOpBitwiseOr               = js_ast.BinOpBitwiseOr
	BinOpBitwiseAnd              = js_ast.BinOpBitwiseAnd
	BinOpBitwiseXor              = js_ast.BinOpBitwiseXor
	BinOpComma                   = js_ast.BinOpComma
	BinOpAssign                  = js_ast.BinOpAssign
	BinOpAddAssign               = js_ast.BinOpAddAssign
	BinOpSubAssign               = js_ast.BinOpSubAssign
	BinOpMulAssign               = js_ast.BinOpMulAssign
	BinOpDivAssign               = js_ast.BinOpDivAssign
	BinOpRemAssign               = js_ast.BinOpRemAssign
	BinOpPowAssign               = js_ast.BinOpPowAssign
	BinOpShlAssign               = js_ast.BinOpShlAssign
	BinOpShrAssign               = js_ast.BinOpShrAssign
	BinOpUShrAssign              = js_ast.BinOpUShrAssign
	BinOpBitwiseOrAssign         = js_ast.BinOpBitwiseOrAssign
	BinOpBitwiseAndAssign        = js_ast.BinOpBitwiseAndAssign
	BinOpBitwiseXorAssign        = js_ast.BinOpBitwiseXorAssign
	BinOpNullishCoalescingAssign = js_ast.BinOpNullishCoalescingAssign
	BinOpLogicalOrAssign         = js_ast.BinOpLogicalOrAssign
	BinOpLogicalAndAssign        = js_ast.BinOpLogicalAndAssign
	UnOpPos                      = js_ast.UnOpPos
	UnOpNeg                      = js_ast.UnOpNeg
	UnOpCpl                      = js_ast.UnOpCpl
	UnOpNot                      = js_ast.UnOpNot
	UnOpVoid                     = js_ast.UnOpVoid
	UnOpTypeof                   = js_ast.UnOpTypeof
	UnOpDelete                   = js_ast.UnOpDelete
	UnOpPreDec                   = js_ast.UnOpPreDec
	UnOpPreInc                   = js_ast.UnOpPreInc
	UnOpPostDec                  = js_ast.UnOpPostDec
	UnOpPostInc                  = js_ast.UnOpPostInc
)

// Dialect is a variant of the language.
type Dialect uint8

// The dialects, in the order in which they are worth trying on a .js file.
const (
	JavaScript Dialect = iota
	JSX
	TSX
	TypeScript
)

// Goal is what a text is read as. A text may be right as one thing and wrong as
// another, or right as both and mean two things.
type Goal uint8

// The goals.
const (
	// Either is a script or a module, as its words say: await at the top level,
	// import.meta, import and export make it one.
	Either Goal = iota
	// Module is an ECMAScript module: strict, and "<!--" is no comment.
	Module
	// Body is the body of a function, as Node reads CommonJS: await is a name,
	// and new.target is allowed.
	Body
	// Method, Generator, Async and AsyncGenerator are bodies of such functions:
	// texts that are handed to constructors of functions, or to eval in one.
	Method
	Generator
	Async
	AsyncGenerator
)

// bodies are what stands before and after the body of a function. The line
// breaks keep "-->" at the beginning and "//" at the end what they are.
var bodies = [...]struct{ before, after string }{
	Body:           {"(function(){\n", "\n})"},
	Method:         {"({m(){\n", "\n}})"},
	Generator:      {"({*m(){\n", "\n}})"},
	Async:          {"({async m(){\n", "\n}})"},
	AsyncGenerator: {"({async*m(){\n", "\n}})"},
}

// Message is the parser's first complaint and the byte offset it stands at.
type Message struct {
	Text   string
	Offset int
}

// Tree is a syntax tree.
type Tree struct {
	AST
	// Text is what its places point into, and Shift how far a place is from the
	// one in the text that Parse was given.
	Text  string
	Shift int32
	// Awaits is set where await at the top level is what makes it a module, or
	// helps to.
	Awaits bool
	// Whole is set where the text was read to its end, also where the parser
	// refuses it for a rule beyond the grammar.
	Whole bool
	// Cut is set where it was given up what is a comment and what is code.
	Cut bool
}

// defines is what esbuild knows of global names; making it anew for each file
// would cost more than parsing a small one.
var defines = sync.OnceValue(func() *config.ProcessedDefines {
	d := config.ProcessDefines(nil)
	return &d
})

// maxComments is how often a module is read again because what looked like a
// comment was none; each time goes to the next one in a line.
const maxComments = 32

// Parse reads one file. JSX is kept as it is and dead code stays in the tree.
// Where the parser refuses the text, ok is false and the message says why; the
// tree is worth something then if it is Whole. It can overflow the stack on nested input, which no recover stops: call it in a
// process that may die.
func Parse(text string, dialect Dialect, goal Goal) (Tree, Message, bool) {
	switch goal {
	case Either:
		r := parse(text, dialect, false)
		return Tree{AST: r.tree, Text: text, Awaits: r.tree.TopLevelAwaitKeyword.Len > 0, Whole: r.whole}, r.message, r.ok
	case Module:
		for range maxComments {
			r := parse(text, dialect, true)
			if len(r.comments) == 0 {
				return Tree{AST: r.tree, Text: text, Whole: r.whole}, r.message, r.ok
			}
			// The parser takes "<!--" for the beginning of a comment everywhere.
			// V8 refuses it in modules; to the parser of webpack and Rollup it is
			// three operators. "<~--" is the same syntax of the same length.
			changed := []byte(text)
			for _, at := range r.comments {
				changed[at+1] = '~'
			}
			text = string(changed)
		}
		return Tree{Cut: true}, Message{Text: fmt.Sprintf("\"<!--\" more than %d times in a line of a module", maxComments)}, false
	}
	wrap := bodies[goal]
	shift := len(wrap.before)
	if strings.HasPrefix(text, "#!") {
		text = "//" + text[2:]
	}
	text = wrap.before + text + wrap.after
	r := parse(text, dialect, false)
	r.message.Offset = max(r.message.Offset-shift, 0)
	if !r.whole {
		return Tree{}, r.message, false
	}
	body := onlyBody(&r.tree)
	if body == nil || int(body.Block.CloseBraceLoc.Start) != len(text)-len(wrap.after)+1 {
		return Tree{}, Message{Text: "the text ends the function that it is the body of"}, false
	}
	r.tree.Parts = []js_ast.Part{{Stmts: body.Block.Stmts}}
	return Tree{AST: r.tree, Text: text, Shift: int32(shift), Whole: true}, r.message, r.ok
}

// onlyBody is the body of the one function that stands in brackets.
func onlyBody(tree *AST) *FnBody {
	var only *Stmt
	for i := range tree.Parts {
		for j := range tree.Parts[i].Stmts {
			s := &tree.Parts[i].Stmts[j]
			if _, isComment := s.Data.(*SComment); isComment {
				continue
			}
			if only != nil {
				return nil
			}
			only = s
		}
	}
	if only == nil {
		return nil
	}
	expr, ok := only.Data.(*SExpr)
	if !ok {
		return nil
	}
	switch x := expr.Value.Data.(type) {
	case *EFunction:
		return &x.Fn.Body
	case *EObject:
		if len(x.Properties) == 1 {
			if m, ok := x.Properties[0].ValueOrNil.Data.(*EFunction); ok {
				return &m.Fn.Body
			}
		}
	}
	return nil
}

// parsed is what one run of the parser gives.
type parsed struct {
	tree    AST
	message Message
	// whole is set where there is a tree, ok where there is no complaint.
	whole, ok bool
	// comments are the places of "<!--" where a module is asked for.
	comments []int
}

func parse(text string, dialect Dialect, module bool) (r parsed) {
	log := logger.NewDeferLog(logger.DeferLogNoVerboseOrDebug, nil)
	options := config.Options{Mode: config.ModePassThrough, OmitRuntimeForTests: true, Defines: defines()}
	options.JSX.Parse = dialect == JSX || dialect == TSX
	options.JSX.Preserve = true
	options.TS.Parse = dialect == TSX || dialect == TypeScript
	if module {
		options.ModuleTypeData.Type = js_ast.ModuleESM_MJS
	}
	source := logger.Source{Contents: text}
	r.tree, r.whole = js_parser.Parse(log, source, js_parser.OptionsFromConfig(&options))
	r.ok = r.whole
	places := locator{text: text}
	for _, m := range log.Done() {
		isComment := module && m.ID == logger.MsgID_JS_HTMLCommentInJS
		isFirst := m.Kind == logger.Error && r.message.Text == ""
		if !isComment && !isFirst {
			continue
		}
		at := 0
		if l := m.Data.Location; l != nil {
			at = places.offset(l.Line, l.Column)
		}
		if isComment && strings.HasPrefix(text[at:], "<!--") {
			r.comments = append(r.comments, at)
		}
		if isFirst {
			r.message, r.ok = Message{m.Data.Text, at}, false
		}
	}
	return r
}

// locator turns esbuild's 1-based lines and 0-based byte columns into offsets;
// cheaply where they come in order.
type locator struct {
	text     string
	line, at int
}

func (l *locator) offset(line, column int) int {
	if l.line == 0 || line < l.line {
		l.line, l.at = 1, 0
	}
	for l.line < line && l.at < len(l.text) {
		switch c := l.text[l.at]; {
		case c == '\n', c == '\r' && !strings.HasPrefix(l.text[l.at:], "\r\n"):
			l.line++
			l.at++
		case c == 0xe2 && (strings.HasPrefix(l.text[l.at:], "\u2028") || strings.HasPrefix(l.text[l.at:], "\u2029")):
			l.line++
			l.at += len("\u2028")
		default:
			l.at++
		}
	}
	return min(l.at+column, len(l.text))
}

// String turns the parser's UTF-16 text into a string.
func String(text []uint16) string { return helpers.UTF16ToString(text) }

// UTF16 turns a string into the parser's UTF-16 text.
func UTF16(text string) []uint16 { return helpers.StringToUTF16(text) }

// IsLetter reports whether the parser takes a character inside of a name.
func IsLetter(r rune) bool { return js_ast.IsIdentifierContinue(r) }
