package candorredis_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/candor-go/candor"
	candorredis "github.com/candor-go/candor/contrib/redis"
	"github.com/candor-go/candor/idempotency"
)

func TestKeyStore(t *testing.T) {
	ctx, s := t.Context(), candorredis.NewKeyStore(newServer(t).client())
	take := func(value string, ttl time.Duration) string {
		held, err := s.Take(ctx, "k", []byte(value), ttl)
		require.NoError(t, err)
		return string(held)
	}
	replace := func(old, value string, ttl time.Duration) bool {
		replaced, err := s.Replace(ctx, "k", []byte(old), []byte(value), ttl)
		require.NoError(t, err)
		return replaced
	}
	assert.Empty(t, take("a", time.Hour))
	assert.Equal(t, "a", take("b", time.Hour))
	assert.False(t, replace("b", "c", time.Hour))
	require.NoError(t, s.Drop(ctx, "k", []byte("b")))
	assert.Equal(t, "a", take("b", time.Hour))
	require.NoError(t, s.Drop(ctx, "k", []byte("a")))
	assert.False(t, replace("a", "c", time.Hour), "nothing is there")
	assert.Empty(t, take("b", time.Hour))
	assert.True(t, replace("b", "c\x00\xff", time.Hour))
	assert.Equal(t, "c\x00\xff", take("d", time.Hour))
	// Keys expire by the clock of Redis, so the test has to wait.
	assert.True(t, replace("c\x00\xff", "d", time.Millisecond))
	require.Eventually(t, func() bool { return take("e", time.Hour) == "" }, patience, time.Millisecond)
}

// Two processes execute requests with the same key once, whichever receives them.
func TestKeysOfTwoProcesses(t *testing.T) {
	server := newServer(t)
	var done atomic.Int64
	start := func() *httptest.Server {
		app := candor.New(candor.Config{})
		candor.Post(app, "/", func(context.Context, candor.None) (int64, error) { return done.Add(1), nil },
			idempotency.Keys(candorredis.NewKeyStore(server.client()), idempotency.Config{}))
		s := httptest.NewServer(app)
		t.Cleanup(s.Close)
		return s
	}
	processes := []*httptest.Server{start(), start()}
	var all sync.WaitGroup
	for i := range 40 {
		all.Go(func() {
			r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, processes[i%2].URL, strings.NewReader(""))
			if !assert.NoError(t, err) {
				return
			}
			r.Header.Set("Idempotency-Key", fmt.Sprint(i/4))
			w, err := http.DefaultClient.Do(r)
			if assert.NoError(t, err) {
				assert.Contains(t, []int{200, 409}, w.StatusCode)
				assert.NoError(t, w.Body.Close())
			}
		})
	}
	all.Wait()
	assert.EqualValues(t, 10, done.Load())
}

func ExampleNewKeyStore() {
	client, end := imitation()
	defer end()
	keys := idempotency.Keys(candorredis.NewKeyStore(client), idempotency.Config{TTL: time.Hour})
	app, orders := candor.New(candor.Config{}), 0
	candor.Post(app, "/orders", func(context.Context, candor.None) (int, error) { orders++; return orders, nil }, keys)
	for range 2 {
		r := httptest.NewRequest("POST", "/orders", nil)
		r.Header.Set("Idempotency-Key", "4711")
		w := httptest.NewRecorder()
		app.ServeHTTP(w, r)
		fmt.Printf("%d %s %q\n", w.Code, w.Body, w.Header().Get("Idempotent-Replayed"))
	}
	// Output:
	// 200 1 ""
	// 200 1 "true"
}
