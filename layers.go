package candor

import (
	"errors"
	"fmt"
	"net/http"
	"reflect"
	"slices"

	"github.com/candor-go/candor/internal/callsite"
)

// Middleware of Candor's own tells the document what it answers, so each has to
// know the operation that it is around. Two neighbours can tell it: the handler
// that it is put around, and the one that takes what it returns. Each element of
// Use is given an innerHandler, which is the first; wrap asks what the element
// returns, which is the second. So middleware is known in any composition of
// functions, unless a function of the user's stands on both of its sides. Of that
// no operation can know, and the middleware says so when it is asked.

// innerHandler is what an element of Use is put around: the handler of an
// endpoint with the middleware inside of the element.
type innerHandler struct {
	http.Handler
	endpoint *endpoint
	// at is the position of the element among all of the endpoint.
	at int
	// options answers preflights that no CORS did; nil where something further in
	// answers OPTIONS.
	options http.Handler
	// made means that the element has been made. Middleware that is made later,
	// while a request is served, comes too late for the document.
	made bool
	// answersPreflights means that CORS is part of the element.
	answersPreflights bool
}

// ServeHTTP implements http.Handler.
func (in *innerHandler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.Method == http.MethodOptions && in.options != nil {
		in.options.ServeHTTP(w, r)
		return
	}
	in.Handler.ServeHTTP(w, r)
}

// ownHandler is a handler of Candor's own middleware.
type ownHandler interface {
	http.Handler
	base() *layer
	// describe tells the endpoint what the middleware answers.
	describe(in *innerHandler)
}

// layer is what all middleware of Candor's own consists of.
type layer struct {
	next http.Handler
	// inner is nil as long as no operation knows of the middleware.
	inner *innerHandler
}

func (l *layer) base() *layer { return l }

// attach tells the operation of middleware that is put around next, where next
// knows its operation.
func attach(own ownHandler, next http.Handler) http.Handler {
	switch next := next.(type) {
	case *innerHandler:
		next.add(own)
	case ownHandler:
		if in := next.base().inner; in != nil {
			in.add(own)
		}
	}
	return own
}

// add takes in what middleware answers, once for each endpoint: a plain handler
// may be that of several.
func (in *innerHandler) add(own ownHandler) {
	if l := own.base(); !in.made && (l.inner == nil || l.inner.endpoint != in.endpoint) {
		l.inner = in
		own.describe(in)
	}
}

// find adds the middleware that a handler consists of, from the outside in, as
// far as it can be seen.
func (in *innerHandler) find(h http.Handler) {
	own, ok := h.(ownHandler)
	if !ok {
		return
	}
	in.add(own)
	in.find(own.base().next)
	if d, ok := own.(*documentedHandler); ok {
		in.find(d.Handler)
	}
}

// isKnown reports whether the document tells what the middleware answers, or
// there is no operation to tell it of. It logs where that is not so, once in an
// app for each name.
func (l *layer) isKnown(name, instead string, r *http.Request) bool {
	if l.inner != nil {
		return true
	}
	found := routedOf(r)
	if found == nil || found.endpoint.pattern == nil || found.endpoint.route.mounted != nil {
		return true
	}
	e := found.endpoint
	if _, logged := e.unknown.LoadOrStore(name, true); !logged {
		e.errors.log.ErrorContext(r.Context(), "middleware stands where no operation can know of it: between functions that hide it on both sides",
			"middleware", name, "route", r.Pattern, "so", instead, "fix", "make it an element of Use, or the outermost or innermost part of one")
	}
	return false
}

// isUnguarded reports whether the request is for a health path.
func (l *layer) isUnguarded(r *http.Request) bool {
	if l.inner != nil {
		return l.inner.endpoint.route.apart
	}
	found := routedOf(r)
	return found != nil && found.endpoint.route.apart
}

// wrap puts middleware around a handler of an endpoint, the first outermost.
// options answers preflights that get to the handler.
func wrap(h http.Handler, e *endpoint, middleware []func(http.Handler) http.Handler, options http.Handler) (http.Handler, error) {
	plain := &innerHandler{endpoint: e, at: len(middleware)}
	plain.find(e.plain)
	if plain.answersPreflights {
		options = h
	}
	hasCORS := plain.answersPreflights
	if hasCORS {
		e.preflight = h
	}
	for at, m := range slices.Backward(middleware) {
		in := &innerHandler{Handler: h, endpoint: e, at: at, options: options}
		options = nil
		if h = m(in); h == nil {
			return nil, errors.New("a middleware of Use returned no handler; return the one that it was given, or one around it")
		}
		in.find(h)
		in.made = true
		hasCORS = e.takePreflights(h, in, hasCORS)
	}
	return h, nil
}

// takePreflights chooses the handler that preflights for the endpoint go to: the
// outermost with CORS, else the outermost of the user's own, which may be CORS of
// another maker. Middleware of the app has seen them before.
func (e *endpoint) takePreflights(h http.Handler, in *innerHandler, hasCORS bool) bool {
	_, isOwn := h.(ownHandler)
	_, isDocumented := h.(*documentedHandler)
	if in.at >= e.middlewareOfApp && (in.answersPreflights || !hasCORS && (!isOwn || isDocumented)) {
		e.preflight = h
	}
	return hasCORS || in.answersPreflights
}

// raises notes that middleware may give an answer by itself: an error, or
// something without a body.
func (e *endpoint) raises(status int, doc string, errs ...*HTTPError) {
	e.raised = append(e.raised, ownResponse{status, doc, errs})
}

// Documented is mw, of which the document says what it answers and which headers
// it adds: by [Raises], [RaisesType], [Responds] and [RespondsHeader], in every operation that
// it is around.
//
//	limit := candor.Documented(quota, candor.Raises(ErrQuota), candor.RespondsHeader("X-Quota", "Requests that are left"))
//	app := candor.New(candor.Config{}, candor.Use(limit))
//
// It is for packages of middleware, whose users need not say it again; on a route
// or router of one's own the declarations do as options beside Use. Like all
// middleware of Candor it may stand anywhere inside an element of Use but between
// two functions that hide it; there it runs, undocumented, and that is logged
// once.
//
// Nil middleware, and a declaration that says nothing of answers, panic.
func Documented(mw func(http.Handler) http.Handler, declarations ...Declaration) func(http.Handler) http.Handler {
	declared, err := declaredAnswers(mw, declarations)
	if err != nil {
		panic(fmt.Errorf("candor: Documented at %s: %w", callsite.Here(), err))
	}
	return func(next http.Handler) http.Handler {
		return attach(&documentedHandler{layer: layer{next: next}, Handler: mw(next), declared: declared}, next)
	}
}

func declaredAnswers(mw func(http.Handler) http.Handler, declarations []Declaration) (*settings, error) {
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
	rest := *declared
	rest.responses, rest.headers, rest.raisedTypes = nil, nil, nil
	if !reflect.ValueOf(rest).IsZero() {
		return nil, fmt.Errorf("only Raises, RaisesType, Responds and RespondsHeader say what middleware answers; give the others to the routes")
	}
	return declared, nil
}

// documentedHandler is middleware of the user's.
type documentedHandler struct {
	layer
	http.Handler
	declared *settings
}

func (d *documentedHandler) describe(in *innerHandler) {
	in.endpoint.declared = append(in.endpoint.declared, d.declared.responses...)
	in.endpoint.added = append(in.endpoint.added, d.declared.headers...)
	in.endpoint.raisedTypes = appendNew(in.endpoint.raisedTypes, d.declared.raisedTypes)
}

// ServeHTTP implements http.Handler.
func (d *documentedHandler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	_ = d.isKnown("Documented", "what it answers is not in the document", r)
	d.Handler.ServeHTTP(w, r)
}
