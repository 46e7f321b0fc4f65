package dependency

import (
	"fmt"
	"reflect"
	"slices"
)

// resolver finds the dependencies of one endpoint.
type resolver struct {
	search
	endpoint *Endpoint
	// requirements are those that apply.
	requirements []Requirement

	nodes    []*Node
	resolved map[*Provider]int
	path     []*Provider
	// named are the scoped providers that Needs allows to begin before the body is read.
	named map[reflect.Type]bool
	// awaitsStart means that a shared value is needed.
	awaitsStart bool
	// eager are nodes that never wait for a Lazy.
	eager []int
	// fresh are dependencies with dep:"fresh" that were resolved before the body.
	fresh map[field]Wire
	early bool
	// cause says why something runs early, for error messages.
	cause string
	steps []step
}

// field is a dependency of a function: of the handler, if there is no provider.
type field struct {
	of    *Provider
	index int
}

// Resolve finds what an endpoint depends on, and orders it.
func (g *Graph) Resolve(e *Endpoint) (*Plan, error) {
	r := &resolver{
		search: search{graph: g, scopes: e.Scopes, overrides: g.Overrides}, endpoint: e, nodes: []*Node{{input: &e.Input}},
		resolved: map[*Provider]int{}, named: map[reflect.Type]bool{}, fresh: map[field]Wire{},
	}
	// A public route drops the inherited guards that ask for credentials before anything is resolved, so that neither
	// their steps nor their parameters become part of the endpoint.
	r.requirements = r.withoutCredentials()
	// A provider keeps the step of the first phase that resolves it, so the phases before the body come first.
	for _, phase := range []func() error{r.guards, r.credentials, r.wrappers, r.handlerAfterBody} {
		if err := phase(); err != nil {
			return nil, err
		}
	}
	r.letWait()
	steps, err := r.ordered()
	if err != nil {
		return nil, err
	}
	plan := r.divide(steps)
	plan.Nodes, plan.Overridden, plan.AwaitsStart = r.nodes, r.overridden, r.awaitsStart
	return plan, nil
}

// withoutCredentials returns the requirements without those that a public route does not inherit.
func (r *resolver) withoutCredentials() []Requirement {
	e := r.endpoint
	if !e.Public {
		return e.Requirements
	}
	var kept []Requirement
	for i, q := range e.Requirements {
		// The route's own requirements come after the inherited ones, and always apply.
		if i >= e.Inherited || !r.asksForCredentials(q) {
			kept = append(kept, q)
		}
	}
	return kept
}

// asksForCredentials reports whether a requirement reads credentials, directly or through a dependency. It looks at the
// original providers too, so that overrides do not change which guards a test runs. A dependency that cannot be
// resolved is reported later.
func (r *resolver) asksForCredentials(q Requirement) bool {
	registered := *r
	registered.overrides = nil
	for _, app := range []*resolver{r, &registered} {
		p, owners := q.Provider, r.scopes
		if q.Needs != nil {
			p, owners, _ = app.lookup(q.Needs, r.scopes)
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
	for _, q := range r.requirements {
		if q.Needs != nil {
			r.named[q.Needs] = true
		}
	}
	for _, q := range r.requirements {
		var err error
		switch {
		case q.Needs != nil:
			r.cause = fmt.Sprintf("candor.Needs[%s]() runs what it depends on there", q.Needs)
			var w Wire
			w, err = r.need(q.Needs, r.scopes, false)
			r.eager = append(r.eager, w.Node)
		case q.Provider.Kind == Guard:
			r.cause = fmt.Sprintf("%s depends on it", q.Provider)
			err = r.resolveEager(q.Provider, r.scopes)
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
	handler := &r.endpoint.Input
	if handler.ReadsCredentials {
		// The handler runs last, but a client without credentials must be refused before it sends a body.
		r.steps = append(r.steps, step{Step: Step{Action: AskForCredentials}, early: true})
	}
	if err := r.readers(nil, handler, r.scopes); err != nil {
		return err
	}
	for _, q := range r.requirements {
		if q.isWrapper() {
			if err := r.readersOf(q.Provider, r.scopes); err != nil {
				return err
			}
		}
	}
	return nil
}

// readersOf is readers for the input of a provider.
func (r *resolver) readersOf(p *Provider, scopes []*Scope) error {
	r.path = append(r.path, p)
	defer func() { r.path = r.path[:len(r.path)-1] }()
	return r.readers(p, &p.Input, scopes)
}

// readers resolves those providers of an input that reach a security field. A scoped provider still runs after the
// body, but its dependencies run early, and its own credentials are checked early by a separate step.
func (r *resolver) readers(of *Provider, in *Input, scopes []*Scope) error {
	for i, d := range in.Deps {
		p, owners, err := r.find(d.Type, scopes)
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
		case p.Wraps(), d.isLazy():
			err = r.readersOf(p, owners)
		case d.Fresh:
			var w Wire
			if w, err = r.need(d.Type, scopes, true); err == nil {
				// A fresh value is made once for each field, so wires must find this one rather than make another.
				r.fresh[field{of, i}] = w
				r.eager = append(r.eager, w.Node)
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

// reachesSecurity reports whether a provider, or one it depends on, reads credentials.
func (r *resolver) reachesSecurity(p *Provider, scopes []*Scope, seen []*Provider) (bool, error) {
	// A shared provider is made without a request, so there are no credentials to read.
	if p.Kind == Shared || slices.Contains(seen, p) {
		return false, nil
	}
	if p.Input.ReadsCredentials {
		return true, nil
	}
	for _, d := range p.Input.Deps {
		r.path = append(r.path, p)
		dep, owners, err := r.find(d.Type, scopes)
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

// wrappers resolves the functions of Around.
func (r *resolver) wrappers() error {
	r.early = false
	for _, q := range r.requirements {
		if q.isWrapper() {
			if err := r.resolveEager(q.Provider, r.scopes); err != nil {
				return err
			}
		}
	}
	return nil
}

// handlerAfterBody resolves everything else that the handler depends on.
func (r *resolver) handlerAfterBody() (err error) {
	handler := r.nodes[0]
	handler.Wires, err = r.wires(nil, handler.input, r.scopes)
	return err
}

// wires resolves the dependencies of a function.
func (r *resolver) wires(of *Provider, in *Input, scopes []*Scope) ([]Wire, error) {
	all := make([]Wire, 0, len(in.Deps))
	for i, d := range in.Deps {
		found, ok := r.fresh[field{of, i}]
		if !ok {
			var err error
			if found, err = r.needFor(d, scopes); err != nil {
				return nil, err
			}
		}
		all = append(all, found)
	}
	return all, nil
}

// needFor is need for one field.
func (r *resolver) needFor(d Dep, scopes []*Scope) (Wire, error) {
	if !d.isLazy() {
		return r.need(d.Type, scopes, d.Fresh)
	}
	if err := r.checkLazily(d.Type, scopes); err != nil {
		return Wire{}, err
	}
	found, err := r.need(d.Type, scopes, false)
	// An override may be an existing value, for which nothing has to wait.
	found.Lazy = found.Node != Singleton
	return found, err
}

// checkLazily refuses a Lazy whose provider cannot wait.
func (r *resolver) checkLazily(t reflect.Type, scopes []*Scope) error {
	p, _, err := r.find(t, scopes)
	switch {
	case err != nil:
		return err
	case p.Input.ReadsCredentials:
		return fmt.Errorf("%s: it reads credentials, which are checked before the body, so it cannot be lazy; take %s itself", r.chainTo(fmt.Sprintf("candor.Lazy[%s]", t)), t)
	case r.overrides[t] == nil && (p.Kind == Ready || p.Kind == Shared):
		return fmt.Errorf("%s: the value exists before the request, so there is nothing to wait for; take %s itself", r.chainTo(fmt.Sprintf("candor.Lazy[%s]", t)), t)
	}
	return nil
}

// need resolves a type: it finds its value, or gives its provider a step.
func (r *resolver) need(t reflect.Type, scopes []*Scope, fresh bool) (Wire, error) {
	p, owners, err := r.find(t, scopes)
	if err != nil {
		return Wire{}, err
	}
	switch p.Kind {
	case Ready:
		return Wire{Node: Singleton, Provider: p}, nil
	case Shared:
		r.awaitsStart = true
		return Wire{Node: Singleton, Provider: p}, r.graph.Share(p, owners)
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
	return Wire{Node: i, Provider: p}, err
}

// find is lookup with an error that says what to do.
func (r *resolver) find(t reflect.Type, scopes []*Scope) (*Provider, []*Scope, error) {
	if p, owners, ok := r.lookup(t, scopes); ok {
		return p, owners, nil
	}
	return nil, nil, fmt.Errorf("%s: no provider; %s", r.chainTo(t.String()),
		r.fixMissing(t, scopes, "register one with candor.Provide on the app or a router that contains the route"))
}

// resolveEager is resolve for nodes that never wait for a Lazy.
func (r *resolver) resolveEager(p *Provider, scopes []*Scope) error {
	i, err := r.resolve(p, scopes)
	r.eager = append(r.eager, i)
	return err
}

// resolve gives a provider a step after those of its dependencies. It returns the index of its node.
func (r *resolver) resolve(p *Provider, scopes []*Scope) (int, error) {
	if i, ok := r.resolved[p]; ok {
		return i, nil
	}
	if slices.Contains(r.path, p) {
		return 0, fmt.Errorf("%s: a circle; let one of them do without the next", r.chainTo(p.String()))
	}
	// A scoped provider may hold a database connection while a slow client sends its body, so a route has to opt in
	// with Needs.
	if r.early && p.Wraps() && !r.named[p.Key] {
		return 0, fmt.Errorf("%s: it would start before the body is read, because %s; write candor.Needs[%s]() on the route if you want that", r.chainTo(p.String()), r.cause, p.Key)
	}
	r.path = append(r.path, p)
	// The dependencies are resolved first, so their steps come before this one.
	wires, err := r.wires(p, &p.Input, scopes)
	if err == nil {
		err = r.checkLifetimes(p, wires)
	}
	r.path = r.path[:len(r.path)-1]
	if err != nil {
		return 0, err
	}
	i := len(r.nodes)
	r.nodes = append(r.nodes, &Node{Provider: p, Wires: wires, input: &p.Input})
	r.resolved[p] = i
	r.steps = append(r.steps, step{Step: Step{Action: Run, Node: i}, provider: p, wraps: p.Wraps(), early: r.early, raw: r.takesBytes(i)})
	return i, nil
}

// checkLifetimes makes sure that a scoped provider does not outlive its dependencies.
func (r *resolver) checkLifetimes(p *Provider, wires []Wire) error {
	if !p.Wraps() {
		return nil
	}
	for _, w := range wires {
		if w.Node == Singleton {
			continue
		}
		if first := r.endingFirst(w.Node); first != nil && first.Until < p.Until {
			return fmt.Errorf("%s: %s lives longer than %s, on which it depends; give that the longer candor.Until", r.chainTo(first.String()), p, first)
		}
	}
	return nil
}

// reaches reports whether something is true of a node, or of one that it depends on.
func (r *resolver) reaches(i int, is func(*Input) bool) bool {
	n := r.nodes[i]
	return is(n.input) || slices.ContainsFunc(n.Wires, func(w Wire) bool { return w.Node != Singleton && r.reaches(w.Node, is) })
}

// takesBytes reports whether a node, or one of its dependencies, takes the bytes of the body.
func (r *resolver) takesBytes(i int) bool {
	return r.reaches(i, func(in *Input) bool { return in.TakesBytes })
}

// readsCredentials reports whether a node, or one of its dependencies, reads credentials.
func (r *resolver) readsCredentials(i int) bool {
	return r.reaches(i, func(in *Input) bool { return in.ReadsCredentials })
}

// endingFirst returns the scoped provider that ends first among a node and its dependencies; nil if there is none.
func (r *resolver) endingFirst(i int) (found *Provider) {
	n := r.nodes[i]
	if n.Provider.Wraps() {
		found = n.Provider
	}
	for _, w := range n.Wires {
		if w.Node == Singleton {
			continue
		}
		if other := r.endingFirst(w.Node); other != nil && (found == nil || other.Until < found.Until) {
			found = other
		}
	}
	return found
}
