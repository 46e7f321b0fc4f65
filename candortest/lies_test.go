package candortest_test

import (
	"context"
	"io"
	"log/slog"
	"net/http"
	"strings"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/candor-go/candor"
	"github.com/candor-go/candor/candortest"
)

type closedPair struct {
	candor.Strict
	A int    `json:"a"`
	B string `json:"b,omitempty"`
}

type article struct {
	Title  string     `json:"title" validate:"min=2,max=8"`
	Rating int        `json:"rating" validate:"gte=1,lte=5"`
	State  string     `json:"state" validate:"oneof=draft done"`
	Code   string     `json:"code" pattern:"^[A-Z]{3}$"`
	Note   *string    `json:"note"`
	Tags   []string   `json:"tags,omitempty" validate:"max=3,unique"`
	Shared closedPair `json:"shared"`
}

var errGone = candor.Error(410, "gone")

// honest is a small app whose document the tests modify.
func honest(edit func(*openapi3.T)) *candor.App {
	app := candor.New(candor.Config{EditDocument: edit, Logger: slog.New(slog.NewTextHandler(io.Discard, nil))})
	candor.Post(app, "/articles", func(_ context.Context, in struct {
		Page  int     `query:"page" validate:"gte=1,lte=100"`
		Sort  string  `query:"sort,omitempty" validate:"oneof=up down"`
		Trace string  `header:"X-Trace,omitempty" validate:"max=4"`
		Body  article `body:""`
	},
	) (article, error) {
		return in.Body, nil
	}, candor.OperationID("create"), candor.Status(201))
	candor.Get(app, "/articles/{id}", func(_ context.Context, in struct {
		ID int `path:"id" validate:"gte=1"`
	},
	) (article, error) {
		if in.ID > 1 {
			return article{}, errGone
		}
		note := "n"
		return article{Title: "abc", Rating: 3, State: "done", Code: "ABC", Note: &note}, nil
	}, candor.OperationID("read"), candor.Raises(errGone))
	candor.Get(app, "/mine", func(_ context.Context, in struct{ Token *candor.Bearer }) (candor.None, error) {
		return candor.None{}, nil
	}, candor.OperationID("mine"))
	return app
}

func TestAnHonestAppConforms(t *testing.T) {
	t.Parallel()
	candortest.Conform(t, honest(nil))
}

// model, member and create return the parts of the document that the tests modify.
func model(doc *openapi3.T) *openapi3.Schema { return doc.Components.Schemas["article"].Value }

func member(doc *openapi3.T, name string) *openapi3.Schema { return model(doc).Properties[name].Value }

func create(doc *openapi3.T) *openapi3.Operation { return doc.Paths.Value("/articles").Post }

func query(doc *openapi3.T, name string) *openapi3.Parameter {
	return create(doc).Parameters.GetByInAndName("query", name)
}

// Every wrong statement of the document is reported.
func TestLiesOfTheDocument(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		name string
		lie  func(doc *openapi3.T)
		want string
	}{
		{"a longest length dropped", func(d *openapi3.T) { member(d, "title").MaxLength = nil }, "the document allows this request, the app responded with 422"},
		{"a shortest length dropped", func(d *openapi3.T) { member(d, "title").MinLength = 0 }, "the document allows this request, the app responded with 422"},
		{"a longest length invented", func(d *openapi3.T) { member(d, "title").MaxLength = new(uint64(5)) }, "title maxLength: the document refuses this request, the app responded with 201"},
		{"a bound dropped", func(d *openapi3.T) { member(d, "rating").Max = nil }, "the document allows this request, the app responded with 422"},
		{"a bound off by one", func(d *openapi3.T) { member(d, "rating").Max = new(6.0) }, "the document allows this request, the app responded with 422"},
		{"a bound too tight", func(d *openapi3.T) { member(d, "rating").Min = new(2.0) }, "rating minimum: the document refuses this request, the app responded with 201"},
		{"a bound that is exclusive", func(d *openapi3.T) { m := member(d, "rating"); m.Min, m.ExclusiveMin.Value = nil, new(1.0) }, "rating minimum: the document refuses this"},
		{"a value of an enum dropped", func(d *openapi3.T) { member(d, "state").Enum = []any{"draft"} }, "the body of status 20"},
		{"a value of an enum invented", func(d *openapi3.T) { member(d, "state").Enum = []any{"draft", "done", "new"} }, "the document allows this request, the app responded with 422"},
		{"an enum dropped", func(d *openapi3.T) { member(d, "state").Enum = nil }, "the document allows this request, the app responded with 422"},
		{"a pattern dropped", func(d *openapi3.T) { member(d, "code").Pattern = "" }, "the document allows this request, the app responded with 422"},
		{"a pattern invented", func(d *openapi3.T) { member(d, "title").Pattern = "^[a-z]*$" }, "title pattern: the document refuses this request, the app responded with 201"},
		{"a type that is another", func(d *openapi3.T) { member(d, "rating").Type = &openapi3.Types{"string"} }, "the document allows this request, the app responded with 422"},
		{"null where it is refused", func(d *openapi3.T) { member(d, "title").Type = &openapi3.Types{"string", "null"} }, "the document allows this request, the app responded with 422"},
		{"no null where it is allowed", func(d *openapi3.T) { member(d, "note").Type = &openapi3.Types{"string"} }, "note type: the document refuses this request, the app responded with 201"},
		{"a member required that is not", func(d *openapi3.T) { model(d).Required = append(model(d).Required, "tags") }, "required tags: the document refuses this request, the app responded with 201"},
		{"a member not required that is", func(d *openapi3.T) { model(d).Required = model(d).Required[1:] }, "the document allows this request, the app responded with 422"},
		{"a field renamed", func(d *openapi3.T) {
			m := model(d)
			m.Properties["headline"] = m.Properties["title"]
			delete(m.Properties, "title")
			m.Required[0] = "headline"
		}, "the document allows this request, the app responded with 422"},
		{"unknown members that are refused", func(d *openapi3.T) {
			d.Components.Schemas["closedPair"].Value.AdditionalProperties = openapi3.AdditionalProperties{}
		}, "the document allows this request, the app responded with 422"},
		{"unknown members that are not", func(d *openapi3.T) { model(d).AdditionalProperties = openapi3.AdditionalProperties{Has: new(bool)} }, "additionalProperties: the document refuses this request, the app responded with 201"},
		{"the size of a list dropped", func(d *openapi3.T) { member(d, "tags").MaxItems = nil }, "the document allows this request, the app responded with 422"},
		{"a list that is no set", func(d *openapi3.T) { member(d, "tags").UniqueItems = false }, "the document allows this request, the app responded with 422"},
		{"a parameter renamed", func(d *openapi3.T) { query(d, "page").Name = "p" }, "the document allows this request, the app responded with 422"},
		{"a parameter left out", func(d *openapi3.T) { create(d).Parameters = create(d).Parameters[1:] }, "the document allows this request, the app responded with 422"},
		{"a parameter not required that is", func(d *openapi3.T) { query(d, "page").Required = false }, "the document allows this request, the app responded with 422"},
		{"a parameter required that is not", func(d *openapi3.T) { query(d, "sort").Required = true }, "a missing parameter: query sort: the document refuses this request, the app responded with 201"},
		{"a parameter's bound dropped", func(d *openapi3.T) { query(d, "page").Schema.Value.Max = nil }, "the document allows this request, the app responded with 422"},
		{"a header's rule dropped", func(d *openapi3.T) {
			create(d).Parameters.GetByInAndName("header", "X-Trace").Schema.Value.MaxLength = nil
		}, "the document allows this request, the app responded with 422"},
		{"a status undeclared", func(d *openapi3.T) { d.Paths.Value("/articles/{id}").Get.Responses.Delete("410") }, "the status 410 is not declared; declared are 200, 422"},
		{"422 undeclared", func(d *openapi3.T) { create(d).Responses.Delete("422") }, "the status 422 is not declared"},
		{"another status", func(d *openapi3.T) { r := create(d).Responses; r.Set("200", r.Value("201")); r.Delete("201") }, "the status 201 is not declared"},
		{"another media type of an answer", func(d *openapi3.T) {
			r := create(d).Responses.Value("201").Value
			r.Content["text/csv"] = r.Content["application/json"]
			delete(r.Content, "application/json")
		}, `the document has no media type "application/json"`},
		{"a media type that is refused", func(d *openapi3.T) {
			c := create(d).RequestBody.Value.Content
			c["text/plain"] = c["application/json"]
			delete(c, "application/json")
		}, "the document allows this request, the app responded with 415"},
		{"a body that is not required", func(d *openapi3.T) { create(d).RequestBody.Value.Required = false }, "the document allows this request, the app responded with 422"},
		{"a header nobody sends", func(d *openapi3.T) {
			create(d).Responses.Value("201").Value.Headers = openapi3.Headers{"X-Total": {Value: &openapi3.Header{Parameter: openapi3.Parameter{Required: true, Schema: openapi3.NewSchemaRef("", openapi3.NewIntegerSchema())}}}}
		}, "promises the header X-Total, which is missing"},
		{"a method that is undocumented", func(d *openapi3.T) { p := d.Paths.Value("/articles"); p.Put, p.Post = p.Post, nil }, "the document allows this request, the app responded with 405"},
		{"a method that is there all the same", func(d *openapi3.T) { p := d.Paths.Value("/articles/{id}"); p.Delete, p.Get = p.Get, nil }, "another method: GET: the document has no such method, the app responded"},
		{"security that is not asked for", func(d *openapi3.T) {
			d.Paths.Value("/mine").Get.Security = &openapi3.SecurityRequirements{{"HTTPBearer": {}}}
		}, "without them the status was 204, not 401"},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			got := record(func(tb *recordingTB) { candortest.Conform(tb, honest(row.lie)) })
			require.NotEmpty(t, got, "the lie was not found")
			assert.Contains(t, strings.Join(got, "\n"), row.want)
		})
	}
}

// respondWith is a plain handler with a fixed response.
func respondWith(status int, body string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(status)
		_, _ = io.WriteString(w, body)
	}
}

type small struct {
	N    int     `json:"n" validate:"lte=3"`
	Text *string `json:"text,omitempty"`
}

// A handler that does not do what it declares is reported.
func TestLiesOfTheApp(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		name    string
		handler http.HandlerFunc
		want    string
	}{
		{"the truth", respondWith(200, `{"n":1,"text":null}`), ""},
		{"a member missing", respondWith(200, `{}`), "breaks its schema"},
		{"a member renamed", respondWith(200, `{"m":1}`), "breaks its schema"},
		{"null", respondWith(200, `{"n":null}`), "breaks its schema"},
		{"a broken rule", respondWith(200, `{"n":4}`), "breaks its schema"},
		{"no JSON", respondWith(200, `{"n":`), "is no JSON"},
		{"another status", respondWith(202, `{"n":1}`), "the status 202 is not declared; declared are 200"},
		{"a failure", respondWith(500, `{}`), "the status 500 is not declared"},
		{"an error nobody declared", respondWith(404, `{"detail":"no"}`), "the status 404 is not declared"},
		{"a panic", func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }, "the response was aborted"},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			app := candor.New(candor.Config{Logger: slog.New(slog.NewTextHandler(io.Discard, nil))})
			candor.HandleHTTP(app, []string{"GET"}, "/it", row.handler, candor.Responds[small](200), candor.OperationID("it"))
			got := record(func(tb *recordingTB) { candortest.Conform(tb, app) })
			if row.want == "" {
				assert.Empty(t, got)
				return
			}
			require.Len(t, got, 1)
			assert.Contains(t, got[0], row.want)
			assert.Contains(t, got[0], "GET /it")
			assert.Contains(t, got[0], "-rapid.seed=")
		})
	}
}
