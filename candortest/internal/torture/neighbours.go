package torture

import (
	"context"
	"errors"
	"sync/atomic"
	"time"

	"github.com/candor-go/candor"
)

// addNeighbours registers operations that depend on external
// services, which are unavailable for some of their requests.
func addNeighbours(app *candor.App) {
	candor.ProvideShared(app, func(_ context.Context, _ candor.None, use func(*neighbour) error) error {
		return use(&neighbour{})
	})
	rates := &unsteadyRates{RateStore: candor.NewMemoryRateStore(0)}
	limit := candor.RateLimit(candor.RateConfig{Rate: candor.PerSecond(1e6), Name: "neighbours", Store: rates, FailClosed: true})
	cached := &unsteadyCache{CacheStore: candor.NewMemoryCache(0)}
	candor.Get(app, "/neighbours/{n}", askNeighbour, limit,
		candor.Cache(candor.CacheConfig{TTL: time.Minute, Tags: []string{"neighbour:{n}"}, Store: cached, Strict: true}))
	candor.Delete(app, "/neighbours/{n}", leaveNeighbour)
}

// neighbour is a shared dependency.
type neighbour struct{}

type askedNeighbour struct {
	N         int        `path:"n" validate:"gte=0,lte=9"`
	Neighbour *neighbour `dep:""`
}

func askNeighbour(_ context.Context, in askedNeighbour) (reading, error) {
	return reading{N: in.N}, nil
}

type leftNeighbour struct {
	N    int `path:"n" validate:"gte=0,lte=9"`
	Tags *candor.CacheTags
}

func leaveNeighbour(_ context.Context, in leftNeighbour) (candor.None, error) {
	return candor.None{}, in.Tags.Invalidate("neighbour:1")
}

var errAway = errors.New("the store is away")

// unsteadyRates fails every second time.
type unsteadyRates struct {
	candor.RateStore
	calls atomic.Int64
}

func (u *unsteadyRates) Take(ctx context.Context, key string, rate candor.Rate) (candor.Taken, error) {
	if u.calls.Add(1)%2 == 0 {
		return candor.Taken{}, errAway
	}
	return u.RateStore.Take(ctx, key, rate)
}

// unsteadyCache fails every third invalidation of tags; each successful one is two calls.
type unsteadyCache struct {
	candor.CacheStore
	calls atomic.Int64
}

func (u *unsteadyCache) Renew(ctx context.Context, ttl time.Duration, keys ...string) ([][]byte, error) {
	if u.calls.Add(1)%3 == 0 {
		return nil, errAway
	}
	return u.CacheStore.Renew(ctx, ttl, keys...)
}
