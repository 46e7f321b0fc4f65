package candor_test

import (
	"context"
	"math/rand/v2"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/candor-go/candor"
	"github.com/candor-go/candor/internal/apptest"
)

type library struct{ name string }

func (l *library) listBooks(context.Context, candor.None) (string, error) { return l.name, nil }
func (l library) HTTPStatus(context.Context, candor.None) (string, error) { return l.name, nil }

func read_all_items(context.Context, candor.None) (string, error) { return "", nil }

func funcs(context.Context, candor.None) (string, error) { return "", nil }

func makeReader[T any]() func(context.Context, candor.None) (T, error) {
	return func(context.Context, candor.None) (t T, err error) { return t, nil }
}

// Operation ids and summaries come from function names; ids include the receiver and the type arguments.
func TestOperationIDsAndSummaries(t *testing.T) {
	l := &library{}
	literal := func(context.Context, candor.None) (string, error) { return "", nil }
	app := candor.New(candor.Config{})
	candor.Get(app, "/method", l.listBooks)
	candor.Get(app, "/value", l.HTTPStatus)
	candor.Get(app, "/snake", read_all_items)
	candor.Get(app, "/funcs", funcs)
	candor.Get(app, "/literal/{id}", func(_ context.Context, in oneID) (string, error) { return in.ID, nil })
	candor.Post(app, "/literal/{rest...}", func(_ context.Context, in struct {
		Rest string `path:"rest"`
	},
	) (string, error) {
		return in.Rest, nil
	})
	candor.Get(app, "/", literal)
	candor.Get(app, "/cats", apptest.Zero[livesCat])
	candor.Get(app, "/dogs", apptest.Zero[trickDog])
	candor.Get(app, "/made", makeReader[livesCat]())
	candor.Get(app, "/again", l.listBooks)
	candor.Handle(app, []string{"GET", "PUT"}, "/both", funcs)
	candor.HandleHTTP(app, []string{"GET"}, "/plain/{id}", tellPath)
	candor.Get(app, "/chosen", l.listBooks, candor.OperationID("funcs_funcs_get"), candor.Summary("As chosen"))
	candor.Get(app, "/get_again", l.listBooks, candor.Hidden())

	var got []string
	for _, r := range app.Routes() {
		summary := apptest.Member(apptest.Document(t, app), "paths", strings.ReplaceAll(r.Pattern, "...", ""), strings.ToLower(r.Method), "summary")
		text, _ := summary.(string)
		got = append(got, r.Method+" "+r.Pattern+" = "+r.OperationID+" = "+text)
	}
	assert.Equal(t, []string{
		// Among the routes of one function, the shortest path gets the plain id.
		"GET /method = libraryListBooks_method_get = List Books",
		"GET /value = libraryHTTPStatus = HTTP Status",
		"GET /snake = read_all_items = Read All Items",
		// An explicit id wins over generated ones, wherever it is registered.
		"GET /funcs = funcs_funcs_get_2 = Funcs",
		"GET /literal/{id} = get_literal_id = ",
		"POST /literal/{rest...} = post_literal_rest = ",
		"GET / = get = ",
		"GET /cats = ZeroLivesCat = Zero",
		"GET /dogs = ZeroTrickDog = Zero",
		"GET /made = get_made = ",
		"GET /again = libraryListBooks = List Books",
		"GET /both = funcs = Funcs",
		"PUT /both = funcs_both_put = Funcs",
		"GET /plain/{id} = get_plain_id = ",
		"GET /chosen = funcs_funcs_get = As chosen",
		"GET /get_again =  = ",
	}, got)
}

func TestOperationIDsOfInclusions(t *testing.T) {
	items := candor.NewRouter("/items")
	candor.Get(items, "/{id}", echoID)
	candor.Get(items, "", apptest.Returns(""), candor.OperationID("listItems"))
	app := candor.New(candor.Config{})
	app.Include(items)
	app.Include(items, candor.Prefix("/v2"))
	app.Include(items, candor.Prefix("/old"), candor.Hidden())
	var ids []string
	for _, r := range app.Routes() {
		ids = append(ids, r.OperationID)
	}
	assert.Equal(t, []string{"echoID", "listItems", "echoID_v2_items_id_get", "listItems_v2_items_get", "", ""}, ids)
}

type (
	sheep         struct{}
	APIGuide      struct{}
	rack[T any]   struct{}
	keyOf[T any]  struct{ oneID }
	listOf[T any] struct{ Items []T }
	bodyOf[T any] struct {
		Body T `body:""`
	}
)

func (sheep) count(context.Context, candor.None) (string, error)    { return "", nil }
func (*APIGuide) Read(context.Context, candor.None) (string, error) { return "", nil }
func (rack[T]) first(context.Context, candor.None) (t T, err error) { return t, nil }

func drop[T any](context.Context, keyOf[T]) (candor.None, error) { return candor.None{}, nil }

func list[T any](context.Context, candor.None) (listOf[T], error)      { return listOf[T]{}, nil }
func swap[A, B any](context.Context, bodyOf[A]) (b []B, err error)     { return b, nil }
func touch[T any](context.Context, candor.None) (candor.None, error)   { return candor.None{}, nil }
func save[T any](_ context.Context, in struct{ bodyOf[T] }) (T, error) { return in.Body, nil }
func count(context.Context, candor.None) (string, error)               { return "", nil }
func sheepCount(context.Context, candor.None) (string, error)          { return "", nil }
func plainWool(context.Context, candor.None) (candor.None, error)      { return candor.None{}, nil }

// namesakes registers operations whose names collide in every possible way, with the resulting ids.
var namesakes = []struct {
	id       string
	register func(r candor.Routes)
}{
	{"apiGuideRead", func(r candor.Routes) { candor.Get(r, "/guide", (&APIGuide{}).Read) }},
	{"sheepCount_sheep_get", func(r candor.Routes) { candor.Get(r, "/sheep", sheep{}.count) }},
	{"sheepCount_sheepish_get", func(r candor.Routes) { candor.Get(r, "/sheepish", sheepCount) }},
	{"count", func(r candor.Routes) { candor.Get(r, "/count", count) }},
	{"rackFirstLivesCat", func(r candor.Routes) { candor.Get(r, "/cat", rack[livesCat]{}.first) }},
	{"rackFirstTrickDog", func(r candor.Routes) { candor.Get(r, "/dog", rack[trickDog]{}.first) }},
	{"dropLivesCat", func(r candor.Routes) { candor.Delete(r, "/cats/{id}", drop[livesCat]) }},
	{"dropTrickDog", func(r candor.Routes) { candor.Delete(r, "/dogs/{id}", drop[trickDog]) }},
	{"listLivesCat", func(r candor.Routes) { candor.Get(r, "/cats", list[livesCat]) }},
	{"listString", func(r candor.Routes) { candor.Get(r, "/words", list[string]) }},
	{"saveLivesCat", func(r candor.Routes) { candor.Post(r, "/cats", save[livesCat]) }},
	{"saveTrickDog", func(r candor.Routes) { candor.Post(r, "/dogs", save[trickDog]) }},
	{"swapLivesCatAndTrickDog", func(r candor.Routes) { candor.Post(r, "/swap", swap[livesCat, trickDog]) }},
	{"apiGuideRead_guides_get", func(r candor.Routes) { candor.Get(r, "/guides", (&APIGuide{}).Read) }},
	{"apiGuideRead_guide_put", func(r candor.Routes) { candor.Put(r, "/guide", (&APIGuide{}).Read) }},
	{"touch_touch_cat_get", func(r candor.Routes) { candor.Get(r, "/touch/cat", touch[livesCat]) }},
	{"touch_touch_dog_get", func(r candor.Routes) { candor.Get(r, "/touch-dog", touch[trickDog]) }},
	{"touch_touch_dog_get_2", func(r candor.Routes) { candor.Get(r, "/touch/dog", touch[trickDog]) }},
	{"get_wool", func(r candor.Routes) {
		candor.Get(r, "/wool", func(context.Context, candor.None) (candor.None, error) { return candor.None{}, nil })
	}},
	{"plainWool_get_wool_put", func(r candor.Routes) { candor.Put(r, "/get_wool", plainWool) }},
	{"plainWool", func(r candor.Routes) { candor.Put(r, "/chosen", apptest.Returns(""), candor.OperationID("plainWool")) }},
	{"funcs", func(r candor.Routes) {
		candor.Handle(r, []string{"GET"}, "/both", funcs, candor.Alias("/both-alias", candor.Hidden()))
	}},
}

// The ids do not depend on the order of registrations.
func TestOperationIDsDoNotDependOnTheOrder(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	for range 20 {
		app := candor.New(candor.Config{})
		var want, got []string
		for _, i := range random.Perm(len(namesakes)) {
			namesakes[i].register(app)
			want = append(want, namesakes[i].id)
		}
		for _, r := range app.Routes() {
			if !r.Hidden {
				got = append(got, r.OperationID)
			}
		}
		require.Equal(t, want, got)
	}
}

func TestConfigChoosesOperationIDs(t *testing.T) {
	var asked []candor.RouteInfo
	app := candor.New(candor.Config{OperationID: func(r candor.RouteInfo) string {
		asked = append(asked, r)
		if len(r.Tags) == 0 {
			return ""
		}
		return r.Tags[0] + "-" + r.Name
	}})
	candor.Get(app, "/count", count, candor.Tags("numbers"))
	candor.Get(app, "/sheep", sheep{}.count)
	candor.Get(app, "/mine", count, candor.Tags("numbers"), candor.OperationID("mine"))
	candor.Get(app, "/unseen", count, candor.Tags("numbers"), candor.Hidden())
	candor.Get(app, "/words", list[string], candor.Tags("words"))
	var got []string
	for _, r := range app.Routes() {
		got = append(got, r.OperationID)
	}
	assert.Equal(t, []string{"numbers-count", "sheepCount", "mine", "", "words-list"}, got)
	require.Len(t, asked, 3)
	assert.Equal(t, candor.RouteInfo{
		Method: "GET", Pattern: "/words", Name: "list", Tags: []string{"words"}, OperationID: "listString", Site: asked[2].Site,
	}, asked[2])
}

func TestConfigTellsOperationsApart(t *testing.T) {
	app := candor.New(candor.Config{OperationID: func(r candor.RouteInfo) string { return r.Method }})
	candor.Get(app, "/a", apptest.Returns(""))
	candor.Get(app, "/b", apptest.Returns(""))
	candor.Post(app, "/b", apptest.Returns(""))
	err := app.Check()
	require.ErrorContains(t, err, `Config.OperationID gives GET /b the id "GET", which GET /a, registered at `)
	assert.Equal(t, 2, strings.Count(err.Error(), "operations_test.go:"), "%v", err)
	assert.NotContains(t, err.Error(), "\n")
}

func TestChosenOperationIDsAreUnique(t *testing.T) {
	app := candor.New(candor.Config{})
	candor.Get(app, "/a", apptest.Returns(""), candor.OperationID("same"))
	candor.Get(app, "/b", apptest.Returns(""), candor.OperationID("same"))
	candor.Get(app, "/c", apptest.Returns(""), candor.OperationID("same"), candor.Hidden())
	err := app.Check()
	require.ErrorContains(t, err, `the operation id "same" belongs to GET /a, registered at `)
	assert.Equal(t, 2, strings.Count(err.Error(), "operations_test.go:"), "%v", err)
	assert.NotContains(t, err.Error(), "\n")
}

func TestPathsThatDifferInNamesOnly(t *testing.T) {
	app := candor.New(candor.Config{})
	candor.Get(app, "/items/{id}", echoID)
	candor.Put(app, "/items/{name}", func(_ context.Context, in struct {
		Name string `path:"name"`
	},
	) (string, error) {
		return in.Name, nil
	})
	doc := apptest.Document(t, app)
	assert.Equal(t, []string{"/items/{id}"}, apptest.MemberNames(doc, "paths"))
	assert.Equal(t, []string{"get", "put"}, apptest.MemberNames(doc, "paths", "/items/{id}"))
	assert.Equal(t, "id", apptest.Member(doc, "paths", "/items/{id}", "put", "parameters").([]any)[0].(map[string]any)["name"])
	exchanges{{"PUT /items/x", `200 | "x"`}}.check(t, app)

	app = candor.New(candor.Config{})
	candor.Get(app, "/items/{id}", echoID)
	candor.Get(app, "/items/{id...}", echoID)
	require.ErrorContains(t, app.Check(), "would have GET /items/{id} twice: as /items/{id...}, and as /items/{id}, registered at ")
}

func TestRoutes(t *testing.T) {
	app := candor.New(candor.Config{}, candor.Tags("all"))
	router := candor.NewRouter("/r", candor.Tags("some"))
	candor.Handle(router, []string{"PUT", "GET"}, "/{id}", echoID, candor.Alias("/alias/{id}", candor.Hidden()))
	app.Include(router)
	app.Mount("/files", tellPath)
	candor.HandleHTTP(app, []string{http.MethodGet}, "/plain", tellPath)

	all := app.Routes()
	site := all[0].Site
	assert.Regexp(t, `operations_test\.go:\d+$`, site)
	for i := range all[:4] {
		assert.Equal(t, site, all[i].Site)
		all[i].Site = ""
	}
	all[4].Site, all[5].Site = "", ""
	both := []string{"all", "some"}
	steps := []string{"bind parameters", "refuse an invalid request", "handle echoID", "encode the response"}
	assert.Equal(t, []candor.RouteInfo{
		{Method: "PUT", Pattern: "/r/{id}", Name: "echoID", Tags: both, OperationID: "echoID", Steps: steps},
		{Method: "GET", Pattern: "/r/{id}", Name: "echoID", Tags: both, OperationID: "echoID_r_id_get", Steps: steps},
		{Method: "PUT", Pattern: "/r/alias/{id}", Name: "echoID", Tags: both, Hidden: true, Steps: steps},
		{Method: "GET", Pattern: "/r/alias/{id}", Name: "echoID", Tags: both, Hidden: true, Steps: steps},
		{Method: "*", Pattern: "/files/{rest...}", Tags: []string{"all"}, Hidden: true, Steps: []string{"handle"}},
		{Method: "GET", Pattern: "/plain", Tags: []string{"all"}, OperationID: "get_plain", Steps: []string{"handle"}},
	}, all)

	all[0].Tags[0] = "changed"
	assert.Equal(t, "all", app.Routes()[0].Tags[0])

	faulty := candor.New(candor.Config{})
	faulty.Include(router, candor.Prefix("/{rest}"))
	assert.Contains(t, apptest.PanicOf(func() { faulty.Routes() }), "nothing reads the wildcard {rest}")
}

// RouteInfo in an input has the same operation id as the document.
func TestRouteInfoOfARequest(t *testing.T) {
	app := candor.New(candor.Config{})
	candor.Get(app, "/items", func(_ context.Context, in struct{ Route candor.RouteInfo }) ([]string, error) {
		return []string{in.Route.Method, in.Route.Pattern, in.Route.OperationID}, nil
	}, candor.OperationID("chosen"))
	exchanges{{"GET /items", `200 | ["GET","/items","chosen"]`}}.check(t, app)
}
