package candor_test

import (
	"bytes"
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/candor-go/candor"
	"github.com/candor-go/candor/internal/apptest"
	"github.com/candor-go/candor/internal/documenttest"
)

type signedIn struct {
	Session string      `cookie:"session" validate:"min=3" doc:"Who it is"`
	Visits  *int64      `cookie:"visits"`
	Theme   http.Cookie `cookie:"theme"`
	Body    string      `body:""`
}

// described is an app that uses what only OpenAPI 3.2 can describe.
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
		return signedIn{Session: "abc", Visits: new(int64(3)), Theme: http.Cookie{Value: "dark blue", Path: "/"}, Body: "in"}, nil
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

// WithMetadata applies only to OAuth 2 schemes.
func TestMetadataOfNoServer(t *testing.T) {
	for _, scheme := range []candor.SecurityScheme{candor.BearerTokens("JWT"), candor.OpenIDConnect("/"), {}} {
		app := candor.New(candor.Config{SecuritySchemes: map[string]candor.SecurityScheme{"login": scheme.WithMetadata("/m")}})
		candor.Get(app, "/", apptest.Ignores[struct {
			Token candor.Bearer `security:"login"`
		}])
		assert.ErrorContains(t, app.Check(), `Config.SecuritySchemes["login"] has WithMetadata, which is about servers of OAuth2; use it with an OAuth 2 scheme such as candor.OAuth2Code, or drop it`)
	}
}

// shownInput has an example in every source, with characters that some sources escape.
type shownInput struct {
	ID     string   `path:"id" example:"a/b c%"`
	Text   string   `query:"te xt" example:"x+y & z"`
	Yes    bool     `query:"yes" example:"true"`
	IDs    []int    `query:"ids" example:"[1,2]"`
	Names  []string `query:"names,csv" example:"[\"a,b\",\"c d\"]"`
	Bars   []string `query:"bars,pipe" example:"[\"a,b\",\"c d\"]"`
	Spaces []int    `query:"spaces,space" example:"[5,6]"`
	Deep   deepMap  `query:"deep,deep" example:"{\"a\":[\"x y\"],\"b\":[\"1\",\"2\"]}"`
	Header []string `header:"X-List" example:"[\"a\",\"b c\"]"`
	Number float64  `header:"X-Number" example:"1.50"`
	Theme  string   `cookie:"theme" example:"a%20b"`
	Marks  []int    `cookie:"marks" example:"[3,4]"`
}

type deepMap map[string][]string

type shownForm struct {
	Name  string   `form:"na me" example:"A & B"`
	Tags  []string `form:"tags"`
	Codes []int    `form:"codes,csv"`
	Point struct {
		X int `json:"x"`
	} `form:"point,json"`
}

// The serialized form of an example can be sent to the app, which decodes the example's value from it.
func TestTextsOfExamplesAreRead(t *testing.T) {
	app := candor.New(candor.Config{})
	var got shownInput
	candor.Get(app, "/{id}", func(_ context.Context, in shownInput) (candor.None, error) {
		got = in
		return candor.None{}, nil
	})
	var document bytes.Buffer
	require.NoError(t, app.WriteOpenAPIAs(&document, candor.OpenAPI32))
	var query, cookies []string
	path, header, read := "/", http.Header{}, 0
	for _, p := range apptest.Member(document.Bytes(), "paths", "/{id}", "get", "parameters").([]any) {
		text := apptest.Member([]byte(textOf(p)), "examples", "example", "serializedValue").(string)
		read++
		switch p := p.(map[string]any); p["in"] {
		case "path":
			path += text
		case "query":
			query = append(query, text)
		case "cookie":
			cookies = append(cookies, text)
		default:
			header.Set(p["name"].(string), text)
		}
	}
	require.Equal(t, 12, read)
	header.Set("Cookie", strings.Join(cookies, "; "))
	r := httptest.NewRequest(http.MethodGet, path+"?"+strings.Join(query, "&"), http.NoBody)
	r.Header = header
	w := httptest.NewRecorder()
	app.ServeHTTP(w, r)
	require.Equal(t, 204, w.Code, w.Body)
	assert.Equal(t, shownInput{
		ID: "a/b c%", Text: "x+y & z", Yes: true, IDs: []int{1, 2}, Names: []string{"a,b", "c d"},
		Bars: []string{"a,b", "c d"}, Spaces: []int{5, 6}, Deep: deepMap{"a": {"x y"}, "b": {"1", "2"}},
		Header: []string{"a", "b c"}, Number: 1.5, Theme: "a%20b", Marks: []int{3, 4},
	}, got)
}

func TestTextsOfFormsAreRead(t *testing.T) {
	app := candor.New(candor.Config{})
	sent := map[string]any{"na me": "A & B", "tags": []string{"x", "y z"}, "codes": []int{1, 2}, "point": map[string]int{"x": 7}}
	var got shownForm
	candor.Post(app, "/", func(_ context.Context, in struct {
		Form shownForm `form:""`
	},
	) (candor.None, error) {
		got = in.Form
		return candor.None{}, nil
	}, candor.RequestExample("all", sent))
	var document bytes.Buffer
	require.NoError(t, app.WriteOpenAPIAs(&document, candor.OpenAPI32))
	example := apptest.Member(document.Bytes(), "paths", "/", "post", "requestBody", "content", "application/x-www-form-urlencoded", "examples", "all")
	assert.JSONEq(t, textOf(sent), textOf(example.(map[string]any)["dataValue"]))
	text, _ := example.(map[string]any)["serializedValue"].(string)
	candor.NewTestClient(t, app).Post("/", nil, candor.WithBody("application/x-www-form-urlencoded", strings.NewReader(text))).Status(204)
	want := shownForm{Name: "A & B", Tags: []string{"x", "y z"}, Codes: []int{1, 2}}
	want.Point.X = 7
	assert.Equal(t, want, got)
}

type queried struct {
	Words string `json:"words" validate:"min=2"`
}

type querying struct {
	Body queried `body:""`
}

// methodsApp has operations with methods that OpenAPI 3.1 has no field for.
func methodsApp() *candor.App {
	app := candor.New(candor.Config{})
	candor.Query(app, "/items", func(_ context.Context, in querying) ([]queried, error) { return []queried{in.Body}, nil })
	candor.Get(app, "/items", apptest.Zero[[]queried])
	candor.Handle(app, []string{"PURGE"}, "/items", apptest.Ignores[candor.None])
	return app
}

func TestDocumentOfMethods(t *testing.T) {
	var first, newer bytes.Buffer
	require.NoError(t, methodsApp().WriteOpenAPI(&first))
	require.NoError(t, methodsApp().WriteOpenAPIAs(&newer, candor.OpenAPI32))
	documenttest.Check(t, "methods", first.Bytes())
	documenttest.Stable(t, methodsApp)
	older := apptest.Member(first.Bytes(), "paths", "/items").(map[string]any)
	item := apptest.Member(newer.Bytes(), "paths", "/items").(map[string]any)
	assert.Len(t, item, 3)
	for name, extension := range map[string]string{"query": "x-query", "additionalOperations": "x-additionalOperations"} {
		require.NotNil(t, older[extension])
		assert.NotNil(t, item[name])
	}
	assert.NotNil(t, apptest.Member(newer.Bytes(), "paths", "/items", "additionalOperations", "PURGE"))
	c := candor.NewTestClient(t, methodsApp())
	c.Do("QUERY", "/items", queried{"ab"}).Status(200)
	c.Do("QUERY", "/items", queried{"a"}).Status(422)
	c.Do("PURGE", "/items", nil).Status(204)
}

// The test client reports undeclared responses for these methods as well.
func TestMethodsAreChecked(t *testing.T) {
	app := candor.New(apptest.Unlogged())
	fail := func(context.Context, candor.None) (candor.None, error) { return candor.None{}, candor.Error(418, "no") }
	candor.Query(app, "/", fail)
	candor.Handle(app, []string{"PURGE"}, "/", fail)
	for _, method := range []string{"QUERY", "PURGE"} {
		tb := &quiet{TB: t}
		candor.NewTestClient(tb, app).Do(method, "/", nil)
		assert.Equal(t, 1, tb.failures, method)
	}
}

type quiet struct {
	testing.TB
	failures int
}

func (q *quiet) Helper()               {}
func (q *quiet) Errorf(string, ...any) { q.failures++ }

func textOf(v any) string {
	text, _ := json.Marshal(v)
	return string(text)
}
