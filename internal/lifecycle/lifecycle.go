// Package lifecycle sets up what an app needs before its first request, and tears it down after the last. It knows
// functions only; the root says which of them belong to an app, and what has to be drained in between.
package lifecycle

import (
	"cmp"
	"context"
	"errors"
	"sync"
	"sync/atomic"

	"github.com/candor-go/candor/internal/panics"
)

// Func wraps the life of an app: it sets something up, calls rest, and tears it down.
type Func func(ctx context.Context, rest func(context.Context) error) error

// Life is the life of one app, which may be started and stopped several times. The zero value is an app that was not
// started. It is safe for concurrent use.
type Life struct {
	// mutex guards current, which is nil while the app is not running. up can be read without waiting for a start in
	// progress.
	mutex     sync.Mutex
	current   *running
	up, lives atomic.Bool
}

// running is an app between start and stop: how many use it, and how it ends.
type running struct {
	users int
	end   chan struct{}
	done  chan error
}

// IsUp reports whether the app was started, and nobody has begun to stop it.
func (l *Life) IsUp() bool { return l.up.Load() }

// HasValues reports whether the values that the functions set up exist. That is longer than the app is up: until the
// tear-down, while the app is drained.
func (l *Life) HasValues() bool { return l.lives.Load() }

// Start runs the functions, each inside the one before, up to the point where all are set up. ctx limits only that. A
// further call while the app is running does nothing but count: the app ends with the last stop, which calls drain, then
// lets the functions return in reverse order, and returns the errors of both.
func (l *Life) Start(ctx context.Context, all []Func, drain func() error) (stop func() error, err error) {
	l.mutex.Lock()
	defer l.mutex.Unlock()
	if l.current == nil {
		if l.current, err = begin(ctx, all); err != nil {
			return nil, err
		}
	}
	l.current.users++
	l.up.Store(true)
	l.lives.Store(true)
	var stopped bool // calling stop twice must not end the app for another user
	return func() error {
		l.mutex.Lock()
		defer l.mutex.Unlock()
		if stopped {
			return nil
		}
		stopped = true
		return l.leave(drain)
	}, nil
}

// leave ends the app when its last user leaves.
func (l *Life) leave(drain func() error) error {
	if l.current.users--; l.current.users > 0 {
		return nil
	}
	ending := l.current
	l.current = nil
	l.up.Store(false)
	late := drain()
	l.lives.Store(false)
	close(ending.end)
	return errors.Join(late, <-ending.done)
}

var (
	errServeTwice = errors.New("a lifespan or shared provider called its continuation more than once")
	errServeNever = errors.New("a lifespan or shared provider returned without going on")
)

// begin runs nested functions up to the point where all are set up.
func begin(ctx context.Context, all []Func) (*running, error) {
	life := &running{end: make(chan struct{}), done: make(chan error, 1)}
	if len(all) == 0 {
		life.done <- nil
		return life, nil
	}
	// ctx limits only the start; what is set up outlives it.
	inside, cancel := context.WithCancel(context.WithoutCancel(ctx))
	ready := make(chan struct{})
	go func() {
		// A function that ends the goroutine, as t.FailNow does, has not called rest.
		err := errServeNever
		defer func() {
			cancel()
			life.done <- err
		}()
		err = nest(inside, all, func(context.Context) error {
			close(ready)
			<-life.end
			return nil
		})
	}()
	select {
	case <-ready:
		return life, nil
	case err := <-life.done:
		return nil, cmp.Or(err, errServeNever)
	case <-ctx.Done():
		// Cancelled, so that a slow set-up sees its context end. If it has finished by now, it is torn down.
		cancel()
		close(life.end)
		return nil, errors.Join(context.Cause(ctx), <-life.done)
	}
}

// nest runs functions, each inside the one before.
func nest(ctx context.Context, all []Func, innermost func(context.Context) error) (err error) {
	if len(all) == 0 {
		return innermost(ctx)
	}
	defer func() {
		if value := recover(); value != nil {
			err = panics.New(value)
		}
	}()
	calls := 0
	var inner error
	err = all[0](ctx, func(ctx context.Context) error {
		if calls++; calls > 1 {
			return errServeTwice
		}
		inner = nest(ctx, all[1:], innermost)
		return inner
	})
	switch {
	case calls > 1:
		return errServeTwice
	case calls == 0 && err == nil:
		return errServeNever
	case err == nil: // a function that ignores the error of rest does not hide it
		return inner
	}
	return err
}
