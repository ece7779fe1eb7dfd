package ir

// positionRun is how many nodes share a first place.
const positionRun = 16

// Distances that are none: the place is in positions.far; there is none.
const (
	isFar     = -1 << 15
	isNowhere = isFar + 1
)

// place notes the places of a module's nodes, which are as many.
func (m *Module) place(at []int32) {
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
			m.Nodes[i].distance = isNowhere
			continue
		case distance > isNowhere && distance < -isFar:
			m.Nodes[i].distance = int16(distance)
			continue
		}
		m.Nodes[i].distance = isFar
		if m.positions.far == nil {
			m.positions.far = map[NodeID]int32{}
		}
		m.positions.far[NodeID(i)] = pos
	}
}

// Position is where a node stands in the text, in bytes; -1 where it stands for
// nothing that is written.
func (m *Module) Position(id NodeID) int32 {
	switch d := m.Nodes[id].distance; d {
	case isFar:
		return m.positions.far[id]
	case isNowhere:
		return -1
	default:
		return m.positions.first[id/positionRun] + int32(d)
	}
}
