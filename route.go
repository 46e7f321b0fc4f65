package candor

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"reflect"
	"runtime"
	"slices"
	"strings"
	"sync"

	"github.com/candor-go/candor/internal/check"
	"github.com/candor-go/candor/internal/codec"
	"github.com/candor-go/candor/internal/fault"
	"github.com/candor-go/candor/internal/pathtree"
	"github.com/candor-go/candor/internal/typeinfo"
)

// Route is a registered operation: what Get, Post and the others return. It is
// read-only.
type Route[In, Out any] struct{ route *route }

// Methods lists the methods the route was registered for.
func (r *Route[In, Out]) Methods() []string { return slices.Clone(r.route.methods) }

// Path is the template the route was registered with, without the prefixes of
// the routers it belongs to.
func (r *Route[In, Out]) Path() string { return r.route.path }

// function is a user's function with its types taken off.
type function struct {
	in, out reflect.Type
	// name is the function's own name, "" for a function literal.
	name string
	// newIn and newOut make room for one call: pointers to an input and to a
	// result.
	newIn, newOut func() any
	// call runs the function on such room.
	call func(ctx context.Context, in, out any) error
}

// erase takes the types off a handler.
func erase[In, Out any](h func(context.Context, In) (Out, error)) *function {
	return &function{
		in: reflect.TypeFor[In](), out: reflect.TypeFor[Out](), name: functionName(reflect.ValueOf(h)),
		newIn:  func() any { return new(In) },
		newOut: func() any { return new(Out) },
		call: func(ctx context.Context, in, out any) (err error) {
			*out.(*Out), err = h(ctx, *in.(*In))
			return err
		},
	}
}

// functionName is the bare name of a declared function or method, "" for a
// function literal.
func functionName(f reflect.Value) string {
	full := runtime.FuncForPC(f.Pointer()).Name()
	full = full[strings.LastIndexByte(full, '/')+1:]
	name := strings.TrimSuffix(full[strings.LastIndexByte(full, '.')+1:], "-fm")
	if name == "" || strings.Contains(full, ".func") || strings.HasSuffix(name, "]") {
		return ""
	}
	return name
}

// route is one registration: what the user's call said, compiled as far as it
// can be without knowing the prefixes and options around it.
type route struct {
	site    string
	methods []string
	path    string
	set     settings
	// A typed handler with its descriptions, ...
	handler *function
	input   *typeinfo.Input
	output  *typeinfo.Output
	// ... a plain one, ...
	plain http.Handler
	// ... or one that serves everything below the path, whose prefix it does
	// not see.
	mounted http.Handler
}

// describe reads the types of the handler.
func (rt *route) describe() (err error) {
	if rt.handler == nil {
		return nil
	}
	if rt.input, err = describeInput(rt.handler.in); err != nil {
		return err
	}
	rt.output, err = describeAnswer(rt.handler.out)
	return err
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
	_, inputErr := c.compileInput(rt.input, wildcards)
	_, answerErr := c.compileAnswer(rt.output, rt.set.status)
	err := errors.Join(inputErr, answerErr)
	if _, unknown := errors.AsType[*check.UnknownTagError](err); unknown && !rulesKnown {
		return nil
	}
	return err
}

// mistake is an error of the user's, with the place to mend it.
func (rt *route) mistake(err error) error {
	return fmt.Errorf("candor: %s %s at %s: %w", strings.Join(rt.methods, ","), rt.path, rt.site, err)
}

// endpoint is a route in its place: one method and one full path in one app,
// with everything compiled that a request needs.
type endpoint struct {
	route   *route
	method  string
	pattern *pathtree.Pattern
	// names are those of the pattern's wildcards.
	names []string
	set   settings
	// own is whether the endpoint is the route's own path in its first
	// inclusion, so that it keeps the bare operation id.
	own bool

	input   *inputPlan
	answer  *answerPlan
	plain   http.Handler
	errors  *errorWriter
	checks  ResponseChecks
	decode  codec.Options
	maxBody int64
	loose   bool
	// steps is the order of a request.
	steps []step
	// around is the handler with its middleware; nil where there is none.
	around    http.Handler
	exchanges sync.Pool
}

// compile makes the programs of the endpoint.
func (e *endpoint) compile(c *compiler) (err error) {
	if e.route.handler == nil {
		e.plain = e.route.plain
		if e.route.mounted != nil {
			e.plain = below(strings.TrimSuffix(e.pattern.String(), "/{rest...}"), e.route.mounted)
		}
		return nil
	}
	if e.input, err = c.compileInput(e.route.input, e.names); err != nil {
		return err
	}
	if err = e.bindsEveryWildcard(); err != nil {
		return err
	}
	if e.answer, err = c.compileAnswer(e.route.output, e.set.status); err != nil {
		return err
	}
	e.steps = e.compileSteps()
	e.exchanges.New = func() any { return newExchange(e) }
	return nil
}

func (e *endpoint) bindsEveryWildcard() error {
	for _, name := range e.names {
		if !slices.ContainsFunc(e.route.input.Params, func(f *typeinfo.Field) bool { return f.Source == typeinfo.Path && f.Name == name }) {
			return fmt.Errorf("nothing reads the wildcard {%s} of %s; add a field with `path:%q` to the input, or take the wildcard out of the path", name, e.pattern, name)
		}
	}
	return nil
}

// step is one step of a request. An error ends the request with that error.
type step func(x *exchange) error

// compileSteps lists what a request goes through.
func (e *endpoint) compileSteps() []step {
	steps := []step{(*exchange).bindParams}
	if e.input.body != nil {
		steps = append(steps, (*exchange).bindBody)
	}
	return append(steps, (*exchange).refuseFaults, (*exchange).callHandler, (*exchange).encode)
}

// exchange is one request on its way through the steps of an endpoint. It is
// used again after that; what handlers get is copied out of it.
type exchange struct {
	endpoint *endpoint
	w        http.ResponseWriter
	r        *http.Request
	captured []string

	in, out           any
	inValue, outValue reflect.Value

	faults fault.List
	body   []byte
	answer answer
}

func newExchange(e *endpoint) *exchange {
	x := &exchange{endpoint: e, in: e.route.handler.newIn(), out: e.route.handler.newOut()}
	x.inValue, x.outValue = reflect.ValueOf(x.in).Elem(), reflect.ValueOf(x.out).Elem()
	return x
}

// release empties the exchange for the next request.
func (x *exchange) release() {
	x.inValue.SetZero()
	x.outValue.SetZero()
	clear(x.captured)
	x.answer.release()
	*x = exchange{
		endpoint: x.endpoint, captured: x.captured[:0], answer: x.answer,
		in: x.in, out: x.out, inValue: x.inValue, outValue: x.outValue,
	}
	x.endpoint.exchanges.Put(x)
}

// run answers a request by the steps. Nothing is written before all of them
// have gone well.
func (e *endpoint) run(w http.ResponseWriter, r *http.Request, captured []string) {
	x := e.exchanges.Get().(*exchange)
	x.w, x.r, x.captured = w, r, append(x.captured, captured...)
	if err := x.through(); err != nil {
		e.errors.write(w, r, err)
	} else {
		x.answer.write(w)
	}
	x.release()
}

// through takes the request through all steps.
func (x *exchange) through() (err error) {
	defer func() {
		if value := recover(); value != nil {
			err = recovered(value)
		}
	}()
	for _, step := range x.endpoint.steps {
		if err := step(x); err != nil {
			return err
		}
	}
	return nil
}

func (x *exchange) bindParams() error {
	x.endpoint.input.bindParams(x.inValue, x.r, x.captured, x.endpoint.decode.Echo, &x.faults)
	return nil
}

func (x *exchange) bindBody() (err error) {
	e := x.endpoint
	if x.body, err = readBody(x.w, x.r, e.maxBody, e.loose); err != nil {
		return err
	}
	e.input.body.bindBody(x.inValue, x.body, e.decode, &x.faults)
	return nil
}

// refuseFaults ends a request that does not fit; all its faults are one error.
func (x *exchange) refuseFaults() error {
	if len(x.faults.Faults) == 0 {
		return nil
	}
	return invalid(&x.faults, x.body)
}

func (x *exchange) callHandler() error {
	return x.endpoint.route.handler.call(x.r.Context(), x.in, x.out)
}

func (x *exchange) encode() error {
	e := x.endpoint
	return e.answer.encode(x.r.Context(), x.outValue, e.checks, e.errors.log, &x.answer)
}

// serve runs the request through the endpoint's middleware, if any, and then
// through its steps.
func (e *endpoint) serve(w http.ResponseWriter, r *http.Request, captured []string) {
	if e.around == nil && e.plain == nil {
		e.run(w, r, captured)
		return
	}
	for i, name := range e.names {
		r.SetPathValue(name, captured[i])
	}
	found := &routed{endpoint: e, captured: slices.Clone(captured)}
	r = r.WithContext(context.WithValue(r.Context(), routedKey{}, found))
	protect(w, r, e.errors, func(w http.ResponseWriter, r *http.Request) {
		if e.around != nil {
			e.around.ServeHTTP(w, r)
			return
		}
		e.ServeHTTP(w, r)
	})
}

// ServeHTTP is the innermost handler, behind all middleware.
func (e *endpoint) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if e.plain != nil {
		e.plain.ServeHTTP(w, r)
		return
	}
	e.run(w, r, routedOf(r).captured)
}

// routed is where a request was led; it travels in the request's context past
// middleware.
type routed struct {
	endpoint *endpoint
	captured []string
}

// routedKey finds what was routed, errorsKey the error writer where nothing
// was.
type (
	routedKey struct{}
	errorsKey struct{}
)

func routedOf(r *http.Request) *routed {
	found, _ := r.Context().Value(routedKey{}).(*routed)
	return found
}

// errorsOf is the error writer of the app that serves r, or one with the
// defaults.
func errorsOf(r *http.Request) *errorWriter {
	if found := routedOf(r); found != nil {
		return found.endpoint.errors
	}
	if ew, ok := r.Context().Value(errorsKey{}).(*errorWriter); ok {
		return ew
	}
	return &errorWriter{log: slog.Default(), messages: defaultMessage}
}
