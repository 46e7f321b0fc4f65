package dependency

import (
	"fmt"
	"reflect"
)

// Graph has what the endpoints of one app share: overrides, and the shared providers that were resolved. Overrides,
// Asked and Everywhere must be set.
type Graph struct {
	// Overrides replace the providers of their type, for tests.
	Overrides map[reflect.Type]*Provider
	// Asked records the types that were looked up.
	Asked map[reflect.Type]bool
	// Everywhere returns the scopes of all routers, for error messages.
	Everywhere func() []*Scope
	// Started are the shared providers, each after those that it depends on: in this order they start.
	Started []*Node

	// shared has false for a provider that is being resolved.
	shared map[*Provider]bool
	path   []*Provider
}

// Share resolves a shared provider, after those that it depends on.
func (g *Graph) Share(p *Provider, scopes []*Scope) error {
	if made, ok := g.shared[p]; ok {
		if !made {
			return fmt.Errorf("%s: a circle; let one of them do without the next", g.chainTo(p.String()))
		}
		return nil
	}
	if g.shared == nil {
		g.shared = map[*Provider]bool{}
	}
	g.shared[p] = false
	g.path = append(g.path, p)
	defer func() {
		g.path = g.path[:len(g.path)-1]
		// A provider with an error is forgotten, so that the next endpoint reports that error again rather than a
		// cycle.
		if !g.shared[p] {
			delete(g.shared, p)
		}
	}()
	wires, err := g.Wires(&p.Input, scopes)
	if err != nil {
		return err
	}
	g.shared[p] = true
	g.Started = append(g.Started, &Node{Provider: p, Wires: wires})
	return nil
}

// Wires resolves the input of a function that runs outside of requests.
func (g *Graph) Wires(in *Input, scopes []*Scope) ([]Wire, error) {
	s := &search{graph: g, scopes: scopes, overrides: g.Overrides}
	all := make([]Wire, 0, len(in.Deps))
	for _, d := range in.Deps {
		p, err := g.wire(s, d)
		if err != nil {
			return nil, err
		}
		all = append(all, Wire{Node: Singleton, Provider: p})
	}
	return all, nil
}

// wire finds the provider of a value that exists outside of requests.
func (g *Graph) wire(s *search, d Dep) (*Provider, error) {
	if d.isLazy() {
		return nil, fmt.Errorf("%s: a shared value is made before any request, so it cannot be lazy; take %s itself", g.chainTo(d.Field.String()), d.Type)
	}
	p, owners, ok := s.lookup(d.Type, s.scopes)
	if !ok {
		return nil, fmt.Errorf("%s: no provider; %s", g.chainTo(d.Type.String()),
			s.fixMissing(d.Type, s.scopes, "register one with candor.ProvideShared or candor.ProvideValue"))
	}
	switch p.Kind {
	case Ready:
		return p, nil
	case Shared:
		return p, g.Share(p, owners)
	}
	return nil, fmt.Errorf("%s: a shared value cannot depend on one that is made for each request; provide it by candor.ProvideShared or candor.ProvideValue", g.chainTo(d.Type.String()))
}

// chainTo prints the chain of dependencies that leads to something.
func (g *Graph) chainTo(last string) string { return chain(nil, g.path, last) }
