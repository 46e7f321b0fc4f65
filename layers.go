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

// raises notes that middleware may give an answer by itself: an error, or
// something without a body.
func (e *endpoint) raises(status int, doc string) {
	e.raised = append(e.raised, ownResponse{status, doc})
}
