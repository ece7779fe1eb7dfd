// Package reach says in words for readers why a server was not reached. What the
// network says of it names addresses of name servers, proxies and machines here,
// which is for the log alone. It imports nothing of ours.
package reach

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"net"
	"net/url"
	"syscall"
)

// Error is a failure in words for readers; its cause is for logs.
type Error struct {
	words string
	cause error
}

// Error has nothing of the network in it.
func (e *Error) Error() string { return e.words }

// Unwrap returns what the network said.
func (e *Error) Unwrap() error { return e.cause }

// Plain puts a failure of the network into words that go on after a server's
// name. Other errors, and the end of a context that was cancelled, it leaves as
// they are, but for the address that net/http says again.
func Plain(err error) error {
	var done *Error
	if err == nil || errors.As(err, &done) || errors.Is(err, context.Canceled) {
		return err
	}
	if words := words(err); words != "" {
		return &Error{words, err}
	}
	var asked *url.Error
	if errors.As(err, &asked) {
		return asked.Err
	}
	return err
}

// words are empty where the network is not what failed.
func words(err error) string {
	var name *net.DNSError
	var operation *net.OpError
	var timed net.Error
	var certificate *tls.CertificateVerificationError
	var unknown x509.UnknownAuthorityError
	switch {
	case errors.As(err, &certificate), errors.As(err, &unknown):
		return "" // what is wrong with it, and that is the server's
	case errors.As(err, &name) && !name.IsTimeout:
		return "its name is not known"
	case errors.Is(err, context.DeadlineExceeded), errors.As(err, &timed) && timed.Timeout():
		return "timed out"
	case errors.As(err, &operation) && operation.Op == "proxyconnect":
		return "could not be reached: the proxy could not"
	case errors.As(err, &operation) && operation.Op == "dial":
		return "could not be reached"
	case errors.As(err, &operation), errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, syscall.ECONNRESET), errors.Is(err, syscall.EPIPE):
		return "broke off the connection"
	}
	return ""
}

// Raw reports whether an error shows what the network said: nobody has put it
// into words.
func Raw(err error) bool {
	var done *Error
	var operation *net.OpError
	return !errors.As(err, &done) && errors.As(err, &operation)
}

// Detail is an error with what the network said, for logs.
func Detail(err error) string {
	var worded *Error
	if !errors.As(err, &worded) {
		return err.Error()
	}
	return err.Error() + " (" + worded.cause.Error() + ")"
}
