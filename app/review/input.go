package review

import (
	"strings"

	"github.com/lockwarden/lockwarden/analyzer/issue"
	"github.com/lockwarden/lockwarden/lockfile"
	"github.com/lockwarden/lockwarden/lockfile/settings"
)

// Pair is one lockfile before and after; either may be nil.
type Pair struct {
	// File is the lockfile's path, for annotations.
	File       string
	Base, Head *lockfile.Lockfile
	// Settings are what the project lets its package manager do at head; nil
	// where nothing is known of the project.
	Settings *settings.Settings
}

// WholeIssue is an issue that no single package is the cause of.
type WholeIssue struct {
	File string
	Line int
	// EndLine is the last line concerned; 0 where it is Line.
	EndLine int
	Issue   issue.Issue
	// Content names what the files hold that the issue is about, where it is about
	// more than its evidence shows; see Input.Contents.
	Content string `json:",omitempty"`
}

// aboutFile reports whether an issue is about a file as it is: nobody read it, or it
// decides what the package manager does. Another content of it is another risk.
func (w *WholeIssue) aboutFile() bool {
	return w.Issue.ID == incomplete || strings.HasPrefix(w.Issue.ID, "project/")
}

// incomplete is the issue that something was not scanned.
const incomplete = "scan/incomplete"

// Unreadable is the finding that a lockfile could not be read: nothing is known
// of what it brings.
func Unreadable(file string, line int, reason string) WholeIssue {
	return WholeIssue{File: file, Line: max(line, 1), Issue: issue.Issue{ID: incomplete, Severity: issue.Medium,
		Detail: map[string]string{"what": file, "reason": reason}}}
}

// Guard is something that a change of settings opens or closes.
type Guard struct {
	settings.Change
	// Lets are the installed packages whose scripts run because of it; at most
	// maxLets are named.
	Lets []*lockfile.Entry
}

// maxLets bounds the packages that are scanned to say what a setting lets
// through.
const maxLets = 20

// Input is what a change brings to review, as values: Run does no more I/O
// than its scanner's.
type Input struct {
	// Pairs are the lockfiles that changed.
	Pairs []Pair
	// Whole are the issues that are found while files are read: what is not
	// read, and what a package.json asks for and no lockfile holds.
	Whole []WholeIssue
	// Notes are sentences about the review as a whole.
	Notes []string
	// Broken are the lockfiles of head that no package manager could read; each
	// is in Whole, too.
	Broken []*lockfile.Error
	// Settings are the changed files by which a project tells its package
	// manager what it may do, each package.json among them.
	Settings []string
	// Guards are what these changes let a package manager do, or no longer do.
	Guards []Guard
	// Contents names, by path, what lies at head in the files that issues are
	// about; nil where single files are compared.
	Contents map[string]string
	// Base and Head are the two sides, for Project; nil where single files are
	// compared.
	Base, Head Revision
}
