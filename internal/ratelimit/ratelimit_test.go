package ratelimit_test

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/candor-go/candor/internal/budget"
	"github.com/candor-go/candor/internal/gcra"
	"github.com/candor-go/candor/internal/ratelimit"
)

// twice allows two requests in ten seconds.
func twice() *ratelimit.Limit {
	return &ratelimit.Limit{
		Key: "key", Requests: 2, Per: 10 * time.Second, Rate: gcra.Rate{Step: 5 * time.Second, Burst: 2}, Space: gcra.New(0).Space(""), Logged: new(atomic.Int64),
	}
}

// take counts a request and returns what the client sees.
func take(l *ratelimit.Limit, whom string) (seen string, err error) {
	h := http.Header{}
	after, err := l.Take(httptest.NewRequest(http.MethodGet, "/", nil), h, whom)
	return strings.Join([]string{strings.Join(h["Ratelimit-Policy"], ", "), strings.Join(h["Ratelimit"], ", "), after}, " | "), err
}

func TestTake(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		l := twice()
		l.Compile()
		for _, want := range []string{`"default";q=2;w=10 | "default";r=1;t=5 | `, `"default";q=2;w=10 | "default";r=0;t=10 | `, `"default";q=2;w=10 | "default";r=0;t=10 | 5`} {
			seen, err := take(l, "a")
			require.NoError(t, err)
			assert.Equal(t, want, seen)
		}
		time.Sleep(4*time.Second + 900*time.Millisecond)
		seen, err := take(l, "a")
		require.NoError(t, err)
		assert.True(t, strings.HasSuffix(seen, " | 1"), "seconds are rounded up: %s", seen)
		seen, err = take(l, "b")
		require.NoError(t, err)
		assert.True(t, strings.HasSuffix(seen, ";r=1;t=5 | "), "another client: %s", seen)
	})
}

func TestTakeAsksTheStore(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var failure error
		var keys []string
		var log bytes.Buffer
		l := twice()
		l.Name, l.Log = "reads", slog.New(slog.NewTextHandler(&log, nil))
		l.Gate = budget.New(l.Log, "the store")
		l.Ask = func(_ context.Context, key string) (gcra.Taken, error) {
			keys = append(keys, key)
			return gcra.Taken{Allowed: true, Remaining: 7, Reset: 10 * time.Second}, failure
		}
		l.Compile()
		seen, err := take(l, "a secret")
		require.NoError(t, err)
		assert.Equal(t, `"reads";q=2;w=10 | "reads";r=7;t=10 | `, seen)
		assert.True(t, strings.HasPrefix(keys[0], "key:"))
		assert.NotContains(t, keys[0], "secret")

		failure = errors.New("the store is away")
		seen, err = take(l, "a secret")
		require.NoError(t, err)
		assert.Equal(t, `"reads";q=2;w=10 | "reads";r=0;t=10 | 5`, seen, "memory knows what the store said last")
		_, _ = take(l, "a secret")
		assert.Equal(t, 1, strings.Count(log.String(), "the store is away"), "logged once a second")

		l.FailClosed = true
		_, err = take(l, "a secret")
		require.ErrorIs(t, err, ratelimit.ErrUnavailable)
	})
}
