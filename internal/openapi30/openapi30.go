// Package openapi30 converts an OpenAPI 3.1 document to 3.0.3. It converts the finished document, so a user's edits are
// kept, and it knows nothing about operations and types.
//
// The older version has fewer keywords. If one is missing, the result is wider, never narrower: every value that the
// 3.1 schema accepts is accepted by the 3.0 schema too. The conversions are:
//
//   - a type with null becomes nullable, several types become anyOf; const becomes enum; of a schema's examples only the
//     first is kept
//   - an enum with null as alternative becomes one enum with null; any other reference with null stays an alternative,
//     because nullable beside a reference has no effect
//   - a keyword beside $ref is kept, and the reference moves to an allOf
//   - prefixItems becomes any of its schemas at any index
//   - contains, if, propertyNames, patternProperties, dependentRequired and unevaluatedProperties are removed, and so is
//     additionalProperties if it depends on them
//   - a not is removed if its schema became wider, and oneOf becomes anyOf: both would reject more values
//   - webhooks become x-webhooks, which the tools know
package openapi30

import (
	"slices"
	"strings"

	"github.com/candor-go/candor/internal/doctree"
	"github.com/candor-go/candor/internal/mediatype"
)

// Version is the OpenAPI version of converted documents.
const Version = "3.0.3"

// Convert converts a document of version 3.1, which is not modified.
func Convert(doc *doctree.Value) *doctree.Value {
	components := doc.Get("components")
	c := converter{schemes: components.Get("securitySchemes"), schemas: components.Get("schemas"), wider: map[string]bool{}}
	// Whether a component becomes wider can depend on other components, also in cycles.
	for known := -1; known < len(c.wider); {
		known = len(c.wider)
		c.judgeComponents()
	}
	return c.convert(doc, "document")
}

type converter struct {
	// schemes are the security schemes of the document.
	schemes *doctree.Value
	// schemas are its schema components.
	schemas *doctree.Value
	// wider names the components that accept more values than before.
	wider map[string]bool
}

func (c *converter) judgeComponents() {
	if c.schemas == nil {
		return
	}
	for _, m := range c.schemas.Members {
		if _, exact := c.schema(m.Value); !exact {
			c.wider[m.Name] = true
		}
	}
}

// grammar lists the fields that 3.0 has, by kind of object, with the kind of their value: empty if it is copied, with "[]"
// for a list and "{}" for a map. Other fields are removed, except extensions.
var grammar = map[string]map[string]string{
	"document": {
		"openapi": "version", "info": "info", "servers": "[]server", "paths": "{}pathItem", "components": "components",
		"security": "[]requirement", "tags": "[]tag", "externalDocs": "",
	},
	"info":    {"title": "", "description": "", "termsOfService": "", "contact": "", "license": "license", "version": ""},
	"license": {"name": "", "url": ""},
	"server":  {"url": "", "description": "", "variables": ""},
	"tag":     {"name": "", "description": "", "externalDocs": ""},
	"components": {
		"schemas": "{}schema", "responses": "{}response", "parameters": "{}parameter", "examples": "{}example",
		"requestBodies": "{}requestBody", "headers": "{}header", "securitySchemes": "{}securityScheme", "links": "{}link",
		"callbacks": "{}callback",
	},
	"pathItem": {
		"$ref": "", "summary": "", "description": "", "servers": "[]server", "parameters": "[]parameter",
		"get": "operation", "put": "operation", "post": "operation", "delete": "operation",
		"options": "operation", "head": "operation", "patch": "operation", "trace": "operation",
		mediatype.QueryExtension: "operation", mediatype.MethodsExtension: "{}operation",
	},
	"operation": {
		"tags": "", "summary": "", "description": "", "externalDocs": "", "operationId": "", "parameters": "[]parameter",
		"requestBody": "requestBody", "responses": "{}response", "callbacks": "{}callback", "deprecated": "",
		"security": "[]requirement", "servers": "[]server",
	},
	"parameter": {
		"name": "", "in": "", "description": "", "required": "", "deprecated": "", "allowEmptyValue": "", "style": "",
		"explode": "", "allowReserved": "", "schema": "schema", "example": "", "examples": "{}example", "content": "{}mediaType",
	},
	"header": {
		"description": "", "required": "", "deprecated": "", "allowEmptyValue": "", "style": "", "explode": "",
		"allowReserved": "", "schema": "schema", "example": "", "examples": "{}example", "content": "{}mediaType",
	},
	"requestBody": {"description": "", "content": "{}mediaType", "required": ""},
	"mediaType":   {"schema": "schema", "x-itemSchema": "schema", "example": "", "examples": "{}example", "encoding": "{}encoding"},
	"encoding":    {"contentType": "", "headers": "{}header", "style": "", "explode": "", "allowReserved": ""},
	"response":    {"description": "", "headers": "{}header", "content": "{}mediaType", "links": "{}link"},
	"example":     {"summary": "", "description": "", "value": "", "externalValue": ""},
	"link": {
		"operationRef": "", "operationId": "", "parameters": "", "requestBody": "", "description": "", "server": "server",
	},
	"securityScheme": {
		"type": "", "description": "", "name": "", "in": "", "scheme": "", "bearerFormat": "", "flows": "", "openIdConnectUrl": "",
	},
}

// convert converts an object of a kind.
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
	case "schema":
		s, _ := c.schema(v)
		return s
	case "callback":
		return c.orReference(v, func() *doctree.Value { return c.mapOf(v, "pathItem") })
	case "requirement":
		return c.requirement(v)
	}
	return c.orReference(v, func() *doctree.Value { return c.object(v, kind) })
}

// orReference keeps a reference, without the siblings that 3.0 does not allow. In a path item, $ref is an ordinary field.
func (c *converter) orReference(v *doctree.Value, convert func() *doctree.Value) *doctree.Value {
	if ref := v.Get("$ref"); ref != nil && !isPathItem(v) {
		return doctree.Object(doctree.Member{Name: "$ref", Value: ref})
	}
	return convert()
}

func isPathItem(v *doctree.Value) bool {
	return slices.ContainsFunc(v.Members, func(m doctree.Member) bool { return grammar["pathItem"][m.Name] == "operation" })
}

func (c *converter) list(v *doctree.Value, kind string) *doctree.Value {
	out := doctree.Array()
	for _, item := range v.Items {
		out.Items = append(out.Items, c.convert(item, kind))
	}
	return out
}

func (c *converter) mapOf(v *doctree.Value, kind string) *doctree.Value {
	out := doctree.Object()
	for _, m := range v.Members {
		switch {
		case isExtension(m.Name):
			out.Members = append(out.Members, m)
		// requirement also removes it from security requirements.
		case kind == "securityScheme" && isUnknownScheme(m.Value):
		default:
			out.Members = append(out.Members, doctree.Member{Name: m.Name, Value: c.convert(m.Value, kind)})
		}
	}
	return out
}

func isExtension(name string) bool { return strings.HasPrefix(name, "x-") }

// object copies the members that 3.0 has.
func (c *converter) object(v *doctree.Value, kind string) *doctree.Value {
	fields, out := grammar[kind], doctree.Object()
	for _, m := range v.Members {
		inner, known := fields[m.Name]
		switch {
		case known:
			out.Members = append(out.Members, doctree.Member{Name: m.Name, Value: c.convert(m.Value, inner)})
		case isExtension(m.Name):
			out.Members = append(out.Members, m)
		}
	}
	switch kind {
	case "document":
		c.finishDocument(v, out)
	case "info":
		orElse(out, "description", v.Get("summary"))
	case "license":
		if id := v.Get("identifier"); id != nil {
			orElse(out, "url", doctree.String("https://spdx.org/licenses/"+id.Text+".html"))
		}
	}
	return out
}

// finishDocument moves what 3.0 has elsewhere. Paths are required.
func (c *converter) finishDocument(in, out *doctree.Value) {
	orElse(out, "paths", doctree.Object())
	if hooks := in.Get("webhooks"); hooks != nil {
		out.Set("x-webhooks", c.mapOf(hooks, "pathItem"))
	}
}

func orElse(out *doctree.Value, name string, value *doctree.Value) {
	if value != nil && out.Get(name) == nil {
		out.Set(name, value)
	}
}

// isUnknownScheme reports whether 3.0 cannot describe a security scheme.
func isUnknownScheme(scheme *doctree.Value) bool {
	kind := scheme.Get("type")
	return kind != nil && kind.Text == "mutualTLS"
}

// requirement keeps scopes only where 3.0 allows them: role names for other schemes are new in 3.1.
func (c *converter) requirement(v *doctree.Value) *doctree.Value {
	out := doctree.Object()
	for _, m := range v.Members {
		scheme := c.schemes.Get(m.Name)
		if scheme != nil && isUnknownScheme(scheme) {
			continue
		}
		kind := scheme.Get("type")
		if kind == nil || kind.Text != "oauth2" && kind.Text != "openIdConnect" {
			m.Value = doctree.Array()
		}
		out.Members = append(out.Members, m)
	}
	return out
}
