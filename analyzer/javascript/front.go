package javascript

import (
	"github.com/lockwarden/lockwarden/analyzer/archive"
	"github.com/lockwarden/lockwarden/analyzer/javascript/eval"
	"github.com/lockwarden/lockwarden/analyzer/javascript/facts"
	"github.com/lockwarden/lockwarden/analyzer/javascript/ir"
	"github.com/lockwarden/lockwarden/analyzer/javascript/resolve"
	"github.com/lockwarden/lockwarden/analyzer/npm"
	"github.com/lockwarden/lockwarden/analyzer/shell"
)

// What the rest of the program knows of the rooms behind this door.
type (
	// Options steer Analyze.
	Options = eval.Options
	// Vocabulary tells which APIs matter; Interest is what it wants to know of one. A
	// Vocabulary may be a Starter, a Printer or a Namer too.
	Vocabulary = eval.Vocabulary
	// Interest is what a Vocabulary wants to know of an API.
	Interest = eval.Interest
	// Starter is a Vocabulary that knows which functions start programs.
	Starter = eval.Starter
	// Printer is a Vocabulary that knows what programs print.
	Printer = eval.Printer
	// Namer is a Vocabulary that can list what it knows.
	Namer = eval.Namer
	// Known is what a Namer knows.
	Known = eval.Known
	// Value is what is known of an expression.
	Value = eval.Value
	// Marks are taint labels: the kinds of sources that a value may come from.
	Marks = eval.Marks
	// UseKind is a kind of use of an API.
	UseKind = eval.UseKind
	// Certainty says how sure a fact is.
	Certainty = eval.Certainty
	// Context is a set of situations in which code runs.
	Context = eval.Context
	// StartedRun is what starting a program or a shell text runs.
	StartedRun = eval.StartedRun

	// Facts is what the analysis of a package's scripts found.
	Facts = facts.Facts
	// Use is one use of an API.
	Use = facts.Use
	// Text is one constant text.
	Text = facts.Text
	// FileUse is a file of the package that code names.
	FileUse = facts.FileUse
	// Site is a place in a package's scripts.
	Site = facts.Site
	// Flow is a way that data takes from a source to a sink.
	Flow = facts.Flow
	// Problem is why a file was not fully analyzed.
	Problem = facts.Problem
	// BundledScript is a lifecycle script of a package in the tarball's node_modules.
	BundledScript = facts.BundledScript
	// Blind is a place where the engine stopped following a package.
	Blind = facts.Blind
	// BlindKind says what the engine stopped following.
	BlindKind = eval.BlindKind
)

// The kinds of use.
const (
	UseCall          = eval.UseCall
	UseNew           = eval.UseNew
	UseRead          = eval.UseRead
	UseSet           = eval.UseSet
	UseDelete        = eval.UseDelete
	UseEnumerate     = eval.UseEnumerate
	UseImport        = eval.UseImport
	UseDynamicImport = eval.UseDynamicImport
	UseExtends       = eval.UseExtends
	UseHidden        = eval.UseHidden
	UseProperty      = eval.UseProperty
	UseCompare       = eval.UseCompare
)

// The degrees of certainty.
const (
	Certain = eval.Certain
	Likely  = eval.Likely
	Textual = eval.Textual
)

// The contexts.
const (
	Install     = eval.Install
	Launch      = eval.Launch
	Call        = eval.Call
	Unreachable = eval.Unreachable
)

// The kinds of blind spots.
const (
	BlindArchive = eval.BlindArchive
	BlindFile    = eval.BlindFile
	BlindModule  = eval.BlindModule
	BlindCode    = eval.BlindCode
	BlindProgram = eval.BlindProgram
	BlindNative  = eval.BlindNative
	BlindBudget  = eval.BlindBudget
)

// PackageRoot is the folder that a package is thought to be in while its
// paths are folded; a path in it names the package's own file. To shells and in
// URLs it means itself.
const PackageRoot = ir.PackageRoot

// MaxJSON is the largest JSON file whose values are known to the scripts that
// load it, in bytes: settings and lists, not data.
const MaxJSON = eval.MaxJSON

// IsScript tells by its name whether a file is code that a runtime or bundler
// loads. Declarations of types are not.
func IsScript(name string) bool { return ir.IsScript(name) }

// BeginsScript reports whether a text may be a script, whatever it is called.
func BeginsScript(data []byte) bool { return ir.BeginsScript(data) }

// WideGap finds the first gap at or after an offset that is so wide that code may hide
// behind it; false where there is none.
func WideGap[T string | []byte](text T, from int) (start, end int, found bool) {
	return ir.WideGap(text, from)
}

// IsBuiltin reports whether a name is that of one of Node's own modules, such as
// "net", without "node:".
func IsBuiltin(name string) bool { return resolve.IsBuiltin(name) }

// ShellPackage is a package as the commands see it that run in its folder.
func ShellPackage(pkg *archive.Package, manifest *npm.Manifest) *shell.Package {
	return resolve.ShellPackage(pkg, manifest)
}

// Steps joins a chain for readers.
func Steps(chain []string) string { return facts.Steps(chain) }
