package comment

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestParse(t *testing.T) {
	for _, test := range []struct{ body, want string }{
		{"/lockwarden accept left-pad@1.3.0 because it is tiny", "accept left-pad@1.3.0 because it is tiny"},
		{"/lockwarden accept @scope/a@1.0.0-rc.1+b install/script network/host for 30d because reviewed by me", "accept @scope/a@1.0.0-rc.1+b [install/script network/host] for 720h0m0s because reviewed by me"},
		{"@lockwarden-app accept a@1.0.0", "accept a@1.0.0"},
		{"@Lockwarden-App, accept a@1.0.0", "accept a@1.0.0"},
		{"@another accept a@1.0.0", ""},
		{"please /lockwarden accept a@1.0.0", ""},
		{"Looks good.\n/lockwarden accept a@1.0.0 in repository because fine\r\n/lockwarden rescan", "accept a@1.0.0 in repository because fine; rescan"},
		{"/lockwarden accept all because we vendor it", "accept all because we vendor it"},
		{"/lockwarden revoke all", "revoke all"},
		{"/lockwarden revoke a@1.0.0 install/script", "revoke a@1.0.0 [install/script]"},
		{"/lockwarden explain @scope/a", "explain @scope/a@"},
		{"/lockwarden", "help"},
		{"/lockwarden help", "help"},
		{"/LockWarden Accept a@1.0.0", "accept a@1.0.0"},

		// What is not the author's own words.
		{"> /lockwarden accept a@1.0.0", ""},
		{"> quoted\n/lockwarden accept a@1.0.0", ""}, // a lazy continuation of the quote
		{"> quoted\n\n/lockwarden rescan", "rescan"},
		{"```\n/lockwarden accept a@1.0.0\n```", ""},
		{"```\n/lockwarden accept a@1.0.0\n~~~\n/lockwarden accept b@1.0.0", ""},
		{"````\n```\n/lockwarden accept a@1.0.0\n````\n/lockwarden rescan", "rescan"},
		{"~~~ sh\n/lockwarden accept a@1.0.0\n~~~\n/lockwarden rescan", "rescan"},
		{"    /lockwarden accept a@1.0.0", ""},
		{"\t/lockwarden accept a@1.0.0", ""},
		{"<!-- hidden\n/lockwarden accept a@1.0.0\n-->\n/lockwarden rescan", "rescan"},
		{"<!-- /lockwarden accept a@1.0.0 -->", ""},
		{"<pre>\n/lockwarden accept a@1.0.0\n</pre>", ""},
		{"`/lockwarden accept a@1.0.0`", ""},

		// What cannot be read is answered with how to write it.
		{"/lockwarden accept a", "say which version"},
		{"/lockwarden accept a@^1.0.0", "is a range"},
		{"/lockwarden accept a@1", "is a range"},
		{"/lockwarden accept a@1.x", "is a range"},
		{"/lockwarden accept a@*", "is a range"},
		{"/lockwarden accept a@latest", "dist-tag"},
		{"/lockwarden accept", "needs a package"},
		{"/lockwarden accept ../a@1.0.0", "not the name"},
		{"/lockwarden accept a@1.0.0 for ever", "is not a time"},
		{"/lockwarden accept a@1.0.0 for 99999999d", "is not a time"},
		{"/lockwarden accept a@1.0.0 for", "needs a time"},
		{"/lockwarden accept a@1.0.0 it is fine", "neither the id"},
		{"/lockwarden accept a@1.0.0 because " + strings.Repeat("x", 1001), "longer than"},
		{"/lockwarden explain", "needs the name"},
		{"/lockwarden merge", "no command"},

		// Likely slips are answered with what to type.
		{"/lockwarden acept a@1.0.0", "did you mean `/lockwarden accept a@1.0.0`?"},
		{"/lockwarden Approve a@1.0.0", "did you mean `/lockwarden accept a@1.0.0`?"},
		{"/lockwarden unaccept `@all`", "did you mean `/lockwarden revoke @all`?"},
		{"/lockwarden retry", "did you mean `/lockwarden rescan`?"},
		{"/lockwarden hlep", "did you mean `/lockwarden help`?"},
		{"/lockwarden is great", "write `/lockwarden accept NAME@VERSION because …`"},
		{"/lockwarden accept a@v1.0.0", "write `/lockwarden accept a@1.0.0`"},
		{"/lockwarden accept @s/a 1.0.0 because fine", "write the version behind an `@`: `/lockwarden accept @s/a@1.0.0`"},
		{"/lockwarden accept a@1.0.0, b@2.0.0", "write `/lockwarden accept b@2.0.0` in a line of its own"},
		{"/lockwarden revoke a@1.0.0 b@2.0.0", "write `/lockwarden revoke b@2.0.0` in a line of its own"},
		{"/lockwarden accept a@1.0.0 in repo because fine", "write `in repository`"},
		{"/lockwarden accept a@1.0.0 until 2027-01-01", "`for 30d`"},
		{"/lockwarden accept a@1.0.0 reason: fine", "begins with `because`"},
		{"/lockwarden accept a@1.0.0 — we host it", "begins with `because`"},
		{"/lockwarden accept a@1.0.0 it is fine", "a reason begins with `because`"},
	} {
		var got []string
		for _, c := range Parse(test.body, "lockwarden-app") {
			got = append(got, show(c))
		}
		all := strings.Join(got, "; ")
		if test.want == "" && all != "" || !strings.Contains(all, test.want) || test.want != "" && strings.HasPrefix(test.want, "accept") && all != test.want {
			t.Errorf("%q: got %q, want %q", test.body, all, test.want)
		}
	}
}

func show(c Command) string {
	if c.Problem != "" {
		return c.Problem
	}
	s := string(c.Verb)
	if c.All {
		s += " all"
	}
	if c.Name != "" {
		s += " " + c.Name + "@" + c.Version
	}
	if len(c.Findings) > 0 {
		s += fmt.Sprintf(" %v", c.Findings)
	}
	if c.For > 0 {
		s += " for " + c.For.String()
	}
	if c.Repository {
		s += " in repository"
	}
	if c.Reason != "" {
		s += " because " + c.Reason
	}
	return s
}

// at is a minute of the test's day.
func at(minute int) time.Time { return time.Date(2026, 1, 2, 3, minute, 0, 0, time.UTC) }

func say(id int64, who, body string) Comment {
	return Comment{ID: id, Author: who, Body: body, Created: at(int(id)), Updated: at(int(id))}
}

func of(kind Kind, c Comment) Comment { c.Kind = kind; return c }

func later(minute int, c Comment) Comment { c.Published = at(minute); return c }

func thread(rules Rules, comments ...Comment) Thread {
	return Thread{Slug: "lockwarden", Author: "ann", Comments: comments, Rules: rules, Now: at(59),
		Permissions: map[string]Permission{"ann": Admin, "mia": Maintain, "wes": Write, "ada": Admin}}
}

func TestFold(t *testing.T) {
	strict := Rules{Least: Maintain, All: true}
	edited := say(1, "mia", "/lockwarden accept a@1.0.0")
	edited.Updated = at(5)
	bot := say(1, "mia", "/lockwarden accept a@1.0.0")
	bot.Bot = true
	for _, test := range []struct {
		name    string
		thread  Thread
		holds   string
		refused string
	}{
		{"a maintainer accepts", thread(strict, say(1, "mia", "/lockwarden accept a@1.0.0 because ok")), "a@1.0.0", ""},
		{"a stranger tries", thread(strict, say(1, "eve", "/lockwarden accept a@1.0.0")), "", "has `none`"},
		{"write is not enough", thread(strict, say(1, "wes", "/lockwarden accept a@1.0.0")), "", "needs the permission `maintain`"},
		{"write is enough by policy", thread(Rules{Least: Write}, say(1, "wes", "/lockwarden accept a@1.0.0")), "a@1.0.0", ""},
		{"but not for the repository", thread(Rules{Least: Write}, say(1, "wes", "/lockwarden accept a@1.0.0 in repository")), "", "needs the permission `maintain`"},
		{"the author tries", thread(strict, say(1, "ann", "/lockwarden accept a@1.0.0")), "", "does not accept its risks"},
		{"the author's name in capitals", thread(strict, Comment{ID: 1, Author: "ann", Body: "/lockwarden accept a@1.0.0", Created: at(1), Updated: at(1)}), "", "does not accept"},
		{"the author may by policy", thread(Rules{Least: Maintain, Author: true}, say(1, "ann", "/lockwarden accept a@1.0.0")), "a@1.0.0", ""},
		{"an edited comment", thread(strict, edited), "", "edited"},
		{"a bot", thread(strict, bot), "", ""},
		{"all, not by policy", thread(Rules{Least: Maintain}, say(1, "mia", "/lockwarden accept all")), "", "does not allow"},
		{"no reason", thread(Rules{Least: Maintain, ReasonRequired: true}, say(1, "mia", "/lockwarden accept a@1.0.0")), "", "wants a reason"},
		{"too long", thread(Rules{Least: Maintain, Longest: 30 * Day}, say(1, "mia", "/lockwarden accept a@1.0.0 for 31d")), "", "at most `for 30d`"},
		{"revoked", thread(strict, say(1, "mia", "/lockwarden accept a@1.0.0"), say(2, "ada", "/lockwarden revoke a@1.0.0")), "", ""},
		{"revoked before, idle", thread(strict, say(2, "mia", "/lockwarden accept a@1.0.0"), say(1, "ada", "/lockwarden revoke a@1.0.0")), "a@1.0.0", ""},
		{"revoked by a stranger", thread(strict, say(1, "mia", "/lockwarden accept a@1.0.0"), say(2, "eve", "/lockwarden revoke a@1.0.0")), "a@1.0.0", "has `none`"},
		{"the author may revoke", thread(strict, say(1, "mia", "/lockwarden accept a@1.0.0"), say(2, "ann", "/lockwarden revoke all")), "", ""},
		{"one of all revoked", thread(strict, say(1, "mia", "/lockwarden accept all"), say(2, "mia", "/lockwarden revoke a@1.0.0")), "all", ""},
		{"a finding revoked", thread(strict, say(1, "mia", "/lockwarden accept a@1.0.0"), say(2, "ada", "/lockwarden revoke a@1.0.0 x/y")), "a@1.0.0", ""},
		{"another version revoked, idle", thread(strict, say(1, "mia", "/lockwarden accept a@1.0.0"), say(2, "ada", "/lockwarden revoke a@1.0.1")), "a@1.0.0", ""},
		{"all revoked where nothing is, idle", thread(strict, say(2, "ada", "/lockwarden revoke all")), "", ""},
		{"on a line", thread(strict, of(OnLine, say(1, "mia", "/lockwarden accept a@1.0.0"))), "a@1.0.0", ""},
		{"on a line, published later: the revocation was idle", thread(strict, later(9, of(OnLine, say(1, "mia", "/lockwarden accept a@1.0.0"))), say(5, "ada", "/lockwarden revoke a@1.0.0")), "a@1.0.0", ""},
		{"taken back on a line, published later", thread(strict, later(9, of(OnLine, say(1, "ada", "/lockwarden revoke a@1.0.0"))), say(5, "mia", "/lockwarden accept a@1.0.0")), "", ""},
		{"on a line, touched, nobody knows by whom", thread(strict, Comment{ID: 1, Kind: OnLine, Author: "mia", Body: "/lockwarden accept a@1.0.0", Created: at(1), Updated: at(2)}), "", "GitHub does not say"},
		{"on a line, touched by GitHub", thread(strict, Comment{ID: 1, Kind: OnLine, Author: "mia", Body: "/lockwarden accept a@1.0.0", Created: at(1), Updated: at(2), EditKnown: true}), "a@1.0.0", ""},
		{"above a review", thread(strict, Comment{ID: 1, Kind: InReview, Author: "mia", Body: "/lockwarden accept a@1.0.0", Created: at(1), EditKnown: true}), "a@1.0.0", ""},
		{"above a review, edited", thread(strict, Comment{ID: 1, Kind: InReview, Author: "mia", Body: "/lockwarden accept a@1.0.0", Created: at(1), EditKnown: true, LastEdited: at(3)}), "", "was edited"},
		{"above a review, nobody knows whether it was edited", thread(strict, Comment{ID: 1, Kind: InReview, Author: "mia", Body: "/lockwarden accept a@1.0.0", Created: at(1)}), "", "GitHub does not say"},
		{"a wrong command beside a right one", thread(strict, say(1, "mia", "/lockwarden accept a\n/lockwarden accept b@1.0.0")), "b@1.0.0", "say which version"},
	} {
		t.Run(test.name, func(t *testing.T) {
			f := Fold(test.thread)
			if idle := len(f.Idle) > 0; idle != strings.Contains(test.name, "idle") {
				t.Errorf("idle revocations: %+v", f.Idle)
			}
			var holds, refused []string
			for _, a := range f.Acceptances {
				if a.All {
					holds = append(holds, "all")
				} else {
					holds = append(holds, a.Name+"@"+a.Version)
				}
			}
			for _, r := range f.Refusals {
				refused = append(refused, r.Reason)
			}
			if strings.Join(holds, " ") != test.holds {
				t.Errorf("holds %v, want %s", holds, test.holds)
			}
			if all := strings.Join(refused, "; "); test.refused == "" && all != "" || !strings.Contains(all, test.refused) {
				t.Errorf("refused %q, want %q", all, test.refused)
			}
		})
	}
}

func TestAcceptancesEnd(t *testing.T) {
	th := thread(Rules{Least: Maintain, Longest: Day}, say(1, "mia", "/lockwarden accept a@1.0.0 for 1h"), say(2, "mia", "/lockwarden accept b@1.0.0"))
	th.Now = at(1).Add(2 * time.Hour)
	f := Fold(th)
	if len(f.Acceptances) != 1 || f.Acceptances[0].Name != "b" || !f.Acceptances[0].Until.Equal(at(2).Add(Day)) {
		t.Errorf("%+v", f.Acceptances)
	}
}

func TestCovers(t *testing.T) {
	all := Acceptance{All: true, Except: []Exception{{Name: "b", Version: "1.0.0"}, {Name: "c", Version: "1.0.0", Findings: []string{"x/y"}}}}
	one := Acceptance{Name: "a", Version: "1.0.0", Findings: []string{"x/y"}}
	got := []bool{all.Covers("a", "1", "x/y"), all.Covers("b", "1.0.0", "x/y"), all.Covers("c", "1.0.0", "x/y"), all.Covers("c", "1.0.0", "x/z"),
		one.Covers("a", "1.0.0", "x/y"), one.Covers("a", "1.0.0", "x/z"), one.Covers("a", "1.0.1", "x/y")}
	if diff := cmp.Diff([]bool{true, false, false, true, true, false, false}, got); diff != "" {
		t.Error(diff)
	}
}

func TestNearest(t *testing.T) {
	for _, test := range []struct {
		word string
		of   []string
		want string
	}{
		{"shel@1.0.0", []string{"lodash@4.17.21", "shell@1.0.0", "ls@1.0.0"}, "[shell@1.0.0 ls@1.0.0] 1"},
		{"quite-another", []string{"d", "c", "b", "a", "a"}, "[a b] 2"},
		{"", []string{"b", "a"}, "[a b] 0"},
		{"x", nil, "[] 0"},
	} {
		near, more := Nearest(test.word, test.of, 2)
		if got := fmt.Sprint(near, " ", more); strings.ReplaceAll(got, "  ", " ") != test.want {
			t.Errorf("%s: %s, want %s", test.word, got, test.want)
		}
	}
	for pair, want := range map[[2]string]int{{"kitten", "sitting"}: 3, {"", "abc"}: 3, {"abc", ""}: 3, {"same", "same"}: 0, {"acept", "accept"}: 1, {"ab", "ba"}: 2} {
		if got := distance(pair[0], pair[1]); got != want {
			t.Errorf("%v: %d, want %d", pair, got, want)
		}
	}
}

func TestRefs(t *testing.T) {
	for name, want := range map[string]Ref{"5": {InConversation, 5}, "review/5": {InReview, 5}, "review_comment/5": {OnLine, 5}} {
		if got, ok := ParseRef(name); !ok || got != want || got.String() != name {
			t.Errorf("%s: %+v %v", name, got, ok)
		}
	}
	for _, name := range []string{"", "-1", "review/", "button/abc"} {
		if got, ok := ParseRef(name); ok {
			t.Errorf("%s: %+v", name, got)
		}
	}
}

func TestDeciders(t *testing.T) {
	th := thread(Rules{}, say(1, "mia", "/lockwarden accept a@1.0.0"), say(2, "eve", "hello"), say(3, "wes", "/lockwarden rescan"), say(4, "mia", "/lockwarden revoke a@1.0.0"))
	if diff := cmp.Diff([]string{"mia"}, th.Deciders()); diff != "" {
		t.Error(diff)
	}
}

// FuzzParse: no text makes a command that its words do not say, or takes long.
func FuzzParse(f *testing.F) {
	f.Add("/lockwarden accept @a/b@1.0.0 x/y for 3d because z")
	f.Add("> q\n```\n/lockwarden accept a@1.0.0")
	f.Fuzz(func(t *testing.T, body string) {
		for _, c := range Parse(body, "app") {
			if c.Problem == "" && c.Verb == Accept && !c.All && (!packageName.MatchString(c.Name) || c.Version == "") {
				t.Errorf("%q: %+v", body, c)
			}
		}
	})
}
