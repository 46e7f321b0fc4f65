package candor

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"

	"github.com/candor-go/candor/internal/typeinfo"
)

// ProvideOption says something about a provider or a guard.
type ProvideOption interface{ applyProvide(*settings) error }

// Lifetime says when a scoped provider ends.
type Lifetime uint8

// The lifetimes beside the default, which is: before the answer is written,
// so that a failed commit is a 500 and never a false 201; for streams, files
// and sockets after the last byte.
const (
	byDefault Lifetime = iota
	// Encoded ends a provider before the first byte, also of a stream.
	Encoded
	// Sent ends a provider after the last byte and the tasks. The answer is
	// known then, so an error is only logged.
	Sent
)

// span orders lifetimes by their length.
func (l Lifetime) span() int {
	switch l {
	case Encoded:
		return 1
	case Sent:
		return 3
	}
	return 2
}

// Until sets when a scoped provider ends.
func Until(l Lifetime) ProvideOption {
	return onProvider(func(s *settings) error {
		s.until = l
		return nil
	})
}

// onProvider is a ProvideOption made of a function.
type onProvider func(*settings) error

func (o onProvider) applyProvide(s *settings) error { return o(s) }

// providerKind says how a provider makes its value.
type providerKind uint8

const (
	plainProvider  providerKind = iota // a call
	scopedProvider                     // around the rest of the request
	sharedProvider                     // around the life of the app
	readyValue                         // made already
	guard                              // a call for its effect
	surround                           // around the rest, for its effect
)

// provider makes the values of one type, or, as a guard, has an effect only.
type provider struct {
	site     string
	kind     providerKind
	key      reflect.Type
	function *function
	desc     *typeinfo.Input
	set      settings
	// value is that of a readyValue.
	value reflect.Value
}

// String names the provider in chains.
func (p *provider) String() string {
	if p.key != nil {
		return p.key.String()
	}
	if p.function.name != "" {
		return p.function.name
	}
	return "guard at " + p.site
}

// scoped reports whether the provider encloses the rest of the request.
func (p *provider) scoped() bool { return p.kind == scopedProvider || p.kind == surround }

// requirement is what runs for its effect: a guard, a bracket, or the provider
// of a type.
type requirement struct {
	provider *provider
	needs    reflect.Type
}

// Provide registers the function that makes values of type T for the routes of
// the app or router and of the routers below. Inputs ask for one by a field of
// exactly that type with the tag dep:"". The function's own input is bound and
// documented like a handler's, but takes no body.
//
// It runs once per request, however many ask, after the request was validated;
// if its input, or that of a provider it depends on, has a security field, it
// runs before the body is read. Its error ends the request.
//
// Two providers of one type in one router, an unnamed basic type and a missing
// provider are mistakes; the last one, and circles, show when the app is
// sealed.
func Provide[In, T any](r Routes, fn func(context.Context, In) (T, error), options ...ProvideOption) {
	r.router().provide(&provider{site: callSite(), kind: plainProvider, key: reflect.TypeFor[T](), function: eraseFunc(fn)}, options)
}

// ProvideScoped registers a provider that encloses the rest of the request:
// set-up, use, tear-down in one function. use runs the rest of the request and
// returns its error; call it exactly once, with the value.
//
//   - What use returned stands, unless the provider returns another error.
//   - An error after a good use discards the answer.
//   - A panic travels through use, so deferred calls run.
//
// It ends before the answer is written; see [Until] for other ends.
func ProvideScoped[In, T any](r Routes, fn func(ctx context.Context, in In, use func(T) error) error, options ...ProvideOption) {
	r.router().provide(&provider{site: callSite(), kind: scopedProvider, key: reflect.TypeFor[T](), function: eraseScoped(fn)}, options)
}

// ProvideShared registers a provider that encloses the life of the app: it is
// started before the first request, in the order of what depends on what, and
// ends after the last. Its input holds other shared values only. An error at
// the start stops Run.
func ProvideShared[In, T any](r Routes, fn func(ctx context.Context, in In, use func(T) error) error, options ...ProvideOption) {
	r.router().provide(&provider{site: callSite(), kind: sharedProvider, key: reflect.TypeFor[T](), function: eraseScoped(fn)}, options)
}

// ProvideValue registers a ready value, keyed by T; name an interface type
// explicitly to provide one: ProvideValue[Mailer](app, smtp).
func ProvideValue[T any](r Routes, value T) {
	r.router().provide(&provider{site: callSite(), kind: readyValue, key: reflect.TypeFor[T](), value: reflect.ValueOf(&value).Elem()}, nil)
}

// Override puts a provider in the place of every provider of type T in the
// app: for tests, before the app is sealed. The parameters of the replacement
// count, those of the original are gone.
func Override[In, T any](app *App, fn func(context.Context, In) (T, error), options ...ProvideOption) {
	app.override(&provider{site: callSite(), kind: plainProvider, key: reflect.TypeFor[T](), function: eraseFunc(fn)}, options)
}

// OverrideScoped is [Override] with a provider as for [ProvideScoped].
func OverrideScoped[In, T any](app *App, fn func(ctx context.Context, in In, use func(T) error) error, options ...ProvideOption) {
	app.override(&provider{site: callSite(), kind: scopedProvider, key: reflect.TypeFor[T](), function: eraseScoped(fn)}, options)
}

// OverrideValue is [Override] with a ready value.
func OverrideValue[T any](app *App, value T) {
	app.override(&provider{site: callSite(), kind: readyValue, key: reflect.TypeFor[T](), value: reflect.ValueOf(&value).Elem()}, nil)
}

// Require runs a guard before the body is read: a function for its effect,
// whose error ends the request. Those of the app run first, then those of
// routers, inclusions and the route. Its input is bound and documented like a
// handler's.
func Require[In any](fn func(context.Context, In) error, options ...ProvideOption) Option {
	p := &provider{site: callSite(), kind: guard, function: eraseGuard(fn)}
	return requires(func() (requirement, error) { return requirement{provider: p}, p.prepare(options) })
}

// Needs runs the provider of T for its effect, where guards run: before the
// body is read.
func Needs[T any]() Option {
	return requires(func() (requirement, error) { return requirement{needs: reflect.TypeFor[T]()}, nil })
}

// Around encloses the rest of the request for an effect: audit, locks, or
// authorization by what was bound. It runs after the request was validated and
// before providers; next runs the rest and returns its error. See
// [ProvideScoped] for the rules.
func Around[In any](fn func(ctx context.Context, in In, next func() error) error, options ...ProvideOption) Option {
	p := &provider{site: callSite(), kind: surround, function: eraseAround(fn)}
	return requires(func() (requirement, error) { return requirement{provider: p}, p.prepare(options) })
}

func requires(make func() (requirement, error)) Option {
	return everywhere(func(s *settings) error {
		q, err := make()
		s.requirements = append(s.requirements, q)
		return err
	})
}

// Scopes adds to the scopes that operations ask for; a provider reads them all
// as [RequiredScopes]. They stand in the document with the operation's security
// schemes.
func Scopes(scopes ...string) Declaration {
	return declaration{func(s *settings) error {
		s.scopes = appendNew(s.scopes, scopes)
		return nil
	}}
}

func eraseFunc[In, T any](fn func(context.Context, In) (T, error)) *function { return erase(fn) }

func eraseGuard[In any](fn func(context.Context, In) error) *function {
	return &function{
		in: reflect.TypeFor[In](), out: reflect.TypeFor[None](), name: functionName(reflect.ValueOf(fn)),
		newIn:  func() any { return new(In) },
		newOut: func() any { return new(None) },
		call:   func(ctx context.Context, in, _ any) error { return fn(ctx, *in.(*In)) },
	}
}

func eraseScoped[In, T any](fn func(context.Context, In, func(T) error) error) *function {
	return &function{
		in: reflect.TypeFor[In](), out: reflect.TypeFor[T](), name: functionName(reflect.ValueOf(fn)),
		newIn:  func() any { return new(In) },
		newOut: func() any { return new(T) },
		bracket: func(ctx context.Context, in, out any, rest func() error) error {
			return fn(ctx, *in.(*In), func(value T) error {
				*out.(*T) = value
				return rest()
			})
		},
	}
}

func eraseAround[In any](fn func(context.Context, In, func() error) error) *function {
	return &function{
		in: reflect.TypeFor[In](), out: reflect.TypeFor[None](), name: functionName(reflect.ValueOf(fn)),
		newIn:  func() any { return new(In) },
		newOut: func() any { return new(None) },
		bracket: func(ctx context.Context, in, _ any, rest func() error) error {
			return fn(ctx, *in.(*In), rest)
		},
	}
}

// provide adds a provider, or panics with what is wrong about it.
func (r *Router) provide(p *provider, options []ProvideOption) {
	if err := r.addProvider(p, options); err != nil {
		panic(p.mistake(err))
	}
}

func (p *provider) mistake(err error) error {
	return fmt.Errorf("candor: provider of %s at %s: %w", p, p.site, err)
}

func (r *Router) addProvider(p *provider, options []ProvideOption) error {
	if r.sealed.Load() {
		return errSealed
	}
	if err := p.prepare(options); err != nil {
		return err
	}
	for _, other := range r.providers {
		if other.key == p.key {
			return fmt.Errorf("%s has a provider already, registered at %s; give one of them a type of its own: type Other %s", p.key, other.site, p.key)
		}
	}
	r.providers = append(r.providers, p)
	return nil
}

func (a *App) override(p *provider, options []ProvideOption) {
	err := p.prepare(options)
	if a.Router.sealed.Load() {
		err = errSealed
	}
	if err != nil {
		panic(p.mistake(err))
	}
	a.overrides[p.key] = p
}

// prepare reads what the types and options of a provider say.
func (p *provider) prepare(options []ProvideOption) (err error) {
	if err := checkKey(p.key); err != nil {
		return err
	}
	for _, o := range options {
		if err := o.applyProvide(&p.set); err != nil {
			return err
		}
	}
	if p.set.until != byDefault && p.kind != scopedProvider {
		return errors.New("Until is for providers registered by ProvideScoped; drop it")
	}
	if p.kind == readyValue {
		return nil
	}
	if p.desc, err = describeInput(p.function.in); err != nil {
		return err
	}
	if p.desc.Body != nil || p.desc.Members != nil || p.desc.Form != nil {
		return errors.New("it wants the body, which belongs to the handler; take it there, and pass what the provider needs")
	}
	if p.kind == sharedProvider && (len(p.desc.Params) > 0 || len(p.desc.Ready) > 0) {
		return errors.New("it outlives every request, but its input wants values of one; take dep fields of shared providers only")
	}
	return nil
}

// checkKey refuses types that say too little to find a provider by.
func checkKey(key reflect.Type) error {
	switch {
	case key == nil:
		return nil
	case key == reflect.TypeFor[any](), key == reflect.TypeFor[error](), key == reflect.TypeFor[context.Context](), key == reflect.TypeFor[None]():
		return fmt.Errorf("values of type %s cannot be told apart; provide a type of your own", key)
	case key.PkgPath() == "" && key.Kind() <= reflect.Complex128 || key == reflect.TypeFor[string]():
		return fmt.Errorf("a %s could be anything; give it a type of its own, such as type APIRoot %s", key, key)
	}
	return nil
}

// resolver finds out what one endpoint depends on, and in which order it runs.
type resolver struct {
	endpoint  *endpoint
	chain     []*Router // innermost first
	overrides map[reflect.Type]*provider
	// shared finds the value of a shared provider.
	shared func(*provider, []*Router) (reflect.Value, error)

	placed map[*provider]int
	path   []*provider
	// named are the scoped providers that Needs lets begin before the body.
	named map[reflect.Type]bool
	// fresh are the values of fields that were made before the body already.
	fresh map[*typeinfo.Field]injection
	early bool
	steps []placedStep
}

// placedStep is a step with the part it runs: a provider's, or, with index 0,
// the handler's.
type placedStep struct {
	step
	index    int
	provider *provider
	early    bool
}

// until is when a step that is a bracket ends.
func (s placedStep) until() Lifetime { return s.provider.set.until }

// dependencies adds the parts an endpoint depends on.
func (b *builder) dependencies(e *endpoint) (before, after []step, err error) {
	r := &resolver{
		endpoint: e, chain: e.chain, overrides: b.app.overrides, shared: b.shared,
		placed: map[*provider]int{}, named: map[reflect.Type]bool{}, fresh: map[*typeinfo.Field]injection{},
	}
	for _, phase := range []func() error{r.guards, r.credentials, r.surrounds, r.handlerAfterBody} {
		if err := phase(); err != nil {
			return nil, nil, err
		}
	}
	return r.ordered()
}

// guards places what runs for its effect before the body.
func (r *resolver) guards() error {
	r.early = true
	for _, q := range r.endpoint.set.requirements {
		if q.needs != nil {
			r.named[q.needs] = true
		}
	}
	for _, q := range r.endpoint.set.requirements {
		var err error
		switch {
		case q.needs != nil:
			_, err = r.need(q.needs, r.chain, false)
		case q.provider.kind == guard:
			_, err = r.place(q.provider, r.chain)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// credentials places what reads credentials before the body, wherever the
// handler or a bracket depends on it.
func (r *resolver) credentials() error {
	handler := r.endpoint.parts[0]
	if hasSecurity(handler.desc) {
		r.steps = append(r.steps, placedStep{step: step{run: func(x *exchange) error { return x.frames[0].refusal }}, early: true})
	}
	if err := r.readers(handler.desc, r.chain); err != nil {
		return err
	}
	for _, q := range r.endpoint.set.requirements {
		if q.provider == nil || q.provider.kind != surround {
			continue
		}
		if err := r.readers(q.provider.desc, r.chain); err != nil {
			return err
		}
	}
	return nil
}

// readers places the providers behind an input that reach a security field.
// One that encloses the rest stays behind the body; what it depends on does
// not, and its own credentials are asked for by the sweep.
func (r *resolver) readers(in *typeinfo.Input, chain []*Router) error {
	for _, f := range in.Deps {
		p, owners, err := r.find(f.Type.Go, chain)
		if err != nil {
			return err
		}
		secure, err := r.reachesSecurity(p, owners, nil)
		switch {
		case err != nil:
			return err
		case !secure || slices.Contains(r.path, p):
			continue
		case p.scoped():
			r.path = append(r.path, p)
			err = r.readers(p.desc, owners)
			r.path = r.path[:len(r.path)-1]
		case f.Fresh:
			var d injection
			if d, err = r.need(f.Type.Go, chain, true); err == nil {
				r.fresh[f] = d
			}
		default:
			_, err = r.place(p, owners)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// sweep refuses a request before its body is read where credentials of a part
// are missing that runs behind it.
func (x *exchange) sweep() error {
	for i := range x.frames {
		if x.frames[i].refusal != nil {
			return x.frames[i].refusal
		}
	}
	return nil
}

// readsLate reports whether a part behind the body has a security field.
func (r *resolver) readsLate() bool {
	return slices.ContainsFunc(r.steps, func(s placedStep) bool {
		return !s.early && s.index > 0 && hasSecurity(r.endpoint.parts[s.index].desc)
	})
}

// surrounds places the brackets for effect.
func (r *resolver) surrounds() error {
	r.early = false
	for _, q := range r.endpoint.set.requirements {
		if q.provider != nil && q.provider.kind == surround {
			if _, err := r.place(q.provider, r.chain); err != nil {
				return err
			}
		}
	}
	return nil
}

// handlerAfterBody places everything else the handler depends on.
func (r *resolver) handlerAfterBody() (err error) {
	handler := r.endpoint.parts[0]
	handler.deps, err = r.injections(handler.desc, r.chain)
	return err
}

// injections finds what fills the dep fields of an input.
func (r *resolver) injections(in *typeinfo.Input, chain []*Router) ([]injection, error) {
	var all []injection
	for _, f := range in.Deps {
		found, ok := r.fresh[f]
		if !ok {
			var err error
			if found, err = r.need(f.Type.Go, chain, f.Fresh); err != nil {
				return nil, err
			}
		}
		found.index = f.Index
		all = append(all, found)
	}
	return all, nil
}

// need finds the value of a type, and places its provider if it has to run.
func (r *resolver) need(t reflect.Type, chain []*Router, fresh bool) (injection, error) {
	p, owners, err := r.find(t, chain)
	if err != nil {
		return injection{}, err
	}
	switch p.kind {
	case readyValue:
		return injection{part: lifelong, value: p.value}, nil
	case sharedProvider:
		value, err := r.shared(p, owners)
		return injection{part: lifelong, value: value}, err
	}
	if fresh {
		if i, ok := r.placed[p]; ok {
			delete(r.placed, p)
			defer func() { r.placed[p] = i }()
		} else {
			defer delete(r.placed, p)
		}
	}
	i, err := r.place(p, owners)
	return injection{part: i}, err
}

// find returns the nearest provider of a type, and the routers around it.
func (r *resolver) find(t reflect.Type, chain []*Router) (*provider, []*Router, error) {
	if p, owners, ok := r.lookup(t, chain); ok {
		return p, owners, nil
	}
	return nil, nil, fmt.Errorf("%s: no provider; register one with candor.Provide on the app or a router around the route", r.chainTo(t.String()))
}

func (r *resolver) lookup(t reflect.Type, chain []*Router) (*provider, []*Router, bool) {
	if p, ok := r.overrides[t]; ok {
		return p, r.chain, true
	}
	for i, router := range chain {
		for _, p := range router.providers {
			if p.key == t {
				return p, chain[i:], true
			}
		}
	}
	return nil, nil, false
}

// chainTo prints how the resolver came to something.
func (r *resolver) chainTo(last string) string {
	e := r.endpoint
	names := []string{first(e.name(), "handler")}
	for _, p := range r.path {
		names = append(names, p.String())
	}
	return fmt.Sprintf("%s %s: %s", e.method, e.pattern, strings.Join(append(names, last), " -> "))
}

// place gives a provider its step, behind those of what it depends on. The
// result is the index of its part.
func (r *resolver) place(p *provider, chain []*Router) (int, error) {
	if i, ok := r.placed[p]; ok {
		return i, nil
	}
	if slices.Contains(r.path, p) {
		return 0, fmt.Errorf("%s: a circle; let one of them do without the other", r.chainTo(p.String()))
	}
	if r.early && p.scoped() && !r.named[p.key] {
		return 0, fmt.Errorf("%s: it would begin before the body is read, because a guard or a security field needs it; say candor.Needs[%s]() on the route if that is meant", r.chainTo(p.String()), p.key)
	}
	r.path = append(r.path, p)
	deps, err := r.injections(p.desc, chain)
	if err == nil {
		err = r.checkLifetimes(p, chain)
	}
	r.path = r.path[:len(r.path)-1]
	if err != nil {
		return 0, err
	}
	e := r.endpoint
	i := len(e.parts)
	e.parts = append(e.parts, &part{function: p.function, desc: p.desc, deps: deps, provider: p})
	r.placed[p] = i
	r.steps = append(r.steps, placedStep{step: runPart(i, p.scoped()), index: i, provider: p, early: r.early})
	return i, nil
}

// checkLifetimes sees to it that a scoped provider does not outlive what it
// depends on.
func (r *resolver) checkLifetimes(p *provider, chain []*Router) error {
	if p.kind != scopedProvider {
		return nil
	}
	for _, f := range p.desc.Deps {
		dep, owners, err := r.find(f.Type.Go, chain)
		if err != nil {
			return err
		}
		if shortest := r.shortest(dep, owners, nil); shortest != nil && shortest.set.until.span() < p.set.until.span() {
			return fmt.Errorf("%s: it lives longer than %s, on which it depends; give that the longer candor.Until", r.chainTo(p.String()), shortest)
		}
	}
	return nil
}

// shortest is the scoped provider that ends first among p and what it depends
// on; nil where there is none.
func (r *resolver) shortest(p *provider, chain []*Router, seen []*provider) *provider {
	if p.kind == readyValue || p.kind == sharedProvider || slices.Contains(seen, p) {
		return nil
	}
	var found *provider
	if p.kind == scopedProvider {
		found = p
	}
	for _, f := range p.desc.Deps {
		dep, owners, err := r.find(f.Type.Go, chain)
		if err != nil {
			continue
		}
		if other := r.shortest(dep, owners, append(seen, p)); other != nil && (found == nil || other.set.until.span() < found.set.until.span()) {
			found = other
		}
	}
	return found
}

// reachesSecurity reports whether a provider, or one it depends on, reads
// credentials.
func (r *resolver) reachesSecurity(p *provider, chain []*Router, seen []*provider) (bool, error) {
	if p.desc == nil || p.kind == sharedProvider || slices.Contains(seen, p) {
		return false, nil
	}
	if hasSecurity(p.desc) {
		return true, nil
	}
	for _, f := range p.desc.Deps {
		r.path = append(r.path, p)
		dep, owners, err := r.find(f.Type.Go, chain)
		r.path = r.path[:len(r.path)-1]
		if err != nil {
			return false, err
		}
		if secure, err := r.reachesSecurity(dep, owners, append(seen, p)); secure || err != nil {
			return secure, err
		}
	}
	return false, nil
}

// hasSecurity reports whether an input reads credentials itself.
func hasSecurity(in *typeinfo.Input) bool {
	return slices.ContainsFunc(in.Ready, isSecurity)
}

// runPart is the step of a part. Before the body its parameters may still be
// faulty, and credentials missing.
func runPart(i int, scoped bool) step {
	if scoped {
		return step{bracket: func(x *exchange, rest int) error {
			if err := x.refusal(i); err != nil {
				return err
			}
			x.inject(i)
			return x.enclose(i, rest)
		}}
	}
	return step{run: func(x *exchange) error {
		if err := x.refusal(i); err != nil {
			return err
		}
		return x.call(i)
	}}
}

// refusal is why a part cannot run, nil if it can.
func (x *exchange) refusal(i int) error {
	switch f := &x.frames[i]; {
	case f.refusal != nil:
		return f.refusal
	case f.unsound:
		return x.invalid()
	}
	return nil
}

var (
	errUseTwice       = errors.New("a scoped provider called use, or a bracket called next, more than once")
	errUseNever       = errors.New("a scoped provider returned nil without calling use, or a bracket without calling next")
	errSwallowedPanic = errors.New("a scoped provider or a bracket recovered from a panic of the request and returned nil")
)

// enclose runs the rest of the request inside a part.
func (x *exchange) enclose(i, rest int) error {
	f := &x.frames[i]
	calls := 0
	// Until use returns, and where it never does, a panic goes through it.
	inner := errSwallowedPanic
	err := x.endpoint.parts[i].function.bracket(x.ctx, f.in, f.out, func() error {
		if calls++; calls > 1 {
			return errUseTwice
		}
		inner = x.from(rest)
		return inner
	})
	switch {
	case calls > 1:
		return errUseTwice
	case calls == 0 && err == nil:
		return errUseNever
	case err == nil:
		return inner
	}
	return err
}

// ordered brings the steps into their final order. Before the body that is the
// order in which they were placed. After it, brackets that live until the
// answer is sent are outermost, and those that end before the first byte
// innermost, each behind what it depends on. The answer is written between.
func (r *resolver) ordered() (before, after []step, err error) {
	var steps []placedStep
	emitted := map[int]bool{}
	emit := func(wanted func(placedStep) bool) {
		for _, s := range r.steps {
			if wanted(s) {
				steps = r.behind(s, steps, emitted)
			}
		}
	}
	ends := func(l Lifetime) func(placedStep) bool {
		return func(s placedStep) bool { return s.bracket != nil && s.until() == l }
	}
	emit(func(s placedStep) bool { return s.early })
	emit(ends(Sent))
	if slices.ContainsFunc(r.steps, ends(Encoded)) {
		emit(ends(byDefault))
	}
	emit(func(placedStep) bool { return true })
	if err := r.checkNesting(steps); err != nil {
		return nil, nil, err
	}
	return r.divide(steps)
}

// behind appends a step behind those of the parts it depends on.
func (r *resolver) behind(s placedStep, steps []placedStep, emitted map[int]bool) []placedStep {
	if emitted[s.index] {
		return steps
	}
	emitted[s.index] = true
	if s.index > 0 {
		for _, d := range r.endpoint.parts[s.index].deps {
			for _, other := range r.steps {
				if d.part != lifelong && other.index == d.part {
					steps = r.behind(other, steps, emitted)
				}
			}
		}
	}
	return append(steps, s)
}

// checkNesting checks that no bracket has to end both before and after the
// writing of the answer.
func (r *resolver) checkNesting(steps []placedStep) error {
	var outer *provider
	for _, s := range steps {
		switch {
		case s.bracket == nil:
		case outer != nil && s.until().span() > outer.set.until.span():
			return fmt.Errorf("%s %s: %s ends earlier than %s, which begins inside of it; give it the longer candor.Until", r.endpoint.method, r.endpoint.pattern, outer, s.provider)
		default:
			outer = s.provider
		}
	}
	return nil
}

// divide puts the steps on their side of the body, with the writing of the
// answer inside of the brackets that outlive it.
func (r *resolver) divide(steps []placedStep) (before, after []step, err error) {
	isOutliving := func(s placedStep) bool { return s.bracket != nil && s.until() == Sent }
	isEnding := func(s placedStep) bool { return s.bracket != nil && s.until() == Encoded }
	last := -1
	for i, s := range steps {
		if isOutliving(s) {
			last = i
		}
	}
	firstEnding := slices.IndexFunc(steps, isEnding)
	for i, s := range steps {
		list := &after
		if s.early {
			list = &before
		}
		if i == firstEnding {
			*list = append(*list, step{bracket: (*exchange).streamInside})
			r.endpoint.streamsLate = true
		}
		*list = append(*list, s.step)
		if i == last {
			*list = append(*list, step{bracket: (*exchange).answerInside})
			r.endpoint.outlived = true
		}
	}
	if r.readsLate() {
		before = append(before, step{run: (*exchange).sweep})
	}
	return before, after, nil
}

// answerInside writes the answer while the brackets around it still live.
func (x *exchange) answerInside(rest int) error {
	err := x.protected(rest)
	if !x.finished {
		x.finish(err)
	}
	return err
}

// streamInside writes a stream once the brackets inside have ended.
func (x *exchange) streamInside(rest int) error {
	if err := x.from(rest); err != nil {
		return err
	}
	return x.finishStream()
}
