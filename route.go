package candor

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"reflect"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/getkin/kin-openapi/openapi3"

	"github.com/candor-go/candor/internal/callsite"
	"github.com/candor-go/candor/internal/check"
	"github.com/candor-go/candor/internal/codec"
	"github.com/candor-go/candor/internal/fault"
	"github.com/candor-go/candor/internal/mediatype"
	"github.com/candor-go/candor/internal/pathtree"
	"github.com/candor-go/candor/internal/schema"
	"github.com/candor-go/candor/internal/typeinfo"
)

// Route is a registered operation: what Get, Post and the others return. It is
// read-only. [Route.URL] and [Route.Call] go the other way, from an input to a
// request.
type Route[In, Out any] struct {
	route *route
	// below is the path that At asked for, "" for the first place.
	below string
}

// Methods lists the methods the route was registered for.
func (r *Route[In, Out]) Methods() []string { return slices.Clone(r.route.methods) }

// Path is the template the route was registered with, without the prefixes of
// the routers it belongs to.
func (r *Route[In, Out]) Path() string { return r.route.path }

// route is one registration: what the user's call said, compiled as far as it
// can be without knowing the prefixes and options around it.
type route struct {
	site    *callsite.Site
	methods []string
	path    string
	// pattern is the parsed path with the prefix of the router it was registered
	// on: that of most of its endpoints. Nil while it may be none.
	pattern *pathtree.Pattern
	set     *settings
	// A typed handler with its descriptions, ...
	handler *function
	input   *typeinfo.Input
	output  *typeinfo.Output
	// upgrade is set for a handler that takes over the connection.
	upgrade upgrade
	// ... a plain one, ...
	plain http.Handler
	// ... or one that serves everything below the path, whose prefix it does
	// not see.
	mounted http.Handler
	// last means that it serves only what nothing else does.
	last bool
	// docs is the field of a Docs that the route comes from, "" for a user's.
	docs string
	// announced means that it is a request that the API sends.
	announced bool
	// apart means that neither guards nor rate limits hold for it.
	apart bool
	// places are where it stands in apps that are sealed.
	places places
}

// places are the endpoints of a route, in the order in which they were sealed,
// with what calls them, made on the first call of each.
type places struct {
	mutex     sync.Mutex
	endpoints []*endpoint
	calls     sync.Map // of *endpoint to func() *callPlan
}

func (p *places) add(e *endpoint) {
	p.mutex.Lock()
	defer p.mutex.Unlock()
	p.endpoints = append(p.endpoints, e)
}

func (p *places) all() []*endpoint {
	p.mutex.Lock()
	defer p.mutex.Unlock()
	return slices.Clone(p.endpoints)
}

// upgrade is what a route does that takes over the connection, as WebSockets
// do, in the place of an answer.
type upgrade interface {
	// check finds what such a route cannot have.
	check(rt *route) error
	// compile makes the last step, which runs the handler.
	compile(c *compiler) (func(x *exchange) error, error)
	// messages are the types of what is received and sent.
	messages() []*typeinfo.Type
	// admit is the first step: it refuses what is no such request.
	admit(x *exchange) error
	// mark and document are for the document.
	mark(c *schema.Components, e *endpoint)
	document(c *schema.Components, e *endpoint, op *openapi3.Operation)
}

// describe reads the types of the handler.
func (rt *route) describe() (err error) {
	if rt.handler == nil {
		return nil
	}
	if rt.input, err = describeInput(rt.handler.in); err != nil {
		return err
	}
	if rt.upgrade == nil {
		rt.output, err = describeAnswer(rt.handler.out)
		return err
	}
	if rt.output, err = describeAnswer(reflect.TypeFor[None]()); err != nil {
		return err
	}
	return rt.upgrade.check(rt)
}

// try compiles the route as far as it goes, so that mistakes show at the
// registration rather than when the app is sealed. A rule no set knows may
// still be one of the app the router will be included in.
func (rt *route) try(c *compiler, rulesKnown bool) error {
	if rt.handler == nil {
		return nil
	}
	var wildcards []string
	for _, f := range rt.input.Params {
		if f.Source == typeinfo.Path {
			wildcards = append(wildcards, f.Name)
		}
	}
	_, inputErr := c.compileInput(rt.input, rt.methods[0], wildcards, wildcards)
	_, answerErr := c.compileOffered(rt.output, rt.set.status, rt.set.produces)
	err := joinNew(inputErr, answerErr)
	if rt.upgrade != nil {
		_, upgradeErr := rt.upgrade.compile(c)
		err = joinNew(err, upgradeErr)
	}
	if !rulesKnown && maySolveItself(err) {
		return nil
	}
	return err
}

// joinNew joins errors, each of them once: a type that is both read and written
// has the same mistakes twice.
func joinNew(errs ...error) error {
	said := map[string]bool{}
	return errors.Join(slices.DeleteFunc(errs, func(err error) bool {
		known := err == nil || said[err.Error()]
		if err != nil {
			said[err.Error()] = true
		}
		return known
	})...)
}

// maySolveItself reports whether an error is about a rule or a media type that
// an app may bring.
func maySolveItself(err error) bool {
	return errors.As(err, new(*check.UnknownTagError)) || errors.As(err, new(*unknownMediaError))
}

// mistake is an error of the user's, with the place to mend it.
func (rt *route) mistake(err error) error {
	return fmt.Errorf("candor: %s at %s: %w", rt.call(), rt.site, err)
}

// call is the registration as a reader of mistakes knows it.
func (rt *route) call() string {
	switch {
	case rt.docs != "":
		return rt.docs
	case rt.last:
		return fmt.Sprintf("Frontend(%q)", strings.TrimSuffix(rt.path, belowMount))
	case rt.mounted != nil:
		return fmt.Sprintf("Mount(%q)", strings.TrimSuffix(rt.path, belowMount))
	}
	return cmp.Or(strings.Join(rt.methods, ","), "Handle") + " " + cmp.Or(rt.path, `""`)
}

// endpoint is a route in its place: one method and one full path in one app,
// with everything compiled that a request needs.
type endpoint struct {
	*surroundings
	route   *route
	method  string
	pattern *pathtree.Pattern
	// names are those of the pattern's wildcards.
	names []string
	// documented is the pattern as the document has it: the first of its shape,
	// whose wildcards may have other names.
	documented *pathtree.Pattern
	set        *settings
	// outgoing is set for a request that the API sends, which is documented
	// only; callbacks are such that this one leads to.
	outgoing  *outgoing
	callbacks []*endpoint
	// inclusions are the calls of Include that led to the route's router.
	inclusions []string

	// parts are the functions a request runs through, the handler first.
	parts []*part
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
	// closed is nil where keys may come that no part reads.
	closed *closed
	// setsHeader means that a function takes the header of the response.
	setsHeader bool
	answer     *answerPlan
	plain      http.Handler
	place      place
	errors     *errorWriter
	// cache is nil where answers are not kept.
	cache *cachePlan
	// preflight answers browsers that ask whether pages of other origins may send
	// the request; nil where no CORS is around the endpoint.
	preflight http.Handler
	// raised are the answers that middleware gives by itself, declared those of
	// the user's.
	raised   []ownResponse
	declared []response
	// added are the headers that middleware adds, for the document.
	added []addedHeader
	// raisedTypes are the types of errors that an OnError answers.
	raisedTypes []reflect.Type
	decode      codec.Options
	maxBody     int64
	// maxMultipart is the limit of bodies that are not held in memory.
	maxMultipart int64
	// multipart are the limits of forms of parts.
	multipart MultipartLimits
	loose     bool
	// streamsLate means that some brackets end before a stream begins, so that
	// it is written around them.
	streamsLate bool
	// upgrade runs a handler that takes over the connection, nil for any other.
	upgrade func(x *exchange) error
	// steps is the order of a request.
	steps []step
	// reading are the parts that read more of a request than its body.
	reading []int
	// around is the handler with its middleware; nil where there is none.
	around    http.Handler
	exchanges sync.Pool
	// room is that of the first part, the only one of most endpoints.
	room struct {
		part  part
		parts [1]*part
	}
}

// surroundings are what all endpoints of an app have in common.
type surroundings struct {
	compiler *compiler
	tasks    *taskRunner
	checks   ResponseChecks
	// rates counts for rate limits that have no store of their own.
	rates  RateStore
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

// part is one function in an endpoint: its handler, or one that it depends on.
type part struct {
	function *function
	desc     *typeinfo.Input
	input    *inputPlan
	// deps are filled in right before the function is called.
	deps []injection
	// provider is nil for the handler.
	provider *provider
}

// injection puts into a field of an input what another part made in the same
// request, or a value that lives as long as the app.
type injection struct {
	index   []int
	part    int
	value   reflect.Value
	deliver deliver
}

// lifelong is the part of a value that belongs to no request.
const lifelong = -1

// compile makes the programs of the endpoint. dependencies adds the parts the
// handler depends on, and says in which steps they run.
func (e *endpoint) compile(c *compiler, dependencies func(*endpoint) (before, after []step, err error)) (err error) {
	e.room.part = part{function: e.route.handler, desc: e.route.input}
	e.parts = append(e.room.parts[:0], &e.room.part)
	if e.route.handler == nil {
		e.compilePlain()
		if len(e.set.requirements) == 0 && e.set.limit() == 0 {
			return nil
		}
	}
	before, after, err := dependencies(e)
	if err != nil {
		return err
	}
	e.gather()
	if e.outgoing == nil {
		e.compileChallenges(e.challenge)
	}
	for i, p := range e.parts {
		if p.input, err = c.compileInput(p.desc, e.method, e.names, e.publicNames()); err != nil {
			return err
		}
		if readsMore(p.desc) {
			e.reading = append(e.reading, i)
		}
	}
	e.close()
	if e.plain != nil {
		e.steps = e.compileSteps(before, after, step{run: (*exchange).servePlain})
		return nil
	}
	if err = e.bindsEveryWildcard(); err != nil {
		return err
	}
	if e.answer, err = c.compileOffered(e.route.output, e.set.status, e.set.produces); err != nil {
		return err
	}
	e.body = e.parts[0].input.body
	last := []step{{run: (*exchange).callHandler}, {run: (*exchange).encode}}
	if e.route.upgrade != nil {
		last = nil
		if e.upgrade, err = e.route.upgrade.compile(c); err != nil {
			return err
		}
	}
	if !e.streamsLate && (e.upgrade != nil || !e.answer.kind.whole) {
		last = append(last, step{run: (*exchange).finishStream})
	}
	e.steps = e.compileSteps(before, after, last...)
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

// close forbids what no part reads, where a part or an option asks for it.
func (e *endpoint) close() {
	query, cookies := e.set.forbidExtra, false
	for _, p := range e.parts {
		e.setsHeader = e.setsHeader || slices.ContainsFunc(p.desc.Ready, isResponseHeader)
		query = query || p.desc.Strict
		cookies = cookies || p.desc.StrictCookies
	}
	if !query && !cookies {
		return
	}
	e.closed = &closed{query: query, cookies: cookies}
	for _, p := range e.parts {
		e.closed.inputs = append(e.closed.inputs, p.input)
	}
}

// gather adds what the parts declare to what is known about the endpoint.
func (e *endpoint) gather() {
	var declared []response
	var headers []addedHeader
	scopes := slices.Clip(e.set.scopes) // which other endpoints share
	for _, p := range e.parts {
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
		}
		e.security = append(e.security, securityFields(p.desc)...)
		e.choices = append(e.choices, choicesOf(p.desc)...)
	}
	if len(declared) > 0 || len(scopes) > len(e.set.scopes) {
		e.set = e.set.copy()
		e.set.responses, e.set.scopes = overlay(declared, e.set.responses), scopes
	}
	e.added = append(e.added, headers...)
	e.place.scopes, e.scoped = scopes, e.scopedFields()
}

// compilePlain prepares a handler without types, or a mounted one.
func (e *endpoint) compilePlain() {
	e.room.part = part{function: nothing, desc: &typeinfo.Input{Go: nothing.in}}
	e.plain = e.route.plain
	if e.route.mounted != nil {
		e.plain = below(strings.TrimSuffix(e.pattern.String(), belowMount), e.route.mounted)
	}
}

func (e *endpoint) bindsEveryWildcard() error {
	for _, name := range e.names {
		reads := func(f *typeinfo.Field) bool { return f.Source == typeinfo.Path && f.Name == name }
		if !slices.ContainsFunc(e.parts, func(p *part) bool { return slices.ContainsFunc(p.desc.Params, reads) }) {
			return fmt.Errorf("nothing reads the wildcard {%s} of %s; add a field with `path:%q` to the input, or take the wildcard out of the path", name, e.pattern, name)
		}
	}
	return nil
}

// step is one step of a request. An error ends the request with that error. A
// bracket runs the steps from rest on itself, and may do something after them.
type step struct {
	run     func(x *exchange) error
	bracket func(x *exchange, rest int) error
}

// mostSteps is how many steps compileSteps adds of itself, at most.
const mostSteps = 5

// compileSteps lists what a request goes through. before are the steps between
// the parameters and the body, after those between the body and the handler,
// last what the handler does.
func (e *endpoint) compileSteps(before, after []step, last ...step) []step {
	steps := make([]step, 0, len(before)+len(after)+len(last)+mostSteps)
	if e.upgrade != nil {
		steps = append(steps, step{run: e.route.upgrade.admit})
	}
	if e.answer != nil && e.answer.negotiated {
		steps = append(steps, step{run: (*exchange).negotiate})
	}
	hasParams := len(e.reading) > 0 || e.closed != nil
	if hasParams {
		steps = append(steps, step{run: (*exchange).bindParams})
	}
	steps = append(steps, before...)
	if e.body != nil {
		steps = append(steps, step{run: (*exchange).bindBody})
	}
	if e.mayFind() || e.body != nil {
		steps = append(steps, step{run: (*exchange).refuseFaults})
	}
	steps = append(steps, after...)
	return append(steps, last...)
}

// mayFind reports whether anything can be found wrong before the body is read.
func (e *endpoint) mayFind() bool {
	return e.closed != nil || slices.ContainsFunc(e.parts, func(p *part) bool { return len(p.desc.Params) > 0 || len(p.desc.Validators) > 0 })
}

// exchange is one request on its way through the steps of an endpoint. It is
// used again after that; what handlers get is copied out of it.
type exchange struct {
	endpoint *endpoint
	frames   []frame
	around   around
	answer   answer
	// room is kept for the bodies of requests, faults and unfit for those that
	// do not fit.
	room   []byte
	faults fault.List
	unfit  invalidRequest
	progress
}

// progress is how far an exchange has come.
type progress struct {
	ctx  context.Context
	body []byte
	// uploads are the files of a form; nil where there can be none.
	uploads *uploadStore
	// finished is whether the answer was written, or its failure was.
	finished bool
	// told is the failure that was written.
	told error
	// cut means that a stream began but did not come to its end.
	cut bool
}

// frame is the room in which one part runs.
type frame struct {
	*room
	inValue, outValue reflect.Value
	// input reads what is no body into the room; injections fill in what other
	// parts made.
	input      *inputRoom
	injections []func()
	// unsound means that parameters of the part had faults; refusal is the
	// answer to missing credentials. Both are those of the request before until
	// the parameters are read.
	unsound bool
	refusal error
}

// newExchange makes the room for requests, one after the other. Whatever
// depends on the room only is found here, once.
func newExchange(e *endpoint) *exchange {
	x := &exchange{endpoint: e, frames: make([]frame, len(e.parts))}
	x.around.echo, x.around.place = e.decode.Echo, &e.place
	for i, p := range e.parts {
		f := frame{room: p.function.newRoom()}
		f.inValue, f.outValue = reflect.ValueOf(f.in).Elem(), reflect.ValueOf(f.out).Elem()
		f.input = p.input.at(f.inValue)
		x.frames[i] = f
	}
	for i, p := range e.parts {
		f := &x.frames[i]
		for _, d := range p.deps {
			field := f.inValue.FieldByIndex(d.index).Addr().Interface()
			f.injections = append(f.injections, d.deliver(x.source(d), field))
		}
	}
	return x
}

// source points to what is injected.
func (x *exchange) source(d injection) any {
	if d.part == lifelong {
		return d.value.Addr().Interface()
	}
	return x.frames[d.part].out
}

// inject fills in what other parts made.
func (f *frame) inject() {
	for _, inject := range f.injections {
		inject()
	}
}

// release empties the exchange for the next request.
func (x *exchange) release() {
	for i := range x.frames {
		x.frames[i].empty()
	}
	x.around.release()
	x.answer.release()
	if cap(x.room) > maxKept {
		x.room = nil
	}
	if len(x.faults.Faults) > 0 {
		x.faults.Reset()
		x.unfit = invalidRequest{}
	}
	x.progress = progress{}
	x.endpoint.exchanges.Put(x)
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
	x := e.begin(w, r, captured)
	if x.uploads != nil {
		defer x.uploads.close()
	}
	x.conclude(x.protected(0))
	cut := x.cut
	if x.answer.live != nil {
		x.answer.live.cancel()
	}
	x.release()
	if cut {
		// The client sees that the answer is not whole.
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
	x.around.w, x.around.r = w, r
	if len(captured) > 0 {
		x.around.captured = append(x.around.captured, captured...)
	}
	if e.answer != nil && e.answer.kind.streams {
		x.goLive()
	}
	if e.body != nil && e.body.keepsFiles {
		x.uploads = new(uploadStore)
	}
	return x
}

// goLive prepares for an answer that is sent while it is made.
func (x *exchange) goLive() {
	e, r := x.endpoint, x.around.r
	ctx, cancel := context.WithCancel(x.ctx)
	x.ctx = ctx
	if e.body != nil && e.body.pass != nil { // which is read while the answer is sent
		_ = http.NewResponseController(x.around.w).EnableFullDuplex()
	}
	x.answer.live = &live{
		cancel: cancel, checks: e.checks, heartbeat: cmp.Or(e.set.heartbeat, defaultHeartbeat), writeLimit: e.writeLimit,
		failure: func(err error) []byte {
			if isLate(ctx, err) {
				err = e.errors.timedOut(r, err)
			}
			return e.errors.late(r, err)
		},
		log: func(err error) { e.errors.log.ErrorContext(ctx, "an item breaks its own rules", "error", err) },
	}
}

// protected runs the steps from the i-th on. A panic is an error.
func (x *exchange) protected(i int) (err error) {
	defer func() {
		if value := recover(); value != nil {
			err = recovered(value)
		}
	}()
	return x.from(i)
}

// from runs the steps from the i-th on.
func (x *exchange) from(i int) error {
	steps := x.endpoint.steps
	for ; i < len(steps); i++ {
		if steps[i].bracket != nil {
			return steps[i].bracket(x, i+1)
		}
		if err := steps[i].run(x); err != nil {
			return err
		}
	}
	return nil
}

// conclude does what is left after the steps, which ended with err: it writes
// the response, unless a step did, and hands over the tasks. They come last of
// all, after every tear-down, and not at all where anything failed.
func (x *exchange) conclude(err error) {
	if !x.finished {
		x.finish(err)
	} else {
		x.invalidate() // what a tear-down after the last byte has committed
		if err != nil && !errors.Is(err, x.told) {
			x.endpoint.errors.logLate(x.around.r, err)
		}
	}
	if err != nil {
		return
	}
	if tasks := x.takeTasks(); len(tasks) > 0 {
		x.endpoint.tasks.start(x.ctx, tasks)
	}
}

// finish writes the answer, or that of err.
func (x *exchange) finish(err error) {
	x.finished = true
	a := &x.around
	x.invalidate()
	if err == nil {
		err = x.checkHeader()
	}
	if err != nil {
		x.told = err
		if isLate(x.ctx, err) {
			err = x.endpoint.errors.timedOut(a.r, err)
		}
		x.endpoint.errors.write(a.w, a.r, err)
		return
	}
	x.answer.write(a.w)
}

// takeTasks are the tasks that were added and not taken yet. The response is
// written, and the client gets it before any of them runs.
func (x *exchange) takeTasks() []func(context.Context) error {
	a := &x.around
	if a.tasks == nil || len(a.tasks.list) == 0 {
		return nil
	}
	if x.endpoint.upgrade == nil { // else there is nobody left to flush to
		_ = http.NewResponseController(a.w).Flush()
	}
	tasks := a.tasks.list
	a.tasks.list = nil
	return tasks
}

// servePlain hands the request to a handler without types. What it writes is
// the response; a panic before it wrote anything is an error like any other, and
// so is a Timeout that has passed by then.
func (x *exchange) servePlain() error {
	w := watch(x.around.w)
	done := false
	defer func() { x.finished, x.cut = done || w.begun, w.begun && !done }()
	x.endpoint.plain.ServeHTTP(w, withCaller(x.around.r))
	if err := x.ctx.Err(); err != nil && !w.begun && isLate(x.ctx, err) {
		return err
	}
	done = true
	return nil
}

// finishStream writes an answer that is produced while it is sent. An error
// before its first byte is answered like any other; one after it leaves the
// answer cut short.
func (x *exchange) finishStream() error {
	if x.endpoint.upgrade != nil {
		return x.endpoint.upgrade(x)
	}
	if x.answer.stream == nil {
		return nil
	}
	w := &watchedWriter{ResponseWriter: x.around.w}
	done := false
	defer func() {
		x.finished, x.cut = done || w.begun, w.begun && !done && !x.reported()
		x.answer.close()
	}()
	if err := x.answer.stream(w, x.around.r); err != nil {
		if x.reported() {
			x.told = err
		}
		return err
	}
	done = true
	return nil
}

// reported reports whether the client was told of the error of a stream, at the
// end of it.
func (x *exchange) reported() bool { return x.answer.live != nil && x.answer.live.reported }

func (x *exchange) negotiate() error {
	return x.endpoint.answer.accept(x.around.w, x.around.r, &x.answer)
}

func (x *exchange) bindParams() error {
	for _, i := range x.endpoint.reading {
		f := &x.frames[i]
		sound, refusal := f.input.bindParams(&x.around, &x.faults)
		f.unsound, f.refusal = !sound, refusal
	}
	if closed := x.endpoint.closed; closed != nil {
		closed.refuse(x.around.r, &x.faults)
	}
	return nil
}

func (x *exchange) bindBody() (err error) {
	e := x.endpoint
	in := incoming{
		w: x.around.w, r: x.around.r, limit: e.maxBody, largeLimit: e.maxMultipart, heldLimit: e.maxBody, lineLimit: e.set.messageLimit,
		multipart: e.multipart,
		loose:     e.loose, decode: e.decode, uploads: x.uploads, room: x.room, errors: e.errors,
	}
	x.body, err = e.body.bind(x.frames[0].inValue, &in, &x.faults)
	x.room = in.room
	return err
}

// refuseFaults ends a request that does not fit; all its faults are one error.
func (x *exchange) refuseFaults() error {
	if len(x.faults.Faults) == 0 && x.endpoint.body != nil {
		x.endpoint.parts[0].input.judge(x.frames[0].inValue, &x.faults)
	}
	if len(x.faults.Faults) == 0 {
		return nil
	}
	return x.invalid()
}

// invalid is the error of all faults found so far.
func (x *exchange) invalid() error {
	if err := validateResponse(&x.faults, x.endpoint.errors.claims); err != nil {
		return err
	}
	if len(x.frames) > 1 || x.endpoint.closed != nil {
		sortBySource(x.faults.Faults)
		x.faults.DropRepeated()
	}
	return refused(&x.unfit, &x.faults, x.body, x.endpoint.decode.Echo)
}

func (x *exchange) callHandler() error { return x.frames[0].call(x.ctx) }

// call runs the part, once what it depends on has been made.
func (f *frame) call(ctx context.Context) error {
	f.inject()
	return f.run(ctx)
}

func (x *exchange) encode() error {
	e := x.endpoint
	if err := e.answer.encode(x.ctx, x.frames[0].outValue, e.checks, e.errors.log, &x.answer); err != nil {
		return err
	}
	return x.checkHeader()
}

// checkHeader finds what functions put into the header of the response and HTTP
// cannot carry: before the tear-downs, so that nothing is committed, and again
// for what these add.
func (x *exchange) checkHeader() error {
	if !x.endpoint.setsHeader {
		return nil
	}
	for name, values := range x.around.w.Header() {
		if err := mediatype.CheckHeader(name, values); err != nil {
			return err
		}
	}
	return nil
}

// serve runs the request through the endpoint's middleware, if any, and then
// through its steps.
func (e *endpoint) serve(w http.ResponseWriter, r *http.Request, captured []string) {
	if e.around == nil && e.plain == nil {
		e.run(w, r, captured)
		return
	}
	e.serveAround(w, r, captured)
}

func (e *endpoint) serveAround(w http.ResponseWriter, r *http.Request, captured []string) {
	for i, name := range e.names {
		r.SetPathValue(name, captured[i])
	}
	protect(w, e.lead(r, captured), e.errors, func(w http.ResponseWriter, r *http.Request) {
		if e.around != nil {
			e.around.ServeHTTP(w, r)
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
		// Middleware around it sees the answer to a panic.
		protect(w, withCaller(r), e.errors, e.plain.ServeHTTP)
		return
	}
	e.run(w, r, routedOf(r).captured)
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
	case callerKey{}:
		return r.caller
	}
	return r.Context.Value(key)
}

func (r *routed) errorWriter() *errorWriter { return r.endpoint.errors }

func routedOf(r *http.Request) *routed {
	found, _ := r.Context().Value(errorsKey{}).(*routed)
	return found
}
