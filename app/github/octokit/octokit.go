// Package octokit fetches what Octokit publishes about GitHub, for tests: the
// OpenAPI description and examples of webhooks. Both are npm packages, pinned
// by version and integrity, fetched at test time and kept in the user's cache.
package octokit

import (
	"archive/tar"
	"compress/gzip"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	"github.com/lockwarden/lockwarden/analyzer/registry"
)

// published is a file of an npm package.
type published struct {
	source registry.Source
	file   string
}

var (
	description = published{registry.Source{Name: "@octokit/openapi", Version: "23.0.2",
		Integrity: "sha512-pV8M7L9GY23AybNvTmo2nyjmpmnt6+2sRE/tqr0ZLQcPS4lnw7u5eZGNmwRNkBC3D7gZXbFx5AHzLUVRBXGDhg=="},
		"package/generated/api.github.com.json"}
	examples = published{registry.Source{Name: "@octokit/webhooks-examples", Version: "7.6.1",
		Integrity: "sha512-De6U3XB6O3DtCa7bKgCMzTHdeopqqZ6SNivMYJnK65ierKL1AnNIA0tkRYCRS7lwGT792d+Ps1WbfHlso6MynQ=="},
		"package/api.github.com/index.json"}
)

// Description is GitHub's OpenAPI description, about 13 MB of JSON.
func Description() ([]byte, error) { return description.read() }

// Event is one kind of webhook event with GitHub's examples of it.
type Event struct {
	Name     string            `json:"name"`
	Examples []json.RawMessage `json:"examples"`
}

// Examples are GitHub's published examples of all webhook events.
func Examples() ([]Event, error) {
	data, err := examples.read()
	if err != nil {
		return nil, err
	}
	var list []Event
	if err := json.Unmarshal(data, &list); err != nil {
		return nil, fmt.Errorf("octokit: %w", err)
	}
	return list, nil
}

func (p published) read() ([]byte, error) {
	files, err := registry.UserFiles("", os.Getenv)
	if err != nil {
		return nil, err
	}
	settings, err := registry.ReadSettings(os.Getenv, files...)
	if err != nil {
		return nil, err
	}
	dir, err := os.UserCacheDir()
	if err != nil {
		return nil, err
	}
	cache, err := registry.OpenCache(filepath.Join(dir, "lockwarden"), 0)
	if err != nil {
		return nil, err
	}
	client, err := registry.New(registry.Options{Settings: settings, Cache: cache})
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Minute)
	defer cancel()
	var out []byte
	_, err = client.Tarball(ctx, p.source, func(r io.Reader) error {
		gz, err := gzip.NewReader(r)
		if err != nil {
			return err
		}
		for t := tar.NewReader(gz); ; {
			header, err := t.Next()
			if errors.Is(err, io.EOF) {
				break
			}
			if err != nil {
				return err
			}
			if header.Name == p.file && out == nil {
				if out, err = io.ReadAll(io.LimitReader(t, 64<<20)); err != nil {
					return err
				}
			}
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("octokit: %s@%s: %w", p.source.Name, p.source.Version, err)
	}
	if out == nil {
		return nil, fmt.Errorf("octokit: %s@%s has no %s", p.source.Name, p.source.Version, p.file)
	}
	return out, nil
}
