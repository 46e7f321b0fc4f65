package responsecache

import (
	"cmp"
	"context"
	"crypto/rand"
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
	// maxStale is how many invalidated tags may wait for a store. Beyond that, everything is invalidated.
	maxStale = 1 << 16
	// resendSize is how many tags are sent to a store in one call.
	resendSize = 512
)

// Waiting returns how many invalidated tags wait for their stores.
func (c *Caches) Waiting() (n int) {
	for _, cache := range c.known {
		n += cache.stale.refused()
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

// isReturning reports whether the store came back a moment ago, so that invalidations of other processes may still be
// on their way.
func (s *Cache) isReturning() bool { return s.gate != nil && s.gate.IsBack(returnTime) }

// drop gives tags new versions. In this process it always takes effect.
func (s *Cache) drop(ctx context.Context, keys []string) error {
	if s.gate == nil {
		_, err := s.store.Renew(ctx, tagTime, keys...)
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

// resend sends invalidations until none is waiting.
func (s *Cache) resend() {
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

// staleTags are invalidations that a store has not accepted yet, by tag key.
type staleTags struct {
	mutex sync.Mutex
	tags  map[string]staleTag
	// sending reports whether a goroutine is resending refused invalidations.
	sending bool
}

// staleTag is the latest invalidation of a tag.
type staleTag struct {
	version string
	until   time.Time
	refused bool
}

// drop is a call that invalidates tags.
type drop struct {
	keys     []string
	versions []string
}

// add records invalidations, which take effect immediately. If there are too many, everything is invalidated.
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

// taken deletes the invalidations that the store has accepted, except those made again since.
func (s *staleTags) taken(d drop) {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	for i, key := range d.keys {
		if s.tags[key].version == d.versions[i] {
			delete(s.tags, key)
		}
	}
}

// refuse records that the store did not accept a call. It reports whether the caller must start resending.
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

// next returns at most that many invalidations to send, and whether any are still waiting.
func (s *staleTags) next(most int) (d drop, more bool) {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	now := time.Now()
	for key, tag := range s.tags {
		switch {
		case tag.refused && now.After(tag.until): // no earlier response is left
			delete(s.tags, key)
		case tag.refused && len(d.keys) < most:
			d.keys, d.versions = append(d.keys, key), append(d.versions, tag.version)
		}
	}
	s.sending = len(d.keys) > 0
	return d, s.sending
}

// refused returns how many invalidations the store did not accept.
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

// version returns the version of a tag in this process, given the stored one.
func (s *staleTags) version(key string, stored []byte) string {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	if tag, ok := s.tags[key]; ok {
		return string(stored) + "+" + tag.version
	}
	return string(stored)
}
