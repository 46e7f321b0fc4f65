package candor

import (
	"cmp"
	"context"
	"errors"
	"maps"
	"net/http"
	"slices"

	"github.com/candor-go/candor/internal/body"
	"github.com/candor-go/candor/internal/dependency"
	"github.com/candor-go/candor/internal/fault"
	"github.com/candor-go/candor/internal/mediatype"
	"github.com/candor-go/candor/internal/panics"
	"github.com/candor-go/candor/internal/response"
	"github.com/candor-go/candor/internal/scoped"
	"github.com/candor-go/candor/internal/spool"
)

// exchange is the state of one request as it passes through the steps of an endpoint. It is pooled, so everything
// handed to user code is a copy.
type exchange struct {
	endpoint *endpoint
	slots    []slot
	scope    requestScope
	response response.Response
	// buffer is reused for request bodies; faults and invalidInput are reused for validation errors.
	buffer       []byte
	faults       fault.List
	invalidInput invalidRequest
	progress
}

// progress is how far a request has come. It is reset between requests.
type progress struct {
	ctx  context.Context
	body []byte
	// direct means that only net/http and steps read the header of the response.
	direct bool
	// uploads are the files of a form; nil if there can be none.
	uploads *spool.Store
	// kept is the body, kept for further attempts; nil if there are none.
	kept *body.Kept
	// finished means that the response, or that of an error, was written.
	finished bool
	// reported is the error that was sent.
	reported error
	// truncated means that a stream began but did not complete.
	truncated bool
	// connection are the headers about the connection that middleware has set; only they are sent. It is read only if
	// functions take the header of the response.
	connection http.Header
}

// slot is where one node runs.
type slot struct {
	*callSlot
	// input binds parameters into the slot; wires copy in what other nodes made.
	input *inputSlot
	wires []func()
	// lazy is nil if no Lazy field refers to the node.
	lazy *scoped.Lazy
	// invalid means that parameters of the node had validation errors; refusal is the response to missing credentials.
	// Until the parameters are read, both still belong to the previous request.
	invalid bool
	refusal error
}

// newExchange makes an exchange, which serves requests one after the other. Whatever depends only on the endpoint is
// computed here, once.
func newExchange(e *endpoint) *exchange {
	x := &exchange{endpoint: e, slots: make([]slot, len(e.nodes))}
	x.scope.echo, x.scope.metadata = e.decode.Echo, e.metadata()
	x.scope.newExchange = func(s *requestScope) *Exchange { return newExchangeInput(s.w, s.r, &x.response, e.security, x.fail) }
	// All slots must exist before they are wired: the handler is the first node and copies from later ones.
	for i, p := range e.nodes {
		f := slot{callSlot: p.function.newCallSlot()}
		f.input = p.input.at(f.inValue)
		x.slots[i] = f
		if p.lazy {
			x.slots[i].beLazy(p)
		}
	}
	for i, p := range e.nodes {
		f := &x.slots[i]
		for _, d := range p.deps {
			field := f.inValue.FieldByIndex(d.index).Addr().Interface()
			f.wires = append(f.wires, d.copier(x.source(d), field))
			if p.waits && d.node != dependency.Singleton && !d.lazy && e.nodes[d.node].waits {
				f.lazy.Before = append(f.lazy.Before, x.slots[d.node].lazy)
			}
		}
	}
	return x
}

// beLazy makes the node available to Lazy fields: it waits for them, or runs at its step.
func (f *slot) beLazy(p *node) {
	f.lazy = &scoped.Lazy{Made: f.out, Attempts: p.provider.set.attempts}
	switch {
	case p.waits:
		f.lazy.Provide = f.provideAround
	case f.wrap != nil: // the value of a plain provider stays until the end of the request
		f.wrap = f.lazy.HandOver(f.wrap)
	}
}

// provideAround runs the node when its value is asked for, and use while that exists.
func (f *slot) provideAround(ctx context.Context, use func() error) error {
	f.fill()
	if f.wrap != nil {
		return f.wrap(ctx, use)
	}
	if err := f.run(ctx); err != nil {
		return err
	}
	return use()
}

// source returns a pointer to the value of a dependency.
func (x *exchange) source(d wire) any {
	if d.node == dependency.Singleton {
		return d.value.Addr().Interface()
	}
	if d.lazy {
		return x.slots[d.node].lazy
	}
	return x.slots[d.node].out
}

// fill copies in what other nodes made.
func (f *slot) fill() {
	for _, copyIn := range f.wires {
		copyIn()
	}
}

// call runs the node, after its dependencies have run.
func (f *slot) call(ctx context.Context) error {
	f.fill()
	return f.run(ctx)
}

// release clears the slot. Lazy fields that user code still holds are told first.
func (f *slot) release() {
	if f.lazy != nil {
		f.lazy.Release()
	}
	f.empty()
}

// release clears the exchange for the next request.
func (x *exchange) release() {
	for i := range x.slots {
		// Hardly any slot is lazy; the others save a call.
		if f := &x.slots[i]; f.lazy == nil {
			f.empty()
		} else {
			f.release()
		}
	}
	x.scope.release()
	x.response.Release()
	// A single large body must not stay in the pool.
	if cap(x.buffer) > response.MaxKept {
		x.buffer = nil
	}
	if len(x.faults.Faults) > 0 {
		x.faults.Reset()
		x.invalidInput = invalidRequest{}
	}
	x.progress = progress{}
	// Put must come last: another request may take the exchange immediately.
	x.endpoint.exchanges.Put(x)
}

// startStreaming prepares for a response that is sent while it is produced.
func (x *exchange) startStreaming() {
	e, r := x.endpoint, x.scope.r
	ctx, cancel := context.WithCancel(x.ctx)
	x.ctx = ctx
	if e.body != nil && e.body.pass != nil { // the body is read while the response is sent
		_ = http.NewResponseController(x.scope.w).EnableFullDuplex()
	}
	x.response.Streaming = &response.Streaming{
		Cancel: cancel, Heartbeat: cmp.Or(e.set.heartbeat, defaultHeartbeat), WriteLimit: e.writeLimit, Stopping: errDraining,
		Checks: e.checks != ChecksOff,
		Failure: func(err error) []byte {
			if isLate(ctx, err) {
				err = e.errors.timedOut(r, err)
			}
			return e.errors.late(r, err)
		},
	}
	if e.checks == ChecksLog {
		x.response.Streaming.Log = func(err error) { e.errors.log.ErrorContext(ctx, "an item breaks its own rules", "error", err) }
	}
}

// protected runs the steps from index i on. A panic becomes an error.
func (x *exchange) protected(i int) (err error) {
	hasReturned := false
	defer func() {
		// recover costs more than this question, and few requests panic.
		if hasReturned {
			return
		}
		if value := recover(); value != nil {
			err = panics.Recovered(value)
		}
	}()
	err = x.from(i)
	hasReturned = true
	return err
}

// from runs the steps from index i on.
func (x *exchange) from(i int) error {
	steps := x.endpoint.steps
	for ; i < len(steps); i++ {
		s := &steps[i]
		if s.wrap != nil {
			// A wrapper runs the remaining steps itself.
			return s.wrap(x, i+1)
		}
		if err := s.run(x); err != nil {
			return err
		}
	}
	return nil
}

// conclude completes a request whose steps returned err: it writes the response, unless a step did, and starts the
// background tasks. Tasks start last, after every tear-down, and not at all if anything failed.
func (x *exchange) conclude(err error) {
	if !x.finished {
		x.finish(err)
	} else {
		x.invalidate() // for changes committed by a tear-down after the last byte
		if err != nil && !errors.Is(err, x.reported) {
			x.endpoint.errors.logLate(x.scope.r, err)
		}
	}
	if err != nil || x.scope.tasks == nil {
		return
	}
	if tasks := x.takeTasks(); len(tasks) > 0 {
		x.endpoint.tasks.Start(x.ctx, tasks)
	}
}

// finish writes the response, or the one for err.
func (x *exchange) finish(err error) {
	x.finished = true
	scope := &x.scope
	x.invalidate()
	if err == nil && x.endpoint.setsHeader {
		err = x.checkHeader()
	}
	if err != nil {
		// The original error, before it becomes a 504: wrappers return the original, and conclude compares with it.
		x.reported = err
		if !scope.exchange.kept().WriteFailure(scope.w, err) {
			x.fail(scope.w, err)
		}
		return
	}
	x.response.Write(scope.w, x.isDirect())
}

// isDirect reports whether only net/http reads the header of the response. A function may read it, and tasks, before
// which the response is flushed, would make one without a length chunked.
func (x *exchange) isDirect() bool {
	scope := &x.scope
	return x.direct && !x.endpoint.setsHeader && scope.exchange == nil && scope.tasks == nil
}

// fail writes the response to an error.
func (x *exchange) fail(w http.ResponseWriter, err error) {
	if isLate(x.ctx, err) {
		err = x.endpoint.errors.timedOut(x.scope.r, err)
	}
	if x.endpoint.setsHeader {
		x.restoreConnection(w.Header())
	}
	x.endpoint.errors.write(w, x.scope.r, err)
}

// takeTasks returns the tasks that were added and not yet taken. The response is flushed first, so that the client has
// it before any task runs.
func (x *exchange) takeTasks() []func(context.Context) error {
	scope := &x.scope
	if scope.tasks == nil || len(scope.tasks.list) == 0 {
		return nil
	}
	if x.endpoint.upgrade == nil { // after an upgrade there is no response to flush
		_ = http.NewResponseController(scope.w).Flush()
	}
	tasks := scope.tasks.list
	// Cleared, because respondInside and conclude both take the tasks, which must run once.
	scope.tasks.list = nil
	return tasks
}

// reportedLate reports whether the error of a stream was sent to the client at the end of the stream.
func (x *exchange) reportedLate() bool {
	return x.response.Streaming != nil && x.response.Streaming.Reported
}

// checkpoint is the state of the response before an attempt.
type checkpoint struct {
	header http.Header
	tasks  int
}

// checkpoint saves the state if there may be more than one attempt.
func (x *exchange) checkpoint(attempts int) (c checkpoint) {
	if attempts == 0 {
		return c
	}
	if h := x.scope.w.Header(); len(h) > 0 {
		c.header = h.Clone()
	}
	if x.scope.tasks != nil {
		c.tasks = len(x.scope.tasks.list)
	}
	return c
}

// isRepeatable reports whether the steps can run once more.
func (x *exchange) isRepeatable() bool {
	e := x.endpoint
	switch {
	// The response was sent, or the connection was upgraded.
	case x.finished, x.ctx.Err() != nil:
		return false
	case e.body != nil:
		// A body that was not read completely cannot be read again.
		return e.body.pass == nil && !x.kept.IsLost()
	}
	r := x.scope.r
	return !e.takesRequest || r.Body == nil || r.Body == http.NoBody
}

// rewind prepares another attempt of the steps from rest on: results of earlier steps are kept, and the state of later
// ones is restored.
func (x *exchange) rewind(to checkpoint, rest int) error {
	h := x.scope.w.Header()
	clear(h)
	maps.Copy(h, to.header.Clone())
	if x.scope.tasks != nil {
		x.scope.tasks.list = slices.Delete(x.scope.tasks.list, to.tasks, len(x.scope.tasks.list))
	}
	x.response.Restart()
	x.scope.exchange.kept().Restart()
	x.faults.Reset()
	x.invalidInput = invalidRequest{}
	for i, p := range x.endpoint.nodes {
		if p.at >= rest {
			x.slots[i].release()
		}
	}
	return x.bindAgain(rest)
}

// bindAgain binds the inputs of the nodes after rest again, except for those that a step will bind.
func (x *exchange) bindAgain(rest int) error {
	e := x.endpoint
	for i, p := range e.nodes {
		if p.reads && p.at >= rest {
			x.bindParamsOf(i)
		}
	}
	if rest < e.validAt {
		return nil
	}
	if e.body != nil {
		if err := x.bindBody(); err != nil {
			return err
		}
	}
	return x.refuseInvalid()
}

// invalid returns the error for all validation errors found so far.
func (x *exchange) invalid() error {
	if err := x.faults.TakeResponse(x.endpoint.errors.claims); err != nil {
		return err
	}
	// Several inputs may report the same parameter twice, and out of order.
	if len(x.slots) > 1 || x.endpoint.closed != nil {
		x.faults.SortBySource()
		x.faults.DropRepeated()
	}
	return refused(&x.invalidInput, &x.faults, x.body, x.endpoint.decode.Echo)
}

// checkHeader finds response headers, set by user functions, that HTTP cannot carry or that are the server's. It runs
// before the tear-downs, so that nothing is committed, and again after them for headers that they add.
func (x *exchange) checkHeader() error {
	for name, values := range x.scope.w.Header() {
		check := mediatype.CheckHeader
		if !slices.Equal(values, x.connection[name]) {
			check = checkResponse
		}
		if err := check(name, values); err != nil {
			return err
		}
	}
	return nil
}

func checkResponse(name string, values []string) error {
	return mediatype.CheckResponse(0, name, values)
}

// restoreConnection removes headers about the connection that functions of the user have set, before an error is
// written. Those of middleware remain.
func (x *exchange) restoreConnection(h http.Header) {
	f := &failure{writer: x.endpoint.errors, r: x.scope.r}
	for name, values := range h {
		before := x.connection[name]
		if !mediatype.OfConnection(name) || slices.Equal(values, before) {
			continue
		}
		f.leavesOut(checkResponse(name, values))
		if delete(h, name); before != nil {
			h[name] = before
		}
	}
}

// connectionLines returns the headers about the connection, nil if there are none.
func connectionLines(h http.Header) http.Header {
	var lines http.Header
	for name, values := range h {
		if mediatype.OfConnection(name) {
			if lines == nil {
				lines = http.Header{}
			}
			lines[name] = slices.Clone(values)
		}
	}
	return lines
}

// refusal returns why a node cannot run, nil if it can.
func (x *exchange) refusal(i int) error {
	switch f := &x.slots[i]; {
	// Credentials come first: a client without them must learn nothing about the parameters.
	case f.refusal != nil:
		return f.refusal
	case f.invalid:
		return x.invalid()
	}
	return nil
}
