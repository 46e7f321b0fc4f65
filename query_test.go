package candor_test

import (
	"bytes"
	"context"
	"encoding/json"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/candor-go/candor"
	"github.com/candor-go/candor/candortest"
	"github.com/candor-go/candor/middleware"
)

type filter struct {
	Words string `json:"words" validate:"min=1,max=20"`
	Limit int    `json:"limit" default:"10" validate:"gte=1,lte=100"`
}

type filterIn struct {
	Body filter `body:""`
}

type foundIn struct {
	Words string `json:"words"`
	Limit int    `json:"limit"`
}

func search(_ context.Context, in filterIn) (foundIn, error) {
	return foundIn(in.Body), nil
}

func queryApp(options ...candor.Option) (*candor.App, *candor.Route[filterIn, foundIn]) {
	app := candor.New(candor.Config{}, options...)
	route := candor.Query(app, "/items", search)
	candor.Get(app, "/items", func(context.Context, candor.None) ([]string, error) { return []string{"a"}, nil })
	candor.Handle(app, []string{"PURGE"}, "/items", func(context.Context, candor.None) (candor.None, error) { return candor.None{}, nil })
	candor.Handle(app, []string{"REPORT", "M-SEARCH"}, "/items/{id}", func(_ context.Context, in struct {
		ID   int    `path:"id" validate:"gte=1"`
		Body filter `body:""`
	},
	) (foundIn, error) {
		return foundIn(in.Body), nil
	})
	candor.Query(app, "/forms", func(_ context.Context, in struct {
		Words string `form:"words" validate:"max=9"`
	},
	) (string, error) {
		return in.Words, nil
	})
	return app, route
}

func askQuery(app http.Handler, method, target, body string, header ...string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(method, target, strings.NewReader(body))
	for i := 0; i < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	w := httptest.NewRecorder()
	app.ServeHTTP(w, r)
	return w
}

func TestQueryOnTheWire(t *testing.T) {
	app, _ := queryApp()
	asJSON := []string{"Content-Type", "application/json"}
	for _, row := range []struct {
		name, method, target, body string
		header                     []string
		status                     int
		want, accepts              string
	}{
		{"a body that says what is asked for", "QUERY", "/items", `{"words":"sea"}`, asJSON, 200, `{"words":"sea","limit":10}`, "application/json"},
		{"a body that is wrong", "QUERY", "/items", `{"words":""}`, asJSON, 422, `{"detail":[{"type":"string_too_short","loc":["body","words"],"msg":"Must have at least 1 character","ctx":{"min_length":1}}]}`, "application/json"},
		{"no media type", "QUERY", "/items", `{"words":"sea"}`, nil, 415, `{"detail":"the body must be application/json"}`, "application/json"},
		{"another media type", "QUERY", "/items", `{"words":"sea"}`, []string{"Content-Type", "text/plain"}, 415, `{"detail":"the body must be application/json"}`, "application/json"},
		{"no body", "QUERY", "/items", "", asJSON, 422, `{"detail":[{"type":"missing","loc":["body"],"msg":"Field required"}]}`, "application/json"},
		{"a form", "QUERY", "/forms", "words=sea", []string{"Content-Type", "application/x-www-form-urlencoded"}, 200, `"sea"`, "application/x-www-form-urlencoded, multipart/form-data"},
		{"a method of one's own", "PURGE", "/items", "", nil, 204, "", ""},
		{"another", "REPORT", "/items/1", `{"words":"sea"}`, asJSON, 200, `{"words":"sea","limit":10}`, ""},
		{"with a hyphen", "M-SEARCH", "/items/1", `{"words":"sea"}`, asJSON, 200, `{"words":"sea","limit":10}`, ""},
		{"in another case", "query", "/items", `{"words":"sea"}`, asJSON, 405, `{"detail":"Method Not Allowed"}`, ""},
		{"one that is not there", "DELETE", "/items", "", nil, 405, `{"detail":"Method Not Allowed"}`, ""},
		{"a slash too many", "QUERY", "/items/", `{"words":"sea"}`, asJSON, 307, "", ""},
	} {
		t.Run(row.name, func(t *testing.T) {
			got := askQuery(app, row.method, row.target, row.body, row.header...)
			assert.Equal(t, row.status, got.Code)
			assert.Equal(t, row.accepts, got.Header().Get("Accept-Query"))
			if row.status != 307 {
				assert.Equal(t, row.want, strings.TrimSpace(got.Body.String()))
			}
			if row.status == 405 {
				assert.Equal(t, "GET, HEAD, OPTIONS, PURGE, QUERY", got.Header().Get("Allow"))
			}
		})
	}
	assert.Equal(t, "GET, HEAD, OPTIONS, PURGE, QUERY", askQuery(app, "OPTIONS", "/items", "").Header().Get("Allow"))
	assert.Equal(t, 405, askQuery(app, "HEAD", "/forms", "").Code)
}

func TestQueryNeedsAMediaTypeWhateverIsLoose(t *testing.T) {
	app, _ := queryApp(candor.StrictContentType(false))
	assert.Equal(t, 415, askQuery(app, "QUERY", "/items", `{"words":"sea"}`).Code)
}

func TestMethodsConform(t *testing.T) {
	app, _ := queryApp()
	candortest.Conform(t, app)
}

func TestMethodsInTheDocument(t *testing.T) {
	app, route := queryApp()
	for format, names := range map[candor.DocumentFormat][2]string{
		candor.OpenAPI31: {"x-query", "x-additionalOperations"}, candor.OpenAPI30: {"x-query", "x-additionalOperations"}, candor.OpenAPI32: {"query", "additionalOperations"},
	} {
		var b bytes.Buffer
		require.NoError(t, app.WriteOpenAPIAs(&b, format))
		var document struct {
			Paths map[string]map[string]json.RawMessage
		}
		require.NoError(t, json.Unmarshal(b.Bytes(), &document))
		assert.Contains(t, string(document.Paths["/items"][names[0]]), `"operationId":"search"`)
		assert.Contains(t, string(document.Paths["/items"][names[0]]), `"Accept-Query"`)
		assert.Contains(t, string(document.Paths["/items"][names[1]]), `{"PURGE":{`)
		assert.Contains(t, string(document.Paths["/items/{id}"][names[1]]), `"REPORT":{`)
		assert.Contains(t, string(document.Paths["/items/{id}"][names[1]]), `"M-SEARCH":{`)
	}
	got, err := route.Call(t.Context(), candor.InProcess(app), filterIn{filter{Words: "sea", Limit: 3}})
	require.NoError(t, err)
	assert.Equal(t, foundIn{"sea", 3}, got)
	var methods []string
	for _, info := range app.Routes() {
		methods = append(methods, info.Method+" "+info.Pattern)
	}
	assert.Contains(t, methods, "QUERY /items")
	assert.Contains(t, methods, "PURGE /items")
	candor.NewTestClient(t, app).Query("/items", filter{"sea", 3}).Status(200)
	candor.NewTestClient(t, app).Do("REPORT", "/items/1", filter{"sea", 3}).Status(200)
}

func TestQueryOverAServer(t *testing.T) {
	app, route := queryApp()
	app.Seal()
	server := httptest.NewServer(app)
	defer server.Close()
	got, err := route.Call(t.Context(), candor.Client{Base: server.URL}, filterIn{filter{Words: "sea", Limit: 3}})
	require.NoError(t, err)
	assert.Equal(t, foundIn{"sea", 3}, got)
}

func TestQueryIsRead(t *testing.T) {
	calls := 0
	app := candor.New(candor.Config{}, candor.Use(middleware.CrossOrigin(), middleware.ConditionalGET()))
	candor.Query(app, "/kept", func(_ context.Context, in filterIn) (foundIn, error) {
		calls++
		return foundIn(in.Body), nil
	}, candor.Cache(candor.CacheConfig{TTL: time.Minute}))
	candor.Query(app, "/items", search)
	c := candor.NewTestClient(t, app)
	for _, words := range []string{"a", "b", "a", "b"} {
		var got foundIn
		c.Query("/kept", filter{words, 1}).Status(200).JSON(&got)
		assert.Equal(t, words, got.Words)
	}
	assert.Equal(t, 2, calls, "a response is kept for each body")
	twice := httptest.NewRequest("QUERY", "/kept", strings.NewReader(`{"words":"a","limit":1}`))
	twice.Header["Content-Type"] = []string{"application/json", "text/plain"}
	w := httptest.NewRecorder()
	app.ServeHTTP(w, twice)
	assert.Equal(t, 415, w.Code, "two media types have no response that was kept for one of them")
	tag := c.Query("/items", filter{"a", 1}).Status(200).Header.Get("ETag")
	require.NotEmpty(t, tag)
	c.Query("/items", filter{"a", 1}, candor.WithHeader("If-None-Match", tag)).Status(304)
	c.Query("/items", filter{"b", 1}, candor.WithHeader("If-None-Match", tag)).Status(200)
	c.Query("/items", filter{"a", 1}, candor.WithHeader("Sec-Fetch-Site", "cross-site")).Status(200)
}

func TestQueryIsPreflighted(t *testing.T) {
	app, _ := queryApp(candor.Use(middleware.CORS(middleware.CORSConfig{Origins: []string{"https://a.example"}})))
	got := askQuery(app, "OPTIONS", "/items", "", "Origin", "https://a.example", "Access-Control-Request-Method", "QUERY")
	assert.Equal(t, "QUERY", got.Header().Get("Access-Control-Allow-Methods"))
}

func TestMethodsInTheAccessLog(t *testing.T) {
	var log bytes.Buffer
	app, _ := queryApp(candor.Use(middleware.AccessLog(slog.New(slog.NewTextHandler(&log, nil)))))
	askQuery(app, "PURGE", "/items", "")
	askQuery(app, "QUERY", "/items", "")
	askQuery(app, "MADEUP", "/items", "")
	assert.Contains(t, log.String(), "method=PURGE route=/items")
	assert.Contains(t, log.String(), "method=QUERY route=/items")
	assert.Contains(t, log.String(), "method=OTHER")
	assert.NotContains(t, log.String(), "MADEUP")
}
