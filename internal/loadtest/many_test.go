//go:build linux

package loadtest

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// many is the number of clients of each kind.
var many = size(100, 1000)

// All clients of event streams and WebSockets are served, and leave nothing behind if they disconnect.
func TestManyClients(t *testing.T) {
	p := start(t, "candor")
	p.connect("/socket").reset()
	p.listen("/topic/events").reset()
	p.settles(func(now Usage) bool { return now.Streams == 0 }, "the first client is still there")
	before := p.usage()
	for round := range 2 {
		var listeners, talkers []*client
		for range many {
			listeners = append(listeners, p.listen("/topic/events"))
			talkers = append(talkers, p.connect("/socket"))
		}
		for range 3 {
			p.publish(1, 100)
			for _, c := range talkers {
				c.talk()
			}
			for _, c := range listeners {
				assert.Contains(t, c.hears(), "xxx")
			}
		}
		assert.Equal(t, many, p.usage().Streams)
		for i := range many {
			listeners[i].reset()
			talkers[i].reset()
		}
		p.settles(func(now Usage) bool { return now.Streams == 0 && now.Goroutines <= before.Goroutines },
			fmt.Sprintf("goroutines are left after round %d: there were %d", round, before.Goroutines))
	}
}

// An idle client needs little more memory than with net/http and coder/websocket. With few clients, the difference is
// too small to measure.
func TestMemoryOfAnIdleClient(t *testing.T) {
	for name, of := range map[string]struct {
		atMost float64
		open   func(*process) *client
	}{
		"events":            {1.2, func(p *process) *client { return p.listen("/idle/events") }},
		"events of a topic": {1.3, func(p *process) *client { return p.listen("/topic/events") }},
		// Its handler waits for a message, without an additional goroutine.
		"socket": {1.2, func(p *process) *client {
			c := p.connect("/socket")
			c.talk()
			return c
		}},
	} {
		t.Run(name, func(t *testing.T) {
			bare, ours := memoryOf(start(t, "bare"), of.open), memoryOf(start(t, "candor"), of.open)
			ratio := float64(ours.Resident) / float64(bare.Resident)
			t.Logf("%d bytes in Candor, %d bare: %.2f; heap %d and %d, stack %d and %d", ours.Resident, bare.Resident, ratio,
				ours.Heap, bare.Heap, ours.Stack, bare.Stack)
			require.Positive(t, bare.Resident)
			if full {
				assert.LessOrEqual(t, ratio, of.atMost)
			}
		})
	}
}

// memoryOf returns the memory for each of many idle clients.
func memoryOf(p *process, open func(*process) *client) Usage {
	p.t.Helper()
	open(p).reset()
	before := p.usage()
	for range many {
		open(p)
	}
	now := p.usage()
	p.stop()
	return Usage{
		Resident: (now.Resident - before.Resident) / many,
		Heap:     (now.Heap - before.Heap) / many,
		Stack:    (now.Stack - before.Stack) / many,
	}
}
