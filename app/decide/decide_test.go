package decide

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/lockwarden/lockwarden/app/comment"
	"github.com/lockwarden/lockwarden/app/policy"
)

// at is a minute of the test's day, in GitHub's time.
func at(minute int) time.Time { return time.Date(2026, 1, 2, 3, minute, 0, 0, time.UTC) }

// says is a comment whose number is the minute that it was written in.
func says(id int, who, body string) comment.Comment {
	return comment.Comment{ID: int64(id), Author: who, Body: body, Created: at(id), Updated: at(id)}
}

// sees is what there is to see of packages: NAME@VERSION and its findings.
func sees(packages ...string) (out []policy.Seen) {
	for _, p := range packages {
		words := strings.Fields(p)
		name, version, _ := strings.Cut(words[0], "@")
		findings := map[string][]string{}
		for _, id := range words[1:] {
			findings[id] = []string{"print"}
		}
		out = append(out, policy.Seen{Name: name, Version: version, Binding: "sha512-" + name, Findings: findings})
	}
	return out
}

// thread is pull request 7 of ann's: a@1.0.0 was shown in minute 10, b@1.0.0
// besides in minute 20.
func thread(change func(t *Thread)) *Thread {
	t := &Thread{Repository: 1, Name: "pull/7",
		Thread: comment.Thread{Slug: "lockwarden", Author: "ann", Now: at(59), Rules: comment.Rules{Least: comment.Write, All: true},
			Permissions: map[string]comment.Permission{"ann": comment.Admin, "mia": comment.Maintain, "ada": comment.Admin, "wes": comment.Write, "eve": comment.Read}},
		Results: []Result{{Generation: 1, Since: at(10)}, {Generation: 2, Since: at(20)}},
		Seen:    map[int64][]policy.Seen{1: sees("a@1.0.0 x/y x/z"), 2: sees("a@1.0.0 x/y x/z", "b@1.0.0 x/y")},
	}
	change(t)
	return t
}

// pressed is a kept "accept all" of a button.
func pressed(minute int, who string, saw ...string) Kept {
	return Kept{ID: int64(minute), Thread: "pull/7", Origin: who, Accepted: policy.Accepted{Seen: sees(saw...),
		Acceptance: comment.Acceptance{By: who, At: at(minute), All: true}}}
}

// lasting is a kept decision for the repository, of another pull request.
func lasting(id int64, who, thread string, until time.Time) Kept {
	return Kept{ID: id, Thread: thread, Origin: "elsewhere", Accepted: policy.Accepted{Seen: sees("a@1.0.0 x/y"),
		Acceptance: comment.Acceptance{Comment: 99, By: who, At: at(1), Until: until, Name: "a", Version: "1.0.0", Repository: true}}}
}

// show writes down what was decided: what each acceptance covers, what is kept
// and ended.
func show(d Decisions) string {
	var out []string
	for _, a := range d.Accepted {
		var covers []string
		for _, s := range a.Seen {
			for _, id := range []string{"x/y", "x/z"} {
				if _, ok := s.Findings[id]; ok && a.Covers(s.Name, s.Version, id) {
					covers = append(covers, s.Name+":"+id)
				}
			}
		}
		out = append(out, strings.TrimSpace(a.By+" "+whatOf(&a.Acceptance)+" "+strings.Join(covers, " ")))
	}
	for _, k := range d.Keep {
		out = append(out, "keep "+k.Origin)
	}
	for _, e := range d.End {
		out = append(out, "end "+e.Origin+" by "+e.By)
	}
	return strings.Join(out, "; ")
}

// revoked is a revocation that counted before.
func revoked(id int, what string) comment.Acceptance {
	a := comment.Acceptance{Comment: int64(id), By: "mia", At: at(id), All: what == "all"}
	if !a.All {
		a.Name, a.Version, _ = strings.Cut(what, "@")
	}
	return a
}

// TestRevocationsStay: what was revoked is not accepted again because the comment
// is gone, or says something else.
func TestRevocationsStay(t *testing.T) {
	accepts := says(11, "mia", "/lockwarden accept a@1.0.0")
	edited := says(12, "mia", "/lockwarden revoke b@1.0.0")
	edited.Updated = at(30)
	for _, test := range []struct {
		name     string
		comments []comment.Comment
		revoked  []comment.Acceptance
		want     string
	}{
		{"what counts is kept", []comment.Comment{accepts, says(12, "mia", "/lockwarden revoke a@1.0.0")}, nil, "keep comment/1/12/1/revoked/a@1.0.0"},
		{"what takes nothing back is not", []comment.Comment{accepts, says(12, "mia", "/lockwarden revoke b@1.0.0")}, nil, "mia a@1.0.0 a:x/y a:x/z"},
		{"it was deleted", []comment.Comment{accepts}, []comment.Acceptance{revoked(12, "a@1.0.0")}, ""},
		{"it was edited", []comment.Comment{accepts, edited}, []comment.Acceptance{revoked(12, "a@1.0.0")}, ""},
		{"it says something else, as if it always had", []comment.Comment{accepts, says(12, "mia", "/lockwarden revoke b@1.0.0")},
			[]comment.Acceptance{revoked(12, "all")}, ""},
		{"all of two", []comment.Comment{accepts, says(21, "mia", "/lockwarden accept b@1.0.0")}, []comment.Acceptance{revoked(22, "all")}, ""},
		{"one of two", []comment.Comment{accepts, says(21, "mia", "/lockwarden accept b@1.0.0")}, []comment.Acceptance{revoked(22, "a@1.0.0")},
			"mia b@1.0.0 b:x/y"},
		{"what is accepted after it counts", []comment.Comment{says(13, "mia", "/lockwarden accept a@1.0.0")}, []comment.Acceptance{revoked(12, "a@1.0.0")},
			"mia a@1.0.0 a:x/y a:x/z"},
		{"it is there, and counts once", []comment.Comment{accepts, says(12, "mia", "/lockwarden revoke a@1.0.0"), says(13, "mia", "/lockwarden accept a@1.0.0")},
			[]comment.Acceptance{revoked(12, "a@1.0.0")}, "mia a@1.0.0 a:x/y a:x/z; keep comment/1/12/1/revoked/a@1.0.0"},
	} {
		th := thread(func(t *Thread) { t.Comments, t.Revoked = test.comments, test.revoked })
		d := th.Decide()
		got := show(d)
		for _, k := range d.Revoked {
			got = strings.TrimPrefix(got+"; keep "+k.Origin, "; ")
		}
		if got != test.want {
			t.Errorf("%s:\n got %s\nwant %s", test.name, got, test.want)
		}
	}
}

// TestDeniedLater: who accepted a package before the policy denied it did not accept
// that; who does so after that was shown did.
func TestDeniedLater(t *testing.T) {
	all := thread(func(*Thread) {}).Seen
	all[1] = sees("a@1.0.0 x/y policy/package")
	for minute, want := range map[int]bool{11: false, 16: true} {
		th := thread(func(t *Thread) {
			t.Seen = all
			t.Results = []Result{{Generation: 1, Since: at(10), OwnKnown: true}, {Generation: 1, Since: at(15), OwnKnown: true, Own: []string{"a@1.0.0 policy/package"}}}
			t.Comments = []comment.Comment{says(minute, "mia", "/lockwarden accept a@1.0.0")}
		})
		d := th.Decide()
		_, denied := d.Accepted[0].Seen[0].Findings["policy/package"]
		_, other := d.Accepted[0].Seen[0].Findings["x/y"]
		if denied != want || !other {
			t.Errorf("in minute %d: %+v", minute, d.Accepted)
		}
	}
}

func TestDecide(t *testing.T) {
	for _, test := range []struct {
		name   string
		change func(t *Thread)
		want   string
	}{
		{"what was shown is accepted", func(t *Thread) {
			t.Comments = []comment.Comment{says(11, "mia", "/lockwarden accept a@1.0.0")}
		}, "mia a@1.0.0 a:x/y a:x/z"},
		{"one finding of it", func(t *Thread) {
			t.Comments = []comment.Comment{says(11, "mia", "/lockwarden accept a@1.0.0 x/z")}
		}, "mia a@1.0.0 a:x/z"},
		{"all is what was shown by then", func(t *Thread) {
			t.Comments = []comment.Comment{says(11, "mia", "/lockwarden accept all")}
		}, "mia all a:x/y a:x/z"},
		{"all is what was shown last", func(t *Thread) {
			t.Comments = []comment.Comment{says(21, "mia", "/lockwarden accept all")}
		}, "mia all a:x/y a:x/z b:x/y"},
		{"a result of the comment's own second was not seen by its author", func(t *Thread) {
			t.Comments = []comment.Comment{says(20, "mia", "/lockwarden accept all")}
		}, "mia all a:x/y a:x/z"},
		{"nor the first one", func(t *Thread) {
			t.Comments = []comment.Comment{says(10, "mia", "/lockwarden accept a@1.0.0")}
		}, "mia a@1.0.0"},
		{"nothing was shown yet", func(t *Thread) {
			t.Comments = []comment.Comment{says(5, "mia", "/lockwarden accept a@1.0.0")}
		}, "mia a@1.0.0"},
		{"the author of the pull request", func(t *Thread) {
			t.Comments = []comment.Comment{says(11, "ann", "/lockwarden accept a@1.0.0")}
		}, ""},
		{"a button has what was seen when it was pressed", func(t *Thread) {
			t.Pressed = []Kept{pressed(12, "mia", "a@1.0.0 x/y")}
		}, "mia all a:x/y"},
		{"each button its own", func(t *Thread) {
			t.Pressed = []Kept{pressed(12, "mia", "a@1.0.0 x/y"), pressed(12, "mia", "b@1.0.0 x/y")}
		}, "mia all a:x/y; mia all b:x/y"},
		{"a button of somebody who lost the permission", func(t *Thread) {
			t.Pressed = []Kept{pressed(12, "eve", "a@1.0.0 x/y")}
		}, ""},
		{"a comment takes a button back", func(t *Thread) {
			t.Pressed = []Kept{pressed(12, "mia", "a@1.0.0 x/y")}
			t.Comments = []comment.Comment{says(13, "wes", "/lockwarden revoke all")}
		}, ""},
		{"a comment before it does not", func(t *Thread) {
			t.Pressed = []Kept{pressed(12, "mia", "a@1.0.0 x/y")}
			t.Comments = []comment.Comment{says(11, "wes", "/lockwarden revoke all")}
		}, "mia all a:x/y"},

		{"for the repository", func(t *Thread) {
			t.Comments = []comment.Comment{says(11, "mia", "/lockwarden accept a@1.0.0 x/y in repository")}
		}, "mia a@1.0.0 a:x/y; keep comment/1/11/a@1.0.0/x/y"},
		{"for the repository, by who may here only", func(t *Thread) {
			t.Comments = []comment.Comment{says(11, "wes", "/lockwarden accept a@1.0.0 in repository")}
		}, ""},
		{"for the repository, before anything was shown", func(t *Thread) {
			t.Comments = []comment.Comment{says(5, "mia", "/lockwarden accept a@1.0.0 in repository")}
		}, "mia a@1.0.0"},
		{"kept from here, its comment still stands", func(t *Thread) {
			k := lasting(3, "mia", "pull/7", time.Time{})
			k.Origin = "comment/1/11/a@1.0.0/"
			t.Lasting = []Kept{k}
			t.Comments = []comment.Comment{says(11, "mia", "/lockwarden accept a@1.0.0 in repository")}
		}, "mia a@1.0.0 a:x/y a:x/z; keep comment/1/11/a@1.0.0/"},
		{"kept from here, its comment is gone", func(t *Thread) {
			t.Lasting = []Kept{lasting(3, "mia", "pull/7", time.Time{})}
		}, "end elsewhere by its comment was revoked, edited or deleted"},
		{"kept from here, its time is over", func(t *Thread) {
			t.Lasting = []Kept{lasting(3, "mia", "pull/7", at(59))}
		}, ""},
		{"kept from elsewhere", func(t *Thread) {
			t.Lasting = []Kept{lasting(3, "mia", "pull/1", time.Time{})}
		}, "mia a@1.0.0 a:x/y"},
		{"kept from elsewhere, its time is not over", func(t *Thread) {
			t.Lasting = []Kept{lasting(3, "mia", "pull/1", at(60))}
		}, "mia a@1.0.0 a:x/y"},
		{"kept from elsewhere, its time is over", func(t *Thread) {
			t.Lasting = []Kept{lasting(3, "mia", "pull/1", at(59))}
		}, ""},
		{"kept from elsewhere, whose maker may decide about pull requests only", func(t *Thread) {
			t.Lasting = []Kept{lasting(3, "wes", "pull/1", time.Time{})}
		}, ""},
		{"the policy wants more than the repository does", func(t *Thread) {
			t.Rules.Least = comment.Admin
			t.Lasting = []Kept{lasting(3, "mia", "pull/1", time.Time{})}
		}, ""},
		{"kept from elsewhere, revoked here", func(t *Thread) {
			t.Lasting = []Kept{lasting(3, "mia", "pull/1", time.Time{})}
			t.Comments = []comment.Comment{says(11, "ada", "/lockwarden revoke a@1.0.0 in repository")}
		}, "end elsewhere by ada"},
		{"everything of the repository revoked here", func(t *Thread) {
			t.Lasting = []Kept{lasting(3, "mia", "pull/1", time.Time{})}
			t.Comments = []comment.Comment{says(11, "ada", "/lockwarden revoke all in repository")}
		}, "end elsewhere by ada"},
		{"another package revoked", func(t *Thread) {
			t.Lasting = []Kept{lasting(3, "mia", "pull/1", time.Time{})}
			t.Comments = []comment.Comment{says(11, "ada", "/lockwarden revoke a@2.0.0 in repository")}
		}, "mia a@1.0.0 a:x/y"},
		{"revoked for this pull request only", func(t *Thread) {
			t.Lasting = []Kept{lasting(3, "mia", "pull/1", time.Time{})}
			t.Comments = []comment.Comment{says(11, "ada", "/lockwarden revoke a@1.0.0")}
		}, "mia a@1.0.0 a:x/y"},
		{"revoked by who may decide about pull requests only", func(t *Thread) {
			t.Lasting = []Kept{lasting(3, "mia", "pull/1", time.Time{})}
			t.Comments = []comment.Comment{says(11, "wes", "/lockwarden revoke a@1.0.0 in repository")}
		}, "mia a@1.0.0 a:x/y"},
	} {
		t.Run(test.name, func(t *testing.T) {
			th := thread(test.change)
			before, err := json.Marshal(th)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(test.want, show(th.Decide())); diff != "" {
				t.Error(diff)
			}
			if after, _ := json.Marshal(th); string(after) != string(before) {
				t.Error("it changed what it was given")
			}
		})
	}
}

func TestAsks(t *testing.T) {
	th := thread(func(t *Thread) {
		t.Pressed = []Kept{pressed(12, "mia", "a@1.0.0 x/y")}
		t.Comments = []comment.Comment{says(5, "wes", "/lockwarden accept a@1.0.0"), says(21, "ada", "/lockwarden accept all"), says(22, "eve", "/lockwarden help"),
			says(23, "ada", "/lockwarden accept b@1.0.0")}
		t.Lasting = []Kept{lasting(1, "zoe", "pull/1", time.Time{}), lasting(2, "old", "pull/1", at(58)), lasting(3, "own", "pull/7", time.Time{})}
	})
	if diff := cmp.Diff([]string{"mia", "wes", "ada", "zoe"}, th.People()); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]int64{2}, th.Reviews()); diff != "" {
		t.Error(diff)
	}
}

// refusing is a verdict that wants a reason of comment 11 for those, and accepts
// others by it.
func refusing(subjects []string, accepted ...string) *policy.Verdict {
	v := &policy.Verdict{}
	for _, s := range subjects {
		v.Unreasoned = append(v.Unreasoned, policy.Unreasoned{Comment: comment.Ref{ID: 11}, Subject: s, Finding: "x/y"}, policy.Unreasoned{Comment: comment.Ref{ID: 11}, Subject: s, Finding: "x/z"},
			policy.Unreasoned{Comment: comment.Ref{ID: 12}, Subject: "other@1.0.0"}, policy.Unreasoned{Comment: comment.Ref{Kind: comment.OnLine, ID: 11}, Subject: "line@1.0.0"})
	}
	for _, s := range accepted {
		a := &comment.Acceptance{Comment: 11, All: s == "all"}
		a.Name, a.Version, _ = strings.Cut(s, "@")
		v.Findings = append(v.Findings, policy.Finding{Accepted: a})
	}
	return v
}

// TestEffects: what is reacted, said and audited of one comment, number 11, is the
// same story.
func TestEffects(t *testing.T) {
	for _, test := range []struct {
		name, who, body string
		verdict         *policy.Verdict
		change          func(t *Thread)
		answer, audit   string
	}{
		{"an acceptance", "mia", "/lockwarden accept a@1.0.0 x/y because fine", nil, nil, "+1", "mia accepted a@1.0.0 x/y because fine"},
		{"all", "mia", "/lockwarden accept all because fine", nil, nil, "+1", "mia accepted all because fine"},
		{"by a stranger", "eve", "/lockwarden accept a@1.0.0", nil, nil, "confused refused",
			"eve refused accept a@1.0.0: it needs the permission `write` in this repository, and `eve` has `read`"},
		{"one of two", "mia", "/lockwarden accept a@1.0.0\n/lockwarden accept a", nil, nil, "confused refused a [a@1.0.0 a@2.0.0]",
			"mia refused accept: say which version of `a`: `/lockwarden accept NAME@VERSION`; mia accepted a@1.0.0"},

		{"before anything was shown", "mia", "/lockwarden accept a@1.0.0", nil, func(t *Thread) { t.Results = nil }, "confused early", "mia refused accept a@1.0.0: no finding of it was known"},
		{"of what came later", "mia", "/lockwarden accept b@1.0.0", nil, nil, "confused later", "mia refused accept b@1.0.0: no finding of it was known"},
		{"of another package", "mia", "/lockwarden accept aa@1.0.0 because fine", nil, nil, "confused package [a@1.0.0]",
			"mia refused accept aa@1.0.0: no finding of it was known because fine"},
		{"of another version", "mia", "/lockwarden accept a@1.0.1", nil, nil, "confused package [a@1.0.0]", "mia refused accept a@1.0.1: no finding of it was known"},
		{"of another finding", "mia", "/lockwarden accept a@1.0.0 x/w", nil, nil, "confused finding [x/y x/z]", "mia refused accept a@1.0.0 x/w: no finding of it was known"},
		{"where nothing was found", "mia", "/lockwarden accept all", nil, func(t *Thread) { t.Seen[1], t.Current = nil, nil }, "confused nothing", "mia refused accept all: no finding of it was known"},
		{"of a package, where nothing was found", "mia", "/lockwarden accept a@1.0.0", nil, func(t *Thread) { t.Seen[1], t.Current = nil, nil }, "confused nothing",
			"mia refused accept a@1.0.0: no finding of it was known"},
		{"of one finding that is there and one that is not", "mia", "/lockwarden accept a@1.0.0 x/y x/w", nil, nil, "+1 unknown [x/w]", "mia accepted a@1.0.0 x/y x/w"},

		{"without the reason that it needs", "mia", "/lockwarden accept a@1.0.0", refusing([]string{"a@1.0.0"}), nil, "confused reasonless [a@1.0.0]",
			"mia refused accept a@1.0.0: not without a reason: a@1.0.0"},
		{"all, some of which need a reason", "mia", "/lockwarden accept all", refusing([]string{"a@1.0.0"}, "all"), nil, "confused reasonless [a@1.0.0]",
			"mia refused accept all: not without a reason: a@1.0.0; mia accepted all"},
		{"two, of which one needs a reason", "mia", "/lockwarden accept a@1.0.0 x/y\n/lockwarden accept b@1.0.0", refusing([]string{"b@1.0.0"}, "a@1.0.0"),
			func(t *Thread) { t.Seen[1] = t.Seen[2] }, "confused reasonless [b@1.0.0]", "mia accepted a@1.0.0 x/y; mia refused accept b@1.0.0: not without a reason: b@1.0.0"},
		{"the reason that another needs", "mia", "/lockwarden accept a@1.0.0", refusing([]string{"b@1.0.0"}, "a@1.0.0"), nil, "+1", "mia accepted a@1.0.0"},

		{"a revocation", "mia", "/lockwarden accept a@1.0.0\n/lockwarden revoke a@1.0.0", nil, nil, "+1", "mia accepted a@1.0.0; mia revoked a@1.0.0"},
		{"a revocation of nothing", "mia", "/lockwarden revoke a@1.0.0", nil, nil, "confused idle", "mia refused revoke a@1.0.0: nothing of it was accepted"},
		{"a revocation of what is gone now", "mia", "/lockwarden revoke a@1.0.0", nil, func(t *Thread) { t.Done = map[comment.Ref]bool{{ID: 11}: true} }, "+1", "mia revoked a@1.0.0"},
		{"a revocation of a button", "mia", "/lockwarden revoke a@1.0.0", nil, func(t *Thread) { t.Pressed = []Kept{pressed(10, "ada", "a@1.0.0 x/y")} }, "+1", "mia revoked a@1.0.0"},
		{"a revocation here of what holds everywhere", "mia", "/lockwarden revoke a@1.0.0", nil, func(t *Thread) { t.Lasting = []Kept{lasting(3, "ada", "pull/1", time.Time{})} },
			"confused idle lasting", "mia refused revoke a@1.0.0: nothing of it was accepted"},
		{"a revocation here of what held everywhere", "mia", "/lockwarden revoke a@1.0.0", nil, func(t *Thread) { t.Lasting = []Kept{lasting(3, "ada", "pull/1", at(59))} },
			"confused idle", "mia refused revoke a@1.0.0: nothing of it was accepted"},
		{"a revocation of what never counted", "mia", "/lockwarden accept c@1.0.0\n/lockwarden revoke c@1.0.0", nil, nil, "confused package [a@1.0.0] idle",
			"mia refused accept c@1.0.0: no finding of it was known; mia refused revoke c@1.0.0: nothing of it was accepted"},
		{"a revocation everywhere", "mia", "/lockwarden revoke a@1.0.0 in repository", nil, nil, "+1", "mia revoked a@1.0.0"},

		{"help", "eve", "/lockwarden help", nil, nil, " help", ""},
		{"explain", "eve", "/lockwarden explain a\n/lockwarden explain b\n/lockwarden explain a", nil, nil, " explain [a b]", ""},
		{"explain too much", "eve", "/lockwarden explain a\n/lockwarden explain b\n/lockwarden explain c\n/lockwarden explain d\n/lockwarden explain e\n/lockwarden explain f", nil, nil,
			" explain [a b c d e]", ""},
		{"a rescan", "mia", "/lockwarden rescan", nil, nil, "", ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			th := thread(func(t *Thread) {
				t.Current = append(sees("a@2.0.0 x/y"), t.Seen[2]...)
				bot := says(12, "helper[bot]", "/lockwarden accept a@1.0.0")
				bot.Bot = true
				t.Comments = []comment.Comment{says(11, test.who, test.body), bot, says(13, "mia", "thanks")}
				if test.change != nil {
					test.change(t)
				}
			})
			d := th.Decide()
			answers := d.Answers(test.verdict)
			if len(answers) != 1 {
				t.Fatalf("%d answers", len(answers))
			}
			if diff := cmp.Diff(test.answer, showAnswer(answers[0])); diff != "" {
				t.Error(diff)
			}
			var lines []string
			for _, e := range d.Audit(test.verdict) {
				lines = append(lines, e.Actor+" "+e.Action+" "+e.Detail)
			}
			if diff := cmp.Diff(test.audit, strings.Join(lines, "; ")); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// TestAuditOnce: the same outcome has the same origin, and a revocation that took
// effect is not written again as one that did not.
func TestAuditOnce(t *testing.T) {
	origins := func(body string, change func(t *Thread)) string {
		d := thread(func(t *Thread) {
			t.Comments = []comment.Comment{says(11, "mia", body)}
			change(t)
		}).Decide()
		var out []string
		for _, e := range d.Audit(nil) {
			out = append(out, e.Origin)
		}
		return strings.Join(out, " ")
	}
	pressed := func(t *Thread) { t.Pressed = []Kept{pressed(10, "ada", "a@1.0.0 x/y")} }
	if a, b := origins("/lockwarden revoke a@1.0.0", pressed), origins("/lockwarden revoke a@1.0.0", func(*Thread) {}); a != b || a == "" {
		t.Errorf("%q and %q", a, b)
	}
	onLine := func(t *Thread) { t.Comments[0].Kind = comment.OnLine }
	if a, b := origins("/lockwarden accept a@1.0.0", func(*Thread) {}), origins("/lockwarden accept a@1.0.0", onLine); a == b || a != "comment/1/11/accepted/a@1.0.0" {
		t.Errorf("%q and %q", a, b)
	}
}

// TestButtonsInOrder: a click came after the comments that were delivered before
// it, whatever the clocks say.
func TestButtonsInOrder(t *testing.T) {
	for _, test := range []struct {
		name    string
		at      int
		ordered bool
		after   []string
		want    string
	}{
		{"after the revocation, by an early clock", 5, true, []string{"11"}, "mia all a:x/y"},
		{"before it, by a late clock", 30, true, nil, ""},
		{"one that is not known to have come before counts as later", 30, true, []string{"review_comment/11", "10"}, ""},
		{"of an older version, by the clock: after", 30, false, nil, "mia all a:x/y"},
		{"of an older version, by the clock: before", 5, false, nil, ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			th := thread(func(t *Thread) {
				k := pressed(test.at, "mia", "a@1.0.0 x/y")
				k.Ordered, k.After = test.ordered, test.after
				t.Pressed = []Kept{k}
				t.Comments = []comment.Comment{says(11, "wes", "/lockwarden revoke all")}
			})
			if diff := cmp.Diff(test.want, show(th.Decide())); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func showAnswer(a Answer) string {
	s := a.Reaction
	list := func(name string, of []string) {
		if len(of) > 0 {
			s += " " + name + " [" + strings.Join(of, " ") + "]"
		}
	}
	for _, e := range a.Effects {
		switch {
		case e.Refused != "":
			s += " refused"
			list(e.Name, e.There)
		case e.Missing != nil:
			s += " " + string(e.Missing.Why)
			if len(e.Missing.There) > 0 {
				s += " [" + strings.Join(e.Missing.There, " ") + "]"
			}
		case e.Lasting:
			s += " idle lasting"
		case e.Idle:
			s += " idle"
		}
		list("unknown", e.Unknown)
	}
	list("reasonless", a.Reasonless)
	list("explain", a.Explain)
	if a.Help {
		s += " help"
	}
	return s
}
