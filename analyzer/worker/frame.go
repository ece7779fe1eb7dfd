package worker

import (
	"encoding/binary"
	"fmt"
	"io"
)

// A frame is a kind, a length in four bytes, and that many bytes.
const (
	frameRequest byte = 'Q' // parent to child: the header
	frameData    byte = 'D' // a piece of the body
	frameEnd     byte = 'E' // the body is complete; 'X': it broke off
	frameBroken  byte = 'X'
	frameStep    byte = 'S' // child to parent: what is done next
	frameResult  byte = 'R'
	frameError   byte = 'F'
)

// maxFrame is the largest frame, in bytes: a result with all its evidence.
const maxFrame = 64 << 20

func writeFrame(w io.Writer, kind byte, data []byte) error {
	var head [5]byte
	head[0] = kind
	binary.BigEndian.PutUint32(head[1:], uint32(len(data)))
	if _, err := w.Write(head[:]); err != nil {
		return err
	}
	_, err := w.Write(data)
	return err
}

func readFrame(r io.Reader) (kind byte, data []byte, err error) {
	var head [5]byte
	if _, err := io.ReadFull(r, head[:]); err != nil {
		return 0, nil, err
	}
	n := binary.BigEndian.Uint32(head[1:])
	if n > maxFrame {
		return 0, nil, fmt.Errorf("worker: a frame of %d bytes, the limit is %d", n, maxFrame)
	}
	data = make([]byte, n)
	_, err = io.ReadFull(r, data)
	return head[0], data, err
}

type frameWriter struct {
	w   io.Writer
	err error
}

func (w *frameWriter) write(kind byte, data []byte) {
	if w.err == nil {
		w.err = writeFrame(w.w, kind, data)
	}
}

// sourceError is an error of the body that the parent sends.
type sourceError struct{ error }

// send writes a request with its body.
func send(w io.Writer, header []byte, body io.Reader) error {
	if err := writeFrame(w, frameRequest, header); err != nil {
		return err
	}
	buffer := make([]byte, 64<<10)
	var broken error
	for body != nil {
		n, err := body.Read(buffer)
		if n > 0 && broken == nil {
			broken = writeFrame(w, frameData, buffer[:n])
		}
		if err == io.EOF {
			break
		}
		if err != nil {
			_ = writeFrame(w, frameBroken, nil)
			return &sourceError{err}
		}
		if broken != nil {
			return broken
		}
	}
	if broken != nil {
		return broken
	}
	return writeFrame(w, frameEnd, nil)
}

// bodyReader is the body in the child.
type bodyReader struct {
	r    io.Reader
	rest []byte
	err  error
}

func (b *bodyReader) Read(p []byte) (int, error) {
	for len(b.rest) == 0 {
		if b.err != nil {
			return 0, b.err
		}
		kind, data, err := readFrame(b.r)
		switch {
		case err != nil:
			b.err = err
		case kind == frameData:
			b.rest = data
		case kind == frameEnd:
			b.err = io.EOF
		case kind == frameBroken:
			b.err = io.EOF
			return 0, io.ErrUnexpectedEOF
		default:
			b.err = fmt.Errorf("worker: unexpected frame %q", kind)
		}
	}
	n := copy(p, b.rest)
	b.rest = b.rest[n:]
	return n, nil
}
