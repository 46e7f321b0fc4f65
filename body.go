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
	"github.com/candor-go/candor/internal/mediatype"
	"github.com/candor-go/candor/internal/serve"
	"github.com/candor-go/candor/internal/typeinfo"
)

// bodyPlan reads the body of a request into an input.
type bodyPlan struct {
	required bool
	// media are the media types a body may have, in the order of the document.
	media []bodyMedia
	// refusal answers a body of any other.
	refusal *HTTPError
	// absent fills in what is there without a body, or says that it is missing.
	absent decodeBody
	// pass hands the body on unread; nil for a body that is read first. large
	// means that its limit is that of what is not held in memory.
	pass  passBody
	large bool
	// keepsFiles means that the body may leave something to remove.
	keepsFiles bool
}

// bodyMedia is one media type, and how a body of it is read.
type bodyMedia struct {
	name   string
	decode decodeBody
	// copies means that nothing refers to the body once it is decoded, so that
	// its memory is used again.
	copies bool
	// stream reads a body while it comes, in the place of decode.
	stream func(into reflect.Value, body io.Reader, in *incoming, faults *fault.List) error
	// text asks for a charset that is UTF-8.
	text bool
}

// passBody gives an input the body of a request; without one it is
// http.NoBody. What is incoming is a copy, so that it is on no heap.
type passBody func(into reflect.Value, body io.Reader, in incoming) error

// decodeBody reads a whole body into an input. Locations are innermost first,
// below the body. It reports whether the value fits into memory.
type decodeBody func(data []byte, into reflect.Value, o codec.Options, faults *fault.List) (fits bool)

// The bodies that are not decoded.
var (
	bytesType  = reflect.TypeFor[[]byte]()
	stringType = reflect.TypeFor[string]()
	readerType = reflect.TypeFor[io.Reader]()
	partsType  = reflect.TypeFor[*multipart.Reader]()
)

// isRaw reports whether a whole body of the type is taken as it is sent.
func isRaw(t reflect.Type) bool { return t == bytesType || t == stringType || isUnread(t) }

// isUnread reports whether the handler reads a body of the type by itself.
func isUnread(t reflect.Type) bool { return t == readerType || t == partsType || isLines(t) }

// readyLines is a type whose values are made of the lines of a body. Its zero
// value says how.
type readyLines interface{ bodyLines() bodyLines }

// bodyLines is a body of lines.
type bodyLines struct {
	// media are its media types, and item is what each line is.
	media []string
	item  *typeinfo.Type
	// compile makes what hands the lines on.
	compile func(c *compiler, f *typeinfo.Field) (passBody, error)
}

func isLines(t reflect.Type) bool {
	return t.PkgPath() == reflect.TypeFor[bodyLines]().PkgPath() && t.Implements(reflect.TypeFor[readyLines]())
}

// linesOf is how a type for which isLines holds is read.
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

// compileBody makes the plan of the body, nil for an input without.
func (c *compiler) compileBody(in *typeinfo.Input) (p *bodyPlan, err error) {
	p = &bodyPlan{}
	switch {
	case in.Body != nil && isRaw(in.Body.Type.Go):
		// Before the case of any body: a []byte or a string would be decoded from JSON there.
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
	p.refusal = refuseMedia(p.media)
	return p, c.codecs.carried(bodyType(in), p.mediaNames())
}

// bodyType is the type that a body is decoded into: members of a body are fields of
// the input.
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
	// The decoder takes nil for an object without members: it fills in the defaults, and
	// reports the members that are required.
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

// alsoForm lets a whole body come as a form, too. Its fields are one value, whose names
// need no name before them.
func (c *compiler) alsoForm(p *bodyPlan, in *typeinfo.Input) error {
	nested, err := c.bind.Nested(in.BodyForm)
	if err != nil {
		return inField(in, in.BodyForm, err)
	}
	form := &formPlan{fields: []formField{{nested: nested, index: in.BodyForm.Index}}}
	p.media = append(p.media,
		bodyMedia{name: mediatype.Form, decode: form.decode, copies: true, text: true},
		bodyMedia{name: mediatype.Multipart, stream: form.readMultipart})
	return nil
}

// absentBody treats a body that was not sent as an object does a member: the
// default, or the defaults inside of it, or a fault.
func (c *compiler) absentBody(p *bodyPlan, in *typeinfo.Input) error {
	// The body is decoded as the only member of an object, which has all of this already.
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

// decoded lists the media types that end up in one decoder: the one named, or
// JSON and those of the app's codecs.
func (c *compiler) decoded(p *bodyPlan, decode decodeBody, name string) error {
	if name == "" {
		p.media = append(p.media, bodyMedia{name: mediatype.JSON, decode: decode, copies: true, text: true})
		for _, name := range c.codecs.names {
			// Without copies: the user's Unmarshal may keep a part of the bytes.
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

// listMergePatch lists that media type where a body tells absent from null. It
// is read like all JSON in any case.
func (p *bodyPlan) listMergePatch(in *typeinfo.Input) {
	members := in.Members.Members()
	if in.Body != nil {
		members = in.Body.Type.Object.Members()
	}
	isOptional := func(f *typeinfo.Field) bool { return f.Type.Kind == typeinfo.Optional }
	if p.media[0].name != mediatype.JSON || !slices.ContainsFunc(members, isOptional) {
		return
	}
	// JSON stays the first, which is the type of a body without a Content-Type in loose mode.
	p.media = slices.Insert(p.media, 1, bodyMedia{name: mediatype.MergePatch, decode: p.media[0].decode, copies: p.media[0].copies, text: true})
	p.refusal = refuseMedia(p.media)
}

// before puts a codec in front of the decoder of JSON.
func (c Codec) before(name string, decode decodeBody) decodeBody {
	return func(data []byte, into reflect.Value, o codec.Options, faults *fault.List) bool {
		text, err := c.toJSON(data)
		if err != nil {
			// The text of the error is the codec's own, and may hold what clients must not see.
			faults.Add(fault.With(fault.ValueError, "error", "not valid "+name))
			return true
		}
		return decode(text, into, o, faults)
	}
}

// rawBody takes the body as it is sent.
func (c *compiler) rawBody(p *bodyPlan, in *typeinfo.Input) error {
	f := in.Body
	name := cmp.Or(f.Media, "application/octet-stream")
	if isUnread(f.Type.Go) {
		return c.unreadBody(p, in, name)
	}
	keeps, err := c.rules.Compile(f.Type, f.Rules)
	if err != nil {
		return inField(in, f, err)
	}
	media := bodyMedia{name: name, decode: setBytes(f.Index, keeps)}
	if f.Type.Go == stringType {
		media = bodyMedia{name: cmp.Or(f.Media, "text/plain"), decode: setText(f.Index, keeps), text: true}
	}
	p.media = []bodyMedia{media}
	// A raw body may have a default, too, which is filled in like that of any body.
	return c.absentBody(p, in)
}

// unreadBody leaves the body to the handler.
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
		// The form is never held in memory as a whole, so the large limit holds.
		p.media, p.pass, p.large = []bodyMedia{{name: mediatype.Multipart}}, partsBody(f.Index), true
	case isLines(f.Type.Go):
		return c.linesBody(p, f)
	default:
		p.media, p.pass = []bodyMedia{{name: name}}, makePass(f.Index)
	}
	return nil
}

// linesBody leaves the lines of a body to the handler.
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

func setBytes(index []int, keeps check.Check) decodeBody {
	return func(data []byte, into reflect.Value, _ codec.Options, faults *fault.List) bool {
		// The field keeps the bytes that were read, so bodyMedia.copies is not set for it.
		into.FieldByIndex(index).SetBytes(data)
		return judgeRaw(into.FieldByIndex(index), keeps, faults)
	}
}

func setText(index []int, keeps check.Check) decodeBody {
	return func(data []byte, into reflect.Value, _ codec.Options, faults *fault.List) bool {
		// A string of Go may hold any bytes; in the document it is text, as in JSON.
		if !utf8.Valid(data) {
			faults.Add(fault.New(fault.StringUnicode))
			return true
		}
		into.FieldByIndex(index).SetString(string(data))
		return judgeRaw(into.FieldByIndex(index), keeps, faults)
	}
}

// judgeRaw is true, since what it judges is there already.
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
	// largeLimit is the limit of bodies that are not held in memory, lineLimit
	// that of each of their lines, 0 for the default, and
	// heldLimit that of the files in them that are.
	largeLimit, heldLimit int64
	lineLimit             int
	// multipart are the limits of a form of parts.
	multipart MultipartLimits
	// buffer is where a body may be read to that nobody keeps; where there was too
	// little of it, it is replaced.
	buffer []byte
	// uploads keeps files; nil where there can be none.
	uploads *uploadStore
	// kept keeps the body for further attempts; nil where there are none.
	kept *keptBody
	// loose lets a body without a media type pass as the first documented.
	loose  bool
	decode codec.Options
	// errors gives sentences to faults that the handler learns of.
	errors *errorWriter
}

// keptBody is a body that was read, for inputs that are bound anew.
type keptBody struct {
	// begun means that reading has begun.
	begun bool
	// bind fills in an input; nil as long as the body was not read to its end.
	bind func(into reflect.Value, faults *fault.List) error
}

// isRead reports whether there is a body to fill in.
func (k *keptBody) isRead() bool { return k != nil && k.bind != nil }

// fill fills in the body, as bodyPlan.bind does.
func (k *keptBody) fill(into reflect.Value, faults *fault.List) error {
	n := len(faults.Faults)
	defer func() { faults.Seal(n, "body") }()
	return k.bind(into, faults)
}

// keep keeps what is decoded from data. Where the value would refer to that, each
// gets a copy.
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

// bind reads the body into the input and gathers its faults. It returns what
// was read.
func (p *bodyPlan) bind(into reflect.Value, in *incoming, faults *fault.List) ([]byte, error) {
	n := len(faults.Faults)
	defer func() { faults.Seal(n, "body") }()
	if in.kept != nil {
		in.kept.begun = true
	}
	if in.r.Body == nil || in.r.Body == http.NoBody {
		p.bindNothing(into, in, faults)
		return nil, nil
	}
	media, err := p.mediaOf(in)
	if err == nil && (p.large || media.stream != nil) {
		in.limit = in.largeLimit
	}
	// A body that says it is too large is refused before a byte of it is read. The limit
	// depends on the media type, so that comes first.
	if in.r.ContentLength > in.limit {
		return nil, errTooLarge
	}
	switch {
	case err != nil && !in.isEmpty():
		// A body without bytes has no media type that could be wrong.
		return nil, err
	case err != nil:
		p.bindNothing(into, in, faults)
		return nil, nil
	case p.pass != nil:
		return nil, p.pass(into, passedBody{in.limited()}, *in)
	case media.stream != nil:
		return nil, media.begin(into, in.limited(), *in, faults)
	case !media.copies:
		// The value will refer to the bytes, which another request would overwrite in a buffer
		// that is used again.
		in.buffer = nil
	}
	data, err := in.readAll()
	if media.copies {
		// Reading may have replaced the buffer by a larger one, which the next request gets.
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

// options bounds the memory of the value by the limit of the body: a few bytes
// of JSON can stand for many in Go.
func (in *incoming) options() codec.Options {
	return limitMemory(in.decode, in.limit)
}

func (p *bodyPlan) bindNothing(into reflect.Value, in *incoming, faults *fault.List) {
	switch {
	case p.pass == nil && in.kept != nil:
		in.kept.keep(nil, true, p.absent, in.decode)
		_ = in.kept.bind(into, faults) // what is absent takes no memory
	case p.pass == nil:
		p.absent(nil, into, in.decode, faults)
	case p.required:
		faults.Add(fault.New(fault.Missing))
	default:
		// No function of this type fails without a body, of which there is nothing to read.
		_ = p.pass(into, http.NoBody, *in)
	}
}

var errCompressed = Error(http.StatusUnsupportedMediaType, "the body must not be compressed").WithHeader("Accept-Encoding", "identity")

// mediaOf finds how the body of a request is to be read.
func (p *bodyPlan) mediaOf(in *incoming) (*bodyMedia, error) {
	// Checked first: Content-Type names the type of the body before it was compressed.
	if encoding := mediatype.First(in.r.Header, "Content-Encoding"); encoding != "" && !strings.EqualFold(encoding, "identity") {
		return nil, errCompressed
	}
	contentType := mediatype.First(in.r.Header, "Content-Type")
	// Most requests have exactly this header, and need no parsing.
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

// begin streams. What is incoming is a copy, so that only bodies that stream
// have it on the heap.
func (m *bodyMedia) begin(into reflect.Value, body io.Reader, in incoming, faults *fault.List) error {
	return m.stream(into, body, &in, faults)
}

// isHeld reports whether every body is read as a whole before anything else runs.
func (p *bodyPlan) isHeld() bool {
	return p.pass == nil && !slices.ContainsFunc(p.media, func(m bodyMedia) bool { return m.stream != nil })
}

// reads reports whether a body may have a media type.
func (p *bodyPlan) reads(name string) bool {
	return slices.ContainsFunc(p.media, func(m bodyMedia) bool { return m.name == name })
}

// reads reports whether text in a charset is UTF-8; of data it is no question.
func (m *bodyMedia) reads(charset string) bool {
	return !m.text || charset == "" || strings.EqualFold(charset, "utf-8") || strings.EqualFold(charset, "us-ascii")
}

// refuseMedia is the response to a body of another media type. Accept lists those
// there are (RFC 9110, section 12.5.1).
func refuseMedia(media []bodyMedia) *HTTPError {
	var names []string
	for _, m := range media {
		names = append(names, m.name)
	}
	detail := "the body must be " + strings.Join(names, " or ")
	return Error(http.StatusUnsupportedMediaType, detail).WithHeader("Accept", strings.Join(names, ", "))
}

// isEmpty reports whether nothing was sent, which needs no media type. A body
// whose length is known is not touched, and neither is one whose client waits
// for a go-ahead: reading would give it (RFC 9110, section 10.1.1).
func (in *incoming) isEmpty() bool {
	if in.r.ContentLength >= 0 || in.r.Header.Get("Expect") != "" {
		return in.r.ContentLength == 0
	}
	// Only reading tells. The byte is lost, which is no loss: a body that is not empty is
	// refused by the caller.
	var first [1]byte
	_, err := io.ReadFull(in.limited(), first[:])
	return errors.Is(err, io.EOF)
}

// defaultMessageLimit is how large a message of a WebSocket may be, and a line
// of a body.
const defaultMessageLimit = 1 << 20

// firstRead is how much memory is made before anything has come: what a client
// announces costs it nothing.
const firstRead = 64 << 10

// readAll reads the body, into the buffer if there is enough of it. A body whose
// length is known has been judged by that.
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
			// It grows by what has come, not by what the header says: a large Content-Length alone
			// costs nothing, and an honest body is copied only a few times.
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

// limited is the body with an end at the limit.
func (in *incoming) limited() io.ReadCloser { return http.MaxBytesReader(in.w, in.r.Body, in.limit) }

// bodyError tells the client why its body could not be read.
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

// passedBody is a body in the hands of a handler. What goes wrong with it
// answers as if it had been read before, when the handler returns the error.
type passedBody struct{ body io.Reader }

// Read reads on, up to the limit of the operation.
func (p passedBody) Read(b []byte) (int, error) {
	n, err := p.body.Read(b)
	if err != nil && err != io.EOF { //nolint:errorlint // readers return it bare
		err = bodyError(err)
	}
	return n, err
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
