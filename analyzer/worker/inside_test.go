//go:build linux && (amd64 || arm64)

package worker

import (
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
)

// probe is a system call that a scan never makes.
type probe struct {
	name   string
	number uintptr
	args   [6]uintptr
	// want is EPERM where nothing is said.
	want syscall.Errno
}

// Of probes whose constants x/sys does not have on both architectures.
const (
	ipcCreate   = 0o1000
	futexLockPI = 6
)

// probes are what code that took a child over would try. f is a file in dir,
// parent the process that started the child.
func probes(f, dir uintptr, parent, self int, memory uintptr) []probe {
	at := ^uintptr(99) // AT_FDCWD
	p, me := uintptr(parent), uintptr(self)
	page := uintptr(4096)
	parentsClock := (^uintptr(parent))<<3 | 2 // CPUCLOCK_SCHED of another process
	return []probe{
		// Files: their contents, their names, their attributes.
		{name: "openat", number: unix.SYS_OPENAT, args: [6]uintptr{at, f, unix.O_RDONLY}},
		{name: "openat of a folder", number: unix.SYS_OPENAT, args: [6]uintptr{at, dir, unix.O_RDONLY | unix.O_DIRECTORY}},
		{name: "openat to make a file", number: unix.SYS_OPENAT, args: [6]uintptr{at, dir, unix.O_RDWR | unix.O_TMPFILE, 0o600}},
		{name: "openat2", number: unix.SYS_OPENAT2, args: [6]uintptr{at, f, memory, 24}},
		{name: "open_by_handle_at", number: unix.SYS_OPEN_BY_HANDLE_AT, args: [6]uintptr{at, memory, 0}},
		{name: "statx", number: unix.SYS_STATX, args: [6]uintptr{at, f, 0, 0xfff, memory}},
		{name: "statfs", number: unix.SYS_STATFS, args: [6]uintptr{f, memory}},
		{name: "faccessat", number: unix.SYS_FACCESSAT, args: [6]uintptr{at, f, 4}},
		{name: "readlinkat", number: unix.SYS_READLINKAT, args: [6]uintptr{at, f, memory, 100}},
		{name: "getcwd", number: unix.SYS_GETCWD, args: [6]uintptr{memory, page}},
		{name: "chdir", number: unix.SYS_CHDIR, args: [6]uintptr{dir}},
		{name: "fchmodat", number: unix.SYS_FCHMODAT, args: [6]uintptr{at, f, 0o600}},
		{name: "fchmodat2", number: 452, args: [6]uintptr{at, f, 0o600}},
		{name: "fchownat", number: unix.SYS_FCHOWNAT, args: [6]uintptr{at, f, 0, 0}},
		{name: "utimensat", number: unix.SYS_UTIMENSAT, args: [6]uintptr{at, f}},
		{name: "truncate", number: unix.SYS_TRUNCATE, args: [6]uintptr{f, 0}},
		{name: "setxattr", number: unix.SYS_SETXATTR, args: [6]uintptr{f, f, f, 1}},
		{name: "linkat", number: unix.SYS_LINKAT, args: [6]uintptr{at, f, at, dir}},
		{name: "symlinkat", number: unix.SYS_SYMLINKAT, args: [6]uintptr{f, at, dir}},
		{name: "unlinkat", number: unix.SYS_UNLINKAT, args: [6]uintptr{at, f}},
		{name: "mkdirat", number: unix.SYS_MKDIRAT, args: [6]uintptr{at, dir, 0o700}},
		{name: "mknodat", number: unix.SYS_MKNODAT, args: [6]uintptr{at, dir, unix.S_IFIFO}},
		{name: "renameat2", number: unix.SYS_RENAMEAT2, args: [6]uintptr{at, f, at, f}},
		{name: "inotify_init1", number: unix.SYS_INOTIFY_INIT1},
		{name: "mount", number: unix.SYS_MOUNT, args: [6]uintptr{dir, dir, 0, unix.MS_BIND}},
		{name: "open_tree", number: unix.SYS_OPEN_TREE, args: [6]uintptr{at, dir}},
		{name: "chroot", number: unix.SYS_CHROOT, args: [6]uintptr{dir}},
		// The network.
		{name: "socket of TCP", number: unix.SYS_SOCKET, args: [6]uintptr{unix.AF_INET, unix.SOCK_STREAM}},
		{name: "socket of UDP", number: unix.SYS_SOCKET, args: [6]uintptr{unix.AF_INET, unix.SOCK_DGRAM}},
		{name: "socket of UNIX", number: unix.SYS_SOCKET, args: [6]uintptr{unix.AF_UNIX, unix.SOCK_STREAM}},
		{name: "socket of netlink", number: unix.SYS_SOCKET, args: [6]uintptr{unix.AF_NETLINK, unix.SOCK_RAW}},
		{name: "socketpair", number: unix.SYS_SOCKETPAIR, args: [6]uintptr{unix.AF_UNIX, unix.SOCK_STREAM, 0, memory}},
		{name: "sendto on standard input", number: unix.SYS_SENDTO, args: [6]uintptr{0, memory, 1}},
		{name: "io_uring_setup", number: unix.SYS_IO_URING_SETUP, args: [6]uintptr{1, memory}},
		// Programs and processes of its own.
		{name: "execve", number: unix.SYS_EXECVE, args: [6]uintptr{f}},
		{name: "execveat", number: unix.SYS_EXECVEAT, args: [6]uintptr{at, f}},
		{name: "clone as fork does", number: unix.SYS_CLONE, args: [6]uintptr{uintptr(unix.SIGCHLD)}},
		{name: "clone of a thread in a namespace of its own", number: unix.SYS_CLONE,
			args: [6]uintptr{threadNeeds | unix.CLONE_NEWUSER}},
		{name: "clone of a thread with a high bit", number: unix.SYS_CLONE, args: [6]uintptr{threadNeeds | 1<<33}},
		{name: "clone3", number: unix.SYS_CLONE3, args: [6]uintptr{memory, 64}, want: unix.ENOSYS},
		{name: "unshare", number: unix.SYS_UNSHARE, args: [6]uintptr{unix.CLONE_NEWUSER}},
		{name: "setns", number: unix.SYS_SETNS, args: [6]uintptr{0, 0}},
		{name: "wait4", number: unix.SYS_WAIT4, args: [6]uintptr{^uintptr(0), 0, unix.WNOHANG}},
		// Other processes.
		{name: "kill of the parent", number: unix.SYS_KILL, args: [6]uintptr{p}},
		{name: "kill of the group", number: unix.SYS_KILL},
		{name: "tkill of the parent", number: unix.SYS_TKILL, args: [6]uintptr{p}},
		{name: "tgkill of the parent", number: unix.SYS_TGKILL, args: [6]uintptr{p, p}},
		{name: "tgkill with a high bit", number: unix.SYS_TGKILL, args: [6]uintptr{me | 1<<32, me}},
		{name: "rt_sigqueueinfo", number: unix.SYS_RT_SIGQUEUEINFO, args: [6]uintptr{p, 0, memory}},
		{name: "rt_tgsigqueueinfo", number: unix.SYS_RT_TGSIGQUEUEINFO, args: [6]uintptr{p, p, 0, memory}},
		{name: "pidfd_open", number: unix.SYS_PIDFD_OPEN, args: [6]uintptr{p}},
		{name: "pidfd_send_signal", number: unix.SYS_PIDFD_SEND_SIGNAL, args: [6]uintptr{0}},
		{name: "prlimit64 of the parent", number: unix.SYS_PRLIMIT64, args: [6]uintptr{p, unix.RLIMIT_CORE, 0, memory}},
		{name: "setpriority of the parent", number: unix.SYS_SETPRIORITY, args: [6]uintptr{0, p, 5}},
		{name: "getpriority of the parent", number: unix.SYS_GETPRIORITY, args: [6]uintptr{0, p}},
		{name: "ioprio_set of the parent", number: unix.SYS_IOPRIO_SET, args: [6]uintptr{1, p, 0}},
		{name: "sched_setaffinity of the parent", number: unix.SYS_SCHED_SETAFFINITY, args: [6]uintptr{p, 8, memory}},
		{name: "sched_getaffinity of the parent", number: unix.SYS_SCHED_GETAFFINITY, args: [6]uintptr{p, 8, memory}},
		{name: "sched_setscheduler of the parent", number: unix.SYS_SCHED_SETSCHEDULER, args: [6]uintptr{p, 0, memory}},
		{name: "the parent's clock", number: unix.SYS_CLOCK_GETTIME, args: [6]uintptr{parentsClock, memory}},
		{name: "ptrace", number: unix.SYS_PTRACE, args: [6]uintptr{unix.PTRACE_SEIZE, p}},
		{name: "process_vm_readv", number: unix.SYS_PROCESS_VM_READV, args: [6]uintptr{p, memory, 0, memory, 0}},
		{name: "process_madvise", number: unix.SYS_PROCESS_MADVISE, args: [6]uintptr{0, memory, 0, 0}},
		{name: "kcmp", number: unix.SYS_KCMP, args: [6]uintptr{p, me, 2}},
		{name: "setpgid", number: unix.SYS_SETPGID},
		{name: "setsid", number: unix.SYS_SETSID},
		// Signals to whom it likes, through its own pipes.
		{name: "fcntl F_SETOWN", number: unix.SYS_FCNTL, args: [6]uintptr{0, unix.F_SETOWN, p}},
		{name: "fcntl O_ASYNC", number: unix.SYS_FCNTL, args: [6]uintptr{0, unix.F_SETFL, unix.O_ASYNC}},
		{name: "fcntl F_DUPFD", number: unix.SYS_FCNTL, args: [6]uintptr{0, unix.F_DUPFD, 3}},
		{name: "fcntl with a high bit", number: unix.SYS_FCNTL, args: [6]uintptr{0, unix.F_GETFL | 1<<32}},
		{name: "ioctl FIOASYNC", number: unix.SYS_IOCTL, args: [6]uintptr{0, 0x5452, memory}},
		{name: "splice", number: unix.SYS_SPLICE, args: [6]uintptr{0, 0, 1, 0, 1, unix.SPLICE_F_NONBLOCK}},
		// Memory that others see, or that runs.
		{name: "shmget", number: unix.SYS_SHMGET, args: [6]uintptr{0, page, ipcCreate | 0o600}},
		{name: "msgget", number: unix.SYS_MSGGET, args: [6]uintptr{0, ipcCreate | 0o600}},
		{name: "semget", number: unix.SYS_SEMGET, args: [6]uintptr{0, 1, ipcCreate | 0o600}},
		{name: "mq_open", number: unix.SYS_MQ_OPEN, args: [6]uintptr{f, unix.O_CREAT | unix.O_RDWR, 0o600}},
		{name: "memfd_create", number: unix.SYS_MEMFD_CREATE, args: [6]uintptr{f}},
		{name: "mmap of code", number: unix.SYS_MMAP, args: [6]uintptr{0, page, unix.PROT_READ | unix.PROT_EXEC,
			unix.MAP_PRIVATE | unix.MAP_ANONYMOUS, ^uintptr(0)}},
		{name: "mmap of a file", number: unix.SYS_MMAP, args: [6]uintptr{0, page, unix.PROT_READ, unix.MAP_PRIVATE, 0}},
		{name: "mprotect to code", number: unix.SYS_MPROTECT, args: [6]uintptr{memory, page, unix.PROT_READ | unix.PROT_EXEC}},
		{name: "pkey_mprotect to code", number: unix.SYS_PKEY_MPROTECT,
			args: [6]uintptr{memory, page, unix.PROT_READ | unix.PROT_EXEC, ^uintptr(0)}},
		{name: "mremap", number: unix.SYS_MREMAP, args: [6]uintptr{memory, page, page, 0}},
		{name: "mlock", number: unix.SYS_MLOCK, args: [6]uintptr{memory, page}},
		{name: "madvise that breaks memory", number: unix.SYS_MADVISE, args: [6]uintptr{memory, page, 101}},
		{name: "userfaultfd", number: unix.SYS_USERFAULTFD, args: [6]uintptr{1}},
		{name: "personality", number: unix.SYS_PERSONALITY, args: [6]uintptr{0x400000}},
		// The kernel, and its own rights.
		{name: "futex with priorities", number: unix.SYS_FUTEX, args: [6]uintptr{memory, futexLockPI}},
		{name: "bpf", number: unix.SYS_BPF, args: [6]uintptr{0, memory, 64}},
		{name: "perf_event_open", number: unix.SYS_PERF_EVENT_OPEN, args: [6]uintptr{memory, 0, 0, ^uintptr(0)}},
		{name: "keyctl", number: unix.SYS_KEYCTL, args: [6]uintptr{0, 1}},
		{name: "add_key", number: unix.SYS_ADD_KEY, args: [6]uintptr{f, f, f, 1, 0}},
		{name: "seccomp", number: unix.SYS_SECCOMP, args: [6]uintptr{unix.SECCOMP_GET_ACTION_AVAIL, 0, memory}},
		{name: "landlock_create_ruleset", number: unix.SYS_LANDLOCK_CREATE_RULESET, args: [6]uintptr{0, 0, 1}},
		{name: "prctl PR_SET_DUMPABLE", number: unix.SYS_PRCTL, args: [6]uintptr{unix.PR_SET_DUMPABLE, 1}},
		{name: "prctl PR_SET_NAME", number: unix.SYS_PRCTL, args: [6]uintptr{unix.PR_SET_NAME, f}},
		{name: "prctl PR_SET_PDEATHSIG", number: unix.SYS_PRCTL, args: [6]uintptr{unix.PR_SET_PDEATHSIG, 9}},
		{name: "capset", number: unix.SYS_CAPSET, args: [6]uintptr{memory, memory}},
		{name: "setuid", number: unix.SYS_SETUID, args: [6]uintptr{uintptr(os.Getuid())}},
		{name: "prlimit64 of itself", number: unix.SYS_PRLIMIT64, args: [6]uintptr{0, unix.RLIMIT_NOFILE, 0, memory}},
		{name: "sethostname", number: unix.SYS_SETHOSTNAME, args: [6]uintptr{f, 1}},
		{name: "clock_settime", number: unix.SYS_CLOCK_SETTIME, args: [6]uintptr{0, memory}},
		{name: "syslog", number: unix.SYS_SYSLOG, args: [6]uintptr{3, memory, 100}},
		{name: "reboot", number: unix.SYS_REBOOT},
		{name: "init_module", number: unix.SYS_INIT_MODULE, args: [6]uintptr{memory, 0, f}},
		{name: "a number that no call has", number: 4000},
	}
}

// TestInside asks, in a child that gave its rights up, for what a scan never
// needs: each is refused by the filter itself, and the child lives.
func TestInside(t *testing.T) {
	needsFilter(t)
	if os.Getenv("INSIDE") == "" {
		f := t.TempDir() + "/file"
		if err := os.WriteFile(f, nil, 0o644); err != nil {
			t.Fatal(err)
		}
		lines := inChild(t, "TestInside", "INSIDE="+f)
		if len(lines) < 100 {
			t.Fatalf("the child came to %d probes only: %v", len(lines), lines)
		}
		for _, line := range lines {
			if !strings.HasSuffix(line, " refused") {
				t.Error(line)
			}
		}
		return
	}
	f := os.Getenv("INSIDE")
	file, _ := unix.BytePtrFromString(f)
	dir, _ := unix.BytePtrFromString(f[:strings.LastIndexByte(f, '/')])
	memory, err := unix.Mmap(-1, 0, 4096, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_PRIVATE|unix.MAP_ANONYMOUS)
	if err != nil {
		t.Fatal(err)
	}
	parent, self := os.Getppid(), os.Getpid()
	runtime.LockOSThread()
	if err := sandbox(Limits{Memory: 1 << 30}); err != nil {
		t.Fatal(err)
	}
	for _, p := range probes(uintptr(unsafe.Pointer(file)), uintptr(unsafe.Pointer(dir)), parent, self, uintptr(unsafe.Pointer(&memory[0]))) {
		got, _, errno := syscall.RawSyscall6(p.number, p.args[0], p.args[1], p.args[2], p.args[3], p.args[4], p.args[5])
		want := p.want
		if want == 0 {
			want = unix.EPERM
		}
		if errno == want {
			fmt.Println("probe:", p.name, "refused")
			continue
		}
		fmt.Println("probe:", p.name, "gave", got, errno)
		if errno == 0 && got == 0 && p.number == unix.SYS_CLONE {
			syscall.RawSyscall(unix.SYS_EXIT_GROUP, 0, 0, 0) // a fork that should not be
		}
	}
	runtime.KeepAlive(file)
	runtime.KeepAlive(dir)
}

// inChild runs a test in a process of its own and returns what it said of probes.
func inChild(t *testing.T, test, variable string) (lines []string) {
	t.Helper()
	c := exec.Command(os.Args[0], "-test.run="+test+"$", "-test.v")
	c.Env = append(os.Environ(), variable)
	out, err := c.CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	for line := range strings.Lines(string(out)) {
		if said, ok := strings.CutPrefix(strings.TrimSpace(line), "probe: "); ok {
			lines = append(lines, said)
		}
	}
	return lines
}

// TestInsideOfAllThreads: the filter and Landlock hold on threads that were there
// before, and on those that come later.
func TestInsideOfAllThreads(t *testing.T) {
	needsFilter(t)
	if os.Getenv("INSIDE_THREADS") == "" {
		lines := inChild(t, "TestInsideOfAllThreads", "INSIDE_THREADS=1")
		if len(lines) != 16 {
			t.Fatalf("%d threads answered: %v", len(lines), lines)
		}
		for _, line := range lines {
			if line != "thread refused" {
				t.Error(line)
			}
		}
		return
	}
	start, said := make(chan bool), make(chan string)
	ask := func() {
		runtime.LockOSThread() // never unlocked: a thread each
		<-start
		_, err := unix.Socket(unix.AF_INET, unix.SOCK_STREAM, 0)
		_, listed := os.ReadDir("/proc")
		if err == unix.EPERM && listed != nil {
			said <- "thread refused"
		} else {
			said <- fmt.Sprint("thread: ", err, listed)
		}
	}
	for range 8 {
		go ask()
	}
	time.Sleep(50 * time.Millisecond)
	if err := sandbox(Limits{Memory: 1 << 30}); err != nil {
		t.Fatal(err)
	}
	for range 8 {
		go ask()
	}
	close(start)
	for range 16 {
		fmt.Println("probe:", <-said)
	}
}

// TestInsideGoWorks does what a scan needs of Go's runtime: threads, collection,
// timers, preemption of loops by signals, recovered faults, randomness.
func TestInsideGoWorks(t *testing.T) {
	if os.Getenv("INSIDE_WORKS") == "" {
		want := []string{"threads", "collected", "preempted", "recovered", "woken"}
		if lines := inChild(t, "TestInsideGoWorks", "INSIDE_WORKS=1"); !slices.Equal(lines, want) {
			t.Errorf("%q, want %q", lines, want)
		}
		return
	}
	if err := sandbox(Limits{Memory: 1 << 30}); err != nil {
		t.Fatal(err)
	}
	done := make(chan bool)
	for range 20 {
		go func() {
			runtime.LockOSThread()
			done <- true
		}()
	}
	for range 20 {
		<-done
	}
	fmt.Println("probe: threads")
	kept := map[string][]byte{}
	for n := range 200_000 { // past what the heap has, with maps that want randomness
		kept[strconv.Itoa(n%5000)] = make([]byte, 1000)
	}
	runtime.GC()
	fmt.Println("probe: collected")
	for range runtime.GOMAXPROCS(0) * 2 { // loops without a call leave only for signals
		go func() {
			for n := uint(1); ; n = n*5 + 1 {
				if n == 0 {
					spun++
				}
			}
		}()
	}
	for range 5 {
		runtime.GC() // stops the world, the loops too
	}
	fmt.Println("probe: preempted")
	func() {
		defer func() {
			if recover() != nil {
				fmt.Println("probe: recovered")
			}
		}()
		var nothing *probe
		fmt.Println(nothing.name)
	}()
	<-time.After(20 * time.Millisecond)
	fmt.Println("probe: woken")
	os.Exit(0)
}

var spun int

// TestInheritedDescriptors: what a parent left open is closed, what Go's runtime
// needs is not.
func TestInheritedDescriptors(t *testing.T) {
	if os.Getenv("INSIDE_FILES") == "" {
		secret, err := os.Create(t.TempDir() + "/secret")
		if err != nil {
			t.Fatal(err)
		}
		defer secret.Close()
		c := exec.Command(os.Args[0], "-test.run=TestInheritedDescriptors$", "-test.v")
		c.Env = append(os.Environ(), "INSIDE_FILES=1")
		for range 70 { // beyond the limit on descriptors too
			c.ExtraFiles = append(c.ExtraFiles, secret)
		}
		out, err := c.CombinedOutput()
		if err != nil || !strings.Contains(string(out), "probe: closed") {
			t.Errorf("%v\n%s", err, out)
		}
		return
	}
	time.Sleep(time.Millisecond) // starts the runtime's poller
	if err := sandbox(Limits{Memory: 1 << 30}); err != nil {
		t.Fatal(err)
	}
	for fd := 3; fd < 3+70; fd++ {
		if _, err := unix.Write(fd, []byte("x")); err == nil {
			t.Fatalf("descriptor %d takes what is written", fd)
		}
	}
	<-time.After(time.Millisecond)
	fmt.Println("probe: closed")
}

// TestDescriptorLimit trips the limit on what a child may have open.
func TestDescriptorLimit(t *testing.T) {
	if os.Getenv("INSIDE_MANY") == "" {
		if lines := inChild(t, "TestDescriptorLimit", "INSIDE_MANY=1"); !slices.Equal(lines, []string{unix.EMFILE.Error()}) {
			t.Errorf("%q", lines)
		}
		return
	}
	if err := sandbox(Limits{Memory: 1 << 30}); err != nil {
		t.Fatal(err)
	}
	for range maxDescriptors + 1 {
		if _, err := unix.Eventfd(0, unix.EFD_CLOEXEC); err != nil {
			fmt.Println("probe:", err)
			return
		}
	}
}

// needsFilter skips a test where the kernel has no filters of system calls.
func needsFilter(t *testing.T) {
	t.Helper()
	if !filterSupported() {
		t.Skip("this kernel has no seccomp filters")
	}
}
