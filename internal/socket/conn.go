// Package socket is a WebSocket below the types of its messages: the handshake
// of a request, and the connection that comes of it. The root package decides
// which requests may have one, what messages mean, and what a user learns of
// its end; this package knows nothing of operations and errors of HTTP.
package socket

import (
	"cmp"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"sync"
	"sync/atomic"
	"time"
	"unicode/utf8"

	"github.com/coder/websocket"
)

// A Conn is a WebSocket connection with what its library leaves to others. One
// goroutine reads, whether or not the handler asks: so pings are answered, and
// a client that leaves is noticed, while the handler only sends. It holds one
// message at most; until the handler takes that, the client has to wait.
//
// The first reason to close is the one that counts: beginClosing notes it, and
// open tells when the connection is closed. What is noted is what everybody
// learns from then on.

const (
	// defaultPing is the time between two pings, pongWait how long a pong may
	// take, and closeWait how long the other side may take to close.
	defaultPing = 30 * time.Second
	pongWait    = 10 * time.Second
	closeWait   = 5 * time.Second
	// readerGrace is how long a failed write waits for the reader to find out why.
	readerGrace = time.Second
	// maxWrite is how much is written under one deadline.
	maxWrite = 64 << 10
)

// Config is what a connection is made of.
type Config struct {
	// Subprotocols are what the server speaks, the preferred first.
	Subprotocols []string
	// WriteLimit is how long one write may stand still.
	WriteLimit time.Duration
	// MessageLimit is how large a message may be that is received, in bytes.
	MessageLimit int
	// Ping is the time between two pings; zero is 30 seconds.
	Ping time.Duration
	// Failed makes the error of a connection that the client or this package
	// closed.
	Failed func(*Closing) error
	// Recovered makes the error of a panic.
	Recovered func(value any) error
}

// Closing is how a connection is closed, by either side.
type Closing struct {
	// Code is that of RFC 6455, section 7.4.1.
	Code   int
	Reason string
	// Cause is what broke a connection that nobody closed, else nil.
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
	inbox  chan *Message
	// received changes whenever something comes in; waiting means that the reader
	// waits for the handler.
	received atomic.Int64
	waiting  atomic.Bool
	// reader and open are done when the reader and the connection ended. They are
	// smaller than channels, of which each idle client would hold two.
	reader sync.WaitGroup
	open   sync.WaitGroup

	mutex sync.Mutex
	// why is set once the connection is to be closed.
	why  error
	ping *time.Timer
}

// Message is one message.
type Message struct {
	Kind websocket.MessageType
	Data []byte
}

// maxKept is the largest buffer kept for the next message, in bytes.
const maxKept = 64 << 10

// spareMessages keeps the buffers of messages that have been read.
var spareMessages = sync.Pool{New: func() any { return &Message{} }}

// Copied is the data for somebody who keeps it.
func (m *Message) Copied() []byte { return append(make([]byte, 0, len(m.Data)), m.Data...) }

// Release gives the buffer back.
func (m *Message) Release() {
	if cap(m.Data) <= maxKept {
		spareMessages.Put(m)
	}
}

// open starts reading.
func open(ctx context.Context, accepted *websocket.Conn, raw *pacedConn, config Config) *Conn {
	ping := cmp.Or(config.Ping, defaultPing)
	c := &Conn{
		conn: accepted, net: raw, limit: config.MessageLimit, failed: config.Failed, inbox: make(chan *Message),
	}
	c.open.Add(1)
	c.ctx, c.cancel = context.WithCancel(ctx)
	accepted.SetReadLimit(-1) // fill counts by itself, and closes with a reason
	c.mutex.Lock()            // the timer may fire before it is assigned
	c.ping = time.AfterFunc(ping, func() { c.probe(ping) })
	c.mutex.Unlock()
	c.reader.Go(c.read)
	return c
}

// read hands over messages until the connection ends.
func (c *Conn) read() {
	for {
		m, err := c.next()
		if err != nil {
			c.fail(err)
			return
		}
		c.waiting.Store(true)
		select {
		case c.inbox <- m:
		case <-c.ctx.Done():
			return
		}
		c.waiting.Store(false)
	}
}

// next reads one message. The context is one without an end, which costs
// nothing: closing the connection ends the read.
func (c *Conn) next() (*Message, error) {
	kind, r, err := c.conn.Reader(context.Background())
	if err != nil {
		return nil, err
	}
	m := spareMessages.Get().(*Message)
	m.Kind = kind
	if m.Data, err = c.fill(m.Data[:0], r); err != nil {
		return nil, err
	}
	if kind == websocket.MessageText && !utf8.Valid(m.Data) {
		return nil, &Closing{Code: int(websocket.StatusInvalidFramePayloadData), Reason: "the text is not UTF-8"}
	}
	return m, nil
}

// fill reads all of a message that is not too large.
func (c *Conn) fill(data []byte, r io.Reader) ([]byte, error) {
	for {
		if len(data) == cap(data) {
			data = append(data, 0)[:len(data)] // append chooses the capacity
		}
		n, err := r.Read(data[len(data):cap(data)])
		data = data[:len(data)+n]
		c.received.Add(1)
		switch {
		case len(data) > c.limit:
			return nil, &Closing{Code: int(websocket.StatusMessageTooBig), Reason: fmt.Sprintf("a message is larger than %d bytes", c.limit)}
		case errors.Is(err, io.EOF):
			return data, nil
		case err != nil:
			return nil, err
		}
	}
}

// Context is the handler's: it ends with the connection.
func (c *Conn) Context() context.Context { return c.ctx }

// Subprotocol is what both sides speak, "" for none.
func (c *Conn) Subprotocol() string { return c.conn.Subprotocol() }

// Ended waits until a connection that is closed is read no more, and is the
// error for which it was closed.
func (c *Conn) Ended() error {
	c.reader.Wait()
	return c.why
}

// Receive waits for a message. An end of ctx leaves the connection as it is.
func (c *Conn) Receive(ctx context.Context) (*Message, error) {
	select {
	case m := <-c.inbox:
		return m, nil
	case <-c.ctx.Done():
		return nil, c.Failure(c.ctx)
	case <-ctx.Done():
		return nil, c.Failure(ctx)
	}
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
		// Closing the connection ends the write as well, and a context without an
		// end costs the library nothing.
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

// beginClosing notes why the connection is closed. It reports whether that was the
// first reason.
func (c *Conn) beginClosing(why error) bool {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	if c.why != nil {
		return false
	}
	c.why = why
	c.ping.Stop()
	c.cancel()
	return true
}

// Close closes the connection for a reason, which everybody learns as why, and
// waits until it is closed; where there was one before, it only waits.
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
	c.net.limitReads(closeWait)
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
	case ours:
		if c.beginClosing(c.failed(closing)) {
			c.close(closing)
		}
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
		if c.beginClosing(c.failed(protocol)) {
			c.close(protocol)
		}
	}
}

// probe asks whether the client is there. One that sends, or waits for the
// handler to take what it has sent, is.
func (c *Conn) probe(interval time.Duration) {
	received := c.received.Load()
	ctx, cancel := context.WithTimeout(context.WithoutCancel(c.ctx), pongWait)
	defer cancel()
	// A client that is busy sending may take long to see the ping, and one whose
	// message waits for the handler cannot be heard at all.
	err := c.conn.Ping(ctx)
	if err != nil && !c.waiting.Load() && c.received.Load() == received {
		c.drop(err)
		return
	}
	c.mutex.Lock()
	defer c.mutex.Unlock()
	if c.why == nil {
		c.ping.Reset(interval)
	}
}

// pacedConn is the connection itself, with a deadline for each write.
type pacedConn struct {
	net.Conn
	// limit is how long one write may stand still.
	limit time.Duration
	// remaining is what is to be written yet of a frame.
	remaining int
	// failed is set by the first error.
	failed atomic.Bool
}

// Read implements net.Conn.
func (c *pacedConn) Read(p []byte) (int, error) {
	n, err := c.Conn.Read(p)
	if err != nil {
		c.failed.Store(true)
	}
	return n, err
}

// Write writes piece by piece, each under a deadline.
func (c *pacedConn) Write(p []byte) (written int, err error) {
	if c.remaining <= 0 { // a frame begins
		if echoesInvalidReason(p) {
			return len(p), c.writeInvalidReason()
		}
		c.remaining = frameSize(p)
	}
	c.remaining -= len(p)
	for {
		piece := p[written:min(len(p), written+maxWrite)]
		_ = c.SetWriteDeadline(time.Now().Add(c.limit))
		n, err := c.Conn.Write(piece)
		written += n
		if err != nil {
			c.failed.Store(true)
		}
		if err != nil || written == len(p) {
			return written, err
		}
	}
}

// limitReads bounds how long reads may go on from now.
func (c *pacedConn) limitReads(d time.Duration) { _ = c.SetReadDeadline(time.Now().Add(d)) }

// The library responds to a close frame with the same code and reason, and only
// then reports it. A reason must be UTF-8, though, and to a frame whose
// reason is not the response is 1007 (RFC 6455, sections 5.5.1 and 8.1). So the response
// is replaced on its way: no other frame that is written has such a reason.

// closeFrame is the first byte of a close frame.
const closeFrame = 0x88

// echoesInvalidReason reports whether a frame closes for a reason that is no text.
func echoesInvalidReason(frame []byte) bool {
	return len(frame) > 4 && frame[0] == closeFrame && !utf8.Valid(frame[4:])
}

func (c *pacedConn) writeInvalidReason() error {
	code := int(websocket.StatusInvalidFramePayloadData)
	_, err := c.Write([]byte{closeFrame, 2, byte(code >> 8), byte(code)})
	return err
}

// frameSize is how long a frame is that a server writes, by its header (RFC
// 6455, section 5.2). The library writes each from its beginning.
func frameSize(p []byte) int {
	switch {
	case len(p) >= 4 && p[1] == 126:
		return 4 + int(binary.BigEndian.Uint16(p[2:]))
	case len(p) >= 10 && p[1] == 127:
		return 10 + int(binary.BigEndian.Uint64(p[2:]))
	case len(p) >= 2:
		return 2 + int(p[1])
	}
	return len(p)
}
