package worker

import (
	"os"
	"strconv"

	"golang.org/x/sys/unix"
)

// maxGuessed bounds the descriptors that are tried where /proc does not list them.
const maxGuessed = 1 << 20

// descriptors lists the open descriptors beyond standard input, output and error,
// or those that may be open where there is no /proc.
func descriptors() ([]int, error) {
	var list []int
	if entries, err := os.ReadDir("/proc/self/fd"); err == nil {
		for _, e := range entries {
			if fd, err := strconv.Atoi(e.Name()); err == nil && fd > 2 {
				list = append(list, fd)
			}
		}
		return list, nil
	}
	var limit unix.Rlimit
	if err := unix.Getrlimit(unix.RLIMIT_NOFILE, &limit); err != nil {
		return nil, err
	}
	for fd := 3; uint64(fd) < min(limit.Max, maxGuessed); fd++ {
		list = append(list, fd)
	}
	return list, nil
}
