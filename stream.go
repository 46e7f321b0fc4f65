package candor

import (
	"errors"
	"fmt"
	"net/http"
	"reflect"
	"sync"
	"time"

	"github.com/candor-go/candor/internal/codec"
	"github.com/candor-go/candor/internal/fault"
	"github.com/candor-go/candor/internal/panics"
	"github.com/candor-go/candor/internal/serve"
	"github.com/candor-go/candor/internal/typeinfo"
)

// A stream is flushed when it is idle: the producer appends to a buffer, and a
// second goroutine writes whatever it finds there. It lives only as long as it
// finds something. While a write is under way the producer goes on, so a busy
// one shares a write among many items and a slow one has each of them sent at
// once; and a stream that waits costs no more than its handler does.

const (
	// maxPending is how many bytes a producer may be ahead of the client.
	maxPending = 64 << 10
	// headerGrace is how long a stream waits for its first item before it sends
	// its header, so that clients of an idle one see it open. An error until then
	// is a response of its own; so it is long for a query that fails, and for a
	// machine under load.
	headerGrace = 100 * time.Millisecond
	// defaultHeartbeat is how long an event stream may be silent.
	defaultHeartbeat = 15 * time.Second
	// defaultWriteLimit is how long one write of a stream may stand still.
	defaultWriteLimit = 10 * time.Second
)

// errDraining ends a stream because the server stops.
var errDraining = Error(http.StatusServiceUnavailable, "the server is stopping")

// pipe carries what a producer makes to the client.
type pipe struct {
	response  *response
	streaming *streaming
	w         http.ResponseWriter
	control   *http.ResponseController
	// deadlines are set where no server of Candor's does it.
	deadlines bool
	ping      []byte
	// silence ends the wait for the first item, and later that for a ping, when
	// the buffers are given back, too.
	silence *time.Timer
	unhook  func()
	// headed means that the header was sent; only the sender touches it, and
	// whoever has seen its end.
	headed bool

	mutex sync.Mutex
	// moved is signalled when pending was taken over, the sender came to its
	// end, or err was set.
	moved *sync.Cond
	// pending is what the sender is to take over, and spare the buffer that it
	// took over last.
	pending, spare []byte
	// sending means that there is a sender.
	sending bool
	closed  bool
	// begun means that the response has begun: an item was accepted, or the header
	// is on its way. From then on no error is a response of its own, and what was
	// accepted is written.
	begun bool
	// err is why no more items are accepted; lost means that nothing can be
	// written any more, either.
	err  error
	lost bool
}

// openPipe prepares to send. The response's header is sent with the first bytes,
// or after a short while without any.
func openPipe(a *response, w http.ResponseWriter, r *http.Request, ping []byte) *pipe {
	p := &pipe{
		response: a, streaming: a.streaming, w: w, control: http.NewResponseController(w), ping: ping,
		deadlines: serve.Stopping(r.Context()) == nil,
	}
	p.moved = sync.NewCond(&p.mutex)
	p.mutex.Lock()
	defer p.mutex.Unlock()
	p.silence = time.AfterFunc(headerGrace, p.breakSilence)
	p.unhook = serve.OnStopping(r.Context(), func() { p.fail(errDraining) })
	return p
}

// append lets write add to what is pending. It waits while the client is too
// far behind, and fails once the client has disconnected.
func (p *pipe) append(write func(dst []byte) ([]byte, error)) error {
	p.mutex.Lock()
	defer p.mutex.Unlock()
	// A slow client bounds the memory of a stream this way.
	for len(p.pending) > maxPending && p.err == nil {
		p.moved.Wait()
	}
	if p.err != nil {
		return p.err
	}
	pending, err := write(p.pending)
	if err != nil {
		return err
	}
	p.pending = pending
	p.startWriting()
	return nil
}

// startWriting begins the response and sees to it that somebody writes. The
// caller holds the mutex.
func (p *pipe) startWriting() {
	p.begun = true
	if !p.sending && !p.lost {
		p.sending = true
		go p.send()
	}
}

// breakSilence sends the header, or a ping after it.
func (p *pipe) breakSilence() {
	p.mutex.Lock()
	defer p.mutex.Unlock()
	// The timer may have fired while one of these came about.
	if p.closed || p.sending || p.err != nil {
		return
	}
	if p.begun { // then nothing is pending
		p.pending, p.spare = append([]byte(nil), p.ping...), nil
	}
	if !p.begun || p.ping != nil {
		p.startWriting()
	}
}

// close sends what is pending and waits for the end. With an error before the
// response has begun, nothing is sent: the error is the response.
func (p *pipe) close(failure error) error {
	p.mutex.Lock()
	defer p.mutex.Unlock()
	p.closed = true
	p.silence.Stop()
	p.unhook()
	if failure == nil && p.err == nil && !p.begun {
		p.startWriting() // no item came, but the header has to
	}
	// The handler must not return before the last write: net/http takes its writer
	// back then.
	for p.sending {
		p.moved.Wait()
	}
	if failure != nil {
		return failure
	}
	return p.err
}

// send writes what is pending until there is nothing more.
func (p *pipe) send() {
	defer p.recover()
	for {
		data, ok := p.take()
		if !ok {
			return
		}
		if err := p.write(data); err != nil {
			p.lose(fmt.Errorf("%w: %w", errClientGone, err))
		}
	}
}

// recover keeps a panic of the writer from ending the process.
func (p *pipe) recover() {
	if value := recover(); value != nil {
		p.lose(panics.New(value))
		p.mutex.Lock()
		defer p.mutex.Unlock()
		p.rest()
	}
}

// take takes over what is pending, in exchange for an empty buffer. As long as
// the header was not sent it is for the header, whatever is pending. If there is
// nothing to send the sender is no longer one.
func (p *pipe) take() (data []byte, ok bool) {
	p.mutex.Lock()
	defer p.mutex.Unlock()
	if p.lost || p.headed && len(p.pending) == 0 {
		p.rest()
		return nil, false
	}
	data = p.pending
	// The two buffers take turns: the producer fills one while the other is sent.
	p.pending, p.spare = p.spare[:0], data
	p.moved.Broadcast()
	return data, true
}

// rest ends the sender. The caller holds the mutex.
func (p *pipe) rest() {
	p.sending = false
	p.moved.Broadcast()
	if !p.closed && p.err == nil {
		p.silence.Reset(p.streaming.heartbeat)
	}
}

// fail ends the stream: the producer learns it at its next item, and its
// context is cancelled at once. What was accepted is still written.
func (p *pipe) fail(err error) {
	p.mutex.Lock()
	defer p.mutex.Unlock()
	if p.err == nil {
		p.err = err
	}
	p.moved.Broadcast()
	p.streaming.cancel()
}

// lose ends a stream that cannot be written any more.
func (p *pipe) lose(err error) {
	p.fail(err)
	p.mutex.Lock()
	defer p.mutex.Unlock()
	p.lost = true
}

// alive reports whether the response has begun and more can be sent.
func (p *pipe) alive() bool {
	p.mutex.Lock()
	defer p.mutex.Unlock()
	return p.begun && p.err == nil
}

// write sends data to the client, after the header.
func (p *pipe) write(data []byte) error {
	if p.deadlines {
		_ = p.control.SetWriteDeadline(time.Now().Add(p.streaming.writeLimit))
	}
	if !p.headed {
		p.headed = true
		p.response.begin(p.w)
	}
	if len(data) > 0 {
		if _, err := p.w.Write(data); err != nil {
			return err
		}
	}
	// A writer that cannot flush sends everything at the end all the same.
	if err := p.control.Flush(); err != nil && !errors.Is(err, http.ErrNotSupported) {
		return err
	}
	return nil
}

// itemWriter encodes the items of one stream, one after the other.
type itemWriter[T any] struct {
	encoder   *codec.Encoder
	slot      *T
	value     reflect.Value
	streaming *streaming
	// faults are the validation errors of the item at hand.
	faults fault.List
}

func newItemWriter[T any](e *codec.Encoder, l *streaming) *itemWriter[T] {
	slot := new(T)
	return &itemWriter[T]{encoder: e, slot: slot, value: reflect.ValueOf(slot).Elem(), streaming: l}
}

// append encodes an item at the end of dst. An item that breaks its rules is an
// error, as the app's ResponseChecks say.
func (w *itemWriter[T]) append(dst []byte, item T) ([]byte, error) {
	*w.slot, w.faults = item, fault.List{}
	dst, err := w.encoder.Append(dst, w.value, w.streaming.checks != ChecksOff, &w.faults)
	if err != nil || len(w.faults.Faults) == 0 {
		return dst, err
	}
	w.faults.Seal(0, "item")
	broken := invalidResponse{w.faults.Faults}
	if w.streaming.checks == ChecksLog {
		w.streaming.log(broken)
		return dst, nil
	}
	return dst, broken
}

// itemType describes the items of a stream.
func itemType[T any]() *typeinfo.Type {
	t, err := typeinfo.Of(reflect.TypeFor[T]())
	if err != nil {
		return nil // compileItems reports it
	}
	return t
}

// compileItems makes the encoder of a stream's items.
func compileItems[T any](c *compiler) (*codec.Encoder, error) {
	t, err := typeinfo.Of(reflect.TypeFor[T]())
	if err != nil {
		return nil, err
	}
	if isEvent(t.Go) {
		return nil, &typeinfo.Error{
			Type: typeinfo.Name(t.Go), Problem: "the values of the stream are events, which would be written as {\"Data\": ...}",
			Fix: "yield each candor.Event[T] from a candor.Events[T], where T is the type of the data; candor.EventsOf and candor.LinesOf take the data alone",
		}
	}
	return c.codec.Encoder(t, nil)
}

// isEvent reports whether values of a type are events, which are no data.
func isEvent(t reflect.Type) bool {
	if t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	_, is := reflect.Zero(t).Interface().(interface{ isEvent() })
	return is
}
