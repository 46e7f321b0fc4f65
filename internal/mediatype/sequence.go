package mediatype

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"iter"
	"slices"
	"time"

	"github.com/candor-go/candor/internal/eventstream"
)

// OpenAPI calls a media type sequential if its bodies are a sequence of items. The server, the typed client, the
// document, the test client and the contract take everything about such a format from its row in the table below.

// Sequence is a sequential media type.
type Sequence struct {
	// MediaType is the media type of responses, without parameters; Also are other names in requests.
	MediaType string
	Also      []string
	// Item is the word for one item in messages, and Doc the description of a body in the document.
	Item, Doc string
	// Split yields the items of a body as they arrive, each valid until the next. An error is the last element; the end
	// of the body is not an error. With a limit above 0, a larger item is an [ErrTooLong]. Ranging over it again
	// continues where the first loop stopped.
	Split func(body io.Reader, limit int) iter.Seq2[Item, error]
	// Write appends an item to dst.
	Write func(dst []byte, item Item) ([]byte, error)
	// Named means that items have names, which determine the type of their data.
	Named bool
}

// Item is one item of a sequence.
type Item struct {
	Data []byte
	// Name, ID and Retry are used by events.
	Name, ID string
	Retry    time.Duration
}

// ErrTooLong is wrapped by the error of an item over its limit.
var ErrTooLong = eventstream.ErrTooLong

// The names of media types in the table.
const (
	// Lines is the media type of JSON Lines, and NDJSON its older name.
	Lines  = "application/jsonl"
	NDJSON = "application/x-ndjson"
	// Events is the Content-Type of server-sent events.
	Events = "text/event-stream; charset=utf-8"
)

// sequences are all sequential media types.
var sequences = []*Sequence{JSONLines, ServerSentEvents}

// JSONLines has one value of JSON a line.
var JSONLines = &Sequence{
	MediaType: Lines, Also: []string{NDJSON},
	Item: "line", Doc: "JSON Lines: one value of the content's items a line",
	Split: splitLines,
	Write: func(dst []byte, item Item) ([]byte, error) { return append(append(dst, item.Data...), '\n'), nil },
}

// ServerSentEvents has events with names, whose data are JSON or text.
var ServerSentEvents = &Sequence{
	MediaType: eventstream.MediaType,
	Item:      "event", Doc: "Server-sent events: one of the content's items each",
	Split: splitEvents, Write: writeEvent, Named: true,
}

// SequenceOf returns the format of a Content-Type, nil if it is not a sequence.
func SequenceOf(contentType string) *Sequence {
	bare := Bare(contentType)
	for _, s := range sequences {
		if s.Is(bare) {
			return s
		}
	}
	return nil
}

// Is reports whether a media type without parameters names the format.
func (s *Sequence) Is(bare string) bool {
	return s.MediaType == bare || slices.Contains(s.Also, bare)
}

const (
	// ErrorEvent is the name of the event that reports the failure of a stream.
	ErrorEvent = "error"
	// GapEvent is the name of the event that reports missing messages of a topic.
	GapEvent = "gap"
)

func writeEvent(dst []byte, item Item) ([]byte, error) {
	return eventstream.Append(dst, &eventstream.Event{Name: item.Name, ID: item.ID, Retry: item.Retry, Data: item.Data, HasData: true})
}

func splitEvents(body io.Reader, limit int) iter.Seq2[Item, error] {
	events := eventstream.Read(body, eventstream.ReadOptions{MaxLine: limit, MaxEvent: limit})
	return func(yield func(Item, error) bool) {
		events(func(event eventstream.Event, err error) bool {
			return yield(Item{Data: event.Data, Name: event.Name, ID: event.ID, Retry: event.Retry}, err)
		})
	}
}

// splitLines splits at line feeds. A carriage return before one belongs to the line end. Text after the last line feed
// is a line, too.
func splitLines(body io.Reader, limit int) iter.Seq2[Item, error] {
	return splitAt('\n', "\r\n", body, limit)
}

// maxBuffer is how much of a body is read at once.
const maxBuffer = 32 << 10

// splitAt splits a body at a byte. Trailing bytes of an item that are in end do not count for the limit.
func splitAt(delimiter byte, end string, body io.Reader, limit int) iter.Seq2[Item, error] {
	size := maxBuffer
	if limit > 0 {
		size = min(limit+len(end), maxBuffer)
	}
	p := &pieces{body: bufio.NewReaderSize(body, size), delimiter: delimiter, end: end, limit: limit}
	return func(yield func(Item, error) bool) {
		for p.failed == nil {
			data, err := p.next()
			if p.failed = err; err == io.EOF { //nolint:errorlint // next returns it bare
				return
			}
			if !yield(Item{Data: data}, err) {
				return
			}
		}
	}
}

// pieces are the parts of a body between delimiters.
type pieces struct {
	body      *bufio.Reader
	delimiter byte
	end       string
	limit     int
	// long holds a piece that does not fit into the buffer of body.
	long []byte
	// failed is why no piece follows, io.EOF after the last.
	failed error
}

// next is the next piece without its delimiter.
func (p *pieces) next() ([]byte, error) {
	p.long = p.long[:0]
	for {
		part, err := p.body.ReadSlice(p.delimiter)
		whole := err == nil
		switch {
		case p.limit > 0 && len(p.long)+len(bytes.TrimRight(part, p.end)) > p.limit:
			return nil, fmt.Errorf("more than %d bytes: %w", p.limit, ErrTooLong)
		case whole && len(p.long) == 0:
			// Most pieces are whole in the buffer, and need no copy.
			return part[:len(part)-1], nil
		}
		p.long = append(p.long, part...)
		switch {
		case whole:
			return p.long[:len(p.long)-1], nil
		case errors.Is(err, bufio.ErrBufferFull):
		case err == io.EOF && len(p.long) > 0:
			return p.long, nil
		default:
			return nil, err
		}
	}
}
