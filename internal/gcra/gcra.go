// Package gcra implements rate limits in memory with the generic cell rate algorithm (GCRA).
//
// It stores one time for each key: when the accepted requests would have been due if they had come at the even pace of
// the rate. A request is allowed if that time is at most a burst ahead of now; it then moves the time ahead by one step.
// A key whose time has passed behaves like a key that is not stored, so it can be deleted.
//
// If the memory is full of keys whose time has not passed, the key with the earliest time is evicted, and its time
// becomes the floor: unknown keys start at the floor. So creating many new keys never allows more requests than the
// rate; instead, unknown keys are allowed fewer. Each limit has its own key space.
package gcra

import (
	"cmp"
	"container/heap"
	"sync"
	"time"
)

// Rate is the rate of a limit.
type Rate struct {
	// Step is the time between two requests at an even pace, at least a nanosecond.
	Step time.Duration
	// Burst is how many requests may come at once. Burst times Step is at most 1<<62, so that times do not overflow.
	Burst int
}

// Taken is the result of counting a request.
type Taken struct {
	Allowed bool
	// Remaining is how many more requests would be allowed now.
	Remaining int
	// Retry is how long until a request is allowed again, 0 if this one is allowed.
	Retry time.Duration
	// Reset is how long until the whole burst is allowed again.
	Reset time.Duration
}

// DefaultKeys is the default number of keys stored for each limit.
const DefaultKeys = 1 << 16

// Memory holds the key spaces of all limits. It is safe for concurrent use.
type Memory struct {
	keys   int
	start  time.Time
	mutex  sync.Mutex
	spaces map[string]*Space
}

// New returns a memory for at most that many keys for each limit; 0 means DefaultKeys.
func New(keys int) *Memory {
	return &Memory{keys: cmp.Or(keys, DefaultKeys), start: time.Now(), spaces: map[string]*Space{}}
}

// Space returns the key space of the limit with a name. It is the same for each call.
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

// Space holds the keys of one limit. It is safe for concurrent use.
type Space struct {
	keys  int
	start time.Time
	mutex sync.Mutex
	known map[string]*entry
	// byDue is a heap of the keys; the earliest is on top.
	byDue dueHeap
	// floor is the earliest time of unknown keys.
	floor time.Duration
}

// entry is one key: its time, counted from the start, and its index in the heap.
type entry struct {
	key   string
	due   time.Duration
	index int
}

// Take counts one request under a key and reports whether it is allowed. A request that is not allowed is not counted.
func (s *Space) Take(key string, rate Rate) Taken {
	now := time.Since(s.start)
	s.mutex.Lock()
	defer s.mutex.Unlock()
	s.forget(now)
	k, due := s.known[key], s.floor
	if k != nil {
		due = k.due
	}
	// A pause does not earn more than the burst, so a time in the past becomes now.
	next, taken := rate.take(max(due, now), now)
	if taken.Allowed {
		s.set(k, key, next)
	}
	return taken
}

// Note stores what another store reported about a key: how long until its whole burst is allowed again. Counting can
// then continue here if that store becomes unavailable.
func (s *Space) Note(key string, reset time.Duration) {
	if reset <= 0 { // the same as an unknown key
		return
	}
	now := time.Since(s.start)
	s.mutex.Lock()
	defer s.mutex.Unlock()
	s.forget(now)
	s.set(s.known[key], key, now+reset)
}

// set sets the time of a key.
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
		// An evicted key may come back as an unknown key, which must not be an advantage.
		s.floor = max(s.floor, s.drop().due)
	}
}

// drop evicts the key with the earliest time.
func (s *Space) drop() *entry {
	k := heap.Pop(&s.byDue).(*entry) // Push accepts no other type
	delete(s.known, k.key)
	return k
}

// forget deletes keys whose time has passed. It is called once for each new key, so two at a time are enough to catch
// up.
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
	(*h)[last] = nil // otherwise the array would keep the key alive
	*h = (*h)[:last]
	return k
}

// take counts one request of a key with a given time, which is not in the past, and returns the new time of the key.
func (r Rate) take(due, now time.Duration) (next time.Duration, taken Taken) {
	next = due + r.Step
	// This cannot overflow: the burst is bounded, and due is at most a burst after now.
	left := time.Duration(r.Burst)*r.Step - (next - now)
	if left < 0 {
		return due, Taken{Retry: -left, Reset: due - now}
	}
	return next, Taken{Allowed: true, Remaining: int(left / r.Step), Reset: next - now}
}
