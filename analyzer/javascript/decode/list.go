package decode

import (
	"slices"
	"strings"

	"github.com/lockwarden/lockwarden/analyzer/javascript/builtin"
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
	case "splice":
		out := m.plainly(func(list []any) (any, bool) { return builtin.ListMethod("splice", list[0].([]any), list[1:]) }, append([]any{a}, args...))
		from := len(a.items)
		if len(args) > 0 {
			from = len(m.plainly(func(list []any) (any, bool) {
				return builtin.ListMethod("slice", list[0].([]any), []any{0.0, list[1]})
			}, []any{a, args[0]}).(*array).items)
		}
		n := len(out.(*array).items)
		a.items = slices.Concat(a.items[:from], args[min(2, len(args)):], a.items[from+n:])
		return out
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
	case "flatMap":
		out := &array{}
		each(func(v any, i int) bool {
			given := do(v, i)
			if list, ok := given.(*array); ok {
				out.items = append(out.items, list.items...)
			} else {
				out.items = append(out.items, given)
			}
			return true
		})
		return out
	case "find", "findIndex", "findLast", "some", "every":
		return m.finds(a, name, args)
	case "reduceRight":
		return m.arrayMethod(&array{items: reversed(a.items)}, "reduce", rightwards(args))
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
	case "indexOf":
		if len(args) > 1 {
			impure()
		}
		at := -1
		each(func(v any, i int) bool {
			if strictEqual(v, arg(args, 0)) {
				at = i
			}
			return at < 0
		})
		return float64(at)
	case "fill":
		if len(args) > 1 {
			impure()
		}
		for i := range a.items {
			a.items[i] = arg(args, 0)
		}
		return a
	case "sort":
		sorted := m.arrayMethod(a, "toSorted", args).(*array)
		a.items = sorted.items
		return a
	case "toString":
		return toText(m, a)
	case "entries":
		return &object{values: map[string]any{}, class: "Array Iterator"} // for its name
	}
	// The others call nothing and change nothing.
	return m.plainly(func(list []any) (any, bool) { return builtin.ListMethod(name, list[0].([]any), list[1:]) }, append([]any{a}, args...))
}

// finds are the methods that look for what a function says yes to.
func (m *machine) finds(a *array, name string, args []any) any {
	for n := range len(a.items) {
		i := n
		if name == "findLast" {
			i = len(a.items) - 1 - n
		}
		m.step(2)
		yes := truthy(m.apply(arg(args, 0), nil, []any{a.items[i], float64(i), a}))
		switch {
		case name == "every" && !yes:
			return false
		case name == "every" || !yes:
		case name == "some":
			return true
		case name == "findIndex":
			return float64(i)
		default:
			return a.items[i]
		}
	}
	switch name {
	case "every":
		return true
	case "some":
		return false
	case "findIndex":
		return float64(-1)
	}
	return nil
}

func reversed(items []any) []any {
	out := slices.Clone(items)
	slices.Reverse(out)
	return out
}

// rightwards are the arguments of a reduce from the right, whose function may not
// look at the index.
func rightwards(args []any) []any {
	f, ok := arg(args, 0).(*closure)
	if !ok || len(f.args) > 2 {
		impure() // it looks at the index
	}
	return args
}
