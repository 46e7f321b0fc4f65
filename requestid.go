package candor

import (
	"context"
	"math/rand/v2"
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
				id = newRequestID()
			}
			known := &identified{Context: r.Context(), id: id, line: [1]string{id}}
			w.Header()[requestIDHeader] = known.line[:]
			next.ServeHTTP(w, r.WithContext(known))
		})
	}
}

// identified is the context of a request that has an id.
type identified struct {
	context.Context
	id string
	// line is that of the header.
	line [1]string
}

type requestIDKey struct{}

// Value implements context.Context.
func (c *identified) Value(key any) any {
	if key == (requestIDKey{}) {
		return c
	}
	return c.Context.Value(key)
}

// RequestIDOf is the id that [RequestID] gave the request of a context, "" where
// it is not in use.
func RequestIDOf(ctx context.Context) string {
	if known, ok := ctx.Value(requestIDKey{}).(*identified); ok {
		return known.id
	}
	return ""
}

// newRequestID is 128 random bits in base32, of a source that needs no system
// call: ids are to be unique, not secret.
func newRequestID() string {
	const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"
	var id [26]byte
	for half := range 2 {
		bits := rand.Uint64()
		for i := range 13 {
			id[13*half+i] = alphabet[bits%32]
			bits /= 32
		}
	}
	return string(id[:])
}

// isRequestID takes what can do no harm in a log.
func isRequestID(id string) bool {
	isOther := func(r rune) bool {
		return (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && (r < '0' || r > '9') && !strings.ContainsRune("-._~:/+=@", r)
	}
	return id != "" && len(id) <= 128 && !strings.ContainsFunc(id, isOther)
}
