package candor

import (
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"net/url"
	"path"
	"strings"

	"github.com/candor-go/candor/internal/callsite"
	"github.com/candor-go/candor/internal/etag"
	"github.com/candor-go/candor/internal/layer"
	"github.com/candor-go/candor/internal/mediatype"
	"github.com/candor-go/candor/internal/mountpath"
	"github.com/candor-go/candor/internal/safefile"
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
	s, err := openStatic(fsys)
	if err != nil {
		panic(fmt.Errorf("candor: Static at %s: %w", callsite.Here(), err))
	}
	return s
}

// static serves files.
type static struct {
	files fs.FS
	// freshPages means that clients must revalidate pages on each use.
	freshPages bool
	// tags are those of files without a modification time.
	tags etag.Files
}

func openStatic(fsys fs.FS) (*static, error) {
	if fsys == nil {
		return nil, errors.New("the file system is nil; pass one, such as os.DirFS(\"static\")")
	}
	rooted, err := safefile.Rooted(fsys)
	if err != nil {
		return nil, fmt.Errorf("the directory cannot be opened; create it, or start the program where it is: %w", err)
	}
	s := &static{files: rooted}
	info, err := fs.Stat(s.files, ".")
	switch {
	case err != nil:
		return nil, fmt.Errorf("the file system cannot be opened; check its path: %w", err)
	case !info.IsDir():
		return nil, errors.New("the file system is not a directory; pass the directory of the files")
	}
	return s, nil
}

// ServeHTTP implements http.Handler.
func (s *static) ServeHTTP(w http.ResponseWriter, r *http.Request) { serveOrError(w, r, s.serve) }

// serveOrError writes the error that a handler returns.
func serveOrError(w http.ResponseWriter, r *http.Request, serve func(http.ResponseWriter, *http.Request) error) {
	watched := layer.Watch(w)
	if err := serve(watched, r); err != nil {
		errorsOf(r).write(watched, r, err)
	}
}

// readMethods are the methods that a file allows.
const readMethods = "GET, HEAD, OPTIONS"

// serve sends the file or the directory of the path.
func (s *static) serve(w http.ResponseWriter, r *http.Request) error {
	name, slash, err := fileName(r)
	if err != nil {
		return err
	}
	file, err := s.find(name, slash)
	switch {
	case err != nil:
		return err
	case r.Method == http.MethodOptions:
		w.Header().Set("Allow", readMethods)
		w.WriteHeader(http.StatusNoContent)
		return nil
	case !isRead(r.Method):
		return Error(http.StatusMethodNotAllowed, nil).WithHeader("Allow", readMethods)
	case file != name && !slash:
		redirectToSlash(w, r, name)
		return nil
	}
	return s.send(w, r, file, http.StatusOK)
}

// fileName returns the name of the file at a path, and whether a slash at the end says that it is a directory.
func fileName(r *http.Request) (name string, slash bool, err error) {
	sent, escaped := mountpath.Of(r)
	if escaped && strings.Contains(strings.ToLower(sent), "%2f") {
		return "", false, errNotFound // decoded, it would name a file in another directory
	}
	name = strings.TrimPrefix(r.URL.Path, "/")
	if name == "" {
		return ".", true, nil
	}
	name, slash = strings.CutSuffix(name, "/")
	// On Windows a backslash separates names, and a colon names a drive or a
	// stream.
	if safefile.IsHidden(name) || !fs.ValidPath(name) || strings.ContainsAny(name, "\\:\x00") {
		return "", false, errNotFound
	}
	return name, slash, nil
}

// indexFile is the file that is served for a directory.
const indexFile = "index.html"

// find returns the name of the file to serve: the name itself, or the index file of a directory.
func (s *static) find(name string, slash bool) (string, error) {
	info, err := s.stat(name)
	if err != nil {
		return "", err
	}
	if info.IsDir() {
		name, slash = path.Join(name, indexFile), false
		if info, err = s.stat(name); err != nil {
			return "", err
		}
	}
	// The slash asks for a directory, but this is a file.
	if slash || !info.Mode().IsRegular() {
		return "", errNotFound
	}
	return name, nil
}

// stat returns information about a file; it does not follow links that may lead out.
func (s *static) stat(name string) (fs.FileInfo, error) {
	info, err := safefile.Stat(s.files, name)
	return info, withoutFile(err)
}

// redirectToSlash redirects to the same path with a slash at its end. The location is relative, so that it is correct
// whatever prefixes were stripped before.
func redirectToSlash(w http.ResponseWriter, r *http.Request, name string) {
	location := url.URL{Path: path.Base(name) + "/", RawQuery: r.URL.RawQuery}
	w.Header().Set("Location", location.String())
	w.WriteHeader(http.StatusTemporaryRedirect)
}

// send responds with a file.
func (s *static) send(w http.ResponseWriter, r *http.Request, name string, status int) error {
	a := response{outcome: outcome{status: status}}
	defer a.close()
	f := File{FS: s.files, Path: name}
	opened, err := f.openIn(s.files, &a)
	if err != nil {
		return err
	}
	if opened.etag, err = s.tag(name, opened); err != nil {
		return err
	}
	a.contentType, a.header = f.mediaType(), f.header(opened)
	if s.freshPages && path.Ext(name) == ".html" && w.Header().Get("Cache-Control") == "" {
		a.header = append(a.header, headerLine{"Cache-Control", "no-cache"})
	}
	return a.sendFile(w, r, opened)
}

// tag returns an entity tag made from the content of a file without a modification time, and "" for any other file.
func (s *static) tag(name string, o openFile) (string, error) {
	if !o.modTime.IsZero() || o.content == nil {
		return "", nil
	}
	return s.tags.Tag(name, o.size, o.content)
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

// frontend serves files, and a page for paths without a file.
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
	// Otherwise a cache could send the page for a missing script, or the 404 for a link into the app.
	w.Header().Add("Vary", "Accept")
	if !mediatype.AcceptsHTML(r.Header) {
		return err
	}
	return f.send(w, r, indexFile, http.StatusOK)
}

// missingFile is the page for paths without a file.
const missingFile = "404.html"
