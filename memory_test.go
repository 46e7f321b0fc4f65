//go:build !race

package candor_test

// The race detector pads allocations, so memory is only measured without it.

import (
	"bytes"
	"context"
	"io"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"runtime"
	"runtime/debug"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/candor-go/candor"
	"github.com/candor-go/candor/internal/apptest"
)

// most is the memory that one request may take, in bytes.
const most = 8 << 20

func TestMemoryOfOneRequest(t *testing.T) {
	type deep struct {
		Name  string  `json:"name,omitempty"`
		Items []deep  `json:"items,omitempty"`
		N     int     `json:"n" default:"1"`
		F     float64 `json:"f,omitempty"`
	}
	app := candor.New(candor.Config{})
	candor.Post(app, "/object", apptest.Ignores[struct {
		Body struct {
			A int `json:"a"`
		} `body:""`
	}])
	candor.Post(app, "/list", apptest.Ignores[struct {
		Body []deep `body:""`
	}])
	candor.Post(app, "/texts", apptest.Ignores[struct {
		Body []string `body:""`
	}])
	candor.Post(app, "/map", apptest.Ignores[struct {
		Body map[string]int `body:""`
	}])
	candor.Post(app, "/any", apptest.Ignores[struct {
		Body any `body:""`
	}])
	candor.Post(app, "/lines", apptest.Ignores[struct {
		Body []struct {
			SKU   string  `json:"sku"`
			Qty   int     `json:"qty"`
			Price float64 `json:"price"`
			Note  *string `json:"note"`
		} `body:""`
	}])
	candor.Post(app, "/bytes", apptest.Ignores[struct {
		Body []byte `body:""`
	}])
	candor.Get(app, "/query", apptest.Ignores[struct {
		candor.Strict
		Q []int `query:"q"`
	}])
	app.Seal()
	fill := func(open, unit, end string) string {
		return open + strings.Repeat(unit, ((1<<20)-len(open)-len(end))/len(unit)) + end
	}
	rows := []struct{ name, method, target, media, body string }{
		{"an object of unknown members", "POST", "/object", "application/json", apptest.ObjectOf(80_000, "1")},
		{"one long text", "POST", "/object", "application/json", fill(`{"a":"`, "x", `"}`)},
		{"a text of escapes", "POST", "/texts", "application/json", fill(`["`, `\u0041`, `"]`)},
		{"a list of faults", "POST", "/texts", "application/json", fill(`[`, `1,`, `1]`)},
		{"an unending list", "POST", "/list", "application/json", fill("[", "{},", "")},
		{"a list of objects", "POST", "/list", "application/json", fill(`[`, `{"name":"x"},`, `{}]`)},
		{"short texts", "POST", "/texts", "application/json", fill(`[`, `"",`, `""]`)},
		{"a map", "POST", "/map", "application/json", apptest.ObjectOf(80_000, "1")},
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

// allocatedBy returns the bytes that f allocates in total, an upper limit of what it holds at any time.
func allocatedBy(f func()) uint64 {
	defer debug.SetGCPercent(debug.SetGCPercent(-1))
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	f()
	runtime.ReadMemStats(&after)
	return after.TotalAlloc - before.TotalAlloc
}

// Only one line is in memory at a time, however long the body is.
func TestLinesTakeConstantMemory(t *testing.T) {
	app := candor.New(candor.Config{}, candor.MaxBody(1<<40))
	count := 0
	candor.Post(app, "/", func(_ context.Context, in struct {
		Lines candor.JSONLines[int] `body:""`
	},
	) (candor.None, error) {
		for _, err := range in.Lines {
			if err != nil {
				return candor.None{}, err
			}
			count++
		}
		return candor.None{}, nil
	})
	app.Seal()
	const lines = 1 << 20
	r := httptest.NewRequest(http.MethodPost, "/", io.LimitReader(repeated("1234567\n"), 8*lines))
	r.Header.Set("Content-Type", "application/jsonl")
	r.ContentLength = -1
	w := httptest.NewRecorder()
	allocated := allocatedBy(func() { app.ServeHTTP(w, r) })
	assert.Equal(t, 204, w.Code)
	assert.Equal(t, lines, count)
	assert.Less(t, allocated, uint64(lines*16+1<<20), "the values, and no more")
}

// repeated is an endless reader of a repeated string.
type repeated string

func (e repeated) Read(p []byte) (n int, err error) {
	for n < len(p) {
		n += copy(p[n:], e)
	}
	return n, nil
}

// A file that a field holds as a whole is limited like a body in memory, whatever the limit of the form.
func TestMemoryOfFilesThatAreHeld(t *testing.T) {
	type held = struct {
		A []byte        `file:"a"`
		B []byte        `file:"b,omitempty"`
		C candor.Upload `file:"c"`
	}
	app := candor.New(candor.Config{})
	candor.Post(app, "/", apptest.Ignores[held])
	candor.Post(app, "/large", apptest.Ignores[held], candor.MaxBody(3<<20))
	app.Seal()
	form := func(sizes ...int) (string, *bytes.Buffer) {
		var body bytes.Buffer
		w := multipart.NewWriter(&body)
		for i, size := range sizes {
			part, _ := w.CreateFormFile(string(rune('a'+i)), "f")
			_, _ = part.Write(make([]byte, size))
		}
		_ = w.Close()
		return w.FormDataContentType(), &body
	}
	for _, row := range []struct {
		name, path string
		sizes      []int
		status     int
	}{
		{"as much as a body", "/", []int{1 << 20, 0, 20 << 20}, 204},
		{"more", "/", []int{1<<20 + 1, 0, 1}, 413},
		{"much more", "/", []int{30 << 20, 0, 1}, 413},
		{"more together", "/", []int{1 << 19, 1<<19 + 1, 1}, 413},
		{"as much as MaxBody", "/large", []int{2 << 20, 1 << 19, 1}, 204},
	} {
		t.Run(row.name, func(t *testing.T) {
			media, body := form(row.sizes...)
			r := httptest.NewRequestWithContext(context.Background(), http.MethodPost, row.path, body)
			r.Header.Set("Content-Type", media)
			w := httptest.NewRecorder()
			allocated := allocatedBy(func() { app.ServeHTTP(w, r) })
			assert.Equal(t, row.status, w.Code, w.Body)
			if row.path == "/" {
				assert.LessOrEqual(t, allocated, uint64(most))
			}
		})
	}
}
