package worker

import (
	"fmt"

	seccomp "github.com/elastic/go-seccomp-bpf"
	"github.com/landlock-lsm/go-landlock/landlock"
	ll "github.com/landlock-lsm/go-landlock/landlock/syscall"
	"golang.org/x/sys/unix"
)

// sandbox gives up what the child does not need: files and the network through
// Landlock (where the kernel has it), and through seccomp the system calls
// that open sockets, start programs or touch other processes. The pipes to the
// parent are open already.
func sandbox(limits Limits) error {
	if err := unix.Setrlimit(unix.RLIMIT_CORE, &unix.Rlimit{}); err != nil {
		return fmt.Errorf("core limit: %w", err)
	}
	// The watch over the heap ends the process first; this holds where it is
	// too slow. Address space is more than memory: Go reserves it ahead.
	space := uint64(limits.Memory)*2 + 2<<30
	if err := unix.Setrlimit(unix.RLIMIT_AS, &unix.Rlimit{Cur: space, Max: space}); err != nil {
		return fmt.Errorf("address space limit: %w", err)
	}
	if err := landlock.V5.BestEffort().Restrict(); err != nil {
		return fmt.Errorf("landlock: %w", err)
	}
	if !seccomp.Supported() {
		return nil
	}
	filter := seccomp.Filter{
		NoNewPrivs: true,
		Flag:       seccomp.FilterFlagTSync,
		Policy: seccomp.Policy{
			DefaultAction: seccomp.ActionAllow,
			Syscalls: []seccomp.SyscallGroup{{
				Action: seccomp.ActionErrno,
				Names: []string{
					"socket", "socketpair", "connect", "bind", "listen", "accept", "accept4", "sendto", "sendmsg",
					"execve", "execveat", "ptrace", "process_vm_readv", "process_vm_writev", "kill", "tkill", "fork", "vfork",
					"mount", "umount2", "pivot_root", "chroot", "setns", "unshare", "bpf", "perf_event_open", "keyctl", "add_key",
					"init_module", "finit_module", "kexec_load", "reboot", "swapon", "userfaultfd", "io_uring_setup",
				},
			}},
		},
	}
	if err := seccomp.LoadFilter(filter); err != nil {
		return fmt.Errorf("seccomp: %w", err)
	}
	return nil
}

// Support says what this kernel offers for the children's sandbox: Landlock's
// version (0: none; 4 and later keep TCP out as well) and seccomp.
func Support() (landlock int, filter bool) {
	version, err := ll.LandlockGetABIVersion()
	if err != nil {
		version = 0
	}
	return version, seccomp.Supported()
}
