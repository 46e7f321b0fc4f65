package candor_test

import (
	"context"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/candor-go/candor"
	"github.com/candor-go/candor/internal/apptest"
)

// staticSite is a file system with every kind of file that the handler must distinguish.
func staticSite() fstest.MapFS {
	return fstest.MapFS{
		"app.js":                   {Data: []byte("app()"), ModTime: changed},
		"digits.txt":               {Data: []byte("0123456789"), ModTime: changed},
		"long.txt":                 {Data: make([]byte, 100), ModTime: changed},
		"a b.txt":                  {Data: []byte("space")},
		"café.txt":                 {Data: []byte("accent")},
		"index.html":               {Data: []byte("<p>home")},
		"docs/index.html":          {Data: []byte("<p>docs")},
		"docs/deep/page.html":      {Data: []byte("<p>deep")},
		"odd/index.html/x.txt":     {Data: []byte("the index is a directory")},
		"assets/logo.svg":          {Data: []byte("<svg/>")},
		".env":                     {Data: []byte("secret")},
		".git/config":              {Data: []byte("secret")},
		"docs/.hidden.txt":         {Data: []byte("secret")},
		".well-known/security.txt": {Data: []byte("contact")},
		".well-known/.hidden":      {Data: []byte("secret")},
		"pipe":                     {Mode: fs.ModeNamedPipe},
		`back\slash.txt`:           {Data: []byte("secret")},
		"c:colon.txt":              {Data: []byte("secret")},
	}
}

func TestStatic(t *testing.T) {
	app := candor.New(candor.Config{})
	app.Mount("/s", candor.Static(staticSite()))
	noMethod := `405 Allow: GET, HEAD, OPTIONS | {"detail":"Method Not Allowed"}`
	exchanges{
		{"GET /s/app.js", "200 | app()"},
		{"HEAD /s/app.js", "200"},
		{"GET /s/a%20b.txt", "200 | space"},
		{"GET /s/caf%C3%A9.txt", "200 | accent"},
		{"GET /s/%61pp.js", "200 | app()"},
		{"GET /s/assets/logo.svg?v=2", "200 | <svg/>"},
		{"GET /s/", "200 | <p>home"},
		{"GET /s", "307 Location: /s/"},
		{"GET /s/index.html", "200 | <p>home"},
		{"GET /s/docs/", "200 | <p>docs"},
		{"GET /s/docs", "307 Location: docs/"},
		{"HEAD /s/docs?q=1&r=%2F", "307 Location: docs/?q=1&r=%2F"},
		{"GET /s/docs/deep/page.html", "200 | <p>deep"},
		{"GET /s/.well-known/security.txt", "200 | contact"},
		{"POST /s/app.js", noMethod},
		{"DELETE /s/docs", noMethod},
		{"OPTIONS /s/app.js", "204 Allow: GET, HEAD, OPTIONS"},
	}.check(t, app)
	for _, path := range []string{
		"missing", "App.js", "app.js/", "app.js/x", "docs/deep", "docs/deep/", "assets", "assets/", "odd", "odd/", "pipe",
		".env", "%2eenv", ".git/config", ".git", "docs/.hidden.txt", ".well-known/.hidden", ".well-known",
		".", "..", "./app.js", "docs/../app.js", "docs/%2e%2e/app.js", "../secret", "docs/..",
		"/app.js", "docs//index.html", "docs//", "//", "assets%2Flogo.svg", "docs%2F", "%2Fapp.js",
		`back%5Cslash.txt`, `..%5Capp.js`, "c:colon.txt", "app.js%00", "app.js%00.txt", "%FF", "docs/%C0%AE%C0%AE/app.js",
	} {
		for _, method := range []string{"GET ", "POST ", "OPTIONS "} {
			assert.Equal(t, notFound, apptest.Wire(app, method+"/s/"+path), path)
		}
	}
}

func TestStaticConditionsAndRanges(t *testing.T) {
	app := candor.New(candor.Config{})
	app.Mount("/s", candor.Static(staticSite()))
	ask := func(path string, header ...string) *http.Response {
		r := httptest.NewRequest(http.MethodGet, path, nil)
		for i := 0; i < len(header); i += 2 {
			r.Header.Set(header[i], header[i+1])
		}
		w := httptest.NewRecorder()
		app.ServeHTTP(w, r)
		return w.Result()
	}
	for _, row := range []struct {
		path   string
		header []string
		status int
		want   map[string]string
	}{
		{"/s/digits.txt", nil, 200, map[string]string{"Etag": digitsTag, "Content-Type": "text/plain; charset=utf-8", "Content-Length": "10", "Accept-Ranges": "bytes", "Last-Modified": "Sat, 21 Nov 2026 10:00:00 GMT"}},
		{"/s/digits.txt", []string{"If-None-Match", digitsTag}, 304, map[string]string{"Etag": digitsTag, "Content-Type": ""}},
		{"/s/digits.txt", []string{"If-Modified-Since", "Sat, 21 Nov 2026 10:00:00 GMT"}, 304, nil},
		{"/s/digits.txt", []string{"If-Match", `"other"`}, 412, map[string]string{"Content-Type": "application/json"}},
		{"/s/digits.txt", []string{"Range", "bytes=2-4"}, 206, map[string]string{"Content-Range": "bytes 2-4/10", "Content-Length": "3"}},
		{"/s/long.txt", []string{"Range", "bytes=0-0" + strings.Repeat(",2-2", 15)}, 206, nil},
		{"/s/long.txt", []string{"Range", "bytes=0-0" + strings.Repeat(",2-2", 16)}, 200, map[string]string{"Content-Length": "100"}},
		{"/s/digits.txt", []string{"Range", "bytes=20-"}, 416, map[string]string{"Content-Range": "bytes */10"}},
		{"/s/app.js", nil, 200, map[string]string{"Content-Type": "text/javascript; charset=utf-8"}},
		{"/s/assets/logo.svg", nil, 200, map[string]string{"Content-Type": "image/svg+xml", "Last-Modified": ""}},
		{"/s/docs/", nil, 200, map[string]string{"Content-Type": "text/html; charset=utf-8", "Cache-Control": ""}},
	} {
		answer := ask(row.path, row.header...)
		assert.Equal(t, row.status, answer.StatusCode, "%s %v", row.path, row.header)
		for name, value := range row.want {
			assert.Equal(t, value, answer.Header.Get(name), "%s %v %s", row.path, row.header, name)
		}
	}
	// A file without a modification time has an entity tag computed from its content.
	logo := ask("/s/assets/logo.svg").Header.Get("Etag")
	assert.Regexp(t, `^"[0-9a-f]{32}"$`, logo)
	assert.Equal(t, 304, ask("/s/assets/logo.svg", "If-None-Match", logo).StatusCode)
	assert.NotEqual(t, logo, ask("/s/index.html").Header.Get("Etag"))
}

//go:embed LICENSE
var staticEmbedded embed.FS

func TestStaticOfEmbeddedFiles(t *testing.T) {
	app := candor.New(candor.Config{})
	app.Mount("/s", candor.Static(staticEmbedded))
	c := candor.NewTestClient(t, app)
	first := c.Get("/s/LICENSE").Status(200)
	assert.Equal(t, apptest.ReadFile(t, "LICENSE"), first.Text())
	tag := first.Header.Get("Etag")
	assert.NotEmpty(t, tag)
	c.Get("/s/LICENSE", candor.WithHeader("If-None-Match", tag)).Status(304)
}

// linkedSite is a directory with symbolic links that stay inside, and others that lead outside.
func linkedSite(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	inside := filepath.Join(dir, "inside")
	require.NoError(t, os.MkdirAll(filepath.Join(inside, "real"), 0o700))
	require.NoError(t, os.WriteFile(filepath.Join(dir, "secret.txt"), []byte("secret"), 0o600))
	require.NoError(t, os.WriteFile(filepath.Join(inside, "real", "a.txt"), []byte("a"), 0o600))
	for link, target := range map[string]string{
		"out.txt": "../secret.txt", "absolute.txt": filepath.Join(dir, "secret.txt"), "up": "..", "nowhere": "missing", "loop": "loop",
		"in.txt": "real/a.txt", "folder": "real",
	} {
		require.NoError(t, os.Symlink(target, filepath.Join(inside, link)))
	}
	return inside
}

func TestStaticLinks(t *testing.T) {
	inside := linkedSite(t)
	root, err := os.OpenRoot(inside)
	require.NoError(t, err)
	defer root.Close()
	parent, err := fs.Sub(os.DirFS(filepath.Dir(inside)), "inside")
	require.NoError(t, err)
	for _, row := range []struct {
		name    string
		files   fs.FS
		follows bool
	}{
		{"os.DirFS", os.DirFS(inside), true},
		{"os.Root", root.FS(), true},
		{"part of an os.DirFS", parent, false},
	} {
		t.Run(row.name, func(t *testing.T) {
			app := candor.New(candor.Config{})
			app.Mount("", candor.Static(row.files))
			assert.Equal(t, "200 | a", apptest.Wire(app, "GET /real/a.txt"))
			for _, path := range []string{"/out.txt", "/absolute.txt", "/up/secret.txt", "/up/inside/real/a.txt", "/nowhere", "/loop", "/loop/x"} {
				assert.Equal(t, notFound, apptest.Wire(app, "GET "+path), path)
			}
			want := notFound
			if row.follows {
				want = "200 | a"
			}
			assert.Equal(t, want, apptest.Wire(app, "GET /in.txt"))
			assert.Equal(t, want, apptest.Wire(app, "GET /folder/a.txt"))
		})
	}
}

func TestStaticMistakes(t *testing.T) {
	missing := filepath.Join(t.TempDir(), "missing")
	file := filepath.Join(t.TempDir(), "file")
	require.NoError(t, os.WriteFile(file, nil, 0o600))
	for _, row := range []struct {
		files  fs.FS
		reason string
	}{
		{nil, "the file system is nil"},
		{os.DirFS(missing), "the directory cannot be opened"},
		{os.DirFS(file), "the directory cannot be opened"},
		{partOf(fstest.MapFS{"a": {}}, "missing"), "the file system cannot be opened"},
		{partOf(fstest.MapFS{"a": {}}, "a"), "the file system is not a directory"},
	} {
		for call, register := range map[string]func(){
			"Static":        func() { candor.Static(row.files) },
			`Frontend("/x"`: func() { candor.NewRouter("").Frontend("/x", row.files) },
		} {
			text := staticPanic(register)
			assert.Contains(t, text, "candor: "+call)
			assert.Contains(t, text, "static_test.go:")
			assert.Contains(t, text, row.reason)
		}
	}
}

// partOf returns a subdirectory of a file system, whether or not it exists.
func partOf(files fs.FS, dir string) fs.FS {
	part, _ := fs.Sub(files, dir)
	return part
}

// staticPanic returns the message of a registration's panic.
func staticPanic(register func()) (text string) {
	defer func() { text = fmt.Sprint(recover()) }()
	register()
	return text
}

// brokenFS has one file that cannot be opened and one that cannot be read.
type brokenFS struct{ fstest.MapFS }

func (f brokenFS) Open(name string) (fs.File, error) {
	file, err := f.MapFS.Open(name)
	if name == "closed.txt" {
		return nil, fs.ErrPermission
	}
	if name == "broken.txt" {
		return unreadable{file}, err
	}
	return file, err
}

func (f brokenFS) Stat(name string) (fs.FileInfo, error) {
	if name == "closed.txt" {
		return nil, &fs.PathError{Op: "stat", Path: name, Err: fs.ErrPermission}
	}
	return f.MapFS.Stat(name)
}

type unreadable struct{ fs.File }

func (unreadable) Read([]byte) (int, error)       { return 0, errors.New("a broken disk") }
func (unreadable) Seek(int64, int) (int64, error) { return 0, nil }

// Errors of the file system are a 500, and only the log has the reason.
func TestStaticFailures(t *testing.T) {
	app, logged := apptest.Quiet(candor.Config{})
	app.Mount("/s", candor.Static(brokenFS{fstest.MapFS{"closed.txt": {}, "broken.txt": {Data: []byte("x")}}}))
	for _, path := range []string{"/s/closed.txt", "/s/broken.txt"} {
		assert.Equal(t, `500 | {"detail":"Internal Server Error"}`, apptest.Wire(app, "GET "+path), path)
	}
	assert.Contains(t, logged.String(), "permission denied")
	assert.Contains(t, logged.String(), "a broken disk")
}

// The handler works without an app.
func TestStaticByItself(t *testing.T) {
	exchanges{
		{"GET /s/docs", "307 Location: docs/"},
		{"GET /s", "200 | <p>home"},
		{"GET /s/x", notFound},
	}.check(t, http.StripPrefix("/s", candor.Static(staticSite())))
}

// For any path, only the file that a naive reading of the path names is sent, and never a secret.
func FuzzStatic(f *testing.F) {
	site := staticSite()
	app := candor.New(candor.Config{})
	app.Mount("/s", candor.Static(site))
	for _, seed := range []string{"app.js", "docs/", "docs", "%2eenv", "docs/%2e%2e/app.js", "a%20b.txt", "c:colon.txt", "%5c", "assets%2flogo.svg"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, path string) {
		r, err := http.NewRequest(http.MethodGet, "http://x/s/"+path, nil)
		if err != nil {
			return
		}
		w := httptest.NewRecorder()
		app.ServeHTTP(w, r)
		require.NotContains(t, w.Body.String(), "secret")
		if w.Code != http.StatusOK {
			require.Contains(t, []int{307, 404}, w.Code)
			return
		}
		name := strings.TrimPrefix(r.URL.Path, "/s/")
		if name == "" || strings.HasSuffix(name, "/") {
			name += "index.html"
		}
		content, err := fs.ReadFile(site, name)
		require.NoError(t, err, path)
		require.Equal(t, string(content), w.Body.String())
	})
}

// builtFrontend is the output of a front end build, with the given name in its pages.
func builtFrontend(name string, more ...string) fs.FS {
	files := fstest.MapFS{
		"index.html":       {Data: []byte("<p>" + name)},
		"assets/app.js":    {Data: []byte("js of " + name)},
		"guide/index.html": {Data: []byte("<p>guide of " + name)},
	}
	for _, path := range more {
		files[path] = &fstest.MapFile{Data: []byte(path + " of " + name)}
	}
	return files
}

const (
	frontendPage = "\nAccept: text/html,application/xhtml+xml,*/*;q=0.8"
	noFileMethod = `405 Allow: GET, HEAD, OPTIONS | {"detail":"Method Not Allowed"}`
)

func TestFrontendComesLast(t *testing.T) {
	app := candor.New(candor.Config{})
	app.Frontend("/", builtFrontend("site", "things", "docs/index.html"))
	candor.Post(app, "/things", apptest.Returns("created"))
	candor.Get(app, "/items/{id}", echoID)
	candor.Get(app, "/slash/", apptest.Returns("slash"))
	app.Mount("/mounted", tellPath)
	candor.Get(app, "/{id}/me", echoID)
	exchanges{
		{"GET /", "200 | <p>site"},
		{"HEAD /", "200"},
		{"GET /assets/app.js", "200 | js of site"},
		{"GET /guide", "307 Location: guide/"},
		{"GET /guide/", "200 | <p>guide of site"},
		// Routes, their methods, mounts and redirects take precedence.
		{"GET /items/7" + frontendPage, `200 | "7"`},
		{"GET /things" + frontendPage, `405 Allow: OPTIONS, POST | {"detail":"Method Not Allowed"}`},
		{"GET /slash" + frontendPage, "307 Location: /slash/"},
		{"GET /items/7/" + frontendPage, "307 Location: /items/7"},
		{"GET /mounted/x", "200 | GET /x"},
		{"GET /mounted" + frontendPage, "307 Location: /mounted/"},
		{"GET /assets/me", `200 | "assets"`},
		// A path without a file gets the page if the client accepts HTML.
		{"GET /settings/profile" + frontendPage, "200 | <p>site"},
		{"GET /settings/profile/" + frontendPage, "200 | <p>site"},
		{"HEAD /settings" + frontendPage, "200"},
		{"GET /missing.js\nAccept: application/xhtml+xml", "200 | <p>site"},
		{"GET /.env" + frontendPage, "200 | <p>site"},
		{"GET /missing.js", notFound},
		{"GET /missing.js\nAccept: */*", notFound},
		{"GET /missing.js\nAccept: text/*", notFound},
		{"GET /missing.js\nAccept: text/html;q=0, */*", notFound},
		{"GET /missing.js\nAccept: application/json, TEXT/HTML ; q=0.1", "200 | <p>site"},
		// Other methods.
		{"POST /assets/app.js", noFileMethod},
		{"PUT /guide" + frontendPage, noFileMethod},
		{"BREW /", noFileMethod},
		{"OPTIONS /", "204 Allow: GET, HEAD, OPTIONS"},
		{"POST /settings" + frontendPage, notFound},
		{"OPTIONS /settings" + frontendPage, notFound},
	}.check(t, app)

	// It does not hide the app's own pages, and is not documented.
	assert.Contains(t, apptest.Wire(app, "GET /docs"+frontendPage), "swagger")
	assert.Contains(t, apptest.Wire(app, "GET /docs/"), "307 Location: /docs")
	assert.ElementsMatch(t, []string{"/things", "/items/{id}", "/slash/", "/{id}/me"}, apptest.MemberNames(apptest.Document(t, app), "paths"))
}

func TestFrontendWithAPageFor404(t *testing.T) {
	app := candor.New(candor.Config{})
	app.Frontend("", builtFrontend("site", "404.html"))
	exchanges{
		{"GET /", "200 | <p>site"},
		{"GET /nowhere", "404 | 404.html of site"},
		{"GET /nowhere" + frontendPage, "404 | 404.html of site"},
		{"HEAD /nowhere", "404"},
		{"GET /404.html", "200 | 404.html of site"},
		{"POST /nowhere", notFound},
	}.check(t, app)

	bare := candor.New(candor.Config{})
	bare.Frontend("", fstest.MapFS{"app.js": {Data: []byte("js")}})
	exchanges{
		{"GET /app.js", "200 | js"},
		{"GET /" + frontendPage, notFound},
		{"GET /nowhere" + frontendPage, notFound},
	}.check(t, bare)
}

func TestFrontendsBelowPrefixes(t *testing.T) {
	app := candor.New(candor.Config{})
	app.Frontend("", builtFrontend("site"))
	app.Frontend("/admin", builtFrontend("admin"))
	tenants := candor.NewRouter("/{tenant}/shop")
	tenants.Frontend("/", builtFrontend("shop"))
	candor.Get(tenants, "/name", func(_ context.Context, in struct {
		Tenant string `path:"tenant"`
	},
	) (string, error) {
		return in.Tenant, nil
	})
	app.Include(tenants, candor.Prefix("/t"))
	exchanges{
		{"GET /assets/app.js", "200 | js of site"},
		{"GET /admin/assets/app.js", "200 | js of admin"},
		{"GET /admin/", "200 | <p>admin"},
		{"GET /admin", "307 Location: /admin/"},
		{"GET /admin?q=1" + frontendPage, "307 Location: /admin/?q=1"},
		{"GET /admin/users" + frontendPage, "200 | <p>admin"},
		{"GET /administration" + frontendPage, "200 | <p>site"},
		{"GET /t/acme/shop", "307 Location: /t/acme/shop/"},
		{"GET /t/acme/shop/", "200 | <p>shop"},
		{"GET /t/ac%2Fme/shop/assets/app.js", "200 | js of shop"},
		{"GET /t/acme/shop/name", `200 | "acme"`},
		{"GET /t/acme/shop/name/" + frontendPage, "307 Location: /t/acme/shop/name"},
		{"GET /t/acme/other" + frontendPage, "200 | <p>site"},
	}.check(t, app)

	strict := candor.New(candor.Config{NoRedirectSlashes: true})
	strict.Frontend("/admin", builtFrontend("admin"))
	exchanges{{"GET /admin" + frontendPage, notFound}, {"GET /admin/", "200 | <p>admin"}}.check(t, strict)

	inner, outer := candor.New(candor.Config{}), candor.New(candor.Config{})
	inner.Frontend("/ui", builtFrontend("inner"))
	outer.Mount("/in", inner)
	outer.Frontend("/", builtFrontend("outer"))
	exchanges{
		{"GET /in/ui", "307 Location: /in/ui/"},
		{"GET /in/ui/", "200 | <p>inner"},
		{"GET /in/other" + frontendPage, notFound},
		{"GET /other" + frontendPage, "200 | <p>outer"},
	}.check(t, outer)
}

// The guards and middleware of the app and its routers apply to a front end, in order.
func TestFrontendBehindGuards(t *testing.T) {
	app := candor.New(candor.Config{}, candor.Use(apptest.Marking("app")))
	area := candor.NewRouter("/area", candor.Use(apptest.Marking("area")), candor.Require(func(_ context.Context, in struct {
		Key string `header:"X-Key,omitempty"`
	},
	) error {
		if in.Key != "right" {
			return candor.Error(401, "no key")
		}
		return nil
	}))
	area.Frontend("/", builtFrontend("area"), candor.Use(apptest.Marking("front")))
	app.Include(area)
	app.Frontend("", builtFrontend("site"))
	through := " X-Through: app, area, front | "
	exchanges{
		{"GET /area/\nX-Key: right", "200" + through + "<p>area"},
		{"GET /area/nowhere" + frontendPage + "\nX-Key: right", "200" + through + "<p>area"},
		{"GET /area/nowhere\nX-Key: right", "404" + through + `{"detail":"Not Found"}`},
		{"GET /area/", "401" + through + `{"detail":"no key"}`},
		{"GET /area/nowhere" + frontendPage, "401" + through + `{"detail":"no key"}`},
		{"GET /", "200 X-Through: app | <p>site"},
	}.check(t, app)
}

func TestFrontendIsAskedForAgain(t *testing.T) {
	app := candor.New(candor.Config{})
	own := candor.NewRouter("/own", candor.Use(func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Cache-Control", "max-age=60")
			next.ServeHTTP(w, r)
		})
	}))
	own.Frontend("", builtFrontend("own"))
	app.Include(own)
	app.Frontend("", builtFrontend("site"))
	for _, row := range []struct{ path, cache, vary string }{
		{"/", "no-cache", ""},
		{"/guide/", "no-cache", ""},
		{"/some/view", "no-cache", "Accept"},
		{"/assets/app.js", "", ""},
		{"/own/", "max-age=60", ""},
	} {
		r := httptest.NewRequest(http.MethodGet, row.path, nil)
		r.Header.Set("Accept", "text/html")
		w := httptest.NewRecorder()
		app.ServeHTTP(w, r)
		require.Equal(t, 200, w.Code, row.path)
		assert.Equal(t, row.cache, w.Header().Get("Cache-Control"), row.path)
		assert.Equal(t, row.vary, w.Header().Get("Vary"), row.path)
		assert.NotEmpty(t, w.Header().Get("Etag"), row.path)
	}
	assert.Equal(t, "404", apptest.Wire(app, "HEAD /some/view")[:3])
}

func TestFrontendMistakes(t *testing.T) {
	app := candor.New(candor.Config{})
	app.Frontend("/a", builtFrontend("one"))
	app.Frontend("/a/", builtFrontend("two"))
	require.ErrorContains(t, app.Check(), `candor: Frontend("/a") at `)
	require.ErrorContains(t, app.Check(), "the prefix is taken by another front end, at ")
	for prefix, reason := range map[string]string{
		"/{x}": "the prefix of a mount has no wildcards", "x": "static_test.go",
	} {
		assert.Contains(t, staticPanic(func() { candor.NewRouter("").Frontend(prefix, builtFrontend("x")) }), reason)
	}
	app = candor.New(candor.Config{})
	app.Seal()
	assert.Contains(t, staticPanic(func() { app.Frontend("", builtFrontend("x")) }), "the app already serves")
}
