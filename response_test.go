package candor_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/candor-go/candor"
	"github.com/candor-go/candor/internal/apptest"
)

// answered is a response in the format of the wire, its headers in alphabetical order.
func answered(r *candor.TestResponse) string {
	lines := []string{fmt.Sprint(r.Code)}
	var header []string
	for name, values := range r.Header {
		for _, value := range values {
			header = append(header, name+": "+value)
		}
	}
	slices.Sort(header)
	lines = append(lines, header...)
	return strings.Join(append(lines, "", r.Text()), "\n")
}

type userRecord struct {
	Name         string
	PasswordHash string
	Tags         []string
}

type publicUser struct {
	Name string   `json:"name"`
	Tags []string `json:"tags"`
}

type celsius float64

func (c celsius) MarshalJSON() ([]byte, error) {
	return json.Marshal(map[string]float64{"c": float64(c), "f": float64(c)*9/5 + 32})
}

type ping struct{}

type feline struct {
	Lives int `json:"lives"`
}

type canine struct {
	Tricks []string `json:"tricks"`
}

type animal struct {
	candor.OneOf `json:"kind"`
	Cat          *feline `case:"cat"`
	Dog          *canine `case:"dog"`
}

type sparse struct {
	A int            `json:"a,omitzero"`
	B string         `json:"b,omitempty"`
	C []int          `json:"c"`
	D map[string]int `json:"d"`
	E *int           `json:"e"`
}

func TestJSONResponses(t *testing.T) {
	app := candor.New(candor.Config{})
	candor.Get(app, "/string", apptest.Returns("a < b"))
	candor.Get(app, "/number", apptest.Returns(1.5))
	candor.Get(app, "/null", apptest.Returns[any](nil))
	candor.Get(app, "/pointer", apptest.Returns((*publicUser)(nil)))
	candor.Get(app, "/list", apptest.Returns([]publicUser(nil)))
	candor.Get(app, "/map", apptest.Returns(map[string][]int(nil)))
	candor.Get(app, "/filled", apptest.Returns(map[string][]int{"b": nil, "a": {1}}))
	candor.Get(app, "/empty", apptest.Returns(ping{}))
	candor.Get(app, "/union", apptest.Returns(animal{Cat: &feline{Lives: 9}}))
	candor.Get(app, "/unions", apptest.Returns([]animal{{Dog: &canine{}}, {Cat: &feline{}}}))
	candor.Get(app, "/computed", apptest.Returns(map[string]celsius{"now": 100}))
	candor.Get(app, "/sparse", apptest.Returns(sparse{}))
	candor.Get(app, "/any", apptest.Returns[any]([]any{1, "x", nil}))
	candor.Get(app, "/raw", apptest.Returns(json.RawMessage(`{"a": 1}`)))
	candor.Get(app, "/none", apptest.Returns(candor.None{}))
	candor.Get(app, "/ok", apptest.Returns(candor.None{}), candor.Status(200))
	candor.Get(app, "/created", apptest.Returns(publicUser{Name: "Ada"}), candor.Status(201))
	candor.Get(app, "/vendor", apptest.Returns(ping{}), candor.Produces("application/vnd.ping+json"))

	tests := []struct{ path, want string }{
		{"/string", "200\nContent-Length: 7\nContent-Type: application/json\n\n\"a < b\""},
		{"/number", "200\nContent-Length: 3\nContent-Type: application/json\n\n1.5"},
		{"/null", "200\nContent-Length: 4\nContent-Type: application/json\n\nnull"},
		{"/pointer", "200\nContent-Length: 4\nContent-Type: application/json\n\nnull"},
		{"/list", "200\nContent-Length: 2\nContent-Type: application/json\n\n[]"},
		{"/map", "200\nContent-Length: 2\nContent-Type: application/json\n\n{}"},
		{"/filled", "200\nContent-Length: 16\nContent-Type: application/json\n\n{\"a\":[1],\"b\":[]}"},
		{"/empty", "200\nContent-Length: 2\nContent-Type: application/json\n\n{}"},
		{"/union", "200\nContent-Length: 24\nContent-Type: application/json\n\n{\"kind\":\"cat\",\"lives\":9}"},
		{"/unions", "200\nContent-Length: 53\nContent-Type: application/json\n\n[{\"kind\":\"dog\",\"tricks\":[]},{\"kind\":\"cat\",\"lives\":0}]"},
		{"/computed", "200\nContent-Length: 25\nContent-Type: application/json\n\n{\"now\":{\"c\":100,\"f\":212}}"},
		{"/sparse", "200\nContent-Length: 24\nContent-Type: application/json\n\n{\"c\":[],\"d\":{},\"e\":null}"},
		{"/any", "200\nContent-Length: 12\nContent-Type: application/json\n\n[1,\"x\",null]"},
		{"/raw", "200\nContent-Length: 7\nContent-Type: application/json\n\n{\"a\":1}"},
		{"/none", "204\n\n"},
		{"/ok", "200\nContent-Length: 0\n\n"},
		{"/created", "201\nContent-Length: 24\nContent-Type: application/json\n\n{\"name\":\"Ada\",\"tags\":[]}"},
		{"/vendor", "200\nContent-Length: 2\nContent-Type: application/vnd.ping+json\n\n{}"},
	}
	c := candor.NewTestClient(t, app)
	for _, tt := range tests {
		t.Run(tt.path, func(t *testing.T) {
			assert.Equal(t, tt.want, answered(c.Get(tt.path)))
		})
	}
}

func TestWhatAResponseDoesNotDeclareCannotLeave(t *testing.T) {
	app := candor.New(candor.Config{})
	candor.Get(app, "/me", func(context.Context, candor.None) (publicUser, error) {
		user := userRecord{Name: "Ada", PasswordHash: "$2a$", Tags: []string{"admin"}}
		return publicUser{Name: user.Name, Tags: user.Tags}, nil
	})
	assert.JSONEq(t, `{"name":"Ada","tags":["admin"]}`, candor.NewTestClient(t, app).Get("/me").Text())
}

type rated struct {
	Stars int      `json:"stars" validate:"lte=5"`
	Notes []string `json:"notes" validate:"dive,max=3"`
}

func TestResponseChecks(t *testing.T) {
	tests := map[string]struct {
		checks candor.ResponseChecks
		status int
		body   string
		logged bool
	}{
		"fail": {candor.ChecksFail, 500, `{"detail":"Internal Server Error"}`, true},
		"log":  {candor.ChecksLog, 200, `{"stars":6,"notes":["long"]}`, true},
		"off":  {candor.ChecksOff, 200, `{"stars":6,"notes":["long"]}`, false},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			app, log := apptest.Quiet(candor.Config{ResponseChecks: tt.checks})
			candor.Get(app, "/", apptest.Returns(rated{Stars: 6, Notes: []string{"long"}}))
			got := candor.NewTestClient(t, app, candor.Unchecked()).Get("/").Status(tt.status)
			assert.Equal(t, tt.body, got.Text())
			if !tt.logged {
				assert.Empty(t, log.String())
				return
			}
			assert.Contains(t, log.String(), "[response stars]")
			assert.Contains(t, log.String(), "[response notes 0]")
		})
	}
}

func TestAResponseThatCannotBeEncodedIs500(t *testing.T) {
	app, log := apptest.Quiet(candor.Config{})
	candor.Get(app, "/", apptest.Returns([]float64{1, math.NaN()}))
	got := candor.NewTestClient(t, app).Get("/").Status(500)
	assert.JSONEq(t, `{"detail":"Internal Server Error"}`, got.Text())
	assert.Contains(t, log.String(), "the response cannot be encoded: 1: NaN is not a number in JSON")
}

type listed struct {
	Total int64  `header:"X-Total"`
	Body  []ping `body:""`
}

type conflict struct {
	Status int    `status:"409,410"`
	Retry  string `header:"X-Retry,omitempty"`
	Body   rated  `body:""`
}

func TestRespondsWithEveryKind(t *testing.T) {
	app := candor.New(candor.Config{})
	candor.Get(app, "/", apptest.Returns(ping{}),
		candor.Responds[candor.HTML](400), candor.Responds[candor.Redirect](303, "See there"), candor.Responds[listed](206),
		candor.Responds[conflict](409), candor.Responds[candor.None](304), candor.Responds[[]byte](402), candor.Responds[candor.File](299),
		candor.Responds[rated](404, "Gone"))
	responses := documentOf(t, app).at(t, "paths", "/", "get", "responses")
	assert.JSONEq(t, `{
		"200": {"description": "OK", "content": {"application/json": {"schema": {"$ref": "#/components/schemas/ping"}}}},
		"206": {"description": "Partial Content",
			"headers": {"X-Total": {"required": true, "schema": {"type": "integer", "format": "int64"}}},
			"content": {"application/json": {"schema": {"type": "array", "items": {"$ref": "#/components/schemas/ping"}}}}},
		"299": {"description": "Status 299", "headers": {
				"Accept-Ranges": {"description": "Whether ranges of the file can be requested", "schema": {"type": "string"}},
				"Content-Disposition": {"description": "The name of the file, and whether to save it", "schema": {"type": "string"}},
				"ETag": {"description": "Names this version of the file", "schema": {"type": "string"}},
				"Last-Modified": {"description": "When the file was changed", "schema": {"type": "string"}}},
			"content": {"*/*": {"schema": {"type": "string", "format": "binary"}}}},
		"303": {"description": "See there",
			"headers": {"Location": {"description": "Where to go", "required": true, "schema": {"type": "string", "format": "uri-reference"}}}},
		"304": {"description": "Not Modified"},
		"400": {"description": "Bad Request", "content": {"text/html": {"schema": {"type": "string"}}}},
		"402": {"description": "Payment Required", "content": {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}}},
		"404": {"description": "Gone", "content": {"application/json": {"schema": {"$ref": "#/components/schemas/rated"}}}},
		"409": {"description": "Conflict",
			"headers": {"X-Retry": {"schema": {"type": "string"}}},
			"content": {"application/json": {"schema": {"$ref": "#/components/schemas/rated"}}}}
	}`, string(responses))
}

// document is an OpenAPI document.
type document []byte

func documentOf(t *testing.T, app *candor.App) document {
	t.Helper()
	var b bytes.Buffer
	require.NoError(t, app.WriteOpenAPI(&b))
	return b.Bytes()
}

// at returns the member of a document at the given names.
func (d document) at(t *testing.T, names ...string) document {
	t.Helper()
	for _, name := range names {
		var members map[string]json.RawMessage
		require.NoError(t, json.Unmarshal(d, &members))
		require.Contains(t, members, name)
		d = document(members[name])
	}
	return d
}

// registered returns the panic of a registration, without the position and the name of the call.
func registered(t *testing.T, register func(app *candor.App)) string {
	t.Helper()
	app := candor.New(candor.Config{})
	var got any
	func() {
		defer func() { got = recover() }()
		register(app)
	}()
	err, ok := got.(error)
	require.True(t, ok, "no panic with an error: %v", got)
	require.Regexp(t, `^candor: GET / at .*_test\.go:\d+: `, err.Error())
	_, text, _ := strings.Cut(err.Error(), ".go:")
	_, text, _ = strings.Cut(text, ": ")
	return text
}

func mistake[T any](options ...candor.RouteOption) func(*candor.App) {
	return func(app *candor.App) {
		candor.Get(app, "/", func(context.Context, candor.None) (out T, err error) { return out, nil }, options...)
	}
}

func TestConfigurationErrorsOfResponses(t *testing.T) {
	tests := map[string]struct {
		register func(*candor.App)
		want     string
	}{
		"a body with 204": {
			mistake[ping](candor.Status(204)),
			"Status(204) is a response without a body, but its type is candor_test.ping; make that candor.None or choose another status",
		},
		"declared body with 304": {
			mistake[ping](candor.Responds[ping](304)),
			"Responds(304) is a response without a body, but its type is candor_test.ping; make that candor.None or choose another status",
		},
		"a file with 204": {
			mistake[candor.File](candor.Status(204)),
			"Status(204) is a response without a body, but its type is candor.File; make that candor.None or choose another status",
		},
		"a redirect with 200": {
			mistake[candor.Redirect](candor.Status(200)),
			"the status 200 is not a redirect, but the response is a candor.Redirect; choose one of 301, 302, 303, 307, 308",
		},
		"two media types": {
			mistake[candor.Text](candor.Produces("text/csv", "text/plain")),
			"Produces lists text/csv, text/plain, but nothing chooses among them; name one, or return an envelope with a field `header:\"Content-Type\"`",
		},
		"a range of media types": {
			mistake[[]byte](candor.Produces("image/*")),
			"image/* is not a media type that can be sent; name one, or return an envelope with a field `header:\"Content-Type\"`",
		},
		"a media type for nothing": {
			mistake[candor.None](candor.Produces("text/csv")),
			`Produces("text/csv"), but the response has no body; drop the option`,
		},
		"no media type": {
			mistake[candor.Text](candor.Produces("csv")),
			`Produces("csv"); write a media type such as "text/csv"`,
		},
		"JSON as something else": {
			mistake[ping](candor.Produces("text/csv")),
			"candor_test.ping is written as JSON, which text/csv is not; return []byte, candor.Text or candor.Reader, or name a media type that ends in +json",
		},
		"a pointer to a ready-made answer": {
			mistake[*candor.File](),
			"*candor.File: a pointer to a ready-made response; return candor.File by value",
		},
		"a cookie alone": {
			mistake[http.Cookie](),
			"http.Cookie: a cookie is part of a response, not a body; put it into an envelope, in a field with the tag `cookie:\"name\"`",
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) { assert.Equal(t, tt.want, registered(t, tt.register)) })
	}
}

// judgeTB is a testing.TB that only records failures.
type judgeTB struct {
	testing.TB
	errors []string
}

func (f *judgeTB) Helper()                      {}
func (f *judgeTB) Cleanup(func())               {}
func (f *judgeTB) Errorf(text string, a ...any) { f.errors = append(f.errors, fmt.Sprintf(text, a...)) }

func TestTheContractCoversHeaders(t *testing.T) {
	tests := map[string]struct {
		spoil func(http.Header)
		want  string
	}{
		"missing":      {func(h http.Header) { h.Del("X-Total") }, "GET / (get): the app and its document disagree about the header X-Total of status 200\n\tpromised: it is required\n\tcame:     no such header"},
		"wrong type":   {func(h http.Header) { h.Set("X-Total", "many") }, "the header X-Total of status 200\n\tpromised: got string, want integer\n\tcame:     [\"many\"]"},
		"out of range": {func(h http.Header) { h.Set("X-Total", "-1") }, "the header X-Total of status 200\n\tpromised: minimum: got -1, want 0"},
		"element":      {func(h http.Header) { h.Set("X-Tag", "1, x") }, "the header X-Tag of status 200.1\n\tpromised: got string, want integer"},
		"nothing":      {func(http.Header) {}, ""},
		"optional":     {func(h http.Header) { h.Del("X-Tag") }, ""},
	}
	type out struct {
		Total int   `header:"X-Total" validate:"gte=0"`
		Tags  []int `header:"X-Tag,csv"`
		Body  ping  `body:""`
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			app := candor.New(candor.Config{}, candor.Use(func(next http.Handler) http.Handler {
				return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
					next.ServeHTTP(spoiler{w, tt.spoil}, r)
				})
			}))
			candor.Get(app, "/", apptest.Returns(out{Total: 1, Tags: []int{1, 2}}))
			judge := &judgeTB{TB: t}
			candor.NewTestClient(judge, app).Get("/")
			if tt.want == "" {
				assert.Empty(t, judge.errors)
				return
			}
			require.Len(t, judge.errors, 1)
			assert.Contains(t, judge.errors[0], tt.want)
		})
	}
}

// spoiler modifies the header just before it is sent.
type spoiler struct {
	http.ResponseWriter
	spoil func(http.Header)
}

func (s spoiler) WriteHeader(status int) {
	s.spoil(s.Header())
	s.ResponseWriter.WriteHeader(status)
}

func TestAnErrorDiscardsTheResponse(t *testing.T) {
	app, _ := apptest.Quiet(candor.Config{})
	candor.Get(app, "/", func(context.Context, candor.None) (listed, error) {
		return listed{Total: 3}, errors.New("no")
	})
	got := candor.NewTestClient(t, app).Get("/").Status(500)
	assert.Empty(t, got.Header.Get("X-Total"))
}
