package candor

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/candor-go/candor/internal/codec"
	"github.com/candor-go/candor/internal/pathtree"
)

// table is the sealed form of an app: every endpoint in its place.
type table struct {
	tree      pathtree.Tree[*node]
	endpoints []*endpoint
	errors    *errorWriter
	// unrouted answers what no endpoint does, behind the app's middleware.
	unrouted  http.Handler
	document  *document
	redirects bool
	rootPath  string
	// shared, lifespans and mounted are what lives as long as the app, in the
	// order of their start.
	shared    []*sharedPart
	lifespans []*lifespan
	mounted   []*App
}

// node holds the endpoints of one shape of path.
type node struct{ endpoints []*endpoint }

// endpoint finds the one for a method: its own, the one of a mount, or, for
// HEAD, that of GET.
func (n *node) endpoint(method string) *endpoint {
	var get *endpoint
	for _, e := range n.endpoints {
		if e.method == method || e.method == anyMethod {
			return e
		}
		if e.method == http.MethodGet {
			get = e
		}
	}
	if method == http.MethodHead {
		return get
	}
	return nil
}

// anyMethod is the method of a mount.
const anyMethod = "*"

// serve answers a request from the endpoint for its path and method.
func (t *table) serve(w http.ResponseWriter, r *http.Request) {
	var room [8]string
	e, captured := t.match(r, room[:0])
	if e == nil {
		t.serveUnrouted(w, r)
		return
	}
	r.Pattern = e.pattern.String()
	e.serve(w, r, captured)
}

// match finds the best pattern that has the request's method.
func (t *table) match(r *http.Request, values []string) (*endpoint, []string) {
	path, escaped := pathOf(r)
	n, captured, ok := t.tree.Match(path, escaped, values)
	if !ok {
		return nil, nil
	}
	if e := n.endpoint(r.Method); e != nil {
		return e, captured
	}
	n, captured, ok = t.tree.MatchFunc(path, escaped, values, func(n *node) bool { return n.endpoint(r.Method) != nil })
	if !ok {
		return nil, nil
	}
	return n.endpoint(r.Method), captured
}

// pathOf is the path as sent, and whether it is percent-encoded.
func pathOf(r *http.Request) (path string, escaped bool) {
	if r.URL.RawPath != "" {
		return r.URL.RawPath, true
	}
	return r.URL.Path, false
}

func (t *table) serveUnrouted(w http.ResponseWriter, r *http.Request) {
	r = r.WithContext(context.WithValue(r.Context(), errorsKey{}, t.errors))
	protect(w, r, t.errors, t.unrouted.ServeHTTP)
}

// answerUnrouted is the one place for OPTIONS, 405, redirects and 404.
func (t *table) answerUnrouted(w http.ResponseWriter, r *http.Request) {
	path, escaped := pathOf(r)
	allow := t.allowed(path, escaped)
	switch {
	case len(allow) > 0 && r.Method == http.MethodOptions:
		w.Header().Set("Allow", strings.Join(allow, ", "))
		w.WriteHeader(http.StatusNoContent)
	case len(allow) > 0:
		t.errors.write(w, r, Error(http.StatusMethodNotAllowed, nil).WithHeader("Allow", strings.Join(allow, ", ")))
	case t.redirects && len(t.allowed(otherSlash(path), escaped)) > 0 && !strings.HasPrefix(path, "//"):
		t.redirect(w, r)
	default:
		t.errors.write(w, r, errNotFound)
	}
}

// allowed lists the methods a path has, in alphabetical order.
func (t *table) allowed(path string, escaped bool) []string {
	var methods []string
	t.tree.MatchFunc(path, escaped, nil, func(n *node) bool {
		for _, e := range n.endpoints {
			methods = append(methods, e.method)
			if e.method == http.MethodGet {
				methods = append(methods, http.MethodHead)
			}
		}
		return false
	})
	if len(methods) > 0 {
		methods = append(methods, http.MethodOptions)
	}
	slices.Sort(methods)
	return slices.Compact(methods)
}

// otherSlash is the path with its trailing slash dropped, or with one added.
func otherSlash(path string) string {
	if trimmed, ok := strings.CutSuffix(path, "/"); ok {
		return trimmed
	}
	return path + "/"
}

// redirect leads to the registered form of the path. The location has neither
// scheme nor host, so that it cannot lead elsewhere.
func (t *table) redirect(w http.ResponseWriter, r *http.Request) {
	location := t.rootPath + takenOff(r) + otherSlash(r.URL.EscapedPath())
	if r.URL.RawQuery != "" {
		location += "?" + r.URL.RawQuery
	}
	w.Header().Set("Location", location)
	w.WriteHeader(http.StatusTemporaryRedirect)
}

// takenOff is the prefix of the path that a mount or http.StripPrefix took off
// before the app saw the request.
func takenOff(r *http.Request) string {
	asked, _, _ := strings.Cut(r.RequestURI, "?")
	prefix, ok := strings.CutSuffix(asked, r.URL.EscapedPath())
	if !ok || !strings.HasPrefix(prefix, "/") || strings.HasPrefix(prefix, "//") || strings.Contains(prefix, `\`) {
		return ""
	}
	return prefix
}

// builder makes the table of an app, and gathers what is wrong on the way.
type builder struct {
	app    *App
	table  *table
	seen   map[*route]bool
	faults []error
	// sharedParts holds nil for a provider that is being resolved.
	sharedParts map[*provider]*sharedPart
}

// scope is what surrounds the things a router holds.
type scope struct {
	prefix string
	set    settings
	// chain are the routers around, innermost first.
	chain []*Router
}

func buildTable(a *App) (*table, error) {
	b := builder{app: a, seen: map[*route]bool{}, sharedParts: map[*provider]*sharedPart{}, table: &table{
		errors: a.errors, redirects: !a.config.NoRedirectSlashes, rootPath: a.config.RootPath,
	}}
	b.table.unrouted = wrap(http.HandlerFunc(b.table.answerUnrouted), a.own.middleware)
	b.table.document = a.newDocument(b.table)
	b.router(&a.Router, scope{})
	b.docs()
	if err := errors.Join(b.faults...); err != nil {
		return nil, err
	}
	for _, r := range b.routers(&a.Router, nil) {
		r.sealed.Store(true)
	}
	return b.table, nil
}

// docs puts the document and its pages in their places.
func (b *builder) docs() {
	routes, err := b.app.docsRoutes(b.table.document)
	if err != nil {
		b.faults = append(b.faults, err)
	}
	for _, rt := range routes {
		set := b.app.own
		set.requirements = nil
		b.route(rt, scope{set: set, chain: []*Router{&b.app.Router}})
	}
}

// routers lists a router and all below it.
func (b *builder) routers(r *Router, found []*Router) []*Router {
	found = append(found, r)
	for _, it := range r.items {
		if it.inclusion != nil {
			found = b.routers(it.inclusion.router, found)
		}
	}
	return found
}

// router puts everything a router holds in its place.
func (b *builder) router(r *Router, s scope) {
	s = scope{prefix: s.prefix + r.prefix, set: r.own.within(s.set), chain: append([]*Router{r}, s.chain...)}
	b.lifelong(r, s.chain)
	for _, it := range r.items {
		if it.route != nil {
			b.route(it.route, s)
			continue
		}
		b.router(it.inclusion.router, scope{prefix: s.prefix + it.inclusion.prefix, set: it.inclusion.own.within(s.set), chain: s.chain})
	}
}

// lifelong notes what a router holds that lives as long as the app.
func (b *builder) lifelong(r *Router, chain []*Router) {
	for _, p := range r.providers {
		if replaced := b.app.overrides[p.key] != nil; p.kind != sharedProvider || replaced {
			continue
		}
		if _, err := b.shared(p, chain); err != nil {
			b.faults = append(b.faults, p.mistake(err))
		}
	}
	for _, l := range r.lifespans {
		if !slices.Contains(b.table.lifespans, l) {
			b.table.lifespans = append(b.table.lifespans, l)
		}
	}
}

// route puts a route and its aliases in their places.
func (b *builder) route(rt *route, s scope) {
	set := rt.set.within(s.set)
	if rt.mounted != nil {
		set.requirements = rt.set.requirements
	}
	b.path(rt, s.prefix+rt.path, set, s.chain)
	for _, a := range rt.set.aliases {
		b.path(rt, s.prefix+a.path, a.own.within(set), s.chain)
	}
}

// path makes the endpoints of a route for one path.
func (b *builder) path(rt *route, path string, set settings, chain []*Router) {
	pattern, err := pathtree.Parse(path)
	if err != nil {
		b.fault(rt, err)
		return
	}
	for _, method := range rt.methods {
		e := &endpoint{
			route: rt, method: method, pattern: pattern, names: pattern.Names(), set: set, own: !b.seen[rt],
			chain: chain, tasks: b.app.tasks, errors: b.app.errors, checks: b.app.config.ResponseChecks,
			decode:  codec.Options{Echo: b.app.config.EchoInput},
			maxBody: first(set.maxBody, first(b.app.config.MaxBody, defaultMaxBody)),
			loose:   set.looseType != nil && *set.looseType,
		}
		b.seen[rt] = true
		e.place = b.place(e)
		b.endpoint(e)
	}
}

// place is what the functions of an endpoint learn about it.
func (b *builder) place(e *endpoint) place {
	return place{
		info:   RouteInfo{Method: e.method, Pattern: e.pattern.String(), Name: e.name(), Tags: e.set.tags},
		scopes: e.set.scopes, root: RootPath(b.app.config.RootPath), log: b.app.errors.log,
	}
}

func (b *builder) endpoint(e *endpoint) {
	if err := e.compile(b.app.compiler, b.dependencies); err != nil {
		b.fault(e.route, err)
		return
	}
	if sub, ok := e.route.mounted.(*App); ok {
		if !slices.Contains(b.table.mounted, sub) {
			b.table.mounted = append(b.table.mounted, sub)
		}
		sub.mountedAt(b.app.config.RootPath + strings.TrimSuffix(e.pattern.String(), "/{rest...}"))
	}
	if len(e.set.middleware) > 0 {
		e.around = wrap(e, e.set.middleware)
	}
	n := &node{}
	if existing, ok := b.table.tree.Add(e.pattern, n); !ok {
		n = existing
	}
	for _, other := range n.endpoints {
		if other.method == e.method {
			b.fault(e.route, fmt.Errorf("%s %s is taken by %s, registered at %s; change the path or the method of one of them", e.method, e.pattern, other.pattern, other.route.site))
			return
		}
	}
	n.endpoints = append(n.endpoints, e)
	b.table.endpoints = append(b.table.endpoints, e)
}

func (b *builder) fault(rt *route, err error) { b.faults = append(b.faults, rt.mistake(err)) }
