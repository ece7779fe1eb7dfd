package store

import (
	"context"
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"database/sql"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"
)

// keySize is that of AES-256, in bytes.
const keySize = 32

// NewKey makes a key for Options.Key.
func NewKey() string {
	key := make([]byte, keySize)
	_, _ = rand.Read(key) // it never fails
	return base64.StdEncoding.EncodeToString(key)
}

func readKey(text string) (cipher.AEAD, error) {
	key, err := base64.StdEncoding.DecodeString(strings.TrimSpace(text))
	if err != nil || len(key) != keySize {
		return nil, errors.New("store: SECRET_KEY is not 32 bytes in base64; make one with: lockwarden key")
	}
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, fmt.Errorf("store: %w", err)
	}
	return cipher.NewGCMWithRandomNonce(block)
}

// secretKey is what the credentials are encrypted with: the operator's, or for
// an SQLite file one that is kept in a file beside it, so that a copy of the
// database alone gives nothing away.
func (s *Store) secretKey(make bool) (cipher.AEAD, error) {
	if s.o.Key != "" {
		return readKey(s.o.Key)
	}
	if !s.sqlite {
		return nil, errors.New("store: SECRET_KEY is missing, with which the App's credentials are encrypted in the database; make one " +
			"with: lockwarden key, and give the same to every server")
	}
	file := s.file() + ".key"
	data, err := os.ReadFile(file)
	if errors.Is(err, fs.ErrNotExist) && make {
		data = []byte(NewKey() + "\n")
		err = os.WriteFile(file, data, 0o600)
	}
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("store: %s is missing, with which the App's credentials were encrypted: bring it back, or register the App "+
			"again on an empty database", file)
	}
	if err != nil {
		return nil, fmt.Errorf("store: %w", err)
	}
	return readKey(string(data))
}

// sealed begins a value that is encrypted.
const sealed = "sealed:v1:"

// purpose binds what is encrypted to what it is for.
var purpose = []byte("lockwarden credentials")

// Credentials are what GitHub gave when the App was registered by the set-up
// page, in JSON; nil where it was not.
func (s *Store) Credentials(ctx context.Context) (json.RawMessage, error) {
	var value string
	switch err := s.row(ctx, "SELECT value FROM credentials WHERE id = 1").Scan(&value); {
	case errors.Is(err, sql.ErrNoRows):
		return nil, nil
	case err != nil:
		return nil, fmt.Errorf("store: %w", err)
	}
	encoded, ok := strings.CutPrefix(value, sealed)
	if !ok {
		// Written by a version that did not encrypt.
		plain := json.RawMessage(value)
		if s.o.ReadOnly {
			return plain, nil
		}
		if err := s.SetCredentials(ctx, plain); err != nil {
			s.log.Warn("the App's credentials are not encrypted in the database", "reason", err.Error())
		}
		return plain, nil
	}
	key, err := s.secretKey(false)
	if err != nil {
		return nil, err
	}
	data, err := base64.StdEncoding.DecodeString(encoded)
	if err != nil {
		return nil, errors.New("store: the kept credentials are damaged: restore a backup")
	}
	plain, err := key.Open(nil, nil, data, purpose)
	if err != nil {
		return nil, errors.New("store: SECRET_KEY is not the one that the App's credentials were encrypted with")
	}
	return plain, nil
}

// SetCredentials keeps them, encrypted.
func (s *Store) SetCredentials(ctx context.Context, value json.RawMessage) error {
	key, err := s.secretKey(true)
	if err != nil {
		return err
	}
	_, err = s.exec(ctx, "INSERT INTO credentials (id, value) VALUES (1, ?) ON CONFLICT (id) DO UPDATE SET value = excluded.value",
		sealed+base64.StdEncoding.EncodeToString(key.Seal(nil, nil, value, purpose)))
	return err
}

// CanKeepCredentials tells why the set-up page could not keep what GitHub hands
// out once.
func (s *Store) CanKeepCredentials() error {
	_, err := s.secretKey(true)
	return err
}
