package openapi

import (
	"maps"
	"regexp"
	"slices"

	"github.com/getkin/kin-openapi/openapi3"

	"github.com/candor-go/candor/internal/mediatype"
	"github.com/candor-go/candor/internal/operation"
	"github.com/candor-go/candor/internal/schema"
	"github.com/candor-go/candor/internal/typeinfo"
)

// The schema of a form lists the names that are sent, because tools know no others: a value with several names, such as
// address.street, has a property for each. For a list, the first element has its own properties, so that a tool can send
// one; the other elements are described by patterns.

// sentForm describes a form by the names that are sent.
type sentForm struct {
	typeinfo.Object
	// patterns are the fields of further list elements, by the pattern of their names.
	patterns map[string]*typeinfo.Field
	// notes are rules that no keyword expresses, by field name.
	notes map[string]string
	whole []string
}

// sentAs returns the names of the fields of a form.
func sentAs(form *typeinfo.Object) *sentForm {
	sent := &sentForm{Object: typeinfo.Object{Strict: form.Strict, Validators: form.Validators}, patterns: map[string]*typeinfo.Field{}, notes: map[string]string{}}
	for _, f := range form.Fields {
		sent.add(f, f.Name, f.Required)
	}
	return sent
}

// add adds a field under its name in the form; needed means that it is required.
func (s *sentForm) add(f *typeinfo.Field, name string, needed bool) {
	if f.ReadOnly {
		return
	}
	if f.Source == typeinfo.File || !f.IsNested() {
		s.addText(f, name, needed)
		return
	}
	if f.Rules != nil {
		s.whole = append(s.whole, name+": "+f.Rules.String())
	}
	first := len(s.Fields)
	object, prefix := objectOf(f.Type), name+"."
	if object.Strict && !s.Strict {
		s.whole = append(s.whole, name+": strict")
	}
	if f.Type.IsList() {
		prefix = name + "[0]."
		s.addPatterns(object, regexp.QuoteMeta(name)+`\[[1-9][0-9]*\]\.`)
	}
	for _, member := range object.Fields {
		s.add(member, prefix+member.Name, needed && member.Required)
	}
	if !needed {
		s.require(object, prefix, s.Fields[first:])
	}
}

// addText adds a field that is sent under one name, along with other fields of that name.
func (s *sentForm) addText(f *typeinfo.Field, name string, needed bool) {
	field := *f
	field.Name, field.Required = name, needed && f.Aliases == nil
	if f.Source != typeinfo.File {
		field.Source = typeinfo.Form
	}
	prefix := name[:len(name)-len(f.Name)]
	field.Requires = prefixed(prefix, f.Requires)
	if needed && f.Aliases != nil {
		s.notes[name] = "required"
	}
	s.Fields = append(append(s.Fields, &field), f.Aliases...)
}

func prefixed(prefix string, names []string) []string {
	var all []string
	for _, name := range names {
		all = append(all, prefix+name)
	}
	return all
}

// require adds that an optional object, once any of its fields is sent, must have its required fields.
func (s *sentForm) require(object *typeinfo.Object, prefix string, parts []*typeinfo.Field) {
	var needed []string
	for _, member := range object.Fields {
		if member.Required && !member.ReadOnly && !member.IsNested() {
			needed = append(needed, prefix+member.Name)
		}
	}
	for _, part := range parts {
		for _, name := range needed {
			if name != part.Name && !slices.Contains(part.Requires, name) {
				part.Requires = append(slices.Clip(part.Requires), name)
			}
		}
	}
}

// addPatterns adds the members of list elements by a pattern of their prefix.
func (s *sentForm) addPatterns(object *typeinfo.Object, before string) {
	for _, f := range object.Fields {
		name := before + regexp.QuoteMeta(f.Name)
		switch {
		case f.ReadOnly:
		case !f.IsNested():
			field := *f
			field.Source = typeinfo.Form
			s.patterns["^"+name+"$"] = &field
		case f.Type.IsList():
			s.addPatterns(objectOf(f.Type), name+`\[(0|[1-9][0-9]*)\]\.`)
		default:
			s.addPatterns(objectOf(f.Type), name+`\.`)
		}
	}
}

// objectOf returns the struct of a nested field.
func objectOf(t *typeinfo.Type) *typeinfo.Object {
	for t.Object == nil {
		t = t.Elem
	}
	return t.Object
}

// form returns the schema of a form.
func (w *writer) form(name string, v operation.Value) *openapi3.SchemaRef {
	sent := sentAs(v.Object)
	s := w.components.Object(name, &sent.Object, uses[v.Use])
	for name, note := range sent.notes {
		schema.Note(s.Value.Properties[name], note)
	}
	for _, note := range sent.whole {
		schema.Note(openapi3.NewSchemaRef("", s.Value), note)
	}
	for _, pattern := range slices.Sorted(maps.Keys(sent.patterns)) {
		f := sent.patterns[pattern]
		member := w.components.Field(f, uses[v.Use])
		if f.Required {
			schema.Note(member, "required")
		}
		if s.Value.PatternProperties == nil {
			s.Value.PatternProperties = openapi3.Schemas{}
		}
		s.Value.PatternProperties[pattern] = member
	}
	return s
}

// formEncoding returns the encodings of form fields that are not simple pairs. For lists it states OpenAPI's default,
// because Swagger UI would otherwise send commas.
func formEncoding(form *typeinfo.Object) map[string]*openapi3.Encoding {
	encodings := map[string]*openapi3.Encoding{}
	for _, f := range sentAs(form).Fields {
		switch {
		case f.JSON:
			encodings[f.Name] = &openapi3.Encoding{ContentType: mediatype.JSON}
		case f.Source == typeinfo.File && f.Media != "":
			encodings[f.Name] = &openapi3.Encoding{ContentType: f.Media}
		case f.Source != typeinfo.File && f.Type.IsList():
			encodings[f.Name] = &openapi3.Encoding{Style: openapi3.SerializationForm, Explode: new(f.Separator == "")}
		}
	}
	if len(encodings) == 0 {
		return nil
	}
	return encodings
}
