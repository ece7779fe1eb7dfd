package javascript

import "github.com/lockwarden/lockwarden/analyzer/javascript/ir"

// maxFound bounds the values that are kept for questions, in values.
const maxFound = 1 << 19

// foundValues are the values of functions that questions were asked about:
// there are too many to keep all, and few are asked about.
type foundValues struct {
	of    map[*function][]*Value
	count int
	// again is set once values were let go of, which may be found a second
	// time.
	again bool
}

// value is that of one of a function's nodes, when all is settled.
func (p *program) value(f *function, id int32) *Value {
	if id < 0 {
		return nil
	}
	return p.valuesOf(f)[ir.NodeID(id)-f.Start]
}

// valuesOf are the values of a function's nodes, when all is settled. They are
// found by evaluating it once more, which changes nothing.
func (p *program) valuesOf(f *function) []*Value {
	if p.found == nil {
		p.found = &foundValues{of: map[*function][]*Value{}}
	}
	if values, ok := p.found.of[f]; ok {
		return values
	}
	if p.found.count += int(f.End - f.Start); p.found.count > maxFound {
		clear(p.found.of)
		clear(p.joins)
		p.found.count, p.found.again = int(f.End-f.Start), true
	}
	settled := p.settled
	p.settled = true
	e := &evaluation{p: p, m: f.module, f: f}
	e.pass()
	values := append([]*Value(nil), e.values...)
	e.release()
	p.settled = settled
	p.found.of[f] = values
	return values
}
