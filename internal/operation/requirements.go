package operation

import (
	"maps"
	"slices"

	"github.com/candor-go/candor/internal/sorted"
)

// Needs are the security schemes of the credentials that an operation reads, by name.
type Needs struct {
	Required, Optional []string
	// Choices are lists of schemes of which one is required.
	Choices [][]string
	// Scopes are those that are required of a scheme.
	Scopes map[string][]string
}

// schemeSet is a set of security schemes that are required together.
type schemeSet map[string]bool

// Alternatives returns the security requirements of the operation: all required schemes together with one of each
// choice, optionally combined with an optional one. If none is required, an empty alternative says so.
func (n *Needs) Alternatives() [][]SchemeUse {
	needed := n.chosen()
	var all [][]SchemeUse
	for _, name := range n.Optional {
		for _, set := range needed {
			if !set[name] {
				all = append(all, n.uses(set.with(name)))
			}
		}
	}
	for _, set := range needed {
		all = append(all, n.uses(set))
	}
	return all
}

// chosen returns the combinations of the required schemes with one of each choice. A combination that contains another
// is left out.
func (n *Needs) chosen() []schemeSet {
	required := schemeSet{}
	for _, name := range n.Required {
		required[name] = true
	}
	ways := []schemeSet{required}
	for _, choice := range n.Choices {
		var longer []schemeSet
		for _, way := range ways {
			for _, name := range choice {
				longer = append(longer, way.with(name))
			}
		}
		ways = longer
	}
	var shortest []schemeSet
	for _, way := range ways {
		if !slices.ContainsFunc(shortest, func(other schemeSet) bool { return other.isPartOf(way) }) {
			shortest = slices.DeleteFunc(shortest, func(other schemeSet) bool { return way.isPartOf(other) })
			shortest = append(shortest, way)
		}
	}
	return shortest
}

// with returns a set with one more scheme.
func (s schemeSet) with(name string) schemeSet {
	more := maps.Clone(s)
	more[name] = true
	return more
}

// isPartOf reports whether s is a subset of other.
func (s schemeSet) isPartOf(other schemeSet) bool {
	for name := range s {
		if !other[name] {
			return false
		}
	}
	return true
}

// uses returns the schemes of a set with the scopes required of each.
func (n *Needs) uses(set schemeSet) []SchemeUse {
	var all []SchemeUse
	for _, name := range sorted.Keys(set) {
		all = append(all, SchemeUse{Scheme: name, Scopes: n.Scopes[name]})
	}
	return all
}
