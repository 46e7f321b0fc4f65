package openapi

import (
	"github.com/getkin/kin-openapi/openapi3"

	"github.com/candor-go/candor/internal/mediatype"
	"github.com/candor-go/candor/internal/operation"
	"github.com/candor-go/candor/internal/schema"
	"github.com/candor-go/candor/internal/typeinfo"
)

// input adds what an operation reads.
func (w *writer) input(out *openapi3.Operation, op *operation.Operation, isEdited bool) {
	if len(op.Parameters) > 0 {
		out.Parameters = make(openapi3.Parameters, 0, len(op.Parameters))
	}
	for _, p := range op.Parameters {
		if p.Field == nil || !p.Field.Hidden {
			out.Parameters = append(out.Parameters, once(w.shared.parameters, isEdited, p, func() *openapi3.ParameterRef {
				return &openapi3.ParameterRef{Value: w.parameter(p)}
			}))
		}
	}
	if op.Body != nil {
		out.RequestBody = once(w.shared.bodies, isEdited, op.Body, func() *openapi3.RequestBodyRef { return w.body(op) })
	}
}

func (w *writer) parameter(p *operation.Parameter) *openapi3.Parameter {
	f := p.Field
	if f == nil { // a wildcard with only a name
		return &openapi3.Parameter{
			Name: p.Name, In: openapi3.ParameterInPath, Required: true, Schema: openapi3.NewSchemaRef("", openapi3.NewStringSchema()),
		}
	}
	out := &openapi3.Parameter{
		Name: p.Name, In: f.Source.String(), Required: f.Required && f.Aliases == nil, Description: w.components.Doc(f), Deprecated: f.Deprecated,
	}
	s := w.parameterSchema(p)
	if f.Required && f.Aliases != nil {
		schema.Note(s, "required") // unless the former name of the field is sent
	}
	if f.JSON {
		out.Content = openapi3.Content{mediatype.JSON: {Schema: s}}
	} else {
		out.Schema = s
	}
	// By default, OpenAPI repeats the name for each element in a query and a cookie.
	if f.Separator != "" || f.Source == typeinfo.Cookie && f.Type.IsList() && !f.JSON {
		out.Explode = new(bool)
		if f.Source == typeinfo.Query {
			out.Style = listStyles[f.Separator]
		}
	}
	if f.Nested {
		out.Style, out.Explode = openapi3.SerializationDeepObject, new(true)
	}
	return out
}

// listStyles are OpenAPI's names for lists in one text, by what separates them.
var listStyles = map[string]string{
	",": openapi3.SerializationForm, "|": openapi3.SerializationPipeDelimited, " ": openapi3.SerializationSpaceDelimited,
}

func (w *writer) parameterSchema(p *operation.Parameter) *openapi3.SchemaRef {
	if len(p.Readers) > 0 {
		return w.components.Joined(p.Field, p.Readers)
	}
	return w.components.Field(p.Field, parameterUse(p))
}

// body returns the body of a request. Its schema is made once for all media types, because a component must not be made
// twice.
func (w *writer) body(op *operation.Operation) *openapi3.RequestBodyRef {
	b := op.Body
	out := &openapi3.RequestBody{Required: b.Required, Content: openapi3.Content{}}
	if b.Field != nil {
		out.Description = w.components.Doc(b.Field)
	}
	var s, form *openapi3.SchemaRef
	if len(b.Media) > 0 {
		s = w.value(b.Value, op.ID)
	}
	for _, m := range b.Media {
		media := w.mediaType(s, schema.In)
		// Only a form has parts whose encoding can be named.
		switch {
		case m.Form != nil:
			if form == nil {
				form = w.form(op.ID+"Form", operation.Value{Use: b.Value.Use, Object: m.Form})
			}
			media = w.mediaType(form, schema.In)
			media.Encoding = formEncoding(m.Form)
		case b.Value.Kind == operation.Form:
			media.Encoding = formEncoding(b.Value.Object)
		}
		media.Examples = examples(m.Examples)
		out.Content[m.Type] = media
	}
	for _, c := range b.Contents {
		out.Content[c.Type] = w.mediaType(w.value(c.Values[0], op.ID), schema.In)
	}
	return &openapi3.RequestBodyRef{Value: out}
}
