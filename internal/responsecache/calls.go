package responsecache

import (
	"context"
	"strings"
	"sync"
	"time"
)

// Making is a response that one request makes, and that others wait for.
type Making struct {
	cache *Cache
	key   string
	// name is the key of the call. The versions are a part of it: who saw a newer one
	// must not wait for a response that was begun under an older one.
	name     string
	versions []string
	call     *sharedCall
}

// Make begins to make the response of a key under the versions of its tags, and says
// whether the caller is the one that makes it, who must then call Finish. Anybody
// else may call Wait.
func (s *Cache) Make(key string, versions []string) (m Making, own bool) {
	m = Making{cache: s, key: key, versions: versions, name: key + " " + strings.Join(versions, " ")}
	m.call, own = s.caches.calls.begin(m.name)
	return m, own
}

// Wait waits for the response that another request makes. It is nil where that cannot
// be kept, or was not made.
func (m *Making) Wait(ctx context.Context) (*Response, error) {
	if err := m.call.wait(ctx); err != nil {
		return nil, err
	}
	return readResponse(m.key, m.call.value), nil
}

// Keep hands the response to all that wait, and keeps it in the store for at most
// ttl. The end of ctx is not that of the call: others have use for the response.
func (m *Making) Keep(ctx context.Context, limit, ttl time.Duration, response *Response) error {
	response.versions = m.versions
	m.call.value = response.encode(m.key)
	return m.cache.set(context.WithoutCancel(ctx), limit, m.key, m.call.value, ttl)
}

// Finish ends the making, with or without a response.
func (m *Making) Finish() { m.cache.caches.calls.finish(m.name, m.call) }

// A callGroup lets one of the requests that want the same thing get it, while the
// others wait for what it got. What is made for one moment only is nothing that
// others may be given later, so a call is forgotten as soon as it is done.
type callGroup struct {
	mutex sync.Mutex
	calls map[string]*sharedCall
}

// sharedCall is a response on its way, or a version of a tag.
type sharedCall struct {
	done chan struct{}
	// value is nil where the response cannot be kept, failed why there is no
	// version. They are set before done is closed.
	value  []byte
	failed error
}

// begin returns the call under a key, and whether it is the caller's own, who
// must then finish it.
func (g *callGroup) begin(key string) (call *sharedCall, own bool) {
	g.mutex.Lock()
	defer g.mutex.Unlock()
	if call = g.calls[key]; call != nil {
		return call, false
	}
	if g.calls == nil {
		g.calls = map[string]*sharedCall{}
	}
	call = &sharedCall{done: make(chan struct{})}
	g.calls[key] = call
	return call, true
}

// finish hands what a call got to all that wait. The call leaves the group
// before it is done: who comes after that begins a new one.
func (g *callGroup) finish(key string, call *sharedCall) {
	g.mutex.Lock()
	delete(g.calls, key)
	g.mutex.Unlock()
	close(call.done)
}

// wait waits until the call is done, or ctx is.
func (c *sharedCall) wait(ctx context.Context) error {
	select {
	case <-c.done:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}
