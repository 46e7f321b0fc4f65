package candor

import (
	"fmt"
	"reflect"

	"github.com/candor-go/candor/internal/callsite"
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
	site     *callsite.Site
	kind     providerKind
	key      reflect.Type
	function *function
	desc     *typeinfo.Input
	set      settings
	// deliver makes what copies a value of the provider; nil for those that are
	// run for their effect.
	deliver deliver
	// value is that of a readyValue.
	value reflect.Value
}

// deliver makes what copies a value to a field; from and to are pointers to it.
type deliver func(from, to any) func()

// delivery is the deliver of values of type T.
func delivery[T any](from, to any) func() {
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

// scoped reports whether the provider encloses the rest of the request.
func (p *provider) scoped() bool { return p.kind == scopedProvider || p.kind == surround }

func (p *provider) mistake(err error) error {
	return fmt.Errorf("candor: provider of %s at %s: %w", p, p.site, err)
}

// requirement is what runs for its effect: a guard, a bracket, or the provider
// of a type.
type requirement struct {
	provider *provider
	needs    reflect.Type
}
