package serve

import (
	"context"
	"crypto/tls"
	"net"
	"net/http"
	"sync"
	"sync/atomic"
)

// server counts what must end before a drain is over: open connections and running handlers. http.Server.Shutdown is not
// used, because net/http then immediately drops requests that it has just read, and closes idle connections without
// checking for bytes that have arrived. SetKeepAlivesEnabled has the same effect.
type server struct {
	http      http.Server // for HTTP/1.1
	http2     http.Server
	handler   http.Handler
	lim       Limits
	clock     clock
	hooks     Hooks
	protocols Protocols

	inlet1, inlet2 *inlet         // connections whose protocol had to be detected
	choosing       sync.WaitGroup // connections whose protocol is being detected

	stopping context.Context // ends when the drain begins
	stop     context.CancelFunc
	draining atomic.Bool // true once stopping has ended, cheaper to read
	over     atomic.Bool // the drain is over

	pending atomic.Int64  // connections that are not closed, hijacked connections whose handler runs, and running HTTP/2 streams
	quiet   chan struct{} // gets a value when pending becomes zero

	mu    sync.Mutex
	conns map[*conn]struct{}
}

// ServeHTTP is called by net/http on the goroutine of the connection.
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
		w.Header().Set("Connection", "close") // HTTP/2 sends a GOAWAY frame instead
	}
	s.handler.ServeHTTP(w, r)
}

func (s *server) done() {
	if s.pending.Add(-1) == 0 {
		// One buffered value is enough: wait reads the counter itself, and again after each value.
		select {
		case s.quiet <- struct{}{}:
		default:
		}
	}
}

// wait waits until nothing is pending.
func (s *server) wait(ctx context.Context) error {
	for s.pending.Load() != 0 {
		// The value may stem from an earlier zero, so the counter is checked again.
		select {
		case <-s.quiet:
		case <-ctx.Done():
			return errDrain(s.lim.Drain, s.pending.Load())
		}
	}
	return nil
}

// open registers an accepted connection, and adds TLS if configured.
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

// letGo is called when a drain must no longer find a connection.
func (s *server) letGo(c *conn) {
	c.letGo()
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.conns, c)
}

// connState tracks net/http's view of a connection. It is called on the goroutine of the connection.
func (s *server) connState(nc net.Conn, state http.ConnState) {
	c := nc.(*conn) //nolint:forcetypeassert // net/http gets no other type
	switch state {
	case http.StateIdle:
		c.endRequest()
	case http.StateHijacked:
		// net/http reports no further states. The connection counts until its handler returns: see endHandler.
		s.letGo(c)
		c.network.release()
	case http.StateClosed:
		s.forget(c)
	}
}

// drain stops everything in the order that Serve documents.
func (s *server) drain(l *listener, ended <-chan error) error {
	ctx, cancel := context.WithTimeout(context.Background(), s.lim.Drain)
	defer cancel()
	// Closes whatever the drain has left open.
	defer s.closeAll()

	s.stop() // first, so that a response with Connection: close is sent after stopping has ended
	s.draining.Store(true)
	if s.hooks.Draining != nil {
		s.hooks.Draining()
	}
	l.refuse()
	s.lingerAll()
	select {
	case <-ended: //nolint:errcheck // Serve returns the error
	case <-ctx.Done():
		return errDrain(s.lim.Drain, s.pending.Load())
	}
	s.choosing.Wait() // each has its own deadline
	// All of them have been passed on, so none is lost here.
	s.inlet1.end()
	go s.http2.Shutdown(ctx) //nolint:errcheck // it asks clients to send no more requests; wait notices when they end
	if err := s.wait(ctx); err != nil {
		return err
	}
	if s.http.Shutdown(ctx) != nil {
		return errDrain(s.lim.Drain, s.pending.Load())
	}
	return s.wait(ctx)
}

// closeAll closes the remaining connections.
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
