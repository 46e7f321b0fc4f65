package candorredis

import (
	"context"
	"errors"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/candor-go/candor"
)

// NewCacheStore makes a store that keeps cached answers in Redis, for all
// processes together. The client remains the caller's.
//
// Keys begin with "candor:cache:". How much is kept is up to Redis: give it
// maxmemory and an eviction policy such as allkeys-lru. While it does not answer,
// answers are made anew, after what the client's timeouts and retries allow: see
// [NewRateStore].
func NewCacheStore(client redis.UniversalClient) candor.CacheStore { return cache{client} }

const cachePrefix = "candor:cache:"

type cache struct{ client redis.UniversalClient }

// Get implements candor.CacheStore, in one round trip.
func (c cache) Get(ctx context.Context, keys ...string) ([][]byte, error) {
	found := make([]*redis.StringCmd, len(keys))
	// A pipeline, because in a cluster the keys of one command have one place.
	_, err := c.client.Pipelined(ctx, func(p redis.Pipeliner) error {
		for i, key := range keys {
			found[i] = p.Get(ctx, cachePrefix+key)
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
	return c.client.Set(ctx, cachePrefix+key, value, max(ttl, time.Millisecond)).Err()
}
