package candor

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"reflect"
	"slices"

	"github.com/candor-go/candor/internal/envelope"
	"github.com/candor-go/candor/internal/lazy"
	"github.com/candor-go/candor/internal/mediatype"
	"github.com/candor-go/candor/internal/operation"
	"github.com/candor-go/candor/internal/response"
	"github.com/candor-go/candor/internal/typeinfo"
)

// ResponseChecks says what happens to a response that violates the rules of its own tags, and so contradicts the
// document.
type ResponseChecks uint8

// What happens to such a response. The client never sees the reason.
const (
	// ChecksFail responds with 500 and logs the reason. It is the default.
	ChecksFail ResponseChecks = iota
	// ChecksLog sends the response and logs the reason.
	ChecksLog
	// ChecksOff does not check.
	ChecksOff
)

// encodeBody encodes a body into a response. Violated rules are recorded in the response; an error becomes a 500.
type encodeBody func(value reflect.Value, checks bool, resp *response.Response) error

// bodyKind is one way to write a body: as JSON, or that of a ready-made type.
type bodyKind struct {
	// status is the default status.
	status int
	// media is the default media type; empty for a kind without a body.
	media string
	// compile makes the encoder for the possible media types; nil if there is nothing to encode.
	compile func(c *compiler, f *typeinfo.Field, media []string) (encodeBody, error)
	// closer returns what has to be closed for a value, nil for nothing. It is closed even if the response is
	// abandoned.
	closer func(value reflect.Value) io.Closer
	// value describes the body for the document.
	value operation.Value
	// header are further headers of the kind, for the document.
	header []operation.Header
	// redirects means that the status must be a redirect.
	redirects bool
	// streams means that values are sent one by one as they are produced.
	streams bool
	// whole means that the response is always complete before it is sent.
	whole bool
	// chooses means that the kind itself chooses among several media types.
	chooses bool
	// additional lists the other responses that the kind sends by itself.
	additional func(method string, statuses []int) []additionalResponse
}

// additionalResponse is a response that a kind of body sends besides the usual one.
type additionalResponse struct {
	status int
	doc    string
	header []operation.Header
	// isError means a body with a detail, hasBody the body of the usual response, hasHeader only its headers.
	isError, hasBody, hasHeader bool
}

// ownResponse is a response that Candor sends by itself.
type ownResponse struct {
	status int
	doc    string
	// errs are the errors that cause it, if they are known.
	errs []*HTTPError
}

// addedHeader is a header that middleware adds to responses of an endpoint.
type addedHeader struct {
	operation.Header
	// to selects the statuses of those responses; nil means all.
	to func(status int) bool
}

// addedTo returns a header that is added to responses with these statuses, or to all if none is given.
func addedTo(name, doc string, statuses []int) addedHeader {
	h := addedHeader{Header: operation.Header{Name: name, Description: doc}}
	if len(statuses) > 0 {
		h.to = func(status int) bool { return slices.Contains(statuses, status) }
	}
	return h
}

// readyResponse is implemented by types that are not encoded as JSON. The method is called on a zero value.
type readyResponse interface{ bodyKind() bodyKind }

// isReadyResponse reports whether t is such a type. A user's struct that embeds one is not.
func isReadyResponse(t reflect.Type) bool {
	switch t {
	case reflect.TypeFor[None](), reflect.TypeFor[[]byte](), reflect.TypeFor[Reader]():
		return true
	}
	return t.PkgPath() == reflect.TypeFor[bodyKind]().PkgPath() && t.Implements(reflect.TypeFor[readyResponse]())
}

// bodyKindOf returns how a body is written, by its type.
func bodyKindOf(f *typeinfo.Field) bodyKind {
	switch t := f.Type.Go; {
	case t == reflect.TypeFor[None]():
		return bodyKind{status: http.StatusNoContent}
	case t == reflect.TypeFor[[]byte]():
		return bytesKind()
	case t == reflect.TypeFor[Reader]():
		return readerKind()
	case isReadyResponse(t):
		return reflect.Zero(t).Interface().(readyResponse).bodyKind()
	}
	return jsonKind(f)
}

// jsonKind is the kind of all values that are not ready-made responses.
func jsonKind(f *typeinfo.Field) bodyKind {
	return bodyKind{
		status: http.StatusOK, media: mediatype.JSON, compile: compileJSON, whole: true,
		value: operation.Value{Kind: operation.JSON, Field: f},
	}
}

func compileJSON(c *compiler, f *typeinfo.Field, media []string) (encodeBody, error) {
	for _, m := range media {
		if !mediatype.IsJSON(m) {
			return nil, fmt.Errorf("%s is written as JSON, which %s is not; return []byte, candor.Text or candor.Reader, or name a media type that ends in +json", typeinfo.Name(f.Type.Go), m)
		}
	}
	if envelope.IsCookie(f.Type.Go) {
		return nil, &typeinfo.Error{Type: typeinfo.Name(f.Type.Go), Problem: "a cookie is part of a response, not a body", Fix: "put it into an envelope, in a field with the tag `cookie:\"name\"`"}
	}
	encoder, err := c.codec.Encoder(f.Type, f.Rules)
	if err != nil {
		return nil, err
	}
	return func(value reflect.Value, checks bool, resp *response.Response) error {
		// The headers of an envelope may have added some already; their locations are outside of the body.
		n := len(resp.Faults.Faults)
		body, err := encoder.AppendIn(&resp.Scratch, resp.Buffer(), value, checks, &resp.Faults)
		if err != nil {
			return err
		}
		resp.Body = body
		if len(resp.Faults.Faults) > n {
			resp.Faults.Seal(n, "response")
		}
		return nil
	}, nil
}

// outputs caches the description of every response type.
var outputs lazy.Memo[*typeinfo.Output]

// describeResponse describes the type that a handler returns. The description is shared and must not be changed.
func describeResponse(t reflect.Type) (*typeinfo.Output, error) {
	return outputs.Get(lazy.MemoKey{Type: t}, func() (*typeinfo.Output, error) { return readResponse(t) })
}

// readResponse reads the type that a handler returns.
func readResponse(t reflect.Type) (*typeinfo.Output, error) {
	if t.Kind() == reflect.Pointer && isReadyResponse(t.Elem()) {
		return nil, &typeinfo.Error{Type: typeinfo.Name(t), Problem: "a pointer to a ready-made response", Fix: "return " + typeinfo.Name(t.Elem()) + " by value"}
	}
	return typeinfo.ReadOutput(t, func(t reflect.Type) bool { return isReadyResponse(t) || envelope.IsCookie(t) })
}

// responsePlan writes the result of a handler.
type responsePlan struct {
	desc *typeinfo.Output
	// statuses lists the possible statuses; the first is the default.
	statuses []int
	kind     bodyKind
	// media lists the media types; the first is the default.
	media []string
	// usualType is the header value for the first media type; nil if there is none.
	usualType *[1]string
	// negotiated means that the client chooses the media type; varies means that the response does.
	negotiated, varies bool
	// envelope writes the status, headers and cookies of an envelope.
	envelope *envelope.Plan
	// body is nil for a response without a body.
	body encodeBody
}

// planResponse returns the part of the plan that depends only on the type.
func planResponse(out *typeinfo.Output) *responsePlan {
	p := &responsePlan{desc: out, kind: bodyKind{status: http.StatusNoContent}}
	if out.Body != nil {
		p.kind = bodyKindOf(out.Body)
	}
	return p
}

// compileResponse makes the plan of a response type with the status and the media types that a route's options set, if
// any.
func (c *compiler) compileResponse(out *typeinfo.Output, status int, produces []string) (*responsePlan, error) {
	p := planResponse(out)
	body := p.envelopeBody()
	offer, err := envelope.Choose(out, body, status, produces)
	if err != nil {
		return nil, err
	}
	p.take(offer)
	// All responses share one slice, so that most allocate none for Content-Type.
	if len(p.media) > 0 {
		p.usualType = &[1]string{p.media[0]}
	}
	if p.envelope, err = envelope.Compile(c.bind, out, body); err != nil || p.kind.compile == nil {
		return p, err
	}
	p.body, err = p.kind.compile(c, out.Body, p.media)
	return p, err
}

// envelopeBody returns what the other parts of the response must agree with.
func (p *responsePlan) envelopeBody() envelope.Body {
	return envelope.Body{
		Status: p.kind.status, Media: p.kind.media, Encoded: p.kind.value.Of() != nil, Redirects: p.kind.redirects, Chooses: p.kind.chooses, Streams: p.kind.streams,
		SetsLength: p.desc.Body != nil && p.desc.Body.Type.Go == reflect.TypeFor[Reader](),
	}
}

// take takes what the responses may be.
func (p *responsePlan) take(o envelope.Offer) {
	p.statuses, p.media, p.varies = o.Statuses, o.Media, o.Varies
}

// refusal returns why a response cannot be sent after it was encoded; err is the error of that. It returns nil if broken
// rules are only logged.
func refusal(ctx context.Context, resp *response.Response, err error, checks ResponseChecks, log *slog.Logger) error {
	if err != nil {
		return fmt.Errorf("the response cannot be encoded: %w", err)
	}
	broken := resp.Broken()
	if broken != nil && checks == ChecksLog {
		log.ErrorContext(ctx, "the response breaks its own validation rules", "error", broken)
		return nil
	}
	return broken
}

// encode turns the result of a handler into a response. Violated rules are recorded in the response.
func (p *responsePlan) encode(out reflect.Value, checks bool, resp *response.Response) error {
	resp.Status = p.statuses[0]
	if len(p.media) > 0 {
		resp.ContentType, resp.UsualType = p.media[0], p.usualType
		if resp.Accepted != "" {
			resp.ContentType = resp.Accepted
		}
	}
	body := out
	if p.desc.Envelope && p.body != nil {
		body = out.FieldByIndex(p.desc.Body.Index)
	}
	// Set before anything can fail, so that the value is always closed.
	if p.kind.closer != nil {
		resp.Closer = p.kind.closer(body)
	}
	if p.desc.Envelope {
		if err := p.envelope.Write(out, p.statuses, checks, resp); err != nil {
			return err
		}
	}
	if p.body == nil || p.kind.media != "" && !mediatype.BodyAllowed(resp.Status) && !p.envelope.EncodesBodyless(body, checks, resp) {
		return nil
	}
	if err := p.body(body, checks, resp); err != nil || !p.varies {
		return err
	}
	return envelope.CheckType(p.media, resp)
}

// declaredResponse makes the plan of a response that is only declared. It returns an error if the type does not match
// the status.
func declaredResponse(out *typeinfo.Output, status int) (*responsePlan, error) {
	p := planResponse(out)
	offer, err := envelope.Declared(out, p.envelopeBody(), status)
	p.take(offer)
	return p, err
}
