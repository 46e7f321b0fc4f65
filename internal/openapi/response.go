package openapi

import (
	"bytes"
	"net/http"
	"reflect"
	"slices"
	"strings"

	"github.com/getkin/kin-openapi/openapi3"

	"github.com/candor-go/candor/internal/mediatype"
	"github.com/candor-go/candor/internal/operation"
	"github.com/candor-go/candor/internal/schema"
	"github.com/candor-go/candor/internal/typeinfo"
)

// responses returns the responses of an operation.
func (w *writer) responses(all *operation.Responses) *openapi3.Responses {
	out := openapi3.NewResponsesWithCapacity(len(all.All))
	for _, r := range all.All {
		out.Set(mediatype.StatusKey(r.Status), &openapi3.ResponseRef{Value: w.response(r)})
	}
	return out
}

func (w *writer) response(r *operation.Response) *openapi3.Response {
	out := &openapi3.Response{Description: &r.Description}
	for _, h := range r.Headers {
		if out.Headers == nil {
			out.Headers = openapi3.Headers{}
		}
		out.Headers[h.Name] = &openapi3.HeaderRef{Value: &openapi3.Header{Parameter: w.header(h)}}
	}
	for i := range r.Content {
		if out.Content == nil {
			out.Content = openapi3.Content{}
		}
		out.Content[r.Content[i].Type] = w.content(&r.Content[i])
	}
	for _, l := range r.Links {
		if out.Links == nil {
			out.Links = openapi3.Links{}
		}
		out.Links[l.Name] = &openapi3.LinkRef{Value: link(l)}
	}
	return out
}

// header writes a header. Set-Cookie lists the possible cookies, because one header stands for the lines of all of
// them.
func (w *writer) header(h operation.Header) openapi3.Parameter {
	out := openapi3.Parameter{Required: h.Required, Description: h.Description}
	switch {
	case h.Field != nil:
		out.Description, out.Deprecated = w.components.Doc(h.Field), h.Field.Deprecated
		out.Schema = w.components.Field(h.Field, schema.Out)
		return out
	case len(h.Cookies) > 0:
		out.Description = w.cookies(h)
		out.Extensions = map[string]any{mediatype.CookiesExtension: w.cookieSchemas(h)}
	}
	// No field has its schema: it is sent by middleware or Candor itself, or sets cookies.
	s := openapi3.NewStringSchema()
	if h.Type == "integer" {
		s = openapi3.NewIntegerSchema()
	}
	s.Format = h.Format
	out.Schema = openapi3.NewSchemaRef("", s)
	return out
}

func (w *writer) cookies(h operation.Header) string {
	var all []string
	for _, f := range h.Cookies {
		text := f.Name
		if doc := w.components.Doc(f); doc != "" {
			text += " (" + doc + ")"
		}
		all = append(all, text)
	}
	return "Sets " + strings.Join(all, ", ")
}

// cookieSchemas returns the schemas of cookie values. In 3.1 a header cannot describe several lines with a value each.
func (w *writer) cookieSchemas(h operation.Header) map[string]any {
	all := map[string]any{}
	for _, f := range h.Cookies {
		all[f.Name] = openapi3.NewSchemaRef("", openapi3.NewStringSchema())
		if !isWholeCookie(f) {
			all[f.Name] = w.components.Field(f, schema.Out)
		}
	}
	return all
}

// isWholeCookie reports whether a cookie is set with its attributes; its value is any text.
func isWholeCookie(f *typeinfo.Field) bool {
	return f.Type.Go == reflect.TypeFor[http.Cookie]() || f.Type.Go == reflect.TypeFor[*http.Cookie]()
}

// content returns a body in one media type. Items are shown only if the body is exactly one sequence.
func (w *writer) content(c *operation.Content) *openapi3.MediaType {
	var media *openapi3.MediaType
	for _, v := range c.Values {
		s := w.value(v, "")
		if media == nil {
			// The first one may be a sequence, which shows its items as long as it stays alone.
			media = w.mediaType(s, schema.Out)
			continue
		}
		media = &openapi3.MediaType{Schema: either(media.Schema, s)}
	}
	media.Examples = examples(c.Examples)
	return media
}

func examples(all []operation.Example) openapi3.Examples {
	if len(all) == 0 {
		return nil
	}
	out := openapi3.Examples{}
	for _, x := range all {
		out[x.Name] = &openapi3.ExampleRef{Value: &openapi3.Example{Summary: x.Summary, Value: x.Value}}
	}
	return out
}

func link(l operation.Link) *openapi3.Link {
	out := &openapi3.Link{OperationID: l.OperationID, Description: l.Description}
	for name, value := range l.Parameters {
		if out.Parameters == nil {
			out.Parameters = map[string]any{}
		}
		out.Parameters[name] = value
	}
	if l.RequestBody != "" {
		out.RequestBody = l.RequestBody
	}
	return out
}

// either returns a schema that allows both.
func either(a, b *openapi3.SchemaRef) *openapi3.SchemaRef {
	alternatives := openapi3.SchemaRefs{a}
	if a.Ref == "" && len(a.Value.AnyOf) > 0 && len(a.Value.Type.Slice()) == 0 {
		// A list of alternatives is extended instead of nested. It is cloned, because a may be shared.
		alternatives = slices.Clone(a.Value.AnyOf)
	}
	// A duplicate alternative would add nothing.
	if slices.ContainsFunc(alternatives, func(s *openapi3.SchemaRef) bool { return s.Ref != "" && s.Ref == b.Ref || sameSchema(s, b) }) {
		return a
	}
	return openapi3.NewSchemaRef("", &openapi3.Schema{AnyOf: append(alternatives, b)})
}

// sameSchema compares schemas by their JSON.
func sameSchema(a, b *openapi3.SchemaRef) bool {
	// Compared as text, because equal schemas may have different pointers.
	left, leftErr := a.MarshalJSON()
	right, rightErr := b.MarshalJSON()
	return leftErr == nil && rightErr == nil && bytes.Equal(left, right)
}
