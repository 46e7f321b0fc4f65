package candorotel_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/contrib/instrumentation/net/http/otelhttp"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"
	"go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"
	oteltrace "go.opentelemetry.io/otel/trace"

	"github.com/candor-go/candor"
	candorotel "github.com/candor-go/candor/contrib/otel"
)

// service is an app with access to its spans, metrics and log.
type service struct {
	spans   *tracetest.InMemoryExporter
	metrics *metric.ManualReader
	log     bytes.Buffer
	tracer  oteltrace.TracerProvider
	url     string
	// end waits for what the server still has to do.
	end func()
}

type itemRef struct {
	ID int `path:"id"`
}

type item struct {
	ID int `json:"id"`
}

func newService(t *testing.T) *service {
	t.Helper()
	s := &service{spans: tracetest.NewInMemoryExporter(), metrics: metric.NewManualReader()}
	s.tracer = trace.NewTracerProvider(trace.WithSyncer(s.spans))
	logger := slog.New(candorotel.LogHandler(slog.NewJSONHandler(&s.log, nil)))
	app := candor.New(candor.Config{Logger: logger}, candor.Use(candorotel.Middleware(s.options()...)))
	candor.Get(app, "/items/{id}", func(ctx context.Context, in itemRef) (item, error) {
		ctx, span := s.tracer.Tracer("shop").Start(ctx, "look up")
		defer span.End()
		logger.InfoContext(ctx, "looking")
		switch in.ID {
		case 404:
			return item{}, candor.Error(404, "no such item")
		case 500:
			return item{}, errors.New("the shelf broke")
		case 501:
			panic("out of shelves")
		}
		return item(in), nil
	}, candor.Raises(candor.Error(404, nil)))
	server := httptest.NewServer(app)
	t.Cleanup(server.Close)
	s.url, s.end = server.URL, server.Close
	return s
}

func (s *service) options() []otelhttp.Option {
	return []otelhttp.Option{
		otelhttp.WithTracerProvider(s.tracer),
		otelhttp.WithMeterProvider(metric.NewMeterProvider(metric.WithReader(s.metrics))),
		otelhttp.WithPropagators(propagation.TraceContext{}),
	}
}

// ask sends a request and waits for the response.
func (s *service) ask(t *testing.T, client *http.Client, method, path string) {
	t.Helper()
	ctx, span := s.tracer.Tracer("client").Start(t.Context(), "the client's")
	defer span.End()
	r, err := http.NewRequestWithContext(ctx, method, s.url+path, nil)
	require.NoError(t, err)
	answer, err := client.Do(r)
	require.NoError(t, err)
	_, err = io.Copy(io.Discard, answer.Body)
	require.NoError(t, err)
	require.NoError(t, answer.Body.Close())
}

// named returns the span with a name.
func (s *service) named(t *testing.T, name string) tracetest.SpanStub {
	t.Helper()
	var found tracetest.SpanStub
	require.Eventually(t, func() bool {
		for _, span := range s.spans.GetSpans() {
			if span.Name == name {
				found = span
				return true
			}
		}
		return false
	}, patience, tick, "no span %q", name)
	return found
}

func TestTraceCrossesHeaders(t *testing.T) {
	s := newService(t)
	client := &http.Client{Transport: otelhttp.NewTransport(http.DefaultTransport, s.options()...)}
	s.ask(t, client, "GET", "/items/7")
	request := s.named(t, "GET /items/{id}")
	mine := s.named(t, "the client's")
	sent := s.named(t, "HTTP GET")
	inside := s.named(t, "look up")
	assert.Equal(t, mine.SpanContext.TraceID(), inside.SpanContext.TraceID())
	assert.Equal(t, mine.SpanContext.SpanID(), sent.Parent.SpanID())
	assert.Equal(t, sent.SpanContext.SpanID(), request.Parent.SpanID())
	assert.True(t, request.Parent.IsRemote())
	assert.Equal(t, request.SpanContext.SpanID(), inside.Parent.SpanID())
	assert.Equal(t, "/items/{id}", attributes(request.Attributes)["http.route"].AsString())
	assert.Equal(t, int64(200), attributes(request.Attributes)["http.response.status_code"].AsInt64())

	var line map[string]any
	require.NoError(t, json.Unmarshal(s.log.Bytes(), &line))
	assert.Equal(t, inside.SpanContext.TraceID().String(), line["trace_id"])
	assert.Equal(t, inside.SpanContext.SpanID().String(), line["span_id"])
}

func attributes(list []attribute.KeyValue) map[attribute.Key]attribute.Value {
	found := map[attribute.Key]attribute.Value{}
	for _, a := range list {
		found[a.Key] = a.Value
	}
	return found
}

func TestErrorsOfSpans(t *testing.T) {
	for _, c := range []struct {
		path, event string
		code        codes.Code
	}{
		{"/items/1", "", codes.Unset},
		{"/items/x", "", codes.Unset},
		{"/items/404", "", codes.Unset},
		{"/items/500", "the shelf broke", codes.Error},
		{"/items/501", "panic: out of shelves", codes.Error},
	} {
		t.Run(c.path, func(t *testing.T) {
			s := newService(t)
			s.ask(t, http.DefaultClient, "GET", c.path)
			span := s.named(t, "GET /items/{id}")
			assert.Equal(t, c.code, span.Status.Code)
			if c.event == "" {
				assert.Empty(t, span.Events)
				return
			}
			require.Len(t, span.Events, 1)
			assert.Equal(t, c.event, attributes(span.Events[0].Attributes)["exception.message"].AsString())
		})
	}
}

// Names and labels do not grow with values that clients make up.
func TestNamesAreBounded(t *testing.T) {
	s := newService(t)
	for _, path := range []string{"/items/1", "/items/2", "/nowhere", "/nowhere/else"} {
		for _, method := range []string{"GET", "BREW", "GRIND"} {
			s.ask(t, http.DefaultClient, method, path)
		}
	}
	s.end()
	var metrics metricdata.ResourceMetrics
	require.NoError(t, s.metrics.Collect(t.Context(), &metrics))
	seen := map[string]bool{}
	for _, scope := range metrics.ScopeMetrics {
		for _, m := range scope.Metrics {
			histogram, ok := m.Data.(metricdata.Histogram[float64])
			if !ok || m.Name != "http.server.request.duration" {
				continue
			}
			for _, point := range histogram.DataPoints {
				route, _ := point.Attributes.Value("http.route")
				method, _ := point.Attributes.Value("http.request.method")
				seen[strings.TrimSpace(method.AsString()+" "+route.AsString())] = true
			}
		}
	}
	assert.Equal(t, map[string]bool{"GET /items/{id}": true, "GET": true, "_OTHER": true}, seen)
}

func TestLogHandlerOutsideOfSpans(t *testing.T) {
	var log bytes.Buffer
	logger := slog.New(candorotel.LogHandler(slog.NewTextHandler(&log, nil))).With("a", 1).WithGroup("g")
	logger.Error("x", "error", errors.New("y"))
	assert.Contains(t, log.String(), "msg=x a=1 g.error=y\n")
}

// Spans end shortly after the client has received its response.
const (
	patience = time.Minute
	tick     = 5 * time.Millisecond
)

func TestDeprecatedOperationsAreMarked(t *testing.T) {
	spans := tracetest.NewInMemoryExporter()
	provider := trace.NewTracerProvider(trace.WithSyncer(spans))
	app := candor.New(candor.Config{}, candor.Use(candorotel.Middleware(otelhttp.WithTracerProvider(provider))))
	nothing := func(context.Context, candor.None) (candor.None, error) { return candor.None{}, nil }
	candor.Get(app, "/old", nothing, candor.Deprecated(time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)))
	candor.Get(app, "/new", nothing)
	for _, path := range []string{"/old", "/new"} {
		app.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest("GET", path, nil))
	}
	marked := map[string]bool{}
	for _, span := range spans.GetSpans() {
		marked[span.Name] = attributes(span.Attributes)["http.route.deprecated"].AsBool()
	}
	assert.Equal(t, map[string]bool{"GET /old": true, "GET /new": false}, marked)
}
