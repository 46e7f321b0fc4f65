package candor

import (
	"cmp"
	"errors"
	"fmt"
	"net/http"
	"reflect"
	"slices"
	"strings"

	"github.com/candor-go/candor/internal/credentials"
	"github.com/candor-go/candor/internal/mediatype"
	"github.com/candor-go/candor/internal/typeinfo"
)

// resolver finds the dependencies of one endpoint and the order in which they run.
type resolver struct {
	endpoint  *endpoint
	chain     []*Router // innermost first
	overrides map[reflect.Type]*provider
	// asked records the types that were looked up.
	asked map[reflect.Type]bool
	// shared returns the value of a shared provider.
	shared func(*provider, []*Router) (reflect.Value, error)

	resolved map[*provider]int
	path     []*provider
	// named are the scoped providers that Needs allows to begin before the body is read.
	named map[reflect.Type]bool
	// overridden means that an override was used.
	overridden bool
	// awaitsStart means that a shared value is needed, which an app has once it is started.
	awaitsStart bool
	// eager are nodes that never wait for a Lazy.
	eager []int
	// fresh are dependencies with dep:"fresh" that were resolved before the body.
	fresh map[*typeinfo.Field]wire
	early bool
	// cause says why something runs early, for error messages.
	cause string
	steps []resolvedStep
}

// resolvedStep is a step with the index of the node it runs: a provider's, or 0 for the handler's.
type resolvedStep struct {
	step
	index    int
	provider *provider
	early    bool
	// shortest is the provider that ends first among the step's provider and its dependencies; nil if that is not known
	// or nothing ends.
	shortest *provider
	// raw means that it waits for the bytes of the body, because it or one of its dependencies takes them.
	raw bool
}

// until returns when a step that is a wrapper ends. A plain provider that waits for a Lazy counts as a wrapper too;
// without dependencies that end, it has no constraint.
func (s resolvedStep) until() Lifetime {
	if s.shortest != nil {
		return s.shortest.set.until
	}
	return s.provider.set.until
}

// dependencies adds the nodes that an endpoint depends on.
func (b *builder) dependencies(e *endpoint, chain []*Router) (before, after []step, err error) {
	if e.dependsOnNothing() {
		return nil, nil, nil
	}
	r := &resolver{
		endpoint: e, chain: chain, overrides: b.app.overrides, asked: b.asked, shared: b.sharedValue,
		resolved: map[*provider]int{}, named: map[reflect.Type]bool{}, fresh: map[*typeinfo.Field]wire{},
	}
	// A public route drops the inherited guards that ask for credentials before anything is resolved, so that neither
	// their steps nor their parameters become part of the endpoint.
	r.leaveOutCredentials()
	// A provider keeps the step of the first phase that resolves it, so the phases before the body come first.
	for _, phase := range []func() error{r.guards, r.credentials, r.wrappers, r.handlerAfterBody} {
		if err := phase(); err != nil {
			return nil, nil, err
		}
	}
	e.overridden = r.overridden
	if r.awaitsStart && !e.route.unguarded {
		e.raises(http.StatusServiceUnavailable, "The service is not ready", errUnstarted)
	}
	r.letWait()
	return r.ordered()
}

// leaveOutCredentials removes the requirements that a public route does not inherit.
func (r *resolver) leaveOutCredentials() {
	set := r.endpoint.set
	if !set.public {
		return
	}
	// Copied: endpoints share settings by pointer, and the others keep their requirements.
	r.endpoint.set = set.copy()
	r.endpoint.set.requirements = nil
	for i, q := range set.requirements {
		// The route's own requirements come after the inherited ones, and always apply.
		if i >= set.inherited || !r.asksForCredentials(q) {
			r.endpoint.set.requirements = append(r.endpoint.set.requirements, q)
		}
	}
}

// asksForCredentials reports whether a requirement reads credentials, directly or through a dependency. It looks at the
// original providers too, so that overrides do not change which guards a test runs. A dependency that cannot be
// resolved is reported later.
func (r *resolver) asksForCredentials(q requirement) bool {
	registered := *r
	registered.overrides = nil
	for _, app := range []*resolver{r, &registered} {
		p, owners := q.provider, r.chain
		if q.needs != nil {
			p, owners, _ = app.lookup(q.needs, r.chain)
		}
		if p == nil {
			continue
		}
		if secure, err := app.reachesSecurity(p, owners, nil); secure && err == nil {
			return true
		}
	}
	return false
}

// guards resolves the guards, which run before the body is read.
func (r *resolver) guards() error {
	r.early = true
	// The types of all Needs are recorded first, because a guard registered before a Needs may depend on the same
	// scoped provider.
	for _, q := range r.endpoint.set.requirements {
		if q.needs != nil {
			r.named[q.needs] = true
		}
	}
	for _, q := range r.endpoint.set.requirements {
		var err error
		switch {
		case q.needs != nil:
			r.cause = fmt.Sprintf("candor.Needs[%s]() runs what it depends on there", q.needs)
			var d wire
			d, err = r.need(q.needs, r.chain, false)
			r.eager = append(r.eager, d.node)
		case q.provider.kind == guard:
			r.cause = fmt.Sprintf("%s depends on it", q.provider)
			err = r.resolveEager(q.provider, r.chain)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// credentials makes everything that reads credentials run before the body is read, if the handler or a wrapper depends
// on it.
func (r *resolver) credentials() error {
	r.cause = "a provider that reads credentials depends on it"
	handler := r.endpoint.nodes[0]
	if credentials.In(handler.desc) {
		// The handler runs last, but a client without credentials must be refused before it sends a body.
		r.steps = append(r.steps, resolvedStep{step: step{name: "ask for credentials", run: func(x *exchange) error { return x.slots[0].refusal }}, early: true})
	}
	if err := r.readers(handler.desc, r.chain); err != nil {
		return err
	}
	for _, q := range r.endpoint.set.requirements {
		if q.provider == nil || q.provider.kind != wrapperProvider {
			continue
		}
		if err := r.readersOf(q.provider, r.chain); err != nil {
			return err
		}
	}
	return nil
}

// readersOf is readers for the input of a provider.
func (r *resolver) readersOf(p *provider, chain []*Router) error {
	r.path = append(r.path, p)
	defer func() { r.path = r.path[:len(r.path)-1] }()
	return r.readers(p.desc, chain)
}

// readers resolves those providers of an input that reach a security field. A scoped provider still runs after the
// body, but its dependencies run early, and its own credentials are checked early by a separate step.
func (r *resolver) readers(in *typeinfo.Input, chain []*Router) error {
	for _, f := range in.Deps {
		p, owners, err := r.find(wantedBy(f), chain)
		if err != nil {
			return err
		}
		secure, err := r.reachesSecurity(p, owners, nil)
		switch {
		case err != nil:
			return err
		// A cycle is skipped here; resolve reports it with the whole chain.
		case !secure || slices.Contains(r.path, p):
			continue
		// The dependency of a Lazy waits.
		case p.scoped(), lazyOf(f.Type.Go) != nil:
			err = r.readersOf(p, owners)
		case f.Fresh:
			var d wire
			if d, err = r.need(f.Type.Go, chain, true); err == nil {
				// A fresh value is made once for each field, so wires must find this one rather than make another.
				r.fresh[f] = d
				r.eager = append(r.eager, d.node)
			}
		default:
			err = r.resolveEager(p, owners)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// readsLate reports whether a node that runs after the body has a security field.
func (r *resolver) readsLate() bool {
	return slices.ContainsFunc(r.steps, func(s resolvedStep) bool {
		return !s.early && s.index > 0 && credentials.In(r.endpoint.nodes[s.index].desc)
	})
}

// wrappers resolves the functions of Around.
func (r *resolver) wrappers() error {
	r.early = false
	for _, q := range r.endpoint.set.requirements {
		if q.provider != nil && q.provider.kind == wrapperProvider {
			if err := r.resolveEager(q.provider, r.chain); err != nil {
				return err
			}
		}
	}
	return nil
}

// handlerAfterBody resolves everything else that the handler depends on.
func (r *resolver) handlerAfterBody() (err error) {
	handler := r.endpoint.nodes[0]
	handler.deps, err = r.wires(handler.desc, r.chain)
	return err
}

// wires resolves the dep fields of an input.
func (r *resolver) wires(in *typeinfo.Input, chain []*Router) ([]wire, error) {
	var all []wire
	for _, f := range in.Deps {
		found, ok := r.fresh[f]
		if !ok {
			var err error
			if found, err = r.needFor(f, chain); err != nil {
				return nil, err
			}
		}
		found.index = f.Index
		all = append(all, found)
	}
	return all, nil
}

// needFor is need for one field.
func (r *resolver) needFor(f *typeinfo.Field, chain []*Router) (wire, error) {
	lazy := lazyOf(f.Type.Go)
	if lazy == nil {
		return r.need(f.Type.Go, chain, f.Fresh)
	}
	if err := r.checkLazily(lazy.wanted(), chain); err != nil {
		return wire{}, err
	}
	found, err := r.need(lazy.wanted(), chain, false)
	// An override may be an existing value, for which nothing has to wait.
	found.lazy, found.copier = found.node != singleton, lazy.copier()
	return found, err
}

// checkLazily refuses a Lazy whose provider cannot wait.
func (r *resolver) checkLazily(t reflect.Type, chain []*Router) error {
	p, _, err := r.find(t, chain)
	switch {
	case err != nil:
		return err
	case p.desc != nil && credentials.In(p.desc):
		return fmt.Errorf("%s: it reads credentials, which are checked before the body, so it cannot be lazy; take %s itself", r.chainTo(fmt.Sprintf("candor.Lazy[%s]", t)), t)
	case r.overrides[t] == nil && (p.kind == readyValue || p.kind == sharedProvider):
		return fmt.Errorf("%s: the value exists before the request, so there is nothing to wait for; take %s itself", r.chainTo(fmt.Sprintf("candor.Lazy[%s]", t)), t)
	}
	return nil
}

// need resolves a type: it finds its value, or gives its provider a step.
func (r *resolver) need(t reflect.Type, chain []*Router, fresh bool) (wire, error) {
	p, owners, err := r.find(t, chain)
	if err != nil {
		return wire{}, err
	}
	switch p.kind {
	case readyValue:
		return wire{node: singleton, value: p.value, copier: p.copier}, nil
	case sharedProvider:
		// The value is filled in when the app starts; requests copy it.
		r.awaitsStart = true
		value, err := r.shared(p, owners)
		return wire{node: singleton, value: value, copier: p.copier}, err
	}
	// A fresh value has its own node: the node that other fields share is set aside during this call, and no other
	// field finds the new one.
	if fresh {
		if i, ok := r.resolved[p]; ok {
			delete(r.resolved, p)
			defer func() { r.resolved[p] = i }()
		} else {
			defer delete(r.resolved, p)
		}
	}
	i, err := r.resolve(p, owners)
	return wire{node: i, copier: p.copier}, err
}

// find returns the nearest provider of a type, and the routers in whose scope it is.
func (r *resolver) find(t reflect.Type, chain []*Router) (*provider, []*Router, error) {
	if p, owners, ok := r.lookup(t, chain); ok {
		return p, owners, nil
	}
	return nil, nil, fmt.Errorf("%s: no provider; %s", r.chainTo(t.String()),
		r.fixMissing(t, chain, "register one with candor.Provide on the app or a router that contains the route"))
}

// fixMissing says what to do about a type without a provider: there may be one
// of another type, or in another router.
func (r *resolver) fixMissing(t reflect.Type, chain []*Router, otherwise string) string {
	if near := nearest(t, chain); near != nil {
		return fmt.Sprintf("there is one of %s, registered at %s, which %s", near.key, near.site, otherThan(t, near.key))
	}
	if p := r.outside(t); p != nil {
		return fmt.Sprintf("there is one at %s, but on a router that does not contain what asks for it; register it on the app or a router that does", p.site)
	}
	return otherwise
}

// nearest finds a provider of a similar type, for error messages: with or without a pointer, or one that implements the
// interface.
func nearest(t reflect.Type, chain []*Router) *provider {
	for _, router := range chain {
		for _, p := range router.providers {
			switch k := p.key; {
			case k.Kind() == reflect.Pointer && k.Elem() == t, t.Kind() == reflect.Pointer && t.Elem() == k, isOneOf(t, k), isOneOf(k, t):
				return p
			}
		}
	}
	return nil
}

// isOneOf reports whether t implements k. Every type implements an interface
// without methods, which says nothing.
func isOneOf(k, t reflect.Type) bool {
	return k.Kind() == reflect.Interface && k.NumMethod() > 0 && t.Implements(k)
}

// otherThan says in what a type that is provided differs from the one that is
// asked for, and what to do.
func otherThan(asked, provided reflect.Type) string {
	if isOneOf(asked, provided) {
		return fmt.Sprintf("implements it but is another type: name the interface where it is provided, as in candor.ProvideValue[%s](app, value)", asked)
	}
	return "is another type: ask for exactly that, or provide this one"
}

// outside finds a provider of a type on a router of the app that does not
// contain the route.
func (r *resolver) outside(t reflect.Type) *provider {
	for _, router := range r.chain[len(r.chain)-1].withIncluded(nil) {
		for _, p := range router.providers {
			if p.key == t {
				return p
			}
		}
	}
	return nil
}

func (r *resolver) lookup(t reflect.Type, chain []*Router) (*provider, []*Router, bool) {
	r.asked[t] = true
	if p, ok := r.overrides[t]; ok {
		r.overridden = true
		// An override may replace a provider of any router, so its own dependencies are looked up from the route.
		return p, r.chain, true
	}
	for i, router := range chain {
		for _, p := range router.providers {
			if p.key == t {
				// The dependencies of a provider are looked up from its own router outwards, so that routers below it
				// cannot change what it gets.
				return p, chain[i:], true
			}
		}
	}
	return nil, nil, false
}

// chainTo prints the chain of dependencies that leads to something.
func (r *resolver) chainTo(last string) string {
	e := r.endpoint
	names := []string{cmp.Or(e.name(), "handler")}
	for _, p := range r.path {
		names = append(names, p.String())
	}
	return fmt.Sprintf("%s %s: %s", e.method, e.pattern, strings.Join(append(names, last), " -> "))
}

// resolveEager is resolve for nodes that never wait for a Lazy.
func (r *resolver) resolveEager(p *provider, chain []*Router) error {
	i, err := r.resolve(p, chain)
	r.eager = append(r.eager, i)
	return err
}

// resolve gives a provider a step after those of its dependencies. It returns the index of its node.
func (r *resolver) resolve(p *provider, chain []*Router) (int, error) {
	if i, ok := r.resolved[p]; ok {
		return i, nil
	}
	if slices.Contains(r.path, p) {
		return 0, fmt.Errorf("%s: a circle; let one of them do without the next", r.chainTo(p.String()))
	}
	// A scoped provider may hold a database connection while a slow client sends its body, so a route has to opt in
	// with Needs.
	if r.early && p.scoped() && !r.named[p.key] {
		return 0, fmt.Errorf("%s: it would start before the body is read, because %s; write candor.Needs[%s]() on the route if you want that", r.chainTo(p.String()), r.cause, p.key)
	}
	r.path = append(r.path, p)
	// The dependencies are resolved first, so their steps come before this one.
	deps, err := r.wires(p.desc, chain)
	if err == nil {
		err = r.checkLifetimes(p, deps)
	}
	r.path = r.path[:len(r.path)-1]
	if err != nil {
		return 0, err
	}
	e := r.endpoint
	i := len(e.nodes)
	e.nodes = append(e.nodes, &node{function: p.function, desc: p.desc, deps: deps, provider: p})
	r.resolved[p] = i
	r.steps = append(r.steps, resolvedStep{step: providerStep(i, p), index: i, provider: p, early: r.early, raw: r.takesRaw(i)})
	return i, nil
}

// takesRaw reports whether a node, or one of its dependencies, takes the bytes of the body.
func (r *resolver) takesRaw(i int) bool {
	n := r.endpoint.nodes[i]
	return takesRaw(n.desc) || slices.ContainsFunc(n.deps, func(d wire) bool {
		return d.node > 0 && r.takesRaw(d.node)
	})
}

// checkLifetimes makes sure that a scoped provider does not outlive its dependencies.
func (r *resolver) checkLifetimes(p *provider, deps []wire) error {
	if !p.scoped() {
		return nil
	}
	for _, d := range deps {
		if d.node == singleton {
			continue
		}
		if first := r.endingFirst(d.node); first != nil && first.set.until.span() < p.set.until.span() {
			return fmt.Errorf("%s: %s lives longer than %s, on which it depends; give that the longer candor.Until", r.chainTo(first.String()), p, first)
		}
	}
	return nil
}

// reachesSecurity reports whether a provider, or one it depends on, reads
// credentials.
func (r *resolver) reachesSecurity(p *provider, chain []*Router, seen []*provider) (bool, error) {
	// A shared provider is made without a request, so there are no credentials to read.
	if p.desc == nil || p.kind == sharedProvider || slices.Contains(seen, p) {
		return false, nil
	}
	if credentials.In(p.desc) {
		return true, nil
	}
	for _, f := range p.desc.Deps {
		r.path = append(r.path, p)
		dep, owners, err := r.find(wantedBy(f), chain)
		r.path = r.path[:len(r.path)-1]
		if err != nil {
			return false, err
		}
		if secure, err := r.reachesSecurity(dep, owners, append(seen, p)); secure || err != nil {
			return secure, err
		}
	}
	return false, nil
}

// sharedValue returns the value of a shared provider. Its node is made on the first call, after its dependencies.
func (b *builder) sharedValue(p *provider, chain []*Router) (reflect.Value, error) {
	if made, ok := b.sharedNodes[p]; ok {
		if made == nil {
			return reflect.Value{}, fmt.Errorf("%s: a circle; let one of them do without the next", b.sharedChain(p.String()))
		}
		return made.outValue, nil
	}
	b.sharedNodes[p] = nil
	b.sharedPath = append(b.sharedPath, p)
	defer func() {
		b.sharedPath = b.sharedPath[:len(b.sharedPath)-1]
		// A provider with an error is forgotten, so that the next endpoint reports that error again rather than a
		// cycle.
		if b.sharedNodes[p] == nil {
			delete(b.sharedNodes, p)
		}
	}()
	shared := newSharedNode(p)
	if err := b.sharedWires(shared, chain); err != nil {
		return reflect.Value{}, err
	}
	b.sharedNodes[p] = shared
	// Appended after its dependencies: the app starts shared providers in this order.
	b.table.shared = append(b.table.shared, shared)
	return shared.outValue, nil
}

// sharedWires resolves the input of a function that runs outside of requests.
func (b *builder) sharedWires(s *sharedNode, chain []*Router) error {
	r := &resolver{overrides: b.app.overrides, asked: b.asked, chain: chain}
	for _, f := range s.provider.desc.Deps {
		d, err := b.sharedWire(r, f)
		if err != nil {
			return err
		}
		s.deps = append(s.deps, d)
	}
	return nil
}

// checks resolves the inputs of the app's health checks.
func (b *builder) checks() {
	for _, c := range b.app.checks {
		c.deps = nil // sealing may have failed before and is tried again
		err := errors.Join(b.sharedWires(c, []*Router{&b.app.Router}), b.keysOfInput(c.provider.desc))
		if err != nil {
			b.errs = append(b.errs, fmt.Errorf("candor: Health at %s: %w", c.provider.site, err))
		}
	}
}

// sharedChain prints the chain of dependencies that leads to something.
func (b *builder) sharedChain(last string) string {
	var names []string
	for _, p := range b.sharedPath {
		names = append(names, p.String())
	}
	return strings.Join(append(names, last), " -> ")
}

func (b *builder) sharedWire(r *resolver, f *typeinfo.Field) (wire, error) {
	// Not find, whose errors name an endpoint: a shared provider has none.
	if lazyOf(f.Type.Go) != nil {
		return wire{}, fmt.Errorf("%s: a shared value is made before any request, so it cannot be lazy; take %s itself", b.sharedChain(f.Type.Go.String()), wantedBy(f))
	}
	dep, owners, ok := r.lookup(f.Type.Go, r.chain)
	if !ok {
		return wire{}, fmt.Errorf("%s: no provider; %s", b.sharedChain(f.Type.Go.String()),
			r.fixMissing(f.Type.Go, r.chain, "register one with candor.ProvideShared or candor.ProvideValue"))
	}
	d := wire{index: f.Index, node: singleton, value: dep.value}
	switch dep.kind {
	case readyValue:
		return d, nil
	case sharedProvider:
		var err error
		d.value, err = b.sharedValue(dep, owners)
		return d, err
	}
	return d, fmt.Errorf("%s: a shared value cannot depend on one that is made for each request; provide it by candor.ProvideShared or candor.ProvideValue", b.sharedChain(f.Type.Go.String()))
}

// ordered brings the steps into their final order. Before the body that is the order in which they were resolved. After
// the body, wrappers that live until the response was sent are outermost, and those that end before the first byte
// innermost, each after its dependencies. The response is written between the two.
func (r *resolver) ordered() (before, after []step, err error) {
	var steps []resolvedStep
	emitted := map[int]bool{}
	emit := func(wanted func(resolvedStep) bool) {
		for _, s := range r.steps {
			if wanted(s) {
				steps = r.appendStep(s, steps, emitted)
			}
		}
	}
	ends := func(l Lifetime) func(resolvedStep) bool {
		return func(s resolvedStep) bool { return s.wrap != nil && s.until() == l }
	}
	emit(func(s resolvedStep) bool { return s.early })
	emit(ends(ResponseSent))
	// Providers with the default lifetime must enclose those that end earlier. If there are none that do, they keep the
	// order in which they were resolved.
	if slices.ContainsFunc(r.steps, ends(ResponseEncoded)) {
		emit(ends(byDefault))
	}
	emit(func(resolvedStep) bool { return true })
	if err := r.checkNesting(steps); err != nil {
		return nil, nil, err
	}
	return r.divide(steps)
}

// letWait marks the nodes that only Lazy fields ask for: these wait.
func (r *resolver) letWait() {
	nodes := r.endpoint.nodes
	if !slices.ContainsFunc(nodes, func(n *node) bool { return slices.ContainsFunc(n.deps, func(d wire) bool { return d.lazy }) }) {
		return
	}
	runs := map[int]bool{}
	r.markEager(0, runs)
	for _, i := range r.eager {
		r.markEager(i, runs)
	}
	for i, n := range nodes {
		for _, d := range n.deps {
			if d.node == singleton {
				continue
			}
			nodes[d.node].lazy = nodes[d.node].lazy || d.lazy
			// Credentials are checked before the body is read, even those that only a waiting node needs.
			if !d.lazy && !runs[i] && !nodes[d.node].provider.scoped() && r.readsCredentials(d.node) {
				r.markEager(d.node, runs)
			}
		}
	}
	for at := range r.steps {
		s := &r.steps[at]
		if s.index == 0 || runs[s.index] {
			continue
		}
		nodes[s.index].lazy, nodes[s.index].waits = true, true
		s.step, s.shortest = lazyStep(s.index, s.provider), r.endingFirst(s.index)
	}
}

// markEager marks a node as one that runs at its step, and also those that it depends on.
func (r *resolver) markEager(i int, runs map[int]bool) {
	if i == singleton || runs[i] {
		return
	}
	runs[i] = true
	for _, d := range r.endpoint.nodes[i].deps {
		if !d.lazy {
			r.markEager(d.node, runs)
		}
	}
}

// readsCredentials reports whether a node, or one it depends on, reads
// credentials.
func (r *resolver) readsCredentials(i int) bool {
	if i == singleton {
		return false
	}
	n := r.endpoint.nodes[i]
	return credentials.In(n.desc) || slices.ContainsFunc(n.deps, func(d wire) bool { return r.readsCredentials(d.node) })
}

// endingFirst returns the scoped provider that ends first among a node and its dependencies; nil if there is none.
func (r *resolver) endingFirst(i int) (found *provider) {
	n := r.endpoint.nodes[i]
	if n.provider.scoped() {
		found = n.provider
	}
	for _, d := range n.deps {
		if d.node == singleton {
			continue
		}
		if other := r.endingFirst(d.node); other != nil && (found == nil || other.set.until.span() < found.set.until.span()) {
			found = other
		}
	}
	return found
}

// appendStep appends a step after the steps of its dependencies, unless it was appended before.
func (r *resolver) appendStep(s resolvedStep, steps []resolvedStep, emitted map[int]bool) []resolvedStep {
	if emitted[s.index] {
		return steps
	}
	emitted[s.index] = true
	// Index 0 is the check of the handler's credentials. It must not pull the handler's dependencies before the body.
	if s.index > 0 {
		for _, d := range r.endpoint.nodes[s.index].deps {
			for _, other := range r.steps {
				if d.node != singleton && other.index == d.node {
					steps = r.appendStep(other, steps, emitted)
				}
			}
		}
	}
	return append(steps, s)
}

// checkNesting makes sure that no wrapper would have to end both before and after the response is written.
func (r *resolver) checkNesting(steps []resolvedStep) error {
	var outer *provider
	for _, s := range steps {
		switch {
		case s.wrap == nil:
		case outer != nil && s.until().span() > outer.set.until.span():
			return fmt.Errorf("%s %s: %s ends earlier than %s, which begins inside of it; give it the longer candor.Until", r.endpoint.method, r.endpoint.pattern, outer, s.provider)
		default:
			outer = s.provider
		}
	}
	return nil
}

// divide splits the steps into those before and after the body, and inserts the step that writes the response inside of
// the wrappers that outlive it.
func (r *resolver) divide(steps []resolvedStep) (before, after []step, err error) {
	isOutliving := func(s resolvedStep) bool { return s.wrap != nil && s.until() == ResponseSent }
	isEnding := func(s resolvedStep) bool { return s.wrap != nil && s.until() == ResponseEncoded }
	// A cached response skips all steps inside of the cache step. Wrappers and the write of the response run for every
	// request, so they stay outside of it.
	last, cache := -1, -1
	for i, s := range steps {
		if isOutliving(s) {
			last, cache = i, i
		}
		if s.provider != nil && s.provider.kind == wrapperProvider {
			cache = i
		}
	}
	keeps := r.endpoint.set.cache != nil && r.endpoint.canCache()
	keep := step{name: "keep in the cache", wrap: (*exchange).cached}
	if keeps && cache < 0 {
		after = append(after, keep)
	}
	firstEnding := slices.IndexFunc(steps, isEnding)
	for i, s := range steps {
		list := &after
		switch {
		case s.early && s.raw:
			list = &r.endpoint.afterReading
		case s.early:
			list = &before
		}
		// A stream is written after these providers have ended, so its step encloses them.
		if i == firstEnding {
			*list = append(*list, step{name: "write the stream after", wrap: (*exchange).streamInside})
			r.endpoint.streamsLate = true
		}
		*list = append(*list, s.step)
		if i == last {
			*list = append(*list, step{name: "write the response after", wrap: (*exchange).respondInside})
		}
		if keeps && i == cache {
			// The body of a QUERY is part of the cache key.
			if r.endpoint.method == mediatype.MethodQuery {
				list = &after
			}
			*list = append(*list, keep)
		}
	}
	// All parameters were bound before, so missing credentials of later steps are already known.
	if r.readsLate() {
		before = append(before, step{name: "ask for the credentials of later steps", run: (*exchange).sweep})
	}
	return before, after, nil
}
