package worker

import (
	"time"

	"golang.org/x/sys/unix"
)

// processorOf is the processor time that a process has used, with all its
// threads; ok is false where nobody knows.
func processorOf(pid int) (used time.Duration, ok bool) {
	// A process's clock by its number, as clock_getcpuclockid(3) makes it. The
	// number is the process's as long as nobody has waited for it.
	const scheduled = 2
	return processorClock(int32(^pid<<3 | scheduled))
}

// ProcessorTime is the processor time that this process has used, with all its
// threads; where nobody knows, the time since it began.
func ProcessorTime() time.Duration {
	if used, ok := processorClock(unix.CLOCK_PROCESS_CPUTIME_ID); ok {
		return used
	}
	return time.Since(begun)
}

func processorClock(clock int32) (time.Duration, bool) {
	var t unix.Timespec
	if err := unix.ClockGettime(clock, &t); err != nil {
		return 0, false
	}
	return time.Duration(t.Nano()), true
}
