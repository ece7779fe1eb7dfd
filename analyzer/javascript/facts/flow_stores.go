package facts

import (
	"github.com/lockwarden/lockwarden/analyzer/javascript/eval"
	"github.com/lockwarden/lockwarden/analyzer/javascript/ir"
)

// mutators are methods that put their arguments into what they are called on;
// fillers are functions that put further arguments into the first one.
var (
	mutators = map[string]bool{"push": true, "unshift": true, "splice": true, "fill": true, "add": true, "set": true, "append": true}
	fillers  = map[string]bool{
		"assign": true, "defineProperty": true, "defineProperties": true, "extend": true, "merge": true, "defaults": true}
)

// storesIn are the values that a module's code puts into objects, by object.
// They are found by evaluating its functions once more, all at once.
func (t *flows) storesIn(m *eval.Module) map[*eval.Object][]stored {
	index := t.index(m)
	if index.stores != nil {
		return index.stores
	}
	index.stores = map[*eval.Object][]stored{}
	note := func(f *eval.Function, object, value int32) {
		t.value(f, object).Each(func(alt *eval.Value) {
			if o := alt.Object(); o != nil && len(index.stores[o]) < maxFlowSteps {
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
				switch name := m.Text(callee.B); {
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
