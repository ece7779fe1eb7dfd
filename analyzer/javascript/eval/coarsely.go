package eval

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/lockwarden/lockwarden/analyzer/javascript/coarse"
	"github.com/lockwarden/lockwarden/analyzer/javascript/ir"
)

// What the exact evaluation loses on its way, the coarse pass may still find: it begins
// where APIs and data come into the program, and ends at the calls. It finds more than
// there is, so that only modules count that the package gets hold of and never seems to
// use: honest code that loads a module uses it where it can be seen.

// maxCoarse is how many nodes a package may have of which the coarse pass is made,
// maxCoarseSteps how long it may take.
const (
	maxCoarse      = 100_000
	maxCoarseSteps = 1_000_000
)

// coarsely adds the calls that only the coarse pass finds.
func (p *program) coarsely() {
	lost := p.unused()
	size := 0
	for _, m := range p.order {
		size += len(m.Nodes)
	}
	if len(lost) == 0 {
		return
	}
	if size > maxCoarse {
		p.coarseCut(lost, "nodes of a package in the coarse pass", maxCoarse)
		return
	}
	w := &labels{p: p, of: map[*Path]coarse.Label{}}
	c := coarse.New(&p.strings, w)
	for _, m := range p.order {
		c.Add(&m.Module)
	}
	for _, m := range p.order {
		for _, f := range m.Functions {
			w.seed(c, m, f)
		}
	}
	for i := range p.hidden {
		h := &p.hidden[i]
		var at []ir.NodeID
		for id := range h.From.Nodes {
			if k := h.From.Nodes[id].Kind; (k == ir.NCall || k == ir.NNew) && h.From.Position(ir.NodeID(id)) == h.At {
				at = append(at, ir.NodeID(id))
			}
		}
		c.Within(&h.To.Module, &h.From.Module, at)
	}
	calls, complete := c.Solve(maxCoarseSteps)
	if !complete {
		p.coarseCut(lost, "steps of the coarse pass", maxCoarseSteps)
	}
	w.report(c, calls, lost)
}

// coarseCut says that the coarse pass did not come to its end, where a module is lost
// that somebody would look for.
func (p *program) coarseCut(lost map[*Path]bool, limit string, most int) {
	for _, name := range slices.Sorted(maps.Keys(telling)) {
		if root := p.roots[name]; root == nil || !lost[root] {
			continue
		}
		p.stopAt(BlindBudget, p.mentionOf(name), fmt.Sprintf("%s: more than %d", limit, most))
		return
	}
}

// mentionOf is the first place that names a module; the beginning of the first script
// where none does.
func (p *program) mentionOf(name string) Place {
	for _, m := range p.order {
		for _, f := range m.Functions {
			for id := f.Start; id < f.End; id++ {
				n := &m.Nodes[id]
				if (n.Kind == ir.NString || n.Kind == ir.NModule) && strings.TrimPrefix(p.strings.All[n.A], "node:") == name {
					return Place{Source: m.File, Pos: m.Position(id), F: f}
				}
			}
		}
	}
	m := p.order[0]
	return Place{Source: m.File, F: m.Functions[0]}
}

// telling are the modules that start programs, reach the network or run code.
var telling = set("child_process cluster dgram dns http http2 https net tls vm worker_threads")

// plainModules are modules that are everywhere, or do nothing by being called.
var plainModules = set(`process console buffer module import.meta assert events util path url string_decoder querystring
	timers constants stream require`)

// runners are modules all of whose members start or run something; of others, one that
// nobody asks for, such as net.isIP, is a use as well.
var runners = set("child_process cluster vm")

// unused are the modules that the package gets hold of and does not use in a way that
// was found.
func (p *program) unused() map[*Path]bool {
	used := map[string]bool{}
	for i := range p.records.Uses {
		if u := &p.records.Uses[i]; u.Kind&(UseCall|UseNew|UseSet|UseExtends) != 0 {
			used[rootOf(u.API)] = true
		}
	}
	out := map[*Path]bool{}
	for _, root := range p.roots {
		if root.root && !used[root.API] && !plainModules[root.API] && (runners[root.API] || len(root.members) == 0) && p.leadsToCalls(root.API) {
			out[root] = true
		}
	}
	return out
}

// leadsToCalls reports whether the vocabulary asks for calls of a module's members, or
// of itself.
func (p *program) leadsToCalls(module string) bool {
	if p.vocabulary.Interest(module).Uses&UseCall != 0 {
		return true
	}
	for api := range p.known.APIs {
		if rootOf(api) == module && api != module && p.vocabulary.Interest(api).Uses&(UseCall|UseNew) != 0 {
			return true
		}
	}
	return false
}

// rootOf is the module that an API is of.
func rootOf(api string) string {
	skip := 0
	if strings.HasPrefix(api, "@") {
		skip = 1 // a scope
	}
	if i := strings.IndexAny(api[skip:], ".#@"); i >= 0 {
		return api[:skip+i]
	}
	return api
}

// labels are the labels that APIs and marks are to the coarse pass.
type labels struct {
	p     *program
	of    map[*Path]coarse.Label
	paths []*Path
}

// Labels of marks are their bits' numbers from 1 on; those of APIs follow.
const firstPath = 17

func (w *labels) label(path *Path) coarse.Label {
	if path == nil || !w.p.pathMatters(path) && !(path.name == "*" && path.parent.root && !path.external && path.Interest.Uses&UseCall != 0) {
		return 0
	}
	l, ok := w.of[path]
	if !ok && len(w.paths) < 1<<16-firstPath-1 {
		w.paths = append(w.paths, path)
		l = coarse.Label(firstPath + len(w.paths) - 1)
		w.of[path] = l
	}
	return l
}

func (w *labels) path(l coarse.Label) *Path {
	if l < firstPath {
		return nil
	}
	return w.paths[l-firstPath]
}

// Member is what a property of an API is.
func (w *labels) Member(of coarse.Label, name string) coarse.Label {
	if path := w.path(of); path != nil {
		return w.label(w.p.member(path, name))
	}
	return 0
}

// Result is what a call of an API gives.
func (w *labels) Result(of coarse.Label) coarse.Label {
	if path := w.path(of); path != nil {
		return w.label(w.p.resultOf(path))
	}
	return 0
}

// Argument is what an API hands to callbacks.
func (w *labels) Argument(of coarse.Label) coarse.Label {
	if path := w.path(of); path != nil {
		return w.label(w.p.argumentOf(path))
	}
	return 0
}

// Data is what texts that are made of it keep.
func (w *labels) Data(of coarse.Label) []coarse.Label {
	path := w.path(of)
	if path == nil {
		return []coarse.Label{of}
	}
	return marksOf(path.Marks)
}

func marksOf(marks Marks) []coarse.Label {
	var out []coarse.Label
	for i := range firstPath - 1 {
		if marks&(1<<i) != 0 {
			out = append(out, coarse.Label(i+1))
		}
	}
	return out
}

// seed says what the exact evaluation knows of a function's nodes.
func (w *labels) seed(c *coarse.Program, m *Module, f *Function) {
	values := w.p.valuesOf(f)
	for i, v := range values {
		id := f.Start + ir.NodeID(i)
		v.Each(func(alt *Value) {
			switch alt.kind {
			case vPath:
				if l := w.label(alt.Path()); l != 0 {
					c.Seed(&m.Module, id, l)
				}
			case vFunction:
				if fn := alt.Function(); fn.pseudo == nil && fn.Function != &ir.NoCode {
					c.Callee(&m.Module, id, &fn.Module.Module, fn.Index)
				}
			case vObject:
				if of := alt.Object().rare().module; of != nil {
					c.Exports(&m.Module, id, &of.Module)
				}
			}
		})
		for _, l := range marksOf(v.allMarks()) {
			c.Seed(&m.Module, id, l)
		}
		if n := &m.Nodes[id]; n.Kind == ir.NCall || n.Kind == ir.NNew || n.Kind == ir.NTagged {
			if callee := values[ir.NodeID(n.A)-f.Start]; isFunctions(callee) {
				c.Sure(&m.Module, id)
			}
		}
		if n := &m.Nodes[id]; n.Kind == ir.NIndex {
			for _, text := range values[ir.NodeID(n.B)-f.Start].Texts() {
				c.Key(&m.Module, ir.NodeID(n.B), text)
			}
		}
		if n := &m.Nodes[id]; n.Kind == ir.NSet {
			if key := m.List(n.A)[1]; key >= 0 {
				for _, text := range values[ir.NodeID(key)-f.Start].Texts() {
					c.Key(&m.Module, ir.NodeID(key), text)
				}
			}
		}
	}
}

// report adds the uses that only the coarse pass finds.
func (w *labels) report(c *coarse.Program, calls []coarse.Call, lost map[*Path]bool) {
	type known struct {
		m   *ir.Module
		at  ir.NodeID
		api string
	}
	had := map[known]bool{}
	for i := range w.p.records.Uses {
		if u := &w.p.records.Uses[i]; u.F != nil {
			had[known{&u.F.Module.Module, u.ID, u.API}] = true
		}
	}
	byModule := map[*ir.Module]*Module{}
	for _, m := range w.p.order {
		byModule[&m.Module] = m
	}
	var uses []Use
	for _, call := range calls {
		path, m := w.path(call.API), byModule[call.Module]
		if path == nil || !lost[path.top()] || had[known{call.Module, call.At, path.API}] {
			continue
		}
		n := &m.Nodes[call.At]
		kind := UseCall
		if n.Kind == ir.NNew {
			kind = UseNew
		}
		if path.Interest.Uses&kind == 0 {
			continue
		}
		f := m.functionAt(call.At)
		values := w.p.valuesOf(f)
		var args []*Value
		for _, item := range m.List(n.B) {
			v := values[ir.NodeID(item)-f.Start]
			var marks Marks
			for _, l := range c.Labels(&m.Module, ir.NodeID(item)) {
				for _, d := range w.Data(l) {
					marks |= 1 << (d - 1)
				}
			}
			args = append(args, w.p.join(v, w.p.opaque(marks&^v.allMarks())))
		}
		e := &evaluation{p: w.p, m: m, f: f}
		uses = append(uses, Use{Kind: kind, API: path.API, Args: args, Certainty: Likely, ID: call.At, Place: e.siteOfUse(call.At)})
	}
	slices.SortFunc(uses, func(a, b Use) int {
		return cmp.Or(cmp.Compare(a.File(), b.File()), cmp.Compare(a.Pos, b.Pos), cmp.Compare(a.API, b.API))
	})
	w.p.records.Uses = append(w.p.records.Uses, uses...)
}

// functionAt is the function that a node is in.
func (m *Module) functionAt(id ir.NodeID) *Function {
	i := slices.IndexFunc(m.Functions, func(f *Function) bool { return f.Start <= id && id < f.End })
	return m.Functions[i]
}

// isFunctions reports whether a value is surely one of some functions of the package.
func isFunctions(v *Value) bool {
	if v == nil || v.cut() {
		return false
	}
	sure := true
	v.Each(func(alt *Value) { sure = sure && alt.kind == vFunction && alt.Function().pseudo == nil })
	return sure
}

// top is the module, or global object, that an API is of.
func (path *Path) top() *Path {
	for path.parent != nil {
		path = path.parent
	}
	return path
}
