package candor

import (
	"fmt"
	"net/http"
	"strings"
	"sync"

	"github.com/candor-go/candor/internal/routing"
)

// table is the routing table of a sealed app.
type table struct {
	// routes finds the endpoints, by their index.
	routes    routing.Table
	endpoints []*endpoint
	errors    *errorWriter
	// unrouted serves requests without an endpoint, inside the app's middleware; nowhere is the endpoint of such
	// requests.
	unrouted http.Handler
	nowhere  *endpoint
	document *document
	// unstripped makes the log entry of warnOfPrefix appear only once.
	unstripped sync.Once
	// shared, lifespans and mounted live as long as the app, in the order in which they start.
	shared    []*sharedNode
	lifespans []*lifespan
	mounted   []*App
	// waiting names those of the app itself.
	waiting []string
	// open means that nothing but the table decides about a request: the app is not under development, and nothing has
	// to be started.
	open bool
}

// serve serves a request with the endpoint for its path and method; direct is that of App.serve.
func (t *table) serve(w http.ResponseWriter, r *http.Request, direct bool) {
	// Hardly any path has more wildcards, so the values stay on the stack.
	var inline [8]string
	e, captured := t.match(r, inline[:0])
	if e == nil {
		e, captured = t.frontend(r, inline[:0])
	}
	if e == nil {
		t.serveUnrouted(w, r)
		return
	}
	r.Pattern = e.pattern.String()
	e.serve(w, r, captured, direct)
}

// isUnguarded reports whether the request is for a path that is served even before the app has started, such as a
// health check.
func (t *table) isUnguarded(r *http.Request) bool {
	e, _ := t.match(r, nil)
	return e != nil && e.route.unguarded
}

// match finds the endpoint of the best pattern that has the request's method.
func (t *table) match(r *http.Request, values []string) (*endpoint, []string) {
	return t.endpoint(t.routes.Match(r, values))
}

// frontend finds the front end for requests that neither a route nor a redirect serves.
func (t *table) frontend(r *http.Request, values []string) (*endpoint, []string) {
	return t.endpoint(t.routes.Frontend(r, values))
}

func (t *table) endpoint(i int, captured []string) (*endpoint, []string) {
	if i < 0 {
		return nil, nil
	}
	return t.endpoints[i], captured
}

func (t *table) serveUnrouted(w http.ResponseWriter, r *http.Request) {
	protect(w, t.nowhere.lead(r, nil), t.errors, t.unrouted.ServeHTTP)
}

// serveNothing handles OPTIONS, 405, redirects and 404. It is the only function that does.
func (t *table) serveNothing(w http.ResponseWriter, r *http.Request) {
	allow := t.routes.Allowed(r)
	switch {
	case len(allow) > 0 && isPreflight(r) && t.servesPreflight(w, r):
	case len(allow) > 0 && r.Method == http.MethodOptions:
		t.routes.ServeOptions(w, r)
	case len(allow) > 0:
		t.errors.write(w, r, Error(http.StatusMethodNotAllowed, nil).WithHeader("Allow", strings.Join(allow, ", ")))
	case t.routes.Moved(r):
		t.routes.Redirect(w, r)
	default:
		t.warnOfPrefix(r)
		t.errors.write(w, r, errNotFound)
	}
}

// warnOfPrefix logs that requests still have the root path, which whoever forwards them should have stripped. Without
// it, every request is a 404 for no visible reason.
func (t *table) warnOfPrefix(r *http.Request) {
	stripped, ok := t.routes.AfterRoot(r)
	if !ok {
		return
	}
	t.unstripped.Do(func() {
		t.errors.log.WarnContext(r.Context(), "a request was not found because its path still has Config.RootPath", "root_path", t.routes.RootPath, "route", stripped,
			"fix", "strip the prefix before the app, with http.StripPrefix or in the proxy, or register the routes on a router with this prefix and drop Config.RootPath")
	})
}

// isPreflight reports whether the request is a CORS preflight.
func isPreflight(r *http.Request) bool {
	return r.Method == http.MethodOptions && r.Header.Get("Origin") != "" && r.Header.Get("Access-Control-Request-Method") != ""
}

// servesPreflight passes a preflight through the middleware of the endpoint it asks about, if that has CORS middleware.
func (t *table) servesPreflight(w http.ResponseWriter, r *http.Request) bool {
	// A shallow copy is enough: match reads only the method and the URL.
	wanted := *r
	wanted.Method = r.Header.Get("Access-Control-Request-Method")
	e, captured := t.match(&wanted, nil)
	if e == nil || e.preflight == nil {
		return false
	}
	asked := e.lead(r, captured)
	asked.Pattern = e.pattern.String()
	for i, name := range e.names() {
		asked.SetPathValue(name, captured[i])
	}
	e.preflight.ServeHTTP(w, asked)
	return true
}

// waitsFor names what Start would set up, and where it was registered.
func (t *table) waitsFor() (names []string) {
	for _, s := range t.shared {
		names = append(names, fmt.Sprintf("the shared provider of %s at %s", s.provider, s.provider.Site))
	}
	for _, l := range t.lifespans {
		names = append(names, fmt.Sprintf("the lifespan at %s", l.site))
	}
	return names
}
