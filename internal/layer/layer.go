// Package layer connects an operation with the middleware that wraps it. Middleware learns what kind of operation it
// wraps, and says which responses it sends and which headers it adds. Handlers of the root and of package middleware
// embed a [Layer]; the root passes an [Inner] to each middleware function and reads what was found. The package knows
// nothing about routes, documents or particular middleware.
//
// Middleware can be found from two sides: through the handler that it wraps, and through the handler that it returns.
// The root passes an Inner as the wrapped handler, and [Inner.Seal] inspects the returned one. So middleware is found
// in any composition of functions, unless a user's function hides it on both sides.
package layer

import (
	"log/slog"
	"net/http"

	"github.com/candor-go/candor/internal/lazy"
)

// Operation is what middleware may know about its operation.
type Operation struct {
	Method string
	// Streams means that the response is not written as a whole: it is a stream or a hijacked connection.
	Streams bool
	// Deprecated means that the operation is marked as deprecated.
	Deprecated bool
	// Unguarded means that neither guards nor limits apply, as for a health path.
	Unguarded bool
	// Unlisted means that the operation is in no document: a path without a route, or a mounted handler.
	Unlisted bool
	Log      *slog.Logger
	// Reported holds the names of middleware that was reported as unknown. The operations of an app share it.
	Reported *lazy.Seen
}

// Level is the log level for a response with the status. For probes it is lower, because they come every few seconds and
// may fail while the app starts or stops.
func (op *Operation) Level(status int) slog.Level {
	probe, failed := op != nil && op.Unguarded, status >= http.StatusInternalServerError
	switch {
	case probe && failed:
		return slog.LevelWarn
	case probe:
		return slog.LevelDebug
	case failed:
		return slog.LevelError
	}
	return slog.LevelInfo
}

// OperationKey is the context key of a request's *Operation.
type OperationKey struct{}

// OperationOf returns the operation of a request, nil outside of an app.
func OperationOf(r *http.Request) *Operation {
	op, _ := r.Context().Value(OperationKey{}).(*Operation)
	return op
}

// Effects describe how middleware changes the responses of an operation.
type Effects struct {
	Responses []Response
	Headers   []Header
	// AnswersPreflights means that this middleware handles preflight requests for the operation, which have no route.
	AnswersPreflights bool
}

// Response is a response that middleware sends itself.
type Response struct {
	Status      int
	Description string
	// Err is the error in its body, nil for a response without a body.
	Err error
}

// Header is a header that middleware adds to responses.
type Header struct {
	Name, Description string
	// Statuses are the statuses of responses with the header; none means all.
	Statuses []int
}

// Handler is a middleware handler that embeds a [Layer].
type Handler interface {
	http.Handler
	base() *Layer
}

// Describer is a handler that describes its effects itself.
type Describer interface {
	Handler
	Describe(op *Operation) Effects
}

// Layer is embedded by the handlers of middleware that knows its operation.
type Layer struct {
	// Next is the handler that the middleware was given.
	Next http.Handler
	// Made is what other middleware made of Next, nil if there is none. It may know the operation too.
	Made http.Handler
	// inner is nil as long as no operation knows of the middleware.
	inner *Inner
}

func (l *Layer) base() *Layer { return l } //nolint:unused // handlers of other packages have it by embedding

// Attach tells the operation of next about h, if next knows its operation. It returns h.
func Attach(h Handler, next http.Handler) http.Handler {
	// Documented middleware inside of h already knows the operation.
	switch next := next.(type) {
	case *Inner:
		next.add(h)
	case Handler:
		if in := next.base().inner; in != nil {
			in.add(h)
		}
	}
	return h
}

// IsKnown reports whether the effects of the middleware are documented, or there is no operation. Otherwise it logs the
// consequence, once per app for each name of middleware.
func (l *Layer) IsKnown(r *http.Request, name, consequence string) bool {
	if l.inner != nil {
		return true
	}
	op := OperationOf(r)
	// The operation is in no document that could be wrong.
	if op == nil || op.Unlisted {
		return true
	}
	if op.Reported.IsNew(name) {
		op.Log.ErrorContext(r.Context(), "no operation can find this middleware: it is wrapped by functions that hide it on both sides",
			"middleware", name, "route", r.Pattern, "so", consequence, "fix", "make it an element of Use, or the outermost or innermost part of one")
	}
	return false
}

// IsUnguarded reports whether the request is for a health path.
func (l *Layer) IsUnguarded(r *http.Request) bool {
	op := OperationOf(r)
	if l.inner != nil {
		op = l.inner.operation
	}
	return op != nil && op.Unguarded
}

// Inner is the handler that a middleware function is given: the endpoint, wrapped by the middleware further inside.
type Inner struct {
	http.Handler
	operation *Operation
	// options serves OPTIONS requests; if nil, the handler does.
	options http.Handler
	found   []Handler
	// sealed means that the middleware function has returned. Middleware created later, while a request is served, is too late
	// for the document.
	sealed bool
}

// NewInner returns the handler for a middleware function. OPTIONS requests go to options unless it is nil.
func NewInner(h http.Handler, op *Operation, options http.Handler) *Inner {
	return &Inner{Handler: h, operation: op, options: options}
}

// Seal searches the handler that the middleware function returned, and returns all known middleware, each handler once.
func (in *Inner) Seal(h http.Handler) []Handler {
	in.find(h)
	in.sealed = true
	return in.found
}

// ServeHTTP implements http.Handler.
func (in *Inner) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.Method == http.MethodOptions && in.options != nil {
		in.options.ServeHTTP(w, r)
		return
	}
	in.Handler.ServeHTTP(w, r)
}

// add records middleware, once for each operation: a plain handler may serve several operations.
func (in *Inner) add(h Handler) {
	// A handler that was found from both sides already has this operation.
	if l := h.base(); !in.sealed && (l.inner == nil || l.inner.operation != in.operation) {
		l.inner = in
		in.found = append(in.found, h)
	}
}

// find adds the middleware that a handler consists of, from the outside in, as far as it is visible.
func (in *Inner) find(h http.Handler) {
	known, ok := h.(Handler)
	if !ok {
		return
	}
	// The outer one first: the effects of a middleware function add up in this order.
	in.add(known)
	l := known.base()
	in.find(l.Next)
	in.find(l.Made)
}
