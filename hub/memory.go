package hub

import (
	"cmp"
	"container/list"
	"context"
	"crypto/rand"
	"iter"
	"sort"
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
// Messages wait in two ways: each topic keeps its latest for those who come
// back, and each subscriber has a queue of what it has not taken yet. Both point
// to the same messages, each of which counts once. What is replayed is read from
// the topic, so that a subscriber which never takes it holds nothing. No
// goroutine and no timer is needed: what has expired is removed while the broker
// is used, and its size is bounded at all times.
//
// When all queues hold too much, the message that waits the longest has to go.
// Whoever it waits for is treated as if its queue were full, so the slowest
// subscribers pay, and those that keep up lose nothing. What is kept gives way
// to what waits, but for a part that no queue can take.

// SlowPolicy says what happens to a subscriber whose queue is full when a
// message is published, or for which a message waits longest where the queues of
// all subscribers hold too much, see [MemoryConfig]. The publisher never waits.
type SlowPolicy int

const (
	// Disconnect ends the subscription with [ErrSlowSubscriber], behind what is
	// in the queue; for want of memory, the queue is dropped. Nothing is lost if
	// the client comes back with its last id, as EventSource does by itself, and
	// the topic still keeps what followed.
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
	// is replayed when it subscribes does not count, and is a gap where the topic
	// loses it in the meantime.
	Queue int
	// Slow is what happens when a queue is full, [Disconnect] by default.
	Slow SlowPolicy
	// Replay is how many messages of each topic are kept for subscribers that
	// come back, 256 by default. With Disconnect it should well exceed Queue.
	Replay int
	// Keep is how long a topic without new messages keeps those it has, 5 minutes
	// by default. It is forgotten then, unless there are subscribers.
	Keep time.Duration
	// Bytes is how much is kept in all topics and waits for all subscribers
	// together, 16 MiB by default, names of topics and the broker's own records
	// included. Over it, the topics that were silent the longest lose what they
	// keep. Three quarters may be taken by what waits: over that, the subscribers
	// for which a message waits the longest are treated as Slow says. Of a message
	// that is larger than Bytes nobody gets more than the gap.
	Bytes int
}

// What a record costs beside the bytes it is made for.
const (
	messageCost = 160
	topicCost   = 256
)

func (c MemoryConfig) withDefaults() MemoryConfig {
	c.Queue = cmp.Or(max(c.Queue, 0), 64)
	c.Replay = cmp.Or(max(c.Replay, 0), 256)
	c.Keep = cmp.Or(max(c.Keep, 0), 5*time.Minute)
	c.Bytes = cmp.Or(max(c.Bytes, 0), 16<<20)
	return c
}

// NewMemory makes a broker for the subscribers of one process. It needs
// not be closed. Ids count within one run of the process: for one of a former
// run a gap is delivered, so that the client can fetch the present state.
func NewMemory(config MemoryConfig) Broker {
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
	// waiting has the messages that wait in queues, the oldest first, and queued
	// is what those hold.
	waiting messageLine
	queued  int
}

// memoryMessage is one message, wherever it is.
type memoryMessage struct {
	seq     uint64
	id      string
	payload []byte
	topic   *memoryTopic
	// kept means that the topic keeps it, and queues is in how many it waits.
	kept   bool
	queues int32
	// older and newer are its neighbours among those that wait.
	older, newer *memoryMessage
}

func (m *memoryMessage) cost() int { return messageCost + cap(m.payload) }

// messageLine has messages in the order in which they were published. They are
// linked themselves, so that it takes no memory.
type messageLine struct{ oldest, newest *memoryMessage }

func (l *messageLine) add(m *memoryMessage) {
	m.older, l.newest = l.newest, m
	if m.older == nil {
		l.oldest = m
		return
	}
	m.older.newer = m
}

func (l *messageLine) remove(m *memoryMessage) {
	if m.older == nil {
		l.oldest = m.newer
	} else {
		m.older.newer = m.newer
	}
	if m.newer == nil {
		l.newest = m.older
	} else {
		m.newer.older = m.older
	}
	m.older, m.newer = nil, nil
}

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
	t := b.topic(topic)
	t.published = true
	m := &memoryMessage{seq: b.seq, id: b.id(b.seq), payload: payload, topic: t}
	for s := range t.subscribers {
		s.offer(m)
	}
	b.relieve()
	b.use(t)
	b.keep(t, m)
	b.expire()
	return m.id, nil
}

// wait counts a message into one more queue.
func (b *memoryBroker) wait(m *memoryMessage) {
	if m.queues++; m.queues > 1 {
		return
	}
	b.waiting.add(m)
	b.queued += m.cost()
	if !m.kept {
		b.bytes += m.cost()
	}
}

// unwait counts it out of one.
func (b *memoryBroker) unwait(m *memoryMessage) {
	if m.queues--; m.queues > 0 {
		return
	}
	b.waiting.remove(m)
	b.queued -= m.cost()
	if !m.kept {
		b.bytes -= m.cost()
	}
}

// relieve makes the queues as small as they must be. A message is offered to all
// of its subscribers when it is published, so the oldest of all that wait is at
// the front of every queue that has it.
func (b *memoryBroker) relieve() {
	for b.holdsTooMuch() {
		oldest := b.waiting.oldest
		for s := range oldest.topic.subscribers {
			if s.queue.len() > 0 && s.queue.front().memoryMessage == oldest {
				s.lose()
			}
		}
	}
}

// holdsTooMuch lets one message take all there is, so that it can be delivered.
func (b *memoryBroker) holdsTooMuch() bool {
	return b.queued > b.config.Bytes || b.queued > b.config.Bytes/4*3 && b.waiting.oldest != b.waiting.newest
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
	m.kept = true
	if m.queues == 0 {
		b.bytes += m.cost()
	}
	if t.kept.len() > b.config.Replay {
		b.drop(t)
	}
}

// drop removes the oldest message that a topic keeps. It may still wait.
func (b *memoryBroker) drop(t *memoryTopic) {
	m := t.kept.pop()
	m.kept, t.dropped = false, m.seq
	if m.queues == 0 {
		b.bytes -= m.cost()
	}
}

// expire makes the broker as small as it must be.
func (b *memoryBroker) expire() {
	now := time.Now()
	for last := b.order.Back(); last != nil; last = b.order.Back() {
		t := last.Value.(*memoryTopic)
		isOld := now.Sub(t.used) >= b.config.Keep
		switch {
		case b.bytes <= b.config.Bytes && !isOld:
			return
		case isOld || t.kept.len() == 0:
			b.forget(t)
		default:
			b.drop(t)
		}
	}
}

// forget drops what a topic keeps, and without subscribers the topic itself.
func (b *memoryBroker) forget(t *memoryTopic) {
	for t.kept.len() > 0 {
		b.drop(t)
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
	wake chan struct{}
	// begins is the id at which the subscription starts, until it was told.
	begins string
	// replayed is the number of the message up to which it has what the topic
	// keeps, and replay of that up to which it is replayed.
	replayed, replay uint64
	// unsure means that what was before replayed may be missing.
	unsure bool
	queue  fifo[waiting]
	// hole is the id of the latest message lost behind all that waits, or of the
	// place where it is.
	hole string
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
		s.unsure, seq = true, t.dropped
	}
	s.replayed, s.replay = seq, seq
	if n := t.kept.len(); n > 0 {
		s.replay = max(seq, t.kept.at(n-1).seq)
	}
	if s.unsure && s.replay == seq { // then it is a hole like any other
		s.unsure, s.hole = false, b.id(seq)
	}
}

// next is the next delivery of the replay, if there is any.
func (s *memorySubscriber) next() (d Delivery, ok bool) {
	t := s.topic
	if lost := min(t.dropped, s.replay); s.unsure || lost > s.replayed {
		s.unsure, s.replayed = false, max(lost, s.replayed)
		return Delivery{ID: s.broker.id(s.replayed), Gap: true}, true
	}
	if s.replayed == s.replay {
		return d, false
	}
	m := t.kept.at(sort.Search(t.kept.len(), func(i int) bool { return t.kept.at(i).seq > s.replayed }))
	s.replayed = m.seq
	return Delivery{ID: m.id, Payload: m.payload}, true
}

// offer puts a message into the queue as far as the policy allows.
func (s *memorySubscriber) offer(m *memoryMessage) {
	isFull := s.queue.len() >= s.broker.config.Queue
	switch policy := s.broker.config.Slow; {
	case s.slow:
		return
	case isFull && policy == DropNewest:
		s.hole = m.id
		return
	case isFull && policy != DropOldest:
		s.slow = true
		return
	}
	s.queue.push(waiting{m, s.hole})
	s.hole = ""
	s.broker.wait(m)
	if isFull { // and has its signal
		s.loseOldest()
		return
	}
	s.signal()
}

func (s *memorySubscriber) signal() {
	select {
	case s.wake <- struct{}{}:
	default:
	}
}

// lose takes messages out of the queue by the policy, for want of memory.
func (s *memorySubscriber) lose() {
	switch s.broker.config.Slow {
	case DropOldest:
		s.loseOldest()
	case DropNewest:
		lost := s.queue.popLast()
		s.broker.unwait(lost.memoryMessage)
		s.hole = cmp.Or(s.hole, lost.id)
	default:
		s.slow = true
		s.empty()
	}
	s.signal()
}

func (s *memorySubscriber) loseOldest() {
	lost := s.queue.pop()
	s.broker.unwait(lost.memoryMessage)
	if s.queue.len() == 0 {
		s.hole = cmp.Or(s.hole, lost.id)
		return
	}
	front := s.queue.front()
	front.hole = cmp.Or(front.hole, lost.id)
}

// empty drops what is in the queue.
func (s *memorySubscriber) empty() {
	for s.queue.len() > 0 {
		s.broker.unwait(s.queue.pop().memoryMessage)
	}
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
	if s.begins != "" {
		d, s.begins = Delivery{ID: s.begins, Start: true}, ""
		return d, true, nil
	}
	if d, ok = s.next(); ok {
		if d.Gap && s.replayed == s.replay {
			d.ID = cmp.Or(s.takeHole(), d.ID) // a hole right behind the gap is part of it
		}
		return d, true, nil
	}
	if hole := s.takeHole(); hole != "" {
		return Delivery{ID: hole, Gap: true}, true, nil
	}
	switch {
	case s.queue.len() > 0:
		m := s.queue.pop()
		s.broker.unwait(m.memoryMessage)
		d = Delivery{ID: m.id, Payload: m.payload}
	case s.slow:
		return d, false, ErrSlowSubscriber
	default:
		return d, false, nil
	}
	return d, true, nil
}

// takeHole is the hole in front of all that waits, "" where there is none.
func (s *memorySubscriber) takeHole() (id string) {
	hole := &s.hole
	if s.queue.len() > 0 {
		hole = &s.queue.front().hole
	}
	id, *hole = *hole, ""
	return id
}

// leave ends the subscription; a second time it does nothing.
func (s *memorySubscriber) leave() {
	b, t := s.broker, s.topic
	b.mutex.Lock()
	defer b.mutex.Unlock()
	s.empty()
	if _, ok := t.subscribers[s]; !ok {
		return
	}
	delete(t.subscribers, s)
	if len(t.subscribers) == 0 {
		b.linger(t)
	}
	b.expire()
}
