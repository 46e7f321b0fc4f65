package pathtree_test

import (
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/candor-go/candor/internal/pathtree"
)

func TestAddKeepsTheFirstOfAShape(t *testing.T) {
	for _, row := range []struct{ first, second string }{
		{"/users/{id}", "/users/{name}"},
		{"/", "/"},
		{"/a/{rest...}", "/a/{path...}"},
		{"/{a}/x/{b}/", "/{c}/x/{d}/"},
	} {
		t.Run(row.first, func(t *testing.T) {
			first, second := mustParse(t, row.first), mustParse(t, row.second)
			require.Equal(t, first.Shape(), second.Shape())
			var tree pathtree.Tree[int]
			_, ok := tree.Add(first, 1)
			require.True(t, ok)
			existing, ok := tree.Add(second, 2)
			assert.False(t, ok)
			assert.Equal(t, 1, existing)
			for p, v := range tree.All() {
				assert.Same(t, first, p)
				assert.Equal(t, 1, v)
			}
		})
	}
}

func TestAddDistinguishesShapes(t *testing.T) {
	treeOf(t, []string{"/a", "/a/", "/a//", "/{id}", "/{id}/", "/{rest...}", "/a/{id}", "/a/{rest...}", "/...", "/", "//"})
}

// The value may be a map by method, where each method has its own wildcard names.
func TestAddLeavesTheNamesToTheCaller(t *testing.T) {
	var tree pathtree.Tree[map[string]*pathtree.Pattern]
	for method, s := range map[string]string{"GET": "/users/{id}", "POST": "/users/{name}"} {
		p := mustParse(t, s)
		table := map[string]*pathtree.Pattern{method: p}
		if existing, ok := tree.Add(p, table); !ok {
			existing[method] = p
		}
	}
	table, captured, ok := tree.Match("/users/7", false, nil)
	require.True(t, ok)
	assert.Equal(t, []string{"7"}, captured)
	assert.Equal(t, []string{"id"}, table["GET"].Names())
	assert.Equal(t, []string{"name"}, table["POST"].Names())
}

func TestAllDependsOnThePatternsOnly(t *testing.T) {
	patterns := githubPatterns(t)
	forth := shapesOf(treeOf(t, patterns))
	assert.Len(t, forth, len(patterns))
	slices.Reverse(patterns)
	assert.Equal(t, forth, shapesOf(treeOf(t, patterns)))
}

func TestAllStops(t *testing.T) {
	tree := treeOf(t, []string{"/", "/a", "/{id}", "/{rest...}", "/a/b"})
	for limit := 1; limit <= 5; limit++ {
		count := 0
		for range tree.All() {
			if count++; count == limit {
				break
			}
		}
		assert.Equal(t, limit, count)
	}
}

func shapesOf(tree *pathtree.Tree[string]) []string {
	var shapes []string
	for p := range tree.All() {
		shapes = append(shapes, p.Shape())
	}
	return shapes
}
