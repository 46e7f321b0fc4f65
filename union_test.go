package candor_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/candor-go/candor"
	"github.com/candor-go/candor/internal/apptest"
	"github.com/candor-go/candor/internal/documenttest"
)

type beast struct {
	candor.OneOf `json:"kind"`
	Cat          *tomcat `case:"cat"`
	Dog          *hound  `case:"dog"`
}

type tomcat struct {
	Lives int `json:"lives" validate:"gte=1" default:"9"`
}

type hound struct {
	Name  string `json:"name"`
	Barks bool   `json:"barks,omitempty"`
}

func TestUnions(t *testing.T) {
	app := candor.New(candor.Config{})
	candor.Post(app, "/", func(_ context.Context, in struct {
		Body []beast `body:""`
	},
	) ([]beast, error) {
		return in.Body, nil
	})
	candor.Post(app, "/strict", apptest.Echo[struct {
		Body beast `body:"beast"`
	}], candor.ForbidExtra())
	c := candor.NewTestClient(t, app)
	posts(t, c, "/", [][2]string{
		{`[{"kind":"cat"},{"name":"Rex","kind":"dog","x":1}]`, `200 [{"kind":"cat","lives":9},{"kind":"dog","name":"Rex"}]`},
		{`[{"kind":"cat","lives":0},{"kind":"dog"}]`, "greater_than_equal [\"body\",0,\"cat\",\"lives\"] {\"ge\":1}\nmissing [\"body\",1,\"dog\",\"name\"]"},
		{`[{"kind":"cow"},{"name":"Rex"},5]`, "union_tag_invalid [\"body\",0] {\"discriminator\":\"'kind'\",\"expected_tags\":\"'cat', 'dog'\",\"tag\":\"cow\"}\n" +
			"union_tag_not_found [\"body\",1] {\"discriminator\":\"'kind'\"}\nmodel_attributes_type [\"body\",2]"},
	}...)
	posts(t, c, "/strict", [2]string{`{"beast":{"kind":"cat","x":1}}`, `extra_forbidden ["body","beast","cat","x"]`})
	schemas := apptest.DocumentMember(t, c, "components", "schemas").(map[string]any)
	assert.Equal(t, map[string]any{
		"oneOf": []any{
			map[string]any{"$ref": "#/components/schemas/beastCat"}, map[string]any{"$ref": "#/components/schemas/beastDog"},
		},
		"discriminator": map[string]any{"propertyName": "kind", "mapping": map[string]any{
			"cat": "#/components/schemas/beastCat", "dog": "#/components/schemas/beastDog",
		}},
	}, schemas["beast"])
	assert.Equal(t, false, schemas["beastCatStrict"].(map[string]any)["additionalProperties"])
}

// notice is a union whose default variant keeps the discriminator.
type notice struct {
	candor.OneOf `json:"type" event:"name"`
	Started      *noticeStarted `case:"started"`
	Other        *noticeOther   `case:"*"`
}

type noticeStarted struct {
	By string `json:"by"`
}

type noticeOther struct {
	Type string `json:"type" validate:"max=9" doc:"Whatever comes later"`
	Note string `json:"note,omitempty"`
}

// pick is a union whose default variant ignores the discriminator.
type pick struct {
	candor.OneOf `json:"kind"`
	Some         *pickSome `case:"some"`
	Rest         *pickRest `case:"*"`
}

type pickSome struct {
	N int `json:"n"`
}

type pickRest struct {
	Free string `json:"free,omitempty"`
}

type (
	noticeBody struct {
		Body notice `body:""`
	}
	picksBody struct {
		Body []pick `body:""`
	}
	pickBody struct {
		Body pick `body:""`
	}
	noticeLines struct {
		Body candor.JSONLines[notice] `body:""`
	}
)

func defaultApp() *candor.App {
	app := candor.New(candor.Config{})
	candor.Post(app, "/notices", func(_ context.Context, in noticeBody) (notice, error) { return in.Body, nil })
	candor.Post(app, "/picks", func(_ context.Context, in picksBody) ([]pick, error) { return in.Body, nil })
	candor.Post(app, "/strict", apptest.Echo[pickBody], candor.ForbidExtra())
	candor.Post(app, "/events", func(_ context.Context, in noticeLines) (candor.Events[notice], error) {
		return func(yield func(candor.Event[notice], error) bool) {
			for n, err := range in.Body {
				if err != nil || !yield(candor.Event[notice]{Data: n}, nil) {
					return
				}
			}
		}, nil
	})
	return app
}

// found lists the validation errors of a response.
func found(r *candor.TestResponse) (all string) {
	var body struct {
		Detail []struct {
			Type string
			Loc  []any
		}
	}
	r.JSON(&body)
	for _, f := range body.Detail {
		all += fmt.Sprint(" ", f.Type, f.Loc)
	}
	return all
}

func TestDefaultVariants(t *testing.T) {
	c := candor.NewTestClient(t, defaultApp())
	for _, row := range []struct{ path, body, want string }{
		{"/notices", `{"type":"started","by":"Ann"}`, `{"type":"started","by":"Ann"}`},
		{"/notices", `{"by":"Ann","type":"paused","note":"x"}`, `{"type":"paused","note":"x"}`},
		{"/notices", `{"type":""}`, `{"type":""}`},
		{"/notices", `{"note":"x"}`, ` missing[body type]`},
		{"/notices", `{"type":"paused for long"}`, ` string_too_long[body type]`},
		{"/notices", `{"type":"started"}`, ` missing[body started by]`},
		{"/notices", `{"type":1}`, ` union_tag_invalid[body]`},
		{"/picks", `[{"kind":"some","n":1},{"kind":"new","free":"x","m":1},{},{"free":"y"}]`, `[{"kind":"some","n":1},{"free":"x"},{},{"free":"y"}]`},
		{"/picks", `[{"kind":null},{"kind":"some"},{"kind":"new","free":1}]`, ` union_tag_invalid[body 0] missing[body 1 some n] string_type[body 2 free]`},
		{"/strict", `{"kind":"new","m":1}`, ` extra_forbidden[body m]`},
	} {
		r := c.Post(row.path, json.RawMessage(row.body))
		if r.Code == 422 {
			assert.Equal(t, row.want, found(r), row.body)
			continue
		}
		assert.Equal(t, row.want, string(r.Body), row.body)
	}
	c.Post("/strict", json.RawMessage(`{"kind":"new","free":"x"}`)).Status(200)
	body := bytes.NewBufferString("{\"type\":\"started\",\"by\":\"Ann\"}\n{\"type\":\"paused\",\"note\":\"x\"}\n")
	var names []string
	for event, err := range candor.ReadEvents[json.RawMessage](c.Stream("POST", "/events", nil, candor.WithBody("application/jsonl", body))) {
		require.NoError(t, err)
		names = append(names, event.Name+" "+string(event.Data))
	}
	assert.Equal(t, []string{`started {"type":"started","by":"Ann"}`, `paused {"type":"paused","note":"x"}`}, names)
}

// Typed calls can send default variants, and decode them.
func TestDefaultVariantsInCalls(t *testing.T) {
	for _, sent := range []notice{{Started: &noticeStarted{By: "Ann"}}, {Other: &noticeOther{Type: "paused", Note: "x"}}} {
		callArrives(t, "a notice", "/", noticeBody{Body: sent})
	}
	callArrives(t, "a pick", "/", pickBody{Body: pick{Rest: &pickRest{Free: "x"}}})
	callRefused(t, "a notice that is another", "/", noticeBody{Body: notice{Other: &noticeOther{Type: "started"}}}, `says that it is "started", which is another variant`)
}

// A default variant must not have the discriminator of another variant.
func TestDefaultVariantsThatAreAnother(t *testing.T) {
	app := candor.New(apptest.Unlogged())
	candor.Get(app, "/", apptest.Returns(notice{Other: &noticeOther{Type: "started"}}))
	candor.NewTestClient(t, app).Get("/").Status(500)
}

func TestDocumentOfDefaultVariants(t *testing.T) {
	var first, newer bytes.Buffer
	require.NoError(t, defaultApp().WriteOpenAPI(&first))
	require.NoError(t, defaultApp().WriteOpenAPIAs(&newer, candor.OpenAPI32))
	documenttest.Check(t, "defaults", first.Bytes())
	const byType = `{"propertyName":"type","mapping":{"started":"#/components/schemas/noticeStarted"},"defaultMapping":"#/components/schemas/noticeOther"}`
	const either = `"oneOf":[{"$ref":"#/components/schemas/noticeStarted"},{"$ref":"#/components/schemas/noticeOther"}]`
	for _, row := range []struct {
		document []byte
		at, want string
	}{
		{first.Bytes(), "notice", `{` + either + `,"x-discriminator":` + byType + `}`},
		{newer.Bytes(), "notice", `{` + either + `,"discriminator":` + byType + `}`},
		{
			newer.Bytes(), "noticeOther",
			`{"type":"object","required":["type"],"properties":{"type":{"type":"string","description":"Whatever comes later","maxLength":9,"not":{"enum":["started"]}},"note":{"type":"string"}}}`,
		},
		{newer.Bytes(), "pickRest", `{"type":"object","properties":{"kind":{"type":"string","not":{"enum":["some"]}},"free":{"type":"string"}}}`},
	} {
		assert.JSONEq(t, row.want, textOf(apptest.Member(row.document, "components", "schemas", row.at)), row.at)
	}
	kinds := apptest.Member(newer.Bytes(), "paths", "/events", "post", "responses", "200", "content", "text/event-stream", "itemSchema", "anyOf").([]any)
	assert.JSONEq(t, `{"properties":{"event":{"type":"string","not":{"enum":["started"]}},
		"data":{"type":"string","contentMediaType":"application/json","contentSchema":{"$ref":"#/components/schemas/noticeOther"}}}}`, textOf(kinds[1]))
}
