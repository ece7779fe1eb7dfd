package lockfile_test

import (
	"strings"
	"testing"

	"github.com/lockwarden/lockwarden/lockfile"
)

// TestCompareIntegrity: what is recorded agrees with what is stated where a client
// takes that file alone.
func TestCompareIntegrity(t *testing.T) {
	a, b := "sha512-"+strings.Repeat("A", 86)+"==", "sha512-"+strings.Repeat("B", 85)+"A=="
	x, y := "sha1-"+strings.Repeat("A", 27)+"=", "sha1-"+strings.Repeat("B", 26)+"A="
	for _, test := range []struct {
		name, recorded, stated string
		agree, conflict        bool
	}{
		{"the same", a, a, true, false},
		{"the same with options", a + "?x", a, true, false},
		{"beside a weaker one", x + " " + a, a, true, false},
		{"beside a weaker one that is wrong, which nobody compares", y + " " + a, a + " " + x, true, false},
		{"another", b, a, false, true},
		{"either of two", a + " " + b, a, false, false},
		{"either of two, apart by JavaScript's space", a + "\ufeff" + b, a, false, false},
		{"the registry's is weaker", a, x, false, false},
		{"the weaker one is right, the one that counts another", b + " " + x, a + " " + x, false, true},
		{"the weaker one is right, the one that counts not stated", b + " " + x, x, false, false},
		{"weak and another", y, x, false, true},
		{"nothing recorded", "", a, false, false},
		{"nothing stated", a, "", false, false},
	} {
		if agree, conflict := lockfile.CompareIntegrity(test.recorded, test.stated); agree != test.agree || conflict != test.conflict {
			t.Errorf("%s: agree %v, conflict %v", test.name, agree, conflict)
		}
	}
	of := func(hashes string) lockfile.Resolution {
		return (&lockfile.Entry{Package: "a", Version: "1.0.0", Resolved: "https://r.example/" + hashes, Integrity: hashes}).Resolution()
	}
	for _, test := range []struct {
		a, b string
		same bool
	}{{a, a + "?x", true}, {a, a + " " + x, true}, {a, b, false}, {a + " " + b, b + " " + a, false}, {a, a + " " + b, false}, {x, x, true}, {x, x + "?y", false}} {
		if got := lockfile.SameBytes(of(test.a), of(test.b)); got != test.same {
			t.Errorf("%q and %q: the same bytes %v", test.a, test.b, got)
		}
	}
}
