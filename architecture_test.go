package candor_test

import (
	"bufio"
	"bytes"
	"go/ast"
	"go/build"
	"go/importer"
	"go/parser"
	"go/token"
	"go/types"
	"io"
	"maps"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// rootSource is the package as its compiler sees it.
type rootSource struct {
	files *token.FileSet
	trees []*ast.File
	info  *types.Info
	pkg   *types.Package
}

// readSource type-checks the files of this directory, tests left out.
func readSource(t *testing.T) *rootSource {
	t.Helper()
	s := &rootSource{files: token.NewFileSet(), info: &types.Info{Uses: map[*ast.Ident]types.Object{}, Defs: map[*ast.Ident]types.Object{}}}
	listed, err := build.ImportDir(".", 0)
	require.NoError(t, err)
	for _, name := range listed.GoFiles {
		tree, err := parser.ParseFile(s.files, name, nil, parser.ParseComments)
		require.NoError(t, err)
		s.trees = append(s.trees, tree)
	}
	exports := exportData(t)
	config := types.Config{Importer: importer.ForCompiler(s.files, "gc", func(path string) (io.ReadCloser, error) {
		return os.Open(exports[path])
	})}
	s.pkg, err = config.Check("github.com/candor-go/candor", s.files, s.trees, s.info)
	require.NoError(t, err)
	return s
}

// exportData finds the compiled form of everything the package imports.
func exportData(t *testing.T) map[string]string {
	t.Helper()
	output, err := exec.Command("go", "list", "-export", "-deps", "-f", "{{.ImportPath}}\t{{.Export}}", ".").Output()
	require.NoError(t, err)
	exports := map[string]string{}
	for lines := bufio.NewScanner(bytes.NewReader(output)); lines.Scan(); {
		path, file, _ := strings.Cut(lines.Text(), "\t")
		exports[path] = file
	}
	return exports
}

func (s *rootSource) fileOf(pos token.Pos) string { return s.files.Position(pos).Filename }

// circles are the sets of files each of which leads to all others, by Tarjan.
func circles(uses map[string]map[string]string) [][]string {
	var found [][]string
	var stack []string
	order, low := map[string]int{}, map[string]int{}
	var visit func(file string)
	visit = func(file string) {
		order[file] = len(order) + 1
		low[file] = order[file]
		stack = append(stack, file)
		for _, next := range slices.Sorted(maps.Keys(uses[file])) {
			if order[next] == 0 {
				visit(next)
			}
			if slices.Contains(stack, next) {
				low[file] = min(low[file], low[next])
			}
		}
		if low[file] < order[file] {
			return
		}
		at := slices.Index(stack, file)
		if circle := slices.Sorted(slices.Values(stack[at:])); len(circle) > 1 {
			found = append(found, circle)
		}
		stack = stack[:at]
	}
	for _, file := range slices.Sorted(maps.Keys(uses)) {
		if order[file] == 0 {
			visit(file)
		}
	}
	return found
}

func TestCirclesAreFound(t *testing.T) {
	t.Parallel()
	uses := map[string]map[string]string{
		"a": {"b": ""}, "b": {"c": ""}, "c": {"a": "", "d": ""}, "d": {"e": ""}, "e": {"d": ""}, "f": {"a": ""},
	}
	assert.ElementsMatch(t, [][]string{{"a", "b", "c"}, {"d", "e"}}, circles(uses))
}

func TestEveryExportedNameIsDocumented(t *testing.T) {
	t.Parallel()
	s := readSource(t)
	for _, tree := range s.trees {
		for _, declaration := range tree.Decls {
			for name, doc := range exported(declaration) {
				assert.NotEmpty(t, strings.TrimSpace(doc), "%s of %s has no doc comment", name, s.fileOf(tree.Pos()))
			}
		}
	}
}

// exported lists the exported names of a declaration with their comments.
// Constants and variables of a group may share the group's.
func exported(declaration ast.Decl) map[string]string {
	docs := map[string]string{}
	switch d := declaration.(type) {
	case *ast.FuncDecl:
		if d.Name.IsExported() && (d.Recv == nil || ast.IsExported(receiver(d.Recv.List[0].Type))) {
			docs[d.Name.Name] = d.Doc.Text()
		}
	case *ast.GenDecl:
		for _, spec := range d.Specs {
			switch spec := spec.(type) {
			case *ast.TypeSpec:
				if spec.Name.IsExported() {
					docs[spec.Name.Name] = spec.Doc.Text() + d.Doc.Text()
				}
			case *ast.ValueSpec:
				for _, name := range spec.Names {
					if name.IsExported() {
						docs[name.Name] = spec.Doc.Text() + d.Doc.Text()
					}
				}
			}
		}
	}
	return docs
}

// receiver is the name of the type a method belongs to.
func receiver(expression ast.Expr) string {
	switch e := expression.(type) {
	case *ast.StarExpr:
		return receiver(e.X)
	case *ast.IndexExpr:
		return receiver(e.X)
	case *ast.IndexListExpr:
		return receiver(e.X)
	case *ast.Ident:
		return e.Name
	}
	return ""
}
