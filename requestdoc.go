package candor

import (
	"github.com/getkin/kin-openapi/openapi3"

	"github.com/candor-go/candor/internal/mediatype"
	"github.com/candor-go/candor/internal/schema"
	"github.com/candor-go/candor/internal/typeinfo"
)

// reads is how the components see the body of an endpoint.
func (e *endpoint) reads() schema.Use {
	if e.set.forbidExtra {
		return schema.Closed
	}
	return schema.In
}

// markInput tells the components which types an endpoint reads.
func (d *documenter) markInput(e *endpoint) {
	for _, f := range e.params.fields {
		for _, reader := range e.params.of(f) {
			d.components.Mark(reader.Type, schema.In)
		}
	}
	in := e.route.input
	if in == nil {
		return
	}
	switch {
	case in.Body == nil:
	case isLines(in.Body.Type.Go):
		d.components.Mark(linesOf(in.Body.Type.Go).item, e.reads())
	case !isRaw(in.Body.Type.Go):
		d.components.Mark(in.Body.Type, e.reads())
	}
	if in.Members != nil {
		d.components.MarkObject(in.Members, e.reads())
	}
	if in.Form != nil {
		d.components.MarkObject(in.Form, e.reads())
	}
}

// describeInput documents where an endpoint's values come from.
func (d *documenter) describeInput(op *openapi3.Operation, e *endpoint) {
	for _, f := range e.params.fields {
		if !f.Hidden {
			op.Parameters = append(op.Parameters, d.parameterOf(f, e))
		}
	}
	op.Security = d.security(e)
	in := e.route.input
	if in == nil {
		d.plainWildcards(op, e)
		return
	}
	switch {
	case in.Body != nil:
		op.RequestBody = d.wholeBody(in.Body, e)
	case in.Members != nil:
		op.RequestBody = d.requestBody(e, d.components.Object(op.OperationID+"Body", in.Members, e.reads()), "")
	case in.Form != nil:
		op.RequestBody = d.requestBody(e, d.components.Object(op.OperationID+"Form", in.Form, e.reads()), "")
		for _, media := range op.RequestBody.Value.Content {
			media.Encoding = formEncoding(in.Form)
		}
	}
}

// wholeBody documents the body of one field, made once for all that read it.
func (d *documenter) wholeBody(f *typeinfo.Field, e *endpoint) *openapi3.RequestBodyRef {
	if !d.mayShare(e) {
		return d.requestBody(e, d.bodySchema(f, e), d.components.Doc(f))
	}
	body, _ := d.shared.bodies.get(bodyKey{e.body, e.reads()}, func(bodyKey) (*openapi3.RequestBodyRef, error) {
		return d.requestBody(e, d.bodySchema(f, e), d.components.Doc(f)), nil
	})
	return body
}

// bodySchema is the schema of a whole body. One that is taken as it is sent is
// text or binary.
func (d *documenter) bodySchema(f *typeinfo.Field, e *endpoint) *openapi3.SchemaRef {
	if f.Type.Go == stringType || !isRaw(f.Type.Go) {
		return d.components.Field(f, e.reads())
	}
	if isLines(f.Type.Go) {
		s := linesOf(f.Type.Go).schema(d.components, e.reads())
		s.Value.Title = f.Title
		return s
	}
	s := binarySchema()
	if f.Type.Go == partsType {
		s = openapi3.NewObjectSchema()
	}
	s.Title = f.Title
	return openapi3.NewSchemaRef("", s)
}

// requestBody documents a body in every media type it may have.
func (d *documenter) requestBody(e *endpoint, s *openapi3.SchemaRef, doc string) *openapi3.RequestBodyRef {
	content := openapi3.Content{}
	for _, m := range e.body.media {
		content[m.name] = mediaTypeOf(s, d.components.Sample)
	}
	return &openapi3.RequestBodyRef{Value: &openapi3.RequestBody{Required: e.body.required, Description: doc, Content: content}}
}

// plainWildcards documents the wildcards of a handler without types.
func (d *documenter) plainWildcards(op *openapi3.Operation, e *endpoint) {
	for _, name := range e.publicNames() {
		if op.Parameters.GetByInAndName(openapi3.ParameterInPath, name) != nil {
			continue
		}
		op.Parameters = append(op.Parameters, &openapi3.ParameterRef{Value: &openapi3.Parameter{
			Name: name, In: openapi3.ParameterInPath, Required: true, Schema: openapi3.NewSchemaRef("", openapi3.NewStringSchema()),
		}})
	}
}

// parameterOf documents a parameter, made once for all operations that have it.
func (d *documenter) parameterOf(f *typeinfo.Field, e *endpoint) *openapi3.ParameterRef {
	name := f.Name
	if f.Source == typeinfo.Path {
		name = e.publicName(name)
	}
	if readers := e.params.readers[f]; readers != nil {
		return &openapi3.ParameterRef{Value: d.parameter(f, name, d.components.Joined(f, readers))}
	}
	if !d.mayShare(e) {
		return &openapi3.ParameterRef{Value: d.parameter(f, name, d.components.Field(f, schema.In))}
	}
	p, _ := d.shared.parameters.get(parameterKey{f, name}, func(parameterKey) (*openapi3.ParameterRef, error) {
		return &openapi3.ParameterRef{Value: d.parameter(f, name, d.components.Field(f, schema.In))}, nil
	})
	return p
}

func (d *documenter) parameter(f *typeinfo.Field, name string, s *openapi3.SchemaRef) *openapi3.Parameter {
	p := &openapi3.Parameter{
		Name: name, In: f.Source.String(), Required: f.Required, Description: d.components.Doc(f), Deprecated: f.Deprecated,
	}
	if f.JSON {
		p.Content = openapi3.Content{mediatype.JSON: {Schema: s}}
	} else {
		p.Schema = s
	}
	if f.CSV || f.Source == typeinfo.Cookie && isList(f.Type) && !f.JSON {
		p.Explode = new(bool)
		if f.Source == typeinfo.Query {
			p.Style = openapi3.SerializationForm
		}
	}
	return p
}
