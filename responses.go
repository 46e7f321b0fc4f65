package candor

import (
	"cmp"
	"net/http"

	"github.com/candor-go/candor/internal/mediatype"
	"github.com/candor-go/candor/internal/operation"
)

// responsesKey is what the responses of an endpoint depend on if [endpoint.respondsPlainly] is true.
type responsesKey struct {
	response *responsePlan
	causes   operation.Causes
	// shown identifies the examples of errors that depend on the endpoint.
	shown string
}

// respondsPlainly reports whether the responses of an endpoint depend only on its type, status, media types and
// Candor's own responses.
func (e *endpoint) respondsPlainly() bool {
	return e.response != nil && e.response.kind.additional == nil && e.upgrade == nil && e.webhook == nil &&
		e.set.statusDoc == "" && len(e.set.annotations.Examples)+len(e.set.annotations.Links) == 0 &&
		len(e.set.responses)+len(e.raised)+len(e.declared)+len(e.added)+len(e.errorHandlers) == 0
}

// responsesOf returns the responses of an endpoint, described once for all endpoints with the same ones.
func (b *apiBuilder) responsesOf(e *endpoint) *operation.Responses {
	// Everything else depends on options of the endpoint that are not part of the key.
	if !e.respondsPlainly() {
		return b.describeResponses(e)
	}
	key := responsesKey{e.response, e.causes(), b.shownTo(e)}
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
		all.Set(operation.NewResponse(cmp.Or(e.set.status, http.StatusOK), e.set.statusDoc))
	}
	declared := b.declared(e.set.responses)
	for _, d := range declared {
		// A declared response replaces the handler's own of that status; errors are added to it.
		if d.Reply != nil {
			all.Set(d.Reply.To(d.Status, d.Description))
		}
	}
	if e.webhook != nil {
		return all // errors are those of this API, not of the receiver
	}
	b.errors(all, e, declared)
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
		all.Set(b.reply(p).To(status, doc))
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
	if f.isError {
		b.format.Add(all, b.handlers(e.errorHandlers), operation.Failure{Status: f.status, Description: f.doc})
	} else {
		all.Set(operation.NewResponse(f.status, f.doc))
	}
	r := all.To(f.status)
	if r == nil { // an error handler uses another status
		return
	}
	usual := b.reply(e.response)
	if f.hasBody || f.hasHeader {
		r.Headers = usual.HeadersOf(http.StatusOK)
	}
	if f.hasBody {
		r.Content = append(usual.Content(), usual.ContentIn("multipart/byteranges"))
	}
	for _, h := range f.header {
		r.Put(h)
	}
}

// reply returns what the responses of a plan have in common.
func (b *apiBuilder) reply(p *responsePlan) *operation.Reply {
	return &operation.Reply{Output: p.desc, Value: p.kind.value, Media: p.media, Headers: p.kind.header, Failure: b.format.Detail}
}

// addMiddleware describes the responses without a body that middleware sends, and the headers that it adds.
func (e *endpoint) addMiddleware(all *operation.Responses) {
	for _, r := range e.raised {
		if r.status < http.StatusBadRequest && !all.Covers(r.status) {
			all.Set(operation.NewResponse(r.status, r.doc))
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
