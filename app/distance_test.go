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
)

// many opens pull requests, each with the package NAME and a number.
func (w *world) many(n int, name string) []*githubtest.Pull {
	var pulls []*githubtest.Pull
	for i := range n {
		pulls = append(pulls, w.repo.Open("ann", w.repo, w.branch(fmt.Sprintf("%s-%d", name, i), with(fmt.Sprintf("%s%d@1.0.0", name, i))), "main"))
	}
	return pulls
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

// TestRefusedInstallationAsksNothing: whoever GitHub refuses for a time asks
// nothing until then, for any of its pull requests.
func TestRefusedInstallationAsksNothing(t *testing.T) {
	story(t, func(w *world) {
		w.concludes(w.open(with("quiet@1.0.0")).SHA(), "success")
		w.settled()
		var refused atomic.Int64
		var during atomic.Int64
		w.github.Fail(githubtest.Fault{Match: "GET /repos/acme/web/pulls/", Times: 1, Status: 429, Header: map[string]string{"Retry-After": "2"},
			Body: `{"message":"You have exceeded a secondary rate limit."}`, Hold: func() { refused.Store(time.Now().UnixNano()) }})
		w.github.Fail(githubtest.Fault{Times: 1000, Pass: true, Hold: func() {
			if at := refused.Load(); at > 0 && time.Since(time.Unix(0, at)) > 500*time.Millisecond && time.Since(time.Unix(0, at)) < 1500*time.Millisecond {
				during.Add(1)
			}
		}})
		first := w.repo.Open("ann", w.repo, w.branch("first", with("quiet1@1.0.0")), "main")
		w.eventually("it is refused", func() bool { return refused.Load() > 0 })
		time.Sleep(600 * time.Millisecond)
		for _, p := range append(w.many(3, "quiet"), first) {
			w.concludes(p.SHA(), "success")
		}
		if n := during.Load(); n > 0 {
			t.Errorf("%d requests while GitHub refuses them", n)
		}
	})
}
