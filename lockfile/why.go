package lockfile

// Paths answers for every entry of a lockfile why it is there. Build it once:
// it is one breadth-first walk from the root.
type Paths struct {
	lock   *Lockfile
	from   map[*Entry]*Entry
	depth  map[*Entry]int
	direct map[*Entry]bool
}

// maxWhy is the longest chain that Why gives, in steps; the deepest of real
// lockfiles are near 20.
const maxWhy = 100

// Paths walks the lockfile.
func (lock *Lockfile) Paths() *Paths {
	p := &Paths{lock, make(map[*Entry]*Entry, len(lock.Entries)), make(map[*Entry]int, len(lock.Entries)), map[*Entry]bool{}}
	queue := []*Entry{lock.Root}
	visit := func(from, to *Entry) {
		if _, seen := p.from[to]; !seen && to != lock.Root {
			p.from[to] = from
			p.depth[to] = p.depth[from] + 1
			queue = append(queue, to)
		}
	}
	step := func() {
		for len(queue) > 0 {
			e := queue[0]
			queue = queue[1:]
			if t := lock.Target(e); t != nil {
				visit(e, t)
			}
			for _, x := range lock.edges(e) {
				if e == lock.Root || lock.isTop(e) {
					p.direct[x.to] = true
				}
				visit(e, x.to)
			}
		}
	}
	step()
	// What nobody reaches from the root: in a hidden lockfile, or in version 1
	// without its package.json, packages that no other entry asks for are the
	// ones that the project itself does.
	if len(lock.Root.Dependencies) == 0 && len(lock.Root.workspaces) == 0 {
		asked := map[*Entry]bool{}
		for _, e := range lock.Entries {
			for _, x := range lock.edges(e) {
				asked[x.to] = true
			}
		}
		for _, e := range lock.Entries {
			if !asked[e] && lock.parents[e] == lock.Root {
				p.direct[e] = true
				visit(lock.Root, e)
			}
		}
		step()
	}
	return p
}

// Direct reports whether the project or one of its workspaces declares e itself.
func (p *Paths) Direct(e *Entry) bool { return p.direct[e] }

// Why is the shortest chain of dependencies from the project to e, as
// "name@version", e itself last. It is empty where nothing leads to e. The
// target of a link and the link itself count as one step. A chain of more than
// maxWhy steps begins with "…".
func (p *Paths) Why(e *Entry) []string {
	var chain []string
	for e != nil && e != p.lock.Root {
		if len(chain) == maxWhy {
			chain = append(chain, "…")
			break
		}
		from, ok := p.from[e]
		if !ok {
			return nil
		}
		if !(from.Link && p.lock.Target(from) == e && from != p.lock.Root) {
			chain = append(chain, e.ID())
		}
		e = from
	}
	for i, j := 0, len(chain)-1; i < j; i, j = i+1, j-1 {
		chain[i], chain[j] = chain[j], chain[i]
	}
	return chain
}

// nearer reports whether a is closer to the root than b.
func (p *Paths) nearer(a, b *Entry) bool {
	da, reachedA := p.depth[a]
	db, reachedB := p.depth[b]
	return reachedA && (!reachedB || da < db)
}
