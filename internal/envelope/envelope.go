// Package envelope says what the responses of a type are beside their body: which statuses and media types they may have,
// and, for a struct whose fields are the parts of a response, its status, headers and cookies. It compiles them from the
// description of the type, and finds what a response cannot be. The body is encoded by the root.
package envelope

import (
	"cmp"
	"errors"
	"fmt"
	"net/http"
	"reflect"
	"slices"
	"strings"

	"github.com/candor-go/candor/internal/bind"
	"github.com/candor-go/candor/internal/fault"
	"github.com/candor-go/candor/internal/mediatype"
	"github.com/candor-go/candor/internal/response"
	"github.com/candor-go/candor/internal/typeinfo"
)

// Body is what the other parts of a response must agree with.
type Body struct {
	// Status and Media are those of its kind; a kind without a body has no media type.
	Status int
	Media  string
	// Encoded means that it is encoded rather than sent as it is, so that its media type is fixed.
	Encoded bool
	// SetsLength means that a field may set the length, Redirects that the body writes Location.
	SetsLength, Redirects bool
	// Chooses means that the kind chooses among media types, Streams that values are sent as they are produced.
	Chooses, Streams bool
}

// Plan writes the status, headers and cookies of one type.
type Plan struct {
	desc   *typeinfo.Output
	body   Body
	status *typeinfo.Field
	writes []write
}

// write writes one header or cookie to a response.
type write func(from reflect.Value, checks bool, resp *response.Response) error

// Compile makes the plan of a type; it is empty for a type that is no envelope.
func Compile(c *bind.Compiler, out *typeinfo.Output, body Body) (*Plan, error) {
	p := &Plan{desc: out, body: body, status: out.Status}
	for _, f := range out.Headers {
		write, err := p.compileHeader(c, f)
		if err != nil {
			return nil, p.inField(f, err)
		}
		p.writes = append(p.writes, write)
	}
	for _, f := range out.Cookies {
		write, err := compileCookie(c, f)
		if err != nil {
			return nil, p.inField(f, err)
		}
		p.writes = append(p.writes, write)
	}
	return p, p.checkExamples(c)
}

// checkExamples finds examples that violate the rules of their part. A []byte has another text in a header than in
// JSON.
func (p *Plan) checkExamples(c *bind.Compiler) error {
	parts := slices.Concat(p.desc.Headers, p.desc.Cookies)
	if p.desc.Envelope && p.desc.Body != nil {
		parts = append(parts, p.desc.Body)
	}
	for _, f := range parts {
		if f.Example == nil || c.Rules == nil || f.Type.Kind == typeinfo.Bytes {
			continue
		}
		if err := c.Example(f); err != nil {
			return p.inField(f, err)
		}
	}
	return nil
}

// inField adds to a configuration error which field of the envelope it is about.
func (p *Plan) inField(f *typeinfo.Field, err error) error {
	e := &typeinfo.Error{Type: typeinfo.Name(p.desc.Go), Field: f.Go}
	// All errors in this file have the form problem, semicolon, fix.
	e.Problem, e.Fix, _ = strings.Cut(err.Error(), "; ")
	return e
}

// checkHeader finds headers that a handler must not write.
func (p *Plan) checkHeader(f *typeinfo.Field) error {
	name := http.CanonicalHeaderKey(f.Name)
	if mediatype.OfConnection(name) {
		return fmt.Errorf("%s is about the connection, which the server keeps; drop the field", name)
	}
	switch name {
	case "Set-Cookie":
		return errors.New("a cookie has a tag of its own; write `cookie:\"name\"`")
	case "Content-Length":
		if !p.body.SetsLength {
			return errors.New("the length is set automatically, except for a candor.Reader; drop the field")
		}
	case "Content-Type":
		return p.checkContentType(f)
	case "Location":
		if p.body.Redirects {
			return errors.New("the body is a candor.Redirect, which writes Location; keep one of them")
		}
	}
	return nil
}

func (p *Plan) checkContentType(f *typeinfo.Field) error {
	switch {
	case p.body.Media == "":
		return errors.New("the response has no body, so it has no media type; drop the field")
	case p.body.Encoded:
		return errors.New("the media type of this body is fixed; name another one by `media:\"...\"` on the body or by candor.Produces")
	case held(f.Type).Kind != typeinfo.String:
		return errors.New("a media type is a string; make the field one")
	}
	return nil
}

// held returns the type inside pointers and Optional.
func held(t *typeinfo.Type) *typeinfo.Type {
	for t.Kind == typeinfo.Pointer || t.Kind == typeinfo.Optional {
		t = t.Elem
	}
	return t
}

func (p *Plan) compileHeader(c *bind.Compiler, f *typeinfo.Field) (write, error) {
	if err := p.checkHeader(f); err != nil {
		return nil, err
	}
	writer, err := compileText(c, f)
	if err != nil {
		return nil, err
	}
	name := http.CanonicalHeaderKey(f.Name)
	return func(from reflect.Value, checks bool, resp *response.Response) error {
		var scratch [4]string
		texts, err := writer.Append(scratch[:0], from, checks, &resp.Faults)
		if err != nil {
			return fmt.Errorf("the header %s: %w", name, err)
		}
		for _, text := range texts {
			// A line break would start another header, chosen by whoever supplied the text (response splitting).
			if mediatype.HasControl(text) {
				return fmt.Errorf("the header %s has a control character in %q", name, text)
			}
			// Content-Type has only one value, which the encoder of the body and the check of the media type find here.
			if name == "Content-Type" {
				resp.ContentType = cmp.Or(text, resp.ContentType)
				continue
			}
			resp.Add(name, text)
		}
		return nil
	}, nil
}

// compileText makes the writer of a text value, and finds tags that have no effect on one.
func compileText(c *bind.Compiler, f *typeinfo.Field) (*bind.Writer, error) {
	if f.Default != nil {
		return nil, errors.New("its default tag has no effect on a response; drop the tag")
	}
	if f.Rules != nil {
		for _, rule := range f.Rules.Self {
			// A writer sees one value at a time, so it cannot check a rule about several fields.
			if rule.Cross {
				return nil, fmt.Errorf("the rule %s compares with other fields, which the fields of a response envelope do not have; drop it", rule)
			}
		}
	}
	writer, err := c.Writer(f)
	if err == nil {
		return writer, nil
	}
	if e, ok := errors.AsType[*typeinfo.Error](err); ok {
		return nil, fmt.Errorf("%s: %s; %s", e.Type, e.Problem, e.Fix)
	}
	return nil, err
}

// IsCookie reports whether the type is http.Cookie or a pointer to it.
func IsCookie(t reflect.Type) bool {
	return t == reflect.TypeFor[http.Cookie]() || t == reflect.TypeFor[*http.Cookie]()
}

func compileCookie(c *bind.Compiler, f *typeinfo.Field) (write, error) {
	if IsCookie(f.Type.Go) {
		return func(from reflect.Value, _ bool, resp *response.Response) error {
			v := from.FieldByIndex(f.Index)
			if v.IsZero() {
				return nil
			}
			return resp.AddCookie(f.Name, reflect.Indirect(v).Interface().(http.Cookie))
		}, nil
	}
	switch held(f.Type).Kind {
	case typeinfo.Slice, typeinfo.Array:
		return nil, errors.New("a cookie has one value; use one field for each")
	}
	writer, err := compileText(c, f)
	if err != nil {
		return nil, err
	}
	mayBeEmpty := f.Type.Wraps()
	return func(from reflect.Value, checks bool, resp *response.Response) error {
		var scratch [1]string
		texts, err := writer.Append(scratch[:0], from, checks, &resp.Faults)
		if err != nil {
			return fmt.Errorf("the cookie %s: %w", f.Name, err)
		}
		// Only a type that can be null distinguishes a cookie with an empty value from no cookie.
		if len(texts) == 0 || texts[0] == "" && !mayBeEmpty {
			return nil
		}
		// Safe defaults; a field of type http.Cookie sets its own attributes.
		return resp.AddCookie(f.Name, http.Cookie{Value: texts[0], Path: "/", HttpOnly: true, SameSite: http.SameSiteLaxMode})
	}, nil
}

// Write writes everything but the body to the response. Its status must be one of the statuses; zero is the first.
func (p *Plan) Write(out reflect.Value, statuses []int, checks bool, resp *response.Response) error {
	if p.status != nil {
		status := int(out.FieldByIndex(p.status.Index).Int())
		// Zero means the default status, as in an envelope whose status nobody has set.
		if status != 0 && !slices.Contains(statuses, status) {
			return fmt.Errorf("the status %d is not one of %v, which the tag of %s lists", status, statuses, p.status.Go)
		}
		resp.Status = cmp.Or(status, resp.Status)
	}
	for _, write := range p.writes {
		before := len(resp.Header)
		err := write(out, checks, resp)
		switch {
		case err != nil && resp.LeaveOut == nil:
			return err
		case err != nil:
			// Part of the headers may already have been written.
			resp.Header = resp.Header[:before]
			resp.LeaveOut(err)
		}
	}
	return nil
}

// EncodesBodyless reports whether the body of an envelope is still encoded although its status has none. The body of a
// 304 is the one that a 200 would have (RFC 9110, section 15.4.5), so it may be set, and a File gives it its headers.
// With 204 and 205 the body would be lost, so a value there is an error.
func (p *Plan) EncodesBodyless(body reflect.Value, checks bool, resp *response.Response) bool {
	if isEmptyBody(body) {
		return false
	}
	if resp.Status != http.StatusNotModified && checks {
		n := len(resp.Faults.Faults)
		resp.Faults.Add(fault.With(fault.ValueError, "error", fmt.Sprintf("a response with the status %d has no body, so it would be lost; leave %s.%s empty", resp.Status, typeinfo.Name(p.desc.Go), p.desc.Body.Go)))
		resp.Faults.Seal(n, "response")
	}
	// A stream must not start a producer that nobody reads.
	return resp.Status == http.StatusNotModified && !p.body.Streams
}

// isEmptyBody reports whether a body holds nothing.
func isEmptyBody(body reflect.Value) bool {
	switch body.Kind() {
	case reflect.Slice, reflect.Map, reflect.String:
		return body.Len() == 0
	}
	return body.IsZero()
}
