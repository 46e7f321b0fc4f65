package candor

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/hashicorp/golang-lru/v2/simplelru"
)

// The store in memory keeps one number a key: the time at which the requests
// taken so far would have been due, had they come one by one at the even pace of
// the rate (GCRA, the generic cell rate algorithm). A request is allowed while
// that time lies no more than the burst ahead of now, and moves it on by one
// step. A key whose time has passed says the same as one that is not there, so
// forgetting it changes nothing.

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
	// ASCII and holds no secret; it always comes with the same rate. An error means
	// that the store cannot tell; the limit decides then. ctx is the request's.
	Take(ctx context.Context, key string, rate Rate) (Taken, error)
}

// defaultRateKeys is how many keys a store in memory remembers.
const defaultRateKeys = 1 << 16

// NewMemoryRateStore makes a store that counts in the memory of the process,
// for at most that many keys; 0 means 65,536, which take about 12 MiB. Over it
// those unused the longest are forgotten; those whose time has passed go by
// themselves. A negative number panics.
func NewMemoryRateStore(keys int) RateStore {
	if keys < 0 {
		panic(fmt.Errorf("candor: NewMemoryRateStore(%d): a store has room for a positive number of keys, or 0 for the default", keys))
	}
	if keys == 0 {
		keys = defaultRateKeys
	}
	dues, _ := simplelru.NewLRU[string, time.Duration](keys, nil) // its error is for a size of 0
	return &memoryRates{start: time.Now(), dues: dues}
}

// memoryRates counts in memory.
type memoryRates struct {
	start time.Time
	mutex sync.Mutex
	// dues are the times at which keys would be due, since start.
	dues *simplelru.LRU[string, time.Duration]
}

var errNoRate = errors.New("candor: a rate without requests or time")

// Take implements RateStore.
func (m *memoryRates) Take(_ context.Context, key string, rate Rate) (Taken, error) {
	if rate.Requests <= 0 || rate.step() <= 0 {
		return Taken{}, errNoRate
	}
	now := time.Since(m.start)
	m.mutex.Lock()
	defer m.mutex.Unlock()
	m.forget(now)
	due, _ := m.dues.Get(key)
	next, taken := rate.take(max(due, now), now)
	if taken.Allowed {
		m.dues.Add(key, next)
	}
	return taken, nil
}

// take counts one request of a key that is due at a time, now or later, and
// says when the key is due then.
func (r Rate) take(due, now time.Duration) (next time.Duration, taken Taken) {
	step := r.step()
	next = due + step
	room := time.Duration(r.Limit())*step - (next - now)
	if room < 0 {
		return due, Taken{Retry: -room, Reset: due - now}
	}
	return next, Taken{Allowed: true, Remaining: int(room / step), Reset: next - now}
}

// forget drops keys that say nothing any more. Two for each that comes are
// enough to get ahead of them.
func (m *memoryRates) forget(now time.Duration) {
	for range 2 {
		if _, due, ok := m.dues.GetOldest(); !ok || due > now {
			return
		}
		m.dues.RemoveOldest()
	}
}
