package dependency_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/candor-go/candor/internal/dependency"
)

// drawn draws an app: providers of a to d, each of which depends on later ones only, and functions of options.
func drawn(t *testing.T, random *rand.Rand) *service {
	t.Helper()
	one := func(of ...string) string { return of[random.IntN(len(of))] }
	someOf := func(letters string) (in string) {
		for _, l := range letters {
			in += one("", "", string(l), "?"+string(l), "!"+string(l))
		}
		return in + one("", "", "", "@") + one("", "", "", "", "#")
	}
	lines := []string{one("cache", "cache body", "")}
	for i, name := range "abcd" {
		kind := one("plain", "plain", "scoped", "shared", "value")
		in := someOf("abcd"[i+1:])
		if kind == "value" || kind == "shared" {
			in = ""
		}
		lines = append(lines, fmt.Sprintf("%c: %s %s%s", name, kind, in, one("", " until sent", " until encoded")))
	}
	for range random.IntN(3) {
		lines = append(lines, one("needs "+one("a", "b", "c", "d"), "guard: guard "+someOf("bcd"), "around: around "+someOf("bcd")+one("", " until sent")))
	}
	return serve(t, someOf("abcd"), slices.DeleteFunc(lines, func(l string) bool { return l == "" })...)
}

// order is a plan as one list, with what is true of each step.
type order struct {
	*dependency.Plan
	steps []dependency.Step
	// at is where each node runs.
	at map[int]int
}

func orderOf(p *dependency.Plan) *order {
	o := &order{Plan: p, at: map[int]int{}, steps: slices.Concat(p.Before, p.AfterReading, p.After)}
	for i, s := range o.steps {
		if s.Action == dependency.Run {
			o.at[s.Node] = i
		}
	}
	return o
}

// uses lists the nodes that a node depends on, through others too.
func (o *order) uses(i int) (all []int) {
	for _, w := range o.Nodes[i].Wires {
		if w.Node != dependency.Singleton {
			all = append(append(all, w.Node), o.uses(w.Node)...)
		}
	}
	return all
}

// ends returns when a wrapper ends, and whether a step is one.
func (o *order) ends(s dependency.Step) (until dependency.Lifetime, wraps bool) {
	n := o.Nodes[s.Node]
	if s.Action != dependency.Run || !n.Provider.Wraps() && !n.Waits {
		return 0, false
	}
	until, known := n.Provider.Until, n.Provider.Wraps()
	if n.Waits {
		for _, u := range o.uses(s.Node) {
			if p := o.Nodes[u].Provider; p.Wraps() && (!known || p.Until < until) {
				until, known = p.Until, true
			}
		}
	}
	return until, true
}

// index is where the first step is that does something, -1 if none does.
func (o *order) index(a dependency.Action) int {
	return slices.IndexFunc(o.steps, func(s dependency.Step) bool { return s.Action == a })
}

// check holds an order against what must be true of each.
func (o *order) check(t *testing.T, e *dependency.Endpoint) {
	t.Helper()
	takesBytes := func(i int) bool { return o.Nodes[i].Provider.Input.TakesBytes }
	reads := func(i int) bool { return o.Nodes[i].Provider.Input.ReadsCredentials }
	sent, encoded := o.index(dependency.WriteResponse), o.index(dependency.WriteStream)
	cache := o.index(dependency.Cache)
	wantSent, wantEncoded := false, false
	late := false
	outer := dependency.ResponseSent
	for i, s := range o.steps {
		if s.Action != dependency.Run {
			continue
		}
		uses := o.uses(s.Node)
		for _, u := range uses {
			assert.Less(t, o.at[u], i, "after its dependencies")
		}
		raw := takesBytes(s.Node) || slices.ContainsFunc(uses, takesBytes)
		assert.False(t, raw && i < len(o.Before), "after the bytes were read")
		n := o.Nodes[s.Node]
		if i >= len(o.Before)+len(o.AfterReading) {
			late = late || reads(s.Node)
			assert.False(t, reads(s.Node) && !n.Provider.Wraps(), "credentials are read before the body")
		}
		until, wraps := o.ends(s)
		if wraps {
			assert.LessOrEqual(t, until, outer, "what begins inside ends first")
			outer = until
		}
		wantSent = wantSent || wraps && until == dependency.ResponseSent
		wantEncoded = wantEncoded || wraps && until == dependency.ResponseEncoded
		assert.False(t, wraps && until == dependency.ResponseSent && i > sent, "outside of the write of the response")
		assert.False(t, wraps && until == dependency.ResponseEncoded && i < encoded, "inside of the write of the stream")
		if n.Provider.Kind == dependency.Wrapper || wraps && until == dependency.ResponseSent {
			assert.False(t, e.Caches && i > cache, "outside of the cache")
		}
	}
	assert.Equal(t, wantSent, sent >= 0)
	assert.Equal(t, wantEncoded, encoded >= 0)
	assert.Equal(t, e.Caches, cache >= 0)
	assert.Equal(t, late, o.index(dependency.AskForLater) >= 0)
	assert.Equal(t, e.Input.ReadsCredentials, o.index(dependency.AskForCredentials) >= 0)
	assert.Len(t, o.at, len(o.Nodes)-1, "each runs once")
}

func TestWhatMustBeTrueOfEachOrder(t *testing.T) {
	t.Parallel()
	random := rand.New(rand.NewPCG(1, 2)) //nolint:gosec // the same apps in each run
	plans := 0
	for range 20_000 {
		s := drawn(t, random)
		plan, err := s.graph.Resolve(&s.endpoint)
		if err != nil {
			require.True(t, strings.HasPrefix(err.Error(), "GET /x: ") || strings.HasPrefix(err.Error(), "dependency_test."), err)
			continue
		}
		plans++
		orderOf(plan).check(t, &s.endpoint)
		require.False(t, t.Failed(), "%s from %+v", written(plan), s.endpoint)
	}
	assert.Greater(t, plans, 4_000)
}
