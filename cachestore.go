package candor

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/hashicorp/golang-lru/v2/simplelru"
)

// CacheConfig is what a [Cache] is made of.
type CacheConfig struct {
	// TTL is how long an answer is kept.
	TTL time.Duration
	// Tags are names by which answers are dropped, see [CacheTags]. A wildcard of
	// the path stands for its value: "item:{id}".
	Tags []string
	// Vary are request headers on which answers depend, beside those that the
	// inputs of the operation read.
	Vary []string
	// Shared gives one client's answers to others with other credentials. Guards
	// run in any case, so all of these may have asked. Without it, each set of
	// credentials, which is the Authorization header, the API keys that the
	// operation reads and all cookies, has answers of its own.
	Shared bool
	// Control is sent as Cache-Control, such as "public, max-age=60". What other
	// caches keep is not dropped by tags.
	Control string
	// Store keeps the answers; Config.CacheStore when nil.
	Store CacheStore
}

// CacheStore keeps bytes under keys for a while; see [CacheConfig]. Methods are
// called concurrently. A key is at most 200 bytes of printable ASCII and holds
// no secret; values are opaque, and may be those of a private answer.
//
// Tags need nothing of a store: each is a key whose value changes when it is
// invalidated.
type CacheStore interface {
	// Get returns the value of each key, in the same order, nil for one that is
	// not there. What it returns is not changed by anyone.
	Get(ctx context.Context, keys ...string) ([][]byte, error)
	// Set keeps a value, in the place of one that was there, for at most ttl, a
	// positive time. It may be lost sooner.
	Set(ctx context.Context, key string, value []byte, ttl time.Duration) error
}

// defaultCacheBytes is how much a cache in memory keeps.
const defaultCacheBytes = 8 << 20

// NewMemoryCache makes a store that keeps values in the memory of the process,
// of at most that many bytes together, its own records included; 0 means 8 MiB.
// Over it those unused the longest are dropped. A negative number panics.
func NewMemoryCache(bytes int) CacheStore {
	if bytes < 0 {
		panic(fmt.Errorf("candor: NewMemoryCache(%d): a cache has room for a positive number of bytes, or 0 for the default", bytes))
	}
	if bytes == 0 {
		bytes = defaultCacheBytes
	}
	c := &memoryCache{most: bytes}
	most := max(bytes/recordBytes, 1)
	c.values, _ = simplelru.NewLRU(most, func(key string, v cachedValue) { c.size -= v.size(key) }) // its error is for a size of 0
	return c
}

// memoryCache keeps values in memory.
type memoryCache struct {
	mutex      sync.Mutex
	values     *simplelru.LRU[string, cachedValue]
	size, most int
}

type cachedValue struct {
	bytes []byte
	until time.Time
}

// recordBytes is what an entry takes beside its key and value.
const recordBytes = 256

func (v cachedValue) size(key string) int { return len(key) + cap(v.bytes) + recordBytes }

// Get implements CacheStore.
func (c *memoryCache) Get(_ context.Context, keys ...string) ([][]byte, error) {
	now := time.Now()
	c.mutex.Lock()
	defer c.mutex.Unlock()
	values := make([][]byte, len(keys))
	for i, key := range keys {
		switch v, ok := c.values.Get(key); {
		case !ok:
		case now.Before(v.until):
			values[i] = v.bytes
		default:
			c.values.Remove(key)
		}
	}
	return values, nil
}

// Set implements CacheStore.
func (c *memoryCache) Set(_ context.Context, key string, value []byte, ttl time.Duration) error {
	v := cachedValue{bytes: value, until: time.Now().Add(ttl)}
	c.mutex.Lock()
	defer c.mutex.Unlock()
	c.values.Remove(key)
	if v.size(key) > c.most {
		return nil
	}
	c.values.Add(key, v)
	for c.size += v.size(key); c.size > c.most; {
		c.values.RemoveOldest()
	}
	return nil
}
