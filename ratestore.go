package candor

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/candor-go/candor/internal/budget"
	"github.com/candor-go/candor/internal/gcra"
)

// Rate is how many requests are allowed in a period.
type Rate struct {
	// Requests are allowed in each period Per, evenly: 60 a minute are one a second.
	Requests int
	Per      time.Duration
	// Burst is how many requests may come at once after a pause; Requests if 0.
	Burst int
}

// PerSecond returns a rate of n requests a second, all of which may come at once.
func PerSecond(n int) Rate { return Rate{Requests: n, Per: time.Second} }

// PerMinute returns a rate of n requests a minute, all of which may come at once.
func PerMinute(n int) Rate { return Rate{Requests: n, Per: time.Minute} }

// PerHour returns a rate of n requests an hour, all of which may come at once.
func PerHour(n int) Rate { return Rate{Requests: n, Per: time.Hour} }

// Limit returns how many requests may come at once.
func (r Rate) Limit() int {
	if r.Burst > 0 {
		return r.Burst
	}
	return r.Requests
}

// step returns the time between two requests at an even pace.
func (r Rate) step() time.Duration { return r.Per / time.Duration(r.Requests) }

func (r Rate) gcra() gcra.Rate { return gcra.Rate{Step: r.step(), Burst: r.Limit()} }

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

// Taken is the result of [RateStore].Take.
type Taken struct {
	Allowed bool
	// Remaining is how many more requests would be allowed now.
	Remaining int
	// Retry is how long until a request is allowed again, 0 if this one is allowed.
	Retry time.Duration
	// Reset is how long until the whole burst is allowed again.
	Reset time.Duration
}

// RateStore counts the requests of rate limits; see [RateConfig]. Methods are called concurrently, for each request.
type RateStore interface {
	// Take counts one request under a key against a rate, and reports whether it is allowed; a request that is not allowed is
	// not counted. The state of a key may be deleted once its Reset has passed. A key has at most 200 bytes of printable ASCII
	// and holds no secret; it begins with the name of its limit and a colon, and always comes with the same rate. If a store
	// evicts keys because its memory is full, their clients should not start anew; see [NewMemoryRateStore]. An error means
	// that the store is not available; the limit then decides. ctx ends with the budget of the limit, and has the values of
	// the request's context. The result of a call that takes longer is dropped, but the call still counts as one of the 32
	// concurrent calls.
	Take(ctx context.Context, key string, rate Rate) (Taken, error)
}

// rateStores are the stores for the rate limits of an app.
type rateStores struct {
	byDefault RateStore
	// memory counts when a store is not available.
	memory *gcra.Memory
	gates  *budget.Gates
}

func newRateStores(store RateStore, log *slog.Logger) *rateStores {
	s := &rateStores{byDefault: store, memory: gcra.New(0), gates: budget.NewGates(log, "the store of rate limits")}
	if store == nil {
		s.byDefault = countIn(s.memory)
	}
	return s
}

// NewMemoryRateStore returns a store in the memory of the process for at most that many keys for each limit; 0 means
// 65,536, which take about 12 MiB if all are in use. Keys whose time has passed are deleted. If the store is full, the key
// that would be deleted next is evicted, and new keys start with as many requests as that key had made: nobody is allowed
// more by sending many keys. A negative number panics.
func NewMemoryRateStore(keys int) RateStore {
	if keys < 0 {
		panic(fmt.Errorf("candor: NewMemoryRateStore(%d): pass a positive number of keys, or 0 for the default", keys))
	}
	return countIn(gcra.New(keys))
}

// memoryRates counts in memory: each limit in a key space of its own, callers that are not limits in a common one.
type memoryRates struct {
	memory *gcra.Memory
	common *gcra.Space
}

func countIn(memory *gcra.Memory) memoryRates {
	return memoryRates{memory: memory, common: memory.Space("")}
}

// Take implements RateStore.
func (m memoryRates) Take(_ context.Context, key string, rate Rate) (Taken, error) {
	if rate.Requests <= 0 || rate.step() <= 0 {
		return Taken{}, errors.New("candor: a rate without requests or time")
	}
	return Taken(m.common.Take(key, rate.gcra())), nil
}
