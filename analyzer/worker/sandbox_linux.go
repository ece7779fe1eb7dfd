package worker

import (
	"fmt"
	"os"
	"syscall"

	"github.com/landlock-lsm/go-landlock/landlock"
	ll "github.com/landlock-lsm/go-landlock/landlock/syscall"
	"golang.org/x/sys/unix"
)

// maxDescriptors is how many files a child may have open: its three pipes and
// what Go's runtime needs.
const maxDescriptors = 64

// sandbox gives up what the child does not need: inherited descriptors, files,
// the network and signals through Landlock, and all system calls but those of
// a scan (filter_linux.go). Either wall holds without the other; what the
// kernel lacks is for the parent to say, see Gaps.
func sandbox(limits Limits) error {
	if err := closeInherited(); err != nil {
		return fmt.Errorf("inherited descriptors: %w", err)
	}
	if err := unix.Setrlimit(unix.RLIMIT_CORE, &unix.Rlimit{}); err != nil {
		return fmt.Errorf("core limit: %w", err)
	}
	if err := unix.Setrlimit(unix.RLIMIT_NOFILE, &unix.Rlimit{Cur: maxDescriptors, Max: maxDescriptors}); err != nil {
		return fmt.Errorf("descriptor limit: %w", err)
	}
	// The watch over the heap ends the process first; this holds where it is
	// too slow. Address space is more than memory: Go reserves it ahead.
	space := uint64(limits.Memory)*2 + 2<<30
	if err := unix.Setrlimit(unix.RLIMIT_AS, &unix.Rlimit{Cur: space, Max: space}); err != nil {
		return fmt.Errorf("address space limit: %w", err)
	}
	if err := landlocked().BestEffort().Restrict(); err != nil {
		return fmt.Errorf("landlock: %w", err)
	}
	// Last: setting up the others takes calls that it refuses.
	if err := loadFilter(); err != nil {
		return fmt.Errorf("seccomp: %w", err)
	}
	return nil
}

// signalErratum is the kernel's number of a flaw of its own: a process whose
// signals are scoped could not signal its own threads, as Go's runtime does.
const signalErratum = 1 << (2 - 1)

// landlocked is everything that this version of Landlock can refuse: nothing is
// granted. Where the kernel has the flaw, signals are left to the filter.
func landlocked() landlock.Config {
	c := landlock.V11
	if errata, err := ll.LandlockGetErrata(); err != nil || errata&signalErratum == 0 {
		c.Scoped &^= ll.ScopeSignal
	}
	return c
}

// closeInherited closes what a careless parent of our parent left open. Go's
// runtime and libraries open everything to be closed on exec, so whatever
// survived an exec is not theirs.
func closeInherited() error {
	list, err := descriptors()
	if err != nil {
		return err
	}
	for _, fd := range list {
		flags, err := unix.FcntlInt(uintptr(fd), unix.F_GETFD, 0)
		if err != nil || flags&unix.FD_CLOEXEC != 0 {
			continue // not open, or the runtime's
		}
		_ = unix.Close(fd) // an error on closing, such as a full disk, closes all the same
	}
	return nil
}

// Support says what this kernel offers for the children's sandbox: Landlock's
// version (0: none; 4 and later keep TCP out as well) and seccomp.
func Support() (landlock int, filter bool) {
	version, err := ll.LandlockGetABIVersion()
	if err != nil || version < 0 {
		version = 0
	}
	return version, filterSupported()
}

// endedByFilter reports whether the filter ended a child: what it read made it do
// what our code does not.
func endedByFilter(s *os.ProcessState) bool {
	status, ok := s.Sys().(syscall.WaitStatus)
	return ok && status.Signaled() && status.Signal() == unix.SIGSYS
}
