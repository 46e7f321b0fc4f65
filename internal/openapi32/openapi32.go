// Package openapi32 converts an OpenAPI 3.1 document to 3.2. It converts the finished document, so a user's edits are
// kept, and it knows nothing about operations and types.
//
// The newer version has more keywords, which replace extensions and workarounds:
//
//   - the items of JSON Lines and event streams become the itemSchema of their media type. There is no schema beside it,
//     which in 3.2 would describe the whole body as a list
//   - operations with the method QUERY move to query, those with methods that OpenAPI has no field for to
//     additionalOperations
//   - cookies have the style cookie: their characters are not percent-encoded
//   - a header Set-Cookie is an object whose members are cookies
//   - examples are data, with the text that is sent unless it is JSON
//   - content that occurs several times becomes a component, and is replaced by references
//   - the first of several sentences about a response becomes its summary
package openapi32

import (
	"cmp"
	"strings"

	"github.com/candor-go/candor/internal/doctree"
	"github.com/candor-go/candor/internal/mediatype"
)

// Version is the OpenAPI version of converted documents.
const Version = "3.2.0"

// Convert converts a document of version 3.1, which is not modified.
func Convert(doc *doctree.Value) *doctree.Value {
	c := &converter{}
	out := c.convert(doc, "document")
	c.shareContent(out)
	return out
}

type converter struct {
	// content are the media types of the new document.
	content []position
}

// names are fields of 3.2 that replace extensions of 3.1, by kind of object.
var names = map[string]map[string]string{
	"mediaType":      {"x-itemSchema": "itemSchema"},
	"pathItem":       {"x-query": "query", "x-additionalOperations": "additionalOperations"},
	"tag":            {"x-displayName": "summary", "x-parent": "parent", "x-kind": "kind"},
	"server":         {"x-name": "name"},
	"securityScheme": {"x-oauth2MetadataUrl": "oauth2MetadataUrl", "x-deprecated": "deprecated"},
	"flows":          {"x-deviceAuthorization": "deviceAuthorization"},
	"schema":         {"x-discriminator": "discriminator"},
}

// grammar lists the fields whose value is converted, by kind of object, with the kind of the value: "[]" before the kind
// means a list, "{}" a map. Other fields are copied.
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

// convert converts a value of a kind.
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
		// A property of a schema may have any name.
		if kind == "schema" || !strings.HasPrefix(m.Name, "x-") {
			m.Value = c.convert(m.Value, kind)
		}
		out.Members = append(out.Members, m)
	}
	return out
}

// object renames fields for 3.2 and converts their values.
func (c *converter) object(v *doctree.Value, kind string) *doctree.Value {
	out := doctree.Object()
	for _, m := range v.Members {
		name := cmp.Or(names[kind][m.Name], m.Name)
		// If the user has added the field of 3.2 to the document, it wins.
		if name != m.Name && v.Get(name) != nil {
			continue
		}
		out.Members = append(out.Members, doctree.Member{Name: name, Value: c.convert(m.Value, grammar[kind][name])})
	}
	return out
}

// finishParameter adds that cookie values are sent unescaped. With the style form of 3.1 clients would percent-encode them.
func finishParameter(out *doctree.Value) {
	if in := out.Get("in"); in != nil && in.Text == "cookie" && out.Get("schema") != nil {
		out.Set("style", doctree.String("cookie"))
	}
	showParameter(out)
}

// finishHeader makes a header Set-Cookie an object. Each of its members is a line of the response.
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

// finishResponse moves the first of several sentences to the summary. If there is only one, it would repeat the
// description.
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
