package main

import (
	"encoding/base64"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
)

// A fixture is a script in which @M{name} stands for a module, .@name for a
// member, and @S{text} for a text. A disguise writes them in its own way.
type disguise struct {
	name                 string
	module, member, text func(string) string
	// before stands on top of the script.
	before string
	// split puts the modules into a file of their own.
	split bool
}

func quote(s string) string { return "'" + strings.NewReplacer(`\`, `\\`, `'`, `\'`).Replace(s) + "'" }

func halves(s string) string {
	if len(s) < 2 {
		return quote(s)
	}
	return quote(s[:len(s)/2]) + " + " + quote(s[len(s)/2:])
}

func encoded(s string) string {
	return "Buffer.from('" + base64.StdEncoding.EncodeToString([]byte(s)) + "', 'base64').toString()"
}

func codes(s string) string {
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		if i > 0 {
			b.WriteString(", ")
		}
		fmt.Fprint(&b, s[i])
	}
	return "String.fromCharCode(" + b.String() + ")"
}

func dotted(s string) string { return "." + s }

var disguises = []disguise{
	{name: "plain", module: func(s string) string { return "require(" + quote(s) + ")" }, member: dotted, text: quote},
	{name: "alias", before: "const load = require; const key = k => k;\n", module: func(s string) string { return "load(" + quote(s) + ")" },
		member: func(s string) string { return "[key(" + quote(s) + ")]" }, text: quote},
	{name: "computed member", module: func(s string) string { return "module['require'](" + quote(s) + ")" },
		member: func(s string) string { return "[" + halves(s) + "]" }, text: quote},
	{name: "split strings", module: func(s string) string { return "require(" + halves(s) + ")" },
		member: func(s string) string { return "[[" + strings.ReplaceAll(halves(s), " + ", ", ") + "].join('')]" }, text: halves},
	{name: "encoded", module: func(s string) string { return "require(" + encoded(s) + ")" },
		member: func(s string) string { return "[" + codes(s) + "]" }, text: encoded},
	{name: "indirect call", before: "function load (name) { return module.require.call(module, name) }\nconst pick = function () { return arguments[0] };\n",
		module: func(s string) string { return "load.apply(null, [" + quote(s) + "])" }, member: func(s string) string { return "[pick.call(null, " + quote(s) + ")]" }, text: quote},
	{name: "cross-file", split: true, module: func(s string) string { return "require('./lib/parts')." + identifier(s) },
		member: func(s string) string { return "[require('./lib/names')." + identifier(s) + "]" }, text: quote},
	{name: "reversed", before: "const turn = s => s.split('').reverse().join('');\n", module: func(s string) string { return "require(turn(" + quote(reversed(s)) + "))" },
		member: func(s string) string { return "[turn(" + quote(reversed(s)) + ")]" }, text: func(s string) string { return "turn(" + quote(reversed(s)) + ")" }},
}

func reversed(s string) string {
	b := []byte(s)
	for i, j := 0, len(b)-1; i < j; i, j = i+1, j-1 {
		b[i], b[j] = b[j], b[i]
	}
	return string(b)
}

func identifier(s string) string {
	return "x" + strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' {
			return r
		}
		return '_'
	}, s)
}

var (
	modules = regexp.MustCompile(`@M\{([^}]+)\}`)
	members = regexp.MustCompile(`\.@([A-Za-z]+)`)
	texts   = regexp.MustCompile(`@S\{([^}]*)\}`)
)

// disguise makes a package of a fixture.
func (d *disguise) disguise(script string) map[string]string {
	parts, names := map[string]string{}, map[string]string{}
	body := modules.ReplaceAllStringFunc(script, func(s string) string {
		name := modules.FindStringSubmatch(s)[1]
		parts[identifier(name)] = "require(" + quote(name) + ")"
		return d.module(name)
	})
	body = members.ReplaceAllStringFunc(body, func(s string) string {
		name := s[2:]
		names[identifier(name)] = quote(name)
		return d.member(name)
	})
	body = texts.ReplaceAllStringFunc(body, func(s string) string { return d.text(texts.FindStringSubmatch(s)[1]) })
	files := map[string]string{
		"package.json": `{"name": "fixture", "version": "1.0.0", "license": "MIT", "main": "setup.js", "scripts": {"postinstall": "node setup.js"}}`,
		"setup.js":     d.before + body,
		"none.py":      "import socket\n", // what foreign-installer starts
	}
	if d.split {
		files["setup.js"] = "require('./lib/main').start()\n"
		files["lib/main.js"] = "exports.start = function () {\n" + strings.ReplaceAll(body, "'./lib/", "'./") + "\n}\n"
		files["lib/parts.js"] = table(parts)
		files["lib/names.js"] = table(names)
	}
	return files
}

func table(entries map[string]string) string {
	var b strings.Builder
	b.WriteString("module.exports = {\n")
	for _, key := range slices.Sorted(maps.Keys(entries)) {
		fmt.Fprintf(&b, "  %s: %s,\n", key, entries[key])
	}
	b.WriteString("}\n")
	return b.String()
}
