//go:build amd64 || arm64

package worker

import (
	"fmt"
	"runtime"
	"unsafe"

	"golang.org/x/net/bpf"
	"golang.org/x/sys/unix"
)

// call is a system call that a child may make.
type call struct {
	number uintptr
	// ways are the alternatives of what its arguments may be; none: anything.
	ways [][]argument
	// refusal answers where no way fits; 0 means EPERM.
	refusal unix.Errno
}

// argument says what the bits of mask of an argument are to be.
type argument struct {
	index      uint32
	mask, want uint64
}

// is wants an argument to be exactly this.
func is(index uint32, want uint64) argument { return argument{index, ^uint64(0), want} }

// only wants an argument to have no other bits than these.
func only(index uint32, bits uint64) argument { return argument{index, ^bits, 0} }

// without wants an argument to have none of these bits.
func without(index uint32, bits uint64) argument { return argument{index, bits, 0} }

// either wants an argument to be one of these, whatever the bits of options.
func either(index uint32, options uint64, wants ...uint64) (ways [][]argument) {
	for _, want := range wants {
		ways = append(ways, []argument{{index, ^options, want}})
	}
	return ways
}

// way is a single alternative.
func way(arguments ...argument) [][]argument { return [][]argument{arguments} }

// Of a thread, as Go's runtime (and C's, in a build with cgo) starts it: in this
// process, sharing its memory, in its namespaces.
const (
	threadNeeds = unix.CLONE_VM | unix.CLONE_SIGHAND | unix.CLONE_THREAD
	threadMay   = unix.CLONE_FS | unix.CLONE_FILES | unix.CLONE_SYSVSEM | unix.CLONE_SETTLS | unix.CLONE_PARENT_SETTID |
		unix.CLONE_CHILD_CLEARTID | unix.CLONE_CHILD_SETTID | unix.CLONE_DETACHED
)

// Of futex, from linux/futex.h.
const (
	futexWait       = 0
	futexWake       = 1
	futexWaitBitset = 9
	futexWakeBitset = 10
	futexPrivate    = 128
	futexRealtime   = 256
)

const (
	maxAdvice = 63 // madvise: from 100 on, an administrator breaks pages of memory
	maxClock  = 15 // clocks of other processes have negative numbers
)

// calls are what Go's runtime and a scan need: memory that cannot be run,
// threads, locks, clocks, signals to itself, and the three pipes. process is the
// child's own number.
func calls(process int) []call {
	own := uint64(process)
	return []call{
		{number: unix.SYS_READ},
		{number: unix.SYS_WRITE},
		{number: unix.SYS_PREAD64}, // the runtime reads its control group's limit
		{number: unix.SYS_CLOSE},
		// Never an owner: a pipe would send its signals to another process.
		{number: unix.SYS_FCNTL, ways: either(1, 0, unix.F_GETFD, unix.F_GETFL)},
		{number: unix.SYS_EPOLL_CREATE1},
		{number: unix.SYS_EPOLL_CTL},
		{number: unix.SYS_EPOLL_PWAIT},
		{number: unix.SYS_EVENTFD2},

		{number: unix.SYS_MMAP, ways: way(without(2, unix.PROT_EXEC), argument{3, unix.MAP_ANONYMOUS, unix.MAP_ANONYMOUS})},
		{number: unix.SYS_MPROTECT, ways: way(without(2, unix.PROT_EXEC))},
		{number: unix.SYS_MUNMAP},
		{number: unix.SYS_MADVISE, ways: way(only(2, maxAdvice))},
		{number: unix.SYS_BRK},
		// The runtime names its memory for whoever looks into /proc.
		{number: unix.SYS_PRCTL, ways: way(is(0, unix.PR_SET_VMA), is(1, 0))},

		{number: unix.SYS_CLONE, ways: way(argument{0, ^uint64(threadMay), threadNeeds})},
		// Its flags are in memory, which a filter does not see: C's library takes clone then.
		{number: unix.SYS_CLONE3, ways: [][]argument{}, refusal: unix.ENOSYS},
		{number: unix.SYS_SET_ROBUST_LIST},
		{number: unix.SYS_RSEQ},
		{number: unix.SYS_FUTEX, ways: either(1, futexPrivate|futexRealtime, futexWait, futexWake, futexWaitBitset, futexWakeBitset)},
		{number: unix.SYS_SCHED_YIELD},
		{number: unix.SYS_SCHED_GETAFFINITY, ways: way(is(0, 0))},
		{number: unix.SYS_GETPID},
		{number: unix.SYS_GETTID},
		{number: unix.SYS_EXIT},
		{number: unix.SYS_EXIT_GROUP},

		{number: unix.SYS_RT_SIGACTION},
		{number: unix.SYS_RT_SIGPROCMASK},
		{number: unix.SYS_RT_SIGRETURN},
		{number: unix.SYS_SIGALTSTACK},
		{number: unix.SYS_TGKILL, ways: way(is(0, own))},

		{number: unix.SYS_NANOSLEEP},
		{number: unix.SYS_CLOCK_NANOSLEEP, ways: way(only(0, maxClock))},
		{number: unix.SYS_CLOCK_GETTIME, ways: way(only(0, maxClock))},
		{number: unix.SYS_GETTIMEOFDAY},
		{number: unix.SYS_GETRUSAGE},
		{number: unix.SYS_RESTART_SYSCALL}, // after a stop, by the kernel's own doing
		{number: unix.SYS_GETRANDOM},
	}
}

// foreignCalls is from which number on x86-64's calls belong to another ABI (x32);
// no other architecture has calls there.
const foreignCalls = 0x40000000

// Offsets in the kernel's struct seccomp_data.
const (
	numberOffset    = 0
	archOffset      = 4
	argumentsOffset = 16
)

// program checks the architecture first: numbers mean other calls elsewhere. A
// call of another ABI, such as i386's int 0x80, is no program of ours and ends
// the process. A call that is not in the list is refused only: what Go's next
// version tries first, or a library asks for in vain, must not cost a package,
// and refused it does no more than killed.
func program(arch uint32, allowed []call) []bpf.Instruction {
	kill := bpf.RetConstant{Val: unix.SECCOMP_RET_KILL_PROCESS}
	allow := bpf.RetConstant{Val: unix.SECCOMP_RET_ALLOW}
	refuse := func(errno unix.Errno) bpf.Instruction {
		return bpf.RetConstant{Val: unix.SECCOMP_RET_ERRNO | uint32(errno)}
	}
	out := []bpf.Instruction{
		bpf.LoadAbsolute{Off: archOffset, Size: 4},
		bpf.JumpIf{Cond: bpf.JumpEqual, Val: arch, SkipTrue: 1},
		kill,
		bpf.LoadAbsolute{Off: numberOffset, Size: 4},
		bpf.JumpIf{Cond: bpf.JumpLessThan, Val: foreignCalls, SkipTrue: 1},
		kill,
	}
	for _, c := range allowed {
		body := []bpf.Instruction{allow}
		if c.ways != nil {
			body = nil
			for _, arguments := range c.ways {
				body = append(body, check(arguments, allow)...)
			}
			refusal := c.refusal
			if refusal == 0 {
				refusal = unix.EPERM
			}
			body = append(body, refuse(refusal))
		}
		out = append(out, bpf.JumpIf{Cond: bpf.JumpNotEqual, Val: uint32(c.number), SkipTrue: uint8(len(body))})
		out = append(out, body...)
	}
	return append(out, refuse(unix.EPERM))
}

// check goes to then where all arguments are as they should, else past it. The
// kernel's machine has 32 bits: each argument is two words, the low one first on
// the architectures that we know.
func check(arguments []argument, then bpf.Instruction) []bpf.Instruction {
	type word struct{ offset, mask, want uint32 }
	var words []word
	for _, a := range arguments {
		at := argumentsOffset + 8*a.index
		for _, w := range []word{{at, uint32(a.mask), uint32(a.want)}, {at + 4, uint32(a.mask >> 32), uint32(a.want >> 32)}} {
			if w.mask != 0 {
				words = append(words, w)
			}
		}
	}
	var out []bpf.Instruction
	for i, w := range words {
		left := (len(words)-i-1)*3 + 1
		out = append(out, bpf.LoadAbsolute{Off: w.offset, Size: 4},
			bpf.ALUOpConstant{Op: bpf.ALUOpAnd, Val: w.mask},
			bpf.JumpIf{Cond: bpf.JumpNotEqual, Val: w.want, SkipTrue: uint8(left)})
	}
	return append(out, then)
}

// architectures are the kernel's numbers of those whose calls are listed.
var architectures = map[string]uint32{"amd64": unix.AUDIT_ARCH_X86_64, "arm64": unix.AUDIT_ARCH_AARCH64}

// loadFilter puts the filter over all threads of the process, for good. It does
// nothing where the kernel has no such filters.
func loadFilter() error {
	if !filterSupported() {
		return nil
	}
	raw, err := bpf.Assemble(program(architectures[runtime.GOARCH], calls(unix.Getpid())))
	if err != nil {
		return err
	}
	code := make([]unix.SockFilter, len(raw))
	for i, r := range raw {
		code[i] = unix.SockFilter{Code: r.Op, Jt: r.Jt, Jf: r.Jf, K: r.K}
	}
	// The kernel wants the flag on the thread that asks, and gives both to the others.
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	if err := unix.Prctl(unix.PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0); err != nil {
		return fmt.Errorf("no_new_privs: %w", err)
	}
	p := unix.SockFprog{Len: uint16(len(code)), Filter: &code[0]}
	thread, _, errno := unix.Syscall(unix.SYS_SECCOMP, unix.SECCOMP_SET_MODE_FILTER, unix.SECCOMP_FILTER_FLAG_TSYNC,
		uintptr(unsafe.Pointer(&p)))
	runtime.KeepAlive(code)
	if errno != 0 {
		return errno
	}
	if thread != 0 {
		return fmt.Errorf("thread %d did not take the filter", thread)
	}
	return nil
}

// filterSupported reports whether the kernel has filters that can end a process
// (4.14 and later).
func filterSupported() bool {
	action := uint32(unix.SECCOMP_RET_KILL_PROCESS)
	_, _, errno := unix.Syscall(unix.SYS_SECCOMP, unix.SECCOMP_GET_ACTION_AVAIL, 0, uintptr(unsafe.Pointer(&action)))
	return errno == 0
}
