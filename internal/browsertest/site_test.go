package browsertest

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// site builds the site of the guide and serves it. A dead link fails the build.
func site(t *testing.T) (dir, origin string) {
	t.Helper()
	source, err := filepath.Abs("../../site")
	require.NoError(t, err)
	dir = filepath.Join(t.TempDir(), "dist")
	for _, line := range []string{"npm ci --no-audit --no-fund", "npm run build -- --outDir " + dir} {
		command := exec.Command("sh", "-c", line)
		command.Dir = source
		output, err := command.CombinedOutput()
		require.NoError(t, err, "%s: %s", line, output)
	}
	server := httptest.NewServer(http.FileServerFS(os.DirFS(dir)))
	t.Cleanup(server.Close)
	return dir, server.URL
}

// The site of the guide in a browser: on a phone, in dark mode, and with its search.
func TestSite(t *testing.T) {
	dir, origin := site(t)

	t.Run("no page is wider than a phone", func(t *testing.T) {
		ctx := browse(t)
		require.NoError(t, chromedp.Do(ctx, chromedp.EmulateViewport(390, 844)))
		pages, err := filepath.Glob(filepath.Join(dir, "*.html"))
		require.NoError(t, err)
		steps, err := filepath.Glob(filepath.Join(dir, "tutorial", "*.html"))
		require.NoError(t, err)
		assert.Greater(t, len(pages)+len(steps), 50)
		for _, page := range append(pages, steps...) {
			path, err := filepath.Rel(dir, page)
			require.NoError(t, err)
			require.NoError(t, chromedp.Do(ctx, chromedp.Navigate(origin+"/"+filepath.ToSlash(path))))
			assert.LessOrEqual(t, evaluate[int](t, ctx, "document.documentElement.scrollWidth"), 390, path)
		}
	})

	ctx := browse(t)
	require.NoError(t, chromedp.Do(ctx, chromedp.EmulateViewport(1400, 900)))

	t.Run("tabs show one program at a time", func(t *testing.T) {
		require.NoError(t, chromedp.Do(ctx, chromedp.Navigate(origin+"/fastapi.html")))
		assert.Equal(t, "FastAPI|Candor", evaluate[string](t, ctx,
			`[...document.querySelector(".vp-code-group").querySelectorAll("label")].map(l => l.textContent).join("|")`))
		click(t, ctx, ".vp-code-group label:nth-of-type(2)")
		assert.Contains(t, text(t, ctx, ".vp-code-group .blocks .active"), "package main")
	})

	t.Run("dark", func(t *testing.T) {
		background := "getComputedStyle(document.documentElement).getPropertyValue('--vp-c-bg')"
		light := evaluate[string](t, ctx, background)
		click(t, ctx, ".VPNavBarAppearance button")
		until(t, ctx, "document.documentElement.classList.contains('dark')")
		assert.NotEqual(t, light, evaluate[string](t, ctx, background))
	})

	for query, page := range map[string]string{
		"hot reload":           "/daily-work.html",
		"dependency injection": "/dependencies.html",
		"logging":              "/daily-work.html",
		"project layout":       "/layout.html",
	} {
		t.Run("search for "+query, func(t *testing.T) {
			require.NoError(t, chromedp.Do(ctx, chromedp.Navigate(origin+"/first-steps.html")))
			evaluate[bool](t, ctx, `sessionStorage.clear(), true`) // has the query before
			click(t, ctx, ".VPNavBarSearch button")
			require.NoError(t, chromedp.Do(ctx, chromedp.WaitVisible(chromedp.CSS(".VPLocalSearchBox input"))))
			// At once: each key would be a query of its own, whose results are shown meanwhile.
			evaluate[bool](t, ctx, fmt.Sprintf(`(input => (input.value = %q, input.dispatchEvent(new Event("input"))))(document.querySelector(".VPLocalSearchBox input"))`, query))
			text(t, ctx, ".VPLocalSearchBox .result.selected")
			found := evaluate[string](t, ctx, `[...document.querySelectorAll(".VPLocalSearchBox a.result")].slice(0, 5).map(a => a.getAttribute("href")).join(" ")`)
			assert.Contains(t, found, page)
		})
	}
}
