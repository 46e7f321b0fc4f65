package candor_test

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/candor-go/candor"
	"github.com/candor-go/candor/internal/apptest"
)

// recordedLog stores log records, one line each.
type recordedLog struct {
	mutex sync.Mutex
	lines []string
}

func (l *recordedLog) Enabled(context.Context, slog.Level) bool { return true }
func (l *recordedLog) WithAttrs([]slog.Attr) slog.Handler       { return l }
func (l *recordedLog) WithGroup(string) slog.Handler            { return l }

func (l *recordedLog) Handle(_ context.Context, r slog.Record) error {
	line := r.Level.String() + " " + r.Message
	r.Attrs(func(a slog.Attr) bool {
		value := a.Value.String()
		if a.Key == "stack" {
			value = strconv.FormatBool(strings.Contains(value, "errors_test.go"))
		}
		line += " " + a.Key + "=" + value
		return true
	})
	l.mutex.Lock()
	defer l.mutex.Unlock()
	l.lines = append(l.lines, line)
	return nil
}

// take returns the lines logged since the last call.
func (l *recordedLog) take() []string {
	l.mutex.Lock()
	defer l.mutex.Unlock()
	lines := l.lines
	l.lines = nil
	return lines
}

// recorded returns a configuration whose log is recorded.
func recorded() (candor.Config, *recordedLog) {
	log := &recordedLog{}
	return candor.Config{Logger: slog.New(log)}, log
}

// panicking returns a handler that panics.
func panicking(value any) func(context.Context, candor.None) (candor.None, error) {
	return func(context.Context, candor.None) (candor.None, error) { panic(value) }
}

type badDetail struct{ panics bool }

func (b badDetail) MarshalJSON() ([]byte, error) {
	if b.panics {
		panic("secret panic")
	}
	return nil, errors.New("secret reason")
}

func TestErrorResponses(t *testing.T) {
	notFound := candor.Error(404, "item not found")
	tests := map[string]struct {
		err    error
		status int
		body   string
		header map[string]string
		log    string
	}{
		"a text":                   {notFound, 404, `{"detail":"item not found"}`, nil, ""},
		"wrapped":                  {fmt.Errorf("reading: %w", notFound), 404, `{"detail":"item not found"}`, nil, ""},
		"joined":                   {errors.Join(io.EOF, notFound), 404, `{"detail":"item not found"}`, nil, ""},
		"nil is the reason phrase": {candor.Error(409, nil), 409, `{"detail":"Conflict"}`, nil, ""},
		"nil without a phrase":     {candor.Error(499, nil), 499, `{"detail":"Status 499"}`, nil, ""},
		"an object":                {candor.Error(400, map[string]any{"b": 1, "a": []int{2}}), 400, `{"detail":{"a":[2],"b":1}}`, nil, ""},
		"a list":                   {candor.Error(400, []string{"x"}), 400, `{"detail":["x"]}`, nil, ""},
		"a number":                 {candor.Error(400, 7), 400, `{"detail":7}`, nil, ""},
		"a truth":                  {candor.Error(400, false), 400, `{"detail":false}`, nil, ""},
		"markup stays text":        {candor.Error(400, "<a>&"), 400, `{"detail":"<a>&"}`, nil, ""},
		"another detail":           {notFound.With("item 3"), 404, `{"detail":"item 3"}`, nil, ""},
		"a header":                 {candor.Error(401, nil).WithHeader("WWW-Authenticate", "Bearer"), 401, `{"detail":"Unauthorized"}`, map[string]string{"Www-Authenticate": "Bearer"}, ""},
		"a redirection":            {candor.Error(303, nil).WithHeader("location", "/there"), 303, `{"detail":"See Other"}`, map[string]string{"Location": "/there"}, ""},
		"no body":                  {candor.Error(304, "none").WithHeader("ETag", `"1"`), 304, "", map[string]string{"Etag": `"1"`, "Content-Type": "", "Content-Length": ""}, ""},
		"a header of two lines": {
			candor.Error(400, "x").WithHeader("X-A", "1\r\nSet-Cookie: a=b").WithHeader("X-B", "2"), 400, `{"detail":"x"}`,
			map[string]string{"X-A": "", "Set-Cookie": "", "X-B": "2"},
			`ERROR a header of an error cannot be sent method=GET route=/ error=the header X-A has a control character in "1\r\nSet-Cookie: a=b"`,
		},
		"a header without a name": {candor.Error(400, "x").WithHeader("a b", "1"), 400, `{"detail":"x"}`, nil, `ERROR a header of an error cannot be sent method=GET route=/ error="a b" cannot be the name of a header`},
		"unknown": {
			sql.ErrNoRows, 500, `{"detail":"Internal Server Error"}`,
			map[string]string{"Content-Type": "application/json"},
			`ERROR request failed method=GET route=/ error=sql: no rows in result set`,
		},
		"a status that is none":        {candor.Error(200, "fine"), 500, `{"detail":"Internal Server Error"}`, nil, `ERROR request failed method=GET route=/ error=200: fine`},
		"a status above all":           {candor.Error(600, "odd"), 500, `{"detail":"Internal Server Error"}`, nil, `ERROR request failed method=GET route=/ error=600: odd`},
		"cancelled, not by the client": {fmt.Errorf("query: %w", context.Canceled), 500, `{"detail":"Internal Server Error"}`, nil, `ERROR request failed method=GET route=/ error=query: context canceled`},
		"a detail no JSON can hold": {
			candor.Error(404, make(chan int)), 404, `{"detail":"Not Found"}`, nil,
			"ERROR the detail of an error cannot be written method=GET route=/ error=",
		},
		"a detail that fails": {
			candor.Error(404, badDetail{}), 404, `{"detail":"Not Found"}`, nil,
			"ERROR the detail of an error cannot be written method=GET route=/ error=",
		},
		"a detail that panics": {
			candor.Error(404, badDetail{panics: true}), 404, `{"detail":"Not Found"}`, nil,
			"ERROR the detail of an error cannot be written method=GET route=/ error=panic: secret panic stack=true",
		},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			config, log := recorded()
			app := candor.New(config)
			candor.Get(app, "/", apptest.Fails(tc.err))

			got := candor.NewTestClient(t, app, candor.Unchecked()).Get("/")

			assert.Equal(t, tc.status, got.Code)
			assert.Equal(t, tc.body, got.Text())
			for name, want := range tc.header {
				assert.Equal(t, want, got.Header.Get(name), name)
			}
			lines := log.take()
			if tc.log == "" {
				assert.Empty(t, lines)
			} else if assert.Len(t, lines, 1) {
				assert.Contains(t, lines[0], tc.log)
			}
		})
	}
}

func TestPanics(t *testing.T) {
	tests := map[string]struct {
		value any
		log   string
	}{
		"a text":                 {"boom", "error=panic: boom"},
		"an error for clients":   {candor.Error(404, "not for clients now"), "error=panic: 404: not for clients now"},
		"the client's own error": {context.Canceled, "error=panic: context canceled"},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			config, log := recorded()
			app := candor.New(config)
			candor.Get(app, "/", panicking(tc.value))

			candor.NewTestClient(t, app).Get("/").Status(500)

			assert.Equal(t, []string{"ERROR request failed method=GET route=/ " + tc.log + " stack=true"}, log.take())
		})
	}
}

func TestAbortPassesThrough(t *testing.T) {
	config, log := recorded()
	app := candor.New(config, candor.Use(candor.Middleware(func(w http.ResponseWriter, r *http.Request, next http.Handler) error {
		next.ServeHTTP(w, r)
		return nil
	})))
	candor.Get(app, "/typed", panicking(http.ErrAbortHandler))
	candor.HandleHTTP(app, []string{"GET"}, "/plain", http.HandlerFunc(func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }))
	candor.OnError(app, func(context.Context, *stockError) (candor.None, error) { panic(http.ErrAbortHandler) })
	candor.Get(app, "/mapped", apptest.Fails(&stockError{}))

	for _, path := range []string{"/typed", "/plain", "/mapped"} {
		assert.PanicsWithValue(t, http.ErrAbortHandler, func() {
			app.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest("GET", path, nil))
		}, path)
	}
	assert.Empty(t, log.take())
}

// TestResponsesThatHaveBegun checks, over a real connection, that
// no client mistakes a truncated response for a complete one.
func TestResponsesThatHaveBegun(t *testing.T) {
	begin := func(w http.ResponseWriter) {
		_, _ = io.WriteString(w, "half of ")
		_ = http.NewResponseController(w).Flush()
	}
	config, log := recorded()
	app := candor.New(config)
	plain := func(path string, h http.HandlerFunc, options ...candor.RouteOption) {
		candor.HandleHTTP(app, []string{"GET"}, path, h, options...)
	}
	plain("/panic", func(w http.ResponseWriter, _ *http.Request) { begin(w); panic("late") })
	plain("/error", func(w http.ResponseWriter, r *http.Request) { begin(w); candor.WriteError(w, r, errors.New("late")) })
	plain("/middleware", func(w http.ResponseWriter, _ *http.Request) { begin(w) }, candor.Use(
		candor.Middleware(func(w http.ResponseWriter, r *http.Request, next http.Handler) error {
			next.ServeHTTP(w, r)
			return candor.Error(403, "late")
		})))
	server := httptest.NewServer(app)
	defer server.Close()

	for path, want := range map[string]string{
		"/panic":      "ERROR the response was cut short method=GET route=/panic error=panic: late stack=true",
		"/error":      "ERROR the response was cut short method=GET route=/error error=late",
		"/middleware": "ERROR the response was cut short method=GET route=/middleware error=403: late",
	} {
		resp, err := http.Get(server.URL + path)
		require.NoError(t, err)
		body, err := io.ReadAll(resp.Body)
		resp.Body.Close()
		assert.ErrorIs(t, err, io.ErrUnexpectedEOF, path)
		assert.Equal(t, "half of ", string(body), path)
		assert.Equal(t, []string{want}, log.take(), path)
	}
}

func TestClientThatLeft(t *testing.T) {
	tests := map[string]error{
		"its context's error": context.Canceled,
		"wrapped":             fmt.Errorf("query: %w", context.Canceled),
	}
	for name, err := range tests {
		t.Run(name, func(t *testing.T) {
			config, log := recorded()
			app := candor.New(config)
			candor.OnStatus(app, 500, func(context.Context, *candor.HTTPError) (string, error) { return "", errors.New("not asked") })
			candor.OnError(app, func(context.Context, error) (string, error) { return "", errors.New("not asked") })
			ctx, leave := context.WithCancel(t.Context())
			candor.Get(app, "/", func(context.Context, candor.None) (candor.None, error) {
				leave()
				return candor.None{}, err
			})

			candor.NewTestClient(t, app).Get("/", candor.WithContext(ctx)).Status(499)

			assert.Equal(t, []string{"INFO client closed the request method=GET route=/ error=" + err.Error() + " status=499"}, log.take())
		})
	}
}

func TestHTTPErrorIsImmutable(t *testing.T) {
	base := candor.Error(404, "not found").WithHeader("X-A", "1")
	var running sync.WaitGroup
	for i := range 8 {
		running.Go(func() {
			for range 100 {
				refined := base.With(i).WithHeader("X-A", strconv.Itoa(i)).WithHeader("X-B", "2")
				assert.ErrorIs(t, refined, base)
				assert.Equal(t, i, refined.Detail())
				assert.Equal(t, strconv.Itoa(i), refined.Header().Get("X-A"))
				refined.Header().Set("X-A", "changed")
				base.Header().Set("X-A", "changed")
			}
		})
	}
	app := candor.New(candor.Config{})
	candor.Get(app, "/", apptest.Fails(base))
	for range 8 {
		running.Go(func() {
			for range 100 {
				w := httptest.NewRecorder()
				app.ServeHTTP(w, httptest.NewRequest("GET", "/", nil))
				assert.JSONEq(t, `{"detail":"not found"}`, w.Body.String())
				w.Header()["X-A"][0] = "changed"
			}
		})
	}
	running.Wait()
	assert.Equal(t, "not found", base.Detail())
	assert.Equal(t, http.Header{"X-A": {"1"}}, base.Header())
	assert.Equal(t, 404, base.Status())
	assert.EqualError(t, base, "404: not found")
	assert.NoError(t, errors.Unwrap(base))
}

func TestHTTPErrorIs(t *testing.T) {
	a, b := candor.Error(404, "x"), candor.Error(404, "x")
	assert.NotErrorIs(t, a, b, "two errors that look alike are two errors")
	assert.ErrorIs(t, a.With("y"), a)
	assert.ErrorIs(t, a, a.With("y"), "the refined one stands for its origin")
	assert.ErrorIs(t, a.With("y").WithHeader("A", "b"), a.With("z"))
	assert.ErrorIs(t, fmt.Errorf("reading: %w", a.With("y")), a)
	assert.NotErrorIs(t, a.With("y"), b)
	assert.NotErrorIs(t, a, io.EOF)
	assert.Equal(t, "x", a.Detail(), "refining leaves the origin as it is")
}

func TestErrorsDropTheHeaderOfTheAbandonedResponse(t *testing.T) {
	app := candor.New(candor.Config{})
	candor.HandleHTTP(app, []string{"GET"}, "/", http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		for _, name := range []string{"Content-Encoding", "ETag", "Last-Modified", "Content-Disposition", "Content-Type", "Content-Length", "X-Kept"} {
			w.Header().Set(name, "9")
		}
		candor.WriteError(w, r, candor.Error(404, "gone"))
	}))

	got := candor.NewTestClient(t, app, candor.Unchecked()).Get("/").Status(404)

	assert.Equal(t, http.Header{"Content-Type": {"application/json"}, "Content-Length": {"17"}, "X-Kept": {"9"}}, got.Header)
}

func ExampleError() {
	errItemNotFound := candor.Error(404, "item not found")
	app := candor.New(candor.Config{})
	candor.Get(app, "/items/{id}", func(_ context.Context, in struct {
		ID int `path:"id"`
	},
	) (candor.None, error) {
		return candor.None{}, fmt.Errorf("the shop: %w", errItemNotFound.With(fmt.Sprintf("item %d not found", in.ID)))
	}, candor.Raises(errItemNotFound))

	show(app, "GET", "/items/3", "")
	// Output: 404 {"detail":"item 3 not found"}
}

func ExampleHTTPError_With() {
	errTaken := candor.Error(409, "taken")
	err := errTaken.With(map[string]string{"taken_by": "Ada"}).WithHeader("Retry-After", "60")
	fmt.Println(err, errors.Is(err, errTaken))
	fmt.Println(err.Status(), err.Detail(), err.Header())
	// Output:
	// 409: map[taken_by:Ada] true
	// 409 map[taken_by:Ada] map[Retry-After:[60]]
}

// show sends a request and prints the response.
func show(app http.Handler, method, target, body string, header ...string) {
	r := httptest.NewRequest(method, target, strings.NewReader(body))
	r.Header.Set("Content-Type", "application/json")
	for _, line := range header {
		name, value, _ := strings.Cut(line, ": ")
		r.Header.Set(name, value)
	}
	w := httptest.NewRecorder()
	app.ServeHTTP(w, r)
	fmt.Println(w.Code, w.Body)
}

// Validation errors inside of an HTTPError get the messages of the app too, in the language of the request.
func TestMessagesOfFaultsInAnError(t *testing.T) {
	t.Parallel()
	app := candor.New(candor.Config{Message: func(r *http.Request, f candor.Fault) string {
		return r.Header.Get("Accept-Language") + " " + f.Type
	}})
	candor.Get(app, "/", func(context.Context, candor.None) (candor.None, error) {
		return candor.None{}, candor.Error(422, []candor.Fault{{Type: "missing", Loc: []any{"body", "a"}}})
	}, candor.Raises(candor.Error(422, nil)))
	r := httptest.NewRequest(http.MethodGet, "/", nil)
	r.Header.Set("Accept-Language", "de")
	w := httptest.NewRecorder()
	app.ServeHTTP(w, r)
	assert.Equal(t, 422, w.Code)
	assert.JSONEq(t, `{"detail":[{"type":"missing","loc":["body","a"],"msg":"de missing"}]}`, w.Body.String())
}

// A nil pointer that was returned as an error is no error for the client: it is an unknown one, and the log says so.
func TestErrorsThatAreNilPointers(t *testing.T) {
	for name, err := range map[string]error{
		"HTTPError": (*candor.HTTPError)(nil), "ValidationError": (*candor.ValidationError)(nil), "CloseError": (*candor.CloseError)(nil),
	} {
		for _, returned := range []error{err, fmt.Errorf("wrapped: %w", err), errors.Join(errors.New("other"), err)} {
			app, logged := apptest.Quiet(candor.Config{})
			candor.OnStatus(app, 500, func(context.Context, *candor.HTTPError) (candor.Text, error) { return "sorry", nil })
			candor.OnError(app, func(context.Context, *candor.ValidationError) (candor.Text, error) { return "invalid", nil })
			candor.Get(app, "/handler", func(context.Context, candor.None) (string, error) { return "", returned })
			candor.Get(app, "/guard", apptest.Returns("x"), candor.Require(func(context.Context, candor.None) error { return returned }), candor.Timeout(time.Minute))
			candor.WebSocket(app, "/socket", func(context.Context, candor.None, *candor.Socket[string, string]) error { return returned })
			c := candor.NewTestClient(t, app)
			assert.Equal(t, "sorry", string(c.Get("/handler").Status(500).Body))
			assert.Equal(t, "sorry", string(c.Get("/guard").Status(500).Body))
			assert.Equal(t, 2, strings.Count(logged.String(), "a nil *candor."+name+" is no nil error"), logged.String())
			code, _ := c.WebSocket("/socket").Closed()
			assert.Equal(t, 1011, code)
		}
	}
	require.NotErrorIs(t, candor.Error(404, nil), (*candor.HTTPError)(nil))
	require.NotErrorIs(t, error((*candor.HTTPError)(nil)), candor.Error(404, nil))
}
