package serve

import (
	"context"
	"crypto/tls"
	"net"
	"net/http"
	"sync"
	"sync/atomic"
)

// server counts what must end before a drain is over: open connections and running handlers. http.Server.Shutdown cannot be used for it, since from its first moment
// on net/http drops a request it has just read, and it closes idle connections without a look at what has arrived on them; so does SetKeepAlivesEnabled.
type server struct {
	http      http.Server // of HTTP/1.1
	http2     http.Server
	handler   http.Handler
	lim       Limits
	clock     clock
	hooks     Hooks
	protocols Protocols

	inlet1, inlet2 *inlet         // connections whose protocol had to be found out
	choosing       sync.WaitGroup // connections for which it is being found out

	stopping context.Context // ends when the drain begins
	stop     context.CancelFunc
	draining atomic.Bool // the same for a quick look
	over     atomic.Bool // the drain is over

	pending atomic.Int64  // connections until they are closed, or their handler ends if it took them over; and running streams of HTTP/2
	quiet   chan struct{} // has a value after pending became zero

	mu    sync.Mutex
	conns map[*conn]struct{}
}

// ServeHTTP is what net/http calls, on the connection's goroutine.
func (s *server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	c, _ := r.Context().Value(connKey{}).(*conn)
	if c.http2 {
		s.pending.Add(1)
		defer s.done()
		r.TLS = c.secure
		s.serveStream(w, r)
		return
	}
	defer c.endHandler()
	if ambiguous := c.startRequest(r); ambiguous || s.draining.Load() {
		w.Header().Set("Connection", "close") // HTTP/2 says it in a frame (GOAWAY)
	}
	s.handler.ServeHTTP(w, r)
}

func (s *server) done() {
	if s.pending.Add(-1) == 0 {
		// One value is enough: wait looks at the number itself, and again after each
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

// open adopts an accepted connection, with TLS upon it if that is asked for.
func (s *server) open(nc net.Conn) *conn {
	s.pending.Add(1)
	network := &pacedConn{Conn: nc, lim: &s.lim, clock: &s.clock}
	c := &conn{Conn: network, network: network, server: s, headerEnd: s.clock.after(s.lim.ReadHeader)}
	if _, already := nc.(*tls.Conn); s.protocols.TLS != nil && !already {
		c.Conn = tls.Server(network, s.protocols.TLS)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.conns[c] = struct{}{}
	return c
}

// forget is called when a connection is closed.
func (s *server) forget(c *conn) {
	s.letGo(c)
	s.done()
}

// letGo is called when a connection is not to be found by a drain any more.
func (s *server) letGo(c *conn) {
	c.letGo()
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.conns, c)
}

// connState follows net/http's view of a connection; it is called on the connection's goroutine.
func (s *server) connState(nc net.Conn, state http.ConnState) {
	c := nc.(*conn) //nolint:forcetypeassert // nothing else is handed to net/http
	switch state {
	case http.StateIdle:
		c.endRequest()
	case http.StateHijacked:
		// net/http reports nothing more of it. It counts until its handler returns: see endHandler.
		s.letGo(c)
		c.network.release()
	case http.StateClosed:
		s.forget(c)
	}
}

// drain ends everything in the order that Serve documents.
func (s *server) drain(l *listener, ended <-chan error) error {
	ctx, cancel := context.WithTimeout(context.Background(), s.lim.Drain)
	defer cancel()
	// At the end nothing is open, whatever the drain has left.
	defer s.closeAll()

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
	s.choosing.Wait() // each has a deadline of its own
	// All of them have been handed on, so none is lost here.
	s.inlet1.end()
	go s.http2.Shutdown(ctx) //nolint:errcheck // it asks clients to send no more, and wait learns of their end
	if err := s.wait(ctx); err != nil {
		return err
	}
	if s.http.Shutdown(ctx) != nil {
		return errDrain(s.lim.Drain, s.pending.Load())
	}
	return s.wait(ctx)
}

// closeAll closes what is left.
func (s *server) closeAll() {
	s.over.Store(true)
	_ = s.http.Close()
	_ = s.http2.Close()
}

func (s *server) lingerAll() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for c := range s.conns {
		c.linger()
	}
}
