package candor_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/candor-go/candor"
	"github.com/candor-go/candor/internal/apptest"
)

type tickOf struct {
	N int `json:"n"`
}

func eventsApp(t *testing.T, events candor.Events[tickOf], options ...candor.RouteOption) *candor.TestClient {
	t.Helper()
	app := candor.New(candor.Config{})
	candor.Get(app, "/", func(context.Context, candor.None) (candor.Events[tickOf], error) { return events, nil }, options...)
	return candor.NewTestClient(t, app)
}

func TestEvents(t *testing.T) {
	for _, row := range []struct {
		name   string
		events []candor.Event[tickOf]
		want   string
	}{
		{"nothing", nil, ""},
		{"data", []candor.Event[tickOf]{{Data: tickOf{1}}}, "data: {\"n\":1}\n\n"},
		{"everything", []candor.Event[tickOf]{{Data: tickOf{1}, Name: "tick", ID: "7", Retry: 2 * time.Second, Comment: "hello"}}, ": hello\nevent: tick\ndata: {\"n\":1}\nid: 7\nretry: 2000\n\n"},
		{"a zero is data like any other", []candor.Event[tickOf]{{Comment: "count"}}, ": count\ndata: {\"n\":0}\n\n"},
		{"a comment", []candor.Event[tickOf]{{Comment: "still here", NoData: true}}, ": still here\n\n"},
		{"an ID", []candor.Event[tickOf]{{ID: "7", NoData: true}}, "id: 7\n\n"},
		{"a time to come back", []candor.Event[tickOf]{{Retry: time.Second, NoData: true}}, "retry: 1000\n\n"},
		{"a gap", []candor.Event[tickOf]{{ID: "7", Gap: true}}, "event: gap\ndata: null\nid: 7\n\n"},
		{"a gap, whatever else", []candor.Event[tickOf]{{Name: "tick", Data: tickOf{1}, NoData: true, Gap: true}}, "event: gap\ndata: null\n\n"},
		{"a name", []candor.Event[tickOf]{{Name: "idle", NoData: true, Data: tickOf{1}}}, "event: idle\n\n"},
	} {
		t.Run(row.name, func(t *testing.T) {
			got := eventsApp(t, func(yield func(candor.Event[tickOf], error) bool) {
				for _, e := range row.events {
					if !yield(e, nil) {
						return
					}
				}
			}).Get("/").Status(200)
			assert.Equal(t, row.want, got.Text())
			assert.Equal(t, "text/event-stream; charset=utf-8", got.Header.Get("Content-Type"))
			assert.Equal(t, "no-cache", got.Header.Get("Cache-Control"))
			assert.Equal(t, "no", got.Header.Get("X-Accel-Buffering"))
		})
	}
	t.Run("raw data is sent as it is", func(t *testing.T) {
		app := candor.New(candor.Config{})
		candor.Post(app, "/", func(context.Context, candor.None) (candor.Events[candor.Raw], error) {
			return candor.EventsOf(slices.Values([]candor.Raw{"a\nb", ""})), nil
		}, candor.Status(202))
		assert.Equal(t, "data: a\ndata: b\n\ndata: \n\n", candor.NewTestClient(t, app).Post("/", nil).Status(202).Text())
	})
	t.Run("raw data among other data", func(t *testing.T) {
		type payload any
		app := candor.New(candor.Config{})
		candor.Get(app, "/any", func(context.Context, candor.None) (candor.Events[any], error) {
			return candor.EventsOf(slices.Values([]any{tickOf{1}, "text", candor.Raw("a\nb"), nil, candor.Raw("[DONE]")})), nil
		})
		candor.Get(app, "/named", func(context.Context, candor.None) (candor.Events[payload], error) {
			return candor.EventsOf(slices.Values([]payload{candor.Raw("[DONE]")})), nil
		})
		c := candor.NewTestClient(t, app)
		assert.Equal(t, "data: {\"n\":1}\n\ndata: \"text\"\n\ndata: a\ndata: b\n\ndata: null\n\ndata: [DONE]\n\n", c.Get("/any").Status(200).Text())
		assert.Equal(t, "data: [DONE]\n\n", c.Get("/named").Status(200).Text())
		var read []any
		for event, err := range candor.ReadEvents[any](c.Stream("GET", "/any", nil)) {
			require.NoError(t, err)
			read = append(read, event.Data)
		}
		assert.Equal(t, []any{map[string]any{"n": 1.0}, "text", candor.Raw("a\nb"), nil, candor.Raw("[DONE]")}, read)
	})
	t.Run("JSON that is made elsewhere is one line", func(t *testing.T) {
		app := candor.New(candor.Config{})
		candor.Get(app, "/", func(context.Context, candor.None) (candor.Events[json.RawMessage], error) {
			return candor.EventsOf(slices.Values([]json.RawMessage{json.RawMessage("{\r\n \"a\":\n\"\\n\"}")})), nil
		})
		assert.Equal(t, "data: {\"a\":\"\\n\"}\n\n", candor.NewTestClient(t, app).Get("/").Status(200).Text())
	})
	t.Run("an error before the first event is a normal answer", func(t *testing.T) {
		c := eventsApp(t, func(yield func(candor.Event[tickOf], error) bool) {
			yield(candor.Event[tickOf]{}, candor.Error(404, "gone"))
		}, candor.Raises(candor.Error(404, nil)))
		assert.JSONEq(t, `{"detail":"gone"}`, c.Get("/").Status(404).Text())
	})
}

// EventsOf takes data, so an Event cannot be its element.
func TestEventsOfEvents(t *testing.T) {
	app := candor.New(candor.Config{})
	said := apptest.PanicOf(func() {
		candor.Get(app, "/", func(context.Context, candor.None) (candor.Events[candor.Event[int]], error) {
			return candor.EventsOf(slices.Values([]candor.Event[int]{{Name: "n", Data: 1}})), nil
		})
	})
	assert.Contains(t, said, "candor: GET / at ")
	assert.Contains(t, said, `the values of the stream are events, which would be written as {"Data": ...}; yield each candor.Event[T] from a candor.Events[T]`)
	for name, register := range map[string]func(){
		"pointers": func() {
			candor.Get(app, "/", func(context.Context, candor.None) (candor.Events[*candor.Event[int]], error) { return nil, nil })
		},
		"lines": func() {
			candor.Get(app, "/", func(context.Context, candor.None) (candor.JSONLines[candor.Event[int]], error) { return nil, nil })
		},
	} {
		assert.Contains(t, apptest.PanicOf(register), "the values of the stream are events", name)
	}
}

// served sends a request and returns everything that the client gets, pings included.
func served(t *testing.T, app *candor.App) string {
	t.Helper()
	w := &signalWriter{header: http.Header{}}
	app.ServeHTTP(w, newRequest(t, "/"))
	return string(w.body)
}

func TestEventsInTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		app := candor.New(candor.Config{})
		candor.Get(app, "/", func(context.Context, candor.None) (candor.Events[tickOf], error) {
			return func(yield func(candor.Event[tickOf], error) bool) {
				time.Sleep(40 * time.Second)
				if yield(candor.Event[tickOf]{Data: tickOf{1}}, nil) {
					time.Sleep(time.Second)
					yield(candor.Event[tickOf]{}, errors.New("secret"))
				}
			}, nil
		})
		assert.Equal(t, ": ping\n\n: ping\n\ndata: {\"n\":1}\n\nevent: error\ndata: {\"detail\":\"Internal Server Error\"}\n\n", served(t, app))
	})
	synctest.Test(t, func(t *testing.T) {
		app := candor.New(candor.Config{}, candor.Heartbeat(time.Minute))
		candor.Get(app, "/", func(context.Context, candor.None) (candor.Events[tickOf], error) {
			return func(func(candor.Event[tickOf], error) bool) { time.Sleep(90 * time.Second) }, nil
		})
		assert.Equal(t, ": ping\n\n", served(t, app))
	})
	synctest.Test(t, func(t *testing.T) {
		app, _ := apptest.Quiet(candor.Config{})
		candor.Get(app, "/", func(ctx context.Context, _ candor.None) (candor.Events[int], error) {
			return func(yield func(candor.Event[int], error) bool) {
				_ = yield(candor.Event[int]{}, nil)
				<-ctx.Done()
				yield(candor.Event[int]{}, ctx.Err())
			}, nil
		}, candor.Timeout(time.Second))
		assert.Equal(t, "data: 0\n\nevent: error\ndata: {\"detail\":\"Gateway Timeout\"}\n\n", served(t, app))
	})
}

func TestEventsEndWithTheClient(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var ended error
		app := candor.New(candor.Config{})
		candor.Get(app, "/", func(ctx context.Context, _ candor.None) (candor.Events[tickOf], error) {
			return func(yield func(candor.Event[tickOf], error) bool) {
				yield(candor.Event[tickOf]{Data: tickOf{1}}, nil)
				<-ctx.Done()
				ended = ctx.Err()
			}, nil
		})
		w := &brokenWriter{}
		assert.PanicsWithValue(t, http.ErrAbortHandler, func() { app.ServeHTTP(w, newRequest(t, "/")) })
		assert.ErrorIs(t, ended, context.Canceled)
	})
}

// brokenWriter is a connection that the client has closed.
type brokenWriter struct{ header http.Header }

func (w *brokenWriter) Header() http.Header {
	if w.header == nil {
		w.header = http.Header{}
	}
	return w.header
}
func (w *brokenWriter) WriteHeader(int)           {}
func (w *brokenWriter) Write([]byte) (int, error) { return 0, errors.New("broken pipe") }

// Each event of a union names its case in its data.
func TestEventsOfAUnion(t *testing.T) {
	app := candor.New(candor.Config{})
	candor.Put(app, "/", func(context.Context, candor.None) (candor.Events[sequenceNews], error) {
		return func(yield func(candor.Event[sequenceNews], error) bool) {
			_ = yield(candor.Event[sequenceNews]{Name: "goal", Data: sequenceNews{Goal: &sequenceGoal{By: "Ann", Minute: new(3)}}}, nil) &&
				yield(candor.Event[sequenceNews]{Data: sequenceNews{Card: &sequenceCard{Colour: "red"}}}, nil)
		}, nil
	}, candor.Status(203))
	assert.Equal(t, "event: goal\ndata: {\"kind\":\"goal\",\"by\":\"Ann\",\"minute\":3}\n\ndata: {\"kind\":\"card\",\"colour\":\"red\"}\n\n",
		candor.NewTestClient(t, app).Put("/", nil).Status(203).Text())
}

// The case of a union can also be the name of the event.
func TestEventsNamedByTheirData(t *testing.T) {
	goal, card := namedNews{Goal: &sequenceGoal{By: "Ann", Minute: new(3)}}, namedNews{Card: &sequenceCard{Colour: "red"}}
	send := func(events ...candor.Event[namedNews]) (*candor.App, *bytes.Buffer) {
		app, logged := apptest.Quiet(candor.Config{})
		candor.Get(app, "/", func(context.Context, candor.None) (candor.Events[namedNews], error) {
			return func(yield func(candor.Event[namedNews], error) bool) {
				for _, event := range events {
					if !yield(event, nil) {
						return
					}
				}
			}, nil
		})
		return app, logged
	}
	app, _ := send(candor.Event[namedNews]{Data: goal, ID: "1"}, candor.Event[namedNews]{Comment: "idle", NoData: true}, candor.Event[namedNews]{Name: "card", Data: card})
	c := candor.NewTestClient(t, app)
	assert.Equal(t, "event: goal\ndata: {\"kind\":\"goal\",\"by\":\"Ann\",\"minute\":3}\nid: 1\n\n: idle\n\nevent: card\ndata: {\"kind\":\"card\",\"colour\":\"red\"}\n\n",
		c.Get("/").Status(200).Text())
	var names []string
	for event, err := range candor.ReadEvents[map[string]any](c.Stream("GET", "/", nil)) {
		require.NoError(t, err)
		names = append(names, event.Name+" "+event.Data["kind"].(string))
	}
	assert.Equal(t, []string{"goal goal", "card card"}, names)
	for name, event := range map[string]candor.Event[namedNews]{"another name": {Name: "goal", Data: card}, "no case": {}, "two": {Data: namedNews{goal.OneOf, goal.Goal, card.Card}}} {
		app, logged := send(event)
		assert.Equal(t, `500 | {"detail":"Internal Server Error"}`, apptest.Wire(app, "GET /"), name)
		assert.NotEmpty(t, logged)
	}
	app, logged := send(candor.Event[namedNews]{Name: "goal", Data: card})
	apptest.Wire(app, "GET /")
	assert.Contains(t, logged.String(), `holds the case \"card\" of its union, which is its name; leave Name empty`)
	type misnamed struct {
		candor.OneOf `json:"kind" event:"kind"`
		Goal         *sequenceGoal `case:"goal"`
	}
	assert.Contains(t, apptest.PanicOf(func() {
		candor.Get(candor.New(candor.Config{}), "/", func(context.Context, candor.None) (candor.Events[misnamed], error) { return nil, nil })
	}), `write event:"name" where the case is to be the name`)
}

// Error events and the names of events are checked against the document too.
func TestEventsAreCheckedAgainstTheDocument(t *testing.T) {
	app, _ := apptest.Quiet(candor.Config{ProblemDetails: true, EditDocument: func(d *openapi3.T) {
		kinds := d.Paths.Value("/named").Get.Responses.Value("200").Value.Content["text/event-stream"].Schema.Value.ContentSchema.Value.Items.Value.AnyOf
		kinds[1].Value.Properties["event"].Value.Enum = []any{"booking"}
		every := d.Paths.Value("/every").Get.Responses.Value("200").Value.Content["text/event-stream"].Schema.Value.ContentSchema.Value.Items.Value
		every.Properties["data"].Value.ContentSchema = openapi3.NewSchemaRef("", openapi3.NewStringSchema())
		d.Components.Schemas["Problem"].Value.Required = append(d.Components.Schemas["Problem"].Value.Required, "missing")
	}})
	candor.Get(app, "/named", func(context.Context, candor.None) (candor.Events[namedNews], error) {
		return candor.EventsOf(slices.Values([]namedNews{{Card: &sequenceCard{Colour: "red"}}})), nil
	})
	candor.Get(app, "/failing", func(context.Context, candor.None) (candor.Events[int], error) {
		return func(yield func(candor.Event[int], error) bool) {
			_ = yield(candor.Event[int]{}, nil) && yield(candor.Event[int]{}, errOnFire)
		}, nil
	})
	candor.Get(app, "/every", func(context.Context, candor.None) (candor.Events[int], error) {
		return candor.EventsOf(slices.Values([]int{1})), nil
	})
	for target, want := range map[string]string{
		"/named": `the name of event 1`, "/failing": `the data of event 2, named "error"`, "/every": `the data of event 1`,
	} {
		got := record(func(tb candor.TB) { candor.NewTestClient(tb, app).Get(target) })
		assert.Contains(t, strings.Join(got.errors, "\n"), want)
	}
}

// An invalid event ends the stream with an error event; if it is the first one, the response is an error.
func TestEventsThatAreRefused(t *testing.T) {
	const failure = "event: error\ndata: {\"detail\":\"Internal Server Error\"}\n\n"
	good := candor.Event[line]{Data: line{1}}
	for name, bad := range map[string]candor.Event[line]{
		"a line feed in a name":        {Name: "a\nb"},
		"a carriage return in a name":  {Name: "a\rb"},
		"a line feed in an ID":         {ID: "a\ndata: b"},
		"a carriage return in an ID":   {ID: "a\r"},
		"NUL in an ID":                 {ID: "a\x00"},
		"a negative time":              {Retry: -time.Second},
		"nothing at all":               {NoData: true},
		"data that breaks their rules": {Data: line{-1}},
	} {
		for _, first := range []bool{false, true} {
			synctest.Test(t, func(t *testing.T) {
				app, logged := apptest.Quiet(candor.Config{})
				closed := false
				candor.Get(app, "/", func(context.Context, candor.None) (candor.Events[line], error) {
					return func(yield func(candor.Event[line], error) bool) {
						defer func() { closed = true }()
						if !first {
							yield(good, nil)
							time.Sleep(time.Second) // until the first event is sent
						}
						assert.False(t, yield(bad, nil), name)
					}, nil
				})
				if want := "data: {\"n\":1}\n\n" + failure; !first {
					assert.Equal(t, want, served(t, app), name)
				} else {
					assert.Equal(t, `500 | {"detail":"Internal Server Error"}`, apptest.Wire(app, "GET /"), name)
				}
				assert.True(t, closed)
				assert.NotEmpty(t, logged.String(), "the reason is the log's")
			})
		}
	}
}

// A reconnecting client sends Last-Event-ID, which a handler reads like any other header. HEAD starts no producer.
func TestEventsGoOn(t *testing.T) {
	started := 0
	app := candor.New(candor.Config{})
	candor.Get(app, "/", func(_ context.Context, in struct {
		Last int `header:"Last-Event-ID" default:"0" validate:"gte=0"`
	},
	) (candor.Events[int], error) {
		return func(yield func(candor.Event[int], error) bool) {
			started++
			_ = yield(candor.Event[int]{Data: in.Last + 1, ID: strconv.Itoa(in.Last + 1)}, nil)
		}, nil
	})
	c := candor.NewTestClient(t, app)
	assert.Equal(t, "data: 1\nid: 1\n\n", c.Get("/").Status(200).Text())
	assert.Equal(t, "data: 8\nid: 8\n\n", c.Get("/", candor.WithHeader("Last-Event-ID", "7")).Status(200).Text())
	c.Get("/", candor.WithHeader("Last-Event-ID", "x")).Status(422)
	before := started
	head := c.Head("/").Status(200)
	assert.Equal(t, "text/event-stream; charset=utf-8", head.Header.Get("Content-Type"))
	assert.Empty(t, head.Body)
	assert.Equal(t, before, started)
}
