package budget

import (
	"log/slog"
	"reflect"
	"sync"
)

// Gates has a gate to each neighbour of a kind: a slow one must not close the way to
// another. It is safe for concurrent use.
type Gates struct {
	log   *slog.Logger
	what  string
	mutex sync.Mutex
	known []knownGate
}

type knownGate struct {
	neighbour any
	gate      *Gate
}

// NewGates makes gates to neighbours, which the log calls by what they are.
func NewGates(log *slog.Logger, what string) *Gates { return &Gates{log: log, what: what} }

// To is the gate to a neighbour, the same for each call.
func (g *Gates) To(neighbour any) *Gate {
	g.mutex.Lock()
	defer g.mutex.Unlock()
	for _, known := range g.known {
		if Same(known.neighbour, neighbour) {
			return known.gate
		}
	}
	made := New(g.log, g.what)
	g.known = append(g.known, knownGate{neighbour, made})
	return made
}

// Same reports whether two neighbours are one. Values that cannot be compared never
// are.
func Same(a, b any) bool {
	return reflect.ValueOf(a).Comparable() && reflect.ValueOf(b).Comparable() && a == b
}
