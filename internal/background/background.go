// Package background runs functions beside the requests of an app: its tasks, each isolated from the others.
package background

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/candor-go/candor/internal/panics"
)

// Report receives the error of a task, with the task's location as log attributes.
type Report func(ctx context.Context, err error, attrs []any)

// Runner runs the background tasks of an app and knows when they are done.
type Runner struct {
	failed Report
	attrs  func(task func(context.Context) error) []any

	mutex   sync.Mutex
	running int
	// idle is closed when the last running task ends.
	idle chan struct{}
	// awaited is cancelled when nobody waits any longer for the tasks that are running.
	awaited context.Context
	abandon context.CancelFunc
}

// NewRunner makes a runner that reports failures to the hook or, without one, to log. attrs are the attributes of the log
// record that say where a task is.
func NewRunner(hook func(context.Context, error), log Report, attrs func(task func(context.Context) error) []any) *Runner {
	r := &Runner{failed: log, attrs: attrs}
	r.awaited, r.abandon = context.WithCancel(context.Background())
	if hook == nil {
		return r
	}
	r.failed = func(ctx context.Context, err error, attrs []any) {
		hookErr := Isolated(ctx, func(ctx context.Context) error {
			hook(ctx, err)
			return nil
		})
		if hookErr != nil { // neither error may be lost
			log(ctx, errors.Join(err, hookErr), attrs)
		}
	}
	return r
}

// Start runs tasks in the background.
func (r *Runner) Start(ctx context.Context, tasks []func(context.Context) error) {
	r.mutex.Lock()
	defer r.mutex.Unlock()
	if r.running == 0 {
		r.idle = make(chan struct{})
	}
	r.running++
	// The request's context ends with the request. Tasks are cancelled only when a drain gives up on them.
	ctx, cancel := context.WithCancel(context.WithoutCancel(ctx))
	unwatch := context.AfterFunc(r.awaited, cancel)
	go func() {
		defer r.ended()
		defer cancel()
		defer unwatch()
		r.Run(ctx, tasks)
	}()
}

func (r *Runner) ended() {
	r.mutex.Lock()
	defer r.mutex.Unlock()
	if r.running--; r.running == 0 {
		close(r.idle)
	}
}

// Done returns a channel that is closed once every task running now has ended.
func (r *Runner) Done() <-chan struct{} {
	r.mutex.Lock()
	defer r.mutex.Unlock()
	if r.idle == nil { // no task was ever started
		r.idle = make(chan struct{})
		close(r.idle)
	}
	return r.idle
}

// Run runs tasks one after the other.
func (r *Runner) Run(ctx context.Context, tasks []func(context.Context) error) {
	for _, task := range tasks {
		if err := Isolated(ctx, task); err != nil {
			r.failed(ctx, err, r.attrs(task))
		}
	}
}

// errGoexit is the error of a task that ends its goroutine, as the methods of testing.T that fail a test do.
var errGoexit = errors.New("the function ended its goroutine by runtime.Goexit")

// Isolated turns a panic of the task into an error, and the end of its goroutine, which is therefore its own.
func Isolated(ctx context.Context, task func(context.Context) error) error {
	done := make(chan error, 1)
	go func() {
		err := errGoexit
		defer func() {
			if value := recover(); value != nil {
				err = panics.New(value)
			}
			done <- err
		}()
		err = task(ctx)
	}()
	return <-done
}

// Drain waits until no task is running, but no longer than the limit; then it cancels the contexts of those that still
// run. It reports whether all of them have ended.
func (r *Runner) Drain(limit time.Duration) bool {
	timer := time.NewTimer(limit)
	defer timer.Stop()
	select {
	case <-r.Done():
		return true
	case <-timer.C:
		r.giveUp()
		return false
	}
}

// giveUp cancels the contexts of all running tasks.
func (r *Runner) giveUp() {
	r.mutex.Lock()
	defer r.mutex.Unlock()
	r.abandon()
	// Tasks that start from now on belong to the next drain.
	r.awaited, r.abandon = context.WithCancel(context.Background())
}
