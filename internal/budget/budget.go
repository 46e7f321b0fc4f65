// Package budget limits what calls of an external store or broker may cost: it may fail, be slow, or never return.
//
// Each call runs in a goroutine of its own, because client libraries may ignore the context and hang. The number of
// concurrent calls is limited, and a call that hangs counts until it returns. The caller waits no longer than its
// budget. After some failures in a row the gate acts as a circuit breaker: calls are refused immediately, except for
// one from time to time that finds out whether the service is back.
//
// A caller that gives up does not count as a failure: its call continues, and counts when it returns or its budget is
// over.
package budget

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/candor-go/candor/internal/panics"
)

const (
	// places is how many calls run at once.
	places = 32
	// faults is after how many failures in a row the neighbour is left alone.
	faults = 5
	// Pause is how long it is left alone before one call tries again.
	Pause = 200 * time.Millisecond
	// Default is what a call of a store may take unless configured.
	Default = 50 * time.Millisecond
)

var (
	// ErrLate is the error of a call that did not return within its budget.
	ErrLate = errors.New("no response in time")
	// ErrBusy is the error of a call that found no place within its budget.
	ErrBusy = errors.New("too many calls wait for a response")
	// ErrOpen is the error of a call that was refused, because the ones before it
	// failed, and that of one that tried again in vain.
	ErrOpen = errors.New("paused after failures")
)

// Gate lets calls through to one neighbour. It is safe for concurrent use.
type Gate struct {
	log    *slog.Logger
	what   string
	places chan struct{}

	mutex sync.Mutex
	// inRow counts failures in a row.
	inRow int
	open  bool
	// trying means that a call is on its way that tries again; another one may do
	// so at next, when none is.
	trying bool
	next   time.Time
	// since is when the gate opened or closed last, and failed and refused count
	// calls since the first failure that led to it.
	since           time.Time
	failed, refused int
	last            error
}

// New makes a gate to a neighbour, which the log calls by what it is.
func New(log *slog.Logger, what string) *Gate {
	return &Gate{log: log, what: what, places: make(chan struct{}, places)}
}

// Err is why the neighbour is left alone now; nil if it is not.
func (g *Gate) Err() error {
	g.mutex.Lock()
	defer g.mutex.Unlock()
	if !g.open {
		return nil
	}
	return fmt.Errorf("%s: %w: %w", g.what, ErrOpen, g.last)
}

// IsBack reports whether the neighbour came back less than d ago.
func (g *Gate) IsBack(d time.Duration) bool {
	g.mutex.Lock()
	defer g.mutex.Unlock()
	return !g.open && !g.since.IsZero() && time.Since(g.since) < d
}

// Call calls f, and waits for it for as long as the budget and ctx last. f gets
// the values of ctx and the end of the budget, not the end of ctx. A panic of f
// is an error.
func Call[T any](ctx context.Context, g *Gate, budget time.Duration, f func(context.Context) (T, error)) (T, error) {
	var none T
	if err := context.Cause(ctx); err != nil {
		return none, err
	}
	if g.refuses() {
		return none, ErrOpen
	}
	inner, cancel := context.WithTimeout(context.WithoutCancel(ctx), budget)
	c, err := g.enter(ctx, inner)
	if err != nil {
		cancel()
		return none, err
	}
	done := make(chan result[T], 1)                                     // with a buffer, so that a late call ends all the same
	unhook := context.AfterFunc(inner, func() { _ = c.judge(ErrLate) }) // waiting callers see it themselves
	go func() {
		defer cancel()
		defer func() { <-g.places }()
		v, err := safely(inner, f)
		unhook()
		if err != nil && inner.Err() != nil {
			err = ErrLate // whatever the client calls it
		}
		done <- result[T]{v, c.judge(err)}
	}()
	select {
	case r := <-done:
		return r.value, r.err
	case <-ctx.Done():
		return none, context.Cause(ctx)
	case <-inner.Done():
		select {
		case r := <-done: // if both are ready, the result wins
			return r.value, r.err
		default:
			return none, c.judge(ErrLate)
		}
	}
}

type result[T any] struct {
	value T
	err   error
}

// safely calls f and turns a panic into an error: nobody else would recover it.
func safely[T any](ctx context.Context, f func(context.Context) (T, error)) (v T, err error) {
	defer func() {
		if value := recover(); value != nil {
			err = recovered(value)
		}
	}()
	return f(ctx)
}

// recovered has the stack in its text, as nobody further out knows that it is a
// panic.
func recovered(value any) error {
	p := panics.New(value)
	return fmt.Errorf("%w; %s", p, strings.Join(p.Stack(), "; "))
}

// refuses refuses a call at once while the neighbour is left alone.
func (g *Gate) refuses() bool {
	g.mutex.Lock()
	defer g.mutex.Unlock()
	if !g.open || !g.trying && !time.Now().Before(g.next) {
		return false
	}
	g.refused++
	return true
}

// enter takes a place for a call. One that tries again does not wait for it.
func (g *Gate) enter(ctx, inner context.Context) (*call, error) {
	select {
	case g.places <- struct{}{}:
		return g.admit()
	default:
	}
	if g.Err() != nil {
		return nil, ErrOpen
	}
	select {
	case g.places <- struct{}{}:
		return g.admit()
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	case <-inner.Done():
		return nil, ErrBusy
	}
}

// admit lets a call that has a place through, if it may go on: the gate may have
// opened while it waited, and only one call tries again.
func (g *Gate) admit() (*call, error) {
	if g.refuses() {
		<-g.places
		return nil, ErrOpen
	}
	g.mutex.Lock()
	defer g.mutex.Unlock()
	c := &call{gate: g, tries: g.open}
	if g.open && g.trying { // another one was quicker
		g.refused++
		<-g.places
		return nil, ErrOpen
	}
	g.trying = g.open
	return c, nil
}

// call is one call that was let through.
type call struct {
	gate   *Gate
	tries  bool
	judged atomic.Bool
}

// judge counts how the call went, once, and returns the error for its caller.
func (c *call) judge(err error) error {
	if c.judged.CompareAndSwap(false, true) {
		c.gate.count(c.tries, err)
	}
	if c.tries && err != nil {
		return fmt.Errorf("%w: %w", ErrOpen, err)
	}
	return err
}

// count changes the state by the result of a call, and logs a change.
func (g *Gate) count(tries bool, err error) {
	g.mutex.Lock()
	wasOpen, since := g.open, g.since
	if tries {
		g.trying, g.next = false, time.Now().Add(Pause)
	}
	if err == nil {
		g.succeed()
	} else {
		g.fail(err)
	}
	isOpen, failed, refused := g.open, g.failed, g.refused
	if err == nil {
		g.failed, g.refused = 0, 0
	}
	g.mutex.Unlock()
	switch {
	case isOpen && !wasOpen:
		g.log.Warn(g.what+" does not respond and is paused", "failed", failed, "error", err)
	case wasOpen && !isOpen:
		g.log.Info(g.what+" responds again", "after", time.Since(since).Round(time.Millisecond), "failed", failed, "refused", refused)
	}
}

func (g *Gate) succeed() {
	g.inRow = 0
	if g.open {
		g.open, g.since = false, time.Now()
	}
}

func (g *Gate) fail(err error) {
	g.inRow++
	g.failed++
	g.last = err
	if !g.open && g.inRow >= faults {
		now := time.Now()
		g.open, g.since, g.next = true, now, now.Add(Pause)
	}
}
