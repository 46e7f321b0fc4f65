package candor

import (
	"cmp"
	"net/http"
	"slices"
	"strings"

	"github.com/getkin/kin-openapi/openapi3"

	"github.com/candor-go/candor/internal/mediatype"
	"github.com/candor-go/candor/internal/schema"
	"github.com/candor-go/candor/internal/typeinfo"
)

// documenter writes the document of an app from its operations. It knows no
// type by itself: every schema comes from the description that also binds and
// encodes.
type documenter struct {
	config     *Config
	info       Info
	components *schema.Components
	doc        *openapi3.T
	items      map[*documentedPath]*openapi3.PathItem
	// ids are the operations by their ids.
	ids map[string]*operation
	// schemes are the security schemes that operations use.
	schemes openapi3.SecuritySchemes
	// marked are the answers whose types the components know.
	marked map[*typeinfo.Output]bool
	shared sharedDocs
	// found is the latest endpoint for which faults were looked for, and
	// foundFaults what came of it.
	found       *endpoint
	foundFaults *invalidRequest
}

// sharedDocs are the parts that operations have in common: each is made once and
// stands in all of them, as nothing changes it afterwards.
type sharedDocs struct {
	parameters memo[parameterKey, *openapi3.ParameterRef]
	bodies     memo[bodyKey, *openapi3.RequestBodyRef]
	responses  memo[responsesKey, *openapi3.Responses]
}

// parameterKey is what a parameter depends on: the field, and the name it has in
// the path.
type parameterKey struct {
	field *typeinfo.Field
	name  string
}

// bodyKey is what a body depends on that says all about itself.
type bodyKey struct {
	plan *bodyPlan
	use  schema.Use
}

// responsesKey is what the responses of an endpoint depend on that [endpoint.answersPlainly].
type responsesKey struct {
	answer *answerPlan
	causes ownCauses
	// shown are the examples of errors that depend on the endpoint.
	shown string
}

// mayShare reports whether an operation is made of parts that others have too:
// not where functions of the user's may change them.
func (d *documenter) mayShare(e *endpoint) bool {
	return d.info.EditDocument == nil && len(e.set.edits)+len(e.set.examples)+len(e.set.links) == 0
}

// answersPlainly reports whether nothing is said about the answers of an endpoint
// but by its type, its status, its media types and the answers Candor gives by
// itself.
func (e *endpoint) answersPlainly() bool {
	return e.answer != nil && e.answer.kind.further == nil && e.upgrade == nil && e.outgoing == nil &&
		e.set.statusDoc == "" && len(e.set.responses)+len(e.raised)+len(e.declared)+len(e.added)+len(e.catchers) == 0
}

// buildDocument makes the OpenAPI document of the operations. The bytes are the
// same for the same app on every run.
func buildDocument(config *Config, info Info, o *outline, additions schema.Options) ([]byte, error) {
	d := &documenter{
		config: config, info: info, components: schema.New(additions),
		items: make(map[*documentedPath]*openapi3.PathItem, len(o.paths)), ids: o.ids, schemes: openapi3.SecuritySchemes{},
		marked: map[*typeinfo.Output]bool{},
	}
	d.doc = d.head(len(o.paths))
	for _, op := range slices.Concat(o.operations, o.webhooks) {
		d.mark(op.endpoint)
		d.namedSchemes(op.endpoint)
	}
	for _, p := range o.paths {
		d.items[p] = &openapi3.PathItem{}
		d.doc.Paths.Set(p.path, d.items[p])
	}
	for _, op := range o.operations {
		d.items[op.path].SetOperation(op.endpoint.method, d.operation(op))
	}
	d.webhooks(o.webhooks)
	d.refineFaults()
	d.doc.Components = &openapi3.Components{Schemas: d.components.Schemas(), SecuritySchemes: d.schemes}
	order := d.components.Order()
	order.Paths, order.Methods = o.order()
	if d.info.EditDocument != nil {
		d.info.EditDocument(d.doc)
	}
	return schema.Encode(d.doc, order)
}

// order is that of the paths, and of the methods of each.
func (o *outline) order() (paths []string, methods map[string][]string) {
	methods, paths = make(map[string][]string, len(o.paths)), make([]string, 0, len(o.paths))
	all := make([]string, 0, len(o.operations))
	for _, p := range o.paths {
		from := len(all)
		for _, op := range p.operations {
			all = append(all, strings.ToLower(op.endpoint.method))
		}
		paths, methods[p.path] = append(paths, p.path), slices.Clip(all[from:])
	}
	return paths, methods
}

// head is the document without operations, with room for so many paths.
func (d *documenter) head(paths int) *openapi3.T {
	i := d.info
	doc := &openapi3.T{OpenAPI: "3.1.0", Paths: openapi3.NewPathsWithCapacity(paths), Info: &openapi3.Info{
		Title: i.Title, Version: i.Version,
		Summary: i.Summary, Description: i.Description, TermsOfService: i.TermsOfService,
	}}
	if i.Contact != (Contact{}) {
		doc.Info.Contact = &openapi3.Contact{Name: i.Contact.Name, URL: i.Contact.URL, Email: i.Contact.Email}
	}
	if i.License != (License{}) {
		doc.Info.License = &openapi3.License{Name: i.License.Name, URL: i.License.URL, Identifier: i.License.Identifier}
	}
	doc.ExternalDocs = externalDocs(i.ExternalDocs)
	for _, s := range i.Servers {
		doc.Servers = append(doc.Servers, server(s))
	}
	for _, t := range i.Tags {
		doc.Tags = append(doc.Tags, &openapi3.Tag{Name: t.Name, Description: t.Description, ExternalDocs: externalDocs(t.ExternalDocs)})
	}
	return doc
}

func externalDocs(e ExternalDocs) *openapi3.ExternalDocs {
	if e == (ExternalDocs{}) {
		return nil
	}
	return &openapi3.ExternalDocs{URL: e.URL, Description: e.Description}
}

func server(s Server) *openapi3.Server {
	out := &openapi3.Server{URL: s.URL, Description: s.Description}
	for name, v := range s.Variables {
		if out.Variables == nil {
			out.Variables = map[string]*openapi3.ServerVariable{}
		}
		out.Variables[name] = &openapi3.ServerVariable{Default: v.Default, Enum: v.Enum, Description: v.Description}
	}
	return out
}

// mark tells the components which types an endpoint reads and writes.
func (d *documenter) mark(e *endpoint) {
	d.markInput(e)
	if e.route.input != nil {
		d.markAnswer(e.route.output)
	}
	for _, r := range slices.Concat(e.set.responses, e.declared) {
		d.markAnswer(r.body)
	}
	if e.route.upgrade != nil {
		e.route.upgrade.mark(d.components, e)
	}
	if e.outgoing == nil {
		d.markErrors(e)
	}
	for _, c := range e.callbacks {
		d.mark(c)
	}
}

// canBeInvalid reports whether requests for the endpoint can be refused with
// 422.
func (e *endpoint) canBeInvalid() bool {
	in := e.route.input
	return len(e.params.fields) > 0 || e.closed != nil || in != nil && (in.Body != nil || in.Members != nil || in.Form != nil)
}

func (d *documenter) operation(o *operation) *openapi3.Operation {
	e := o.endpoint
	summary, description := d.texts(e)
	op := &openapi3.Operation{
		OperationID: o.id, Tags: e.set.tags, Deprecated: e.set.deprecated,
		Summary: summary, Description: description,
	}
	d.describeInput(op, e)
	op.Responses = d.responsesOf(e)
	if e.route.upgrade != nil {
		e.route.upgrade.document(d.components, e, op)
		d.answersInvalid(op, e)
	}
	d.annotate(op, o)
	for _, edit := range e.set.edits {
		edit(op)
	}
	return op
}

// responsesOf are the responses of an endpoint, made once for all that answer
// alike.
func (d *documenter) responsesOf(e *endpoint) *openapi3.Responses {
	if !d.mayShare(e) || !e.answersPlainly() {
		return d.responses(e)
	}
	key := responsesKey{e.answer, e.ownCauses(), d.shownTo(e)}
	all, _ := d.shared.responses.get(key, func(responsesKey) (*openapi3.Responses, error) { return d.responses(e), nil })
	return all
}

// responses documents the answers of an endpoint: its own, those declared, and
// those Candor gives by itself.
func (d *documenter) responses(e *endpoint) *openapi3.Responses {
	all := openapi3.NewResponsesWithCapacity(4)
	if e.answer != nil {
		d.answers(all, e)
	} else if len(e.set.responses) == 0 || e.set.status != 0 {
		d.respond(all, cmp.Or(e.set.status, http.StatusOK), e.set.statusDoc, nil)
	}
	for _, r := range e.set.responses {
		if r.body != nil {
			d.declared(all, r)
		}
	}
	if e.outgoing != nil {
		return all // errors are those of this API
	}
	d.errors(all, e)
	d.added(all, e)
	return all
}

// ownCauses are what makes Candor answer an endpoint's requests by itself.
type ownCauses struct{ upgrades, secure, negotiates, hasBody, multipart, validates, timed bool }

func (e *endpoint) ownCauses() ownCauses {
	return ownCauses{
		upgrades: e.upgrade != nil, secure: slices.ContainsFunc(e.security, mayRefuse), negotiates: e.answer != nil && e.answer.negotiated,
		hasBody: e.body != nil, multipart: e.body != nil && e.body.reads(mediatype.Multipart),
		validates: e.canBeInvalid(), timed: e.set.limit() > 0,
	}
}

// ownResponses are the answers Candor, or middleware, gives by itself.
func (e *endpoint) ownResponses() []ownResponse {
	var own []ownResponse
	causes := e.ownCauses()
	if causes.upgrades {
		own = append(own,
			ownResponse{status: http.StatusBadRequest, doc: "The handshake is malformed"},
			ownResponse{status: http.StatusForbidden, doc: "The origin is not allowed, or the connection is refused"},
			ownResponse{status: http.StatusUpgradeRequired, doc: "The request is no handshake of a WebSocket"})
	}
	if causes.secure {
		own = append(own, ownResponse{status: http.StatusUnauthorized, doc: "Credentials are missing or not accepted"})
	}
	if causes.negotiates {
		own = append(own, ownResponse{http.StatusNotAcceptable, "The client accepts none of the media types", []*HTTPError{e.answer.notAcceptable()}})
	}
	if causes.hasBody {
		own = append(own,
			ownResponse{http.StatusRequestEntityTooLarge, "The body is too large", []*HTTPError{errTooLarge}},
			ownResponse{http.StatusUnsupportedMediaType, "The media type or the encoding of the body is not supported", []*HTTPError{e.body.refusal, errCompressed}})
	}
	if causes.multipart {
		own = append(own, ownResponse{status: http.StatusBadRequest, doc: "The multipart body is malformed"})
	}
	if causes.validates {
		own = append(own, ownResponse{status: http.StatusUnprocessableEntity, doc: "Unprocessable request: validation errors"})
	}
	if causes.timed {
		own = append(own, ownResponse{http.StatusGatewayTimeout, "The operation took too long", []*HTTPError{Error(http.StatusGatewayTimeout, nil)}})
	}
	for _, r := range e.raised {
		if r.status >= http.StatusBadRequest {
			own = append(own, r)
		}
	}
	return own
}
