package socket

import (
	"context"
	"errors"
	"fmt"
	"io"
	"sync"
	"sync/atomic"
	"time"
	"unicode/utf8"

	"github.com/coder/websocket"
)

// One goroutine reads at a time (it has the turn), and at most one message is held for the handler. A handler that
// waits for a message takes the turn and reads itself, because the stack of another goroutine would be half of what an
// idle client costs besides its buffers. A separate goroutine reads
//
//   - when Receive has not been called for a while, until it is;
//   - the rest of an incomplete message, because Receive must not wait for that when its context ends.
//
// A goroutine ends with the message that it holds. Before the library closes the connection nobody waits for a frame
// any more, as it reads then by itself.

// awayTime is how long the handler does something else before a goroutine reads.
const awayTime = 10 * time.Millisecond

// errPartial is returned for a message that has not come as a whole.
var errPartial = errors.New("a part of a message has come")

// Message is one message.
type Message struct {
	Kind websocket.MessageType
	Data []byte
}

// maxKept is the largest buffer kept for the next message, in bytes.
const maxKept = 64 << 10

// spareMessages keeps the buffers of messages that have been read.
var spareMessages = sync.Pool{New: func() any { return &Message{} }}

// Copied returns a copy of the data, for callers that keep it.
func (m *Message) Copied() []byte { return append(make([]byte, 0, len(m.Data)), m.Data...) }

// Release gives the buffer back.
func (m *Message) Release() {
	if cap(m.Data) <= maxKept {
		spareMessages.Put(m)
	}
}

// Receive waits for a message. If ctx ends, the connection stays open.
func (c *Conn) Receive(ctx context.Context) (*Message, error) {
	c.receivers.Add(1)
	defer c.leave()
	if ctx.Done() != nil && ctx.Done() != c.ctx.Done() {
		defer context.AfterFunc(ctx, c.net.interrupt)()
	}
	goesOn := func() bool { return c.ctx.Err() == nil && ctx.Err() == nil }
	for goesOn() && c.takeTurn(ctx) {
		if m, ended := c.receive(goesOn); ended {
			return m, nil
		}
	}
	if c.ctx.Err() != nil {
		ctx = c.ctx
	}
	return nil, c.Failure(ctx)
}

// leave makes sure that a goroutine reads if the handler does not return soon.
func (c *Conn) leave() {
	c.receivers.Add(-1)
	if !c.armed.Load() && c.armed.CompareAndSwap(false, true) {
		c.away.Reset(awayTime)
	}
}

// takeTurn reports whether it is the caller's turn before a context ends.
func (c *Conn) takeTurn(ctx context.Context) bool {
	select {
	case c.turn <- struct{}{}:
		return true
	default:
	}
	c.net.interrupt() // readAlone gives way
	select {
	case c.turn <- struct{}{}:
		return true
	case <-c.ctx.Done():
	case <-ctx.Done():
	}
	return false
}

func (c *Conn) endTurn() { <-c.turn }

// receive uses the caller's turn. It has none if there was an interrupt, the connection failed, or a goroutine reads
// the rest.
func (c *Conn) receive(goesOn func() bool) (m *Message, ok bool) {
	if m := c.held.take(); m != nil {
		c.endTurn()
		return m, true
	}
	m, err := c.await(goesOn)
	if errors.Is(err, errPartial) && c.beginReader() {
		go c.readRest()
		return nil, false
	}
	c.endTurn()
	if err != nil {
		c.fail(err)
	}
	return m, err == nil
}

// readRest reads the rest of a message. It has been given the turn.
func (c *Conn) readRest() {
	defer c.readers.Done()
	defer c.endTurn()
	c.hold(c.next())
}

// readAlone holds a message for a handler that does something else.
func (c *Conn) readAlone() {
	c.armed.Store(false)
	isAlone := func() bool { return c.receivers.Load() == 0 && c.ctx.Err() == nil }
	if !isAlone() || !c.beginReader() {
		return
	}
	defer c.readers.Done()
	select {
	case c.turn <- struct{}{}:
	default:
		return // another goroutine reads
	}
	defer c.endTurn()
	if c.held.isFull() {
		return
	}
	m, err := c.await(isAlone)
	if errors.Is(err, errPartial) {
		m, err = c.next()
	}
	c.hold(m, err)
}

// beginReader counts a goroutine that is to read, unless the connection is closed.
func (c *Conn) beginReader() bool {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	if c.why == nil {
		c.readers.Add(1)
	}
	return c.why == nil
}

// held is the message that was read for the handler, if any.
type held struct {
	// message has a *Message. An atomic.Pointer is generic, and would be compiled in each package with a connection.
	message atomic.Value
}

func (h *held) put(m *Message) { h.message.Store(m) }

func (h *held) isFull() bool {
	m, _ := h.message.Load().(*Message)
	return m != nil
}

// take returns the message, nil if there is none.
func (h *held) take() *Message {
	m, _ := h.message.Swap((*Message)(nil)).(*Message)
	return m
}

// hold stores a message for the handler.
func (c *Conn) hold(m *Message, err error) {
	if err != nil {
		c.fail(err)
		return
	}
	c.held.put(m)
}

// await waits for a message while goesOn returns true, and reads it if it is complete.
func (c *Conn) await(goesOn func() bool) (*Message, error) {
	c.net.reading.Lock()
	defer c.net.reading.Unlock()
	for goesOn() {
		whole, err := c.net.await()
		switch {
		case errors.Is(err, errInterrupted):
			continue
		case err != nil:
			return nil, err
		case !whole:
			return nil, errPartial
		}
		m, err := c.take()
		if !errors.Is(err, errNothing) { // there were more than control frames
			return m, err
		}
	}
	return nil, errInterrupted
}

// take reads one message from the received data.
func (c *Conn) take() (*Message, error) {
	c.net.mode = takes
	defer func() { c.net.mode = waits }()
	return c.next()
}

// next reads one message. Its context never ends, which has no cost: closing the connection ends the read.
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
