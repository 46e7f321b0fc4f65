package candor

import (
	"iter"
	"net/http"
	"reflect"

	"github.com/getkin/kin-openapi/openapi3"

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
//   - An error before the first line is answered like that of any handler; one
//     after it aborts the connection, so that the client sees that lines are
//     missing.
//   - When the client is gone, yield returns false and the context is
//     cancelled, so the deferred calls of the producer run.
//   - Lines are written together while the producer is busy, and at once when
//     it waits. It is never more than 64 KiB ahead of the client.
//   - Each value is checked by its tags; one that breaks them aborts as well.
//   - Scoped providers end after the last line, unless they are Until(Encoded).
//   - HEAD does not start the producer.
type JSONLines[T any] iter.Seq2[T, error]

// LinesOf makes lines of values that cannot fail.
func LinesOf[T any](seq iter.Seq[T]) JSONLines[T] {
	return func(yield func(T, error) bool) {
		seq(func(item T) bool { return yield(item, nil) })
	}
}

// linesMedia is the media type of JSON Lines.
const linesMedia = "application/jsonl"

func (JSONLines[T]) bodyKind() bodyKind {
	item := itemType[T]()
	return bodyKind{
		status: http.StatusOK, media: linesMedia, mark: item, compile: compileLines[T], streams: true,
		schema: func(c *schema.Components, _ string) *openapi3.SchemaRef { return linesSchema(c, item) },
	}
}

// linesSchema says what a line is, in the way JSON Schema has for texts that
// hold data of their own.
func linesSchema(c *schema.Components, item *typeinfo.Type) *openapi3.SchemaRef {
	s := openapi3.NewStringSchema()
	s.Description = "JSON Lines: one value of the content's items a line"
	s.ContentMediaType = linesMedia
	content := openapi3.NewArraySchema()
	content.Items = c.Value(item, nil, schema.Out)
	s.ContentSchema = openapi3.NewSchemaRef("", content)
	return openapi3.NewSchemaRef("", s)
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
			_ = p.close(errProducer)
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
