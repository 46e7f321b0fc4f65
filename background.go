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

// ResponseHeader is an input: the header of the response being prepared. Values that a handler or provider sets in it
// are sent with any response, including errors. Content-Type and Content-Length are those of the body in any case.
//
// A header that HTTP cannot carry, such as a value with a line break, makes the response a 500, as does one about the
// connection, which is the server's: Connection, Keep-Alive, Proxy-Connection, TE, Trailer, Transfer-Encoding and Upgrade.
// A response that is an error already is sent without it; the log says why. Middleware may set these, as with net/http.
type ResponseHeader http.Header

// Set replaces the values of a header.
func (h ResponseHeader) Set(name, value string) { http.Header(h).Set(name, value) }

// Add appends a value to a header.
func (h ResponseHeader) Add(name, value string) { http.Header(h).Add(name, value) }

// RouteInfo describes an operation. As an input it describes the operation that serves the request, in a PATCH made by
// [AutoPatch] the GET or the PUT to which the function belongs; [App.Routes] lists all of them.
type RouteInfo struct {
	// Method and Pattern are those of the route, such as GET and "/items/{item_id}". The method of a mount is "*".
	Method, Pattern string
	// Name is the name of the handler function, "" for a function literal.
	Name string
	Tags []string
	// OperationID is the operation's id in the document, "" for one that is Hidden.
	OperationID string
	Hidden      bool
	// Public is true for routes with the option [Public].
	Public bool
	// Site is the file and line of the registration.
	Site string
	// Steps lists what a request goes through, in order; only [App.Routes] fills it in. A step that ends in a colon
	// wraps those that follow. The response is written after the last step, unless a step does so itself.
	Steps []string
}

// RootPath is an input: the path prefix that a proxy strips, as configured in Config.RootPath.
type RootPath string

// Tasks is an input that collects background work: once the response has been sent, the tasks run one after the other,
// in the order they were added.
//
//   - The context of a task has the values of the request's context, but not its cancellation.
//   - Tasks run after the scoped providers have ended, except for providers with Until(ResponseSent), which end after
//     the tasks. For a stream, a file or a WebSocket the order is: last byte, tear-downs, tasks.
//   - When the request fails, its tasks are dropped. This includes a tear-down that returns an error, and a stream that
//     fails after it has begun.
//   - A task that panics or fails is logged, or reported to Config.OnTaskError, and the next one runs.
//   - A server that stops waits for running tasks, for at most Limits.Drain; then it cancels their contexts.
//   - Tasks are lost if the process dies. Work that must not be lost belongs in a durable queue: contrib/river adds
//     jobs in the transaction of the request.
//
// A Tasks value is not safe for concurrent use, and must not be used after the last scoped provider has ended.
type Tasks struct{ list []func(context.Context) error }

// Add appends a task.
func (t *Tasks) Add(task func(ctx context.Context) error) { t.list = append(t.list, task) }

// taskRunner runs the background tasks of an app and knows when they are done.
type taskRunner struct {
	// failed receives the error of a task, with the task's location as log attributes.
	failed func(ctx context.Context, err error, attrs []any)
	dev    *develop.Mode

	mutex   sync.Mutex
	running int
	// idle is closed when the last running task ends.
	idle chan struct{}
	// awaited is cancelled when nobody waits any longer for the tasks that are running.
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
			if hookErr != nil { // neither error may be lost
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
	// The request's context ends with the request. Tasks are cancelled only when a drain gives up on them.
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

// done returns a channel that is closed once every task running now has ended.
func (tr *taskRunner) done() <-chan struct{} {
	tr.mutex.Lock()
	defer tr.mutex.Unlock()
	if tr.idle == nil { // no task was ever started
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

// errGoexit is the error of a task that ends its goroutine, as the methods of testing.T that fail a test do.
var errGoexit = errors.New("the function ended its goroutine by runtime.Goexit")

// isolated turns a panic of the task into an error, and the end of its goroutine, which is therefore its own.
func isolated(ctx context.Context, task func(context.Context) error) error {
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

// drain waits until no task is running, but no longer than the limit; then it cancels the contexts of those that still
// run. It reports whether all of them have ended.
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

// giveUp cancels the contexts of all running tasks.
func (tr *taskRunner) giveUp() {
	tr.mutex.Lock()
	defer tr.mutex.Unlock()
	tr.abandon()
	// Tasks that start from now on belong to the next drain.
	tr.awaited, tr.abandon = context.WithCancel(context.Background())
}
