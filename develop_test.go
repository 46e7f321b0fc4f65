package candor_test

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"regexp"
	"runtime"
	"strings"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/candor-go/candor"
	"github.com/candor-go/candor/internal/apptest"
	"github.com/candor-go/candor/middleware"
)

type devRef struct {
	ID    int    `path:"id"`
	Token string `query:"token,omitempty" validate:"max=5"`
}

var errDevConflict = candor.Error(409, "taken")

func devRead(_ context.Context, in devRef) (int, error) {
	switch in.ID {
	case 2:
		return 0, errors.New("read: connection refused")
	case 3:
		return []int{}[in.ID], nil
	case 4:
		return len(strings.Repeat("x", -1)), nil
	case 5:
		return 0, errDevConflict
	}
	return in.ID, nil
}

type devPool int

func devProvide(context.Context, candor.None) (devPool, error) { return 0, errors.New("no pool") }

type devTx int

func devTransact(_ context.Context, _ candor.None, use func(devTx) error) error {
	return errors.Join(use(1), errors.New("commit failed"))
}

type devPoolIn struct {
	Pool devPool `dep:""`
}

type devTxIn struct {
	Tx devTx `dep:""`
}

type devTasksIn struct{ Tasks *candor.Tasks }

type devMessage struct {
	Text string `json:"text" validate:"min=3"`
}

// devApp has a route of every kind.
func devApp(config candor.Config) *candor.App {
	app := candor.New(config, candor.Use(func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.Header.Get("X-Refuse") != "" {
				w.WriteHeader(http.StatusTeapot)
				return
			}
			next.ServeHTTP(w, r)
		})
	}))
	candor.Get(app, "/items/{id}", devRead)
	candor.Post(app, "/items", func(_ context.Context, in struct {
		Body devMessage `body:""`
	},
	) (devMessage, error) {
		return in.Body, nil
	})
	candor.Provide(app, devProvide)
	candor.ProvideScoped(app, devTransact)
	candor.Get(app, "/pool", func(context.Context, devPoolIn) (int, error) { return 1, nil })
	candor.Get(app, "/tx", func(context.Context, devTxIn) (int, error) { return 1, nil })
	candor.Get(app, "/tasks", func(_ context.Context, in devTasksIn) (int, error) {
		in.Tasks.Add(func(context.Context) error { return errors.New("no mail") })
		in.Tasks.Add(func(context.Context) error { panic("no paper") })
		return 1, nil
	})
	candor.Get(app, "/lines", func(context.Context, candor.None) (candor.JSONLines[int], error) {
		return func(yield func(int, error) bool) {
			if yield(1, nil) {
				panic("no more")
			}
		}, nil
	})
	candor.WebSocket(app, "/socket", func(ctx context.Context, _ candor.None, s *candor.Socket[devMessage, devMessage]) error {
		for _, err := range s.Messages(ctx) {
			if err != nil {
				return err
			}
		}
		return nil
	})
	candor.HandleHTTP(app, []string{"GET"}, "/plain", http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusAccepted) }))
	app.Mount("/raw", apptest.Handler(202, "", ""))
	app.Health("/healthz", "/readyz")
	inner := candor.New(config)
	candor.Get(inner, "/items/{id}", devRead)
	app.Mount("/inner", inner)
	return app
}

// Development mode only logs: if a hook of the document panics, only the document is a 500.
func TestDevelopmentWithADocumentThatPanics(t *testing.T) {
	for name, hook := range map[string]func(*openapi3.T){"panic": func(*openapi3.T) { panic("edit") }, "goexit": func(*openapi3.T) { runtime.Goexit() }} {
		app, _ := apptest.Quiet(candor.Config{Dev: true, EditDocument: hook})
		candor.Get(app, "/", apptest.Returns(ping{}))
		for range 2 {
			assert.Equal(t, "200 | {}", apptest.Wire(app, "GET /"), name)
		}
		assert.Equal(t, `500 | {"detail":"Internal Server Error"}`, apptest.Wire(app, "GET /openapi.json"), name)
	}
}

// devLines serves a request, and returns the lines that were logged.
func devLines(t *testing.T, config candor.Config, request string, header ...string) (lines []string, w *httptest.ResponseRecorder) {
	t.Helper()
	log := &recordedLog{}
	config.Logger = slog.New(log)
	app := devApp(config)
	stop, err := app.Start(t.Context())
	require.NoError(t, err)
	begun := log.take()
	if config.Dev {
		require.NotEmpty(t, begun)
		assert.Contains(t, begun[0], "WARN development mode is on")
	} else {
		assert.Empty(t, begun)
	}
	method, target, _ := strings.Cut(request, " ")
	target, sent, _ := strings.Cut(target, " ")
	r := httptest.NewRequest(method, target, strings.NewReader(sent))
	if sent != "" {
		r.Header.Set("Content-Type", "application/json")
	}
	for i := 0; i < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	w = httptest.NewRecorder()
	func() {
		defer func() {
			if value := recover(); value != nil {
				assert.Equal(t, http.ErrAbortHandler, value)
			}
		}()
		app.ServeHTTP(w, r)
	}()
	require.NoError(t, stop())
	for _, line := range log.take() {
		line = regexp.MustCompile(`duration=\S+`).ReplaceAllString(line, "duration=D")
		line = regexp.MustCompile(`(\w+_test\.go):\d+`).ReplaceAllString(line, "$1")
		line = regexp.MustCompile(`[^ =]*/(\w+_test\.go)`).ReplaceAllString(line, "$1")
		lines = append(lines, strings.ReplaceAll(line, "    candor_test.", "    "))
	}
	return lines, w
}

func TestDev(t *testing.T) {
	t.Parallel()
	const folded = "(N calls of Candor and the standard library)"
	tests := map[string]struct {
		header []string
		want   []string
	}{
		"GET /items/1?token=abc": {want: []string{"INFO request method=GET path=/items/1 route=/items/{id} status=200 duration=D"}},
		"GET /items/x?token=secret": {want: []string{
			"INFO request method=GET path=/items/x route=/items/{id} status=422 duration=D invalid=path.id int_parsing, query.token string_too_long",
		}},
		`POST /items {"text":"no"}`: {want: []string{"INFO request method=POST path=/items route=/items status=422 duration=D invalid=body.text string_too_short"}},
		"GET /items/2": {want: []string{
			"ERROR request failed method=GET route=/items/{id} error=read: connection refused path=/items/2 step=handle devRead at=develop_test.go",
			"ERROR request method=GET path=/items/2 route=/items/{id} status=500 duration=D",
		}},
		"GET /items/3": {want: []string{
			"ERROR request failed method=GET route=/items/{id} error=panic: runtime error: index out of range [3] with length 0 path=/items/3",
			"ERROR     devRead develop_test.go",
			"ERROR     " + folded,
			"ERROR request method=GET path=/items/3 route=/items/{id} status=500 duration=D",
		}},
		"GET /items/4": {want: []string{
			"ERROR request failed method=GET route=/items/{id} error=panic: strings: negative Repeat count path=/items/4",
			"ERROR     devRead develop_test.go, which called strings.Repeat",
			"ERROR     " + folded,
			"ERROR request method=GET path=/items/4 route=/items/{id} status=500 duration=D",
		}},
		"GET /items/5": {want: []string{
			"WARN the document does not have this response method=GET route=/items/{id} status=409 at=develop_test.go fix=declare it with candor.Raises(err) or candor.Responds[T](409)",
			"INFO request method=GET path=/items/5 route=/items/{id} status=409 duration=D",
		}},
		"HEAD /items/5": {want: []string{
			"WARN the document does not have this response method=GET route=/items/{id} status=409 at=develop_test.go fix=declare it with candor.Raises(err) or candor.Responds[T](409)",
			"INFO request method=HEAD path=/items/5 route=/items/{id} status=409 duration=D",
		}},
		"GET /inner/items/5": {want: []string{
			"WARN the document does not have this response method=GET route=/items/{id} status=409 at=develop_test.go fix=declare it with candor.Raises(err) or candor.Responds[T](409)",
			"INFO request method=GET path=/inner/items/5 route=/inner/items/{id} status=409 duration=D",
		}},
		"GET /inner/items/x": {want: []string{"INFO request method=GET path=/inner/items/x route=/inner/items/{id} status=422 duration=D invalid=path.id int_parsing"}},
		"GET /plain": {want: []string{
			"WARN the document does not have this response method=GET route=/plain status=202 at=develop_test.go fix=declare it with candor.Raises(err) or candor.Responds[T](202)",
			"INFO request method=GET path=/plain route=/plain status=202 duration=D",
		}},
		"GET /items/1": {header: []string{"X-Refuse", "1"}, want: []string{
			"WARN the document does not have this response method=GET route=/items/{id} status=418 at=develop_test.go fix=declare it with candor.Raises(err) or candor.Responds[T](418)",
			"INFO request method=GET path=/items/1 route=/items/{id} status=418 duration=D",
		}},
		"GET /raw/x":          {want: []string{"INFO request method=GET path=/raw/x route=/raw/{rest...} status=202 duration=D"}},
		"GET /none?token=abc": {want: []string{"INFO request method=GET path=/none route= status=404 duration=D"}},
		"DELETE /items/1":     {want: []string{"INFO request method=DELETE path=/items/1 route= status=405 duration=D"}},
		"GET /healthz":        {want: []string{"DEBUG request method=GET path=/healthz route=/healthz status=200 duration=D"}},
		"GET /pool": {want: []string{
			"ERROR request failed method=GET route=/pool error=no pool path=/pool step=provide candor_test.devPool at=develop_test.go",
			"ERROR request method=GET path=/pool route=/pool status=500 duration=D",
		}},
		"GET /tx": {want: []string{
			"ERROR request failed method=GET route=/tx error=commit failed path=/tx step=open candor_test.devTx at=develop_test.go",
			"ERROR request method=GET path=/tx route=/tx status=500 duration=D",
		}},
		"GET /tasks": {want: []string{
			"INFO request method=GET path=/tasks route=/tasks status=200 duration=D",
			"ERROR background task failed error=no mail at=develop_test.go",
			"ERROR background task failed error=panic: no paper at=develop_test.go",
			"ERROR     devApp.func5.2 develop_test.go",
			"ERROR     " + folded,
		}},
		"GET /lines": {want: []string{
			"ERROR failed after the response method=GET route=/lines error=panic: no more path=/lines",
			"ERROR     devApp.func6.1 develop_test.go",
			"ERROR     " + folded,
			"INFO request method=GET path=/lines route=/lines status=200 duration=D aborted=true",
		}},
	}
	for request, tc := range tests {
		lines, w := devLines(t, candor.Config{Dev: true}, request, tc.header...)
		for i, line := range lines {
			// The test calls the app itself, so its own frames follow.
			lines[i] = regexp.MustCompile(`\(\d+ calls? of Candor and the standard library\)`).ReplaceAllString(line, folded)
		}
		lines = withoutCallers(lines)
		if request == "GET /tasks" { // tasks run concurrently with the end of the request
			assert.ElementsMatch(t, tc.want, lines)
		} else {
			assert.Equal(t, tc.want, lines, request)
		}
		_, plain := devLines(t, candor.Config{}, request, tc.header...)
		assert.Equal(t, plain.Code, w.Code, request)
		assert.Equal(t, plain.Header(), w.Header(), request)
		assert.Equal(t, plain.Body.String(), w.Body.String(), request)
	}
}

// withoutCallers removes the frames of the test from a stack.
func withoutCallers(lines []string) (left []string) {
	for _, line := range lines {
		if !strings.Contains(line, "    devLines") && !strings.Contains(line, "    devApp.func1") && !strings.Contains(line, "    TestDev") &&
			!strings.Contains(line, "calls of the standard library)") && (len(left) == 0 || line != left[len(left)-1]) {
			left = append(left, line)
		}
	}
	return left
}

// Only development mode logs more; in production a panic is a single record.
func TestDevIsOffByDefault(t *testing.T) {
	t.Parallel()
	for request, want := range map[string]int{"GET /items/1": 0, "GET /items/x": 0, "GET /items/5": 0, "GET /items/2": 1, "GET /items/3": 1, "GET /tasks": 2} {
		lines, _ := devLines(t, candor.Config{}, request)
		assert.Len(t, lines, want, request)
	}
	log := &stackLog{}
	app := devApp(candor.Config{Logger: slog.New(log)})
	apptest.Fetch(app, "/items/3")
	require.Len(t, log.stacks, 1)
	assert.Regexp(t, `^\S*devRead develop_test\.go:\d+\n\(\d+ calls of Candor and the standard library\)\n`, log.stacks[0])
	assert.NotContains(t, log.stacks[0], "runtime.gopanic")
}

// stackLog stores the "stack" attributes.
type stackLog struct {
	recordedLog
	stacks []string
}

func (l *stackLog) Handle(_ context.Context, r slog.Record) error {
	r.Attrs(func(a slog.Attr) bool {
		if a.Key == "stack" {
			l.stacks = append(l.stacks, a.Value.String())
		}
		return true
	})
	return nil
}

func TestDevWarnsOnce(t *testing.T) {
	t.Parallel()
	log := &recordedLog{}
	app := devApp(candor.Config{Dev: true, Logger: slog.New(log)})
	for range 3 {
		apptest.Fetch(app, "/items/5")
		apptest.Fetch(app, "/inner/items/5")
	}
	text := strings.Join(log.take(), "\n")
	assert.Equal(t, 2, strings.Count(text, "does not have this response"))
	assert.Equal(t, 2, strings.Count(text, "development mode is on"), "of the app and of the one inside")
	assert.True(t, strings.HasPrefix(text, "WARN development mode is on"))
}

func TestDevOfSockets(t *testing.T) {
	t.Parallel()
	log := &recordedLog{}
	app := devApp(candor.Config{Dev: true, Logger: slog.New(log)})
	t.Run("the client waits for the handler at its end", func(t *testing.T) {
		s := candor.NewTestClient(t, app).WebSocket("/socket?token=secret")
		s.Send(devMessage{"a secret"}).Send(map[string]any{"text": "no"})
		code, _ := s.Closed()
		assert.Equal(t, 1008, code)
	})
	text := strings.Join(log.take(), "\n")
	assert.Contains(t, text, "INFO invalid message path=/socket route=/socket invalid=message.text string_too_short")
	assert.Contains(t, text, "INFO request method=GET path=/socket route=/socket status=101")
	assert.NotContains(t, text, "secret")
	assert.NotContains(t, text, "does not have this response")
}

type devSecrets struct {
	Bearer *candor.Bearer
	Basic  *candor.Basic
	Key    *candor.APIKey `header:"X-Key"`
	Number int            `query:"number,omitempty"`
	Header int            `header:"X-Number,omitempty"`
	Cookie int            `cookie:"number,omitempty"`
}

type devSecretBody struct {
	devSecrets
	Body devSecret `body:""`
}

type devSecretForm struct {
	devSecrets
	Password string `form:"password" validate:"max=3"`
}

type devClosed struct {
	Token candor.Bearer
	Body  devSecret `body:""`
}

type devSecret struct {
	Password string  `json:"password" validate:"max=3"`
	Age      int     `json:"age,omitempty"`
	Pair     *devOne `json:"pair,omitempty"`
}

// devOne may have only one of its members.
type devOne struct {
	A string `json:"a,omitempty"`
	B string `json:"b,omitempty"`
}

func (o devOne) Validate() error {
	if o.A != "" && o.B != "" {
		return errors.New("one of a and b")
	}
	return nil
}

// devSecretApp has a route for each way in which a request can fail.
func devSecretApp(config candor.Config) *candor.App {
	app := candor.New(config, candor.Use(middleware.AccessLog(config.Logger)))
	respond := func(id int) (devSecret, error) {
		switch id {
		case 1:
			return devSecret{}, errors.New("no reason")
		case 2:
			panic("no reason")
		case 3:
			return devSecret{Password: "top secret"}, nil // violates its validation rule
		}
		return devSecret{}, nil
	}
	candor.Post(app, "/json", func(_ context.Context, in devSecretBody) (devSecret, error) { return respond(in.Number) })
	candor.Post(app, "/form", func(_ context.Context, in devSecretForm) (devSecret, error) { return respond(in.Number) })
	candor.Post(app, "/old", func(_ context.Context, in devSecretBody) (devSecret, error) { return respond(in.Number) }, candor.Deprecated())
	candor.Post(app, "/closed", func(_ context.Context, in devClosed) (devSecret, error) { return in.Body, nil })
	return app
}

// Only the method and the path of a request are logged, whatever is wrong with it: no credential, query string,
// cookie, header or body.
func TestInputsAreNotLogged(t *testing.T) {
	t.Parallel()
	for _, dev := range []bool{false, true} {
		var log bytes.Buffer
		app := devSecretApp(candor.Config{Dev: dev, Logger: slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug}))})
		codes := map[int]bool{}
		for r := range requestsWithSecrets {
			w := httptest.NewRecorder()
			app.ServeHTTP(w, r)
			codes[w.Code] = true
		}
		for _, code := range []int{200, 400, 401, 415, 422, 500} {
			assert.True(t, codes[code], "no response has the status %d", code)
		}
		for line := range strings.Lines(log.String()) {
			require.NotContains(t, line, "secret")
		}
	}
}

// requestsWithSecrets yields each path with each query, header and body.
func requestsWithSecrets(yield func(*http.Request) bool) {
	paths := []string{"/json", "/form", "/old", "/closed"}
	queries := []string{"", "?number=secret", "?secret=%zz", "?number=1&secret", "?number=2&secret", "?number=3&secret"}
	headers := []string{
		"X-None: of them",
		"Authorization: Bearer top-secret",
		"Authorization: Bearer top secret", // which is no bearer token
		"Authorization: Basic dG9wOnNlY3JldA==",
		"Authorization: Basic c2VjcmV0",
		"X-Key: top secret",
		"X-Number: secret",
		"Cookie: number=secret",
		"Cookie: secret",
		"Content-Type: text/secret",
		"Content-Type: text/; secret",
		"Content-Encoding: secret",
		"Accept: secret/secret",
		"Content-Type: multipart/form-data; boundary=secret",
	}
	bodies := []string{
		`{"password":"abc"}`, `{"password":"secret"}`, `{"password":"abc","age":"secret"}`, `{"secret":1`, `"secret"`, "password=secret", "%secret",
		`{"password":"abc","pair":{"a":"secret","b":"secret"}}`, "--secret\r\nContent-Disposition: form-data; name=\"secret\"\r\n\r\nsecret\r\n",
	}
	for i := range len(paths) * len(queries) * len(headers) * len(bodies) {
		pick := func(list []string) string {
			picked := list[i%len(list)]
			i /= len(list)
			return picked
		}
		path, query, header, body := pick(paths), pick(queries), pick(headers), pick(bodies)
		r := httptest.NewRequest(http.MethodPost, path+query, strings.NewReader(body))
		r.Header.Set("Content-Type", "application/json")
		if path == "/form" {
			r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		}
		name, value, _ := strings.Cut(header, ": ")
		r.Header.Set(name, value)
		if !yield(r) {
			return
		}
	}
}

// The test client reads validation errors from the request context, which development mode uses too.
func TestDevWithTestClient(t *testing.T) {
	t.Parallel()
	c := candor.NewTestClient(t, devApp(candor.Config{Dev: true, Logger: slog.New(&recordedLog{})}))
	c.Get("/items/x").Status(422)
	c.Post("/items", map[string]any{"text": "no"}).Status(422)
	c.Get("/items/1").Status(200)
}

// Responses that a hook adds to the document count as declared, and so do a range and the default.
func TestDevReadsTheWrittenDocument(t *testing.T) {
	t.Parallel()
	for _, status := range []int{candor.Status4XX, candor.StatusDefault, 409} {
		log := &recordedLog{}
		app := candor.New(candor.Config{Dev: true, Logger: slog.New(log)})
		candor.Get(app, "/items/{id}", devRead, candor.Responds[string](status))
		apptest.Fetch(app, "/items/5")
		assert.NotContains(t, strings.Join(log.take(), "\n"), "does not have this response", status)
	}
}
