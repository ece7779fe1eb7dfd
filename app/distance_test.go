package app_test

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/lockwarden/lockwarden/app/github/githubtest"
	"github.com/lockwarden/lockwarden/app/store/storetest"
)

// many opens pull requests, each with the package NAME and a number.
func (w *world) many(n int, name string) []*githubtest.Pull {
	var pulls []*githubtest.Pull
	for i := range n {
		pulls = append(pulls, w.one(name, i))
	}
	return pulls
}

// one opens a pull request with the package NAME and that number.
func (w *world) one(name string, i int) *githubtest.Pull {
	branch := w.branch(fmt.Sprintf("%s-%d", name, i), with(fmt.Sprintf("%s%d@1.0.0", name, i)))
	return w.repo.Open("ann", w.repo, branch, "main")
}

// requested counts the requests that GitHub got with that in method and path.
func (w *world) requested(part string) (n int) {
	for _, q := range w.github.Requests() {
		if strings.Contains(q.Method+" "+q.Path, part) {
			n++
		}
	}
	return n
}

// TestReviewsWaitSideBySide: reviews of one installation wait for GitHub at the
// same time, and a review for several answers: GitHub may be far away.
func TestReviewsWaitSideBySide(t *testing.T) {
	story(t, func(w *world) {
		var at [2]atomic.Int64
		answer := make(chan struct{})
		let := sync.OnceFunc(func() { close(answer) })
		defer let()
		for i, match := range []string{"GET /repos/acme/web/issues/", "GET /repos/acme/web/pulls/"} {
			// Those of the judgment: a head's own is before.
			w.github.Fail(githubtest.Fault{Match: match, Skip: 3 * i, Times: 3, Pass: true, Hold: func() {
				at[i].Add(1)
				<-answer
			}})
		}
		pulls := w.many(3, "quiet")
		w.eventually("three judgments wait for both", func() bool { return at[0].Load() == 3 && at[1].Load() == 3 })
		let()
		for _, p := range pulls {
			w.concludes(p.SHA(), "success")
			w.single(p.SHA())
		}
	})
}

// TestScansHaveTheirTurn: many reviews may wait for GitHub, a few are scanned;
// and a merge group waits for none of them.
func TestScansHaveTheirTurn(t *testing.T) {
	story(t, func(w *world) {
		queued := w.open(with("quiet@1.0.0"))
		w.concludes(queued.SHA(), "success")
		w.scanner.held = "shell"
		release := w.scanner.hold()
		held := func() int {
			w.scanner.mu.Lock()
			defer w.scanner.mu.Unlock()
			return w.scanner.waiting
		}
		before := w.requested("/contents/.github/lockwarden.yml")
		pulls := w.many(6, "shell")
		w.eventually("two are scanned, and two more have read all that they need", func() bool {
			return held() == 2 && w.requested("/contents/.github/lockwarden.yml")-before >= 4
		})
		group := queued.Queue()
		w.concludes(group, "success")
		if n := held(); n != 2 {
			t.Errorf("%d are scanned at once", n)
		}
		release()
		for _, p := range pulls {
			w.concludes(p.SHA(), "failure")
			w.single(p.SHA())
		}
	})
}

// TestHelpCostsLittle: strangers who ask for what stands there already cost
// nothing of GitHub's limits.
func TestHelpCostsLittle(t *testing.T) {
	story(t, func(w *world) {
		pull := w.open(with("shell@1.0.0"))
		w.concludes(pull.SHA(), "failure")
		w.settled()
		before := len(w.github.Requests())
		for i := range 60 {
			w.comment(pull, fmt.Sprintf("stranger%d", i%7), "/lockwarden help")
		}
		w.eventually("help comes", func() bool { return strings.Contains(w.reply(pull), "accept NAME@VERSION") })
		w.settled()
		asked := slices.DeleteFunc(w.github.Requests()[before:], func(r githubtest.Request) bool {
			return r.Status == http.StatusUnauthorized || strings.HasSuffix(r.Path, "/access_tokens") // this GitHub withdraws tokens
		})
		if len(asked) > 10 {
			t.Errorf("%d requests: %v", len(asked), asked)
		}
		if n := strings.Count(w.reply(pull), "| Command |"); n != 1 {
			t.Errorf("%d tables", n)
		}
		// What is asked beside it is answered.
		w.comment(pull, "stranger1", "/lockwarden help\n\n/lockwarden explain shell")
		w.eventually("it is explained", func() bool { return strings.Contains(w.reply(pull), "get.shell.invalid") })
		w.comment(pull, "stranger1", "/lockwarden help")
		w.reaction(pull, w.comment(pull, "mia", "/lockwarden accept shell@1.0.0 because ok"), "+1")
		w.concludes(pull.SHA(), "success")
	})
}

// TestCrowdedInstallation: while GitHub refuses an installation, its heads are put
// back before they ask for anything; then each gets its check.
func TestCrowdedInstallation(t *testing.T) {
	story(t, func(w *world) {
		var heads []*githubtest.Pull
		putBack := func(p *githubtest.Pull) bool {
			for line := range strings.Lines(w.logged.String()) {
				if strings.Contains(line, fmt.Sprintf("thread=pull/%d ", p.Number)) && strings.Contains(line, "the installation has used up") {
					return true
				}
			}
			return false
		}
		for i := range 20 { // a busy machine may come to a head after the refusal's end
			w.github.Fail(githubtest.Fault{Match: "GET /repos/acme/web/pulls/", Times: 1, Status: 429, Header: map[string]string{"Retry-After": "3"},
				Body: `{"message":"You have exceeded a secondary rate limit."}`})
			refused := w.one("quiet", 2*i)
			w.eventually("it is refused", func() bool { return strings.Contains(w.logged.String(), "waiting for a rate limit") })
			crowded := w.one("quiet", 2*i+1)
			heads = append(heads, refused, crowded)
			w.eventually("it is put back, or done", func() bool {
				run, _ := w.repo.Latest(crowded.SHA())
				return putBack(crowded) || run.Status == "completed"
			})
			if n := w.requested(crowded.SHA()) + w.requested(fmt.Sprintf("/pulls/%d", crowded.Number)); putBack(crowded) && n == 0 {
				break
			} else if i == 19 {
				t.Errorf("a head of a refused installation made %d requests before it was put back", n)
			}
		}
		for _, p := range heads {
			w.concludes(p.SHA(), "success")
			w.single(p.SHA())
		}
	})
}

// TestReplicasShareALimit: each replica has budgets of its own, which together are
// more than GitHub takes of an installation. What it refuses holds each of them
// back until it says, and costs no head its check, nor a try of its job.
func TestReplicasShareALimit(t *testing.T) {
	t.Parallel()
	w := newWorld(t, storetest.PostgreSQL(t))
	const writes = 15
	w.github.Secondary(writes, time.Second)
	hooks := []string{w.url, w.replica()}
	var pulls []*githubtest.Pull
	for i := range 40 {
		w.github.SendTo(hooks[i%2] + "/webhook")
		pulls = append(pulls, w.one("quiet", i))
	}
	for _, p := range pulls {
		w.concludes(p.SHA(), "success")
	}
	w.settled()
	for _, p := range pulls {
		if n := len(w.repo.CheckRuns(p.SHA())); n != 1 {
			t.Errorf("%d check runs", n)
		}
	}
	refused, times := w.github.Refused()
	t.Logf("%d writes refused, %d times", refused, times)
	if times < 3 || refused > times*2*20 {
		t.Errorf("%d writes were refused, %d times: a replica goes on where it was refused", refused, times)
	}
	if strings.Contains(w.logged.String(), "msg=failed") {
		t.Error("a refusal counted as a failed try")
	}
}
