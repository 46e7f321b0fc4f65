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

	"github.com/candor-go/candor/internal/callers"
	"github.com/candor-go/candor/internal/codec"
	"github.com/candor-go/candor/internal/develop"
	"github.com/candor-go/candor/internal/layer"
	"github.com/candor-go/candor/internal/mediatype"
	"github.com/candor-go/candor/internal/pathtree"
	"github.com/candor-go/candor/internal/requestinfo"
	"github.com/candor-go/candor/internal/typeinfo"
)

// endpoint is a route in its place: one method and one full path in one app,
// with everything compiled that a request needs.
type endpoint struct {
	*appShared
	route   *route
	method  string
	pattern *pathtree.Pattern
	// names are those of the pattern's wildcards.
	names []string
	// documented is the pattern as the document has it: the first of its shape,
	// whose wildcards may have other names.
	documented *pathtree.Pattern
	set        *settings
	// webhook is set for a request that the API sends, which is documented
	// only; callbacks are such that this one leads to.
	webhook   *webhook
	callbacks []*endpoint
	// inclusions are the calls of Include that led to the route's router.
	inclusions []string

	// nodes are the functions a request runs through, the handler first.
	nodes []*node
	// params and security are the parameters and the credentials they read.
	params   parameters
	security []*typeinfo.Field
	// choices are the credentials of which one is needed.
	choices []choicePlan
	// scoped are those of the security fields that are held against the scopes.
	scoped []*typeinfo.Field
	// overridden means that a provider was replaced by one for tests.
	overridden bool
	body       *bodyPlan
	// afterReading are the steps that need the bytes of the body, before it is decoded.
	afterReading []step
	// closed is nil where keys may come that no node reads.
	closed *closed
	// setsHeader means that a function takes the header of the response.
	setsHeader bool
	response   *responsePlan
	plain      http.Handler
	metadata   metadata
	// errorHandlers are those that errors asks, in that order.
	errorHandlers errorHandlers
	errors        *errorWriter
	// cache is nil where answers are not kept.
	cache *cachePlan
	// operation is what the middleware knows of the endpoint.
	operation layer.Operation
	// preflight answers browsers that ask whether pages of other origins may send
	// the request; nil where no CORS is around the endpoint.
	preflight http.Handler
	// raised are the responses that middleware gives by itself, declared those of
	// the user's.
	raised   []ownResponse
	declared []declaredBody
	// added are the headers that middleware adds, for the document.
	added []addedHeader
	// raisedTypes are the types of errors that an OnError answers.
	raisedTypes []reflect.Type
	decode      codec.Options
	maxBody     int64
	// maxMultipart is the limit of bodies that are not held in memory.
	maxMultipart int64
	// multipart are the limits of multipart forms.
	multipart MultipartLimits
	loose     bool
	// always are the headers of every response, in pairs of a canonical name and a
	// value.
	always []alwaysHeader
	// callers are the clients of a deprecated operation, nil for any other.
	callers *callers.Seen
	// streamsLate means that some wrappers end before a stream begins, so that
	// it is written around them.
	streamsLate bool
	// upgrade runs a handler that takes over the connection, nil for any other.
	upgrade func(x *exchange) error
	// steps is the order of a request.
	steps []step
	// validAt is the first step that only valid requests reach.
	validAt int
	// repeats means that a provider may run the steps after it again, takesRequest
	// that a function gets the request, whose body it may read.
	repeats, takesRequest bool
	// reading are the nodes that read more of a request than its body.
	reading []int
	// wrapped is the handler with its middleware; nil where there is none.
	wrapped   http.Handler
	exchanges sync.Pool
	// inline is that of the first node, the only one of most endpoints.
	inline struct {
		first node
		nodes [1]*node
	}
}

// appShared are what all endpoints of an app have in common.
type appShared struct {
	programs *programs
	// dev is nil unless the app is under development.
	dev    *develop.Mode
	tasks  *taskRunner
	checks ResponseChecks
	rates  *rateStores
	caches *caches
	// writeLimit is how long one write of a stream or a WebSocket may stand
	// still.
	writeLimit time.Duration
	// middlewareOfApp is how many elements of Use are the app's.
	middlewareOfApp int
	// unknown has the names of middleware that no operation knows of.
	unknown   sync.Map
	challenge Challenge
}

// node is one function in an endpoint: its handler, or one that it depends on.
type node struct {
	function *function
	desc     *typeinfo.Input
	input    *inputPlan
	// deps are filled in right before the function is called.
	deps []wire
	// provider is nil for the handler.
	provider *provider
	// at is the step that runs the node.
	at int
	// lazy means that a Lazy may ask for its value, waits that it runs only then.
	lazy, waits bool
}

// wire puts into a field of an input what another node made in the same
// request, or a value that lives as long as the app.
type wire struct {
	index  []int
	node   int
	value  reflect.Value
	copier copier
	// lazy means that the field is a Lazy.
	lazy bool
}

// singleton is the node of a value that belongs to no request.
const singleton = -1

// compile makes the programs of the endpoint. dependencies adds the nodes the
// handler depends on, and says in which steps they run.
func (e *endpoint) compile(c *programs, dependencies func(*endpoint) (before, after []step, err error)) (err error) {
	e.inline.first = node{function: e.route.handler, desc: e.route.input}
	e.nodes = append(e.inline.nodes[:0], &e.inline.first)
	if e.route.handler == nil {
		e.compilePlain()
		// Nothing runs before the handler, so there are no steps and ServeHTTP calls
		// it directly.
		if len(e.set.requirements) == 0 && e.set.limit() == 0 {
			return nil
		}
	}
	before, after, err := dependencies(e)
	if err != nil {
		return err
	}
	// All nodes are known now, and the challenges below need their credentials.
	e.gather()
	if e.webhook == nil {
		e.compileChallenges(e.challenge)
	}
	for i, p := range e.nodes {
		if p.input, err = c.compileInput(p.desc, e.method, e.names, e.publicNames()); err != nil {
			return err
		}
		if readsMore(p.desc) {
			e.reading = append(e.reading, i)
		}
	}
	e.close()
	// A plain handler reads wildcards and writes the response by itself, so the
	// checks below are not about it.
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

// publicNames are those of the wildcards in the document.
func (e *endpoint) publicNames() []string {
	if e.documented == nil || e.documented == e.pattern {
		return e.names
	}
	return e.documented.Names()
}

// publicName is the name that a wildcard has in the document.
func (e *endpoint) publicName(wildcard string) string {
	if i := slices.Index(e.names, wildcard); i >= 0 {
		return e.publicNames()[i]
	}
	return wildcard
}

// nothing stands for the function of a handler without types.
var nothing = erase(func(context.Context, None) (None, error) { return None{}, nil })

// close forbids what no node reads, where a node or an option asks for it.
func (e *endpoint) close() {
	query, cookies := e.set.forbidExtra, false
	for _, p := range e.nodes {
		e.setsHeader = e.setsHeader || slices.ContainsFunc(p.desc.Ready, isResponseHeader)
		e.takesRequest = e.takesRequest || slices.ContainsFunc(p.desc.Ready, isRequest)
		e.repeats = e.repeats || p.provider != nil && p.provider.set.attempts > 0
		query = query || p.desc.Strict
		cookies = cookies || p.desc.StrictCookies
	}
	if !query && !cookies {
		return
	}
	e.closed = &closed{query: query, cookies: cookies}
	for _, p := range e.nodes {
		e.closed.inputs = append(e.closed.inputs, p.input)
	}
}

// readsRaw reports whether a function of the endpoint takes the bytes of the body.
func (e *endpoint) readsRaw() bool {
	return slices.ContainsFunc(e.nodes, func(p *node) bool { return takesRaw(p.desc) })
}

// gather adds what the nodes declare to what is known about the endpoint.
func (e *endpoint) gather() {
	var declared []declaredBody
	var headers []addedHeader
	scopes := slices.Clip(e.set.scopes) // which other endpoints share
	for _, p := range e.nodes {
		if p.provider != nil {
			declared = overlay(declared, p.provider.set.responses)
			headers = append(headers, p.provider.set.headers...)
			e.raisedTypes = appendNew(e.raisedTypes, p.provider.set.raisedTypes)
			if !e.set.public {
				scopes = appendNew(scopes, p.provider.set.scopes)
			}
		}
		for _, f := range p.desc.Params {
			e.params.add(f)
			for _, alias := range f.Aliases {
				e.params.add(alias)
			}
		}
		e.security = append(e.security, securityFields(p.desc)...)
		e.choices = append(e.choices, choicesOf(p.desc)...)
	}
	if len(declared) > 0 || len(scopes) > len(e.set.scopes) {
		// Other endpoints share the settings.
		e.set = e.set.copy()
		e.set.responses, e.set.scopes = overlay(declared, e.set.responses), scopes
	}
	e.added = append(e.added, headers...)
	e.metadata.scopes, e.scoped = scopes, e.scopedFields()
}

// compilePlain prepares a handler without types, or a mounted one.
func (e *endpoint) compilePlain() {
	e.inline.first = node{function: nothing, desc: &typeinfo.Input{Go: nothing.in}}
	e.plain = e.route.plain
	if e.route.mounted != nil {
		e.plain = stripPrefix(strings.TrimSuffix(e.pattern.String(), mountSuffix), e.route.mounted)
	}
}

func (e *endpoint) bindsEveryWildcard() error {
	for _, name := range e.names {
		// A dependency may read the wildcard in place of the handler.
		reads := func(f *typeinfo.Field) bool { return f.Source == typeinfo.Path && f.Name == name }
		if !slices.ContainsFunc(e.nodes, func(p *node) bool { return slices.ContainsFunc(p.desc.Params, reads) }) {
			return fmt.Errorf("nothing reads the wildcard {%s} of %s; add a field with `path:%q` to the input, or take the wildcard out of the path", name, e.pattern, name)
		}
	}
	return nil
}

// alwaysHeader is a header that every response of an endpoint has. Nobody changes
// the lines.
type alwaysHeader struct {
	name  string
	lines []string
}

// sendAlways gives every response of the endpoint a header, and documents it.
func (e *endpoint) sendAlways(name, doc, value string) {
	e.always = append(e.always, alwaysHeader{name, []string{value}})
	e.added = append(e.added, addedTo(name, doc, nil))
}

// acceptQuery lists the media types of the body of a QUERY (RFC 10008, section 3),
// as tokens of RFC 9651.
func (e *endpoint) acceptQuery() {
	if e.method != mediatype.MethodQuery || e.body == nil || len(e.body.media) == 0 {
		return
	}
	var names []string
	for _, m := range e.body.media {
		names = append(names, m.name)
	}
	e.sendAlways("Accept-Query", "The media types that the body of a QUERY may have", strings.Join(names, ", "))
}

// serve runs the request through the endpoint's middleware, if any, and then
// through its steps.
func (e *endpoint) serve(w http.ResponseWriter, r *http.Request, captured []string) {
	for i := range e.always {
		w.Header()[e.always[i].name] = e.always[i].lines
	}
	if e.wrapped == nil && e.plain == nil {
		e.run(w, r, captured)
		return
	}
	e.serveWrapped(w, r, captured)
}

func (e *endpoint) serveWrapped(w http.ResponseWriter, r *http.Request, captured []string) {
	for i, name := range e.names {
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

// ServeHTTP is the innermost handler, behind all middleware.
func (e *endpoint) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if e.steps == nil {
		if limit := e.set.limit(); limit > 0 {
			limitedRequest, cancel := limited(r, limit)
			defer cancel()
			r = limitedRequest
		}
		e.noteCaller(r)
		// Middleware around it sees the response to a panic.
		protect(w, withCaller(r), e.errors, e.plain.ServeHTTP)
		return
	}
	e.run(w, r, routedOf(r).captured)
}

// run answers a request by the steps. What is only needed to begin has a
// function of its own: a stream stands on this one's stack for as long as it
// lives.
func (e *endpoint) run(w http.ResponseWriter, r *http.Request, captured []string) {
	if limit := e.set.limit(); limit > 0 {
		limitedRequest, cancel := limited(r, limit)
		defer cancel()
		r = limitedRequest
	}
	e.noteCaller(r)
	x := e.begin(w, r, captured)
	if x.uploads != nil {
		defer x.uploads.close()
	}
	x.conclude(x.protected(0))
	// Read before release resets the exchange.
	truncated := x.truncated
	if x.response.streaming != nil {
		x.response.streaming.cancel()
	}
	// Not deferred: an exchange that a panic has interrupted is in an unknown state
	// and is never used again.
	x.release()
	if truncated {
		// The client sees that the response is not whole.
		panic(http.ErrAbortHandler)
	}
}

// begin takes an exchange for a request.
func (e *endpoint) begin(w http.ResponseWriter, r *http.Request, captured []string) *exchange {
	x, ok := e.exchanges.Get().(*exchange)
	if !ok {
		x = newExchange(e)
	}
	x.ctx = (*requestContext)(r)
	x.scope.w, x.scope.r = w, r
	if len(captured) > 0 {
		// The values are copied, so that the buffer of the caller stays on its stack.
		x.scope.captured = append(x.scope.captured, captured...)
	}
	if e.response != nil && e.response.kind.streams {
		x.startStreaming()
	}
	if e.body != nil && e.body.keepsFiles {
		x.uploads = new(uploadStore)
	}
	if e.body != nil && e.repeats {
		x.kept = new(keptBody)
	}
	return x
}

// routed is the context of a request that was led to an endpoint: past
// middleware it tells where.
type routed struct {
	context.Context
	endpoint *endpoint
	captured []string
	// caller is the address the request came from.
	caller string
}

// lead is the request under the context that knows.
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

// name is that of the handler's function, "" for one without.
func (e *endpoint) name() string {
	if e.route.handler == nil {
		return ""
	}
	return e.route.handler.name
}

// String says which registration an endpoint comes from.
func (e *endpoint) String() string {
	if e.route.docs != "" {
		return fmt.Sprintf("%s at %s", e.route.docs, e.route.site)
	}
	return fmt.Sprintf("%s, registered at %s", e.pattern, e.route.site)
}

// dependsOnNothing reports whether the handler runs by itself: most do.
func (e *endpoint) dependsOnNothing() bool {
	handler := e.nodes[0].desc
	// The cache needs a step of its own, and credentials that the handler reads need
	// a check before the body.
	return len(e.set.requirements)+len(handler.Deps) == 0 && e.set.cache == nil && !hasSecurity(handler)
}

// deprecate gives every response of a deprecated endpoint the dates.
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

// noteCaller logs who calls a deprecated operation.
func (e *endpoint) noteCaller(r *http.Request) {
	if e.callers == nil {
		return
	}
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
