package interop_test

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os/exec"
	"path/filepath"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/candor-go/candor"
	"github.com/candor-go/candor/middleware"
)

// curl sends requests with the curl program, and parses its output.
type curl struct {
	t    *testing.T
	base string
}

func (c curl) ask(path string, arguments ...string) (answer *http.Response, body string) {
	c.t.Helper()
	arguments = append([]string{"-sSi", "--max-time", "60"}, arguments...)
	cmd := exec.CommandContext(c.t.Context(), "curl", append(arguments, c.base+path)...)
	var said bytes.Buffer
	cmd.Stderr = &said
	printed, err := cmd.Output()
	require.NoError(c.t, err, "%s", &said)
	answer, err = http.ReadResponse(bufio.NewReader(bytes.NewReader(printed)), nil)
	require.NoError(c.t, err, "%s", printed)
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	require.NoError(c.t, err)
	return answer, string(text)
}

// newPrices caches responses, sends ETags, and updates a price only if the client has the current one.
func newPrices() (app *candor.App, ran *atomic.Int64) {
	var price atomic.Int64
	price.Store(1)
	ran = &atomic.Int64{}
	tag := func() string { return fmt.Sprintf(`"v%d"`, price.Load()) }
	app = candor.New(candor.Config{}, candor.Use(middleware.ConditionalGET()))
	candor.Get(app, "/price", func(_ context.Context, in struct{ Header candor.ResponseHeader }) (int64, error) {
		ran.Add(1)
		in.Header.Set("ETag", tag())
		return price.Load(), nil
	}, candor.Cache(candor.CacheConfig{TTL: time.Hour, Tags: []string{"price"}}))
	candor.Put(app, "/price", func(_ context.Context, in struct {
		Request *http.Request
		Body    int64 `body:""`
		Tags    *candor.CacheTags
	},
	) (candor.None, error) {
		if err := candor.CheckETag(in.Request, tag()); err != nil {
			return candor.None{}, err
		}
		price.Store(in.Body)
		in.Tags.Invalidate("price")
		return candor.None{}, nil
	}, candor.Raises(candor.ErrPreconditionFailed))
	candor.Get(app, "/whole", func(context.Context, candor.None) (candor.Text, error) { return "hello", nil })
	return app, ran
}

func TestCurl(t *testing.T) {
	app, ran := newPrices()
	server := httptest.NewServer(app)
	defer server.Close()
	c := curl{t, server.URL}
	kept := filepath.Join(t.TempDir(), "etag")
	put := func(price, match string) int {
		answer, _ := c.ask("/price", "-X", "PUT", "-H", "Content-Type: application/json", "-d", price, "-H", "If-Match: "+match)
		return answer.StatusCode
	}

	answer, body := c.ask("/price", "--etag-save", kept)
	assert.Equal(t, []any{200, "1", ""}, []any{answer.StatusCode, body, answer.Header.Get("Age")})
	answer, body = c.ask("/price")
	assert.Equal(t, []any{200, "1"}, []any{answer.StatusCode, body})
	assert.Regexp(t, `^\d+$`, answer.Header.Get("Age"), "it was kept")
	answer, body = c.ask("/price", "--etag-compare", kept)
	assert.Equal(t, []any{304, "", `"v1"`}, []any{answer.StatusCode, body, answer.Header.Get("Etag")})
	answer, _ = c.ask("/price", "-H", `If-Match: "v0"`)
	assert.Equal(t, 412, answer.StatusCode)
	assert.EqualValues(t, 1, ran.Load())

	assert.Equal(t, 412, put("7", `"v0"`))
	assert.Equal(t, 204, put("2", `"v1"`))
	assert.Equal(t, 412, put("3", `"v1"`), "it has been changed meanwhile")
	answer, body = c.ask("/price", "--etag-compare", kept, "--etag-save", kept)
	assert.Equal(t, []any{200, "2", ""}, []any{answer.StatusCode, body, answer.Header.Get("Age")}, "what was kept is dropped")
	answer, _ = c.ask("/price", "--etag-compare", kept)
	assert.Equal(t, 304, answer.StatusCode)
	require.NoError(t, app.Invalidate(t.Context(), "price"))
	answer, _ = c.ask("/price")
	assert.Empty(t, answer.Header.Get("Age"))

	// A tag computed from the body, because the handler sends none.
	answer, body = c.ask("/whole", "--etag-save", kept)
	assert.Equal(t, []any{200, "hello"}, []any{answer.StatusCode, body})
	answer, body = c.ask("/whole", "--etag-compare", kept)
	assert.Equal(t, []any{304, ""}, []any{answer.StatusCode, body})
}
