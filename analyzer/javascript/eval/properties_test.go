package eval

import (
	"fmt"
	"slices"
	"testing"
)

// TestProperties: few or many, they are found, replaced and listed.
func TestProperties(t *testing.T) {
	for _, n := range []int{0, 1, fewProperties, fewProperties + 1, 100} {
		var p properties
		values := map[string]*Value{}
		var names []string
		for i := range n {
			name := fmt.Sprintf("p%03d", i)
			names = append(names, name)
			p.set(name, number(0))
			values[name] = &Value{}
			p.set(name, values[name])
		}
		if p.size() != n || !slices.Equal(p.names(), names) || p.get("other") != nil {
			t.Errorf("%d properties: %d, %q", n, p.size(), p.names())
		}
		for name, v := range p.all() {
			if values[name] != v || p.get(name) != v {
				t.Errorf("%d properties: %s is another value", n, name)
			}
		}
	}
}
