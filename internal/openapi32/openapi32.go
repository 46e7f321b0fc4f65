// Package openapi32 converts an OpenAPI 3.1 document to 3.2. It converts the finished document, so a user's edits are
// kept, and it knows nothing about operations and types.
//
// The newer version has more keywords, which replace extensions and workarounds:
//
//   - the items of JSON Lines and of event streams are the itemSchema of their media type. There is no schema beside
//     it, which in 3.2 would be that of the whole body as a list
//   - operations of the method QUERY stand below query, those of methods that OpenAPI has no field for below
//     additionalOperations
//   - cookies have the style cookie: no character of theirs is percent-encoded
//   - a header Set-Cookie is an object whose members are cookies
//   - examples are data, with the text that is sent where that is no JSON
//   - content that stands in several places is a component, to which they refer
//   - the first of several sentences about a response is its summary
package openapi32

import (
	"cmp"
	"strings"

	"github.com/candor-go/candor/internal/doctree"
	"github.com/candor-go/candor/internal/mediatype"
)

// Version is the version of the documents that Convert makes.
const Version = "3.2.0"

// Convert makes the document of a 3.1 document, which it leaves as it is.
func Convert(doc *doctree.Value) *doctree.Value {
	c := &converter{}
	out := c.convert(doc, "document")
	c.shareContent(out)
	return out
}

type converter struct {
	// content are the media types in the new document.
	content []position
}

// names are the fields of 3.2 for which 3.1 has extensions, by the kind of their
// object.
var names = map[string]map[string]string{
	"mediaType":      {"x-itemSchema": "itemSchema"},
	"pathItem":       {"x-query": "query", "x-additionalOperations": "additionalOperations"},
	"tag":            {"x-displayName": "summary", "x-parent": "parent", "x-kind": "kind"},
	"server":         {"x-name": "name"},
	"securityScheme": {"x-oauth2MetadataUrl": "oauth2MetadataUrl", "x-deprecated": "deprecated"},
	"flows":          {"x-deviceAuthorization": "deviceAuthorization"},
	"schema":         {"x-discriminator": "discriminator"},
}

// grammar says, by the kind of an object, which of its fields hold what changes:
// an object of a kind, "[]" before it a list and "{}" a map of such. Every other
// field stays as it is.
var grammar = map[string]map[string]string{
	"document": {
		"openapi": "version", "servers": "[]server", "paths": "{}pathItem", "webhooks": "{}pathItem", "components": "components", "tags": "[]tag",
	},
	"components": {
		"schemas": "{}schema", "responses": "{}response", "parameters": "{}parameter", "requestBodies": "{}requestBody",
		"headers": "{}header", "securitySchemes": "{}securityScheme", "links": "{}link", "callbacks": "{}callback", "pathItems": "{}pathItem",
	},
	"pathItem": {
		"servers": "[]server", "parameters": "[]parameter", "get": "operation", "put": "operation", "post": "operation",
		"delete": "operation", "options": "operation", "head": "operation", "patch": "operation", "trace": "operation",
		"query": "operation", "additionalOperations": "{}operation",
	},
	"operation": {
		"parameters": "[]parameter", "requestBody": "requestBody", "responses": "{}response", "callbacks": "{}callback", "servers": "[]server",
	},
	"callback":       {},
	"parameter":      {"schema": "schema", "content": "content"},
	"header":         {"schema": "schema", "content": "content"},
	"requestBody":    {"content": "content"},
	"response":       {"headers": "{}header", "content": "content", "links": "{}link"},
	"link":           {"server": "server"},
	"mediaType":      {"schema": "schema", "itemSchema": "schema", "encoding": "{}encoding"},
	"encoding":       {"headers": "{}header"},
	"securityScheme": {"flows": "flows"},
	"schema": {
		"allOf": "[]schema", "anyOf": "[]schema", "oneOf": "[]schema", "prefixItems": "[]schema",
		"properties": "{}schema", "patternProperties": "{}schema", "dependentSchemas": "{}schema", "$defs": "{}schema",
		"not": "schema", "if": "schema", "then": "schema", "else": "schema", "items": "schema", "contains": "schema",
		"additionalProperties": "schema", "unevaluatedProperties": "schema", "unevaluatedItems": "schema", "propertyNames": "schema",
		"contentSchema": "schema",
	},
}

// convert makes a value of a kind.
func (c *converter) convert(v *doctree.Value, kind string) *doctree.Value {
	if inner, ok := strings.CutPrefix(kind, "[]"); ok {
		return c.list(v, inner)
	}
	if inner, ok := strings.CutPrefix(kind, "{}"); ok {
		return c.mapOf(v, inner)
	}
	switch kind {
	case "":
		return v
	case "version":
		return doctree.String(Version)
	case "content":
		return c.contentOf(v)
	case "callback":
		return c.mapOf(v, "pathItem")
	}
	// A schema may be a boolean, which has no fields.
	if v.Kind != '{' {
		return v
	}
	out := c.object(v, kind)
	switch kind {
	case "parameter":
		finishParameter(out)
	case "header":
		finishHeader(out)
	case "response":
		finishResponse(out)
	}
	return out
}

func (c *converter) list(v *doctree.Value, kind string) *doctree.Value {
	out := doctree.Array()
	for _, item := range v.Items {
		out.Items = append(out.Items, c.convert(item, kind))
	}
	return out
}

// mapOf converts the values of a map with user-defined keys. Extensions in it have no special meaning.
func (c *converter) mapOf(v *doctree.Value, kind string) *doctree.Value {
	out := doctree.Object()
	for _, m := range v.Members {
		// A member of a schema may be called as it likes.
		if kind == "schema" || !strings.HasPrefix(m.Name, "x-") {
			m.Value = c.convert(m.Value, kind)
		}
		out.Members = append(out.Members, m)
	}
	return out
}

// object gives the fields their names of 3.2, and converts what they hold.
func (c *converter) object(v *doctree.Value, kind string) *doctree.Value {
	out := doctree.Object()
	for _, m := range v.Members {
		name := cmp.Or(names[kind][m.Name], m.Name)
		// Who has edited the field of 3.2 into the document knows why.
		if name != m.Name && v.Get(name) != nil {
			continue
		}
		out.Members = append(out.Members, doctree.Member{Name: name, Value: c.convert(m.Value, grammar[kind][name])})
	}
	return out
}

// finishParameter says how the value of a cookie is sent: as it is. The style form of
// 3.1 would have clients percent-encode it.
func finishParameter(out *doctree.Value) {
	if in := out.Get("in"); in != nil && in.Text == "cookie" && out.Get("schema") != nil {
		out.Set("style", doctree.String("cookie"))
	}
	showParameter(out)
}

// finishHeader makes an object of a header Set-Cookie. Every member of it is a
// line of the response.
func finishHeader(out *doctree.Value) {
	cookies := out.Get(mediatype.CookiesExtension)
	if cookies == nil || out.Get("schema") == nil {
		showHeader(out)
		return
	}
	out.Delete(mediatype.CookiesExtension)
	out.Set("schema", doctree.Object(
		doctree.Member{Name: "type", Value: doctree.String("object")},
		doctree.Member{Name: "properties", Value: cookies},
	))
	out.Set("style", doctree.String("simple"))
	out.Set("explode", doctree.Bool(true))
}

// finishResponse makes a summary of the first of several sentences: one alone says
// nothing that the description does not.
func finishResponse(out *doctree.Value) {
	description := out.Get("description")
	if description == nil || out.Get("summary") != nil {
		return
	}
	first, rest, found := strings.Cut(description.Text, ". ")
	if found && strings.TrimSpace(rest) != "" && !strings.Contains(first, "\n") {
		out.Members = append([]doctree.Member{{Name: "summary", Value: doctree.String(first)}}, out.Members...)
	}
}
