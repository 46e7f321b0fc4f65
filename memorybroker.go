package candor

import (
	"cmp"
	"container/list"
	"context"
	"crypto/rand"
	"iter"
	"strconv"
	"strings"
	"sync"
	"time"
)

// The broker in memory numbers all messages in one sequence, over all topics.
// So a topic can be forgotten as a whole: of a topic it does not know, it knows
// that it forgot nothing behind the highest number it ever forgot with a topic.
// An id is the name of the run and a number, so one of a former run is seen to
// be one.
//
// Messages wait at two places: each topic keeps its latest for those who come
// back, and each subscriber has a queue of what it has not taken yet. Both point
// to the same messages. No goroutine and no timer is needed: what has expired is
// removed while the broker is used, and its size is bounded at all times.

// SlowPolicy says what happens to a subscriber whose queue is full when a
// message is published. The publisher never waits.
type SlowPolicy int

const (
	// Disconnect ends the subscription with [ErrSlowSubscriber], behind what is
	// in the queue. Nothing is lost if the client comes back with its last id,
	// as EventSource does by itself.
	Disconnect SlowPolicy = iota
	// DropOldest removes the longest waiting message from the queue: for values
	// that replace each other. The subscriber finds a gap in its place.
	DropOldest
	// DropNewest keeps the message out of the queue. The subscriber finds a gap
	// in its place.
	DropNewest
)

// MemoryConfig is what a broker in memory is made of. Zero or less is the
// default.
type MemoryConfig struct {
	// Queue is how many messages may wait for a subscriber, 64 by default. What
	// is replayed when it subscribes does not count.
	Queue int
	// Slow is what happens when a queue is full, [Disconnect] by default.
	Slow SlowPolicy
	// Replay is how many messages of each topic are kept for subscribers that
	// come back, 256 by default. With Disconnect it should well exceed Queue.
	Replay int
	// Keep is how long a topic without new messages keeps those it has, 5 minutes
	// by default. It is forgotten then, unless there are subscribers.
	Keep time.Duration
	// Bytes is how much is kept in all topics together, 16 MiB by default, their
	// names and the broker's own records included. Over it, the topics that were
	// silent the longest lose what they keep.
	Bytes int
}

// What a record costs beside the bytes it is made for.
const (
	messageCost = 128
	topicCost   = 256
)

func (c MemoryConfig) withDefaults() MemoryConfig {
	c.Queue = cmp.Or(max(c.Queue, 0), 64)
	c.Replay = cmp.Or(max(c.Replay, 0), 256)
	c.Keep = cmp.Or(max(c.Keep, 0), 5*time.Minute)
	c.Bytes = cmp.Or(max(c.Bytes, 0), 16<<20)
	return c
}

// NewMemoryBroker makes a broker for the subscribers of one process. It needs
// not be closed. Ids count within one run of the process: for one of a former
// run a gap is delivered, so that the client can fetch the present state.
func NewMemoryBroker(config MemoryConfig) Broker {
	return &memoryBroker{
		config: config.withDefaults(), run: rand.Text()[:10] + "-",
		topics: map[string]*memoryTopic{}, order: list.New(),
	}
}

type memoryBroker struct {
	config MemoryConfig
	// run begins every id.
	run string

	mutex sync.Mutex
	// seq is the number of the latest message, forgotten the highest one that
	// was removed together with its topic.
	seq, forgotten uint64
	topics         map[string]*memoryTopic
	// order has the topics that can be made smaller, the latest used first, and
	// bytes is what they hold.
	order *list.List
	bytes int
}

// memoryMessage is immutable.
type memoryMessage struct {
	seq     uint64
	id      string
	payload []byte
}

func (m *memoryMessage) cost() int { return messageCost + len(m.payload) }

// memoryTopic is there while it has subscribers, and a while longer.
type memoryTopic struct {
	name        string
	subscribers map[*memorySubscriber]struct{}
	kept        fifo[*memoryMessage]
	// dropped is the highest number that may be missing in front of what is kept.
	dropped uint64
	// place is where the topic stands in the order, or nil.
	place *list.Element
	used  time.Time
	// published means that there was a message, kept or not.
	published bool
}

func (b *memoryBroker) id(seq uint64) string { return b.run + strconv.FormatUint(seq, 10) }

// parse reads an id of this run.
func (b *memoryBroker) parse(id string) (seq uint64, ok bool) {
	digits, ok := strings.CutPrefix(id, b.run)
	if !ok {
		return 0, false
	}
	seq, err := strconv.ParseUint(digits, 10, 64)
	return seq, err == nil && seq <= b.seq
}

// Publish fails only when ctx is done.
func (b *memoryBroker) Publish(ctx context.Context, topic string, payload []byte) (string, error) {
	if err := context.Cause(ctx); err != nil {
		return "", err
	}
	b.mutex.Lock()
	defer b.mutex.Unlock()
	b.seq++
	m := &memoryMessage{seq: b.seq, id: b.id(b.seq), payload: payload}
	t := b.topic(topic)
	t.published = true
	for s := range t.subscribers {
		if !s.offer(m) {
			delete(t.subscribers, s)
		}
	}
	b.use(t)
	b.keep(t, m)
	b.expire()
	return m.id, nil
}

// topic finds a topic or makes it.
func (b *memoryBroker) topic(name string) *memoryTopic {
	t := b.topics[name]
	if t == nil {
		t = &memoryTopic{name: name, subscribers: map[*memorySubscriber]struct{}{}, dropped: b.forgotten}
		b.topics[name] = t
	}
	return t
}

// use puts a topic in front of the order.
func (b *memoryBroker) use(t *memoryTopic) {
	t.used = time.Now()
	if t.place != nil {
		b.order.MoveToFront(t.place)
		return
	}
	t.place = b.order.PushFront(t)
	b.bytes += topicCost + len(t.name)
}

// keep adds a message to those that are replayed.
func (b *memoryBroker) keep(t *memoryTopic, m *memoryMessage) {
	t.kept.push(m)
	b.bytes += m.cost()
	if t.kept.len() > b.config.Replay {
		oldest := t.kept.pop()
		t.dropped = oldest.seq
		b.bytes -= oldest.cost()
	}
}

// expire makes the broker as small as it must be.
func (b *memoryBroker) expire() {
	now := time.Now()
	for last := b.order.Back(); last != nil; last = b.order.Back() {
		t := last.Value.(*memoryTopic)
		if b.bytes <= b.config.Bytes && now.Sub(t.used) < b.config.Keep {
			return
		}
		b.forget(t)
	}
}

// forget drops what a topic keeps, and without subscribers the topic itself.
func (b *memoryBroker) forget(t *memoryTopic) {
	for t.kept.len() > 0 {
		m := t.kept.pop()
		t.dropped = m.seq
		b.bytes -= m.cost()
	}
	b.bytes -= topicCost + len(t.name)
	b.order.Remove(t.place)
	t.place = nil
	b.release(t)
}

// release removes a topic that nobody needs any more.
func (b *memoryBroker) release(t *memoryTopic) {
	if len(t.subscribers) == 0 && t.place == nil {
		delete(b.topics, t.name)
		b.forgotten = max(b.forgotten, t.dropped)
	}
}

// linger keeps a topic that lost its last subscriber for a while, so that a
// client which comes back soon is not told of a gap where none is. A topic
// without any message is gone at once: its name may be what a client made up,
// and must not drive out others.
func (b *memoryBroker) linger(t *memoryTopic) {
	if t.published {
		b.use(t)
	}
	b.release(t)
}

// Subscribe never fails.
func (b *memoryBroker) Subscribe(ctx context.Context, topic, after string) (iter.Seq2[Delivery, error], error) {
	s := &memorySubscriber{broker: b, wake: make(chan struct{}, 1)}
	b.mutex.Lock()
	defer b.mutex.Unlock()
	s.topic = b.topic(topic)
	s.topic.subscribers[s] = struct{}{}
	s.begin(after)
	b.expire()
	stop := context.AfterFunc(ctx, s.leave)
	return func(yield func(Delivery, error) bool) {
		defer s.leave()
		defer stop()
		s.run(ctx, yield)
	}, nil
}

// memorySubscriber takes its messages in this order: replay, queue. All of it
// is guarded by the broker's mutex.
type memorySubscriber struct {
	broker *memoryBroker
	topic  *memoryTopic
	// wake has a signal when there may be something to take.
	wake   chan struct{}
	replay fifo[waiting]
	queue  fifo[waiting]
	// hole is the id of the latest message lost behind all that waits, or of the
	// place where it is.
	hole string
	// begins is the id at which the subscription starts, until it was told.
	begins string
	// slow means that nothing is put into the queue any more.
	slow bool
}

// waiting is a message in a queue.
type waiting struct {
	*memoryMessage
	// hole is the id of the latest message lost in front of this one.
	hole string
}

// begin finds what is replayed.
func (s *memorySubscriber) begin(after string) {
	b, t := s.broker, s.topic
	if after == "" {
		s.begins = b.id(b.seq)
		return
	}
	seq, ok := b.parse(after)
	if !ok || seq < t.dropped {
		s.hole, seq = b.id(t.dropped), t.dropped
	}
	for i := range t.kept.len() {
		if m := t.kept.at(i); m.seq > seq {
			s.replay.push(s.behindHole(m))
		}
	}
}

func (s *memorySubscriber) behindHole(m *memoryMessage) waiting {
	w := waiting{m, s.hole}
	s.hole = ""
	return w
}

// offer puts a message into the queue as far as the policy allows. It is false
// if the subscription ends.
func (s *memorySubscriber) offer(m *memoryMessage) bool {
	if s.queue.len() >= s.broker.config.Queue {
		switch s.broker.config.Slow {
		case DropOldest:
			s.queue.push(s.behindHole(m))
			lost := s.queue.pop()
			s.queue.front().hole = lost.id
		case DropNewest:
			s.hole = m.id
		default:
			s.slow = true
			return false
		}
		return true
	}
	s.queue.push(s.behindHole(m))
	select {
	case s.wake <- struct{}{}:
	default:
	}
	return true
}

// run delivers until ctx is done.
func (s *memorySubscriber) run(ctx context.Context, yield func(Delivery, error) bool) {
	for ctx.Err() == nil {
		delivery, ok, err := s.take()
		if err != nil {
			yield(Delivery{}, err)
			return
		}
		if ok && !yield(delivery, nil) {
			return
		}
		if ok {
			continue
		}
		select {
		case <-s.wake:
		case <-ctx.Done():
		}
	}
}

// take is the next delivery, if there is any.
func (s *memorySubscriber) take() (d Delivery, ok bool, err error) {
	s.broker.mutex.Lock()
	defer s.broker.mutex.Unlock()
	line := &s.replay
	if line.len() == 0 {
		line = &s.queue
	}
	switch {
	case s.begins != "":
		d, s.begins = Delivery{ID: s.begins, Start: true}, ""
	case line.len() > 0 && line.front().hole != "":
		d, line.front().hole = Delivery{ID: line.front().hole, Gap: true}, ""
	case line.len() > 0:
		m := line.pop()
		d = Delivery{ID: m.id, Payload: m.payload}
	case s.hole != "":
		d, s.hole = Delivery{ID: s.hole, Gap: true}, ""
	case s.slow:
		return d, false, ErrSlowSubscriber
	default:
		return d, false, nil
	}
	return d, true, nil
}

// leave ends the subscription; a second time it does nothing.
func (s *memorySubscriber) leave() {
	b, t := s.broker, s.topic
	b.mutex.Lock()
	defer b.mutex.Unlock()
	s.replay, s.queue = fifo[waiting]{}, fifo[waiting]{}
	if _, ok := t.subscribers[s]; !ok {
		return
	}
	delete(t.subscribers, s)
	if len(t.subscribers) == 0 {
		b.linger(t)
	}
	b.expire()
}
