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

// ErrSlowBody is wrapped by the error of reading a request body that took longer than [Limits.Body] or came slower than
// [Limits.BodyRate]. The response to it is 408. net/http cancels the request's context whenever reading the body fails,
// so the response must be written despite the cancelled context. The connection is closed afterwards.
var ErrSlowBody = errors.New("request body too slow")

// Limits limit what a client may use. A field that is zero or negative means the default in its comment.
type Limits struct {
	ReadHeader time.Duration // from the first byte of a request to the end of its header; 5 s; then the connection is closed
	Idle       time.Duration // between two requests of a connection; 60 s; then the connection is closed

	// HeaderBytes is the size of request line and header together; 64 KiB; a larger one gets a 431. It is exact for the first
	// request of a connection; for later ones, up to 4 KiB that arrived together with the first byte are not counted. It is
	// at least 4097, because net/http adds 4 KiB.
	HeaderBytes int

	// Body is how long the server waits for one request body in total; 30 s. The time that the handler spends between two
	// reads does not count, so a slow handler never makes a client slow. A handler that sets its own read deadline replaces
	// Body and BodyRate for its request.
	Body time.Duration
	// BodyRate is the lowest average speed of a body, in bytes a second, after BodyGrace was spent waiting for it; 240 B/s
	// after 5 s.
	BodyRate  int
	BodyGrace time.Duration

	// Write is how long one write to the connection may make no progress, for plain responses and streams alike; 10 s
	// by default, plus half of that for a client that has accepted a part. A longer write continues as long as the
	// client accepts BodyRate on average. A write deadline set by a handler replaces it for its request; a zero
	// deadline restores it. A hijacked connection has no limits.
	Write time.Duration

	Drain  time.Duration // how long running requests may take when the server stops; 30 s; then they are aborted
	Linger time.Duration // how long an idle connection is kept while draining; 500 ms
}

// orDefaults replaces unset fields by their defaults.
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
	Draining func()              // once, when the drain begins; [Stopping] is already closed and the listener still open

	// Refusal returns the body of a response that net/http sends without calling the handler, by its status: for a malformed
	// request, a header that is too large, an unknown transfer coding. If nil, net/http's own plain text is sent. It is called
	// concurrently.
	Refusal func(status int) (mediaType string, body []byte)

	Log *slog.Logger // for the errors of net/http, at level Warn; nil means slog.Default()
}

// Run listens on a TCP address and serves until SIGINT or SIGTERM, then drains; a second signal ends the process at once.
// It returns nil after a clean drain.
func Run(addr string, h http.Handler, lim Limits, hooks Hooks, protocols Protocols) error {
	ctx, stop := Notify(context.Background())
	defer stop()
	l, err := net.Listen("tcp", addr)
	if err != nil {
		return err
	}
	return Serve(ctx, l, h, lim, hooks, protocols)
}

// Notify returns a context that ends at the first SIGINT or SIGTERM. From then on these signals have their default effect
// again, so that a second one ends the process even during a drain. The caller must call stop.
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

// Stopping returns a channel that is closed when the server of this request begins to drain. A handler that would run for
// long, such as an event stream, ends then. Outside of [Serve] the channel is nil, and so never ready. A drain does not
// cancel the request's own context until [Limits.Drain] is over.
func Stopping(ctx context.Context) <-chan struct{} {
	if stopping, ok := ctx.Value(stoppingKey{}).(context.Context); ok {
		return stopping.Done()
	}
	return nil
}

// IsStopping reports whether the server of this request is draining.
func IsStopping(ctx context.Context) bool {
	stopping, ok := ctx.Value(stoppingKey{}).(context.Context)
	return ok && stopping.Err() != nil
}

// OnStopping calls f in its own goroutine when [Stopping] is closed, and never outside of [Serve]. It is for handlers that
// cannot wait in a goroutine. The caller must call unhook when it is done.
func OnStopping(ctx context.Context, f func()) (unhook func()) {
	stopping, ok := ctx.Value(stoppingKey{}).(context.Context)
	if !ok {
		return func() {}
	}
	stop := context.AfterFunc(stopping, f)
	return func() { stop() }
}

// Serve serves h on l over HTTP/1.1 with keep-alive until ctx ends; then it drains and returns. It closes l. The context
// of each request has the values of ctx, but is not cancelled with it. The result is nil after a clean drain, an error
// wrapping [context.DeadlineExceeded] if requests had to be aborted, or the error that made the listener unusable.
//
// A drain consists of these steps:
//
//   - [Stopping] is closed and [Hooks.Draining] is called;
//   - new connections are refused: those that the kernel has already made are accepted first, then l is closed;
//   - requests on the remaining connections are served as before, but with "Connection: close";
//   - a connection without a request is closed after [Limits.Linger], counted from the start of the drain or from the end
//     of its last request;
//   - Serve waits for running handlers, including those that have hijacked their connection;
//   - after [Limits.Drain] everything left is aborted: connections are closed and contexts cancelled.
//
// With TLS, whether from protocols or from the listener, and with HTTP/2 the limits are the same, except that:
//
//   - the TLS handshake counts as part of the first header;
//   - Limits.Write applies to each 16 KiB of a response on an HTTP/2 stream, and to each 16 KiB on a listener of TLS
//     connections;
//   - errors that net/http's HTTP/2 itself sends, such as for a header that is too large or is about the connection, or a
//     stream error, have no body from Hooks.Refusal;
//   - the header of a stream has no time limit, but a connection that does not respond to a ping is closed;
//   - clients of HTTP/2 learn of a drain by GOAWAY.
func Serve(ctx context.Context, l net.Listener, h http.Handler, lim Limits, hooks Hooks, protocols Protocols) error {
	s := newServer(h, lim.orDefaults(), hooks, protocols.forServer())
	// The end of ctx starts the drain, during which requests continue.
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
	go s.http.Serve(s.inlet1)  //nolint:errcheck // ends with the inlet
	go s.http2.Serve(s.inlet2) //nolint:errcheck // likewise

	var failure error
	select {
	case <-ctx.Done():
	case failure = <-ended:
		// For drain, which waits until no more connections are accepted.
		ended <- failure
	}
	return errors.Join(failure, s.drain(accepting, ended))
}

// newServer leaves the header sizes of HTTP/1.1 and the idle time of HTTP/2 to net/http; conn, pacedConn and stream
// enforce all other limits.
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
	http2.SetUnencryptedHTTP2(true) // net/http gets the connection without its TLS layer
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

// errDrain returns the error for what was left when [Limits.Drain] was over.
func errDrain(after time.Duration, left int64) error {
	return fmt.Errorf("drain: %d connections and requests left after %s: %w", left, after, context.DeadlineExceeded)
}
