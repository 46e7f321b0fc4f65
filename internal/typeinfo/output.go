package typeinfo

import (
	"fmt"
	"net/http"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"github.com/candor-go/candor/internal/mediatype"
)

// ReadOutput describes the result of a handler: a plain value, which is the body, or an envelope, whose fields are the
// parts of the response. known reports the types that the caller writes itself; they are not described. The error is an
// [*Error].
func ReadOutput(t reflect.Type, known func(reflect.Type) bool) (*Output, error) {
	out := &Output{Go: t}
	// The caller writes it itself, so its fields do not matter.
	if known(t) {
		out.Body = &Field{Source: Body, Type: &Type{Go: t}, Required: true}
		return out, nil
	}
	divided, err := envelopeFields(t)
	if err != nil {
		return nil, err
	}
	if len(divided.fields) == 0 {
		return out.plain()
	}
	out.Envelope, out.Strays = true, divided.strays
	for i := range divided.fields {
		if err := out.add(&divided.fields[i], known); err != nil {
			return nil, err
		}
	}
	if err := out.contradiction(); err != nil {
		return nil, err
	}
	return out, nil
}

func (out *Output) plain() (*Output, error) {
	typ, err := Of(out.Go)
	if err != nil {
		return nil, err
	}
	out.Body = &Field{Source: Body, Type: typ, Required: true}
	return out, nil
}

// envelopeFields divides the fields of an envelope; any other type has none. Mixing such fields with JSON members is an
// error.
func envelopeFields(t reflect.Type) (d divider, err error) {
	if t.Kind() == reflect.Pointer && t.Elem().Kind() == reflect.Struct {
		inner, _ := envelopeFields(t.Elem())
		if len(inner.fields) > 0 {
			return d, &Error{Type: Name(t), Problem: "a pointer to an envelope", Fix: "return " + Name(t.Elem()) + " by value"}
		}
		return d, nil
	}
	if members, err := hasMembers(t); !members || err != nil {
		return d, err
	}
	if err := d.divide(t, embedding{}); err != nil || len(d.fields) == 0 {
		return d, err
	}
	if len(d.others) > 0 {
		return d, d.others[0].lost(
			"a response is either a plain value or an envelope, and this field has no tag of an envelope while "+d.fields[0].selector+" is one",
			"give every field one of `status:\"200\"`, `header:\"X\"`, `cookie:\"x\"`, `body:\"\"` and no json name, or give every field a json name")
	}
	return d, nil
}

// divider divides the exported fields, including those of embedded structs, into fields of an envelope and others, and
// collects their stray keys.
type divider struct {
	fields, others []tagged
	strays         []*StrayKey
}

func (d *divider) divide(t reflect.Type, at embedding) error {
	for i := range t.NumField() {
		f, err := readTags(t, t.Field(i))
		if err != nil {
			return err
		}
		d.strays = append(d.strays, f.strayKeys()...)
		reach := at.to(f.StructField)
		f.Index, f.selector = reach.index, reach.selector
		// An embedded struct counts by its fields, unless it has a JSON form of its own.
		if f.Anonymous && f.source == NoSource && !f.hasJSON && f.Type.Kind() == reflect.Struct && !isMark(f.Type) {
			if members, err := hasMembers(f.Type); err != nil {
				return f.wrapError(err)
			} else if members {
				if err := d.divide(f.Type, reach); err != nil {
					return err
				}
				continue
			}
		}
		if err := d.add(f); err != nil {
			return err
		}
	}
	return nil
}

func (d *divider) add(f tagged) error {
	switch isEnvelopeField := f.isEnvelopeField(); {
	case !f.IsExported() && isEnvelopeField:
		return f.unexported()
	// Invisible fields do not count as a mixture.
	case !f.IsExported() || isMark(f.Type):
	case isEnvelopeField:
		d.fields = append(d.fields, f)
	default:
		d.others = append(d.others, f)
	}
	return nil
}

// isEnvelopeField reports whether a field has a tag for a part of the response and no JSON name.
func (t *tagged) isEnvelopeField() bool {
	switch t.source {
	case Status, Header, Cookie, Body:
		return !t.hasJSON || t.left()
	}
	return false
}

func (out *Output) add(t *tagged, known func(reflect.Type) bool) error {
	switch t.source {
	case Status:
		return out.status(t)
	case Body:
		return out.body(t, known)
	}
	if t.name == "" {
		return t.problem(fmt.Sprintf("its %s tag has no name", t.source), fmt.Sprintf("write `%s:%q`", t.source, t.suggestion(t.source)))
	}
	if !mediatype.IsToken(t.name) {
		return t.problem(fmt.Sprintf("%q cannot be the name of a %s", t.name, t.source), "use letters, digits and hyphens")
	}
	typ, err := t.describeValue(known)
	if err != nil {
		return err
	}
	if err := t.useless("a header or cookie of a response", "requires"); err != nil {
		return err
	}
	f, err := t.field(t.name, t.options, typ)
	if err != nil {
		return err
	}
	f.Go = t.selector
	if t.source == Header {
		out.Headers = append(out.Headers, f)
	} else {
		out.Cookies = append(out.Cookies, f)
	}
	return nil
}

func (out *Output) body(t *tagged, known func(reflect.Type) bool) error {
	if out.Body != nil {
		return t.problem("a second body", "a response has one; put both into one struct")
	}
	if t.name != "" {
		return t.problem(fmt.Sprintf("body:%q names a member; a response's body is one value", t.name), "write `body:\"\"`")
	}
	typ, err := t.describe(known)
	if err != nil {
		return err
	}
	if out.Body, err = t.field("", t.options, typ); err != nil {
		return err
	}
	out.Body.Go = t.selector
	return nil
}

func (out *Output) status(t *tagged) error {
	if out.Status != nil {
		return t.problem("a second status", "a response has one")
	}
	if t.Type.Kind() != reflect.Int {
		return t.problem("a status of type "+Name(t.Type), "make it an int")
	}
	if err := t.useless("a status", valueTags...); err != nil {
		return err
	}
	out.Status = &Field{Go: t.selector, Index: t.Index, Source: Status, Doc: t.Tag.Get("doc")}
	for text := range strings.SplitSeq(t.Tag.Get("status"), ",") {
		code, err := strconv.Atoi(strings.TrimSpace(text))
		// An informational status cannot be the final one.
		if err != nil || code < 200 || code > 599 {
			return t.problem(fmt.Sprintf("status:%q", t.Tag.Get("status")), "list the status codes the response may have, from 200 to 599: `status:\"200,201\"`")
		}
		if slices.Contains(out.Status.Statuses, code) {
			return t.problem(fmt.Sprintf("the status %d is listed twice", code), "list each once")
		}
		out.Status.Statuses = append(out.Status.Statuses, code)
	}
	return nil
}

// contradiction rejects parts that cannot be combined.
func (out *Output) contradiction() error {
	seen := map[string]*Field{}
	for _, f := range slices.Concat(out.Headers, out.Cookies) {
		key := f.Source.String() + " " + f.Name
		if f.Source == Header {
			key = "header " + http.CanonicalHeaderKey(f.Name)
		}
		if other, ok := seen[key]; ok {
			return &Error{
				Type: Name(out.Go), Field: f.Go, Fix: "keep one of them",
				Problem: fmt.Sprintf("it and %s both write the %s %q", other.Go, f.Source, f.Name),
			}
		}
		seen[key] = f
	}
	if out.Body == nil || out.Status == nil || slices.ContainsFunc(out.Status.Statuses, allowsBody) {
		return nil
	}
	return &Error{
		Type: Name(out.Go), Field: out.Body.Go, Problem: "a body, while no listed status has one",
		Fix: "drop it, or list a status other than 204 and 304",
	}
}

// allowsBody reports whether a response with the status has a body (RFC 9110, section 6.4.1).
func allowsBody(status int) bool {
	return status != http.StatusNoContent && status != http.StatusNotModified
}
