package candor

import (
	"errors"
	"fmt"
	"iter"
	"net/http"
	"reflect"
	"time"

	"github.com/getkin/kin-openapi/openapi3"

	"github.com/candor-go/candor/internal/eventstream"
	"github.com/candor-go/candor/internal/schema"
	"github.com/candor-go/candor/internal/typeinfo"
)

// Events is an answer of server-sent events: text/event-stream, as browsers
// read it by EventSource.
//
//	func ticks(ctx context.Context, in struct {
//		Last string `header:"Last-Event-ID,omitempty"`
//	}) (candor.Events[Tick], error) {
//		return func(yield func(candor.Event[Tick], error) bool) { ... }, nil
//	}
//
// What it does by itself:
//
//   - An error before the first event is answered like that of any handler; one
//     after it is sent as an event named "error", with the body of an error
//     answer as its data, and ends the stream.
//   - When the client is gone, yield returns false and the context is
//     cancelled, so the deferred calls of the producer run.
//   - After 15 seconds of silence, or [Heartbeat], a comment keeps the
//     connection alive.
//   - Otherwise it behaves like [JSONLines].
type Events[T any] iter.Seq2[Event[T], error]

// Event is one event. Its data is the JSON of Data, or the text itself for
// [Raw]. An Event with nothing but a Comment is sent as a comment.
type Event[T any] struct {
	Data T
	// Name is what the client listens to, "message" by default. ID is where the
	// client resumes: it sends the last one as Last-Event-ID. Neither may hold
	// line breaks.
	Name, ID string
	// Retry tells the client how long to wait before it connects again.
	Retry   time.Duration
	Comment string
	// bare means that Data is none: with a name it is sent as null, and without
	// one not at all.
	bare bool
}

// Raw is text that an event carries as it is.
type Raw string

// EventsOf makes events of values that cannot fail.
func EventsOf[T any](seq iter.Seq[T]) Events[T] {
	return func(yield func(Event[T], error) bool) {
		seq(func(data T) bool { return yield(Event[T]{Data: data}, nil) })
	}
}

// Heartbeat sets how long an event stream may be silent before a comment is
// sent, 15 seconds by default, and how often a WebSocket sends a ping, every 30
// seconds by default.
func Heartbeat(d time.Duration) Option {
	return everywhere(func(s *settings) error {
		if d <= 0 {
			return fmt.Errorf("Heartbeat(%v); the time is positive", d)
		}
		s.heartbeat = d
		return nil
	})
}

// Events that Candor sends by itself: for an error after the first event, and
// for messages of a topic that are gone.
const (
	errorEvent = "error"
	gapEvent   = "gap"
)

func (Events[T]) bodyKind() bodyKind {
	item := itemType[T]()
	return bodyKind{
		status: http.StatusOK, media: eventsMedia, mark: item, compile: compileEvents[T], streams: true,
		schema: func(c *schema.Components, _ string) *openapi3.SchemaRef { return eventsSchema[T](c, item) },
		header: []documentedHeader{{name: "Cache-Control", doc: "no-cache", required: true, schema: openapi3.NewStringSchema()}},
	}
}

// eventsSchema says what an event is.
func eventsSchema[T any](c *schema.Components, item *typeinfo.Type) *openapi3.SchemaRef {
	data := openapi3.NewStringSchema()
	data.ContentMediaType = "text/plain"
	if !carriesRaw[T]() {
		data.ContentMediaType = jsonMedia
		data.ContentSchema = c.Value(item, nil, schema.Out)
	}
	event := openapi3.NewObjectSchema().WithProperty("data", data)
	event.WithProperty("event", openapi3.NewStringSchema()).WithProperty("id", openapi3.NewStringSchema())
	event.WithProperty("retry", openapi3.NewIntegerSchema().WithMin(0))
	return sequenceSchema("Server-sent events: one of the content's items each", bareMedia(eventsMedia), openapi3.NewSchemaRef("", event))
}

func carriesRaw[T any]() bool { return reflect.TypeFor[T]() == reflect.TypeFor[Raw]() }

func compileEvents[T any](c *compiler, _ *typeinfo.Field, _ []string) (encodeBody, error) {
	encoder, err := compileItems[T](c)
	if err != nil {
		return nil, err
	}
	return func(value reflect.Value, _ bool, a *answer) error {
		events := value.Interface().(Events[T])
		if events == nil {
			events = func(func(Event[T], error) bool) {}
		}
		a.header = append(a.header, headerLine{"Cache-Control", "no-cache"}, headerLine{"X-Accel-Buffering", "no"})
		a.stream = func(w http.ResponseWriter, r *http.Request) error {
			if r.Method == http.MethodHead {
				a.begin(w)
				return nil
			}
			s := &eventSender[T]{json: !carriesRaw[T](), items: newItemWriter[T](encoder, a.live), pipe: openPipe(a, w, r, []byte(eventstream.Ping))}
			return s.run(events)
		}
		return nil
	}, nil
}

// eventSender turns events into their wire format.
type eventSender[T any] struct {
	items *itemWriter[T]
	pipe  *pipe
	data  []byte
	// json means that data is JSON, whose strings have no line breaks.
	json bool
}

// run runs the producer.
func (s *eventSender[T]) run(events Events[T]) (err error) {
	ended := false
	defer func() {
		if !ended { // the producer panics
			_ = s.pipe.close(errProducer)
		}
	}()
	for event, failure := range events {
		if err = failure; err != nil {
			break
		}
		if err = s.pipe.append(func(dst []byte) ([]byte, error) { return s.append(dst, &event) }); err != nil {
			break
		}
	}
	ended = true
	return s.end(err)
}

// append writes an event behind dst.
func (s *eventSender[T]) append(dst []byte, event *Event[T]) ([]byte, error) {
	wire := eventstream.Event{Name: event.Name, ID: event.ID, Retry: event.Retry, Comment: event.Comment}
	switch {
	case event.bare:
		s.data = append(s.data[:0], "null"...)
		wire.Data, wire.HasData = s.data, event.Name != ""
	case !event.onlyComment():
		if err := s.encode(event.Data); err != nil {
			return dst, err
		}
		wire.Data, wire.HasData = s.data, true
		wire.OneLine = s.json
	}
	return eventstream.Append(dst, &wire)
}

// onlyComment reports whether the event says nothing but its comment.
func (e *Event[T]) onlyComment() bool {
	return e.Comment != "" && e.Name == "" && e.ID == "" && e.Retry == 0 && reflect.ValueOf(&e.Data).Elem().IsZero()
}

func (s *eventSender[T]) encode(data T) (err error) {
	if s.json {
		s.data, err = s.items.append(s.data[:0], data)
		return err
	}
	if raw, ok := any(data).(Raw); ok {
		s.data = append(s.data[:0], raw...)
	}
	return nil
}

// end ends the stream. An error after the first event is sent as one. A server
// that stops ends streams without one: clients connect again, to another.
func (s *eventSender[T]) end(failure error) error {
	if failure != nil && s.pipe.alive() {
		body := s.items.live.failure(failure)
		failure = s.pipe.append(func(dst []byte) ([]byte, error) {
			return eventstream.Append(dst, &eventstream.Event{Name: errorEvent, Data: body, HasData: true})
		})
	}
	err := s.pipe.close(failure)
	if errors.Is(err, errDraining) && s.pipe.headed {
		return nil
	}
	return err
}
