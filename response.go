package candor

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"mime"
	"net/http"
	"reflect"
	"slices"
	"strings"
	"time"

	"github.com/candor-go/candor/internal/codec"
	"github.com/candor-go/candor/internal/fault"
	"github.com/candor-go/candor/internal/mediatype"
	"github.com/candor-go/candor/internal/operation"
	"github.com/candor-go/candor/internal/typeinfo"
)

// ResponseChecks says what becomes of a response that breaks the rules of its
// own tags, and so would make the document a liar.
type ResponseChecks uint8

// What becomes of such a response. The reason never reaches the client.
const (
	// ChecksFail answers 500 and logs the reason. It is the default.
	ChecksFail ResponseChecks = iota
	// ChecksLog sends the response and logs the reason.
	ChecksLog
	// ChecksOff does not check.
	ChecksOff
)

// response is what is to be written once everything has gone well.
type response struct {
	// header and body are kept for the next answer, empty.
	header []headerLine
	body   []byte
	// scratch is what an encoder works in.
	scratch codec.Scratch
	outcome
}

// outcome is what one response has of its own.
type outcome struct {
	status int
	// contentType is empty for a response without a body; accepted is the media
	// type the client prefers among several.
	contentType, accepted string
	// usualType is the header line of the media type most responses have, shared
	// by all of them.
	usualType []string
	// borrowed stands in the place of the body and belongs to the user.
	borrowed []byte
	// stream writes a response that is produced while it is sent, all of it: it
	// calls begin first. An error before that is answered like any other, one
	// after it aborts the connection.
	stream func(w http.ResponseWriter, r *http.Request) error
	// streaming is set for responses of kinds that stream.
	streaming *streaming
	// closer is closed when the response was sent or given up; nil for nothing.
	closer io.Closer
	// faults are the rules the response breaks.
	faults fault.List
	// leaveOut is told why a header of an error cannot be sent; nil for other
	// responses, which then become errors.
	leaveOut func(reason error)
}

// headerLine is one line of a header, its name in canonical form. Lines of one
// name stand behind each other.
type headerLine struct{ name, value string }

// encodeBody puts a body into a response. Broken rules are noted in the response;
// an error answers 500.
type encodeBody func(value reflect.Value, checks bool, a *response) error

// bodyKind is one way to write a body: as JSON, or that of a ready-made type.
type bodyKind struct {
	// status is that of a response that names none.
	status int
	// media is the media type unless the route or a tag names another; empty
	// for a kind without a body.
	media string
	// compile makes the encoder; nil for a kind without anything to encode. It
	// is told the media types the response may have.
	compile func(c *compiler, f *typeinfo.Field, media []string) (encodeBody, error)
	// closer is what of the value is to be closed, nil for nothing; so it is
	// also where the response comes to nothing.
	closer func(value reflect.Value) io.Closer
	// value is what the body is, for the document.
	value operation.Value
	// header is what the kind sends beside the body, for the document.
	header []operation.Header
	// redirects means that the status must be one that leads elsewhere.
	redirects bool
	// streams means that values are sent one by one while they are made.
	streams bool
	// whole means that the response is never sent while it is made.
	whole bool
	// chooses means that the kind chooses among several media types itself.
	chooses bool
	// additional lists what else the kind answers by itself.
	additional func(method string, statuses []int) []additionalResponse
}

// additionalResponse is a response that a kind of body gives beside the usual one.
type additionalResponse struct {
	status int
	doc    string
	header []operation.Header
	// isError means a body with a detail, hasBody that of the usual response,
	// hasHeader only its headers.
	isError, hasBody, hasHeader bool
}

// ownResponse is a response that Candor gives by itself.
type ownResponse struct {
	status int
	doc    string
	// errs are errors that it comes from, where they are known.
	errs []*HTTPError
}

// addedHeader is a header that middleware adds to responses of an endpoint.
type addedHeader struct {
	operation.Header
	// to tells the statuses of those responses; nil means all.
	to func(status int) bool
}

// addedTo is a header that answers of these statuses get, all where none is named.
func addedTo(name, doc string, statuses []int) addedHeader {
	h := addedHeader{Header: operation.Header{Name: name, Description: doc}}
	if len(statuses) > 0 {
		h.to = func(status int) bool { return slices.Contains(statuses, status) }
	}
	return h
}

// readyResponse is a type that is written by itself rather than encoded. Its zero
// value says how.
type readyResponse interface{ bodyKind() bodyKind }

// isReadyResponse reports such types. A user's struct that embeds one of them is
// none.
func isReadyResponse(t reflect.Type) bool {
	switch t {
	case reflect.TypeFor[None](), reflect.TypeFor[[]byte](), reflect.TypeFor[Reader]():
		return true
	}
	return t.PkgPath() == reflect.TypeFor[bodyKind]().PkgPath() && t.Implements(reflect.TypeFor[readyResponse]())
}

// bodyKindOf chooses how a body is written, by its type.
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

// jsonKind is every value that is no ready-made response.
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
	if isCookie(f.Type.Go) {
		return nil, &typeinfo.Error{Type: typeinfo.Name(f.Type.Go), Problem: "a cookie is part of a response, not a body", Fix: "put it into an envelope, in a field with the tag `cookie:\"name\"`"}
	}
	encoder, err := c.codec.Encoder(f.Type, f.Rules)
	if err != nil {
		return nil, err
	}
	return func(value reflect.Value, checks bool, a *response) error {
		// The headers of an envelope may have added some, which lie outside of the body.
		n := len(a.faults.Faults)
		body, err := encoder.AppendIn(&a.scratch, a.buffer(), value, checks, &a.faults)
		if err != nil {
			return err
		}
		a.body = body
		a.faults.Seal(n, "answer")
		return nil
	}, nil
}

// outputs holds the description of every response, which is the type's alone.
var outputs memo[reflect.Type, *typeinfo.Output]

// describeResponse describes the type a handler returns. Do not change the
// description.
func describeResponse(t reflect.Type) (*typeinfo.Output, error) { return outputs.get(t, readResponse) }

// readResponse reads the type a handler returns.
func readResponse(t reflect.Type) (*typeinfo.Output, error) {
	if t.Kind() == reflect.Pointer && isReadyResponse(t.Elem()) {
		return nil, &typeinfo.Error{Type: typeinfo.Name(t), Problem: "a pointer to a ready-made response", Fix: "return " + typeinfo.Name(t.Elem()) + " by value"}
	}
	return typeinfo.ReadOutput(t, func(t reflect.Type) bool { return isReadyResponse(t) || isCookie(t) })
}

// responsePlan writes what a handler returns.
type responsePlan struct {
	desc *typeinfo.Output
	// statuses lists what the response may have; the first is that of a value
	// that names none.
	statuses []int
	kind     bodyKind
	// media lists the media types; the first is sent unless the response chooses.
	media []string
	// usualType is the header line of the first.
	usualType []string
	// negotiated means that the client chooses among them, varies that the
	// answer does.
	negotiated, varies bool
	// writeHeaders write the headers and cookies of an envelope.
	writeHeaders []writeHeader
	// body is nil for a response without a body.
	body encodeBody
}

// planResponse is the plan as far as the type tells.
func planResponse(out *typeinfo.Output) *responsePlan {
	p := &responsePlan{desc: out, kind: bodyKind{status: http.StatusNoContent}}
	if out.Body != nil {
		p.kind = bodyKindOf(out.Body)
	}
	return p
}

// compileResponse makes the plan for responses of a type under the status and
// the media types that the options of a route name, if they do.
func (c *compiler) compileResponse(out *typeinfo.Output, status int, produces []string) (*responsePlan, error) {
	p := planResponse(out)
	if err := p.chooseStatuses(status); err != nil {
		return nil, err
	}
	if err := p.chooseMedia(produces); err != nil {
		return nil, err
	}
	// One line that all responses share, so that most make no slice for Content-Type.
	p.usualType = slices.Clone(p.media[:min(1, len(p.media))])
	if err := p.compileHeaders(c); err != nil {
		return nil, err
	}
	if p.kind.compile == nil {
		return p, nil
	}
	var err error
	p.body, err = p.kind.compile(c, out.Body, p.media)
	return p, err
}

// chooseStatuses decides what statuses there are: those the envelope lists,
// the route's, or that of the body's kind.
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

// checkStatuses finds statuses that do not go with the body. option is what
// they come from where no tag lists them.
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

// chooseMedia decides what media types there are: the route's, that of the
// tag, or that of the body's kind.
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
	// Each response is checked instead, by checkType.
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

// choosesType reports whether a field of the envelope names the media type.
func (p *responsePlan) choosesType() bool {
	return slices.ContainsFunc(p.desc.Headers, isContentType)
}

// encode turns what the handler returned into a response.
func (p *responsePlan) encode(ctx context.Context, out reflect.Value, checks ResponseChecks, log *slog.Logger, a *response) error {
	if err := p.encodeHeaders(out, checks != ChecksOff, a); err != nil {
		return fmt.Errorf("the response cannot be encoded: %w", err)
	}
	if len(a.faults.Faults) == 0 {
		return nil
	}
	// Cloned, since the error may outlive the response, whose memory is used again.
	broken := invalidResponse{slices.Clone(a.faults.Faults)}
	if checks == ChecksLog {
		log.ErrorContext(ctx, "the response breaks its own validation rules", "error", broken)
		return nil
	}
	return broken
}

func (p *responsePlan) encodeHeaders(out reflect.Value, checks bool, a *response) error {
	a.status = p.statuses[0]
	if len(p.media) > 0 {
		a.contentType, a.usualType = cmp.Or(a.accepted, p.media[0]), p.usualType
	}
	body := out
	if p.desc.Envelope && p.body != nil {
		body = out.FieldByIndex(p.desc.Body.Index)
	}
	// Before anything can fail, so that the value is closed in any case.
	if p.kind.closer != nil {
		a.closer = p.kind.closer(body)
	}
	if p.desc.Envelope {
		if err := p.encodeEnvelope(out, checks, a); err != nil {
			return err
		}
	}
	if p.body == nil {
		return nil
	}
	if err := p.body(body, checks, a); err != nil || !p.varies {
		return err
	}
	return p.checkType(a)
}

// checkType refuses a media type the document does not list.
func (p *responsePlan) checkType(a *response) error {
	if a.contentType == p.media[0] || !mediatype.BodyAllowed(a.status) {
		return nil
	}
	mediaType, _, err := mime.ParseMediaType(a.contentType)
	if err != nil || mediatype.HasControl(a.contentType) {
		return fmt.Errorf("the media type %q is malformed", a.contentType)
	}
	if !slices.ContainsFunc(p.media, func(listed string) bool { return mediatype.Matches(mediatype.Bare(listed), mediaType) }) {
		return fmt.Errorf("the media type %q is not one of %s", a.contentType, strings.Join(p.media, ", "))
	}
	return nil
}

// invalidResponse is a response that breaks the rules of its own tags.
type invalidResponse struct{ faults []fault.Fault }

func (e invalidResponse) Error() string {
	s := "the response breaks its own validation rules"
	for _, f := range e.faults {
		s += fmt.Sprintf("; %v: %s", f.Loc, fault.Message(f.Type, f.Ctx))
	}
	return s
}

// write sends a response whose body is complete.
func (a *response) write(w http.ResponseWriter) {
	body := a.body
	// a.body stays what it is: a buffer for later responses, which the user's bytes are not.
	if a.borrowed != nil {
		body = a.borrowed
	}
	if a.contentType == "" {
		body = nil
	}
	h, hasBody := w.Header(), mediatype.BodyAllowed(a.status)
	if hasBody {
		h["Content-Length"] = mediatype.LengthLine(len(body))
	}
	a.putHeader(h)
	w.WriteHeader(a.status)
	if len(body) > 0 && hasBody {
		// An error means that the client has left, and then nobody is there to learn of it.
		_, _ = w.Write(body)
	}
}

// begin sends the status and the header of a response whose body follows.
func (a *response) begin(w http.ResponseWriter) {
	a.putHeader(w.Header())
	w.WriteHeader(a.status)
}

// typeLine is the header line of the Content-Type.
func (a *response) typeLine() []string {
	if len(a.usualType) > 0 && a.usualType[0] == a.contentType {
		return mediatype.SharedLine(a.usualType)
	}
	return []string{a.contentType}
}

// putHeader puts the header into h, but for the Content-Length. A header
// replaces one of the same name, except those of which every layer of an app
// may add its own.
func (a *response) putHeader(h http.Header) {
	if mediatype.BodyAllowed(a.status) && a.contentType != "" {
		h["Content-Type"] = a.typeLine()
	} else {
		delete(h, "Content-Type")
	}
	for i, line := range a.header {
		// The lines of one list stand one after the other, so a name that is repeated adds to it.
		if i > 0 && a.header[i-1].name == line.name || line.name == "Set-Cookie" || line.name == "Vary" {
			h[line.name] = append(h[line.name], line.value)
			continue
		}
		h[line.name] = []string{line.value}
	}
}

// buffer is an empty one for a body.
func (a *response) buffer() []byte {
	if a.body == nil {
		a.body = make([]byte, 0, 1024)
	}
	return a.body[:0]
}

// close lets go of what the response was to be read from.
func (a *response) close() {
	if a.closer != nil {
		_ = a.closer.Close()
		a.closer = nil
	}
}

// restart empties the response for a further attempt of the same request.
func (a *response) restart() {
	accepted, streaming := a.accepted, a.streaming
	a.release()
	a.accepted, a.streaming = accepted, streaming
}

// release keeps the buffer for the next answer, unless it is large.
func (a *response) release() {
	a.close()
	// One large response must not hold its memory for all the small ones after it.
	if a.body = a.body[:0]; cap(a.body) > maxKept {
		a.body = nil
	}
	if len(a.header) > 0 {
		// The slice is used again; its texts must not stay alive with it.
		clear(a.header)
		a.header = a.header[:0]
	}
	a.outcome = outcome{}
}

// writeError is what a failed write of a body means: the client left, unless
// the response itself does not fit its Content-Length.
func writeError(err error) error {
	if errors.Is(err, http.ErrContentLength) {
		return err
	}
	return fmt.Errorf("%w: %w", errClientGone, err)
}

// streaming is what a response that is a stream needs of the request it belongs to.
type streaming struct {
	cancel    context.CancelFunc
	heartbeat time.Duration
	// writeLimit is how long one write may stand still.
	writeLimit time.Duration
	checks     ResponseChecks
	// failure is what a client may know of an error, as an error body; reported
	// means that the stream ended with one, and so is not cut short.
	failure  func(error) []byte
	reported bool
	// log notes an item that breaks its own rules.
	log func(error)
}

// declaredResponse is the plan of a response that something else than the handler
// gives. The error is for types that do not go with the status.
func declaredResponse(out *typeinfo.Output, status int) (*responsePlan, error) {
	p := planResponse(out)
	p.statuses = []int{status}
	if err := p.checkStatuses("Responds"); err != nil {
		return nil, err
	}
	return p, p.chooseMedia(nil)
}
