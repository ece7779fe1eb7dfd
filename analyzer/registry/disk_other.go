//go:build !unix

package registry

// Free is not known outside Unix.
func (c *Cache) Free() (bytes int64, known bool) { return 0, false }
