package candorprom_test

import (
	"context"
	"net/http"
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

// Clients of a deprecated operation are counted, and custom methods have their names.
func TestDeprecatedAndOwnMethods(t *testing.T) {
	registry := prometheus.NewRegistry()
	metrics, err := candorprom.New(candorprom.Config{Registry: registry, Client: func(r *http.Request) string { return r.Header.Get("X-Tenant") }})
	require.NoError(t, err)
	app := candor.New(candor.Config{}, candor.Use(metrics.Middleware))
	nothing := func(context.Context, candor.None) (candor.None, error) { return candor.None{}, nil }
	candor.Get(app, "/old", nothing, candor.Deprecated(time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)))
	candor.Get(app, "/new", nothing)
	candor.Handle(app, []string{"PURGE", "QUERY"}, "/new", nothing)
	server := serve(t, app)
	ask(t, "GET", server.URL+"/old", "")
	ask(t, "GET", server.URL+"/old", "")
	ask(t, "GET", server.URL+"/new", "")
	ask(t, "PURGE", server.URL+"/new", "")
	ask(t, "QUERY", server.URL+"/new", "")
	ask(t, "MADEUP", server.URL+"/new", "")
	server.Close()
	assert.NoError(t, testutil.GatherAndCompare(registry, strings.NewReader(`
# HELP http_server_deprecated_requests_total Requests for deprecated operations, by who still calls.
# TYPE http_server_deprecated_requests_total counter
http_server_deprecated_requests_total{client="",method="GET",route="/old"} 2
# HELP http_server_requests_total Requests that were served.
# TYPE http_server_requests_total counter
http_server_requests_total{method="GET",route="/new",status="204"} 1
http_server_requests_total{method="GET",route="/old",status="204"} 2
http_server_requests_total{method="PURGE",route="/new",status="204"} 1
http_server_requests_total{method="QUERY",route="/new",status="204"} 1
http_server_requests_total{method="other",route="unmatched",status="405"} 1
`), "http_server_deprecated_requests_total", "http_server_requests_total"))
}
