package layer_test

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/candor-go/candor/internal/layer"
)

func TestWriterKnowsWhatWasSent(t *testing.T) {
	tests := map[string]struct {
		serve  func(w http.ResponseWriter)
		begun  bool
		status int
		bytes  int64
	}{
		"nothing":           {func(http.ResponseWriter) {}, false, 0, 0},
		"a status":          {func(w http.ResponseWriter) { w.WriteHeader(404) }, true, 404, 0},
		"a body":            {func(w http.ResponseWriter) { _, _ = io.WriteString(w, "four") }, true, 200, 4},
		"the first counts":  {func(w http.ResponseWriter) { w.WriteHeader(201); w.WriteHeader(500) }, true, 201, 0},
		"a hint is none":    {func(w http.ResponseWriter) { w.WriteHeader(http.StatusEarlyHints) }, false, 0, 0},
		"another protocol":  {func(w http.ResponseWriter) { w.WriteHeader(101) }, true, 101, 0},
		"a flush":           {func(w http.ResponseWriter) { w.(http.Flusher).Flush() }, true, 200, 0},
		"a flush that asks": {func(w http.ResponseWriter) { _ = http.NewResponseController(w).Flush() }, true, 200, 0},
		"no hijacking":      {func(w http.ResponseWriter) { _, _, _ = w.(http.Hijacker).Hijack() }, false, 0, 0},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			w := layer.Watch(httptest.NewRecorder())
			tc.serve(w)
			assert.Equal(t, tc.begun, w.Begun)
			assert.Equal(t, tc.begun, layer.HasBegun(w))
			assert.Equal(t, tc.status, w.Status)
			assert.Equal(t, tc.bytes, w.Bytes)
		})
	}
}

// net/http panics at such a status, and has sent nothing.
func TestAnImpossibleStatusDoesNotBegin(t *testing.T) {
	for _, status := range []int{-1, 0, 99, 1000} {
		w := layer.Watch(httptest.NewRecorder())
		assert.Panics(t, func() { w.WriteHeader(status) })
		assert.False(t, w.Begun, status)
	}
}

func TestWatchedOnce(t *testing.T) {
	w := layer.Watch(httptest.NewRecorder())
	assert.Same(t, w, layer.Watch(w))
}

// TestHasBegunUnwraps: an outer writer created later knows what an inner writer has sent.
func TestHasBegunUnwraps(t *testing.T) {
	inner := layer.Watch(httptest.NewRecorder())
	outer := &layer.Writer{ResponseWriter: inner}
	assert.False(t, layer.HasBegun(outer))
	inner.WriteHeader(200)
	assert.True(t, layer.HasBegun(outer))
	assert.False(t, layer.HasBegun(httptest.NewRecorder()), "a writer that cannot tell")
}

func TestHijackedIsBegun(t *testing.T) {
	done := make(chan *layer.Writer, 1)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		watched := layer.Watch(w)
		conn, _, err := watched.Hijack()
		if err == nil {
			_, _ = io.WriteString(conn, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi")
			_ = conn.Close()
		}
		done <- watched
	}))
	defer server.Close()
	resp, err := http.Get(server.URL)
	require.NoError(t, err)
	require.NoError(t, resp.Body.Close())
	assert.Equal(t, 101, (<-done).Status)
}

func TestServeBefore(t *testing.T) {
	var order []string
	note := func(name string, next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			layer.ServeBefore(next, w, r, func(status int, header http.Header) {
				order = append(order, fmt.Sprint(name, " ", status))
				header.Set("Note", name)
			})
		})
	}
	for want, serve := range map[int]http.HandlerFunc{
		404: func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(404); _, _ = io.WriteString(w, "no") },
		200: func(http.ResponseWriter, *http.Request) {},
	} {
		order = nil
		w := httptest.NewRecorder()
		note("outer", note("inner", serve)).ServeHTTP(w, httptest.NewRequest("GET", "/", http.NoBody))
		assert.Equal(t, []string{fmt.Sprint("inner ", want), fmt.Sprint("outer ", want)}, order)
		assert.Equal(t, "outer", w.Header().Get("Note"), "the outermost has the last word")
	}
}
