package decode

import "github.com/lockwarden/lockwarden/analyzer/javascript/builtin"

// What runs later: timers and promises. It waits in m.jobs until the statements have
// run.

// promise is the kind of an object that has a value later.
const promise = "Promise"

// settled is a promise that has its value.
func settled(v any) *object {
	o := &object{Object: builtin.NewObject(), kind: promise}
	o.Set("value", v)
	return o
}

// maxJobs is how many things may wait.
const maxJobs = 10_000

// later puts a job at the end; where nothing follows the statements, it is not pure.
func (m *machine) later(job func()) {
	if !m.lenient || len(m.jobs) >= maxJobs {
		impure()
	}
	m.jobs = append(m.jobs, job)
}

// timer is setTimeout: of a text, that is a program.
func (m *machine) timer(args []any) any {
	switch f := arg(args, 0).(type) {
	case string:
		m.runs(nil, f, m.callAt)
		return nil
	case *closure:
		m.later(func() { m.apply(f, nil, args[min(2, len(args)):]) })
		return nil
	}
	impure()
	return nil
}

// then is a method of a promise.
func (m *machine) then(o *object, name string, args []any) any {
	if name == "catch" {
		return o
	}
	if name != "then" {
		impure()
	}
	out := &object{Object: builtin.NewObject(), kind: promise}
	f := arg(args, 0)
	m.later(func() { m.resolve(o, out, f) })
	return out
}

// resolve calls what waits for a promise, which has its value by now.
func (m *machine) resolve(o, out *object, f any) {
	v, has := o.Get("value")
	if !has {
		impure()
	}
	if inner, is := v.(*object); is && inner.kind == promise {
		m.later(func() { m.resolve(inner, out, f) })
		return
	}
	if f != nil {
		v = m.apply(f, nil, []any{v})
	}
	out.Set("value", v)
}

// work does what waits; what is not pure of it is passed over.
func (m *machine) work() {
	for len(m.jobs) > 0 {
		job := m.jobs[0]
		m.jobs = m.jobs[1:]
		m.step(4)
		m.passing(job)
	}
}

// passing does something that may not be pure.
func (m *machine) passing(f func()) {
	depth, nested := m.depth, m.nested
	defer func() {
		r := recover()
		if _, isThrown := r.(thrown); r != nil && r != errImpure && !isThrown {
			panic(r)
		}
		m.depth, m.nested = depth, nested
	}()
	f()
}
