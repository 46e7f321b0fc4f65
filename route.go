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

	"github.com/candor-go/candor/internal/body"
	"github.com/candor-go/candor/internal/callsite"
	"github.com/candor-go/candor/internal/check"
	"github.com/candor-go/candor/internal/lazy"
	"github.com/candor-go/candor/internal/mediatype"
	"github.com/candor-go/candor/internal/mountpath"
	"github.com/candor-go/candor/internal/operation"
	"github.com/candor-go/candor/internal/pathtree"
	"github.com/candor-go/candor/internal/typeinfo"
)

// Route is a registered operation, as returned by Get, Post and the others. It is read-only. [Route.URL] and
// [Route.Call] make requests from inputs.
type Route[In, Out any] struct {
	route *route
	path  *string
}

// routeAt is a Route without its types; it has the same fields, so that pointers convert. It does all the work that does
// not depend on the types: methods of generic types are compiled for every pair of types in a program, so those of Route
// are as small as possible.
type routeAt struct {
	route *route
	// path is the path given to At, nil for the first. It is no string, because types with strings have a function that
	// compares them.
	path *string
}

// Methods returns the methods the route was registered for.
func (r *Route[In, Out]) Methods() []string { return (*routeAt)(r).methods() }

// Path returns the path the route was registered with, without the prefixes of its routers.
func (r *Route[In, Out]) Path() string { return r.route.path }

//go:noinline
func (at *routeAt) methods() []string { return slices.Clone(at.route.methods) }

// route is one registration, compiled as far as possible without knowing the prefixes and options of the routers that
// will include it.
type route struct {
	site *callsite.Site
	// ownSite holds the site of a typed route, to save an allocation.
	ownSite callsite.Site
	methods []string
	// inline holds the first method, which most routes have alone, to save an allocation.
	inline [1]string
	path   string
	// pattern is the parsed path with the prefix of the router it was registered on, which is that of most of its
	// endpoints. It may be nil.
	pattern *pathtree.Pattern
	set     *settings
	// Exactly one of four is set. A typed handler with its types:
	handler *function
	input   *typeinfo.Input
	output  *typeinfo.Output
	// A handler that takes over the connection, in addition to handler:
	upgrade upgrade
	// A plain handler:
	plain http.Handler
	// A handler of everything below the path, which does not see the prefix:
	mounted http.Handler
	// fallback means that it serves only what no other route does.
	fallback bool
	// docs is the field of Docs that the route comes from, "" for a user's route.
	docs string
	// describedOnly means that it is a request that the API sends.
	describedOnly bool
	// unguarded means that neither guards nor rate limits apply.
	unguarded bool
	// owner is the router that it was registered on.
	owner interface {
		register(rt *route, options []RouteOption)
	}
	// endpoints are the route's endpoints in sealed apps.
	endpoints endpointList
}

// endpointList lists the endpoints of a route, in the order in which they were sealed, with their plans for typed
// calls, which are made on the first call.
type endpointList struct {
	mutex     sync.Mutex
	endpoints []*endpoint
	// inline holds the first endpoint, which most routes have alone, to save an allocation.
	inline [1]*endpoint
	calls  lazy.Map // *endpoint to *callPlan
}

func (p *endpointList) add(e *endpoint) {
	p.mutex.Lock()
	defer p.mutex.Unlock()
	if p.endpoints == nil {
		p.endpoints = p.inline[:0]
	}
	p.endpoints = append(p.endpoints, e)
}

func (p *endpointList) all() []*endpoint {
	p.mutex.Lock()
	defer p.mutex.Unlock()
	return slices.Clone(p.endpoints)
}

// upgrade is a handler that takes over the connection, as WebSockets do, instead of writing a response.
type upgrade interface {
	// check finds options and types that such a route cannot have.
	check(rt *route) error
	// compile makes the last step, which runs the handler.
	compile(c *compiler) (func(x *exchange) error, error)
	// messages returns the types that are received and sent.
	messages() []*typeinfo.Type
	// admit is the first step: it refuses requests that are not upgrades.
	admit(x *exchange) error
	// socket describes it for the document.
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

// try compiles the route as far as possible, so that configuration errors appear at the registration rather than when
// the app is sealed. An unknown rule may still be one of the app that the router will be included in.
func (rt *route) try(c *programs, rulesKnown bool) error {
	if rt.handler == nil {
		return nil
	}
	var wildcards []string
	// The prefixes of outer routers are not known yet, so every wildcard that is read is assumed to exist.
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

// joinNew joins errors without duplicates: a type that is both read and written has the same configuration errors
// twice.
func joinNew(errs ...error) error {
	if !slices.ContainsFunc(errs, isError) {
		return nil
	}
	said := map[string]bool{}
	return errors.Join(slices.DeleteFunc(errs, func(err error) bool {
		known := err == nil || said[err.Error()]
		if err != nil {
			said[err.Error()] = true
		}
		return known
	})...)
}

func isError(err error) bool { return err != nil }

// maySolveItself reports whether an error is about a rule or media type that an app may still define.
func maySolveItself(err error) bool {
	return errors.As(err, new(*check.UnknownTagError)) || errors.As(err, new(body.UnknownMediaError))
}

// configError adds to a configuration error the call site to fix.
func (rt *route) configError(err error) error {
	return fmt.Errorf("candor: %s at %s: %w", rt.call(), rt.site, err)
}

// call describes the registration for configuration errors.
func (rt *route) call() string {
	switch {
	case rt.docs != "":
		return rt.docs
	case rt.fallback:
		return fmt.Sprintf("Frontend(%q)", strings.TrimSuffix(rt.path, mountpath.Suffix))
	case rt.mounted != nil:
		return fmt.Sprintf("Mount(%q)", strings.TrimSuffix(rt.path, mountpath.Suffix))
	}
	return cmp.Or(strings.Join(rt.methods, ","), "Handle") + " " + cmp.Or(rt.path, `""`)
}

// wellKnownMethods are the methods that are conventionally written in capitals.
var wellKnownMethods = []string{
	http.MethodGet, http.MethodPut, http.MethodPost, http.MethodDelete,
	http.MethodOptions, http.MethodHead, http.MethodPatch, http.MethodTrace, mediatype.MethodQuery,
}

func checkMethods(methods []string) error {
	if len(methods) == 0 {
		return errors.New("no method; name at least one, such as http.MethodGet")
	}
	for i, m := range methods {
		if slices.Contains(wellKnownMethods, m) && !slices.Contains(methods[:i], m) {
			continue
		}
		upper := strings.ToUpper(m)
		switch {
		case upper != m && slices.Contains(wellKnownMethods, upper):
			return fmt.Errorf("the method %q is not %q; write the latter", m, upper)
		case m == http.MethodConnect:
			return errors.New("the method CONNECT asks a proxy for a tunnel and has no path; use another one")
		case !mediatype.IsToken(m), m == mountpath.AnyMethod:
			return fmt.Errorf("the method %q is not a token of HTTP; use letters, digits and hyphens, such as PURGE", m)
		case slices.Contains(methods[:i], m):
			return fmt.Errorf("the method %s is listed twice; name each once", m)
		}
	}
	return nil
}
