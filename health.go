package candor

import (
	"context"
	"errors"
	"fmt"
	"net/http"

	"github.com/candor-go/candor/internal/callsite"
	"github.com/candor-go/candor/internal/dependency"
	"github.com/candor-go/candor/internal/health"
	"github.com/candor-go/candor/internal/mediatype"
	"github.com/candor-go/candor/internal/response"
	"github.com/candor-go/candor/internal/serve"
)

// HealthCheck checks something that the app needs in order to be ready: a database, a queue, a file system.
type HealthCheck struct {
	// Name is the name of the check in the response, which anybody can see.
	Name string
	// Check returns nil if all is well. An error is only logged. ctx ends after 5 seconds; a check that has not
	// returned by then fails.
	Check func(ctx context.Context) error
	// function replaces Check if the check has an input.
	function *function
}

// HealthCheckOf returns a check that has an input, such as the app's database pool:
//
//	type PingDatabase struct {
//		DB *sql.DB `dep:""`
//	}
//
//	candor.HealthCheckOf("database", func(ctx context.Context, in PingDatabase) error {
//		return in.DB.PingContext(ctx)
//	})
//
// The input may only have dep fields of shared providers and values, because there is no request. A dependency that
// cannot be resolved is a configuration error when the app is sealed.
func HealthCheckOf[In any](name string, check func(ctx context.Context, in In) error) HealthCheck {
	return HealthCheck{Name: name, function: eraseGuard(check)}
}

// Health serves two paths for orchestrators and load balancers; an empty path is not served:
//
//	app.Health("/healthz", "/readyz", candor.HealthCheck{Name: "disk", Check: hasSpace}, candor.HealthCheckOf("database", ping))
//
// In detail:
//
//   - alive responds with 200 as long as the process responds at all, whatever the checks say. It tells an orchestrator
//     what to restart.
//   - ready responds with 200 while requests may be sent: the shared providers and lifespans are running, the server is
//     not draining, and every check passes. Otherwise it responds with 503 and the names of the failing checks. It
//     tells a load balancer where to send requests.
//
// Invalidated tags that a cache store has not accepted yet (see [CacheTags]) are counted in the response, but do not
// make the app unready.
//
// Checks run concurrently, and at most once a second however many requests come. Neither path is in the document.
// Middleware of the app wraps both; guards and rate limits do not apply. A configuration error panics, as in [Get].
func (a *App) Health(alive, ready string, checks ...HealthCheck) {
	site := callsite.Here()
	h := &healthPaths{app: a, checks: health.NewChecks(a.errors.log)}
	for _, c := range checks {
		if err := a.prepareCheck(&c, site); err != nil {
			panic(fmt.Errorf("candor: Health at %s: %w", site, err))
		}
		h.checks.Add(c.Name, c.Check)
	}
	a.healthRoute(site, alive, h.alive)
	a.healthRoute(site, ready, h.ready)
}

// prepareCheck prepares the function of a check that has an input.
func (a *App) prepareCheck(c *HealthCheck, site *callsite.Site) error {
	switch {
	case c.Name == "" || c.Check == nil && c.function.isNil():
		return errors.New("a check lacks its name or its function; give it both")
	case c.function == nil:
		return nil
	case a.Router.sealed.Load():
		return errSealed
	}
	p := &provider{Provider: dependency.Provider{Site: site, Kind: dependency.Shared, Name: c.function.name}, function: c.function}
	if err := p.prepare(nil); err != nil {
		return fmt.Errorf("the check %q: %w", c.Name, err)
	}
	s := newSharedNode(p)
	a.checks = append(a.checks, s)
	c.Check = func(ctx context.Context) error {
		s.fill()
		return s.run(ctx)
	}
	return nil
}

func (a *App) healthRoute(site *callsite.Site, path string, serve http.HandlerFunc) {
	if path != "" {
		rt := &route{site: site, methods: []string{http.MethodGet}, path: path, plain: serve, unguarded: true}
		a.register(rt, []RouteOption{Hidden()})
	}
}

// healthPaths serves the health paths of an app.
type healthPaths struct {
	app    *App
	checks *health.Checks
}

func (h *healthPaths) alive(w http.ResponseWriter, _ *http.Request) { writeHealth(w, health.Live()) }

func (h *healthPaths) ready(w http.ResponseWriter, r *http.Request) {
	report, ready := h.checks.Ready(r.Context(), health.App{
		Up: h.app.isUp(), Stopping: serve.IsStopping(r.Context()), DroppedTags: h.app.caches.Waiting(),
	})
	if ready {
		writeHealth(w, report)
		return
	}
	WriteError(w, r, Error(http.StatusServiceUnavailable, report).WithHeader("Cache-Control", "no-store"))
}

func writeHealth(w http.ResponseWriter, report health.Report) {
	body, _ := encodeJSON(report) // cannot fail: texts and a map of texts
	w.Header().Set("Cache-Control", "no-store")
	response.WriteBody(w, http.StatusOK, mediatype.JSON, body)
}

// isUp reports whether the shared providers and lifespans, if any, are running.
func (a *App) isUp() bool {
	t := a.table.Load()
	return a.life.IsUp() || t != nil && len(t.shared)+len(t.lifespans)+len(t.mounted) == 0
}
