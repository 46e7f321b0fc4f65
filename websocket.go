package candor

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"iter"
	"log/slog"
	"net/http"
	"path"
	"reflect"
	"strings"
	"sync"

	"github.com/coder/websocket"

	"github.com/candor-go/candor/internal/callsite"
	"github.com/candor-go/candor/internal/codec"
	"github.com/candor-go/candor/internal/fault"
	"github.com/candor-go/candor/internal/mediatype"
	"github.com/candor-go/candor/internal/message"
	"github.com/candor-go/candor/internal/operation"
	"github.com/candor-go/candor/internal/panics"
	"github.com/candor-go/candor/internal/response"
	"github.com/candor-go/candor/internal/serve"
	"github.com/candor-go/candor/internal/socket"
	"github.com/candor-go/candor/internal/typeinfo"
)

// WebSocket registers a handler for WebSockets (RFC 6455) at a path. Its input is bound, and guards and providers run,
// before the connection is upgraded: a refusal is an error response like that of any route. The input cannot have a
// body.
//
//	type EnterRoom struct {
//		Room string `path:"room"`
//	}
//
//	candor.WebSocket(app, "/rooms/{room}", func(ctx context.Context, in EnterRoom, s *candor.Socket[Message, Message]) error { ... })
//
// The error that the handler returns closes the socket:
//
//   - nil with 1000, and [Close] with its code and reason;
//   - an [HTTPError] below 500 and a [ValidationError] with 1008 and their text;
//   - any other error, and a panic, with 1011; it is logged.
//
// The framework closes a socket with
//
//   - 1001 when the server stops;
//   - 1003 for a binary message instead of text, or the reverse (a [Frame] takes both);
//   - 1007 for text that is not UTF-8;
//   - 1008 for an invalid message, unless [ReplyToInvalidMessages] is set;
//   - 1009 for a message over the [MessageLimit].
//
// The context of the handler ends with the connection; scoped providers end after the handler. A ping is sent every 30
// seconds, or [Heartbeat]; a client that neither responds within 10 seconds nor sends anything is disconnected, and so
// is one that accepts nothing of a write for 10 seconds, or Limits.Write.
//
// Only pages of the same origin may connect; see [Origins]. A request that is not a handshake gets a 426. In the
// document the operation is a GET with the schemas of received and sent messages under "x-websocket".
func WebSocket[In, Recv, Send any](r Routes, path string, h func(ctx context.Context, in In, s *Socket[Recv, Send]) error, options ...RouteOption) {
	handler := runs(h, func(ctx context.Context, s *callSlot) error {
		return h(ctx, *s.in.(*In), &Socket[Recv, Send]{*s.out.(**connectedSocket)})
	})
	handleSocket(r, path, handler, &socketKind{receives: reflect.TypeFor[Recv](), sends: reflect.TypeFor[Send]()}, options)
}

// handleSocket registers a handler whose types are erased.
func handleSocket(r Routes, path string, h *function, kind *socketKind, options []RouteOption) {
	h.out = reflect.TypeFor[*connectedSocket]()
	rt := &route{site: callsite.Here(), methods: []string{http.MethodGet}, path: path, handler: h, upgrade: kind}
	rt.registerOn(r, options)
}

// Socket is a WebSocket on which a handler receives values of type Recv and sends values of type Send. A string is a
// text message, []byte a binary one, and a [Frame] either; any other type is JSON in a text message, decoded and
// validated like the body of a request, and encoded like that of a response.
//
// A socket is closed when its handler returns. All of its methods are safe for concurrent use.
type Socket[Recv, Send any] struct{ socket *connectedSocket }

// Receive waits for the next message.
//
// An invalid message closes the socket, and the error is a [ValidationError] with locations that begin with "message",
// or a [CloseError]. After the client has disconnected, or when the server stops, the error is a CloseError, too. When
// ctx ends, its error is returned and the socket stays open.
func (s *Socket[Recv, Send]) Receive(ctx context.Context) (Recv, error) {
	var message, none Recv
	if err := s.socket.receive(ctx, reflect.ValueOf(&message).Elem()); err != nil {
		return none, err
	}
	return message, nil
}

// Send sends a message. It returns when the operating system has accepted the message, which does not mean that it has
// arrived. An invalid message is an error and is not sent, depending on Config.ResponseChecks.
//
// If ctx ends in the middle of a message, nothing can be sent any more.
func (s *Socket[Recv, Send]) Send(ctx context.Context, message Send) error {
	return s.socket.send(ctx, reflect.ValueOf(&message).Elem())
}

// Messages yields received messages until the end: the sequence ends without an error when the client closes with 1000,
// 1001 or no code, and when the server stops. Any other error of [Socket.Receive] is its last element.
func (s *Socket[Recv, Send]) Messages(ctx context.Context) iter.Seq2[Recv, error] {
	return func(yield func(Recv, error) bool) {
		for {
			message, err := s.Receive(ctx)
			if closed, ok := errors.AsType[*CloseError](err); ok && closed.usual() {
				return
			}
			if !yield(message, err) || err != nil {
				return
			}
		}
	}
}

// Subprotocol returns the negotiated one of [Subprotocols], "" for none.
func (s *Socket[Recv, Send]) Subprotocol() string { return s.socket.conn.Subprotocol() }

// MessageLimit limits the size of a received WebSocket message, and of a line in a [JSONLines] body, in bytes; the
// default is 1 MiB. A larger message closes the socket with 1009; a larger line is a 413.
func MessageLimit(bytes int) Option {
	return everywhere(func(s *settings) error {
		if bytes <= 0 {
			return fmt.Errorf("MessageLimit(%d); the limit is a positive number of bytes", bytes)
		}
		s.messageLimit = bytes
		return nil
	})
}

// ReplyToInvalidMessages sends the body of a 422 as a text message in reply to an invalid message, and goes on:
// [Socket.Receive] waits for the next one. Without it the socket is closed with 1008. A message of the wrong kind, such
// as binary instead of text, still closes the socket.
func ReplyToInvalidMessages() Option {
	return everywhere(func(s *settings) error {
		s.replyToInvalid = true
		return nil
	})
}

// Origins allows pages of other origins to connect to WebSockets, in addition to those of the app's own host:
// "example.com", "*.example.com" or "https://example.com:8443", matched by path.Match without regard to case. "*"
// allows every page, with the cookies of your users: use it only for sockets that need no login, or that authenticate
// with a token.
func Origins(patterns ...string) Option {
	return everywhere(func(s *settings) error {
		for _, p := range patterns {
			if _, err := path.Match(p, ""); err != nil || p == "" {
				return fmt.Errorf("Origins(%q); write a host such as \"example.com\" or \"*.example.com\"", p)
			}
		}
		s.origins = append(s.origins, patterns...)
		return nil
	})
}

// Subprotocols lists the subprotocols that a WebSocket supports, the preferred one first. The first that the client
// also offers is chosen; see [Socket.Subprotocol]. If there is none in common, the connection has no subprotocol.
func Subprotocols(names ...string) RouteOption {
	return onRoute(func(s *settings) error {
		for _, name := range names {
			if !mediatype.IsToken(name) {
				return fmt.Errorf("Subprotocols(%q); a name is a token such as \"chat.v1\"", name)
			}
		}
		s.subprotocols = append(s.subprotocols, names...)
		return nil
	})
}

// socketKind is the upgrade of a WebSocket route.
type socketKind struct{ receives, sends reflect.Type }

func (k *socketKind) check(rt *route) error {
	in := rt.input
	var field *typeinfo.Field
	switch {
	case in.Body != nil:
		field = in.Body
	case in.Members != nil && len(in.Members.Fields) > 0:
		field = in.Members.Fields[0]
	case in.Form != nil && len(in.Form.Fields) > 0:
		field = in.Form.Fields[0]
	}
	if field != nil {
		return &typeinfo.Error{
			Type: typeinfo.Name(in.Go), Field: field.Go, Problem: "a value of the body, but the handshake of a WebSocket has none",
			Fix: "receive it as the first message, or take it from the query",
		}
	}
	status := rt.set.status
	for _, a := range rt.set.aliases {
		status = cmp.Or(status, a.own.status)
	}
	if status != 0 {
		return fmt.Errorf("Status(%d) on a WebSocket, whose status is 101; drop it", status)
	}
	// Copied before the change, because settings are shared.
	rt.set = rt.set.copy()
	rt.set.status = http.StatusSwitchingProtocols
	return nil
}

func (k *socketKind) compile(c *compiler) (func(x *exchange) error, error) {
	messages := messageCompiler(c.codec)
	read, err := messages.Reader(k.receives)
	if err != nil {
		return nil, err
	}
	write, err := messages.Writer(k.sends)
	if err != nil {
		return nil, err
	}
	return func(x *exchange) error {
		s := &connectedSocket{
			read: read, received: messages.Format(k.receives), write: write,
			decode: x.endpoint.decode, checks: x.endpoint.checks, log: x.endpoint.errors.log,
		}
		return s.run(x)
	}, nil
}

// messageCompiler compiles messages; without a codec it only describes them.
func messageCompiler(c *codec.Compiler) message.Compiler {
	return message.Compiler{Codec: c, Frame: reflect.TypeFor[Frame]()}
}

// messages returns the types that are received and sent.
func (k *socketKind) messages() []*typeinfo.Type {
	var all []*typeinfo.Type
	for _, t := range []reflect.Type{k.receives, k.sends} {
		if described, err := typeinfo.Of(t); err == nil {
			all = append(all, described)
		}
	}
	return all
}

func (k *socketKind) admit(x *exchange) error {
	refused := socket.Check(x.scope.r, x.endpoint.set.origins)
	if refused == nil {
		return nil
	}
	err := Error(refused.Status, refused.Detail)
	for name, value := range refused.Header {
		err = err.WithHeader(name, value)
	}
	return err
}

func (k *socketKind) socket(e *endpoint) *operation.Socket {
	messages := messageCompiler(nil)
	return &operation.Socket{
		Receives: messages.Value(k.receives, e.reads()), Sends: messages.Value(k.sends, operation.Out),
		Subprotocols: e.set.subprotocols,
	}
}

// Frame is a whole message of a WebSocket that carries both text and binary messages, used as the Recv or the Send type
// of a [Socket]. Anywhere else, such as in the messages of a hub, it is a struct like any other.
type Frame struct {
	// Binary is true for a binary message, false for text.
	Binary bool
	// Data belongs to the receiver. Text must be UTF-8: receiving other text closes the socket with 1007, and sending
	// it makes [Socket.Send] return an error.
	Data []byte
}

// kind returns the kind of the message on the wire.
func (f *Frame) kind() websocket.MessageType {
	if f.Binary {
		return websocket.MessageBinary
	}
	return websocket.MessageText
}

// connectedSocket is a Socket without its types.
type connectedSocket struct {
	conn     *socket.Conn
	read     message.Read
	received message.Format
	write    message.Write
	decode   codec.Options
	checks   ResponseChecks
	log      *slog.Logger
	// failure encodes what a client may see of an invalid message; nil if an invalid message closes the socket.
	// rendered sets the messages of validation errors.
	failure  func(error) []byte
	rendered func(*ValidationError) *ValidationError
	// invalid is called with the validation errors of a message.
	invalid func([]fault.Fault)
	// watch is called for each message that was read; nil outside of tests.
	watch messageWatch
}

// messageWatch is called with a message and its validation errors.
type messageWatch func(data []byte, faults []fault.Fault)

// watchKey is the context key of the messageWatch.
type watchKey struct{}

// run upgrades the connection, runs the handler and closes the socket.
func (s *connectedSocket) run(x *exchange) error {
	e, scope := x.endpoint, &x.scope
	limit := cmp.Or(e.set.messageLimit, defaultMessageLimit)
	conn, begun, err := socket.Accept(x.ctx, scope.w, scope.r, socket.Config{
		Subprotocols: e.set.subprotocols, WriteLimit: e.writeLimit, MessageLimit: limit, Ping: e.set.heartbeat,
		Failed: closedBy, Recovered: func(value any) error { return panics.New(value) },
	})
	x.finished = begun
	if err != nil {
		return err
	}
	s.conn = conn
	if e.set.replyToInvalid {
		s.failure = func(err error) []byte { return e.errors.late(scope.r, err) }
	}
	s.rendered = func(wrong *ValidationError) *ValidationError { return e.errors.rendered(scope.r, wrong) }
	s.invalid = func(faults []fault.Fault) { e.dev.InvalidMessage(scope.r, faults) }
	s.decode = s.decode.ForBody(int64(limit))
	// From here on a server that stops closes the socket: the handler would not notice.
	unhook := serve.OnStopping(x.ctx, s.goAway)
	defer unhook()
	returned := false
	defer func() {
		if !returned { // it panics, or calls runtime.Goexit
			conn.Close(&socket.Closing{Code: int(websocket.StatusInternalError)}, errInternal)
			_ = conn.Ended() // the panic is what gets reported
		}
	}()
	s.watch, _ = x.ctx.Value(watchKey{}).(messageWatch)
	f := &x.slots[0]
	*f.out.(**connectedSocket) = s
	f.fill()
	err = f.run(conn.Context())
	returned = true
	s.hangUp(x, err)
	return err
}

// hangUp closes the socket after the handler, as its error says, unless it was closed before. It records whether the
// error needs to be logged.
func (s *connectedSocket) hangUp(x *exchange, err error) {
	closing, meant := closingFor(err)
	s.conn.Close(closing.closing(), closing)
	if why := s.conn.Ended(); why != closing && !errors.Is(err, response.ErrClientGone) { //nolint:errorlint // the very value
		meant = afterClosing(err, why)
	}
	if meant {
		x.reported = err
	}
}

// goAway closes the socket because the server is stopping.
func (s *connectedSocket) goAway() {
	stopping := &CloseError{Code: int(websocket.StatusGoingAway), Reason: "the server is stopping"}
	s.conn.Close(stopping.closing(), stopping)
}

func (s *connectedSocket) receive(ctx context.Context, into reflect.Value) error {
	for {
		m, err := s.conn.Receive(ctx)
		if err != nil {
			return err
		}
		reply, err := s.decodeInto(ctx, m, into)
		m.Release()
		if reply == nil {
			return err
		}
		if err := s.conn.Send(ctx, websocket.MessageText, reply); err != nil {
			return err
		}
		into.SetZero() // removes what the invalid message left in it
	}
}

// decodeInto decodes a message. An invalid one closes the socket, unless a reply is sent.
func (s *connectedSocket) decodeInto(ctx context.Context, m *socket.Message, into reflect.Value) (reply []byte, err error) {
	if !s.received.Takes(m.Kind) {
		closing := &CloseError{Code: int(websocket.StatusUnsupportedData), Reason: "expected " + frameName(s.received.Kind()) + " messages"}
		s.conn.Refuse(closing.closing(), closing)
		return nil, s.conn.Failure(ctx)
	}
	var faults fault.List
	if fits := s.read(m, into, s.decode, &faults); !fits {
		closing := &CloseError{Code: int(websocket.StatusMessageTooBig), Reason: "a message takes too much memory"}
		s.conn.Refuse(closing.closing(), closing)
		return nil, s.conn.Failure(ctx)
	}
	faults.Seal(0, "message")
	if s.watch != nil {
		s.watch(m.Data, faults.Faults)
	}
	if len(faults.Faults) == 0 {
		return nil, nil
	}
	s.invalid(faults.Faults)
	wrong := faults.TakeResponse(func(err error) bool { return httpErrorIn(err) != nil })
	if wrong == nil {
		wrong = s.rendered(invalid(&faults, nil, s.decode.Echo))
	}
	if s.failure != nil {
		return s.failure(wrong), nil
	}
	closing, _ := closingFor(wrong)
	s.conn.Refuse(closing.closing(), wrong)
	return nil, s.conn.Failure(ctx)
}

func frameName(t websocket.MessageType) string {
	return strings.ToLower(strings.TrimPrefix(t.String(), "Message"))
}

// spareMessages is a pool of buffers for sent messages.
var spareMessages = sync.Pool{New: func() any { return new([]byte) }}

func (s *connectedSocket) send(ctx context.Context, value reflect.Value) error {
	buffer := spareMessages.Get().(*[]byte)
	var faults fault.List
	kind, data, err := s.write((*buffer)[:0], value, s.checks != ChecksOff, &faults)
	if cap(data) <= response.MaxKept {
		*buffer = data
		defer spareMessages.Put(buffer) // after the connection has written it
	}
	if err != nil {
		return err
	}
	if len(faults.Faults) > 0 {
		faults.Seal(0, "message")
		broken := response.Invalid{Faults: faults.Faults}
		if s.checks == ChecksFail {
			return broken
		}
		s.log.ErrorContext(ctx, "a message breaks its own rules", "error", broken)
	}
	return s.conn.Send(ctx, kind, data)
}
