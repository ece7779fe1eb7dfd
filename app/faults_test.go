package app_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/lockwarden/lockwarden/app"
	"github.com/lockwarden/lockwarden/app/github/githubtest"
	"github.com/lockwarden/lockwarden/app/store/storetest"
)

// during opens a pull request, lets something happen while it is scanned, and
// goes on.
func (w *world) during(happens func()) *githubtest.Pull {
	release := w.scanner.hold()
	pull := w.open(with("shell@1.0.0"))
	w.eventually("it is being scanned", func() bool {
		run, ok := w.repo.Latest(pull.SHA())
		return ok && run.Status == "in_progress"
	})
	happens()
	release()
	return pull
}

// single checks that a head has one check run.
func (w *world) single(sha string) {
	w.t.Helper()
	w.settled()
	if n := len(w.repo.CheckRuns(sha)); n != 1 {
		w.t.Errorf("%d check runs", n)
	}
}

// TestFaultsOfGitHub: each request of a review fails in each way, once; every
// head gets one completed check run.
func TestFaultsOfGitHub(t *testing.T) {
	large(t, func(w *world) {
		ways := map[string]githubtest.Fault{
			"500":            {Status: 500},
			"502 after":      {Status: 502, After: true},
			"no answer":      {},
			"403 rate limit": {Status: 403, Header: map[string]string{"X-RateLimit-Limit": "5000", "X-RateLimit-Remaining": "0", "X-RateLimit-Reset": fmt.Sprint(time.Now().Add(time.Second).Unix())}, Body: `{"message":"API rate limit exceeded for installation ID 1."}`},
			"429 secondary":  {Status: 429, Header: map[string]string{"Retry-After": "1"}, Body: `{"message":"You have exceeded a secondary rate limit. Please wait a few minutes before you try again."}`},
			"401":            {Status: 401, Body: `{"message":"Bad credentials"}`},
		}
		requests := []string{"GET /repos/acme/web/pulls/", "/compare/", "/git/trees/", "/git/blobs/", "GET /repos/acme/web/contents/.github/lockwarden.yml",
			"/commits/", "POST /repos/acme/web/check-runs", "PATCH /repos/acme/web/check-runs/", "/comments", "/access_tokens"}
		var heads []string
		for way, fault := range ways {
			for i, request := range requests {
				fault.Match, fault.Times, fault.Skip = request, 1, i%2
				w.github.Fail(fault)
				if request == "/access_tokens" {
					w.github.ExpireTokens()
				}
				branch := fmt.Sprintf("%s-%d", way[:3], i) + way[len(way)-1:]
				w.repo.Commit(branch, with("shell@1.0.0", fmt.Sprintf("quiet@1.%d.%s", i, way[:3])))
				pull := w.repo.Open("ann", w.repo, branch, "main")
				w.concludes(pull.SHA(), "failure")
				heads = append(heads, pull.SHA())
			}
		}
		for _, sha := range heads {
			if n := len(w.repo.CheckRuns(sha)); n != 1 {
				w.t.Errorf("%d check runs", n)
			}
		}
	})
}

// TestReasonsAreForReaders: why a review could not be made is said by the server's
// name and what it did; what the network says of it is in the log.
func TestReasonsAreForReaders(t *testing.T) {
	story(t, func(w *world) {
		w.github.Fail(githubtest.Fault{Match: "/compare/", Times: 1000})
		pull := w.open(with("quiet@1.0.0"))
		run := w.concludes(pull.SHA(), "action_required")
		w.wants("the summary", run.Summary, "could not be made", strings.TrimPrefix(w.github.URL(), "http://")+": broke off the connection")
		for _, detail := range []string{"EOF", "tcp", "Get ", "reset by peer"} {
			if strings.Contains(run.Summary, detail) {
				t.Errorf("the summary says %q: %s", detail, run.Summary)
			}
		}
		w.wants("the log", w.logged.String(), "broke off the connection (", "EOF")
	})
}

// TestFaultTokenExpires in the middle of a review.
func TestFaultTokenExpires(t *testing.T) {
	story(t, func(w *world) {
		pull := w.during(w.github.ExpireTokens)
		w.concludes(pull.SHA(), "failure")
		w.single(pull.SHA())
	})
}

// TestFaultClockJumps: forwards and backwards, in the middle of a review and
// between the review and an acceptance.
func TestFaultClockJumps(t *testing.T) {
	story(t, func(w *world) {
		for i, jump := range []time.Duration{3 * time.Hour, -3 * time.Hour, 26 * time.Hour} {
			release := w.scanner.hold()
			branch := fmt.Sprintf("jump-%d", i)
			w.repo.Commit(branch, with(fmt.Sprintf("shell@1.0.%d", i)))
			pull := w.repo.Open("ann", w.repo, branch, "main")
			w.eventually("it is being scanned", func() bool {
				run, ok := w.repo.Latest(pull.SHA())
				return ok && run.Status == "in_progress"
			})
			w.clock.Add(int64(jump))
			release()
			w.concludes(pull.SHA(), "failure")
			w.single(pull.SHA())
			w.clock.Add(int64(jump) * -1 / 2)
		}
	})
}

// TestFaultRenamed: the repository gets another name in the middle, and later
// another repository gets the old one.
func TestFaultRenamed(t *testing.T) {
	story(t, func(w *world) {
		pull := w.during(func() { w.repo.Rename("site") })
		w.concludes(pull.SHA(), "failure")
		w.single(pull.SHA())
		// A comment's event has the new name.
		w.reaction(pull, w.comment(pull, "mia", "/lockwarden accept shell@1.0.0 because ok"), "+1")
		w.concludes(pull.SHA(), "success")
		// What the server knows by the old name must not reach who has it now.
		head, _, err := w.store.Head(context.Background(), w.repo.ID, "pull/1")
		if err != nil {
			t.Fatal(err)
		}
		impostor := w.github.Repository("acme/web")
		impostor.Commit("main", with())
		impostor.Commit("change", with("quiet@1.0.0"))
		other := impostor.Open("ann", impostor, "change", "main")
		w.eventually("the new repository has its own review", func() bool {
			run, ok := impostor.Latest(other.SHA())
			return ok && run.Conclusion == "success"
		})
		again := head.Job("head")
		again.Again, again.Generation, again.Name = true, 0, "web"
		if err := w.store.Add(context.Background(), again); err != nil {
			t.Fatal(err)
		}
		w.settled()
		if runs := impostor.CheckRuns(other.SHA()); len(runs) != 1 {
			t.Errorf("%d check runs at the repository that has the name now", len(runs))
		}
	})
}

// TestFaultDeleted: the repository is deleted in the middle. Nothing is left to
// do, and nothing counts as given up.
func TestFaultDeleted(t *testing.T) {
	story(t, func(w *world) {
		w.during(w.repo.Delete)
		w.settled()
		dead, err := w.store.DeadJobs(context.Background(), 10)
		if err != nil || len(dead) > 0 {
			t.Errorf("%+v %v", dead, err)
		}
	})
}

// TestFaultSuspended: the App is suspended, or uninstalled, in the middle; when
// it comes back, what is open is reviewed.
func TestFaultSuspended(t *testing.T) {
	story(t, func(w *world) {
		pull := w.during(func() { w.repo.Suspend(true) })
		w.settled()
		if run, ok := w.repo.Latest(pull.SHA()); ok && run.Status == "completed" {
			t.Errorf("a suspended App completed a check run: %s", run.Conclusion)
		}
		w.repo.Suspend(false)
		w.concludes(pull.SHA(), "failure")
		w.single(pull.SHA())
	})
}

// TestFaultUninstalled is the same with another installation afterwards.
func TestFaultUninstalled(t *testing.T) {
	story(t, func(w *world) {
		pull := w.during(w.repo.Uninstall)
		w.settled()
		dead, err := w.store.DeadJobs(context.Background(), 10)
		if err != nil || len(dead) > 0 {
			t.Errorf("%+v %v", dead, err)
		}
		w.repo.Reinstall()
		w.concludes(pull.SHA(), "failure")
		w.single(pull.SHA())
		w.reaction(pull, w.comment(pull, "mia", "/lockwarden accept shell@1.0.0 because ok"), "+1")
		w.concludes(pull.SHA(), "success")
	})
}

// TestFaultSlowGitHub: answers that take long hold up their own review only.
func TestFaultSlowGitHub(t *testing.T) {
	story(t, func(w *world) {
		w.github.Fail(githubtest.Fault{Match: "/compare/", Times: 1, Delay: 3 * time.Second, Pass: true})
		slow := w.open(with("shell@1.0.0"))
		w.repo.Commit("quick", with("quiet@1.0.0"))
		quick := w.repo.Open("ann", w.repo, "quick", "main")
		w.concludes(quick.SHA(), "success")
		w.concludes(slow.SHA(), "failure")
		w.single(slow.SHA())
	})
}

// TestLateAnswers: GitHub's API is behind its webhooks. The new head gets its
// check, and a comment is not lost.
func TestLateAnswers(t *testing.T) {
	story(t, func(w *world) {
		pull := w.open(with("quiet@1.0.0"))
		w.concludes(pull.SHA(), "success")
		w.github.Lag(time.Second)
		head := pull.Push(with("shell@1.0.0"))
		w.concludes(head, "failure")
		w.reaction(pull, w.comment(pull, "mia", "/lockwarden accept shell@1.0.0 because it is reviewed"), "+1")
		w.concludes(head, "success")
	})
}

// TestWaitingForGitHub: a head that GitHub does not show for long has a check run
// that says so, which is the one that gets the result; and none stays open on a
// commit that was never to be seen.
func TestWaitingForGitHub(t *testing.T) {
	t.Parallel()
	w := newWorld(t, storetest.SQLite(t), func(c *app.Config) { c.Patience = 300 * time.Millisecond })
	pull := w.open(with("quiet@1.0.0"))
	w.concludes(pull.SHA(), "success")
	w.github.Lag(time.Hour)
	waits := func(sha string) func() bool {
		return func() bool {
			run, _ := w.repo.Latest(sha)
			return run.Title == "Waiting for GitHub" && run.Status == "queued"
		}
	}
	missed := pull.Push(with("shell@1.0.0"))
	w.eventually("the run says that it waits", waits(missed))
	head := pull.Push(with("shell@1.0.0", "quiet@1.0.0"))
	w.eventually("the next one, too", waits(head))
	w.github.Lag(0)
	w.concludes(head, "failure")
	w.settled()
	w.single(head)
	for _, run := range w.repo.CheckRuns(missed) {
		if run.Status != "completed" {
			t.Errorf("a run is %s", run.Status)
		}
	}
}

// TestTouched: GitHub changes a comment's time now and then although nobody
// edited it; when the text was edited, GraphQL says.
func TestTouched(t *testing.T) {
	story(t, func(w *world) {
		pull := w.open(with("shell@1.0.0"))
		w.concludes(pull.SHA(), "failure")
		id := w.comment(pull, "mia", "/lockwarden accept shell@1.0.0 because it is reviewed")
		pull.Touch(id)
		w.concludes(pull.SHA(), "success")
		pull.EditComment("wes", id, "/lockwarden accept all because it is reviewed")
		w.concludes(pull.SHA(), "failure")
	})
}

// TestLocked: a conversation that takes no reaction and no reply changes no check
// and makes no review run again.
func TestLocked(t *testing.T) {
	story(t, func(w *world) {
		pull := w.open(with("shell@1.0.0"))
		w.concludes(pull.SHA(), "failure")
		pull.Lock()
		w.comment(pull, "mia", "/lockwarden accept shell@1.0.0 because it is reviewed")
		w.concludes(pull.SHA(), "success")
		head := pull.Push(with("shell@1.0.0", "quiet@1.0.0"))
		w.concludes(head, "success")
		w.settled()
		w.single(head)
		dead, err := w.store.DeadJobs(context.Background(), 10)
		if err != nil || len(dead) > 0 {
			t.Errorf("%+v %v", dead, err)
		}
	})
}

// TestBaseRenamed: the policy goes with the branch.
func TestBaseRenamed(t *testing.T) {
	story(t, func(w *world) {
		w.repo.Commit("main", map[string]string{".github/lockwarden.yml": "packages:\n  deny: [quiet]\n"})
		pull := w.open(with("quiet@1.0.0"))
		w.concludes(pull.SHA(), "failure")
		w.repo.RenameBranch("main", "trunk")
		w.reaction(pull, w.comment(pull, "mia", "/lockwarden accept quiet@1.0.0 policy/registry because it is reviewed"), "confused")
		w.concludes(pull.SHA(), "failure")
	})
}

// TestMergedWhileScanning: the run of a closed pull request is ended.
func TestMergedWhileScanning(t *testing.T) {
	story(t, func(w *world) {
		pull := w.during(func() {})
		pull.Close()
		w.eventually("the run is ended", func() bool {
			run, ok := w.repo.Latest(pull.SHA())
			return !ok || run.Status == "completed"
		})
	})
}

// TestRevokedInRepository: what is revoked for the repository is judged again
// wherever it made green.
func TestRevokedInRepository(t *testing.T) {
	story(t, func(w *world) {
		first := w.open(with("shell@1.0.0"))
		w.concludes(first.SHA(), "failure")
		w.reaction(first, w.comment(first, "mia", "/lockwarden accept shell@1.0.0 in repository because it is reviewed"), "+1")
		w.concludes(first.SHA(), "success")
		second := w.repo.Open("ann", w.repo, w.branch("second", with("shell@1.0.0", "quiet@1.0.0")), "main")
		w.concludes(second.SHA(), "success")
		w.comment(first, "mia", "/lockwarden revoke shell@1.0.0 in repository")
		w.concludes(first.SHA(), "failure")
		w.concludes(second.SHA(), "failure")
	})
}
