package candortest_test

import (
	"context"
	"io"
	"log/slog"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/candor-go/candor"
	"github.com/candor-go/candor/candortest"
)

type (
	plan struct {
		candor.OneOf `json:"kind"`
		Trip         *trip `case:"trip"`
		Stay         *stay `case:"stay"`
	}
	trip struct {
		To string `json:"to" validate:"min=1"`
	}
	stay struct {
		Nights int `json:"nights" validate:"gte=1"`
	}
	booking struct {
		Name  candor.Optional[*string] `json:"-"`
		Plan  plan                     `json:"plan"`
		Note  candor.Optional[string]  `json:"note,omitzero" validate:"max=4"`
		Seats map[string]int           `json:"seats" validate:"max=3,dive,keys,len=2,endkeys,gte=1"`
	}
	bookingOut struct {
		Status int     `status:"201,202"`
		Total  int     `header:"X-Total" validate:"lte=100"`
		Body   booking `body:""`
	}
	room struct {
		Number int    `json:"room_number"`
		Name   string `json:"name"`
	}
	seen struct {
		Errors []string `json:"errors"`
	}
)

var (
	errFull = candor.Error(409, map[string]any{"free": 0})
	errBusy = candor.Error(503, "busy").WithHeader("Retry-After", "3")
)

// hotel is an app with the features that [honest] does not have.
func hotel(edit func(*openapi3.T)) *candor.App {
	app := candor.New(candor.Config{EditDocument: edit, Logger: slog.New(slog.NewTextHandler(io.Discard, nil))})
	guarded := candor.NewRouter("/guarded", candor.Require(func(_ context.Context, in struct {
		Tenant string        `header:"X-Tenant" validate:"max=4"`
		Page   int           `query:"page" validate:"lte=50"`
		Key    candor.APIKey `header:"X-Key"`
	},
	) error {
		return nil
	}))
	candor.Get(guarded, "/list", func(_ context.Context, in struct {
		Page int `query:"page" validate:"gte=1"`
	},
	) (candor.None, error) {
		return candor.None{}, nil
	}, candor.OperationID("guarded"))
	app.Include(guarded)
	candor.Get(app, "/search", func(_ context.Context, in struct {
		Word  string      `query:"word" pattern:"^\\S+$"`
		Dots  string      `query:"dots" pattern:"^a.c$"`
		Code  string      `query:"code" pattern:"^[A-Z]{3}$"`
		Day   candor.Date `query:"day"`
		IDs   []int       `query:"ids,csv"`
		Theme string      `cookie:"theme,omitempty" validate:"oneof=dark light"`
	},
	) (candor.None, error) {
		return candor.None{}, nil
	}, candor.OperationID("search"))
	candor.Post(app, "/bookings", func(_ context.Context, in struct {
		Early bool    `query:"early" default:"false"`
		Full  bool    `query:"full" default:"false"`
		Body  booking `body:""`
	},
	) (bookingOut, error) {
		out := bookingOut{Total: len(in.Body.Seats), Body: in.Body}
		switch {
		case in.Full && in.Early:
			return out, errBusy
		case in.Full:
			return out, errFull
		case in.Early:
			out.Status = 202
		}
		return out, nil
	}, candor.OperationID("book"), candor.Raises(errFull, errBusy))
	candor.Post(app, "/forms", func(_ context.Context, in struct {
		Name string   `form:"name" validate:"min=1"`
		Tags []string `form:"tags,omitempty" validate:"max=2"`
		Plan *plan    `form:"plan,json"`
	},
	) (candor.None, error) {
		return candor.None{}, nil
	}, candor.OperationID("form"))
	rooms := newStore[int]()
	candor.Post(app, "/rooms", func(context.Context, candor.None) (room, error) {
		rooms.made++
		rooms.things[string(rune('a'+rooms.made))] = rooms.made
		return room{rooms.made * 7919, "suite"}, nil
	}, candor.OperationID("addRoom"))
	candor.Get(app, "/rooms/{room_number}", func(_ context.Context, in struct {
		Number int `path:"room_number"`
	},
	) (room, error) {
		if in.Number%7919 != 0 || in.Number <= 0 {
			return room{}, errNone
		}
		return room{in.Number, "suite"}, nil
	}, candor.OperationID("room"), candor.Raises(errNone))
	own := candor.NewRouter("/own")
	candor.OnError(own, func(context.Context, *candor.ValidationError) (seen, error) { return seen{[]string{"no"}}, nil }, candor.Status(400))
	candor.OnStatus(own, 409, func(context.Context, *candor.HTTPError) (candor.HTML, error) { return "<p>full</p>", nil })
	candor.Get(own, "/form", func(_ context.Context, in struct {
		N int `query:"n" validate:"gte=1,lte=9"`
	},
	) (candor.None, error) {
		if in.N == 9 {
			return candor.None{}, errFull
		}
		return candor.None{}, nil
	}, candor.OperationID("ownForm"), candor.Raises(errFull))
	app.Include(own)
	candor.Get(app, "/moved", func(context.Context, candor.None) (candor.Redirect, error) { return "/rooms", nil }, candor.OperationID("moved"))
	candor.Get(app, "/lines", func(context.Context, candor.None) (candor.JSONLines[room], error) {
		return candor.LinesOf(slices.Values([]room{{1, "a"}})), nil
	}, candor.OperationID("lines"))
	return app
}

func TestTheHotelConforms(t *testing.T) {
	t.Parallel()
	candortest.Conform(t, hotel(nil))
	c := candor.NewTestClient(t, hotel(nil))
	c.Get("/own/form?n=0").Status(400)
	c.Get("/own/form?n=9").Status(409)
}

// Wrong statements about the inputs of guards, patterns, responses, media types and forms.
func TestLiesOfMoreKinds(t *testing.T) {
	t.Parallel()
	op := func(d *openapi3.T, path string) *openapi3.Operation {
		item := d.Paths.Value(path)
		if item.Post != nil {
			return item.Post
		}
		return item.Get
	}
	param := func(d *openapi3.T, path, in, name string) *openapi3.Parameter {
		return op(d, path).Parameters.GetByInAndName(in, name)
	}
	without := func(d *openapi3.T, path, name string) {
		o := op(d, path)
		o.Parameters = slices.DeleteFunc(o.Parameters, func(p *openapi3.ParameterRef) bool { return p.Value.Name == name })
	}
	content := func(d *openapi3.T, path, status string) openapi3.Content {
		return op(d, path).Responses.Value(status).Value.Content
	}
	swap := func(c openapi3.Content, from, to string) {
		c[to] = c[from]
		delete(c, from)
	}
	properties := func(d *openapi3.T, name string) openapi3.Schemas { return d.Components.Schemas[name].Value.Properties }
	text := func() *openapi3.SchemaRef { return openapi3.NewSchemaRef("", openapi3.NewStringSchema()) }
	for _, row := range []struct {
		name string
		lie  func(d *openapi3.T)
		want string
	}{
		{"what \\S means", func(d *openapi3.T) { param(d, "/search", "query", "word").Schema.Value.Pattern = `^\S+$` }, "query word pattern: the document refuses this request, the app responded with 204"},
		{"what a dot means", func(d *openapi3.T) { param(d, "/search", "query", "dots").Schema.Value.Pattern = `^a.c$` }, "query dots pattern: the document refuses this request, the app responded with 204"},
		{"what \\d means", func(d *openapi3.T) { param(d, "/search", "query", "code").Schema.Value.Pattern = `^\p{Lu}{3}$` }, "the document allows this request, the app responded with 422"},
		{"the end of a pattern", func(d *openapi3.T) { param(d, "/search", "query", "code").Schema.Value.Pattern = `^[A-Z]{3}` }, "the document allows this request, the app responded with 422"},
		{"a guard's parameter left out", func(d *openapi3.T) { without(d, "/guarded/list", "X-Tenant") }, "the document allows this request, the app responded with 422"},
		{"a guard's parameter not required", func(d *openapi3.T) { param(d, "/guarded/list", "header", "X-Tenant").Required = false }, "the document allows this request, the app responded with 422"},
		{"a guard's rule beside the handler's", func(d *openapi3.T) { param(d, "/guarded/list", "query", "page").Schema.Value.Max = nil }, "the document allows this request, the app responded with 422"},
		{"a handler's rule beside the guard's", func(d *openapi3.T) { param(d, "/guarded/list", "query", "page").Schema.Value.Min = nil }, "the document allows this request, the app responded with 422"},
		{"where a key is sent", func(d *openapi3.T) {
			for _, scheme := range d.Components.SecuritySchemes {
				scheme.Value.In = "query"
			}
		}, "GET /guarded/list (guarded): not one of"},
		{"a success dropped", func(d *openapi3.T) { op(d, "/bookings").Responses.Delete("202") }, "the status 202 is not declared"},
		{"a success that has no body", func(d *openapi3.T) { op(d, "/rooms").Responses.Value("200").Value.Content = nil }, "status 200 promises no body, and has one"},
		{"the media type of a success", func(d *openapi3.T) {
			swap(content(d, "/rooms", "200"), "application/json", "application/vnd.room+json")
		}, `the document has no media type "application/json"`},
		{"the media type of lines", func(d *openapi3.T) { swap(content(d, "/lines", "200"), "application/jsonl", "application/x-ndjson") }, `the document has no media type "application/jsonl"`},
		{"a media type of a body that is refused", func(d *openapi3.T) {
			c := op(d, "/bookings").RequestBody.Value.Content
			c["text/plain"] = openapi3.NewMediaType().WithSchema(openapi3.NewStringSchema())
		}, "the document allows this request, the app responded with 415"},
		{"a media type of a form", func(d *openapi3.T) {
			c := op(d, "/forms").RequestBody.Value.Content
			c["text/csv"] = openapi3.NewMediaType().WithSchema(openapi3.NewStringSchema())
		}, "the document allows this request, the app responded with 415"},
		{"the form of a 422", func(d *openapi3.T) { content(d, "/search", "422")["application/json"].Schema = text() }, "the body of status 422 breaks its schema"},
		{"the form of another's 400", func(d *openapi3.T) { content(d, "/own/form", "400")["application/json"].Schema = text() }, "the body of status 400 breaks its schema"},
		{"the status of a form", func(d *openapi3.T) { op(d, "/own/form").Responses.Delete("400") }, "the status 400 is not declared"},
		{"a rule behind a form", func(d *openapi3.T) { param(d, "/own/form", "query", "n").Schema.Value.Max = nil }, "the document allows this request, the app responded with 400"},
		{"the media type of an error", func(d *openapi3.T) { swap(content(d, "/own/form", "409"), "text/html", "application/json") }, `the document has no media type "text/html"`},
		{"the detail of an error", func(d *openapi3.T) { content(d, "/bookings", "409")["application/json"].Schema = text() }, "the body of status 409 breaks its schema"},
		{"the header of an error", func(d *openapi3.T) {
			op(d, "/bookings").Responses.Value("503").Value.Headers = openapi3.Headers{"X-Wait": {Value: &openapi3.Header{Parameter: openapi3.Parameter{Required: true, Schema: text()}}}}
		}, "promises the header X-Wait, which is missing"},
		{"what a header holds", func(d *openapi3.T) {
			op(d, "/bookings").Responses.Value("201").Value.Headers["X-Total"].Value.Schema.Value.Max = new(0.0)
		}, "the header X-Total of status 201 breaks its schema"},
		{"the values of a union's kind", func(d *openapi3.T) { properties(d, "planTrip")["kind"].Value.Const = "voyage" }, "the document"},
		{"the members of a case", func(d *openapi3.T) { properties(d, "planStay")["nights"].Value.Min = nil }, "the document allows this request, the app responded with 422"},
		{"the names of a map", func(d *openapi3.T) { properties(d, "booking")["seats"].Value.PropertyNames = nil }, "the document allows this request, the app responded with 422"},
		{"no null for what may be null", func(d *openapi3.T) { properties(d, "booking")["note"].Value.Type = &openapi3.Types{"string"} }, "the document refuses this"},
		{"a cookie renamed", func(d *openapi3.T) {
			p := param(d, "/search", "cookie", "theme")
			p.Name, p.Schema.Value.Enum = "skin", []any{"blue"}
			p.Required = true
		}, "a missing parameter: cookie skin: the document refuses this"},
		{"a cookie's values", func(d *openapi3.T) { param(d, "/search", "cookie", "theme").Schema.Value.Enum = nil }, "the document allows this request, the app responded with 422"},
		{"a format dropped", func(d *openapi3.T) { param(d, "/search", "query", "day").Schema.Value.Format = "" }, "the document allows this request, the app responded with 422"},
		{"a format that is another", func(d *openapi3.T) { param(d, "/search", "query", "day").Schema.Value.Format = "date-time" }, "the document allows this request, the app responded with 422"},
		{"the type of a path's parameter", func(d *openapi3.T) { param(d, "/rooms/{room_number}", "path", "room_number").Schema = text() }, "the document allows this request, the app responded with 422"},
		{"a field of a form renamed", func(d *openapi3.T) {
			s := d.Components.Schemas["formForm"].Value
			s.Properties["title"], s.Required = s.Properties["name"], []string{"title"}
			delete(s.Properties, "name")
		}, "the document allows this request, the app responded with 422"},
		{"JSON in a form", func(d *openapi3.T) {
			for _, media := range op(d, "/forms").RequestBody.Value.Content {
				media.Schema.Value.Properties["plan"] = text()
				delete(media.Encoding, "plan")
			}
		}, "the document allows this request, the app responded with 422"},
		{"where a redirect leads", func(d *openapi3.T) {
			op(d, "/moved").Responses.Set("200", op(d, "/moved").Responses.Value("307"))
			op(d, "/moved").Responses.Delete("307")
		}, "the status 307 is not declared"},
		{"the items of lines", func(d *openapi3.T) {
			content(d, "/lines", "200")["application/jsonl"].Extensions["x-itemSchema"] = map[string]any{"type": "string"}
		}, "has an item, number 1, that breaks its schema"},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			got := record(func(tb *recordingTB) { candortest.Conform(tb, hotel(row.lie)) })
			require.NotEmpty(t, got, "the lie was not found")
			assert.Contains(t, strings.Join(got, "\n"), row.want)
		})
	}
}

// Errors that only existing resources show are found, because Conform creates some.
func TestLiesBehindIds(t *testing.T) {
	t.Parallel()
	for name, row := range map[string]struct {
		read http.HandlerFunc
		want string
	}{
		"a panic":        {func(http.ResponseWriter, *http.Request) { panic("oops") }, "the status 500 is not declared"},
		"an abort":       {func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }, "the response was aborted"},
		"another body":   {respondWith(200, `{"m":1}`), "breaks its schema"},
		"another status": {respondWith(202, `{"n":1}`), "the status 202 is not declared"},
	} {
		t.Run(name, func(t *testing.T) {
			app, things := unlogged(), newStore[int]()
			candor.Post(app, "/things", func(context.Context, candor.None) (map[string]string, error) {
				return map[string]string{"id": things.add("t", 1)}, nil
			})
			candor.HandleHTTP(app, []string{"GET"}, "/things/{id}", http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if _, err := things.get(r.PathValue("id")); err != nil {
					respondWith(404, `{"detail":"no"}`)(w, r)
					return
				}
				row.read(w, r)
			}), candor.Responds[small](200), candor.Raises(errNone))
			got := record(func(tb *recordingTB) { candortest.Conform(tb, app) })
			require.NotEmpty(t, got)
			assert.Contains(t, strings.Join(got, "\n"), row.want)
		})
	}
}

// A media type that the app accepts but does not declare.
func TestLiesOfPlainHandlersAboutMediaTypes(t *testing.T) {
	t.Parallel()
	for _, media := range []string{"text/plain", "application/xml", "text/csv", "application/octet-stream", "application/x-www-form-urlencoded"} {
		app := unlogged()
		candor.HandleHTTP(app, []string{"POST"}, "/it", http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if got := r.Header.Get("Content-Type"); got != "application/json" && got != media {
				respondWith(415, `{"detail":"no"}`)(w, r)
				return
			}
			respondWith(200, `{"n":1}`)(w, r)
		}), candor.Responds[small](200), candor.OperationID("it"), candor.Raises(candor.Error(415, "no")), candor.EditOperation(func(o *openapi3.Operation) {
			o.RequestBody = &openapi3.RequestBodyRef{Value: &openapi3.RequestBody{Required: true, Content: openapi3.Content{"application/json": {}}}}
		}))
		got := record(func(tb *recordingTB) { candortest.Conform(tb, app) })
		assert.Contains(t, strings.Join(got, "\n"), "another media type: "+media+": the document refuses this request, the app responded with 200")
	}
}
