// Package candorprom counts and times the requests of a Candor app for Prometheus, by the patterns of the routes.
//
//	metrics, err := candorprom.New(candorprom.Config{})
//	app := candor.New(candor.Config{}, candor.Use(metrics.Middleware))
//	candor.HandleHTTP(app, []string{"GET"}, "/metrics", metrics.Handler(), candor.Hidden())
//
// dashboard.json in this directory shows them in Grafana.
package candorprom

import (
	"cmp"
	"errors"
	"io"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"github.com/candor-go/candor/internal/layer"
)

// Config configures the metrics. The zero value is ready to use.
type Config struct {
	// Registry is where the metrics are registered. The default is a new registry, which also has the metrics of the Go
	// runtime and of the process.
	Registry *prometheus.Registry
	// Durations are the upper bounds of the buckets in seconds. The default has 17 from 0.5 ms to 30 s, enough for p50
	// to p99 of ordinary services.
	Durations []float64
	// Sizes are the upper bounds of the buckets in bytes. The default has 8 from 256 B to 4 MiB.
	Sizes []float64
	// Client returns a label for the client of a deprecated operation: the name of a tenant or a known program, "" for
	// others. It must not be a credential, nor a value that clients choose freely, because each name is a series of its
	// own. If it is nil, the label is empty. It is called concurrently.
	Client func(r *http.Request) string
}

var (
	defaultDurations = []float64{.0005, .001, .002, .004, .007, .01, .02, .04, .07, .1, .2, .4, .7, 1, 3, 10, 30}
	defaultSizes     = []float64{256, 1 << 10, 4 << 10, 16 << 10, 64 << 10, 256 << 10, 1 << 20, 4 << 20}
)

// Metrics holds the request metrics of an app:
//
//	http_server_requests_total{method, route, status}
//	http_server_requests_in_flight
//	http_server_request_duration_seconds{method, route}
//	http_server_request_size_bytes{method, route}
//	http_server_response_size_bytes{method, route}
//	http_server_deprecated_requests_total{method, route, client}
//
// In detail:
//
//   - The route is the matched pattern, never the path; without a route it is "unmatched". A method that HTTP does not
//     define is "other". So clients cannot make up labels.
//   - The status is the code, or "aborted" if the connection was closed before one was sent.
//   - The duration of an event stream or a WebSocket is the time until it began: a long-lived stream is not a slow
//     response.
//   - Sizes are those of the bodies, without headers.
type Metrics struct {
	registry *prometheus.Registry
	inFlight prometheus.Gauge
	requests *prometheus.CounterVec
	duration *prometheus.HistogramVec
	received *prometheus.HistogramVec
	sent     *prometheus.HistogramVec
	// deprecated counts calls of deprecated operations by client.
	deprecated *prometheus.CounterVec
	client     func(r *http.Request) string
}

// New makes and registers the metrics. It returns an error if the registry already has metrics of these names, as when
// an app is given metrics twice.
func New(config Config) (*Metrics, error) {
	m := &Metrics{registry: config.Registry}
	if m.registry == nil {
		m.registry = prometheus.NewRegistry()
		m.registry.MustRegister(collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	}
	m.inFlight = prometheus.NewGauge(prometheus.GaugeOpts{
		Name: "http_server_requests_in_flight", Help: "Requests in progress.",
	})
	m.requests = prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "http_server_requests_total", Help: "Requests that were served.",
	}, []string{"method", "route", "status"})
	sizes := config.Sizes
	if sizes == nil {
		sizes = defaultSizes
	}
	durations := config.Durations
	if durations == nil {
		durations = defaultDurations
	}
	m.duration = histogram("http_server_request_duration_seconds", "Time until a response was sent, or its stream began.", durations)
	m.received = histogram("http_server_request_size_bytes", "Sizes of the bodies of requests.", sizes)
	m.sent = histogram("http_server_response_size_bytes", "Sizes of response bodies.", sizes)
	var failed []error
	m.client = config.Client
	m.deprecated = prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "http_server_deprecated_requests_total", Help: "Requests for deprecated operations, by who still calls.",
	}, []string{"method", "route", "client"})
	for _, c := range []prometheus.Collector{m.deprecated, m.inFlight, m.requests, m.duration, m.received, m.sent} {
		failed = append(failed, m.registry.Register(c))
	}
	return m, errors.Join(failed...)
}

func histogram(name, help string, buckets []float64) *prometheus.HistogramVec {
	return prometheus.NewHistogramVec(prometheus.HistogramOpts{Name: name, Help: help, Buckets: buckets}, []string{"method", "route"})
}

// Handler serves all metrics of the registry. It does not restrict access: protect its route, or its port.
func (m *Metrics) Handler() http.Handler {
	return promhttp.HandlerFor(m.registry, promhttp.HandlerOpts{Registry: m.registry})
}

// Middleware measures requests. Use it first, so that it wraps all other middleware.
func (m *Metrics) Middleware(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		m.inFlight.Inc()
		defer m.inFlight.Dec()
		seen := &exchange{ResponseWriter: w, started: time.Now()}
		if r.Body != nil && r.Body != http.NoBody {
			seen.body = &countedBody{ReadCloser: r.Body}
			r2 := *r // net/http expects its own body in its request
			r2.Body = seen.body
			r = &r2
		}
		defer func() {
			problem := recover()
			seen.settle(problem)
			m.record(r, seen)
			if problem != nil {
				panic(problem)
			}
		}()
		next.ServeHTTP(seen, r)
	})
}

func (m *Metrics) record(r *http.Request, seen *exchange) {
	method, route := methodOf(r), cmp.Or(r.Pattern, "unmatched")
	status := "aborted"
	if seen.status != 0 {
		status = strconv.Itoa(seen.status)
	}
	m.requests.WithLabelValues(method, route, status).Inc()
	if op := layer.OperationOf(r); op != nil && op.Deprecated {
		m.deprecated.WithLabelValues(method, route, m.clientOf(r)).Inc()
	}
	m.duration.WithLabelValues(method, route).Observe(seen.duration().Seconds())
	m.sent.WithLabelValues(method, route).Observe(float64(seen.size))
	if seen.body != nil {
		m.received.WithLabelValues(method, route).Observe(float64(max(seen.body.size, r.ContentLength)))
	}
}

func (m *Metrics) clientOf(r *http.Request) string {
	if m.client == nil {
		return ""
	}
	return m.client(r)
}

// methods are those of RFC 9110, RFC 5789 and RFC 10008.
var methods = []string{"GET", "HEAD", "POST", "PUT", "DELETE", "CONNECT", "OPTIONS", "TRACE", "PATCH", "QUERY"}

// methodOf returns a known method, one of the operation's own, or "other".
func methodOf(r *http.Request) string {
	op := layer.OperationOf(r)
	if slices.Contains(methods, r.Method) || op != nil && op.Method == r.Method {
		return r.Method
	}
	return "other"
}

// exchange observes a response.
type exchange struct {
	http.ResponseWriter
	started time.Time
	status  int
	size    int64
	// began is when a stream began, zero for other responses.
	began time.Time
	body  *countedBody
}

func (x *exchange) duration() time.Duration {
	if !x.began.IsZero() {
		return x.began.Sub(x.started)
	}
	return time.Since(x.started)
}

// settle determines the status if nothing was written: a panic becomes a 500 further out, unless it aborts the
// connection.
func (x *exchange) settle(problem any) {
	err, _ := problem.(error)
	switch {
	case x.status != 0 || errors.Is(err, http.ErrAbortHandler):
	case problem != nil:
		x.status = http.StatusInternalServerError
	default:
		x.status = http.StatusOK
	}
}

// Unwrap lets http.ResponseController reach the server's own writer.
func (x *exchange) Unwrap() http.ResponseWriter { return x.ResponseWriter }

// WriteHeader implements http.ResponseWriter.
func (x *exchange) WriteHeader(status int) {
	if x.status == 0 && (status >= 200 || status == http.StatusSwitchingProtocols) {
		x.status = status
		if status == http.StatusSwitchingProtocols || strings.HasPrefix(x.Header().Get("Content-Type"), "text/event-stream") {
			x.began = time.Now()
		}
	}
	x.ResponseWriter.WriteHeader(status)
}

// Write implements http.ResponseWriter.
func (x *exchange) Write(p []byte) (int, error) {
	if x.status == 0 {
		x.WriteHeader(http.StatusOK)
	}
	n, err := x.ResponseWriter.Write(p)
	x.size += int64(n)
	return n, err
}

// Flush implements http.Flusher.
func (x *exchange) Flush() {
	if x.status == 0 {
		x.WriteHeader(http.StatusOK)
	}
	_ = http.NewResponseController(x.ResponseWriter).Flush()
}

// countedBody counts the bytes that are read.
type countedBody struct {
	io.ReadCloser
	size int64
}

// Read implements io.Reader.
func (b *countedBody) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	b.size += int64(n)
	return n, err
}
