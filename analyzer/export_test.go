package analyzer

import "testing"

// SetProgramVersion makes the program another one for as long as a test lasts.
func SetProgramVersion(t *testing.T, version string) {
	before := programVersion
	programVersion = func() string { return version }
	t.Cleanup(func() { programVersion = before })
}
