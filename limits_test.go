package candor_test

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"math"
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httptrace"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/candor-go/candor"
	"github.com/candor-go/candor/internal/apptest"
)

// listening serves an app on its own port until the test ends.
func listening(t *testing.T, app *candor.App) net.Addr {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	ctx, stop := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- app.Serve(ctx, l) }()
	t.Cleanup(func() {
		stop()
		assert.NoError(t, <-done)
	})
	return l.Addr()
}

// firstLine sends a partial request and returns the first line of the response.
func firstLine(t *testing.T, addr net.Addr, request string) string {
	t.Helper()
	conn, err := net.Dial(addr.Network(), addr.String())
	require.NoError(t, err)
	defer conn.Close()
	_, err = io.WriteString(conn, strings.ReplaceAll(request, "\n", "\r\n"))
	require.NoError(t, err)
	line, err := bufio.NewReader(conn).ReadString('\n')
	require.NoError(t, err)
	return strings.TrimSpace(line)
}

func TestRefusalsDoNotAskForTheBody(t *testing.T) {
	app := candor.New(candor.Config{})
	candor.Post(app, "/", apptest.Echo[struct {
		Body map[string]int `body:""`
	}], candor.MaxBody(100))
	addr := listening(t, app)
	const begin = "POST / HTTP/1.1\nHost: x\nExpect: 100-continue\n"
	for header, want := range map[string]string{
		"Content-Type: application/json\nContent-Length: 7":                         "HTTP/1.1 100 Continue",
		"Content-Type: application/json\nTransfer-Encoding: chunked":                "HTTP/1.1 100 Continue",
		"Content-Type: text/plain\nContent-Length: 7":                               "HTTP/1.1 415 Unsupported Media Type",
		"Content-Type: text/plain\nTransfer-Encoding: chunked":                      "HTTP/1.1 415 Unsupported Media Type",
		"Content-Type: application/json\nContent-Length: 7\nContent-Encoding: gzip": "HTTP/1.1 415 Unsupported Media Type",
		"Content-Type: application/json\nContent-Length: 101":                       "HTTP/1.1 413 Request Entity Too Large",
		"Content-Type: application/json\nContent-Length: 99999999999":               "HTTP/1.1 413 Request Entity Too Large",
	} {
		assert.Equal(t, want, firstLine(t, addr, begin+header+"\n\n"), header)
	}
}

// Over HTTP/2 as well, except where only a read of the body can tell whether there is one.
func TestRefusalsOverHTTP2DoNotAskForTheBody(t *testing.T) {
	t.Parallel()
	app := candor.New(candor.Config{})
	type input struct {
		Body map[string]int `body:""`
	}
	accept := func(context.Context, input) (candor.None, error) { return candor.None{}, nil }
	candor.Post(app, "/open", accept, candor.MaxBody(100))
	candor.Post(app, "/guarded", accept, candor.Require(func(context.Context, candor.None) error { return candor.Error(403, nil) }))
	server := httptest.NewUnstartedServer(app)
	server.EnableHTTP2 = true
	server.StartTLS()
	defer server.Close()
	client := server.Client()
	client.Transport.(*http.Transport).ExpectContinueTimeout = time.Minute
	for _, row := range []struct {
		path, media string
		length      int64
		status      int
		continued   bool
	}{
		{"/open", "application/json", 2, 204, true},
		{"/open", "application/json", -1, 204, true},
		{"/open", "application/json", 101, 413, false},
		{"/open", "text/plain", 2, 415, false},
		{"/open", "text/plain", -1, 415, true},
		{"/guarded", "application/json", -1, 403, false},
		{"/nowhere", "application/json", -1, 404, false},
	} {
		continued := false
		ctx := httptrace.WithClientTrace(t.Context(), &httptrace.ClientTrace{Got100Continue: func() { continued = true }})
		r, err := http.NewRequestWithContext(ctx, "POST", server.URL+row.path, io.NopCloser(strings.NewReader("{}"+strings.Repeat(" ", max(0, int(row.length)-2)))))
		require.NoError(t, err)
		r.ContentLength, r.Header = row.length, http.Header{"Content-Type": {row.media}, "Expect": {"100-continue"}}
		response, err := client.Do(r)
		require.NoError(t, err)
		response.Body.Close()
		assert.Equal(t, 2, response.ProtoMajor)
		assert.Equal(t, row.status, response.StatusCode, row)
		assert.Equal(t, row.continued, continued, row)
	}
}

// Whatever the response is, nothing after a body of ambiguous
// length is read as another request (RFC 9112, section 6.1).
func TestAmbiguousLengths(t *testing.T) {
	app := candor.New(candor.Config{})
	candor.Post(app, "/read", apptest.Echo[struct {
		Body map[string]int `body:""`
	}])
	candor.Post(app, "/lines", func(_ context.Context, in struct {
		Body candor.JSONLines[map[string]int] `body:""`
	},
	) (candor.JSONLines[map[string]int], error) {
		return in.Body, nil
	})
	candor.HandleHTTP(app, []string{http.MethodPost}, "/plain", http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(w, r.Body)
	}))
	candor.Post(app, "/unread", idle)
	addr := listening(t, app)
	const (
		both    = "POST %s HTTP/1.1\nHost: x\nContent-Type: %s\nContent-Length: 2\nTransfer-Encoding: chunked\n\n2\n{}\n0\n\n"
		old     = "POST %s HTTP/1.0\nConnection: keep-alive\nContent-Type: %s\nContent-Length: 2\nTransfer-Encoding: chunked\n\n{}"
		lengths = "POST %s HTTP/1.1\nHost: x\nContent-Type: %s\nContent-Length: 2\n\n{}"
		next    = "GET /next HTTP/1.1\nHost: x\nConnection: close\n\n"
	)
	for _, row := range []struct{ path, media string }{
		{"/read", "application/json"},
		{"/read", "text/plain"},
		{"/lines", "application/jsonl"},
		{"/plain", "text/plain"},
		{"/unread", "text/plain"},
		{"/nowhere", "text/plain"},
	} {
		for text, want := range map[string]int{both: 1, old: 1, lengths: 2} {
			conn, err := net.Dial(addr.Network(), addr.String())
			require.NoError(t, err)
			_, err = io.WriteString(conn, strings.ReplaceAll(fmt.Sprintf(text, row.path, row.media)+next, "\n", "\r\n"))
			require.NoError(t, err)
			responses, _ := io.ReadAll(conn) // unread bytes may cause a reset
			assert.Equal(t, want, strings.Count(string(responses), "HTTP/1."), "%s: %s", fmt.Sprintf(text, row.path, row.media), responses)
			_ = conn.Close()
		}
	}
}

func TestSlowBodies(t *testing.T) {
	app := candor.New(candor.Config{Limits: candor.Limits{Body: 50 * time.Millisecond}})
	candor.Post(app, "/read", apptest.Echo[struct {
		Body map[string]int `body:""`
	}])
	candor.Post(app, "/stream", func(_ context.Context, in struct {
		Body io.Reader `body:""`
	},
	) (candor.None, error) {
		_, err := io.Copy(io.Discard, in.Body)
		return candor.None{}, fmt.Errorf("copying: %w", err)
	})
	candor.Post(app, "/lines", func(_ context.Context, in struct {
		Body candor.JSONLines[map[string]int] `body:""`
	},
	) (candor.None, error) {
		for _, err := range in.Body {
			if err != nil {
				return candor.None{}, fmt.Errorf("reading: %w", err)
			}
		}
		return candor.None{}, nil
	})
	addr := listening(t, app)
	for path, media := range map[string]string{
		"/read": "application/json", "/stream": "application/octet-stream", "/lines": "application/jsonl",
	} {
		request := "POST " + path + " HTTP/1.1\nHost: x\nContent-Type: " + media + "\nContent-Length: 7\n\n{"
		// Several at once, because the rest of each body is read once more, after its deadline.
		var all sync.WaitGroup
		for range 8 {
			all.Go(func() { assert.Equal(t, "HTTP/1.1 408 Request Timeout", firstLine(t, addr, request), path) })
		}
		all.Wait()
	}
}

func TestDepthOfBodies(t *testing.T) {
	c := apptest.Echoing[struct {
		Body any `body:""`
	}](t, "/")
	nested := func(n int) string { return strings.Repeat("[", n) + strings.Repeat("]", n) }
	c.Post("/", nested(100)).Status(http.StatusOK)
	assert.Contains(t, apptest.Outcome(c.Post("/", nested(101))), `json_invalid ["body",100]`)
	assert.Contains(t, apptest.Outcome(c.Post("/", strings.Repeat("[", 500_000))), `json_invalid ["body",100]`)
	assert.Contains(t, apptest.Outcome(c.Post("/", strings.Repeat(`{"a":`, 100_000))), `json_invalid`)
}

// The time is linear in the number of members: quadratic, it would be hundreds of times that of encoding/json, which a busy
// machine slows down as well.
func TestManyMembersStayLinear(t *testing.T) {
	app := candor.New(candor.Config{MaxBody: 8 << 20})
	candor.Post(app, "/unknown", apptest.Ignores[struct {
		Body struct {
			A int `json:"a,omitempty"`
		} `body:""`
	}])
	candor.Post(app, "/strict", apptest.Ignores[struct {
		Body struct {
			candor.Strict
			A int `json:"a,omitempty"`
		} `body:""`
	}])
	candor.Post(app, "/map", apptest.Ignores[struct {
		Body map[string]int `body:""`
	}])
	candor.Post(app, "/ints", apptest.Ignores[struct {
		Body map[int]int `body:""`
	}])
	candor.Post(app, "/any", apptest.Ignores[struct {
		Body any `body:""`
	}])
	// Unchecked, because the test client would spend its time on so many validation errors.
	c := candor.NewTestClient(t, app, candor.Unchecked())
	body := apptest.ObjectOf(100_000, "1")
	reference := shortest(func() { assert.NoError(t, json.Unmarshal([]byte(body), new(map[string]int))) })
	for _, path := range []string{"/unknown", "/strict", "/map", "/ints", "/any"} {
		assert.Less(t, shortest(func() { c.Post(path, body) }), 20*reference, path)
	}
}

// shortest returns the shortest time that f takes of three.
func shortest(f func()) time.Duration {
	least := time.Duration(math.MaxInt64)
	for range 3 {
		start := time.Now()
		f()
		least = min(least, time.Since(start))
	}
	return least
}

// If a text is within its size limit but its value takes too much memory, the error says so, for bodies and forms.
func TestValuesThatTakeTooMuchMemory(t *testing.T) {
	type entry struct {
		A, B, C, D, E, F, G, H string `json:",omitempty"`
	}
	app := candor.New(candor.Config{}, candor.MaxBody(1<<20))
	candor.Post(app, "/body", apptest.Ignores[struct {
		Body []entry `body:""`
	}])
	candor.Post(app, "/form", apptest.Ignores[struct {
		List []entry `form:"list,json"`
	}])
	c := candor.NewTestClient(t, app)
	small, large := "["+strings.Repeat("{},", 1000)+"{}]", "["+strings.Repeat("{},", 300_000)+"{}]"
	assert.Equal(t, "204", apptest.Outcome(c.Post("/body", nil, apptest.Body("application/json", small))))
	assert.Equal(t, `413 {"detail":"the body takes too much memory when decoded: more than about four times its size limit"}`,
		apptest.Outcome(c.Post("/body", nil, apptest.Body("application/json", large))))
	assert.Equal(t, "204", apptest.Outcome(sendForm(c, "/form", "list="+small)))
	assert.Equal(t, `value_error ["body","list"] {"error":"takes too much memory when decoded"}`, apptest.Outcome(sendForm(c, "/form", "list="+large)))
}
