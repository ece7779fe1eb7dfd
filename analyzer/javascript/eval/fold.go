package eval

import (
	"strings"

	"github.com/lockwarden/lockwarden/analyzer/javascript/builtin"
	"github.com/lockwarden/lockwarden/analyzer/javascript/ir"
)

// concat folds a concatenation or a template: each text that it may give, with
// holes for what is not known.
func (e *evaluation) concat(items []int32) *Value {
	stack := len(e.p.arguments)
	for _, item := range items {
		e.p.arguments = append(e.p.arguments, e.at(item))
	}
	out := e.joined(e.p.arguments[stack:])
	e.p.arguments = e.p.arguments[:stack]
	return out
}

// joined is concat, of values.
func (e *evaluation) joined(items []*Value) *Value {
	marks := Marks(0)
	parts := make([][]string, 0, len(items))
	size, product := 0, 1
	anyText := false
	sum, numbers := sumOf(items)
	if numbers == len(items) && numbers > 0 {
		return number(sum)
	}
	for i, v := range items {
		marks |= v.allMarks()
		texts := e.textsOf(v)
		switch {
		case i < numbers-1:
			continue // in the sum
		case i == numbers-1 && (items[numbers] == nil || items[numbers].kind != vString):
			texts = []string{ir.Hole} // what follows may be a number too
		case i == numbers-1:
			texts = []string{ir.FormatNumber(sum)}
		}
		if len(texts) > 1 {
			product *= len(texts)
			if product > maxUnion {
				product /= len(texts)
				texts = []string{ir.Hole}
			}
		}
		for _, t := range texts {
			anyText = anyText || t != ir.Hole
		}
		size += len(texts[0])
		parts = append(parts, texts)
	}
	if !anyText || size > maxText || e.p.textBytes > maxTexts {
		return e.p.opaque(marks)
	}
	var out *Value
	choice := make([]int, len(parts))
	for {
		var b strings.Builder
		b.Grow(size)
		last := false
		for i, texts := range parts {
			t := texts[choice[i]]
			if t == ir.Hole && last {
				continue
			}
			last = t == ir.Hole
			b.WriteString(t)
		}
		out = e.p.join(out, e.p.str(b.String()))
		i := 0
		for ; i < len(parts); i++ {
			if choice[i]++; choice[i] < len(parts[i]) {
				break
			}
			choice[i] = 0
		}
		if i == len(parts) {
			break
		}
	}
	return e.p.marked(out, marks)
}

// sumOf adds the numbers that a concatenation begins with: 1 + 2 + "a" is "3a".
func sumOf(items []*Value) (sum float64, n int) {
	for _, v := range items {
		if v == nil || v.kind != vNumber && v.kind != vBool {
			break
		}
		sum += v.number()
		n++
	}
	return sum, n
}

// textsOf are the texts that a value is in a concatenation.
func (e *evaluation) textsOf(v *Value) []string { return e.textsDeep(v, 0) }

func (e *evaluation) textsDeep(v *Value, depth int) []string {
	if v == nil || depth > 4 {
		return []string{ir.Hole}
	}
	switch v.kind {
	case vString:
		return []string{v.text()}
	case vNumber:
		return []string{ir.FormatNumber(v.number())}
	case vBool:
		if v.number() == 1 {
			return []string{"true"}
		}
		return []string{"false"}
	case vObject:
		if v.Object().array && v.Object().elements == nil && v.Object().length <= 1 {
			if v.Object().length == 0 {
				return []string{""}
			}
			return e.textsDeep(v.Object().properties.get("0"), depth+1)
		}
	case vUnion:
		var out []string
		more := false
		for _, alt := range v.alts() {
			if len(out) >= maxUnion && !e.p.matters(alt) {
				more = true
				continue
			}
			if texts := e.textsDeep(alt, depth+1); texts[0] != ir.Hole || len(texts) > 1 {
				out = append(out, texts...)
			} else if alt.kind == vString {
				more = true
			}
		}
		if more {
			out = append(out, ir.Hole)
		}
		if len(out) > 0 {
			return out
		}
	}
	return []string{ir.Hole}
}

func (e *evaluation) arithmetic(n *ir.Node) *Value {
	a, b := e.at(n.A), e.at(n.B)
	if a == nil || b == nil || a.kind != vNumber || b.kind != vNumber {
		return e.p.opaque(a.allMarks() | b.allMarks())
	}
	switch n.Flags {
	case '-':
		return number(a.number() - b.number())
	case '*':
		return number(a.number() * b.number())
	}
	return number(float64(int32(builtin.Uint32(a.number()) ^ builtin.Uint32(b.number()))))
}
