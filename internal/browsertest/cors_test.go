package browsertest

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/candor-go/candor"
	"github.com/candor-go/candor/middleware"
)

// page serves an empty page, whose scripts send requests.
func page(t *testing.T) string {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html")
		_, _ = fmt.Fprint(w, "<!doctype html><link rel=icon href='data:,'><p>a page</p>")
	}))
	t.Cleanup(server.Close)
	return server.URL
}

// Chromium enforces CORS: pages of allowed origins can read responses, including errors, and other pages cannot.
func TestCORSInChromium(t *testing.T) {
	allowed, refused := page(t), page(t)
	ran := 0
	app := candor.New(candor.Config{}, candor.Use(
		middleware.CORS(middleware.CORSConfig{Origins: []string{allowed}, Credentials: true, Expose: []string{"ETag", "Age"}}),
		middleware.ConditionalGET()))
	candor.Get(app, "/good", func(context.Context, candor.None) (int, error) {
		ran++
		return ran, nil
	}, candor.Cache(candor.CacheConfig{TTL: time.Hour, Control: "no-cache"}))
	candor.Put(app, "/good", func(context.Context, struct {
		Body struct{} `body:""`
	},
	) (string, error) {
		return "put", nil
	})
	candor.HandleHTTP(app, []string{"GET"}, "/panics", http.HandlerFunc(func(http.ResponseWriter, *http.Request) { panic("no") }))
	candor.Get(app, "/login", func(_ context.Context, in struct{ H candor.ResponseHeader }) (string, error) {
		in.H.Set("Set-Cookie", "session=s3; HttpOnly; Path=/")
		return "in", nil
	})
	candor.Get(app, "/me", func(_ context.Context, in struct {
		Session string `cookie:"session,omitempty"`
	},
	) (string, error) {
		return in.Session, nil
	})
	server := httptest.NewServer(app)
	t.Cleanup(server.Close)
	ctx := browse(t)
	ask := func(from, script string) string {
		require.NoError(t, chromedp.Do(ctx, chromedp.Navigate(from)))
		program := fmt.Sprintf(`(async () => { const api = %q; try { %s } catch (e) { return "refused" } })()`, server.URL, script)
		got, err := chromedp.Run(ctx, chromedp.Evaluate[string](program, chromedp.EvalAwaitPromise))
		require.NoError(t, err)
		return got
	}
	get := func(path, options string) string {
		return fmt.Sprintf(`const r = await fetch(api + %q, %s); return r.status + " " + await r.text()`, path, options)
	}
	put := `{method: "PUT", headers: {"Content-Type": "application/json"}, body: "{}"}`
	with := `{credentials: "include"}`
	tests := []struct{ name, from, script, want string }{
		{"allowed", allowed, get("/good", "{}"), "200 1"},
		{"refused", refused, get("/good", "{}"), "refused"},
		{"a preflight", allowed, get("/good", put), `200 "put"`},
		{"a refused preflight", refused, get("/good", put), "refused"},
		{"on an error", allowed, get("/panics", "{}"), `500 {"detail":"Internal Server Error"}`},
		{"with credentials", allowed, get("/login", with), `200 "in"`},
		{"which come back", allowed, get("/me", with), `200 "s3"`},
		{"a tag it may read", allowed, `const r = await fetch(api + "/good"); return "" + /^"[\w-]{22}"$/.test(r.headers.get("ETag"))`, "true"},
		{"from the cache of the server", allowed, `const r = await fetch(api + "/good", {cache: "reload"}); return r.headers.has("Age") + " " + await r.text()`, "true 1"},
	}
	for _, tc := range tests {
		assert.Equal(t, tc.want, ask(tc.from, tc.script), tc.name)
	}
}
