package candor

import (
	"context"

	"github.com/candor-go/candor/internal/callsite"
	"github.com/candor-go/candor/internal/fault"
)

// OnError registers an error handler: it makes the response to errors of type E that routes of the router or app
// return, directly or wrapped (errors.As), or that are passed to [WriteError]. E may be a pointer, a value or an
// interface. The result has any type that a route may return. The document lists the response for every operation that
// declares the error by [RaisesType]; a handler for *[ValidationError], *[HTTPError] or error is documented wherever
// its response replaces another.
//
//	candor.OnError(app, func(ctx context.Context, err *StockError) (StockAnswer, error) {
//		return StockAnswer{Wanted: err.Wanted, Left: err.Left}, nil
//	}, candor.Status(409))
//
// If several handlers match an error, only one is called:
//
//   - types come before statuses: [OnStatus] applies if no OnError matches, except that handlers for *[HTTPError] and
//     for the interface error, which are less specific than a status, come last;
//   - then the nearest router: the route's own, then the routers that include it, then the app;
//   - then, in one router, a type before an interface, and the one registered last. Two for the same type in one router
//     are a configuration error and panic.
//
// If the handler itself returns an error, the search continues with that error among the remaining handlers; if none
// matches, it gets the default response. So a handler may return err to pass it on, or another error to translate it.
//
// The document takes a handler by its type and cannot see what it passes on. Translate errors without a type of their
// own, such as sql.ErrNoRows, in a function of [Around], which is documented by [Raises].
//
// The status is that of the option [Status] or of the result. Otherwise it is the status that the error would have:
// that of an *[HTTPError] it wraps, 422 for a *[ValidationError], and 500 for all others. The headers of a wrapped
// *[HTTPError] are sent too. Allowed options are Status, Produces, and, for further responses of the handler,
// [Responds] and [Raises].
//
// A mounted app uses its own error handlers.
//
// Handled errors are not logged, unless E is error. Panics reach only handlers for error and OnStatus(500).
func OnError[E error, Out any](r Routes, h func(ctx context.Context, err E) (Out, error), options ...RouteOption) {
	handler := erase(h)
	handleErrors(r, &errorHandler{handler: handler, errorType: handler.in, find: findError}, options)
}

// handleErrors registers an error handler whose types are erased.
func handleErrors(r Routes, h *errorHandler, options []RouteOption) {
	h.site = callsite.Here()
	routerOf(r, h.configError).handleErrors(h, options)
}

// OnStatus registers an error handler for a status from 300 to 599, whose response replaces {"detail": ...}. On an app,
// 404 and 405 include paths and methods without a route. For 422, errors.As finds the *[ValidationError], and Detail is
// its list. 500 includes every unknown error and every panic, which are logged first; errors.As and errors.Is find the
// original error.
//
// In the document, the response replaces that of the error for every operation that declares the status. See [OnError]
// for the order of handlers, their options and the errors they return. The status stays the same, unless the option
// [Status] or the result sets another.
func OnStatus[Out any](r Routes, status int, h func(ctx context.Context, err *HTTPError) (Out, error), options ...RouteOption) {
	handleErrors(r, &errorHandler{handler: erase(h), status: status, find: findStatus(status)}, options)
}

// FieldErrors is the response of [DottedFaults].
type FieldErrors struct {
	Detail []FieldError `json:"detail"`
}

// FieldError is one validation error of a request.
type FieldError struct {
	// Field is the location, joined by dots, such as "body.lines.3.qty".
	Field   string `json:"field"`
	Message string `json:"message"`
}

// DottedFaults is a handler for [OnError] that formats a 422 as a list of fields and messages. The document follows:
//
//	candor.OnError(app, candor.DottedFaults)
//
// For another format, write a similar function.
func DottedFaults(_ context.Context, err *ValidationError) (FieldErrors, error) {
	response := FieldErrors{Detail: make([]FieldError, len(err.Faults))}
	for i, f := range err.Faults {
		response.Detail[i] = FieldError{Field: fault.Dotted(f.Loc), Message: f.Msg}
	}
	return response, nil
}
