package candor

import (
	"net/http"
	"slices"
)

// resident is a handler that one of Candor's own middlewares has put around
// another. It is told where it stands when the app is sealed, so that the
// document can tell what it answers.
type resident interface {
	// settle is called for the position at among the middleware around e, whose
	// pattern is nil for paths without a route.
	settle(e *endpoint, at int)
}

// wrap puts middleware around a handler of an endpoint, the first outermost.
func wrap(h http.Handler, e *endpoint, middleware []func(http.Handler) http.Handler) http.Handler {
	for at, m := range slices.Backward(middleware) {
		h = m(h)
		if own, ok := h.(resident); ok {
			own.settle(e, at)
		}
	}
	return h
}

// addedHeader is a header that middleware adds to answers of an endpoint.
type addedHeader struct {
	documentedHeader
	// to tells the statuses of those answers; nil means all.
	to func(status int) bool
}

// raises notes that the endpoint may answer with an error by itself.
func (e *endpoint) raises(status int, doc string) {
	e.set.responses = overlay([]response{{status: status, doc: doc}}, e.set.responses)
}
