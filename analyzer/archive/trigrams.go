package archive

import "math/bits"

// trigrams are the groups of three bytes of a content, a bit for the hash of
// each: where one of a text's is missing, the text does not stand in the content.
// Dozens of texts are looked for in every script, and hardly one stands in any;
// one pass answers for all.
type trigrams struct {
	bits  []uint64
	shift uint8
}

// Bits of one content: about one a byte, within bounds.
const (
	leastTrigramBits = 10
	mostTrigramBits  = 17
)

func trigramsLog(length int) int {
	return min(max(bits.Len(uint(length)), leastTrigramBits), mostTrigramBits)
}

// trigramsSize is what the trigrams of so long a content take, in bytes.
func trigramsSize(length int) int { return 1 << (trigramsLog(length) - 3) }

func trigramsOf(data []byte) *trigrams {
	log := trigramsLog(len(data))
	t := &trigrams{bits: make([]uint64, 1<<(log-6)), shift: uint8(32 - log)}
	if len(data) < 3 {
		return t
	}
	group := uint32(data[0])<<8 | uint32(data[1])
	for _, c := range data[2:] {
		group = group<<8 | uint32(c)
		at := t.hash(group)
		t.bits[at>>6] |= 1 << (at & 63)
	}
	return t
}

// hash is the bit of the last three bytes of group (multiplicative hashing,
// Knuth, The Art of Computer Programming 3, 6.4).
func (t *trigrams) hash(group uint32) uint32 { return (group << 8) * 2654435769 >> t.shift }

func (t *trigrams) may(text string) bool {
	if len(text) < 3 {
		return true
	}
	group := uint32(text[0])<<8 | uint32(text[1])
	for i := 2; i < len(text); i++ {
		group = group<<8 | uint32(text[i])
		if at := t.hash(group); t.bits[at>>6]&(1<<(at&63)) == 0 {
			return false
		}
	}
	return true
}

// MayHave is false where a text does not stand in Data, and mostly true only where
// it does; a look that costs next to nothing after the first.
func (f *File) MayHave(text string) bool {
	if r := f.content.recent; r != nil && f.trigrams == nil {
		// Where those of a large package would take too much, only one file's are
		// kept.
		if r.asked != f {
			r.asked, r.trigrams = f, trigramsOf(f.Data())
		}
		return r.trigrams.may(text)
	}
	if f.trigrams == nil {
		f.trigrams = trigramsOf(f.Data())
	}
	return f.trigrams.may(text)
}
