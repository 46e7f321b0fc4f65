package candor

import (
	"net/http"
	"strconv"
	"time"

	"github.com/candor-go/candor/internal/layer"
)

// BeforeHeader is middleware that calls f once for each answer, right before
// its header is sent: for headers that depend on the status or on what was set
// inside. Nothing is buffered. f is also called where the connection is taken
// over by a status of 101, but not for other statuses below 200.
func BeforeHeader(f func(r *http.Request, status int, header http.Header)) func(http.Handler) http.Handler {
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			layer.ServeBefore(next, w, r, func(status int, header http.Header) { f(r, status, header) })
		})
	}
}

// ProcessTime is middleware that tells in the header X-Process-Time how many
// seconds passed from here to the header of the answer.
func ProcessTime() func(http.Handler) http.Handler {
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			start := time.Now()
			layer.ServeBefore(next, w, r, func(_ int, header http.Header) {
				header.Set("X-Process-Time", strconv.FormatFloat(time.Since(start).Seconds(), 'f', 6, 64))
			})
		})
	}
}
