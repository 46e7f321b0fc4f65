package middleware_test

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/candor-go/candor"
	"github.com/candor-go/candor/middleware"
)

func TestConditionalGET(t *testing.T) {
	config, _ := recorded()
	app := candor.New(config, candor.Use(middleware.ConditionalGET()))
	candor.Get(app, "/whole", func(context.Context, candor.None) (candor.Text, error) { return "hello", nil })
	candor.Get(app, "/bad", failing(errors.New("no")))
	candor.Post(app, "/whole", failing(nil))
	plain := func(path string, h http.HandlerFunc) { candor.HandleHTTP(app, []string{"GET"}, path, h) }
	const then = "Sat, 01 Aug 2026 10:00:00 GMT"
	plain("/own", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("ETag", `"v,1"`)
		w.Header().Set("Last-Modified", then)
		w.Header().Set("Content-Type", "text/plain")
		_, _ = w.Write([]byte("hello"))
	})
	plain("/parts", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Length", "2")
		_, _ = w.Write([]byte("a"))
		_, _ = w.Write([]byte("b"))
	})
	plain("/empty", func(http.ResponseWriter, *http.Request) {})
	plain("/flushed", func(w http.ResponseWriter, _ *http.Request) { w.(http.Flusher).Flush() })
	c := candor.NewTestClient(t, app)

	first := c.Get("/whole").Status(200)
	tag := first.Header.Get("ETag")
	require.Regexp(t, `^"[\w-]{22}"$`, tag)
	assert.Equal(t, tag, c.Head("/whole").Status(200).Header.Get("ETag"))

	tests := []struct {
		path, name, value string
		want              int
	}{
		{"/whole", "If-None-Match", tag, 304},
		{"/whole", "If-None-Match", "W/" + tag, 304},
		{"/whole", "If-None-Match", `"x", ` + tag, 304},
		{"/whole", "If-None-Match", "*", 304},
		{"/whole", "If-None-Match", `"x"`, 200},
		{"/whole", "If-None-Match", strings.Trim(tag, `"`), 200},
		{"/whole", "If-Match", tag, 200},
		{"/whole", "If-Match", "*", 200},
		{"/whole", "If-Match", `"x"`, 412},
		{"/whole", "If-Match", "W/" + tag, 412},
		{"/whole", "If-Modified-Since", then, 200},
		{"/own", "If-None-Match", `"a", "v,1"`, 304},
		{"/own", "If-None-Match", `"v", "1"`, 200},
		{"/own", "If-Modified-Since", then, 304},
		{"/own", "If-Modified-Since", "Fri, 31 Jul 2026 10:00:00 GMT", 200},
		{"/own", "If-Unmodified-Since", "Fri, 31 Jul 2026 10:00:00 GMT", 412},
		{"/own", "If-Unmodified-Since", then, 200},
		{"/bad", "If-None-Match", "*", 500},
		{"/parts", "If-None-Match", "*", 200},
		{"/empty", "If-None-Match", "*", 200},
		{"/flushed", "If-None-Match", "*", 200},
	}
	for _, tc := range tests {
		for _, method := range []string{"GET", "HEAD"} {
			options := []candor.TestOption{candor.WithHeader(tc.name, tc.value)}
			if tc.path != "/whole" {
				options = append(options, candor.Unchecked()) // plain handlers document no body
			}
			got := c.Do(method, tc.path, nil, options...).Status(tc.want)
			switch tc.want {
			case 304:
				assert.Empty(t, got.Body)
				assert.Empty(t, got.Header.Get("Content-Type"), tc.path)
				assert.NotEmpty(t, got.Header.Get("ETag"))
			case 412:
				assert.Empty(t, got.Header.Get("ETag"))
				if method == "GET" {
					assert.Contains(t, got.Text(), "not in the state")
				}
			case 200:
				want := map[string]string{"/whole": "hello", "/own": "hello", "/parts": "ab"}[tc.path]
				if method == "GET" {
					assert.Equal(t, want, got.Text(), "%s %s: %s", tc.path, tc.name, tc.value)
				}
			}
		}
	}
	assert.Empty(t, c.Get("/parts", candor.Unchecked()).Header.Get("ETag"))
	c.Post("/whole", nil, candor.WithHeader("If-None-Match", "*")).Status(204)
}

func ExampleConditionalGET() {
	app := candor.New(candor.Config{}, candor.Use(middleware.ConditionalGET()))
	candor.Get(app, "/", func(context.Context, candor.None) (candor.Text, error) { return "hello", nil })

	showHeader(app, "GET", "/", "ETag")
	showHeader(app, "GET", "/", "ETag", `If-None-Match: "LPJNul-wow4m6Dsqxbning"`)
	// Output:
	// 200 ETag: "LPJNul-wow4m6Dsqxbning"
	// 304 ETag: "LPJNul-wow4m6Dsqxbning"
}
