package ir

import "testing"

func TestBeginsScript(t *testing.T) {
	for text, want := range map[string]bool{
		"require('fs')":                         true,
		"const x = f()":                         true,
		"\ufeff/* x */ // y\n'use strict'; f()": true,
		"#!/usr/bin/env node\nf()":              true,
		"<!-- x\nf()":                           true,
		"f(1)":                                  true,
		"x = `${y}`":                            true,
		"a: b: f()":                             true,
		"{ f() }":                               true,
		`{"use strict"; f()}`:                   true,
		"[f()]":                                 true,
		"import 'x'":                            true,
		"\\u0066()":                             true,
		"\x00/**/f()":                           false, // Node does not parse it either
		"/* \x00 */ f()":                        true,
		"/* without an end, so far":             true,
		"/* only a comment (c) */":              false,
		"// only a comment (c)":                 false,
		"":                                      false,
		"1,2,3\n4,5,6\n":                        false, // calls nothing
		"MIT License (c) 2020":                  false,
		"# Title\n\n    f()\n":                  false,
		"<p>f()</p>":                            false,
		`{"a": "f()"}`:                          false,
		"{\n  // c\n  \"a\" : \"f()\"}":         false,
		"@media x { a: url(b) }":                false,
		"%PDF-1.4 (x)":                          false,
		"#include <x.h>\nint f();":              false,
		"static int f() {}":                     true, // static may be a name
		"unsigned int f() {}":                   false,
		"echo \"$(f)\"":                         false,
		"set -e\nf()":                           true, // a subtraction, so far
	} {
		if got := BeginsScript([]byte(text)); got != want {
			t.Errorf("%q: %v", text, got)
		}
	}
}
