package decode

import esbuild "github.com/evanw/esbuild/lockwarden"

// walker goes through a syntax tree, from the outside in.
type walker struct {
	// expr is called for each expression; where it returns false, what is
	// inside is left out.
	expr func(*esbuild.Expr) bool
	// function and declaration are called for what names are bound to; both
	// may be nil.
	function    func(*esbuild.Fn)
	declaration func(*esbuild.Decl)
	// classes is called for each class; it may be nil.
	classes func(*esbuild.Class)
}

func (w *walker) stmts(list []esbuild.Stmt) {
	for i := range list {
		w.stmt(&list[i])
	}
}

func (w *walker) exprs(list []esbuild.Expr) {
	for i := range list {
		w.visit(&list[i])
	}
}

func (w *walker) stmt(s *esbuild.Stmt) {
	switch x := s.Data.(type) {
	case *esbuild.SExpr:
		w.visit(&x.Value)
	case *esbuild.SLocal:
		for i := range x.Decls {
			d := &x.Decls[i]
			if w.declaration != nil {
				w.declaration(d)
			}
			w.binding(d.Binding)
			w.visit(&d.ValueOrNil)
		}
	case *esbuild.SFunction:
		w.fn(&x.Fn)
	case *esbuild.SClass:
		w.class(&x.Class)
	case *esbuild.SReturn:
		w.visit(&x.ValueOrNil)
	case *esbuild.SThrow:
		w.visit(&x.Value)
	case *esbuild.SIf:
		w.visit(&x.Test)
		w.stmt(&x.Yes)
		w.stmt(&x.NoOrNil)
	case *esbuild.SBlock:
		w.stmts(x.Stmts)
	case *esbuild.SFor:
		w.stmt(&x.InitOrNil)
		w.visit(&x.TestOrNil)
		w.visit(&x.UpdateOrNil)
		w.stmt(&x.Body)
	case *esbuild.SForIn:
		w.stmt(&x.Init)
		w.visit(&x.Value)
		w.stmt(&x.Body)
	case *esbuild.SForOf:
		w.stmt(&x.Init)
		w.visit(&x.Value)
		w.stmt(&x.Body)
	case *esbuild.SWhile:
		w.visit(&x.Test)
		w.stmt(&x.Body)
	case *esbuild.SDoWhile:
		w.stmt(&x.Body)
		w.visit(&x.Test)
	case *esbuild.SWith:
		w.visit(&x.Value)
		w.stmt(&x.Body)
	case *esbuild.SLabel:
		w.stmt(&x.Stmt)
	case *esbuild.STry:
		w.stmts(x.Block.Stmts)
		if x.Catch != nil {
			w.stmts(x.Catch.Block.Stmts)
		}
		if x.Finally != nil {
			w.stmts(x.Finally.Block.Stmts)
		}
	case *esbuild.SSwitch:
		w.visit(&x.Test)
		for i := range x.Cases {
			w.visit(&x.Cases[i].ValueOrNil)
			w.stmts(x.Cases[i].Body)
		}
	case *esbuild.SExportDefault:
		w.stmt(&x.Value)
	case *esbuild.SExportEquals:
		w.visit(&x.Value)
	case *esbuild.SNamespace:
		w.stmts(x.Stmts)
	case *esbuild.SEnum:
		for i := range x.Values {
			w.visit(&x.Values[i].ValueOrNil)
		}
	}
}

func (w *walker) fn(f *esbuild.Fn) {
	if w.function != nil {
		w.function(f)
	}
	w.args(f.Args)
	w.stmts(f.Body.Block.Stmts)
}

func (w *walker) args(args []esbuild.Arg) {
	for i := range args {
		w.binding(args[i].Binding)
		w.visit(&args[i].DefaultOrNil)
	}
}

// binding visits the defaults in a pattern.
func (w *walker) binding(b esbuild.Binding) {
	switch x := b.Data.(type) {
	case *esbuild.BArray:
		for i := range x.Items {
			w.binding(x.Items[i].Binding)
			w.visit(&x.Items[i].DefaultValueOrNil)
		}
	case *esbuild.BObject:
		for i := range x.Properties {
			w.visit(&x.Properties[i].Key)
			w.binding(x.Properties[i].Value)
			w.visit(&x.Properties[i].DefaultValueOrNil)
		}
	}
}

func (w *walker) properties(list []esbuild.Property) {
	for i := range list {
		p := &list[i]
		if p.ClassStaticBlock != nil {
			w.stmts(p.ClassStaticBlock.Block.Stmts)
		}
		w.visit(&p.Key)
		w.visit(&p.ValueOrNil)
		w.visit(&p.InitializerOrNil)
	}
}

func (w *walker) class(c *esbuild.Class) {
	if w.classes != nil {
		w.classes(c)
	}
	w.visit(&c.ExtendsOrNil)
	w.properties(c.Properties)
}

func (w *walker) visit(e *esbuild.Expr) {
	if e.Data == nil || !w.expr(e) {
		return
	}
	switch x := e.Data.(type) {
	case *esbuild.ECall:
		w.visit(&x.Target)
		w.exprs(x.Args)
	case *esbuild.ENew:
		w.visit(&x.Target)
		w.exprs(x.Args)
	case *esbuild.EDot:
		w.visit(&x.Target)
	case *esbuild.EIndex:
		w.visit(&x.Target)
		w.visit(&x.Index)
	case *esbuild.EArray:
		w.exprs(x.Items)
	case *esbuild.EObject:
		w.properties(x.Properties)
	case *esbuild.EUnary:
		w.visit(&x.Value)
	case *esbuild.EBinary:
		// A chain of many operators leans to the left: no recursion there.
		for {
			w.visit(&x.Right)
			left, ok := x.Left.Data.(*esbuild.EBinary)
			if !ok {
				w.visit(&x.Left)
				break
			}
			if !w.expr(&x.Left) {
				break
			}
			x = left
		}
	case *esbuild.EIf:
		w.visit(&x.Test)
		w.visit(&x.Yes)
		w.visit(&x.No)
	case *esbuild.EFunction:
		w.fn(&x.Fn)
	case *esbuild.EArrow:
		w.args(x.Args)
		w.stmts(x.Body.Block.Stmts)
	case *esbuild.EClass:
		w.class(&x.Class)
	case *esbuild.ESpread:
		w.visit(&x.Value)
	case *esbuild.EAwait:
		w.visit(&x.Value)
	case *esbuild.EYield:
		w.visit(&x.ValueOrNil)
	case *esbuild.ETemplate:
		w.visit(&x.TagOrNil)
		for i := range x.Parts {
			w.visit(&x.Parts[i].Value)
		}
	case *esbuild.EImportCall:
		w.visit(&x.Expr)
	case *esbuild.EAnnotation:
		w.visit(&x.Value)
	case *esbuild.EJSXElement:
		w.visit(&x.TagOrNil)
		w.properties(x.Properties)
		w.exprs(x.NullableChildren)
	}
}
