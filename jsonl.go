package candor

import (
	"io"
	"iter"
	"net/http"
	"reflect"

	"github.com/candor-go/candor/internal/mediatype"
	"github.com/candor-go/candor/internal/operation"
)

// JSONLines is a response of many values, one line of JSON each, sent while they
// are made: application/jsonl.
//
//	func export(ctx context.Context, in struct{ DB *sql.DB `dep:""` }) (candor.JSONLines[Item], error) {
//		return func(yield func(Item, error) bool) { ... }, nil
//	}
//
// What it does by itself:
//
//   - It has begun once yield has accepted a line, or once its header was sent,
//     because no line came for a while. An error before that is handled like that
//     of any handler; after it every accepted line reaches the client, and then the
//     connection is aborted, so that the client sees that lines are missing.
//   - When the client has disconnected, yield returns false and the context is
//     cancelled, so the deferred calls of the producer run.
//   - Lines are written together while the producer is busy, and at once when
//     it waits. It is never more than 64 KiB ahead of the client.
//   - Each value is checked by its tags; one that breaks them aborts as well.
//   - Scoped providers end after the last line, unless they are Until(ResponseEncoded).
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
//	    same. Returned by the handler it is a 422.
//	  - One line is held in memory at a time. It may have 1 MiB, or [MessageLimit],
//	    and the whole 32 MiB, or [MaxBody]. Over either the error is a 413, and
//	    the last, as is any other error of the body.
//	  - Lines end in a line feed, or in a carriage return and a line feed; the last
//	    one needs neither. Lines of nothing but white space are passed over, but
//	    counted. A byte order mark is a validation error of the first line.
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
		status: http.StatusOK, media: mediatype.Lines, compile: compileSequence[JSONLines[T], T](mediatype.JSONLines), streams: true,
		value: operation.Value{Kind: operation.Items, Sequence: mediatype.Lines, Type: item},
	}
}

func (JSONLines[T]) bodyLines() bodyLines {
	item := itemType[T]()
	return bodyLines{
		media: []string{mediatype.Lines, mediatype.NDJSON}, item: item, compile: compileItemReader[JSONLines[T], T](mediatype.JSONLines),
	}
}

func (JSONLines[T]) receive(c *compiler) (receiveBody, error) {
	return receiveSequence[JSONLines[T], T](c, mediatype.JSONLines)
}

func (JSONLines[T]) lines(c *compiler) (func(value reflect.Value) io.Reader, error) {
	return sendSequence[JSONLines[T], T](c, mediatype.JSONLines)
}
