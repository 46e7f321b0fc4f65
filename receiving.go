package candor

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"mime"
	"net/http"
	"reflect"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/candor-go/candor/internal/bind"
	"github.com/candor-go/candor/internal/codec"
	"github.com/candor-go/candor/internal/digits"
	"github.com/candor-go/candor/internal/envelope"
	"github.com/candor-go/candor/internal/fault"
	"github.com/candor-go/candor/internal/mediatype"
	"github.com/candor-go/candor/internal/typeinfo"
)

// This file is the inverse of a responsePlan: it reads a response into the result of the handler, from the same
// description.

// receivePlan decodes responses into the result of a handler.
type receivePlan struct {
	response *responsePlan
	// headers and cookies are the fields of an envelope.
	headers []*bind.Param
	cookies []*bind.Param
	// body is nil for a response without a body.
	body receiveBody
}

// receiveBody reads a body into a value. If the body is still open when it returns, the value owns it.
type receiveBody func(into reflect.Value, from *received) error

// received is a response that is being read.
type received struct {
	*http.Response
	limit int64
	codec codecSet
	// read is what was read of the body so far; kept means that the value owns the body and reads the rest.
	read []byte
	kept bool
}

// receivable is a ready-made response type that can be decoded.
type receivable interface {
	receive(c *compiler) (receiveBody, error)
}

// compileReceiving compiles the plan that decodes the responses of a response plan.
func (c *compiler) compileReceiving(response *responsePlan) (p *receivePlan, err error) {
	p = &receivePlan{response: response}
	if p.headers, err = c.receiveParts(response.desc.Headers); err != nil {
		return nil, err
	}
	if p.cookies, err = c.receiveParts(response.desc.Cookies); err != nil {
		return nil, err
	}
	if response.kind.compile == nil {
		return p, nil
	}
	p.body, err = c.receiver(response.desc.Body)
	return p, err
}

func (c *compiler) receiveParts(fields []*typeinfo.Field) (params []*bind.Param, err error) {
	for _, f := range fields {
		var param *bind.Param
		if !envelope.IsCookie(f.Type.Go) {
			if param, err = c.bind.Param(f); err != nil {
				return nil, fmt.Errorf("%s: %w", f.Go, err)
			}
		}
		// nil for an http.Cookie, so that indexes match the fields.
		params = append(params, param)
	}
	return params, nil
}

// receiver chooses by its type how a body is read.
func (c *compiler) receiver(f *typeinfo.Field) (receiveBody, error) {
	switch t := f.Type.Go; {
	case t == reflect.TypeFor[[]byte]():
		return receiveData(func(into reflect.Value, data []byte) { into.SetBytes(data) }), nil
	case t == reflect.TypeFor[Reader]():
		return receiveReader, nil
	case isReadyResponse(t):
		if ready, ok := reflect.Zero(t).Interface().(receivable); ok {
			return ready.receive(c)
		}
		return nil, fmt.Errorf("a response of type %s cannot be read", typeinfo.Name(t))
	}
	return c.receiveJSON(f.Type)
}

func (c *compiler) receiveJSON(t *typeinfo.Type) (receiveBody, error) {
	decoder, err := c.codec.Decoder(t, nil)
	if err != nil {
		return nil, err
	}
	return func(into reflect.Value, from *received) error {
		data, err := from.json()
		if err != nil {
			return err
		}
		return decodeReceived(decoder, data, into)
	}, nil
}

// decodeReceived decodes JSON from a server.
func decodeReceived(decoder *codec.Decoder, data []byte, into reflect.Value) error {
	var faults fault.List
	decoder.Decode(data, into, codec.Options{}, &faults)
	if len(faults.Faults) == 0 {
		return nil
	}
	faults.Seal(0, "body")
	return notReturned(faults.Faults[0])
}

// notReturned returns the error for a response that breaks the rules of its route.
func notReturned(f fault.Fault) error {
	return fmt.Errorf("it is not what the route returns: %s at %v", fault.Message(f.Type, f.Ctx), f.Loc)
}

// data reads the body to its end.
func (r *received) data() ([]byte, error) {
	// One byte more than the limit shows that the body is too long.
	data, err := io.ReadAll(io.LimitReader(r.Body, min(r.limit, math.MaxInt64-1)+1))
	// Also kept if the body is truncated, because the error quotes its beginning.
	r.read = data
	switch {
	case err != nil:
		return data, fmt.Errorf("it could not be read to its end: %w", err)
	case int64(len(data)) > r.limit:
		return data, fmt.Errorf("it has more than %d bytes, the limit of the client", r.limit)
	}
	return data, nil
}

// json reads a body as JSON; the codecs of other formats convert it.
func (r *received) json() ([]byte, error) {
	mediaType, _, _ := mediatype.Parse(r.Header.Get("Content-Type"))
	codec, known := r.codec.byName[mediaType]
	if !known && !mediatype.IsJSON(mediaType) {
		return nil, errors.New("it is not JSON")
	}
	data, err := r.data()
	if err != nil || !known {
		return data, err
	}
	return codec.toJSON(data)
}

func receiveData(set func(into reflect.Value, data []byte)) receiveBody {
	return func(into reflect.Value, from *received) error {
		data, err := from.data()
		if err == nil {
			set(into, data)
		}
		return err
	}
}

// receiveReader passes the body on as a reader.
func receiveReader(into reflect.Value, from *received) error {
	from.kept = true
	into.Set(reflect.ValueOf(Reader(from.Body)))
	return nil
}

func (HTML) receive(*compiler) (receiveBody, error) { return receiveText, nil }
func (Text) receive(*compiler) (receiveBody, error) { return receiveText, nil }

func receiveText(into reflect.Value, from *received) error {
	return receiveData(func(into reflect.Value, data []byte) { into.SetString(string(data)) })(into, from)
}

func (Redirect) receive(*compiler) (receiveBody, error) {
	return func(into reflect.Value, from *received) error {
		if from.Header.Get("Location") == "" {
			return errors.New("it has no Location")
		}
		into.SetString(from.Header.Get("Location"))
		return nil
	}, nil
}

// receive reads a file into memory.
func (File) receive(*compiler) (receiveBody, error) {
	return func(into reflect.Value, from *received) error {
		data, err := from.data()
		if err != nil {
			return err
		}
		disposition, params, _ := mime.ParseMediaType(from.Header.Get("Content-Disposition"))
		file := File{
			Content: bytes.NewReader(data), Name: params["filename"], Download: disposition == "attachment",
			ETag: from.Header.Get("ETag"),
		}
		// An invalid time is ignored: the file itself is complete.
		if at, err := http.ParseTime(from.Header.Get("Last-Modified")); err == nil {
			file.ModTime = at
		}
		into.Set(reflect.ValueOf(file))
		return nil
	}, nil
}

// receive reads a response into an addressable result of the handler, or returns the error that the response represents.
func (p *receivePlan) receive(into reflect.Value, from *received) error {
	if !slices.Contains(p.response.statuses, from.StatusCode) {
		return from.failure()
	}
	if err := p.checkMedia(from); err != nil {
		return from.unexpected(err)
	}
	if err := p.receiveEnvelope(into, from); err != nil {
		return from.unexpected(err)
	}
	// A Redirect is read from its Location and needs no body.
	if p.body == nil || !p.response.kind.redirects && !from.hasBody() {
		return nil
	}
	if p.response.desc.Envelope {
		into = into.FieldByIndex(p.response.desc.Body.Index)
	}
	if err := p.body(into, from); err != nil {
		return from.unexpected(err)
	}
	return nil
}

// hasBody reports whether a response may have a body.
func (r *received) hasBody() bool {
	return mediatype.BodyAllowed(r.StatusCode) && r.Request.Method != http.MethodHead
}

// checkMedia rejects a body with a media type that the route does not have.
func (p *receivePlan) checkMedia(from *received) error {
	if len(p.response.media) == 0 || !mediatype.BodyAllowed(from.StatusCode) {
		return nil
	}
	mediaType, _, _ := mediatype.Parse(from.Header.Get("Content-Type"))
	if slices.ContainsFunc(p.response.media, func(listed string) bool { return mediatype.Matches(mediatype.Bare(listed), mediaType) }) {
		return nil
	}
	return fmt.Errorf("it should be %s", strings.Join(p.response.media, " or "))
}

// receiveEnvelope reads everything except the body.
func (p *receivePlan) receiveEnvelope(into reflect.Value, from *received) error {
	if !p.response.desc.Envelope {
		return nil
	}
	if status := p.response.desc.Status; status != nil {
		into.FieldByIndex(status.Index).SetInt(int64(from.StatusCode))
	}
	var faults fault.List
	for i, f := range p.response.desc.Headers {
		if lines := from.Header[http.CanonicalHeaderKey(f.Name)]; len(lines) > 0 || f.IsAlwaysSent() {
			p.headers[i].Bind(into, lines, false, &faults)
		}
	}
	for i, f := range p.response.desc.Cookies {
		p.receiveCookie(i, f, into, from, &faults)
	}
	// One is enough for an error of the server, which the client cannot fix.
	if len(faults.Faults) == 0 {
		return nil
	}
	return notReturned(faults.Faults[0])
}

// receiveCookie reads a cookie that was set. A missing cookie is not an error, because an empty one is not sent.
func (p *receivePlan) receiveCookie(i int, f *typeinfo.Field, into reflect.Value, from *received, faults *fault.List) {
	cookies := from.Cookies()
	at := slices.IndexFunc(cookies, func(c *http.Cookie) bool { return c.Name == f.Name })
	if at < 0 {
		return
	}
	switch field := into.FieldByIndex(f.Index); field.Type() {
	case reflect.TypeFor[http.Cookie]():
		field.Set(reflect.ValueOf(*cookies[at]))
	case reflect.TypeFor[*http.Cookie]():
		field.Set(reflect.ValueOf(cookies[at]))
	default:
		p.cookies[i].Bind(into, []string{cookies[at].Value}, false, faults)
	}
}

// ResponseError is a response that does not come from the route: the page of a proxy, a truncated body, or a media type
// or status that the document does not have.
type ResponseError struct {
	// Status and Header are the status code and the header of the response.
	Status int
	Header http.Header
	// Body is the beginning of the body, as far as it was read: at most 4 KiB.
	Body []byte

	method, target string
	problem        error
}

// Error states the request, the response and the problem. It quotes the beginning of a text.
func (e *ResponseError) Error() string {
	text := fmt.Sprintf("%s %s: the response is %s (%s)", e.method, e.target, mediatype.StatusLine(e.Status), cmp.Or(e.Header.Get("Content-Type"), "no media type"))
	if e.problem != nil {
		text += ": " + e.problem.Error()
	}
	if begin := e.Body[:min(len(e.Body), 120)]; len(begin) > 0 && utf8.Valid(e.Body) {
		text += fmt.Sprintf(": %q", strings.ToValidUTF8(string(begin), ""))
	}
	return text
}

// Unwrap returns the error of reading the response; nil if there was none.
func (e *ResponseError) Unwrap() error { return e.problem }

// unexpected returns the error for a response that the route does not have. It reads the beginning of the body unless
// that was read before.
func (r *received) unexpected(problem error) *ResponseError {
	const most = 4 << 10
	// A body that is kept belongs to the value; if the body was read, its beginning is known already.
	if r.read == nil && !r.kept {
		r.read, _ = io.ReadAll(io.LimitReader(r.Body, most))
	}
	return &ResponseError{
		Status: r.StatusCode, Header: r.Header, Body: r.read[:min(len(r.read), most)],
		method: r.Request.Method, target: r.Request.URL.Path, problem: problem,
	}
}

// failure returns the error that a response represents.
func (r *received) failure() error {
	switch {
	case r.StatusCode < http.StatusMultipleChoices:
		return r.unexpected(errors.New("the route does not document this status"))
	case !r.hasBody():
		// A response to HEAD says no more than its status.
		return r.remote(reason(r.StatusCode))
	case !mediatype.IsJSON(r.Header.Get("Content-Type")):
		return r.unexpected(errors.New("an error of the server would be JSON"))
	}
	data, err := r.data()
	if err != nil {
		return r.unexpected(err)
	}
	if r.StatusCode == http.StatusUnprocessableEntity {
		if faults := faultsIn(data); faults != nil {
			return &ValidationError{Faults: faults}
		}
	}
	detail, err := detailIn(data, r.StatusCode, mediatype.Bare(r.Header.Get("Content-Type")) == mediatype.Problem)
	if err != nil {
		return r.unexpected(err)
	}
	return r.remote(detail)
}

// remote returns an error of the server as the client sees it.
func (r *received) remote(detail any) *HTTPError {
	e := &HTTPError{status: r.StatusCode, detail: detail, header: http.Header{}, remote: true}
	for name, lines := range r.Header {
		if !mediatype.AboutResponse(name) {
			e.header[name] = slices.Clone(lines)
		}
	}
	return e
}

// faultsIn returns the validation errors in the body of a 422, in either error format; nil if there are none, for
// example because the server has its own format.
func faultsIn(data []byte) []Fault {
	var body struct {
		Detail, Errors json.RawMessage
	}
	if json.Unmarshal(data, &body) != nil {
		return nil
	}
	// A Problem lists them in errors; its detail is a string.
	for _, list := range []json.RawMessage{body.Errors, body.Detail} {
		var faults []Fault
		if digits.Unmarshal(list, &faults) != nil || len(faults) == 0 {
			continue
		}
		withNumbers(faults)
		return faults
	}
	return nil
}

// withNumbers converts the json.Numbers in validation errors: positions to ints, others as in an any.
func withNumbers(faults []Fault) {
	for i := range faults {
		f := &faults[i]
		for at, where := range f.Loc {
			f.Loc[at] = digits.Replace(where, codec.Number)
			if n, ok := f.Loc[at].(float64); ok {
				f.Loc[at] = int(n)
			}
		}
		for name, fact := range f.Ctx {
			f.Ctx[name] = digits.Replace(fact, codec.Number)
		}
		f.Input = digits.Replace(f.Input, codec.Number)
	}
}

// detailIn returns what the body of an error says: the detail, a Problem if it says more, or the whole body if the server
// has its own format.
func detailIn(data []byte, status int, isProblem bool) (detail any, err error) {
	if isProblem {
		return problemDetail(data, status)
	}
	var body any
	if err := digits.Unmarshal(data, &body); err != nil {
		return nil, fmt.Errorf("it is not JSON: %w", err)
	}
	body = digits.Replace(body, codec.Number)
	// With more members it is the server's own format, and everything is kept.
	if object, ok := body.(map[string]any); ok && len(object) == 1 {
		if detail, ok := object["detail"]; ok {
			return detail, nil
		}
	}
	return body, nil
}

// problemDetail is the inverse of problemOf.
func problemDetail(data []byte, status int) (any, error) {
	var p Problem
	if err := digits.Unmarshal(data, &p); err != nil {
		return nil, fmt.Errorf("it is not a problem of RFC 9457: %w", err)
	}
	p.Extra = digits.Replace(p.Extra, codec.Number)
	withNumbers(p.Errors)
	// A string or an object that was given to Error is one member of a Problem that is otherwise standard; return it as it was
	// given.
	usual := Problem{Type: "about:blank", Title: reason(status), Status: status}
	text, object := usual, usual
	text.Detail, object.Extra = p.Detail, p.Extra
	switch {
	case reflect.DeepEqual(p, text):
		return p.Detail, nil
	case reflect.DeepEqual(p, object):
		return p.Extra, nil
	}
	return p, nil
}
