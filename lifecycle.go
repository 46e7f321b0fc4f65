package candor

import (
	"cmp"
	"context"
	"errors"
	"time"

	"github.com/candor-go/candor/internal/panics"
	"github.com/candor-go/candor/internal/responsecache"
)

// sharedNode is a function that runs outside of requests, in one app: a shared provider, with the storage of its value,
// or a health check. Its input is filled in from shared providers.
type sharedNode struct {
	*callSlot
	provider *provider
	deps     []wire
}

// lifeFunc wraps the life of an app: it sets something up, calls rest, and tears it down.
type lifeFunc func(ctx context.Context, rest func(context.Context) error) error

func newSharedNode(p *provider) *sharedNode {
	return &sharedNode{provider: p, callSlot: p.function.newCallSlot()}
}

func (s *sharedNode) fill() {
	for _, d := range s.deps {
		s.inValue.FieldByIndex(d.index).Set(d.value)
	}
}

// setUp runs the shared provider as a lifeFunc.
func (s *sharedNode) setUp(ctx context.Context, rest func(context.Context) error) error {
	s.fill()
	defer s.outValue.SetZero() // nobody may use a value that was torn down
	return s.wrap(ctx, func() error { return rest(ctx) })
}

// lifeFuncs returns all functions that wrap the life of the app, the outermost first.
func (a *App) lifeFuncs(t *table) []lifeFunc {
	var all []lifeFunc
	for _, s := range t.shared {
		all = append(all, s.setUp)
	}
	for _, l := range t.lifespans {
		all = append(all, l.fn)
	}
	for _, sub := range t.mounted {
		all = append(all, func(ctx context.Context, rest func(context.Context) error) error {
			stop, err := sub.Start(ctx)
			if err != nil {
				return err
			}
			return errors.Join(rest(ctx), stop())
		})
	}
	return all
}

// running is an app between start and stop: how many use it, and how it ends.
type running struct {
	users int
	end   chan struct{}
	done  chan error
}

// Start sets up the app: its shared providers and lifespans, in order. Run, Serve and NewTestClient call it; call it
// yourself if the app is a handler of your own server, which gets 503 until then. ctx limits only the start. Call stop
// after your server has shut down: it waits for background tasks, and up to 5 s for cache stores to accept invalidated
// tags, tears down what was set up, in reverse order, and returns the errors of the tear-downs.
//
// If Start is called several times, the app ends with the last stop.
func (a *App) Start(ctx context.Context) (stop func() error, err error) {
	a.dev.Announce()
	t, err := a.sealed()
	if err != nil {
		return nil, err
	}
	a.living.Lock()
	defer a.living.Unlock()
	if a.life == nil {
		if a.life, err = begin(ctx, a.lifeFuncs(t)); err != nil {
			return nil, err
		}
	}
	a.life.users++
	a.up.Store(true)
	a.lives.Store(true) // until the tear-down, while tasks still run
	var stopped bool    // calling stop twice must not end the app for another user
	return func() error {
		a.living.Lock()
		defer a.living.Unlock()
		if stopped {
			return nil
		}
		stopped = true
		return a.leave()
	}, nil
}

// defaultDrain is how long tasks and requests may take after the app is told to stop.
const defaultDrain = 30 * time.Second

// leave ends the app when its last user leaves.
func (a *App) leave() error {
	if a.life.users--; a.life.users > 0 {
		return nil
	}
	life := a.life
	a.life = nil
	a.up.Store(false)
	limit := cmp.Or(a.config.Limits.Drain, defaultDrain)
	var late error
	if !a.tasks.Drain(limit) {
		late = errors.New("background tasks were still running when the app stopped")
	}
	a.sendDrops(min(limit, responsecache.DrainTime))
	a.lives.Store(false)
	close(life.end)
	return errors.Join(late, <-life.done)
}

// sendDrops waits until the stores of the app, and of mounted apps, have accepted the invalidated tags, but no longer
// than the limit for each.
func (a *App) sendDrops(limit time.Duration) {
	a.caches.Drain(limit)
	for _, sub := range a.mounted() {
		sub.sendDrops(limit)
	}
}

// waitForTasks waits until no background task runs, in the app or in a mounted one.
func (a *App) waitForTasks() {
	<-a.tasks.Done()
	for _, sub := range a.mounted() {
		sub.waitForTasks()
	}
}

var (
	errServeTwice = errors.New("a lifespan or shared provider called its continuation more than once")
	errServeNever = errors.New("a lifespan or shared provider returned without going on")
)

// begin runs nested functions up to the point where all are set up.
func begin(ctx context.Context, all []lifeFunc) (*running, error) {
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
func nest(ctx context.Context, all []lifeFunc, innermost func(context.Context) error) (err error) {
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
