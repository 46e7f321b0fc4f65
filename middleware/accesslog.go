package middleware

import (
	"log/slog"
	"net/http"
	"strings"
	"time"

	"github.com/candor-go/candor/internal/layer"
	"github.com/candor-go/candor/internal/mediatype"
	"github.com/candor-go/candor/internal/requestinfo"
)

// AccessLog returns middleware that logs each request when it is over, to log or, if that is nil, to slog.Default():
//
//	INFO request method=GET route=/items/{id} status=200 bytes=34 duration=1.2ms client=192.0.2.1 request_id=...
//
// In detail:
//
//   - The route is the pattern. Without a route it is "", and path is the requested path. Queries, headers and bodies
//     are never logged. A method that neither HTTP nor the operation defines is "OTHER".
//   - A status of 500 or above is logged at level Error, any other at Info. Requests for health paths are logged at
//     Debug, or at Warn if the app is unhealthy.
//   - bytes is the size of the body as the handler wrote it.
//   - An aborted response has aborted=true.
//   - client is the remote address of the request: put AccessLog inside of [TrustedProxies] if that would be a proxy.
//     request_id is the one of [RequestID].
func AccessLog(log *slog.Logger) func(http.Handler) http.Handler {
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			to := log
			if to == nil {
				to = slog.Default()
			}
			// Nothing is measured if nobody reads the log.
			if !to.Enabled(r.Context(), slog.LevelError) {
				next.ServeHTTP(w, r)
				return
			}
			watched, start, whole := layer.Watch(w), time.Now(), false
			// Deferred, so that a panic is logged too.
			defer func() { logAccess(to, r, watched, time.Since(start), whole) }()
			next.ServeHTTP(watched, r)
			whole = true
		})
	}
}

// logAccess logs a request. whole means that the handler returned. If it panicked, the response was aborted, unless
// nothing was sent: then an outer middleware responds.
func logAccess(to *slog.Logger, r *http.Request, w *layer.Writer, duration time.Duration, whole bool) {
	status := w.Status
	switch {
	case w.Begun:
	case whole: // net/http sends this after a handler that sent nothing
		status = http.StatusOK
	default:
		status = http.StatusInternalServerError
	}
	level := layer.OperationOf(r).Level(status)
	if !to.Enabled(r.Context(), level) {
		return
	}
	attrs := make([]slog.Attr, 0, 8)
	attrs = append(attrs,
		slog.String("method", knownMethod(r)), slog.String("route", r.Pattern), slog.Int("status", status),
		slog.Int64("bytes", w.Bytes), slog.Duration("duration", duration), slog.String("client", clientOf(r)))
	if r.Pattern == "" {
		attrs = append(attrs, slog.String("path", r.URL.Path))
	}
	if id := RequestIDOf(r.Context()); id != "" {
		attrs = append(attrs, slog.String("request_id", id))
	}
	if !whole && w.Begun {
		attrs = append(attrs, slog.Bool("aborted", true))
	}
	to.LogAttrs(r.Context(), level, "request", attrs...)
}

// knownMethod returns a method of HTTP, one that the operation has, or "OTHER", so that clients cannot make up values
// in logs and metrics.
func knownMethod(r *http.Request) string {
	method := r.Method
	if op := layer.OperationOf(r); op != nil && op.Method == method {
		return method
	}
	switch method {
	case http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete,
		http.MethodConnect, http.MethodOptions, http.MethodTrace, mediatype.MethodQuery:
		return method
	}
	return "OTHER"
}

// clientOf returns the remote address of a request as text.
func clientOf(r *http.Request) string {
	address, ok := requestinfo.Address(r)
	port := strings.LastIndexByte(r.RemoteAddr, ':')
	switch {
	case !ok:
		return r.RemoteAddr
	case r.RemoteAddr[0] != '[': // IPv4 has only one notation
		return r.RemoteAddr[:port]
	}
	return address.String()
}
