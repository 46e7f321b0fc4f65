package candor

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"sync"
	"time"

	"github.com/candor-go/candor/internal/develop"
	"github.com/candor-go/candor/internal/panics"
)

// ResponseHeader is an input: the header of the response to come. What a handler
// or provider sets in it is sent with whatever the response will be, an error
// included.
type ResponseHeader http.Header

// Set replaces the headers of the same name.
func (h ResponseHeader) Set(name, value string) { http.Header(h).Set(name, value) }

// Add adds a header to those of the same name.
func (h ResponseHeader) Add(name, value string) { http.Header(h).Add(name, value) }

// RouteInfo tells about an operation. As an input it is the one that serves the
// request; [App.Routes] lists all.
type RouteInfo struct {
	// Method and Pattern are those of the route, such as GET and
	// "/items/{item_id}"; the method of a mount is "*".
	Method, Pattern string
	// Name is the handler's, "" for a function literal.
	Name string
	Tags []string
	// OperationID is the operation's in the app's document, "" for one that is
	// Hidden.
	OperationID string
	Hidden      bool
	// Public means that the route has the option [Public].
	Public bool
	// Site is the file and line of the registration.
	Site string
	// Steps, which only [App.Routes] tells, are what a request goes through, in
	// order. One that ends in a colon runs those that follow inside of itself; the
	// response is written after the last, unless a step does so.
	Steps []string
}

// RootPath is an input: the prefix that a proxy took off, Config.RootPath.
type RootPath string

// Tasks is an input that takes work to be done after the response: each task
// runs once the response has been sent, in the order added, one after the
// other, in the background of the process.
//
//   - A task gets the values of the request's context, but not its
//     cancellation.
//   - Tasks come after the scoped providers have ended, but for those that are
//     Until(ResponseSent), which end after the tasks. For a stream, a file or a WebSocket
//     the order is the last byte, tear-downs, tasks.
//   - When the request fails, its tasks are dropped; it has failed, too, where a
//     provider failed to end, or a stream after it began.
//   - A task that panics or fails is logged, or reported to Config.OnTaskError, and
//     the next one runs.
//   - The server waits for running tasks when it stops, at most Limits.Drain;
//     then it ends their contexts.
//   - Tasks die with the process. Work that must not be lost belongs into a
//     durable queue: contrib/river adds jobs in the transaction of the request.
//
// It may be used from one goroutine at a time, until the last scoped provider
// has ended.
type Tasks struct{ list []func(context.Context) error }

// Add appends a task.
func (t *Tasks) Add(task func(ctx context.Context) error) { t.list = append(t.list, task) }

// taskRunner runs the tasks of an app and knows when they are done.
type taskRunner struct {
	// failed is told of the error of a task, with where that is declared, as attributes.
	failed func(ctx context.Context, err error, attrs []any)
	dev    *develop.Mode

	mutex   sync.Mutex
	running int
	// idle is closed when the last running one ends.
	idle chan struct{}
	// awaited ends when nobody waits any more for those that run now.
	awaited context.Context
	abandon context.CancelFunc
}

// newTaskRunner makes a runner that reports failures to the hook or, without
// one, logs them.
func newTaskRunner(hook func(context.Context, error), reports *errorWriter) *taskRunner {
	tr := &taskRunner{dev: reports.dev}
	tr.awaited, tr.abandon = context.WithCancel(context.Background())
	tr.failed = func(ctx context.Context, err error, attrs []any) {
		reports.logError(ctx, slog.LevelError, "background task failed", err, append([]any{"error", err}, attrs...))
	}
	if hook != nil {
		toLog := tr.failed
		tr.failed = func(ctx context.Context, err error, attrs []any) {
			hookErr := isolated(ctx, func(ctx context.Context) error {
				hook(ctx, err)
				return nil
			})
			if hookErr != nil { // neither error may get lost
				toLog(ctx, errors.Join(err, hookErr), attrs)
			}
		}
	}
	return tr
}

// start runs tasks in the background.
func (tr *taskRunner) start(ctx context.Context, tasks []func(context.Context) error) {
	tr.mutex.Lock()
	defer tr.mutex.Unlock()
	if tr.running == 0 {
		tr.idle = make(chan struct{})
	}
	tr.running++
	// The request is over, and its context with it. What ends the tasks is that
	// nobody waits for them any more.
	ctx, cancel := context.WithCancel(context.WithoutCancel(ctx))
	unwatch := context.AfterFunc(tr.awaited, cancel)
	go func() {
		defer tr.ended()
		defer cancel()
		defer unwatch()
		tr.run(ctx, tasks)
	}()
}

func (tr *taskRunner) ended() {
	tr.mutex.Lock()
	defer tr.mutex.Unlock()
	if tr.running--; tr.running == 0 {
		close(tr.idle)
	}
}

// done is closed once nothing runs that runs now.
func (tr *taskRunner) done() <-chan struct{} {
	tr.mutex.Lock()
	defer tr.mutex.Unlock()
	if tr.idle == nil { // nothing ever ran
		tr.idle = make(chan struct{})
		close(tr.idle)
	}
	return tr.idle
}

// run runs tasks one after the other.
func (tr *taskRunner) run(ctx context.Context, tasks []func(context.Context) error) {
	for _, task := range tasks {
		if err := isolated(ctx, task); err != nil {
			tr.failed(ctx, err, tr.dev.TaskAttrs(task))
		}
	}
}

// isolated turns a panic of the task into an error.
func isolated(ctx context.Context, task func(context.Context) error) (err error) {
	defer func() {
		if value := recover(); value != nil {
			err = panics.New(value)
		}
	}()
	return task(ctx)
}

// drain waits until no task runs, but not longer than the limit; then it ends
// the contexts of those that run. It reports whether it saw the end of all.
func (tr *taskRunner) drain(limit time.Duration) bool {
	timer := time.NewTimer(limit)
	defer timer.Stop()
	select {
	case <-tr.done():
		return true
	case <-timer.C:
		tr.giveUp()
		return false
	}
}

// giveUp ends the contexts of the tasks that run now.
func (tr *taskRunner) giveUp() {
	tr.mutex.Lock()
	defer tr.mutex.Unlock()
	tr.abandon()
	// A task that is started from now on is one of the next drain.
	tr.awaited, tr.abandon = context.WithCancel(context.Background())
}
