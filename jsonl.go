package candor

import (
	"io"
	"iter"
	"net/http"
	"reflect"

	"github.com/candor-go/candor/internal/mediatype"
	"github.com/candor-go/candor/internal/operation"
	"github.com/candor-go/candor/internal/receiving"
)

// JSONLines is a streamed response of many values, one line of JSON each: application/jsonl.
//
//	type Export struct{ DB *sql.DB `dep:""` }
//
//	func export(ctx context.Context, in Export) (candor.JSONLines[Item], error) {
//		return func(yield func(Item, error) bool) { ... }, nil
//	}
//
// Its behavior:
//
//   - The response begins when yield accepts the first line, or when the header is sent because no line came for a
//     while. An error before that is handled like that of any handler. After an error later on, every accepted line
//     still reaches the client, and then the connection is aborted, so that the client sees that lines are missing.
//   - When the client has disconnected, yield returns false and the context is cancelled, so the deferred calls of the
//     producer run.
//   - Lines are batched while the producer is busy, and flushed when it waits. The producer is never more than 64 KiB
//     ahead of the client.
//   - Each value is validated by its tags; an invalid one also aborts the connection.
//   - Scoped providers end after the last line, unless they use Until(ResponseEncoded).
//   - HEAD does not run the producer.
//
// As the body of an input it reads the lines of a request, of the media type application/jsonl or application/x-ndjson,
// while the handler ranges over them:
//
//	type Load struct {
//		Items candor.JSONLines[Item] `body:""`
//	}
//
//	func load(ctx context.Context, in Load) (Report, error) {
//		for item, err := range in.Items {
//			if err != nil {
//				return Report{}, err
//			}
//			...
//		}
//	}
//
// In detail:
//
//   - Each line is decoded and validated like a body of type T. An invalid one yields a [ValidationError] whose
//     locations begin with "body" and the number of the line, from 1; the handler may skip it and continue. If the
//     handler returns the error, the response is a 422.
//   - One line is held in memory at a time. A line may have up to 1 MiB, or [MessageLimit], and the body up to 32 MiB,
//     or [MaxBody]. Exceeding either yields a 413, which ends the sequence, as does any other error of the body.
//   - Lines end in a line feed, or in a carriage return and a line feed; the last one needs neither. Blank lines are
//     skipped, but counted. A byte order mark before a line is ignored.
//   - The lines can be read once; a second range loop continues where the first one stopped.
//   - An empty body counts as missing, unless the tag says omitempty.
type JSONLines[T any] iter.Seq2[T, error]

// LinesOf returns the values of seq as JSONLines, for values whose production cannot fail.
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

func (JSONLines[T]) receive(c *compiler) (receiving.Body, error) {
	return receiveSequence[JSONLines[T], T](c, mediatype.JSONLines)
}

func (JSONLines[T]) lines(c *compiler) (func(value reflect.Value) io.Reader, error) {
	return sendSequence[JSONLines[T], T](c, mediatype.JSONLines)
}
