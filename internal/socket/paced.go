package socket

import (
	"bufio"
	"encoding/binary"
	"errors"
	"net"
	"os"
	"sync"
	"sync/atomic"
	"time"
	"unicode/utf8"

	"github.com/coder/websocket"
)

// maxWrite is how much is written under one deadline.
const maxWrite = 64 << 10

// pacedConn is the connection itself, with a deadline for each write, and an interruptible wait for frames.
type pacedConn struct {
	net.Conn
	// buffered is the reader from which the library reads frames.
	buffered *bufio.Reader
	// limit is how long one write may make no progress.
	limit time.Duration
	// remaining is what remains to be written of a frame.
	remaining int
	// failed is set by the first error.
	failed atomic.Bool

	// reading is held while a goroutine waits for a frame or reads one, so that the library does not read meanwhile. It
	// guards mode.
	reading sync.Mutex
	mode    readMode

	// deadlines guards the deadline of reads: until, or the past if interrupted.
	deadlines   sync.Mutex
	until       time.Time
	interrupted bool
}

// readMode says what a read does if it would have to wait.
type readMode uint8

const (
	waits  readMode = iota // it waits, whatever happens
	awaits                 // it waits until there is an interrupt
	takes                  // it fails, with errNothing
)

var (
	errInterrupted = errors.New("interrupted")
	errNothing     = errors.New("nothing has come")
	// past is a deadline that is over.
	past = time.Unix(1, 0)
)

// Read implements net.Conn.
func (c *pacedConn) Read(p []byte) (int, error) {
	if c.mode == takes {
		return 0, errNothing
	}
	for {
		n, err := c.Conn.Read(p)
		switch {
		case err == nil:
			return n, nil
		case n > 0 || !errors.Is(err, os.ErrDeadlineExceeded) || !c.resume():
			c.failed.Store(true)
			return n, err
		case c.mode == awaits:
			return 0, errInterrupted
		}
	}
}

// await waits until a frame begins, and reports whether a message can be read without further waiting. The caller holds
// reading.
func (c *pacedConn) await() (whole bool, err error) {
	c.mode = awaits
	defer func() { c.mode = waits }()
	if _, err := c.buffered.Peek(1); err != nil {
		return false, err
	}
	frames, _ := c.buffered.Peek(c.buffered.Buffered())
	return areWhole(frames), nil
}

// interrupt ends await, now or as soon as it begins. It does nothing to other reads.
func (c *pacedConn) interrupt() {
	c.deadlines.Lock()
	defer c.deadlines.Unlock()
	c.interrupted = true
	_ = c.SetReadDeadline(past)
}

// resume reports whether there was an interrupt, and takes it back.
func (c *pacedConn) resume() bool {
	c.deadlines.Lock()
	defer c.deadlines.Unlock()
	if !c.interrupted {
		return false
	}
	c.interrupted = false
	_ = c.SetReadDeadline(c.until)
	return true
}

// limitReads bounds how long reads may go on from now.
func (c *pacedConn) limitReads(d time.Duration) {
	c.deadlines.Lock()
	defer c.deadlines.Unlock()
	c.interrupted = false
	c.until = time.Now().Add(d)
	_ = c.SetReadDeadline(c.until)
}

// areWhole reports whether the client's data begins with a complete message in one frame, or consists only of complete
// control frames.
func areWhole(frames []byte) bool {
	const final, control = 0x80, 0x08
	for len(frames) >= 2 {
		size := frameSize(frames)
		if frames[1]&lengthBits == length64 || size > len(frames) {
			return false
		}
		if frames[0]&control == 0 {
			return frames[0]&final != 0
		}
		frames = frames[size:]
	}
	return len(frames) == 0
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

// The library responds to a close frame with the same code and reason, and only then reports it. But if the reason is
// not valid UTF-8, the response must be 1007 (RFC 6455, sections 5.5.1 and 8.1). So the response is replaced when it is
// written: no other written frame has such a reason.

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

// What the second byte of a frame says (RFC 6455, section 5.2).
const (
	maskBit    = 0x80
	lengthBits = 0x7f
	length16   = 126 // the length is in the next two bytes
	length64   = 127 // the length is in the next eight bytes
)

// frameSize returns the size of a frame according to its header. If the header is incomplete, it is one byte more than
// there is.
func frameSize(p []byte) int {
	size := 2
	if len(p) >= 2 && p[1]&maskBit != 0 {
		size += 4
	}
	switch {
	case len(p) < 2:
		return len(p) + 1
	case p[1]&lengthBits == length16 && len(p) >= 4:
		return size + 2 + int(binary.BigEndian.Uint16(p[2:]))
	case p[1]&lengthBits == length64 && len(p) >= 10:
		return size + 8 + int(binary.BigEndian.Uint64(p[2:]))
	case p[1]&lengthBits < length16:
		return size + int(p[1]&lengthBits)
	}
	return len(p) + 1
}
