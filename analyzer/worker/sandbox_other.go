//go:build !linux

package worker

import "os"

// sandbox has nothing to offer outside Linux: the process, its memory watch
// and its deadlines remain.
func sandbox(Limits) error { return nil }

// Support says that there is neither Landlock nor seccomp outside Linux.
func Support() (landlock int, filter bool) { return 0, false }

// endedByFilter reports that there is no filter.
func endedByFilter(*os.ProcessState) bool { return false }
