package openapi32_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/candor-go/candor/internal/doctree"
	"github.com/candor-go/candor/internal/documenttest"
	"github.com/candor-go/candor/internal/openapi32"
)

const components = `"components":{"schemas":{"Item":{"type":"object"}},"securitySchemes":{}}`

// places are the positions in a document for the value of a row.
var places = map[string]string{
	"media":     `"paths":{"/a":{"get":{"responses":{"200":{"description":"OK","content":%}}}}},` + components,
	"path":      `"paths":{"/a":%},` + components,
	"parameter": `"paths":{"/a/{id}":{"get":{"parameters":[{"name":"id","in":"path","required":true,"schema":{}},%],"responses":{"204":{"description":""}}}}},` + components,
	"header":    `"paths":{"/a":{"get":{"responses":{"200":{"description":"OK","headers":{"Set-Cookie":%}}}}}},` + components,
	"response":  `"paths":{"/a":{"get":{"responses":{"200":%}}}},` + components,
	"callback":  `"paths":{"/a":{"get":{"responses":{"204":{"description":""}},"callbacks":{"done":{"https://example.com":%}}}}},` + components,
	"webhook":   `"webhooks":{"w":%},` + components,
	"tag":       `"paths":{},"tags":[{"name":"all"},%],` + components,
	"server":    `"paths":{},"servers":[%],` + components,
	"schema":    `"paths":{},"components":{"schemas":{"Item":{},"S":%}}`,
	"scheme":    `"paths":{},"components":{"securitySchemes":{"s":%}}`,
}

func document(version, place, value string) string {
	return `{"openapi":"` + version + `","info":{"title":"T","version":"1"},` + strings.Replace(places[place], "%", value, 1) + `}`
}

func TestConvert(t *testing.T) {
	const event = `"properties":{"data":{"type":"string"}},"anyOf":[{"properties":{"event":{"enum":["a"]}}}]`
	const lines = `{"type":"string","contentMediaType":"application/jsonl","contentSchema":{"type":"array","items":{"type":"integer"}}}`
	const op = `{"responses":{"204":{"description":""}}}`
	for _, row := range []struct{ name, place, older, newer string }{
		{"lines", "media", `{"application/jsonl":{"schema":{"type":"string"},"x-itemSchema":{"type":"integer"}}}`, `{"application/jsonl":{"itemSchema":{"type":"integer"}}}`},
		{"a reference in an extension", "media", `{"application/jsonl":{"x-itemSchema":{"allOf":[{"$ref":"#/components/schemas/Item"}]}}}`, `{"application/jsonl":{"itemSchema":{"$ref":"#/components/schemas/Item"}}}`},
		{"all of several", "media", `{"application/jsonl":{"x-itemSchema":{"allOf":[{},{}]}}}`, `{"application/jsonl":{"itemSchema":{"allOf":[{},{}]}}}`},
		{"lines that only the schema tells of", "media", `{"application/jsonl":{"schema":` + lines + `}}`, `{"application/jsonl":{"itemSchema":{"type":"integer"}}}`},
		{"lines of which two are told", "media", `{"application/jsonl":{"schema":` + lines + `,"x-itemSchema":{"type":"string"}}}`, `{"application/jsonl":{"itemSchema":{"type":"integer"}}}`},
		{"two kinds of lines", "media", `{"application/jsonl":{"schema":{"anyOf":[` + lines + `,` + lines + `]}}}`, `{"application/jsonl":{"itemSchema":{"anyOf":[{"type":"integer"},{"type":"integer"}]}}}`},
		{"lines or something else", "media", `{"application/jsonl":{"schema":{"anyOf":[` + lines + `,{}]}}}`, `{"application/jsonl":{}}`},
		{"lines of which nothing is known", "media", `{"application/jsonl":{"schema":{"type":"string","format":"binary"}}}`, `{"application/jsonl":{}}`},
		{"events", "media", `{"text/event-stream":{"schema":{"type":"string"},"x-itemSchema":{"type":"object",` + event + `}}}`, `{"text/event-stream":{"itemSchema":{"type":"object","required":["data"],` + event + `}}}`},
		{
			"an example of lines", "media", `{"application/jsonl":{"x-itemSchema":{},"example":"1\n{\"a\":2}\n"}}`,
			`{"application/jsonl":{"itemSchema":{},"examples":{"example":{"dataValue":[1,{"a":2}],"serializedValue":"1\n{\"a\":2}\n"}}}}`,
		},
		{
			"an example of events", "media", `{"text/event-stream":{"x-itemSchema":{},"example":"id: 7\nevent: a\ndata: 1\n\ndata: \n\n"}}`,
			`{"text/event-stream":{"itemSchema":{},"examples":{"example":{"dataValue":[{"event":"a","id":"7","data":"1"},{"data":""}],"serializedValue":"id: 7\nevent: a\ndata: 1\n\ndata: \n\n"}}}}`,
		},
		{"an example that is no lines", "media", `{"application/jsonl":{"x-itemSchema":{},"example":"a\n"}}`, `{"application/jsonl":{"itemSchema":{},"example":"a\n"}}`},
		{"an example of another kind", "media", `{"application/jsonl":{"x-itemSchema":{},"example":1}}`, `{"application/jsonl":{"itemSchema":{},"example":1}}`},
		{"examples of JSON", "media", `{"application/json":{"examples":{"a":{"summary":"A","value":{"b":[1]}}}}}`, `{"application/json":{"examples":{"a":{"summary":"A","dataValue":{"b":[1]}}}}}`},
		{"examples elsewhere", "media", `{"application/json":{"examples":{"a":{"externalValue":"/a"}}}}`, `{"application/json":{"examples":{"a":{"externalValue":"/a"}}}}`},
		{"examples of texts", "media", `{"text/plain":{"examples":{"a":{"value":"b"}}}}`, `{"text/plain":{"examples":{"a":{"value":"b"}}}}`},
		{
			"examples of a form", "media",
			`{"application/x-www-form-urlencoded":{"examples":{"a":{"value":{"a b":"c&d","n":1.50,"on":true,"l":["x","y"],"c":["x","y"],"j":{"k":null}}}},"encoding":{"c":{"explode":false},"j":{"contentType":"application/json"}}}}`,
			`{"application/x-www-form-urlencoded":{"examples":{"a":{"dataValue":{"a b":"c&d","n":1.50,"on":true,"l":["x","y"],"c":["x","y"],"j":{"k":null}},` +
				`"serializedValue":"a+b=c%26d&n=1.50&on=true&l=x&l=y&c=x,y&j=%7B%22k%22%3Anull%7D"}},"encoding":{"c":{"explode":false},"j":{"contentType":"application/json"}}}}`,
		},
		{"a form without a text", "media", `{"application/x-www-form-urlencoded":{"examples":{"a":{"value":{"n":null}}}}}`, `{"application/x-www-form-urlencoded":{"examples":{"a":{"dataValue":{"n":null}}}}}`},
		{"a form of parts", "media", `{"multipart/form-data":{"examples":{"a":{"value":{"n":1}}}}}`, `{"multipart/form-data":{"examples":{"a":{"dataValue":{"n":1}}}}}`},
		{"a reference to content", "media", `{"application/json":{"$ref":"#/components/mediaTypes/a"}}`, `{"application/json":{"$ref":"#/components/mediaTypes/a"}}`},

		{"methods", "path", `{"get":` + op + `,"x-query":` + op + `,"x-additionalOperations":{"PURGE":` + op + `}}`, `{"get":` + op + `,"query":` + op + `,"additionalOperations":{"PURGE":` + op + `}}`},
		{"a method that was edited in", "path", `{"query":` + op + `,"x-query":{}}`, `{"query":` + op + `}`},
		{"inside of other methods", "path", `{"x-query":{"parameters":[{"name":"c","in":"cookie","schema":{}}],"responses":{"204":{"description":""}}}}`, `{"query":{"parameters":[{"name":"c","in":"cookie","schema":{},"style":"cookie"}],"responses":{"204":{"description":""}}}}`},
		{"methods of callbacks", "callback", `{"x-query":` + op + `}`, `{"query":` + op + `}`},
		{"methods of webhooks", "webhook", `{"x-additionalOperations":{"PING":` + op + `}}`, `{"additionalOperations":{"PING":` + op + `}}`},

		{"a cookie", "parameter", `{"name":"c","in":"cookie","schema":{"type":"string"}}`, `{"name":"c","in":"cookie","schema":{"type":"string"},"style":"cookie"}`},
		{"a cookie of JSON", "parameter", `{"name":"c","in":"cookie","content":{"application/json":{}}}`, `{"name":"c","in":"cookie","content":{"application/json":{}}}`},
		{
			"the text of a cookie", "parameter", `{"name":"c","in":"cookie","schema":{"examples":["a b%"]}}`,
			`{"name":"c","in":"cookie","schema":{"examples":["a b%"]},"style":"cookie","examples":{"example":{"dataValue":"a b%","serializedValue":"c=a b%"}}}`,
		},
		{
			"the text of a query", "parameter", `{"name":"q q","in":"query","schema":{"examples":["a b"]}}`,
			`{"name":"q q","in":"query","schema":{"examples":["a b"]},"examples":{"example":{"dataValue":"a b","serializedValue":"q%20q=a%20b"}}}`,
		},
		{
			"the text of a list", "parameter", `{"name":"q","in":"query","schema":{"examples":[["a","b,c"]]}}`,
			`{"name":"q","in":"query","schema":{"examples":[["a","b,c"]]},"examples":{"example":{"dataValue":["a","b,c"],"serializedValue":"q=a&q=b%2Cc"}}}`,
		},
		{
			"the text of a list with commas", "parameter", `{"name":"q","in":"query","style":"form","explode":false,"schema":{"examples":[["a","b,c"]]}}`,
			`{"name":"q","in":"query","style":"form","explode":false,"schema":{"examples":[["a","b,c"]]},"examples":{"example":{"dataValue":["a","b,c"],"serializedValue":"q=a,b%2Cc"}}}`,
		},
		{
			"the text of a list with bars", "parameter", `{"name":"q","in":"query","style":"pipeDelimited","explode":false,"schema":{"examples":[["a","b,c"]]}}`,
			`{"name":"q","in":"query","style":"pipeDelimited","explode":false,"schema":{"examples":[["a","b,c"]]},"examples":{"example":{"dataValue":["a","b,c"],"serializedValue":"q=a%7Cb%2Cc"}}}`,
		},
		{"a list that holds its separator", "parameter", `{"name":"X-A","in":"header","schema":{"examples":[["a,b"]]}}`, `{"name":"X-A","in":"header","schema":{"examples":[["a,b"]]}}`},
		{
			"the text of an object", "parameter", `{"name":"q","in":"query","style":"deepObject","explode":true,"schema":{"examples":[{"a b":{"c":1},"d":["x","y"]}]}}`,
			`{"name":"q","in":"query","style":"deepObject","explode":true,"schema":{"examples":[{"a b":{"c":1},"d":["x","y"]}]},"examples":{"example":{` +
				`"dataValue":{"a b":{"c":1},"d":["x","y"]},"serializedValue":"q%5Ba%20b%5D%5Bc%5D=1&q%5Bd%5D=x&q%5Bd%5D=y"}}}`,
		},
		{"an object with null", "parameter", `{"name":"q","in":"query","style":"deepObject","schema":{"examples":[{"a":null}]}}`, `{"name":"q","in":"query","style":"deepObject","schema":{"examples":[{"a":null}]}}`},
		{
			"the text of a header", "parameter", `{"name":"X-A","in":"header","schema":{"examples":[[1,2]]}}`,
			`{"name":"X-A","in":"header","schema":{"examples":[[1,2]]},"examples":{"example":{"dataValue":[1,2],"serializedValue":"1,2"}}}`,
		},
		{
			"the text of a segment", "parameter", `{"name":"p","in":"path","required":true,"schema":{"examples":["a/b"]}}`,
			`{"name":"p","in":"path","required":true,"schema":{"examples":["a/b"]},"examples":{"example":{"dataValue":"a/b","serializedValue":"a%2Fb"}}}`,
		},
		{"an example without a text", "parameter", `{"name":"q","in":"query","schema":{"examples":[null]}}`, `{"name":"q","in":"query","schema":{"examples":[null]}}`},
		{"a list without a text", "parameter", `{"name":"q","in":"query","schema":{"examples":[[[1]]]}}`, `{"name":"q","in":"query","schema":{"examples":[[[1]]]}}`},
		{"an example of its own", "parameter", `{"name":"q","in":"query","schema":{"examples":[1]},"example":2}`, `{"name":"q","in":"query","schema":{"examples":[1]},"example":2}`},
		{"a reference to a parameter", "parameter", `{"$ref":"#/components/parameters/P"}`, `{"$ref":"#/components/parameters/P"}`},

		{
			"cookies that are set", "header", `{"description":"Sets a","schema":{"type":"string"},"x-cookies":{"a":{"type":"string"}}}`,
			`{"description":"Sets a","schema":{"type":"object","properties":{"a":{"type":"string"}}},"style":"simple","explode":true}`,
		},
		{"an example of a header", "header", `{"schema":{"examples":["a b"]}}`, `{"schema":{"examples":["a b"]},"examples":{"example":{"dataValue":"a b","serializedValue":"a b"}}}`},

		{"a text with a summary", "response", `{"description":"It is gone. Ask its owner."}`, `{"summary":"It is gone","description":"It is gone. Ask its owner."}`},
		{"a single sentence", "response", `{"description":"It is gone."}`, `{"description":"It is gone."}`},
		{"a paragraph", "response", `{"description":"It is\ngone. Sorry"}`, `{"description":"It is\ngone. Sorry"}`},

		{"a tag", "tag", `{"name":"a","x-displayName":"A","x-parent":"all","x-kind":"nav"}`, `{"name":"a","summary":"A","parent":"all","kind":"nav"}`},
		{"a server", "server", `{"url":"/","x-name":"here"}`, `{"url":"/","name":"here"}`},
		{
			"a device", "scheme", `{"type":"oauth2","flows":{"x-deviceAuthorization":{"deviceAuthorizationUrl":"/d","tokenUrl":"/t","scopes":{}}},"x-oauth2MetadataUrl":"/m","x-deprecated":true}`,
			`{"type":"oauth2","flows":{"deviceAuthorization":{"deviceAuthorizationUrl":"/d","tokenUrl":"/t","scopes":{}}},"oauth2MetadataUrl":"/m","deprecated":true}`,
		},
		{
			"a default of a union", "schema", `{"properties":{"x-a":{"items":{"oneOf":[{"$ref":"#/components/schemas/Item"}],"x-discriminator":{"propertyName":"k","defaultMapping":"Item"}}}}}`,
			`{"properties":{"x-a":{"items":{"oneOf":[{"$ref":"#/components/schemas/Item"}],"discriminator":{"propertyName":"k","defaultMapping":"Item"}}}}}`,
		},
		{"data that look like words", "schema", `{"const":{"x-query":1,"properties":{"x-kind":1}},"examples":[{"x-discriminator":1}]}`, `{"const":{"x-query":1,"properties":{"x-kind":1}},"examples":[{"x-discriminator":1}]}`},
		{"schemas that are booleans", "schema", `{"items":true,"additionalProperties":false}`, `{"items":true,"additionalProperties":false}`},
	} {
		t.Run(row.name, func(t *testing.T) {
			older := document("3.1.0", row.place, row.older)
			tree, err := doctree.Parse([]byte(older))
			require.NoError(t, err)
			newer := openapi32.Convert(tree).AppendJSON(nil)
			assert.JSONEq(t, document("3.2.0", row.place, row.newer), string(newer))
			assert.Equal(t, older, string(tree.AppendJSON(nil)), "what is there stays as it was")
			if !strings.Contains(row.newer, `"$ref":"#/components/p`) && !strings.Contains(row.newer, `"$ref":"#/components/m`) {
				documenttest.Valid(t, newer)
			}
		})
	}
}

// TestSharedContent: content that occurs several times is written once.
func TestSharedContent(t *testing.T) {
	const failed = `{"application/json":{"schema":{"$ref":"#/components/schemas/Item"},"examples":{"not found":{"value":{"detail":"there is no such item"}}}}}`
	const other = `{"application/json":{"schema":{"$ref":"#/components/schemas/Item"},"examples":{"not_found":{"value":{"detail":"there is nothing like it"}}}}}`
	const plain = `{"application/json":{"schema":{"$ref":"#/components/schemas/Item"}},"text/plain":{"schema":{"type":"string"}}}`
	const lines = `{"application/jsonl":{"x-itemSchema":{"allOf":[{"$ref":"#/components/schemas/Item"}]},"example":"{\"title\":\"something\",\"number\":1000}\n"}}`
	const inline = `{"application/json":{"schema":{"type":"object","properties":{"title":{"type":"string","minLength":1},"number":{"type":"integer"}}}}}`
	response := func(content string) string { return `{"description":"OK","content":` + content + `}` }
	all := `{"200":` + response(plain) + `,"201":` + response(lines) + `,"202":` + response(inline) + `,"404":` + response(failed) + `,"410":` + response(other) + `}`
	tree, err := doctree.Parse([]byte(`{"openapi":"3.1.0","info":{"title":"T","version":"1"},"paths":{"/a":{"get":{"responses":` + all + `},"put":{"responses":` + all + `}}},"components":{"schemas":{"Item":{}}}}`))
	require.NoError(t, err)
	made := openapi32.Convert(tree)
	documenttest.Valid(t, made.AppendJSON(nil))
	var names []string
	for _, m := range made.Get("components").Get("mediaTypes").Members {
		names = append(names, m.Name)
	}
	assert.Equal(t, []string{"Item", "content", "not_found", "not_found_2"}, names)
	for _, method := range []string{"get", "put"} {
		responses := made.Get("paths").Get("/a").Get(method).Get("responses")
		at := func(status string) string {
			return string(responses.Get(status).Get("content").Members[0].Value.AppendJSON(nil))
		}
		assert.JSONEq(t, `{"schema":{"$ref":"#/components/schemas/Item"}}`, at("200"))
		assert.JSONEq(t, `{"$ref":"#/components/mediaTypes/Item"}`, at("201"))
		assert.JSONEq(t, `{"$ref":"#/components/mediaTypes/content"}`, at("202"))
		assert.JSONEq(t, `{"$ref":"#/components/mediaTypes/not_found"}`, at("404"))
		assert.JSONEq(t, `{"$ref":"#/components/mediaTypes/not_found_2"}`, at("410"))
	}

	// A document without components gets some.
	const object = `{"description":"","content":{"application/json":{"schema":{"type":"object","properties":{"title":{"type":"string"},"number":{"type":"integer"}}}}}}`
	tree, err = doctree.Parse([]byte(`{"openapi":"3.1.0","info":{"title":"T","version":"1"},"paths":{"/a":{"get":{"responses":{"200":` + object + `,"201":` + object + `}}}}}`))
	require.NoError(t, err)
	assert.Len(t, openapi32.Convert(tree).Get("components").Get("mediaTypes").Members, 1)
}
