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

// A conn is the connection beneath one http.Server connection. It needs three facts that net/http does not give it, and learns them so:
//
//   - no request is under way: from the start or StateIdle until the first byte or StateActive (waiting);
//   - a body is being read: from the start of the handler until anybody sets a read deadline, which net/http does at the
//     end of each body and a handler does to have its own way (body);
//   - a handler has been called: from its start until StateIdle (handled).
//
// Deadlines are only set under mu, so that one set by somebody else is never replaced by one of ours.
//
// It stands on a pacedConn, or on TLS that does, so it sees the text of HTTP.
type conn struct {
	net.Conn
	network *pacedConn
	server  *server
	secure  *tls.ConnectionState // after the handshake; net/http, which sees no TLS, is not asked
	http2   bool                 // known before net/http has the connection

	handled atomic.Bool
	body    atomic.Bool
	late    bool   // the read deadline passed before a request was complete
	peeked  []byte // was read to distinguish HTTP/2 from HTTP/1, and is read again

	mu        sync.Mutex
	waiting   bool
	shortened bool      // the read deadline is the end of lingering, not the one asked for
	asked     time.Time // the read deadline net/http wants
	hijacked  bool
	head      head
	seen      bool // head has all lines of the request under way
	idle      int  // 1 after a request, and one more for each read deadline that net/http sets until it reads
	bodyPace  pace // touched only by the one reader net/http allows
}

type connKey struct{}

func connContext(ctx context.Context, nc net.Conn) context.Context {
	return context.WithValue(ctx, connKey{}, nc)
}

// startRequest is called before the handler. It reports whether the connection must be closed after the response.
func (c *conn) startRequest(r *http.Request) (ambiguous bool) {
	c.handled.Store(true)
	r.TLS = c.secure
	if c.http2 {
		return false // its frames say how long a body is, and its streams have limits of their own
	}
	if r.Body != http.NoBody {
		c.bodyPace = pace{}
		c.body.Store(true)
	}
	// Nothing else can be ambiguous, so most requests need no lock.
	if r.ProtoAtLeast(1, 1) && len(r.TransferEncoding) == 0 {
		return false
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.head.isAmbiguous(r, c.seen)
}

func (c *conn) endRequest() {
	c.handled.Store(false)
	c.mu.Lock()
	defer c.mu.Unlock()
	c.waiting, c.seen, c.idle = true, false, 1
}

// gotRequest is called when net/http has read a request.
func (c *conn) gotRequest() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.waiting = false
	c.restore()
}

// restore undoes linger, because a request is there. The caller holds mu.
func (c *conn) restore() {
	if c.shortened {
		c.shortened = false
		_ = c.Conn.SetReadDeadline(c.asked)
	}
}

// linger shortens the wait for a next request, now that the server drains.
func (c *conn) linger() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.waiting && !c.hijacked && !c.http2 {
		_ = c.setLingerDeadline()
	}
}

// setLingerDeadline sets the deadline asked for or the end of lingering, whichever is sooner. The caller holds mu.
func (c *conn) setLingerDeadline() error {
	end := time.Now().Add(c.server.lim.Linger)
	if !c.asked.IsZero() && c.asked.Before(end) {
		return c.Conn.SetReadDeadline(c.asked)
	}
	c.shortened = true
	return c.Conn.SetReadDeadline(end)
}

// letGo ends all watching: the connection belongs to the handler that took it over.
func (c *conn) letGo() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.hijacked = true
	c.waiting = false
	c.body.Store(false)
	c.network.release()
}

// SetReadDeadline is called by net/http between the phases of a request, and by handlers.
func (c *conn) SetReadDeadline(t time.Time) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	// Whoever sets a deadline decides about the body, too: see readBody.
	c.body.Store(false)
	c.shortened = false
	c.asked = t
	// Counted to see whether it waits for bytes: see withoutWait.
	if c.waiting && c.idle > 0 {
		c.idle++
	}
	// Whatever net/http asks for, an idle connection closes soon.
	if c.waiting && !c.http2 && c.server.draining.Load() {
		return c.setLingerDeadline()
	}
	return c.Conn.SetReadDeadline(t)
}

// SetDeadline sets both.
func (c *conn) SetDeadline(t time.Time) error {
	return errors.Join(c.SetReadDeadline(t), c.SetWriteDeadline(t))
}

// CloseWrite passes on what pacedConn and TLS can do.
func (c *conn) CloseWrite() error {
	if half, ok := c.Conn.(interface{ CloseWrite() error }); ok {
		return half.CloseWrite()
	}
	return errors.ErrUnsupported
}

// Close does not wait for a client that takes nothing, and not at all when the drain's time is over.
func (c *conn) Close() error {
	if c.server.over.Load() {
		c.network.closeSoon(0)
	} else {
		c.network.closeSoon(closeTime)
	}
	return c.Conn.Close()
}

func (c *conn) Read(p []byte) (int, error) {
	if c.http2 {
		return c.readOn(p)
	}
	if c.body.Load() {
		return c.readBody(p)
	}
	n, err := c.readToTheEnd(p)
	if n > 0 {
		c.gotBytes(p[:n])
	} else if isTimeout(err) && !c.handled.Load() {
		// For Write: net/http will take what came for a malformed request.
		c.late = true
	}
	return n, err
}

// readToTheEnd reads once more where lingering is over.
func (c *conn) readToTheEnd(p []byte) (int, error) {
	n, err := c.readOn(p)
	if n == 0 && isTimeout(err) && c.lookOnce() {
		n, err = c.readOn(p)
	}
	return n, err
}

// readOn reads what was peeked, and then the connection.
func (c *conn) readOn(p []byte) (int, error) {
	if len(c.peeked) == 0 {
		return c.Conn.Read(p)
	}
	n := copy(p, c.peeked)
	c.peeked = c.peeked[n:]
	return n, nil
}

// lookOnce prepares a last read when lingering is over: a request may have arrived in the moment the deadline passed, and a read past its deadline does not look.
func (c *conn) lookOnce() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.shortened && c.Conn.SetReadDeadline(time.Now().Add(time.Millisecond)) == nil
}

// withoutWait is how often net/http sets a read deadline between two requests until it reads the second of them: once to wait for its first bytes, and once when they
// are there. If it has not read by then, they came together with the request before.
const withoutWait = 3

func (c *conn) gotBytes(p []byte) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.waiting {
		// A request begins: from now on the deadline that net/http asked for holds.
		c.waiting = false
		c.restore()
		c.head, c.seen = head{}, c.idle < withoutWait
	}
	if c.seen {
		c.head.see(p)
	}
}

// readBody reads with a deadline at the moment the body would have become too slow, counting only time spent here.
func (c *conn) readBody(p []byte) (int, error) {
	lim := &c.server.lim
	allowed := min(lim.Body, c.bodyPace.allowed(lim.BodyRate, lim.BodyGrace))
	start := time.Now()
	if !c.armBody(start.Add(allowed - c.bodyPace.waited)) {
		// Somebody has set a deadline since: theirs counts.
		return c.Conn.Read(p)
	}
	n, err := c.Conn.Read(p)
	c.bodyPace.waited += time.Since(start)
	c.bodyPace.moved += n
	// After any other deadline the body was not too slow for us.
	if isTimeout(err) && c.body.Load() {
		err = fmt.Errorf("%w: %d bytes in %s", ErrSlowBody, c.bodyPace.moved, c.bodyPace.waited.Round(time.Millisecond))
	}
	return n, err
}

// armBody sets the deadline of one read unless somebody has set another.
func (c *conn) armBody(t time.Time) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.body.Load() && c.Conn.SetReadDeadline(t) == nil
}

// Write replaces what net/http says by itself to a request that no handler sees.
func (c *conn) Write(p []byte) (int, error) {
	if c.handled.Load() || c.http2 || c.network.free.Load() {
		return c.Conn.Write(p)
	}
	// Before a handler is called net/http writes nothing but refusals of its own.
	if c.late {
		return len(p), nil // net/http takes the half line for a bad request; silence is true
	}
	if refusal, ok := c.refusal(p); ok {
		_, err := c.Conn.Write(refusal)
		// net/http is to believe that its own bytes were written.
		return len(p), err
	}
	return c.Conn.Write(p)
}

// refusal replaces an error response of net/http's own: one that is written whole, in one piece, before a handler has been called.
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

// refusalOf is the text of a response after which the connection ends.
func refusalOf(status int, ask func(status int) (mediaType string, body []byte)) []byte {
	mediaType, body := ask(status)
	return fmt.Appendf(nil, "HTTP/1.1 %d %s\r\nContent-Type: %s\r\nContent-Length: %d\r\nConnection: close\r\n\r\n%s",
		status, http.StatusText(status), mediaType, len(body), body)
}

func isTimeout(err error) bool {
	return err != nil && errors.Is(err, os.ErrDeadlineExceeded)
}
