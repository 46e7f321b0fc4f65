package candor

import (
	"bytes"
	"cmp"
	"maps"
	"net/http"
	"reflect"
	"slices"
	"strings"

	"github.com/getkin/kin-openapi/openapi3"

	"github.com/candor-go/candor/internal/schema"
	"github.com/candor-go/candor/internal/typeinfo"
)

// errorType describes the body of every error with a detail.
func (d *documenter) errorType() *typeinfo.Type {
	if d.config.ProblemDetails {
		return mustDescribe(reflect.TypeFor[Problem]())
	}
	type HTTPError struct {
		Detail any `json:"detail"`
	}
	return mustDescribe(reflect.TypeFor[HTTPError]())
}

// faultStep is one part of the location of a Fault, for the document alone:
// generated clients want to know that it is a name or a position.
type faultStep struct{}

// OpenAPISchema is a union, which no Go type says.
func (faultStep) OpenAPISchema() map[string]any {
	return map[string]any{"anyOf": []any{map[string]any{"type": "string"}, map[string]any{"type": "integer"}}}
}

// invalidType describes the body of a 422: a list of what is a Fault in Go.
func (d *documenter) invalidType() *typeinfo.Type {
	if d.config.ProblemDetails {
		return mustDescribe(reflect.TypeFor[Problem]())
	}
	type ValidationError struct {
		Type  string         `json:"type"`
		Loc   []faultStep    `json:"loc"`
		Msg   string         `json:"msg"`
		Input any            `json:"input,omitzero"`
		Ctx   map[string]any `json:"ctx,omitempty"`
	}
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

// markErrors tells the components which types errors of the endpoint write.
func (d *documenter) markErrors(e *endpoint) {
	if e.canBeInvalid() || e.upgrade != nil && e.set.answerInvalid {
		d.components.Mark(d.invalidType(), schema.Out)
	}
	d.components.Mark(d.errorType(), schema.Out)
	for _, c := range e.errors.catchers() {
		d.markAnswer(c.output)
		for _, r := range c.set.responses {
			d.markAnswer(r.body)
		}
	}
}

// errors documents the answers to the errors an endpoint is known to end with:
// those declared, those Candor makes by itself, and those of the types that its
// catchers wait for.
func (d *documenter) errors(all *openapi3.Responses, e *endpoint) {
	order := e.errors.catchers()
	for _, r := range e.set.responses {
		if r.body == nil {
			d.failure(all, order, httpErrorType, r.status, r.doc)
		}
	}
	for _, r := range e.declared {
		if r.body == nil {
			d.failure(all, order, httpErrorType, r.status, r.doc)
		} else if p, err := declaredAnswer(r.body, r.status); err == nil {
			d.joinAnswer(all, p, r.status, r.doc)
		}
	}
	for _, own := range e.ownResponses() {
		t := httpErrorType
		if own.status == http.StatusUnprocessableEntity {
			t = validationType
		}
		if !slices.ContainsFunc(e.set.responses, func(r response) bool { return r.status == own.status }) {
			d.failure(all, order, t, own.status, own.doc)
		}
	}
	d.mapped(all, order)
	d.challenged(all, e)
}

// challenged documents the header by which 401 asks for credentials. A response
// that is declared with a body, or written by a handler without types, may lack
// it.
func (d *documenter) challenged(all *openapi3.Responses, e *endpoint) {
	there := responseTo(all, http.StatusUnauthorized)
	if there == nil || len(e.security) == 0 {
		return
	}
	isOwn := func(r response) bool { return r.status == http.StatusUnauthorized && r.body != nil }
	mayLack := e.plain != nil || slices.ContainsFunc(e.set.responses, isOwn) ||
		e.answer != nil && slices.Contains(e.answer.statuses, http.StatusUnauthorized)
	put(&there.Value.Headers, "WWW-Authenticate", documentedHeader{
		doc: "The credentials that are needed", required: !mayLack, schema: openapi3.NewStringSchema(),
	}.documented())
}

// failure documents the answer to an error of a type with a status: that of the
// first catcher that takes it, else the one in the app's format.
func (d *documenter) failure(all *openapi3.Responses, order []*catcher, t reflect.Type, status int, doc string) {
	for i, c := range order {
		if c.takes(t, status) {
			d.caught(all, order[i:], status, doc)
			return
		}
	}
	described := d.errorType()
	if t == validationType {
		described = d.invalidType()
	}
	join(all, status, d.plainError(status, doc, described))
}

// plainError is an error in the app's format.
func (d *documenter) plainError(status int, doc string, described *typeinfo.Type) *openapi3.Response {
	description := cmp.Or(doc, reason(status))
	r := &openapi3.Response{Description: &description}
	if bodyAllowed(status) {
		mediaType := "application/json"
		if d.config.ProblemDetails {
			mediaType = problemFormat().mediaType
		}
		r.Content = openapi3.Content{mediaType: {Schema: d.components.Value(described, nil, schema.Out)}}
	}
	return r
}

// answersInvalid documents what a message that is not valid is answered with: the
// bodies of a 422, in the order of their statuses and media types.
func (d *documenter) answersInvalid(op *openapi3.Operation, e *endpoint) {
	about, _ := op.Extensions["x-websocket"].(map[string]any)
	if about == nil || !e.set.answerInvalid {
		return
	}
	refused := openapi3.NewResponsesWithCapacity(1)
	d.failure(refused, e.errors.catchers(), validationType, http.StatusUnprocessableEntity, "")
	var body *openapi3.SchemaRef
	responses := refused.Map()
	for _, status := range slices.Sorted(maps.Keys(responses)) {
		content := responses[status].Value.Content
		for _, mediaType := range slices.Sorted(maps.Keys(content)) {
			if more := content[mediaType].Schema; body == nil {
				body = more
			} else {
				body = either(body, more)
			}
		}
	}
	if body != nil {
		about["answersInvalid"] = body
	}
}

// mapped documents the answers to errors of the user's types, which any
// operation may return, and to 500 where it becomes another status.
func (d *documenter) mapped(all *openapi3.Responses, order []*catcher) {
	seen := map[reflect.Type]bool{validationType: true, httpErrorType: true}
	unknown := false
	for i, c := range order {
		switch kind := c.kind(); {
		case kind == ofType, kind == ofInterface:
			if seen[c.caught] {
				continue
			}
			seen[c.caught] = true
		case !unknown && c.takes(anyErrorType, http.StatusInternalServerError):
			unknown = true
			if slices.Equal(c.statuses(http.StatusInternalServerError), []int{http.StatusInternalServerError}) {
				continue
			}
		default:
			continue
		}
		d.caught(all, order[i:], http.StatusInternalServerError, "")
	}
}

// caught documents the answers of the first catcher to an error with a status.
// The others are asked for what it raises itself.
func (d *documenter) caught(all *openapi3.Responses, order []*catcher, status int, doc string) {
	c := order[0]
	doc = cmp.Or(c.set.statusDoc, doc)
	for _, status := range c.statuses(status) {
		d.joinAnswer(all, c.plan, status, doc)
	}
	for _, r := range c.set.responses {
		if r.body == nil {
			d.failure(all, order[1:], httpErrorType, r.status, r.doc)
		} else if p, err := declaredAnswer(r.body, r.status); err == nil {
			d.joinAnswer(all, p, r.status, r.doc)
		}
	}
}

func (d *documenter) joinAnswer(all *openapi3.Responses, p *answerPlan, status int, doc string) {
	alone := openapi3.NewResponsesWithCapacity(1)
	d.answer(alone, p, status, doc)
	join(all, status, responseTo(alone, status).Value)
}

// join puts a response beside those that are there. Where a status has several
// bodies, any of them may come.
func join(all *openapi3.Responses, status int, more *openapi3.Response) {
	there := responseTo(all, status)
	if there == nil {
		all.Set(statusKey(status), &openapi3.ResponseRef{Value: more})
		return
	}
	r := there.Value
	if doc := *more.Description; doc != reason(status) && !slices.Contains(strings.Split(*r.Description, "; "), doc) {
		description := *r.Description + "; " + doc
		r.Description = &description
	}
	for mediaType, media := range more.Content {
		if r.Content == nil {
			r.Content = openapi3.Content{}
		}
		if has := r.Content[mediaType]; has != nil {
			media = &openapi3.MediaType{Schema: either(has.Schema, media.Schema)}
		}
		r.Content[mediaType] = media
	}
	joinHeaders(r, more)
}

// joinHeaders adds headers; one that not every answer of the status has is
// not required.
func joinHeaders(r, more *openapi3.Response) {
	for name, header := range r.Headers {
		header.Value.Required = header.Value.Required && more.Headers[name] != nil
	}
	for name, header := range more.Headers {
		if r.Headers[name] == nil {
			header.Value.Required = false
			put(&r.Headers, name, header.Value)
		}
	}
}

// either is a schema of both.
func either(a, b *openapi3.SchemaRef) *openapi3.SchemaRef {
	if a == nil || b == nil {
		return nil
	}
	alternatives := openapi3.SchemaRefs{a}
	if a.Ref == "" && len(a.Value.AnyOf) > 0 && len(a.Value.Type.Slice()) == 0 {
		alternatives = slices.Clone(a.Value.AnyOf)
	}
	if slices.ContainsFunc(alternatives, func(s *openapi3.SchemaRef) bool { return s.Ref != "" && s.Ref == b.Ref || sameSchema(s, b) }) {
		return a
	}
	return openapi3.NewSchemaRef("", &openapi3.Schema{AnyOf: append(alternatives, b)})
}

// sameSchema compares schemas by what is written of them.
func sameSchema(a, b *openapi3.SchemaRef) bool {
	left, leftErr := a.MarshalJSON()
	right, rightErr := b.MarshalJSON()
	return leftErr == nil && rightErr == nil && bytes.Equal(left, right)
}
