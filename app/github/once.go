package github

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"strings"
	"sync"
)

// once keeps what GitHub answered in one step of a job, so that it may be asked
// ahead of time, for several things at once, by whoever knows what the step is
// going to ask one after another.
type once struct {
	mu        sync.Mutex
	questions map[string]*question
}

type onceKey struct{}

// Once returns a context in which GitHub is asked the same question once. A
// write forgets the answers that it may have changed. It is for one step that
// takes what it reads for one moment's truth: what is asked in it again is not
// asked again.
func Once(ctx context.Context) context.Context {
	return context.WithValue(ctx, onceKey{}, &once{questions: map[string]*question{}})
}

// question is asked, and answered when done is closed. Whoever asks the same
// meanwhile waits.
type question struct {
	done   chan struct{}
	path   string
	status int
	header http.Header
	// body is nil where the answer is none to share: an error, or too large.
	body []byte
}

func (q *question) answer(r *http.Request) *http.Response {
	return &http.Response{StatusCode: q.status, Status: http.StatusText(q.status), Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		Header: q.header.Clone(),
		Body:   io.NopCloser(bytes.NewReader(q.body)), ContentLength: int64(len(q.body)), Request: r}
}

// questionOf names what a request asks; asks is false for one that changes
// something, and for objects that may be large and are kept elsewhere.
func questionOf(r *http.Request) (key string, asks bool) {
	switch {
	case r.Method == http.MethodGet && !immutable.MatchString(r.URL.Path):
		return r.Header.Get("Accept") + " " + r.URL.String(), true
	case isQuery(r) && r.GetBody != nil:
		// What the App sends to GraphQL are questions, in the body, but for mutations.
		body, err := r.GetBody()
		if err != nil {
			return "", false
		}
		text, err := io.ReadAll(body)
		return r.URL.String() + " " + string(text), err == nil && !bytes.Contains(text, []byte(`"query":"mutation`))
	}
	return "", false
}

func isQuery(r *http.Request) bool {
	return r.Method == http.MethodPost && strings.HasSuffix(r.URL.Path, "/graphql")
}

// roundTrip answers a request from what was asked before, or by next.
func (o *once) roundTrip(r *http.Request, next func(*http.Request) (*http.Response, error)) (*http.Response, error) {
	key, asks := questionOf(r)
	if !asks {
		if r.Method != http.MethodGet {
			defer o.written(r.URL.Path)
		}
		return next(r)
	}
	o.mu.Lock()
	q, asked := o.questions[key]
	if !asked {
		q = &question{done: make(chan struct{}), path: r.URL.Path}
		o.questions[key] = q
	}
	o.mu.Unlock()
	if asked {
		select {
		case <-q.done:
		case <-r.Context().Done():
			return nil, r.Context().Err()
		}
		if q.body != nil {
			return q.answer(r), nil
		}
		return next(r)
	}
	defer close(q.done)
	answer, err := next(r)
	if err != nil || answer.StatusCode != http.StatusOK && answer.StatusCode != http.StatusNotFound || answer.ContentLength > memoryItem {
		o.forget(key, q)
		return answer, err
	}
	body, err := io.ReadAll(io.LimitReader(answer.Body, memoryItem+1))
	if err != nil {
		_ = answer.Body.Close()
		o.forget(key, q)
		return nil, err
	}
	if len(body) > memoryItem {
		rest := answer.Body
		answer.Body = struct {
			io.Reader
			io.Closer
		}{io.MultiReader(bytes.NewReader(body), rest), rest}
		o.forget(key, q)
		return answer, nil
	}
	_ = answer.Body.Close()
	q.status, q.header, q.body = answer.StatusCode, answer.Header, body
	return q.answer(r), nil
}

// forget drops a question that has no answer to share.
func (o *once) forget(key string, q *question) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.questions[key] == q {
		delete(o.questions, key)
	}
}

// written forgets what a write may have changed: check runs, or comments; of
// anything else, all.
func (o *once) written(path string) {
	o.mu.Lock()
	defer o.mu.Unlock()
	for _, of := range []string{"/check-runs", "/comments"} {
		if !strings.Contains(path, of) {
			continue
		}
		for key, q := range o.questions {
			if strings.Contains(q.path, of) {
				delete(o.questions, key)
			}
		}
		return
	}
	clear(o.questions)
}
