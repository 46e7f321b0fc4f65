package asyncapi_test

import (
	"fmt"
	"math/rand/v2"
	"os"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/candor-go/candor/internal/asyncapi"
	"github.com/candor-go/candor/internal/doctree"
)

// published returns the schema for documents of the AsyncAPI Initiative.
func published(t testing.TB) *jsonschema.Schema {
	t.Helper()
	text, err := os.ReadFile("testdata/asyncapi-3.0.json")
	require.NoError(t, err)
	compiler := jsonschema.NewCompiler()
	require.NoError(t, compiler.AddResource("file:///asyncapi.json", parsed(t, string(text))))
	judge, err := compiler.Compile("file:///asyncapi.json")
	require.NoError(t, err)
	return judge
}

func parsed(t testing.TB, text string) any {
	t.Helper()
	v, err := jsonschema.UnmarshalJSON(strings.NewReader(text))
	require.NoError(t, err)
	return v
}

func converted(t testing.TB, document string) *doctree.Value {
	t.Helper()
	v, err := doctree.Parse([]byte(document))
	require.NoError(t, err)
	return asyncapi.Convert(v)
}

// at returns a part of a document as JSON, "" if it does not exist.
func at(v *doctree.Value, path ...string) string {
	for _, name := range path {
		v = v.Get(name)
	}
	if v == nil {
		return ""
	}
	return string(v.AppendJSON(nil))
}

const head = `"openapi":"3.1.0","info":{"title":"T","version":"1"}`

// document returns a document with one path and one operation.
func document(path, method, operation, rest string) string {
	return fmt.Sprintf(`{%s,"paths":{%q:{%q:{"operationId":"op",%s}}}%s}`, head, path, method, operation, rest)
}

const (
	socket = `"x-websocket":{"receives":{"type":"string"},"sends":{"type":"integer"}}`
	events = `"responses":{"200":{"description":"","content":{"text/event-stream":{"schema":{"type":"string"},` +
		`"x-itemSchema":{"type":"object","anyOf":[{"properties":{"data":{"type":"string","contentMediaType":"application/json","contentSchema":{"$ref":"#/components/schemas/A~1B"}}}},` +
		`{"properties":{"data":{"type":"string","contentMediaType":"application/json","contentSchema":{"type":"boolean"}},"event":{"type":"string","enum":["error"]}}}]}}}}}`
)

// TestParts: parts of a document, and their conversion to AsyncAPI.
func TestParts(t *testing.T) {
	components := `,"components":{"schemas":{"Unused":{},"C":{"const":1},"A/B":{"oneOf":[{"$ref":"#/components/schemas/C"}],"discriminator":{"propertyName":"kind","mapping":{}}}}}`
	for _, row := range []struct {
		name, document, at, want string
	}{
		{"no messages", document("/", "get", `"responses":{"200":{"description":""}}`, ""), "channels", `{}`},
		{"what a socket reads", document("/", "get", socket, ""), "channels op messages received", `{"payload":{"type":"string"}}`},
		{"what it sends", document("/", "get", socket, ""), "channels op messages sent", `{"payload":{"type":"integer"}}`},
		{"seen from the server", document("/", "get", socket, ""), "operations opReceive action", `"receive"`},
		{"its subprotocols", document("/", "get", `"x-websocket":{"receives":{},"sends":{},"subprotocols":["a"]}`, ""), "channels op bindings ws headers properties", `{"Sec-WebSocket-Protocol":{"type":"string","enum":["a"]}}`},
		{"bytes", document("/", "get", `"x-websocket":{"receives":{"type":"string","format":"binary"},"sends":{}}`, ""), "channels op messages received contentType", `"application/octet-stream"`},
		{"texts and bytes", document("/", "get", `"x-websocket":{"receives":{"anyOf":[{"type":"string","contentMediaType":"text/plain"},{"type":"string","format":"binary"}]},"sends":{}}`, ""), "channels op messages", `{"receivedText":{"contentType":"text/plain","payload":{"type":"string","contentMediaType":"text/plain"}},"receivedBinary":{"contentType":"application/octet-stream","payload":{"type":"string","format":"binary"}},"sent":{"payload":{}}}`},
		{"what a text and bytes are of", document("/", "get", `"x-websocket":{"receives":{"anyOf":[{"type":"string","contentMediaType":"text/plain"},{"type":"string","format":"binary"}]},"sends":{}}`, ""), "operations opReceive messages", `[{"$ref":"#/channels/op/messages/receivedText"},{"$ref":"#/channels/op/messages/receivedBinary"}]`},
		{"events", document("/", "post", events, components), "channels op messages sent", `{"contentType":"application/json","payload":{"$ref":"#/components/schemas/A~1B"}}`},
		{"texts as events", document("/", "get", strings.Replace(events, `"application/json","contentSchema":{"$ref":"#/components/schemas/A~1B"}`, `"text/plain"`, 1), ""), "channels op messages sent", `{"contentType":"text/plain","payload":{"type":"string","contentMediaType":"text/plain"}}`},
		{"an event with a name", document("/", "post", events, components), "channels op messages error", `{"name":"error","contentType":"application/json","payload":{"type":"boolean"}}`},
		{"all events there are", document("/", "post", events, components), "operations opSend messages", `[{"$ref":"#/channels/op/messages/sent"},{"$ref":"#/channels/op/messages/error"}]`},
		{"the method of events", document("/", "post", events, components), "operations opSend bindings http method", `"POST"`},
		{"components that are reached", document("/", "post", events, components), "components schemas", `{"C":{"const":1},"A/B":{"oneOf":[{"$ref":"#/components/schemas/C"}],"discriminator":"kind"}}`},
		{"a server of sockets alone", document("/", "get", socket, `,"servers":[{"url":"https://a.example"}]`), "servers", `{"wss-a-example":{"host":"a.example","protocol":"wss"}}`},
		{"a server that is a path", document("/x", "get", socket, `,"servers":[{"url":"/api/"}]`), "channels op address", `"/api/x"`},
		{"credentials that may be left out", document("/", "get", socket+`,"security":[{"k":[]},{}]`, `,"components":{"securitySchemes":{"k":{"type":"apiKey","in":"query","name":"k"}}}`), "operations opSend security", ""},
		{"a key", document("/", "get", socket+`,"security":[{"k":[]}]`, `,"components":{"securitySchemes":{"k":{"type":"apiKey","in":"query","name":"k"}}}`), "components securitySchemes k", `{"type":"httpApiKey","name":"k","in":"query"}`},
	} {
		t.Run(row.name, func(t *testing.T) {
			got := at(converted(t, row.document), strings.Fields(row.at)...)
			if row.want == "" {
				assert.Empty(t, got)
				return
			}
			assert.JSONEq(t, row.want, got)
		})
	}
}

// TestDocumentsAreValid: any combination of parts gives a valid document, and the input is not modified.
func TestDocumentsAreValid(t *testing.T) {
	judge := published(t)
	random := rand.New(rand.NewPCG(1, 2))
	for range 300 {
		text := randomDocument(random)
		v, err := doctree.Parse([]byte(text))
		require.NoError(t, err, text)
		got := string(asyncapi.Convert(v).AppendJSON(nil))
		require.NoError(t, judge.Validate(parsed(t, got)), "%s\n%s", text, got)
		require.JSONEq(t, text, string(v.AppendJSON(nil)))
	}
}

func randomDocument(random *rand.Rand) string {
	pick := func(choices ...string) string { return choices[random.IntN(len(choices))] }
	schema := func() string {
		return pick(`{}`, `{"type":"string","examples":["a"]}`, `{"type":["integer","null"],"minimum":0}`, `{"$ref":"#/components/schemas/A"}`,
			`{"type":"string","format":"binary"}`, `{"type":"string","contentMediaType":"text/plain"}`, `{"type":"array","items":{"$ref":"#/components/schemas/B"}}`,
			`{"oneOf":[{"$ref":"#/components/schemas/A"}],"discriminator":{"propertyName":"k","mapping":{"a":"#/components/schemas/A"}}}`)
	}
	var paths []string
	for i := range 1 + random.IntN(5) {
		shape := pick(`"responses":{}`, `"responses":{"200":{"description":""}}`,
			`"x-websocket":{"receives":`+schema()+`,"sends":`+schema()+`}`,
			`"x-websocket":{"receives":`+schema()+`,"sends":`+schema()+`,"answersInvalid":`+schema()+`,"subprotocols":["v1"]}`,
			`"responses":{"200":{"description":"","content":{"text/event-stream":{"x-itemSchema":{"anyOf":[{"properties":{"data":{"type":"string","contentMediaType":"application/json","contentSchema":`+schema()+`}}},`+
				`{"properties":{"data":{"type":"string","contentMediaType":"application/json","contentSchema":`+schema()+`},"event":{"type":"string","enum":["a/b"]}}}]}}}}}`)
		about := pick(``, `,"summary":"S","description":"D"`, `,"tags":["t"]`, `,"deprecated":true`, `,"security":[{"key":[]},{"code":["read"]}]`, `,"security":[{"oidc":[]},{}]`)
		parameters := pick(``, `,"parameters":[]`, `,"parameters":[{"name":"id","in":"path","required":true,"schema":{"type":"string","enum":["a","b"]}},{"name":"q","in":"query","required":true,"schema":`+schema()+`}]`,
			`,"parameters":[{"name":"id","in":"path","required":true,"schema":{"type":"integer","enum":[1]}},{"name":"X-H","in":"header","schema":{"type":"string"}}]`)
		paths = append(paths, fmt.Sprintf(`"/p%d/{id}":{%q:{"operationId":"op%d",%s%s%s}}`, i, pick("get", "post"), i, shape, about, parameters))
	}
	info := pick(``, `,"description":"D","contact":{"name":"N"},"license":{"name":"MIT","identifier":"MIT"}`)
	servers := pick(``, `,"servers":[{"url":"/api"}]`, `,"servers":[{"url":"https://a.example:8443/v1","description":"S"},{"url":"http://b.example"}]`)
	return `{"openapi":"3.1.0","info":{"title":"T","version":"1"` + info + `}` + servers + pick(``, `,"tags":[{"name":"t"}]`) +
		`,"paths":{` + strings.Join(paths, ",") + `},"components":{"schemas":{"A":{"type":"object","properties":{"b":{"$ref":"#/components/schemas/B"}}},"B":{"type":"object","properties":{"a":{"$ref":"#/components/schemas/A"}}}},` +
		`"securitySchemes":{"key":{"type":"apiKey","in":"header","name":"K"},"oidc":{"type":"openIdConnect","openIdConnectUrl":"https://a.example/o"},` +
		`"code":{"type":"oauth2","flows":{"authorizationCode":{"authorizationUrl":"https://a.example/a","tokenUrl":"https://a.example/t","scopes":{"read":"R"}}}}}}}`
}

// TestParametersOfComponents: a channel's parameter has no schema and so no reference; the values of the component are
// listed in the parameter.
func TestParametersOfComponents(t *testing.T) {
	v := converted(t, document("/{level}", "get",
		`"parameters":[{"name":"level","in":"path","required":true,"schema":{"$ref":"#/components/schemas/Level"}}],"x-websocket":{"receives":{},"sends":{}}`,
		`,"components":{"schemas":{"Level":{"type":"string","enum":["low","high"]}}}`))
	assert.JSONEq(t, `{"level":{"enum":["low","high"]}}`, at(v, "channels", "op", "parameters"))
}
