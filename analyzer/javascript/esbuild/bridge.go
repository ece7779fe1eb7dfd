// Package lockwarden opens esbuild's own JavaScript parser to
// github.com/lockwarden/lockwarden/analyzer/javascript, its only user.
//
// Go lets a package under github.com/evanw/esbuild/ import esbuild's internal
// packages, so this module's path begins there and the main module's replace
// directive points at this folder. esbuild itself (MIT licence) stays an
// ordinary pinned dependency. Nothing is here but aliases and Parse.
package lockwarden

import (
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
	OpCode          = js_ast.OpCode
	Decl            = js_ast.Decl
	ClauseItem      = js_ast.ClauseItem
	Ref             = ast.Ref
	Symbol          = ast.Symbol
	ImportRecord    = ast.ImportRecord
	Loc             = logger.Loc

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

// Message is the parser's first complaint and the byte offset it stands at.
type Message struct {
	Text   string
	Offset int
}

// defines is what esbuild knows of global names; making it anew for each file
// would cost more than parsing a small one.
var defines = sync.OnceValue(func() *config.ProcessedDefines {
	d := config.ProcessDefines(nil)
	return &d
})

// Parse reads one file. JSX is kept as it is and dead code stays in the tree.
// Where the parser refuses the text, ok is false and the message says why. It
// can overflow the stack on nested input, which no recover stops: call it in a
// process that may die.
func Parse(text string, dialect Dialect) (tree AST, message Message, ok bool) {
	log := logger.NewDeferLog(logger.DeferLogNoVerboseOrDebug, nil)
	options := config.Options{Mode: config.ModePassThrough, OmitRuntimeForTests: true, Defines: defines()}
	options.JSX.Parse = dialect == JSX || dialect == TSX
	options.JSX.Preserve = true
	options.TS.Parse = dialect == TSX || dialect == TypeScript
	source := logger.Source{Contents: text}
	tree, ok = js_parser.Parse(log, source, js_parser.OptionsFromConfig(&options))
	for _, m := range log.Done() {
		if m.Kind == logger.Error {
			message.Text = m.Data.Text
			if at := m.Data.Location; at != nil {
				message.Offset = offset(text, at.Line, at.Column)
			}
			return tree, message, false
		}
	}
	return tree, message, ok
}

// offset turns esbuild's 1-based line and 0-based byte column into an offset.
func offset(text string, line, column int) int {
	at := 0
	for ; line > 1 && at < len(text); at++ {
		if text[at] == '\n' {
			line--
		}
	}
	return min(at+column, len(text))
}

// String turns the parser's UTF-16 text into a string.
func String(text []uint16) string { return helpers.UTF16ToString(text) }

// UTF16 turns a string into the parser's UTF-16 text.
func UTF16(text string) []uint16 { return helpers.StringToUTF16(text) }
