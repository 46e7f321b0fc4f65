package background_test

import (
	"context"
	"errors"
	"runtime"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/candor-go/candor/internal/background"
)

func TestRunner(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var failed []string
		log := func(_ context.Context, err error, attrs []any) {
			failed = append(failed, err.Error())
			assert.Equal(t, []any{"at", "here"}, attrs)
		}
		runner := background.NewRunner(nil, log, func(func(context.Context) error) []any { return []any{"at", "here"} })
		<-runner.Done()

		ended := false
		runner.Start(t.Context(), []func(context.Context) error{
			func(context.Context) error { return errors.New("lost") },
			func(context.Context) error { panic("no") },
			func(context.Context) error { runtime.Goexit(); return nil },
			func(context.Context) error { ended = true; return nil },
		})
		<-runner.Done()
		assert.True(t, ended, "a task does not take the next one with it")
		assert.Equal(t, []string{"lost", "panic: no", "the function ended its goroutine by runtime.Goexit"}, failed)
	})
}

func TestHook(t *testing.T) {
	var hooked, logged []string
	hook := func(_ context.Context, err error) { hooked = append(hooked, err.Error()); panic("hook") }
	log := func(_ context.Context, err error, _ []any) { logged = append(logged, err.Error()) }
	runner := background.NewRunner(hook, log, func(func(context.Context) error) []any { return nil })
	runner.Run(t.Context(), []func(context.Context) error{func(context.Context) error { return errors.New("lost") }})
	assert.Equal(t, []string{"lost"}, hooked)
	assert.Equal(t, []string{"lost\npanic: hook"}, logged, "neither error is lost")
}

func TestDrain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		log := func(_ context.Context, err error, _ []any) { assert.ErrorIs(t, err, context.Canceled) }
		runner := background.NewRunner(nil, log, func(func(context.Context) error) []any { return nil })
		wait := func(ctx context.Context) error { <-ctx.Done(); return ctx.Err() }
		request, gone := context.WithCancel(t.Context())
		runner.Start(request, []func(context.Context) error{wait})
		gone()
		begin := time.Now()
		assert.False(t, runner.Drain(time.Second))
		assert.Equal(t, time.Second, time.Since(begin), "a task outlives its request, until the drain gives up")
		<-runner.Done()
		assert.True(t, runner.Drain(time.Second))
	})
}
