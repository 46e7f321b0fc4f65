package browsertest

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// evaluate returns the value of an expression in the page.
func evaluate[T any](t *testing.T, ctx context.Context, expression string) T {
	t.Helper()
	value, err := chromedp.Run(ctx, chromedp.Evaluate[T](expression))
	require.NoError(t, err, expression)
	return value
}

// until waits until an expression in the page is true.
func until(t *testing.T, ctx context.Context, expression string) {
	t.Helper()
	for !evaluate[bool](t, ctx, expression) {
		select {
		case <-ctx.Done():
			require.Fail(t, "it never was so", expression)
		case <-time.After(20 * time.Millisecond):
		}
	}
}

// lines returns the texts of the items of a list.
func lines(t *testing.T, ctx context.Context, selector string) []string {
	t.Helper()
	return evaluate[[]string](t, ctx, fmt.Sprintf(`[...document.querySelectorAll(%q)].map(item => item.textContent)`, selector+" li"))
}

// An EventSource whose connection is cut repeatedly while messages arrive receives each once, in order.
func TestEventSourceResumes(t *testing.T) {
	home := startExample(t, "events")
	cutter, front := startCutter(t, home)
	ctx := browse(t)
	require.NoError(t, chromedp.Do(ctx, chromedp.Navigate(front+"/")))

	var want []string
	say := func() {
		want = append(want, fmt.Sprintf("ann: %d", len(want)))
		body := fmt.Sprintf(`{"from": "ann", "text": "%d"}`, len(want)-1)
		answer, err := http.Post(home+"/rooms/tea/messages", "application/json", strings.NewReader(body))
		require.NoError(t, err)
		require.NoError(t, answer.Body.Close())
		require.Equal(t, http.StatusCreated, answer.StatusCode)
	}
	heard := func() {
		t.Helper()
		until(t, ctx, fmt.Sprintf(`document.querySelectorAll("#said li").length >= %d`, len(want)))
	}
	until(t, ctx, `document.querySelector("output")?.textContent === "listening"`)
	for range 3 {
		for range 20 {
			say()
		}
		require.Positive(t, cutter.cut())
		for range 20 {
			say()
		}
		heard()
	}
	assert.Equal(t, want, lines(t, ctx, "#said"))
}

// A server that is not ready responds with 503, after which an EventSource gives up. The page reconnects, and has every
// message once.
func TestEventSourceAfterA503(t *testing.T) {
	home := startExample(t, "events")
	target, err := url.Parse(home)
	require.NoError(t, err)
	proxy := httputil.NewSingleHostReverseProxy(target)
	proxy.FlushInterval = -1
	var down, refused atomic.Bool
	front := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if down.Load() {
			refused.Store(true)
			w.WriteHeader(http.StatusServiceUnavailable)
			return
		}
		proxy.ServeHTTP(w, r)
	}))
	t.Cleanup(front.Close)
	t.Cleanup(front.CloseClientConnections) // or the stream would keep it open
	ctx := browse(t)
	require.NoError(t, chromedp.Do(ctx, chromedp.Navigate(front.URL+"/")))
	until(t, ctx, `document.querySelector("output")?.textContent === "listening"`)
	var want []string
	say := func() {
		want = append(want, fmt.Sprintf("ann: %d", len(want)))
		body := fmt.Sprintf(`{"from": "ann", "text": "%d"}`, len(want)-1)
		response, err := http.Post(home+"/rooms/tea/messages", "application/json", strings.NewReader(body))
		require.NoError(t, err)
		require.NoError(t, response.Body.Close())
		require.Equal(t, http.StatusCreated, response.StatusCode)
	}
	for range 3 {
		say()
	}
	until(t, ctx, `document.querySelectorAll("#said li").length === 3`)
	down.Store(true)
	front.CloseClientConnections()
	require.Eventually(t, refused.Load, time.Minute, 10*time.Millisecond)
	say()
	down.Store(false)
	until(t, ctx, `document.querySelectorAll("#said li").length >= 4`)
	say()
	until(t, ctx, `document.querySelectorAll("#said li").length >= 5`)
	assert.Equal(t, want, lines(t, ctx, "#said"))
}

// Two tabs join a room by its path, which the server only knows as a path of the page, and exchange messages.
func TestTwoTabsChat(t *testing.T) {
	home := startExample(t, "chat")
	ann := browse(t)
	bob, leave := chromedp.NewContext(ann)
	t.Cleanup(leave)
	tabs := map[string]context.Context{"ann": ann, "bob": bob}
	for name, tab := range tabs {
		said := watch(t, tab)
		defer func() { assert.Empty(t, said.all()) }()
		require.NoError(t, chromedp.Do(tab, chromedp.Navigate(home+"/coffee")))
		assert.Equal(t, "coffee", text(t, tab, "h1"))
		fill(t, tab, `#join input`, name)
		click(t, tab, `#join button`)
		require.NoError(t, chromedp.Do(tab, chromedp.WaitVisible(chromedp.CSS(`#say`))))
		enter(t, tab, name)
	}
	var want []string
	for _, name := range []string{"ann", "bob", "ann"} {
		line := fmt.Sprintf("hello %d", len(want))
		fill(t, tabs[name], `#say input`, line)
		click(t, tabs[name], `#say button`)
		want = append(want, name+": "+line)
		for _, tab := range tabs {
			hellos := func() []string {
				return slices.DeleteFunc(lines(t, tab, "#said"), func(line string) bool { return strings.HasSuffix(line, ": here") })
			}
			require.Eventually(t, func() bool { return len(hellos()) >= len(want) }, patience, 20*time.Millisecond)
			assert.Equal(t, want, hellos())
		}
	}
}

// The frontend is served for its own paths only.
func TestFrontendFallsBack(t *testing.T) {
	home := startExample(t, "chat")
	ctx := browse(t)
	require.NoError(t, chromedp.Do(ctx, chromedp.Navigate(home+"/some/room")))
	assert.Equal(t, "some/room", text(t, ctx, "h1"))
	assert.Equal(t, []any{404.0, "application/json"}, evaluateLater(t, ctx,
		`fetch("/missing.js", {headers: {Accept: "*/*"}}).then(answer => [answer.status, answer.headers.get("Content-Type")])`))
	assert.Equal(t, []any{426.0, "application/json"}, evaluateLater(t, ctx,
		`fetch("/api/rooms/tea?name=ann").then(answer => [answer.status, answer.headers.get("Content-Type")])`))
}

// evaluateLater returns the value of a promise.
func evaluateLater(t *testing.T, ctx context.Context, expression string) []any {
	t.Helper()
	value, err := chromedp.Run(ctx, chromedp.Evaluate[[]any](expression, chromedp.EvalAwaitPromise))
	require.NoError(t, err, expression)
	return value
}

// A large file is uploaded with a progress bar, and arrives unchanged.
func TestUploadWithProgress(t *testing.T) {
	home := startExample(t, "uploads")
	const size = 96 << 20
	path := filepath.Join(t.TempDir(), "large.bin")
	file, err := os.Create(path)
	require.NoError(t, err)
	sum := sha256.New()
	_, err = io.CopyN(io.MultiWriter(file, sum), rand.Reader, size)
	require.NoError(t, err)
	require.NoError(t, file.Close())
	want := hex.EncodeToString(sum.Sum(nil))

	ctx := browse(t)
	said := watch(t, ctx)
	require.NoError(t, chromedp.Do(ctx, chromedp.Navigate(home+"/")))
	evaluate[bool](t, ctx, `window.shown = [], new MutationObserver(() => shown.push(document.querySelector("progress").value))
		.observe(document.querySelector("output"), {childList: true}), true`)
	require.NoError(t, chromedp.Do(ctx, chromedp.SetUploadFiles(chromedp.CSS(`input[type="file"]`), []string{path})))
	until(t, ctx, `document.querySelector("output").textContent.startsWith("kept") && document.querySelector("#kept li") !== null`)
	assert.Equal(t, "kept: "+want, text(t, ctx, "output"))
	assert.Equal(t, []string{fmt.Sprintf("large.bin, %d bytes", size)}, lines(t, ctx, "#kept"))
	shown := evaluate[[]float64](t, ctx, `shown`)
	assert.IsNonDecreasing(t, shown)
	assert.True(t, len(shown) > 1 && shown[0] < 1, "the way is shown, not only its end: %v", shown)
	assert.Empty(t, said.all())

	answer, err := http.Get(home + "/files/large.bin")
	require.NoError(t, err)
	defer answer.Body.Close()
	sum.Reset()
	_, err = io.Copy(sum, answer.Body)
	require.NoError(t, err)
	assert.Equal(t, want, hex.EncodeToString(sum.Sum(nil)))
}
