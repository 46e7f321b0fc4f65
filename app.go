package candor

import (
	"cmp"
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"reflect"
	"slices"
	"sync"
	"sync/atomic"
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
	// Tags describes the tags of operations; their order is the document's.
	Tags []Tag
	// Servers lists where the API is reached. Empty means where the document
	// is.
	Servers []Server
	// Docs says where the document and its pages are.
	Docs Docs
	// RootPath is the prefix a proxy takes off before it passes requests on,
	// such as "/api/v1". It is announced as a server.
	RootPath string
	// NoRedirectSlashes answers 404 where a path differs from a route by a
	// trailing slash only, instead of 307 to the route.
	NoRedirectSlashes bool
	// ResponseChecks says what becomes of answers that break their own rules.
	ResponseChecks ResponseChecks
	// EchoInput repeats in each fault what was sent, under "input". It can
	// leak secrets into logs of clients.
	EchoInput bool
	// MaxBody is the largest request body in bytes, 1 MiB by default. The
	// option [MaxBody] changes it for single routes.
	MaxBody int64
	// Message makes the sentence of a fault, from its Type and Ctx. The default
	// is English.
	Message func(Fault) string
	// Logger is where the app logs; slog.Default() when nil.
	Logger *slog.Logger
	// Limits are those of the server that Run and Serve start.
	Limits Limits
}

// Contact says who answers for the API.
type Contact struct{ Name, URL, Email string }

// License is that of the API: a name with either an SPDX identifier or a URL.
type License struct{ Name, Identifier, URL string }

// Tag describes a group of operations.
type Tag struct{ Name, Description string }

// Server is a place where the API is reached.
type Server struct{ URL, Description string }

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
	// Options hold for the routes of the document and its pages, for example
	// Use with a middleware that asks for credentials.
	Options []Option
}

// defaultMaxBody is the largest request body, in bytes.
const defaultMaxBody = 1 << 20

// App is an API: routes, their document, and what they share. It is an
// http.Handler, safe for concurrent use once it serves.
type App struct {
	Router
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
	// prefixes are those under which other apps mount this one; sealing guards
	// them.
	prefixes []string
}

// New makes an app. The options hold for all its routes. A wrong option
// panics.
func New(config Config, options ...Option) *App {
	a := &App{config: config, compiler: standard()}
	a.Router.app, a.overrides = a, map[reflect.Type]*provider{}
	a.errors = &errorWriter{
		log:      cmp.Or(config.Logger, slog.Default()),
		messages: defaultMessage,
	}
	if config.Message != nil {
		a.errors.messages = config.Message
	}
	a.tasks = &taskRunner{failed: func(ctx context.Context, err error) {
		a.errors.log.ErrorContext(ctx, "background task failed", "error", err)
	}}
	var err error
	if a.own, err = applyAll(options); err != nil {
		panic(fmt.Errorf("candor: New at %s: %w", callSite(), err))
	}
	return a
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

// mountedAt notes that another app serves this one below a prefix.
func (a *App) mountedAt(prefix string) {
	a.sealing.Lock()
	defer a.sealing.Unlock()
	if !slices.Contains(a.prefixes, prefix) {
		a.prefixes = append(a.prefixes, prefix)
	}
}
