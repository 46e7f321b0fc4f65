// Package responsecache stores responses and invalidates them by tags.
//
// A cached response is stored as it was encoded, together with the versions that its tags had before its handler ran.
// The version of a tag is a value in the same store; Invalidate replaces it by one that the tag never had. A cache
// entry is valid only while all of its tags still have the versions stored in it. So a response that was being made
// while a tag was invalidated is never used, and a version that the store has lost is replaced by a new one, which no
// entry has. Losing any value is therefore safe, and a store needs to know nothing about tags.
//
// Requests wait for another request's response only if they saw the same versions. So a client that has seen a tag
// invalidated never gets a response that was begun before.
//
// A Plan is what one operation does with its cache: it makes the keys, and tells which responses may be kept. The package
// knows neither inputs nor handlers; the root says which headers and cookies an operation reads.
package responsecache

import (
	"cmp"
	"context"
	"fmt"
	"log/slog"
	"slices"
	"time"

	"github.com/candor-go/candor/internal/budget"
	"github.com/candor-go/candor/internal/digest"
)

// Store stores bytes under keys for a limited time. It is candor.CacheStore.
type Store interface {
	Get(ctx context.Context, keys ...string) ([][]byte, error)
	Set(ctx context.Context, key string, value []byte, ttl time.Duration) error
	Renew(ctx context.Context, ttl time.Duration, keys ...string) ([][]byte, error)
}

const (
	// tagTime is how long the version of a tag is kept. Responses older than that are misses.
	tagTime = 7 * 24 * time.Hour
	// doubtTime is how long a tag keeps the version that it gets before a commit. If the process dies after the commit,
	// stale responses are served for at most that long.
	doubtTime = 10 * time.Second
	// returnTime is how long a process serves nothing from a store that has become available again.
	returnTime = time.Second
)

// Caches are the caches of an app, one for each store. All are created before the first request.
type Caches struct {
	byDefault *Cache
	// space separates apps that share a store.
	space string
	log   *slog.Logger
	known []*Cache
}

// New returns the caches of an app. The space separates it from other apps that use the same store. If store is nil,
// responses are kept in a Memory.
func New(store Store, space string, log *slog.Logger) *Caches {
	if store == nil {
		store = NewMemory(0)
	}
	c := &Caches{space: space, log: log}
	c.byDefault = c.Of(store)
	return c
}

// Space returns what separates the app from others that share a store.
func (c *Caches) Space() string { return c.space }

// Of returns the cache for a store; nil means the store given to New. It is the same for each call.
func (c *Caches) Of(store Store) *Cache {
	if store == nil {
		return c.byDefault
	}
	for _, known := range c.known {
		if budget.Same(known.store, store) {
			return known
		}
	}
	cache := &Cache{store: store, log: c.log, budget: budget.Default, everything: "all:" + digest.Of(c.space)}
	if _, ok := store.(*Memory); !ok {
		cache.gate = budget.New(c.log, "the store of cached responses")
	}
	c.known = append(c.known, cache)
	return cache
}

// TagKey returns the key of a tag in a store.
func (c *Caches) TagKey(tag string) string { return "tag:" + digest.Of(c.space+"\n"+tag) }

func (c *Caches) tagKeys(tags []string) []string {
	keys := make([]string, len(tags))
	for i, tag := range tags {
		keys[i] = c.TagKey(tag)
	}
	return keys
}

// Err returns an error while a store is bypassed because it does not respond.
func (c *Caches) Err() error {
	for _, cache := range c.known {
		if cache.gate == nil {
			continue
		}
		if err := cache.gate.Err(); err != nil {
			return err
		}
	}
	return nil
}

// IsStrict reports whether any store is strict, so that Announce has to be called.
func (c *Caches) IsStrict() bool {
	return slices.ContainsFunc(c.known, func(cache *Cache) bool { return cache.strict })
}

// Cache is a store and the state that the app keeps for it.
type Cache struct {
	store Store
	log   *slog.Logger
	// gate is nil for a store in the memory of the process, which neither fails nor blocks.
	gate *budget.Gate
	// budget is how long a call for tags may take.
	budget time.Duration
	// keeps is the longest time that responses are kept, 0 if this app caches none in the store.
	keeps time.Duration
	// strict stores must learn of an invalidation before the commit that causes it, see Announce.
	strict bool
	// everything is the key of a tag that all responses in a store outside of the process have.
	everything string
	// calls are those that several requests wait for.
	calls   callGroup
	pending pendingTags
}

// Use records how the cache is used: how long responses are kept, how long a call for tags may take, and whether
// invalidations must be announced before a commit. If it is called several times, the longest times and the strictest
// use apply.
func (c *Cache) Use(ttl, budget time.Duration, strict bool) {
	c.budget = max(c.budget, budget)
	c.keeps = max(c.keeps, ttl)
	c.strict = c.strict || strict
}

// Find looks up a response and the versions of its tags. The limit is the time budget, 0 for the default. A tag without
// a version gets one. The first key is the key of the response, the others are those of its tags; Find may append to
// keys. The response is nil if there is none that may be served.
func (c *Cache) Find(ctx context.Context, limit time.Duration, keys []string) (versions []string, kept *Response, err error) {
	if c.gate != nil {
		keys = append(keys, c.everything)
	}
	values, err := c.get(ctx, limit, keys...)
	if err != nil {
		return nil, nil, err
	}
	versions, err = c.versions(ctx, limit, keys[1:], values[1:])
	if err != nil {
		return nil, nil, err
	}
	kept = readResponse(keys[0], values[0])
	if kept == nil || !slices.Equal(kept.versions, versions) || c.isReturning() {
		return versions, nil, nil
	}
	return versions, kept, nil
}

// isReturning reports whether the store came back a moment ago, so that invalidations of other processes may still be
// on their way.
func (c *Cache) isReturning() bool { return c.gate != nil && c.gate.IsBack(returnTime) }

// versions returns the versions of tags in this process, given the stored ones.
func (c *Cache) versions(ctx context.Context, limit time.Duration, keys []string, stored [][]byte) (versions []string, err error) {
	versions = make([]string, len(keys))
	for i, key := range keys {
		version := stored[i]
		if len(version) == 0 {
			if version, err = c.newVersion(ctx, limit, key); err != nil {
				return nil, err
			}
		}
		versions[i] = c.pending.version(key, version)
	}
	return versions, nil
}

// newVersion gives a tag a version. Concurrent requests for the same tag share one call, so that all of them see the
// same version and only one makes the response.
func (c *Cache) newVersion(ctx context.Context, limit time.Duration, key string) ([]byte, error) {
	running, own := c.calls.begin(key)
	if !own {
		if err := running.wait(ctx); err != nil {
			return nil, err
		}
		return running.value, running.failed
	}
	defer c.calls.finish(key, running)
	ctx = context.WithoutCancel(ctx)      // others wait for it
	values, err := c.get(ctx, limit, key) // another request may have been faster
	if err == nil && len(values[0]) == 0 {
		values, err = c.renew(ctx, limit, tagTime, []string{key})
	}
	if running.failed = err; err == nil {
		running.value = values[0]
	}
	return running.value, running.failed
}

// call calls the store with a time budget.
func (c *Cache) call(ctx context.Context, limit time.Duration, f func(context.Context) ([][]byte, error)) ([][]byte, error) {
	if c.gate == nil {
		return f(ctx)
	}
	return budget.Call(ctx, c.gate, cmp.Or(limit, budget.Default), f)
}

func (c *Cache) get(ctx context.Context, limit time.Duration, keys ...string) ([][]byte, error) {
	return c.call(ctx, limit, func(ctx context.Context) ([][]byte, error) {
		values, err := c.store.Get(ctx, keys...)
		return values, cmp.Or(err, errShort(len(values), len(keys)))
	})
}

func (c *Cache) set(ctx context.Context, limit time.Duration, key string, value []byte, ttl time.Duration) error {
	_, err := c.call(ctx, limit, func(ctx context.Context) ([][]byte, error) { return nil, c.store.Set(ctx, key, value, ttl) })
	return err
}

func (c *Cache) renew(ctx context.Context, limit, ttl time.Duration, keys []string) ([][]byte, error) {
	return c.call(ctx, limit, func(ctx context.Context) ([][]byte, error) {
		values, err := c.store.Renew(ctx, ttl, keys...)
		return values, cmp.Or(err, errShort(len(values), len(keys)))
	})
}

func errShort(got, want int) error {
	if got == want {
		return nil
	}
	return fmt.Errorf("the store returned %d values for %d keys", got, want)
}
