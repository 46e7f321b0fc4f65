package candor_test

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"runtime"
	"runtime/debug"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/candor-go/candor"
)

// listening serves an app on a port of its own until the test ends.
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

// firstLine sends the beginning of a request and reads the first line of what
// comes back.
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
	candor.Post(app, "/", shown[struct {
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

func TestSlowBodies(t *testing.T) {
	app := candor.New(candor.Config{Limits: candor.Limits{Body: 50 * time.Millisecond}})
	candor.Post(app, "/read", shown[struct {
		Body map[string]int `body:""`
	}])
	candor.Post(app, "/stream", func(_ context.Context, in struct {
		Body io.Reader `body:""`
	},
	) (candor.None, error) {
		_, err := io.Copy(io.Discard, in.Body)
		return candor.None{}, fmt.Errorf("copying: %w", err)
	})
	addr := listening(t, app)
	for path, media := range map[string]string{"/read": "application/json", "/stream": "application/octet-stream"} {
		request := "POST " + path + " HTTP/1.1\nHost: x\nContent-Type: " + media + "\nContent-Length: 7\n\n{"
		assert.Equal(t, "HTTP/1.1 408 Request Timeout", firstLine(t, addr, request), path)
	}
}

func TestDepthOfBodies(t *testing.T) {
	c := showing[struct {
		Body any `body:""`
	}](t, "/")
	nested := func(n int) string { return strings.Repeat("[", n) + strings.Repeat("]", n) }
	c.Post("/", nested(100)).Status(http.StatusOK)
	assert.Contains(t, outcome(c.Post("/", nested(101))), `json_invalid ["body",100]`)
	assert.Contains(t, outcome(c.Post("/", strings.Repeat("[", 500_000))), `json_invalid ["body",100]`)
	assert.Contains(t, outcome(c.Post("/", strings.Repeat(`{"a":`, 100_000))), `json_invalid`)
}

// members is an object of n members with different names.
func members(n int, value string) string {
	var b strings.Builder
	b.WriteByte('{')
	for i := range n {
		if i > 0 {
			b.WriteByte(',')
		}
		fmt.Fprintf(&b, `"k%d":%s`, i, value)
	}
	b.WriteByte('}')
	return b.String()
}

// TestManyMembersStayLinear would take minutes where time grows with the square
// of the number of members.
func TestManyMembersStayLinear(t *testing.T) {
	app := candor.New(candor.Config{MaxBody: 8 << 20})
	candor.Post(app, "/unknown", ignores[struct {
		Body struct {
			A int `json:"a,omitempty"`
		} `body:""`
	}])
	candor.Post(app, "/strict", ignores[struct {
		Body struct {
			candor.Strict
			A int `json:"a,omitempty"`
		} `body:""`
	}])
	candor.Post(app, "/map", ignores[struct {
		Body map[string]int `body:""`
	}])
	candor.Post(app, "/ints", ignores[struct {
		Body map[int]int `body:""`
	}])
	candor.Post(app, "/any", ignores[struct {
		Body any `body:""`
	}])
	// The judge of the contract takes its time over so many faults.
	c := candor.NewTestClient(t, app, candor.Unchecked())
	body := members(100_000, "1")
	start := time.Now()
	for _, path := range []string{"/unknown", "/strict", "/map", "/ints", "/any"} {
		c.Post(path, body)
	}
	assert.Less(t, time.Since(start), 5*time.Second)
}

// ignores takes an input and says nothing.
func ignores[In any](context.Context, In) (candor.None, error) { return candor.None{}, nil }

// most is what one request may raise the process by, in bytes.
const most = 8 << 20

func TestMemoryOfOneRequest(t *testing.T) {
	type deep struct {
		Name  string  `json:"name,omitempty"`
		Items []deep  `json:"items,omitempty"`
		N     int     `json:"n" default:"1"`
		F     float64 `json:"f,omitempty"`
	}
	app := candor.New(candor.Config{})
	candor.Post(app, "/object", ignores[struct {
		Body struct {
			A int `json:"a"`
		} `body:""`
	}])
	candor.Post(app, "/list", ignores[struct {
		Body []deep `body:""`
	}])
	candor.Post(app, "/texts", ignores[struct {
		Body []string `body:""`
	}])
	candor.Post(app, "/map", ignores[struct {
		Body map[string]int `body:""`
	}])
	candor.Post(app, "/any", ignores[struct {
		Body any `body:""`
	}])
	candor.Post(app, "/lines", ignores[struct {
		Body []struct {
			SKU   string  `json:"sku"`
			Qty   int     `json:"qty"`
			Price float64 `json:"price"`
			Note  *string `json:"note"`
		} `body:""`
	}])
	candor.Post(app, "/bytes", ignores[struct {
		Body []byte `body:""`
	}])
	candor.Get(app, "/query", ignores[struct {
		candor.Strict
		Q []int `query:"q"`
	}])
	app.Seal()
	fill := func(open, unit, end string) string {
		return open + strings.Repeat(unit, ((1<<20)-len(open)-len(end))/len(unit)) + end
	}
	rows := []struct{ name, method, target, media, body string }{
		{"an object of unknown members", "POST", "/object", "application/json", members(80_000, "1")},
		{"one long text", "POST", "/object", "application/json", fill(`{"a":"`, "x", `"}`)},
		{"a text of escapes", "POST", "/texts", "application/json", fill(`["`, `\u0041`, `"]`)},
		{"a list of faults", "POST", "/texts", "application/json", fill(`[`, `1,`, `1]`)},
		{"an unending list", "POST", "/list", "application/json", fill("[", "{},", "")},
		{"a list of objects", "POST", "/list", "application/json", fill(`[`, `{"name":"x"},`, `{}]`)},
		{"short texts", "POST", "/texts", "application/json", fill(`[`, `"",`, `""]`)},
		{"a map", "POST", "/map", "application/json", members(80_000, "1")},
		{"anything, a list of empty objects", "POST", "/any", "application/json", fill(`[`, `{},`, `{}]`)},
		{"anything, a list of empty lists", "POST", "/any", "application/json", fill(`[`, `[],`, `[]]`)},
		{"anything, a list of numbers", "POST", "/any", "application/json", fill(`[`, `1,`, `1]`)},
		{"too large", "POST", "/any", "application/json", strings.Repeat(" ", 4<<20)},
		{"bytes", "POST", "/bytes", "application/octet-stream", strings.Repeat(" ", 1<<20)},
		{"an ordinary large list", "POST", "/lines", "application/json", fill(`[`, `{"sku":"AB-1234","qty":3,"price":19.99},`, `{"sku":"AB-1234","qty":3,"price":19.99}]`)},
		{"a query", "GET", "/query?" + strings.Repeat("q=x&r=1&", 7000), "", ""},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			r := httptest.NewRequest(row.method, row.target, io.NopCloser(strings.NewReader(row.body)))
			r.Header.Set("Content-Type", row.media)
			r.ContentLength = -1
			w := httptest.NewRecorder()
			allocated := allocatedBy(func() { app.ServeHTTP(w, r) })
			t.Logf("%.1f MiB, %d", float64(allocated)/(1<<20), w.Code)
			assert.LessOrEqual(t, allocated, uint64(most))
			if row.name == "an ordinary large list" {
				assert.Equal(t, http.StatusNoContent, w.Code)
			}
		})
	}
}

// allocatedBy is what f allocates, none of it collected meanwhile: more than it
// ever holds at once.
func allocatedBy(f func()) uint64 {
	defer debug.SetGCPercent(debug.SetGCPercent(-1))
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	f()
	runtime.ReadMemStats(&after)
	return after.TotalAlloc - before.TotalAlloc
}
