package candor

import (
	"cmp"
	"net/http"
	"slices"
	"strings"

	"github.com/candor-go/candor/internal/mediatype"
	"github.com/candor-go/candor/internal/operation"
	"github.com/candor-go/candor/internal/typeinfo"
)

// responsesKey is what the responses of an endpoint depend on if [endpoint.respondsPlainly] is true.
type responsesKey struct {
	response *responsePlan
	causes   ownCauses
	// shown identifies the examples of errors that depend on the endpoint.
	shown string
}

// respondsPlainly reports whether the responses of an endpoint depend only on its type, status, media types and
// Candor's own responses.
func (e *endpoint) respondsPlainly() bool {
	return e.response != nil && e.response.kind.additional == nil && e.upgrade == nil && e.webhook == nil &&
		e.set.statusDoc == "" && len(e.set.examples)+len(e.set.links) == 0 &&
		len(e.set.responses)+len(e.raised)+len(e.declared)+len(e.added)+len(e.errorHandlers) == 0
}

// responsesOf returns the responses of an endpoint, described once for all endpoints with the same ones.
func (b *apiBuilder) responsesOf(e *endpoint) *operation.Responses {
	// Everything else depends on options of the endpoint that are not part of the key.
	if !e.respondsPlainly() {
		return b.describeResponses(e)
	}
	key := responsesKey{e.response, e.ownCauses(), b.shownTo(e)}
	if b.responses[key] == nil {
		b.responses[key] = b.describeResponses(e)
	}
	return b.responses[key]
}

// describeResponses describes the responses of an endpoint: its own, the declared ones, and those that Candor sends by
// itself.
func (b *apiBuilder) describeResponses(e *endpoint) *operation.Responses {
	all := &operation.Responses{}
	if e.response != nil {
		b.ownResponses(all, e)
	} else if len(e.set.responses) == 0 || e.set.status != 0 {
		// A plain handler may write anything, so a 200 is documented until something is declared.
		all.Set(newResponse(cmp.Or(e.set.status, http.StatusOK), e.set.statusDoc))
	}
	for _, r := range e.set.responses {
		if r.body == nil {
			continue
		}
		// A declared response replaces the handler's own of that status; errors are added to it.
		if p, err := declaredResponse(r.body, r.status); err == nil {
			all.Set(b.response(p, r.status, r.doc))
		}
	}
	if e.webhook != nil {
		return all // errors are those of this API, not of the receiver
	}
	b.errors(all, e)
	e.addMiddleware(all)
	return all
}

// ownResponses describes the responses of an endpoint's handler.
func (b *apiBuilder) ownResponses(all *operation.Responses, e *endpoint) {
	p := e.response
	doc := e.set.statusDoc
	if p.desc.Status != nil && len(p.statuses) == 1 {
		doc = p.desc.Status.Doc
	}
	for _, status := range p.statuses {
		all.Set(b.response(p, status, doc))
	}
	if p.kind.additional == nil {
		return
	}
	for _, additional := range p.kind.additional(e.method, p.statuses) {
		if all.To(additional.status) == nil {
			b.additional(all, e, additional)
		}
	}
}

// additional describes the responses that a kind of body sends by itself.
func (b *apiBuilder) additional(all *operation.Responses, e *endpoint, f additionalResponse) {
	p := e.response
	if f.isError {
		b.failure(all, e.errorHandlers, httpErrorType(), ownResponse{status: f.status, doc: f.doc})
	} else {
		all.Set(newResponse(f.status, f.doc))
	}
	r := all.To(f.status)
	if r == nil { // an error handler uses another status
		return
	}
	if f.hasBody || f.hasHeader {
		r.Headers = headersOf(p, http.StatusOK)
	}
	if f.hasBody {
		parts := "multipart/byteranges"
		r.Content = append(b.content(p), operation.Content{Media: operation.Media{Type: parts}, Values: []operation.Value{b.valueIn(p, parts)}})
	}
	for _, h := range f.header {
		r.Put(h)
	}
}

func newResponse(status int, doc string) *operation.Response {
	return &operation.Response{Status: status, Description: cmp.Or(doc, http.StatusText(status), rangeText(status))}
}

// rangeText describes a range of statuses.
func rangeText(status int) string {
	if status == StatusDefault {
		return "Any other response"
	}
	return "Status " + mediatype.StatusKey(status)
}

// response describes the response of a plan with one status.
func (b *apiBuilder) response(p *responsePlan, status int, doc string) *operation.Response {
	r := newResponse(status, doc)
	r.Headers = headersOf(p, status)
	if mediatype.BodyAllowed(status) {
		r.Content = b.content(p)
	}
	return r
}

// content describes the body of a response in each of its media types.
func (b *apiBuilder) content(p *responsePlan) []operation.Content {
	r := &operation.Response{}
	for _, mediaType := range p.media {
		if bare := mediatype.Bare(mediaType); r.In(bare) == nil {
			r.Content = append(r.Content, operation.Content{Media: operation.Media{Type: bare}, Values: []operation.Value{b.valueIn(p, mediaType)}})
		}
	}
	return r.Content
}

// valueIn describes the body in one media type. A raw body may be anything if its media type is JSON.
func (b *apiBuilder) valueIn(p *responsePlan, mediaType string) operation.Value {
	v := p.kind.value
	v.Use = operation.Out
	switch v.Kind {
	case operation.Text, operation.Bytes:
		if mediatype.IsJSON(mediaType) {
			v.Kind = operation.Any
		}
	case operation.Events:
		v.Failure = b.errorType()
	}
	return v
}

// headersOf returns the headers of the envelope and of the kind of body.
func headersOf(p *responsePlan, status int) []operation.Header {
	r := &operation.Response{}
	if mediatype.BodyAllowed(status) {
		for _, h := range p.kind.header {
			r.Put(h)
		}
	}
	for _, f := range p.desc.Headers {
		// In OpenAPI the media type is part of the content.
		if !f.Hidden && !isContentType(f) {
			r.Put(operation.Header{Name: f.Name, Field: f, Required: isAlwaysSent(f)})
		}
	}
	if cookies := slices.DeleteFunc(slices.Clone(p.desc.Cookies), func(f *typeinfo.Field) bool { return f.Hidden }); len(cookies) > 0 {
		r.Put(operation.Header{Name: "Set-Cookie", Cookies: cookies})
	}
	return r.Headers
}

// isAlwaysSent reports whether the header of an envelope is in every response: an empty list, and a null, sends no line.
func isAlwaysSent(f *typeinfo.Field) bool {
	return f.Required && f.Type.Kind != typeinfo.Slice && f.Type.Kind != typeinfo.Nullable
}

// merge adds a response to the others. If a status has several bodies, any of them may be sent.
func merge(all *operation.Responses, more *operation.Response) {
	r := all.To(more.Status)
	if r == nil {
		all.Set(more)
		return
	}
	if doc := more.Description; doc != reason(more.Status) && !slices.Contains(strings.Split(r.Description, "; "), doc) {
		r.Description += "; " + doc
	}
	for _, c := range more.Content {
		if has := r.In(c.Type); has != nil {
			has.Values = append(has.Values, c.Values...)
			mergeExamples(has, c.Examples, more.Status)
		} else {
			r.Content = append(r.Content, c)
		}
	}
	mergeHeaders(r, more)
}

// mergeHeaders adds headers; one that not every response of the status has is not required.
func mergeHeaders(r, more *operation.Response) {
	known := slices.Clone(r.Headers)
	for i := range r.Headers {
		r.Headers[i].Required = r.Headers[i].Required && more.Header(r.Headers[i].Name) != nil
	}
	for _, h := range more.Headers {
		if !slices.ContainsFunc(known, func(k operation.Header) bool { return k.Name == h.Name }) {
			h.Required = false
			r.Put(h)
		}
	}
}

// addMiddleware describes the responses without a body that middleware sends, and the headers that it adds.
func (e *endpoint) addMiddleware(all *operation.Responses) {
	for _, r := range e.raised {
		if r.status < http.StatusBadRequest && !isDeclared(all, r.status) {
			all.Set(newResponse(r.status, r.doc))
		}
	}
	for _, h := range e.added {
		for _, r := range all.All {
			if !mediatype.IsRange(r.Status) && (h.to == nil || h.to(r.Status)) {
				r.Put(h.Header)
			}
		}
	}
}

// isDeclared reports whether a response is declared for a status or its range, which also covers those of middleware.
func isDeclared(all *operation.Responses, status int) bool {
	return all.To(status) != nil || all.To(status/100*1000) != nil
}
