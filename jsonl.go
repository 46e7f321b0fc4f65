package candor

import (
	"bufio"
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"io"
	"iter"
	"net/http"
	"reflect"

	"github.com/getkin/kin-openapi/openapi3"

	"github.com/candor-go/candor/internal/codec"
	"github.com/candor-go/candor/internal/fault"
	"github.com/candor-go/candor/internal/mediatype"
	"github.com/candor-go/candor/internal/schema"
	"github.com/candor-go/candor/internal/typeinfo"
)

// JSONLines is an answer of many values, one line of JSON each, sent while they
// are made: application/jsonl.
//
//	func export(ctx context.Context, in struct{ DB *sql.DB `dep:""` }) (candor.JSONLines[Item], error) {
//		return func(yield func(Item, error) bool) { ... }, nil
//	}
//
// What it does by itself:
//
//   - It has begun once yield has accepted a line, or once its header was sent,
//     because no line came for a while. An error before that is answered like that
//     of any handler; after it every accepted line reaches the client, and then the
//     connection is aborted, so that the client sees that lines are missing.
//   - When the client is gone, yield returns false and the context is
//     cancelled, so the deferred calls of the producer run.
//   - Lines are written together while the producer is busy, and at once when
//     it waits. It is never more than 64 KiB ahead of the client.
//   - Each value is checked by its tags; one that breaks them aborts as well.
//   - Scoped providers end after the last line, unless they are Until(Encoded).
//   - HEAD does not start the producer.
//
// As the body of an input it is the lines of a request, of the media type
// application/jsonl or application/x-ndjson, read while the handler ranges over
// them:
//
//		func load(ctx context.Context, in struct {
//			Items candor.JSONLines[Item] `body:""`
//		}) (Report, error) {
//			for item, err := range in.Items {
//				if err != nil {
//					return Report{}, err
//				}
//				...
//			}
//		}
//
//	  - Each line is decoded and checked like a body of the type T. One that does
//	    not fit comes as a [ValidationError] whose locations begin with "body" and
//	    the number of the line, from 1; the next line may be asked for all the
//	    same. Returned by the handler it answers 422.
//	  - One line is held in memory at a time. It may have 1 MiB, or [MessageLimit],
//	    and the whole 32 MiB, or [MaxBody]. Over either the error is a 413, and
//	    the last, as is any other error of the body.
//	  - Lines end in a line feed, or in a carriage return and a line feed; the last
//	    one needs neither. Lines of nothing but white space are passed over, but
//	    counted. A byte order mark is a fault of the first line.
//	  - The lines can be ranged over once; a second range goes on where the first
//	    one stopped.
//	  - A body that is empty is missing, unless the tag says omitempty.
type JSONLines[T any] iter.Seq2[T, error]

// LinesOf makes lines of values that cannot fail.
func LinesOf[T any](seq iter.Seq[T]) JSONLines[T] {
	return func(yield func(T, error) bool) {
		seq(func(item T) bool { return yield(item, nil) })
	}
}

func (JSONLines[T]) bodyKind() bodyKind {
	item := itemType[T]()
	return bodyKind{
		status: http.StatusOK, media: mediatype.Lines, mark: item, compile: compileLines[T], streams: true,
		schema: func(c *schema.Components, _ string) *openapi3.SchemaRef { return linesSchema(c, item, schema.Out) },
	}
}

// linesSchema says what a line is.
func linesSchema(c *schema.Components, item *typeinfo.Type, use schema.Use) *openapi3.SchemaRef {
	return sequenceSchema("JSON Lines: one value of the content's items a line", mediatype.Lines, c.Value(item, nil, use))
}

func compileLines[T any](c *compiler, _ *typeinfo.Field, _ []string) (encodeBody, error) {
	encoder, err := compileItems[T](c)
	if err != nil {
		return nil, err
	}
	return func(value reflect.Value, _ bool, a *answer) error {
		lines := value.Interface().(JSONLines[T])
		if lines == nil {
			lines = func(func(T, error) bool) {}
		}
		a.stream = func(w http.ResponseWriter, r *http.Request) error {
			if r.Method == http.MethodHead {
				a.begin(w)
				return nil
			}
			return sendLines(lines, newItemWriter[T](encoder, a.live), openPipe(a, w, r, nil))
		}
		return nil
	}, nil
}

// sendLines runs the producer.
func sendLines[T any](lines JSONLines[T], items *itemWriter[T], p *pipe) (err error) {
	ended := false
	defer func() {
		if !ended { // the producer panics
			_ = p.close(errInternal)
		}
	}()
	for item, failure := range lines {
		if err = failure; err != nil {
			break
		}
		if err = p.append(func(dst []byte) ([]byte, error) {
			dst, err := items.append(dst, item)
			return append(dst, '\n'), err
		}); err != nil {
			break
		}
	}
	ended = true
	return p.close(err)
}

func (JSONLines[T]) bodyLines() bodyLines {
	item := itemType[T]()
	return bodyLines{
		media: []string{mediatype.Lines, mediatype.NDJSON}, item: item, compile: compileLineReader[T],
		schema: func(c *schema.Components, use schema.Use) *openapi3.SchemaRef { return linesSchema(c, item, use) },
	}
}

// compileLineReader makes what hands the lines of a body to a handler.
func compileLineReader[T any](c *compiler, f *typeinfo.Field) (passBody, error) {
	t, err := typeinfo.Of(reflect.TypeFor[T]())
	if err != nil {
		return nil, err
	}
	decoder, err := c.codec.Decoder(t, nil)
	if err != nil {
		return nil, err
	}
	return func(into reflect.Value, body io.Reader, in incoming) error {
		lines := newLineReader(body, decoder, f.Required, in)
		sequence := JSONLines[T](func(yield func(T, error) bool) {
			for lines.failed == nil {
				var item, none T
				switch err := lines.next(reflect.ValueOf(&item).Elem()); {
				case err == io.EOF: //nolint:errorlint // next returns it bare
				case err != nil && !yield(none, err), err == nil && !yield(item, nil):
					return
				}
			}
		})
		into.FieldByIndex(f.Index).Set(reflect.ValueOf(sequence))
		return nil
	}, nil
}

// lineReader reads a body of JSON line by line.
type lineReader struct {
	body    *bufio.Reader
	decoder *codec.Decoder
	options codec.Options
	limit   int
	// required means that there must be something.
	required bool
	// line is the room of lines that do not fit into that of body, number that of
	// the line, from 1.
	line   []byte
	number int
	// faults are empty between two lines.
	faults fault.List
	// failed is why there are no further lines, io.EOF behind the last.
	failed error
	// rendered gives faults their sentences, which nobody else does where the
	// handler keeps them.
	rendered func(*ValidationError) *ValidationError
	// claims reports an error of a Validate method that is a response by itself.
	claims func(error) bool
}

func newLineReader(body io.Reader, decoder *codec.Decoder, required bool, in incoming) *lineReader {
	limit := cmp.Or(in.lineLimit, defaultMessageLimit)
	return &lineReader{
		body: bufio.NewReaderSize(body, min(limit+len("\r\n"), 32<<10)), decoder: decoder,
		options: within(in.decode, int64(limit)), limit: limit, required: required,
		rendered: func(e *ValidationError) *ValidationError { return in.errors.rendered(in.r, e) },
		claims:   in.errors.claims,
	}
}

// next reads the next value. An error that is not kept in failed is that of one
// line.
func (r *lineReader) next(into reflect.Value) error {
	for {
		line, err := r.read()
		if err != nil {
			r.failed = err
			return err
		}
		r.number++
		if len(bytes.Trim(line, " \t\r")) > 0 {
			return r.decode(line, into)
		}
	}
}

// read is the next line without its end, valid until the one after it.
func (r *lineReader) read() ([]byte, error) {
	r.line = r.line[:0]
	for {
		piece, err := r.body.ReadSlice('\n')
		whole := err == nil
		switch {
		case len(r.line)+len(bytes.TrimRight(piece, "\r\n")) > r.limit:
			return nil, Error(http.StatusRequestEntityTooLarge, fmt.Sprintf("line %d of the body is larger than %d bytes", r.number+1, r.limit))
		case whole && len(r.line) == 0:
			return piece[:len(piece)-1], nil
		}
		r.line = append(r.line, piece...)
		switch {
		case whole:
			return r.line[:len(r.line)-1], nil
		case errors.Is(err, bufio.ErrBufferFull):
		case err == io.EOF:
			return r.last()
		default:
			return nil, err
		}
	}
}

// last is what stands behind the last line feed.
func (r *lineReader) last() ([]byte, error) {
	switch {
	case len(r.line) > 0:
		return r.line, nil
	case r.number == 0 && r.required:
		return nil, r.rendered(&ValidationError{Faults: []Fault{{Type: fault.Missing, Loc: []any{"body"}}}})
	}
	return nil, io.EOF
}

func (r *lineReader) decode(line []byte, into reflect.Value) error {
	if fits := r.decoder.Decode(line, into, r.options, &r.faults); !fits {
		r.failed = Error(http.StatusRequestEntityTooLarge, fmt.Sprintf("line %d of the body takes too much memory", r.number))
		return r.failed
	}
	if len(r.faults.Faults) == 0 {
		return nil
	}
	faults := r.faults
	r.faults = fault.List{}
	if err := validateResponse(&faults, r.claims); err != nil {
		return err
	}
	faults.Under(0, r.number)
	faults.Seal(0, "body")
	return r.rendered(invalid(&faults, bytes.Clone(line), r.options.Echo))
}
