// Package socket implements WebSockets below the types of their messages: the handshake, and the connection that
// results from it. The root package decides which requests are accepted, what messages mean, and what a user learns
// about the end of a connection; this package knows nothing about operations and HTTP errors.
package socket

import (
	"cmp"
	"context"
	"errors"
	"net"
	"strings"
	"sync"
	"sync/atomic"
	"time"
	"unicode/utf8"

	"github.com/coder/websocket"
)

// A Conn is a WebSocket connection with the parts that the library leaves to its users. It is read even if the handler
// does not receive (see reading.go), so that pings are answered, and a client that disconnects is noticed, while the
// handler only sends. It holds at most one message; until the handler takes it, the client has to wait.
//
// The first reason to close counts: beginClosing records it, and open says when the connection is closed. From then on
// every call returns the recorded reason.

const (
	// defaultPing is the time between two pings, pongWait how long a pong may take, and closeWait how long the other side
	// may take to close.
	defaultPing = 30 * time.Second
	pongWait    = 10 * time.Second
	closeWait   = 5 * time.Second
	// readerGrace is how long a failed write waits for a reader to find out why.
	readerGrace = time.Second
)

// Config is what a connection is made of.
type Config struct {
	// Subprotocols are the protocols that the server supports, the preferred one first.
	Subprotocols []string
	// WriteLimit is how long one write may make no progress.
	WriteLimit time.Duration
	// MessageLimit is how large a message may be that is received, in bytes.
	MessageLimit int
	// Ping is the time between two pings; zero is 30 seconds.
	Ping time.Duration
	// Failed makes the error of a connection that the client or this package closed.
	Failed func(*Closing) error
	// Recovered makes the error of a panic.
	Recovered func(value any) error
}

// Closing is how a connection is closed, by either side.
type Closing struct {
	// Code is a status code of RFC 6455, section 7.4.1.
	Code   int
	Reason string
	// Cause is the error that broke the connection, nil if it was closed.
	Cause error
}

// Error makes a closing the error of a message that may not be received.
func (c *Closing) Error() string { return c.Reason }

// Conn is one connection.
type Conn struct {
	conn *websocket.Conn
	net  *pacedConn
	// ctx is the handler's: it ends with the connection.
	ctx    context.Context
	cancel context.CancelFunc
	limit  int
	failed func(*Closing) error
	// turn is held by the goroutine that reads.
	turn chan struct{}
	held held
	// receivers counts the calls of Receive; without any, readAlone runs as soon as away fires, which is armed.
	receivers atomic.Int32
	armed     atomic.Bool
	away      *time.Timer
	// received changes whenever something comes in.
	received atomic.Int64
	// readers and open are done when the reading goroutines and the connection have ended. They are smaller than channels;
	// each idle client would need two.
	readers sync.WaitGroup
	open    sync.WaitGroup

	mutex sync.Mutex
	// why is set once the connection is being closed.
	why  error
	ping *time.Timer
}

// open begins a connection. Somebody reads it soon.
func open(ctx context.Context, accepted *websocket.Conn, raw *pacedConn, config Config) *Conn {
	ping := cmp.Or(config.Ping, defaultPing)
	c := &Conn{conn: accepted, net: raw, limit: config.MessageLimit, failed: config.Failed, turn: make(chan struct{}, 1)}
	c.open.Add(1)
	c.ctx, c.cancel = context.WithCancel(ctx)
	context.AfterFunc(c.ctx, raw.interrupt) // the waiting goroutine must notice it
	accepted.SetReadLimit(-1)               // fill counts by itself, and closes with a reason
	c.mutex.Lock()                          // the timers may fire before they are assigned
	defer c.mutex.Unlock()
	c.ping = time.AfterFunc(ping, func() { c.probe(ping) })
	c.armed.Store(true)
	c.away = time.AfterFunc(awayTime, c.readAlone)
	return c
}

// Context is the handler's: it ends with the connection.
func (c *Conn) Context() context.Context { return c.ctx }

// Subprotocol returns the negotiated protocol, "" if there is none.
func (c *Conn) Subprotocol() string { return c.conn.Subprotocol() }

// Ended waits until a closed connection is no longer read, and returns the reason for which it was closed.
func (c *Conn) Ended() error {
	c.readers.Wait()
	return c.why
}

// Failure is why there is no connection any more, or why ctx ended.
func (c *Conn) Failure(ctx context.Context) error {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	switch {
	case c.why != nil:
		return c.why
	case ctx == c.ctx && errors.Is(ctx.Err(), context.Canceled):
		// The server saw the client go before the reader did.
		return c.failed(vanished(ctx.Err()))
	}
	return ctx.Err()
}

// vanished is a connection that broke without being closed.
func vanished(cause error) *Closing {
	return &Closing{Code: int(websocket.StatusAbnormalClosure), Cause: cause}
}

// Send writes a message.
func (c *Conn) Send(ctx context.Context, kind websocket.MessageType, data []byte) error {
	if ctx.Err() != nil || c.ctx.Err() != nil {
		return c.Failure(c.or(ctx))
	}
	if ctx.Done() == c.ctx.Done() {
		// Closing the connection ends the write as well, and a context without an end has no cost in the library.
		ctx = context.Background()
	}
	err := c.conn.Write(ctx, kind, data)
	switch {
	case err == nil:
		return nil
	case ctx.Err() != nil:
		return ctx.Err()
	}
	if errors.Is(err, net.ErrClosed) { // the reader is about to say why
		select {
		case <-c.ctx.Done():
		case <-time.After(readerGrace):
		}
	}
	c.fail(err)
	return c.Failure(c.ctx)
}

// or is ctx if it ended, else the connection's own.
func (c *Conn) or(ctx context.Context) context.Context {
	if ctx.Err() != nil {
		return ctx
	}
	return c.ctx
}

// beginClosing records why the connection is closed. It reports whether that was the first reason.
func (c *Conn) beginClosing(why error) bool {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	if c.why != nil {
		return false
	}
	c.why = why
	c.ping.Stop()
	c.away.Stop()
	c.cancel()
	return true
}

// Close closes the connection with closing; from then on calls return why. It waits until the connection is closed. If
// it is being closed already, it only waits.
func (c *Conn) Close(closing *Closing, why error) {
	if c.beginClosing(why) {
		c.close(closing)
	}
	c.open.Wait()
}

// Refuse closes the connection for a reason, without waiting.
func (c *Conn) Refuse(closing *Closing, why error) {
	if c.beginClosing(why) {
		go c.close(closing)
	}
}

// close says why, waits for the other side to close too, and ends it.
func (c *Conn) close(closing *Closing) {
	defer c.open.Done()
	c.net.interrupt() // now only the library reads, which is not safe for concurrent use
	c.net.reading.Lock()
	c.net.limitReads(closeWait)
	c.net.reading.Unlock()
	_ = c.conn.Close(websocket.StatusCode(closing.Code), fitReason(closing.Reason))
}

// maxReason is how long the reason in a close frame may be, in bytes.
const maxReason = 123

// fitReason is a reason as a close frame can carry it: UTF-8, and not too long.
func fitReason(reason string) string {
	reason = strings.ToValidUTF8(reason, "\uFFFD")
	if len(reason) <= maxReason {
		return reason
	}
	n := maxReason
	for !utf8.RuneStart(reason[n]) { // no letter is truncated
		n--
	}
	return reason[:n]
}

// drop gives up a connection that carries nothing any more.
func (c *Conn) drop(cause error) {
	if c.beginClosing(c.failed(vanished(cause))) {
		defer c.open.Done()
		_ = c.conn.CloseNow()
	}
}

// fail ends a connection that failed to read or to write.
func (c *Conn) fail(err error) {
	closing, ours := errors.AsType[*Closing](err)
	theirs, closed := errors.AsType[websocket.CloseError](err)
	switch {
	case errors.Is(err, errInterrupted), errors.Is(err, errPartial): // the connection has not failed
	case ours:
		c.Refuse(closing, c.failed(closing))
	case closed:
		received := &Closing{Code: int(theirs.Code), Reason: theirs.Reason}
		if !utf8.ValidString(theirs.Reason) {
			received = &Closing{Code: int(websocket.StatusInvalidFramePayloadData), Reason: "the reason is not UTF-8"}
		}
		if c.beginClosing(c.failed(received)) {
			defer c.open.Done()
			_ = c.conn.CloseNow()
		}
	case c.net.failed.Load(), errors.Is(err, net.ErrClosed):
		c.drop(err)
	default: // the network is fine, so what came over it is not
		protocol := &Closing{Code: int(websocket.StatusProtocolError), Reason: "not the WebSocket protocol"}
		c.Refuse(protocol, c.failed(protocol))
	}
}

// probe pings the client. A client that sends, or waits for the handler to take what it has sent, is not pinged.
func (c *Conn) probe(interval time.Duration) {
	received := c.received.Load()
	ctx, cancel := context.WithTimeout(context.WithoutCancel(c.ctx), pongWait)
	defer cancel()
	// A client that is busy sending may be slow to see the ping, and if its message waits for the handler, its pong cannot
	// be read at all.
	err := c.conn.Ping(ctx)
	if err != nil && !c.held.isFull() && c.received.Load() == received {
		c.drop(err)
		return
	}
	c.mutex.Lock()
	defer c.mutex.Unlock()
	if c.why == nil {
		c.ping.Reset(interval)
	}
}
