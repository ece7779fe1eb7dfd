//go:build !linux

package storetest

import "syscall"

// unprivileged is for those who are not root, whom PostgreSQL accepts.
func unprivileged(string) (*syscall.SysProcAttr, error) { return nil, nil }
