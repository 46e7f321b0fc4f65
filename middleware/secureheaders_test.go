package middleware_test

import (
	"context"
	"crypto/tls"
	"errors"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/candor-go/candor"
	"github.com/candor-go/candor/middleware"
)

func TestSecureHeaders(t *testing.T) {
	own := map[string]string{"referrer-policy": "same-origin", "X-Frame-Options": "", "Permissions-Policy": "camera=()"}
	config, _ := recorded()
	app := candor.New(config, candor.Use(middleware.SecureHeaders(own)))
	candor.Get(app, "/", func(_ context.Context, in struct{ H candor.ResponseHeader }) (string, error) {
		in.H.Set("Content-Security-Policy", "default-src 'self'")
		return "", nil
	})
	candor.Get(app, "/bad", failing(errors.New("no")))
	ask := func(path string, secure bool) http.Header {
		r := httptest.NewRequest("GET", path, nil)
		if secure {
			r.TLS = new(tls.ConnectionState)
		}
		w := httptest.NewRecorder()
		app.ServeHTTP(w, r)
		return w.Header()
	}
	h := ask("/", true)
	assert.Equal(t, []string{"same-origin"}, h["Referrer-Policy"])
	assert.Equal(t, []string{"nosniff"}, h["X-Content-Type-Options"])
	assert.Equal(t, []string{"camera=()"}, h["Permissions-Policy"])
	assert.Equal(t, []string{"default-src 'self'"}, h["Content-Security-Policy"])
	assert.Equal(t, []string{"max-age=31536000"}, h["Strict-Transport-Security"])
	assert.NotContains(t, h, "X-Frame-Options")
	for _, path := range []string{"/bad", "/none"} {
		h = ask(path, false)
		assert.Equal(t, []string{"default-src 'none'; frame-ancestors 'none'"}, h["Content-Security-Policy"], path)
		assert.NotContains(t, h, "Strict-Transport-Security")
	}
	assert.Contains(t, ask("/docs", false).Get("Content-Security-Policy"), "script-src", "the pages have their own")
	for _, wrong := range []map[string]string{{"A B": "x"}, {"A": "x\r\nB: y"}} {
		assert.Contains(t, panicOf(func() { middleware.SecureHeaders(wrong) }), "candor: middleware.SecureHeaders at")
	}
}

func ExampleSecureHeaders() {
	app := candor.New(candor.Config{}, candor.Use(middleware.SecureHeaders(map[string]string{"Referrer-Policy": "same-origin"})))
	showHeader(app, "GET", "/", "Referrer-Policy")
	showHeader(app, "GET", "/", "X-Content-Type-Options")
	// Output:
	// 404 Referrer-Policy: same-origin
	// 404 X-Content-Type-Options: nosniff
}
