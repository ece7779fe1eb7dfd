package githubtest

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"time"
)

// Fate is what becomes of a delivery.
type Fate struct {
	// Lost deliveries are not sent until they are asked for again.
	Lost bool
	// Twice sends it a second time, After later than it should be.
	Twice bool
	After time.Duration
}

// Fates decides what becomes of deliveries; nil: all arrive.
func (g *GitHub) Fates(f func(event, action string) Fate) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.hold = f
}

// Delivery is one webhook delivery.
type Delivery struct {
	ID            int64
	GUID          string
	Event, Action string
	At            time.Time
	Body          []byte
	// Status is the answer's, 0 where none came.
	Status int
	Took   time.Duration
	// Attempts is how often it was sent.
	Attempts int
	// Done is set when the answer is known.
	Done bool
}

// deliver signs an event and sends it in the background; g.mu is held.
func (g *GitHub) deliver(r *Repository, event, action string, body object, sender *User) {
	base := r
	installation := base.Installation
	if installation == nil {
		return // the App is not there
	}
	full := object{"repository": g.repositoryJSON(base), "sender": userJSON(sender), "installation": object{"id": installation.ID,
		"account": userJSON(installation.Account)}}
	if action != "" {
		full["action"] = action
	}
	if event == "installation" {
		delete(full, "repository")
	}
	maps.Copy(full, body)
	data, err := json.Marshal(full)
	if err != nil {
		panic(err)
	}
	id := g.id()
	d := &Delivery{ID: id, GUID: fmt.Sprintf("%08d-0000-4000-8000-%012d", id, id), Event: event, Action: action, At: g.now(), Body: data}
	g.deliveries = append(g.deliveries, d)
	fate := Fate{}
	if g.hold != nil {
		fate = g.hold(event, action)
	}
	if g.hook == "" || fate.Lost {
		d.Status, d.Done = 502, true
		return
	}
	g.wait.Add(1)
	go func() {
		defer g.wait.Done()
		time.Sleep(fate.After)
		g.send(d)
		if fate.Twice {
			g.send(d)
		}
	}()
}

func (g *GitHub) send(d *Delivery) {
	g.mu.Lock()
	hook, secret := g.hook, g.Secret
	g.mu.Unlock()
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write(d.Body)
	r, err := http.NewRequest(http.MethodPost, hook, bytes.NewReader(d.Body))
	if err != nil {
		panic(err)
	}
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("User-Agent", "GitHub-Hookshot/test")
	r.Header.Set("X-GitHub-Event", d.Event)
	r.Header.Set("X-GitHub-Delivery", d.GUID)
	r.Header.Set("X-Hub-Signature-256", "sha256="+hex.EncodeToString(mac.Sum(nil)))
	start := time.Now()
	client := &http.Client{Timeout: 10 * time.Second}
	answer, err := client.Do(r)
	status := 0
	if err == nil {
		_, _ = io.Copy(io.Discard, answer.Body)
		_ = answer.Body.Close()
		status = answer.StatusCode
	}
	g.mu.Lock()
	d.Status, d.Took, d.Done = status, time.Since(start), true
	d.Attempts++
	g.mu.Unlock()
}

// Deliveries are all deliveries so far.
func (g *GitHub) Deliveries() []Delivery {
	g.mu.Lock()
	defer g.mu.Unlock()
	out := make([]Delivery, 0, len(g.deliveries))
	for _, d := range g.deliveries {
		out = append(out, *d)
	}
	return out
}
