package candor_test

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/candor-go/candor"
	"github.com/candor-go/candor/internal/apptest"
	"github.com/candor-go/candor/middleware"
)

// setsHeader takes the header of the response.
type setsHeader struct{ Header candor.ResponseHeader }

// setting returns a handler that sets a header of its response.
func setting[Out any](name, value string, err error) func(context.Context, setsHeader) (Out, error) {
	return func(_ context.Context, in setsHeader) (out Out, _ error) {
		in.Header.Set(name, value)
		return out, err
	}
}

// guarding returns a guard that sets a header of the response.
func guarding(name, value string) func(context.Context, setsHeader) error {
	return func(_ context.Context, in setsHeader) error {
		in.Header.Set(name, value)
		return nil
	}
}

// headOf sends a request to a server of the handler, and returns the head of the response as it is on the wire.
func headOf(t *testing.T, h http.Handler, target, header string) string {
	server := httptest.NewServer(h)
	defer server.Close()
	conn, err := net.Dial("tcp", server.Listener.Addr().String())
	require.NoError(t, err)
	defer conn.Close()
	_, err = fmt.Fprintf(conn, "GET %s HTTP/1.1\r\nHost: a\r\n%s\r\n", target, header)
	require.NoError(t, err)
	var head strings.Builder
	for lines := bufio.NewReader(conn); !strings.HasSuffix(head.String(), "\r\n\r\n"); {
		line, err := lines.ReadString('\n')
		require.NoError(t, err)
		head.WriteString(line)
	}
	return head.String()
}

func TestHeadersOfTheConnectionBelongToTheServer(t *testing.T) {
	t.Parallel()
	const handshake = "Connection: upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n"
	for _, name := range []string{"Connection", "keep-alive", "Proxy-Connection", "TE", "Trailer", "Transfer-Encoding", "Upgrade"} {
		var log bytes.Buffer
		app := candor.New(candor.Config{Logger: slog.New(slog.NewTextHandler(&log, nil))})
		guarded := candor.Require(guarding(name, "x"))
		candor.Get(app, "/value", setting[string](name, "x", nil))
		candor.Get(app, "/stream", setting[candor.Events[int]](name, "x", nil))
		candor.Get(app, "/error", setting[string](name, "x", candor.Error(409, "taken")))
		candor.Get(app, "/own", setting[string]("X-A", "b", candor.Error(409, "taken").WithHeader(name, "x")))
		candor.Get(app, "/guarded", setting[candor.None]("X-A", "b", nil), guarded)
		candor.HandleHTTP(app, []string{"GET"}, "/plain", http.NotFoundHandler(), guarded)
		candor.WebSocket(app, "/ws", func(context.Context, candor.None, *candor.Socket[string, string]) error { return nil }, guarded)
		for path, status := range map[string]int{"/value": 500, "/stream": 500, "/error": 409, "/own": 409, "/guarded": 500, "/plain": 500, "/ws": 500} {
			t.Run(name+path, func(t *testing.T) {
				log.Reset()
				header := ""
				if path == "/ws" {
					header = handshake
				}
				head := headOf(t, app, path, header)
				assert.True(t, strings.HasPrefix(head, fmt.Sprintf("HTTP/1.1 %d ", status)), head)
				assert.NotContains(t, head, ": x\r\n")
				assert.Contains(t, log.String(), "the header "+http.CanonicalHeaderKey(name)+" is about the connection, which the server keeps")
			})
		}
	}
}

// Middleware and plain handlers have the freedom that net/http gives them, and the server closes connections itself.
func TestMiddlewareMayCloseConnections(t *testing.T) {
	t.Parallel()
	app := candor.New(candor.Config{}, candor.Use(func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Connection", "close")
			next.ServeHTTP(w, r)
		})
	}))
	candor.Get(app, "/value", setting[string]("X-A", "b", nil))
	candor.Get(app, "/error", setting[string]("X-A", "b", candor.Error(409, nil)))
	candor.Get(app, "/own", setting[string]("Connection", "x", candor.Error(409, nil)))
	candor.HandleHTTP(app, []string{"GET"}, "/plain", http.NotFoundHandler(), candor.Require(guarding("X-A", "b")))
	for path, status := range map[string]int{"/value": 200, "/error": 409, "/own": 409, "/plain": 404} {
		head := headOf(t, app, path, "")
		assert.Contains(t, head, fmt.Sprintf(" %d ", status), path)
		assert.Contains(t, head, "\r\nConnection: close\r\n", path)
	}
}

// What middleware says of the connection is not part of a response that is kept.
func TestKeptErrorsHaveNoHeadersOfTheConnection(t *testing.T) {
	t.Parallel()
	var kept http.Header
	app := candor.New(candor.Config{}, candor.Use(func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Connection", "close")
			next.ServeHTTP(w, r)
		})
	}), candor.Around(func(_ context.Context, in struct{ Exchange *candor.Exchange }, next func() error) error {
		err := next()
		_, kept, _, _ = in.Exchange.Response(err)
		return err
	}))
	candor.Get(app, "/", setting[string]("X-A", "b", candor.Error(409, nil)))
	head := headOf(t, app, "/", "")
	assert.Contains(t, head, " 409 ")
	assert.Contains(t, head, "\r\nConnection: close\r\n")
	assert.Equal(t, "b", kept.Get("X-A"))
	assert.NotContains(t, kept, "Connection")
}

// A 426 must name a protocol (RFC 9110, section 15.5.22); by HTTP/2 there is no header for it.
func TestUpgradeRequiredNamesTheProtocol(t *testing.T) {
	t.Parallel()
	app := candor.New(candor.Config{})
	errUpgrade := candor.Error(426, "by TLS").WithHeader("Upgrade", "TLS/1.2").WithHeader("Connection", "Upgrade")
	candor.Get(app, "/", setting[string]("X-A", "b", errUpgrade), candor.Raises(errUpgrade, candor.Error(409, nil).WithHeader("Upgrade", "x")))
	head := headOf(t, app, "/", "")
	assert.Contains(t, head, "\r\nUpgrade: TLS/1.2\r\n")
	assert.Contains(t, head, "\r\nConnection: Upgrade\r\n")

	server := httptest.NewUnstartedServer(app)
	server.EnableHTTP2 = true
	server.StartTLS()
	defer server.Close()
	response, err := server.Client().Get(server.URL)
	require.NoError(t, err)
	response.Body.Close()
	assert.Equal(t, "HTTP/2.0 426 Upgrade Required", response.Proto+" "+response.Status)
	assert.Empty(t, response.Header.Get("Upgrade"))

	c := candor.NewTestClient(t, app)
	assert.Contains(t, apptest.DocumentMember(t, c, "paths", "/", "get", "responses", "426", "headers"), "Upgrade")
	assert.NotContains(t, apptest.DocumentMember(t, c, "paths", "/", "get", "responses", "409"), "headers")
}

func TestSecureHeadersLeavesTheConnectionAlone(t *testing.T) {
	assert.Panics(t, func() { middleware.SecureHeaders(map[string]string{"connection": "close"}) })
}

// fatalTB is a TB that keeps what a test reports.
type fatalTB struct {
	testing.TB
	reported []string
}

func (f *fatalTB) Fatalf(format string, args ...any) {
	f.reported = append(f.reported, fmt.Sprintf(format, args...))
	panic(f)
}

func TestClientWritesItsOwnHeaders(t *testing.T) {
	t.Parallel()
	app := candor.New(candor.Config{})
	candor.HandleHTTP(app, []string{"GET"}, "/", http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprint(w, r.Host, " ", r.Header["Host"], r.Header["Te"])
	}))
	candor.WebSocket(app, "/ws", func(context.Context, candor.None, *candor.Socket[string, string]) error { return nil })
	assert.Equal(t, "api.example.com [] [trailers]", candor.NewTestClient(t, app).Get("/", candor.WithHeader("host", "api.example.com"), candor.WithHeader("TE", "trailers"), candor.Unchecked()).Text())
	for _, name := range []string{"content-length", "Transfer-Encoding", "Trailer"} {
		f := &fatalTB{TB: t}
		c := candor.NewTestClient(f, app)
		assert.PanicsWithValue(t, f, func() { c.Get("/", candor.WithHeader(name, "1")) })
		assert.Equal(t, []string{fmt.Sprintf("GET /: WithHeader(%q, ...): the client writes this header itself", http.CanonicalHeaderKey(name))}, f.reported)
	}
	for _, name := range []string{"Connection", "Upgrade", "Sec-WebSocket-Key", "Sec-WebSocket-Version", "Sec-WebSocket-Extensions"} {
		f := &fatalTB{TB: t}
		c := candor.NewTestClient(f, app)
		assert.PanicsWithValue(t, f, func() { c.WebSocket("/ws", candor.WithHeader(name, "1")) })
		assert.Equal(t, []string{fmt.Sprintf("WebSocket /ws: WithHeader(%q, ...): the client writes this header itself", http.CanonicalHeaderKey(name))}, f.reported)
	}
}

func TestCallsWriteTheirOwnHeaders(t *testing.T) {
	t.Parallel()
	app := candor.New(candor.Config{})
	route := candor.Get(app, "/", func(_ context.Context, in struct{ Request *http.Request }) (string, error) {
		return in.Request.Host, nil
	})
	client := candor.InProcess(app)
	client.Header = http.Header{"host": {"api.example.com"}}
	host, err := route.Call(t.Context(), client, struct{ Request *http.Request }{})
	require.NoError(t, err)
	assert.Equal(t, "api.example.com", host)
	for _, name := range []string{"content-length", "Transfer-Encoding", "Trailer"} {
		client.Header = http.Header{name: {"1"}}
		_, err = route.Call(t.Context(), client, struct{ Request *http.Request }{})
		assert.ErrorContains(t, err, "Client.Header: the client writes "+http.CanonicalHeaderKey(name)+" itself")
	}
}

func TestExchangeRespondLeavesTheConnectionToTheServer(t *testing.T) {
	t.Parallel()
	app := candor.New(candor.Config{})
	type input struct{ Exchange *candor.Exchange }
	candor.Get(app, "/", setting[string]("X-A", "b", nil), candor.Around(func(_ context.Context, in input, next func() error) error {
		return in.Exchange.Respond(200, http.Header{"Upgrade": {"x"}}, nil)
	}))
	candor.NewTestClient(t, app).Get("/").Status(500)
}
