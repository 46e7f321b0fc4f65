package candor_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/candor-go/candor"
)

// refusing is middleware that refuses requests whose X-Refuse is its name, by
// WriteError or as an error.
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
	candor.Get(app, "/own", failing(nil), candor.Responds[said](429))
	candor.Get(router, "/typed", failing(nil), candor.Use(refusing("route")), candor.Responds[said](429))
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
	candor.Get(app, "/", failing(nil))

	got := candor.NewTestClient(t, app).Get("/").Status(500)

	assert.JSONEq(t, `{"detail":"Internal Server Error"}`, got.Text())
	assert.Equal(t, []string{"ERROR request failed method=GET route=/ error=secret"}, log.take())
}

// TestMiddlewareKeepsTheWriter checks that what net/http can do with a writer
// is still there behind Middleware.
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
