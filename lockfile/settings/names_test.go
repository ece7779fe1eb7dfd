package settings_test

import (
	"testing"

	"github.com/lockwarden/lockwarden/lockfile"
	"github.com/lockwarden/lockwarden/lockfile/settings"
)

// TestNamesAreKnown: a file that is read for its settings is one that
// lockfile.Classify looks at when it changes, or its change is silent.
func TestNamesAreKnown(t *testing.T) {
	names := settings.FileNames()
	if len(names) < 15 {
		t.Fatalf("only %q", names)
	}
	for _, name := range names {
		if lockfile.Classify(name).Role == lockfile.Nothing {
			t.Errorf("Classify does not know %s", name)
		}
	}
}
