package candor

import (
	"cmp"
	"fmt"
	"net/http"
	"path"
	"slices"
	"strings"

	"github.com/candor-go/candor/internal/asyncapi"
	"github.com/candor-go/candor/internal/docsui"
	"github.com/candor-go/candor/internal/lazy"
	"github.com/candor-go/candor/internal/mediatype"
	"github.com/candor-go/candor/internal/openapi"
	"github.com/candor-go/candor/internal/openapi30"
	"github.com/candor-go/candor/internal/openapi32"
	"github.com/candor-go/candor/internal/schema"
)

// document is an OpenAPI document, built when it is first needed.
type document struct {
	// endpoints is filled while the app is sealed.
	endpoints, webhooks []*endpoint
	operations          *operationIndex
	written             *openapi.Document
}

// DocumentFormat is one of the formats of an OpenAPI document. They have the same content, except that 3.0 cannot
// express all of it (there the document says less, and accepts more), that 3.2 has keywords for what 3.1 says with
// extensions, such as the items of streams, and that AsyncAPI covers only WebSockets and events.
type DocumentFormat uint8

// The formats of a document.
const (
	OpenAPI31     DocumentFormat = iota // version 3.1, as JSON
	OpenAPI30                           // version 3.0.3, as JSON
	OpenAPI31YAML                       // version 3.1, as YAML
	OpenAPI30YAML                       // version 3.0.3, as YAML
	AsyncAPI30                          // AsyncAPI 3.0, as JSON
	OpenAPI32                           // version 3.2, as JSON
	OpenAPI32YAML                       // version 3.2, as YAML
	documentFormats
)

// documentFormat describes a format: what it is called, where it is served and how it is made.
type documentFormat struct {
	openapi.Format
	// field is the name of the field of Docs that holds its path, configured reads that field, and byDefault gives the
	// path beside the document in version 3.1.
	field      string
	configured func(*Docs) string
	byDefault  func(first string) string
	// onlySockets means that it is served only if the app has WebSockets.
	onlySockets bool
}

// formats are the formats of a document. To add one, add a row here, its constant, and its field in Docs.
func formats() *[documentFormats]documentFormat { return madeFormats.Get(makeFormats) }

var madeFormats lazy.Value[*[documentFormats]documentFormat]

func makeFormats() *[documentFormats]documentFormat {
	return &[documentFormats]documentFormat{
		OpenAPI31: {
			Format: openapi.Format{MediaType: mediatype.JSON},
			field:  "OpenAPI", configured: func(d *Docs) string { return d.OpenAPI }, byDefault: func(first string) string { return first },
		},
		OpenAPI30: {
			Format: openapi.Format{MediaType: mediatype.JSON, Convert: openapi30.Convert},
			field:  "OpenAPI30", configured: func(d *Docs) string { return d.OpenAPI30 }, byDefault: beside("-3.0.json"),
		},
		OpenAPI31YAML: {
			Format: openapi.Format{MediaType: yamlMedia, YAML: true},
			field:  "YAML", configured: func(d *Docs) string { return d.YAML }, byDefault: beside(".yaml"),
		},
		OpenAPI30YAML: {
			Format: openapi.Format{MediaType: yamlMedia, Convert: openapi30.Convert, YAML: true},
			field:  "YAML30", configured: func(d *Docs) string { return d.YAML30 }, byDefault: beside("-3.0.yaml"),
		},
		AsyncAPI30: {
			Format: openapi.Format{MediaType: mediatype.JSON, Convert: asyncapi.Convert}, onlySockets: true,
			field: "AsyncAPI", configured: func(d *Docs) string { return d.AsyncAPI },
			byDefault: func(first string) string { return strings.TrimSuffix(path.Dir(first), "/") + "/asyncapi.json" },
		},
		OpenAPI32: {
			Format: openapi.Format{MediaType: mediatype.JSON, Convert: openapi32.Convert},
			field:  "OpenAPI32", configured: func(d *Docs) string { return d.OpenAPI32 }, byDefault: beside("-3.2.json"),
		},
		OpenAPI32YAML: {
			Format: openapi.Format{MediaType: yamlMedia, Convert: openapi32.Convert, YAML: true},
			field:  "YAML32", configured: func(d *Docs) string { return d.YAML32 }, byDefault: beside("-3.2.yaml"),
		},
	}
}

const yamlMedia = "application/yaml"

// beside returns a path next to that of the 3.1 document, so that it moves along with it.
func beside(ending string) func(first string) string {
	return func(first string) string { return strings.TrimSuffix(strings.TrimSuffix(first, ".json"), "/") + ending }
}

// form returns the document in a format.
func (d *document) form(format DocumentFormat) (openapi.Written, error) {
	// format comes from the user, and is an index.
	if format >= documentFormats {
		return openapi.Written{}, fmt.Errorf("%d is not a format of a document; use candor.OpenAPI31, OpenAPI30 or OpenAPI32", format)
	}
	return d.written.In(int(format))
}

// newDocument returns a document that build makes, as version 3.1 in JSON.
func newDocument(build func() (*schema.Encoded, error)) *document {
	format := func(i int) *openapi.Format { return &formats()[i].Format }
	return &document{written: openapi.NewDocument(build, int(documentFormats), format)}
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
	form.ServeHTTP(w, r)
}

// routes returns the routes of a document and its pages, below the prefix.
func (o *ownDocs) routes(d *document, prefix, title string) ([]*route, error) {
	at := o.docs.path(o.docs.OpenAPI, "/openapi.json")
	if at == "" {
		return nil, nil
	}
	pages := o.pages(prefix, at, title)
	if err := o.check(pages); err != nil {
		return nil, err
	}
	set, err := applyAll(o.docs.Options)
	if err != nil {
		return nil, o.configError("Options", err)
	}
	if err := (&route{docs: o.name}).checkEffects(set); err != nil {
		return nil, o.configError("Options", err)
	}
	set = set.copy() // copied, because others may share it
	set.hidden = true
	var routes []*route
	for format := range formats() {
		f := &formats()[format]
		if path := f.path(&o.docs); path != "" && (!f.onlySockets || d.hasSockets()) {
			routes = append(routes, &route{path: prefix + path, plain: servedDocument{d, DocumentFormat(format)}, docs: o.field(f.field)})
		}
	}
	for _, page := range pages.All() {
		files, err := page.Files()
		if err != nil {
			return nil, o.configError(page.Field, err)
		}
		for _, f := range files {
			routes = append(routes, &route{path: f.Path, plain: f, docs: o.field(page.Field)})
		}
	}
	// An error about one of these routes should point at the call that asked for the document.
	for _, rt := range routes {
		rt.site, rt.methods, rt.set = o.site, []string{http.MethodGet}, set
	}
	return routes, nil
}

// hasSockets reports whether there is something for AsyncAPI to describe.
func (d *document) hasSockets() bool {
	return slices.ContainsFunc(d.endpoints, func(e *endpoint) bool { return e.route.upgrade != nil })
}

// path returns the path of the format, "" if it is not served.
func (f *documentFormat) path(d *Docs) string {
	return d.path(f.configured(d), f.byDefault(cmp.Or(d.OpenAPI, "/openapi.json")))
}

// field returns the full name of a field of Docs, as the user would write it.
func (o *ownDocs) field(name string) string { return o.name + "." + name }

func (o *ownDocs) configError(field string, err error) error {
	return fmt.Errorf("candor: %s at %s: %w", o.field(field), o.site, err)
}

// inherit returns the documents of a router with the options of the app's documents, unless it has options of its own:
// a document repeats operations that guards of the app's document may protect.
func (o *ownDocs) inherit(app *Docs) *ownDocs {
	if o.docs.Options != nil || app.Options == nil {
		return o
	}
	guarded := *o
	guarded.docs.Options = app.Options
	return &guarded
}

// check finds configuration errors before pages are made.
func (o *ownDocs) check(pages *docsui.Pages) error {
	for i := range formats() {
		if err := docsui.CheckPath(formats()[i].configured(&o.docs)); err != nil {
			return o.configError(formats()[i].field, err)
		}
	}
	if field, err := pages.Check(); err != nil {
		return o.configError(field, err)
	}
	for _, p := range []struct {
		field  string
		values map[string]any
	}{{"Parameters", o.docs.Parameters}, {"OAuth", o.docs.OAuth}} {
		if _, err := encodeJSON(p.values); err != nil {
			return o.configError(p.field, fmt.Errorf("the values cannot be written as JSON; keep to strings, numbers, booleans, lists and maps (%w)", err))
		}
	}
	return nil
}

// pages returns the pages of a document at a path below the prefix.
func (o *ownDocs) pages(prefix, at, title string) *docsui.Pages {
	d := &o.docs
	return &docsui.Pages{
		Title: title, Prefix: prefix, Document: prefix + at,
		Swagger: d.path(d.Swagger, "/docs"), Redoc: d.path(d.Redoc, "/redoc"), Scalar: d.path(d.Scalar, ""),
		RedocScript: d.RedocScript, RedocIntegrity: d.RedocIntegrity, ScalarScript: d.ScalarScript, ScalarIntegrity: d.ScalarIntegrity,
		Parameters: d.Parameters, OAuth: d.OAuth, Connect: d.Connect,
	}
}
