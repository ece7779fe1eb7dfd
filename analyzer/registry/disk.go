//go:build unix

package registry

import "golang.org/x/sys/unix"

// Free is how many bytes the cache's disk has left; known is false where the
// system does not say.
func (c *Cache) Free() (bytes int64, known bool) {
	var fs unix.Statfs_t
	if unix.Statfs(c.dir, &fs) != nil {
		return 0, false
	}
	return int64(fs.Bavail) * int64(fs.Bsize), true
}
