package candor

import (
	"errors"
	"fmt"
	"net/http"
	"reflect"
	"slices"

	"github.com/candor-go/candor/internal/callsite"
	"github.com/candor-go/candor/internal/layer"
)

// ownMiddleware is implemented by handlers of this package's middleware that need more of their endpoint than a
// layer.Operation has.
type ownMiddleware interface {
	layer.Handler
	// describe adds the effects of the middleware to the endpoint. at is its index among all middleware of the
	// endpoint.
	describe(e *endpoint, at int)
}

// wrap wraps the handler of an endpoint in middleware, the first outermost. options responds to preflight requests that
// reach the handler.
func wrap(h http.Handler, e *endpoint, middleware []func(http.Handler) http.Handler, options http.Handler) (http.Handler, error) {
	e.operation = layer.Operation{
		Method: e.method, Streams: e.upgrade != nil || e.response != nil && e.response.kind.streams, Unguarded: e.route.unguarded,
		Deprecated: e.set != nil && e.set.deprecated,
		Unlisted:   e.pattern == nil || e.route.mounted != nil, Log: e.errors.log, Reported: &e.unknown,
	}
	if e.plain == nil && len(middleware) == 0 {
		return h, nil
	}
	// A plain handler may itself consist of middleware.
	hasCORS := e.takeEffects(layer.NewInner(nil, &e.operation, nil).Seal(e.plain), len(middleware))
	if hasCORS { // OPTIONS requests must reach it
		options, e.preflight = h, h
	}
	for at, m := range slices.Backward(middleware) {
		in := layer.NewInner(h, &e.operation, options)
		options = nil // the innermost middleware handles it
		if h = m(in); h == nil {
			return nil, errors.New("a middleware of Use returned no handler; return the one that it was given, or one around it")
		}
		// A preflight is handled by the outermost CORS middleware, otherwise by the outermost of the user's own.
		// Middleware of the app has already seen it, because it wraps paths without a route too.
		isCORS := e.takeEffects(in.Seal(h), at)
		if at >= e.middlewareOfApp && (isCORS || !hasCORS && isForeign(h)) {
			e.preflight = h
		}
		hasCORS = hasCORS || isCORS
	}
	return h, nil
}

// isForeign reports whether a handler is the user's own; it may be CORS middleware of another package.
func isForeign(h http.Handler) bool {
	_, isKnown := h.(layer.Handler)
	_, isDocumented := h.(*documentedHandler)
	return !isKnown || isDocumented
}

// takeEffects records what a middleware does to responses. It reports whether the middleware handles preflight
// requests.
func (e *endpoint) takeEffects(found []layer.Handler, at int) (servesPreflights bool) {
	for _, h := range found {
		switch h := h.(type) {
		case ownMiddleware:
			h.describe(e, at)
		case layer.Describer:
			effects := h.Describe(&e.operation)
			e.addEffects(effects)
			servesPreflights = servesPreflights || effects.AnswersPreflights
		}
	}
	return servesPreflights
}

func (e *endpoint) addEffects(effects layer.Effects) {
	for _, r := range effects.Responses {
		own := ownResponse{status: r.Status, doc: r.Description}
		if known := httpErrorIn(r.Err); known != nil {
			own.errs = []*HTTPError{known}
		}
		e.raised = append(e.raised, own)
	}
	for _, h := range effects.Headers {
		e.added = append(e.added, addedTo(h.Name, h.Description, h.Statuses))
	}
}

// raises records that middleware may send a response by itself: an error, or a response without a body.
func (e *endpoint) raises(status int, doc string, errs ...*HTTPError) {
	e.raised = append(e.raised, ownResponse{status, doc, errs})
}

// Documented returns mw together with what the document should say about it, for every operation that it wraps: the
// responses it sends and the headers it adds, by [Raises], [RaisesType], [Responds] and [RespondsHeader].
//
//	limit := candor.Documented(quota, candor.Raises(ErrQuota), candor.RespondsHeader("X-Quota", "Requests that are left"))
//	app := candor.New(candor.Config{}, candor.Use(limit))
//
// It is meant for packages of middleware; for your own routes and routers, put the declarations beside Use as options.
// Documented middleware may be combined with other middleware in one argument of Use, unless it is hidden between two
// functions that are not documented: there it runs, but undocumented, which is logged once.
//
// It panics if mw is nil, or if a declaration is not about responses.
func Documented(mw func(http.Handler) http.Handler, declarations ...Declaration) func(http.Handler) http.Handler {
	declared, err := declaredResponses(mw, declarations)
	if err != nil {
		panic(fmt.Errorf("candor: Documented at %s: %w", callsite.Here(), err))
	}
	return func(next http.Handler) http.Handler {
		made := mw(next)
		return layer.Attach(&documentedHandler{Layer: layer.Layer{Next: next, Made: made}, Handler: made, declared: declared}, next)
	}
}

func declaredResponses(mw func(http.Handler) http.Handler, declarations []Declaration) (*settings, error) {
	if mw == nil {
		return nil, fmt.Errorf("the middleware is nil; pass a function")
	}
	declared := &settings{}
	for _, d := range declarations {
		if d == nil {
			return nil, errNilOption
		}
		if err := d.applyRoute(declared); err != nil {
			return nil, err
		}
	}
	// Anything else that an option sets would be lost, so it is an error.
	rest := *declared
	rest.responses, rest.headers, rest.raisedTypes = nil, nil, nil
	if !reflect.ValueOf(rest).IsZero() {
		return nil, fmt.Errorf("only Raises, RaisesType, Responds and RespondsHeader document the responses of middleware; give the others to the routes")
	}
	return declared, nil
}

// documentedHandler is the handler of documented middleware.
type documentedHandler struct {
	layer.Layer
	http.Handler
	declared *settings
}

func (d *documentedHandler) describe(e *endpoint, _ int) {
	e.declared = append(e.declared, d.declared.responses...)
	e.added = append(e.added, d.declared.headers...)
	e.raisedTypes = appendNew(e.raisedTypes, d.declared.raisedTypes)
}

// ServeHTTP implements http.Handler.
func (d *documentedHandler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	_ = d.IsKnown(r, "Documented", "its responses are not in the document")
	d.Handler.ServeHTTP(w, r)
}
