package serve

import (
	"net"
	"sync/atomic"
	"time"
)

// A listener accepts for one server and stops without losing a connection the kernel has already made.
//
// A client whose handshake is done may have sent its request, although nobody has accepted the connection yet; closing a listener resets all of these. So a
// stop is: refuse new handshakes and accept for a moment longer (where the system can), accept the rest of the queue, close.
type listener struct {
	net.Listener
	server   *server
	refusing atomic.Bool

	// Touched by Accept only, which net/http calls on one goroutine.
	took bool
	rest []net.Conn // what was left in the queue at the end
}

// handshakeTime is given to handshakes under way when new ones are refused; it is one round trip to a rather far client.
const handshakeTime = 100 * time.Millisecond

// Accept returns the next connection that speaks HTTP/1.1 for sure; all others come by the inlets, once it is known what they speak. It returns net.ErrClosed once
// the listener refuses and nothing is left in the kernel's queue.
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
		// Counted before Accept can end, which is what the drain waits for first.
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
		// Until refuse has set the deadline, a time-out is not the end.
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
	// Before the deadline is set, or Accept would take it for an error.
	l.refusing.Store(true)
	if !acceptUntil(l.Listener, time.Now().Add(grace)) {
		// Without a deadline only closing makes Accept return.
		_ = l.Close()
	}
}

func acceptUntil(l net.Listener, t time.Time) bool {
	timed, ok := l.(interface{ SetDeadline(time.Time) error })
	return ok && timed.SetDeadline(t) == nil
}

// acceptRest accepts until nothing comes for a moment. An accept past its deadline does not look at the queue, so each gets a new one.
func acceptRest(l net.Listener) []net.Conn {
	// An end, should clients fill the queue as fast as it is emptied.
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
