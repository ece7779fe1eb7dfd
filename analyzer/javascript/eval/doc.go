// Package eval finds what the values of a package's scripts may be: an abstract
// interpretation of the nodes of the room ir, over all modules of the package at once.
//
// An abstract Value (value.go) is a set of at most eight alternatives with taint labels,
// Marks. Two values are joined; where a join gets too large it is widened, which gives
// up texts first and never what the vocabulary knows (widen.go). The heap has one object
// for each place in the code that makes one (object.go, properties.go); APIs of Node and
// of the browser are paths (path.go).
//
// A Loading becomes Solved (phases.go). A worklist of functions is evaluated, node by
// node, until nothing changes: the fixpoint (eval.go). Whoever reads a variable, a
// property, a parameter or a result runs again when it grows (readers.go). Calls are
// resolved through values (call.go); the language's own functions are folded over
// constants (fold.go, plain.go, method.go) or pass values on (models.go); a bundle's
// modules are taken apart (bundle.go). Scripts that an evaluation comes to load (load.go),
// to start (start.go, commands.go) or to make and run (decoding.go) are read then.
//
// A last pass over each module leaves Records (record.go): uses, texts, call edges, and
// places where it stopped following (stop.go), and notes what may be asked of the code
// later (answers.go). When that code runs is not known here; the room facts finds out.
// Function.Contexts and Function.Via are there for it to fill in.
package eval
