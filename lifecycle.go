package candor

import (
	"cmp"
	"context"
	"errors"
	"time"

	"github.com/candor-go/candor/internal/lifecycle"
	"github.com/candor-go/candor/internal/responsecache"
)

// sharedNode is a function that runs outside of requests, in one app: a shared provider, with the storage of its value,
// or a health check. Its input is filled in from shared providers.
type sharedNode struct {
	*callSlot
	provider *provider
	deps     []wire
}

func newSharedNode(p *provider) *sharedNode {
	return &sharedNode{provider: p, callSlot: p.function.newCallSlot()}
}

func (s *sharedNode) fill() {
	for _, d := range s.deps {
		s.inValue.FieldByIndex(d.index).Set(d.value)
	}
}

// setUp is the [lifecycle.Func] of a shared provider.
func (s *sharedNode) setUp(ctx context.Context, rest func(context.Context) error) error {
	s.fill()
	defer s.outValue.SetZero() // nobody may use a value that was torn down
	return s.wrap(ctx, func() error { return rest(ctx) })
}

// lifeFuncs returns all functions that wrap the life of the app, the outermost first.
func (a *App) lifeFuncs(t *table) []lifecycle.Func {
	var all []lifecycle.Func
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
	return a.life.Start(ctx, a.lifeFuncs(t), a.drain)
}

// defaultDrain is how long tasks and requests may take after the app is told to stop.
const defaultDrain = 30 * time.Second

// drain waits for background tasks, and for cache stores to accept invalidated tags.
func (a *App) drain() error {
	limit := cmp.Or(a.config.Limits.Drain, defaultDrain)
	var late error
	if !a.tasks.Drain(limit) {
		late = errors.New("background tasks were still running when the app stopped")
	}
	a.sendDrops(min(limit, responsecache.DrainTime))
	return late
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
