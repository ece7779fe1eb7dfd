package record

import (
	"encoding/json"
	"strings"
	"time"
)

// ForRepository is the scope of a decision that holds for all pull requests;
// another scope is the thread it holds in.
const ForRepository = "repository"

// Decision is an acceptance as it is kept: one made with a button, which no
// comment records, or one for the repository.
type Decision struct {
	ID         int64
	Repository int64
	// Path is OWNER/NAME as it was last seen.
	Path string
	// Thread is where it was made, Scope where it holds.
	Thread, Scope string
	Comment       int64
	// Origin tells decisions apart, so that reading a comment twice makes one.
	Origin string
	// Value is the decision itself, in JSON.
	Value     json.RawMessage
	RevokedAt time.Time
	RevokedBy string
}

// Entry is one line of the audit.
type Entry struct {
	// ID rises with every entry.
	ID          int64
	At          time.Time
	Repository  int64
	Owner, Name string
	Thread      string
	Actor       string
	// Action is accepted, refused, revoked, rescanned, posted …
	Action string
	Detail string
	// Origin tells entries apart, so that the same thing is written once.
	Origin string
}

// Reply is the one comment of ours in a pull request, and what it answers.
type Reply struct {
	// Comment is its id, 0 before it is written.
	Comment int64
	// Answers are by the name of the comment that they answer.
	Answers map[string]Answer
}

// Answer is what one comment was answered.
type Answer struct {
	// Reaction is the name of GitHub's, Words what stands in the reply; either may
	// be empty.
	Reaction string `json:"reaction,omitempty"`
	Words    string `json:"words,omitempty"`
	// At is when the comment was written, for their order.
	At time.Time `json:"at,omitzero"`
}

// UnmarshalJSON reads what older versions wrote as well: the reaction, a line
// end, and the words.
func (a *Answer) UnmarshalJSON(data []byte) error {
	var old string
	if json.Unmarshal(data, &old) == nil {
		a.Reaction, a.Words, _ = strings.Cut(old, "\n")
		return nil
	}
	type plain Answer
	return json.Unmarshal(data, (*plain)(a))
}
