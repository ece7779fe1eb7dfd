package worker

import "time"

// ProcessorOf is processorOf, for tests.
func ProcessorOf(pid int) time.Duration {
	used, _ := processorOf(pid)
	return used
}
