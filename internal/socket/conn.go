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
// Whoever finds a reason to close first has the say: begin notes it, and shut
// does it. What is noted is what everybody learns from then on.

const (
	// defaultPing is the time between two pings, pongWait how long a pong may
	// take, and closeWait how long the other side may take to close.
	defaultPing = 30 * time.Second
	pongWait    = 10 * time.Second
	closeWait   = 5 * time.Second
	// readerGrace is how long a failed write waits for the reader's word.
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
	// heard changes whenever something comes in; waiting means that the reader
	// waits for the handler.
	heard   atomic.Int64
	waiting atomic.Bool
	// readerDone and shut are closed when the reader and the connection ended.
	readerDone chan struct{}
	shut       chan struct{}

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

// spareFrames keeps the room of messages that have been read.
var spareFrames = sync.Pool{New: func() any { return &Message{} }}

// Copied is the data for somebody who keeps it.
func (f *Message) Copied() []byte { return append(make([]byte, 0, len(f.Data)), f.Data...) }

// Release gives the room back.
func (f *Message) Release() {
	if cap(f.Data) <= maxKept {
		spareFrames.Put(f)
	}
}

// open starts reading.
func open(ctx context.Context, conn *websocket.Conn, raw *pacedConn, c Config) *Conn {
	ping := cmp.Or(c.Ping, defaultPing)
	l := &Conn{
		conn: conn, net: raw, limit: c.MessageLimit, failed: c.Failed, inbox: make(chan *Message),
		readerDone: make(chan struct{}), shut: make(chan struct{}),
	}
	l.ctx, l.cancel = context.WithCancel(ctx)
	conn.SetReadLimit(-1) // next counts itself
	l.mutex.Lock()
	l.ping = time.AfterFunc(ping, func() { l.probe(ping) })
	l.mutex.Unlock()
	go l.read()
	return l
}

// read hands over messages until the connection ends.
func (l *Conn) read() {
	defer close(l.readerDone)
	for {
		f, err := l.next()
		if err != nil {
			l.broke(err)
			return
		}
		l.waiting.Store(true)
		select {
		case l.inbox <- f:
		case <-l.ctx.Done():
			return
		}
		l.waiting.Store(false)
	}
}

// next reads one message. The context is one without an end, which costs
// nothing: closing the connection ends the read.
func (l *Conn) next() (*Message, error) {
	kind, r, err := l.conn.Reader(context.Background())
	if err != nil {
		return nil, err
	}
	f := spareFrames.Get().(*Message)
	f.Kind = kind
	if f.Data, err = l.fill(f.Data[:0], r); err != nil {
		return nil, err
	}
	if kind == websocket.MessageText && !utf8.Valid(f.Data) {
		return nil, &Closing{Code: int(websocket.StatusInvalidFramePayloadData), Reason: "the text is not UTF-8"}
	}
	return f, nil
}

// fill reads all of a message that is not too large.
func (l *Conn) fill(data []byte, r io.Reader) ([]byte, error) {
	for {
		if len(data) == cap(data) {
			data = append(data, 0)[:len(data)]
		}
		n, err := r.Read(data[len(data):cap(data)])
		data = data[:len(data)+n]
		l.heard.Add(1)
		switch {
		case len(data) > l.limit:
			return nil, &Closing{Code: int(websocket.StatusMessageTooBig), Reason: fmt.Sprintf("a message is larger than %d bytes", l.limit)}
		case errors.Is(err, io.EOF):
			return data, nil
		case err != nil:
			return nil, err
		}
	}
}

// Context is the handler's: it ends with the connection.
func (l *Conn) Context() context.Context { return l.ctx }

// Subprotocol is what both sides speak, "" for none.
func (l *Conn) Subprotocol() string { return l.conn.Subprotocol() }

// Ended waits until a connection that is closed is read no more, and is the
// error for which it was closed.
func (l *Conn) Ended() error {
	<-l.readerDone
	return l.why
}

// Receive waits for a message. An end of ctx leaves the connection as it is.
func (l *Conn) Receive(ctx context.Context) (*Message, error) {
	select {
	case f := <-l.inbox:
		return f, nil
	case <-l.ctx.Done():
		return nil, l.Failure(l.ctx)
	case <-ctx.Done():
		return nil, l.Failure(ctx)
	}
}

// Failure is why there is no connection any more, or why ctx ended.
func (l *Conn) Failure(ctx context.Context) error {
	l.mutex.Lock()
	defer l.mutex.Unlock()
	switch {
	case l.why != nil:
		return l.why
	case ctx == l.ctx && errors.Is(ctx.Err(), context.Canceled):
		// The server saw the client go before the reader did.
		return l.failed(vanished(ctx.Err()))
	}
	return ctx.Err()
}

// vanished is a connection that broke without a word.
func vanished(cause error) *Closing {
	return &Closing{Code: int(websocket.StatusAbnormalClosure), Cause: cause}
}

// Send writes a message.
func (l *Conn) Send(ctx context.Context, kind websocket.MessageType, data []byte) error {
	if ctx.Err() != nil || l.ctx.Err() != nil {
		return l.Failure(l.or(ctx))
	}
	if ctx.Done() == l.ctx.Done() {
		ctx = context.Background() // closing the connection ends the write
	}
	err := l.conn.Write(ctx, kind, data)
	switch {
	case err == nil:
		return nil
	case ctx.Err() != nil:
		return ctx.Err()
	}
	if errors.Is(err, net.ErrClosed) { // the reader is about to say why
		select {
		case <-l.ctx.Done():
		case <-time.After(readerGrace):
		}
	}
	l.broke(err)
	return l.Failure(l.ctx)
}

// or is ctx if it ended, else the connection's own.
func (l *Conn) or(ctx context.Context) context.Context {
	if ctx.Err() != nil {
		return ctx
	}
	return l.ctx
}

// begin notes why the connection is closed. It reports whether that was the
// first reason.
func (l *Conn) begin(why error) bool {
	l.mutex.Lock()
	defer l.mutex.Unlock()
	if l.why != nil {
		return false
	}
	l.why = why
	l.ping.Stop()
	l.cancel()
	return true
}

// Close closes the connection for a reason, which everybody learns as why, and
// waits until it is closed; where there was one before, it only waits.
func (l *Conn) Close(closing *Closing, why error) {
	if l.begin(why) {
		l.close(closing)
	}
	<-l.shut
}

// Refuse closes the connection for a reason, without waiting.
func (l *Conn) Refuse(closing *Closing, why error) {
	if l.begin(why) {
		go l.close(closing)
	}
}

// close says why, waits for the other side to close too, and lets go.
func (l *Conn) close(closing *Closing) {
	defer close(l.shut)
	l.net.patience(closeWait)
	_ = l.conn.Close(websocket.StatusCode(closing.Code), fitReason(closing.Reason))
}

// maxReason is how long the reason in a close frame may be, in bytes.
const maxReason = 123

// fitReason is a reason as a close frame can carry it: UTF-8, and not too long.
func fitReason(reason string) string {
	reason = strings.ToValidUTF8(reason, "\uFFFD")
	if len(reason) <= maxReason {
		return reason
	}
	cut := maxReason
	for !utf8.RuneStart(reason[cut]) {
		cut--
	}
	return reason[:cut]
}

// drop lets go of a connection that carries nothing any more.
func (l *Conn) drop(cause error) {
	if l.begin(l.failed(vanished(cause))) {
		defer close(l.shut)
		_ = l.conn.CloseNow()
	}
}

// broke ends a connection that failed to read or to write.
func (l *Conn) broke(err error) {
	closing, ours := errors.AsType[*Closing](err)
	theirs, closed := errors.AsType[websocket.CloseError](err)
	switch {
	case ours:
		if l.begin(l.failed(closing)) {
			l.close(closing)
		}
	case closed:
		said := &Closing{Code: int(theirs.Code), Reason: theirs.Reason}
		if !utf8.ValidString(theirs.Reason) {
			said = &Closing{Code: int(websocket.StatusInvalidFramePayloadData), Reason: "the reason is not UTF-8"}
		}
		if l.begin(l.failed(said)) {
			defer close(l.shut)
			_ = l.conn.CloseNow()
		}
	case l.net.failed.Load(), errors.Is(err, net.ErrClosed):
		l.drop(err)
	default:
		protocol := &Closing{Code: int(websocket.StatusProtocolError), Reason: "not the WebSocket protocol"}
		if l.begin(l.failed(protocol)) {
			l.close(protocol)
		}
	}
}

// probe asks whether the client is there. One that sends, or waits for the
// handler to take what it has sent, is.
func (l *Conn) probe(interval time.Duration) {
	heard := l.heard.Load()
	ctx, cancel := context.WithTimeout(context.WithoutCancel(l.ctx), pongWait)
	defer cancel()
	err := l.conn.Ping(ctx)
	if err != nil && !l.waiting.Load() && l.heard.Load() == heard {
		l.drop(err)
		return
	}
	l.mutex.Lock()
	defer l.mutex.Unlock()
	if l.why == nil {
		l.ping.Reset(interval)
	}
}

// pacedConn is the connection itself, with a deadline for each write.
type pacedConn struct {
	net.Conn
	// limit is how long one write may stand still.
	limit time.Duration
	// left is what is to be written yet of a frame.
	left int
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
	if c.left <= 0 { // a frame begins
		if echoesNoText(p) {
			return len(p), c.refuseReason()
		}
		c.left = frameSize(p)
	}
	c.left -= len(p)
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

// patience bounds how long reads may go on from now.
func (c *pacedConn) patience(d time.Duration) { _ = c.SetReadDeadline(time.Now().Add(d)) }

// The library answers a close frame with the same code and reason, and only
// then tells of it. A reason must be UTF-8, though, and a frame whose is not is
// answered with 1007 (RFC 6455, sections 5.5.1 and 8.1). So the answer is
// replaced on its way: no other frame that is written has such a reason.

// closeFrame is the first byte of a close frame.
const closeFrame = 0x88

// echoesNoText reports whether a frame closes for a reason that is no text.
func echoesNoText(frame []byte) bool {
	return len(frame) > 4 && frame[0] == closeFrame && !utf8.Valid(frame[4:])
}

func (c *pacedConn) refuseReason() error {
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
