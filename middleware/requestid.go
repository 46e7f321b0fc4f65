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

// RequestID returns middleware that gives each request an id: that of its header X-Request-Id, if it consists of at
// most 128 letters, digits and characters of "-._~:/+=@", otherwise a random one. The id is sent back in the same
// header, [RequestIDOf] returns it, and Candor logs it as request_id: put [AccessLog] inside of it.
func RequestID() func(http.Handler) http.Handler {
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			id := r.Header.Get(requestIDHeader)
			// The id goes to logs and other services, so only harmless ones are accepted.
			if !isRequestID(id) {
				id = newRequestID()
			}
			ctx, line := requestinfo.WithID(r.Context(), id)
			w.Header()[requestIDHeader] = line
			next.ServeHTTP(w, r.WithContext(ctx))
		})
	}
}

// RequestIDOf returns the id that [RequestID] gave to the request of a context, "" if there is none.
func RequestIDOf(ctx context.Context) string { return requestinfo.ID(ctx) }

// newRequestID returns 128 random bits in base32, from a source that needs no system call: ids must be unique, not
// secret.
func newRequestID() string {
	const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"
	var id [26]byte
	for half := range 2 {
		// 13 characters of 5 bits are 65 bits, so the last one of each half has only 4.
		bits := rand.Uint64()
		for i := range 13 {
			id[13*half+i] = alphabet[bits%32]
			bits /= 32
		}
	}
	return string(id[:])
}

// isRequestID accepts what can do no harm in a log.
func isRequestID(id string) bool {
	isOther := func(r rune) bool {
		return (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && (r < '0' || r > '9') && !strings.ContainsRune("-._~:/+=@", r)
	}
	return id != "" && len(id) <= 128 && !strings.ContainsFunc(id, isOther)
}
