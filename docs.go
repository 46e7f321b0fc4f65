package candor

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"net/http"
	"path"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/candor-go/candor/internal/asyncapi"
	"github.com/candor-go/candor/internal/docsui"
	"github.com/candor-go/candor/internal/doctree"
	"github.com/candor-go/candor/internal/etag"
	"github.com/candor-go/candor/internal/mediatype"
	"github.com/candor-go/candor/internal/openapi30"
	"github.com/candor-go/candor/internal/pathtree"
)

// document is an OpenAPI document, built on first need.
type document struct {
	// endpoints are gathered while the app is sealed.
	endpoints, webhooks []*endpoint
	operations          *operationIndex
	// build makes it, as version 3.1 in JSON, on the first call.
	build func() ([]byte, error)
	// forms are what is served of it, each made on first need.
	forms [documentFormats]func() (documentForm, error)
}

// DocumentFormat is one of the forms an OpenAPI document comes in. They say the
// same, except that 3.0 cannot express some of it: there it says less, and accepts
// more; and that AsyncAPI is about WebSockets and events only.
type DocumentFormat uint8

// The forms of a document.
const (
	OpenAPI31     DocumentFormat = iota // version 3.1, as JSON
	OpenAPI30                           // version 3.0.3, as JSON
	OpenAPI31YAML                       // version 3.1, as YAML
	OpenAPI30YAML                       // version 3.0.3, as YAML
	AsyncAPI30                          // AsyncAPI 3.0, as JSON
	documentFormats
)

// documentForm is a document as it is sent.
type documentForm struct {
	data        []byte
	contentType string
	// etag is made when it is first sent: writing the document needs none.
	etag func() string
}

// newForm makes a form of the document, which is JSON in version 3.1.
func newForm(data []byte, format DocumentFormat) (documentForm, error) {
	contentType := mediatype.JSON
	if format != OpenAPI31 {
		tree, err := doctree.Parse(data)
		if err != nil {
			return documentForm{}, err
		}
		switch format {
		case OpenAPI30, OpenAPI30YAML:
			tree = openapi30.Convert(tree)
		case AsyncAPI30:
			tree = asyncapi.Convert(tree)
		}
		switch format {
		case OpenAPI30, AsyncAPI30:
			data = tree.AppendJSON(nil)
		default:
			contentType, data = "application/yaml", tree.AppendYAML(nil)
		}
	}
	etag := sync.OnceValue(func() string {
		sum := sha256.Sum256(data)
		return `"` + hex.EncodeToString(sum[:16]) + `"`
	})
	return documentForm{data: data, etag: etag, contentType: contentType}, nil
}

// form is the document in a format.
func (d *document) form(format DocumentFormat) (documentForm, error) {
	if format >= documentFormats {
		return documentForm{}, fmt.Errorf("%d is no format of a document; use candor.OpenAPI31 or one of those beside it", format)
	}
	return d.forms[format]()
}

// newDocument is a document that build makes, as version 3.1 in JSON.
func newDocument(build func() ([]byte, error)) *document {
	d := &document{build: sync.OnceValues(build)}
	for format := range d.forms {
		d.forms[format] = sync.OnceValues(func() (documentForm, error) {
			data, err := d.build()
			if err != nil {
				return documentForm{}, err
			}
			return newForm(data, DocumentFormat(format))
		})
	}
	return d
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

// servedDocument sends one form of a document with an ETag.
type servedDocument struct {
	document *document
	format   DocumentFormat
}

func (s servedDocument) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	form, err := s.document.form(s.format)
	if err != nil {
		errorsOf(r).write(w, r, fmt.Errorf("the document cannot be built: %w", err))
		return
	}
	h := w.Header()
	tag := form.etag()
	h.Set("ETag", tag)
	h.Set("Cache-Control", "no-cache")
	if etag.Lists([]string{r.Header.Get("If-None-Match")}, tag, true) {
		w.WriteHeader(http.StatusNotModified)
		return
	}
	h.Set("Content-Type", form.contentType)
	h.Set("Content-Length", strconv.Itoa(len(form.data)))
	_, _ = io.Copy(w, bytes.NewReader(form.data))
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
	if err := (&route{docs: o.name}).checkEffects(set); err != nil {
		return nil, o.mistake("Options", err)
	}
	set = set.copy()
	set.hidden = true
	var routes []*route
	for _, p := range o.docs.documents() {
		if path := o.docs.path(p.path, p.byDefault); path != "" && (p.format != AsyncAPI30 || d.hasSockets()) {
			routes = append(routes, &route{path: prefix + path, plain: servedDocument{d, p.format}, docs: o.field(p.field)})
		}
	}
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

// hasSockets reports whether there is something to say about messages.
func (d *document) hasSockets() bool {
	return slices.ContainsFunc(d.endpoints, func(e *endpoint) bool { return e.route.upgrade != nil })
}

// documentPath is where one form of a document is served, by the field that
// says it.
type documentPath struct {
	field, path, byDefault string
	format                 DocumentFormat
}

// documents lists the forms of the document. Beside one that was moved the
// others move along.
func (d *Docs) documents() []documentPath {
	first := cmp.Or(d.OpenAPI, "/openapi.json")
	base := strings.TrimSuffix(strings.TrimSuffix(first, ".json"), "/")
	return []documentPath{
		{"OpenAPI", d.OpenAPI, first, OpenAPI31},
		{"OpenAPI30", d.OpenAPI30, base + "-3.0.json", OpenAPI30},
		{"YAML", d.YAML, base + ".yaml", OpenAPI31YAML},
		{"YAML30", d.YAML30, base + "-3.0.yaml", OpenAPI30YAML},
		{"AsyncAPI", d.AsyncAPI, strings.TrimSuffix(path.Dir(first), "/") + "/asyncapi.json", AsyncAPI30},
	}
}

// field is the full name of a field of Docs, as its user would write it.
func (o *ownDocs) field(name string) string { return o.name + "." + name }

func (o *ownDocs) mistake(field string, err error) error {
	return fmt.Errorf("candor: %s at %s: %w", o.field(field), o.site, err)
}

// check looks at what the pages are made of before they are made.
func (o *ownDocs) check() error {
	paths := append(o.docs.documents(), documentPath{field: "Swagger", path: o.docs.Swagger}, documentPath{field: "Redoc", path: o.docs.Redoc})
	for _, p := range paths {
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
