package candor

import (
	"cmp"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"slices"
	"sync"
	"time"

	"github.com/candor-go/candor/internal/budget"
)

// What a write makes stale is dropped in this process before the store is asked:
// while a drop waits for a store, the versions of its tags that are read there
// count only together with the drop. So nothing that was kept before is served,
// whether the store cannot be reached, is late, or returned a moment ago. The drop
// is sent again until the store took it or nothing that was kept before can be
// left.
//
// Another process learns of it then. One that could not reach the store either
// serves nothing from it for a moment after it is back, so that the drops of the
// others come first.
//
// A drop is never repeated with the same version, and a store never gives one
// twice: what a client sends late or again drops once more, and brings nothing
// back.

// CacheTags is an input that drops cached responses by their tags:
//
//	func rename(ctx context.Context, in struct {
//		ID   int    `path:"id"`
//		Name string `body:"name"`
//		Tags *candor.CacheTags
//	}) (Item, error) {
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
	caches *caches
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
	return c.caches.unreachable()
}

var errNoCache = Error(http.StatusServiceUnavailable, "the cache is not available").WithHeader("Retry-After", "1")

const (
	// tagTime is how long a version of a tag is kept; responses that outlive it are
	// made again.
	tagTime = 7 * 24 * time.Hour
	// doubtTime is how long tags keep the version that they get before a commit. If
	// the process dies after the commit, what was kept is stale for that long.
	doubtTime = 10 * time.Second
	// returnTime is for how long a process that could not reach a store serves
	// nothing from it after it is back.
	returnTime = time.Second
	// maxStale is how many drops may wait for a store. Over it everything is dropped.
	maxStale = 1 << 16
	// resendSize is how many drops are sent at once.
	resendSize = 512
)

// caches are the stores of an app, and the requests that wait for one another.
type caches struct {
	byDefault *sharedCache
	// space keeps apps apart that share a store.
	space  string
	log    *slog.Logger
	stores []*sharedCache
	calls  callGroup
}

// newCaches makes a store where none is given.
func newCaches(store CacheStore, space string, log *slog.Logger) *caches {
	if store == nil {
		store = NewMemoryCache(0)
	}
	c := &caches{space: space, log: log}
	c.byDefault = c.shared(store)
	return c
}

// shared is what the app has of a store.
func (c *caches) shared(store CacheStore) *sharedCache {
	for _, known := range c.stores {
		if budget.Same(known.CacheStore, store) {
			return known
		}
	}
	s := &sharedCache{CacheStore: store, log: c.log, budget: budget.Default, everything: "all:" + digest(c.space)}
	if _, ok := store.(*memoryCache); !ok {
		s.gate = budget.New(c.log, "the store of cached responses")
	}
	c.stores = append(c.stores, s)
	return s
}

func (c *caches) tagKeys(tags []string) []string {
	keys := make([]string, len(tags))
	for i, tag := range tags {
		keys[i] = c.tagKey(tag)
	}
	return keys
}

func (c *caches) tagKey(tag string) string { return "tag:" + digest(c.space+"\n"+tag) }

// invalidate gives tags new versions in all stores, also where one of them
// fails: what the others keep must not outlive the call.
func (c *caches) invalidate(ctx context.Context, tags []string) error {
	var errs []error
	keys := c.tagKeys(tags)
	for _, store := range c.stores {
		errs = append(errs, store.drop(ctx, keys))
	}
	return errors.Join(errs...)
}

// announce tells the strict stores which tags are about to be dropped.
func (c *caches) announce(ctx context.Context, tags []string) error {
	for _, store := range c.stores {
		if !store.strict {
			continue
		}
		if _, err := store.renew(ctx, store.budget, doubtTime, c.tagKeys(tags)); err != nil {
			return err
		}
	}
	return nil
}

// unreachable is an error while a store is left alone.
func (c *caches) unreachable() error {
	for _, store := range c.stores {
		if store.gate == nil {
			continue
		}
		if err := store.gate.Err(); err != nil {
			return errNoCache.because(err)
		}
	}
	return nil
}

// isStrict reports whether a store is.
func (c *caches) isStrict() bool {
	return slices.ContainsFunc(c.stores, func(s *sharedCache) bool { return s.strict })
}

// waiting is how many drops wait for their stores.
func (c *caches) waiting() (n int) {
	for _, store := range c.stores {
		n += store.stale.refused()
	}
	return n
}

const (
	// dropTime is how long an app that stops waits at most for stores to take drops.
	dropTime  = 5 * time.Second
	dropPause = 20 * time.Millisecond
)

// drain waits until no drop waits for its store, but not longer than the limit.
// Nobody sends them after the process has ended.
func (c *caches) drain(limit time.Duration) {
	for until := time.Now().Add(limit); c.waiting() > 0; time.Sleep(dropPause) {
		if !time.Now().Before(until) {
			c.log.Warn("the app stops while dropped tags wait for the store of cached responses", "waiting", c.waiting())
			return
		}
	}
}

// sharedCache is a store with what the app knows of it.
type sharedCache struct {
	CacheStore
	log *slog.Logger
	// gate is nil for a store in the memory of the process, which neither fails nor
	// waits.
	gate   *budget.Gate
	budget time.Duration
	// keeps is for how long responses are kept at most; 0 if this app keeps none.
	keeps  time.Duration
	strict bool
	// everything is the key of a tag that all responses have.
	everything string
	stale      staleTags
}

// use notes what a cache says about its store.
func (s *sharedCache) use(c *CacheConfig) {
	s.budget = max(s.budget, c.Budget)
	s.keeps = max(s.keeps, c.TTL)
	s.strict = s.strict || c.Strict
}

// calls calls the store within a budget.
func (s *sharedCache) calls(ctx context.Context, limit time.Duration, f func(context.Context) ([][]byte, error)) ([][]byte, error) {
	if s.gate == nil {
		return f(ctx)
	}
	return budget.Call(ctx, s.gate, cmp.Or(limit, budget.Default), f)
}

func (s *sharedCache) get(ctx context.Context, limit time.Duration, keys ...string) ([][]byte, error) {
	return s.calls(ctx, limit, func(ctx context.Context) ([][]byte, error) {
		values, err := s.Get(ctx, keys...)
		return values, cmp.Or(err, errShort(len(values), len(keys)))
	})
}

func (s *sharedCache) set(ctx context.Context, limit time.Duration, key string, value []byte, ttl time.Duration) error {
	_, err := s.calls(ctx, limit, func(ctx context.Context) ([][]byte, error) { return nil, s.Set(ctx, key, value, ttl) })
	return err
}

func (s *sharedCache) renew(ctx context.Context, limit, ttl time.Duration, keys []string) ([][]byte, error) {
	return s.calls(ctx, limit, func(ctx context.Context) ([][]byte, error) {
		values, err := s.Renew(ctx, ttl, keys...)
		return values, cmp.Or(err, errShort(len(values), len(keys)))
	})
}

// isReturning reports whether the store came back a moment ago, so that drops of
// other processes may be on their way.
func (s *sharedCache) isReturning() bool { return s.gate != nil && s.gate.IsBack(returnTime) }

// drop gives tags new versions. It holds in this process in any case.
func (s *sharedCache) drop(ctx context.Context, keys []string) error {
	if s.gate == nil {
		_, err := s.Renew(ctx, tagTime, keys...)
		return err
	}
	drop := s.stale.add(keys, s.everything, time.Now().Add(cmp.Or(s.keeps, tagTime)))
	_, err := s.renew(ctx, s.budget, tagTime, drop.keys)
	if err == nil {
		s.stale.taken(drop)
		return nil
	}
	if s.stale.refuse(drop) {
		s.log.WarnContext(ctx, "dropped tags wait for the store of cached responses")
		go s.resend()
	}
	return err
}

// resend sends drops until none waits.
func (s *sharedCache) resend() {
	sent := 0
	for {
		time.Sleep(budget.Pause)
		for {
			drop, more := s.stale.next(resendSize)
			if !more {
				s.log.Info("no dropped tag waits for the store of cached responses any more", "sent", sent)
				return
			}
			if len(drop.keys) == 0 {
				break
			}
			if _, err := s.renew(context.Background(), s.budget, tagTime, drop.keys); err != nil {
				break
			}
			s.stale.taken(drop)
			sent += len(drop.keys)
		}
	}
}

// staleTags are drops that a store has not taken yet, by the keys of their tags.
type staleTags struct {
	mutex sync.Mutex
	tags  map[string]staleTag
	// sending means that a goroutine sends what was refused.
	sending bool
}

// staleTag is the latest drop of a tag.
type staleTag struct {
	version string
	until   time.Time
	refused bool
}

// drop is a call that drops tags.
type drop struct {
	keys     []string
	versions []string
}

// add notes drops, which count from now on. Where there are too many, everything
// is dropped.
func (s *staleTags) add(keys []string, everything string, until time.Time) drop {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	if s.tags == nil || len(s.tags)+len(keys) > maxStale {
		if s.tags != nil {
			keys = []string{everything}
		}
		s.tags = map[string]staleTag{}
	}
	version := rand.Text()
	d := drop{keys: keys, versions: make([]string, len(keys))}
	for i, key := range keys {
		d.versions[i] = version
		s.tags[key] = staleTag{version: version, until: until}
	}
	return d
}

// taken forgets drops that the store took, but for those that came later.
func (s *staleTags) taken(d drop) {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	for i, key := range d.keys {
		if s.tags[key].version == d.versions[i] {
			delete(s.tags, key)
		}
	}
}

// refuse notes that the store did not take a drop. It reports whether the caller
// is the one to send it again.
func (s *staleTags) refuse(d drop) (first bool) {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	for _, key := range d.keys {
		if tag, ok := s.tags[key]; ok {
			tag.refused = true
			s.tags[key] = tag
		}
	}
	first = !s.sending
	s.sending = true
	return first
}

// next are drops to send, at most so many. There are no more where none waits.
func (s *staleTags) next(most int) (d drop, more bool) {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	now := time.Now()
	for key, tag := range s.tags {
		switch {
		case tag.refused && now.After(tag.until): // no response from before is left
			delete(s.tags, key)
		case tag.refused && len(d.keys) < most:
			d.keys, d.versions = append(d.keys, key), append(d.versions, tag.version)
		}
	}
	s.sending = len(d.keys) > 0
	return d, s.sending
}

// refused is how many drops the store did not take.
func (s *staleTags) refused() (n int) {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	for _, tag := range s.tags {
		if tag.refused {
			n++
		}
	}
	return n
}

// version is what a version of a tag in the store counts as in this process.
func (s *staleTags) version(key string, stored []byte) string {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	if tag, ok := s.tags[key]; ok {
		return string(stored) + "+" + tag.version
	}
	return string(stored)
}

func errShort(got, want int) error {
	if got == want {
		return nil
	}
	return fmt.Errorf("the store returned %d values for %d keys", got, want)
}
