package eval

import "github.com/lockwarden/lockwarden/analyzer/javascript/ir"

// maxFound bounds the values that are kept for questions, in values.
const maxFound = 1 << 19

// foundValues are the values of functions that questions were asked about:
// there are too many to keep all, and few are asked about.
type foundValues struct {
	of    map[*Function][]*Value
	count int
	// again is set once values were let go of, which may be found a second
	// time.
	again bool
}

// Value is that of one of a function's nodes.
func (s *Solved) Value(f *Function, id int32) *Value {
	if id < 0 {
		return nil
	}
	return s.p.valuesOf(f)[ir.NodeID(id)-f.Start]
}

// FoundAgain reports whether the values of a function have to be found a second time.
func (s *Solved) FoundAgain(f *Function) bool {
	found := s.p.found
	return found != nil && found.again && found.of[f] == nil
}

// valuesOf are the values of a function's nodes, when all is settled. They are
// found by evaluating it once more, which changes nothing.
func (p *program) valuesOf(f *Function) []*Value {
	if p.found == nil {
		p.found = &foundValues{of: map[*Function][]*Value{}}
	}
	if values, ok := p.found.of[f]; ok {
		return values
	}
	if p.found.count += int(f.End - f.Start); p.found.count > maxFound {
		clear(p.found.of)
		p.joins.clear()
		p.found.count, p.found.again = int(f.End-f.Start), true
	}
	defer p.during(asking)()
	e := &evaluation{p: p, m: f.Module, f: f}
	e.pass()
	values := append([]*Value(nil), e.values...)
	e.release()
	p.found.of[f] = values
	return values
}
