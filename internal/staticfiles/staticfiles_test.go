package staticfiles_test

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"testing"
	"testing/fstest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/candor-go/candor/internal/sendfile"
	"github.com/candor-go/candor/internal/staticfiles"
)

func TestServe(t *testing.T) {
	t.Parallel()
	files := fstest.MapFS{"index.html": {Data: []byte("home")}, "a.js": {Data: []byte("script")}, "docs/index.html": {Data: []byte("docs")}, ".env": {Data: []byte("secret")}}
	for name, row := range map[string]struct {
		method, path, accept string
		want                 int
		body                 string
		header               http.Header
	}{
		"the root":                 {path: "/", want: 200, body: "home"},
		"a file":                   {path: "/a.js", want: 200, body: "script"},
		"a directory":              {path: "/docs/", want: 200, body: "docs"},
		"a directory, no slash":    {path: "/docs?x=1", want: 307, header: http.Header{"Location": {"docs/?x=1"}}},
		"a file with a slash":      {path: "/a.js/", want: 404},
		"an escaped slash":         {path: "/docs%2Findex.html", want: 404},
		"a hidden file":            {path: "/.env", want: 404},
		"a missing file":           {path: "/none", want: 404},
		"another method":           {method: http.MethodPost, path: "/a.js", want: 405},
		"another method, no file":  {method: http.MethodPost, path: "/none", want: 404},
		"OPTIONS":                  {method: http.MethodOptions, path: "/a.js", want: 204, header: http.Header{"Allow": {"GET, HEAD, OPTIONS"}}},
		"a link into the app":      {path: "/none", accept: "text/html", want: 200, body: "home", header: http.Header{"Vary": {"Accept"}, "Cache-Control": {"no-cache"}}},
		"a page that is not there": {method: http.MethodPost, path: "/none", accept: "text/html", want: 404},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir, err := staticfiles.Open(files)
			require.NoError(t, err)
			serve := dir.Serve
			if row.accept != "" {
				dir.FreshPages, serve = true, dir.ServePage
			}
			w, r := httptest.NewRecorder(), httptest.NewRequest(row.method, row.path, nil)
			r.Header.Set("Accept", row.accept)
			err = serve(w, r)
			if refusal := (*sendfile.Refusal)(nil); errors.As(err, &refusal) {
				assert.Equal(t, row.want, refusal.Status)
				return
			}
			require.NoError(t, err)
			assert.Equal(t, row.want, w.Code)
			assert.Equal(t, row.body, w.Body.String())
			for name, lines := range row.header {
				assert.Equal(t, lines, w.Header()[name])
			}
		})
	}
}

func TestServePageOfMissingFiles(t *testing.T) {
	t.Parallel()
	dir, err := staticfiles.Open(fstest.MapFS{"404.html": {Data: []byte("not here")}})
	require.NoError(t, err)
	w := httptest.NewRecorder()
	require.NoError(t, dir.ServePage(w, httptest.NewRequest(http.MethodGet, "/none", nil)))
	assert.Equal(t, 404, w.Code)
	assert.Equal(t, "not here", w.Body.String())
}

func TestOpen(t *testing.T) {
	t.Parallel()
	_, err := staticfiles.Open(nil)
	require.ErrorContains(t, err, "the file system is nil")
	_, err = staticfiles.Open(fstest.MapFS{".": {Data: []byte("a file")}})
	require.ErrorContains(t, err, "not a directory")
}
