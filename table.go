package candor

import (
	"cmp"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"

	"github.com/candor-go/candor/internal/autopatch"
	"github.com/candor-go/candor/internal/mediatype"
	"github.com/candor-go/candor/internal/mountpath"
	"github.com/candor-go/candor/internal/pathtree"
	"github.com/candor-go/candor/internal/requestinfo"
	"github.com/candor-go/candor/internal/sorted"
)

// table is the routing table of a sealed app.
type table struct {
	tree pathtree.Tree[*pathNode]
	// frontends serve, with any method, requests that nothing else serves.
	frontends pathtree.Tree[*pathNode]
	endpoints []*endpoint
	errors    *errorWriter
	// unrouted serves requests without an endpoint, inside the app's middleware; nowhere is the endpoint of such
	// requests.
	unrouted  http.Handler
	nowhere   *endpoint
	document  *document
	redirects bool
	rootPath  string
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

// pathNode holds the endpoints of one shape of path.
type pathNode struct {
	endpoints []*endpoint
	// inline holds the first endpoints, to save an allocation: most paths have no more.
	inline [2]*endpoint
}

// endpoint finds the endpoint for a method: the method's own, for HEAD that of GET, or that of a mount.
func (n *pathNode) endpoint(method string) *endpoint {
	var get, mount *endpoint
	for _, e := range n.endpoints {
		switch e.method {
		case method:
			return e
		case http.MethodGet:
			get = e
		// A mount serves every method, but a route at the same path comes first.
		case mountpath.AnyMethod:
			mount = e
		}
	}
	if method == http.MethodHead && get != nil {
		return get
	}
	return mount
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

// match finds the best pattern that has the request's method.
func (t *table) match(r *http.Request, values []string) (*endpoint, []string) {
	path, escaped := mountpath.Of(r)
	n, captured, ok := t.tree.Match(path, escaped, values)
	if !ok {
		return nil, nil
	}
	if e := n.endpoint(r.Method); e != nil {
		return e, captured
	}
	// A less specific pattern may have the method. This second search is rare.
	n, captured, ok = t.tree.MatchFunc(path, escaped, values, func(n *pathNode) bool { return n.endpoint(r.Method) != nil })
	if !ok {
		return nil, nil
	}
	return n.endpoint(r.Method), captured
}

// frontend finds the front end for requests that neither a route nor a redirect serves.
func (t *table) frontend(r *http.Request, values []string) (*endpoint, []string) {
	path, escaped := mountpath.Of(r)
	n, captured, ok := t.frontends.Match(path, escaped, values)
	// A path with routes for other methods is a 405, not a page of the front end.
	if !ok || len(t.allowed(path, escaped)) > 0 || t.moved(path, escaped) {
		return nil, nil
	}
	return n.endpoints[0], captured
}

// moved reports whether a path that no route has differs from one only in its trailing slash.
func (t *table) moved(path string, escaped bool) bool {
	// A Location that begins with two slashes would be read as a host.
	if !t.redirects || strings.HasPrefix(path, "//") {
		return false
	}
	if len(t.allowed(otherSlash(path), escaped)) > 0 {
		return true
	}
	// The prefix of a front end is not below it, but in the one that contains it.
	inside, _, found := t.frontends.Match(path+"/", escaped, nil)
	here, _, _ := t.frontends.Match(path, escaped, nil)
	return found && inside != here
}

func (t *table) serveUnrouted(w http.ResponseWriter, r *http.Request) {
	protect(w, t.nowhere.lead(r, nil), t.errors, t.unrouted.ServeHTTP)
}

// serveNothing handles OPTIONS, 405, redirects and 404. It is the only function that does.
func (t *table) serveNothing(w http.ResponseWriter, r *http.Request) {
	path, escaped := mountpath.Of(r)
	allow := t.allowed(path, escaped)
	switch {
	case len(allow) > 0 && isPreflight(r) && t.servesPreflight(w, r):
	case len(allow) > 0 && r.Method == http.MethodOptions:
		t.serveOptions(w, r)
	case len(allow) > 0:
		t.errors.write(w, r, Error(http.StatusMethodNotAllowed, nil).WithHeader("Allow", strings.Join(allow, ", ")))
	case t.moved(path, escaped):
		t.redirect(w, r)
	default:
		t.warnOfPrefix(r, path, escaped)
		t.errors.write(w, r, errNotFound)
	}
}

// warnOfPrefix logs that requests still have the root path, which whoever forwards them should have stripped. Without
// it, every request is a 404 for no visible reason.
func (t *table) warnOfPrefix(r *http.Request, path string, escaped bool) {
	stripped, ok := strings.CutPrefix(path, t.rootPath)
	if !ok || t.rootPath == "" || len(t.allowed(stripped, escaped)) == 0 {
		return
	}
	t.unstripped.Do(func() {
		t.errors.log.WarnContext(r.Context(), "a request was not found because its path still has Config.RootPath", "root_path", t.rootPath, "route", stripped,
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

// serveOptions lists the methods of a path.
func (t *table) serveOptions(w http.ResponseWriter, r *http.Request) {
	path, escaped := mountpath.Of(r)
	w.Header().Set("Allow", strings.Join(t.allowed(path, escaped), ", "))
	if t.acceptsPatches(path, escaped) {
		w.Header().Set("Accept-Patch", autopatch.Accepted)
	}
	w.WriteHeader(http.StatusNoContent)
}

// acceptsPatches reports whether a path has a PATCH made by AutoPatch, whose media types a response to OPTIONS lists
// (RFC 5789, section 3.1).
func (t *table) acceptsPatches(path string, escaped bool) (accepts bool) {
	t.tree.MatchFunc(path, escaped, nil, func(n *pathNode) bool {
		accepts = accepts || slices.ContainsFunc(n.endpoints, func(e *endpoint) bool { return e.route.isPatch() })
		return false
	})
	return accepts
}

// allowed lists the methods of a path, in alphabetical order.
func (t *table) allowed(path string, escaped bool) []string {
	var methods []string
	t.tree.MatchFunc(path, escaped, nil, func(n *pathNode) bool {
		for _, e := range n.endpoints {
			methods = append(methods, e.method)
			if e.method == http.MethodGet {
				methods = append(methods, http.MethodHead)
			}
		}
		// No node is accepted, so that the search visits every matching pattern.
		return false
	})
	if len(methods) > 0 {
		methods = append(methods, http.MethodOptions)
	}
	return sorted.Distinct(methods)
}

// otherSlash returns the path without its trailing slash, or with one added.
func otherSlash(path string) string {
	if trimmed, ok := strings.CutSuffix(path, "/"); ok {
		return trimmed
	}
	return path + "/"
}

// redirect redirects to the registered form of the path. The location has no scheme or host, so it cannot lead
// elsewhere.
func (t *table) redirect(w http.ResponseWriter, r *http.Request) {
	location := t.rootOf(r) + otherSlash(r.URL.EscapedPath())
	if r.URL.RawQuery != "" {
		location += "?" + r.URL.RawQuery
	}
	w.Header().Set("Location", mediatype.Location(location))
	// A 307 keeps the method and the body.
	w.WriteHeader(http.StatusTemporaryRedirect)
}

// rootOf returns the prefix of the path as the client sees it: what a proxy stripped, followed by what a router in this
// process stripped. If the latter has stripped the root path itself, it counts once.
func (t *table) rootOf(r *http.Request) string {
	root, taken := cmp.Or(t.rootPath, requestinfo.RootPath(r.Context())), takenOff(r)
	if taken == root || strings.HasPrefix(taken, root+"/") {
		return taken
	}
	return root + taken
}

// takenOff returns the prefix that a mount or http.StripPrefix removed before the app saw the request.
func takenOff(r *http.Request) string {
	asked, _, _ := strings.Cut(r.RequestURI, "?")
	prefix, ok := strings.CutSuffix(asked, r.URL.EscapedPath())
	// Browsers read two slashes, or a backslash, as the start of a host name.
	if !ok || !strings.HasPrefix(prefix, "/") || strings.HasPrefix(prefix, "//") || strings.Contains(prefix, `\`) {
		return ""
	}
	return prefix
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
