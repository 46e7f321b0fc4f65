package candor

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"sync"
	"time"
)

// caches are the stores of an app, and what is on its way into them.
type caches struct {
	byDefault CacheStore
	// space keeps apps apart that share a store.
	space   string
	stores  []CacheStore
	mutex   sync.Mutex
	flights map[string]*flight
}

// newCaches makes a store where none is given.
func newCaches(store CacheStore, space string) *caches {
	if store == nil {
		store = NewMemoryCache(0)
	}
	return &caches{byDefault: store, space: space, stores: []CacheStore{store}, flights: map[string]*flight{}}
}

// tagTime is how long a version of a tag is kept; answers that outlive it are
// made again.
const tagTime = 7 * 24 * time.Hour

func (c *caches) tagKey(tag string) string { return "tag:" + digest(c.space+"\n"+tag) }

func (c *caches) invalidate(ctx context.Context, tags []string) error {
	var errs []error
	for _, store := range c.stores {
		for _, tag := range tags {
			errs = append(errs, store.Set(ctx, c.tagKey(tag), []byte(rand.Text()), tagTime))
		}
	}
	return errors.Join(errs...)
}

// flight is a response on its way, or a version of a tag.
type flight struct {
	done chan struct{}
	// value is nil where the response cannot be kept, failed why there is no
	// version. They are set before done is closed.
	value  []byte
	failed error
}

// join returns the flight under a key, and whether it is one's own, to be landed.
func (c *caches) join(key string) (f *flight, own bool) {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	if f = c.flights[key]; f != nil {
		return f, false
	}
	f = &flight{done: make(chan struct{})}
	c.flights[key] = f
	return f, true
}

func (c *caches) land(key string, f *flight) {
	c.mutex.Lock()
	delete(c.flights, key)
	c.mutex.Unlock()
	close(f.done)
}

// digest is a short name for any text, from which the text cannot be told.
func digest(text string) string {
	sum := sha256.Sum256([]byte(text))
	return base64.RawURLEncoding.EncodeToString(sum[:16])
}

// cachePlan is how the answers of one endpoint are kept.
type cachePlan struct {
	CacheConfig
	caches *caches
	store  CacheStore
	// headers and cookies are those that belong to the key.
	headers, cookies []string
	vary             string
}
