package review_test

import (
	"context"
	"errors"
	"strings"

	"github.com/lockwarden/lockwarden/app/review"
)

// memory is a revision of files by path: "→ TARGET" is a link, "submodule" a
// submodule.
type memory struct {
	files map[string]string
	*review.Listing
	// fails, where it is set, is the path that cannot be read now.
	fails string
}

var errNetwork = errors.New("the network is down")

func revision(files map[string]string) *memory {
	entries := map[string]review.Entry{}
	for file, text := range files {
		kind := review.File
		switch {
		case strings.HasPrefix(text, "→ "):
			kind = review.Link
		case text == "submodule":
			kind = review.Submodule
		}
		entries[file] = review.Entry{Kind: kind, ID: text}
	}
	return &memory{files: files, Listing: review.NewListing(entries)}
}

func (m *memory) Entry(_ context.Context, file string) (review.Entry, error) {
	return m.Listing.Entry(file), nil
}

func (m *memory) Bytes(_ context.Context, file string, limit int64) ([]byte, error) {
	if file == m.fails {
		return nil, errNetwork
	}
	text := strings.TrimPrefix(m.files[file], "→ ")
	if int64(len(text)) > limit {
		return nil, review.TooLarge(file, limit)
	}
	return []byte(text), nil
}

func (m *memory) Folder(_ context.Context, dir string) (map[string]review.Entry, error) {
	return m.Listing.Folder(dir), nil
}

func (m *memory) Links(context.Context) ([]string, bool, error) { return m.Listing.Links(), true, nil }
