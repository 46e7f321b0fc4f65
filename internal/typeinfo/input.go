package typeinfo

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"reflect"
	"slices"
	"strings"

	"github.com/candor-go/candor/internal/mark"
	"github.com/candor-go/candor/internal/mediatype"
)

// ReadInput describes the input struct of a request. known reports the types that the caller fills in itself, such as
// *http.Request or a security scheme; they need no source, and as a body they are not described. The error is an
// [*Error].
func ReadInput(t reflect.Type, known func(reflect.Type) bool) (*Input, error) {
	if t.Kind() != reflect.Struct {
		return nil, &Error{
			Type: Name(t), Problem: "an input must be a struct, taken by value",
			Fix: "write func(ctx context.Context, in Input) with a struct for Input, or candor.None for no input",
		}
	}
	r := inputReader{in: &Input{Go: t}, known: known}
	return r.read(t)
}

// ReadSettings describes a struct that is filled from environment variables, by env tags. The error is an [*Error].
func ReadSettings(t reflect.Type) (*Input, error) {
	if t.Kind() != reflect.Struct {
		return nil, &Error{Type: Name(t), Problem: "settings must be a struct", Fix: "write a struct whose fields have env tags"}
	}
	r := inputReader{in: &Input{Go: t}, known: func(reflect.Type) bool { return false }, settings: true}
	return r.read(t)
}

func (r *inputReader) read(t reflect.Type) (*Input, error) {
	_, strict := embeddedMark(t, reflect.TypeFor[mark.Strict]())
	if err := r.fields(t, embedding{}, NoSource); err != nil {
		return nil, err
	}
	r.close(strict)
	if err := r.in.contradiction(); err != nil {
		return nil, err
	}
	if err := resolveRequires(t, r.in.named()); err != nil {
		return nil, err
	}
	// Last, because any other error is more precise.
	if hidesAll(t) {
		return nil, nothingToFillIn(t)
	}
	return r.in, nil
}

// nothingToFillIn rejects a struct with fields, none of which a request could fill in.
func nothingToFillIn(t reflect.Type) error {
	return &Error{
		Type: Name(t), Problem: "none of its fields is exported, so nothing can be filled in",
		Fix: "export them and add tags that say where the values come from, or drop them",
	}
}

type inputReader struct {
	in    *Input
	known func(reflect.Type) bool
	// settings means that fields come only from the environment.
	settings bool
	// strictQuery and strictForm are set by models that embed candor.Strict.
	strictQuery, strictForm bool
}

// close rejects unlisted values: a strict input in all locations, a strict model in its own.
func (r *inputReader) close(strict bool) {
	r.in.Strict = strict || r.strictQuery
	if r.in.Members != nil {
		r.in.Members.Strict = strict
	}
	if r.in.Form != nil {
		r.in.Form.Strict = strict || r.strictForm
	}
}

// fields reads the fields of the input, of a struct embedded in it, or of a parameter model; model is the location of the
// model.
func (r *inputReader) fields(t reflect.Type, at embedding, model Source) error {
	for i := range t.NumField() {
		tag, err := readTags(t, t.Field(i))
		if err != nil {
			return err
		}
		if r.settings {
			tag.judgeSetting()
		}
		r.in.Strays = append(r.in.Strays, tag.strayKeys()...)
		if err := r.field(&tag, at, model); err != nil {
			return err
		}
	}
	// After its fields, so that inner structs come first.
	if declaresValidate(t) {
		r.in.Validators = append(r.in.Validators, InputValidator{Index: at.index, Model: model})
	}
	return nil
}

func (r *inputReader) field(t *tagged, at embedding, model Source) error {
	// In this order: the Go kinds of marks and known types mean something else, and an embedded struct counts even if its
	// type is not exported.
	switch {
	case r.settings && t.source == Env && t.name == "-" && len(t.options) == 0:
		return nil
	case isMark(t.Type):
		return t.strictMark()
	case r.known(t.Type) && t.source != Body && t.source != Dep:
		return r.ready(t, at)
	case t.isChoice() && model == NoSource:
		return r.choice(t, at)
	case t.Anonymous && t.source == NoSource && t.json == "":
		return r.embedded(t, at, model)
	case !t.IsExported():
		if t.source == NoSource {
			return nil
		}
		return t.unexported()
	case model != NoSource:
		return r.modelField(t, at, model)
	}
	return r.sourced(t, at)
}

// sourced reads a field with a source tag.
func (r *inputReader) sourced(t *tagged, at embedding) error {
	switch {
	case r.settings && t.source != Env:
		return t.lost("settings come from the environment", fmt.Sprintf("write `env:%q` and no other source, or `env:\"-\"` to leave the field out", t.suggestion(Env)))
	case !r.settings && t.source == Env:
		return t.problem("a setting in the input of a handler", "read the settings when the program starts, by candor.FromEnv, and provide them by candor.ProvideValue")
	}
	switch t.source {
	case NoSource:
		return r.noSource(t)
	case Status:
		return t.problem("a status belongs to a response", "drop it from the input")
	case Dep:
		return r.dep(t, at)
	case Security:
		return t.notSecurity()
	case Body:
		return r.body(t, at)
	}
	// Without a name in its tag, a struct is a parameter model.
	if members, err := hasMembers(indirect(t.Type)); err != nil {
		return t.wrapError(err)
	} else if t.name == "" && members && t.source != File {
		return r.model(t, at)
	}
	return r.value(t, at, NoSource)
}

func (r *inputReader) noSource(t *tagged) error {
	name := t.suggestion(NoSource)
	if t.hasJSON && !t.left() {
		if t.json != "" {
			name = t.json
		}
		return t.problem("no source: a json tag names members inside a body only",
			fmt.Sprintf("write `body:%q` for one member of a JSON body, or collect the members in one field with `body:\"\"`", name))
	}
	if err := r.nearlyKnown(t); err != nil {
		return err
	}
	return t.lost("no source, so it is unknown where its value comes from", t.sources(name))
}

// nearlyKnown explains a field without a source whose type belongs to net/http or the framework, but cannot be filled in
// as it is declared.
func (r *inputReader) nearlyKnown(t *tagged) error {
	switch typ := t.Type; {
	case typ == reflect.TypeFor[context.Context]():
		return t.problem("a context is the first argument of the function", "drop the field")
	case typ == reflect.TypeFor[http.ResponseWriter]():
		return t.problem("a handler returns its response and writes none",
			"return a value, and take a candor.ResponseHeader for headers; candor.HandleHTTP serves a handler that writes by itself")
	case typ.Kind() == reflect.Pointer && r.known(typ.Elem()):
		return t.problem("it needs no source, but not as a pointer", "write "+Name(typ.Elem()))
	case r.known(reflect.PointerTo(typ)):
		return t.problem("it needs no source, but only as a pointer", "write *"+Name(typ))
	}
	return nil
}

// sources returns the tags that the type of a field allows, likely ones first.
func (t *tagged) sources(name string) string {
	const dep = "`dep:\"\"` for the value of a provider"
	held := t.Type
	for held.Kind() == reflect.Pointer || held.Kind() == reflect.Slice {
		held = held.Elem()
	}
	switch {
	case hasMark(held, reflect.TypeFor[mark.File]()):
		return fmt.Sprintf("add the tag `file:%q`", t.suggestion(NoSource))
	case hasMark(held, reflect.TypeFor[mark.Lazy]()):
		return "add the tag `dep:\"\"`"
	}
	members, err := hasMembers(held)
	switch isObject := err == nil && members || held.Kind() == reflect.Map; {
	case isObject && held == indirect(t.Type) && modelSource(held) != NoSource:
		return fmt.Sprintf("its fields have %[1]s tags: add the tag `%[1]s:\"\"`", modelSource(held))
	case isObject && t.Type.Kind() == reflect.Pointer, held.Kind() == reflect.Interface && held.NumMethod() > 0, held.Kind() == reflect.Func:
		return "add the tag " + dep + ", or `body:\"\"` for the whole body"
	case isObject:
		return fmt.Sprintf("add the tag `body:\"\"` for the whole body, `body:%q` for one member of it, or %s", name, dep)
	}
	return fmt.Sprintf("add a tag such as `path:%[1]q`, `query:%[1]q`, `header:%[2]q`, `cookie:%[1]q`, `body:\"\"` or `dep:\"\"`", name, t.suggestion(Header))
}

// modelSource returns the source of a parameter model: the source of its first field that has one.
func modelSource(t reflect.Type) Source {
	if t.Kind() != reflect.Struct {
		return NoSource
	}
	models := []Source{Query, Header, Cookie, Form}
	for i := range t.NumField() {
		if f, err := readTags(t, t.Field(i)); err == nil && slices.Contains(models, f.source) {
			return f.source
		}
	}
	return NoSource
}

func (r *inputReader) ready(t *tagged, at embedding) error {
	if !t.IsExported() {
		return t.problem("an unexported field cannot be filled in", "export the field")
	}
	if _, named := t.Tag.Lookup("security"); named && t.schemeName() == "" {
		return t.problem("its security tag has no name", "name a scheme of Config.SecuritySchemes: `security:\"name\"`")
	}
	if len(t.options) > 0 {
		return t.problem(fmt.Sprintf("the option %q means nothing for %s", t.options[0], Name(t.Type)), "drop it; a pointer makes a security field optional")
	}
	if strings.Contains(t.scheme, ",") {
		return t.problem(fmt.Sprintf("security:%q is not the name of a scheme", t.scheme), "drop what follows the comma")
	}
	if err := t.useless("a field of type "+Name(t.Type), valueTags...); err != nil {
		return err
	}
	reach := at.to(t.StructField)
	r.in.Ready = append(r.in.Ready, &Field{
		Name: t.name, Go: reach.selector, Index: reach.index, Type: &Type{Go: t.Type}, Source: t.source,
		Doc: t.Tag.Get("doc"), Required: t.Type.Kind() != reflect.Pointer,
		Scheme: t.schemeName(), Word: t.Tag.Get("scheme"), Realm: t.Tag.Get("realm"),
	})
	return nil
}

// schemeName returns the name in the security tag.
func (t *tagged) schemeName() string {
	if t.source == Security {
		return t.name
	}
	return t.scheme
}

// anyOf is the value of the security tag for a struct of alternative credentials.
const anyOf = "any"

func (t *tagged) isChoice() bool {
	return t.source == Security && t.name == anyOf && t.Type.Kind() == reflect.Struct
}

// choice reads a struct of alternative credentials.
func (r *inputReader) choice(t *tagged, at embedding) error {
	switch {
	case !t.IsExported() && !t.Anonymous:
		return t.unexported()
	case len(t.options) > 0:
		return t.problem(fmt.Sprintf("the option %q means nothing for a choice of credentials", t.options[0]), "drop it")
	}
	if err := t.useless("a choice of credentials", append([]string{"realm", "scheme", "doc"}, valueTags...)...); err != nil {
		return err
	}
	// What ready adds from here on belongs to the choice.
	reach, first := at.to(t.StructField), len(r.in.Ready)
	for i := range t.Type.NumField() {
		alternative, err := readTags(t.Type, t.Type.Field(i))
		if err == nil {
			err = r.alternative(&alternative, reach)
		}
		if err != nil {
			return err
		}
	}
	chosen := r.in.Ready[first:]
	if len(chosen) == 0 {
		return t.problem("a choice of no credentials", "give the struct fields such as *candor.Bearer")
	}
	for _, f := range chosen {
		f.Choice = reach.selector
	}
	return nil
}

// alternative reads one of the credentials of a choice.
func (r *inputReader) alternative(t *tagged, at embedding) error {
	switch {
	case !r.known(t.Type):
		return t.problem("it is not one of the credentials that a struct with `security:\"any\"` is made of", "give it a type such as *candor.Bearer, or move it out of the struct")
	case t.Type.Kind() != reflect.Pointer:
		return t.problem("one of several alternative credentials, but it cannot be absent", "make it a pointer, which is nil where another one was sent")
	}
	return r.ready(t, at)
}

func (r *inputReader) embedded(t *tagged, at embedding, model Source) error {
	if t.Type.Kind() == reflect.Pointer {
		return t.problem("a pointer is embedded in an input", "embed the struct by value")
	}
	members, err := hasMembers(t.Type)
	if err != nil {
		return t.wrapError(err)
	}
	if !members {
		return t.problem("it is embedded without a source and has no fields to fill in", "give it a name and a tag such as `query:\"...\"`")
	}
	if err := t.useless("an embedded struct", valueTags...); err != nil {
		return err
	}
	return r.fields(t.Type, at.to(t.StructField), model)
}

func (r *inputReader) dep(t *tagged, at embedding) error {
	if t.name != "" && t.name != "fresh" || len(t.options) > 0 {
		return t.problem(fmt.Sprintf("dep:%q has no meaning, as providers are found by the type of the field", t.Tag.Get("dep")), "write `dep:\"\"`, or `dep:\"fresh\"` for a run of its own")
	}
	if err := t.useless("a dependency", valueTags...); err != nil {
		return err
	}
	reach := at.to(t.StructField)
	r.in.Deps = append(r.in.Deps, &Field{
		Go: reach.selector, Index: reach.index, Type: &Type{Go: t.Type}, Source: Dep, Fresh: t.name == "fresh", Required: true,
	})
	return nil
}

// model adds the fields of a struct to the parameters of its location.
func (r *inputReader) model(t *tagged, at embedding) error {
	switch {
	case t.Type.Kind() == reflect.Pointer:
		return t.problem("a pointer to a parameter model", "use the struct by value, and make its fields optional instead")
	case t.source == Path:
		return t.problem("a parameter model of path values", "embed the struct instead, and tag its fields")
	case len(t.options) > 0:
		return t.problem(fmt.Sprintf("the option %q has no effect on a parameter model", t.options[0]), "put it into the tags of the model's fields")
	}
	if err := t.useless("a parameter model", valueTags...); err != nil {
		return err
	}
	if _, strict := embeddedMark(t.Type, reflect.TypeFor[mark.Strict]()); strict {
		if err := r.strictModel(t); err != nil {
			return err
		}
	}
	if err := r.fields(t.Type, at.to(t.StructField), t.source); err != nil {
		return err
	}
	if hidesAll(t.Type) {
		return t.wrapError(nothingToFillIn(t.Type))
	}
	return nil
}

func (r *inputReader) strictModel(t *tagged) error {
	switch t.source {
	case Header:
		return t.problem("candor.Strict in a model of headers, which would refuse what clients and proxies add", "drop candor.Strict")
	case Env:
		return t.problem("candor.Strict in settings, as there are always other variables", "drop candor.Strict")
	case Cookie:
		r.in.StrictCookies = true
	case Form:
		r.strictForm = true
	default:
		r.strictQuery = true
	}
	return nil
}

func (r *inputReader) modelField(t *tagged, at embedding, model Source) error {
	if t.source == model || model == Form && t.source == File {
		return r.value(t, at, model)
	}
	name := t.suggestion(model)
	if t.json != "" && t.json != "-" {
		name = t.json
	}
	return t.lost(fmt.Sprintf("it belongs to a model of %s values but has no %s tag", model, model), fmt.Sprintf("add `%s:%q`", model, name))
}

// value adds a parameter or a form value.
func (r *inputReader) value(t *tagged, at embedding, model Source) error {
	if err := t.checkName(t.name); err != nil {
		return err
	}
	f, err := r.described(t, at)
	if err != nil {
		return err
	}
	if f.ReadOnly {
		return r.readOnly(t, model)
	}
	if f.Aliases, err = t.aliases(f); err != nil {
		return err
	}
	if f.Source == Path && !f.Required {
		return t.problem("a path value is never optional, it is part of the path", "drop the pointer, the default or omitempty")
	}
	// A file is a member of the form.
	if f.Source == Form || f.Source == File {
		r.in.Form = with(r.in.Form, f)
		return nil
	}
	r.in.Params = append(r.in.Params, f)
	return nil
}

// readOnly ignores a readonly field of a form model, whose type may also be used for responses.
func (r *inputReader) readOnly(t *tagged, model Source) error {
	if model == NoSource {
		return t.problem("its readonly tag is in an input, where nothing could set the value", "drop the field")
	}
	return nil
}

// aliases returns the former names of a field.
func (t *tagged) aliases(f *Field) (all []*Field, err error) {
	names, ok := t.Tag.Lookup("alias")
	if !ok {
		return nil, nil
	}
	for name := range strings.SplitSeq(names, ",") {
		if err := t.checkName(name); err != nil {
			return nil, err
		}
		alias := *f
		alias.Name, alias.Required, alias.Default, alias.Deprecated = name, false, nil, true
		alias.Doc = "The former name of " + f.Name + "."
		all = append(all, &alias)
	}
	return all, nil
}

// checkName checks the name of a parameter or a form value.
func (t *tagged) checkName(name string) error {
	if name == "" {
		return t.problem(fmt.Sprintf("its %s tag has no name", t.source), fmt.Sprintf("write `%s:%q`", t.source, t.suggestion(t.source)))
	}
	if name == "-" {
		return t.problem(fmt.Sprintf("%s:\"-\" does not skip the field, but reads a value named -", t.source), "take the field out of the input, or do not export it")
	}
	if (t.source == Header || t.source == Cookie) && !mediatype.IsToken(name) {
		return t.problem(fmt.Sprintf("%q cannot be the name of a %s", name, t.source), "use letters, digits and hyphens")
	}
	if t.source == Header {
		return t.ownHeader(name)
	}
	return nil
}

// ownHeader rejects headers that OpenAPI describes elsewhere: tools ignore parameters of such names (OpenAPI 3.1,
// Parameter Object). It also rejects those that net/http takes out of the header.
func (t *tagged) ownHeader(name string) error {
	var fix string
	switch name := http.CanonicalHeaderKey(name); name {
	case "Transfer-Encoding", "Trailer":
		field := strings.ReplaceAll(name, "-", "")
		return t.problem(name+" is not in the header that handlers see, so the field would never have a value", "take an *http.Request and read its "+field)
	case "Authorization":
		fix = "give the field the type candor.Bearer or candor.Basic without a tag, which document and check it; for another scheme take an *http.Request"
	case "Accept":
		fix = "let candor.Produces or Config.Codecs offer media types, which are chosen by Accept; take an *http.Request to read the header itself"
	case "Content-Type":
		fix = "name the media type in the tag of the body, `body:\"\" media:\"image/png\"`; take an *http.Request to read the header itself"
	default:
		return nil
	}
	return t.problem(http.CanonicalHeaderKey(name)+" is not a parameter in OpenAPI, which ignores a header with that name", fix)
}

// described returns the field with the description of its type, see describe.
func (r *inputReader) described(t *tagged, at embedding) (*Field, error) {
	// The caller fills in files, whatever their type.
	typ, err := t.describeValue(func(goType reflect.Type) bool { return t.source == File || r.known(goType) })
	isNested, structErr := t.isNested()
	if isNested {
		typ, err = t.describeModel()
	}
	err = cmp.Or(structErr, err)
	if err != nil {
		return nil, err
	}
	f, err := t.field(t.name, t.options, typ)
	if err != nil {
		return nil, err
	}
	f.Nested = isNested
	reach := at.to(t.StructField)
	f.Go, f.Index = reach.selector, reach.index
	return f, nil
}

// isNested reports whether a field is sent as several values: in a query with the option deep, and in a form if it is a
// struct or a list of structs.
func (t *tagged) isNested() (bool, error) {
	switch {
	case t.source == Query:
		return slices.Contains(t.options, "deep"), nil
	case t.source != Form || slices.Contains(t.options, "json"):
		return false, nil
	}
	held := held(t.Type)
	if held.Kind() == reflect.Slice || held.Kind() == reflect.Array {
		held = indirect(held.Elem())
	}
	return hasMembers(held)
}

// held returns the type inside a pointer or an Optional.
func held(t reflect.Type) reflect.Type {
	if IsOptional(t) {
		return t.Field(0).Type
	}
	return indirect(t)
}

// describeModel describes the type of a nested field.
func (t *tagged) describeModel() (*Type, error) {
	typ, err := ofModel(t.Type, t.source)
	if err != nil {
		return nil, t.wrapError(err)
	}
	return typ, nil
}

// describe describes the field's type. If the caller knows the type, it only describes a pointer, which makes the field
// optional, or a list of files, whose number rules can limit.
func (t *tagged) describe(known func(reflect.Type) bool) (*Type, error) {
	switch {
	case !known(t.Type):
		typ, err := Of(t.Type)
		if err != nil {
			return nil, t.wrapError(err)
		}
		return typ, nil
	case t.source == File && t.Type.Kind() == reflect.Pointer:
		return &Type{Go: t.Type, Kind: Pointer, Elem: &Type{Go: t.Type.Elem()}}, nil
	case t.source == File && t.Type.Kind() == reflect.Slice && !isByte(t.Type.Elem()):
		return &Type{Go: t.Type, Kind: Slice, Elem: &Type{Go: t.Type.Elem()}}, nil
	}
	return &Type{Go: t.Type}, nil
}

func (r *inputReader) body(t *tagged, at embedding) error {
	f, err := r.described(t, at)
	if err != nil {
		return err
	}
	if f.Name != "" {
		return r.bodyMember(t, f)
	}
	if r.in.Body != nil {
		return t.problem("a second whole body in addition to "+r.in.Body.Go, "name the members: `body:\"item\"`, `body:\"user\"`")
	}
	r.in.Body = f
	if t.isForm {
		r.in.BodyForm, err = t.bodyForm(f)
	}
	return err
}

// bodyForm describes a whole body as a form.
func (t *tagged) bodyForm(body *Field) (*Field, error) {
	if body.Type.Kind != Struct || body.Media != "" {
		return nil, t.problem("a form or JSON, which is one for a struct without a media tag only, and not for a pointer", "take the struct by value, and make its members optional instead")
	}
	typ, err := ofModel(t.Type, Form)
	if err != nil {
		return nil, t.wrapError(err)
	}
	form := *body
	form.Source, form.Type, form.Nested = Form, typ, true
	return &form, nil
}

func (r *inputReader) bodyMember(t *tagged, f *Field) error {
	if !isMemberName(f.Name) {
		return t.problem(fmt.Sprintf("%q cannot be the name of a member", f.Name), memberNames)
	}
	if r.known(t.Type) {
		return t.problem(Name(t.Type)+" cannot be a member of a body, it is a body of its own kind", "write `body:\"\"`")
	}
	r.in.Members = with(r.in.Members, f)
	return nil
}

func with(o *Object, f *Field) *Object {
	if o == nil {
		o = &Object{}
	}
	o.Fields = append(o.Fields, f)
	return o
}

// contradiction rejects fields that cannot be combined.
func (in *Input) contradiction() error {
	problem := func(f *Field, problem, fix string) error {
		return &Error{Type: Name(in.Go), Field: f.Go, Problem: problem, Fix: fix}
	}
	switch {
	case in.Body != nil && in.Members != nil:
		return problem(in.Members.Fields[0], "a member of the body in addition to "+in.Body.Go+", which takes the whole body", "name both as members, or keep the whole body only")
	case in.Body != nil && in.Form != nil:
		return problem(in.Form.Fields[0], "a form value in addition to "+in.Body.Go+", which takes the whole body", "make it one or the other; a request has one body")
	case in.Members != nil && in.Form != nil:
		return problem(in.Form.Fields[0], "a form value in addition to the JSON member "+in.Members.Fields[0].Go, "make it one or the other; a request has one body")
	}
	return in.duplicates()
}

// duplicates rejects two fields that read the same value.
func (in *Input) duplicates() error {
	seen := map[string]*Field{}
	for _, f := range withAliases(in.named()) {
		key := f.Source.String() + " " + f.Name
		switch f.Source {
		case Header:
			key = "header " + http.CanonicalHeaderKey(f.Name)
		case File:
			// A file and a value with the same name are the same part of a form.
			key = "form " + f.Name
		}
		if other, ok := seen[key]; ok {
			return &Error{
				Type: Name(in.Go), Field: f.Go, Fix: "keep one of them",
				Problem: fmt.Sprintf("it and %s both read the %s value %q", other.Go, f.Source, f.Name),
			}
		}
		seen[key] = f
	}
	return nil
}

// ErrorIn adds to an error which field of the input it is about, unless the error already says so.
func (in *Input) ErrorIn(f *Field, err error) error {
	if located, ok := errors.AsType[*Error](err); ok && located.Field != "" {
		return err
	}
	at := Error{Type: Name(in.Go), Field: f.Go}
	return fmt.Errorf("%s: %w", at.Where(), err)
}

// named returns all fields that have a wire name.
func (in *Input) named() []*Field {
	all := append([]*Field{}, in.Params...)
	return append(append(all, in.Members.Members()...), in.Form.Members()...)
}

// withAliases returns the fields, each followed by its former names.
func withAliases(fields []*Field) []*Field {
	var all []*Field
	for _, f := range fields {
		all = append(append(all, f), f.Aliases...)
	}
	return all
}
