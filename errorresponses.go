package candor

import (
	"cmp"
	"net/http"
	"reflect"
	"slices"

	"github.com/candor-go/candor/internal/credentials"
	"github.com/candor-go/candor/internal/mediatype"
	"github.com/candor-go/candor/internal/operation"
	"github.com/candor-go/candor/internal/sorted"
	"github.com/candor-go/candor/internal/typeinfo"
)

// errorType describes the body of an error with a detail.
func (b *apiBuilder) errorType() *typeinfo.Type {
	if b.config.ProblemDetails {
		return mustDescribe(reflect.TypeFor[Problem]())
	}
	type HTTPError struct {
		Detail any `json:"detail"`
	}
	return mustDescribe(reflect.TypeFor[HTTPError]())
}

// invalidType describes the body of a 422: a list of validation errors.
func (b *apiBuilder) invalidType() *typeinfo.Type {
	if b.config.ProblemDetails {
		return mustDescribe(reflect.TypeFor[Problem]())
	}
	list, _ := faultTypes()
	return mustDescribe(list)
}

// faultTypes returns the body of a 422 and the type of its elements, under the names that FastAPI gives them.
func faultTypes() (list, fault reflect.Type) {
	type ValidationError struct{ Fault }
	type HTTPValidationError struct {
		Detail []ValidationError `json:"detail"`
	}
	return reflect.TypeFor[HTTPValidationError](), reflect.TypeFor[ValidationError]()
}

// mustDescribe describes a type that is known to be valid: one of Candor's own, or one that was described before.
func mustDescribe(t reflect.Type) *typeinfo.Type {
	d, err := typeinfo.Of(t)
	if err != nil {
		panic(err)
	}
	return d
}

// ownCauses are the reasons why Candor itself may respond with an error to a request for an endpoint.
type ownCauses struct{ upgrades, secure, negotiates, hasBody, hasRaw, multipart, validates, timed bool }

func (e *endpoint) ownCauses() ownCauses {
	return ownCauses{
		upgrades: e.upgrade != nil, secure: slices.ContainsFunc(e.security, credentials.MayRefuse), negotiates: e.response != nil && e.response.negotiated,
		hasBody: e.body != nil, hasRaw: e.body == nil && e.readsRaw(), multipart: e.body != nil && e.body.plan.Accepts(mediatype.Multipart),
		validates: e.canBeInvalid(), timed: e.set.limit() > 0,
	}
}

// frameworkResponses returns the responses that Candor, or middleware, sends by itself.
func (e *endpoint) frameworkResponses() []ownResponse {
	var own []ownResponse
	causes := e.ownCauses()
	if causes.upgrades {
		own = append(own,
			ownResponse{status: http.StatusBadRequest, doc: "The handshake is malformed"},
			ownResponse{status: http.StatusForbidden, doc: "The origin is not allowed, or the connection is refused"},
			ownResponse{status: http.StatusUpgradeRequired, doc: "The request is not a WebSocket handshake"})
	}
	if causes.secure {
		own = append(own, ownResponse{status: http.StatusUnauthorized, doc: "Credentials are missing or not accepted"})
	}
	if causes.negotiates {
		own = append(own, ownResponse{http.StatusNotAcceptable, "The client accepts none of the available media types", []*HTTPError{e.response.notAcceptable()}})
	}
	if causes.hasRaw {
		own = append(own, ownResponse{http.StatusRequestEntityTooLarge, "The body is too large", []*HTTPError{errTooLarge}})
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

// canBeInvalid reports whether requests for the endpoint can be refused with a 422.
func (e *endpoint) canBeInvalid() bool {
	in := e.route.input
	return len(e.params.Fields) > 0 || e.closed != nil || in != nil && (in.Body != nil || in.Members != nil || in.Form != nil)
}

// errors describes the error responses of an endpoint: those that are declared, those that Candor makes by itself, and
// those for the types of its error handlers.
func (b *apiBuilder) errors(all *operation.Responses, e *endpoint) {
	order := e.errorHandlers
	for _, r := range e.set.responses {
		if r.body == nil {
			b.failure(all, order, httpErrorType(), ownResponse{r.status, r.doc, r.errs})
		}
	}
	for _, r := range e.declared {
		b.declared(all, order, r)
	}
	for _, own := range e.frameworkResponses() {
		t := httpErrorType()
		if own.status == http.StatusUnprocessableEntity {
			t = validationType()
		}
		// A response that the endpoint declares for the status describes it better.
		if !slices.ContainsFunc(e.set.responses, func(r declaredBody) bool { return r.status == own.status }) {
			b.failure(all, order, t, own)
		}
	}
	// The example must be added before the responses of error handlers are merged in, whose bodies have another format.
	if r := all.To(http.StatusUnprocessableEntity); r != nil && e.canBeInvalid() {
		b.showFaults(r, e)
	}
	b.handledTypes(all, order, e.raisedTypes)
	e.challenged(all)
}

// declared merges in a response declared by an option.
func (b *apiBuilder) declared(all *operation.Responses, order []*errorHandler, r declaredBody) {
	if r.body == nil {
		b.failure(all, order, httpErrorType(), ownResponse{r.status, r.doc, r.errs})
		return
	}
	if p, err := declaredResponse(r.body, r.status); err == nil {
		all.Merge(b.reply(p).To(r.status, r.doc))
	}
}

// challenged describes the WWW-Authenticate header of a 401. A response that is declared with a body, or written by a
// plain handler, may lack it.
func (e *endpoint) challenged(all *operation.Responses) {
	r := all.To(http.StatusUnauthorized)
	if r == nil || len(e.security) == 0 {
		return
	}
	isOwn := func(r declaredBody) bool { return r.status == http.StatusUnauthorized && r.body != nil }
	mayLack := e.plain != nil || slices.ContainsFunc(e.set.responses, isOwn) ||
		e.response != nil && slices.Contains(e.response.statuses, http.StatusUnauthorized)
	r.Put(operation.Header{Name: "WWW-Authenticate", Description: "The credentials that are needed", Required: !mayLack})
}

// failure describes the response to an error of a type with a status: that of the first error handler for it, otherwise
// an error in the app's format.
func (b *apiBuilder) failure(all *operation.Responses, order []*errorHandler, t reflect.Type, own ownResponse) {
	for i, c := range order {
		if c.takes(t, own.status) {
			b.handled(all, order[i:], own)
			return
		}
	}
	described := b.errorType()
	if t == validationType() {
		described = b.invalidType()
	}
	all.Merge(b.plainError(own, described))
}

// plainError describes an error in the app's format.
func (b *apiBuilder) plainError(own ownResponse, described *typeinfo.Type) *operation.Response {
	r := &operation.Response{Status: own.status, Description: cmp.Or(own.doc, reason(own.status))}
	if mediatype.BodyAllowed(own.status) {
		name := mediatype.JSON
		if b.config.ProblemDetails {
			name = problemFormat().mediaType
		}
		for _, name := range b.codecs.After(name) {
			r.Content = append(r.Content, operation.Content{Media: operation.Media{Type: name}, Values: []operation.Value{{Kind: operation.JSON, Use: operation.Out, Type: described}}})
		}
	}
	for _, err := range own.errs {
		b.showError(r, err)
	}
	r.AddErrorHeaders(sentErrors(own.errs))
	return r
}

// invalidReplies are the WebSocket messages sent in reply to an invalid one: the bodies of a 422, in the order of their
// statuses and media types.
func (b *apiBuilder) invalidReplies(e *endpoint) (values []operation.Value) {
	if !e.set.replyToInvalid {
		return nil
	}
	refused := &operation.Responses{}
	b.failure(refused, e.errorHandlers, validationType(), ownResponse{status: http.StatusUnprocessableEntity})
	// More than one response may be possible, so the order must not depend on a map.
	bodies := map[string][]operation.Value{}
	for _, r := range refused.All {
		for _, c := range r.Content {
			// WebSocket messages are always JSON.
			if b.codecs.Has(c.Type) {
				continue
			}
			bodies[mediatype.StatusKey(r.Status)+" "+c.Type] = c.Values
		}
	}
	for _, key := range sorted.Keys(bodies) {
		values = append(values, bodies[key]...)
	}
	return values
}

// handledTypes describes the responses to errors of the user's types that an operation declares, and to a 500 that an
// error handler turns into another status.
func (b *apiBuilder) handledTypes(all *operation.Responses, order []*errorHandler, raised []reflect.Type) {
	unknown := ownResponse{status: http.StatusInternalServerError}
	for _, t := range raised {
		if i := errorHandlers(order).firstTaking(t); i >= 0 {
			b.handled(all, order[i:], unknown)
		}
	}
	// The document omits the 500 that every operation may respond with, unless an error handler gives it another
	// status.
	i := errorHandlers(order).firstTaking(anyErrorType())
	if i >= 0 && !slices.Equal(order[i].statuses(unknown.status), []int{unknown.status}) {
		b.handled(all, order[i:], unknown)
	}
}

// handled describes the responses of the first error handler for an error with a status. The other handlers see the
// errors that this one returns.
func (b *apiBuilder) handled(all *operation.Responses, order []*errorHandler, own ownResponse) {
	c := order[0]
	doc := cmp.Or(c.set.statusDoc, own.doc)
	for _, status := range c.statuses(own.status) {
		all.Merge(b.inEveryCodec(b.reply(c.plan).To(status, doc)))
		all.To(status).AddErrorHeaders(sentErrors(own.errs))
	}
	for _, r := range c.set.responses {
		b.declared(all, order[1:], r)
	}
}

// inEveryCodec adds the media types of codecs to a JSON response of an error handler.
func (b *apiBuilder) inEveryCodec(r *operation.Response) *operation.Response {
	if len(r.Content) != 1 || !mediatype.IsJSON(r.Content[0].Type) {
		return r
	}
	for _, name := range b.codecs.Names() {
		r.Content = append(r.Content, operation.Content{Media: operation.Media{Type: name}, Values: r.Content[0].Values})
	}
	return r
}

// sentErrors returns the errors as they are sent.
func sentErrors(errs []*HTTPError) []operation.SentError {
	all := make([]operation.SentError, len(errs))
	for i, err := range errs {
		all[i] = operation.SentError{Status: err.status, Header: err.header}
	}
	return all
}
