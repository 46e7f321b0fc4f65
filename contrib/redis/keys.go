package candorredis

import (
	"context"
	"errors"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/candor-go/candor/idempotency"
)

// NewKeyStore returns a store that keeps idempotency keys and their responses in Redis, shared by all processes. The
// caller still has to close the client.
//
// Keys begin with "candor:key:" and expire. If Redis evicts keys, or loses them in a failover, a request may run again:
// set maxmemory-policy noeviction and enough memory, and use [idempotency.KeysIn] where that must not happen.
func NewKeyStore(client redis.UniversalClient) idempotency.Store { return keyStore{client} }

const keyPrefix = "candor:key:"

type keyStore struct{ client redis.UniversalClient }

var (
	// replaceKey and dropKey are scripts, because nobody may change the value between the comparison and the write.
	replaceKey = redis.NewScript(`
if redis.call("GET", KEYS[1]) ~= ARGV[1] then return 0 end
redis.call("SET", KEYS[1], ARGV[2], "PX", ARGV[3])
return 1`)
	dropKey = redis.NewScript(`
if redis.call("GET", KEYS[1]) == ARGV[1] then redis.call("DEL", KEYS[1]) end
return 0`)
)

// Take implements idempotency.Store in one round trip: SET with NX and GET returns the existing value, and sets the new
// one if there is none.
func (s keyStore) Take(ctx context.Context, key string, value []byte, ttl time.Duration) ([]byte, error) {
	held, err := s.client.SetArgs(ctx, keyPrefix+key, value, redis.SetArgs{Mode: "NX", Get: true, TTL: max(ttl, time.Millisecond)}).Result()
	if errors.Is(err, redis.Nil) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	return []byte(held), nil
}

// Replace implements idempotency.Store.
func (s keyStore) Replace(ctx context.Context, key string, old, value []byte, ttl time.Duration) (bool, error) {
	n, err := replaceKey.Run(ctx, s.client, []string{keyPrefix + key}, old, value, max(ttl.Milliseconds(), 1)).Int()
	return n == 1, err
}

// Drop implements idempotency.Store.
func (s keyStore) Drop(ctx context.Context, key string, old []byte) error {
	return dropKey.Run(ctx, s.client, []string{keyPrefix + key}, old).Err()
}
