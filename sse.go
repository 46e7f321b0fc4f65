package candor

import (
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"net/http"
	"reflect"
	"time"

	"github.com/candor-go/candor/internal/eventstream"
	"github.com/candor-go/candor/internal/mediatype"
	"github.com/candor-go/candor/internal/operation"
	"github.com/candor-go/candor/internal/response"
	"github.com/candor-go/candor/internal/typeinfo"
)

// Events is a response of server-sent events (text/event-stream), as browsers read it with EventSource.
//
//	type Ticks struct {
//		Last string `header:"Last-Event-ID,omitempty"`
//	}
//
//	func ticks(ctx context.Context, in Ticks) (candor.Events[Tick], error) {
//		return func(yield func(candor.Event[Tick], error) bool) { ... }, nil
//	}
//
// Its behavior:
//
//   - An error before the first event is handled like that of any handler. A later error, or a panic, is sent as an
//     event named "error", whose data is the body of an error response, and ends the stream.
//   - When the client has disconnected, yield returns false and the context is cancelled, so the deferred calls of
//     the producer run.
//   - After 15 seconds without an event, or [Heartbeat], a comment keeps the connection alive.
//   - Otherwise it behaves like [JSONLines].
type Events[T any] iter.Seq2[Event[T], error]

// Event is one event. Its data is the JSON encoding of Data, or the text itself for [Raw], even if T is any. Zero
// values are data too, unless NoData is set.
type Event[T any] struct {
	Data T
	// NoData leaves out Data, for a comment alone, or an ID or a Retry that the client should remember. Browsers ignore
	// an event without data, even if it has a Name; other clients may not.
	NoData bool
	// Name is the event type that the client listens for, "message" by default, or the case of a union whose [OneOf]
	// has the tag event:"name". ID is where the client resumes: it sends the last one as Last-Event-ID. Neither may
	// contain line breaks.
	Name, ID string
	// Retry tells the client how long to wait before it reconnects.
	Retry   time.Duration
	Comment string
	// Gap tells the client that events are missing here, so that it reloads its state: the event is named "gap" and its
	// data is null, whatever T is. Name, Data and NoData are ignored. On a received event, Name is set as well.
	Gap bool
}

// isEvent distinguishes the types of events from the types of their data.
func (Event[T]) isEvent() {}

// Raw is text that an event sends as it is.
type Raw string

// EventsOf returns the values of seq as Events, for values whose production cannot fail. Each value is the data of an
// event; for events with a name or an ID, write a function of type Events instead.
func EventsOf[T any](seq iter.Seq[T]) Events[T] {
	return func(yield func(Event[T], error) bool) {
		seq(func(data T) bool { return yield(Event[T]{Data: data}, nil) })
	}
}

// Heartbeat sets how long an event stream may be idle before a comment is sent, 15 seconds by default, and how often a
// WebSocket sends a ping, every 30 seconds by default.
func Heartbeat(d time.Duration) Option {
	return everywhere(func(s *settings) error {
		if d <= 0 {
			return fmt.Errorf("Heartbeat(%v); the time is positive", d)
		}
		s.heartbeat = d
		return nil
	})
}

func (Events[T]) bodyKind() bodyKind {
	item := itemType[T]()
	return bodyKind{
		status: http.StatusOK, media: mediatype.Events, compile: compileEvents[T], streams: true,
		value:  operation.Value{Kind: operation.Events, Type: item, Data: eventData[T]()},
		header: []operation.Header{{Name: "Cache-Control", Description: "no-cache", Required: true}},
	}
}

// eventData returns the kind of data that events have.
func eventData[T any]() operation.Kind {
	switch {
	case onlyRaw[T]():
		return operation.Text
	case mayBeRaw[T]():
		return operation.Any
	}
	return operation.JSON
}

// namesEvents reports whether the data determine the names of events.
func namesEvents(data *typeinfo.Type) bool {
	return data != nil && data.Kind == typeinfo.Union && data.Object.NamesEvents
}

// onlyRaw reports whether all data of type T is Raw.
func onlyRaw[T any]() bool { return reflect.TypeFor[T]() == reflect.TypeFor[Raw]() }

// mayBeRaw reports whether data of type T can be Raw: an interface may hold it.
func mayBeRaw[T any]() bool {
	t := reflect.TypeFor[T]()
	return onlyRaw[T]() || t.Kind() == reflect.Interface && reflect.TypeFor[Raw]().Implements(t)
}

// readRaw decodes data that may be Raw or JSON: anything that is not JSON is Raw. It reports whether it was.
func readRaw[T any](text []byte, into *T) bool {
	if !mayBeRaw[T]() || json.Valid(text) {
		return false
	}
	reflect.ValueOf(into).Elem().Set(reflect.ValueOf(Raw(text)))
	return true
}

// eventNames returns a function that derives the name of an event from its data, nil if the data do not determine it.
func eventNames(data *typeinfo.Type) func(reflect.Value) string {
	if !namesEvents(data) {
		return nil
	}
	cases := data.Object.Cases
	return func(value reflect.Value) string {
		for i := range cases {
			c := &cases[i]
			held := value.Field(c.Index)
			switch {
			case held.IsNil():
			case c.IsDefault():
				// typeinfo has checked that the discriminator exists and is a string.
				name, err := held.Elem().FieldByIndexErr(c.Type.Object.Field(data.Object.Discriminator).Index)
				if err != nil {
					return "" // in an embedded struct that is nil
				}
				return name.String()
			default:
				return c.Name
			}
		}
		return "" // such a value cannot be encoded
	}
}

func compileEvents[T any](c *compiler, _ *typeinfo.Field, _ []string) (encodeBody, error) {
	encoder, err := compileItems[T](c)
	if err != nil {
		return nil, err
	}
	names := eventNames(itemType[T]())
	return func(value reflect.Value, _ bool, resp *response.Response) error {
		// Cannot fail: the encoder is compiled for this type.
		events := value.Interface().(Events[T])
		if events == nil {
			events = func(func(Event[T], error) bool) {}
		}
		// Without X-Accel-Buffering nginx would buffer events.
		resp.Header = append(resp.Header, response.Line{Name: "Cache-Control", Value: "no-cache"}, response.Line{Name: "X-Accel-Buffering", Value: "no"})
		resp.Stream = func(w http.ResponseWriter, r *http.Request) error {
			if r.Method == http.MethodHead {
				resp.Begin(w)
				return nil
			}
			s := &eventWriter[T]{mayBeRaw: mayBeRaw[T](), names: names, items: newItemWriter[T](encoder, resp.Streaming), pipe: response.OpenPipe(resp, w, r, []byte(eventstream.Ping))}
			return s.run(events)
		}
		return nil
	}, nil
}

// eventWriter encodes events in their wire format.
type eventWriter[T any] struct {
	items *itemWriter[T]
	pipe  *response.Pipe
	data  []byte
	// mayBeRaw means that data may be Raw rather than JSON.
	mayBeRaw bool
	// names derives the name of an event, nil if the data do not determine it.
	names func(reflect.Value) string
}

// run runs the producer.
func (s *eventWriter[T]) run(events Events[T]) (err error) {
	ended := false
	defer func() {
		if !ended { // the producer panics
			_ = s.end(errInternal)
		}
	}()
	for event, failure := range events {
		if err = failure; err != nil {
			break
		}
		if err = s.pipe.Append(func(dst []byte) ([]byte, error) { return s.append(dst, &event) }); err != nil {
			break
		}
	}
	ended = true
	return s.end(err)
}

// append appends an encoded event to dst.
func (s *eventWriter[T]) append(dst []byte, event *Event[T]) ([]byte, error) {
	wire := eventstream.Event{Name: event.Name, ID: event.ID, Retry: event.Retry, Comment: event.Comment, HasData: !event.NoData || event.Gap}
	switch {
	case event.Gap:
		wire.Name, wire.Data, wire.OneLine = mediatype.GapEvent, append(s.data[:0], "null"...), true
	case event.NoData:
	default:
		isRaw, err := s.encode(event.Data)
		if err != nil {
			return dst, err
		}
		wire.Data, wire.OneLine = s.data, !isRaw // JSON has no line breaks
		if err := s.name(&wire); err != nil {
			return dst, err
		}
	}
	return eventstream.Append(dst, &wire)
}

// name sets the name of an event from its data, which were just encoded.
func (s *eventWriter[T]) name(wire *eventstream.Event) error {
	if s.names == nil {
		return nil
	}
	// items.value still holds the data that were just encoded.
	name := s.names(s.items.value)
	if wire.Name != "" && wire.Name != name {
		return fmt.Errorf("the event %q holds the case %q of its union, which is its name; leave Name empty", wire.Name, name)
	}
	wire.Name = name
	return nil
}

// encode encodes the data of an event, and reports whether it is Raw.
func (s *eventWriter[T]) encode(data T) (isRaw bool, err error) {
	if s.mayBeRaw {
		if raw, ok := any(data).(Raw); ok {
			s.data = append(s.data[:0], raw...)
			return true, nil
		}
	}
	s.data, err = s.items.append(s.data[:0], data)
	return false, err
}

// end ends the stream. An error after the first event is sent as an event. A server that stops ends its streams without
// one: clients reconnect, to another server.
func (s *eventWriter[T]) end(failure error) error {
	if failure != nil && s.pipe.Alive() {
		body := s.items.streaming.Failure(failure)
		s.items.streaming.Reported = nil == s.pipe.Append(func(dst []byte) ([]byte, error) {
			return eventstream.Append(dst, &eventstream.Event{Name: mediatype.ErrorEvent, Data: body, HasData: true})
		})
	}
	err := s.pipe.Close(failure)
	// No lock needed: Close has waited for the sender to end.
	if errors.Is(err, errDraining) && s.pipe.Headed() {
		return nil
	}
	return err
}
