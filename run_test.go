package candor_test

import (
	"bufio"
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/candor-go/candor"
	"github.com/candor-go/candor/internal/apptest"
)

// serveApp serves an app on its own port until the test ends, and returns its URL.
func serveApp(t *testing.T, app *candor.App) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	ctx, stop := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- app.Serve(ctx, listener) }()
	t.Cleanup(func() {
		stop()
		assert.NoError(t, <-done)
	})
	return "http://" + listener.Addr().String()
}

// order has defaults of every kind that requests could share by mistake.
type order struct {
	Name    string         `json:"name" validate:"min=1,max=5"`
	Price   float64        `json:"price" validate:"gte=0"`
	InStock bool           `json:"in_stock" default:"true"`
	Lines   []orderLine    `json:"lines,omitempty" validate:"max=3"`
	Sizes   []int          `json:"sizes" default:"[1,2]"`
	Stock   map[string]int `json:"stock" default:"{\"a\":1}"`
	Nested  struct {
		Notes []string `json:"notes" default:"[\"x\"]"`
	} `json:"nested,omitempty"`
}

type orderLine struct {
	Qty int `json:"qty" validate:"gte=1"`
}

func orders(answers chan<- order) *candor.App {
	app := candor.New(candor.Config{Logger: slog.New(slog.NewTextHandler(io.Discard, nil))})
	candor.Post(app, "/orders", func(_ context.Context, in struct {
		Page int   `query:"page" default:"1" validate:"gte=1"`
		Body order `body:""`
	},
	) (candor.None, error) {
		if answers != nil {
			got := in.Body
			got.Sizes, got.Stock = slices.Clone(got.Sizes), maps.Clone(got.Stock)
			got.Nested.Notes = slices.Clone(got.Nested.Notes)
			answers <- got
		}
		for i := range in.Body.Sizes {
			in.Body.Sizes[i] = -1
		}
		for name := range in.Body.Stock {
			in.Body.Stock[name] = -1
		}
		in.Body.Stock["changed"] = 1
		for i := range in.Body.Nested.Notes {
			in.Body.Nested.Notes[i] = "changed"
		}
		return candor.None{}, nil
	})
	return app
}

func postJSON(t *testing.T, url, body string) (status int, answer string) {
	t.Helper()
	client := &http.Client{Timeout: time.Minute}
	got, err := client.Post(url, "application/json", strings.NewReader(body))
	require.NoError(t, err)
	defer got.Body.Close()
	read, err := io.ReadAll(got.Body)
	require.NoError(t, err)
	return got.StatusCode, string(read)
}

// One response lists everything that is invalid, in all parts of the request.
func TestAllValidationErrorsOfARequestAreOneResponse(t *testing.T) {
	t.Parallel()
	url := serveApp(t, orders(nil))
	status, body := postJSON(t, url+"/orders?page=0",
		`{"name":"too long","in_stock":"yes","lines":[{"qty":1},{"qty":0}]}`)
	require.Equal(t, 422, status, body)
	var answer struct{ Detail []candor.Fault }
	require.NoError(t, json.Unmarshal([]byte(body), &answer))
	type fault struct {
		typ string
		loc []any
	}
	var got []fault
	for _, f := range answer.Detail {
		assert.NotEmpty(t, f.Msg)
		got = append(got, fault{f.Type, f.Loc})
	}
	assert.Equal(t, fault{"greater_than_equal", []any{"query", "page"}}, got[0], "the query comes before the body")
	assert.ElementsMatch(t, []fault{
		{"greater_than_equal", []any{"query", "page"}},
		{"string_too_long", []any{"body", "name"}},
		{"missing", []any{"body", "price"}},
		{"bool_type", []any{"body", "in_stock"}},
		{"greater_than_equal", []any{"body", "lines", 1.0, "qty"}},
	}, got)
}

// Zero values are values; an absent field gets its default, a new copy each time.
func TestPresenceAndDefaults(t *testing.T) {
	t.Parallel()
	received := make(chan order, 1)
	url := serveApp(t, orders(received))
	defaults := order{Name: "a", InStock: true, Sizes: []int{1, 2}, Stock: map[string]int{"a": 1}}
	defaults.Nested.Notes = []string{"x"}
	for _, row := range []struct {
		body string
		want func(*order)
	}{
		{`{"name":"a","price":0}`, func(*order) {}},
		{`{"name":"a","price":0}`, func(*order) {}},
		{`{"name":"a","price":0,"nested":{}}`, func(*order) {}},
		{`{"name":"a","price":0,"in_stock":false}`, func(o *order) { o.InStock = false }},
		{`{"name":"a","price":0,"sizes":[]}`, func(o *order) { o.Sizes = []int{} }},
		{`{"name":"a","price":0,"sizes":[7]}`, func(o *order) { o.Sizes = []int{7} }},
		{`{"name":"a","price":0,"stock":{"b":2}}`, func(o *order) { o.Stock = map[string]int{"b": 2} }},
		{`{"name":"a","price":0,"nested":{"notes":[]}}`, func(o *order) { o.Nested.Notes = []string{} }},
		{`{"name":"a","price":0}`, func(*order) {}},
	} {
		status, answer := postJSON(t, url+"/orders", row.body)
		require.Equal(t, 204, status, "%s: %s", row.body, answer)
		want := defaults
		row.want(&want)
		assert.Equal(t, want, <-received, row.body)
	}
}

func TestNullAndAbsentAreFaults(t *testing.T) {
	t.Parallel()
	url := serveApp(t, orders(nil))
	for body, want := range map[string]string{
		`{"price":0}`:                            "missing",
		`{"name":"a"}`:                           "missing",
		`{"name":null,"price":0}`:                "string_type",
		`{"name":"a","price":null}`:              "float_type",
		`{"name":"a","price":0,"in_stock":null}`: "bool_type",
		`{"name":"a","price":0,"sizes":null}`:    "list_type",
		`{"name":"a","price":0,"stock":null}`:    "dict_type",
		`{"name":"","price":0}`:                  "string_too_short",
		`null`:                                   "missing",
		``:                                       "missing",
	} {
		status, answer := postJSON(t, url+"/orders", body)
		assert.Equal(t, 422, status, body)
		assert.Contains(t, answer, `"type":"`+want+`"`, body)
	}
}

// certified returns a TLS configuration with a certificate, and a client that trusts it.
func certified(t testing.TB) (*tls.Config, *http.Client) {
	t.Helper()
	lender := httptest.NewUnstartedServer(nil)
	lender.EnableHTTP2 = true
	lender.StartTLS()
	t.Cleanup(lender.Close)
	return &tls.Config{Certificates: lender.TLS.Certificates}, lender.Client()
}

func TestServeOverTLS(t *testing.T) {
	t.Parallel()
	config, client := certified(t)
	var log strings.Builder
	app := candor.New(candor.Config{TLS: config, Logger: slog.New(slog.NewTextHandler(&log, nil))})
	candor.Get(app, "/hello", func(_ context.Context, in struct {
		Request *http.Request
	},
	) (string, error) {
		return in.Request.Proto + " " + tls.VersionName(in.Request.TLS.Version), nil
	})
	address := strings.TrimPrefix(serveApp(t, app), "http://")

	resp, err := client.Get("https://" + address + "/hello")
	require.NoError(t, err)
	body, err := io.ReadAll(resp.Body)
	require.NoError(t, errors.Join(err, resp.Body.Close()))
	assert.JSONEq(t, `"HTTP/2.0 TLS 1.3"`, string(body))
	assert.Contains(t, log.String(), "address=https://"+address+" docs=https://"+address+"/docs")

	for name, row := range map[string]struct {
		secure        bool
		request, want string
	}{
		"a bad request":                {true, "GET / HTTP/1.1\r\n\r\n", `400 {"detail":"bad request"}`},
		"a header that is too large":   {true, "GET / HTTP/1.1\r\nHost: x\r\nA: " + strings.Repeat("a", 70_000) + "\r\n\r\n", `431 {"detail":"request header fields too large"}`},
		"HTTP without TLS":             {false, "GET / HTTP/1.1\r\nHost: x\r\n\r\n", `400 {"detail":"bad request"}`},
		"two lengths end a connection": {true, "POST /hello HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", `405 {"detail":"Method Not Allowed"}`},
	} {
		t.Run(name, func(t *testing.T) {
			conn, err := net.Dial("tcp", address)
			require.NoError(t, err)
			defer conn.Close()
			if row.secure {
				trusted := client.Transport.(*http.Transport).TLSClientConfig.Clone()
				trusted.ServerName, trusted.NextProtos = "example.com", []string{"http/1.1"}
				conn = tls.Client(conn, trusted)
			}
			go io.WriteString(conn, row.request) //nolint:errcheck // the server may have seen enough
			reader := bufio.NewReader(conn)
			resp, err := http.ReadResponse(reader, nil)
			require.NoError(t, err)
			body, err := io.ReadAll(resp.Body)
			require.NoError(t, errors.Join(err, resp.Body.Close()))
			assert.Equal(t, row.want, strconv.Itoa(resp.StatusCode)+" "+string(body))
			assert.True(t, resp.Close)
		})
	}
}

// On one port, a proxy in the cluster speaks HTTP/2 without TLS, and a browser HTTP/1.1.
func TestServeHTTP2WithoutTLS(t *testing.T) {
	t.Parallel()
	app := candor.New(candor.Config{H2C: true})
	candor.Get(app, "/hello", func(_ context.Context, in struct {
		Request *http.Request
	},
	) (string, error) {
		return in.Request.Proto, nil
	})
	url := serveApp(t, app)
	for _, row := range []struct {
		http2 bool
		want  string
	}{{true, `"HTTP/2.0"`}, {false, `"HTTP/1.1"`}} {
		protocols := new(http.Protocols)
		protocols.SetUnencryptedHTTP2(row.http2)
		protocols.SetHTTP1(!row.http2)
		client := &http.Client{Transport: &http.Transport{Protocols: protocols}}
		resp, err := client.Get(url + "/hello")
		require.NoError(t, err)
		body, err := io.ReadAll(resp.Body)
		require.NoError(t, errors.Join(err, resp.Body.Close()))
		assert.JSONEq(t, row.want, string(body))
		client.CloseIdleConnections()
	}
}

func TestMistakesInTLS(t *testing.T) {
	t.Parallel()
	config, _ := certified(t)
	assert.Contains(t, apptest.PanicOf(func() { candor.New(candor.Config{TLS: config, H2C: true}) }), "leave one of them out")
	assert.Contains(t, apptest.PanicOf(func() { candor.New(candor.Config{TLS: &tls.Config{}}) }), "set Certificates")
}

// servedLengths is an app whose responses have the number of bytes in their path.
func servedLengths() *candor.App {
	type sized struct {
		Size int `path:"size"`
	}
	text := func(_ context.Context, in sized) (candor.Text, error) {
		return candor.Text(strings.Repeat("x", in.Size)), nil
	}
	app := candor.New(candor.Config{H2C: true, Logger: slog.New(slog.DiscardHandler)})
	candor.Get(app, "/plain/{size}", text)
	candor.Get(app, "/middleware/{size}", text, candor.Use(func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			next.ServeHTTP(w, r)
			if w.Header().Get("Content-Length") == "" {
				panic("middleware must see the length")
			}
		})
	}))
	candor.Get(app, "/header/{size}", func(ctx context.Context, in struct {
		sized
		Header candor.ResponseHeader
	},
	) (candor.Text, error) {
		in.Header.Set("Content-Length", "7")
		return text(ctx, in.sized)
	})
	candor.ProvideScoped(app, func(_ context.Context, _ candor.None, use func(*session) error) error {
		return use(&session{})
	}, candor.Until(candor.ResponseSent))
	candor.Get(app, "/session/{size}", func(ctx context.Context, in struct {
		sized
		Session *session `dep:""`
	},
	) (candor.Text, error) {
		return text(ctx, in.sized)
	})
	candor.Get(app, "/tasks/{size}", func(ctx context.Context, in struct {
		sized
		Tasks *candor.Tasks
	},
	) (candor.Text, error) {
		in.Tasks.Add(func(context.Context) error { return nil })
		return text(ctx, in.sized)
	})
	return app
}

// A short response that nothing else sees gets its length from net/http.
func TestEveryResponseHasItsLength(t *testing.T) {
	url := serveApp(t, servedLengths())
	protocols := new(http.Protocols)
	protocols.SetUnencryptedHTTP2(true)
	transport := &http.Transport{Protocols: protocols}
	defer transport.CloseIdleConnections()
	overHTTP2 := &http.Client{Transport: transport}
	for _, path := range []string{"/plain/", "/middleware/", "/header/", "/session/", "/tasks/"} {
		for _, size := range []int{0, 1, 2047, 2048, 2049, 4096, 5000} {
			for _, method := range []string{"GET", "HEAD"} {
				for _, minor := range []int{0, 1} {
					what := fmt.Sprintf("%s %s%d HTTP/1.%d", method, path, size, minor)
					request, err := http.NewRequestWithContext(t.Context(), method, url+path+strconv.Itoa(size), nil)
					require.NoError(t, err)
					conn, err := net.Dial("tcp", request.URL.Host)
					require.NoError(t, err)
					_, err = fmt.Fprintf(conn, "%s\r\nHost: x\r\nConnection: close\r\n\r\n", what)
					require.NoError(t, err)
					response, err := http.ReadResponse(bufio.NewReader(conn), request)
					require.NoError(t, err, what)
					body, err := io.ReadAll(response.Body)
					require.NoError(t, err, what)
					assert.Equal(t, 200, response.StatusCode, what)
					assert.Equal(t, []string{strconv.Itoa(size)}, response.Header["Content-Length"], what)
					assert.Empty(t, response.TransferEncoding, what)
					if method == "GET" {
						assert.Len(t, body, size, what)
					}
					require.NoError(t, conn.Close())
				}
				request, err := http.NewRequestWithContext(t.Context(), method, url+path+strconv.Itoa(size), nil)
				require.NoError(t, err)
				response, err := overHTTP2.Do(request)
				require.NoError(t, err)
				assert.Equal(t, 2, response.ProtoMajor)
				assert.Equal(t, int64(size), response.ContentLength, "%s %s%d HTTP/2", method, path, size)
				require.NoError(t, response.Body.Close())
			}
		}
	}
}

// Every response has one Date, of the time when it was sent, unless the handler has set another.
func TestEveryResponseHasOneDate(t *testing.T) {
	const old = "Thu, 01 Jan 1970 00:00:00 GMT"
	origin := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.Header().Set("Date", old) }))
	defer origin.Close()
	target, err := url.Parse(origin.URL)
	require.NoError(t, err)
	app := candor.New(candor.Config{Logger: slog.New(slog.DiscardHandler)})
	app.Mount("/proxy", &httputil.ReverseProxy{Rewrite: func(r *httputil.ProxyRequest) { r.SetURL(target) }})
	candor.Get(app, "/text", apptest.Returns(candor.Text("x")))
	candor.Get(app, "/nothing", apptest.Returns(candor.None{}))
	type dated struct {
		Date string `header:"Date"`
		Body string `body:""`
	}
	candor.Get(app, "/envelope", apptest.Returns(dated{old, "x"}))
	candor.Get(app, "/header", func(_ context.Context, in struct{ Header candor.ResponseHeader }) (string, error) {
		in.Header.Set("Date", old)
		return "x", nil
	})
	address := serveApp(t, app)
	for path, want := range map[string]string{"/proxy": old, "/text": "", "/nothing": "", "/missing": "", "/envelope": old, "/header": old} {
		before := time.Now().Add(-time.Second)
		response, err := http.Get(address + path)
		require.NoError(t, err)
		require.NoError(t, response.Body.Close())
		require.Len(t, response.Header["Date"], 1, path)
		if want != "" {
			assert.Equal(t, want, response.Header.Get("Date"), path)
			continue
		}
		date, err := http.ParseTime(response.Header.Get("Date"))
		require.NoError(t, err)
		assert.True(t, !date.Before(before) && !date.After(time.Now()), "%s: %s", path, date)
	}
}
