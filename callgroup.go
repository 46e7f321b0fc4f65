package candor

import "sync"

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
