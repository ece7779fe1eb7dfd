package builtin

import (
	"math"
	"slices"
	"sort"
)

// listMethod is a method of a list that calls nothing and changes nothing.
type listMethod func(list []any, args []any) (any, bool)

var listMethods map[string]listMethod

func init() {
	listMethods = map[string]listMethod{
		"at": func(list []any, args []any) (any, bool) {
			i, within, ok := place(list, Arg(args, 0))
			if !within {
				return nil, ok
			}
			return filled(list[i]), true
		},
		"slice": func(list []any, args []any) (any, bool) {
			from, to, ok := Span(len(list), Arg(args, 0), Arg(args, 1))
			return slices.Clone(list[from:max(from, to)]), ok
		},
		"toSpliced": func(list []any, args []any) (any, bool) {
			from, count, ok := splicing(list, args)
			return unheld(slices.Concat(list[:from], args[min(2, len(args)):], list[from+count:])), ok
		},
		"concat": concatLists,
		"flat": func(list []any, args []any) (any, bool) {
			depth, ok := integer(Arg(args, 0), 1)
			if !ok {
				return nil, false
			}
			size := 0
			return flat(list, depth, 0, &size)
		},
		"join": func(list []any, args []any) (any, bool) {
			by, ok := ",", true
			if v := Arg(args, 0); v != nil {
				by, ok = Text(v)
			}
			if !ok {
				return nil, false
			}
			return known(joined(list, by))
		},
		"toString":       func(list []any, _ []any) (any, bool) { return known(joined(list, ",")) },
		"toLocaleString": func(list []any, _ []any) (any, bool) { return onlyTexts(list) },
		"toReversed": func(list []any, _ []any) (any, bool) {
			out := unheld(slices.Clone(list))
			slices.Reverse(out)
			return out, true
		},
		"toSorted": func(list []any, args []any) (any, bool) {
			out, ok := sorted(unheld(slices.Clone(list)), args)
			return out, ok
		},
		"with": func(list []any, args []any) (any, bool) {
			i, within, ok := place(list, Arg(args, 0))
			if !ok || !within {
				return nil, false // it throws
			}
			out := unheld(slices.Clone(list))
			out[i] = Arg(args, 1)
			return out, true
		},
		"includes": func(list []any, args []any) (any, bool) {
			i, ok := search(list, args, false, SameValueZero)
			return i >= 0, ok
		},
		"indexOf": func(list []any, args []any) (any, bool) {
			i, ok := search(list, args, true, StrictEqual)
			return float64(i), ok
		},
		"lastIndexOf": lastIndex,
		"keys": func(list []any, _ []any) (any, bool) {
			out := make([]any, len(list))
			for i := range list {
				out[i] = float64(i)
			}
			return out, true
		},
		"values": func(list []any, _ []any) (any, bool) { return unheld(slices.Clone(list)), true },
		"entries": func(list []any, _ []any) (any, bool) {
			out := make([]any, len(list))
			for i, item := range list {
				out[i] = []any{float64(i), filled(item)}
			}
			return out, true
		},
	}
}

// ListMethod is what a method of a list gives that calls nothing; of one that
// changes the list (reverse, sort, fill) it is the list that it becomes, of splice
// what it takes out.
func ListMethod(name string, list []any, args []any) (any, bool) {
	if len(list) > MaxItems {
		return nil, false
	}
	if method := listMethods[name]; method != nil {
		return method(list, args)
	}
	switch name {
	case "reverse", "sort", "fill", "copyWithin":
		_, after, ok := ListChange(name, slices.Clone(list), args)
		return after, ok
	case "splice":
		out, _, ok := ListChange(name, slices.Clone(list), args)
		return out, ok
	}
	return nil, false
}

// changing are the methods that change the list they are called on.
var changing = map[string]bool{"push": true, "pop": true, "shift": true, "unshift": true, "splice": true,
	"reverse": true, "sort": true, "fill": true, "copyWithin": true}

// IsListMethod reports whether arrays have a method.
func IsListMethod(name string) bool {
	return listMethods[name] != nil || callMethods[name] != nil || changing[name]
}

// Changes reports whether a method changes the list that it is called on.
func Changes(name string) bool { return changing[name] }

// ListChange is what a method gives that changes a list, and the list after it, which
// may be in the place of the one before. What gives the list itself gives nil.
func ListChange(name string, list []any, args []any) (gives any, after []any, ok bool) {
	n := len(list)
	switch name {
	case "push":
		list = append(list, args...)
		return float64(len(list)), list, len(list) <= MaxItems
	case "unshift":
		list = append(slices.Clone(args), list...)
		return float64(len(list)), list, len(list) <= MaxItems
	case "pop":
		if n == 0 {
			return nil, list, true
		}
		return filled(list[n-1]), list[:n-1], true
	case "shift":
		if n == 0 {
			return nil, list, true
		}
		return filled(list[0]), list[1:], true
	case "splice":
		from, count, ok := splicing(list, args)
		if !ok || n-count+len(args) > MaxItems {
			return nil, nil, false
		}
		out := slices.Clone(list[from : from+count])
		return out, slices.Concat(list[:from], args[min(2, len(args)):], list[from+count:]), true
	case "reverse":
		slices.Reverse(list)
		return nil, list, true
	case "sort":
		after, ok = sorted(list, args)
		return nil, after, ok
	case "fill":
		from, to, ok := Span(n, Arg(args, 1), Arg(args, 2))
		for i := from; ok && i < to; i++ {
			list[i] = Arg(args, 0)
		}
		return nil, list, ok
	case "copyWithin":
		f, ok1 := integer(Arg(args, 0), 0)
		from, to, ok2 := Span(n, Arg(args, 1), Arg(args, 2))
		if !ok1 || !ok2 {
			return nil, nil, false
		}
		if from < to {
			copy(list[clamp(f, n, true):], slices.Clone(list[from:to]))
		}
		return nil, list, true
	}
	return nil, nil, false
}

// filled is an element as it is read: one that is not there is undefined.
func filled(v any) any {
	if _, hole := v.(Hole); hole {
		return nil
	}
	return v
}

// unheld makes elements that are not there undefined.
func unheld(list []any) []any {
	for i := range list {
		list[i] = filled(list[i])
	}
	return list
}

// place is the index that a value says, from the end where it is negative.
func place(list []any, v any) (i int, within, ok bool) {
	f, ok := integer(v, 0)
	if f < 0 {
		f += float64(len(list))
	}
	if !ok || f < 0 || f >= float64(len(list)) {
		return 0, false, ok
	}
	return int(f), true, true
}

// Span are the two indexes that slice and fill are given, in a list of n.
func Span(n int, a, b any) (from, to int, ok bool) {
	f, ok1 := integer(a, 0)
	t, ok2 := integer(b, float64(n))
	return clamp(f, n, true), clamp(t, n, true), ok1 && ok2
}

// splicing is where splice begins and how many it takes out.
func splicing(list []any, args []any) (from, count int, ok bool) {
	n := len(list)
	f, ok := integer(Arg(args, 0), 0)
	from = clamp(f, n, true)
	switch {
	case len(args) == 1:
		count = n - from
	case len(args) > 1:
		t, ok2 := integer(args[1], 0)
		count, ok = min(clamp(t, n, false), n-from), ok && ok2
	}
	return from, count, ok
}

// known is a text as a value.
func known(s string, ok bool) (any, bool) {
	if !ok {
		return nil, false
	}
	return s, true
}

func concatLists(list []any, args []any) (any, bool) {
	out := slices.Clone(list)
	for _, a := range args {
		if x, ok := a.([]any); ok {
			out = append(out, x...)
		} else {
			out = append(out, a)
		}
	}
	return out, len(out) <= MaxItems
}

// onlyTexts is what toLocaleString gives of texts, which no locale changes.
func onlyTexts(list []any) (any, bool) {
	for _, item := range list {
		switch item.(type) {
		case nil, Null, string, bool:
		default:
			return nil, false
		}
	}
	return known(joined(list, ","))
}

func flat(list []any, depth float64, at int, size *int) (any, bool) {
	if at > maxDepth {
		return nil, false
	}
	out := []any{}
	for _, item := range list {
		if *size++; *size > MaxItems {
			return nil, false
		}
		switch inner := item.(type) {
		case Hole:
		case []any:
			if depth < 1 {
				out = append(out, item)
				break
			}
			v, ok := flat(inner, depth-1, at+1, size)
			if !ok {
				return nil, false
			}
			out = append(out, v.([]any)...)
		default:
			out = append(out, item)
		}
	}
	return out, true
}

// sorted sorts a list in its place: what is undefined comes last, holes after that.
func sorted(list []any, args []any) (out []any, ok bool) {
	var items []any
	undefined, holes := 0, 0
	for _, item := range list {
		switch item.(type) {
		case nil:
			undefined++
		case Hole:
			holes++
		default:
			items = append(items, item)
		}
	}
	if compare := Arg(args, 0); compare != nil {
		f, isFunc := compare.(Func)
		if !isFunc || !sortBy(items, f) {
			return nil, false
		}
	} else {
		texts := make([]string, len(items))
		for i, item := range items {
			if texts[i], ok = Text(item); !ok {
				return nil, false
			}
		}
		sort.Stable(byText{texts, items})
	}
	n := copy(list, items)
	for i := range list[n:] {
		list[n+i] = nil
		if i >= undefined {
			list[n+i] = Hole{}
		}
	}
	return list, true
}

type byText struct {
	texts []string
	items []any
}

func (s byText) Len() int           { return len(s.texts) }
func (s byText) Less(i, j int) bool { return Before(s.texts[i], s.texts[j]) }
func (s byText) Swap(i, j int) {
	s.texts[i], s.texts[j] = s.texts[j], s.texts[i]
	s.items[i], s.items[j] = s.items[j], s.items[i]
}

// sortBy sorts by a function of the script. What the language gives is the same in
// every engine where the function is consistent; where two calls contradict each
// other it is not known.
func sortBy(items []any, f Func) bool {
	ok := true
	compare := func(a, b any) float64 {
		if !ok {
			return 0
		}
		v, isKnown := f(nil, a, b)
		n, isNumber := Number(v)
		ok = isKnown && isNumber
		if math.IsNaN(n) {
			n = 0
		}
		return n
	}
	slices.SortStableFunc(items, func(a, b any) int {
		switch n := compare(a, b); {
		case n < 0:
			return -1
		case n > 0:
			return 1
		}
		return 0
	})
	for i := 1; i < len(items) && ok; i++ {
		if forth, back := compare(items[i-1], items[i]), compare(items[i], items[i-1]); ok && (forth > 0 || forth < 0 != (back > 0)) {
			return false
		}
	}
	return ok
}

func search(list []any, args []any, skip bool, same func(a, b any) (bool, bool)) (int, bool) {
	from, ok := integer(Arg(args, 1), 0)
	if !ok {
		return -1, false
	}
	for i := clamp(from, len(list), true); i < len(list); i++ {
		if _, hole := list[i].(Hole); hole && skip {
			continue
		}
		equal, ok := same(list[i], Arg(args, 0))
		if !ok || equal {
			return i, ok
		}
	}
	return -1, true
}

func lastIndex(list []any, args []any) (any, bool) {
	n := len(list)
	from, ok := float64(n-1), true
	if len(args) > 1 {
		from, ok = integer(args[1], 0)
	}
	if from < 0 {
		from += float64(n)
	}
	for i := int(clampFloat(from, -1, float64(n-1))); ok && i >= 0; i-- {
		if _, hole := list[i].(Hole); hole {
			continue
		}
		equal, ok := StrictEqual(list[i], Arg(args, 0))
		if !ok || equal {
			return float64(i), ok
		}
	}
	return -1.0, ok
}
