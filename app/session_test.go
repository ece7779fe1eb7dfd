package app

import (
	"testing"

	"github.com/lockwarden/lockwarden/app/github"
)

// TestSessionKey: the cookies' key is one of its own, the same for all replicas
// however they were given the private key, and not the webhook's secret's.
func TestSessionKey(t *testing.T) {
	of := func(private, secret string) [64]byte {
		t.Helper()
		key, err := sessionKey(github.Credentials{PrivateKey: private, WebhookSecret: secret})
		if err != nil {
			t.Fatal(err)
		}
		return key
	}
	one := of("-----BEGIN\nabc\n", "secret")
	if one == [64]byte{} || [32]byte(one[:32]) == [32]byte(one[32:]) {
		t.Error("the key is no key")
	}
	if of("-----BEGIN\r\nabc", "another") != one {
		t.Error("replicas have different keys")
	}
	if of("-----BEGIN\nabd\n", "secret") == one {
		t.Error("another private key has the same")
	}
}
