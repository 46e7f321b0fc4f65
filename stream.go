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
	"github.com/candor-go/candor/internal/serve"
	"github.com/candor-go/candor/internal/typeinfo"
)

// A stream is flushed when it is idle: the producer appends to a buffer, and a
// second goroutine writes whatever it finds there, as soon as it finds
// something. While a write is under way the producer goes on, so a busy one
// shares a write among many items and a slow one has each of them sent at
// once.

const (
	// maxPending is how many bytes a producer may be ahead of the client.
	maxPending = 64 << 10
	// headerGrace is how long a stream waits for its first item before it sends
	// its header. An error until then is a normal answer.
	headerGrace = 50 * time.Millisecond
	// defaultHeartbeat is how long an event stream may be silent.
	defaultHeartbeat = 15 * time.Second
	// defaultWriteLimit is how long one write of a stream may stand still.
	defaultWriteLimit = 10 * time.Second
)

var (
	// errDraining ends a stream because the server stops.
	errDraining = Error(http.StatusServiceUnavailable, "the server is stopping")
	// errProducer stands for a panic on its way through a stream.
	errProducer = errors.New("the producer of a stream panicked")
)

// pipe carries what a producer makes to the client.
type pipe struct {
	answer  *answer
	w       http.ResponseWriter
	control *http.ResponseController
	// deadlines are set where no server of Candor's does it.
	deadlines bool
	stopping  <-chan struct{}
	ping      []byte
	wake      chan struct{}
	done      chan struct{}
	// headed means that the header was sent.
	headed bool

	mutex sync.Mutex
	// sent is signalled when pending was taken over, or err was set.
	sent    *sync.Cond
	pending []byte
	closed  bool
	begun   bool
	err     error
}

// openPipe starts sending. The answer's header is sent with the first bytes,
// or after a short while without any.
func openPipe(a *answer, w http.ResponseWriter, r *http.Request, ping []byte) *pipe {
	p := &pipe{
		answer: a, w: w, control: http.NewResponseController(w), ping: ping,
		stopping: serve.Stopping(r.Context()), wake: make(chan struct{}, 1), done: make(chan struct{}),
	}
	p.deadlines = p.stopping == nil
	p.sent = sync.NewCond(&p.mutex)
	go p.send()
	return p
}

// append lets write add to what is pending. It waits while the client is too
// far behind, and fails once the client is gone.
func (p *pipe) append(write func(dst []byte) ([]byte, error)) error {
	p.mutex.Lock()
	defer p.mutex.Unlock()
	for len(p.pending) > maxPending && p.err == nil {
		p.sent.Wait()
	}
	if p.err != nil {
		return p.err
	}
	pending, err := write(p.pending)
	if err != nil {
		return err
	}
	p.pending = pending
	p.wakeUp()
	return nil
}

func (p *pipe) wakeUp() {
	select {
	case p.wake <- struct{}{}:
	default:
	}
}

// close sends what is pending and waits for the end. With an error and nothing
// sent yet, nothing is sent: the error is the answer.
func (p *pipe) close(failure error) error {
	p.mutex.Lock()
	p.closed = true
	if failure != nil && !p.begun && p.err == nil {
		p.err = failure
	}
	p.mutex.Unlock()
	p.wakeUp()
	<-p.done
	if failure != nil {
		return failure
	}
	return p.err
}

// send writes what is pending until the pipe is closed.
func (p *pipe) send() {
	defer close(p.done)
	defer p.recover()
	silence := time.NewTimer(headerGrace)
	defer silence.Stop()
	var spare []byte
	for {
		var pinging bool
		select {
		case <-p.wake:
		case <-silence.C:
			pinging = p.begun && p.ping != nil
		case <-p.stopping:
			p.fail(errDraining)
		}
		data, last, err := p.take(spare[:0])
		if err != nil {
			return
		}
		if pinging && len(data) == 0 {
			data = append(data, p.ping...)
		}
		if err := p.write(data); err != nil {
			p.fail(fmt.Errorf("%w: %w", errClientGone, err))
			return
		}
		if last {
			return
		}
		spare = data
		if p.ping != nil {
			silence.Reset(p.answer.live.heartbeat)
		}
	}
}

// recover keeps a panic of the writer from ending the process.
func (p *pipe) recover() {
	if value := recover(); value != nil {
		p.fail(newPanicError(value))
	}
}

// fail ends the stream: the producer learns it at its next item, and its
// context is cancelled at once.
func (p *pipe) fail(err error) {
	p.mutex.Lock()
	defer p.mutex.Unlock()
	if p.err == nil {
		p.err = err
	}
	p.sent.Broadcast()
	p.answer.live.cancel()
}

// alive reports whether something was sent and more can be.
func (p *pipe) alive() bool {
	p.mutex.Lock()
	defer p.mutex.Unlock()
	return p.begun && p.err == nil
}

// take takes over what is pending, in exchange for an empty buffer. last means
// that nothing will follow.
func (p *pipe) take(empty []byte) (data []byte, last bool, err error) {
	p.mutex.Lock()
	defer p.mutex.Unlock()
	if p.err != nil {
		return nil, true, p.err
	}
	p.begun = true
	data, p.pending = p.pending, empty
	p.sent.Broadcast()
	return data, p.closed, nil
}

// write sends data to the client, behind the header.
func (p *pipe) write(data []byte) error {
	if p.deadlines {
		_ = p.control.SetWriteDeadline(time.Now().Add(defaultWriteLimit))
	}
	if !p.headed {
		p.headed = true
		p.answer.begin(p.w)
	}
	if len(data) > 0 {
		if _, err := p.w.Write(data); err != nil {
			return err
		}
	}
	if err := p.control.Flush(); err != nil && !errors.Is(err, http.ErrNotSupported) {
		return err
	}
	return nil
}

// itemWriter encodes the items of one stream, one after the other.
type itemWriter[T any] struct {
	encoder *codec.Encoder
	slot    *T
	value   reflect.Value
	live    *live
}

func newItemWriter[T any](e *codec.Encoder, l *live) *itemWriter[T] {
	slot := new(T)
	return &itemWriter[T]{encoder: e, slot: slot, value: reflect.ValueOf(slot).Elem(), live: l}
}

// append encodes an item behind dst. An item that breaks its rules is an
// error, as the app's ResponseChecks say.
func (w *itemWriter[T]) append(dst []byte, item T) ([]byte, error) {
	*w.slot = item
	var faults fault.List
	dst, err := w.encoder.Append(dst, w.value, w.live.checks != Off, &faults)
	if err != nil || len(faults.Faults) == 0 {
		return dst, err
	}
	faults.Seal(0, "item")
	broken := invalidAnswer{faults.Faults}
	if w.live.checks == Log {
		w.live.log(broken)
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
	return c.codec.Encoder(t, nil)
}
