package candor

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"slices"
	"strings"

	"github.com/candor-go/candor/internal/body"
	"github.com/candor-go/candor/internal/develop"
	"github.com/candor-go/candor/internal/layer"
	"github.com/candor-go/candor/internal/scoped"
)

// step is one step of a request. If it returns an error, the request ends with that error. A wrapper runs the steps
// from rest on itself, and may do something after them.
type step struct {
	// name describes the step, for App.Routes.
	name string
	// node is the index of the provider that the step runs, 0 for other steps.
	node int
	run  func(x *exchange) error
	wrap func(x *exchange, rest int) error
}

// String returns the name, with a colon if the rest of the request runs inside the step.
func (s step) String() string {
	if s.wrap != nil {
		return s.name + ":"
	}
	return s.name
}

// stepNames returns the steps of a request, as text.
func (e *endpoint) stepNames() []string {
	var names []string
	if e.wrapped != nil {
		names = append(names, "middleware:")
	}
	if e.steps == nil { // a plain handler that depends on nothing
		return append(names, e.handleStep().name)
	}
	for _, s := range e.steps {
		names = append(names, s.String())
	}
	return names
}

// compileSteps lists the steps of a request. before are the steps between parameters and body, after those between body
// and handler, and final those of the handler.
func (e *endpoint) compileSteps(before, after []step, final ...step) []step {
	var buffer [16]step // enough for most; only what is used is kept
	steps := buffer[:0]
	if e.upgrade != nil {
		steps = append(steps, step{name: "check the handshake", run: e.route.upgrade.admit})
	}
	// A client that accepts none of the media types gets its 406 before a guard or the handler does any work.
	if e.response != nil && e.response.negotiated {
		steps = append(steps, step{name: "negotiate the media type", run: (*exchange).negotiate})
	}
	// The parameters of all nodes are bound in one step, so that one 422 lists the validation errors of the handler and
	// of its dependencies.
	hasParams := e.closed != nil || slices.ContainsFunc(e.nodes, func(p *node) bool { return p.reads })
	if hasParams {
		steps = append(steps, step{name: "bind parameters", run: (*exchange).bindParams})
	}
	steps = append(steps, before...)
	decode := "read the body"
	if e.readsRaw() {
		decode = "decode the body"
		steps = append(steps, step{name: "read the body", run: (*exchange).readRaw})
		steps = append(steps, e.afterReading...)
	}
	if e.body != nil {
		steps = append(steps, step{name: decode, run: (*exchange).bindBody})
	}
	// The check comes after the body, so that one response has the errors of the parameters and of the body.
	if e.mayFind() || e.body != nil {
		steps = append(steps, step{name: "refuse an invalid request", run: (*exchange).refuseInvalid})
	}
	e.validAt = len(steps)
	kept := slices.Clone(append(append(steps, after...), final...))
	e.orderNodes(kept)
	e.noteFailures(kept)
	return kept
}

// orderNodes records at which step each node runs.
func (e *endpoint) orderNodes(steps []step) {
	for at, s := range steps {
		if s.node > 0 {
			e.nodes[s.node].at = at
		}
	}
	e.nodes[0].at = len(steps)
}

// handleStep calls the handler.
func (e *endpoint) handleStep() step {
	s := step{name: strings.TrimSpace("handle " + e.name()), run: (*exchange).callHandler}
	switch {
	case e.plain != nil:
		s.run = (*exchange).servePlain
	case len(e.nodes[0].deps) == 0:
		s.run = (*exchange).callAlone
	}
	return s
}

// streamStep writes what is streamed, or hands over the connection.
func (e *endpoint) streamStep() step {
	s := step{name: "write the stream", run: (*exchange).finishStream}
	if e.upgrade != nil {
		s.name = strings.TrimSpace("upgrade and handle " + e.name())
	}
	return s
}

// mayFind reports whether there can be validation errors before the body is read.
func (e *endpoint) mayFind() bool {
	return e.closed != nil || slices.ContainsFunc(e.nodes, func(p *node) bool { return len(p.desc.Params) > 0 || len(p.desc.Validators) > 0 })
}

func (x *exchange) negotiate() error {
	return x.endpoint.response.accept(x.scope.w, x.scope.r, &x.response)
}

func (x *exchange) bindParams() error {
	for i, p := range x.endpoint.nodes {
		if !p.reads {
			continue
		}
		f := &x.slots[i]
		valid, refusal := f.input.bindParams(&x.scope, &x.faults)
		f.invalid, f.refusal = !valid, refusal
	}
	if closed := x.endpoint.closed; closed != nil {
		closed.Refuse(x.scope.r, &x.faults)
	}
	return nil
}

func (x *exchange) bindParamsOf(i int) {
	f := &x.slots[i]
	valid, refusal := f.input.bindParams(&x.scope, &x.faults)
	f.invalid, f.refusal = !valid, refusal
}

// sweep refuses a request before its body is read, if credentials are missing for a node that runs after the body.
func (x *exchange) sweep() error {
	for i := range x.slots {
		if x.slots[i].refusal != nil {
			return x.slots[i].refusal
		}
	}
	return nil
}

// incoming returns the request whose body is to be read.
func (x *exchange) incoming() body.Incoming {
	e := x.endpoint
	return body.Incoming{
		W: x.scope.w, R: x.scope.r, Limit: e.maxBody, LargeLimit: e.maxMultipart, Parts: e.multipart,
		Loose: e.loose, Decode: e.decode, Files: x.uploads, Kept: x.kept, Buffer: x.buffer,
	}
}

// readRaw reads the whole body and gives it to the functions that take its bytes. It is decoded from memory later; in a
// further attempt it is already there.
func (x *exchange) readRaw() error {
	raw, r := &x.scope.raw, x.scope.r
	if !raw.isRead && r.Body != nil && r.Body != http.NoBody {
		in := x.incoming()
		if err := x.endpoint.body.admit(&in); err != nil {
			return err
		}
		// Not into the pooled buffer, which the next request reuses.
		in.Buffer = nil
		data, err := in.ReadAll()
		if err != nil {
			return bodyError(err)
		}
		raw.data = data
	}
	raw.isRead = true
	for i := range x.slots {
		for _, to := range x.slots[i].input.raw {
			*to = raw.data
		}
	}
	x.rewindBody()
	return nil
}

// rewindBody makes the body readable again from memory, if it was kept.
func (x *exchange) rewindBody() {
	raw, r := &x.scope.raw, x.scope.r
	if raw.data != nil {
		r.Body, r.ContentLength = io.NopCloser(bytes.NewReader(raw.data)), int64(len(raw.data))
	}
}

func (x *exchange) bindBody() (err error) {
	into, plan := x.slots[0].inValue, x.endpoint.body
	if x.kept.IsRead() { // in an earlier attempt
		return plan.bindError(x.kept.Bind(into, &x.faults))
	}
	x.rewindBody()
	in := x.incoming()
	if plan.pass != nil {
		e := x.endpoint
		return plan.passOn(into, &in, unread{r: in.R, lineLimit: e.set.messageLimit, decode: e.decode, errors: e.errors}, &x.faults)
	}
	x.body, err = plan.plan.Bind(into, &in, &x.faults)
	x.buffer = in.Buffer
	return plan.bindError(err)
}

// refuseInvalid ends an invalid request with one error that has all of its validation errors.
func (x *exchange) refuseInvalid() error {
	if len(x.faults.Faults) == 0 && x.endpoint.body != nil {
		// Validate methods see only inputs whose fields are all valid.
		x.endpoint.nodes[0].input.validators.Validate(x.slots[0].inValue, &x.faults)
	}
	if len(x.faults.Faults) == 0 {
		return nil
	}
	return x.invalid()
}

func (x *exchange) callHandler() error { return x.slots[0].call(x.ctx) }

// callAlone calls a handler without dependencies.
func (x *exchange) callAlone() error { return x.slots[0].run(x.ctx) }

func (x *exchange) encode() error {
	e, resp := x.endpoint, &x.response
	err := e.response.encode(x.slots[0].outValue, e.checks != ChecksOff, resp)
	if err != nil || len(resp.Faults.Faults) > 0 {
		err = refusal(x.ctx, resp, err, e.checks, e.errors.log)
	}
	if err == nil && e.setsHeader {
		err = x.checkHeader()
	}
	return err
}

// servePlain passes the request to a plain handler, which writes the response. A panic before it wrote anything is an
// error like any other, and so is a Timeout that has passed by then.
func (x *exchange) servePlain() error {
	if x.endpoint.setsHeader {
		if err := x.checkHeader(); err != nil {
			return err
		}
	}
	w := layer.Watch(x.scope.w)
	done := false
	defer func() { x.finished, x.truncated = done || w.Begun, w.Begun && !done }()
	x.endpoint.plain.ServeHTTP(w, withCaller(x.scope.r))
	// A handler that gave up because of the timeout has written nothing, and net/http would send an empty 200.
	if err := x.ctx.Err(); err != nil && !w.Begun && isLate(x.ctx, err) {
		return err
	}
	done = true
	return nil
}

// finishStream writes a streamed response. An error before its first byte becomes an error response; a later one
// truncates the response.
func (x *exchange) finishStream() error {
	if x.endpoint.upgrade != nil {
		if x.endpoint.setsHeader {
			if err := x.checkHeader(); err != nil {
				return err
			}
		}
		return x.endpoint.upgrade(x)
	}
	if x.response.Stream == nil {
		return nil
	}
	w := &layer.Writer{ResponseWriter: x.scope.w}
	done := false
	defer func() {
		x.finished, x.truncated = done || w.Begun, w.Begun && !done && !x.reportedLate()
		x.response.Close()
	}()
	if err := x.response.Stream(w, x.scope.r); err != nil {
		if x.reportedLate() {
			// conclude compares later errors with this one, so that it is not logged twice.
			x.reported = err
		}
		return err
	}
	done = true
	return nil
}

// providerStep is the step of a node. Before the body, its parameters may still be invalid and its credentials missing.
func providerStep(i int, p *provider) step {
	name := p.step() + " " + p.String()
	switch {
	case p.Wraps():
		return step{name: name, node: i, wrap: func(x *exchange, rest int) error {
			if err := x.refusal(i); err != nil {
				return err
			}
			return x.runScoped(i, rest)
		}}
	case !readsMore(p.desc):
		return step{name: name, node: i, run: func(x *exchange) error { return x.slots[i].call(x.ctx) }}
	}
	return step{name: name, node: i, run: func(x *exchange) error {
		f := &x.slots[i]
		if f.refusal != nil || f.invalid {
			return x.refusal(i)
		}
		return f.call(x.ctx)
	}}
}

// lazyStep is the step of a lazy node: the steps after it may ask for its value, and it ends here.
func lazyStep(i int, p *provider) step {
	return step{name: p.step() + " " + p.String() + " on first use", node: i, wrap: func(x *exchange, rest int) error {
		if err := x.refusal(i); err != nil {
			return err
		}
		return x.runLazy(i, rest)
	}}
}

// runScoped runs the rest of the request inside a node.
func (x *exchange) runScoped(i, rest int) error {
	f := &x.slots[i]
	f.fill()
	x.scope.exchange.kept().Begin()
	// Until use returns, any error is a panic that passes through it.
	a := scoped.Attempts{Most: x.endpoint.nodes[i].provider.set.attempts}
	before := x.checkpoint(a.Most)
	err := f.wrap(x.ctx, func() error {
		if !a.Next() {
			return a.Err
		}
		if a.Calls > 1 {
			a.Err = x.rewind(before, rest)
		}
		if a.Err == nil {
			x.attempt(&a, rest)
		}
		return a.Err
	})
	if err == nil && a.Calls == 0 && x.scope.exchange.kept().Gives() {
		return nil
	}
	return a.Result(err)
}

// attempt runs the rest of the request.
func (x *exchange) attempt(a *scoped.Attempts, rest int) {
	// Set first: this is the result if a panic passes through.
	a.Err, a.Final = scoped.ErrSwallowedPanic, true
	a.Err = opened(x.from(rest))
	a.Final = a.Most > 0 && !x.isRepeatable()
}

// runLazy is runScoped for a node that waits until somebody asks for it.
func (x *exchange) runLazy(i, rest int) error {
	lazy := x.slots[i].lazy
	before := x.checkpoint(lazy.Attempts)
	return lazy.Run(x.ctx,
		func() error { return opened(x.from(rest)) },
		func() error { return x.rewind(before, rest) },
		x.isRepeatable)
}

// respondInside writes the response and runs the background tasks while the outer wrappers are still open.
func (x *exchange) respondInside(rest int) error {
	// A panic becomes an error here, so that its response is written while the outer providers are still open.
	err := x.protected(rest)
	if !x.finished {
		x.finish(err)
	}
	if err == nil {
		// The tasks continue after the client has disconnected.
		x.endpoint.tasks.Run(context.WithoutCancel(x.ctx), x.takeTasks())
	}
	return err
}

// streamInside writes a stream after the inner wrappers have ended.
func (x *exchange) streamInside(rest int) error {
	if err := x.from(rest); err != nil {
		return err
	}
	return x.finishStream()
}

// noteFailures wraps each step, in development mode, to record which one an error came from.
func (e *endpoint) noteFailures(steps []step) {
	if e.dev == nil {
		return
	}
	for i := range steps {
		s, file := steps[i], e.fileOf(steps[i])
		note := func(x *exchange, err error) error {
			if err != nil {
				develop.Note(x.scope.r.Context(), s.name, file)
			}
			return err
		}
		if s.run != nil {
			steps[i].run = func(x *exchange) error { return note(x, s.run(x)) }
		}
		if s.wrap != nil {
			steps[i].wrap = func(x *exchange, rest int) error { return note(x, s.wrap(x, rest)) }
		}
	}
}

// fileOf returns where the function of a step is declared or, failing that, registered.
func (e *endpoint) fileOf(s step) string {
	node := e.nodes[s.node]
	site := e.route.site
	if node.provider != nil {
		site = node.provider.Site
	}
	if at := develop.DeclaredAt(node.function.pc); at != "" && node.function != nothing() {
		return at
	}
	return site.String()
}
