package responsecache

import (
	"context"
	"strings"
	"sync"
	"time"
)

// Making is a response that one request makes while others wait for it.
type Making struct {
	cache *Cache
	key   string
	// callKey is the key of the call. It includes the versions: a request that saw a newer version must not wait for a
	// response that was started under an older one.
	callKey  string
	versions []string
	call     *sharedCall
}

// Make starts making the response for a key under the versions of its tags. It reports whether the caller is the one who
// makes it; that caller must call Finish. All others may call Wait.
func (c *Cache) Make(key string, versions []string) (m Making, own bool) {
	m = Making{cache: c, key: key, versions: versions, callKey: key + " " + strings.Join(versions, " ")}
	m.call, own = c.calls.begin(m.callKey)
	return m, own
}

// Wait waits for the response that another request makes. It returns nil if there is none or it cannot be shared.
func (m *Making) Wait(ctx context.Context) (*Response, error) {
	if err := m.call.wait(ctx); err != nil {
		return nil, err
	}
	return readResponse(m.key, m.call.value), nil
}

// Keep passes the response to all waiting requests and stores it for at most ttl. It does not stop when ctx is
// cancelled, because other requests need the response.
func (m *Making) Keep(ctx context.Context, limit, ttl time.Duration, made *Response) error {
	made.versions = m.versions
	m.call.value = made.encode(m.key)
	return m.cache.set(context.WithoutCancel(ctx), limit, m.key, m.call.value, ttl)
}

// Finish ends the call, with or without a response.
func (m *Making) Finish() { m.cache.calls.finish(m.callKey, m.call) }

// A callGroup runs a function once for concurrent callers of the same key, like singleflight. A result is given only to
// callers that wait while it runs; afterwards the call is deleted, because a later caller needs a newer result.
type callGroup struct {
	mutex sync.Mutex
	calls map[string]*sharedCall
}

// sharedCall is a call in progress, for a response or for the version of a tag.
type sharedCall struct {
	done chan struct{}
	// value is nil if the response cannot be kept; failed is the reason if there is no version. Both are set before done is
	// closed.
	value  []byte
	failed error
}

// begin returns the call for a key and reports whether it belongs to the caller, who must then finish it.
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

// finish passes the result of a call to all waiting callers. The call is deleted before done is closed, so that later
// callers start a new one.
func (g *callGroup) finish(key string, call *sharedCall) {
	g.mutex.Lock()
	delete(g.calls, key)
	g.mutex.Unlock()
	close(call.done)
}

// wait waits until the call or ctx is done.
func (c *sharedCall) wait(ctx context.Context) error {
	select {
	case <-c.done:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}
