// Package telemetry is what operators watch: metrics for Prometheus
// (metrics.go) and traces for OpenTelemetry (trace.go). A nil *Metrics counts
// nothing, so that nobody needs to ask whether there is one.
package telemetry

import (
	"context"
	"net/http"
	"strconv"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"
)

// Metrics count what the App does. Names follow Prometheus' conventions:
// https://prometheus.io/docs/practices/naming/
type Metrics struct {
	registry   *prometheus.Registry
	deliveries *prometheus.CounterVec
	jobs       *prometheus.HistogramVec
	steps      *prometheus.HistogramVec
	latency    prometheus.Histogram
	scans      *prometheus.CounterVec
	findings   *prometheus.CounterVec
	requests   *prometheus.CounterVec
	posted     *prometheus.CounterVec

	mu      sync.Mutex
	budgets map[int64]budget
}

// budget is what GitHub said last of an installation's rate limit.
type budget struct {
	left, limit int
	until       time.Time
}

// Queue is the state of one queue.
type Queue struct {
	Name, State string
	Jobs        int
	// Oldest is how long the oldest job that may run has been waiting.
	Oldest time.Duration
}

// Sources are asked when metrics are read; each may be nil.
type Sources struct {
	Queues func(context.Context) ([]Queue, error)
	// Restarts is how many child processes died so far.
	Restarts func() int
	// Replicas is how many processes work on the database.
	Replicas func(context.Context) (int, error)
}

// buckets go from a request to a very large review, in seconds.
var buckets = []float64{0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 20, 40, 80, 160, 320, 640, 1280}

// New makes Metrics.
func New(sources Sources) *Metrics {
	counter := func(name, help string, labels ...string) *prometheus.CounterVec {
		return prometheus.NewCounterVec(prometheus.CounterOpts{Name: "lockwarden_" + name, Help: help}, labels)
	}
	m := &Metrics{
		registry:   prometheus.NewRegistry(),
		deliveries: counter("deliveries_total", "Webhook deliveries, by event and answer: queued, known, idle or refused.", "event", "answer"),
		jobs: prometheus.NewHistogramVec(prometheus.HistogramOpts{Name: "lockwarden_job_seconds",
			Help: "Time a job took, by kind and outcome: done, later, failed, gone, superseded or given_up.", Buckets: buckets},
			[]string{"kind", "outcome"}),
		steps: prometheus.NewHistogramVec(prometheus.HistogramOpts{Name: "lockwarden_review_step_seconds",
			Help: "Time a step of a review took.", Buckets: buckets}, []string{"step"}),
		latency: prometheus.NewHistogram(prometheus.HistogramOpts{Name: "lockwarden_review_seconds",
			Help: "Time from the delivery to the completed check run.", Buckets: buckets}),
		scans:    counter("scans_total", "Package versions of reviews, by outcome: scanned, cached, incomplete or not_scanned.", "outcome"),
		findings: counter("findings_total", "Issues in completed reviews, by id and severity.", "issue", "severity"),
		requests: counter("github_requests_total", "Requests to GitHub, by method and status; 0 where no answer came.", "method", "status"),
		posted:   counter("check_runs_total", "Completed check runs, by conclusion.", "conclusion"),
		budgets:  map[int64]budget{},
	}
	m.registry.MustRegister(m.deliveries, m.jobs, m.steps, m.latency, m.scans, m.findings, m.requests, m.posted, collectors.NewGoCollector(),
		collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}), &asked{m: m, s: sources})
	return m
}

// Handler answers GET /metrics.
func (m *Metrics) Handler() http.Handler {
	return promhttp.HandlerFor(m.registry, promhttp.HandlerOpts{})
}

// events bounds the label of an event: a sender can invent names.
var events = map[string]bool{"pull_request": true, "check_run": true, "check_suite": true, "issue_comment": true,
	"pull_request_review": true, "pull_request_review_comment": true, "merge_group": true, "push": true,
	"installation": true, "installation_repositories": true, "ping": true}

// Delivery counts a webhook delivery.
func (m *Metrics) Delivery(event, answer string) {
	if m == nil {
		return
	}
	if !events[event] {
		event = "other"
	}
	m.deliveries.WithLabelValues(event, answer).Inc()
}

// Job counts a job.
func (m *Metrics) Job(kind, outcome string, took time.Duration) {
	if m != nil {
		m.jobs.WithLabelValues(kind, outcome).Observe(took.Seconds())
	}
}

// Step counts a step of a review.
func (m *Metrics) Step(step string, took time.Duration) {
	if m != nil {
		m.steps.WithLabelValues(step).Observe(took.Seconds())
	}
}

// Review counts a completed review, by the time since its delivery.
func (m *Metrics) Review(took time.Duration) {
	if m != nil && took >= 0 {
		m.latency.Observe(took.Seconds())
	}
}

// Scan counts a package version of a review.
func (m *Metrics) Scan(outcome string) {
	if m != nil {
		m.scans.WithLabelValues(outcome).Inc()
	}
}

// Finding counts an issue.
func (m *Metrics) Finding(id, severity string) {
	if m != nil {
		m.findings.WithLabelValues(id, severity).Inc()
	}
}

// Posted counts a completed check run.
func (m *Metrics) Posted(conclusion string) {
	if m != nil {
		m.posted.WithLabelValues(conclusion).Inc()
	}
}

// Request counts a request to GitHub and notes what is left of the
// installation's rate limit; answer is nil where none came.
func (m *Metrics) Request(installation int64, r *http.Request, answer *http.Response) {
	if m == nil {
		return
	}
	status := "0"
	if answer != nil {
		status = strconv.Itoa(answer.StatusCode)
		left, err1 := strconv.Atoi(answer.Header.Get("X-RateLimit-Remaining"))
		limit, err2 := strconv.Atoi(answer.Header.Get("X-RateLimit-Limit"))
		reset, err3 := strconv.ParseInt(answer.Header.Get("X-RateLimit-Reset"), 10, 64)
		if err1 == nil && err2 == nil && err3 == nil && limit > 0 && installation != 0 {
			m.mu.Lock()
			m.budgets[installation] = budget{left, limit, time.Unix(reset, 0)}
			m.mu.Unlock()
		}
	}
	m.requests.WithLabelValues(r.Method, status).Inc()
}

// lowest is the smallest share that any installation has left, 1 where nothing
// is known.
func (m *Metrics) lowest(now time.Time) float64 {
	m.mu.Lock()
	defer m.mu.Unlock()
	share := 1.0
	for installation, b := range m.budgets {
		if now.After(b.until) {
			delete(m.budgets, installation)
			continue
		}
		share = min(share, float64(b.left)/float64(b.limit))
	}
	return share
}

// asked are the metrics that are read from elsewhere when somebody looks.
type asked struct {
	m *Metrics
	s Sources
}

var (
	queueJobs = prometheus.NewDesc("lockwarden_queue_jobs", "Jobs in the queue, by queue and state.", []string{"queue", "state"}, nil)
	queueAge  = prometheus.NewDesc("lockwarden_queue_oldest_seconds", "How long the oldest job that may run has been waiting, by queue.",
		[]string{"queue"}, nil)
	restarts   = prometheus.NewDesc("lockwarden_worker_restarts_total", "Child processes that died and were replaced.", nil, nil)
	budgetLeft = prometheus.NewDesc("lockwarden_github_budget_ratio",
		"The smallest share of GitHub's rate limit that any installation has left, 0 to 1.", nil, nil)
	replicas = prometheus.NewDesc("lockwarden_replicas", "Processes that work on the database.", nil, nil)
	up       = prometheus.NewDesc("lockwarden_database_up", "1 where the database answers.", nil, nil)
)

// Describe implements prometheus.Collector.
func (a *asked) Describe(c chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{queueJobs, queueAge, restarts, budgetLeft, replicas, up} {
		c <- d
	}
}

// Collect implements prometheus.Collector.
func (a *asked) Collect(c chan<- prometheus.Metric) {
	gauge := func(d *prometheus.Desc, value float64, labels ...string) {
		c <- prometheus.MustNewConstMetric(d, prometheus.GaugeValue, value, labels...)
	}
	gauge(budgetLeft, a.m.lowest(time.Now()))
	if a.s.Restarts != nil {
		c <- prometheus.MustNewConstMetric(restarts, prometheus.CounterValue, float64(a.s.Restarts()))
	}
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	if a.s.Replicas != nil {
		if n, err := a.s.Replicas(ctx); err == nil {
			gauge(replicas, float64(n))
		}
	}
	if a.s.Queues == nil {
		return
	}
	list, err := a.s.Queues(ctx)
	if err != nil {
		gauge(up, 0)
		return
	}
	gauge(up, 1)
	oldest := map[string]time.Duration{}
	for _, q := range list {
		gauge(queueJobs, float64(q.Jobs), q.Name, q.State)
		oldest[q.Name] = max(oldest[q.Name], q.Oldest)
	}
	for name, age := range oldest {
		gauge(queueAge, age.Seconds(), name)
	}
}
