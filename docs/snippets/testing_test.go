package snippets_test

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/candor-go/candor"
)

func TestReadingsAsAFunction(t *testing.T) {
	lines, err := readings(t.Context(), ReadReadings{Days: 3})
	require.NoError(t, err)
	for reading, err := range lines {
		require.NoError(t, err)
		assert.GreaterOrEqual(t, reading.Celsius, 20.0)
	}
}

// hourly sends an event every hour, without end.
func hourly(ctx context.Context, _ candor.None) (candor.Events[Reading], error) {
	return func(yield func(candor.Event[Reading], error) bool) {
		for yield(candor.Event[Reading]{Data: Reading{21}}, ctx.Err()) {
			select {
			case <-ctx.Done():
				return
			case <-time.After(time.Hour):
			}
		}
	}, nil
}

func newStation() *candor.App {
	app := candor.New(candor.Config{})
	candor.Get(app, "/readings", readings)
	candor.Get(app, "/hourly", hourly)
	return app
}

func TestReadings(t *testing.T) {
	c := candor.NewTestClient(t, newStation())
	for reading, err := range candor.ReadLines[Reading](c.Stream("GET", "/readings?days=3", nil)) {
		require.NoError(t, err)
		assert.GreaterOrEqual(t, reading.Celsius, 20.0)
	}
	c.Stream("GET", "/readings?days=0", nil).Response.Status(422)
}

func TestHourly(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, began := candor.NewTestClient(t, newStation()), time.Now()
		for event, err := range candor.ReadEvents[Reading](c.Stream("GET", "/hourly", nil)) {
			require.NoError(t, err)
			assert.InDelta(t, 21, event.Data.Celsius, 0)
			if time.Since(began) == 48*time.Hour {
				break
			}
		}
	})
}

func TestWithoutTheContract(t *testing.T) {
	c := candor.NewTestClient(t, newStation())
	c.Get("/readings?days=many", candor.Unchecked()).Status(422)
}
