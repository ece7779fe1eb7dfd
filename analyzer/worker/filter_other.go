//go:build linux && !amd64 && !arm64

package worker

// loadFilter does nothing: the calls of this architecture are not listed.
func loadFilter() error { return nil }

// filterSupported reports that there is no filter for this architecture.
func filterSupported() bool { return false }
