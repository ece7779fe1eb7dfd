package main

import (
	"io"
	"net"
	"net/url"
	"sync/atomic"
	"time"
)

// far lets a database be at a distance: each byte takes that long in each direction,
// however many are under way. asked counts what was sent there; the function ends it.
func far(database string, each time.Duration, asked *atomic.Int64) (through string, end func(), err error) {
	u, err := url.Parse(database)
	if err != nil {
		return "", nil, err
	}
	target := u.Host
	if u.Port() == "" {
		target = net.JoinHostPort(u.Hostname(), "5432")
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", nil, err
	}
	go func() {
		for {
			near, err := listener.Accept()
			if err != nil {
				return
			}
			away, err := net.Dial("tcp", target)
			if err != nil {
				_ = near.Close()
				continue
			}
			go late(away, near, each, asked)
			go late(near, away, each, new(atomic.Int64))
		}
	}()
	u.Host = listener.Addr().String()
	return u.String(), func() { _ = listener.Close() }, nil
}

// late copies from one connection to the other, each piece after a time, and counts
// them.
func late(to io.WriteCloser, from io.ReadCloser, each time.Duration, count *atomic.Int64) {
	type piece struct {
		at   time.Time
		data []byte
	}
	pieces := make(chan piece, 1024)
	go func() {
		defer close(pieces)
		for {
			data := make([]byte, 32<<10)
			n, err := from.Read(data)
			if n > 0 {
				count.Add(1)
				pieces <- piece{time.Now().Add(each), data[:n]}
			}
			if err != nil {
				return
			}
		}
	}()
	for p := range pieces {
		time.Sleep(time.Until(p.at))
		if _, err := to.Write(p.data); err != nil {
			break
		}
	}
	_ = to.Close()
	_ = from.Close()
	for range pieces {
	}
}
