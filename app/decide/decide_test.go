package decide

import (
	"encoding/json"
	"fmt"
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
		Results: []Result{{1, at(10)}, {2, at(20)}},
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
			before, _ := json.Marshal(th)
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

func TestAnswers(t *testing.T) {
	for _, test := range []struct {
		name, body string
		who        string
		minute     int
		unreasoned []policy.Unreasoned
		answer     string
		audit      string
	}{
		{"an acceptance", "/lockwarden accept a@1.0.0 x/y because fine", "mia", 11, nil, "+1", "mia accepted a@1.0.0 x/y because fine"},
		{"all", "/lockwarden accept all because fine", "mia", 11, nil, "+1", "mia accepted all because fine"},
		{"a revocation", "/lockwarden accept a@1.0.0\n/lockwarden revoke a@1.0.0", "mia", 11, nil, "+1", "mia revoked a@1.0.0"},
		{"by a stranger", "/lockwarden accept a@1.0.0", "eve", 11, nil, "confused 1 refused", "eve refused accept a@1.0.0: "},
		{"of nothing that was shown", "/lockwarden accept c@1.0.0 because fine", "mia", 11, nil, "confused useless [c@1.0.0]",
			"mia refused accept c@1.0.0: no finding of it was known because fine"},
		{"without the reason that it needs", "/lockwarden accept a@1.0.0", "mia", 11, []policy.Unreasoned{{Comment: comment.Ref{ID: 11}, Subject: "a@1.0.0", Finding: "x/y"}, {Comment: comment.Ref{ID: 11}, Subject: "a@1.0.0", Finding: "x/z"}},
			"confused reasonless [a@1.0.0]", ""},
		{"another comment's reason", "/lockwarden accept a@1.0.0", "mia", 11, []policy.Unreasoned{{Comment: comment.Ref{ID: 12}, Subject: "a@1.0.0"}}, "+1", ""},
		{"help", "/lockwarden help", "eve", 11, nil, " help", ""},
		{"explain", "/lockwarden explain a\n/lockwarden explain b\n/lockwarden explain a", "eve", 11, nil, " explain [a b]", ""},
		{"explain too much", strings.Repeat("/lockwarden explain a\n", 3) + "/lockwarden explain b\n/lockwarden explain c\n/lockwarden explain d\n/lockwarden explain e\n/lockwarden explain f", "eve", 11, nil,
			" explain [a b c d e]", ""},
		{"a rescan", "/lockwarden rescan", "mia", 11, nil, "", ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			d := thread(func(t *Thread) {
				bot := says(12, "helper[bot]", "/lockwarden accept a@1.0.0")
				bot.Bot = true
				t.Comments = []comment.Comment{says(test.minute, test.who, test.body), bot, says(13, "mia", "thanks")}
			}).Decide()
			answers := d.Answers(test.unreasoned)
			if len(answers) != 1 {
				t.Fatalf("%d answers", len(answers))
			}
			if diff := cmp.Diff(test.answer, showAnswer(answers[0])); diff != "" {
				t.Error(diff)
			}
			var lines []string
			for _, e := range d.Audit() {
				lines = append(lines, e.Actor+" "+e.Action+" "+e.Detail)
			}
			if got := strings.Join(lines, "; "); !strings.HasPrefix(got, test.audit) {
				t.Errorf("the audit says %q, want %q", got, test.audit)
			}
		})
	}
}

func showAnswer(a Answer) string {
	s := a.Reaction
	if n := len(a.Refused); n > 0 {
		s += fmt.Sprintf(" %d refused", n)
	}
	for _, list := range []struct {
		name string
		of   []string
	}{{"useless", a.Useless}, {"reasonless", a.Reasonless}, {"explain", a.Explain}} {
		if len(list.of) > 0 {
			s += " " + list.name + " [" + strings.Join(list.of, " ") + "]"
		}
	}
	if a.Help {
		s += " help"
	}
	return s
}
