package candor_test

import (
	"context"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"testing"
	"testing/fstest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/candor-go/candor"
)

// built is a front end as build tools leave it, with the page that says so.
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
	candor.Post(app, "/things", says("created"))
	candor.Get(app, "/items/{id}", echoID)
	candor.Get(app, "/slash/", says("slash"))
	app.Mount("/mounted", tellPath)
	candor.Get(app, "/{id}/me", echoID)
	exchanges{
		{"GET /", "200 | <p>site"},
		{"HEAD /", "200"},
		{"GET /assets/app.js", "200 | js of site"},
		{"GET /guide", "307 Location: guide/"},
		{"GET /guide/", "200 | <p>guide of site"},
		// Routes, their methods, mounts and redirects come first.
		{"GET /items/7" + frontendPage, `200 | "7"`},
		{"GET /things" + frontendPage, `405 Allow: OPTIONS, POST | {"detail":"Method Not Allowed"}`},
		{"GET /slash" + frontendPage, "307 Location: /slash/"},
		{"GET /items/7/" + frontendPage, "307 Location: /items/7"},
		{"GET /mounted/x", "200 | GET /x"},
		{"GET /mounted" + frontendPage, "307 Location: /mounted/"},
		{"GET /assets/me", `200 | "assets"`},
		// What is no file is the page for those who read pages.
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
		// Other methods
		{"POST /assets/app.js", noFileMethod},
		{"PUT /guide" + frontendPage, noFileMethod},
		{"BREW /", noFileMethod},
		{"OPTIONS /", "204 Allow: GET, HEAD, OPTIONS"},
		{"POST /settings" + frontendPage, notFound},
		{"OPTIONS /settings" + frontendPage, notFound},
	}.check(t, app)

	// It stands beside the app's own pages, and not in the document.
	assert.Contains(t, wire(app, "GET /docs"+frontendPage), "swagger")
	assert.Contains(t, wire(app, "GET /docs/"), "307 Location: /docs")
	assert.ElementsMatch(t, []string{"/things", "/items/{id}", "/slash/", "/{id}/me"}, keysOf(specOf(t, app), "paths"))
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

// Guards and middleware of all around hold for a front end, in their order.
func TestFrontendBehindGuards(t *testing.T) {
	app := candor.New(candor.Config{}, candor.Use(marking("app")))
	area := candor.NewRouter("/area", candor.Use(marking("area")), candor.Require(func(_ context.Context, in struct {
		Key string `header:"X-Key,omitempty"`
	},
	) error {
		if in.Key != "right" {
			return candor.Error(401, "no key")
		}
		return nil
	}))
	area.Frontend("/", builtFrontend("area"), candor.Use(marking("front")))
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
	assert.Equal(t, "404", wire(app, "HEAD /some/view")[:3])
}

func TestFrontendMistakes(t *testing.T) {
	app := candor.New(candor.Config{})
	app.Frontend("/a", builtFrontend("one"))
	app.Frontend("/a/", builtFrontend("two"))
	require.ErrorContains(t, app.Check(), `candor: Frontend("/a") at `)
	require.ErrorContains(t, app.Check(), "the prefix is taken by another front end, at ")
	for prefix, reason := range map[string]string{
		"/{x}": "the prefix of a mount has no wildcards", "x": "frontend_test.go",
	} {
		assert.Contains(t, staticPanic(func() { candor.NewRouter("").Frontend(prefix, builtFrontend("x")) }), reason)
	}
	app = candor.New(candor.Config{})
	app.Seal()
	assert.Contains(t, staticPanic(func() { app.Frontend("", builtFrontend("x")) }), "the app already serves")
}
