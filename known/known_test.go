package known_test

import (
	"encoding/json"
	"testing"

	"github.com/lockwarden/lockwarden/known"
)

// TestOf: what is not known has no value and a reason; what was not asked for
// has neither, and a reason is never empty.
func TestOf(t *testing.T) {
	for _, row := range []struct {
		of   known.Of[int]
		is   bool
		why  string
		json string
	}{
		{known.Is(7), true, "", "7"},
		{known.Is(0), true, "", "0"},
		{known.Not[int]("it does not answer"), false, "it does not answer", "null"},
		{known.Not[int](""), false, "no reason was given", "null"},
		{known.Of[int]{}, false, "", "null"},
	} {
		if _, ok := row.of.Get(); ok != row.is || row.of.Known() != row.is || row.of.Why() != row.why {
			t.Errorf("%+v: known %v, why %q", row.of, ok, row.of.Why())
		}
		gap, ok := row.of.Gap(known.Before, "nobody is asked")
		if ok == row.is || ok && (gap.Asked != (row.why != "") || gap.Reason == "") {
			t.Errorf("%+v: gap %+v %v", row.of, gap, ok)
		}
		if _, ok := row.of.Gap(known.Before, ""); ok != (row.why != "") {
			t.Errorf("%+v: a gap without a reason", row.of)
		}
		data, err := json.Marshal(row.of)
		if err != nil || string(data) != row.json {
			t.Errorf("%+v: %s %v", row.of, data, err)
		}
		var back known.Of[int]
		if err := json.Unmarshal(data, &back); err != nil || back.Known() != row.is || back.OrZero() != row.of.OrZero() {
			t.Errorf("%s comes back as %+v, %v", data, back, err)
		}
	}
}
