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
// that it forgot nothing after the highest number it ever forgot with a topic.
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
	// Disconnect ends the subscription with [ErrSlowSubscriber], after what is
	// in the queue; for want of memory, the queue is dropped. Nothing is lost if
	// the client comes back with its last id, as EventSource does by itself, and
	// the topic still keeps what followed.
	Disconnect SlowPolicy = iota
	// DropOldest removes the longest waiting message from the queue: for values
	// that replace each other. The subscriber finds a gap instead.
	DropOldest
	// DropNewest keeps the message out of the queue. The subscriber finds a gap
	// instead.
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
	keyCost     = 64
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
	return &memory{
		config: config.withDefaults(), run: rand.Text()[:10] + "-",
		topics: map[string]*topicState{}, order: list.New(),
	}
}

type memory struct {
	config MemoryConfig
	// run begins every id.
	run string

	mutex sync.Mutex
	// seq is the number of the latest message, forgotten the highest one that
	// was removed together with its topic.
	seq, forgotten uint64
	topics         map[string]*topicState
	// order has the topics that can be made smaller, the latest used first, and
	// bytes is what they hold.
	order *list.List
	bytes int
	// waiting has the messages that wait in queues, the oldest first, and queued
	// is what those hold.
	waiting messageList
	queued  int
}

// message is one message, wherever it is.
type message struct {
	seq     uint64
	id      string
	payload []byte
	topic   *topicState
	key     string
	// kept means that the topic keeps it, and queues is in how many it waits.
	kept   bool
	queues int32
	// older and newer are its neighbours among those that wait.
	older, newer *message
}

func (m *message) cost() int {
	cost := messageCost + cap(m.payload)
	if m.key != "" {
		cost += keyCost + len(m.key)
	}
	return cost
}

// messageList has messages in the order in which they were published. They are
// linked themselves, so that the list takes no memory.
type messageList struct{ oldest, newest *message }

func (l *messageList) add(m *message) {
	m.older, l.newest = l.newest, m
	if m.older == nil {
		l.oldest = m
		return
	}
	m.older.newer = m
}

func (l *messageList) remove(m *message) {
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

// topicState is there while it has subscribers, and a while longer.
type topicState struct {
	name        string
	subscribers map[*subscriber]struct{}
	kept        queue[*message]
	// keys has those messages of kept that have a key.
	keys map[string]*message
	// dropped is the highest number that may be missing before what is kept.
	dropped uint64
	// element is where the topic stands in the order, or nil.
	element *list.Element
	used    time.Time
	// published means that there was a message, kept or not.
	published bool
}

func (b *memory) id(seq uint64) string { return b.run + strconv.FormatUint(seq, 10) }

// parse reads an id of this run.
func (b *memory) parse(id string) (seq uint64, ok bool) {
	digits, ok := strings.CutPrefix(id, b.run)
	if !ok {
		return 0, false
	}
	seq, err := strconv.ParseUint(digits, 10, 64)
	return seq, err == nil && seq <= b.seq
}

// Publish fails only when ctx is done. A topic knows the keys of the messages that
// it keeps.
func (b *memory) Publish(ctx context.Context, topic string, payload []byte, key string) (string, error) {
	if err := context.Cause(ctx); err != nil {
		return "", err
	}
	b.mutex.Lock()
	defer b.mutex.Unlock()
	t := b.topic(topic)
	if first := t.keys[key]; first != nil {
		return first.id, nil
	}
	b.seq++
	t.published = true
	m := &message{seq: b.seq, id: b.id(b.seq), payload: payload, topic: t, key: key}
	for s := range t.subscribers {
		s.offer(m)
	}
	// What waits goes first, so that a topic loses what it keeps only to queues
	// that are as small as they must be.
	b.shrinkQueues()
	b.use(t)
	b.keep(t, m)
	b.expire()
	return m.id, nil
}

// countIn counts a message into one more queue.
func (b *memory) countIn(m *message) {
	if m.queues++; m.queues > 1 {
		return
	}
	b.waiting.add(m)
	b.queued += m.cost()
	if !m.kept {
		b.bytes += m.cost()
	}
}

// countOut counts it out of one.
func (b *memory) countOut(m *message) {
	if m.queues--; m.queues > 0 {
		return
	}
	b.waiting.remove(m)
	b.queued -= m.cost()
	if !m.kept {
		b.bytes -= m.cost()
	}
}

// shrinkQueues makes the queues as small as they must be. A message is offered to all
// of its subscribers when it is published, so the oldest of all that wait is at
// the front of every queue that has it.
func (b *memory) shrinkQueues() {
	for b.holdsTooMuch() {
		oldest := b.waiting.oldest
		for s := range oldest.topic.subscribers {
			if s.queue.len() > 0 && s.queue.front().message == oldest {
				s.lose()
			}
		}
	}
}

// holdsTooMuch lets one message take all there is, so that it can be delivered.
func (b *memory) holdsTooMuch() bool {
	return b.queued > b.config.Bytes || b.queued > b.config.Bytes/4*3 && b.waiting.oldest != b.waiting.newest
}

// topic finds a topic or makes it.
func (b *memory) topic(name string) *topicState {
	t := b.topics[name]
	if t == nil {
		t = &topicState{name: name, subscribers: map[*subscriber]struct{}{}, dropped: b.forgotten}
		b.topics[name] = t
	}
	return t
}

// use makes a topic the latest used.
func (b *memory) use(t *topicState) {
	t.used = time.Now()
	if t.element != nil {
		b.order.MoveToFront(t.element)
		return
	}
	t.element = b.order.PushFront(t)
	b.bytes += topicCost + len(t.name)
}

// keep adds a message to those that are replayed.
func (b *memory) keep(t *topicState, m *message) {
	t.kept.push(m)
	m.kept = true
	if m.key != "" {
		if t.keys == nil {
			t.keys = map[string]*message{}
		}
		t.keys[m.key] = m
	}
	if m.queues == 0 {
		b.bytes += m.cost()
	}
	if t.kept.len() > b.config.Replay {
		b.drop(t)
	}
}

// drop removes the oldest message that a topic keeps. It may still wait.
func (b *memory) drop(t *topicState) {
	m := t.kept.pop()
	m.kept, t.dropped = false, m.seq
	delete(t.keys, m.key)
	if m.queues == 0 {
		b.bytes -= m.cost()
	}
}

// expire makes the broker as small as it must be.
func (b *memory) expire() {
	now := time.Now()
	for last := b.order.Back(); last != nil; last = b.order.Back() {
		t := last.Value.(*topicState) // use adds nothing else
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
func (b *memory) forget(t *topicState) {
	for t.kept.len() > 0 {
		b.drop(t)
	}
	b.bytes -= topicCost + len(t.name)
	b.order.Remove(t.element)
	t.element = nil
	b.release(t)
}

// release removes a topic that nobody needs any more.
func (b *memory) release(t *topicState) {
	if len(t.subscribers) == 0 && t.element == nil {
		delete(b.topics, t.name)
		// A new topic of this name must not say that nothing is missing before it.
		b.forgotten = max(b.forgotten, t.dropped)
	}
}

// linger keeps a topic that lost its last subscriber for a while, so that a
// client which comes back soon receives no gap where none is. A topic
// without any message is gone at once: its name may be what a client made up,
// and must not drive out others.
func (b *memory) linger(t *topicState) {
	if t.published {
		b.use(t)
	}
	b.release(t)
}

// Subscribe never fails.
func (b *memory) Subscribe(ctx context.Context, topic, after string) (iter.Seq2[Delivery, error], error) {
	s := &subscriber{broker: b, wake: make(chan struct{}, 1)}
	b.mutex.Lock()
	defer b.mutex.Unlock()
	s.topic = b.topic(topic)
	s.topic.subscribers[s] = struct{}{}
	s.begin(after)
	b.expire()
	// Nobody has to range over the messages: the end of ctx alone frees them.
	stop := context.AfterFunc(ctx, s.leave)
	return func(yield func(Delivery, error) bool) {
		defer s.leave()
		defer stop()
		s.run(ctx, yield)
	}, nil
}

// subscriber takes its messages in this order: replay, queue. All of it
// is guarded by the broker's mutex.
type subscriber struct {
	broker *memory
	topic  *topicState
	// wake has a signal when there may be something to take.
	wake chan struct{}
	// begins is the id at which the subscription starts, until it was delivered.
	begins string
	// replayed is the number of the message up to which it has what the topic
	// keeps, and replay of that up to which it is replayed.
	replayed, replay uint64
	// unsure means that what was before replayed may be missing.
	unsure bool
	queue  queue[waiting]
	// gap is the id of the latest message that was lost after all that waits, ""
	// for none.
	gap string
	// slow means that nothing is put into the queue any more.
	slow bool
}

// waiting is a message in a queue.
type waiting struct {
	*message
	// gap is the id of the latest message that was lost before this one.
	gap string
}

// begin finds what is replayed.
func (s *subscriber) begin(after string) {
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
	if s.unsure && s.replay == seq { // then it is a gap like any other
		s.unsure, s.gap = false, b.id(seq)
	}
}

// next is the next delivery of the replay, if there is any.
func (s *subscriber) next() (d Delivery, ok bool) {
	t := s.topic
	if lost := min(t.dropped, s.replay); s.unsure || lost > s.replayed {
		s.unsure, s.replayed = false, max(lost, s.replayed)
		return Delivery{ID: s.broker.id(s.replayed), Gap: true}, true
	}
	if s.replayed == s.replay {
		return d, false
	}
	// Numbers count over all topics, so that of the next message is searched for.
	m := t.kept.at(sort.Search(t.kept.len(), func(i int) bool { return t.kept.at(i).seq > s.replayed }))
	s.replayed = m.seq
	return Delivery{ID: m.id, Payload: m.payload}, true
}

// offer puts a message into the queue as far as the policy allows.
func (s *subscriber) offer(m *message) {
	isFull := s.queue.len() >= s.broker.config.Queue
	switch policy := s.broker.config.Slow; {
	case s.slow:
		return
	case isFull && policy == DropNewest:
		s.gap = m.id
		return
	case isFull && policy != DropOldest:
		s.slow = true
		return
	}
	s.queue.push(waiting{m, s.gap})
	s.gap = ""
	s.broker.countIn(m)
	if isFull { // then it has its signal already
		s.loseOldest()
		return
	}
	s.signal()
}

func (s *subscriber) signal() {
	select {
	case s.wake <- struct{}{}:
	default: // the signal that is there already is for everything that may be taken
	}
}

// lose takes messages out of the queue by the policy, for want of memory.
func (s *subscriber) lose() {
	switch s.broker.config.Slow {
	case DropOldest:
		s.loseOldest()
	case DropNewest:
		lost := s.queue.popLast()
		s.broker.countOut(lost.message)
		s.gap = cmp.Or(s.gap, lost.id)
	default:
		s.slow = true
		s.empty()
	}
	s.signal()
}

func (s *subscriber) loseOldest() {
	lost := s.queue.pop()
	s.broker.countOut(lost.message)
	if s.queue.len() == 0 {
		s.gap = cmp.Or(s.gap, lost.id)
		return
	}
	front := s.queue.front()
	front.gap = cmp.Or(front.gap, lost.id)
}

// empty drops what is in the queue.
func (s *subscriber) empty() {
	for s.queue.len() > 0 {
		s.broker.countOut(s.queue.pop().message)
	}
}

// run delivers until ctx is done.
func (s *subscriber) run(ctx context.Context, yield func(Delivery, error) bool) {
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
func (s *subscriber) take() (d Delivery, ok bool, err error) {
	s.broker.mutex.Lock()
	defer s.broker.mutex.Unlock()
	if s.begins != "" {
		d, s.begins = Delivery{ID: s.begins, Start: true}, ""
		return d, true, nil
	}
	if d, ok = s.next(); ok {
		if d.Gap && s.replayed == s.replay {
			d.ID = cmp.Or(s.takeGap(), d.ID) // two gaps without a message between them are one
		}
		return d, true, nil
	}
	if gap := s.takeGap(); gap != "" {
		return Delivery{ID: gap, Gap: true}, true, nil
	}
	switch {
	case s.queue.len() > 0:
		m := s.queue.pop()
		s.broker.countOut(m.message)
		d = Delivery{ID: m.id, Payload: m.payload}
	case s.slow:
		return d, false, ErrSlowSubscriber
	default:
		return d, false, nil
	}
	return d, true, nil
}

// takeGap is the gap before all that waits, "" where there is none.
func (s *subscriber) takeGap() (id string) {
	gap := &s.gap
	if s.queue.len() > 0 {
		gap = &s.queue.front().gap
	}
	id, *gap = *gap, ""
	return id
}

// leave ends the subscription; a second time it does nothing.
func (s *subscriber) leave() {
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
