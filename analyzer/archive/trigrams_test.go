package archive

import (
	"bytes"
	"fmt"
	"testing"
)

// TestMayHave: what stands in a file is never denied, whatever its size, and
// hardly anything else is affirmed.
func TestMayHave(t *testing.T) {
	for _, size := range []int{0, 1, 2, 3, 100, 5000, 1 << 20} {
		var text bytes.Buffer
		for i := 0; text.Len() < size; i++ {
			fmt.Fprintf(&text, "const name%d = require('module-%x')\n", i, i*i)
		}
		data := text.Bytes()[:size]
		f := New(map[string][]byte{"index.js": data}).File("index.js")
		for from := 0; from < len(data); from += 1 + len(data)/500 {
			for _, length := range []int{1, 2, 3, 7, 40} {
				if part := string(data[from:min(len(data), from+length)]); !f.MayHave(part) {
					t.Fatalf("%d bytes: %q stands at %d and is denied", size, part, from)
				}
			}
		}
		wrong := 0
		for i := range 1000 {
			if f.MayHave(fmt.Sprintf("zq%dxJ-%d", i, i*7919)) {
				wrong++
			}
		}
		if wrong > 20 {
			t.Errorf("%d bytes: %d of 1,000 texts that are not there are affirmed", size, wrong)
		}
	}
}
