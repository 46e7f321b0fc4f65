package middleware_test

import (
	"crypto/tls"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/candor-go/candor"
	"github.com/candor-go/candor/middleware"
)

func TestHTTPSRedirect(t *testing.T) {
	app := candor.New(candor.Config{}, candor.Use(middleware.TrustedProxies("10.0.0.1"), middleware.HTTPSRedirect()))
	candor.HandleHTTP(app, []string{"POST"}, "/a/{b}", http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(http.StatusNoContent)
	}), candor.Status(204))
	app.Health("/healthz", "")
	candor.NewTestClient(t, app).Post("/a/%20b?x=1&y=%2F", nil).Status(307) // which is documented
	tests := []struct {
		name, host, target, proto string
		tls                       bool
		code                      int
		location                  string
	}{
		{"plain", "example.com", "/a/%20b?x=1&y=%2F", "", false, 307, "https://example.com/a/%20b?x=1&y=%2F"},
		{"a port", "example.com:8080", "/a/%20b", "", false, 307, "https://example.com/a/%20b"},
		{"IPv6", "[::1]:8080", "/none", "", false, 307, "https://[::1]/none"},
		{"two slashes", "example.com", "//evil.com", "", false, 307, "https://example.com//evil.com"},
		{"TLS", "example.com", "/a/%20b", "", true, 204, ""},
		{"TLS at the proxy", "example.com", "/a/%20b", "https", false, 204, ""},
	}
	for _, tc := range tests {
		t.Run(tc.name, func(t *testing.T) {
			r := httptest.NewRequest("POST", "http://x"+tc.target, nil)
			r.RequestURI, r.Host, r.TLS, r.RemoteAddr = tc.target, tc.host, nil, "10.0.0.1:1"
			if tc.tls {
				r.TLS = new(tls.ConnectionState)
			}
			r.Header.Set("X-Forwarded-Proto", tc.proto)
			w := httptest.NewRecorder()
			app.ServeHTTP(w, r)
			assert.Equal(t, tc.code, w.Code)
			assert.Equal(t, tc.location, w.Header().Get("Location"))
		})
	}
	w := httptest.NewRecorder()
	app.ServeHTTP(w, httptest.NewRequest("GET", "/healthz", nil))
	assert.Equal(t, 200, w.Code)
}

func ExampleHTTPSRedirect() {
	app := candor.New(candor.Config{}, candor.Use(middleware.HTTPSRedirect()))
	showHeader(app, "GET", "http://example.com/items?page=2", "Location")
	// Output: 307 Location: https://example.com/items?page=2
}
