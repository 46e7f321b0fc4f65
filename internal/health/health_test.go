package health_test

import (
	"context"
	"errors"
	"log/slog"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/candor-go/candor/internal/health"
)

func TestChecks(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var logged strings.Builder
		runs, fault := 0, error(nil)
		checks := health.NewChecks(slog.New(slog.NewTextHandler(&logged, nil)))
		checks.Add("disk", func(context.Context) error { runs++; return fault })

		results, well := checks.Look(t.Context())
		assert.True(t, well)
		assert.Equal(t, map[string]string{"disk": "ok"}, results)
		fault = errors.New("it is full")
		_, well = checks.Look(t.Context())
		assert.True(t, well, "results are kept for a second")
		assert.Equal(t, 1, runs)

		time.Sleep(time.Second)
		results, well = checks.Look(t.Context())
		assert.False(t, well)
		assert.Equal(t, map[string]string{"disk": "failing"}, results)
		assert.Contains(t, logged.String(), `error="it is full"`)
	})
}

func TestChecksThatHangOrPanic(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var logged strings.Builder
		release := make(chan struct{})
		checks := health.NewChecks(slog.New(slog.NewTextHandler(&logged, nil)))
		checks.Add("slow", func(context.Context) error { <-release; return nil })
		checks.Add("wild", func(context.Context) error { panic("no") })

		begin := time.Now()
		results, _ := checks.Look(t.Context())
		assert.Equal(t, map[string]string{"slow": "failing", "wild": "failing"}, results)
		assert.Equal(t, 5*time.Second, time.Since(begin), "a check has five seconds")
		assert.Contains(t, logged.String(), "the check has not returned")
		assert.Contains(t, logged.String(), "panic: no")
		time.Sleep(time.Second)
		begin = time.Now()
		_, _ = checks.Look(t.Context())
		assert.Zero(t, time.Since(begin), "a check that is still running is not started again")
		close(release)
	})
}

func TestReady(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		app    health.App
		failed error
		want   health.Report
		ready  bool
	}{
		"not started": {health.App{}, nil, health.Report{Status: "starting or stopped"}, false},
		"draining":    {health.App{Up: true, Stopping: true}, nil, health.Report{Status: "draining"}, false},
		"well":        {health.App{Up: true}, nil, health.Report{Status: "ready", Checks: map[string]string{"disk": "ok"}}, true},
		"unwell":      {health.App{Up: true}, errors.New("full"), health.Report{Status: "not ready", Checks: map[string]string{"disk": "failing"}}, false},
		"dropped tags": {
			health.App{Up: true, DroppedTags: 2},
			nil,
			health.Report{Status: "ready", Checks: map[string]string{"disk": "ok", "dropped tags": "2 wait for the store of cached responses"}},
			true,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			checks := health.NewChecks(slog.New(slog.DiscardHandler))
			checks.Add("disk", func(context.Context) error { return c.failed })
			for range 2 { // the results of the checks are kept, and not changed
				report, ready := checks.Ready(t.Context(), c.app)
				assert.Equal(t, c.want, report)
				assert.Equal(t, c.ready, ready)
			}
		})
	}
}
