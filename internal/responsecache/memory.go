package responsecache

import (
	"cmp"
	"context"
	"crypto/rand"
	"sync"
	"time"

	"github.com/hashicorp/golang-lru/v2/simplelru"
)

// DefaultBytes is how much a memory keeps unless configured.
const DefaultBytes = 8 << 20

// Memory keeps values in the memory of the process. It is safe for concurrent use.
type Memory struct {
	mutex      sync.Mutex
	values     *simplelru.LRU[string, memoryValue]
	size, most int
}

// NewMemory makes a memory of at most that many bytes, the records of its entries
// included; 0 means DefaultBytes. Over it the values unused the longest are dropped.
func NewMemory(bytes int) *Memory {
	c := &Memory{most: cmp.Or(bytes, DefaultBytes)}
	// The LRU bounds a number of entries. As many as fit if they are empty is a bound
	// that is never reached: the bytes are what Set counts.
	most := max(c.most/recordBytes, 1)
	c.values, _ = simplelru.NewLRU(most, func(key string, v memoryValue) { c.size -= v.size(key) }) // its error is for a size of 0
	return c
}

// memoryValue is a value with the time at which it ends.
type memoryValue struct {
	bytes []byte
	until time.Time
}

// recordBytes is what an entry takes beside its key and value.
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
	c.values.Remove(key) // which subtracts the size of the former value
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
