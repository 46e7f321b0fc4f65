package candor_test

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/coder/websocket"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/candor-go/candor"
)

// showHeader asks an app and prints one header of the answer.
func showHeader(app http.Handler, method, target, name string, header ...string) {
	r := httptest.NewRequest(method, target, nil)
	for _, line := range header {
		name, value, _ := strings.Cut(line, ": ")
		r.Header.Set(name, value)
	}
	w := httptest.NewRecorder()
	app.ServeHTTP(w, r)
	fmt.Println(strings.TrimSpace(fmt.Sprintf("%d %s: %s", w.Code, name, strings.Join(w.Header().Values(name), ", "))))
}

func TestRequestID(t *testing.T) {
	config, log := recorded()
	app := candor.New(config, candor.Use(candor.RequestID()))
	candor.Get(app, "/", func(ctx context.Context, _ candor.None) (string, error) { return candor.RequestIDOf(ctx), nil })
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
	assert.Empty(t, candor.RequestIDOf(t.Context()))
}

func TestAccessLog(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		config, log := recorded()
		app := candor.New(config, candor.Use(candor.RequestID(), candor.AccessLog(config.Logger)))
		candor.Get(app, "/items/{id}", func(context.Context, struct {
			ID    int           `path:"id"`
			Token candor.APIKey `query:"token"`
		},
		) (string, error) {
			time.Sleep(5 * time.Millisecond)
			return "hello", nil
		})
		candor.HandleHTTP(app, []string{"GET"}, "/panics", http.HandlerFunc(func(http.ResponseWriter, *http.Request) { panic("no") }))
		candor.HandleHTTP(app, []string{"GET"}, "/cut", http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			_, _ = io.WriteString(w, "some")
			panic(http.ErrAbortHandler)
		}))
		candor.HandleHTTP(app, []string{"GET"}, "/silent", http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
		app.Seal()
		ask := func(method, target string) []string {
			r := httptest.NewRequest(method, target, nil)
			r.Header.Set("X-Request-ID", "x")
			r.Header.Set("Authorization", "Bearer secret")
			func() {
				defer func() { _ = recover() }()
				app.ServeHTTP(httptest.NewRecorder(), r)
			}()
			return log.take()
		}
		end := " client=192.0.2.1 request_id=x"
		tests := []struct{ method, target, want string }{
			{"GET", "/items/3?token=secret", "method=GET route=/items/{id} status=200 bytes=7 duration=5ms" + end},
			{"GET", "/items/3", "method=GET route=/items/{id} status=401 bytes=30 duration=0s" + end},
			{"GET", "/secret", "method=GET route= status=404 bytes=22 duration=0s" + end},
			{"SECRET", "/items/3", "method=OTHER route= status=405 bytes=31 duration=0s" + end},
			{"GET", "/cut", "method=GET route=/cut status=200 bytes=4 duration=0s" + end + " aborted=true"},
			{"GET", "/silent", "method=GET route=/silent status=200 bytes=0 duration=0s" + end},
		}
		for _, tc := range tests {
			got := ask(tc.method, tc.target)
			require.Len(t, got, 1, tc.target)
			assert.Equal(t, "INFO request "+tc.want, got[0])
		}
		got := ask("GET", "/panics")
		require.Len(t, got, 2)
		assert.Contains(t, got[0], "request_id=x")
		assert.Equal(t, "INFO request method=GET route=/panics status=500 bytes=34 duration=0s"+end, got[1])
	})
}

// A middleware that panics inside of the log is answered outside of it.
func TestAccessLogOfPanickingMiddleware(t *testing.T) {
	config, log := recorded()
	panics := func(http.Handler) http.Handler {
		return http.HandlerFunc(func(http.ResponseWriter, *http.Request) { panic("no") })
	}
	app := candor.New(config, candor.Use(candor.AccessLog(config.Logger), panics))
	candor.Get(app, "/", failing(nil))
	candor.NewTestClient(t, app).Get("/").Status(500)
	got := log.take()
	require.Len(t, got, 2)
	assert.Contains(t, got[0], "INFO request method=GET route=/ status=500 bytes=0")
}

func TestAccessLogByDefault(t *testing.T) {
	app := candor.New(candor.Config{}, candor.Use(candor.AccessLog(nil)))
	candor.Get(app, "/", failing(nil))
	var out bytes.Buffer
	before := slog.Default()
	slog.SetDefault(slog.New(slog.NewTextHandler(&out, nil)))
	defer slog.SetDefault(before)
	app.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest("GET", "/", nil))
	assert.Contains(t, out.String(), "status=204")
	out.Reset()
	slog.SetDefault(slog.New(slog.NewTextHandler(&out, &slog.HandlerOptions{Level: slog.LevelWarn})))
	app.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest("GET", "/", nil))
	assert.Empty(t, out.String())
}

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
			w.Header().Set("Scheme", candor.Scheme(r))
			w.Header().Set("Left", r.Header.Get("X-Forwarded-For"))
			next.ServeHTTP(w, r)
		})
	}
	app := candor.New(candor.Config{}, candor.Use(candor.TrustedProxies("10.0.0.0/8", "2001:db8::/32", "192.0.2.7", "unix"), seen))
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
		assert.Contains(t, panicOf(func() { candor.TrustedProxies(networks...) }), "candor: TrustedProxies at", networks)
	}
}

func TestHTTPSRedirect(t *testing.T) {
	app := candor.New(candor.Config{}, candor.Use(candor.TrustedProxies("10.0.0.1"), candor.HTTPSRedirect()))
	candor.HandleHTTP(app, []string{"POST"}, "/a/{b}", http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(http.StatusNoContent)
	}), candor.Status(204))
	app.Health("/healthz", "")
	candor.NewTestClient(t, app).Post("/a/%20b?x=1&y=%2F", nil).Status(307) // the document lists it
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
	code, _ := healthAnswer(app, "/healthz")
	assert.Equal(t, 200, code)
}

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

func TestCrossOrigin(t *testing.T) {
	app := candor.New(candor.Config{}, candor.Use(candor.CrossOrigin("https://app.example.com")))
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
	assert.Contains(t, panicOf(func() { candor.CrossOrigin("example.com") }), "candor: CrossOrigin at")
}

func TestSecureHeaders(t *testing.T) {
	own := map[string]string{"referrer-policy": "same-origin", "X-Frame-Options": "", "Permissions-Policy": "camera=()"}
	config, _ := recorded()
	app := candor.New(config, candor.Use(candor.SecureHeaders(own)))
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
		assert.Contains(t, panicOf(func() { candor.SecureHeaders(wrong) }), "candor: SecureHeaders at")
	}
}

func TestBeforeHeader(t *testing.T) {
	note := func(name string) func(http.Handler) http.Handler {
		return candor.BeforeHeader(func(r *http.Request, status int, h http.Header) {
			h.Add("Note", fmt.Sprintf("%s %s %d %s", name, r.Pattern, status, h.Get("Content-Type")))
		})
	}
	config, _ := recorded()
	app := candor.New(config, candor.Use(note("outer"), note("inner")))
	candor.Get(app, "/text", func(context.Context, candor.None) (candor.Text, error) { return "hello", nil })
	candor.Get(app, "/lines", func(context.Context, candor.None) (candor.JSONLines[int], error) {
		return func(yield func(int, error) bool) { yield(1, nil) }, nil
	})
	for path, h := range map[string]http.HandlerFunc{
		"/silent": func(http.ResponseWriter, *http.Request) {},
		"/panics": func(http.ResponseWriter, *http.Request) { panic("no") },
		"/flush":  func(w http.ResponseWriter, _ *http.Request) { _ = http.NewResponseController(w).Flush() },
		"/hints": func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(http.StatusEarlyHints)
			w.WriteHeader(http.StatusAccepted)
		},
	} {
		candor.HandleHTTP(app, []string{"GET"}, path, h, candor.Status(200))
	}
	c := candor.NewTestClient(t, app, candor.Unchecked())
	for path, want := range map[string]string{
		"/text": "/text 200 text/plain; charset=utf-8", "/lines": "/lines 200 application/jsonl", "/none": " 404 application/json",
		"/silent": "/silent 200 ", "/flush": "/flush 200 ", "/panics": "/panics 500 application/json", "/hints": "/hints 202 ",
	} {
		got := c.Get(path)
		assert.Equal(t, []string{"inner " + want, "outer " + want}, got.Header.Values("Note"), path)
		got.Status(got.Code)
	}
}

func TestProcessTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		app := candor.New(candor.Config{}, candor.Use(candor.ProcessTime()))
		candor.Get(app, "/", func(context.Context, candor.None) (string, error) {
			time.Sleep(1500 * time.Microsecond)
			return "", nil
		})
		assert.Equal(t, "0.001500", candor.NewTestClient(t, app).Get("/").Header.Get("X-Process-Time"))
	})
}

// allMiddleware is each middleware that Candor has, at once.
func allMiddleware(log *slog.Logger) candor.Option {
	return candor.Use(
		candor.TrustedProxies("10.0.0.0/8"), candor.RequestID(), candor.AccessLog(log), candor.ProcessTime(),
		candor.CORS(candor.CORSConfig{Origins: []string{"https://app.example.com"}}), candor.SecureHeaders(nil), candor.CrossOrigin(),
		candor.BeforeHeader(func(*http.Request, int, http.Header) {}), candor.ConditionalGET(),
		candor.Middleware(func(w http.ResponseWriter, r *http.Request, next http.Handler) error {
			next.ServeHTTP(w, r)
			return nil
		}))
}

// Each item of a stream arrives while the next is not made yet, whatever is
// around, and sockets work.
func TestMiddlewareLetsStreamsPass(t *testing.T) {
	config, _ := recorded()
	app := candor.New(config, allMiddleware(config.Logger), candor.RateLimit(candor.RateConfig{Rate: candor.PerMinute(100)}),
		candor.Cache(candor.CacheConfig{TTL: time.Minute}), candor.TrustedHosts("127.0.0.1"))
	arrived := make(chan struct{})
	candor.Get(app, "/events", func(context.Context, candor.None) (candor.Events[int], error) {
		return func(yield func(candor.Event[int], error) bool) {
			for i := range 3 {
				if !yield(candor.Event[int]{Data: i}, nil) {
					return
				}
				<-arrived
			}
		}, nil
	})
	candor.Get(app, "/kept", func(context.Context, candor.None) (string, error) { return "", nil })
	candor.HandleHTTP(app, []string{"GET"}, "/hijack", http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		conn, _, err := http.NewResponseController(w).Hijack()
		if err == nil {
			_, _ = io.WriteString(conn, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi")
			_ = conn.Close()
		}
	}))
	candor.WebSocket(app, "/socket", func(ctx context.Context, _ candor.None, s *candor.Socket[string, string]) error {
		return s.Send(ctx, "hi")
	})
	server := httptest.NewServer(app)
	defer server.Close()

	resp, err := http.Get(server.URL + "/events")
	require.NoError(t, err)
	defer resp.Body.Close()
	buffer := make([]byte, 100)
	for i := range 3 {
		n, err := resp.Body.Read(buffer)
		require.NoError(t, err)
		assert.Contains(t, string(buffer[:n]), fmt.Sprintf("data: %d", i))
		arrived <- struct{}{}
	}
	assert.NotEmpty(t, resp.Header.Get("X-Process-Time"))
	assert.Empty(t, resp.Header.Get("ETag"))

	resp, err = http.Get(server.URL + "/hijack")
	require.NoError(t, err)
	body, err := io.ReadAll(resp.Body)
	require.NoError(t, errors.Join(err, resp.Body.Close()))
	assert.Equal(t, "hi", string(body))

	conn, _, err := websocket.Dial(t.Context(), server.URL+"/socket", nil)
	require.NoError(t, err)
	_, message, err := conn.Read(t.Context())
	require.NoError(t, err)
	assert.Equal(t, "hi", string(message))
	_ = conn.CloseNow()
}

func ExampleRequestID() {
	app := candor.New(candor.Config{}, candor.Use(candor.RequestID()))
	showHeader(app, "GET", "/", "X-Request-Id", "X-Request-ID: 4711")
	// Output: 404 X-Request-Id: 4711
}

func ExampleRequestIDOf() {
	app := candor.New(candor.Config{}, candor.Use(candor.RequestID()))
	candor.Get(app, "/", func(ctx context.Context, _ candor.None) (string, error) { return candor.RequestIDOf(ctx), nil })
	show(app, "GET", "/", "", "X-Request-ID: 4711")
	// Output: 200 "4711"
}

func ExampleAccessLog() {
	log := slog.New(slog.NewTextHandler(exampleOutput{}, &slog.HandlerOptions{ReplaceAttr: func(_ []string, a slog.Attr) slog.Attr {
		if a.Key == "time" || a.Key == "duration" {
			return slog.Attr{}
		}
		return a
	}}))
	app := candor.New(candor.Config{}, candor.Use(candor.AccessLog(log)))
	candor.Get(app, "/items/{id}", func(_ context.Context, in struct {
		ID int `path:"id"`
	},
	) (int, error) {
		return in.ID, nil
	})
	show(app, "GET", "/items/3?token=secret", "")
	// Output:
	// level=INFO msg=request method=GET route=/items/{id} status=200 bytes=1 client=192.0.2.1
	// 200 3
}

// exampleOutput is what the example prints.
type exampleOutput struct{}

func (exampleOutput) Write(p []byte) (int, error) { return fmt.Print(string(p)) }

func ExampleTrustedProxies() {
	app := candor.New(candor.Config{}, candor.Use(candor.TrustedProxies("192.0.2.0/24")))
	candor.Get(app, "/", func(_ context.Context, in struct{ R *http.Request }) (string, error) {
		return candor.Scheme(in.R) + " " + in.R.RemoteAddr, nil
	})
	show(app, "GET", "/", "", "X-Forwarded-For: 1.1.1.1, 203.0.113.7", "X-Forwarded-Proto: https")
	// Output: 200 "https 203.0.113.7:0"
}

func ExampleHTTPSRedirect() {
	app := candor.New(candor.Config{}, candor.Use(candor.HTTPSRedirect()))
	showHeader(app, "GET", "http://example.com/items?page=2", "Location")
	// Output: 307 Location: https://example.com/items?page=2
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

func ExampleCrossOrigin() {
	app := candor.New(candor.Config{}, candor.Use(candor.CrossOrigin()))
	candor.Post(app, "/", func(context.Context, candor.None) (string, error) { return "done", nil })
	show(app, "POST", "/", "", "Sec-Fetch-Site: same-origin")
	show(app, "POST", "/", "", "Sec-Fetch-Site: cross-site")
	// Output:
	// 200 "done"
	// 403 {"detail":"requests from pages of this origin are refused"}
}

func ExampleSecureHeaders() {
	app := candor.New(candor.Config{}, candor.Use(candor.SecureHeaders(map[string]string{"Referrer-Policy": "same-origin"})))
	showHeader(app, "GET", "/", "Referrer-Policy")
	showHeader(app, "GET", "/", "X-Content-Type-Options")
	// Output:
	// 404 Referrer-Policy: same-origin
	// 404 X-Content-Type-Options: nosniff
}

func ExampleBeforeHeader() {
	app := candor.New(candor.Config{}, candor.Use(candor.BeforeHeader(func(_ *http.Request, status int, h http.Header) {
		if status >= 400 {
			h.Set("Cache-Control", "no-store")
		}
	})))
	showHeader(app, "GET", "/", "Cache-Control")
	// Output: 404 Cache-Control: no-store
}
