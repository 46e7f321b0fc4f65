package candorprom_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/candor-go/candor"
	candorprom "github.com/candor-go/candor/contrib/prometheus"
)

type note struct {
	Text string `json:"text"`
}

// newApp has a route of each kind.
func newApp(t *testing.T, registry *prometheus.Registry) *candor.App {
	t.Helper()
	metrics, err := candorprom.New(candorprom.Config{Registry: registry})
	require.NoError(t, err)
	app := candor.New(candor.Config{}, candor.Use(metrics.Middleware))
	candor.HandleHTTP(app, []string{"GET"}, "/metrics", metrics.Handler(), candor.Hidden())
	candor.Get(app, "/notes/{id}", func(_ context.Context, in struct {
		ID int `path:"id"`
	},
	) (note, error) {
		if in.ID == 13 {
			panic("unlucky")
		}
		return note{strings.Repeat("x", in.ID)}, nil
	})
	candor.Post(app, "/notes", func(_ context.Context, in struct {
		Body note `body:""`
	},
	) (candor.None, error) {
		return candor.None{}, nil
	})
	candor.Get(app, "/events", func(ctx context.Context, _ candor.None) (candor.Events[note], error) {
		return func(yield func(candor.Event[note], error) bool) {
			yield(candor.Event[note]{Data: note{"now"}}, nil)
			<-ctx.Done()
		}, nil
	})
	candor.WebSocket(app, "/echo", func(ctx context.Context, _ candor.None, s *candor.Socket[string, string]) error {
		for text, err := range s.Messages(ctx) {
			if err != nil {
				return err
			}
			if err := s.Send(ctx, text); err != nil {
				return err
			}
		}
		return nil
	})
	return app
}

func serve(t *testing.T, app http.Handler) *httptest.Server {
	t.Helper()
	server := httptest.NewServer(app)
	t.Cleanup(server.Close)
	return server
}

func ask(t *testing.T, method, url, body string) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, url, strings.NewReader(body))
	require.NoError(t, err)
	if body != "" {
		r.Header.Set("Content-Type", "application/json")
	}
	answer, err := http.DefaultClient.Do(r)
	require.NoError(t, err)
	defer answer.Body.Close()
	_, err = io.Copy(io.Discard, answer.Body)
	require.NoError(t, err)
}

func TestCountsByPattern(t *testing.T) {
	registry := prometheus.NewRegistry()
	server := serve(t, newApp(t, registry))
	for range 3 {
		ask(t, "GET", server.URL+"/notes/5", "")
	}
	ask(t, "GET", server.URL+"/notes/x", "")
	ask(t, "GET", server.URL+"/notes/13", "")
	ask(t, "POST", server.URL+"/notes", `{"text": "to do"}`)
	ask(t, "BREW", server.URL+"/notes/5", "")
	ask(t, "GET", server.URL+"/nowhere/1", "")
	ask(t, "GET", server.URL+"/nowhere/2", "")
	server.Close()
	assert.NoError(t, testutil.GatherAndCompare(registry, strings.NewReader(`
# HELP http_server_requests_total Requests that were served.
# TYPE http_server_requests_total counter
http_server_requests_total{method="GET",route="/notes/{id}",status="200"} 3
http_server_requests_total{method="GET",route="/notes/{id}",status="422"} 1
http_server_requests_total{method="GET",route="/notes/{id}",status="500"} 1
http_server_requests_total{method="GET",route="unmatched",status="404"} 2
http_server_requests_total{method="POST",route="/notes",status="204"} 1
http_server_requests_total{method="other",route="unmatched",status="405"} 1
# HELP http_server_requests_in_flight Requests in progress.
# TYPE http_server_requests_in_flight gauge
http_server_requests_in_flight 0
`), "http_server_requests_total", "http_server_requests_in_flight"))
	assert.NoError(t, testutil.GatherAndCompare(registry, strings.NewReader(`
# HELP http_server_request_size_bytes Sizes of the bodies of requests.
# TYPE http_server_request_size_bytes histogram
http_server_request_size_bytes_bucket{method="POST",route="/notes",le="256"} 1
http_server_request_size_bytes_bucket{method="POST",route="/notes",le="1024"} 1
http_server_request_size_bytes_bucket{method="POST",route="/notes",le="4096"} 1
http_server_request_size_bytes_bucket{method="POST",route="/notes",le="16384"} 1
http_server_request_size_bytes_bucket{method="POST",route="/notes",le="65536"} 1
http_server_request_size_bytes_bucket{method="POST",route="/notes",le="262144"} 1
http_server_request_size_bytes_bucket{method="POST",route="/notes",le="1.048576e+06"} 1
http_server_request_size_bytes_bucket{method="POST",route="/notes",le="4.194304e+06"} 1
http_server_request_size_bytes_bucket{method="POST",route="/notes",le="+Inf"} 1
http_server_request_size_bytes_sum{method="POST",route="/notes"} 17
http_server_request_size_bytes_count{method="POST",route="/notes"} 1
`), "http_server_request_size_bytes"))
}

// Streams and WebSockets work through the middleware, and count when they end.
func TestStreamsAndSockets(t *testing.T) {
	registry := prometheus.NewRegistry()
	app := newApp(t, registry)
	server := serve(t, app)
	ctx, cancel := context.WithCancel(t.Context())
	r, err := http.NewRequestWithContext(ctx, "GET", server.URL+"/events", nil)
	require.NoError(t, err)
	answer, err := http.DefaultClient.Do(r)
	require.NoError(t, err)
	first := make([]byte, 16)
	_, err = io.ReadFull(answer.Body, first)
	require.NoError(t, err)
	assert.Equal(t, 1.0, gathered(t, registry, "http_server_requests_in_flight"))
	cancel()
	require.NoError(t, answer.Body.Close())

	client := candor.NewTestClient(t, app)
	socket := client.WebSocket("/echo")
	socket.Send("hello")
	var got string
	socket.Receive(&got)
	assert.Equal(t, "hello", got)
	socket.Close(1000, "")
	server.Close()
	require.Eventually(t, func() bool { return gathered(t, registry, "http_server_requests_in_flight") == 0 }, time.Minute, 10*time.Millisecond)
	count, err := testutil.GatherAndCount(registry, "http_server_requests_total")
	require.NoError(t, err)
	assert.Equal(t, 2, count)
}

// gathered returns the value of a gauge without labels.
func gathered(t *testing.T, registry *prometheus.Registry, name string) float64 {
	t.Helper()
	families, err := registry.Gather()
	require.NoError(t, err)
	for _, f := range families {
		if f.GetName() == name {
			return f.GetMetric()[0].GetGauge().GetValue()
		}
	}
	return -1
}

func TestNewTwiceInOneRegistry(t *testing.T) {
	registry := prometheus.NewRegistry()
	_, err := candorprom.New(candorprom.Config{Registry: registry})
	require.NoError(t, err)
	_, err = candorprom.New(candorprom.Config{Registry: registry})
	assert.Error(t, err)
}

func TestPromtoolFindsNothing(t *testing.T) {
	server := serve(t, newApp(t, nil))
	ask(t, "GET", server.URL+"/notes/5", "")
	ask(t, "POST", server.URL+"/notes", `{"text": "to do"}`)
	answer, err := http.Get(server.URL + "/metrics")
	require.NoError(t, err)
	defer answer.Body.Close()
	check := exec.Command("promtool", "check", "metrics")
	check.Stdin = answer.Body
	said, err := check.CombinedOutput()
	assert.NoError(t, err, "%s", said)
	assert.Empty(t, string(said))
}

// A Prometheus scrapes two processes, and has data for every query of the dashboard.
func TestPrometheusServesTheDashboard(t *testing.T) {
	one, two := serve(t, newApp(t, nil)), serve(t, newApp(t, nil))
	base := startPrometheus(t, one.Listener.Addr().String(), two.Listener.Addr().String())
	for _, expr := range expressions(t) {
		want := 1
		if strings.Contains(expr, "by (instance)") || strings.HasPrefix(expr, "go_") || strings.HasPrefix(expr, "process_") {
			want = 2
		}
		require.Eventually(t, func() bool {
			for _, server := range []*httptest.Server{one, two} {
				ask(t, "GET", server.URL+"/notes/5", "")
				ask(t, "GET", server.URL+"/notes/13", "")
				ask(t, "POST", server.URL+"/notes", `{"text": "to do"}`)
			}
			return len(query(t, base, expr)) >= want
		}, time.Minute, 200*time.Millisecond, "no answer to %s", expr)
	}
	p95 := query(t, base, `histogram_quantile(0.95, sum by (le) (rate(http_server_request_duration_seconds_bucket[1m])))`)
	require.Len(t, p95, 1)
	seconds, err := strconv.ParseFloat(p95[0], 64)
	require.NoError(t, err)
	assert.Positive(t, seconds)
}

// startPrometheus returns the address of a Prometheus that scrapes targets each second.
func startPrometheus(t *testing.T, targets ...string) string {
	t.Helper()
	dir := t.TempDir()
	config := fmt.Sprintf("global: {scrape_interval: 1s, scrape_timeout: 1s}\nscrape_configs: [{job_name: shop, static_configs: [{targets: ['%s']}]}]\n",
		strings.Join(targets, "', '"))
	require.NoError(t, os.WriteFile(filepath.Join(dir, "prometheus.yml"), []byte(config), 0o600))
	address := freeAddress(t)
	cmd := exec.Command("prometheus", "--config.file="+filepath.Join(dir, "prometheus.yml"),
		"--storage.tsdb.path="+filepath.Join(dir, "data"), "--web.listen-address="+address)
	var log bytes.Buffer
	cmd.Stderr = &log
	require.NoError(t, cmd.Start())
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
		if t.Failed() {
			t.Log(log.String())
		}
	})
	base := "http://" + address
	require.Eventually(t, func() bool {
		answer, err := http.Get(base + "/-/ready")
		if err != nil {
			return false
		}
		defer answer.Body.Close()
		return answer.StatusCode == http.StatusOK
	}, time.Minute, 100*time.Millisecond)
	return base
}

func freeAddress(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer l.Close()
	return l.Addr().String()
}

// expressions returns the queries of the dashboard, with its variables filled in.
func expressions(t *testing.T) []string {
	t.Helper()
	text, err := os.ReadFile("dashboard.json")
	require.NoError(t, err)
	var dashboard struct {
		Panels []struct {
			Targets []struct{ Expr string }
		}
	}
	require.NoError(t, json.Unmarshal(text, &dashboard))
	var all []string
	fill := strings.NewReplacer("$__rate_interval", "1m", "$job", ".*", "$route", ".*")
	for _, panel := range dashboard.Panels {
		for _, target := range panel.Targets {
			all = append(all, fill.Replace(target.Expr))
		}
	}
	require.NotEmpty(t, all)
	return all
}

// query returns the current values.
func query(t *testing.T, base, expr string) []string {
	t.Helper()
	answer, err := http.Get(base + "/api/v1/query?query=" + url.QueryEscape(expr))
	require.NoError(t, err)
	defer answer.Body.Close()
	var said struct {
		Status, Error string
		Data          struct {
			Result []struct{ Value [2]any }
		}
	}
	require.NoError(t, json.NewDecoder(answer.Body).Decode(&said))
	require.Equal(t, "success", said.Status, "%s: %s", expr, said.Error)
	var values []string
	for _, r := range said.Data.Result {
		if value := r.Value[1].(string); value != "NaN" {
			values = append(values, value)
		}
	}
	return values
}

// TestPanicsCount counts panics of other middleware by what the client sees: Candor responds with 500, and
// http.ErrAbortHandler closes the connection.
func TestPanicsCount(t *testing.T) {
	for _, c := range []struct {
		what   string
		value  any
		before int // the status that was written before
		cut    bool
		want   string
	}{
		{"a bug", "unlucky", 0, false, "500"},
		{"an error", io.ErrUnexpectedEOF, 0, false, "500"},
		{"a cut", http.ErrAbortHandler, 0, true, "aborted"},
		{"a bug behind the header", "unlucky", 202, true, "202"},
	} {
		t.Run(c.what, func(t *testing.T) {
			metrics, err := candorprom.New(candorprom.Config{})
			require.NoError(t, err)
			app := candor.New(candor.Config{}, candor.Use(metrics.Middleware, func(http.Handler) http.Handler {
				return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
					if c.before != 0 {
						w.WriteHeader(c.before)
					}
					panic(c.value)
				})
			}))
			server := serve(t, app)
			response, err := http.Get(server.URL)
			if err == nil {
				require.NoError(t, response.Body.Close())
			}
			assert.Equal(t, c.cut, err != nil)
			page := httptest.NewRecorder()
			metrics.Handler().ServeHTTP(page, httptest.NewRequest(http.MethodGet, "/metrics", nil))
			assert.Contains(t, page.Body.String(), `http_server_requests_total{method="GET",route="unmatched",status="`+c.want+`"} 1`)
		})
	}
}
