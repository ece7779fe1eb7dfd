// Package document reads the files that package managers keep: JSON and YAML
// whose every value knows its line. The readers are strict where two programs
// could understand a file in two ways (a key that appears twice, anchors,
// tags), bounded in size and depth, and stop at the first fault with an *Error
// that names file and line.
//
// JSON is walked once by a Reader, which allocates nothing for what its caller
// skips; YAML is read into Mappings. Both panic with an *Error, so that the
// code that walks a document reads like its grammar; Catch turns the panic
// into an error at the entrance.
package document
