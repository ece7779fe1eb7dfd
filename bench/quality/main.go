// Command quality measures what the analyzer sees and what it sees wrongly:
//
//   - recall: inert packages for each profile of malware/behavior-similarity,
//     each in disguises, of which at least 95 % must be found;
//   - false alarms: issues of severity high or critical over the packages of
//     ordinary applications (bench/corpus), at most 1 %, each with its reason
//     in reviewed.txt;
//   - updates: the same over real updates of popular packages (updates.txt);
//   - evidence: for every behavior two real packages that show it.
//
// Run it from the repository's root: go run ./bench/quality. It fails where a
// number is not met. Speed is measured by the command bench.
package main

import (
	"context"
	_ "embed"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"sort"
	"strings"

	"github.com/lockwarden/lockwarden/analyzer"
	"github.com/lockwarden/lockwarden/analyzer/archive"
	"github.com/lockwarden/lockwarden/analyzer/behavior"
	"github.com/lockwarden/lockwarden/analyzer/issue"
	"github.com/lockwarden/lockwarden/analyzer/javascript"
	"github.com/lockwarden/lockwarden/app/review"
	"github.com/lockwarden/lockwarden/lockfile"
)

//go:embed reviewed.txt
var reviewed string

//go:embed named.txt
var named string

//go:embed updates.txt
var updates string

func main() {
	if len(os.Args) > 1 && os.Args[1] == "worker" {
		if err := analyzer.ServeWorker(os.Stdin, os.Stdout); err != nil {
			os.Exit(1)
		}
		return
	}
	ok, err := run(context.Background())
	if err != nil {
		fmt.Fprintln(os.Stderr, "quality:", err)
		os.Exit(2)
	}
	if !ok {
		os.Exit(1)
	}
}

func run(ctx context.Context) (bool, error) {
	engine, err := analyzer.NewEngine()
	if err != nil {
		return false, err
	}
	recalled, err := recall(engine)
	if err != nil {
		return false, err
	}
	self, err := os.Executable()
	if err != nil {
		return false, err
	}
	scanner, err := analyzer.Open(analyzer.Options{CacheDir: "bench/out/packages", OSV: "none",
		WorkerCommand: func() *exec.Cmd { return exec.Command(self, "worker") }})
	if err != nil {
		return false, err
	}
	defer scanner.Close()
	packages, err := corpus(ctx, scanner)
	if err != nil {
		return false, err
	}
	quiet := alarms(packages)
	reports := make([]*analyzer.Report, 0, len(packages))
	for i := range packages {
		reports = append(reports, &packages[i].Report)
	}
	for _, spec := range strings.Split(named, "\n") {
		if spec == "" || spec[0] == '#' {
			continue
		}
		subject, err := scanner.Find(ctx, spec)
		if err != nil {
			return false, err
		}
		scanned, err := scanner.Scan(ctx, subject)
		if err != nil {
			return false, err
		}
		r := analyzer.NewReport(issue.Input{Name: subject.Name, Version: subject.Version}, scanned)
		reports = append(reports, &r)
	}
	calm, err := updated(ctx, scanner)
	if err != nil {
		return false, err
	}
	evidence(engine, reports)
	return recalled && quiet && calm, nil
}

// recall looks for each profile in each disguise.
func recall(engine *analyzer.Engine) (bool, error) {
	files, err := filepath.Glob("bench/quality/fixtures/*.js")
	if err != nil || len(files) == 0 {
		return false, fmt.Errorf("no fixtures in bench/quality/fixtures; run it from the repository's root")
	}
	fmt.Print("## Recall\n\nInert packages in disguises; a tick where the profile is found.\n\n| profile |")
	for _, d := range disguises {
		fmt.Printf(" %s |", d.name)
	}
	fmt.Println("\n|---|" + strings.Repeat("---|", len(disguises)))
	found, total := 0, 0
	seen := map[string]bool{}
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			return false, err
		}
		profile := strings.TrimSuffix(filepath.Base(file), ".js")
		seen[profile] = true
		fmt.Printf("| %s |", profile)
		for _, d := range disguises {
			inside := map[string][]byte{}
			for name, text := range d.disguise(string(data)) {
				inside[name] = []byte(text)
			}
			c, err := engine.Contents(archive.New(inside), false, nil, func(string) {})
			if err != nil {
				return false, err
			}
			total++
			mark := "✗"
			for _, i := range issue.Judge(&issue.Input{Name: "fixture", Version: "1.0.0", Contents: c}) {
				if i.ID == "malware/behavior-similarity" && i.Detail["profile"] == profile {
					mark = "✓"
				}
			}
			if mark == "✓" {
				found++
			} else if len(c.Unparsable) > 0 {
				return false, fmt.Errorf("%s, %s: %+v", profile, d.name, c.Unparsable)
			}
			fmt.Printf(" %s |", mark)
		}
		fmt.Println()
	}
	ok := found*100 >= total*95
	for _, name := range issue.Profiles() {
		if !seen[name] {
			fmt.Printf("\nThe profile %s has no fixture.\n", name)
			ok = false
		}
	}
	fmt.Printf("\n%d of %d found, %.1f %%; at least 95 %% are wanted.\n", found, total, 100*float64(found)/float64(total))
	return ok, nil
}

// corpus reviews the packages of all applications as if they were new.
func corpus(ctx context.Context, scanner *analyzer.Scanner) ([]review.Package, error) {
	files, err := filepath.Glob("bench/corpus/*.package-lock.json")
	if err != nil {
		return nil, err
	}
	more, err := filepath.Glob("bench/corpus/more/*.package-lock.json")
	if err != nil {
		return nil, err
	}
	var out []review.Package
	seen := map[string]bool{}
	fmt.Print("\n## False alarms\n\n| application | packages | high or critical |\n|---|---|---|\n")
	for _, file := range append(files, more...) {
		data, err := os.ReadFile(file)
		if err != nil {
			return nil, err
		}
		lock, err := lockfile.Parse(file, data, lockfile.Options{})
		if err != nil {
			return nil, err
		}
		r, err := review.Run(ctx, &review.Input{Pairs: []review.Pair{{File: file, Head: lock}}}, scanner, nil)
		if err != nil {
			return nil, err
		}
		loud := 0
		for _, p := range r.Packages {
			if p.Own {
				continue
			}
			if worst(&p) <= issue.High {
				loud++
			}
			if id := p.Report.Name + "@" + p.Report.Version; !seen[id] {
				seen[id] = true
				out = append(out, p)
			}
		}
		fmt.Printf("| %s | %d | %d |\n", strings.TrimSuffix(filepath.Base(file), ".package-lock.json"), len(r.Packages), loud)
	}
	return out, nil
}

func worst(p *review.Package) issue.Severity {
	severity := issue.Info
	for _, i := range p.Report.Issues {
		severity = min(severity, i.Severity)
	}
	return severity
}

// alarms lists what is high or critical; each needs its reason.
func alarms(packages []review.Package) bool {
	reasons := map[string]string{}
	for _, line := range strings.Split(reviewed, "\n") {
		if key, reason, ok := strings.Cut(line, ": "); ok && !strings.HasPrefix(line, "#") {
			reasons[key] = reason
		}
	}
	ok, loud, unscanned := true, 0, 0
	var lines []string
	for i := range packages {
		p := &packages[i]
		if p.Report.NotScanned != "" {
			unscanned++
		}
		if worst(p) > issue.High {
			continue
		}
		loud++
		for _, found := range p.Report.Issues {
			if found.Severity > issue.High {
				continue
			}
			key := p.Report.Name + "@" + p.Report.Version + " " + found.ID
			reason := reasons[key]
			if reason == "" {
				reason, ok = "**not reviewed**", false
			}
			lines = append(lines, fmt.Sprintf("| %s | %s | %s |", key, found.Severity, reason))
		}
	}
	share := 100 * float64(loud) / float64(len(packages))
	fmt.Printf("\n%d package versions, %d not scanned; %d with an issue of severity high or critical, %.2f %%; at most 1 %% is wanted.\n", len(packages), unscanned, loud, share)
	if len(lines) > 0 {
		fmt.Print("\n| issue | severity | why |\n|---|---|---|\n" + strings.Join(lines, "\n") + "\n")
	}
	return ok && share <= 1 && unscanned == 0
}

// updated judges real updates, which is what pull requests mostly are.
func updated(ctx context.Context, scanner *analyzer.Scanner) (bool, error) {
	total, loud, notable := 0, 0, 0
	var lines []string
	for _, line := range strings.Split(updates, "\n") {
		words := strings.Fields(line)
		if len(words) != 3 || words[0] == "#" {
			continue
		}
		name, from, to := words[0], words[1], words[2]
		old, err := scan(ctx, scanner, name+"@"+from)
		if err != nil {
			return false, err
		}
		now, err := scan(ctx, scanner, name+"@"+to)
		if err != nil {
			return false, err
		}
		if old.Contents == nil || now.Contents == nil {
			return false, fmt.Errorf("%s was not scanned", line)
		}
		metadata, err := scanner.Metadata(ctx, name, to, from, true)
		if err != nil {
			return false, err
		}
		entry := func(version string) *lockfile.Entry {
			return &lockfile.Entry{Location: "node_modules/" + name, Name: name, Package: name, Version: version}
		}
		r := analyzer.NewReport(issue.Input{Name: name, Version: to, Old: old.Contents, Metadata: metadata, ConfiguredHost: scanner.ConfiguredHost,
			Change: &lockfile.Change{Kind: lockfile.Upgraded, Name: name, From: from, To: to, Old: entry(from), New: entry(to)}}, now)
		total++
		if r.Delta.Notable() {
			notable++
		}
		severity := issue.Info
		for _, i := range r.Issues {
			severity = min(severity, i.Severity)
			if i.Severity <= issue.High {
				lines = append(lines, fmt.Sprintf("| %s %s → %s | %s | %s |", name, from, to, i.ID, i.Severity))
			}
		}
		if severity <= issue.High {
			loud++
		}
	}
	fmt.Printf("\n## Updates\n\n%d real updates: %d notable, %d with an issue of severity high or critical; at most 1 %% is wanted.\n", total, notable, loud)
	if len(lines) > 0 {
		fmt.Print("\n| update | issue | severity |\n|---|---|---|\n" + strings.Join(lines, "\n") + "\n")
	}
	return loud*100 <= total, nil
}

func scan(ctx context.Context, scanner *analyzer.Scanner, spec string) (analyzer.Scanned, error) {
	subject, err := scanner.Find(ctx, spec)
	if err != nil {
		return analyzer.Scanned{}, err
	}
	return scanner.Scan(ctx, subject)
}

// evidence names two packages for each behavior.
func evidence(engine *analyzer.Engine, reports []*analyzer.Report) {
	fmt.Print("\n## Real packages\n\nFor each behavior two packages that show it.\n\n| behavior | first | second |\n|---|---|---|\n")
	places := map[string][]string{}
	names := map[string]map[string]bool{}
	sort.SliceStable(reports, func(i, j int) bool { return reports[i].Name < reports[j].Name })
	// Code that runs is shown before tests.
	for _, reachable := range []bool{true, false} {
		for _, r := range reports {
			for _, b := range r.Behaviors {
				if names[b.ID] == nil {
					names[b.ID] = map[string]bool{}
				}
				if len(places[b.ID]) == 2 || names[b.ID][r.Name] {
					continue
				}
				at := slices.IndexFunc(b.Evidence, func(e behavior.Evidence) bool {
					return !reachable || e.Contexts&^javascript.Unreachable != 0
				})
				if at >= 0 {
					names[b.ID][r.Name] = true
					places[b.ID] = append(places[b.ID], r.Name+"@"+r.Version+" "+b.Evidence[at].Place())
				}
			}
		}
	}
	var missing []string
	for _, id := range engine.Catalogue().IDs() {
		if strings.HasPrefix(id, "trait/") {
			continue
		}
		list := places[id]
		if len(list) < 2 {
			missing = append(missing, id)
		}
		for len(list) < 2 {
			list = append(list, "–")
		}
		fmt.Printf("| %s | %s | %s |\n", id, list[0], list[1])
	}
	fmt.Printf("\n%d behaviors lack two packages: %s.\n", len(missing), strings.Join(missing, ", "))
}
