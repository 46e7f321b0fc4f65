//go:build !race

package candor_test

// The race detector pads allocations, so memory is only measured without it.

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"runtime"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/candor-go/candor"
	"github.com/candor-go/candor/middleware"
)

// crowdFactor multiplies the number of clients. The CI uses 100, which makes ten million.
func crowdFactor(t *testing.T) int {
	text := os.Getenv("CANDOR_CROWD")
	if text == "" {
		return 1
	}
	factor, err := strconv.Atoi(text)
	require.NoError(t, err)
	return factor
}

// nobody is a reusable ResponseWriter that discards everything.
type nobody struct{ header http.Header }

func (n *nobody) Header() http.Header         { return n.header }
func (n *nobody) Write(p []byte) (int, error) { return len(p), nil }
func (n *nobody) WriteHeader(int)             {}

// Values that clients can choose freely, such as addresses, credentials, paths, queries and methods, do not
// accumulate in memory.
func TestCrowdsLeaveNoTrace(t *testing.T) {
	config, _ := recorded()
	limited := candor.New(config, candor.RateLimit(candor.RateConfig{Rate: candor.PerHour(1), Key: candor.ByCredential}))
	candor.HandleHTTP(limited, []string{"GET"}, "/", http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	full := candor.New(config, candor.RateLimit(candor.RateConfig{Rate: candor.PerHour(1)}), candor.Use(
		middleware.RequestID(), middleware.CORS(middleware.CORSConfig{Origins: []string{"https://app.example.com"}}), middleware.ConditionalGET()))
	candor.Get(full, "/items", func(context.Context, struct {
		Q string `query:"q,omitempty"`
	},
	) (candor.Text, error) {
		return "hello", nil
	}, candor.Cache(candor.CacheConfig{TTL: time.Hour, Tags: []string{"items"}}))
	limited.Seal()
	full.Seal()
	runtime.GC()
	before := residentMemory()

	clients := 100_000 * crowdFactor(t)
	crowd(limited, clients, func(r *http.Request, i int) {
		r.Header.Set("Authorization", "Bearer "+strconv.Itoa(i))
	})
	strangers := clients / 10
	crowd(full, strangers, func(r *http.Request, i int) {
		r.RemoteAddr = fmt.Sprintf("[2001:db8:%x:%x::1]:1", i>>16, i&0xffff)
		r.URL.Path, r.Method = "/p/"+strconv.Itoa(i), "M"+strconv.Itoa(i)
	})
	crowd(full, strangers, func(r *http.Request, i int) {
		r.RemoteAddr = fmt.Sprintf("[2001:db9:%x:%x::1]:1", i>>16, i&0xffff)
		r.URL.Path, r.URL.RawQuery = "/items", "q="+strconv.Itoa(i)
	})

	rise := residentMemory() - before
	t.Logf("%d clients, %d paths and methods, %d queries: %.1f MiB", clients, strangers, strangers, float64(rise)/(1<<20))
	assert.Less(t, rise, int64(64<<20))
}

// crowd sends n requests on all processors. Each worker reuses its own memory, so that only the app's memory shows.
func crowd(app http.Handler, n int, change func(r *http.Request, i int)) {
	var next atomic.Int64
	var all sync.WaitGroup
	for range runtime.GOMAXPROCS(0) {
		all.Go(func() {
			template := httptest.NewRequest("GET", "/", nil)
			r, url, header, w := *template, *template.URL, http.Header{}, &nobody{http.Header{}}
			for i := next.Add(1); i <= int64(n); i = next.Add(1) {
				clear(header)
				clear(w.header)
				url = *template.URL
				r = *template
				r.URL, r.Header = &url, header
				change(&r, int(i))
				app.ServeHTTP(w, &r)
			}
		})
	}
	all.Wait()
}

// residentMemory returns the bytes that the Go runtime holds from the operating system.
func residentMemory() int64 {
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.Sys - m.HeapReleased)
}
