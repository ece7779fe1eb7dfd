package eval

import (
	"cmp"
	"maps"
	"slices"
	"strings"

	"github.com/lockwarden/lockwarden/analyzer/javascript/ir"
	"github.com/lockwarden/lockwarden/analyzer/javascript/resolve"
)

// table is a bundler's table of modules: each entry is a module of its own,
// so that the exports of one are not taken for another's.
type table struct {
	entries map[string]*Function
	// names maps what a browserify module asks for to the entry it gets.
	names map[*Function]map[string]string
	owner *Object
}

// pseudoModule is a module inside a bundle.
type pseudoModule struct {
	exports, module *Object
}

// The orders in which bundlers pass module, exports and require.
type paramOrder uint8

const (
	paramModuleExports   paramOrder = iota // webpack, rspack, ncc: module, exports, require
	paramExportsModule                     // esbuild: exports, module
	paramRequireModule                     // browserify, Parcel: require, module, exports
	maxTableParameters   = 7
	minTableLikeElements = 1
)

// detectTable recognises a module table by its shape: functions of few
// parameters under numbers or paths, in a file that has the loader which
// calls them.
func (e *evaluation) detectTable(id ir.NodeID, n *ir.Node, o *Object) {
	items := e.m.List(n.B)
	if o.rare().table != nil || len(items) == 0 || !e.m.File.BundleLoader() {
		return
	}
	if n.Kind == ir.NObject {
		if k := e.m.Nodes[items[1]].Kind; k != ir.NFunction && k != ir.NArray {
			return
		}
	}
	t := &table{entries: map[string]*Function{}, names: map[*Function]map[string]string{}, owner: o}
	order := paramModuleExports
	add := func(key string, v *Value) bool {
		if v == nil {
			return true // a hole in webpack's array
		}
		switch v.kind {
		case vFunction:
			if v.Function().Params > 3 || v.Function().Getter || v.Function().Name != "" && v.Function().Name != key && !v.Function().Method {
				return false
			}
			t.entries[key] = v.Function()
			return true
		case vObject:
			// browserify: [function(require, module, exports) {…}, {"./a": 1}]
			first := v.Object().properties.get("0")
			second := v.Object().properties.get("1")
			if !v.Object().array || v.Object().length != 2 || first == nil || first.kind != vFunction || second == nil ||
				second.kind != vObject || first.Function().Params > maxTableParameters {
				return false
			}
			order = paramRequireModule
			t.entries[key] = first.Function()
			names := map[string]string{}
			for name, target := range second.Object().properties.all() {
				if text, ok := target.Text(); ok {
					names[name] = text
				}
			}
			t.names[first.Function()] = names
			return true
		}
		return false
	}
	if n.Kind == ir.NArray {
		if !e.m.File.Webpack {
			return
		}
		for i, item := range items {
			if !add(ir.FormatNumber(float64(i)), e.at(item)) {
				return
			}
		}
	} else {
		for i := 0; i+1 < len(items); i += 2 {
			if items[i] < 0 {
				return
			}
			key := e.p.strings.All[items[i]]
			if _, numeric := smallIndex(key); !numeric && !strings.ContainsAny(key, "./") && !e.m.File.Webpack {
				return
			}
			if !add(key, e.at(items[i+1])) {
				return
			}
		}
	}
	if len(t.entries) < minTableLikeElements {
		return
	}
	o.own().table = t
	// As they stand there, since what is evaluated first has an effect.
	inOrder := slices.SortedFunc(maps.Values(t.entries), func(a, b *Function) int { return cmp.Compare(a.Index, b.Index) })
	for _, f := range inOrder {
		e.makePseudo(f, order, t)
	}
}

// makePseudo gives a function the exports and module of its own.
func (e *evaluation) makePseudo(f *Function, order paramOrder, t *table) {
	if f.pseudo != nil {
		return
	}
	pm := &pseudoModule{exports: &Object{}, module: &Object{}}
	pm.module.properties.set("exports", pm.exports.val())
	pm.module.properties.set("require", e.p.requirePath.val())
	f.extra().pseudo = pm
	f.this = pm.exports.val()
	var require *Value
	if t != nil {
		bound := &table{entries: t.entries, names: map[*Function]map[string]string{nil: t.names[f]}, owner: t.owner}
		require = objectValue(vTable, &Object{extra: &objectExtra{table: bound}})
	}
	switch order {
	case paramModuleExports:
		f.paramValues = []*Value{pm.module.val(), pm.exports.val(), require}
	case paramExportsModule:
		f.paramValues = []*Value{pm.exports.val(), pm.module.val()}
	case paramRequireModule:
		f.paramValues = []*Value{require, pm.module.val(), pm.exports.val()}
	}
	e.p.enqueue(f)
}

func (e *evaluation) pseudoValue(pm *pseudoModule) *Value {
	e.reads(pm.module)
	e.reads(pm.exports)
	return pm.module.properties.get("exports")
}

// requireFromTable is a bundle's require(id).
func (e *evaluation) requireFromTable(c *callSite, t *table) *Value {
	var out *Value
	if e.recording() && !c.arg(0).Constant() {
		e.requireUse(c.id, c.arg(0), UseDynamicImport)
	}
	c.arg(0).Each(func(alt *Value) {
		key, ok := alt.Text()
		if !ok {
			return
		}
		if names := t.names[nil]; names != nil {
			if target, ok := names[key]; ok {
				key = target
			}
		}
		f := t.entries[key]
		if f == nil {
			// What the table lacks is asked of the host's require.
			if t.names[nil] != nil && e.p.resolver != nil {
				out = e.p.join(out, e.requireText(c.id, key, e.m.File.Path, resolve.ByRequire))
			}
			return
		}
		e.edge(c.id, f)
		if f.pseudo != nil {
			out = e.p.join(out, e.pseudoValue(f.pseudo))
		}
	})
	return out
}

// tableMethod is webpack's __webpack_require__.d(…) and its like.
func (e *evaluation) tableMethod(c *callSite, name string) (*Value, bool) {
	switch name {
	case "d":
		if len(c.args) == 3 {
			// webpack 4: d(exports, "name", function() { return value })
			c.arg(0).Each(func(t *Value) {
				key, ok := c.arg(1).Text()
				getter := c.arg(2)
				if ok && t.kind == vObject && getter != nil && getter.kind == vFunction {
					e.callerOf(getter.Function())
					e.setProperty(t.Object(), key, getter.Function().Returned)
				}
			})
		} else {
			e.defineGetters(c.arg(0), c.arg(1))
		}
		return nil, true
	case "n", "t":
		if name == "n" {
			if v := e.kept(c.id); v != nil && v.kind == vLazy {
				v.Function().pseudo.module.properties.set("exports", c.arg(0))
				return v, true
			}
			pm := &pseudoModule{exports: &Object{}, module: &Object{properties: propertiesOf("exports", c.arg(0))}}
			return e.keep(c.id, lazyValue(&Function{Function: &ir.NoCode, Module: e.m, functionExtra: &functionExtra{pseudo: pm}})), true
		}
		return e.requireFromTable(c, tableOf(c.receiver)), true
	case "bind":
		return c.receiver, true
	case "r", "o", "e", "g", "nmd", "hmd":
		return c.arg(0), true
	}
	return nil, false
}

func tableOf(v *Value) *table {
	var t *table
	v.Each(func(alt *Value) {
		if alt.kind == vTable {
			t = alt.Object().rare().table
		}
	})
	if t == nil {
		return &table{}
	}
	return t
}
