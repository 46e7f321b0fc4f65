package candor

import (
	"context"
	"reflect"

	"github.com/candor-go/candor/internal/callsite"
	"github.com/candor-go/candor/internal/dependency"
)

// Provide registers a provider: the function that makes dependencies of type T for the routes of the app or router and
// of the routers below it. An input asks for one with a field of exactly that type and the tag dep:"". The function's
// own input is bound and documented like a handler's, but cannot have a body.
//
// It runs at most once per request, after the request was validated; if its input, or that of a provider it depends on,
// has a security field, it runs before the body is read. An error it returns ends the request.
//
// Two providers of one type in one router, an unnamed basic type and a missing provider are configuration errors.
// Missing providers and dependency cycles are found when the app is sealed.
func Provide[In, T any](r Routes, fn func(context.Context, In) (T, error), options ...ProvideOption) {
	provideOn(r, newProvider(dependency.Plain, erase(fn), copyValue[T]), options)
}

// ProvideScoped registers a provider that wraps the rest of the request: set-up, use and tear-down in one function. use
// runs the rest of the request and returns its error; call it exactly once, with the value.
//
//   - The error that use returned is the result of the request, unless the provider returns another.
//   - If the provider returns an error after use succeeded, the response is discarded.
//   - A panic passes through use, so deferred calls run.
//
// It ends before the response is written; [Until] changes that.
func ProvideScoped[In, T any](r Routes, fn func(ctx context.Context, in In, use func(T) error) error, options ...ProvideOption) {
	provideOn(r, newProvider(dependency.Scoped, eraseScoped(fn), copyValue[T]), options)
}

// ProvideShared registers a provider that wraps the life of the app: it starts before the first request, after what it
// depends on, and ends after the last. Its input may contain only other shared values. An error at the start makes Run
// return it.
func ProvideShared[In, T any](r Routes, fn func(ctx context.Context, in In, use func(T) error) error, options ...ProvideOption) {
	provideOn(r, newProvider(dependency.Shared, eraseScoped(fn), copyValue[T]), options)
}

// ProvideValue registers an existing value as the dependency of type T. Name an interface type explicitly to provide
// one: ProvideValue[Mailer](app, smtp).
func ProvideValue[T any](r Routes, value T) {
	provideOn(r, readyProvider(&value, copyValue[T]), nil)
}

// Override replaces every provider of type T in the app, for tests, before the app is sealed. The parameters of the
// replacement are bound and documented instead of those of the original.
func Override[In, T any](app *App, fn func(context.Context, In) (T, error), options ...ProvideOption) {
	app.override(newProvider(dependency.Plain, erase(fn), copyValue[T]), options)
}

// OverrideScoped is [Override] with a provider like that of [ProvideScoped].
func OverrideScoped[In, T any](app *App, fn func(ctx context.Context, in In, use func(T) error) error, options ...ProvideOption) {
	app.override(newProvider(dependency.Scoped, eraseScoped(fn), copyValue[T]), options)
}

// OverrideValue is [Override] with an existing value.
func OverrideValue[T any](app *App, value T) {
	app.override(readyProvider(&value, copyValue[T]), nil)
}

// Require runs a guard before the body is read: a function whose error ends the request. Guards of the app run first,
// then those of routers, inclusions and the route. A guard's input is bound and documented like a handler's.
func Require[In any](fn func(context.Context, In) error, options ...ProvideOption) Option {
	return requiresFunction(dependency.Guard, eraseGuard(fn), options)
}

// Needs runs the provider of T as a guard, before the body is read, and ignores its value.
func Needs[T any]() Option {
	return requiresValue(reflect.TypeFor[T]())
}

// Around wraps the rest of the request, for example for audit logs, locks, or authorization that depends on bound
// values. It runs after the request was validated and before providers; next runs the rest and returns its error. The
// rules of [ProvideScoped] apply.
func Around[In any](fn func(ctx context.Context, in In, next func() error) error, options ...ProvideOption) Option {
	return requiresFunction(dependency.Wrapper, eraseWrapper(fn), options)
}

// requiresFunction adds a function that runs for its error, or wraps the rest of the request.
func requiresFunction(kind dependency.Kind, f *function, options []ProvideOption) Option {
	p := &provider{Provider: dependency.Provider{Site: callsite.Here(), Kind: kind, Name: f.name}, function: f}
	return everywhere(func(s *settings) error {
		s.requirements = append(s.requirements, requirement{provider: p})
		// The options are applied together with the function, so that an error names the call that registers it.
		return p.prepared(options)
	})
}

// requiresValue adds the provider of a type.
func requiresValue(t reflect.Type) Option {
	return everywhere(func(s *settings) error {
		s.requirements = append(s.requirements, requirement{needs: t})
		return nil
	})
}

// Scopes adds to the scopes that operations require. The provider or guard that reads the credentials, directly or
// through a dependency, receives all of them as [RequiredScopes] and compares. The document lists them with the
// security schemes of these credentials.
//
// Scopes that no function reads together with credentials are a configuration error when the app is sealed. So is a
// scope that an OAuth2 flow does not list, if it lists any.
func Scopes(scopes ...string) Declaration {
	return declaration{func(s *settings) error {
		s.scopes = appendNew(s.scopes, scopes)
		return nil
	}}
}

// Public opens a route to everyone although its app or router asks for credentials. Functions of [Require], [Needs] and
// [Around] that read credentials, directly or through a dependency, do not run for this route, and [Scopes] do not
// apply. Other guards still run.
//
//	app := candor.New(config, candor.Needs[*User]())
//	candor.Post(app, "/login", login, candor.Public())
//
// If what still runs reads credentials, even optional ones, that is a configuration error when the app is sealed. In
// the document the operation has an empty security list; [App.Routes] says which routes are public.
func Public() RouteOption {
	return onRoute(func(s *settings) error {
		s.public = true
		return nil
	})
}

func eraseGuard[In any](fn func(context.Context, In) error) *function {
	return runs(fn, func(ctx context.Context, s *callSlot) error { return fn(ctx, *s.in.(*In)) })
}

func eraseScoped[In, T any](fn func(context.Context, In, func(T) error) error) *function {
	return wraps(fn, func(ctx context.Context, s *callSlot, rest func() error) error {
		return fn(ctx, *s.in.(*In), func(made T) error {
			// Stored before the later steps run, because they copy the value from there.
			*s.out.(*T) = made
			return rest()
		})
	})
}

func eraseWrapper[In any](fn func(context.Context, In, func() error) error) *function {
	return wraps(fn, func(ctx context.Context, s *callSlot, rest func() error) error { return fn(ctx, *s.in.(*In), rest) })
}

// provideOn adds a provider to an app or a router.
func provideOn(r Routes, p *provider, options []ProvideOption) {
	routerOf(r, p.configError).provide(p, options)
}
