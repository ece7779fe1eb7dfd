package decode

import (
	"slices"
	"strings"
)

// The methods of arrays.

func (m *machine) arrayMethod(a *array, name string, args []any) any {
	m.step(len(a.items)/8 + 1)
	each := func(yield func(v any, i int) bool) {
		for i := 0; i < len(a.items); i++ {
			m.step(2)
			if !yield(a.items[i], i) {
				return
			}
		}
	}
	do := func(v any, i int) any { return m.apply(arg(args, 0), nil, []any{v, float64(i), a}) }
	switch name {
	case "push":
		m.step(len(args))
		if len(a.items) > 1<<20 {
			impure()
		}
		a.items = append(a.items, args...)
		return float64(len(a.items))
	case "pop":
		if len(a.items) == 0 {
			return nil
		}
		v := a.items[len(a.items)-1]
		a.items = a.items[:len(a.items)-1]
		return v
	case "shift":
		if len(a.items) == 0 {
			return nil
		}
		v := a.items[0]
		a.items = a.items[1:]
		return v
	case "unshift":
		a.items = append(slices.Clone(args), a.items...)
		return float64(len(a.items))
	case "slice":
		from, to := between(m, args, len(a.items))
		return &array{items: slices.Clone(a.items[from:to])}
	case "splice":
		from, _ := between(m, args[:min(1, len(args))], len(a.items))
		n := len(a.items) - from
		if len(args) > 1 {
			n = max(0, min(n, int(toInt32(m, args[1]))))
		}
		removed := slices.Clone(a.items[from : from+n])
		a.items = slices.Concat(a.items[:from], args[min(2, len(args)):], a.items[from+n:])
		return &array{items: removed}
	case "join":
		by := ","
		if v := arg(args, 0); v != nil {
			by = toText(m, v)
		}
		parts := make([]string, len(a.items))
		for i, item := range a.items {
			if _, isNull := item.(null); item != nil && !isNull {
				parts[i] = toText(m, item)
			}
			m.step(1)
		}
		return m.text(strings.Join(parts, by))
	case "reverse":
		slices.Reverse(a.items)
		return a
	case "concat":
		out := slices.Clone(a.items)
		for _, v := range args {
			if list, ok := v.(*array); ok {
				out = append(out, list.items...)
			} else {
				out = append(out, v)
			}
		}
		m.step(len(out))
		return &array{items: out}
	case "map":
		out := &array{}
		each(func(v any, i int) bool { out.items = append(out.items, do(v, i)); return true })
		return out
	case "filter":
		out := &array{}
		each(func(v any, i int) bool {
			if truthy(do(v, i)) {
				out.items = append(out.items, v)
			}
			return true
		})
		return out
	case "forEach":
		each(func(v any, i int) bool { do(v, i); return true })
		return nil
	case "reduce":
		var sum any
		started := len(args) > 1
		if started {
			sum = args[1]
		}
		each(func(v any, i int) bool {
			if !started {
				sum, started = v, true
				return true
			}
			sum = m.apply(arg(args, 0), nil, []any{sum, v, float64(i), a})
			return true
		})
		return sum
	case "indexOf", "includes":
		at := -1
		each(func(v any, i int) bool {
			if strictEqual(v, arg(args, 0)) {
				at = i
				return false
			}
			return true
		})
		if name == "includes" {
			return at >= 0
		}
		return float64(at)
	case "fill":
		for i := range a.items {
			a.items[i] = arg(args, 0)
		}
		return a
	case "toString":
		return toText(m, a)
	case "entries":
		return &object{values: map[string]any{}, class: "Array Iterator"} // for its name
	}
	impure()
	return nil
}
