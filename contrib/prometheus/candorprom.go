// Package candorprom counts and times the requests of a Candor app for
// Prometheus, by the patterns of the routes.
//
//	metrics, err := candorprom.New(candorprom.Config{})
//	app := candor.New(candor.Config{}, candor.Use(metrics.Middleware))
//	candor.HandleHTTP(app, []string{"GET"}, "/metrics", metrics.Handler(), candor.Hidden())
//
// dashboard.json beside this file shows them in Grafana.
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

// Config says how requests are measured. The zero value is ready to use.
type Config struct {
	// Registry takes the metrics. The default is a new one, which has those of the
	// Go runtime and of the process as well.
	Registry *prometheus.Registry
	// Durations are the upper bounds of the buckets in seconds. The default has 17
	// from 0.5 ms to 30 s, close enough for p50 to p99 of ordinary services.
	Durations []float64
	// Sizes are the upper bounds of the buckets in bytes. The default has 8 from
	// 256 B to 4 MiB.
	Sizes []float64
	// Client names who calls a deprecated operation, for a label: the name of a
	// tenant or of a known program, "" for others. It must not be a credential, and
	// not what clients make up, as each name is a series of its own. nil leaves the
	// label empty. It is called concurrently.
	Client func(r *http.Request) string
}

var (
	defaultDurations = []float64{.0005, .001, .002, .004, .007, .01, .02, .04, .07, .1, .2, .4, .7, 1, 3, 10, 30}
	defaultSizes     = []float64{256, 1 << 10, 4 << 10, 16 << 10, 64 << 10, 256 << 10, 1 << 20, 4 << 20}
)

// Metrics are those of the requests of an app:
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
//   - The route is the pattern that matched, never the path; what no route has is
//     "unmatched". A method that HTTP does not define is "other". So clients cannot
//     make up labels.
//   - The status is the code, or "aborted" where the connection was cut before one
//     was sent.
//   - The duration of a stream of events and of a socket is the time until it
//     began; a long life is no slow answer.
//   - Sizes are those of the bodies, without the header.
type Metrics struct {
	registry *prometheus.Registry
	inFlight prometheus.Gauge
	requests *prometheus.CounterVec
	duration *prometheus.HistogramVec
	received *prometheus.HistogramVec
	sent     *prometheus.HistogramVec
	// deprecated counts calls of deprecated operations by what client names the
	// caller.
	deprecated *prometheus.CounterVec
	client     func(r *http.Request) string
}

// New makes metrics. It fails if the registry has others of their names, as it
// does when an app is given metrics twice.
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

// Handler serves all metrics of the registry. Who may see them is up to the
// route it is given, or the port.
func (m *Metrics) Handler() http.Handler {
	return promhttp.HandlerFor(m.registry, promhttp.HandlerOpts{Registry: m.registry})
}

// Middleware measures what passes. Used first, it sees what the others answer.
func (m *Metrics) Middleware(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		m.inFlight.Inc()
		defer m.inFlight.Dec()
		seen := &exchange{ResponseWriter: w, started: time.Now()}
		if r.Body != nil && r.Body != http.NoBody {
			seen.body = &countedBody{ReadCloser: r.Body}
			r2 := *r // net/http wants to find its own body in its request
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

// methodOf is a known method, or one of the operation's own: what clients make up
// is "other".
func methodOf(r *http.Request) string {
	op := layer.OperationOf(r)
	if slices.Contains(methods, r.Method) || op != nil && op.Method == r.Method {
		return r.Method
	}
	return "other"
}

// exchange watches what is answered.
type exchange struct {
	http.ResponseWriter
	started time.Time
	status  int
	size    int64
	// began is when a stream did, zero for other answers.
	began time.Time
	body  *countedBody
}

func (x *exchange) duration() time.Duration {
	if !x.began.IsZero() {
		return x.began.Sub(x.started)
	}
	return time.Since(x.started)
}

// settle tells the status of an answer that nothing was written of: a panic becomes
// a 500 further out, unless it asks for the connection to be cut.
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

// Flush serves handlers that ask for an http.Flusher.
func (x *exchange) Flush() {
	if x.status == 0 {
		x.WriteHeader(http.StatusOK)
	}
	_ = http.NewResponseController(x.ResponseWriter).Flush()
}

// countedBody counts what is read.
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
