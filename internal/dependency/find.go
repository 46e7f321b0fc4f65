package dependency

import (
	"cmp"
	"fmt"
	"reflect"
	"strings"
)

// search looks up providers for one function.
type search struct {
	graph *Graph
	// scopes are those of the endpoint.
	scopes    []*Scope
	overrides map[reflect.Type]*Provider
	// overridden means that an override was found.
	overridden bool
}

// lookup returns the nearest provider of a type, and the scopes from its own outwards.
func (s *search) lookup(t reflect.Type, scopes []*Scope) (*Provider, []*Scope, bool) {
	s.graph.Asked[t] = true
	if p, ok := s.overrides[t]; ok {
		s.overridden = true
		// An override may replace a provider of any router, so its own dependencies are looked up from the route.
		return p, s.scopes, true
	}
	for i, scope := range scopes {
		for _, p := range scope.Providers {
			if p.Key == t {
				// The dependencies of a provider are looked up from its own router outwards, so that routers below it
				// cannot change what it gets.
				return p, scopes[i:], true
			}
		}
	}
	return nil, nil, false
}

// fixMissing says what to do about a type without a provider: there may be one of another type, or in another router.
func (s *search) fixMissing(t reflect.Type, scopes []*Scope, otherwise string) string {
	if near := Nearest(t, scopes); near != nil {
		return fmt.Sprintf("there is one of %s, registered at %s, which %s", near.Key, near.Site, otherThan(t, near.Key))
	}
	if p := s.outside(t); p != nil {
		return fmt.Sprintf("there is one at %s, but on a router that does not contain what asks for it; register it on the app or a router that does", p.Site)
	}
	return otherwise
}

// outside finds a provider of a type on a router of the app that does not contain the route.
func (s *search) outside(t reflect.Type) *Provider {
	for _, scope := range s.graph.Everywhere() {
		for _, p := range scope.Providers {
			if p.Key == t {
				return p
			}
		}
	}
	return nil
}

// Nearest finds a provider of a similar type, for error messages: with or without a pointer, or one that implements the
// interface; nil if there is none.
func Nearest(t reflect.Type, scopes []*Scope) *Provider {
	for _, scope := range scopes {
		for _, p := range scope.Providers {
			switch k := p.Key; {
			case k.Kind() == reflect.Pointer && k.Elem() == t, t.Kind() == reflect.Pointer && t.Elem() == k, isOneOf(t, k), isOneOf(k, t):
				return p
			}
		}
	}
	return nil
}

// isOneOf reports whether t implements k. Every type implements an interface without methods, which says nothing.
func isOneOf(k, t reflect.Type) bool {
	return k.Kind() == reflect.Interface && k.NumMethod() > 0 && t.Implements(k)
}

// otherThan says in what a type that is provided differs from the one that is asked for, and what to do.
func otherThan(asked, provided reflect.Type) string {
	if isOneOf(asked, provided) {
		return fmt.Sprintf("implements it but is another type: name the interface where it is provided, as in candor.ProvideValue[%s](app, value)", asked)
	}
	return "is another type: ask for exactly that, or provide this one"
}

// chain prints a chain of dependencies that leads to something.
func chain(names []string, path []*Provider, last string) string {
	for _, p := range path {
		names = append(names, p.String())
	}
	return strings.Join(append(names, last), " -> ")
}

// title names the endpoint in errors.
func (e *Endpoint) title() string { return fmt.Sprintf("%s %s", e.Method, e.Pattern) }

// chainTo prints the chain of dependencies that leads to something.
func (r *resolver) chainTo(last string) string {
	e := r.endpoint
	return e.title() + ": " + chain([]string{cmp.Or(e.Name, "handler")}, r.path, last)
}
