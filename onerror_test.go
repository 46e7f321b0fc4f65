package candor_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/candor-go/candor"
	"github.com/candor-go/candor/internal/apptest"
)

// stockError is an application error that is handled by its pointer type.
type stockError struct{ Wanted, Left int }

func (e *stockError) Error() string { return fmt.Sprintf("wanted %d, %d left", e.Wanted, e.Left) }

// quotaError is handled by its value type.
type quotaError string

func (e quotaError) Error() string { return "over the quota of " + string(e) }

// retryable is an interface for errors.
type retryable interface {
	error
	RetryAfter() int
}

type slowError struct{ seconds int }

func (e slowError) Error() string   { return "slow" }
func (e slowError) RetryAfter() int { return e.seconds }

type said struct {
	Who string `json:"who"`
}

// speaks returns an error handler that responds with its name.
func speaks[E error](who string) func(context.Context, E) (said, error) {
	return func(context.Context, E) (said, error) { return said{who}, nil }
}

// passes returns an error handler that returns another error.
func passes[E error](as func(E) error) func(context.Context, E) (said, error) {
	return func(_ context.Context, err E) (said, error) { return said{}, as(err) }
}

func TestWhichErrorHandlerResponds(t *testing.T) {
	type handlers = func(r candor.Routes)
	tests := map[string]struct {
		app, router handlers
		err         error
		status      int
		body        string
	}{
		"a pointer": {
			func(r candor.Routes) { candor.OnError(r, speaks[*stockError]("stock"), candor.Status(409)) }, nil,
			&stockError{}, 409, `{"who":"stock"}`,
		},
		"wrapped": {
			func(r candor.Routes) { candor.OnError(r, speaks[*stockError]("stock"), candor.Status(409)) }, nil,
			fmt.Errorf("ordering: %w", &stockError{}), 409, `{"who":"stock"}`,
		},
		"joined": {
			func(r candor.Routes) { candor.OnError(r, speaks[*stockError]("stock"), candor.Status(409)) }, nil,
			errors.Join(io.EOF, &stockError{}), 409, `{"who":"stock"}`,
		},
		"a value": {
			func(r candor.Routes) { candor.OnError(r, speaks[quotaError]("quota"), candor.Status(429)) }, nil,
			quotaError("3"), 429, `{"who":"quota"}`,
		},
		"an interface": {
			func(r candor.Routes) { candor.OnError(r, speaks[retryable]("retry"), candor.Status(503)) }, nil,
			slowError{3},
			503, `{"who":"retry"}`,
		},
		"without a status it is the one of the error": {
			func(r candor.Routes) { candor.OnError(r, speaks[*stockError]("stock")) }, nil,
			fmt.Errorf("%w: %w", &stockError{}, candor.Error(409, "")), 409, `{"who":"stock"}`,
		},
		"or 500": {
			func(r candor.Routes) { candor.OnError(r, speaks[*stockError]("stock")) }, nil,
			&stockError{}, 500, `{"who":"stock"}`,
		},
		"or 422": {
			func(r candor.Routes) { candor.OnError(r, speaks[*candor.ValidationError]("invalid")) }, nil,
			&candor.ValidationError{}, 422, `{"who":"invalid"}`,
		},
		"the nearest router first": {
			func(r candor.Routes) { candor.OnError(r, speaks[*stockError]("app")) },
			func(r candor.Routes) { candor.OnError(r, speaks[*stockError]("router")) },
			&stockError{}, 500, `{"who":"router"}`,
		},
		"what the router does not take, the app does": {
			func(r candor.Routes) { candor.OnError(r, speaks[*stockError]("app")) },
			func(r candor.Routes) { candor.OnError(r, speaks[quotaError]("router")) },
			&stockError{}, 500, `{"who":"app"}`,
		},
		"a type before an interface": {
			func(r candor.Routes) {
				candor.OnError(r, speaks[slowError]("type"))
				candor.OnError(r, speaks[retryable]("interface"))
			}, nil,
			slowError{},
			500, `{"who":"type"}`,
		},
		"the nearer interface before the type": {
			func(r candor.Routes) { candor.OnError(r, speaks[slowError]("type")) },
			func(r candor.Routes) { candor.OnError(r, speaks[retryable]("interface")) },
			slowError{},
			500, `{"who":"interface"}`,
		},
		"of two types the one registered last": {
			func(r candor.Routes) {
				candor.OnError(r, speaks[*stockError]("first"))
				candor.OnError(r, speaks[quotaError]("last"))
			}, nil,
			fmt.Errorf("%w, %w", &stockError{}, quotaError("")), 500, `{"who":"last"}`,
		},
		"a status": {
			func(r candor.Routes) { candor.OnStatus(r, 404, speaks[*candor.HTTPError]("404")) }, nil,
			candor.Error(404, nil), 404, `{"who":"404"}`,
		},
		"a status that becomes another": {
			func(r candor.Routes) { candor.OnStatus(r, 404, speaks[*candor.HTTPError]("404"), candor.Status(410)) }, nil,
			candor.Error(404, nil), 410, `{"who":"404"}`,
		},
		"another status": {
			func(r candor.Routes) { candor.OnStatus(r, 404, speaks[*candor.HTTPError]("404")) }, nil,
			candor.Error(403, nil), 403, `{"detail":"Forbidden"}`,
		},
		"the nearer status": {
			func(r candor.Routes) { candor.OnStatus(r, 404, speaks[*candor.HTTPError]("app")) },
			func(r candor.Routes) { candor.OnStatus(r, 404, speaks[*candor.HTTPError]("router")) },
			candor.Error(404, nil), 404, `{"who":"router"}`,
		},
		"500 is every unknown error": {
			func(r candor.Routes) { candor.OnStatus(r, 500, speaks[*candor.HTTPError]("500")) }, nil,
			io.EOF, 500, `{"who":"500"}`,
		},
		"a type before a nearer status": {
			func(r candor.Routes) { candor.OnError(r, speaks[*stockError]("stock"), candor.Status(409)) },
			func(r candor.Routes) { candor.OnStatus(r, 500, speaks[*candor.HTTPError]("500")) },
			&stockError{}, 409, `{"who":"stock"}`,
		},
		"a status before all HTTP errors": {
			func(r candor.Routes) { candor.OnStatus(r, 404, speaks[*candor.HTTPError]("404")) },
			func(r candor.Routes) { candor.OnError(r, speaks[*candor.HTTPError]("http")) },
			candor.Error(404, nil), 404, `{"who":"404"}`,
		},
		"all HTTP errors": {
			func(r candor.Routes) { candor.OnError(r, speaks[*candor.HTTPError]("http")) }, nil,
			candor.Error(451, nil), 451, `{"who":"http"}`,
		},
		"an unknown error is no HTTP error": {
			func(r candor.Routes) { candor.OnError(r, speaks[*candor.HTTPError]("http")) }, nil,
			io.EOF, 500, `{"detail":"Internal Server Error"}`,
		},
		"all HTTP errors before all errors": {
			func(r candor.Routes) {
				candor.OnError(r, speaks[*candor.HTTPError]("http"))
				candor.OnError(r, speaks[error]("any"))
			}, nil,
			candor.Error(404, nil), 404, `{"who":"http"}`,
		},
		"every error": {
			func(r candor.Routes) { candor.OnError(r, speaks[error]("any")) }, nil,
			io.EOF, 500, `{"who":"any"}`,
		},
		"an error of the handler goes on": {
			func(r candor.Routes) {
				candor.OnError(r, passes(func(*stockError) error { return candor.Error(409, "sold out") }), candor.Status(418))
			}, nil,
			&stockError{}, 409, `{"detail":"sold out"}`,
		},
		"to the app": {
			func(r candor.Routes) { candor.OnError(r, speaks[*stockError]("app")) },
			func(r candor.Routes) { candor.OnError(r, passes(func(err *stockError) error { return err })) },
			&stockError{}, 500, `{"who":"app"}`,
		},
		"to the status": {
			func(r candor.Routes) { candor.OnStatus(r, 409, speaks[*candor.HTTPError]("409")) },
			func(r candor.Routes) {
				candor.OnError(r, passes(func(*stockError) error { return candor.Error(409, nil) }))
			},
			&stockError{}, 409, `{"who":"409"}`,
		},
		"never back": {
			func(r candor.Routes) {
				candor.OnError(r, passes(func(*stockError) error { return quotaError("") }))
				candor.OnError(r, passes(func(quotaError) error { return &stockError{} }))
			}, nil,
			quotaError(""), 500, `{"detail":"Internal Server Error"}`,
		},
		"its own error given back": {
			func(r candor.Routes) {
				candor.OnStatus(r, 422, passes(func(err *candor.HTTPError) error { return err }))
			}, nil,
			&candor.ValidationError{Faults: []candor.Fault{{Type: "missing", Loc: []any{"body", "a"}}}},
			422, `{"detail":[{"type":"missing","loc":["body","a"],"msg":"Field required"}]}`,
		},
		"refined": {
			func(r candor.Routes) {
				candor.OnStatus(r, 422, passes(func(err *candor.HTTPError) error { return err.With("no") }))
			}, nil,
			&candor.ValidationError{}, 422, `{"detail":"no"}`,
		},
		"a panic of the handler": {
			func(r candor.Routes) {
				candor.OnError(r, func(context.Context, *stockError) (said, error) { panic("boom") })
				candor.OnStatus(r, 500, speaks[*candor.HTTPError]("500"))
			}, nil,
			&stockError{}, 500, `{"who":"500"}`,
		},
		"text": {
			func(r candor.Routes) {
				candor.OnStatus(r, 404, func(context.Context, *candor.HTTPError) (candor.Text, error) { return "nothing here", nil })
			}, nil,
			candor.Error(404, nil), 404, `nothing here`,
		},
		"nothing": {
			func(r candor.Routes) {
				candor.OnStatus(r, 404, func(context.Context, *candor.HTTPError) (candor.None, error) { return candor.None{}, nil })
			}, nil,
			candor.Error(404, nil), 404, ``,
		},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			config, _ := recorded()
			app, router := candor.New(config), candor.NewRouter("/r")
			candor.Get(router, "/e", apptest.Fails(tc.err))
			app.Include(router)
			tc.app(app)
			if tc.router != nil {
				tc.router(router)
			}

			got := candor.NewTestClient(t, app, candor.Unchecked()).Get("/r/e")

			assert.Equal(t, tc.status, got.Code)
			assert.Equal(t, tc.body, got.Text())
		})
	}
}

// chosenAnswer is an envelope that sets the status, a header and the body.
type chosenAnswer struct {
	Status int    `status:"409,503"`
	Retry  string `header:"Retry-After,omitempty"`
	Body   said   `body:""`
}

func TestErrorHandlersSeeAndSayEverything(t *testing.T) {
	config, log := recorded()
	app := candor.New(config)
	cause := errors.New("disk full")
	candor.OnStatus(app, 500, func(_ context.Context, err *candor.HTTPError) (said, error) {
		return said{fmt.Sprintln(err.Detail(), errors.Is(err, cause))}, nil
	})
	candor.OnStatus(app, 405, func(_ context.Context, err *candor.HTTPError) (said, error) {
		return said{err.Header().Get("Allow")}, nil
	})
	candor.OnStatus(app, 404, func(ctx context.Context, err *candor.HTTPError) (said, error) { return said{"nowhere"}, ctx.Err() })
	candor.OnStatus(app, 422, func(_ context.Context, err *candor.HTTPError) (said, error) {
		var invalid *candor.ValidationError
		return said{fmt.Sprintln(errors.As(err, &invalid), string(invalid.Body), invalid.Faults[0].Msg)}, nil
	})
	candor.OnError(app, func(_ context.Context, err slowError) (chosenAnswer, error) {
		return chosenAnswer{503, fmt.Sprint(err.seconds), said{"slow"}}, nil
	})
	candor.Get(app, "/unknown", apptest.Fails(cause))
	candor.Get(app, "/panic", panicking("boom"))
	candor.Get(app, "/slow", apptest.Fails(slowError{3}), candor.RaisesType[slowError]())
	candor.Post(app, "/body", func(context.Context, struct {
		Body said `body:""`
	},
	) (candor.None, error) {
		return candor.None{}, nil
	})
	c := candor.NewTestClient(t, app)

	assert.JSONEq(t, `{"who":"Internal Server Error true\n"}`, c.Get("/unknown").Status(500).Text())
	assert.Equal(t, []string{"ERROR request failed method=GET route=/unknown error=disk full"}, log.take())
	assert.JSONEq(t, `{"who":"Internal Server Error false\n"}`, c.Get("/panic").Status(500).Text())
	assert.Len(t, log.take(), 1)
	assert.JSONEq(t, `{"who":"nowhere"}`, c.Get("/nothing").Status(404).Text())
	wrongMethod := c.Get("/body").Status(405)
	assert.JSONEq(t, `{"who":"OPTIONS, POST"}`, wrongMethod.Text())
	assert.Equal(t, "OPTIONS, POST", wrongMethod.Header.Get("Allow"), "the header of the error is sent too")
	assert.JSONEq(t, `{"who":"true {} Field required\n"}`, c.Post("/body", "{}").Status(422).Text())
	slow := c.Get("/slow").Status(503)
	assert.JSONEq(t, `{"who":"slow"}`, slow.Text())
	assert.Equal(t, "3", slow.Header.Get("Retry-After"))
	assert.Empty(t, log.take(), "what is mapped is not logged")
}

func TestEveryErrorHandlerIsLogged(t *testing.T) {
	config, log := recorded()
	app := candor.New(config)
	candor.OnError(app, speaks[error]("any"), candor.Status(503))
	candor.Get(app, "/panic", panicking("boom"))
	candor.Get(app, "/known", apptest.Fails(candor.Error(404, nil)), candor.Raises(candor.Error(404, nil)))
	c := candor.NewTestClient(t, app)

	c.Get("/panic").Status(503)
	assert.Equal(t, []string{"ERROR request failed method=GET route=/panic error=panic: boom stack=true"}, log.take())
	c.Get("/known").Status(503)
	assert.Empty(t, log.take())
}

func TestErrorHandlersOfSharedRouters(t *testing.T) {
	shared, one, other := candor.NewRouter(""), candor.NewRouter("/one"), candor.NewRouter("/other")
	candor.Get(shared, "/e", apptest.Fails(&stockError{}))
	one.Include(shared)
	other.Include(shared)
	candor.OnError(one, speaks[*stockError]("one"))
	candor.OnError(other, speaks[*stockError]("other"))
	app := candor.New(candor.Config{})
	app.Include(one)
	app.Include(other)
	c := candor.NewTestClient(t, app)

	assert.JSONEq(t, `{"who":"one"}`, c.Get("/one/e").Status(500).Text())
	assert.JSONEq(t, `{"who":"other"}`, c.Get("/other/e").Status(500).Text())
}

func TestErrorHandlersOfMountedApps(t *testing.T) {
	outer, inner := candor.New(candor.Config{}), candor.New(candor.Config{})
	candor.OnStatus(outer, 404, speaks[*candor.HTTPError]("outer"))
	candor.OnStatus(inner, 404, speaks[*candor.HTTPError]("inner"))
	candor.HandleHTTP(inner, []string{"GET"}, "/plain", http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		candor.WriteError(w, r, candor.Error(404, nil))
	}))
	outer.Mount("/in", inner)
	outer.Mount("/plain", http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		candor.WriteError(w, r, candor.Error(404, nil))
	}))
	c := candor.NewTestClient(t, outer)

	assert.JSONEq(t, `{"who":"outer"}`, c.Get("/nowhere").Status(404).Text())
	assert.JSONEq(t, `{"who":"inner"}`, c.Get("/in/nowhere").Status(404).Text())
	assert.JSONEq(t, `{"who":"inner"}`, c.Get("/in/plain").Status(404).Text())
	assert.JSONEq(t, `{"who":"outer"}`, c.Get("/plain/x").Status(404).Text())
}

// readDocument decodes the document of an app.
func readDocument(t *testing.T, app *candor.App) map[string]any {
	t.Helper()
	var b strings.Builder
	require.NoError(t, app.WriteOpenAPI(&b))
	var doc map[string]any
	require.NoError(t, json.Unmarshal([]byte(b.String()), &doc))
	return doc
}

// responsesOf describes the error responses of an operation, one line per status.
func responsesOf(t *testing.T, app *candor.App, path, method string) map[string]string {
	t.Helper()
	op := readDocument(t, app)["paths"].(map[string]any)[path].(map[string]any)[method].(map[string]any)
	found := map[string]string{}
	for status, r := range op["responses"].(map[string]any) {
		line := r.(map[string]any)["description"].(string)
		content, _ := r.(map[string]any)["content"].(map[string]any)
		for media, m := range content {
			s, err := json.Marshal(m.(map[string]any)["schema"])
			require.NoError(t, err)
			line += " " + media + " " + strings.ReplaceAll(string(s), "#/components/schemas/", "")
		}
		found[status] = line
	}
	return found
}

func TestErrorHandlersAreDocumented(t *testing.T) {
	type input = struct {
		Body said `body:""`
	}
	const (
		ok       = "No Content"
		tooLarge = `The body is too large application/json {"$ref":"HTTPError"}`
		media    = `The media type or the encoding of the body is not supported application/json {"$ref":"HTTPError"}`
		invalid  = `Unprocessable request: validation errors application/json {"$ref":"HTTPValidationError"}`
		missing  = `item not found application/json {"$ref":"HTTPError"}`
	)
	type all = map[string]string
	tests := map[string]struct {
		register func(app *candor.App)
		want     all
		// raises are the route's options that declare errors of the user's types.
		raises []candor.RouteOption
	}{
		"none": {
			func(*candor.App) {},
			all{"204": ok, "404": missing, "413": tooLarge, "415": media, "422": invalid},
			nil,
		},
		"a type adds its status": {
			func(app *candor.App) { candor.OnError(app, speaks[*stockError](""), candor.Status(418, "sold out")) },
			all{"204": ok, "404": missing, "413": tooLarge, "415": media, "422": invalid, "418": `sold out application/json {"$ref":"said"}`},
			[]candor.RouteOption{candor.RaisesType[*stockError]()},
		},
		"a type without a status is a 500": {
			func(app *candor.App) { candor.OnError(app, speaks[*stockError]("")) },
			all{"204": ok, "404": missing, "413": tooLarge, "415": media, "422": invalid, "500": `Internal Server Error application/json {"$ref":"said"}`},
			[]candor.RouteOption{candor.RaisesType[*stockError]()},
		},
		"two types of one status": {
			func(app *candor.App) {
				candor.OnError(app, speaks[*stockError](""), candor.Status(404, "sold out"))
				candor.OnError(app, speaks[quotaError](""), candor.Status(404, "sold out"))
			},
			all{"204": ok, "404": `item not found; sold out application/json {"anyOf":[{"$ref":"HTTPError"},{"$ref":"said"}]}`, "413": tooLarge, "415": media, "422": invalid},
			[]candor.RouteOption{candor.RaisesType[*stockError](), candor.RaisesType[quotaError]()},
		},
		"the nearer of one type": {
			func(app *candor.App) { candor.OnError(app, speaks[retryable](""), candor.Status(503)) },
			all{"204": ok, "404": missing, "413": tooLarge, "415": media, "422": invalid, "503": `Service Unavailable application/json {"$ref":"said"}`},
			[]candor.RouteOption{candor.RaisesType[retryable]()},
		},
		"a type that nothing is said to end with": {
			func(app *candor.App) { candor.OnError(app, speaks[*stockError](""), candor.Status(418, "sold out")) },
			all{"204": ok, "404": missing, "413": tooLarge, "415": media, "422": invalid},
			nil,
		},
		"422 by its type": {
			func(app *candor.App) { candor.OnError(app, candor.DottedFaults) },
			all{"204": ok, "404": missing, "413": tooLarge, "415": media, "422": `Unprocessable request: validation errors application/json {"$ref":"FieldErrors"}`},
			nil,
		},
		"422 by its type becomes 400": {
			func(app *candor.App) { candor.OnError(app, candor.DottedFaults, candor.Status(400)) },
			all{"204": ok, "404": missing, "413": tooLarge, "415": media, "400": `Unprocessable request: validation errors application/json {"$ref":"FieldErrors"}`},
			nil,
		},
		"422 by its status": {
			func(app *candor.App) { candor.OnStatus(app, 422, speaks[*candor.HTTPError]("")) },
			all{"204": ok, "404": missing, "413": tooLarge, "415": media, "422": `Unprocessable request: validation errors application/json {"$ref":"said"}`},
			nil,
		},
		"a status that is declared": {
			func(app *candor.App) { candor.OnStatus(app, 404, speaks[*candor.HTTPError]("")) },
			all{"204": ok, "404": `item not found application/json {"$ref":"said"}`, "413": tooLarge, "415": media, "422": invalid},
			nil,
		},
		"a status that is not, and 500": {
			func(app *candor.App) {
				candor.OnStatus(app, 409, speaks[*candor.HTTPError](""))
				candor.OnStatus(app, 500, speaks[*candor.HTTPError](""))
			},
			all{"204": ok, "404": missing, "413": tooLarge, "415": media, "422": invalid},
			nil,
		},
		"500 becomes another": {
			func(app *candor.App) { candor.OnStatus(app, 500, speaks[*candor.HTTPError](""), candor.Status(503)) },
			all{"204": ok, "404": missing, "413": tooLarge, "415": media, "422": invalid, "503": `Service Unavailable application/json {"$ref":"said"}`},
			nil,
		},
		"all HTTP errors": {
			func(app *candor.App) { candor.OnError(app, speaks[*candor.HTTPError]("")) },
			all{
				"204": ok, "404": `item not found application/json {"$ref":"said"}`, "413": `The body is too large application/json {"$ref":"said"}`,
				"415": `The media type or the encoding of the body is not supported application/json {"$ref":"said"}`, "422": invalid,
			},
			nil,
		},
		"what the handler raises goes on": {
			func(app *candor.App) {
				candor.OnError(app, speaks[*stockError](""), candor.Status(418), candor.Raises(candor.Error(409, "taken")))
				candor.OnStatus(app, 409, speaks[*candor.HTTPError](""))
			},
			all{
				"204": ok, "404": missing, "413": tooLarge, "415": media, "422": invalid, "418": `I'm a teapot application/json {"$ref":"said"}`,
				"409": `taken application/json {"$ref":"said"}`,
			},
			[]candor.RouteOption{candor.RaisesType[*stockError]()},
		},
		"an answer that chooses its status": {
			func(app *candor.App) {
				candor.OnStatus(app, 404, func(context.Context, *candor.HTTPError) (chosenAnswer, error) { return chosenAnswer{}, nil })
			},
			all{
				"204": ok, "413": tooLarge, "415": media, "422": invalid,
				"409": `item not found application/json {"$ref":"said"}`, "503": `item not found application/json {"$ref":"said"}`,
			},
			nil,
		},
		"what the handler raises": {
			func(app *candor.App) {
				candor.OnError(app, speaks[*stockError](""), candor.Status(418), candor.Raises(candor.Error(409, "taken")), candor.Responds[candor.Text](410))
			},
			all{
				"204": ok, "404": missing, "413": tooLarge, "415": media, "422": invalid, "418": `I'm a teapot application/json {"$ref":"said"}`,
				"409": `taken application/json {"$ref":"HTTPError"}`, "410": `Gone text/plain {"type":"string"}`,
			},
			[]candor.RouteOption{candor.RaisesType[*stockError]()},
		},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			app := candor.New(candor.Config{})
			candor.Post(app, "/items", func(context.Context, input) (candor.None, error) { return candor.None{}, nil },
				append(tc.raises, candor.Raises(candor.Error(404, "item not found")))...)
			tc.register(app)

			assert.Equal(t, tc.want, responsesOf(t, app, "/items", "post"))
		})
	}
}

func TestWrongErrorHandlers(t *testing.T) {
	app := candor.New(candor.Config{})
	candor.OnError(app, speaks[*stockError](""))
	candor.OnStatus(app, 404, speaks[*candor.HTTPError](""))
	const again = `the router has one already, registered at .*onerror_test\.go:\d+; drop one of them`
	tests := map[string]struct {
		register func()
		want     string
	}{
		"a nil function": {
			func() { candor.OnStatus[said](app, 403, nil) },
			`^candor: OnStatus\(403\) at .*onerror_test\.go:\d+: the handler is nil; pass a function$`,
		},
		"the same type": {
			func() { candor.OnError(app, speaks[*stockError]("")) },
			`^candor: OnError\[\*candor_test\.stockError\] at .*onerror_test\.go:\d+: ` + again + `$`,
		},
		"the same status": {
			func() { candor.OnStatus(app, 404, speaks[*candor.HTTPError]("")) },
			`^candor: OnStatus\(404\) at .*onerror_test\.go:\d+: ` + again + `$`,
		},
		"no status of an error": {
			func() { candor.OnStatus(app, 200, speaks[*candor.HTTPError]("")) },
			`an error has a status between 300 and 599$`,
		},
		"an option of routes": {
			func() { candor.OnStatus(app, 400, speaks[*candor.HTTPError](""), candor.Tags("x")) },
			`only Status, Produces, Responds and Raises have an effect on the response to an error; drop the others$`,
		},
		"a wrong option": {
			func() { candor.OnStatus(app, 400, speaks[*candor.HTTPError](""), candor.Status(99)) },
			`Status\(99\)`,
		},
		"an answer that cannot be written": {
			func() {
				candor.OnStatus(app, 400, func(context.Context, *candor.HTTPError) (chan int, error) { return nil, nil })
			},
			`chan int`,
		},
		"a body where none may be": {
			func() { candor.OnStatus(app, 304, speaks[*candor.HTTPError]("")) },
			`Status\(304\) is a response without a body`,
		},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			defer func() { assert.Regexp(t, tc.want, fmt.Sprint(recover())) }()
			tc.register()
		})
	}
	app.Seal()
	assert.PanicsWithError(t, "", func() {
		defer func() {
			assert.Contains(t, fmt.Sprint(recover()), "the app already serves")
			panic(errors.New(""))
		}()
		candor.OnStatus(app, 403, speaks[*candor.HTTPError](""))
	})
}

func ExampleOnError() {
	type soldOut struct {
		Wanted int `json:"wanted"`
		Left   int `json:"left"`
	}
	app := candor.New(candor.Config{})
	candor.OnError(app, func(_ context.Context, err *stockError) (soldOut, error) {
		return soldOut{Wanted: err.Wanted, Left: err.Left}, nil
	}, candor.Status(409))
	candor.Post(app, "/orders", func(context.Context, candor.None) (candor.None, error) {
		return candor.None{}, fmt.Errorf("ordering: %w", &stockError{Wanted: 3, Left: 1})
	})

	show(app, "POST", "/orders", "")
	// Output: 409 {"wanted":3,"left":1}
}

func ExampleOnStatus() {
	app := candor.New(candor.Config{})
	candor.OnStatus(app, 404, func(_ context.Context, err *candor.HTTPError) (candor.Text, error) {
		return candor.Text(fmt.Sprintf("Sorry: %v.", err.Detail())), nil
	})

	show(app, "GET", "/nowhere", "")
	// Output: 404 Sorry: Not Found.
}

func ExampleDottedFaults() {
	app := candor.New(candor.Config{})
	candor.OnError(app, candor.DottedFaults)
	candor.Post(app, "/orders", func(context.Context, struct {
		Lines []struct {
			Qty int `json:"qty" validate:"gte=1"`
		} `body:"lines"`
	},
	) (candor.None, error) {
		return candor.None{}, nil
	})

	show(app, "POST", "/orders", `{"lines":[{"qty":1},{"qty":0},{}]}`)
	// Output: 422 {"detail":[{"field":"body.lines.1.qty","message":"Must be greater than or equal to 1"},{"field":"body.lines.2.qty","message":"Field required"}]}
}

// The response to an error cannot be a stream.
func TestErrorsAreNoStreams(t *testing.T) {
	app := candor.New(candor.Config{})
	for name, register := range map[string]func(){
		"lines": func() {
			candor.OnStatus(app, 404, func(context.Context, *candor.HTTPError) (candor.JSONLines[int], error) { return nil, nil })
		},
		"events": func() {
			candor.OnError(app, func(context.Context, *candor.ValidationError) (candor.Events[int], error) { return nil, nil })
		},
	} {
		assert.Contains(t, apptest.PanicOf(register), "the response to an error cannot be a stream", name)
	}
}
