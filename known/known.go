// Package known has values that may not be known, with the reason, and names
// what a review may not know. A reason that is dropped is how a registry that
// does not answer becomes a green check. It imports nothing of ours.
package known

import "encoding/json"

// Of is a value, or the reason why it is not known. The zero Of was not asked
// for, and has no reason.
type Of[T any] struct {
	value T
	is    bool
	why   string
}

// Is makes a value that is known.
func Is[T any](value T) Of[T] { return Of[T]{value: value, is: true} }

// Not makes a value that was asked for and is not known; why is a short,
// technical reason.
func Not[T any](why string) Of[T] {
	if why == "" {
		why = "no reason was given" // an empty one would be taken for not asked
	}
	return Of[T]{why: why}
}

// Get returns the value, and reports whether it is known.
func (o Of[T]) Get() (T, bool) { return o.value, o.is }

// Known reports whether the value is known.
func (o Of[T]) Known() bool { return o.is }

// OrZero returns the value, or T's zero where it is not known: for those who
// stay silent about what they do not know. Somebody else has to say Why.
func (o Of[T]) OrZero() T { return o.value }

// Why is the reason why the value is not known; empty where it is known, or was
// not asked for.
func (o Of[T]) Why() string { return o.why }

// Gap is what there is to say of a value that is not known. unasked is why
// nobody was asked; where it is empty, that is not worth saying.
func (o Of[T]) Gap(what, unasked string) (gap Gap, ok bool) {
	switch {
	case o.is:
		return Gap{}, false
	case o.why == "":
		return Gap{what, unasked, false}, unasked != ""
	}
	return Gap{what, o.why, true}, true
}

// MarshalJSON writes the value, or null.
func (o Of[T]) MarshalJSON() ([]byte, error) {
	if !o.is {
		return []byte("null"), nil
	}
	return json.Marshal(o.value)
}

// UnmarshalJSON reads a value that is known; null is one that was not asked for.
func (o *Of[T]) UnmarshalJSON(data []byte) error {
	*o = Of[T]{}
	if string(data) == "null" {
		return nil
	}
	o.is = true
	return json.Unmarshal(data, &o.value)
}

// What may not be known of a package or a review. The names are those of the
// policy's "unknown" and of the machine interface.
const (
	// Metadata is the registry's document: hash, publisher, dates, deprecation,
	// and whether the version is published at all.
	Metadata = "metadata"
	// Publishing is the part of it that only the registry's full documents have.
	Publishing = "publishing"
	// Advisories are known vulnerabilities and malware.
	Advisories = "advisories"
	// Before is the version before an update.
	Before = "before"
	// Downloads is how much used a package is.
	Downloads = "downloads"
)

// Kinds are all of them, in the order in which readers see them.
var Kinds = []string{Metadata, Publishing, Advisories, Before, Downloads}

// Gap is something that is not known, with the reason.
type Gap struct {
	What   string `json:"what"`
	Reason string `json:"reason"`
	// Asked is set where somebody was asked and did not answer, or not in a way
	// that can be understood. Otherwise nobody was to be asked.
	Asked bool `json:"asked"`
}
