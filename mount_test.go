package candor_test

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/candor-go/candor"
	"github.com/candor-go/candor/internal/apptest"
)

// tellPath responds with the path that the handler sees.
var tellPath = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
	fmt.Fprintf(w, "%s %s %s", r.Method, r.URL.Path, r.URL.RawPath)
})

func TestMountedHandlerSeesPathsWithoutThePrefix(t *testing.T) {
	app := candor.New(candor.Config{})
	app.Mount("/files", tellPath, candor.Use(apptest.Marking("mount")))
	app.Mount("/café/menu", tellPath)
	candor.Get(app, "/files/own", apptest.Returns("a route comes first"))
	tenants := candor.NewRouter("/{tenant}")
	tenants.Mount("/files", tellPath)
	app.Include(tenants, candor.Prefix("/t"))

	exchanges{
		{"GET /files/a/b", "200 X-Through: mount | GET /a/b"},
		{"DELETE /files/a%2Fb//c", "200 X-Through: mount | DELETE /a/b//c /a%2Fb//c"},
		{"BREW /files/", "200 X-Through: mount | BREW /"},
		{"GET /files", "307 Location: /files/"},
		{"GET /f%69les/x", "200 X-Through: mount | GET /x /x"},
		{"GET /files/own", `200 | "a route comes first"`},
		{"POST /files/own", "200 X-Through: mount | POST /own"},
		{"GET /caf%C3%A9/menu/x", "200 | GET /x"},
		{"GET /caf%c3%a9/menu/%C3%A9", "200 | GET /é /%C3%A9"},
		{"GET /t/acme/files/x", "200 | GET /x"},
		{"GET /t/ac%2Fme/files/x%2Fy", "200 | GET /x/y /x%2Fy"},
		{"GET /filesystem/x", notFound},
	}.check(t, app)

	everything := candor.New(candor.Config{})
	everything.Mount("", tellPath)
	candor.Get(everything, "/{rest...}", func(_ context.Context, in struct {
		Rest string `path:"rest"`
	},
	) (string, error) {
		return in.Rest, nil
	})
	exchanges{
		{"GET /a/b", `200 | "a/b"`},
		{"HEAD /a/b", `200 | "a/b"`},
		{"POST /a/b", "200 | POST /a/b"},
		{"OPTIONS /a/b", "200 | OPTIONS /a/b"},
	}.check(t, everything)
}

// numbered is an app that responds with its name.
func numbered(name string, config candor.Config) *candor.App {
	app := candor.New(config)
	candor.Get(app, "/name", apptest.Returns(name))
	return app
}

func TestMountedApps(t *testing.T) {
	inner := numbered("inner", candor.Config{Title: "Inner"})
	middle := numbered("middle", candor.Config{})
	middle.Mount("/inner", inner)
	outer := numbered("outer", candor.Config{})
	group := candor.NewRouter("/group")
	group.Mount("/middle", middle)
	outer.Include(group)

	exchanges{
		{"GET /name", `200 | "outer"`},
		{"GET /group/middle/name", `200 | "middle"`},
		{"GET /group/middle/inner/name", `200 | "inner"`},
		{"GET /group/middle/inner/name/?q=1", "307 Location: /group/middle/inner/name?q=1"},
		{"GET /group/middle/nowhere", notFound},
		{"PUT /group/middle/name", `405 Allow: GET, HEAD, OPTIONS | {"detail":"Method Not Allowed"}`},
	}.check(t, outer)

	// Each app keeps its own document, with its mount point as the server URL.
	assert.Equal(t, []string{"/name"}, apptest.MemberNames(apptest.Document(t, outer), "paths"))
	assert.Nil(t, apptest.Member(apptest.Document(t, outer), "servers"))
	assert.Equal(t, []any{map[string]any{"url": "/group/middle"}}, apptest.Member(apptest.Document(t, middle), "servers"))
	assert.Equal(t, []any{map[string]any{"url": "/group/middle/inner"}}, apptest.Member(apptest.Document(t, inner), "servers"))
	assert.Contains(t, apptest.Wire(outer, "GET /group/middle/inner/openapi.json"), `200 | {"openapi":"3.1.0","info":{"title":"Inner"`)
	assert.Contains(t, apptest.Wire(outer, "GET /group/middle/inner/docs"), `src="./docs/init.js"`)
}

func TestMountedBehindARootPath(t *testing.T) {
	inner := numbered("inner", candor.Config{})
	outer := numbered("outer", candor.Config{RootPath: "/proxy"})
	outer.Mount("/inner", inner)
	exchanges{
		{"GET /name/", "307 Location: /proxy/name"},
		{"GET /inner/name/", "307 Location: /proxy/inner/name"},
	}.check(t, outer)
	assert.Equal(t, []any{map[string]any{"url": "/proxy/inner"}}, apptest.Member(apptest.Document(t, inner), "servers"))
	assert.Equal(t, []any{map[string]any{"url": "/proxy"}}, apptest.Member(apptest.Document(t, outer), "servers"))
}

func TestOneAppMountedTwice(t *testing.T) {
	inner := numbered("inner", candor.Config{})
	outer := candor.New(candor.Config{})
	outer.Mount("/a", inner)
	outer.Mount("/b", inner)
	exchanges{
		{"GET /a/name", `200 | "inner"`},
		{"GET /b/name", `200 | "inner"`},
		{"GET /b/name/", "307 Location: /b/name"},
	}.check(t, outer)
	assert.Equal(t, []any{map[string]any{"url": "/a"}, map[string]any{"url": "/b"}}, apptest.Member(apptest.Document(t, inner), "servers"))

	stated := numbered("stated", candor.Config{Servers: []candor.Server{{URL: "https://api.example.com"}}})
	outer = candor.New(candor.Config{})
	outer.Mount("/a", stated)
	outer.Seal()
	assert.Equal(t, []any{map[string]any{"url": "https://api.example.com"}}, apptest.Member(apptest.Document(t, stated), "servers"))
}

func TestMountBelowAWildcard(t *testing.T) {
	inner := numbered("inner", candor.Config{})
	tenants := candor.NewRouter("/{tenant}")
	tenants.Mount("/api", inner)
	outer := candor.New(candor.Config{})
	outer.Include(tenants)
	assert.Equal(t, `200 | "inner"`, apptest.Wire(outer, "GET /acme/api/name"))
	assert.Equal(t, []any{map[string]any{
		"url": "/{tenant}/api", "variables": map[string]any{"tenant": map[string]any{"default": "tenant"}},
	}}, apptest.Member(apptest.Document(t, inner), "servers"))
}

func TestMountMistakes(t *testing.T) {
	inner := candor.New(candor.Config{})
	candor.Get(inner, "/x", apptest.Returns(""))
	candor.Get(inner, "/x", apptest.Returns(""))
	outer := candor.New(candor.Config{})
	outer.Mount("/inner", inner)
	require.ErrorContains(t, outer.Check(), "the mounted app has configuration errors: candor: GET /x at ")

	a, b, c := candor.New(candor.Config{}), candor.New(candor.Config{}), candor.New(candor.Config{})
	a.Mount("/b", b)
	group := candor.NewRouter("/group")
	group.Mount("/c", c)
	b.Include(group)
	c.Mount("/a", a)
	for _, app := range []*candor.App{a, b, c} {
		require.ErrorContains(t, app.Check(), "the app would contain itself")
	}
	self := candor.New(candor.Config{})
	self.Mount("/self", self)
	require.ErrorContains(t, self.Check(), "the app would contain itself")
}

// A mounted app writes its own error responses, including those of its middleware.
func TestMountedAppHasItsOwnErrors(t *testing.T) {
	refuse := func(http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			candor.WriteError(w, r, &candor.ValidationError{Faults: []candor.Fault{{Type: "x", Loc: []any{}}}})
		})
	}
	config := func(word string) candor.Config {
		return candor.Config{Message: func(*http.Request, candor.Fault) string { return word }}
	}
	inner, outer := candor.New(config("inner"), candor.Use(refuse)), candor.New(config("outer"))
	candor.Get(inner, "/x", apptest.Returns(""))
	outer.Mount("/inner", inner)
	want := `422 | {"detail":[{"type":"x","loc":[],"msg":"inner"}]}`
	exchanges{{"GET /inner/x", want}, {"GET /inner/nowhere", want}}.check(t, outer)
}

func TestInsideServeMux(t *testing.T) {
	app := numbered("candor", candor.Config{Title: "Items", RootPath: "/api"})
	candor.Get(app, "/items/{id}", echoID)
	mux := http.NewServeMux()
	mux.Handle("/api/", http.StripPrefix("/api", app))
	mux.Handle("/whole/{id}", candorAt("/whole/{id}"))

	exchanges{
		{"GET /api/name", `200 | "candor"`},
		{"GET /api/items/a%2Fb", `200 | "a/b"`},
		{"GET /api/name/?q=1", "307 Location: /api/name?q=1"},
		{"GET /api/nowhere", notFound},
		{"GET /whole/7", `200 | "7"`},
	}.check(t, mux)
	assert.Equal(t, []any{map[string]any{"url": "/api"}}, apptest.Member(apptest.Document(t, app), "servers"))
	assert.Contains(t, apptest.Wire(mux, "GET /api/docs/init.js"), `"url": "./openapi.json"`)

	// Redirects include a prefix that a proxy has stripped.
	assert.Equal(t, "307 Location: /api/name", apptest.Wire(app, "GET /name/"))
}

// If the prefix is not stripped, every route is a 404, so the log says why.
func TestRootPathThatIsNotStripped(t *testing.T) {
	var log bytes.Buffer
	app := numbered("candor", candor.Config{RootPath: "/api", Logger: slog.New(slog.NewTextHandler(&log, nil))})
	mux := http.NewServeMux()
	mux.Handle("/api/", app)

	exchanges{{"GET /api/nowhere", notFound}, {"GET /apiname", notFound}, {"GET /api", notFound}}.check(t, app)
	assert.Empty(t, log.String())

	exchanges{{"GET /api/name", notFound}, {"GET /api/name", notFound}}.check(t, mux)
	assert.Equal(t, 1, strings.Count(log.String(), "still has Config.RootPath"))
	assert.Contains(t, log.String(), "root_path=/api route=/name")
	assert.Contains(t, log.String(), "http.StripPrefix")
}

func candorAt(path string) *candor.App {
	app := candor.New(candor.Config{})
	candor.Get(app, path, echoID)
	return app
}

func TestServeMuxInside(t *testing.T) {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /users/{id}", func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprintf(w, "%s %s", r.Pattern, r.PathValue("id"))
	})
	mux.Handle("/tree/", tellPath)
	app := candor.New(candor.Config{})
	app.Mount("/mux", mux)
	app.Mount("/files", http.FileServerFS(somefiles))
	server := httptest.NewServer(app)
	defer server.Close()

	exchanges{
		{"GET /mux/users/a%2Fb", "200 | GET /users/{id} a/b"},
		{"GET /mux/tree/x", "200 | GET /tree/x"},
		{"POST /mux/users/7", "405 Allow: GET, HEAD | Method Not Allowed"},
		{"GET /mux/other", "404 | 404 page not found"},
		{"GET /files/hello.txt", "200 | hello"},
	}.check(t, app)
}
