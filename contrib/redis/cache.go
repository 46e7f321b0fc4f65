package candorredis

import (
	"context"
	"errors"
	"math/rand/v2"
	"strconv"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/candor-go/candor"
)

// NewCacheStore returns a store that keeps cached responses in Redis, shared by all processes. The caller still has to
// close the client.
//
// Keys begin with "candor:cache:". Redis decides how much is kept: set maxmemory and an eviction policy such as
// allkeys-lru. While Redis does not respond, handlers run; see [candor.CacheConfig].
//
// After a restart, or when a replica is promoted, Redis may be back in an earlier state, with responses that were
// invalidated since. Therefore the store does not read what was written in another run of the server: after each new
// connection it asks for the run id first. This works with a *redis.Client whose user may run INFO. A cluster has no
// such id, so a shard that is restored may bring back invalidated responses, for at most their TTL.
func NewCacheStore(client redis.UniversalClient) candor.CacheStore {
	return cache{client: client, runs: watchRuns(client)}
}

const cachePrefix = "candor:cache:"

type cache struct {
	client redis.UniversalClient
	// runs is nil for a client of several servers.
	runs *runs
}

// Get implements candor.CacheStore, in one round trip.
func (c cache) Get(ctx context.Context, keys ...string) ([][]byte, error) {
	return during(ctx, c.runs, func(run string) ([][]byte, error) { return c.get(ctx, cachePrefix+run, keys) })
}

func (c cache) get(ctx context.Context, prefix string, keys []string) ([][]byte, error) {
	found := make([]*redis.StringCmd, len(keys))
	// A pipeline, because in a cluster all keys of one command must be in one slot.
	_, err := c.client.Pipelined(ctx, func(p redis.Pipeliner) error {
		for i, key := range keys {
			found[i] = p.Get(ctx, prefix+key)
		}
		return nil
	})
	if err != nil && !errors.Is(err, redis.Nil) {
		return nil, err
	}
	values := make([][]byte, len(keys))
	for i, cmd := range found {
		value, err := cmd.Bytes()
		switch {
		case errors.Is(err, redis.Nil):
		case err != nil:
			return nil, err
		default:
			values[i] = value
		}
	}
	return values, nil
}

// Set implements candor.CacheStore.
func (c cache) Set(ctx context.Context, key string, value []byte, ttl time.Duration) error {
	_, err := during(ctx, c.runs, func(run string) (string, error) {
		return c.client.Set(ctx, cachePrefix+run+key, value, max(ttl, time.Millisecond)).Result()
	})
	return err
}

// Renew implements candor.CacheStore, in one round trip.
func (c cache) Renew(ctx context.Context, ttl time.Duration, keys ...string) ([][]byte, error) {
	return during(ctx, c.runs, func(run string) ([][]byte, error) { return c.renew(ctx, cachePrefix+run, ttl, keys) })
}

// renew adds a random number to each value, so that a late or repeated command also results in a new version, and a key
// that was lost starts with a random one.
func (c cache) renew(ctx context.Context, prefix string, ttl time.Duration, keys []string) ([][]byte, error) {
	sums := make([]*redis.IntCmd, len(keys))
	_, err := c.client.Pipelined(ctx, func(p redis.Pipeliner) error {
		for i, key := range keys {
			sums[i] = p.IncrBy(ctx, prefix+key, 1+int64(rand.Uint32()))
			p.PExpire(ctx, prefix+key, max(ttl, time.Millisecond))
		}
		return nil
	})
	values := make([][]byte, len(keys))
	for i, sum := range sums {
		// After some four billion invalidations the number overflows. Without it, the next one starts anew.
		if redis.HasErrorPrefix(sum.Err(), "increment") {
			return nil, errors.Join(sum.Err(), c.client.Del(ctx, prefix+keys[i]).Err())
		}
		values[i] = strconv.AppendInt(nil, sum.Val(), 10)
	}
	return values, err
}
