package candor

import (
	"cmp"
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"reflect"
	"slices"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/getkin/kin-openapi/openapi3"
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
	// that no field names is a mistake.
	SecuritySchemes map[string]SecurityScheme
	// Docs says where the document and its pages are.
	Docs Docs
	// EditDocument changes the document by hand, after everything else was put
	// into it. It is called once, when the document is first needed. The test
	// client holds the answers against the result.
	EditDocument func(doc *openapi3.T)
	// RootPath is the prefix a proxy takes off before it passes requests on,
	// such as "/api/v1", or that of another router in the same process, which
	// serves the app behind http.StripPrefix. It is announced as a server and
	// stands in front of redirects.
	RootPath string
	// NoRedirectSlashes answers 404 where a path differs from a route by a
	// trailing slash only, instead of 307 to the route.
	NoRedirectSlashes bool
	// ResponseChecks says what becomes of answers that break their own rules.
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
	// EchoInput repeats in each fault what was sent, under "input". It can
	// leak secrets into logs of clients.
	EchoInput bool
	// MaxBody is the largest request body in bytes, 1 MiB by default. The
	// option [MaxBody] changes it for single routes.
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
	// Logger is where the app logs; slog.Default() when nil.
	Logger *slog.Logger
	// Limits are those of the server that Run and Serve start.
	Limits Limits
}

// Contact says who answers for the API.
type Contact struct{ Name, URL, Email string }

// License is that of the API: a name with either an SPDX identifier or a URL.
type License struct{ Name, Identifier, URL string }

// ExternalDocs is a page with more about something.
type ExternalDocs struct{ URL, Description string }

// Tag describes a group of operations.
type Tag struct {
	Name, Description string
	ExternalDocs      ExternalDocs
}

// Server is a place where the API is reached.
type Server struct {
	// URL may hold variables in braces: "https://{region}.example.com".
	URL, Description string
	Variables        map[string]ServerVariable
}

// ServerVariable is a part of a server's URL that the client chooses.
type ServerVariable struct {
	// Default is needed; Enum lists all values, if they are limited.
	Default, Description string
	Enum                 []string
}

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

// within fills in what i leaves empty.
func (i Info) within(outer Info) Info {
	i.Title = cmp.Or(i.Title, outer.Title)
	i.Version = cmp.Or(i.Version, outer.Version)
	i.Summary = cmp.Or(i.Summary, outer.Summary)
	i.Description = cmp.Or(i.Description, outer.Description)
	i.TermsOfService = cmp.Or(i.TermsOfService, outer.TermsOfService)
	i.Contact = cmp.Or(i.Contact, outer.Contact)
	i.License = cmp.Or(i.License, outer.License)
	i.ExternalDocs = cmp.Or(i.ExternalDocs, outer.ExternalDocs)
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
	// OpenAPI is the document's, "/openapi.json" by default.
	OpenAPI string
	// Swagger is Swagger UI's, "/docs" by default. Its files are part of the
	// binary.
	Swagger string
	// Redoc is ReDoc's, "/redoc" by default. The page loads ReDoc from
	// RedocScript.
	Redoc string
	// RedocScript is the URL of ReDoc's bundle and RedocIntegrity its
	// subresource integrity; a pinned version on a public network by default.
	RedocScript, RedocIntegrity string
	// Parameters are passed to Swagger UI, such as {"docExpansion": "none"}.
	Parameters map[string]any
	// OAuth fills in Swagger UI's authorization dialog, such as
	// {"clientId": "docs"}. Everyone who sees the page sees it: no secrets.
	OAuth map[string]any
	// Connect lists further origins that Swagger UI may send requests to, such
	// as "https://api.example.com"; that of the page is always allowed.
	Connect []string
	// Options hold for the routes of the document and its pages, for example
	// Require with a guard, or Use with a middleware, that asks for credentials.
	// The guards of the app do not hold for them.
	Options []Option
}

// defaultMaxBody is the largest request body, in bytes.
const defaultMaxBody = 1 << 20

// App is an API: routes, their document, and what they share. It is an
// http.Handler, safe for concurrent use once it serves.
type App struct {
	Router
	// site is the call of New.
	site      string
	config    Config
	compiler  *compiler
	errors    *errorWriter
	sealing   sync.Mutex
	table     atomic.Pointer[table]
	faulty    sync.Once
	overrides map[reflect.Type]*provider
	tasks     *taskRunner
	// living guards life, which is nil while the app does not run.
	living sync.Mutex
	life   *running
	// mounts are the places where other apps mount this one; sealing guards
	// them.
	mounts []mountPoint
}

// mountPoint is a place where an app is mounted.
type mountPoint struct {
	parent *App
	prefix string
}

// New makes an app. The options hold for all its routes. A wrong option
// panics.
func New(config Config, options ...Option) *App {
	a := &App{site: callSite(), config: config}
	a.app, a.overrides = a, map[reflect.Type]*provider{}
	a.errors = &errorWriter{log: cmp.Or(config.Logger, slog.Default()), messages: config.Message}
	if config.ProblemDetails {
		a.errors.format = problemFormat()
	}
	a.tasks = newTaskRunner(config.OnTaskError, a.errors.log)
	var err error
	if a.own, err = applyAll(options); err == nil {
		err = checkRootPath(config.RootPath)
	}
	if err == nil {
		a.compiler, err = newAppCompiler(config.Rules, config.Codecs, config.Schemas)
	}
	if err != nil {
		panic(fmt.Errorf("candor: New at %s: %w", a.site, err))
	}
	return a
}

// checkRootPath sees to redirects that stay on the host.
func checkRootPath(path string) error {
	if path == "" || strings.HasPrefix(path, "/") && !strings.HasSuffix(path, "/") && !strings.Contains(path, "//") && !strings.ContainsAny(path, `\?#{}`) {
		return nil
	}
	return fmt.Errorf(`Config.RootPath is %q; it is a path such as "/api": it begins with a slash, does not end with one, and holds neither wildcards nor a host`, path)
}

// Seal fixes the routes: what no single registration could see is checked, and
// everything a request needs is compiled. It panics with all mistakes. Run,
// Serve, NewTestClient and the first request seal by themselves; sealing again
// does nothing.
func (a *App) Seal() {
	if err := a.Check(); err != nil {
		panic(err)
	}
}

// Check seals the app like [App.Seal], but returns the mistakes, joined. An
// app with mistakes stays open for registration.
func (a *App) Check() error {
	_, err := a.sealed()
	return err
}

// sealed returns the table of routes, made on the first call.
func (a *App) sealed() (*table, error) {
	if t := a.table.Load(); t != nil {
		return t, nil
	}
	a.sealing.Lock()
	defer a.sealing.Unlock()
	if t := a.table.Load(); t != nil {
		return t, nil
	}
	t, err := buildTable(a)
	if err != nil {
		return nil, err
	}
	a.table.Store(t)
	return t, nil
}

// ServeHTTP answers a request. A faulty app that was never sealed logs its
// mistakes once and answers 500.
func (a *App) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	t := a.table.Load()
	if t == nil {
		var err error
		if t, err = a.sealed(); err != nil {
			a.faulty.Do(func() { a.errors.log.Error("the app cannot serve", "error", err) })
			a.errors.write(w, r, errInternal)
			return
		}
	}
	t.serve(w, r)
}

// Routes lists what the app serves, in the order of registration: one entry
// for each method and path, where inclusions and aliases are entries of their
// own. The document and its pages are left out. It seals the app and panics
// with its mistakes.
func (a *App) Routes() []RouteInfo {
	a.Seal()
	t := a.table.Load()
	var list []RouteInfo
	for _, e := range t.endpoints {
		if e.route.docs == "" {
			info := e.place.info
			info.Tags = slices.Clone(info.Tags)
			list = append(list, info)
		}
	}
	return list
}

// mountedAt notes that another app serves this one below a prefix.
func (a *App) mountedAt(m mountPoint) {
	a.sealing.Lock()
	defer a.sealing.Unlock()
	if !slices.Contains(a.mounts, m) {
		a.mounts = append(a.mounts, m)
	}
}

// bases are the prefixes under which clients reach the app.
func (a *App) bases() []string {
	if a.config.RootPath != "" {
		return []string{a.config.RootPath}
	}
	a.sealing.Lock()
	mounts := slices.Clone(a.mounts)
	a.sealing.Unlock()
	if len(mounts) == 0 {
		return []string{""}
	}
	var bases []string
	for _, m := range mounts {
		for _, base := range m.parent.bases() {
			bases = append(bases, base+m.prefix)
		}
	}
	return bases
}

// mounted are the apps that the router or one below it mounts.
func (r *Router) mounted() []*App {
	var apps []*App
	for _, it := range r.items {
		if it.inclusion != nil {
			apps = append(apps, it.inclusion.router.mounted()...)
		} else if it.route != nil {
			if sub, ok := it.route.mounted.(*App); ok {
				apps = append(apps, sub)
			}
		}
	}
	return apps
}

// serves reports whether other is a or mounted in it, at any depth.
func (a *App) serves(other *App, seen map[*App]bool) bool {
	if a == other {
		return true
	}
	if seen[a] {
		return false
	}
	seen[a] = true
	return slices.ContainsFunc(a.mounted(), func(sub *App) bool { return sub.serves(other, seen) })
}
