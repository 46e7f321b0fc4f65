package candor_test

import (
	"bufio"
	"bytes"
	"fmt"
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
	"regexp"
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

// uses lists, for each file, the files whose names it uses, each with one such
// name.
func (s *rootSource) uses() map[string]map[string]string {
	uses := map[string]map[string]string{}
	for _, tree := range s.trees {
		uses[s.fileOf(tree.Pos())] = map[string]string{}
	}
	for ident, object := range s.info.Uses {
		if object.Parent() != s.pkg.Scope() {
			continue
		}
		from, to := s.fileOf(ident.Pos()), s.fileOf(object.Pos())
		if from != to {
			uses[from][to] = object.Name()
		}
	}
	return uses
}

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

// A file uses those below it: no circle has more than three files, and none
// goes through router.go.
func TestFilesDependOneWay(t *testing.T) {
	t.Parallel()
	uses := readSource(t).uses()
	for _, circle := range circles(uses) {
		var edges []string
		for _, from := range circle {
			for _, to := range circle {
				if name, ok := uses[from][to]; ok {
					edges = append(edges, fmt.Sprintf("%s uses %s of %s", from, name, to))
				}
			}
		}
		assert.LessOrEqual(t, len(circle), 3, "a circle of files: %s", strings.Join(edges, "\n"))
		assert.NotContains(t, circle, "router.go", strings.Join(edges, "\n"))
	}
}

// The design lists the files in an order in which each uses those before it,
// or those that are in a circle with it.
func TestFilesDependOneWayAsTheDesignSays(t *testing.T) {
	t.Parallel()
	design, err := os.ReadFile("docs/design.md")
	require.NoError(t, err)
	_, list, _ := strings.Cut(string(design), "\n## Files of the root\n")
	list, _, _ = strings.Cut(list, "\n## ")
	place := map[string]int{}
	for i, listed := range regexp.MustCompile("`[a-z0-9_]+`[,:]").FindAllString(list, -1) {
		place[strings.Trim(listed, "`,:")+".go"] = i + 1
	}
	uses := readSource(t).uses()
	all := circles(uses)
	for from := range uses {
		assert.NotZero(t, place[from], "%s has no place in docs/design.md", from)
		for to, name := range uses[from] {
			inCircle := slices.ContainsFunc(all, func(circle []string) bool { return slices.Contains(circle, from) && slices.Contains(circle, to) })
			assert.True(t, inCircle || place[to] < place[from], "%s uses %s of %s, which comes later in docs/design.md", from, name, to)
		}
	}
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
