package middleware_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/candor-go/candor"
	"github.com/candor-go/candor/middleware"
)

func TestTrustedProxies(t *testing.T) {
	type sent struct{ peer, xff, proto, prefix string }
	tests := []struct {
		name                   string
		sent                   sent
		client, scheme, prefix string
	}{
		{"no proxy", sent{"203.0.113.9:1", "198.51.100.1", "https", "/evil"}, "203.0.113.9:1", "http", ""},
		{"one proxy", sent{"10.0.0.1:1", "198.51.100.1", "https", "/api/"}, "198.51.100.1:0", "https", "/api"},
		{"what the client wrote itself does not count", sent{"10.0.0.1:1", "1.1.1.1, 198.51.100.1", "", ""}, "198.51.100.1:0", "http", ""},
		{"a chain of proxies", sent{"10.0.0.1:1", "1.1.1.1,198.51.100.1, 10.9.9.9 ,10.0.0.2", "http, https", ""}, "198.51.100.1:0", "https", ""},
		{"proxies only", sent{"10.0.0.1:1", "10.0.0.3, 10.0.0.2", "", ""}, "10.0.0.3:0", "http", ""},
		{"what cannot be read", sent{"10.0.0.1:1", "198.51.100.1, unknown, 10.0.0.2", "", ""}, "10.0.0.2:0", "http", ""},
		{"nothing", sent{"10.0.0.1:1", "", "", ""}, "10.0.0.1:1", "http", ""},
		{"with a port", sent{"10.0.0.1:1", "198.51.100.1:4711", "", ""}, "198.51.100.1:0", "http", ""},
		{"IPv6", sent{"[2001:db8::1]:1", "2001:db9::7", "", ""}, "[2001:db9::7]:0", "http", ""},
		{"IPv6 with a port", sent{"[2001:db8::1]:1", "[2001:db9::7]:4711", "", ""}, "[2001:db9::7]:0", "http", ""},
		{"a proxy that spells its address as IPv6", sent{"[::ffff:10.0.0.1]:1", "198.51.100.1", "", ""}, "198.51.100.1:0", "http", ""},
		{"a single address", sent{"192.0.2.7:1", "198.51.100.1", "", ""}, "198.51.100.1:0", "http", ""},
		{"its neighbour", sent{"192.0.2.8:1", "198.51.100.1", "", ""}, "192.0.2.8:1", "http", ""},
		{"a socket", sent{"@", "198.51.100.1", "https", ""}, "198.51.100.1:0", "https", ""},
		{"another scheme", sent{"10.0.0.1:1", "", "gopher", ""}, "10.0.0.1:1", "http", ""},
		{"a prefix that is a host", sent{"10.0.0.1:1", "", "", "//evil.example.com"}, "10.0.0.1:1", "http", ""},
		{"a prefix with a line break", sent{"10.0.0.1:1", "", "", "/a\r\nb"}, "10.0.0.1:1", "http", ""},
	}
	seen := func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Client", r.RemoteAddr)
			w.Header().Set("Scheme", middleware.Scheme(r))
			w.Header().Set("Left", r.Header.Get("X-Forwarded-For"))
			next.ServeHTTP(w, r)
		})
	}
	app := candor.New(candor.Config{}, candor.Use(middleware.TrustedProxies("10.0.0.0/8", "2001:db8::/32", "192.0.2.7", "unix"), seen))
	candor.Get(app, "/items/", failing(nil))
	app.Seal()
	for _, tc := range tests {
		t.Run(tc.name, func(t *testing.T) {
			r := httptest.NewRequest("GET", "/items", nil)
			r.RemoteAddr = tc.sent.peer
			for name, value := range map[string]string{"X-Forwarded-For": tc.sent.xff, "X-Forwarded-Proto": tc.sent.proto, "X-Forwarded-Prefix": tc.sent.prefix} {
				if value != "" {
					r.Header[name] = []string{value}
				}
			}
			w := httptest.NewRecorder()
			app.ServeHTTP(w, r)
			assert.Equal(t, tc.client, w.Header().Get("Client"))
			assert.Equal(t, tc.scheme, w.Header().Get("Scheme"))
			assert.Equal(t, tc.prefix+"/items/", w.Header().Get("Location"))
			if tc.name == "no proxy" {
				assert.Empty(t, w.Header().Get("Left"), "nobody further in believes it")
			}
		})
	}
	for _, networks := range [][]string{nil, {"0.0.0.0/0"}, {"::/0"}, {"10.0.0.0/33"}, {"proxy"}, {"fe80::1%eth0"}} {
		assert.Contains(t, panicOf(func() { middleware.TrustedProxies(networks...) }), "candor: middleware.TrustedProxies at", networks)
	}
}

func ExampleTrustedProxies() {
	app := candor.New(candor.Config{}, candor.Use(middleware.TrustedProxies("192.0.2.0/24")))
	candor.Get(app, "/", func(_ context.Context, in struct{ R *http.Request }) (string, error) {
		return middleware.Scheme(in.R) + " " + in.R.RemoteAddr, nil
	})
	show(app, "GET", "/", "", "X-Forwarded-For: 1.1.1.1, 203.0.113.7", "X-Forwarded-Proto: https")
	// Output: 200 "https 203.0.113.7:0"
}

func ExampleScheme() {
	app := candor.New(candor.Config{}, candor.Use(middleware.TrustedProxies("192.0.2.0/24")))
	candor.Get(app, "/", func(_ context.Context, in struct{ Request *http.Request }) (candor.Text, error) {
		return candor.Text(middleware.Scheme(in.Request)), nil
	})

	for _, peer := range []string{"192.0.2.1:1234", "203.0.113.5:1234"} {
		r := httptest.NewRequest("GET", "/", nil)
		r.RemoteAddr = peer
		r.Header.Set("X-Forwarded-Proto", "https")
		w := httptest.NewRecorder()
		app.ServeHTTP(w, r)
		fmt.Println(peer, w.Body)
	}
	// Output:
	// 192.0.2.1:1234 https
	// 203.0.113.5:1234 http
}
