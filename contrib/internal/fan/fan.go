// Package fan spreads the live messages of a log that lives elsewhere, in Redis
// or NATS, to the subscribers in this process. It is the half of a
// [candor.Broker] that the adapters share.
//
// A subscriber reads the log itself until it has come to the end, and from then
// on takes what the live feed hands it through a queue. When the queue is full,
// or the feed had a break, the subscriber goes back to reading the log from its
// own place on. So nobody waits for a slow subscriber, nothing is lost as long
// as the log keeps it, and what the log lost is noticed.
package fan

import (
	"context"
	"iter"
	"sync"
	"time"

	"github.com/candor-go/candor"
)

// Entry is a message of a log.
type Entry struct {
	ID      string
	Payload []byte
}

// Page is a stretch of a log.
type Page struct {
	Entries []Entry
	// Whole means that nothing is missing in front of the entries. If something
	// is, they begin with the oldest that is left of the log, and Next is where
	// to read on behind them, also if there are none.
	Whole bool
	Next  string
	// More means that the log goes on behind the entries.
	More bool
}

// Log is a topic's messages in the order of their publication, for all topics.
// Its methods are called concurrently.
type Log interface {
	// End is the id of the place behind the latest message.
	End(ctx context.Context, topic string) (id string, err error)
	// Read reads what follows a place.
	Read(ctx context.Context, topic, after string) (Page, error)
	// Newer reports whether the message a was published after the message b.
	Newer(a, b string) bool
	// Follow has everything that is published in a topic from about now on handed
	// to [Fan.Offer], until the context ends, and calls [Fan.Resume] whenever that
	// begins, or begins again after a break. It does not block.
	Follow(ctx context.Context, topic string)
}

// queue is how many live messages wait for a subscriber before it has to read
// the log again.
const queue = 64

// A failed read is tried again after a pause, which grows up to the longest.
const (
	firstPause   = 50 * time.Millisecond
	longestPause = 2 * time.Second
)

// Fan has the subscribers of one process.
type Fan struct {
	log    Log
	mutex  sync.Mutex
	topics map[string]*topic
}

type topic struct {
	subscribers map[*subscriber]struct{}
	unfollow    context.CancelFunc
}

// New makes a fan in front of a log.
func New(log Log) *Fan { return &Fan{log: log, topics: map[string]*topic{}} }

// Subscribe is that of [candor.Broker]. It fails when the log cannot be reached.
// Later failures are waited out.
func (f *Fan) Subscribe(ctx context.Context, name, after string) (iter.Seq2[candor.Delivery, error], error) {
	s := &subscriber{fan: f, topic: name, last: after, wake: make(chan struct{}, 1)}
	first := candor.Delivery{}
	if after == "" {
		end, err := f.log.End(ctx, name)
		if err != nil {
			return nil, err
		}
		s.last, first = end, candor.Delivery{ID: end, Start: true}
	} else if _, err := f.log.End(ctx, name); err != nil {
		return nil, err
	}
	f.join(s)
	stop := context.AfterFunc(ctx, func() { f.leave(s) })
	return func(yield func(candor.Delivery, error) bool) {
		defer f.leave(s)
		defer stop()
		if !first.Start || yield(first, nil) {
			s.run(ctx, yield)
		}
	}, nil
}

// Offer hands a live message to the subscribers of a topic.
func (f *Fan) Offer(name string, e Entry) {
	f.each(name, func(s *subscriber) { s.offer(e) })
}

// Resume tells the subscribers of a topic that live messages may be missing.
func (f *Fan) Resume(name string) {
	f.each(name, (*subscriber).fallBehind)
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

func (f *Fan) each(name string, do func(*subscriber)) {
	f.mutex.Lock()
	defer f.mutex.Unlock()
	if t := f.topics[name]; t != nil {
		for s := range t.subscribers {
			do(s)
		}
	}
}

// join adds a subscriber. The first of a topic has it followed.
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

// leave removes a subscriber; a second time it does nothing.
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
	// last is the place behind what was delivered. Only the goroutine that
	// iterates uses it.
	last string
	wake chan struct{}

	mutex sync.Mutex
	// waiting follows last without a hole, and nothing is added to it while the
	// subscriber is behind.
	waiting []Entry
	behind  bool
}

func (s *subscriber) offer(e Entry) {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	switch {
	case s.behind:
	case len(s.waiting) == queue:
		s.behind = true
	default:
		s.waiting = append(s.waiting, e)
		s.signal()
	}
}

func (s *subscriber) fallBehind() {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	s.behind = true
	s.signal()
}

func (s *subscriber) signal() {
	select {
	case s.wake <- struct{}{}:
	default:
	}
}

// take empties the queue. behind means that the log has to be read after that.
func (s *subscriber) take() (entries []Entry, behind bool) {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	entries, s.waiting = s.waiting, nil
	return entries, s.behind
}

// catchUp begins to queue what is live. What was published before is in the log
// by then.
func (s *subscriber) catchUp() {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	s.waiting, s.behind = nil, false
}

// run delivers until the context ends.
func (s *subscriber) run(ctx context.Context, yield func(candor.Delivery, error) bool) {
	for s.read(ctx, yield) && s.live(ctx, yield) {
	}
}

// read delivers what the log has. It is false when the iteration ends.
func (s *subscriber) read(ctx context.Context, yield func(candor.Delivery, error) bool) bool {
	s.catchUp()
	for pause := firstPause; ctx.Err() == nil; {
		page, err := s.fan.log.Read(ctx, s.topic, s.last)
		if err != nil {
			Wait(ctx, pause)
			pause = min(2*pause, longestPause)
			continue
		}
		pause = firstPause
		if !page.Whole && !yield(candor.Delivery{Gap: true}, nil) {
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

// live delivers what the feed hands over, until the subscriber is behind. It is
// false when the iteration ends.
func (s *subscriber) live(ctx context.Context, yield func(candor.Delivery, error) bool) bool {
	for ctx.Err() == nil {
		entries, behind := s.take()
		for _, e := range entries {
			if s.fan.log.Newer(e.ID, s.last) && !s.deliver(e, yield) {
				return false
			}
		}
		switch {
		case behind:
			return true
		case len(entries) > 0:
			continue
		}
		select {
		case <-s.wake:
		case <-ctx.Done():
		}
	}
	return false
}

func (s *subscriber) deliver(e Entry, yield func(candor.Delivery, error) bool) bool {
	s.last = e.ID
	return yield(candor.Delivery{ID: e.ID, Payload: e.Payload}, nil)
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
