package candor_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"testing/fstest"
	"time"

	"github.com/getkin/kin-openapi/openapi3"

	"github.com/candor-go/candor"
	"github.com/candor-go/candor/internal/apptest"
)

type song struct {
	ID    int    `json:"id"`
	Title string `json:"title"`
}

type songRef struct {
	ID int `path:"id"`
}

type songIn struct {
	Title string `json:"title" validate:"min=1"`
}

type newSong struct {
	Body songIn `body:""`
}

func listSongs(context.Context, candor.None) ([]song, error) { return []song{{1, "Blue"}}, nil }

func readSong(_ context.Context, in songRef) (song, error) { return song{in.ID, "Blue"}, nil }

func addSong(_ context.Context, in newSong) (song, error) { return song{2, in.Body.Title}, nil }

func dropSong(context.Context, songRef) (candor.None, error) { return candor.None{}, nil }

// say prints a part of an app's document.
func say(app *candor.App, keys ...string) {
	var document bytes.Buffer
	if err := app.WriteOpenAPI(&document); err != nil {
		fmt.Println(err)
		return
	}
	text, _ := json.Marshal(apptest.Member(document.Bytes(), keys...))
	fmt.Println(string(text))
}

func ExampleGet() {
	app := candor.New(candor.Config{})
	type ReadSong struct {
		ID int `path:"id" validate:"gte=1"`
	}

	candor.Get(app, "/songs/{id}", func(_ context.Context, in ReadSong) (song, error) {
		return song{in.ID, "Blue"}, nil
	})
	fmt.Println(apptest.Wire(app, "GET /songs/7"))
	fmt.Println(apptest.Wire(app, "GET /songs/0"))
	// Output:
	// 200 | {"id":7,"title":"Blue"}
	// 422 | {"detail":[{"type":"greater_than_equal","loc":["path","id"],"msg":"Must be greater than or equal to 1","ctx":{"ge":1}}]}
}

func ExamplePost() {
	app := candor.New(candor.Config{})
	candor.Post(app, "/songs", addSong, candor.Status(201))
	fmt.Println(apptest.Wire(app, "POST /songs\nContent-Type: application/json\n\n"+`{"title": "Red"}`))
	// Output: 201 | {"id":2,"title":"Red"}
}

func ExamplePut() {
	app := candor.New(candor.Config{})
	type ReplaceSong struct {
		songRef
		newSong
	}

	candor.Put(app, "/songs/{id}", func(_ context.Context, in ReplaceSong) (song, error) {
		return song{in.ID, in.Body.Title}, nil
	})
	fmt.Println(apptest.Wire(app, "PUT /songs/7\nContent-Type: application/json\n\n"+`{"title": "Red"}`))
	// Output: 200 | {"id":7,"title":"Red"}
}

func ExamplePatch() {
	app := candor.New(candor.Config{})
	type ChangeSong struct {
		songRef
		Title candor.Optional[string] `body:"title"`
	}

	candor.Patch(app, "/songs/{id}", func(_ context.Context, in ChangeSong) (song, error) {
		return song{in.ID, in.Title.Or("Blue")}, nil
	})
	fmt.Println(apptest.Wire(app, "PATCH /songs/7\nContent-Type: application/json\n\n{}"))
	// Output: 200 | {"id":7,"title":"Blue"}
}

func ExampleDelete() {
	app := candor.New(candor.Config{})
	candor.Delete(app, "/songs/{id}", dropSong)
	fmt.Println(apptest.Wire(app, "DELETE /songs/7"))
	// Output: 204
}

// Every GET route serves HEAD as well. A handler of its own may do less work.
func ExampleHead() {
	app := candor.New(candor.Config{})
	candor.Get(app, "/songs", listSongs)
	candor.Head(app, "/songs", func(context.Context, candor.None) (candor.None, error) { return candor.None{}, nil })
	fmt.Println(apptest.Wire(app, "HEAD /songs"))
	// Output: 204
}

// OPTIONS is served automatically. A handler replaces the default response.
func ExampleOptions() {
	app := candor.New(candor.Config{})
	candor.Get(app, "/songs", listSongs)
	candor.Get(app, "/own", listSongs)
	candor.Options(app, "/own", func(context.Context, candor.None) (string, error) { return "ask Ann", nil })
	fmt.Println(apptest.Wire(app, "OPTIONS /songs"))
	fmt.Println(apptest.Wire(app, "OPTIONS /own"))
	// Output:
	// 204 Allow: GET, HEAD, OPTIONS
	// 200 | "ask Ann"
}

func ExampleTrace() {
	app := candor.New(candor.Config{})
	type TraceRoute struct {
		Hops int `header:"Max-Forwards,omitempty"`
	}

	candor.Trace(app, "/", func(_ context.Context, in TraceRoute) (int, error) {
		return in.Hops, nil
	})
	fmt.Println(apptest.Wire(app, "TRACE /\nMax-Forwards: 3"))
	// Output: 200 | 3
}

// Routes can be registered in a loop over a table.
func ExampleHandle() {
	app := candor.New(candor.Config{})
	for _, r := range []struct {
		methods []string
		path    string
		options []candor.RouteOption
	}{
		{[]string{"GET"}, "/songs", nil},
		{[]string{"GET", "POST"}, "/search", []candor.RouteOption{candor.Summary("Search")}},
	} {
		candor.Handle(app, r.methods, r.path, listSongs, r.options...)
	}
	fmt.Println(apptest.Wire(app, "POST /search"))
	fmt.Println(apptest.Wire(app, "POST /songs"))
	// Output:
	// 200 | [{"id":1,"title":"Blue"}]
	// 405 Allow: GET, HEAD, OPTIONS | {"detail":"Method Not Allowed"}
}

func ExampleQuery() {
	type Wanted struct {
		Words string `json:"words" validate:"min=1"`
		Limit int    `json:"limit" default:"10" validate:"lte=100"`
	}
	app := candor.New(candor.Config{})
	type FindSongs struct {
		Body Wanted `body:""`
	}

	candor.Query(app, "/songs", func(_ context.Context, in FindSongs) (Wanted, error) {
		return in.Body, nil
	})
	candor.Handle(app, []string{"PURGE"}, "/songs", func(context.Context, candor.None) (candor.None, error) {
		return candor.None{}, nil
	})
	fmt.Println(apptest.Wire(app, "QUERY /songs\nContent-Type: application/json\n\n{\"words\":\"blue\"}"))
	fmt.Println(apptest.Wire(app, "QUERY /songs\n\n{\"words\":\"blue\"}"))
	fmt.Println(apptest.Wire(app, "PURGE /songs"))
	fmt.Println(apptest.Wire(app, "POST /songs"))
	// Output:
	// 200 | {"words":"blue","limit":10}
	// 415 | {"detail":"the body must be application/json"}
	// 204
	// 405 Allow: OPTIONS, PURGE, QUERY | {"detail":"Method Not Allowed"}
}

// A plain http.Handler can be registered beside typed ones, and is documented as well.
func ExampleHandleHTTP() {
	app := candor.New(candor.Config{})
	candor.HandleHTTP(app, []string{"GET"}, "/raw/{name}", http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprintf(w, "hello %s, this is %s", r.PathValue("name"), r.Pattern)
	}), candor.Summary("Greet"), candor.Description("As in net/http."))
	fmt.Println(apptest.Wire(app, "GET /raw/ann"))
	say(app, "paths", "/raw/{name}", "get", "summary")
	// Output:
	// 200 | hello ann, this is /raw/{name}
	// "Greet"
}

func ExampleRoute() {
	app := candor.New(candor.Config{})
	route := candor.Get(app, "/songs/{id}", readSong)
	fmt.Println(route.Methods(), route.Path())
	// Output: [GET] /songs/{id}
}

func ExampleRoute_Methods() {
	route := candor.Handle(candor.New(candor.Config{}), []string{"GET", "POST"}, "/search", listSongs)
	fmt.Println(route.Methods())
	// Output: [GET POST]
}

// Path returns the path as it was registered, without the prefixes of routers.
func ExampleRoute_Path() {
	route := candor.Get(candor.NewRouter("/songs"), "/{id}", readSong)
	fmt.Println(route.Path())
	// Output: /{id}
}

// A function that takes Routes can register on an app or on a router.
func ExampleRoutes() {
	register := func(r candor.Routes) { candor.Get(r, "/songs", listSongs) }
	app, api := candor.New(candor.Config{}), candor.NewRouter("/api")
	register(app)
	register(api)
	app.Include(api)
	fmt.Println(apptest.Wire(app, "GET /songs"))
	fmt.Println(apptest.Wire(app, "GET /api/songs"))
	// Output:
	// 200 | [{"id":1,"title":"Blue"}]
	// 200 | [{"id":1,"title":"Blue"}]
}

func ExampleRouter() {
	songs := candor.NewRouter("/songs", candor.Tags("songs"))
	candor.Get(songs, "", listSongs)
	candor.Get(songs, "/{id}", readSong)

	app := candor.New(candor.Config{})
	app.Include(songs, candor.Prefix("/v1"))
	fmt.Println(apptest.Wire(app, "GET /v1/songs/7"))
	// Output: 200 | {"id":7,"title":"Blue"}
}

// A prefix may have wildcards, which the inputs of its routes can read.
func ExampleNewRouter() {
	type member struct {
		Band string `path:"band"`
		Name string `path:"name"`
	}
	bands := candor.NewRouter("/bands/{band}")
	candor.Get(bands, "/members/{name}", func(_ context.Context, in member) (string, error) {
		return in.Name + " of " + in.Band, nil
	})
	app := candor.New(candor.Config{})
	app.Include(bands)
	fmt.Println(apptest.Wire(app, "GET /bands/trio/members/ann"))
	// Output: 200 | "ann of trio"
}

// One router can be included twice: here the old paths still work, but are not documented.
func ExampleRouter_Include() {
	songs := candor.NewRouter("/songs")
	candor.Get(songs, "", listSongs)

	app := candor.New(candor.Config{})
	app.Include(songs, candor.Prefix("/v2"), candor.Tags("songs"))
	app.Include(songs, candor.Hidden())
	for _, r := range app.Routes() {
		fmt.Println(r.Method, r.Pattern, r.Hidden)
	}
	// Output:
	// GET /v2/songs false
	// GET /songs true
}

// Each version has its own document and pages; the document of the app has both versions.
func ExampleRouter_Docs() {
	app := candor.New(candor.Config{Title: "Songs"})
	for _, version := range []string{"1.4.2", "2.0.0"} {
		r := candor.NewRouter("/v" + version[:1])
		r.Docs(candor.Docs{}, candor.Info{Version: version})
		candor.Get(r, "/songs", listSongs)
		app.Include(r)
	}
	for _, path := range []string{"/v1/openapi.json", "/v2/openapi.json", "/openapi.json"} {
		_, document, _ := bytes.Cut([]byte(apptest.Wire(app, "GET "+path)), []byte(" | "))
		fmt.Println(apptest.Member(document, "info", "version"), apptest.MemberNames(document, "paths"))
	}
	// Output:
	// 1.4.2 [/v1/songs]
	// 2.0.0 [/v2/songs]
	// 0.1.0 [/v1/songs /v2/songs]
}

func ExampleInfo() {
	admin := candor.NewRouter("/admin", candor.Hidden())
	admin.Docs(candor.Docs{}, candor.Info{Title: "Administration"})
	candor.Get(admin, "/songs", listSongs)
	app := candor.New(candor.Config{Title: "Songs"})
	app.Include(admin)
	say(app, "paths")
	_, document, _ := bytes.Cut([]byte(apptest.Wire(app, "GET /admin/openapi.json")), []byte(" | "))
	fmt.Println(apptest.Member(document, "info", "title"), apptest.MemberNames(document, "paths"))
	// Output:
	// {}
	// Administration [/admin/songs]
}

// Any http.Handler can serve the paths below a prefix. It sees them without the prefix.
func ExampleRouter_Mount() {
	dir, _ := os.MkdirTemp("", "")
	defer os.RemoveAll(dir)
	_ = os.WriteFile(filepath.Join(dir, "hello.txt"), []byte("hello"), 0o600)

	app := candor.New(candor.Config{})
	app.Mount("/static", http.FileServer(http.Dir(dir)))
	fmt.Println(apptest.Wire(app, "GET /static/hello.txt"))
	// Output: 200 | hello
}

// A mounted app keeps its own document, whose server URL is the mount point.
func ExampleRouter_Mount_app() {
	songs := candor.New(candor.Config{Title: "Songs"})
	candor.Get(songs, "/songs", listSongs)
	app := candor.New(candor.Config{})
	app.Mount("/music", songs)
	fmt.Println(apptest.Wire(app, "GET /music/songs"))
	say(songs, "servers")
	// Output:
	// 200 | [{"id":1,"title":"Blue"}]
	// [{"url":"/music"}]
}

// Files are served unchanged; hidden files and paths that lead out of the directory are a 404.
func ExampleStatic() {
	files := fstest.MapFS{
		"index.html": {Data: []byte("<h1>Files</h1>")},
		"song.txt":   {Data: []byte("la la la")},
		".env":       {Data: []byte("SECRET=1")},
	}
	app := candor.New(candor.Config{})
	app.Mount("/files", candor.Static(files))
	fmt.Println(apptest.Wire(app, "GET /files/"))
	fmt.Println(apptest.Wire(app, "GET /files/song.txt"))
	fmt.Println(apptest.Wire(app, "GET /files/.env"))
	fmt.Println(apptest.Wire(app, "POST /files/song.txt"))
	// Output:
	// 200 | <h1>Files</h1>
	// 200 | la la la
	// 404 | {"detail":"Not Found"}
	// 405 Allow: GET, HEAD, OPTIONS | {"detail":"Method Not Allowed"}
}

// A front end gets every request that no route matches: for its files, and for the views that it renders itself,
// which get its page.
func ExampleRouter_Frontend() {
	app := candor.New(candor.Config{})
	app.Frontend("/", fstest.MapFS{
		"index.html": {Data: []byte("<h1>Songs</h1>")},
		"app.js":     {Data: []byte("start()")},
	})
	candor.Get(app, "/songs", listSongs)
	fmt.Println(apptest.Wire(app, "GET /songs"))
	fmt.Println(apptest.Wire(app, "GET /app.js"))
	fmt.Println(apptest.Wire(app, "GET /albums/7\nAccept: text/html"))
	fmt.Println(apptest.Wire(app, "GET /albums/7\nAccept: application/json"))
	// Output:
	// 200 | [{"id":1,"title":"Blue"}]
	// 200 | start()
	// 200 | <h1>Songs</h1>
	// 404 | {"detail":"Not Found"}
}

func ExampleNew() {
	app := candor.New(candor.Config{Title: "Songs", Version: "1.0.0"}, candor.Tags("songs"))
	candor.Get(app, "/songs", listSongs)
	say(app, "info")
	say(app, "paths", "/songs", "get", "tags")
	// Output:
	// {"title":"Songs","version":"1.0.0"}
	// ["songs"]
}

// An app is an http.Handler: any server and any router can serve it.
func ExampleApp() {
	app := candor.New(candor.Config{RootPath: "/api"})
	candor.Get(app, "/songs", listSongs)
	mux := http.NewServeMux()
	mux.Handle("/api/", http.StripPrefix("/api", app))
	fmt.Println(apptest.Wire(mux, "GET /api/songs"))
	fmt.Println(apptest.Wire(mux, "GET /api/songs/"))
	// Output:
	// 200 | [{"id":1,"title":"Blue"}]
	// 307 Location: /api/songs
}

func ExampleApp_ServeHTTP() {
	app := candor.New(candor.Config{})
	candor.Get(app, "/songs", listSongs)
	fmt.Println(apptest.Wire(http.StripPrefix("/api", app), "GET /api/songs")[:3])
	fmt.Println(apptest.Wire(app, "GET /songs")[:3])
	// Output:
	// 200
	// 200
}

func ExampleApp_Seal() {
	app := candor.New(candor.Config{})
	candor.Get(app, "/songs", listSongs)
	app.Seal()
	defer func() { fmt.Println(recover() != nil) }()
	candor.Get(app, "/late", listSongs)
	// Output: true
}

// Check returns the configuration errors that no single registration can detect.
func ExampleApp_Check() {
	app := candor.New(candor.Config{})
	candor.Get(app, "/songs/{id}", readSong)
	candor.Get(app, "/songs/{id}", readSong)
	fmt.Println(app.Check() != nil)
	// Output: true
}

func ExampleApp_Routes() {
	app := candor.New(candor.Config{})
	candor.Get(app, "/songs", listSongs)
	candor.Post(app, "/songs", addSong)
	candor.Get(app, "/songs/{id}", readSong, candor.Alias("/tracks/{id}", candor.Hidden()))
	for _, r := range app.Routes() {
		fmt.Printf("%-4s %-12s %s\n", r.Method, r.Pattern, r.OperationID)
	}
	// Output:
	// GET  /songs       listSongs
	// POST /songs       addSong
	// GET  /songs/{id}  readSong
	// GET  /tracks/{id}
}

func ExampleApp_WriteOpenAPI() {
	app := candor.New(candor.Config{Title: "Nothing yet"})
	_ = app.WriteOpenAPI(os.Stdout)
	// Output: {"openapi":"3.1.0","info":{"title":"Nothing yet","version":"0.1.0"},"paths":{},"components":{}}
}

func ExampleConfig() {
	app := candor.New(candor.Config{
		Title: "Songs", Version: "1.0.0", Summary: "All songs", TermsOfService: "https://example.com/terms",
		RootPath: "/api",
		EditDocument: func(doc *openapi3.T) {
			doc.Info.Extensions = map[string]any{"x-logo": "/logo.png"}
		},
	})
	say(app, "info")
	say(app, "servers")
	// Output:
	// {"summary":"All songs","termsOfService":"https://example.com/terms","title":"Songs","version":"1.0.0","x-logo":"/logo.png"}
	// [{"url":"/api"}]
}

func ExampleContact() {
	say(candor.New(candor.Config{Contact: candor.Contact{Name: "Ann", Email: "ann@example.com"}}), "info", "contact")
	// Output: {"email":"ann@example.com","name":"Ann"}
}

func ExampleLicense() {
	say(candor.New(candor.Config{License: candor.License{Name: "MIT", Identifier: "MIT"}}), "info", "license")
	// Output: {"identifier":"MIT","name":"MIT"}
}

func ExampleExternalDocs() {
	say(candor.New(candor.Config{ExternalDocs: candor.ExternalDocs{URL: "https://example.com", Description: "The guide"}}), "externalDocs")
	// Output: {"description":"The guide","url":"https://example.com"}
}

// Tags appear in the document in this order.
func ExampleTag() {
	say(candor.New(candor.Config{Tags: []candor.Tag{
		{Name: "songs", Description: "What is sung"},
		{Name: "bands", ExternalDocs: candor.ExternalDocs{URL: "https://example.com/bands"}},
	}}), "tags")
	// Output: [{"description":"What is sung","name":"songs"},{"externalDocs":{"url":"https://example.com/bands"},"name":"bands"}]
}

func ExampleServer() {
	say(candor.New(candor.Config{Servers: []candor.Server{
		{URL: "https://api.example.com", Description: "The real one"},
		{URL: "/", Description: "This one"},
	}}), "servers")
	// Output: [{"description":"The real one","url":"https://api.example.com"},{"description":"This one","url":"/"}]
}

func ExampleServerVariable() {
	say(candor.New(candor.Config{Servers: []candor.Server{{
		URL:       "https://{region}.example.com",
		Variables: map[string]candor.ServerVariable{"region": {Default: "eu", Enum: []string{"eu", "us"}}},
	}}}), "servers")
	// Output: [{"url":"https://{region}.example.com","variables":{"region":{"default":"eu","enum":["eu","us"]}}}]
}

// The pages need a password, and ReDoc is turned off.
func ExampleDocs() {
	insiders := func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if _, password, _ := r.BasicAuth(); password != "sesame" {
				candor.WriteError(w, r, candor.Error(401, nil).WithHeader("WWW-Authenticate", "Basic"))
				return
			}
			next.ServeHTTP(w, r)
		})
	}
	app := candor.New(candor.Config{Docs: candor.Docs{
		Swagger: "/help", Redoc: "-", Options: []candor.Option{candor.Use(insiders)},
	}})
	fmt.Println(apptest.Wire(app, "GET /help"))
	fmt.Println(apptest.Wire(app, "GET /help\nAuthorization: Basic YW5uOnNlc2FtZQ==")[:3])
	fmt.Println(apptest.Wire(app, "GET /redoc"))
	// Output:
	// 401 | {"detail":"Unauthorized"}
	// 200
	// 404 | {"detail":"Not Found"}
}

// If an option is set at several levels, the innermost wins; tags add up.
func ExampleOption() {
	songs := candor.NewRouter("/songs", candor.Tags("songs"), candor.Description("About songs"))
	candor.Get(songs, "", listSongs, candor.Description("All of them"))
	app := candor.New(candor.Config{}, candor.Tags("music"))
	app.Include(songs)
	say(app, "paths", "/songs", "get", "tags")
	say(app, "paths", "/songs", "get", "description")
	// Output:
	// ["music","songs"]
	// "All of them"
}

// Options are values: those that belong together can be kept in a slice.
func ExampleRouteOption() {
	creates := []candor.RouteOption{candor.Status(201), candor.Tags("writing")}
	app := candor.New(candor.Config{})
	candor.Post(app, "/songs", addSong, creates...)
	fmt.Println(apptest.Wire(app, "POST /songs\nContent-Type: application/json\n\n"+`{"title": "Red"}`))
	// Output: 201 | {"id":2,"title":"Red"}
}

func ExampleIncludeOption() {
	old := []candor.IncludeOption{candor.Prefix("/old"), candor.Hidden(), candor.Deprecated()}
	songs := candor.NewRouter("/songs")
	candor.Get(songs, "", listSongs)
	app := candor.New(candor.Config{})
	app.Include(songs, old...)
	fmt.Println(apptest.Wire(app, "GET /old/songs"))
	// Output: 200 | [{"id":1,"title":"Blue"}]
}

func ExampleTags() {
	app := candor.New(candor.Config{})
	candor.Get(app, "/songs", listSongs, candor.Tags("songs", "lists"))
	say(app, "paths", "/songs", "get", "tags")
	// Output: ["songs","lists"]
}

func ExampleDescription() {
	app := candor.New(candor.Config{})
	candor.Get(app, "/songs", listSongs, candor.Description("The *newest* first."))
	say(app, "paths", "/songs", "get", "description")
	// Output: "The *newest* first."
}

func ExampleSummary() {
	app := candor.New(candor.Config{})
	candor.Get(app, "/songs", listSongs)
	candor.Get(app, "/charts", listSongs, candor.Summary("What is played most"))
	say(app, "paths", "/songs", "get", "summary")
	say(app, "paths", "/charts", "get", "summary")
	// Output:
	// "List Songs"
	// "What is played most"
}

func ExampleDeprecated() {
	since, sunset := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC), time.Date(2026, 12, 31, 0, 0, 0, 0, time.UTC)
	app := candor.New(candor.Config{Logger: slog.New(slog.DiscardHandler)})
	candor.Get(app, "/songs", listSongs, candor.Deprecated())
	candor.Get(app, "/albums", listSongs, candor.Deprecated(since, sunset))
	say(app, "paths", "/songs", "get", "deprecated")
	w := httptest.NewRecorder()
	app.ServeHTTP(w, httptest.NewRequest("GET", "/albums", nil))
	fmt.Println(w.Header()["Deprecation"], w.Header()["Sunset"])
	// Output:
	// true
	// [@1767225600] [Thu, 31 Dec 2026 00:00:00 GMT]
}

func ExampleHidden() {
	app := candor.New(candor.Config{})
	candor.Get(app, "/health", func(context.Context, candor.None) (string, error) { return "well", nil }, candor.Hidden())
	fmt.Println(apptest.Wire(app, "GET /health"))
	say(app, "paths")
	// Output:
	// 200 | "well"
	// {}
}

func ExampleResponds() {
	app := candor.New(candor.Config{})
	candor.Get(app, "/songs/{id}", readSong, candor.Responds[song](203, "A copy"))
	say(app, "paths", "/songs/{id}", "get", "responses", "203")
	// Output: {"content":{"application/json":{"schema":{"$ref":"#/components/schemas/song"}}},"description":"A copy"}
}

func ExampleRaises() {
	errNoSong := candor.Error(404, "no such song")
	app := candor.New(candor.Config{})
	candor.Get(app, "/songs/{id}", func(context.Context, songRef) (song, error) { return song{}, errNoSong }, candor.Raises(errNoSong))
	fmt.Println(apptest.Wire(app, "GET /songs/7"))
	say(app, "paths", "/songs/{id}", "get", "responses", "404", "description")
	// Output:
	// 404 | {"detail":"no such song"}
	// "no such song"
}

func ExampleMaxBody() {
	app := candor.New(candor.Config{}, candor.MaxBody(10))
	candor.Post(app, "/songs", addSong)
	fmt.Println(apptest.Wire(app, "POST /songs\nContent-Type: application/json\n\n"+`{"title": "Red"}`))
	// Output: 413 | {"detail":"the body is too large"}
}

func ExampleStrictContentType() {
	app := candor.New(candor.Config{})
	candor.Post(app, "/strict", addSong)
	candor.Post(app, "/loose", addSong, candor.StrictContentType(false))
	fmt.Println(apptest.Wire(app, "POST /strict\n\n"+`{"title": "Red"}`)[:3])
	fmt.Println(apptest.Wire(app, "POST /loose\n\n"+`{"title": "Red"}`)[:3])
	// Output:
	// 415
	// 200
}

// Middleware has the signature that is usual for net/http. The first one is the outermost.
func ExampleUse() {
	count := map[string]int{}
	counting := func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			count[r.Pattern]++
			next.ServeHTTP(w, r)
		})
	}
	app := candor.New(candor.Config{}, candor.Use(counting))
	candor.Get(app, "/songs/{id}", readSong)
	apptest.Wire(app, "GET /songs/1")
	apptest.Wire(app, "GET /songs/2")
	apptest.Wire(app, "GET /nowhere")
	fmt.Println(count)
	// Output: map[:1 /songs/{id}:2]
}

func ExampleOperationID() {
	app := candor.New(candor.Config{})
	candor.Get(app, "/songs", listSongs)
	candor.Get(app, "/charts", listSongs, candor.OperationID("charts"))
	say(app, "paths", "/songs", "get", "operationId")
	say(app, "paths", "/charts", "get", "operationId")
	// Output:
	// "listSongs"
	// "charts"
}

func ExampleStatus() {
	app := candor.New(candor.Config{})
	candor.Post(app, "/songs", addSong, candor.Status(201, "The song is known now"))
	say(app, "paths", "/songs", "post", "responses", "201", "description")
	// Output: "The song is known now"
}

// The new path has its own summary, and the legacy path is hidden.
func ExampleAlias() {
	app := candor.New(candor.Config{})
	candor.Get(app, "/songs/{id}", readSong,
		candor.Alias("/tracks/{id}", candor.Summary("Read a track")),
		candor.Alias("/song.php/{id}", candor.Hidden()))
	fmt.Println(apptest.Wire(app, "GET /song.php/7"))
	say(app, "paths", "/tracks/{id}", "get", "summary")
	say(app, "paths", "/song.php/{id}")
	// Output:
	// 200 | {"id":7,"title":"Blue"}
	// "Read a track"
	// null
}

func ExamplePrefix() {
	songs := candor.NewRouter("/songs")
	candor.Get(songs, "", listSongs)
	app := candor.New(candor.Config{})
	app.Include(songs, candor.Prefix("/api/v1"))
	fmt.Println(apptest.Wire(app, "GET /api/v1/songs"))
	// Output: 200 | [{"id":1,"title":"Blue"}]
}

func ExampleEditOperation() {
	app := candor.New(candor.Config{})
	candor.Get(app, "/songs", listSongs, candor.EditOperation(func(op *openapi3.Operation) {
		op.Extensions = map[string]any{"x-cache-seconds": 60}
	}))
	say(app, "paths", "/songs", "get", "x-cache-seconds")
	// Output: 60
}
