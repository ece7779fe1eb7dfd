//go:build linux && amd64

package worker_test

import (
	"context"
	"errors"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/lockwarden/lockwarden/analyzer/worker"
)

func init() {
	further["call x32"] = func() { _, _, _ = unix.RawSyscall(1<<30|unix.SYS_GETPID, 0, 0, 0) }
}

// TestEndedByFilter: a child that the filter ends is its request's fault, so nobody
// tries it again as it is.
func TestEndedByFilter(t *testing.T) {
	if _, filter := worker.Support(); !filter {
		t.Skip("this kernel has no seccomp filters")
	}
	_, err := pool(t, 1).Do(context.Background(), []byte("call x32"), nil)
	var death *worker.DeathError
	if !errors.As(err, &death) || death.Outside || !strings.Contains(death.Reason, "system call that no scan makes") {
		t.Errorf("%v, want a death by the filter", err)
	}
}
