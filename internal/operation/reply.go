package operation

import (
	"net/http"

	"github.com/candor-go/candor/internal/mediatype"
	"github.com/candor-go/candor/internal/typeinfo"
)

// Reply is what the responses of a type have in common, whatever their statuses.
type Reply struct {
	// Output is the type, with the headers and cookies of an envelope.
	Output *typeinfo.Output
	// Value is the body; Media are its media types, and Headers are further headers of responses with one.
	Value   Value
	Media   []string
	Headers []Header
	// Failure is the data of the event that reports an error of a stream.
	Failure *typeinfo.Type
}

// To returns the response with a status.
func (p *Reply) To(status int, description string) *Response {
	r := NewResponse(status, description)
	r.Headers = p.HeadersOf(status)
	if mediatype.BodyAllowed(status) {
		r.Content = p.Content()
	}
	return r
}

// Content describes the body in each of its media types.
func (p *Reply) Content() []Content {
	r := &Response{}
	for _, mediaType := range p.Media {
		if bare := mediatype.Bare(mediaType); r.In(bare) == nil {
			r.Content = append(r.Content, p.ContentIn(bare))
		}
	}
	return r.Content
}

// ContentIn describes the body in one media type. A raw body may be anything if that is JSON.
func (p *Reply) ContentIn(mediaType string) Content {
	v := p.Value
	v.Use = Out
	switch v.Kind {
	case Text, Bytes:
		if mediatype.IsJSON(mediaType) {
			v.Kind = Any
		}
	case Events:
		v.Failure = p.Failure
	}
	return Content{Media: Media{Type: mediaType}, Values: []Value{v}}
}

// HeadersOf describes the headers of the responses with a status.
func (p *Reply) HeadersOf(status int) []Header {
	r := &Response{}
	if mediatype.BodyAllowed(status) {
		for _, h := range p.Headers {
			r.Put(h)
		}
	}
	for _, f := range p.Output.Headers {
		// In OpenAPI the media type is part of the content.
		if !f.Hidden && http.CanonicalHeaderKey(f.Name) != "Content-Type" {
			r.Put(Header{Name: f.Name, Field: f, Required: f.IsAlwaysSent()})
		}
	}
	var cookies []*typeinfo.Field
	for _, f := range p.Output.Cookies {
		if !f.Hidden {
			cookies = append(cookies, f)
		}
	}
	if len(cookies) > 0 {
		r.Put(Header{Name: "Set-Cookie", Cookies: cookies})
	}
	return r.Headers
}
