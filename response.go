package candor

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"log/slog"
	"mime"
	"net/http"
	"reflect"
	"slices"
	"strings"

	"github.com/candor-go/candor/internal/envelope"
	"github.com/candor-go/candor/internal/fault"
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
type encodeBody func(value reflect.Value, checks bool, a *response.Response) error

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
	return func(value reflect.Value, checks bool, a *response.Response) error {
		// The headers of an envelope may have added some already; their locations are outside of the body.
		n := len(a.Faults.Faults)
		body, err := encoder.AppendIn(&a.Scratch, a.Buffer(), value, checks, &a.Faults)
		if err != nil {
			return err
		}
		a.Body = body
		if len(a.Faults.Faults) > n {
			a.Faults.Seal(n, "response")
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
	if err := p.chooseStatuses(status); err != nil {
		return nil, err
	}
	if err := p.chooseMedia(produces); err != nil {
		return nil, err
	}
	// All responses share one slice, so that most allocate none for Content-Type.
	if len(p.media) > 0 {
		p.usualType = &[1]string{p.media[0]}
	}
	var err error
	if p.envelope, err = envelope.Compile(c.bind, out, p.envelopeBody()); err != nil || p.kind.compile == nil {
		return p, err
	}
	p.body, err = p.kind.compile(c, out.Body, p.media)
	return p, err
}

// envelopeBody returns what the headers of an envelope must agree with.
func (p *responsePlan) envelopeBody() envelope.Body {
	return envelope.Body{
		IsNone: p.kind.media == "", Encoded: p.kind.value.Of() != nil, Redirects: p.kind.redirects,
		SetsLength: p.desc.Body != nil && p.desc.Body.Type.Go == reflect.TypeFor[Reader](),
	}
}

// chooseStatuses determines the possible statuses: those of the envelope, of the route, or of the body's kind.
func (p *responsePlan) chooseStatuses(declared int) error {
	switch {
	case p.desc.Status != nil && declared != 0:
		return fmt.Errorf("Status(%d) together with %s.%s, which already gives the status codes of the response; drop the option and list the status in the tag, the default first", declared, typeinfo.Name(p.desc.Go), p.desc.Status.Go)
	case p.desc.Status != nil:
		p.statuses = p.desc.Status.Statuses
	default:
		p.statuses = []int{cmp.Or(declared, p.kind.status)}
	}
	return p.checkStatuses("Status")
}

// checkStatuses finds statuses that do not match the body. option is the option that sets them if no tag does.
func (p *responsePlan) checkStatuses(option string) error {
	if p.kind.media != "" && !slices.ContainsFunc(p.statuses, mediatype.BodyAllowed) {
		return fmt.Errorf("%s(%d) is a response without a body, but its type is %s; make that candor.None or choose another status", option, p.statuses[0], typeinfo.Name(p.desc.Go))
	}
	if !p.kind.redirects {
		return nil
	}
	for _, status := range p.statuses {
		if status < 300 || status > 399 || status == http.StatusNotModified {
			return fmt.Errorf("the status %d is not a redirect, but the response is a candor.Redirect; choose one of 301, 302, 303, 307, 308", status)
		}
	}
	return nil
}

// chooseMedia determines the media types: those of the route, of the tag, or of the body's kind.
func (p *responsePlan) chooseMedia(declared []string) error {
	switch {
	case p.kind.media == "":
		if len(declared) > 0 {
			return fmt.Errorf("Produces(%q), but the response has no body; drop the option", declared[0])
		}
	case len(declared) > 0:
		p.media = declared
	case p.desc.Body.Media != "":
		p.media = []string{p.desc.Body.Media}
	case p.choosesType():
		p.media = []string{"*/*"}
	default:
		p.media = []string{p.kind.media}
	}
	// Each response is checked by checkType instead.
	if p.varies = p.kind.chooses || p.choosesType(); p.varies {
		return nil
	}
	if len(p.media) > 1 {
		return fmt.Errorf("Produces lists %s, but nothing chooses among them; name one, or return an envelope with a field `header:\"Content-Type\"`", strings.Join(p.media, ", "))
	}
	if len(p.media) == 1 && strings.Contains(p.media[0], "*") {
		return fmt.Errorf("%s is not a media type that can be sent; name one, or return an envelope with a field `header:\"Content-Type\"`", p.media[0])
	}
	return nil
}

// choosesType reports whether a field of the envelope sets the media type.
func (p *responsePlan) choosesType() bool {
	return slices.ContainsFunc(p.desc.Headers, envelope.IsContentType)
}

// refusal returns why a response cannot be sent after it was encoded; err is the error of that. It returns nil if broken
// rules are only logged.
func refusal(ctx context.Context, a *response.Response, err error, checks ResponseChecks, log *slog.Logger) error {
	if err != nil {
		return fmt.Errorf("the response cannot be encoded: %w", err)
	}
	broken := a.Broken()
	if broken != nil && checks == ChecksLog {
		log.ErrorContext(ctx, "the response breaks its own validation rules", "error", broken)
		return nil
	}
	return broken
}

// encode turns the result of a handler into a response. Violated rules are recorded in the response.
func (p *responsePlan) encode(out reflect.Value, checks bool, a *response.Response) error {
	a.Status = p.statuses[0]
	if len(p.media) > 0 {
		a.ContentType, a.UsualType = p.media[0], p.usualType
		if a.Accepted != "" {
			a.ContentType = a.Accepted
		}
	}
	body := out
	if p.desc.Envelope && p.body != nil {
		body = out.FieldByIndex(p.desc.Body.Index)
	}
	// Set before anything can fail, so that the value is always closed.
	if p.kind.closer != nil {
		a.Closer = p.kind.closer(body)
	}
	if p.desc.Envelope {
		if err := p.envelope.Write(out, p.statuses, checks, a); err != nil {
			return err
		}
	}
	if p.body == nil || p.kind.media != "" && !mediatype.BodyAllowed(a.Status) && !p.encodesBodyless(body, checks, a) {
		return nil
	}
	if err := p.body(body, checks, a); err != nil || !p.varies {
		return err
	}
	return p.checkType(a)
}

// encodesBodyless reports whether the body of an envelope is still encoded although its status has none. The body of a
// 304 is the one that a 200 would have (RFC 9110, section 15.4.5), so it may be set, and a File gives it its headers.
// With 204 and 205 the body would be lost, so a value there is an error.
func (p *responsePlan) encodesBodyless(body reflect.Value, checks bool, a *response.Response) bool {
	if isEmptyBody(body) {
		return false
	}
	if a.Status != http.StatusNotModified && checks {
		n := len(a.Faults.Faults)
		a.Faults.Add(fault.With(fault.ValueError, "error", fmt.Sprintf("a response with the status %d has no body, so it would be lost; leave %s.%s empty", a.Status, typeinfo.Name(p.desc.Go), p.desc.Body.Go)))
		a.Faults.Seal(n, "response")
	}
	// A stream must not start a producer that nobody reads.
	return a.Status == http.StatusNotModified && !p.kind.streams
}

// isEmptyBody reports whether a body holds nothing.
func isEmptyBody(body reflect.Value) bool {
	switch body.Kind() {
	case reflect.Slice, reflect.Map, reflect.String:
		return body.Len() == 0
	}
	return body.IsZero()
}

// checkType refuses a media type that is not in the document.
func (p *responsePlan) checkType(a *response.Response) error {
	if a.ContentType == p.media[0] || !mediatype.BodyAllowed(a.Status) {
		return nil
	}
	mediaType, _, err := mime.ParseMediaType(a.ContentType)
	if err != nil || mediatype.HasControl(a.ContentType) {
		return fmt.Errorf("the media type %q is malformed", a.ContentType)
	}
	if !slices.ContainsFunc(p.media, func(listed string) bool { return mediatype.Matches(mediatype.Bare(listed), mediaType) }) {
		return fmt.Errorf("the media type %q is not one of %s", a.ContentType, strings.Join(p.media, ", "))
	}
	return nil
}

// declaredResponse makes the plan of a response that is only declared. It returns an error if the type does not match
// the status.
func declaredResponse(out *typeinfo.Output, status int) (*responsePlan, error) {
	p := planResponse(out)
	p.statuses = []int{status}
	if err := p.checkStatuses("Responds"); err != nil {
		return nil, err
	}
	return p, p.chooseMedia(nil)
}
