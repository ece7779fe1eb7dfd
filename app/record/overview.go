package record

import (
	"encoding/json"
	"time"
)

// Verdict is what the newest judgment of one head came to, in figures.
type Verdict struct {
	Repository  int64
	Owner, Name string
	Thread      string
	At          time.Time
	Conclusion  string
	Packages    int
	// Critical, High, Medium and Low count issues, accepted ones too.
	Critical, High, Medium, Low int
	// Unscanned counts packages of which something was not analyzed.
	Unscanned int
	// Risks are the worst findings that nobody accepted; MoreRisks counts the
	// others.
	Risks     []Risk
	MoreRisks int
	// Accepted are the acceptances that counted in the thread alone, as JSON;
	// empty where there are none.
	Accepted json.RawMessage
}

// Which are the verdicts that are asked for.
type Which int

// Newest are those of every thread's newest head, Waiting those of open pull
// requests whose check does not pass, with those that could not be reviewed;
// Accepting those of open ones in which somebody accepted something.
const (
	Newest Which = iota
	Waiting
	Accepting
)

// NotReviewed is the conclusion of a head whose review was given up.
const NotReviewed = "failed"

// Risk is a finding of a Verdict. Title is a sentence, Subject NAME@VERSION or
// the lockfile's path.
type Risk struct{ Severity, Finding, Title, Subject string }

// Known is a repository that the App has reviewed something in.
type Known struct {
	Repository, Installation int64
	Owner, Name              string
	// Open is how many pull requests are open, Waiting how many of them have a
	// check that does not pass.
	Open, Waiting int
	// At is when something was judged last.
	At time.Time
}

// Some limits a question to repositories; nil: all of them.
type Some []int64

// Week sums up the judgments of seven days.
type Week struct {
	// Begins is a Monday, in UTC.
	Begins time.Time
	// Passed, Blocked and Waiting count heads by what their newest judgment came
	// to: success or neutral, failure, anything else.
	Passed, Blocked, Waiting    int
	Critical, High, Medium, Low int
}
