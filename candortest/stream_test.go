package candortest_test

import (
	"context"
	"io"
	"log/slog"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/fxamacker/cbor/v2"
	"github.com/getkin/kin-openapi/openapi3"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/candor-go/candor"
	"github.com/candor-go/candor/candortest"
)

var packed = candor.Codec{Marshal: cbor.Marshal, Unmarshal: cbor.Unmarshal}

// ticking is an app with streams, whose values are available in CBOR as well.
func ticking(edit func(*openapi3.T)) *candor.App {
	app := candor.New(candor.Config{
		EditDocument: edit, Logger: slog.New(slog.NewTextHandler(io.Discard, nil)),
		Codecs: map[string]candor.Codec{"application/cbor": packed},
	})
	values := []small{{N: 1}, {N: 2}, {N: 3}}
	candor.Get(app, "/lines", func(context.Context, candor.None) (candor.JSONLines[small], error) {
		return candor.LinesOf(slices.Values(values)), nil
	}, candor.OperationID("lines"))
	candor.Get(app, "/events", func(context.Context, candor.None) (candor.Events[small], error) {
		return candor.EventsOf(slices.Values(values)), nil
	}, candor.OperationID("events"))
	candor.Get(app, "/moves", func(context.Context, candor.None) (candor.Events[move], error) {
		return func(yield func(candor.Event[move], error) bool) {
			_ = yield(candor.Event[move]{Data: move{Up: &small{N: 1}}}, nil) && yield(candor.Event[move]{}, errGone)
		}, nil
	}, candor.OperationID("moves"))
	candor.Put(app, "/value", func(_ context.Context, in struct {
		Body small `body:""`
	},
	) (small, error) {
		return in.Body, nil
	}, candor.OperationID("value"))
	return app
}

// move is the item of a stream of named events.
type move struct {
	candor.OneOf `json:"kind" event:"name"`
	Up           *small `case:"up"`
	Down         *small `case:"down"`
}

func TestStreamsConform(t *testing.T) {
	t.Parallel()
	candortest.Conform(t, ticking(nil), candortest.Codec("application/cbor", packed))
}

func TestLiesAboutMediaTypes(t *testing.T) {
	t.Parallel()
	value := func(d *openapi3.T) *openapi3.Operation { return d.Paths.Value("/value").Put }
	kinds := func(d *openapi3.T) openapi3.SchemaRefs {
		media := d.Paths.Value("/moves").Get.Responses.Value("200").Value.Content["text/event-stream"]
		return media.Extensions["x-itemSchema"].(*openapi3.SchemaRef).Value.AnyOf
	}
	for _, row := range []struct {
		name string
		lie  func(d *openapi3.T)
		want []string
	}{
		{"a bound of items", func(d *openapi3.T) { d.Components.Schemas["small"].Value.Properties["n"].Value.Max = new(2.0) }, []string{
			"GET /events (events), what the document allows: the body of status 200 has an item, number 3, that breaks its schema",
			"GET /lines (lines), what the document allows: the body of status 200 has an item, number 3, that breaks its schema",
			"PUT /value (value), a broken rule: body.n maximum: the document refuses this request, the app responded with 200",
			"PUT /value (value), a broken rule: application/cbor.n maximum: the document refuses this request, the app responded with 200",
		}},
		{"the name of an event", func(d *openapi3.T) { kinds(d)[0].Value.Properties["event"].Value.Enum = []any{"upwards"} }, []string{
			`GET /moves (moves), what the document allows: the body of status 200 has an item, number 1, that has the name "up", which no kind of event has`,
		}},
		{"what the event of an error holds", func(d *openapi3.T) {
			d.Components.Schemas["HTTPError"].Value.Properties["detail"].Value.Type = &openapi3.Types{"integer"}
		}, []string{
			"GET /moves (moves), what the document allows: the body of status 200 has an item, number 2, that breaks its schema",
		}},
		{"a media type of a body that is none", func(d *openapi3.T) {
			c := value(d).RequestBody.Value.Content
			c["text/plain"] = openapi3.NewMediaType().WithSchema(openapi3.NewStringSchema())
		}, []string{"the document allows this request, the app responded with 415"}},
		{"a media type of an answer that is none", func(d *openapi3.T) {
			c := value(d).Responses.Value("200").Value.Content
			c["application/yaml"] = c["application/json"]
		}, []string{"the document allows this request, the app responded with 406"}},
		{"another body in CBOR", func(d *openapi3.T) {
			c := value(d).Responses.Value("200").Value.Content
			c["application/cbor"] = openapi3.NewMediaType().WithSchema(openapi3.NewStringSchema())
		}, []string{"the body of status 200 breaks its schema"}},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			got := record(func(tb *recordingTB) {
				candortest.Conform(tb, ticking(row.lie), candortest.Codec("application/cbor", packed))
			})
			require.NotEmpty(t, got, "the lie was not found")
			for _, want := range row.want {
				assert.Contains(t, strings.Join(got, "\n"), want)
			}
		})
	}
}

// The items of a hand-written stream are checked too, and the last one must be complete.
func TestLiesOfStreams(t *testing.T) {
	t.Parallel()
	for _, row := range []struct{ name, body, want string }{
		{"the truth", "{\"n\":1}\n{\"n\":2}\n", ""},
		{"a wrong line", "{\"n\":1}\n{\"n\":7}\n", "has an item, number 2, that breaks its schema"},
		{"half a line", "{\"n\":1}\n{\"n\":", "has an item, number 2, that is no JSON"},
		{"no JSON", "n=1\n", "has an item, number 1, that is no JSON"},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			app := ticking(func(d *openapi3.T) {
				d.Paths.Value("/plain").Get.Responses.Value("200").Value.Content = d.Paths.Value("/lines").Get.Responses.Value("200").Value.Content
			})
			candor.HandleHTTP(app, []string{"GET"}, "/plain", http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				w.Header().Set("Content-Type", "application/jsonl")
				_, _ = io.WriteString(w, row.body)
			}), candor.Responds[small](200), candor.OperationID("plain"))
			got := record(func(tb *recordingTB) { candortest.Conform(tb, app) })
			if row.want == "" {
				assert.Empty(t, got)
				return
			}
			require.Len(t, got, 1)
			assert.Contains(t, got[0], row.want)
		})
	}
}

// loading is an app that reads lines, and refuses those that break its rules.
func loading(edit func(*openapi3.T)) *candor.App {
	type reading struct {
		N    int      `json:"n" validate:"gte=1,lte=9"`
		Tags []string `json:"tags,omitempty" validate:"max=2,dive,min=1"`
		Next *struct {
			Slug string `json:"slug" validate:"oneof=a b"`
		} `json:"next"`
	}
	app := candor.New(candor.Config{EditDocument: edit, Logger: slog.New(slog.DiscardHandler)})
	candor.Post(app, "/load", func(_ context.Context, in struct {
		Lines candor.JSONLines[reading] `body:""`
	},
	) (n int, err error) {
		for _, err := range in.Lines {
			if err != nil {
				return n, err
			}
			n++
		}
		return n, nil
	}, candor.OperationID("load"))
	return app
}

func TestLinesOfABodyConform(t *testing.T) {
	t.Parallel()
	candortest.Conform(t, loading(nil))
	got := record(func(tb *recordingTB) {
		candortest.Conform(tb, loading(func(d *openapi3.T) { d.Components.Schemas["reading"].Value.Properties["n"].Value.Max = nil }))
	})
	assert.Contains(t, strings.Join(got, "\n"), "POST /load (load), what the document allows: the document allows this request, the app responded with 422")
}
