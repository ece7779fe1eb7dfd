package builtin

// Live is a list while functions are called that may change it: its elements as
// they are now.
type Live func() []any

// visit is a walk over a list, which ends where each says no.
type visit struct {
	live Live
	// self is the list as the function sees it, this its this.
	self, this any
	f          Func
}

// each goes through the elements that there were, as they are now; holes are passed
// over unless they are asked for.
func (w *visit) each(holes bool, yield func(v any, i int) (more, ok bool)) bool {
	n := len(w.live())
	for i := range n {
		list := w.live()
		var v any = Hole{}
		if i < len(list) {
			v = list[i]
		}
		if _, hole := v.(Hole); hole && !holes {
			continue
		}
		more, ok := yield(filled(v), i)
		if !ok {
			return false
		}
		if !more {
			break
		}
	}
	return true
}

func (w *visit) call(v any, i int) (any, bool) { return w.f(w.this, v, float64(i), w.self) }

func (w *visit) test(v any, i int) (yes, ok bool) {
	out, ok := w.call(v, i)
	if !ok {
		return false, false
	}
	return Truthy(out)
}

// callMethod is a method of a list that calls a function for its elements.
type callMethod func(w *visit, args []any) (any, bool)

var callMethods map[string]callMethod

func init() {
	callMethods = map[string]callMethod{
		"forEach": func(w *visit, _ []any) (any, bool) {
			return nil, w.each(false, func(v any, i int) (bool, bool) { _, ok := w.call(v, i); return true, ok })
		},
		"map": func(w *visit, _ []any) (any, bool) {
			out := make([]any, len(w.live()))
			for i := range out {
				out[i] = Hole{}
			}
			ok := w.each(false, func(v any, i int) (bool, bool) {
				given, ok := w.call(v, i)
				out[i] = given
				return true, ok
			})
			return out, ok
		},
		"filter": func(w *visit, _ []any) (any, bool) {
			out := []any{}
			ok := w.each(false, func(v any, i int) (bool, bool) {
				yes, ok := w.test(v, i)
				if yes {
					out = append(out, v)
				}
				return true, ok
			})
			return out, ok
		},
		"flatMap": func(w *visit, _ []any) (any, bool) {
			out := []any{}
			ok := w.each(false, func(v any, i int) (bool, bool) {
				given, ok := w.call(v, i)
				if list, is := given.([]any); is {
					for _, item := range list {
						if _, hole := item.(Hole); !hole {
							out = append(out, item)
						}
					}
				} else {
					out = append(out, given)
				}
				return true, ok && len(out) <= MaxItems
			})
			return out, ok
		},
		"some": func(w *visit, _ []any) (any, bool) {
			found := false
			ok := w.each(false, func(v any, i int) (bool, bool) { yes, ok := w.test(v, i); found = yes; return !yes, ok })
			return found, ok
		},
		"every": func(w *visit, _ []any) (any, bool) {
			all := true
			ok := w.each(false, func(v any, i int) (bool, bool) { yes, ok := w.test(v, i); all = yes; return yes, ok })
			return all, ok
		},
		"find": func(w *visit, _ []any) (any, bool) {
			_, v, ok := w.find(false)
			return v, ok
		},
		"findIndex": func(w *visit, _ []any) (any, bool) {
			i, _, ok := w.find(false)
			return float64(i), ok
		},
		"findLast": func(w *visit, _ []any) (any, bool) {
			_, v, ok := w.find(true)
			return v, ok
		},
		"findLastIndex": func(w *visit, _ []any) (any, bool) {
			i, _, ok := w.find(true)
			return float64(i), ok
		},
		"reduce":      func(w *visit, args []any) (any, bool) { return w.fold(args, false) },
		"reduceRight": func(w *visit, args []any) (any, bool) { return w.fold(args, true) },
	}
}

// Calls reports whether a method of a list calls a function for its elements.
func Calls(name string) bool { return callMethods[name] != nil }

// ListCall is what a method gives that calls a function, its first argument, for the
// elements of a list; self is the list as that function sees it.
func ListCall(name string, live Live, self any, args []any) (any, bool) {
	method := callMethods[name]
	f, isFunc := Arg(args, 0).(Func)
	if method == nil || !isFunc {
		return nil, false
	}
	return method(&visit{live, self, Arg(args, 1), f}, args)
}

func (w *visit) find(last bool) (int, any, bool) {
	n := len(w.live())
	for k := range n {
		i := k
		if last {
			i = n - 1 - k
		}
		var v any
		if list := w.live(); i < len(list) {
			v = filled(list[i])
		}
		yes, ok := w.test(v, i)
		if !ok || yes {
			return i, v, ok
		}
	}
	return -1, nil, true
}

func (w *visit) fold(args []any, right bool) (any, bool) {
	var sum any
	started := len(args) > 1
	if started {
		sum = args[1]
	}
	n := len(w.live())
	for k := range n {
		i := k
		if right {
			i = n - 1 - k
		}
		list := w.live()
		if i >= len(list) {
			continue
		}
		v := list[i]
		if _, hole := v.(Hole); hole {
			continue
		}
		if !started {
			sum, started = v, true
			continue
		}
		var ok bool
		if sum, ok = w.f(nil, sum, v, float64(i), w.self); !ok {
			return nil, false
		}
	}
	return sum, started // else it throws
}
