package candortest_test

import (
	"context"
	"database/sql"
	"io"
	"log/slog"
	"net/http"
	"net/netip"
	"strings"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/go-playground/validator/v10"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/candor-go/candor"
	"github.com/candor-go/candor/candortest"
)

// notEmpty has a Validate method that checks more than its schema.
type notEmpty struct {
	A string `json:"a,omitempty" validate:"max=3"`
	B string `json:"b,omitempty"`
}

func (n notEmpty) Validate() error {
	if n == (notEmpty{}) {
		return candor.Invalid("at least one")
	}
	return nil
}

type ownForm struct {
	Errors []string `json:"errors"`
}

// The forms of error responses that an app can choose.
var errorForms = map[string]struct {
	config candor.Config
	form   func(app *candor.App)
}{
	"plain":    {},
	"problems": {config: candor.Config{ProblemDetails: true}},
	"dotted":   {form: func(app *candor.App) { candor.OnError(app, candor.DottedFaults) }},
	"own type": {form: func(app *candor.App) {
		candor.OnError(app, func(context.Context, *candor.ValidationError) (ownForm, error) { return ownForm{[]string{"no"}}, nil })
	}},
	"own status": {form: func(app *candor.App) {
		candor.OnError(app, func(context.Context, *candor.ValidationError) (ownForm, error) { return ownForm{[]string{"no"}}, nil }, candor.Status(400))
	}},
	"by status": {form: func(app *candor.App) {
		candor.OnStatus(app, 422, func(context.Context, *candor.HTTPError) (ownForm, error) { return ownForm{[]string{"no"}}, nil })
	}},
	"text": {form: func(app *candor.App) {
		candor.OnError(app, func(context.Context, *candor.ValidationError) (candor.HTML, error) { return "<p>no</p>", nil }, candor.Status(422))
	}},
}

func forming(name string, lie func(*openapi3.T)) *candor.App {
	row := errorForms[name]
	row.config.EditDocument, row.config.Logger = lie, slog.New(slog.NewTextHandler(io.Discard, nil))
	app := candor.New(row.config)
	if row.form != nil {
		row.form(app)
	}
	n := 0
	candor.Patch(app, "/it", func(_ context.Context, in struct {
		Body notEmpty `body:""`
	},
	) (candor.None, error) {
		if n++; n%3 == 0 {
			return candor.None{}, candor.Invalid("is taken", "body", "a")
		}
		return candor.None{}, nil
	})
	return app
}

// Violations that no schema can describe are not reported; others are, whatever form the error responses have.
func TestFormsOfErrors(t *testing.T) {
	t.Parallel()
	for name := range errorForms {
		t.Run(name, func(t *testing.T) {
			assert.Empty(t, record(func(tb *recordingTB) { candortest.Conform(tb, forming(name, nil)) }))
			lie := func(d *openapi3.T) { d.Components.Schemas["notEmpty"].Value.Properties["a"].Value.MaxLength = nil }
			got := record(func(tb *recordingTB) { candortest.Conform(tb, forming(name, lie)) })
			require.NotEmpty(t, got, "the lie was not found")
			assert.Contains(t, got[0], "the document allows this request, the app responded with 4")
		})
	}
}

// A custom rule that declares a schema must have the right one.
func TestRulesOfTheAppsOwn(t *testing.T) {
	t.Parallel()
	even := func(schema func(string) map[string]any) *candor.App {
		app := candor.New(candor.Config{
			Rules:  map[string]candor.Rule{"even": {Func: func(fl validator.FieldLevel) bool { return fl.Field().Int()%2 == 0 }, Schema: schema}},
			Logger: slog.New(slog.NewTextHandler(io.Discard, nil)),
		})
		candor.Post(app, "/it", func(context.Context, struct {
			N int `body:"n" validate:"even"`
		},
		) (candor.None, error) {
			return candor.None{}, nil
		})
		return app
	}
	says := func(n int) func(string) map[string]any {
		return func(string) map[string]any { return map[string]any{"multipleOf": n} }
	}
	assert.Empty(t, record(func(tb *recordingTB) { candortest.Conform(tb, even(nil)) }))
	assert.Empty(t, record(func(tb *recordingTB) { candortest.Conform(tb, even(says(2))) }))
	assert.NotEmpty(t, record(func(tb *recordingTB) { candortest.Conform(tb, even(says(1))) }))
}

// Conform sniffs a missing media type as net/http does.
func TestSniffedMediaTypes(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		name, media string
		handler     http.HandlerFunc
		want        string
	}{
		{"text", "text/plain", func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "some text") }, ""},
		{"a page", "text/html", func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(200)
			_, _ = io.WriteString(w, "<!DOCTYPE html>")
		}, ""},
		{"in pieces", "text/html", func(w http.ResponseWriter, _ *http.Request) {
			_, _ = io.WriteString(w, "<")
			_, _ = io.WriteString(w, "html>")
		}, ""},
		{"flushed", "text/plain", func(w http.ResponseWriter, _ *http.Request) {
			_, _ = io.WriteString(w, "<")
			_ = http.NewResponseController(w).Flush()
			_, _ = io.WriteString(w, "html>")
		}, ""},
		{"an image", "image/png", func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "\x89PNG\x0D\x0A\x1A\x0A") }, ""},
		{"another", "application/json", func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "{}") }, `no media type "text/plain"`},
	} {
		t.Run(row.name, func(t *testing.T) {
			app := unlogged()
			candor.HandleHTTP(app, []string{"GET"}, "/it", row.handler, candor.Responds[string](200), candor.EditOperation(func(o *openapi3.Operation) {
				o.Responses.Value("200").Value.Content = openapi3.Content{row.media: {}}
			}))
			got := strings.Join(record(func(tb *recordingTB) { candortest.Conform(tb, app) }), "\n")
			if row.want == "" {
				assert.Empty(t, got)
				return
			}
			assert.Contains(t, got, row.want)
		})
	}
}

// Patterns have the syntax of ECMA-262; an invalid one is reported, unless it is marked as inexact.
func TestPatternsOfECMA(t *testing.T) {
	t.Parallel()
	matching := func(pattern string, more map[string]any, f func(string) bool) *candor.App {
		app := candor.New(candor.Config{
			Rules: map[string]candor.Rule{"text": {
				Func: func(fl validator.FieldLevel) bool { return f(fl.Field().String()) },
				Schema: func(string) map[string]any {
					s := map[string]any{"pattern": pattern}
					for name, value := range more {
						s[name] = value
					}
					return s
				},
			}},
			Logger: slog.New(slog.NewTextHandler(io.Discard, nil)),
		})
		candor.Post(app, "/it", func(context.Context, struct {
			Text string `body:"text" validate:"text"`
		},
		) (candor.None, error) {
			return candor.None{}, nil
		})
		return app
	}
	without := func(set string) func(string) bool { return func(s string) bool { return !strings.ContainsAny(s, set) } }
	for _, row := range []struct {
		name, pattern string
		more          map[string]any
		f             func(string) bool
		want          string
	}{
		{"an escape", `^[^\u0000]*$`, nil, without("\x00"), ""},
		{"a dot", `^.*$`, nil, without("\n\r\u2028\u2029"), ""},
		{"a dot of Go", `^.*$`, nil, without("\n"), "the document refuses this"},
		{"spaces", `^\S*$`, nil, func(s string) bool {
			return !strings.ContainsAny(s, " \t\n\v\f\r\u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u2028\u2029\u202f\u205f\u3000\ufeff")
		}, ""},
		{"spaces of Go", `^\S*$`, nil, without(" \t\n\f\r"), "the document refuses this"},
		{"look-around", `^(?!x)`, nil, func(s string) bool { return !strings.HasPrefix(s, "x") }, "the document's pattern ^(?!x) at "},
		{"look-around that is known", `^(?!x)`, map[string]any{"x-validate": "text"}, func(s string) bool { return !strings.HasPrefix(s, "x") }, ""},
	} {
		t.Run(row.name, func(t *testing.T) {
			app := matching(row.pattern, row.more, row.f)
			got := strings.Join(record(func(tb *recordingTB) { candortest.Conform(tb, app) }), "\n")
			if row.want == "" {
				assert.Empty(t, got)
				return
			}
			assert.Contains(t, got, row.want)
			assert.NotContains(t, got, "the document allows this")
		})
	}
}

// Lists in forms have elements that count as absent, may be sent as one text, and are absent without elements.
func TestListsInForms(t *testing.T) {
	app := candor.New(candor.Config{})
	candor.Post(app, "/", func(context.Context, struct {
		Hosts []netip.Addr       `form:"hosts" validate:"max=2"`
		Times []candor.TimeOfDay `form:"times" validate:"max=2"`
		Words []string           `form:"words,csv" validate:"max=2,dive,max=3"`
		Sizes []int              `form:"sizes,omitempty" validate:"min=1,max=3"`
		Codes []string           `form:"codes" validate:"dive,min=1"`
		Nick  sql.NullString     `form:"nick"`
	},
	) (candor.None, error) {
		return candor.None{}, nil
	})
	candortest.Conform(t, app, candortest.Cases(1000))
}
