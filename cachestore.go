package candor

import (
	"context"
	"fmt"
	"net/http"
	"time"

	"github.com/candor-go/candor/internal/responsecache"
)

// CacheConfig is what a [Cache] is made of.
type CacheConfig struct {
	// TTL is how long a response is kept.
	TTL time.Duration
	// Tags are names by which responses are dropped, see [CacheTags]. A wildcard of
	// the path stands for its value: "item:{id}".
	Tags []string
	// Vary are request headers on which responses depend, beside those that the
	// inputs of the operation read.
	Vary []string
	// Shared gives one client's responses to others with other credentials. Guards
	// run in any case, so all of these may have asked. Without it, each set of
	// credentials, which is the Authorization header, the API keys that the
	// operation reads and all cookies, has responses of its own.
	Shared bool
	// Control is sent as Cache-Control, such as "public, max-age=60". What other
	// caches keep is not dropped by tags.
	Control string
	// Store keeps the responses; Config.CacheStore when nil.
	Store CacheStore
	// Budget is how long a request waits for a call of a store that is not in the
	// memory of the process, 50 ms by default, whatever its client does and inside
	// of a [Timeout] as outside. At most 32 calls run at once; the others wait
	// within their budget. After 5 failures in a row the store is left alone, but
	// for one call in 200 ms.
	Budget time.Duration
	// Strict makes a request fail with 503 and Retry-After, before its transaction
	// is committed, if the store cannot be told which of its responses become
	// stale; see [CacheTags]. Without it the request succeeds, and the store is told
	// as soon as it can be. The operations with CacheTags document the 503, and
	// make one more call of the store for each request that drops tags. It holds
	// for the store, whichever of its caches says so.
	Strict bool
}

// CacheStore keeps bytes under keys for a while; see [CacheConfig]. Methods are
// called concurrently. A key is at most 200 bytes of printable ASCII and holds
// no secret; values are opaque, and may be a private response. A call has a
// budget, see CacheConfig; its ctx ends with that, and not when a client leaves.
//
// Tags need little of a store: each is a key whose value changes when it is
// invalidated. A store may lose any key at any time. It must not go back to an
// earlier state, though, as one that is restored from a copy or whose replica is
// promoted: there it has to begin empty, or responses that were dropped come back.
// Get returns what Set and Renew wrote before, so it does not ask a replica that
// lags behind.
type CacheStore interface {
	// Get returns the value of each key, in the same order, nil for one that is
	// not there. What it returns is not changed by anyone.
	Get(ctx context.Context, keys ...string) ([][]byte, error)
	// Set keeps a value, in the place of one that was there, for at most ttl, a
	// positive time. It may be lost sooner.
	Set(ctx context.Context, key string, value []byte, ttl time.Duration) error
	// Renew gives each key a value that it never had before, keeps that for at most
	// ttl, and returns the values. A call that comes late or twice, as one that was
	// given up and one that a client repeats, must not bring a former value back.
	Renew(ctx context.Context, ttl time.Duration, keys ...string) ([][]byte, error)
}

// NewMemoryCache makes a store that keeps values in the memory of the process,
// of at most that many bytes together, its own records included; 0 means 8 MiB.
// Over it those unused the longest are dropped. A negative number panics.
func NewMemoryCache(bytes int) CacheStore {
	if bytes < 0 {
		panic(fmt.Errorf("candor: NewMemoryCache(%d): pass a positive number of bytes, or 0 for the default", bytes))
	}
	return responsecache.NewMemory(bytes)
}

// CacheTags is an input that drops cached responses by their tags:
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
// They are dropped once the handler and its providers are done, transactions
// committed, and before the response is written; also where the request failed.
// Outside of requests there is [App.Invalidate].
//
// What a store did not take is dropped in this process at once, and in the store
// as soon as it can be reached again. Until then other processes that reach it may
// serve what they kept, and if the process ends before, until its TTL is over.
// [CacheConfig].Strict makes such a request fail instead, before the commit.
type CacheTags struct {
	tags   []string
	caches *responsecache.Caches
}

// Invalidate drops the responses that have one of the tags. The error, which may
// be ignored, says that a store is left alone at present because it does not
// respond, so that its other processes learn of it later. A handler that returns
// it responds with 503; declare that by [Raises].
func (c *CacheTags) Invalidate(tags ...string) error {
	c.tags = append(c.tags, tags...)
	if c.caches == nil { // made by a test of the handler
		return nil
	}
	if err := c.caches.Err(); err != nil {
		return errNoCache.because(err)
	}
	return nil
}

var errNoCache = Error(http.StatusServiceUnavailable, "the cache is not available").WithHeader("Retry-After", "1")
