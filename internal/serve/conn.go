package serve

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"strconv"
	"sync"
	"sync/atomic"
	"time"
)

// A conn is the connection under one http.Server connection. It enforces the time limits for headers, bodies and idle
// connections. net/http gets no such limits, because it would set five or six deadlines per request, most of them while
// nobody reads. The conn derives the state of the request from the calls that net/http makes (see phase).
//
// A reader only records when its time is over (until). One timer per connection checks that, as rarely as possible: it
// is set only if it would fire too late, and if it fires too early, it is set again. When the time is over, it ends the
// read with a deadline in the past. So a request on a kept-alive connection sets no timer and takes no lock.
//
// The deadline of the underlying connection belongs to net/http, which uses it to end the background read that waits
// for the client to disconnect, and to handlers. A zero deadline is only remembered (asked): a stale deadline wakes a
// reader needlessly, which then sets the right one and continues.
//
// It wraps a pacedConn, or a TLS connection that does, so it sees plain HTTP.
type conn struct {
	net.Conn
	network *pacedConn
	server  *server
	secure  *tls.ConnectionState // after the handshake; net/http does not see the TLS connection
	http2   bool                 // known before net/http gets the connection

	phase atomic.Uint32 // a phase
	// The following are moments.
	asked atomic.Int64 // the read deadline set by net/http or a handler
	armed atomic.Int64 // the read deadline that was set last
	until atomic.Int64 // when the reader's time ends, in phases that have a limit
	watch atomic.Int64 // when the timer fires; never if it is not set

	// Used only by the goroutine on which net/http reads requests.
	late      bool   // the time ended before a request was complete
	peeked    []byte // bytes read to tell HTTP/2 from HTTP/1, which are read again
	headerEnd moment // when the current header must be complete; never before it has begun
	head      head
	seen      bool // head has seen all lines of the current request
	bodyPace  pace // used only by the one reader that net/http allows

	mu          sync.Mutex // guards the timer
	timer       *time.Timer
	lingerEnd   moment // when the connection is closed if no request comes while the server drains
	lookedAgain bool   // a last read after lingerEnd has begun
}

// A phase is the state of an HTTP/1 connection. It changes when bytes arrive, and with three calls of net/http: for each
// request it sets the read deadline to the zero time when it starts to wait for the request, when the request has begun,
// and when its header is complete.
//
//	fresh ----------------bytes----------------> header
//	idle --deadline--> waiting ----bytes----> begun --deadline--> header --deadline--> parsed --handler--> body or handled --StateIdle--> idle
//	                   waiting --------------deadline-----------> header (the bytes came together with the previous request)
//
// If a later version of net/http omits one of these calls, a phase lasts until the handler runs, and no limit is lost.
type phase = uint32

const (
	fresh   phase = iota // no byte has arrived on the connection
	idle                 // a request has ended
	waiting              // for the first bytes of the next request
	begun                // the first bytes have arrived
	header               // the rest of the header is being read
	parsed               // the handler is about to be called, or net/http rejects the request
	body                 // the handler runs, and the body is read with our limits
	handled              // the handler runs, and the read deadline is the one that was asked for
	taken                // we set no deadlines: the connection is hijacked, or speaks HTTP/2
)

// awaits reports whether no request is in progress.
func awaits(now phase) bool { return now <= waiting }

// isLimited reports whether we limit the time of a reader.
func isLimited(now phase) bool { return now < parsed || now == body }

type connKey struct{}

func connContext(ctx context.Context, nc net.Conn) context.Context {
	return context.WithValue(ctx, connKey{}, nc)
}

// startRequest is called before the handler. It reports whether the connection must be closed after the response.
func (c *conn) startRequest(r *http.Request) (ambiguous bool) {
	r.TLS = c.secure
	if r.Body == http.NoBody {
		c.phase.Store(handled)
	} else {
		c.bodyPace = pace{}
		c.phase.Store(body)
	}
	return c.head.isAmbiguous(r, c.seen)
}

// endHandler is called after the handler.
func (c *conn) endHandler() {
	if c.phase.Load() == taken {
		c.server.done()
	}
}

// endRequest is called when the response has been written, if the connection stays open.
func (c *conn) endRequest() {
	if c.http2 {
		return
	}
	c.headerEnd, c.seen = never, false
	c.phase.Store(idle)
}

// linger shortens the wait for another request while the server drains.
func (c *conn) linger() {
	c.mu.Lock()
	defer c.mu.Unlock()
	// A reader that sets the timer later sees that the server drains.
	if limit := c.limit(); awaits(c.phase.Load()) && c.watch.Load() > int64(limit) {
		c.setTimer(limit)
	}
}

// letGo ends all limits: the connection was hijacked or closed.
func (c *conn) letGo() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.phase.Store(taken)
	if c.timer != nil {
		c.timer.Stop()
		c.timer = nil // a hijacked connection may live for long
	}
}

// SetReadDeadline is called by net/http between the phases of a request, and by handlers.
func (c *conn) SetReadDeadline(t time.Time) error {
	now := c.phase.Load()
	if now == taken {
		return c.Conn.SetReadDeadline(t)
	}
	if to := next(now); to != now && (t.IsZero() || now == body) {
		c.phase.CompareAndSwap(now, to)
	}
	c.asked.Store(int64(c.server.clock.of(t)))
	if t.IsZero() {
		return nil
	}
	// This may interrupt a read in progress.
	c.armed.Store(c.asked.Load())
	return c.Conn.SetReadDeadline(t)
}

// next returns the phase after the read deadline was set to zero. A handler that sets a deadline also takes over the
// limits of the body.
func next(now phase) phase {
	switch now {
	case idle:
		return waiting
	case waiting, begun:
		return header
	case header:
		return parsed
	case body:
		return handled
	}
	return now
}

// SetDeadline sets both deadlines.
func (c *conn) SetDeadline(t time.Time) error {
	return errors.Join(c.SetReadDeadline(t), c.SetWriteDeadline(t))
}

// CloseWrite calls CloseWrite of the pacedConn or the TLS connection.
func (c *conn) CloseWrite() error {
	if half, ok := c.Conn.(interface{ CloseWrite() error }); ok {
		return half.CloseWrite()
	}
	return errors.ErrUnsupported
}

// Close does not wait for a client that reads nothing, and waits for no client once the time for draining is over.
func (c *conn) Close() error {
	if c.server.over.Load() {
		c.network.closeSoon(0)
	} else {
		c.network.closeSoon(closeTime)
	}
	return c.Conn.Close()
}

func (c *conn) Read(p []byte) (int, error) {
	switch now := c.phase.Load(); now {
	case taken:
		return c.readOn(p)
	case body:
		return c.readBody(p)
	case parsed, handled:
		return c.readAsked(p)
	default:
		return c.readRequest(p, now)
	}
}

// readRequest reads bytes of a request header.
func (c *conn) readRequest(p []byte, now phase) (int, error) {
	n, err := c.readUntil(p, c.requestEnd(now))
	if n > 0 {
		c.gotBytes(p[:n], now)
	} else if isTimeout(err) {
		// For Write: net/http will treat the incomplete request as malformed.
		c.late = true
	}
	return n, err
}

// requestEnd returns when the next bytes of a request must have arrived. The time for the first header of a connection
// counts from the start of the connection, for any other from the header's first byte.
func (c *conn) requestEnd(now phase) moment {
	switch {
	case now == idle || now == waiting:
		return c.server.clock.after(c.server.lim.Idle)
	case c.headerEnd == never:
		c.headerEnd = c.server.clock.after(c.server.lim.ReadHeader)
	}
	return c.headerEnd
}

func (c *conn) gotBytes(p []byte, now phase) {
	if awaits(now) {
		c.head, c.seen = head{}, true
	}
	switch now {
	case fresh:
		c.phase.Store(header)
	case idle, waiting:
		c.phase.Store(begun)
	}
	if c.seen {
		c.head.see(p)
	}
}

// readUntil reads with a limit, unless a deadline is set meanwhile.
func (c *conn) readUntil(p []byte, until moment) (int, error) {
	// Done before the timer is set: the timer may fire before the read begins, and its deadline must then stay.
	c.restoreAsked()
	c.until.Store(int64(until))
	// The timer uses the opposite order: it first records that it is not set, then reads until. So one of the two always
	// sees the other.
	if watch := moment(c.watch.Load()); watch == never || watch > until || c.server.draining.Load() {
		c.watchUntil()
	}
	return c.readArmed(p)
}

// readAsked reads until the deadline that was asked for.
func (c *conn) readAsked(p []byte) (int, error) {
	c.restoreAsked()
	return c.readArmed(p)
}

// restoreAsked undoes a deadline that the timer set for an earlier reader.
func (c *conn) restoreAsked() {
	if c.armed.Load() == int64(past) {
		c.restore()
	}
}

// readArmed reads until the deadline that was asked for, or until the timer interrupts it.
func (c *conn) readArmed(p []byte) (int, error) {
	for {
		n, err := c.readOn(p)
		if n > 0 || err == nil || c.isAborted() || !isTimeout(err) || !c.goesOn() {
			return n, err
		}
	}
}

// restore sets the deadline that was asked for. If another one is asked for meanwhile, that one is set last.
func (c *conn) restore() bool {
	for {
		asked := c.asked.Load()
		c.armed.Store(asked)
		if err := c.Conn.SetReadDeadline(c.server.clock.deadline(moment(asked))); err != nil {
			return false
		}
		if c.asked.Load() == asked {
			return true
		}
	}
}

// isAborted reports, without inspecting the error, whether net/http has aborted its background read, which happens in
// every request.
func (c *conn) isAborted() bool {
	return c.asked.Load() == int64(past) && c.phase.Load() == handled
}

// goesOn is called when a read has met a deadline. It reports whether there is time left, and sets the new deadline.
func (c *conn) goesOn() bool {
	now := c.server.clock.now()
	if asked := moment(c.asked.Load()); asked != never && asked <= now {
		return false
	}
	if !isLimited(c.phase.Load()) {
		return c.restore()
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	limit := c.limit()
	switch {
	case limit > now:
		c.setTimer(limit)
		return c.restore()
	case limit == c.lingerEnd && !c.lookedAgain:
		// A request may have arrived just when lingering ended, and a read after its deadline does not look for it.
		c.lookedAgain = true
		c.lingerEnd = now + moment(time.Millisecond)
		c.setTimer(c.lingerEnd)
		return c.restore()
	}
	return false
}

// watchUntil sets the timer to the end of the reader's time.
func (c *conn) watchUntil() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.setTimer(c.limit())
}

// limit returns when the reader's time ends, in phases that have a limit. The caller holds mu.
func (c *conn) limit() moment {
	until := moment(c.until.Load())
	if !awaits(c.phase.Load()) || !c.server.draining.Load() {
		return until
	}
	if c.lingerEnd == never {
		c.lingerEnd = c.server.clock.after(c.server.lim.Linger)
	}
	return min(until, c.lingerEnd)
}

// setTimer sets the timer to a moment. The caller holds mu.
func (c *conn) setTimer(m moment) {
	c.watch.Store(int64(m))
	switch left := time.Duration(m - c.server.clock.now()); c.timer {
	case nil:
		c.timer = time.AfterFunc(left, c.timerFired)
	default:
		c.timer.Reset(left)
	}
}

// timerFired ends the read in progress if its time is over, and otherwise sets the timer again.
func (c *conn) timerFired() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.watch.Store(int64(never))
	if !isLimited(c.phase.Load()) {
		return // the next reader with a limit sets it again
	}
	if limit := c.limit(); limit > c.server.clock.now() {
		c.setTimer(limit)
		return
	}
	// If nobody reads, the next reader gets new time, and sees that this is not the deadline that was asked for.
	c.armed.Store(int64(past))
	_ = c.Conn.SetReadDeadline(c.server.clock.deadline(past))
}

// readOn reads the peeked bytes, then from the connection.
func (c *conn) readOn(p []byte) (int, error) {
	if len(c.peeked) == 0 {
		return c.Conn.Read(p)
	}
	n := copy(p, c.peeked)
	c.peeked = c.peeked[n:]
	return n, nil
}

// readBody reads with a deadline at which the body becomes too slow. Only time spent in reads counts.
func (c *conn) readBody(p []byte) (int, error) {
	start := c.server.clock.now()
	n, err := c.readUntil(p, start+moment(c.bodyPace.left(&c.server.lim)))
	c.bodyPace.waited += time.Duration(c.server.clock.now() - start)
	c.bodyPace.moved += n
	// Any other deadline does not mean that the body was too slow.
	if isTimeout(err) && c.phase.Load() == body {
		err = c.bodyPace.slow()
	}
	return n, err
}

// Write replaces the responses that net/http itself sends to requests that reach no handler.
func (c *conn) Write(p []byte) (int, error) {
	if c.phase.Load() > parsed {
		return c.Conn.Write(p)
	}
	// Before a handler is called, net/http writes only its own error responses.
	if c.late {
		return len(p), nil // net/http treats the incomplete request as malformed; send nothing
	}
	if refusal, ok := c.refusal(p); ok {
		_, err := c.Conn.Write(refusal)
		// net/http must believe that its own bytes were written.
		return len(p), err
	}
	return c.Conn.Write(p)
}

// refusal replaces an error response of net/http, which is written in one piece before a handler is called.
func (c *conn) refusal(p []byte) ([]byte, bool) {
	const prefix = "HTTP/1.1 "
	ask := c.server.hooks.Refusal
	if ask == nil || len(p) < len(prefix)+3 || !bytes.HasPrefix(p, []byte(prefix)) {
		return nil, false
	}
	status, err := strconv.Atoi(string(p[len(prefix) : len(prefix)+3]))
	if err != nil || status < 400 {
		return nil, false
	}
	return refusalOf(status, ask), true
}

// refusalOf returns the text of a response after which the connection is closed.
func refusalOf(status int, ask func(status int) (mediaType string, body []byte)) []byte {
	mediaType, body := ask(status)
	return fmt.Appendf(nil, "HTTP/1.1 %d %s\r\nContent-Type: %s\r\nContent-Length: %d\r\nConnection: close\r\n\r\n%s",
		status, http.StatusText(status), mediaType, len(body), body)
}

func isTimeout(err error) bool {
	return err != nil && errors.Is(err, os.ErrDeadlineExceeded)
}
