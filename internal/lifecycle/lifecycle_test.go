package lifecycle_test

import (
	"context"
	"errors"
	"runtime"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/candor-go/candor/internal/lifecycle"
)

var errBroken = errors.New("broken")

// journal records what happens, in order.
type journal struct{ lines []string }

func (j *journal) note(line string) { j.lines = append(j.lines, line) }

// spanning is a function that sets something up and tears it down; the tear-down returns err.
func (j *journal) spanning(name string, err error) lifecycle.Func {
	return func(ctx context.Context, rest func(context.Context) error) error {
		j.note("+" + name)
		defer j.note("-" + name)
		return errors.Join(rest(ctx), err)
	}
}

func TestLifeEndsInReverse(t *testing.T) {
	t.Parallel()
	var j journal
	var life lifecycle.Life
	drain := func() error {
		assert.False(t, life.IsUp())
		assert.True(t, life.HasValues(), "tasks that are drained still use the values")
		j.note("drain")
		return nil
	}
	for range 2 { // it may be started again
		stop, err := life.Start(t.Context(), []lifecycle.Func{j.spanning("a", nil), j.spanning("b", nil)}, drain)
		require.NoError(t, err)
		assert.True(t, life.IsUp())
		require.NoError(t, stop())
		require.NoError(t, stop(), "a second call does nothing")
		assert.False(t, life.HasValues())
	}
	assert.Equal(t, "+a +b drain -b -a +a +b drain -b -a", strings.Join(j.lines, " "))
}

func TestLifeEndsWithItsLastUser(t *testing.T) {
	t.Parallel()
	var j journal
	var life lifecycle.Life
	all := []lifecycle.Func{j.spanning("a", nil)}
	drain := func() error { return nil }
	first, err := life.Start(t.Context(), all, drain)
	require.NoError(t, err)
	second, err := life.Start(t.Context(), all, drain)
	require.NoError(t, err)
	require.NoError(t, first())
	require.NoError(t, first())
	assert.Equal(t, []string{"+a"}, j.lines)
	assert.True(t, life.IsUp())
	require.NoError(t, second())
	assert.Equal(t, []string{"+a", "-a"}, j.lines)
}

func TestErrorsOfTheEnd(t *testing.T) {
	t.Parallel()
	var j journal
	var life lifecycle.Life
	errDrain := errors.New("still running")
	stop, err := life.Start(t.Context(), []lifecycle.Func{j.spanning("a", errBroken)}, func() error { return errDrain })
	require.NoError(t, err)
	err = stop()
	require.ErrorIs(t, err, errBroken)
	require.ErrorIs(t, err, errDrain)
}

func TestFunctionsThatDoNotGoOn(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		fn   lifecycle.Func
		want string
	}{
		"returns an error": {func(context.Context, func(context.Context) error) error { return errBroken }, "broken"},
		"returns nil":      {func(context.Context, func(context.Context) error) error { return nil }, "returned without going on"},
		"panics":           {func(context.Context, func(context.Context) error) error { panic("spilled") }, "panic: spilled"},
		"ends its goroutine": {func(context.Context, func(context.Context) error) error {
			runtime.Goexit()
			return nil
		}, "returned without going on"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var j journal
			var life lifecycle.Life
			_, err := life.Start(t.Context(), []lifecycle.Func{j.spanning("a", nil), c.fn}, nil)
			require.ErrorContains(t, err, c.want)
			assert.Equal(t, []string{"+a", "-a"}, j.lines, "what was set up is torn down")
			assert.False(t, life.IsUp() || life.HasValues())
		})
	}
}

func TestAContinuationThatIsCalledTwice(t *testing.T) {
	t.Parallel()
	var life lifecycle.Life
	stop, err := life.Start(t.Context(), []lifecycle.Func{func(ctx context.Context, rest func(context.Context) error) error {
		_ = rest(ctx)
		return rest(ctx)
	}}, func() error { return nil })
	require.NoError(t, err)
	require.ErrorContains(t, stop(), "more than once")
}

func TestAStartThatTakesTooLong(t *testing.T) {
	t.Parallel()
	var j journal
	var life lifecycle.Life
	ctx, cancel := context.WithCancelCause(t.Context())
	_, err := life.Start(ctx, []lifecycle.Func{j.spanning("a", nil), func(ctx context.Context, _ func(context.Context) error) error {
		cancel(errBroken)
		<-ctx.Done()
		return ctx.Err()
	}}, nil)
	require.ErrorIs(t, err, errBroken)
	assert.Equal(t, []string{"+a", "-a"}, j.lines)
}
