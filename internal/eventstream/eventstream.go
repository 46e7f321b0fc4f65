// Package eventstream writes and reads the wire format of server-sent events: text/event-stream, section 9.2 of the
// WHATWG's HTML standard.
//
// Event responses are written with it; the test client, typed calls and package contract read with it. It knows nothing
// about types or HTTP.
package eventstream

import "time"

// Event is one block of a stream, from one blank line to the next.
//
// An empty Name, ID or Comment is the same as none, and is not written. So no event resets the client's last event ID,
// as an empty id field would: the client could no longer resume.
type Event struct {
	// Name is the event's type; a client takes "" for "message".
	Name string
	// ID becomes the client's last event ID, with or without data beside it.
	ID string
	// LastID is set by [Read] only: the last event ID after this event, from this event or an earlier one.
	LastID string
	// Retry is written in whole milliseconds, rounded up; 0 means none.
	Retry time.Duration
	// Comment may have several lines.
	Comment string
	// Data counts only if HasData is true. Clients report only events with data, which may be empty.
	Data    []byte
	HasData bool
	// OneLine says that Data has no line breaks and is valid UTF-8, so that [Append] need not check.
	OneLine bool
}

// Ping is a comment that keeps a connection alive.
const Ping = ": ping\n\n"

// MediaType is the media type of an event stream.
const MediaType = "text/event-stream"
