package candor

import (
	"errors"
	"net/http"

	"github.com/candor-go/candor/internal/credentials"
	"github.com/candor-go/candor/internal/replay"
	"github.com/candor-go/candor/internal/response"
	"github.com/candor-go/candor/internal/typeinfo"
)

// Exchange is an input for functions of [Around] that store responses and replay them for later requests, as package
// idempotency does:
//
//	type Keep struct{ Exchange *candor.Exchange }
//
//	candor.Around(func(ctx context.Context, in Keep, next func() error) error {
//		if kept := find(ctx); kept != nil {
//			return in.Exchange.Respond(kept.Status, kept.Header, kept.Body)
//		}
//		err := next()
//		if status, header, body, ok := in.Exchange.Response(err); ok {
//			keep(ctx, status, header, body)
//		}
//		return err
//	})
//
// It is valid until the function returns, and must be used only in its goroutine.
type Exchange struct {
	replay replay.Exchange
	// security are the operation's fields that read API keys.
	security []*typeinfo.Field
}

// newExchangeInput makes the input before the body of the request is read.
func newExchangeInput(w http.ResponseWriter, r *http.Request, to *response.Response, security []*typeinfo.Field, fail func(http.ResponseWriter, error)) *Exchange {
	e := &Exchange{security: security}
	e.replay.Start(w, r, to, fail)
	return e
}

// kept returns what the rest of the framework uses of an exchange, nil if the request has none.
func (e *Exchange) kept() *replay.Exchange {
	if e == nil {
		return nil
	}
	return &e.replay
}

// RequestDigest returns the SHA-256 hash of the request's body as it was sent. If the handler reads the body itself,
// the body is read here first and held in memory for the handler, up to most bytes; for a longer body the error is a
// 413, which the function should return.
func (e *Exchange) RequestDigest(most int64) ([]byte, error) {
	sum, err := e.replay.Digest(most)
	if errors.Is(err, replay.ErrLong) {
		return nil, errTooLarge
	}
	return sum, bodyError(err)
}

// Credentials returns the credentials of the request: its Authorization header, and the API keys that the operation
// reads; "" if there are none. They are not hashed: hash them before you store them.
func (e *Exchange) Credentials() string { return credentials.Joined(e.replay.Request(), e.security) }

// Response returns what the client gets after next has returned err: the encoded result of the handler, or the response
// to the error, which is made here and sent when the function returns that error. The header contains only what next
// has added. The results may be kept.
//
// ok is false if there is no complete response: for streams, files and anything else that is written while it is
// produced, for plain handlers, and for WebSockets.
func (e *Exchange) Response(err error) (status int, header http.Header, body []byte, ok bool) {
	return e.replay.Response(err)
}

// Respond sets the response instead of running the rest of the request: the function does not call next, and returns
// the result of Respond, which is an error if HTTP cannot carry the response, or a header is about the connection. A
// header replaces one of the same name, except for Set-Cookie and Vary, which are added.
func (e *Exchange) Respond(status int, header http.Header, body []byte) error {
	return e.replay.Respond(status, header, body)
}
