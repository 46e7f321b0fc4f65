package candor_test

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/candor-go/candor"
	"github.com/candor-go/candor/internal/apptest"
	"github.com/candor-go/candor/internal/documenttest"
)

func TestHeadOfTheDocument(t *testing.T) {
	app := candor.New(candor.Config{
		Title: "Items", Version: "1.2.3", Summary: "Short", Description: "*Long*", TermsOfService: "https://example.com/terms",
		Contact:      candor.Contact{Name: "Ann", URL: "https://example.com", Email: "ann@example.com"},
		License:      candor.License{Name: "MIT", Identifier: "MIT"},
		ExternalDocs: candor.ExternalDocs{URL: "https://example.com/docs", Description: "More"},
		Tags: []candor.Tag{
			{Name: "zebras", Description: "Striped", ExternalDocs: candor.ExternalDocs{URL: "https://example.com/zebras"}},
			{Name: "ants"},
		},
		Servers: []candor.Server{
			{
				URL: "https://{region}.example.com:{port}", Description: "Everywhere", Variables: map[string]candor.ServerVariable{
					"region": {Default: "eu", Enum: []string{"eu", "us"}, Description: "Where"},
					"port":   {Default: "443"},
				},
			},
			{URL: "/"},
		},
	})
	var out bytes.Buffer
	require.NoError(t, app.WriteOpenAPI(&out))
	validDocument(t, out.Bytes())
	assert.Equal(t, strings.Join([]string{
		`{"openapi":"3.1.0","info":{"title":"Items","summary":"Short","description":"*Long*","termsOfService":"https://example.com/terms",`,
		`"contact":{"name":"Ann","url":"https://example.com","email":"ann@example.com"},"license":{"name":"MIT","identifier":"MIT"},"version":"1.2.3"},`,
		`"servers":[{"url":"https://{region}.example.com:{port}","description":"Everywhere","variables":{"port":{"default":"443"},`,
		`"region":{"enum":["eu","us"],"default":"eu","description":"Where"}}},{"url":"/"}],`,
		`"paths":{},"tags":[{"name":"zebras","description":"Striped","externalDocs":{"url":"https://example.com/zebras"}},{"name":"ants"}],`,
		`"externalDocs":{"description":"More","url":"https://example.com/docs"}}`,
	}, ""), strings.Replace(out.String(), `"components":{},`, "", 1))

	license := candor.New(candor.Config{License: candor.License{Name: "Ours", URL: "https://example.com/license"}})
	assert.Equal(t, map[string]any{"name": "Ours", "url": "https://example.com/license"}, apptest.Member(apptest.Document(t, license), "info", "license"))
	zero := candor.New(candor.Config{})
	assert.Equal(t, []string{"title", "version"}, apptest.MemberNames(apptest.Document(t, zero), "info"))
	assert.Nil(t, apptest.Member(apptest.Document(t, zero), "servers"))
}

func TestRootPathIsAServer(t *testing.T) {
	for _, test := range []struct {
		name   string
		config candor.Config
		want   []any
	}{
		{"alone", candor.Config{RootPath: "/api"}, []any{map[string]any{"url": "/api"}}},
		{
			"before the others",
			candor.Config{RootPath: "/api", Servers: []candor.Server{{URL: "/other"}}},
			[]any{map[string]any{"url": "/api"}, map[string]any{"url": "/other"}},
		},
		{"once", candor.Config{RootPath: "/api", Servers: []candor.Server{{URL: "/api"}}}, []any{map[string]any{"url": "/api"}}},
	} {
		assert.Equal(t, test.want, apptest.Member(apptest.Document(t, candor.New(test.config)), "servers"), test.name)
	}
}

func TestPagesMoveAndGo(t *testing.T) {
	statuses := func(docs candor.Docs) string {
		app := candor.New(candor.Config{Docs: docs})
		var all []string
		for _, path := range []string{"/openapi.json", "/docs", "/docs/init.js", "/redoc", "/d/o.json", "/d/s", "/d/s/init.js", "/r", "/scalar"} {
			all = append(all, apptest.Wire(app, "GET "+path)[:3])
		}
		return strings.Join(all, " ")
	}
	for _, test := range []struct {
		name string
		docs candor.Docs
		want string
	}{
		{"where they are", candor.Docs{}, "200 200 200 200 404 404 404 404 404"},
		{"moved", candor.Docs{OpenAPI: "/d/o.json", Swagger: "/d/s", Redoc: "/r"}, "404 404 404 404 200 200 200 200 404"},
		{"no swagger ui", candor.Docs{Swagger: "-"}, "200 404 404 200 404 404 404 404 404"},
		{"no redoc", candor.Docs{Redoc: "-"}, "200 200 200 404 404 404 404 404 404"},
		{"scalar", candor.Docs{Scalar: "/scalar", Redoc: "-"}, "200 200 200 404 404 404 404 404 200"},
		{"no pages", candor.Docs{Swagger: "-", Redoc: "-"}, "200 404 404 404 404 404 404 404 404"},
		{"without the document, no pages", candor.Docs{OpenAPI: "-"}, "404 404 404 404 404 404 404 404 404"},
		{"whatever is said of them", candor.Docs{OpenAPI: "-", Swagger: "/d/s", Scalar: "/scalar"}, "404 404 404 404 404 404 404 404 404"},
	} {
		assert.Equal(t, test.want, statuses(test.docs), test.name)
	}
}

// The other formats of a document are served beside it, unless they are moved or turned off.
func TestFormsOfTheDocument(t *testing.T) {
	known := []string{
		"/openapi.json", "/openapi-3.0.json", "/openapi-3.2.json", "/openapi.yaml", "/openapi-3.0.yaml", "/openapi-3.2.yaml",
		"/v/spec.json", "/v/spec-3.0.json", "/v/spec-3.2.json", "/v/spec.yaml", "/v/spec-3.0.yaml", "/v/spec-3.2.yaml",
		"/v-3.0.json", "/v.yaml", "/v-3.2.yaml", "/old", "/y", "/new", "/n",
	}
	for _, test := range []struct {
		name string
		docs candor.Docs
		want []string
	}{
		{"where they are", candor.Docs{}, known[:6]},
		{"moved along", candor.Docs{OpenAPI: "/v/spec.json"}, known[6:12]},
		{"without an extension", candor.Docs{OpenAPI: "/v/", YAML30: "-", OpenAPI32: "-"}, known[12:15]},
		{"moved", candor.Docs{OpenAPI30: "/old", YAML: "/y", YAML30: "-", OpenAPI32: "/new", YAML32: "/n"}, []string{"/openapi.json", "/old", "/y", "/new", "/n"}},
		{"none", candor.Docs{OpenAPI: "-", YAML: "/y"}, nil},
	} {
		app := candor.New(candor.Config{Docs: test.docs})
		var found []string
		for _, path := range known {
			if strings.HasPrefix(apptest.Wire(app, "GET "+path), "200") {
				found = append(found, path)
			}
		}
		assert.Equal(t, test.want, found, test.name)
	}
	candor.NewTestClient(t, candor.New(candor.Config{Docs: candor.Docs{OpenAPI: "/v/"}})).Get("/v/").Status(200)
	assert.ErrorContains(t, candor.New(candor.Config{Docs: candor.Docs{YAML: "spec.yaml"}}).Check(), `Config.Docs.YAML at`)

	app := candor.New(candor.Config{Title: "Cats"})
	candor.Get(app, "/cats", apptest.Zero[livesCat])
	for format, want := range map[candor.DocumentFormat][3]string{
		candor.OpenAPI31:     {"/openapi.json", "application/json", `{"openapi":"3.1.0","info":{"title":"Cats"`},
		candor.OpenAPI30:     {"/openapi-3.0.json", "application/json", `{"openapi":"3.0.3","info":{"title":"Cats"`},
		candor.OpenAPI31YAML: {"/openapi.yaml", "application/yaml", "openapi: \"3.1.0\"\ninfo:\n  title: Cats\n"},
		candor.OpenAPI32:     {"/openapi-3.2.json", "application/json", `{"openapi":"3.2.0","info":{"title":"Cats"`},
		candor.OpenAPI32YAML: {"/openapi-3.2.yaml", "application/yaml", "openapi: \"3.2.0\"\ninfo:\n  title: Cats\n"},
		candor.OpenAPI30YAML: {"/openapi-3.0.yaml", "application/yaml", "openapi: \"3.0.3\"\ninfo:\n  title: Cats\n"},
	} {
		var written bytes.Buffer
		require.NoError(t, app.WriteOpenAPIAs(&written, format))
		assert.Equal(t, want[2], written.String()[:len(want[2])])
		w := httptest.NewRecorder()
		app.ServeHTTP(w, httptest.NewRequest(http.MethodGet, want[0], nil))
		assert.Equal(t, written.String(), w.Body.String())
		assert.Equal(t, want[1], w.Header().Get("Content-Type"))
		r := httptest.NewRequest(http.MethodGet, want[0], nil)
		r.Header.Set("If-None-Match", w.Header().Get("ETag"))
		w = httptest.NewRecorder()
		app.ServeHTTP(w, r)
		assert.Equal(t, 304, w.Code, want[0])
	}
	assert.ErrorContains(t, app.WriteOpenAPIAs(io.Discard, candor.OpenAPI32YAML+1), "is not a format")
}

// Every document format is served by default and names its version, including formats that are added later.
func TestEveryFormOfTheDocumentIsServed(t *testing.T) {
	app := candor.New(candor.Config{})
	candor.WebSocket(app, "/chat", func(context.Context, candor.None, *candor.Socket[string, string]) error { return nil })
	served := map[string]string{}
	for _, path := range []string{"/openapi.json", "/openapi-3.0.json", "/openapi-3.2.json", "/openapi.yaml", "/openapi-3.0.yaml", "/openapi-3.2.yaml", "/asyncapi.json"} {
		w := httptest.NewRecorder()
		app.ServeHTTP(w, httptest.NewRequest(http.MethodGet, path, nil))
		if w.Code == 200 {
			served[w.Body.String()] = path + " " + w.Header().Get("Content-Type")
		}
	}
	marks := []string{`{"openapi":"3.1.0"`, `{"openapi":"3.0.3"`, `{"openapi":"3.2.0"`, `openapi: "3.1.0"`, `openapi: "3.0.3"`, `openapi: "3.2.0"`, `{"asyncapi":"3.0.0"`}
	sniffed := map[string]bool{}
	for format := candor.DocumentFormat(0); ; format++ {
		var written bytes.Buffer
		if err := app.WriteOpenAPIAs(&written, format); err != nil {
			require.ErrorContains(t, err, "is not a format")
			break
		}
		where := served[written.String()]
		require.NotEmpty(t, where, "nothing serves the format %d", format)
		isYAML := !strings.HasPrefix(written.String(), "{")
		assert.Equal(t, isYAML, strings.HasSuffix(where, "application/yaml"), where)
		i := slices.IndexFunc(marks, func(mark string) bool { return strings.HasPrefix(written.String(), mark) })
		if assert.GreaterOrEqual(t, i, 0, "nothing tells what %s is", where) {
			assert.False(t, sniffed[marks[i]], "two formats begin with %s", marks[i])
			sniffed[marks[i]] = true
		}
	}
	assert.Len(t, sniffed, len(served))
	assert.GreaterOrEqual(t, len(sniffed), 5)
}

func TestPagesFindTheDocument(t *testing.T) {
	app := candor.New(candor.Config{Title: "Cats & Dogs", Docs: candor.Docs{
		OpenAPI: "/spec/v1.json", Swagger: "/help/swagger", Redoc: "/redoc/",
		Parameters: map[string]any{"docExpansion": "none"}, OAuth: map[string]any{"clientId": "docs"},
		Connect: []string{"https://api.example.com"}, RedocScript: "/redoc.js",
		Scalar: "/help/scalar", ScalarScript: "/scalar.js",
	}})
	assert.Contains(t, apptest.Wire(app, "GET /help/swagger"), "<title>Cats &amp; Dogs - Swagger UI</title>")
	init := apptest.Wire(app, "GET /help/swagger/init.js")
	assert.Contains(t, init, `"url": "../spec/v1.json"`)
	assert.Contains(t, init, `"docExpansion": "none"`)
	assert.Contains(t, init, `"clientId": "docs"`)
	redoc := apptest.Wire(app, "GET /redoc/")
	assert.Contains(t, redoc, `spec-url="../spec/v1.json"`)
	assert.Contains(t, redoc, `src="../redoc.js"`)
	scalar := apptest.Wire(app, "GET /help/scalar")
	assert.Contains(t, scalar, `../spec/v1.json`)
	assert.Contains(t, scalar, `src="../scalar.js"`)

	w := httptest.NewRecorder()
	app.ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/help/swagger", nil))
	assert.Contains(t, w.Header().Get("Content-Security-Policy"), "connect-src 'self' https://api.example.com")
}

// Options about the script of a page either have an effect or are a configuration error.
func TestScriptsOfPagesWithoutEffect(t *testing.T) {
	for want, docs := range map[string]candor.Docs{
		`Config.Docs.ScalarScript at `:                                               {ScalarScript: "/s.js"},
		`the page is left out; say where it is in Redoc`:                             {Redoc: "-", RedocScript: "/s.js"},
		`it is the digest of a script that is not named; name that in RedocScript`:   {RedocIntegrity: "sha384-AAAA"},
		`it is the digest of a script that is not named; name that in ScalarScript`:  {Scalar: "/scalar", ScalarIntegrity: "sha384-AAAA"},
		`"scalar" is not a path; write "/scalar"`:                                    {Scalar: "scalar"},
		`scalar: a script from another host needs Integrity, the digest of the file`: {Scalar: "/scalar", ScalarScript: "https://cdn.example.com/s.js"},
	} {
		assert.ErrorContains(t, candor.New(candor.Config{Docs: docs}).Check(), want)
	}
}

func TestPagesBehindMiddleware(t *testing.T) {
	guard := func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if _, password, _ := r.BasicAuth(); password != "sesame" {
				candor.WriteError(w, r, candor.Error(401, nil).WithHeader("WWW-Authenticate", "Basic"))
				return
			}
			next.ServeHTTP(w, r)
		})
	}
	app := candor.New(candor.Config{Docs: candor.Docs{Options: []candor.Option{candor.Use(guard)}}}, candor.Use(apptest.Marking("app")))
	candor.Get(app, "/items", apptest.Returns("open to all"))
	for _, path := range []string{"/openapi.json", "/docs", "/docs/swagger-ui-bundle.js", "/redoc"} {
		assert.Equal(t, `401 X-Through: app | {"detail":"Unauthorized"}`, apptest.Wire(app, "GET "+path), path)
		assert.Contains(t, apptest.Wire(app, "GET "+path+"\nAuthorization: Basic eDpzZXNhbWU="), "200 X-Through: app | ", path)
	}
	assert.Equal(t, `200 X-Through: app | "open to all"`, apptest.Wire(app, "GET /items"))
}

func TestDocumentIsRevalidated(t *testing.T) {
	app := candor.New(candor.Config{})
	candor.Get(app, "/items/{id}", echoID)
	get := func(method, header string) *httptest.ResponseRecorder {
		r := httptest.NewRequest(method, "/openapi.json", nil)
		if header != "" {
			r.Header["If-None-Match"] = strings.Split(header, "\n")
		}
		w := httptest.NewRecorder()
		app.ServeHTTP(w, r)
		return w
	}
	first := get("GET", "")
	etag := first.Header().Get("ETag")
	require.Regexp(t, `^"[0-9a-f]{32}"$`, etag)
	assert.Equal(t, "no-cache", first.Header().Get("Cache-Control"))
	assert.Equal(t, "application/json", first.Header().Get("Content-Type"))
	for header, status := range map[string]int{
		etag: 304, "W/" + etag: 304, "*": 304, `"x", ` + etag: 304, "\"x\"\n" + etag: 304, `"x"`: 200, "x": 200, "": 200, strings.Trim(etag, `"`): 200,
	} {
		w := get("GET", header)
		assert.Equal(t, status, w.Code, header)
		assert.Equal(t, etag, w.Header().Get("ETag"), header)
		assert.Equal(t, status == 304, w.Body.Len() == 0, header)
	}
	assert.Equal(t, first.Header(), get("HEAD", "").Header())
	assert.Equal(t, `405 Allow: GET, HEAD, OPTIONS | {"detail":"Method Not Allowed"}`, apptest.Wire(app, "POST /openapi.json"))
}

func TestDocumentIsTheSameOnEveryRun(t *testing.T) {
	build := func() *candor.App {
		app := candor.New(candor.Config{Tags: []candor.Tag{{Name: "z"}, {Name: "a"}}})
		for _, path := range []string{"/z/{id}", "/a/{id}", "/m/{id}"} {
			candor.Get(app, path, echoID, candor.Tags("z"))
			candor.Delete(app, path, echoID)
		}
		candor.Get(app, "/cats", apptest.Zero[livesCat])
		candor.Get(app, "/dogs", apptest.Zero[trickDog])
		return app
	}
	documenttest.Stable(t, build)
	document := apptest.Document(t, build())
	assert.Equal(t, []string{"/z/{id}", "/a/{id}", "/m/{id}", "/cats", "/dogs"}, apptest.MemberNames(document, "paths"))
	assert.Equal(t, []string{"get", "delete"}, apptest.MemberNames(document, "paths", "/z/{id}"))
}

func TestSplitSchemas(t *testing.T) {
	type label struct {
		Text  string `json:"text"`
		Color string `json:"color" default:"red"`
	}
	type plain struct {
		A int `json:"a"`
	}
	build := func(split bool) []byte {
		app := candor.New(candor.Config{SplitSchemas: split})
		candor.Post(app, "/labels", func(_ context.Context, in struct {
			Body label `body:""`
		},
		) (label, error) {
			return in.Body, nil
		})
		candor.Put(app, "/plain", func(_ context.Context, in struct {
			Body plain `body:""`
		},
		) (plain, error) {
			return in.Body, nil
		})
		assert.JSONEq(t, `{"text":"a","color":"red"}`, candor.NewTestClient(t, app).Post("/labels", `{"text":"a"}`).Status(200).Text())
		return apptest.Document(t, app)
	}
	one := build(false)
	assert.Equal(t, []any{"text"}, apptest.Member(one, "components", "schemas", "label", "required"))
	two := build(true)
	assert.Nil(t, apptest.Member(two, "components", "schemas", "label"))
	assert.Equal(t, []any{"text"}, apptest.Member(two, "components", "schemas", "labelInput", "required"))
	assert.Equal(t, []any{"text", "color"}, apptest.Member(two, "components", "schemas", "labelOutput", "required"))
	assert.NotNil(t, apptest.Member(two, "components", "schemas", "plain"))
}

func TestConcurrentFirstReadsOfTheDocument(t *testing.T) {
	app := candor.New(candor.Config{EditDocument: func(doc *openapi3.T) { doc.Info.Title += "!" }})
	candor.Get(app, "/cats", apptest.Zero[livesCat])
	var group sync.WaitGroup
	answers := make([]string, 16)
	for i := range answers {
		group.Go(func() { answers[i] = apptest.Wire(app, "GET /openapi.json") })
	}
	group.Wait()
	for _, answer := range answers {
		assert.Contains(t, answer, `"title":"API!"`)
		assert.Equal(t, answers[0], answer)
	}
}

func TestEditDocument(t *testing.T) {
	app := candor.New(candor.Config{EditDocument: func(doc *openapi3.T) {
		doc.Info.Extensions = map[string]any{"x-logo": map[string]any{"url": "/logo.png"}}
		teapot := openapi3.NewResponse().WithDescription("A teapot").WithJSONSchema(openapi3.NewObjectSchema())
		doc.Paths.Value("/cats").Get.Responses.Set("418", &openapi3.ResponseRef{Value: teapot})
	}})
	candor.Get(app, "/cats", func(context.Context, candor.None) (livesCat, error) { return livesCat{}, candor.Error(418, nil) })
	doc := apptest.Document(t, app)
	assert.Equal(t, "/logo.png", apptest.Member(doc, "info", "x-logo", "url"))
	// The test client accepts what the document declares.
	candor.NewTestClient(t, app).Get("/cats").Status(418)
}

func TestDocumentOfARouter(t *testing.T) {
	type itemV1 struct {
		Name string `json:"name"`
	}
	build := func(config candor.Config) *candor.App {
		app := candor.New(config)
		items := candor.NewRouter("/items")
		candor.Get(items, "/{id}", echoID)
		v1 := candor.NewRouter("/v1", candor.Use(apptest.Marking("v1")))
		v1.Docs(candor.Docs{Redoc: "-"}, candor.Info{Title: "First", Version: "1.0.0", Tags: []candor.Tag{{Name: "old"}}})
		v1.Include(items)
		candor.Get(v1, "/only", apptest.Zero[itemV1])
		v2 := candor.NewRouter("/v2")
		v2.Include(items, candor.Tags("new"))
		v2.Docs(candor.Docs{OpenAPI: "/spec.json"}, candor.Info{Version: "2.0.0"})
		admin := candor.NewRouter("/admin", candor.Hidden())
		admin.Docs(candor.Docs{Swagger: "-", Redoc: "-"}, candor.Info{Title: "Admin"})
		candor.Get(admin, "/users/{id}", echoID)
		candor.Get(admin, "/secret", apptest.Returns(""), candor.Hidden())
		app.Include(v1)
		app.Include(v2)
		app.Include(admin)
		return app
	}
	document := func(app *candor.App, path string) []byte {
		w := httptest.NewRecorder()
		app.ServeHTTP(w, httptest.NewRequest(http.MethodGet, path, nil))
		require.Equal(t, 200, w.Code, path)
		validDocument(t, w.Body.Bytes())
		return w.Body.Bytes()
	}

	app := build(candor.Config{Title: "All", Version: "9", Tags: []candor.Tag{{Name: "new"}}, Contact: candor.Contact{Name: "Ann"}})
	v1, v2, all, admin := document(app, "/v1/openapi.json"), document(app, "/v2/spec.json"), document(app, "/openapi.json"), document(app, "/admin/openapi.json")
	assert.Equal(t, map[string]any{"title": "First", "version": "1.0.0", "contact": map[string]any{"name": "Ann"}}, apptest.Member(v1, "info"))
	assert.Equal(t, map[string]any{"title": "All", "version": "2.0.0", "contact": map[string]any{"name": "Ann"}}, apptest.Member(v2, "info"))
	assert.Equal(t, []any{map[string]any{"name": "old"}}, apptest.Member(v1, "tags"))
	assert.Equal(t, []any{map[string]any{"name": "new"}}, apptest.Member(v2, "tags"))

	assert.Equal(t, []string{"/v1/items/{id}", "/v1/only"}, apptest.MemberNames(v1, "paths"))
	assert.Equal(t, []string{"/v2/items/{id}"}, apptest.MemberNames(v2, "paths"))
	assert.Equal(t, []string{"/v1/items/{id}", "/v1/only", "/v2/items/{id}"}, apptest.MemberNames(all, "paths"))
	assert.Equal(t, []string{"/admin/users/{id}"}, apptest.MemberNames(admin, "paths"))
	// A document contains only the schemas that it uses.
	assert.Contains(t, apptest.MemberNames(v1, "components", "schemas"), "itemV1")
	assert.NotContains(t, apptest.MemberNames(v2, "components", "schemas"), "itemV1")
	// Operation ids are unique per document.
	assert.Equal(t, "echoID", apptest.Member(v1, "paths", "/v1/items/{id}", "get", "operationId"))
	assert.Equal(t, "echoID", apptest.Member(v2, "paths", "/v2/items/{id}", "get", "operationId"))
	assert.Equal(t, "echoID_v2_items_id_get", apptest.Member(all, "paths", "/v2/items/{id}", "get", "operationId"))

	exchanges{
		{"GET /v1/redoc", `404 | {"detail":"Not Found"}`},
		{"GET /v1/docs/", "307 Location: /v1/docs"},
		{"GET /admin/docs", notFound},
	}.check(t, app)
	assert.Contains(t, apptest.Wire(app, "GET /v1/docs"), "200 X-Through: v1 | ")
	assert.Contains(t, apptest.Wire(app, "GET /v1/docs"), "<title>First - Swagger UI</title>")
	assert.Contains(t, apptest.Wire(app, "GET /v2/docs/init.js"), `"url": "./spec.json"`)

	// The document of the app can be turned off.
	app = build(candor.Config{Docs: candor.Docs{OpenAPI: "-"}})
	exchanges{{"GET /openapi.json", notFound}, {"GET /docs", notFound}}.check(t, app)
	document(app, "/v1/openapi.json")

	// A router that is included twice has two documents.
	twice := candor.New(candor.Config{})
	r := candor.NewRouter("/r")
	r.Docs(candor.Docs{}, candor.Info{})
	candor.Get(r, "/{id}", echoID)
	twice.Include(r, candor.Prefix("/a"))
	twice.Include(r, candor.Prefix("/b/{tenant}"))
	require.ErrorContains(t, twice.Check(), "nothing reads the wildcard {tenant}")
	twice = candor.New(candor.Config{})
	twice.Include(r, candor.Prefix("/a"))
	twice.Include(r, candor.Prefix("/b"))
	assert.Equal(t, []string{"/a/r/{id}"}, apptest.MemberNames(document(twice, "/a/r/openapi.json"), "paths"))
	assert.Equal(t, []string{"/b/r/{id}"}, apptest.MemberNames(document(twice, "/b/r/openapi.json"), "paths"))

	// A second document of the whole app.
	second := candor.New(candor.Config{})
	candor.Get(second, "/{id}", echoID)
	second.Docs(candor.Docs{OpenAPI: "/other.json", Swagger: "-", Redoc: "-"}, candor.Info{Title: "Other"})
	assert.Equal(t, "Other", apptest.Member(document(second, "/other.json"), "info", "title"))
	assert.Equal(t, []string{"/{id}"}, apptest.MemberNames(document(second, "/other.json"), "paths"))
}

// The guards of the app do not protect its pages, which have their own. Documents of routers inherit the options of the
// app's document, unless they are set.
func TestPagesBehindAGuard(t *testing.T) {
	type credentials struct {
		Token string `header:"X-Token,omitempty"`
	}
	sesame := func(_ context.Context, in credentials) error {
		if in.Token != "sesame" {
			return candor.Error(401, "say the word")
		}
		return nil
	}
	nobody := func(context.Context, candor.None) error { return candor.Error(403, nil) }

	app := candor.New(candor.Config{Docs: candor.Docs{Options: []candor.Option{candor.Require(sesame)}}}, candor.Require(nobody))
	candor.Get(app, "/items", apptest.Returns(""))
	group := candor.NewRouter("/group", candor.Require(nobody))
	group.Docs(candor.Docs{}, candor.Info{})
	open := candor.NewRouter("/open")
	open.Docs(candor.Docs{Options: []candor.Option{}}, candor.Info{})
	app.Include(group)
	app.Include(open)
	for _, path := range []string{"/openapi.json", "/docs", "/docs/init.js", "/redoc"} {
		assert.Equal(t, `401 | {"detail":"say the word"}`, apptest.Wire(app, "GET "+path), path)
		assert.Contains(t, apptest.Wire(app, "GET "+path+"\nX-Token: sesame"), "200 | ", path)
		assert.Equal(t, `401 | {"detail":"say the word"}`, apptest.Wire(app, "GET /group"+path), path)
		assert.Contains(t, apptest.Wire(app, "GET /group"+path+"\nX-Token: sesame"), "200 | ", path)
		assert.Contains(t, apptest.Wire(app, "GET /open"+path), "200 | ", path)
	}
	assert.Equal(t, `403 | {"detail":"Forbidden"}`, apptest.Wire(app, "GET /items"))
}
