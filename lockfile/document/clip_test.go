package document

import (
	"strings"
	"testing"
	"unicode/utf8"
)

func TestClipCutsBetweenCharacters(t *testing.T) {
	if got := Clip(strings.Repeat("a", 80)); len(got) != 80 {
		t.Errorf("80 bytes are cut to %d", len(got))
	}
	for shift := range 4 {
		for _, char := range []string{"a", "é", "€", "😀"} {
			got := Clip(strings.Repeat("a", shift) + strings.Repeat(char, 100))
			if len(got) > 80 || len(got) < 76 || !utf8.ValidString(got) || !strings.HasSuffix(got, char+"...") {
				t.Errorf("%s after %d: %q", char, shift, got)
			}
		}
	}
	if got := Clip(strings.Repeat("\x80", 100)); len(got) > 80 || len(got) < 70 {
		t.Errorf("%q", got) // no character begins anywhere
	}
}
