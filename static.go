package candor

import (
	"fmt"
	"io/fs"
	"net/http"
	"strings"

	"github.com/candor-go/candor/internal/callsite"
	"github.com/candor-go/candor/internal/layer"
	"github.com/candor-go/candor/internal/staticfiles"
)

// Static is a handler that serves the files of a file system, to be mounted:
//
//	app.Mount("/assets", candor.Static(os.DirFS("assets")))
//
// In detail:
//
//   - GET and HEAD; any other method of a file is 405. A missing file
//     is 404, written like every error of the app.
//   - A directory is its index.html, below a path that ends in a slash: one
//     without it is redirected with 307. There are no listings.
//   - The media type follows from the extension. Conditions, ranges and the entity tag work as for [File]. A file without
//     a modification time, such as an embedded one, gets an entity tag made from its content, computed once.
//   - Paths are taken as they are sent. Names that begin with a dot are not found, except .well-known (RFC 8615), and
//     neither are names with a backslash, a colon or an escaped slash.
//   - Symbolic links are followed if they stay inside an os.DirFS, which is opened as an os.Root, or the FS of an
//     os.Root. In other file systems that have links none is followed.
//
// It panics if the file system cannot be opened, for example because the directory is missing.
func Static(fsys fs.FS) http.Handler {
	files, err := staticfiles.Open(fsys)
	if err != nil {
		panic(fmt.Errorf("candor: Static at %s: %w", callsite.Here(), err))
	}
	return &fileHandler{files.Serve}
}

// fileHandler serves files, and writes errors as the app does.
type fileHandler struct {
	serve func(http.ResponseWriter, *http.Request) error
}

// ServeHTTP implements http.Handler.
func (h *fileHandler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	watched := layer.Watch(w)
	if err := h.serve(watched, r); err != nil {
		errorsOf(r).write(watched, r, refusedFile(err))
	}
}

// Frontend serves the files of a built front end, such as a single-page app, below the prefix; "" or "/" means
// everything:
//
//	app.Frontend("/", os.DirFS("dist"))
//
// It matches last: after all routes and mounts, including their 405 responses and redirects. Files are served as by
// [Static]. The response to a GET or HEAD for a path without a file is
//
//   - 404.html with status 404, if that file exists,
//   - else index.html with status 200, if the Accept header names text/html or application/xhtml+xml, so that links into
//     the app work, while a missing script is still a 404,
//   - else an ordinary 404.
//
// Pages are sent with Cache-Control: no-cache, unless middleware has set another value, because they refer to the
// scripts of one build.
//
// Middleware, guards and scoped dependencies of the router and the app apply as for a route. It is not part of the
// document. It panics if the directory is missing.
func (r *Router) Frontend(prefix string, fsys fs.FS, options ...RouteOption) {
	prefix = strings.TrimSuffix(prefix, "/")
	rt := mountRoute(prefix, nil)
	rt.fallback = true
	files, err := staticfiles.Open(fsys)
	if err == nil {
		files.FreshPages = true
		rt.mounted = &fileHandler{files.ServePage}
		err = r.mount(rt, prefix, options)
	}
	if err != nil {
		panic(fmt.Errorf("candor: Frontend(%q) at %s: %w", prefix, rt.site, err))
	}
}
