package responsecache

import (
	"cmp"
	"context"
	"crypto/rand"
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

const (
	// maxStale is how many drops may wait for a store. Over it everything is dropped.
	maxStale = 1 << 16
	// resendSize is how many drops are sent at once.
	resendSize = 512
)

// Waiting is how many drops wait for their stores.
func (c *Caches) Waiting() (n int) {
	for _, cache := range c.known {
		n += cache.stale.refused()
	}
	return n
}

const (
	// DrainTime is how long an app that stops waits at most for stores to take drops.
	DrainTime = 5 * time.Second
	// drainPause is how often it looks whether they have.
	drainPause = 20 * time.Millisecond
)

// Drain waits until no drop waits for its store, but not longer than the limit.
// Nobody sends them after the process has ended.
func (c *Caches) Drain(limit time.Duration) {
	for until := time.Now().Add(limit); c.Waiting() > 0; time.Sleep(drainPause) {
		if !time.Now().Before(until) {
			c.log.Warn("the app stops while dropped tags wait for the store of cached responses", "waiting", c.Waiting())
			return
		}
	}
}

// isReturning reports whether the store came back a moment ago, so that drops of
// other processes may be on their way.
func (s *Cache) isReturning() bool { return s.gate != nil && s.gate.IsBack(returnTime) }

// drop gives tags new versions. It holds in this process in any case.
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

// resend sends drops until none waits.
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
