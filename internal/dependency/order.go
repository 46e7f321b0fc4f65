package dependency

import (
	"fmt"
	"slices"
)

// The order of steps, from the outside to the inside:
//
//   - what runs before the body is read, in the order in which it was resolved,
//   - what waits for the bytes of the body, but not for its values,
//   - wrappers that live until the response was sent, and then the write of the response,
//   - wrappers of the default lifetime, and the write of a stream,
//   - wrappers that end before the first byte.
//
// Each comes after its dependencies, and everything without an end where it was resolved. A cached response skips what is
// inside of the cache, so the functions of Around, and what outlives the response, stay outside of it.

// step is a step with what decides where it stands.
type step struct {
	Step
	// provider is nil for steps that run no node.
	provider *Provider
	// wraps means that the rest of the request runs inside of the step.
	wraps bool
	early bool
	// raw means that it waits for the bytes of the body, because it or one of its dependencies takes them.
	raw bool
	// shortest is the provider that ends first among the step's provider and its dependencies, if the node waits for a
	// Lazy; nil for others, or if nothing ends.
	shortest *Provider
}

// until returns when a wrapper ends. A plain provider that waits for a Lazy counts as a wrapper too; without
// dependencies that end, it has no constraint.
func (s step) until() Lifetime {
	if s.shortest != nil {
		return s.shortest.Until
	}
	return s.provider.Until
}

func (s step) endsAt(l Lifetime) bool { return s.wraps && s.provider != nil && s.until() == l }

// isBeforeBody reports whether a step waits for nothing of the body. Other early steps wait for its bytes.
func isBeforeBody(s step) bool { return s.early && !s.raw }

func isEarly(s step) bool { return s.early }

func outlivesResponse(s step) bool { return s.endsAt(ResponseSent) }

func endsByDefault(s step) bool { return s.endsAt(ResponseComplete) }

func endsBeforeStream(s step) bool { return s.endsAt(ResponseEncoded) }

func isAny(step) bool { return true }

// staysOutsideOfCache reports whether a step runs for responses from the cache, too.
func staysOutsideOfCache(s step) bool {
	return outlivesResponse(s) || s.Action == WriteResponse || s.provider != nil && s.provider.Kind == Wrapper
}

// mostOwn is how many steps of the endpoint itself divide may add.
const mostOwn = 4

// ordered brings the steps into their final order.
func (r *resolver) ordered() ([]step, error) {
	groups := []func(step) bool{isBeforeBody, isEarly, outlivesResponse}
	// Providers with the default lifetime must enclose those that end earlier. If there are none that do, they keep the
	// order in which they were resolved.
	if slices.ContainsFunc(r.steps, endsBeforeStream) {
		groups = append(groups, endsByDefault)
	}
	steps := make([]step, 0, len(r.steps)+mostOwn)
	added := map[int]bool{}
	for _, isMember := range append(groups, isAny) {
		for _, s := range r.steps {
			if isMember(s) {
				steps = r.appendStep(s, steps, added)
			}
		}
	}
	return steps, r.checkNesting(steps)
}

// appendStep appends a step after the steps of its dependencies, unless it was appended before.
func (r *resolver) appendStep(s step, steps []step, added map[int]bool) []step {
	if added[s.Node] {
		return steps
	}
	added[s.Node] = true
	// Node 0 is the check of the handler's credentials. It must not pull the handler's dependencies before the body.
	if s.Node > 0 {
		for _, w := range r.nodes[s.Node].Wires {
			for _, other := range r.steps {
				if w.Node != Singleton && other.Node == w.Node {
					steps = r.appendStep(other, steps, added)
				}
			}
		}
	}
	return append(steps, s)
}

// checkNesting makes sure that no wrapper would have to end both before and after the response is written.
func (r *resolver) checkNesting(steps []step) error {
	var outer *Provider
	for _, s := range steps {
		switch {
		case !s.wraps:
		case outer != nil && s.until() > outer.Until:
			return fmt.Errorf("%s: %s ends earlier than %s, which begins inside of it; give it the longer candor.Until", r.endpoint.title(), outer, s.provider)
		default:
			outer = s.provider
		}
	}
	return nil
}

// divide adds the steps of the endpoint itself, and splits the list at the body.
func (r *resolver) divide(steps []step) *Plan {
	// A stream is written after the providers that end before its first byte, so that step encloses them.
	if at := slices.IndexFunc(steps, endsBeforeStream); at >= 0 {
		steps = slices.Insert(steps, at, beside(steps[at], WriteStream))
	}
	if at := lastIndex(steps, outlivesResponse); at >= 0 {
		steps = slices.Insert(steps, at+1, beside(steps[at], WriteResponse))
	}
	if r.endpoint.Caches {
		steps = r.addCache(steps)
	}
	// All parameters were bound before, so missing credentials of later steps are already known.
	if r.readsLate() {
		steps = append(steps, step{Step: Step{Action: AskForLater}, early: true})
	}
	plan := &Plan{}
	for _, s := range steps {
		list := &plan.After
		switch {
		case isBeforeBody(s):
			list = &plan.Before
		case s.early:
			list = &plan.AfterReading
		}
		*list = append(*list, s.Step)
	}
	return plan
}

// addCache adds the step of the cache, inside of what runs for every response.
func (r *resolver) addCache(steps []step) []step {
	at, cache := lastIndex(steps, staysOutsideOfCache), step{Step: Step{Action: Cache}}
	if at >= 0 {
		cache = beside(steps[at], Cache)
	}
	if r.endpoint.CachesBody {
		cache.early = false
	}
	return slices.Insert(steps, at+1, cache)
}

// beside is a step of the endpoint itself, on the same side of the body as another.
func beside(s step, a Action) step {
	return step{Step: Step{Action: a}, early: s.early, raw: s.raw}
}

func lastIndex(steps []step, is func(step) bool) int {
	for i, s := range slices.Backward(steps) {
		if is(s) {
			return i
		}
	}
	return -1
}

// readsLate reports whether a node that runs after the body reads credentials.
func (r *resolver) readsLate() bool {
	return slices.ContainsFunc(r.steps, func(s step) bool {
		return !s.early && s.Node > 0 && r.nodes[s.Node].input.ReadsCredentials
	})
}
