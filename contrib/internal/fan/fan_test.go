package fan_test

import (
	"context"
	"errors"
	"iter"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/candor-go/candor/contrib/internal/fan"
	"github.com/candor-go/candor/hub"
)

// pageSize is how many entries the log returns at once.
const pageSize = 10

var errDown = errors.New("the log is down")

// fakeLog is the log of one topic in memory. Its ids are numbers.
type fakeLog struct {
	mutex   sync.Mutex
	entries []fan.Entry
	// lost is how many of the oldest entries were removed.
	lost int
	down bool
	// reads are the times at which it was read; followed counts the followers of each topic.
	reads    []time.Time
	followed map[string]int
}

func newLog() *fakeLog { return &fakeLog{followed: map[string]int{}} }

func (l *fakeLog) End(context.Context, string) (string, error) {
	l.mutex.Lock()
	defer l.mutex.Unlock()
	if l.down {
		return "", errDown
	}
	return strconv.Itoa(len(l.entries)), nil
}

func (l *fakeLog) Read(_ context.Context, _, after string) (fan.Page, error) {
	l.mutex.Lock()
	defer l.mutex.Unlock()
	l.reads = append(l.reads, time.Now())
	if l.down {
		return fan.Page{}, errDown
	}
	at, err := strconv.Atoi(after)
	page := fan.Page{Whole: err == nil && at >= l.lost && at <= len(l.entries)}
	if !page.Whole {
		at = l.lost
	}
	end := min(at+pageSize, len(l.entries))
	page.Entries, page.Next, page.More = l.entries[at:end], strconv.Itoa(end), end < len(l.entries)
	return page, nil
}

func (l *fakeLog) Newer(a, b string) bool {
	m, _ := strconv.Atoi(a)
	n, _ := strconv.Atoi(b)
	return m > n
}

func (l *fakeLog) Follow(ctx context.Context, topic string) {
	l.follow(topic, 1)
	context.AfterFunc(ctx, func() { l.follow(topic, -1) })
}

func (l *fakeLog) follow(topic string, by int) {
	l.mutex.Lock()
	defer l.mutex.Unlock()
	l.followed[topic] += by
}

// add appends an entry; the test passes it on as a feed would.
func (l *fakeLog) add(payload string) fan.Entry {
	l.mutex.Lock()
	defer l.mutex.Unlock()
	e := fan.Entry{ID: strconv.Itoa(len(l.entries) + 1), Payload: []byte(payload)}
	l.entries = append(l.entries, e)
	return e
}

func (l *fakeLog) set(change func()) {
	l.mutex.Lock()
	defer l.mutex.Unlock()
	change()
}

// took returns the pauses between the reads so far, and resets them.
func (l *fakeLog) took() (pauses []time.Duration) {
	l.mutex.Lock()
	defer l.mutex.Unlock()
	for i := 1; i < len(l.reads); i++ {
		pauses = append(pauses, l.reads[i].Sub(l.reads[i-1]))
	}
	l.reads = nil
	return pauses
}

// bubble is a fan and a fake log in a synctest bubble.
type bubble struct {
	*testing.T
	log *fakeLog
	fan *fan.Fan
}

func inBubble(t *testing.T, test func(b *bubble)) {
	synctest.Test(t, func(t *testing.T) {
		log := newLog()
		test(&bubble{t, log, fan.New(log)})
	})
}

// publish appends entries and offers them.
func (b *bubble) publish(payloads ...string) {
	for _, p := range payloads {
		b.fan.Offer("t", b.log.add(p))
	}
}

// heard is what a subscriber has received so far.
type heard struct {
	b     *bubble
	mutex sync.Mutex
	all   []string
	// held is a lock that stops the subscriber from receiving. With a mutex, goroutines of the bubble would not be durably
	// blocked.
	held  chan struct{}
	leave context.CancelFunc
	ended chan struct{}
}

func (b *bubble) listen(after string) *heard {
	b.Helper()
	ctx, cancel := context.WithCancel(b.Context())
	h := &heard{b: b, held: make(chan struct{}, 1), leave: cancel, ended: make(chan struct{})}
	deliveries, err := b.fan.Subscribe(ctx, "t", after)
	require.NoError(b, err)
	go func() {
		defer close(h.ended)
		for d, err := range deliveries {
			assert.NoError(b, err)
			h.take(d)
		}
	}()
	return h
}

func (h *heard) take(d hub.Delivery) {
	h.mutex.Lock()
	switch {
	case d.Start:
		h.all = append(h.all, "start at "+d.ID)
	case d.Gap:
		h.all = append(h.all, "gap")
	default:
		h.all = append(h.all, string(d.Payload))
	}
	h.mutex.Unlock()
	h.hold()
	h.release()
}

func (h *heard) hold()    { h.held <- struct{}{} }
func (h *heard) release() { <-h.held }

// hears expects the deliveries since its last call, once all goroutines are blocked.
func (h *heard) hears(want ...string) {
	h.b.Helper()
	synctest.Wait()
	h.mutex.Lock()
	defer h.mutex.Unlock()
	assert.Equal(h.b, want, h.all)
	h.all = nil
}

// numbers returns the texts from "from" to "to", both included.
func numbers(from, to int) (texts []string) {
	for i := from; i <= to; i++ {
		texts = append(texts, strconv.Itoa(i))
	}
	return texts
}

func TestLive(t *testing.T) {
	inBubble(t, func(b *bubble) {
		b.log.add("before")
		l := b.listen("")
		l.hears("start at 1")
		b.publish("a", "b")
		l.hears("a", "b")
		b.fan.Offer("t", fan.Entry{ID: "2", Payload: []byte("a")}) // a second time
		b.fan.Offer("another", b.log.add("of another topic"))
		l.hears()
		l.leave()
	})
}

func TestResumesAfterAnID(t *testing.T) {
	inBubble(t, func(b *bubble) {
		b.publish(numbers(1, 35)...)
		l := b.listen("7")
		l.hears(numbers(8, 35)...)
		b.publish("36")
		l.hears("36")
		l.leave()
	})
}

func TestGap(t *testing.T) {
	for name, last := range map[string]string{"too old": "7", "made up": "x", "of another log": "99"} {
		t.Run(name, func(t *testing.T) {
			inBubble(t, func(b *bubble) {
				b.publish(numbers(1, 35)...)
				b.log.lost = 20
				l := b.listen(last)
				l.hears(append([]string{"gap"}, numbers(21, 35)...)...)
				b.publish("36")
				l.hears("36")
				l.leave()
			})
		})
	}
	t.Run("nothing left", func(t *testing.T) {
		inBubble(t, func(b *bubble) {
			l := b.listen("x")
			l.hears("gap")
			b.publish("1")
			l.hears("1")
			l.leave()
		})
	})
}

// If the log fails, it is read again with growing pauses, and nothing is lost.
func TestFailingLog(t *testing.T) {
	inBubble(t, func(b *bubble) {
		l := b.listen("")
		l.hears("start at 0")
		b.log.set(func() { b.log.down = true })
		_, err := b.fan.Subscribe(b.Context(), "t", "")
		require.ErrorIs(b, err, errDown)
		_, err = b.fan.Subscribe(b.Context(), "t", "0")
		require.ErrorIs(b, err, errDown)
		b.log.took()
		b.log.add("1")
		b.fan.Resume("t") // as the feed does when it is back
		time.Sleep(10 * time.Second)
		l.hears()
		pauses := b.log.took()
		require.Greater(b, len(pauses), 8)
		assert.Equal(b, []time.Duration{
			50 * time.Millisecond, 100 * time.Millisecond, 200 * time.Millisecond, 400 * time.Millisecond,
			800 * time.Millisecond, 1600 * time.Millisecond, 2 * time.Second, 2 * time.Second,
		}, pauses[:8])

		b.publish("2")
		b.log.set(func() { b.log.down = false })
		time.Sleep(2 * time.Second)
		l.hears("1", "2")
		b.log.set(func() { b.log.down = true })
		b.log.took()
		b.fan.Resume("t")
		time.Sleep(60 * time.Millisecond)
		assert.Equal(b, []time.Duration{50 * time.Millisecond}, b.log.took(), "after success it begins anew")
		l.leave()
		synctest.Wait()
		<-l.ended
	})
}

// If the log fails between two pages, reading continues where it stopped.
func TestFailingBetweenPages(t *testing.T) {
	inBubble(t, func(b *bubble) {
		b.publish(numbers(1, 35)...)
		l := &heard{b: b, held: make(chan struct{}, 1)}
		ctx, cancel := context.WithCancel(b.Context())
		defer cancel()
		deliveries, err := b.fan.Subscribe(ctx, "t", "0")
		require.NoError(b, err)
		for d, err := range deliveries {
			require.NoError(b, err)
			l.take(d)
			switch string(d.Payload) {
			case "15":
				b.log.set(func() { b.log.down = true })
				time.AfterFunc(time.Minute, func() { b.log.set(func() { b.log.down = false }) })
			case "35":
				cancel()
			}
		}
		l.hears(numbers(1, 35)...)
	})
}

// A slow subscriber has a short queue, and then reads from the log at its own pace.
func TestOverfullQueue(t *testing.T) {
	inBubble(t, func(b *bubble) {
		l, other := b.listen(""), b.listen("")
		l.hears("start at 0")
		l.hold()
		b.publish("1")
		synctest.Wait()
		b.log.took()
		for i := 2; i <= 500; i++ {
			b.publish(strconv.Itoa(i))
			synctest.Wait()
		}
		other.hears(append([]string{"start at 0"}, numbers(1, 500)...)...)
		assert.Empty(b, b.log.took(), "who keeps up needs no log")
		l.release()
		l.hears(numbers(1, 500)...)
		synctest.Wait()
		b.log.set(func() { assert.NotEmpty(b, b.log.reads) })
		b.publish("501")
		l.hears("501")

		l.hold()
		for i := 502; i <= 700; i++ {
			b.publish(strconv.Itoa(i))
		}
		b.log.set(func() { b.log.lost = 650 })
		l.release()
		synctest.Wait()
		l.mutex.Lock()
		heard := strings.Join(l.all, " ")
		l.mutex.Unlock()
		assert.Contains(b, heard, "gap "+strings.Join(numbers(651, 700), " "), "what the log has lost meanwhile is told")
		assert.Equal(b, 1, strings.Count(heard, "gap"))
		l.leave()
		other.leave()
	})
}

// The queues of all subscribers together are bounded. A slow subscriber has to read the log again, but loses nothing.
func TestQueuesAreBounded(t *testing.T) {
	const topics, messages = 20, 40
	inBubble(t, func(b *bubble) {
		ctx, cancel := context.WithCancel(b.Context())
		defer cancel()
		large := strings.Repeat("x", 500_000)
		var slow []iter.Seq2[hub.Delivery, error]
		for range topics {
			deliveries, err := b.fan.Subscribe(ctx, "t", "")
			require.NoError(b, err)
			next, stop := iter.Pull2(deliveries)
			defer stop()
			_, _, _ = next() // the start
			slow = append(slow, func(yield func(hub.Delivery, error) bool) {
				for d, err, ok := next(); ok && yield(d, err); d, err, ok = next() {
				}
			})
		}
		quick := b.listen("")
		quick.hears("start at 0")
		for range slow {
			b.publish(large)
		}
		synctest.Wait()
		b.log.took()
		want := []string{"start at 0"}
		for range topics {
			want = append(want, large)
		}
		for i := range messages {
			b.publish(large + strconv.Itoa(i))
			want = append(want, large+strconv.Itoa(i))
			synctest.Wait()
		}
		assert.LessOrEqual(b, b.fan.Queued(), 16<<20)
		assert.Empty(b, b.log.took(), "who keeps up needs no log")
		quick.hears(want[1:]...)
		for _, deliveries := range slow {
			got := []string{"start at 0"}
			for d, err := range deliveries {
				require.NoError(b, err)
				require.False(b, d.Gap)
				if got = append(got, string(d.Payload)); len(got) == len(want) {
					break
				}
			}
			assert.True(b, slices.Equal(want, got))
		}
		assert.Zero(b, b.fan.Queued())
		quick.leave()
	})
}

// After an interruption of the feed, missed messages come from the log, also in the middle of a queue.
func TestResumeInTheMiddle(t *testing.T) {
	inBubble(t, func(b *bubble) {
		l := b.listen("")
		l.hears("start at 0")
		l.hold()
		b.publish("1", "2", "3")
		b.log.add("4") // missed by the feed
		b.log.add("5")
		b.fan.Resume("t")
		b.publish("6")
		l.release()
		l.hears(numbers(1, 6)...)
		b.log.add("7")
		b.fan.Resume("t")
		l.hears("7")
		b.fan.Resume("t")
		b.fan.Resume("nobody's")
		l.hears()
		l.leave()
	})
}

// A topic is followed once, from its first subscriber to its last.
func TestLeavingFreesTheTopic(t *testing.T) {
	inBubble(t, func(b *bubble) {
		one, two := b.listen(""), b.listen("")
		synctest.Wait()
		assert.Equal(b, []string{"t"}, b.fan.Topics())
		assert.Equal(b, 1, b.log.followed["t"])
		one.leave()
		<-one.ended
		synctest.Wait()
		assert.Equal(b, 1, b.log.followed["t"])
		two.leave()
		<-two.ended
		synctest.Wait()
		assert.Equal(b, 0, b.log.followed["t"])
		assert.Empty(b, b.fan.Topics())
		b.publish("1") // without subscribers

		deliveries, err := b.fan.Subscribe(b.Context(), "t", "0")
		require.NoError(b, err)
		for d, err := range deliveries {
			require.NoError(b, err)
			assert.Equal(b, "1", string(d.Payload))
			break
		}
		synctest.Wait()
		assert.Equal(b, 0, b.log.followed["t"], "whoever stops ranging has left")
		assert.Empty(b, b.fan.Topics())
	})
}

// Subscriptions that are never ranged over end with their context, and messages published meanwhile do not pile up.
func TestSubscriptionsThatAreNotRangedOver(t *testing.T) {
	inBubble(t, func(b *bubble) {
		ctx, cancel := context.WithCancel(b.Context())
		deliveries, err := b.fan.Subscribe(ctx, "t", "")
		require.NoError(b, err)
		for i := range 1000 {
			b.publish(strconv.Itoa(i))
		}
		cancel()
		synctest.Wait()
		assert.Empty(b, b.fan.Topics())
		assert.Equal(b, 0, b.log.followed["t"])
		assert.Empty(b, b.log.took())
		for d, err := range deliveries {
			require.NoError(b, err)
			assert.True(b, d.Start, "%+v", d)
		}
	})
}

// Publishers, interruptions of the feed, and subscribers that come and go, all concurrently.
func TestLosesNothing(t *testing.T) {
	const total = 2000
	inBubble(t, func(b *bubble) {
		var listeners []*heard
		for range 5 {
			listeners = append(listeners, b.listen(""))
		}
		synctest.Wait()
		for i := range total {
			switch e := b.log.add(strconv.Itoa(i)); {
			case i%7 == 0: // missed
			case i%13 == 0:
				b.fan.Resume("t")
			default:
				b.fan.Offer("t", e)
			}
			if i%7 == 0 {
				b.fan.Resume("t")
			}
		}
		for _, l := range listeners {
			l.hears(append([]string{"start at 0"}, numbers(0, total-1)...)...)
			l.leave()
		}
	})
}
