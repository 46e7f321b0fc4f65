package candor_test

import (
	"context"
	"errors"
	"io"
	"net/http"
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

type streamedTick struct {
	N int `json:"n" validate:"lte=9"`
}

// streamingApp has a stream of each kind. The producers log what they did.
func streamingApp(log *[]string) *candor.App {
	app := candor.New(apptest.Unlogged())
	candor.Get(app, "/hours", func(ctx context.Context, _ candor.None) (candor.Events[streamedTick], error) {
		return func(yield func(candor.Event[streamedTick], error) bool) {
			defer func() { *log = append(*log, "left: "+context.Cause(ctx).Error()) }()
			for n := 1; ; n++ {
				select {
				case <-time.After(time.Hour):
				case <-ctx.Done():
					return
				}
				*log = append(*log, "made")
				if !yield(candor.Event[streamedTick]{Data: streamedTick{n}, Name: "tick", ID: "a", Retry: time.Second}, nil) {
					return
				}
			}
		}, nil
	})
	candor.Get(app, "/fast", func(ctx context.Context, _ candor.None) (candor.JSONLines[streamedTick], error) {
		return func(yield func(streamedTick, error) bool) {
			defer func() { *log = append(*log, "left: "+ctx.Err().Error()) }()
			for yield(streamedTick{1}, nil) {
				continue
			}
		}, nil
	})
	candor.Post(app, "/lines", func(_ context.Context, in struct {
		Fail string `query:"fail,omitempty"`
		Body []int  `body:"ns"`
	},
	) (candor.JSONLines[streamedTick], error) {
		if in.Fail == "early" {
			return nil, candor.Error(404, "no lines")
		}
		return func(yield func(streamedTick, error) bool) {
			for _, n := range in.Body {
				if !yield(streamedTick{n}, nil) {
					return
				}
				time.Sleep(time.Second)
			}
			if in.Fail == "late" {
				yield(streamedTick{}, io.ErrClosedPipe)
			}
		}, nil
	}, candor.Raises(candor.Error(404, nil)))
	candor.Get(app, "/texts", func(context.Context, candor.None) (candor.Events[candor.Raw], error) {
		return func(yield func(candor.Event[candor.Raw], error) bool) {
			if yield(candor.Event[candor.Raw]{Data: "one\ntwo"}, nil) {
				time.Sleep(time.Second)
				yield(candor.Event[candor.Raw]{}, candor.Error(409, "lost"))
			}
		}, nil
	})
	candor.Get(app, "/stubborn", func(context.Context, candor.None) (candor.JSONLines[int], error) {
		return func(yield func(int, error) bool) {
			yield(1, nil)
			time.Sleep(time.Minute)
		}, nil
	})
	return app
}

func TestStreamsAreReadWhileTheyRun(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var log []string
		c := candor.NewTestClient(t, streamingApp(&log))
		began := time.Now()
		stream := c.Stream("GET", "/hours", nil)
		assert.Equal(t, 200, stream.Response.Code)
		assert.Less(t, time.Since(began), time.Minute, "the header comes before the first event")
		for event, err := range candor.ReadEvents[streamedTick](stream) {
			require.NoError(t, err)
			assert.Equal(t, candor.Event[streamedTick]{Data: streamedTick{len(log)}, Name: "tick", ID: "a", Retry: time.Second}, event)
			assert.Equal(t, time.Duration(len(log))*time.Hour, time.Since(began))
			if event.Data.N == 3 {
				break
			}
		}
		assert.Equal(t, []string{"made", "made", "made", "left: context canceled"}, log, "the producer is gone when the loop is over")
		assert.Equal(t, 3*time.Hour, time.Since(began))
	})
}

func TestLinesFrom(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var log []string
		c := candor.NewTestClient(t, streamingApp(&log))
		for _, row := range []struct {
			target string
			want   []int
			err    error
		}{
			{"/lines", []int{1, 2, 3}, nil},
			{"/lines?fail=late", []int{1, 2, 3}, io.ErrUnexpectedEOF},
		} {
			var got []int
			var failure error
			for tick, err := range candor.ReadLines[streamedTick](c.Stream("POST", row.target, `{"ns":[1,2,3]}`)) {
				if failure = err; err == nil {
					got = append(got, tick.N)
				}
			}
			assert.Equal(t, row.want, got, row.target)
			assert.Equal(t, row.err, failure, row.target)
		}
		for tick, err := range candor.ReadLines[streamedTick](c.Stream("GET", "/fast", nil)) {
			require.NoError(t, err)
			assert.Equal(t, 1, tick.N)
			break
		}
		assert.Equal(t, []string{"left: context canceled"}, log)
		for _, err := range candor.ReadLines[string](c.Stream("POST", "/lines", `{"ns":[1]}`)) {
			assert.ErrorContains(t, err, "cannot unmarshal object")
		}
		for tick, err := range candor.ReadLines[streamedTick](c.Stream("POST", "/lines", `{"ns":[]}`)) {
			t.Error("no line was expected", tick, err)
		}
	})
}

func TestEventsFrom(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var log []string
		c := candor.NewTestClient(t, streamingApp(&log))
		var got []candor.Event[candor.Raw]
		var failures []error
		for event, err := range candor.ReadEvents[candor.Raw](c.Stream("GET", "/texts", nil)) {
			got, failures = append(got, event), append(failures, err)
		}
		assert.Equal(t, []candor.Event[candor.Raw]{{Data: "one\ntwo"}, {Name: "error"}}, got)
		require.Len(t, failures, 2)
		require.NoError(t, failures[0])
		assert.EqualError(t, failures[1], `the stream failed: {"detail":"lost"}`)
	})
}

// A gap in a topic is an event without data.
func TestEventsFromATopic(t *testing.T) {
	t.Parallel()
	app := candor.New(apptest.Unlogged())
	candor.HandleHTTP(app, []string{"GET"}, "/it", withHeader("Cache-Control", "no-cache", apptest.Handler(200, "text/event-stream", "event: gap\ndata: null\n\ndata: {\"n\":3}\n\n")),
		candor.Responds[candor.Events[streamedTick]](200))
	var got []candor.Event[streamedTick]
	for event, err := range candor.ReadEvents[streamedTick](candor.NewTestClient(t, app).Stream("GET", "/it", nil)) {
		require.NoError(t, err)
		got = append(got, event)
	}
	assert.Equal(t, []candor.Event[streamedTick]{{Name: "gap"}, {Data: streamedTick{3}}}, got)
}

func TestStreamsThatAreNone(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var log []string
		app := streamingApp(&log)
		candor.HandleHTTP(app, []string{"GET"}, "/aborts", http.HandlerFunc(func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }))
		for _, row := range []struct {
			name string
			test func(c *candor.TestClient)
			want string
		}{
			{"an error", func(c *candor.TestClient) {
				assert.JSONEq(t, `{"detail":"no lines"}`, c.Stream("POST", "/lines?fail=early", `{"ns":[]}`).Response.Status(404).Text())
			}, ""},
			{"faults", func(c *candor.TestClient) {
				assert.Equal(t, "missing", c.Stream("POST", "/lines", `{}`).Response.Faults()[0].Type)
			}, ""},
			{"no route", func(c *candor.TestClient) { c.Stream("GET", "/nowhere", nil).Response.Status(404) }, ""},
			{"a stream that nobody reads", func(c *candor.TestClient) { c.Stream("GET", "/hours", nil) }, ""},
			{"a stream that is closed", func(c *candor.TestClient) {
				stream := c.Stream("GET", "/hours", nil)
				stream.Close()
				stream.Close()
				for _, err := range candor.ReadEvents[streamedTick](stream) {
					assert.ErrorIs(t, err, io.ErrClosedPipe)
				}
			}, ""},
			{"HEAD", func(c *candor.TestClient) {
				for event, err := range candor.ReadEvents[streamedTick](c.Stream("HEAD", "/hours", nil)) {
					t.Error("HEAD has no events", event, err)
				}
			}, ""},
			{"a context that ends", func(c *candor.TestClient) {
				ctx, cancel := context.WithTimeout(t.Context(), 90*time.Minute)
				defer cancel()
				n := 0
				for _, err := range candor.ReadEvents[streamedTick](c.Stream("GET", "/hours", nil, candor.WithContext(ctx))) {
					require.NoError(t, err)
					n++
				}
				assert.Equal(t, 1, n)
			}, ""},
			{"another kind of stream", func(c *candor.TestClient) { candor.ReadLines[int](c.Stream("GET", "/texts", nil)) }, "GET /texts: the response is not application/jsonl, but status 200 and \"text/event-stream; charset=utf-8\""},
			{"an error that is read", func(c *candor.TestClient) {
				candor.ReadLines[int](c.Stream("POST", "/lines?fail=early", `{"ns":[]}`))
			}, "but status 404 and \"application/json\"\n{\"detail\":\"no lines\"}"},
			{"an aborted answer", func(c *candor.TestClient) { c.Stream("GET", "/aborts", nil) }, "GET /aborts: the response was aborted"},
		} {
			got := record(func(tb candor.TB) { row.test(candor.NewTestClient(tb, app)) })
			assert.Empty(t, got.errors, row.name)
			if row.want == "" {
				assert.Empty(t, got.fatal, row.name)
				continue
			}
			assert.Contains(t, got.fatal, row.want, row.name)
		}
	})
}

// A handler that ignores the end of its context is reported.
func TestAStreamThatDoesNotEnd(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		got := record(func(tb candor.TB) {
			for _, err := range candor.ReadLines[int](candor.NewTestClient(tb, streamingApp(new([]string))).Stream("GET", "/stubborn", nil)) {
				assert.NoError(t, err)
				break
			}
			time.Sleep(time.Minute)
		})
		require.Len(t, got.errors, 1)
		assert.Contains(t, got.errors[0], "GET /stubborn: the handler did not return for 10s after the client had left")
	})
}

// Each item is checked against the document, however the response is read.
func TestTheContractOfItems(t *testing.T) {
	t.Parallel()
	lines, events := candor.Responds[candor.JSONLines[streamedTick]](200), candor.Responds[candor.Events[streamedTick]](200)
	raw := candor.Responds[candor.Events[candor.Raw]](200)
	for _, row := range []struct {
		name, media string
		option      candor.RouteOption
		body, want  string
	}{
		{"lines", "application/jsonl", lines, "{\"n\":1}\n{\"n\":9}\n", ""},
		{"no lines", "application/jsonl", lines, "", ""},
		{"a last line without its end", "application/jsonl", lines, "{\"n\":1}\n{\"n\":9}", ""},
		{"a broken rule", "application/jsonl", lines, "{\"n\":1}\n{\"n\":10}\n", "line 2.n\n\tpromised: maximum: got 10, want 9\n\tcame:     {\"n\":10}"},
		{"no JSON", "application/jsonl", lines, "{\"n\":1}\n{\n", "line 2\n\tpromised: JSON"},
		{"an empty line", "application/jsonl", lines, "{\"n\":1}\n\n", "line 2\n\tpromised: JSON"},
		{"events", "text/event-stream", events, "data: {\"n\":1}\n\n: ping\n\ndata: {\"n\":2}\n\n", ""},
		{"data of another type", "text/event-stream", events, "data: {\"n\":1}\n\ndata: {\"n\":\"1\"}\n\n", "the data of event 2.n\n\tpromised: got string, want integer"},
		{"data that is no JSON", "text/event-stream", events, "data: x\n\n", "the data of event 1\n\tpromised: JSON"},
		{"events of Candor's own", "text/event-stream", events, "event: gap\ndata: null\n\nevent: error\ndata: {\"detail\":\"x\"}\n\n", ""},
		{"texts", "text/event-stream", raw, "data: {\n\n", ""},
		{"another media type", "text/event-stream", lines, "data: {}\n\n", "the media type of status 200\n\tpromised: application/jsonl"},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			app := candor.New(apptest.Unlogged())
			candor.HandleHTTP(app, []string{"GET"}, "/it", withHeader("Cache-Control", "no-cache", apptest.Handler(200, row.media, row.body)), row.option)
			for name, get := range map[string]func(c *candor.TestClient){
				"at once": func(c *candor.TestClient) { c.Get("/it") },
				"as it comes": func(c *candor.TestClient) {
					stream := c.Stream("GET", "/it", nil)
					if strings.Contains(row.media, "jsonl") {
						for line, err := range candor.ReadLines[any](stream) {
							assert.True(t, err != nil || line != nil)
						}
						return
					}
					for _, err := range candor.ReadEvents[candor.Raw](stream) {
						assert.True(t, err == nil || row.name == "events of Candor's own")
					}
				},
				"unchecked": nil,
			} {
				want := row.want
				if get == nil {
					want, get = "", func(c *candor.TestClient) { c.Stream("GET", "/it", nil, candor.Unchecked()).Close() }
				}
				got := record(func(tb candor.TB) { get(candor.NewTestClient(tb, app)) })
				require.Empty(t, got.fatal, name)
				if want == "" {
					assert.Empty(t, got.errors, name)
					continue
				}
				require.Len(t, got.errors, 1, name)
				assert.Contains(t, got.errors[0], want, name)
			}
		})
	}
}

// The header and the request of a stream are checked like those of any response.
func TestTheContractOfStreams(t *testing.T) {
	t.Parallel()
	app := candor.New(apptest.Unlogged())
	candor.HandleHTTP(app, []string{"GET"}, "/it", apptest.Handler(200, "text/event-stream", ""), candor.Responds[candor.Events[int]](200), candor.EditOperation(func(op *openapi3.Operation) {
		op.Parameters = append(op.Parameters, &openapi3.ParameterRef{Value: openapi3.NewQueryParameter("from").WithRequired(true).WithSchema(openapi3.NewStringSchema())})
	}))
	got := record(func(tb candor.TB) { candor.NewTestClient(tb, app).Stream("GET", "/it", nil) })
	require.Empty(t, got.fatal)
	require.Len(t, got.errors, 2)
	assert.Contains(t, got.errors[0], "the header Cache-Control of status 200\n\tpromised: it is required")
	assert.Contains(t, got.errors[1], "query from\n\tpromised: it is required")
}

func TestStreamsKeepCookies(t *testing.T) {
	t.Parallel()
	app := candor.New(apptest.Unlogged())
	candor.HandleHTTP(app, []string{"GET"}, "/set", withHeader("Set-Cookie", "a=b", apptest.Handler(200, "application/jsonl", "")), candor.Hidden())
	candor.Get(app, "/it", func(_ context.Context, in struct {
		A string `cookie:"a"`
	},
	) (string, error) {
		return in.A, nil
	})
	c := candor.NewTestClient(t, app)
	c.Stream("GET", "/set", nil).Close()
	var got string
	c.Get("/it").Status(200).JSON(&got)
	assert.Equal(t, "b", got)
}

var errStreamBroke = errors.New("broke")

// If a producer fails before its first line, the response is an ordinary one.
func TestAStreamThatFailsAtOnce(t *testing.T) {
	t.Parallel()
	app := candor.New(apptest.Unlogged())
	candor.Get(app, "/it", func(context.Context, candor.None) (candor.JSONLines[int], error) {
		return func(yield func(int, error) bool) { yield(0, errStreamBroke) }, nil
	})
	candor.NewTestClient(t, app).Stream("GET", "/it", nil).Response.Status(500)
}
