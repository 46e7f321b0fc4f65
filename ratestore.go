package candor

import (
	"cmp"
	"container/heap"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/candor-go/candor/internal/budget"
)

// The store in memory keeps one number a key: the time at which the requests
// taken so far would have been due, had they come one by one at the even pace of
// the rate (GCRA, the generic cell rate algorithm). A request is allowed while
// that time lies no more than the burst ahead of now, and moves it on by one
// step. A key whose time has passed says the same as one that is not there, so
// forgetting it changes nothing.
//
// Where all keys that fit into memory have a time that has not passed, the key that is
// due first is forgotten, and its time becomes the floor: a key that is not
// there is due no sooner. So no number of new keys gives anyone a request that
// the rate does not allow; it is the unknown keys that get fewer. Keys of two
// limits never meet, as each limit has a space of its own.

// Rate is how many requests are allowed in which time.
type Rate struct {
	// Requests are allowed in each Per, evenly: 60 a minute is one a second.
	Requests int
	Per      time.Duration
	// Burst is how many may come at once after a pause; Requests when 0.
	Burst int
}

// PerSecond is a rate of n requests a second, all of which may come at once.
func PerSecond(n int) Rate { return Rate{Requests: n, Per: time.Second} }

// PerMinute is a rate of n requests a minute, all of which may come at once.
func PerMinute(n int) Rate { return Rate{Requests: n, Per: time.Minute} }

// PerHour is a rate of n requests an hour, all of which may come at once.
func PerHour(n int) Rate { return Rate{Requests: n, Per: time.Hour} }

// Limit is the number of requests that may come at once.
func (r Rate) Limit() int {
	if r.Burst > 0 {
		return r.Burst
	}
	return r.Requests
}

// step is the time one request takes from the rate.
func (r Rate) step() time.Duration { return r.Per / time.Duration(r.Requests) }

func (r Rate) check() error {
	switch {
	case r.Requests <= 0 || r.Per <= 0 || r.Burst < 0:
		return fmt.Errorf("the rate %+v allows nothing; write a positive number of requests in a positive time, such as candor.PerMinute(60)", r)
	case r.step() == 0:
		return fmt.Errorf("the rate %+v allows more than a request a nanosecond; lengthen the time", r)
	case time.Duration(r.Limit()) > (1<<62)/r.step():
		return fmt.Errorf("the burst of the rate %+v is too large; lower it", r)
	}
	return nil
}

// Taken is what a [RateStore] says about a request.
type Taken struct {
	Allowed bool
	// Remaining is how many more requests would be allowed now.
	Remaining int
	// Retry is how long until a request is allowed again, 0 where this one is.
	Retry time.Duration
	// Reset is how long until the whole burst is allowed again.
	Reset time.Duration
}

// RateStore counts the requests of rate limits; see [RateConfig]. Methods are
// called concurrently, for each request.
type RateStore interface {
	// Take counts one request under a key against a rate, and says whether it is
	// allowed; one that is not counts for nothing. The state of a key may be
	// forgotten once its Reset has passed. A key is at most 200 bytes of printable
	// ASCII and holds no secret; it begins with the name of its limit and a colon,
	// and always comes with the same rate. What a store forgets for want of memory
	// should not let a client start anew; see [NewMemoryRateStore]. An error means
	// that the store cannot tell; the limit decides then. ctx ends with the budget
	// of the limit, and has the values of the request's; a call that goes on longer
	// is nobody's, and keeps one of the 32 places for calls.
	Take(ctx context.Context, key string, rate Rate) (Taken, error)
}

// rateStores are what counts for the rate limits of an app.
type rateStores struct {
	byDefault RateStore
	// memory counts where a store cannot tell.
	memory *memoryRates
	log    *slog.Logger
	mutex  sync.Mutex
	gates  []storeGate
}

// storeGate is the gate to a store: a slow one must not close another.
type storeGate struct {
	store RateStore
	gate  *budget.Gate
}

func newRateStores(store RateStore, log *slog.Logger) *rateStores {
	s := &rateStores{byDefault: store, log: log, memory: newMemoryRates(0)}
	if store == nil {
		s.byDefault = s.memory
	}
	return s
}

// gate is that to a store.
func (s *rateStores) gate(store RateStore) *budget.Gate {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	for _, known := range s.gates {
		if isSame(known.store, store) {
			return known.gate
		}
	}
	made := storeGate{store, budget.New(s.log, "the store of rate limits")}
	s.gates = append(s.gates, made)
	return made.gate
}

// defaultRateKeys is how many keys a store in memory remembers.
const defaultRateKeys = 1 << 16

// NewMemoryRateStore makes a store that counts in the memory of the process,
// for at most that many keys of each limit; 0 means 65,536, which take about 12
// MiB where all are in use. Keys whose time has passed go by themselves. Over it
// the key with the fewest requests to be forgotten is, and keys that come new
// count as if they had made those: nobody is allowed more by sending many keys.
// A negative number panics.
func NewMemoryRateStore(keys int) RateStore {
	if keys < 0 {
		panic(fmt.Errorf("candor: NewMemoryRateStore(%d): pass a positive number of keys, or 0 for the default", keys))
	}
	return newMemoryRates(keys)
}

func newMemoryRates(keys int) *memoryRates {
	return &memoryRates{keys: cmp.Or(keys, defaultRateKeys), start: time.Now(), spaces: map[string]*rateSpace{}}
}

// memoryRates counts in memory.
type memoryRates struct {
	keys   int
	start  time.Time
	mutex  sync.Mutex
	spaces map[string]*rateSpace
}

// space is that of the limit with a name, "" for callers that are no limit.
func (m *memoryRates) space(name string) *rateSpace {
	m.mutex.Lock()
	defer m.mutex.Unlock()
	s := m.spaces[name]
	if s == nil {
		s = &rateSpace{keys: m.keys, start: m.start, known: map[string]*rateKey{}}
		m.spaces[name] = s
	}
	return s
}

// Take implements RateStore.
func (m *memoryRates) Take(ctx context.Context, key string, rate Rate) (Taken, error) {
	return m.space("").Take(ctx, key, rate)
}

// rateSpace has the keys of one limit.
type rateSpace struct {
	keys  int
	start time.Time
	mutex sync.Mutex
	known map[string]*rateKey
	// byDue is a heap of them, the first to be due on top.
	byDue rateHeap
	// floor is the time before which no key that is unknown is due.
	floor time.Duration
}

// rateKey is one key: when it is due, since the start, and where in the heap it
// stands.
type rateKey struct {
	key   string
	due   time.Duration
	index int
}

var errNoRate = errors.New("candor: a rate without requests or time")

// Take implements RateStore.
func (s *rateSpace) Take(_ context.Context, key string, rate Rate) (Taken, error) {
	if rate.Requests <= 0 || rate.step() <= 0 {
		return Taken{}, errNoRate
	}
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
	return taken, nil
}

// mirror notes what another store says about a key, so that counting can go on here
// where that one left off. What says nothing is not noted.
func (s *rateSpace) mirror(key string, taken Taken) {
	if taken.Reset <= 0 {
		return
	}
	now := time.Since(s.start)
	s.mutex.Lock()
	defer s.mutex.Unlock()
	s.forget(now)
	s.set(s.known[key], key, now+taken.Reset)
}

// set notes when a key is due.
func (s *rateSpace) set(k *rateKey, key string, due time.Duration) {
	if k != nil {
		k.due = due
		heap.Fix(&s.byDue, k.index)
		return
	}
	k = &rateKey{key: key, due: due}
	s.known[key] = k
	heap.Push(&s.byDue, k)
	if len(s.byDue) > s.keys {
		// The key that is forgotten may come back as an unknown one, which must not
		// gain by it.
		s.floor = max(s.floor, s.drop().due)
	}
}

// drop forgets the key that is due first.
func (s *rateSpace) drop() *rateKey {
	k := heap.Pop(&s.byDue).(*rateKey) // Push takes nothing else
	delete(s.known, k.key)
	return k
}

// forget drops keys that say nothing any more. Two for each that comes are
// enough to get ahead of them.
func (s *rateSpace) forget(now time.Duration) {
	for range 2 {
		if len(s.byDue) == 0 || s.byDue[0].due > now {
			return
		}
		s.drop()
	}
}

// rateHeap implements heap.Interface.
type rateHeap []*rateKey

func (h rateHeap) Len() int           { return len(h) }
func (h rateHeap) Less(i, j int) bool { return h[i].due < h[j].due }

func (h rateHeap) Swap(i, j int) {
	h[i], h[j] = h[j], h[i]
	h[i].index, h[j].index = i, j
}

func (h *rateHeap) Push(k any) {
	k.(*rateKey).index = len(*h)
	*h = append(*h, k.(*rateKey))
}

func (h *rateHeap) Pop() any {
	last := len(*h) - 1
	k := (*h)[last]
	(*h)[last] = nil // or the array would keep the key alive
	*h = (*h)[:last]
	return k
}

// take counts one request of a key that is due at a time, now or later, and
// says when the key is due then.
func (r Rate) take(due, now time.Duration) (next time.Duration, taken Taken) {
	step := r.step()
	next = due + step
	// No overflow: check bounds the burst, and due is at most a burst after now.
	left := time.Duration(r.Limit())*step - (next - now)
	if left < 0 {
		return due, Taken{Retry: -left, Reset: due - now}
	}
	return next, Taken{Allowed: true, Remaining: int(left / step), Reset: next - now}
}
