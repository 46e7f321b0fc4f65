package candor

import (
	"net/http"
	"reflect"
	"time"

	"github.com/candor-go/candor/internal/codec"
	"github.com/candor-go/candor/internal/fault"
	"github.com/candor-go/candor/internal/response"
	"github.com/candor-go/candor/internal/typeinfo"
)

const (
	// defaultHeartbeat is how long an event stream may be idle before a comment is sent.
	defaultHeartbeat = 15 * time.Second
	// defaultWriteLimit is how long one write of a stream may make no progress.
	defaultWriteLimit = 10 * time.Second
)

// errDraining ends a stream because the server is stopping.
var errDraining = Error(http.StatusServiceUnavailable, "the server is stopping")

// itemWriter encodes the items of one stream.
type itemWriter[T any] struct {
	encoder   *codec.Encoder
	slot      *T
	value     reflect.Value
	streaming *response.Streaming
	// faults are the validation errors of the current item.
	faults fault.List
}

func newItemWriter[T any](e *codec.Encoder, l *response.Streaming) *itemWriter[T] {
	slot := new(T)
	return &itemWriter[T]{encoder: e, slot: slot, value: reflect.ValueOf(slot).Elem(), streaming: l}
}

// append appends an encoded item to dst. An invalid item is handled as the app's ResponseChecks say.
func (w *itemWriter[T]) append(dst []byte, item T) ([]byte, error) {
	*w.slot, w.faults = item, fault.List{}
	dst, err := w.encoder.Append(dst, w.value, w.streaming.Checks, &w.faults)
	if err != nil || len(w.faults.Faults) == 0 {
		return dst, err
	}
	w.faults.Seal(0, "item")
	broken := response.Invalid{Faults: w.faults.Faults}
	if w.streaming.Log != nil {
		w.streaming.Log(broken)
		return dst, nil
	}
	return dst, broken
}

// itemType describes the items of a stream.
func itemType[T any]() *typeinfo.Type {
	t, err := typeinfo.Of(reflect.TypeFor[T]())
	if err != nil {
		return nil // compileItems reports the error
	}
	return t
}

// compileItems makes the encoder of a stream's items.
func compileItems[T any](c *compiler) (*codec.Encoder, error) {
	t, err := typeinfo.Of(reflect.TypeFor[T]())
	if err != nil {
		return nil, err
	}
	if isEvent(t.Go) {
		return nil, &typeinfo.Error{
			Type: typeinfo.Name(t.Go), Problem: "the values of the stream are events, which would be written as {\"Data\": ...}",
			Fix: "yield each candor.Event[T] from a candor.Events[T], where T is the type of the data; candor.EventsOf and candor.LinesOf take the data alone",
		}
	}
	return c.codec.Encoder(t, nil)
}

// isEvent reports whether a type is an Event, which cannot be the data of another.
func isEvent(t reflect.Type) bool {
	if t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	_, is := reflect.Zero(t).Interface().(interface{ isEvent() })
	return is
}
