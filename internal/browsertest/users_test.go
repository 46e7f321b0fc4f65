package browsertest

import (
	"context"
	"net/http"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// After authorizing with a name and a password, the reader can call operations that need a login.
func TestSwaggerUIAuthorizesWithAPassword(t *testing.T) {
	home := startExample(t, "users")
	register(t, home, `{"name": "ann", "email": "ann@example.com", "password": "correct horse"}`)
	ctx := browse(t)
	said := watch(t, ctx)

	require.NoError(t, chromedp.Do(ctx, chromedp.Navigate(home+"/docs")))
	authorize(t, ctx, "ann", "correct horse")
	const me = `.opblock-get:has([data-path="/api/v1/users/me"])`
	click(t, ctx, me+` .opblock-summary-control`)
	click(t, ctx, me+` .try-out__btn`)
	click(t, ctx, me+` .execute`)
	assert.Equal(t, "200", text(t, ctx, me+` .live-responses-table .response .response-col_status`))
	assert.Contains(t, text(t, ctx, me+` .live-responses-table .response .highlight-code`), `"name": "ann"`)
	assert.Empty(t, said.all())
}

// register creates a user of the example.
func register(t *testing.T, home, user string) {
	t.Helper()
	answer, err := http.Post(home+"/api/v1/users", "application/json", strings.NewReader(user))
	require.NoError(t, err)
	require.NoError(t, answer.Body.Close())
	require.Equal(t, http.StatusCreated, answer.StatusCode)
}

// authorize fills in the password flow and waits for its token. CANDOR_SCREENSHOT_AUTHORIZE=FILE.png saves a screenshot
// of the dialog before it is sent.
func authorize(t *testing.T, ctx context.Context, user, password string) {
	t.Helper()
	click(t, ctx, `.auth-wrapper .authorize`)
	fill(t, ctx, `#oauth_username`, user)
	fill(t, ctx, `#oauth_password`, password)
	const send = `.auth-container:has(#oauth_username) .authorize` // there is also an API key to authorize
	require.NoError(t, chromedp.Do(ctx, chromedp.ScrollIntoView(chromedp.CSS(send))))
	photograph(t, ctx, "CANDOR_SCREENSHOT_AUTHORIZE")
	click(t, ctx, send)
	require.NoError(t, chromedp.Do(ctx, chromedp.WaitVisible(chromedp.CSS(`.auth-container [aria-label="Remove authorization"]`))))
	click(t, ctx, `.close-modal`)
}

// fill waits until a field is visible and types into it.
func fill(t *testing.T, ctx context.Context, selector, value string) {
	t.Helper()
	require.NoError(t, chromedp.Do(ctx,
		chromedp.WaitVisible(chromedp.CSS(selector)),
		chromedp.SendKeys(chromedp.CSS(selector), value),
	), selector)
}
