package candor_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/candor-go/candor"
)

// seenReply is a response as a wrapper sees it.
type seenReply struct {
	status int
	header http.Header
	body   string
	ok     bool
}

// seesReply is a wrapper that records the response, and asks for it twice.
func seesReply(into *seenReply) candor.Option {
	return candor.Around(func(_ context.Context, in struct{ Exchange *candor.Exchange }, next func() error) error {
		err := next()
		_, _, _, _ = in.Exchange.Response(err)
		status, header, body, ok := in.Exchange.Response(err)
		*into = seenReply{status, header, string(body), ok}
		return err
	})
}

type shapedReply struct {
	Status int         `status:"201,200"`
	Tag    string      `header:"ETag"`
	Visit  http.Cookie `cookie:"visit"`
	Body   []int       `body:""`
}

// A wrapper sees the response that the client gets, apart from what outer wrappers add.
func TestResponsesOfTheRest(t *testing.T) {
	errFull := candor.Error(409, "full").WithHeader("Retry-After", "7")
	for name, row := range map[string]struct {
		handler  func(app *candor.App, option candor.RouteOption)
		want     seenReply
		received int
	}{
		"a value": {func(app *candor.App, o candor.RouteOption) {
			candor.Get(app, "/", func(context.Context, candor.None) ([]int, error) { return []int{1, 2}, nil }, o)
		}, seenReply{200, http.Header{"Content-Type": {"application/json"}}, "[1,2]", true}, 200},
		"an envelope": {func(app *candor.App, o candor.RouteOption) {
			candor.Get(app, "/", func(_ context.Context, in struct{ Header candor.ResponseHeader }) (shapedReply, error) {
				http.Header(in.Header).Add("Vary", "X-Inner")
				return shapedReply{Tag: `"1"`, Visit: http.Cookie{Value: "v"}, Body: []int{1}}, nil
			}, o)
		}, seenReply{201, http.Header{"Content-Type": {"application/json"}, "Etag": {`"1"`}, "Set-Cookie": {"visit=v"}, "Vary": {"X-Inner"}}, "[1]", true}, 201},
		"none": {func(app *candor.App, o candor.RouteOption) {
			candor.Get(app, "/", func(context.Context, candor.None) (candor.None, error) { return candor.None{}, nil }, o)
		}, seenReply{204, http.Header{}, "", true}, 204},
		"an error": {func(app *candor.App, o candor.RouteOption) {
			candor.Get(app, "/", func(context.Context, candor.None) (int, error) { return 0, errFull }, o)
		}, seenReply{409, http.Header{"Content-Type": {"application/json"}, "Retry-After": {"7"}}, `{"detail":"full"}`, true}, 409},
		"an error that stays on the server": {func(app *candor.App, o candor.RouteOption) {
			candor.Get(app, "/", func(context.Context, candor.None) (int, error) { return 0, errors.New("secret") }, o)
		}, seenReply{500, http.Header{"Content-Type": {"application/json"}}, `{"detail":"Internal Server Error"}`, true}, 500},
		"a stream": {func(app *candor.App, o candor.RouteOption) {
			candor.Get(app, "/", func(context.Context, candor.None) (candor.JSONLines[int], error) {
				return candor.LinesOf(func(yield func(int) bool) { yield(1) }), nil
			}, o)
		}, seenReply{}, 200},
		"a reader": {func(app *candor.App, o candor.RouteOption) {
			candor.Get(app, "/", func(context.Context, candor.None) (candor.Reader, error) { return strings.NewReader("x"), nil }, o)
		}, seenReply{}, 200},
		"a plain handler": {func(app *candor.App, o candor.RouteOption) {
			candor.HandleHTTP(app, []string{"GET"}, "/", http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}), o)
		}, seenReply{}, 200},
	} {
		t.Run(name, func(t *testing.T) {
			var got seenReply
			app := candor.New(candor.Config{Logger: slog.New(slog.DiscardHandler)}, candor.Use(func(next http.Handler) http.Handler {
				return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
					w.Header().Set("X-Outer", "1")
					w.Header().Set("Vary", "X-Outer")
					next.ServeHTTP(w, r)
				})
			}))
			row.handler(app, seesReply(&got))
			w := httptest.NewRecorder()
			app.ServeHTTP(w, httptest.NewRequest("GET", "/", nil))
			assert.Equal(t, row.received, w.Code)
			assert.Equal(t, row.want, got)
			assert.Equal(t, "1", w.Header().Get("X-Outer"))
			assert.Equal(t, "X-Outer", w.Header().Values("Vary")[0])
			if !row.want.ok {
				return
			}
			assert.Equal(t, got.body, w.Body.String())
			for name, values := range got.header {
				assert.Subset(t, w.Header()[name], values, name)
			}
		})
	}
}

// An error handler runs once per error, even if a wrapper asks for the response.
func TestAnErrorIsShownOnce(t *testing.T) {
	var got seenReply
	var log strings.Builder
	app := candor.New(candor.Config{Logger: slog.New(slog.NewTextHandler(&log, nil))}, seesReply(&got))
	calls := 0
	candor.OnStatus(app, 409, func(_ context.Context, _ *candor.HTTPError) (int, error) { calls++; return calls, nil })
	candor.Get(app, "/full", func(context.Context, candor.None) (int, error) { return 0, candor.Error(409, "full") })
	candor.Get(app, "/broken", func(context.Context, candor.None) (int, error) { return 0, errors.New("no disk") })
	for want := range 3 {
		w := httptest.NewRecorder()
		app.ServeHTTP(w, httptest.NewRequest("GET", "/full", nil))
		assert.Equal(t, fmt.Sprint(want+1), w.Body.String())
	}
	app.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest("GET", "/broken", nil))
	assert.Equal(t, 1, strings.Count(log.String(), "no disk"))
}

// givesReply responds instead of the handler.
func givesReply(status int, header http.Header, body string) candor.Option {
	return candor.Around(func(_ context.Context, in struct{ Exchange *candor.Exchange }, _ func() error) error {
		return in.Exchange.Respond(status, header, []byte(body))
	})
}

func TestResponsesInsteadOfTheRest(t *testing.T) {
	for name, row := range map[string]struct {
		option candor.Option
		want   int
		body   string
	}{
		"a value":       {givesReply(203, http.Header{"Content-Type": {"text/x"}, "Set-Cookie": {"a=1", "b=2"}}, "kept"), 203, "kept"},
		"nothing":       {givesReply(204, nil, ""), 204, ""},
		"no status":     {givesReply(99, nil, ""), 500, `{"detail":"Internal Server Error"}`},
		"no header":     {givesReply(200, http.Header{"A B": {"c"}}, ""), 500, `{"detail":"Internal Server Error"}`},
		"line break":    {givesReply(200, http.Header{"A": {"c\nd"}}, ""), 500, `{"detail":"Internal Server Error"}`},
		"nothing given": {candor.Around(func(context.Context, candor.None, func() error) error { return nil }), 500, `{"detail":"Internal Server Error"}`},
	} {
		for kind, register := range map[string]func(app *candor.App, o candor.RouteOption){
			"value": func(app *candor.App, o candor.RouteOption) {
				candor.Get(app, "/", func(context.Context, candor.None) (int, error) { panic("called") }, o)
			},
			"stream": func(app *candor.App, o candor.RouteOption) {
				candor.Get(app, "/", func(context.Context, candor.None) (candor.JSONLines[int], error) { panic("called") }, o)
			},
		} {
			t.Run(name+" of a "+kind, func(t *testing.T) {
				app := candor.New(candor.Config{Logger: slog.New(slog.DiscardHandler)})
				register(app, row.option)
				w := httptest.NewRecorder()
				app.ServeHTTP(w, httptest.NewRequest("GET", "/", nil))
				assert.Equal(t, row.want, w.Code)
				assert.Equal(t, row.body, w.Body.String())
				if row.want == 203 {
					assert.Equal(t, []string{"a=1", "b=2"}, w.Header().Values("Set-Cookie"))
					assert.Equal(t, "text/x", w.Header().Get("Content-Type"))
				}
			})
		}
	}
}

func TestRequestDigests(t *testing.T) {
	app := candor.New(candor.Config{Logger: slog.New(slog.DiscardHandler)})
	candor.Post(app, "/", func(_ context.Context, in struct {
		Body []int `body:""`
	},
	) (int, error) {
		return len(in.Body), nil
	}, candor.Around(func(_ context.Context, in struct {
		Exchange *candor.Exchange
		Header   candor.ResponseHeader
	}, next func() error,
	) error {
		for range 2 {
			digest, err := in.Exchange.RequestDigest(10)
			if err != nil {
				return err
			}
			http.Header(in.Header).Add("X-Digest", fmt.Sprintf("%x", digest[:4]))
		}
		return next()
	}))
	w := httptest.NewRecorder()
	r := httptest.NewRequest("POST", "/", strings.NewReader(`[1, 2]`))
	r.Header.Set("Content-Type", "application/json")
	app.ServeHTTP(w, r)
	require.Equal(t, 200, w.Code)
	assert.Equal(t, []string{"3a316d6d", "3a316d6d"}, w.Header().Values("X-Digest"))
}

func ExampleExchange() {
	kept := map[string]string{}
	remember := candor.Around(func(_ context.Context, in struct {
		Key      string `header:"X-Key"`
		Exchange *candor.Exchange
	}, next func() error,
	) error {
		if body, ok := kept[in.Key]; ok {
			return in.Exchange.Respond(200, http.Header{"Content-Type": {"application/json"}}, []byte(body))
		}
		err := next()
		if status, _, body, ok := in.Exchange.Response(err); ok && status == 200 {
			kept[in.Key] = string(body)
		}
		return err
	})
	app, n := candor.New(candor.Config{}), 0
	candor.Post(app, "/", func(context.Context, candor.None) (int, error) { n++; return n, nil }, remember)
	for _, key := range []string{"a", "a", "b"} {
		r := httptest.NewRequest("POST", "/", nil)
		r.Header.Set("X-Key", key)
		w := httptest.NewRecorder()
		app.ServeHTTP(w, r)
		fmt.Println(w.Body)
	}
	// Output:
	// 1
	// 1
	// 2
}
