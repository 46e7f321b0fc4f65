package filegraph_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/candor-go/candor/internal/filegraph"
)

func TestCycles(t *testing.T) {
	t.Parallel()
	uses := map[string]map[string]string{
		"a": {"b": ""}, "b": {"c": ""}, "c": {"a": "", "d": ""}, "d": {"e": ""}, "e": {"d": ""}, "f": {"a": ""},
	}
	assert.Equal(t, [][]string{{"a", "b", "c"}, {"d", "e"}}, filegraph.Cycles(uses))
}

// Methods and fields count like names of the package; tests do not.
func TestUses(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	for name, text := range map[string]string{
		"go.mod":     "module shop\n\ngo 1.26\n",
		"cart.go":    "package shop\n\ntype cart[T any] struct{ items []T }\n\nfunc (c cart[T]) total() int { return price(c) }\n",
		"price.go":   "package shop\n\nfunc price[T any](c cart[T]) int { return len(c.items) }\n",
		"order.go":   "package shop\n\nfunc Order() int { return cart[int]{}.total() }\n\nfunc (c *cart[T]) add() {}\n",
		"a_test.go":  "package shop\n\nvar _ = Order\n",
		"a_plan9.go": "package shop\n\nfunc other() {}\n",
	} {
		require.NoError(t, os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600))
	}
	source, err := filegraph.Read(dir)
	require.NoError(t, err)
	uses := source.Uses()
	assert.Equal(t, map[string][]string{"price.go": {"price"}}, uses["cart.go"])
	assert.ElementsMatch(t, []string{"cart", "items"}, uses["price.go"]["cart.go"])
	assert.ElementsMatch(t, []string{"cart", "total"}, uses["order.go"]["cart.go"])
	assert.Equal(t, [][]string{{"cart.go", "price.go"}}, filegraph.Cycles(uses))
	assert.Equal(t, map[string][]string{"cart": {"cart.go", "order.go"}}, source.Homes())
	exported, private := source.Names()
	assert.Equal(t, []int{1, 2}, []int{exported, private})
}
