package candor

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"slices"
	"strings"

	"github.com/candor-go/candor/internal/develop"
	"github.com/candor-go/candor/internal/layer"
)

// step is one step of a request. An error ends the request with that error. A
// wrapper runs the steps from rest on itself, and may do something after them.
type step struct {
	// name says what the step does, for App.Routes.
	name string
	// node is that of the provider which the step runs, 0 for other steps.
	node int
	run  func(x *exchange) error
	wrap func(x *exchange, rest int) error
}

// String is the name, with a colon where the rest of the request runs inside of
// the step.
func (s step) String() string {
	if s.wrap != nil {
		return s.name + ":"
	}
	return s.name
}

// stepNames print what a request goes through.
func (e *endpoint) stepNames() []string {
	var names []string
	if e.wrapped != nil {
		names = append(names, "middleware:")
	}
	if e.steps == nil { // a handler without types that depends on nothing
		return append(names, e.handleStep().name)
	}
	for _, s := range e.steps {
		names = append(names, s.String())
	}
	return names
}

// mostSteps is how many steps compileSteps adds of itself, at most.
const mostSteps = 6

// compileSteps lists what a request goes through. before are the steps between
// the parameters and the body, after those between the body and the handler,
// last what the handler does.
func (e *endpoint) compileSteps(before, after []step, final ...step) []step {
	steps := make([]step, 0, len(before)+len(after)+len(final)+mostSteps)
	if e.upgrade != nil {
		steps = append(steps, step{name: "check the handshake", run: e.route.upgrade.admit})
	}
	// A client that accepts none of the media types gets its 406 before a guard or
	// the handler does any work.
	if e.response != nil && e.response.negotiated {
		steps = append(steps, step{name: "negotiate the media type", run: (*exchange).negotiate})
	}
	// The parameters of all nodes are bound in one step, so that one 422 lists the
	// validation errors of the handler and of its dependencies.
	hasParams := len(e.reading) > 0 || e.closed != nil
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
	// The check comes after the body, so that one response has the errors of the
	// parameters and of the body.
	if e.mayFind() || e.body != nil {
		steps = append(steps, step{name: "refuse an invalid request", run: (*exchange).refuseInvalid})
	}
	e.validAt = len(steps)
	steps = append(append(steps, after...), final...)
	e.orderNodes(steps)
	e.noteFailures(steps)
	return steps
}

// orderNodes notes behind which steps the nodes run.
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
	if e.plain != nil {
		s.run = (*exchange).servePlain
	}
	return s
}

// streamStep writes what is produced while it is sent, or hands over the
// connection.
func (e *endpoint) streamStep() step {
	s := step{name: "write the stream", run: (*exchange).finishStream}
	if e.upgrade != nil {
		s.name = strings.TrimSpace("upgrade and handle " + e.name())
	}
	return s
}

// mayFind reports whether anything can be found wrong before the body is read.
func (e *endpoint) mayFind() bool {
	return e.closed != nil || slices.ContainsFunc(e.nodes, func(p *node) bool { return len(p.desc.Params) > 0 || len(p.desc.Validators) > 0 })
}

func (x *exchange) negotiate() error {
	return x.endpoint.response.accept(x.scope.w, x.scope.r, &x.response)
}

func (x *exchange) bindParams() error {
	for _, i := range x.endpoint.reading {
		x.bindParamsOf(i)
	}
	if closed := x.endpoint.closed; closed != nil {
		closed.refuse(x.scope.r, &x.faults)
	}
	return nil
}

func (x *exchange) bindParamsOf(i int) {
	f := &x.slots[i]
	valid, refusal := f.input.bindParams(&x.scope, &x.faults)
	f.invalid, f.refusal = !valid, refusal
}

// sweep refuses a request before its body is read where credentials of a node
// are missing that runs behind it.
func (x *exchange) sweep() error {
	for i := range x.slots {
		if x.slots[i].refusal != nil {
			return x.slots[i].refusal
		}
	}
	return nil
}

// incoming is the request whose body is to be read.
func (x *exchange) incoming() incoming {
	e := x.endpoint
	return incoming{
		w: x.scope.w, r: x.scope.r, limit: e.maxBody, largeLimit: e.maxMultipart, heldLimit: e.maxBody, lineLimit: e.set.messageLimit,
		multipart: e.multipart,
		loose:     e.loose, decode: e.decode, uploads: x.uploads, kept: x.kept, buffer: x.buffer, errors: e.errors,
	}
}

// readRaw reads the whole body, and gives it to those who take it. What decodes it
// later reads it from memory; in a further attempt it is there already.
func (x *exchange) readRaw() error {
	raw, r := &x.scope.raw, x.scope.r
	if !raw.isRead && r.Body != nil && r.Body != http.NoBody {
		in := x.incoming()
		if err := in.admit(x.endpoint.body); err != nil {
			return err
		}
		// Not into a buffer that the next request gets.
		in.buffer = nil
		data, err := in.readAll()
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

// rewindBody lets the body be read from memory, if it is there.
func (x *exchange) rewindBody() {
	raw, r := &x.scope.raw, x.scope.r
	if raw.data != nil {
		r.Body, r.ContentLength = io.NopCloser(bytes.NewReader(raw.data)), int64(len(raw.data))
	}
}

func (x *exchange) bindBody() (err error) {
	if x.kept.isRead() { // by an attempt before
		return x.kept.fill(x.slots[0].inValue, &x.faults)
	}
	x.rewindBody()
	in := x.incoming()
	x.body, err = x.endpoint.body.bind(x.slots[0].inValue, &in, &x.faults)
	x.buffer = in.buffer
	return err
}

// refuseInvalid ends a request that does not fit; all its faults are one error.
func (x *exchange) refuseInvalid() error {
	if len(x.faults.Faults) == 0 && x.endpoint.body != nil {
		// Validate methods see only inputs whose fields are all valid.
		x.endpoint.nodes[0].input.judge(x.slots[0].inValue, &x.faults)
	}
	if len(x.faults.Faults) == 0 {
		return nil
	}
	return x.invalid()
}

func (x *exchange) callHandler() error { return x.slots[0].call(x.ctx) }

func (x *exchange) encode() error {
	e := x.endpoint
	if err := e.response.encode(x.ctx, x.slots[0].outValue, e.checks, e.errors.log, &x.response); err != nil {
		return err
	}
	return x.checkHeader()
}

// servePlain hands the request to a handler without types. What it writes is
// the response; a panic before it wrote anything is an error like any other, and
// so is a Timeout that has passed by then.
func (x *exchange) servePlain() error {
	w := layer.Watch(x.scope.w)
	done := false
	defer func() { x.finished, x.truncated = done || w.Begun, w.Begun && !done }()
	x.endpoint.plain.ServeHTTP(w, withCaller(x.scope.r))
	// A handler that gave up because of the timeout has written nothing, and
	// net/http would send an empty 200.
	if err := x.ctx.Err(); err != nil && !w.Begun && isLate(x.ctx, err) {
		return err
	}
	done = true
	return nil
}

// finishStream writes a response that is produced while it is sent. An error
// before its first byte is answered like any other; one after it leaves the
// answer cut short.
func (x *exchange) finishStream() error {
	if x.endpoint.upgrade != nil {
		return x.endpoint.upgrade(x)
	}
	if x.response.stream == nil {
		return nil
	}
	w := &layer.Writer{ResponseWriter: x.scope.w}
	done := false
	defer func() {
		x.finished, x.truncated = done || w.Begun, w.Begun && !done && !x.reportedLate()
		x.response.close()
	}()
	if err := x.response.stream(w, x.scope.r); err != nil {
		if x.reportedLate() {
			// conclude compares later errors with this one, so that it is not logged
			// twice.
			x.reported = err
		}
		return err
	}
	done = true
	return nil
}

// providerStep is the step of a node. Before the body its parameters may still be
// faulty, and credentials missing.
func providerStep(i int, p *provider) step {
	name := p.step() + " " + p.String()
	switch {
	case p.scoped():
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
		if err := x.refusal(i); err != nil {
			return err
		}
		return x.slots[i].call(x.ctx)
	}}
}

// lazyStep is the step of a node that waits: what runs after it may ask for the
// node, and it ends here.
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
	x.scope.exchange.begin()
	// Until use returns, and where it never does, a panic goes through it.
	a := attempts{most: x.endpoint.nodes[i].provider.set.attempts}
	before := x.checkpoint(a.most)
	err := f.wrap(x.ctx, func() error {
		if !a.next() {
			return a.err
		}
		if a.calls > 1 {
			a.err = x.rewind(before, rest)
		}
		if a.err == nil {
			x.attempt(&a, rest)
		}
		return a.err
	})
	if err == nil && a.calls == 0 && x.scope.exchange.gives() {
		return nil
	}
	return a.result(err)
}

// attempt runs the rest of the request.
func (x *exchange) attempt(a *attempts, rest int) {
	// What stands if a panic goes through it.
	a.err, a.final = errSwallowedPanic, true
	a.err = opened(x.from(rest))
	a.final = a.most > 0 && !x.isRepeatable()
}

// runLazy is runScoped for a node that waits until somebody asks for it.
func (x *exchange) runLazy(i, rest int) error {
	lazy := x.slots[i].lazy
	lazy.open(x.ctx)
	before := x.checkpoint(lazy.attempts)
	run := func() error { return x.from(rest) }
	for {
		again, err := x.attemptLazily(lazy, run)
		if !again {
			return err
		}
		run = func() error {
			if err := x.rewind(before, rest); err != nil {
				return err
			}
			return x.from(rest)
		}
	}
}

// attemptLazily runs the rest of the request, and then ends the provider, if it
// has begun.
func (x *exchange) attemptLazily(lazy *lazySlot, run func() error) (again bool, err error) {
	hasReturned := false
	defer func() {
		if hasReturned {
			return
		}
		// The provider sees the panic, which goes on from here: the stack that is logged
		// is then that of the handler.
		end := ending{thrown: recover(), final: true}
		end.exited = end.thrown == nil
		again, err = lazy.finish(end)
	}()
	err = opened(run())
	hasReturned = true
	return lazy.finish(ending{err: err, final: lazy.attempts > 0 && !x.isRepeatable()})
}

// respondInside writes the response and runs the tasks while the wrappers around
// it are still open.
func (x *exchange) respondInside(rest int) error {
	// A panic becomes an error here, so that its response is written while the outer
	// providers are still open.
	err := x.protected(rest)
	if !x.finished {
		x.finish(err)
	}
	if err == nil {
		// The tasks go on when the client leaves.
		x.endpoint.tasks.run(context.WithoutCancel(x.ctx), x.takeTasks())
	}
	return err
}

// streamInside writes a stream once the wrappers inside have ended.
func (x *exchange) streamInside(rest int) error {
	if err := x.from(rest); err != nil {
		return err
	}
	return x.finishStream()
}

// noteFailures lets each step of an app under development tell which one an error
// came from.
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

// fileOf is where the function that a step runs is declared, or else registered.
func (e *endpoint) fileOf(s step) string {
	node := e.nodes[s.node]
	site := e.route.site
	if node.provider != nil {
		site = node.provider.site
	}
	if at := develop.DeclaredAt(node.function.pc); at != "" && node.function != nothing() {
		return at
	}
	return site.String()
}
