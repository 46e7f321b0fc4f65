package candor

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"slices"

	"github.com/candor-go/candor/internal/callsite"
)

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
	provideOn(r, &provider{site: callsite.Here(), kind: plainProvider, key: reflect.TypeFor[T](), deliver: delivery[T], function: eraseFunc(fn)}, options)
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
	provideOn(r, &provider{site: callsite.Here(), kind: scopedProvider, key: reflect.TypeFor[T](), deliver: delivery[T], function: eraseScoped(fn)}, options)
}

// ProvideShared registers a provider that encloses the life of the app: it is
// started before the first request, in the order of what depends on what, and
// ends after the last. Its input holds other shared values only. An error at
// the start stops Run.
func ProvideShared[In, T any](r Routes, fn func(ctx context.Context, in In, use func(T) error) error, options ...ProvideOption) {
	provideOn(r, &provider{site: callsite.Here(), kind: sharedProvider, key: reflect.TypeFor[T](), deliver: delivery[T], function: eraseScoped(fn)}, options)
}

// ProvideValue registers a ready value, keyed by T; name an interface type
// explicitly to provide one: ProvideValue[Mailer](app, smtp).
func ProvideValue[T any](r Routes, value T) {
	provideOn(r, &provider{site: callsite.Here(), kind: readyValue, key: reflect.TypeFor[T](), deliver: delivery[T], value: reflect.ValueOf(&value).Elem()}, nil)
}

// Override puts a provider in the place of every provider of type T in the
// app: for tests, before the app is sealed. The parameters of the replacement
// count, those of the original are gone.
func Override[In, T any](app *App, fn func(context.Context, In) (T, error), options ...ProvideOption) {
	app.override(&provider{site: callsite.Here(), kind: plainProvider, key: reflect.TypeFor[T](), deliver: delivery[T], function: eraseFunc(fn)}, options)
}

// OverrideScoped is [Override] with a provider as for [ProvideScoped].
func OverrideScoped[In, T any](app *App, fn func(ctx context.Context, in In, use func(T) error) error, options ...ProvideOption) {
	app.override(&provider{site: callsite.Here(), kind: scopedProvider, key: reflect.TypeFor[T](), deliver: delivery[T], function: eraseScoped(fn)}, options)
}

// OverrideValue is [Override] with a ready value.
func OverrideValue[T any](app *App, value T) {
	app.override(&provider{site: callsite.Here(), kind: readyValue, key: reflect.TypeFor[T](), deliver: delivery[T], value: reflect.ValueOf(&value).Elem()}, nil)
}

// Require runs a guard before the body is read: a function for its effect,
// whose error ends the request. Those of the app run first, then those of
// routers, inclusions and the route. Its input is bound and documented like a
// handler's.
func Require[In any](fn func(context.Context, In) error, options ...ProvideOption) Option {
	p := &provider{site: callsite.Here(), kind: guard, function: eraseGuard(fn)}
	return requires(func() (requirement, error) { return requirement{provider: p}, p.prepared(options) })
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
	p := &provider{site: callsite.Here(), kind: surround, function: eraseAround(fn)}
	return requires(func() (requirement, error) { return requirement{provider: p}, p.prepared(options) })
}

func requires(prepare func() (requirement, error)) Option {
	return everywhere(func(s *settings) error {
		q, err := prepare()
		s.requirements = append(s.requirements, q)
		return err
	})
}

// Scopes adds to the scopes that operations ask for. The provider or guard that
// reads the credentials, or depends on what does, reads them all as
// [RequiredScopes] and compares. They stand in the document with the schemes of
// these credentials.
//
// Scopes that nothing reads together with credentials are a configuration error
// when the app is sealed; so is one that a flow of OAuth2 does not list, where it
// lists any.
func Scopes(scopes ...string) Declaration {
	return declaration{func(s *settings) error {
		s.scopes = appendNew(s.scopes, scopes)
		return nil
	}}
}

// Public opens a route to everyone, where the app or a router around it asks for
// credentials. What [Require], [Needs] and [Around] say there does not hold for
// the route if it reads credentials, by itself or by what it depends on; nor do
// [Scopes]. Other guards hold.
//
//	app := candor.New(config, candor.Needs[*User]())
//	candor.Post(app, "/login", login, candor.Public())
//
// A field that reads credentials, even optional ones, among what is left is a
// configuration error when the app is sealed. The document has the empty list
// of security, and [App.Routes] says which routes are public.
func Public() RouteOption {
	return onRoute(func(s *settings) error {
		s.public = true
		return nil
	})
}

func eraseFunc[In, T any](fn func(context.Context, In) (T, error)) *function {
	if fn == nil {
		return nil
	}
	return erase(fn)
}

func eraseGuard[In any](fn func(context.Context, In) error) *function {
	if fn == nil {
		return nil
	}
	return takeTypes(fn, func(r *room, in *In, _ *None) {
		r.run = func(ctx context.Context) error { return fn(ctx, *in) }
	})
}

func eraseScoped[In, T any](fn func(context.Context, In, func(T) error) error) *function {
	if fn == nil {
		return nil
	}
	return takeTypes(fn, func(r *room, in *In, out *T) {
		r.bracket = func(ctx context.Context, rest func() error) error {
			return fn(ctx, *in, func(made T) error {
				*out = made
				return rest()
			})
		}
	})
}

func eraseAround[In any](fn func(context.Context, In, func() error) error) *function {
	if fn == nil {
		return nil
	}
	return takeTypes(fn, func(r *room, in *In, _ *None) {
		r.bracket = func(ctx context.Context, rest func() error) error { return fn(ctx, *in, rest) }
	})
}

// provideOn adds a provider to an app or a router.
func provideOn(r Routes, p *provider, options []ProvideOption) {
	routerOf(r, p.mistake).provide(p, options)
}

// provide adds a provider, or panics with what is wrong about it.
func (r *Router) provide(p *provider, options []ProvideOption) {
	if err := r.addProvider(p, options); err != nil {
		panic(p.mistake(err))
	}
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
	switch {
	case a == nil:
		err = errNilRouter
	case a.Router.sealed.Load():
		err = errSealed
	}
	if err != nil {
		panic(p.mistake(err))
	}
	a.overrides[p.key] = p
}

// prepared is prepare for a provider that stands in an option.
func (p *provider) prepared(options []ProvideOption) error {
	if err := p.prepare(options); err != nil {
		return fmt.Errorf("%s: %w", p, err)
	}
	return nil
}

// prepare reads what the types and options of a provider say.
func (p *provider) prepare(options []ProvideOption) (err error) {
	if err := checkKey(p.key); err != nil {
		return err
	}
	for _, o := range options {
		if o == nil {
			return errNilOption
		}
		if err := o.applyProvide(&p.set); err != nil {
			return err
		}
	}
	if p.set.until != byDefault && !p.scoped() {
		return errors.New("Until is for what encloses the rest of a request, such as providers of ProvideScoped and brackets of Around; drop it")
	}
	if p.kind == readyValue {
		return p.checkValue()
	}
	if p.function == nil {
		return errors.New("the function is nil; pass one")
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

// checkValue refuses a value whose first use would fail. An empty list is one.
func (p *provider) checkValue() error {
	switch p.value.Kind() {
	case reflect.Pointer, reflect.Interface, reflect.Map, reflect.Func, reflect.Chan:
		if p.value.IsNil() {
			return errors.New("the value is nil; provide one, or make it in a function for candor.Provide")
		}
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
		return fmt.Errorf("a value of type %s could be anything; give it a type of its own, such as type APIRoot %s", key, key)
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
	f.inject()
	calls := 0
	// Until use returns, and where it never does, a panic goes through it.
	inner := errSwallowedPanic
	err := f.bracket(x.ctx, func() error {
		if calls++; calls > 1 {
			return errUseTwice
		}
		inner = opened(x.from(rest))
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
	last, cache := -1, -1
	for i, s := range steps {
		if isOutliving(s) {
			last, cache = i, i
		}
		if s.provider != nil && s.provider.kind == surround {
			cache = i
		}
	}
	keeps := r.endpoint.set.cache != nil && r.endpoint.canCache()
	if keeps && cache < 0 {
		after = append(after, step{bracket: (*exchange).cached})
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
		}
		if keeps && i == cache {
			*list = append(*list, step{bracket: (*exchange).cached})
		}
	}
	if r.readsLate() {
		before = append(before, step{run: (*exchange).sweep})
	}
	return before, after, nil
}

// answerInside writes the response and runs the tasks while the brackets around
// it still live.
func (x *exchange) answerInside(rest int) error {
	err := x.protected(rest)
	if !x.finished {
		x.finish(err)
	}
	if err == nil {
		x.endpoint.tasks.run(context.WithoutCancel(x.ctx), x.takeTasks())
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
