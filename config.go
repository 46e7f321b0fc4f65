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
	"time"

	"github.com/getkin/kin-openapi/openapi3"

	"github.com/candor-go/candor/internal/operation"
	"github.com/candor-go/candor/internal/requestinfo"
)

// Config is the configuration of an app. The zero value is ready to use.
type Config struct {
	// Title and Version describe the API. They default to "API" and "0.1.0".
	Title, Version string
	// Summary is a short, Description a longer text about the API, which may be Markdown.
	Summary, Description string
	// TermsOfService is a URL.
	TermsOfService string
	Contact        Contact
	License        License
	// ExternalDocs links to more information about the API.
	ExternalDocs ExternalDocs
	// Tags describes the tags of operations, in the order in which the document lists them.
	Tags []Tag
	// Servers lists the URLs at which the API is reached, after RootPath. If it is empty, the servers are RootPath, or
	// the prefixes under which other apps mount this one, or else the host that serves the document.
	Servers []Server
	// SecuritySchemes are the schemes that fields refer to by their security tag. A scheme that no field refers to is a
	// configuration error.
	SecuritySchemes map[string]SecurityScheme
	// Challenge adds parameters to the WWW-Authenticate header of 401 responses.
	Challenge Challenge
	// Docs says where the document and the documentation pages are served.
	Docs Docs
	// EditDocument changes the finished document. It is called once, when the document is first needed. The test client
	// compares requests and responses with the result.
	EditDocument func(doc *openapi3.T)
	// RootPath is the path prefix that a proxy strips before it forwards requests, such as "/api/v1", or that another
	// router in the same process strips with http.StripPrefix. The document lists it as a server, and redirects begin
	// with it.
	RootPath string
	// NoRedirectSlashes responds with 404, rather than a 307 redirect, if a path differs from a route only by a
	// trailing slash.
	NoRedirectSlashes bool
	// ResponseChecks says what happens when a response violates its own rules.
	ResponseChecks ResponseChecks
	// Codecs adds media types to JSON, by name, such as "application/cbor". Request bodies may have any of them. Every
	// response that would be JSON is offered in all of them: the client's Accept header chooses; without a preference
	// it is JSON, and if none is acceptable the response is a 406. Errors are always JSON.
	Codecs map[string]Codec
	// Rules adds rules for validate tags, by name, to those of validator.
	Rules map[string]Rule
	// Schemas maps types of your own to the JSON Schema that the document shows, such as {"type": "string", "format":
	// "isbn"}. They win over a method OpenAPISchema() map[string]any of the type. How values are read and checked does
	// not change.
	Schemas map[reflect.Type]map[string]any
	// Source has the doc comments of the program; package source reads them from embedded files. Comments of handlers
	// describe operations, and their first sentence is the summary if it is short; comments of types and fields
	// describe schemas and parameters. Options and tags win over comments.
	Source Comments
	// OperationID chooses operation ids, for generated clients that should have other method names. It is called for
	// each operation when the app is sealed, with the id that the operation would have in its RouteInfo; it returns an
	// id, or "" to keep that one. Duplicate ids are a configuration error. The option OperationID of a route wins.
	OperationID func(RouteInfo) string
	// ForeignTags lists struct tag keys that belong to other packages, although they look like a misspelling of one of
	// Candor's, such as "defaults", or like a rule of another framework, such as "format". Any other such key is a
	// configuration error, because it would have no effect.
	ForeignTags []string
	// SplitSchemas gives types whose input and output differ two schemas: one named with the suffix Input, in which
	// members with a default may be absent, and one with the suffix Output, in which they are required. By default a
	// type has one schema, that of the input, which is correct for both.
	SplitSchemas bool
	// EchoInput adds the rejected value to each validation error, as "input". It can leak secrets into the logs of
	// clients.
	EchoInput bool
	// MaxBody is the largest request body in bytes; the default is 1 MiB, or 32 MiB for multipart forms. The option
	// [MaxBody] changes it for single routes.
	MaxBody int64
	// ProblemDetails writes errors in the format of RFC 9457 (see [Problem]) instead of {"detail": ...}.
	ProblemDetails bool
	// Message returns the message of a validation error, made from its Type and Ctx, in the language of the request. If
	// it is nil or returns "", the message is English. It is called concurrently.
	Message func(r *http.Request, f Fault) string
	// OnTaskError is called when a background task fails or panics, instead of logging the error. The context is the
	// task's. It is called concurrently.
	OnTaskError func(ctx context.Context, err error)
	// RateStore counts the requests of rate limits; the default is in memory. See [RateLimit].
	RateStore RateStore
	// CacheStore keeps the responses of [Cache]; the default is in memory. Apps that share a store also share
	// responses, if their Title and Version are the same.
	CacheStore CacheStore
	// Logger is the app's logger; the default is slog.Default().
	Logger *slog.Logger
	// Dev turns on development mode: the log says more, and responses stay the same. It is off by default, and no
	// environment variable turns it on.
	//
	//   - The first log record says that it is on.
	//   - Each request is logged once it is over: method, path, route, status, duration, and the location and type of
	//     validation errors, so that no [middleware.AccessLog] is needed. An invalid WebSocket message is logged when
	//     it arrives.
	//   - A response that the document does not describe is a warning, once for each operation and status.
	//   - For an error that becomes a 500, the log says which step returned it, and where that function is.
	//   - The stack of a panic has one record for each line. It begins with the first frame of your own code; frames of
	//     Candor and of the standard library are folded.
	//
	// The log then contains paths, which may include identifiers, but no query strings, headers, bodies or input
	// values.
	//
	// [middleware.AccessLog]: https://pkg.go.dev/github.com/candor-go/candor/middleware#AccessLog
	Dev bool
	// Limits are the limits of the server that Run and Serve start.
	Limits Limits
	// TLS makes Run and Serve use HTTPS, with HTTP/2 for clients that support it (unless NextProtos says otherwise). It
	// needs Certificates or GetCertificate; the latter may return a different certificate for each connection, so that
	// a renewed one needs no restart. The value is cloned. The default, nil, is HTTP without TLS, for servers behind a
	// proxy.
	TLS *tls.Config
	// H2C makes Run and Serve also accept HTTP/2 without TLS, from clients with prior knowledge (RFC 9113, section
	// 3.3), such as proxies inside a cluster. Together with TLS it is a configuration error.
	H2C bool
}

// Comments finds doc comments; its methods return "" if there is none. It is called while a document is built, which
// may happen concurrently for several documents. See [Config.Source].
type Comments interface {
	// Read is called before the other methods; if it fails, so does building the document.
	Read() error
	// Func returns the comment of a function, Type that of a type, and Field that of a struct field.
	Func(f *runtime.Func) string
	Type(t reflect.Type) string
	Field(t reflect.Type, name string) string
}

// Contact says who is responsible for the API.
type Contact struct{ Name, URL, Email string }

// License is the license of the API: a name with either an SPDX identifier or a URL.
type License struct{ Name, Identifier, URL string }

// Info describes a document of its own for a router; see [Router.Docs]. Empty fields default to those of the app's
// [Config], where they are explained.
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

// documentEdit is a user's function that changes a document.
type documentEdit func(doc *openapi3.T)

// info returns what the app says about itself.
func (c *Config) info() operation.Info {
	i := Info{
		Title: cmp.Or(c.Title, "API"), Version: cmp.Or(c.Version, "0.1.0"),
		Summary: c.Summary, Description: c.Description, TermsOfService: c.TermsOfService,
		Contact: c.Contact, License: c.License, ExternalDocs: c.ExternalDocs, Tags: c.Tags, Servers: c.Servers,
	}
	return i.describe()
}

// describe converts the info, with servers and tags, to plain data. A list that is not nil stays so.
func (i *Info) describe() operation.Info {
	info := operation.Info{
		Title: i.Title, Version: i.Version,
		Summary: i.Summary, Description: i.Description, TermsOfService: i.TermsOfService,
		Contact: operation.Contact(i.Contact), License: operation.License(i.License), ExternalDocs: operation.ExternalDocs(i.ExternalDocs),
	}
	if i.Servers != nil {
		info.Servers = make([]operation.Server, len(i.Servers))
	}
	for n := range i.Servers {
		info.Servers[n] = i.Servers[n].describe()
	}
	if i.Tags != nil {
		info.Tags = make([]operation.Tag, len(i.Tags))
	}
	for n, t := range i.Tags {
		info.Tags[n] = operation.Tag{
			Name: t.Name, Summary: t.Summary, Description: t.Description, Parent: t.Parent, Kind: t.Kind,
			ExternalDocs: operation.ExternalDocs(t.ExternalDocs),
		}
	}
	return info
}

// Docs holds the paths at which the document and its pages are served. An empty path is the default; "-" leaves the
// page out. Without the document there are no pages.
type Docs struct {
	// OpenAPI is the path of the document, version 3.1, "/openapi.json" by default.
	OpenAPI string
	// OpenAPI30 is the path of the document in version 3.0.3, for older tools; YAML and YAML30 are the paths of the two
	// as YAML. By default they lie beside OpenAPI: "/openapi-3.0.json", "/openapi.yaml" and "/openapi-3.0.yaml".
	OpenAPI30, YAML, YAML30 string
	// OpenAPI32 is the path of the document in version 3.2, and YAML32 the same as YAML; by default "/openapi-3.2.json"
	// and "/openapi-3.2.yaml".
	OpenAPI32, YAML32 string
	// AsyncAPI is the path of the AsyncAPI document of an app with WebSockets, "/asyncapi.json" by default. It
	// describes their messages, and those of event streams.
	AsyncAPI string
	// Swagger is the path of Swagger UI, "/docs" by default. Its files are part of the binary.
	Swagger string
	// Redoc is the path of ReDoc, "/redoc" by default. The page loads ReDoc from RedocScript.
	Redoc string
	// RedocScript is the URL of ReDoc's bundle and RedocIntegrity its subresource integrity hash; the default is a
	// pinned version on a public CDN.
	RedocScript, RedocIntegrity string
	// Scalar is the path of Scalar, such as "/scalar"; by default this page is left out. It loads Scalar from
	// ScalarScript.
	Scalar string
	// ScalarScript is the URL of Scalar's bundle and ScalarIntegrity its subresource integrity hash; the default is a
	// pinned version on a public CDN.
	ScalarScript, ScalarIntegrity string
	// Parameters are passed to Swagger UI, such as {"docExpansion": "none"}. They win over those that the page sets:
	// "filter", a box that filters by tag, and "persistAuthorization", which keeps credentials in the browser's
	// storage.
	Parameters map[string]any
	// OAuth fills in the authorization dialog of Swagger UI, such as {"clientId": "docs"}. Everyone who sees the page
	// sees it, so it must not contain secrets.
	OAuth map[string]any
	// Connect lists further origins to which Swagger UI and Scalar may send requests, such as
	// "https://api.example.com"; the origin of the page is always allowed.
	Connect []string
	// Options apply to the routes of the document and its pages, for example Require with a guard, or Use with a
	// middleware, that checks credentials. The guards of the app do not apply to them. They also apply to the
	// documents of routers whose own Options are nil.
	Options []Option
}

// defaultMaxBody is the largest request body, in bytes.
const defaultMaxBody = 1 << 20

// defaultMaxMultipart is the largest body that is not held in memory, in bytes: a multipart form, or lines.
const defaultMaxMultipart = 32 << 20

// checkRootPath makes sure that redirects stay on the host.
func checkRootPath(path string) error {
	if requestinfo.IsRootPath(path) {
		return nil
	}
	return fmt.Errorf(`Config.RootPath is %q; it is a path such as "/api": it begins with a slash, does not end with one, and holds neither wildcards nor a host`, path)
}

// checkTLS finds a configuration with which no client could connect.
func (c *Config) checkTLS() error {
	switch {
	case c.TLS == nil:
		return nil
	case c.H2C:
		return errors.New("Config.H2C is HTTP/2 without TLS, and Config.TLS is set; leave one of them out (HTTP/2 over TLS needs neither)")
	// GetConfigForClient may supply certificates as well.
	case len(c.TLS.Certificates) == 0 && c.TLS.GetCertificate == nil && c.TLS.GetConfigForClient == nil:
		return errors.New("Config.TLS has no certificate; set Certificates (tls.LoadX509KeyPair reads one) or GetCertificate")
	}
	return nil
}

// Limits limits what clients of the server started by Run and Serve may use. A zero field means the default. The limits
// also apply over TLS and, for each stream, over HTTP/2, where Write is the time for 16 KiB of a response. If you use
// your own server, its limits apply instead; the size of bodies is limited in any case.
type Limits struct {
	// ReadHeader is the time for reading a request's header, 5 s by default; after that the connection is closed.
	ReadHeader time.Duration
	// Body is the time for reading a request's body, 30 s by default; BodyRate is the lowest average rate in bytes per
	// second, 240 by default, required after the first 5 s. A client that is slower gets a 408.
	Body     time.Duration
	BodyRate int
	// Idle is the time that a connection may wait for its next request, 60 s by default.
	Idle time.Duration
	// HeaderBytes is the largest size of a request's header, 64 KiB by default; a larger one is a 431.
	HeaderBytes int
	// Write is how long one write may make no progress, 10 s by default.
	Write time.Duration
	// Drain is how long running requests may take after the server was told to stop, 30 s by default.
	Drain time.Duration
	// Multipart holds the limits of multipart forms; they apply with any server. The option [LimitMultipart] changes
	// them for single routes.
	Multipart MultipartLimits
}

// path returns the path of a page, "" if it is not served.
func (d *Docs) path(configured, byDefault string) string {
	if configured == "-" || d.OpenAPI == "-" {
		return ""
	}
	return cmp.Or(configured, byDefault)
}
