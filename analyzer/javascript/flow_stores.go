package javascript

import "github.com/lockwarden/lockwarden/analyzer/javascript/ir"

// stored is a value that code puts into an object.
type stored struct {
	in    *function
	value int32
}

// mutators are methods that put their arguments into what they are called on;
// fillers are functions that put further arguments into the first one.
var (
	mutators = set(`push unshift splice fill add set append`)
	fillers  = set(`assign defineProperty defineProperties extend merge defaults`)
)

// stores follows what a module's code puts into an object after it was made:
// out.key = value, out[key] = value, out.push(value), Object.assign(out, value).
func (w *trail) stores(m *module, f *function, id int32, depth int) {
	before := len(w.out)
	w.t.value(f, id).each(func(alt *Value) {
		o := alt.object()
		if o == nil || len(w.out) > before {
			return
		}
		for _, s := range w.t.storesIn(m)[o] {
			w.visit(m, s.in, s.value, depth)
		}
	})
}

// storesIn are the values that a module's code puts into objects, by object.
// They are found by evaluating its functions once more, all at once.
func (t *flows) storesIn(m *module) map[*object][]stored {
	index := t.index(m)
	if index.stores != nil {
		return index.stores
	}
	index.stores = map[*object][]stored{}
	note := func(f *function, object, value int32) {
		t.value(f, object).each(func(alt *Value) {
			if o := alt.object(); o != nil && len(index.stores[o]) < maxFlowSteps {
				index.stores[o] = append(index.stores[o], stored{f, value})
			}
		})
	}
	for _, f := range index.functions {
		for id := f.Start; id < f.End; id++ {
			switch n := &m.Nodes[id]; n.Kind {
			case ir.NSet:
				list := m.List(n.A)
				note(f, list[0], list[3])
			case ir.NCall:
				callee := &m.Nodes[n.A]
				if callee.Kind != ir.NMember {
					continue
				}
				args := m.List(n.B)
				switch name := t.p.strings.All[callee.B]; {
				case mutators[name]:
					for _, arg := range args {
						note(f, callee.A, arg)
					}
				case fillers[name] && len(args) > 1:
					for _, arg := range args[1:] {
						note(f, args[0], arg)
					}
				}
			}
		}
	}
	return index.stores
}
