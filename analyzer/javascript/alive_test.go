package javascript_test

import (
	"testing"
	"time"

	"github.com/lockwarden/lockwarden/analyzer/archive"
	"github.com/lockwarden/lockwarden/analyzer/javascript"
	"github.com/lockwarden/lockwarden/analyzer/npm"
)

// TestAlive: an evaluation says that it goes on for as long as it may use the
// processor, however long that takes on the clock, and no longer.
func TestAlive(t *testing.T) {
	announced := func(cost time.Duration) (n int) {
		used := time.Duration(0)
		pkg := archive.New(map[string][]byte{"index.js": []byte("require('./a')"), "a.js": []byte("require('./b')"), "b.js": []byte("1")})
		javascript.Analyze(pkg, &npm.Manifest{}, everything{}, javascript.Options{
			Used: func() time.Duration { used += cost; return used },
			Starting: func(step string) {
				if step == "(evaluation)" {
					n++
				}
			}})
		return n
	}
	// Once at the beginning, in any case.
	if busy, spent := announced(0), announced(time.Hour); busy < 4 || spent != 1 {
		t.Errorf("announced %d times with the processor unused, %d times with all of it used", busy, spent)
	}
}
