//go:build !race

package hub_test

import (
	"context"
	"testing"

	"github.com/stretchr/testify/assert"
)

// The race detector makes pools drop items, so the test does not run with it.

// A message costs a subscriber no allocation, regardless of the number of subscribers.
func TestFanOutAllocatesNothingForASubscriber(t *testing.T) {
	const size, times = 1000, 20
	ctx, stop := context.WithCancel(t.Context())
	c := newCrowd(ctx, t, size)
	for range 10 {
		c.say(ctx, t)
	}
	allocated := mallocs(func() {
		for range times {
			c.say(ctx, t)
		}
	})
	assert.Less(t, allocated/(size*times), 0.05)
	assert.Zero(t, c.wrong.Load())
	stop()
	c.ended.Wait()
}
