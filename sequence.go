package candor

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"iter"
	"net/http"
	"reflect"

	"github.com/candor-go/candor/internal/codec"
	"github.com/candor-go/candor/internal/fault"
	"github.com/candor-go/candor/internal/mediatype"
	"github.com/candor-go/candor/internal/response"
	"github.com/candor-go/candor/internal/typeinfo"
)

// A sequence is a type such as [JSONLines]: a function that yields items, each of them JSON. Its wire format is a row
// of a table in mediatype; this file has what the server side of all formats shares.

// compileSequence makes the encoder for a response of type S.
func compileSequence[S ~func(func(T, error) bool), T any](format *mediatype.Sequence) func(*compiler, *typeinfo.Field, []string) (encodeBody, error) {
	return func(c *compiler, _ *typeinfo.Field, _ []string) (encodeBody, error) {
		encoder, err := compileItems[T](c)
		if err != nil {
			return nil, err
		}
		return func(value reflect.Value, _ bool, resp *response.Response) error {
			items := value.Interface().(S) // the encoder is compiled for this type
			if items == nil {
				items = func(func(T, error) bool) {}
			}
			resp.Stream = func(w http.ResponseWriter, r *http.Request) error {
				if r.Method == http.MethodHead {
					resp.Begin(w)
					return nil
				}
				return writeItems(format, iter.Seq2[T, error](items), newItemWriter[T](encoder, resp.Streaming), response.OpenPipe(resp, w, r, nil))
			}
			return nil
		}, nil
	}
}

// writeItems runs the producer.
func writeItems[T any](format *mediatype.Sequence, items iter.Seq2[T, error], w *itemWriter[T], p *response.Pipe) (err error) {
	ended := false
	defer func() {
		// The panic continues, but the sending goroutine must not outlive it.
		if !ended {
			_ = p.Close(errInternal)
		}
	}()
	// One buffer for all items of the stream.
	var data []byte
	for item, failure := range items {
		if err = failure; err != nil {
			break
		}
		if err = p.Append(func(dst []byte) ([]byte, error) {
			if data, err = w.append(data[:0], item); err != nil {
				return dst, err
			}
			return format.Write(dst, mediatype.Item{Data: data})
		}); err != nil {
			break
		}
	}
	ended = true
	return p.Close(err)
}

// compileItemReader makes the function that passes the items of a body to a handler.
func compileItemReader[S ~func(func(T, error) bool), T any](format *mediatype.Sequence) func(*compiler, *typeinfo.Field) (passBody, error) {
	return func(c *compiler, f *typeinfo.Field) (passBody, error) {
		decoder, err := compileItemDecoder[T](c)
		if err != nil {
			return nil, err
		}
		return func(into reflect.Value, body unread) error {
			items := S(readItemsOf[T](newItemReader(format, decoder, f.Required, body)))
			into.FieldByIndex(f.Index).Set(reflect.ValueOf(items))
			return nil
		}, nil
	}
}

// compileItemDecoder makes the decoder for received items.
func compileItemDecoder[T any](c *compiler) (*codec.Decoder, error) {
	t, err := typeinfo.Of(reflect.TypeFor[T]())
	if err != nil {
		return nil, err
	}
	return c.codec.Decoder(t, nil)
}

// readItemsOf decodes the items of a body while they are ranged over. A validation error of an item does not end the
// sequence, any other error does.
func readItemsOf[T any](r *itemReader) func(func(T, error) bool) {
	return func(yield func(T, error) bool) {
		var none T
		if r.failed {
			return
		}
		for sent, err := range r.sent {
			if err != nil {
				yield(none, r.broken(err))
				return
			}
			r.number++
			if isBlank(sent.Data) {
				continue
			}
			var item T
			err := r.decode(sent.Data, reflect.ValueOf(&item).Elem())
			if err != nil {
				item = none // a partially decoded item must not be used
			}
			if !yield(item, err) || r.failed {
				return
			}
		}
		if err := r.end(); err != nil {
			yield(none, err)
		}
	}
}

func isBlank(data []byte) bool { return len(bytes.Trim(data, " \t\r\n")) == 0 }

// itemReader reads the items of a request.
type itemReader struct {
	format *mediatype.Sequence
	// sent yields the raw items. Ranging over it again continues where the first loop stopped.
	sent    iter.Seq2[mediatype.Item, error]
	decoder *codec.Decoder
	options codec.Options
	limit   int
	// required means that an empty body is an error.
	required bool
	// number is the number of the current item, from 1.
	number int
	// faults are the validation errors of the current item.
	faults fault.List
	// failed means that no more items are read.
	failed bool
	// rendered sets the messages of validation errors, for handlers that keep them.
	rendered func(*ValidationError) *ValidationError
	// claims reports whether an error of a Validate method is a response by itself.
	claims func(error) bool
}

func newItemReader(format *mediatype.Sequence, decoder *codec.Decoder, required bool, from unread) *itemReader {
	limit := cmp.Or(from.lineLimit, defaultMessageLimit)
	return &itemReader{
		format: format, sent: format.Split(from.body, limit), decoder: decoder,
		options: from.decode.ForBody(int64(limit)), limit: limit, required: required,
		rendered: func(e *ValidationError) *ValidationError { return from.errors.rendered(from.r, e) },
		claims:   from.errors.claims,
	}
}

// broken is the error for a body that cannot be read any further.
func (r *itemReader) broken(err error) error {
	r.failed = true
	if errors.Is(err, mediatype.ErrTooLong) {
		return Error(http.StatusRequestEntityTooLarge, fmt.Sprintf("%s %d of the body is larger than %d bytes", r.format.Item, r.number+1, r.limit))
	}
	return err
}

// end is the error for a body that ended without an item although one is required.
func (r *itemReader) end() error {
	if r.failed || r.number > 0 || !r.required {
		return nil
	}
	r.failed = true // reported once, however often the items are ranged over
	return r.rendered(&ValidationError{Faults: []Fault{{Type: fault.Missing, Loc: []any{"body"}}}})
}

func (r *itemReader) decode(data []byte, into reflect.Value) error {
	if fits := r.decoder.Decode(data, into, r.options, &r.faults); !fits {
		r.failed = true
		return Error(http.StatusRequestEntityTooLarge, fmt.Sprintf("%s %d of the body takes too much memory", r.format.Item, r.number))
	}
	if len(r.faults.Faults) == 0 {
		return nil
	}
	faults := r.faults
	r.faults = fault.List{}
	if err := faults.TakeResponse(r.claims); err != nil {
		return err
	}
	faults.Under(0, r.number)
	faults.Seal(0, "body")
	// Cloned, because the next item may be read into the same buffer.
	return r.rendered(invalid(&faults, bytes.Clone(data), r.options.Echo))
}
