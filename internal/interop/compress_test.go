package interop

import (
	"bufio"
	"compress/gzip"
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/coder/websocket"
	"github.com/klauspost/compress/gzhttp"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/candor-go/candor"
	"github.com/candor-go/candor/middleware"
)

func newCompressed() (*candor.App, error) {
	compress, err := gzhttp.NewWrapper(
		gzhttp.MinSize(1000),
		gzhttp.ContentTypes([]string{"application/json", "text/plain", "text/html", "text/css", "text/javascript"}))
	if err != nil {
		return nil, err
	}
	wrap := func(next http.Handler) http.Handler { return compress(next) }
	return candor.New(candor.Config{}, candor.Use(wrap, middleware.ConditionalGET())), nil
}

// Responses are compressed if that saves bytes, and only for the listed types: events and lines are sent one by one,
// uncompressed.
func TestCompression(t *testing.T) {
	app, err := newCompressed()
	require.NoError(t, err)
	long := strings.Repeat("candor ", 1000)
	candor.Get(app, "/long", func(context.Context, candor.None) (string, error) { return long, nil })
	candor.Get(app, "/short", func(context.Context, candor.None) (string, error) { return "short", nil })
	candor.Get(app, "/image", func(context.Context, candor.None) ([]byte, error) { return []byte(long), nil }, candor.Produces("image/png"))
	candor.Get(app, "/refused", func(context.Context, candor.None) (string, error) { return "", candor.Error(409, long) })
	arrived := make(chan struct{})
	candor.Get(app, "/events", func(context.Context, candor.None) (candor.Events[string], error) {
		return func(yield func(candor.Event[string], error) bool) {
			for range 3 {
				if !yield(candor.Event[string]{Data: long}, nil) {
					return
				}
				<-arrived
			}
		}, nil
	})
	candor.Get(app, "/lines", func(context.Context, candor.None) (candor.JSONLines[string], error) {
		return func(yield func(string, error) bool) {
			for range 3 {
				if !yield(long, nil) {
					return
				}
				<-arrived
			}
		}, nil
	})
	candor.WebSocket(app, "/socket", func(ctx context.Context, _ candor.None, s *candor.Socket[string, string]) error {
		return s.Send(ctx, "hi")
	})
	server := httptest.NewServer(app)
	defer server.Close()
	client := &http.Client{Transport: &http.Transport{DisableCompression: true}}
	defer client.CloseIdleConnections()
	get := func(path string, header ...string) *http.Response {
		r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, server.URL+path, nil)
		require.NoError(t, err)
		r.Header.Set("Accept-Encoding", "gzip")
		for i := 0; i < len(header); i += 2 {
			r.Header.Set(header[i], header[i+1])
		}
		resp, err := client.Do(r)
		require.NoError(t, err)
		t.Cleanup(func() { _ = resp.Body.Close() })
		return resp
	}

	for path, want := range map[string]struct {
		status int
		coding string
	}{"/long": {200, "gzip"}, "/short": {200, ""}, "/image": {200, ""}, "/refused": {409, "gzip"}, "/openapi.json": {200, "gzip"}} {
		resp := get(path)
		assert.Equal(t, want.status, resp.StatusCode, path)
		assert.Equal(t, want.coding, resp.Header.Get("Content-Encoding"), path)
	}
	resp := get("/long")
	assert.Contains(t, resp.Header.Values("Vary"), "Accept-Encoding")
	plain, err := gzip.NewReader(resp.Body)
	require.NoError(t, err)
	body, err := io.ReadAll(plain)
	require.NoError(t, err)
	assert.Equal(t, `"`+long+`"`, string(body))
	assert.Equal(t, http.StatusNotModified, get("/long", "If-None-Match", resp.Header.Get("ETag")).StatusCode)

	for _, path := range []string{"/events", "/lines"} {
		resp := get(path)
		assert.Empty(t, resp.Header.Get("Content-Encoding"), path)
		lines := bufio.NewReader(resp.Body)
		for range 3 {
			line := ""
			for !strings.Contains(line, "candor") {
				line, err = lines.ReadString('\n')
				require.NoError(t, err)
			}
			arrived <- struct{}{}
		}
	}
	conn, _, err := websocket.Dial(t.Context(), server.URL+"/socket", nil)
	require.NoError(t, err)
	_, message, err := conn.Read(t.Context())
	require.NoError(t, err)
	assert.Equal(t, "hi", string(message))
	_ = conn.CloseNow()
}
