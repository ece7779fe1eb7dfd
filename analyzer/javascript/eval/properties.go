package eval

import (
	"iter"
	"sort"
)

// properties are what an object holds by name. Most objects have few: those
// stand in a list, which takes a third of a map's memory.
type properties struct {
	few  []property
	many map[string]*Value
}

type property struct {
	name  string
	value *Value
}

// fewProperties is how many stand in a list.
const fewProperties = 8

// propertiesOf holds one property.
func propertiesOf(name string, v *Value) properties {
	return properties{few: []property{{name, v}}}
}

func (p *properties) size() int { return len(p.few) + len(p.many) }

// get is the value of that name; nil where there is none.
func (p *properties) get(name string) *Value {
	for i := range p.few {
		if p.few[i].name == name {
			return p.few[i].value
		}
	}
	if p.many == nil {
		return nil
	}
	return p.many[name]
}

func (p *properties) set(name string, v *Value) {
	for i := range p.few {
		if p.few[i].name == name {
			p.few[i].value = v
			return
		}
	}
	switch {
	case p.many != nil:
		p.many[name] = v
	case len(p.few) < fewProperties:
		p.few = append(p.few, property{name, v})
	default:
		p.many = make(map[string]*Value, 2*fewProperties)
		for _, have := range p.few {
			p.many[have.name] = have.value
		}
		p.few = nil
		p.many[name] = v
	}
}

// all are the properties, in no order.
func (p *properties) all() iter.Seq2[string, *Value] {
	return func(yield func(string, *Value) bool) {
		for i := range p.few {
			if !yield(p.few[i].name, p.few[i].value) {
				return
			}
		}
		for name, v := range p.many {
			if !yield(name, v) {
				return
			}
		}
	}
}

// names are those of the properties, sorted.
func (p *properties) names() []string {
	names := make([]string, 0, p.size())
	for name := range p.all() {
		names = append(names, name)
	}
	sort.Strings(names)
	return names
}
