package mediatype

// The media types that OpenAPI calls sequential: a body of them is one item
// after the other.
const (
	// Lines is the media type of JSON Lines, and NDJSON its older name.
	Lines  = "application/jsonl"
	NDJSON = "application/x-ndjson"
	// Events is the media type of server-sent events, as it is sent.
	Events = "text/event-stream; charset=utf-8"
)

const (
	// ErrorEvent is the name of the event by which a stream tells that it failed.
	ErrorEvent = "error"
	// GapEvent is the name of one that tells of messages of a topic that are gone.
	GapEvent = "gap"
)
