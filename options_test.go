package candor_test

import (
	"context"
	"errors"
	"go/ast"
	"go/types"
	"net/http"
	"strings"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/candor-go/candor"
	"github.com/candor-go/candor/internal/apptest"
	"github.com/candor-go/candor/internal/filegraph"
)

// layered is an app with one route, GET or POST /x, and options at each level.
type layered struct{ app, include, router, route []candor.Option }

func (l layered) build(more ...candor.RouteOption) *candor.App {
	app := candor.New(candor.Config{}, l.app...)
	router := candor.NewRouter("", l.router...)
	options := more
	for _, o := range l.route {
		options = append(options, o)
	}
	candor.Post(router, "/x", takeBody, options...)
	includes := make([]candor.IncludeOption, len(l.include))
	for i, o := range l.include {
		includes[i] = o
	}
	app.Include(router, includes...)
	return app
}

func takeBody(_ context.Context, in struct {
	Body []string `body:""`
},
) ([]string, error) {
	return in.Body, nil
}

var (
	errRed  = candor.Error(409, "red")
	errBlue = candor.Error(409, "blue")
)

// An Option works at every level: the inner one wins, or both add up, the outer one first.
func TestOptionsEverywhere(t *testing.T) {
	some := func(options ...candor.Option) []candor.Option { return options }
	operation := []string{"paths", "/x", "post"}
	responses := func(status string) []string {
		return append(operation[:3:3], "responses", status)
	}
	for _, test := range []struct {
		name   string
		give   layered
		lookup []string
		want   any
	}{
		{"no tags", layered{}, append(operation[:3:3], "tags"), nil},
		{
			"tags add up, each once",
			layered{some(candor.Tags("a")), some(candor.Tags("b", "a")), some(candor.Tags("c")), some(candor.Tags("d", "c"))},
			append(operation[:3:3], "tags"),
			[]any{"a", "b", "c", "d"},
		},
		{"description of the app", layered{app: some(candor.Description("app"))}, append(operation[:3:3], "description"), "app"},
		{
			"description of the inclusion",
			layered{app: some(candor.Description("app")), include: some(candor.Description("include"))},
			append(operation[:3:3], "description"), "include",
		},
		{
			"description of the router",
			layered{include: some(candor.Description("include")), router: some(candor.Description("router"))},
			append(operation[:3:3], "description"), "router",
		},
		{
			"description of the route",
			layered{router: some(candor.Description("router")), route: some(candor.Description("route"))},
			append(operation[:3:3], "description"), "route",
		},
		{"not deprecated", layered{}, append(operation[:3:3], "deprecated"), nil},
		{"deprecated by the app", layered{app: some(candor.Deprecated())}, append(operation[:3:3], "deprecated"), true},
		{"deprecated by the inclusion", layered{include: some(candor.Deprecated())}, append(operation[:3:3], "deprecated"), true},
		{"deprecated by the router", layered{router: some(candor.Deprecated())}, append(operation[:3:3], "deprecated"), true},
		{"deprecated by the route", layered{route: some(candor.Deprecated())}, append(operation[:3:3], "deprecated"), true},
		{"shown", layered{}, append(operation[:3:3], "operationId"), "takeBody"},
		{"hidden by the app", layered{app: some(candor.Hidden())}, operation, nil},
		{"hidden by the inclusion", layered{include: some(candor.Hidden())}, operation, nil},
		{"hidden by the router", layered{router: some(candor.Hidden())}, operation, nil},
		{"hidden by the route", layered{route: some(candor.Hidden())}, operation, nil},
		{
			"a response from each place",
			layered{app: some(candor.Responds[livesCat](409, "app"))},
			append(responses("409"), "description"), "app",
		},
		{
			"the inner response wins",
			layered{app: some(candor.Responds[livesCat](409, "app")), route: some(candor.Responds[candor.None](409, "route"))},
			responses("409"),
			map[string]any{"description": "route"},
		},
		{
			"errors of one status stand together",
			layered{app: some(candor.Raises(errRed)), router: some(candor.Raises(errBlue, errRed))},
			append(responses("409"), "description"), "red; blue",
		},
		{
			"an error in the place of an outer response",
			layered{app: some(candor.Responds[livesCat](409, "cat")), route: some(candor.Raises(errRed))},
			append(responses("409"), "description"), "red",
		},
		{
			"the app's own answer can be declared otherwise",
			layered{route: some(candor.Responds[candor.None](413, "Too much"))},
			append(responses("413"), "description"), "Too much",
		},
		{"a description without a text", layered{route: some(candor.Responds[livesCat](409))}, append(responses("409"), "description"), "Conflict"},
	} {
		t.Run(test.name, func(t *testing.T) {
			app := test.give.build()
			assert.Equal(t, test.want, apptest.Member(apptest.Document(t, app), test.lookup...))
			assert.Equal(t, `200 | ["a"]`, apptest.Wire(app, "POST /x\nContent-Type: application/json\n\n[\"a\"]"))
		})
	}
}

func TestServingOptionsEverywhere(t *testing.T) {
	some := func(options ...candor.Option) []candor.Option { return options }
	const tooLarge = `413 | {"detail":"the body is too large"}`
	const untyped = `415 | {"detail":"the body must be application/json"}`
	const typed, none = "\nContent-Type: application/json", ""
	for _, test := range []struct {
		name        string
		give        layered
		contentType string
		body, want  string
	}{
		{"the default limit", layered{}, typed, `["` + strings.Repeat("a", 1<<20) + `"]`, tooLarge},
		{"the limit of the app", layered{app: some(candor.MaxBody(4))}, typed, `["a"]`, tooLarge},
		{"exactly the limit", layered{app: some(candor.MaxBody(5))}, typed, `["a"]`, `200 | ["a"]`},
		{"of the inclusion", layered{some(candor.MaxBody(99)), some(candor.MaxBody(4)), nil, nil}, typed, `["a"]`, tooLarge},
		{"of the router", layered{some(candor.MaxBody(4)), some(candor.MaxBody(4)), some(candor.MaxBody(5)), nil}, typed, `["a"]`, `200 | ["a"]`},
		{"of the route", layered{nil, nil, some(candor.MaxBody(99)), some(candor.MaxBody(4))}, typed, `["a"]`, tooLarge},
		{"strict by default", layered{}, none, `["a"]`, untyped},
		{"loose app", layered{app: some(candor.StrictContentType(false))}, none, `["a"]`, `200 | ["a"]`},
		{"strict inclusion", layered{some(candor.StrictContentType(false)), some(candor.StrictContentType(true)), nil, nil}, none, `["a"]`, untyped},
		{"loose router", layered{nil, some(candor.StrictContentType(true)), some(candor.StrictContentType(false)), nil}, none, `["a"]`, `200 | ["a"]`},
		{"strict route", layered{nil, nil, some(candor.StrictContentType(false)), some(candor.StrictContentType(true))}, none, `["a"]`, untyped},
	} {
		t.Run(test.name, func(t *testing.T) {
			assert.Equal(t, test.want, apptest.Wire(test.give.build(), "POST /x"+test.contentType+"\n\n"+test.body))
		})
	}
}

func TestMiddlewareOrder(t *testing.T) {
	use := func(names ...string) []candor.Option {
		all := make([]candor.Option, len(names))
		for i, name := range names {
			all[i] = candor.Use(apptest.Marking(name))
		}
		return all
	}
	app := layered{use("app1", "app2"), use("include"), use("router"), use("route1", "route2")}.build(candor.Alias("/alias", candor.Use(apptest.Marking("alias"))))
	exchanges{
		{"POST /x", `422 X-Through: app1, app2, include, router, route1, route2 | {"detail":[{"type":"missing","loc":["body"],"msg":"Field required"}]}`},
		{"POST /alias", `422 X-Through: app1, app2, include, router, route1, route2, alias | {"detail":[{"type":"missing","loc":["body"],"msg":"Field required"}]}`},
		// Responses that belong to no route get only the app's middleware.
		{"GET /x", `405 Allow: OPTIONS, POST X-Through: app1, app2 | {"detail":"Method Not Allowed"}`},
		{"OPTIONS /x", `204 Allow: OPTIONS, POST X-Through: app1, app2`},
		{"GET /y", `404 X-Through: app1, app2 | {"detail":"Not Found"}`},
		{"POST /x/", `307 Location: /x X-Through: app1, app2`},
	}.check(t, app)

	one := candor.New(candor.Config{}, candor.Use(apptest.Marking("first"), apptest.Marking("second")))
	exchanges{{"GET /", `404 X-Through: first, second | {"detail":"Not Found"}`}}.check(t, one)
}

func TestMiddlewareResponses(t *testing.T) {
	refuse := func(http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			candor.WriteError(w, r, candor.Error(401, "no").WithHeader("X-Reason", "none"))
		})
	}
	broken := func(http.Handler) http.Handler {
		return http.HandlerFunc(func(http.ResponseWriter, *http.Request) { panic(errors.New("secret")) })
	}
	late := func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			next.ServeHTTP(w, r)
			panic("too late for an answer")
		})
	}
	for _, place := range []string{"app", "route"} {
		build := func(m func(http.Handler) http.Handler) http.Handler {
			l := layered{route: []candor.Option{candor.Use(m)}}
			if place == "app" {
				l = layered{app: []candor.Option{candor.Use(m)}}
			}
			return l.build()
		}
		assert.Equal(t, `401 X-Reason: none | {"detail":"no"}`, apptest.Wire(build(refuse), "POST /x"), place)
		assert.Equal(t, `500 | {"detail":"Internal Server Error"}`, apptest.Wire(build(broken), "POST /x"), place)
		assert.PanicsWithValue(t, http.ErrAbortHandler, func() { apptest.Wire(build(late), "POST /x") }, place)
	}
	assert.Equal(t, `500 | {"detail":"Internal Server Error"}`, apptest.Wire(layered{app: []candor.Option{candor.Use(broken)}}.build(), "GET /nowhere"))
	assert.Equal(t, `401 X-Reason: none | {"detail":"no"}`, apptest.Wire(layered{app: []candor.Option{candor.Use(refuse)}}.build(), "GET /nowhere"))
}

// A RouteOption applies to one route; the options of an alias override those of the route.
func TestRouteOptions(t *testing.T) {
	app := candor.New(candor.Config{})
	candor.Get(app, "/a", apptest.Returns("a"), candor.Summary("First"), candor.Status(202, "Taken", "for later"), candor.OperationID("a"),
		candor.EditOperation(func(op *openapi3.Operation) { op.Extensions = map[string]any{"x-edited": op.OperationID} }),
		candor.Alias("/b"),
		candor.Alias("/c", candor.Summary("Second"), candor.Status(203), candor.OperationID("c"),
			candor.EditOperation(func(op *openapi3.Operation) { op.Description = "edited " + op.Extensions["x-edited"].(string) })))
	exchanges{{"GET /a", `202 | "a"`}, {"GET /b", `202 | "a"`}, {"GET /c", `203 | "a"`}}.check(t, app)

	doc := apptest.Document(t, app)
	operation := func(path, key string) any { return apptest.Member(doc, "paths", path, "get", key) }
	assert.Equal(t, []any{"First", "First", "Second"}, []any{operation("/a", "summary"), operation("/b", "summary"), operation("/c", "summary")})
	assert.Equal(t, []any{"a", "a_b_get", "c"}, []any{operation("/a", "operationId"), operation("/b", "operationId"), operation("/c", "operationId")})
	assert.Equal(t, []any{"a", "a_b_get", "c"}, []any{operation("/a", "x-edited"), operation("/b", "x-edited"), operation("/c", "x-edited")})
	assert.Equal(t, []any{nil, nil, "edited c"}, []any{operation("/a", "description"), operation("/b", "description"), operation("/c", "description")})
	assert.Equal(t, "Taken\nfor later", apptest.Member(doc, "paths", "/a", "get", "responses", "202", "description"))
	require.Equal(t, []string{"203"}, apptest.MemberNames(doc, "paths", "/c", "get", "responses"))
}

// Settings of an outer level, and metadata of a document, apply inside unless they are set there. The tests of each option
// show how; this one finds a field of those types that inherit does not mention, such as one that was added later.
func TestEverySettingIsInherited(t *testing.T) {
	t.Parallel()
	source, err := filegraph.Read(".")
	require.NoError(t, err)
	own := map[string]string{
		"aliases":   "stay with their route",
		"until":     "is a provider's",
		"attempts":  "is a provider's",
		"inherited": "is counted, no option sets it",
	}
	inner, outer := inheritedFields(source, "settings")
	for field := range source.Types.Scope().Lookup("settings").Type().Underlying().(*types.Struct).Fields() {
		if own[field.Name()] == "" {
			assert.Contains(t, outer, field.Name(), "%s of the outer scope is lost", field.Name())
			assert.Contains(t, inner, field.Name(), "%s of the inner scope is lost", field.Name())
		}
	}
}

// inheritedFields returns the fields of the receiver that the method inherit of a type reads, and those of its parameter.
func inheritedFields(source *filegraph.Source, name string) (inner, outer []string) {
	for _, tree := range source.Trees {
		for _, declaration := range tree.Decls {
			f, ok := declaration.(*ast.FuncDecl)
			if !ok || f.Name.Name != "inherit" || f.Recv == nil || filegraph.Receiver(f.Recv.List[0].Type) != name {
				continue
			}
			written := map[ast.Node]bool{}
			ast.Inspect(f.Body, func(n ast.Node) bool {
				if assignment, ok := n.(*ast.AssignStmt); ok {
					for _, target := range assignment.Lhs {
						written[target] = true
					}
				}
				selector, ok := n.(*ast.SelectorExpr)
				if !ok || written[n] {
					return true
				}
				switch from, _ := selector.X.(*ast.Ident); {
				case from == nil:
				case from.Name == f.Type.Params.List[0].Names[0].Name:
					outer = append(outer, selector.Sel.Name)
				case from.Name == f.Recv.List[0].Names[0].Name:
					inner = append(inner, selector.Sel.Name)
				}
				return true
			})
		}
	}
	return inner, outer
}
