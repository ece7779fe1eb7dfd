package decode

import (
	"compress/flate"
	"compress/gzip"
	"compress/zlib"
	"io"
	"path"
	"strings"

	esbuild "github.com/evanw/esbuild/lockwarden"

	"github.com/lockwarden/lockwarden/analyzer/javascript/builtin"
)

// Code that a script puts together over several statements and then runs: the
// statements are followed in their order. What is not pure is passed over, and
// what it may have changed is not known from there on.

// unknown stands in a variable for what is not known.
type unknown struct{}

// inOrder follows the script's own statements, then each function that runs a text.
func (d *decoder) inOrder() {
	m := d.machine
	m.lenient, m.ran = true, d.ran
	defer func() { m.lenient, m.ran = false, nil }()
	top := &scope{values: map[esbuild.Ref]any{}}
	d.budget(maxOrderSteps)
	_, _ = m.try(func() any {
		for i := range d.tree.Parts {
			m.hoist(d.tree.Parts[i].Stmts, top)
		}
		for i := range d.tree.Parts {
			m.block(d.tree.Parts[i].Stmts, top)
		}
		m.work()
		return nil
	})
	end := m.share - maxOrderSteps
	for _, f := range d.runners {
		if m.share <= end {
			break
		}
		d.budget(maxOrderSteps / 4)
		f := *f
		f.scope = top
		_, _ = m.try(func() any {
			s := &scope{values: map[esbuild.Ref]any{}, parent: top}
			for _, a := range f.args {
				m.forget(a.Binding, s)
			}
			m.hoist(f.body, s)
			m.block(f.body, s)
			m.work()
			return nil
		})
	}
}

// ran notes a program that a statement runs.
func (d *decoder) ran(parameters []string, text string, arguments []string, loc int32) {
	if len(text) < 8 || !strings.ContainsAny(text, "(=;.") {
		return
	}
	if len(parameters) > 0 && len(parameters) == len(arguments) {
		text = "(function (" + strings.Join(parameters, ", ") + ") {" + text + "\n})(" + strings.Join(arguments, ", ") + ")"
	}
	d.add(text, loc)
}

// add notes a program, each once.
func (d *decoder) add(text string, loc int32) {
	for i := range d.result.Programs {
		if p := &d.result.Programs[i]; p.Loc == loc && p.Text == text {
			return
		}
	}
	if len(d.result.Programs) >= maxPrograms {
		d.cut(loc, LimitPrograms, maxPrograms)
		return
	}
	d.result.Programs = append(d.result.Programs, Program{text, loc})
}

// leniently runs a statement; where it is not pure, what it may have changed is
// forgotten.
func (m *machine) leniently(stmt *esbuild.Stmt, s *scope) (how jump, v any) {
	depth, nested := m.depth, m.nested
	defer func() {
		r := recover()
		if r == nil {
			return
		}
		if _, isThrown := r.(thrown); r != errImpure && !isThrown {
			panic(r)
		}
		m.depth, m.nested = depth, nested
		how, v = goesOn, nil
		m.inside(stmt, s)
		m.forgetChanged(stmt, s)
	}()
	return m.stmt(*stmt, s)
}

// inside follows the statements in one whose condition is not known: each may
// run.
func (m *machine) inside(stmt *esbuild.Stmt, s *scope) {
	parts := func(list ...esbuild.Stmt) {
		for i := range list {
			if list[i].Data != nil {
				m.leniently(&list[i], s)
			}
		}
	}
	switch x := stmt.Data.(type) {
	case *esbuild.SIf:
		parts(x.Yes, x.NoOrNil)
	case *esbuild.SFor:
		parts(x.InitOrNil, x.Body)
	case *esbuild.SForIn:
		parts(x.Body)
	case *esbuild.SForOf:
		parts(x.Body)
	case *esbuild.SWhile:
		parts(x.Body)
	case *esbuild.SDoWhile:
		parts(x.Body)
	case *esbuild.SLabel:
		parts(x.Stmt)
	case *esbuild.SSwitch:
		for _, c := range x.Cases {
			parts(c.Body...)
		}
	case *esbuild.STry:
		parts(x.Block.Stmts...)
		if x.Catch != nil {
			parts(x.Catch.Block.Stmts...)
		}
	}
}

// forgetChanged makes what a statement assigns, and the lists and objects that it
// names, unknown.
func (m *machine) forgetChanged(stmt *esbuild.Stmt, s *scope) {
	m.step(8)
	var w *walker
	seen := map[*closure]bool{}
	assigned := func(e esbuild.Expr) {
		if id, ok := e.Data.(*esbuild.EIdentifier); ok {
			m.put(id.Ref, unknown{}, s)
		}
	}
	w = &walker{
		declaration: func(decl *esbuild.Decl) { m.forget(decl.Binding, s) },
		expr: func(e *esbuild.Expr) bool {
			m.step(1)
			switch x := e.Data.(type) {
			case *esbuild.EBinary:
				if x.Op >= esbuild.BinOpAssign {
					assigned(x.Left)
				}
			case *esbuild.EUnary:
				if x.Op >= esbuild.UnOpPreDec {
					assigned(x.Value)
				}
			case *esbuild.EIdentifier:
				v, _ := m.peek(x.Ref, s)
				switch f := v.(type) {
				case *array, *object, *view, *mapping:
					m.put(x.Ref, unknown{}, s)
				case *closure:
					if !seen[f] {
						seen[f] = true
						w.stmts(f.body)
					}
				}
			}
			return true
		},
	}
	w.stmt(stmt)
}

// forget makes the names of a binding unknown.
func (m *machine) forget(b esbuild.Binding, s *scope) {
	switch x := b.Data.(type) {
	case *esbuild.BIdentifier:
		s.values[x.Ref] = unknown{}
	case *esbuild.BArray:
		for _, item := range x.Items {
			m.forget(item.Binding, s)
		}
	case *esbuild.BObject:
		for _, p := range x.Properties {
			m.forget(p.Value, s)
		}
	}
}

// peek is what a name holds now, without evaluating anything.
func (m *machine) peek(ref esbuild.Ref, s *scope) (any, bool) {
	for ; s != nil; s = s.parent {
		if v, ok := s.values[ref]; ok {
			return v, true
		}
	}
	v, ok := m.globals[ref]
	if f := m.functions[ref]; !ok && f != nil {
		return f, true
	}
	return v, ok
}

// put gives a name a value, where it is declared.
func (m *machine) put(ref esbuild.Ref, v any, s *scope) {
	for at := s; at != nil; at = at.parent {
		if _, ok := at.values[ref]; ok {
			at.values[ref] = v
			return
		}
	}
	m.globals[ref] = v
}

// runs notes text that is run: by eval, or by a function made from it.
func (m *machine) runs(parameters []string, text string, loc int32) {
	if m.ran == nil {
		return
	}
	var arguments []string
	if loc == m.madeAt {
		arguments = m.madeFor
	}
	m.ran(parameters, text, arguments, loc)
}

// required is what require gives of a file of the package's own: the value of
// JSON. Of Node's modules there are functions that read such files.
func (m *machine) required(name string) any {
	switch name = strings.TrimPrefix(name, "node:"); name {
	case "fs", "path", "zlib", "querystring", "url":
		return native{name: "node:" + name}
	case "buffer":
		o := newObject()
		o.Set("Buffer", native{name: "Buffer"})
		return o
	case "util":
		o := newObject()
		for _, name := range []string{"TextDecoder", "TextEncoder"} {
			o.Set(name, native{name: name})
		}
		o.Set("format", native{name: "node:util.format"})
		return o
	}
	if m.load != nil && path.Ext(name) == ".json" {
		if text, ok := m.load(name); ok {
			return m.parseJSON(strings.TrimPrefix(text, "\ufeff"))
		}
	}
	impure()
	return nil
}

// unpack is what a function of zlib makes of packed bytes.
func (m *machine) unpack(name string, packed string) any {
	var r io.Reader
	var err error
	in := strings.NewReader(packed)
	switch {
	case name == "inflateRawSync":
		r = flate.NewReader(in)
	case name == "inflateSync", name == "unzipSync" && !strings.HasPrefix(packed, "\x1f\x8b"):
		r, err = zlib.NewReader(in)
	default:
		r, err = gzip.NewReader(in)
	}
	if err != nil {
		impure() // it throws
	}
	plain, err := io.ReadAll(io.LimitReader(r, maxText+1))
	if err != nil {
		impure()
	}
	return &view{"Buffer", []byte(m.text(string(plain)))}
}

// nodeCall is a call of a function of fs, path or zlib.
func (m *machine) nodeCall(name string, args []any) any {
	switch name {
	case "fs.readFileSync":
		file, ok := arg(args, 0).(string)
		if !ok || m.load == nil {
			impure()
		}
		text, ok := m.load(file)
		if !ok {
			impure()
		}
		m.step(len(text) / 16)
		if how := arg(args, 1); how != nil {
			if o, isObject := how.(*object); isObject {
				how, _ = o.Get("encoding")
			}
			return m.must(builtin.BufferMethod("toString", builtin.Bytes(text), []any{how}))
		}
		return &view{"Buffer", []byte(text)}
	case "fs.readdirSync":
		folder, ok := arg(args, 0).(string)
		if !ok || m.list == nil || len(args) > 1 {
			impure()
		}
		names, ok := m.list(folder)
		if !ok {
			impure()
		}
		out := &array{}
		for _, name := range names {
			m.step(1)
			out.items = append(out.items, name)
		}
		return out
	case "zlib.gunzipSync", "zlib.inflateSync", "zlib.inflateRawSync", "zlib.unzipSync":
		packed, ok := arg(args, 0).(*view)
		if !ok || len(args) > 1 {
			impure()
		}
		return m.unpack(strings.TrimPrefix(name, "zlib."), string(packed.raw))
	}
	if builtin.Has(name) {
		return m.plainly(func(list []any) (any, bool) { return builtin.Call(name, list) }, args)
	}
	impure()
	return nil
}
