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
	"github.com/lockwarden/lockwarden/known"
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

// resting is until when nobody is asked, after a failure, and what that was.
type resting struct {
	mu    sync.Mutex
	until time.Time
	why   string
}

// now is why nobody is asked, or empty.
func (r *resting) now() string {
	r.mu.Lock()
	defer r.mu.Unlock()
	if time.Now().Before(r.until) {
		return r.why
	}
	return ""
}

func (r *resting) begin(why string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.until, r.why = time.Now().Add(downloadsRest), why
}

// Downloads is how often a package of the public registry was fetched in the
// last week. Other registries are not asked, and of what nobody counts yet
// there is nothing to know.
func (c *Client) Downloads(ctx context.Context, name string) known.Of[int64] {
	if npm.CheckName(name) != nil || c.o.Settings.For(name) != DefaultURL && c.o.Downloads == "" {
		return known.Of[int64]{}
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
				return counted(n)
			}
		}
	}
	if why := c.downloads.now(); why != "" {
		return known.Not[int64](why)
	}
	asking, stop := context.WithTimeout(ctx, downloadsTimeout)
	defer stop()
	n, err := c.askDownloads(asking, target)
	if err != nil {
		if ctx.Err() == nil {
			c.downloads.begin(err.Error())
		}
		return known.Not[int64](err.Error())
	}
	if c.o.Cache != nil {
		c.o.Cache.Put("downloads", target, []byte(fmt.Sprintf("%d %d", time.Now().Unix(), n)))
	}
	return counted(n)
}

// counted is a number of downloads; -1 is that of a package that nobody counts.
func counted(n int64) known.Of[int64] {
	if n < 0 {
		return known.Of[int64]{}
	}
	return known.Is(n)
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
