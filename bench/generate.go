package main

import (
	"fmt"
	"math/rand/v2"
	"strings"
)

// generate writes a lockfile of n entries with realistic nesting and fields.
func generate(n int) []byte {
	random := rand.New(rand.NewPCG(1, 2))
	var b strings.Builder
	b.WriteString("{\n  \"name\": \"big\",\n  \"lockfileVersion\": 3,\n  \"requires\": true,\n  \"packages\": {\n    \"\": {\n      \"name\": \"big\",\n      \"dependencies\": {\n        \"package-0\": \"^1.0.0\"\n      }\n    }")
	for i := range n {
		location := fmt.Sprintf("node_modules/package-%d", i)
		if i%5 == 4 {
			location = fmt.Sprintf("node_modules/package-%d/node_modules/nested-%d", i-1, i)
		}
		fmt.Fprintf(&b, ",\n    %q: {\n      \"version\": \"%d.%d.%d\",\n", location, random.IntN(20), random.IntN(20), random.IntN(20))
		fmt.Fprintf(&b, "      \"resolved\": \"https://registry.example/package-%d/-/package-%d-1.0.0.tgz\",\n      \"integrity\": \"sha512-%086d==\",\n", i, i, i)
		if i%3 == 0 {
			b.WriteString("      \"dev\": true,\n")
		}
		b.WriteString("      \"license\": \"MIT\",\n      \"engines\": {\n        \"node\": \">=14\"\n      },\n      \"dependencies\": {\n")
		fmt.Fprintf(&b, "        \"package-%d\": \"^1.0.0\",\n        \"package-%d\": \"^2.0.0\",\n        \"package-x%d\": \"*\"\n      }\n    }", i+1, random.IntN(n)/5*5+5*n, i+2)
	}
	b.WriteString("\n  }\n}\n")
	return []byte(b.String())
}
