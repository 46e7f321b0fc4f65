package candor

import (
	"context"
	"errors"
	"fmt"
	"reflect"

	"github.com/candor-go/candor/internal/callsite"
	"github.com/candor-go/candor/internal/credentials"
	"github.com/candor-go/candor/internal/dependency"
	"github.com/candor-go/candor/internal/typeinfo"
)

// ProvideOption configures a provider or a guard.
type ProvideOption interface{ applyProvide(*settings) error }

// Lifetime says when a scoped provider ends.
type Lifetime uint8

// Lifetimes other than the default. By default a provider ends before the response is written, so that a failed commit
// is a 500 and never a false 201; for streams, files and WebSockets it ends after the last byte.
const (
	byDefault Lifetime = iota
	// ResponseEncoded ends a provider before the first byte is written, even for streams.
	ResponseEncoded
	// ResponseSent ends a provider after the last byte and the background tasks. By then the response has been sent, so
	// an error is only logged.
	ResponseSent
)

// ends says when a provider with the lifetime ends.
func (l Lifetime) ends() dependency.Lifetime {
	switch l {
	case ResponseEncoded:
		return dependency.ResponseEncoded
	case ResponseSent:
		return dependency.ResponseSent
	}
	return dependency.ResponseComplete
}

// Until sets when a scoped provider ends.
func Until(l Lifetime) ProvideOption {
	return onProvider(func(s *settings) error {
		s.until = l
		return nil
	})
}

// Attempts lets a provider of [ProvideScoped] call use, or a function of [Around] call next, up to n times, to retry a
// transaction that conflicted with another. It may do so even after a call that succeeded, since a COMMIT may fail; the
// last call counts.
//
//   - Everything after the provider runs again, other providers included, with inputs bound again from the request.
//     Earlier steps, such as guards, do not run again, and changes that a handler made to their values persist.
//   - Headers, cookies, background tasks and the response of the previous attempt are dropped. [CacheTags] are kept.
//   - No further attempt is possible if the response has begun, the connection was upgraded, the body was passed to the
//     handler unread, the attempt panicked, or the context of the request has ended. Then use returns the error of the
//     previous attempt or, if that succeeded, an error that is a 500.
//
// Without this option a second call is a 500. All attempts share the [Timeout] of the route. The provider decides how
// long to wait between them.
func Attempts(n int) ProvideOption {
	return onProvider(func(s *settings) error {
		if n < 1 {
			return fmt.Errorf("Attempts(%d); write how often the rest of the request may run, such as 10", n)
		}
		s.attempts = n
		return nil
	})
}

// onProvider is a ProvideOption made from a function.
type onProvider func(*settings) error

func (o onProvider) applyProvide(s *settings) error { return o(s) }

// provider makes the values of one type; guards and wrappers make none.
type provider struct {
	dependency.Provider
	function *function
	desc     *typeinfo.Input
	set      settings
	// copier makes functions that copy a value of the provider; nil if it has no value.
	copier copier
	// value is that of an existing value.
	value reflect.Value
}

// newProvider describes a function that makes a value.
func newProvider(kind dependency.Kind, f *function, c copier) *provider {
	return &provider{Provider: dependency.Provider{Site: callsite.Here(), Kind: kind, Key: f.out}, copier: c, function: f}
}

// readyProvider describes an existing value, which value points to.
func readyProvider(value any, c copier) *provider {
	v := reflect.ValueOf(value).Elem()
	return &provider{Provider: dependency.Provider{Site: callsite.Here(), Kind: dependency.Ready, Key: v.Type()}, copier: c, value: v}
}

// copier makes a function that copies a value to a field; from and to are pointers.
type copier func(from, to any) func()

// copyValue is the copier for values of type T.
func copyValue[T any](from, to any) func() {
	// The casts cannot fail: a field is wired to a provider only if both have type T.
	value, field := from.(*T), to.(*T)
	return func() { *field = *value }
}

// step names the kind of step that runs the provider.
func (p *provider) step() string {
	switch p.Kind {
	case dependency.Scoped:
		return "open"
	case dependency.Guard:
		return "guard by"
	case dependency.Wrapper:
		return "run inside of"
	}
	return "provide"
}

func (p *provider) configError(err error) error {
	return fmt.Errorf("candor: provider of %s at %s: %w", p, p.Site, err)
}

// requirement is a function that an option adds to a request: a guard, a wrapper, or the provider of a type.
type requirement struct {
	provider *provider
	needs    reflect.Type
}

// prepared prepares a provider given in an option.
func (p *provider) prepared(options []ProvideOption) error {
	if err := p.prepare(options); err != nil {
		return fmt.Errorf("%s: %w", p, err)
	}
	return nil
}

// prepare reads the types and options of a provider.
func (p *provider) prepare(options []ProvideOption) (err error) {
	if err := checkKey(p.Key); err != nil {
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
	if p.set.until != byDefault && !p.Wraps() {
		return errors.New("Until is for wrappers of the rest of a request, such as providers of ProvideScoped and functions of Around; drop it")
	}
	p.Until = p.set.until.ends()
	switch {
	case p.set.attempts == 0:
	case !p.Wraps():
		return errors.New("Attempts is for wrappers of the rest of a request, such as providers of ProvideScoped and functions of Around; drop it")
	case p.set.until == ResponseSent:
		return errors.New("Attempts together with Until(ResponseSent): the response is sent before use returns, so that no attempt could follow; drop one of them")
	}
	// An existing value has no function, so the checks of the input do not apply.
	if p.Kind == dependency.Ready {
		return p.checkValue()
	}
	if p.function.isNil() {
		return errors.New("the function is nil; pass one")
	}
	if p.desc, err = describeInput(p.function.in); err != nil {
		return err
	}
	if p.desc.Body != nil || p.desc.Members != nil || p.desc.Form != nil {
		return errors.New("it needs the body, which belongs to the handler; take it there, and pass what the provider needs")
	}
	if p.Kind == dependency.Shared && (len(p.desc.Params) > 0 || len(p.desc.Ready) > 0) {
		return errors.New("it outlives every request, but its input needs values of a request; take dep fields of shared providers only")
	}
	p.Input = dependsOn(p.desc)
	return nil
}

// checkValue refuses a nil value whose first use would panic. A nil slice is fine.
func (p *provider) checkValue() error {
	switch p.value.Kind() {
	case reflect.Pointer, reflect.Interface, reflect.Map, reflect.Func, reflect.Chan:
		if p.value.IsNil() {
			return errors.New("the value is nil; provide one, or make it in a function for candor.Provide")
		}
	}
	return nil
}

// checkKey refuses types that are too general to identify a provider.
func checkKey(key reflect.Type) error {
	switch {
	// Guards and wrappers have no value, so nothing looks them up by type.
	case key == nil:
		return nil
	case lazyOf(key) != nil:
		return fmt.Errorf("candor.Lazy[%[1]s] is only a way to take a value; provide %[1]s", lazyOf(key).wanted())
	case key == reflect.TypeFor[any](), key == reflect.TypeFor[error](), key == reflect.TypeFor[context.Context](), key == reflect.TypeFor[None]():
		return fmt.Errorf("values of type %s are not distinct; provide a type of your own", key)
	// The kinds up to Complex128 are booleans and numbers; only predeclared types have no package path.
	case key.PkgPath() == "" && key.Kind() <= reflect.Complex128 || key == reflect.TypeFor[string]():
		return fmt.Errorf("a value of type %s could be anything; give it a type of its own, such as type APIRoot %s", key, key)
	}
	return nil
}

// dependsOn describes what an input says about dependencies.
func dependsOn(in *typeinfo.Input) dependency.Input {
	found := dependency.Input{Deps: make([]dependency.Dep, 0, len(in.Deps)), ReadsCredentials: credentials.In(in), TakesBytes: takesRaw(in)}
	for _, f := range in.Deps {
		d := dependency.Dep{Field: f.Type.Go, Type: f.Type.Go, Fresh: f.Fresh}
		if lazy := lazyOf(f.Type.Go); lazy != nil {
			d.Type = lazy.wanted()
		}
		found.Deps = append(found.Deps, d)
	}
	return found
}
