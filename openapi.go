package candor

import (
	"cmp"
	"errors"
	"fmt"
	"net/http"
	"reflect"
	"regexp"
	"strconv"
	"strings"
	"unicode"

	"github.com/getkin/kin-openapi/openapi3"

	"github.com/candor-go/candor/internal/schema"
	"github.com/candor-go/candor/internal/typeinfo"
)

// documenter writes the document of an app from its endpoints. It knows no
// type by itself: every schema comes from the description that also binds and
// encodes.
type documenter struct {
	config     *Config
	servers    []Server
	components *schema.Components
	doc        *openapi3.T
	// listed are the paths in the order of their registration, methods those
	// of each.
	listed  []string
	methods map[string][]string
	// paths finds the path item of a shape, and the names its wildcards have
	// in the document.
	paths map[string]*documentedPath
	ids   map[string]*endpoint
	// places is the result beside the document.
	places map[*endpoint]string
}

type documentedPath struct {
	item  *openapi3.PathItem
	path  string
	names []string
}

// buildDocument makes the OpenAPI document of the endpoints that are not
// hidden, and says under which path each of them stands in it. The bytes are
// the same for the same app on every run.
func buildDocument(config *Config, servers []Server, endpoints []*endpoint) ([]byte, map[*endpoint]string, error) {
	d := &documenter{
		config: config, servers: servers, components: schema.New(schema.Options{}),
		paths: map[string]*documentedPath{}, ids: map[string]*endpoint{}, places: map[*endpoint]string{},
		methods: map[string][]string{},
	}
	d.doc = d.head()
	shown := documented(endpoints)
	for _, e := range shown {
		d.mark(e)
	}
	for _, e := range shown {
		if err := d.endpoint(e); err != nil {
			return nil, nil, e.route.mistake(err)
		}
	}
	d.doc.Components = &openapi3.Components{Schemas: d.components.Schemas()}
	order := d.components.Order()
	order.Paths, order.Methods = d.listed, d.methods
	data, err := schema.Encode(d.doc, order)
	return data, d.places, err
}

func documented(endpoints []*endpoint) []*endpoint {
	var shown []*endpoint
	for _, e := range endpoints {
		if !e.set.hidden {
			shown = append(shown, e)
		}
	}
	return shown
}

// head is the document without operations.
func (d *documenter) head() *openapi3.T {
	c := d.config
	doc := &openapi3.T{OpenAPI: "3.1.0", Paths: openapi3.NewPaths(), Info: &openapi3.Info{
		Title: cmp.Or(c.Title, "API"), Version: cmp.Or(c.Version, "0.1.0"),
		Summary: c.Summary, Description: c.Description, TermsOfService: c.TermsOfService,
	}}
	if c.Contact != (Contact{}) {
		doc.Info.Contact = &openapi3.Contact{Name: c.Contact.Name, URL: c.Contact.URL, Email: c.Contact.Email}
	}
	if c.License != (License{}) {
		doc.Info.License = &openapi3.License{Name: c.License.Name, URL: c.License.URL, Identifier: c.License.Identifier}
	}
	for _, s := range d.servers {
		doc.Servers = append(doc.Servers, &openapi3.Server{URL: s.URL, Description: s.Description})
	}
	for _, t := range c.Tags {
		doc.Tags = append(doc.Tags, &openapi3.Tag{Name: t.Name, Description: t.Description})
	}
	return doc
}

// mark tells the components which types an endpoint reads and writes.
func (d *documenter) mark(e *endpoint) {
	if e.route.input != nil {
		in := e.route.input
		for _, f := range in.Params {
			d.components.Mark(f.Type, schema.In)
		}
		if in.Body != nil {
			d.components.Mark(in.Body.Type, schema.In)
		}
		if in.Members != nil {
			d.components.MarkObject(in.Members, schema.In)
		}
		d.markAnswer(e.route.output)
	}
	for _, r := range e.set.responses {
		d.markAnswer(r.body)
	}
	if e.canBeInvalid() {
		d.components.Mark(invalidType(), schema.Out)
	}
	d.components.Mark(errorType(), schema.Out)
}

func (d *documenter) markAnswer(out *typeinfo.Output) {
	if out != nil && out.Body != nil && out.Body.Type.Kind != typeinfo.Invalid {
		d.components.Mark(out.Body.Type, schema.Out)
	}
}

// errorType describes the body of every error with a detail.
func errorType() *typeinfo.Type {
	type HTTPError struct {
		Detail any `json:"detail"`
	}
	return mustDescribe(reflect.TypeFor[HTTPError]())
}

// invalidType describes the body of a 422: a list of what is a Fault in Go.
func invalidType() *typeinfo.Type {
	type ValidationError Fault
	type HTTPValidationError struct {
		Detail []ValidationError `json:"detail"`
	}
	return mustDescribe(reflect.TypeFor[HTTPValidationError]())
}

// mustDescribe is for Candor's own types.
func mustDescribe(t reflect.Type) *typeinfo.Type {
	d, err := typeinfo.Of(t)
	if err != nil {
		panic(err)
	}
	return d
}

// canBeInvalid reports whether requests for the endpoint can be refused with
// 422.
func (e *endpoint) canBeInvalid() bool {
	in := e.route.input
	return in != nil && (len(in.Params) > 0 || in.Body != nil || in.Members != nil)
}

func (d *documenter) endpoint(e *endpoint) error {
	path := d.path(e)
	if path.item.GetOperation(e.method) != nil {
		return fmt.Errorf("the document has no place for %s beside an operation whose path differs in the kind of wildcard only; hide one of them with candor.Hidden()", e.pattern)
	}
	id, err := d.operationID(e)
	if err != nil {
		return err
	}
	op := &openapi3.Operation{
		OperationID: id, Tags: e.set.tags, Deprecated: e.set.deprecated,
		Summary: e.summary(), Description: e.set.description,
	}
	d.describeInput(op, e, path)
	op.Responses = d.responses(e)
	path.item.SetOperation(e.method, op)
	d.places[e] = path.path
	d.methods[path.path] = append(d.methods[path.path], strings.ToLower(e.method))
	return nil
}

// remainder is how a pattern marks a wildcard for the rest of the path; the
// document knows no such mark.
var remainder = regexp.MustCompile(`\.\.\.\}`)

func documentPath(pattern string) string { return remainder.ReplaceAllLiteralString(pattern, "}") }

// path finds the place of an endpoint. Operations on paths that differ in the
// names of wildcards only share one, under the names of the first.
func (d *documenter) path(e *endpoint) *documentedPath {
	shape := remainder.ReplaceAllLiteralString(e.pattern.Shape(), "}")
	if p, ok := d.paths[shape]; ok {
		return p
	}
	p := &documentedPath{item: &openapi3.PathItem{}, path: documentPath(e.pattern.String()), names: e.names}
	d.paths[shape] = p
	d.doc.Paths.Set(p.path, p.item)
	d.listed = append(d.listed, p.path)
	return p
}

// operationID is the explicit id, or one made of the handler's name.
func (d *documenter) operationID(e *endpoint) (string, error) {
	id := cmp.Or(e.set.operationID, e.name())
	other, taken := d.ids[id]
	switch {
	case id == "" || taken && (other.route == e.route || e.set.operationID == ""):
		id = e.longID(id)
	case taken:
		return "", fmt.Errorf("the operation id %q belongs to %s %s already, registered at %s; choose another", id, other.method, other.pattern, other.route.site)
	}
	for base, n := id, 2; d.ids[id] != nil; n++ {
		id = base + "_" + strconv.Itoa(n)
	}
	d.ids[id] = e
	return id, nil
}

func (e *endpoint) name() string {
	if e.route.handler == nil {
		return ""
	}
	return e.route.handler.name
}

var notWord = regexp.MustCompile(`[^A-Za-z0-9]+`)

// longID makes an id of a name, the path and the method.
func (e *endpoint) longID(name string) string {
	path := strings.Trim(notWord.ReplaceAllString(e.pattern.String(), "_"), "_")
	method := strings.ToLower(e.method)
	if name == "" {
		return strings.TrimSuffix(method+"_"+path, "_")
	}
	return strings.TrimSuffix(name+"_"+path, "_") + "_" + method
}

// summary is the explicit one, or the handler's name in words.
func (e *endpoint) summary() string {
	if e.set.summary != "" || e.name() == "" {
		return e.set.summary
	}
	var b strings.Builder
	runes := []rune(e.name())
	for i, r := range runes {
		switch {
		case i == 0:
			r = unicode.ToUpper(r)
		case r == '_':
			r = ' '
		case unicode.IsUpper(r) && (unicode.IsLower(runes[i-1]) || i+1 < len(runes) && unicode.IsLower(runes[i+1])):
			b.WriteByte(' ')
		}
		b.WriteRune(r)
	}
	return b.String()
}

// describeInput documents where an endpoint's values come from.
func (d *documenter) describeInput(op *openapi3.Operation, e *endpoint, path *documentedPath) {
	if e.route.input == nil {
		d.plainWildcards(op, path)
		return
	}
	in := e.route.input
	for _, f := range in.Params {
		if !f.Hidden {
			op.Parameters = append(op.Parameters, &openapi3.ParameterRef{Value: d.parameter(f, e, path)})
		}
	}
	switch {
	case in.Body != nil:
		op.RequestBody = requestBody(d.components.Field(in.Body, schema.In), in.Body.Required, in.Body.Doc)
	case in.Members != nil:
		body := d.components.Object(op.OperationID+"Body", in.Members, schema.In)
		op.RequestBody = requestBody(body, e.body.required, "")
	}
}

// plainWildcards documents the wildcards of a handler without types.
func (d *documenter) plainWildcards(op *openapi3.Operation, path *documentedPath) {
	for _, name := range path.names {
		op.Parameters = append(op.Parameters, &openapi3.ParameterRef{Value: &openapi3.Parameter{
			Name: name, In: openapi3.ParameterInPath, Required: true, Schema: openapi3.NewSchemaRef("", openapi3.NewStringSchema()),
		}})
	}
}

func requestBody(s *openapi3.SchemaRef, required bool, doc string) *openapi3.RequestBodyRef {
	return &openapi3.RequestBodyRef{Value: &openapi3.RequestBody{
		Required: required, Description: doc, Content: openapi3.Content{"application/json": {Schema: s}},
	}}
}

func (d *documenter) parameter(f *typeinfo.Field, e *endpoint, path *documentedPath) *openapi3.Parameter {
	p := &openapi3.Parameter{
		Name: f.Name, In: f.Source.String(), Required: f.Required, Description: f.Doc, Deprecated: f.Deprecated,
		Schema: d.components.Field(f, schema.In),
	}
	if f.CSV {
		explode := false
		p.Explode = &explode
		if f.Source == typeinfo.Query {
			p.Style = openapi3.SerializationForm
		}
	}
	if f.Source == typeinfo.Path {
		for i, name := range e.names {
			if name == f.Name {
				p.Name = path.names[i]
			}
		}
	}
	return p
}

// responses documents the answers of an endpoint: its own, those declared, and
// those Candor gives by itself.
func (d *documenter) responses(e *endpoint) *openapi3.Responses {
	all := openapi3.NewResponsesWithCapacity(4)
	if e.answer != nil {
		d.respond(all, e.answer.status, e.set.statusDoc, d.answerBody(e.route.output))
	} else if len(e.set.responses) == 0 || e.set.status != 0 {
		d.respond(all, cmp.Or(e.set.status, http.StatusOK), e.set.statusDoc, nil)
	}
	for _, r := range e.set.responses {
		body := d.answerBody(r.body)
		if r.body == nil && bodyAllowed(r.status) {
			body = d.components.Value(errorType(), nil, schema.Out)
		}
		d.respond(all, r.status, r.doc, body)
	}
	for _, own := range d.ownResponses(e) {
		if all.Status(own.status) == nil {
			d.respond(all, own.status, own.doc, own.body)
		}
	}
	return all
}

// ownResponse is an answer that Candor gives by itself.
type ownResponse struct {
	status int
	doc    string
	body   *openapi3.SchemaRef
}

func (d *documenter) ownResponses(e *endpoint) []ownResponse {
	var own []ownResponse
	if e.body != nil {
		detail := d.components.Value(errorType(), nil, schema.Out)
		own = append(own,
			ownResponse{http.StatusRequestEntityTooLarge, "The body is too large", detail},
			ownResponse{http.StatusUnsupportedMediaType, "The body has another media type", detail})
	}
	if e.canBeInvalid() {
		own = append(own, ownResponse{http.StatusUnprocessableEntity, "The request is not valid", d.components.Value(invalidType(), nil, schema.Out)})
	}
	return own
}

// answerBody is the schema of an answer, nil for one without a body.
func (d *documenter) answerBody(out *typeinfo.Output) *openapi3.SchemaRef {
	if out == nil || out.Body == nil || out.Body.Type.Kind == typeinfo.Invalid {
		return nil
	}
	return d.components.Field(out.Body, schema.Out)
}

func (d *documenter) respond(all *openapi3.Responses, status int, doc string, body *openapi3.SchemaRef) {
	description := cmp.Or(doc, http.StatusText(status), "Status "+strconv.Itoa(status))
	r := &openapi3.Response{Description: &description}
	if body != nil {
		r.Content = openapi3.Content{"application/json": {Schema: body}}
	}
	all.Set(strconv.Itoa(status), &openapi3.ResponseRef{Value: r})
}

// loadDocument reads a document back, with its references resolved.
func loadDocument(data []byte) (*openapi3.T, error) {
	doc, err := openapi3.NewLoader().LoadFromData(data)
	if err != nil {
		return nil, errors.Join(errors.New("the document cannot be read back"), err)
	}
	return doc, nil
}
