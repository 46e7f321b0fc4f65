package candor

import (
	"cmp"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"reflect"
	"runtime"
	"slices"
	"time"

	"github.com/getkin/kin-openapi/openapi3"

	"github.com/candor-go/candor/internal/requestinfo"
)

// Config is what an app is made of beside its routes. Its zero value makes a
// working app.
type Config struct {
	// Title and Version are those of the API, "API" and "0.1.0" by default.
	Title, Version string
	// Summary is a short and Description a longer text about the API; the
	// latter may be Markdown.
	Summary, Description string
	// TermsOfService is a URL.
	TermsOfService string
	Contact        Contact
	License        License
	// ExternalDocs leads to more about the API.
	ExternalDocs ExternalDocs
	// Tags describes the tags of operations; their order is the document's.
	Tags []Tag
	// Servers lists where the API is reached, after RootPath. Empty means
	// RootPath alone, or where other apps have mounted the app, or else the
	// host that the document comes from.
	Servers []Server
	// SecuritySchemes are the schemes that fields name by a security tag. One
	// that no field names is a configuration error.
	SecuritySchemes map[string]SecurityScheme
	// Challenge adds parameters to the header WWW-Authenticate of 401 responses.
	Challenge Challenge
	// Docs says where the document and its pages are.
	Docs Docs
	// EditDocument changes the document by hand, after everything else was put
	// into it. It is called once, when the document is first needed. The test
	// client holds the responses against the result.
	EditDocument func(doc *openapi3.T)
	// RootPath is the prefix a proxy takes off before it passes requests on,
	// such as "/api/v1", or that of another router in the same process, which
	// serves the app behind http.StripPrefix. It is announced as a server and
	// stands in front of redirects.
	RootPath string
	// NoRedirectSlashes answers 404 where a path differs from a route by a
	// trailing slash only, instead of 307 to the route.
	NoRedirectSlashes bool
	// ResponseChecks says what becomes of responses that break their own rules.
	ResponseChecks ResponseChecks
	// Codecs are media types beside JSON, by their names, such as
	// "application/cbor". Bodies of requests may have any of them, and every
	// answer that would be JSON is offered in all of them: the one the client
	// prefers by its Accept header is sent, JSON where it does not care, and 406
	// where it accepts none. Errors are always JSON.
	Codecs map[string]Codec
	// Rules are rules for validate tags, by their names, beside those of
	// validator.
	Rules map[string]Rule
	// Schemas are the JSON Schemas of types of your own, as the document is to
	// show them: keywords such as {"type": "string", "format": "isbn"}. They
	// come before what a method OpenAPISchema() map[string]any of the type
	// returns, and change nothing about how values are read and checked.
	Schemas map[reflect.Type]map[string]any
	// Source has the doc comments of the program: package source reads them
	// from its embedded files. Those of handlers describe operations, with the
	// first sentence as the summary if it is short, those of types and fields
	// their schemas and parameters. Options and tags come before them.
	Source Comments
	// OperationID chooses the ids of operations, for generated clients whose
	// methods should have other names. It is called for each operation of a
	// document when the app is sealed, with the id that the operation would have,
	// and may return that one, another, or "" to leave it. Two operations of one
	// id are a configuration error. The option OperationID of a route comes before it.
	OperationID func(RouteInfo) string
	// ForeignTags are keys of struct tags that are another program's, although
	// they look like misspellings of this package's, such as "defaults", or like
	// rules of another framework, such as "format". Without it such a key is a
	// configuration error, as it would do nothing.
	ForeignTags []string
	// SplitSchemas gives a type that is read and written, and of which the two
	// differ, two schemas: one with Input behind its name, where what has a
	// default may be left out, and one with Output, where it always stands. By
	// default it has one schema, that of the input, which is true for both.
	SplitSchemas bool
	// EchoInput repeats in each fault what was sent, under "input". It can
	// leak secrets into logs of clients.
	EchoInput bool
	// MaxBody is the largest request body in bytes: 1 MiB by default, 32 MiB for
	// multipart forms. The option [MaxBody] changes it for single routes.
	MaxBody int64
	// ProblemDetails gives errors the form of RFC 9457, see [Problem], in the
	// place of {"detail": ...}.
	ProblemDetails bool
	// Message makes the sentence of a fault, from its Type and Ctx, in the
	// language of the request. The default, also where it returns "", is
	// English. It is called concurrently.
	Message func(r *http.Request, f Fault) string
	// OnTaskError is told when a background task fails or panics, in the place
	// of the log. The context is the task's. It is called concurrently.
	OnTaskError func(ctx context.Context, err error)
	// RateStore counts the requests of rate limits, in memory by default; see
	// [RateLimit].
	RateStore RateStore
	// CacheStore keeps the responses of [Cache], in memory by default. Apps that
	// share a store share the responses too if Title and Version are the same.
	CacheStore CacheStore
	// Logger is where the app logs; slog.Default() when nil.
	Logger *slog.Logger
	// Dev is for developing: the log tells more, and no response changes. It is off
	// by default, and no environment variable turns it on.
	//
	//   - The first record says that it is on.
	//   - Each request is logged once it is over: method, path, route, status,
	//     duration, and the validation errors by location and type, so that no
	//     [middleware.AccessLog] is needed. A message of a WebSocket that is
	//     invalid is logged when it comes.
	//   - A response that the document does not have is a warning, once for each
	//     operation and status.
	//   - An error that is a 500 tells which step returned it, and where the
	//     function is.
	//   - The stack of a panic has a record for each line: the first call of the
	//     program's own code comes first, and calls of Candor and of the standard
	//     library are folded.
	//
	// The log then has paths, which may have identifiers in them, but no query
	// strings, headers or bodies, and no values of inputs.
	//
	// [middleware.AccessLog]: https://pkg.go.dev/github.com/candor-go/candor/middleware#AccessLog
	Dev bool
	// Limits are those of the server that Run and Serve start.
	Limits Limits
	// TLS makes Run and Serve speak HTTPS, with HTTP/2 for clients that know it (unless NextProtos says otherwise). It is cloned. It needs
	// Certificates or GetCertificate; the latter may return another one for each connection, so that a certificate that was renewed on
	// disk needs no restart. nil, the default, is HTTP without TLS, for servers that stand behind a proxy.
	TLS *tls.Config
	// H2C makes Run and Serve take HTTP/2 without TLS as well, from clients that begin with it (prior knowledge, RFC 9113, section 3.3), as
	// proxies inside of a cluster do. With TLS it is a configuration error.
	H2C bool
}

// Comments finds doc comments, "" where there is none. It is asked when a
// document is built, concurrently where there are several: see
// [Config.Source].
type Comments interface {
	// Read comes before the others; without the comments there is no document.
	Read() error
	// Func is the comment of a function, Type that of a type, and Field that of
	// a field of a struct.
	Func(f *runtime.Func) string
	Type(t reflect.Type) string
	Field(t reflect.Type, name string) string
}

// Contact says who answers for the API.
type Contact struct{ Name, URL, Email string }

// License is that of the API: a name with either an SPDX identifier or a URL.
type License struct{ Name, Identifier, URL string }

// Info is what a document of a router says about itself: see [Router.Docs]. An
// empty field means that of the app's [Config], where the fields are explained.
type Info struct {
	Title, Version       string
	Summary, Description string
	TermsOfService       string
	Contact              Contact
	License              License
	ExternalDocs         ExternalDocs
	Tags                 []Tag
	Servers              []Server
	EditDocument         func(doc *openapi3.T)
}

// info is what the app says about itself.
func (c *Config) info() Info {
	return Info{
		Title: cmp.Or(c.Title, "API"), Version: cmp.Or(c.Version, "0.1.0"),
		Summary: c.Summary, Description: c.Description, TermsOfService: c.TermsOfService,
		Contact: c.Contact, License: c.License, ExternalDocs: c.ExternalDocs,
		Tags: c.Tags, Servers: c.Servers, EditDocument: c.EditDocument,
	}
}

// check finds what a document could not say about itself.
func (i Info) check() error {
	for _, s := range i.Servers {
		if err := s.check(); err != nil {
			return err
		}
	}
	for n, tag := range i.Tags {
		switch {
		case tag.Name == "":
			return errors.New("a tag without a name; give it a name")
		case slices.ContainsFunc(i.Tags[:n], func(other Tag) bool { return other.Name == tag.Name }):
			return fmt.Errorf("the tag %q is described twice; put both into one", tag.Name)
		case tag.ExternalDocs.URL == "" && tag.ExternalDocs.Description != "":
			return fmt.Errorf("the external documentation of the tag %q has no URL; say where it is", tag.Name)
		}
	}
	if i.ExternalDocs.URL == "" && i.ExternalDocs.Description != "" {
		return errors.New("ExternalDocs without a URL; say where the page is")
	}
	return i.checkParents()
}

// checkParents finds tags that are a part of none, or of themselves.
func (i Info) checkParents() error {
	parents := map[string]string{}
	for _, tag := range i.Tags {
		parents[tag.Name] = tag.Parent
	}
	for _, tag := range i.Tags {
		if _, ok := parents[tag.Parent]; !ok && tag.Parent != "" {
			return fmt.Errorf("the tag %q is a part of %q, which is not among the tags; describe it, too", tag.Name, tag.Parent)
		}
	}
	for _, tag := range i.Tags {
		// As many steps as there are tags end above one without a parent, or among those
		// that are parts of each other.
		name := tag.Name
		for range i.Tags {
			name = parents[name]
		}
		if name != "" {
			return fmt.Errorf("the tag %q is a part of itself, by way of %q; let one of them have no Parent", name, parents[name])
		}
	}
	return nil
}

// inherit fills in what i leaves empty.
func (i Info) inherit(outer Info) Info {
	i.Title = cmp.Or(i.Title, outer.Title)
	i.Version = cmp.Or(i.Version, outer.Version)
	i.Summary = cmp.Or(i.Summary, outer.Summary)
	i.Description = cmp.Or(i.Description, outer.Description)
	i.TermsOfService = cmp.Or(i.TermsOfService, outer.TermsOfService)
	i.Contact = cmp.Or(i.Contact, outer.Contact)
	i.License = cmp.Or(i.License, outer.License)
	i.ExternalDocs = cmp.Or(i.ExternalDocs, outer.ExternalDocs)
	// An empty list is kept: it says that there are none.
	if i.Tags == nil {
		i.Tags = outer.Tags
	}
	if i.Servers == nil {
		i.Servers = outer.Servers
	}
	if i.EditDocument == nil {
		i.EditDocument = outer.EditDocument
	}
	return i
}

// Docs says at which paths the document and its pages are served. An empty
// path is the default, "-" leaves the page out; without the document there are
// no pages.
type Docs struct {
	// OpenAPI is the document's, "/openapi.json" by default: version 3.1.
	OpenAPI string
	// OpenAPI30 is that of the same in version 3.0.3, for older tools, YAML and
	// YAML30 are both as YAML. By default they stand beside OpenAPI:
	// "/openapi-3.0.json", "/openapi.yaml" and "/openapi-3.0.yaml".
	OpenAPI30, YAML, YAML30 string
	// OpenAPI32 is that of the same in version 3.2, and YAML32 as YAML: by default
	// "/openapi-3.2.json" and "/openapi-3.2.yaml".
	OpenAPI32, YAML32 string
	// AsyncAPI is that of the AsyncAPI document of an app with WebSockets,
	// "/asyncapi.json" by default: their messages, and those of event streams.
	AsyncAPI string
	// Swagger is Swagger UI's, "/docs" by default. Its files are part of the
	// binary.
	Swagger string
	// Redoc is ReDoc's, "/redoc" by default. The page loads ReDoc from
	// RedocScript.
	Redoc string
	// RedocScript is the URL of ReDoc's bundle and RedocIntegrity its
	// subresource integrity; a pinned version on a public network by default.
	RedocScript, RedocIntegrity string
	// Scalar is Scalar's, such as "/scalar"; this page is left out by default.
	// It loads Scalar from ScalarScript.
	Scalar string
	// ScalarScript is the URL of Scalar's bundle and ScalarIntegrity its
	// subresource integrity; a pinned version on a public network by default.
	ScalarScript, ScalarIntegrity string
	// Parameters are passed to Swagger UI, such as {"docExpansion": "none"}. They
	// win over what the page sets: "filter", a box that filters by tag, and
	// "persistAuthorization", which keeps credentials in the browser's storage.
	Parameters map[string]any
	// OAuth fills in Swagger UI's authorization dialog, such as
	// {"clientId": "docs"}. Everyone who sees the page sees it: no secrets.
	OAuth map[string]any
	// Connect lists further origins that Swagger UI and Scalar may send requests to, such
	// as "https://api.example.com"; that of the page is always allowed.
	Connect []string
	// Options hold for the routes of the document and its pages, for example
	// Require with a guard, or Use with a middleware, that asks for credentials.
	// The guards of the app do not hold for them.
	Options []Option
}

// defaultMaxBody is the largest request body, in bytes.
const defaultMaxBody = 1 << 20

// defaultMaxMultipart is the largest body that is not held in memory, in bytes:
// of parts, or of lines.
const defaultMaxMultipart = 32 << 20

// checkRootPath sees to redirects that stay on the host.
func checkRootPath(path string) error {
	if requestinfo.IsRootPath(path) {
		return nil
	}
	return fmt.Errorf(`Config.RootPath is %q; it is a path such as "/api": it begins with a slash, does not end with one, and holds neither wildcards nor a host`, path)
}

// checkTLS finds what no client could connect to, before one does.
func (c *Config) checkTLS() error {
	switch {
	case c.TLS == nil:
		return nil
	case c.H2C:
		return errors.New("Config.H2C is HTTP/2 without TLS, and Config.TLS is set; leave one of them out (HTTP/2 over TLS needs neither)")
	// GetConfigForClient may choose certificates of its own.
	case len(c.TLS.Certificates) == 0 && c.TLS.GetCertificate == nil && c.TLS.GetConfigForClient == nil:
		return errors.New("Config.TLS has no certificate; set Certificates (tls.LoadX509KeyPair reads one) or GetCertificate")
	}
	return nil
}

// Limits bound what clients of the server started by Run and Serve may take.
// A field that is zero means its default. They are the same over TLS and, for
// each stream, over HTTP/2, where Write is the time for 16 KiB of a response. An app served by another server has
// that server's limits instead; the size of bodies is limited either way.
type Limits struct {
	// ReadHeader is the time for a request's header, 5 s; over it the
	// connection is closed.
	ReadHeader time.Duration
	// Body is the time for a request's body, 30 s; BodyRate the least average
	// speed in bytes a second, 240, asked for after 5 s. Over either the
	// answer is 408.
	Body     time.Duration
	BodyRate int
	// Idle is the time between two requests of a connection, 60 s.
	Idle time.Duration
	// HeaderBytes is the size of a request's header, 64 KiB; over it the
	// answer is 431.
	HeaderBytes int
	// Write is how long one write may stand still, 10 s.
	Write time.Duration
	// Drain is how long running requests may take once the server stops, 30 s.
	Drain time.Duration
	// Multipart are the limits of multipart forms, in any server. The option
	// [LimitMultipart] changes them for single routes.
	Multipart MultipartLimits
}

// path is where a page is served, "" for nowhere.
func (d *Docs) path(configured, byDefault string) string {
	if configured == "-" || d.OpenAPI == "-" {
		return ""
	}
	return cmp.Or(configured, byDefault)
}
