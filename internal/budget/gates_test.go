package budget_test

import (
	"log/slog"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/candor-go/candor/internal/budget"
)

func TestGates(t *testing.T) {
	t.Parallel()
	gates := budget.NewGates(slog.New(slog.DiscardHandler), "a store")
	type store struct{ name string }
	first, second := &store{"a"}, &store{"a"}
	gate := gates.To(first)
	assert.Same(t, gate, gates.To(first))
	assert.NotSame(t, gates.To(first), gates.To(second))
	gate = gates.To([]int{1})
	assert.NotSame(t, gate, gates.To([]int{1}), "values that cannot be compared")
}
