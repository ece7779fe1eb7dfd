package builtin

import "slices"

// maxDepth bounds how deep lists are in lists.
const maxDepth = 64

// ListMethod is what a method of a list gives that calls nothing and changes
// nothing; of one that changes the list (reverse, sort, fill, splice) it is
// the list that it becomes, or what splice takes out.
func ListMethod(name string, list []any, args []any) (any, bool) {
	n := len(list)
	switch name {
	case "at":
		f, ok := integer(Arg(args, 0), 0)
		if f < 0 {
			f += float64(n)
		}
		if !ok || f < 0 || f >= float64(n) {
			return nil, ok
		}
		return list[int(f)], true
	case "slice", "splice", "toSpliced":
		return part(name, list, args)
	case "concat":
		out := slices.Clone(list)
		for _, a := range args {
			switch x := a.(type) {
			case []any:
				out = append(out, x...)
			case Bytes:
				return nil, false
			default:
				out = append(out, a)
			}
		}
		return out, true
	case "flat":
		depth, ok := integer(Arg(args, 0), 1)
		if !ok {
			return nil, false
		}
		return flat(list, depth, 0)
	case "join":
		by := ","
		if v := Arg(args, 0); v != nil {
			var ok bool
			if by, ok = Text(v); !ok {
				return nil, false
			}
		}
		return known(joined(list, by))
	case "toString":
		return known(joined(list, ","))
	case "reverse", "toReversed":
		out := slices.Clone(list)
		slices.Reverse(out)
		return out, true
	case "sort", "toSorted":
		return sorted(list, args)
	case "with":
		f, ok := integer(Arg(args, 0), 0)
		if f < 0 {
			f += float64(n)
		}
		if !ok || f < 0 || f >= float64(n) {
			return nil, false
		}
		out := slices.Clone(list)
		out[int(f)] = Arg(args, 1)
		return out, true
	case "fill":
		from, ok1 := integer(Arg(args, 1), 0)
		to, ok2 := integer(Arg(args, 2), float64(n))
		if !ok1 || !ok2 {
			return nil, false
		}
		out := slices.Clone(list)
		for i := clamp(from, n, true); i < clamp(to, n, true); i++ {
			out[i] = Arg(args, 0)
		}
		return out, true
	case "includes", "indexOf", "lastIndexOf":
		return search(name, list, args)
	}
	return nil, false
}

// known is a text as a value.
func known(s string, ok bool) (any, bool) {
	if !ok {
		return nil, false
	}
	return s, true
}

func part(name string, list []any, args []any) (any, bool) {
	n := len(list)
	a, ok1 := integer(Arg(args, 0), 0)
	from := clamp(a, n, true)
	if name == "slice" {
		b, ok2 := integer(Arg(args, 1), float64(n))
		to := max(from, clamp(b, n, true))
		return slices.Clone(list[from:to]), ok1 && ok2
	}
	count := 0
	switch {
	case len(args) == 1:
		count = n - from
	case len(args) > 1:
		b, ok2 := integer(args[1], 0)
		count, ok1 = min(clamp(b, n, false), n-from), ok1 && ok2
	}
	if name == "splice" {
		return slices.Clone(list[from : from+count]), ok1
	}
	return slices.Concat(list[:from], args[min(2, len(args)):], list[from+count:]), ok1
}

func flat(list []any, depth float64, at int) (any, bool) {
	if at > maxDepth {
		return nil, false
	}
	out := []any{}
	for _, item := range list {
		inner, isList := item.([]any)
		if !isList || depth < 1 {
			out = append(out, item)
			continue
		}
		v, ok := flat(inner, depth-1, at+1)
		if !ok || len(out) > MaxText {
			return nil, false
		}
		out = append(out, v.([]any)...)
	}
	return out, true
}

func sorted(list []any, args []any) (any, bool) {
	if len(args) > 0 && args[0] != nil {
		return nil, false
	}
	texts := map[string]any{}
	var order []string
	undefined := 0
	for _, item := range list {
		if item == nil {
			undefined++
			continue
		}
		s, ok := Text(item)
		if before, has := texts[s]; !ok || has && before != item {
			return nil, false
		}
		switch item.(type) {
		case []any:
			return nil, false
		}
		texts[s] = item
		order = append(order, s)
	}
	sortTexts(order)
	out := make([]any, 0, len(list))
	for _, s := range order {
		out = append(out, texts[s])
	}
	return append(out, make([]any, undefined)...), true
}

func search(name string, list []any, args []any) (any, bool) {
	if len(args) > 1 {
		return nil, false
	}
	found := -1
	for i, item := range list {
		equal, ok := same(item, Arg(args, 0), name == "includes")
		if !ok {
			return nil, false
		}
		if equal {
			if found = i; name != "lastIndexOf" {
				break
			}
		}
	}
	if name == "includes" {
		return found >= 0, true
	}
	return float64(found), true
}
