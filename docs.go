package candor

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"sync"

	"github.com/candor-go/candor/internal/docsui"
)

// document is the OpenAPI document of an app, built on first need.
type document struct {
	build  func() (builtDocument, error)
	errors *errorWriter
}

// builtDocument is the document and the path under which each endpoint stands
// in it.
type builtDocument struct {
	data   []byte
	etag   string
	places map[*endpoint]string
}

func (a *App) newDocument(t *table) *document {
	return &document{errors: a.errors, build: sync.OnceValues(func() (builtDocument, error) {
		data, places, err := buildDocument(&a.config, a.servers(), t.endpoints)
		sum := sha256.Sum256(data)
		return builtDocument{data: data, etag: `"` + hex.EncodeToString(sum[:16]) + `"`, places: places}, err
	})}
}

// servers are those configured, or the prefixes at which the app is reached.
func (a *App) servers() []Server {
	if len(a.config.Servers) > 0 {
		return a.config.Servers
	}
	if a.config.RootPath != "" {
		return []Server{{URL: a.config.RootPath}}
	}
	a.sealing.Lock()
	defer a.sealing.Unlock()
	var servers []Server
	for _, prefix := range a.prefixes {
		servers = append(servers, Server{URL: prefix})
	}
	return servers
}

// WriteOpenAPI seals the app and writes its OpenAPI 3.1 document, as JSON: the
// same bytes on every run.
func (a *App) WriteOpenAPI(w io.Writer) error {
	t, err := a.sealed()
	if err != nil {
		return err
	}
	d, err := t.document.build()
	if err != nil {
		return err
	}
	_, err = w.Write(d.data)
	return err
}

// ServeHTTP sends the document with an ETag.
func (d *document) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	built, err := d.build()
	if err != nil {
		d.errors.write(w, r, fmt.Errorf("the document cannot be built: %w", err))
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

// pagePath is where a page is served, "" for nowhere.
func (a *App) pagePath(configured, byDefault string) string {
	if configured == "-" || a.config.Docs.OpenAPI == "-" {
		return ""
	}
	return cmp.Or(configured, byDefault)
}

// docsRoutes are the routes of the document and its pages.
func (a *App) docsRoutes(d *document) ([]*route, error) {
	docs := a.config.Docs
	at := a.pagePath(docs.OpenAPI, "/openapi.json")
	if at == "" {
		return nil, nil
	}
	set, err := applyAll(docs.Options)
	if err != nil {
		return nil, fmt.Errorf("candor: Config.Docs.Options: %w", err)
	}
	set.hidden = true
	files, err := a.pages(at)
	if err != nil {
		return nil, fmt.Errorf("candor: Config.Docs: %w", err)
	}
	routes := []*route{{path: at, plain: d}}
	for _, f := range files {
		routes = append(routes, &route{path: f.Path, plain: f})
	}
	for _, rt := range routes {
		rt.site, rt.methods, rt.set = "Config.Docs", []string{http.MethodGet}, set
	}
	return routes, nil
}

// pages are the files of Swagger UI and ReDoc.
func (a *App) pages(document string) ([]docsui.File, error) {
	docs := a.config.Docs
	var files []docsui.File
	if path := a.pagePath(docs.Swagger, "/docs"); path != "" {
		page, err := docsui.Swagger{Title: a.title(), Path: path, Document: document, Options: docs.Parameters}.Files()
		if err != nil {
			return nil, err
		}
		files = append(files, page...)
	}
	if path := a.pagePath(docs.Redoc, "/redoc"); path != "" {
		page, err := docsui.Redoc{
			Title: a.title(), Path: path, Document: document, ScriptURL: docs.RedocScript, Integrity: docs.RedocIntegrity,
		}.Files()
		if err != nil {
			return nil, err
		}
		files = append(files, page...)
	}
	return files, nil
}
