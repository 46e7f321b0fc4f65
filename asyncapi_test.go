package candor_test

import (
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/candor-go/candor"
	"github.com/candor-go/candor/internal/apptest"
)

// asyncPet is a union; AsyncAPI describes its discriminator differently than OpenAPI.
type asyncPet struct {
	candor.OneOf `json:"kind"`
	Cat          *asyncCat `case:"cat"`
	Dog          *asyncDog `case:"dog"`
}

type asyncCat struct {
	Lives int `json:"lives" validate:"gte=0" example:"9"`
}

type asyncDog struct {
	Name   string    `json:"name"`
	Friend *asyncPet `json:"friend"`
}

// asyncUnheard is not part of any message.
type asyncUnheard struct {
	A int `json:"a"`
}

func asyncApp(config candor.Config, options ...candor.Option) *candor.App {
	app := candor.New(config, options...)
	candor.Get(app, "/plain", func(context.Context, candor.None) (asyncUnheard, error) { return asyncUnheard{}, nil })
	candor.WebSocket(app, "/rooms/{room}/{level}", func(context.Context, struct {
		Room  string `path:"room" doc:"Where to talk"`
		Level string `path:"level" validate:"oneof=low high"`
		Page  int    `query:"page" validate:"gte=1"`
		Quiet bool   `query:"quiet,omitempty"`
		Lang  string `header:"X-Lang,omitempty"`
		Token candor.Bearer
	}, *candor.Socket[asyncPet, []asyncCat],
	) error {
		return nil
	}, candor.OperationID("talk"), candor.Summary("Talk to pets"), candor.Description("In *rooms*"), candor.Tags("pets"),
		candor.Subprotocols("v2", "v1"), candor.ReplyToInvalidMessages(), candor.Deprecated())
	candor.WebSocket(app, "/echo", wsEcho[string], candor.OperationID("echo"))
	candor.WebSocket(app, "/bytes", wsEcho[[]byte], candor.OperationID("bytes"))
	candor.WebSocket(app, "/hidden", wsEcho[string], candor.Hidden())
	candor.Post(app, "/events", func(context.Context, struct {
		From int64         `query:"from"`
		Key  candor.APIKey `header:"X-Key"`
	},
	) (candor.Events[asyncCat], error) {
		return nil, nil
	}, candor.OperationID("watch"))
	candor.Get(app, "/raw", func(context.Context, candor.None) (candor.Events[candor.Raw], error) { return nil, nil }, candor.OperationID("raw"))
	return app
}

// asyncDocument returns an app's AsyncAPI document, validated
// against the schema published by the AsyncAPI Initiative.
func asyncDocument(t *testing.T, app *candor.App) []byte {
	t.Helper()
	var text strings.Builder
	require.NoError(t, app.WriteOpenAPIAs(&text, candor.AsyncAPI30))
	published, err := os.ReadFile(filepath.Join("internal", "asyncapi", "testdata", "asyncapi-3.0.json"))
	require.NoError(t, err)
	meta, err := jsonschema.UnmarshalJSON(strings.NewReader(string(published)))
	require.NoError(t, err)
	compiler := jsonschema.NewCompiler()
	require.NoError(t, compiler.AddResource("file:///asyncapi.json", meta))
	judge, err := compiler.Compile("file:///asyncapi.json")
	require.NoError(t, err)
	document, err := jsonschema.UnmarshalJSON(strings.NewReader(text.String()))
	require.NoError(t, err)
	require.NoError(t, judge.Validate(document), text.String())
	asyncRefs(t, document, document)
	if dir := os.Getenv("CANDOR_ASYNCAPI_DIR"); dir != "" {
		name := strings.NewReplacer("/", "-").Replace(t.Name()) + ".json"
		require.NoError(t, os.WriteFile(filepath.Join(dir, name), []byte(text.String()), 0o600))
	}
	return []byte(text.String())
}

// asyncRefs resolves every reference in a document.
func asyncRefs(t *testing.T, document, v any) {
	t.Helper()
	switch v := v.(type) {
	case []any:
		for _, item := range v {
			asyncRefs(t, document, item)
		}
	case map[string]any:
		if ref, ok := v["$ref"].(string); ok {
			there := document
			for _, step := range strings.Split(strings.TrimPrefix(ref, "#/"), "/") {
				there = there.(map[string]any)[strings.NewReplacer("~1", "/", "~0", "~").Replace(step)]
				require.NotNil(t, there, ref)
			}
		}
		for _, item := range v {
			asyncRefs(t, document, item)
		}
	}
}

func asyncText(v any) string {
	text, _ := json.Marshal(v)
	return string(text)
}

func TestAsyncAPIDocument(t *testing.T) {
	app := asyncApp(candor.Config{
		Title: "Pets", Version: "1.2", License: candor.License{Name: "MIT"}, Contact: candor.Contact{Name: "Ann"},
		Tags:    []candor.Tag{{Name: "pets", Description: "All of them"}},
		Servers: []candor.Server{{URL: "https://pets.example/v1", Description: "The one"}, {URL: "http://localhost:8000"}},
	})
	doc := asyncDocument(t, app)
	for path, want := range map[string]string{
		"asyncapi": `"3.0.0"`, "info.title": `"Pets"`, "info.license": `{"name":"MIT"}`, "info.tags": `[{"description":"All of them","name":"pets"}]`,
		"servers.wss-pets-example-v1":                          `{"description":"The one","host":"pets.example","pathname":"/v1","protocol":"wss"}`,
		"servers.http-localhost-8000":                          `{"host":"localhost:8000","protocol":"http"}`,
		"channels.talk.address":                                `"/rooms/{room}/{level}"`,
		"channels.talk.title":                                  `"Talk to pets"`,
		"channels.talk.description":                            `"In *rooms*"`,
		"channels.talk.parameters":                             `{"level":{"enum":["low","high"]},"room":{"description":"Where to talk"}}`,
		"channels.talk.messages.received":                      `{"payload":{"$ref":"#/components/schemas/asyncPet"}}`,
		"channels.talk.messages.sent.payload.items":            `{"$ref":"#/components/schemas/asyncCat"}`,
		"channels.talk.messages.invalid.payload":               `{"$ref":"#/components/schemas/HTTPValidationError"}`,
		"channels.talk.bindings.ws.query.required":             `["page"]`,
		"channels.talk.bindings.ws.headers.properties":         `{"Sec-WebSocket-Protocol":{"enum":["v2","v1"],"type":"string"},"X-Lang":{"type":"string"}}`,
		"operations.talkReceive.action":                        `"receive"`,
		"operations.talkReceive.channel":                       `{"$ref":"#/channels/talk"}`,
		"operations.talkReceive.messages":                      `[{"$ref":"#/channels/talk/messages/received"}]`,
		"operations.talkReceive.security":                      `[{"$ref":"#/components/securitySchemes/HTTPBearer"}]`,
		"operations.talkReceive.tags":                          `[{"name":"pets"}]`,
		"operations.talkSend.messages":                         `[{"$ref":"#/channels/talk/messages/sent"},{"$ref":"#/channels/talk/messages/invalid"}]`,
		"operations.talkSend.x-deprecated":                     `true`,
		"channels.echo.messages.sent.contentType":              `"text/plain"`,
		"channels.bytes.messages.received.contentType":         `"application/octet-stream"`,
		"channels.watch.messages.sent":                         `{"contentType":"application/json","payload":{"$ref":"#/components/schemas/asyncCat"}}`,
		"operations.watchSend.bindings.http.method":            `"POST"`,
		"operations.watchSend.bindings.http.query.properties":  `{"from":{"format":"int64","type":"integer"}}`,
		"operations.watchSend.security":                        `[{"$ref":"#/components/securitySchemes/APIKeyHeader"}]`,
		"channels.raw.messages.sent.contentType":               `"text/plain"`,
		"components.securitySchemes.APIKeyHeader":              `{"in":"header","name":"X-Key","type":"httpApiKey"}`,
		"components.schemas.asyncPet.discriminator":            `"kind"`,
		"components.schemas.asyncCat.properties.lives.minimum": `0`,
	} {
		assert.Equal(t, want, asyncText(apptest.Member(doc, strings.Split(path, ".")...)), path)
	}
	assert.ElementsMatch(t, []string{"talk", "echo", "bytes", "watch", "raw"}, apptest.MemberNames(doc, "channels"))
	assert.NotContains(t, apptest.MemberNames(doc, "components", "schemas"), "asyncUnheard")
	assert.Equal(t, asyncText(json.RawMessage(doc)), asyncText(json.RawMessage(asyncDocument(t, app))))
}

func TestAsyncAPIIsServed(t *testing.T) {
	served := func(app *candor.App, path string) string {
		status, _, _ := strings.Cut(apptest.Wire(app, "GET "+path), " ")
		return status
	}
	assert.Equal(t, "200", served(asyncApp(candor.Config{}), "/asyncapi.json"))
	assert.Equal(t, "200", served(asyncApp(candor.Config{Docs: candor.Docs{OpenAPI: "/api/spec.json"}}), "/api/asyncapi.json"))
	assert.Equal(t, "200", served(asyncApp(candor.Config{Docs: candor.Docs{AsyncAPI: "/messages"}}), "/messages"))
	assert.Equal(t, "404", served(asyncApp(candor.Config{Docs: candor.Docs{AsyncAPI: "-"}}), "/asyncapi.json"))
	assert.Equal(t, "404", served(asyncApp(candor.Config{Docs: candor.Docs{OpenAPI: "-"}}), "/asyncapi.json"))

	quiet := candor.New(candor.Config{})
	candor.Get(quiet, "/events", func(context.Context, candor.None) (candor.Events[int], error) { return nil, nil })
	assert.Equal(t, "404", served(quiet, "/asyncapi.json"))

	inner, outer := asyncApp(candor.Config{}), candor.New(candor.Config{})
	outer.Mount("/in", inner)
	assert.Equal(t, "200", served(outer, "/in/asyncapi.json"))
	assert.Equal(t, "/in/echo", apptest.Member(asyncDocument(t, inner), "channels", "echo", "address"))
}

func TestAsyncAPIOfManySchemes(t *testing.T) {
	app := candor.New(candor.Config{ProblemDetails: true, SecuritySchemes: map[string]candor.SecurityScheme{
		"oauth": candor.OAuth2Code("https://a.example/authorize", "https://a.example/token", map[string]string{"read": "Read"}),
		"oidc":  candor.OpenIDConnect("https://a.example/.well-known/openid-configuration"),
	}})
	candor.WebSocket(app, "/a", func(context.Context, struct {
		Token    candor.Bearer `security:"oauth"`
		Login    *candor.Basic
		Required candor.RequiredScopes
	}, *candor.Socket[int, *string],
	) error {
		return nil
	}, candor.Scopes("read"))
	candor.WebSocket(app, "/b", func(context.Context, struct {
		Token candor.Bearer `security:"oidc"`
	}, *candor.Socket[map[string]any, any],
	) error {
		return nil
	}, candor.ReplyToInvalidMessages())
	doc := asyncDocument(t, app)
	assert.ElementsMatch(t, []string{"HTTPBasic", "oauth", "oidc"}, apptest.MemberNames(doc, "components", "securitySchemes"))
	assert.JSONEq(t, `{"read":"Read"}`, asyncText(apptest.Member(doc, "components", "securitySchemes", "oauth", "flows", "authorizationCode", "availableScopes")))
}
