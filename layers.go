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

// ownMiddleware is a handler of this package's middleware that needs more of its
// endpoint than a layer.Operation tells.
type ownMiddleware interface {
	layer.Handler
	// describe adds the effects of the middleware to the endpoint. at is the position
	// of its element among all of the endpoint.
	describe(e *endpoint, at int)
}

// wrap wraps a handler of an endpoint in middleware, the first outermost. options
// responds to preflights that get to the handler.
func wrap(h http.Handler, e *endpoint, middleware []func(http.Handler) http.Handler, options http.Handler) (http.Handler, error) {
	e.operation = layer.Operation{
		Method: e.method, Streams: e.upgrade != nil || e.response != nil && e.response.kind.streams, Unguarded: e.route.unguarded,
		Deprecated: e.set != nil && e.set.deprecated,
		Unlisted:   e.pattern == nil || e.route.mounted != nil, Log: e.errors.log, Reported: &e.unknown,
	}
	// A plain handler may consist of middleware itself.
	hasCORS := e.takeEffects(layer.NewInner(nil, &e.operation, nil).Seal(e.plain), len(middleware))
	if hasCORS { // OPTIONS must get to it
		options, e.preflight = h, h
	}
	for at, m := range slices.Backward(middleware) {
		in := layer.NewInner(h, &e.operation, options)
		options = nil // the innermost element has it
		if h = m(in); h == nil {
			return nil, errors.New("a middleware of Use returned no handler; return the one that it was given, or one around it")
		}
		// A preflight goes to the outermost CORS, else to the outermost of the user's
		// own. Middleware of the app has seen it before: it wraps paths without a
		// route too.
		isCORS := e.takeEffects(in.Seal(h), at)
		if at >= e.middlewareOfApp && (isCORS || !hasCORS && isForeign(h)) {
			e.preflight = h
		}
		hasCORS = hasCORS || isCORS
	}
	return h, nil
}

// isForeign reports whether a handler is the user's own, which may be CORS of
// another maker.
func isForeign(h http.Handler) bool {
	_, isKnown := h.(layer.Handler)
	_, isDocumented := h.(*documentedHandler)
	return !isKnown || isDocumented
}

// takeEffects notes what the middleware of an element does to responses. It reports
// whether it answers preflights.
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

// raises notes that middleware may give a response by itself: an error, or
// something without a body.
func (e *endpoint) raises(status int, doc string, errs ...*HTTPError) {
	e.raised = append(e.raised, ownResponse{status, doc, errs})
}

// Documented is mw, of which the document says which responses it gives and which
// headers it adds: by [Raises], [RaisesType], [Responds] and [RespondsHeader], in
// every operation that it wraps.
//
//	limit := candor.Documented(quota, candor.Raises(ErrQuota), candor.RespondsHeader("X-Quota", "Requests that are left"))
//	app := candor.New(candor.Config{}, candor.Use(limit))
//
// It is for packages of middleware, whose users need not say it again; on a route
// or router of one's own, the declarations are enough as options beside Use. Like all
// middleware of Candor it may stand anywhere inside an element of Use but between
// two functions that hide it; there it runs, undocumented, and that is logged
// once.
//
// Nil middleware, and a declaration that is not about responses, panic.
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
	// Whatever else an option has set would be lost.
	rest := *declared
	rest.responses, rest.headers, rest.raisedTypes = nil, nil, nil
	if !reflect.ValueOf(rest).IsZero() {
		return nil, fmt.Errorf("only Raises, RaisesType, Responds and RespondsHeader document the responses of middleware; give the others to the routes")
	}
	return declared, nil
}

// documentedHandler is middleware of the user's.
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
