package candor

import (
	"context"
	"reflect"

	"github.com/candor-go/candor/internal/callsite"
	"github.com/candor-go/candor/internal/fault"
)

// OnError gives errors of type E a response of their own: those that routes of
// the router or app return, alone or wrapped (errors.As), and those passed to
// [WriteError]. E may be a pointer, a value or an interface. The response is of
// any type a route may return, and stands in the document of every route that
// declares such an error by [RaisesType]. One for *[ValidationError], *[HTTPError]
// or error stands wherever the response was that it replaces.
//
//	candor.OnError(app, func(ctx context.Context, err *StockError) (StockAnswer, error) {
//		return StockAnswer{Wanted: err.Wanted, Left: err.Left}, nil
//	}, candor.Status(409))
//
// Of several handlers that fit one error, one alone is asked:
//
//   - types go before statuses: [OnStatus] is asked when no OnError fits, but
//     handlers for *[HTTPError] and for the interface error, which say less
//     than a status, come last of all;
//   - then the nearest router: the route's own, those around it, the app;
//   - then, in one router, a type before an interface, and the one registered
//     last. Two for the same type in one router are a configuration error and panic.
//
// When the handler returns an error itself, the search goes on with that one
// among the handlers that would have been next; what none of them answers is
// answered as ever. So a handler may return its own err to pass it on, or any
// other to translate it.
//
// The status is that of the option [Status] or of the response. Without, it is
// the one the error has anyway: that of an *[HTTPError] inside, 422 for a
// *[ValidationError], 500 for all others. The headers of an *[HTTPError] inside
// are sent too. Beside Status and Produces, [Responds] and [Raises] are allowed,
// for what else the handler answers.
//
// A mounted app answers its errors by its own handlers.
//
// An error that is mapped is not logged, except where E is error. Panics reach
// handlers for error and OnStatus(500) only.
func OnError[E error, Out any](r Routes, h func(ctx context.Context, err E) (Out, error), options ...RouteOption) {
	eh := &errorHandler{site: callsite.Here(), errorType: reflect.TypeFor[E]()}
	if h != nil {
		eh.handler = erase(h)
	}
	// The cast cannot fail: find gets the input of the handler, which is an E.
	eh.find = func(f *failure, into any) bool { return findError(f, into.(*E)) }
	routerOf(r, eh.configError).handleErrors(eh, options)
}

// OnStatus gives errors with the status a response of their own, in the place of
// {"detail": ...}: 404 and 405, those of no route included if r is the app; 422,
// where errors.As finds the *[ValidationError] and Detail is its list; 500, which
// is also every unknown error and every panic, logged before, which errors.As
// and errors.Is look through to; or any other from 300 to 599.
//
// In the document, the response takes the place of the error wherever a route
// below declares it. See [OnError] for the order of handlers, their options and
// the errors they return. The status stays the same unless the option [Status]
// or the response says otherwise.
func OnStatus[Out any](r Routes, status int, h func(ctx context.Context, err *HTTPError) (Out, error), options ...RouteOption) {
	eh := &errorHandler{site: callsite.Here(), status: status}
	if h != nil {
		eh.handler = erase(h)
	}
	eh.find = func(f *failure, into any) bool {
		// known logs an unknown error, so it is asked only if the error is for this
		// handler.
		if f.status() != status {
			return false
		}
		*into.(**HTTPError) = f.known()
		return true
	}
	routerOf(r, eh.configError).handleErrors(eh, options)
}

// FieldErrors is what [DottedFaults] answers.
type FieldErrors struct {
	Detail []FieldError `json:"detail"`
}

// FieldError is one thing wrong with a request.
type FieldError struct {
	// Field is the location in dots, such as "body.lines.3.qty".
	Field   string `json:"field"`
	Message string `json:"message"`
}

// DottedFaults is a handler for [OnError] that writes a 422 as a list of fields
// and messages; the document follows:
//
//	candor.OnError(app, candor.DottedFaults)
//
// For another form write another such function.
func DottedFaults(_ context.Context, err *ValidationError) (FieldErrors, error) {
	response := FieldErrors{Detail: make([]FieldError, len(err.Faults))}
	for i, f := range err.Faults {
		response.Detail[i] = FieldError{Field: fault.Dotted(f.Loc), Message: f.Msg}
	}
	return response, nil
}
