// Package fan distributes the messages of a log in Redis or NATS to the subscribers in this process. It is the part of
// a [hub.Broker] that the adapters share.
//
// A subscriber reads the log until it has caught up; from then on it receives live messages through a queue. When the
// queue is full, or the live feed was interrupted, the subscriber goes back to reading the log from its own position.
// The same happens to the subscriber with the oldest waiting message when all queues together hold too much. So nobody
// waits for a slow subscriber, memory is limited, nothing is lost that the log still has, and lost messages are
// noticed.
package fan

import (
	"container/list"
	"context"
	"iter"
	"slices"
	"sync"
	"time"

	"github.com/candor-go/candor/hub"
)

// Entry is a message of a log.
type Entry struct {
	ID      string
	Payload []byte
}

// Page is a section of a log.
type Page struct {
	Entries []Entry
	// Whole means that no messages are missing before the entries. Otherwise they begin with the oldest one left in the
	// log, and Next is where to continue, even if there are no entries.
	Whole bool
	Next  string
	// More means that the log continues after the entries.
	More bool
}

// cut limits a page to what may be held in memory while it is delivered.
func (p *Page) cut() {
	size := 0
	for i, e := range p.Entries {
		if size += len(e.Payload); size > pageBytes && i > 0 {
			p.Entries, p.More = slices.Clone(p.Entries[:i]), true
			p.Next = p.Entries[i-1].ID
			return
		}
	}
}

// Log holds the messages of all topics, in order of publication. Its methods must be safe for concurrent use.
type Log interface {
	// End returns the position after the latest message.
	End(ctx context.Context, topic string) (id string, err error)
	// Read returns what follows a position.
	Read(ctx context.Context, topic, after string) (Page, error)
	// Newer reports whether the message a was published after the message b.
	Newer(a, b string) bool
	// Follow starts passing everything that is published in a topic from about now on to [Fan.Offer], until the context
	// ends, and calls [Fan.Resume] whenever the feed begins, or begins again after an interruption. It does not block.
	Follow(ctx context.Context, topic string)
}

// queue is how many live messages may wait for a subscriber before it has to read the log again.
const queue = 64

// spareSlots is how many slots an empty queue may hold on to.
const spareSlots = 8

// queueBytes limits what waits for all subscribers together, and pageBytes what one of them keeps of a page while it
// delivers; at least one message is always kept.
const (
	queueBytes = 16 << 20
	pageBytes  = 1 << 20
)

// A failed read is tried again after a pause, which grows up to a maximum.
const (
	firstPause   = 50 * time.Millisecond
	longestPause = 2 * time.Second
)

// readTime is how long one read may take.
const readTime = 5 * time.Second

// Fan has the subscribers of one process.
type Fan struct {
	log    Log
	mutex  sync.Mutex
	topics map[string]*topic
	// waiting has the live messages that wait in queues, the oldest first; bytes is the size of their payloads.
	waiting *list.List
	bytes   int
}

type topic struct {
	subscribers map[*subscriber]struct{}
	unfollow    context.CancelFunc
}

// message is a live message, shared by the queues of a topic.
type message struct {
	Entry
	topic *topic
	// queues is the number of queues it waits in, and place its element in waiting.
	queues int
	place  *list.Element
}

// New returns a fan for a log.
func New(log Log) *Fan { return &Fan{log: log, topics: map[string]*topic{}, waiting: list.New()} }

// Subscribe implements [hub.Broker]. It fails if the log cannot be reached; later failures are waited out.
func (f *Fan) Subscribe(ctx context.Context, name, after string) (iter.Seq2[hub.Delivery, error], error) {
	s := &subscriber{fan: f, topic: name, last: after, wake: make(chan struct{}, 1)}
	first := hub.Delivery{}
	if after == "" {
		end, err := f.log.End(ctx, name)
		if err != nil {
			return nil, err
		}
		s.last, first = end, hub.Delivery{ID: end, Start: true}
	} else if _, err := f.log.End(ctx, name); err != nil {
		return nil, err
	}
	f.join(s)
	stop := context.AfterFunc(ctx, func() { f.leave(s) })
	return func(yield func(hub.Delivery, error) bool) {
		defer f.leave(s)
		defer stop()
		if !first.Start || yield(first, nil) {
			s.run(ctx, yield)
		}
	}, nil
}

// Offer passes a live message to the subscribers of a topic.
func (f *Fan) Offer(name string, e Entry) {
	f.mutex.Lock()
	defer f.mutex.Unlock()
	t := f.topics[name]
	if t == nil {
		return
	}
	m := &message{Entry: e, topic: t}
	for s := range t.subscribers {
		s.offer(m)
	}
	f.relieve()
}

// relieve shrinks the queues to the limit. The oldest message of all is at the front of every queue that has it.
func (f *Fan) relieve() {
	for f.bytes > queueBytes && f.waiting.Len() > 1 {
		oldest := f.waiting.Front().Value.(*message)
		for s := range oldest.topic.subscribers {
			if len(s.waiting) > 0 && s.waiting[0] == oldest {
				s.empty()
				s.behind = true
				s.signal()
			}
		}
	}
}

// wait counts a message into one more queue.
func (f *Fan) wait(m *message) {
	if m.queues++; m.queues == 1 {
		m.place = f.waiting.PushBack(m)
		f.bytes += len(m.Payload)
	}
}

// unwait counts it out of one.
func (f *Fan) unwait(m *message) {
	if m.queues--; m.queues == 0 {
		f.waiting.Remove(m.place)
		f.bytes -= len(m.Payload)
	}
}

// Resume says that live messages of a topic may have been missed.
func (f *Fan) Resume(name string) {
	f.mutex.Lock()
	defer f.mutex.Unlock()
	if t := f.topics[name]; t != nil {
		for s := range t.subscribers {
			s.behind = true
			s.signal()
		}
	}
}

// Topics lists those that have subscribers.
func (f *Fan) Topics() []string {
	f.mutex.Lock()
	defer f.mutex.Unlock()
	var names []string
	for name := range f.topics {
		names = append(names, name)
	}
	return names
}

// join adds a subscriber. The first of a topic starts Follow.
func (f *Fan) join(s *subscriber) {
	f.mutex.Lock()
	defer f.mutex.Unlock()
	t := f.topics[s.topic]
	if t == nil {
		ctx, cancel := context.WithCancel(context.Background())
		t = &topic{subscribers: map[*subscriber]struct{}{}, unfollow: cancel}
		f.topics[s.topic] = t
		f.log.Follow(ctx, s.topic)
	}
	t.subscribers[s] = struct{}{}
}

// leave removes a subscriber; calling it again has no effect.
func (f *Fan) leave(s *subscriber) {
	f.mutex.Lock()
	defer f.mutex.Unlock()
	t := f.topics[s.topic]
	if t == nil {
		return
	}
	if _, ok := t.subscribers[s]; !ok {
		return
	}
	s.empty()
	delete(t.subscribers, s)
	if len(t.subscribers) == 0 {
		t.unfollow()
		delete(f.topics, s.topic)
	}
}

// subscriber is one subscription.
type subscriber struct {
	fan   *Fan
	topic string
	// last is the position after what was delivered. Only the iterating goroutine uses it.
	last string
	wake chan struct{}

	// waiting follows last without a gap; nothing is added while the subscriber is behind. Both are guarded by the
	// fan's mutex.
	waiting []*message
	behind  bool
}

func (s *subscriber) offer(m *message) {
	switch {
	case s.behind:
	case len(s.waiting) == queue:
		s.behind = true
	default:
		s.waiting = append(s.waiting, m)
		s.fan.wait(m)
		s.signal()
	}
}

func (s *subscriber) signal() {
	select {
	case s.wake <- struct{}{}:
	default:
	}
}

// empty drops what waits.
func (s *subscriber) empty() {
	for _, m := range s.waiting {
		s.fan.unwait(m)
	}
	s.waiting = nil
}

// take returns the first waiting message, if any. behind means that the log must be read after that.
func (s *subscriber) take() (first *message, behind bool) {
	s.fan.mutex.Lock()
	defer s.fan.mutex.Unlock()
	if len(s.waiting) == 0 {
		return nil, s.behind
	}
	first = s.waiting[0]
	// The queue is short, and its slots are used again.
	if s.waiting = slices.Delete(s.waiting, 0, 1); len(s.waiting) == 0 && cap(s.waiting) > spareSlots {
		s.waiting = nil
	}
	s.fan.unwait(first)
	return first, s.behind
}

// catchUp starts queueing live messages. Anything published before is already in the log.
func (s *subscriber) catchUp() {
	s.fan.mutex.Lock()
	defer s.fan.mutex.Unlock()
	s.empty()
	s.behind = false
}

// run delivers until the context ends.
func (s *subscriber) run(ctx context.Context, yield func(hub.Delivery, error) bool) {
	for s.read(ctx, yield) && s.live(ctx, yield) {
	}
}

// read delivers from the log. It returns false when the iteration ends.
func (s *subscriber) read(ctx context.Context, yield func(hub.Delivery, error) bool) bool {
	s.catchUp()
	for pause := firstPause; ctx.Err() == nil; {
		page, err := s.page(ctx)
		if err != nil {
			Wait(ctx, pause)
			pause = min(2*pause, longestPause)
			continue
		}
		pause = firstPause
		page.cut()
		if !page.Whole && !yield(hub.Delivery{Gap: true}, nil) {
			return false
		}
		for _, e := range page.Entries {
			if !s.deliver(e, yield) {
				return false
			}
		}
		if !page.Whole {
			s.last = page.Next
		}
		if !page.More {
			return true
		}
	}
	return false
}

// page reads the next page, with a time limit: a server that is gone never responds, and a subscription may last for
// days.
func (s *subscriber) page(ctx context.Context) (Page, error) {
	ctx, cancel := context.WithTimeout(ctx, readTime)
	defer cancel()
	return s.fan.log.Read(ctx, s.topic, s.last)
}

// live delivers live messages until the subscriber is behind. It returns false when the iteration ends.
func (s *subscriber) live(ctx context.Context, yield func(hub.Delivery, error) bool) bool {
	for ctx.Err() == nil {
		m, behind := s.take()
		switch {
		case m != nil:
			if s.fan.log.Newer(m.ID, s.last) && !s.deliver(m.Entry, yield) {
				return false
			}
			continue
		case behind:
			return true
		}
		select {
		case <-s.wake:
		case <-ctx.Done():
		}
	}
	return false
}

func (s *subscriber) deliver(e Entry, yield func(hub.Delivery, error) bool) bool {
	s.last = e.ID
	return yield(hub.Delivery{ID: e.ID, Payload: e.Payload}, nil)
}

// Wait waits for d, or until ctx ends.
func Wait(ctx context.Context, d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
	}
}
