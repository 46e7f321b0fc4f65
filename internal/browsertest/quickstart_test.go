package browsertest

import (
	"bytes"
	"context"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// startExample builds an example, serves it until the test ends, and returns its URL. It is built in its own directory,
// because some examples are separate modules.
func startExample(t *testing.T, name string, args ...string) string {
	t.Helper()
	program := filepath.Join(t.TempDir(), name)
	build := exec.Command("go", "build", "-o", program, ".")
	build.Dir = filepath.Join("..", "..", "examples", name)
	output, err := build.CombinedOutput()
	require.NoError(t, err, "%s", output)

	addr := freeAddr(t)
	var logged bytes.Buffer
	example := exec.Command(program, append([]string{"-addr", addr}, args...)...)
	example.Stdout, example.Stderr = &logged, &logged
	require.NoError(t, example.Start())
	t.Cleanup(func() {
		assert.NoError(t, example.Process.Signal(syscall.SIGTERM))
		assert.NoError(t, example.Wait(), "%s", logged.String())
	})
	require.Eventually(t, func() bool {
		answer, err := http.Get("http://" + addr + "/openapi.json")
		return err == nil && answer.Body.Close() == nil && answer.StatusCode == http.StatusOK
	}, patience, 50*time.Millisecond, "the example does not answer at %s", addr)
	return "http://" + addr
}

func freeAddr(t *testing.T) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer listener.Close()
	return listener.Addr().String()
}

// The reader opens /docs, sees the operations, and executes one.
func TestSwaggerUITriesAnOperation(t *testing.T) {
	home := startExample(t, "quickstart")
	ctx := browse(t)
	said := watch(t, ctx)

	require.NoError(t, chromedp.Do(ctx, chromedp.Navigate(home+"/docs")))
	tryList(t, ctx)
	assert.Empty(t, said.all())
}

// tryList lists the items as a reader of the page does. CANDOR_SCREENSHOT=FILE.png saves a screenshot of the page.
func tryList(t *testing.T, ctx context.Context) {
	t.Helper()
	const list = `.opblock-get:has([data-path="/items"])`
	for _, operation := range []string{
		list,
		`.opblock-post:has([data-path="/items"])`,
		`.opblock-get:has([data-path="/items/{item_id}"])`,
	} {
		assert.NotEmpty(t, text(t, ctx, operation))
	}
	title, err := chromedp.Run(ctx, chromedp.Title())
	require.NoError(t, err)
	assert.Regexp(t, `^.+ - Swagger UI$`, title)

	click(t, ctx, list+` .opblock-summary-control`)
	click(t, ctx, list+` .try-out__btn`)
	click(t, ctx, list+` .execute`)
	assert.Equal(t, "200", text(t, ctx, list+` .live-responses-table .response .response-col_status`))
	assert.Contains(t, text(t, ctx, list+` .live-responses-table .response .highlight-code`), `"id"`)

	photograph(t, ctx, "CANDOR_SCREENSHOT")
}

// photograph saves a screenshot if the environment variable names a file.
func photograph(t *testing.T, ctx context.Context, variable string) {
	t.Helper()
	file := os.Getenv(variable)
	if file == "" {
		return
	}
	picture, err := chromedp.Run(ctx, chromedp.CaptureScreenshot())
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(file, picture, 0o644))
}
