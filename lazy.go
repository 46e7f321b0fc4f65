package candor

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"reflect"
	"runtime"
	"sync"

	"github.com/candor-go/candor/internal/mark"
	"github.com/candor-go/candor/internal/panics"
	"github.com/candor-go/candor/internal/typeinfo"
)

// A provider that waits runs in a goroutine of its own, started by the first Get. The goroutine lives as long as the
// rest of the request: use hands the value to those who wait for it, then blocks until the step of the provider
// (runLazy) reports how the rest has ended, and ends in the same way. So set-up, use and tear-down are one function, as
// in a provider that does not wait, and its deferred calls run at the usual time.

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
	slot *lazySlot
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
var ErrLazyEnded = errors.New("candor: a Lazy was used after its provider ended")

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
	err := l.slot.get(ctx, l.generation, func(made any) {
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

// copier returns a function that copies from a lazySlot, or from an existing value.
func (Lazy[T]) copier() func(from, to any) func() {
	return func(from, to any) func() {
		field := to.(*Lazy[T]) // the type of the field whose copier this is
		if slot, ok := from.(*lazySlot); ok {
			return func() { *field = Lazy[T]{slot: slot, generation: slot.generation} }
		}
		ready := from.(*T)
		return func() { *field = Lazy[T]{ready: ready} }
	}
}

// lazyOf returns the Lazy that a field is, nil for others.
func lazyOf(t reflect.Type) lazyField {
	if t.PkgPath() != reflect.TypeFor[lazySlot]().PkgPath() || !t.Implements(reflect.TypeFor[lazyField]()) {
		return nil
	}
	return reflect.Zero(t).Interface().(lazyField)
}

// wantedBy returns the type whose provider fills in a dep field.
func wantedBy(f *typeinfo.Field) reflect.Type {
	if lazy := lazyOf(f.Type.Go); lazy != nil {
		return lazy.wanted()
	}
	return f.Type.Go
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

// lazySlot is the source of the values of Lazy fields: one for each provider of an endpoint that a Lazy asks for.
type lazySlot struct {
	// made points to the provider's value.
	made any
	// provide runs the provider around use; nil if a step of the request runs it.
	provide func(ctx context.Context, use func() error) error
	// before are the lazy providers that it depends on.
	before []*lazySlot
	// attempts is how often it may call use, 0 without the option.
	attempts int

	mutex sync.Mutex
	// generation changes when the value's lifetime ends; a Lazy of an earlier generation has ended. Only the goroutine
	// of the request changes it.
	generation uint64
	// ctx is the context of the request, in which the provider runs.
	ctx context.Context
	// run is nil until somebody asks.
	run *lazyRun
}

// handOver wraps a call slot whose provider runs at its step, so that it also gives its value to Lazy fields.
func (s *lazySlot) handOver(c *callSlot) *callSlot {
	wrap := c.wrap
	if wrap == nil {
		return c // its value stays until the end of the request
	}
	handing := *c
	handing.wrap = func(ctx context.Context, rest func() error) error {
		return wrap(ctx, func() error {
			defer s.end()
			return rest()
		})
	}
	return &handing
}

// get waits for the value and passes it to take.
func (s *lazySlot) get(ctx context.Context, generation uint64, take func(made any)) error {
	run, err := s.begin(ctx, generation)
	if err == nil && run != nil {
		err = run.wait(ctx)
	}
	if err != nil {
		return err
	}
	s.mutex.Lock()
	defer s.mutex.Unlock()
	switch {
	// The request may have ended while the provider was starting.
	case s.generation != generation:
		return ErrLazyEnded
	case run != nil && !run.hasValue:
		return run.failure()
	}
	// Called with the lock held, because the slot is cleared for the next request.
	take(s.made)
	return nil
}

// begin starts the provider unless it is running; it returns nil if a step of the request has made the value.
func (s *lazySlot) begin(ctx context.Context, generation uint64) (*lazyRun, error) {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	switch {
	case s.generation != generation:
		return nil, ErrLazyEnded
	case s.provide == nil || s.run != nil:
		return s.run, nil
	case s.ctx.Err() != nil:
		return nil, context.Cause(s.ctx)
	case ctx.Err() != nil:
		return nil, context.Cause(ctx)
	}
	s.run = &lazyRun{
		attempts: attempts{most: s.attempts}, ready: make(chan struct{}), rest: make(chan ending), again: make(chan struct{}), done: make(chan struct{}),
	}
	go s.run.provide(s.ctx, s)
	return s.run, nil
}

// need starts the lazy providers that this one depends on.
func (s *lazySlot) need(ctx context.Context) error {
	s.mutex.Lock()
	generation := s.generation
	s.mutex.Unlock()
	return s.get(ctx, generation, func(any) {})
}

// open allows the provider to start.
func (s *lazySlot) open(ctx context.Context) {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	s.ctx = ctx
}

// end invalidates every Lazy filled in so far. It returns the run of the provider, if any.
func (s *lazySlot) end() *lazyRun {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	run := s.run
	s.generation++
	s.run = nil
	return run
}

// release is end at the end of the request.
func (s *lazySlot) release() {
	s.end()
	s.mutex.Lock()
	defer s.mutex.Unlock()
	s.ctx = nil // so that the request can be collected
}

// resume gives Lazy fields the value made for a further attempt.
func (s *lazySlot) resume(run *lazyRun) {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	s.run = run
}

// finish ends the provider, if it has started; rest says how the steps after it ended. The result is that of the
// request, unless the provider asks for another attempt. If the provider is still starting, finish waits for it.
func (s *lazySlot) finish(rest ending) (again bool, err error) {
	run := s.end()
	if run == nil {
		return false, rest.repeat()
	}
	again, outcome := run.finish(rest)
	if again {
		s.resume(run)
		return true, nil
	}
	return false, outcome.repeat()
}

// lazyRun is one run of a lazy provider.
type lazyRun struct {
	attempts
	// ready is closed when there is a value, or when there will be none.
	ready    chan struct{}
	hasValue bool
	// rest receives how each attempt at the rest of the request has ended; again asks for the next attempt.
	rest  chan ending
	again chan struct{}
	// done is closed when the provider has ended; outcome says how.
	done    chan struct{}
	outcome ending
}

// provide runs the provider. Its panics are repeated in those who asked for the value.
func (r *lazyRun) provide(ctx context.Context, s *lazySlot) {
	// Deferred in this order, so that it also works if the provider calls runtime.Goexit.
	defer close(r.done)
	defer func() {
		if !r.hasValue {
			close(r.ready)
		}
	}()
	r.outcome.observe(func() error {
		for _, dependency := range s.before {
			if err := dependency.need(ctx); err != nil {
				return err
			}
		}
		return s.provide(ctx, r.use)
	})
}

// use hands over the value, and waits for the end of the rest of the request.
func (r *lazyRun) use() error {
	switch {
	case !r.next():
		return r.err
	case r.calls == 1:
		r.hasValue = true
		close(r.ready)
	default:
		r.again <- struct{}{}
	}
	end := <-r.rest
	r.err, r.final = end.err, end.final
	if end.thrown != nil {
		r.err = errSwallowedPanic
	}
	return end.repeat()
}

// wait waits until the provider has started, or ctx has ended.
func (r *lazyRun) wait(ctx context.Context) error {
	select {
	case <-r.ready:
		return nil
	case <-ctx.Done():
	}
	select { // both may be ready, and then there is a value
	case <-r.ready:
		return nil
	default:
		return context.Cause(ctx)
	}
}

// failure returns how a provider ended that made no value, for Get to repeat.
func (r *lazyRun) failure() error {
	if r.outcome.isReturn() && r.outcome.err == nil {
		return errUseNever
	}
	return r.outcome.repeat()
}

// finish tells the provider how the rest of the request has ended, and waits until it ends or asks for another attempt.
func (r *lazyRun) finish(rest ending) (again bool, outcome ending) {
	<-r.ready
	if !r.hasValue {
		return false, r.without(rest)
	}
	select {
	case r.rest <- rest:
	case <-r.done: // it did not wait for use
	}
	select {
	case <-r.again:
		return true, ending{}
	case <-r.done:
	}
	if r.outcome.isReturn() {
		return false, ending{err: r.result(r.outcome.err)}
	}
	return false, r.outcome
}

// without returns how a request ends whose provider made no value. If the provider returned an error, the handler has
// seen it and decides. Anything else is a bug in the provider, and a handler that carries on does not hide it.
func (r *lazyRun) without(rest ending) ending {
	switch {
	// The panic that Get has repeated, now with the stack of the provider.
	case rest.thrown != nil && r.outcome.panic != nil && isSamePanic(rest.thrown, r.outcome.thrown):
		return ending{err: r.outcome.panic}
	case !rest.isReturn():
		return rest
	case r.outcome.thrown != nil:
		return ending{err: r.outcome.panic}
	case r.outcome.exited || r.outcome.err == nil:
		return ending{err: errUseNever}
	}
	return rest
}

// isSamePanic reports whether two panics have the same value, and one that is comparable.
func isSamePanic(a, b any) bool {
	return a != http.ErrAbortHandler && reflect.ValueOf(a).Comparable() && a == b //nolint:errorlint // net/http compares it so
}

// ending is how a function has ended.
type ending struct {
	err error
	// thrown is the value of a panic, and panic the same as an error, with the stack.
	thrown any
	panic  *panics.Error
	// exited means that the goroutine ended by runtime.Goexit.
	exited bool
	// final means that the request cannot run again.
	final bool
}

// observe records how f ends. If f calls runtime.Goexit, it does not return.
func (e *ending) observe(f func() error) {
	e.exited = true // unless it ends in another way
	defer func() {
		if value := recover(); value != nil {
			*e = ending{thrown: value, panic: panics.New(value)}
		}
	}()
	err := f()
	*e = ending{err: err}
}

// isReturn reports whether the function has returned.
func (e *ending) isReturn() bool { return e.thrown == nil && !e.exited }

// repeat ends the caller in the same way.
func (e *ending) repeat() error {
	switch {
	case e.exited:
		runtime.Goexit()
	case e.thrown != nil:
		panic(e.thrown)
	}
	return e.err
}
