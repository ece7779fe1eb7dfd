//go:build linux && amd64

package worker

import (
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
)

// int80 is Go's calling convention around i386's entry to the kernel: the number
// is in AX already, the first two arguments in BX and CX, the third is in DI.
var int80 = []byte{
	0x89, 0xfa, // mov edx, edi
	0xcd, 0x80, // int 0x80
	0x89, 0xc0, // mov eax, eax
	0xc3, // ret
}

// x32 is the bit that makes a call one of the x32 ABI.
const x32 = x32Bit

// TestForeignCalls makes system calls of the other ABIs of this processor, in a
// child that gave its rights up: the kernel ends it at the first.
func TestForeignCalls(t *testing.T) {
	needsFilter(t)
	abi := os.Getenv("FOREIGN")
	if abi == "" {
		dir, err := os.MkdirTemp("", "s") // short enough for the address of a socket
		if err != nil {
			t.Fatal(err)
		}
		defer os.RemoveAll(dir)
		l, err := net.Listen("unix", dir+"/s")
		if err != nil {
			t.Fatal(err)
		}
		defer l.Close()
		got := make(chan string, 1)
		go func() {
			if c, err := l.Accept(); err == nil {
				got <- "a connection"
				c.Close()
			}
		}()
		for _, abi := range []string{"i386", "x32", "x32 getpid"} {
			c := exec.Command(os.Args[0], "-test.run=TestForeignCalls$", "-test.v")
			c.Env = append(os.Environ(), "FOREIGN="+abi, "FOREIGN_SOCKET="+dir+"/s")
			out, err := c.CombinedOutput()
			if !strings.Contains(string(out), "sandbox is up") || strings.Contains(string(out), "still here") {
				t.Errorf("%s: %v\n%s", abi, err, out)
			}
			var exit *exec.ExitError
			if !errors.As(err, &exit) || exit.Sys().(syscall.WaitStatus).Signal() != syscall.SIGSYS {
				t.Errorf("%s: the child ended by %v, want the filter's signal", abi, err)
			}
		}
		select {
		case what := <-got:
			t.Errorf("the child made %s to a socket of its parent", what)
		case <-time.After(200 * time.Millisecond):
		}
		return
	}
	low, _, e := unix.Syscall6(unix.SYS_MMAP, 0, 4096, 3, unix.MAP_PRIVATE|unix.MAP_ANONYMOUS|unix.MAP_32BIT, ^uintptr(0), 0)
	if e != 0 {
		t.Fatal(e)
	}
	at := low
	m := *(*[]byte)(unsafe.Pointer(&struct {
		data     uintptr
		len, cap int
	}{at, 4096, 4096}))
	code, err := unix.Mmap(-1, 0, 4096, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_PRIVATE|unix.MAP_ANONYMOUS)
	if err != nil {
		t.Fatal(err)
	}
	copy(code, int80)
	if err := unix.Mprotect(code, unix.PROT_READ|unix.PROT_EXEC); err != nil {
		t.Fatal(err)
	}
	first := &code[0]
	entry := &first
	call := *(*func(number, a, b, c uint64) uint64)(unsafe.Pointer(&entry))
	if err := sandbox(Limits{Memory: 1 << 30}); err != nil {
		t.Fatal(err)
	}
	fmt.Println("sandbox is up")
	switch abi {
	case "i386":
		fd := call(359, 1, 1, 0) // socket
		m[0] = 1
		copy(m[2:], os.Getenv("FOREIGN_SOCKET"))
		call(362, fd, uint64(low), 110) // connect
	case "x32":
		_, _, _ = unix.RawSyscall(x32|unix.SYS_SOCKET, unix.AF_INET, unix.SOCK_STREAM, 0)
	case "x32 getpid": // what is allowed on this processor's own ABI
		_, _, _ = unix.RawSyscall(x32|unix.SYS_GETPID, 0, 0, 0)
	}
	fmt.Println("still here")
}
