package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/lockwarden/lockwarden/app/record"
	"github.com/lockwarden/lockwarden/app/webhook"
)

// which are the conditions of the verdicts that are asked for.
var which = map[record.Which]string{
	record.Newest:    " AND v.at > 0",
	record.Waiting:   " AND " + waiting,
	record.Accepting: " AND h.pull > 0 AND h.state <> 'closed' AND v.accepted <> ''",
}

const waiting = "h.pull > 0 AND h.state <> 'closed' AND (h.state = 'failed' OR h.conclusion NOT IN ('success', 'neutral', ''))"

// keptRisks is the form of the column.
type keptRisks struct {
	List []record.Risk `json:"list"`
	More int           `json:"more"`
}

// SetVerdict keeps the figures of a judgment, in place of those of the same
// head's judgment before.
func (s *Store) SetVerdict(ctx context.Context, job webhook.Job, v record.Verdict) error {
	risks, err := json.Marshal(keptRisks{v.Risks, v.MoreRisks})
	if err != nil {
		return fmt.Errorf("store: %w", err)
	}
	_, err = s.exec(ctx, `INSERT INTO verdicts (repository, thread, generation, at, conclusion, packages, critical, high, medium, low, unscanned, risks, accepted) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
		ON CONFLICT (repository, thread, generation) DO UPDATE SET at = excluded.at, conclusion = excluded.conclusion, packages = excluded.packages, critical = excluded.critical, high = excluded.high,
		medium = excluded.medium, low = excluded.low, unscanned = excluded.unscanned, risks = excluded.risks, accepted = excluded.accepted`,
		job.Repository, job.Thread(), job.Generation, millis(s.o.Now()), v.Conclusion, v.Packages, v.Critical, v.High, v.Medium, v.Low,
		v.Unscanned, string(risks), string(v.Accepted))
	return err
}

// among is the condition on a column.
func among(some record.Some, column string) (string, []any) {
	if some == nil {
		return "1 = 1", nil
	}
	if len(some) == 0 {
		return "1 = 0", nil
	}
	args := make([]any, len(some))
	for i, id := range some {
		args[i] = id
	}
	return column + " IN (?" + strings.Repeat(", ?", len(some)-1) + ")", args
}

// Known lists repositories, those judged last first, and how many there are
// among those asked for.
func (s *Store) Known(ctx context.Context, some record.Some, limit int) (list []record.Known, all int, err error) {
	where, args := among(some, "h.repository")
	if err := s.row(ctx, "SELECT count(DISTINCT h.repository) FROM heads h WHERE "+where, args...).Scan(&all); err != nil {
		return nil, 0, fmt.Errorf("store: %w", err)
	}
	err = s.rows(ctx, func(r *sql.Rows) error {
		var k record.Known
		var at int64
		if err := r.Scan(&k.Repository, &k.Installation, &k.Owner, &k.Name, &k.Open, &k.Waiting, &at); err != nil {
			return err
		}
		k.At = timeOf(at)
		list = append(list, k)
		return nil
		// The newest head knows the newest name.
	}, `SELECT k.repository, k.installation,
		(SELECT n.owner FROM heads n WHERE n.repository = k.repository ORDER BY n.pull DESC LIMIT 1), (SELECT n.name FROM heads n WHERE n.repository = k.repository ORDER BY n.pull DESC LIMIT 1),
		k.opened, k.waiting, k.newest
		FROM (SELECT h.repository, max(h.installation) AS installation, sum(CASE WHEN h.pull > 0 AND h.state <> 'closed' THEN 1 ELSE 0 END) AS opened, sum(CASE WHEN `+waiting+` THEN 1 ELSE 0 END) AS waiting,
			COALESCE(max(v.at), 0) AS newest
			FROM heads h LEFT JOIN verdicts v ON v.repository = h.repository AND v.thread = h.thread AND v.generation = h.generation
			WHERE `+where+" GROUP BY h.repository ORDER BY newest DESC, h.repository LIMIT ?) k ORDER BY k.newest DESC, k.repository", append(args, limit)...)
	return list, all, err
}

// Verdicts lists newest judgments, the latest first.
func (s *Store) Verdicts(ctx context.Context, some record.Some, of record.Which, limit int) ([]record.Verdict, error) {
	where, args := among(some, "h.repository")
	where += which[of]
	order := "newest"
	if of == record.Newest {
		order = "v.at" // which has an index
	}
	var out []record.Verdict
	err := s.rows(ctx, func(r *sql.Rows) error {
		var v record.Verdict
		var at int64
		var kept, accepted string
		if err := r.Scan(&v.Repository, &v.Owner, &v.Name, &v.Thread, &at, &v.Conclusion, &v.Packages, &v.Critical, &v.High, &v.Medium, &v.Low,
			&v.Unscanned, &kept, &accepted); err != nil {
			return err
		}
		v.At = timeOf(at)
		var risks keptRisks
		if err := json.Unmarshal([]byte(kept), &risks); err != nil {
			return err
		}
		v.Risks, v.MoreRisks = risks.List, risks.More
		v.Accepted = json.RawMessage(accepted)
		out = append(out, v)
		return nil
	}, `SELECT h.repository, h.owner, h.name, h.thread, COALESCE(v.at, (SELECT r.received_at FROM reviews r WHERE r.repository = h.repository AND r.thread = h.thread AND r.generation = h.generation), 0) AS newest,
		CASE WHEN h.state = 'failed' THEN '`+record.NotReviewed+`' ELSE COALESCE(v.conclusion, '') END, COALESCE(v.packages, 0), COALESCE(v.critical, 0), COALESCE(v.high, 0), COALESCE(v.medium, 0), COALESCE(v.low, 0),
		COALESCE(v.unscanned, 0), COALESCE(v.risks, '{}'), COALESCE(v.accepted, '')
		FROM heads h LEFT JOIN verdicts v ON h.repository = v.repository AND h.thread = v.thread AND h.generation = v.generation WHERE `+where+" ORDER BY "+order+" DESC LIMIT ?", append(args, limit)...)
	return out, err
}

// week is seven days in milliseconds; monday is the first one after the epoch,
// which was a Thursday.
const (
	week   = 7 * 24 * 60 * 60 * 1000
	monday = 4 * 24 * 60 * 60 * 1000
)

// Weeks are the last n weeks, the oldest first, the present one included.
func (s *Store) Weeks(ctx context.Context, some record.Some, n int) ([]record.Week, error) {
	last := (millis(s.o.Now()) - monday) / week
	out := make([]record.Week, n)
	for i := range out {
		out[i].Begins = time.UnixMilli((last-int64(n-1-i))*week + monday).UTC()
	}
	where, args := among(some, "repository")
	err := s.rows(ctx, func(r *sql.Rows) error {
		var number int64
		var conclusion string
		var heads, critical, high, medium, low int
		if err := r.Scan(&number, &conclusion, &heads, &critical, &high, &medium, &low); err != nil {
			return err
		}
		i := int64(n-1) - (last - number)
		if i < 0 || i >= int64(n) {
			return nil
		}
		w := &out[i]
		switch conclusion {
		case "success", "neutral":
			w.Passed += heads
		case "failure":
			w.Blocked += heads
		default:
			w.Waiting += heads
		}
		w.Critical, w.High, w.Medium, w.Low = w.Critical+critical, w.High+high, w.Medium+medium, w.Low+low
		return nil
	}, fmt.Sprintf(`SELECT (at - %d) / %d AS number, conclusion, count(*), sum(critical), sum(high), sum(medium), sum(low)
		FROM verdicts WHERE at >= ? AND `, monday, week)+where+" GROUP BY 1, 2",
		append([]any{out[0].Begins.UnixMilli()}, args...)...)
	return out, err
}

// LastingDecisions lists what holds for whole repositories, whatever has ended
// included, the newest first.
func (s *Store) LastingDecisions(ctx context.Context, some record.Some, limit int) ([]record.Decision, error) {
	where, args := among(some, "repository")
	return s.decisions(ctx, "scope = ? AND revoked_at = 0 AND "+where, append([]any{record.ForRepository}, args...), limit)
}

// AuditedIn lists entries of repositories before an id, 0 for the newest, the
// newest first.
func (s *Store) AuditedIn(ctx context.Context, some record.Some, before int64, limit int) ([]record.Entry, error) {
	where, args := among(some, "repository")
	if before > 0 {
		where += " AND id < ?"
		args = append(args, before)
	}
	return s.audited(ctx, where, args, limit)
}
