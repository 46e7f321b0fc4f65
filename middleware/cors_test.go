package middleware_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/candor-go/candor"
	"github.com/candor-go/candor/middleware"
)

// corsRoutes registers a good route, one that fails and one that panics.
func corsRoutes(r candor.Routes, options ...candor.RouteOption) {
	candor.Get(r, "/good", failing(nil), options...)
	candor.Put(r, "/good", failing(nil), options...)
	candor.Get(r, "/bad", failing(candor.Error(409, "no")), append(options, candor.Raises(candor.Error(409, "no")))...)
	candor.HandleHTTP(r, []string{"GET"}, "/panics", http.HandlerFunc(func(http.ResponseWriter, *http.Request) { panic("no") }), options...)
}

func TestCORS(t *testing.T) {
	const page = "https://app.example.com"
	origins := middleware.CORSConfig{Origins: []string{page, "http://localhost:3000"}, Credentials: true, Expose: []string{"X-Total"}}
	byFunc := middleware.CORSConfig{OriginFunc: func(origin string) bool { return origin == page || origin == "null" }}
	oneMore := middleware.CORSConfig{Origins: []string{page}, Headers: []string{"X-Custom"}}
	everyone := middleware.CORSConfig{Origins: []string{"*"}, MaxAge: -1}
	type headers map[string]string
	allowed := headers{"Access-Control-Allow-Origin": page, "Access-Control-Allow-Credentials": "true", "Access-Control-Expose-Headers": "X-Total", "Vary": "Origin"}
	refused := headers{"Access-Control-Allow-Origin": "", "Access-Control-Allow-Credentials": "", "Vary": "Origin"}
	preflight := headers{"Origin": page, "Access-Control-Request-Method": "PUT", "Access-Control-Request-Headers": "content-type"}
	tests := []struct {
		name         string
		config       middleware.CORSConfig
		method, path string
		send         headers
		status       int
		want         headers
	}{
		{"an allowed page", origins, "GET", "/good", headers{"Origin": page}, 204, allowed},
		{"on an error", origins, "GET", "/bad", headers{"Origin": page}, 409, allowed},
		{"on a panic", origins, "GET", "/panics", headers{"Origin": page}, 500, allowed},
		{"another page", origins, "GET", "/good", headers{"Origin": "https://evil.example.com"}, 204, refused},
		{"a name that begins like an allowed one", origins, "GET", "/good", headers{"Origin": page + ".evil.com"}, 204, refused},
		{"another scheme", origins, "GET", "/good", headers{"Origin": "http://app.example.com"}, 204, refused},
		{"null", origins, "GET", "/good", headers{"Origin": "null"}, 204, refused},
		{"no page", origins, "GET", "/good", nil, 204, refused},
		{"a function", byFunc, "GET", "/good", headers{"Origin": page}, 204, headers{"Access-Control-Allow-Origin": page}},
		{"null is never passed to it", byFunc, "GET", "/good", headers{"Origin": "null"}, 204, refused},
		{"everyone", everyone, "GET", "/good", headers{"Origin": "https://any.example.com"}, 204, headers{"Access-Control-Allow-Origin": "*"}},
		{"a preflight", origins, "OPTIONS", "/good", preflight, 204, headers{
			"Access-Control-Allow-Origin": page, "Access-Control-Allow-Methods": "PUT", "Access-Control-Allow-Headers": "content-type",
			"Access-Control-Allow-Credentials": "true", "Access-Control-Max-Age": "600",
			"Vary": "Origin, Access-Control-Request-Method, Access-Control-Request-Headers",
		}},
		{"without an age", everyone, "OPTIONS", "/good", preflight, 204, headers{"Access-Control-Allow-Origin": "*", "Access-Control-Max-Age": "0"}},
		{"a preflight of another page", origins, "OPTIONS", "/good", headers{"Origin": "https://evil.example.com", "Access-Control-Request-Method": "PUT"}, 204, headers{"Access-Control-Allow-Origin": ""}},
		{"a preflight for another header", origins, "OPTIONS", "/good", headers{"Origin": page, "Access-Control-Request-Method": "PUT", "Access-Control-Request-Headers": "x-evil"}, 204, headers{"Access-Control-Allow-Origin": ""}},
		{"a header more leaves the usual ones", oneMore, "OPTIONS", "/good", headers{"Origin": page, "Access-Control-Request-Method": "PUT", "Access-Control-Request-Headers": "authorization,content-type,x-custom"}, 204, headers{"Access-Control-Allow-Origin": page, "Access-Control-Allow-Headers": "authorization,content-type,x-custom"}},
		{"and allows no other", oneMore, "OPTIONS", "/good", headers{"Origin": page, "Access-Control-Request-Method": "PUT", "Access-Control-Request-Headers": "content-type,x-evil"}, 204, headers{"Access-Control-Allow-Origin": ""}},
	}
	for _, tc := range tests {
		t.Run(tc.name, func(t *testing.T) {
			config, _ := recorded()
			inApp := candor.New(config, candor.Use(middleware.CORS(tc.config)))
			corsRoutes(inApp)
			inRouter := candor.New(config)
			router := candor.NewRouter("", candor.Use(middleware.CORS(tc.config)))
			corsRoutes(router)
			inRouter.Include(router)
			onRoute := candor.New(config)
			corsRoutes(onRoute, candor.Use(middleware.CORS(tc.config)))
			for place, app := range map[string]*candor.App{"app": inApp, "router": inRouter, "route": onRoute} {
				c := candor.NewTestClient(t, app)
				var options []candor.TestOption
				for name, value := range tc.send {
					options = append(options, candor.WithHeader(name, value))
				}
				got := c.Do(tc.method, tc.path, nil, options...).Status(tc.status)
				for name, value := range tc.want {
					assert.Equal(t, value, got.Header.Get(name), "%s on the %s", name, place)
				}
			}
		})
	}
}

// Several origins are none: neither is allowed because the other is.
func TestCORSOfSeveralOrigins(t *testing.T) {
	const page = "https://app.example.com"
	for name, config := range map[string]middleware.CORSConfig{
		"a list":     {Origins: []string{page}, Credentials: true},
		"a function": {OriginFunc: func(origin string) bool { return strings.HasPrefix(origin, page) }},
	} {
		t.Run(name, func(t *testing.T) {
			app := candor.New(candor.Config{}, candor.Use(middleware.CORS(config)))
			corsRoutes(app)
			for _, method := range []string{http.MethodGet, http.MethodOptions} {
				r := httptest.NewRequest(method, "/good", nil)
				r.Header["Origin"] = []string{page, "https://evil.example.com"}
				if method == http.MethodOptions {
					r.Header.Set("Access-Control-Request-Method", "GET")
				}
				w := httptest.NewRecorder()
				app.ServeHTTP(w, r)
				assert.Equal(t, 204, w.Code)
				assert.Empty(t, w.Header().Values("Access-Control-Allow-Origin"))
			}
		})
	}
}

// A preflight for a route without CORS, or without a route, is a plain OPTIONS request.
func TestPreflightElsewhere(t *testing.T) {
	app := candor.New(candor.Config{})
	corsRoutes(app)
	c := candor.NewTestClient(t, app)
	sent := []candor.TestOption{candor.WithHeader("Origin", "https://a.example.com"), candor.WithHeader("Access-Control-Request-Method", "DELETE")}
	assert.Equal(t, "GET, HEAD, OPTIONS, PUT", c.Do("OPTIONS", "/good", nil, sent...).Status(204).Header.Get("Allow"))
	c.Do("OPTIONS", "/none", nil, sent...).Status(404)
}

func TestCORSMistakes(t *testing.T) {
	one := []string{"https://a.example.com"}
	tests := []struct {
		config middleware.CORSConfig
		want   string
	}{
		{middleware.CORSConfig{}, "no origin is allowed"},
		{middleware.CORSConfig{Origins: []string{"*"}, Credentials: true}, "every page"},
		{middleware.CORSConfig{Origins: []string{"*", "https://a.example.com"}}, "every origin"},
		{middleware.CORSConfig{Origins: []string{"*"}, OriginFunc: func(string) bool { return true }}, "every origin"},
		{middleware.CORSConfig{Origins: []string{"null"}}, "sandboxed"},
		{middleware.CORSConfig{Origins: []string{"a.example.com"}}, "write a scheme"},
		{middleware.CORSConfig{Origins: []string{"https://a.example.com/"}}, "write a scheme"},
		{middleware.CORSConfig{Origins: []string{"https://*.example.com"}}, "write a scheme"},
		{middleware.CORSConfig{Origins: []string{"https://A.example.com"}}, "write a scheme"},
		{middleware.CORSConfig{Origins: []string{"https://a.example.com:443"}}, "default port"},
		{middleware.CORSConfig{Origins: one, Methods: []string{"*"}}, "list the methods"},
		{middleware.CORSConfig{Origins: one, Methods: []string{"GET,POST"}}, "write a name"},
		{middleware.CORSConfig{Origins: one, Headers: []string{"*"}, Credentials: true}, "list the names"},
		{middleware.CORSConfig{Origins: one, Headers: []string{"*", "X-A"}}, "every name"},
		{middleware.CORSConfig{Origins: one, Expose: []string{"*"}, Credentials: true}, "list the names"},
		{middleware.CORSConfig{Origins: one, Expose: []string{"X A"}}, "write a name"},
	}
	for _, tc := range tests {
		err := panicOf(func() { middleware.CORS(tc.config) })
		assert.Contains(t, err, tc.want, "%+v", tc.config)
		assert.Contains(t, err, "candor: middleware.CORS at")
		assert.Contains(t, err, "cors_test.go")
	}
	middleware.CORS(middleware.CORSConfig{Origins: one, Headers: []string{"*"}, Expose: []string{"*"}, MaxAge: time.Hour})
}

func ExampleCORS() {
	app := candor.New(candor.Config{}, candor.Use(middleware.CORS(middleware.CORSConfig{
		Origins: []string{"https://app.example.com"}, Credentials: true,
	})))
	candor.Get(app, "/", func(context.Context, candor.None) (string, error) { return "hello", nil })

	showHeader(app, "GET", "/", "Access-Control-Allow-Origin", "Origin: https://app.example.com")
	showHeader(app, "GET", "/", "Access-Control-Allow-Origin", "Origin: https://evil.example.com")
	// Output:
	// 200 Access-Control-Allow-Origin: https://app.example.com
	// 200 Access-Control-Allow-Origin:
}
