// Package facts makes of a solved package what is to be known of it: which APIs it
// uses, when that code runs, on which way execution comes there, and where the data
// comes from.
//
// Gather (gather.go) takes what evaluations recorded (gathering.go) and makes Facts of it
// (facts.go). Contexts are found by a walk over the call graph (reach.go) from what
// installing runs (lifecycle.go) and the entry points; command lines add edges to the
// graph (started.go). Data is followed back from sinks to sources, a backward slice for
// each use that a vocabulary asks for (flow.go, over the indexes of flow_index.go and
// flow_stores.go). What was not followed is a Blind (blind.go), with its contexts when
// these are known (closing.go).
package facts
