package candor_test

import (
	"bytes"
	"context"
	"encoding/json"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/candor-go/candor"
	"github.com/candor-go/candor/internal/apptest"
	"github.com/candor-go/candor/internal/documenttest"
)

// sequenceNews is a union, for streams of several kinds of events.
type sequenceNews struct {
	candor.OneOf `json:"kind"`
	Goal         *sequenceGoal `case:"goal"`
	Card         *sequenceCard `case:"card"`
}

// namedNews is the same union, whose cases are also the names of the events.
type namedNews struct {
	candor.OneOf `json:"kind" event:"name"`
	Goal         *sequenceGoal `case:"goal"`
	Card         *sequenceCard `case:"card"`
}

type sequenceGoal struct {
	By     string `json:"by"`
	Minute *int   `json:"minute" validate:"gte=0"`
}

type sequenceCard struct {
	Colour string `json:"colour" validate:"oneof=yellow red"`
}

func sequenceApp() *candor.App {
	app := candor.New(candor.Config{Title: "Sequences"})
	candor.Get(app, "/lines", func(context.Context, candor.None) (candor.JSONLines[sequenceGoal], error) { return nil, nil })
	candor.Get(app, "/numbers", func(context.Context, candor.None) (candor.JSONLines[*int64], error) { return nil, nil })
	candor.Post(app, "/lines", apptest.Ignores[struct {
		Lines candor.JSONLines[sequenceGoal] `body:""`
	}])
	candor.Get(app, "/events", func(context.Context, candor.None) (candor.Events[sequenceNews], error) { return nil, nil })
	candor.Post(app, "/events", func(context.Context, candor.None) (candor.Events[namedNews], error) { return nil, nil })
	candor.Get(app, "/any", func(context.Context, candor.None) (candor.Events[any], error) { return nil, nil })
	candor.Post(app, "/raw", func(context.Context, candor.None) (candor.Events[candor.Raw], error) { return nil, nil })
	candor.Get(app, "/text", func(context.Context, candor.None) (string, error) { return "", nil })
	return app
}

// The schema of an item is written twice: as the list that the
// text contains, in JSON Schema, and in the way of OpenAPI 3.2.
func TestDocumentOfSequences(t *testing.T) {
	var document bytes.Buffer
	require.NoError(t, sequenceApp().WriteOpenAPI(&document))
	documenttest.Check(t, "sequences", document.Bytes())
	documenttest.Stable(t, sequenceApp)
	const goal = `{"$ref":"#/components/schemas/sequenceGoal"}`
	data := func(component string) string {
		return `"data":{"type":"string","contentMediaType":"application/json","contentSchema":{"$ref":"#/components/schemas/` + component + `"}}`
	}
	named := func(name, component string) string {
		return `{"properties":{` + data(component) + `,"event":{"type":"string","enum":["` + name + `"]}},"required":["data","event"]}`
	}
	event := func(kinds ...string) string {
		failed := strings.Replace(named("error", "HTTPError"), "{", `{"description":"The stream failed, and ends with this",`, 1)
		return `{"type":"object","properties":{"data":{"type":"string"},"event":{"type":"string"},"id":{"type":"string"},"retry":{"type":"integer","minimum":0}},` +
			`"anyOf":[` + strings.Join(append(kinds, failed), ",") + `]}`
	}
	for _, row := range []struct {
		place []string
		media string
		item  string
		shown string
	}{
		{[]string{"/lines", "get", "responses", "200"}, "application/jsonl", goal, "{\"by\":\"text\",\"minute\":1}\n"},
		{[]string{"/numbers", "get", "responses", "200"}, "application/jsonl", `{"type":["integer","null"],"format":"int64"}`, "1\n"},
		{[]string{"/lines", "post", "requestBody"}, "application/jsonl", goal, "{\"by\":\"text\",\"minute\":1}\n"},
		{[]string{"/events", "get", "responses", "200"}, "text/event-stream", event(`{"properties":{` + data("sequenceNews") + `}}`), "data: {\"kind\":\"goal\",\"by\":\"text\",\"minute\":1}\n\n"},
		{
			[]string{"/events", "post", "responses", "200"},
			"text/event-stream", event(named("goal", "namedNewsGoal"), named("card", "namedNewsCard")),
			"event: goal\ndata: {\"kind\":\"goal\",\"by\":\"text\",\"minute\":1}\n\nevent: card\ndata: {\"kind\":\"card\",\"colour\":\"yellow\"}\n\n",
		},
		{[]string{"/raw", "post", "responses", "200"}, "text/event-stream", event(`{"properties":{"data":{"type":"string","contentMediaType":"text/plain"}}}`), "data: text\n\n"},
		{[]string{"/any", "get", "responses", "200"}, "text/event-stream", event(`{"properties":{"data":{"type":"string"}}}`), "data: text\n\n"},
	} {
		content := apptest.Member(document.Bytes(), append(append([]string{"paths"}, row.place...), "content", row.media)...).(map[string]any)
		assert.JSONEq(t, inExtension(row.item), sequenceText(content["x-itemSchema"]), row.place)
		assert.Equal(t, row.shown, content["example"], "what is sent")
		schema := content["schema"].(map[string]any)
		assert.Equal(t, "string", schema["type"])
		assert.Equal(t, row.media, schema["contentMediaType"])
		assert.JSONEq(t, `{"type":"array","items":`+row.item+`}`, sequenceText(schema["contentSchema"]))
	}
	assert.JSONEq(t, inExtension(goal), sequenceText(apptest.Member(document.Bytes(), "paths", "/lines", "post", "requestBody", "content", "application/x-ndjson", "x-itemSchema")))
	assert.Nil(t, apptest.Member(document.Bytes(), "paths", "/text", "get", "responses", "200", "content", "text/plain; charset=utf-8", "x-itemSchema"))
}

// OpenAPI 3.0 cannot describe the content of a text, so it stands in extensions, like the items.
func TestDocumentOfSequencesIn30(t *testing.T) {
	var document bytes.Buffer
	require.NoError(t, sequenceApp().WriteOpenAPIAs(&document, candor.OpenAPI30))
	item := func(path, method, media string) string {
		return sequenceText(apptest.Member(document.Bytes(), "paths", path, method, "responses", "200", "content", media, "x-itemSchema"))
	}
	assert.JSONEq(t, inExtension(`{"$ref":"#/components/schemas/sequenceGoal"}`), item("/lines", "get", "application/jsonl"))
	assert.JSONEq(t, `{"type":"integer","format":"int64","nullable":true}`, item("/numbers", "get", "application/jsonl"))
	assert.JSONEq(t, `{"type":"object","properties":{"data":{"type":"string"},"event":{"type":"string"},"id":{"type":"string"},"retry":{"type":"integer","minimum":0}},`+
		`"anyOf":[{"properties":{"data":{"type":"string","x-contentMediaType":"application/json","x-contentSchema":{"allOf":[{"$ref":"#/components/schemas/sequenceNews"}]}}}},`+
		`{"description":"The stream failed, and ends with this",`+
		`"properties":{"data":{"type":"string","x-contentMediaType":"application/json","x-contentSchema":{"allOf":[{"$ref":"#/components/schemas/HTTPError"}]}},`+
		`"event":{"type":"string","enum":["error"]}},"required":["data","event"]}]}`,
		item("/events", "get", "text/event-stream"))
}

// inExtension wraps a schema as in extensions, where linters reject a plain reference.
func inExtension(schema string) string {
	if strings.HasPrefix(schema, `{"$ref"`) {
		return `{"allOf":[` + schema + `]}`
	}
	return schema
}

// In OpenAPI 3.2 the media type has an item schema, and no other schema.
func TestDocumentOfSequencesIn32(t *testing.T) {
	var document bytes.Buffer
	require.NoError(t, sequenceApp().WriteOpenAPIAs(&document, candor.OpenAPI32))
	data := func(schema string) string {
		return `"data":{"type":"string","contentMediaType":"application/json","contentSchema":{"$ref":"#/components/schemas/` + schema + `"}}`
	}
	named := func(name, schema string) string {
		return `"required":["data","event"],"properties":{` + data(schema) + `,"event":{"type":"string","enum":["` + name + `"]}}}`
	}
	const event = `{"type":"object","required":["data"],"properties":{"data":{"type":"string"},"event":{"type":"string"},"id":{"type":"string"},"retry":{"type":"integer","minimum":0}},"anyOf":[`
	failed := `{"description":"The stream failed, and ends with this",` + named("error", "HTTPError") + `]}`
	for _, row := range []struct{ path, method, media, want string }{
		{
			"/events", "get", "text/event-stream",
			`{"itemSchema":` + event + `{"properties":{` + data("sequenceNews") + `}},` + failed + `,"examples":{"example":{` +
				`"dataValue":[{"data":"{\"kind\":\"goal\",\"by\":\"text\",\"minute\":1}"}],"serializedValue":"data: {\"kind\":\"goal\",\"by\":\"text\",\"minute\":1}\n\n"}}}`,
		},
		{
			"/events", "post", "text/event-stream",
			`{"itemSchema":` + event + `{` + named("goal", "namedNewsGoal") + `,{` + named("card", "namedNewsCard") + `,` + failed + `,"examples":{"example":{` +
				`"dataValue":[{"event":"goal","data":"{\"kind\":\"goal\",\"by\":\"text\",\"minute\":1}"},{"event":"card","data":"{\"kind\":\"card\",\"colour\":\"yellow\"}"}],` +
				`"serializedValue":"event: goal\ndata: {\"kind\":\"goal\",\"by\":\"text\",\"minute\":1}\n\nevent: card\ndata: {\"kind\":\"card\",\"colour\":\"yellow\"}\n\n"}}}`,
		},
	} {
		content := apptest.Member(document.Bytes(), "paths", row.path, row.method, "responses", "200", "content", row.media)
		assert.JSONEq(t, row.want, sequenceText(content), row.path)
	}
	body := apptest.Member(document.Bytes(), "paths", "/lines", "post", "requestBody", "content")
	assert.JSONEq(t, `{"application/jsonl":{"$ref":"#/components/mediaTypes/sequenceGoal"},"application/x-ndjson":{"$ref":"#/components/mediaTypes/sequenceGoal"}}`, sequenceText(body))
	assert.JSONEq(t, `{"$ref":"#/components/mediaTypes/sequenceGoal"}`, sequenceText(apptest.Member(document.Bytes(), "paths", "/lines", "get", "responses", "200", "content", "application/jsonl")))
	assert.JSONEq(t, `{"itemSchema":{"$ref":"#/components/schemas/sequenceGoal"},"examples":{"example":{"dataValue":[{"by":"text","minute":1}],"serializedValue":"{\"by\":\"text\",\"minute\":1}\n"}}}`,
		sequenceText(apptest.Member(document.Bytes(), "components", "mediaTypes", "sequenceGoal")))
}

func sequenceText(v any) string {
	text, _ := json.Marshal(v)
	return string(text)
}
