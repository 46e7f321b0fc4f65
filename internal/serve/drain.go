package serve

import (
	"context"
	"net"
	"net/http"
	"sync"
	"sync/atomic"
)

// server counts what must end before a drain is over: open connections and running handlers. http.Server.Shutdown cannot be used for it, since from its first moment
// on net/http drops a request it has just read, and it closes idle connections without a look at what has arrived on them; so does SetKeepAlivesEnabled.
type server struct {
	http    http.Server
	handler http.Handler
	lim     Limits
	hooks   Hooks

	stopping context.Context // ends when the drain begins
	stop     context.CancelFunc
	draining atomic.Bool // the same for a quick look

	pending atomic.Int64  // connections of type *conn, plus running handlers on any connection
	quiet   chan struct{} // has a value after pending became zero

	mu    sync.Mutex
	conns map[*conn]struct{}
}

// ServeHTTP is what net/http calls, on the connection's goroutine.
func (s *server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.pending.Add(1)
	defer s.done()
	ambiguous := false
	if c, ok := r.Context().Value(connKey{}).(*conn); ok {
		ambiguous = c.startRequest(r)
	}
	if ambiguous || s.draining.Load() {
		w.Header().Set("Connection", "close")
	}
	s.handler.ServeHTTP(w, r)
}

func (s *server) done() {
	if s.pending.Add(-1) == 0 {
		// One value is enough: settle looks at the number itself, and again after each
		// value.
		select {
		case s.quiet <- struct{}{}:
		default:
		}
	}
}

// wait waits until nothing is pending.
func (s *server) wait(ctx context.Context) error {
	for s.pending.Load() != 0 {
		// The value may be from an earlier zero, so it only leads to another look.
		select {
		case <-s.quiet:
		case <-ctx.Done():
			return errDrain(s.lim.Drain, s.pending.Load())
		}
	}
	return nil
}

// open adopts an accepted connection. The one kind left bare is TLS, see Serve.
func (s *server) open(nc net.Conn) *conn {
	s.pending.Add(1)
	c := &conn{Conn: nc, server: s, waiting: true}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.conns[c] = struct{}{}
	return c
}

func (s *server) forget(c *conn) {
	s.mu.Lock()
	delete(s.conns, c)
	s.mu.Unlock()
	s.done()
}

// connState follows net/http's view of a connection; it is called on the connection's goroutine.
func (s *server) connState(nc net.Conn, state http.ConnState) {
	c, ok := nc.(*conn)
	if !ok {
		return
	}
	switch state {
	case http.StateActive:
		c.gotRequest()
	case http.StateIdle:
		c.endRequest()
	case http.StateHijacked:
		// net/http reports nothing more of it. Its handler counts until it returns.
		c.letGo()
		s.forget(c)
	case http.StateClosed:
		s.forget(c)
	}
}

// drain ends everything in the order that Serve documents. What is left to Shutdown is connections over TLS.
func (s *server) drain(l *listener, ended <-chan error) error {
	ctx, cancel := context.WithTimeout(context.Background(), s.lim.Drain)
	defer cancel()
	// At the end nothing is open, whatever the drain has left.
	defer s.http.Close()

	s.stop() // first, so that a response that announces the end of its connection knows of the stop
	s.draining.Store(true)
	if s.hooks.Draining != nil {
		s.hooks.Draining()
	}
	l.refuse()
	s.lingerAll()
	select {
	case <-ended: //nolint:errcheck // Serve has it
	case <-ctx.Done():
		return errDrain(s.lim.Drain, s.pending.Load())
	}
	if err := s.wait(ctx); err != nil {
		return err
	}
	if s.http.Shutdown(ctx) != nil {
		return errDrain(s.lim.Drain, s.pending.Load())
	}
	return s.wait(ctx)
}

func (s *server) lingerAll() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for c := range s.conns {
		c.linger()
	}
}
