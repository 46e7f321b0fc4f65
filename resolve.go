package candor

import (
	"errors"
	"fmt"
	"net/http"
	"reflect"

	"github.com/candor-go/candor/internal/dependency"
	"github.com/candor-go/candor/internal/mediatype"
	"github.com/candor-go/candor/internal/typeinfo"
)

// Dependencies are found and ordered by internal/dependency, which knows descriptions only. This file describes providers,
// routers and endpoints to it, and makes nodes and steps of its plan.

// startGraph prepares the search for dependencies.
func (b *builder) startGraph() {
	b.scopes, b.sharedNodes = map[*Router]*dependency.Scope{}, map[*provider]*sharedNode{}
	b.providers = map[*dependency.Provider]*provider{}
	b.graph = dependency.Graph{Overrides: map[reflect.Type]*dependency.Provider{}, Asked: map[reflect.Type]bool{}, Everywhere: b.everywhere}
	for t, p := range b.app.overrides {
		b.graph.Overrides[t] = b.known(p)
	}
}

// known is the description of a provider, by which the provider is found again from a plan.
func (b *builder) known(p *provider) *dependency.Provider {
	b.providers[&p.Provider] = p
	return &p.Provider
}

// scopesOf returns what routers provide.
func (b *builder) scopesOf(chain []*Router) []*dependency.Scope {
	all := make([]*dependency.Scope, 0, len(chain))
	for _, r := range chain {
		s, ok := b.scopes[r]
		if !ok {
			s = &dependency.Scope{}
			for _, p := range r.providers {
				s.Providers = append(s.Providers, b.known(p))
			}
			b.scopes[r] = s
		}
		all = append(all, s)
	}
	return all
}

// everywhere returns what all routers of the app provide.
func (b *builder) everywhere() []*dependency.Scope { return b.scopesOf(b.app.withIncluded(nil)) }

// dependencies adds the nodes that an endpoint depends on, and returns the steps that run them.
func (b *builder) dependencies(e *endpoint, chain []*Router) (before, after []step, err error) {
	if e.dependsOnNothing() {
		return nil, nil, nil
	}
	plan, err := b.graph.Resolve(b.described(e, chain))
	if err != nil {
		return nil, nil, err
	}
	e.overridden = plan.Overridden
	if plan.AwaitsStart && !e.route.unguarded {
		e.raises(http.StatusServiceUnavailable, "The service is not ready", errUnstarted)
	}
	for i, n := range plan.Nodes {
		if i > 0 { // the handler is there already
			p := b.providers[n.Provider]
			e.nodes = append(e.nodes, &node{function: p.function, desc: p.desc, provider: p, lazy: n.Lazy, waits: n.Waits})
		}
		e.nodes[i].deps = b.wires(e.nodes[i].desc, n.Wires)
	}
	e.afterReading = e.stepsOf(plan.AfterReading)
	return e.stepsOf(plan.Before), e.stepsOf(plan.After), nil
}

// described is what decides about the dependencies of an endpoint.
func (b *builder) described(e *endpoint, chain []*Router) *dependency.Endpoint {
	d := &dependency.Endpoint{
		Method: e.method, Pattern: e.pattern, Name: e.name(), Input: dependsOn(e.nodes[0].desc), Scopes: b.scopesOf(chain),
		Inherited: e.set.inherited, Public: e.set.public,
		Caches: e.set.cache != nil && e.canCache(), CachesBody: e.method == mediatype.MethodQuery,
	}
	d.Requirements = make([]dependency.Requirement, 0, len(e.set.requirements))
	for _, q := range e.set.requirements {
		described := dependency.Requirement{Needs: q.needs}
		if q.provider != nil {
			described.Provider = b.known(q.provider)
		}
		d.Requirements = append(d.Requirements, described)
	}
	return d
}

// wires says how the dep fields of an input are filled in.
func (b *builder) wires(in *typeinfo.Input, found []dependency.Wire) []wire {
	all := make([]wire, 0, len(found))
	for i, w := range found {
		f, p := in.Deps[i], b.providers[w.Provider]
		d := wire{index: f.Index, node: w.Node, lazy: w.Lazy, copier: p.copier}
		if w.Node == dependency.Singleton {
			d.value = b.valueOf(p)
		}
		if lazy := lazyOf(f.Type.Go); lazy != nil {
			d.copier = lazy.copier()
		}
		all = append(all, d)
	}
	return all
}

// valueOf returns a value that belongs to no request. That of a shared provider is filled in when the app starts;
// requests copy it.
func (b *builder) valueOf(p *provider) reflect.Value {
	if p.Kind == dependency.Ready {
		return p.value
	}
	return b.sharedNode(p).outValue
}

// sharedNode returns the node of a shared provider in this app.
func (b *builder) sharedNode(p *provider) *sharedNode {
	s, ok := b.sharedNodes[p]
	if !ok {
		s = newSharedNode(p)
		b.sharedNodes[p] = s
	}
	return s
}

// addShared adds the shared providers to the table, in the order in which the app starts them.
func (b *builder) addShared() {
	for _, n := range b.graph.Started {
		s := b.sharedNode(b.providers[n.Provider])
		s.deps = b.wires(s.provider.desc, n.Wires)
		b.table.shared = append(b.table.shared, s)
	}
}

// checks resolves the inputs of the app's health checks.
func (b *builder) checks() {
	for _, c := range b.app.checks {
		wires, err := b.graph.Wires(&c.provider.Input, b.scopesOf([]*Router{&b.app.Router}))
		if err = errors.Join(err, b.keysOfInput(c.provider.desc)); err != nil {
			b.errs = append(b.errs, fmt.Errorf("candor: Health at %s: %w", c.provider.Site, err))
			continue
		}
		c.deps = b.wires(c.provider.desc, wires)
	}
}

// stepsOf returns the steps of a plan.
func (e *endpoint) stepsOf(planned []dependency.Step) []step {
	steps := make([]step, 0, len(planned))
	for _, s := range planned {
		steps = append(steps, e.planned(s))
	}
	return steps
}

func (e *endpoint) planned(s dependency.Step) step {
	switch s.Action {
	case dependency.AskForCredentials:
		return step{name: "ask for credentials", run: (*exchange).askForCredentials}
	case dependency.AskForLater:
		return step{name: "ask for the credentials of later steps", run: (*exchange).sweep}
	case dependency.Cache:
		return step{name: "keep in the cache", wrap: (*exchange).cached}
	case dependency.WriteResponse:
		return step{name: "write the response after", wrap: (*exchange).respondInside}
	case dependency.WriteStream:
		e.streamsLate = true
		return step{name: "write the stream after", wrap: (*exchange).streamInside}
	}
	n := e.nodes[s.Node]
	if n.waits {
		return lazyStep(s.Node, n.provider)
	}
	return providerStep(s.Node, n.provider)
}

// askForCredentials refuses a request before its body is read, if the handler lacks credentials.
func (x *exchange) askForCredentials() error { return x.slots[0].refusal }
