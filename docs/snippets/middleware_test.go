package snippets_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/candor-go/candor"
	"github.com/candor-go/candor/middleware"
)

func newGuarded() *candor.App {
	app := candor.New(candor.Config{},
		candor.Use(
			middleware.TrustedProxies("10.0.0.0/8"), // what follows sees the client
			middleware.RequestID(),
			middleware.AccessLog(nil),
			middleware.CORS(middleware.CORSConfig{Origins: []string{"https://app.example.com"}, Credentials: true}),
			middleware.SecureHeaders(nil),
			middleware.CrossOrigin("https://app.example.com"),
			middleware.ConditionalGET()),
		candor.TrustedHosts("api.example.com"),
		candor.RateLimit(candor.RateConfig{Rate: candor.PerMinute(600)}))
	app.Health("/healthz", "/readyz")
	return app
}

func newMaintained(closed func() bool) *candor.App {
	errClosed := candor.Error(503, "back in a minute").WithHeader("Retry-After", "60")
	maintenance := candor.Middleware(func(w http.ResponseWriter, r *http.Request, next http.Handler) error {
		if closed() {
			return errClosed
		}
		next.ServeHTTP(w, r)
		return nil
	})
	return candor.New(candor.Config{},
		candor.Use(candor.Documented(maintenance, candor.Raises(errClosed))))
}

func newLogin(login func(context.Context, Login) (Session, error)) *candor.App {
	app := candor.New(candor.Config{}, candor.RateLimit(candor.RateConfig{Rate: candor.PerMinute(600)}))
	candor.Post(app, "/login", login, candor.RateLimit(candor.RateConfig{
		Name: "login",
		Rate: candor.Rate{Requests: 10, Per: time.Hour, Burst: 5},
	}))
	return app
}

type Credentials struct {
	Name     string `json:"name"`
	Password string `json:"password"`
}

type Login struct {
	Body Credentials `body:""`
}

type Session struct {
	Cookie http.Cookie `cookie:"session"`
}

func login(_ context.Context, in Login) (Session, error) {
	if in.Body.Password != "open sesame" {
		return Session{}, candor.Error(401, "wrong name or password")
	}
	return Session{http.Cookie{Value: "s3", Path: "/", HttpOnly: true, Secure: true, SameSite: http.SameSiteLaxMode, MaxAge: 3600}}, nil
}

type Product struct {
	ID    int    `json:"id"`
	Title string `json:"title"`
}

func newShop(shop map[int]Product) *candor.App {
	app := candor.New(candor.Config{})
	type ReadProduct struct {
		ID int `path:"id"`
	}

	candor.Get(app, "/products/{id}", func(_ context.Context, in ReadProduct) (Product, error) {
		return shop[in.ID], nil
	}, candor.Cache(candor.CacheConfig{TTL: 10 * time.Minute, Tags: []string{"products", "product:{id}"}}))

	type ReplaceProduct struct {
		ID   int     `path:"id"`
		Body Product `body:""`
		Tags *candor.CacheTags
	}

	candor.Put(app, "/products/{id}", func(_ context.Context, in ReplaceProduct) (Product, error) {
		shop[in.ID] = in.Body
		in.Tags.Invalidate(fmt.Sprintf("product:%d", in.ID))
		return in.Body, nil
	})
	return app
}

func asked(app http.Handler, method, target, body string, header ...string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(method, target, strings.NewReader(body))
	r.Header.Set("Content-Type", "application/json")
	for i := 0; i < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	w := httptest.NewRecorder()
	app.ServeHTTP(w, r)
	return w
}

func TestMiddlewareSnippets(t *testing.T) {
	guarded := newGuarded()
	require.NoError(t, guarded.Check())
	w := asked(guarded, "GET", "http://api.example.com/", "", "Origin", "https://app.example.com")
	assert.Equal(t, 404, w.Code)
	for _, name := range []string{"X-Request-Id", "Access-Control-Allow-Origin", "X-Content-Type-Options", "RateLimit"} {
		assert.NotEmpty(t, w.Header().Get(name), name)
	}
	assert.Equal(t, 400, asked(guarded, "GET", "http://evil.example.com/", "").Code)
	assert.Equal(t, 200, asked(guarded, "GET", "http://10.1.2.3/readyz", "").Code)

	closed := true
	maintained := newMaintained(func() bool { return closed })
	w = asked(maintained, "GET", "/", "")
	assert.Equal(t, 503, w.Code)
	assert.Equal(t, "60", w.Header().Get("Retry-After"))
	closed = false
	assert.Equal(t, 404, asked(maintained, "GET", "/", "").Code)

	limited := newLogin(login)
	for i := range 6 {
		want := 401
		if i == 5 {
			want = 429
		}
		assert.Equal(t, want, asked(limited, "POST", "/login", `{"name":"a","password":"b"}`).Code)
	}

	shop := newShop(map[int]Product{1: {1, "Tea"}})
	assert.JSONEq(t, `{"id":1,"title":"Tea"}`, asked(shop, "GET", "/products/1", "").Body.String())
	assert.NotEmpty(t, asked(shop, "GET", "/products/1", "").Header().Get("Age"))
	asked(shop, "PUT", "/products/1", `{"id":1,"title":"Coffee"}`)
	assert.JSONEq(t, `{"id":1,"title":"Coffee"}`, asked(shop, "GET", "/products/1", "").Body.String())
}
