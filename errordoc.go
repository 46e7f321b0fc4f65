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

	"github.com/candor-go/candor/internal/mediatype"
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

// invalidType describes the body of a 422: a list of what is a Fault in Go.
func (d *documenter) invalidType() *typeinfo.Type {
	if d.config.ProblemDetails {
		return mustDescribe(reflect.TypeFor[Problem]())
	}
	list, _ := faultTypes()
	return mustDescribe(list)
}

// faultTypes are the body of a 422, and what it is a list of, under the names
// that FastAPI gives them.
func faultTypes() (list, fault reflect.Type) {
	type ValidationError struct{ Fault }
	type HTTPValidationError struct {
		Detail []ValidationError `json:"detail"`
	}
	return reflect.TypeFor[HTTPValidationError](), reflect.TypeFor[ValidationError]()
}

// refineFaults says of validation errors what the type Fault does not: that a
// location consists of names and positions, and whether there is an input.
func (d *documenter) refineFaults() {
	_, named := faultTypes()
	for _, t := range []reflect.Type{named, reflect.TypeFor[Fault]()} {
		s := d.components.Reached(mustDescribe(t), schema.Out)
		if s == nil {
			continue
		}
		loc := openapi3.NewArraySchema()
		loc.Items = openapi3.NewSchemaRef("", openapi3.NewAnyOfSchema(openapi3.NewStringSchema(), openapi3.NewIntegerSchema()))
		s.Properties["loc"] = openapi3.NewSchemaRef("", loc)
		if !d.config.EchoInput {
			delete(s.Properties, "input")
		}
	}
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
	for _, c := range e.catchers {
		if c.isForTypes() && !slices.ContainsFunc(e.raisedTypes, func(t reflect.Type) bool { return c.takes(t, http.StatusInternalServerError) }) {
			continue // nothing is said to end with such an error
		}
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
	order := e.catchers
	for _, r := range e.set.responses {
		if r.body == nil {
			d.failure(all, order, httpErrorType, ownResponse{r.status, r.doc, r.errs})
		}
	}
	for _, r := range e.declared {
		if r.body == nil {
			d.failure(all, order, httpErrorType, ownResponse{r.status, r.doc, r.errs})
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
			d.failure(all, order, t, own)
		}
	}
	if there := responseTo(all, http.StatusUnprocessableEntity); there != nil && e.canBeInvalid() {
		d.showFaults(there.Value, e)
	}
	d.mapped(all, order, e.raisedTypes)
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
func (d *documenter) failure(all *openapi3.Responses, order []*catcher, t reflect.Type, own ownResponse) {
	for i, c := range order {
		if c.takes(t, own.status) {
			d.caught(all, order[i:], own)
			return
		}
	}
	described := d.errorType()
	if t == validationType {
		described = d.invalidType()
	}
	join(all, own.status, d.plainError(own, described))
}

// plainError is an error in the app's format.
func (d *documenter) plainError(own ownResponse, described *typeinfo.Type) *openapi3.Response {
	description := cmp.Or(own.doc, reason(own.status))
	r := &openapi3.Response{Description: &description}
	if mediatype.BodyAllowed(own.status) {
		mediaType := "application/json"
		if d.config.ProblemDetails {
			mediaType = problemFormat().mediaType
		}
		r.Content = openapi3.Content{mediaType: {Schema: d.components.Value(described, nil, schema.Out)}}
	}
	for _, err := range own.errs {
		d.showError(r, own.status, err)
	}
	headersOf(r, own.errs)
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
	d.failure(refused, e.catchers, validationType, ownResponse{status: http.StatusUnprocessableEntity})
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

// mapped documents the answers to errors of the user's types that an operation is
// said to end with, and to 500 where it becomes another status.
func (d *documenter) mapped(all *openapi3.Responses, order []*catcher, raised []reflect.Type) {
	unknown := ownResponse{status: http.StatusInternalServerError}
	for _, t := range raised {
		if i := catchers(order).firstTaking(t); i >= 0 {
			d.caught(all, order[i:], unknown)
		}
	}
	i := catchers(order).firstTaking(anyErrorType)
	if i >= 0 && !slices.Equal(order[i].statuses(unknown.status), []int{unknown.status}) {
		d.caught(all, order[i:], unknown)
	}
}

// caught documents the answers of the first catcher to an error with a status.
// The others are asked for what it raises itself.
func (d *documenter) caught(all *openapi3.Responses, order []*catcher, own ownResponse) {
	c := order[0]
	doc := cmp.Or(c.set.statusDoc, own.doc)
	for _, status := range c.statuses(own.status) {
		d.joinAnswer(all, c.plan, status, doc)
		headersOf(responseTo(all, status).Value, own.errs)
	}
	for _, r := range c.set.responses {
		if r.body == nil {
			d.failure(all, order[1:], httpErrorType, ownResponse{r.status, r.doc, r.errs})
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
		all.Set(mediatype.StatusKey(status), &openapi3.ResponseRef{Value: more})
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
			media = joinMedia(has, media, status)
		}
		r.Content[mediaType] = media
	}
	joinHeaders(r, more)
}

// joinMedia is the body of one response or another, with the examples of both.
func joinMedia(a, b *openapi3.MediaType, status int) *openapi3.MediaType {
	both := &openapi3.MediaType{Schema: either(a.Schema, b.Schema), Examples: maps.Clone(a.Examples)}
	for _, name := range slices.Sorted(maps.Keys(b.Examples)) {
		addErrorExample(both, status, b.Examples[name].Value)
	}
	return both
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
