package serve

import (
	"net"
	"sync/atomic"
	"time"
)

// A listener accepts connections for one server and stops without losing a connection that the kernel has already made.
//
// A client whose handshake is complete may have sent its request before the connection is accepted, and closing a
// listener resets all such connections. So to stop, the listener refuses new handshakes and accepts for a moment longer
// (where the system supports that), accepts the rest of the queue, and closes.
type listener struct {
	net.Listener
	server   *server
	refusing atomic.Bool

	// Used only by Accept, which net/http calls on one goroutine.
	took bool
	rest []net.Conn // connections that were left in the queue at the end
}

// handshakeTime is how long handshakes in progress get when new ones are refused; it is one round trip to a distant
// client.
const handshakeTime = 100 * time.Millisecond

// Accept returns the next connection that certainly speaks HTTP/1.1. All others come through the inlets once their
// protocol is known. It returns net.ErrClosed once the listener refuses connections and the kernel's queue is empty.
func (l *listener) Accept() (net.Conn, error) {
	for {
		nc, err := l.accept()
		if err != nil {
			return nil, err
		}
		c := l.server.open(nc)
		if tlsOf(c) == nil && !l.server.protocols.H2C {
			return c, nil
		}
		// Counted before Accept can end, because the drain waits for this counter first.
		l.server.choosing.Add(1)
		go l.server.choose(c)
	}
}

func (l *listener) accept() (net.Conn, error) {
	for !l.took {
		nc, err := l.Listener.Accept()
		if err == nil {
			return nc, nil
		}
		// Before refuse sets the deadline, a time-out is not the end.
		if !isTimeout(err) || !l.refusing.Load() {
			return nil, err
		}
		l.took = true
		l.rest = acceptRest(l.Listener)
	}
	if len(l.rest) == 0 {
		return nil, net.ErrClosed
	}
	nc := l.rest[0]
	l.rest = l.rest[1:]
	return nc, nil
}

// refuse makes Accept end soon; net/http closes the listener then.
func (l *listener) refuse() {
	grace := time.Duration(0)
	if refuseHandshakes(l.Listener) {
		grace = min(handshakeTime, l.server.lim.Linger)
	}
	// Set before the deadline; otherwise Accept would treat the time-out as an error.
	l.refusing.Store(true)
	if !acceptUntil(l.Listener, time.Now().Add(grace)) {
		// Without a deadline, only closing makes Accept return.
		_ = l.Close()
	}
}

func acceptUntil(l net.Listener, t time.Time) bool {
	timed, ok := l.(interface{ SetDeadline(time.Time) error })
	return ok && timed.SetDeadline(t) == nil
}

// acceptRest accepts until no connection comes for a moment. An accept after its deadline does not look at the queue, so
// each call gets a new deadline.
func acceptRest(l net.Listener) []net.Conn {
	// A limit, in case clients fill the queue as fast as it is emptied.
	const atMost = 1024
	var rest []net.Conn
	for len(rest) < atMost && acceptUntil(l, time.Now().Add(time.Millisecond)) {
		nc, err := l.Accept()
		if err != nil {
			break
		}
		rest = append(rest, nc)
	}
	return rest
}
