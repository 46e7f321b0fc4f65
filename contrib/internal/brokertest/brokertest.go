// Package brokertest tests that a [hub.Broker] does what its documentation says.
package brokertest

import (
	"context"
	"fmt"
	"iter"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/candor-go/candor/hub"
)

// Run tests brokers that keep at least ten messages of a topic, and at most the latest thousand. Each test has its own
// topics. The brokers that fresh returns share their messages, like those of several processes.
func Run(t *testing.T, fresh func(t *testing.T) hub.Broker) {
	for name, test := range map[string]func(*testing.T, hub.Broker, hub.Broker){
		"begins at the end":           beginsAtTheEnd,
		"resumes after an id":         resumes,
		"resumes where it began":      resumesWhereItBegan,
		"reports a gap":               tellsOfGaps,
		"separates topics":            keepsTopicsApart,
		"reaches everybody":           reachesEverybody,
		"ends with the context":       endsWithContext,
		"a slow subscriber":           slowSubscriber,
		"loses nothing at once":       losesNothing,
		"publish under ended context": publishUnderEndedContext,
		"publishes a key once":        publishesAKeyOnce,
		"fans out":                    fansOut,
	} {
		t.Run(name, func(t *testing.T) { test(t, fresh(t), fresh(t)) })
	}
}

// publishesAKeyOnce expects one message if several with the same key are published, also by different processes.
func publishesAKeyOnce(t *testing.T, one, two hub.Broker) {
	start := listen(t.Context(), t, one, "once", "")
	start.hears("start")
	var mutex sync.Mutex
	ids := map[string]bool{}
	var all sync.WaitGroup
	for i := range 20 {
		all.Go(func() {
			id, err := []hub.Broker{one, two}[i%2].Publish(t.Context(), "once", []byte("first"), "{key} *")
			assert.NoError(t, err)
			mutex.Lock()
			defer mutex.Unlock()
			ids[id] = true
		})
	}
	all.Wait()
	assert.Len(t, ids, 1)
	// Another topic has keys of its own. Its ids too: two topics may use the same.
	elsewhere := listen(t.Context(), t, two, "once{more}", "")
	elsewhere.hears("start")
	_, err := one.Publish(t.Context(), "once{more}", []byte("elsewhere"), "{key} *")
	require.NoError(t, err)
	elsewhere.hears("elsewhere")
	_, err = two.Publish(t.Context(), "once", []byte("second"), "another")
	require.NoError(t, err)
	start.hears("first", "second")
}

// patience is how long a delivery may take on a busy machine. No test waits for all of it.
const patience = time.Minute

// listener takes the deliveries of one subscription.
type listener struct {
	t    *testing.T
	next func() (hub.Delivery, error, bool)
	last string
}

func listen(ctx context.Context, t *testing.T, b hub.Broker, topic, after string) *listener {
	t.Helper()
	ctx, cancel := context.WithTimeout(ctx, patience)
	t.Cleanup(cancel)
	deliveries, err := b.Subscribe(ctx, topic, after)
	require.NoError(t, err)
	next, stop := iter.Pull2(deliveries)
	t.Cleanup(stop)
	return &listener{t: t, next: next, last: after}
}

// hears expects deliveries, as text: payloads, "start", "gap" or "end".
func (l *listener) hears(want ...string) {
	l.t.Helper()
	var got []string
	for range want {
		got = append(got, l.hear())
	}
	require.Equal(l.t, want, got)
}

func (l *listener) hear() string {
	d, err, ok := l.next()
	switch {
	case !ok:
		return "end"
	case err != nil:
		return "error: " + err.Error()
	}
	if d.ID != "" {
		l.last = d.ID
	}
	switch {
	case d.Start:
		return "start"
	case d.Gap:
		return "gap"
	}
	return string(d.Payload)
}

// publish publishes and returns the last id.
func publish(t *testing.T, b hub.Broker, topic string, payloads ...string) (last string) {
	t.Helper()
	for _, p := range payloads {
		id, err := b.Publish(t.Context(), topic, []byte(p), "")
		require.NoError(t, err)
		require.Regexp(t, `^[!-~]+$`, id)
		last = id
	}
	return last
}

func beginsAtTheEnd(t *testing.T, b, other hub.Broker) {
	publish(t, b, "begin", "before")
	l := listen(t.Context(), t, b, "begin", "")
	publish(t, other, "begin", "1", "2")
	l.hears("start", "1", "2")
	publish(t, b, "begin", "3")
	l.hears("3")
}

func resumes(t *testing.T, b, other hub.Broker) {
	publish(t, b, "resume", "1", "2")
	third := publish(t, b, "resume", "3")
	publish(t, other, "resume", "4", "5")
	l := listen(t.Context(), t, other, "resume", third)
	l.hears("4", "5")
	publish(t, b, "resume", "6")
	l.hears("6")
	again := listen(t.Context(), t, b, "resume", l.last)
	publish(t, other, "resume", "7")
	again.hears("7")
}

func resumesWhereItBegan(t *testing.T, b, other hub.Broker) {
	for _, topic := range []string{"silent", "spoken"} {
		if topic == "spoken" {
			publish(t, b, topic, "before")
		}
		ctx, cancel := context.WithCancel(t.Context())
		l := listen(ctx, t, b, topic, "")
		l.hears("start")
		cancel()
		l.hears("end")
		publish(t, b, topic, "1", "2")
		listen(t.Context(), t, other, topic, l.last).hears("1", "2")
	}
}

func tellsOfGaps(t *testing.T, b, _ hub.Broker) {
	first := publish(t, b, "gaps", "0")
	for i := range 2000 {
		publish(t, b, "gaps", strconv.Itoa(i))
	}
	for _, id := range []string{first, "made-up", "0", "99999999999999-0", "s1"} {
		l := listen(t.Context(), t, b, "gaps", id)
		l.hears("gap")
		kept := l.hear()
		n, err := strconv.Atoi(kept)
		require.NoError(t, err, "id %q: %s", id, kept)
		for n++; n < 2000; n++ {
			l.hears(strconv.Itoa(n))
		}
		publish(t, b, "gaps", "1999")
		l.hears("1999")
	}
	l := listen(t.Context(), t, b, "never used", "made-up")
	l.hears("gap")
	publish(t, b, "never used", "1")
	l.hears("1")
}

func keepsTopicsApart(t *testing.T, b, other hub.Broker) {
	topics := []string{"a", "a.b", "a.*", "a.>", "a b", "ä", "", ">", "*", "a:b", "A", "%41", "_", "a\x00b", "a/b", "$JS"}
	listeners := map[string]*listener{}
	for _, topic := range topics {
		listeners[topic] = listen(t.Context(), t, b, topic, "")
		listeners[topic].hears("start")
	}
	for _, topic := range topics {
		publish(t, other, topic, "of "+topic)
	}
	for _, topic := range topics {
		listeners[topic].hears("of " + topic)
		publish(t, b, topic, "last")
		listeners[topic].hears("last")
	}
}

func reachesEverybody(t *testing.T, b, other hub.Broker) {
	var listeners []*listener
	for range 20 {
		listeners = append(listeners, listen(t.Context(), t, b, "all", ""), listen(t.Context(), t, other, "all", ""))
	}
	publish(t, b, "all", "1")
	publish(t, other, "all", "2")
	publish(t, b, "all", "")
	for _, l := range listeners {
		l.hears("start", "1", "2", "")
	}
}

func endsWithContext(t *testing.T, b, _ hub.Broker) {
	ctx, cancel := context.WithCancel(t.Context())
	l := listen(ctx, t, b, "end", "")
	l.hears("start")
	cancel()
	l.hears("end")
	for range 100 { // never ranged over
		ctx, cancel := context.WithCancel(t.Context())
		_, err := b.Subscribe(ctx, "end", "")
		require.NoError(t, err)
		cancel()
	}
}

func slowSubscriber(t *testing.T, b, other hub.Broker) {
	slow := listen(t.Context(), t, b, "slow", "")
	slow.hears("start")
	const n = 500
	for i := range n {
		publish(t, other, "slow", strconv.Itoa(i))
	}
	for i := range n {
		slow.hears(strconv.Itoa(i))
	}
	publish(t, b, "slow", "and on")
	slow.hears("and on")
}

// losesNothing has publishers in both processes, and subscribers that leave and resume.
func losesNothing(t *testing.T, b, other hub.Broker) {
	const publishers, each, subscribers = 4, 100, 6
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	var wait sync.WaitGroup
	for i := range subscribers {
		broker := []hub.Broker{b, other}[i%2]
		began := make(chan struct{})
		wait.Go(func() { collect(ctx, t, broker, publishers*each, 5+17*i, began) })
		<-began
	}
	for p := range publishers {
		broker := []hub.Broker{b, other}[p%2]
		wait.Go(func() {
			for i := range each {
				_, err := broker.Publish(ctx, "many", fmt.Appendf(nil, "%d-%d", p, i), "")
				assert.NoError(t, err)
			}
		})
	}
	wait.Wait()
}

// collect receives total messages, each once, and resubscribes after every few.
func collect(ctx context.Context, t *testing.T, b hub.Broker, total, few int, began chan<- struct{}) {
	seen, last := map[string]bool{}, ""
	defer func() { assert.Len(t, seen, total) }()
	for len(seen) < total && ctx.Err() == nil {
		deliveries, err := b.Subscribe(ctx, "many", last)
		if !assert.NoError(t, err) {
			return
		}
		left := few
		for d, err := range deliveries {
			if !assert.NoError(t, err) || !assert.False(t, d.Gap) {
				return
			}
			last = d.ID
			if d.Start {
				close(began)
				continue
			}
			assert.False(t, seen[string(d.Payload)], "%s came twice", d.Payload)
			seen[string(d.Payload)] = true
			if left--; left == 0 || len(seen) == total {
				break
			}
		}
	}
}

func publishUnderEndedContext(t *testing.T, b, _ hub.Broker) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := b.Publish(ctx, "never", []byte("1"), "")
	assert.ErrorIs(t, err, context.Canceled)
}

// Outlives tests that subscriptions survive if a server is killed and restarted with its data.
func Outlives(t *testing.T, fresh func(t *testing.T) hub.Broker, kill, start func()) {
	b, other := fresh(t), fresh(t)
	l := listen(t.Context(), t, b, "outlives", "")
	publish(t, other, "outlives", "1")
	l.hears("start", "1")
	kill()
	refused(t, b)
	start()
	published(t, other, "outlives", "2")
	l.hears("2")
	publish(t, b, "outlives", "3")
	l.hears("3")
	again := listen(t.Context(), t, other, "outlives", l.last)
	publish(t, b, "outlives", "4")
	again.hears("4")
}

// NoticesLoss tests that a subscriber gets a gap if the server is restarted without its data.
func NoticesLoss(t *testing.T, fresh func(t *testing.T) hub.Broker, kill, start func()) {
	b, other := fresh(t), fresh(t)
	l := listen(t.Context(), t, b, "loss", "")
	publish(t, other, "loss", "1")
	l.hears("start", "1")
	last := l.last
	kill()
	start()
	l.hears("gap")
	published(t, other, "loss", "2")
	l.hears("2")
	listen(t.Context(), t, other, "loss", last).hears("gap", "2")
}

// refused expects that publishing and subscribing fail.
func refused(t *testing.T, b hub.Broker) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
	defer cancel()
	_, err := b.Publish(ctx, "refused", []byte("1"), "")
	require.Error(t, err)
	_, err = b.Subscribe(ctx, "refused", "")
	require.Error(t, err)
}

// published publishes as soon as the server is back.
func published(t *testing.T, b hub.Broker, topic, payload string) {
	t.Helper()
	require.Eventually(t, func() bool {
		_, err := b.Publish(t.Context(), topic, []byte(payload), "")
		return err == nil
	}, patience, 50*time.Millisecond)
}

// patient is the configuration of a hub that waits for its broker as long as the tests do. With the budgets of a service,
// a pause of the machine would count as an outage.
func patient(b hub.Broker) hub.Config {
	return hub.Config{Broker: b, PublishBudget: patience, SubscribeBudget: patience}
}
