package response

import (
	"errors"
	"fmt"
	"net/http"
	"sync"
	"time"

	"github.com/candor-go/candor/internal/panics"
	"github.com/candor-go/candor/internal/serve"
)

// A stream is flushed when it is idle: the producer appends to a buffer, and a second goroutine writes whatever is in
// the buffer. That goroutine ends when the buffer is empty. The producer continues while a write is in progress, so a
// busy producer shares one write among many items, a slow one has each item sent at once, and a stream that waits costs
// no more than its handler.

const (
	// maxPending is how many bytes a producer may be ahead of the client.
	maxPending = 64 << 10
	// headerGrace is how long a stream waits for its first item before it sends its header, so that clients of an idle
	// stream see that it is open. Until then an error can still become an error response, so the time is long enough
	// for a query that fails, even on a busy machine.
	headerGrace = 100 * time.Millisecond
)

// Pipe carries items from the producer to the client.
type Pipe struct {
	response  *Response
	streaming *Streaming
	w         http.ResponseWriter
	control   *http.ResponseController
	// deadlines means that the pipe sets write deadlines, because the server is not Candor's.
	deadlines bool
	ping      []byte
	// silence fires when the first item takes too long, and later when a ping is due; it then also releases the
	// buffers.
	silence *time.Timer
	// due is when a ping is due. Before that the timer has fired for the header, and waited for the mutex meanwhile.
	due    time.Time
	unhook func()
	// headed means that the header was sent. It belongs to the sender, and to whoever has seen the sender end.
	headed bool

	mutex sync.Mutex
	// moved is signalled when pending was taken, the sender has ended, or err was set.
	moved *sync.Cond
	// pending is what the sender will take next, and spare the buffer that it took last.
	pending, spare []byte
	// sending means that there is a sender.
	sending bool
	closed  bool
	// begun means that the response has begun: an item was accepted, or the header is about to be sent. From then on an
	// error cannot become an error response, and all accepted items are written.
	begun bool
	// err is why no more items are accepted; lost means that nothing can be written any more.
	err  error
	lost bool
}

// OpenPipe prepares a stream. The header is sent with the first bytes, or after a short while without any.
func OpenPipe(resp *Response, w http.ResponseWriter, r *http.Request, ping []byte) *Pipe {
	p := &Pipe{
		response: resp, streaming: resp.Streaming, w: w, control: http.NewResponseController(w), ping: ping,
		deadlines: serve.Stopping(r.Context()) == nil,
	}
	p.moved = sync.NewCond(&p.mutex)
	p.mutex.Lock()
	defer p.mutex.Unlock()
	p.silence = time.AfterFunc(headerGrace, p.breakSilence)
	p.unhook = serve.OnStopping(r.Context(), func() { p.fail(p.streaming.Stopping) })
	return p
}

// Append lets write add to the pending bytes. It blocks while the client is too far behind, and fails after the client
// has disconnected.
func (p *Pipe) Append(write func(dst []byte) ([]byte, error)) error {
	p.mutex.Lock()
	defer p.mutex.Unlock()
	// This limits the memory of a stream to a slow client.
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

// startWriting begins the response and makes sure that there is a sender. The caller holds the mutex.
func (p *Pipe) startWriting() {
	p.begun = true
	if !p.sending && !p.lost {
		p.sending = true
		go p.send()
	}
}

// breakSilence sends the header or, later, a ping.
func (p *Pipe) breakSilence() {
	p.mutex.Lock()
	defer p.mutex.Unlock()
	// The timer may have fired just before one of these was set.
	if p.closed || p.sending || p.err != nil || time.Now().Before(p.due) {
		return
	}
	if p.begun { // nothing is pending then
		p.pending, p.spare = append([]byte(nil), p.ping...), nil
	}
	if !p.begun || p.ping != nil {
		p.startWriting()
	}
}

// Close sends what is pending and waits for the sender to end. If there is an error before the response has begun,
// nothing is sent: the caller responds with the error.
func (p *Pipe) Close(failure error) error {
	p.mutex.Lock()
	defer p.mutex.Unlock()
	p.closed = true
	p.silence.Stop()
	p.unhook()
	if failure == nil && p.err == nil && !p.begun {
		p.startWriting() // there were no items, but the header must be sent
	}
	// The handler must not return before the last write, because net/http then reuses its writer.
	for p.sending {
		p.moved.Wait()
	}
	if failure != nil {
		return failure
	}
	return p.err
}

// send writes pending bytes until there are none.
func (p *Pipe) send() {
	defer p.recover()
	for {
		data, ok := p.take()
		if !ok {
			return
		}
		if err := p.write(data); err != nil {
			p.lose(fmt.Errorf("%w: %w", ErrClientGone, err))
		}
	}
}

// recover keeps a panic of the ResponseWriter from ending the process.
func (p *Pipe) recover() {
	if value := recover(); value != nil {
		p.lose(panics.New(value))
		p.mutex.Lock()
		defer p.mutex.Unlock()
		p.rest()
	}
}

// take takes the pending bytes and leaves an empty buffer. The first time it returns true even without any bytes, so
// that the header is sent. If there is nothing to send, the sender ends.
func (p *Pipe) take() (data []byte, ok bool) {
	p.mutex.Lock()
	defer p.mutex.Unlock()
	if p.lost || p.headed && len(p.pending) == 0 {
		p.rest()
		return nil, false
	}
	data = p.pending
	// The two buffers alternate: the producer fills one while the other is being sent.
	p.pending, p.spare = p.spare[:0], data
	p.moved.Broadcast()
	return data, true
}

// rest marks the sender as ended. The caller holds the mutex.
func (p *Pipe) rest() {
	p.sending = false
	p.moved.Broadcast()
	if !p.closed && p.err == nil {
		p.due = time.Now().Add(p.streaming.Heartbeat)
		p.silence.Reset(p.streaming.Heartbeat)
	}
}

// fail ends the stream: the producer gets err at its next item, and its context is cancelled at once. Accepted items
// are still written.
func (p *Pipe) fail(err error) {
	p.mutex.Lock()
	defer p.mutex.Unlock()
	if p.err == nil {
		p.err = err
	}
	p.moved.Broadcast()
	p.streaming.Cancel()
}

// lose ends a stream that can no longer be written.
func (p *Pipe) lose(err error) {
	p.fail(err)
	p.mutex.Lock()
	defer p.mutex.Unlock()
	p.lost = true
}

// Headed reports whether the header was sent, after Close has returned.
func (p *Pipe) Headed() bool { return p.headed }

// Alive reports whether the response has begun and more can be sent.
func (p *Pipe) Alive() bool {
	p.mutex.Lock()
	defer p.mutex.Unlock()
	return p.begun && p.err == nil
}

// write sends data to the client, after the header.
func (p *Pipe) write(data []byte) error {
	if p.deadlines {
		_ = p.control.SetWriteDeadline(time.Now().Add(p.streaming.WriteLimit))
	}
	if !p.headed {
		p.headed = true
		p.response.Begin(p.w)
	}
	if len(data) > 0 {
		if _, err := p.w.Write(data); err != nil {
			return err
		}
	}
	// A writer that cannot flush still sends everything at the end.
	if err := p.control.Flush(); err != nil && !errors.Is(err, http.ErrNotSupported) {
		return err
	}
	return nil
}
