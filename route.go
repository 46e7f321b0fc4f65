package candor

import (
	"cmp"
	"errors"
	"fmt"
	"net/http"
	"reflect"
	"slices"
	"strings"
	"sync"

	"github.com/candor-go/candor/internal/callsite"
	"github.com/candor-go/candor/internal/check"
	"github.com/candor-go/candor/internal/mediatype"
	"github.com/candor-go/candor/internal/operation"
	"github.com/candor-go/candor/internal/pathtree"
	"github.com/candor-go/candor/internal/typeinfo"
)

// Route is a registered operation: what Get, Post and the others return. It is
// read-only. [Route.URL] and [Route.Call] go the other way, from an input to a
// request.
type Route[In, Out any] struct{ at routeAt }

// routeAt is a route at the place that is meant. It does all the work of a Route
// that its types have no part in: methods of generic types are compiled for
// each pair of types in a program, so those of Route only take addresses.
type routeAt struct {
	route *route
	// path is what At asked for, "" for the first place.
	path string
}

// Methods lists the methods the route was registered for.
func (r *Route[In, Out]) Methods() []string { return r.at.methods() }

// Path is the template the route was registered with, without the prefixes of
// the routers it belongs to.
func (r *Route[In, Out]) Path() string { return r.at.route.path }

func (at routeAt) methods() []string { return slices.Clone(at.route.methods) }

// route is one registration: what the user's call said, compiled as far as it
// can be without knowing the prefixes and options around it.
type route struct {
	site    *callsite.Site
	methods []string
	path    string
	// pattern is the parsed path with the prefix of the router it was registered
	// on: that of most of its endpoints. Nil while it may be none.
	pattern *pathtree.Pattern
	set     *settings
	// A typed handler with its descriptions, ...
	handler *function
	input   *typeinfo.Input
	output  *typeinfo.Output
	// upgrade is set for a handler that takes over the connection.
	upgrade upgrade
	// ... a plain one, ...
	plain http.Handler
	// ... or one that serves everything below the path, whose prefix it does
	// not see.
	mounted http.Handler
	// fallback means that it serves only what nothing else does.
	fallback bool
	// docs is the field of a Docs that the route comes from, "" for a user's.
	docs string
	// describedOnly means that it is a request that the API sends.
	describedOnly bool
	// unguarded means that neither guards nor rate limits hold for it.
	unguarded bool
	// owner is the router that it was registered on, and beside registers another
	// route there.
	owner  any
	beside func(rt *route, options []RouteOption)
	// endpoints are where it stands in apps that are sealed.
	endpoints endpointList
}

// endpointList are the endpoints of a route, in the order in which they were sealed,
// with what calls them, made on the first call of each.
type endpointList struct {
	mutex     sync.Mutex
	endpoints []*endpoint
	calls     sync.Map // of *endpoint to func() *callPlan
}

func (p *endpointList) add(e *endpoint) {
	p.mutex.Lock()
	defer p.mutex.Unlock()
	p.endpoints = append(p.endpoints, e)
}

func (p *endpointList) all() []*endpoint {
	p.mutex.Lock()
	defer p.mutex.Unlock()
	return slices.Clone(p.endpoints)
}

// upgrade is what a route does that takes over the connection, as WebSockets
// do, in the place of a response.
type upgrade interface {
	// check finds what such a route cannot have.
	check(rt *route) error
	// compile makes the last step, which runs the handler.
	compile(c *compiler) (func(x *exchange) error, error)
	// messages are the types of what is received and sent.
	messages() []*typeinfo.Type
	// admit is the first step: it refuses what is no such request.
	admit(x *exchange) error
	// socket is what the document says about it.
	socket(e *endpoint) *operation.Socket
}

// describe reads the types of the handler.
func (rt *route) describe() (err error) {
	if rt.handler == nil {
		return nil
	}
	if rt.input, err = describeInput(rt.handler.in); err != nil {
		return err
	}
	if rt.upgrade == nil {
		rt.output, err = describeResponse(rt.handler.out)
		return err
	}
	if rt.output, err = describeResponse(reflect.TypeFor[None]()); err != nil {
		return err
	}
	return rt.upgrade.check(rt)
}

// try compiles the route as far as it goes, so that configuration errors show at the
// registration rather than when the app is sealed. A rule no set knows may
// still be one of the app the router will be included in.
func (rt *route) try(c *programs, rulesKnown bool) error {
	if rt.handler == nil {
		return nil
	}
	var wildcards []string
	// The prefixes of outer routers are not known yet, so each wildcard that is read
	// counts as there.
	for _, f := range rt.input.Params {
		if f.Source == typeinfo.Path {
			wildcards = append(wildcards, f.Name)
		}
	}
	_, inputErr := c.compileInput(rt.input, rt.methods[0], wildcards, wildcards)
	_, responseErr := c.compileOffered(rt.output, rt.set.status, rt.set.produces)
	err := joinNew(inputErr, responseErr)
	if rt.upgrade != nil {
		_, upgradeErr := rt.upgrade.compile(c.compiler)
		err = joinNew(err, upgradeErr)
	}
	if !rulesKnown && maySolveItself(err) {
		return nil
	}
	return err
}

// joinNew joins errors, each of them once: a type that is both read and written
// has the same configuration errors twice.
func joinNew(errs ...error) error {
	said := map[string]bool{}
	return errors.Join(slices.DeleteFunc(errs, func(err error) bool {
		known := err == nil || said[err.Error()]
		if err != nil {
			said[err.Error()] = true
		}
		return known
	})...)
}

// maySolveItself reports whether an error is about a rule or a media type that
// an app may bring.
func maySolveItself(err error) bool {
	return errors.As(err, new(*check.UnknownTagError)) || errors.As(err, new(*unknownMediaError))
}

// configError is an error of the user's, with the place to mend it.
func (rt *route) configError(err error) error {
	return fmt.Errorf("candor: %s at %s: %w", rt.call(), rt.site, err)
}

// call is the registration as a reader of configuration errors knows it.
func (rt *route) call() string {
	switch {
	case rt.docs != "":
		return rt.docs
	case rt.fallback:
		return fmt.Sprintf("Frontend(%q)", strings.TrimSuffix(rt.path, mountSuffix))
	case rt.mounted != nil:
		return fmt.Sprintf("Mount(%q)", strings.TrimSuffix(rt.path, mountSuffix))
	}
	return cmp.Or(strings.Join(rt.methods, ","), "Handle") + " " + cmp.Or(rt.path, `""`)
}

// wellKnownMethods are those that are written in capitals.
var wellKnownMethods = []string{
	http.MethodGet, http.MethodPut, http.MethodPost, http.MethodDelete,
	http.MethodOptions, http.MethodHead, http.MethodPatch, http.MethodTrace, mediatype.MethodQuery,
}

func checkMethods(methods []string) error {
	if len(methods) == 0 {
		return errors.New("no method; name at least one, such as http.MethodGet")
	}
	for i, m := range methods {
		upper := strings.ToUpper(m)
		switch {
		case upper != m && slices.Contains(wellKnownMethods, upper):
			return fmt.Errorf("the method %q is not %q; write the latter", m, upper)
		case m == http.MethodConnect:
			return errors.New("the method CONNECT asks a proxy for a tunnel and has no path; use another one")
		case !mediatype.ValidHeader(m, nil), m == anyMethod:
			return fmt.Errorf("the method %q is not a token of HTTP; use letters, digits and hyphens, such as PURGE", m)
		case slices.Contains(methods[:i], m):
			return fmt.Errorf("the method %s is listed twice; name each once", m)
		}
	}
	return nil
}
