// Package candorotel exports the requests of a Candor app to OpenTelemetry: a span and metrics for each request, by the
// conventions of otelhttp and with the pattern of its route; errors that clients do not see as events of the span; and
// trace ids in the log.
//
//	app := candor.New(candor.Config{
//		Logger: slog.New(candorotel.LogHandler(slog.NewJSONHandler(os.Stderr, nil))),
//	}, candor.Use(candorotel.Middleware()))
package candorotel

import (
	"context"
	"log/slog"
	"net/http"

	"go.opentelemetry.io/contrib/instrumentation/net/http/otelhttp"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/trace"

	"github.com/candor-go/candor/internal/layer"
)

// Middleware returns the middleware of otelhttp, with its options. Use it first, so that it wraps all other middleware.
//
//   - A span is named after method and pattern, as in "GET /items/{id}". Without a route the name is the method alone,
//     and unknown methods share one name, so that clients cannot make up names.
//   - The trace of a client is continued if there is a propagator: otelhttp.WithPropagators, or the global one.
//   - The default providers are the global ones. If there are none, the cost per request is small.
//   - The span of a stream or a WebSocket ends with it.
//   - Spans and metrics of a deprecated operation have http.route.deprecated=true; who calls it is in the app's log.
//
// Handlers find the span in their context, and make children of it as usual.
func Middleware(options ...otelhttp.Option) func(http.Handler) http.Handler {
	traced := otelhttp.NewMiddleware("", options...)
	return func(next http.Handler) http.Handler { return traced(markDeprecated(next)) }
}

// deprecatedKey is the attribute of requests for deprecated operations.
const deprecatedKey = attribute.Key("http.route.deprecated")

// markDeprecated marks spans and metrics of deprecated operations.
func markDeprecated(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if op := layer.OperationOf(r); op != nil && op.Deprecated {
			mark := deprecatedKey.Bool(true)
			span := trace.SpanFromContext(r.Context())
			span.SetAttributes(mark)
			if labeler, ok := otelhttp.LabelerFromContext(r.Context()); ok {
				labeler.Add(mark)
			}
		}
		next.ServeHTTP(w, r)
	})
}

// LogHandler adds trace_id and span_id to records that are logged within a span, and adds errors logged at error level
// to the span. Candor logs every error whose text does not reach the client, including panics.
//
// It is safe for concurrent use if next is.
func LogHandler(next slog.Handler) slog.Handler { return logHandler{next} }

type logHandler struct{ slog.Handler }

// Handle implements slog.Handler.
func (h logHandler) Handle(ctx context.Context, record slog.Record) error {
	span := trace.SpanFromContext(ctx)
	at := span.SpanContext()
	if !at.IsValid() {
		return h.Handler.Handle(ctx, record)
	}
	if record.Level >= slog.LevelError && span.IsRecording() {
		note(span, record)
	}
	record = record.Clone()
	record.AddAttrs(slog.String("trace_id", at.TraceID().String()), slog.String("span_id", at.SpanID().String()))
	return h.Handler.Handle(ctx, record)
}

// note records the error of a record.
func note(span trace.Span, record slog.Record) {
	message := attribute.String("log.message", record.Message)
	record.Attrs(func(a slog.Attr) bool {
		err, ok := a.Value.Any().(error)
		if ok {
			span.RecordError(err, trace.WithTimestamp(record.Time), trace.WithAttributes(message))
		}
		return !ok
	})
}

// WithAttrs implements slog.Handler.
func (h logHandler) WithAttrs(attrs []slog.Attr) slog.Handler {
	return logHandler{h.Handler.WithAttrs(attrs)}
}

// WithGroup implements slog.Handler.
func (h logHandler) WithGroup(name string) slog.Handler { return logHandler{h.Handler.WithGroup(name)} }
