package candor

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"reflect"
	"slices"
	"strings"
	"sync/atomic"

	"github.com/candor-go/candor/internal/callsite"
	"github.com/candor-go/candor/internal/check"
	"github.com/candor-go/candor/internal/loose"
	"github.com/candor-go/candor/internal/mediatype"
	"github.com/candor-go/candor/internal/operation"
	"github.com/candor-go/candor/internal/pathtree"
	"github.com/candor-go/candor/internal/typeinfo"
)

// Routes is where routes are registered: an *App or a *Router.
type Routes interface{ router() *Router }

// Router is a group of routes with a common prefix and options. It serves nothing until it is included in an app,
// directly or through other routers. It may be included several times; routes added after an inclusion are served too.
//
// Register routes from one goroutine, before the app is sealed. Registering later panics.
type Router struct {
	// site is the call site of NewRouter.
	site   *callsite.Site
	prefix string
	own    *settings
	// number counts the routers in the order in which they were made; 0 is an app's own.
	number   int
	included bool
	items    []item
	// providers and lifespans are in the order of registration.
	providers []*provider
	lifespans []*lifespan
	webhooks  []*webhook
	// errorHandlers are those of OnError and OnStatus.
	errorHandlers []*errorHandler
	// root is the app's compiler if this is the app's own router, otherwise nil.
	root   *programs
	sealed atomic.Bool
}

// item is one entry of a router.
type item struct {
	route     *route
	inclusion *inclusion
	docs      *ownDocs
}

// inclusion is a router inside another.
type inclusion struct {
	includeOptions
	site   *callsite.Site
	router *Router
}

// ownDocs is a document of its own for a router, with its pages.
type ownDocs struct {
	// site is the call that asked for it; name is the type that its paths are fields of.
	site *callsite.Site
	name string
	docs Docs
	info operation.Info
	edit documentEdit
}

// NewRouter returns a router. The prefix is empty, or begins with a slash and does not end with one; it may contain
// wildcards, which the inputs of all routes below can read. An invalid prefix or option panics.
func NewRouter(prefix string, options ...Option) *Router {
	r := &Router{site: callsite.Here(), prefix: prefix}
	var err error
	if r.own, err = applyAll(options); err == nil {
		err = checkPrefix(prefix)
	}
	if err != nil {
		panic(r.configError(err))
	}
	r.number = unincluded.Next()
	return r
}

// unincluded are the routers that nothing has included yet. Routes on a router that was forgotten would silently be
// missing, so the app logs a warning. This package variable has no other effect.
var unincluded loose.Routers

// addItem adds an item. With the first one, a router that is not included is listed as such.
func (r *Router) addItem(it item) {
	if len(r.items) == 0 && r.root == nil && !r.included {
		unincluded.Add(r.number, loose.Router{Prefix: r.prefix, Site: r.site})
	}
	r.items = append(r.items, it)
}

// configError adds to an error that it is about the router's prefix or options.
func (r *Router) configError(err error) error {
	return fmt.Errorf("candor: NewRouter(%q) at %s: %w", r.prefix, r.site, err)
}

func applyAll(options []Option) (*settings, error) {
	forRoutes := make([]RouteOption, len(options))
	for i, o := range options {
		forRoutes[i] = o
	}
	return apply(forRoutes)
}

func (r *Router) router() *Router { return r }

// errNilRouter is the configuration error for a registration on nil.
var errNilRouter = errors.New("the app or router is nil; make one with candor.New or candor.NewRouter")

// routerOf returns the router for a registration; configErr adds the call site to errors.
func routerOf(r Routes, configErr func(error) error) *Router {
	// A nil *App in the interface is not a nil interface.
	if v := reflect.ValueOf(r); !v.IsValid() || v.Kind() == reflect.Pointer && v.IsNil() {
		panic(configErr(errNilRouter))
	}
	return r.router()
}

// holds reports whether the router, or one included in it, has a route for which wanted is true.
func (r *Router) holds(wanted func(*route) bool) bool {
	return slices.ContainsFunc(r.items, func(it item) bool {
		return it.route != nil && wanted(it.route) || it.inclusion != nil && it.inclusion.router.holds(wanted)
	})
}

// hasWebhooks reports whether the router, or one included in it, has webhooks.
func (r *Router) hasWebhooks() bool {
	return len(r.webhooks) > 0 || slices.ContainsFunc(r.items, func(it item) bool {
		return it.inclusion != nil && it.inclusion.router.hasWebhooks()
	})
}

// Include adds the routes of another router to this one: below its prefix, after [Prefix] if one is given. The options
// apply to this inclusion only. Including a router in itself panics.
func (r *Router) Include(other *Router, options ...IncludeOption) {
	i := &inclusion{site: callsite.Here(), router: other}
	if err := r.include(i, options); err != nil {
		panic(fmt.Errorf("candor: Include at %s: %w", i.site, err))
	}
}

func (r *Router) include(i *inclusion, options []IncludeOption) error {
	switch {
	case r == nil:
		return errNilRouter
	case r.sealed.Load():
		return errSealed
	case i.router == nil:
		return errors.New("the router is nil; make one with candor.NewRouter")
	case i.router.root != nil:
		return errors.New("an app cannot be included; use Mount to keep its own document, or include its routers")
	// A router in itself would have infinitely many routes.
	case i.router.reaches(r):
		return errors.New("the router would contain itself; drop one of the inclusions on the way")
	}
	for _, o := range options {
		if o == nil {
			return errNilOption
		}
		if err := o.applyInclude(&i.includeOptions); err != nil {
			return err
		}
	}
	r.addItem(item{inclusion: i})
	i.router.included = true
	unincluded.Remove(i.router.number)
	return nil
}

// Docs gives the operations of this router, and of those below it, a document of their own, with its pages, for example
// for versions of an API or different audiences:
//
//	v1 := candor.NewRouter("/v1")
//	v1.Docs(candor.Docs{}, candor.Info{Title: "Items", Version: "1.4.2"})
//
// serves /v1/openapi.json, /v1/docs and /v1/redoc.
//
//   - The paths in docs are relative to the router's prefix; an empty path is the default, "-" leaves the page out.
//     Each inclusion of the router has its own document.
//   - Empty fields of info default to those of the app.
//   - Middleware of the router also wraps the pages; its guards do not apply to them: use docs.Options for these. If
//     docs.Options is nil, the options of Config.Docs apply, so that guards of the app's document also protect this
//     one; an empty list means none.
//   - The operations are also in the app's document. [Hidden] on the router, or outside of it, removes them from that,
//     but not from the router's own.
//   - Operation ids are assigned separately for each document.
//
// On an app it adds a second document of the whole API.
func (r *Router) Docs(docs Docs, info Info) {
	d := &ownDocs{site: callsite.Here(), name: "Docs", docs: docs, info: info.describe(), edit: info.EditDocument}
	err := d.info.Check()
	switch {
	case r == nil:
		err = errNilRouter
	case r.sealed.Load():
		err = errSealed
	}
	if err != nil {
		panic(fmt.Errorf("candor: Docs at %s: %w", d.site, err))
	}
	r.addItem(item{docs: d})
}

// reaches reports whether other is r or is included below it.
func (r *Router) reaches(other *Router) bool {
	return r == other || slices.ContainsFunc(r.items, func(it item) bool {
		return it.inclusion != nil && it.inclusion.router.reaches(other)
	})
}

var errSealed = errors.New("the app already serves, its routes are fixed; register everything before the first request, Run or NewTestClient")

// Get registers a handler for GET, and for HEAD unless there is a route for it. The handler must be safe for concurrent
// use.
//
// The input is a struct whose tags say where each field comes from; the result is the body of the response. See the
// package documentation for both.
//
// A configuration error in the path, the tags or the options panics, with the location of the call and what to write
// instead.
func Get[In, Out any](r Routes, path string, h func(context.Context, In) (Out, error), options ...RouteOption) *Route[In, Out] {
	return (*Route[In, Out])(handleOne(r, http.MethodGet, path, erase(h), options))
}

// Post registers a handler for POST. See [Get].
func Post[In, Out any](r Routes, path string, h func(context.Context, In) (Out, error), options ...RouteOption) *Route[In, Out] {
	return (*Route[In, Out])(handleOne(r, http.MethodPost, path, erase(h), options))
}

// Put registers a handler for PUT. See [Get].
func Put[In, Out any](r Routes, path string, h func(context.Context, In) (Out, error), options ...RouteOption) *Route[In, Out] {
	return (*Route[In, Out])(handleOne(r, http.MethodPut, path, erase(h), options))
}

// Patch registers a handler for PATCH. See [Get].
func Patch[In, Out any](r Routes, path string, h func(context.Context, In) (Out, error), options ...RouteOption) *Route[In, Out] {
	return (*Route[In, Out])(handleOne(r, http.MethodPatch, path, erase(h), options))
}

// Delete registers a handler for DELETE. See [Get].
func Delete[In, Out any](r Routes, path string, h func(context.Context, In) (Out, error), options ...RouteOption) *Route[In, Out] {
	return (*Route[In, Out])(handleOne(r, http.MethodDelete, path, erase(h), options))
}

// Query registers a handler for QUERY (RFC 10008): a safe request like GET, whose query is in the body. See [Get].
//
//   - Responses have the header Accept-Query, which lists the media types of the body. A body without a Content-Type is
//     a 415, whatever StrictContentType says.
//   - [Cache] includes the body in its key, and [CheckETag] and middleware.ConditionalGET treat the request like a GET.
//   - OpenAPI before 3.2 has no field for the method: there the operation is listed in its path as x-query.
func Query[In, Out any](r Routes, path string, h func(context.Context, In) (Out, error), options ...RouteOption) *Route[In, Out] {
	return (*Route[In, Out])(handleOne(r, mediatype.MethodQuery, path, erase(h), options))
}

// Head registers a handler for HEAD, replacing the automatic response of a GET route. See [Get].
func Head[In, Out any](r Routes, path string, h func(context.Context, In) (Out, error), options ...RouteOption) *Route[In, Out] {
	return (*Route[In, Out])(handleOne(r, http.MethodHead, path, erase(h), options))
}

// Options registers a handler for OPTIONS, replacing the automatic 204 with Allow. See [Get].
func Options[In, Out any](r Routes, path string, h func(context.Context, In) (Out, error), options ...RouteOption) *Route[In, Out] {
	return (*Route[In, Out])(handleOne(r, http.MethodOptions, path, erase(h), options))
}

// Trace registers a handler for TRACE. See [Get].
func Trace[In, Out any](r Routes, path string, h func(context.Context, In) (Out, error), options ...RouteOption) *Route[In, Out] {
	return (*Route[In, Out])(handleOne(r, http.MethodTrace, path, erase(h), options))
}

// Handle registers a handler for several methods at once, or for one of your own, such as PURGE or REPORT. Any HTTP
// token is a method, and its case matters. The document lists methods for which OpenAPI has no field under
// x-additionalOperations of the path. CONNECT, which is for proxies, panics. See [Get].
func Handle[In, Out any](r Routes, methods []string, path string, h func(context.Context, In) (Out, error), options ...RouteOption) *Route[In, Out] {
	return (*Route[In, Out])(handle(r, methods, path, erase(h), options))
}

// handle registers a handler whose types are erased.
func handle(r Routes, methods []string, path string, h *function, options []RouteOption) *routeAt {
	// Cloned, because the caller may change its slice later.
	rt := &route{path: path, handler: h}
	rt.methods = append(rt.inline[:0], methods...)
	// The user calls Get, or a method that calls it, which calls handleOne, which calls this.
	rt.ownSite.Mark(4)
	rt.site = &rt.ownSite
	rt.registerOn(r, options)
	return &routeAt{route: rt}
}

// registerOn registers a route with a handler, or panics with a configuration error.
func (rt *route) registerOn(r Routes, options []RouteOption) {
	if rt.handler.isNil() {
		panic(rt.configError(errors.New("the handler is nil; pass a function")))
	}
	routerOf(r, rt.configError).register(rt, options)
}

// handleOne registers a handler for one method.
//
//go:noinline
func handleOne(r Routes, method, path string, h *function, options []RouteOption) *routeAt {
	return handle(r, []string{method}, path, h, options)
}

// register adds a route, or panics with a configuration error.
func (r *Router) register(rt *route, options []RouteOption) {
	if err := r.add(rt, options); err != nil {
		panic(rt.configError(err))
	}
}

func (r *Router) add(rt *route, options []RouteOption) (err error) {
	if r.sealed.Load() {
		return errSealed
	}
	if err := checkMethods(rt.methods); err != nil {
		return err
	}
	if rt.set, err = apply(options); err != nil {
		return err
	}
	if err := r.checkPaths(rt); err != nil {
		return err
	}
	// The checks below need the types of the handler.
	if err := rt.describe(); err != nil {
		return err
	}
	if err := rt.checkEffects(rt.set); err != nil {
		return err
	}
	if err := rt.try(r.programs(), r.root != nil); err != nil {
		return err
	}
	rt.owner = r
	r.addItem(item{route: rt})
	return nil
}

// programs returns the app's compiler, or the standard one while no app is known.
func (r *Router) programs() *programs {
	if r.root != nil {
		return r.root
	}
	return standard()
}

// checkPaths parses the paths of a route as far as they are known. On an app that is the whole path; elsewhere an empty
// path may still follow a prefix.
func (r *Router) checkPaths(rt *route) error {
	var err error
	if rt.pattern, err = r.parse(rt.path); err != nil {
		return err
	}
	for _, a := range rt.set.aliases {
		if _, err := r.parse(a.path); err != nil {
			return err
		}
	}
	return nil
}

// parse parses a path after the router's prefix, as far as that is known.
func (r *Router) parse(path string) (*pathtree.Pattern, error) {
	full := r.prefix + path
	switch {
	case full == "" && r.root == nil:
		return nil, nil
	case path != "" && !strings.HasPrefix(path, "/"):
		full = path // it would be joined to the prefix without a slash
	}
	return pathtree.Parse(full)
}

// lifespan is a function registered by Lifespan.
type lifespan struct {
	site *callsite.Site
	fn   func(ctx context.Context, serve func(context.Context) error) error
}

// provide adds a provider, or panics with a configuration error.
func (r *Router) provide(p *provider, options []ProvideOption) {
	if err := r.addProvider(p, options); err != nil {
		panic(p.configError(err))
	}
}

func (r *Router) addProvider(p *provider, options []ProvideOption) error {
	if r.sealed.Load() {
		return errSealed
	}
	if err := p.prepare(options); err != nil {
		return err
	}
	// Only the first provider of a type would be found, so a second one would have no effect.
	for _, other := range r.providers {
		if other.Key == p.Key {
			return fmt.Errorf("%s has a provider already, registered at %s; give one of them a type of its own: type Other %s", p.Key, other.Site, p.Key)
		}
	}
	r.providers = append(r.providers, p)
	return nil
}

// handleErrors adds an error handler to a router, or panics with a configuration error.
func (r *Router) handleErrors(h *errorHandler, options []RouteOption) {
	if err := r.addErrorHandler(h, options); err != nil {
		panic(h.configError(err))
	}
}

func (r *Router) addErrorHandler(h *errorHandler, options []RouteOption) (err error) {
	if r.sealed.Load() {
		return errSealed
	}
	if h.set, err = apply(options); err != nil {
		return err
	}
	if err := h.check(); err != nil {
		return err
	}
	for _, other := range r.errorHandlers {
		if other.same(h) {
			return fmt.Errorf("the router has one already, registered at %s; drop one of them", other.site)
		}
	}
	if h.output, err = describeResponse(h.handler.out); err != nil {
		return err
	}
	if planResponse(h.output).kind.streams {
		return fmt.Errorf("it returns a %s, but the response to an error cannot be a stream; return a value or a complete body", typeinfo.Name(h.handler.out))
	}
	_, err = h.compile(r.programs().compiler)
	if _, unknown := errors.AsType[*check.UnknownTagError](err); err != nil && (!unknown || r.root != nil) {
		return err
	}
	r.errorHandlers = append(r.errorHandlers, h)
	return nil
}

// Lifespan registers a function that wraps the life of the app: it is called before the first request, and serve
// returns after the last. An error before serve stops Run; serve must be called exactly once. Several functions are
// nested in the order of registration, those of included routers and mounted apps inside those of the app, and all of
// them inside shared providers.
func (r *Router) Lifespan(fn func(ctx context.Context, serve func(context.Context) error) error) {
	l := &lifespan{site: callsite.Here(), fn: fn}
	var err error
	switch {
	case r == nil:
		err = errNilRouter
	case fn == nil:
		err = errors.New("the function is nil; pass one")
	case r.sealed.Load():
		err = errSealed
	}
	if err != nil {
		panic(fmt.Errorf("candor: Lifespan at %s: %w", l.site, err))
	}
	r.lifespans = append(r.lifespans, l)
}
