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

// AccessLog is middleware that logs each request once it is over, to log or,
// when that is nil, to slog.Default():
//
//	INFO request method=GET route=/items/{id} status=200 bytes=34 duration=1.2ms client=192.0.2.1 request_id=...
//
// In detail:
//
//   - The route is the pattern. For a path without a route it is "", and path is
//     what was asked for. The query is never logged, nor any header or body. A
//     method that HTTP does not name, and the operation does not have, is "OTHER".
//   - A status of 500 and more is logged at Error, any other at Info. A request for a
//     health path is quieter: Debug, and Warn where the app is not well.
//   - bytes are those of the body, as the handler wrote them.
//   - A response that was aborted has aborted=true.
//   - client is the address the request comes from: put it inside of
//     [TrustedProxies] where that would be a proxy. request_id is that of [RequestID].
func AccessLog(log *slog.Logger) func(http.Handler) http.Handler {
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			to := log
			if to == nil {
				to = slog.Default()
			}
			// Nothing is measured for a log that nobody reads.
			if !to.Enabled(r.Context(), slog.LevelError) {
				next.ServeHTTP(w, r)
				return
			}
			watched, start, whole := layer.Watch(w), time.Now(), false
			// Deferred, so that a panic on its way out is logged too.
			defer func() { logAccess(to, r, watched, time.Since(start), whole) }()
			next.ServeHTTP(watched, r)
			whole = true
		})
	}
}

// logAccess logs a request. whole
// means that the handler returned. One that panicked was aborted, unless nothing
// was sent: then a middleware outside of the log responds.
func logAccess(to *slog.Logger, r *http.Request, w *layer.Writer, duration time.Duration, whole bool) {
	status := w.Status
	switch {
	case w.Begun:
	case whole: // net/http sends it after the handler that sent nothing
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

// knownMethod is a method of HTTP, one that the operation has, or "OTHER", so that
// clients cannot make up what is logged or counted.
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

// clientOf is the address that a request comes from, as a text.
func clientOf(r *http.Request) string {
	address, ok := requestinfo.Address(r)
	port := strings.LastIndexByte(r.RemoteAddr, ':')
	switch {
	case !ok:
		return r.RemoteAddr
	case r.RemoteAddr[0] != '[': // IPv4 is written in one way only
		return r.RemoteAddr[:port]
	}
	return address.String()
}
