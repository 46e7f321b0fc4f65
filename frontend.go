package candor

import (
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"strings"
)

// Frontend serves the files of a built front end, such as a single-page app,
// below the prefix; "" or "/" means everything:
//
//	app.Frontend("/", os.DirFS("dist"))
//
// It comes last: after every route and mount, 405, and every redirect of them.
// Files are served as by [Static]. The response to a GET or HEAD for a path
// without a file is
//
//   - 404.html with 404, if there is one,
//   - else index.html with 200, if the client says in Accept that it takes
//     text/html or application/xhtml+xml, so that links into the app work, while
//     a missing script is still a 404,
//   - else an ordinary 404.
//
// Pages are sent with Cache-Control: no-cache, unless middleware has set another,
// since they name the scripts of one build.
//
// Middleware, guards and scoped dependencies of the router and the app hold for it
// as for a route. It is not in the document. A directory that is missing panics.
func (r *Router) Frontend(prefix string, fsys fs.FS, options ...RouteOption) {
	prefix = strings.TrimSuffix(prefix, "/")
	rt := mountRoute(prefix, nil)
	rt.fallback = true
	files, err := openStatic(fsys)
	if err == nil {
		files.freshPages = true
		rt.mounted = &frontend{files}
		err = r.mount(rt, prefix, options)
	}
	if err != nil {
		panic(fmt.Errorf("candor: Frontend(%q) at %s: %w", prefix, rt.site, err))
	}
}

// frontend serves files, and a page where there is no file.
type frontend struct{ *static }

// ServeHTTP implements http.Handler.
func (f *frontend) ServeHTTP(w http.ResponseWriter, r *http.Request) { serveOrError(w, r, f.serve) }

func (f *frontend) serve(w http.ResponseWriter, r *http.Request) error {
	err := f.static.serve(w, r)
	if !errors.Is(err, errNotFound) || !isRead(r.Method) {
		return err
	}
	if _, err := f.stat(missingFile); err == nil {
		return f.send(w, r, missingFile, http.StatusNotFound)
	}
	// Caches must not give the page to a script that is missing, nor its 404 to a
	// link into the app.
	w.Header().Add("Vary", "Accept")
	if !acceptsHTML(r) {
		return err
	}
	return f.send(w, r, indexFile, http.StatusOK)
}

// missingFile is the page for paths without a file.
const missingFile = "404.html"

// acceptsHTML reports whether a client names the media types of pages. */* does not
// count: scripts and tools send it.
func acceptsHTML(r *http.Request) bool {
	for _, line := range r.Header["Accept"] {
		for element := range strings.SplitSeq(line, ",") {
			accepted, ok := parseRange(element)
			if ok && accepted.weight > 0 && (accepted.name == "text/html" || accepted.name == "application/xhtml+xml") {
				return true
			}
		}
	}
	return false
}
