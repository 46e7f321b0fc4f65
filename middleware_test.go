package candor_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/candor-go/candor"
	"github.com/candor-go/candor/internal/apptest"
)

// refusing is middleware that rejects requests whose X-Refuse
// header is its name, by WriteError or by returning an error.
func refusing(name string) func(http.Handler) http.Handler {
	refuse := candor.Error(429, name).WithHeader("Retry-After", "3")
	byError := candor.Middleware(func(w http.ResponseWriter, r *http.Request, next http.Handler) error {
		if r.Header.Get("X-Refuse") == name+" as an error" {
			return refuse
		}
		next.ServeHTTP(w, r)
		return nil
	})
	return func(next http.Handler) http.Handler {
		return byError(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.Header.Get("X-Refuse") == name {
				candor.WriteError(w, r, refuse)
				return
			}
			next.ServeHTTP(w, r)
		}))
	}
}

func TestErrorsOfMiddleware(t *testing.T) {
	app := candor.New(candor.Config{}, candor.Use(refusing("app")))
	router := candor.NewRouter("/r", candor.Use(refusing("router")))
	candor.Get(app, "/own", apptest.Fails(nil), candor.Responds[said](429))
	candor.Get(router, "/typed", apptest.Fails(nil), candor.Use(refusing("route")), candor.Responds[said](429))
	candor.HandleHTTP(router, []string{"GET"}, "/plain", http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		candor.WriteError(w, r, candor.Error(429, "plain").WithHeader("Retry-After", "3"))
	}), candor.Responds[said](429))
	app.Include(router)
	answer := func(where string) func(context.Context, *candor.HTTPError) (said, error) {
		return func(_ context.Context, err *candor.HTTPError) (said, error) {
			return said{where + " " + err.Detail().(string)}, nil
		}
	}
	candor.OnStatus(app, 429, answer("app:"))
	candor.OnStatus(router, 429, answer("router:"))
	c := candor.NewTestClient(t, app)

	tests := []struct{ path, refuse, want string }{
		{"/own", "app", "app: app"},
		{"/nowhere", "app", "app: app"},
		{"/r/typed", "app", "router: app"},
		{"/r/typed", "router", "router: router"},
		{"/r/typed", "route", "router: route"},
		{"/r/plain", "router", "router: router"},
		{"/r/plain", "", "router: plain"},
	}
	for _, tc := range tests {
		for _, way := range []string{"", " as an error"} {
			if tc.refuse == "" {
				way = ""
			}
			got := c.Get(tc.path, candor.WithHeader("X-Refuse", tc.refuse+way)).Status(429)
			assert.Equal(t, `{"who":"`+tc.want+`"}`, got.Text(), "%s %s%s", tc.path, tc.refuse, way)
			assert.Equal(t, "3", got.Header.Get("Retry-After"))
		}
	}
	c.Get("/r/typed").Status(204)
}

func TestMiddlewareHidesUnknownErrors(t *testing.T) {
	config, log := recorded()
	app := candor.New(config, candor.Use(candor.Middleware(func(http.ResponseWriter, *http.Request, http.Handler) error {
		return errors.New("secret")
	})))
	candor.Get(app, "/", apptest.Fails(nil))

	got := candor.NewTestClient(t, app).Get("/").Status(500)

	assert.JSONEq(t, `{"detail":"Internal Server Error"}`, got.Text())
	assert.Equal(t, []string{"ERROR request failed method=GET route=/ error=secret"}, log.take())
}

// TestMiddlewareKeepsTheWriter checks that Middleware keeps the optional methods of the ResponseWriter.
func TestMiddlewareKeepsTheWriter(t *testing.T) {
	app := candor.New(candor.Config{}, candor.Use(candor.Middleware(func(w http.ResponseWriter, r *http.Request, next http.Handler) error {
		next.ServeHTTP(w, r)
		return nil
	})))
	candor.HandleHTTP(app, []string{"GET"}, "/", http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		conn, _, err := http.NewResponseController(w).Hijack()
		if err != nil {
			panic(err)
		}
		_, _ = io.WriteString(conn, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi")
		_ = conn.Close()
	}))
	server := httptest.NewServer(app)
	defer server.Close()

	resp, err := http.Get(server.URL)
	assert.NoError(t, err)
	body, err := io.ReadAll(resp.Body)
	assert.NoError(t, errors.Join(err, resp.Body.Close()))
	assert.Equal(t, "hi", string(body))
}

func TestWriteErrorOutsideOfAnApp(t *testing.T) {
	w := httptest.NewRecorder()
	candor.WriteError(w, httptest.NewRequest("GET", "/", nil), candor.Error(429, "slow down").WithHeader("Retry-After", "3"))
	assert.Equal(t, 429, w.Code)
	assert.JSONEq(t, `{"detail":"slow down"}`, w.Body.String())
	assert.Equal(t, "3", w.Header().Get("Retry-After"))
}

func ExampleWriteError() {
	keyed := func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.Header.Get("X-Key") == "" {
				candor.WriteError(w, r, candor.Error(401, "a key is missing").WithHeader("WWW-Authenticate", "Key"))
				return
			}
			next.ServeHTTP(w, r)
		})
	}
	app := candor.New(candor.Config{}, candor.Use(keyed))

	show(app, "GET", "/", "")
	show(app, "GET", "/", "", "X-Key: 1")
	// Output:
	// 401 {"detail":"a key is missing"}
	// 404 {"detail":"Not Found"}
}

func ExampleMiddleware() {
	onlyBots := candor.Middleware(func(w http.ResponseWriter, r *http.Request, next http.Handler) error {
		if !strings.Contains(r.UserAgent(), "bot") {
			return candor.Error(403, "for bots only")
		}
		next.ServeHTTP(w, r)
		return nil
	})
	app := candor.New(candor.Config{}, candor.Use(onlyBots))

	show(app, "GET", "/", "", "User-Agent: curl")
	// Output: 403 {"detail":"for bots only"}
}

func TestCheckETag(t *testing.T) {
	tests := []struct {
		method, name, value, etag string
		want                      int
	}{
		{"GET", "", "", `"a"`, 0},
		{"GET", "If-None-Match", `"a"`, `"a"`, 304},
		{"HEAD", "If-None-Match", `W/"a"`, `"a"`, 304},
		{"GET", "If-None-Match", `"b"`, `"a"`, 0},
		{"PUT", "If-None-Match", `"a"`, `"a"`, 412},
		{"PUT", "If-None-Match", `*`, `"a"`, 412},
		{"PUT", "If-None-Match", `*`, ``, 0},
		{"PUT", "If-Match", `"a"`, `"a"`, 0},
		{"PUT", "If-Match", `"b", "a"`, `"a"`, 0},
		{"PUT", "If-Match", `"b"`, `"a"`, 412},
		{"PUT", "If-Match", `*`, `"a"`, 0},
		{"PUT", "If-Match", `*`, ``, 412},
		{"PUT", "If-Match", `W/"a"`, `W/"a"`, 412},
		{"PUT", "If-Match", ``, `"a"`, 412},
	}
	for _, tc := range tests {
		r := httptest.NewRequest(tc.method, "/", nil)
		if tc.name != "" {
			r.Header.Set(tc.name, tc.value)
		}
		err := candor.CheckETag(r, tc.etag)
		var known *candor.HTTPError
		if errors.As(err, &known) {
			assert.Equal(t, tc.want, known.Status(), "%+v", tc)
			assert.Equal(t, tc.want == 412, errors.Is(err, candor.ErrPreconditionFailed))
			continue
		}
		assert.Zero(t, tc.want, "%+v", tc)
	}
}

func ExampleCheckETag() {
	version := 3
	app := candor.New(candor.Config{})
	candor.Put(app, "/note", func(_ context.Context, in struct {
		Request *http.Request
		Body    struct {
			Text string `json:"text"`
		} `body:""`
	},
	) (string, error) {
		if err := candor.CheckETag(in.Request, fmt.Sprintf(`"v%d"`, version)); err != nil {
			return "", err
		}
		version++
		return "saved", nil
	}, candor.Raises(candor.ErrPreconditionFailed))

	show(app, "PUT", "/note", `{"text":"mine"}`, `If-Match: "v3"`)
	show(app, "PUT", "/note", `{"text":"another's"}`, `If-Match: "v3"`)
	// Output:
	// 200 "saved"
	// 412 {"detail":"the resource is not in the state that the request asks for"}
}

func TestTrustedHosts(t *testing.T) {
	app := candor.New(candor.Config{}, candor.TrustedHosts("example.com", "*.api.example.com", "[::1]"))
	candor.Get(app, "/", apptest.Fails(nil))
	app.Health("/healthz", "")
	for host, want := range map[string]int{
		"example.com": 204, "EXAMPLE.com:8080": 204, "a.api.example.com": 204, "b.a.api.example.com": 204, "[::1]:80": 204,
		"api.example.com": 400, "evil.com": 400, "example.com.evil.com": 400, "evilexample.com": 400, "": 400, "::1": 400,
	} {
		r := httptest.NewRequest("GET", "/", nil)
		r.Host = host
		w := httptest.NewRecorder()
		app.ServeHTTP(w, r)
		assert.Equal(t, want, w.Code, host)
		if want == 400 {
			assert.JSONEq(t, `{"detail":"the host is not served here"}`, w.Body.String())
		}
	}
	candor.NewTestClient(t, app).Get("/").Status(400) // the document declares it
	code, _ := healthAnswer(app, "/healthz")
	assert.Equal(t, 200, code)
	for _, hosts := range [][]string{nil, {""}, {"*"}, {"a.*.com"}, {"example.com:80"}, {"https://example.com"}, {"example.com/"}} {
		assert.Panics(t, func() { candor.New(candor.Config{}, candor.TrustedHosts(hosts...)) }, hosts)
	}
}

func ExampleTrustedHosts() {
	app := candor.New(candor.Config{}, candor.TrustedHosts("example.com", "*.example.com"))
	candor.Get(app, "/", func(context.Context, candor.None) (string, error) { return "hello", nil })
	show(app, "GET", "http://api.example.com/", "")
	show(app, "GET", "http://evil.com/", "")
	// Output:
	// 200 "hello"
	// 400 {"detail":"the host is not served here"}
}

// showHeader sends a request and prints one header of the response.
func showHeader(app http.Handler, method, target, name string, header ...string) {
	r := httptest.NewRequest(method, target, nil)
	for _, line := range header {
		name, value, _ := strings.Cut(line, ": ")
		r.Header.Set(name, value)
	}
	w := httptest.NewRecorder()
	app.ServeHTTP(w, r)
	fmt.Println(strings.TrimSpace(fmt.Sprintf("%d %s: %s", w.Code, name, strings.Join(w.Header().Values(name), ", "))))
}

func TestBeforeHeader(t *testing.T) {
	note := func(name string) func(http.Handler) http.Handler {
		return candor.BeforeHeader(func(r *http.Request, status int, h http.Header) {
			h.Add("Note", fmt.Sprintf("%s %s %d %s", name, r.Pattern, status, h.Get("Content-Type")))
		})
	}
	config, _ := recorded()
	app := candor.New(config, candor.Use(note("outer"), note("inner")))
	candor.Get(app, "/text", func(context.Context, candor.None) (candor.Text, error) { return "hello", nil })
	candor.Get(app, "/lines", func(context.Context, candor.None) (candor.JSONLines[int], error) {
		return func(yield func(int, error) bool) { yield(1, nil) }, nil
	})
	for path, h := range map[string]http.HandlerFunc{
		"/silent": func(http.ResponseWriter, *http.Request) {},
		"/panics": func(http.ResponseWriter, *http.Request) { panic("no") },
		"/flush":  func(w http.ResponseWriter, _ *http.Request) { _ = http.NewResponseController(w).Flush() },
		"/hints": func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(http.StatusEarlyHints)
			w.WriteHeader(http.StatusAccepted)
		},
	} {
		candor.HandleHTTP(app, []string{"GET"}, path, h, candor.Status(200))
	}
	c := candor.NewTestClient(t, app, candor.Unchecked())
	for path, want := range map[string]string{
		"/text": "/text 200 text/plain; charset=utf-8", "/lines": "/lines 200 application/jsonl", "/none": " 404 application/json",
		"/silent": "/silent 200 ", "/flush": "/flush 200 ", "/panics": "/panics 500 application/json", "/hints": "/hints 202 ",
	} {
		got := c.Get(path)
		assert.Equal(t, []string{"inner " + want, "outer " + want}, got.Header.Values("Note"), path)
		got.Status(got.Code)
	}
}

func ExampleBeforeHeader() {
	app := candor.New(candor.Config{}, candor.Use(candor.BeforeHeader(func(_ *http.Request, status int, h http.Header) {
		if status >= 400 {
			h.Set("Cache-Control", "no-store")
		}
	})))
	showHeader(app, "GET", "/", "Cache-Control")
	// Output: 404 Cache-Control: no-store
}
