package middleware_test

import (
	"context"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/candor-go/candor"
	"github.com/candor-go/candor/middleware"
)

func TestCrossOrigin(t *testing.T) {
	app := candor.New(candor.Config{}, candor.Use(middleware.CrossOrigin("https://app.example.com")))
	candor.Post(app, "/", failing(nil))
	candor.Get(app, "/", failing(nil))
	c := candor.NewTestClient(t, app)
	tests := []struct {
		name, method, site, origin string
		want                       int
	}{
		{"a program", "POST", "", "", 204},
		{"the same origin", "POST", "same-origin", "http://testserver", 204},
		{"another site", "POST", "cross-site", "https://evil.example.com", 403},
		{"a sister site", "POST", "same-site", "https://other.example.com", 403},
		{"an old browser", "POST", "", "https://evil.example.com", 403},
		{"no origin at all", "POST", "cross-site", "null", 403},
		{"a trusted one", "POST", "cross-site", "https://app.example.com", 204},
		{"reading", "GET", "cross-site", "https://evil.example.com", 204},
	}
	for _, tc := range tests {
		options := []candor.TestOption{}
		for name, value := range map[string]string{"Sec-Fetch-Site": tc.site, "Origin": tc.origin} {
			if value != "" {
				options = append(options, candor.WithHeader(name, value))
			}
		}
		got := c.Do(tc.method, "/", nil, options...).Status(tc.want)
		if tc.want == 403 {
			assert.JSONEq(t, `{"detail":"requests from pages of this origin are refused"}`, got.Text(), tc.name)
		}
	}
	assert.Contains(t, panicOf(func() { middleware.CrossOrigin("example.com") }), "candor: middleware.CrossOrigin at")
}

func ExampleCrossOrigin() {
	app := candor.New(candor.Config{}, candor.Use(middleware.CrossOrigin()))
	candor.Post(app, "/", func(context.Context, candor.None) (string, error) { return "done", nil })
	show(app, "POST", "/", "", "Sec-Fetch-Site: same-origin")
	show(app, "POST", "/", "", "Sec-Fetch-Site: cross-site")
	// Output:
	// 200 "done"
	// 403 {"detail":"requests from pages of this origin are refused"}
}
