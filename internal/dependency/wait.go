package dependency

import "slices"

// letWait marks the nodes that only Lazy fields ask for: these wait.
func (r *resolver) letWait() {
	if !slices.ContainsFunc(r.nodes, func(n *Node) bool { return slices.ContainsFunc(n.Wires, func(w Wire) bool { return w.Lazy }) }) {
		return
	}
	runs := r.eagerNodes()
	for at := range r.steps {
		s := &r.steps[at]
		if s.Node == 0 || runs[s.Node] {
			continue
		}
		r.nodes[s.Node].Lazy, r.nodes[s.Node].Waits = true, true
		// What waits ends at its step, like a wrapper.
		s.wraps, s.shortest = true, r.endingFirst(s.Node)
	}
}

// eagerNodes returns the nodes that run at their step. It marks those that a Lazy asks for.
func (r *resolver) eagerNodes() map[int]bool {
	runs := map[int]bool{}
	r.markEager(0, runs)
	for _, i := range r.eager {
		r.markEager(i, runs)
	}
	for i, n := range r.nodes {
		for _, w := range n.Wires {
			if w.Node == Singleton {
				continue
			}
			dep := r.nodes[w.Node]
			dep.Lazy = dep.Lazy || w.Lazy
			// Credentials are checked before the body is read, even those that only a waiting node needs.
			if !w.Lazy && !runs[i] && !dep.Provider.Wraps() && r.readsCredentials(w.Node) {
				r.markEager(w.Node, runs)
			}
		}
	}
	return runs
}

// markEager marks a node as one that runs at its step, and also those that it depends on.
func (r *resolver) markEager(i int, runs map[int]bool) {
	if i == Singleton || runs[i] {
		return
	}
	runs[i] = true
	for _, w := range r.nodes[i].Wires {
		if !w.Lazy {
			r.markEager(w.Node, runs)
		}
	}
}
