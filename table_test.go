package candor_test

import (
	"bytes"
	"context"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/candor-go/candor"
	"github.com/candor-go/candor/internal/apptest"
)

const notFound = `404 | {"detail":"Not Found"}`

func TestPrecedence(t *testing.T) {
	app := candor.New(candor.Config{})
	candor.Get(app, "/users/{id}", echoID)
	candor.Get(app, "/users/me", apptest.Returns("me"))
	candor.Get(app, "/{id}/me", func(_ context.Context, in oneID) (string, error) { return "me of " + in.ID, nil })
	candor.Get(app, "/users/{id...}", func(_ context.Context, in oneID) (string, error) { return "rest " + in.ID, nil }, candor.Hidden())
	candor.Post(app, "/users/{name}", func(_ context.Context, in struct {
		Name string `path:"name"`
	},
	) (string, error) {
		return "posted " + in.Name, nil
	})

	exchanges{
		{"GET /users/me", `200 | "me"`},
		{"GET /users/7", `200 | "7"`},
		{"GET /shops/me", `200 | "me of shops"`},
		{"GET /users/7/pets//", `200 | "rest 7/pets//"`},
		{"GET /users/", `200 | "rest "`},
		// The more specific pattern has no POST, the next one has.
		{"POST /users/me", `200 | "posted me"`},
		{"GET /users/a%2Fb", `200 | "a/b"`},
		{"GET /users/%6De", `200 | "me"`},
		{"GET /Users/me", `200 | "me of Users"`},
		{"GET /users/../me", `200 | "rest ../me"`},
		{"GET /users/%zz", `parse "/users/%zz": invalid URL escape "%zz"`},
	}.check(t, app)
}

func TestMethodsOfAPath(t *testing.T) {
	app := candor.New(candor.Config{})
	candor.Get(app, "/users/me", apptest.Returns("me"))
	candor.Delete(app, "/users/{id}", echoID)
	candor.Put(app, "/{id...}", echoID)
	candor.Post(app, "/posts", apptest.Returns("posted"))
	candor.Options(app, "/own", apptest.Returns("own options"))
	candor.Get(app, "/own", apptest.Returns("own"))
	candor.Head(app, "/headed", func(context.Context, candor.None) (candor.None, error) { return candor.None{}, nil })
	candor.Get(app, "/headed", apptest.Returns("got"))
	const refused = ` | {"detail":"Method Not Allowed"}`

	exchanges{
		{"PATCH /users/me", "405 Allow: DELETE, GET, HEAD, OPTIONS, PUT" + refused},
		{"OPTIONS /users/me", "204 Allow: DELETE, GET, HEAD, OPTIONS, PUT"},
		{"OPTIONS /users/7", "204 Allow: DELETE, OPTIONS, PUT"},
		{"PATCH /posts", "405 Allow: OPTIONS, POST, PUT" + refused},
		// HEAD is only automatic where there is a GET.
		{"HEAD /posts", "405 Allow: OPTIONS, POST, PUT" + refused},
		{"HEAD /users/me", `200 | "me"`},
		{"OPTIONS /own", `200 | "own options"`},
		{"HEAD /headed", "204"},
		{"GET /headed", `200 | "got"`},
	}.check(t, app)
}

// The response to HEAD over the network is the one to GET, without the body.
func TestHeadOnTheWire(t *testing.T) {
	app := candor.New(candor.Config{})
	candor.Get(app, "/users/me", apptest.Returns("me"))
	server := httptest.NewServer(app)
	defer server.Close()
	answer, err := http.Head(server.URL + "/users/me")
	require.NoError(t, err)
	defer answer.Body.Close()
	assert.Equal(t, 200, answer.StatusCode)
	assert.Equal(t, int64(4), answer.ContentLength)
	assert.Equal(t, "application/json", answer.Header.Get("Content-Type"))
}

func TestSlashRedirects(t *testing.T) {
	register := func(app *candor.App) *candor.App {
		candor.Get(app, "/items", apptest.Returns("items"))
		candor.Get(app, "/shops/", apptest.Returns("shops"))
		candor.Get(app, "/both", apptest.Returns("without"))
		candor.Get(app, "/both/", apptest.Returns("with"))
		candor.Get(app, "/users/{id}", echoID)
		candor.Get(app, "/files/{id...}", echoID)
		return app
	}
	exchanges{
		{"GET /items/", "307 Location: /items"},
		{"GET /shops", "307 Location: /shops/"},
		{"GET /items/?q=a%20b&q=//x", "307 Location: /items?q=a%20b&q=//x"},
		{"GET /items/?", "307 Location: /items"},
		// As candor.Redirect does it.
		{"GET /items/?q=\"<é>", "307 Location: /items?q=%22%3C%C3%A9%3E"},
		// Any method is redirected: the route at the other path decides about the method.
		{"DELETE /items/", "307 Location: /items"},
		{"OPTIONS /items/", "307 Location: /items"},
		{"GET /both/", `200 | "with"`},
		{"GET /both", `200 | "without"`},
		{"GET /users/a%2Fb/", "307 Location: /users/a%2Fb"},
		{"GET /users/caf%C3%A9/", "307 Location: /users/caf%C3%A9"},
		{"GET /files", "307 Location: /files/"},
		{"GET /items//", notFound},
		{"GET //items/", notFound},
		{"GET /", notFound},
		{"GET //", notFound},
	}.check(t, register(candor.New(candor.Config{})))

	exchanges{
		{"GET /items/", notFound},
		{"GET /shops", notFound},
		{"GET /items", `200 | "items"`},
	}.check(t, register(candor.New(candor.Config{NoRedirectSlashes: true})))

	exchanges{
		{"GET /items/", "307 Location: /api/items"},
		{"GET /items/?q=1", "307 Location: /api/items?q=1"},
	}.check(t, register(candor.New(candor.Config{RootPath: "/api"})))
}

// No redirect leads to another host, whatever the path contains.
func TestRedirectsStayOnTheHost(t *testing.T) {
	app := candor.New(candor.Config{})
	candor.Get(app, "/{id}/", echoID)
	candor.Get(app, "/{id}/{rest...}", echoRest)
	stripped := http.StripPrefix("/x", app)
	for _, target := range []string{
		"//evil.com", "//evil.com/", `/\evil.com`, `/\evil.com/`, "/%5Cevil.com", "/%2Fevil.com", "/%2F%2Fevil.com",
		"///evil.com", "/evil.com", "/http://evil.com", "//", "/x//evil.com", "/x/evil.com", `/x/\evil.com`, "/x//evil.com/",
		"http://evil.com/items", "http://evil.com//evil.com", "/%09/evil.com", "/@evil.com", "/;evil.com",
	} {
		for _, h := range []http.Handler{app, stripped} {
			r, err := http.NewRequest(http.MethodPut, "http://testserver/", nil)
			require.NoError(t, err)
			r.URL, err = url.ParseRequestURI(target)
			require.NoError(t, err)
			r.RequestURI = target
			w := httptest.NewRecorder()
			h.ServeHTTP(w, r)
			location := w.Header().Get("Location")
			if location == "" {
				continue
			}
			assert.True(t, strings.HasPrefix(location, "/") && !strings.HasPrefix(location, "//"), "%s to %s", target, location)
			assert.NotContains(t, location, `\`, target)
		}
	}
}

func echoRest(_ context.Context, in struct {
	ID   string `path:"id"`
	Rest string `path:"rest"`
},
) (string, error) {
	return in.ID + " " + in.Rest, nil
}

// Requests that no client sends, but that handlers in the same process may make.
func TestOddRequests(t *testing.T) {
	app := candor.New(candor.Config{})
	candor.Get(app, "/items", apptest.Returns("items"))
	for _, u := range []*url.URL{{}, {Path: "*"}, {Path: "items"}, {Path: "/x", RawPath: "no escape of it"}, {Path: "/x", RawPath: "/%zz"}, {Opaque: "x"}} {
		w := httptest.NewRecorder()
		app.ServeHTTP(w, &http.Request{Method: "GET", URL: u, Header: http.Header{}})
		assert.Equal(t, 404, w.Code, "%#v", u)
	}
}

func TestPatternAndPathValuesInMiddleware(t *testing.T) {
	app := candor.New(candor.Config{}, candor.Use(func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("X-Seen", r.Method+" "+r.Pattern+" "+r.PathValue("id"))
			next.ServeHTTP(w, r)
		})
	}))
	users := candor.NewRouter("/users")
	candor.Get(users, "/{id}", echoID)
	app.Include(users)
	app.Mount("/mounted", http.NotFoundHandler())
	exchanges{
		{"GET /users/a%2Fb", `200 X-Seen: GET /users/{id} a/b | "a/b"`},
		{"HEAD /users/7", `200 X-Seen: HEAD /users/{id} 7 | "7"`},
		{"GET /nowhere", `404 X-Seen: GET   | {"detail":"Not Found"}`},
		{"GET /mounted/x", `404 X-Seen: GET /mounted/{rest...}  | 404 page not found`},
	}.check(t, app)

	// Outside of the app, the pattern is set after the app has served the request.
	r := httptest.NewRequest(http.MethodGet, "/users/7", nil)
	app.ServeHTTP(httptest.NewRecorder(), r)
	assert.Equal(t, "/users/{id}", r.Pattern)
}

func TestConflicts(t *testing.T) {
	app := candor.New(candor.Config{})
	candor.Get(app, "/items/{id}", echoID)
	candor.Post(app, "/items/{name}", apptest.Returns("fine: another method"))
	candor.Get(app, "/items/{id...}", echoID, candor.Hidden())
	require.ErrorContains(t, app.Check(), "nothing reads the wildcard {name}")

	app = candor.New(candor.Config{})
	candor.Get(app, "/items/{id}", echoID)
	other := candor.NewRouter("/items")
	candor.Get(other, "/{id}", echoID)
	candor.Get(other, "/free", apptest.Returns(""))
	app.Include(other)
	err := app.Check()
	require.ErrorContains(t, err, "GET /items/{id} is taken by /items/{id}, registered at ")
	assert.Equal(t, 3, strings.Count(err.Error(), "table_test.go:"), "%v", err)

	require.ErrorContains(t, err, `as "/items/{id}", included at `)
	assert.PanicsWithError(t, err.Error(), app.Seal)
}

func TestAppWithMistakesThatServes(t *testing.T) {
	var log bytes.Buffer
	app := candor.New(candor.Config{Logger: slog.New(slog.NewTextHandler(&log, nil))})
	candor.Get(app, "/items", apptest.Returns(""))
	candor.Get(app, "/items", apptest.Returns(""))
	exchanges{
		{"GET /items", `500 | {"detail":"Internal Server Error"}`},
		{"GET /nowhere", `500 | {"detail":"Internal Server Error"}`},
	}.check(t, app)
	assert.Equal(t, 1, strings.Count(log.String(), "the app cannot serve"))
	assert.Contains(t, log.String(), "GET /items is taken")

	// The app is not sealed yet: missing routes can still be registered.
	candor.Get(app, "/more", apptest.Returns(""))
	require.Error(t, app.Check())
	require.Error(t, app.WriteOpenAPI(&log))
}

func TestSealIsOnce(t *testing.T) {
	app := candor.New(candor.Config{})
	candor.Get(app, "/items", apptest.Returns("items"))
	require.NoError(t, app.Check())
	app.Seal()
	require.NoError(t, app.Check())
	assert.Equal(t, `200 | "items"`, apptest.Wire(app, "GET /items"))
}
