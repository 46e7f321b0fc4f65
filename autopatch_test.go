package candor_test

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/candor-go/candor"
	"github.com/candor-go/candor/candortest"
)

// patched is a resource with a version.
type patched struct {
	ID    int      `json:"id"`
	Name  string   `json:"name" validate:"min=1,max=20"`
	Note  *string  `json:"note,omitempty"`
	Tags  []string `json:"tags,omitempty" validate:"max=5"`
	Price float64  `json:"price"`
}

type patchedIn struct {
	Name  string   `json:"name" validate:"min=1,max=20"`
	Note  *string  `json:"note,omitempty"`
	Tags  []string `json:"tags,omitempty" validate:"max=5"`
	Price float64  `json:"price"`
}

type patchedReply struct {
	Tag  string  `header:"ETag,omitempty"`
	Body patched `body:""`
}

// patchShelf stores one resource, and counts its versions.
type patchShelf struct {
	patched
	version int
	// tagged means that responses have an entity tag; busy is how
	// many other changes happen between a GET and its PUT.
	tagged bool
	busy   int
	puts   int
}

func (s *patchShelf) tag() string {
	if !s.tagged {
		return ""
	}
	return fmt.Sprintf(`"%d"`, s.version)
}

type patchedRef struct {
	ID int `path:"id" validate:"gte=1"`
}

var errNoResource = candor.Error(404, "no such resource")

func (s *patchShelf) read(_ context.Context, in struct{ patchedRef }) (patchedReply, error) {
	if in.ID != s.ID {
		return patchedReply{}, errNoResource
	}
	r := patchedReply{s.tag(), s.patched}
	if s.busy > 0 {
		s.busy--
		s.version++
	}
	return r, nil
}

func (s *patchShelf) write(_ context.Context, in struct {
	patchedRef
	Request *http.Request
	Body    patchedIn `body:""`
},
) (patchedReply, error) {
	if in.ID != s.ID {
		return patchedReply{}, errNoResource
	}
	if err := candor.CheckETag(in.Request, s.tag()); s.tagged && err != nil {
		return patchedReply{}, err
	}
	s.puts++
	s.version++
	s.Name, s.Note, s.Tags, s.Price = in.Body.Name, in.Body.Note, in.Body.Tags, in.Body.Price
	return patchedReply{s.tag(), s.patched}, nil
}

func newPatchShelf() *patchShelf {
	note := "a note"
	return &patchShelf{patched: patched{ID: 1, Name: "pen", Note: &note, Tags: []string{"a", "b"}, Price: 2.5}, tagged: true}
}

func (s *patchShelf) app(options ...candor.Option) *candor.App {
	app := candor.New(candor.Config{Logger: slog.New(slog.DiscardHandler)}, options...)
	get := candor.Get(app, "/things/{id}", s.read, candor.Raises(errNoResource))
	put := candor.Put(app, "/things/{id}", s.write, candor.Raises(errNoResource, candor.ErrPreconditionFailed))
	candor.AutoPatch(get, put, candor.OperationID("change a thing"))
	return app
}

const mergePatches, jsonPatches = "application/merge-patch+json", "application/json-patch+json"

func patch(h http.Handler, media, body string, header ...string) *httptest.ResponseRecorder {
	r := httptest.NewRequest("PATCH", "/things/1", strings.NewReader(body))
	r.Header.Set("Content-Type", media)
	for i := 0; i < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w
}

func TestPatches(t *testing.T) {
	const whole = `{"id":1,"name":"pen","note":"a note","tags":["a","b"],"price":2.5}`
	for name, row := range map[string]struct {
		media, body string
		status      int
		want        string
	}{
		"a member":            {mergePatches, `{"name":"ink"}`, 200, `{"id":1,"name":"ink","note":"a note","tags":["a","b"],"price":2.5}`},
		"nothing":             {mergePatches, `{}`, 200, whole},
		"null":                {mergePatches, `{"note":null,"tags":null}`, 200, `{"id":1,"name":"pen","price":2.5}`},
		"a list":              {mergePatches, `{"tags":["c"]}`, 200, `{"id":1,"name":"pen","note":"a note","tags":["c"],"price":2.5}`},
		"the same id":         {mergePatches, `{"id":1}`, 200, whole},
		"another id":          {mergePatches, `{"id":2}`, 422, `["body","id"]`},
		"no id":               {mergePatches, `{"id":null}`, 422, `["body","id"]`},
		"an unknown member":   {mergePatches, `{"color":"red"}`, 422, `["body","color"]`},
		"two members":         {mergePatches, `{"id":2,"color":"red"}`, 422, `["body","color"],"msg":"Value error: cannot be changed","ctx":{"error":"cannot be changed"}},{"type":"value_error","loc":["body","id"]`},
		"a missing member":    {mergePatches, `{"name":null}`, 422, `{"detail":[{"type":"missing","loc":["body","name"]`},
		"a wrong member":      {mergePatches, `{"name":""}`, 422, `"string_too_short","loc":["body","name"]`},
		"a wrong type":        {mergePatches, `{"price":"x"}`, 422, `["body","price"]`},
		"no object":           {mergePatches, `[]`, 422, `["body"]`},
		"no JSON":             {mergePatches, `{"name"`, 422, `json_invalid`},
		"a member twice":      {mergePatches, `{"name":"a","name":"b"}`, 422, `the same name twice`},
		"no body":             {mergePatches, ``, 422, `["body"`},
		"jsonPatches":         {jsonPatches, `[{"op":"replace","path":"/name","value":"ink"},{"op":"add","path":"/tags/-","value":"c"},{"op":"remove","path":"/note"}]`, 200, `{"id":1,"name":"ink","tags":["a","b","c"],"price":2.5}`},
		"no jsonPatches":      {jsonPatches, `[]`, 200, whole},
		"move and copy":       {jsonPatches, `[{"op":"move","from":"/tags/0","path":"/tags/1"},{"op":"copy","from":"/name","path":"/note"}]`, 200, `{"id":1,"name":"pen","note":"pen","tags":["b","a"],"price":2.5}`},
		"a test":              {jsonPatches, `[{"op":"test","path":"/name","value":"pen"},{"op":"replace","path":"/price","value":3}]`, 200, `{"id":1,"name":"pen","note":"a note","tags":["a","b"],"price":3}`},
		"null as a value":     {jsonPatches, `[{"op":"add","path":"/note","value":null}]`, 200, `{"id":1,"name":"pen","tags":["a","b"],"price":2.5}`},
		"a test that fails":   {jsonPatches, `[{"op":"test","path":"/name","value":"ink"}]`, 409, `{"detail":"the test of operation 0 failed at \"/name\""}`},
		"a test of nothing":   {jsonPatches, `[{"op":"replace","path":"/price","value":3},{"op":"test","path":"/x","value":1}]`, 409, `operation 1 failed at \"/x\"`},
		"a pointer astray":    {jsonPatches, `[{"op":"test","path":"/name","value":"pen"},{"op":"remove","path":"/color"}]`, 422, `["body",1,"path"]`},
		"an index astray":     {jsonPatches, `[{"op":"replace","path":"/tags/7","value":"x"}]`, 422, `["body",0,"path"]`},
		"a negative index":    {jsonPatches, `[{"op":"remove","path":"/tags/-1"}]`, 422, `["body",0,"path"]`},
		"no pointer":          {jsonPatches, `[{"op":"remove","path":"name"}]`, 422, `["body",0,"path"]`},
		"a broken escape":     {jsonPatches, `[{"op":"remove","path":"/a~2"}]`, 422, `["body",0,"path"]`},
		"no from":             {jsonPatches, `[{"op":"move","path":"/name","from":"name"}]`, 422, `["body",0,"from"]`},
		"no value":            {jsonPatches, `[{"op":"add","path":"/name"}]`, 422, `["body",0,"value"]`},
		"two operations":      {jsonPatches, `[{"op":"remove","path":"name"},{"op":"move","path":"x","from":"y"}]`, 422, `["body",0,"path"],"msg":"Value error: not a JSON pointer","ctx":{"error":"not a JSON pointer"}},{"type":"value_error","loc":["body",1,"path"],"msg":"Value error: not a JSON pointer","ctx":{"error":"not a JSON pointer"}},{"type":"value_error","loc":["body",1,"from"]`},
		"no op":               {jsonPatches, `[{"path":"/name"}]`, 422, `["body",0,"op"]`},
		"another op":          {jsonPatches, `[{"op":"swap","path":"/name"}]`, 422, `["body",0,"op"]`},
		"no list":             {jsonPatches, `{}`, 422, `["body"]`},
		"the id by operation": {jsonPatches, `[{"op":"replace","path":"/id","value":7}]`, 422, `["body","id"]`},
		"not all of it":       {jsonPatches, `[{"op":"replace","path":"/name","value":"ink"},{"op":"remove","path":"/x"}]`, 422, `["body",1,"path"]`},
		"too many":            {jsonPatches, "[" + strings.Repeat(`{"op":"test","path":"/id","value":1},`, 100) + `{"op":"test","path":"/id","value":1}]`, 422, `at most 100`},
		"the whole":           {jsonPatches, `[{"op":"replace","path":"","value":{"id":1,"name":"ink","price":1}}]`, 200, `{"id":1,"name":"ink","price":1}`},
		"a leading zero":      {jsonPatches, `[{"op":"replace","path":"/tags/00","value":"x"}]`, 422, `["body",0,"path"]`},
		"a copy of nothing":   {jsonPatches, `[{"op":"copy","from":"/x","path":"/note"}]`, 422, `["body",0,"from"]`},
		"an equal number":     {jsonPatches, `[{"op":"test","path":"/price","value":25e-1},{"op":"test","path":"/id","value":1.0}]`, 200, whole},
		"null and nothing":    {jsonPatches, `[{"op":"test","path":"/x","value":null}]`, 409, `operation 0 failed at \"/x\"`},
		"an equal id":         {mergePatches, `{"id":1.0}`, 200, whole},
		"a byte order mark":   {mergePatches, "\ufeff{}", 200, whole},
		"a mark and a list":   {jsonPatches, "\ufeff[]", 200, whole},
		"UTF-8":               {mergePatches + "; charset=UTF-8", `{}`, 200, whole},
		"another charset":     {mergePatches + "; charset=utf-16", `{}`, 415, `application/merge-patch+json`},
		"plain JSON":          {"application/json", `{"name":"ink"}`, 415, `application/merge-patch+json`},
	} {
		t.Run(name, func(t *testing.T) {
			s := newPatchShelf()
			w := patch(s.app(), row.media, row.body)
			assert.Equal(t, row.status, w.Code, w.Body)
			assert.Contains(t, w.Body.String(), row.want)
			if row.status != 200 {
				assert.Zero(t, s.puts)
			}
			if row.status == 415 {
				assert.Equal(t, mergePatches+", "+jsonPatches, w.Header().Get("Accept-Patch"))
			}
		})
	}
}

// The memory of copied values is limited, however small the patch is.
func TestPatchesThatGrow(t *testing.T) {
	s := newPatchShelf()
	long := strings.Repeat("x", 1000)
	s.Note = &long
	var copies []string
	for range 100 {
		copies = append(copies, `{"op":"copy","from":"","path":"/note"}`)
	}
	w := patch(s.app(candor.MaxBody(10_000)), jsonPatches, "["+strings.Join(copies, ",")+"]")
	assert.Equal(t, 413, w.Code, w.Body)
	assert.Equal(t, 413, patch(s.app(candor.MaxBody(100)), mergePatches, `{"note":"`+strings.Repeat("x", 100)+`"}`).Code)
	assert.Zero(t, s.puts)
}

func TestPatchesAndTags(t *testing.T) {
	for name, row := range map[string]struct {
		busy         int
		match        string
		tagged       bool
		status, puts int
	}{
		"no condition":                        {0, "", true, 200, 1},
		"the tag":                             {0, `"0"`, true, 200, 1},
		"another tag":                         {0, `"7"`, true, 412, 0},
		"changed once meanwhile":              {1, "", true, 200, 1},
		"changed twice meanwhile":             {2, "", true, 200, 1},
		"changed always":                      {9, "", true, 409, 0},
		"changed meanwhile, with a condition": {1, `"0"`, true, 412, 0},
		"no tags":                             {1, "", false, 200, 1},
	} {
		t.Run(name, func(t *testing.T) {
			s := newPatchShelf()
			s.busy, s.tagged = row.busy, row.tagged
			var header []string
			if row.match != "" {
				header = []string{"If-Match", row.match}
			}
			w := patch(s.app(), mergePatches, `{"name":"ink"}`, header...)
			assert.Equal(t, row.status, w.Code, w.Body)
			assert.Equal(t, row.puts, s.puts)
			if row.status == 200 {
				assert.Equal(t, s.tag(), w.Header().Get("ETag"))
			}
		})
	}
}

// The response to OPTIONS lists the supported patch formats.
func TestPatchesAreAnnounced(t *testing.T) {
	app := newPatchShelf().app()
	w := httptest.NewRecorder()
	app.ServeHTTP(w, httptest.NewRequest("OPTIONS", "/things/1", nil))
	assert.Equal(t, "GET, HEAD, OPTIONS, PATCH, PUT", w.Header().Get("Allow"))
	assert.Equal(t, mergePatches+", "+jsonPatches, w.Header().Get("Accept-Patch"))
}

func TestPatchesOfNothing(t *testing.T) {
	s := newPatchShelf()
	s.ID = 2
	w := patch(s.app(), mergePatches, `{}`)
	assert.Equal(t, 404, w.Code)
	assert.JSONEq(t, `{"detail":"no such resource"}`, w.Body.String())
}

func TestPatchesWithTwoMediaTypes(t *testing.T) {
	r := httptest.NewRequest("PATCH", "/things/1", strings.NewReader(`{}`))
	r.Header["Content-Type"] = []string{mergePatches, mergePatches}
	w := httptest.NewRecorder()
	newPatchShelf().app().ServeHTTP(w, r)
	assert.Equal(t, 415, w.Code)
}

func denies(status int, called *int) candor.Option {
	return candor.Require(func(_ context.Context, in struct {
		Role string `header:"X-Role,omitempty"`
	},
	) error {
		*called++
		if in.Role != fmt.Sprint(status) {
			return candor.Error(status, "closed")
		}
		return nil
	})
}

// The guards, credentials and middleware of both the GET and the PUT apply to the PATCH.
func TestPatchesAreGuarded(t *testing.T) {
	var outer, ofGet, ofPut, middlewareOfGet, middlewareOfPut, middlewareOfApp int
	counts := func(n *int) candor.Option {
		return candor.Use(func(next http.Handler) http.Handler {
			return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { *n++; next.ServeHTTP(w, r) })
		})
	}
	s := newPatchShelf()
	app := candor.New(candor.Config{Logger: slog.New(slog.DiscardHandler)}, counts(&middlewareOfApp), candor.Require(func(context.Context, candor.None) error { outer++; return nil }))
	get := candor.Get(app, "/things/{id}", s.read, denies(418, &ofGet))
	put := candor.Put(app, "/things/{id}", s.write, counts(&middlewareOfPut), candor.Require(func(_ context.Context, in struct{ Token candor.Bearer }) error {
		ofPut++
		if in.Token != "t" {
			return candor.Error(403, "closed")
		}
		return nil
	}))
	candor.AutoPatch(get, put)
	assert.Equal(t, 418, patch(app, mergePatches, `{}`).Code)
	assert.Equal(t, 401, patch(app, mergePatches, `{}`, "X-Role", "418").Code)
	assert.Equal(t, 403, patch(app, mergePatches, `{}`, "X-Role", "418", "Authorization", "Bearer x").Code)
	assert.Zero(t, s.puts)
	assert.Equal(t, 200, patch(app, mergePatches, `{}`, "X-Role", "418", "Authorization", "Bearer t").Code)
	assert.Equal(t, 1, s.puts)
	assert.Equal(t, []int{4, 4, 4, 2}, []int{middlewareOfApp, middlewareOfPut, ofGet, ofPut})
	assert.Equal(t, 7, outer, "those of the router run for the GET and for the PUT")

	app = candor.New(candor.Config{Logger: slog.New(slog.DiscardHandler)})
	get = candor.Get(app, "/things/{id}", s.read, counts(&middlewareOfGet))
	candor.AutoPatch(get, candor.Put(app, "/things/{id}", s.write))
	assert.Equal(t, 200, patch(app, mergePatches, `{}`).Code)
	assert.Equal(t, 1, middlewareOfGet)
}

// A PATCH is public if its GET and its PUT are.
func TestPatchesArePublic(t *testing.T) {
	asks := func(context.Context, struct{ Token candor.Bearer }) error { return nil }
	public := []candor.RouteOption{candor.Public()}
	for _, row := range []struct {
		get, put []candor.RouteOption
		status   int
	}{{public, public, 200}, {public, nil, 401}, {nil, public, 401}, {nil, nil, 401}} {
		s := newPatchShelf()
		app := candor.New(candor.Config{}, candor.Require(asks))
		candor.AutoPatch(candor.Get(app, "/things/{id}", s.read, row.get...), candor.Put(app, "/things/{id}", s.write, row.put...))
		assert.Equal(t, row.status, patch(app, mergePatches, `{}`).Code)
		assert.Equal(t, 200, patch(app, mergePatches, `{}`, "Authorization", "Bearer t").Code)
		i := slices.IndexFunc(app.Routes(), func(r candor.RouteInfo) bool { return r.Method == http.MethodPatch })
		assert.Equal(t, row.status == 200, app.Routes()[i].Public)
	}
}

// A guard that decides by the operation's id asks for both permissions.
func TestPatchesAreGuardedAsTheirGetAndPut(t *testing.T) {
	s := newPatchShelf()
	var seen []string
	allowed := map[string]bool{}
	app := candor.New(candor.Config{}, candor.Require(func(_ context.Context, in struct {
		Route   candor.RouteInfo
		Scopes  candor.RequiredScopes
		Request *http.Request
		Token   candor.Bearer
	},
	) error {
		seen = append(seen, fmt.Sprint(in.Request.Method, " ", in.Route.Method, " ", in.Route.OperationID, " ", in.Scopes))
		if !allowed[in.Route.OperationID] {
			return candor.Error(403, in.Route.OperationID)
		}
		return nil
	}))
	get := candor.Get(app, "/things/{id}", s.read, candor.OperationID("read"), candor.Scopes("r"))
	put := candor.Put(app, "/things/{id}", s.write, candor.OperationID("replace"), candor.Scopes("w"))
	candor.AutoPatch(get, put, candor.OperationID("patch"))
	for _, permission := range []string{"read", "replace", ""} {
		got := patch(app, mergePatches, `{"name":"ink"}`, "Authorization", "Bearer t")
		if permission == "" {
			assert.Equal(t, 200, got.Code)
			break
		}
		assert.Equal(t, 403, got.Code)
		assert.JSONEq(t, `{"detail":"`+permission+`"}`, got.Body.String())
		allowed[permission] = true
	}
	assert.Equal(t, []string{
		"GET GET read [r]",
		"GET GET read [r]", "PUT PUT replace [w]",
		"GET GET read [r]", "PUT PUT replace [w]",
	}, seen)
}

// A PATCH reads the resource itself, not a cached response.
func TestPatchesReadNoCache(t *testing.T) {
	s := newPatchShelf()
	s.tagged = false
	app := candor.New(candor.Config{}, candor.Cache(candor.CacheConfig{TTL: 1 << 40}))
	get := candor.Get(app, "/things/{id}", s.read)
	candor.AutoPatch(get, candor.Put(app, "/things/{id}", s.write))
	app.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest("GET", "/things/1", nil))
	for _, name := range []string{"ink", "oil"} {
		assert.Contains(t, patch(app, mergePatches, `{"name":"`+name+`"}`).Body.String(), name)
		assert.Contains(t, patch(app, jsonPatches, `[{"op":"test","path":"/name","value":"`+name+`"}]`).Body.String(), name)
	}
}

func TestPatchesOfRouters(t *testing.T) {
	s := newPatchShelf()
	r := candor.NewRouter("/things/{id}")
	candor.AutoPatch(candor.Get(r, "", s.read), candor.Put(r, "", s.write))
	app := candor.New(candor.Config{})
	app.Include(r)
	app.Include(r, candor.Prefix("/v2"))
	assert.Equal(t, 200, patch(app, mergePatches, `{"name":"ink"}`).Code)
	w := httptest.NewRecorder()
	request := httptest.NewRequest("PATCH", "/v2/things/1", strings.NewReader(`{"name":"oil"}`))
	request.Header.Set("Content-Type", mergePatches)
	app.ServeHTTP(w, request)
	assert.Equal(t, 200, w.Code)
	assert.Equal(t, "oil", s.Name)
}

// patchCall returns an app and a typed call of its PATCH.
func patchCall() (*patchShelf, *candor.App, func(client candor.Client, in candor.PatchInput[patchedRead]) (patchedReply, error)) {
	s := newPatchShelf()
	app := candor.New(candor.Config{Logger: slog.New(slog.DiscardHandler)})
	get := candor.Get(app, "/things/{id}", func(ctx context.Context, in patchedRead) (patchedReply, error) {
		return s.read(ctx, struct{ patchedRef }{in.patchedRef})
	}, candor.Raises(errNoResource))
	route := candor.AutoPatch(get, candor.Put(app, "/things/{id}", s.write, candor.Raises(errNoResource, candor.ErrPreconditionFailed)))
	app.Seal()
	return s, app, func(client candor.Client, in candor.PatchInput[patchedRead]) (patchedReply, error) {
		return route.Call(context.Background(), client, in)
	}
}

type patchedRead struct {
	patchedRef
	View  string `query:"view" default:"full"`
	Trace string `header:"X-Trace,omitempty"`
}

func TestTypedCallsOfPatches(t *testing.T) {
	type (
		input  = candor.PatchInput[patchedRead]
		change struct {
			Name  *string  `json:"name,omitempty"`
			Price *float64 `json:"price,omitempty"`
		}
		operation struct {
			Op    string `json:"op"`
			Path  string `json:"path"`
			Value any    `json:"value,omitempty"`
		}
		ifMatch struct {
			Tag string `header:"If-Match"`
		}
	)
	name, ref := "ink", patchedRead{patchedRef: patchedRef{1}}
	for _, over := range []string{"in process", "over a server"} {
		for _, row := range []struct {
			what   string
			in     input
			with   any
			wanted string
		}{
			{"a map", input{Input: ref, Merge: map[string]any{"name": "ink", "note": nil}}, nil, `{"id":1,"name":"ink","tags":["a","b"],"price":2.5}`},
			{"a struct", input{Input: ref, Merge: change{Name: &name}}, nil, `{"id":1,"name":"ink","note":"a note","tags":["a","b"],"price":2.5}`},
			{"raw JSON", input{Input: ref, Merge: json.RawMessage(` {"price":7}`)}, nil, `{"id":1,"name":"pen","note":"a note","tags":["a","b"],"price":7}`},
			{"operations", input{Input: ref, JSON: []operation{{"replace", "/name", "ink"}, {"remove", "/note", nil}}}, nil, `{"id":1,"name":"ink","tags":["a","b"],"price":2.5}`},
			{"a tag", input{Input: ref, Merge: change{Name: &name}}, ifMatch{`"0"`}, `{"id":1,"name":"ink","note":"a note","tags":["a","b"],"price":2.5}`},
			{"another tag", input{Input: ref, Merge: change{Name: &name}}, ifMatch{`"7"`}, candor.ErrPreconditionFailed.Error()},
			{"another resource", input{Input: patchedRead{patchedRef: patchedRef{2}}, Merge: change{}}, nil, errNoResource.Error()},
			{"a broken rule", input{Input: ref, Merge: map[string]any{"name": ""}}, nil, "string_too_short at [body name]"},
			{"no patch", input{Input: ref}, nil, "candor: PATCH /things/{id}: set one of Merge and JSON"},
			{"two patches", input{Input: ref, Merge: change{}, JSON: []operation{}}, nil, "candor: PATCH /things/{id}: set one of Merge and JSON"},
			{"a list to merge", input{Input: ref, Merge: []int{1}}, nil, "candor: PATCH /things/{id}: the body: []int is not application/merge-patch+json; Merge is an object, JSON a list"},
			{"an object of operations", input{Input: ref, JSON: change{}}, nil, "is not application/json-patch+json; Merge is an object, JSON a list"},
			{"what JSON has not", input{Input: ref, Merge: map[string]any{"name": make(chan int)}}, nil, "the body: "},
		} {
			t.Run(over+"/"+row.what, func(t *testing.T) {
				_, app, call := patchCall()
				client := candor.InProcess(app)
				if over != "in process" {
					server := httptest.NewServer(app)
					defer server.Close()
					client = candor.Client{Base: server.URL}
				}
				if row.with != nil {
					client = client.With(row.with)
				}
				out, err := call(client, row.in)
				if !strings.HasPrefix(row.wanted, "{") {
					require.ErrorContains(t, err, row.wanted)
					return
				}
				require.NoError(t, err)
				written, err := json.Marshal(out.Body)
				require.NoError(t, err)
				assert.JSONEq(t, row.wanted, string(written))
				assert.Equal(t, `"1"`, out.Tag)
			})
		}
	}
}

func TestURLsOfPatches(t *testing.T) {
	s := newPatchShelf()
	app := candor.New(candor.Config{})
	get := candor.Get(app, "/things/{id}", func(_ context.Context, _ patchedRead) (patchedReply, error) { return patchedReply{}, nil })
	route := candor.AutoPatch(get, candor.Put(app, "/things/{id}", s.write))
	app.Seal()
	in, err := route.Defaults()
	require.NoError(t, err)
	assert.Equal(t, "full", in.Input.View)
	in.Input.ID = 7
	url, err := route.URL(in)
	require.NoError(t, err)
	assert.Equal(t, "/things/7?view=full", url)
	assert.Equal(t, []string{"PATCH"}, route.Methods())
	assert.Equal(t, []string{"/things/{id}"}, route.Places())
}

func TestPatchMistakes(t *testing.T) {
	s := newPatchShelf()
	app := candor.New(candor.Config{})
	get, put := candor.Get(app, "/a/{id}", s.read), candor.Put(app, "/a/{id}", s.write)
	elsewhere := candor.Put(app, "/b/{id}", s.write)
	text := candor.Get(app, "/c", func(context.Context, candor.None) (candor.Text, error) { return "", nil })
	bodiless := candor.Put(app, "/a", func(context.Context, candor.None) (int, error) { return 0, nil })
	here := candor.Get(app, "/a", func(context.Context, candor.None) (int, error) { return 0, nil })
	json := candor.Put(app, "/c", func(_ context.Context, _ struct {
		Body patchedIn `body:""`
	},
	) (candor.JSONLines[int], error) {
		return nil, nil
	})
	for want, misuse := range map[string]func(){
		"is not a GET":                    func() { candor.AutoPatch(put, put) },
		"is not a PUT":                    func() { candor.AutoPatch(get, get) },
		"have different paths or routers": func() { candor.AutoPatch(get, elsewhere) },
		"returns no JSON":                 func() { candor.AutoPatch(text, json) },
		"takes no JSON object":            func() { candor.AutoPatch(here, bodiless) },
		"a route is nil; pass what":       func() { candor.AutoPatch(get, (*candor.Route[candor.None, int])(nil)) },
	} {
		func() {
			defer func() {
				err, _ := recover().(error)
				assert.ErrorContains(t, err, want)
				assert.ErrorContains(t, err, "autopatch_test.go:")
			}()
			misuse()
		}()
	}
}

func TestTheDocumentOfPatches(t *testing.T) {
	s := newPatchShelf()
	var document struct {
		Paths map[string]map[string]struct {
			OperationID string
			Parameters  []struct{ Name string }
			RequestBody struct {
				Required bool
				Content  map[string]any
			}
			Responses map[string]struct {
				Headers map[string]any
				Content map[string]struct{ Schema map[string]any }
			}
		}
	}
	var text strings.Builder
	require.NoError(t, s.app().WriteOpenAPI(&text))
	require.NoError(t, json.Unmarshal([]byte(text.String()), &document))
	op := document.Paths["/things/{id}"]["patch"]
	assert.Equal(t, "change a thing", op.OperationID)
	assert.Len(t, op.Parameters, 1)
	assert.True(t, op.RequestBody.Required)
	assert.Contains(t, op.RequestBody.Content, mergePatches)
	assert.Contains(t, op.RequestBody.Content, jsonPatches)
	for _, status := range []string{"200", "404", "409", "412", "413", "415", "422"} {
		assert.Contains(t, op.Responses, status)
	}
	assert.Equal(t, map[string]any{"$ref": "#/components/schemas/patched"}, op.Responses["200"].Content["application/json"].Schema)
	assert.Contains(t, op.Responses["200"].Headers, "ETag")
	assert.Contains(t, op.Responses["415"].Headers, "Accept-Patch")
}

func TestPatchesConform(t *testing.T) {
	s := newPatchShelf()
	c := candor.NewTestClient(t, s.app())
	for range 2 {
		c.Patch("/things/1", nil, candor.WithBody(mergePatches, strings.NewReader(`{"name":"ink"}`))).Status(200)
		c.Patch("/things/1", nil, candor.WithBody(mergePatches, strings.NewReader(`{"name":""}`))).Status(422)
		c.Patch("/things/1", nil, candor.WithBody(jsonPatches, strings.NewReader(`[{"op":"remove","path":"/name"}]`))).Status(422)
	}
	s = newPatchShelf()
	s.tagged = false
	candortest.Conform(t, s.app())
}

// mergedNaively is the algorithm of RFC 7396, section 2.
func mergedNaively(target, patch any) any {
	members, ok := patch.(map[string]any)
	if !ok {
		return patch
	}
	object, ok := target.(map[string]any)
	if !ok {
		object = map[string]any{}
	}
	for name, value := range members {
		if value == nil {
			delete(object, name)
		} else {
			object[name] = mergedNaively(object[name], value)
		}
	}
	return object
}

type holder struct {
	Value any `json:"value,omitempty"`
}

// FuzzMergePatches compares merge patches of arbitrary values with the algorithm of the RFC.
func FuzzMergePatches(f *testing.F) {
	for _, seed := range [][2]string{
		{`{"a":1}`, `{"a":null}`},
		{`{}`, `{"a":{"b":null,"c":[null,{"d":null}]}}`},
		{`{"a":[1]}`, `{"a":{"b":1}}`},
		{`{"a":"b"}`, `{"a":["b",null]}`},
		{`{"a":{"b":"c"}}`, `{"a":{"b":"d","c":null}}`},
		{`1`, `{"a":{"bb":{"ccc":null}}}`},
		{`{"e":null}`, `{"a":1}`},
	} {
		f.Add(seed[0], seed[1])
	}
	var resource any
	app := candor.New(candor.Config{Logger: slog.New(slog.DiscardHandler)})
	get := candor.Get(app, "/things/1", func(context.Context, candor.None) (holder, error) { return holder{resource}, nil })
	candor.AutoPatch(get, candor.Put(app, "/things/1", func(_ context.Context, in struct {
		Body holder `body:""`
	},
	) (holder, error) {
		return in.Body, nil
	}))
	f.Fuzz(func(t *testing.T, target, change string) {
		var twin, changes any
		if json.Unmarshal([]byte(target), &resource) != nil || json.Unmarshal([]byte(target), &twin) != nil || json.Unmarshal([]byte(change), &changes) != nil {
			return
		}
		w := patch(app, mergePatches, `{"value":`+change+`}`)
		if w.Code == 422 && (strings.Contains(w.Body.String(), "json_invalid") || strings.Contains(w.Body.String(), "ecursion")) {
			return // duplicate names, or nested too deeply
		}
		require.Equal(t, 200, w.Code, w.Body)
		want, err := json.Marshal(mergedNaively(map[string]any{"value": twin}, map[string]any{"value": changes}))
		require.NoError(t, err)
		got := w.Body.String()
		if twin == nil && string(want) == `{"value":null}` {
			return
		}
		assert.JSONEq(t, string(want), got)
	})
}

// pointerSteps splits a JSON pointer.
func pointerSteps(pointer string) []string {
	if pointer == "" {
		return nil
	}
	var steps []string
	for _, step := range strings.Split(pointer[1:], "/") {
		steps = append(steps, strings.ReplaceAll(strings.ReplaceAll(step, "~1", "/"), "~0", "~"))
	}
	return steps
}

// indexIn parses an index of an array with n elements; n itself is valid where an element is added.
func indexIn(step string, n int, adds bool) (int, bool) {
	if adds && step == "-" {
		return n, true
	}
	i, err := strconv.Atoi(step)
	return i, err == nil && strconv.Itoa(i) == step && i >= 0 && (i < n || adds && i == n)
}

// valueAt resolves a JSON pointer as in RFC 6901, section 4.
func valueAt(value any, steps []string) (any, bool) {
	for _, step := range steps {
		switch v := value.(type) {
		case map[string]any:
			inner, ok := v[step]
			if !ok {
				return nil, false
			}
			value = inner
		case []any:
			i, ok := indexIn(step, len(v), false)
			if !ok {
				return nil, false
			}
			value = v[i]
		default:
			return nil, false
		}
	}
	return value, true
}

// changedAt returns a copy of value in which change was applied to the container of the last step.
func changedAt(value any, steps []string, change func(container any, step string) (any, bool)) (any, bool) {
	if len(steps) == 1 {
		return change(value, steps[0])
	}
	inner, ok := valueAt(value, steps[:1])
	if !ok {
		return nil, false
	}
	if inner, ok = changedAt(inner, steps[1:], change); !ok {
		return nil, false
	}
	switch v := value.(type) {
	case map[string]any:
		v = maps.Clone(v)
		v[steps[0]] = inner
		return v, true
	case []any:
		i, _ := indexIn(steps[0], len(v), false)
		v = slices.Clone(v)
		v[i] = inner
		return v, true
	}
	return nil, false
}

func addedAt(value any, pointer string, added any) (any, bool) {
	if pointer == "" {
		return added, true
	}
	return changedAt(value, pointerSteps(pointer), func(container any, step string) (any, bool) {
		switch v := container.(type) {
		case map[string]any:
			v = maps.Clone(v)
			v[step] = added
			return v, true
		case []any:
			i, ok := indexIn(step, len(v), true)
			if !ok {
				return nil, false
			}
			return slices.Insert(slices.Clone(v), i, added), true
		}
		return nil, false
	})
}

func removedAt(value any, pointer string) (any, bool) {
	if _, ok := valueAt(value, pointerSteps(pointer)); !ok || pointer == "" {
		return nil, false
	}
	return changedAt(value, pointerSteps(pointer), func(container any, step string) (any, bool) {
		switch v := container.(type) {
		case map[string]any:
			v = maps.Clone(v)
			delete(v, step)
			return v, true
		case []any:
			i, _ := indexIn(step, len(v), false)
			return slices.Delete(slices.Clone(v), i, i+1), true
		}
		return nil, false
	})
}

// appliedNaively applies one operation as in RFC 6902, section 4.
func appliedNaively(value any, op, path, from string, given any) (any, bool) {
	there, ok := valueAt(value, pointerSteps(path))
	switch op {
	case "add":
		return addedAt(value, path, given)
	case "remove":
		return removedAt(value, path)
	case "replace":
		if !ok {
			return nil, false
		}
		if path == "" {
			return given, true
		}
		value, _ = removedAt(value, path)
		return addedAt(value, path, given)
	case "test":
		return value, ok && assert.ObjectsAreEqual(there, given)
	}
	moved, ok := valueAt(value, pointerSteps(from))
	if !ok || op == "move" && strings.HasPrefix(path+"/", from+"/") && path != from {
		return nil, false
	}
	if op == "move" {
		if value, ok = removedAt(value, from); !ok {
			return nil, false
		}
	}
	return addedAt(value, path, moved)
}

// FuzzJSONPatches compares single operations with the algorithm of the RFC.
func FuzzJSONPatches(f *testing.F) {
	for _, seed := range [][5]string{
		{`{"a":{"b":1}}`, "add", "/value/a/c", "", "2"},
		{`[1,2]`, "add", "/value/-", "", "3"},
		{`[1,2]`, "remove", "/value/0", "", ""},
		{`[1,2]`, "move", "/value/1", "/value/0", ""},
		{`{"a":1}`, "copy", "/value/b", "/value/a", ""},
		{`{"a/b":1,"~":2}`, "test", "/value/a~1b", "", "1"},
		{`1`, "replace", "/value", "", "null"},
		{`{"":1}`, "remove", "/value/", "", ""},
		{`[1]`, "replace", "/value/01", "", "2"},
		{`{"a":{}}`, "move", "/value/a/b", "/value/a", ""},
	} {
		f.Add(seed[0], seed[1], seed[2], seed[3], seed[4])
	}
	var resource any
	app := candor.New(candor.Config{Logger: slog.New(slog.DiscardHandler)})
	get := candor.Get(app, "/things/1", func(context.Context, candor.None) (holder, error) { return holder{resource}, nil })
	candor.AutoPatch(get, candor.Put(app, "/things/1", func(_ context.Context, in struct {
		Body holder `body:""`
	},
	) (holder, error) {
		return in.Body, nil
	}))
	f.Fuzz(func(t *testing.T, target, op, path, from, value string) {
		var given any
		if json.Unmarshal([]byte(target), &resource) != nil || resource == nil || !strings.HasPrefix(path, "/value") ||
			!slices.Contains([]string{"add", "remove", "replace", "move", "copy", "test"}, op) || !utf8.ValidString(path+from) {
			return
		}
		text := map[string]any{"op": op, "path": path, "from": from}
		if json.Unmarshal([]byte(value), &given) == nil {
			text["value"] = given
		}
		body, err := json.Marshal([]any{text})
		require.NoError(t, err)
		w := patch(app, jsonPatches, string(body))
		require.Contains(t, []int{200, 409, 422}, w.Code)
		if w.Code == 422 && strings.Contains(w.Body.String(), "not a JSON pointer") || strings.Contains(w.Body.String(), "needed by") {
			return
		}
		want, ok := appliedNaively(map[string]any{"value": resource}, op, path, from, given)
		if object, is := want.(map[string]any); !ok || !is || len(object) > 1 || len(object) == 1 && object["value"] == nil {
			return // rejected, or not a resource of this type
		}
		expected, err := json.Marshal(want)
		require.NoError(t, err)
		require.Equal(t, 200, w.Code, "%s on %s: %s", body, target, w.Body)
		assert.JSONEq(t, string(expected), w.Body.String(), "%s on %s", body, target)
	})
}

func ExampleAutoPatch() {
	type Item struct {
		Name  string   `json:"name"`
		Price float64  `json:"price"`
		Tags  []string `json:"tags,omitempty"`
	}
	item := Item{Name: "Laptop", Price: 999, Tags: []string{"new"}}
	app := candor.New(candor.Config{})
	get := candor.Get(app, "/item", func(context.Context, candor.None) (Item, error) { return item, nil })
	put := candor.Put(app, "/item", func(_ context.Context, in struct {
		Body Item `body:""`
	},
	) (Item, error) {
		item = in.Body
		return item, nil
	})
	candor.AutoPatch(get, put)

	for _, p := range [][2]string{
		{"application/merge-patch+json", `{"price":899,"tags":null}`},
		{"application/json-patch+json", `[{"op":"test","path":"/price","value":899},{"op":"add","path":"/tags","value":["sale"]}]`},
		{"application/json-patch+json", `[{"op":"test","path":"/price","value":999}]`},
		{"application/json-patch+json", `[{"op":"remove","path":"/color"}]`},
	} {
		r := httptest.NewRequest("PATCH", "/item", strings.NewReader(p[1]))
		r.Header.Set("Content-Type", p[0])
		w := httptest.NewRecorder()
		app.ServeHTTP(w, r)
		fmt.Println(w.Code, w.Body)
	}
	// Output:
	// 200 {"name":"Laptop","price":899}
	// 200 {"name":"Laptop","price":899,"tags":["sale"]}
	// 409 {"detail":"the test of operation 0 failed at \"/price\""}
	// 422 {"detail":[{"type":"value_error","loc":["body",0,"path"],"msg":"Value error: remove has a path that does not exist","ctx":{"error":"remove has a path that does not exist"}}]}
}

func ExamplePatchInput() {
	type (
		Ref struct {
			ID int `path:"id"`
		}
		Item struct {
			Name  string  `json:"name"`
			Price float64 `json:"price"`
		}
		Replace struct {
			Ref
			Body Item `body:""`
		}
	)
	item := Item{"pen", 2.5}
	app := candor.New(candor.Config{})
	get := candor.Get(app, "/items/{id}", func(context.Context, Ref) (Item, error) { return item, nil })
	put := candor.Put(app, "/items/{id}", func(_ context.Context, in Replace) (Item, error) {
		item = in.Body
		return item, nil
	})
	patch := candor.AutoPatch(get, put)
	app.Seal()

	changed, err := patch.Call(context.Background(), candor.InProcess(app), candor.PatchInput[Ref]{
		Input: Ref{ID: 1},
		Merge: map[string]any{"price": 3},
	})
	fmt.Println(changed, err)
	// Output: {pen 3} <nil>
}
