package programs

import (
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// Handlers, providers and guards in examples and the guide take inputs of named
// types, so that a test can call them with a literal.
func TestInputsHaveNamedTypes(t *testing.T) {
	seen := 0
	inComment := regexp.MustCompile(`(?m)^\s*//\s+.*\bfunc\b.*\b(in|_) struct ?\{`)
	for path, text := range sourcesOf(t, "../..") {
		assert.NotRegexp(t, inComment, text, "%s: declare the type of the input above the function", path)
		if !isShown(path) {
			continue
		}
		seen++
		for _, unnamed := range unnamedInputs(t, path, text) {
			assert.Fail(t, "an input without a name", "%s: declare its type above the function", unnamed)
		}
	}
	assert.Greater(t, seen, 100, "files that readers see")
}

// isShown reports whether a file is an example or in the guide.
func isShown(path string) bool {
	dir := filepath.ToSlash(strings.TrimPrefix(path, "../../"))
	name := filepath.Base(path)
	return strings.HasPrefix(dir, "docs/") || strings.HasPrefix(dir, "examples/") ||
		strings.HasPrefix(name, "example_") && strings.HasSuffix(name, "_test.go")
}

// unnamedInputs lists uses of unnamed structs as a parameter or type argument.
func unnamedInputs(t *testing.T, path, text string) (found []string) {
	t.Helper()
	set := token.NewFileSet()
	file, err := parser.ParseFile(set, path, text, 0)
	require.NoError(t, err)
	refuse := func(e ast.Expr) {
		if s, is := e.(*ast.StructType); is && s.Fields.NumFields() > 0 {
			found = append(found, set.Position(s.Pos()).String())
		}
	}
	ast.Inspect(file, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.FuncType:
			for _, p := range n.Params.List {
				refuse(p.Type)
			}
		case *ast.IndexExpr:
			refuse(n.Index)
		case *ast.IndexListExpr:
			for _, e := range n.Indices {
				refuse(e)
			}
		}
		return true
	})
	return found
}

func TestUnnamedInputsAreFound(t *testing.T) {
	const text = "package p\n\nfunc f(in struct{ A int }) {}\n\nvar _ = g[struct{ A int }]\n\nvar _ = h[struct{ A int }, B]\n\nfunc k(struct{}, C) {}\n"
	assert.Equal(t, []string{"p.go:3:11", "p.go:5:11", "p.go:7:11"}, unnamedInputs(t, "p.go", text))
}
