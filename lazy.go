package candor

import (
	"context"
	"errors"
	"fmt"
	"reflect"

	"github.com/candor-go/candor/internal/mark"
	"github.com/candor-go/candor/internal/scoped"
	"github.com/candor-go/candor/internal/typeinfo"
)

// Lazy is a dependency of type T whose provider starts at the first [Lazy.Get], and does not run without one. For
// example, no transaction is open while a password is hashed:
//
//	type Register struct {
//		User NewUser            `body:""`
//		Tx   candor.Lazy[*sql.Tx] `dep:""`
//	}
//
//	func register(ctx context.Context, in Register) (User, error) {
//		hash := slowHash(in.User.Password)
//		tx, err := in.Tx.Get(ctx)
//
// In detail:
//
//   - The dependencies of T wait as well, if only Lazy fields need them. If another function of the route takes T
//     itself, its provider starts as usual, and Get returns that value.
//   - Parameters of a lazy provider are bound, validated and documented as usual; dependencies that read credentials do
//     not wait.
//   - The provider ends when it would end without Lazy, whoever asked first.
//   - It runs in a goroutine of its own, with the context of the request: runtime.LockOSThread and the labels of
//     pprof.Do do not carry over to the handler.
//
// A Lazy may be copied, and is safe for concurrent use.
type Lazy[T any] struct {
	_    mark.Lazy
	slot *scoped.Lazy
	// generation is that of the slot, because slots are reused by later requests.
	generation uint64
	// ready is a value that needs no provider.
	ready *T
}

// LazyValue returns a Lazy that already has its value, for tests that call a handler as a function.
func LazyValue[T any](value T) Lazy[T] { return Lazy[T]{ready: &value} }

// ErrLazyEnded is returned by [Lazy.Get] after the provider has ended: by default when the response is encoded, so not
// in a background task (but see [Until]). It is returned even if the value had been made before: a committed
// transaction is not handed out.
var ErrLazyEnded = scoped.ErrEnded

// Get returns the value, and starts its provider if this is the first call. All calls of one request, from any
// goroutine, share one run of the provider and get the same value or the same error; if the set-up panics, each call
// panics.
//
// ctx limits only the wait. When it ends, Get returns its cause; the provider goes on, and a later Get finds its value.
// After the context of the request has ended, no provider is started.
func (l Lazy[T]) Get(ctx context.Context) (T, error) {
	var value T
	switch {
	case l.ready != nil:
		return *l.ready, nil
	case l.slot == nil:
		return value, errors.New("candor: a Lazy without a value; take it in a field with the tag dep:\"\", or make one by candor.LazyValue")
	}
	err := l.slot.Get(ctx, l.generation, func(made any) {
		value = *made.(*T) // the slot belongs to a provider of T
	})
	return value, err
}

// lazyField is a Lazy without its type. The methods are called on a zero value.
type lazyField interface {
	wanted() reflect.Type
	copier() func(from, to any) func()
}

func (Lazy[T]) wanted() reflect.Type { return reflect.TypeFor[T]() }

// copier returns a function that copies from a scoped.Lazy, or from an existing value.
func (Lazy[T]) copier() func(from, to any) func() {
	return func(from, to any) func() {
		field := to.(*Lazy[T]) // the type of the field whose copier this is
		if slot, ok := from.(*scoped.Lazy); ok {
			return func() { *field = Lazy[T]{slot: slot, generation: slot.Generation()} }
		}
		ready := from.(*T)
		return func() { *field = Lazy[T]{ready: ready} }
	}
}

// lazyOf returns the Lazy that a field is, nil for others.
func lazyOf(t reflect.Type) lazyField {
	if t.PkgPath() != reflect.TypeFor[function]().PkgPath() {
		return nil
	}
	field, _ := reflect.Zero(t).Interface().(lazyField)
	return field
}

// checkLazy finds dep fields that cannot be Lazy.
func checkLazy(in *typeinfo.Input) error {
	for _, f := range in.Deps {
		e := &typeinfo.Error{Type: typeinfo.Name(in.Go), Field: f.Go}
		switch t := f.Type.Go; {
		case t.Kind() == reflect.Pointer && lazyOf(t.Elem()) != nil:
			e.Problem, e.Fix = "a pointer to a candor.Lazy", "take it by value"
		case lazyOf(t) == nil:
			continue
		case f.Fresh:
			e.Problem, e.Fix = "a candor.Lazy of a fresh value, which no one else could use", "write `dep:\"\"`, or take the value itself with `dep:\"fresh\"`"
		case lazyOf(lazyOf(t).wanted()) != nil:
			e.Problem, e.Fix = "a candor.Lazy of a Lazy", fmt.Sprintf("write candor.Lazy[%s]", lazyOf(lazyOf(t).wanted()).wanted())
		default:
			continue
		}
		return e
	}
	return nil
}
