package candor

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"reflect"
	"slices"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/candor-go/candor/internal/background"
	"github.com/candor-go/candor/internal/callsite"
	"github.com/candor-go/candor/internal/credentials"
	"github.com/candor-go/candor/internal/develop"
	"github.com/candor-go/candor/internal/lifecycle"
	"github.com/candor-go/candor/internal/mountpath"
	"github.com/candor-go/candor/internal/openapi"
	"github.com/candor-go/candor/internal/operation"
	"github.com/candor-go/candor/internal/responsecache"
	"github.com/candor-go/candor/internal/schema"
)

// App is an API: its routes, its document and the configuration they share. It is an http.Handler, and safe for
// concurrent use once it is sealed.
type App struct {
	Router
	// site is the call site of New.
	site *callsite.Site
	// born is the number of routers that existed before this app. Routers made later are expected to be included
	// somewhere.
	born      int
	config    Config
	programs  *programs
	errors    *errorWriter
	sealing   sync.Mutex
	table     atomic.Pointer[table]
	faulty    sync.Once
	overrides map[reflect.Type]*provider
	// checks are the health checks that have an input.
	checks []*sharedNode
	tasks  *background.Runner
	// dev is nil unless Config.Dev is on.
	dev    *develop.Mode
	rates  *rateStores
	caches *responsecache.Caches
	life   lifecycle.Life
	// unstarted makes the log entry appear only once.
	unstarted sync.Once
	// mounts are the apps that mount this one; guarded by sealing.
	mounts []mountPoint
}

// mountPoint is an app and a prefix at which another app is mounted.
type mountPoint struct {
	parent *App
	prefix string
}

// New makes an app. The options apply to all of its routes. An invalid configuration or option panics.
func New(config Config, options ...Option) *App {
	a := &App{site: callsite.Here(), config: config, born: unincluded.Made()}
	a.overrides = map[reflect.Type]*provider{}
	a.errors = &errorWriter{log: cmp.Or(config.Logger, slog.Default()), messages: config.Message}
	if config.ProblemDetails {
		a.errors.format = problemFormat()
	}
	if config.Dev {
		a.dev = develop.New(a.errors.log, a.title(), a.documentForDev)
		a.errors.dev = a.dev
	}
	a.rates = newRateStores(config.RateStore, a.errors.log)
	a.caches = responsecache.New(config.CacheStore, config.Title+"\n"+config.Version, a.errors.log)
	a.tasks = background.NewRunner(config.OnTaskError, a.errors.logTask, a.dev.TaskAttrs)
	var err error
	info := config.info()
	if a.own, err = applyAll(options); err == nil {
		err = errors.Join(checkRootPath(config.RootPath), credentials.Challenge(config.Challenge).Check(), info.Check(), config.Limits.Multipart.check(), config.checkTLS())
	}
	if err == nil {
		a.programs, err = newPrograms(config.Rules, config.Codecs, config.Schemas)
	}
	if err == nil {
		a.errors.codecs = a.programs.compiler.codecs
	}
	if err != nil {
		panic(fmt.Errorf("candor: New at %s: %w", a.site, err))
	}
	// root distinguishes the app's own router from one created by NewRouter, which has no app yet.
	a.root = a.programs
	return a
}

// ServeHTTP serves a request, and seals the app if that has not happened yet. An app with configuration errors logs
// them once and responds with 500. An app with shared providers or a lifespan that nobody started responds with 503 and
// Retry-After, and logs once what has to be started; use [App.Start] where the app is a handler of your own server.
func (a *App) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	a.serve(w, r, false)
}

// ownServer is the handler of App.Serve.
type ownServer struct{ app *App }

// ServeHTTP implements http.Handler.
func (s ownServer) ServeHTTP(w http.ResponseWriter, r *http.Request) { s.app.serve(w, r, true) }

// serve serves a request. direct means that net/http has called it, so that nobody else reads the header of the response.
func (a *App) serve(w http.ResponseWriter, r *http.Request, direct bool) {
	// Nearly all requests: the app is sealed, and no lock is needed.
	if t := a.table.Load(); t != nil && t.open {
		t.serve(w, r, direct)
		return
	}
	if a.dev != nil {
		a.dev.Serve(w, r, func(w http.ResponseWriter, r *http.Request) { a.serveStarted(w, r, false) }, a.operationOf)
		return
	}
	a.serveStarted(w, r, direct)
}

// serveStarted seals the app if it is not, and refuses requests before it has started.
func (a *App) serveStarted(w http.ResponseWriter, r *http.Request, direct bool) {
	t := a.table.Load()
	if t == nil {
		var err error
		if t, err = a.sealed(); err != nil {
			a.faulty.Do(func() { a.errors.log.Error("the app cannot serve", "error", err) })
			a.errors.write(w, r, errInternal)
			return
		}
	}
	if len(t.waiting) > 0 && !a.life.HasValues() && !t.isUnguarded(r) {
		a.refuseUnstarted(t, w, r)
		return
	}
	t.serve(w, r, direct)
}

func (a *App) title() string { return cmp.Or(a.config.Title, "API") }

// documentForDev returns the document, or nil if it cannot be written; requests for the document report that error. The
// request that asks for it has its response by then, and must not lose it to a hook that panics or ends its goroutine.
func (a *App) documentForDev() (data []byte) {
	_ = background.Isolated(context.Background(), func(context.Context) error {
		form, err := a.table.Load().document.form(OpenAPI32)
		if err == nil {
			data = form.Bytes()
		}
		return err
	})
	return data
}

// operationOf returns the operation that serves the request.
func (a *App) operationOf(r *http.Request) (op develop.Operation) {
	t := a.table.Load()
	if t == nil { // the app has configuration errors
		return op
	}
	e, _ := t.match(r, nil)
	if e == nil {
		return op
	}
	op = develop.Operation{Operation: &e.operation, Path: t.document.operations.pathOf(e), Site: e.route.site.String()}
	if e.route.mounted != nil {
		op.Prefix = strings.TrimSuffix(e.pattern.String(), mountpath.Suffix)
	}
	return op
}

// refuseUnstarted responds with 503 to a request that needs shared providers or a lifespan that is not running.
func (a *App) refuseUnstarted(t *table, w http.ResponseWriter, r *http.Request) {
	a.unstarted.Do(func() {
		a.errors.log.ErrorContext(r.Context(), "the app is not started, so it responds with 503", "waiting", strings.Join(t.waiting, ", "),
			"fix", "call app.Start before the server that it is a handler of begins, or serve it by app.Run or app.Serve; a mounted app starts with the *App that mounts it")
	})
	a.errors.write(w, r, errUnstarted)
}

// Routes lists what the app serves, in the order of registration, with one entry for each method and path; inclusions
// and aliases have their own entries. The routes of the document and its pages are left out. Routes seals the app and
// panics on configuration errors.
func (a *App) Routes() []RouteInfo {
	a.Seal()
	t := a.table.Load()
	var list []RouteInfo
	for _, e := range t.endpoints {
		if e.route.docs == "" {
			info := e.routeInfo()
			info.Tags, info.Steps = slices.Clone(info.Tags), e.stepNames()
			list = append(list, info)
		}
	}
	return list
}

// mountedAt records that another app serves this one below a prefix.
func (a *App) mountedAt(m mountPoint) {
	a.sealing.Lock()
	defer a.sealing.Unlock()
	if !slices.Contains(a.mounts, m) {
		a.mounts = append(a.mounts, m)
	}
}

// bases returns the prefixes under which clients reach the app.
func (a *App) bases() []string {
	if a.config.RootPath != "" {
		return []string{a.config.RootPath}
	}
	// Unlocked before the parents lock theirs, so that no two locks are held at once.
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

// mounted returns the apps that this router or a router below it mounts.
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

// serves reports whether other is a itself, or mounted in it at any depth.
func (a *App) serves(other *App, seen map[*App]bool) bool {
	if a == other {
		return true
	}
	if seen[a] {
		return false
	}
	seen[a] = true // guards against endless recursion when apps mount each other
	return slices.ContainsFunc(a.mounted(), func(sub *App) bool { return sub.serves(other, seen) })
}

func (a *App) newDocument(info operation.Info, edit documentEdit) (d *document) {
	return newDocument(func() (*schema.Encoded, error) {
		// Apps that mount this one may be sealed later, so the servers are computed when the document is built.
		var bases []string
		if a.config.RootPath != "" || len(info.Servers) == 0 {
			bases = a.bases()
		}
		info.ServeAt(bases)
		additions := a.programs.compiler.schemas
		additions.Split = a.config.SplitSchemas
		if comments := a.config.Source; comments != nil {
			if err := comments.Read(); err != nil {
				return nil, fmt.Errorf("Config.Source: %w", err)
			}
			additions.Comments = comments
		}
		return buildDocument(&a.config, &info, d.operations, openapi.Options{Schema: additions, EditDocument: edit})
	})
}

// WriteOpenAPI seals the app and writes its OpenAPI 3.1 document as JSON. The bytes are the same on every run.
func (a *App) WriteOpenAPI(w io.Writer) error { return a.WriteOpenAPIAs(w, OpenAPI31) }

// WriteOpenAPIAs is [App.WriteOpenAPI] for any format of the document.
func (a *App) WriteOpenAPIAs(w io.Writer, format DocumentFormat) error {
	t, err := a.sealed()
	if err != nil {
		return err
	}
	form, err := t.document.form(format)
	if err != nil {
		return err
	}
	return form.Send(w)
}

// pagePath returns the path of a page of the app, "" if it is not served.
func (a *App) pagePath(configured, byDefault string) string {
	return a.config.Docs.path(configured, byDefault)
}

// Invalidate drops all cached responses that carry one of the tags, in Config.CacheStore and in the stores that options
// name. If a store fails, Invalidate returns the error; the responses are still dropped in this process at once, and in
// the store as soon as it can be reached again.
func (a *App) Invalidate(ctx context.Context, tags ...string) error {
	return a.caches.Invalidate(ctx, tags)
}

func (a *App) override(p *provider, options []ProvideOption) {
	err := p.prepare(options)
	switch {
	case a == nil:
		err = errNilRouter
	case a.Router.sealed.Load():
		err = errSealed
	}
	if err != nil {
		panic(p.configError(err))
	}
	// The last override wins, so that a test can replace what its helper has set up.
	a.overrides[p.Key] = p
}
