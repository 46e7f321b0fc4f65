package candor

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
	"net/http"
	"reflect"

	"github.com/candor-go/candor/internal/codec"
	"github.com/candor-go/candor/internal/eventstream"
	"github.com/candor-go/candor/internal/mediatype"
	"github.com/candor-go/candor/internal/receiving"
	"github.com/candor-go/candor/internal/typeinfo"
)

// A received stream reads from the connection while it is ranged over. That works once; afterwards the connection is
// closed, also after a break or an error.

// receiveSequence compiles what reads a response of type S.
func receiveSequence[S ~func(func(T, error) bool), T any](c *compiler, format *mediatype.Sequence) (receiving.Body, error) {
	decoder, err := compileItemDecoder[T](c)
	if err != nil {
		return nil, err
	}
	return func(into reflect.Value, from *receiving.Response) error {
		into.Set(reflect.ValueOf(S(receiveItems[T](decoder, format, from))))
		return nil
	}, nil
}

// rangedOnce returns a stream whose items are read when it is first ranged over. Then its connection is closed.
func rangedOnce[T any](from *receiving.Response, read func(body io.Reader, yield func(T, error) bool)) iter.Seq2[T, error] {
	body, ranged := from.Keep(), false
	return func(yield func(T, error) bool) {
		if ranged {
			yield(*new(T), errors.New("the response was ranged over before; its connection is closed"))
			return
		}
		// Set first, because the body of the loop may range over it again.
		ranged = true
		defer func() { _ = body.Close() }()
		read(body, yield)
	}
}

// receiveItems reads the items one at a time; each may be as long as the limit of a body.
func receiveItems[T any](decoder *codec.Decoder, format *mediatype.Sequence, from *receiving.Response) iter.Seq2[T, error] {
	return rangedOnce(from, func(body io.Reader, yield func(T, error) bool) {
		for sent, err := range format.Split(body, int(from.Limit)) {
			if err == nil && isBlank(sent.Data) {
				continue
			}
			var item T
			if err == nil {
				err = receiving.Decode(decoder, sent.Data, reflect.ValueOf(&item).Elem())
			}
			// An error ends the stream; Call documents that it is the last item.
			if !yield(item, inStream(from, err)) || err != nil {
				return
			}
		}
	})
}

// inStream returns an error in the middle of a stream: one sent by the server, or one of the connection. nil stays nil.
func inStream(r *receiving.Response, err error) error {
	if err == nil || errors.As(err, new(*HTTPError)) || errors.As(err, new(*ValidationError)) {
		return err
	}
	return unexpected(r, fmt.Errorf("the stream is cut short or broken: %w", err))
}

// sendSequence sends what a value of type S yields. Each item is produced when the transport asks for more.
func sendSequence[S ~func(func(T, error) bool), T any](c *compiler, format *mediatype.Sequence) (func(value reflect.Value) io.Reader, error) {
	described, err := typeinfo.Of(reflect.TypeFor[T]())
	if err != nil {
		return nil, err
	}
	encoder, err := c.codec.Encoder(described, nil)
	return func(value reflect.Value) io.Reader {
		items, _ := value.Interface().(S)
		if items == nil {
			return nil
		}
		r := &itemsReader[T]{format: format, encoder: encoder}
		// Pulled, because the transport asks for bytes while the sequence would push items.
		r.next, r.stop = iter.Pull2(iter.Seq2[T, error](items))
		return r
	}, err
}

// itemsReader is a body whose items are produced while it is read.
type itemsReader[T any] struct {
	format  *mediatype.Sequence
	encoder *codec.Encoder
	next    func() (T, error, bool)
	stop    func()
	// data is the JSON of an item, sent the item in its format, and rest the part of sent that has not been read yet.
	data, sent, rest []byte
}

// Read reads the rest of an item, or the next one.
func (r *itemsReader[T]) Read(into []byte) (int, error) {
	// The transport decides how much it reads at a time, so an item may need several reads.
	if len(r.rest) == 0 {
		item, err, ok := r.next()
		if !ok {
			return 0, io.EOF
		}
		if err == nil {
			// Both buffers are reused: rest is empty, so the last item is no longer needed.
			r.data, err = r.encoder.Append(r.data[:0], reflect.ValueOf(&item).Elem(), false, nil)
		}
		if err == nil {
			r.sent, err = r.format.Write(r.sent[:0], mediatype.Item{Data: r.data})
		}
		if err != nil {
			return 0, fmt.Errorf("the %ss of the body: %w", r.format.Item, err)
		}
		r.rest = r.sent
	}
	n := copy(into, r.rest)
	r.rest = r.rest[n:]
	return n, nil
}

// Close stops the sequence.
func (r *itemsReader[T]) Close() error {
	r.stop()
	return nil
}

func (Events[T]) receive(c *compiler) (receiving.Body, error) {
	var decoder *codec.Decoder
	if !onlyRaw[T]() {
		var err error
		if decoder, err = compileItemDecoder[T](c); err != nil {
			return nil, err
		}
	}
	return func(into reflect.Value, from *receiving.Response) error {
		into.Set(reflect.ValueOf(receiveEvents[T](decoder, from)))
		return nil
	}, nil
}

func receiveEvents[T any](decoder *codec.Decoder, from *receiving.Response) Events[T] {
	return Events[T](rangedOnce(from, func(body io.Reader, yield func(Event[T], error) bool) {
		limits := eventstream.ReadOptions{MaxLine: int(from.Limit), MaxEvent: int(from.Limit)}
		for sent, err := range eventstream.Read(body, limits) {
			var event Event[T]
			if err == nil {
				err = receiveEvent(decoder, &sent, &event)
			}
			if !yield(event, inStream(from, err)) || err != nil {
				return
			}
		}
	}))
}

// receiveEvent is the inverse of writing an event, and of how an error ends a stream.
func receiveEvent[T any](decoder *codec.Decoder, sent *eventstream.Event, event *Event[T]) error {
	*event = Event[T]{Name: sent.Name, ID: sent.ID, Retry: sent.Retry, Gap: sent.Name == mediatype.GapEvent && string(sent.Data) == "null"}
	if sent.Name == mediatype.ErrorEvent {
		if failure := failureIn(sent.Data); failure != nil {
			return failure
		}
	}
	data := reflect.ValueOf(&event.Data).Elem()
	switch {
	case decoder == nil:
		// Without a decoder T is Raw, which is a string.
		data.SetString(string(sent.Data))
	case readRaw(sent.Data, &event.Data):
	case string(sent.Data) != "null": // null is also written for no data
		return receiving.Decode(decoder, sent.Data, data)
	}
	return nil
}

// failureIn returns the error in the data of an event, nil if there is none. Without a status in the data, the status is
// that of an unknown error.
func failureIn(data []byte) error {
	if faults := faultsIn(data); faults != nil {
		return &ValidationError{Faults: faults}
	}
	var body map[string]json.RawMessage
	// The app may have its own event with the same name and any data.
	if json.Unmarshal(data, &body) != nil {
		return nil
	}
	status := http.StatusInternalServerError
	_, isProblem := body["title"]
	if isProblem {
		_ = json.Unmarshal(body["status"], &status)
	} else if len(body) != 1 || body["detail"] == nil {
		return nil
	}
	detail, err := detailIn(data, status, isProblem)
	if err != nil {
		return nil
	}
	return &HTTPError{status: status, detail: detail, remote: true}
}
