// Package staticfiles serves the files of a directory, and the pages of a front end for paths without a file. It stands on
// sendfile, which sends one file, and returns errors for the root to write.
package staticfiles

import (
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"net/url"
	"path"
	"strings"

	"github.com/candor-go/candor/internal/etag"
	"github.com/candor-go/candor/internal/mediatype"
	"github.com/candor-go/candor/internal/mountpath"
	"github.com/candor-go/candor/internal/response"
	"github.com/candor-go/candor/internal/safefile"
	"github.com/candor-go/candor/internal/sendfile"
)

// Dir serves the files of a directory. It is safe for concurrent use.
type Dir struct {
	files fs.FS
	// FreshPages means that clients must revalidate pages on each use.
	FreshPages bool
	// tags are those of files without a modification time.
	tags etag.Files
}

// Open opens a file system. The error says what to write instead.
func Open(fsys fs.FS) (*Dir, error) {
	if fsys == nil {
		return nil, errors.New("the file system is nil; pass one, such as os.DirFS(\"static\")")
	}
	rooted, err := safefile.Rooted(fsys)
	if err != nil {
		return nil, fmt.Errorf("the directory cannot be opened; create it, or start the program where it is: %w", err)
	}
	s := &Dir{files: rooted}
	info, err := fs.Stat(s.files, ".")
	switch {
	case err != nil:
		return nil, fmt.Errorf("the file system cannot be opened; check its path: %w", err)
	case !info.IsDir():
		return nil, errors.New("the file system is not a directory; pass the directory of the files")
	}
	return s, nil
}

// readMethods are the methods that a file allows.
const readMethods = "GET, HEAD, OPTIONS"

// Serve sends the file or the directory of the path. An error that is a [sendfile.Refusal] is a response to the client.
func (s *Dir) Serve(w http.ResponseWriter, r *http.Request) error {
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
	case !sendfile.Reads(r.Method):
		return &sendfile.Refusal{Status: http.StatusMethodNotAllowed, Line: response.Line{Name: "Allow", Value: readMethods}}
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
		return "", false, sendfile.NotFound // decoded, it would name a file in another directory
	}
	name = strings.TrimPrefix(r.URL.Path, "/")
	if name == "" {
		return ".", true, nil
	}
	name, slash = strings.CutSuffix(name, "/")
	// On Windows a backslash separates names, and a colon names a drive or a
	// stream.
	if safefile.IsHidden(name) || !fs.ValidPath(name) || strings.ContainsAny(name, "\\:\x00") {
		return "", false, sendfile.NotFound
	}
	return name, slash, nil
}

// indexFile is the file that is served for a directory.
const indexFile = "index.html"

// find returns the name of the file to serve: the name itself, or the index file of a directory.
func (s *Dir) find(name string, slash bool) (string, error) {
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
		return "", sendfile.NotFound
	}
	return name, nil
}

// stat returns information about a file; it does not follow links that may lead out.
func (s *Dir) stat(name string) (fs.FileInfo, error) {
	info, err := safefile.Stat(s.files, name)
	return info, sendfile.WithoutFile(err)
}

// redirectToSlash redirects to the same path with a slash at its end. The location is relative, so that it is correct
// whatever prefixes were stripped before.
func redirectToSlash(w http.ResponseWriter, r *http.Request, name string) {
	location := url.URL{Path: path.Base(name) + "/", RawQuery: r.URL.RawQuery}
	w.Header().Set("Location", location.String())
	w.WriteHeader(http.StatusTemporaryRedirect)
}

// send responds with a file.
func (s *Dir) send(w http.ResponseWriter, r *http.Request, name string, status int) error {
	a := response.Response{Outcome: response.Outcome{Status: status}}
	defer a.Close()
	f := sendfile.File{FS: s.files, Path: name}
	opened, err := f.Open(&a)
	if err != nil {
		return err
	}
	if opened.ETag, err = s.tag(name, opened); err != nil {
		return err
	}
	a.ContentType, a.Header = f.MediaType(), f.Header(opened)
	if s.FreshPages && path.Ext(name) == ".html" && w.Header().Get("Cache-Control") == "" {
		a.Add("Cache-Control", "no-cache")
	}
	return sendfile.Send(w, r, &a, opened)
}

// tag returns an entity tag made from the content of a file without a modification time, and "" for any other file.
func (s *Dir) tag(name string, o sendfile.Opened) (string, error) {
	if !o.ModTime.IsZero() || o.Content == nil {
		return "", nil
	}
	return s.tags.Tag(name, o.Size, o.Content)
}

// ServePage is Serve for a front end: a path without a file gets the page of missing files, or the index if the client
// accepts HTML.
func (s *Dir) ServePage(w http.ResponseWriter, r *http.Request) error {
	err := s.Serve(w, r)
	if !errors.Is(err, sendfile.NotFound) || !sendfile.Reads(r.Method) {
		return err
	}
	if _, err := s.stat(missingFile); err == nil {
		return s.send(w, r, missingFile, http.StatusNotFound)
	}
	// Otherwise a cache could send the page for a missing script, or the 404 for a link into the app.
	w.Header().Add("Vary", "Accept")
	if !mediatype.AcceptsHTML(r.Header) {
		return err
	}
	return s.send(w, r, indexFile, http.StatusOK)
}

// missingFile is the page for paths without a file.
const missingFile = "404.html"
