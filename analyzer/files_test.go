package analyzer_test

import (
	"go/ast"
	"go/types"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"golang.org/x/tools/go/packages"
)

// oneWay are the packages whose files form no circle: each can be read after
// those that it uses, and none needs what comes later.
var oneWay = []string{"lockfile", "lockfile/document", "lockfile/settings", "app/review", "analyzer/javascript/ir", "analyzer/javascript/resolve", "analyzer/javascript/facts"}

// TestFilesRunOneWay: arrows between the files of these packages run one way,
// as they do between packages.
func TestFilesRunOneWay(t *testing.T) {
	paths := make([]string, 0, len(oneWay))
	for _, name := range oneWay {
		paths = append(paths, module+name)
	}
	list, err := packages.Load(&packages.Config{
		Mode: packages.NeedName | packages.NeedFiles | packages.NeedSyntax | packages.NeedTypes | packages.NeedTypesInfo | packages.NeedImports,
		Dir:  "..",
	}, paths...)
	if err != nil || len(list) != len(oneWay) {
		t.Fatalf("%d packages: %v", len(list), err)
	}
	for _, p := range list {
		if len(p.Errors) > 0 {
			t.Fatal(p.Errors[0])
		}
		uses := fileUses(p)
		for file := range uses {
			if way := circle(uses, file); way != nil {
				t.Errorf("%s: %s", strings.TrimPrefix(p.PkgPath, module), strings.Join(way, " → "))
				break
			}
		}
	}
}

// fileUses lists which files of a package each file uses, with one name that it
// uses there.
func fileUses(p *packages.Package) map[string]map[string]string {
	uses := map[string]map[string]string{}
	for _, f := range p.Syntax {
		from := filepath.Base(p.Fset.Position(f.Pos()).Filename)
		uses[from] = map[string]string{}
		ast.Inspect(f, func(n ast.Node) bool {
			id, ok := n.(*ast.Ident)
			if !ok {
				return true
			}
			used := p.TypesInfo.Uses[id]
			if used == nil || used.Pkg() != p.Types {
				return true
			}
			// Fields and local names belong to what holds them.
			if f, ok := used.(*types.Func); used.Parent() == p.Types.Scope() || ok && f.Signature().Recv() != nil {
				if to := filepath.Base(p.Fset.Position(used.Pos()).Filename); to != from {
					uses[from][to] = used.Name()
				}
			}
			return true
		})
	}
	return uses
}

// circle is a way from a file back to itself, as "a.go (name)", nil where there
// is none.
func circle(uses map[string]map[string]string, from string) []string {
	before := map[string]string{}
	queue := []string{from}
	for len(queue) > 0 {
		at := queue[0]
		queue = queue[1:]
		for to := range uses[at] {
			if to == from {
				way := []string{from}
				for ; at != from; at = before[at] {
					way = append(way, at)
				}
				way = append(way, from)
				slices.Reverse(way)
				for i := 0; i+1 < len(way); i++ {
					way[i] += " (" + uses[way[i]][way[i+1]] + ")"
				}
				return way
			}
			if _, seen := before[to]; !seen {
				before[to] = at
				queue = append(queue, to)
			}
		}
	}
	return nil
}
