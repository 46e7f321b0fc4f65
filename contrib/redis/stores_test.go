package candorredis_test

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/candor-go/candor"
	candorredis "github.com/candor-go/candor/contrib/redis"
)

func TestRateStore(t *testing.T) {
	store := candorredis.NewRateStore(newServer(t).client())
	rate := candor.Rate{Requests: 1, Per: time.Hour, Burst: 3}
	for _, remaining := range []int{2, 1, 0} {
		taken, err := store.Take(t.Context(), "ann", rate)
		require.NoError(t, err)
		assert.True(t, taken.Allowed)
		assert.Equal(t, remaining, taken.Remaining)
		assert.Zero(t, taken.Retry)
	}
	taken, err := store.Take(t.Context(), "ann", rate)
	require.NoError(t, err)
	assert.False(t, taken.Allowed)
	assert.InDelta(t, time.Hour, taken.Retry, float64(time.Minute))
	assert.InDelta(t, 3*time.Hour, taken.Reset, float64(time.Minute))
	taken, err = store.Take(t.Context(), "bob", rate)
	require.NoError(t, err)
	assert.True(t, taken.Allowed)
}

// The store gives the same results as the store in memory.
func TestRateStoreAgreesWithMemory(t *testing.T) {
	remote, local := candorredis.NewRateStore(newServer(t).client()), candor.NewMemoryRateStore(0)
	for _, rate := range []candor.Rate{candor.PerHour(5), {Requests: 2, Per: 24 * time.Hour, Burst: 7}, {Requests: 3, Per: time.Hour, Burst: 1}} {
		for range 10 {
			far, err := remote.Take(t.Context(), "k"+rate.Per.String(), rate)
			require.NoError(t, err)
			near, err := local.Take(t.Context(), "k"+rate.Per.String(), rate)
			require.NoError(t, err)
			assert.Equal(t, near.Allowed, far.Allowed)
			assert.Equal(t, near.Remaining, far.Remaining)
			assert.InDelta(t, near.Retry, far.Retry, float64(time.Minute))
			assert.InDelta(t, near.Reset, far.Reset, float64(time.Minute))
		}
	}
}

// impatient does not retry, as a client for limits and caches should not. Its timeouts are long, for busy machines.
func (s *redisServer) impatient() *redis.Client {
	client := redis.NewClient(&redis.Options{
		Network: "unix", Addr: s.socket, MaxRetries: -1, DialerRetries: 1,
		DialTimeout: patience, ReadTimeout: patience, WriteTimeout: patience,
	})
	s.t.Cleanup(func() { _ = client.Close() })
	return client
}

// patience is long enough for a busy machine. No test waits for all of it.
const patience = time.Minute

// limited returns two processes that share one limit.
func limited(t *testing.T, server *redisServer, failClosed bool) (one, two *httptest.Server) {
	t.Helper()
	start := func() *httptest.Server {
		app := candor.New(candor.Config{RateStore: candorredis.NewRateStore(server.impatient())})
		candor.Get(app, "/", func(context.Context, candor.None) (candor.None, error) { return candor.None{}, nil },
			candor.RateLimit(candor.RateConfig{Name: "all", Rate: candor.Rate{Requests: 1, Per: time.Hour, Burst: 20}, FailClosed: failClosed, Budget: patience}))
		s := httptest.NewServer(app)
		t.Cleanup(s.Close)
		return s
	}
	return start(), start()
}

func statusOf(t *testing.T, url string) int {
	t.Helper()
	answer, err := http.Get(url)
	require.NoError(t, err)
	require.NoError(t, answer.Body.Close())
	return answer.StatusCode
}

func TestProcessesShareALimit(t *testing.T) {
	one, two := limited(t, newServer(t), false)
	var allowed, refused atomic.Int64
	var all sync.WaitGroup
	for i := range 32 {
		url := []string{one.URL, two.URL}[i%2]
		all.Go(func() {
			for range 5 {
				switch answer, err := http.Get(url); {
				case err != nil:
					assert.NoError(t, err)
				case answer.StatusCode == http.StatusNoContent:
					allowed.Add(1)
				case answer.StatusCode == http.StatusTooManyRequests:
					refused.Add(1)
				}
			}
		})
	}
	all.Wait()
	assert.Equal(t, int64(20), allowed.Load())
	assert.Equal(t, int64(140), refused.Load())
}

func TestLimitWithoutRedis(t *testing.T) {
	for name, c := range map[string]struct {
		failClosed bool
		status     int
	}{
		"open":   {false, http.StatusNoContent},
		"closed": {true, http.StatusServiceUnavailable},
	} {
		t.Run(name, func(t *testing.T) {
			server := newServer(t)
			one, _ := limited(t, server, c.failClosed)
			assert.Equal(t, http.StatusNoContent, statusOf(t, one.URL))
			server.stop()
			assert.Equal(t, c.status, statusOf(t, one.URL))
			server.start()
			assert.Eventually(t, func() bool { return statusOf(t, one.URL) == http.StatusNoContent }, patience, 50*time.Millisecond)
		})
	}
}

func TestCacheStore(t *testing.T) {
	server := newServer(t)
	store := candorredis.NewCacheStore(server.impatient())
	values, err := store.Get(t.Context(), "a", "b")
	require.NoError(t, err)
	assert.Equal(t, [][]byte{nil, nil}, values)
	require.NoError(t, store.Set(t.Context(), "b", []byte("\x00value"), time.Hour))
	require.NoError(t, store.Set(t.Context(), "empty", []byte{}, time.Hour))
	require.NoError(t, store.Set(t.Context(), "brief", []byte("x"), time.Millisecond))
	values, err = store.Get(t.Context(), "a", "b", "empty")
	require.NoError(t, err)
	assert.Nil(t, values[0])
	assert.Equal(t, []byte("\x00value"), values[1])
	assert.NotNil(t, values[2])
	assert.Empty(t, values[2])
	assert.Eventually(t, func() bool {
		values, err := store.Get(t.Context(), "brief")
		return err == nil && values[0] == nil
	}, patience, 5*time.Millisecond)
	server.stop()
	_, err = store.Get(t.Context(), "b")
	assert.Error(t, err)
	assert.Error(t, store.Set(t.Context(), "b", nil, time.Hour))
}

// shop is a process that caches responses in Redis.
type shop struct {
	*httptest.Server
	// ran counts the calls of its GET handlers.
	ran atomic.Int64
}

func newShop(t *testing.T, server *redisServer) *shop {
	t.Helper()
	s := &shop{}
	app := candor.New(candor.Config{
		CacheStore: candorredis.NewCacheStore(server.impatient()), Logger: slog.New(slog.DiscardHandler),
	})
	candor.Get(app, "/products/{id}", func(_ context.Context, in struct {
		ID int `path:"id"`
	},
	) (candor.Text, error) {
		s.ran.Add(1)
		return candor.Text(fmt.Sprintf("product %d", in.ID)), nil
	}, candor.Cache(candor.CacheConfig{TTL: time.Hour, Tags: []string{"products", "product:{id}"}, Budget: patience}))
	candor.Put(app, "/products/{id}", func(_ context.Context, in struct {
		ID   int `path:"id"`
		Tags *candor.CacheTags
	},
	) (candor.None, error) {
		in.Tags.Invalidate(fmt.Sprintf("product:%d", in.ID))
		return candor.None{}, nil
	})
	candor.Delete(app, "/products", func(_ context.Context, in struct{ Tags *candor.CacheTags }) (candor.None, error) {
		in.Tags.Invalidate("products")
		return candor.None{}, nil
	})
	s.Server = httptest.NewServer(app)
	t.Cleanup(s.Close)
	return s
}

// ask expects a status, and reports whether a GET handler ran.
func (s *shop) ask(t *testing.T, method, path string, status int) (ran bool) {
	t.Helper()
	before := s.ran.Load()
	r, err := http.NewRequestWithContext(t.Context(), method, s.URL+path, nil)
	require.NoError(t, err)
	answer, err := http.DefaultClient.Do(r)
	require.NoError(t, err)
	defer answer.Body.Close()
	require.Equal(t, status, answer.StatusCode)
	ran = s.ran.Load() > before
	if method == http.MethodGet {
		text, err := io.ReadAll(answer.Body)
		require.NoError(t, err)
		assert.Equal(t, strings.Replace(path[1:], "s/", " ", 1), string(text))
		assert.Equal(t, ran, answer.Header.Get("Age") == "", "an answer that was kept has an Age")
	}
	return ran
}

func TestProcessesShareACache(t *testing.T) {
	server := newServer(t)
	one, two := newShop(t, server), newShop(t, server)
	assert.True(t, one.ask(t, "GET", "/products/1", 200))
	for range 3 {
		assert.False(t, one.ask(t, "GET", "/products/1", 200))
		assert.False(t, two.ask(t, "GET", "/products/1", 200), "the other process has it too")
	}
	assert.True(t, two.ask(t, "GET", "/products/2", 200))

	two.ask(t, "PUT", "/products/1", 204)
	assert.True(t, one.ask(t, "GET", "/products/1", 200), "it was dropped in both")
	assert.False(t, two.ask(t, "GET", "/products/1", 200))
	assert.False(t, one.ask(t, "GET", "/products/2", 200), "the other product was not")
	one.ask(t, "DELETE", "/products", 204)
	for _, path := range []string{"/products/1", "/products/2"} {
		assert.True(t, two.ask(t, "GET", path, 200))
		assert.False(t, one.ask(t, "GET", path, 200))
	}
}

func TestCacheWithoutRedis(t *testing.T) {
	server := newServer(t)
	one, two := newShop(t, server), newShop(t, server)
	assert.True(t, one.ask(t, "GET", "/products/1", 200))
	server.stop()
	for range 3 {
		assert.True(t, one.ask(t, "GET", "/products/1", 200))
		assert.True(t, two.ask(t, "GET", "/products/1", 200))
	}
	two.ask(t, "PUT", "/products/2", 204)
	server.start()
	for _, s := range []*shop{one, two} {
		require.Eventually(t, func() bool { return !s.ask(t, "GET", "/products/1", 200) }, patience, 20*time.Millisecond,
			"it is kept again without a restart")
	}
}
