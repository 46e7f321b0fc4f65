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
	memory memoryRates
	gates  *budget.Gates
}

func newRateStores(store RateStore, log *slog.Logger) *rateStores {
	s := &rateStores{byDefault: store, memory: memoryRates{memory: gcra.New(0)}.space(""), gates: budget.NewGates(log, "the store of rate limits")}
	if store == nil {
		s.byDefault = s.memory
	}
	return s
}

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
	return memoryRates{memory: gcra.New(keys)}.space("")
}

// memoryRates counts in memory, in the space of one limit, or in one of its own for
// callers that are no limit.
type memoryRates struct {
	memory *gcra.Memory
	*gcra.Space
}

// space is the one of the limit with a name.
func (m memoryRates) space(name string) memoryRates {
	return memoryRates{memory: m.memory, Space: m.memory.Space(name)}
}

var errNoRate = errors.New("candor: a rate without requests or time")

// Take implements RateStore.
func (m memoryRates) Take(_ context.Context, key string, rate Rate) (Taken, error) {
	if rate.Requests <= 0 || rate.step() <= 0 {
		return Taken{}, errNoRate
	}
	return Taken(m.Space.Take(key, gcra.Rate{Step: rate.step(), Burst: rate.Limit()})), nil
}
