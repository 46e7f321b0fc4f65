package candor

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"github.com/candor-go/candor/internal/callsite"
	"github.com/candor-go/candor/internal/mediatype"
	"github.com/candor-go/candor/internal/serve"
)

// HealthCheck is something without which an app is not ready: a database, a
// queue, a file system.
type HealthCheck struct {
	// Name is what the answer calls it. Everyone sees it.
	Name string
	// Check returns nil where all is well. The error goes to the log only. ctx
	// ends after 5 seconds, and what has not returned then is not well.
	Check func(ctx context.Context) error
}

// healthReport is the answer to a question for health.
type healthReport struct {
	Status string            `json:"status"`
	Checks map[string]string `json:"checks,omitempty"`
}

const (
	// checkTime is how long the checks may take, and checkPause how long what
	// they said stands.
	checkTime  = 5 * time.Second
	checkPause = time.Second
)

// Health serves two paths for those who watch the process; one that is empty is
// left out:
//
//		app.Health("/healthz", "/readyz", candor.HealthCheck{Name: "database", Check: db.PingContext})
//
//	  - live answers 200 as long as the process answers at all. Who restarts
//	    processes asks here; checks have no say.
//	  - ready answers 200 where requests may be sent: the shared providers and
//	    lifespans are up, the server does not drain, and every check is well. Else
//	    it is 503, with the names of the checks that are not. Who spreads requests
//	    asks here.
//
// Checks run side by side, at most once a second however many ask. Neither path
// stands in the document. Middleware of the app runs around both; guards and
// rate limits do not hold for them. A mistake panics, as in [Get].
func (a *App) Health(live, ready string, checks ...HealthCheck) {
	site := callsite.Here()
	h := &health{app: a}
	for _, c := range checks {
		if c.Name == "" || c.Check == nil {
			panic(fmt.Errorf("candor: Health at %s: %w", site, errors.New("a check lacks its name or its function; give it both")))
		}
		h.probes = append(h.probes, &probe{HealthCheck: c})
	}
	a.healthRoute(site, live, h.live)
	a.healthRoute(site, ready, h.ready)
}

func (a *App) healthRoute(site *callsite.Site, path string, answer http.HandlerFunc) {
	if path != "" {
		rt := &route{site: site, methods: []string{http.MethodGet}, path: path, plain: answer, apart: true}
		a.register(rt, []RouteOption{Hidden()})
	}
}

// health answers for an app.
type health struct {
	app    *App
	probes []*probe
	// mutex is held while the probes run; who waits for it finds their results.
	mutex  sync.Mutex
	at     time.Time
	checks map[string]string
	well   bool
}

func (h *health) live(w http.ResponseWriter, _ *http.Request) {
	answerHealth(w, healthReport{Status: "live"})
}

func (h *health) ready(w http.ResponseWriter, r *http.Request) {
	report := h.report(r.Context())
	if report.Status == ready {
		answerHealth(w, report)
		return
	}
	WriteError(w, r, Error(http.StatusServiceUnavailable, report).WithHeader("Cache-Control", "no-store"))
}

// ready is the status of an app to which requests may be sent.
const ready = "ready"

func (h *health) report(ctx context.Context) healthReport {
	switch {
	case !h.app.isUp():
		return healthReport{Status: "starting or stopped"}
	case isStopping(ctx):
		return healthReport{Status: "draining"}
	}
	checks, well := h.look(ctx)
	if !well {
		return healthReport{Status: "not ready", Checks: checks}
	}
	return healthReport{Status: ready, Checks: checks}
}

func answerHealth(w http.ResponseWriter, report healthReport) {
	body, _ := encodeJSON(report) // two kinds of text have no errors
	w.Header().Set("Cache-Control", "no-store")
	writeBody(w, http.StatusOK, mediatype.JSON, body)
}

// isStopping reports whether the server of a request drains.
func isStopping(ctx context.Context) bool {
	select {
	case <-serve.Stopping(ctx):
		return true
	default:
		return false
	}
}

// isUp reports whether everything is up that lives as long as the app.
func (a *App) isUp() bool {
	t := a.table.Load()
	return a.up.Load() || t != nil && len(a.brackets(t)) == 0
}

// look says how the checks are, running them if what is known is old.
func (h *health) look(ctx context.Context) (checks map[string]string, well bool) {
	h.mutex.Lock()
	defer h.mutex.Unlock()
	if !h.at.IsZero() && time.Since(h.at) < checkPause {
		return h.checks, h.well
	}
	// What comes out is for others too, who do not leave with this client.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), checkTime)
	defer cancel()
	errs := make([]error, len(h.probes))
	var all sync.WaitGroup
	for i, p := range h.probes {
		all.Go(func() { errs[i] = p.run(ctx) })
	}
	all.Wait()
	h.checks, h.well = map[string]string{}, true
	for i, p := range h.probes {
		h.checks[p.Name] = "ok"
		if errs[i] != nil {
			h.checks[p.Name], h.well = "failing", false
			h.app.errors.log.Log(ctx, slog.LevelWarn, "a health check fails", "check", p.Name, "error", errs[i])
		}
	}
	h.at = time.Now()
	return h.checks, h.well
}

// probe is a check that is never run twice at a time.
type probe struct {
	HealthCheck
	busy atomic.Bool
}

var errProbeHangs = errors.New("the check has not returned")

// run runs the check, but does not wait for it longer than ctx says.
func (p *probe) run(ctx context.Context) error {
	if !p.busy.CompareAndSwap(false, true) {
		return errProbeHangs
	}
	done := make(chan error, 1)
	go func() {
		err := isolated(ctx, p.Check)
		p.busy.Store(false)
		done <- err
	}()
	select {
	case err := <-done:
		return err
	case <-ctx.Done():
		return errProbeHangs
	}
}
