package candor

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/candor-go/candor/internal/background"
	"github.com/candor-go/candor/internal/bind"
	"github.com/candor-go/candor/internal/body"
	"github.com/candor-go/candor/internal/callers"
	"github.com/candor-go/candor/internal/codec"
	"github.com/candor-go/candor/internal/credentials"
	"github.com/candor-go/candor/internal/develop"
	"github.com/candor-go/candor/internal/form"
	"github.com/candor-go/candor/internal/layer"
	"github.com/candor-go/candor/internal/lazy"
	"github.com/candor-go/candor/internal/mediatype"
	"github.com/candor-go/candor/internal/mountpath"
	"github.com/candor-go/candor/internal/operation"
	"github.com/candor-go/candor/internal/pathtree"
	"github.com/candor-go/candor/internal/requestinfo"
	"github.com/candor-go/candor/internal/responsecache"
	"github.com/candor-go/candor/internal/spool"
	"github.com/candor-go/candor/internal/typeinfo"
)

// endpoint is a route at one path: one method and one full path in one app, with everything compiled that a request
// needs.
type endpoint struct {
	*appShared
	route   *route
	method  string
	pattern *pathtree.Pattern
	// documented is the pattern in the document: the first one registered of its shape, whose wildcards may have other
	// names.
	documented *pathtree.Pattern
	set        *settings
	// webhook is set for a request that the API sends, which is only documented; callbacks are the callbacks of this
	// operation.
	webhook   *webhook
	callbacks []*endpoint
	// inclusions are the calls of Include that lead to the route's router.
	inclusions []string

	// nodes are the functions that a request runs, the handler first.
	nodes []*node
	// params are all parameters that they read.
	params operation.Parameters
	*credentialPlan
	body *bodyPlan
	// afterReading are the steps that need the bytes of the body, before it is decoded.
	afterReading []step
	// closed is nil if unknown keys are allowed.
	closed   *bind.Extras
	response *responsePlan
	plain    http.Handler
	// operationID is the id in the app's document, "" for an operation that is hidden there.
	operationID string
	// errorHandlers are the handlers that errors tries, in that order.
	errorHandlers errorHandlers
	errors        *errorWriter
	// cache is nil if responses are not cached.
	cache *responsecache.Plan
	// operation is what middleware can learn about the endpoint.
	operation layer.Operation
	// preflight responds to CORS preflight requests; nil if no CORS middleware wraps the endpoint.
	preflight http.Handler
	// raised are the responses that middleware sends by itself, declared those that the user declared.
	raised   []ownResponse
	declared []declaredBody
	// added are the headers that middleware adds, for the document.
	added []addedHeader
	// raisedTypes are the declared error types that an OnError handles.
	raisedTypes []reflect.Type
	*readingPlan
	// always are the headers of every response.
	always []alwaysHeader
	// callers are the recent clients of a deprecated operation, nil for any other.
	callers *callers.Seen
	// upgrade runs a handler that takes over the connection, nil for any other.
	upgrade func(x *exchange) error
	// steps are the steps of a request, in order.
	steps []step
	// validAt is the first step that only valid requests reach.
	validAt int
	// wrapped is the handler with its middleware; nil without middleware.
	wrapped   http.Handler
	exchanges sync.Pool
	// The flags stand together, which saves the gaps after each: a large service has thousands of endpoints.

	// overridden means that a test has replaced a provider.
	overridden bool
	// setsHeader means that a function takes the header of the response as an input.
	setsHeader bool
	// loose means that a body without a media type is read as JSON.
	loose bool
	// streamsLate means that some wrappers end before the stream begins, so that the stream is written outside of them.
	streamsLate bool
	// repeats means that a provider may run the steps after it again; takesRequest means that a function gets the
	// request, whose body it may read.
	repeats, takesRequest bool

	// inline holds the first node, which is the only one of most endpoints, and what it reads, to save allocations.
	inline struct {
		first  node
		nodes  [1]*node
		params [2]*typeinfo.Field
	}
}

// readingPlan says how bodies are read. Endpoints with the same settings share it.
type readingPlan struct {
	decode  codec.Options
	maxBody int64
	// maxMultipart is the limit of bodies that are not held in memory.
	maxMultipart int64
	// multipart holds the limits of multipart forms.
	multipart form.Limits
}

// names returns the names of the pattern's wildcards, which the caller must not change.
func (e *endpoint) names() []string {
	if e.pattern == nil {
		return nil
	}
	return e.pattern.SharedNames()
}

// appShared is what all endpoints of an app share.
type appShared struct {
	programs *programs
	// dev is nil unless the app is under development.
	dev    *develop.Mode
	tasks  *background.Runner
	checks ResponseChecks
	rates  *rateStores
	caches *responsecache.Caches
	// writeLimit is how long one write of a stream or a WebSocket may make no progress.
	writeLimit time.Duration
	// middlewareOfApp is how many of the middleware functions belong to the app.
	middlewareOfApp int
	// unknown has the names of middleware that no operation knows about.
	unknown   lazy.Seen
	challenge Challenge
	root      RootPath
	log       *slog.Logger
}

// node is one function of an endpoint: its handler, or one of its dependencies.
type node struct {
	function *function
	desc     *typeinfo.Input
	input    *inputPlan
	// deps are copied into the input right before the function is called.
	deps []wire
	// provider is nil for the handler.
	provider *provider
	// at is the index of the step that runs the node.
	at int
	// lazy means that a Lazy field may ask for the value; waits means that the node runs only then.
	lazy, waits bool
	// reads means that the node reads more of a request than its body.
	reads bool
}

// wire copies a value into a field of an input: one made by another node in the same request, or one that lives as long
// as the app.
type wire struct {
	index  []int
	node   int
	value  reflect.Value
	copier copier
	// lazy means that the field is a Lazy.
	lazy bool
}

// compile compiles the endpoint. dependencies adds the nodes the handler depends on, and returns the steps that run
// them.
func (e *endpoint) compile(c *programs, dependencies func(*endpoint) (before, after []step, err error)) (err error) {
	e.inline.first = node{function: e.route.handler, desc: e.route.input}
	e.nodes = append(e.inline.nodes[:0], &e.inline.first)
	e.params.Fields = e.inline.params[:0]
	if e.route.handler == nil {
		e.compilePlain()
		// Nothing runs before the handler, so there are no steps and ServeHTTP calls it directly.
		if len(e.set.requirements) == 0 && e.set.limit() == 0 {
			return nil
		}
	}
	before, after, err := dependencies(e)
	if err != nil {
		return err
	}
	// All nodes are known now. This must come before the challenges below, which need their credentials.
	e.gather()
	if e.webhook == nil {
		e.compileChallenges(e.challenge)
	}
	for _, n := range e.nodes {
		if n.input, err = c.compileInput(n.desc, e.method, e.names(), e.publicNames()); err != nil {
			return err
		}
		n.reads = readsMore(n.desc)
	}
	e.setFlags()
	e.forbidUnknown()
	// A plain handler reads wildcards and writes the response by itself, so the following checks do not apply.
	if e.plain != nil {
		e.steps = e.compileSteps(before, after, e.handleStep())
		return nil
	}
	if err = e.bindsEveryWildcard(); err != nil {
		return err
	}
	if e.response, err = c.compileOffered(e.route.output, e.set.status, e.set.produces); err != nil {
		return err
	}
	e.body = e.nodes[0].input.body
	final := []step{e.handleStep(), {name: "encode the response", run: (*exchange).encode}}
	if e.dropsTags() {
		final = append(final, step{name: "announce stale tags", run: (*exchange).announce})
	}
	if e.route.upgrade != nil {
		// An upgrade calls the handler itself, once it has the connection.
		final = nil
		if e.upgrade, err = e.route.upgrade.compile(c.compiler); err != nil {
			return err
		}
	}
	if !e.streamsLate && (e.upgrade != nil || !e.response.kind.whole) {
		final = append(final, e.streamStep())
	}
	e.steps = e.compileSteps(before, after, final...)
	return nil
}

// publicNames returns the names of the wildcards in the document.
func (e *endpoint) publicNames() []string {
	if e.documented == nil || e.documented == e.pattern {
		return e.names()
	}
	return e.documented.Names()
}

// nothing is used as the function of a handler without types.
func nothing() *function {
	return madeNothing.Get(func() *function {
		return erase(func(context.Context, None) (None, error) { return None{}, nil })
	})
}

var madeNothing lazy.Value[*function]

// setFlags records what any of the nodes does.
func (e *endpoint) setFlags() {
	for _, n := range e.nodes {
		e.setsHeader = e.setsHeader || slices.ContainsFunc(n.desc.Ready, isReady[ResponseHeader])
		e.takesRequest = e.takesRequest || slices.ContainsFunc(n.desc.Ready, isReady[*http.Request])
		e.repeats = e.repeats || n.provider != nil && n.provider.set.attempts > 0
	}
}

// forbidUnknown forbids unknown query parameters and cookies, if a node or an option asks for it.
func (e *endpoint) forbidUnknown() {
	query, cookies := e.set.forbidExtra, false
	for _, n := range e.nodes {
		query = query || n.desc.Strict
		cookies = cookies || n.desc.StrictCookies
	}
	if !query && !cookies {
		return
	}
	e.closed = &bind.Extras{Query: query, Cookies: cookies}
	for _, n := range e.nodes {
		e.closed.Add(n.input.params, n.desc)
	}
}

// readsRaw reports whether a function of the endpoint takes the bytes of the body.
func (e *endpoint) readsRaw() bool {
	return slices.ContainsFunc(e.nodes, func(n *node) bool { return takesRaw(n.desc) })
}

// gather adds what the nodes declare to the description of the endpoint.
func (e *endpoint) gather() {
	var declared []declaredBody
	var headers []addedHeader
	var security []*typeinfo.Field
	var choices []credentials.Choice
	scopes := slices.Clip(e.set.scopes) // shared with other endpoints
	for _, n := range e.nodes {
		if n.provider != nil {
			declared = overlay(declared, n.provider.set.responses)
			headers = append(headers, n.provider.set.headers...)
			e.raisedTypes = appendNew(e.raisedTypes, n.provider.set.raisedTypes)
			if !e.set.public {
				scopes = appendNew(scopes, n.provider.set.scopes)
			}
		}
		for _, f := range n.desc.Params {
			e.params.Add(f)
			for _, alias := range f.Aliases {
				e.params.Add(alias)
			}
		}
		security = append(security, credentials.Fields(n.desc)...)
		choices = append(choices, credentials.Choices(n.desc)...)
	}
	if len(declared) > 0 || len(scopes) > len(e.set.scopes) {
		// Copied, because other endpoints share the settings.
		e.set = e.set.copy()
		e.set.responses, e.set.scopes = overlay(declared, e.set.responses), scopes
	}
	e.added = append(e.added, headers...)
	if len(security) > 0 {
		e.credentialPlan = &credentialPlan{security: security, choices: choices}
		e.scoped = e.scopedFields()
	}
}

// compilePlain compiles a plain http.Handler, or a mounted one.
func (e *endpoint) compilePlain() {
	e.inline.first = node{function: nothing(), desc: &typeinfo.Input{Go: nothing().in}}
	e.plain = e.route.plain
	if e.route.mounted != nil {
		e.plain = mountpath.Strip(strings.TrimSuffix(e.pattern.String(), mountpath.Suffix), e.route.mounted)
	}
}

func (e *endpoint) bindsEveryWildcard() error {
	for _, name := range e.names() {
		// A dependency may read the wildcard in place of the handler.
		reads := func(f *typeinfo.Field) bool { return f.Source == typeinfo.Path && f.Name == name }
		if !slices.ContainsFunc(e.nodes, func(n *node) bool { return slices.ContainsFunc(n.desc.Params, reads) }) {
			return fmt.Errorf("nothing reads the wildcard {%s} of %s; add a field with `path:%q` to the input, or take the wildcard out of the path", name, e.pattern, name)
		}
	}
	return nil
}

// alwaysHeader is a header of every response of an endpoint. The lines are shared and must not be changed.
type alwaysHeader struct {
	name  string
	lines []string
}

// sendAlways adds a header to every response of the endpoint, and documents it.
func (e *endpoint) sendAlways(name, doc, value string) {
	e.always = append(e.always, alwaysHeader{name, []string{value}})
	e.added = append(e.added, addedTo(name, doc, nil))
}

// acceptQuery lists the media types of the body of a QUERY request (RFC 10008, section 3), as tokens of RFC 9651.
func (e *endpoint) acceptQuery() {
	if e.method != mediatype.MethodQuery || e.body == nil || len(e.body.plan.Media()) == 0 {
		return
	}
	e.sendAlways("Accept-Query", "The media types that the body of a QUERY may have", strings.Join(e.body.plan.Media(), ", "))
}

// serve runs the request through the endpoint's middleware, if any, and then through its steps; direct is that of
// App.serve.
func (e *endpoint) serve(w http.ResponseWriter, r *http.Request, captured []string, direct bool) {
	for i := range e.always {
		w.Header()[e.always[i].name] = e.always[i].lines
	}
	if e.wrapped == nil && e.plain == nil {
		e.run(w, r, captured, direct)
		return
	}
	e.serveWrapped(w, r, captured)
}

func (e *endpoint) serveWrapped(w http.ResponseWriter, r *http.Request, captured []string) {
	for i, name := range e.names() {
		r.SetPathValue(name, captured[i])
	}
	protect(w, e.lead(r, captured), e.errors, func(w http.ResponseWriter, r *http.Request) {
		if e.wrapped != nil {
			e.wrapped.ServeHTTP(w, r)
			return
		}
		e.ServeHTTP(w, r)
	})
}

// ServeHTTP is the innermost handler, inside all middleware.
func (e *endpoint) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if e.steps == nil {
		if limit := e.set.limit(); limit > 0 {
			limitedRequest, cancel := limited(r, limit)
			defer cancel()
			r = limitedRequest
		}
		if e.callers != nil {
			e.noteCaller(r)
		}
		// protect runs inside the middleware, so that middleware sees the response to a panic.
		protect(w, withCaller(r), e.errors, e.plain.ServeHTTP)
		return
	}
	e.run(w, r, routedOf(r).captured, false)
}

// run serves a request by running the steps. What is needed only at the start is in a function of its own (begin): for
// a stream, this function's stack frame stays for as long as the stream does. direct means that only net/http and steps
// read the header of the response.
func (e *endpoint) run(w http.ResponseWriter, r *http.Request, captured []string, direct bool) {
	if limit := e.set.limit(); limit > 0 {
		limitedRequest, cancel := limited(r, limit)
		defer cancel()
		r = limitedRequest
	}
	if e.callers != nil {
		e.noteCaller(r)
	}
	x := e.begin(w, r, captured)
	x.direct = direct
	if x.uploads != nil {
		defer x.uploads.Close()
	}
	x.conclude(x.protected(0))
	// Read first: release resets the exchange.
	truncated := x.truncated
	if x.response.Streaming != nil {
		x.response.Streaming.Cancel()
	}
	// Not deferred: after a panic the state of the exchange is unknown, and it must not be used again.
	x.release()
	if truncated {
		// Aborting the connection tells the client that the response is incomplete.
		panic(http.ErrAbortHandler)
	}
}

// begin takes an exchange from the pool for a request.
func (e *endpoint) begin(w http.ResponseWriter, r *http.Request, captured []string) *exchange {
	x, ok := e.exchanges.Get().(*exchange)
	if !ok {
		x = newExchange(e)
	}
	x.ctx = (*requestContext)(r)
	x.scope.w, x.scope.r = w, r
	if e.setsHeader {
		x.connection = connectionLines(w.Header())
	}
	if len(captured) > 0 {
		// Copied, so that the caller's buffer does not escape to the heap.
		x.scope.captured = append(x.scope.captured, captured...)
	}
	if e.response != nil && e.response.kind.streams {
		x.startStreaming()
	}
	if e.body != nil && e.body.plan.KeepsFiles {
		x.uploads = new(spool.Store)
	}
	if e.body != nil && e.repeats {
		x.kept = new(body.Kept)
	}
	return x
}

// routed is the context of a request that has been matched to an endpoint; it carries the endpoint through middleware.
type routed struct {
	context.Context
	endpoint *endpoint
	captured []string
	// caller is the remote address of the request.
	caller string
}

// lead returns the request with a context that knows the endpoint.
func (e *endpoint) lead(r *http.Request, captured []string) *http.Request {
	return r.WithContext(&routed{Context: r.Context(), endpoint: e, captured: slices.Clone(captured), caller: r.RemoteAddr})
}

// Value implements context.Context.
func (r *routed) Value(key any) any {
	switch key {
	case errorsKey{}:
		return r
	case requestinfo.ClientKey{}:
		return r.caller
	case layer.OperationKey{}:
		return &r.endpoint.operation
	}
	return r.Context.Value(key)
}

func (r *routed) errorWriter() *errorWriter { return r.endpoint.errors }

func routedOf(r *http.Request) *routed {
	found, _ := r.Context().Value(errorsKey{}).(*routed)
	return found
}

// name returns the name of the handler's function, "" if it has none.
func (e *endpoint) name() string {
	if e.route.handler == nil {
		return ""
	}
	return e.route.handler.name
}

// String names the registration that the endpoint comes from.
func (e *endpoint) String() string {
	if e.route.docs != "" {
		return fmt.Sprintf("%s at %s", e.route.docs, e.route.site)
	}
	return fmt.Sprintf("%s, registered at %s", e.pattern, e.route.site)
}

// routeInfo describes the endpoint.
func (e *endpoint) routeInfo() RouteInfo {
	info := e.info()
	info.Site = e.route.site.String()
	return info
}

// info describes the endpoint without its call site, which has to be looked up.
func (e *endpoint) info() RouteInfo {
	return RouteInfo{
		Method: e.method, Pattern: e.pattern.String(), Name: e.name(), Tags: e.set.tags, OperationID: e.operationID,
		Hidden: e.set.hidden, Public: e.set.public,
	}
}

// metadata returns what the functions of the endpoint can learn about it.
func (e *endpoint) metadata() *metadata {
	return &metadata{info: e.routeInfo, scopes: e.set.scopes, refusals: e.refusals, caches: e.caches, root: e.root, log: e.log}
}

// dependsOnNothing reports whether the handler has no dependencies, guards or cache, as most do.
func (e *endpoint) dependsOnNothing() bool {
	handler := e.nodes[0].desc
	// The cache needs a step of its own, and credentials that the handler reads must be checked before the body is
	// read.
	return len(e.set.requirements)+len(handler.Deps) == 0 && e.set.cache == nil && !credentials.In(handler)
}

// deprecate adds the deprecation headers to every response of the endpoint.
func (e *endpoint) deprecate() {
	d := e.set.deprecation
	if d == nil {
		return
	}
	e.callers = &callers.Seen{}
	e.sendAlways("Deprecation", "Since when the operation is deprecated, in seconds since 1970 (RFC 9745)", "@"+strconv.FormatInt(d.since.Unix(), 10))
	if !d.sunset.IsZero() {
		e.sendAlways("Sunset", "When the operation is expected to end (RFC 8594)", d.sunset.UTC().Format(http.TimeFormat))
	}
}

// noteCaller logs the client of a deprecated operation.
func (e *endpoint) noteCaller(r *http.Request) {
	who := callers.Of(r)
	if !e.callers.IsNew(who, time.Now()) {
		return
	}
	attrs := []slog.Attr{
		slog.String("method", e.method), slog.String("route", e.pattern.String()),
		slog.String("client", who.Address), slog.String("user_agent", who.Agent),
	}
	if sunset := e.set.deprecation.sunset; !sunset.IsZero() {
		attrs = append(attrs, slog.Time("sunset", sunset))
	}
	e.errors.log.LogAttrs(r.Context(), slog.LevelWarn, "a deprecated operation was called", attrs...)
}
