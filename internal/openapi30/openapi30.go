// Package openapi30 converts an OpenAPI 3.1 document to 3.0.3. It converts the finished document, so a user's edits are
// kept, and it knows nothing about operations and types.
//
// The older version has fewer keywords. If one is missing, the result is wider, never narrower: every value that the
// 3.1 schema accepts is accepted by the 3.0 schema too. The conversions are:
//
//   - a type or null becomes nullable, several types become anyOf; const an enum; examples of a schema the first of
//     them
//   - listed values or null become one list with null in it; another reference or null stays a choice, since nullable
//     beside a reference means nothing
//   - a keyword beside $ref stays, with the reference in an allOf
//   - prefixItems become any of its schemas, at any index
//   - contains, if, propertyNames, patternProperties, dependentRequired and unevaluatedProperties go, with
//     additionalProperties where those were part of it
//   - a not goes if what it forbids became wider, and oneOf becomes anyOf: both would refuse more
//   - webhooks become x-webhooks, which the tools know
package openapi30

import (
	"slices"
	"strings"

	"github.com/candor-go/candor/internal/doctree"
	"github.com/candor-go/candor/internal/mediatype"
)

// Version is the version of the documents that Convert makes.
const Version = "3.0.3"

// Convert makes the document of a 3.1 document, which it leaves as it is.
func Convert(doc *doctree.Value) *doctree.Value {
	components := doc.Get("components")
	c := converter{schemes: components.Get("securitySchemes"), schemas: components.Get("schemas"), wider: map[string]bool{}}
	// Whether a component becomes wider can depend on others, also in circles.
	for known := -1; known < len(c.wider); {
		known = len(c.wider)
		c.judgeComponents()
	}
	return c.convert(doc, "document")
}

type converter struct {
	// schemes are the security schemes of the document.
	schemes *doctree.Value
	// schemas are its components of that kind.
	schemas *doctree.Value
	// wider names the components that accept more than they did.
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

// grammar lists the fields of each kind of object that 3.0 has, with what they
// hold: nothing for what stays as it is, "[]" before the kind of a list and
// "{}" before the kind of a map. Other fields go, but extensions stay.
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

// convert makes an object of a kind.
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

// orReference leaves a reference as it is, without what 3.0 does not have
// beside it. A path item is no such thing.
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
		// requirement leaves it out of security requirements.
		case kind == "securityScheme" && isUnknownScheme(m.Value):
		default:
			out.Members = append(out.Members, doctree.Member{Name: m.Name, Value: c.convert(m.Value, kind)})
		}
	}
	return out
}

func isExtension(name string) bool { return strings.HasPrefix(name, "x-") }

// object makes an object with the members that 3.0 knows.
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

// finishDocument adds what 3.0 says elsewhere. Paths have to be there.
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

// isUnknownScheme reports the kind of security that 3.0 cannot describe.
func isUnknownScheme(scheme *doctree.Value) bool {
	kind := scheme.Get("type")
	return kind != nil && kind.Text == "mutualTLS"
}

// requirement keeps scopes where 3.0 has them: elsewhere, the names of roles
// are new in 3.1.
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
