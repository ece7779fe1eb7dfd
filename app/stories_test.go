package app_test

import (
	"context"
	"fmt"
	"maps"
	"strings"
	"testing"
	"time"

	"github.com/lockwarden/lockwarden/app/github/githubtest"
	"github.com/lockwarden/lockwarden/app/store/storetest"
	"github.com/lockwarden/lockwarden/app/webhook"
)

func TestMaintainerAccepts(t *testing.T) {
	story(t, func(w *world) {
		pull := w.open(with("quiet@1.0.0", "shell@1.0.0"))
		run := w.concludes(pull.SHA(), "failure")
		w.wants("the title", run.Title, "2 new packages", "1 blocking issue")
		w.wants("the summary", run.Summary, "What blocks", "shell@1.0.0", "install/shell-download", "package-lock.json#L", "/lockwarden accept shell@1.0.0 install/shell-download because …")
		if len(run.Annotations) == 0 || run.Annotations[0].Level != "failure" || run.Annotations[0].Path != "package-lock.json" {
			w.t.Errorf("annotations: %+v", run.Annotations)
		}
		at := run.Annotations[0]
		text, _ := w.repo.File(pull.SHA(), at.Path)
		if line := strings.Split(text, "\n")[at.StartLine-1]; !strings.Contains(line, "node_modules/shell") {
			w.t.Errorf("the annotation stands on %q", line)
		}
		id := w.comment(pull, "mia", "Fine for us.\n/lockwarden accept shell@1.0.0 because we host the script")
		run = w.concludes(pull.SHA(), "success")
		w.wants("the summary", run.Summary, "Accepted", "shell@1.0.0", "by mia", "because we host the script", "issuecomment")
		w.reaction(pull, id, "+1")
		w.settled()
		if got := w.reply(pull); got != "" {
			w.t.Errorf("a reply without need: %s", got)
		}
		entries, err := w.store.Audited(context.Background(), w.repo.ID, 100)
		if err != nil {
			w.t.Fatal(err)
		}
		seen := ""
		for _, e := range entries {
			seen += e.Actor + " " + e.Action + " " + e.Detail + "\n"
		}
		w.wants("the audit", seen, "mia accepted shell@1.0.0 because we host the script")
	})
}

func TestStrangerAndAuthorTry(t *testing.T) {
	story(t, func(w *world) {
		pull := w.open(with("shell@1.0.0"))
		w.concludes(pull.SHA(), "failure")
		stranger := w.comment(pull, "eve", "/lockwarden accept shell@1.0.0 because I say so")
		w.reaction(pull, stranger, "confused")
		author := w.comment(pull, "ann", "/lockwarden accept shell@1.0.0")
		w.reaction(pull, author, "confused")
		writer := w.comment(pull, "wes", "/lockwarden accept shell@1.0.0")
		w.reaction(pull, writer, "confused")
		w.settled()
		w.concludes(pull.SHA(), "failure")
		w.wants("the reply", w.reply(pull), "needs the permission `maintain`", "`eve` has `read`", "`wes` has `write`")
		if n := len(w.repo.CheckRuns(pull.SHA())); n != 1 {
			w.t.Errorf("%d check runs", n)
		}
	})
}

func TestAuthorWithPermissionTries(t *testing.T) {
	story(t, func(w *world) {
		w.repo.Allow("ann", "admin")
		pull := w.open(with("shell@1.0.0"))
		w.concludes(pull.SHA(), "failure")
		w.reaction(pull, w.comment(pull, "ann", "/lockwarden accept shell@1.0.0"), "confused")
		w.settled()
		w.concludes(pull.SHA(), "failure")
		w.wants("the reply", w.reply(pull), "does not accept its risks")
	})
}

// TestAcceptanceIsEdited: whoever can write can edit other people's comments,
// so an edited one is void, and the check is red again.
func TestAcceptanceIsEdited(t *testing.T) {
	story(t, func(w *world) {
		pull := w.open(with("shell@1.0.0", "other@1.0.0"))
		w.concludes(pull.SHA(), "failure")
		id := w.comment(pull, "mia", "/lockwarden accept shell@1.0.0 because ok")
		w.reaction(pull, id, "+1")
		// Somebody else makes more of it than its author wrote.
		pull.EditComment("wes", id, "/lockwarden accept all because ok")
		w.reaction(pull, id, "confused")
		w.settled()
		run := w.concludes(pull.SHA(), "failure")
		w.wants("the title", run.Title, "2 blocking issues")
		w.wants("the reply", w.reply(pull), "edited")
		// The author comments again.
		w.comment(pull, "mia", "/lockwarden accept all because I looked at both")
		w.concludes(pull.SHA(), "success")
		// And the comment is deleted.
		for _, c := range pull.Comments() {
			if strings.Contains(c.Body, "looked at both") {
				pull.DeleteComment("mia", c.ID)
			}
		}
		w.concludes(pull.SHA(), "failure")
	})
}

// TestHeadMovesDuringAScan: the older review ends without a result on the newer
// head; one check run completes on each.
func TestHeadMovesDuringAScan(t *testing.T) {
	story(t, func(w *world) {
		release := w.scanner.hold()
		pull := w.open(with("shell@1.0.0"))
		first := pull.SHA()
		w.eventually("the first head is being scanned", func() bool {
			run, ok := w.repo.Latest(first)
			return ok && run.Status == "in_progress"
		})
		second := pull.Push(with("quiet@1.0.0"))
		w.concludes(first, "cancelled")
		release()
		run := w.concludes(second, "success")
		w.wants("the title", run.Title, "1 new package")
		w.settled()
		if runs := w.repo.CheckRuns(first); len(runs) != 1 || runs[0].Conclusion != "cancelled" {
			w.t.Errorf("the older head: %+v", runs)
		}
		if runs := w.repo.CheckRuns(second); len(runs) != 1 {
			w.t.Errorf("%d check runs on the newer head", len(runs))
		}
	})
}

// TestAcceptanceSurvivesCommits: the same name, version, integrity and finding
// stay accepted on later heads; other bytes under the same version do not.
func TestAcceptanceSurvivesCommits(t *testing.T) {
	story(t, func(w *world) {
		pull := w.open(with("shell@1.0.0"))
		w.concludes(pull.SHA(), "failure")
		w.reaction(pull, w.comment(pull, "mia", "/lockwarden accept shell@1.0.0 because ok"), "+1")
		next := pull.Push(with("shell@1.0.0", "quiet@1.0.0"))
		run := w.concludes(next, "success")
		w.wants("the summary", run.Summary, "by mia")
		forced := pull.ForcePush(with("shell@1.0.0", "quiet@1.0.1"))
		w.concludes(forced, "success")
		// The tarball behind the version is another one.
		w.concludes(pull.Push(with("!shell@1.0.0")), "failure")
		// Another version is another risk.
		w.concludes(pull.Push(with("shell@1.0.1")), "failure")
	})
}

// TestWorstNeedsReason: what is critical is not accepted in passing, nor with the
// ellipsis of the command that is shown.
func TestWorstNeedsReason(t *testing.T) {
	story(t, func(w *world) {
		pull := w.open(with("shell@1.0.0"))
		run := w.concludes(pull.SHA(), "failure")
		for _, a := range run.Actions {
			if a.Identifier == "accept-all" {
				w.t.Error("a button accepts what needs a reason")
			}
		}
		for _, reason := range []string{"", " because …", " because ...", " because <!-- fine -->", " because \u200b\u200b", " because -"} {
			w.reaction(pull, w.comment(pull, "mia", "/lockwarden accept shell@1.0.0"+reason), "confused")
		}
		w.eventually("what to write is said", func() bool { return strings.Contains(w.reply(pull), "not accepted without a reason") })
		w.concludes(pull.SHA(), "failure")
		w.reaction(pull, w.comment(pull, "mia", "/lockwarden accept shell@1.0.0 because it is pinned and mirrored"), "+1")
		run = w.concludes(pull.SHA(), "success")
		w.wants("the title", run.Title, "(1 critical: shell@1.0.0)")
	})
}

// TestAcceptAllIsForWhatWasSeen: packages that come in later are not accepted.
func TestAcceptAllIsForWhatWasSeen(t *testing.T) {
	story(t, func(w *world) {
		w.repo.Commit("main", map[string]string{".github/lockwarden.yml": "accept:\n  reason: optional\n"})
		pull := w.open(with("shell@1.0.0"))
		run := w.concludes(pull.SHA(), "failure")
		var buttons []string
		for _, a := range run.Actions {
			buttons = append(buttons, a.Identifier)
		}
		if strings.Join(buttons, " ") != "rescan accept-all" {
			w.t.Errorf("buttons: %v", buttons)
		}
		w.press("eve", run.ID, "accept-all")
		w.eventually("the stranger is told", func() bool { return strings.Contains(w.reply(pull), "`eve`") })
		w.settled()
		w.concludes(pull.SHA(), "failure")
		w.press("ada", run.ID, "accept-all")
		run = w.concludes(pull.SHA(), "success")
		w.wants("the summary", run.Summary, "by ada")
		w.concludes(pull.Push(with("shell@1.0.0", "other@1.0.0")), "failure")
		// Taken back with a comment.
		w.concludes(pull.Push(with("shell@1.0.0")), "success")
		w.comment(pull, "mia", "/lockwarden revoke shell@1.0.0")
		w.concludes(pull.SHA(), "failure")
	})
}

// TestFork: GitHub names no pull request in the check events of forks.
func TestFork(t *testing.T) {
	story(t, func(w *world) {
		fork := w.repo.Fork("fay")
		fork.Commit("topic", with("shell@1.0.0"))
		pull := w.repo.Open("fay", fork, "topic", "main")
		run := w.concludes(pull.SHA(), "failure")
		w.wants("the summary", run.Summary, "/acme/web/blob/"+pull.SHA())
		w.repo.Rerun("wes", run.ID)
		w.eventually("a second run is completed", func() bool {
			runs := w.repo.CheckRuns(pull.SHA())
			return len(runs) == 2 && runs[1].Status == "completed"
		})
		// The fork's owner is nobody here.
		w.reaction(pull, w.comment(pull, "fay", "/lockwarden accept shell@1.0.0"), "confused")
		w.reaction(pull, w.comment(pull, "mia", "/lockwarden accept shell@1.0.0 because ok"), "+1")
		w.concludes(pull.SHA(), "success")
	})
}

func TestMonorepo(t *testing.T) {
	story(t, func(w *world) {
		files := map[string]string{}
		for i, dir := range []string{"apps/web", "apps/api", "tools", "docs/site"} {
			p := fmt.Sprintf("quiet%d@1.0.0", i)
			if i == 2 {
				p = "shell@1.0.0"
			}
			files[dir+"/package.json"], files[dir+"/package-lock.json"] = manifest(p), lock(p)
		}
		files["node_modules/x/package-lock.json"] = "never read"
		pull := w.open(files)
		run := w.concludes(pull.SHA(), "failure")
		w.wants("the title", run.Title, "4 new packages")
		w.wants("the summary", run.Summary, "apps/web/package-lock.json", "apps/api/package-lock.json", "tools/package-lock.json", "docs/site/package-lock.json")
		if run.Annotations[0].Path != "tools/package-lock.json" {
			w.t.Errorf("%+v", run.Annotations[0])
		}
	})
}

// TestManyAnnotations: GitHub takes 50 a request; none is lost and none comes
// twice, also when GitHub fails on the way.
func TestManyAnnotations(t *testing.T) {
	large(t, func(w *world) {
		var list []string
		for i := range 150 {
			list = append(list, fmt.Sprintf("shell%d@1.0.0", i))
		}
		w.github.Fail(githubtest.Fault{Match: "PATCH /repos/acme/web/check-runs/", Skip: 4, Times: 1, Status: 502, After: true})
		pull := w.open(with(list...))
		run := w.concludes(pull.SHA(), "failure")
		if n := len(run.Annotations); n < 300 {
			w.t.Errorf("%d annotations", n)
		}
		seen := map[string]int{}
		for _, a := range run.Annotations {
			seen[fmt.Sprint(a.StartLine, a.Title)]++
			if seen[fmt.Sprint(a.StartLine, a.Title)] > 1 {
				w.t.Fatalf("twice: %s", a.Title)
			}
		}
		if run.Annotations[0].Level != "failure" || run.Annotations[len(run.Annotations)-1].Level == "failure" {
			w.t.Error("the annotations are not in order of severity")
		}
	})
}

func TestRateLimitInTheMiddle(t *testing.T) {
	story(t, func(w *world) {
		w.github.Fail(githubtest.Fault{Match: "/contents/", Skip: 1, Times: 1, Status: 429, Header: map[string]string{"Retry-After": "1"}})
		w.github.Fail(githubtest.Fault{Match: "POST /repos/acme/web/check-runs", Times: 1, Status: 403, Header: map[string]string{"Retry-After": "1"},
			Body: `{"message":"You have exceeded a secondary rate limit","documentation_url":"https://docs.github.com/rest/overview/rate-limits-for-the-rest-api#about-secondary-rate-limits"}`})
		pull := w.open(with("shell@1.0.0"))
		w.concludes(pull.SHA(), "failure")
		w.settled()
		if n := len(w.repo.CheckRuns(pull.SHA())); n != 1 {
			w.t.Errorf("%d check runs", n)
		}
	})
}

// TestGitHubFails: 5xx, broken connections, expired tokens; each ends in one
// completed check run.
func TestGitHubFails(t *testing.T) {
	story(t, func(w *world) {
		w.github.Fail(githubtest.Fault{Match: "GET /repos/acme/web/pulls/1", Times: 1, Status: 500})
		w.github.Fail(githubtest.Fault{Match: "/compare/", Times: 1})
		w.github.Fail(githubtest.Fault{Match: "POST /repos/acme/web/check-runs", Times: 1, Status: 502, After: true})
		pull := w.open(with("shell@1.0.0"))
		w.concludes(pull.SHA(), "failure")
		w.settled()
		if n := len(w.repo.CheckRuns(pull.SHA())); n != 1 {
			w.t.Errorf("%d check runs", n)
		}
		w.github.ExpireTokens()
		w.concludes(pull.Push(with("quiet@1.0.0")), "success")
	})
}

// TestGivenUp: what cannot be done is said in the check run, and never green.
func TestGivenUp(t *testing.T) {
	story(t, func(w *world) {
		w.github.Fail(githubtest.Fault{Match: "/compare/", Times: 100, Status: 500})
		pull := w.open(with("quiet@1.0.0"))
		run := w.concludes(pull.SHA(), "action_required")
		w.wants("the summary", run.Summary, "could not be made", "answered 500")
		dead, err := w.store.DeadJobs(context.Background(), 10)
		w.eventually("the job is among the dead", func() bool {
			dead, err = w.store.DeadJobs(context.Background(), 10)
			return err == nil && len(dead) == 1
		})
		w.eventually("the overview says so", func() bool {
			_, body := w.get(strings.TrimPrefix(w.server.OverviewURL(), "https://lockwarden.example"))
			return strings.Contains(body, "One open pull request waits") && strings.Contains(body, "could not be reviewed") && !strings.Contains(body, "1970")
		})
	})
}

// TestPolicyInThePullRequestHasNoEffect: the base branch's counts.
func TestPolicyInThePullRequestHasNoEffect(t *testing.T) {
	story(t, func(w *world) {
		files := with("shell@1.0.0")
		files[".github/lockwarden.yml"] = "block: []\nwarn: []\naccept: {who: write, author: true}\n"
		pull := w.open(files)
		w.concludes(pull.SHA(), "failure")
		w.reaction(pull, w.comment(pull, "ann", "/lockwarden accept shell@1.0.0"), "confused")
		w.settled()
		w.concludes(pull.SHA(), "failure")
		// Once it is on the base branch, it counts for what is open.
		w.repo.Push("main", map[string]string{".github/lockwarden.yml": "rules:\n  - finding: install/shell-download\n    packages: [shell]\n    action: warn\n    reason: known\n"})
		run := w.concludes(pull.SHA(), "success")
		w.wants("the summary", run.Summary, "Worth a look")
	})
}

// TestInvalidPolicy: an annotation on its own line, and the defaults apply.
func TestInvalidPolicy(t *testing.T) {
	story(t, func(w *world) {
		w.repo.Commit("main", map[string]string{".github/lockwarden.yml": "version: 1\nblok: []\n"})
		pull := w.open(with("shell@1.0.0"))
		run := w.concludes(pull.SHA(), "failure")
		if a := run.Annotations[0]; a.Path != ".github/lockwarden.yml" || a.StartLine != 2 || !strings.Contains(a.Message, `"blok"`) {
			w.t.Errorf("%+v", a)
		}
		w.wants("the summary", run.Summary, "the defaults apply")
	})
}

// TestOrganizationPolicy gives defaults to all repositories.
func TestOrganizationPolicy(t *testing.T) {
	story(t, func(w *world) {
		organization := w.github.Repository("acme/.github")
		organization.Commit("main", map[string]string{".github/lockwarden.yml": "packages: {deny: [quiet]}\n"})
		pull := w.open(with("quiet@1.0.0"))
		run := w.concludes(pull.SHA(), "failure")
		w.wants("the summary", run.Summary, "Not allowed by policy: quiet")
		// The removal of a denied package passes.
		w.base("quiet@1.0.0", "quiet2@1.0.0")
		w.repo.Commit("remove", with("quiet2@1.0.0"))
		removal := w.repo.Open("ann", w.repo, "remove", "main")
		w.concludes(removal.SHA(), "success")
	})
}

// TestMergeQueue: the group's head is compared with its base, not with itself.
func TestMergeQueue(t *testing.T) {
	story(t, func(w *world) {
		pull := w.open(with("shell@1.0.0"))
		w.concludes(pull.SHA(), "failure")
		w.concludes(pull.Queue(), "failure")
		w.reaction(pull, w.comment(pull, "mia", "/lockwarden accept shell@1.0.0 because ok"), "+1")
		run := w.concludes(pull.Queue(), "success")
		w.wants("the summary", run.Summary, "by mia")
	})
}

// TestPrivateMember: GitHub calls them CONTRIBUTOR, as it does anyone with one
// merged commit; only the live permission counts. A custom role is worth what
// it stands on.
func TestPrivateMember(t *testing.T) {
	story(t, func(w *world) {
		w.repo.Allow("pat", "maintain")
		w.repo.Allow("cus", "security-team+write")
		w.repo.Allow("lea", "security-lead+maintain")
		pull := w.open(with("shell@1.0.0"))
		w.concludes(pull.SHA(), "failure")
		w.reaction(pull, w.comment(pull, "cus", "/lockwarden accept shell@1.0.0 because reviewed"), "confused")
		w.reaction(pull, w.comment(pull, "pat", "/lockwarden accept shell@1.0.0 because reviewed"), "+1")
		w.concludes(pull.SHA(), "success")
		// Whoever loses the permission loses the say.
		w.repo.Allow("pat", "read")
		w.comment(pull, "wes", "/lockwarden help")
		w.concludes(pull.SHA(), "failure")
		w.reaction(pull, w.comment(pull, "lea", "/lockwarden accept shell@1.0.0 because reviewed"), "+1")
		w.concludes(pull.SHA(), "success")
	})
}

// TestTooLongForEveryLimit: everything is cut by whole items and said.
func TestTooLongForEveryLimit(t *testing.T) {
	large(t, func(w *world) {
		var list []string
		for i := range 700 {
			list = append(list, fmt.Sprintf("shell%d@1.0.0", i))
		}
		pull := w.open(with(list...))
		run := w.concludes(pull.SHA(), "failure")
		w.wants("the summary", run.Summary, "left out here")
		w.wants("the text", run.Text, "left out here")
		w.wants("the notes", run.Summary, "have an annotation")
		if strings.Count(run.Text, "<details>") != strings.Count(run.Text, "</details>") {
			w.t.Error("a fold is cut")
		}
		if len(run.Annotations) != 1000 {
			w.t.Errorf("%d annotations", len(run.Annotations))
		}
		w.comment(pull, "mia", strings.Repeat("/lockwarden explain shell1\n", 50))
		w.eventually("the explanation is there", func() bool { return strings.Contains(w.reply(pull), "shell1") })
	})
}

// TestManyFiles: GitHub lists 3,000 files of a pull request and is silent about
// the rest.
func TestManyFiles(t *testing.T) {
	large(t, func(w *world) {
		files := map[string]string{}
		for i := range 3500 {
			files[fmt.Sprintf("a/%04d.txt", i)] = fmt.Sprint(i)
		}
		maps.Copy(files, map[string]string{"web/package.json": manifest("shell@1.0.0"), "web/package-lock.json": lock("shell@1.0.0")})
		pull := w.open(files)
		w.concludes(pull.SHA(), "failure")
	})
}

func TestRenamedAndDeletedLockfiles(t *testing.T) {
	story(t, func(w *world) {
		w.base("shell@1.0.0")
		// A folder is renamed: nothing new comes in.
		w.repo.Commit("move", map[string]string{"package.json": "", "package-lock.json": "", "web/package.json": manifest("shell@1.0.0"), "web/package-lock.json": lock("shell@1.0.0")})
		moved := w.repo.Open("ann", w.repo, "move", "main")
		w.concludes(moved.SHA(), "success")
		w.repo.Commit("remove", map[string]string{"package.json": "", "package-lock.json": ""})
		removed := w.repo.Open("ann", w.repo, "remove", "main")
		run := w.concludes(removed.SHA(), "success")
		w.wants("the title", run.Title, "1 removal")
	})
}

// TestUpdateThatChangesNothing: what the version before did in the same way is
// not held against the update.
func TestUpdateThatChangesNothing(t *testing.T) {
	story(t, func(w *world) {
		w.base("shell@1.0.0")
		pull := w.open(with("shell@1.0.1"))
		run := w.concludes(pull.SHA(), "success")
		w.wants("the summary", run.Summary, "Worth a look", "1.0.0 → 1.0.1")
	})
}

// TestUnreadableIsNeverClean: conflict markers, other lockfiles, 100 MB.
func TestUnreadableIsNeverClean(t *testing.T) {
	story(t, func(w *world) {
		w.repo.Commit("conflict", map[string]string{"package-lock.json": strings.Replace(lock("quiet@1.0.0"), "\"requires\"", "<<<<<<< ours\n  \"requires\"", 1)})
		conflict := w.repo.Open("ann", w.repo, "conflict", "main")
		run := w.concludes(conflict.SHA(), "action_required")
		w.wants("the summary", run.Summary, "Not fully scanned", "package-lock.json")
		if a := run.Annotations[0]; a.StartLine != 4 {
			w.t.Errorf("%+v", a)
		}
		w.repo.Commit("bun", map[string]string{"bun.lockb": "#!/usr/bin/env bun\nbun-lockfile-format-v0\n\x02"})
		bun := w.repo.Open("ann", w.repo, "bun", "main")
		run = w.concludes(bun.SHA(), "action_required")
		w.wants("the summary", run.Summary, "bun.lockb", "save-text-lockfile")
		w.repo.Commit("missing", with("unknown@1.0.0"))
		missing := w.repo.Open("ann", w.repo, "missing", "main")
		run = w.concludes(missing.SHA(), "action_required")
		w.wants("the summary", run.Summary, "unknown@1.0.0")
		// Accepted by name, it passes.
		w.comment(missing, "mia", "/lockwarden accept unknown@1.0.0 because it is our own")
		w.concludes(missing.SHA(), "success")
	})
}

// sri is the integrity that lock gives each package.
var sri = "sha512-" + strings.Repeat("A", 86) + "=="

// TestOtherLockfiles: pnpm's, Yarn's and Bun's are reviewed like npm's, with
// annotations on their own lines.
func TestOtherLockfiles(t *testing.T) {
	for _, other := range []struct {
		name, text string
		line       int
	}{
		{"pnpm-lock.yaml", "lockfileVersion: '9.0'\nimporters:\n  .:\n    dependencies:\n      shell:\n        specifier: 1.0.0\n        version: 1.0.0\npackages:\n\n  shell@1.0.0:\n    resolution: {integrity: " + sri + "}\nsnapshots:\n\n  shell@1.0.0: {}\n", 10},
		{"yarn.lock", "# yarn lockfile v1\n\n\nshell@1.0.0:\n  version \"1.0.0\"\n  resolved \"https://registry.example/shell/-/shell-1.0.0.tgz#0000000000000000000000000000000000000000\"\n  integrity " + sri + "\n", 4},
		{"bun.lock", "{\n  \"lockfileVersion\": 1,\n  \"workspaces\": {\n    \"\": { \"dependencies\": { \"shell\": \"1.0.0\" } },\n  },\n  \"packages\": {\n    \"shell\": [\"shell@1.0.0\", \"\", {}, \"" + sri + "\"],\n  }\n}\n", 7},
	} {
		t.Run(other.name, func(t *testing.T) {
			story(t, func(w *world) {
				pull := w.open(map[string]string{"web/package.json": manifest("shell@1.0.0"), "web/" + other.name: other.text})
				conclusion := "failure"
				if other.name == "bun.lock" {
					conclusion = "success" // Bun runs no script that the project does not allow
				}
				run := w.concludes(pull.SHA(), conclusion)
				w.wants("the title", run.Title, "1 new package")
				a := run.Annotations[0]
				if a.Path != "web/"+other.name || a.StartLine != other.line {
					w.t.Errorf("the annotation is at %s:%d", a.Path, a.StartLine)
				}
				if conclusion == "success" {
					w.wants("the annotation", a.Message, "It does not run in this project", "trustedDependencies")
					return
				}
				w.comment(pull, "mia", "/lockwarden accept shell@1.0.0 because it is our own")
				w.concludes(pull.SHA(), "success")
			})
		})
	}
}

// TestLargeLockfiles: over 1 MB contents come with the raw media type only.
func TestLargeLockfiles(t *testing.T) {
	large(t, func(w *world) {
		var list []string
		for i := range 6000 {
			list = append(list, fmt.Sprintf("quiet%d@1.0.0", i))
		}
		w.repo.Commit("main", map[string]string{"package.json": manifest(list...), "package-lock.json": lock(list...)})
		list = append(list, "shell@1.0.0")
		pull := w.open(with(list...))
		run := w.concludes(pull.SHA(), "failure")
		w.wants("the title", run.Title, "1 new package")
	})
}

func TestLargerThanGitHubHandsOut(t *testing.T) {
	large(t, func(w *world) {
		pull := w.open(map[string]string{"package-lock.json": lock() + strings.Repeat(" ", 101<<20)})
		run := w.concludes(pull.SHA(), "action_required")
		w.wants("the summary", run.Summary, "64 MiB")
	})
}

// TestLink: npm follows a symbolic link, and so does the review; a link that
// leaves the repository is not read, and never green.
func TestLink(t *testing.T) {
	story(t, func(w *world) {
		w.repo.Commit("main", map[string]string{"package.json": manifest("quiet@1.0.0"), "package-lock.json": githubtest.Link("deps/lock.json"), "deps/lock.json": lock("quiet@1.0.0")})
		pull := w.open(map[string]string{"package.json": manifest("quiet@1.0.0", "shell@1.0.0"), "deps/lock.json": lock("quiet@1.0.0", "shell@1.0.0")})
		run := w.concludes(pull.SHA(), "failure")
		w.wants("the title", run.Title, "1 new package")
		w.wants("the summary", run.Summary, "deps/lock.json#L")
		w.repo.Commit("out", map[string]string{"package-lock.json": githubtest.Link("../elsewhere/package-lock.json")})
		out := w.repo.Open("ann", w.repo, "out", "main")
		run = w.concludes(out.SHA(), "action_required")
		w.wants("the summary", run.Summary, "package-lock.json")
		w.wants("the text", run.Text, "leaves the repository")
		// Another target, unchanged itself.
		w.repo.Commit("main", map[string]string{"other/lock.json": lock("shell@1.0.0")})
		w.repo.Branch("swap", w.repo.Head("main"))
		w.repo.Commit("swap", map[string]string{"package-lock.json": githubtest.Link("other/lock.json")})
		w.concludes(w.repo.Open("ann", w.repo, "swap", "main").SHA(), "failure")
	})
}

// TestLargeRepository: a tree that GitHub cuts is compared folder by folder, and
// only where it differs.
func TestLargeRepository(t *testing.T) {
	story(t, func(w *world) {
		w.github.ListedTree = 10
		files := map[string]string{"package.json": manifest("quiet@1.0.0"), "package-lock.json": lock("quiet@1.0.0")}
		for i := range 60 {
			files[fmt.Sprintf("pkgs/p%d/a.txt", i)] = "x"
		}
		w.repo.Commit("main", files)
		before := len(w.github.Requests())
		pull := w.open(map[string]string{"web/package.json": manifest("shell@1.0.0"), "web/package-lock.json": lock("shell@1.0.0"), "pkgs/p7/a.txt": "y"})
		run := w.concludes(pull.SHA(), "failure")
		w.wants("the title", run.Title, "1 new package")
		w.wants("the summary", run.Summary, "more files or links than are looked at")
		if n := len(w.github.Requests()) - before; n > 60 {
			w.t.Errorf("%d requests", n)
		}
	})
}

// TestRequests holds what a review asks GitHub for: what cannot change is asked
// for once.
func TestRequests(t *testing.T) {
	story(t, func(w *world) {
		w.base("quiet@1.0.0")
		w.concludes(w.open(with("quiet@1.0.0", "shell@1.0.0")).SHA(), "failure")
		counts := map[string]int{}
		for _, r := range w.github.Requests() {
			for _, what := range []string{"/git/trees/", "/git/blobs/", "/files", "/contents/"} {
				if strings.Contains(r.Path, what) {
					counts[what]++
				}
			}
		}
		// Two trees; package.json and package-lock.json on two sides; the policies
		// of the repository and of its owner.
		if counts["/git/trees/"] != 2 || counts["/git/blobs/"] != 4 || counts["/files"] != 0 || counts["/contents/"] > 2 {
			w.t.Errorf("%v", counts)
		}
	})
}

// TestNothingToReview is green at once, so that the check can be required.
func TestNothingToReview(t *testing.T) {
	story(t, func(w *world) {
		pull := w.open(map[string]string{"README.md": "hello"})
		run := w.concludes(pull.SHA(), "success")
		w.wants("the title", run.Title, "No dependency changes")
		// package.json changed without its lockfile: said.
		w.repo.Commit("drift", map[string]string{"package.json": manifest("quiet@1.0.0")})
		drift := w.repo.Open("ann", w.repo, "drift", "main")
		run = w.concludes(drift.SHA(), "success")
		w.wants("the title", run.Title, "1 dependency not locked")
		w.wants("the summary", run.Summary, "lockfile/not-locked", "package.json#L")
		w.wants("the text", run.Text, "quiet", "package-lock.json does not lock it")
		if a := run.Annotations; len(a) != 1 || a[0].Path != "package.json" || a[0].Level != "warning" {
			w.t.Errorf("annotations: %+v", a)
		}
	})
}

// TestDeliveries: lost, repeated, late and in the wrong order.
func TestDeliveries(t *testing.T) {
	story(t, func(w *world) {
		w.github.Fates(func(event, action string) githubtest.Fate {
			if action == "opened" {
				return githubtest.Fate{After: 500 * time.Millisecond, Twice: true}
			}
			return githubtest.Fate{Twice: true}
		})
		pull := w.open(with("shell@1.0.0"))
		second := pull.Push(with("quiet@1.0.0")) // its event comes before the first one's
		w.concludes(second, "success")
		w.eventually("all have come twice", func() bool {
			for _, d := range w.github.Deliveries() {
				if d.Attempts < 2 {
					return false
				}
			}
			return true
		})
		w.settled()
		run, _ := w.repo.Latest(second)
		if run.Conclusion != "success" || run.Status != "completed" {
			w.t.Errorf("%+v", run)
		}
	})
}

func TestLostDeliveriesAreAskedFor(t *testing.T) {
	story(t, func(w *world) {
		w.github.Fates(func(string, string) githubtest.Fate { return githubtest.Fate{Lost: true} })
		pull := w.open(with("shell@1.0.0"))
		w.github.Fates(nil)
		w.server.Redeliver(context.Background())
		w.concludes(pull.SHA(), "failure")
		// A lost comment loses nothing either: the next judgment folds it in.
		w.github.Fates(func(event, _ string) githubtest.Fate { return githubtest.Fate{Lost: event == "issue_comment"} })
		w.comment(pull, "mia", "/lockwarden accept shell@1.0.0 because ok")
		w.github.Fates(nil)
		w.repo.Push("main", map[string]string{".github/lockwarden.yml": "warn: [medium]\n"})
		w.concludes(pull.SHA(), "success")
	})
}

// TestForTheRepository: an acceptance that holds for later pull requests.
func TestForTheRepository(t *testing.T) {
	story(t, func(w *world) {
		first := w.open(with("shell@1.0.0"))
		w.concludes(first.SHA(), "failure")
		id := w.comment(first, "mia", "/lockwarden accept shell@1.0.0 in repository because we host it")
		w.concludes(first.SHA(), "success")
		w.repo.Commit("other", with("shell@1.0.0", "quiet@1.0.0"))
		second := w.repo.Open("ann", w.repo, "other", "main")
		run := w.concludes(second.SHA(), "success")
		w.wants("the summary", run.Summary, "by mia", "for this repository")
		list, err := w.store.AllDecisions(context.Background(), w.repo.ID)
		if err != nil || len(list) != 1 {
			w.t.Fatalf("%+v %v", list, err)
		}
		// Its comment is deleted: it ends everywhere.
		first.DeleteComment("mia", id)
		w.concludes(first.SHA(), "failure")
		w.comment(second, "ann", "/lockwarden rescan")
		w.concludes(second.SHA(), "failure")
	})
}

func TestAcceptanceEnds(t *testing.T) {
	story(t, func(w *world) {
		pull := w.open(with("shell@1.0.0"))
		w.concludes(pull.SHA(), "failure")
		w.comment(pull, "mia", "/lockwarden accept shell@1.0.0 for 1h because ok")
		w.concludes(pull.SHA(), "success")
		w.clock.Add(int64(2 * time.Hour))
		// In life the job is scheduled for that time; here the clock jumped.
		head, _, err := w.store.Head(context.Background(), w.repo.ID, "pull/1")
		if err != nil {
			w.t.Fatal(err)
		}
		if err := w.store.Add(context.Background(), head.Job(webhook.Comment)); err != nil {
			w.t.Fatal(err)
		}
		w.concludes(pull.SHA(), "failure")
	})
}

func TestOtherEvents(t *testing.T) {
	story(t, func(w *world) {
		pull := w.open(with("shell@1.0.0"))
		w.concludes(pull.SHA(), "failure")
		// Another base, which has the package already.
		w.repo.Branch("release", pull.SHA())
		pull.ChangeBase("release")
		w.concludes(pull.SHA(), "success")
		pull.Close()
		pull.Reopen()
		w.settled()
		w.concludes(pull.SHA(), "success")
		// The App is installed on a repository with an open pull request.
		w.repo.Commit("late", with("other@1.0.0"))
		w.github.Fates(func(string, string) githubtest.Fate { return githubtest.Fate{Lost: true} })
		late := w.repo.Open("ann", w.repo, "late", "main")
		w.github.Fates(nil)
		w.repo.Install()
		w.concludes(late.SHA(), "failure")
	})
}

func TestHelpAndExplain(t *testing.T) {
	story(t, func(w *world) {
		pull := w.open(with("shell@1.0.0"))
		w.concludes(pull.SHA(), "failure")
		w.comment(pull, "wes", "@lockwarden help")
		w.eventually("help comes", func() bool { return strings.Contains(w.reply(pull), "accept NAME@VERSION") })
		w.comment(pull, "wes", "/lockwarden explain shell\n/lockwarden accept shell\n/lockwarden accept nothing@1.0.0")
		w.eventually("the explanation comes", func() bool { return strings.Contains(w.reply(pull), "get.shell.invalid") })
		w.settled()
		w.wants("the reply", w.reply(pull), "say which version", "accept NAME@VERSION")
	})
}

func TestPages(t *testing.T) {
	story(t, func(w *world) {
		for path, want := range map[string]int{"/healthz": 200, "/readyz": 200, fmt.Sprintf("/decisions/%d", w.repo.ID): 404, fmt.Sprintf("/decisions/%d?key=x", w.repo.ID): 404} {
			if status, _ := w.get(path); status != want {
				w.t.Errorf("%s: %d", path, status)
			}
		}
		pull := w.open(with("shell@1.0.0"))
		w.concludes(pull.SHA(), "failure")
		w.comment(pull, "mia", "/lockwarden accept shell@1.0.0 in repository because <script>alert(1)</script>")
		run := w.concludes(pull.SHA(), "success")
		_, address, _ := strings.Cut(run.Summary, "(https://lockwarden.example")
		address, _, _ = strings.Cut(address, ")")
		status, body := w.get(address)
		if status != 200 || strings.Contains(body, "<script>alert") {
			w.t.Errorf("%d %s", status, body)
		}
		w.wants("the page", body, "shell@1.0.0", "mia", "holds")
	})
}

// TestBaseMovedOn: what the base branch got in the meantime is not new here.
func TestBaseMovedOn(t *testing.T) {
	story(t, func(w *world) {
		pull := w.open(with("quiet@1.0.0"))
		w.concludes(pull.SHA(), "success")
		w.base("shell@1.0.0")
		run, _ := w.repo.Latest(pull.SHA())
		w.repo.Rerun("wes", run.ID)
		w.eventually("a second run is completed", func() bool {
			runs := w.repo.CheckRuns(pull.SHA())
			return len(runs) == 2 && runs[1].Status == "completed"
		})
		run = w.concludes(pull.SHA(), "success")
		w.wants("the title", run.Title, "1 new package")
	})
}

// TestOneFindingWithAnEnd: the others of the package still block.
func TestOneFindingWithAnEnd(t *testing.T) {
	story(t, func(w *world) {
		w.repo.Commit("main", map[string]string{".github/lockwarden.yml": "block: [critical, high, medium]\nwarn: []\n"})
		pull := w.open(with("shell@1.0.0"))
		run := w.concludes(pull.SHA(), "failure")
		w.wants("the title", run.Title, "2 blocking issues")
		w.comment(pull, "mia", "/lockwarden accept shell@1.0.0 install/shell-download for 30d because we host it")
		w.eventually("one of two blocks", func() bool {
			run, _ = w.repo.Latest(pull.SHA())
			return run.Status == "completed" && strings.Contains(run.Title, "1 blocking issue")
		})
		w.wants("the summary", run.Summary, "by mia", "until ")
		w.concludes(pull.SHA(), "failure")
	})
}

// TestRescanButton: for whoever may triage; nothing is decided by it.
func TestRescanButton(t *testing.T) {
	story(t, func(w *world) {
		pull := w.open(with("quiet@1.0.0"))
		run := w.concludes(pull.SHA(), "success")
		w.press("eve", run.ID, "rescan")
		w.settled()
		if n := len(w.repo.CheckRuns(pull.SHA())); n != 1 {
			w.t.Errorf("a stranger made %d check runs", n)
		}
		w.press("wes", run.ID, "rescan")
		w.eventually("a second run is completed", func() bool {
			runs := w.repo.CheckRuns(pull.SHA())
			return len(runs) == 2 && runs[1].Conclusion == "success"
		})
	})
}

// TestDevelopmentDependency: its scope is shown, and the policy may judge it
// apart.
func TestDevelopmentDependency(t *testing.T) {
	story(t, func(w *world) {
		w.repo.Commit("main", map[string]string{".github/lockwarden.yml": "development: {block: [], warn: [critical, high]}\n"})
		files := with("shell@1.0.0")
		files["package.json"] = strings.Replace(files["package.json"], `"dependencies"`, `"devDependencies"`, 1)
		files["package-lock.json"] = strings.Replace(strings.Replace(files["package-lock.json"], `"dependencies"`, `"devDependencies"`, 1), `"version"`, `"dev": true, "version"`, 1)
		pull := w.open(files)
		run := w.concludes(pull.SHA(), "success")
		w.wants("the summary", run.Summary, "(dev)", "Worth a look", "install/shell-download")
	})
}

// TestSameCommitInTwoPulls: a check run belongs to a commit. A second pull
// request of it, into a branch where nothing is new, must not turn the first
// one green.
func TestSameCommitInTwoPulls(t *testing.T) {
	story(t, func(w *world) {
		first := w.open(with("shell@1.0.0"))
		w.concludes(first.SHA(), "failure")
		w.repo.Branch("mild", first.SHA())
		second := w.repo.Open("ann", w.repo, "change", "mild")
		w.eventually("both are judged", func() bool {
			h, ok, err := w.store.Head(context.Background(), w.repo.ID, "pull/2")
			return err == nil && ok && h.State == "done"
		})
		w.settled()
		run := w.concludes(second.SHA(), "failure")
		w.wants("the summary", run.Summary, "Pull request 1 has the same head")
		// Accepted in the first, it passes for both.
		w.comment(first, "mia", "/lockwarden accept shell@1.0.0 because ok")
		w.concludes(first.SHA(), "success")
		w.settled()
		w.concludes(first.SHA(), "success")
		// And the first one's closing lets go of the second.
		w.comment(first, "mia", "/lockwarden revoke shell@1.0.0")
		w.settled()
		w.concludes(first.SHA(), "failure")
		first.Close()
		w.settled()
		w.concludes(second.SHA(), "success")
	})
}

// TestTwoServers share a PostgreSQL: GitHub's deliveries reach either, and each
// head gets one check run.
func TestTwoServers(t *testing.T) {
	w := newWorld(t, storetest.PostgreSQL(t))
	other := w.replica()
	turn := 0
	next := func() {
		turn++
		w.github.SendTo([]string{w.url, other}[turn%2] + "/webhook")
	}
	var pulls []*githubtest.Pull
	for i := range 12 {
		branch := fmt.Sprintf("change-%d", i)
		w.repo.Commit(branch, with(fmt.Sprintf("shell%d@1.0.0", i)))
		next()
		pulls = append(pulls, w.repo.Open("ann", w.repo, branch, "main"))
	}
	for i, p := range pulls {
		w.concludes(p.SHA(), "failure")
		next()
		w.comment(p, "mia", fmt.Sprintf("/lockwarden accept shell%d@1.0.0 because ok", i))
	}
	for _, p := range pulls {
		w.concludes(p.SHA(), "success")
	}
	w.settled()
	for _, p := range pulls {
		if n := len(w.repo.CheckRuns(p.SHA())); n != 2 {
			t.Errorf("%d check runs", n)
		}
	}
	// A newer head ends the review on whichever server it runs.
	release := w.scanner.hold()
	first := pulls[0].Push(with("other1@1.0.0"))
	w.eventually("the review is under way", func() bool {
		run, ok := w.repo.Latest(first)
		return ok && run.Status == "in_progress"
	})
	next()
	newest := pulls[0].Push(with("quiet1@1.0.0"))
	w.concludes(first, "cancelled")
	release()
	w.concludes(newest, "success")
	w.settled()
	if run, _ := w.repo.Latest(first); run.Conclusion != "cancelled" {
		t.Errorf("the older head: %s %s", run.Status, run.Conclusion)
	}
}

// TestBaseBranchIsGone: the check run does not wait for ever.
func TestBaseBranchIsGone(t *testing.T) {
	story(t, func(w *world) {
		w.github.Fail(githubtest.Fault{Match: "/compare/", Times: 100, Status: 404, Body: `{"message":"Not Found"}`})
		pull := w.open(with("quiet@1.0.0"))
		run := w.concludes(pull.SHA(), "action_required")
		w.wants("the summary", run.Summary, "could not be made", "merge base")
	})
}

// TestVulnerabilities: an update that fixes one is not blamed for it, one that
// leaves it is no worse than before, and a new package with one is blocked.
func TestVulnerabilities(t *testing.T) {
	story(t, func(w *world) {
		added := w.open(with("vulnerable@1.0.0"))
		run := w.concludes(added.SHA(), "failure")
		w.wants("the summary", run.Summary, "Known vulnerability: Command injection (GHSA-xxxx)")
		w.wants("the text", run.Text, "fixed in 2.0.0")
		w.base("vulnerable@1.0.0")
		w.repo.Branch("fix", w.repo.Head("main"))
		w.repo.Commit("fix", with("vulnerable@2.0.0"))
		fixed := w.repo.Open("ann", w.repo, "fix", "main")
		run = w.concludes(fixed.SHA(), "success")
		w.wants("the summary", run.Summary, "fixes known vulnerabilities: GHSA-xxxx")
		w.repo.Branch("stay", w.repo.Head("main"))
		w.repo.Commit("stay", with("vulnerable@1.0.1"))
		run = w.concludes(w.repo.Open("ann", w.repo, "stay", "main").SHA(), "success")
		w.wants("the summary", run.Summary, "Worth a look", "GHSA-xxxx")
	})
}

// TestRegistryDoesNotAnswer: a package whose document is not had was scanned, and
// is not green; a maintainer may accept that, and a policy let it pass.
func TestRegistryDoesNotAnswer(t *testing.T) {
	story(t, func(w *world) {
		pull := w.open(with("undocumented@1.0.0"))
		run := w.concludes(pull.SHA(), "action_required")
		w.wants("the title", run.Title, "1 new package, nothing that blocks, the registry's document of undocumented@1.0.0 is not known")
		w.wants("the summary", run.Summary, "**Not known**", "the registry answers 503", "has to be known", "/lockwarden accept undocumented@1.0.0 unknown/metadata because …", "⚠️ not known")
		if len(run.Annotations) != 1 || run.Annotations[0].Level != "warning" {
			w.t.Errorf("annotations: %+v", run.Annotations)
		}
		w.comment(pull, "mia", "/lockwarden accept undocumented@1.0.0 unknown/metadata because I looked it up")
		run = w.concludes(pull.SHA(), "success")
		w.wants("the summary", run.Summary, "Accepted", "I looked it up")
		w.repo.Commit("main", map[string]string{".github/lockwarden.yml": "unknown: {metadata: pass}\n"})
		mild := w.open(with("undocumented@1.0.1"))
		run = w.concludes(mild.SHA(), "success")
		w.wants("the title", run.Title, "the registry's document of undocumented@1.0.1 is not known")
	})
}

// TestCommandsInReviews: what people write on lines and above a review counts like
// a comment, as long as it is as it was written.
func TestCommandsInReviews(t *testing.T) {
	story(t, func(w *world) {
		const accept = "Fine.\n\n/lockwarden accept shell@1.0.0 because it is reviewed"
		pull := w.open(with("shell@1.0.0"))
		w.concludes(pull.SHA(), "failure")
		later := func(do func()) {
			w.clock.Add(int64(time.Minute))
			do()
			w.clock.Add(int64(time.Minute))
		}
		reacts := func(c func() githubtest.Comment, content string) {
			w.t.Helper()
			w.eventually("the reaction "+content, func() bool { return c().Reactions[content] != 0 })
		}
		var id int64
		onLine := func() githubtest.Comment { return pull.OnLine(id) }
		later(func() { id = pull.CommentOnLine("mia", accept) })
		run := w.concludes(pull.SHA(), "success")
		w.wants("the summary", run.Summary, "by mia", "#discussion_r")
		reacts(onLine, "+1")
		later(func() { pull.EditOnLine("wes", id, accept+" by all") })
		w.concludes(pull.SHA(), "failure")
		reacts(onLine, "confused")
		w.eventually("it is said", func() bool {
			return strings.Contains(w.reply(pull), "#discussion_r") && strings.Contains(w.reply(pull), "edited")
		})
		later(func() { id = pull.CommentOnLine("mia", accept) })
		w.concludes(pull.SHA(), "success")
		later(func() { pull.DeleteOnLine("mia", id) })
		w.concludes(pull.SHA(), "failure")

		// A review's own words. Taking back the approval takes back no word.
		var review int64
		body := func() githubtest.Comment { return pull.ReviewBy(review) }
		later(func() { review, _ = pull.Review("eve", w.github.Now(), accept) })
		reacts(body, "confused")
		w.eventually("the stranger is told", func() bool { return strings.Contains(w.reply(pull), "#pullrequestreview-") })
		later(func() { review, _ = pull.Review("mia", w.github.Now(), accept) })
		run = w.concludes(pull.SHA(), "success")
		w.wants("the summary", run.Summary, "#pullrequestreview-")
		reacts(body, "+1")
		later(func() { pull.DismissReview("ada", review) })
		w.settled()
		w.concludes(pull.SHA(), "success")
		later(func() { pull.EditReview("wes", review, accept) })
		w.concludes(pull.SHA(), "failure")
		reacts(body, "confused")
		w.settled()
		w.wants("the audit", w.audit(), "mia accepted shell@1.0.0 because it is reviewed", "eve refused accept shell@1.0.0")
	})
}

// TestReviewsWaitForTheirEnd: what is written in a review is read by others when
// the review is submitted, and was written before.
func TestReviewsWaitForTheirEnd(t *testing.T) {
	story(t, func(w *world) {
		before := w.github.Now()
		w.clock.Add(int64(time.Minute))
		pull := w.open(with("shell@1.0.0"))
		w.concludes(pull.SHA(), "failure")
		w.clock.Add(int64(time.Minute))
		// Written before there was a result, submitted after.
		pull.Review("mia", before, "", "/lockwarden accept all because I trust it")
		w.eventually("it accepts nothing", func() bool { return strings.Contains(w.reply(pull), "#discussion_r") })
		w.settled()
		w.concludes(pull.SHA(), "failure")
		// Taken back in a review that was begun before the acceptance.
		begun := w.github.Now()
		w.comment(pull, "ada", "/lockwarden accept shell@1.0.0 because it is reviewed")
		w.concludes(pull.SHA(), "success")
		pull.Review("mia", begun, "No.", "/lockwarden revoke shell@1.0.0")
		w.concludes(pull.SHA(), "failure")
		// A rescan from a line.
		id := pull.CommentOnLine("ann", "/lockwarden rescan")
		w.eventually("the rescan is seen", func() bool { return pull.OnLine(id).Reactions["eyes"] != 0 })
		w.settled()
		w.concludes(pull.SHA(), "failure")
	})
}

// TestClocksDiffer: whose clock is ahead of whose changes no decision.
func TestClocksDiffer(t *testing.T) {
	for _, ahead := range []time.Duration{-10 * time.Minute, 10 * time.Minute} {
		t.Run(ahead.String(), func(t *testing.T) {
			story(t, func(w *world) {
				now := w.github.Now
				w.github.Now = func() time.Time { return now().Add(ahead) }
				release := w.scanner.hold()
				pull := w.open(with("shell@1.0.0"))
				w.eventually("it is being scanned", func() bool {
					run, ok := w.repo.Latest(pull.SHA())
					return ok && run.Status == "in_progress"
				})
				early := w.comment(pull, "mia", "/lockwarden accept shell@1.0.0 because I know it already")
				w.clock.Add(int64(time.Minute))
				release()
				w.concludes(pull.SHA(), "failure")
				w.reaction(pull, early, "confused")
				w.reaction(pull, w.comment(pull, "mia", "/lockwarden accept shell@1.0.0 because I read it"), "+1")
				w.concludes(pull.SHA(), "success")
			})
		})
	}
}

// audit is what the audit says of the repository, a line an entry.
func (w *world) audit() string {
	w.t.Helper()
	entries, err := w.store.Audited(context.Background(), w.repo.ID, 100)
	if err != nil {
		w.t.Fatal(err)
	}
	var b strings.Builder
	for _, e := range entries {
		fmt.Fprintf(&b, "%s %s %s\n", e.Actor, e.Action, e.Detail)
	}
	return b.String()
}

// TestSaysWhatToType: a command that does nothing is answered with what there is,
// and the audit has it as refused.
func TestSaysWhatToType(t *testing.T) {
	story(t, func(w *world) {
		release := w.scanner.hold()
		pull := w.open(with("shell@1.0.0", "other@2.0.0"))
		w.eventually("it is being scanned", func() bool {
			run, ok := w.repo.Latest(pull.SHA())
			return ok && run.Status == "in_progress"
		})
		early := w.comment(pull, "mia", "/lockwarden accept shell@1.0.0 because I know it already")
		w.clock.Add(int64(time.Minute))
		release()
		w.concludes(pull.SHA(), "failure")
		w.reaction(pull, early, "confused")
		for _, slip := range []string{"accept shel@1.0.0 because known", "accept shell because known", "accept shell@1.0.0 install/scripts because known", "revoke shell@1.0.0", "approve shell@1.0.0", "explain shel"} {
			w.comment(pull, "mia", "/lockwarden "+slip)
		}
		w.eventually("all is answered", func() bool { return strings.Count(w.reply(pull), "To this comment") == 7 })
		w.settled()
		w.concludes(pull.SHA(), "failure")
		w.wants("the reply", w.reply(pull), "no result yet when it was written", "There are findings of `shell@1.0.0`, `other@2.0.0`", "Here that can be `shell@1.0.0`",
			"It has `install/script`", "nothing to take back", "did you mean `/lockwarden accept shell@1.0.0`?", "is called `shel`. There are `shell`, `other`")
		audit := w.audit()
		w.wants("the audit", audit, "mia refused accept shel@1.0.0", "mia refused accept shell@1.0.0: no finding of it was known", "mia refused revoke shell@1.0.0")
		if strings.Contains(audit, "mia accepted") || strings.Contains(audit, "mia revoked") {
			w.t.Errorf("the audit says that something took effect:\n%s", audit)
		}
	})
}

// TestButtonsBelongToAResult: a click accepts what the result showed that the
// button stands under, after what was said before it.
func TestButtonsBelongToAResult(t *testing.T) {
	story(t, func(w *world) {
		w.repo.Commit("main", map[string]string{".github/lockwarden.yml": "accept:\n  reason: optional\n"})
		w.repo.Branch("release", w.repo.Commit("main", map[string]string{"a": "b"}))
		pull := w.open(with("shell@1.0.0"))
		old := w.concludes(pull.SHA(), "failure")
		w.repo.Rerun("ada", old.ID)
		w.eventually("there is a newer result", func() bool {
			runs := w.repo.CheckRuns(pull.SHA())
			return len(runs) == 2 && runs[1].Status == "completed"
		})
		w.settled()
		w.press("ada", old.ID, "accept-all")
		w.eventually("it is refused", func() bool { return strings.Contains(w.reply(pull), "a newer result") })
		w.settled()
		w.concludes(pull.SHA(), "failure")

		// A second pull request of the same commit: the click is about one of them.
		second := w.repo.Open("ann", w.repo, "change", "release")
		w.eventually("the second one has its result", func() bool {
			h, ok, err := w.store.Head(context.Background(), w.repo.ID, "pull/2")
			return err == nil && ok && h.State == "done"
		})
		w.settled()
		// Taking back what nobody accepted, before the click, takes nothing from it.
		run, _ := w.repo.Latest(pull.SHA())
		thread := strings.Fields(run.ExternalID)[2]
		about := map[string]*githubtest.Pull{"pull/1": pull, "pull/2": second}[thread]
		w.reaction(about, w.comment(about, "mia", "/lockwarden revoke all"), "confused")
		w.settled()
		if again, _ := w.repo.Latest(pull.SHA()); again.ID != run.ID {
			w.t.Fatal("a revocation of nothing has a result of its own")
		}
		w.press("ada", run.ID, "accept-all")
		w.eventually("it is accepted", func() bool {
			h, ok, err := w.store.Head(context.Background(), w.repo.ID, thread)
			return err == nil && ok && h.Conclusion == "success"
		})
		w.settled()
		if n := strings.Count(w.audit(), "ada accepted all"); n != 1 {
			w.t.Errorf("one click accepted %d times:\n%s", n, w.audit())
		}
		if n := strings.Count(w.audit(), "a newer result"); n != 1 {
			w.t.Errorf("the other pull request was told of it:\n%s", w.audit())
		}
		w.concludes(pull.SHA(), "failure") // the other one does not pass
	})
}
