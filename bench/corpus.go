package main

import (
	"archive/tar"
	"bytes"
	"context"
	"crypto/sha512"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"sync"
	"time"

	"github.com/klauspost/compress/gzip"

	"github.com/lockwarden/lockwarden/analyzer"
	"github.com/lockwarden/lockwarden/analyzer/archive"
	"github.com/lockwarden/lockwarden/lockfile"
)

// corpus is what is measured: verified tarballs in memory.
type corpus struct {
	lockfiles        int
	subjects         []analyzer.Subject
	tarballs         [][]byte
	packed, unpacked int64
}

func fetch(folder string, limit int) (*corpus, error) {
	files, err := filepath.Glob("bench/corpus/*.package-lock.json")
	if err != nil || len(files) == 0 {
		return nil, fmt.Errorf("no lockfiles in bench/corpus; run it from the repository's root")
	}
	c := &corpus{lockfiles: len(files)}
	seen := map[string]bool{}
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			return nil, err
		}
		lock, err := lockfile.Parse(file, data, lockfile.Options{})
		if err != nil {
			return nil, err
		}
		for _, e := range lock.Entries {
			key := e.Package + "@" + e.Version
			if e.Source() == lockfile.Registry && !seen[key] && (limit == 0 || len(c.subjects) < limit) {
				seen[key] = true
				c.subjects = append(c.subjects, analyzer.Subject{Name: e.Package, Version: e.Version, Integrity: e.Integrity})
			}
		}
	}
	scanner, err := analyzer.Open(analyzer.Options{CacheDir: filepath.Join(folder, "packages")})
	if err != nil {
		return nil, err
	}
	defer scanner.Close()
	c.tarballs = make([][]byte, len(c.subjects))
	var wg sync.WaitGroup
	errs := make(chan error, len(c.subjects))
	slots := make(chan struct{}, 16)
	for i, s := range c.subjects {
		wg.Go(func() {
			slots <- struct{}{}
			defer func() { <-slots }()
			data, err := scanner.Tarball(context.Background(), s)
			if err != nil {
				errs <- fmt.Errorf("%s@%s: %w", s.Name, s.Version, err)
			}
			c.tarballs[i] = data
		})
	}
	wg.Wait()
	close(errs)
	if err := <-errs; err != nil {
		return nil, err
	}
	for i, data := range c.tarballs {
		// All of these are ordinary: one that readers disagree about would be a
		// rule of the archive that is too strict.
		if _, err := archive.Read(bytes.NewReader(data), archive.Limits{}); err != nil {
			return nil, fmt.Errorf("%s@%s: %w", c.subjects[i].Name, c.subjects[i].Version, err)
		}
		c.packed += int64(len(data))
		n, err := walk(data, io.Discard)
		if err != nil {
			return nil, err
		}
		c.unpacked += n
	}
	return c, nil
}

// walk is the floor: gunzip, walk the tar, hash.
func walk(data []byte, w io.Writer) (int64, error) {
	h := sha512.New()
	z, err := gzip.NewReader(io.TeeReader(bytes.NewReader(data), h))
	if err != nil {
		return 0, err
	}
	t := tar.NewReader(z)
	var n int64
	for {
		if _, err := t.Next(); err == io.EOF {
			return n, nil
		} else if err != nil {
			return n, err
		}
		m, err := io.Copy(w, t)
		n += m
		if err != nil {
			return n, err
		}
	}
}

func (c *corpus) floor() (time.Duration, error) {
	previous := runtime.GOMAXPROCS(1)
	defer runtime.GOMAXPROCS(previous)
	start := time.Now()
	for _, data := range c.tarballs {
		if _, err := walk(data, io.Discard); err != nil {
			return 0, err
		}
	}
	return time.Since(start), nil
}
