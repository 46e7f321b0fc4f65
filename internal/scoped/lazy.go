package scoped

import (
	"context"
	"errors"
	"net/http"
	"reflect"
	"sync"
)

// A provider that waits runs in a goroutine of its own, started by the first Get. The goroutine lives as long as the
// rest of the request: use hands the value to those who wait for it, then blocks until the step of the provider
// (Lazy.Run) reports how the rest has ended, and ends in the same way. So set-up, use and tear-down are one function, as
// in a provider that does not wait, and its deferred calls run at the usual time.

// ErrEnded is returned by Lazy.Get after the provider has ended.
var ErrEnded = errors.New("candor: a Lazy was used after its provider ended")

// Lazy is the source of a value that functions ask for when they need it. It is reused by later requests: each has a
// generation of its own.
type Lazy struct {
	// Made points to the provider's value.
	Made any
	// Provide runs the provider around use; nil if a step of the request runs it.
	Provide func(ctx context.Context, use func() error) error
	// Before are the lazy providers that it depends on.
	Before []*Lazy
	// Attempts is how often it may call use, 0 without the option.
	Attempts int

	mutex sync.Mutex
	// generation changes when the value's lifetime ends; a Lazy of an earlier generation has ended. Only the goroutine
	// of the request changes it.
	generation uint64
	// ctx is the context of the request, in which the provider runs.
	ctx context.Context
	// run is nil until somebody asks.
	run *run
}

// HandOver wraps a scoped provider that runs at its step, so that it also gives its value to those who ask, until it
// ends.
func (l *Lazy) HandOver(wrap func(ctx context.Context, rest func() error) error) func(ctx context.Context, rest func() error) error {
	return func(ctx context.Context, rest func() error) error {
		return wrap(ctx, func() error {
			defer l.end()
			return rest()
		})
	}
}

// Generation is that of the value that exists, or may be asked for, now. Only the goroutine of the request may call it.
func (l *Lazy) Generation() uint64 { return l.generation }

// Get waits for the value of a generation, and passes it to take. The first call starts the provider. ctx limits only
// the wait. If the set-up panics, Get panics.
func (l *Lazy) Get(ctx context.Context, generation uint64, take func(made any)) error {
	run, err := l.begin(ctx, generation)
	if err == nil && run != nil {
		err = run.wait(ctx)
	}
	if err != nil {
		return err
	}
	l.mutex.Lock()
	defer l.mutex.Unlock()
	switch {
	// The request may have ended while the provider was starting.
	case l.generation != generation:
		return ErrEnded
	case run != nil && !run.hasValue:
		return run.failure()
	}
	// Called with the lock held, because the slot is cleared for the next request.
	take(l.Made)
	return nil
}

// begin starts the provider unless it is running; it returns nil if a step of the request has made the value.
func (l *Lazy) begin(ctx context.Context, generation uint64) (*run, error) {
	l.mutex.Lock()
	defer l.mutex.Unlock()
	switch {
	case l.generation != generation:
		return nil, ErrEnded
	case l.Provide == nil || l.run != nil:
		return l.run, nil
	case l.ctx.Err() != nil:
		return nil, context.Cause(l.ctx)
	case ctx.Err() != nil:
		return nil, context.Cause(ctx)
	}
	l.run = &run{
		uses: Attempts{Most: l.Attempts}, ready: make(chan struct{}), rest: make(chan ending), again: make(chan struct{}), done: make(chan struct{}),
	}
	go l.run.provide(l.ctx, l)
	return l.run, nil
}

// need starts the lazy providers that this one depends on.
func (l *Lazy) need(ctx context.Context) error {
	l.mutex.Lock()
	generation := l.generation
	l.mutex.Unlock()
	return l.Get(ctx, generation, func(any) {})
}

// Run runs the rest of a request, in which others may ask for the value, and then ends the provider, if it has started.
// rewind prepares another attempt at the rest; isRepeatable says whether there can be one.
func (l *Lazy) Run(ctx context.Context, rest, rewind func() error, isRepeatable func() bool) error {
	l.open(ctx)
	again, err := l.attempt(rest, isRepeatable)
	for again {
		again, err = l.attempt(func() error {
			if err := rewind(); err != nil {
				return err
			}
			return rest()
		}, isRepeatable)
	}
	return err
}

// attempt runs the rest of the request once, and ends the provider, unless that asks for another attempt.
func (l *Lazy) attempt(rest func() error, isRepeatable func() bool) (again bool, err error) {
	hasReturned := false
	defer func() {
		if hasReturned {
			return
		}
		// The provider sees the panic, which is raised again here, so that the logged stack is that of the handler.
		end := ending{thrown: recover(), final: true}
		end.exited = end.thrown == nil
		again, err = l.finish(end)
	}()
	err = rest()
	hasReturned = true
	return l.finish(ending{err: err, final: l.Attempts > 0 && !isRepeatable()})
}

// open allows the provider to start.
func (l *Lazy) open(ctx context.Context) {
	l.mutex.Lock()
	defer l.mutex.Unlock()
	l.ctx = ctx
}

// end invalidates every Lazy filled in so far. It returns the run of the provider, if any.
func (l *Lazy) end() *run {
	l.mutex.Lock()
	defer l.mutex.Unlock()
	run := l.run
	l.generation++
	l.run = nil
	return run
}

// Release is end at the end of the request.
func (l *Lazy) Release() {
	l.end()
	l.mutex.Lock()
	defer l.mutex.Unlock()
	l.ctx = nil // so that the request can be collected
}

// resume gives Lazy fields the value made for a further attempt.
func (l *Lazy) resume(run *run) {
	l.mutex.Lock()
	defer l.mutex.Unlock()
	l.run = run
}

// finish ends the provider, if it has started; rest says how the steps after it ended. The result is that of the
// request, unless the provider asks for another attempt. If the provider is still starting, finish waits for it.
func (l *Lazy) finish(rest ending) (again bool, err error) {
	run := l.end()
	if run == nil {
		return false, rest.repeat()
	}
	again, outcome := run.finish(rest)
	if again {
		l.resume(run)
		return true, nil
	}
	return false, outcome.repeat()
}

// run is one run of a lazy provider.
type run struct {
	uses Attempts
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
func (r *run) provide(ctx context.Context, l *Lazy) {
	// Deferred in this order, so that it also works if the provider calls runtime.Goexit.
	defer close(r.done)
	defer func() {
		if !r.hasValue {
			close(r.ready)
		}
	}()
	r.outcome.observe(func() error {
		for _, dependency := range l.Before {
			if err := dependency.need(ctx); err != nil {
				return err
			}
		}
		return l.Provide(ctx, r.use)
	})
}

// use hands over the value, and waits for the end of the rest of the request.
func (r *run) use() error {
	switch {
	case !r.uses.Next():
		return r.uses.Err
	case r.uses.Calls == 1:
		r.hasValue = true
		close(r.ready)
	default:
		r.again <- struct{}{}
	}
	end := <-r.rest
	r.uses.Err, r.uses.Final = end.err, end.final
	if end.thrown != nil {
		r.uses.Err = ErrSwallowedPanic
	}
	return end.repeat()
}

// wait waits until the provider has started, or ctx has ended.
func (r *run) wait(ctx context.Context) error {
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
func (r *run) failure() error {
	if r.outcome.isReturn() && r.outcome.err == nil {
		return errUseNever
	}
	return r.outcome.repeat()
}

// finish tells the provider how the rest of the request has ended, and waits until it ends or asks for another attempt.
func (r *run) finish(rest ending) (again bool, outcome ending) {
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
		return false, ending{err: r.uses.Result(r.outcome.err)}
	}
	return false, r.outcome
}

// without returns how a request ends whose provider made no value. If the provider returned an error, the handler has
// seen it and decides. Anything else is a bug in the provider, and a handler that carries on does not hide it.
func (r *run) without(rest ending) ending {
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
