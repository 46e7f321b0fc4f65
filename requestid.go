package candor

import (
	"context"
	"crypto/rand"
	"net/http"
	"strings"
)

// requestIDHeader carries the id of a request, in both directions.
const requestIDHeader = "X-Request-Id"

// RequestID is middleware that gives each request an id: that of its header
// X-Request-Id, if it is one of at most 128 letters, digits and signs of
// "-._~:/+=@", else a random one. The id is sent back in the same header,
// [RequestIDOf] finds it, and it stands as request_id in what Candor logs about
// the request: put RequestID around [AccessLog].
func RequestID() func(http.Handler) http.Handler {
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			id := r.Header.Get(requestIDHeader)
			if !isRequestID(id) {
				id = rand.Text()
			}
			w.Header()[requestIDHeader] = []string{id}
			next.ServeHTTP(w, r.WithContext(context.WithValue(r.Context(), requestIDKey{}, id)))
		})
	}
}

type requestIDKey struct{}

// RequestIDOf is the id that [RequestID] gave the request of a context, "" where
// it is not in use.
func RequestIDOf(ctx context.Context) string {
	id, _ := ctx.Value(requestIDKey{}).(string)
	return id
}

// isRequestID takes what can do no harm in a log.
func isRequestID(id string) bool {
	isOther := func(r rune) bool {
		return (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && (r < '0' || r > '9') && !strings.ContainsRune("-._~:/+=@", r)
	}
	return id != "" && len(id) <= 128 && !strings.ContainsFunc(id, isOther)
}
