package candor_test

import (
	"context"
	"net/http/httptest"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/candor-go/candor"
)

func TestTrustedHosts(t *testing.T) {
	app := candor.New(candor.Config{}, candor.TrustedHosts("example.com", "*.api.example.com", "[::1]"))
	candor.Get(app, "/", failing(nil))
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
	candor.NewTestClient(t, app).Get("/").Status(400) // the document lists it
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
