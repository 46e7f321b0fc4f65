package candor

import (
	"context"
	"errors"
	"fmt"
	"reflect"

	"github.com/candor-go/candor/internal/callsite"
	"github.com/candor-go/candor/internal/typeinfo"
)

// ProvideOption says something about a provider or a guard.
type ProvideOption interface{ applyProvide(*settings) error }

// Lifetime says when a scoped provider ends.
type Lifetime uint8

// The lifetimes beside the default, which is: before the response is written,
// so that a failed commit is a 500 and never a false 201; for streams, files
// and sockets after the last byte.
const (
	byDefault Lifetime = iota
	// ResponseEncoded ends a provider before the first byte, also of a stream.
	ResponseEncoded
	// ResponseSent ends a provider after the last byte and the tasks. The response is
	// known then, so an error is only logged.
	ResponseSent
)

// span orders lifetimes by their length.
func (l Lifetime) span() int {
	switch l {
	case ResponseEncoded:
		return 1
	case ResponseSent:
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

// Attempts lets a provider of [ProvideScoped] call use, or a bracket of [Around]
// call next, up to n times: to run a transaction again that lost against another.
// The provider may do so whatever the call before returned, since a COMMIT fails
// after a good use; the last call counts.
//
//   - Everything after the provider runs again, other providers included, with inputs
//     bound anew from the request. Guards and what came before stay, and so does what
//     a handler has changed in their values.
//   - Headers, cookies, background tasks and the response of the attempt before are
//     dropped. [CacheTags] are kept.
//   - No attempt follows where the response has begun, the connection was upgraded,
//     the body was handed over unread, the attempt panicked, or the context of the
//     request has ended. Then use returns the error of the attempt before, or after
//     a good one an error that is a 500.
//
// Without it a second call is a 500. All attempts share the [Timeout] of the
// route; pauses between them are the provider's.
func Attempts(n int) ProvideOption {
	return onProvider(func(s *settings) error {
		if n < 1 {
			return fmt.Errorf("Attempts(%d); write how often the rest of the request may run, such as 10", n)
		}
		s.attempts = n
		return nil
	})
}

// onProvider is a ProvideOption made of a function.
type onProvider func(*settings) error

func (o onProvider) applyProvide(s *settings) error { return o(s) }

// providerKind says how a provider makes its value.
type providerKind uint8

const (
	plainProvider   providerKind = iota // a call
	scopedProvider                      // around the rest of the request
	sharedProvider                      // around the life of the app
	readyValue                          // made already
	guard                               // a call for its effect
	wrapperProvider                     // around the rest, for its effect
)

// provider makes the values of one type, or, as a guard, has an effect only.
type provider struct {
	site     *callsite.Site
	kind     providerKind
	key      reflect.Type
	function *function
	desc     *typeinfo.Input
	set      settings
	// copier makes what copies a value of the provider; nil for those that are
	// run for their effect.
	copier copier
	// value is that of a readyValue.
	value reflect.Value
}

// copier makes what copies a value to a field; from and to are pointers to it.
type copier func(from, to any) func()

// copyValue is the deliver of values of type T.
func copyValue[T any](from, to any) func() {
	// The casts cannot fail: a field gets values of a provider only if both have the
	// type T.
	value, field := from.(*T), to.(*T)
	return func() { *field = *value }
}

// String names the provider in chains.
func (p *provider) String() string {
	if p.key != nil {
		return p.key.String()
	}
	if p.function != nil && p.function.name != "" {
		return p.function.name
	}
	return "guard at " + p.site.String()
}

// step is what a request does with the provider.
func (p *provider) step() string {
	switch p.kind {
	case scopedProvider:
		return "open"
	case guard:
		return "guard by"
	case wrapperProvider:
		return "run inside of"
	}
	return "provide"
}

// scoped reports whether the provider wraps the rest of the request.
func (p *provider) scoped() bool { return p.kind == scopedProvider || p.kind == wrapperProvider }

func (p *provider) configError(err error) error {
	return fmt.Errorf("candor: provider of %s at %s: %w", p, p.site, err)
}

// requirement is what runs for its effect: a guard, a wrapper, or the provider
// of a type.
type requirement struct {
	provider *provider
	needs    reflect.Type
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
		return errors.New("Until is for wrappers of the rest of a request, such as providers of ProvideScoped and functions of Around; drop it")
	}
	switch {
	case p.set.attempts == 0:
	case !p.scoped():
		return errors.New("Attempts is for wrappers of the rest of a request, such as providers of ProvideScoped and functions of Around; drop it")
	case p.set.until == ResponseSent:
		return errors.New("Attempts together with Until(ResponseSent): the response is sent before use returns, so that no attempt could follow; drop one of them")
	}
	// A ready value has no function, so the checks of the input do not apply.
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
		return errors.New("it needs the body, which belongs to the handler; take it there, and pass what the provider needs")
	}
	if p.kind == sharedProvider && (len(p.desc.Params) > 0 || len(p.desc.Ready) > 0) {
		return errors.New("it outlives every request, but its input needs values of a request; take dep fields of shared providers only")
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
	// Guards and wrappers make no value, so nothing looks them up by type.
	case key == nil:
		return nil
	case lazyOf(key) != nil:
		return fmt.Errorf("candor.Lazy[%[1]s] is only a way to take a value; provide %[1]s", lazyOf(key).wanted())
	case key == reflect.TypeFor[any](), key == reflect.TypeFor[error](), key == reflect.TypeFor[context.Context](), key == reflect.TypeFor[None]():
		return fmt.Errorf("values of type %s are not distinct; provide a type of your own", key)
	// The kinds up to Complex128 are the booleans and numbers; only the predeclared
	// types have no package path.
	case key.PkgPath() == "" && key.Kind() <= reflect.Complex128 || key == reflect.TypeFor[string]():
		return fmt.Errorf("a value of type %s could be anything; give it a type of its own, such as type APIRoot %s", key, key)
	}
	return nil
}
