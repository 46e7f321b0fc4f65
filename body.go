package candor

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"mime/multipart"
	"net/http"
	"reflect"
	"strings"

	"github.com/candor-go/candor/internal/body"
	"github.com/candor-go/candor/internal/codec"
	"github.com/candor-go/candor/internal/fault"
	"github.com/candor-go/candor/internal/form"
	"github.com/candor-go/candor/internal/formdata"
	"github.com/candor-go/candor/internal/mediatype"
	"github.com/candor-go/candor/internal/serve"
	"github.com/candor-go/candor/internal/spool"
	"github.com/candor-go/candor/internal/typeinfo"
)

// bodyPlan is how the body of a request comes into an input. internal/body reads it; this file has what handlers read
// themselves, and the responses for bodies that are refused.
type bodyPlan struct {
	plan *body.Plan
	// refusal is the 415 for any other media type.
	refusal *HTTPError
	// pass hands the body to the handler unread; nil for bodies that are decoded first.
	pass passBody
}

// passBody gives the body of a request to an input.
type passBody func(into reflect.Value, body unread) error

// unread is a body that a handler reads, and how.
type unread struct {
	r *http.Request
	// body is http.NoBody if the request has none.
	body io.Reader
	// lineLimit is the limit of each line, 0 for the default.
	lineLimit int
	decode    codec.Options
	// errors writes the messages of validation errors that the handler sees.
	errors *errorWriter
}

// Types of bodies that are not decoded.
var (
	readerType = reflect.TypeFor[io.Reader]()
	partsType  = reflect.TypeFor[*multipart.Reader]()
)

// isRaw reports whether a body of this type is passed on as it was sent.
func isRaw(t reflect.Type) bool { return body.IsRaw(t) || isUnread(t) }

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
	if in.Body != nil && isUnread(in.Body.Type.Go) {
		err = c.unreadBody(p, in)
	} else {
		p.plan, err = c.body.Compile(in)
	}
	if err != nil || p.plan == nil {
		return nil, err
	}
	p.refuseOthers()
	return p, c.codecs.CheckCarries(bodyType(in), p.plan.Media())
}

// refuseOthers makes the 415 response. Its Accept header lists the supported media types (RFC 9110, section 12.5.1).
func (p *bodyPlan) refuseOthers() {
	names := p.plan.Media()
	detail := "the body must be " + strings.Join(names, " or ")
	p.refusal = Error(http.StatusUnsupportedMediaType, detail).WithHeader("Accept", strings.Join(names, ", "))
}

// listMergePatch adds the media type for merge patches to a body that distinguishes absent from null.
func (p *bodyPlan) listMergePatch(in *typeinfo.Input) {
	if p.plan.AcceptMergePatch(in) {
		p.refuseOthers()
	}
}

// bodyType returns the type that a body is decoded into: the input itself where its fields are members of the body.
func bodyType(in *typeinfo.Input) reflect.Type {
	if in.Body != nil {
		return in.Body.Type.Go
	}
	return in.Go
}

// unreadBody leaves reading the body to the handler.
func (c *compiler) unreadBody(p *bodyPlan, in *typeinfo.Input) (err error) {
	f := in.Body
	configErr := &typeinfo.Error{Type: typeinfo.Name(in.Go), Field: f.Go}
	switch t := f.Type.Go; {
	case f.Rules != nil:
		configErr.Problem = "rules on " + unreadName(t) + ", which nobody has read yet"
		configErr.Fix = "drop the tags validate and pattern; candor.MaxBody limits its size"
		return configErr
	case t == partsType && f.Media != "":
		configErr.Problem, configErr.Fix = "a media type on a *multipart.Reader, which reads "+mediatype.Multipart, "drop the tag media"
		return configErr
	case t == partsType:
		// The form is never held in memory as a whole, so the large limit applies.
		p.plan, p.pass = body.Unread([]string{mediatype.Multipart}, f.Required, true, false), partsBody(f.Index)
	case t == readerType:
		p.plan, p.pass = body.Unread([]string{cmp.Or(f.Media, mediatype.Octets)}, f.Required, false, false), readerBody(f.Index)
	default:
		lines := linesOf(t)
		if f.Media != "" {
			lines.media = []string{f.Media}
		}
		p.plan = body.Unread(lines.media, f.Required, true, true)
		p.pass, err = lines.compile(c, f)
	}
	return err
}

func readerBody(index []int) passBody {
	return func(into reflect.Value, from unread) error {
		into.FieldByIndex(index).Set(reflect.ValueOf(from.body))
		return nil
	}
}

// errCutParts is the response if a handler returns the error of parts that end too early.
var errCutParts = Error(http.StatusBadRequest, string(formdata.CutShort))

// partsBody passes the parts of a body to the handler unread.
func partsBody(index []int) passBody {
	return func(into reflect.Value, from unread) error {
		// The field stays nil, and a request without a body has no boundary to check.
		if from.body == http.NoBody {
			return nil
		}
		boundary, err := formdata.Boundary(from.r.Header.Get("Content-Type"))
		if err != nil {
			return formError(err)
		}
		into.FieldByIndex(index).Set(reflect.ValueOf(formdata.NewParts(from.body, boundary, errCutParts)))
		return nil
	}
}

// passOn gives the body to the handler unread.
func (p *bodyPlan) passOn(into reflect.Value, in *body.Incoming, to unread, faults *fault.List) error {
	opened, err := p.plan.Open(in)
	switch {
	case err != nil:
		return p.bindError(err)
	case opened != nil:
		to.body = passedBody{opened}
	case p.plan.Required:
		faults.Add(&fault.Fault{Type: fault.Missing, Loc: []any{"body"}})
		return nil
	default:
		to.body = http.NoBody
	}
	return p.pass(into, to)
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

// admit checks a body that is read as bytes first and decoded later. Without a plan any body is accepted.
func (p *bodyPlan) admit(in *body.Incoming) error {
	var plan *body.Plan
	if p != nil {
		plan = p.plan
	}
	return p.bindError(plan.Admit(in))
}

var errCompressed = Error(http.StatusUnsupportedMediaType, "the body must not be compressed").WithHeader("Accept-Encoding", "identity")

// bindError is the response for a body that was refused, or could not be read into an input.
func (p *bodyPlan) bindError(err error) error {
	switch {
	case err == nil:
		return nil
	case errors.Is(err, body.ErrMedia):
		return p.refusal
	case errors.Is(err, body.ErrCompressed):
		return errCompressed
	case errors.Is(err, body.ErrTooLarge):
		return errTooLarge
	case errors.Is(err, body.ErrMemory):
		return errDecoded
	}
	if read, ok := errors.AsType[*body.ReadError](err); ok {
		return bodyError(read.Err)
	}
	return formError(err)
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

// bodyError is the response for a body whose reader failed.
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

// defaultMessageLimit is the largest message of a WebSocket, and the largest line of a body, in bytes.
const defaultMessageLimit = 1 << 20
