package typeinfo

import (
	"fmt"
	"net/http"
	"reflect"
	"strings"

	"github.com/candor-go/candor/internal/mark"
)

// ReadInput describes the struct a request is bound to. known reports the
// types the caller fills in by itself, such as *http.Request or a security
// scheme; they need no source, and as a body they are not described. The error
// is an [*Error].
func ReadInput(t reflect.Type, known func(reflect.Type) bool) (*Input, error) {
	if t.Kind() != reflect.Struct {
		return nil, &Error{
			Type: t.String(), Problem: "an input must be a struct, taken by value",
			Fix: "write func(ctx context.Context, in struct{ ... }), or candor.None for no input",
		}
	}
	r := inputReader{in: &Input{Go: t}, known: known}
	_, r.in.Strict = embeddedMark(t, reflect.TypeFor[mark.Strict]())
	if err := r.fields(t, place{}, NoSource); err != nil {
		return nil, err
	}
	return r.in, r.in.contradiction()
}

type inputReader struct {
	in    *Input
	known func(reflect.Type) bool
}

// fields reads the fields of the input, of a struct embedded in it, or of a
// parameter model; model is the location of a model's fields.
func (r *inputReader) fields(t reflect.Type, at place, model Source) error {
	for i := range t.NumField() {
		tag, err := readTags(t, t.Field(i))
		if err != nil {
			return err
		}
		if err := r.field(&tag, at, model); err != nil {
			return err
		}
	}
	return nil
}

func (r *inputReader) field(t *tagged, at place, model Source) error {
	switch {
	case hasMark(t.Type, reflect.TypeFor[mark.Strict]()):
		return nil
	case r.known(t.Type) && t.source != Body:
		return r.ready(t, at)
	case t.Anonymous && t.source == NoSource && t.json == "":
		return r.embedded(t, at, model)
	case !t.IsExported():
		if t.source != NoSource {
			return t.problem(fmt.Sprintf("an unexported field cannot be filled in, but it has a %s tag", t.source), "export the field")
		}
		return nil
	case model != NoSource:
		return r.modelField(t, at, model)
	}
	switch t.source {
	case NoSource:
		return t.noSource()
	case Status:
		return t.problem("a status belongs to an answer", "drop it from the input")
	case Dep:
		return r.dep(t, at)
	case Security:
		return t.problem("a security tag on a "+t.Type.String(), "give the field a security type such as candor.Bearer")
	case Body:
		return r.body(t, at)
	}
	if t.name == "" && indirect(t.Type).Kind() == reflect.Struct {
		return r.model(t, at)
	}
	return r.value(t, at)
}

func (t *tagged) noSource() error {
	if t.hasJSON {
		return t.problem("no source: a json tag names members inside a body only",
			fmt.Sprintf("write `body:%q` for one member of a JSON body, or collect the members in one field with `body:\"\"`", t.json))
	}
	lower := strings.ToLower(t.Name)
	return t.problem("no source, so nothing says where its value comes from",
		fmt.Sprintf("add a tag such as `path:%[1]q`, `query:%[1]q`, `header:\"X-%[2]s\"`, `cookie:%[1]q`, `body:\"\"` or `dep:\"\"`", lower, t.Name))
}

func (r *inputReader) ready(t *tagged, at place) error {
	if !t.IsExported() && !t.Anonymous {
		return t.problem("an unexported field cannot be filled in", "export the field")
	}
	reach := at.to(t.StructField)
	r.in.Ready = append(r.in.Ready, &Field{
		Name: t.name, Go: reach.selector, Index: reach.index, Type: &Type{Go: t.Type}, Source: t.source,
		Doc: t.Tag.Get("doc"), Realm: t.Tag.Get("realm"), Required: t.Type.Kind() != reflect.Pointer,
	})
	return nil
}

func (r *inputReader) embedded(t *tagged, at place, model Source) error {
	switch {
	case t.Type.Kind() == reflect.Pointer:
		return t.problem("a pointer is embedded in an input", "embed the struct by value")
	case t.Type.Kind() != reflect.Struct || leaves[t.Type] != Invalid:
		return t.problem("it is embedded without a source", "give it a name and a tag such as `query:\"...\"`")
	}
	return r.fields(t.Type, at.to(t.StructField), model)
}

func (r *inputReader) dep(t *tagged, at place) error {
	if t.name != "" && t.name != "fresh" {
		return t.problem(fmt.Sprintf("dep:%q; providers are found by the type of the field", t.name), "write `dep:\"\"`, or `dep:\"fresh\"` for a run of its own")
	}
	reach := at.to(t.StructField)
	r.in.Deps = append(r.in.Deps, &Field{
		Go: reach.selector, Index: reach.index, Type: &Type{Go: t.Type}, Source: Dep, Fresh: t.name == "fresh", Required: true,
	})
	return nil
}

// model lays the fields of a struct among the parameters of its location.
func (r *inputReader) model(t *tagged, at place) error {
	if t.Type.Kind() == reflect.Pointer {
		return t.problem("a parameter model behind a pointer", "use the struct by value; make its fields optional instead")
	}
	if t.source == Path || t.source == File {
		return t.problem(fmt.Sprintf("a parameter model of %s values", t.source), "embed the struct instead, and tag its fields")
	}
	if _, strict := embeddedMark(t.Type, reflect.TypeFor[mark.Strict]()); strict {
		switch t.source {
		case Cookie:
			r.in.StrictCookies = true
		case Header:
			return t.problem("candor.Strict in a model of headers; clients and proxies send headers of their own", "drop candor.Strict")
		default:
			r.in.Strict = true
		}
	}
	return r.fields(t.Type, at.to(t.StructField), t.source)
}

func (r *inputReader) modelField(t *tagged, at place, model Source) error {
	if t.source == NoSource && t.json != "" && t.json != "-" {
		t.source, t.name, t.options = model, t.json, t.jsonOptions
	}
	if t.source != model {
		return t.problem(fmt.Sprintf("it belongs to a model of %s values but has no %s tag", model, model),
			fmt.Sprintf("add `%s:%q`", model, strings.ToLower(t.Name)))
	}
	return r.value(t, at)
}

// value adds a parameter or a form value.
func (r *inputReader) value(t *tagged, at place) error {
	if t.name == "" {
		return t.problem(fmt.Sprintf("its %s tag has no name", t.source), fmt.Sprintf("write `%s:%q`", t.source, strings.ToLower(t.Name)))
	}
	if (t.source == Header || t.source == Cookie) && !isToken(t.name) {
		return t.problem(fmt.Sprintf("%q cannot be the name of a %s", t.name, t.source), "use letters, digits and hyphens")
	}
	f, err := r.described(t, at)
	if err != nil {
		return err
	}
	if f.Source == Path && !f.Required {
		return t.problem("a path value is never optional, it is part of the path", "drop the pointer, the default or omitempty")
	}
	if f.Source == Form || f.Source == File {
		r.in.Form = with(r.in.Form, f, r.in.Strict)
		return nil
	}
	r.in.Params = append(r.in.Params, f)
	return nil
}

// described makes the field, unless its type is one the caller fills in.
func (r *inputReader) described(t *tagged, at place) (*Field, error) {
	typ := &Type{Go: t.Type}
	if !r.known(t.Type) && t.source != File {
		var err error
		if typ, err = Of(t.Type); err != nil {
			return nil, t.within(err)
		}
	}
	f, err := t.field(t.name, t.options, typ)
	if err != nil {
		return nil, err
	}
	reach := at.to(t.StructField)
	f.Go, f.Index = reach.selector, reach.index
	return f, nil
}

func (r *inputReader) body(t *tagged, at place) error {
	f, err := r.described(t, at)
	if err != nil {
		return err
	}
	if f.Name != "" {
		r.in.Members = with(r.in.Members, f, r.in.Strict)
		return nil
	}
	if r.in.Body != nil {
		return t.problem("a second whole body beside "+r.in.Body.Go, "name the members: `body:\"item\"`, `body:\"user\"`")
	}
	r.in.Body = f
	return nil
}

func with(o *Object, f *Field, strict bool) *Object {
	if o == nil {
		o = &Object{Strict: strict}
	}
	o.Fields = append(o.Fields, f)
	return o
}

// contradiction finds fields that cannot stand side by side.
func (in *Input) contradiction() error {
	problem := func(f *Field, problem, fix string) error {
		return &Error{Type: typeName(in.Go), Field: f.Go, Problem: problem, Fix: fix}
	}
	switch {
	case in.Body != nil && in.Members != nil:
		return problem(in.Members.Fields[0], "one member of a body beside "+in.Body.Go+", which takes the whole body", "name both as members, or keep the whole body only")
	case in.Body != nil && in.Form != nil:
		return problem(in.Form.Fields[0], "a form value beside "+in.Body.Go+", which takes the whole body", "make it one or the other; a request has one body")
	case in.Members != nil && in.Form != nil:
		return problem(in.Form.Fields[0], "a form value beside the JSON member "+in.Members.Fields[0].Go, "make it one or the other; a request has one body")
	}
	seen := map[string]*Field{}
	for _, f := range in.named() {
		key := f.Source.String() + " " + f.Name
		if f.Source == Header {
			key = "header " + http.CanonicalHeaderKey(f.Name)
		}
		if other, ok := seen[key]; ok {
			return problem(f, fmt.Sprintf("it and %s both read the %s value %q", other.Go, f.Source, f.Name), "keep one of them")
		}
		seen[key] = f
	}
	return nil
}

// named lists every field that has a name on the wire.
func (in *Input) named() []*Field {
	all := append([]*Field{}, in.Params...)
	for _, o := range []*Object{in.Members, in.Form} {
		if o != nil {
			all = append(all, o.Fields...)
		}
	}
	return all
}

// isToken reports whether s is a token of RFC 9110, section 5.6.2.
func isToken(s string) bool {
	if s == "" {
		return false
	}
	return strings.IndexFunc(s, func(r rune) bool {
		letter := 'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' || '0' <= r && r <= '9'
		return !letter && !strings.ContainsRune("!#$%&'*+-.^_`|~", r)
	}) < 0
}
