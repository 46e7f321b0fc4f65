package candor

import (
	"bytes"
	"errors"
	"io"
	"net/http"
	"reflect"
	"slices"

	"github.com/candor-go/candor/internal/typeinfo"
)

// RawBody is an input that holds the bytes of the request's body as they were sent,
// beside a body that is decoded: for the signatures of webhooks, which are made of
// exactly these bytes.
//
//		func verify(ctx context.Context, in struct {
//			Raw       candor.RawBody
//			Signature string `header:"X-Hub-Signature-256"`
//		}) error
//
//		candor.Post(app, "/hooks", onPush, candor.Require(verify))
//
//	  - A guard, and whatever else runs before the body is read, waits for the bytes if it
//	    takes them, or depends on what does: it runs after the body was read and before it is
//	    decoded. So a body whose signature is wrong is never decoded.
//	  - It is nil where a request has no body. A body of a media type that the operation
//	    does not take is refused before anything sees it.
//	  - The whole body is held in memory, forms with files included, so that its limit is
//	    that of [MaxBody]; a larger one is a 413.
//	  - All functions of a request share the bytes. They may be kept, but not changed.
//	  - It cannot stand beside a body that the handler reads by itself, such as an
//	    io.Reader, and a handler without a body takes a []byte with the tag body instead.
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

// readsRaw reports whether a function of the endpoint takes the bytes of the body.
func (e *endpoint) readsRaw() bool {
	return slices.ContainsFunc(e.nodes, func(p *node) bool { return takesRaw(p.desc) })
}

// checkRaw finds bodies of which there are no bytes to hand out.
func (e *endpoint) checkRaw() error {
	handler := e.route.input
	switch {
	case e.body != nil && e.body.pass != nil && e.readsRaw():
		return errors.New("candor.RawBody beside a body that the handler reads by itself, of which nobody else has the bytes; take the body as a []byte, or drop the RawBody")
	case takesRaw(handler) && e.body == nil:
		return errors.New("the handler takes candor.RawBody, but no body; take the bytes themselves: a []byte with the tag `body:\"\"`")
	case e.set.cache != nil && len(e.afterReading) > 0:
		return errors.New("a cached response beside a guard that takes candor.RawBody, which a response from the cache would not ask; drop the option Cache")
	}
	return nil
}

// readRaw reads the whole body, and gives it to those who take it. What decodes it
// later reads it from memory; in a further attempt it is there already.
func (x *exchange) readRaw() error {
	raw, r := &x.scope.raw, x.scope.r
	if !raw.isRead && r.Body != nil && r.Body != http.NoBody {
		in := x.incoming()
		if err := in.admit(x.endpoint.body); err != nil {
			return err
		}
		// Not into a buffer that the next request gets.
		in.buffer = nil
		data, err := in.readAll()
		if err != nil {
			return bodyError(err)
		}
		raw.data = data
	}
	raw.isRead = true
	for i := range x.slots {
		for _, to := range x.slots[i].input.raw {
			*to = raw.data
		}
	}
	x.rewindBody()
	return nil
}

// rewindBody lets the body be read from memory, if it is there.
func (x *exchange) rewindBody() {
	raw, r := &x.scope.raw, x.scope.r
	if raw.data != nil {
		r.Body, r.ContentLength = io.NopCloser(bytes.NewReader(raw.data)), int64(len(raw.data))
	}
}

// admit refuses a body before a byte of it is read. Without a plan any body may come.
func (in *incoming) admit(p *bodyPlan) error {
	if in.r.ContentLength > in.limit {
		return errTooLarge
	}
	if p == nil {
		return nil
	}
	if _, err := p.mediaOf(in); err != nil && !in.isEmpty() {
		return err
	}
	return nil
}
