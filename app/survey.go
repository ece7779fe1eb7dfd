package app

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/lockwarden/lockwarden/analyzer"
	"github.com/lockwarden/lockwarden/analyzer/issue"
	"github.com/lockwarden/lockwarden/analyzer/prevalence"
	"github.com/lockwarden/lockwarden/app/review"
	"github.com/lockwarden/lockwarden/app/store"
)

// surveyor scans a package for the prevalence table: what its tarball alone
// shows, without registry, advisories or a version before.
func surveyor(scanner review.Scanner) func(context.Context, store.Package) ([]byte, error) {
	return func(ctx context.Context, p store.Package) ([]byte, error) {
		scanned, err := scanner.Scan(ctx, analyzer.Subject{Name: p.Name, Version: p.Version, Resolved: p.Resolved, Integrity: p.Integrity})
		if err != nil {
			return nil, err
		}
		if scanned.Contents == nil {
			if scanned.Fetch.Kind == "failed" {
				return nil, errors.New(scanned.Fetch.Reason)
			}
			return nil, &hopeless{scanned.Fetch.Reason}
		}
		found := prevalence.Scan{Name: p.Name, Version: p.Version, Found: []string{}}
		for _, b := range scanned.Contents.Behaviors {
			found.Found = append(found.Found, b.ID)
		}
		for _, i := range issue.Judge(&issue.Input{Name: p.Name, Version: p.Version, Contents: scanned.Contents,
			ConfiguredHost: scanner.ConfiguredHost}) {
			found.Found = append(found.Found, i.ID)
		}
		return json.Marshal(found)
	}
}

// hopeless is why a package cannot be scanned, now or later.
type hopeless struct{ reason string }

func (h *hopeless) Error() string        { return h.reason }
func (h *hopeless) Is(target error) bool { return target == store.ErrHopeless }

// SurveyOptions say how a prevalence table is made.
type SurveyOptions struct {
	// Database is "postgres://…", where servers help, or an SQLite file.
	Database string
	// Workers is how many packages this process scans at once.
	Workers int
	// Again scans what was scanned before as well.
	Again bool
	// Sources name the lockfiles, for readers of the table.
	Sources  []string
	Progress func(done, failed, total int)
}

// Survey scans packages and counts. What an earlier run scanned is not scanned
// again; a package that cannot be scanned is named in failed and not counted.
func Survey(ctx context.Context, packages []store.Package, scanner review.Scanner, o SurveyOptions) (table *prevalence.Table,
	failed []string, err error) {
	s, err := store.Open(ctx, store.Options{URL: o.Database, Survey: surveyor(scanner), Poll: 200 * time.Millisecond})
	if err != nil {
		return nil, nil, err
	}
	defer s.Close()
	if err := s.Survey(ctx, packages, o.Again); err != nil {
		return nil, nil, err
	}
	working, stop := context.WithCancel(ctx)
	defer stop()
	if err := s.StartSurvey(working, o.Workers); err != nil {
		return nil, nil, err
	}
	wanted := map[string]bool{}
	for _, p := range packages {
		wanted[p.Name+"@"+p.Version] = true
	}
	for {
		list, err := s.Surveyed(ctx)
		if err != nil {
			return nil, nil, err
		}
		var scans []prevalence.Scan
		failed = nil
		for _, one := range list {
			switch {
			case !wanted[one.Name+"@"+one.Version]:
			case one.Failed:
				failed = append(failed, fmt.Sprintf("%s@%s: %s", one.Name, one.Version, one.Result))
			case one.Done:
				var scan prevalence.Scan
				if err := json.Unmarshal(one.Result, &scan); err != nil {
					return nil, nil, fmt.Errorf("app: the survey of %s@%s cannot be read: %w", one.Name, one.Version, err)
				}
				scans = append(scans, scan)
			}
		}
		if o.Progress != nil {
			o.Progress(len(scans), len(failed), len(wanted))
		}
		if len(scans)+len(failed) >= len(wanted) {
			return prevalence.Build(scans, time.Now().UTC().Format(time.DateOnly), o.Sources), failed, nil
		}
		select {
		case <-ctx.Done():
			return nil, nil, ctx.Err()
		case <-time.After(500 * time.Millisecond):
		}
	}
}
