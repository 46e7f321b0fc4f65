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
// The package knows keys, tags and responses. Its callers decide what is part of a key and what a request invalidates.
package responsecache

import (
	"cmp"
	"context"
	"errors"
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

// Caches are the caches of an app, one for each store, and the calls that its requests wait for. All caches are created
// before the first request.
type Caches struct {
	byDefault *Cache
	// space separates apps that share a store.
	space string
	log   *slog.Logger
	known []*Cache
	calls callGroup
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
	s := &Cache{caches: c, store: store, log: c.log, budget: budget.Default, everything: "all:" + digest.Of(c.space)}
	if _, ok := store.(*Memory); !ok {
		s.gate = budget.New(c.log, "the store of cached responses")
	}
	c.known = append(c.known, s)
	return s
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

// Invalidate gives tags new versions in all stores. It goes on if one of them fails, since the other stores must not
// keep serving stale responses.
func (c *Caches) Invalidate(ctx context.Context, tags []string) error {
	var errs []error
	keys := c.tagKeys(tags)
	for _, cache := range c.known {
		errs = append(errs, cache.drop(ctx, keys))
	}
	return errors.Join(errs...)
}

// Announce tells strict stores which tags are about to be invalidated.
func (c *Caches) Announce(ctx context.Context, tags []string) error {
	for _, cache := range c.known {
		if !cache.strict {
			continue
		}
		if _, err := cache.renew(ctx, cache.budget, doubtTime, c.tagKeys(tags)); err != nil {
			return err
		}
	}
	return nil
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

// IsStrict reports whether any store is strict.
func (c *Caches) IsStrict() bool {
	return slices.ContainsFunc(c.known, func(s *Cache) bool { return s.strict })
}

// Cache is a store and the state that the app keeps for it.
type Cache struct {
	caches *Caches
	store  Store
	log    *slog.Logger
	// gate is nil for a store in the memory of the process, which neither fails nor blocks.
	gate   *budget.Gate
	budget time.Duration
	// keeps is the longest time that responses are kept, 0 if this app caches none in the store.
	keeps  time.Duration
	strict bool
	// everything is the key of a tag that all responses have.
	everything string
	stale      staleTags
}

// Use records how the cache is used: how long responses are kept, how long a call for tags may take, and whether
// invalidations must be announced before a commit. If it is called several times, the longest times and the strictest
// use apply.
func (s *Cache) Use(ttl, budget time.Duration, strict bool) {
	s.budget = max(s.budget, budget)
	s.keeps = max(s.keeps, ttl)
	s.strict = s.strict || strict
}

// Find looks up a response and the versions of its tags. The limit is the time budget, 0 for the default. A tag without
// a version gets one. The first key is the key of the response, the others are those of its tags; Find may append to
// keys.
func (s *Cache) Find(ctx context.Context, limit time.Duration, keys []string) (versions []string, kept *Response, err error) {
	if s.gate != nil {
		keys = append(keys, s.everything)
	}
	values, err := s.get(ctx, limit, keys...)
	if err != nil {
		return nil, nil, err
	}
	versions = make([]string, len(keys)-1)
	for i := range versions {
		if len(values[i+1]) == 0 {
			if values[i+1], err = s.newVersion(ctx, limit, keys[i+1]); err != nil {
				return nil, nil, err
			}
		}
		versions[i] = s.stale.version(keys[i+1], values[i+1])
	}
	kept = readResponse(keys[0], values[0])
	if kept != nil && (!slices.Equal(kept.versions, versions) || s.isReturning()) {
		kept = nil
	}
	return versions, kept, nil
}

// newVersion gives a tag a version. Concurrent requests for the same tag share one call, so that all of them see the
// same version and only one makes the response.
func (s *Cache) newVersion(ctx context.Context, limit time.Duration, key string) ([]byte, error) {
	call, own := s.caches.calls.begin(key)
	if !own {
		if err := call.wait(ctx); err != nil {
			return nil, err
		}
		return call.value, call.failed
	}
	defer s.caches.calls.finish(key, call)
	ctx = context.WithoutCancel(ctx)      // others wait for it
	values, err := s.get(ctx, limit, key) // another request may have been faster
	if err == nil && len(values[0]) == 0 {
		values, err = s.renew(ctx, limit, tagTime, []string{key})
	}
	if call.failed = err; err == nil {
		call.value = values[0]
	}
	return call.value, call.failed
}

// within calls the store with a time budget.
func (s *Cache) within(ctx context.Context, limit time.Duration, f func(context.Context) ([][]byte, error)) ([][]byte, error) {
	if s.gate == nil {
		return f(ctx)
	}
	return budget.Call(ctx, s.gate, cmp.Or(limit, budget.Default), f)
}

func (s *Cache) get(ctx context.Context, limit time.Duration, keys ...string) ([][]byte, error) {
	return s.within(ctx, limit, func(ctx context.Context) ([][]byte, error) {
		values, err := s.store.Get(ctx, keys...)
		return values, cmp.Or(err, errShort(len(values), len(keys)))
	})
}

func (s *Cache) set(ctx context.Context, limit time.Duration, key string, value []byte, ttl time.Duration) error {
	_, err := s.within(ctx, limit, func(ctx context.Context) ([][]byte, error) { return nil, s.store.Set(ctx, key, value, ttl) })
	return err
}

func (s *Cache) renew(ctx context.Context, limit, ttl time.Duration, keys []string) ([][]byte, error) {
	return s.within(ctx, limit, func(ctx context.Context) ([][]byte, error) {
		values, err := s.store.Renew(ctx, ttl, keys...)
		return values, cmp.Or(err, errShort(len(values), len(keys)))
	})
}

func errShort(got, want int) error {
	if got == want {
		return nil
	}
	return fmt.Errorf("the store returned %d values for %d keys", got, want)
}
