package candor

import (
	"reflect"
	"slices"

	"github.com/candor-go/candor/internal/typeinfo"
)

// RawBody is an input that holds the bytes of the request's body exactly as they were sent, in addition to the decoded
// body, for example to verify the signature of a webhook.
//
//	type Verify struct {
//		Raw       candor.RawBody
//		Signature string `header:"X-Hub-Signature-256"`
//	}
//
//	func verify(ctx context.Context, in Verify) error
//
//	candor.Post(app, "/hooks", onPush, candor.Require(verify))
//
// In detail:
//
//   - A guard that takes the bytes, or depends on something that does, runs after the body was read and before it is
//     decoded. So a body with a wrong signature is never decoded.
//   - It is nil if the request has no body. A body of a media type that the operation does not accept is refused first.
//   - The whole body is held in memory, even a form with files, so the limit of [MaxBody] applies; a larger body is a
//     413.
//   - All functions of a request share the bytes, which may be kept, but not changed.
//   - It cannot be combined with a body that the handler reads itself, such as an io.Reader. A handler that wants only
//     the bytes takes a []byte with the tag body instead.
type RawBody []byte

var rawBodyType = reflect.TypeFor[RawBody]()

func isRawBody(f *typeinfo.Field) bool { return f.Type.Go == rawBodyType }

// takesRaw reports whether an input has a RawBody.
func takesRaw(in *typeinfo.Input) bool { return in != nil && slices.ContainsFunc(in.Ready, isRawBody) }

// rawBody is a body whose bytes are handed out before it is decoded.
type rawBody struct {
	data []byte
	// isRead means that data is complete.
	isRead bool
}
