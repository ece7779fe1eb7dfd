package eval

// readers are the functions that read something, each once: all of them run again
// when it changes.
type readers struct {
	list []namesReader
	// at is where a function stands in the list, once the list is long.
	at map[*Function]int32
}

// namesReader is a function with the names that it reads, a bit for each
// (nameBit).
type namesReader struct {
	f     *Function
	names uint64
}

// fewReaders is how many are looked through.
const fewReaders = 16

func (r *readers) add(f *Function, names uint64) {
	if r.at != nil {
		if i, ok := r.at[f]; ok {
			r.list[i].names |= names
			return
		}
		r.at[f] = int32(len(r.list))
		r.list = append(r.list, namesReader{f, names})
		return
	}
	for i := range r.list {
		if r.list[i].f == f {
			r.list[i].names |= names
			return
		}
	}
	r.list = append(r.list, namesReader{f, names})
	if len(r.list) > fewReaders {
		r.at = make(map[*Function]int32, 2*fewReaders)
		for i, have := range r.list {
			r.at[have.f] = int32(i)
		}
	}
}

// runAgain evaluates those once more that read one of the names.
func (r *readers) runAgain(p *program, names uint64, news change) {
	for i := range r.list {
		if r.list[i].names&names != 0 {
			p.enqueueFor(r.list[i].f, news)
		}
	}
}
