// Package openapi writes the OpenAPI 3.1 document of an API from its operations.
//
// The root describes the API with package operation; all other formats are conversions of this document. The package
// knows nothing about endpoints, settings and Go types: package schema converts the type descriptions in the operations
// to schemas.
package openapi

import (
	"slices"

	"github.com/getkin/kin-openapi/openapi3"

	"github.com/candor-go/candor/internal/mediatype"
	"github.com/candor-go/candor/internal/operation"
	"github.com/candor-go/candor/internal/schema"
)

// Options are settings in addition to the data; the zero value has none.
type Options struct {
	Schema schema.Options
	// EditDocument edits the finished document; it may be nil. Edits edit single operations, each in the order of its list.
	EditDocument func(*openapi3.T)
	Edits        map[*operation.Operation][]Edit
}

// Edit edits an operation of the document.
type Edit = func(*openapi3.Operation)

// Write returns the document of an API as JSON. Equal data gives equal bytes.
func Write(api *operation.API, o Options) (*schema.Encoded, error) {
	w := &writer{
		options: o, components: schema.New(o.Schema),
		shared: shared{
			parameters: map[*operation.Parameter]*openapi3.ParameterRef{}, bodies: map[*operation.Body]*openapi3.RequestBodyRef{},
			responses: map[*operation.Responses]*openapi3.Responses{},
		},
	}
	// Names and required members depend on all types of the document, so all types are marked before the first schema is made.
	m := marker{components: w.components, seen: map[any]bool{}}
	m.operations(api.Operations)
	m.operations(api.Webhooks)

	doc := head(&api.Info)
	// After marking, and before the components, which exist once operations use them.
	order := w.paths(doc, api.Operations)
	w.webhooks(doc, api.Webhooks)
	w.refineFaults(api)
	doc.Components = &openapi3.Components{Schemas: w.components.Schemas(), SecuritySchemes: securitySchemes(api.Schemes)}
	// A map of kin-openapi has no order, so the encoder gets one.
	written := w.components.Order()
	written.Paths, written.Methods = order.paths, order.methods
	if o.EditDocument != nil {
		o.EditDocument(doc)
	}
	return schema.Encode(doc, written)
}

// writer makes the parts of one document.
type writer struct {
	options    Options
	components *schema.Components
	shared     shared
}

// shared holds the parts that operations share, by the data they are made from: each is made once and used in all of
// them.
type shared struct {
	parameters map[*operation.Parameter]*openapi3.ParameterRef
	bodies     map[*operation.Body]*openapi3.RequestBodyRef
	responses  map[*operation.Responses]*openapi3.Responses
}

// once calls write on the first call for a key and returns the same result for later calls. An operation that is edited
// shares nothing, because the edit would change other operations, too.
func once[K comparable, V any](shared map[K]V, isEdited bool, key K, write func() V) V {
	if isEdited {
		return write()
	}
	part, ok := shared[key]
	if !ok {
		part = write()
		shared[key] = part
	}
	return part
}

// order is the order of the paths, and of the methods of each path in lower case.
type order struct {
	paths   []string
	methods map[string][]string
}

// paths adds the operations under their paths.
func (w *writer) paths(doc *openapi3.T, operations []*operation.Operation) order {
	o := order{methods: make(map[string][]string, len(operations))}
	for _, op := range operations {
		methods := o.methods[op.Path]
		if methods == nil {
			o.paths = append(o.paths, op.Path)
			methods = make([]string, 0, usualMethods)
		}
		o.methods[op.Path] = append(methods, mediatype.Lower(op.Method))
	}
	doc.Paths = openapi3.NewPathsWithCapacity(len(o.paths))
	// One allocation for all of them.
	items, written := make([]openapi3.PathItem, len(o.paths)), make([]openapi3.Operation, len(operations))
	for i, path := range o.paths {
		// All path items come first: several operations share one.
		doc.Paths.Set(path, &items[i])
	}
	for i, op := range operations {
		w.operation(&written[i], op)
		setOperation(doc.Paths.Value(op.Path), op.Method, &written[i])
	}
	return o
}

// usualMethods is how many methods most paths have at most.
const usualMethods = 2

// setOperation adds an operation to a path. Methods for which OpenAPI 3.1 has no field become extensions, so that
// nothing is left out.
func setOperation(item *openapi3.PathItem, method string, op *openapi3.Operation) {
	if mediatype.HasField(method) {
		item.SetOperation(method, op)
		return
	}
	if item.Extensions == nil {
		item.Extensions = map[string]any{}
	}
	if method == mediatype.MethodQuery {
		item.Extensions[mediatype.QueryExtension] = op
		return
	}
	others, ok := item.Extensions[mediatype.MethodsExtension].(map[string]*openapi3.Operation)
	if !ok {
		others = map[string]*openapi3.Operation{}
		item.Extensions[mediatype.MethodsExtension] = others
	}
	others[method] = op
}

// webhooks adds the requests that the API sends. Several with the same name are combined.
func (w *writer) webhooks(doc *openapi3.T, hooks []*operation.Operation) {
	for _, hook := range hooks {
		if doc.Webhooks == nil {
			doc.Webhooks = map[string]*openapi3.PathItem{}
		}
		if doc.Webhooks[hook.Name] == nil {
			doc.Webhooks[hook.Name] = &openapi3.PathItem{}
		}
		written := &openapi3.Operation{}
		w.operation(written, hook)
		setOperation(doc.Webhooks[hook.Name], hook.Method, written)
	}
}

// operation writes an operation with its callbacks and links.
func (w *writer) operation(out *openapi3.Operation, op *operation.Operation) {
	// An edit may change anything, so an edited operation shares nothing.
	edits := w.options.Edits[op]
	isEdited := w.options.EditDocument != nil || len(edits) > 0
	*out = openapi3.Operation{
		OperationID: op.ID, Tags: op.Tags, Deprecated: op.Deprecated, Summary: op.Summary, Description: op.Description,
		Security: security(op.Security), ExternalDocs: externalDocs(op.ExternalDocs),
	}
	w.input(out, op, isEdited)
	out.Responses = once(w.shared.responses, isEdited, op.Responses, func() *openapi3.Responses { return w.responses(op.Responses) })
	w.extend(out, op)
	if len(op.Servers) > 0 {
		all := servers(op.Servers)
		out.Servers = &all
	}
	for _, c := range op.Callbacks {
		w.callback(out, c)
	}
	for _, edit := range edits {
		// Last, so that the user's edit wins.
		edit(out)
	}
}

// extend adds the extensions, including the one for WebSockets.
func (w *writer) extend(out *openapi3.Operation, op *operation.Operation) {
	if op.Socket == nil && len(op.Extensions) == 0 {
		return
	}
	out.Extensions = map[string]any{}
	if op.Socket != nil {
		out.Extensions[mediatype.SocketExtension] = w.socket(op.Socket)
	}
	for name, data := range op.Extensions {
		out.Extensions[name] = data
	}
}

// callback adds a request that an operation causes. Several with the same name are combined.
func (w *writer) callback(out *openapi3.Operation, c *operation.Operation) {
	if out.Callbacks == nil {
		out.Callbacks = openapi3.Callbacks{}
	}
	if out.Callbacks[c.Name] == nil {
		out.Callbacks[c.Name] = &openapi3.CallbackRef{Value: openapi3.NewCallback()}
	}
	all := out.Callbacks[c.Name].Value
	if all.Value(c.URL) == nil {
		all.Set(c.URL, &openapi3.PathItem{})
	}
	written := &openapi3.Operation{}
	w.operation(written, c)
	setOperation(all.Value(c.URL), c.Method, written)
}

// refineFaults adds to the schema of validation errors that a location consists of names and positions, and whether the
// input is included.
func (w *writer) refineFaults(api *operation.API) {
	for _, t := range api.Faults {
		s := w.components.Reached(t, schema.Out)
		// No operation in the document has validation errors.
		if s == nil {
			continue
		}
		loc := openapi3.NewArraySchema()
		loc.Items = openapi3.NewSchemaRef("", openapi3.NewAnyOfSchema(openapi3.NewStringSchema(), openapi3.NewIntegerSchema()))
		s.Properties["loc"] = openapi3.NewSchemaRef("", loc)
		if !api.EchoInput {
			// Without EchoInput no response has this member.
			delete(s.Properties, "input")
		}
	}
}

// marker marks the types of a document and how each is used.
type marker struct {
	components *schema.Components
	// seen are the parts whose types have been marked.
	seen map[any]bool
}

// isNew reports whether a part is seen for the first time.
func (m *marker) isNew(part any) bool {
	if m.seen[part] {
		return false
	}
	m.seen[part] = true
	return true
}

func (m *marker) operations(operations []*operation.Operation) {
	for _, op := range operations {
		m.operation(op)
	}
}

func (m *marker) body(b *operation.Body) {
	if len(b.Media) > 0 {
		m.value(b.Value)
	}
	for _, c := range b.Contents {
		m.value(c.Values[0])
	}
}

func (m *marker) operation(op *operation.Operation) {
	for _, p := range op.Parameters {
		if m.isNew(p) {
			m.parameter(p)
		}
	}
	if op.Body != nil && m.isNew(op.Body) {
		m.body(op.Body)
	}
	if m.isNew(op.Responses) {
		for _, r := range op.Responses.All {
			m.response(r)
		}
	}
	if op.Socket != nil {
		m.value(op.Socket.Receives)
		m.value(op.Socket.Sends)
		m.values(op.Socket.Invalid)
	}
	m.operations(op.Callbacks)
}

// parameter marks the types of a parameter, also of a hidden one.
func (m *marker) parameter(p *operation.Parameter) {
	for _, f := range p.Readers {
		m.components.Mark(f.Type, schema.In)
	}
	if p.Field != nil {
		m.components.Mark(p.Field.Type, parameterUse(p))
	}
}

// parameterUse returns how a parameter is used; parameters are always read.
func parameterUse(p *operation.Parameter) schema.Use {
	if p.Closed {
		return schema.Closed
	}
	return schema.In
}

func (m *marker) response(r *operation.Response) {
	for _, h := range r.Headers {
		if h.Field != nil {
			m.components.Mark(h.Field.Type, schema.Out)
		}
		for _, f := range h.Cookies {
			if !isWholeCookie(f) {
				m.components.Mark(f.Type, schema.Out)
			}
		}
	}
	for _, c := range r.Content {
		m.values(c.Values)
	}
}

func (m *marker) values(values []operation.Value) {
	for _, v := range values {
		m.value(v)
	}
}

func (m *marker) value(v operation.Value) {
	if v.Object != nil {
		// Members and forms have no Go type of their own, only fields of one.
		m.components.MarkObject(v.Object, uses[v.Use])
		return
	}
	m.components.Mark(v.Of(), uses[v.Use])
	m.components.Mark(v.Failure, schema.Out)
}

// uses maps the uses to those of package schema.
var uses = map[operation.Use]schema.Use{operation.In: schema.In, operation.Out: schema.Out, operation.Closed: schema.Closed}

// head is the document without operations.
func head(i *operation.Info) *openapi3.T {
	doc := &openapi3.T{OpenAPI: "3.1.0", Info: &openapi3.Info{
		Title: i.Title, Version: i.Version,
		Summary: i.Summary, Description: i.Description, TermsOfService: i.TermsOfService,
	}}
	if i.Contact != (operation.Contact{}) {
		doc.Info.Contact = &openapi3.Contact{Name: i.Contact.Name, URL: i.Contact.URL, Email: i.Contact.Email}
	}
	if i.License != (operation.License{}) {
		doc.Info.License = &openapi3.License{Name: i.License.Name, URL: i.License.URL, Identifier: i.License.Identifier}
	}
	doc.ExternalDocs = externalDocs(i.ExternalDocs)
	doc.Servers = servers(i.Servers)
	for _, t := range i.Tags {
		doc.Tags = append(doc.Tags, &openapi3.Tag{
			Name: t.Name, Description: t.Description, ExternalDocs: externalDocs(t.ExternalDocs),
			Extensions: later("x-displayName", t.Summary, "x-parent", t.Parent, "x-kind", t.Kind),
		})
	}
	return doc
}

// later returns what OpenAPI has fields for only since 3.2, by extension name; nil if all of it is empty.
func later(pairs ...any) map[string]any {
	var all map[string]any
	for pair := range slices.Chunk(pairs, 2) {
		if pair[1] == "" || pair[1] == false {
			continue
		}
		if all == nil {
			all = map[string]any{}
		}
		all[pair[0].(string)] = pair[1] // all names are literals in this package
	}
	return all
}

func externalDocs(e operation.ExternalDocs) *openapi3.ExternalDocs {
	if e == (operation.ExternalDocs{}) {
		return nil
	}
	return &openapi3.ExternalDocs{URL: e.URL, Description: e.Description}
}

func servers(all []operation.Server) (out openapi3.Servers) {
	for _, s := range all {
		server := &openapi3.Server{URL: s.URL, Description: s.Description, Extensions: later("x-name", s.Name)}
		for name, v := range s.Variables {
			if server.Variables == nil {
				server.Variables = map[string]*openapi3.ServerVariable{}
			}
			server.Variables[name] = &openapi3.ServerVariable{Default: v.Default, Enum: slices.Clone(v.Enum), Description: v.Description}
		}
		out = append(out, server)
	}
	return out
}

// security returns the alternatives. A missing list means that nothing is specified, an empty one that no credentials
// are required.
func security(alternatives [][]operation.SchemeUse) *openapi3.SecurityRequirements {
	if alternatives == nil {
		return nil
	}
	all := openapi3.SecurityRequirements{}
	for _, uses := range alternatives {
		needed := openapi3.SecurityRequirement{}
		for _, use := range uses {
			needed[use.Scheme] = use.Scopes
		}
		all = append(all, needed)
	}
	return &all
}

func securitySchemes(schemes map[string]operation.SecurityScheme) openapi3.SecuritySchemes {
	all := openapi3.SecuritySchemes{}
	for name, s := range schemes {
		all[name] = &openapi3.SecuritySchemeRef{Value: &openapi3.SecurityScheme{
			Type: s.Type, Description: s.Description, Scheme: s.Scheme, BearerFormat: s.BearerFormat,
			In: s.In, Name: s.Name, OpenIdConnectUrl: s.OpenIDConnectURL, Flows: flows(s.Flows),
			Extensions: later("x-oauth2MetadataUrl", s.MetadataURL, "x-deprecated", s.Deprecated),
		}}
	}
	return all
}

func flows(all []operation.Flow) *openapi3.OAuthFlows {
	if len(all) == 0 {
		return nil
	}
	out := &openapi3.OAuthFlows{}
	for _, f := range all {
		flow := &openapi3.OAuthFlow{AuthorizationURL: f.AuthorizationURL, TokenURL: f.TokenURL, RefreshURL: f.RefreshURL, Scopes: f.Scopes}
		switch f.Kind {
		case operation.Password:
			out.Password = flow
		case operation.ClientCredentials:
			out.ClientCredentials = flow
		case operation.AuthorizationCode:
			out.AuthorizationCode = flow
		case operation.Implicit:
			out.Implicit = flow
		case operation.DeviceAuthorization:
			flow.Extensions = map[string]any{"deviceAuthorizationUrl": f.DeviceURL}
			out.Extensions = map[string]any{"x-deviceAuthorization": flow}
		}
	}
	return out
}
