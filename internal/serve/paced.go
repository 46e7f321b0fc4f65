package serve

import (
	"crypto/tls"
	"errors"
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

	free  atomic.Bool  // the write deadline is somebody else's
	armed atomic.Int64 // a moment: the write deadline of ours there is

	mu       sync.Mutex // held while a deadline is set, so that one of somebody else is never replaced by one of ours
	released bool       // no deadline is ours any more
	last     time.Time  // the latest write deadline there may be, once the connection is being closed
}

// recordSize is the most that one record of TLS carries.
const recordSize = 16 << 10

// pace is how long was waited for how many bytes.
type pace struct {
	waited time.Duration
	moved  int
}

// allowed is how long may have been waited for what has moved, at rate bytes a second but at least grace.
func (p pace) allowed(rate int, grace time.Duration) time.Duration {
	return max(grace, time.Duration(float64(p.moved)/float64(rate)*float64(time.Second)))
}

// release ends all limits: the connection belongs to the handler that took it over.
func (c *pacedConn) release() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.released = true
	c.free.Store(true)
	// No deadline of ours or of net/http may end what belongs to somebody else now.
	_ = c.Conn.SetDeadline(time.Time{})
}

// closeTime is given to a client that takes nothing for the end of TLS, which crypto/tls would give five seconds: a server closes one connection after the other.
const closeTime = 100 * time.Millisecond

// closeSoon is called before the connection is closed.
func (c *pacedConn) closeSoon(limit time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.last = time.Now().Add(limit)
}

// SetWriteDeadline is called with the zero time by net/http after each request. Then our own deadlines hold again: there is no need to clear one, since each write looks at it.
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

// SetDeadline sets both.
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

// Write writes all of p as long as the client takes some of it. It looks about twice in each span of Limits.Write, because after a long
// wait the kernel may report space only when a third of its buffer is free, while a new write takes the space there is.
func (c *pacedConn) Write(p []byte) (int, error) {
	if _, ok := c.Conn.(*tls.Conn); ok {
		return c.writeRecords(p)
	}
	start, limit := c.clock.now(), moment(c.lim.Write)
	took := start // when the client was last seen to take something
	look := start + limit/2
	for moved := 0; ; {
		armed := c.armAbout(look)
		n, err := c.Conn.Write(p[moved:])
		moved += n
		// A time-out that was not set here is passed on.
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
		// The first look may have been an early one: see armAbout.
		look = min(now+limit/2, took+limit)
	}
}

// writeRecords writes to a TLS connection of a listener that somebody else made, which is below this one: each record
// gets the whole of Limits.Write, and one that needs longer is the last.
func (c *pacedConn) writeRecords(p []byte) (moved int, err error) {
	for moved < len(p) && err == nil {
		c.arm(c.clock.after(c.lim.Write))
		var n int
		n, err = c.Conn.Write(p[moved:min(len(p), moved+recordSize)])
		moved += n
	}
	return moved, err
}

// armAbout arms the deadline of one write, unless that or one shortly before it is armed already, so that a busy connection needs a timer a second and not one a
// write.
func (c *pacedConn) armAbout(m moment) bool {
	if late := m - moment(c.armed.Load()); late >= 0 && late < min(moment(time.Second), moment(c.lim.Write/8)) {
		return !c.free.Load()
	}
	return c.arm(m)
}

// arm sets the deadline of one write unless somebody has set another.
func (c *pacedConn) arm(m moment) bool {
	if c.free.Load() {
		return false
	}
	// The lock keeps others from setting a deadline between this look and ours.
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.free.Load() {
		return false
	}
	c.armed.Store(int64(m))
	return c.Conn.SetWriteDeadline(c.clock.deadline(m)) == nil
}
