package javascript

// positions are where a module's nodes stand in its text, in bytes: for each
// run of nodes the place of its first one, and for each node how far from that
// it is. Nodes that follow each other stand near each other; far are the few
// that do not.
type positions struct {
	first []int32
	far   map[nodeID]int32
}

// positionRun is how many nodes share a first place.
const positionRun = 16

// Distances that are none: the place is in positions.far; there is none.
const (
	isFar     = -1 << 15
	isNowhere = isFar + 1
)

// place notes the places of a module's nodes, which are as many.
func (m *module) place(at []int32) {
	m.positions.first = make([]int32, (len(at)+positionRun-1)/positionRun)
	for run := range m.positions.first {
		for _, pos := range at[run*positionRun : min(len(at), (run+1)*positionRun)] {
			if pos >= 0 {
				m.positions.first[run] = pos
				break
			}
		}
	}
	for i, pos := range at {
		distance := int64(pos) - int64(m.positions.first[i/positionRun])
		switch {
		case pos < 0:
			m.nodes[i].distance = isNowhere
			continue
		case distance > isNowhere && distance < -isFar:
			m.nodes[i].distance = int16(distance)
			continue
		}
		m.nodes[i].distance = isFar
		if m.positions.far == nil {
			m.positions.far = map[nodeID]int32{}
		}
		m.positions.far[nodeID(i)] = pos
	}
}

// position is where a node stands in the text, in bytes; -1 where it stands for
// nothing that is written.
func (m *module) position(id nodeID) int32 {
	switch d := m.nodes[id].distance; d {
	case isFar:
		return m.positions.far[id]
	case isNowhere:
		return -1
	default:
		return m.positions.first[id/positionRun] + int32(d)
	}
}
