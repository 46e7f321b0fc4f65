// Package filegraph computes which files of a package use which others, including methods and fields, and finds cycles.
// It shows how far a package is from being divisible: a test of the root limits the size of cycles, and .ci/cycles
// prints them.
package filegraph

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
	"path/filepath"
	"slices"
	"strings"
)

// Source is a package as its compiler sees it, tests left out.
type Source struct {
	Files *token.FileSet
	Trees []*ast.File
	Info  *types.Info
	Types *types.Package
}

// Read type-checks the package in a directory.
func Read(dir string) (*Source, error) {
	s := &Source{Files: token.NewFileSet(), Info: &types.Info{Uses: map[*ast.Ident]types.Object{}, Defs: map[*ast.Ident]types.Object{}}}
	listed, err := build.ImportDir(dir, 0)
	if err != nil {
		return nil, err
	}
	for _, name := range listed.GoFiles {
		tree, err := parser.ParseFile(s.Files, filepath.Join(dir, name), nil, parser.ParseComments)
		if err != nil {
			return nil, err
		}
		s.Trees = append(s.Trees, tree)
	}
	exports, err := exportData(dir)
	if err != nil {
		return nil, err
	}
	config := types.Config{Importer: importer.ForCompiler(s.Files, "gc", func(path string) (io.ReadCloser, error) {
		return os.Open(exports[path])
	})}
	s.Types, err = config.Check(listed.Name, s.Files, s.Trees, s.Info)
	return s, err
}

// exportData finds the compiled form of all imports of a package, which is much faster than type-checking their
// sources.
func exportData(dir string) (map[string]string, error) {
	list := exec.Command("go", "list", "-export", "-deps", "-f", "{{.ImportPath}}\t{{.Export}}", ".")
	list.Dir = dir
	output, err := list.Output()
	if err != nil {
		return nil, fmt.Errorf("go list: %w", err)
	}
	exports := map[string]string{}
	for lines := bufio.NewScanner(bytes.NewReader(output)); lines.Scan(); {
		path, file, _ := strings.Cut(lines.Text(), "\t")
		exports[path] = file
	}
	return exports, nil
}

// FileOf is the name of the file that a position is in.
func (s *Source) FileOf(pos token.Pos) string { return filepath.Base(s.Files.Position(pos).Filename) }

// Names counts the names that the package declares in its own scope.
func (s *Source) Names() (exported, private int) {
	for _, name := range s.Types.Scope().Names() {
		if token.IsExported(name) {
			exported++
		} else {
			private++
		}
	}
	return exported, private
}

// Uses lists, for each file, the files with the declarations it uses, each with the names: package-level names, methods
// and fields.
func (s *Source) Uses() map[string]map[string][]string {
	uses := map[string]map[string][]string{}
	for _, tree := range s.Trees {
		uses[s.FileOf(tree.Pos())] = map[string][]string{}
	}
	for ident, object := range s.Info.Uses {
		if object.Pkg() != s.Types {
			continue
		}
		from, to := s.FileOf(ident.Pos()), s.FileOf(object.Pos())
		if from != to && !slices.Contains(uses[from][to], object.Name()) {
			uses[from][to] = append(uses[from][to], object.Name())
		}
	}
	return uses
}

// Homes lists, for each type with methods, the files that declare them.
func (s *Source) Homes() map[string][]string {
	homes := map[string][]string{}
	for _, tree := range s.Trees {
		for _, declaration := range tree.Decls {
			f, ok := declaration.(*ast.FuncDecl)
			if !ok || f.Recv == nil {
				continue
			}
			of, file := Receiver(f.Recv.List[0].Type), s.FileOf(f.Pos())
			if !slices.Contains(homes[of], file) {
				homes[of] = append(homes[of], file)
			}
		}
	}
	return homes
}

// Receiver is the name of the type that a method belongs to.
func Receiver(expression ast.Expr) string {
	switch e := expression.(type) {
	case *ast.StarExpr:
		return Receiver(e.X)
	case *ast.IndexExpr:
		return Receiver(e.X)
	case *ast.IndexListExpr:
		return Receiver(e.X)
	case *ast.Ident:
		return e.Name
	}
	return ""
}

// Cycles returns the strongly connected components with more than one file, the largest first (Tarjan's algorithm).
func Cycles[U any](uses map[string]map[string]U) [][]string {
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
		if cycle := slices.Sorted(slices.Values(stack[at:])); len(cycle) > 1 {
			found = append(found, cycle)
		}
		stack = stack[:at]
	}
	for _, file := range slices.Sorted(maps.Keys(uses)) {
		if order[file] == 0 {
			visit(file)
		}
	}
	slices.SortStableFunc(found, func(a, b []string) int { return len(b) - len(a) })
	return found
}
