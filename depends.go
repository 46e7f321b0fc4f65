package candor

import (
	"context"
	"reflect"

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
// provider are configuration errors; the last one, and circles, show when the app is
// sealed.
func Provide[In, T any](r Routes, fn func(context.Context, In) (T, error), options ...ProvideOption) {
	provideOn(r, &provider{site: callsite.Here(), kind: plainProvider, key: reflect.TypeFor[T](), copier: copyValue[T], function: eraseFunc(fn)}, options)
}

// ProvideScoped registers a provider that wraps the rest of the request:
// set-up, use, tear-down in one function. use runs the rest of the request and
// returns its error; call it exactly once, with the value.
//
//   - What use returned stands, unless the provider returns another error.
//   - An error after a good use discards the response.
//   - A panic travels through use, so deferred calls run.
//
// It ends before the response is written; see [Until] for other ends.
func ProvideScoped[In, T any](r Routes, fn func(ctx context.Context, in In, use func(T) error) error, options ...ProvideOption) {
	provideOn(r, &provider{site: callsite.Here(), kind: scopedProvider, key: reflect.TypeFor[T](), copier: copyValue[T], function: eraseScoped(fn)}, options)
}

// ProvideShared registers a provider that wraps the life of the app: it is
// started before the first request, in the order of what depends on what, and
// ends after the last. Its input holds other shared values only. An error at
// the start stops Run.
func ProvideShared[In, T any](r Routes, fn func(ctx context.Context, in In, use func(T) error) error, options ...ProvideOption) {
	provideOn(r, &provider{site: callsite.Here(), kind: sharedProvider, key: reflect.TypeFor[T](), copier: copyValue[T], function: eraseScoped(fn)}, options)
}

// ProvideValue registers a ready value, keyed by T; name an interface type
// explicitly to provide one: ProvideValue[Mailer](app, smtp).
func ProvideValue[T any](r Routes, value T) {
	provideOn(r, &provider{site: callsite.Here(), kind: readyValue, key: reflect.TypeFor[T](), copier: copyValue[T], value: reflect.ValueOf(&value).Elem()}, nil)
}

// Override puts a provider in the place of every provider of type T in the
// app: for tests, before the app is sealed. The parameters of the replacement
// count, those of the original are gone.
func Override[In, T any](app *App, fn func(context.Context, In) (T, error), options ...ProvideOption) {
	app.override(&provider{site: callsite.Here(), kind: plainProvider, key: reflect.TypeFor[T](), copier: copyValue[T], function: eraseFunc(fn)}, options)
}

// OverrideScoped is [Override] with a provider as for [ProvideScoped].
func OverrideScoped[In, T any](app *App, fn func(ctx context.Context, in In, use func(T) error) error, options ...ProvideOption) {
	app.override(&provider{site: callsite.Here(), kind: scopedProvider, key: reflect.TypeFor[T](), copier: copyValue[T], function: eraseScoped(fn)}, options)
}

// OverrideValue is [Override] with a ready value.
func OverrideValue[T any](app *App, value T) {
	app.override(&provider{site: callsite.Here(), kind: readyValue, key: reflect.TypeFor[T](), copier: copyValue[T], value: reflect.ValueOf(&value).Elem()}, nil)
}

// Require runs a guard before the body is read: a function for its effect,
// whose error ends the request. Those of the app run first, then those of
// routers, inclusions and the route. Its input is bound and documented like a
// handler's.
func Require[In any](fn func(context.Context, In) error, options ...ProvideOption) Option {
	p := &provider{site: callsite.Here(), kind: guard, function: eraseGuard(fn)}
	// The options are read when the guard is applied, so that the error names the
	// call which registers it.
	return requires(func() (requirement, error) { return requirement{provider: p}, p.prepared(options) })
}

// Needs runs the provider of T for its effect, where guards run: before the
// body is read.
func Needs[T any]() Option {
	return requires(func() (requirement, error) { return requirement{needs: reflect.TypeFor[T]()}, nil })
}

// Around wraps the rest of the request for an effect: audit, locks, or
// authorization by what was bound. It runs after the request was validated and
// before providers; next runs the rest and returns its error. See
// [ProvideScoped] for the rules.
func Around[In any](fn func(ctx context.Context, in In, next func() error) error, options ...ProvideOption) Option {
	p := &provider{site: callsite.Here(), kind: wrapperProvider, function: eraseWrapper(fn)}
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
		// A nil function stays nil here; prepare reports it with the call that
		// registers it.
		return nil
	}
	return erase(fn)
}

func eraseGuard[In any](fn func(context.Context, In) error) *function {
	if fn == nil {
		return nil
	}
	return eraseTypes(fn, func(r *callSlot, in *In, _ *None) {
		r.run = func(ctx context.Context) error { return fn(ctx, *in) }
	})
}

func eraseScoped[In, T any](fn func(context.Context, In, func(T) error) error) *function {
	if fn == nil {
		return nil
	}
	return eraseTypes(fn, func(r *callSlot, in *In, out *T) {
		r.wrap = func(ctx context.Context, rest func() error) error {
			return fn(ctx, *in, func(made T) error {
				// Later steps copy the value from the slot, so it is stored before they
				// run.
				*out = made
				return rest()
			})
		}
	})
}

func eraseWrapper[In any](fn func(context.Context, In, func() error) error) *function {
	if fn == nil {
		return nil
	}
	return eraseTypes(fn, func(r *callSlot, in *In, _ *None) {
		r.wrap = func(ctx context.Context, rest func() error) error { return fn(ctx, *in, rest) }
	})
}

// provideOn adds a provider to an app or a router.
func provideOn(r Routes, p *provider, options []ProvideOption) {
	routerOf(r, p.configError).provide(p, options)
}
