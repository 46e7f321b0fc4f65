package candor

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"

	"github.com/candor-go/candor/internal/docsui"
	"github.com/candor-go/candor/internal/pathtree"
)

// document is an OpenAPI document, built on first need.
type document struct {
	// endpoints are gathered while the app is sealed.
	endpoints []*endpoint
	outline   *outline
	build     func() (builtDocument, error)
}

// builtDocument is the document and the path under which each endpoint stands
// in it.
type builtDocument struct {
	data   []byte
	etag   string
	places map[*endpoint]string
}

// serverAt is the server of a prefix. A wildcard in it is a variable.
func serverAt(prefix string) Server {
	s := Server{URL: prefix}
	pattern, err := pathtree.Parse(prefix)
	if err != nil {
		return s
	}
	for _, name := range pattern.Names() {
		if s.Variables == nil {
			s.Variables = map[string]ServerVariable{}
		}
		s.Variables[name] = ServerVariable{Default: name}
	}
	return s
}

// ServeHTTP sends the document with an ETag.
func (d *document) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	built, err := d.build()
	if err != nil {
		errorsOf(r).write(w, r, fmt.Errorf("the document cannot be built: %w", err))
		return
	}
	h := w.Header()
	h.Set("ETag", built.etag)
	h.Set("Cache-Control", "no-cache")
	if matchesETag(r.Header.Get("If-None-Match"), built.etag) {
		w.WriteHeader(http.StatusNotModified)
		return
	}
	h.Set("Content-Type", "application/json")
	h.Set("Content-Length", strconv.Itoa(len(built.data)))
	_, _ = io.Copy(w, bytes.NewReader(built.data))
}

// matchesETag judges an If-None-Match header (RFC 9110, section 13.1.2).
func matchesETag(header, etag string) bool {
	for candidate := range strings.SplitSeq(header, ",") {
		candidate = strings.TrimSpace(candidate)
		if candidate == "*" || strings.TrimPrefix(candidate, "W/") == etag {
			return true
		}
	}
	return false
}

// routes are those of a document and its pages, below the prefix.
func (o *ownDocs) routes(d *document, prefix, title string) ([]*route, error) {
	at := o.docs.path(o.docs.OpenAPI, "/openapi.json")
	if at == "" {
		return nil, nil
	}
	if err := o.check(); err != nil {
		return nil, err
	}
	set, err := applyAll(o.docs.Options)
	if err != nil {
		return nil, o.mistake("Options", err)
	}
	set.hidden = true
	routes := []*route{{path: prefix + at, plain: d, docs: o.field("OpenAPI")}}
	for _, page := range o.pages(prefix, prefix+at, title) {
		files, err := page.files()
		if err != nil {
			return nil, o.mistake(page.field, err)
		}
		for _, f := range files {
			routes = append(routes, &route{path: f.Path, plain: f, docs: o.field(page.field)})
		}
	}
	for _, rt := range routes {
		rt.site, rt.methods, rt.set = o.site, []string{http.MethodGet}, set
	}
	return routes, nil
}

// field is the full name of a field of Docs, as its user would write it.
func (o *ownDocs) field(name string) string { return o.name + "." + name }

func (o *ownDocs) mistake(field string, err error) error {
	return fmt.Errorf("candor: %s at %s: %w", o.field(field), o.site, err)
}

// check looks at what the pages are made of before they are made.
func (o *ownDocs) check() error {
	for _, p := range []struct{ field, path string }{
		{"OpenAPI", o.docs.OpenAPI}, {"Swagger", o.docs.Swagger}, {"Redoc", o.docs.Redoc},
	} {
		if err := checkPagePath(p.path); err != nil {
			return o.mistake(p.field, err)
		}
	}
	for _, p := range []struct {
		field  string
		values map[string]any
	}{{"Parameters", o.docs.Parameters}, {"OAuth", o.docs.OAuth}} {
		if _, err := encodeJSON(p.values); err != nil {
			return o.mistake(p.field, fmt.Errorf("the values cannot be written as JSON; keep to strings, numbers, booleans, lists and maps (%w)", err))
		}
	}
	return nil
}

func checkPagePath(path string) error {
	switch {
	case path == "", path == "-":
		return nil
	case !strings.HasPrefix(path, "/"):
		return fmt.Errorf("%q is no path; write %q", path, "/"+path)
	}
	_, err := pathtree.Parse(path)
	return err
}

// page is one of the pages beside a document.
type page struct {
	field string
	files func() ([]docsui.File, error)
}

// pages are Swagger UI and ReDoc, those that are wanted.
func (o *ownDocs) pages(prefix, document, title string) []page {
	var pages []page
	if path := o.docs.path(o.docs.Swagger, "/docs"); path != "" {
		pages = append(pages, page{"Swagger", docsui.Swagger{
			Title: title, Path: prefix + path, Document: document,
			Options: o.docs.Parameters, OAuth: o.docs.OAuth, Connect: o.docs.Connect,
		}.Files})
	}
	if path := o.docs.path(o.docs.Redoc, "/redoc"); path != "" {
		script := o.docs.RedocScript
		if strings.HasPrefix(script, "/") && !strings.HasPrefix(script, "//") {
			script = prefix + script
		}
		pages = append(pages, page{"Redoc", docsui.Redoc{
			Title: title, Path: prefix + path, Document: document,
			ScriptURL: script, Integrity: o.docs.RedocIntegrity,
		}.Files})
	}
	return pages
}
