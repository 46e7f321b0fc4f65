package budget

import (
	"log/slog"
	"reflect"
	"sync"
)

// Gates holds a gate for each service of a kind, so that a slow service does not affect the others. It is safe for
// concurrent use.
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

// NewGates returns gates for services; what names the services in the log.
func NewGates(log *slog.Logger, what string) *Gates { return &Gates{log: log, what: what} }

// To returns the gate for a service. It is the same for each call.
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

// Same reports whether two services are equal. Values that cannot be compared never are.
func Same(a, b any) bool {
	return reflect.ValueOf(a).Comparable() && reflect.ValueOf(b).Comparable() && a == b
}
