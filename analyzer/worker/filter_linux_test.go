//go:build amd64 || arm64

package worker

import (
	"encoding/binary"
	"testing"

	"golang.org/x/net/bpf"
	"golang.org/x/sys/unix"
)

// TestProgram runs the filter itself, for both architectures, without a kernel.
func TestProgram(t *testing.T) {
	const allow, refuse, missing = unix.SECCOMP_RET_ALLOW, unix.SECCOMP_RET_ERRNO | uint32(unix.EPERM), unix.SECCOMP_RET_ERRNO | uint32(unix.ENOSYS)
	const kill = unix.SECCOMP_RET_KILL_PROCESS
	const own = 4711
	goThread := uint64(0x50f00) // runtime.cloneFlags
	for name, arch := range architectures {
		vm, err := bpf.NewVM(program(arch, calls(own)))
		if err != nil {
			t.Fatal(err)
		}
		for _, test := range []struct {
			what   string
			arch   uint32
			number uint32
			args   []uint64
			want   uint32
		}{
			{"read", arch, unix.SYS_READ, nil, allow},
			{"read of any argument", arch, unix.SYS_READ, []uint64{1 << 63, 5}, allow},
			{"the last in the list", arch, unix.SYS_GETRANDOM, nil, allow},
			{"socket", arch, unix.SYS_SOCKET, nil, refuse},
			{"x32's read", arch, x32Bit | unix.SYS_READ, nil, kill},
			{"number -1", arch, 0xffffffff, nil, kill},
			{"i386's exit", unix.AUDIT_ARCH_I386, 1, nil, kill},
			{"ARM's exit", unix.AUDIT_ARCH_ARM, 1, nil, kill},
			{"a thread", arch, unix.SYS_CLONE, []uint64{goThread}, allow},
			{"a thread of C's library", arch, unix.SYS_CLONE, []uint64{0x3d0f00}, allow},
			{"a fork", arch, unix.SYS_CLONE, []uint64{uint64(unix.SIGCHLD)}, refuse},
			{"a fork with shared memory", arch, unix.SYS_CLONE, []uint64{unix.CLONE_VM | unix.CLONE_VFORK | uint64(unix.SIGCHLD)}, refuse},
			{"a thread that is traced", arch, unix.SYS_CLONE, []uint64{goThread | unix.CLONE_PTRACE}, refuse},
			{"a thread in a namespace", arch, unix.SYS_CLONE, []uint64{goThread | unix.CLONE_NEWNET}, refuse},
			{"a thread that signals", arch, unix.SYS_CLONE, []uint64{goThread | 9}, refuse},
			{"clone3", arch, unix.SYS_CLONE3, nil, missing},
			{"a signal to itself", arch, unix.SYS_TGKILL, []uint64{own, own + 3, 23}, allow},
			{"a signal to another", arch, unix.SYS_TGKILL, []uint64{own + 1, own + 1, 23}, refuse},
			{"a signal with a high word", arch, unix.SYS_TGKILL, []uint64{own | 1<<40}, refuse},
			{"memory", arch, unix.SYS_MMAP, []uint64{0, 4096, unix.PROT_READ | unix.PROT_WRITE, unix.MAP_PRIVATE | unix.MAP_ANONYMOUS}, allow},
			{"memory that runs", arch, unix.SYS_MMAP, []uint64{0, 4096, unix.PROT_EXEC, unix.MAP_PRIVATE | unix.MAP_ANONYMOUS}, refuse},
			{"a file as memory", arch, unix.SYS_MMAP, []uint64{0, 4096, unix.PROT_READ, unix.MAP_PRIVATE}, refuse},
			{"futex", arch, unix.SYS_FUTEX, []uint64{0, futexPrivate | futexWake}, allow},
			{"futex by the clock", arch, unix.SYS_FUTEX, []uint64{0, futexPrivate | futexRealtime | futexWaitBitset}, allow},
			{"futex that requeues", arch, unix.SYS_FUTEX, []uint64{0, futexPrivate | 3}, refuse},
			{"another process's clock", arch, unix.SYS_CLOCK_GETTIME, []uint64{^uint64(0)}, refuse},
			{"its own clock", arch, unix.SYS_CLOCK_GETTIME, []uint64{unix.CLOCK_PROCESS_CPUTIME_ID}, allow},
			{"its own group of processors", arch, unix.SYS_SCHED_GETAFFINITY, []uint64{0}, allow},
			{"asking for flags", arch, unix.SYS_FCNTL, []uint64{0, unix.F_GETFL}, allow},
			{"becoming an owner", arch, unix.SYS_FCNTL, []uint64{0, unix.F_SETOWN, 1}, refuse},
		} {
			// The package's machine reads words in the network's order, the kernel's in its own.
			packet := make([]byte, 64)
			binary.BigEndian.PutUint32(packet[numberOffset:], test.number)
			binary.BigEndian.PutUint32(packet[archOffset:], test.arch)
			for i, a := range test.args {
				binary.BigEndian.PutUint32(packet[argumentsOffset+8*i:], uint32(a))
				binary.BigEndian.PutUint32(packet[argumentsOffset+8*i+4:], uint32(a>>32))
			}
			if got, err := vm.Run(packet); err != nil || uint32(got) != test.want {
				t.Errorf("%s, %s: %#x %v, want %#x", name, test.what, got, err, test.want)
			}
		}
	}
}

const x32Bit = 0x40000000
