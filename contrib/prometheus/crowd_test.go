package candorprom_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strconv"
	"testing"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/candor-go/candor"
	candorprom "github.com/candor-go/candor/contrib/prometheus"
)

// nobody discards responses.
type nobody struct{ header http.Header }

func (n *nobody) Header() http.Header         { return n.header }
func (n *nobody) Write(p []byte) (int, error) { return len(p), nil }
func (n *nobody) WriteHeader(int)             {}

// A million unknown paths and methods become a few series, and use no memory afterwards.
func TestCrowdsMakeNoLabels(t *testing.T) {
	registry := prometheus.NewRegistry()
	metrics, err := candorprom.New(candorprom.Config{Registry: registry})
	require.NoError(t, err)
	app := candor.New(candor.Config{}, candor.Use(metrics.Middleware))
	candor.Get(app, "/items/{id}", func(context.Context, struct {
		ID string `path:"id"`
	},
	) (candor.None, error) {
		return candor.None{}, nil
	})
	app.Seal()
	runtime.GC()
	before := residentMemory()

	w, template := &nobody{http.Header{}}, httptest.NewRequest("GET", "/", nil)
	var r http.Request
	for i := range 1_250_000 {
		clear(w.header)
		r = *template
		url := *template.URL
		r.URL, r.Host = &url, "host-"+strconv.Itoa(i)
		switch i % 10 {
		case 0:
			url.Path = "/p/" + strconv.Itoa(i)
		case 1:
			url.Path = "/items/" + strconv.Itoa(i)
		default:
			r.Method, url.Path = "M"+strconv.Itoa(i), "/p/"+strconv.Itoa(i)
		}
		app.ServeHTTP(w, &r)
	}

	rise := residentMemory() - before
	t.Logf("%.1f MiB", float64(rise)/(1<<20))
	assert.Less(t, rise, int64(64<<20))
	for name, want := range map[string]int{"http_server_requests_total": 3, "http_server_request_duration_seconds": 3} {
		series, err := testutil.GatherAndCount(registry, name)
		require.NoError(t, err)
		assert.Equal(t, want, series, name)
	}
}

// residentMemory is the memory that Go has obtained from the system.
func residentMemory() int64 {
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.Sys - m.HeapReleased)
}
