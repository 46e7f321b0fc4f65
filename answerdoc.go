package candor

import (
	"cmp"
	"net/http"
	"strings"

	"github.com/getkin/kin-openapi/openapi3"

	"github.com/candor-go/candor/internal/mediatype"
	"github.com/candor-go/candor/internal/schema"
	"github.com/candor-go/candor/internal/typeinfo"
)

// markAnswer tells the components which types an answer consists of.
func (d *documenter) markAnswer(out *typeinfo.Output) {
	if out == nil || d.marked[out] {
		return
	}
	d.marked[out] = true
	for _, f := range out.Headers {
		d.components.Mark(f.Type, schema.Out)
	}
	if out.Body != nil {
		kind := bodyKindOf(out.Body)
		d.components.Mark(kind.mark, schema.Out)
		if streamsEvents(kind) {
			d.components.Mark(d.errorType(), schema.Out)
		}
	}
}

// answers documents what an endpoint's own answer may be.
func (d *documenter) answers(all *openapi3.Responses, e *endpoint) {
	p := e.answer
	doc := e.set.statusDoc
	if p.desc.Status != nil && len(p.statuses) == 1 {
		doc = p.desc.Status.Doc
	}
	for _, status := range p.statuses {
		d.answer(all, p, status, doc)
	}
	if p.kind.further == nil {
		return
	}
	for _, further := range p.kind.further(e.method, p.statuses) {
		if responseTo(all, further.status) == nil {
			d.further(all, e, further)
		}
	}
}

// declared documents an answer that an option declares with its body.
func (d *documenter) declared(all *openapi3.Responses, r response) {
	p, err := declaredAnswer(r.body, r.status)
	if err != nil {
		return
	}
	d.answer(all, p, r.status, r.doc)
}

// answer documents one status of an answer.
func (d *documenter) answer(all *openapi3.Responses, p *answerPlan, status int, doc string) {
	r := d.respond(all, status, doc, nil)
	r.Headers = d.headers(p, status)
	if mediatype.BodyAllowed(status) {
		r.Content = d.content(p)
	}
}

// further documents what a kind of body answers by itself.
func (d *documenter) further(all *openapi3.Responses, e *endpoint, f furtherAnswer) {
	p := e.answer
	if f.isError {
		d.failure(all, e.catchers, httpErrorType, ownResponse{status: f.status, doc: f.doc})
	} else {
		d.respond(all, f.status, f.doc, nil)
	}
	there := responseTo(all, f.status)
	if there == nil { // a catcher answers with another status
		return
	}
	r := there.Value
	if f.hasBody || f.hasHeader {
		r.Headers = d.headers(p, http.StatusOK)
	}
	if f.hasBody {
		r.Content = d.content(p)
		parts := "multipart/byteranges"
		r.Content[parts] = &openapi3.MediaType{Schema: p.kind.schema(d.components, parts)}
	}
	for _, h := range f.header {
		put(&r.Headers, h.name, h.documented())
	}
}

// content is the body of an answer in each of its media types.
func (d *documenter) content(p *answerPlan) openapi3.Content {
	if len(p.media) == 0 {
		return nil
	}
	content := openapi3.Content{}
	for _, m := range p.media {
		s := p.kind.schema(d.components, m)
		if streamsEvents(p.kind) {
			s = withErrorEvent(s, d.components.Value(d.errorType(), nil, schema.Out))
		}
		content[mediatype.Bare(m)] = mediaTypeOf(s, d.components.Sample)
	}
	return content
}

// headers are those of the envelope and of the kind of body.
func (d *documenter) headers(p *answerPlan, status int) openapi3.Headers {
	var headers openapi3.Headers
	if mediatype.BodyAllowed(status) {
		for _, h := range p.kind.header {
			put(&headers, h.name, h.documented())
		}
	}
	for _, f := range p.desc.Headers {
		// OpenAPI has a media type stand with the content, not here.
		if !f.Hidden && !isContentType(f) {
			put(&headers, f.Name, d.header(f))
		}
	}
	if doc := d.cookieDoc(p.desc.Cookies); doc != "" {
		put(&headers, "Set-Cookie", documentedHeader{doc: doc, schema: openapi3.NewStringSchema()}.documented())
	}
	return headers
}

// put adds a header in the place of one of the same name.
func put(headers *openapi3.Headers, name string, h *openapi3.Header) {
	if *headers == nil {
		*headers = openapi3.Headers{}
	}
	for other := range *headers {
		if strings.EqualFold(other, name) {
			delete(*headers, other)
		}
	}
	(*headers)[name] = &openapi3.HeaderRef{Value: h}
}

func (h documentedHeader) documented() *openapi3.Header {
	return &openapi3.Header{Parameter: openapi3.Parameter{
		Description: h.doc, Required: h.required, Schema: openapi3.NewSchemaRef("", h.schema),
	}}
}

// header documents a field. A list without elements sends no line.
func (d *documenter) header(f *typeinfo.Field) *openapi3.Header {
	return &openapi3.Header{Parameter: openapi3.Parameter{
		Description: d.components.Doc(f), Deprecated: f.Deprecated, Schema: d.components.Field(f, schema.Out),
		Required: f.Required && f.Type.Kind != typeinfo.Slice,
	}}
}

// cookieDoc is what the one header Set-Cookie is about.
func (d *documenter) cookieDoc(cookies []*typeinfo.Field) string {
	var all []string
	for _, f := range cookies {
		if f.Hidden {
			continue
		}
		text := f.Name
		if doc := d.components.Doc(f); doc != "" {
			text += " (" + doc + ")"
		}
		all = append(all, text)
	}
	if len(all) == 0 {
		return ""
	}
	return "Sets " + strings.Join(all, ", ")
}

func (d *documenter) respond(all *openapi3.Responses, status int, doc string, body *openapi3.SchemaRef) *openapi3.Response {
	description := cmp.Or(doc, http.StatusText(status), rangeText(status))
	r := &openapi3.Response{Description: &description}
	if body != nil {
		r.Content = openapi3.Content{"application/json": {Schema: body}}
	}
	all.Set(mediatype.StatusKey(status), &openapi3.ResponseRef{Value: r})
	return r
}
