package recorder_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/candor-go/candor/internal/recorder"
	"github.com/candor-go/candor/internal/requestinfo"
)

func TestTransport(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		name    string
		handler http.HandlerFunc
		status  int
		body    string
		err     error
	}{
		{"a response", func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "abc") }, 200, "abc", nil},
		{"none", func(http.ResponseWriter, *http.Request) {}, 200, "", nil},
		{"a hint", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(103); w.WriteHeader(204) }, 204, "", nil},
		{"a panic before the header", func(http.ResponseWriter, *http.Request) { panic("x") }, 500, "", io.ErrUnexpectedEOF},
		{"a panic after it", func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "ab"); panic("x") }, 200, "ab", io.ErrUnexpectedEOF},
		{
			"the request", func(w http.ResponseWriter, r *http.Request) {
				_, _ = io.WriteString(w, strings.Join([]string{r.Method, r.RequestURI, r.URL.Host, r.Host, r.RemoteAddr, r.Proto}, " "))
			}, 200, "GET /a?b=c  example.com 127.0.0.1:0 HTTP/1.1", nil,
		},
	} {
		response, err := (&http.Client{Transport: recorder.Transport{Handler: row.handler}}).Get("http://example.com/a?b=c")
		require.NoError(t, err, row.name)
		body, err := io.ReadAll(response.Body)
		assert.ErrorIs(t, err, row.err, row.name)
		require.NoError(t, response.Body.Close())
		assert.Equal(t, row.status, response.StatusCode, row.name)
		assert.Equal(t, row.body, string(body), row.name)
	}
}

func TestTransportKnowsTheClientOfTheRequestBeingServed(t *testing.T) {
	t.Parallel()
	var from string
	handler := http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { from = r.RemoteAddr })
	r := httptest.NewRequestWithContext(requestinfo.WithClient(t.Context(), "192.0.2.7:80"), http.MethodGet, "http://a/", nil)
	r.RemoteAddr, r.RequestURI, r.Body = "", "", nil
	response, err := recorder.Transport{Handler: handler}.RoundTrip(r)
	require.NoError(t, err)
	require.NoError(t, response.Body.Close())
	assert.Equal(t, "192.0.2.7:80", from)
}

func TestTransportEndsWithTheContext(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancelCause(t.Context())
		var ended error
		handler := http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
			<-r.Context().Done()
			ended = r.Context().Err()
		})
		go func() {
			synctest.Wait()
			cancel(errors.New("enough"))
		}()
		r, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://a/", http.NoBody)
		require.NoError(t, err)
		_, err = recorder.Transport{Handler: handler}.RoundTrip(r)
		assert.ErrorIs(t, err, context.Canceled)
		synctest.Wait()
		assert.ErrorIs(t, ended, context.Canceled)
	})
}

func TestRunning(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/", http.NoBody)
		flushed := recorder.Start(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(http.StatusAccepted)
			w.(http.Flusher).Flush()
			panic("x")
		}), r)
		<-flushed.Served
		assert.Nil(t, flushed.Wait(), "the header was sent")
		assert.Equal(t, http.StatusAccepted, flushed.Response.Status)
		_, err := flushed.Body.Read(nil)
		assert.ErrorIs(t, err, io.ErrUnexpectedEOF)

		aborted := recorder.Start(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { panic("x") }), r)
		assert.Equal(t, "x", aborted.Wait())
		assert.False(t, aborted.Response.HasBegun())
	})
}
