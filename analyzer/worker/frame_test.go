package worker

import (
	"bytes"
	"io"
	"testing"
)

// FuzzFrame: what a child writes after a package took it over.
func FuzzFrame(f *testing.F) {
	var b bytes.Buffer
	_ = writeFrame(&b, frameResult, []byte("{}"))
	_ = writeFrame(&b, frameStep, []byte("index.js"))
	f.Add(b.Bytes())
	f.Add([]byte{frameResult, 0xff, 0xff, 0xff, 0xff})
	f.Add([]byte{frameData, 0, 0, 0, 9, 1})
	f.Fuzz(func(t *testing.T, data []byte) {
		r := bytes.NewReader(data)
		read := 0
		for {
			_, frame, err := readFrame(r)
			if err != nil {
				break
			}
			read += 5 + len(frame)
		}
		if read > len(data) {
			t.Fatalf("%d bytes of %d", read, len(data))
		}
		if n, err := io.Copy(io.Discard, &bodyReader{r: bytes.NewReader(data)}); n > int64(len(data)) {
			t.Fatalf("a body of %d bytes from %d, %v", n, len(data), err)
		}
	})
}
