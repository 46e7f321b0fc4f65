package openapi30_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/candor-go/candor/internal/doctree"
	"github.com/candor-go/candor/internal/documenttest"
	"github.com/candor-go/candor/internal/openapi30"
)

func convert(t *testing.T, document string) *doctree.Value {
	t.Helper()
	v, err := doctree.Parse([]byte(document))
	require.NoError(t, err)
	return openapi30.Convert(v)
}

const head = `"openapi":"3.1.0","info":{"title":"T","version":"1"},"paths":{}`

// TestSchemas: each schema in 3.1, and its conversion to 3.0.
func TestSchemas(t *testing.T) {
	for _, row := range []struct{ name, newer, older string }{
		{"anything", `true`, `{}`},
		{"nothing", `false`, `{"not":{}}`},
		{"the same words", `{"title":"T","type":"string","minLength":1,"x-note":1}`, `{"title":"T","type":"string","minLength":1,"x-note":1}`},
		{"or null", `{"type":["string","null"],"minLength":1}`, `{"type":"string","nullable":true,"minLength":1}`},
		{"null alone", `{"type":"null"}`, `{"type":"string","nullable":true,"enum":[null]}`},
		{"several types", `{"type":["integer","string","null"]}`, `{"anyOf":[{"type":"integer","nullable":true},{"type":"string"}]}`},
		{
			"several types beside a choice", `{"type":["integer","array"],"anyOf":[{"minimum":1},{"minItems":1}]}`,
			`{"anyOf":[{"minimum":1},{"minItems":1}],"allOf":[{"anyOf":[{"type":"integer"},{"type":"array","items":{}}]}]}`,
		},
		{"a list of anything", `{"type":"array"}`, `{"type":"array","items":{}}`},
		{"a constant", `{"type":"string","const":"a"}`, `{"type":"string","enum":["a"]}`},
		{"a constant in a list", `{"enum":["a","b"],"const":"a"}`, `{"enum":["a","b"],"allOf":[{"enum":["a"]}]}`},
		{"no constant", `{"enum":[]}`, `{}`},
		{"above", `{"exclusiveMinimum":1}`, `{"minimum":1,"exclusiveMinimum":true}`},
		{"below", `{"exclusiveMaximum":1}`, `{"maximum":1,"exclusiveMaximum":true}`},
		{"the stricter bound of two", `{"minimum":2,"exclusiveMinimum":1,"maximum":5,"exclusiveMaximum":5}`, `{"minimum":2,"maximum":5,"exclusiveMaximum":true}`},
		{"examples", `{"examples":[1,2]}`, `{"example":1}`},
		{"an example is there", `{"examples":[1,2],"example":3}`, `{"example":3}`},
		{"base64", `{"type":"string","contentEncoding":"base64"}`, `{"type":"string","format":"byte"}`},
		{"bytes", `{"type":"string","contentMediaType":"application/octet-stream"}`, `{"type":"string","format":"binary"}`},
		{"an image in base64", `{"type":"string","contentEncoding":"base64","contentMediaType":"image/png"}`, `{"type":"string","format":"byte","x-contentMediaType":"image/png"}`},
		{"another encoding", `{"type":"string","contentEncoding":"base32"}`, `{"type":"string","x-contentEncoding":"base32"}`},
		{
			"JSON in a text", `{"type":"string","contentMediaType":"application/json","contentSchema":{"type":["integer","null"],"const":1}}`,
			`{"type":"string","x-contentMediaType":"application/json","x-contentSchema":{"type":"integer","nullable":true,"enum":[1]}}`,
		},
		{"a reference", `{"$ref":"#/components/schemas/Other"}`, `{"$ref":"#/components/schemas/Other"}`},
		{
			"something beside a reference", `{"$ref":"#/components/schemas/Other","description":"D"}`,
			`{"description":"D","allOf":[{"$ref":"#/components/schemas/Other"}]}`,
		},
		{
			"a reference or null", `{"anyOf":[{"$ref":"#/components/schemas/Other"},{"type":"null"}]}`,
			`{"anyOf":[{"$ref":"#/components/schemas/Other"},{"type":"string","nullable":true,"enum":[null]}]}`,
		},
		{
			"listed values or null", `{"anyOf":[{"type":"string","enum":["a","b"]},{"type":"null"}],"default":"a"}`,
			`{"type":"string","nullable":true,"enum":["a","b",null],"default":"a"}`,
		},
		{"a constant or null", `{"anyOf":[{"type":"integer","const":1},{"type":"null"}]}`, `{"type":"integer","nullable":true,"enum":[1,null]}`},
		{
			"a reference to listed values or null", `{"anyOf":[{"$ref":"#/components/schemas/Level"},{"type":"null"}],"description":"own"}`,
			`{"type":"string","nullable":true,"description":"own","enum":["low","high",null]}`,
		},
		{
			"listed values with more to say, or null", `{"anyOf":[{"type":"string","enum":["a"],"not":{"const":"a"}},{"type":"null"}]}`,
			`{"anyOf":[{"type":"string","enum":["a"],"not":{"enum":["a"]}},{"type":"string","nullable":true,"enum":[null]}]}`,
		},
		{"a tuple", `{"prefixItems":[{"type":"string"},{"type":"string"},{"type":"integer"}],"items":false}`, `{"maxItems":3,"items":{"anyOf":[{"type":"string"},{"type":"integer"}]}}`},
		{"a tuple and more", `{"type":"array","prefixItems":[{"type":"string"}],"items":{"type":"integer"}}`, `{"type":"array","items":{"anyOf":[{"type":"string"},{"type":"integer"}]}}`},
		{"a tuple and anything", `{"type":"array","prefixItems":[{"type":"string"}]}`, `{"type":"array","items":{}}`},
		{"what has no word", `{"propertyNames":{"minLength":1},"if":{},"then":{},"contains":{},"dependentRequired":{"a":["b"]}}`, `{}`},
		{"members by pattern", `{"patternProperties":{"^a":{"type":"string"}},"additionalProperties":false}`, `{}`},
		{"closed", `{"type":"object","properties":{"a":{"type":"null"}},"required":[],"additionalProperties":false}`, `{"type":"object","properties":{"a":{"type":"string","nullable":true,"enum":[null]}},"additionalProperties":false}`},
		{"an old pattern", `{"pattern":"^a$"}`, `{"pattern":"^a$"}`},
		{"a new pattern", `{"pattern":"^\\p{L}$"}`, `{}`},
		{"not", `{"not":{"const":1}}`, `{"not":{"enum":[1]}}`},
		{"not something wider", `{"not":{"propertyNames":{"minLength":1}}}`, `{}`},
		{"not a component", `{"not":{"$ref":"#/components/schemas/Other"}}`, `{"not":{"$ref":"#/components/schemas/Other"}}`},
		{"not a component that is wider", `{"not":{"$ref":"#/components/schemas/Wide"}}`, `{}`},
		{"one of", `{"oneOf":[{"type":"string"},{"type":"null"}]}`, `{"oneOf":[{"type":"string"},{"type":"string","nullable":true,"enum":[null]}]}`},
		{"one of what is wider", `{"oneOf":[{"type":"string"},{"$ref":"#/components/schemas/WideToo"}]}`, `{"anyOf":[{"type":"string"},{"$ref":"#/components/schemas/WideToo"}]}`},
		{
			"one of what is wider beside a choice", `{"anyOf":[{"type":"string"}],"oneOf":[{"$ref":"#/components/schemas/Wide"}]}`,
			`{"anyOf":[{"type":"string"}],"allOf":[{"anyOf":[{"$ref":"#/components/schemas/Wide"}]}]}`,
		},
		{"all of", `{"allOf":[{"const":1},{"type":["integer","null"]}]}`, `{"allOf":[{"enum":[1]},{"type":"integer","nullable":true}]}`},
	} {
		t.Run(row.name, func(t *testing.T) {
			document := `{` + head + `,"components":{"schemas":{"S":` + row.newer + `,"Other":{"type":"string"},"Level":{"type":"string","description":"L","enum":["low","high"]},` +
				`"WideToo":{"allOf":[{"$ref":"#/components/schemas/Wide"}]},"Wide":{"items":{"$ref":"#/components/schemas/WideToo"},"propertyNames":{"minLength":1}}}}}`
			made := convert(t, document).Get("components").Get("schemas").Get("S")
			assert.JSONEq(t, row.older, string(made.AppendJSON(nil)))
			documenttest.Check(t, "schemas", []byte(document))
		})
	}
}

func TestDocuments(t *testing.T) {
	newer := `{"openapi":"3.1.0","jsonSchemaDialect":"https://json-schema.org/draft/2020-12/schema","x-own":1,
		"info":{"title":"T","summary":"Short","version":"1","license":{"name":"MIT","identifier":"MIT"}},
		"paths":{"/a":{"post":{"summary":"A","x-op":true,"security":[{"bearer":["role"]},{"oauth":["read"]},{"mutual":[]}],
			"parameters":[{"name":"q","in":"query","schema":{"type":["string","null"]}},{"$ref":"#/components/parameters/P","description":"D"}],
			"requestBody":{"content":{"multipart/form-data":{"schema":{"type":"object"},"encoding":{"a":{"contentType":"text/plain"}}}}},
			"responses":{"200":{"description":"OK","headers":{"X":{"schema":{"const":"x"}}},"content":{"application/json":{"schema":true,"examples":{"e":{"value":1}}}},
				"links":{"next":{"operationId":"b","server":{"url":"/"}}}}},
			"callbacks":{"done":{"{$request.query.url}":{"post":{"responses":{"200":{"description":"OK"}}}}}}}}},
		"webhooks":{"w":{"post":{"requestBody":{"content":{"application/json":{"schema":{"type":"null"}}}},"responses":{"204":{"description":"Got it"}}}}},
		"components":{"parameters":{"P":{"name":"p","in":"query","schema":{"examples":[1]}}},"pathItems":{},
			"securitySchemes":{"bearer":{"type":"http","scheme":"bearer"},"mutual":{"type":"mutualTLS"},
				"oauth":{"type":"oauth2","flows":{"password":{"tokenUrl":"/token","scopes":{"read":"r"}}}}}},
		"tags":[{"name":"t","summary":"new","externalDocs":{"url":"https://example.com"}}]}`
	assert.JSONEq(t, `{"openapi":"3.0.3","x-own":1,
		"info":{"title":"T","description":"Short","version":"1","license":{"name":"MIT","url":"https://spdx.org/licenses/MIT.html"}},
		"paths":{"/a":{"post":{"summary":"A","x-op":true,"security":[{"bearer":[]},{"oauth":["read"]},{}],
			"parameters":[{"name":"q","in":"query","schema":{"type":"string","nullable":true}},{"$ref":"#/components/parameters/P"}],
			"requestBody":{"content":{"multipart/form-data":{"schema":{"type":"object"},"encoding":{"a":{"contentType":"text/plain"}}}}},
			"responses":{"200":{"description":"OK","headers":{"X":{"schema":{"enum":["x"]}}},"content":{"application/json":{"schema":{},"examples":{"e":{"value":1}}}},
				"links":{"next":{"operationId":"b","server":{"url":"/"}}}}},
			"callbacks":{"done":{"{$request.query.url}":{"post":{"responses":{"200":{"description":"OK"}}}}}}}}},
		"x-webhooks":{"w":{"post":{"requestBody":{"content":{"application/json":{"schema":{"type":"string","nullable":true,"enum":[null]}}}},"responses":{"204":{"description":"Got it"}}}}},
		"components":{"parameters":{"P":{"name":"p","in":"query","schema":{"example":1}}},
			"securitySchemes":{"bearer":{"type":"http","scheme":"bearer"},
				"oauth":{"type":"oauth2","flows":{"password":{"tokenUrl":"/token","scopes":{"read":"r"}}}}}},
		"tags":[{"name":"t","externalDocs":{"url":"https://example.com"}}]}`, string(convert(t, newer).AppendJSON(nil)))
	assert.JSONEq(t, `{"openapi":"3.0.3","info":{},"paths":{}}`, string(convert(t, `{"openapi":"3.1.0","info":{}}`).AppendJSON(nil)))
}

// TestReferencesIntoAComponent: kin-openapi does not follow such references, so it cannot validate a document with one.
func TestReferencesIntoAComponent(t *testing.T) {
	made := convert(t, `{`+head+`,"components":{"schemas":{"S":{"$defs":{"A":{"type":"string"}},"$ref":"#/components/schemas/S/$defs/A"}}}}`)
	assert.Equal(t, `{}`, string(made.Get("components").Get("schemas").Get("S").AppendJSON(nil)))
}

// TestTheDocumentIsLeftAlone: the input is not modified.
func TestTheDocumentIsLeftAlone(t *testing.T) {
	text := `{` + head + `,"components":{"schemas":{"S":{"type":["string","null"],"prefixItems":[true],"items":false,"const":"a"}}}}`
	v, err := doctree.Parse([]byte(text))
	require.NoError(t, err)
	openapi30.Convert(v)
	assert.Equal(t, text, string(v.AppendJSON(nil)))
}
