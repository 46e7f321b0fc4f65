package candor

import (
	"cmp"
	"encoding/json"
	"maps"
	"reflect"
	"runtime"

	"github.com/candor-go/candor/internal/bind"
	"github.com/candor-go/candor/internal/mediatype"
	"github.com/candor-go/candor/internal/openapi"
	"github.com/candor-go/candor/internal/operation"
	"github.com/candor-go/candor/internal/schema"
	"github.com/candor-go/candor/internal/typeinfo"
)

// buildDocument builds the OpenAPI document of an app's operations. The bytes are the same on every run.
func buildDocument(config *Config, info *operation.Info, x *operationIndex, options openapi.Options) (*schema.Encoded, error) {
	codecs, err := codecSet(config.Codecs)
	if err != nil {
		return nil, err
	}
	b := &apiBuilder{
		codecs: codecs,
		config: config, index: x, edits: map[*operation.Operation][]openapi.Edit{},
		bodies:    map[bodyKey]*operation.Body{},
		responses: map[responsesKey]*operation.Responses{}, found: map[faultsKey]*invalidRequest{}, shown: map[shownKey]string{},
		described: map[*errorHandler]*operation.ErrorHandler{},
	}
	b.describeErrors()
	options.Edits = b.edits
	return openapi.Write(b.describe(info), options)
}

// describe describes the API.
func (b *apiBuilder) describe(info *operation.Info) *operation.API {
	_, named := faultTypes()
	b.api = &operation.API{
		Info: *info, Schemes: map[string]operation.SecurityScheme{},
		Faults: []*typeinfo.Type{mustDescribe(named), mustDescribe(reflect.TypeFor[Fault]())}, EchoInput: b.config.EchoInput,
	}
	// Schemes that fields name get their names first, before others take them.
	b.namedSchemes(b.index.operations)
	b.namedSchemes(b.index.webhooks)
	b.api.Operations, b.api.Webhooks = b.operations(b.index.operations), b.operations(b.index.webhooks)
	return b.api
}

// operations describes operations. They are in one piece of memory, because a large API has thousands.
func (b *apiBuilder) operations(endpoints []*endpoint) []*operation.Operation {
	all, operations := make([]*operation.Operation, len(endpoints)), make([]operation.Operation, len(endpoints))
	for i, e := range endpoints {
		all[i] = &operations[i]
		b.operation(all[i], e)
	}
	return all
}

// operation describes an operation with its callbacks and links.
func (b *apiBuilder) operation(op *operation.Operation, e *endpoint) {
	at := b.index.at[e]
	*op = operation.Operation{
		ID: b.index.IDs[at], Method: e.method, Path: b.index.Paths[at], Tags: e.set.tags, Deprecated: e.set.deprecated,
		ExternalDocs: e.set.annotations.ExternalDocs, Servers: e.set.annotations.Servers, Extensions: e.extensions(),
		Parameters: b.parametersOf(e), Security: b.security(e), Body: b.body(e), Responses: b.responsesOf(e),
	}
	op.Summary, op.Description = b.texts(e)
	if e.route.upgrade != nil {
		op.Socket = e.route.upgrade.socket(e)
		if e.set.replyToInvalid {
			op.Socket.Invalid = b.format.RepliesToInvalid(b.handlers(e.errorHandlers))
		}
	}
	if e.webhook != nil {
		op.Name = e.webhook.name
	}
	for _, x := range e.set.annotations.Examples {
		op.Show(x.Status, x.Example)
	}
	b.addLinks(op, e)
	for _, c := range e.callbacks {
		op.Callbacks = append(op.Callbacks, b.callback(e, c))
	}
	if len(e.set.edits) > 0 {
		b.edits[op] = e.set.edits
	}
}

// callback describes a request that an operation causes, with the wildcard names that the operation has in the
// document.
func (b *apiBuilder) callback(from, e *endpoint) *operation.Operation {
	op := &operation.Operation{}
	b.operation(op, e)
	op.URL = from.wildcards().URL(e.webhook.url, e.webhook.addresses)
	return op
}

// extensions returns the extensions set by options, and one that says where unknown parameters are refused, for which
// OpenAPI has no keyword.
func (e *endpoint) extensions() map[string]json.RawMessage {
	if e.closed == nil {
		return e.set.annotations.Extensions
	}
	// A new map: that of the options is shared with other routes.
	all := map[string]json.RawMessage{mediatype.ClosedExtension: closedSources(e.closed)}
	maps.Copy(all, e.set.annotations.Extensions)
	return all
}

// closedSources returns the parameter locations in which unknown names are refused, as JSON.
func closedSources(c *bind.Extras) json.RawMessage {
	switch {
	case c.Query && c.Cookies:
		return json.RawMessage(`["query","cookie"]`)
	case c.Query:
		return json.RawMessage(`["query"]`)
	}
	return json.RawMessage(`["cookie"]`)
}

// reads returns how the body of an endpoint is used.
func (e *endpoint) reads() operation.Use {
	if e.set.forbidExtra {
		return operation.Closed
	}
	return operation.In
}

// parametersOf describes the parameters of an endpoint.
func (b *apiBuilder) parametersOf(e *endpoint) []*operation.Parameter {
	closed := e.closed != nil && e.closed.Query
	if e.route.input == nil {
		return b.parameters.OfPlain(&e.params, e.wildcards(), closed)
	}
	// bindsEveryWildcard has checked that a typed handler reads all wildcards.
	return b.parameters.Of(&e.params, e.wildcards(), closed)
}

// body describes the request body, nil if there is none. A body that is one field is described once for all operations
// that read it, unless they have examples of their own; a body made of several fields is named after its operation.
func (b *apiBuilder) body(e *endpoint) *operation.Body {
	if p, ok := e.route.asPatch(); ok {
		return p.body()
	}
	in := e.route.input
	switch {
	case in == nil || e.body == nil:
		return nil
	case in.Members != nil && in.Body == nil:
		return e.describeBody(nil, operation.Value{Kind: operation.Members, Use: e.reads(), Object: in.Members})
	case in.Body == nil:
		return e.describeBody(nil, operation.Value{Kind: operation.Form, Use: e.reads(), Object: in.Form})
	case len(e.set.annotations.Examples) > 0:
		return e.describeBody(in.Body, e.bodyValue(in.Body))
	}
	key := bodyKey{e.body, e.reads()}
	if b.bodies[key] == nil {
		b.bodies[key] = e.describeBody(in.Body, e.bodyValue(in.Body))
	}
	return b.bodies[key]
}

func (e *endpoint) describeBody(f *typeinfo.Field, v operation.Value) *operation.Body {
	body := &operation.Body{Required: e.body.plan.Required, Field: f, Value: v}
	for _, name := range e.body.plan.Media() {
		media := operation.Media{Type: name}
		if form := e.route.input.BodyForm; form != nil && (name == mediatype.Form || name == mediatype.Multipart) {
			media.Form = form.Type.Object
		}
		body.Media = append(body.Media, media)
	}
	return body
}

// bodyValue describes a whole body. A raw body is text, bytes, or read by the handler.
func (e *endpoint) bodyValue(f *typeinfo.Field) operation.Value {
	switch t := f.Type.Go; {
	case t == reflect.TypeFor[string]() || !isRaw(t):
		return operation.Value{Kind: operation.JSON, Use: e.reads(), Field: f}
	case isLines(t):
		return operation.Value{Kind: operation.Items, Use: e.reads(), Sequence: linesOf(t).media[0], Type: linesOf(t).item, Title: f.Title}
	case t == partsType:
		return operation.Value{Kind: operation.Parts, Title: f.Title}
	}
	return operation.Value{Kind: operation.Bytes, Title: f.Title}
}

// texts returns the summary and the description of an operation: from options, otherwise from the handler's doc
// comment.
func (b *apiBuilder) texts(e *endpoint) (summary, description string) {
	if b.config.Source == nil || e.name() == "" {
		return e.summary(), e.set.description
	}
	comment := b.config.Source.Func(runtime.FuncForPC(e.route.handler.pc))
	first, rest := operation.Summarize(comment, e.name())
	// If an option sets the summary, the whole comment is the description, so that its first sentence is not lost.
	if e.set.summary != "" || first == "" {
		return e.summary(), cmp.Or(e.set.description, comment)
	}
	return first, cmp.Or(e.set.description, rest)
}
