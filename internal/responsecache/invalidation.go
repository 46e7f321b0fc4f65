package responsecache

import (
	"cmp"
	"context"
	"crypto/rand"
	"errors"
	"sync"
	"time"

	"github.com/candor-go/candor/internal/budget"
)

// An invalidation takes effect in this process first, before the store is called. While an invalidation waits for the
// store, the version of a tag is the stored version combined with the pending invalidation. So no response cached before
// it is served, even if the store is unavailable, slow, or has just come back. The invalidation is sent again until the
// store accepts it or no earlier response can be left.
//
// Other processes learn of it when the store accepts it. A process that could not reach the store serves nothing from it
// for a moment after it is back, so that invalidations of other processes arrive first.
//
// An invalidation is never repeated with the same version, and a store never gives a version twice. So a request that a
// client of the store sends late or twice only invalidates once more; it never restores an old response.

const (
	// maxPending is how many invalidated tags may wait for a store. Beyond that, everything is invalidated.
	maxPending = 1 << 16
	// resendSize is how many tags are sent to a store in one call.
	resendSize = 512
)

// Invalidate gives tags new versions in all stores. It goes on if one of them fails, since the other stores must not
// keep serving stale responses.
func (c *Caches) Invalidate(ctx context.Context, tags []string) error {
	var errs []error
	keys := c.tagKeys(tags)
	for _, cache := range c.known {
		errs = append(errs, cache.invalidate(ctx, keys))
	}
	return errors.Join(errs...)
}

// Announce gives tags new versions for a short time in all strict stores, before a commit that makes responses with
// these tags stale. It fails if one of these stores does not respond; then the caller must not commit. If the process dies
// between the commit and Invalidate, the short-lived versions expire, which invalidates the tags once more.
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

// Waiting returns how many invalidated tags wait for their stores.
func (c *Caches) Waiting() (n int) {
	for _, cache := range c.known {
		n += cache.pending.waiting()
	}
	return n
}

const (
	// DrainTime is how long a stopping app waits at most until stores have accepted the invalidations.
	DrainTime = 5 * time.Second
	// drainPause is the polling interval of Drain.
	drainPause = 20 * time.Millisecond
)

// Drain waits until all invalidations have been accepted by their stores, at most for the limit. After the process has
// ended nobody would send them.
func (c *Caches) Drain(limit time.Duration) {
	for until := time.Now().Add(limit); c.Waiting() > 0; time.Sleep(drainPause) {
		if !time.Now().Before(until) {
			c.log.Warn("the app stops while dropped tags wait for the store of cached responses", "waiting", c.Waiting())
			return
		}
	}
}

// invalidate gives tags new versions. In this process it always takes effect.
func (c *Cache) invalidate(ctx context.Context, keys []string) error {
	if c.gate == nil {
		_, err := c.store.Renew(ctx, tagTime, keys...)
		return err
	}
	sent := c.pending.add(keys, c.everything, time.Now().Add(cmp.Or(c.keeps, tagTime)))
	_, err := c.renew(ctx, c.budget, tagTime, sent.keys)
	if err == nil {
		c.pending.accepted(sent)
		return nil
	}
	if c.pending.refused(sent) {
		c.log.WarnContext(ctx, "dropped tags wait for the store of cached responses")
		go c.resend()
	}
	return err
}

// resend sends refused invalidations again until none is left, with a pause before the first and after each failure.
func (c *Cache) resend() {
	count := 0
	time.Sleep(budget.Pause)
	for sent := c.pending.next(); len(sent.keys) > 0; sent = c.pending.next() {
		if _, err := c.renew(context.Background(), c.budget, tagTime, sent.keys); err != nil {
			time.Sleep(budget.Pause)
			continue
		}
		c.pending.accepted(sent)
		count += len(sent.keys)
	}
	c.log.Info("no dropped tag waits for the store of cached responses any more", "sent", count)
}

// pendingTags are the invalidated tags of a store that has not accepted their invalidations yet, by tag key.
type pendingTags struct {
	mutex sync.Mutex
	tags  map[string]pendingTag
	// resending reports whether a goroutine sends refused invalidations again. There is at most one.
	resending bool
}

// pendingTag is the latest invalidation of a tag.
type pendingTag struct {
	// version is combined with the stored one until the store accepts the invalidation.
	version string
	// until is when all responses have expired that were cached before.
	until time.Time
	// refused means that a call has failed, so that it is sent again. Otherwise the first call still runs.
	refused bool
}

// invalidation is a call of a store that invalidates tags. A tag may be invalidated again while the call runs, so the
// versions say which invalidations the call stands for.
type invalidation struct {
	keys     []string
	versions []string
}

// add records invalidations, which take effect immediately. If there are too many, everything is invalidated instead.
func (p *pendingTags) add(keys []string, everything string, until time.Time) invalidation {
	p.mutex.Lock()
	defer p.mutex.Unlock()
	if len(p.tags)+len(keys) > maxPending {
		p.tags, keys = nil, []string{everything}
	}
	if p.tags == nil {
		p.tags = map[string]pendingTag{}
	}
	version := rand.Text()
	sent := invalidation{keys: keys, versions: make([]string, len(keys))}
	for i, key := range keys {
		sent.versions[i] = version
		p.tags[key] = pendingTag{version: version, until: until}
	}
	return sent
}

// accepted deletes the invalidations that the store has accepted, except those made again since.
func (p *pendingTags) accepted(sent invalidation) {
	p.mutex.Lock()
	defer p.mutex.Unlock()
	for i, key := range sent.keys {
		if p.tags[key].version == sent.versions[i] {
			delete(p.tags, key)
		}
	}
}

// refused records that the store did not accept a call. It reports whether the caller must start resending.
func (p *pendingTags) refused(sent invalidation) (first bool) {
	p.mutex.Lock()
	defer p.mutex.Unlock()
	for _, key := range sent.keys {
		if tag, ok := p.tags[key]; ok {
			tag.refused = true
			p.tags[key] = tag
		}
	}
	first = !p.resending
	p.resending = true
	return first
}

// next returns refused invalidations to send again. If there are none, the caller must end: the next refused invalidation
// starts another goroutine.
func (p *pendingTags) next() (again invalidation) {
	p.mutex.Lock()
	defer p.mutex.Unlock()
	now := time.Now()
	for key, tag := range p.tags {
		switch {
		case tag.refused && now.After(tag.until): // no earlier response is left
			delete(p.tags, key)
		case tag.refused && len(again.keys) < resendSize:
			again.keys, again.versions = append(again.keys, key), append(again.versions, tag.version)
		}
	}
	p.resending = len(again.keys) > 0
	return again
}

// waiting returns how many invalidations the store has refused and not accepted since.
func (p *pendingTags) waiting() (n int) {
	p.mutex.Lock()
	defer p.mutex.Unlock()
	for _, tag := range p.tags {
		if tag.refused {
			n++
		}
	}
	return n
}

// version returns the version of a tag in this process, given the stored one.
func (p *pendingTags) version(key string, stored []byte) string {
	p.mutex.Lock()
	defer p.mutex.Unlock()
	if tag, ok := p.tags[key]; ok {
		return string(stored) + "+" + tag.version
	}
	return string(stored)
}
