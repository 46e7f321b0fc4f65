package browsertest

import (
	"crypto/sha512"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/candor-go/candor/internal/docsui"
)

// mountedAt is where the pages are mounted. They do not know it, and must work anyway.
const mountedAt = "/behind/a/proxy"

// serve serves the pages and the given document, all below mountedAt.
func serve(t *testing.T, document string, pages ...[]docsui.File) (*http.ServeMux, string) {
	t.Helper()
	mux := http.NewServeMux()
	for _, files := range pages {
		for _, file := range files {
			mux.Handle("GET "+mountedAt+file.Path, file)
		}
	}
	mux.HandleFunc("GET "+mountedAt+"/openapi.json", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		fmt.Fprint(w, document)
	})
	server := httptest.NewServer(mux)
	t.Cleanup(server.Close)
	return mux, server.URL
}

// guarded is a document with one operation that requires authorization.
const guarded = `{
	"openapi": "3.1.0",
	"info": {"title": "Guarded", "version": "1"},
	"servers": [{"url": "."}],
	"paths": {"/secret": {"get": {
		"operationId": "secret",
		"security": [{"login": []}],
		"responses": {"200": {"description": "OK", "content": {"application/json": {"schema": {"type": "string"}}}}}
	}}},
	"components": {"securitySchemes": {"login": {"type": "oauth2", "flows": {"authorizationCode": {
		"authorizationUrl": "authorize", "tokenUrl": "token", "scopes": {}
	}}}}}
}`

// authorizer is an authorization server with one code and one token. answer may change its response.
type authorizer struct {
	t      *testing.T
	answer func(query url.Values)
}

func (a authorizer) authorize(w http.ResponseWriter, r *http.Request) {
	query := r.URL.Query()
	assert.Equal(a.t, "code", query.Get("response_type"))
	assert.Equal(a.t, "S256", query.Get("code_challenge_method"))
	back, err := url.Parse(query.Get("redirect_uri"))
	if !assert.NoError(a.t, err) {
		return
	}
	assert.Equal(a.t, mountedAt+"/docs/oauth2-redirect", back.Path)
	reply := url.Values{"code": {"the code"}, "state": {query.Get("state")}}
	a.answer(reply)
	back.RawQuery = reply.Encode()
	http.Redirect(w, r, back.String(), http.StatusFound)
}

func (a authorizer) token(w http.ResponseWriter, r *http.Request) {
	assert.Equal(a.t, "the code", r.FormValue("code"))
	assert.NotEmpty(a.t, r.FormValue("code_verifier"))
	w.Header().Set("Content-Type", "application/json")
	fmt.Fprint(w, `{"access_token": "the-token", "token_type": "bearer"}`)
}

func TestSwaggerUIAuthorizes(t *testing.T) {
	for _, row := range []struct {
		name      string
		answer    func(query url.Values)
		wantError string
	}{
		{"a code becomes a token, which is sent", func(url.Values) {}, ""},
		{"a state that was not sent is refused", func(q url.Values) { q.Set("state", "another") }, "its state is another"},
		{"an error is shown", func(q url.Values) {
			q.Del("code")
			q.Set("error", "access_denied")
			q.Set("error_description", "not today")
		}, "access_denied: not today"},
		{"neither code nor error", func(q url.Values) { q.Del("code") }, "neither a code nor a token"},
	} {
		t.Run(row.name, func(t *testing.T) {
			files, err := docsui.Swagger{
				Title:    "Guarded",
				Document: "/openapi.json",
				OAuth:    map[string]any{"clientId": "docs", "usePkceWithAuthorizationCodeGrant": true},
			}.Files()
			require.NoError(t, err)
			mux, home := serve(t, guarded, files)
			server := authorizer{t, row.answer}
			mux.HandleFunc("GET "+mountedAt+"/authorize", server.authorize)
			mux.HandleFunc("POST "+mountedAt+"/token", server.token)
			mux.HandleFunc("GET "+mountedAt+"/secret", func(w http.ResponseWriter, r *http.Request) {
				w.Header().Set("Content-Type", "application/json")
				assert.NoError(t, json.NewEncoder(w).Encode("got "+r.Header.Get("Authorization")))
			})

			ctx := browse(t)
			said := watch(t, ctx)
			require.NoError(t, chromedp.Do(ctx, chromedp.Navigate(home+mountedAt+"/docs")))
			click(t, ctx, `.auth-wrapper .authorize`)
			click(t, ctx, `.auth-container .authorize`)
			if row.wantError != "" {
				assert.Contains(t, text(t, ctx, `.auth-container .errors`), row.wantError)
				return
			}
			require.NoError(t, chromedp.Do(ctx, chromedp.WaitVisible(chromedp.CSS(`.auth-container [aria-label="Remove authorization"]`))))
			click(t, ctx, `.close-modal`)
			tryOut(t, ctx, `.opblock`)
			assert.Contains(t, text(t, ctx, `.live-responses-table .response .highlight-code`), "got Bearer the-token")

			require.NoError(t, chromedp.Do(ctx, chromedp.Navigate(home+mountedAt+"/docs")))
			tryOut(t, ctx, `.opblock`)
			assert.Contains(t, text(t, ctx, `.live-responses-table .response .highlight-code`), "got Bearer the-token", "a reload keeps it")
			assert.Empty(t, said.all())
		})
	}
}

// mirror serves a script from another origin, and returns its URL and its digest.
func mirror(t *testing.T, script []byte) (scriptURL, integrity string) {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Access-Control-Allow-Origin", "*")
		w.Header().Set("Content-Type", "text/javascript")
		_, err := w.Write(script)
		assert.NoError(t, err)
	}))
	t.Cleanup(server.Close)
	digest := sha512.Sum384(script)
	return server.URL + "/redoc@2/redoc.standalone.js", "sha384-" + base64.StdEncoding.EncodeToString(digest[:])
}

// redocScript is a stand-in that reads the document, adds styles to the page and starts a worker as ReDoc does.
func redocScript() []byte {
	return []byte(`
		const style = document.createElement("style");
		style.textContent = "h1 { color: rgb(1, 2, 3); }";
		document.head.append(style);
		const worker = new Worker(URL.createObjectURL(new Blob(["postMessage(1)"])));
		worker.onmessage = async () => {
			const element = document.querySelector("redoc");
			const answer = await fetch(element.getAttribute("spec-url"));
			const heading = document.createElement("h1");
			heading.textContent = (await answer.json()).info.title;
			element.append(heading);
		};
	`)
}

func TestRedocRuns(t *testing.T) {
	scriptURL, integrity := mirror(t, redocScript())
	files, err := docsui.Redoc{
		Title: "Guarded", Document: "/openapi.json", ScriptURL: scriptURL, Integrity: integrity,
	}.Files()
	require.NoError(t, err)
	_, home := serve(t, guarded, files)
	ctx := browse(t)
	said := watch(t, ctx)
	require.NoError(t, chromedp.Do(ctx, chromedp.Navigate(home+mountedAt+"/redoc")))
	assert.Contains(t, text(t, ctx, "h1"), "Guarded")
	assert.Equal(t, "rgb(1, 2, 3)", evaluate[string](t, ctx, `getComputedStyle(document.querySelector("h1")).color`))
	assert.Empty(t, said.all())
}

func TestRedocThatWasChangedDoesNotRun(t *testing.T) {
	scriptURL, _ := mirror(t, []byte(`document.title = "changed"`))
	_, integrity := mirror(t, []byte(`document.title = "as published"`))
	files, err := docsui.Redoc{
		Title: "Guarded", Document: "/openapi.json", ScriptURL: scriptURL, Integrity: integrity,
	}.Files()
	require.NoError(t, err)
	_, home := serve(t, guarded, files)
	ctx := browse(t)
	said := watch(t, ctx)
	require.NoError(t, chromedp.Do(ctx, chromedp.Navigate(home+mountedAt+"/redoc")))
	title, err := chromedp.Run(ctx, chromedp.Title())
	require.NoError(t, err)
	assert.Equal(t, "Guarded - ReDoc", title)
	require.NotEmpty(t, said.all())
	assert.Contains(t, said.all()[0], "integrity")
}
