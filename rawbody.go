package candor

import (
	"reflect"
	"slices"

	"github.com/candor-go/candor/internal/typeinfo"
)

// RawBody is an input that holds the bytes of the request's body as they were sent,
// beside a body that is decoded: for the signatures of webhooks, which are made of
// exactly these bytes.
//
//	func verify(ctx context.Context, in struct {
//		Raw       candor.RawBody
//		Signature string `header:"X-Hub-Signature-256"`
//	}) error
//
//	candor.Post(app, "/hooks", onPush, candor.Require(verify))
//
// In detail:
//
//   - A guard, and whatever else runs before the body is read, waits for the bytes if it
//     takes them, or depends on what does: it runs after the body was read and before it is
//     decoded. So a body whose signature is wrong is never decoded.
//   - It is nil where a request has no body. A body of a media type that the operation
//     does not take is refused before anything sees it.
//   - The whole body is held in memory, forms with files included, so that its limit is
//     that of [MaxBody]; a larger one is a 413.
//   - All functions of a request share the bytes. They may be kept, but not changed.
//   - It cannot stand beside a body that the handler reads by itself, such as an
//     io.Reader, and a handler without a body takes a []byte with the tag body instead.
type RawBody []byte

var rawBodyType = reflect.TypeFor[RawBody]()

func isRawBody(f *typeinfo.Field) bool { return f.Type.Go == rawBodyType }

// takesRaw reports whether an input has the bytes of the body.
func takesRaw(in *typeinfo.Input) bool { return in != nil && slices.ContainsFunc(in.Ready, isRawBody) }

// rawBody is a body that was read to be handed out before it is decoded.
type rawBody struct {
	data []byte
	// isRead means that data is all of it.
	isRead bool
}
