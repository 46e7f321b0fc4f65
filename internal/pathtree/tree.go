package pathtree

import (
	"iter"
	"slices"
)

// Tree holds a value per pattern shape. The zero value is empty and ready to use. Add must not run concurrently with
// other methods; the others may.
type Tree[V any] struct {
	tree   tree
	values []V
}

// Add stores v under the shape of p. If there is already a value for the shape, the tree is unchanged, ok is false and
// existing is that value.
//
// Names do not matter: /users/{id} and /users/{name} share one value. A match captures values by position. So a caller
// whose value is a table of methods stores a [Pattern] per method there, each with its own names, and adds the second
// one to the existing value.
func (t *Tree[V]) Add(p *Pattern, v V) (existing V, ok bool) {
	if l := t.tree.add(p, len(t.values)); l != nil {
		return t.values[l.index], false
	}
	t.values = append(t.values, v)
	return existing, true
}

// All returns the patterns and their values in an order that depends only on the patterns, not on the order in which they
// were added. For a shape with several patterns it returns the one that Add stored.
func (t *Tree[V]) All() iter.Seq2[*Pattern, V] {
	return func(yield func(*Pattern, V) bool) {
		t.tree.root.all(func(l *leaf) bool { return yield(l.pattern, t.values[l.index]) })
	}
}

// tree is a Tree without its type: its leaves hold indexes of the values.
type tree struct {
	root  node
	depth int // segments of the longest pattern
}

// node is reached by exactly one sequence of segments, whose length is its depth.
type node struct {
	literals []edge // sorted by length, then by text
	ends     []int  // by length: the index after the literals of that length
	wildcard *node
	leaf     *leaf // of the pattern that ends here
	rest     *leaf // of the pattern that ends with a remainder here
}

type edge struct {
	text string
	to   *node
}

type leaf struct {
	pattern *Pattern
	index   int
}

// add adds a leaf for the pattern, or returns the existing one.
func (t *tree) add(p *Pattern, index int) (existing *leaf) {
	at := t.root.leafAt(p.segments)
	if *at != nil {
		return *at
	}
	*at = &leaf{p, index}
	t.depth = max(t.depth, len(p.segments))
	return nil
}

// leafAt returns the place for the leaf of a pattern, and creates the nodes that lead to it.
func (n *node) leafAt(segments []segment) **leaf {
	for _, s := range segments {
		switch s.kind {
		case literal:
			n = n.makeLiteral(s.text)
		case wildcard:
			if n.wildcard == nil {
				n.wildcard = new(node)
			}
			n = n.wildcard
		case remainder:
			return &n.rest
		}
	}
	return &n.leaf
}

func (n *node) makeLiteral(text string) *node {
	i, found := n.search(text)
	if !found {
		n.literals = slices.Insert(n.literals, i, edge{text, new(node)})
		// New lengths end where the literals end so far; then this and all longer ones end one later.
		for len(n.ends) <= len(text) {
			n.ends = append(n.ends, i)
		}
		for length := len(text); length < len(n.ends); length++ {
			n.ends[length]++
		}
	}
	return n.literals[i].to
}

func (n *node) literal(text string) *node {
	if i, found := n.search(text); found {
		return n.literals[i].to
	}
	return nil
}

// search only compares literals of the same length. It never reads a segment that is longer than all of them.
func (n *node) search(text string) (index int, found bool) {
	if len(text) >= len(n.ends) {
		return len(n.literals), false
	}
	low, high := 0, n.ends[len(text)]
	if len(text) > 0 {
		low = n.ends[len(text)-1]
	}
	for low < high {
		middle := int(uint(low+high) >> 1)
		switch at := n.literals[middle].text; {
		case at == text:
			return middle, true
		case at < text:
			low = middle + 1
		default:
			high = middle
		}
	}
	return low, false
}

func (n *node) all(yield func(*leaf) bool) bool {
	if n.leaf != nil && !yield(n.leaf) {
		return false
	}
	for _, e := range n.literals {
		if !e.to.all(yield) {
			return false
		}
	}
	if n.wildcard != nil && !n.wildcard.all(yield) {
		return false
	}
	return n.rest == nil || yield(n.rest)
}
