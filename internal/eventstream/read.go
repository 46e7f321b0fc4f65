package eventstream

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"iter"
	"math"
	"strings"
	"time"
)

// ReadOptions configure how a stream is read. The zero value reads what a browser would dispatch, with the default
// limits.
type ReadOptions struct {
	// Comments also reports comments and events without data, which clients process or ignore silently.
	Comments bool
	// MaxLine is how long a line may be in bytes, 1 MiB by default.
	MaxLine int
	// MaxEvent is the maximum size of an event in bytes, all its lines together, 4 MiB by default.
	MaxEvent int
}

// ErrTooLong is wrapped by the error of a line or an event over its limit.
var ErrTooLong = errors.New("too long")

// Read reads the events of a stream until it ends. An incomplete event at the end is dropped. Any other error of the
// reader, and an exceeded limit, is yielded once, as the last element. An event is yielded as soon as its last byte is
// read.
//
// Event.ID, Retry and Comment come from the event's own block. An empty id field leaves ID and LastID empty; without an
// id field LastID is unchanged. Invalid UTF-8 is not changed.
func Read(r io.Reader, opts ReadOptions) iter.Seq2[Event, error] {
	return func(yield func(Event, error) bool) {
		p := newParser(opts, func(e Event) bool { return yield(e, nil) })
		switch err := p.run(r); err {
		case nil, io.EOF, errStopped: //nolint:errorlint // io.Reader says io.EOF itself
		default:
			yield(Event{}, err)
		}
	}
}

// errStopped ends reading because the consumer has stopped.
var errStopped = errors.New("stopped")

// maxEmptyReads is how often a reader may say nothing at all.
const maxEmptyReads = 100

// parser splits bytes into lines and lines into fields, and collects the fields of one event. A line is complete at its
// CR: waiting for a possible LF would delay the event until the next one arrives.
type parser struct {
	opts ReadOptions
	emit func(Event) bool

	line []byte
	// bom means that no line was read yet; afterCR that an LF belongs to the previous line end.
	bom, afterCR bool

	event    Event
	data     []byte
	comment  []byte
	size     int
	hasBlock bool
	lastID   string
}

func newParser(opts ReadOptions, emit func(Event) bool) *parser {
	if opts.MaxLine <= 0 {
		opts.MaxLine = 1 << 20
	}
	if opts.MaxEvent <= 0 {
		opts.MaxEvent = 4 << 20
	}
	return &parser{opts: opts, emit: emit, bom: true}
}

func (p *parser) run(r io.Reader) error {
	buffer := make([]byte, 4096)
	for empty := 0; empty < maxEmptyReads; empty++ {
		n, err := r.Read(buffer)
		if n > 0 {
			// Something came, so the count starts again.
			empty = -1
		}
		// A reader may return bytes together with an error: they count first.
		if failure := p.feed(buffer[:n]); failure != nil {
			return failure
		}
		if err != nil {
			return err
		}
	}
	return io.ErrNoProgress
}

// feed reads the next bytes of the stream.
func (p *parser) feed(chunk []byte) error {
	for len(chunk) > 0 {
		if p.afterCR {
			// The LF of a CRLF may come with a later read.
			p.afterCR = false
			if chunk[0] == '\n' {
				chunk = chunk[1:]
				continue
			}
		}
		end := indexBreak(chunk)
		if end < 0 {
			return p.appendLine(chunk)
		}
		if err := p.appendLine(chunk[:end]); err != nil {
			return err
		}
		p.afterCR = chunk[end] == '\r'
		chunk = chunk[end+1:]
		if err := p.endLine(); err != nil {
			return err
		}
	}
	return nil
}

func (p *parser) appendLine(chunk []byte) error {
	if len(p.line)+len(chunk) > p.opts.MaxLine {
		return fmt.Errorf("a line of an event stream has more than %d bytes: %w", p.opts.MaxLine, ErrTooLong)
	}
	p.line = append(p.line, chunk...)
	return nil
}

func (p *parser) endLine() error {
	line := p.line
	p.line = p.line[:0]
	// Only the start of a stream may have a byte order mark.
	if p.bom {
		p.bom = false
		line = bytes.TrimPrefix(line, []byte("\ufeff"))
	}
	if len(line) == 0 {
		return p.endEvent()
	}
	// Lines count whatever their field is: comments must not fill the memory either.
	if p.size += len(line); p.size > p.opts.MaxEvent {
		return fmt.Errorf("an event has more than %d bytes: %w", p.opts.MaxEvent, ErrTooLong)
	}
	name, value, _ := bytes.Cut(line, []byte(":"))
	p.field(string(name), bytes.TrimPrefix(value, []byte(" ")))
	return nil
}

// field takes one field in. A comment is a field without a name.
func (p *parser) field(name string, value []byte) {
	switch name {
	case "":
		p.comment = append(append(p.comment, value...), '\n')
	case "data":
		p.data = append(append(p.data, value...), '\n')
	case "event":
		p.event.Name = string(value)
	case "id":
		// According to the standard, clients ignore such an id, and a retry that is not a number.
		if bytes.IndexByte(value, 0) >= 0 {
			return
		}
		p.event.ID = string(value)
		p.lastID = p.event.ID
	case "retry":
		retry, ok := milliseconds(value)
		if !ok {
			return
		}
		p.event.Retry = retry
	default:
		return
	}
	p.hasBlock = true
}

// endEvent reports the event that a blank line completes.
func (p *parser) endEvent() error {
	event, hasBlock := p.event, p.hasBlock
	event.HasData = len(p.data) > 0
	// A copy, since the buffer is for the next event.
	event.Data = bytes.Clone(bytes.TrimSuffix(p.data, []byte("\n")))
	event.LastID = p.lastID
	if p.opts.Comments {
		event.Comment = strings.TrimSuffix(string(p.comment), "\n")
	}
	// Everything is reset except the last event ID.
	p.event, p.hasBlock, p.size = Event{}, false, 0
	p.data, p.comment = p.data[:0], p.comment[:0]
	if !event.HasData && (!p.opts.Comments || !hasBlock) {
		return nil
	}
	if !p.emit(event) {
		return errStopped
	}
	return nil
}

// milliseconds reads digits and nothing else. A number too large for a duration becomes the longest one.
func milliseconds(digits []byte) (time.Duration, bool) {
	const most = math.MaxInt64 / int64(time.Millisecond)
	var n int64
	for _, c := range digits {
		if c < '0' || c > '9' {
			return 0, false
		}
		// Held at the most, so that no number of digits overflows.
		n = min(n*10+int64(c-'0'), most)
	}
	return time.Duration(n) * time.Millisecond, len(digits) > 0
}
