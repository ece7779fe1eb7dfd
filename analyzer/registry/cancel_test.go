package registry

import (
	"context"
	"net/http"
	"sync"
	"testing"

	"github.com/lockwarden/lockwarden/analyzer/flight/flighttest"
)

// TestCancelOfOneIsNotCancelOfAll: one caller gives up; the other one, whose
// context lives, still gets the document.
func TestCancelOfOneIsNotCancelOfAll(t *testing.T) {
	release := make(chan struct{})
	var once sync.Once
	arrived := make(chan struct{})
	_, settings := server(t, func(w http.ResponseWriter, r *http.Request) {
		once.Do(func() { close(arrived) })
		<-release
		w.Write([]byte(`{"name":"left-pad","versions":{}}`))
	})
	c := client(t, settings, nil)
	ctxA, cancelA := context.WithCancel(context.Background())
	errs := make(chan error, 1)
	gone := make(chan struct{})
	go func() { defer close(gone); _, _ = c.Packument(ctxA, "left-pad", false) }()
	<-arrived
	go func() { _, err := c.Packument(context.Background(), "left-pad", false); errs <- err }()
	flighttest.Await(t, 2)
	cancelA()
	<-gone
	close(release)
	if err := <-errs; err != nil {
		t.Fatalf("the caller whose context lives got: %v", err)
	}
}
