package candor

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"mime"
	"net/http"
	"reflect"
	"slices"
	"strings"

	"github.com/candor-go/candor/internal/bind"
	"github.com/candor-go/candor/internal/codec"
	"github.com/candor-go/candor/internal/fault"
	"github.com/candor-go/candor/internal/serve"
	"github.com/candor-go/candor/internal/typeinfo"
)

// None is the input of a handler that takes nothing, and the answer of one
// that returns nothing: 204 without a body.
type None = struct{}

// inputPlan binds a request to an input struct. It is compiled for one path,
// whose wildcards it knows.
type inputPlan struct {
	desc   *typeinfo.Input
	params *bind.Plan
	body   *bodyPlan
	ready  []readyPlan
}

// readyPlan fills a field from the request at hand.
type readyPlan struct {
	index []int
	fill  filler
}

// around is what surrounds an input: the request, and where it was led.
type around struct {
	w        http.ResponseWriter
	r        *http.Request
	captured []string
	echo     bool
	place    *place
	// tasks are those of the request, made when the first input asks for them.
	tasks *Tasks
}

func (a *around) someTasks() *Tasks {
	if a.tasks == nil {
		a.tasks = new(Tasks)
	}
	return a.tasks
}

// place is what an endpoint tells about itself to the functions it runs.
type place struct {
	info   RouteInfo
	scopes RequiredScopes
	root   RootPath
	log    *slog.Logger
}

// filler fills a field of a ready-made type. An error refuses the request,
// before its body is read.
type filler func(dst reflect.Value, from *around) error

// readyInputs makes the fillers of the types that need no source.
var readyInputs = map[reflect.Type]func(*typeinfo.Field) (filler, error){
	reflect.TypeFor[*http.Request]():  always(func(a *around) *http.Request { return a.r }),
	reflect.TypeFor[ResponseHeader](): always(func(a *around) ResponseHeader { return ResponseHeader(a.w.Header()) }),
	reflect.TypeFor[*slog.Logger]():   always(func(a *around) *slog.Logger { return a.place.log }),
	reflect.TypeFor[RouteInfo]():      always(func(a *around) RouteInfo { return a.place.info }),
	reflect.TypeFor[RequiredScopes](): always(func(a *around) RequiredScopes { return a.place.scopes }),
	reflect.TypeFor[RootPath]():       always(func(a *around) RootPath { return a.place.root }),
	reflect.TypeFor[*Tasks]():         always((*around).someTasks),
	reflect.TypeFor[Bearer]():         makeBearer,
	reflect.TypeFor[*Bearer]():        makeBearer,
	reflect.TypeFor[Basic]():          makeBasic,
	reflect.TypeFor[*Basic]():         makeBasic,
	reflect.TypeFor[APIKey]():         makeAPIKey,
	reflect.TypeFor[*APIKey]():        makeAPIKey,
}

// always makes the filler of a type that is there in every request.
func always[T any](get func(*around) T) func(*typeinfo.Field) (filler, error) {
	fill := func(dst reflect.Value, from *around) error {
		*dst.Addr().Interface().(*T) = get(from)
		return nil
	}
	return func(*typeinfo.Field) (filler, error) { return fill, nil }
}

func isReadyInput(t reflect.Type) bool { return readyInputs[t] != nil }

// describeInput reads the tags of an input struct.
func describeInput(t reflect.Type) (*typeinfo.Input, error) {
	in, err := typeinfo.ReadInput(t, isReadyInput)
	if err != nil {
		return nil, err
	}
	if form := in.Form.Members(); len(form) > 0 {
		return nil, &typeinfo.Error{Type: t.String(), Field: form[0].Go, Problem: form[0].Source.String() + " fields are not supported yet"}
	}
	return in, nil
}

// compileInput makes the plan of an input for a path with these wildcards.
func (c *compiler) compileInput(in *typeinfo.Input, wildcards []string) (*inputPlan, error) {
	p := &inputPlan{desc: in}
	for _, f := range in.Ready {
		fill, err := readyInputs[f.Type.Go](f)
		if err != nil {
			return nil, err
		}
		p.ready = append(p.ready, readyPlan{index: f.Index, fill: fill})
	}
	var err error
	if p.params, err = c.bind.Plan(in, wildcards); err != nil {
		return nil, err
	}
	if p.body, err = c.compileBody(in); err != nil {
		return nil, err
	}
	return p, nil
}

// bindParams fills in everything but the body. It reports whether there was no
// fault; the error is the refusal of a ready-made input, such as missing
// credentials.
func (p *inputPlan) bindParams(into reflect.Value, from *around, faults *fault.List) (sound bool, refusal error) {
	for _, ready := range p.ready {
		if err := ready.fill(into.FieldByIndex(ready.index), from); err != nil && refusal == nil {
			refusal = err
		}
	}
	r := from.r
	sound = p.params.Bind(into, &bind.Request{
		Path: from.captured, RawQuery: r.URL.RawQuery, Header: r.Header, Host: r.Host, EchoInput: from.echo,
	}, faults)
	return sound, refusal
}

// bodyPlan reads the body of a request and decodes it into the input.
type bodyPlan struct {
	required bool
	decode   func(data []byte, into reflect.Value, o codec.Options, faults *fault.List)
	// absent puts in the default of a body that was not sent; nil without.
	absent func(into reflect.Value)
}

// compileBody makes the plan of the body, nil for an input without.
func (c *compiler) compileBody(in *typeinfo.Input) (*bodyPlan, error) {
	switch {
	case in.Body != nil:
		return c.compileWholeBody(in.Body)
	case in.Members != nil:
		decoder, err := c.codec.Object(in.Members, in.Go)
		if err != nil {
			return nil, err
		}
		required := slices.ContainsFunc(in.Members.Fields, func(f *typeinfo.Field) bool { return f.Required })
		return &bodyPlan{required: required, decode: decoder.Decode}, nil
	}
	return nil, nil
}

func (c *compiler) compileWholeBody(f *typeinfo.Field) (*bodyPlan, error) {
	decoder, err := c.codec.Decoder(f.Type, f.Rules)
	if err != nil {
		return nil, err
	}
	p := &bodyPlan{required: f.Required}
	p.decode = func(data []byte, into reflect.Value, o codec.Options, faults *fault.List) {
		decoder.Decode(data, into.FieldByIndex(f.Index), o, faults)
	}
	if f.Default != nil {
		makeDefault, err := c.codec.Default(f)
		if err != nil {
			return nil, err
		}
		p.absent = func(into reflect.Value) { makeDefault(into.FieldByIndex(f.Index)) }
	}
	return p, nil
}

// bindBody decodes the body into the input and gathers its faults.
func (p *bodyPlan) bindBody(into reflect.Value, data []byte, o codec.Options, faults *fault.List) {
	if !p.required && len(bytes.TrimSpace(data)) == 0 {
		if p.absent != nil {
			p.absent(into)
		}
		return
	}
	n := len(faults.Faults)
	p.decode(data, into, o, faults)
	faults.Seal(n, "body")
}

// readBody reads a whole body of at most limit bytes. loose lets a body
// without a media type pass as JSON.
func readBody(w http.ResponseWriter, r *http.Request, limit int64, loose bool) ([]byte, error) {
	if r.Body == nil || r.Body == http.NoBody {
		return nil, nil
	}
	if r.ContentLength > limit {
		return nil, errTooLarge
	}
	body := http.MaxBytesReader(w, r.Body, limit)
	if err := checkMediaType(r.Header, loose); err != nil {
		return nil, refuseUnlessEmpty(body, err)
	}
	data, err := readAll(body, r.ContentLength)
	return data, bodyError(err)
}

// refuseUnlessEmpty lets an empty body pass whatever its media type is.
func refuseUnlessEmpty(body io.Reader, refusal error) error {
	var one [1]byte
	if _, err := io.ReadFull(body, one[:]); err == io.EOF { //nolint:errorlint // ReadFull returns it bare
		return nil
	}
	return refusal
}

func readAll(body io.Reader, length int64) ([]byte, error) {
	if length < 0 {
		return io.ReadAll(body)
	}
	data := make([]byte, length)
	_, err := io.ReadFull(body, data)
	return data, err
}

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

// checkMediaType lets application/json and everything that ends in +json pass,
// as long as it is not compressed.
func checkMediaType(h http.Header, loose bool) error {
	if encoding := h.Get("Content-Encoding"); encoding != "" && !strings.EqualFold(encoding, "identity") {
		return Error(http.StatusUnsupportedMediaType, "the body must not be compressed").WithHeader("Accept-Encoding", "identity")
	}
	contentType := h.Get("Content-Type")
	if contentType == "" && loose {
		return nil
	}
	if isJSON(contentType) {
		return nil
	}
	return Error(http.StatusUnsupportedMediaType, "the body must be application/json")
}

func isJSON(contentType string) bool {
	if contentType == "application/json" {
		return true
	}
	mediaType, _, err := mime.ParseMediaType(contentType)
	if err != nil && !errors.Is(err, mime.ErrInvalidMediaParameter) {
		return false
	}
	return mediaType == "application/json" || strings.HasPrefix(mediaType, "application/") && strings.HasSuffix(mediaType, "+json")
}
