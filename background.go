package candor

import (
	"context"
	"net/http"
	"sync"
	"time"
)

// ResponseHeader is an input: the header of the answer to come. What a handler
// or provider sets in it is sent with whatever the answer will be, an error
// included.
type ResponseHeader http.Header

// Set puts a header in the place of those of the same name.
func (h ResponseHeader) Set(name, value string) { http.Header(h).Set(name, value) }

// Add adds a header to those of the same name.
func (h ResponseHeader) Add(name, value string) { http.Header(h).Add(name, value) }

// RouteInfo is an input: the operation that serves the request.
type RouteInfo struct {
	// Method and Pattern are those of the route, such as GET and
	// "/items/{item_id}".
	Method, Pattern string
	// Name is the handler's, "" for a function literal.
	Name string
	Tags []string
}

// RootPath is an input: the prefix that a proxy took off, Config.RootPath.
type RootPath string

// Tasks is an input that takes work to be done after the answer: each task
// runs once the request has been answered, in the order added, one after the
// other, in the background of the process.
//
//   - A task gets the values of the request's context, but not its
//     cancellation.
//   - When the request fails, its tasks are dropped.
//   - A task that panics or fails is logged, and the next one runs.
//   - The server waits for running tasks when it stops, at most Limits.Drain.
//   - Tasks die with the process. Work that must not be lost belongs into a
//     durable queue, such as river or asynq.
//
// It may be used from one goroutine at a time, until the handler returns.
type Tasks struct{ list []func(context.Context) error }

// Add appends a task.
func (t *Tasks) Add(task func(ctx context.Context) error) { t.list = append(t.list, task) }

// taskRunner runs the tasks of an app and knows when they are done.
type taskRunner struct {
	running sync.WaitGroup
	failed  func(ctx context.Context, err error)
}

// start runs tasks in the background.
func (tr *taskRunner) start(ctx context.Context, tasks []func(context.Context) error) {
	tr.running.Go(func() { tr.run(context.WithoutCancel(ctx), tasks) })
}

// run runs tasks one after the other.
func (tr *taskRunner) run(ctx context.Context, tasks []func(context.Context) error) {
	for _, task := range tasks {
		if err := isolated(ctx, task); err != nil {
			tr.failed(ctx, err)
		}
	}
}

// isolated turns a panic of the task into an error.
func isolated(ctx context.Context, task func(context.Context) error) (err error) {
	defer func() {
		if value := recover(); value != nil {
			err = newPanicError(value)
		}
	}()
	return task(ctx)
}

// drain waits until no task runs, but not longer than the limit. It reports
// whether it saw the end of all.
func (tr *taskRunner) drain(limit time.Duration) bool {
	done := make(chan struct{})
	go func() {
		tr.running.Wait()
		close(done)
	}()
	timer := time.NewTimer(limit)
	defer timer.Stop()
	select {
	case <-done:
		return true
	case <-timer.C:
		return false
	}
}
