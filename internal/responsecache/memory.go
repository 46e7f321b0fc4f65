package responsecache

import (
	"cmp"
	"context"
	"crypto/rand"
	"sync"
	"time"

	"github.com/hashicorp/golang-lru/v2/simplelru"
)

// DefaultBytes is the default size of a Memory.
const DefaultBytes = 8 << 20

// Memory keeps values in the memory of the process. It is safe for concurrent use.
type Memory struct {
	mutex      sync.Mutex
	values     *simplelru.LRU[string, memoryValue]
	size, most int
}

// NewMemory returns a memory of at most that many bytes, including the overhead of its entries; 0 means DefaultBytes.
// If it is full, the least recently used values are evicted.
func NewMemory(bytes int) Store {
	c := &Memory{most: cmp.Or(bytes, DefaultBytes)}
	// The LRU limits the number of entries, but bytes are what counts, and Set counts them. So its limit is set to the
	// number of empty entries that would fit, which is never reached.
	most := max(c.most/recordBytes, 1)
	c.values, _ = simplelru.NewLRU(most, func(key string, v memoryValue) { c.size -= v.size(key) }) // fails only for a size of 0
	return c
}

// memoryValue is a value and its expiry time.
type memoryValue struct {
	bytes []byte
	until time.Time
}

// recordBytes is the overhead of an entry besides its key and value.
const recordBytes = 256

func (v memoryValue) size(key string) int { return len(key) + cap(v.bytes) + recordBytes }

// Get implements Store.
func (c *Memory) Get(_ context.Context, keys ...string) ([][]byte, error) {
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

// Set implements Store.
func (c *Memory) Set(_ context.Context, key string, value []byte, ttl time.Duration) error {
	v := memoryValue{bytes: value, until: time.Now().Add(ttl)}
	c.mutex.Lock()
	defer c.mutex.Unlock()
	c.values.Remove(key) // the callback subtracts the size of the old value
	if v.size(key) > c.most {
		return nil
	}
	c.values.Add(key, v)
	for c.size += v.size(key); c.size > c.most; {
		c.values.RemoveOldest()
	}
	return nil
}

// Renew implements Store.
func (c *Memory) Renew(ctx context.Context, ttl time.Duration, keys ...string) ([][]byte, error) {
	values := make([][]byte, len(keys))
	for i, key := range keys {
		values[i] = []byte(rand.Text())
		_ = c.Set(ctx, key, values[i], ttl) // it never fails
	}
	return values, nil
}
