package hub_test

import (
	"context"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/candor-go/candor/hub"
)

// A crowd subscribes to one topic.
type crowd struct {
	hub   *hub.Hub[int]
	size  int
	heard sync.WaitGroup // of the current message
	ended sync.WaitGroup
	wrong atomic.Int64
}

// newCrowd returns after all have subscribed. The subscriptions end with ctx.
func newCrowd(ctx context.Context, t testing.TB, size int) *crowd {
	c := &crowd{hub: hub.New[int](hub.Config{}), size: size}
	for range size {
		messages, err := c.hub.Subscribe(ctx, "all", "")
		require.NoError(t, err)
		c.ended.Go(func() {
			for message, err := range messages {
				if err != nil {
					return
				}
				if message.Data != 1 {
					c.wrong.Add(1)
				}
				c.heard.Done()
			}
		})
	}
	return c
}

// say publishes a message and waits until the last subscriber has received it.
func (c *crowd) say(ctx context.Context, t testing.TB) {
	c.heard.Add(c.size)
	_, err := c.hub.Publish(ctx, "all", 1)
	require.NoError(t, err)
	c.heard.Wait()
}

// mallocs counts the objects that f allocates, in all goroutines.
func mallocs(f func()) float64 {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	f()
	runtime.ReadMemStats(&after)
	return float64(after.Mallocs - before.Mallocs)
}

// BenchmarkFanOut publishes one message to 10,000 subscribers, and waits until the last has received it.
func BenchmarkFanOut(b *testing.B) {
	const size = 10_000
	ctx, stop := context.WithCancel(b.Context())
	c := newCrowd(ctx, b, size)
	for range 3 {
		c.say(ctx, b)
	}
	began := time.Now()
	allocated := mallocs(func() {
		for range b.N {
			c.say(ctx, b)
		}
	})
	b.ReportMetric(float64(time.Since(began).Milliseconds())/float64(b.N), "ms-to-last")
	b.ReportMetric(allocated/float64(b.N*size), "allocs/subscriber")
	stop()
	c.ended.Wait()
}
