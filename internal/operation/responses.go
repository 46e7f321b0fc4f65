package operation

import (
	"slices"
	"strings"
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
