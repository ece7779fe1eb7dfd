package render

import (
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"time"
)

// OverviewPage is what the page above all others shows.
type OverviewPage struct {
	Frame        Frame
	Repositories []RepositoryRow
	// All is how many repositories there are, Note what else is to be said of
	// those that are not shown.
	All  int
	Note string
	// Waiting are open pull requests whose check does not pass, Latest the
	// newest judgments.
	Waiting, Latest []VerdictRow
	Accepted        []AcceptedRow
	Audit           []AuditRow
	// Older is the address of the audit's older entries, empty where there are
	// none.
	Older string
	// Weeks are the trends', the oldest first.
	Weeks []WeekRow
}

// RepositoryRow is a repository; Decisions is the address of its page.
type RepositoryRow struct {
	Name, Owner, Decisions string
	Installation           int64
	Open, Waiting          int
	At                     time.Time
}

// VerdictRow is what a judgment came to; Link is the address of its review.
type VerdictRow struct {
	Repository, Thread, Link, Conclusion string
	At                                   time.Time
	Packages, Unscanned                  int
	Critical, High, Medium, Low          int
	Findings                             []FindingRow
	More                                 int
}

// Colour is the class of the conclusion, Word what people call it.
func (v VerdictRow) Colour() string {
	switch v.Conclusion {
	case "success", "neutral":
		return "success"
	case "failure":
		return "failure"
	}
	return "waiting"
}

// Word is the conclusion in a word.
func (v VerdictRow) Word() string {
	switch v.Conclusion {
	case "success", "neutral":
		return "passes"
	case "failure":
		return "blocked"
	case "action_required":
		return "somebody has to act"
	case "failed":
		return "could not be reviewed"
	case "":
		return "not judged"
	}
	return v.Conclusion
}

// Issues says how many there are of each severity.
func (v VerdictRow) Issues() string {
	var parts []string
	for _, s := range []struct {
		n    int
		name string
	}{{v.Critical, "critical"}, {v.High, "high"}, {v.Medium, "medium"}, {v.Low, "low"}} {
		if s.n > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", s.n, s.name))
		}
	}
	if len(parts) == 0 {
		return "none"
	}
	return strings.Join(parts, ", ")
}

// FindingRow is a risk that nobody accepted.
type FindingRow struct{ Severity, Title, Subject string }

// AcceptedRow is what was accepted for a whole repository.
type AcceptedRow struct {
	Package    string
	Findings   []string
	By, Reason string
	At, Until  time.Time
	// Where is the thread, URL its comment on GitHub or empty.
	Where, URL string
	// State says whether it holds.
	State string
}

// AuditRow is one line of the audit; Link leads to its review, or is empty.
type AuditRow struct {
	At                                 time.Time
	Where, Link, Actor, Action, Detail string
}

// WeekRow sums up seven days.
type WeekRow struct {
	Begins                      time.Time
	Passed, Blocked, Waiting    int
	Critical, High, Medium, Low int
}

// DecisionsPage is what the page of a repository's decisions shows.
type DecisionsPage struct {
	Frame      Frame
	Repository string
	Accepted   []AcceptedRow
	Audit      []AuditRow
	Older      string
}

// DecisionsHTML writes the page of a repository's decisions.
func DecisionsHTML(w io.Writer, p DecisionsPage) error {
	byEnd(p.Accepted)
	return write(w, "decisions.html", struct {
		frame
		DecisionsPage
	}{framed(p.Frame, "Decisions – "+p.Repository), p})
}

// byEnd sorts acceptances: those that hold, those that end first, the rest.
func byEnd(list []AcceptedRow) {
	rank := func(a AcceptedRow) int {
		switch {
		case a.State != holds:
			return 2
		case a.Until.IsZero():
			return 1
		}
		return 0
	}
	slices.SortStableFunc(list, func(a, b AcceptedRow) int {
		if d := rank(a) - rank(b); d != 0 {
			return d
		}
		return a.Until.Compare(b.Until)
	})
}

// holds is the state of an acceptance that counts.
const holds = "holds"

type overviewPage struct {
	frame
	Waiting       int
	Colour        string
	Facts         []factView
	Note          string
	Risks         []VerdictRow
	Latest        []VerdictRow
	Plots         []plotView
	Installations []installationView
	Repositories  []RepositoryRow
	Accepted      []AcceptedRow
	Audit         []AuditRow
	Older         string
}

// installationView is an account that has the App.
type installationView struct {
	Owner                       string
	ID                          int64
	Repositories, Open, Waiting int
}

// installations sums repositories up, in their order.
func installations(list []RepositoryRow) (out []installationView) {
	at := map[int64]int{}
	for _, r := range list {
		i, ok := at[r.Installation]
		if !ok {
			i = len(out)
			at[r.Installation] = i
			out = append(out, installationView{Owner: r.Owner, ID: r.Installation})
		}
		out[i].Repositories++
		out[i].Open += r.Open
		out[i].Waiting += r.Waiting
	}
	return out
}

type factView struct {
	Name  string
	Count int
}

// OverviewHTML writes the page above all others.
func OverviewHTML(w io.Writer, p OverviewPage) error {
	byEnd(p.Accepted)
	view := overviewPage{frame: framed(p.Frame, "Overview"), Note: p.Note, Risks: p.Waiting, Latest: p.Latest, Repositories: p.Repositories,
		Accepted: p.Accepted, Audit: p.Audit, Older: p.Older, Colour: "fine"}
	view.Installations = installations(p.Repositories)
	open := 0
	for _, r := range p.Repositories {
		open += r.Open
		view.Waiting += r.Waiting
	}
	hold := 0
	for _, a := range p.Accepted {
		if a.State == holds {
			hold++
		}
	}
	view.Facts = []factView{{"Installations", len(view.Installations)}, {"Repositories", p.All}, {"Open pull requests", open},
		{"Waiting for somebody", view.Waiting}, {"Acceptances that hold", hold}}
	if view.Waiting > 0 {
		view.Colour = "medium"
		if slices.ContainsFunc(p.Waiting, func(v VerdictRow) bool { return v.Conclusion == "failure" }) {
			view.Colour = "critical"
		}
	}
	view.Plots = []plotView{
		plot("Reviewed heads by week", p.Weeks, []seriesView{{"success", "pass"}, {"waiting", "somebody has to act"}, {"failure", "blocked"}},
			func(w WeekRow) []int { return []int{w.Passed, w.Waiting, w.Blocked} }),
		plot("Issues found by week", p.Weeks, []seriesView{{"low", "low"}, {"medium", "medium"}, {"high", "high"}, {"critical", "critical"}},
			func(w WeekRow) []int { return []int{w.Low, w.Medium, w.High, w.Critical} }),
	}
	return write(w, "overview.html", view)
}

// plotView is a plot of stacked bars, with its figures as a table.
type plotView struct {
	Title         string
	Any           bool
	Width, Height int
	Lines         []lineView
	Days          []dayView
	Bars          []barView
	Series        []seriesView
	Rows          []plotRow
}

type lineView struct {
	Y, Text int
	Word    string
}

type dayView struct {
	X    int
	Word string
}

type barView struct {
	Class               string
	X, Y, Width, Height int
}

type seriesView struct{ Class, Name string }

type plotRow struct {
	Name   string
	Counts []int
}

// Sizes of a plot, in the units of its own coordinates.
const (
	plotWidth, plotHeight, plotBase = 720, 180, 160
	plotLeft                        = 36
)

func plot(title string, weeks []WeekRow, series []seriesView, of func(WeekRow) []int) plotView {
	v := plotView{Title: title, Width: plotWidth, Height: plotHeight, Series: series}
	most := 0
	for _, w := range weeks {
		sum := 0
		for _, n := range of(w) {
			sum += n
		}
		most = max(most, sum)
	}
	v.Any = most > 0
	if !v.Any {
		return v
	}
	top := round(most)
	for _, part := range []int{0, top / 2, top} {
		y := plotBase - part*(plotBase-14)/top
		v.Lines = append(v.Lines, lineView{y, y - 2, strconv.Itoa(part)})
	}
	step := (plotWidth - plotLeft) / len(weeks)
	for i, w := range weeks {
		counts := of(w)
		if i%4 == 0 {
			v.Days = append(v.Days, dayView{plotLeft + i*step + step/8, w.Begins.Format("2006-01-02")})
		}
		v.Rows = append(v.Rows, plotRow{w.Begins.Format("2006-01-02"), counts})
		y := plotBase
		for j, n := range counts {
			if n == 0 {
				continue
			}
			height := max(n*(plotBase-14)/top, 1) // what there is shows
			y -= height
			v.Bars = append(v.Bars, barView{series[j].Class, plotLeft + i*step + step/8, y, max(step*3/4, 1), height})
		}
	}
	slices.Reverse(v.Rows)
	return v
}

// round is the least of 2, 4, 10, 20, 40, 100 … that is not less.
func round(n int) int {
	for unit := 1; ; unit *= 10 {
		for _, step := range []int{2, 4, 10} {
			if step*unit >= n {
				return step * unit
			}
		}
	}
}
