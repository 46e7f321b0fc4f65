package operation

import (
	"cmp"
	"net/http"
	"slices"
	"strings"

	"github.com/candor-go/candor/internal/mediatype"
)

// Responses are the responses of an operation, one for each status. Its own comes first.
type Responses struct{ All []*Response }

// To returns the response for exactly this status, nil if there is none.
func (r *Responses) To(status int) *Response {
	for _, response := range r.All {
		if response.Status == status {
			return response
		}
	}
	return nil
}

// Covers reports whether there is a response for the status or its range.
func (r *Responses) Covers(status int) bool {
	return r.To(status) != nil || r.To(status/100*1000) != nil
}

// Set adds a response, or replaces the one with the same status.
func (r *Responses) Set(response *Response) {
	for i, other := range r.All {
		if other.Status == response.Status {
			r.All[i] = response
			return
		}
	}
	r.All = append(r.All, response)
}

// NewResponse returns a response without headers and bodies. If it has no description, the status describes it.
func NewResponse(status int, description string) *Response {
	return &Response{Status: status, Description: cmp.Or(description, http.StatusText(status), rangeText(status))}
}

// rangeText describes a range of statuses.
func rangeText(status int) string {
	if status == mediatype.StatusDefault {
		return "Any other response"
	}
	return "Status " + mediatype.StatusKey(status)
}

// In returns the content in a media type, nil if there is none.
func (r *Response) In(mediaType string) *Content {
	for i := range r.Content {
		if r.Content[i].Type == mediaType {
			return &r.Content[i]
		}
	}
	return nil
}

// Header returns the header with exactly this name, nil if there is none.
func (r *Response) Header(name string) *Header {
	for i := range r.Headers {
		if r.Headers[i].Name == name {
			return &r.Headers[i]
		}
	}
	return nil
}

// Put adds a header, or replaces the one with the same name, ignoring case.
func (r *Response) Put(h Header) {
	r.Headers = slices.DeleteFunc(r.Headers, func(other Header) bool { return strings.EqualFold(other.Name, h.Name) })
	r.Headers = append(r.Headers, h)
}

// Example returns the example with a name, nil if there is none.
func (m *Media) Example(name string) *Example {
	for i := range m.Examples {
		if m.Examples[i].Name == name {
			return &m.Examples[i]
		}
	}
	return nil
}

// Show adds an example, or replaces the one with the same name.
func (m *Media) Show(x Example) {
	if known := m.Example(x.Name); known != nil {
		*known = x
		return
	}
	m.Examples = append(m.Examples, x)
}

// Show adds an example of the request body, for the status 0, or of a response, in the media types that can show it.
func (op *Operation) Show(status int, x Example) {
	if status == 0 && op.Body != nil {
		for i := range op.Body.Media {
			op.Body.Media[i].showText(x)
		}
	}
	if r := op.Responses.To(status); r != nil {
		for i := range r.Content {
			r.Content[i].showText(x)
		}
	}
}

// showText adds an example unless the media type is one of bytes.
func (m *Media) showText(x Example) {
	if mediatype.IsJSON(m.Type) || strings.HasPrefix(m.Type, mediatype.Form) || strings.HasPrefix(m.Type, mediatype.Multipart) {
		m.Show(x)
	}
}
