package typeinfo

import (
	"fmt"
	"net/http"
	"reflect"
	"slices"
	"strconv"
	"strings"
)

// ReadOutput describes what a handler returns: a plain value, which is the
// body, or an envelope, whose fields are the parts of the answer. known
// reports the types the caller writes by itself; they are not described. The
// error is an [*Error].
func ReadOutput(t reflect.Type, known func(reflect.Type) bool) (*Output, error) {
	out := &Output{Go: t}
	if known(t) {
		out.Body = &Field{Source: Body, Type: &Type{Go: t}, Required: true}
		return out, nil
	}
	parts, err := envelopeParts(t)
	if err != nil {
		return nil, err
	}
	if len(parts) == 0 {
		return out.plain()
	}
	out.Envelope = true
	for i := range parts {
		if err := out.part(&parts[i], known); err != nil {
			return nil, err
		}
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

// envelopeParts lists the fields of an envelope, none for any other type. A
// mixture of parts and members is a mistake.
func envelopeParts(t reflect.Type) ([]tagged, error) {
	if t.Kind() != reflect.Struct || leaves[t] != Invalid {
		return nil, nil
	}
	parts, strangers, err := partsOf(t, nil)
	if err != nil || len(parts) == 0 {
		return nil, err
	}
	if len(strangers) > 0 {
		s := strangers[0]
		return nil, s.problem("an answer is either a plain value or made of parts, and this field is no part of "+parts[0].Name+"'s envelope",
			"give every field one of `status:\"200\"`, `header:\"X\"`, `cookie:\"x\"`, `body:\"\"` and no json name, or give every field a json name")
	}
	return parts, nil
}

// partsOf divides the exported fields, those of embedded structs included,
// into parts of an answer and others.
func partsOf(t reflect.Type, index []int) (parts, strangers []tagged, err error) {
	for i := range t.NumField() {
		f, err := readTags(t, t.Field(i))
		if err != nil {
			return nil, nil, err
		}
		f.Index = append(slices.Clone(index), i)
		isPart := f.source == Status || f.source == Header || f.source == Cookie || f.source == Body
		switch {
		case f.Anonymous && !isPart && !f.hasJSON && f.Type.Kind() == reflect.Struct:
			p, s, err := partsOf(f.Type, f.Index)
			if err != nil {
				return nil, nil, err
			}
			parts, strangers = append(parts, p...), append(strangers, s...)
		case !f.IsExported():
		case isPart && !f.hasJSON:
			parts = append(parts, f)
		default:
			strangers = append(strangers, f)
		}
	}
	return parts, strangers, nil
}

func (out *Output) part(t *tagged, known func(reflect.Type) bool) error {
	switch t.source {
	case Status:
		return out.status(t)
	case Body:
		return out.body(t, known)
	}
	if !isToken(t.name) {
		return t.problem(fmt.Sprintf("%q cannot be the name of a %s", t.name, t.source), "use letters, digits and hyphens")
	}
	typ := &Type{Go: t.Type}
	if !known(t.Type) {
		var err error
		if typ, err = Of(t.Type); err != nil {
			return t.within(err)
		}
	}
	f, err := t.field(t.name, t.options, typ)
	if err != nil {
		return err
	}
	if t.source == Header {
		f.Name = http.CanonicalHeaderKey(f.Name)
		out.Headers = append(out.Headers, f)
	} else {
		out.Cookies = append(out.Cookies, f)
	}
	return nil
}

func (out *Output) body(t *tagged, known func(reflect.Type) bool) error {
	if out.Body != nil {
		return t.problem("a second body", "an answer has one; put both into one struct")
	}
	if t.name != "" {
		return t.problem(fmt.Sprintf("body:%q names a member; an answer's body is one value", t.name), "write `body:\"\"`")
	}
	typ := &Type{Go: t.Type}
	if !known(t.Type) {
		var err error
		if typ, err = Of(t.Type); err != nil {
			return t.within(err)
		}
	}
	f, err := t.field("", t.options, typ)
	out.Body = f
	return err
}

func (out *Output) status(t *tagged) error {
	if out.Status != nil {
		return t.problem("a second status", "an answer has one")
	}
	if t.Type.Kind() != reflect.Int {
		return t.problem("a status of type "+t.Type.String(), "make it an int")
	}
	f := &Field{Go: t.Name, Index: t.Index, Source: Status}
	for text := range strings.SplitSeq(t.Tag.Get("status"), ",") {
		code, err := strconv.Atoi(strings.TrimSpace(text))
		if err != nil || code < 200 || code > 599 {
			return t.problem(fmt.Sprintf("status:%q", t.Tag.Get("status")), "list the statuses the answer may have, from 200 to 599: `status:\"200,201\"`")
		}
		if slices.Contains(f.Statuses, code) {
			return t.problem(fmt.Sprintf("the status %d stands twice", code), "list each once")
		}
		f.Statuses = append(f.Statuses, code)
	}
	out.Status = f
	return nil
}
