package eval

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/lockwarden/lockwarden/analyzer/javascript/ir"
)

// nothing asks for nothing.
type nothing struct{}

func (nothing) Interest(string) Interest { return Interest{} }

// TestBundleInOrder: the modules of a bundle's table are evaluated in the same order
// each time, as what comes first stays where a value is cut.
func TestBundleInOrder(t *testing.T) {
	var b strings.Builder
	b.WriteString("var table = {")
	for i := range 30 {
		fmt.Fprintf(&b, "%d: (module, exports, __webpack_require__) => {}, ", 100+i)
	}
	b.WriteString("}")
	p := newProgram(nothing{})
	m, message, ok := p.parseModule(&ir.Source{Path: "index.js", Code: b.String()}, ir.CommonJS)
	if !ok {
		t.Fatal(message.Text)
	}
	p.run(m.Functions[0])
	var order []int32
	for f := p.next(); f != nil; f = p.next() {
		order = append(order, f.Index)
	}
	if len(order) != 30 || !slices.IsSorted(order) {
		t.Errorf("they wait in the order %d", order)
	}
}
