package decode

import esbuild "github.com/evanw/esbuild/lockwarden"

// Tables of texts that a script puts in order before it reads them: their statements
// run once, where they stand, so that what is read later is what Node reads. A table
// that is changed where it cannot be followed is not known.

// tables runs the statements that change lists: at the top level, and in functions
// that are called where they stand.
func (d *decoder) tables() {
	if len(d.machine.mutated) == 0 && len(d.machine.assigned) == 0 {
		return
	}
	once := map[*esbuild.Stmt]bool{}
	left := maxTableSteps
	for i := range d.tree.Parts {
		d.inPlace(d.tree.Parts[i].Stmts, once, &left, 0)
	}
	d.elsewhere(once)
}

// maxWrapped is how deep functions that are called in place are in each other.
const maxWrapped = 8

// inPlace runs statements of a list that is run once.
func (d *decoder) inPlace(list []esbuild.Stmt, once map[*esbuild.Stmt]bool, left *int, depth int) {
	if len(list) > 0 {
		once[&list[0]] = true
	}
	for i := range list {
		stmt := &list[i]
		switch x := stmt.Data.(type) {
		case *esbuild.SExpr:
			if body, bare := calledInPlace(x.Value); body != nil {
				switch {
				case bare && depth < maxWrapped:
					d.inPlace(body, once, left, depth+1)
					continue
				case d.turned[callOf(x.Value)]:
					continue // it has run
				}
			}
		case *esbuild.SFor, *esbuild.SForOf, *esbuild.SForIn, *esbuild.SWhile, *esbuild.SDoWhile, *esbuild.SLocal,
			*esbuild.SIf, *esbuild.SBlock, *esbuild.STry, *esbuild.SSwitch, *esbuild.SLabel, *esbuild.SWith:
		default:
			continue
		}
		if refs := d.changes(stmt); len(refs) > 0 {
			d.order(stmt, refs, left)
		}
	}
}

// order runs a statement that changes lists.
func (d *decoder) order(stmt *esbuild.Stmt, refs map[esbuild.Ref]bool, left *int) {
	m := d.machine
	before := m.share
	s := &scope{values: map[esbuild.Ref]any{}}
	_, ok := d.try(stmt.Loc.Start, *left, func() any {
		m.stmt(*stmt, s)
		return nil
	})
	*left -= before - m.share
	if !ok {
		d.doubt(refs)
		return
	}
	for ref, v := range s.values {
		m.globals[ref] = v
	}
}

// doubt makes lists unknown.
func (d *decoder) doubt(refs map[esbuild.Ref]bool) {
	for ref := range refs {
		d.machine.unsure[ref] = true
		delete(d.machine.globals, ref)
	}
}

// callOf is the call that a statement is: with !, void or + before it, too.
func callOf(e esbuild.Expr) *esbuild.ECall {
	for {
		switch x := e.Data.(type) {
		case *esbuild.EUnary:
			e = x.Value
		case *esbuild.ECall:
			return x
		default:
			return nil
		}
	}
}

// calledInPlace is the body of a function that is called where it stands; bare is set
// where it is given nothing.
func calledInPlace(e esbuild.Expr) (body []esbuild.Stmt, bare bool) {
	call := callOf(e)
	if call == nil {
		return nil, false
	}
	target := call.Target
	if dot, ok := target.Data.(*esbuild.EDot); ok && dot.Name == "call" {
		target = dot.Target
	}
	switch f := target.Data.(type) {
	case *esbuild.EFunction:
		return f.Fn.Body.Block.Stmts, len(f.Fn.Args) == 0
	case *esbuild.EArrow:
		return f.Body.Block.Stmts, len(f.Args) == 0
	}
	return nil, false
}

// changes are the lists that a statement itself changes.
func (d *decoder) changes(stmt *esbuild.Stmt) map[esbuild.Ref]bool {
	var out map[esbuild.Ref]bool
	note := func(e esbuild.Expr) {
		if id, ok := e.Data.(*esbuild.EIdentifier); ok && d.isTable(id.Ref) {
			if out == nil {
				out = map[esbuild.Ref]bool{}
			}
			out[id.Ref] = true
		}
	}
	_, isLocal := stmt.Data.(*esbuild.SLocal)
	w := &walker{expr: func(e *esbuild.Expr) bool {
		switch x := e.Data.(type) {
		case *esbuild.EFunction, *esbuild.EArrow, *esbuild.EClass:
			return !isLocal
		case *esbuild.ECall:
			if dot, ok := x.Target.Data.(*esbuild.EDot); ok && mutators[dot.Name] {
				note(dot.Target)
			}
			if index, ok := x.Target.Data.(*esbuild.EIndex); ok {
				note(index.Target)
			}
			for _, a := range x.Args {
				if isFunction(x.Target) {
					note(a)
				}
			}
		case *esbuild.EBinary:
			if x.Op < esbuild.BinOpAssign {
				break
			}
			switch left := x.Left.Data.(type) {
			case *esbuild.EDot:
				note(left.Target)
			case *esbuild.EIndex:
				note(left.Target)
			default:
				note(x.Left)
			}
		}
		return true
	}}
	w.stmt(stmt)
	return out
}

// isTable reports whether a name begins as a list that can be known.
func (d *decoder) isTable(ref esbuild.Ref) bool {
	e, ok := d.machine.initial[ref]
	if !ok {
		return false
	}
	switch x := e.Data.(type) {
	case *esbuild.EArray:
		return len(x.Items) > 0
	case *esbuild.ECall:
		dot, ok := x.Target.Data.(*esbuild.EDot)
		return ok && (constant(dot.Target, 0) || dot.Name == "parse")
	}
	return false
}

// elsewhere doubts lists of functions that may be called often, or never, and change
// what they declare: run as a whole they are right, looked into they are not.
func (d *decoder) elsewhere(once map[*esbuild.Stmt]bool) {
	inside := func(body []esbuild.Stmt) {
		if len(body) == 0 || once[&body[0]] {
			return
		}
		declared := map[esbuild.Ref]bool{}
		w := &walker{
			declaration: func(decl *esbuild.Decl) {
				if id, ok := decl.Binding.Data.(*esbuild.BIdentifier); ok && d.isTable(id.Ref) {
					declared[id.Ref] = true
				}
			},
			expr: func(e *esbuild.Expr) bool { return !isFunction(*e) },
		}
		w.stmts(body)
		if len(declared) == 0 {
			return
		}
		for i := range body {
			for ref := range d.changes(&body[i]) {
				if declared[ref] {
					d.machine.unsure[ref] = true
				}
			}
		}
	}
	w := &walker{
		function: func(f *esbuild.Fn) { inside(f.Body.Block.Stmts) },
		expr: func(e *esbuild.Expr) bool {
			if arrow, ok := e.Data.(*esbuild.EArrow); ok {
				inside(arrow.Body.Block.Stmts)
			}
			return true
		},
	}
	for i := range d.tree.Parts {
		w.stmts(d.tree.Parts[i].Stmts)
	}
}
