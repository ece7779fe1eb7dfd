package reach_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/lockwarden/lockwarden/reach"
)

// TestPlain asks servers that fail in each way: readers get a reason and no
// address, the log gets both, and callers still find the cause.
func TestPlain(t *testing.T) {
	closed, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	nobody := "http://" + closed.Addr().String()
	_ = closed.Close()
	silent := make(chan struct{})
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/cut":
			w.Header().Set("Content-Length", "100")
			_, _ = io.WriteString(w, "half")
			w.(http.Flusher).Flush()
			c, _, _ := http.NewResponseController(w).Hijack()
			_ = c.Close()
		case "/hangup":
			c, _, _ := http.NewResponseController(w).Hijack()
			_ = c.Close()
		case "/silent":
			<-silent
		}
	}))
	defer server.Close()
	defer close(silent)
	encrypted := httptest.NewTLSServer(http.NotFoundHandler())
	encrypted.Config.ErrorLog = log.New(io.Discard, "", 0)
	defer encrypted.Close()
	unproxied := &http.Transport{}
	for _, test := range []struct{ address, want string }{
		{nobody, "could not be reached"},
		{"http://nowhere.invalid", "its name is not known"},
		{server.URL + "/cut", "broke off the connection"},
		{server.URL + "/hangup", "broke off the connection"},
		{server.URL + "/silent", "timed out"},
		{strings.Replace(server.URL, "http:", "https:", 1), "http: server gave HTTP response to HTTPS client"},
		{encrypted.URL, "tls: failed to verify certificate: x509: certificate signed by unknown authority"},
	} {
		client := &http.Client{Transport: unproxied}
		if test.want == "timed out" {
			client.Timeout = 50 * time.Millisecond
		}
		answer, err := client.Get(test.address)
		if err == nil {
			_, err = io.Copy(io.Discard, answer.Body)
			_ = answer.Body.Close()
		}
		plain := reach.Plain(fmt.Errorf("asking: %w", err))
		var host *net.DNSError
		if errors.As(plain, &host) && strings.Contains(host.Error(), "server misbehaving") {
			continue // a machine without name servers cannot say that there is no such name
		}
		if plain.Error() != test.want {
			t.Errorf("%s: %q, want %q", test.address, plain, test.want)
		}
		var worded *reach.Error
		if !errors.As(plain, &worded) {
			continue
		}
		if !errors.Is(plain, err) || !strings.Contains(reach.Detail(fmt.Errorf("again: %w", plain)), err.Error()) {
			t.Errorf("%s: the cause is lost: %s", test.address, reach.Detail(plain))
		}
		if again := reach.Plain(fmt.Errorf("h: %w", plain)); again.Error() != "h: "+test.want || reach.Raw(again) {
			t.Errorf("said once more: %q", again)
		}
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if err := reach.Plain(ctx.Err()); !errors.Is(err, context.Canceled) || err.Error() != context.Canceled.Error() {
		t.Errorf("a cancelled context: %v", err)
	}
	own := errors.New("the answer is not OSV's")
	if reach.Plain(own) != own || reach.Plain(nil) != nil || reach.Detail(own) != own.Error() {
		t.Error("an error of another kind is changed")
	}
}
