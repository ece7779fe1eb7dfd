package webhook

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/lockwarden/lockwarden/analyzer/worker"
	"github.com/lockwarden/lockwarden/app/github/octokit"
)

// memory is a Queue.
type memory struct {
	seen map[string]Delivery
	err  error
}

func (m *memory) Enqueue(_ context.Context, d Delivery) (bool, error) {
	if m.err != nil {
		return false, m.err
	}
	if _, ok := m.seen[d.ID]; ok {
		return false, nil
	}
	m.seen[d.ID] = d
	return true, nil
}

func handler() (*Handler, *memory) {
	m := &memory{seen: map[string]Delivery{}}
	return &Handler{Secret: []byte("It's a Secret to Everybody"), AppID: 29310, Slug: "lockwarden", Queue: m, Log: slog.New(slog.DiscardHandler)}, m
}

func sign(secret, body []byte) string {
	mac := hmac.New(sha256.New, secret)
	mac.Write(body)
	return "sha256=" + hex.EncodeToString(mac.Sum(nil))
}

func send(h *Handler, event, id string, body []byte, signature string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(http.MethodPost, "/webhook", bytes.NewReader(body))
	r.Header.Set("X-GitHub-Event", event)
	r.Header.Set("X-GitHub-Delivery", id)
	r.Header.Set("X-Hub-Signature-256", signature)
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w
}

// TestSignatureVector is GitHub's own.
// Source: https://docs.github.com/webhooks/using-webhooks/validating-webhook-deliveries
func TestSignatureVector(t *testing.T) {
	if got := sign([]byte("It's a Secret to Everybody"), []byte("Hello, World!")); got != "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17" {
		t.Error(got)
	}
}

// TestPublishedExamples: every event and action of GitHub's examples is
// answered with 2xx, at once.
func TestPublishedExamples(t *testing.T) {
	events, err := octokit.Examples()
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	jobs := map[string]int{}
	for _, e := range events {
		for i, body := range e.Examples {
			h, m := handler()
			// The examples come from repositories' own webhooks; an App's
			// deliveries name the installation.
			var fields map[string]json.RawMessage
			if err := json.Unmarshal(body, &fields); err != nil {
				t.Fatal(err)
			}
			if _, ok := fields["installation"]; !ok {
				fields["installation"] = json.RawMessage(`{"id":7}`)
				body, _ = json.Marshal(fields)
			}
			var of struct {
				Run   check `json:"check_run"`
				Suite check `json:"check_suite"`
			}
			_ = json.Unmarshal(body, &of)
			h.AppID = max(of.Run.App.ID, of.Suite.App.ID) // whichever App the example is of
			id := fmt.Sprintf("%s-%d", strings.ReplaceAll(e.Name, "_", "-"), i)
			start := worker.ProcessorTime()
			w := send(h, e.Name, id, body, sign(h.Secret, body))
			if took := worker.ProcessorTime() - start; took > 50*time.Millisecond {
				t.Errorf("%s %d took %v", e.Name, i, took)
			}
			if w.Code/100 != 2 {
				t.Errorf("%s %d: %d %s", e.Name, i, w.Code, w.Body)
			}
			for _, d := range m.seen {
				for _, j := range d.Jobs {
					jobs[e.Name+" "+d.Action+" "+string(j.Kind)]++
					if j.Kind != Installed && j.Kind != Installation && j.Kind != Policy && j.Pull == 0 && j.SHA == "" {
						t.Errorf("%s: %+v", e.Name, j)
					}
				}
			}
			n++
		}
	}
	if n < 300 {
		t.Errorf("only %d examples", n)
	}
	for _, want := range []string{"pull_request opened head", "pull_request synchronize head", "pull_request reopened head", "pull_request ready_for_review head", "pull_request closed closed",
		"check_run rerequested suite", "check_run requested_action button", "check_suite requested suite", "check_suite rerequested suite", "merge_group checks_requested group",
		"installation created installation", "installation unsuspend installation", "installation_repositories added installed"} {
		if jobs[want] == 0 {
			t.Errorf("no example asks for %q; there are %v", want, jobs)
		}
	}
}

const comment = `{"action":%q,"issue":{"number":3,"pull_request":{"url":"x"}},"comment":{"id":9,"body":%q,"user":{"login":"mia","type":%q}},"repository":{"id":1,"name":"r","full_name":"o/r","owner":{"login":"o"}},"installation":{"id":7},"sender":{"login":"mia"}%s}`

const onLine = `{"action":%q,"comment":{"id":9,"body":%q,"user":{"login":"mia"}},"pull_request":{"number":3},"repository":{"id":1,"name":"r","full_name":"o/r","owner":{"login":"o"}},"installation":{"id":7},"sender":{"login":"mia"}%s}`

func TestEvents(t *testing.T) {
	repo := `"repository":{"id":1,"name":"r","full_name":"o/r","owner":{"login":"o"}},"installation":{"id":7},"sender":{"login":"mia"}`
	for _, test := range []struct{ name, event, body, want string }{
		{"a comment", "issue_comment", fmt.Sprintf(comment, "created", "/lockwarden help", "User", ""), "comment pull/3"},
		{"a mention", "issue_comment", fmt.Sprintf(comment, "created", "@LockWarden help", "User", ""), "comment pull/3"},
		{"an edit that takes the command away", "issue_comment", fmt.Sprintf(comment, "edited", "sorry", "User", `,"changes":{"body":{"from":"/lockwarden accept a@1.0.0"}}`), "comment pull/3 edited"},
		{"a bot", "issue_comment", fmt.Sprintf(comment, "created", "/lockwarden help", "Bot", ""), ""},
		{"talk", "issue_comment", fmt.Sprintf(comment, "created", "nice", "User", ""), ""},
		{"an issue", "issue_comment", strings.Replace(fmt.Sprintf(comment, "created", "/lockwarden help", "User", ""), `,"pull_request":{"url":"x"}`, "", 1), ""},
		{"a comment on a line", "pull_request_review_comment", fmt.Sprintf(onLine, "created", "/lockwarden help", ""), "comment pull/3 review_comment/9"},
		{"one that is deleted", "pull_request_review_comment", fmt.Sprintf(onLine, "deleted", "/lockwarden help", ""), "comment pull/3 review_comment/9 edited"},
		{"one that is edited away", "pull_request_review_comment", fmt.Sprintf(onLine, "edited", "no", `,"changes":{"body":{"from":"/lockwarden help"}}`), "comment pull/3 review_comment/9 edited"},
		{"talk on a line", "pull_request_review_comment", fmt.Sprintf(onLine, "created", "nice", ""), ""},
		{"a review", "pull_request_review", `{"action":"submitted","review":{"id":9,"body":"/lockwarden help","user":{"login":"mia"}},"pull_request":{"number":3},` + repo + `}`, "comment pull/3 review/9"},
		{"a review without words", "pull_request_review", `{"action":"submitted","review":{"id":9,"body":null,"user":{"login":"mia"}},"pull_request":{"number":3},` + repo + `}`, ""},
		{"a review whose approval is taken back", "pull_request_review", `{"action":"dismissed","review":{"id":9,"body":"/lockwarden help","user":{"login":"mia"}},"pull_request":{"number":3},` + repo + `}`, ""},
		{"a button", "check_run", `{"action":"requested_action","requested_action":{"identifier":"accept-all"},"check_run":{"head_sha":"s","external_id":"lockwarden 1 pull/3 2 abc","app":{"id":29310}},` + repo + `}`,
			"button lockwarden 1 pull/3 2 abc"},
		{"a new title", "pull_request", `{"action":"edited","pull_request":{"number":3,"head":{"sha":"s"}},"changes":{"title":{"from":"x"}},` + repo + `}`, ""},
		{"a new base", "pull_request", `{"action":"edited","pull_request":{"number":3,"head":{"sha":"s"}},"changes":{"base":{"ref":{"from":"x"}}},` + repo + `}`, "head pull/3 again"},
		{"another App's check", "check_run", `{"action":"rerequested","check_run":{"head_sha":"s","app":{"id":5}},` + repo + `}`, ""},
		{"another policy", "push", `{"ref":"refs/heads/main","commits":[{"modified":[".github/lockwarden.yml"]}],` + repo + `}`, "policy"},
		{"another file", "push", `{"ref":"refs/heads/main","commits":[{"modified":["README.md"]}],` + repo + `}`, ""},
		{"a tag", "push", `{"ref":"refs/tags/v1","forced":true,` + repo + `}`, ""},
		{"a repository's own webhook", "pull_request", `{"action":"opened","pull_request":{"number":3,"head":{"sha":"s"}},"repository":{"id":1,"name":"r","full_name":"o/r","owner":{"login":"o"}}}`, ""},
		{"no installation", "pull_request", `{"action":"opened","pull_request":{"number":3,"head":{"sha":"s"}},"repository":{"id":1,"name":"r","owner":{"login":"o"}}}`, ""},
	} {
		h, m := handler()
		w := send(h, test.event, "1", []byte(test.body), sign(h.Secret, []byte(test.body)))
		if w.Code/100 != 2 {
			t.Errorf("%s: %d %s", test.name, w.Code, w.Body)
		}
		got := ""
		for _, j := range m.seen["1"].Jobs {
			got = string(j.Kind)
			if j.Pull > 0 {
				got += " " + j.Thread()
			}
			if j.In != "" {
				got += " " + j.Said()
			}
			if j.Run != "" {
				got += " " + j.Run
			}
			if j.Again && j.Kind != Button {
				got += " again"
			}
			if j.Edited {
				got += " edited"
			}
		}
		if got != test.want {
			t.Errorf("%s: got %q, want %q", test.name, got, test.want)
		}
	}
}

func TestRefusals(t *testing.T) {
	body := []byte(fmt.Sprintf(comment, "created", "/lockwarden help", "User", ""))
	large := append(append([]byte(`{"a":"`), bytes.Repeat([]byte("x"), MaxBody)...), `"}`...)
	h, m := handler()
	good := sign(h.Secret, body)
	for _, test := range []struct {
		name, id, event, signature string
		body                       []byte
		want                       int
	}{
		{"no signature", "1", "issue_comment", "", body, 401},
		{"not hex", "1", "issue_comment", "sha256=xyz", body, 401},
		{"sha1", "1", "issue_comment", "sha1=757107ea0eb2509fc211221cce984b8a37570b6d", body, 401},
		{"forged", "1", "issue_comment", sign([]byte("guess"), body), body, 401},
		{"another body", "1", "issue_comment", good, append(bytes.Clone(body), ' '), 401},
		{"too large", "1", "issue_comment", sign(h.Secret, large), large, 413},
		{"not JSON", "1", "issue_comment", sign(h.Secret, []byte("{")), []byte("{"), 400},
		{"an empty body", "1", "issue_comment", sign(h.Secret, nil), nil, 400},
		{"another shape", "1", "issue_comment", sign(h.Secret, []byte(`{"comment":7}`)), []byte(`{"comment":7}`), 400},
		{"no delivery id", "", "issue_comment", good, body, 400},
		{"a strange delivery id", "'; drop table", "issue_comment", good, body, 400},
		{"no event", "1", "", good, body, 400},
	} {
		if w := send(h, test.event, test.id, test.body, test.signature); w.Code != test.want {
			t.Errorf("%s: %d %s, want %d", test.name, w.Code, w.Body, test.want)
		}
	}
	if len(m.seen) != 0 {
		t.Error("something was queued")
	}
	r := httptest.NewRequest(http.MethodGet, "/webhook", nil)
	w := httptest.NewRecorder()
	if h.ServeHTTP(w, r); w.Code != 405 {
		t.Errorf("GET: %d", w.Code)
	}
}

func TestRepeatedAndFailing(t *testing.T) {
	h, m := handler()
	body := []byte(fmt.Sprintf(comment, "created", "/lockwarden help", "User", ""))
	m.err = errors.New("the disk is full")
	if w := send(h, "issue_comment", "1", body, sign(h.Secret, body)); w.Code != 503 || strings.Contains(w.Body.String(), "disk") {
		t.Errorf("%d %s", w.Code, w.Body)
	}
	m.err = nil
	if w := send(h, "issue_comment", "1", body, sign(h.Secret, body)); w.Code != 202 {
		t.Errorf("%d %s", w.Code, w.Body)
	}
	if w := send(h, "issue_comment", "1", body, sign(h.Secret, body)); w.Code != 200 || strings.TrimSpace(w.Body.String()) != "known" {
		t.Errorf("%d %s", w.Code, w.Body)
	}
}

func FuzzJobs(f *testing.F) {
	f.Add("issue_comment", fmt.Sprintf(comment, "created", "/lockwarden help", "User", ""))
	f.Add("check_run", `{"action":"requested_action","check_run":{"app":{"id":29310}}}`)
	f.Add("push", `{"ref":"refs/heads/main","commits":[null]}`)
	h, _ := handler()
	f.Fuzz(func(_ *testing.T, event, body string) {
		_, _, _ = h.jobs(event, []byte(body))
	})
}
