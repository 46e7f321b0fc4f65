package candor

import (
	"net/http"

	"github.com/candor-go/candor/internal/layer"
)

// BeforeHeader is middleware that calls f once for each response, right before
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
