package candor

import (
	"net/http"

	"github.com/candor-go/candor/internal/responsecache"
)

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
