package javascript_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/lockwarden/lockwarden/analyzer/archive"
	"github.com/lockwarden/lockwarden/analyzer/javascript"
	"github.com/lockwarden/lockwarden/analyzer/npm"
)

// lost hands a module on in a way that the exact evaluation does not follow.
const lost = `
const held = new Map([['a', require('child_process')]])
held.values().next().value.exec('id')
`

// programs is a vocabulary that can say what it knows.
type programs struct{ everything }

func (programs) Known() javascript.Known {
	apis := map[string]bool{"child_process.exec": true, "child_process.spawn": true}
	return javascript.Known{APIs: apis, Names: map[string]bool{}}
}

func analyzeLost(code string) *javascript.Facts {
	pkg := archive.New(map[string][]byte{"index.js": []byte(code)})
	return javascript.Analyze(pkg, &npm.Manifest{}, programs{}, javascript.Options{})
}

// TestLostModule: a module that is loaded and seems unused is looked for by the coarse
// pass; one that is used where it can be seen is not, as that pass finds more than there
// is.
func TestLostModule(t *testing.T) {
	facts := analyzeLost(lost)
	at := slices.IndexFunc(facts.Uses, func(u javascript.Use) bool { return u.API == "child_process.exec" && u.Kind == javascript.UseCall })
	if at < 0 {
		t.Fatal("not found")
	}
	u := &facts.Uses[at]
	if line, _ := u.Position(); line != 3 || u.Contexts() != javascript.Launch || u.Certainty != javascript.Likely || !u.Arg(0).Is("id") {
		t.Errorf("line %d, %v, %v", line, u.Contexts().Names(), u.Certainty)
	}
	facts = analyzeLost(lost + "require('child_process').spawn('ls')\n")
	for i := range facts.Uses {
		if u := &facts.Uses[i]; u.API == "child_process.exec" && u.Kind == javascript.UseCall {
			t.Error("a module that is used where it can be seen is not lost")
		}
	}
}

// TestLostModuleInLargePackage: where the coarse pass would take too long, that is
// said.
func TestLostModuleInLargePackage(t *testing.T) {
	facts := analyzeLost(lost + strings.Repeat("f(1, 2, 3);\n", 25_000))
	if !slices.ContainsFunc(facts.Blind, func(b javascript.Blind) bool {
		return b.Line == 2 && strings.HasPrefix(b.What, "nodes of a package in the coarse pass: more than 100000")
	}) {
		t.Errorf("%+v", facts.Blind)
	}
}
