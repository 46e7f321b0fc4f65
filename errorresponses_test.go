package candor_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/candor-go/candor"
	"github.com/candor-go/candor/internal/apptest"
)

// errorResponse is an error response in a document.
type errorResponse struct {
	Description string         `json:"description"`
	Headers     map[string]any `json:"headers"`
	Content     map[string]struct {
		Schema   json.RawMessage `json:"schema"`
		Examples map[string]struct {
			Value json.RawMessage `json:"value"`
		} `json:"examples"`
	} `json:"content"`
}

// errorResponseOf returns the error response of POST /x/{id}, the app's only operation.
func errorResponseOf(t *testing.T, app *candor.App, status string) (r errorResponse, whole string) {
	t.Helper()
	var out strings.Builder
	require.NoError(t, app.WriteOpenAPI(&out))
	var doc struct {
		Paths map[string]map[string]struct {
			Responses map[string]errorResponse `json:"responses"`
		} `json:"paths"`
	}
	require.NoError(t, json.Unmarshal([]byte(out.String()), &doc))
	return doc.Paths["/x/{id}"]["post"].Responses[status], out.String()
}

type xInput struct {
	ID   int `path:"id"`
	Body struct {
		Name string `json:"name"`
	} `body:""`
}

func xHandler(context.Context, xInput) (candor.None, error) { return candor.None{}, nil }

func TestRaisesInTheDocument(t *testing.T) {
	type conflict struct {
		Code string `json:"code"`
	}
	tests := map[string]struct {
		raises   []*candor.HTTPError
		status   string
		want     string
		headers  []string
		examples []string
	}{
		"a text":         {[]*candor.HTTPError{candor.Error(404, "no such item")}, "404", "no such item", nil, []string{`{"detail":"no such item"}`}},
		"none":           {[]*candor.HTTPError{candor.Error(404, nil)}, "404", "Not Found", nil, []string{`{"detail":"Not Found"}`}},
		"a struct":       {[]*candor.HTTPError{candor.Error(409, conflict{"taken"})}, "409", "Conflict", nil, []string{`{"detail":{"code":"taken"}}`}},
		"a map":          {[]*candor.HTTPError{candor.Error(409, map[string]string{"code": "taken"})}, "409", "Conflict", nil, []string{`{"detail":{"code":"taken"}}`}},
		"a number":       {[]*candor.HTTPError{candor.Error(409, 0x2c)}, "409", "Conflict", nil, []string{`{"detail":44}`}},
		"several":        {[]*candor.HTTPError{candor.Error(409, "taken"), candor.Error(409, conflict{"x"}), candor.Error(409, "full")}, "409", "taken; full", nil, []string{`{"detail":"taken"}`, `{"detail":{"code":"x"}}`, `{"detail":"full"}`}},
		"a header":       {[]*candor.HTTPError{candor.Error(503, "busy").WithHeader("Retry-After", "60")}, "503", "busy", []string{"Retry-After"}, []string{`{"detail":"busy"}`}},
		"a bad header":   {[]*candor.HTTPError{candor.Error(503, "busy").WithHeader("X-A", "a\nb")}, "503", "busy", nil, []string{`{"detail":"busy"}`}},
		"two, one of it": {[]*candor.HTTPError{candor.Error(429, "slow").WithHeader("Retry-After", "1"), candor.Error(429, "slower").WithHeader("X-Wait", "1")}, "429", "slow; slower", []string{"Retry-After", "X-Wait"}, []string{`{"detail":"slow"}`, `{"detail":"slower"}`}},
	}
	for name, tc := range tests {
		places := map[string]func(app *candor.App){
			"route": func(app *candor.App) { candor.Post(app, "/x/{id}", xHandler, candor.Raises(tc.raises...)) },
			"router": func(app *candor.App) {
				r := candor.NewRouter("", candor.Raises(tc.raises...))
				candor.Post(r, "/x/{id}", xHandler)
				app.Include(r)
			},
			"guard": func(app *candor.App) {
				candor.Post(app, "/x/{id}", xHandler, candor.Require(func(context.Context, candor.None) error { return nil }, candor.Raises(tc.raises...)))
			},
		}
		for place, register := range places {
			t.Run(name+" of a "+place, func(t *testing.T) {
				app := candor.New(candor.Config{})
				register(app)
				r, _ := errorResponseOf(t, app, tc.status)
				assert.Equal(t, tc.want, r.Description)
				var headers, examples []string
				for header := range r.Headers {
					headers = append(headers, header)
				}
				for _, e := range r.Content["application/json"].Examples {
					examples = append(examples, string(e.Value))
				}
				assert.ElementsMatch(t, tc.headers, headers)
				assert.ElementsMatch(t, tc.examples, examples)
			})
		}
	}
}

func TestRaisesWithoutABody(t *testing.T) {
	type provided struct{}
	for _, status := range []int{100, 199, 200, 204, 205, 304, 600} {
		want := fmt.Sprintf("Raises(Error(%d)); an error has a status between 300 and 599, and a body; declare another response with Responds", status)
		err := candor.Error(status, "no")
		assert.Contains(t, apptest.PanicOf(func() { candor.Post(candor.New(candor.Config{}), "/", apptest.Fails(nil), candor.Raises(err)) }), want)
		assert.Contains(t, apptest.PanicOf(func() { candor.NewRouter("", candor.Raises(err)) }), want)
		assert.Contains(t, apptest.PanicOf(func() {
			candor.Provide(candor.New(candor.Config{}), func(context.Context, candor.None) (provided, error) { return provided{}, nil }, candor.Raises(err))
		}), want)
		assert.Contains(t, apptest.PanicOf(func() { candor.Documented(opaque, candor.Raises(err)) }), want)
	}
}

// Error responses that Candor writes itself have examples as they would be sent, with the fields of the operation and
// the media types of its body.
func TestExamplesOfOwnErrors(t *testing.T) {
	build := func(config candor.Config) *candor.App {
		app := candor.New(config)
		candor.Post(app, "/x/{id}", xHandler)
		return app
	}
	one := func(config candor.Config, status string) string {
		r, _ := errorResponseOf(t, build(config), status)
		for _, media := range r.Content {
			for _, name := range []string{"unprocessable_entity", "request_entity_too_large", "unsupported_media_type"} {
				if e, ok := media.Examples[name]; ok {
					return string(e.Value)
				}
			}
		}
		return ""
	}
	c := candor.NewTestClient(t, build(candor.Config{}))
	sent := c.Post("/x/x", "{}").Status(422).Text()
	assert.JSONEq(t, sent, one(candor.Config{}, "422"), "the one that is sent")
	assert.Contains(t, sent, `["path","id"]`)
	assert.Contains(t, sent, `["body","name"]`)
	assert.JSONEq(t, c.Do("POST", "/x/1", nil, candor.WithBody("text/plain", strings.NewReader("x"))).Status(415).Text(), one(candor.Config{}, "415"))
	assert.JSONEq(t, `{"detail":"the body is too large"}`, one(candor.Config{}, "413"))
	r, _ := errorResponseOf(t, build(candor.Config{}), "415")
	assert.Contains(t, r.Headers, "Accept")

	assert.Contains(t, one(candor.Config{ProblemDetails: true}, "422"), `"title":"Unprocessable Entity"`)
	assert.Contains(t, one(candor.Config{EchoInput: true}, "422"), `"input":"x"`)
	german := candor.Config{Message: func(_ *http.Request, f candor.Fault) string { return "so nicht: " + f.Type }}
	assert.Contains(t, one(german, "422"), "so nicht: int_parsing")
}

// The schema of a validation error has the member "input" only if the server sends it.
func TestInputInTheSchema(t *testing.T) {
	for _, problems := range []bool{false, true} {
		for _, echo := range []bool{false, true} {
			app := candor.New(candor.Config{EchoInput: echo, ProblemDetails: problems})
			candor.Post(app, "/x/{id}", xHandler)
			_, whole := errorResponseOf(t, app, "422")
			var doc struct {
				Components struct {
					Schemas map[string]struct {
						Required   []string                   `json:"required"`
						Properties map[string]json.RawMessage `json:"properties"`
					} `json:"schemas"`
				} `json:"components"`
			}
			require.NoError(t, json.Unmarshal([]byte(whole), &doc))
			name := "ValidationError"
			if problems {
				name = "Fault"
			}
			s := doc.Components.Schemas[name]
			assert.Equal(t, []string{"type", "loc", "msg"}, s.Required)
			assert.JSONEq(t, `{"type":"array","items":{"anyOf":[{"type":"string"},{"type":"integer"}]}}`, string(s.Properties["loc"]))
			assert.Equal(t, echo, s.Properties["input"] != nil, "echo %t, problems %t", echo, problems)
		}
	}
}

func TestRaisesTypeOfNothing(t *testing.T) {
	app := candor.New(candor.Config{})
	candor.OnError(app, speaks[quotaError](""))
	candor.Post(app, "/x/{id}", xHandler, candor.RaisesType[*stockError]())
	err := app.Check()
	require.Error(t, err)
	assert.Contains(t, err.Error(), "RaisesType[*candor_test.stockError], but no OnError of the route or its routers handles this error")
	assert.Contains(t, err.Error(), "errorresponses_test.go")
}

// Declared on a provider, a router or middleware, it applies to all routes below.
func TestRaisesTypeFromElsewhere(t *testing.T) {
	type stock struct{}
	places := map[string]func(app *candor.App){
		"router": func(app *candor.App) {
			r := candor.NewRouter("", candor.RaisesType[*stockError]())
			candor.Post(r, "/x/{id}", xHandler)
			app.Include(r)
		},
		"provider": func(app *candor.App) {
			candor.Provide(app, func(context.Context, candor.None) (stock, error) { return stock{}, nil }, candor.RaisesType[*stockError]())
			candor.Post(app, "/x/{id}", func(context.Context, struct {
				xInput
				Stock stock `dep:""`
			},
			) (candor.None, error) {
				return candor.None{}, nil
			})
		},
		"middleware": func(app *candor.App) {
			candor.Post(app, "/x/{id}", xHandler, candor.Use(candor.Documented(opaque, candor.RaisesType[*stockError]())))
		},
	}
	for place, register := range places {
		t.Run(place, func(t *testing.T) {
			app := candor.New(candor.Config{})
			candor.OnError(app, speaks[*stockError](""), candor.Status(409, "sold out"))
			register(app)
			r, _ := errorResponseOf(t, app, "409")
			assert.Equal(t, "sold out", r.Description)
		})
	}
}

func ExampleRaisesType() {
	app := candor.New(candor.Config{})
	candor.OnError(app, func(_ context.Context, err *stockError) (map[string]string, error) {
		return map[string]string{"code": "sold_out"}, nil
	}, candor.Status(409, "Sold out"))
	candor.Post(app, "/orders", apptest.Fails(nil), candor.RaisesType[*stockError]())
	candor.Get(app, "/orders", apptest.Fails(nil))

	say(app, "paths", "/orders", "post", "responses", "409", "description")
	say(app, "paths", "/orders", "get", "responses")
	// Output:
	// "Sold out"
	// {"204":{"description":"No Content"}}
}

// A 401 has a challenge (RFC 9110, section 15.5.2): the header is documented as required if all errors have one.
func TestChallengesOfRaisedErrors(t *testing.T) {
	challenged := candor.Error(401, "expired").WithHeader("WWW-Authenticate", "Token")
	for want, errs := range map[bool][]*candor.HTTPError{
		true:  {challenged, candor.Error(401, "unknown").WithHeader("WWW-Authenticate", "Token")},
		false: {challenged, candor.Error(401, "bare")},
	} {
		app := candor.New(candor.Config{})
		candor.Get(app, "/", func(context.Context, candor.None) (candor.None, error) { return candor.None{}, nil }, candor.Raises(errs...))
		required := apptest.Member([]byte(documentOf(t, app)), "paths", "/", "get", "responses", "401", "headers", "WWW-Authenticate", "required")
		assert.Equal(t, want, required == true, "%v", required)
	}
}
