package candor

import (
	"cmp"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"sort"
	"strings"

	"github.com/candor-go/candor/internal/codec"
	"github.com/candor-go/candor/internal/credentials"
	"github.com/candor-go/candor/internal/dependency"
	"github.com/candor-go/candor/internal/form"
	"github.com/candor-go/candor/internal/mediatype"
	"github.com/candor-go/candor/internal/mountpath"
	"github.com/candor-go/candor/internal/operation"
	"github.com/candor-go/candor/internal/operationindex"
	"github.com/candor-go/candor/internal/pathtree"
	"github.com/candor-go/candor/internal/routing"
	"github.com/candor-go/candor/internal/sorted"
	"github.com/candor-go/candor/internal/typeinfo"
)

// builder builds the routing table of an app, and collects configuration errors on the way.
type builder struct {
	app       *App
	shared    *appShared
	table     *table
	documents []documentSource
	mounts    []submount
	errs      []error
	// schemes are the security schemes that fields name.
	schemes map[string]*operation.SecurityScheme
	// errorHandlers are the compiled error handlers of each router that has any.
	errorHandlers map[*Router][]*errorHandler
	// shapes has the first documented pattern of each shape.
	shapes map[string]*pathtree.Pattern
	// graph finds dependencies, among the providers of scopes; providers has those that it knows.
	graph       dependency.Graph
	scopes      map[*Router]*dependency.Scope
	providers   map[*dependency.Provider]*provider
	sharedNodes map[*provider]*sharedNode
	keys        *typeinfo.Keys
	// reading is the plan for bodies of the last endpoint.
	reading *readingPlan
	// dropping are the endpoints that may invalidate cache tags.
	dropping []*endpoint
}

// scope is what a route, or the content of a router, inherits.
type scope struct {
	prefix string
	set    *settings
	// chain are the enclosing routers, innermost first.
	chain []*Router
	// inclusions are the call sites of the inclusions that lead here.
	inclusions []string
	documents  []scopeDocument
}

// scopeDocument is a document that covers a scope, and whether its operations are hidden in it.
type scopeDocument struct {
	document *document
	hidden   bool
}

// into returns the scope inside something with a prefix and settings.
func (s scope) into(prefix string, own *settings) scope {
	s.prefix += prefix
	s.set = own.inherit(s.set)
	if own.hidden {
		// Cloned, because sibling scopes share the list and are not hidden.
		s.documents = slices.Clone(s.documents)
		for i := range s.documents {
			s.documents[i].hidden = true
		}
	}
	return s
}

// enter returns the scope inside a router.
func (s scope) enter(r *Router) scope {
	s = s.into(r.prefix, r.own)
	s.chain = append([]*Router{r}, s.chain...)
	return s
}

// documentSource is a document whose routes are to be added.
type documentSource struct {
	own      *ownDocs
	document *document
	title    string
	// scope is the one inside the router.
	scope scope
}

// submount is an app that the app being sealed mounts.
type submount struct {
	app      *App
	prefix   string
	endpoint *endpoint
}

func buildTable(a *App) (*table, error) {
	b := builder{app: a, schemes: map[string]*operation.SecurityScheme{}, errorHandlers: map[*Router][]*errorHandler{}, shapes: map[string]*pathtree.Pattern{}, keys: typeinfo.NewKeys(a.config.ForeignTags), table: &table{
		routes: routing.Table{Redirects: !a.config.NoRedirectSlashes, RootPath: a.config.RootPath},
	}}
	b.startGraph()
	b.table.errors = a.errors.with(b.errorHandlersOf([]*Router{&a.Router}))
	b.shared = &appShared{
		programs: a.programs, dev: a.dev, tasks: a.tasks, checks: a.config.ResponseChecks, rates: a.rates, caches: a.caches,
		writeLimit: cmp.Or(a.config.Limits.Write, defaultWriteLimit), middlewareOfApp: len(a.own.middleware), challenge: a.config.Challenge,
		root: RootPath(a.config.RootPath), log: a.errors.log,
	}
	// Middleware of the app also runs for requests without a route, and it needs an endpoint to read from.
	b.table.nowhere = &endpoint{appShared: b.shared, errors: b.table.errors, route: &route{set: noSettings}, set: noSettings, credentialPlan: noCredentials, readingPlan: &readingPlan{}}
	var err error
	if b.table.unrouted, err = wrap(http.HandlerFunc(b.table.serveNothing), b.table.nowhere, a.own.middleware, nil); err != nil {
		return nil, fmt.Errorf("candor: New at %s: %w", a.site, err)
	}
	whole := &ownDocs{site: a.site, name: "Config.Docs", docs: a.config.Docs}
	b.router(&a.Router, scope{set: noSettings, documents: []scopeDocument{b.documented(scope{set: noSettings}, &a.Router, whole)}})
	b.dropTags()
	b.checks()
	b.patches()
	b.checkEffects()
	b.checkOverrides()
	b.indexes()
	// The pages come after all routes, so that a conflict is reported as the error of the page.
	b.docs()
	// A guard of the pages may be the only function that reads a scheme.
	b.checkUnusedSchemes()
	b.sealMounted()
	if err := joinNew(b.errs...); err != nil {
		return nil, err
	}
	b.addShared()
	// Only an app without configuration errors closes its routers.
	b.table.waiting = b.table.waitsFor()
	b.table.open = b.app.dev == nil && len(b.table.waiting) == 0
	for _, r := range a.withIncluded(nil) {
		r.sealed.Store(true)
	}
	return b.table, nil
}

// dropTags documents the responses that a strict store adds to operations that invalidate tags. Any route may configure
// the store, so this is known only at the end.
func (b *builder) dropTags() {
	if !b.app.caches.IsStrict() {
		return
	}
	for _, e := range b.dropping {
		e.raises(http.StatusServiceUnavailable, "The cache is not available", errNoCache)
	}
}

// patches finds the GET and the PUT of each PATCH made by AutoPatch, and documents the PATCH.
func (b *builder) patches() {
	for _, e := range b.table.endpoints {
		rt, ok := e.route.asPatch()
		if !ok {
			continue
		}
		get, put := b.beside(e, rt.get, http.MethodGet), b.beside(e, rt.put, http.MethodPut)
		if get != nil && put != nil { // otherwise their own errors say why
			e.plain = rt.plan(e, get, put)
		}
	}
}

// beside finds the endpoint of another route at the same path, nil if there is none.
func (b *builder) beside(e *endpoint, rt *route, method string) *endpoint {
	i := slices.IndexFunc(b.table.endpoints, func(other *endpoint) bool {
		return other.route == rt && other.method == method && other.pattern.String() == e.pattern.String()
	})
	if i < 0 {
		return nil
	}
	return b.table.endpoints[i]
}

// documented starts a document for the content of a router in a scope.
func (b *builder) documented(s scope, r *Router, own *ownDocs) scopeDocument {
	info, whole, edit := own.info, b.app.config.info(), own.edit
	info.Inherit(&whole)
	if edit == nil {
		edit = b.app.config.EditDocument
	}
	own = own.inherit(&b.app.config.Docs)
	d := b.app.newDocument(info, edit)
	if b.table.document == nil {
		b.table.document = d
	}
	b.documents = append(b.documents, documentSource{own: own, document: d, title: info.Title, scope: s.enter(r)})
	return scopeDocument{document: d}
}

// indexes gives the operations of each document their paths and ids. The id that functions see is the one in the app's
// document.
func (b *builder) indexes() {
	defer func() {
		x := b.table.document.operations
		for at, e := range x.operations {
			e.operationID = x.IDs[at]
		}
	}()
	var all []*operationIndex
	for _, p := range b.documents {
		var configErrs []error
		p.document.operations, configErrs = indexOperations(p.document.endpoints, p.document.webhooks, b.app.config.OperationID)
		b.errs = append(b.errs, configErrs...)
		if len(configErrs) > 0 {
			return // the other documents would repeat them
		}
		all = append(all, p.document.operations)
	}
	b.errs = append(b.errs, checkLinks(all)...)
}

// docs registers the routes of documents and pages.
func (b *builder) docs() {
	for _, p := range b.documents {
		routes, err := p.own.routes(p.document, p.scope.prefix, p.title)
		if err != nil {
			b.errs = append(b.errs, err)
		}
		set := p.scope.set.unguarded()
		broken := ""
		for _, rt := range routes {
			if rt.docs == broken {
				continue // a page that is not served needs no files
			}
			known := len(b.errs)
			b.path(rt, scope{set: set, chain: p.scope.chain}.into(rt.path, rt.set))
			if len(b.errs) > known {
				broken = rt.docs
			}
		}
	}
}

// sealMounted seals the mounted apps, so that their configuration errors are reported with the app's own.
func (b *builder) sealMounted() {
	for _, m := range b.mounts {
		if len(b.errs) > 0 {
			return
		}
		// A cycle must be found first: Check would wait for the lock that this sealing holds.
		if m.app.serves(b.app, map[*App]bool{}) {
			b.fail(m.endpoint.route, errors.New("the app would contain itself; mount another"))
			continue
		}
		if err := m.app.Check(); err != nil {
			b.fail(m.endpoint.route, fmt.Errorf("the mounted app has configuration errors: %w", err))
			continue
		}
		m.app.mountedAt(mountPoint{parent: b.app, prefix: m.prefix})
	}
}

// withIncluded lists a router and all routers below it.
func (r *Router) withIncluded(found []*Router) []*Router {
	found = append(found, r)
	for _, it := range r.items {
		if it.inclusion != nil {
			found = it.inclusion.router.withIncluded(found)
		}
	}
	return found
}

// router adds everything that a router holds.
func (b *builder) router(r *Router, outside scope) {
	inside := outside.enter(r)
	inside.documents = slices.Clone(inside.documents)
	// A document also covers routes that were registered before it, so all documents are collected first.
	for _, it := range r.items {
		if it.docs != nil {
			inside.documents = append(inside.documents, b.documented(outside, r, it.docs))
		}
	}
	b.lifespans(r, inside.chain)
	b.webhooks(r, inside)
	for _, it := range r.items {
		switch {
		case it.route != nil:
			b.route(it.route, inside)
		case it.inclusion != nil:
			b.router(it.inclusion.router, inside.including(it.inclusion))
		}
	}
}

// lifespans records what a router holds that lives as long as the app.
func (b *builder) lifespans(r *Router, chain []*Router) {
	for _, p := range r.providers {
		b.tagKeysOfProvider(p)
		b.asks(p)
		switch {
		case p.Kind != dependency.Shared:
			continue
		case b.app.overrides[p.Key] != nil:
			b.graph.Asked[p.Key] = true // it would be started
			continue
		}
		if err := b.graph.Share(&p.Provider, b.scopesOf(chain)); err != nil {
			b.errs = append(b.errs, p.configError(err))
		}
	}
	for _, l := range r.lifespans {
		// A router that is included twice still has its lifespan once.
		if !slices.Contains(b.table.lifespans, l) {
			b.table.lifespans = append(b.table.lifespans, l)
		}
	}
}

// including returns the scope of an included router.
func (s scope) including(i *inclusion) scope {
	s = s.into(i.prefix, &i.own)
	// Cloned, because sibling inclusions would append to the same list.
	s.inclusions = append(slices.Clone(s.inclusions), i.site.String())
	return s
}

// route makes the endpoints of a route and its aliases.
func (b *builder) route(rt *route, s scope) {
	if rt.mounted != nil && !rt.fallback || rt.unguarded {
		s.set = s.set.unguarded()
	}
	if rt.isPatch() {
		// The guards of its GET and its PUT guard the PATCH; they must not run twice.
		s.set = s.set.unguarded()
		s.set.cache = nil
	}
	b.path(rt, s.into(rt.path, rt.set))
	for _, a := range rt.set.aliases {
		b.path(rt, s.into(a.path, rt.set).into("", a.own))
	}
}

// path makes the endpoints of a route at one path, the scope's prefix.
func (b *builder) path(rt *route, s scope) {
	pattern := rt.pattern
	// The registration has already parsed the path; only a prefix or an alias needs another pattern.
	if pattern == nil || pattern.String() != s.prefix {
		var err error
		if pattern, err = pathtree.Parse(s.prefix); err != nil {
			b.errs = append(b.errs, s.configError(rt, err))
			return
		}
	}
	handlers := b.errorHandlersOf(s.chain)
	for _, method := range rt.methods {
		// The slices are clipped, because an endpoint may append to what all endpoints share.
		e := &endpoint{
			appShared: b.shared, route: rt, method: method, pattern: pattern, documented: b.inDocument(pattern, s), set: s.set, inclusions: s.inclusions,
			errorHandlers:  handlers,
			errors:         b.app.errors.with(handlers),
			added:          slices.Clip(s.set.headers),
			raisedTypes:    slices.Clip(s.set.raisedTypes),
			readingPlan:    b.readingPlan(s.set),
			credentialPlan: noCredentials,
			// RFC 10008, section 2: a QUERY without a Content-Type must not be guessed.
			loose: s.set.looseType != nil && *s.set.looseType && method != mediatype.MethodQuery,
		}
		b.endpoint(e, s)
	}
}

// readingPlan returns the limits and rules for bodies.
func (b *builder) readingPlan(set *settings) *readingPlan {
	config := &b.app.config
	plan := readingPlan{
		decode:       codec.Options{Echo: config.EchoInput, ForbidExtra: set.forbidExtra},
		maxBody:      cmp.Or(set.maxBody, config.MaxBody, defaultMaxBody),
		maxMultipart: cmp.Or(set.maxBody, config.MaxBody, defaultMaxMultipart),
	}
	plan.multipart = form.Limits(set.multipart.or(config.Limits.Multipart)).WithDefaults(plan.maxBody)
	// Endpoints that follow each other mostly have the same one.
	if b.reading == nil || *b.reading != plan {
		own := plan
		b.reading = &own
	}
	return b.reading
}

// inDocument returns the pattern that represents one in documents: the first of its shape, because OpenAPI allows no
// two paths that differ only in the names of wildcards.
func (b *builder) inDocument(p *pathtree.Pattern, s scope) *pathtree.Pattern {
	isShown := func(l scopeDocument) bool { return !l.hidden }
	if len(p.Names()) == 0 || !slices.ContainsFunc(s.documents, isShown) {
		return p
	}
	shape := operationindex.WithoutRemainder(p.Shape())
	if b.shapes[shape] == nil {
		b.shapes[shape] = p
	}
	return b.shapes[shape]
}

// errorHandlersOf lists the error handlers of the routers of an endpoint, in the order in which they are tried.
func (b *builder) errorHandlersOf(chain []*Router) errorHandlers {
	var all errorHandlers
	for _, r := range chain {
		own, compiled := b.errorHandlers[r]
		if !compiled && len(r.errorHandlers) > 0 {
			var err error
			if own, err = compileErrorHandlers(b.app.programs.compiler, r.errorHandlers, b.app.config.ResponseChecks); err != nil {
				b.errs = append(b.errs, err)
			}
			// Kept even with an error, which each endpoint of the router would otherwise repeat.
			b.errorHandlers[r] = own
		}
		all = append(all, own...)
	}
	return all.asked()
}

// endpoint compiles an endpoint and adds it to the table.
func (b *builder) endpoint(e *endpoint, s scope) {
	if err := b.compile(e, s); err != nil {
		b.errs = append(b.errs, s.configError(e.route, err))
		return
	}
	b.tagKeysOf(e, s)
	if e.dropsTags() {
		b.dropping = append(b.dropping, e)
	}
	if sub, ok := e.route.mounted.(*App); ok {
		b.mount(sub, e)
	}
	err := cmp.Or(b.wrap(e), e.errorHandlers.checkRaised(e.raisedTypes))
	if err == nil {
		err = b.add(e, s)
	}
	if err != nil {
		b.errs = append(b.errs, s.configError(e.route, err))
	}
}

// compile compiles an endpoint with its dependencies, and checks what its options and types say together.
func (b *builder) compile(e *endpoint, s scope) error {
	resolve := func(e *endpoint) (before, after []step, err error) { return b.dependencies(e, s.chain) }
	if err := e.compile(b.app.programs, resolve); err != nil {
		return err
	}
	e.acceptQuery()
	e.deprecate()
	return errors.Join(b.checkCredentials(e), e.checkRaw(), e.checkParameters(b.app.programs.compiler), e.checkAnnotations(b.app.programs.compiler), b.callbacks(e), e.compileCache(b.app.caches))
}

// mount records an app that is served by an endpoint, to be sealed with this one.
func (b *builder) mount(sub *App, e *endpoint) {
	if !slices.Contains(b.table.mounted, sub) {
		b.table.mounted = append(b.table.mounted, sub)
	}
	b.mounts = append(b.mounts, submount{app: sub, prefix: strings.TrimSuffix(e.pattern.String(), mountpath.Suffix), endpoint: e})
	e.plain = mountpath.WithRoot(b.app.config.RootPath, e.plain)
}

// add adds an endpoint to the table of routes and to the documents that cover it.
func (b *builder) add(e *endpoint, s scope) error {
	to := b.table.routes.Add
	if e.route.fallback {
		to = b.table.routes.AddFrontend
	}
	if other, ok := to(e.pattern, routing.Route{Method: e.method, Number: len(b.table.endpoints), IsPatch: e.route.isPatch()}); !ok {
		return taken(e, b.table.endpoints[other], s)
	}
	b.table.endpoints = append(b.table.endpoints, e)
	for _, l := range s.documents {
		if !l.hidden {
			l.document.endpoints = append(l.document.endpoints, e)
		}
	}
	return nil
}

// tagKeysOf checks the tag keys in the types of an endpoint and its dependencies.
func (b *builder) tagKeysOf(e *endpoint, s scope) {
	if err := b.keysOfRoute(e.route, e.set); err != nil {
		b.errs = append(b.errs, s.configError(e.route, err))
	}
	for _, n := range e.nodes {
		if n.provider != nil {
			b.tagKeysOfProvider(n.provider)
		}
	}
	for _, c := range e.errorHandlers {
		if err := errors.Join(b.keysOfOutput(c.output), b.keysOfDeclared(c.set)); err != nil {
			b.errs = append(b.errs, c.configError(err))
		}
	}
}

// tagKeysOfProvider checks the input of a provider, a guard or a wrapper.
func (b *builder) tagKeysOfProvider(p *provider) {
	if p.desc == nil {
		return
	}
	if err := errors.Join(b.keysOfInput(p.desc), b.keysOfDeclared(&p.set)); err != nil {
		b.errs = append(b.errs, p.configError(err))
	}
}

// keysOfInput checks the tag keys in the types that a function takes.
func (b *builder) keysOfInput(in *typeinfo.Input) error {
	err := b.keys.Check(in)
	if in.Body != nil && isLines(in.Body.Type.Go) {
		// JSONLines is a function type, so the types of its items are found only here.
		err = errors.Join(err, b.keys.Check(linesOf(in.Body.Type.Go).item))
	}
	return err
}

// keysOfOutput checks the tag keys in the types of a response.
func (b *builder) keysOfOutput(out *typeinfo.Output) error {
	err := b.keys.Check(out)
	if out.Body != nil {
		err = errors.Join(err, b.keys.Check(bodyKindOf(out.Body).value.Of()))
	}
	return err
}

// keysOfRoute checks the tag keys in the types of a handler and of the responses its options declare.
func (b *builder) keysOfRoute(rt *route, set *settings) error {
	var err error
	if rt.input != nil {
		err = errors.Join(b.keysOfInput(rt.input), b.keysOfOutput(rt.output))
	}
	if rt.upgrade != nil {
		for _, t := range rt.upgrade.messages() {
			err = errors.Join(err, b.keys.Check(t))
		}
	}
	return errors.Join(err, b.keysOfDeclared(set))
}

// keysOfDeclared checks the tag keys in the types of responses that options declare.
func (b *builder) keysOfDeclared(set *settings) error {
	var configErrs []error
	for _, r := range set.responses {
		if r.body != nil {
			configErrs = append(configErrs, b.keysOfOutput(r.body))
		}
	}
	return errors.Join(configErrs...)
}

// wrap wraps an endpoint in its middleware.
func (b *builder) wrap(e *endpoint) error {
	var options http.Handler
	// Endpoints for all methods, and for OPTIONS, respond to it themselves.
	if len(e.set.middleware) > 0 && e.method != http.MethodOptions && e.method != mountpath.AnyMethod {
		options = http.HandlerFunc(b.table.routes.ServeOptions)
	}
	h, err := wrap(e, e, e.set.middleware, options)
	// Without middleware the request goes directly to the steps.
	if err == nil && len(e.set.middleware) > 0 {
		e.wrapped = h
	}
	return err
}

// asks records what a provider depends on, even one that is overridden.
func (b *builder) asks(p *provider) {
	for _, d := range p.Input.Deps {
		b.graph.Asked[d.Type] = true
	}
}

// checkOverrides finds overrides that have no effect: the test would run with the original and pass for the wrong
// reason. If there are other configuration errors, some dependencies may not have been resolved yet, so nothing is
// reported.
func (b *builder) checkOverrides() {
	if len(b.errs) > 0 {
		return
	}
	for t, p := range b.app.overrides {
		if b.graph.Asked[t] {
			continue
		}
		advice := "drop it"
		if near := dependency.Nearest(t, b.everywhere()); near != nil {
			advice = fmt.Sprintf("there is a provider of %s, registered at %s: override exactly that", near.Key, near.Site)
		}
		b.errs = append(b.errs, fmt.Errorf("candor: override of %s at %s: no route asks for a value of this type; %s", t, p.Site, advice))
	}
	// Map order is random, and the same app should report the same errors each time.
	sort.Slice(b.errs, func(i, j int) bool { return b.errs[i].Error() < b.errs[j].Error() })
}

// checkEffects finds options of an app, a router or an inclusion that affect no route below. Without any routes nothing
// is reported.
func (b *builder) checkEffects() {
	b.effectsOf(&b.app.Router, func(err error) error { return fmt.Errorf("candor: New at %s: %w", b.app.site, err) }, map[*Router]bool{})
}

func (b *builder) effectsOf(r *Router, configErr func(error) error, seen map[*Router]bool) {
	if seen[r] {
		return
	}
	// Recorded, because a router that is included twice would repeat its errors.
	seen[r] = true
	b.miss(r.own, r, configErr)
	for _, it := range r.items {
		if i := it.inclusion; i != nil {
			b.miss(&i.own, i.router, func(err error) error { return fmt.Errorf("candor: Include at %s: %w", i.site, err) })
			b.effectsOf(i.router, i.router.configError, seen)
		}
	}
}

// miss records the options in a set that have no effect below a router.
func (b *builder) miss(set *settings, r *Router, configErr func(error) error) {
	anything := func(*route) bool { return true }
	for _, e := range effects() {
		if !e.isSet(set) || r.holds(e.on) || e.reaches && r.hasWebhooks() || !r.holds(anything) {
			continue
		}
		b.errs = append(b.errs, configErr(fmt.Errorf("%s has no effect on any route below: it is for %s; drop it, or move it to where it has an effect", e.option, e.kinds)))
	}
}

// taken is the configuration error for two endpoints at one path and method.
func taken(e, other *endpoint, s scope) error {
	where := fmt.Sprintf("%s %s", e.method, e.pattern)
	switch {
	case e.route.fallback:
		return fmt.Errorf("the prefix is taken by another front end, at %s; change one of them", other.route.site)
	case e.route.mounted != nil:
		return fmt.Errorf("the prefix is taken by another mount, at %s; change one of them", other.route.site)
	case e.route.docs != "":
		return fmt.Errorf(`%s is taken by %s; choose another path for it, or leave it out with "-"`, where, other)
	// The same inclusions lead to both, so one of the paths is an alias.
	case e.route == other.route && slices.Equal(s.inclusions, other.inclusions):
		return fmt.Errorf("%s is registered twice; remove the alias or change its path", where)
	case e.route == other.route:
		return fmt.Errorf("%s is registered twice, because the router is included at %s and at %s; give one of the inclusions a Prefix",
			where, strings.Join(other.inclusions, " in "), strings.Join(s.inclusions, " in "))
	}
	return fmt.Errorf("%s is taken by %s; change the path or the method of one of them", where, other)
}

func (b *builder) fail(rt *route, err error) { b.errs = append(b.errs, rt.configError(err)) }

// configError names the route and, if it is not served at the path it was registered with, its full path and the
// inclusions that lead there.
func (s scope) configError(rt *route, err error) error {
	switch {
	case len(s.inclusions) > 0:
		err = fmt.Errorf("as %q, included at %s: %w", s.prefix, strings.Join(s.inclusions, " in "), err)
	case s.prefix != rt.path:
		err = fmt.Errorf("as %q: %w", s.prefix, err)
	}
	return rt.configError(err)
}

// Seal ends registration: it checks everything that depends on several registrations, and compiles what requests need.
// It panics with all configuration errors. Run, Serve, NewTestClient and the first request seal the app if necessary;
// sealing it again does nothing.
func (a *App) Seal() {
	if err := a.Check(); err != nil {
		panic(err)
	}
}

// Check seals the app like [App.Seal], but returns the configuration errors, joined, instead of panicking. After an
// error the app stays open for registration.
func (a *App) Check() error {
	_, err := a.sealed()
	return err
}

// sealed returns the routing table, which is built on the first call.
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
	for _, e := range t.endpoints {
		// Added before the table is published, because others may then ask a route for its endpoints.
		e.route.endpoints.add(e)
	}
	a.table.Store(t)
	// A router that was made before this app may belong to another one.
	for _, r := range unincluded.TakeSince(a.born) {
		a.errors.log.Warn("a router has routes, but nothing includes it, so they are not served", "router", r.Prefix, "at", r.Site.String())
	}
	return t, nil
}

// checkCredentials finds errors in the credentials that an endpoint asks for.
func (b *builder) checkCredentials(e *endpoint) error {
	return errors.Join(e.checkPublic(), b.checkSchemes(e), e.checkScopes(b.app.config.SecuritySchemes))
}

// checkSchemes finds fields that name no scheme, a scheme of another kind, or one that a field with other credentials
// has, too.
func (b *builder) checkSchemes(e *endpoint) error {
	declared := b.app.config.SecuritySchemes
	for _, f := range e.security {
		if f.Scheme == "" {
			continue
		}
		scheme, ok := declared[f.Scheme]
		if !operation.IsName(f.Scheme) {
			return fmt.Errorf("the field %s names the security scheme %q; use letters, digits, dots, dashes and underscores", f.Go, f.Scheme)
		}
		if !ok && f.Source == typeinfo.Security {
			return fmt.Errorf("the field %s names the security scheme %q, which Config.SecuritySchemes does not have; add it there, or drop the tag", f.Go, f.Scheme)
		}
		if err := credentials.Describes(scheme.scheme, f); err != nil {
			return err
		}
		_, described := credentials.SchemeOf(f, scheme.scheme)
		if other := b.schemes[f.Scheme]; other != nil && !other.AsksLike(described) {
			return fmt.Errorf("the field %s names the security scheme %q, as a field does whose credentials are sent in another way; give one of them another name", f.Go, f.Scheme)
		}
		b.schemes[f.Scheme] = described
	}
	return nil
}

// checkUnusedSchemes finds schemes that no field names. If an operation has other errors, or a test has overridden a
// provider, that one may name the scheme, so nothing is reported.
func (b *builder) checkUnusedSchemes() {
	if len(b.errs)+len(b.app.overrides) > 0 {
		return
	}
	for _, name := range sorted.Keys(b.app.config.SecuritySchemes) {
		if b.schemes[name] == nil {
			b.errs = append(b.errs, fmt.Errorf("candor: Config.SecuritySchemes: no input has a field with `security:%q`, so the document would describe a protection that does not exist; add the field, or drop the scheme", name))
		}
	}
}
