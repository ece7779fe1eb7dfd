package eval

import "unsafe"

// readers are the functions that read something, each once: all of them run again
// when it changes.
type readers struct {
	list []namesReader
	// at finds a function in the list, once the list is long.
	at *readersTable
}

// readersTable is a table with open addressing: 1 more than where a function stands in
// the list, 0 where there is none. A map takes more memory, which the collector looks at.
type readersTable struct{ places []int32 }

// namesReader is a function with the names that it reads, a bit for each
// (nameBit).
type namesReader struct {
	f     *Function
	names uint64
}

// fewReaders is how many are looked through.
const fewReaders = 16

func (r *readers) add(f *Function, names uint64) {
	if r.at == nil {
		for i := range r.list {
			if r.list[i].f == f {
				r.list[i].names |= names
				return
			}
		}
		if r.list = append(r.list, namesReader{f, names}); len(r.list) > fewReaders {
			r.index(4 * fewReaders)
		}
		return
	}
	place := r.place(f)
	if *place != 0 {
		r.list[*place-1].names |= names
		return
	}
	r.list = append(r.list, namesReader{f, names})
	*place = int32(len(r.list))
	if 2*len(r.list) > len(r.at.places) {
		r.index(4 * len(r.list))
	}
}

// index makes the table anew, with room for so many; a power of two.
func (r *readers) index(room int) {
	size := 1
	for size < room {
		size *= 2
	}
	r.at = &readersTable{make([]int32, size)}
	for i := range r.list {
		*r.place(r.list[i].f) = int32(i + 1)
	}
}

// place is where the table says where a function stands, or would.
func (r *readers) place(f *Function) *int32 {
	mask := len(r.at.places) - 1
	i := int(uint64(uintptr(unsafe.Pointer(f)))*0x9E3779B97F4A7C15>>32) & mask
	for {
		place := &r.at.places[i]
		if *place == 0 || r.list[*place-1].f == f {
			return place
		}
		i = (i + 1) & mask
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
