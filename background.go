package candor

import (
	"context"
	"net/http"
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
