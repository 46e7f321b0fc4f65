// Package routing finds the route of a request by its path and method, and says what else is at the path: other methods,
// a redirect to the form with or without a slash, the page of a front end. It stands on pathtree, which knows only paths,
// and knows routes by their numbers; the root has what they do.
package routing

import (
	"cmp"
	"net/http"
	"slices"
	"strings"

	"github.com/candor-go/candor/internal/autopatch"
	"github.com/candor-go/candor/internal/mediatype"
	"github.com/candor-go/candor/internal/mountpath"
	"github.com/candor-go/candor/internal/pathtree"
	"github.com/candor-go/candor/internal/requestinfo"
	"github.com/candor-go/candor/internal/sorted"
)

// Table holds the routes of an app. Add must not run concurrently with other methods; the others may.
type Table struct {
	// Redirects means that a path without a route leads to one that differs only in its slash at the end.
	Redirects bool
	// RootPath is the prefix that a proxy has stripped; if it is empty, the context of the request may have one.
	RootPath string
	paths    pathtree.Tree[*path]
	// frontends serve, with any method, requests that nothing else serves.
	frontends pathtree.Tree[*path]
}

// Route is one method of one path.
type Route struct {
	Method string
	// Number is the caller's.
	Number int
	// IsPatch means a PATCH that accepts the media types of patches, which a response to OPTIONS lists.
	IsPatch bool
}

// path holds the routes of one shape of path.
type path struct {
	routes []Route
	// inline holds the first routes, to save an allocation: most paths have no more.
	inline [2]Route
}

// Add adds a route. If the path already has the method, it returns the number of that route and false.
func (t *Table) Add(p *pathtree.Pattern, r Route) (existing int, ok bool) { return add(&t.paths, p, r) }

// AddFrontend adds a front end, as Add does.
func (t *Table) AddFrontend(p *pathtree.Pattern, r Route) (existing int, ok bool) {
	return add(&t.frontends, p, r)
}

func add(tree *pathtree.Tree[*path], pattern *pathtree.Pattern, r Route) (existing int, ok bool) {
	p := &path{}
	p.routes = p.inline[:0]
	// Another method of the path has been added before.
	if known, ok := tree.Add(pattern, p); !ok {
		p = known
	}
	for _, other := range p.routes {
		if other.Method == r.Method {
			return other.Number, false
		}
	}
	p.routes = append(p.routes, r)
	return r.Number, true
}

// none is the number of no route.
const none = -1

// number returns the route for a method: the method's own, for HEAD that of GET, or that of a mount.
func (p *path) number(method string) int {
	get, mount := none, none
	for i := range p.routes {
		switch r := &p.routes[i]; r.Method {
		case method:
			return r.Number
		case http.MethodGet:
			get = r.Number
		// A mount serves every method, but a route at the same path comes first.
		case mountpath.AnyMethod:
			mount = r.Number
		}
	}
	if method == http.MethodHead && get != none {
		return get
	}
	return mount
}

// Match returns the number of the best route that has the request's method, negative if there is none. The values of the
// wildcards are appended to values.
func (t *Table) Match(r *http.Request, values []string) (number int, captured []string) {
	sent, escaped := mountpath.Of(r)
	p, captured, ok := t.paths.Match(sent, escaped, values)
	if !ok {
		return none, nil
	}
	if number = p.number(r.Method); number != none {
		return number, captured
	}
	// A less specific pattern may have the method. This second search is rare.
	p, captured, ok = t.paths.MatchFunc(sent, escaped, values, func(p *path) bool { return p.number(r.Method) != none })
	if !ok {
		return none, nil
	}
	return p.number(r.Method), captured
}

// Frontend returns the front end for requests that neither a route nor a redirect serves, as Match does.
func (t *Table) Frontend(r *http.Request, values []string) (number int, captured []string) {
	sent, escaped := mountpath.Of(r)
	p, captured, ok := t.frontends.Match(sent, escaped, values)
	// A path with routes for other methods is a 405, not a page of the front end.
	if !ok || len(t.allowed(sent, escaped)) > 0 || t.moved(sent, escaped) {
		return none, nil
	}
	return p.routes[0].Number, captured
}

// Moved reports whether a path that no route has differs from one only in its slash at the end.
func (t *Table) Moved(r *http.Request) bool { return t.moved(mountpath.Of(r)) }

func (t *Table) moved(sent string, escaped bool) bool {
	// A Location that begins with two slashes would be read as a host.
	if !t.Redirects || strings.HasPrefix(sent, "//") {
		return false
	}
	if len(t.allowed(otherSlash(sent), escaped)) > 0 {
		return true
	}
	// The prefix of a front end is not below it, but in the one that contains it.
	inside, _, found := t.frontends.Match(sent+"/", escaped, nil)
	here, _, _ := t.frontends.Match(sent, escaped, nil)
	return found && inside != here
}

// Allowed lists the methods of a path, in alphabetical order.
func (t *Table) Allowed(r *http.Request) []string { return t.allowed(mountpath.Of(r)) }

func (t *Table) allowed(sent string, escaped bool) []string {
	var methods []string
	t.paths.MatchFunc(sent, escaped, nil, func(p *path) bool {
		for i := range p.routes {
			methods = append(methods, p.routes[i].Method)
			if p.routes[i].Method == http.MethodGet {
				methods = append(methods, http.MethodHead)
			}
		}
		// No path is accepted, so that the search visits every matching pattern.
		return false
	})
	if len(methods) > 0 {
		methods = append(methods, http.MethodOptions)
	}
	return sorted.Distinct(methods)
}

// AfterRoot returns the path without RootPath, if it has that prefix and a route without it: whoever forwards the request
// should have stripped the prefix.
func (t *Table) AfterRoot(r *http.Request) (stripped string, ok bool) {
	sent, escaped := mountpath.Of(r)
	stripped, ok = strings.CutPrefix(sent, t.RootPath)
	return stripped, ok && t.RootPath != "" && len(t.allowed(stripped, escaped)) > 0
}

// ServeOptions lists the methods of a path, and the media types of patches if it has a PATCH that accepts them (RFC 5789,
// section 3.1).
func (t *Table) ServeOptions(w http.ResponseWriter, r *http.Request) {
	sent, escaped := mountpath.Of(r)
	w.Header().Set("Allow", strings.Join(t.allowed(sent, escaped), ", "))
	t.paths.MatchFunc(sent, escaped, nil, func(p *path) bool {
		if slices.ContainsFunc(p.routes, func(r Route) bool { return r.IsPatch }) {
			w.Header().Set("Accept-Patch", autopatch.Accepted)
		}
		return false
	})
	w.WriteHeader(http.StatusNoContent)
}

// Redirect redirects to the registered form of the path. The location has no scheme or host, so it cannot lead
// elsewhere.
func (t *Table) Redirect(w http.ResponseWriter, r *http.Request) {
	location := t.rootOf(r) + otherSlash(r.URL.EscapedPath())
	if r.URL.RawQuery != "" {
		location += "?" + r.URL.RawQuery
	}
	w.Header().Set("Location", mediatype.Location(location))
	// A 307 keeps the method and the body.
	w.WriteHeader(http.StatusTemporaryRedirect)
}

// otherSlash returns the path without its trailing slash, or with one added.
func otherSlash(path string) string {
	if trimmed, ok := strings.CutSuffix(path, "/"); ok {
		return trimmed
	}
	return path + "/"
}

// rootOf returns the prefix of the path as the client sees it: what a proxy stripped, followed by what a router in this
// process stripped. If the latter has stripped the root path itself, it counts once.
func (t *Table) rootOf(r *http.Request) string {
	root, taken := cmp.Or(t.RootPath, requestinfo.RootPath(r.Context())), takenOff(r)
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
