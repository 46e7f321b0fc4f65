package browsertest

import (
	"context"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/audits"
	"github.com/chromedp/cdproto/cdp"
	cdplog "github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// patience is long enough for a busy machine. No test waits for all of it.
const patience = 5 * time.Minute

// browse starts a browser with a fresh profile and returns the context of its first tab.
func browse(t *testing.T) context.Context {
	t.Helper()
	// Chromium leaves files behind, and its socket needs a shorter path than t.TempDir returns.
	scratch, err := os.MkdirTemp("", "browser")
	require.NoError(t, err)
	t.Cleanup(func() { // its processes may write after the first has ended
		assert.Eventually(t, func() bool { return os.RemoveAll(scratch) == nil }, patience, 20*time.Millisecond, "files are left in %s", scratch)
	})
	options := append(chromedp.DefaultExecAllocatorOptions[:],
		chromedp.NoSandbox, // the tests may run as root, in a container
		chromedp.DisableGPU,
		chromedp.Env("TMPDIR="+scratch),
		chromedp.Flag("disable-quic", true),
		chromedp.Flag("disable-component-update", true),
		chromedp.WindowSize(1200, 1000),
		chromedp.WSURLReadTimeout(patience),
	)
	ctx, cancel := chromedp.NewExecAllocator(context.Background(), options...)
	t.Cleanup(cancel)
	ctx, cancel = chromedp.NewContext(ctx)
	t.Cleanup(cancel)
	// The first call starts the browser, which lives as long as this context; later calls have a deadline.
	require.NoError(t, chromedp.Do(ctx), "the tests need Chromium or Chrome on the PATH")
	ctx, cancel = context.WithTimeout(ctx, patience)
	t.Cleanup(cancel)
	return ctx
}

// complaints collects problems of a page: errors and warnings of the console, exceptions, and violations of its
// Content-Security-Policy.
type complaints struct {
	mu    sync.Mutex
	texts []string
}

// watch collects the problems of pages that the tab of ctx opens from now on.
func watch(t *testing.T, ctx context.Context) *complaints {
	t.Helper()
	gathered := &complaints{}
	require.NoError(t, chromedp.Listen(ctx, gathered.hear))
	_, err := chromedp.Call(ctx, audits.Enable, cdp.Empty{})
	require.NoError(t, err)
	return gathered
}

func (c *complaints) hear(event any) {
	switch e := event.(type) {
	case *runtime.EventConsoleAPICalled:
		if e.Type == "error" || e.Type == "warning" || e.Type == "assert" {
			words := []string{"console:"}
			for _, arg := range e.Args {
				words = append(words, string(arg.Value), arg.Description)
			}
			c.add(strings.Join(words, " "))
		}
	case *runtime.EventExceptionThrown:
		text := e.ExceptionDetails.Text
		if thrown := e.ExceptionDetails.Exception; thrown != nil {
			text += " " + thrown.Description
		}
		c.add("exception: " + text)
	case *cdplog.EventEntryAdded:
		if e.Entry.Level == "error" || e.Entry.Level == "warning" {
			c.add("log: " + e.Entry.Text + " " + e.Entry.URL)
		}
	case *audits.EventIssueAdded:
		if policy := e.Issue.Details.ContentSecurityPolicyIssueDetails; policy != nil {
			c.add("policy: " + policy.ViolatedDirective + " " + policy.BlockedURL)
		}
	}
}

func (c *complaints) add(text string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.texts = append(c.texts, text)
}

// all returns the problems so far, which include everything before the end of the last action on the tab.
func (c *complaints) all() []string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return append([]string{}, c.texts...)
}

// text waits until an element is visible and returns its text.
func text(t *testing.T, ctx context.Context, selector string) string {
	t.Helper()
	require.NoError(t, chromedp.Do(ctx, chromedp.WaitVisible(chromedp.CSS(selector))), selector)
	found, err := chromedp.Run(ctx, chromedp.Text(chromedp.CSS(selector)))
	require.NoError(t, err, selector)
	return strings.TrimSpace(found)
}

// click waits until an element is visible and clicks on it.
func click(t *testing.T, ctx context.Context, selector string) {
	t.Helper()
	require.NoError(t, chromedp.Do(ctx,
		chromedp.WaitVisible(chromedp.CSS(selector)),
		chromedp.Click(chromedp.CSS(selector)),
	), selector)
}
