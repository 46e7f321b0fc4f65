package schema_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/candor-go/candor/internal/schema"
)

func TestEncodeKeepsTheOrder(t *testing.T) {
	t.Parallel()
	done := func(id string) *openapi3.Operation {
		return &openapi3.Operation{
			OperationID: id, Tags: []string{"z", "a"}, Summary: "S",
			Responses: openapi3.NewResponses(openapi3.WithStatus(404, &openapi3.ResponseRef{Value: openapi3.NewResponse().WithDescription("no")}),
				openapi3.WithStatus(200, &openapi3.ResponseRef{Value: openapi3.NewResponse().WithDescription("<ok>")})),
		}
	}
	model := &openapi3.Schema{Type: &openapi3.Types{"object"}, Required: []string{"z", "a"}, Properties: openapi3.Schemas{
		"a": {Ref: "#/components/schemas/B", Extensions: map[string]any{"description": "d", "default": json.RawMessage(` { "y" : 1, "x":2 } `)}},
		"z": {Value: openapi3.NewStringSchema()}, "m": {Value: openapi3.NewBoolSchema()},
	}}
	doc := &openapi3.T{
		OpenAPI: "3.1.0", Info: &openapi3.Info{Title: "T", Version: "1"},
		Tags: openapi3.Tags{{Name: "z"}, {Name: "a"}},
		Paths: openapi3.NewPaths(
			openapi3.WithPath("/a", &openapi3.PathItem{Get: done("getA"), Post: done("postA"), Summary: "P"}),
			openapi3.WithPath("/z", &openapi3.PathItem{Delete: done("deleteZ")}),
			openapi3.WithPath("/b", &openapi3.PathItem{Get: done("getB")}),
		),
		Components: &openapi3.Components{Schemas: openapi3.Schemas{"B": {Value: openapi3.NewInt64Schema()}, "Z": {Value: model}, "A": {Value: openapi3.NewSchema()}}},
		Extensions: map[string]any{"x-last": true},
	}
	got, err := schema.Encode(doc, schema.Order{
		Paths: []string{"/z", "/a", "/gone"}, Methods: map[string][]string{"/a": {"post", "get"}},
		Schemas: []string{"Z", "B"}, Properties: map[*openapi3.Schema][]string{model: {"z", "a"}},
	})
	require.NoError(t, err)
	operation := func(id string) string {
		return `{"tags":["z","a"],"summary":"S","operationId":"` + id + `","responses":{"200":{"description":"<ok>"},"404":{"description":"no"}}}`
	}
	assert.Equal(t, `{"openapi":"3.1.0","info":{"title":"T","version":"1"},"paths":{`+
		`"/z":{"delete":`+operation("deleteZ")+`},"/a":{"summary":"P","post":`+operation("postA")+`,"get":`+operation("getA")+`},"/b":{"get":`+operation("getB")+`}},`+
		`"components":{"schemas":{"Z":{"type":"object","required":["z","a"],"properties":{"z":{"type":"string"},`+
		`"a":{"$ref":"#/components/schemas/B","description":"d","default":{"y":1,"x":2}},"m":{"type":"boolean"}}},`+
		`"B":{"type":"integer","format":"int64"},"A":{}}},"tags":[{"name":"z"},{"name":"a"}],"x-last":true}`, got.String())
}

// everything has each kind of object in a document.
const everything = `{
	"openapi": "3.1.0", "jsonSchemaDialect": "https://spec.openapis.org/oas/3.1/dialect/base", "x-top": {"b": [1, null], "a": "<&>"},
	"info": {"title": "T", "summary": "S", "description": "D", "termsOfService": "https://a", "version": "1",
		"contact": {"name": "N", "url": "https://a", "email": "a@b.de", "x-c": 1}, "license": {"name": "MIT", "identifier": "MIT"}},
	"servers": [{"url": "https://{a}", "description": "D", "variables": {"a": {"default": "x", "enum": ["x", "y"], "description": "D"}}}],
	"tags": [{"name": "b", "description": "D", "externalDocs": {"url": "https://a", "description": "D"}}, {"name": "a"}],
	"externalDocs": {"url": "https://a"}, "security": [{"o": ["s"]}, {}],
	"paths": {
		"x-paths": 1,
		"/a/{id}": {
			"summary": "S", "description": "D", "servers": [{"url": "/"}],
			"parameters": [{"$ref": "#/components/parameters/p", "description": "other"}],
			"get": {"tags": ["a"], "summary": "S", "description": "D", "operationId": "g", "deprecated": true, "externalDocs": {"url": "https://a"},
				"parameters": [
					{"name": "q", "in": "query", "style": "form", "explode": false, "allowReserved": true, "required": true, "schema": {"type": "array", "items": {"type": "string"}}, "example": ["x"]},
					{"name": "j", "in": "query", "content": {"application/json": {"schema": {"type": "object"}}}},
					{"name": "e", "in": "header", "schema": {"type": "string"}, "examples": {"z": {"value": "1", "summary": "S"}, "a": {"$ref": "#/components/examples/e"}}}],
				"responses": {
					"200": {"description": "D", "headers": {"X-A": {"description": "D", "required": true, "schema": {"type": "string"}}, "X-B": {"$ref": "#/components/headers/h"}},
						"content": {"application/json": {"schema": {"$ref": "#/components/schemas/S", "description": "sibling", "maxProperties": 9}, "example": {"b": 1, "a": 2}}, "text/plain": {}},
						"links": {"l": {"operationId": "g", "parameters": {"id": "$response.body#/id"}, "description": "D"}, "m": {"$ref": "#/components/links/l"}}},
					"4XX": {"$ref": "#/components/responses/r"}, "default": {"description": ""}, "x-r": 1},
				"callbacks": {"c": {"{$request.body#/url}": {"post": {"responses": {"200": {"description": "ok"}}}}}, "d": {"$ref": "#/components/callbacks/k"}},
				"security": [], "servers": [{"url": "/x"}], "x-op": null},
			"post": {"requestBody": {"description": "D", "required": true, "content": {"multipart/form-data": {
				"schema": {"type": "object", "properties": {"f": {"type": "string", "format": "binary"}}},
				"encoding": {"f": {"contentType": "image/png", "headers": {"X-C": {"schema": {"type": "string"}}}, "style": "form", "explode": true}}}}},
				"responses": {"200": {"description": "ok"}}},
			"put": {"requestBody": {"$ref": "#/components/requestBodies/b"}, "responses": {"200": {"description": "ok"}}}}},
	"webhooks": {"w": {"post": {"responses": {"200": {"description": "ok"}}}}},
	"components": {
		"schemas": {
			"S": {"$schema": "https://json-schema.org/draft/2020-12/schema", "$id": "https://a/s", "$anchor": "a", "$dynamicAnchor": "d", "$comment": "C", "title": "T", "description": "D",
				"type": ["object", "null"], "deprecated": true, "readOnly": true, "required": ["a"], "minProperties": 1, "maxProperties": 5,
				"properties": {"b": {"type": "number", "minimum": -1.5, "exclusiveMaximum": 1e100, "multipleOf": 0.5}, "a": {"type": "integer", "exclusiveMinimum": 0, "maximum": 9, "enum": [1, 2], "default": 1},
					"s": {"type": "string", "minLength": 1, "maxLength": 2, "pattern": "^\\p{L}<$", "format": "x", "writeOnly": true, "examples": ["a", null], "example": "b", "const": "a"},
					"l": {"type": "array", "prefixItems": [{"type": "string"}], "items": {}, "minItems": 1, "maxItems": 2, "uniqueItems": true, "contains": {"const": 1}, "minContains": 0, "maxContains": 3, "unevaluatedItems": {"type": "null"}},
					"t": true, "f": false, "c": {"contentMediaType": "application/json", "contentEncoding": "base64", "contentSchema": {"type": "object"}}, "n": {"type": "string", "nullable": true, "allowEmptyValue": true},
					"x": {"xml": {"name": "n", "attribute": true}, "externalDocs": {"url": "https://a"}, "x-e": [{"b": 1, "a": 2}]}},
				"patternProperties": {"^x": {"type": "string"}}, "propertyNames": {"pattern": "^"}, "additionalProperties": {"type": "string"}, "unevaluatedProperties": {"type": "string"},
				"dependentRequired": {"a": ["b"]}, "dependentSchemas": {"a": {"minProperties": 2}}, "$defs": {"d": {"type": "string"}},
				"if": {"required": ["a"]}, "then": {"required": ["b"]}, "else": {}, "not": {"required": ["z"]}},
			"U": {"oneOf": [{"$ref": "#/components/schemas/S"}, {"$ref": "#/components/schemas/C"}], "anyOf": [{}], "allOf": [{"additionalProperties": true}], "discriminator": {"propertyName": "k", "mapping": {"s": "#/components/schemas/S"}}},
			"C": {"type": "object", "additionalProperties": false, "unevaluatedProperties": false, "$dynamicRef": "#d"}},
		"parameters": {"p": {"name": "id", "in": "path", "required": true, "description": "D", "schema": {"type": "string"}}},
		"headers": {"h": {"schema": {"type": "string"}}}, "examples": {"e": {"value": {"z": 1, "a": 2}, "description": "D"}},
		"links": {"l": {"operationRef": "#/paths/~1a~1{id}/get"}}, "callbacks": {"k": {"{$url}": {"post": {"responses": {"200": {"description": "ok"}}}}}},
		"requestBodies": {"b": {"content": {"text/plain": {"schema": {"type": "string"}}}}}, "responses": {"r": {"description": "R"}},
		"securitySchemes": {"o": {"type": "oauth2", "flows": {"authorizationCode": {"authorizationUrl": "https://a", "tokenUrl": "https://t", "refreshUrl": "https://r", "scopes": {"s": "S"}}}},
			"b": {"type": "http", "scheme": "bearer", "bearerFormat": "JWT", "description": "D"}, "k": {"type": "apiKey", "in": "header", "name": "X"}, "i": {"type": "openIdConnect", "openIdConnectUrl": "https://a"}}}}`

func TestEncodeWritesWhatKinWrites(t *testing.T) {
	t.Parallel()
	var doc openapi3.T
	require.NoError(t, json.Unmarshal([]byte(everything), &doc))
	want, err := json.Marshal(&doc)
	require.NoError(t, err)
	got, err := schema.Encode(&doc, schema.Order{})
	require.NoError(t, err)
	assert.JSONEq(t, string(want), got.String())
	assert.JSONEq(t, everything, string(want), "kin keeps all of it")
	again, err := schema.Encode(&doc, schema.Order{})
	require.NoError(t, err)
	assert.Equal(t, got.String(), again.String())
}

// Common members of operations and paths are encoded without kin, in the order of kin. The encoding is the same with an
// extension, which kin encodes.
func TestEncodeWritesOperationsAsKinDoes(t *testing.T) {
	t.Parallel()
	var doc openapi3.T
	require.NoError(t, json.Unmarshal([]byte(everything), &doc))
	known := doc.Paths.Value("/a/{id}")
	full := *known.Get
	full.RequestBody = known.Post.RequestBody
	full.Extensions, full.Origin = nil, nil
	bare := openapi3.Operation{Responses: openapi3.NewResponses(), Security: openapi3.NewSecurityRequirements(), Servers: &openapi3.Servers{}}
	for op := range reflect.TypeFor[openapi3.Operation]().Fields() {
		if op.Name != "Extensions" && op.Name != "Origin" {
			assert.False(t, reflect.ValueOf(full).FieldByIndex(op.Index).IsZero(), op.Name)
		}
	}
	item := openapi3.PathItem{
		Get: &full, Put: &full, Post: &bare, Delete: &openapi3.Operation{}, Options: &bare, Head: &bare, Patch: &full, Trace: &bare, Query: &bare, Connect: &bare,
	}
	text := func(extension any) string {
		one, with := item, func(op openapi3.Operation) *openapi3.Operation {
			if extension != nil {
				op.Extensions = map[string]any{"x-z": extension}
			}
			return &op
		}
		one.Get, one.Post, one.Delete = with(full), with(bare), with(openapi3.Operation{})
		if extension != nil {
			one.Extensions = map[string]any{"x-z": extension}
		}
		got, err := schema.Encode(&openapi3.T{Paths: openapi3.NewPaths(openapi3.WithPath("/", &one))}, schema.Order{
			Paths: []string{"/"}, Methods: map[string][]string{"/": {"trace", "get", "get", "gone", "connect"}},
		})
		require.NoError(t, err)
		return got.String()
	}
	beside := strings.NewReplacer(`,"x-z":1`, "", `"x-z":1`, "").Replace(text(1))
	assert.Equal(t, beside, text(nil))
	assert.Contains(t, text(nil), `"callbacks":{`)
}

// Every field of kin's Schema is encoded, including those of later versions of kin.
func TestEncodeKnowsEveryKeyword(t *testing.T) {
	t.Parallel()
	known := schemaKeywords(t)
	for _, keyword := range known {
		assert.Contains(t, everything, `"`+keyword+`":`, "the test document lacks it")
	}
	assert.Greater(t, len(known), 50)
}

func schemaKeywords(t *testing.T) []string {
	t.Helper()
	var keywords []string
	for f := range reflectFields[openapi3.Schema]() {
		if keyword, _, _ := strings.Cut(f, ","); keyword != "-" {
			keywords = append(keywords, keyword)
		}
	}
	slices.Sort(keywords)
	return keywords
}

func TestEncodeReportsUnencodableValues(t *testing.T) {
	t.Parallel()
	for name, v := range map[string]any{
		"a function": func() {}, "broken JSON": json.RawMessage(`{`), "infinity": math.Inf(1),
		"text that is not UTF-8": "\xff", "a part that fails": failing{},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := schema.Encode(&openapi3.T{Extensions: map[string]any{"x-a": v}}, schema.Order{})
			assert.Error(t, err)
		})
	}
	got, err := schema.Encode(nil, schema.Order{})
	require.NoError(t, err)
	assert.Equal(t, "null", got.String())
}

// TestPathsAreWrittenOnceInOrder has orders that list each path, some paths, one path twice, or an unknown one.
func TestPathsAreWrittenOnceInOrder(t *testing.T) {
	item := func() *openapi3.PathItem { return &openapi3.PathItem{Get: &openapi3.Operation{OperationID: "x"}} }
	doc := &openapi3.T{Paths: openapi3.NewPaths(openapi3.WithPath("/a", item()), openapi3.WithPath("/b", item()), openapi3.WithPath("/c", item()))}
	for _, row := range []struct{ order, want []string }{
		{nil, []string{"/a", "/b", "/c"}},
		{[]string{"/c", "/a", "/b"}, []string{"/c", "/a", "/b"}},
		{[]string{"/c"}, []string{"/c", "/a", "/b"}},
		{[]string{"/b", "/a", "/b"}, []string{"/b", "/a", "/c"}},
		{[]string{"/b", "/gone", "/a"}, []string{"/b", "/a", "/c"}},
	} {
		got, err := schema.Encode(doc, schema.Order{Paths: row.order})
		require.NoError(t, err)
		assert.Equal(t, row.want, regexp.MustCompile(`/[abc]`).FindAllString(got.String(), -1), "%v", row.order)
	}
}

type failing struct{}

func (failing) MarshalYAML() (any, error) { return nil, errors.New("no") }

// large is a document with that many operations, each with its own model.
func large(operations int) (*openapi3.T, schema.Order) {
	doc := &openapi3.T{OpenAPI: "3.1.0", Info: &openapi3.Info{Title: "T", Version: "1"}, Paths: openapi3.NewPaths(), Components: &openapi3.Components{Schemas: openapi3.Schemas{}}}
	order := schema.Order{Methods: map[string][]string{}, Properties: map[*openapi3.Schema][]string{}}
	for i := operations; i > 0; i-- {
		name, path := fmt.Sprintf("Model%d", i), fmt.Sprintf("/things%d/{id}", i)
		model := &openapi3.Schema{Type: &openapi3.Types{"object"}, Properties: openapi3.Schemas{}}
		for j := 10; j > 0; j-- {
			member := fmt.Sprintf("member%d", j)
			model.Properties[member] = openapi3.NewSchemaRef("", openapi3.NewStringSchema().WithMaxLength(50))
			order.Properties[model] = append(order.Properties[model], member)
		}
		doc.Components.Schemas[name] = openapi3.NewSchemaRef("", model)
		order.Schemas, order.Paths = append(order.Schemas, name), append(order.Paths, path)
		ref := openapi3.NewSchemaRef("#/components/schemas/"+name, model)
		doc.AddOperation(path, "PUT", &openapi3.Operation{
			OperationID: fmt.Sprintf("put%d", i), Tags: []string{"things"},
			Parameters:  openapi3.Parameters{{Value: openapi3.NewPathParameter("id").WithSchema(openapi3.NewInt64Schema())}},
			RequestBody: &openapi3.RequestBodyRef{Value: openapi3.NewRequestBody().WithJSONSchemaRef(ref)},
			Responses: openapi3.NewResponses(
				openapi3.WithStatus(200, &openapi3.ResponseRef{Value: openapi3.NewResponse().WithDescription("ok").WithJSONSchemaRef(ref)}),
				openapi3.WithStatus(422, &openapi3.ResponseRef{Value: openapi3.NewResponse().WithDescription("no").WithJSONSchemaRef(ref)})),
		})
	}
	return doc, order
}

// The baseline is kin's own encoding, without an order.
func BenchmarkEncode(b *testing.B) {
	for _, operations := range []int{200, 1000} {
		doc, order := large(operations)
		b.Run(fmt.Sprintf("operations=%d", operations), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := schema.Encode(doc, order); err != nil {
					b.Fatal(err)
				}
			}
		})
		b.Run(fmt.Sprintf("operations=%d/kin", operations), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := json.Marshal(doc); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// reflectFields yields the json tags of a struct's fields.
func reflectFields[T any]() func(func(string) bool) {
	return func(yield func(string) bool) {
		t := reflect.TypeFor[T]()
		for i := range t.NumField() {
			if !yield(t.Field(i).Tag.Get("json")) {
				return
			}
		}
	}
}

// Operations share parameters, bodies and responses by pointer: what is repeated is written like what is new.
func TestSharedPartsAreWrittenAtEachOperation(t *testing.T) {
	t.Parallel()
	parameter := func(name string) *openapi3.ParameterRef {
		return &openapi3.ParameterRef{Value: &openapi3.Parameter{Name: name, In: "query"}}
	}
	shared, body, responses := parameter("shared"), &openapi3.RequestBodyRef{Value: &openapi3.RequestBody{}}, openapi3.NewResponses()
	operation := func(parameters ...*openapi3.ParameterRef) *openapi3.Operation {
		return &openapi3.Operation{Parameters: parameters, RequestBody: body, Responses: responses}
	}
	// An edit may put an operation with shared parts into a part that is shared itself.
	nested := openapi3.NewResponses()
	nested.Extensions = map[string]any{"x-then": operation(shared)}
	again := &openapi3.Operation{Responses: nested}
	paths := openapi3.NewPaths(
		openapi3.WithPath("/a", &openapi3.PathItem{Get: operation(shared), Put: operation(shared, parameter("new"), shared)}),
		openapi3.WithPath("/b", &openapi3.PathItem{Get: operation(parameter("new"), shared), Put: operation(), Post: again, Delete: again}),
	)
	got, err := schema.Encode(&openapi3.T{Paths: paths}, schema.Order{Paths: []string{"/a", "/b"}})
	require.NoError(t, err)
	rest := `"requestBody":{"content":{}},"responses":{}}`
	said := func(names ...string) string {
		list := make([]string, len(names))
		for i, name := range names {
			list[i] = `{"name":"` + name + `","in":"query"}`
		}
		return `{"parameters":[` + strings.Join(list, ",") + `],` + rest
	}
	then := `{"responses":{"x-then":` + said("shared") + `}}`
	want := `{"openapi":"","info":null,"paths":{` +
		`"/a":{"get":` + said("shared") + `,"put":` + said("shared", "new", "shared") + `},` +
		`"/b":{"get":` + said("new", "shared") + `,"put":{` + rest + `,"post":` + then + `,"delete":` + then + `}}}`
	assert.Equal(t, want, got.String())

	assert.Equal(t, len(want), got.Len())
	var memory bytes.Buffer
	var file strings.Builder
	require.NoError(t, got.Send(&memory))
	require.NoError(t, got.Send(&file))
	assert.Equal(t, []string{want, want}, []string{memory.String(), file.String()})
	assert.ErrorIs(t, got.Send(full{}), io.ErrShortBuffer)
}

// full is a writer without space.
type full struct{}

func (full) Write([]byte) (int, error) { return 0, io.ErrShortBuffer }
