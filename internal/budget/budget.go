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
	// maxCalls is the maximum number of concurrent calls.
	maxCalls = 32
	// maxFailures is the number of failures in a row after which calls are refused.
	maxFailures = 5
	// Pause is how long calls are refused before one call tries again.
	Pause = 200 * time.Millisecond
	// Default is the default budget of a call.
	Default = 50 * time.Millisecond
)

var (
	// ErrLate is the error of a call that did not return within its budget.
	ErrLate = errors.New("no response in time")
	// ErrBusy is the error of a call that could not start within its budget, because too many others were running.
	ErrBusy = errors.New("too many calls wait for a response")
	// ErrOpen is the error of a call that was refused because earlier calls failed, and of a call that tried again and
	// failed.
	ErrOpen = errors.New("paused after failures")
)

// Gate limits the calls of one service. It is safe for concurrent use.
type Gate struct {
	log  *slog.Logger
	what string
	// running has a value for each running call.
	running chan struct{}

	mutex sync.Mutex
	// inRow counts failures in a row.
	inRow int
	open  bool
	// trying means that a call that tries again is running. If none is, the next one may start at next.
	trying bool
	next   time.Time
	// since is when the gate last opened or closed. failed and refused count calls since the first failure that led to it.
	since           time.Time
	failed, refused int
	last            error
}

// New returns a gate for a service; what names the service in the log.
func New(log *slog.Logger, what string) *Gate {
	return &Gate{log: log, what: what, running: make(chan struct{}, maxCalls)}
}

// Err returns why calls are refused at present, nil if they are not.
func (g *Gate) Err() error {
	g.mutex.Lock()
	defer g.mutex.Unlock()
	if !g.open {
		return nil
	}
	return fmt.Errorf("%s: %w: %w", g.what, ErrOpen, g.last)
}

// IsBack reports whether the service became available again less than d ago.
func (g *Gate) IsBack(d time.Duration) bool {
	g.mutex.Lock()
	defer g.mutex.Unlock()
	return !g.open && !g.since.IsZero() && time.Since(g.since) < d
}

// Call calls f and waits for it until the budget or ctx ends. f gets the values of ctx and the deadline of the budget,
// but is not cancelled with ctx. A panic of f is returned as an error.
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
	done := make(chan result[T], 1)                                     // buffered, so that a late call does not block
	unhook := context.AfterFunc(inner, func() { _ = c.judge(ErrLate) }) // waiting callers notice it themselves
	go func() {
		defer cancel()
		defer func() { <-g.running }()
		v, err := safely(inner, f)
		unhook()
		if err != nil && inner.Err() != nil {
			err = ErrLate // whatever error the client library returns
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

// safely calls f and turns a panic into an error; nothing else in this goroutine would recover it.
func safely[T any](ctx context.Context, f func(context.Context) (T, error)) (v T, err error) {
	defer func() {
		if value := recover(); value != nil {
			err = recovered(value)
		}
	}()
	return f(ctx)
}

// recovered returns an error with the stack in its text, because callers cannot tell that it was a panic.
func recovered(value any) error {
	p := panics.New(value)
	return fmt.Errorf("%w; %s", p, strings.Join(p.Stack(), "; "))
}

// refuses reports whether a call is refused immediately because earlier calls failed.
func (g *Gate) refuses() bool {
	g.mutex.Lock()
	defer g.mutex.Unlock()
	if !g.open || !g.trying && !time.Now().Before(g.next) {
		return false
	}
	g.refused++
	return true
}

// enter waits until a call may run. A call that tries again does not wait.
func (g *Gate) enter(ctx, inner context.Context) (*call, error) {
	select {
	case g.running <- struct{}{}:
		return g.admit()
	default:
	}
	if g.Err() != nil {
		return nil, ErrOpen
	}
	select {
	case g.running <- struct{}{}:
		return g.admit()
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	case <-inner.Done():
		return nil, ErrBusy
	}
}

// admit checks again after the wait: the gate may have opened meanwhile, and only one call may try again.
func (g *Gate) admit() (*call, error) {
	if g.refuses() {
		<-g.running
		return nil, ErrOpen
	}
	g.mutex.Lock()
	defer g.mutex.Unlock()
	c := &call{gate: g, tries: g.open}
	if g.open && g.trying { // another call was faster
		g.refused++
		<-g.running
		return nil, ErrOpen
	}
	g.trying = g.open
	return c, nil
}

// call is a call that was admitted.
type call struct {
	gate   *Gate
	tries  bool
	judged atomic.Bool
}

// judge counts the result of the call, once, and returns the error for its caller.
func (c *call) judge(err error) error {
	if c.judged.CompareAndSwap(false, true) {
		c.gate.count(c.tries, err)
	}
	if c.tries && err != nil {
		return fmt.Errorf("%w: %w", ErrOpen, err)
	}
	return err
}

// count updates the state with the result of a call, and logs a change.
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
	if !g.open && g.inRow >= maxFailures {
		now := time.Now()
		g.open, g.since, g.next = true, now, now.Add(Pause)
	}
}
