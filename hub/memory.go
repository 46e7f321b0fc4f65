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

// The broker in memory numbers all messages in one sequence, across topics. That allows it to forget whole topics: in
// an unknown topic, nothing can be missing after the highest number that was ever forgotten together with a topic. An
// id is the name of the run and a number, so that ids of a former run are recognized.
//
// Messages are stored in two places: each topic keeps its latest messages for subscribers that come back, and each
// subscriber has a queue of messages it has not received yet. Both refer to the same messages, each of which counts
// once. Replayed messages are read from the topic, so a subscriber that never reads them takes no memory. No goroutine
// or timer is needed: expired messages are removed while the broker is used, and its size is always limited.
//
// When all queues together hold too much, the message that has waited longest is removed. Its subscribers are treated
// as if their queues were full, so the slowest subscribers pay, and those that keep up lose nothing. Messages kept for
// replay give way to queued ones, except for a part that queues cannot use.

// SlowPolicy says what happens to a subscriber whose queue is full when a message is published, or whose message has
// waited longest when the queues of all subscribers hold too much; see [MemoryConfig]. The publisher never waits.
type SlowPolicy int

const (
	// Disconnect ends the subscription with [ErrSlowSubscriber], after the messages in the queue; if memory is short,
	// the queue is dropped. Nothing is lost if the client comes back with its last id, as EventSource does, and the
	// topic still has what followed.
	Disconnect SlowPolicy = iota
	// DropOldest removes the oldest message from the queue, for values that replace each other. The subscriber receives
	// a gap instead.
	DropOldest
	// DropNewest does not add the message to the queue. The subscriber receives a gap instead.
	DropNewest
)

// MemoryConfig configures a broker in memory. Zero and negative values mean the default.
type MemoryConfig struct {
	// Queue is how many messages may wait for a subscriber, 64 by default. Replayed messages do not count; if the topic
	// loses them in the meantime, they are a gap.
	Queue int
	// Slow is what happens when a queue is full, [Disconnect] by default.
	Slow SlowPolicy
	// Replay is how many messages of each topic are kept for subscribers that come back, 256 by default. With
	// Disconnect it should be well above Queue.
	Replay int
	// Keep is how long a topic without new messages keeps those it has, 5 minutes by default. Then it is forgotten,
	// unless it has subscribers.
	Keep time.Duration
	// Bytes limits what is kept in all topics and waits for all subscribers together, 16 MiB by default, including
	// names of topics and the broker's own records. Above it, the topics that have been silent longest lose the
	// messages they keep. Queued messages may take three quarters; above that, the subscribers whose messages have
	// waited longest are treated as Slow says. Of a message larger than Bytes, subscribers receive only a gap.
	Bytes int
}

// The cost of a record in addition to its contents.
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

// NewMemory returns a broker for the subscribers of one process. It need not be closed. Ids are valid within one run of
// the process: after an id of a former run a gap is delivered, so that the client reloads its state.
func NewMemory(config MemoryConfig) Broker {
	return &memory{
		config: config.withDefaults(), run: rand.Text()[:10] + "-",
		topics: map[string]*topicState{}, order: list.New(),
	}
}

type memory struct {
	config MemoryConfig
	// run is the prefix of every id.
	run string

	mutex sync.Mutex
	// seq is the number of the latest message, forgotten the highest one that was removed together with its topic.
	seq, forgotten uint64
	topics         map[string]*topicState
	// order lists the topics that can be reduced, the most recently used first; bytes is their size.
	order *list.List
	bytes int
	// waiting lists the messages in queues, the oldest first; queued is their size.
	waiting messageList
	queued  int
}

// message is one message, wherever it is stored.
type message struct {
	seq     uint64
	id      string
	payload []byte
	topic   *topicState
	key     string
	// kept means that the topic keeps it; queues is the number of queues it is in.
	kept   bool
	queues int32
	// older and newer are its neighbours in the list of waiting messages.
	older, newer *message
}

func (m *message) cost() int {
	cost := messageCost + cap(m.payload)
	if m.key != "" {
		cost += keyCost + len(m.key)
	}
	return cost
}

// messageList lists messages in the order in which they were published. The messages are linked directly, so the list
// itself allocates nothing.
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

// topicState exists while the topic has subscribers, and a while longer.
type topicState struct {
	name        string
	subscribers map[*subscriber]struct{}
	kept        queue[*message]
	// keys has the messages in kept that have a key.
	keys map[string]*message
	// dropped is the highest number that may be missing before the kept messages.
	dropped uint64
	// element is the topic's element in order, or nil.
	element *list.Element
	used    time.Time
	// published means that there has been a message, kept or not.
	published bool
}

func (b *memory) id(seq uint64) string { return b.run + strconv.FormatUint(seq, 10) }

// parse parses an id of this run.
func (b *memory) parse(id string) (seq uint64, ok bool) {
	digits, ok := strings.CutPrefix(id, b.run)
	if !ok {
		return 0, false
	}
	seq, err := strconv.ParseUint(digits, 10, 64)
	return seq, err == nil && seq <= b.seq
}

// Publish fails only if ctx is done. A topic remembers the keys of the messages it keeps.
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
	// Queues are shrunk first, so that a topic loses its messages only to queues that are as small as possible.
	b.shrinkQueues()
	b.use(t)
	b.keep(t, m)
	b.expire()
	return m.id, nil
}

// countIn records that a message is in one more queue.
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

// countOut records that it is in one queue less.
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

// shrinkQueues shrinks the queues to the limit. A message is offered to all subscribers when it is published, so the
// oldest waiting message is at the front of every queue that contains it.
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

// holdsTooMuch allows a single message to exceed the limit, so that it can be delivered.
func (b *memory) holdsTooMuch() bool {
	return b.queued > b.config.Bytes || b.queued > b.config.Bytes/4*3 && b.waiting.oldest != b.waiting.newest
}

// topic finds or creates a topic.
func (b *memory) topic(name string) *topicState {
	t := b.topics[name]
	if t == nil {
		t = &topicState{name: name, subscribers: map[*subscriber]struct{}{}, dropped: b.forgotten}
		b.topics[name] = t
	}
	return t
}

// use marks a topic as the most recently used.
func (b *memory) use(t *topicState) {
	t.used = time.Now()
	if t.element != nil {
		b.order.MoveToFront(t.element)
		return
	}
	t.element = b.order.PushFront(t)
	b.bytes += topicCost + len(t.name)
}

// keep adds a message to those that can be replayed.
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

// drop removes the oldest message that a topic keeps. It may still be in queues.
func (b *memory) drop(t *topicState) {
	m := t.kept.pop()
	m.kept, t.dropped = false, m.seq
	delete(t.keys, m.key)
	if m.queues == 0 {
		b.bytes -= m.cost()
	}
}

// expire shrinks the broker to its limits.
func (b *memory) expire() {
	now := time.Now()
	for last := b.order.Back(); last != nil; last = b.order.Back() {
		t := last.Value.(*topicState) // use adds only this type
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

// forget drops the messages that a topic keeps and, without subscribers, the topic itself.
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
		// A new topic of this name must not claim that nothing is missing before it.
		b.forgotten = max(b.forgotten, t.dropped)
	}
}

// linger keeps a topic for a while after its last subscriber has left, so that a client that comes back soon receives
// no false gap. A topic without any message is removed at once: its name may be one that a client made up, and must not
// evict others.
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
	// Nobody has to range over the messages: the end of ctx alone releases them.
	stop := context.AfterFunc(ctx, s.leave)
	return func(yield func(Delivery, error) bool) {
		defer s.leave()
		defer stop()
		s.run(ctx, yield)
	}, nil
}

// subscriber receives first the replay, then its queue. Everything is guarded by the broker's mutex.
type subscriber struct {
	broker *memory
	topic  *topicState
	// wake has a signal when there may be something to deliver.
	wake chan struct{}
	// begins is the id at which the subscription starts, until it is delivered.
	begins string
	// replayed is the number up to which messages were replayed, and replay that up to which they will be.
	replayed, replay uint64
	// unsure means that messages before replayed may be missing.
	unsure bool
	queue  queue[waiting]
	// gap is the id of the latest message that was lost after everything in the queue, "" for none.
	gap string
	// slow means that nothing more is added to the queue.
	slow bool
}

// waiting is a message in a queue.
type waiting struct {
	*message
	// gap is the id of the latest message that was lost before this one.
	gap string
}

// begin determines what is replayed.
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

// next returns the next delivery of the replay, if any.
func (s *subscriber) next() (d Delivery, ok bool) {
	t := s.topic
	if lost := min(t.dropped, s.replay); s.unsure || lost > s.replayed {
		s.unsure, s.replayed = false, max(lost, s.replayed)
		return Delivery{ID: s.broker.id(s.replayed), Gap: true}, true
	}
	if s.replayed == s.replay {
		return d, false
	}
	// Numbers are shared by all topics, so the next message has to be searched for.
	m := t.kept.at(sort.Search(t.kept.len(), func(i int) bool { return t.kept.at(i).seq > s.replayed }))
	s.replayed = m.seq
	return Delivery{ID: m.id, Payload: m.payload}, true
}

// offer adds a message to the queue as the policy allows.
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
	if isFull { // it already has its signal
		s.loseOldest()
		return
	}
	s.signal()
}

func (s *subscriber) signal() {
	select {
	case s.wake <- struct{}{}:
	default: // the pending signal covers everything there is to deliver
	}
}

// lose removes messages from the queue, as the policy says, because memory is short.
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

// empty drops the contents of the queue.
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

// take returns the next delivery, if any.
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

// takeGap returns the gap before everything in the queue, "" if there is none.
func (s *subscriber) takeGap() (id string) {
	gap := &s.gap
	if s.queue.len() > 0 {
		gap = &s.queue.front().gap
	}
	id, *gap = *gap, ""
	return id
}

// leave ends the subscription; calling it again has no effect.
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
