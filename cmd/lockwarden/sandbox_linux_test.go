package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"
	"unsafe"

	"golang.org/x/net/bpf"
	"golang.org/x/sys/unix"
)

// without runs a program on a kernel that seems to lack some system calls.
func without(calls []uint32, program string, args []string) error {
	filter := []bpf.Instruction{bpf.LoadAbsolute{Off: 0, Size: 4}}
	for i, call := range calls {
		filter = append(filter, bpf.JumpIf{Cond: bpf.JumpEqual, Val: call, SkipTrue: uint8(len(calls) - i)})
	}
	filter = append(filter, bpf.RetConstant{Val: unix.SECCOMP_RET_ALLOW}, bpf.RetConstant{Val: unix.SECCOMP_RET_ERRNO | uint32(unix.ENOSYS)})
	raw, err := bpf.Assemble(filter)
	if err != nil {
		return err
	}
	code := make([]unix.SockFilter, len(raw))
	for i, r := range raw {
		code[i] = unix.SockFilter{Code: r.Op, Jt: r.Jt, Jf: r.Jf, K: r.K}
	}
	runtime.LockOSThread()
	if err := unix.Prctl(unix.PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0); err != nil {
		return err
	}
	p := unix.SockFprog{Len: uint16(len(code)), Filter: &code[0]}
	if _, _, errno := unix.Syscall(unix.SYS_SECCOMP, unix.SECCOMP_SET_MODE_FILTER, 0, uintptr(unsafe.Pointer(&p))); errno != 0 {
		return errno
	}
	return syscall.Exec(program, args, os.Environ())
}

// TestAbsentSandbox: a kernel without Landlock or seccomp is said by each command,
// and the server does not start there unless the operator allows it.
func TestAbsentSandbox(t *testing.T) {
	if program := os.Getenv("ABSENT_PROGRAM"); program != "" {
		calls := []uint32{unix.SYS_LANDLOCK_CREATE_RULESET, unix.SYS_LANDLOCK_ADD_RULE, unix.SYS_LANDLOCK_RESTRICT_SELF}
		if os.Getenv("ABSENT") == "seccomp and Landlock" {
			calls = append(calls, unix.SYS_SECCOMP)
		}
		t.Fatal(without(calls, program, append([]string{"lockwarden"}, strings.Fields(os.Getenv("ABSENT_ARGS"))...)))
	}
	lockwarden := program(t)
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "quiet.tgz"), pack("quiet", "1.0.0", map[string]string{"index.js": "module.exports = 1"}), 0o600); err != nil {
		t.Fatal(err)
	}
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	run := func(absent string, further []string, args ...string) (code int, out, errOut string) {
		ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
		defer cancel()
		cmd := exec.CommandContext(ctx, self, "-test.run=TestAbsentSandbox$")
		cmd.Dir = dir
		cmd.Env = append(os.Environ(), "ABSENT_PROGRAM="+lockwarden, "ABSENT="+absent, "ABSENT_ARGS="+strings.Join(args, " "),
			"DATABASE_URL="+filepath.Join(dir, "server.db"), "npm_config_userconfig="+filepath.Join(dir, "none"))
		cmd.Env = append(cmd.Env, further...)
		var stdout, stderr strings.Builder
		cmd.Stdout, cmd.Stderr = &stdout, &stderr
		_ = cmd.Run()
		return cmd.ProcessState.ExitCode(), stdout.String(), stderr.String()
	}
	for _, absent := range []string{"Landlock", "seccomp and Landlock"} {
		note := "lacks " + absent + " on this system"
		code, out, errOut := run(absent, nil, "scan", "quiet.tgz", "--no-cache", "--osv", "none", "--format", "json")
		if code != 0 || !strings.Contains(out, `"complete": true`) || strings.Count(errOut, note) != 1 || strings.Contains(out, note) {
			t.Errorf("%s: scan: exit status %d\n%s%s", absent, code, out, errOut)
		}
		code, out, errOut = run(absent, nil, "serve", "--port", "0", "--no-cache")
		if code != exitUsage || !strings.Contains(errOut, note) || !strings.Contains(errOut, "--allow-unsandboxed") {
			t.Errorf("%s: serve: exit status %d\n%s%s", absent, code, out, errOut)
		}
		if _, err := os.Stat(filepath.Join(dir, "server.db")); err == nil {
			t.Errorf("%s: serve made its database all the same", absent)
		}
		// Allowed, it comes as far as the next wrong setting.
		for _, allowed := range [][]string{{"ALLOW_UNSANDBOXED=true"}, {"ALLOW_UNSANDBOXED=1"}} {
			code, out, errOut = run(absent, append(allowed, "APP_ID=1"), "serve", "--port", "0", "--no-cache")
			if code != exitUsage || !strings.Contains(errOut, "is missing") || !strings.Contains(errOut, "not whole") || strings.Contains(errOut, note) {
				t.Errorf("%s: serve where that is allowed: exit status %d\n%s%s", absent, code, out, errOut)
			}
		}
		for flag, mark := range map[string]string{"": "✗", "--allow-unsandboxed": "!"} {
			_, out, errOut = run(absent, nil, "doctor", "--no-cache", "--osv", "none", "--registry", "http://127.0.0.1:1", flag)
			if !strings.Contains(out, fmt.Sprintf("%s %-16s this system lacks %s", mark, "sandbox", absent)) {
				t.Errorf("%s: doctor %s\n%s%s", absent, flag, out, errOut)
			}
		}
		_ = os.Remove(filepath.Join(dir, "server.db"))
		_ = os.Remove(filepath.Join(dir, "server.db.key"))
	}
}
