package candor_test

import (
	"bytes"
	"context"
	"encoding/json"
	"net/http"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/candor-go/candor"
	"github.com/candor-go/candor/internal/apptest"
	"github.com/candor-go/candor/internal/documenttest"
)

type signedIn struct {
	Session string      `cookie:"session" validate:"min=3" doc:"Who it is"`
	Visits  *int        `cookie:"visits"`
	Theme   http.Cookie `cookie:"theme"`
	Body    string      `body:""`
}

// described says all that has words in OpenAPI 3.2 only.
func described() *candor.App {
	app := candor.New(candor.Config{
		Tags: []candor.Tag{
			{Name: "shop", Summary: "The shop", Kind: "nav"},
			{Name: "items", Description: "What there is", Parent: "shop", Kind: "badge"},
		},
		Servers: []candor.Server{{URL: "/api", Name: "production"}},
		SecuritySchemes: map[string]candor.SecurityScheme{
			"tv":  candor.OAuth2Device("/device", "/token", map[string]string{"read": "Read"}).WithMetadata("/.well-known/oauth-authorization-server"),
			"old": candor.SecurityScheme{}.WithDescription("From before").Deprecated(),
		},
	})
	candor.Post(app, "/sessions", func(_ context.Context, in struct {
		Token candor.Bearer  `security:"tv"`
		Key   *candor.APIKey `header:"X-Key" security:"old"`
	},
	) (signedIn, error) {
		return signedIn{Session: "abc", Visits: new(3), Theme: http.Cookie{Value: "dark blue", Path: "/"}, Body: "in"}, nil
	}, candor.Tags("items"))
	return app
}

func TestDocumentInWordsOf32(t *testing.T) {
	var first, newer bytes.Buffer
	require.NoError(t, described().WriteOpenAPI(&first))
	require.NoError(t, described().WriteOpenAPIAs(&newer, candor.OpenAPI32))
	documenttest.Check(t, "words", first.Bytes())
	documenttest.Stable(t, described)
	for _, row := range []struct {
		at           []string
		older, newer string
	}{
		{
			[]string{"tags"},
			`[{"name":"shop","x-displayName":"The shop","x-kind":"nav"},{"name":"items","description":"What there is","x-kind":"badge","x-parent":"shop"}]`,
			`[{"name":"shop","summary":"The shop","kind":"nav"},{"name":"items","description":"What there is","kind":"badge","parent":"shop"}]`,
		},
		{[]string{"servers"}, `[{"url":"/api","x-name":"production"}]`, `[{"url":"/api","name":"production"}]`},
		{
			[]string{"components", "securitySchemes"},
			`{"tv":{"type":"oauth2","flows":{"x-deviceAuthorization":{"deviceAuthorizationUrl":"/api/device","tokenUrl":"/api/token","scopes":{"read":"Read"}}},
				"x-oauth2MetadataUrl":"/api/.well-known/oauth-authorization-server"},
			"old":{"type":"apiKey","description":"From before","in":"header","name":"X-Key","x-deprecated":true}}`,
			`{"tv":{"type":"oauth2","flows":{"deviceAuthorization":{"deviceAuthorizationUrl":"/api/device","tokenUrl":"/api/token","scopes":{"read":"Read"}}},
				"oauth2MetadataUrl":"/api/.well-known/oauth-authorization-server"},
			"old":{"type":"apiKey","description":"From before","in":"header","name":"X-Key","deprecated":true}}`,
		},
		{
			[]string{"paths", "/sessions", "post", "responses", "200", "headers", "Set-Cookie"},
			`{"description":"Sets session (Who it is), visits, theme","schema":{"type":"string"},
				"x-cookies":{"session":{"type":"string","description":"Who it is","minLength":3},"theme":{"type":"string"},"visits":{"type":"integer","format":"int64"}}}`,
			`{"description":"Sets session (Who it is), visits, theme","style":"simple","explode":true,"schema":{"type":"object",
				"properties":{"session":{"type":"string","description":"Who it is","minLength":3},"theme":{"type":"string"},"visits":{"type":"integer","format":"int64"}}}}`,
		},
	} {
		assert.JSONEq(t, row.older, textOf(apptest.Member(first.Bytes(), row.at...)), row.at)
		assert.JSONEq(t, row.newer, textOf(apptest.Member(newer.Bytes(), row.at...)), row.at)
	}
	candor.NewTestClient(t, described()).Post("/sessions", nil, candor.WithHeader("Authorization", "Bearer t")).Status(200)
}

// Metadata are those of a server of OAuth2.
func TestMetadataOfNoServer(t *testing.T) {
	for _, scheme := range []candor.SecurityScheme{candor.BearerTokens("JWT"), candor.OpenIDConnect("/"), {}} {
		app := candor.New(candor.Config{SecuritySchemes: map[string]candor.SecurityScheme{"login": scheme.WithMetadata("/m")}})
		candor.Get(app, "/", apptest.Ignores[struct {
			Token candor.Bearer `security:"login"`
		}])
		assert.ErrorContains(t, app.Check(), `Config.SecuritySchemes["login"] has WithMetadata, which is about servers of OAuth2; use it with candor.OAuth2Code or those beside it, or drop it`)
	}
}

func textOf(v any) string {
	text, _ := json.Marshal(v)
	return string(text)
}
