package registry

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/lockwarden/lockwarden/analyzer/npm"
)

// DownloadsURL is where the public registry tells how often a package was
// fetched. Source: https://github.com/npm/registry/blob/main/docs/download-counts.md
const DownloadsURL = "https://api.npmjs.org/"

// Limits of asking for download counts: they are nice to know and hold nothing
// up.
const (
	downloadsTimeout = 5 * time.Second
	downloadsFresh   = 24 * time.Hour
	downloadsRest    = 10 * time.Minute
	maxDownloads     = 64 << 10
)

// resting is until when nobody is asked, after a failure.
type resting struct {
	mu    sync.Mutex
	until time.Time
}

func (r *resting) now() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return time.Now().Before(r.until)
}

func (r *resting) begin() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.until = time.Now().Add(downloadsRest)
}

// Downloads is how often a package of the public registry was fetched in the
// last week; ok is false where that is not known: other registries, no answer.
func (c *Client) Downloads(ctx context.Context, name string) (count int64, ok bool) {
	if npm.CheckName(name) != nil || c.o.Settings.For(name) != DefaultURL && c.o.Downloads == "" {
		return 0, false
	}
	base := c.o.Downloads
	if base == "" {
		base = DownloadsURL
	}
	target := base + "downloads/point/last-week/" + strings.Replace(url.PathEscape(name), "%40", "@", 1)
	if c.o.Cache != nil {
		if data, has := c.o.Cache.Get("downloads", target); has {
			at, text, _ := strings.Cut(string(data), " ")
			seconds, err1 := strconv.ParseInt(at, 10, 64)
			n, err2 := strconv.ParseInt(text, 10, 64)
			if err1 == nil && err2 == nil && time.Since(time.Unix(seconds, 0)) < downloadsFresh {
				return n, n >= 0
			}
		}
	}
	if c.downloads.now() {
		return 0, false
	}
	asking, stop := context.WithTimeout(ctx, downloadsTimeout)
	defer stop()
	n, err := c.askDownloads(asking, target)
	if err != nil {
		if ctx.Err() == nil {
			c.downloads.begin()
		}
		return 0, false
	}
	if c.o.Cache != nil {
		c.o.Cache.Put("downloads", target, []byte(fmt.Sprintf("%d %d", time.Now().Unix(), n)))
	}
	return n, n >= 0
}

// askDownloads is -1 where the registry does not know the package.
func (c *Client) askDownloads(ctx context.Context, target string) (int64, error) {
	u, err := url.Parse(target)
	if err != nil {
		return 0, err
	}
	var answer struct {
		Downloads *int64 `json:"downloads"`
	}
	unknown := false
	err = c.once(ctx, u, nil, func(r *http.Response) error {
		data, err := io.ReadAll(io.LimitReader(r.Body, maxDownloads))
		if err != nil {
			return err
		}
		return json.Unmarshal(data, &answer)
	})
	if errors.Is(err, ErrNotFound) {
		err, unknown = nil, true
	}
	if err != nil {
		return 0, err
	}
	if unknown || answer.Downloads == nil {
		return -1, nil
	}
	return *answer.Downloads, nil
}
