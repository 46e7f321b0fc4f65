// Package gcra counts requests against rates by the generic cell rate algorithm, in
// memory.
//
// It keeps one number a key: the time at which the requests taken so far would have
// been due, had they come one by one at the even pace of the rate. A request is
// allowed while that time lies no more than the burst ahead of now, and moves it on
// by one step. A key whose time has passed says the same as one that is not there,
// so forgetting it changes nothing.
//
// Where all keys that fit into memory have a time that has not passed, the key that
// is due first is forgotten, and its time becomes the floor: a key that is not there
// is due no sooner. So no number of new keys gives anyone a request that the rate
// does not allow; it is the unknown keys that get fewer. Keys of two limits never
// meet, as each limit has a space of its own.
package gcra

import (
	"cmp"
	"container/heap"
	"sync"
	"time"
)

// Rate is a pace.
type Rate struct {
	// Step is the time that one request takes, at least a nanosecond.
	Step time.Duration
	// Burst is how many requests may come at once. Burst times Step is at most 1<<62,
	// so that no time overflows.
	Burst int
}

// Taken is what became of a request.
type Taken struct {
	Allowed bool
	// Remaining is how many more requests would be allowed now.
	Remaining int
	// Retry is how long until a request is allowed again, 0 where this one is.
	Retry time.Duration
	// Reset is how long until the whole burst is allowed again.
	Reset time.Duration
}

// DefaultKeys is how many keys of a limit are remembered unless configured.
const DefaultKeys = 1 << 16

// Memory has the spaces of limits. It is safe for concurrent use.
type Memory struct {
	keys   int
	start  time.Time
	mutex  sync.Mutex
	spaces map[string]*Space
}

// New makes a memory for at most that many keys of each limit; 0 means DefaultKeys.
func New(keys int) *Memory {
	return &Memory{keys: cmp.Or(keys, DefaultKeys), start: time.Now(), spaces: map[string]*Space{}}
}

// Space is the space of the limit with a name, the same for each call.
func (m *Memory) Space(name string) *Space {
	m.mutex.Lock()
	defer m.mutex.Unlock()
	s := m.spaces[name]
	if s == nil {
		s = &Space{keys: m.keys, start: m.start, known: map[string]*entry{}}
		m.spaces[name] = s
	}
	return s
}

// Space has the keys of one limit. It is safe for concurrent use.
type Space struct {
	keys  int
	start time.Time
	mutex sync.Mutex
	known map[string]*entry
	// byDue is a heap of them, the first to be due on top.
	byDue dueHeap
	// floor is the time before which no key that is unknown is due.
	floor time.Duration
}

// entry is one key: when it is due, counted from the start, and where in the heap it
// stands.
type entry struct {
	key   string
	due   time.Duration
	index int
}

// Take counts one request under a key, and says whether it is allowed. One that is
// not counts for nothing.
func (s *Space) Take(key string, rate Rate) Taken {
	now := time.Since(s.start)
	s.mutex.Lock()
	defer s.mutex.Unlock()
	s.forget(now)
	k, due := s.known[key], s.floor
	if k != nil {
		due = k.due
	}
	// A pause earns no more than the burst: what was due long ago is due now.
	next, taken := rate.take(max(due, now), now)
	if taken.Allowed {
		s.set(k, key, next)
	}
	return taken
}

// Note notes what another store says about a key, how long until its whole burst is
// allowed again, so that counting can go on here where that one left off.
func (s *Space) Note(key string, reset time.Duration) {
	if reset <= 0 { // it says nothing
		return
	}
	now := time.Since(s.start)
	s.mutex.Lock()
	defer s.mutex.Unlock()
	s.forget(now)
	s.set(s.known[key], key, now+reset)
}

// set notes when a key is due.
func (s *Space) set(k *entry, key string, due time.Duration) {
	if k != nil {
		k.due = due
		heap.Fix(&s.byDue, k.index)
		return
	}
	k = &entry{key: key, due: due}
	s.known[key] = k
	heap.Push(&s.byDue, k)
	if len(s.byDue) > s.keys {
		// The key that is forgotten may come back as an unknown one, which must not
		// gain by it.
		s.floor = max(s.floor, s.drop().due)
	}
}

// drop forgets the key that is due first.
func (s *Space) drop() *entry {
	k := heap.Pop(&s.byDue).(*entry) // Push takes nothing else
	delete(s.known, k.key)
	return k
}

// forget drops keys that say nothing any more. Two for each that comes are
// enough to get ahead of them.
func (s *Space) forget(now time.Duration) {
	for range 2 {
		if len(s.byDue) == 0 || s.byDue[0].due > now {
			return
		}
		s.drop()
	}
}

// dueHeap implements heap.Interface.
type dueHeap []*entry

func (h dueHeap) Len() int           { return len(h) }
func (h dueHeap) Less(i, j int) bool { return h[i].due < h[j].due }

func (h dueHeap) Swap(i, j int) {
	h[i], h[j] = h[j], h[i]
	h[i].index, h[j].index = i, j
}

func (h *dueHeap) Push(k any) {
	k.(*entry).index = len(*h)
	*h = append(*h, k.(*entry))
}

func (h *dueHeap) Pop() any {
	last := len(*h) - 1
	k := (*h)[last]
	(*h)[last] = nil // or the array would keep the key alive
	*h = (*h)[:last]
	return k
}

// take counts one request of a key that is due at a time, now or later, and
// says when the key is due then.
func (r Rate) take(due, now time.Duration) (next time.Duration, taken Taken) {
	next = due + r.Step
	// No overflow: the burst is bounded, and due is at most a burst after now.
	left := time.Duration(r.Burst)*r.Step - (next - now)
	if left < 0 {
		return due, Taken{Retry: -left, Reset: due - now}
	}
	return next, Taken{Allowed: true, Remaining: int(left / r.Step), Reset: next - now}
}
