package candor

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"io"
	"mime/multipart"
	"net/http"
	"reflect"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/candor-go/candor/internal/check"
	"github.com/candor-go/candor/internal/codec"
	"github.com/candor-go/candor/internal/fault"
	"github.com/candor-go/candor/internal/form"
	"github.com/candor-go/candor/internal/formdata"
	"github.com/candor-go/candor/internal/mediatype"
	"github.com/candor-go/candor/internal/serve"
	"github.com/candor-go/candor/internal/spool"
	"github.com/candor-go/candor/internal/typeinfo"
)

// bodyPlan reads the body of a request into an input.
type bodyPlan struct {
	required bool
	// media lists the accepted media types, in the order of the document.
	media []bodyMedia
	// refusal is the 415 for any other media type.
	refusal *HTTPError
	// absent handles a missing body: it fills in defaults, or reports that the body is required.
	absent decodeBody
	// pass hands the body to the handler unread; nil for bodies that are decoded first. large selects the limit for
	// bodies that are not held in memory.
	pass  passBody
	large bool
	// keepsFiles means that the body may leave temporary files to remove.
	keepsFiles bool
}

// bodyMedia is one accepted media type, and how a body of that type is read.
type bodyMedia struct {
	name   string
	decode decodeBody
	// copies means that the decoded value does not refer to the body's bytes, so that its buffer can be reused.
	copies bool
	// stream reads a body as it arrives, in place of decode.
	stream streamBody
	// text means that the charset parameter must say UTF-8.
	text bool
}

// passBody gives the body of a request to an input; a missing body is http.NoBody. incoming is passed by value to keep
// it off the heap.
type passBody func(into reflect.Value, body io.Reader, in incoming) error

// decodeBody decodes a whole body into an input. Locations are relative to the body, innermost element first. It
// reports whether the value fits into the memory limit.
type decodeBody func(data []byte, into reflect.Value, o codec.Options, faults *fault.List) (fits bool)

// streamBody reads a body into an input as it arrives. Locations are like those of decodeBody.
type streamBody func(into reflect.Value, body io.Reader, in *incoming, faults *fault.List) error

// Types of bodies that are not decoded.
var (
	stringType = reflect.TypeFor[string]()
	readerType = reflect.TypeFor[io.Reader]()
	partsType  = reflect.TypeFor[*multipart.Reader]()
)

// isRaw reports whether a body of this type is passed on as it was sent.
func isRaw(t reflect.Type) bool {
	return t == reflect.TypeFor[[]byte]() || t == stringType || isUnread(t)
}

// isUnread reports whether the handler itself reads a body of this type.
func isUnread(t reflect.Type) bool { return t == readerType || t == partsType || isLines(t) }

// readyLines is implemented by types whose values are read from the lines of a body. The method is called on a zero
// value.
type readyLines interface{ bodyLines() bodyLines }

// bodyLines describes a body that consists of lines.
type bodyLines struct {
	// media are the media types of the body, and item is the type of a line.
	media []string
	item  *typeinfo.Type
	// compile makes the function that passes the lines to the handler.
	compile func(c *compiler, f *typeinfo.Field) (passBody, error)
}

func isLines(t reflect.Type) bool {
	return t.PkgPath() == reflect.TypeFor[bodyLines]().PkgPath() && t.Implements(reflect.TypeFor[readyLines]())
}

// linesOf returns the description of a type for which isLines is true.
func linesOf(t reflect.Type) bodyLines { return reflect.Zero(t).Interface().(readyLines).bodyLines() }

func unreadName(t reflect.Type) string {
	switch t {
	case partsType:
		return "a *multipart.Reader"
	case readerType:
		return "an io.Reader"
	}
	return "a body of lines"
}

// compileBody makes the body plan of an input, nil for an input without a body.
func (c *compiler) compileBody(in *typeinfo.Input) (p *bodyPlan, err error) {
	p = &bodyPlan{}
	switch {
	case in.Body != nil && isRaw(in.Body.Type.Go):
		// This case must come first: in the next one, a []byte or string would be decoded from JSON.
		err = c.rawBody(p, in)
	case in.Body != nil:
		if err = c.wholeBody(p, in); err == nil && in.BodyForm != nil {
			err = c.alsoForm(p, in)
		}
	case in.Members != nil:
		err = c.memberBody(p, in)
	case in.Form != nil:
		err = c.formBody(p, in)
	default:
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	p.refusal = refuseMedia(p.mediaNames())
	return p, c.codecs.carried(bodyType(in), p.mediaNames())
}

// bodyType returns the type that a body is decoded into: the input itself where its fields are members of the body.
func bodyType(in *typeinfo.Input) reflect.Type {
	if in.Body != nil {
		return in.Body.Type.Go
	}
	return in.Go
}

func (p *bodyPlan) mediaNames() (names []string) {
	for _, m := range p.media {
		names = append(names, m.name)
	}
	return names
}

// memberBody reads an object whose members are fields of the input.
func (c *compiler) memberBody(p *bodyPlan, in *typeinfo.Input) error {
	decoder, err := c.codec.Object(in.Members, in.Go)
	if err != nil {
		return err
	}
	p.required = slices.ContainsFunc(in.Members.Fields, func(f *typeinfo.Field) bool { return f.Required })
	// The decoder treats nil as an object without members: it fills in defaults and reports required members.
	p.absent = decoder.Decode
	return c.decoded(p, decoder.Decode, "")
}

// wholeBody reads one field from the whole body.
func (c *compiler) wholeBody(p *bodyPlan, in *typeinfo.Input) error {
	f := in.Body
	decoder, err := c.codec.Decoder(f.Type, f.Rules)
	if err != nil {
		return err
	}
	if err := c.absentBody(p, in); err != nil {
		return err
	}
	return c.decoded(p, func(data []byte, into reflect.Value, o codec.Options, faults *fault.List) bool {
		return decoder.Decode(data, into.FieldByIndex(f.Index), o, faults)
	}, f.Media)
}

// alsoForm accepts a whole body as a form as well. The fields of the body's type are the form's fields, without a
// prefix.
func (c *compiler) alsoForm(p *bodyPlan, in *typeinfo.Input) error {
	plan, err := c.form.Whole(in.BodyForm)
	if err != nil {
		return in.ErrorIn(in.BodyForm, err)
	}
	p.media = append(p.media,
		bodyMedia{name: mediatype.Form, decode: plan.Decode, copies: true, text: true},
		bodyMedia{name: mediatype.Multipart, stream: readParts(plan)})
	return nil
}

// formBody reads a form.
func (c *compiler) formBody(p *bodyPlan, in *typeinfo.Input) error {
	plan, err := c.form.Compile(in)
	if err != nil {
		return err
	}
	p.required = plan.IsNeeded()
	p.absent = plan.Decode
	// If no form was sent, one error for the body says more than one for each field.
	if p.required {
		p.absent = missingBody
	}
	// Pairs are read as a whole; parts are streamed, since files may be larger than memory.
	p.media = []bodyMedia{{name: mediatype.Form, decode: plan.Decode, copies: true, text: true}, {name: mediatype.Multipart, stream: readParts(plan)}}
	// Pairs cannot carry a file, so the document does not list URL-encoded bodies for this form.
	if plan.HasFiles() {
		p.media, p.keepsFiles = p.media[1:], true
	}
	return nil
}

// missingBody reports that the body is missing, whatever its content would be.
func missingBody(_ []byte, _ reflect.Value, _ codec.Options, faults *fault.List) bool {
	faults.Add(fault.New(fault.Missing))
	return true
}

// readParts reads a multipart form as it arrives.
func readParts(plan *form.Plan) streamBody {
	return func(into reflect.Value, body io.Reader, in *incoming, faults *fault.List) error {
		sent, err := plan.Read(form.Parts{
			ContentType: in.r.Header.Get("Content-Type"), Length: in.r.ContentLength, Body: body,
			Limits: in.multipart, Memory: in.heldLimit, Files: in.uploads,
		})
		if err != nil {
			return formError(err)
		}
		if in.kept != nil {
			sent.Share()
			in.kept.keep(nil, true, func(_ []byte, into reflect.Value, o codec.Options, faults *fault.List) bool {
				plan.Fill(into, sent, o, faults)
				return true
			}, in.options())
		}
		plan.Fill(into, sent, in.options(), faults)
		return nil
	}
}

// absentBody treats a missing body as an object treats a missing member: with the body's default, with the defaults of
// its members, or with a validation error.
func (c *compiler) absentBody(p *bodyPlan, in *typeinfo.Input) error {
	// The body is wrapped as the only member of an object, which implements all of these cases.
	object, err := c.codec.Object(&typeinfo.Object{Fields: []*typeinfo.Field{in.Body}}, in.Go)
	if err != nil {
		return err
	}
	p.required = in.Body.Required
	p.absent = func(_ []byte, into reflect.Value, o codec.Options, faults *fault.List) bool {
		return object.Decode(nil, into, o, faults)
	}
	return nil
}

// decoded lists the media types that share one decoder: the one named by the tag, or JSON and those of the app's
// codecs.
func (c *compiler) decoded(p *bodyPlan, decode decodeBody, name string) error {
	if name == "" {
		p.media = append(p.media, bodyMedia{name: mediatype.JSON, decode: decode, copies: true, text: true})
		for _, name := range c.codecs.names {
			// copies stays false: the user's Unmarshal may keep references to the bytes.
			p.media = append(p.media, bodyMedia{name: name, decode: c.codecs.byName[name].before(name, decode)})
		}
		return nil
	}
	if mediatype.IsJSON(name) {
		p.media = []bodyMedia{{name: name, decode: decode, copies: true, text: true}}
		return nil
	}
	codec, ok := c.codecs.byName[name]
	if !ok {
		return &unknownMediaError{name}
	}
	p.media = []bodyMedia{{name: name, decode: codec.before(name, decode)}}
	return nil
}

// listMergePatch adds the media type for merge patches to a body that distinguishes absent from null. The body is
// decoded like any JSON.
func (p *bodyPlan) listMergePatch(in *typeinfo.Input) {
	members := in.Members.Members()
	if in.Body != nil {
		members = in.Body.Type.Object.Members()
	}
	isOptional := func(f *typeinfo.Field) bool { return f.Type.Kind == typeinfo.Optional }
	if p.media[0].name != mediatype.JSON || !slices.ContainsFunc(members, isOptional) {
		return
	}
	// JSON stays first: in loose mode the first media type is assumed for a body without Content-Type.
	p.media = slices.Insert(p.media, 1, bodyMedia{name: mediatype.MergePatch, decode: p.media[0].decode, copies: p.media[0].copies, text: true})
	p.refusal = refuseMedia(p.mediaNames())
}

// before puts a codec in front of the JSON decoder.
func (c Codec) before(name string, decode decodeBody) decodeBody {
	return func(data []byte, into reflect.Value, o codec.Options, faults *fault.List) bool {
		text, err := c.toJSON(data)
		if err != nil {
			// The codec's error message is not sent: it may contain what clients must not see.
			faults.Add(fault.With(fault.ValueError, "error", "not valid "+name))
			return true
		}
		return decode(text, into, o, faults)
	}
}

// rawBody passes on the body as it was sent.
func (c *compiler) rawBody(p *bodyPlan, in *typeinfo.Input) error {
	f := in.Body
	name := cmp.Or(f.Media, "application/octet-stream")
	if isUnread(f.Type.Go) {
		return c.unreadBody(p, in, name)
	}
	keeps, err := c.rules.Compile(f.Type, f.Rules)
	if err != nil {
		return in.ErrorIn(f, err)
	}
	media := bodyMedia{name: name, decode: setBytes(f.Index, keeps)}
	if f.Type.Go == stringType {
		media = bodyMedia{name: cmp.Or(f.Media, "text/plain"), decode: setText(f.Index, keeps), text: true}
	}
	p.media = []bodyMedia{media}
	// A raw body may have a default too, handled like that of any other body.
	return c.absentBody(p, in)
}

// unreadBody leaves reading the body to the handler.
func (c *compiler) unreadBody(p *bodyPlan, in *typeinfo.Input, name string) error {
	f := in.Body
	configErr := &typeinfo.Error{Type: typeinfo.Name(in.Go), Field: f.Go}
	p.required = f.Required
	switch {
	case f.Rules != nil:
		configErr.Problem = "rules on " + unreadName(f.Type.Go) + ", which nobody has read yet"
		configErr.Fix = "drop the tags validate and pattern; candor.MaxBody limits its size"
		return configErr
	case f.Type.Go == partsType && f.Media != "":
		configErr.Problem, configErr.Fix = "a media type on a *multipart.Reader, which reads "+mediatype.Multipart, "drop the tag media"
		return configErr
	case f.Type.Go == partsType:
		// The form is never held in memory as a whole, so the large limit applies.
		p.media, p.pass, p.large = []bodyMedia{{name: mediatype.Multipart}}, partsBody(f.Index), true
	case isLines(f.Type.Go):
		return c.linesBody(p, f)
	default:
		p.media, p.pass = []bodyMedia{{name: name}}, makePass(f.Index)
	}
	return nil
}

// linesBody leaves reading the lines of a body to the handler.
func (c *compiler) linesBody(p *bodyPlan, f *typeinfo.Field) (err error) {
	lines := linesOf(f.Type.Go)
	if f.Media != "" {
		lines.media = []string{f.Media}
	}
	for _, name := range lines.media {
		p.media = append(p.media, bodyMedia{name: name, text: true})
	}
	p.large = true
	p.pass, err = lines.compile(c, f)
	return err
}

func makePass(index []int) passBody {
	return func(into reflect.Value, body io.Reader, _ incoming) error {
		into.FieldByIndex(index).Set(reflect.ValueOf(body))
		return nil
	}
}

// errCutParts is the response if a handler returns the error of parts that end too early.
var errCutParts = Error(http.StatusBadRequest, string(formdata.CutShort))

// partsBody passes the parts of a body to the handler unread.
func partsBody(index []int) passBody {
	return func(into reflect.Value, body io.Reader, in incoming) error {
		// The field stays nil, and a request without a body has no boundary to check.
		if body == http.NoBody {
			return nil
		}
		boundary, err := formdata.Boundary(in.r.Header.Get("Content-Type"))
		if err != nil {
			return formError(err)
		}
		into.FieldByIndex(index).Set(reflect.ValueOf(formdata.NewParts(body, boundary, errCutParts)))
		return nil
	}
}

func setBytes(index []int, keeps check.Check) decodeBody {
	return func(data []byte, into reflect.Value, _ codec.Options, faults *fault.List) bool {
		// The field refers to the bytes that were read, so bodyMedia.copies is not set.
		into.FieldByIndex(index).SetBytes(data)
		return judgeRaw(into.FieldByIndex(index), keeps, faults)
	}
}

func setText(index []int, keeps check.Check) decodeBody {
	return func(data []byte, into reflect.Value, _ codec.Options, faults *fault.List) bool {
		// A Go string may hold any bytes, but the document says that this is text, as in JSON.
		if !utf8.Valid(data) {
			faults.Add(fault.New(fault.StringUnicode))
			return true
		}
		into.FieldByIndex(index).SetString(string(data))
		return judgeRaw(into.FieldByIndex(index), keeps, faults)
	}
}

// judgeRaw always returns true (fits): the value is already in memory.
func judgeRaw(value reflect.Value, keeps check.Check, faults *fault.List) bool {
	if keeps == nil {
		return true
	}
	if f := keeps(value); f != nil {
		faults.Add(f)
	}
	return true
}

// incoming is a request whose body is to be read.
type incoming struct {
	w     http.ResponseWriter
	r     *http.Request
	limit int64
	// largeLimit is the limit for bodies that are not held in memory, lineLimit that of each of their lines (0 for the
	// default), and heldLimit that of the files in them that are held in memory.
	largeLimit, heldLimit int64
	lineLimit             int
	// multipart holds the limits of a multipart form.
	multipart form.Limits
	// buffer is reused for bodies that nobody keeps. It is replaced by a larger one when it is too small.
	buffer []byte
	// uploads stores files; nil if the body cannot have any.
	uploads *spool.Store
	// kept keeps the body for further attempts of the request; nil if there are none.
	kept *keptBody
	// loose accepts a body without a Content-Type as the first documented media type.
	loose  bool
	decode codec.Options
	// errors writes the messages of validation errors that the handler sees.
	errors *errorWriter
}

// keptBody is a body that was already read, for inputs that are bound again.
type keptBody struct {
	// begun means that reading has started.
	begun bool
	// bind decodes the body into an input; nil until the body was read completely.
	bind func(into reflect.Value, faults *fault.List) error
}

// isRead reports whether the body is available.
func (k *keptBody) isRead() bool { return k != nil && k.bind != nil }

// fill decodes the body again, as bodyPlan.bind does.
func (k *keptBody) fill(into reflect.Value, faults *fault.List) error {
	n := len(faults.Faults)
	defer func() { faults.Seal(n, "body") }()
	return k.bind(into, faults)
}

// keep stores the body for later attempts. If decoded values refer to the bytes, each attempt gets its own copy.
func (k *keptBody) keep(data []byte, copies bool, decode decodeBody, o codec.Options) {
	k.bind = func(into reflect.Value, faults *fault.List) error {
		own := data
		if !copies {
			own = bytes.Clone(data)
		}
		if !decode(own, into, o, faults) {
			return errDecoded
		}
		return nil
	}
}

// bind reads the body into the input and collects its validation errors. It returns the bytes that were read.
func (p *bodyPlan) bind(into reflect.Value, in *incoming, faults *fault.List) ([]byte, error) {
	n := len(faults.Faults)
	defer func() { faults.Seal(n, "body") }()
	if in.kept != nil {
		in.kept.begun = true
	}
	media, err := p.open(in)
	switch {
	case err != nil:
		return nil, err
	case media == nil:
		p.bindNothing(into, in, faults)
		return nil, nil
	case p.pass != nil:
		return nil, p.pass(into, passedBody{in.limited()}, *in)
	case media.stream != nil:
		return nil, media.begin(into, in.limited(), *in, faults)
	}
	return p.bindAll(media, into, in, faults)
}

// open determines how the body is read, and with which limit, before a byte of it is read. It returns nil for a request
// without a body.
func (p *bodyPlan) open(in *incoming) (*bodyMedia, error) {
	if in.r.Body == nil || in.r.Body == http.NoBody {
		return nil, nil
	}
	media, err := p.mediaOf(in)
	if err == nil && (p.large || media.stream != nil) {
		in.limit = in.largeLimit
	}
	// A body whose Content-Length exceeds the limit is refused before a byte of it is read. The limit depends on the
	// media type, so that is determined first.
	if in.r.ContentLength > in.limit {
		return nil, errTooLarge
	}
	// An empty body needs no valid media type.
	if err != nil && in.isEmpty() {
		return nil, nil
	}
	return media, err
}

// bindAll reads the whole body and decodes it.
func (p *bodyPlan) bindAll(media *bodyMedia, into reflect.Value, in *incoming, faults *fault.List) ([]byte, error) {
	if !media.copies {
		// The value will refer to these bytes, so the buffer must not be reused for the next request.
		in.buffer = nil
	}
	data, err := in.readAll()
	if media.copies {
		// Reading may have replaced the buffer by a larger one; keep that for the next request.
		in.buffer = data
	}
	switch {
	case err != nil:
		return nil, bodyError(err)
	case len(data) == 0:
		p.bindNothing(into, in, faults)
	case in.kept != nil:
		in.kept.keep(data, media.copies, media.decode, in.options())
		return data, in.kept.bind(into, faults)
	case !media.decode(data, into, in.options(), faults):
		return nil, errDecoded
	}
	return data, nil
}

// options limits the memory of the decoded value in proportion to the body limit: a few bytes of JSON can become many
// in Go.
func (in *incoming) options() codec.Options {
	return limitMemory(in.decode, in.limit)
}

func (p *bodyPlan) bindNothing(into reflect.Value, in *incoming, faults *fault.List) {
	switch {
	case p.pass == nil && in.kept != nil:
		in.kept.keep(nil, true, p.absent, in.decode)
		_ = in.kept.bind(into, faults) // defaults need no memory limit
	case p.pass == nil:
		p.absent(nil, into, in.decode, faults)
	case p.required:
		faults.Add(fault.New(fault.Missing))
	default:
		// These functions cannot fail without a body: there is nothing to read.
		_ = p.pass(into, http.NoBody, *in)
	}
}

var errCompressed = Error(http.StatusUnsupportedMediaType, "the body must not be compressed").WithHeader("Accept-Encoding", "identity")

// mediaOf determines how the body of a request is read.
func (p *bodyPlan) mediaOf(in *incoming) (*bodyMedia, error) {
	// Checked first: Content-Type describes the body before it was compressed.
	if mediatype.IsEncoded(in.r.Header) {
		return nil, errCompressed
	}
	contentType := mediatype.TypeOf(in.r.Header)
	// Most requests have exactly this header; no parsing is needed.
	if contentType == p.media[0].name || contentType == "" && in.loose {
		return &p.media[0], nil
	}
	mediaType, params, ok := mediatype.Parse(contentType)
	for i := range p.media {
		if m := &p.media[i]; ok && mediatype.Matches(m.name, mediaType) && m.reads(params["charset"]) {
			return m, nil
		}
	}
	return nil, p.refusal
}

// begin starts a stream. incoming is passed by value, so that it escapes to the heap only for bodies that stream.
func (m *bodyMedia) begin(into reflect.Value, body io.Reader, in incoming, faults *fault.List) error {
	return m.stream(into, body, &in, faults)
}

// isHeld reports whether every body is read completely before anything else runs.
func (p *bodyPlan) isHeld() bool {
	return p.pass == nil && !slices.ContainsFunc(p.media, func(m bodyMedia) bool { return m.stream != nil })
}

// reads reports whether the media type is accepted.
func (p *bodyPlan) reads(name string) bool {
	return slices.ContainsFunc(p.media, func(m bodyMedia) bool { return m.name == name })
}

// reads reports whether the charset is acceptable: it matters for text only, which must be UTF-8.
func (m *bodyMedia) reads(charset string) bool {
	return !m.text || mediatype.IsUTF8(charset)
}

// refuseMedia makes the 415 response. Its Accept header lists the supported media types (RFC 9110, section 12.5.1).
func refuseMedia(names []string) *HTTPError {
	detail := "the body must be " + strings.Join(names, " or ")
	return Error(http.StatusUnsupportedMediaType, detail).WithHeader("Accept", strings.Join(names, ", "))
}

// isEmpty reports whether the client sent no body. It reads only if it has to: not when the length is known, and not
// from a client that waits for 100 (Continue), because reading would send it (RFC 9110, section 10.1.1). By HTTP/2 that
// cannot be seen, since net/http removes Expect; such a client is told to continue, and then refused.
func (in *incoming) isEmpty() bool {
	if in.r.ContentLength >= 0 || in.r.Header.Get("Expect") != "" {
		return in.r.ContentLength == 0
	}
	// Only a read can tell. Losing the byte does no harm: the caller refuses a body that is not empty.
	var first [1]byte
	_, err := io.ReadFull(in.limited(), first[:])
	return errors.Is(err, io.EOF)
}

// defaultMessageLimit is the largest message of a WebSocket, and the largest line of a body, in bytes.
const defaultMessageLimit = 1 << 20

// firstRead is the initial buffer size: a large Content-Length alone makes the server allocate nothing.
const firstRead = 64 << 10

// readAll reads the body, into the buffer if it is large enough. A known length has already been compared with the
// limit.
func (in *incoming) readAll() ([]byte, error) {
	length := in.r.ContentLength
	if length < 0 {
		return io.ReadAll(in.limited())
	}
	data := in.buffer[:0]
	if cap(data) == 0 {
		data = make([]byte, 0, min(length, firstRead))
	}
	for int64(len(data)) < length {
		if len(data) == cap(data) {
			// The buffer grows with the bytes that have arrived, not with the Content-Length: a lie costs nothing, and
			// an honest body is copied only a few times.
			data = slices.Grow(data, int(min(length-int64(len(data)), 3*int64(len(data)))))
		}
		n, err := io.ReadFull(in.r.Body, data[len(data):min(int64(cap(data)), length)])
		data = data[:len(data)+n]
		if err != nil {
			return data, err
		}
	}
	return data, nil
}

// limited returns the body, cut off at the limit.
func (in *incoming) limited() io.ReadCloser { return http.MaxBytesReader(in.w, in.r.Body, in.limit) }

// bodyError is the response for a body that could not be read.
func bodyError(err error) error {
	var tooLarge *http.MaxBytesError
	switch {
	case err == nil:
		return nil
	case errors.As(err, &tooLarge):
		return errTooLarge
	case errors.Is(err, serve.ErrSlowBody):
		return errSlow
	}
	return fmt.Errorf("%w (%w)", errUnreadable, err)
}

// formError is the response for a form that could not be read.
func formError(err error) error {
	if tooLarge, ok := errors.AsType[form.TooLargeError](err); ok {
		return Error(http.StatusRequestEntityTooLarge, string(tooLarge))
	}
	if malformed, ok := errors.AsType[formdata.Malformed](err); ok {
		return Error(http.StatusBadRequest, string(malformed))
	}
	if errors.Is(err, spool.ErrFailed) || errors.As(err, new(*HTTPError)) {
		// These already say what the response is.
		return err
	}
	return bodyError(err)
}

// passedBody is a body that the handler reads. If the handler returns one of its errors, the response is the same as if
// the framework had read the body.
type passedBody struct{ body io.Reader }

// Read reads on, up to the body limit of the operation.
func (p passedBody) Read(b []byte) (int, error) {
	n, err := p.body.Read(b)
	if err != nil && err != io.EOF { //nolint:errorlint // readers return it bare
		err = bodyError(err)
	}
	return n, err
}

// admit is open for a body that is read as bytes first and decoded later: its limit is that of a body in memory, whatever
// its media type. Without a plan any body is accepted.
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
