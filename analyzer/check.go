package analyzer

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/lockwarden/lockwarden/analyzer/registry"
	"github.com/lockwarden/lockwarden/analyzer/vulnerability"
	"github.com/lockwarden/lockwarden/analyzer/worker"
)

// Check is the state of one thing that scanning needs.
type Check struct {
	// What is checked, and what was found.
	What, Found string
	// Wrong is set where scanning does not work, Weak where it works less well.
	Wrong, Weak bool
	// Do says what a person can do about it.
	Do string
}

// lowDisk is from where on the cache's disk counts as nearly full, in bytes.
const lowDisk = 1 << 30

// Checks tries what scanning needs: the registries, advisories, cache, child
// processes and their sandbox.
func (s *Scanner) Checks(ctx context.Context) []Check {
	return []Check{s.checkRegistry(ctx), s.checkAdvisories(ctx), s.checkCache(), s.checkWorkers(ctx), checkSandbox(s.allowUnsandboxed)}
}

func (s *Scanner) checkRegistry(ctx context.Context) Check {
	c := Check{What: "registry", Found: s.Settings.Registry + " answers"}
	// A package that every copy of the registry has; a private one may not,
	// and answers all the same.
	if _, err := s.Registry.Packument(ctx, "npm", false); err != nil && !errors.Is(err, registry.ErrNotFound) {
		c.Found, c.Wrong = err.Error(), true
		c.Do = "check the registry's address, proxy, certificates and token in .npmrc, and --allow-host for an internal one"
	}
	return c
}

func (s *Scanner) checkAdvisories(ctx context.Context) Check {
	c := Check{What: "advisories", Found: "known"}
	if s.Vulnerabilities == nil {
		c.Found, c.Weak, c.Do = "nobody is asked (--osv none)", true, "leave --osv out, or name a local copy of OSV's npm/all.zip"
		return c
	}
	found, err := s.Advisories(ctx, []vulnerability.Package{{Name: "npm", Version: "0.0.1"}})
	if why := found.Why(); why != "" || err != nil {
		if err != nil {
			why = err.Error()
		}
		c.Found, c.Weak = why, true
		c.Do = "let this machine reach OSV's API, or name a local copy of OSV's npm/all.zip with --osv; reviews say meanwhile that vulnerabilities are not known"
	}
	return c
}

func (s *Scanner) checkCache() Check {
	c := Check{What: "cache"}
	if s.Cache == nil {
		c.Found, c.Weak, c.Do = "none (--no-cache)", true, "give the cache a folder with --cache: every tarball is fetched each time"
		return c
	}
	dir := s.Cache.Dir()
	f, err := os.CreateTemp(filepath.Join(dir, "partial"), "check-*")
	if err != nil {
		c.Found, c.Wrong, c.Do = err.Error(), true, "make the folder writable for this user, or name another one with --cache"
		return c
	}
	_ = f.Close()
	_ = os.Remove(f.Name())
	free, known := s.Cache.Free()
	if !known {
		c.Found = dir
		return c
	}
	c.Found = fmt.Sprintf("%s, %.1f GB free", dir, float64(free)/1e9)
	if free < lowDisk {
		c.Weak, c.Do = true, "free some space: without it tarballs are fetched again and again"
	}
	return c
}

// checkWorkers scans a package of one file.
func (s *Scanner) checkWorkers(ctx context.Context) Check {
	c := Check{What: "child processes", Found: "a package was scanned in one"}
	const code = "require('net').connect(1)\n"
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	w := tar.NewWriter(z)
	_ = w.WriteHeader(&tar.Header{Name: "package/index.js", Mode: 0o644, Size: int64(len(code))})
	_, _ = io.WriteString(w, code)
	_ = w.Close()
	_ = z.Close()
	scanned, err := s.ScanTarball(ctx, func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(b.Bytes())), nil })
	switch {
	case err != nil:
		c.Found, c.Wrong = err.Error(), true
	case scanned.Contents == nil:
		c.Found, c.Wrong = scanned.Fetch.Reason, true
	case len(scanned.Contents.Behaviors) == 0:
		c.Found, c.Wrong = "a scan found nothing where something is", true
	}
	if c.Wrong {
		c.Do = "give the process 2 GB of address space (ulimit -v) and leave to start processes"
	}
	return c
}

// SandboxGaps names what the sandbox of the child processes lacks on this system;
// none where it is whole.
func SandboxGaps() []string { return worker.Gaps() }

// checkSandbox looks for both walls: the server does not start without one of them
// unless the operator allows it.
func checkSandbox(allowed bool) Check {
	landlock, _ := worker.Support()
	c := Check{What: "sandbox", Found: fmt.Sprintf("Landlock %d, seccomp", landlock)}
	gaps := worker.Gaps()
	if len(gaps) == 0 {
		return c
	}
	c.Found, c.Wrong, c.Weak = "this system lacks "+strings.Join(gaps, " and "), !allowed, allowed
	c.Do = "run on Linux 5.13 or later, on amd64 or arm64, with Landlock among its security modules (lsm=landlock) and seccomp filters"
	if allowed {
		c.Do += "; packages are read, not run, but a flaw in the parser has less around it here"
	} else {
		c.Do += ", or let the server start with less around its parser: --allow-unsandboxed"
	}
	return c
}
