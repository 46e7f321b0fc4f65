//go:build !race

package fan_test

import (
	"context"
	"runtime"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/candor-go/candor/contrib/internal/fan"
)

// A live message costs a subscriber no allocation, regardless of the number of subscribers.
func TestLiveMessagesAllocateNothingForASubscriber(t *testing.T) {
	const size, times = 1000, 20
	ctx, stop := context.WithCancel(t.Context())
	log := newLog()
	f := fan.New(log)
	var begun, heard, ended sync.WaitGroup
	begun.Add(size)
	for range size {
		deliveries, err := f.Subscribe(ctx, "all", "")
		require.NoError(t, err)
		ended.Go(func() {
			for d, err := range deliveries {
				switch {
				case err != nil:
					return // the test has ended
				case d.Start:
					begun.Done()
				default:
					heard.Done()
				}
			}
		})
	}
	begun.Wait()
	say := func() {
		heard.Add(size)
		f.Offer("all", log.add("x"))
		heard.Wait()
	}
	for range 10 {
		say()
	}
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	for range times {
		say()
	}
	runtime.ReadMemStats(&after)
	assert.Less(t, float64(after.Mallocs-before.Mallocs)/(size*times), 0.05)
	stop()
	ended.Wait()
}
