// Package serve runs an http.Handler on a listener with the limits a server on the open internet needs, and stops it
// without losing a request.
//
// App.Run and App.Serve use it with the app as the handler. It knows nothing about routes. Its additions to
// [http.Server] work on the connection, below net/http, so that the body and the ResponseWriter need no wrappers, and
// handlers see every optional interface of net/http:
//
//   - a request body that comes too slowly fails to read with [ErrSlowBody];
//   - a write that the client does not take fails, streams included, and the request's context ends;
//   - a response that net/http writes by itself (400, 431, 501 ...) can be replaced, see [Hooks.Refusal];
//   - a drain keeps idle connections open a little longer, so that a request already under way on one gets its
//     response.
//
// [Serve] documents the order of a drain.
package serve

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"os/signal"
	"syscall"
	"time"
)

// ErrSlowBody is wrapped by the error of reading a request body that took longer than [Limits.Body] or came slower than [Limits.BodyRate].
// The response to it is 408. net/http cancels the request's context whenever a read of the body fails, so the response must be written in
// spite of a cancelled context. The connection is closed after it.
var ErrSlowBody = errors.New("request body too slow")

// Limits bound what a client may take. A field that is zero or negative means the default in its comment.
type Limits struct {
	ReadHeader time.Duration // from the first byte of a request to the end of its header; 5 s; over it the connection is closed
	Idle       time.Duration // between two requests of a connection; 60 s; over it the connection is closed

	// HeaderBytes is the size of request line and header together; 64 KiB; over it the response is 431. It is exact for the first request of a
	// connection; on a later one up to 4 KiB that arrived together with its first byte are not counted. At least 4097, a trait of net/http.
	HeaderBytes int

	// Body is how long the server waits for one request body, in sum; 30 s. The time the handler spends between two reads does not count, so a
	// slow handler never makes a client slow. A handler that sets a read deadline of its own replaces Body and BodyRate for its request.
	Body time.Duration
	// BodyRate in bytes a second is the least average speed of a body once BodyGrace has been spent waiting for it; 240 B/s after 5 s.
	BodyRate  int
	BodyGrace time.Duration

	// Write is how long one write to the connection may make no progress, for plain responses and streams alike; 10 s
	// by default, plus half of that for a client that has accepted a part. A longer write continues as long as the
	// client accepts BodyRate on average. A write deadline set by a handler replaces it for its request; a zero
	// deadline restores it. A hijacked connection has no limits.
	Write time.Duration

	Drain  time.Duration // how long running requests may take once the server stops; 30 s; over it they are aborted
	Linger time.Duration // how long an idle connection is kept while draining; 500 ms
}

// orDefaults fills in what was left out.
func (l Limits) orDefaults() Limits {
	return Limits{
		ReadHeader:  orDefault(l.ReadHeader, 5*time.Second),
		Idle:        orDefault(l.Idle, time.Minute),
		HeaderBytes: orDefault(l.HeaderBytes, 64<<10),
		Body:        orDefault(l.Body, 30*time.Second),
		BodyRate:    orDefault(l.BodyRate, 240),
		BodyGrace:   orDefault(l.BodyGrace, 5*time.Second),
		Write:       orDefault(l.Write, 10*time.Second),
		Drain:       orDefault(l.Drain, 30*time.Second),
		Linger:      orDefault(l.Linger, 500*time.Millisecond),
	}
}

func orDefault[T cmp.Ordered](v, otherwise T) T {
	var zero T
	if v > zero {
		return v
	}
	return otherwise
}

// Hooks are called by [Serve]. Each may be nil and none may block.
type Hooks struct {
	Started  func(addr net.Addr) // before the first connection is accepted
	Draining func()              // once, when the drain begins; [Stopping] is closed already and the listener still open

	// Refusal is asked for the body of a response that net/http writes without calling the handler, by its status: a malformed request, a
	// header that is too large, a transfer coding it does not know. When nil, net/http's own plain text is sent. Called concurrently.
	Refusal func(status int) (mediaType string, body []byte)

	Log *slog.Logger // what net/http has to complain about, at Warn; nil means slog.Default()
}

// Run listens on a TCP address and serves until SIGINT or SIGTERM, then drains; a second signal ends the process at once. It returns nil after a clean drain.
func Run(addr string, h http.Handler, lim Limits, hooks Hooks, protocols Protocols) error {
	ctx, stop := Notify(context.Background())
	defer stop()
	l, err := net.Listen("tcp", addr)
	if err != nil {
		return err
	}
	return Serve(ctx, l, h, lim, hooks, protocols)
}

// Notify returns a context that ends at the first SIGINT or SIGTERM. By then these signals have their usual effect again, so that a second one ends the
// process whatever the drain waits for. The caller must call stop.
func Notify(parent context.Context) (ctx context.Context, stop context.CancelFunc) {
	ctx, stop = context.WithCancel(parent)
	received := make(chan os.Signal, 1)
	signal.Notify(received, syscall.SIGINT, syscall.SIGTERM)
	go func() {
		select {
		case <-received:
		case <-ctx.Done():
		}
		signal.Stop(received)
		stop()
	}()
	return ctx, stop
}

type stoppingKey struct{}

// Stopping returns a channel that is closed when the server of this request begins to drain. A handler that would go on for long, such as an event stream, ends
// then. It is nil, and so never ready, outside of [Serve]. The request's own context is not cancelled by a drain until [Limits.Drain] is over.
func Stopping(ctx context.Context) <-chan struct{} {
	if stopping, ok := ctx.Value(stoppingKey{}).(context.Context); ok {
		return stopping.Done()
	}
	return nil
}

// OnStopping calls f, in its own goroutine, when [Stopping] is closed, and never outside of [Serve]. It is for handlers that have no goroutine to spare for the wait.
// The caller must call unhook when it is done.
func OnStopping(ctx context.Context, f func()) (unhook func()) {
	stopping, ok := ctx.Value(stoppingKey{}).(context.Context)
	if !ok {
		return func() {}
	}
	stop := context.AfterFunc(stopping, f)
	return func() { stop() }
}

// Serve serves h on l, over HTTP/1.1 with keep-alive, until ctx ends; then it drains and returns. It closes l. Every request's context has the values of ctx, but not its
// cancellation. The result is nil after a clean drain, an error wrapping [context.DeadlineExceeded] when requests had to
// be aborted, or the error that made the listener unusable.
//
// To drain means, in this order:
//
//   - [Stopping] is closed and [Hooks.Draining] is called;
//   - new connections are refused: those the kernel has already made are accepted first, then l is closed;
//   - requests on the connections that are left are served as ever, but with "Connection: close";
//   - a connection without a request is closed after [Limits.Linger], counted from the start of the drain or the end of its last request;
//   - running handlers are waited for, those that took over their connection too;
//   - after [Limits.Drain] all that is left is aborted: connections are closed and contexts cancelled.
//
// On TLS, of protocols or of the listener, and on HTTP/2 the limits are the same, with these differences: the handshake counts as a part of the first header; a stream of
// HTTP/2 has Limits.Write for each 16 KiB of a response, as has each 16 KiB on a listener of TLS connections; what HTTP/2 refuses by itself (a header that is too
// large, an error of a stream) has no body of Hooks.Refusal; the header of a stream has no time of its own, but a connection that leaves a ping unanswered
// is closed; and a drain announces itself to clients of HTTP/2 by GOAWAY.
func Serve(ctx context.Context, l net.Listener, h http.Handler, lim Limits, hooks Hooks, protocols Protocols) error {
	s := newServer(h, lim.orDefaults(), hooks, protocols.forServer())
	// The end of ctx begins the drain, in which requests go on.
	base, cancel := context.WithCancel(context.WithoutCancel(ctx))
	defer cancel()
	base = context.WithValue(base, stoppingKey{}, s.stopping)
	s.http.BaseContext = func(net.Listener) context.Context { return base }
	s.http2.BaseContext = s.http.BaseContext

	if hooks.Started != nil {
		hooks.Started(l.Addr())
	}
	accepting := &listener{Listener: l, server: s}
	s.inlet1, s.inlet2 = newInlet(l.Addr()), newInlet(l.Addr())
	ended := make(chan error, 1)
	go func() { ended <- s.http.Serve(accepting) }()
	go s.http.Serve(s.inlet1)  //nolint:errcheck // it ends with the inlet
	go s.http2.Serve(s.inlet2) //nolint:errcheck // the same

	var failure error
	select {
	case <-ctx.Done():
	case failure = <-ended:
		// For drain, which waits until nothing is accepted any more.
		ended <- failure
	}
	return errors.Join(failure, s.drain(accepting, ended))
}

// newServer leaves the sizes of HTTP/1.1 and the time between requests of HTTP/2 to net/http; all other limits are watched by conn, pacedConn and stream.
func newServer(h http.Handler, lim Limits, hooks Hooks, protocols Protocols) *server {
	s := &server{
		handler: h,
		lim:     lim,
		clock:   newClock(),
		hooks:   hooks,
		quiet:   make(chan struct{}, 1),
		conns:   make(map[*conn]struct{}),

		protocols: protocols,
	}
	s.stopping, s.stop = context.WithCancel(context.Background())
	log := hooks.Log
	if log == nil {
		log = slog.Default()
	}
	http1, http2 := new(http.Protocols), new(http.Protocols)
	http1.SetHTTP1(true)
	http2.SetUnencryptedHTTP2(true) // net/http sees what is above TLS
	s.http = http.Server{
		Handler:        s,
		Protocols:      http1,
		MaxHeaderBytes: max(1, lim.HeaderBytes-headerSlop),
		ConnContext:    connContext,
		ConnState:      s.connState,
		ErrorLog:       slog.NewLogLogger(log.Handler(), slog.LevelWarn),
	}
	s.http2 = http.Server{
		Handler:        s,
		Protocols:      http2,
		IdleTimeout:    lim.Idle,
		MaxHeaderBytes: lim.HeaderBytes,
		ConnContext:    connContext,
		ConnState:      s.connState,
		ErrorLog:       s.http.ErrorLog,
		HTTP2:          &http.HTTP2Config{SendPingTimeout: pingAfter, PingTimeout: lim.ReadHeader},
	}
	return s
}

// pingAfter is how long an HTTP/2 client may be silent before a ping is sent.
const pingAfter = 15 * time.Second

// headerSlop is what net/http adds to MaxHeaderBytes, because a read may take in bytes that follow the header.
const headerSlop = 4096

// errDrain says how much was left when [Limits.Drain] was over.
func errDrain(after time.Duration, left int64) error {
	return fmt.Errorf("drain: %d connections and requests left after %s: %w", left, after, context.DeadlineExceeded)
}
