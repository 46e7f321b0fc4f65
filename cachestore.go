package candor

import (
	"context"
	"fmt"
	"net/http"
	"time"

	"github.com/candor-go/candor/internal/responsecache"
)

// CacheConfig configures a [Cache].
type CacheConfig struct {
	// TTL is how long a response is cached.
	TTL time.Duration
	// Tags are names for invalidating responses, see [CacheTags]. A wildcard of the path stands for its value: "item:{id}".
	Tags []string
	// Vary are request headers that responses depend on, besides those that the inputs of the operation read.
	Vary []string
	// Shared lets clients with different credentials share responses. Guards run in any case, so every one of them was
	// allowed to ask. By default responses are cached separately for each set of credentials: the Authorization header, the
	// API keys that the operation reads, and all cookies.
	Shared bool
	// Control is the Cache-Control header of responses, such as "public, max-age=60". Tags do not invalidate what other
	// caches have stored.
	Control string
	// Store stores the responses; Config.CacheStore if nil.
	Store CacheStore
	// Budget is how long a request waits for a call of a store outside of the process, 50 ms by default, independent of its
	// client and of a [Timeout]. At most 32 calls run at once; the others wait within their budget. After 5 failures in a
	// row the store is bypassed, except for one call every 200 ms.
	Budget time.Duration
	// Strict makes a request fail with 503 and Retry-After, before its transaction is committed, if the store cannot be told
	// which responses become stale; see [CacheTags]. By default the request succeeds, and the store is told as soon as it is
	// available. Operations with CacheTags document the 503, and make one more call of the store for each request that
	// invalidates tags. Strict applies to the store: it is enough that one of its caches sets it.
	Strict bool
}

// CacheStore stores bytes under keys for a limited time; see [CacheConfig]. Methods are called concurrently. A key has at
// most 200 bytes of printable ASCII and holds no secret; values are opaque, and may be a private response. Each call has
// a budget, see CacheConfig; its ctx ends with the budget, and not when a client disconnects.
//
// Tags need little from a store: each is a key whose value changes when it is invalidated. A store may lose any key at any
// time. But it must not return to an earlier state, as a restored backup or a promoted replica would: it has to start
// empty then, or invalidated responses come back. Get must see earlier calls of Set and Renew, so it must not read from a
// replica that lags behind.
type CacheStore interface {
	// Get returns the value of each key in the same order, nil for a missing key. Neither side modifies the returned values.
	Get(ctx context.Context, keys ...string) ([][]byte, error)
	// Set stores a value for at most ttl, which is positive. It replaces any former value. The value may be lost sooner.
	Set(ctx context.Context, key string, value []byte, ttl time.Duration) error
	// Renew gives each key a value that it never had before, stores it for at most ttl, and returns the values. A call that
	// takes effect late or twice, because it was given up or repeated by a client of the store, must not bring a former value
	// back.
	Renew(ctx context.Context, ttl time.Duration, keys ...string) ([][]byte, error)
}

// NewMemoryCache returns a store in the memory of the process. It holds at most that many bytes, including its own
// records; 0 means 8 MiB. If it is full, the least recently used values are evicted. A negative number panics.
func NewMemoryCache(bytes int) CacheStore {
	if bytes < 0 {
		panic(fmt.Errorf("candor: NewMemoryCache(%d): pass a positive number of bytes, or 0 for the default", bytes))
	}
	return responsecache.NewMemory(bytes)
}

// CacheTags is an input that invalidates cached responses by their tags:
//
//	type Rename struct {
//		ID   int    `path:"id"`
//		Name string `body:"name"`
//		Tags *candor.CacheTags
//	}
//
//	func rename(ctx context.Context, in Rename) (Item, error) {
//		in.Tags.Invalidate("items", fmt.Sprintf("item:%d", in.ID))
//		...
//	}
//
// The tags are invalidated after the handler and its providers are done and transactions are committed, and before the
// response is written; also if the request failed. Outside of requests use [App.Invalidate].
//
// If the store is not available, the tags are invalidated in this process at once, and in the store as soon as it is
// available again. Until then other processes that can reach the store may serve stale responses; if this process ends
// before, they may do so until the TTL is over. [CacheConfig].Strict makes such a request fail instead, before the commit.
type CacheTags struct {
	tags   []string
	caches *responsecache.Caches
}

// Invalidate invalidates the responses that have one of the tags. The error, which may be ignored, says that a store is
// currently bypassed because it does not respond, so that other processes learn of the invalidation later. A handler that
// returns the error responds with 503; declare that with [Raises].
func (c *CacheTags) Invalidate(tags ...string) error {
	c.tags = append(c.tags, tags...)
	if c.caches == nil { // created by a test of the handler
		return nil
	}
	if err := c.caches.Err(); err != nil {
		return errNoCache.because(err)
	}
	return nil
}

var errNoCache = Error(http.StatusServiceUnavailable, "the cache is not available").WithHeader("Retry-After", "1")
