package budget_test

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/candor-go/candor/internal/budget"
)

const allowed = 50 * time.Millisecond

var errDown = errors.New("connection refused")

// newGate returns a gate and its log.
func newGate() (*budget.Gate, *bytes.Buffer) {
	var log bytes.Buffer
	return budget.New(slog.New(slog.NewTextHandler(&log, nil)), "the store"), &log
}

// returns is a service that returns an error after a while and ignores its context.
func returns(after time.Duration, err error) func(context.Context) (int, error) {
	return func(context.Context) (int, error) {
		time.Sleep(after)
		return 7, err
	}
}

// hangs returns when its context ends.
func hangs(ctx context.Context) (int, error) {
	<-ctx.Done()
	return 0, ctx.Err()
}

func TestCall(t *testing.T) {
	for name, c := range map[string]struct {
		f     func(context.Context) (int, error)
		value int
		err   error
		takes time.Duration
	}{
		"value":            {returns(0, nil), 7, nil, 0},
		"value in time":    {returns(allowed-1, nil), 7, nil, allowed - 1},
		"error":            {returns(time.Millisecond, errDown), 7, errDown, time.Millisecond},
		"late":             {returns(time.Hour, nil), 0, budget.ErrLate, allowed},
		"heeds its budget": {hangs, 0, budget.ErrLate, allowed},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				g, log := newGate()
				start := time.Now()
				v, err := budget.Call(t.Context(), g, allowed, c.f)
				require.ErrorIs(t, err, c.err)
				assert.Equal(t, c.value, v)
				assert.Equal(t, c.takes, time.Since(start))
				assert.Empty(t, log.String())
				time.Sleep(time.Hour)
			})
		})
	}
}

func TestCallRecovers(t *testing.T) {
	g, _ := newGate()
	_, err := budget.Call(t.Context(), g, time.Minute, func(context.Context) (int, error) { panic("boom") })
	assert.ErrorContains(t, err, "panic: boom")
}

// TestCallersThatLeave: a caller that gives up is no failure, but the result of its call still counts.
func TestCallersThatLeave(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g, log := newGate()
		leave := func(f func(context.Context) (int, error)) {
			ctx, cancel := context.WithTimeout(t.Context(), time.Millisecond)
			defer cancel()
			start := time.Now()
			_, err := budget.Call(ctx, g, allowed, f)
			require.ErrorIs(t, err, context.DeadlineExceeded)
			assert.Equal(t, time.Millisecond, time.Since(start))
		}
		for range 20 {
			leave(returns(allowed-1, nil))
			time.Sleep(time.Second)
		}
		assert.Empty(t, log.String(), "it responded each time")
		for range 5 {
			leave(returns(time.Hour, nil))
		}
		time.Sleep(allowed)
		synctest.Wait()
		assert.Contains(t, log.String(), "does not respond")
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		_, err := budget.Call(ctx, g, allowed, returns(0, nil))
		require.ErrorIs(t, err, context.Canceled)
		time.Sleep(time.Hour)
	})
}

func TestGateOpensAndCloses(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g, log := newGate()
		var calls atomic.Int64
		failing := func(context.Context) (int, error) { calls.Add(1); return 0, errDown }
		for range 4 {
			_, _ = budget.Call(t.Context(), g, allowed, failing)
		}
		_, err := budget.Call(t.Context(), g, allowed, returns(0, nil))
		require.NoError(t, err, "five in a row, not five")
		for range 5 {
			require.NoError(t, g.Err())
			_, err = budget.Call(t.Context(), g, allowed, failing)
			require.ErrorIs(t, err, errDown)
			require.NotErrorIs(t, err, budget.ErrOpen)
		}
		require.ErrorIs(t, g.Err(), errDown)
		calls.Store(0)
		for range 100 { // in one second
			_, err = budget.Call(t.Context(), g, allowed, failing)
			require.ErrorIs(t, err, budget.ErrOpen)
			time.Sleep(10 * time.Millisecond)
		}
		assert.EqualValues(t, 4, calls.Load(), "one in 200 ms tries again")
		assert.False(t, g.IsBack(time.Second))
		time.Sleep(budget.Pause)
		_, err = budget.Call(t.Context(), g, allowed, returns(0, nil))
		require.NoError(t, err)
		require.NoError(t, g.Err())
		assert.True(t, g.IsBack(time.Second))
		time.Sleep(time.Second)
		assert.False(t, g.IsBack(time.Second))
		synctest.Wait()
		lines := strings.Split(strings.TrimSpace(log.String()), "\n")
		require.Len(t, lines, 2)
		assert.Contains(t, lines[0], `level=WARN msg="the store does not respond and is paused" failed=5 error="connection refused"`)
		assert.Contains(t, lines[1], `level=INFO msg="the store responds again" after=1.2s failed=9 refused=96`)
	})
}

// TestHangingForGood: a service that hangs forever costs a few budgets and as many goroutines as there are places.
func TestHangingForGood(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g, _ := newGate()
		free := make(chan struct{})
		var inside, most, slow atomic.Int64
		stuck := func(context.Context) (int, error) {
			most.Store(max(most.Load(), inside.Add(1)))
			defer inside.Add(-1)
			<-free
			return 0, nil
		}
		var all sync.WaitGroup
		for range 64 {
			all.Go(func() {
				for range 500 {
					start := time.Now()
					_, err := budget.Call(t.Context(), g, allowed, stuck)
					assert.Error(t, err)
					if took := time.Since(start); took > 0 {
						slow.Add(1)
						assert.Equal(t, allowed, took)
					}
					time.Sleep(100 * time.Millisecond)
				}
			})
		}
		all.Wait()
		assert.EqualValues(t, 32, most.Load())
		assert.EqualValues(t, 64, slow.Load(), "later calls find all places taken, and are refused")
		close(free)
		synctest.Wait()
		_, err := budget.Call(t.Context(), g, allowed, returns(0, nil))
		require.NoError(t, err, "the first call after a place came free")
	})
}

// TestWaitingForASlot: a call waits within its budget until it may run.
func TestWaitingForASlot(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g, _ := newGate()
		var late, good atomic.Int64
		var all sync.WaitGroup
		for range 32 * 6 {
			all.Go(func() {
				_, err := budget.Call(t.Context(), g, allowed, returns(allowed/4, nil))
				if err != nil {
					late.Add(1)
				} else {
					good.Add(1)
				}
			})
		}
		all.Wait()
		assert.EqualValues(t, 32*6, late.Load()+good.Load())
		assert.GreaterOrEqual(t, good.Load(), int64(32*3))
		assert.LessOrEqual(t, good.Load(), int64(32*4))
		time.Sleep(time.Second)
	})
}

// TestOneTriesAgain: while one call tries again, the others are rejected.
func TestOneTriesAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g, _ := newGate()
		for range 5 {
			_, _ = budget.Call(t.Context(), g, allowed, returns(0, errDown))
		}
		time.Sleep(budget.Pause)
		var calls, refused atomic.Int64
		var all sync.WaitGroup
		for range 8 {
			all.Go(func() {
				start := time.Now()
				_, err := budget.Call(t.Context(), g, allowed, func(ctx context.Context) (int, error) {
					calls.Add(1)
					return hangs(ctx)
				})
				assert.ErrorIs(t, err, budget.ErrOpen)
				if time.Since(start) == 0 {
					refused.Add(1)
				}
			})
		}
		all.Wait()
		assert.EqualValues(t, 1, calls.Load())
		assert.EqualValues(t, 7, refused.Load())
	})
}
