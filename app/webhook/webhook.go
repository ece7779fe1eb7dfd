// Package webhook takes GitHub's deliveries: the signature first, then the
// size, then the JSON, and from the event to the Jobs it asks for. A file for
// each event is named as GitHub names the event.
// Source: https://docs.github.com/webhooks/webhook-events-and-payloads
package webhook

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// Kind is what a job is to do.
type Kind string

// The kinds of jobs.
const (
	// Head answers a head of a pull request: its check run is queued, and
	// completed at once where no lockfile differs.
	Head Kind = "head"
	// Review scans and posts; Head makes it.
	Review Kind = "review"
	// Group is Head for a merge group.
	Group Kind = "group"
	// Suite finds the pull requests of a head that GitHub names no pull
	// request for.
	Suite Kind = "suite"
	// Comment judges again and answers the comment.
	Comment Kind = "comment"
	// Button is a click on a check run's button.
	Button Kind = "button"
	// Policy judges the open pull requests of a branch again.
	Policy Kind = "policy"
	// Closed ends the work on a pull request or merge group.
	Closed Kind = "closed"
	// Ended completes the open run of what was closed; Closed makes it.
	Ended Kind = "ended"
	// Shared judges again the pull requests whose head is that commit: a check
	// run belongs to a commit, not to a pull request.
	Shared Kind = "shared"
	// Installation makes an Installed job for each repository of an installation.
	Installation Kind = "installation"
	// Installed reviews the open pull requests of a repository that the App
	// was installed on.
	Installed Kind = "installed"
)

// Job is one piece of work that an event asks for.
type Job struct {
	Kind         Kind   `json:"kind"`
	Installation int64  `json:"installation"`
	Repository   int64  `json:"repository"`
	Owner        string `json:"owner"`
	Name         string `json:"name"`
	// Pull is the pull request's number; 0 for a merge group.
	Pull int `json:"pull,omitempty"`
	// SHA is the head's, BaseSHA the base's as the delivery has it, Branch the
	// branch that a push or pull request is about.
	SHA string `json:"sha,omitempty"`
	// Follows is the pull request that a merge group merges, 0 where its ref
	// does not say.
	Follows int    `json:"follows,omitempty"`
	BaseSHA string `json:"base_sha,omitempty"`
	Branch  string `json:"branch,omitempty"`
	// MergeBase is where the head left its base, once it is known.
	MergeBase string `json:"merge_base,omitempty"`
	// Again is set where a person asked for a new review of the same head.
	Again bool `json:"again,omitempty"`
	// Comment is a comment's id among those In which it stands: the conversation,
	// the lines of the diff, or the reviews. Edited tells that it was edited or
	// deleted, Deleted that it was deleted.
	Comment int64  `json:"comment,omitempty"`
	In      string `json:"in,omitempty"`
	Edited  bool   `json:"edited,omitempty"`
	Deleted bool   `json:"deleted,omitempty"`
	// Body is the text of a new comment, where it is short: it may tell that
	// nothing has to be asked.
	Body string `json:"body,omitempty"`
	// Button is the identifier of a button, Run the external id of the check run
	// that it stands under, Sender who pressed it.
	Button string `json:"button,omitempty"`
	Run    string `json:"run,omitempty"`
	Sender string `json:"sender,omitempty"`
	// Generation is the head's, set by the store.
	Generation int64 `json:"generation,omitempty"`
	// Delivery is where it came from, for the log.
	Delivery string `json:"delivery,omitempty"`
	// Queued is since when the job waits for its end, set by the store.
	Queued time.Time `json:"-"`
	// Trace is the trace that it belongs to, as a traceparent header.
	Trace string `json:"trace,omitempty"`
}

// Thread names what heads supersede each other in: a pull request, or a merge
// group.
func (j *Job) Thread() string {
	if j.Pull > 0 {
		return fmt.Sprintf("pull/%d", j.Pull)
	}
	return "group/" + j.SHA
}

// Where a comment can stand, in GitHub's words; the conversation has none.
const (
	OnLine   = "review_comment"
	InReview = "review"
)

// Said names the comment that a job is about, as comment.Ref does; empty where it
// is about none.
func (j *Job) Said() string {
	switch {
	case j.Comment == 0:
		return ""
	case j.In == "":
		return strconv.FormatInt(j.Comment, 10)
	}
	return j.In + "/" + strconv.FormatInt(j.Comment, 10)
}

// Arrival names what a job brings whose order matters: a comment, where it is
// written, or a click on a button; empty for others.
func (j *Job) Arrival() string {
	switch {
	case j.Kind == Button:
		return "button/" + j.Delivery
	case j.Kind == Comment && !j.Edited:
		return j.Said()
	}
	return ""
}

// Delivery is one webhook delivery.
type Delivery struct {
	// ID is GitHub's, the same when it is delivered again.
	ID, Event, Action string
	Received          time.Time
	Jobs              []Job
}

// Queue keeps deliveries and their jobs. Enqueue does so in one transaction;
// fresh is false where the delivery is known, which changes nothing.
type Queue interface {
	Enqueue(ctx context.Context, d Delivery) (fresh bool, err error)
}

// Handler answers POST /webhook.
type Handler struct {
	// Secret is the webhook's, AppID and Slug the App's own.
	Secret []byte
	AppID  int64
	Slug   string
	Queue  Queue
	Log    *slog.Logger
	// Observe is told of every delivery: queued, known, idle or refused; may be
	// nil.
	Observe func(event, answer string)
	// Now is the clock; nil: time.Now.
	Now func() time.Time
}

// MaxBody is how large GitHub's payloads are at most.
// Source: https://docs.github.com/webhooks/webhook-events-and-payloads#payload-cap
const MaxBody = 25 << 20

// readTime bounds how long a body may take.
const readTime = 10 * time.Second

var deliveryID = regexp.MustCompile(`^[A-Za-z0-9-]{1,64}$`)

// ServeHTTP answers 202 for what is queued, 200 for what is known or asks for
// nothing, 401 for a signature that is not ours and 400 for what GitHub does
// not send.
func (h *Handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	d, status, err := h.read(w, r)
	if err != nil {
		h.observe(r, "refused")
		h.Log.Warn("webhook refused", "status", status, "reason", err.Error(), "delivery", clip(r.Header.Get("X-GitHub-Delivery")))
		http.Error(w, err.Error(), status)
		return
	}
	if len(d.Jobs) == 0 {
		h.observe(r, "idle")
		fmt.Fprintln(w, "nothing to do")
		return
	}
	fresh, err := h.Queue.Enqueue(r.Context(), d)
	switch {
	case err != nil:
		h.observe(r, "refused")
		// GitHub marks the delivery as failed; it is asked for again later.
		h.Log.Error("webhook not stored", "delivery", d.ID, "error", err.Error())
		http.Error(w, "the delivery could not be stored", http.StatusServiceUnavailable)
	case !fresh:
		h.observe(r, "known")
		fmt.Fprintln(w, "known")
	default:
		h.observe(r, "queued")
		w.WriteHeader(http.StatusAccepted)
		fmt.Fprintln(w, "queued")
	}
}

func (h *Handler) observe(r *http.Request, answer string) {
	if h.Observe != nil {
		h.Observe(r.Header.Get("X-GitHub-Event"), answer)
	}
}

func clip(s string) string {
	if len(s) > 64 {
		s = strings.ToValidUTF8(s[:64], "")
	}
	return s
}

func (h *Handler) read(w http.ResponseWriter, r *http.Request) (d Delivery, status int, err error) {
	if r.Method != http.MethodPost {
		w.Header().Set("Allow", "POST")
		return d, http.StatusMethodNotAllowed, errors.New("webhook: only POST is answered")
	}
	wanted, err := hex.DecodeString(strings.TrimPrefix(r.Header.Get("X-Hub-Signature-256"), "sha256="))
	if err != nil || len(wanted) != sha256.Size {
		return d, http.StatusUnauthorized, errors.New("webhook: no valid X-Hub-Signature-256 header; set a secret for the App's webhook")
	}
	// A body that is too long or too slow ends before anything is parsed.
	_ = http.NewResponseController(w).SetReadDeadline(time.Now().Add(readTime))
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, MaxBody))
	if err != nil {
		var large *http.MaxBytesError
		if errors.As(err, &large) {
			return d, http.StatusRequestEntityTooLarge, fmt.Errorf("webhook: the body is larger than %d MB", MaxBody>>20)
		}
		return d, http.StatusBadRequest, errors.New("webhook: the body could not be read")
	}
	mac := hmac.New(sha256.New, h.Secret)
	mac.Write(body)
	if !hmac.Equal(mac.Sum(nil), wanted) {
		return d, http.StatusUnauthorized, errors.New("webhook: the signature does not match; is the secret the same here and at GitHub?")
	}
	d.ID, d.Event = r.Header.Get("X-GitHub-Delivery"), r.Header.Get("X-GitHub-Event")
	if !deliveryID.MatchString(d.ID) || d.Event == "" {
		return d, http.StatusBadRequest, errors.New("webhook: X-GitHub-Delivery and X-GitHub-Event are missing")
	}
	if !json.Valid(body) {
		return d, http.StatusBadRequest, errors.New("webhook: the body is not JSON; set the content type to application/json")
	}
	now := time.Now
	if h.Now != nil {
		now = h.Now
	}
	d.Received = now()
	d.Action, d.Jobs, err = h.jobs(d.Event, body)
	if err != nil {
		return d, http.StatusBadRequest, fmt.Errorf("webhook: %s: %w", d.Event, err)
	}
	for i := range d.Jobs {
		d.Jobs[i].Delivery = d.ID
	}
	return d, http.StatusOK, nil
}

// payload is what lockwarden reads of an event. GitHub's payloads have hundreds
// of fields more, of which old ones come in shapes that a complete decoder
// refuses (dates without a zone): what is not used must not matter.
type payload struct {
	Action       string     `json:"action"`
	Repository   repository `json:"repository"`
	Sender       user       `json:"sender"`
	Installation struct {
		ID      int64 `json:"id"`
		Account user  `json:"account"`
	} `json:"installation"`

	PullRequest struct {
		Number int    `json:"number"`
		Head   commit `json:"head"`
		Base   commit `json:"base"`
	} `json:"pull_request"`
	Changes struct {
		Base *struct{} `json:"base"`
		Body struct {
			From string `json:"from"`
		} `json:"body"`
	} `json:"changes"`
	CheckRun        check `json:"check_run"`
	CheckSuite      check `json:"check_suite"`
	RequestedAction struct {
		Identifier string `json:"identifier"`
	} `json:"requested_action"`
	Issue struct {
		Number      int       `json:"number"`
		PullRequest *struct{} `json:"pull_request"`
	} `json:"issue"`
	Comment    words `json:"comment"`
	Review     words `json:"review"`
	MergeGroup struct {
		HeadSHA string `json:"head_sha"`
		HeadRef string `json:"head_ref"`
		BaseSHA string `json:"base_sha"`
		BaseRef string `json:"base_ref"`
	} `json:"merge_group"`
	Ref     string `json:"ref"`
	Deleted bool   `json:"deleted"`
	Forced  bool   `json:"forced"`
	Commits []struct {
		Added    []string `json:"added"`
		Modified []string `json:"modified"`
		Removed  []string `json:"removed"`
	} `json:"commits"`
	RepositoriesAdded []repository `json:"repositories_added"`
}

type repository struct {
	ID       int64  `json:"id"`
	Name     string `json:"name"`
	FullName string `json:"full_name"`
}

type user struct {
	Login string `json:"login"`
	Type  string `json:"type"`
}

// words are a comment, or the body of a review.
type words struct {
	ID   int64  `json:"id"`
	Body string `json:"body"`
	User user   `json:"user"`
}

type commit struct {
	SHA string `json:"sha"`
	Ref string `json:"ref"`
}

type check struct {
	HeadSHA    string `json:"head_sha"`
	ExternalID string `json:"external_id"`
	App        struct {
		ID int64 `json:"id"`
	} `json:"app"`
}

// jobs reads the event; one that lockwarden has no use for asks for nothing.
func (h *Handler) jobs(event string, body []byte) (action string, jobs []Job, err error) {
	read, ok := readers[event]
	if !ok {
		return "", nil, nil
	}
	var p payload
	if err := json.Unmarshal(body, &p); err != nil {
		return "", nil, errors.New("the payload is not what GitHub describes")
	}
	jobs = read(h, &p)
	for i := range jobs {
		if j := &jobs[i]; j.Kind == Installation && j.Installation != 0 {
			continue
		} else if j.Installation == 0 || j.Owner == "" || j.Name == "" || j.Repository == 0 {
			return p.Action, nil, nil // a repository's own webhook, without an installation
		}
	}
	return p.Action, jobs, nil
}

// readers are the events that ask for something.
var readers = map[string]func(*Handler, *payload) []Job{
	"pull_request":                pullRequest,
	"check_run":                   checkRun,
	"check_suite":                 checkSuite,
	"issue_comment":               issueComment,
	"pull_request_review":         pullRequestReview,
	"pull_request_review_comment": pullRequestReviewComment,
	"merge_group":                 mergeGroup,
	"push":                        push,
	"installation":                installation,
	"installation_repositories":   installationRepositories,
}

// about is a job on a repository.
func (p *payload) about(kind Kind, repo repository) Job {
	owner, _, _ := strings.Cut(repo.FullName, "/")
	return Job{Kind: kind, Installation: p.Installation.ID, Repository: repo.ID, Owner: owner, Name: repo.Name}
}
