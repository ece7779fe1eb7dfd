package worker

// Gaps names what the children's sandbox lacks on this system, the worst first;
// none where it is whole.
func Gaps() []string {
	landlock, filter := Support()
	var gaps []string
	if !filter {
		gaps = append(gaps, "seccomp")
	}
	if landlock == 0 {
		gaps = append(gaps, "Landlock")
	}
	return gaps
}
