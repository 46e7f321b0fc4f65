package candor_test

import (
	"context"
	"net/http"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/candor-go/candor"
	"github.com/candor-go/candor/internal/apptest"
)

// exchanges are requests and their responses.
type exchanges []struct{ request, answer string }

func (all exchanges) check(t *testing.T, h http.Handler) {
	t.Helper()
	for _, e := range all {
		assert.Equal(t, e.answer, apptest.Wire(h, e.request), e.request)
	}
}

func TestVerbs(t *testing.T) {
	app := candor.New(candor.Config{})
	candor.Get(app, "/v", apptest.Returns("get"))
	candor.Post(app, "/v", apptest.Returns("post"))
	candor.Put(app, "/v", apptest.Returns("put"))
	candor.Patch(app, "/v", apptest.Returns("patch"))
	candor.Delete(app, "/v", apptest.Returns("delete"))
	candor.Head(app, "/v", func(context.Context, candor.None) (candor.None, error) {
		return candor.None{}, candor.Error(418, nil)
	})
	candor.Options(app, "/v", apptest.Returns("options"))
	candor.Trace(app, "/v", apptest.Returns("trace"))
	candor.Handle(app, []string{"GET", "POST"}, "/both", apptest.Returns("both"))
	candor.HandleHTTP(app, []string{"GET"}, "/plain/{rest...}", http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = w.Write([]byte(r.Pattern + " " + r.PathValue("rest")))
	}))

	exchanges{
		{"GET /v", `200 | "get"`},
		{"POST /v", `200 | "post"`},
		{"PUT /v", `200 | "put"`},
		{"PATCH /v", `200 | "patch"`},
		{"DELETE /v", `200 | "delete"`},
		{"HEAD /v", `418 | {"detail":"I'm a teapot"}`},
		{"OPTIONS /v", `200 | "options"`},
		{"TRACE /v", `200 | "trace"`},
		{"GET /both", `200 | "both"`},
		{"POST /both", `200 | "both"`},
		{"GET /plain/a//b%2Fc", `200 | /plain/{rest...} a//b/c`},
		{"PUT /both", `405 Allow: GET, HEAD, OPTIONS, POST | {"detail":"Method Not Allowed"}`},
		{"BREW /v", `405 Allow: DELETE, GET, HEAD, OPTIONS, PATCH, POST, PUT, TRACE | {"detail":"Method Not Allowed"}`},
	}.check(t, app)
}

func TestRouteReturnsWhatWasRegistered(t *testing.T) {
	app := candor.New(candor.Config{})
	r := candor.Handle(app, []string{"GET", "PUT"}, "/things/{id}", func(_ context.Context, in struct {
		ID string `path:"id"`
	},
	) (string, error) {
		return in.ID, nil
	})
	assert.Equal(t, []string{"GET", "PUT"}, r.Methods())
	assert.Equal(t, "/things/{id}", r.Path())
	r.Methods()[0] = "POST"
	assert.Equal(t, []string{"GET", "PUT"}, r.Methods())
}

type oneID struct {
	ID string `path:"id"`
}

func echoID(_ context.Context, in oneID) (string, error) { return in.ID, nil }

func TestInclusion(t *testing.T) {
	items := candor.NewRouter("/items")
	candor.Get(items, "", apptest.Returns("list"))
	candor.Get(items, "/", apptest.Returns("slash"))
	candor.Get(items, "/{id}", echoID)

	shop := candor.NewRouter("/shops/{shop}")
	shop.Include(items, candor.Prefix("/stock"))
	candor.Get(shop, "/name", func(_ context.Context, in struct {
		Shop string `path:"shop"`
	},
	) (string, error) {
		return in.Shop, nil
	})

	app := candor.New(candor.Config{})
	app.Include(items)
	app.Include(items, candor.Prefix("/v2"))
	app.Include(items)
	require.Error(t, app.Check())

	app = candor.New(candor.Config{})
	app.Include(items)
	app.Include(items, candor.Prefix("/v2"))
	// Routes and routers added to an included router are served too.
	late := candor.NewRouter("/late")
	items.Include(late)
	candor.Get(late, "/{id}", echoID)
	candor.Post(items, "", apptest.Returns("created"))

	exchanges{
		{"GET /items", `200 | "list"`},
		{"GET /items/", `200 | "slash"`},
		{"GET /items/7", `200 | "7"`},
		{"POST /items", `200 | "created"`},
		{"GET /v2/items", `200 | "list"`},
		{"GET /v2/items/8", `200 | "8"`},
		{"GET /v2/items/late/9", `200 | "9"`},
		{"GET /items/late/9", `200 | "9"`},
		{"GET /v3/items", `404 | {"detail":"Not Found"}`},
	}.check(t, app)
}

func TestPrefixesWithWildcards(t *testing.T) {
	type place struct {
		Tenant string `path:"tenant"`
		Shop   int    `path:"shop"`
		ID     string `path:"id"`
	}
	items := candor.NewRouter("/items")
	candor.Get(items, "/{id}", func(_ context.Context, in place) ([]any, error) {
		return []any{in.Tenant, in.Shop, in.ID}, nil
	})
	shop := candor.NewRouter("/{shop}")
	shop.Include(items)
	app := candor.New(candor.Config{})
	app.Include(shop, candor.Prefix("/{tenant}"))

	exchanges{
		{"GET /acme/3/items/x%2Fy", `200 | ["acme",3,"x/y"]`},
		{"GET /acme/three/items/x", `422 | {"detail":[{"type":"int_parsing","loc":["path","shop"],"msg":"Not an integer"}]}`},
		{"GET //3/items/x", `404 | {"detail":"Not Found"}`},
	}.check(t, app)
}

func TestEmptyPaths(t *testing.T) {
	bare := candor.NewRouter("")
	candor.Get(bare, "", apptest.Returns("root of the prefix"))
	app := candor.New(candor.Config{})
	app.Include(bare, candor.Prefix("/here"))
	exchanges{{"GET /here", `200 | "root of the prefix"`}}.check(t, app)

	app = candor.New(candor.Config{})
	app.Include(bare)
	require.ErrorContains(t, app.Check(), `it is empty: write "/" for the root`)
}

func TestAliases(t *testing.T) {
	app := candor.New(candor.Config{})
	candor.Get(app, "/items/{id}", echoID, candor.Use(apptest.Marking("all")),
		candor.Alias("/things/{id}", candor.Summary("The old name"), candor.Deprecated(), candor.Tags("old"), candor.Use(apptest.Marking("things"))),
		candor.Alias("/legacy/{id}", candor.Hidden(), candor.Status(203)))

	exchanges{
		{"GET /items/1", `200 X-Through: all | "1"`},
		{"GET /things/1", `200 X-Through: all, things | "1"`},
		{"GET /legacy/1", `203 X-Through: all | "1"`},
	}.check(t, app)

	doc := apptest.Document(t, app)
	require.Equal(t, []string{"/items/{id}", "/things/{id}"}, apptest.MemberNames(doc, "paths"))
	assert.Equal(t, "echoID", apptest.Member(doc, "paths", "/items/{id}", "get", "operationId"))
	assert.Equal(t, "Echo ID", apptest.Member(doc, "paths", "/items/{id}", "get", "summary"))
	assert.Nil(t, apptest.Member(doc, "paths", "/items/{id}", "get", "tags"))
	assert.Equal(t, "echoID_things_id_get", apptest.Member(doc, "paths", "/things/{id}", "get", "operationId"))
	assert.Equal(t, "The old name", apptest.Member(doc, "paths", "/things/{id}", "get", "summary"))
	assert.Equal(t, []any{"old"}, apptest.Member(doc, "paths", "/things/{id}", "get", "tags"))
	assert.Equal(t, true, apptest.Member(doc, "paths", "/things/{id}", "get", "deprecated"))
}

// Routes can be registered in a loop over a table.
func TestRoutesFromATable(t *testing.T) {
	app := candor.New(candor.Config{})
	table := []struct {
		method, path, text string
		options            []candor.RouteOption
	}{
		{"GET", "/a", "one", nil},
		{"POST", "/a", "two", []candor.RouteOption{candor.Status(201)}},
		{"GET", "/b", "three", []candor.RouteOption{candor.Hidden()}},
	}
	for _, row := range table {
		candor.Handle(app, []string{row.method}, row.path, apptest.Returns(row.text), row.options...)
	}
	for path, register := range map[string]func(candor.Routes, string){"/cats": serve[livesCat], "/dogs": serve[trickDog]} {
		register(app, path)
	}

	exchanges{
		{"GET /a", `200 | "one"`},
		{"POST /a", `201 | "two"`},
		{"GET /b", `200 | "three"`},
		{"GET /cats", `200 | {"lives":0}`},
		{"GET /dogs", `200 | {"tricks":[]}`},
	}.check(t, app)
}

type (
	livesCat struct {
		Lives int `json:"lives"`
	}
	trickDog struct {
		Tricks []string `json:"tricks"`
	}
)

// serve registers a handler that returns the zero value of any type.
func serve[T any](r candor.Routes, path string) { candor.Get(r, path, apptest.Zero[T]) }

func TestTwoAppsShareARouter(t *testing.T) {
	items := candor.NewRouter("/items")
	candor.Get(items, "/{id}", echoID)
	one, two := candor.New(candor.Config{}), candor.New(candor.Config{})
	one.Include(items, candor.Prefix("/one"))
	exchanges{{"GET /one/items/1", `200 | "1"`}}.check(t, one)

	// The first app has sealed the router; the second one can still include it.
	two.Include(items, candor.Prefix("/two"))
	exchanges{
		{"GET /two/items/2", `200 | "2"`},
		{"GET /one/items/2", `404 | {"detail":"Not Found"}`},
	}.check(t, two)
	assert.Contains(t, apptest.PanicOf(func() { candor.Get(items, "/late", apptest.Returns("")) }), "the app already serves")
}

func TestLateRegistration(t *testing.T) {
	for name, register := range map[string]func(*candor.App, *candor.Router){
		"a route": func(a *candor.App, _ *candor.Router) { candor.Get(a, "/late", apptest.Returns("")) },
		"below":   func(_ *candor.App, r *candor.Router) { candor.Get(r, "/late", apptest.Returns("")) },
		"plain": func(a *candor.App, _ *candor.Router) {
			candor.HandleHTTP(a, []string{"GET"}, "/late", http.NotFoundHandler())
		},
		"an include":  func(a *candor.App, _ *candor.Router) { a.Include(candor.NewRouter("")) },
		"a mount":     func(_ *candor.App, r *candor.Router) { r.Mount("/late", http.NotFoundHandler()) },
		"a document":  func(_ *candor.App, r *candor.Router) { r.Docs(candor.Docs{}, candor.Info{}) },
		"its own doc": func(a *candor.App, _ *candor.Router) { a.Docs(candor.Docs{}, candor.Info{}) },
	} {
		t.Run(name, func(t *testing.T) {
			app, below := candor.New(candor.Config{}), candor.NewRouter("/below")
			app.Include(below)
			app.Seal()
			assert.Contains(t, apptest.PanicOf(func() { register(app, below) }), "the app already serves, its routes are fixed")
		})
	}
}

func TestConcurrentFirstRequests(t *testing.T) {
	app := candor.New(candor.Config{})
	sub := candor.New(candor.Config{})
	candor.Get(sub, "/{id}", echoID)
	app.Mount("/sub", sub)
	candor.Get(app, "/items/{id}", echoID)
	var group sync.WaitGroup
	answers := make([]string, 32)
	requests := []string{"GET /items/1", "GET /sub/1", "GET /openapi.json", "GET /sub/openapi.json"}
	for i := range answers {
		group.Go(func() { answers[i] = apptest.Wire(app, requests[i%len(requests)]) })
	}
	group.Wait()
	for i, got := range answers {
		assert.True(t, strings.HasPrefix(got, "200 "), got)
		assert.Equal(t, answers[i%len(requests)], got)
	}
}
