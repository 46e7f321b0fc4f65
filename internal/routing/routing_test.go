package routing_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/candor-go/candor/internal/mountpath"
	"github.com/candor-go/candor/internal/pathtree"
	"github.com/candor-go/candor/internal/requestinfo"
	"github.com/candor-go/candor/internal/routing"
)

// routes are numbered in this order; those without a method are front ends.
var routes = []string{
	"GET /items", "POST /items", "GET /items/{id}", "DELETE /items/{any}", "PATCH /items/{id}", "PUT /items/new",
	"* /files/{rest...}", "GET /files/list", "HEAD /head", "GET /head", " /{rest...}", " /app/{rest...}", "GET /slash/",
}

func pattern(t *testing.T, text string) *pathtree.Pattern {
	t.Helper()
	p, err := pathtree.Parse(text)
	require.NoError(t, err)
	return p
}

func table(t *testing.T) *routing.Table {
	t.Helper()
	made := &routing.Table{Redirects: true}
	for i, text := range routes {
		method, path, _ := strings.Cut(text, " ")
		add := made.Add
		if method == "" {
			method, add = mountpath.AnyMethod, made.AddFrontend
		}
		_, ok := add(pattern(t, path), routing.Route{Method: method, Number: i, IsPatch: method == http.MethodPatch})
		require.True(t, ok, text)
	}
	return made
}

func TestMatch(t *testing.T) {
	t.Parallel()
	made := table(t)
	for request, want := range map[string]string{
		"GET /items":         "GET /items",
		"HEAD /items":        "GET /items",
		"PUT /items":         "",
		"GET /items/1":       "GET /items/{id} 1",
		"DELETE /items/1":    "DELETE /items/{any} 1",
		"PUT /items/new":     "PUT /items/new",
		"GET /items/new":     "GET /items/{id} new", // a less specific pattern has the method
		"POST /items/new":    "",
		"BREW /files/a/b":    "* /files/{rest...} a/b",
		"GET /files/list":    "GET /files/list",
		"HEAD /files/list":   "GET /files/list",
		"PUT /files/list":    "* /files/{rest...} list",
		"HEAD /head":         "HEAD /head",
		"GET /items/a%2Fb":   "GET /items/{id} a/b",
		"GET /none":          "",
		"GET /items/1/parts": "",
	} {
		method, target, _ := strings.Cut(request, " ")
		number, captured := made.Match(httptest.NewRequest(method, target, nil), nil)
		if want == "" {
			assert.Negative(t, number, request)
			continue
		}
		if assert.GreaterOrEqual(t, number, 0, request) {
			assert.Equal(t, want, strings.Join(append([]string{routes[number]}, captured...), " "), request)
		}
	}
}

func TestAddFindsTheOther(t *testing.T) {
	t.Parallel()
	other, ok := table(t).Add(pattern(t, "/items/{name}"), routing.Route{Method: http.MethodDelete, Number: 100})
	assert.False(t, ok)
	assert.Equal(t, "DELETE /items/{any}", routes[other])
}

func TestFrontend(t *testing.T) {
	t.Parallel()
	made := table(t)
	for target, want := range map[string]string{
		"/none":   " /{rest...}",
		"/app/a":  " /app/{rest...}",
		"/items":  "", // a 405
		"/items/": "", // a redirect
		"/app":    "", // so is this, to the inner front end
		"/slash":  "",
	} {
		number, _ := made.Frontend(httptest.NewRequest(http.MethodPost, target, nil), nil)
		if want == "" {
			assert.Negative(t, number, target)
			continue
		}
		if assert.GreaterOrEqual(t, number, 0, target) {
			assert.Equal(t, want, routes[number], target)
		}
	}
}

func TestAllowed(t *testing.T) {
	t.Parallel()
	made := table(t)
	for target, want := range map[string]string{
		"/items": "GET, HEAD, OPTIONS, POST", "/items/new": "DELETE, GET, HEAD, OPTIONS, PATCH, PUT", "/none": "", "/head": "GET, HEAD, OPTIONS",
	} {
		r, w := httptest.NewRequest(http.MethodOptions, target, nil), httptest.NewRecorder()
		assert.Equal(t, want, strings.Join(made.Allowed(r), ", "), target)
		made.ServeOptions(w, r)
		assert.Equal(t, http.StatusNoContent, w.Code)
		assert.Equal(t, want, w.Header().Get("Allow"))
		assert.Equal(t, target == "/items/new", w.Header().Get("Accept-Patch") != "")
	}
}

func TestMoved(t *testing.T) {
	t.Parallel()
	made := table(t)
	for target, want := range map[string]bool{"/items/": true, "/slash": true, "/app": true, "/none/": false, "//items/": false} {
		r := httptest.NewRequest(http.MethodGet, "/", nil)
		r.URL.Path = target
		assert.Equal(t, want, made.Moved(r), target)
	}
	made.Redirects = false
	assert.False(t, made.Moved(httptest.NewRequest(http.MethodGet, "/items/", nil)))
}

func TestRedirect(t *testing.T) {
	t.Parallel()
	for name, row := range map[string]struct{ root, outer, asked, path, want string }{
		"a slash too many":            {path: "/items/", want: "/items"},
		"a slash is missing":          {path: "/slash", want: "/slash/"},
		"the query stays":             {asked: "/slash?a=b", path: "/slash?a=b", want: "/slash/?a=b"},
		"a proxy stripped a prefix":   {root: "/api", path: "/items/", want: "/api/items"},
		"an outer app knows of one":   {outer: "/api", path: "/items/", want: "/api/items"},
		"a router stripped it here":   {asked: "/v1/items/", path: "/items/", want: "/v1/items"},
		"both":                        {root: "/api", asked: "/v1/items/", path: "/items/", want: "/api/v1/items"},
		"the same, counted once":      {root: "/api", asked: "/api/items/", path: "/items/", want: "/api/items"},
		"no prefix that names a host": {asked: "//other.example/items/", path: "/items/", want: "/items"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w, r := httptest.NewRecorder(), httptest.NewRequest(http.MethodPost, row.path, nil)
			if row.asked != "" {
				r.RequestURI = row.asked
			}
			if row.outer != "" {
				r = r.WithContext(requestinfo.WithRootPath(r.Context(), row.outer))
			}
			(&routing.Table{RootPath: row.root}).Redirect(w, r)
			assert.Equal(t, http.StatusTemporaryRedirect, w.Code)
			assert.Equal(t, row.want, w.Header().Get("Location"))
		})
	}
}

func TestAfterRoot(t *testing.T) {
	t.Parallel()
	made := table(t)
	made.RootPath = "/api"
	for target, want := range map[string]string{"/api/items": "/items", "/api/none": "", "/items": ""} {
		stripped, ok := made.AfterRoot(httptest.NewRequest(http.MethodGet, target, nil))
		assert.Equal(t, want != "", ok, target)
		if ok {
			assert.Equal(t, want, stripped)
		}
	}
}
