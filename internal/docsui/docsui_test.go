package docsui_test

import (
	"compress/gzip"
	"crypto/sha256"
	"encoding/base64"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/candor-go/candor/internal/docsui"
)

// site maps the files to their exact paths, as a router does.
func site(t *testing.T, files []docsui.File, err error) map[string]docsui.File {
	t.Helper()
	require.NoError(t, err)
	paths := map[string]docsui.File{}
	for _, file := range files {
		require.NotContains(t, paths, file.Path)
		paths[file.Path] = file
	}
	return paths
}

func ask(t *testing.T, file docsui.File, method string, header http.Header) *http.Response {
	t.Helper()
	r := httptest.NewRequest(method, (&url.URL{Path: file.Path}).String(), nil)
	r.Header = header
	w := httptest.NewRecorder()
	file.ServeHTTP(w, r)
	return w.Result()
}

func text(t *testing.T, body io.Reader) string {
	t.Helper()
	all, err := io.ReadAll(body)
	require.NoError(t, err)
	return string(all)
}

var reference = regexp.MustCompile(`(?:href|src)="([^"]+)"`)

func TestSwaggerPageRefersToItsOwnFilesRelatively(t *testing.T) {
	for _, row := range []struct{ path, document, wantDocument string }{
		{"", "/openapi.json", "./openapi.json"},
		{"/docs", "/openapi.json", "./openapi.json"},
		{"/docs", "/v1/openapi.json", "./v1/openapi.json"},
		{"/v1/docs", "/v1/openapi.json", "./openapi.json"},
		{"/v1/docs", "/openapi.json", "../openapi.json"},
		{"/a/b/docs", "/a/c/openapi.json", "../c/openapi.json"},
		{"/docs/", "/openapi.json", "../openapi.json"},
		{"/", "/openapi.json", "./openapi.json"},
		{"/a:b/c d", "/x?y.json", "../x%3Fy.json"},
		{"/docs", "https://api.example.com/openapi.json", "https://api.example.com/openapi.json"},
		{"/docs", "//api.example.com/openapi.json", "//api.example.com/openapi.json"},
	} {
		t.Run(row.path+" "+row.document, func(t *testing.T) {
			files, err := docsui.Swagger{Title: "Items", Path: row.path, Document: row.document}.Files()
			paths := site(t, files, err)
			start := text(t, ask(t, files[1], "GET", nil).Body)
			assert.Contains(t, start, `"url": "`+row.wantDocument+`"`)

			// The page does not know its prefix, but each reference leads to a file.
			base := &url.URL{Scheme: "https", Host: "example.com", Path: "/mounted/here" + files[0].Path}
			references := reference.FindAllStringSubmatch(text(t, ask(t, files[0], "GET", nil).Body), -1)
			require.Len(t, references, 7)
			for _, match := range references {
				target, err := base.Parse(match[1])
				require.NoError(t, err)
				assert.Contains(t, paths, strings.TrimPrefix(target.Path, "/mounted/here"), match[1])
			}
		})
	}
}

func TestSwaggerFiles(t *testing.T) {
	files, err := docsui.Swagger{Title: "Items", Document: "/openapi.json"}.Files()
	paths := site(t, files, err)
	for _, row := range []struct{ path, contentType, starts string }{
		{"/docs", "text/html; charset=utf-8", "<!DOCTYPE html>"},
		{"/docs/init.js", "text/javascript; charset=utf-8", `"use strict"`},
		{"/docs/swagger-ui-bundle.js", "text/javascript; charset=utf-8", "/*! For license information"},
		{"/docs/swagger-ui.css", "text/css; charset=utf-8", ".swagger-ui"},
		{"/docs/page.css", "text/css; charset=utf-8", "body"},
		{"/docs/plugin.js", "text/javascript; charset=utf-8", `"use strict"`},
		{"/docs/favicon-16x16.png", "image/png", "\x89PNG"},
		{"/docs/favicon-32x32.png", "image/png", "\x89PNG"},
		{"/docs/oauth2-redirect", "text/html; charset=utf-8", "<!DOCTYPE html>"},
		{"/docs/oauth2-redirect.js", "text/javascript; charset=utf-8", "//"},
	} {
		t.Run(row.path, func(t *testing.T) {
			require.Contains(t, paths, row.path)
			plain := ask(t, paths[row.path], "GET", nil)
			body := text(t, plain.Body)
			assert.Equal(t, 200, plain.StatusCode)
			assert.Equal(t, row.contentType, plain.Header.Get("Content-Type"))
			assert.Equal(t, "nosniff", plain.Header.Get("X-Content-Type-Options"))
			assert.Equal(t, "no-cache", plain.Header.Get("Cache-Control"))
			assert.Regexp(t, `^"[0-9a-f]{16}"$`, plain.Header.Get("ETag"))
			assert.True(t, strings.HasPrefix(body, row.starts), "%.40q", body)
			if strings.HasPrefix(body, "<!DOCTYPE") {
				assert.NotContains(t, body, "<script>", "an inline script would not run")
			}

			head := ask(t, paths[row.path], "HEAD", nil)
			assert.Equal(t, 200, head.StatusCode)
			assert.Equal(t, plain.Header, head.Header)
			assert.Empty(t, text(t, head.Body))

			zipped := ask(t, paths[row.path], "GET", http.Header{"Accept-Encoding": {"br", "gzip"}})
			if zipped.Header.Get("Content-Encoding") == "gzip" {
				assert.Equal(t, "Accept-Encoding", zipped.Header.Get("Vary"))
				assert.Equal(t, "Accept-Encoding", plain.Header.Get("Vary"))
				assert.NotEqual(t, plain.Header.Get("ETag"), zipped.Header.Get("ETag"), "two representations")
				reader, err := gzip.NewReader(zipped.Body)
				require.NoError(t, err)
				zipped.Body = reader
			}
			assert.Equal(t, sha256.Sum256([]byte(body)), sha256.Sum256([]byte(text(t, zipped.Body))), "the same content")

			for _, first := range []*http.Response{plain, zipped} {
				again := http.Header{"If-None-Match": {`"old"`, first.Header.Get("ETag")}}
				if first == zipped {
					again.Set("Accept-Encoding", "gzip")
				}
				fresh := ask(t, paths[row.path], "GET", again)
				assert.Equal(t, 304, fresh.StatusCode)
				assert.Equal(t, first.Header.Get("ETag"), fresh.Header.Get("ETag"))
				assert.Empty(t, text(t, fresh.Body))
			}

			part := ask(t, paths[row.path], "GET", http.Header{"Range": {"bytes=0-0,2-2"}, "If-Match": {`"old"`}})
			assert.Equal(t, 200, part.StatusCode)
		})
	}
	assert.Len(t, paths, 10)
	assert.Equal(t, "/docs", files[0].Path)
}

func TestAppsWithOtherOptionsHaveOtherTags(t *testing.T) {
	one, err := docsui.Swagger{Title: "Items", Document: "/openapi.json"}.Files()
	require.NoError(t, err)
	two, err := docsui.Swagger{Title: "Goods", Document: "/other.json"}.Files()
	require.NoError(t, err)
	for i := range 2 {
		first, second := ask(t, one[i], "GET", nil), ask(t, two[i], "GET", nil)
		assert.NotEqual(t, first.Header.Get("ETag"), second.Header.Get("ETag"), one[i].Path)
	}
}

func TestTitlesAreText(t *testing.T) {
	const title = `</title><script>alert("1")</script>&amp;`
	const want = `&lt;/title&gt;&lt;script&gt;alert(&#34;1&#34;)&lt;/script&gt;&amp;amp;`
	swagger, err := docsui.Swagger{Title: title, Document: "/openapi.json"}.Files()
	require.NoError(t, err)
	assert.Contains(t, text(t, ask(t, swagger[0], "GET", nil).Body), "<title>"+want+" - Swagger UI</title>")
	redoc, err := docsui.Redoc{Title: title, Document: "/openapi.json"}.Files()
	require.NoError(t, err)
	assert.Contains(t, text(t, ask(t, redoc[0], "GET", nil).Body), "<title>"+want+" - ReDoc</title>")
}

func TestSwaggerOptions(t *testing.T) {
	files, err := docsui.Swagger{
		Document: "/openapi.json",
		Options:  map[string]any{"deepLinking": false, "docExpansion": "</script>\u2028"},
		OAuth:    map[string]any{"clientId": "web", "usePkceWithAuthorizationCodeGrant": true},
	}.Files()
	require.NoError(t, err)
	start := text(t, ask(t, files[1], "GET", nil).Body)
	assert.Contains(t, start, `"deepLinking": false`, "the caller's option wins")
	assert.Contains(t, start, `"docExpansion": "\u003c/script\u003e\u2028"`)
	assert.Contains(t, start, `"validatorUrl": null`, "the document is not sent anywhere")
	assert.Contains(t, start, `"clientId": "web"`)

	_, err = docsui.Swagger{Options: map[string]any{"onComplete": func() {}}}.Files()
	require.ErrorContains(t, err, "swagger ui: options: ")
	_, err = docsui.Swagger{OAuth: map[string]any{"clientId": make(chan int)}}.Files()
	require.ErrorContains(t, err, "swagger ui: oauth: ")
}

// digest is the digest of an inline script.
var digest = regexp.MustCompile(`'sha256-[\w+/=]+'`)

// inline is an inline script.
var inline = regexp.MustCompile(`(?s)<script>(.*?)</script>`)

// An inline script runs only if the policy has its digest.
func assertInlineScriptsRun(t *testing.T, page, policy string) {
	t.Helper()
	found := inline.FindAllStringSubmatch(page, -1)
	require.Len(t, found, 1)
	sum := sha256.Sum256([]byte(found[0][1]))
	assert.Contains(t, policy, "'sha256-"+base64.StdEncoding.EncodeToString(sum[:])+"'")
}

func TestPolicies(t *testing.T) {
	const always = "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'self'; "
	policies := func(files []docsui.File, err error) map[string]string {
		found := map[string]string{}
		for path, file := range site(t, files, err) {
			if policy := ask(t, file, "GET", nil).Header.Get("Content-Security-Policy"); policy != "" {
				found[path] = digest.ReplaceAllString(policy, "'sha256'")
			}
		}
		return found
	}
	assert.Equal(t, map[string]string{
		"/docs":                 always + "script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'",
		"/docs/oauth2-redirect": always + "script-src 'self'; img-src 'self'",
	}, policies(docsui.Swagger{Document: "/openapi.json"}.Files()))
	assert.Contains(t, policies(docsui.Swagger{
		Document: "https://api.example.com/openapi.json",
		Connect:  []string{"https://login.example.com"},
	}.Files())["/docs"], "; connect-src 'self' https://api.example.com https://login.example.com")
	assert.Equal(t, map[string]string{
		"/redoc": always + "script-src https://cdn.jsdelivr.net/npm/redoc@2.5.4/bundles/redoc.standalone.js 'sha256'; " +
			"style-src 'unsafe-inline'; img-src 'self' data:; worker-src blob:; connect-src 'self'",
	}, policies(docsui.Redoc{Document: "/openapi.json"}.Files()))
	assert.Equal(t, map[string]string{
		"/scalar": always + "script-src https://cdn.jsdelivr.net/npm/@scalar/api-reference@1.46.4/dist/browser/standalone.js 'sha256'; " +
			"style-src 'unsafe-inline'; img-src 'self' data:; font-src 'self' data:; connect-src 'self' https://login.example.com",
	}, policies(docsui.Scalar{Document: "/openapi.json", Connect: []string{"https://login.example.com"}}.Files()))
}

func TestRedoc(t *testing.T) {
	for _, row := range []struct {
		name                string
		redoc               docsui.Redoc
		wantScript, wantCSP string
		wantErr             string
	}{
		{
			name: "the default is pinned",
			wantScript: `<script id="script" src="https://cdn.jsdelivr.net/npm/redoc@2.5.4/bundles/redoc.standalone.js" ` +
				`integrity="sha384-w447zOpYfw/1Tv/5AK9NfHTlQIqE3RVR6KY62jCyy9zNDgO64cMwGGP1Fj0zJVf5" crossorigin="anonymous"></script>`,
			wantCSP: "script-src https://cdn.jsdelivr.net/npm/redoc@2.5.4/bundles/redoc.standalone.js 'sha256-",
		},
		{
			name:       "a copy of one's own",
			redoc:      docsui.Redoc{ScriptURL: "/static/redoc.js"},
			wantScript: `<script id="script" src="./static/redoc.js"></script>`,
			wantCSP:    "script-src 'self' 'sha256-",
		},
		{
			name:       "a mirror of one's own: a query or a comma does not widen the policy",
			redoc:      docsui.Redoc{ScriptURL: "https://cdn.example.com:8443/a,b;c/redoc.js?v=1&x=2", Integrity: `sha384-"`},
			wantScript: `<script id="script" src="https://cdn.example.com:8443/a,b;c/redoc.js?v=1&amp;x=2" integrity="sha384-&#34;" crossorigin="anonymous"></script>`,
			wantCSP:    "script-src https://cdn.example.com:8443/a%2Cb%3Bc/redoc.js 'sha256-",
		},
		{
			name:    "another host without a digest",
			redoc:   docsui.Redoc{ScriptURL: "https://cdn.example.com/redoc.js"},
			wantErr: "redoc: a script from another host needs Integrity",
		},
		{
			name:    "a host without a scheme",
			redoc:   docsui.Redoc{ScriptURL: "//cdn.example.com/redoc.js", Integrity: "sha384-x"},
			wantErr: `redoc: script URL "//cdn.example.com/redoc.js" names a host without a scheme`,
		},
		{
			name:    "no URL",
			redoc:   docsui.Redoc{ScriptURL: "https://[", Integrity: "sha384-x"},
			wantErr: "redoc: script URL: ",
		},
	} {
		t.Run(row.name, func(t *testing.T) {
			row.redoc.Document = "/openapi.json"
			files, err := row.redoc.Files()
			if row.wantErr != "" {
				require.ErrorContains(t, err, row.wantErr)
				return
			}
			require.NoError(t, err)
			require.Len(t, files, 1)
			assert.Equal(t, "/redoc", files[0].Path)
			answer := ask(t, files[0], "GET", nil)
			body := text(t, answer.Body)
			assert.Contains(t, body, row.wantScript)
			assert.Contains(t, body, `<redoc spec-url="./openapi.json"></redoc>`)
			assert.Contains(t, answer.Header.Get("Content-Security-Policy"), row.wantCSP)
			assertInlineScriptsRun(t, body, answer.Header.Get("Content-Security-Policy"))
			assert.Contains(t, body, "<noscript>")
		})
	}
}

func TestScalar(t *testing.T) {
	for _, row := range []struct {
		name       string
		scalar     docsui.Scalar
		wantScript string
		wantErr    string
	}{
		{
			name: "the default is pinned",
			wantScript: `<script id="script" src="https://cdn.jsdelivr.net/npm/@scalar/api-reference@1.46.4/dist/browser/standalone.js" ` +
				`integrity="sha384-BbTs28WithFYxTDCiH0YPK5tv3MflhBVpABoMjfb9UqXa/hegSE9I4THoddKejMF" crossorigin="anonymous"></script>`,
		},
		{"a copy of one's own", docsui.Scalar{ScriptURL: "/assets/scalar.js"}, `<script id="script" src="./assets/scalar.js"></script>`, ""},
		{"elsewhere", docsui.Scalar{Path: "/a/b", ScriptURL: "/assets/scalar.js"}, `<script id="script" src="../assets/scalar.js"></script>`, ""},
		{"another host without a digest", docsui.Scalar{ScriptURL: "https://cdn.example.com/s.js"}, "", "scalar: a script from another host needs Integrity"},
	} {
		t.Run(row.name, func(t *testing.T) {
			row.scalar.Title, row.scalar.Document = "Cats & Dogs", "/openapi.json"
			files, err := row.scalar.Files()
			if row.wantErr != "" {
				require.ErrorContains(t, err, row.wantErr)
				return
			}
			require.NoError(t, err)
			require.Len(t, files, 1)
			response := ask(t, files[0], "GET", nil)
			body := text(t, response.Body)
			assert.Contains(t, body, row.wantScript)
			assert.Contains(t, body, "<title>Cats &amp; Dogs - Scalar</title>")
			assert.Contains(t, body, "/openapi.json&#34;")
			assert.Contains(t, body, "<noscript>")
			assertInlineScriptsRun(t, body, response.Header.Get("Content-Security-Policy"))
		})
	}
}
