package brokertest

import (
	"context"
	"runtime"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/candor-go/candor/hub"
)

// FanOut measures the time from the publication of a message by one broker until the last of 10,000 subscribers of
// another one has received it, as ms-to-last, and the allocations of each. They only share the server, as two processes
// do.
func FanOut(b *testing.B, fresh func(t testing.TB) hub.Broker) {
	const size = 10_000
	c := newCrowd(b, size, fresh)
	for range 3 {
		c.say(b)
	}
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	began := time.Now()
	for range b.N {
		c.say(b)
	}
	took := time.Since(began)
	runtime.ReadMemStats(&after)
	b.ReportMetric(float64(took.Microseconds())/1000/float64(b.N), "ms-to-last")
	b.ReportMetric(float64(after.Mallocs-before.Mallocs)/float64(b.N*size), "allocs/subscriber")
	c.leave()
}

// fansOut expects each of many subscribers to receive each message.
func fansOut(t *testing.T, one, two hub.Broker) {
	brokers := []hub.Broker{one, two}
	c := newCrowd(t, 500, func(testing.TB) (b hub.Broker) {
		b, brokers = brokers[0], brokers[1:]
		return b
	})
	for range 5 {
		c.say(t)
	}
	c.leave()
}

// A crowd subscribes to one topic; messages are published by another broker.
type crowd struct {
	elsewhere *hub.Hub[int]
	size      int
	heard     sync.WaitGroup // of the current message
	ended     sync.WaitGroup
	stop      context.CancelFunc
}

func newCrowd(t testing.TB, size int, fresh func(t testing.TB) hub.Broker) *crowd {
	t.Helper()
	here := hub.New[int](patient(fresh(t)))
	c := &crowd{elsewhere: hub.New[int](patient(fresh(t))), size: size}
	t.Cleanup(here.Close)
	t.Cleanup(c.elsewhere.Close)
	ctx, stop := context.WithCancel(context.Background())
	c.stop = stop
	t.Cleanup(stop)
	for range size {
		messages, err := here.Subscribe(ctx, "crowd", "")
		require.NoError(t, err)
		c.ended.Go(func() {
			for _, err := range messages {
				if err != nil {
					return
				}
				c.heard.Done()
			}
		})
	}
	return c
}

// say publishes a message and waits until the last subscriber has received it.
func (c *crowd) say(t testing.TB) {
	t.Helper()
	c.heard.Add(c.size)
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	_, err := c.elsewhere.Publish(ctx, "crowd", 1)
	require.NoError(t, err)
	c.heard.Wait()
}

// leave ends the subscriptions.
func (c *crowd) leave() {
	c.stop()
	c.ended.Wait()
}
