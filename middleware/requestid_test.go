package middleware_test

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/candor-go/candor"
	"github.com/candor-go/candor/middleware"
)

func TestRequestID(t *testing.T) {
	config, log := recorded()
	app := candor.New(config, candor.Use(middleware.RequestID()))
	candor.Get(app, "/", func(ctx context.Context, _ candor.None) (string, error) { return middleware.RequestIDOf(ctx), nil })
	candor.Get(app, "/bad", failing(errors.New("no")))
	c := candor.NewTestClient(t, app)
	for _, tc := range []struct {
		name, sent string
		kept       bool
	}{
		{"none", "", false},
		{"a good one", "01J-abc.DEF_~:/+=@", true},
		{"the longest", strings.Repeat("a", 128), true},
		{"too long", strings.Repeat("a", 129), false},
		{"a space", "a b", false},
		{"a quote", `a"b`, false},
		{"another alphabet", "é", false},
	} {
		got := c.Get("/", candor.WithHeader("X-Request-ID", tc.sent)).Status(200)
		var inside string
		got.JSON(&inside)
		assert.Equal(t, inside, got.Header.Get("X-Request-ID"), tc.name)
		assert.Len(t, got.Header.Values("X-Request-ID"), 1)
		if tc.kept {
			assert.Equal(t, tc.sent, inside, tc.name)
		} else {
			assert.Regexp(t, `^\w{26}$`, inside, tc.name)
		}
	}
	c.Get("/none", candor.WithHeader("X-Request-ID", "x")).Status(404)
	got := c.Get("/bad", candor.WithHeader("X-Request-ID", "x")).Status(500)
	assert.Equal(t, "x", got.Header.Get("X-Request-ID"))
	assert.Equal(t, []string{"ERROR request failed method=GET route=/bad error=no request_id=x"}, log.take())
	assert.Empty(t, middleware.RequestIDOf(t.Context()))
}

func ExampleRequestID() {
	app := candor.New(candor.Config{}, candor.Use(middleware.RequestID()))
	showHeader(app, "GET", "/", "X-Request-Id", "X-Request-ID: 4711")
	// Output: 404 X-Request-Id: 4711
}

func ExampleRequestIDOf() {
	app := candor.New(candor.Config{}, candor.Use(middleware.RequestID()))
	candor.Get(app, "/", func(ctx context.Context, _ candor.None) (string, error) { return middleware.RequestIDOf(ctx), nil })
	show(app, "GET", "/", "", "X-Request-ID: 4711")
	// Output: 200 "4711"
}
