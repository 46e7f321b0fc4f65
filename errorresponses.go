package candor

import (
	"encoding/json"
	"net/http"
	"reflect"
	"slices"

	"github.com/candor-go/candor/internal/credentials"
	"github.com/candor-go/candor/internal/mediatype"
	"github.com/candor-go/candor/internal/operation"
	"github.com/candor-go/candor/internal/typeinfo"
)

// describeErrors describes how the app writes errors that no error handler takes.
func (b *apiBuilder) describeErrors() {
	type HTTPError struct {
		Detail any `json:"detail"`
	}
	list, _ := faultTypes()
	f := operation.ErrorFormat{
		Detail: mustDescribe(reflect.TypeFor[HTTPError]()), Invalid: mustDescribe(list), Codecs: b.codecs.Names(),
		HTTPError: httpErrorType(), ValidationError: validationType(),
	}
	mediaType := mediatype.JSON
	if b.config.ProblemDetails {
		mediaType = problemFormat().mediaType
		f.Detail = mustDescribe(reflect.TypeFor[Problem]())
		f.Invalid = f.Detail
	}
	f.MediaTypes = b.codecs.After(mediaType)
	b.format = f
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

// causes are the reasons why Candor itself may respond with an error to a request for an endpoint.
func (e *endpoint) causes() operation.Causes {
	return operation.Causes{
		Upgrades: e.upgrade != nil, Secure: slices.ContainsFunc(e.security, credentials.MayRefuse), Negotiates: e.response != nil && e.response.negotiated,
		ReadsBody: e.body != nil, ReadsRaw: e.body == nil && e.readsRaw(), Multipart: e.body != nil && e.body.plan.Accepts(mediatype.Multipart),
		Validates: e.canBeInvalid(), Timed: e.set.limit() > 0,
	}
}

// frameworkResponses returns the responses that Candor, or middleware, sends by itself.
func (e *endpoint) frameworkResponses() []ownResponse {
	var own []ownResponse
	for _, f := range e.causes().Failures() {
		own = append(own, ownResponse{f.Status, f.Description, e.ownErrors(f.Status)})
	}
	for _, r := range e.raised {
		if r.status >= http.StatusBadRequest {
			own = append(own, r)
		}
	}
	return own
}

// ownErrors are the errors with a status that Candor itself responds with, if they are known.
func (e *endpoint) ownErrors(status int) []*HTTPError {
	switch status {
	case http.StatusNotAcceptable:
		return []*HTTPError{e.response.notAcceptable()}
	case http.StatusRequestEntityTooLarge:
		return []*HTTPError{errTooLarge}
	case http.StatusUnsupportedMediaType:
		return []*HTTPError{e.body.refusal, errCompressed}
	case http.StatusGatewayTimeout:
		return []*HTTPError{Error(status, nil)}
	}
	return nil
}

// canBeInvalid reports whether requests for the endpoint can be refused with a 422.
func (e *endpoint) canBeInvalid() bool {
	in := e.route.input
	return len(e.params.Fields) > 0 || e.closed != nil || in != nil && (in.Body != nil || in.Members != nil || in.Form != nil)
}

// errors describes the error responses of an endpoint.
func (b *apiBuilder) errors(all *operation.Responses, e *endpoint, declared []operation.Declared) {
	from := operation.ErrorSources{
		Handlers: b.handlers(e.errorHandlers), Declared: declared, Layers: b.declared(e.declared), Types: e.raisedTypes,
	}
	for _, own := range e.frameworkResponses() {
		from.Own = append(from.Own, b.failure(own.status, own.doc, own.errs))
	}
	var invalid json.RawMessage
	if e.canBeInvalid() && !from.HandlesInvalid(&b.format) {
		if found := b.faultsShown(e); found != nil {
			invalid = b.bodyOf(found)
		}
	}
	b.format.Describe(all, &from, invalid)
	e.challenged(all)
}

// failure describes the response to errors, with their bodies as examples.
func (b *apiBuilder) failure(status int, doc string, errs []*HTTPError) operation.Failure {
	f := operation.Failure{Status: status, Description: doc}
	for _, err := range errs {
		f.Errors = append(f.Errors, operation.SentError{Status: err.status, Header: err.header, Body: b.bodyOf(err)})
	}
	return f
}

// declared describes the responses that options declare. Those whose type does not match the status were reported when
// the app was sealed.
func (b *apiBuilder) declared(responses []declaredBody) []operation.Declared {
	var all []operation.Declared
	for _, r := range responses {
		d := operation.Declared{Failure: b.failure(r.status, r.doc, r.errs)}
		if r.body != nil {
			p, err := declaredResponse(r.body, r.status)
			if err != nil {
				continue
			}
			d.Reply = b.reply(p)
		}
		all = append(all, d)
	}
	return all
}

// handlers describes error handlers, each once for all operations.
func (b *apiBuilder) handlers(order []*errorHandler) []*operation.ErrorHandler {
	var all []*operation.ErrorHandler
	for _, c := range order {
		if b.described[c] == nil {
			b.described[c] = &operation.ErrorHandler{
				Type: c.errorType, Status: c.status, Statuses: c.fixedStatuses(), Description: c.set.statusDoc,
				Reply: b.reply(c.plan), Declared: b.declared(c.set.responses),
			}
		}
		all = append(all, b.described[c])
	}
	return all
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
