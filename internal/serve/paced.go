package serve

import (
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"sync"
	"sync/atomic"
	"time"
)

// A pacedConn limits how long a client may leave a write unaccepted. It wraps the network connection directly, below
// TLS: an interrupted TLS record could not be continued, while bytes can.
type pacedConn struct {
	net.Conn
	lim   *Limits
	clock *clock

	free  atomic.Bool  // net/http or a handler has set the write deadline
	armed atomic.Int64 // a moment: our current write deadline

	mu       sync.Mutex // held while a deadline is set, so that ours never replaces another one
	released bool       // we set no more deadlines
	last     time.Time  // the latest possible write deadline while the connection is being closed
}

// recordSize is the maximum size of a TLS record's content.
const recordSize = 16 << 10

// pace is the time spent waiting and the number of bytes that came.
type pace struct {
	waited time.Duration
	moved  int
}

// left returns how long the next read of a body may take.
func (p pace) left(lim *Limits) time.Duration {
	return min(lim.Body, p.allowed(lim.BodyRate, lim.BodyGrace)) - p.waited
}

// slow returns the error of a body that came too slowly.
func (p pace) slow() error {
	return fmt.Errorf("%w: %d bytes in %s", ErrSlowBody, p.moved, p.waited.Round(time.Millisecond))
}

// allowed returns how long the wait for these bytes may take: at least grace, else at rate bytes a second.
func (p pace) allowed(rate int, grace time.Duration) time.Duration {
	return max(grace, time.Duration(float64(p.moved)/float64(rate)*float64(time.Second)))
}

// release ends all limits, because a handler has hijacked the connection.
func (c *pacedConn) release() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.released = true
	c.free.Store(true)
	// A deadline of ours or of net/http must not affect the new owner.
	_ = c.Conn.SetDeadline(time.Time{})
}

// closeTime is how long a client that reads nothing gets for the end of TLS. crypto/tls would wait five seconds, and a
// server closes one connection after the other.
const closeTime = 100 * time.Millisecond

// closeSoon is called before the connection is closed.
func (c *pacedConn) closeSoon(limit time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.last = time.Now().Add(limit)
}

// SetWriteDeadline is called by net/http with the zero time after each request. Then our own deadlines apply again. They
// need not be cleared, because each write checks them.
func (c *pacedConn) SetWriteDeadline(t time.Time) error {
	if t.IsZero() && !c.free.Load() {
		return nil
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if t.IsZero() && !c.released {
		c.free.Store(false)
		return nil
	}
	c.free.Store(true)
	c.armed.Store(int64(never))
	// A connection that is being closed gets no more time.
	if !c.last.IsZero() && c.last.Before(t) {
		t = c.last
	}
	return c.Conn.SetWriteDeadline(t)
}

// SetDeadline sets both deadlines.
func (c *pacedConn) SetDeadline(t time.Time) error {
	return errors.Join(c.SetReadDeadline(t), c.SetWriteDeadline(t))
}

// CloseWrite lets net/http close its side first if it responds before it has read everything, so that the response is
// not lost to a reset.
func (c *pacedConn) CloseWrite() error {
	if half, ok := c.Conn.(interface{ CloseWrite() error }); ok {
		return half.CloseWrite()
	}
	return errors.ErrUnsupported
}

// Write writes all of p as long as the client accepts some of it. It checks the progress about twice in each Limits.Write:
// after a long wait the kernel may report space only when a third of its buffer is free, while a new write uses any space.
func (c *pacedConn) Write(p []byte) (int, error) {
	if _, ok := c.Conn.(*tls.Conn); ok {
		return c.writeRecords(p)
	}
	start, limit := c.clock.now(), moment(c.lim.Write)
	took := start // when the client last accepted something
	look := start + limit/2
	for moved := 0; ; {
		armed := c.armAbout(look)
		n, err := c.Conn.Write(p[moved:])
		moved += n
		// A time-out that was not set here is returned.
		if !armed || !isTimeout(err) || c.free.Load() {
			return moved, err
		}
		now := c.clock.now()
		if n > 0 {
			took = now
		}
		done := pace{waited: time.Duration(now - start), moved: moved}
		if now-took >= limit || done.waited >= done.allowed(c.lim.BodyRate, c.lim.Write) {
			return moved, err
		}
		// The first check may have been early: see armAbout.
		look = min(now+limit/2, took+limit)
	}
}

// writeRecords writes to a TLS connection from the caller's own listener, which is below this one. Each record gets the
// whole of Limits.Write; after one that needs longer, writing ends.
func (c *pacedConn) writeRecords(p []byte) (moved int, err error) {
	for moved < len(p) && err == nil {
		c.arm(c.clock.after(c.lim.Write))
		var n int
		n, err = c.Conn.Write(p[moved:min(len(p), moved+recordSize)])
		moved += n
	}
	return moved, err
}

// armAbout sets the deadline of one write, unless that deadline or one shortly before it is set already. So a busy
// connection sets a timer once a second and not for each write.
func (c *pacedConn) armAbout(m moment) bool {
	if late := m - moment(c.armed.Load()); late >= 0 && late < min(moment(time.Second), moment(c.lim.Write/8)) {
		return !c.free.Load()
	}
	return c.arm(m)
}

// arm sets the deadline of one write, unless net/http or a handler has set another.
func (c *pacedConn) arm(m moment) bool {
	if c.free.Load() {
		return false
	}
	// The lock keeps others from setting a deadline between this check and ours.
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.free.Load() {
		return false
	}
	c.armed.Store(int64(m))
	return c.Conn.SetWriteDeadline(c.clock.deadline(m)) == nil
}
