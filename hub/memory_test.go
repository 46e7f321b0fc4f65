package hub_test

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"iter"
	"runtime"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/candor-go/candor/hub"
)

func TestMemoryBrokerIDs(t *testing.T) {
	broker := hub.NewMemory(hub.MemoryConfig{})
	seen := map[string]bool{}
	for n := range 100 {
		id, err := broker.Publish(t.Context(), fmt.Sprint(n%3), nil, "")
		require.NoError(t, err)
		assert.Regexp(t, `^[A-Z2-7]{10}-[0-9]+$`, id, "fit for a header and an id line")
		assert.False(t, seen[id])
		seen[id] = true
	}
	id, err := hub.NewMemory(hub.MemoryConfig{}).Publish(t.Context(), "0", nil, "")
	require.NoError(t, err)
	assert.False(t, seen[id], "another broker has other ids")
}

// first returns the first delivery of a subscription.
func first(t testing.TB, broker hub.Broker, topic, after string) hub.Delivery {
	t.Helper()
	deliveries, err := broker.Subscribe(t.Context(), topic, after)
	require.NoError(t, err)
	for delivery, err := range deliveries {
		require.NoError(t, err)
		return delivery
	}
	return hub.Delivery{}
}

// A client that is disconnected before its first message has an id to resume from.
func TestMemoryBrokerStart(t *testing.T) {
	broker := hub.NewMemory(hub.MemoryConfig{})
	start := first(t, broker, "a", "")
	assert.True(t, start.Start)
	one, err := broker.Publish(t.Context(), "a", []byte("1"), "")
	require.NoError(t, err)
	assert.Equal(t, hub.Delivery{ID: one, Payload: []byte("1")}, first(t, broker, "a", start.ID))
	start = first(t, broker, "a", "")
	assert.Equal(t, one, start.ID)
}

func TestMemoryBrokerForgets(t *testing.T) {
	publish := func(t *testing.T, broker hub.Broker, topic string, size int) string {
		id, err := broker.Publish(t.Context(), topic, make([]byte, size), "")
		require.NoError(t, err)
		return id
	}
	synctest.Test(t, func(t *testing.T) {
		broker := hub.NewMemory(hub.MemoryConfig{Keep: time.Minute, Bytes: 10_000})
		start := publish(t, broker, "a", 1)
		second := publish(t, broker, "a", 2)

		time.Sleep(time.Minute - 1)
		assert.Len(t, first(t, broker, "a", start).Payload, 2, "kept for a minute")
		time.Sleep(time.Minute - 1)
		assert.Len(t, first(t, broker, "a", start).Payload, 2, "a subscriber that leaves is a sign of life")
		time.Sleep(time.Minute)
		publish(t, broker, "b", 1)
		assert.True(t, first(t, broker, "a", start).Gap, "forgotten")
		third := publish(t, broker, "a", 1)
		assert.Equal(t, third, first(t, broker, "a", second).ID, "nothing behind it is missing")

		old := publish(t, broker, "old", 1)
		publish(t, broker, "old", 1)
		kept := publish(t, broker, "new", 1)
		publish(t, broker, "new", 9_300)
		assert.True(t, first(t, broker, "old", old).Gap, "the topic that was silent the longest goes first")
		assert.Len(t, first(t, broker, "new", kept).Payload, 9_300)
		last := publish(t, broker, "new", 20_000)
		assert.True(t, first(t, broker, "new", kept).Gap, "more than there is room for")
		after := publish(t, broker, "new", 3)
		assert.Equal(t, after, first(t, broker, "new", last).ID, "but nothing behind it was lost")
	})
}

// A quiet topic with subscribers loses its messages but not its position.
func TestMemoryBrokerKeepsThePositionOfTopicsInUse(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		broker := hub.NewMemory(hub.MemoryConfig{Keep: time.Minute})
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		_, err := broker.Subscribe(ctx, "quiet", "")
		require.NoError(t, err)
		missed, err := broker.Publish(ctx, "quiet", []byte("0"), "")
		require.NoError(t, err)
		last, err := broker.Publish(ctx, "quiet", []byte("1"), "")
		require.NoError(t, err)
		for range 100 { // hours of messages in another topic
			time.Sleep(2 * time.Minute)
			_, err := broker.Publish(ctx, "busy", nil, "")
			require.NoError(t, err)
		}
		assert.True(t, first(t, broker, "quiet", missed).Gap)
		cancel()
		synctest.Wait()

		time.Sleep(time.Minute - 1)
		deliveries, err := broker.Subscribe(t.Context(), "quiet", last)
		require.NoError(t, err)
		next, err := broker.Publish(t.Context(), "quiet", []byte("2"), "")
		require.NoError(t, err)
		for delivery, err := range deliveries {
			require.NoError(t, err)
			assert.Equal(t, hub.Delivery{ID: next, Payload: []byte("2")}, delivery, "no gap")
			break
		}
	})
}

// heapInUse returns the size of the reachable heap.
func heapInUse() int {
	runtime.GC()
	runtime.GC()
	var stats runtime.MemStats
	runtime.ReadMemStats(&stats)
	return int(stats.HeapAlloc)
}

// Any number of former topics, messages and subscribers stays within the limit, and the accounting is close to the
// actual use.
func TestMemoryBrokerIsBounded(t *testing.T) {
	const limit = 2 << 20
	for _, test := range []struct {
		name string
		use  func(ctx context.Context, broker hub.Broker, n int)
	}{
		{"topics published to once", func(ctx context.Context, broker hub.Broker, n int) {
			_, _ = broker.Publish(ctx, fmt.Sprint("topic ", n), nil, "")
		}},
		{"large messages", func(ctx context.Context, broker hub.Broker, n int) {
			_, _ = broker.Publish(ctx, fmt.Sprint(n%100), make([]byte, 1000), "")
		}},
		{"long names", func(ctx context.Context, broker hub.Broker, n int) {
			_, _ = broker.Publish(ctx, strings.Repeat("x", 5000)+fmt.Sprint(n), nil, "")
		}},
		{"subscribers of made up topics", func(_ context.Context, broker hub.Broker, n int) {
			ctx, cancel := context.WithCancel(context.Background())
			_, _ = broker.Subscribe(ctx, fmt.Sprint("made up ", n), "")
			cancel()
		}},
	} {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				broker := hub.NewMemory(hub.MemoryConfig{Bytes: limit})
				before := heapInUse()
				for n := range 20_000 {
					test.use(t.Context(), broker, n)
				}
				synctest.Wait()
				assert.Less(t, heapInUse()-before, limit*3/2)
				runtime.KeepAlive(broker)
			})
		})
	}
}

// Topics that clients make up do not evict the messages of others.
func TestMemoryBrokerMadeUpTopics(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		broker := hub.NewMemory(hub.MemoryConfig{Bytes: 10_000})
		start, err := broker.Publish(t.Context(), "a", nil, "")
		require.NoError(t, err)
		second, err := broker.Publish(t.Context(), "a", nil, "")
		require.NoError(t, err)
		for n := range 1000 {
			ctx, cancel := context.WithCancel(t.Context())
			_, err := broker.Subscribe(ctx, fmt.Sprint("made up ", n), "")
			require.NoError(t, err)
			cancel()
		}
		synctest.Wait()
		assert.Equal(t, second, first(t, broker, "a", start).ID)
	})
}

func TestMemoryBrokerFreesUnreadSubscriptions(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		broker := hub.NewMemory(hub.MemoryConfig{Queue: 1000, Replay: 1})
		ctx, cancel := context.WithCancel(t.Context())
		before := heapInUse()
		deliveries, err := broker.Subscribe(ctx, "a", "")
		require.NoError(t, err)
		for range 1000 {
			_, err := broker.Publish(ctx, "a", make([]byte, 10_000), "")
			require.NoError(t, err)
		}
		assert.Greater(t, heapInUse()-before, 9_000_000, "held for the subscriber")
		cancel()
		synctest.Wait()
		assert.Less(t, heapInUse()-before, 1_000_000)
		for _, err := range deliveries {
			require.NoError(t, err)
			assert.Fail(t, "nothing is delivered when the context is done")
		}
	})
}

// slowPolicies maps names to all policies.
var slowPolicies = map[string]hub.SlowPolicy{"Disconnect": hub.Disconnect, "DropOldest": hub.DropOldest, "DropNewest": hub.DropNewest}

// The queues of subscribers that receive nothing stay within the limit, for every policy and any number of topics and
// subscribers.
func TestMemoryBrokerBoundsQueues(t *testing.T) {
	const limit, size = 4 << 20, 50_000
	for name, policy := range slowPolicies {
		for _, shape := range []struct{ topics, subscribers, messages int }{{40, 1, 64}, {1, 40, 300}, {10, 4, 100}} {
			t.Run(fmt.Sprintf("%s, %d topics with %d subscribers", name, shape.topics, shape.subscribers), func(t *testing.T) {
				broker := hub.NewMemory(hub.MemoryConfig{Bytes: limit, Slow: policy, Queue: 1000})
				before := heapInUse()
				for topic := range shape.topics {
					for range shape.subscribers {
						_, err := broker.Subscribe(t.Context(), fmt.Sprint(topic), "")
						require.NoError(t, err)
					}
				}
				for range shape.messages {
					for topic := range shape.topics {
						_, err := broker.Publish(t.Context(), fmt.Sprint(topic), make([]byte, size), "")
						require.NoError(t, err)
					}
				}
				assert.Less(t, heapInUse()-before, limit*5/4)
				runtime.KeepAlive(broker)
			})
		}
	}
}

// A replay that is not received does not count as memory of the subscriber.
func TestMemoryBrokerBoundsReplays(t *testing.T) {
	const limit = 1 << 20
	broker := hub.NewMemory(hub.MemoryConfig{Bytes: limit, Slow: hub.DropNewest, Queue: 1})
	before := heapInUse()
	start, err := broker.Publish(t.Context(), "a", nil, "")
	require.NoError(t, err)
	for range 200 {
		for range 10 {
			_, err := broker.Publish(t.Context(), "a", make([]byte, 10_000), "")
			require.NoError(t, err)
		}
		_, err := broker.Subscribe(t.Context(), "a", start)
		require.NoError(t, err)
	}
	assert.Less(t, heapInUse()-before, limit*3/2)
	runtime.KeepAlive(broker)
}

// What each policy drops if memory is short.
func TestMemoryBrokerDropsByPolicy(t *testing.T) {
	// Three messages fit into the queues; a quarter of the memory is for kept messages. One of the three belongs to the
	// quick subscriber.
	const size = 1000
	config := hub.MemoryConfig{Bytes: 4800}
	want := map[string][]string{
		"Disconnect": {"slow"},
		"DropOldest": {"gap 6", "7", "8"},
		"DropNewest": {"1", "2", "gap 8"},
	}
	for name, policy := range slowPolicies {
		t.Run(name, func(t *testing.T) {
			config.Slow = policy
			broker := hub.NewMemory(config)
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			slow, err := broker.Subscribe(ctx, "a", "")
			require.NoError(t, err)
			quick, err := broker.Subscribe(ctx, "b", "")
			require.NoError(t, err)
			next, stop := iter.Pull2(quick)
			defer stop()
			start, _, _ := next()
			numbers := map[string]int{start.ID: 0}
			for n := 1; n <= 8; n++ {
				id, err := broker.Publish(ctx, "a", make([]byte, size), "")
				require.NoError(t, err)
				numbers[id] = n
				id, err = broker.Publish(ctx, "b", make([]byte, size), "")
				require.NoError(t, err)
				delivery, err, _ := next()
				require.NoError(t, err)
				assert.Equal(t, id, delivery.ID, "who keeps up loses nothing")
			}
			var got []string
			for delivery, err := range slow {
				switch {
				case errors.Is(err, hub.ErrSlowSubscriber):
					got = append(got, "slow")
				case delivery.Gap:
					got = append(got, fmt.Sprint("gap ", numbers[delivery.ID]))
				case !delivery.Start:
					got = append(got, fmt.Sprint(numbers[delivery.ID]))
				}
				if err != nil || numbers[delivery.ID] == 8 {
					break
				}
			}
			assert.Equal(t, want[name], got)
		})
	}
	t.Run("a message that is too large is a gap", func(t *testing.T) {
		config.Slow = hub.DropOldest
		broker := hub.NewMemory(config)
		deliveries, err := broker.Subscribe(t.Context(), "a", "")
		require.NoError(t, err)
		next, stop := iter.Pull2(deliveries)
		defer stop()
		_, _, _ = next() // the start
		almost, err := broker.Publish(t.Context(), "a", make([]byte, 4500), "")
		require.NoError(t, err)
		delivery, _, _ := next()
		assert.Equal(t, almost, delivery.ID, "one may take nearly all")
		lost, err := broker.Publish(t.Context(), "a", make([]byte, 5000), "")
		require.NoError(t, err)
		delivery, _, _ = next()
		assert.Equal(t, hub.Delivery{ID: lost, Gap: true}, delivery)
	})
}

// The model knows every published message and the position of each subscriber. If a subscriber misses messages, it must
// receive a gap with the id of the last missed one.
type brokerModel struct {
	t         testing.TB
	broker    hub.Broker
	published map[string]int
	history   [3][]string
	listeners []*modelListener
	all       []string
}

type modelListener struct {
	topic, at int
	last      string
	// owes means that the next delivery is a start or a gap, even if nothing is published.
	owes bool
	next func() (hub.Delivery, error, bool)
	stop func()
}

func (m *brokerModel) publish(topic int) {
	payload := binary.AppendUvarint(nil, uint64(len(m.all)))
	id, err := m.broker.Publish(m.t.Context(), fmt.Sprint(topic), payload, "")
	require.NoError(m.t, err)
	m.all = append(m.all, id)
	m.published[id] = len(m.all)
	m.history[topic] = append(m.history[topic], id)
}

// behind counts the messages of a topic up to an id.
func (m *brokerModel) behind(topic int, id string) int {
	at := 0
	for _, other := range m.history[topic] {
		if m.published[other] <= m.published[id] {
			at++
		}
	}
	return at
}

func (m *brokerModel) subscribe(topic int, after string) {
	deliveries, err := m.broker.Subscribe(m.t.Context(), fmt.Sprint(topic), after)
	require.NoError(m.t, err)
	l := &modelListener{topic: topic, last: after, at: m.behind(topic, after)}
	if after == "" {
		l.at, l.owes = len(m.history[topic]), true
	} else if _, known := m.published[after]; !known {
		l.owes = true
	}
	l.next, l.stop = iter.Pull2(deliveries)
	m.listeners = append(m.listeners, l)
}

func (m *brokerModel) take(i int) {
	l := m.listeners[i]
	if !l.owes && l.at == len(m.history[l.topic]) {
		return
	}
	delivery, err, ok := l.next()
	require.True(m.t, ok)
	if err != nil {
		require.ErrorIs(m.t, err, hub.ErrSlowSubscriber)
		m.again(i)
		return
	}
	switch {
	case delivery.Start, delivery.Gap:
		m.published[delivery.ID] += 0 // also an id before the first message
		at := m.behind(l.topic, delivery.ID)
		require.GreaterOrEqual(m.t, at, l.at)
		require.Equal(m.t, delivery.Start, l.last == "")
		l.at, l.owes = at, false
	default:
		require.False(m.t, l.owes)
		require.Equal(m.t, m.history[l.topic][l.at], delivery.ID)
		n, _ := binary.Uvarint(delivery.Payload)
		require.Equal(m.t, m.all[n], delivery.ID)
		l.at++
	}
	l.last = delivery.ID
}

// again disconnects a listener, and lets it resume.
func (m *brokerModel) again(i int) {
	l := m.listeners[i]
	l.stop()
	m.listeners[i] = m.listeners[len(m.listeners)-1]
	m.listeners = m.listeners[:len(m.listeners)-1]
	m.subscribe(l.topic, l.last)
}

func FuzzMemoryBroker(f *testing.F) {
	f.Add(byte(0), []byte{1, 0, 0, 0, 0, 2, 2, 2, 2, 2})
	f.Add(byte(1), []byte{1, 0, 0, 0, 0, 2, 2, 3, 2, 0, 2, 2})
	f.Add(byte(2), []byte{1, 0, 0, 0, 0, 2, 2, 3, 2, 0, 2, 2, 4, 0, 2})
	f.Add(byte(7), []byte{0, 8, 16, 1, 9, 17, 0, 8, 16, 0, 8, 16, 4, 12, 20, 3, 2, 10, 18, 5, 0, 2, 10, 3, 18})
	f.Fuzz(func(t *testing.T, setup byte, steps []byte) {
		// A subscriber that waits forever fails the test in the bubble.
		synctest.Test(t, func(t *testing.T) { runModel(t, setup, steps) })
	})
}

func runModel(t *testing.T, setup byte, steps []byte) {
	m := &brokerModel{t: t, published: map[string]int{}, broker: hub.NewMemory(hub.MemoryConfig{
		Slow: hub.SlowPolicy(setup % 3), Queue: 1 + int(setup/3)%4, Replay: 1 + int(setup/12)%4, Bytes: 600 + 400*int(setup/48),
	})}
	for _, step := range steps[:min(len(steps), 200)] {
		action, which := step%6, int(step/6)
		switch {
		case action == 0, len(m.listeners) == 0 && action > 1 && action < 5:
			m.publish(which % 3)
		case action == 1:
			m.subscribe(which%3, "")
		case action < 4:
			m.take(which % len(m.listeners))
		case action == 4:
			m.again(which % len(m.listeners))
		case action == 5:
			m.subscribe(which%3, "lost")
		}
	}
	for _, l := range m.listeners {
		l.stop()
	}
}

func BenchmarkMemoryBrokerPublish(b *testing.B) {
	for _, subscribers := range []int{0, 1, 1000} {
		b.Run(fmt.Sprint(subscribers), func(b *testing.B) {
			broker := hub.NewMemory(hub.MemoryConfig{Slow: hub.DropOldest})
			for range subscribers {
				_, _ = broker.Subscribe(b.Context(), "a", "")
			}
			payload := []byte(`{"n":1}`)
			b.ReportAllocs()
			for b.Loop() {
				_, _ = broker.Publish(b.Context(), "a", payload, "")
			}
		})
	}
}
