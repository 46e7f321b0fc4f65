package middleware

import (
	"net/http"
	"strconv"
	"time"

	"github.com/candor-go/candor/internal/layer"
)

// ProcessTime returns middleware that adds the header X-Process-Time: the seconds until the header of the response was
// sent.
func ProcessTime() func(http.Handler) http.Handler {
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			start := time.Now()
			layer.ServeBefore(next, w, r, func(_ int, header http.Header) {
				// As late as possible: a header cannot follow the body.
				header.Set("X-Process-Time", strconv.FormatFloat(time.Since(start).Seconds(), 'f', 6, 64))
			})
		})
	}
}
