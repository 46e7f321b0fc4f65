package receiving

import (
	"fmt"
	"net/http"
	"reflect"
	"slices"
	"strings"

	"github.com/candor-go/candor/internal/bind"
	"github.com/candor-go/candor/internal/envelope"
	"github.com/candor-go/candor/internal/fault"
	"github.com/candor-go/candor/internal/mediatype"
	"github.com/candor-go/candor/internal/typeinfo"
)

// Plan decodes the responses of a route into the result of its handler.
type Plan struct {
	// Statuses and Media are those of the route's own responses, each with the default first.
	Statuses []int
	Media    []string
	// Bodyless means that the result is read without a body, as a redirect is. Body is nil for a result without one.
	Bodyless bool
	Body     Body

	out *typeinfo.Output
	// headers and cookies are the fields of an envelope; nil for an http.Cookie.
	headers, cookies []*bind.Param
}

// NewPlan compiles what reads all but the body of a result.
func NewPlan(c *bind.Compiler, out *typeinfo.Output) (p *Plan, err error) {
	p = &Plan{out: out}
	if p.headers, err = params(c, out.Headers); err != nil {
		return nil, err
	}
	p.cookies, err = params(c, out.Cookies)
	return p, err
}

// params compiles the readers of fields, nil for those of whole cookies, so that indexes match the fields.
func params(c *bind.Compiler, fields []*typeinfo.Field) (all []*bind.Param, err error) {
	for _, f := range fields {
		var param *bind.Param
		if !envelope.IsCookie(f.Type.Go) {
			if param, err = c.Param(f); err != nil {
				return nil, fmt.Errorf("%s: %w", f.Go, err)
			}
		}
		all = append(all, param)
	}
	return all, nil
}

// IsOwn reports whether the route itself responds with the status, rather than an error.
func (p *Plan) IsOwn(status int) bool { return slices.Contains(p.Statuses, status) }

// Redirects reports whether a redirect is one of the route's own results.
func (p *Plan) Redirects() bool {
	return slices.ContainsFunc(p.Statuses, func(status int) bool { return status >= 300 && status <= 399 })
}

// Receive reads a response of the route into its result.
func (p *Plan) Receive(into reflect.Value, from *Response) error {
	if err := p.checkMedia(from.HTTP); err != nil {
		return err
	}
	if p.out.Envelope {
		if err := p.receiveEnvelope(into, from.HTTP); err != nil {
			return err
		}
	}
	if p.Body == nil || !p.Bodyless && !from.HasBody() {
		return nil
	}
	if p.out.Envelope {
		into = into.FieldByIndex(p.out.Body.Index)
	}
	return p.Body(into, from)
}

// checkMedia rejects a body with a media type that the route does not have.
func (p *Plan) checkMedia(from *http.Response) error {
	if len(p.Media) == 0 || !mediatype.BodyAllowed(from.StatusCode) {
		return nil
	}
	sent := mediaType(from)
	if slices.ContainsFunc(p.Media, func(listed string) bool { return mediatype.Matches(mediatype.Bare(listed), sent) }) {
		return nil
	}
	return fmt.Errorf("it should be %s", strings.Join(p.Media, " or "))
}

// receiveEnvelope reads everything except the body.
func (p *Plan) receiveEnvelope(into reflect.Value, from *http.Response) error {
	if status := p.out.Status; status != nil {
		into.FieldByIndex(status.Index).SetInt(int64(from.StatusCode))
	}
	var faults fault.List
	for i, f := range p.out.Headers {
		if lines := from.Header[http.CanonicalHeaderKey(f.Name)]; len(lines) > 0 || f.IsAlwaysSent() {
			p.headers[i].Bind(into, lines, false, &faults)
		}
	}
	cookies := from.Cookies()
	for i, f := range p.out.Cookies {
		// A missing cookie is not an error, because an empty one is not sent.
		if at := slices.IndexFunc(cookies, func(c *http.Cookie) bool { return c.Name == f.Name }); at >= 0 {
			receiveCookie(into, f, p.cookies[i], cookies[at], &faults)
		}
	}
	// One is enough for an error of the server, which the client cannot fix.
	if len(faults.Faults) == 0 {
		return nil
	}
	return notReturned(faults.Faults[0])
}

// receiveCookie reads a cookie that was set, as a whole or its value.
func receiveCookie(into reflect.Value, f *typeinfo.Field, param *bind.Param, cookie *http.Cookie, faults *fault.List) {
	switch field := into.FieldByIndex(f.Index); field.Type() {
	case reflect.TypeFor[http.Cookie]():
		field.Set(reflect.ValueOf(*cookie))
	case reflect.TypeFor[*http.Cookie]():
		field.Set(reflect.ValueOf(cookie))
	default:
		param.Bind(into, []string{cookie.Value}, false, faults)
	}
}
