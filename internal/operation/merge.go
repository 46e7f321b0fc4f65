package operation

import (
	"bytes"
	"encoding/json"
	"slices"
	"sort"
	"strconv"
	"strings"

	"github.com/candor-go/candor/internal/mediatype"
)

// Merge adds a response to the others. If a status has several bodies, any of them may be sent.
func (r *Responses) Merge(more *Response) {
	known := r.To(more.Status)
	if known == nil {
		r.Set(more)
		return
	}
	if doc := more.Description; doc != mediatype.Reason(more.Status) && !slices.Contains(strings.Split(known.Description, "; "), doc) {
		known.Description += "; " + doc
	}
	for _, c := range more.Content {
		if has := known.In(c.Type); has != nil {
			has.Values = append(has.Values, c.Values...)
			has.mergeExamples(c.Examples, more.Status)
		} else {
			known.Content = append(known.Content, c)
		}
	}
	known.mergeHeaders(more)
}

// mergeHeaders adds headers; one that not every response of the status has is not required.
func (r *Response) mergeHeaders(more *Response) {
	known := slices.Clone(r.Headers)
	for i := range r.Headers {
		r.Headers[i].Required = r.Headers[i].Required && more.Header(r.Headers[i].Name) != nil
	}
	for _, h := range more.Headers {
		if !slices.ContainsFunc(known, func(k Header) bool { return k.Name == h.Name }) {
			h.Required = false
			r.Put(h)
		}
	}
}

// mergeExamples adds the examples of another response, in the order of their names.
func (m *Media) mergeExamples(more []Example, status int) {
	m.Examples = slices.Clip(m.Examples) // responses may share the slice
	more = slices.Clone(more)
	sort.Slice(more, func(i, j int) bool { return more[i].Name < more[j].Name })
	for _, x := range more {
		m.showError(status, x)
	}
}

// ShowError adds the JSON of an error to the examples of a response.
func (r *Response) ShowError(body json.RawMessage) {
	for i := range r.Content {
		// The example is JSON; codecs have media types of their own.
		if mediatype.IsJSON(r.Content[i].Type) {
			r.Content[i].showError(r.Status, Example{Value: body})
		}
	}
}

// exampleName makes a name of the text of a status.
var exampleName = strings.NewReplacer(" ", "_", "'", "", "-", "_")

// showError adds an example named after its status. Duplicates are dropped.
func (m *Media) showError(status int, x Example) {
	plain := exampleName.Replace(strings.ToLower(mediatype.Reason(status)))
	x.Name = plain
	for n := 2; ; n++ {
		known := m.Example(x.Name)
		if known == nil {
			m.Examples = append(m.Examples, x)
			return
		}
		if bytes.Equal(known.Value, x.Value) {
			return
		}
		x.Name = plain + "_" + strconv.Itoa(n)
	}
}
