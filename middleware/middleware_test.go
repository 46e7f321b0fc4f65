package middleware_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/coder/websocket"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/candor-go/candor"
	"github.com/candor-go/candor/middleware"
)

// recordedLog records log messages, one line each.
type recordedLog struct {
	mutex sync.Mutex
	lines []string
}

func (l *recordedLog) Enabled(context.Context, slog.Level) bool { return true }

func (l *recordedLog) WithAttrs([]slog.Attr) slog.Handler { return l }

func (l *recordedLog) WithGroup(string) slog.Handler { return l }

func (l *recordedLog) Handle(_ context.Context, r slog.Record) error {
	line := r.Level.String() + " " + r.Message
	r.Attrs(func(a slog.Attr) bool {
		line += " " + a.Key + "=" + a.Value.String()
		return true
	})
	l.mutex.Lock()
	defer l.mutex.Unlock()
	l.lines = append(l.lines, line)
	return nil
}

// take returns the lines since the last call.
func (l *recordedLog) take() []string {
	l.mutex.Lock()
	defer l.mutex.Unlock()
	lines := l.lines
	l.lines = nil
	return lines
}

// recorded is a configuration whose log is recorded.
func recorded() (candor.Config, *recordedLog) {
	log := &recordedLog{}
	return candor.Config{Logger: slog.New(log)}, log
}

// failing is a handler that returns the error.
func failing(err error) func(context.Context, candor.None) (candor.None, error) {
	return func(context.Context, candor.None) (candor.None, error) { return candor.None{}, err }
}

// show prints a response.
func show(app http.Handler, method, target, body string, header ...string) {
	r := httptest.NewRequest(method, target, strings.NewReader(body))
	r.Header.Set("Content-Type", "application/json")
	for _, line := range header {
		name, value, _ := strings.Cut(line, ": ")
		r.Header.Set(name, value)
	}
	w := httptest.NewRecorder()
	app.ServeHTTP(w, r)
	fmt.Println(w.Code, w.Body)
}

// panicOf returns the text of the error that f panics with.
func panicOf(f func()) (text string) {
	defer func() {
		if err, ok := recover().(error); ok {
			text = err.Error()
		}
	}()
	f()
	return ""
}

// showHeader sends a request and prints one header of the response.
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

// allMiddleware is all middleware of Candor together.
func allMiddleware(log *slog.Logger) candor.Option {
	return candor.Use(
		middleware.TrustedProxies("10.0.0.0/8"), middleware.RequestID(), middleware.AccessLog(log), middleware.ProcessTime(),
		middleware.CORS(middleware.CORSConfig{Origins: []string{"https://app.example.com"}}), middleware.SecureHeaders(nil), middleware.CrossOrigin(),
		candor.BeforeHeader(func(*http.Request, int, http.Header) {}), middleware.ConditionalGET(),
		candor.Middleware(func(w http.ResponseWriter, r *http.Request, next http.Handler) error {
			next.ServeHTTP(w, r)
			return nil
		}))
}

// With all middleware, each item of a stream is sent before the next one is produced, and WebSockets work.
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

func Example() {
	app := candor.New(candor.Config{}, candor.Use(
		middleware.RequestID(),
		middleware.CORS(middleware.CORSConfig{Origins: []string{"https://app.example.com"}}),
		middleware.SecureHeaders(nil),
		middleware.ConditionalGET()))
	candor.Get(app, "/greeting", func(context.Context, candor.None) (string, error) { return "hello", nil })

	showHeader(app, "GET", "/greeting", "Access-Control-Allow-Origin", "Origin: https://app.example.com")
	showHeader(app, "GET", "/greeting", "X-Content-Type-Options")
	showHeader(app, "GET", "/greeting", "ETag", "If-None-Match: *")
	// Output:
	// 200 Access-Control-Allow-Origin: https://app.example.com
	// 200 X-Content-Type-Options: nosniff
	// 304 ETag: "Wqdirjg_u3J688ejbUlApQ"
}
