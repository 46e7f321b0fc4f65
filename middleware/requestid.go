package middleware

import (
	"context"
	"math/rand/v2"
	"net/http"
	"strings"

	"github.com/candor-go/candor/internal/requestinfo"
)

// requestIDHeader carries the id of a request, in both directions.
const requestIDHeader = "X-Request-Id"

// RequestID is middleware that gives each request an id: the one of its header
// X-Request-Id, if it is one of at most 128 letters, digits and signs of
// "-._~:/+=@", else a random one. The id is sent back in the same header,
// [RequestIDOf] finds it, and it is request_id in what Candor logs about the
// request: put [AccessLog] inside of it.
func RequestID() func(http.Handler) http.Handler {
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			id := r.Header.Get(requestIDHeader)
			// An id from outside goes to logs and to other services, so only harmless ones are taken.
			if !isRequestID(id) {
				id = newRequestID()
			}
			ctx, line := requestinfo.WithID(r.Context(), id)
			w.Header()[requestIDHeader] = line
			next.ServeHTTP(w, r.WithContext(ctx))
		})
	}
}

// RequestIDOf is the id that [RequestID] gave the request of a context, "" where
// it is not in use.
func RequestIDOf(ctx context.Context) string { return requestinfo.ID(ctx) }

// newRequestID is 128 random bits in base32, of a source that needs no system
// call: ids are to be unique, not secret.
func newRequestID() string {
	const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"
	var id [26]byte
	for half := range 2 {
		// 13 characters of 5 bits use 65, so that the last one of each half has 4 of them.
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
