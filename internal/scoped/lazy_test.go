package scoped_test

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/candor-go/candor/internal/scoped"
)

// desk is a lazy value with what happened to it.
type desk struct {
	scoped.Lazy
	mutex sync.Mutex
	lines []string
}

func (d *desk) note(line string) {
	d.mutex.Lock()
	defer d.mutex.Unlock()
	d.lines = append(d.lines, line)
}

func (d *desk) String() string {
	d.mutex.Lock()
	defer d.mutex.Unlock()
	return strings.Join(d.lines, " ")
}

func newDesk() *desk {
	d := &desk{}
	made := new(string)
	d.Made = made
	d.Provide = func(_ context.Context, use func() error) error {
		d.note("open")
		*made = "value"
		err := use()
		d.note("close")
		return err
	}
	return d
}

// ask returns the value of a generation.
func (d *desk) ask(ctx context.Context, generation uint64) (value string, err error) {
	err = d.Get(ctx, generation, func(made any) { value = *made.(*string) })
	return value, err
}

func never() bool { return false }

func nothing() error { return nil }

func TestLazyIsMadeWhenItIsAskedFor(t *testing.T) {
	t.Parallel()
	d := newDesk()
	require.NoError(t, d.Run(t.Context(), nothing, nothing, never))
	assert.Empty(t, d.String(), "nobody has asked")
	var asked uint64
	err := d.Run(t.Context(), func() error {
		asked = d.Generation()
		d.note("rest")
		for range 2 {
			value, err := d.ask(t.Context(), asked)
			assert.NoError(t, err)
			assert.Equal(t, "value", value)
		}
		return nil
	}, nothing, never)
	require.NoError(t, err)
	assert.Equal(t, "rest open close", d.String())
	_, err = d.ask(t.Context(), asked)
	require.ErrorIs(t, err, scoped.ErrEnded, "also if the value was made")
}

func TestLazyIsMadeOnceForAll(t *testing.T) {
	t.Parallel()
	d := newDesk()
	err := d.Run(t.Context(), func() error {
		var all sync.WaitGroup
		for range 20 {
			all.Go(func() {
				value, err := d.ask(t.Context(), d.Generation())
				assert.NoError(t, err)
				assert.Equal(t, "value", value)
			})
		}
		all.Wait()
		return errRest
	}, nothing, never)
	require.ErrorIs(t, err, errRest)
	assert.Equal(t, "open close", d.String())
}

func TestLazyDependsOnAnother(t *testing.T) {
	t.Parallel()
	first, second := newDesk(), newDesk()
	second.Before = []*scoped.Lazy{&first.Lazy}
	err := first.Run(t.Context(), func() error {
		return second.Run(t.Context(), func() error {
			_, err := second.ask(t.Context(), second.Generation())
			return err
		}, nothing, never)
	}, nothing, never)
	require.NoError(t, err)
	assert.Equal(t, "open close", first.String())
	assert.Equal(t, "open close", second.String())
}

func TestLazyThatFails(t *testing.T) {
	t.Parallel()
	d := newDesk()
	d.Provide = func(context.Context, func() error) error { return errOwn }
	err := d.Run(t.Context(), func() error {
		_, err := d.ask(t.Context(), d.Generation())
		assert.ErrorIs(t, err, errOwn)
		return nil // the handler has seen it, and decides
	}, nothing, never)
	require.NoError(t, err)
	d.Provide = func(context.Context, func() error) error { panic("spilled") }
	err = d.Run(t.Context(), func() error {
		assert.PanicsWithValue(t, "spilled", func() { _, _ = d.ask(t.Context(), d.Generation()) })
		return nil
	}, nothing, never)
	require.ErrorContains(t, err, "panic: spilled", "a bug is not hidden")
}

func TestLazySeesAPanicOfTheRest(t *testing.T) {
	t.Parallel()
	d := newDesk()
	assert.PanicsWithValue(t, "spilled", func() {
		_ = d.Run(t.Context(), func() error {
			_, _ = d.ask(t.Context(), d.Generation())
			panic("spilled")
		}, nothing, never)
	})
	assert.Equal(t, "open", d.String(), "use has panicked")
}

func TestLazyAsksForAnotherAttempt(t *testing.T) {
	t.Parallel()
	d := newDesk()
	d.Attempts = 3
	d.Provide = func(_ context.Context, use func() error) error {
		err := use()
		for errors.Is(err, errCheck) {
			err = use()
		}
		return err
	}
	results := []error{errCheck, errCheck, nil}
	err := d.Run(t.Context(), func() error {
		d.note("rest")
		_, err := d.ask(t.Context(), d.Generation())
		assert.NoError(t, err)
		err, results = results[0], results[1:]
		return err
	}, func() error {
		d.note("rewind")
		return nil
	}, func() bool { return true })
	require.NoError(t, err)
	assert.Equal(t, "rest rewind rest rewind rest", d.String())
}

func TestAWaitEndsWithItsContext(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		d := newDesk()
		ready := make(chan struct{})
		d.Provide = func(_ context.Context, use func() error) error {
			<-ready
			return use()
		}
		err := d.Run(t.Context(), func() error {
			ctx, cancel := context.WithCancelCause(t.Context())
			go cancel(errOwn)
			_, err := d.ask(ctx, d.Generation())
			assert.ErrorIs(t, err, errOwn)
			close(ready)
			_, err = d.ask(t.Context(), d.Generation())
			return err
		}, nothing, never)
		require.NoError(t, err, "the provider has gone on")
	})
}

func TestAProviderThatRunsAtItsStepHandsOverItsValue(t *testing.T) {
	t.Parallel()
	d := newDesk()
	wrap := d.HandOver(d.Provide)
	d.Provide = nil
	generation := d.Generation()
	require.NoError(t, wrap(t.Context(), func() error {
		value, err := d.ask(t.Context(), generation)
		assert.Equal(t, "value", value)
		return err
	}))
	_, err := d.ask(t.Context(), generation)
	require.ErrorIs(t, err, scoped.ErrEnded)
}
